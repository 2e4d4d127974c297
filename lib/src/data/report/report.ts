import { z } from "zod";
import { FORMATS } from "../example.js";
import { PII_ACTIONS, planPii, type PiiPlan } from "../pii/actions.js";
import { PII_KINDS } from "../pii/kinds.js";

const Count = z.number().int().nonnegative();
const Place = z.object({ source: z.string(), line: Count });

/** The steps of a build, in their order. */
export const STEPS = ["read", "parse", "schema", "normalize", "exact-dedup", "fuzzy-dedup", "pii", "length", "filter", "format", "split"] as const;
export type Step = (typeof STEPS)[number];

export const TokenStatsSchema = z.object({
  encoding: z.string(),
  rows: Count,
  total: Count,
  min: Count,
  p5: Count,
  median: Count,
  mean: z.number(),
  p95: Count,
  max: Count,
  /** Rows with `from` to `to` tokens, both inclusive. */
  histogram: z.array(z.object({ from: Count, to: Count, rows: Count })),
});
export type TokenStats = z.infer<typeof TokenStatsSchema>;

/** Everything a build says about the dataset it made: `data_report.json`. */
export const DataReportSchema = z.object({
  kind: z.literal("llmops-data-report"),
  version: z.literal(1),
  rows: z.object({ in: Count, out: Count, rejected: Count }),
  format: z.enum(FORMATS),
  /** What each step left. */
  steps: z.array(z.object({ step: z.enum(STEPS), in: Count, rejected: Count, out: Count })),
  /** Why rows left, with up to three of them. */
  rejections: z.array(
    z.object({ step: z.enum(STEPS), code: z.string(), rows: Count, examples: z.array(Place.extend({ reason: z.string() })) }),
  ),
  sources: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      formats: z.partialRecord(z.enum(FORMATS), Count),
      rows: Count,
      out: Count,
      rejected: Count,
      /** What the file was read as, where its content says something else than its name. */
      readAs: z.string().optional(),
      /** Why it was not read, or not to its end. */
      note: z.string().optional(),
      /** Rows may be missing, since the file is damaged: all of it, or what follows the rows that were read. */
      unread: z.enum(["all", "rest"]).optional(),
    }),
  ),
  /** Files found and not read. */
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  normalized: z.object({ rows: Count, texts: z.record(z.string(), Count) }),
  duplicates: z.object({
    exact: Count,
    fuzzy: Count,
    /** How near-duplicates were looked for; null when they were not. */
    search: z
      .object({ threshold: z.number(), shingle: Count, numPerm: Count, bands: Count, rowsPerBand: Count, recall: z.number(), scope: z.string(), keep: z.string() })
      .nullable(),
    clusters: Count,
    /** The largest clusters of near-duplicates: the row kept, their size with it, and up to five of the rows that went. */
    largest: z.array(z.object({ kept: Place, rows: Count, removed: z.array(Place.extend({ similarity: z.number() })) })),
  }),
  pii: z.object({
    mode: z.enum(PII_ACTIONS),
    /** What was done with each kind, where kinds were chosen. */
    actions: z.partialRecord(z.enum(PII_KINDS), z.enum(PII_ACTIONS)).optional(),
    rows: Count,
    kinds: z.record(z.string(), Count),
  }),
  /** Rows that were written without a field of their turns, by field: the format has no place for it. Absent when there are none. */
  droppedFields: z.record(z.string(), Count).optional(),
  tokens: TokenStatsSchema,
  split: z.object({
    names: z.array(z.string()),
    rows: z.array(Count),
    files: z.array(z.string()),
    tokens: z.array(Count),
    unused: Count,
    stratify: z.string().nullable(),
    strata: z.array(z.object({ stratum: z.string(), rows: Count, counts: z.array(Count), unused: Count })),
    imbalances: z.array(z.object({ stratum: z.string(), split: z.string(), rows: Count, share: z.number() })),
    leakThreshold: z.number(),
    groups: Count,
    inexact: z.boolean(),
  }),
});
export type DataReport = z.infer<typeof DataReportSchema>;

/** What was done with each kind of personal data that was looked for. */
export function piiPlanOf({ pii }: DataReport): PiiPlan {
  return (pii.actions as PiiPlan | undefined) ?? planPii(pii.mode);
}

const HISTOGRAM_BARS = 24;

/**
 * Describes token counts.
 *
 * @param tokens - one number a row; sorted in place
 */
export function describeTokens(tokens: Uint32Array, encoding: string): TokenStats {
  tokens.sort();
  const rows = tokens.length;
  // The nearest-rank quantile: a value that occurs, not one in between.
  const quantile = (q: number): number => tokens[Math.max(0, Math.ceil(q * rows) - 1)] ?? 0;
  let total = 0;
  for (const count of tokens) total += count;
  const min = tokens[0] ?? 0;
  const max = tokens[rows - 1] ?? 0;
  // The last bar takes in the long tail, so that a few giants do not squeeze the others into one bar.
  const top = Math.min(max, Math.max(quantile(0.99), min + HISTOGRAM_BARS));
  const width = Math.max(1, Math.ceil((top - min + 1) / HISTOGRAM_BARS));
  const bars = Math.max(1, Math.ceil((top - min + 1) / width));
  const histogram = Array.from({ length: bars }, (_, bar) => ({
    from: min + bar * width,
    to: bar === bars - 1 ? Math.max(max, min + (bar + 1) * width - 1) : min + (bar + 1) * width - 1,
    rows: 0,
  }));
  for (const count of tokens) (histogram[Math.min(bars - 1, Math.floor((count - min) / width))] as { rows: number }).rows++;
  return {
    encoding, rows, total, min, max,
    p5: quantile(0.05),
    median: quantile(0.5),
    mean: rows === 0 ? 0 : Math.round((total / rows) * 100) / 100,
    p95: quantile(0.95),
    histogram: rows === 0 ? [] : histogram,
  };
}
