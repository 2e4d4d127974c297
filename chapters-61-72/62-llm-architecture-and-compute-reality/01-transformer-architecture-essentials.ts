// ---
// chapter: 62
// lesson: 1
// title: Transformer Architecture Essentials
// layer: Layer 1 (Conceptual Foundation)
// minutes: 45
// concepts:
//   - Attention mechanism (query, key, value)
//   - Multi-head attention
//   - Feed-forward network layers
//   - Layer normalization and residual connections
// maps: Foundation for understanding LoRA targeting
// prerequisites: arrays and functions in TypeScript; what a vector and a matrix are
// ---

// %% [markdown]
// When you fine-tune, you choose a model, a context length and the matrices that LoRA may change. Each of these choices is
// about a part of the transformer, and each has a price that can be computed. In this lesson you take a model apart: you draw
// it from its own numbers, compute attention by hand, see what grows with the context, and count what an adapter adds. At the
// end you can read a `config.json` and say what it means for memory, for speed and for LoRA.

// %% [markdown]
// ## 1. Ten numbers make a model
//
// A modern language model is the same block, repeated. Its `config.json` holds some ten numbers, and from them everything in
// this chapter follows. The library knows the shapes of many models:

// %%
import { check, showChart, showTable, todo, type ChartSpec } from "llmops/course";
import { countParameters, findModel, linearSizes, LINEARS, type Linear, type ModelShape } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const names = ["Llama-2-7B", "Llama-3-8B", "Qwen2.5-0.5B", "Qwen2.5-7B", "Gemma-2-2B"];
showTable(
  names.map((name) => {
    const { hidden, layers, heads, kvHeads, headDim, ffn, vocab, tied } = findModel(name).shape;
    return { name, hidden, layers, heads, kvHeads, headDim, ffn, vocab, tied };
  }),
  { caption: "Shapes, from each model's config.json" },
);

// %% [markdown]
// - `hidden`: each token is a vector of so many numbers, from the first layer to the last.
// - `layers`: how often the block is repeated, each time with weights of its own.
// - `heads`, `kvHeads`, `headDim`: how attention is divided (sections 2 and 3).
// - `ffn`: the inner width of the feed-forward network (section 4).
// - `vocab`, `tied`: rows of the embedding table, and whether the output head is the same table (lesson 62.3).
//
// The next cell draws a model from its shape. No number in the picture is typed in: put `findModel("Qwen2.5-0.5B").shape` into
// the last line, and it draws that one.

// %% tags=["folded"]
interface Box { x: number; x2: number; y: number; y2: number; label: string; kind: string }
const million = (count: number) => (count >= 1e6 ? `${(count / 1e6).toFixed(1)}M` : count.toLocaleString("en-US"));

async function drawModel(shape: ModelShape): Promise<void> {
  const sizes = linearSizes(shape);
  const weights = (name: Linear) => sizes[name].input * sizes[name].output;
  const box = (x: number, x2: number, y: number, y2: number, label: string, kind: string): Box => ({ x, x2, y, y2, label, kind });
  const matrix = (x: number, y: number, y2: number, name: Linear, kind: string) =>
    box(x, x + 15, y, y2, `${name}  ${million(weights(name))}`, kind);
  const table = shape.vocab * shape.hidden;
  const boxes = [
    box(2, 36, 2, 7, `embedding: ${shape.vocab.toLocaleString("en-US")} × ${million(shape.hidden)} = ${million(table)}`, "table"),
    box(15, 27, 18, 23, `norm  ${million(shape.hidden)}`, "vector"),
    matrix(33, 13, 17, "q_proj", "attention"),
    matrix(33, 18.5, 22.5, "k_proj", "attention"),
    matrix(33, 24, 28, "v_proj", "attention"),
    box(54, 73, 17, 24, `${shape.heads} query heads look at\n${shape.kvHeads} key heads: no weights`, "no weights"),
    matrix(79, 18.5, 22.5, "o_proj", "attention"),
    box(15, 27, 41, 46, `norm  ${million(shape.hidden)}`, "vector"),
    matrix(33, 37.5, 41.5, "gate_proj", "feed-forward"),
    matrix(33, 45.5, 49.5, "up_proj", "feed-forward"),
    box(54, 73, 40, 47, `SiLU(gate) × up,\n${shape.ffn.toLocaleString("en-US")} wide: no weights`, "no weights"),
    matrix(79, 41.5, 45.5, "down_proj", "feed-forward"),
    box(2, 36, 62, 67, `norm  ${million(shape.hidden)}`, "vector"),
    box(2, 36, 71, 76, shape.tied ? "head: the embedding again" : `head: ${million(shape.hidden)} × ${shape.vocab.toLocaleString("en-US")} = ${million(table)}`, "table"),
  ];
  const plus = [{ x: 8, y: 33, label: "+" }, { x: 8, y: 55, label: "+" }];
  const lines = [
    [8, 7, 8, 62], [8, 67, 8, 71], [8, 76, 8, 79],
    [8, 20.5, 15, 20.5], [27, 20.5, 54, 20.5], [30, 15, 30, 26], [51, 15, 51, 26], [30, 15, 51, 15], [30, 26, 51, 26], [73, 20.5, 79, 20.5], [94, 20.5, 97, 20.5], [97, 20.5, 97, 33], [97, 33, 8, 33],
    [8, 43.5, 15, 43.5], [27, 43.5, 30, 43.5], [51, 43.5, 54, 43.5], [30, 39.5, 30, 47.5], [51, 39.5, 51, 47.5], [30, 39.5, 51, 39.5], [30, 47.5, 51, 47.5], [73, 43.5, 79, 43.5], [94, 43.5, 97, 43.5], [97, 43.5, 97, 55], [97, 55, 8, 55],
  ].map(([x, y, x2, y2]) => ({ x, y, x2, y2 }));
  const notes = [
    { x: 10, y: 10.8, label: `one layer, × ${shape.layers}` },
    { x: 40, y: 4.5, label: "a token's row becomes the stream" },
    { x: 40, y: 73.5, label: "a score for each token of the vocabulary" },
    { x: 40, y: 64.5, label: `all norms and biases together: ${countParameters(shape).vectors.toLocaleString("en-US")}` },
  ];
  const x = { field: "x", type: "quantitative" as const, axis: null, scale: { domain: [0, 100] } };
  const y = { field: "y", type: "quantitative" as const, axis: null, scale: { domain: [0, 80], reverse: true } };
  const kinds = ["table", "attention", "feed-forward", "vector", "no weights"];
  const count = countParameters(shape);
  const spec: ChartSpec = {
    title: `${shape.name}: ${count.total.toLocaleString("en-US")} parameters`,
    width: 760,
    height: 440,
    layer: [
      { data: { values: [{ x: 0.5, x2: 99.5, y: 8.5, y2: 59 }] }, mark: { type: "rect", fill: "#f7f7f7", stroke: "#9aa0a6", strokeDash: [4, 3] }, encoding: { x, x2: { field: "x2" }, y, y2: { field: "y2" } } },
      { data: { values: lines }, mark: { type: "rule", color: "#5f6368", strokeWidth: 1.5 }, encoding: { x, x2: { field: "x2" }, y, y2: { field: "y2" } } },
      {
        data: { values: boxes },
        mark: { type: "rect", cornerRadius: 3, stroke: "#5f6368", strokeWidth: 0.8 },
        encoding: {
          x, x2: { field: "x2" }, y, y2: { field: "y2" },
          color: { field: "kind", type: "nominal", sort: null, title: null, scale: { domain: kinds, range: ["#bfe3d6", "#bcd9ee", "#fbdfa9", "#e3e3e3", "#ffffff"] }, legend: { orient: "bottom" } },
        },
      },
      {
        data: {
          values: boxes.flatMap((each) => {
            const rows = each.label.split("\n");
            return rows.map((label, row) => ({ x: (each.x + each.x2) / 2, y: (each.y + each.y2) / 2 + 2.3 * (row - (rows.length - 1) / 2), label }));
          }),
        },
        mark: { type: "text", fontSize: 11, baseline: "middle" },
        encoding: { x, y, text: { field: "label" } },
      },
      { data: { values: plus }, mark: { type: "point", shape: "circle", size: 260, filled: true, color: "#202124", opacity: 1 }, encoding: { x, y } },
      { data: { values: plus }, mark: { type: "text", color: "#ffffff", fontSize: 15, fontWeight: "bold" }, encoding: { x, y, text: { field: "label" } } },
      { data: { values: notes }, mark: { type: "text", align: "left", fontSize: 12, fontStyle: "italic" }, encoding: { x, y, text: { field: "label" } } },
    ],
  };
  await showChart(
    spec,
    `${shape.name} from top to bottom: an embedding of ${million(table)} parameters; ${shape.layers} layers, each with a norm, the attention matrices ${LINEARS.slice(0, 4).map((name) => `${name} ${million(weights(name))}`).join(", ")}, a plus sign where the result joins the stream, a second norm, the feed-forward matrices ${LINEARS.slice(4).map((name) => `${name} ${million(weights(name))}`).join(", ")}, and a second plus sign; then a norm and the head. In all ${count.total.toLocaleString("en-US")} parameters.`,
  );
}
await drawModel(llama);

// %% [markdown]
// Read the line on the left first. It is the **residual stream**: one vector for each token. Nothing replaces it; each block
// reads it, computes something, and adds the result (the plus signs). Attention moves information from one token to another.
// The feed-forward network works on each token alone. All weights stand in the coloured boxes.
//
// ## 2. Attention by hand
//
// Attention answers a question for each token: which earlier tokens matter to me, and what do I take from them? It needs
// three vectors of each token, made from the stream by three matrices:
//
// - the **query**: what I look for;
// - the **key**: what I am, for others who look;
// - the **value**: what I hand over to those who find me.
//
// To follow it, take six features with names, and matrices written by hand. In a trained model nobody chose them and the
// features have no names; the arithmetic is the same. Here pronouns look for what they stand for, verbs look for who acts,
// and things look for what is done to them.

// %%
type Matrix = Float64Array[]; // a row for each token
const matrix = (...rows: number[][]): Matrix => rows.map((row) => Float64Array.from(row));
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, at) => sum + value * b[at], 0);
function multiply(left: Matrix, right: Matrix): Matrix {
  const columns = [...right[0]].map((_, column) => Float64Array.from(right, (row) => row[column]));
  return left.map((row) => Float64Array.from(columns, (column) => dot(row, column)));
}

const tokens = ["Ana", "closed", "the", "task", "when", "she", "tested", "it"];
const features = ["person", "thing", "action", "small word", "she", "it"];
const kinds = ["person", "action", "small word", "thing", "small word", "she", "action", "it"];
const stream = matrix(...kinds.map((kind) => features.map((feature) => (feature === kind ? 1 : 0))));

// A row for each feature; the columns are person, thing, action. Row 5 of Wq: "she" looks for a person.
const Wq = matrix([0, 0, 0], [0, 0, 4], [4, 0, 0], [0, 0, 0], [4, 0, 0], [0, 4, 0]);
const Wk = matrix([1.5, 0, 0], [0, 1.5, 0], [0, 0, 1.5], [0, 0, 0], [0, 0, 0], [0, 0, 0]);
const Wv = matrix([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]);

// 1. Scores: how well does each query fit each key? √(width of a head) keeps them from growing with the width.
const scoresOf = (queries: Matrix, keys: Matrix): Matrix =>
  queries.map((query) => Float64Array.from(keys, (key) => dot(query, key) / Math.sqrt(key.length)));
// 2. The causal mask: a token must not see what comes after it.
const mask = (scores: Matrix): Matrix =>
  scores.map((row, token) => row.map((score, other) => (other > token ? -Infinity : score)));
// 3. Softmax: each row becomes shares that sum to 1.
function softmax(row: Float64Array): Float64Array {
  const most = Math.max(...row);
  const powers = row.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
// 4. The weighted sum of the values.
const shares = mask(scoresOf(multiply(stream, Wq), multiply(stream, Wk))).map(softmax);
const found = multiply(shares, multiply(stream, Wv));

showTable(
  tokens.map((token, at) => {
    const [person, thing, action] = found[at];
    return { token, "finds person": person, "finds thing": thing, "finds action": action };
  }),
  { decimals: 2, caption: "What attention adds to each token" },
);

// %% tags=["folded"]
const heat = (weights: Matrix) =>
  tokens.flatMap((query, row) => tokens.map((key, column) => ({ query, key, weight: column > row ? null : weights[row][column], shown: column > row ? "" : weights[row][column].toFixed(2) })));
await showChart(
  {
    title: "Who looks at whom: each row sums to 1",
    width: 420,
    height: 330,
    data: { values: heat(shares) },
    encoding: {
      x: { field: "key", type: "nominal", sort: null, title: "looks at", axis: { orient: "top", labelAngle: 0, grid: false } },
      y: { field: "query", type: "nominal", sort: null, title: "this token", axis: { grid: false } },
    },
    layer: [
      { mark: { type: "rect", stroke: "#ffffff", invalid: null }, encoding: { color: { condition: { test: "datum.weight === null", value: "#eeeeee" }, field: "weight", type: "quantitative", title: "share", scale: { range: ["#f5f9fd", "#0072B2"], domain: [0, 1] } } } },
      { mark: { type: "text", fontSize: 11 }, encoding: { text: { field: "shown" }, color: { condition: { test: "datum.weight > 0.5", value: "#ffffff" }, value: "#202124" } } },
    ],
  },
  `Heat map of attention shares for "${tokens.join(" ")}". ${[5, 6, 7].map((row) => { const best = shares[row].indexOf(Math.max(...shares[row])); return `"${tokens[row]}" looks at "${tokens[best]}" with ${shares[row][best].toFixed(2)}`; }).join(", ")}. Everything right of the diagonal is masked.`,
);

// %% [markdown]
// `she` finds Ana and `it` finds the task. `the` looks for nothing, so all its scores are equal and it takes the average of
// what it sees. `when` does the same, and `Ana` sees only herself. A softmax cannot choose nothing.
//
// The grey half is the **causal mask**. It has two consequences that you will meet again:
//
// - In training, one pass over a text gives a prediction at every place, and none of them has seen its answer.
// - An earlier token never changes when a later one arrives. So its key and value can be kept. That is the **key-value
//   cache**.
//
// Test the second claim: attention over the first six tokens, against the first six rows of attention over all.

// %%
function attend(input: Matrix): Matrix {
  const scores = scoresOf(multiply(input, Wq), multiply(input, Wk));
  return multiply(mask(scores).map(softmax), multiply(input, Wv));
}
const firstSix = attend(stream.slice(0, 6));
const differences = firstSix.flatMap((row, at) => [...row].map((value, column) => Math.abs(value - found[at][column])));
console.log(`largest difference in the first six rows: ${Math.max(...differences)}`);

// And what if "Ana" and "closed" change places?
const swapped = attend([stream[1], stream[0], ...stream.slice(2)]);
console.log(`"she" finds a person with ${found[5][0].toFixed(2)}, after the swap with ${swapped[5][0].toFixed(2)}`);

// %% [markdown]
// The second line shows what is missing: `she` does not notice that two words changed places. Real models rotate queries and
// keys by their position before the scores are made (RoPE), so a score also depends on the distance. It adds no weights, and
// this course needs no more of it than that.
//
// ### Exercise: one head of attention
//
// Write `attention`. It gets queries, keys and values, a row for each token, and gives a row for each token. Mind the mask.

// %%
import { attentionExercise, type Rows } from "llmops/exercises/62-1";

function attention(queries: Rows, keys: Rows, values: Rows): number[][] {
  // BEGIN SOLUTION
  return queries.map((query, token) => {
    const earlier = keys.slice(0, token + 1);
    const scores = earlier.map((key) => key.reduce((sum, value, at) => sum + value * query[at], 0) / Math.sqrt(key.length));
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return values[0].map((_, column) => powers.reduce((sum, power, other) => sum + (power / total) * values[other][column], 0));
  });
  // STUB
  // return todo();
  // END SOLUTION
}
await check(attentionExercise, attention);

// %% [markdown]
// ## 3. Many heads, few keys
//
// One head answers one question. A layer of Llama-3-8B asks 32 at once: the vector of 4,096 is projected to 32 queries of 128
// numbers, each head attends on its own, and `o_proj` mixes the results. That is **multi-head attention**. People call the
// heads perspectives. That is a picture: nobody assigns them, and in translation models and BERT many could be removed after
// training at little cost ([Michel et al. 2019](https://arxiv.org/abs/1905.10650)).
//
// Queries are used once. Keys and values stay in the cache for as long as the text goes on, so their number is what costs
// memory. In **grouped-query attention** several query heads share one key and value head:

// %% tags=["folded"]
const group = llama.heads / llama.kvHeads;
const headsDrawn = Array.from({ length: llama.heads }, (_, head) => ({ head, key: Math.floor(head / group), at: head + 0.5, to: (Math.floor(head / group) + 0.5) * group }));
const keysDrawn = Array.from({ length: llama.kvHeads }, (_, key) => ({ key, at: (key + 0.5) * group }));
const across = { field: "at", type: "quantitative" as const, axis: null, scale: { domain: [0, llama.heads] } };
const level = (value: number) => ({ datum: value, type: "quantitative" as const, axis: null, scale: { domain: [0, 3] } });
const byGroup = {
  field: "key", type: "ordinal" as const, legend: null,
  scale: { domain: keysDrawn.map(({ key }) => key), range: keysDrawn.map(({ key }) => (key % 2 ? "#E69F00" : "#0072B2")) },
};
await showChart(
  {
    title: `${llama.name}: ${llama.heads} query heads share ${llama.kvHeads} key and value heads in each layer`,
    width: 660,
    height: 130,
    layer: [
      { data: { values: headsDrawn }, mark: { type: "rule", strokeWidth: 1 }, encoding: { x: across, x2: { field: "to" }, y: level(2.4), y2: { datum: 0.7 }, color: byGroup } },
      { data: { values: headsDrawn }, mark: { type: "point", shape: "square", size: 190, filled: true, opacity: 1 }, encoding: { x: across, y: level(2.5), color: byGroup } },
      { data: { values: keysDrawn }, mark: { type: "point", shape: "square", size: 420, filled: true, opacity: 1 }, encoding: { x: across, y: level(0.6), color: byGroup } },
      { data: { values: [{ at: 0.1, label: "queries" }] }, mark: { type: "text", align: "left", dy: -14 }, encoding: { x: across, y: level(2.6), text: { field: "label" } } },
      { data: { values: [{ at: 0.1, label: "keys and values, kept in the cache" }] }, mark: { type: "text", align: "left", dy: 20 }, encoding: { x: across, y: level(0.6), text: { field: "label" } } },
    ],
  },
  `${llama.heads} query heads in a row; lines lead from each ${group} of them to one of ${llama.kvHeads} key and value heads below.`,
);

// %%
import { cacheBytesPerToken, GIB } from "llmops/compute";

showTable(
  [
    { kind: "multi-head", kvHeads: 32 },
    { kind: "grouped-query, as it is", kvHeads: 8 },
    { kind: "multi-query", kvHeads: 1 },
  ].map(({ kind, kvHeads }) => {
    const shape = { ...llama, kvHeads };
    const perToken = cacheBytesPerToken(shape, "fp16");
    return {
      kind,
      "key heads": kvHeads,
      "KiB a token": perToken / 1024,
      "8,192 tokens, GiB": (perToken * 8192) / GIB,
      "four such chats, GiB": (4 * perToken * 8192) / GIB,
      "parameters, billion": countParameters(shape).total / 1e9,
    };
  }),
  { decimals: 2, caption: "Llama-3-8B with other numbers of key heads (fp16 cache)" },
);
const { layers: L, kvHeads: K, headDim: D } = llama;
console.log(`2 (key, value) × ${L} layers × ${K} heads × ${D} numbers × 2 bytes = ${2 * L * K * D * 2} bytes a token`);

// %% [markdown]
// With 32 key heads, four chats of 8,192 tokens would take more than a T4 has (14.7 GiB), before a single weight is loaded.
// With eight it is a quarter. The price is small: [Ainslie et al. 2023](https://arxiv.org/abs/2305.13245) converted T5 models
// to grouped queries, trained them on for 5% of the pretraining compute, and came close to the quality of multi-head
// attention. So the size of a model says little about its cache until you know `kvHeads`:

// %%
showTable(
  ["Llama-2-7B", "Llama-3-8B", "Qwen3-8B", "Qwen2.5-7B", "Gemma-2-9B", "Phi-3.5-mini", "Qwen2.5-0.5B"].map((name) => {
    const { shape } = findModel(name);
    return {
      name,
      "query heads": shape.heads,
      "key heads": shape.kvHeads,
      "KiB a token": cacheBytesPerToken(shape) / 1024,
      "tokens in 1 GiB": Math.floor(GIB / cacheBytesPerToken(shape)),
    };
  }),
  { caption: "The cache of real models, fp16" },
);

// %% [markdown]
// Phi-3.5-mini has less than half of Llama-3-8B's weights and three times its cache. (Gemma 2 and some others let half of
// their layers look back only a fixed window; those layers stop growing there. The table counts all.)
//
// ## 4. The feed-forward network: most of the weights
//
// After attention each token goes through a network of its own, the same one for every token: two matrices widen the vector
// from 4,096 to 14,336 numbers, one of them opens or closes what the other lets through, and a third brings it back. By hand,
// on two numbers:

// %%
const silu = (value: number) => value / (1 + Math.exp(-value));
const x = matrix([1, -2]);
const gate = multiply(x, matrix([3, -1, 0], [0, 1, 2])); // opens or closes each of three inner places
const up = multiply(x, matrix([1, 2, 1], [1, 0, -1])); // what would pass there
const inner = matrix([...gate[0]].map((value, at) => silu(value) * up[0][at]));
const y = multiply(inner, matrix([1, 0], [0, 1], [1, 1]));
const shown = (row: Float64Array) => [...row].map((value) => value.toFixed(2)).join(", ");
console.log(`gate ${shown(gate[0])}  up ${shown(up[0])}  inside ${shown(inner[0])}`);
console.log(`back to two numbers: ${shown(y[0])}`);

const ffnShare = names.map((name) => {
  const { attention: a, feedForward: f } = countParameters(findModel(name).shape);
  return { name, attention: (100 * a) / (a + f), feedForward: (100 * f) / (a + f) };
});

// %% tags=["folded"]
await showChart(
  {
    title: "Weights of a layer",
    width: 560,
    height: 170,
    data: {
      values: ffnShare.flatMap(({ name, attention: a, feedForward: f }) => [
        { name, part: "attention", share: a, from: 0, to: a, middle: a / 2, label: `${a.toFixed(0)}%` },
        { name, part: "feed-forward", share: f, from: a, to: 100, middle: a + f / 2, label: `${f.toFixed(0)}%` },
      ]),
    },
    encoding: { y: { field: "name", type: "nominal", sort: null, title: null } },
    layer: [
      {
        mark: { type: "bar" },
        encoding: {
          x: { field: "from", type: "quantitative", title: "% of the layer's weights", scale: { domain: [0, 100] } },
          x2: { field: "to" },
          color: { field: "part", type: "nominal", title: null, scale: { domain: ["attention", "feed-forward"], range: ["#bcd9ee", "#fbdfa9"] } },
        },
      },
      { mark: { type: "text", fontSize: 12 }, encoding: { x: { field: "middle", type: "quantitative" }, text: { field: "label" } } },
    ],
  },
  `Share of the feed-forward network in a layer's weights: ${ffnShare.map(({ name, feedForward: f }) => `${name} ${f.toFixed(0)}%`).join(", ")}. The rest is attention.`,
);

// %% [markdown]
// Two thirds to nearly nine tenths. Fewer key heads make attention smaller, and the share grows.
//
// ### Does the feed-forward network store the knowledge?
//
// You will often read that it does, and that fine-tuning changes it. What is known is less tidy:
//
// - *For it*: its inner places behave like keys that recognise a pattern, with values that favour certain next tokens ([Geva
//   et al. 2021](https://arxiv.org/abs/2012.14913)). In GPT models, facts about a subject could be traced to the feed-forward
//   networks of middle layers and overwritten there ([Meng et al. 2022](https://arxiv.org/abs/2202.05262)).
// - *Against a simple picture*: where a fact is traced does not tell which layer is best edited; editing works in other
//   layers too ([Hase et al. 2023](https://arxiv.org/abs/2301.04213)). Attention takes part: it carries a fact to the place
//   where it is needed, and its heads often hold such facts themselves ([Geva et al.
//   2023](https://arxiv.org/abs/2304.14767)).
// - *About fine-tuning*: what training changes is what you let it change. Full fine-tuning changes all weights, LoRA those it
//   is attached to, and the original LoRA left the feed-forward network alone (section 7). And new facts are a poor use of
//   it: a model learned facts that were new to it slowly, and as it learned them, it made up more of others ([Gekhman et al.
//   2024](https://arxiv.org/abs/2405.05904): one model, PaLM 2-M, and closed-book questions).
//
// For your decisions: fine-tune for behaviour, format and tone. Facts that change belong in the prompt (chapter 61).
//
// ## 5. The stream and its norms
//
// Each block adds to the stream, so numbers grow from layer to layer. Before a block reads them, **RMSNorm** divides the
// vector by its own size, the root of the mean square, and multiplies each place by a learned weight.

// %%
const rms = (row: Float64Array) => Math.sqrt(dot(row, row) / row.length);
function rmsNorm(row: Float64Array, gain = 1): Float64Array {
  const size = Math.sqrt(rms(row) ** 2 + 1e-5); // never 0, not even for a vector of zeros
  return row.map((value) => (gain * value) / size);
}
for (const row of matrix([0.03, -0.01, 0.02, 0.04], [3, -1, 2, 4], [300, -100, 200, 400])) {
  console.log(`size ${rms(row).toFixed(3).padStart(8)}  after the norm: ${shown(rmsNorm(row))}`);
}
const { vectors, total: all } = countParameters(llama);
console.log(`${2 * llama.layers + 1} norms of ${llama.hidden} numbers: ${vectors.toLocaleString("en-US")} parameters`);
console.log(`${((100 * vectors) / all).toFixed(4)}% of the model`);

// %% [markdown]
// The same direction, always of size 1. Norms have next to no weights, so nobody saves memory on them; they stay in 16 bits
// even in a 4-bit model. However deep the stack, each block reads numbers of one size. What the plus signs do, you see when
// you take them away. Send a vector through 32 feed-forward networks with random weights, once with and once without them,
// and look how much of the start can still be read (the cosine between start and stream). What a block adds is scaled by
// 1/√(number of blocks), as GPT-2 began its training ([Radford et al.
// 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf), section 2.3).

// %%
let state = 62;
function uniform(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // random, and the same in every run
  return state / 2 ** 32;
}
const gaussian = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const randomVector = (length: number) => Float64Array.from({ length }, gaussian);
const [WIDTH, INNER, BLOCKS] = [64, 192, 32];
const randomMatrix = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => randomVector(columns).map((value) => value / Math.sqrt(rows)));
function randomBlock(): (row: Float64Array) => Float64Array {
  const [open, pass] = [randomMatrix(WIDTH, INNER), randomMatrix(WIDTH, INNER)];
  const back = randomMatrix(INNER, WIDTH);
  return (row) => {
    const passed = multiply([row], pass)[0];
    const opened = multiply([row], open)[0].map((value, at) => silu(value) * passed[at]);
    return rmsNorm(multiply([opened], back)[0], 1 / Math.sqrt(BLOCKS));
  };
}
const cosine = (a: Float64Array, b: Float64Array) => dot(a, b) / (a.length * rms(a) * rms(b));

const start = randomVector(WIDTH);
let withPlus: Float64Array = start;
let withoutPlus: Float64Array = start;
const journey = [{ layer: 0, withPlus: 1, withoutPlus: 1, size: rms(start) }];
for (let layer = 1; layer <= BLOCKS; layer++) {
  const block = randomBlock();
  const added = block(rmsNorm(withPlus));
  withPlus = withPlus.map((value, at) => value + added[at]);
  withoutPlus = block(rmsNorm(withoutPlus));
  const [near, far] = [cosine(start, withPlus), cosine(start, withoutPlus)];
  journey.push({ layer, withPlus: near, withoutPlus: far, size: rms(withPlus) });
}
showTable(
  [1, 2, 4, 8, 16, 32].map((layer) => {
    const { withPlus: near, withoutPlus: far, size } = journey[layer];
    return { "after block": layer, "with plus": near, without: far, "size of the stream": size };
  }),
  { decimals: 2, caption: `Cosine between the start and the stream, random weights, width ${WIDTH}` },
);

// %% tags=["folded"]
await showChart(
  {
    title: "How much of the start can still be read",
    width: 560,
    height: 220,
    data: { values: journey.flatMap(({ layer, withPlus: a, withoutPlus: b }) => [{ layer, path: "with plus signs", cosine: a }, { layer, path: "without", cosine: b }]) },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "layer", type: "quantitative", title: "blocks", scale: { domain: [0, BLOCKS] } },
      y: { field: "cosine", type: "quantitative", title: "cosine with the start" },
      color: { field: "path", type: "nominal", title: null, sort: ["with plus signs", "without"] },
      strokeDash: { field: "path", type: "nominal", sort: ["with plus signs", "without"], legend: null },
    },
  },
  `Cosine with the start after 1, 8 and 32 blocks: ${[1, 8, 32].map((layer) => `${journey[layer].withPlus.toFixed(2)} with plus signs and ${journey[layer].withoutPlus.toFixed(2)} without`).join(", ")}.`,
);

// %% [markdown]
// Without the plus signs the stream has no trace of the start's direction after one block; with them it keeps most of it to the end. (A
// cosine of 0 does not say that the information is lost, only that no later block finds it where it was.) A gradient comes back along the
// same line, from any block to any other ([He et al. 2016](https://arxiv.org/abs/1603.05027), section 2). With plus signs image networks of
// 152 layers could be trained; without them one of 34 did worse than one of 18, on its own training images ([He et al.
// 2015](https://arxiv.org/abs/1512.03385), section 4.1). Random weights show the mechanism, not what a trained model does with it.
//
// The stream is also how layers work together: a later one reads what an earlier one wrote. Take a second head, in which
// verbs look for the pronoun before them and take its person. In the first layer `she` has no person to give. After layer 1
// she has.

// %%
const Wq2 = matrix([0], [0], [6], [0], [0], [0]); // one column: "she". A verb looks for it,
const Wk2 = matrix([0], [0], [0], [0], [1], [0]); // the pronoun has it,
const Wv2 = matrix([1], [0], [0], [0], [0], [0]); // and hands over what the stream says about a person.
function secondHead(input: Matrix): Matrix {
  const scores = scoresOf(multiply(input, Wq2), multiply(input, Wk2));
  return multiply(mask(scores).map(softmax), multiply(input, Wv2));
}
// What attention found has three places, the stream six.
const afterOne = stream.map((row, token) => row.map((value, at) => value + (found[token][at] ?? 0)));
const [tested, she] = [tokens.indexOf("tested"), tokens.indexOf("she")];
for (const [when, input] of Object.entries({ before: stream, after: afterOne })) {
  const [has, takes] = [input[she][0].toFixed(2), secondHead(input)[tested][0].toFixed(2)];
  console.log(`${when.padEnd(6)} layer 1: "she" has a person of ${has}, "tested" takes ${takes} through the second head`);
}

// %% [markdown]
// ## 6. Where the operations go
//
// A token that passes a matrix of n weights needs n multiplications and n additions: 2n operations. Attention adds scores and
// a weighted sum, and these grow with the context. `forwardFlops` counts both.

// %%
import { forwardFlops } from "llmops/compute";

const part = (context: number, shape: ModelShape) => {
  const count = countParameters(shape);
  return {
    "feed-forward": 2 * count.feedForward,
    "attention's matrices": 2 * count.attention,
    head: 2 * shape.vocab * shape.hidden,
    "looking back": forwardFlops(shape, context) - forwardFlops(shape, 0),
  };
};
const contexts = [0, 1024, 4096, 8192, 32_768, 131_072];
showTable(
  contexts.map((context) => ({
    "tokens looked at": context,
    "billion operations": forwardFlops(llama, context) / 1e9,
    ...Object.fromEntries(
      Object.entries(part(context, llama)).map(([name, value]) => [`% ${name}`, Math.round((100 * value) / forwardFlops(llama, context))]),
    ),
  })),
  { decimals: 1, caption: "Operations for one token of Llama-3-8B" },
);
console.log(`Short contexts: ${(forwardFlops(llama, 0) / countParameters(llama).total).toFixed(2)} operations a parameter`);
const perToken = forwardFlops(llama, 1) - forwardFlops(llama, 0);
const crossing = Math.round(forwardFlops(llama, 0) / perToken).toLocaleString("en-US");
console.log(`Looking back costs as much as all matrices from ${crossing} tokens on`);

// %% tags=["folded"]
const parts = ["feed-forward", "attention's matrices", "head", "looking back"];
const growing = Array.from({ length: 33 }, (_, step) => step * 4096).flatMap((context) =>
  Object.entries(part(context, llama)).map(([name, value]) => ({ context, part: name, order: parts.indexOf(name), operations: value / 1e9 })),
);
await showChart(
  {
    title: "Llama-3-8B: operations for one token, by how far it looks back",
    width: 560,
    height: 260,
    data: { values: growing },
    mark: { type: "area" },
    encoding: {
      x: { field: "context", type: "quantitative", title: "tokens in the context", axis: { format: ",d" }, scale: { nice: false } },
      y: { field: "operations", type: "quantitative", title: "billion operations", stack: "zero" },
      color: { field: "part", type: "nominal", title: null, scale: { domain: parts, range: ["#E69F00", "#0072B2", "#009E73", "#CC79A7"] } },
      order: { field: "order", type: "quantitative" },
    },
  },
  `Billion operations a token: ${contexts.map((context) => `${(forwardFlops(llama, context) / 1e9).toFixed(1)} at ${context.toLocaleString("en-US")}`).join(", ")}. The matrices stay the same; looking back grows in a straight line.`,
);

// %% [markdown]
// The training rows of this course have some hundred tokens. There the feed-forward network takes three quarters of the
// operations, and attention's famous square hardly shows. Looking back becomes the larger part only beyond 28,000 tokens. The
// common rule of "two operations a parameter" is a little too high here: looking a row up in the embedding multiplies
// nothing.
//
// ## 7. What LoRA attaches to
//
// LoRA freezes a matrix and puts two thin ones beside it: one from the input down to `rank` numbers, one from there up to the
// output. It trains rank × (input + output) numbers in place of input × output. Seven matrices of each layer can have such a
// pair:

// %%
import { countLora } from "llmops/compute";

const RANK = 16;
showTable(
  LINEARS.map((name) => {
    const { input, output } = linearSizes(llama)[name];
    return {
      matrix: name, input, output,
      "weights of a layer": input * output,
      "LoRA, rank 16": RANK * (input + output),
      "% of it": (100 * RANK * (input + output)) / (input * output),
    };
  }),
  { decimals: 2, caption: "Llama-3-8B, one layer" },
);

const choices: Record<string, { rank: number; targets: Linear[] }> = {
  "query and value (2021)": { rank: 8, targets: ["q_proj", "v_proj"] },
  attention: { rank: 16, targets: ["q_proj", "k_proj", "v_proj", "o_proj"] },
  "feed-forward": { rank: 16, targets: ["gate_proj", "up_proj", "down_proj"] },
  "all seven": { rank: 16, targets: [...LINEARS] },
  "attention, at a higher rank": { rank: 49, targets: ["q_proj", "k_proj", "v_proj", "o_proj"] },
};
showTable(
  Object.entries(choices).map(([choice, { rank, targets }]) => {
    const trained = countLora(llama, rank, targets);
    const reached = targets
      .map((name) => linearSizes(llama)[name])
      .reduce((sum, { input, output }) => sum + input * output, 0);
    const total = countParameters(llama).total;
    return {
      choice, rank,
      "trained parameters": trained,
      "% of the model": (100 * trained) / (total + trained),
      "% of weights within reach": Math.round((100 * llama.layers * reached) / total),
      "file in fp16, MB": Math.round((trained * 2) / 1e6),
    };
  }),
  { decimals: 3, caption: "What the choice of targets trains" },
);

// %% [markdown]
// The first line is what PEFT 0.21.2 prints for this shape with rank 8 on query and value: `trainable params: 3,407,872 ||
// all params: 8,033,669,120 || trainable%: 0.0424`. Look at `k_proj` and `v_proj`: with grouped queries they have a quarter of
// the output, so an adapter on them is smaller too. And "within reach" is the point of the table. An adapter on attention
// leaves four fifths of the layers' weights as they are.
//
// Does that matter? The evidence, in the order of its years:
//
// - [Hu et al. 2021](https://arxiv.org/abs/2106.09685) adapted attention only, "for simplicity and parameter-efficiency"
//   (section 4.2), mostly query and value (section 7.1). They left the feed-forward network to later work.
// - [Dettmers et al. 2023](https://arxiv.org/abs/2305.14314) (QLoRA) needed adapters on all linear layers to match full
//   fine-tuning (section 4, LLaMA-7B on Alpaca); the rank did not matter.
// - [Schulman et al. 2025](https://thinkingmachines.ai/blog/lora/) found attention alone worse than the feed-forward network
//   alone: rank 256 on the one below rank 128 on the other, with about as many parameters (Llama-3.1-8B). So a higher rank
//   (the last line above) is no substitute.
//
// So take all seven unless a measurement of your own says otherwise. It costs memory for the adapters and little else: the
// base stays frozen either way. Not among the seven are the embedding, the head and the norms: a token that is new to the
// vocabulary learns nothing there (lesson 62.2).
//
// ### Exercise: count an adapter
//
// Write `loraParameters`: the trained parameters for a shape, a rank and a list of target matrices. Use `linearSizes`, but
// not `countLora`.

// %%
import { loraExercise } from "llmops/exercises/62-1";

function loraParameters(shape: ModelShape, rank: number, targets: readonly Linear[]): number {
  // BEGIN SOLUTION
  const sizes = linearSizes(shape);
  return shape.layers * targets.reduce((sum, name) => sum + rank * (sizes[name].input + sizes[name].output), 0);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(loraExercise, loraParameters);

// %% [markdown] tags=["instructor"]
// **For instructors.** Have students predict before they run: how large is the share of `the` on each token it sees (equal),
// and from which context length on looking back costs more than the matrices (most say a few hundred tokens). The matrices of
// section 2 are written by hand; say so twice, because a picture this clear suggests that trained heads are as readable.
// Section 4 corrects a claim that many slides make; let a group defend it and another attack it with the four papers. In the
// first exercise most forget the division or the mask; in the second most take `hidden` for the output of `k_proj`.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is the config.json of the model I want to fine-tune: [paste it]. Explain for each number what it changes: memory for
// > the weights, memory for each token of context, and the size of a LoRA adapter.
//
// ### 2. Critical evaluation
//
// Compute its numbers with `shapeOfConfig(config, "my model")`, `countParameters`, `cacheBytesPerToken` and `countLora`, all from
// `llmops/compute`. Did it use `num_key_value_heads` for the cache? Did it count `gate_proj`? Which of its sentences are about transformers
// in general and not about your model?
//
// ### 3. Constraint teaching
//
// > I train on rows of 300 tokens and serve chats of 6,000 on one T4, four at a time. Here is the cache per token: [paste
// > your number]. Which parts of the architecture limit me in training, and which in serving?
//
// ### 4. Refinement
//
// Ask it which target modules to use, and for the source of its answer. Check whether the source tested your case: its model,
// its data, its rank. Then ask what measurement on your own validation set would change its mind.
//
// ### 5. Final check
//
// > Say in three sentences where a language model keeps its facts. Name for each sentence the study it rests on, and what the
// > study did not show.
//
// Compare with section 4. A confident answer without "did not show" is the slide, not the literature.
