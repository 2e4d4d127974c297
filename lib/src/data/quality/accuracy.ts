import { z } from "zod";
import type { Example } from "../example.js";
import type { Rule } from "./finding.js";
import { PartSchema, percent, type Part } from "./score.js";

export const AccuracySchema = z.object({
  score: z.number().nullable(),
  parts: z.array(PartSchema),
  /** Rows with a finding, by the first of each; up to 50. */
  findings: z.array(z.object({ index: z.int(), check: z.string(), code: z.string(), reason: z.string() })),
  /** Rows with at least one finding. */
  faulty: z.int(),
  /** What the score does not say. */
  limit: z.string(),
});
export type Accuracy = z.infer<typeof AccuracySchema>;

const SHOWN = 50;

/**
 * Counts the rows that checks find fault with. The score is an upper bound: a row without a finding may still be wrong
 * in a way that no check knows.
 */
export function measureAccuracy(examples: readonly Example[], checks: readonly Rule[]): Accuracy {
  const findings: Accuracy["findings"] = [];
  const counts = new Map(checks.map(({ name }) => [name, 0]));
  let faulty = 0;
  examples.forEach((example, index) => {
    let isFaulty = false;
    for (const check of checks) {
      const finding = check.find(example);
      if (!finding) continue;
      counts.set(check.name, (counts.get(check.name) ?? 0) + 1);
      if (!isFaulty && findings.length < SHOWN) findings.push({ index, check: check.name, ...finding });
      isFaulty = true;
    }
    if (isFaulty) faulty++;
  });
  const rows = examples.length;
  const measured = rows > 0 && checks.length > 0;
  const parts = [...counts].map(([name, found]): Part => ({ name, score: rows === 0 ? null : 1 - found / rows, says: `${found} of ${rows} rows (${percent(rows === 0 ? 0 : found / rows)}) have this fault` }));
  return {
    score: measured ? 1 - faulty / rows : null,
    parts: parts.length > 0 ? parts : [{ name: "accuracy", score: null, says: "no check fits these rows: name some with `checks`" }],
    findings, faulty,
    limit: `At least ${faulty} of ${rows} rows are wrong by ${checks.length} rules. Rules see contradictions, not truth: faults they have no words for are not counted, and a finding may itself be wrong. Read some of both.`,
  };
}
