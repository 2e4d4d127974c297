// ---
// chapter: 66
// lesson: 7
// title: Error Handling and Robustness
// layer: Layer 2 (Hands-on)
// minutes: 45
// concepts:
//   - Invalid argument handling
//   - Tool execution failures
//   - Retry strategies
// maps: Edge case handling
// prerequisites: lessons 66.2 (tool-calling patterns) and 66.6 (the agent's loop)
// ---

// %% [markdown]
// An agent that works in a demonstration has met a model that writes JSON, tools that answer, and a network that holds. In this lesson none of
// the three can be relied on. You break a real agent in twelve ways, watch it make a task twice and delete the wrong one, and repair it until
// one sentence holds for fifty workflows: it ends in the right state of the database, or it says what is not right.

// %% [markdown]
// ## 1. Three places to fail
//
// | place | for example | who can mend it |
// | --- | --- | --- |
// | the model's call | arguments that are no JSON, a tool that there is not, no title | the model, if it is told what is wrong |
// | the tool | no such task, two tasks of that name, a date that is none | the model or the user |
// | the wire | a timeout, a broken connection, 429, 500, half an answer | the program, by sending it again. Sometimes |
//
// To look at the first two you need no good model, only one that is known. This one plays a script over real HTTP; the Task API is the real one.

// %%
import {
  openTaskApi, openModelClient, readWorkflows, runAgent, runTool, scriptedModel, serveScripts, taskAgent,
} from "llmops/agent";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { TASK_SYSTEM } from "llmops/evaluate";

const workflows = readWorkflows();
const TODAY = workflows[0].today;
const api = await openTaskApi({ today: TODAY });
const scripts = await serveScripts(workflows);
showDoors(
  { door: "task database", kind: "embedded", says: "PGlite in this process, behind the Task API's HTTP on 127.0.0.1" },
  { door: "model server", kind: "scripts", says: "a program that speaks OpenAI's API and always calls what the workflow says; not a language model" },
);
const kinds = [...Map.groupBy(workflows, ({ kind }) => kind)];
showTable(kinds.map(([kind, of]) => ({ kind, workflows: of.length, "for example, the user says": of[0].turns[0].user })));

// %% [markdown]
// ## 2. Calls that are none
//
// A model writes text, and text can be wrong. What comes back must say *what* is wrong and *where*, in few words: it is a prompt, read by a model
// with little room. Five calls, and what the tool answers:

// %%
await api.reset([{ title: "call the bank" }, { title: "call the school" }, { title: "renew passport", status: "done" }]);
const badCalls: [what: string, name: string, given: unknown][] = [
  ["no such tool", "add_task", { title: "buy milk" }],
  ["JSON that breaks off", "create_task", '{"title": "buy mi'],
  ["a wrong name of a field", "create_task", { name: "buy milk" }],
  ["a value that is none of the three", "create_task", { title: "buy milk", priority: "urgent" }],
  ["nothing to change", "update_task", { title: "call the bank" }],
];
for (const [what, name, given] of badCalls) {
  const answer = await runTool(api, { name, arguments: given });
  console.log(`${what}\n  → ${JSON.stringify(answer)}`);
}

// %% [markdown]
// None of these reached the database. Do not mend arguments silently: who turns "urgent" into "high" has decided for the user, and nobody will
// know. And do not throw: an exception ends the conversation, an answer lets the model try again. Limit how often, or a model that cannot do
// better will try until your money is gone.
//
// ## 3. Tools that say no
//
// These calls are well formed, and still there is nothing to do. The answer names a code for programs, a sentence for the model, and where it
// helps the candidates:

// %%
const refusedCalls: [name: string, given: object][] = [
  ["complete_task", { title: "ski trip" }],
  ["complete_task", { title: "call" }],
  ["update_task", { title: "call the bank", due_date: "soonish" }],
  ["complete_task", { title: "renew passport" }],
];
for (const [name, given] of refusedCalls) {
  const answer = await runTool(api, { name, arguments: given });
  console.log(`${name} ${JSON.stringify(given)}\n  → ${JSON.stringify(answer)}`);
}

// %% [markdown]
// What does the user hear? The model's words alone are no proof: a small model likes to say "Done." So the loop of lesson 66.6 keeps its own
// account, from the tools' answers. Here the model asks for a task that is not there:

// %%
const client = openModelClient(scripts.url);
const notFound = workflows.find(({ id }) => id === "refused-not-found")!;
await api.reset(notFound.tasks);
const refused = await runAgent({
  client, model: scriptedModel(notFound), ...taskAgent(api, { today: TODAY }),
  messages: [{ role: "system", content: TASK_SYSTEM }, { role: "user", content: notFound.turns[0].user }],
});
console.log(`outcome: ${refused.outcome.kind}\n${refused.outcome.message}`);

// %% [markdown]
// The first line is the model's, the second is the program's. If they contradict each other, the user sees it.
//
// ## 4. The wire
//
// Now the third place. Between agent and Task API stands a proxy that fails on purpose and writes down what it did. One question decides about
// each fault: **did the request take effect?** The client cannot see it.

// %% tags=["measured"]
import { eachOnce, openFaultProxy, WIRE_FAULTS } from "llmops/agent";

const wire = await openFaultProxy(api.url);
const seen: Record<string, string | number>[] = [];
for (const fault of WIRE_FAULTS) {
  await api.reset([]);
  wire.setPlan(eachOnce([fault]));
  let client = "";
  try {
    const response = await fetch(`${wire.url}/tasks`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ title: "pay the rent" }), signal: AbortSignal.timeout(300),
    });
    client = `status ${response.status}`;
    await response.json();
  } catch (error) {
    client = [client, (error as Error).name].filter(Boolean).join(", then ");
  }
  await wire.idle();
  seen.push({ fault, "what the client sees": client, "tasks in the database": (await api.tasks()).length });
}
showTable(seen, { caption: "One create by each fault" });

// %% [markdown]
// Compare the pairs: `drop-before` with `drop-after`, `error-before` with `error-after`, the two hangs. The client sees the same, and the
// database is not the same. So neither rule is right: "no answer, so repeat it" makes tasks twice, and "no answer, so it failed" says "not
// created" of a task that is there.
//
// ## 5. Repeat it, wrongly
//
// Two writes whose answer is lost (`drop-after`), each repeated in a wrong way and in a right one:

// %% tags=["measured"]
import { playWorkflow, type TaskAgentOptions, type Workflow } from "llmops/agent";

type Repeat = NonNullable<TaskAgentOptions["repeat"]>;
const quick = { timeoutMs: 1000, baseMs: 5, capMs: 40 };
/** One workflow with one lost answer of a write. */
async function loseAnswer(workflow: Workflow, repeat: Repeat, write: string) {
  wire.setPlan(eachOnce(["drop-after"], ({ method }) => method === write));
  return playWorkflow(workflow, {
    api, system: TASK_SYSTEM, settled: () => wire.idle(),
    answer: (messages, runId) => runAgent({ client, model: scriptedModel(workflow), messages, runId, ...taskAgent(wire, { ...quick, today: TODAY, repeat }) }),
  });
}
const [create, remove] = ["create-plain", "delete-twin-in-words"].map((id) => workflows.find((workflow) => workflow.id === id)!);
const tried = [
  ["create, sent again without a key", create, await loseAnswer(create, "no-key", "POST")],
  ["create, sent again with its key", create, await loseAnswer(create, "request", "POST")],
  ["delete, the whole tool again", remove, await loseAnswer(remove, "tool", "DELETE")],
  ["delete, only the request again", remove, await loseAnswer(remove, "request", "DELETE")],
] as const;
showTable(tried.map(([how, { tasks, wanted }, { found, verdict, runs }]) => ({
  how, "tasks before": tasks.length, wanted: wanted.length, found: found.length, outcome: runs[0].outcome.kind, verdict,
})));
const [, , twice] = tried[2];
console.log(`Before: ${remove.tasks.map(({ title }) => title).join("; ")}. The user said: ${remove.turns[0].user}`);
console.log(`Afterwards: ${twice.found.map(({ title }) => title).join("; ") || "nothing"}. The agent said: ${twice.runs[0].outcome.message.replace("\n", " / ")}`);

// %% [markdown]
// The create is the famous case. Its remedy is the **idempotency key**: the client names the *wish*, not the request, and the server answers the
// second request with what the first one made. The key is made of the run and the call, so it is the same in each attempt, and another one for
// every other wish.
//
// The delete is worse, and no key helps. `DELETE /tasks/1` may be sent ten times; "delete the task that *call the dentist* finds" may not: the
// second search finds the other one. **Repeat the request, not the tool.** Look once, then act on the number that you found.
//
// One more trap lies behind it. The repeated DELETE gets a 404, the repeated "complete" a 409 "done already". After an attempt without an answer
// these two mean success, and only then.
//
// ### Exercise: what next?
//
// Write `nextStep`: what to do with a request that failed. `request` is "ask-model" (a model is to write an answer), "read" (lists tasks),
// "create" (perhaps with an idempotency key: `key`), "change" or "delete" (of a task by its number). `got` is a status, "no-connection"
// (never made), "dropped" or "timeout" (after it was sent), or "half-json". Return
//
// - "repeat": send it again;
// - "to-model": give the refusal to the model as the tool's result, so that it can call otherwise;
// - "say": end, and say that nobody knows, or that it cannot be asked.

// %%
import { decideStep, type FailedRequest, type NextStep } from "llmops/exercises/66-7";

function nextStep({ request, key, got }: FailedRequest): NextStep {
  // BEGIN SOLUTION
  if (got === 400 || got === 404) return request === "ask-model" ? "say" : "to-model";
  const surelyNotDone = got === 429 || got === "no-connection";
  return request === "create" && !key && !surelyNotDone ? "say" : "repeat";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(decideStep, nextStep);

// %% [markdown]
// ## 6. When to send it again
//
// A server fails for a moment, and 300 clients notice together. It can serve ten requests in 50 ms. Four ways to come back:

// %%
import { backoffMs } from "llmops/agent";

const CLIENTS = 300, TICK = 50, SERVED = 10, END = 6000;
/** Numbers between 0 and 1 that are the same in every run. */
function drawsFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
const ways: Record<string, (retry: number, draw: number) => number> = {
  "at once": () => 50,
  "every 500 ms": () => 500,
  "doubled": (retry) => backoffMs(retry, 1, { baseMs: 100, capMs: 3000 }),
  "doubled, drawn": (retry, draw) => backoffMs(retry, draw, { baseMs: 100, capMs: 3000 }),
};
const storms = Object.entries(ways).map(([way, wait]) => {
  const draw = drawsFrom(66);
  const clients = Array.from({ length: CLIENTS }, () => ({ next: 0, retry: 0 }));
  const load: { way: string; ms: number; requests: number }[] = [];
  let sent = 0, served = 0;
  for (let ms = 0; ms < END; ms += TICK) {
    const now = clients.filter(({ next }) => next >= ms && next < ms + TICK);
    load.push({ way, ms, requests: now.length });
    sent += now.length;
    now.forEach((client, at) => {
      client.retry += 1;
      client.next = at < SERVED ? Infinity : ms + Math.max(TICK, wait(client.retry, draw()));
    });
    served += Math.min(SERVED, now.length);
  }
  return { way, load, sent, served, peak: Math.max(...load.filter(({ ms }) => ms >= 1000).map(({ requests }) => requests)) };
});
showTable(storms.map(({ way, sent, served, peak }) => ({
  way, [`served within ${END / 1000} s, of ${CLIENTS}`]: served, "requests for each one served": sent / served, "most in 50 ms, after the first second": peak,
})), { decimals: 1 });

// %% tags=["folded"]
await showChart(
  {
    title: "Requests in 50 ms, after 300 clients failed together",
    height: 90,
    data: { values: storms.flatMap(({ load }) => load.filter(({ ms, requests }) => ms > 0 && requests > 0)) },
    mark: { type: "bar", width: 3 },
    encoding: {
      row: { field: "way", type: "nominal", title: null, sort: Object.keys(ways) },
      x: { field: "ms", type: "quantitative", title: "milliseconds", scale: { domain: [0, END] } },
      y: { field: "requests", type: "quantitative", title: null },
    },
  },
  storms.map(({ way, sent, served, peak }) => `${way}: ${sent} requests, ${served} of ${CLIENTS} served, up to ${peak} in 50 ms after the first second`).join("; "),
);

// %% [markdown]
// Three figures matter: how many are served, how many requests that takes, and how high the waves are. Coming back at once gets through here,
// because this server survives any load; a real one would fall over. Doubling alone makes fewer waves, but they stay waves, because clients
// that failed together wait equally long, and the server is idle between them. Drawing the wait ("full jitter", Marc Brooker, AWS Architecture Blog 2015) takes the
// waves apart. And where a server says when it is ready (`Retry-After`), believe it.
//
// ### Exercise: the wait
//
// Write the wait before a retry: drawn below a limit that doubles and is capped, and never less than the server asks for.

// %%
import { waitFor } from "llmops/exercises/66-7";

function waitBefore(retry: number, draw: number, { base, cap }: { base: number; cap: number }, retryAfter: number): number {
  // BEGIN SOLUTION
  return Math.max(retryAfter, draw * Math.min(cap, base * 2 ** (retry - 1)));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(waitFor, waitBefore);

// %% [markdown]
// ## 7. Fifty workflows on a bad day
//
// All together: faults at three of ten requests, on both wires, the model's spoilt calls among them, drawn by a seed. Four agents play the same
// fifty workflows. Each ends in one of three ways: the database is **right**; it is not, and the user was **told**; or it is not and nobody
// said so: **silent**. Only the last one is a failure.

// %% tags=["measured"]
import { MODEL_FAULTS, randomPlan, type WorkflowRun } from "llmops/agent";

const RATE = 0.3, SEED = 6607;
/** All workflows with one plan of faults; a fault at most three times in a row. */
async function badDay(repeat: Repeat, seed: number, { rate = RATE, most = 3 } = {}): Promise<{ played: WorkflowRun[]; faults: number }> {
  const tasks = await openFaultProxy(api.url, randomPlan({ seed, rate, most }));
  const model = await openFaultProxy(scripts.url, randomPlan({ seed: seed + 1, rate, most, kinds: [...WIRE_FAULTS, ...MODEL_FAULTS] }));
  const policy = { timeoutMs: 400, baseMs: 5, capMs: 40, seed };
  const client = openModelClient(model.url, { ...policy, retries: repeat === "nothing" ? 0 : 4 });
  const played: WorkflowRun[] = [];
  for (const workflow of workflows) {
    played.push(await playWorkflow(workflow, {
      api, system: TASK_SYSTEM, name: `${repeat}/${seed}`, settled: () => tasks.idle(),
      answer: (messages, runId) => runAgent({ client, model: scriptedModel(workflow), messages, runId, ...taskAgent(tasks, { ...policy, today: TODAY, repeat }) }),
    }));
  }
  const faults = tasks.ledger.length + model.ledger.length;
  await tasks.close();
  await model.close();
  return { played, faults };
}
const AGENTS: [Repeat, string][] = [["nothing", "gives up at once"], ["no-key", "sends again, creates without a key"], ["tool", "runs the tool again"], ["request", "sends the request again, with keys"]];
const days = [];
for (const [repeat, how] of AGENTS) days.push({ how, ...(await badDay(repeat, SEED)) });
const count = (played: WorkflowRun[], verdict: WorkflowRun["verdict"]) => played.filter((one) => one.verdict === verdict).length;
showTable(days.map(({ how, faults, played }) => ({ agent: how, faults, right: count(played, "right"), told: count(played, "told"), silent: count(played, "silent") })), { caption: "Fifty workflows each" });

// %% [markdown]
// Look at the first row before the last. The agent that gives up at once is often wrong and never lies: it tells. The two in the middle are right
// more often, and that is how they got through review; what they do wrong, they do silently.
//
// One plan of faults is one sample. The last agent again, on worse days: most requests fail, and no limit to faults in a row.

// %% tags=["measured"]
const worse = [];
for (const seed of [1, 2]) worse.push({ seed, ...(await badDay("request", seed, { rate: 0.7, most: Infinity })) });
showTable(worse.map(({ seed, faults, played }) => ({ seed, faults, right: count(played, "right"), told: count(played, "told"), silent: count(played, "silent") })), { caption: "Faults at seven of ten requests" });
for (const { workflow, runs } of worse.flatMap(({ played }) => played).filter(({ verdict }) => verdict === "told").slice(0, 4)) {
  console.log(`${workflow.turns[0].user}\n  ${runs.at(-1)?.outcome.message.replace("\n", " / ")}\n`);
}

// %% [markdown]
// Read these messages as the user would. Do they say what was done, what was not, and what nobody knows? "Something went wrong" would have
// passed our test for silence, and helped nobody. `npm run bench:agent` does the same with twenty seeds and with the Agents SDK, and fails when
// a single workflow is silent.
//
// What this test cannot show: two agents that change one task at the same time, a server that loses what it has confirmed, and a model that
// calls the wrong thing. For the last one no retry helps: that is lesson 66.5.

// %% tags=["quiet"]
await wire.close();
await scripts.close();
await api.close();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let everyone predict the last column of section 4 before the cell runs; half of the room expects `error-after` to leave
// nothing. In section 5, ask who has written a retry around a function that searches first. For section 7, hand out the message of one told
// workflow and let a pair play user and agent: which question does the user ask next? That question is what the message lacks.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write a TypeScript function that calls my HTTP API and retries on errors. The API creates, changes, completes and deletes tasks.
//
// ### 2. Critical evaluation
//
// Which requests does it repeat after a timeout? Is there an idempotency key, and is it the same in each attempt? Does it read the body inside
// the retried part, so that half an answer counts as a failure? Is the wait drawn?
//
// ### 3. Constraint teaching
//
// > An answer can be lost after the write took effect. Creates take an Idempotency-Key header; changes and deletes go by number. A 404 on a
// > repeated DELETE and a 409 "already_done" on a repeated complete mean success. Where nobody can know, return that as a result of its own.
//
// ### 4. Refinement
//
// > Here are ten faults: [paste the table of section 4]. For each, say what your function does on a create, a delete and a complete, and which
// > state the database is in afterwards.
//
// ### 5. Final check
//
// Put its function in place of `reliableFetch`, in a test with `openFaultProxy` and twenty seeds. Count the silent ones. If it is not zero, give it
// the first one with its ledger, and let it find the request that was carried out twice.
