/** The Task API's tools: a model's calls carried out on a real service; and `llmops task-api`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import fc from "fast-check";
import { openTaskApi, resultText, runTool, TASK_TOOL_NAMES, TASK_TOOLS, TOOL_ERRORS, type RunToolOptions, type TaskApi, type ToolResult } from "llmops/agent";
import { listenOnLoopback } from "../lib/dist/http/loopback.js";
import { startCommand } from "./support/command.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const TODAY = "2026-11-21"; // a Saturday
let api: TaskApi;
before(async () => { api = await openTaskApi({ today: TODAY }); });
after(() => api.close());
const SEED = [
  { title: "Book the dentist", due_date: "2026-11-27", priority: "high" },
  { title: "The dentist bill" },
  { title: "buy milk", status: "done" },
  { title: "Pay rent", due_date: "2026-11-20" },
] as const;
beforeEach(() => api.reset(SEED));

const call = async (name: string, args: unknown, options?: RunToolOptions) => JSON.parse(resultText(await runTool(api, { name, arguments: args }, options))) as Record<string, unknown>;
const ids = (result: Record<string, unknown>): unknown[] => ((result["tasks"] ?? result["candidates"]) as { id: number }[]).map(({ id }) => id);

test("each tool does what it says, on the task and the day that the words mean", async () => {
  assert.deepEqual(await call("create_task", { title: "buy bread", due_date: "Friday", priority: "low" }), { id: 5, title: "buy bread", due_date: "2026-11-27", priority: "low", status: "open" });
  assert.deepEqual(await call("create_task", JSON.stringify({ title: "call mum" })), { id: 6, title: "call mum", due_date: null, priority: "medium", status: "open" }, "arguments as OpenAI's API has them");
  assert.deepEqual(await call("update_task", { title: "the DENTIST bill", new_title: "Pay the dentist", due_date: "the 14th", priority: "high" }), { id: 2, title: "Pay the dentist", due_date: "2026-12-14", priority: "high", status: "open" });
  assert.deepEqual(await call("complete_task", { title: "rent" }), { id: 4, title: "Pay rent", due_date: "2026-11-20", priority: "medium", status: "done" });
  assert.deepEqual(await call("delete_task", { title: "“buy milk”." }), { id: 3, title: "buy milk", due_date: null, priority: "medium", status: "done", deleted: true });
  assert.deepEqual((await api.tasks()).map(({ id, title, status }) => [id, title, status]), [[1, "Book the dentist", "open"], [2, "Pay the dentist", "open"], [4, "Pay rent", "done"], [5, "buy bread", "open"], [6, "call mum", "open"]]);
});

test("a list is of open tasks, by due date, unless finished ones are asked for", async () => {
  const list = async (args: object) => ids(await call("list_tasks", args));
  assert.deepEqual(await list({}), [4, 1, 2]);
  assert.deepEqual(await list({ status: "done" }), [3]);
  assert.deepEqual(await list({ due_date: "next week" }), [1]);
  assert.deepEqual(await list({ due_date: "yesterday" }), [4]);
  assert.deepEqual(await list({ due_date: "Friday", priority: "high" }), [1]);
  assert.deepEqual(await list({ priority: "low" }), []);
  await api.reset(Array.from({ length: 9 }, (_, at) => ({ title: `task ${at}` })));
  const many = await call("list_tasks", {});
  assert.deepEqual([ids(many), many["total"]], [[1, 2, 3, 4, 5], 9]);
});

test("a title finds the whole title first, open tasks first, and a number by its sign", async () => {
  await api.reset([{ title: "Report" }, { title: "Send the report" }, { title: "Report", status: "done" }, { title: "Old report", status: "done" }]);
  assert.equal((await call("complete_task", { title: "my report" }))["id"], 1);
  assert.equal((await call("update_task", { title: "report", priority: "low" }))["error"], "ambiguous", "two done ones have that title");
  assert.equal((await call("update_task", { title: "report send", priority: "low" }))["id"], 2);
  assert.equal((await call("delete_task", { title: "#3" }))["id"], 3);
  const ambiguous = await call("delete_task", { title: "dentist" });
  assert.equal(ambiguous["error"], "not_found");
});

test("words find a task by whole words, and a title without words finds none", async () => {
  await api.reset([{ title: "Send postcard" }]);
  for (const title of ['""', "“”", "!?", "car", "end post"]) assert.equal((await call("delete_task", { title }))["error"], "not_found", title);
  assert.deepEqual((await api.tasks()).map(({ title }) => title), ["Send postcard"]);
  await api.reset([{ title: "Pay the electricity bills, all of them" }, { title: "Post the card" }]);
  assert.equal((await call("complete_task", { title: "the bill for electricity" }))["error"], "not_found");
  assert.equal((await call("complete_task", { title: "electricity bill" }))["id"], 1);
  assert.equal((await call("complete_task", { title: "card, post" }))["id"], 2);
});

test("what cannot be done is a result that says why, and changes nothing", async () => {
  const before = await api.tasks();
  const cases: [string, unknown, string, RegExp][] = [
    ["remind_me", {}, "unknown_tool", /There is no tool remind_me\. Tools: create_task, /],
    ["create_task", {}, "bad_arguments", /^title is missing\.$/],
    ["create_task", { title: "x", priority: "urgent" }, "bad_arguments", /^priority must be low, medium or high\.$/],
    ["create_task", { title: "x", tags: [] }, "bad_arguments", /create_task has no argument tags/],
    ["create_task", "{", "bad_arguments", /no JSON/],
    ["create_task", null, "bad_arguments", /must be a JSON object/],
    ["create_task", { title: " " }, "bad_arguments", /^title must hold/],
    ["create_task", { title: "x", due_date: "spring" }, "unclear_date", /“spring” is no clear date: it names no day/],
    ["create_task", { title: "x", due_date: "yesterday" }, "past_date", /2026-11-20 is past: today is 2026-11-21/],
    ["create_task", { title: "x", due_date: "0026-01-01" }, "bad_arguments", /^due_date must be 1900-01-01 or later\.$/],
    ["update_task", { title: "rent" }, "bad_arguments", /Nothing to change/],
    ["update_task", { title: "rent", due_date: "2026-11-01" }, "past_date", /./],
    ["update_task", { title: "dentist", priority: "low" }, "ambiguous", /2 tasks match “dentist”/],
    ["complete_task", { title: "milk" }, "already_done", /is done already/],
    ["complete_task", { title: "groceries" }, "not_found", /There is no task “groceries”/],
    ["delete_task", { title: "#99" }, "not_found", /no task 99/],
    ["delete_task", { title: "x".repeat(300) }, "not_found", /./],
    ["list_tasks", { due_date: "soon" }, "unclear_date", /./],
    ["list_tasks", { status: "open" }, "bad_arguments", /status must be done, or left out/],
  ];
  for (const [name, args, error, message] of cases) {
    const result = await call(name, args);
    assert.equal(result["error"], error, `${name} ${JSON.stringify(args)}: ${JSON.stringify(result)}`);
    assert.match(String(result["message"]), message);
  }
  assert.deepEqual(ids(await call("update_task", { title: "dentist", priority: "low" })), [1, 2]);
  assert.deepEqual(await api.tasks(), before);
});

test("a repeated create with its key makes one task", async () => {
  const create = (title: string) => call("create_task", { title, due_date: "tomorrow" }, { idempotencyKey: "call-1" });
  assert.deepEqual(await create("water plants"), await create("water plants"));
  assert.equal((await create("feed the cat"))["error"], "conflict");
  assert.equal((await api.tasks()).length, SEED.length + 1);
});

test("a service that is gone, slow or another one is a result; an abort throws", async () => {
  const server = await listenOnLoopback((request, response) => {
    if (request.url?.startsWith("/slow")) return;
    response.writeHead(request.url?.startsWith("/500") ? 500 : 200, { "content-type": "text/html" }).end("<html>");
  });
  const { url } = server;
  const code = async (at: string) => (await runTool({ url: at }, { name: "list_tasks", arguments: {} }, { timeoutMs: 200 }) as { error?: string }).error;
  try {
    assert.deepEqual([await code(`${url}/html`), await code(`${url}/500`), await code(`${url}/slow`)], ["unavailable", "unavailable", "timeout"]);
    await assert.rejects(runTool({ url: `${url}/slow` }, { name: "list_tasks", arguments: {} }, { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
  } finally {
    await server.close();
  }
  assert.equal(await code(url), "unavailable");
});

test("any call gives a short result, and only one that succeeds changes anything", async () => {
  const words = fc.oneof(fc.constantFrom("dentist", "the rent", "milk", "#1", "#0", "Friday", "next week", "", "done", "high"), fc.string({ unit: "binary", maxLength: 30 }));
  const args = fc.oneof(fc.dictionary(fc.constantFrom("title", "new_title", "due_date", "priority", "status"), words), fc.jsonValue(), fc.string());
  await fc.assert(fc.asyncProperty(fc.oneof(fc.constantFrom(...TASK_TOOL_NAMES), fc.constantFrom("toString", "")), args, async (name, given) => {
    const before = JSON.stringify(await api.tasks());
    const result: ToolResult = await runTool(api, { name, arguments: given });
    if (!result.ok) {
      assert.ok(TOOL_ERRORS.includes(result.error) && !["timeout", "unavailable"].includes(result.error), JSON.stringify([name, given, result]));
      assert.equal(JSON.stringify(await api.tasks()), before);
    }
    assert.ok(resultText(result).length < 1200);
  }), { numRuns: 100 });
});

test("what the model sees is what it was trained on: the tools in README's form are those of the definitions", () => {
  const lines = TASK_TOOLS.map(({ function: { name, description, parameters } }) => {
    const { properties, required } = parameters as { properties: object; required: string[] };
    return `${name}(${Object.keys(properties).map((key) => (required.includes(key) ? key : `${key}?`)).join(", ")}): ${description ?? ""}`;
  });
  assert.ok(readFileSync(join(ROOT, "colab/taskling/model/README.md"), "utf8").includes(lines.join("\n")), lines.join("\n"));
});

test("llmops task-api keeps tasks in a folder, for one process at a time", async (context) => {
  const folder = join(scratch(context), "tasks"), env = { DATABASE_URL: "" };
  const start = () => startCommand(context, process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "task-api", "--port", "0", "--data", folder], env);
  const first = start();
  const [, url = ""] = await first.waitFor(/Task API at (http:\/\/127\.0\.0\.1:\d+): PGlite in .*tasks\. /);
  assert.equal((await fetch(`${url}/tasks`, { method: "POST", body: '{"title":"stay"}', headers: { "content-type": "application/json" } })).status, 201);
  const second = start();
  assert.equal(await second.ended, 2);
  assert.match(second.output(), /another Task API is under way \(process \d+\); wait for it, or end it/);
  process.kill(first.process.pid!, "SIGTERM");
  assert.equal(await first.ended, 0, first.output());
  const third = start();
  const [, again = ""] = await third.waitFor(/(http:\/\/127\.0\.0\.1:\d+):/);
  const { tasks } = (await (await fetch(`${again}/tasks`)).json()) as { tasks: { title: string }[] };
  assert.deepEqual(tasks.map(({ title }) => title), ["stay"]);
});

test("llmops task-api says what is wrong with a database address", async (context) => {
  const start = (url: string) => startCommand(context, process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "task-api", "--port", "0"], { DATABASE_URL: url });
  for (const [url, message] of [["mysql://x/y", /DATABASE_URL begins with mysql:\/\/; it must be postgres:/], ["postgres://me:secret@127.0.0.1:1/db", /Postgres at 127\.0\.0\.1:1\/db cannot be reached \(.*ECONNREFUSED.*\); check DATABASE_URL/]] as const) {
    const command = start(url);
    assert.equal(await command.ended, 2);
    assert.match(command.output(), message);
    assert.doesNotMatch(command.output(), /secret/);
  }
});
