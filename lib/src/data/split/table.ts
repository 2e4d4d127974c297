import { UNUSED } from "./assign.js";

/** Rows of one stratum in each split. */
export interface StratumCounts {
  stratum: string;
  rows: number;
  /** One number a split, in the order of the splits. */
  counts: number[];
  unused: number;
}

/** How far a stratum is from its share of a split. */
export interface Imbalance {
  stratum: string;
  split: string;
  rows: number;
  /** Rows that the stratum's share of the split would be. */
  share: number;
}

/** Counts rows by stratum and split. */
export function countStrata(splits: Uint8Array, strata: Uint32Array, names: readonly string[], splitCount: number): StratumCounts[] {
  const table = names.map((stratum) => ({ stratum, rows: 0, counts: new Array<number>(splitCount).fill(0), unused: 0 }));
  splits.forEach((split, row) => {
    const entry = table[strata[row] as number] as StratumCounts;
    entry.rows++;
    if (split === UNUSED) entry.unused++;
    else entry.counts[split] = (entry.counts[split] as number) + 1;
  });
  return table;
}

/**
 * The cells that are more than one row away from proportion: where groups of near-duplicates, or a stratum with
 * fewer rows than there are splits, made proportion impossible.
 */
export function imbalances(table: readonly StratumCounts[], splitNames: readonly string[]): Imbalance[] {
  const totals = splitNames.map((_, split) => table.reduce((sum, entry) => sum + (entry.counts[split] as number), 0));
  const used = totals.reduce((a, b) => a + b, 0);
  const found: Imbalance[] = [];
  for (const { stratum, rows, counts, unused } of table) {
    splitNames.forEach((split, i) => {
      const share = used === 0 ? 0 : ((rows - unused) * (totals[i] as number)) / used;
      if (Math.abs((counts[i] as number) - share) > 1) found.push({ stratum, split, rows: counts[i] as number, share });
    });
  }
  return found;
}
