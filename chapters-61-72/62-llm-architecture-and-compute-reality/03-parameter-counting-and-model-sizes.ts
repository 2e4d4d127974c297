// ---
// chapter: 62
// lesson: 3
// title: Parameter Counting and Model Sizes
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Parameter counting formula (embedding + attention + FFN)
//   - Model size tiers (7B, 13B, 70B) and capabilities
//   - Scaling laws (bigger ≠ always better for specialized tasks)
// maps: SC-002 (<5% OOM rate), foundation for VRAM planning
// prerequisites: lesson 62.1, or what hidden, layers, heads and ffn are in a config.json
// ---

// %% [markdown]
// "8B" is the first thing you learn of a model, and it is rounded by people who sell it. Memory does not round. In this
// lesson you count Llama-3-8B to the last parameter and find the same number that its publisher prints. Then you look at
// where parameters are, what a size class means on a T4, what LoRA adds, and what the scaling laws say about size, and what
// they do not say about your task.

// %% [markdown]
// ## 1. Count a model
//
// A matrix with `input` columns and `output` rows has input × output parameters. Llama-3-8B has seven of them in each layer,
// two norms, and outside of the layers two tables and one last norm. That is all of it:

// %%
import { check, showChart, showTable, todo, workbookPath } from "llmops/course";
import { countParameters, findModel, MODELS, type ModelShape } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const { hidden, layers, heads, kvHeads, headDim, ffn, vocab } = llama;
const rows: [part: string, formula: string, times: number, each: number][] = [
  ["embedding", `${vocab} × ${hidden}`, 1, vocab * hidden],
  ["query", `${hidden} × (${heads} × ${headDim})`, layers, hidden * heads * headDim],
  ["key", `${hidden} × (${kvHeads} × ${headDim})`, layers, hidden * kvHeads * headDim],
  ["value", `${hidden} × (${kvHeads} × ${headDim})`, layers, hidden * kvHeads * headDim],
  ["output of attention", `(${heads} × ${headDim}) × ${hidden}`, layers, heads * headDim * hidden],
  ["gate", `${hidden} × ${ffn}`, layers, hidden * ffn],
  ["up", `${hidden} × ${ffn}`, layers, hidden * ffn],
  ["down", `${ffn} × ${hidden}`, layers, ffn * hidden],
  ["two norms", `2 × ${hidden}`, layers, 2 * hidden],
  ["last norm", `${hidden}`, 1, hidden],
  ["head", `${hidden} × ${vocab}`, 1, hidden * vocab],
];
let sum = 0;
showTable(
  rows.map(([part, formula, times, each]) => {
    sum += each * times;
    return { part, formula, "in one": each, times, parameters: each * times, "sum so far": sum };
  }),
  { caption: "Llama-3-8B, by hand" },
);
console.log(`the library counts ${countParameters(llama).total.toLocaleString("en-US")}`);

// %% [markdown]
// 8,030,261,248: that is what its page on the Hugging Face Hub prints. And PEFT, with an adapter of rank 8 on query and value
// (lesson 62.1), prints `all params: 8,033,669,120`, which is this number and the adapter's 3,407,872 together. So "8B" is
// 8.03, and it is honest. Others round more freely:

// %%
// Totals as the models' pages on the Hugging Face Hub print them from their safetensors files, 2026-11.
const printed: Record<string, number> = {
  "Qwen2.5-0.5B": 494_032_768,
  "Gemma-3-1B": 999_885_952,
  "TinyLlama-1.1B": 1_100_048_384,
  "Llama-3.2-1B": 1_235_814_400,
  "Gemma-2-2B": 2_614_341_888,
  "Llama-2-7B": 6_738_415_616,
  "Mistral-7B-v0.1": 7_241_732_096,
  "Qwen2.5-7B": 7_615_616_512,
  "Llama-3-8B": 8_030_261_248,
  "Qwen3-8B": 8_190_735_360,
};
showTable(
  Object.entries(printed).map(([name, total]) => {
    const counted = countParameters(findModel(name).shape).total;
    const called = Number(/([\d.]+)B$/u.exec(name.replace("-v0.1", ""))?.[1]) * 1e9;
    const more = (100 * (total - called)) / called;
    return { name, printed: total, counted, difference: counted - total, "% more than its name": more };
  }),
  { decimals: 1, caption: "Counted from the shape, and printed" },
);

// %% [markdown]
// The difference is 0 everywhere: counting is not an estimate. A name is one. The model called 2B has nearly a third more,
// and among those called 7B nearly a billion lies between the smallest and the largest.
//
// A printed number can mislead too. Qwen3-0.6B counts 596,049,920, and the Hub prints 751,632,384: its file holds the head a
// second time, though the model ties it to the embedding. The 155,582,464 between them are exactly the table.
//
// ### Exercise: count them yourself
//
// Write `parametersOf` for a shape, without `countParameters`. Two things that Llama-3-8B does not have: where `tied` is
// true, the head is the embedding; where `qkvBias` is true, query, key and value have a bias, a number for each of their
// outputs. (Gemma's four norms a layer and Qwen3's norms of queries and keys are not asked for.)

// %%
import { parametersExercise } from "llmops/exercises/62-3";

function parametersOf(shape: ModelShape): number {
  // BEGIN SOLUTION
  const query = shape.heads * shape.headDim;
  const key = shape.kvHeads * shape.headDim;
  const attention = 2 * shape.hidden * query + 2 * shape.hidden * key;
  const bias = shape.qkvBias ? query + 2 * key : 0;
  const layer = attention + bias + 3 * shape.hidden * shape.ffn + 2 * shape.hidden;
  const table = shape.vocab * shape.hidden;
  return shape.layers * layer + shape.hidden + (shape.tied ? table : 2 * table);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(parametersExercise, parametersOf);

// %% [markdown]
// ## 2. Where the parameters are
//
// The same three parts, in every text model that the library knows (one of each shape):

// %%
const totalOf = (shape: ModelShape) => countParameters(shape).total;
const shapes = MODELS.map(({ shape }) => shape)
  .filter((shape, at, all) => shape.extraParameters === 0 && all.findIndex((other) => totalOf(other) === totalOf(shape)) === at)
  .toSorted((a, b) => totalOf(a) - totalOf(b));
const parts = shapes.map((shape) => {
  const { embedding, head, attention, feedForward, total } = countParameters(shape);
  const percent = (count: number) => (100 * count) / total;
  return {
    name: shape.name, total,
    tables: percent(embedding + head), attention: percent(attention), feedForward: percent(feedForward),
  };
});
const whole = (value: number) => value.toFixed(0);
const range = (values: number[]) => `${whole(Math.min(...values))} to ${whole(Math.max(...values))}%`;
const tablesRange = range(parts.map(({ tables }) => tables));
const attentionRange = range(parts.map(({ attention }) => attention));
const ffnRange = range(parts.map(({ feedForward }) => feedForward));
console.log(`${parts.length} shapes: tables ${tablesRange}, attention ${attentionRange}, feed-forward ${ffnRange}`);
const largest = parts.filter(({ tables, attention, feedForward: f }) => f > Math.max(tables, attention)).length;
const most = parts.filter(({ feedForward }) => feedForward > 60).length;
console.log(`The feed-forward network is the largest part in ${largest} of them, and over 60% in ${most}`);

// %% tags=["folded"]
const partNames = ["embedding and head", "attention", "feed-forward"];
await showChart(
  {
    title: "Where the parameters are, from the smallest model to the largest",
    width: 520,
    height: 15 * parts.length,
    data: {
      values: parts.flatMap(({ name, total, tables, attention, feedForward }) =>
        [tables, attention, feedForward].map((share, order) => ({ model: `${name}, ${(total / 1e9).toFixed(2)}`, part: partNames[order], share, order })),
      ),
    },
    mark: { type: "bar" },
    encoding: {
      y: { field: "model", type: "nominal", sort: null, title: "model, billion parameters", axis: { labelFontSize: 11, labelLimit: 240 } },
      x: { field: "share", type: "quantitative", title: "% of all parameters", scale: { domain: [0, 100] } },
      color: { field: "part", type: "nominal", title: null, scale: { domain: partNames, range: ["#009E73", "#56B4E9", "#E69F00"] }, legend: { orient: "top" } },
      order: { field: "order" },
    },
  },
  `Shares of all parameters in ${parts.length} models: embedding and head ${tablesRange}, attention ${attentionRange}, feed-forward ${ffnRange}. ${parts.filter(({ name }) => ["Qwen2.5-0.5B", "Qwen-1.8B", "Llama-2-7B", "Llama-3-8B", "Llama-3.1-70B"].includes(name)).map(({ name, tables, attention, feedForward }) => `${name}: ${tables.toFixed(1)}, ${attention.toFixed(1)} and ${feedForward.toFixed(1)}%`).join("; ")}.`,
);

// %% [markdown]
// Three things to read off.
//
// **A vocabulary weighs most in small models.** The table grows with `hidden`, the layers with its square. Small models
// therefore often tie the head to the embedding. What tying saves, and what remains for the layers:

// %%
const M = (count: number) => count / 1e6;
showTable(
  ["Qwen2.5-0.5B", "Qwen3-0.6B", "Gemma-3-1B", "Llama-3.2-1B", "Qwen2.5-7B", "Llama-3-8B"].map((name) => {
    const { shape } = findModel(name);
    const { total, embedding, head } = countParameters(shape);
    return {
      name,
      "one table": M(shape.vocab * shape.hidden),
      tied: shape.tied,
      "total now": M(total),
      "if it were untied": M(countParameters({ ...shape, tied: false }).total),
      "without tables": M(total - embedding - head),
      "% in tables": (100 * (embedding + head)) / total,
    };
  }),
  { decimals: 1, caption: "Millions of parameters" },
);

// %% [markdown]
// Qwen2.5-0.5B spends more than a quarter of itself on its vocabulary, and untied it would be larger by as much again. Its
// [model card](https://huggingface.co/Qwen/Qwen2.5-0.5B) gives both numbers: 0.49B parameters, 0.36B of them "non-embedding".
//
// **Grouped queries shrink attention**, and what they free goes elsewhere. Give each model as many key heads as query heads:

// %%
showTable(
  ["Llama-2-7B", "Mistral-7B-v0.1", "Llama-3-8B", "Qwen2.5-7B", "Llama-3.1-70B"].map((name) => {
    const { shape } = findModel(name);
    const now = countParameters(shape);
    const full = countParameters({ ...shape, kvHeads: shape.heads });
    return {
      name,
      "query / key heads": `${shape.heads} / ${shape.kvHeads}`,
      "attention, billion": now.attention / 1e9,
      "with all keys": full.attention / 1e9,
      "saved, billion": (full.total - now.total) / 1e9,
      "% of the model": (100 * (full.total - now.total)) / now.total,
      ffn: shape.ffn,
    };
  }),
  { decimals: 2, caption: "What fewer key heads save in weights" },
);

// %% [markdown]
// Llama-2-7B and Mistral-7B have the same width and as many layers. Mistral saved 0.8 billion in attention and widened the
// feed-forward network from 11,008 to 14,336, which cost 1.3 billion. Llama-3-8B is Mistral's shape with a vocabulary four
// times as large: this alone is the step from 7 to 8.

// %%
const mistral = findModel("Mistral-7B-v0.1").shape;
const wider = countParameters({ ...mistral, vocab: llama.vocab }).total;
console.log(`Mistral-7B with a vocabulary of ${llama.vocab.toLocaleString("en-US")}: ${wider.toLocaleString("en-US")}`);

// %% [markdown]
// **The feed-forward network is the largest part**, in every model and in most of them by far.
//
// ## 3. Tiers: what a size means on a card
//
// People speak of a 7B, 13B or 70B class. For planning, a class means memory: two bytes a parameter in fp16; about half a
// byte in NF4, but for the layers only, since tables and norms stay in 16 bits (lesson 62.5). The last columns ask the
// planner of lesson 62.4: does it run on a T4 with 2,048 tokens, and does QLoRA train on it (rank 16, rows of 1,024 tokens,
// one at a time, with Unsloth)?

// %%
import { GIB, GPUS, judgeFit, planInference, planTraining, weightTerms, type StorageName } from "llmops/compute";

const T4 = GPUS.t4.usableBytes;
const weightsIn = (shape: ModelShape, storage: StorageName) =>
  weightTerms(shape, storage).reduce((total, { bytes }) => total + bytes, 0);
const tiers = [
  "Qwen2.5-0.5B", "Llama-3.2-1B", "Llama-3.2-3B", "Qwen3-4B", "Mistral-7B-v0.1",
  "Llama-3-8B", "Llama-2-13B", "Qwen3-14B", "Qwen3-32B", "Llama-3.1-70B",
];
const sizes = tiers.map((name) => {
  const { shape } = findModel(name);
  const runs = (storage: StorageName) =>
    judgeFit(planInference({ model: name, storage, context: 2048, gpu: "t4" }), T4, "T4").fits;
  const training = planTraining({
    model: name, method: "qlora", framework: "unsloth", gpu: "t4", rank: 16, sequence: 1024, batch: 1,
  });
  return {
    name,
    billion: countParameters(shape).total / 1e9,
    fp16: weightsIn(shape, "fp16") / GIB,
    nf4: weightsIn(shape, "nf4-dq") / GIB,
    runsFp16: runs("fp16"),
    runsNf4: runs("nf4-dq"),
    peak: training.peakBytes / GIB,
    trains: judgeFit(training, T4, "T4").fits,
  };
});
showTable(
  sizes.map(({ name, billion, fp16, nf4, runsFp16, runsNf4, peak, trains }) => ({
    name, billion,
    fp16, NF4: nf4, "bits in NF4": (nf4 * GIB * 8) / (billion * 1e9),
    "fp16 runs": runsFp16, "NF4 runs": runsNf4, "QLoRA peak": peak, "QLoRA runs": trains,
  })),
  { decimals: 2, caption: `Weights and peaks in GiB, bits a parameter, and what runs on a T4 with its ${(T4 / GIB).toFixed(2)} GiB` },
);

// %% tags=["folded"]
const storages = ["fp16", "NF4"];
await showChart(
  {
    title: "Weights alone, against a T4",
    width: 540,
    height: 270,
    layer: [
      {
        data: { values: sizes.map(({ name, fp16, nf4 }) => ({ name, fp16, nf4 })) },
        mark: { type: "rule", color: "#9aa0a6", strokeWidth: 2 },
        encoding: {
          y: { field: "name", type: "nominal", sort: null, title: null },
          x: { field: "nf4", type: "quantitative", title: "GiB (each step doubles)", scale: { type: "log", base: 2, domain: [0.25, 160], nice: false } },
          x2: { field: "fp16" },
        },
      },
      {
        data: { values: sizes.flatMap(({ name, fp16, nf4 }) => [{ name, storage: "fp16", gib: fp16 }, { name, storage: "NF4", gib: nf4 }]) },
        mark: { type: "point", filled: true, size: 110, opacity: 1 },
        encoding: {
          y: { field: "name", type: "nominal", sort: null },
          x: { field: "gib", type: "quantitative" },
          color: { field: "storage", type: "nominal", title: null, sort: storages },
          shape: { field: "storage", type: "nominal", sort: storages, legend: null },
        },
      },
      {
        data: { values: [{ gib: T4 / GIB, label: `T4, ${(T4 / GIB).toFixed(1)} GiB` }] },
        mark: { type: "rule", color: "#D55E00", strokeWidth: 2, strokeDash: [6, 3] },
        encoding: { x: { field: "gib", type: "quantitative" } },
      },
      {
        data: { values: [{ gib: T4 / GIB, label: `T4, ${(T4 / GIB).toFixed(1)} GiB` }] },
        mark: { type: "text", color: "#D55E00", align: "left", dx: 6, fontSize: 12 },
        encoding: { x: { field: "gib", type: "quantitative" }, y: { value: 13 }, text: { field: "label" } },
      },
    ],
  },
  `Weights in GiB, fp16 and NF4: ${sizes.map(({ name, fp16, nf4 }) => `${name} ${fp16.toFixed(1)} and ${nf4.toFixed(1)}`).join(", ")}. The line of the T4 stands at ${(T4 / GIB).toFixed(1)}.`,
);

// %% [markdown]
// - The border for fp16 runs between 7B and 8B, by a hair: the weights of Llama-3-8B alone are larger than a T4. Mistral-7B
//   fits, and little else fits beside it.
// - In 4 bits the border runs between 14B and 32B, for running and for training. Above it only fewer bits are left (with
//   their loss of quality), or a part of the model in the computer's memory, or another card.
// - Small models profit less from 4 bits, since the tables stay: Qwen2.5-0.5B keeps 7 bits a parameter. And a large
//   vocabulary costs Llama-3-8B more than one bit, beside Llama-2-13B.
//
// ### What can a tier do?
//
// A size says little without a date. MMLU (5-shot) of the base models, as Meta's [Llama 3 model
// card](https://github.com/meta-llama/llama3/blob/main/MODEL_CARD.md) (April 2024) prints it:
//
// | tier | Llama 2 (July 2023) | Llama 3 (April 2024) |
// | --- | ---: | ---: |
// | 7B, 8B | 45.7 | 66.6 |
// | 13B | 53.8 | |
// | 70B | 69.7 | 79.5 |
//
// Within a generation the larger model is better, by much. And the small one of the next year is far above the 13B of the
// last, and three points below its 70B. Choose a recent model of the size that fits; do not choose a size first. (One
// benchmark, the publisher's own figures. It says nothing about tool calls or about your tasks.)
//
// ## 4. LoRA's share
//
// Once the targets are chosen, the rank alone sets an adapter's size, and it counts linearly. Training keeps sixteen bytes for
// each trained parameter when adapter, gradient and Adam's two states are in 32 bits (4 + 4 + 8); a saved adapter takes two:

// %%
import { countLora } from "llmops/compute";

showTable(
  [4, 8, 16, 32, 64, 128, 256].map((rank) => {
    const share = (name: string) => {
      const { shape } = findModel(name);
      return (100 * countLora(shape, rank, ["all-linear"])) / countParameters(shape).total;
    };
    const trained = countLora(llama, rank, ["all-linear"]);
    return {
      rank,
      "% of Qwen2.5-0.5B": share("Qwen2.5-0.5B"),
      "of Llama-3-8B": share("Llama-3-8B"),
      "of Llama-3.1-70B": share("Llama-3.1-70B"),
      "8B: million": M(trained),
      "training, GiB": (16 * trained) / GIB,
      "file, MB": M(2 * trained),
    };
  }),
  { decimals: 2, caption: "LoRA on all seven matrices: share of three models; of Llama-3-8B also the size" },
);

// %% [markdown]
// Rank 16 is half a percent of Llama-3-8B, and 0.6 GiB in training. The same rank is a larger part of a small model: the
// adapter grows with the width, the matrix with its square. Share is not quality: whether a rank is enough depends on how
// much your rows have to teach, and you find out by training twice (chapter 64).
//
// ## 5. Scaling laws
//
// How large should a model be? In 2020 [Kaplan et al.](https://arxiv.org/abs/2001.08361) found that a model's loss falls as a
// power of its size, its data and its compute, and concluded (as section 1 of the second paper puts it): with ten times the
// compute, make the model 5.5 times larger and the data 1.8 times. In 2022 [Hoffmann et al.](https://arxiv.org/abs/2203.15556)
// repeated it with other training schedules and came to another result: both should grow alike, by about 3.2 times each. They
// trained Chinchilla (70B) with the compute of Gopher (280B), and it was better. Its ratio became the rule of thumb: **20
// tokens for each parameter**.
//
// Training takes about 6 operations for each parameter and token: two forward, four back. So compute = 6 × parameters ×
// tokens.

// %%
import { trainingFlops } from "llmops/compute";

// Tokens: arXiv 2005.14165 (GPT-3), 2112.11446 (Gopher), 2203.15556 (Chinchilla), 2307.09288 (Llama 2), 2401.02385 (TinyLlama:
// 1 trillion, three times), 2412.15115 (Qwen2.5); Llama 3: its model card, "15T+".
const runs: { name: string; parameters: number; tokens: number; year: number }[] = [
  { name: "GPT-3", parameters: 175e9, tokens: 300e9, year: 2020 },
  { name: "Gopher", parameters: 280e9, tokens: 300e9, year: 2021 },
  { name: "Chinchilla", parameters: 70e9, tokens: 1.4e12, year: 2022 },
];
const open: [name: string, tokens: number, year: number][] = [
  ["Llama-2-7B", 2e12, 2023], ["Llama-2-70B", 2e12, 2023], ["TinyLlama-1.1B", 3e12, 2024],
  ["Llama-3-8B", 15e12, 2024], ["Qwen2.5-7B", 18e12, 2024],
];
for (const [name, tokens, year] of open) runs.push({ name, parameters: totalOf(findModel(name).shape), tokens, year });
showTable(
  runs.map(({ name, parameters, tokens, year }) => ({
    name, year: String(year),
    "billion parameters": parameters / 1e9,
    "billion tokens": tokens / 1e9,
    "tokens a parameter": tokens / parameters,
    compute: (6 * parameters * tokens).toExponential(1),
  })),
  { decimals: 1, caption: "Pretraining runs; compute by the rule of 6" },
);
const exact = trainingFlops(llama, 8192, { frozen: false, recompute: false });
console.log(`Llama-3-8B by trainingFlops, rows of 8,192: ${(exact / countParameters(llama).total).toFixed(1)} operations a parameter and token`);

// %% [markdown]
// Gopher and Chinchilla had the same budget; the rule of 6 is a little rough. And the small models of 2024 are trained on a
// hundred times the "optimal" ratio.
// That is no error: Chinchilla asks how to reach a loss with the least *training*. Who serves a model for years pays for its
// size with every answer, so a smaller model trained for longer is cheaper in all (from about a billion requests on, by
// [Sardana et al. 2023](https://arxiv.org/abs/2401.00448)).
//
// The law itself is a fitted formula: loss = E + A / parameters^α + B / tokens^β. Spend one budget in different ways, and it
// draws a valley. The constants are those of [Besiroglu et al. 2024](https://arxiv.org/abs/2404.10102), who found that the
// ones printed in 2022 were badly fitted.

// %%
const FIT = { E: 1.8172, A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658 };
const lossOf = (parameters: number, tokens: number) =>
  FIT.E + FIT.A / parameters ** FIT.alpha + FIT.B / tokens ** FIT.beta;
const spend = (compute: number, parameters: number) => {
  const tokens = compute / (6 * parameters);
  const [budget, billion, ratio] = [compute.toExponential(0), parameters / 1e9, tokens / parameters];
  return { budget, parameters, billion, tokens, ratio, loss: lossOf(parameters, tokens) };
};
// The bottom: where a little more size gains as much as the tokens that it costs would.
const bestOf = (compute: number) =>
  (((FIT.alpha * FIT.A) / (FIT.beta * FIT.B)) * (compute / 6) ** FIT.beta) ** (1 / (FIT.alpha + FIT.beta));
const budgets = [1e20, 1e21, 1e22, 1e23, 1e24];
const bottoms = budgets.map((compute) => spend(compute, bestOf(compute)));
showTable(
  bottoms.map(({ budget, parameters, billion, tokens, ratio, loss }, at) => ({
    operations: budget,
    "best size, billion": billion,
    "tokens, billion": tokens / 1e9,
    "tokens a parameter": ratio,
    loss,
    "loss at half the size": spend(budgets[at], parameters / 2).loss,
    "at twice the size": spend(budgets[at], parameters * 2).loss,
  })),
  { decimals: 2, caption: "The bottom of each valley" },
);
const [short, long] = [20 * 8.03e9, 15e12].map((tokens) => lossOf(8.03e9, tokens).toFixed(2));
console.log(`8.03 billion parameters: loss ${short} after 20 tokens a parameter, ${long} after 15 trillion tokens`);
console.log(`70 billion parameters after 20 tokens each: loss ${lossOf(70e9, 1.4e12).toFixed(2)}`);

// %% tags=["folded"]
await showChart(
  {
    title: "One budget, spent in different ways",
    width: 540,
    height: 280,
    layer: [
      {
        data: {
          values: budgets
            .flatMap((compute) => Array.from({ length: 81 }, (_, step) => spend(compute, 10 ** (8 + step / 20))))
            .filter(({ ratio }) => ratio > 0.2 && ratio < 5000),
        },
        mark: { type: "line" },
        encoding: {
          x: {
            field: "billion", type: "quantitative", title: "billion parameters",
            scale: { type: "log", domain: [0.1, 1000] }, axis: { values: [0.1, 1, 10, 100, 1000], format: "~g" },
          },
          y: { field: "loss", type: "quantitative", title: "loss on the next token, by the formula", scale: { zero: false } },
          color: { field: "budget", type: "nominal", title: "operations", sort: null },
        },
      },
      { data: { values: bottoms }, mark: { type: "point", filled: true, size: 80, color: "#202124", opacity: 1 }, encoding: { x: { field: "billion", type: "quantitative" }, y: { field: "loss", type: "quantitative" } } },
    ],
  },
  `Loss against parameters for five budgets; each curve is a flat valley. Bottoms: ${bottoms.map(({ budget, parameters, loss }) => `${budget} operations at ${(parameters / 1e9).toFixed(1)} billion parameters, loss ${loss.toFixed(2)}`).join("; ")}.`,
);

// %% [markdown]
// The valleys are flat: half or twice the best size costs three hundredths at most. The bottom lies near 20 tokens a
// parameter for all these budgets, but a flat bottom is also a wide one, and "20" is a rule of thumb. And by the formula 15
// trillion tokens carry an 8B most of the way to a 70B that was trained at the ratio of 20. That is the bargain of small
// models.
//
// How far to trust it? The experiments had up to 16 billion parameters and 500 billion tokens. 15 trillion is far outside of
// that, and the formula flatters it: Sardana and others trained models on up to 10,000 tokens a parameter, and found that a law
// fitted at the usual ratios promises too much of the additional tokens, though the models went on getting better. And the
// loss is that of guessing the next token of web text: a hundredth of it has no fixed price in right answers.
//
// ### Exercise: spend a budget
//
// Write `optimalModel`: for a compute budget in operations, `{ parameters, tokens }` that use it up at 20 tokens a parameter.

// %%
import { budgetExercise, type Allocation } from "llmops/exercises/62-3";

function optimalModel(compute: number): Allocation {
  // BEGIN SOLUTION
  const parameters = Math.sqrt(compute / (6 * 20));
  return { parameters, tokens: 20 * parameters };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(budgetExercise, optimalModel);

// %% [markdown]
// ## 6. Is bigger better for your task?
//
// You will not pretrain. What these budgets mean for you, one cell shows: three rounds over the Task API set, as QLoRA on a
// T4.

// %%
import { computeShare, hoursFor, trainingRate } from "llmops/compute";
import { countTokens, readExamples } from "llmops/data";

const examples = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
const tokensSeen = 3 * examples.reduce((total, example) => total + countTokens(example), 0);
const YEAR = 365.25 * 24 * 3600;
// The best that steps on a T4 were timed at, as a share of its datasheet.
const years = (flops: number) => flops / (GPUS.t4.flops.fp16 * computeShare(GPUS.t4).high) / YEAR;
showTable(
  ["Llama-3.2-1B", "Llama-3.2-3B", "Llama-3-8B", "Qwen3-14B"].map((name) => {
    const { shape } = findModel(name);
    const { total } = countParameters(shape);
    const rate = trainingRate(shape, GPUS.t4, { sequence: 128, frozen: true, recompute: true });
    const hours = hoursFor(tokensSeen, rate);
    return {
      name,
      "fine-tuning, minutes": `${(60 * hours.low).toFixed(1)} to ${(60 * hours.high).toFixed(1)}`,
      "pretraining at 20 tokens a parameter, T4 years": years(6 * total * 20 * total),
    };
  }),
  { decimals: 1, caption: `${examples.length} rows, three times: ${tokensSeen.toLocaleString("en-US")} tokens (o200k_base). Computing only, without loading and padding` },
);

// %% [markdown]
// (The rates are those that steps on a T4 were timed at. QLoRA reached the lower half: expect the longer time.) So on 400
// rows size is no question of training cost. It is one of memory, of speed when serving, and of quality. About quality you
// will hear that "a fine-tuned 7B beats a prompted 70B". What is evidence, and what is not?
//
// | claim | evidence | what it did not show |
// | --- | --- | --- |
// | Small tuned models can beat a large prompted one on a narrow task | [LoRA Land](https://arxiv.org/abs/2405.00732), April 2024: 310 4-bit LoRA models on ten bases, 31 tasks, on average 10 points above GPT-4 | GPT-4 got one example at most. An average, not every task. The authors' company sells fine-tuning |
// | Prompting a large model can beat models tuned for the field | [Medprompt](https://arxiv.org/abs/2311.16452), November 2023: GPT-4 with careful prompts was best on all nine sets of medical questions, above Med-PaLM 2 | Exam questions; several calls for each answer. The authors' company sells GPT-4 |
// | Among tuned models a larger base is better | [Zhang et al.](https://arxiv.org/abs/2402.17193), February 2024: bases of 1B to 16B, translation and summaries; a larger base helped more than more pretraining data; more trained parameters hardly helped | Two kinds of task. The best method changed from task to task |
// | For *your* task a 7B is enough | none, until you measure | |
//
// All can be true at once: they answer different questions. The last one only your test set answers. How well can it?

// %%
import { wilson } from "llmops/teacher";

const interval = (share: number, of: number) => {
  const { low, high } = wilson(Math.round(share * of), of);
  return `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}%`;
};
showTable(
  [50, 100, 200, 500, 1000, 2000].map((of) => {
    return { "test rows": of, "90% right": interval(0.9, of), "92% right": interval(0.92, of) };
  }),
  { caption: "The 95% interval of a model's true share, by the size of the test set" },
);

// %% [markdown]
// The Task API's 50 test rows tell a good model from a bad one. They cannot tell a 7B with 90% from a 13B with 92%; even with
// 2,000 the intervals overlap. (Comparing two models row by row is sharper than comparing two intervals: chapter 69.) Before
// you pay for the next tier, make the test set large enough to see what it buys, and spend a day on data first: it costs no
// memory.
//
// Choose then in this order: the largest recent model that fits your card in training *and* serving; the next smaller one
// beside it; the same rows, the same recipe; and the smaller one, unless the test set shows a difference that your users
// would notice.

// %% [markdown] tags=["instructor"]
// **For instructors.** Let students guess the share of the vocabulary in Qwen2.5-0.5B before section 2 (most say 5%). In the
// first exercise the common errors are two feed-forward matrices (the classic MLP, without the gate) and full-width keys;
// Qwen2.5-0.5B catches tying and biases. Section 5: ask why Llama 3 ignores Chinchilla. "Because Chinchilla is wrong" is the
// wrong answer. Section 6 is for debate: give each group one row of the table and have it attack the claim by the last
// column. The instructive fourth row is empty on purpose.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I want to fine-tune a model for managing tasks by chat. I have one T4 and 400 rows. Which size should I take, 1B, 3B, 7B
// > or 14B, and why?
//
// ### 2. Critical evaluation
//
// Mark each reason it gives: computed, cited or assumed. Recompute the memory with `planTraining` and `planInference`. Does
// it know that names round? Does it give a benchmark number? Ask for the source, and look it up.
//
// ### 3. Constraint teaching
//
// > Here are weights, QLoRA peaks and tokens per second of four models on my card: [paste your table]. My answers must come
// > within two seconds, 60 tokens each. Which sizes are left, and which measurement would decide between them?
//
// ### 4. Refinement
//
// Tell it that a colleague says "a tuned 7B beats a prompted 70B". Ask for the best evidence for and against, with dates, and
// for what each study did not test. Compare with the table in section 6.
//
// ### 5. Final check
//
// > I will compare two sizes on a test set of 50 rows. The smaller got 44 right, the larger 46. What may I conclude?
//
// Compute the two intervals yourself. If its answer names a winner, ask how often two equal models would differ by two.
