/** Requests with their calls, answers of a model to them, and how they are scored. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { answerPrompts, faultOf, parseCall, readTaskCalls, sameArguments, scoreCalls, TASK_CALL_SETS, TASK_SYSTEM, TASK_TOOLS, taskRow, writeTaskRows } from "llmops/evaluate";
import { openLocal, tasklingFolder } from "llmops/pair";
import { endProcesses } from "./support/pair.ts";
import { ROOT } from "./support/scratch.ts";
import { trainingPython, WITHOUT } from "./support/training.ts";

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\d]+/gu) ?? [];
/** What the Python side says, by its own code; it needs nothing but Python. */
function askPython(code: string, given: unknown): unknown {
  const { status, stdout, stderr } = spawnSync(join(ROOT, process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python"), ["-c", `import json, sys\nfrom taskling import task_tools\ngiven = json.load(sys.stdin)\n${code}`], {
    cwd: join(ROOT, "colab"), input: JSON.stringify(given), encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test("no request stands in two sets, and what is held out is in no row to train on", () => {
  const requests = TASK_CALL_SETS.flatMap((set) => readTaskCalls(set).map(({ request }) => request));
  assert.equal(new Set(requests).size, requests.length);
  const trained = [...readTaskCalls("train"), ...readTaskCalls("more"), ...readTaskCalls("validation")];
  const titles = new Set(trained.flatMap(({ parameters: { title, new_title: renamed } }) => [title, renamed]).map((title) => title?.toLowerCase()));
  for (const { parameters: { title } } of readTaskCalls("held-out")) assert.ok(title === undefined || !titles.has(title.toLowerCase()), title);
  const known = new Set(trained.flatMap(({ request }) => words(request)));
  const strange = readFileSync(join(ROOT, "colab/taskling/requests/unseen_words.txt"), "utf8").split("\n").filter((line) => !line.startsWith("#")).flatMap(words);
  assert.ok(strange.length > 100 && strange.every((word) => !known.has(word)));
  for (const { request } of readTaskCalls("unseen-words")) assert.ok(words(request).some((word) => strange.includes(word)), request);
});

test("requests that readers without the labels read otherwise are in no set", () => {
  const lines = readFileSync(join(ROOT, "colab/taskling/requests/read_otherwise.txt"), "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const unclear = new Set(lines.map((line) => line.split(" | ").slice(2).join(" | ")));
  assert.equal(unclear.size, 11);
  for (const set of TASK_CALL_SETS) for (const { request } of readTaskCalls(set)) assert.ok(!unclear.has(request), `${set}: ${request}`);
});

test("every value of a call is said in its request, but for priorities and states", () => {
  for (const set of TASK_CALL_SETS) {
    for (const { request, name, parameters } of readTaskCalls(set)) {
      const { properties, required } = TASK_TOOLS.find(({ function: tool }) => tool.name === name)?.function.parameters as { properties: object; required: string[] };
      assert.ok(required.every((key) => key in parameters) && Object.keys(parameters).every((key) => key in properties), request);
      for (const key of ["title", "new_title", "due_date"]) assert.ok(parameters[key] === undefined || request.includes(parameters[key]), `${set}: ${request}`);
    }
  }
});

test("the Python side has the same system prompt and tools, and finds the same arguments right", () => {
  assert.deepEqual(askPython("print(json.dumps([task_tools.SYSTEM, task_tools.TOOLS]))", null), [TASK_SYSTEM, TASK_TOOLS]);
  const value = fc.oneof(fc.constantFrom("buy milk", "Buy milk.", "the milk", "My  milk", '"milk"', "milk", "THE milk", "“Milk”", "an offer", "offer", "the 14th", "14th"), fc.string({ maxLength: 6 }));
  const given = fc.dictionary(fc.constantFrom("title", "due_date"), value, { noNullPrototype: true });
  const cases = fc.sample(fc.tuple(given, given), { numRuns: 500, seed: 7 });
  assert.deepEqual(cases.map(([a, b]) => sameArguments(a, b)), askPython("print(json.dumps([task_tools.same_arguments(a, b) for a, b in given]))", cases));
});

test("an answer is taken for a call only if it is one", () => {
  const wanted = { request: "Delete the milk.", name: "delete_task", parameters: { title: "milk" } };
  const says: [string, string | undefined][] = [
    ['{"name": "delete_task", "parameters": {"title": "Milk"}}', undefined], [' {"name": "delete_task", "parameters": {"title": "the milk"}}\n', undefined],
    ['{"name": "delete_task", "parameters": {"title": "bread"}}', "wrong arguments"], ['{"name": "delete_task", "parameters": {}}', "wrong arguments"],
    ['{"name": "delete_task", "parameters": {"title": "milk", "priority": "low"}}', "wrong arguments"], ['{"name": "complete_task", "parameters": {"title": "milk"}}', "wrong operation"],
    ['{"name": "remove", "parameters": {"title": "milk"}}', "no call"], ["I deleted the milk.", "no call"], ['{"name": "delete_task", "parameters": {"title": "milk"}', "no call"],
    ['{"name": "delete_task"}', "no call"], ['["delete_task"]', "no call"], ["", "no call"], ['{"name": "delete_task", "parameters": {"title": "milk"}}; {}', "no call"],
  ];
  assert.deepEqual(says.map(([answer]) => faultOf(answer, wanted)), says.map(([, fault]) => fault));
  const score = scoreCalls(says.map(() => wanted), says.map(([answer]) => answer));
  assert.deepEqual([score.valid.hits, score.operation.hits, score.arguments.hits, score.of, score.wrong.length], [6, 5, 2, 13, 11]);
  assert.throws(() => scoreCalls([wanted], []), /0 answers to 1 requests/);
  fc.assert(fc.property(fc.string(), (text) => { parseCall(text); }));
});

const python = await trainingPython();
test("a model answers many prompts in a runtime as it answers them one by one", { skip: python === undefined && WITHOUT }, async () => {
  const calls = readTaskCalls("validation").slice(0, 7);
  const home = mkdtempSync(join(tmpdir(), "workbook-test-"));
  const runtime = openLocal({ home });
  try {
    const ask = (batch: number, timed: number) => answerPrompts(runtime, { model: tasklingFolder(), prompts: calls.map(({ request }) => request), batch, timed, maxNewTokens: 24 }, { home });
    const [alone, together] = [await ask(1, 0), await ask(7, 2)];
    assert.deepEqual(together.answers, alone.answers);
    assert.equal(together.tokens, alone.tokens);
    assert.equal(together.latencies.length, 2);
    assert.ok(new Set(alone.answers).size > 4, "not one answer for all");
    const [chat] = (await answerPrompts(runtime, { model: tasklingFolder(), prompts: [{ messages: [{ role: "user", content: "Hello!" }] }], maxNewTokens: 24 }, { home })).answers;
    assert.match(chat ?? "", /\w/);
  } finally {
    await runtime.stop();
    endProcesses(home);
    rmSync(home, { recursive: true, force: true });
  }
});

test("rows to train on end with the call, which the trainer's template can write", () => {
  const folder = mkdtempSync(join(tmpdir(), "llmops-rows-"));
  try {
    const [first, second] = readTaskCalls("train");
    assert.ok(first && second);
    writeTaskRows([first, second], join(folder, "train.jsonl"));
    const rows = readFileSync(join(folder, "train.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as unknown);
    assert.deepEqual(rows, [taskRow(first), taskRow(second)]);
    assert.deepEqual(taskRow(first).messages.map(({ role }) => role), ["system", "user", "assistant"]);
    assert.deepEqual(taskRow(first).messages[2]?.tool_calls?.[0]?.function, { name: first.name, arguments: first.parameters });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
