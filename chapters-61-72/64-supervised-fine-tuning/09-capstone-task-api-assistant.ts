// ---
// chapter: 64
// lesson: 9
// title: Capstone — Task API Assistant
// layer: Layer 4 (Spec-Driven Capstone)
// minutes: 90
// concepts: []
// maps: SC-001, SC-003, SC-007, User Story 1
// prerequisites: lessons 64.2 (hyperparameters), 64.4 (the training loop) and 64.8 (export)
// trains: true
// ---

// %% [markdown]
// You build an assistant that turns what people say into calls of the Task API, and you say beforehand what it must be able to do. The
// spec comes first, as data: criteria with figures. Then you train, examine the model on requests that it never saw, and let the
// figures decide. At the end you have a model, a table of criteria that nobody can argue with, and a card that says what the model
// cannot do.

// %% [markdown]
// ## 1. The spec
//
// A criterion names what is measured, on which requests, and what is enough. "Works well" is none. Each line below could fail.

// %%
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import {
  answerPrompts, readTaskCalls, scoreCalls, TASK_TOOLS, taskPrompt, taskRow, writeTaskRows,
  type CallScore, type TaskCallSet,
} from "llmops/evaluate";

interface Criterion {
  what: "valid" | "operation" | "arguments";
  on: TaskCallSet;
  /** A share, 0 to 1. */
  atLeast: number;
}
const criteria: Criterion[] = [
  { what: "valid", on: "held-out", atLeast: 0.99 },
  { what: "operation", on: "held-out", atLeast: 0.98 },
  { what: "arguments", on: "held-out", atLeast: 0.95 },
  { what: "operation", on: "unseen-words", atLeast: 0.9 },
  { what: "arguments", on: "unseen-words", atLeast: 0.8 },
  { what: "operation", on: "unseen-phrasings", atLeast: 0.85 },
  { what: "operation", on: "another-hand", atLeast: 0.85 },
];
const spec = {
  intent: "turn one request in English into one call of the Task API",
  criteria,
  improvement: { over: "the base with the same prompt", on: "held-out", what: "arguments", points: 20 },
  training: { mostSeconds: 180 },
  latency: { medianMilliseconds: 500 },
  cost: { mostDollars: 0 },
};
mkdirSync("assistant", { recursive: true });
writeFileSync("assistant/spec.json", `${JSON.stringify(spec, null, 2)}\n`);
showTable(criteria.map(({ what, on, atLeast }) => ({ what, on, "at least, %": 100 * atLeast })), { decimals: 0 });

// %% [markdown]
// Three questions are asked of an answer, each harder than the one before. Is it JSON that names a tool? Is it the right tool? Are the
// arguments right, all of them and no others?
//
// ## 2. The data
//
// Requests with the call that each stands for. `train` is what the model learns from, and `more`: rows with further ways to
// ask, and half of the known titles put together freely ("scan the spare invoices for Rosa & Emil"). A model that has met each title
// knows where it ends, and would not learn to find its end in the sentence. The other sets are exams. Each differs from these in its own
// way: new titles and dates, new words, new phrasings, another author.

// %%
const EXAMS = ["held-out", "unseen-words", "unseen-phrasings", "another-hand"] as const;
const train = [...readTaskCalls("train"), ...readTaskCalls("more")];
const exams = Object.fromEntries(EXAMS.map((set) => [set, readTaskCalls(set)]));
const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\d]+/gu) ?? [];
const known = new Set(train.flatMap(({ request }) => wordsOf(request)));
showTable(EXAMS.map((set) => {
  const calls = exams[set];
  const words = calls.flatMap(({ request }) => wordsOf(request));
  return {
    exam: set, requests: calls.length, "for example": calls[5].request,
    "words not in train, %": (100 * words.filter((word) => !known.has(word)).length) / words.length,
  };
}), { decimals: 1 });
console.log(`train: ${train.length} rows, ${TASK_TOOLS.map(({ function: { name } }) => `${name} ${train.filter((call) => call.name === name).length}`).join(", ")}`);

// %% [markdown]
// A row to train on is a conversation: the system prompt with the tools, the request, and the call as the assistant's answer. Here is
// one as the trainer will read it, and the line that the model is to write:

// %%
const [row] = train;
console.log(taskRow(row).messages.map(({ role, content, tool_calls }) => `${role}: ${content || JSON.stringify(tool_calls)}`).join("\n"));

// %% [markdown]
// ### Exercise: how long must an exam be?
//
// Before you look at results: how many requests does it take to know a share to ± `width`, with a 95% interval? Take the plain formula,
// half the width of the interval being 1.96 · √(share · (1 − share) / n), solve it for n, round up, and write `examLength`.

// %%
import { examLengthExercise } from "llmops/exercises/64-9";

function examLength(share: number, width: number): number {
  // BEGIN SOLUTION
  return Math.ceil((1.96 ** 2 * share * (1 - share)) / width ** 2);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(examLengthExercise, examLength);

// %% [markdown]
// ## 3. Before: the base, prompted
//
// An improvement needs something that it improves on. The base gets the same prompt with the same tools; then once more with three
// worked examples in the prompt, which is what you would try before any training.

// %% tags=["measured"]
import { openRuntime, runtimeDoor, startRuntime, tasklingFolder } from "llmops/pair";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);

// %% tags=["measured"]
const shots = ["create_task", "delete_task", "list_tasks"].flatMap((name) => {
  const { messages } = taskRow(train.find((call) => call.name === name)!);
  return messages.slice(1);
});
const model = tasklingFolder();
const asked = exams["held-out"].slice(0, 100); // enough to see none among them
const base = await answerPrompts(runtime, { model, prompts: asked.map(({ request }) => request) });
const withExamples = await answerPrompts(runtime, {
  model,
  prompts: asked.map(({ request }) => {
    const { messages: [system, user], tools } = taskPrompt(request);
    return { messages: [system, ...shots, user], tools };
  }),
});
const before = { prompted: scoreCalls(asked, base.answers), "with three examples": scoreCalls(asked, withExamples.answers) };
const percent = (share: { estimate: number }) => 100 * share.estimate;
showTable(Object.entries(before).map(([how, { valid, operation, arguments: args, of }]) => (
  { base: how, requests: of, "valid, %": percent(valid), "operation, %": percent(operation), "arguments, %": percent(args) }
)), { decimals: 1 });
console.log(`To "${asked[0].request}" the base says: ${base.answers[0]}`);

// %% [markdown]
// The base was pretrained on talk about tasks and answers in prose, as chat models do. It claims to have done what nobody did. A large
// model would follow the prompt better; a small one has to be taught.
//
// ## 4. The recipe, and whether it fits
//
// Two recipes: a LoRA of all matrices, and full fine-tuning beside it, which moves every weight. The plan says whether they fit before
// anything is launched, and whether an adapter of Llama-3-8B fits a T4. Full fine-tuning needs no more here: a model of 2.3 million weights
// is small beside the activations of a batch. For an 8B it is the other way round.

// %%
import { GIB } from "llmops/compute";
import { llama3OnT4, planRecipe, shapeOfBase, targetOf, tasklingRecipe, trainingJob } from "llmops/train";

writeTaskRows(train, "assistant/train.jsonl");
writeTaskRows(readTaskCalls("validation"), "assistant/validation.jsonl");
const data = { train: resolve("assistant/train.jsonl"), eval: resolve("assistant/validation.jsonl") };
const STEPS = 800; // of 8 rows: four fifths of the rows, each once, so that three minutes suffice
const common = { steps: STEPS, groupByLength: true, evaluateEvery: 200, checkpoints: { every: 400, keep: 1 } };
const lora = tasklingRecipe({ data, ...common });
const full = tasklingRecipe({ data, ...common, method: "full", learningRate: 1e-3 });
const t4 = llama3OnT4({ data, epochs: 1 });
showTable([lora, full, t4].map((recipe) => {
  const target = recipe === t4 ? targetOf("t4") : targetOf({ memoryBytes: machine?.memory_bytes ?? 8 * GIB });
  const { memory, verdict } = planRecipe(recipe, shapeOfBase(recipe), target, recipe === t4 ? 512 : undefined);
  return { base: recipe === t4 ? recipe.base : "taskling", method: recipe.method, "peak, GiB": memory.peakBytes / GIB, verdict: verdict.fits ? "fits" : "does not fit" };
}), { decimals: 3, caption: "Planned, on this machine and on a T4 (rows of 512 tokens)" });

// %% [markdown]
// ## 5. Train
//
// The LoRA first and alone, since the spec has a line for its time; then the other. Close the notebook if you like: a job goes on.

// %% tags=["measured"]
import { launch, watchRun } from "llmops/pair";

const run = await watchRun(await launch(trainingJob(lora, { name: "capstone-lora" }), runtime));
const fullRun = await watchRun(await launch(trainingJob(full, { name: "capstone-full" }), runtime));
for (const each of [run, fullRun]) await each.fetch();

// %% tags=["measured"]
import { TrainingRecord } from "llmops/train";

const records = { lora: run.result("run.json", TrainingRecord), full: fullRun.result("run.json", TrainingRecord) };
showTable(Object.entries(records).map(([method, record]) => ({
  method, "weights that moved": record.parameters.trainable, "of all, %": (100 * record.parameters.trainable) / record.parameters.total,
  "seconds, training alone": record.attempts.reduce((sum, { train_seconds }) => sum + (train_seconds ?? 0), 0), "validation loss": record.eval_loss ?? NaN,
})), { decimals: 3 });

// %% [markdown]
// ## 6. The exam
//
// Every exam, by both models. No answer is mended before it is scored.

// %% tags=["measured"]
const adapter = join(run.folder, "artifacts", "adapter");
const fullModel = join(fullRun.folder, "artifacts", "merged");
const requests = EXAMS.flatMap((set) => exams[set]);
const tuned = await answerPrompts(runtime, { model, adapter, prompts: requests.map(({ request }) => request), timed: 40 });
const tunedFull = await answerPrompts(runtime, { model: fullModel, prompts: requests.map(({ request }) => request) });
const scoresOf = (answers: readonly string[]) => Object.fromEntries(EXAMS.map((set) => {
  const start = requests.indexOf(exams[set][0]);
  return [set, scoreCalls(exams[set], answers.slice(start, start + exams[set].length))];
})) as Record<(typeof EXAMS)[number], CallScore>;
const scores = { lora: scoresOf(tuned.answers), full: scoresOf(tunedFull.answers) };
const range = ({ estimate, low, high }: { estimate: number; low: number; high: number }) =>
  `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
showTable((["lora", "full"] as const).flatMap((method) => EXAMS.map((set) => {
  const { of, valid, operation, arguments: args } = scores[method][set];
  return { method, exam: set, requests: of, "valid, %": range(valid), "operation, %": range(operation), "arguments, %": range(args) };
})), { caption: "Shares with their 95% intervals" });

// %% [markdown]
// Compare the two methods row by row. Where the intervals overlap, this exam does not tell them apart; and the LoRA moved a small part of
// the weights.
//
// ### Exercise: judge a criterion
//
// An exam is a sample, so a criterion has three ends: shown, failed, or not shown by this exam. Shown: the low end of its interval reaches
// what is wanted. Failed: not even the high end does. Write `judgeOne`; `wilson` gives the 95% interval of so many hits.

// %%
import { judgeCriterion, type Found, type Verdict } from "llmops/exercises/64-9";
import { wilson } from "llmops/teacher";

function judgeOne({ hits, of }: Found, wanted: number): Verdict {
  // BEGIN SOLUTION
  const { low, high } = wilson(hits, of);
  return low >= wanted ? "shown" : high < wanted ? "failed" : "not shown";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(judgeCriterion, judgeOne);

// %% [markdown]
// ## 7. The verdict
//
// The spec asks for shares, and the table answers with both: whether the share was reached, and what the interval allows you to claim.

// %% tags=["measured"]
import { judgeInterval } from "llmops/evaluate";

const medianMs = 1000 * [...tuned.latencies].sort((a, b) => a - b)[Math.floor(tuned.latencies.length / 2)];
const gained = percent(scores.lora["held-out"].arguments) - percent(before.prompted.arguments);
const trainedFor = records.lora.attempts.reduce((sum, { train_seconds }) => sum + (train_seconds ?? 0), 0);
const verdicts = [
  ...criteria.map(({ what, on, atLeast }) => {
    const share = scores.lora[on as (typeof EXAMS)[number]][what];
    return {
      criterion: `${what}, ${on}`, wanted: `${100 * atLeast} %`, found: `${range(share)} %`,
      reached: share.estimate >= atLeast, "the interval says": judgeInterval(share, atLeast),
    };
  }),
  { criterion: "gain over the prompted base", wanted: `${spec.improvement.points} points`, found: `${gained.toFixed(1)} points`, reached: gained >= spec.improvement.points, "the interval says": "" },
  { criterion: "training", wanted: `${spec.training.mostSeconds} s`, found: `${trainedFor.toFixed(0)} s`, reached: trainedFor <= spec.training.mostSeconds, "the interval says": "" },
  { criterion: "answer, median, one at a time", wanted: `${spec.latency.medianMilliseconds} ms`, found: `${medianMs.toFixed(0)} ms`, reached: medianMs <= spec.latency.medianMilliseconds, "the interval says": "" },
  { criterion: "cost", wanted: "$0.00", found: "$0.00, local", reached: true, "the interval says": "" },
].map(({ reached, ...rest }) => ({ ...rest, verdict: reached ? "reached" : "NOT REACHED" }));
showTable(verdicts, { caption: `The assistant against its spec: ${verdicts.filter(({ verdict }) => verdict === "reached").length} of ${verdicts.length} reached` });

// %% [markdown]
// Count the lines that are not reached. Each figure of the spec was a promise; where the interval says *failed*, no longer exam will help,
// only a better model. You then have three honest choices: more or other data, more steps, or another spec with a reason.
//
// Then count those that are reached and *not shown*. One run is one seed: with seeds 65 and 66 this recipe got 98.0% of the operations on
// held-out, twice, and 94.7 and 94.3% of the arguments, a little less than the spec wants (our runs, 2026-11-23). And its authors had
// compared 800, 900 and 1,000 updates on these exams before they fixed it, which flatters what they kept. A promise to somebody else needs
// a second seed and an exam that nobody has looked at.

// %% tags=["measured", "folded"]
const bars = EXAMS.flatMap((set) => (["operation", "arguments"] as const).map((what) => ({ exam: set, what, ...scores.lora[set][what] })));
await showChart(
  {
    title: "Right answers by exam, with 95% intervals",
    data: { values: bars.map(({ exam, what, estimate, low, high }) => ({ exam, what, share: 100 * estimate, low: 100 * low, high: 100 * high })) },
    encoding: { y: { field: "exam", type: "nominal", title: null, sort: [...EXAMS] }, yOffset: { field: "what" } },
    layer: [
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: { field: "share", type: "quantitative", title: "right, %", scale: { domain: [0, 100] } }, color: { field: "what", title: null } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  },
  bars.map(({ exam, what, estimate, low, high }) => `${exam}, ${what}: ${(100 * estimate).toFixed(1)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`).join("; "),
);

// %% [markdown]
// Each exam is harder in its own way: look which bar falls, that of the operation or that of the arguments. A figure from the first exam
// alone would have promised too much: always ask how far the exam was from the data.
//
// ## 8. What it gets wrong
//
// Read mistakes before you train again. The table counts them by kind; below it are some in the model's own words.

// %% tags=["measured"]
const wrong = EXAMS.flatMap((set) => scores.lora[set].wrong.map((mistake) => ({ set, ...mistake })));
const kinds = ["no call", "wrong operation", "wrong arguments"] as const;
showTable(EXAMS.map((set) => ({ exam: set, ...Object.fromEntries(kinds.map((kind) => [kind, wrong.filter((mistake) => mistake.set === set && mistake.fault === kind).length])) })), { decimals: 0 });
for (const { set, wanted, answer } of EXAMS.flatMap((exam) => wrong.filter((mistake) => mistake.set === exam).slice(0, 2))) {
  console.log(`${set}: ${wanted.request}\n  wanted ${JSON.stringify({ name: wanted.name, parameters: wanted.parameters })}\n  got    ${answer.trim()}\n`);
}

// %% [markdown]
// Each kind needs its own remedy. A wrong operation: the model does not know this way to ask, so more phrasings help, and more titles do
// not. Wrong arguments: read whether it copied badly, cut the title at the wrong place, or left the date out; half of `train` has made-up
// words that teach copying, so more of these alone is not the answer. No call: look where the JSON breaks.
//
// ## 9. Deliver
//
// What you hand over is the adapter, the spec with its result, and a card. The card says what the model is for, what it was measured
// on, and where it fails; whoever deploys it reads this and nothing else.

// %% tags=["measured"]
import { cpSync, readFileSync, readdirSync, statSync } from "node:fs";

cpSync(adapter, "assistant/adapter", { recursive: true });
writeFileSync("assistant/result.json", `${JSON.stringify({ spec, verdicts, run: run.id }, null, 2)}\n`);
const failed = verdicts.filter(({ verdict }) => verdict !== "reached").map(({ criterion, wanted, found }) => `- ${criterion}: ${found}, wanted ${wanted}`);
writeFileSync("assistant/README.md", [
  failed.length > 0 ? "# Task API assistant 0.1: its spec is not met" : "# Task API assistant 1.0", "", `For: ${spec.intent}. One request, one call; English only.`, "",
  `Base: taskling. LoRA, rank ${lora.rank}, ${STEPS} steps of ${lora.batch} rows; data SHA-256 ${records.lora.data.train.sha256.slice(0, 16)}…; seed ${lora.seed}.`, "",
  "## Measured", "", ...verdicts.map(({ criterion, wanted, found, verdict }) => `- ${criterion}: ${found} (wanted ${wanted}): ${verdict}`), "",
  "## Not reached", "", ...(failed.length ? failed : ["Nothing of the spec."]), "",
  "## Not tested", "", "Several wishes in one request, other languages, requests that name no task, wishes that the Task API cannot fulfil.", "",
].join("\n"));
showTable(readdirSync("assistant", { recursive: true, encoding: "utf8" }).filter((name) => statSync(join("assistant", name)).isFile()).sort()
  .map((file) => ({ file, bytes: statSync(join("assistant", file)).size })));
console.log(readFileSync("assistant/README.md", "utf8"));

// %% [markdown]
// For a file that runs without Python, export it as lesson 64.8 did: `npm run llmops -- export RUN --to gguf-q8_0,modelfile --out DIR`.
// Llama-3-8B is more than another recipe. The trainer needs a template that writes tools, which `llama3OnT4` brings along; the exam has to
// use the same one; and `model` and the card's line "Base" name taskling. Train it as in lesson 64.4; this exam has not been tried on it.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Have the spec signed before section 3 runs: whoever sees results first finds reasons for lower thresholds. The
// argument of this lesson is the last column of section 7. Grade the card, not the figures: "Not tested" must name something that the
// exams really leave out. If time is short, run sections 1 to 3, launch section 5, and discuss the exercises while it trains.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is the spec of my task assistant and its results by exam: [paste the tables of sections 1 and 6]. Which criterion would you
// > work on first, and by which change of data or recipe?
//
// ### 2. Critical evaluation
//
// Is its reason in the figures, or would it say the same of any model? Does it know that two exams differ from the training rows in
// different ways? Does it treat a difference inside the intervals as one?
//
// ### 3. Constraint teaching
//
// > Training may take three minutes on two cores, the base has 2.3 million weights, and I have 8,000 rows, made from sentence frames. I can
// > write 200 more by hand.
// > Here are twenty mistakes: [paste from section 8]. Write the 200 rows' plan: how many of which kind, and why.
//
// ### 4. Refinement
//
// Write twenty of these rows, add them to `train`, run sections 5 to 7 again, and compare the intervals. Did the exam that you aimed at
// move more than the others?
//
// ### 5. Final check
//
// > Here is my model's card: [paste assistant/README.md]. You are the engineer who has to put it behind an API tomorrow. Which question
// > does the card leave open that could hurt a user?
//
// Answer it with a measurement, and add the line to the card.
