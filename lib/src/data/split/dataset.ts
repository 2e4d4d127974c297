import { contentHash, type Scope } from "../clean/content.js";
import type { Example } from "../example.js";
import { assignSplits, UNUSED } from "./assign.js";
import { SplitError, type SplitSize } from "./quota.js";
import { groupSimilar } from "./similar.js";
import { countStrata, imbalances, type Imbalance, type StratumCounts } from "./table.js";

/** More values than this are an id or a text, not a category. */
export const MAX_STRATA = 10_000;

/** The stratum of rows that have no value in the field. */
export const NO_STRATUM = "(none)";

/** The value that rows are stratified by, as text; rows without one make a stratum of their own. */
export function stratumOf(example: Example, stratify: string | ((example: Example) => string) | undefined): string {
  if (stratify === undefined) return "all";
  if (typeof stratify === "function") return stratify(example);
  const value = example.extra[stratify];
  if (value === undefined || value === null || value === "") return NO_STRATUM;
  return typeof value === "string" ? value : JSON.stringify(value);
}

export interface SplitOptions {
  /** Rows of each split: by name as fractions of all, or as exact counts. Default 0.8, 0.1, 0.1 for train, val, test. */
  size?: SplitSize;
  /** Names of the splits, in the order of the sizes. Default train, val, test. */
  names?: readonly string[];
  /** Default 1. */
  seed?: number;
  /** A field of `extra`, or a function, whose values are to be spread over the splits in proportion. */
  stratify?: string | ((example: Example) => string);
  /** Jaccard similarity from which two rows may not stand in different splits. Default 0.7. */
  leakThreshold?: number;
  /** Words in a shingle. Default 3. */
  shingle?: number;
  /** The part of an example that is compared. Default `conversation`. */
  scope?: Scope;
}

export interface SplitResult {
  /** The examples of each split, by name, in input order. */
  splits: Record<string, Example[]>;
  /** Positions in the input of the examples of each split, by name. */
  indices: Record<string, number[]>;
  /** Positions of the examples that were not asked for. */
  unused: number[];
  strata: StratumCounts[];
  imbalances: Imbalance[];
  /** Groups of several near-duplicates that were kept together. */
  groups: number;
  /** True when such groups kept a split from its exact total (never with counts). */
  inexact: boolean;
}

/**
 * Splits examples with exact totals, every stratum in proportion, and no two rows that are `leakThreshold` similar
 * in different splits (every such pair is found, see `uniteAllSimilar`). The split of a row follows from its content
 * and the seed: the same rows in another order are split the same way.
 *
 * A stratum with fewer rows than there are splits goes to the splits with the largest shares; see `imbalances`.
 *
 * @param examples - not changed
 * @throws SplitError when more rows are asked for than there are, when groups of near-duplicates make exact counts
 *   impossible, or when `stratify` has more than 10,000 values
 */
export function splitDataset(examples: readonly Example[], options: SplitOptions = {}): SplitResult {
  const {
    size = { fractions: [0.8, 0.1, 0.1] },
    names = ["train", "val", "test"],
    seed = 1,
    stratify,
    leakThreshold = 0.7,
    shingle = 3,
    scope = "conversation",
  } = options;
  checkNames(size, names);

  const keyLow = new Uint32Array(examples.length);
  const keyHigh = new Uint32Array(examples.length);
  const values = examples.map((example) => stratumOf(example, stratify));
  const strataNames = orderStrata(new Set(values), stratify);
  const numbers = new Map(strataNames.map((name, i) => [name, i]));
  const strata = Uint32Array.from(values, (value) => numbers.get(value) as number);
  examples.forEach((example, row) => {
    const hash = contentHash(example);
    keyLow[row] = hash.readUInt32LE(0);
    keyHigh[row] = hash.readUInt32LE(4);
  });
  const united = groupSimilar(examples, { threshold: leakThreshold, shingle, scope });
  const groups = Uint32Array.from(examples, (_, row) => united.find(row));

  const assignment = assignSplits({ keyLow, keyHigh, groups, strata, strataCount: strataNames.length }, size, seed);
  const indices: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const unused: number[] = [];
  assignment.splits.forEach((split, row) => {
    if (split === UNUSED) unused.push(row);
    else indices[names[split] as string]?.push(row);
  });
  const table = countStrata(assignment.splits, strata, strataNames, names.length);
  return {
    splits: Object.fromEntries(names.map((name) => [name, (indices[name] ?? []).map((row) => examples[row] as Example)])),
    indices,
    unused,
    strata: table,
    imbalances: imbalances(table, names),
    groups: [...united.several()].length,
    inexact: assignment.inexact,
  };
}

/** The names of strata in a fixed order, whatever the order of the rows. */
export function orderStrata(names: ReadonlySet<string>, stratify: unknown): string[] {
  if (names.size > MAX_STRATA) {
    const what = typeof stratify === "string" ? `the field "${stratify}"` : "the stratifying function";
    throw new SplitError(`${what} has more than ${MAX_STRATA} different values: stratify by a category, not by an id or a text`);
  }
  return [...names].sort();
}

/** @throws SplitError unless there are as many different names as sizes */
export function checkNames(size: SplitSize, names: readonly string[]): void {
  const sizes = "counts" in size ? size.counts : size.fractions;
  if (sizes.length !== names.length) {
    throw new SplitError(`${sizes.length} sizes for ${names.length} splits (${names.join(", ")}): give one size for each`);
  }
  if (new Set(names).size !== names.length) throw new SplitError(`two splits have the same name: ${names.join(", ")}`);
}
