/** The exercises of lesson 62.1, "Transformer Architecture Essentials". */
import { findModel } from "../compute/models.js";
import { countLora, linearSizes, type Linear } from "../compute/parameters.js";
import type { ModelShape } from "../compute/shape.js";
import type { Exercise } from "../course/check.js";

/** A vector for each token. */
export type Rows = readonly (readonly number[])[];
/** One head of causal attention: a row for each token. */
export type Attention = (queries: Rows, keys: Rows, values: Rows) => number[][];

interface AttentionCase {
  says: string;
  queries: Rows;
  keys: Rows;
  values: Rows;
}

const ATTENTION_CASES: readonly AttentionCase[] = [
  { says: "three tokens of width 2", queries: [[1, 0], [0, 2], [3, 1]], keys: [[1, 2], [2, 0], [0, 1]], values: [[1, 0], [0, 1], [5, 5]] },
  // Values wider than keys, and large scores: e to the power of 1,000 is no number any more.
  { says: "two tokens with scores of some thousand", queries: [[0, 0, 40, 0], [60, 0, 0, 0]], keys: [[50, 0, 0, 0], [50.02, 0, 0, 0]], values: [[2, 4, 6, 8, 10], [0, 1, 0, 1, 0]] },
  { says: "one token", queries: [[4]], keys: [[4]], values: [[7, 8]] },
];

/** How a mistaken answer departs from the right one. */
interface Ways {
  /** Divides a score; of the width of a key. */
  divisor?: (width: number) => number;
  /** Whether token `at` sees token `other`. */
  sees?: (at: number, other: number) => boolean;
  /** The mask sets shares to 0 after the softmax. */
  masksShares?: boolean;
  /** Shares sum to 1 over the tokens that look, not over those looked at. */
  byColumn?: boolean;
  /** No maximum is subtracted. */
  overflows?: boolean;
  /** Sums these in place of the values. */
  sums?: "keys";
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

function attentionWith(ways: Ways): Attention {
  const { divisor = Math.sqrt, sees = (at, other) => other <= at } = ways;
  return (queries, keys, values) => {
    const width = keys[0]?.length ?? 1;
    const scores = queries.map((query, at) => keys.map((key, other) => (ways.masksShares || sees(at, other) ? dot(query, key) / divisor(width) : -Infinity)));
    const softmax = (row: readonly number[]): number[] => {
      const most = ways.overflows ? 0 : Math.max(...row);
      const powers = row.map((score) => Math.exp(score - most));
      const total = powers.reduce((sum, power) => sum + power, 0);
      return powers.map((power) => power / total);
    };
    const turned = (rows: readonly number[][]): number[][] => (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? 0));
    const shares = (ways.byColumn ? turned(turned(scores).map(softmax)) : scores.map(softmax)).map((row, at) => row.map((share, other) => (sees(at, other) ? share : 0)));
    const summed = ways.sums === "keys" ? keys : values;
    return shares.map((row) => (summed[0] ?? []).map((_, column) => row.reduce((sum, share, other) => sum + share * (summed[other]?.[column] ?? 0), 0)));
  };
}

const attention = attentionWith({});
const near = (a: unknown, b: unknown) => Object.is(a, b) || Math.abs(Number(a) - Number(b)) < 1e-6;
const alike = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  a.length === b.length && a.every((row, at) => row.length === b[at]?.length && row.every((value, column) => near(value, b[at]?.[column])));
const shown = (rows: unknown) => (Array.isArray(rows) ? rows.map((row: unknown) => (Array.isArray(row) ? row.map((value) => Number(value).toFixed(2)).join(" ") : String(row))).join(" | ") : String(rows));

const attends = (ways: Ways) => (answer: Attention) => {
  const mistaken = attentionWith(ways);
  return ATTENTION_CASES.every(({ queries, keys, values }) => alike(answer(queries, keys, values), mistaken(queries, keys, values)));
};

export const attentionExercise: Exercise<Attention> = {
  id: "62.1/attention",
  kind: "function",
  hints: [
    "Work on one token first. Which rows of the keys may the query at place 3 be compared with, and which of them come after it?",
    "For each query there are four stages: a score for every visible key (dot product, made smaller by the width of a key), the shares (softmax), and with them a weighted sum. A sum of what: queries, keys or values?",
    "Before you take exponentials, subtract the row's largest score from each. Divide each power by the sum of the row's powers. Then each column of the output is the shares times that column of the values, added up over the visible tokens.",
  ],
  fault: (answer) => {
    for (const { says, queries, keys, values } of ATTENTION_CASES) {
      const [given, expected] = [answer(queries, keys, values), attention(queries, keys, values)];
      if (!Array.isArray(given) || !alike(given, expected)) return `With ${says} the rows are ${shown(expected)}; your function gives ${shown(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "no mask",
      matches: attends({ sees: () => true }),
      message: "Your first token looks at tokens that come after it. In training it would read the answer that it is to predict. A token sees itself and what stands before it.",
    },
    {
      name: "mask after softmax",
      matches: attends({ masksShares: true }),
      message: "You set the shares of later tokens to 0 after the softmax. What is left no longer sums to 1. Mask the scores (minus infinity) before the softmax, or leave these tokens out of it.",
    },
    {
      name: "itself masked",
      matches: (answer) => {
        const mistaken = attentionWith({ sees: (at, other) => other < at });
        // The first row may be zeros or NaN.
        const rest = ({ queries, keys, values }: AttentionCase, of: Attention) => of(queries, keys, values).slice(1);
        return ATTENTION_CASES.every((each) => alike(rest(each, answer), rest(each, mistaken)));
      },
      message: "Your tokens do not see themselves, and the first one sees nothing at all. The mask hides what comes after, not the token itself.",
    },
    {
      name: "not scaled",
      matches: attends({ divisor: () => 1 }),
      message: "You do not divide the scores. Without √width they grow with the width of a head, and the softmax gives nearly all to one token.",
    },
    {
      name: "scaled by the width",
      matches: attends({ divisor: (width) => width }),
      message: "You divide by the width. The sum of that many random products grows with the square root of their number, so the square root is what brings scores back to one size.",
    },
    {
      name: "softmax by column",
      matches: attends({ byColumn: true }),
      message: "Your shares sum to 1 over the tokens that look. Each token shares out its own attention: the softmax goes over the keys, for each query.",
    },
    {
      name: "overflow",
      matches: attends({ overflows: true }),
      message: "Large scores give NaN: Math.exp(1000) is Infinity, and Infinity divided by Infinity is no number. Subtract the row's largest score from each first; the shares stay the same.",
    },
    {
      name: "keys summed",
      matches: attends({ sums: "keys" }),
      message: "You add up the keys. Keys are for being found; what a token hands over is its value.",
    },
  ],
  because: "Scores, mask, softmax, weighted sum: that is all of it. Row by row it needs only earlier keys and values, and therefore they can be cached.",
};

/** Trained parameters of LoRA on these matrices. */
export type LoraParameters = (shape: ModelShape, rank: number, targets: readonly Linear[]) => number;

interface LoraCase {
  model: string;
  rank: number;
  targets: readonly Linear[];
}

const LORA_CASES: readonly LoraCase[] = [
  { model: "Llama-3-8B", rank: 8, targets: ["q_proj", "v_proj"] },
  { model: "Llama-3-8B", rank: 16, targets: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] },
  { model: "Qwen2.5-0.5B", rank: 32, targets: ["gate_proj", "up_proj", "down_proj"] },
  { model: "Llama-2-7B", rank: 4, targets: ["q_proj", "v_proj"] },
];

type PerMatrix = (shape: ModelShape, rank: number, name: Linear) => number;
const loraWith = (perMatrix: PerMatrix, layers = (shape: ModelShape) => shape.layers): LoraParameters => (shape, rank, targets) =>
  layers(shape) * targets.reduce((sum, name) => sum + perMatrix(shape, rank, name), 0);
const size = (shape: ModelShape, name: Linear) => linearSizes(shape)[name];
const pair: PerMatrix = (shape, rank, name) => rank * (size(shape, name).input + size(shape, name).output);

const counts = (mistaken: LoraParameters) => (answer: LoraParameters) =>
  LORA_CASES.every(({ model, rank, targets }) => answer(findModel(model).shape, rank, targets) === mistaken(findModel(model).shape, rank, targets));

export const loraExercise: Exercise<LoraParameters> = {
  id: "62.1/lora",
  kind: "function",
  hints: [
    "Section 7 says what stands beside a frozen matrix: two thin ones. What are the sizes of each of them?",
    "The first leads from the matrix's input down to the rank, the second from the rank up to its output. linearSizes(shape) has input and output of every matrix by its name.",
    "Add up both thin matrices for each target. Then remember that what you have is one layer of the model.",
  ],
  fault: (answer) => {
    for (const { model, rank, targets } of LORA_CASES) {
      const { shape } = findModel(model);
      const [given, expected] = [answer(shape, rank, targets), countLora(shape, rank, targets)];
      if (given !== expected) return `Rank ${rank} on ${targets.join(", ")} of ${model} trains ${expected.toLocaleString("en-US")} parameters; your function says ${Number(given).toLocaleString("en-US")}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "one layer",
      matches: counts(loraWith(pair, () => 1)),
      message: "You counted one layer. Every layer has matrices of its own, and an adapter on each.",
    },
    {
      name: "the matrix itself",
      matches: counts(loraWith((shape, _rank, name) => size(shape, name).input * size(shape, name).output)),
      message: "You counted the matrix that LoRA freezes. Trained is the pair beside it: input × rank and rank × output.",
    },
    {
      name: "one of the pair",
      matches: (answer) => counts(loraWith((shape, rank, name) => rank * size(shape, name).input))(answer) || counts(loraWith((shape, rank, name) => rank * size(shape, name).output))(answer),
      message: "You counted one of the two thin matrices. One leads from the input down to the rank, the other from the rank up to the output; both are trained.",
    },
    {
      name: "square matrices",
      matches: counts(loraWith((shape, rank) => 2 * rank * shape.hidden)),
      message: "You took every matrix for hidden × hidden. Key and value projections are narrower where query heads share key heads, and the feed-forward ones are wider: linearSizes has input and output of each.",
    },
    {
      name: "every target",
      matches: counts((shape, rank) => countLora(shape, rank, ["all-linear"])),
      message: "You adapted all seven matrices, whatever the targets say. Only the named ones get an adapter.",
    },
    {
      name: "multiplied sizes",
      matches: counts(loraWith((shape, rank, name) => rank * size(shape, name).input * size(shape, name).output)),
      message: "You multiplied input and output. The pair goes through a bottleneck of the rank: rank × input plus rank × output, a sum. That is why it is small.",
    },
  ],
  because: "rank × (input + output) for each adapted matrix of each layer. Targets decide more than the rank: they decide which weights can change at all.",
};
