// Conversations with tool calls: written through the teacher's door, run on a real Task API, checked, resumable.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openTaskApi, TASK_TOOLS, taskToolRunner, type TaskApi } from "llmops/agent";
import { checkExample } from "llmops/data";
import {
  checkSaying, checkScript, drawOrder, generateToolConversations, openTeacher, TOOL_DEFECTS, TOOL_KINDS, type ScriptTurn, type StateTask, type Teacher, type TeacherOptions, type ToolOrder, type ToolRunner,
} from "llmops/teacher";

const TODAY = "2026-11-23", SYSTEM = "You call tools.";
const quiet = { rateLimit: 0, serverError: 0, hang: 0 };
const none = Object.fromEntries(TOOL_DEFECTS.map((defect) => [defect, 0]));
let api: TaskApi, tools: ToolRunner;

before(async () => {
  api = await openTaskApi({ today: TODAY });
  tools = taskToolRunner(api, TODAY);
});
after(() => api.close());

const simulated = (simulator: TeacherOptions["simulator"] = {}, more: TeacherOptions = {}): Promise<Teacher> =>
  openTeacher({ env: {}, door: "simulator", cache: false, simulator: { latencyMs: 0, faults: quiet, ...simulator }, ...more });

test("every kind is written, and what a row says a tool answered is what it answers", async () => {
  await using teacher = await simulated({ toolDefects: none });
  const { rows, rejected, cost } = await generateToolConversations(teacher, tools, { today: TODAY, system: SYSTEM, count: 90, seed: 1 });
  assert.deepEqual(new Set(rows.map(({ extra }) => extra["kind"])), new Set(TOOL_KINDS));
  assert.ok(cost.value > 0);
  assert.ok(rejected.every(({ code }) => code === "too-long" || code === "not-refused" || code === "left-out"), JSON.stringify(rejected.map(({ code, raw }) => [code, raw])));
  assert.ok(rejected.length < 9);
  for (const row of rows) {
    assert.equal(checkExample(row), undefined);
    const { kind, state } = row.extra as { kind: string; state: StateTask[] };
    await tools.reset(state);
    const results: string[] = [];
    for (const { role, content, tool_calls: calls = [] } of row.messages) {
      for (const call of calls) {
        const { text, error } = await tools.run({ name: call.function.name, arguments: JSON.parse(call.function.arguments) as Record<string, unknown> });
        assert.equal(error !== undefined, kind === "error", text);
        results.push(text);
      }
      if (role === "tool") assert.equal(content, results.shift());
    }
    if (kind === "no-call") assert.ok(row.messages.every((message) => message.tool_calls === undefined));
  }
});

test("what the simulator spoils is turned down, each with a reason, and the ledger has it", async () => {
  await using teacher = await simulated({ toolDefects: { ...none, wrong_tool: 0.12, invented_argument: 0.2, missing_argument: 0.12, needless_call: 0.2, misquoted_title: 0.08, bad_value: 0.1, broken_json: 0.05, crossed_words: 0.1 } });
  const { rows, rejected } = await generateToolConversations(teacher, tools, { today: TODAY, system: SYSTEM, count: 160, seed: 2, kinds: { single: 6, "no-call": 3, clarify: 1 } });
  const planted = teacher.ledger?.toolDefects ?? [];
  assert.ok(new Set(planted.map(({ defect }) => defect)).size >= 7, JSON.stringify(planted.map(({ defect }) => defect)));
  const down = new Set(rejected.map(({ id }) => id));
  assert.ok(planted.filter(({ row }) => down.has(row)).length >= 0.9 * planted.length);
  const spoilt = new Set(planted.map(({ row }) => row));
  assert.ok(rejected.filter(({ id }) => !spoilt.has(id)).length <= 3);
  assert.ok(rejected.every(({ reason, raw, code }) => reason.length > 10 && (raw !== "" || code === "unreadable")));
  assert.equal(rows.length + rejected.length, 160);
});

test("the same seed writes the same, and a run that was stopped pays only for what is missing", async () => {
  const cache = mkdtempSync(join(tmpdir(), "tool-calls-"));
  try {
    const run = (teacher: Teacher, signal?: AbortSignal) => generateToolConversations(teacher, tools, { today: TODAY, system: SYSTEM, count: 48, seed: 3, ...(signal ? { signal } : {}) });
    await using whole = await simulated();
    const wanted = await run(whole);
    await using first = await simulated({}, { cache, concurrency: 1 });
    const stop = new AbortController();
    const stopped = generateToolConversations(first, tools, { today: TODAY, system: SYSTEM, count: 48, seed: 3, signal: stop.signal, onProgress: ({ done, stage }) => { if (stage === "scripts" && done === 3) stop.abort(); } });
    await assert.rejects(stopped);
    const paid = first.meter.spent;
    assert.ok(paid > 0 && paid < wanted.cost.spent);
    await using second = await simulated({}, { cache });
    const resumed = await run(second);
    assert.deepEqual(resumed.rows, wanted.rows);
    assert.ok(second.meter.spent < wanted.cost.spent);
    assert.ok(Math.abs(paid + second.meter.spent - wanted.cost.spent) < 1e-9);
    await using third = await simulated({}, { cache });
    assert.equal((await run(third)).cost.spent, 0);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});

test("a budget that is spent leaves what there is, and counts what is missing", async () => {
  await using teacher = await simulated({}, { budgetUsd: 0.002 });
  const { rows, failures } = await generateToolConversations(teacher, tools, { today: TODAY, system: SYSTEM, count: 80, seed: 4 });
  assert.ok(failures.length > 0 && failures.every(({ rows: missing }) => missing > 0));
  assert.ok(rows.length < 80);
});

test("a plan that makes no sense is refused in a sentence", async () => {
  await using teacher = await simulated();
  const run = (options: Record<string, unknown>) => generateToolConversations(teacher, tools, { today: TODAY, system: SYSTEM, ...options });
  await assert.rejects(run({ count: 0 }), /count must be a whole number from 1/);
  await assert.rejects(run({ today: "Monday" }), /today must be a date like/);
  await assert.rejects(run({ kinds: { singel: 1 } }), /unknown kind "singel"; there are single, parallel/);
  await assert.rejects(run({ invented: 2 }), /invented must be a share/);
});

test("orders depend on their place alone, and hold the tasks that their calls need", () => {
  const plan = { count: 500, batch: 8, kinds: { single: 1, parallel: 1, result: 1, error: 1, clarify: 1, "no-call": 1 }, today: TODAY, seed: 9, invented: 0.5 };
  for (let at = 0; at < 200; at++) {
    const order = drawOrder(plan, at);
    assert.deepEqual(order, drawOrder({ ...plan, count: 1000 }, at));
    assert.ok(order.tasks.length >= (order.kind === "parallel" ? order.tools.length : 1));
    assert.equal(order.tools.length === 0, order.kind === "no-call");
    assert.ok(order.tasks[0]?.status === undefined);
  }
});

const order = (more: Partial<ToolOrder>): ToolOrder => ({ kind: "single", tools: ["create_task"], results: false, words: "plain", register: "neutral", tasks: [], ...more });
const faultOf = (turns: ScriptTurn[], more: Partial<ToolOrder> = {}) => checkScript(turns, order(more), TASK_TOOLS, TODAY);
const asks = (user: string, args: Record<string, unknown>, name = "create_task"): ScriptTurn[] => [{ user }, { calls: [{ name, arguments: args }] }];

test("a script is checked against its order, the schema and the user's words", () => {
  assert.equal(faultOf(asks("Add buy milk for Friday", { title: "buy milk", due_date: "Friday" })), undefined);
  assert.equal(faultOf(asks("Pay rent is urgent", { title: "pay rent", priority: "high" }, "update_task"), { tools: ["update_task"] }), undefined);
  const said = (turns: ScriptTurn[], more: Partial<ToolOrder> = {}) => { const fault = faultOf(turns, more); return `${fault?.code}: ${fault?.reason}`; };
  assert.match(said(asks("Add buy milk", { title: "buy milk", due_date: "Friday" })), /^not-said: gives due_date "Friday"/);
  assert.match(said(asks("Add buy milk", { title: "buy milk", priority: "high" })), /^not-said: gives the priority high/);
  assert.match(said(asks("Add buy milk for Friday", { title: "buy milk" })), /^left-out: the user names a day/);
  assert.match(said(asks("Add buy milk", { title: "buy milk", priority: "urgent" })), /^bad-arguments: create_task: priority is "urgent", not one of low, medium, high/);
  assert.match(said(asks("Add buy milk", { titel: "buy milk" })), /^bad-arguments: create_task: title is missing/);
  assert.match(said(asks("Add buy milk", { title: "buy milk", note: "x" })), /it has no parameter note/);
  assert.match(said(asks("Add buy milk", { title: "buy milk" }, "delete_task")), /^other-tool: calls delete_task in place of create_task/);
  assert.match(said(asks("Thanks", {}, "list_tasks"), { kind: "no-call", tools: [] }), /^needless-call/);
  assert.match(said([{ user: "Add" }, { say: "What?" }], { kind: "clarify" }), /^other-turns: has the turns US/);
  assert.match(said(asks("Please delete \"buy milk\"", { title: "buy milk" }, "complete_task"), { tools: ["complete_task"] }), /^crossed-words/);
});

test("what is said to results names what they name, and no more", () => {
  const results = ['{"id":1,"title":"buy milk","due_date":"2026-12-04","priority":"high","status":"open"}'];
  assert.equal(checkSaying('I added "buy milk", due 2026-12-04.', results, "Add buy milk"), undefined);
  assert.equal(checkSaying('I added "buy milk", due 2026-12-05.', results, "Add buy milk")?.code, "reply-invents");
  assert.equal(checkSaying('I added "buy cheese".', results, "Add buy milk")?.code, "reply-invents");
  assert.equal(checkSaying("I added it.", results, "Add buy milk")?.code, "reply-omits");
  assert.equal(checkSaying('I found no task called "x".', ['{"error":"not_found","message":"no"}'], "Delete x"), undefined);
});
