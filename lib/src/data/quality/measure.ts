import { z } from "zod";
import type { Example } from "../example.js";
import { AccuracySchema, measureAccuracy } from "./accuracy.js";
import { ConsistencySchema, measureConsistency, type ConsistencyOptions } from "./consistency.js";
import { CoverageSchema, measureCoverage, type CoverageOptions } from "./coverage.js";
import { DiversitySchema, measureDiversity, type DiversityOptions } from "./diversity.js";
import type { Rule } from "./finding.js";
import { taskApiChecks } from "./task-api/checks.js";
import { isTaskOperation } from "./task-api/reading.js";

/** The four dimensions of a dataset's quality, each 0 to 1 with its evidence. JSON all through. */
export const QualityReportSchema = z.object({
  kind: z.literal("llmops-quality"),
  version: z.literal(1),
  rows: z.int().min(0),
  coverage: CoverageSchema,
  diversity: DiversitySchema,
  consistency: ConsistencySchema,
  accuracy: AccuracySchema,
});
export type QualityReport = z.infer<typeof QualityReportSchema>;

export interface QualityOptions {
  /** Default: those of `operation` and `scenario` that most rows have. */
  coverage?: CoverageOptions;
  diversity?: DiversityOptions;
  consistency?: ConsistencyOptions;
  /** Default: the Task API's, where most rows are labelled with its operations. */
  checks?: readonly Rule[];
}

/**
 * Measures coverage, diversity, consistency and accuracy of a dataset. No score is a verdict: each part says what it
 * was computed from, and what is good depends on what the dataset is for.
 *
 * @param examples - held in memory; some 10,000 rows take a few seconds
 */
export function measureQuality(examples: readonly Example[], options: QualityOptions = {}): QualityReport {
  const most = (has: (example: Example) => boolean): boolean => examples.length > 0 && examples.filter(has).length > examples.length / 2;
  const isTaskApi = most(({ extra }) => isTaskOperation(extra["operation"]));
  return {
    kind: "llmops-quality", version: 1, rows: examples.length,
    coverage: measureCoverage(examples, options.coverage ?? { axes: ["operation", "scenario"].filter((field) => most(({ extra }) => typeof extra[field] === "string")), ...(isTaskApi ? { isPossible: seenTogether(examples) } : {}) }),
    diversity: measureDiversity(examples, options.diversity),
    consistency: measureConsistency(examples, options.consistency),
    accuracy: measureAccuracy(examples, options.checks ?? (isTaskApi ? taskApiChecks() : [])),
  };
}

/** Scenarios belong to operations: without a list of those that should be there, a pair counts when some row has it. */
function seenTogether(examples: readonly Example[]): (cell: Readonly<Record<string, string>>) => boolean {
  const key = (operation: unknown, scenario: unknown): string => JSON.stringify([operation, scenario]);
  const seen = new Set(examples.map(({ extra }) => key(extra["operation"], extra["scenario"])));
  return (cell) => !("operation" in cell && "scenario" in cell) || seen.has(key(cell["operation"], cell["scenario"]));
}

/** A report as rows for `showTable`: one a dimension, then one for each of its parts. */
export function qualityRows(report: QualityReport): { dimension: string; measure: string; score: number | null; evidence: string }[] {
  return (["coverage", "diversity", "consistency", "accuracy"] as const).flatMap((dimension) => {
    const { score, parts } = report[dimension];
    return [
      { dimension, measure: "all", score, evidence: dimension === "accuracy" ? report.accuracy.limit.split(". ")[0] ?? "" : `mean of ${parts.filter((part) => part.score !== null).length} measures` },
      ...parts.map((part) => ({ dimension, measure: part.name, score: part.score, evidence: part.says })),
    ];
  });
}
