import { z } from "zod";

/** One measured part of a dimension: a number from 0 (bad) to 1 (good), and what it was computed from. */
export const PartSchema = z.object({
  name: z.string(),
  /** Null where there was nothing to measure. */
  score: z.number().min(0).max(1).nullable(),
  /** The evidence in a sentence, with its numbers. */
  says: z.string(),
});
export type Part = z.infer<typeof PartSchema>;

/** The mean of the parts that could be measured; null where none could. */
export function meanScore(parts: readonly Part[]): number | null {
  const scores = parts.flatMap(({ score }) => (score === null ? [] : [score]));
  return scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

export const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;

/** How often each value occurs, the most frequent first; of equals, in code-unit order. */
export function tally(values: Iterable<string>): [value: string, rows: number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/**
 * Evenness of a distribution: Shannon's entropy over its largest possible value (Pielou 1966, J. Theor. Biol. 13),
 * from 0 (all in one) to 1 (all alike). 1 for a single category, in which nothing can be uneven.
 *
 * @param categories - how many there could be, empty ones included
 */
export function evenness(counts: readonly number[], categories = counts.length): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (categories <= 1 || total === 0) return categories <= 1 && total > 0 ? 1 : 0;
  const entropy = counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / total) * Math.log(count / total)), 0);
  return Math.min(1, Math.max(0, entropy / Math.log(categories)));
}
