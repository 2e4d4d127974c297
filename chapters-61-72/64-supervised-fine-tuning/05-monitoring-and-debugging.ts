// ---
// chapter: 64
// lesson: 5
// title: Monitoring and Debugging
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - Loss curve interpretation
//   - Validation loss tracking
//   - Overfitting detection
//   - Common failure modes
// maps: Training success
// prerequisites: lesson 64.4, or what a recipe and a training run are
// trains: true
// ---

// %% [markdown]
// A run that fails seldom says so. It ends, writes an adapter, and looks like any other. In this lesson you make runs fail on purpose, one
// fault each, and learn to tell from their figures what went wrong: a rate too small, a rate too large, too few rows, wrong labels, a
// template without an end, too little memory. Then you hold the loss against what it stands for, the number of right calls.

// %% [markdown]
// ## 1. Six recipes, four of them wrong
//
// The first is sound, for a short run. Of the others each has one fault, and one of them stands there twice: the second time with a remedy. The
// run on 24 rows takes three times the rate besides, as people do who want few rows to be learned fast.

// %% tags=["measured"]
import { check, ProgressBar, showChart, showDoors, showTable, todo } from "llmops/course";
import { readTaskCalls, writeTaskRows, type TaskCall } from "llmops/evaluate";
import { openRuntime, runtimeDoor, startRuntime } from "llmops/pair";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);

// %%
import { tasklingRecipe } from "llmops/train";

const ROWS = 336;
const right = readTaskCalls("train").slice(0, ROWS);
// Every request gets the call of another one, seven rows further on.
const mixed: TaskCall[] = right.map(({ request }, at) => ({ ...right[(at + 7) % ROWS], request }));
writeTaskRows(right, "train.jsonl");
writeTaskRows(right.slice(0, 24), "few.jsonl");
writeTaskRows(mixed, "mixed.jsonl");
writeTaskRows(readTaskCalls("validation").slice(0, 32), "validation.jsonl");

const recipeWith = (change: Partial<Parameters<typeof tasklingRecipe>[0]>, train = "train.jsonl") =>
  tasklingRecipe({
    data: { train, eval: "validation.jsonl" },
    steps: 42, warmup: 10, evaluateEvery: 6, checkpoints: { every: 100 }, exports: ["adapter"], ...change,
  });
const few = { learningRate: 0.01, steps: 60, evaluateEvery: 4 } as const;
const recipes = {
  sound: recipeWith({}),
  "24 rows": recipeWith(few, "few.jsonl"),
  "rate / 1000": recipeWith({ learningRate: 3e-6, steps: 30, exports: [] }),
  "rate × 100": recipeWith({ learningRate: 0.3, steps: 30, exports: [] }),
  "mixed labels": recipeWith({}, "mixed.jsonl"),
  "24 rows, stopped": recipeWith({ ...few, earlyStop: { patience: 2 } }, "few.jsonl"),
};
type Name = keyof typeof recipes;
const names = Object.keys(recipes) as Name[];
showTable(names.map((name) => {
  const { data, learningRate, steps, batch, earlyStop } = recipes[name];
  const rows = data.train === "few.jsonl" ? 24 : ROWS;
  const epochs = ((steps ?? 0) * batch) / rows;
  return {
    run: name, "trains on": data.train, rows, "learning rate": learningRate.toExponential(0), steps,
    "each row is seen": `${epochs.toFixed(1)} ×`, "stops early": earlyStop !== null,
  };
}));

// %% [markdown]
// All of them look at the same 32 rows every few steps, rows that none of them trains on. Without such rows you cannot tell learning from
// learning by heart, so a recipe without `eval` is the first thing to mend.
//
// ## 2. Run them
//
// Two at a time: each run computes on one core. `launch` comes back at once, so the second begins while the first one works.

// %% tags=["measured"]
import { launch, type Job, type Run } from "llmops/pair";
import { trainingJob } from "llmops/train";

/** Launches jobs together and follows them to their ends. */
async function runAll(title: string, jobs: Job[]): Promise<Run[]> {
  const bar = new ProgressBar(title, jobs.length);
  const started: Run[] = [];
  for (const job of jobs) started.push(await launch(job, runtime));
  const notes = jobs.map(() => "starts");
  await Promise.all(started.map((run, at) => run.wait(({ metrics, record }) => {
    const last = metrics.at(-1);
    notes[at] = last ? `step ${last.step} of ${last.steps ?? "?"}` : record.state;
    bar.update({ done: started.filter((one) => one.hasEnded).length, note: notes.join("; ") });
  })));
  bar.end(started.map(({ record }) => record.state).join("; "));
  return started;
}

const runs: Partial<Record<Name, Run>> = {};
async function runPair(...pair: Name[]): Promise<void> {
  const jobs = pair.map((name) => trainingJob(recipes[name]));
  const ended = await runAll(pair.map((name) => `"${name}"`).join(" and "), jobs);
  pair.forEach((name, at) => (runs[name] = ended[at]));
}
await runPair("sound", "24 rows");

// %% [markdown]
// The two with the wrong rates are shorter: nothing comes after their first steps that would be worth the wait.

// %% tags=["measured"]
await runPair("rate / 1000", "rate × 100");

// %% tags=["measured"]
await runPair("mixed labels", "24 rows, stopped");

// %% [markdown]
// All of them end as `finished`. That word says that the program came to its end, and nothing about the model.
//
// ## 3. Four curves, side by side
//
// Look before you read on. Thin: the loss of each training step. Squares: the loss on the rows that were kept apart, the **validation
// loss**. For each picture ask two questions: does the thin line go down, and do the squares follow it?

// %% tags=["measured", "folded"]
import { lossCurves } from "llmops/pair";

const curvesOf = (name: Name) => lossCurves(runs[name]?.metrics ?? []);
const panels = ["sound", "rate / 1000", "24 rows", "rate × 100"] as Name[];
const readings = panels.flatMap((run) => {
  const { training, evaluation } = curvesOf(run);
  return [
    ...training.map(({ step, value }) => ({ run, step, loss: value, rows: "training" })),
    ...evaluation.map(({ step, value }) => ({ run, step, loss: value, rows: "validation" })),
  ];
});
const axes = {
  x: { field: "step", type: "quantitative", title: "step" },
  y: { field: "loss", type: "quantitative", title: "loss", scale: { type: "log" }, axis: { tickCount: 5 } },
  color: {
    field: "rows", type: "nominal", title: null, legend: { orient: "top" },
    scale: { domain: ["training", "validation"], range: ["#0072B2", "#D55E00"] },
  },
} as const;
const fromTo = (points: { value: number }[]) => {
  const lowest = Math.min(...points.map(({ value }) => value));
  return `${points[0]?.value.toFixed(2)} at first, ${lowest.toFixed(3)} at the lowest, ${points.at(-1)?.value.toFixed(3)} at the end`;
};
await showChart(
  {
    data: { values: readings },
    facet: { field: "run", type: "nominal", sort: panels, title: null, header: { labelFontWeight: 600, labelFontSize: 13 } },
    columns: 2,
    resolve: { scale: { y: "independent" } },
    spec: {
      width: 270, height: 150,
      layer: [
        { transform: [{ filter: "datum.rows === 'training'" }], mark: { type: "line", strokeWidth: 1 }, encoding: axes },
        {
          transform: [{ filter: "datum.rows === 'validation'" }],
          mark: { type: "line", strokeDash: [5, 3], point: { shape: "square", filled: true, size: 30 } },
          encoding: axes,
        },
      ],
    },
  },
  `Loss of four runs. ${panels.map((run) => {
    const { training, evaluation } = curvesOf(run);
    return `${run}: training ${fromTo(training)}; validation ${fromTo(evaluation)}`;
  }).join(". ")}.`,
);

// %% [markdown]
// | what you see | name | why |
// | --- | --- | --- |
// | both fall, the squares follow the line | **healthy** | what is learned from these rows holds for others |
// | both hardly move | **under-fitted** | steps too small, or too few, or nothing that can learn |
// | the line goes on falling, the squares stay behind or turn | **over-fitted** | the rows are learned by heart, each one seen many times |
// | the line jumps far above its start, and the squares lie there too | **unstable** | steps too large: each one overshoots what it aimed at |
//
// Not every picture is as clear as its name: squares that have barely turned are why you need figures.
//
// Mind the axes. They are logarithmic, and each picture has its own: a loss of 0.1 that becomes 0.2 has doubled, though both look like
// "almost nothing". And the first losses come before the first square, so a square at step 6 may lie below the line's beginning.
//
// ## 4. What `diagnose` says, and why
//
// `watchRun` shows advice beside a live curve. It comes from `diagnose`, a set of checks that read nothing but the metrics. Ask it about
// the runs. What concerns only the machine's speed is left out: it depends on what else the machine does.

// %% tags=["measured"]
import { diagnose } from "llmops/pair";

const metricsOf = (name: Name) => runs[name]?.metrics ?? [];
const findingsOf = (name: Name) => diagnose(metricsOf(name)).filter((finding) => finding.name !== "slowing-down");
showTable(
  names.flatMap((run) => {
    const found = findingsOf(run);
    if (found.length === 0) return [{ run, finding: "none", says: "", remedy: "" }];
    return found.map(({ name, grade, says, remedy }) => ({ run, finding: `${name} (${grade})`, says, remedy }));
  }),
  { caption: "What the metrics say" },
);

// %% [markdown]
// Each check compares the run with its own past, and stays silent where noise could explain what it sees. Three of them, with the
// thresholds that stand in `lib/src/pair/health.ts`:
//
// - **overfitting**: the last two validation losses lie above the lowest by 3% and by four times the curve's own noise, while the training
//   loss has not risen. Two, because one higher reading is noise as often as not.
// - **diverging**: the median of the last tenth of the training losses (at least five) lies above the best such stretch by a tenth, and by
//   six standard errors. Where both losses rise it is this one, not over-fitting: more data would not help.
// - **not-learning**: no early stretch lies 2% above the later half, and the readings are many and quiet enough to rule out a fall of 10%.
//   So a slow run is not accused; only one that stands still.
//
// Work with shares, not with differences: a rise of 0.05 is nothing at a loss of 2 and a disaster at 0.1. A difference of logarithms is a
// share.

// %% tags=["measured"]
const share = (a: number, b: number) => 100 * (a / b - 1);
const medianOf = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
showTable(
  names.map((run) => {
    const training = curvesOf(run).training.map(({ value }) => value);
    const evaluation = curvesOf(run).evaluation.map(({ value }) => value);
    const width = Math.max(5, Math.round(training.length / 10));
    const windows = training.slice(width - 1).map((_, at) => medianOf(training.slice(at, at + width)));
    return {
      run,
      "validation, lowest": Math.min(...evaluation),
      "smaller of the last two": Math.min(...evaluation.slice(-2)),
      "above the lowest, %": share(Math.min(...evaluation.slice(-2)), Math.min(...evaluation)),
      "training, best stretch": Math.min(...windows),
      "last stretch": windows.at(-1),
      "above the best, %": share(windows.at(-1) ?? NaN, Math.min(...windows)),
    };
  }),
  { decimals: 3, caption: "The figures behind overfitting and diverging" },
);

// %% [markdown]
// A share above its threshold is not yet a finding: `diagnose` also asks whether the run's own noise could make it, and few and noisy
// readings keep it silent. Compare with the table before: which runs pass a share and are not named?
//
// The other instrument is the **gradient norm**, the length of the step that the batch asks for before the optimiser scales it. The trainer
// clips it at `maxGradNorm`, 1 here. A norm that grows while the loss does not fall is the earliest sign of trouble, often a few steps
// before the loss jumps. A norm that is zero from the first step on means that nothing is connected: frozen weights, or labels that are
// all masked.

// %% tags=["measured"]
showTable(
  names.map((run) => {
    const norms = metricsOf(run).flatMap(({ grad_norm: norm }) => (norm === undefined ? [] : [norm]));
    const [early, late] = [norms.slice(0, 15), norms.slice(-15)].map(medianOf);
    return {
      run, "first 15 steps, median": early, "last 15 steps, median": late, highest: Math.max(...norms),
      "clipped steps, %": (100 * norms.filter((norm) => norm > 1).length) / norms.length,
    };
  }),
  { decimals: 2, caption: "Gradient norms" },
);

// %% [markdown]
// Clipping hides a good part of this: it shortens a wild step to 1, and Adam divides by the size of past gradients anyway. So a clipped run
// need not explode into `NaN`. It jumps, and then wanders or comes to rest far above where it began. On such a plateau the norm can be small
// again: that says that no direction nearby is better, not that the run is well. Smaller steps are the remedy, from before the jump.
//
// ### Exercise: say what is wrong
//
// Write `verdict`, in this order: **unstable** when the mean of the last five training losses is more than 1.5 times the smaller of two
// numbers, the first training loss and the lowest mean of five in a row; **over-fitted** when the last two evaluation losses are both more
// than 1.03 times the lowest one; **under-fitted** when the last evaluation loss is more than 0.9 times the first; else **healthy**.

// %%
import { judgeCourse, type Course, type RunVerdict } from "llmops/exercises/64-5";

function verdict({ training, evaluation }: Course): RunVerdict {
  // BEGIN SOLUTION
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const fives = training.slice(4).map((_, at) => mean(training.slice(at, at + 5)));
  if (mean(training.slice(-5)) > 1.5 * Math.min(training[0] ?? 0, ...fives)) return "unstable";
  const lowest = Math.min(...evaluation);
  if (evaluation.slice(-2).every((loss) => loss > 1.03 * lowest)) return "over-fitted";
  return (evaluation.at(-1) ?? 0) > 0.9 * (evaluation[0] ?? 0) ? "under-fitted" : "healthy";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(judgeCourse, verdict);

// %% [markdown]
// ## 5. What a loss means
//
// The loss is the mean, over all answer tokens, of −ln p: how surprised the model was by the token that stood there. Its exponential is the
// **perplexity**: between how many equally likely tokens the model hesitates. At 1 it is never surprised. A model that knows nothing and
// gives each of its tokens the same chance has the size of its vocabulary.

// %% tags=["measured"]
import { shapeOfBase } from "llmops/train";

const { vocab } = shapeOfBase(recipes.sound);
console.log(`${vocab} tokens: perplexity ${vocab}, loss ${Math.log(vocab).toFixed(2)}, for a model that knows nothing\n`);
showTable(
  names.map((run) => {
    const evaluation = curvesOf(run).evaluation;
    const [first, last] = [evaluation[0]?.value ?? NaN, evaluation.at(-1)?.value ?? NaN];
    return {
      run, "first validation loss": first, "last validation loss": last,
      "last perplexity": Math.exp(last), "mean chance of the right token, %": 100 * Math.exp(-last),
    };
  }),
  { decimals: 3, caption: "Validation loss as perplexity" },
);

// %% [markdown]
// The last column is a geometric mean: exp(−loss). Multiply it by itself for each token of an answer, and you have the chance that all of
// them are right. This is why a loss that looks tiny is not: with 25 tokens to an answer, 99% for each of them leaves 78% for the whole.
//
// A perplexity is comparable only between runs with the same tokenizer and the same masked tokens. Here the loss counts only the answer.
// Over the whole conversation it would be another number, most of it about the system prompt.
//
// ### Exercise: perplexity of batches
//
// Batches have different numbers of tokens. Write `perplexityOf`: the perplexity of all their tokens together.

// %%
import { perplexityExercise, type BatchLoss } from "llmops/exercises/64-5";

function perplexityOf(batches: readonly BatchLoss[]): number {
  // BEGIN SOLUTION
  const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0);
  return Math.exp(batches.reduce((sum, batch) => sum + batch.loss * batch.tokens, 0) / tokens);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(perplexityExercise, perplexityOf);

// %% [markdown]
// ## 6. Stop in time
//
// The run on 24 rows learns by heart for most of its steps. Let the recipe stop by itself. `earlyStop` keeps the weights of the
// lowest validation loss, ends the run after so many looks without a lower one, and exports the weights that it kept. That is the last of the
// six recipes; everything else in it is as in "24 rows", the seed too, so both take the same steps until one of them stops.

// %% tags=["measured"]
import { TrainingRecord } from "llmops/train";

/** A run of section 2, its results brought home. */
async function fetched(name: Name): Promise<Run> {
  const run = runs[name];
  if (!run) throw new Error(`there is no run "${name}": run section 2 first`);
  await run.fetch();
  return run;
}
const stopped = await fetched("24 rows, stopped");
const { steps, best } = stopped.result("run.json", TrainingRecord);
const { steps: planned } = recipes["24 rows"];
console.log(`ended after step ${steps} of ${planned}; kept are the weights of step ${best?.step}, validation loss ${best?.best?.toFixed(3)}`);
const evaluations = ["24 rows", "24 rows, stopped"].map((name) => curvesOf(name as Name).evaluation);
const shared = Math.min(...evaluations.map(({ length }) => length));
const difference = Math.max(...evaluations[0].slice(0, shared).map(({ value }, at) => Math.abs(value - evaluations[1][at].value)));
console.log(`the ${shared} looks that both runs had differ by ${difference.toExponential(1)} at most`);

// %% [markdown]
// `patience`, how many looks without a lower loss it bears, is a guess too. Look for the lowest square of "24 rows" in section 3: where it
// lies behind the step at which this run ended, the looks were too few, and a worse model was kept. On a small set a look is noisy: take
// more rows for it, or more patience.
//
// Some faults can be refused before the first step. Here the chat template is the tiny model's own with one word left out: the token that
// ends a turn.

// %% tags=["measured"]
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const settings = JSON.parse(readFileSync(join(recipes.sound.base, "tokenizer_config.json"), "utf8")) as { chat_template: string };
writeFileSync("no-end.jinja", settings.chat_template.replaceAll("{{- '<|eot_id|>' }}", ""));
const [refused] = await runAll("a template without an end", [trainingJob(recipeWith({ chatTemplate: "no-end.jinja" }))]);
console.log(`${refused.record.state}: ${refused.record.reason}`);

// %% [markdown]
// It ended before a single step. Without a token that ends a turn, the model would learn answers that never end: its loss curve
// would be perfect, and after the export it would write on and on. It is one of two faults that show only after a deployment; the other is
// a template that got lost (lesson 64.8). So the trainer looks for it in every row before it loads the model.
//
// ## 7. Loss against right answers
//
// You do not sell a loss. Let three models answer 60 requests whose titles and dates are in no training file: the sound run, the run on 24
// rows at its end, and the same run stopped in time. And a fourth one, the run with mixed labels.

// %% tags=["measured"]
import { answerPrompts, scoreCalls, type CallScore } from "llmops/evaluate";

const exam = readTaskCalls("held-out").slice(0, 60);
const prompts = exam.map(({ request }) => request);
const scores: Record<string, CallScore> = {};
const examBar = new ProgressBar("60 requests each, models", 4);
const examine = async (name: Name) => {
  const adapter = join((await fetched(name)).folder, "artifacts", "adapter");
  const { answers } = await answerPrompts(runtime, { model: recipes.sound.base, adapter, prompts, batch: 60, maxNewTokens: 60 });
  scores[name] = scoreCalls(exam, answers);
  examBar.update({ done: Object.keys(scores).length });
};
for (const pair of [["sound", "24 rows"], ["24 rows, stopped", "mixed labels"]] as Name[][]) await Promise.all(pair.map(examine));
examBar.end();

// %% tags=["measured"]
const lossAtEnd = (name: string) => runs[name as Name]?.result("run.json", TrainingRecord).eval_loss ?? NaN;
const percent = ({ estimate, low, high }: CallScore["valid"]) =>
  `${(100 * estimate).toFixed(0)}% (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
showTable(
  Object.entries(scores).map(([run, score]) => ({
    run, "validation loss": lossAtEnd(run), perplexity: Math.exp(lossAtEnd(run)),
    "is a call": percent(score.valid), "right operation": percent(score.operation), "right arguments": percent(score.arguments),
  })),
  { decimals: 3, caption: `${exam.length} requests, with 95% intervals` },
);
for (const [a, b] of [["24 rows, stopped", "24 rows"], ["sound", "mixed labels"]] as const) {
  const lower = (x: string, y: string) => (lossAtEnd(x) < lossAtEnd(y) ? x : y);
  const [one, other] = [scores[a].arguments, scores[b].arguments];
  const apart = one.low > other.high || other.low > one.high;
  const told = apart ? "the intervals do not overlap" : "the intervals overlap: 60 requests cannot tell them apart";
  console.log(`${a} / ${b}: the lower loss has "${lower(a, b)}"; right arguments ${one.hits} and ${other.hits} of ${one.of}, ${told}`);
}

// %% [markdown]
// Compare the two rows of the run on 24 rows first; the last lines say whether 60 requests tell their scores apart. The run with the lower
// loss need not be the one with more right answers. A loss can rise while answers come right, or while none changes: the model grows surer
// of all it says, and one mistake that it is sure of costs much in −ln p. It can also fall without a gain, when the model gets surer of what
// it had right.
//
// So use each for what it can do. The validation loss is cheap, smooth and comes every few steps: it tells you *when to look*, and where to
// stop if you can look at nothing else. The score is what you want to know, and coarse: 60 requests leave an interval of some 20 points. It
// tells you *which run to keep*, on enough requests. Where the two disagree, believe the score.
//
// ## 8. A fault that `diagnose` does not name
//
// Now the run with mixed labels. Its data is spotless in form: real requests, valid calls, all five operations in their shares. Only, each
// request has another one's call. Such things come from a join that is off by a few rows.

// %% tags=["measured", "folded"]
const pairOfRuns = (["sound", "mixed labels"] as Name[]).flatMap((run) => [
  ...curvesOf(run).training.map(({ step, value }) => ({ run, step, loss: value, rows: "training" })),
  ...curvesOf(run).evaluation.map(({ step, value }) => ({ run, step, loss: value, rows: "validation" })),
]);
await showChart(
  {
    title: "The same rows, with the right calls and with others'",
    height: 200,
    data: { values: pairOfRuns },
    mark: { type: "line" },
    encoding: {
      x: { field: "step", type: "quantitative", title: "step" },
      y: { field: "loss", type: "quantitative", title: "loss", scale: { type: "log" } },
      color: { field: "run", type: "nominal", title: null, scale: { domain: ["sound", "mixed labels"], range: ["#0072B2", "#D55E00"] } },
      strokeDash: { field: "rows", type: "nominal", title: null, scale: { domain: ["training", "validation"], range: [[1, 0], [5, 3]] } },
    },
  },
  `Loss with right and with mixed labels. ${(["sound", "mixed labels"] as Name[]).map((run) =>
    `${run}: training ${fromTo(curvesOf(run).training)}; validation ${fromTo(curvesOf(run).evaluation)}`).join(". ")}.`,
);

// %% [markdown]
// The loss of the mixed run falls, and by much: it learns what a call looks like, which operations there are and how often, which words
// come in titles. All of that is there without the request. What it cannot learn is which call belongs to which request, and so its loss
// comes to rest on a floor that the other run goes through. One thing is odd: its training loss stays *above* its validation loss. The
// validation rows have right calls, so they are easier than the rows that it learns from. Had the join spoilt both files, you would not
// see even that, and the curve would be one that "has converged".
//
// How low could it go? Whoever had all calls by heart, and drew one without a look at the request, would pay their entropy for each: the
// last figure of nats below. It is a lower bound, for somebody who knows all calls beforehand; the run rests above it, because it must
// also spell titles that it has not seen. For the score, **chance** is what the best
// constant answer gets: always the operation that is asked for most.

// %% tags=["measured"]
const { trained_tokens, used } = (await fetched("mixed labels")).result("run.json", TrainingRecord).data.train;
const perCall = trained_tokens / used;
/** Nats for each call, for whoever knows how often each comes and nothing of the request. */
const entropyOf = (kinds: string[]) =>
  [...Map.groupBy(kinds, (kind) => kind).values()].reduce((sum, { length }) => sum - (length / kinds.length) * Math.log(length / kinds.length), 0);
const operations = entropyOf(right.map(({ name }) => name));
const wholeCalls = entropyOf(right.map(({ name, parameters }) => JSON.stringify([name, parameters])));
const asked = [...Map.groupBy(exam, ({ name }) => name).entries()].map(([name, calls]) => ({ name, share: calls.length / exam.length }));
const chance = asked.reduce((most, one) => (one.share > most.share ? one : most));
console.log(`a call has ${perCall.toFixed(1)} tokens with a loss`);
console.log(`its operation, drawn blindly: ${operations.toFixed(2)} nats, ${(operations / perCall).toFixed(3)} a token`);
console.log(`all of it, drawn blindly from the ${ROWS} calls: ${wholeCalls.toFixed(2)} nats, ${(wholeCalls / perCall).toFixed(3)} a token`);
console.log(`\nalways "${chance.name}": ${(100 * chance.share).toFixed(0)}% right`);
console.log(`trained on mixed labels: ${percent(scores["mixed labels"].operation)} right`);

// %% [markdown]
// Rows find this fault sooner than curves. Every call of this dataset quotes its request: titles and dates are in the user's words. A
// property like that is a test that costs nothing and runs before each training.

// %%
const quotes = ({ request, parameters }: TaskCall) =>
  ["title", "new_title", "due_date"].every((key) => parameters[key] === undefined || request.includes(parameters[key]));
for (const [file, calls] of [["train.jsonl", right], ["mixed.jsonl", mixed]] as const) {
  console.log(`${file}: ${((100 * calls.filter(quotes).length) / ROWS).toFixed(0)}% of the calls quote their request`);
}

// %% [markdown]
// Where no such property exists, read twenty rows. It takes five minutes, and finds more than any curve.
//
// ## 9. Memory that runs out
//
// Out of memory is a result too, and it should say what to change. Here is a run that does not fit: 96 rows at once. The plan says so before
// anything is sent. It counts on 80% of the memory, and names a remedy:

// %%
import { GIB } from "llmops/compute";
import { planRecipe, targetOf } from "llmops/train";

const LIMIT_GIB = 3;
const hungry = tasklingRecipe({ data: { train: "train.jsonl" }, batch: 96, steps: 1, warmup: 0, exports: [], checkpoints: { every: 100 } });
const plan = planRecipe(hungry, shapeOfBase(hungry), targetOf({ memoryBytes: LIMIT_GIB * GIB }), 256);
console.log(`The run ${plan.verdict.sentence}.`);
for (const { sentence } of plan.remedies) console.log(`remedy: ${sentence}`);

// %% [markdown]
// You launch it all the same, with a limit of that size on the job's memory. (Windows knows no such limit; there the run may go through.)
// What comes back is a state of its own, `out-of-memory`, with what was held, what was planned and what to try. `relaunch` tries it,
// the mildest change first, and again a stronger one where that was not enough.

// %% tags=["measured"]
import { explainOutOfMemory } from "llmops/pair";

const [tight] = await runAll("96 rows at once", [{ ...trainingJob(hungry, { plan }), memoryGib: LIMIT_GIB }]);
console.log(tight.record.state === "out-of-memory" ? (await explainOutOfMemory(tight)).says : `it ended as ${tight.record.state}`);
for (let run: Run | undefined = tight; run?.record.state === "out-of-memory"; ) {
  run = await run.relaunch();
  if (!run) break;
  await run.wait();
  const { batch, accumulation } = run.recipe as { batch: number; accumulation: number };
  console.log(`${run.record.remedyOf?.says}\n  → ${batch} rows at once, ${accumulation} times for a step: ${run.record.state}`);
}

// %% [markdown]
// `relaunch` takes checkpointing first, then the largest batch that its plan allows; the plan's own remedy may be more careful. Where longer
// steps hurt more than smaller batches, take the plan's. Either keeps the effective batch: fewer rows at a time, and gradients added up
// before a step. That costs time and changes nothing that the model learns. Make the batch smaller without it, and you have changed the
// recipe.
//
// ## 10. What to do
//
// | finding | look at | then | and if it stays |
// | --- | --- | --- | --- |
// | healthy, still falling at the end | the slope of the validation loss | more steps | more rows |
// | not-learning, under-fitted | trainable parameters, labels that are not masked, gradient norms | ten times the rate | longer; a higher rank |
// | overfitting | how often each row is seen | early stop, fewer epochs | more varied rows; dropout; a lower rank |
// | diverging, spikes, gradients-exploding | the step where it began, and its rows | a third of the rate, from the checkpoint before | longer warm-up; a larger batch |
// | loss-zero | the labels of one batch, printed | the mask, the template | |
// | loss-not-finite | fp16, and rows without an answer | a tenth of the rate | fp32 for a few steps, to see who overflows |
// | nothing, but the score is at chance | twenty rows, with their labels | the join that made them | |
// | out-of-memory | the longest row, not the mean | half the batch with twice the accumulation, or checkpointing | shorter rows |
//
// One change at a time, and from a checkpoint where there is one. Two changes that are made together and help are one fact less than two
// that are made apart.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Print section 3 without its names and let pairs put them on: most confuse "24 rows" with "rate × 100" as soon as both
// validation losses rise. Ask which of the two would be helped by more data. In section 7 let everyone write down, before the cell runs, by
// how many right answers the stopped run beats the other; then discuss what 60 requests can tell. If you have time, repeat section 8 with
// only a tenth of the labels mixed: no curve shows it, and the share of quoted titles does at once.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > My fine-tuning run: training loss fell from 2.1 to 0.08 in three epochs, validation loss from 2.0 to 0.31 and back up to 0.34. Is it
// > over-fitted, and what should I change?
//
// ### 2. Critical evaluation
//
// Does the answer ask how many readings of the validation loss there were, and how noisy they are? Does it take the training loss of 0.08 as a
// proof? Does it ask what the model's answers are like? By the rules of section 4, what is 0.34 after 0.31, and what would you need to know?
//
// ### 3. Constraint teaching
//
// > Judge by these rules: [paste the three checks of section 4]. Say for each whether my figures are enough to apply it, and what is missing.
// > Name one change only, and the figure that will show whether it helped.
//
// ### 4. Refinement
//
// > Here are the figures of four runs, without their names: [paste the two tables of section 4, without the first column]. Say for each which
// > fault it has. For one of them the metrics are not enough: which one, and what would you look at instead?
//
// ### 5. Final check
//
// Hold its verdicts against section 4, and its doubt against section 8. Did it see that the training loss lies above the validation loss,
// and say when even that sign is missing? Ask it for a property of *your* rows that a program can test before each training, and write that
// test.
