// The agent over real HTTP: a scripted model, a real Task API, and a network that fails between them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import {
  backoffMs, eachOnce, MODEL_FAULTS, openFaultProxy, openModelClient, openTaskApi, playWorkflow, randomPlan, readWorkflows, reliableFetch, runAgent, runSdkAgent, sameTasks, scriptedModel,
  serveScripts, taskAgent, UnreachableError, WIRE_FAULTS, type AgentRun, type Fault, type ScriptedServer, type TaskApi, type Workflow,
} from "llmops/agent";
import { TASK_SYSTEM } from "llmops/evaluate";
import { listenOnLoopback, type LoopbackServer } from "../lib/dist/http/loopback.js";

const workflows = readWorkflows();
const TODAY = workflows[0]!.today;
const QUICK = { timeoutMs: 1500, baseMs: 1, capMs: 10 };
let api: TaskApi, scripts: ScriptedServer;
before(async () => {
  api = await openTaskApi({ today: TODAY });
  scripts = await serveScripts(workflows);
});
after(async () => {
  await scripts.close();
  await api.close();
});

const find = (id: string): Workflow => workflows.find((workflow) => workflow.id === id)!;
const LOOPS = { "the plain loop": runAgent, "the Agents SDK": runSdkAgent };

interface Setting { loop?: typeof runAgent; model?: readonly Fault[]; tasks?: readonly Fault[]; repeat?: "request" | "tool" | "no-key" | "nothing"; timeoutMs?: number; which?: (asked: { method: string; path: string }) => boolean }

/** One workflow, with these faults once each at the first requests that `which` picks. */
async function play(workflow: Workflow, { loop = runAgent, model = [], tasks = [], repeat = "request", timeoutMs = QUICK.timeoutMs, which = () => true }: Setting = {}) {
  const taskProxy = await openFaultProxy(api.url, eachOnce(tasks, which)), modelProxy = await openFaultProxy(scripts.url, eachOnce(model));
  try {
    const client = openModelClient(modelProxy.url, { ...QUICK, timeoutMs });
    const played = await playWorkflow(workflow, {
      api, system: TASK_SYSTEM, settled: () => taskProxy.idle(),
      answer: (messages, runId) => loop({ client, model: scriptedModel(workflow), messages, runId, ...taskAgent(taskProxy, { ...QUICK, timeoutMs, today: TODAY, repeat }) }),
    });
    return { ...played, ledger: [...taskProxy.ledger, ...modelProxy.ledger], titles: played.found.map(({ title }) => title) };
  } finally {
    await taskProxy.close();
    await modelProxy.close();
  }
}

test("there are fifty workflows, and each starts somewhere else than it ends, or says why not", () => {
  assert.equal(workflows.length, 50);
  assert.equal(new Set(workflows.map(({ id }) => id)).size, 50);
  const still = workflows.filter(({ tasks, wanted }) => sameTasks(tasks as never, wanted as never)).map(({ kind }) => kind);
  assert.deepEqual([...new Set(still)].sort(), ["list", "no-call", "refused"]);
});

for (const [name, loop] of Object.entries(LOOPS)) {
  test(`${name}: every workflow ends in its state, without an alarm, when nothing fails`, async () => {
    for (const workflow of workflows) {
      const { verdict, runs } = await play(workflow, { loop });
      assert.equal(verdict, "right", workflow.id);
      const wanted = { refused: /done|asked|failed/, "no-call": /asked/ }[workflow.kind] ?? /done/;
      assert.match(runs.at(-1)!.outcome.kind, wanted, `${workflow.id}: ${runs.at(-1)!.outcome.message}`);
    }
  });

  describe(`${name}: one fault, at each request of a workflow in turn`, () => {
    const ids = ["create-weekday", "delete-twin-in-words", "update-rename", "complete-twin-in-words", "parallel-done-and-new"];
    for (const id of loop === runAgent ? ids : ids.slice(0, 2)) {
      test(id, async () => {
        const workflow = find(id);
        for (const fault of [...WIRE_FAULTS, ...MODEL_FAULTS]) {
          const isHanging = fault.startsWith("hang");
          for (let at = 0; at < (isHanging ? 2 : 4); at++) {
            let seen = 0;
            const setting = { loop, ...(isHanging ? { timeoutMs: 200 } : {}), which: () => seen++ === at };
            const { verdict, runs } = await play(workflow, MODEL_FAULTS.includes(fault) ? { ...setting, model: [fault] } : { ...setting, tasks: [fault] });
            assert.equal(verdict, "right", `${fault} at request ${at}: ${runs.at(-1)?.outcome.message}`);
            assert.equal(runs.at(-1)?.outcome.kind, "done", `${fault} at request ${at}: ${runs.at(-1)?.outcome.message}`);
          }
        }
      });
    }
  });

  test(`${name}: a service that stays away is said to be away, with what was done before`, async () => {
    const all = Array<Fault>(99).fill("error-before");
    const { verdict, runs } = await play(find("parallel-done-and-new"), { loop, tasks: all, which: ({ method, path }) => method === "POST" && path === "/tasks" });
    assert.equal(verdict, "told");
    const outcome = runs.at(-1)!.outcome;
    assert.equal(outcome.kind === "failed" && outcome.why, "tool");
    assert.match(outcome.message, /Done: complete_task “buy milk”/);
    assert.match(outcome.message, /Not known: create_task “buy bread”/);
  });

  test(`${name}: a model that stays away is said to be away, and nothing was changed`, async () => {
    const { verdict, runs } = await play(find("create-plain"), { loop, model: Array<Fault>(99).fill("drop-after") });
    assert.equal(verdict, "told");
    assert.match(runs.at(-1)!.outcome.message, /model's server cannot be reached.*Nothing was changed/);
  });
}

test("random plans of faults: a right state, or a message that the database does not contradict", async () => {
  await fc.assert(fc.asyncProperty(fc.nat(1e6), fc.constantFrom(0.2, 0.5, 0.8), fc.constantFrom(...workflows), fc.constantFrom(...Object.values(LOOPS)), async (seed, rate, workflow, loop) => {
    const tasks = await openFaultProxy(api.url, randomPlan({ seed, rate })), model = await openFaultProxy(scripts.url, randomPlan({ seed: seed + 1, rate: rate / 2, kinds: [...WIRE_FAULTS, ...MODEL_FAULTS] }));
    try {
      const policy = { timeoutMs: 150, baseMs: 1, capMs: 5, retries: 3 };
      const client = openModelClient(model.url, policy);
      const { verdict, honest, runs } = await playWorkflow(workflow, {
        api, system: TASK_SYSTEM, settled: () => tasks.idle(),
        answer: (messages, runId) => loop({ client, model: scriptedModel(workflow), messages, runId, ...taskAgent(tasks, { ...policy, today: TODAY }) }),
      });
      assert.ok(honest, `${workflow.id}: ${runs.at(-1)?.outcome.message}`);
      assert.notEqual(verdict, "silent", `${workflow.id}: ${runs.at(-1)?.outcome.message}`);
    } finally {
      await tasks.close();
      await model.close();
    }
  }), { numRuns: 25 });
});

describe("what other ways to repeat do", () => {
  test("without a key, a create whose answer was lost is made twice", async () => {
    const { titles, verdict } = await play(find("create-plain"), { tasks: ["drop-after"], repeat: "no-key", which: ({ method }) => method === "POST" });
    assert.equal(titles.filter((title) => title === "clean the gutters").length, 2);
    assert.equal(verdict, "silent");
  });
  test("a delete repeated with its search deletes another task", async () => {
    const { titles, verdict } = await play(find("delete-twin-in-words"), { tasks: ["drop-after"], repeat: "tool", which: ({ method }) => method === "DELETE" });
    assert.deepEqual(titles, []);
    assert.equal(verdict, "silent");
  });
  test("who repeats nothing has to say that nobody knows", async () => {
    const { runs, verdict } = await play(find("create-plain"), { tasks: ["drop-after"], repeat: "nothing", which: ({ method }) => method === "POST" });
    assert.equal(verdict, "right", "the write took effect");
    assert.match(runs[0]!.outcome.message, /Not known: create_task “clean the gutters”/);
  });
});

describe("models that do not behave", () => {
  /** A model that answers these messages, one after another, then the last again. */
  async function answering(...answers: object[]): Promise<{ url: string; seen: { messages: { role: string; content: string; tool_calls?: { id?: string }[] }[] }[]; server: LoopbackServer }> {
    const seen: { messages: { role: string; content: string; tool_calls?: { id?: string }[] }[] }[] = [];
    const server = await listenOnLoopback((request, response) => {
      let text = "";
      request.on("data", (part) => (text += String(part)));
      request.on("end", () => {
        seen.push(JSON.parse(text) as (typeof seen)[number]);
        const message = answers[Math.min(seen.length, answers.length) - 1];
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(message && "choices" in message ? message : { id: "x", object: "chat.completion", created: 0, model: "m", choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: null, ...message } }] }));
      });
    });
    return { url: `${server.url}/v1`, seen, server };
  }
  const call = (name: string, given: unknown, id = "c1") => ({ id, type: "function", function: { name, arguments: typeof given === "string" ? given : JSON.stringify(given) } });
  async function ask(loop: typeof runAgent, answers: object[], more: object = {}): Promise<{ run: AgentRun; seen: Awaited<ReturnType<typeof answering>>["seen"] }> {
    await api.reset([{ title: "buy milk" }]);
    const { url, seen, server } = await answering(...answers);
    const run = await loop({ client: openModelClient(url, QUICK), model: "m", messages: [{ role: "system", content: TASK_SYSTEM }, { role: "user", content: "…" }], ...taskAgent(api, { today: TODAY }), ...more });
    await server.close();
    return { run, seen };
  }

  for (const [name, loop] of Object.entries(LOOPS)) {
    test(`${name}: a model that repeats its call is not obeyed twice, and the run ends`, async () => {
      const { run } = await ask(loop, [{ tool_calls: [call("create_task", { title: "pay" })] }, { tool_calls: [call("create_task", { title: "pay" })] }]);
      assert.equal((await api.tasks()).filter(({ title }) => title === "pay").length, 1);
      assert.equal(run.outcome.kind, "done", run.outcome.message);
      assert.equal(run.turns, 2);
    });
    test(`${name}: one that says "done" after a refusal is not believed`, async () => {
      const { run } = await ask(loop, [{ tool_calls: [call("delete_task", { title: "ski trip" })] }, { content: "I deleted it." }]);
      assert.equal(run.outcome.kind, "failed");
      assert.match(run.outcome.message, /Nothing was changed\. Not done: delete_task “ski trip”/);
    });
    test(`${name}: one that claims without a call is contradicted`, async () => {
      const { run } = await ask(loop, [{ content: "I created it." }]);
      assert.deepEqual([run.outcome.kind, run.outcome.message], ["asked", "I created it.\nNothing was changed."]);
    });
    test(`${name}: arguments that are no JSON go back with what is wrong, and never stand in the conversation`, async () => {
      const { run, seen } = await ask(loop, [{ tool_calls: [call("create_task", '{"title": "pay')] }, { tool_calls: [call("create_task", { title: "pay" }, "c2")] }, { content: "Added." }]);
      assert.equal(run.outcome.kind, "done", run.outcome.message);
      const [, again] = seen;
      assert.match(again!.messages.at(-1)!.content, /bad_arguments.*no JSON object/);
      assert.doesNotMatch(JSON.stringify(again!.messages.find(({ role }) => role === "assistant")), /pay/);
    });
    test(`${name}: one that never ends is ended, with the account`, async () => {
      let number = 0;
      const endless = Array.from({ length: 9 }, () => ({ tool_calls: [call("create_task", { title: `task ${++number}` }, `c${number}`)] }));
      const { run } = await ask(loop, endless, { maxTurns: 3 });
      assert.equal(run.outcome.kind === "failed" && run.outcome.why, "limit");
      assert.match(run.outcome.message, /After 3 answers.*Done: create_task “task 1”; create_task “task 2”; create_task “task 3”\./);
    });
  }

  test("where the time is over during a call, the conversation has an answer for each call, and can be gone on with", async () => {
    const asked = [call("create_task", { title: "pay" }), call("delete_task", { title: "buy milk" }, "c2")];
    const { run } = await ask(runAgent, [{ tool_calls: asked }], {
      limitMs: 100, runTool: (_: object, { signal }: { signal: AbortSignal }) => new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(signal.reason as Error))),
    });
    assert.equal(run.outcome.kind === "failed" && run.outcome.why, "limit");
    assert.deepEqual(run.messages.slice(-3).map((message) => (message.role === "tool" ? [message.tool_call_id, (JSON.parse(message.content as string) as { error: string }).error] : message.role)), ["assistant", ["c1", "timeout"], ["c2", "unavailable"]]);
  });
  test("ids that a server gives twice, or not at all, are made unique", async () => {
    const { seen } = await ask(runAgent, [{ tool_calls: [call("list_tasks", {}, "c"), call("create_task", { title: "one" }, "c"), call("create_task", { title: "two" }, "")] }, { content: "ok" }]);
    const ids = (seen[1]!.messages.find(({ role }) => role === "assistant")!.tool_calls ?? []).map(({ id }) => id);
    assert.equal(new Set(ids).size, 3);
  });
  test("calls that are none, three times over, end the run", async () => {
    const { run } = await ask(runAgent, [{ tool_calls: [call("fly", {})] }]);
    assert.equal(run.turns, 3);
    assert.match(run.outcome.message, /cannot be carried out, 3 times in a row\. Nothing was changed\. Not done: fly: There is no tool fly/);
  });
  test("an answer that is no completion is said to be none", async () => {
    const { run } = await ask(runAgent, [{ choices: [] }]);
    assert.match(run.outcome.message, /no chat completion.*Nothing was changed/);
  });
  test("a run that is repeated under its name makes nothing twice", async () => {
    const answers = [{ tool_calls: [call("create_task", { title: "pay" })] }, { content: "Added." }];
    await api.reset([]);
    for (let time = 0; time < 2; time++) {
      const { url, server } = await answering(...answers);
      await runAgent({ client: openModelClient(url, QUICK), model: "m", runId: "monday", messages: [{ role: "user", content: "…" }], ...taskAgent(api, { today: TODAY }) });
      await server.close();
    }
    assert.equal((await api.tasks()).length, 1);
  });
  test("the SDK sends nothing anywhere but to the model and the Task API", async () => {
    const hosts = new Set<string>(), real = globalThis.fetch;
    globalThis.fetch = (async (input: string | URL | Request, init?: RequestInit) => {
      hosts.add(new URL(input instanceof Request ? input.url : input).hostname);
      return real(input, init);
    });
    try {
      await ask(runSdkAgent, [{ tool_calls: [call("list_tasks", {})] }, { content: "One task." }]);
      await new Promise((wake) => setTimeout(wake, 50));
    } finally {
      globalThis.fetch = real;
    }
    assert.deepEqual([...hosts], ["127.0.0.1"]);
  });
});

describe("requests", () => {
  test("waits double up to their limit, are drawn, and obey the server", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(1e5), (retry, draw, after) => {
      const wait = backoffMs(retry, draw, { baseMs: 100, capMs: 3000 }, after);
      assert.ok(wait >= after && wait <= Math.max(after, Math.min(3000, 100 * 2 ** (retry - 1))));
    }));
    assert.equal(backoffMs(3, 0.5, { baseMs: 100, capMs: 1000 }), 200);
    assert.equal(backoffMs(9, 0.5, { baseMs: 100, capMs: 1000 }), 500);
  });
  test("a POST without a key is not repeated when its fate is unknown, and is when it is not", async () => {
    const proxy = await openFaultProxy(api.url, eachOnce(["rate-limit", "drop-after", "drop-after"]));
    await api.reset([]);
    const attempts: unknown[] = [];
    const send = reliableFetch({ ...QUICK, onAttempt: ({ problem, attempt }) => attempts.push([attempt, problem]) });
    const body = { method: "POST", body: JSON.stringify({ title: "pay" }), headers: { "content-type": "application/json" } };
    await assert.rejects(send(`${proxy.url}/tasks`, body), (error: unknown) => error instanceof UnreachableError && error.mayHaveHappened && error.problem === "connection");
    assert.deepEqual(attempts, [[1, "rate-limit"], [2, "connection"]]);
    assert.equal((await api.tasks()).length, 1);
    await proxy.close();
  });
  test("where nothing listens, nothing can have happened", async () => {
    const gone = await openFaultProxy(api.url);
    await gone.close();
    await assert.rejects(reliableFetch({ ...QUICK, retries: 1 })(`${gone.url}/tasks`, { method: "DELETE" }), (error: unknown) => error instanceof UnreachableError && !error.mayHaveHappened && error.attempts === 2);
  });
  test("a stream that begins at the second attempt is passed on, and a Request is sent as what it holds", async () => {
    const seen: string[] = [];
    const server = await listenOnLoopback((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        seen.push([request.method, request.headers["x-mark"], body].join(" "));
        if (seen.length === 1) response.writeHead(500).end();
        else response.writeHead(200, { "content-type": "text/event-stream" }).end("data: 1\n\n");
      });
    });
    const request = new Request(`${server.url}/tasks`, { method: "PUT", body: "hello", headers: { "x-mark": "yes" } });
    const response = await reliableFetch(QUICK)(request);
    assert.deepEqual([await response.text(), response.headers.get("x-llmops-repeated"), seen], ["data: 1\n\n", "1", ["PUT yes hello", "PUT yes hello"]]);
    await server.close();
  });
  test("an aborted request is not repeated", async () => {
    const proxy = await openFaultProxy(api.url, () => "hang-before");
    await assert.rejects(reliableFetch(QUICK)(`${proxy.url}/health`, { signal: AbortSignal.timeout(30) }), { name: "TimeoutError" });
    assert.equal(proxy.requests, 1);
    await proxy.close();
  });
});

describe("the proxy", () => {
  test("the same seed gives the same faults, and most limits them in a row", () => {
    const draw = (seed: number, most?: number): (Fault | undefined)[] => {
      const plan = randomPlan({ seed, rate: 0.9, ...(most === undefined ? {} : { most }) });
      return Array.from({ length: 60 }, (_, at) => plan({ number: at + 1, method: "GET", path: "/" }));
    };
    assert.deepEqual(draw(4), draw(4));
    assert.notDeepEqual(draw(4), draw(5));
    assert.doesNotMatch(draw(4, 2).map((fault) => (fault ? "x" : ".")).join(""), /xxx/);
  });
  test("what is no fault passes through unchanged", async () => {
    const proxy = await openFaultProxy(api.url);
    await api.reset([{ title: "Käse 🧀" }]);
    const [direct, passed]: unknown[] = await Promise.all([api.url, proxy.url].map(async (url): Promise<unknown> => (await fetch(`${url}/tasks?limit=3`)).json()));
    assert.deepEqual(passed, direct);
    assert.equal((await fetch(`${proxy.url}/nowhere`)).status, 404);
    await proxy.close();
  });
  test("its ledger says which requests took effect", async () => {
    const proxy = await openFaultProxy(api.url, eachOnce(["error-before", "error-after"]));
    await api.reset([]);
    for (const title of ["one", "two"]) assert.equal((await fetch(`${proxy.url}/tasks`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ title }) })).status, 500);
    assert.deepEqual(proxy.ledger.map(({ fault, reached }) => [fault, reached]), [["error-before", false], ["error-after", true]]);
    assert.deepEqual((await api.tasks()).map(({ title }) => title), ["two"]);
    await proxy.close();
  });
});
