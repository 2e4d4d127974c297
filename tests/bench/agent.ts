/**
 * `npm run bench:agent`: fifty workflows through real HTTP, model and Task API each behind a proxy that injects faults.
 *
 *     npm run bench:agent                             20 seeds of fault plans, by both loops
 *     npm run bench:agent -- --seeds 5 --rate 0.5     fewer, worse
 *     npm run bench:agent -- --compare                what other ways to repeat do to the same workflows
 *     npm run bench:agent -- --model exported/taskling-q8_0.gguf    a model of your own in place of the scripts, without faults and with
 *                                                     (--model-timeout 20000 where it needs longer than five seconds for an answer)
 *
 * Exit status 1 where a scripted workflow ends in a wrong state without a message, or an account that the database contradicts.
 */
import { parseArgs } from "node:util";
import {
  MODEL_FAULTS, openFaultProxy, openModelClient, openTaskApi, playWorkflow, randomPlan, readWorkflows, runAgent, runSdkAgent, scriptedModel, serveScripts, taskAgent, WIRE_FAULTS,
  type TaskAgentOptions, type Verdict, type Workflow,
} from "llmops/agent";
import { TASK_SYSTEM } from "llmops/evaluate";

const { values: flags } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" }, rate: { type: "string", default: "0.3" }, timeout: { type: "string", default: "400" }, from: { type: "string", default: "1" },
    model: { type: "string" }, "model-timeout": { type: "string", default: "5000" }, adapter: { type: "string" }, compare: { type: "boolean", default: false }, show: { type: "boolean", default: false },
  },
});
const seeds = Number(flags.seeds), rate = Number(flags.rate), timeoutMs = Number(flags.timeout), first = Number(flags.from);
const workflows = readWorkflows();
const api = await openTaskApi({ today: workflows[0]!.today });
const scripts = await serveScripts(workflows);

type Count = Record<Verdict, number> & { alarms: number; faults: number; attempts: number; seconds: number; threw: number };
const wrong: string[] = [];
const kinds = new Map<string, number>();

/** All workflows, once for each seed. */
async function play(name: string, loop: typeof runAgent, { repeat, most, fraction = rate, count = seeds, url = scripts.url, modelOf = scriptedModel, modelMs = timeoutMs }: {
  repeat?: NonNullable<TaskAgentOptions["repeat"]>; most?: number; fraction?: number; count?: number; url?: string; modelOf?: (workflow: Workflow) => string; modelMs?: number;
}): Promise<Count> {
  const result: Count = { right: 0, told: 0, silent: 0, alarms: 0, faults: 0, attempts: 0, seconds: 0, threw: 0 };
  const began = performance.now();
  console.error(`${name} …`);
  for (let seed = first; seed < first + count; seed++) {
    const plan = { seed, rate: fraction, ...(most === undefined ? {} : { most }) };
    const tasks = await openFaultProxy(api.url, randomPlan(plan));
    const model = await openFaultProxy(url, randomPlan({ ...plan, seed: seed + 1_000_000, kinds: [...WIRE_FAULTS, ...MODEL_FAULTS] }));
    const policy = { timeoutMs, baseMs: 5, capMs: 40, seed, onAttempt: () => void (result.attempts += 1) };
    const client = openModelClient(model.url, { ...policy, timeoutMs: modelMs, retries: repeat === "nothing" ? 0 : 4 });
    const tools = taskAgent(tasks, { ...policy, today: workflows[0]!.today, ...(repeat ? { repeat } : {}) });
    for (const workflow of workflows) {
      try {
        const played = await playWorkflow(workflow, {
          api, system: TASK_SYSTEM, name: `${name}/${seed}`, settled: () => tasks.idle(),
          answer: (messages, runId) => loop({ client, model: modelOf(workflow), messages, runId, limitMs: 600_000, ...tools }),
        });
        result[played.verdict] += 1;
        if (played.verdict === "right" && played.runs.at(-1)?.outcome.kind === "failed" && played.workflow.kind !== "refused") result.alarms += 1;
        if (played.verdict !== "right" && (flags.show || (played.verdict === "silent" && wrong.length < 20))) {
          wrong.push(`${name}, seed ${seed}, ${workflow.id}: ${played.verdict}${played.honest ? "" : " (the account is contradicted)"}: ${played.runs.at(-1)?.outcome.message ?? ""}\n    found ${JSON.stringify(played.found.map(({ title, due_date, priority, status }) => [title, due_date, priority, status]))}`);
        }
      } catch (error) {
        result.threw += 1;
        wrong.push(`${name}, seed ${seed}, ${workflow.id}: threw ${String(error)}`);
      }
    }
    for (const { fault } of [...tasks.ledger, ...model.ledger]) kinds.set(fault, (kinds.get(fault) ?? 0) + 1);
    result.faults += tasks.ledger.length + model.ledger.length;
    await tasks.close();
    await model.close();
  }
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

const rows: (Count & { what: string })[] = [];
const add = (what: string, count: Count): void => void rows.push({ what, ...count });
if (flags.model === undefined) {
  add("no faults, plain loop", await play("quiet", runAgent, { fraction: 0, count: 1 }));
  add("no faults, Agents SDK", await play("quiet-sdk", runSdkAgent, { fraction: 0, count: 1 }));
  add(`faults at ${rate}, at most 3 in a row, plain loop`, await play("mild", runAgent, { most: 3 }));
  add(`faults at ${rate}, at most 3 in a row, Agents SDK`, await play("mild-sdk", runSdkAgent, { most: 3 }));
  add("faults at 0.7, no limit, plain loop", await play("hard", runAgent, { fraction: 0.7 }));
  add("faults at 0.7, no limit, Agents SDK", await play("hard-sdk", runSdkAgent, { fraction: 0.7, count: Math.ceil(seeds / 4) }));
}
const guarded = rows.length;
if (flags.compare) {
  for (const repeat of ["nothing", "no-key", "tool", "request"] as const) add(`faults at ${rate}, repeats: ${repeat}`, await play(repeat, runAgent, { repeat, most: 3 }));
}
if (flags.model !== undefined) {
  const { serveModel } = await import("llmops/serve");
  const served = await serveModel(flags.adapter ?? flags.model, { name: "own", ...(flags.adapter === undefined ? {} : { base: flags.model }) });
  const own = { url: served.url, modelOf: () => "own", modelMs: Number(flags["model-timeout"]) };
  add("own model, no faults", await play("own", runAgent, { ...own, fraction: 0, count: 1 }));
  add(`own model, faults at ${rate}, at most 3 in a row`, await play("own-faults", runAgent, { ...own, most: 3, count: 1 }));
  await served.close();
}
await api.close();
await scripts.close();
console.table(rows.map(({ what, right, told, silent, threw, alarms, faults, attempts, seconds }) => ({ what, workflows: right + told + silent + threw, right, "of these called failed": alarms, "told it is not": told, "silently wrong": silent, threw, faults, attempts, seconds: Number(seconds.toFixed(1)) })));
console.log(`Faults: ${[...kinds].sort().map(([kind, count]) => `${kind} ${count}`).join(", ")}.`);
for (const line of wrong) console.log(line);
process.exit(rows.slice(0, guarded).some(({ silent, threw }) => silent > 0 || threw > 0) ? 1 : 0);
