// The dataset of tool calls and its spellings for trainers.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { TASK_TOOLS } from "llmops/agent";
import { checkExample, checkOpenAiRow, parseRow, phrasingOf, readToolDataset, readToolRows, splitByPhrasing, titlesOf, toOpenAiRow, TOOL_SETS, toTrlRow, toUnslothRow, trainedParts, type Example } from "llmops/data";
import { ROOT } from "./support/scratch.ts";

const sets = Object.fromEntries(TOOL_SETS.map((set) => [set, readToolRows(set)])) as Record<(typeof TOOL_SETS)[number], Example[]>;
const template = readFileSync(join(ROOT, "colab", "llama-3-tools.jinja"), "utf8");

function row(user: string, name: string, given: Record<string, string>): Example {
  return { messages: [{ role: "user", content: user }, { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name, arguments: JSON.stringify(given) } }] }], tools: [...TASK_TOOLS], extra: {} };
}

test("the files are those that dataset.json names, and their rows are conversations with today's tools", () => {
  const { tools, sets: written } = readToolDataset();
  assert.deepEqual(tools, TASK_TOOLS);
  for (const set of TOOL_SETS) {
    const bytes = readFileSync(join(ROOT, "datasets", "tool-calls", `${set}.jsonl`));
    assert.deepEqual(written[set], { rows: sets[set].length, sha256: createHash("sha256").update(bytes).digest("hex") });
    for (const example of sets[set]) assert.equal(checkExample(example), undefined);
  }
  assert.ok(sets.train.length >= 3500 && sets.test.length >= 400);
});

test("no phrasing and no title of an exam is in the training rows", () => {
  const phrasings = new Set(sets.train.map(phrasingOf)), titles = new Set(sets.train.flatMap((example) => [...titlesOf(example)]));
  for (const example of [...sets.test, ...sets.validation]) {
    assert.ok(!phrasings.has(phrasingOf(example)), phrasingOf(example));
    assert.ok(![...titlesOf(example)].some((title) => titles.has(title)), [...titlesOf(example)].join());
  }
});

test("a phrasing is the same whatever is named, how politely, and in which case", () => {
  const one = phrasingOf(row("Move pay rent to Friday", "update_task", { title: "pay rent", due_date: "Friday" }));
  assert.equal(one, "move <title> to <date>");
  assert.equal(phrasingOf(row('Could you move "Buy milk" to the 4th, please?', "update_task", { title: "Buy milk", due_date: "the 4th" })), one);
  assert.notEqual(phrasingOf(row("Push pay rent to Friday", "update_task", { title: "pay rent", due_date: "Friday" })), one);
});

test("a split divides by phrasing and title, whatever the rows, and loses none without counting it", () => {
  const words = fc.constantFrom("pay rent", "buy milk", "call Ada", "zwook", "fix it", "sort photos");
  const frames = fc.constantFrom("delete {t}", "remove {t}", "drop {t}", "scrap {t}", "cancel {t}", "erase {t}", "get rid of {t}");
  fc.assert(fc.property(fc.array(fc.tuple(frames, words), { maxLength: 40 }), (made) => {
    const rows = made.map(([frame, title]) => row(frame.replace("{t}", title), "delete_task", { title }));
    const { train, validation, test: exam, dropped } = splitByPhrasing(rows, { test: 0.3, validation: 0.2 });
    assert.equal(train.length + validation.length + exam.length + dropped.same + dropped.title, rows.length);
    const sides = [train, validation, exam].map((side) => ({ phrasings: new Set(side.map(phrasingOf)), titles: new Set(side.flatMap((each) => [...titlesOf(each)])) }));
    for (const [at, side] of sides.entries()) for (const other of sides.slice(at + 1)) assert.ok(side.phrasings.isDisjointFrom(other.phrasings) && side.titles.isDisjointFrom(other.titles));
  }));
});

test("OpenAI's file has JSON text, ids, parallel_tool_calls, and nothing that its loader does not know", () => {
  for (const example of sets.test) {
    const made = toOpenAiRow(example) as { messages: { tool_calls?: { id: string; function: { arguments: string } }[]; tool_call_id?: string }[]; parallel_tool_calls?: boolean };
    assert.equal(checkOpenAiRow(made), undefined);
    const calls = made.messages.flatMap(({ tool_calls: each = [] }) => each);
    assert.ok(calls.every((call) => typeof JSON.parse(call.function.arguments) === "object"));
    assert.equal(new Set(calls.map(({ id }) => id)).size, calls.length);
    assert.equal(made.parallel_tool_calls === true, example.messages.some(({ tool_calls: each = [] }) => each.length > 1));
    assert.ok(parseRow("messages", made).ok);
  }
  assert.throws(() => toOpenAiRow({ messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Hello", extra: { reasoning: "x" } }], extra: {} }), /OpenAI does not take it: .*reasoning/);
});

test("TRL's rows have objects for arguments and nothing beside messages and tools", () => {
  for (const example of sets.test) {
    const made = toTrlRow(example) as { messages: { tool_calls?: { id?: string; function: { arguments: unknown } }[] }[] };
    assert.deepEqual(Object.keys(made), ["messages", "tools"]);
    assert.ok(made.messages.every(({ tool_calls: calls = [] }) => calls.every((call) => typeof call.function.arguments === "object" && call.id === undefined)));
  }
});

test("Unsloth's text holds the tools, the calls and the results, and its masking would train on results", () => {
  const example = sets.test.find(({ extra }) => extra["kind"] === "result");
  assert.ok(example);
  const { text } = toUnslothRow(example, template);
  const result = example.messages.find(({ role }) => role === "tool")?.content ?? "";
  const call = example.messages.flatMap(({ tool_calls: calls = [] }) => calls)[0];
  for (const part of ["create_task", `{"name": "${call?.function.name}", "parameters": `, result]) assert.ok(text.includes(part), part);
  const header = (role: string): string => `<|start_header_id|>${role}<|end_header_id|>\n\n`;
  const [first] = trainedParts(text, header("assistant"), header("user"));
  assert.ok(first?.includes(result));
  assert.deepEqual(trainedParts("U a A b U c A d", "A ", "U "), ["b ", "d"]);
});
