/** Calls in answers: read, compared by the leaderboard's rules and by meaning, scored, and carried out on a real Task API. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  allSameMeaning, casesOf, casesOfRequests, compareCalls, conversation, exactly, judgeAnswer, parseCalls, parseExactly, readTaskCalls, runEndToEnd, schemaFault, scoreTools,
  TASK_TOOLS, wantedOf, writeCalls, type ModelCall, type ToolCase, type WantedCall,
} from "llmops/evaluate";
import type { ToolDefinition } from "llmops/data";
import { ROOT } from "./support/scratch.ts";

const call = (name: string, given: Record<string, unknown>): ModelCall => ({ name, arguments: given });
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
const anyCall = fc.record({ name: fc.string({ minLength: 1 }), arguments: fc.dictionary(fc.string().filter((key) => key !== "__proto__"), json, { noNullPrototype: true, maxKeys: 4 }) });

test("calls that are written are read again, whatever stands in them", () => {
  fc.assert(fc.property(fc.array(anyCall, { minLength: 1, maxLength: 4 }), (calls) => {
    const parsed = parseCalls(writeCalls(calls));
    assert.equal(parsed.kind, "calls");
    if (parsed.kind === "calls") assert.deepEqual(JSON.parse(JSON.stringify(parsed.calls)), JSON.parse(JSON.stringify(calls)));
    const wrapped = parseCalls({ content: null, tool_calls: calls.map(({ name, arguments: given }) => ({ function: { name, arguments: JSON.stringify(given) } })) });
    assert.ok(wrapped.kind === "calls" && wrapped.form === "openai" && wrapped.calls.length === calls.length);
  }));
});

test("a text that is cut is never read as other calls than the first of them, and no text throws", () => {
  fc.assert(fc.property(fc.array(anyCall, { minLength: 1, maxLength: 3 }), fc.nat(), (calls, where) => {
    const whole = writeCalls(calls), cut = whole.slice(0, where % whole.length);
    const parsed = parseCalls(cut);
    if (parsed.kind === "calls") assert.ok(calls.slice(0, parsed.calls.length).every(({ name }, at) => parsed.calls[at]?.name === name) && parsed.calls.length < calls.length);
  }));
  fc.assert(fc.property(fc.string(), (text) => { parseCalls(text); }));
});

test("an answer is calls, prose, or a call that broke", () => {
  const kinds: [answer: string, kind: string, reason?: RegExp][] = [
    ['{"name": "delete_task", "parameters": {"title": "milk"}}', "calls"], ['<|python_tag|>{"name": "delete_task", "parameters": {"title": "a; b"}}', "calls"],
    ['{"name": "a", "parameters": {}}; {"name": "b", "parameters": {}}', "calls"], ['[{"function": {"name": "a", "arguments": "{}"}}]', "calls"],
    ["I deleted the milk.", "prose"], ["", "prose"], ['Here: {"name": "a", "parameters": {}}', "prose"],
    ['{"name": "a", "parameters": {}', "broken", /call 1 is not JSON/], ['{"name": "a", "parameters": {}}; ', "broken", /call 2/], ['{"name": "a", "parameters": {}}; sure', "broken", /call 2 is not JSON/],
    ['{"name": "a"}', "broken", /no "parameters"/], ['{"tool": "a", "parameters": {}}', "broken", /no "name"/], ["[1, 2]", "broken", /not of calls/], ["<|python_tag|>yes", "broken", /no JSON/],
    ['{"name": "a", "parameters": {"x": 1, "x": 2}}', "broken", /stands twice/], ['[{"function": {"name": "a", "arguments": "{"}}]', "broken", /arguments of call 1/],
  ];
  for (const [answer, kind, reason] of kinds) {
    const parsed = parseCalls(answer);
    assert.equal(parsed.kind, kind, answer);
    if (reason) assert.match(parsed.kind === "broken" ? parsed.reason : "", reason, answer);
  }
});

test("the verdict and the fault are the leaderboard's on its own cases", () => {
  interface Row { id: string; category: string; tools: ToolDefinition[]; wanted: WantedCall[]; answers: [text: string, fault: string | null][] }
  const [, ...rows] = readFileSync(join(ROOT, "tests/fixtures/bfcl.jsonl"), "utf8").trimEnd().split("\n").map((line) => parseExactly(line) as Row);
  let right = 0, wrong = 0;
  for (const { id, tools, wanted, answers } of rows) {
    for (const [text, fault] of answers) {
      const decoded = parseExactly(text);
      const found = Array.isArray(decoded) ? (decoded as Record<string, Record<string, unknown>>[]).flatMap((each) => Object.entries(each).map(([name, given]) => call(name, given))) : [];
      const verdict = compareCalls(found, wanted, tools);
      assert.equal(verdict.right ? null : verdict.fault, fault, `${id}: ${text}`);
      if (fault === null) right++;
      else wrong++;
    }
  }
  assert.ok(rows.length === 10 && right > 50 && wrong > 100, `${rows.length} cases, ${right} right answers, ${wrong} wrong ones`);
});

test("what is wanted must be offered, and typed as the rules know it", () => {
  const odd: ToolDefinition = { type: "function", function: { name: "f", parameters: { type: "object", properties: { x: { type: ["string", "null"] } }, required: [] } } };
  assert.throws(() => compareCalls([], [exactly(call("g", {}))], [odd]), /"g" is wanted, but the tools are f/);
  assert.throws(() => compareCalls([call("f", { x: "a" })], [exactly(call("f", { x: "a" }))], [odd]), /parameter x is declared as/);
});

test("calls in any order are right, however many of one tool", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("milk", "bread", "tea", "rice"), { minLength: 1, maxLength: 4 }), fc.nat(), (titles, turn) => {
    const calls = titles.map((title) => call("complete_task", { title }));
    const turned = [...calls.slice(turn % calls.length), ...calls.slice(0, turn % calls.length)].reverse();
    assert.ok(compareCalls(turned, calls.map(exactly), TASK_TOOLS).right);
    assert.ok(allSameMeaning(turned, calls.map(wantedOf), "2026-11-23"));
    assert.ok(!allSameMeaning([...turned.slice(1), call("complete_task", { title: "salt" })], calls.map(wantedOf), "2026-11-23"));
  }));
});

test("meaning: days by the calendar, titles without articles, defaults said or not", () => {
  // 2026-11-23 is a Monday.
  const same = (found: ModelCall, wanted: ModelCall): boolean => allSameMeaning([found], [wantedOf(wanted)], "2026-11-23");
  const create = (more: Record<string, unknown>) => call("create_task", { title: "buy milk", ...more });
  assert.ok(same(create({ due_date: "the 27th" }), create({ due_date: "Friday" })));
  assert.ok(same(create({ due_date: "2026-11-27" }), create({ due_date: "this Friday" })));
  assert.ok(!same(create({ due_date: "next Friday" }), create({ due_date: "Friday" })));
  assert.ok(same(create({ priority: "medium" }), create({})) && same(create({}), create({ priority: "medium" })));
  assert.ok(!same(create({ priority: "high" }), create({})) && !same(create({}), create({ priority: "high" })));
  assert.ok(!same(call("update_task", { title: "milk", priority: "medium" }), call("update_task", { title: "milk" })));
  assert.ok(same(call("delete_task", { title: "“The milk.”" }), call("delete_task", { title: "milk" })));
  assert.ok(same(create({ due_date: "sometime" }), create({ due_date: "Sometime" })) && !same(create({ due_date: "sometime" }), create({ due_date: "one day" })));
  const tag = (given: object): ModelCall => ({ name: "tag", arguments: given as ModelCall["arguments"] });
  assert.ok(same(tag({ tags: ["a", "b"], weight: 5, at: { x: [1] } }), tag({ tags: ["a", "b"], weight: 5, at: { x: [1] } })) && !same(tag({ tags: ["b", "a"] }), tag({ tags: ["a", "b"] })));
  assert.ok(!same(tag({ on: true }), tag({ on: 1 })));
  assert.equal(compareCalls([create({ priority: "medium" })], [wantedOf(create({}))], TASK_TOOLS).right, true);
});

test("the schema names what it refuses", () => {
  assert.equal(schemaFault(call("create_task", { title: "milk", priority: "low" }), TASK_TOOLS), undefined);
  assert.match(schemaFault(call("create_task", { title: "milk", priority: "urgent" }), TASK_TOOLS) ?? "", /^create_task\.priority/);
  assert.match(schemaFault(call("create_task", {}), TASK_TOOLS) ?? "", /^create_task\.title/);
  assert.match(schemaFault(call("create_task", { title: "milk", color: "red" }), TASK_TOOLS) ?? "", /color/);
  assert.match(schemaFault(call("drop_table", {}), TASK_TOOLS) ?? "", /no tool drop_table; there are create_task/);
});

const state = [{ title: "Buy milk" }, { title: "Call Ana", due_date: "2026-11-27" }];
const exam: ToolCase[] = casesOf([
  conversation("Close the milk.", [call("complete_task", { title: "buy milk" })], { id: "a", kind: "single", state }),
  conversation("Drop both.", [call("delete_task", { title: "buy milk" }), call("delete_task", { title: "call Ana" })], { id: "b", kind: "parallel", state }),
  conversation("Thanks!", "You're welcome.", { id: "c", kind: "no-call", state }),
  conversation("Add a task.", "What should it be called?", { id: "d", kind: "clarify", state }),
  conversation("What is due on Friday?", [call("list_tasks", { due_date: "Friday" })], { id: "e", kind: "single", state }),
]);
const right = ['{"name": "complete_task", "parameters": {"title": "the buy milk"}}', '{"name": "delete_task", "parameters": {"title": "Call Ana"}}; {"name": "delete_task", "parameters": {"title": "Buy milk"}}', "My pleasure.", "What is it called?", '{"name": "list_tasks", "parameters": {"due_date": "the 27th"}}'];

test("a right answer has no fault, and each wrong one its own", () => {
  assert.deepEqual(exam.map(({ id, due }) => [id, due]), [["a/1", "calls"], ["b/1", "calls"], ["c/1", "words"], ["d/1", "question"], ["e/1", "calls"]]);
  assert.deepEqual(scoreTools(exam, right).wrong, []);
  const faults: [at: number, answer: string, fault: string][] = [
    [0, '{"name": "complete_task"', "broken"], [0, "Done.", "no call"], [0, '{"name": "finish", "parameters": {}}', "unknown tool"], [0, '{"name": "delete_task", "parameters": {"title": "buy milk"}}', "wrong tool"],
    [0, '{"name": "complete_task", "parameters": {"name": "buy milk"}}', "against the schema"], [0, '{"name": "complete_task", "parameters": {"title": "call Ana"}}', "wrong arguments"],
    [1, '{"name": "delete_task", "parameters": {"title": "buy milk"}}', "wrong tool"], [2, '{"name": "list_tasks", "parameters": {}}', "call not due"],
    [3, '{"name": "create_task", "parameters": {"title": "task"}}', "call not due"], [3, "All right.", "no question"],
    [0, "", "no call"], [2, " ", "no answer"], [3, "", "no answer"],
  ];
  for (const [at, answer, fault] of faults) assert.equal(judgeAnswer(exam[at] as ToolCase, answer).fault, fault, answer);
  const score = scoreTools(exam, ["Done.", right[1] ?? "", '{"name": "list_tasks", "parameters": {}}', "All right.", right[4] ?? ""]);
  const counts = (share: { hits: number; of: number }) => [share.hits, share.of];
  assert.deepEqual(counts(score.valid), [2, 3]);
  assert.deepEqual(counts(score.arguments), [2, 3]);
  // The leaderboard compares words: "the 27th" is not "Friday".
  assert.deepEqual(counts(score.exact), [1, 3]);
  assert.deepEqual(counts(score.parallel), [1, 1]);
  // Prose as answers to users: "Done." (a call was due) and "All right." (none was).
  assert.deepEqual(counts(score.noCall.precision), [1, 2]);
  assert.deepEqual(counts(score.noCall.recall), [1, 2]);
  assert.deepEqual(counts(score.question), [0, 1]);
  const mute = scoreTools(exam, ["", "", "", "", ""]);
  assert.deepEqual([counts(mute.noCall.recall), counts(mute.noCall.precision), mute.wrong.length], [[0, 2], [0, 0], 5]);
  assert.throws(() => scoreTools(exam, []), /0 answers to 5 cases/);
});

test("a conversation with results: each turn is a case, and the turn after a result is a report", () => {
  const longer = conversation("Close the milk.", [call("complete_task", { title: "buy milk" })], { id: "r", kind: "result", state });
  longer.messages.push({ role: "tool", tool_call_id: "call_1", content: '{"id":1}' }, { role: "assistant", content: "“Buy milk” is done." });
  const cases = casesOf([longer]);
  assert.deepEqual(cases.map(({ due }) => due), ["calls", "report"]);
  assert.deepEqual(cases[1]?.prompt.messages.map(({ role }) => role), ["system", "user", "assistant", "tool"]);
  assert.deepEqual([right[0] ?? "", "", "It is done."].map((answer) => scoreTools(cases, [right[0] ?? "", answer]).report.hits), [0, 0, 1]);
});

test("end to end: the database decides, and a change that nobody asked for is harm", async () => {
  const good = await runEndToEnd(exam, right);
  assert.deepEqual([good.right.hits, good.right.of, good.changing.hits, good.changing.of, good.harm.hits], [5, 5, 2, 2, 0]);
  const bad = await runEndToEnd(exam, [
    '{"name": "complete_task", "parameters": {"title": "call Ana"}}', '{"name": "delete_task", "parameters": {"title": "milk"}}', '{"name": "delete_task", "parameters": {"title": "milk"}}', "Well?", '{"name": "list_tasks", "parameters": {}}',
  ]);
  assert.deepEqual(bad.wrong.map(({ case: { id } }) => id), ["a/1", "b/1", "c/1", "e/1"]);
  assert.deepEqual([bad.harm.hits, bad.harm.of], [1, 3]);
  await assert.rejects(runEndToEnd(exam.map(({ state: _, ...rest }) => rest), right), /give cases a state/);
});

test("requests of datasets/task-calls become cases whose own calls are right and do what they say", async () => {
  const requests = readTaskCalls("held-out").slice(0, 40);
  const cases = casesOfRequests(requests);
  const answers = requests.map(({ name, parameters }) => writeCalls([call(name, parameters)]));
  assert.deepEqual(scoreTools(cases, answers).wrong.map(({ reason }) => reason), []);
  const { right: reached, wrong } = await runEndToEnd(cases, answers);
  assert.equal(reached.hits, reached.of, JSON.stringify(wrong[0]));
});
