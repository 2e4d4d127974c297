import type { ByteSpan } from "../jsonl/row-item.js";
import type { Rejection } from "../example.js";
import { STEPS, type Step } from "../report/report.js";
import type { AppendFile } from "./work-files.js";

/** A line of `rejected.jsonl`; `span` says where a row too long to copy stands in its source. */
export type RejectedRow = Rejection & { step: Step; span?: ByteSpan };

/** Rows that left for one reason. */
interface Reason {
  step: Step;
  code: string;
  rows: number;
  examples: { source: string; line: number; reason: string }[];
}

export type Reasons = Record<string, Reason>;

const EXAMPLES = 3;
/** Codes come from this library and from a filter; a filter that makes one up for every row must not fill the memory. */
const MAX_REASONS = 1000;

/** Writes a rejected row down and counts it. */
export function reject(row: RejectedRow, file: AppendFile, reasons: Reasons): void {
  file.write(`${JSON.stringify(row)}\n`);
  let key = `${row.step}/${row.code}`;
  if (!Object.hasOwn(reasons, key) && Object.keys(reasons).length >= MAX_REASONS) key = `${row.step}/(other)`;
  const reason = (reasons[key] ??= { step: row.step, code: key.slice(row.step.length + 1), rows: 0, examples: [] });
  reason.rows++;
  if (reason.examples.length < EXAMPLES) reason.examples.push({ source: row.source, line: row.line, reason: row.reason });
}

/** All reasons of several stages, by step, the most frequent first. */
export function sortReasons(...parts: readonly Reasons[]): Reason[] {
  return parts
    .flatMap((reasons) => Object.values(reasons))
    .sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step) || b.rows - a.rows || (a.code < b.code ? -1 : 1));
}

/** Adds counts to counts. */
export function addCounts(total: Record<string, number>, more: Readonly<Record<string, number | undefined>>): void {
  for (const [key, count] of Object.entries(more)) total[key] = (total[key] ?? 0) + (count ?? 0);
}
