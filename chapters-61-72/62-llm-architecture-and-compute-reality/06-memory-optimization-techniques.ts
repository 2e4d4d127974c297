// ---
// chapter: 62
// lesson: 6
// title: Memory Optimization Techniques
// layer: Layer 2 (Hands-on)
// minutes: 45
// concepts:
//   - Gradient checkpointing (trade compute for memory)
//   - Batch size and gradient accumulation
//   - Mixed precision training
// maps: Edge case handling (OOM on T4)
// prerequisites: lesson 62.4 (the terms of a budget)
// ---

// %% [markdown]
// A run that does not fit is no reason to rent a larger card. There are about ten ways to make it smaller; some cost nothing,
// some time, some quality, and each acts on one term of the budget. In this lesson you see three of them at work on numbers
// (checkpointing, accumulation, mixed precision), weigh the others against each other, and let a search find what is the mildest
// change that is enough. At the end you know the longest row that an 8B can learn from on a T4, and what decides it.

// %% [markdown]
// ## 1. A run that does not fit
//
// A script as it comes from a colleague with a large card: LoRA on 16-bit weights, four rows of 1,024 tokens, no checkpointing.

// %%
import { check, showChart, showTable, todo, workbookPath } from "llmops/course";
import { findModel, GIB, GPUS, judgeFit, planTraining, renderPlan } from "llmops/compute";
import type { TrainingRunInput } from "llmops/compute";

const T4 = GPUS.t4;
const wanted: TrainingRunInput = {
  model: "Llama-3-8B", method: "lora", rank: 16, batch: 4, sequence: 1024,
  checkpointing: "none", gpu: "t4",
};
const plan = planTraining(wanted);
console.log(renderPlan(plan));
console.log(`\nIt ${judgeFit(plan, T4.usableBytes, T4.name).sentence}.`);

// %% [markdown]
// Three and a half T4s. The largest term is what all layers keep for the way back, so begin there.
//
// ## 2. Checkpointing: compute it again
//
// Going forward, each layer keeps the intermediate results that its backward pass will need: 218,624 bytes for each token in the
// tree above, 27 times the layer's own input (4,096 numbers of 2 bytes). **Gradient checkpointing** throws them away and keeps
// the input alone; on the way back it runs the layer again from there. **Offloading** moves even these inputs to the machine's
// RAM. Follow what a step holds, layer by layer:

// %% tags=["folded"]
import { flattenTerms, forwardFlops, trainingFlops, type Checkpointing } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const atLoss = (checkpointing: Checkpointing) => flattenTerms(planTraining({ ...wanted, checkpointing }).terms);
const everything = atLoss("none")["activations.layers"] ?? 0;
const oneLayer = everything / llama.layers;
const oneInput = (atLoss("layer")["activations.checkpoints"] ?? 0) / llama.layers;
const logits = atLoss("none")["activations.logits"] ?? 0;
const HELD: Record<string, { kept: (layers: number) => number; again: number }> = {
  "no checkpointing": { kept: (layers) => layers * oneLayer, again: 0 },
  "each layer": { kept: (layers) => layers * oneInput, again: oneLayer },
  "inputs in RAM": { kept: (layers) => Math.min(layers, 2) * oneInput, again: oneLayer },
};
const trace = Object.entries(HELD).flatMap(([checkpointing, { kept, again }]) => {
  const forward = Array.from({ length: llama.layers + 1 }, (_, layers) => kept(layers));
  const back = forward.toReversed().map((bytes, at) => bytes + (at < llama.layers ? again : 0));
  return [...forward, kept(llama.layers) + logits, ...back].map((bytes, moment) => ({ checkpointing, moment, gib: bytes / GIB }));
});
const highest = (name: string) => Math.max(...trace.filter(({ checkpointing }) => checkpointing === name).map(({ gib }) => gib));
await showChart(
  {
    title: "Activations during one step of Llama-3-8B, 4 × 1,024 tokens",
    height: 260,
    data: { values: trace },
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x: { field: "moment", type: "quantitative", title: "32 layers forward, the loss, 32 layers back", axis: { values: [0, 16, 32, 33, 49, 65], labels: false } },
      y: { field: "gib", type: "quantitative", title: "GiB" },
      color: { field: "checkpointing", type: "nominal", title: null, sort: Object.keys(HELD) },
      strokeDash: { field: "checkpointing", type: "nominal", legend: null, sort: Object.keys(HELD) },
    },
  },
  `Activations held while a step goes through 32 layers, the loss and 32 layers back. Highest: ${Object.keys(HELD).map((name) => `${name} ${highest(name).toFixed(1)} GiB`).join(", ")}. With checkpointing the peak is a spike at the loss: the logits.`,
);

// %% [markdown]
// The mountain is gone, and what is left is the spike in the middle: the logits, 5.9 GiB, which no checkpointing touches. Now the
// price. A backward pass costs two forward passes where all weights train, and one where the base is frozen, because nobody asks
// for the frozen weights' gradients. Running each layer again adds one forward pass.

// %%
const onePass = forwardFlops(llama, 1024 / 2); // a token of 1,024 looks back at half of them in the mean
const passes = (frozen: boolean, recompute: boolean) =>
  trainingFlops(llama, 1024, { frozen, recompute }) / onePass;
showTable(
  (["none", "layer", "offload"] as const).map((checkpointing) => {
    const recompute = checkpointing !== "none";
    const { peakBytes } = planTraining({ ...wanted, checkpointing });
    return {
      checkpointing,
      "peak, GiB": peakBytes / GIB,
      "passes, all weights": passes(false, recompute),
      "more, %": 100 * (passes(false, recompute) / passes(false, false) - 1),
      "passes, frozen base": passes(true, recompute),
      "more, % ": 100 * (passes(true, recompute) / passes(true, false) - 1),
    };
  }),
  { decimals: 1, caption: "Memory, and operations in forward passes" },
);

// %% [markdown]
// "A third more time" is true for full training. With LoRA the same pass is half as much again, because there was less to begin
// with; in both it is an upper limit, since steps also wait for memory. Offloading saves little here: it moves 1 GiB of inputs,
// and with longer rows more. It also needs that RAM, of which a free Colab leaves you about 11 GiB.
//
// ## 3. Accumulation: the same update in parts
//
// A batch's gradient is a mean. A mean can be computed in parts: add up the gradients of four batches of one row, divide, move
// the weights once. Try it on a problem small enough to see: least squares, eight rows, three weights.

// %%
const [ROWS, WIDTH] = [8, 3];
const inputs = Float64Array.from({ length: ROWS * WIDTH }, (_, at) => Math.sin(7 * at + 1));
const targets = Float64Array.from({ length: ROWS }, (_, at) => Math.cos(3 * at));
const weights = Float64Array.of(0.5, -0.25, 0.1);

/** The mean over rows `from` to `to` of the gradient of (prediction − target)². */
function gradientOf(from: number, to: number): Float64Array {
  const gradient = new Float64Array(WIDTH);
  for (let row = from; row < to; row++) {
    const x = inputs.subarray(row * WIDTH, (row + 1) * WIDTH);
    const error = weights.reduce((sum, weight, at) => sum + weight * x[at], 0) - targets[row];
    for (let at = 0; at < WIDTH; at++) gradient[at] += (2 * error * x[at]) / (to - from);
  }
  return gradient;
}
function meanOf(gradients: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(WIDTH);
  for (const gradient of gradients) for (let at = 0; at < WIDTH; at++) mean[at] += gradient[at] / gradients.length;
  return mean;
}
const distance = (a: Float64Array, b: Float64Array) =>
  Math.max(...a.map((value, at) => Math.abs(value - b[at])));

const whole = gradientOf(0, 8);
const ways: Record<string, Float64Array> = {
  "8 rows at once": whole,
  "4 × 2 rows": meanOf([0, 2, 4, 6].map((from) => gradientOf(from, from + 2))),
  "8 × 1 row": meanOf([0, 1, 2, 3, 4, 5, 6, 7].map((from) => gradientOf(from, from + 1))),
  "1 + 5 + 2 rows": meanOf([gradientOf(0, 1), gradientOf(1, 6), gradientOf(6, 8)]),
};
showTable(
  Object.entries(ways).map(([way, gradient]) => ({
    way,
    "gradient 1": gradient[0],
    "gradient 2": gradient[1],
    "gradient 3": gradient[2],
    "differs by": distance(gradient, whole).toExponential(1),
  })),
  { decimals: 6, caption: "One batch in several cuts" },
);

// %% [markdown]
// Equal parts give the same gradient, up to the last bit of rounding. The last line does not: its parts are of different size,
// and a plain mean gives the lone row as much weight as five. In a language model the "rows" of this example are *tokens*, and
// parts never have equally many. Trainers made exactly that mistake until October 2024 ([Hugging Face, Fixing Gradient
// Accumulation](https://huggingface.co/blog/gradient_accumulation)). Transformers now passes the number of tokens of the whole
// batch to the loss (`num_items_in_batch`); a loss function of your own must use it.
//
// ### Exercise: accumulate
//
// Each part of a batch is `{ gradient, tokens }`: the mean gradient of its tokens, and their number. Write `accumulate`: the gradient of the
// whole batch, a list of numbers.

// %%
import { accumulateExercise, type BatchPart } from "llmops/exercises/62-6";

function accumulate(parts: readonly BatchPart[]): number[] {
  // BEGIN SOLUTION
  const tokens = parts.reduce((sum, part) => sum + part.tokens, 0);
  const weighted = (at: number) => parts.reduce((sum, part) => sum + part.gradient[at] * part.tokens, 0);
  return parts[0].gradient.map((_, at) => weighted(at) / tokens);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(accumulateExercise, accumulate);

// %% [markdown]
// Note what saved the memory: the smaller batch. Accumulation saves nothing. It gives back what the smaller batch would have
// changed in the training, and it is free only as long as the gradients are small:

// %%
const RUNS: Record<string, TrainingRunInput> = {
  "LoRA 8B, 1,024 tokens": { ...wanted, checkpointing: "layer" },
  "full 1B, 2,048 tokens": { model: "Llama-3.2-1B", method: "full", sequence: 2048, gpu: "t4" },
};
showTable(
  Object.entries(RUNS).flatMap(([run, base]) =>
    [[4, 1], [2, 1], [2, 2], [1, 4]].map(([batch, accumulation]) => {
      const { peakBytes, phase } = planTraining({ ...base, batch, accumulation });
      const peak = peakBytes / GIB;
      return { run, batch, accumulated: accumulation, "peak, GiB": peak, "worst moment": phase };
    }),
  ),
  { decimals: 2 },
);

// %% [markdown]
// The lower half has two surprises. A batch below some size changes nothing, because the worst moment is then the optimiser's
// step, when there are no activations. And accumulation costs memory: the gradients of all weights stay on the card while the
// next part goes forward. With adapters they are too small to be seen.
//
// ## 4. Mixed precision, and why a T4 needs fp32 copies
//
// The products of a network may be computed in 16 bits: half the memory, and on a T4 up to eight times the speed (65 against
// 8.1 TFLOP/s by NVIDIA's datasheet). Two things may not: the place where weights are added to, and gradients that are too small for
// the format. First the formats, by experiment. What is the smallest power of two that still moves a weight of 1?

// %%
import { roundToBfloat16, roundToFloat16 } from "llmops/compute";

const ROUND: Record<string, (value: number) => number> = {
  fp32: Math.fround, fp16: roundToFloat16, bf16: roundToBfloat16,
};
const lowestPower = (holds: (value: number) => boolean) => {
  let power = 0;
  while (holds(2 ** (power - 1))) power--;
  return power;
};
const highestPower = (round: (value: number) => number) => {
  let power = 0;
  while (Number.isFinite(round(2 ** (power + 1)))) power++;
  return power;
};
showTable(
  Object.entries(ROUND).map(([format, round]) => ({
    format,
    "largest power of two": `2^${highestPower(round)}`,
    "smallest above 0": `2^${lowestPower((value) => round(value) > 0)}`,
    "smallest that moves a weight of 1": `2^${lowestPower((value) => round(1 + value) > 1)}`,
    "as a number": 2 ** lowestPower((value) => round(1 + value) > 1),
    "on a T4": T4.flops[format as "fp32" | "fp16"] === undefined ? "no" : "yes",
  })),
  { decimals: 7 },
);

// %% [markdown]
// AdamW moves each weight by about the learning rate, whatever the gradient's size. With a rate of 0.0001 and a weight of 1, both
// 16-bit formats round every step away. Let a weight take a thousand of them:

// %% tags=["folded"]
const RATE = 1e-4;
const walk: { step: number; kept: string; weight: number }[] = [];
let [inHalf, inBf16, inFp32] = [1, 1, 1];
for (let step = 0; step <= 1000; step++) {
  if (step % 20 === 0) {
    walk.push(
      { step, kept: "in fp16", weight: inHalf },
      { step, kept: "in bf16", weight: inBf16 },
      { step, kept: "in fp32", weight: inFp32 },
      { step, kept: "fp16 copy of an fp32 weight", weight: roundToFloat16(inFp32) },
    );
  }
  inHalf = roundToFloat16(inHalf + roundToFloat16(RATE));
  inBf16 = roundToBfloat16(inBf16 + roundToBfloat16(RATE));
  inFp32 = Math.fround(inFp32 + Math.fround(RATE));
}
const KEPT = ["in fp32", "fp16 copy of an fp32 weight", "in fp16", "in bf16"];
await showChart(
  {
    title: "A weight after a thousand steps of 0.0001",
    height: 220,
    data: { values: walk },
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x: { field: "step", type: "quantitative" },
      y: { field: "weight", type: "quantitative", scale: { domain: [0.99, 1.11] } },
      color: { field: "kept", type: "nominal", title: "the weight is kept", sort: KEPT },
      strokeDash: { field: "kept", type: "nominal", legend: null, sort: KEPT },
    },
  },
  `A weight of 1 that is moved by 0.0001 a thousand times. Kept in fp32 it ends at ${inFp32.toFixed(4)}, its fp16 copy at ${roundToFloat16(inFp32).toFixed(4)}; kept in fp16 it ends at ${inHalf}, in bf16 at ${inBf16}.`,
);

// %% [markdown]
// So the weight that is added to stays in fp32 and gets a 16-bit copy for computing ([Micikevicius and others,
// 2017](https://arxiv.org/abs/1710.03740)). For all weights of an 8B that would be 30 GiB. LoRA makes it cheap: only the adapters
// train, 42 million of them, and in fp32 they are 0.16 GiB. (Recipes that train in pure bf16 live with the rounding. Some round
// at random, so that the steps get through on average.)
//
// The other half is at the small end. A gradient below 2^-25 is 0 in fp16. Here are 20,000 made-up gradients, spread over many
// powers of two (the same paper shows measured ones, section 3.2), before and after all are multiplied by 65,536:

// %% tags=["folded"]
let state = 2026;
const uniform = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const exponents = Array.from({ length: 20_000 }, () => -20 + 4 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
const [PLAIN, SCALED] = ["as they are", "× 65,536"];
const bins = [[PLAIN, 0], [SCALED, 16]].flatMap(([gradients, shift]) => {
  const counts = Map.groupBy(exponents, (exponent) => Math.floor(exponent + Number(shift)));
  return [...counts].map(([power, values]) => ({ gradients: String(gradients), power, share: values.length / exponents.length }));
});
await showChart(
  {
    title: "Gradients, and what fp16 can hold",
    height: 220,
    layer: [
      {
        data: { values: [{ from: -24, to: 16 }] },
        mark: { type: "rect", color: "#e8f3ec" },
        encoding: { x: { field: "from", type: "quantitative" }, x2: { field: "to" } },
      },
      {
        data: { values: bins },
        mark: { type: "bar", opacity: 0.75, width: 6 },
        encoding: {
          x: { field: "power", type: "quantitative", title: "size of the gradient, as a power of two", scale: { domain: [-40, 24], nice: false } },
          y: { field: "share", type: "quantitative", title: "share", stack: null, axis: { format: "%" } },
          color: { field: "gradients", type: "nominal", title: null, sort: [PLAIN, SCALED] },
        },
      },
    ],
  },
  "Two bell curves over powers of two. fp16 holds what is between 2^-24 and 2^16 (shaded): the left curve, gradients as they are, begins far below; the right one, scaled by 65,536, lies inside.",
);

// %%
showTable(
  [0, 8, 16, 24, 32].map((power) => {
    const rounded = exponents.map((exponent) => roundToFloat16(2 ** (exponent + power)));
    return {
      "scaled by": `2^${power}`,
      "lost as 0, %": (100 * rounded.filter((value) => value === 0).length) / rounded.length,
      "infinite, %": (100 * rounded.filter((value) => value === Infinity).length) / rounded.length,
      "the step": rounded.includes(Infinity) ? "is skipped" : "counts",
    };
  }),
  { decimals: 2, caption: "The loss is multiplied, so all gradients are; before the step they are divided again" },
);

// %% [markdown]
// **Loss scaling** moves the whole spread into the format. The right factor is between "too many zeros" and "one infinity", and
// it changes while a model learns, so trainers search for it while they train. PyTorch's `GradScaler` begins at 65,536; an
// infinite gradient halves the scale and skips the step; 2,000 clean steps in a row double it.
//
// ### Exercise: the scaler
//
// Write `nextScale`: given the scale, the clean steps in a row so far, and whether all gradients of this step are finite, return
// `{ scale, clean, update }`: the new scale, the new count, and whether the weights are moved. `interval` stands for the 2,000.

// %%
import { scalerExercise, type ScalerState, type ScalerStep } from "llmops/exercises/62-6";

function nextScale({ scale, clean }: ScalerState, finite: boolean, interval: number): ScalerStep {
  // BEGIN SOLUTION
  if (!finite) return { scale: scale / 2, clean: 0, update: false };
  if (clean + 1 < interval) return { scale, clean: clean + 1, update: true };
  return { scale: scale * 2, clean: 0, update: true };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(scalerExercise, nextScale);

// %% [markdown]
// In a recipe all this is one line, and on a T4 you must write it: `fp16=True, bf16=False`. TRL takes bf16 unless you say fp16, and a
// T4 does not have it. The planner says so as well:

// %%
for (const change of [{ compute: "bf16" }, { attention: "flash" }] as const) {
  try {
    planTraining({ ...wanted, ...change });
  } catch (error) {
    console.log((error as Error).message);
  }
}

// %% [markdown]
// ## 5. The smaller levers
//
// What does each of the others save? Take two runs and change one thing at a time. A negative number is memory that the change costs.

// %%
const common = { batch: 2, sequence: 1024, gpu: "t4" };
const QLORA: TrainingRunInput = { ...common, model: "Llama-3-8B", method: "qlora", rank: 16 };
const ALL: TrainingRunInput = { ...common, model: "Llama-3.2-1B", method: "full" };
const inGib = (run: TrainingRunInput) => planTraining(run).peakBytes / GIB;
const saved = (run: TrainingRunInput, change: Partial<TrainingRunInput>) =>
  inGib(run) - inGib({ ...run, ...change });
const levers: [lever: string, change: Partial<TrainingRunInput>, adaptersOnly?: boolean][] = [
  ["one row less, accumulated", { batch: 1, accumulation: 2 }],
  ["rows of 512 tokens", { sequence: 512 }],
  ["head and loss in parts (TRL)", { framework: "trl" }],
  ["inputs of layers in RAM", { checkpointing: "offload" }],
  ["AdamW with 8-bit states", { optimizer: "adamw-8bit" }],
  ["rank 4", { rank: 4 }, true],
  ["adapters on q and v only", { targets: ["q_proj", "v_proj"] }, true],
  ["rank 64", { rank: 64 }, true],
  ["eager attention", { attention: "eager" }],
];
showTable(
  levers.map(([lever, change, adaptersOnly]) => ({
    lever,
    "QLoRA 8B, GiB": saved(QLORA, change),
    "full 1B, GiB": adaptersOnly ? null : saved(ALL, change),
  })),
  { decimals: 2, caption: `Saved of ${inGib(QLORA).toFixed(2)} and ${inGib(ALL).toFixed(2)} GiB` },
);

// %% [markdown]
// The columns have almost nothing in common. The 8-bit optimiser is the best there is for full training and nearly nothing for
// adapters; everything that shortens text is the other way round. A lever helps if its term stands at the worst moment, and
// otherwise not at all.
//
// Eager attention keeps a score for each pair of tokens, so its cost grows with the square of the length. SDPA, PyTorch's own,
// does not keep them and works on a T4; FlashAttention 2 does not (see the refusal above).
//
// **Packing** is often named here. It lays several rows into one, so that no place is padding. Count what it does to the Task API
// rows:

// %%
import { countTokens, readExamples } from "llmops/data";

const rows = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
const lengths = rows.map((row) => countTokens(row));
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Batches of `size` rows, each padded to its longest. */
const padded = (size: number) =>
  lengths.flatMap((_, at) => (at % size === 0 ? [lengths.slice(at, at + size)] : []))
    .map((batch) => Math.max(...batch) * batch.length);
/** Rows one after the other, a new sequence when the next row does not fit. */
function packed(capacity: number): number[] {
  const sequences = [0];
  for (const length of lengths) {
    if ((sequences.at(-1) ?? 0) + length > capacity) sequences.push(0);
    sequences[sequences.length - 1] += length;
  }
  return sequences.map(() => capacity);
}
const layouts: Record<string, number[]> = {
  "1 row, no padding": padded(1),
  "4 rows, padded": padded(4),
  "8 rows, padded": padded(8),
  "packed to 1,024": packed(1024),
};
showTable(
  Object.entries(layouts).map(([layout, tokens]) => ({
    layout,
    steps: tokens.length,
    "padding, %": 100 * (1 - sumOf(lengths) / sumOf(tokens)),
    "tokens of the largest step": Math.max(...tokens),
    "planned peak, GiB": inGib({ ...QLORA, batch: 1, sequence: Math.max(...tokens) }),
  })),
  { decimals: 1, caption: `An epoch of ${lengths.length} rows` },
);

// %% [markdown]
// Packing saves steps and padding, not memory: every step now has the full length, and it should be chosen with the plan in hand.
// The code must also keep packed rows from seeing each other. Transformers relies on FlashAttention for that ([its page on
// padding-free training](https://huggingface.co/docs/transformers/en/padding_free)), so on a T4 rather sort rows by length.
//
// ## 6. Let the planner propose
//
// `findRemedies` tries its changes in a fixed order: SDPA, checkpointing, a smaller batch with accumulation, inputs in RAM, the 8-bit
// optimiser, adapters, NF4. What costs quality (shorter rows, a lower rank, a smaller model) comes last. It is not an order of price:
// checkpointing costs more time than the accumulation behind it. Where one change is enough it lists those (and where each of them is
// harsh, `findMildChain` finds mild ones that do together). Here none is enough, so it builds a chain:

// %%
import { findRemedies } from "llmops/compute";

const chain = findRemedies(wanted, T4);
showTable(
  chain.map(({ sentence, savedBytes, plan: after, fits }) => ({
    change: sentence,
    "saves, GiB": savedBytes / GIB,
    "left, GiB": after.peakBytes / GIB,
    fits: fits ? "yes" : "not yet",
  })),
  { decimals: 1 },
);

// %% tags=["folded"]
const SHORT: Record<string, string> = {
  checkpointing: "checkpointing", batch: "batch 1, accumulated", optimizer: "8-bit AdamW", method: "NF4 base",
};
const falls = [
  { label: "as it came", from: 0, to: plan.peakBytes / GIB, kind: "peak" },
  ...chain.map(({ field, change, savedBytes, plan: after }) => ({
    label: change.checkpointing === "offload" ? "inputs in RAM" : (SHORT[field] ?? field),
    from: (after.peakBytes + savedBytes) / GIB, to: after.peakBytes / GIB, kind: "saved",
  })),
  { label: "after all", from: 0, to: (chain.at(-1)?.plan.peakBytes ?? 0) / GIB, kind: "peak" },
];
await showChart(
  {
    title: "From 51.8 GiB to a T4",
    width: 520,
    height: 260,
    data: { values: falls.map((fall) => ({ ...fall, text: fall.kind === "peak" ? fall.to.toFixed(1) : `−${(fall.from - fall.to).toFixed(1)}` })) },
    layer: [
      {
        mark: { type: "bar", size: 42 },
        encoding: {
          x: { field: "label", type: "nominal", sort: null, title: null, axis: { labelAngle: -20 } },
          y: { field: "from", type: "quantitative", title: "GiB" },
          y2: { field: "to" },
          color: { field: "kind", type: "nominal", title: null, sort: ["peak", "saved"] },
        },
      },
      {
        transform: [{ calculate: "max(datum.from, datum.to)", as: "top" }],
        mark: { type: "text", dy: -7 },
        encoding: { x: { field: "label", type: "nominal", sort: null }, y: { field: "top", type: "quantitative" }, text: { field: "text" } },
      },
      { data: { values: [{ line: T4.usableBytes / GIB }] }, mark: { type: "rule", strokeDash: [5, 3] }, encoding: { y: { field: "line", type: "quantitative" } } },
      {
        data: { values: [{ label: "inputs in RAM", line: T4.usableBytes / GIB, text: "T4: 14.74 GiB" }] },
        mark: { type: "text", dy: 10 },
        encoding: { x: { field: "label", type: "nominal", sort: null }, y: { field: "line", type: "quantitative" }, text: { field: "text" } },
      },
    ],
  },
  `Waterfall in GiB, the T4's 14.74 as a dashed line: ${falls.map(({ label, from, to, kind }) => (kind === "peak" ? `${label} ${to.toFixed(1)}` : `${label} −${(from - to).toFixed(1)}`)).join(", ")}.`,
);

// %% [markdown]
// Two levers do nearly all of it: checkpointing takes away the mountain, NF4 the weights. And a chain can only go forward. Once
// the base is packed there is room again, and some of the earlier sacrifices may have become unnecessary. That is a question for
// a search.
//
// ## 7. Search: what is the best that fits?
//
// `searchConfigurations` plans every combination of a space and keeps those that fit with their whole band, the best first:
// longer rows before shorter ones, the least checkpointing, then the highest rank and the largest batch. (Each number here is a
// plan of a millisecond, not a run of an hour.)

// %%
import { searchConfigurations } from "llmops/compute";

const found = searchConfigurations(
  { ...wanted, method: "qlora" },
  { checkpointing: ["none", "layer", "offload"], batches: [1, 2, 4], optimizers: ["adamw", "adamw-8bit"] },
  "t4",
);
showTable(
  found.slice(0, 6).map(({ input, plan: planned }) => ({
    checkpointing: input.checkpointing,
    batch: input.batch,
    optimiser: input.optimizer,
    "peak, GiB": planned.peakBytes / GIB,
    "band to, GiB": planned.highBytes / GIB,
  })),
  { decimals: 2, caption: `${found.length} of 18 combinations fit, rows of 1,024 tokens; the first six` },
);

// %% [markdown]
// Two rows at a time, inputs on the card and the plain optimiser: two of the chain's changes can be taken back, and the smaller
// batch by half. What you have chosen goes into a recipe under these names:
//
// | here | Transformers, PEFT and TRL | Unsloth |
// | --- | --- | --- |
// | `batch`, `accumulation` | `per_device_train_batch_size`, `gradient_accumulation_steps` | the same |
// | `checkpointing: "layer"` | `gradient_checkpointing=True` | `use_gradient_checkpointing=True` in `get_peft_model` |
// | `checkpointing: "offload"` | `gradient_checkpointing=True`, `activation_offloading=True` (TRL) | `use_gradient_checkpointing="unsloth"` |
// | `optimizer: "adamw-8bit"` | `optim="adamw_8bit"` (needs bitsandbytes) | the same |
// | fp16 on a T4 | `fp16=True, bf16=False` | the same |
// | head and loss in parts | `loss_type="nll"`, TRL's default (1.16; `chunked_nll` is its old name) | its own kernel |
// | `attention: "sdpa"` | `attn_implementation="sdpa"` in `from_pretrained` | its own kernels |
//
// Now the question of the beginning: how long may a row be for an 8B on a T4? Not only the settings decide, but the code that trains.

// %% tags=["folded"]
const eightB: TrainingRunInput = {
  model: "Llama-3-8B", method: "qlora", optimizer: "adamw-8bit", gpu: "t4", batch: 1, sequence: 1024,
};
const CODES: Record<string, Partial<TrainingRunInput>> = {
  "PEFT, a loop of one's own": { framework: "peft-loop", checkpointing: "layer" },
  "Transformers, no checkpointing": { framework: "transformers", checkpointing: "none" },
  "Transformers, checkpointing": { framework: "transformers", checkpointing: "layer" },
  "Transformers, inputs in RAM": { framework: "transformers", checkpointing: "offload" },
  "Unsloth, inputs in RAM": { framework: "unsloth", checkpointing: "offload" },
  "TRL, head in parts": { framework: "trl", checkpointing: "layer" },
};
const LENGTHS = [512, 1024, 2048, 4096, 8192, 16_384];
const grid = Object.entries(CODES).flatMap(([code, change]) =>
  LENGTHS.map((sequence) => {
    const planned = planTraining({ ...eightB, ...change, sequence });
    return { code, sequence, gib: planned.peakBytes / GIB, text: (planned.peakBytes / GIB).toFixed(1), verdict: judgeFit(planned, T4.usableBytes, T4.name).fits };
  }),
);
await showChart(
  {
    title: "Llama-3-8B with QLoRA, one row: planned peak in GiB",
    width: 400,
    height: 230,
    data: { values: grid },
    encoding: {
      x: { field: "sequence", type: "ordinal", title: "tokens of a row", axis: { labelAngle: 0, format: ",", grid: false } },
      y: { field: "code", type: "nominal", sort: null, title: null, axis: { labelLimit: 240, grid: false } },
    },
    layer: [
      {
        mark: { type: "rect", stroke: "#ffffff" },
        encoding: { color: { field: "verdict", type: "nominal", title: "fits a T4", scale: { domain: ["yes", "tight", "no"], range: ["#9fd3c0", "#f6dc93", "#e9a98a"] } } },
      },
      { mark: "text", encoding: { text: { field: "text" } } },
    ],
  },
  `Planned peaks in GiB for one row of Llama-3-8B under QLoRA, by code and length. Fits a T4 up to: ${Object.keys(CODES).map((code) => `${code} ${grid.filter((cell) => cell.code === code && cell.verdict === "yes").at(-1)?.sequence ?? "none"}`).join(", ")} tokens of those drawn.`,
);

// %%
import { trainingRate } from "llmops/compute";

const everyLength = Array.from({ length: 160 }, (_, index) => 128 * (index + 1));
showTable(
  Object.entries(CODES).map(([code, change]) => {
    const [best] = searchConfigurations({ ...eightB, ...change }, { sequences: everyLength }, "t4");
    const { sequence } = best.input;
    const recompute = change.checkpointing !== "none";
    const rate = trainingRate(llama, T4, { sequence, frozen: true, recompute });
    return {
      code, "longest row": sequence, "peak, GiB": best.plan.peakBytes / GIB,
      "seconds a row": `${(sequence / rate.high).toFixed(0)} to ${(sequence / rate.low).toFixed(0)}`,
    };
  }),
  { decimals: 1, caption: "The longest row that fits with its whole band, and a T4's time for it" },
);

// %% [markdown]
// The same model, card and method, and a factor of eight between the codes: the rows of a loop of one's own are short because it
// keeps embedding, head and logits in fp32, those of TRL are long because it never holds all logits. No other lever of this
// lesson does as much. Two cautions. The times are operations at the 11 to 26% of the datasheet's rate that timed steps
// on a T4 reached, and QLoRA is in the slower half. And TRL's line is planned from its code alone: `datasets/gpu-memory` has no
// published peak of it, so measure one step before you rely on it.
//
// TRL has a trap for a T4 besides. It turns the adapters of a packed base into bf16 (1.16, `sft_trainer.py`), which section 4
// warned about, and `fp16=True` does not change that. PyTorch's scaler does not take bf16 gradients: the first step stops with
// `"_amp_foreach_non_finite_check_and_unscale_cuda" not implemented for 'BFloat16'`
// ([reported on a T4](https://github.com/MakazhanAlpamys/Soup/issues/425) in August 2026, with PyTorch 2.11). Give the adapters
// their fp32 back, after the trainer was made and before it trains:
//
// ```python
// for parameter in trainer.model.parameters():
//     if parameter.requires_grad:
//         parameter.data = parameter.data.float()
// ```
//
// The table is planned with 8-bit AdamW: with gradient and states these adapters then take 10 bytes each and not 6, at rank 16 a sixth
// of a gibibyte more than TRL's line says (with plain AdamW 16 and not 8, a third). (Run with TRL 1.16.0 on a CPU: bf16 before these
// lines, fp32 after them and after the training. On a T4 the workbook has not run it.)
//
// ## 8. When it still happens
//
// The usual checklist begins with "reduce the batch" and ends with `gc.collect()`. The first helps in one of the five cases
// below, and the last frees only what nothing refers to, which is not what a training step is short of. Better to ask *when* it
// happened.
//
// ### Exercise: first aid
//
// What would you do first?

// %%
import { firstAidChoice, type FirstAids } from "llmops/exercises/62-6";

// Choose from: "pack the base in 4 bits", "fewer tokens in a batch", "8-bit optimiser",
// "train the longest rows first", "look for tensors that are kept".
let firstAids: FirstAids | undefined;
// BEGIN SOLUTION
firstAids = {
  "out of memory while the weights are loaded": "pack the base in 4 bits",
  "out of memory at the loss of the first step": "fewer tokens in a batch",
  "out of memory in optimizer.step of a full fine-tuning": "8-bit optimiser",
  "the first 900 steps went well, then out of memory": "train the longest rows first",
  "memory grows a little with every step": "look for tensors that are kept",
};
// STUB
// // firstAids = {
// //   "out of memory while the weights are loaded": …,
// //   "out of memory at the loss of the first step": …,
// //   "out of memory in optimizer.step of a full fine-tuning": …,
// //   "the first 900 steps went well, then out of memory": …,
// //   "memory grows a little with every step": …,
// // };
// END SOLUTION
await check(firstAidChoice, firstAids);

// %% [markdown] tags=["instructor"]
// **For instructors.** Ask before section 2 where the peak will be with checkpointing; most draw a smaller mountain and nobody
// draws the spike. In section 3 let students break the batch in unequal parts first and explain the difference. The table of
// levers is a good bet: everyone writes down which of nine saves most, for each column. The step that costs students most is that
// a lever on a term which is not at the peak saves nothing.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > My QLoRA run of Llama-3-8B on a T4 stops with CUDA out of memory: two rows of 3,000 tokens, rank 16, Transformers with PEFT.
// > Give me a list of things to try, in the order in which I should try them.
//
// ### 2. Critical evaluation
//
// For each item, plan the run with it and without it. How many GiB does each save? Does the list say when the error came, or does it
// hold for every moment alike? Is accumulation listed as something that saves memory?
//
// ### 3. Constraint teaching
//
// > Here is what each of your changes saves by plan: [paste your table]. The card has 14.74 GiB, fp16 and no FlashAttention 2; the
// > free VM has 11 GiB of RAM; the update must stay that of two rows. Order your list again by what it costs me: nothing, time,
// > quality.
//
// ### 4. Refinement
//
// Run its new order through `findRemedies` and `searchConfigurations`. Give it the first configuration that it did not think of,
// and ask what that one costs which its own does not.
//
// ### 5. Final check
//
// > Here is my training loop: [paste it]. Show me every place where a tensor outlives its step, where a loss is averaged over parts of
// > different size, and where a number is added to in 16 bits.
//
// Check each finding against sections 3 and 4 before you change a line.
