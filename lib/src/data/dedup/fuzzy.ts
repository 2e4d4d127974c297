import { exampleText, type Scope } from "../clean/content.js";
import type { Example } from "../example.js";
import { labelCode } from "./exact.js";
import { Groups, uniteMatches, type Partition } from "./groups.js";
import type { Kernel } from "./kernel.js";
import { toEnd } from "./steps.js";
import { bandKeys, MinHasher, planBands, type BandPlan } from "./minhash.js";
import { Duplicates, markDuplicates } from "./prefix.js";
import { rowsReach, ShingleList, shinglesInPlace, type ShingleStore } from "./shingles.js";

/** Which row of a set of near-duplicates stays: the first in input order, or the longest (of equals, the first). */
export type Keep = "first" | "longest";

export interface FuzzyOptions {
  /** Jaccard similarity from which two rows are near-duplicates. Default 0.8. */
  threshold?: number;
  /** Words in a shingle. Default 3. */
  shingle?: number;
  /** Values in a MinHash signature. Default 128. */
  numPerm?: number;
  /** Default 1. */
  seed?: number;
  /** The part of an example to compare, or a function that gives its text. Default `conversation`. */
  scope?: Scope | ((example: Example) => string);
  /** Default `first`. */
  keep?: Keep;
  /** How signatures are computed; the result is the same. Default: the fastest way this Node has. */
  kernel?: Kernel;
}

/** A kept row and its near-duplicates. Numbers are positions in the array given. */
export interface DuplicateCluster {
  /** From 1, in the order of the kept rows. */
  id: number;
  kept: number;
  /** The kept row and its duplicates, ascending. */
  members: number[];
}

/** What fuzzy deduplication did. Numbers are positions in the array given. */
export interface FuzzyDedup {
  kept: Example[];
  removed: { index: number; duplicateOf: number; similarity: number }[];
  clusters: DuplicateCluster[];
  /** How candidates were found, with the expected recall at the threshold. */
  plan: BandPlan;
}

/**
 * Finds near-duplicates: rows that share a band of their MinHash signatures are compared by their exact Jaccard
 * similarity and united; in each group, rows are kept or removed in order (see `markDuplicates`). Yields after every
 * band and every group, so that a caller can show progress and stop: the search takes seconds.
 *
 * @param store - the shingles of every row
 * @param bands - one partition a band: for every row, its band key
 * @param labelOf - rows with different ones are no duplicates of each other, however similar. Default: none has one
 */
export function* findDuplicates(
  store: ShingleStore,
  bands: Iterable<Partition>,
  { threshold, keep = "first", labelOf }: { threshold: number; keep?: Keep; labelOf?: (row: number) => number },
): Generator<void, Duplicates, void> {
  const groups = new Groups(store.count);
  for (const band of bands) {
    uniteMatches(band, (a, b) => rowsReach(store, a, b, threshold) !== undefined, groups);
    yield;
  }
  const duplicates = new Duplicates(store.count);
  for (const members of groups.several()) {
    const order = keep === "first" ? members : [...members].sort((a, b) => store.size(b) - store.size(a) || a - b);
    if (!labelOf) markDuplicates(order, store, threshold, duplicates);
    else for (const label of new Set(Array.from(order, labelOf))) markDuplicates(Array.from(order).filter((row) => labelOf(row) === label), store, threshold, duplicates);
    yield;
  }
  return duplicates;
}

/** The clusters that duplicates make, in the order of their kept rows. */
export function clustersOf({ keptRows }: Duplicates): DuplicateCluster[] {
  const members = new Map<number, number[]>();
  keptRows.forEach((kept, row) => {
    if (kept === row) return;
    const rows = members.get(kept);
    if (rows) rows.push(row);
    else members.set(kept, [kept, row]);
  });
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([kept, rows], position) => ({ id: position + 1, kept, members: rows.sort((a, b) => a - b) }));
}

/**
 * Removes near-duplicates from examples held in memory. Every removed example is at least `threshold` similar to
 * the kept one it is reported with: candidates come from MinHash and banding, and each is verified by the exact
 * Jaccard similarity of the word shingles. The expected recall at the threshold is in `plan`.
 *
 * Near-copies with opposite labels (unpaired preference) both stay: what differs between them is what there is to learn.
 *
 * Texts shorter than a shingle are duplicates only of texts with the same words; texts without a word, of nothing.
 *
 * @param examples - not changed
 * @throws RangeError when the threshold is not in (0, 1]
 */
export function dedupFuzzy(examples: readonly Example[], options: FuzzyOptions = {}): FuzzyDedup {
  const { threshold = 0.8, shingle = 3, numPerm = 128, seed = 1, scope = "conversation", keep = "first", kernel } = options;
  const plan = planBands(threshold, numPerm);
  const hasher = new MinHasher({ numPerm, seed, ...(kernel ? { kernel } : {}) });
  const textOf = typeof scope === "function" ? scope : (example: Example) => exampleText(example, scope);
  const store = new ShingleList(examples.length);
  const rows = new Uint32Array(examples.length);
  const columns = Array.from({ length: plan.bands }, () => new Uint32Array(examples.length));
  const signature = new Int32Array(numPerm);
  const keys = new Uint32Array(plan.bands);
  let comparable = 0;
  examples.forEach((example, row) => {
    const set = shinglesInPlace(textOf(example), shingle);
    store.add(set);
    if (set.length === 0) return;
    bandKeys(hasher.signature(set, signature), plan, keys);
    for (let band = 0; band < plan.bands; band++) (columns[band] as Uint32Array)[comparable] = keys[band] as number;
    rows[comparable++] = row;
  });
  const bands = columns.map((column) => ({ keys: column.subarray(0, comparable), rows: rows.subarray(0, comparable) }));
  const labelled = examples.some(({ label }) => label !== undefined);
  const duplicates = toEnd(findDuplicates(store, bands, { threshold, keep, ...(labelled ? { labelOf: (row: number) => labelCode(examples[row]?.label) } : {}) }));
  const removed: FuzzyDedup["removed"] = [];
  duplicates.keptRows.forEach((duplicateOf, index) => {
    if (duplicateOf !== index) removed.push({ index, duplicateOf, similarity: duplicates.similarities[index] as number });
  });
  return {
    kept: examples.filter((_, index) => duplicates.keptRows[index] === index),
    removed,
    clusters: clustersOf(duplicates),
    plan,
  };
}
