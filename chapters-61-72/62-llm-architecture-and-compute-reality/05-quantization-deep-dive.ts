// ---
// chapter: 62
// lesson: 5
// title: Quantization Deep Dive
// layer: Layer 2 (Hands-on with AI)
// minutes: 55
// concepts:
//   - Precision formats (FP32, FP16, BF16, INT8, INT4)
//   - BitsAndBytes library
//   - NF4 (NormalFloat4) quantization
//   - Double quantization
// maps: FR-005 (4-bit quantization required)
// prerequisites: lesson 62.3, or how many parameters a model has and where they are
// ---

// %% [markdown]
// Llama-3-8B in 16 bit takes 15 GiB; a T4 has 14.74. In 4 bit it fits with room for training. "4 bit" is a bargain with small
// print: which weights, with what scales, at what loss, and what is still computed in 16 bit. In this lesson you quantise real
// tensors by hand, number by number, measure what is lost, and end with the bytes of a 4-bit Llama that you can defend.
//
// The types here are not imitations. Their bytes are compared with those of bitsandbytes, gguf and llama.cpp
// (`npm run check:quantize`), so what you see is what would lie on your card.

// %% [markdown]
// ## 1. Three tensors to try things on
//
// There is no large model on your laptop, so train a small one, now. It reads eight characters and predicts the ninth, from the
// Task API conversations of lesson 63.7. Like Llama it has an embedding, a linear layer and a head, and its weights come from
// gradient descent. Its loss is in bits a character: the yes-or-no answers it lacks to the next character.

// %%
import { bitsPerCharacter, trainCharacterModel } from "llmops/compute";
import { check, showChart, showTable, todo, workbookPath } from "llmops/course";
import { readExamples } from "llmops/data";

const textOf = async (split: string) => {
  const rows = await readExamples(workbookPath(`datasets/task-api/task_api_${split}.jsonl`));
  const lines = rows.map(({ messages }) => messages.map(({ role, content }) => `${role}: ${content}`).join("\n"));
  return lines.join("\n\n");
};
const text = await textOf("train");
const unseen = (await textOf("val")).slice(0, 5000);
const model = trainCharacterModel(text, { seed: 62, steps: 30_000, learningRate: 0.05 });
const untrained = trainCharacterModel(text, { seed: 62, steps: 0 });
const lossBefore = bitsPerCharacter(untrained, unseen);
const lossAfter = bitsPerCharacter(model, unseen);
console.log(`Bits a character, on ${unseen.length} that it never saw:`);
console.log(`${lossBefore.toFixed(2)} before training, ${lossAfter.toFixed(2)} after`);

// %% [markdown]
// Its linear layer, 128 × 256 weights, is the first tensor: small, but trained. Beside it stand two that nobody trained: one drawn
// from a normal distribution, one from a distribution with heavy tails (Student's t with two degrees of freedom).

// %%
import { heavyTailedSample, LINEAR_COLUMNS, normalSample } from "llmops/compute";

const meanSquare = (values: Float32Array) => values.reduce((sum, x) => sum + x * x, 0) / values.length;
const spread = (values: Float32Array) => Math.sqrt(meanSquare(values));
const sigma = spread(model.linear);
const tensors = {
  trained: model.linear,
  normal: normalSample(model.linear.length, { seed: 1, scale: sigma }),
  "heavy tails": heavyTailedSample(model.linear.length, { seed: 2, scale: sigma / 2 }),
};
const names = Object.keys(tensors) as (keyof typeof tensors)[];
const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
showTable(
  names.map((name) => {
    const [values, deviation] = [tensors[name], spread(tensors[name])];
    return {
      tensor: name,
      weights: values.length,
      "standard deviation": deviation,
      largest: largest(values),
      "largest / deviation": largest(values) / deviation,
      "beyond 4 deviations": values.filter((x) => Math.abs(x) > 4 * deviation).length,
    };
  }),
);

// %% [markdown]
// Training pulled a few weights far out: a normal tensor of this size has almost nothing beyond four standard deviations. Of
// LLaMA 7B the authors of QLoRA report that the weights of 7.5% of the hidden units fail a test for normality that 5% fail by chance
// (appendix F of https://arxiv.org/abs/2305.14314). So think of a real model as the normal sample with exceptions, and of yours as one
// with more of them.
//
// ## 2. What a number type can say
//
// A floating point type splits its bits into exponent (how large) and fraction (how exact). An integer type has evenly spaced
// codes and needs a scale beside it. A 4-bit codebook is a list of 16 values, and needs a scale too.

// %%
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "llmops/compute";

const one = Float32Array.of(1);
const next16 = (bits: number) => bits + 1;
const afterOne = {
  fp32: 1 + 2 ** -23,
  fp16: fromFloat16(toFloat16(one).map(next16))[0],
  bf16: fromBfloat16(toBfloat16(one).map(next16))[0],
};
showTable([
  { type: "fp32", bits: 32, "exponent + fraction": "8 + 23", "after 1 comes": `${afterOne.fp32}`, largest: "3.4e38" },
  { type: "fp16", bits: 16, "exponent + fraction": "5 + 10", "after 1 comes": `${afterOne.fp16}`, largest: "65504" },
  { type: "bf16", bits: 16, "exponent + fraction": "8 + 7", "after 1 comes": `${afterOne.bf16}`, largest: "3.4e38" },
  { type: "int8", bits: 8, "exponent + fraction": "none", "after 1 comes": "by its scale", largest: "its scale" },
  { type: "4 bit", bits: 4, "exponent + fraction": "a list of 16", "after 1 comes": "by its scale", largest: "its scale" },
]);

// %% [markdown]
// fp16 is fine and ends early; bf16 reaches as far as fp32 and is coarse. A T4 has fp16 in its tensor cores and no bf16 at all
// (compute capability 7.5; bf16 came with 8.0), which section 9 comes back to.
//
// Here are all codes between −1 and 1, and below a narrow window of the same line, where the 16-bit types become visible.

// %% tags=["folded"]
import { fp4Codebook, nf4Codebook } from "llmops/compute";

const nf4 = [...nf4Codebook()];
const fp4 = [...fp4Codebook()].sort((a, b) => a - b);
const int8 = Array.from({ length: 255 }, (_, i) => (i - 127) / 127);
const every16 = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const codes: Record<string, number[]> = {
  fp16: [...fromFloat16(every16)], bf16: [...fromBfloat16(every16)], int8, FP4: fp4, NF4: nf4,
};
const ORDER = ["fp32", "fp16", "bf16", "int8", "FP4", "NF4"];
const WINDOW = [0.5, 0.6] as const;
const inWindow = (type: string) => (codes[type] ?? []).filter((value) => value >= WINDOW[0] && value <= WINDOW[1]);
const line = (types: string[], pick: (type: string) => number[]) => types.flatMap((type) => pick(type).map((value) => ({ type, value })));
const ticks = { type: "tick" as const, thickness: 1, height: 22, color: "#0072B2" };
await showChart(
  {
    title: "Where the codes lie (scale 1)",
    height: 130,
    data: { values: line(["int8", "FP4", "NF4"], (type) => codes[type] ?? []) },
    mark: ticks,
    encoding: {
      x: { field: "value", type: "quantitative", title: null, scale: { domain: [-1.02, 1.02], nice: false } },
      y: { field: "type", type: "nominal", sort: ORDER, title: null },
    },
  },
  `Codes between −1 and 1: int8 has ${int8.length} evenly spaced, FP4 ${new Set(fp4).size} different ones, crowded at 0 and wide apart near 1, NF4 16, closest at 0 and wider outwards.`,
);
const fp32InWindow = Math.floor((WINDOW[1] - WINDOW[0]) / 2 ** -24) + 1;
await showChart(
  {
    title: `The same line from ${WINDOW[0]} to ${WINDOW[1]}`,
    height: 200,
    encoding: {
      y: { field: "type", type: "nominal", sort: ORDER, title: null },
      x: { field: "value", type: "quantitative", title: null, scale: { domain: [0.499, 0.601], nice: false } },
    },
    layer: [
      { data: { values: line(["fp16", "bf16", "int8", "FP4", "NF4"], inWindow) }, mark: ticks },
      { data: { values: [{ type: "fp32", value: WINDOW[0], to: WINDOW[1] }] }, mark: { type: "bar", height: 22, color: "#0072B2" }, encoding: { x2: { field: "to" } } },
    ],
  },
  `Between ${WINDOW.join(" and ")}: fp32 has ${fp32InWindow.toLocaleString("en-US")} values, a solid bar; ${["fp16", "bf16", "int8", "FP4", "NF4"].map((type) => `${type} ${inWindow(type).length}`).join(", ")}.`,
);

// %% [markdown]
// ## 3. Absmax, by hand
//
// Eight weights, eight bits each. Find the largest magnitude (absmax), let it be 127, and give every weight the nearest whole
// number. To read it back, multiply and divide.

// %%
const eight = [0.12, -0.03, 0.31, -0.48, 0.07, 0.22, -0.15, 0.01];
const handQuantize = (values: number[]) => {
  const absmax = Math.max(...values.map(Math.abs));
  return values.map((weight) => {
    const scaled = (weight / absmax) * 127;
    const code = Math.round(scaled) + 0; // + 0 makes 0 of −0
    const back = (code * absmax) / 127;
    return { weight, "weight / absmax × 127": scaled, code, "read back": back, error: back - weight };
  });
};
showTable(handQuantize(eight), { decimals: 4, caption: "Eight weights in 8 bits; absmax = 0.48" });
console.log(`No error can exceed half a step: 0.48 / 254 = ${(0.48 / 254).toFixed(4)}`);

// %% [markdown]
// ### Exercise: absmax quantisation
//
// Write it for a row of any length, and return `{ absmax, codes, restored }`: the codes go from −127 to 127, `restored` are the values read
// back. A row of zeros has codes of 0.

// %%
import { absmaxRow, type AbsmaxRow } from "llmops/exercises/62-5";

function quantizeRow(values: readonly number[]): AbsmaxRow {
  // BEGIN SOLUTION
  const absmax = Math.max(...values.map(Math.abs));
  const rowCodes = values.map((value) => (absmax === 0 ? 0 : Math.round((value / absmax) * 127)));
  return { absmax, codes: rowCodes, restored: rowCodes.map((code) => (code * absmax) / 127) };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(absmaxRow, quantizeRow);

// %% [markdown]
// ## 4. One outlier ruins a row
//
// Everything that shares a scale pays for the largest among it. Turn one of the eight weights into an outlier:

// %%
const withOutlier = eight.map((weight, i) => (i === 4 ? 24 : weight));
showTable(
  handQuantize(withOutlier).map(({ weight, code }, i) => ({
    weight,
    "code before": handQuantize(eight)[i]?.code,
    "code with the outlier": code,
  })),
  { caption: "The same weights beside a 24" },
);

// %% [markdown]
// The other seven fell onto a handful of codes. Now the trained matrix, with one of its 32,768 weights made 50 standard deviations
// large. Who pays depends on what shares a scale: the whole tensor, a row of 256, or a block of 64.

// %%
import { dequantizeInt8, quantizationError, quantizeInt8 } from "llmops/compute";

const hurt = model.linear.map((weight, i) => (i === 1000 ? 50 * sigma : weight));
const without = (values: Float32Array) => values.filter((_, i) => i !== 1000);
const groupings = [["tensor", "the tensor"], ["row", "a row of 256"], [64, "a block of 64"]] as const;
showTable(
  groupings.map(([per, shared]) => {
    const store = (values: Float32Array) => quantizeInt8(values, { columns: LINEAR_COLUMNS, per });
    const error = (values: Float32Array) =>
      quantizationError(without(values), without(dequantizeInt8(store(values)))).rmse;
    return {
      "one scale for": shared,
      "bits a weight": (8 * store(hurt).bytes) / hurt.length,
      "error before": error(model.linear),
      "with the outlier": error(hurt),
      times: error(hurt) / error(model.linear),
    };
  }),
  { decimals: 4, caption: "int8: root mean squared error of the other 32,767 weights" },
);

// %% [markdown]
// A block keeps the damage to 63 neighbours, and costs a scale for every block. With 4 bits there is less to waste, so the block
// matters more. The chart stores the three tensors in NF4 (section 5) with blocks from 16 to 4,096 weights. SNR is the power of
// the signal over that of the error, in decibels: 6 dB more is half the error.

// %% tags=["folded"]
import { dequantizeFourBit, quantizeFourBit } from "llmops/compute";

const bySize = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096].flatMap((blockSize) =>
  names.map((tensor) => {
    const stored = quantizeFourBit(tensors[tensor], { blockSize });
    const { snrDb } = quantizationError(tensors[tensor], dequantizeFourBit(stored));
    return { tensor, blockSize, bits: (8 * stored.bytes) / stored.length, snr: snrDb };
  }),
);
const snrAt = (tensor: string, size: number) => (bySize.find((row) => row.tensor === tensor && row.blockSize === size)?.snr ?? NaN).toFixed(1);
await showChart(
  {
    title: "NF4: larger blocks cost less and lose more",
    data: { values: bySize },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "blockSize", type: "quantitative", scale: { type: "log", base: 2 }, title: "weights that share a scale", axis: { values: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096] } },
      y: { field: "snr", type: "quantitative", title: "SNR (dB)", scale: { zero: false } },
      color: { field: "tensor", type: "nominal", sort: names, title: null },
    },
  },
  `SNR in dB for blocks of 16, 64 and 4,096: ${names.map((name) => `${name} ${[16, 64, 4096].map((size) => snrAt(name, size)).join(", ")}`).join("; ")}.`,
);
showTable(
  [16, 32, 64, 128, 4096].map((size) => ({ block: size, "bits a weight": 4 + 32 / size, ...Object.fromEntries(names.map((name) => [`${name} (dB)`, Number(snrAt(name, size))])) })),
  { decimals: 2 },
);

// %% [markdown]
// bitsandbytes takes 64: half a bit a weight for scales. LLM.int8() (https://arxiv.org/abs/2208.07339) meets outliers another way: in
// large models they sit in a few columns of the *activations*, so it keeps the columns with a magnitude of 6 or more in 16 bit and
// multiplies the rest in 8 (`llm_int8_threshold=6.0`). Here are activations with two such columns:

// %%
const activations = normalSample(64 * 256, { seed: 5 });
for (let row = 0; row < 64; row++) for (const column of [17, 90]) activations[row * 256 + column] *= 20;

const together = quantizeInt8(activations, { columns: 256 });
const apart = quantizeInt8(activations, { columns: 256, outlierThreshold: 6 });
showTable(
  [together, apart].map((stored) => ({
    "columns in 16 bit": stored.outliers?.columns.join(", ") ?? "none",
    bytes: stored.bytes,
    RMSE: quantizationError(activations, dequantizeInt8(stored)).rmse,
  })),
  { decimals: 4, caption: "int8, one scale for a row of 256 activations" },
);

// %% [markdown]
// ## 5. NF4: 16 values where the weights are
//
// With 16 codes, evenly spaced is wasteful: weights crowd around zero. NF4 (QLoRA, 2023) takes quantiles of the normal distribution,
// so that each code gets about as many weights. You can compute it. bitsandbytes starts from the outermost share 0.9677083, which is
// 1 − ½ (1/30 + 1/32), and goes to the middle in eight steps above zero and in seven below; zero itself is the sixteenth value.

// %%
import { normalQuantile } from "llmops/compute";

const outermost = 1 - (1 / 30 + 1 / 32) / 2;
const sharesIn = (steps: number) =>
  Array.from({ length: steps }, (_, i) => outermost - ((outermost - 0.5) * i) / steps);
const above = sharesIn(8).map(normalQuantile).reverse();
const below = sharesIn(7).map((share) => -normalQuantile(share));
const byHand = [...below, 0, ...above].map((quantile) => quantile / normalQuantile(outermost));
const shares = [...sharesIn(7).map((share) => 1 - share), 0.5, ...sharesIn(8).reverse()];
showTable(
  byHand.map((value, code) => ({
    code,
    "share of weights below": shares[code],
    "by hand": value,
    "in bitsandbytes": nf4[code],
  })),
  { decimals: 7, caption: "The 16 values of NF4" },
);
const gaps = byHand.map((value, code) => Math.abs(value - (nf4[code] ?? NaN)));
console.log(`Largest difference: ${Math.max(...gaps).toExponential(1)}, because bitsandbytes rounds on the way to fp32`);

// %% [markdown]
// Does it keep its promise on weights it has never seen? Count how often each code is used by the trained matrix, beside FP4, which
// spaces its codes like a floating point type.

// %% tags=["folded"]
import { codesOf, scalesOf } from "llmops/compute";

const usage = (["nf4", "fp4"] as const).flatMap((type) => {
  const book = type === "nf4" ? nf4Codebook() : fp4Codebook();
  const used = codesOf(quantizeFourBit(model.linear, { type }));
  const counts = new Map<number, number>();
  for (const code of used) counts.set(book[code] ?? NaN, (counts.get(book[code] ?? NaN) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).map(([value, count]) => ({ type: type.toUpperCase(), value: value.toFixed(3), share: count / used.length }));
});
const entropy = (type: string) => usage.filter((row) => row.type === type).reduce((sum, { share }) => sum - share * Math.log2(share), 0);
const busiest = (type: string) => usage.filter((row) => row.type === type).sort((a, b) => b.share - a.share)[0];
await showChart(
  {
    title: "How often the trained weights use each value",
    data: { values: usage },
    columns: 1,
    facet: { field: "type", type: "nominal", title: null, sort: ["NF4", "FP4"], header: { labelFontSize: 13 } },
    spec: {
      width: 480,
      height: 130,
      mark: "bar",
      encoding: {
        x: { field: "value", type: "nominal", sort: null, title: "value of the code (times absmax)", axis: { labelAngle: -60 } },
        y: { field: "share", type: "quantitative", title: "share", axis: { format: "%" } },
      },
    },
    resolve: { scale: { x: "independent" } },
  },
  `Share of weights by code. NF4: the most used value ${busiest("NF4")?.value} has ${(100 * (busiest("NF4")?.share ?? 0)).toFixed(0)}%. FP4: ${busiest("FP4")?.value} has ${(100 * (busiest("FP4")?.share ?? 0)).toFixed(0)}%.`,
);
console.log(`Information in a code, of 4 bits: NF4 ${entropy("NF4").toFixed(2)}, FP4 ${entropy("FP4").toFixed(2)}`);
const absmaxes = scalesOf(quantizeFourBit(tensors.normal));
const meanAbsmax = absmaxes.reduce((total, absmax) => total + absmax, 0) / absmaxes.length / sigma;
console.log(`NF4's outermost quantile: ${normalQuantile(outermost).toFixed(2)} deviations; the largest of 64 normal weights, on average: ${meanAbsmax.toFixed(2)}`);

// %% [markdown]
// Not quite even: the largest of 64 weights lies farther out than the quantile that stands for 1, so the outer codes are used less.
// FP4 has two holes, from 0.005 to 0.167, and codes for exactly zero that hardly any weight needs.
//
// ### Exercise: store a block in NF4
//
// Scale by absmax, find the nearest of the 16 values, and put two codes into a byte, the first in the upper four bits
// (16 × first + second). Return `{ absmax, bytes }`.

// %%
import { packNf4, type PackedBlock } from "llmops/exercises/62-5";

function packBlock(values: readonly number[], codebook: readonly number[]): PackedBlock {
  // BEGIN SOLUTION
  const absmax = Math.max(...values.map(Math.abs));
  const nearest = values.map((value) => {
    const distances = codebook.map((entry) => Math.abs(entry - value / absmax));
    return distances.indexOf(Math.min(...distances));
  });
  const bytes: number[] = [];
  for (let i = 0; i < nearest.length; i += 2) bytes.push(16 * (nearest[i] ?? 0) + (nearest[i + 1] ?? 0));
  return { absmax, bytes };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(packNf4, packBlock);

// %% [markdown]
// ## 6. Double quantisation: the scales are numbers too
//
// A scale in fp32 for 64 weights is half a bit a weight, an eighth of what the codes take. So quantise the scales: take their mean
// off, and store what is left in 8 bits, 256 scales to a scale of their own. The bytes, counted:

// %%
import { fourBitBytes, type NestedScales } from "llmops/compute";

const single = quantizeFourBit(model.linear);
const double = quantizeFourBit(model.linear, { doubleQuant: true });
const nested = double.absmax as NestedScales;
const perWeight = (stored: typeof single) => ((8 * stored.bytes) / stored.length).toFixed(3);
const errorOf = (stored: typeof single) => {
  return quantizationError(model.linear, dequantizeFourBit(stored)).snrDb.toFixed(2);
};
showTable(
  [
    { part: "codes", single: single.packed.length, double: double.packed.length },
    { part: "scales of blocks", single: single.bytes - single.packed.length, double: nested.scales.codes.length },
    { part: "scales of scales", single: 0, double: 4 * nested.scales.absmax.length },
    { part: "mean of the scales", single: 0, double: 4 },
    { part: "together", single: single.bytes, double: double.bytes },
  ],
  { caption: "Bytes of the trained matrix in NF4, scales in fp32 (single) and in 8 bit (double)" },
);
const inLarge = 4 + 8 / 64 + 32 / (64 * 256);
console.log(`Bits a weight: ${perWeight(single)} and ${perWeight(double)}`);
console.log(`In a large matrix: 4 + 8/64 + 32/(64 × 256) = ${inLarge.toFixed(3)}`);
console.log(`SNR: ${errorOf(single)} dB with fp32 scales, ${errorOf(double)} dB with 8-bit scales`);

// %% [markdown]
// What it costs stands in the last line: next to nothing. What it saves over the linear layers of Llama-3-8B:

// %%
import { countParameters, GIB, shapeOf } from "llmops/compute";

const llamaShape = shapeOf("Llama-3-8B");
const counted = countParameters(llamaShape);
const linearWeights = counted.attention + counted.feedForward;
const [once, twice] = [false, true].map((doubleQuant) => fourBitBytes(linearWeights, { doubleQuant }) / GIB);
console.log(`${once.toFixed(2)} GiB → ${twice.toFixed(2)} GiB, ${(once - twice).toFixed(2)} GiB less`);

// %% [markdown]
// ## 7. Every type, measured
//
// Q8_0, Q4_0 and Q4_K are block types of GGUF files, which llama.cpp and Ollama run. Q8_0 and Q4_0 are absmax in blocks of 32, with
// an fp16 scale and evenly spaced codes; Q4_K searches a scale and a minimum for each 32 weights. The last column is the one that
// counts in the end: the loss of the model when its linear layer went through the type.

// %%
import { measureType, storeAs, NUMBER_TYPES } from "llmops/compute";

const signed = (bits: number) => bits.toFixed(4).replace("-0.0000", "0.0000"); // not "minus nothing"
const lossWith = (changed: Partial<typeof model>) => bitsPerCharacter({ ...model, ...changed }, unseen);
const measured = NUMBER_TYPES.map((type) => {
  const { bitsPerWeight, bytes, max, rmse } = measureType(type, model.linear, LINEAR_COLUMNS);
  const snr = (name: keyof typeof tensors) => measureType(type, tensors[name], LINEAR_COLUMNS).snrDb;
  const linear = storeAs(type, model.linear, LINEAR_COLUMNS).values;
  return {
    type, bitsPerWeight, bytes, max, rmse,
    trained: snr("trained"), normal: snr("normal"), heavy: snr("heavy tails"),
    lossAdded: lossWith({ linear }) - lossAfter,
  };
});
const decibels = (value: number) => (value === Infinity ? "exact" : value.toFixed(1));
showTable(
  measured.map((row) => ({
    type: row.type,
    "bits a weight": row.bitsPerWeight.toFixed(3),
    KiB: (row.bytes / 1024).toFixed(1),
    "max error": row.max.toFixed(5),
    RMSE: row.rmse.toFixed(5),
    trained: decibels(row.trained),
    normal: decibels(row.normal),
    "heavy tails": decibels(row.heavy),
    "loss added": signed(row.lossAdded),
  })),
  { caption: "Size, errors (trained), SNR in dB of the three tensors, bits a character lost on unseen text" },
);

// %% tags=["folded"]
const lossy = measured.filter((row) => row.type !== "fp32");
const points = lossy.flatMap(({ type, trained, normal, heavy }) => [
  { tensor: "trained", type, snr: trained },
  { tensor: "normal", type, snr: normal },
  { tensor: "heavy tails", type, snr: heavy },
]);
await showChart(
  {
    title: "Signal to noise by type and tensor",
    height: 330,
    data: { values: points },
    mark: { type: "point", filled: true, size: 50, opacity: 1 },
    encoding: {
      y: { field: "type", type: "nominal", sort: lossy.map(({ type }) => type), title: null },
      yOffset: { field: "tensor", type: "nominal", sort: names },
      x: { field: "snr", type: "quantitative", title: "SNR (dB); 6 dB more is half the error" },
      color: { field: "tensor", type: "nominal", sort: names, title: null },
    },
  },
  `SNR in dB on trained, normal and heavy-tailed weights: ${lossy.map((row) => `${row.type} ${row.trained.toFixed(0)}, ${row.normal.toFixed(0)}, ${row.heavy.toFixed(0)}`).join("; ")}.`,
);

// %% [markdown]
// How much of the added loss is chance? Measure it on five pieces of the text instead of the whole:

// %%
const pieces = Array.from({ length: 5 }, (_, i) => unseen.slice(1000 * i, 1000 * (i + 1)));
const inPieces = (type: (typeof NUMBER_TYPES)[number]) => {
  const changed = { ...model, linear: storeAs(type, model.linear, LINEAR_COLUMNS).values };
  return pieces.map((piece) => bitsPerCharacter(changed, piece) - bitsPerCharacter(model, piece));
};
for (const type of ["Q8_0", "Q4_K", "Q4_0", "nf4", "fp4"] as const) {
  console.log(`${type.padEnd(5)} ${inPieces(type).map((added) => signed(added).padStart(8)).join("")}`);
}

// %% [markdown]
// - **8 bits cost no loss you can measure here.** By SNR there is one exception, one scale for a whole tensor with heavy tails: 17 dB,
//   less than NF4.
// - **What Q4_K and Q4_0 add is chance**: plus in one piece, minus in the next. NF4 is just above that, FP4 adds loss in every piece.
//   The SNR ranks types more finely than a loss on 5,000 characters can.
// - **FP4 is the worst.** It spends two codes on zero and two more right beside it.
// - **Q4_0 beats NF4 by half a decibel, on blocks half as long.** In blocks of 32 (section 4) NF4 has 21.2 dB too: giving every code
//   the same work is not the same as making the least error. NF4 pays off on heavy tails (20.1 dB against 18.0 in blocks of 32), and
//   in bits: with double quantisation it takes 4.13, the others 4.5.
// - **Q4_K has the least error of the 4-bit types**: it searches its scales and has a minimum besides.
//
// Now the other question: not which type, but which matrix. All in NF4:

// %%
const asNf4 = (values: Float32Array) => dequantizeFourBit(quantizeFourBit(values, { doubleQuant: true }));
const [linear4, embedding4, head4] = [asNf4(model.linear), asNf4(model.embedding), asNf4(model.head)];
const parts: [string, Partial<typeof model>][] = [
  ["linear layer", { linear: linear4 }],
  ["embedding", { embedding: embedding4 }],
  ["head", { head: head4 }],
  ["all three", { linear: linear4, embedding: embedding4, head: head4 }],
];
showTable(
  parts.map(([part, changed]) => ({
    "in NF4": part,
    weights: Object.values(changed).reduce((sum, values) => sum + values.length, 0),
    "loss added (bits)": lossWith(changed) - lossAfter,
  })),
  { decimals: 4 },
);

// %% [markdown]
// The head has a third of the weights of the linear layer and costs several times its loss: what is wrong there goes straight into
// the prediction. That is this small model; transformers keeps the head in 16 bit "for numerical stability reasons", as its source says.
//
// ## 8. Llama-3-8B in 4 bit
//
// transformers hands bitsandbytes the linear layers and leaves out the output head (5.23.0, `get_keys_to_not_convert`); an embedding
// is no linear layer, and norms are vectors. So 4 bit means this, with the shapes of the model's `config.json`:

// %%
import { linearSizes, weightTerms } from "llmops/compute";

const llama = [
  ...Object.entries(linearSizes(llamaShape)).map(([matrix, { input, output }]) => {
    const weights = llamaShape.layers * output * input;
    return { matrix: `${matrix}, ${output} × ${input}`, weights, in4: true };
  }),
  { matrix: "embed_tokens", weights: counted.embedding, in4: false },
  { matrix: "lm_head", weights: counted.head, in4: false },
  { matrix: "norms", weights: counted.vectors, in4: false },
].map((row) => {
  return { ...row, bytes: row.in4 ? fourBitBytes(row.weights, { doubleQuant: true }) : 2 * row.weights };
});
type Sum = "weights" | "bytes";
const sum = (rows: typeof llama, key: Sum) => rows.reduce((total, row) => total + row[key], 0);
showTable(
  [
    ...llama.map(({ matrix, weights, in4, bytes }) => {
      return { matrix, weights, stored: in4 ? "NF4, double" : "16 bit", GiB: bytes / GIB };
    }),
    { matrix: "together", weights: sum(llama, "weights"), stored: "", GiB: sum(llama, "bytes") / GIB },
  ],
  { decimals: 3, caption: `Llama-3-8B as bitsandbytes holds it, ${llamaShape.layers} layers` },
);
const in16 = llama.filter((row) => !row.in4);
const share = (key: Sum) => `${((100 * sum(in16, key)) / sum(llama, key)).toFixed(0)}%`;
console.log(`In 16 bit all of it would be ${((2 * sum(llama, "weights")) / GIB).toFixed(2)} GiB.`);
console.log(`The ${share("weights")} of the weights that stay there take ${share("bytes")} of the memory.`);
const planned = weightTerms(llamaShape, "nf4-dq").reduce((total, { bytes }) => total + bytes, 0);
console.log(`The planner of lesson 62.4 says ${(planned / GIB).toFixed(3)} GiB.`);

// %% [markdown]
// Not "4 GB", as many tables say. Unsloth's Llama-3 8B notebook, run on a T4, prints 5.613 GiB reserved after loading and adding the
// adapters (stored output, github.com/unslothai/notebooks at bdda2efc); the difference to your sum is 41.9 million adapter weights and
// what PyTorch's allocator rounds up.
//
// The settings that ask for it. Three defaults are not what you want: `fp4`, no double quantisation, and computing in fp32.
//
// ```python
// import torch
// from transformers import AutoModelForCausalLM, BitsAndBytesConfig
//
// model = AutoModelForCausalLM.from_pretrained(
//     "meta-llama/Meta-Llama-3-8B",
//     quantization_config=BitsAndBytesConfig(
//         load_in_4bit=True,
//         bnb_4bit_quant_type="nf4",              # default: "fp4"
//         bnb_4bit_use_double_quant=True,         # default: False
//         bnb_4bit_compute_dtype=torch.float16,   # default: torch.float32; a T4 has no bf16
//     ),
//     dtype=torch.float16,                        # of embedding, head and norms
//     device_map="auto",
// )
// ```
//
// ### Exercise: the bytes of a 4-bit model
//
// Write the sum for any model. `parts` counts the parameters: `linear` goes into NF4 with its scales (one for `blockSize` weights, 8-bit
// where `doubleQuant` is true), `embedding`, `head` and `norms` stay in 16 bit. Leave out the mean of the scales.

// %%
import { weightBytes, type ModelParts, type Storage4Bit } from "llmops/exercises/62-5";

function bytesOnCard(parts: ModelParts, storage: Storage4Bit): number {
  // BEGIN SOLUTION
  const blocks = parts.linear / storage.blockSize;
  const scales = storage.doubleQuant ? blocks + (4 * blocks) / 256 : 4 * blocks;
  return parts.linear / 2 + scales + 2 * (parts.embedding + parts.head + parts.norms);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(weightBytes, bytesOnCard);

// %% [markdown]
// ## 9. Stored in 4 bit, computed in 16
//
// No GPU multiplies NF4. The codes are looked up, scaled and turned into 16-bit numbers, and those are multiplied. For a long prompt or
// a batch in training bitsandbytes writes the whole matrix out in 16 bits and throws it away again; for a few tokens one kernel does both
// on the way (0.50, `backends/cuda/ops.py`). That costs time and saves memory. The 16-bit rounding adds nothing to the error:

// %%
const restored = dequantizeFourBit(double);
const restored16 = fromFloat16(toFloat16(restored));
const snrOf = (values: Float32Array) => quantizationError(model.linear, values).snrDb.toFixed(3);
console.log(`SNR of NF4 read back to fp32: ${snrOf(restored)} dB; to fp16: ${snrOf(restored16)} dB`);

// %% [markdown]
// Why not train the 4-bit weights themselves? A training step moves a weight by very little. Move every weight by a normal amount of
// one thousandth of the standard deviation, quantise again, and count the codes that changed:

// %%
const codesBefore = codesOf(single);
const moved = (size: number) => {
  const update = normalSample(model.linear.length, { seed: 3, scale: size * sigma });
  const updated = model.linear.map((weight, i) => weight + (update[i] ?? 0));
  const codesAfter = codesOf(quantizeFourBit(updated));
  return codesAfter.filter((code, i) => code !== codesBefore[i]).length / codesBefore.length;
};
showTable(
  [0.001, 0.01, 0.1].map((size) => ({
    "update (standard deviations)": size,
    "weights whose code changed (%)": 100 * moved(size),
  })),
  { decimals: 3 },
);

// %% [markdown]
// Nearly all of a small step is lost. QLoRA therefore freezes the 4-bit weights and trains adapters beside them in 16 or 32 bit.
//
// And which 16 bit? On a T4 it is fp16. Its trouble is the range: the smallest number above zero is 0.00000006, the largest 65,504.
// Watch a gradient of 0.00000001 and an activation of 70,000:

// %%
import { roundToBfloat16, roundToFloat16 } from "llmops/compute";

const gradient = 1e-8;
const LOSS_SCALE = 65536; // where PyTorch's GradScaler begins
showTable([
  { what: "gradient in fp16", result: String(roundToFloat16(gradient)) },
  {
    what: "times 65,536 in fp16, divided in fp32",
    result: (roundToFloat16(gradient * LOSS_SCALE) / LOSS_SCALE).toExponential(3),
  },
  { what: "gradient in bf16", result: roundToBfloat16(gradient).toExponential(3) },
  { what: "70,000 in fp16", result: String(roundToFloat16(70_000)) },
  { what: "70,000 in bf16", result: String(roundToBfloat16(70_000)) },
  { what: "1 + 0.003 in fp16", result: String(roundToFloat16(1.003)) },
  { what: "1 + 0.003 in bf16", result: String(roundToBfloat16(1.003)) },
]);

// %% [markdown]
// So training in fp16 multiplies the loss before the backward pass and divides the gradients after it (`fp16=True` does that), and
// anything above 65,504 becomes infinite. bf16 needs neither, and cannot tell 1.003 from 1. TRL's trainers choose bf16 when you say
// nothing (1.16, `base_config.py`): on a T4 say `bf16=False, fp16=True`. Lesson 62.6 shows what else TRL needs there.

// %% [markdown] tags=["instructor"]
// **For instructors.** The heart is section 4 and the last exercise: ask "how many GiB is Llama-3-8B in 4 bit?" before section 8 and
// collect the answers on the board; most will say 4. The character model trains in about four seconds on a laptop. Its loss says which
// way a type errs, not how much a large model loses; that needs an evaluation of the large model (chapter 69). Students who know
// GGUF will ask for Q4_K_M: a mixture of Q4_K and Q6_K matrices, so its bits a weight lie above 4.5.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I want to run a fine-tuned Llama-3-8B on a T4 with 14.74 GiB. Compare int8, NF4 with double quantisation and GGUF Q4_K_M: bytes of
// > the weights, expected loss of quality, and what the arithmetic runs in. Show the sums.
//
// ### 2. Critical evaluation
//
// Recompute each of its sums with `fourBitBytes`, `ggufBytes` and the table of section 8. Did it count the scales? Did it leave the
// embedding and the head in 16 bit? Which of its statements about quality came with a number, and which number had a source?
//
// ### 3. Constraint teaching
//
// > My model has a vocabulary of 256,000 and a hidden size of 2,048, with tied embeddings. Show how the share of memory that stays in
// > 16 bit changes, and say whether quantising the embedding would be worth it. I can accept at most 0.02 bits a character more loss.
//
// ### 4. Refinement
//
// Have it write an experiment on the character model of this lesson: keep the 5% of blocks with the largest error in 8 bit, the rest in
// NF4. Run it. How many bits a weight does it cost, and how much of the loss does it win back?
//
// ### 5. Final check
//
// > Here is my table of types with bits a weight, SNR and added loss: [paste the table of section 7]. Which conclusion for an 8B model
// > does it not support?
