import type { Format } from "./example.js";
import type { ColumnMap } from "./formats/columns.js";
import { detectFormat, detectRow, type DetectedFormat, type UnknownFormat } from "./formats/detect.js";
import { checkOpenAiFile, checkOpenAiRow } from "./formats/openai.js";
import { parseRow } from "./formats/row.js";
import type { Refusal } from "./formats/refusal.js";
import { openRows, type RowLayout } from "./jsonl/rows.js";
import type { ReadOptions, RowItem } from "./jsonl/row-item.js";

/** One row that is not valid, by its line (or record) and its reason. */
export interface RowFault {
  line: number;
  code: string;
  reason: string;
}

/** Services whose documented rules a file can be checked against. */
export const RULES = ["openai"] as const;
export type Rules = (typeof RULES)[number];

export interface ValidateOptions extends Pick<ReadOptions, "maxLineBytes" | "signal"> {
  /** Default: what the first rows look like. */
  format?: Format;
  map?: ColumnMap;
  /** Also check what a service asks for, beyond what the format is. */
  rules?: Rules;
  /** Called for every invalid row, in order. A returned promise is awaited. */
  onFault?: (fault: RowFault) => void | Promise<void>;
  /** Called after each batch with the bytes of the file read so far, and its size where it is known. */
  onProgress?: (bytes: number, size: number | undefined) => void;
  /** How many faults the result lists; the counts are of all. Default 100. */
  keep?: number;
}

export interface Validation {
  path: string;
  layout: RowLayout;
  /** What `line` of a fault counts. */
  unit: "line" | "record";
  /** Undefined where no format fits; `detected` says why. */
  format: Format | undefined;
  /** What the format was told from; undefined where it was given. */
  detected: DetectedFormat | UnknownFormat | undefined;
  /** Rows in the file, without blank lines: `valid + invalid`. */
  rows: number;
  valid: number;
  invalid: number;
  /** Invalid rows by code, most frequent first. */
  byCode: Record<string, number>;
  /** The first `keep` faults. */
  faults: RowFault[];
  /** What the rules asked for find wrong with the file as a whole, such as too few rows. */
  fileFaults: string[];
}

const SAMPLE_ROWS = 200;

/**
 * Checks every row of a file, streaming: that it can be read, has the fields of its format, and holds a conversation that
 * can be trained on. Memory does not grow with the file.
 *
 * @throws FileError when the file as a whole cannot be read
 */
export async function validateFile(path: string, options: ValidateOptions = {}): Promise<Validation> {
  const { keep = 100, map } = options;
  const source = await openRows(path, readOptions(options));
  const byCode = new Map<string, number>();
  const result: Validation = {
    path, layout: source.layout, unit: source.unit, format: options.format, detected: undefined,
    rows: 0, valid: 0, invalid: 0, byCode: {}, faults: [], fileFaults: [],
  };
  const check = async (items: readonly RowItem[]): Promise<void> => {
    for (const item of items) {
      result.rows++;
      const refusal = item.problem ?? refusalOfRow(item.value, result, map) ?? (options.rules === "openai" ? checkOpenAiRow(item.value) : undefined);
      if (!refusal) {
        result.valid++;
        continue;
      }
      result.invalid++;
      byCode.set(refusal.code, (byCode.get(refusal.code) ?? 0) + 1);
      const fault = { line: item.line, code: refusal.code, reason: refusal.reason };
      if (result.faults.length < keep) result.faults.push(fault);
      const waiting = options.onFault?.(fault);
      if (waiting) await waiting;
    }
  };
  // Until the format is known, the first rows wait; a sample is a few hundred rows, or one batch.
  let waiting: RowItem[] | undefined = options.format ? undefined : [];
  const settle = async (): Promise<void> => {
    const sample = waiting?.flatMap((item) => (item.value ? [item.value] : [])) ?? [];
    const first = waiting ?? [];
    waiting = undefined;
    result.detected = detectFormat(sample, map);
    result.format = result.detected.ok ? result.detected.format : undefined;
    await check(first);
  };
  for await (const batch of source.batches) {
    if (!waiting) await check(batch);
    else {
      waiting.push(...batch);
      if (waiting.length >= SAMPLE_ROWS) await settle();
    }
    options.onProgress?.(source.position(), source.size);
  }
  if (waiting) await settle();
  if (options.rules === "openai") result.fileFaults = checkOpenAiFile({ layout: source.layout, rows: result.rows, bytes: source.size });
  result.byCode = Object.fromEntries([...byCode].sort(([, a], [, b]) => b - a));
  return result;
}

function refusalOfRow(value: Record<string, unknown>, { format, detected }: Validation, map: ColumnMap | undefined): Pick<Refusal, "code" | "reason"> | undefined {
  if (format === undefined) return { code: "unknown-format", reason: detected && !detected.ok ? detected.message : "the format is not known" };
  const parsed = parseRow(format, value, map ? { map } : {});
  if (parsed.ok) return undefined;
  const other = detectRow(value, map);
  if (other && other.format !== format) {
    return { code: "other-format", reason: `is a row of ${other.format} (it has ${other.evidence}) among rows of ${format}; convert it, or move it to a file of its own` };
  }
  return parsed;
}

export function readOptions({ maxLineBytes, signal }: Pick<ReadOptions, "maxLineBytes" | "signal">): ReadOptions {
  return { ...(maxLineBytes === undefined ? {} : { maxLineBytes }), ...(signal ? { signal } : {}) };
}
