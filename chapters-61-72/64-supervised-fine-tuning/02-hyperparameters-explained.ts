// ---
// chapter: 64
// lesson: 2
// title: Hyperparameters Explained
// layer: Layer 1 (Conceptual Foundation)
// minutes: 45
// concepts:
//   - Learning rate and schedulers
//   - Epochs and steps
//   - Batch size and gradient accumulation
//   - Weight decay and regularization
//   - Warmup ratio
// maps: Foundation for training success
// prerequisites: lesson 64.1 (LoRA) and lesson 62.6 (gradient accumulation)
// trains: true
// ---

// %% [markdown]
// Every fine-tuning script has the same dozen numbers at its top, copied from another script. In this lesson you find out what five of
// them do: you train a small model eleven times, watch one number decide between nothing, success and ruin, and end with values to start from
// and a table of what to change when a run goes wrong. Each run is small enough for this machine, and each picture is drawn from runs
// that you launched.

// %% [markdown]
// ## 1. Eleven small runs
//
// A **recipe** is the list of a run's settings; a **hyperparameter** is one that you choose and training does not change. The base is
// taskling, the tiny Llama of this course, and the rows are requests to the Task API with the call that each stands for. Short runs of
// a small model are enough to see what the numbers do. Their best values are another matter: those belong to this model and these rows.

// %% tags=["measured"]
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";
import { openRuntime, runtimeDoor, startRuntime } from "llmops/pair";
import { tasklingRecipe, type RecipeInput, type TrainingRecipe } from "llmops/train";

const ROWS = 240;
const calls = readTaskCalls("train").slice(0, ROWS);
writeTaskRows(calls, "train.jsonl");
const shortRun = (change: Partial<RecipeInput>) =>
  tasklingRecipe({ data: { train: "train.jsonl" }, epochs: 1, warmup: 3, exports: [], ...change });
const base = shortRun({});

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);

// %%
const { batch, accumulation, epochs, learningRate, schedule, warmup, weightDecay } = base;
showTable([
  { hyperparameter: "learning rate", here: String(learningRate), "what it decides": "how far one update moves the weights, at its highest" },
  { hyperparameter: "schedule", here: schedule, "what it decides": "how that falls until the end" },
  { hyperparameter: "warm-up", here: String(warmup), "what it decides": "updates in which it rises from 0" },
  { hyperparameter: "epochs", here: String(epochs), "what it decides": "how often each row is shown" },
  { hyperparameter: "batch", here: String(batch), "what it decides": "rows that go through the model together" },
  { hyperparameter: "accumulation", here: String(accumulation), "what it decides": "batches that make one update" },
  { hyperparameter: "weight decay", here: String(weightDecay), "what it decides": "how strongly weights are pulled to 0" },
]);
console.log(`${calls[0].request}\n→ ${calls[0].name} ${JSON.stringify(calls[0].parameters)}`);

// %% [markdown]
// ## 2. Epochs, batches, updates
//
// An **epoch** is all rows once. A **batch** is what goes through the model together. An **update**, also called a step, changes the
// weights once. With **accumulation**, the gradients of several batches are added up before an update, so an update sees
// batch × accumulation rows. Memory pays for the batch alone (lesson 62.6).

// %%
import { countSteps } from "llmops/train";

const lengths = [
  { rows: 240, epochs: 1, batch: 8, accumulation: 1 },
  { rows: 240, epochs: 1, batch: 2, accumulation: 4 },
  { rows: 400, epochs: 3, batch: 4, accumulation: 4 },
  { rows: 410, epochs: 3, batch: 4, accumulation: 4 },
];
showTable(lengths.map(({ rows, ...length }) => ({
  rows, ...length, "rows an update": length.batch * length.accumulation, updates: countSteps({ ...length, steps: null }, rows),
})));

// %% [markdown]
// The last line has ten rows more than the one above, and an update more in each epoch: the rows that are left over form a small batch
// of their own. Nobody asks for that, but whoever compares two runs by "step 60" should know that it is there.
//
// ### Exercise: how many updates?
//
// Write the count. It also tells you the warm-up and the decay of a run, because schedules count in updates.

// %%
import { updatesExercise, type RunLength } from "llmops/exercises/64-2";

function updatesOf({ rows, epochs: passes, batch: together, accumulation: parts }: RunLength): number {
  // BEGIN SOLUTION
  return passes * Math.ceil(Math.ceil(rows / together) / parts);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(updatesExercise, updatesOf);

// %% [markdown]
// ## 3. The learning rate is a curve
//
// The number in the recipe is only the peak. The **scheduler** gives each update its own rate: a **warm-up** from 0 to the peak, then a
// fall. Three falls are in use: linear, cosine, and none. Here are all three over 300 updates, by the formulas of the trainer itself.

// %% tags=["folded"]
import { learningRates } from "llmops/train";

const SCHEDULES = ["constant", "cosine", "linear"] as const;
const peak = 3e-3, steps = 300, rising = 20;
const curves = SCHEDULES.map((name) => ({ name, rates: learningRates({ learningRate: peak, schedule: name, warmup: rising }, steps) }));
await showChart(
  {
    title: `A peak of ${peak} and ${rising} updates of warm-up`,
    height: 200,
    data: { values: curves.flatMap(({ name, rates }) => rates.map((rate, update) => ({ name, update, rate }))) },
    mark: "line",
    encoding: {
      x: { field: "update", type: "quantitative", title: "update" },
      y: { field: "rate", type: "quantitative", title: "learning rate", axis: { format: "~e" } },
      color: { field: "name", type: "nominal", title: "schedule", sort: [...SCHEDULES] },
    },
  },
  `The rate of each update. ${curves.map(({ name, rates }) => `${name}: ${[0, 20, 90, 160, 230, 299].map((at) => `${rates[at].toExponential(1)} at ${at}`).join(", ")}`).join("; ")}.`,
);

// %% [markdown]
// The three share their warm-up. The sums differ: with `constant`, the run spends about twice as much rate as with the others. Compare
// schedules at the same peak, and you compare two things at once. Cosine and linear end at 0, so their last updates settle the weights;
// a constant rate leaves them shaking, and can be stopped anywhere.
//
// ### Exercise: the cosine schedule
//
// Write the rate of an update: a straight line up, then half a cosine down to 0. The first update is number 0.

// %%
import { rateExercise, type Ramp } from "llmops/exercises/64-2";

function rateOf(update: number, { peak: top, warmup: up, steps: all }: Ramp): number {
  // BEGIN SOLUTION
  if (update < up) return (top * update) / up;
  return top * 0.5 * (1 + Math.cos((Math.PI * (update - up)) / (all - up)));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(rateExercise, rateOf);

// %% [markdown]
// ## 4. Too small, right, too large
//
// Now the runs. Five LoRAs with rates from 0.00003 to 0.3, each ten times the one before; four full fine-tunings, at all but the
// highest of these; and two more for the sections below. They do not depend on each other, so two go at the same time, one on each core.
// Each has 30 updates and sees every row once, so every loss is of rows that the model has not seen before. That makes it honest
// without a held-out set.

// %% tags=["measured"]
import { trainAll } from "llmops/train";

const LORA_RATES = [3e-5, 3e-4, 3e-3, 3e-2, 3e-1];
const FULL_RATES = [3e-5, 3e-4, 3e-3, 3e-2];
const loraName = (rate: number) => `LoRA ${rate}`;
const fullName = (rate: number) => `full ${rate}`;
const IN_PARTS = "2 × 4 rows", NO_WARMUP = "no warm-up";
const HIGH = LORA_RATES[3];
const recipes: Record<string, TrainingRecipe> = {
  ...Object.fromEntries(LORA_RATES.map((rate) => [loraName(rate), shortRun({ learningRate: rate })])),
  ...Object.fromEntries(FULL_RATES.map((rate) => [fullName(rate), shortRun({ method: "full", learningRate: rate, exports: [] })])),
  [IN_PARTS]: shortRun({ batch: 2, accumulation: 4 }),
  [NO_WARMUP]: shortRun({ learningRate: HIGH, warmup: 0 }),
};
const runs = await trainAll(recipes, runtime, { together: machine?.gpu ? 1 : 2, title: "Updates" });

// %% tags=["measured", "folded"]
const lossesOf = (name: string) => runs[name].metrics.flatMap(({ step, loss }) => (loss !== undefined && Number.isFinite(loss) ? [{ step, loss }] : []));
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const startOf = (name: string) => mean(lossesOf(name).slice(0, 3).map(({ loss }) => loss));
/** The mean of the last ten updates: 80 rows. A run whose loss became no number has none. */
const endOf = (name: string) => (runs[name].record.state === "finished" ? mean(lossesOf(name).slice(-10).map(({ loss }) => loss)) : Infinity);
await showChart(
  {
    title: "Five learning rates, 30 updates each",
    height: 280,
    data: { values: LORA_RATES.flatMap((rate) => lossesOf(loraName(rate)).map((point) => ({ ...point, rate: String(rate) }))) },
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x: { field: "step", type: "quantitative", title: "update" },
      y: { field: "loss", type: "quantitative", title: "loss", scale: { type: "log", nice: false } },
      color: { field: "rate", type: "ordinal", title: "learning rate", sort: LORA_RATES.map(String), scale: { scheme: "viridis" } },
    },
  },
  `Loss over 30 updates. ${LORA_RATES.map((rate) => `Rate ${rate}: from ${startOf(loraName(rate)).toFixed(2)} to ${Number.isFinite(endOf(loraName(rate))) ? endOf(loraName(rate)).toFixed(2) : "no number"}`).join("; ")}.`,
);

// %% tags=["measured"]
const best = Math.min(...LORA_RATES.map((rate) => endOf(loraName(rate))));
const verdict = (name: string) => {
  const [from, to] = [startOf(name), endOf(name)];
  if (!Number.isFinite(to)) return "broken: the loss is no number";
  if (to > from) return "ruined: above where it began";
  if (to <= best * 1.1) return "as good as any here";
  return from - to < (from - best) / 2 ? "not even half of the way" : "on the way, or off it";
};
showTable(
  LORA_RATES.map((rate) => ({
    "learning rate": rate.toExponential(0), "first 3 updates": startOf(loraName(rate)), "last 10 updates": endOf(loraName(rate)),
    "largest gradient norm": Math.max(...runs[loraName(rate)].metrics.map(({ grad_norm: norm }) => norm ?? 0)),
    "which is": verdict(loraName(rate)),
  })),
  { decimals: 2, caption: "Mean loss of a LoRA of rank 16" },
);

// %% [markdown]
// The gradient norm is the length of the gradient over all weights that train, before the trainer cuts it down to 1 (`maxGradNorm`); a
// jump of it announces a jump of the loss. At the lowest rate the curve is healthy and hardly moves: nothing is wrong but the speed. At
// the highest, the first update with a rate above 0 throws the model off, and what comes after is an attempt to find back to language at
// all. What works lies between, and it is a small part of the scale. So choose rates by factors, three or ten, and not by steps: 0.002
// and 0.003 are nearly the same rate.
//
// ### Does the trainer do what the formula says?
//
// The trainer writes down the rate of each update. Hold it against the formula that drew section 3:

// %%
const logged = runs[loraName(base.learningRate)].metrics.flatMap(({ lr }) => (lr === undefined ? [] : [lr]));
const predicted = learningRates(base, countSteps(base, ROWS));
const largestGap = Math.max(...logged.map((rate, at) => Math.abs(rate - predicted[at]) / base.learningRate));
console.log(`${logged.length} updates; the first: ${logged.slice(0, 5).map((rate) => rate.toFixed(4)).join(", ")}; the last: ${logged.at(-1)?.toExponential(2)}`);
console.log(`They differ from the formula by at most ${largestGap < 1e-12 ? "rounding" : `${(100 * largestGap).toFixed(3)}% of the peak`}`);

// %% [markdown]
// The first rate is 0: with a warm-up, the first update changes nothing. A `warmup` of one update is therefore no warm-up, only an
// update that is lost.
//
// ### Does LoRA want another rate than full fine-tuning?
//
// The end of each run against its rate, for both methods:

// %% tags=["measured", "folded"]
const ends = [
  ...LORA_RATES.map((rate) => ({ method: "LoRA", rate, loss: endOf(loraName(rate)) })),
  ...FULL_RATES.map((rate) => ({ method: "full", rate, loss: endOf(fullName(rate)) })),
].filter(({ loss }) => Number.isFinite(loss));
const bestRate = (method: string) => ends.filter((end) => end.method === method).reduce((least, end) => (end.loss < least.loss ? end : least)).rate;
await showChart(
  {
    title: "The end of a run against its learning rate",
    height: 240,
    data: { values: ends },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "rate", type: "quantitative", title: "learning rate", scale: { type: "log" }, axis: { values: LORA_RATES, format: "~e" } },
      y: { field: "loss", type: "quantitative", title: "mean loss of the last ten updates", scale: { type: "log", nice: false } },
      color: { field: "method", type: "nominal", title: null, sort: ["LoRA", "full"] },
    },
  },
  `Mean loss of the last ten updates. ${["LoRA", "full"].map((method) => `${method}: ${ends.filter((end) => end.method === method).map(({ rate, loss }) => `${loss.toFixed(2)} at ${rate}`).join(", ")}`).join("; ")}.`,
);
console.log(`Best of those tried: ${bestRate("LoRA")} for LoRA, ${bestRate("full")} for full fine-tuning`);

// %% [markdown]
// Schulman et al. measured this with care ("LoRA Without Regret", Thinking Machines, 2025, https://thinkingmachines.ai/blog/lora/): the
// best rate of a LoRA is about ten times that of full fine-tuning of the same model, about fifteen times in very short runs, and it
// hardly depends on the rank. One seed and points a factor of ten apart can neither confirm a factor nor refute one, and where the best
// point is the last one tried, the true best may lie beyond it. Read the picture from the left instead: which method has come further at
// the same small rate? B begins at 0, so the first updates of a LoRA move the outputs little. When you change the method, look for the
// rate again. And rates fall as models grow: the 0.0002 of most scripts is for LoRAs on models of seven or eight billion parameters;
// this one has two million.
//
// ## 5. The same update in parts
//
// One of the runs had batches of 2 rows, four of them accumulated. It saw the same rows in the same order as the run with batches
// of 8, and each of its updates is the mean over the same answer tokens. So its losses must be equal, up to rounding:

// %% tags=["measured"]
const whole = lossesOf(loraName(base.learningRate)), inParts = lossesOf(IN_PARTS);
const speed = (name: string) => mean(runs[name].metrics.slice(1).map(({ tokens_per_second: rate }) => rate ?? 0));
showTable(
  [0, 1, 2, 9, 19, 29].map((at) => ({
    update: whole[at].step, "batch 8": whole[at].loss, "batch 2 × 4": inParts[at].loss, difference: Math.abs(whole[at].loss - inParts[at].loss).toExponential(1),
  })),
  { decimals: 5 },
);
console.log(`Tokens a second: ${speed(loraName(base.learningRate)).toFixed(0)} in batches of 8, ${speed(IN_PARTS).toFixed(0)} in batches of 2`);

// %% [markdown]
// The small differences come from adding the same numbers in another order; updates build on each other, so they may grow. They stay
// this small because the trainer divides by the answer tokens of the whole group. A mean of four means would weight a row of few tokens
// as much as one of many: the mistake of lesson 62.6, which trainers made until October 2024.
//
// So accumulation is not a setting of quality but of memory. Here is what it saves where it matters, on a T4:

// %%
import { findModel, GIB } from "llmops/compute";
import { llama3OnT4, planRecipe, targetOf } from "llmops/train";

showTable(
  [[16, 1], [8, 2], [4, 4], [2, 8], [1, 16]].map(([rows, parts]) => {
    const recipe = llama3OnT4({ data: { train: "train.jsonl" }, batch: rows, accumulation: parts, steps: 300 });
    const { memory, verdict: fit } = planRecipe(recipe, findModel("Llama-3-8B").shape, targetOf("t4"), 2048);
    return { batch: rows, accumulation: parts, "rows an update": rows * parts, "peak, GiB": memory.peakBytes / GIB, "fits a T4": fit.fits };
  }),
  { decimals: 1, caption: "Llama-3-8B, QLoRA, rows of 2,048 tokens, planned" },
);

// %% [markdown]
// Choose rows an update first: 8 to 32 for a few hundred or thousand rows. Then the largest batch that fits, and accumulate the rest.
// More rows an update make its direction surer and leave fewer updates in an epoch; Schulman et al. found that LoRA bears large batches
// less well than full fine-tuning does.
//
// ## 6. Warm-up
//
// Why not begin at the peak? Adam divides each gradient by the size of recent gradients, so that every weight moves by about the rate.
// In the first update "recent" is this one gradient alone. Compute it: the update that a weight gets, by the size of its gradient.

// %%
/** Adam's updates of one weight (Kingma and Ba 2014, https://arxiv.org/abs/1412.6980), in units of the rate. */
function adamUpdates(gradients: number[], [beta1, beta2] = [0.9, 0.999]): number[] {
  let m = 0, v = 0;
  return gradients.map((gradient, at) => {
    m = beta1 * m + (1 - beta1) * gradient;
    v = beta2 * v + (1 - beta2) * gradient ** 2;
    return m / (1 - beta1 ** (at + 1)) / (Math.sqrt(v / (1 - beta2 ** (at + 1))) + 1e-8);
  });
}
const GRADIENTS = { "large, steady": [1, 1, 1, 1, 1, 1], "tiny, steady": [1, 1, 1, 1, 1, 1].map((g) => g / 1e4), "noise around 0": [1, -0.8, 0.9, -1.1, 0.7, -1] };
showTable(Object.entries(GRADIENTS).map(([gradient, values]) => {
  const moves = adamUpdates(values);
  return { gradient, "update 1": moves[0], "update 2": moves[1], "update 3": moves[2], "update 6": moves[5] };
}), { decimals: 2, caption: "How far a weight moves, in learning rates" });

// %% [markdown]
// The first update moves every weight by a full rate, whether its gradient is a signal or chance. After a few, noise cancels and
// signal stays. A warm-up spends these blind updates at small rates. The last of the eleven runs went without, at a rate of 0.03, ten times
// the recipe's:

// %% tags=["measured"]
const beside = [loraName(HIGH), NO_WARMUP];
showTable(
  [1, 2, 3, 4, 5, 10, 20, 30].map((step) => {
    const at = (name: string) => lossesOf(name).find((point) => point.step === step)?.loss ?? null;
    return { update: step, "warm-up of 3": at(beside[0]), "no warm-up": at(beside[1]) };
  }),
  { decimals: 2, caption: `Loss at a rate of ${HIGH}` },
);
console.log(`Last ten updates: ${beside.map((name) => `${endOf(name).toFixed(2)} (${name === NO_WARMUP ? "without" : "with"})`).join(", ")}`);

// %% [markdown]
// Read the first five updates: without a warm-up the very first goes at the full rate, and the second loss shows what that did, good or
// bad. Then read the end: the last line says which of the two is better off. At a rate that is too high in itself a warm-up only puts the
// fall off: the rate stays too high after it. What it saves at a rate that just works, this pair cannot show; try it at 0.01.
//
// Many scripts say `warmup_ratio=0.03`. Transformers 5 has no such argument any more: `warmup_steps` below 1 is the share. How many
// updates is it?

// %%
import { countWarmup } from "llmops/train";

showTable([30, 75, 300, 3000].map((all) => ({ updates: all, "3% warm-up": countWarmup({ warmup: 0.03 }, all), "10% warm-up": countWarmup({ warmup: 0.1 }, all) })));

// %% [markdown]
// In a short run 3% is a single update, at a rate of 0. Write a number of updates: 5 to 20 for runs of some hundreds.
//
// ## 7. Weight decay
//
// AdamW makes every trained weight a little smaller in each update: by the factor 1 − rate × decay. Over a whole run the factors
// multiply. How much is left of a weight that no gradient holds?

// %%
const leftOf = (top: number, decay: number, updates: number) =>
  learningRates({ learningRate: top, schedule: "cosine", warmup: 0.03 }, updates).reduce((left, rate) => left * (1 - rate * decay), 1);
const sumOf = (top: number, updates: number) => learningRates({ learningRate: top, schedule: "cosine", warmup: 0.03 }, updates).reduce((sum, rate) => sum + rate, 0);
showTable(
  ([[2e-4, 75], [2e-4, 3000], [3e-3, 300]] as const).map(([top, updates]) => ({
    "learning rate": top.toExponential(0), updates, "left with decay 0.01, %": 100 * leftOf(top, 0.01, updates), "left with 0.1, %": 100 * leftOf(top, 0.1, updates),
    "decay that takes 10% away": Math.log(1 / 0.9) / sumOf(top, updates),
  })),
  { decimals: 3 },
);

// %% [markdown]
// The `weight_decay=0.01` of most scripts takes away less than one part in a thousand of the weights of a short LoRA run. It does no harm,
// and "more weight decay" is no cure for overfitting at such lengths: the last column says how much you would need before anything
// happened. In pretraining, with a hundred thousand updates and more, it is another matter. **Regularisation** of a fine-tuning is
// something else: fewer
// epochs, stopping early (lesson 64.5), more and more different rows, a lower rank, dropout. Note also what decay pulls towards: A and
// B go to 0, so a LoRA goes back to its base. Full fine-tuning goes to a model of zeros.
//
// ## 8. Where to start, and what to change
//
// Two recipes to start from, as this course's presets have them:

// %%
const presets = { "taskling, this machine": tasklingRecipe({ data: { train: "train.jsonl" } }), "Llama-3-8B, QLoRA, T4": llama3OnT4({ data: { train: "train.jsonl" } }) };
showTable(Object.entries(presets).map(([preset, recipe]) => ({
  preset, "learning rate": recipe.learningRate.toExponential(0), schedule: recipe.schedule, "warm-up": recipe.warmup, batch: recipe.batch, accumulation: recipe.accumulation,
  length: recipe.steps === null ? `${recipe.epochs} epochs` : `${recipe.steps} updates`, "weight decay": recipe.weightDecay, optimizer: recipe.optimizer,
})), { decimals: 3 });

// %% [markdown]
// And what to change. The rule of thumb "the loss does not fall, so raise the rate" fails as often as it helps if you do not look: in
// section 4 the runs at both ends failed, and their rates are a factor of ten thousand apart. A symptom has several causes, so look
// before you turn:
//
// | You see | It may be | Look at | Then |
// | --- | --- | --- | --- |
// | falls slowly and evenly to the very end | rate too low, or run too short | one run at three times the rate | keep the better one; then more updates |
// | falls, jumps, ends above its start | rate too high | gradient norm before the jump | a third of the rate; then a longer warm-up |
// | stays where it began | rate far too low, or no token has a loss | `trained_tokens` in run.json; one run at ten times the rate | the rate, or the data |
// | training falls, held-out rows rise | more passes than the rows are worth | the update at which it turned | fewer epochs or an early stop; more rows; last of all weight decay |
// | out of memory | activations and logits of a batch | the plan, term by term | half the batch, twice the accumulation; at batch 1 the length, then checkpointing (62.6) |
// | two runs differ | perhaps nothing but the seed | the same recipe with another seed | lesson 64.6 |

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Have everyone draw the five curves of section 4 before the cell runs; few draw a curve that starts well and ends
// above its start. The runs take a minute or two on two cores; talk about section 5 meanwhile, and let someone predict to how many
// digits the two columns will agree. In section 7 the useful question is "what would decay have to be", because it turns a ritual into a
// quantity. The figures are of one seed and one small model: do not let anyone carry 0.003 home to an 8B.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I fine-tune Llama-3-8B with QLoRA on 1,200 conversations on one T4. Give me learning rate, schedule, warm-up, batch, accumulation,
// > epochs and weight decay, with a reason for each.
//
// ### 2. Critical evaluation
//
// Which of its reasons would also justify a value ten times as large? Compute the updates of its recipe, its warm-up in updates and what
// its weight decay takes away. Does it set `fp16`, or does it assume a card with bf16?
//
// ### 3. Constraint teaching
//
// > Here are my runs: [paste the table and the end points of section 4]. They are of a model of two million parameters, one seed each.
// > Which of your values do they support, which do they contradict, and which do they say nothing about?
//
// ### 4. Refinement
//
// > My loss falls until update 40, then jumps, and ends above its start. Do not propose a change yet: ask me for the three numbers that
// > would tell a rate that is too high from a bad batch.
//
// Answer from a run of your own: `metrics.jsonl` has loss, rate and gradient norm of every update.
//
// ### 5. Final check
//
// > Here is my final recipe: [paste it]. List every value in it that was copied from a habit rather than from one of my runs, and the
// > cheapest run that would decide it.
