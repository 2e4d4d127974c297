import { ComputeError } from "./error.js";

/** What a batch's rows are padded to, from the rows themselves. */
export interface RealLength {
  /** For `sequence` of a plan. */
  sequence: number;
  /** Share of a batch's tokens that are padding, on average over random batches; 0 when packed. */
  padding: number;
  /** Rows that are longer than the limit, and cut. */
  cut: number;
}

/**
 * The length that a run's memory depends on: the longest row, or the limit when rows are packed. A limit in a recipe is not a
 * length: rows of 70 tokens under a limit of 2048 take the memory of 70.
 *
 * @param lengths - tokens of each row of the training set
 * @param options - `batch`: rows padded together; `limit`: where rows are cut; `packing`: rows are joined up to the limit
 * @throws ComputeError for no rows, or a length that is none
 */
export function realLength(lengths: readonly number[], options: { batch?: number; limit: number; packing?: boolean }): RealLength {
  const { batch = 1, limit, packing = false } = options;
  if (lengths.length === 0) throw new ComputeError("lengths", "must hold the tokens of at least one row");
  if (!Number.isInteger(limit) || limit < 1) throw new ComputeError("limit", `must be a whole number of at least 1, not ${limit}`);
  if (!Number.isInteger(batch) || batch < 1) throw new ComputeError("batch", `must be a whole number of at least 1, not ${batch}`);
  const wrong = lengths.find((tokens) => !Number.isInteger(tokens) || tokens < 0);
  if (wrong !== undefined) throw new ComputeError("lengths", `${wrong} is no number of tokens`);
  const kept = lengths.map((tokens) => Math.min(tokens, limit)).sort((a, b) => a - b);
  const cut = lengths.filter((tokens) => tokens > limit).length;
  if (packing) return { sequence: limit, padding: 0, cut: 0 };
  // The i-th shortest of n rows is the longest of a random batch with probability (i/n)^b - ((i-1)/n)^b.
  const rows = kept.length;
  const longest = kept.reduce((sum, tokens, at) => sum + tokens * (((at + 1) / rows) ** batch - (at / rows) ** batch), 0);
  const mean = kept.reduce((sum, tokens) => sum + tokens, 0) / rows;
  return { sequence: Math.max(1, kept.at(-1) as number), padding: longest === 0 ? 0 : 1 - mean / longest, cut };
}
