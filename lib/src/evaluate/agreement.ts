/** How far raters agree beyond chance. All are 1 for full agreement, 0 for what chance gives, and may be negative. */
import { Random } from "../teacher/random.js";

/** One row an item, one entry a rater; null where that rater gave none. */
export type Ratings<Value extends string | number = string | number> = readonly (readonly (Value | null)[])[];

/** What differences between two answers mean. Kinds have none, ranks an order, `interval` distances, `ratio` a true zero. */
export type Scale = "nominal" | "ordinal" | "interval" | "ratio";

export interface KappaOptions<Value> {
  /** How much a difference of steps counts. Default "none": all disagreements are alike. */
  weights?: "none" | "linear" | "quadratic";
  /** The answers in their order; needed for weights. Default: as they appear. */
  order?: readonly Value[];
}

/**
 * Cohen's kappa of two raters who both rated every item (J. Cohen 1960, Educational and Psychological Measurement 20:37-46; with
 * weights J. Cohen 1968, Psychological Bulletin 70:213-220).
 *
 * @returns NaN where both raters gave all items one and the same answer: nothing then tells agreement from habit
 * @throws RangeError when the lists differ in length or are empty, or weights come without an order that has every answer
 */
export function cohenKappa<Value extends string | number>(first: readonly Value[], second: readonly Value[], { weights = "none", order }: KappaOptions<Value> = {}): number {
  if (first.length !== second.length) throw new RangeError(`${first.length} answers of one rater beside ${second.length} of the other`);
  if (first.length === 0) throw new RangeError("there is nothing to compare: give at least one item");
  if (weights !== "none" && order === undefined) throw new RangeError("weights need `order`: the answers from the least to the most");
  const answers = order ?? [...new Set([...first, ...second])];
  const place = (value: Value): number => {
    const at = answers.indexOf(value);
    if (at < 0) throw new RangeError(`"${value}" is not in the order ${answers.join(", ")}`);
    return at;
  };
  const distance = (a: number, b: number): number => (weights === "none" ? Number(a !== b) : weights === "linear" ? Math.abs(a - b) : (a - b) ** 2);
  const places: [number, number][] = first.map((value, at) => [place(value), place(second[at] as Value)]);
  const observed = places.reduce((sum, [a, b]) => sum + distance(a, b), 0) / places.length;
  const [left, right] = [0, 1].map((rater) => answers.map((_, at) => places.filter((pair) => pair[rater] === at).length / places.length)) as [number[], number[]];
  const expected = left.reduce((sum, p, a) => sum + p * right.reduce((inner, q, b) => inner + q * distance(a, b), 0), 0);
  return expected === 0 ? NaN : 1 - observed / expected;
}

/**
 * Fleiss' kappa: several raters, kinds without order, the same number of answers for every item; who gave them does not matter
 * (J. L. Fleiss 1971, Psychological Bulletin 76:378-382).
 *
 * @param counts one row an item: how many raters gave each answer
 * @returns NaN where all answers are the same
 * @throws RangeError when an item has another number of answers than the first, or fewer than two
 */
export function fleissKappa(counts: readonly (readonly number[])[]): number {
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const [raters = 0] = totals;
  if (raters < 2) throw new RangeError("every item needs at least two answers");
  const odd = totals.findIndex((total) => total !== raters);
  if (odd >= 0) throw new RangeError(`item ${odd + 1} has ${totals[odd]} answers, the first ${raters}: take krippendorffAlpha, which allows gaps`);
  const agreed = counts.reduce((sum, row) => sum + (row.reduce((inner, count) => inner + count * count, 0) - raters) / (raters * (raters - 1)), 0) / counts.length;
  const shares = (counts[0] ?? []).map((_, answer) => counts.reduce((sum, row) => sum + (row[answer] ?? 0), 0) / (counts.length * raters));
  const chance = shares.reduce((sum, share) => sum + share * share, 0);
  return chance === 1 ? NaN : (agreed - chance) / (1 - chance);
}

/**
 * Krippendorff's alpha: any number of raters, gaps, and scales (K. Krippendorff 2011, "Computing Krippendorff's
 * Alpha-Reliability", https://repository.upenn.edu/handle/20.500.14332/2089). Items with fewer than two answers say nothing and
 * are left out.
 *
 * @param ratings for every scale but `nominal` numbers
 * @returns NaN where nothing can be compared or all answers are the same
 * @throws RangeError for text on a scale of numbers, or numbers below 0 on `ratio`
 */
export function krippendorffAlpha(ratings: Ratings, scale: Scale = "nominal"): number {
  const items = ratings.map((row) => row.filter((value) => value !== null)).filter((row) => row.length > 1);
  const all = items.flat();
  const odd = scale === "nominal" ? undefined : all.find((value) => typeof value !== "number" || !Number.isFinite(value) || (scale === "ratio" && value < 0));
  if (odd !== undefined) throw new RangeError(`${JSON.stringify(odd)} has no place on the scale "${scale}"`);
  const values = [...new Set(all)].sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1));
  const place = new Map(values.map((value, at) => [value, at]));
  const matrix = values.map(() => values.map(() => 0));
  for (const row of items) {
    for (const [a, one] of row.entries()) {
      for (const [b, other] of row.entries()) if (a !== b) matrix[place.get(one) as number]![place.get(other) as number]! += 1 / (row.length - 1);
    }
  }
  const totals = matrix.map((row) => row.reduce((sum, share) => sum + share, 0));
  const distance = distanceOn(scale, values, totals);
  const n = totals.reduce((sum, total) => sum + total, 0);
  let observed = 0, expected = 0;
  for (const [a, row] of matrix.entries()) {
    for (const [b, share] of row.entries()) {
      observed += share * distance(a, b);
      expected += totals[a]! * totals[b]! * distance(a, b);
    }
  }
  return expected === 0 ? NaN : 1 - ((n - 1) * observed) / expected;
}

/** The squared difference of two values, by their places. */
function distanceOn(scale: Scale, values: readonly (string | number)[], totals: readonly number[]): (a: number, b: number) => number {
  if (scale === "nominal") return (a, b) => Number(a !== b);
  if (scale === "ordinal") {
    return (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      return (totals.slice(low, high + 1).reduce((sum, total) => sum + total, 0) - ((totals[low] ?? 0) + (totals[high] ?? 0)) / 2) ** 2;
    };
  }
  const numbers = values as readonly number[];
  if (scale === "interval") return (a, b) => (numbers[a]! - numbers[b]!) ** 2;
  return (a, b) => (a === b ? 0 : ((numbers[a]! - numbers[b]!) / (numbers[a]! + numbers[b]!)) ** 2);
}

export interface Estimate {
  estimate: number;
  /** 95 % interval. */
  low: number;
  high: number;
}

/**
 * A 95 % interval of any figure of a list of items, by drawing them again with replacement (percentile bootstrap, B. Efron 1979,
 * Annals of Statistics 7:1-26). Items must be independent of each other; with fewer than some twenty the interval is too narrow.
 *
 * @param figure of a list of items; lists of which it is NaN are left out
 * @returns low and high are NaN where the figure is NaN for most draws
 */
export function bootstrap<Item>(items: readonly Item[], figure: (items: readonly Item[]) => number, { seed = 1, draws = 2000 }: { seed?: number; draws?: number } = {}): Estimate {
  if (items.length === 0) throw new RangeError("there is nothing to draw from: give at least one item");
  const random = new Random(seed, "bootstrap");
  const found = Array.from({ length: draws }, () => figure(items.map(() => random.pick(items)))).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number): number => (found.length < draws / 2 ? NaN : found[Math.min(found.length - 1, Math.floor(share * found.length))]!);
  return { estimate: figure(items), low: at(0.025), high: at(0.975) };
}
