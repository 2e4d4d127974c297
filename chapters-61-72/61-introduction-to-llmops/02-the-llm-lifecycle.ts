// ---
// chapter: 61
// lesson: 2
// title: The LLM Lifecycle
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Data curation stage
//   - Training/fine-tuning stage
//   - Evaluation stage
//   - Deployment stage
//   - Monitoring and iteration stage
// maps: SC-001 (complete workflow understanding)
// prerequisites: lesson 61.1, or what a custom model is for
// ---

// %% [markdown]
// A model is the easy part. It stands in the middle of five stages, and much of what goes wrong with it was done stages earlier. In
// this lesson you run all five, end to end, in seconds: real requests, a model that counts words instead of a neural network, a gate
// behind every stage. Then you plant a fault in the first stage and watch it pass the test with a better score than before. At the end
// you have a map of the lifecycle, a gate of your own, and a table of which stage catches what.

// %% [markdown]
// ## 1. Five stages, one loop
//
// Every stage takes something, gives something, and answers one question. Its **gate** is the condition under which the next stage may
// begin. The map is drawn from this list; change a line and run the two cells again.

// %%
import { check, LiveDisplay, showChart, showDiagram, showTable, todo, diagramBundle, type BoxState } from "llmops/course";

const STAGES = [
  { stage: "Data", takes: "requests, rules", gives: "dataset", asks: "Is it what users say?", goesWrong: "wrong labels, copies, gaps", chapters: "63" },
  { stage: "Training", takes: "dataset, recipe", gives: "model", asks: "Did it learn the rows?", goesWrong: "too short, too long, wrong rate", chapters: "64 to 67" },
  { stage: "Evaluation", takes: "model, test rows", gives: "verdict", asks: "Is it good enough?", goesWrong: "a test that leaks, or is too easy", chapters: "68, 69" },
  { stage: "Deployment", takes: "model, verdict", gives: "service", asks: "Is it what was tested?", goesWrong: "another template, another cut", chapters: "70, 71" },
  { stage: "Monitoring", takes: "live answers", gives: "alarms, new rows", asks: "Is it still good?", goesWrong: "users change, nobody looks", chapters: "72" },
];
showTable(STAGES.map(({ stage, takes, gives, asks, goesWrong, chapters }) => (
  { stage, takes, gives, "its question": asks, "goes wrong by": goesWrong, chapters }
)));

// %% tags=["folded"]
const between = ["dataset", "model", "verdict", "service"];
const back = "what users really said, labelled: the feedback loop";
const boxes = STAGES.map(({ stage, takes, gives, asks }) => ({ title: stage, lines: [`in: ${takes}`, `out: ${gives}`, asks] }));
await showDiagram({ boxes, between, back }, `The lifecycle: ${STAGES.map(({ stage, gives }) => `${stage} gives ${gives}`).join("; ")}; what users really said goes back from Monitoring to Data.`);

// %% [markdown]
// The dashed arrow is what makes it a lifecycle and not a project. A project ends with a model. Here the last stage makes the rows that
// the first one needs.
//
// The stages depend on each other in one direction only: nothing downstream repairs what upstream broke, it can only notice. Keep that
// sentence in mind until section 5.
//
// ## 2. Three pipelines carry five stages
//
// Stages say what has to happen. *Pipelines* say which programs do it. The LLM Engineer's Handbook (P. Iusztin, M. Labonne, Packt,
// October 2024, chapter 1) builds every system of three: a **feature pipeline** from raw data to a dataset, a **training pipeline** from a
// dataset to a model, an **inference pipeline** from a model to answers. They run at different times, on different machines, and
// meet only in two stores: one for versions of data, one for versions of models.

// %% tags=["folded"]
const bands = [{ title: "feature pipeline", from: 0, to: 0 }, { title: "training pipeline", from: 1, to: 2 }, { title: "inference pipeline", from: 3, to: 4 }];
const MACHINES = ["laptop, nightly", "GPU, on demand", "CPU or GPU, after it", "server, always on", "laptop, daily"];
await showDiagram(
  { boxes: STAGES.map(({ stage, gives }, at) => ({ title: stage, lines: [`out: ${gives}`, MACHINES[at] ?? ""] })), bands, between: ["data\nversions", "model", "model\nversions", "answers"], back },
  `${bands.map(({ title, from, to }) => `The ${title} carries ${STAGES.slice(from, to + 1).map(({ stage }) => stage).join(" and ")}`).join("; ")}. Data versions stand between the first two, model versions between the last two.`,
);

// %% [markdown]
// What the cut buys you: the training pipeline can be run again on last month's dataset, because it takes a *version* and not a folder that
// somebody has edited. And the service can go back to the model before this one, because that one still lies in its store. In this
// workbook, `llmops data version` is the first store (lesson 63.8); chapter 72 builds the second.
//
// ## 3. The spec comes first
//
// Before anything is trained, write down what has to be true at each gate. Afterwards it is too late: whoever has waited a night for a
// model finds reasons for the number that came out. The task of this lesson is small: which of the five operations of the Task API does
// a request ask for?

// %%
import { type GateCriterion } from "llmops/evaluate";

const spec: Record<string, GateCriterion[]> = {
  Data: [{ name: "rows of the rarest operation", atLeast: 100 }],
  Training: [{ name: "own rows right", atLeast: 0.9 }],
  Evaluation: [{ name: "test rows right, lower end", atLeast: 0.8 }, { name: "worst operation right", atLeast: 0.65 }],
  Deployment: [{ name: "answers changed on the way", atMost: 0 }],
  Monitoring: [{ name: "unsure answers, times the test's", atMost: 2 }, { name: "short of the test's promise", atMost: 0 }],
};
showTable(Object.entries(spec).flatMap(([stage, criteria]) => criteria.map(({ name, atLeast, atMost }) => (
  { stage, criterion: name, wanted: atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}` }
))), { caption: "The spec, written before the first run" });

// %% [markdown]
// "Lower end" is a decision too. A share of a test is a sample, so it comes with an interval, and the spec asks for the bad end of it. That
// also says how large the test has to be:

// %%
import { wilson } from "llmops/teacher";

showTable([50, 100, 300, 720].map((rows) => {
  const { estimate, low, high } = wilson(Math.round(0.86 * rows), rows);
  return { "test rows": rows, right: estimate, "lower end": low, "upper end": high, "at least 0.8?": low >= 0.8 ? "proven" : "not proven" };
}), { caption: "The same model, 86% right, on tests of four sizes: 95% intervals" });

// %% [markdown]
// ### Exercise: a gate that does not know lets nothing through
//
// The library has a gate, and the next sections use it. Write your own first, to see what it must not let through. It takes criteria as in
// the spec and a table of measurements, and returns the names of those that failed.

// %%
import { gateExercise, type Measured } from "llmops/exercises/61-2";

function failedCriteria(criteria: readonly GateCriterion[], measured: Measured): string[] {
  // BEGIN SOLUTION
  const passed = ({ name, atLeast = -Infinity, atMost = Infinity }: GateCriterion) => {
    const value = measured[name];
    return value !== undefined && value >= atLeast && value <= atMost;
  };
  return criteria.filter((criterion) => !passed(criterion)).map(({ name }) => name);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(gateExercise, failedCriteria);

// %% [markdown]
// ## 4. One run, five gates
//
// **Data.** 4,800 requests with the operation that each asks for. The library divides them so that no two alike stand on both sides. The
// other sets play the users of three weeks; nobody trains on them.

// %%
import { findLeaks, splitDataset, type Example } from "llmops/data";
import { answerCounted, readTaskCalls, trainCounted, type CountedAnswer, type CountedModel, type NamedRequest } from "llmops/evaluate";

const raw: NamedRequest[] = readTaskCalls("train");
const weeks: Record<string, NamedRequest[]> = {
  "week 1": readTaskCalls("held-out").slice(0, 150),
  "week 2": readTaskCalls("another-hand"),
  "week 3": readTaskCalls("unseen-phrasings"),
};
const asExample = ({ request, name }: NamedRequest): Example => ({
  messages: [{ role: "user", content: request }, { role: "assistant", content: name }],
  extra: { name },
});
const asRow = ({ messages, extra }: Example): NamedRequest => ({ request: messages[0]?.content ?? "", name: String(extra["name"]) });
function divide(rows: NamedRequest[]): { train: NamedRequest[]; test: NamedRequest[] } {
  const { splits } = splitDataset(rows.map(asExample), {
    size: { fractions: [0.85, 0.15] }, names: ["train", "test"], stratify: "name", seed: 61,
  });
  return { train: (splits["train"] ?? []).map(asRow), test: (splits["test"] ?? []).map(asRow) };
}
function leaksBetween(train: NamedRequest[], test: NamedRequest[]): number {
  return findLeaks({ train: train.map(asExample), test: test.map(asExample) }).length;
}
const divided = divide(raw);
showTable([
  { what: "train", rows: divided.train.length, example: divided.train[0]?.request },
  { what: "test", rows: divided.test.length, example: divided.test[0]?.request },
  ...Object.entries(weeks).map(([what, rows]) => ({ what, rows: rows.length, example: rows[0]?.request })),
]);

// %% [markdown]
// **Training.** The model counts which words, and which two words side by side, go with which operation. It is the simplest thing that
// learns from rows, and the *baseline*: a fine-tuned model that does not beat it is not worth its GPU. **Deployment** writes the model as
// text and reads it back, as a service would.

// %%
interface Lifecycle {
  curate: (rows: NamedRequest[]) => { train: NamedRequest[]; test: NamedRequest[] };
  train: (rows: NamedRequest[]) => CountedModel;
  deploy: (stored: string) => (request: string) => CountedAnswer;
}
const sound: Lifecycle = {
  curate: divide,
  train: trainCounted,
  deploy: (stored) => {
    const model = JSON.parse(stored) as CountedModel;
    return (request) => answerCounted(model, request);
  },
};
const counted = sound.train(divided.train);
showTable(["remove", "put", "done", "instead"].map((word) => ({
  word,
  ...Object.fromEntries(counted.names.map((name, of) => [name, counted.words[word]?.[of] ?? 0])),
})), { caption: "All that the model is: rows of each operation in which a word occurs" });

// %% [markdown]
// **All five, with their gates.** Each stage measures; its gate compares with the spec; a stage that fails stops the line. The picture is
// redrawn after every stage.

// %% tags=["quiet"]
import { checkGate, type GateResult } from "llmops/evaluate";

interface StageRun { stage: string; state: BoxState; results: GateResult[] }
const UNSURE = 0.8; // an answer below it would be shown to a person
const shareOf = (rows: NamedRequest[], holds: (row: NamedRequest) => boolean) => rows.filter(holds).length / rows.length;

type Measurements = Record<string, number>;

/** What each gate says; behind one that fails the line stops, unless `stop` is false. */
function passGates(measured: Measurements, asked = spec, stop = true): StageRun[] {
  let stopped = false;
  return STAGES.map(({ stage }): StageRun => {
    if (stopped) return { stage, state: "waiting", results: [] };
    const { passed, results } = checkGate(asked[stage] ?? [], measured);
    stopped = stop && !passed;
    return { stage, state: passed ? "passed" : "failed", results };
  });
}

/** Runs the stages one after another, and measures each. */
function runLifecycle(lifecycle: Lifecycle, traffic = weeks) {
  const { train, test } = lifecycle.curate(raw);
  const model = lifecycle.train(train);
  const serve = lifecycle.deploy(JSON.stringify(model));
  const isRight = ({ request, name }: NamedRequest) => answerCounted(model, request).name === name;
  const servedRight = ({ request, name }: NamedRequest) => serve(request).name === name;
  const perName = (rows: NamedRequest[]) => model.names.map((name) => rows.filter((row) => row.name === name));
  const tested = wilson(test.filter(isRight).length, test.length);
  const unsureInTest = shareOf(test, ({ request }) => answerCounted(model, request).sure < UNSURE);
  const perWeek = Object.entries(traffic).map(([week, rows]) => ({
    week, right: wilson(rows.filter(servedRight).length, rows.length),
    unsure: shareOf(rows, ({ request }) => serve(request).sure < UNSURE) / unsureInTest,
  }));
  const measured: Measurements = {
    "rows of the rarest operation": Math.min(...perName(train).map(({ length }) => length)),
    "share of rows that left": 1 - (train.length + test.length) / raw.length,
    "rows alike across the split": leaksBetween(train, test),
    "own rows right": shareOf(train, isRight),
    "test rows right, lower end": tested.low,
    "worst operation right": Math.min(...perName(test).map((rows) => shareOf(rows, isRight))),
    "answers changed on the way": test.filter(({ request }) => serve(request).name !== answerCounted(model, request).name).length,
    "unsure answers, times the test's": Math.max(...perWeek.map(({ unsure }) => unsure)),
    "short of the test's promise": Math.max(0, ...perWeek.map(({ right }) => tested.estimate - right.high)),
  };
  return { measured, tested, perWeek, model };
}

// %% tags=["folded"]
const SHORT: Record<string, string> = {
  "rows of the rarest operation": "rarest operation", "own rows right": "own rows", "test rows right, lower end": "test, lower end",
  "worst operation right": "worst operation", "answers changed on the way": "changed answers",
  "unsure answers, times the test's": "unsure × test", "short of the test's promise": "below promise",
  "share of rows that left": "rows that left", "rows alike across the split": "alike across split",
};
const figure = (value: number | undefined) => (value === undefined ? "?" : Number.isInteger(value) ? value.toLocaleString("en-US") : value.toFixed(2));
const drawn = (stages: StageRun[]) => ({
  boxes: stages.map(({ stage, state, results }) => ({ title: stage, state, lines: results.map(({ name, value, passed }) => `${passed ? "" : "✗ "}${SHORT[name] ?? name} ${figure(value)}`) })),
  between, back,
});
const said = (stages: StageRun[]) => stages.map(({ stage, state, results }) => `${stage} ${state}${results.length > 0 ? ` (${results.map(({ name, value }) => `${name} ${figure(value)}`).join(", ")})` : ""}`).join("; ");

/** Shows a run in one picture, redrawn stage by stage. */
async function showRun(stages: StageRun[]): Promise<void> {
  const live = new LiveDisplay();
  for (let done = 0; done < stages.length; done++) {
    live.update(await diagramBundle(drawn(stages.map((run, at) => (at <= done ? run : { ...run, state: "waiting" as const, results: [] }))), said(stages.slice(0, done + 1))));
  }
  live.end(await diagramBundle(drawn(stages), `${said(stages)}.`));
}
const first = runLifecycle(sound);
await showRun(passGates(first.measured));

// %% [markdown]
// Five green gates, and the three weeks keep what the test promised. The worst operation is the number to look at: an average hides it.
//
// ## 5. A fault that passes the test
//
// Now a well-meant idea from the data stage: "Some labels look doubtful. Let us keep only rows whose words prove their label." One
// line of code, and it is even true that the rows it keeps are right.

// %%
const PROOF: Record<string, RegExp> = {
  create_task: /\b(add|create|new|make)\b/i, update_task: /\b(change|update|set|move|rename)\b/i,
  complete_task: /\b(done|completed?|finish(ed)?|mark)\b/i, delete_task: /\b(delete|remove|drop)\b/i, list_tasks: /\b(show|list|what)\b/i,
};
const provesItsLabel = ({ request, name }: NamedRequest) => PROOF[name]?.test(request) ?? false;
const easyRows: Lifecycle = { ...sound, curate: (rows) => divide(rows.filter(provesItsLabel)) };
const second = runLifecycle(easyRows);
await showRun(passGates(second.measured));

// %% tags=["folded"]
const lines = [{ run: "all rows", ...first }, { run: "only easy rows", ...second }].flatMap(({ run, tested, perWeek }) => [
  { run, when: "test", right: tested.estimate, low: tested.low, high: tested.high },
  ...perWeek.map(({ week, right }) => ({ run, when: week, right: right.estimate, low: right.low, high: right.high })),
]);
const at = (run: string) => lines.filter((row) => row.run === run).map(({ when, right }) => `${when} ${(100 * right).toFixed(0)}%`).join(", ");
await showChart(
  {
    title: "What the test promised, and what three weeks kept",
    data: { values: lines },
    encoding: {
      x: { field: "when", type: "nominal", sort: null, title: null, axis: { labelAngle: 0 } },
      xOffset: { field: "run", sort: null },
    },
    layer: [
      { mark: { type: "rule", strokeWidth: 2, color: "#777777" }, encoding: { y: { field: "low", type: "quantitative", title: "requests right", axis: { format: "%" }, scale: { domain: [0.5, 1] } }, y2: { field: "high" } } },
      { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { y: { field: "right", type: "quantitative" }, color: { field: "run", type: "nominal", sort: null, title: null }, shape: { field: "run", type: "nominal", sort: null, title: null } } },
    ],
  },
  `Requests right, with 95% intervals. All rows: ${at("all rows")}. Only easy rows: ${at("only easy rows")}.`,
);

// %% [markdown]
// Read the picture slowly; it is the lesson.
//
// - **The evaluation passed with a higher score than before.** The filter ran before the split, so the hard requests left the test
//   as well. A test can only ask what the data stage left in it.
// - **Training and deployment have nothing to report.** They did their work on what they were given.
// - **Monitoring sees it twice**: unsure answers, which need no labels, and a labelled sample of 150 a week. The first is free.
// - **The cause lies four stages before the alarm.** Whoever looks for it where the bell rings looks in the wrong place.
//
// ## 6. Which stage catches what
//
// One fault is an anecdote. Here are five, each planted alone, with the line allowed to run on behind a red gate.

// %%
const copies: NamedRequest[] = raw.map(({ request, name }) => ({ request: `Hello, ${request} Thanks.`, name }));
const mixUp: Record<string, string> = { complete_task: "delete_task", delete_task: "complete_task" };
const faults: { fault: string; planted: string; lifecycle: Lifecycle }[] = [
  { fault: "only easy rows kept", planted: "Data", lifecycle: easyRows },
  {
    fault: "copies on both sides of the split", planted: "Data",
    lifecycle: { ...sound, curate: (rows) => {
      const all = [...rows, ...copies];
      return { train: all.filter((_, i) => i % 7 !== 3), test: all.filter((_, i) => i % 7 === 3) };
    } },
  },
  {
    fault: "a quarter of two labels mixed up", planted: "Data",
    lifecycle: { ...sound, curate: (rows) => divide(rows.map((row, i) => (i % 4 === 0 ? { ...row, name: mixUp[row.name] ?? row.name } : row))) },
  },
  { fault: "training stopped early", planted: "Training", lifecycle: { ...sound, train: (rows) => trainCounted(rows.slice(0, 490)) } },
  {
    fault: "the service cuts requests at 30 letters", planted: "Deployment",
    lifecycle: { ...sound, deploy: (stored) => (request) => sound.deploy(stored)(request.slice(0, 30)) },
  },
];
const runs = faults.map(({ fault, planted, lifecycle }) => {
  const run = runLifecycle(lifecycle);
  return { fault, planted, ...run, stages: passGates(run.measured, spec, false) };
});
const firstRed = (measured: Measurements, asked = spec) => passGates(measured, asked).find(({ state }) => state === "failed")?.stage ?? "nowhere";
showTable(runs.map(({ fault, planted, measured, tested, perWeek }) => ({
  fault, planted, "test right": tested.estimate, "worst week right": Math.min(...perWeek.map(({ right }) => right.estimate)), "first red gate": firstRed(measured),
})), { decimals: 2, caption: "Five faults; a sound run has 0.86 in the test" });

// %% tags=["folded"]
const grid = runs.flatMap(({ fault, planted, stages }) => stages.map(({ stage, state }) => ({
  fault, stage, gate: state === "failed" ? "red" : "green", sign: `${state === "failed" ? "✗" : "✓"}${stage === planted ? "  planted here" : ""}`,
})));
await showChart(
  {
    title: "The gate of each stage, by fault", width: 560, height: 210,
    data: { values: grid },
    encoding: {
      x: { field: "stage", type: "nominal", sort: null, title: null, axis: { orient: "top", labelAngle: 0, grid: false } },
      y: { field: "fault", type: "nominal", sort: null, title: null, axis: { labelLimit: 260, grid: false } },
    },
    layer: [
      { mark: { type: "rect", stroke: "white", strokeWidth: 3 }, encoding: { color: { field: "gate", type: "nominal", scale: { domain: ["green", "red"], range: ["#cdeadf", "#f6c5ad"] }, legend: null } } },
      { mark: { type: "text", color: "#222222", fontSize: 12 }, encoding: { text: { field: "sign" } } },
    ],
  },
  runs.map(({ fault, planted, stages }) => `${fault}: planted in ${planted}, red in ${stages.filter(({ state }) => state === "failed").map(({ stage }) => stage).join(" and ") || "no stage"}`).join("; ") + ".",
);

// %% [markdown]
// No fault of the data stage is caught by the data stage. Not because it cannot be: because its gate asked for one thing only. A gate
// catches what it was told to ask. So every incident ends with two repairs, the fault and the gate that was silent:

// %%
const wiser: typeof spec = {
  ...spec,
  Data: [
    ...(spec["Data"] ?? []),
    { name: "share of rows that left", atMost: 0.1 },
    { name: "rows alike across the split", atMost: 0 },
  ],
};
showTable([{ fault: "none", measured: first.measured }, ...runs].map(({ fault, measured }) => (
  { fault, "first red gate, old spec": firstRed(measured), "new spec": firstRed(measured, wiser) }
)));

// %% [markdown]
// ### Exercise: where does the cause lie?
//
// Six symptoms. Name for each the stage in which its cause lies, not the one in which it shows; "the world" where no stage is at fault.

// %%
import { PLACES, placesExercise, SYMPTOMS, type Places } from "llmops/exercises/61-2";

console.log(`Places: ${PLACES.join(", ")}\n`);
Object.keys(SYMPTOMS).forEach((symptom, i) => console.log(`${i + 1}. ${symptom}`));

// %%
function findPlaces(): Places {
  // BEGIN SOLUTION
  return {
    "The test score rose by seven points overnight; the dataset has a third of its rows.": "data",
    "Test rows right fell to 0.76. Errors are nearly all complete for delete and back; reading twenty of them, you agree with the model.": "data",
    "Own rows 0.97, test rows 0.65. The log ends after 490 of 4,080 rows, without an error.": "training",
    "Three releases have the same score to the last digit. The report was made from a file of answers that is a month old.": "evaluation",
    "The notebook answers a request rightly, and the app answers the same request wrongly, with the same model file.": "deployment",
    "Nothing was released for a month. Since requests come in by voice, twice as many answers are unsure.": "the world",
  };
  // STUB
  // return todo(); // an object: each symptom, word by word, with its place
  // END SOLUTION
}
await check(placesExercise, findPlaces);

// %% [markdown]
// ## 7. Close the loop
//
// The last alarm is nobody's fault. In week 4 the assistant is built into a chat, where requests sound different. They are the first turns
// of the conversations in `datasets/task-api` (lesson 63.7; a simulator wrote them, not people), which this model has never seen.

// %%
import { signTest } from "llmops/evaluate";
import { readExamples } from "llmops/data";
import { workbookPath } from "llmops/course";

const CALLS: Record<string, string> = { list: "list_tasks" };
const chats = (await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"))).map(({ messages, extra }): NamedRequest => {
  const operation = String(extra["operation"]);
  return { request: messages[0]?.content ?? "", name: CALLS[operation] ?? `${operation}_task` };
});
const [week4, week5] = [chats.slice(0, 200), chats.slice(200)];
const fourth = runLifecycle(sound, { "week 4": week4 });
await showRun(passGates(fourth.measured, wiser));

// %% [markdown]
// See which of the two alarms rang. Not the free one, which counts unsure answers; the one that needs labels did, and without a labelled
// sample nobody would know. Now the labels pay: the 200 requests of week 4 go into the dataset, and the line runs again. The new model must
// be better on what comes *next*: week 5, which neither model has seen.

// %%
const relabelled = sound.train([...divided.train, ...week4]);
const rightOn = (model: CountedModel) => week5.map(({ request, name }) => answerCounted(model, request).name === name);
const [before, after] = [rightOn(first.model), rightOn(relabelled)];
const count = (verdicts: boolean[]) => verdicts.filter(Boolean).length;
showTable([
  { model: "before", right: count(before), of: week5.length, share: count(before) / week5.length },
  { model: "with the rows of week 4", right: count(after), of: week5.length, share: count(after) / week5.length },
], { caption: "Week 5" });
const { onlyFirst, onlySecond, p } = signTest(after, before);
console.log(`Only the new model right: ${onlyFirst}; only the old: ${onlySecond}. A fair coin would be as uneven in ${(100 * p).toFixed(1)}% of cases.`);
const kept = weeks["week 2"] ?? [];
const stillRight = (model: CountedModel) => kept.filter(({ request, name }) => answerCounted(model, request).name === name).length;
console.log(`And on the old traffic (week 2): ${stillRight(first.model)} before, ${stillRight(relabelled)} after, of ${kept.length}.`);

// %% [markdown]
// The last line is easily left out: a model that learned the new must not have forgotten the old. Chapter 69 comes back to it.
//
// What carries over to a model with eight billion weights: the stages, the spec, the gates, the loop, and the table of section 6. What does
// not: a run takes hours instead of seconds, so every fault that a gate finds early is worth more.

// %% [markdown] tags=["instructor"]
// **For instructors.** Before section 5 runs, have the group vote: will the filter raise or lower the test score? Nearly all say lower. The
// fault is real and common: any filter, template or normalisation that is applied before the split shapes the test too. The model is naive
// Bayes over words and pairs of words; its confidence is overstated, which is why unsure answers are counted relative to the test. Students
// who say "then filter after the split" are half right: the test stays hard, the score falls, and the gate of evaluation catches it. Let
// them try: it is one line in `easyRows`. Week 4 comes from conversations that a simulator wrote, not from people.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I want to run a model that reads support mails and names the department. Draw its lifecycle: five stages, what each takes and gives, and
// > one gate a stage with a number.
//
// ### 2. Critical evaluation
//
// Hold every gate against three questions. Could it be computed on the day the stage ends? Is the number a bound or a wish, and for which end
// of the interval? Which of the five faults of section 6 would pass it? Mark each gate that names no measurement.
//
// ### 3. Constraint teaching
//
// > We can label 100 mails a week, and nobody may read mails of the legal department. The model is served by a contractor who takes a file and
// > gives us nothing but answers. Rewrite the gates so that they hold under these conditions, and say what can no longer be known.
//
// ### 4. Refinement
//
// Give it the list of faults of section 6 and have it add two of its own that your domain has. Plant them: write each as a `Lifecycle`
// with one function changed, run it with `runLifecycle`, and add its row to the table. Was the assistant right about the first red gate?
//
// ### 5. Final check
//
// > Here is my spec, and here is which gate was the first to turn red for each fault: [paste both]. Which fault would reach the users and never
// > turn a gate red? Name the measurement that would show it, and the stage it belongs to.
