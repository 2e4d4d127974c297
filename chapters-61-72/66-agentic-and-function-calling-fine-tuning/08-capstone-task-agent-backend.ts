// ---
// chapter: 66
// lesson: 8
// title: Capstone — Task Agent Backend
// layer: Layer 4 (Spec-Driven Capstone)
// minutes: 90
// concepts: []
// maps: User Story 2, User Story 3, SC-005, SC-007
// prerequisites: lessons 66.4 (agentic fine-tuning), 66.5 (agentic evaluation), 66.6 (the Agents SDK) and 66.7 (errors)
// trains: true
// ---

// %% [markdown]
// You deliver a model that an agent can call: trained, examined, exported to one file, served behind OpenAI's interface, and driven
// through whole workflows on a real Task API. The spec comes first, as data. At the end a program holds every criterion against what
// was measured, and prints the ones that were not reached beside those that were.

// %% [markdown]
// ## 1. The spec, and what an assistant makes of it
//
// This was the spec in the first plan of this course. Give it to an assistant and ask what it would ask before signing:
//
// > Tool-calling accuracy > 95%. Valid JSON output > 99%. Latency < 500 ms on consumer hardware. Seamless integration with the OpenAI
// > Agents SDK. Replaces \$10K a month of API costs with \$300 a month of local inference.
//
// A good one finds the hole in the first line: accuracy on which requests, and what is it when no call is due? A model that always calls
// has a perfect score on requests that all want a call, and deletes a task when somebody says thanks. So the spec below has two lines for
// that: one for calls that are missing, one for calls that nobody wanted. A good one also asks what "latency" is the latency of. It will
// hardly question the two sums of money: it has no prices of today. That question is yours, and section 8 answers it.

// %%
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { casesOf, requestOf, TASK_SYSTEM, TASK_TOOLS, taskPrompt } from "llmops/evaluate";

const spec = {
  intent: "turn what users of a task manager say into calls of the Task API, or into words where no call is due",
  exam: "datasets/tool-calls, test: sentences and titles that are in no training row",
  shares: [
    { what: "valid", says: "calls are JSON, of tools there are", atLeast: 0.99 },
    { what: "tool", says: "the right tools", atLeast: 0.95 },
    { what: "arguments", says: "the right arguments, by meaning", atLeast: 0.9 },
    { what: "state", says: "the right state of the database", atLeast: 0.9 },
    { what: "noCall", says: "where it calls nothing, nothing was due", atLeast: 0.95 },
    { what: "restraint", says: "where nothing was due, it calls nothing", atLeast: 0.95 },
  ],
  backend: { sameAsBefore: 0.95, medianMilliseconds: 500, workflowsRightOrTold: 1 },
  training: { mostSeconds: 1200 },
} as const;
mkdirSync("backend", { recursive: true });
writeFileSync("backend/spec.json", `${JSON.stringify(spec, null, 2)}\n`);
showTable(spec.shares.map(({ says, atLeast }) => ({ criterion: says, "at least, %": 100 * atLeast })), { decimals: 0 });

// %% [markdown]
// ## 2. The data, and how far the exam is from it
//
// The rows are conversations whose calls were run on a real Task API (lesson 66.3). How much of the exam could be known by heart?
// `phrasingOf` masks titles and days; what is left is the way to ask.

// %%
import { phrasingOf, readToolDataset, readToolRows, titlesOf, toTrainerRow } from "llmops/data";

const [storedRows, testRows] = [readToolRows("train"), readToolRows("test")];
const exam = casesOf(testRows);
const [phrasings, titles] = [new Set(storedRows.map(phrasingOf)), new Set(storedRows.flatMap((row) => [...titlesOf(row)]))];
const kinds = [...new Set(testRows.map(({ extra }) => String(extra.kind)))];
showTable(kinds.map((kind) => {
  const [trained, tested] = [storedRows, testRows].map((rows) => rows.filter(({ extra }) => extra.kind === kind));
  return {
    kind, "to train on": trained.length, "in the exam": tested.length, "their phrasing is known": tested.filter((row) => phrasings.has(phrasingOf(row))).length,
    "a title is known": tested.filter((row) => [...titlesOf(row)].some((title) => titles.has(title))).length,
  };
}), { decimals: 0 });
console.log(`${exam.length} turns to examine, ${exam.filter(({ due }) => due === "calls").length} of them with calls due`);

// %% [markdown]
// Lesson 66.4 was examined by kind, and one was far behind: several calls in one turn. No wonder: two wishes can be put together in many
// more ways than one, and about every seventh row shows it. More updates would not mend that. So order more rows of that kind alone, have
// every call run as before, and leave out what comes near the exam: a phrasing or a title that it has.

// %% tags=["measured"]
import { openTaskApi, taskToolRunner } from "llmops/agent";
import { generateToolConversations, openTeacher } from "llmops/teacher";

const { today } = readToolDataset();
const teacher = await openTeacher({ budgetUsd: 0.5 });
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });
const drawingApi = await openTaskApi({ today });
const ordered = await generateToolConversations(teacher, taskToolRunner(drawingApi, today), { today, count: 1000, kinds: { parallel: 1 }, seed: 668, system: TASK_SYSTEM });
await drawingApi.close();
await teacher.close();
const examined = { phrasings: new Set(testRows.map(phrasingOf)), titles: new Set(testRows.flatMap((row) => [...titlesOf(row)])) };
const added = ordered.rows.filter((row) => !examined.phrasings.has(phrasingOf(row)) && ![...titlesOf(row)].some((title) => examined.titles.has(title)));
const trainRows = [...storedRows, ...added];
const severalIn = (rows: typeof storedRows) => rows.filter(({ extra }) => extra.kind === "parallel").length / rows.length;
showTable([{
  ordered: 1000, written: ordered.rows.length, "too near the exam": ordered.rows.length - added.length, added: added.length, "rows to train on": trainRows.length,
  "several calls before, %": 100 * severalIn(storedRows), "now, %": 100 * severalIn(trainRows), "cost, $": ordered.cost.spent,
}], { decimals: 1 });

// %% [markdown]
// ## 3. Before
//
// The base gets the same prompt with the same tools.

// %% tags=["measured"]
import { answerPrompts, scoreTools, type ToolScore } from "llmops/evaluate";
import { launch, openRuntime, runtimeDoor, startRuntime, tasklingFolder, watchRun } from "llmops/pair";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
const asked = exam.slice(0, 80);
const before = scoreTools(asked, (await answerPrompts(runtime, { model: tasklingFolder(), prompts: asked.map(({ prompt }) => prompt), maxNewTokens: 60 })).answers);
const range = ({ estimate, low, high, of }: { estimate: number; low: number; high: number; of: number }) =>
  of === 0 ? "none" : `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
const shares = (score: ToolScore) => ({ "valid, %": range(score.valid), "right tools, %": range(score.tool), "right arguments, %": range(score.arguments) });
showTable([{ model: "base, prompted", "turns with a call due": before.valid.of, ...shares(before) }]);

// %% [markdown]
// ## 4. Train
//
// All weights move, as in lesson 66.4, and each row is seen four times: the spec gives twenty minutes. The same rows and the same code
// train an adapter of Llama-3-8B on a T4; the plan says whether that fits before anybody waits for it.

// %%
import { GIB } from "llmops/compute";
import { llama3OnT4, planRecipe, shapeOfBase, targetOf, toolCallRecipe, trainingJob } from "llmops/train";

const write = (path: string, rows: typeof trainRows) => writeFileSync(path, rows.map((row) => `${JSON.stringify(toTrainerRow(row))}\n`).join(""));
write("backend/train.jsonl", trainRows);
write("backend/validation.jsonl", readToolRows("validation"));
const data = { train: resolve("backend/train.jsonl"), eval: resolve("backend/validation.jsonl") };
const recipe = toolCallRecipe({ data, epochs: 4, evaluateEvery: 500, checkpoints: { every: 300, keep: 1 } });
const onT4 = llama3OnT4({ data, epochs: 1 });
showTable([recipe, onT4].map((each) => {
  const target = each === onT4 ? targetOf("t4") : targetOf({ memoryBytes: machine?.memory_bytes ?? 8 * GIB });
  const { memory, verdict } = planRecipe(each, shapeOfBase(each), target, each === onT4 ? 512 : undefined);
  return { base: each === onT4 ? each.base : "taskling", method: each.method, "peak, GiB": memory.peakBytes / GIB, verdict: verdict.fits ? "fits" : "does not fit" };
}), { decimals: 3, caption: "Planned, on this machine and on a T4 (rows of 512 tokens)" });

// %% tags=["measured"]
import { TrainingRecord } from "llmops/train";

const run = await watchRun(await launch(trainingJob(recipe, { name: "backend" }), runtime));
await run.fetch();
const record = run.result("run.json", TrainingRecord);
const trainedFor = record.attempts.reduce((sum, { train_seconds }) => sum + (train_seconds ?? 0), 0);
console.log(`${record.parameters.trainable.toLocaleString("en")} weights moved in ${trainedFor.toFixed(0)} s; validation loss ${record.eval_loss?.toFixed(3)}`);

// %% [markdown]
// ## 5. The exam
//
// Every turn of every conversation of the exam. The shares by what was written, and then by what it does: `runEndToEnd` carries the calls
// out on a Task API in memory and compares the database with the wanted one.

// %% tags=["measured"]
import { runEndToEnd } from "llmops/evaluate";

const merged = join(run.folder, "artifacts", "merged");
const { answers } = await answerPrompts(runtime, { model: merged, prompts: exam.map(({ prompt }) => prompt), maxNewTokens: 120 });
const score = scoreTools(exam, answers);
const end = await runEndToEnd(exam, answers);
const found = { valid: score.valid, tool: score.tool, arguments: score.arguments, state: end.right, noCall: score.noCall.precision, restraint: score.noCall.recall };
showTable([
  ...spec.shares.map(({ what, says }) => ({ measured: says, of: found[what].of, "%": range(found[what]) })),
  { measured: "right by the leaderboard's rules", of: score.exact.of, "%": range(score.exact) },
  { measured: "several calls, all right", of: score.parallel.of, "%": range(score.parallel) },
  { measured: "asks where something is missing", of: score.question.of, "%": range(score.question) },
  { measured: "harm: a change that nobody asked for", of: end.harm.of, "%": range(end.harm) },
], { caption: "After training; 95% intervals" });

// %% tags=["measured", "folded"]
const byKind = kinds.map((kind) => {
  const of = exam.filter((each) => each.kind === kind), wrong = score.wrong.filter((mistake) => mistake.case.kind === kind);
  return { kind, turns: of.length, right: (100 * (of.length - wrong.length)) / of.length };
});
await showChart(
  {
    title: "Right turns by kind of conversation",
    data: { values: byKind },
    mark: "bar",
    encoding: { y: { field: "kind", type: "nominal", title: null, sort: "-x" }, x: { field: "right", type: "quantitative", title: "right, %", scale: { domain: [0, 100] } } },
  },
  byKind.map(({ kind, turns, right }) => `${kind}: ${right.toFixed(0)} % of ${turns}`).join("; "),
);

// %% [markdown]
// Mistakes first, then decisions. These are the first of each sort, in the model's own words:

// %% tags=["measured"]
for (const fault of [...new Set(score.wrong.map((mistake) => mistake.fault))]) {
  const [first] = score.wrong.filter((mistake) => mistake.fault === fault);
  console.log(`${fault}, ${score.wrong.filter((mistake) => mistake.fault === fault).length} times: ${requestOf(first.case)}\n  got    ${answers[exam.indexOf(first.case)].trim()}\n  reason ${first.reason}\n`);
}

// %% [markdown]
// ## 6. One file, served
//
// The weights become one GGUF with a Modelfile for Ollama beside it; llama.cpp serves the GGUF behind OpenAI's interface. An
// export can spoil a model: other kernels, fewer bits, another template. So the exam goes on through the door that users will take. The
// clients know nothing of taskling: they send `messages` and `tools`, and read `tool_calls`.

// %% tags=["measured"]
import { openModelClient } from "llmops/agent";
import { openAiMessages, judgeAnswer, type AnswerMessage } from "llmops/evaluate";
import { exportModel, serveModel } from "llmops/serve";

const { made } = await exportModel(run.id, { to: ["gguf-q8_0", "modelfile"], out: "backend/model", name: "task-agent" });
const gguf = made["gguf-q8_0"]!.path;
const server = await serveModel(gguf, { name: "task-agent" });
const client = openModelClient(server.url);
console.log(`${server.model} at ${server.url}, by ${server.by}`);

const SERVED = 120;
const served: AnswerMessage[] = [], milliseconds: number[] = [];
for (const { prompt } of exam.slice(0, SERVED)) {
  const start = performance.now();
  const { choices: [choice] } = await client.chat.completions.create({ model: server.model, messages: openAiMessages(prompt), tools: [...TASK_TOOLS] as never, max_tokens: 120 });
  milliseconds.push(performance.now() - start);
  served.push(choice.message as AnswerMessage);
}
const verdictOf = (at: number, answer: string | AnswerMessage) => judgeAnswer(exam[at], answer).fault === undefined;
const [wasRight, isRight] = [served.map((_, at) => verdictOf(at, answers[at])), served.map((answer, at) => verdictOf(at, answer))];
const agrees = wasRight.filter((right, at) => right === isRight[at]).length;
showTable([
  { model: "as trained, fp32", "right of the same turns": wasRight.filter(Boolean).length },
  { model: "GGUF q8_0, behind HTTP", "right of the same turns": isRight.filter(Boolean).length },
], { decimals: 0, caption: `${SERVED} turns; the same verdict on ${agrees}` });

// %% [markdown]
// ### Exercise: the time that one in twenty exceeds
//
// A mean hides the slow answers, and one slow answer ruins it. Write `percentile`: the time that so large a share of the answers does not
// exceed, and that was really measured.

// %%
import { percentileExercise } from "llmops/exercises/66-8";

function percentile(times: readonly number[], share: number): number {
  // BEGIN SOLUTION
  return [...times].sort((a, b) => a - b)[Math.ceil(share * times.length) - 1];
  // STUB
  // return todo();
  // END SOLUTION
}
await check(percentileExercise, percentile);

// %% tags=["measured"]
const ranked = [...milliseconds].sort((a, b) => a - b);
const at = (share: number) => ranked[Math.ceil(share * ranked.length) - 1];
showTable([{ answers: ranked.length, "median, ms": at(0.5), "95% within, ms": at(0.95), "slowest, ms": at(1) }], { decimals: 0, caption: "One request at a time, from the request to the whole answer, over HTTP on this machine" });

// %% [markdown]
// A user of an agent waits longer than that: a workflow takes two answers and more. And these are the times of a model of a few million
// weights. What Llama-3-8B would need on a card of yours, `decodeRate` of `llmops/compute` estimates; only the card can tell.
//
// ## 7. The agent
//
// Now the loop of lesson 66.6 drives the file through workflows: messages of a user, calls carried out on a Task API over HTTP, results read
// by the model, an end state that is known beforehand. A workflow ends right, or the user is told that something is not done, or it ends
// wrong in silence. Only the last is unforgivable.

// %% tags=["measured"]
import { playWorkflow, readWorkflows, runAgent, taskAgent, type WorkflowRun } from "llmops/agent";

const workflows = readWorkflows().filter((_, index) => index % 2 === 0);
const api = await openTaskApi({ today: workflows[0].today });
const agent = taskAgent(api, { today: workflows[0].today });
const runs: WorkflowRun[] = [];
for (const workflow of workflows) {
  runs.push(await playWorkflow(workflow, {
    api, system: TASK_SYSTEM, answer: (messages, runId) => runAgent({ client, model: server.model, messages, runId, ...agent }),
  }));
}
await api.close();
const ended = (verdict: WorkflowRun["verdict"]) => runs.filter((each) => each.verdict === verdict);
showTable((["right", "told", "silent"] as const).map((verdict) => ({ end: verdict, workflows: ended(verdict).length, "for example": ended(verdict)[0]?.workflow.id ?? "" })), { decimals: 0 });
const shown = ended("right").find(({ runs: all }) => all.some(({ calls }) => calls.length > 0)) ?? runs[0];
for (const { role, content, ...rest } of shown.runs.at(-1)!.messages.slice(1)) {
  const calls = "tool_calls" in rest ? (rest.tool_calls ?? []) : [];
  console.log(`${role.padEnd(9)} ${calls.map((call) => ("function" in call ? `${call.function.name}(${call.function.arguments})` : "")).join("; ") || (typeof content === "string" ? content : "")}`);
}

// %% tags=["quiet"]
await server.close();
await runtime.stop();

// %% [markdown]
// ## 8. What it costs, with the assumptions on the table
//
// "Replaces \$10K a month with \$300 a month" is a claim about a volume, a price and a machine, and it names none of them. Put them on the
// table. How many tokens does a run of an agent take? More than it seems, because an API remembers nothing: each answer is asked for with
// the whole conversation so far.
//
// ### Exercise: the bill of an agent
//
// Write `bill`: dollars of so many runs through an API, whose prices are dollars per million tokens. Each of the `turns` answers is asked
// for with the whole conversation so far, and a tool's result follows each answer but the last, which is words.

// %%
import { agentBill, type AgentLoad, type TokenRate } from "llmops/exercises/66-8";

function bill({ prompt, answer, result, turns }: AgentLoad, { input, output }: TokenRate, runs: number): number {
  // BEGIN SOLUTION
  const read = turns * prompt + ((answer + result) * turns * (turns - 1)) / 2;
  return (runs * (read * input + turns * answer * output)) / 1e6;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(agentBill, bill);

// %% tags=["measured"]
import { findModel, GPUS, HOURS_A_MONTH, RENTS, servingRate } from "llmops/compute";
import { PRICES } from "llmops/teacher";

const usage = runs.flatMap((each) => each.runs.map(({ usage, turns }) => ({ ...usage, turns })));
const mean = (of: (each: (typeof usage)[number]) => number) => usage.reduce((sum, each) => sum + of(each), 0) / usage.length;
const perRun = { input: mean(({ input }) => input), output: mean(({ output }) => output), turns: mean(({ turns }) => turns) };
const assumed = { model: "gpt-6-luna", rent: "t4-aws", busy: 0.3, atATime: 8 } as const;
const { input: inputPrice, output: outputPrice, read: pricesRead } = PRICES[assumed.model];
const rent = RENTS[assumed.rent];
showTable([
  { assumption: "tokens read and written in a run", value: `${perRun.input.toFixed(0)} and ${perRun.output.toFixed(0)}, in ${perRun.turns.toFixed(1)} answers`, from: "measured above, by taskling's tokenizer" },
  { assumption: "price of an API", value: `\$${inputPrice} and \$${outputPrice} per million tokens`, from: `${assumed.model}, read ${pricesRead}` },
  { assumption: "a server of your own", value: `\$${rent.dollarsPerHour} an hour, all ${HOURS_A_MONTH} hours of a month`, from: `${rent.offer}, read ${rent.read}` },
  { assumption: "what it serves", value: "Llama-3-8B in 4 bit, slow end of the estimate", from: "servingRate, lesson 61.5" },
  { assumption: "how busy it is", value: `${100 * assumed.busy} %`, from: "a guess: nights and weekends" },
  { assumption: "people", value: "\$0", from: "left out, and rarely nothing" },
]);

// %% tags=["measured"]
const apiPerRun = (perRun.input * inputPrice + perRun.output * outputPrice) / 1e6;
const answersASecond = servingRate(findModel("Llama-3-8B").shape, "awq-int4", GPUS[rent.gpu], { promptTokens: Math.round(perRun.input / perRun.turns), answerTokens: Math.round(perRun.output / perRun.turns) }, assumed.atATime).low;
const runsAServer = (answersASecond / perRun.turns) * HOURS_A_MONTH * 3600 * assumed.busy;
const month = (count: number) => ({ servers: Math.max(1, Math.ceil(count / runsAServer)), api: count * apiPerRun });
showTable([10_000, 100_000, 1_000_000, 10_000_000].map((count) => {
  const { servers, api: dollars } = month(count);
  return { "runs a month": count, "through the API, $": dollars, servers, "own servers, $": servers * rent.dollarsPerHour * HOURS_A_MONTH };
}), { decimals: 0 });
const even = (rent.dollarsPerHour * HOURS_A_MONTH) / apiPerRun;
console.log(`One such server costs $${(rent.dollarsPerHour * HOURS_A_MONTH).toFixed(0)} a month and serves about ${Math.round(runsAServer).toLocaleString("en")} runs.`);
console.log(`The API costs as much as it at ${Math.round(even).toLocaleString("en")} runs a month${even > runsAServer ? ", which is more than it serves: under these assumptions a server of your own is never the cheaper one" : ""}.`);
console.log(`$10,000 a month through this API would be ${Math.round(10_000 / apiPerRun).toLocaleString("en")} runs a month.`);

// %% [markdown]
// So the claim depends on what you replace. Against the small model assumed here, a server of your own does not pay, not even fully busy;
// against a large model with long prompts it can. Change `assumed` and the price, and say which values are yours. Privacy, a fixed version
// and no rate limits are reasons too, and none of them is in this table.
//
// ## 9. The verdict
//
// Each line of the spec against what was measured. An assistant that helped to build the model likes to round up here: 94.6 "is basically
// 95". The table does not round, and it says what the interval allows you to claim.

// %% tags=["measured"]
const claim = ({ low, high }: { low: number; high: number }, wanted: number) => (low >= wanted ? "shown" : high < wanted ? "failed" : "not shown");
const medianMs = at(0.5);
const fine = runs.length - ended("silent").length;
const verdicts = [
  ...spec.shares.map(({ what, says, atLeast }) => ({
    criterion: says, wanted: `${100 * atLeast} %`, found: `${range(found[what])} %`, reached: found[what].estimate >= atLeast, "the interval says": claim(found[what], atLeast),
  })),
  { criterion: "the same verdict after export, over HTTP", wanted: `${100 * spec.backend.sameAsBefore} %`, found: `${((100 * agrees) / SERVED).toFixed(1)} %`, reached: agrees / SERVED >= spec.backend.sameAsBefore, "the interval says": "" },
  { criterion: "answer, median, one at a time", wanted: `${spec.backend.medianMilliseconds} ms`, found: `${medianMs.toFixed(0)} ms`, reached: medianMs <= spec.backend.medianMilliseconds, "the interval says": "" },
  { criterion: "workflows right, or the user is told", wanted: "all", found: `${fine} of ${runs.length}`, reached: fine / runs.length >= spec.backend.workflowsRightOrTold, "the interval says": "" },
  { criterion: "training", wanted: `${spec.training.mostSeconds} s`, found: `${trainedFor.toFixed(0)} s`, reached: trainedFor <= spec.training.mostSeconds, "the interval says": "" },
].map(({ reached, ...rest }) => ({ ...rest, verdict: reached ? "reached" : "NOT REACHED" }));
showTable(verdicts, { caption: `The backend against its spec: ${verdicts.filter(({ verdict }) => verdict === "reached").length} of ${verdicts.length} reached` });

// %% [markdown]
// Whoever signs this reads the last two columns. A criterion that was reached but not shown needs a longer exam, not a better mood. One that
// was not reached stays in the table, and in the card.

// %% tags=["measured"]
import { readdirSync, statSync } from "node:fs";

const missed = verdicts.filter(({ verdict }) => verdict !== "reached").map(({ criterion, wanted, found: was }) => `- ${criterion}: ${was}, wanted ${wanted}`);
writeFileSync("backend/result.json", `${JSON.stringify({ spec, verdicts, run: run.id }, null, 2)}\n`);
writeFileSync("backend/README.md", [
  missed.length > 0 ? "# Task agent backend 0.1: its spec is not met" : "# Task agent backend 1.0", "", `For: ${spec.intent}. English only. System prompt: “${TASK_SYSTEM}”`, "",
  `Base: taskling; all weights, ${record.steps} updates of ${recipe.batch} rows, seed ${recipe.seed}; ${trainRows.length} conversations, SHA-256 ${record.data.train.sha256.slice(0, 16)}….`, "",
  "Serve: `npm run llmops -- serve backend/model/task-agent-q8_0.gguf`, or `ollama create task-agent -f backend/model/Modelfile` (not tried).", "",
  "## Measured", "", ...verdicts.map(({ criterion, wanted, found: was, verdict }) => `- ${criterion}: ${was} (wanted ${wanted}): ${verdict}`), "",
  "## Not reached", "", ...(missed.length ? missed : ["Nothing of the spec."]), "",
  "## Not measured", "", "Requests by people, other languages, conversations of more than a few turns, several users at a time, tools other than the five.", "",
].join("\n"));
showTable(readdirSync("backend", { recursive: true, encoding: "utf8" }).filter((name) => statSync(join("backend", name)).isFile()).sort()
  .map((file) => ({ file, bytes: statSync(join("backend", file)).size })), { decimals: 0 });
console.log(readFileSync("backend/README.md", "utf8").split("\n").slice(0, 7).join("\n"));

// %% [markdown]
// For Llama-3-8B, `onT4` takes the place of `recipe`, with `LLMOPS_RUNTIME=hand-off npm start`. Spec, exam and scoring stay as they are;
// the base of sections 3 and 5 is then `onT4.base`, with the adapter of the run, and the card's line "Base" names it. In Ollama, the
// Modelfile beside the GGUF is what `ollama create` takes; Ollama itself was not tried here.

// %% [markdown] tags=["instructor"]
// **For instructors.** Have the spec signed before section 3. The table of section 9 may show criteria that were not reached: do not train
// until they vanish, discuss what each would need (data, a grammar, a larger base, a longer exam) and what may be promised meanwhile. In
// section 8 let groups defend different assumptions; nearly every result can be had, which is the point. If time is short, run sections 1
// to 4, do both exercises while it trains, and read sections 5 to 9 from the stored notebook. The whole lesson takes about fifteen
// minutes of a free core, most of them training.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is the spec of my task agent's backend and its verdict table: [paste sections 1 and 9]. Would you let it change the data of real
// > users? Answer with conditions, not with yes or no.
//
// ### 2. Critical evaluation
//
// Do its conditions follow from the table? Does it use the interval, or only the share? Does it see which line protects users from a change
// that nobody asked for? Does it name something that was not measured at all?
//
// ### 3. Constraint teaching
//
// > Deletes cannot be undone, and nobody watches at night. I can put a rule between model and API, but the rule cannot read minds: it sees
// > the call and the conversation. Which calls should need a confirmation, so that the harm of section 5 falls and users are asked rarely?
//
// ### 4. Refinement
//
// Write the rule as a function of the call, run it over `exam` and `answers`, and count: how much harm is left, and how many right calls
// would now be asked about? Put both numbers into the card.
//
// ### 5. Final check
//
// > Here is the card: [paste backend/README.md]. You are on call when this backend fails at three in the morning. What is missing from the
// > card that you would need?
//
// Add it, or write down why it cannot be known yet.
