/** The exercises of lesson 62.4, "VRAM Budget Planning". */
import type { Exercise } from "../course/check.js";
import { cacheBytesPerToken } from "../compute/kv-cache.js";
import { findModel } from "../compute/models.js";
import { countLora, countParameters } from "../compute/parameters.js";
import { GIB } from "../compute/plan.js";
import type { ModelShape } from "../compute/shape.js";
import { storageOf } from "../compute/storage.js";

/** A QLoRA run, as far as a budget by hand looks at it. */
export interface HandRun {
  /** Parameters of the layers' matrices: packed in NF4 with double quantisation. */
  matrices: number;
  /** Parameters of the embedding and the head: stay at 16 bits. */
  tables: number;
  /** Trainable parameters of the adapters. */
  adapters: number;
  hidden: number;
  layers: number;
  vocab: number;
  /** Rows in a batch. */
  batch: number;
  /** Tokens of a padded row. */
  tokens: number;
}

/** Bytes of the three parts. */
export interface HandBudget {
  weights: number;
  training: number;
  activations: number;
}
export type BudgetByHand = (run: HandRun) => HandBudget;

const NF4 = storageOf("nf4-dq").bytes;

/** The run of a model that the workbook knows. */
export function handRun(model: string, rank: number, batch: number, tokens: number): HandRun {
  const { shape } = findModel(model);
  const count = countParameters(shape);
  return {
    matrices: count.attention + count.feedForward, tables: count.embedding + count.head, adapters: countLora(shape, rank, ["all-linear"]),
    hidden: shape.hidden, layers: shape.layers, vocab: shape.vocab, batch, tokens,
  };
}

const HAND_CASES: readonly [name: string, run: HandRun][] = [
  ["Llama-3-8B, rank 16, 2 rows of 2,048 tokens", handRun("Llama-3-8B", 16, 2, 2048)],
  ["Qwen2.5-7B, rank 8, 4 rows of 163 tokens", handRun("Qwen2.5-7B", 8, 4, 163)],
  ["Llama-3.2-1B, rank 64, 8 rows of 512 tokens", handRun("Llama-3.2-1B", 64, 8, 512)],
];

const budget: BudgetByHand = ({ matrices, tables, adapters, hidden, layers, vocab, batch, tokens }) => ({
  weights: matrices * NF4 + tables * 2,
  training: adapters * 16,
  activations: batch * tokens * (layers * hidden * 2 + vocab * 12),
});

// Half a per cent: 0.516 bytes, or 0.5159, are as good as the exact number.
const near = (a: unknown, b: number) => typeof a === "number" && Math.abs(a - b) <= 0.005 * Math.abs(b);
const PARTS = ["weights", "training", "activations"] as const;
const sameBudget = (a: HandBudget, b: HandBudget) => PARTS.every((part) => near(a[part], b[part]));

/** Whether one part of the answer is, in every case, what a mistake makes of it. */
const gives = (part: keyof HandBudget, mistaken: (run: HandRun) => number) => (answer: BudgetByHand) =>
  HAND_CASES.every(([, run]) => near(answer(run)[part], mistaken(run)));

export const budgetByHandExercise: Exercise<BudgetByHand> = {
  id: "62.4/budget",
  kind: "function",
  hints: [
    "Section 1 has the weights and what trains, section 2 the activations. Take the three parts one after the other, and leave the others at 0 until the check speaks of them.",
    "Weights: only the matrices lie in NF4 with its scales, the tables stay at 2 bytes. What trains: weight, gradient and two AdamW moments of the adapters only, 4 bytes each.",
    "Activations: tokens on the card are rows times tokens of a row. For each of them every layer keeps its input at 2 bytes a number, and the loss has three fp32 copies of the logits, one number for each word of the vocabulary.",
  ],
  fault: (answer) => {
    for (const [name, run] of HAND_CASES) {
      const [given, expected] = [answer(run), budget(run)];
      const wrong = PARTS.find((part) => !near(given[part], expected[part]));
      if (wrong) return `${name}: ${wrong} are ${(expected[wrong] / GIB).toFixed(3)} GiB; your function gives ${(Number(given[wrong]) / GIB).toFixed(3)} GiB.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "gibibytes",
      matches: (answer) => HAND_CASES.every(([, run]) => {
        const given = answer(run);
        return sameBudget({ weights: given.weights * GIB, training: given.training * GIB, activations: given.activations * GIB }, budget(run));
      }),
      message: "Your numbers are right, in GiB. Return bytes, and divide by GIB only where somebody reads them: units that change on the way are the most common error in budgets.",
    },
    {
      name: "everything packed",
      matches: gives("weights", ({ matrices, tables }) => (matrices + tables) * NF4),
      message: "You packed the embedding and the head too. bitsandbytes packs the matrices of the layers only; the two tables stay at 2 bytes a parameter, and with 128,256 tokens they are nearly 2 GiB of an 8B.",
    },
    {
      name: "half a byte",
      matches: gives("weights", ({ matrices, tables }) => matrices / 2 + tables * 2),
      message: "Four bits are half a byte, but every block of 64 weights also has a scale. With double quantisation a weight takes 1/2 + 1/64 + 4/16384 bytes.",
    },
    {
      name: "weights in 16 bits",
      matches: gives("weights", ({ matrices, tables }) => (matrices + tables) * 2),
      message: "Those are the weights of LoRA, all at 2 bytes. In QLoRA the matrices of the layers lie in NF4.",
    },
    {
      name: "everything trains",
      matches: gives("training", ({ matrices, tables, adapters }) => (matrices + tables + adapters) * 16),
      message: "You gave gradients and states to the base too. It is frozen: only the adapters have them, and that is why LoRA fits where full training does not.",
    },
    {
      name: "states forgotten",
      matches: gives("training", ({ adapters }) => adapters * 8),
      message: "Weight and gradient of the adapters are there, AdamW's two moments are not: 8 bytes more for each parameter that trains.",
    },
    {
      name: "one row",
      matches: gives("activations", ({ tokens, layers, hidden, vocab }) => tokens * (layers * hidden * 2 + vocab * 12)),
      message: "You counted one row. All rows of a batch are on the card together: tokens are batch × tokens of a row.",
    },
    {
      name: "one layer",
      matches: gives("activations", ({ batch, tokens, hidden, vocab }) => batch * tokens * (hidden * 2 + vocab * 12)),
      message: "Each layer keeps its own input until the backward pass comes to it: multiply by the layers.",
    },
    {
      name: "logits in 16 bits",
      matches: gives("activations", ({ batch, tokens, layers, hidden, vocab }) => batch * tokens * (layers * hidden * 2 + vocab * 2)),
      message: "You counted the logits once, in 16 bits. The loss needs them in fp32, and at its worst moment there are three such copies: 12 bytes.",
    },
    {
      name: "no logits",
      matches: gives("activations", ({ batch, tokens, layers, hidden }) => batch * tokens * layers * hidden * 2),
      message: "The logits are missing: a number for every token of the vocabulary, at every place of every row. They are the larger part.",
    },
  ],
  because: "Weights depend on the model, what trains on the rank, activations on the tokens of a batch. Three numbers that you can change one by one.",
};

/** What decides the size of a cache. */
export type CacheShape = Pick<ModelShape, "layers" | "heads" | "kvHeads" | "headDim" | "hidden">;
/** Tokens of context that each row of a batch can have in so many free bytes. */
export type LongestContext = (shape: CacheShape, freeBytes: number, batch: number) => number;

interface CacheCase {
  name: string;
  shape: ModelShape;
  free: number;
  batch: number;
}

const CACHE_CASES: readonly CacheCase[] = [
  { name: "Llama-3.1-8B, 1 row, 4 GiB free", shape: findModel("Llama-3.1-8B").shape, free: 4 * GIB, batch: 1 },
  { name: "Qwen2.5-7B, 8 rows, 5.5 GiB free", shape: findModel("Qwen2.5-7B").shape, free: 5.5 * GIB, batch: 8 },
  { name: "Mistral-Nemo-12B, 3 rows, 3 GiB free", shape: findModel("Mistral-Nemo-12B").shape, free: 3 * GIB, batch: 3 },
];

const longest = (perToken: (shape: CacheShape) => number, round = Math.floor) => ({ shape, free, batch }: CacheCase) => round(free / (perToken(shape) * batch));
const numbers = ({ layers, kvHeads, headDim }: CacheShape) => 2 * layers * kvHeads * headDim;
const trueContext = longest((shape) => cacheBytesPerToken(shape as ModelShape));

const answers = (mistaken: (given: CacheCase) => number) => (answer: LongestContext) =>
  CACHE_CASES.every((given) => answer(given.shape, given.free, given.batch) === mistaken(given));

export const contextExercise: Exercise<LongestContext> = {
  id: "62.4/context",
  kind: "function",
  hints: [
    "What does one token leave behind in one layer? Count the numbers before you count bytes.",
    "A key and a value for each of the heads that keep them (not for each that asks), headDim numbers each, 2 bytes a number, in every layer.",
    "Divide the free bytes by what one token takes in all rows of the batch together. A part of a token is no token.",
  ],
  fault: (answer) => {
    for (const given of CACHE_CASES) {
      const [said, expected] = [answer(given.shape, given.free, given.batch), trueContext(given)];
      if (said !== expected) return `${given.name}: ${expected.toLocaleString("en-US")} tokens each; your function gives ${Number(said).toLocaleString("en-US")}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "query heads",
      matches: answers(longest(({ layers, heads, headDim }) => 4 * layers * heads * headDim)),
      message: "You counted the query heads. Only keys and values are kept, and with grouped-query attention there are fewer of them: use kvHeads. Llama 3 has 8 for 32 query heads.",
    },
    {
      name: "width of the model",
      matches: answers(longest(({ layers, hidden }) => 4 * layers * hidden)),
      message: "You took the width of the model, hidden. What is kept of a token has kvHeads × headDim numbers, which is a quarter of it or less in today's models.",
    },
    {
      name: "keys only",
      matches: answers(longest((shape) => numbers(shape))),
      message: "Twice too long: a layer keeps a key and a value for each token, and both take 2 bytes a number.",
    },
    {
      name: "fp32",
      matches: answers(longest((shape) => numbers(shape) * 4)),
      message: "Half of it: the cache is in 16 bits like the activations, 2 bytes a number.",
    },
    {
      name: "one layer",
      matches: answers(longest(({ kvHeads, headDim }) => 4 * kvHeads * headDim)),
      message: "Each layer has its own keys and values: multiply by the layers.",
    },
    {
      name: "batch forgotten",
      matches: answers((given) => trueContext({ ...given, batch: 1 })),
      message: "All rows of a batch have a cache of their own. Divide what is free among them.",
    },
    {
      name: "not rounded down",
      matches: (answer) => CACHE_CASES.every((given) => Math.floor(answer(given.shape, given.free, given.batch)) === trueContext(given) || answer(given.shape, given.free, given.batch) === Math.ceil(given.free / (numbers(given.shape) * 2 * given.batch))),
      message: "Round down: the token that fits only in part is the one that runs out of memory.",
    },
  ],
  because: "Free bytes, divided by what a token keeps in all layers, divided by the rows. On a server this is the number of users at a time.",
};
