/** The exercises of lesson 64.1, "LoRA Theory". */
import type { Exercise } from "../course/check.js";

/** A matrix as its rows. */
export type Rows = number[][];
/** An adapter beside a matrix of outputs × inputs. */
export interface AdapterParts {
  /** rank × inputs. */
  a: Rows;
  /** outputs × rank. */
  b: Rows;
  alpha: number;
}
/** The matrix that the base and its adapter are together. */
export type AdaptedWeight = (weight: Rows, adapter: AdapterParts) => Rows;

interface WeightCase {
  name: string;
  weight: Rows;
  adapter: AdapterParts;
}
// A square one, where A·B can be computed too; a wide one of rank 1; and one that has just begun, with B at zero.
const WEIGHT_CASES: readonly WeightCase[] = [
  { name: "a 2 × 2 matrix, rank 2, alpha 3", weight: [[1, 2], [3, 4]], adapter: { a: [[0.5, -1], [2, 0.25]], b: [[1, 3], [-2, 0.5]], alpha: 3 } },
  { name: "a 3 × 2 matrix, rank 1, alpha 2", weight: [[0.2, -0.4], [1, 0], [-0.6, 0.8]], adapter: { a: [[0.5, -0.25]], b: [[1], [-2], [4]], alpha: 2 } },
  { name: "a 2 × 3 matrix, rank 4, alpha 8", weight: [[1, 0, -1], [2, 1, 0]], adapter: { a: [[1, 2, 3], [0, 1, 0], [-1, 0, 2], [0.5, 0.5, 0.5]], b: [[0.1, 0.2, 0.3, 0.4], [-0.4, 0.3, -0.2, 0.1]], alpha: 8 } },
  { name: "an adapter that has not begun, B all zero", weight: [[5, -5]], adapter: { a: [[0.3, 0.7], [0.1, -0.2]], b: [[0, 0]], alpha: 16 } },
];

const product = (left: Rows, right: Rows): Rows =>
  left.map((row) => (right[0] ?? []).map((_, column) => row.reduce((sum, value, at) => sum + value * (right[at]?.[column] ?? NaN), 0)));
const plus = (some: Rows, others: Rows, factor: number): Rows => some.map((row, i) => row.map((value, j) => value + factor * (others[i]?.[j] ?? NaN)));
const transposed = (rows: Rows): Rows => (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? NaN));
const rankOf = ({ a }: AdapterParts): number => a.length;
const addWith = (factor: (adapter: AdapterParts) => number): AdaptedWeight => (weight, adapter) => plus(weight, product(adapter.b, adapter.a), factor(adapter));
const adapted = addWith((adapter) => adapter.alpha / rankOf(adapter));

const sameRows = (given: unknown, right: Rows): boolean =>
  Array.isArray(given) && given.length === right.length && right.every((row, i) => {
    const mine: unknown = given[i];
    return Array.isArray(mine) && mine.length === row.length && row.every((value, j) => typeof mine[j] === "number" && Math.abs(mine[j] - value) < 1e-9 + 1e-6 * Math.abs(value));
  });
const copyOf = ({ weight, adapter }: WeightCase): [Rows, AdapterParts] => structuredClone([weight, adapter]);
/** A mistake that needs square shapes is seen on the square case. */
const givesOn = (cases: readonly WeightCase[], mistaken: AdaptedWeight) => (answer: AdaptedWeight): boolean =>
  cases.every((one) => sameRows(answer(...copyOf(one)), mistaken(...copyOf(one))));
const gives = (mistaken: AdaptedWeight) => givesOn(WEIGHT_CASES, mistaken);
const said = (rows: unknown): string => JSON.stringify(rows, (_, value: unknown) => (typeof value === "number" ? Number(value.toFixed(4)) : value)) ?? String(rows);

export const adaptedWeight: Exercise<AdaptedWeight> = {
  id: "64.1/adapted-weight",
  kind: "function",
  hints: [
    "Look at the shapes: a is rank × inputs, b is outputs × rank. In which order must they be multiplied so that the result has the shape of the weight?",
    "The product is scaled before it is added. The scale needs alpha and the rank, and the rank is the one size that a and b share.",
    "Make a new matrix: for row i and column j, the weight there plus scale times the sum, over the rank, of b's row i and a's column j. The weight itself stays as it is.",
  ],
  fault: (answer) => {
    for (const one of WEIGHT_CASES) {
      const [weight, adapter] = copyOf(one);
      const given = answer(weight, adapter), right = adapted(one.weight, one.adapter);
      if (!sameRows(given, right)) return `For ${one.name} the sum is ${said(right)}; your function gives ${said(given)}.`;
      if (!sameRows(weight, one.weight)) return `For ${one.name} your function changed the matrix that it was given. The base is frozen: make a new one.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "not scaled",
      matches: gives(addWith(() => 1)),
      message: "You added B·A as it is. LoRA multiplies it with alpha ÷ rank, so that the size of the change can be set without touching A and B.",
    },
    {
      name: "alpha alone",
      matches: gives(addWith(({ alpha }) => alpha)),
      message: "You multiplied with alpha and did not divide by the rank. At rank 16 that is a change sixteen times as large.",
    },
    {
      name: "square root of the rank",
      matches: gives(addWith((adapter) => adapter.alpha / Math.sqrt(rankOf(adapter)))),
      message: "alpha ÷ √rank is rsLoRA's scale. It is a choice of its own (`rslora: true` in a recipe); plain LoRA divides by the rank.",
    },
    {
      name: "rank from B's rows",
      matches: gives(addWith(({ b, alpha }) => alpha / b.length)),
      message: "You divided by the number of outputs. The rank is the size that A and B share: the rows of A, the columns of B.",
    },
    {
      name: "change alone",
      matches: gives((_, adapter) => product(adapter.b, adapter.a).map((row) => row.map((value) => (value * adapter.alpha) / rankOf(adapter)))),
      message: "That is the change alone. The base stays where it is, and the change is added: W + alpha ÷ rank · B·A.",
    },
    {
      name: "A times B",
      matches: givesOn(WEIGHT_CASES.slice(0, 1), (weight, { a, b, alpha }) => plus(weight, product(a, b), alpha / a.length)),
      message: "You multiplied A·B. For a square matrix that runs and is wrong; for another it has the wrong shape. The input meets A first, so A stands on the right: B·A.",
    },
    {
      name: "transposed",
      matches: givesOn(WEIGHT_CASES.slice(0, 1), (weight, { a, b, alpha }) => plus(weight, transposed(product(b, a)), alpha / a.length)),
      message: "Your change is transposed. The rows of W are its outputs: row i of the change is row i of B times A.",
    },
  ],
  because: "W + alpha ÷ rank · B·A: a new matrix of the same shape, while W stays as it was. Where B is zero it is W itself, so training starts from the base.",
};

/** The smallest rank whose best approximation has at least so large a share of a matrix's energy. */
export type SmallestRank = (singularValues: readonly number[], share: number) => number;

interface RankCase {
  name: string;
  values: readonly number[];
  share: number;
}
const RANK_CASES: readonly RankCase[] = [
  { name: "singular values 4, 2, 1, 1, 1, 1", values: [4, 2, 1, 1, 1, 1], share: 0.8 },
  { name: "ten equal ones", values: Array.from({ length: 10 }, () => 2), share: 0.5 },
  { name: "singular values 10, 1, 0.1", values: [10, 1, 0.1], share: 0.95 },
  { name: "singular values 3, 3, 2, 1, 1, 0", values: [3, 3, 2, 1, 1, 0], share: 1 },
];
const shareReached = (values: readonly number[], share: number, of: (value: number) => number, reached = (sum: number, aim: number): boolean => sum >= aim - 1e-12 * Math.abs(aim)): number => {
  const aim = share * values.reduce((sum, value) => sum + of(value), 0);
  let sum = 0;
  const at = values.findIndex((value) => reached((sum += of(value)), aim));
  return at < 0 ? values.length : at + 1;
};
const square = (value: number): number => value * value;
const smallest: SmallestRank = (values, share) => shareReached(values, share, square);
const ranks = (mistaken: SmallestRank) => (answer: SmallestRank): boolean => RANK_CASES.every(({ values, share }) => answer([...values], share) === mistaken(values, share));

export const smallestRank: Exercise<SmallestRank> = {
  id: "64.1/smallest-rank",
  kind: "function",
  hints: [
    "What is the energy of a matrix, in terms of its singular values? It is not their sum.",
    "Compute the whole energy first. Then take the values from the largest on, and add until the part you have reaches the share of the whole.",
    "Count how many you took, not the place of the last. Reaching the share exactly is enough.",
  ],
  fault: (answer) => {
    for (const { name, values, share } of RANK_CASES) {
      const given = answer([...values], share), right = smallest(values, share);
      if (given !== right) return `For ${name} and a share of ${share} the rank is ${right}; your function gives ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "not squared",
      matches: ranks((values, share) => shareReached(values, share, (value) => value)),
      message: "You summed the singular values themselves. The energy is the sum of the squares of all numbers in the matrix, and that is the sum of the squared singular values.",
    },
    {
      name: "one too few",
      matches: ranks((values, share) => smallest(values, share) - 1),
      message: "That is the position of the value that reaches the share, counted from 0. The rank is how many values were taken: one more.",
    },
    {
      name: "share of the count",
      matches: ranks((values, share) => Math.ceil(share * values.length)),
      message: "You took a share of the number of values. They are not equally large: the first ones have most of the energy, that is why a small rank can do.",
    },
    {
      name: "compared with the largest",
      matches: ranks((values, share) => values.filter((value) => value >= (1 - share) * (values[0] ?? 0)).length),
      message: "You counted values that are large beside the first one. Many small ones together can hold much energy: sum the squares until the share is reached.",
    },
    {
      name: "more than the share",
      matches: ranks((values, share) => shareReached(values, share, square, (sum, aim) => sum > aim + 1e-12 * aim)),
      message: "You went on although the share was reached exactly. At least the share is enough: compare with ≥.",
    },
  ],
  because: "Squares, summed from the largest on until the share is reached. Ten equal values need half of the ranks for half of the energy; values that fall quickly need one or two.",
};
