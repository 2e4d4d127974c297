import type { Example, Format } from "./example.js";
import type { ColumnMap } from "./formats/columns.js";
import { detectFormat } from "./formats/detect.js";
import { parseRow } from "./formats/row.js";
import { FileError } from "./jsonl/file-error.js";
import type { ReadRow } from "./jsonl/row-item.js";
import { openRows } from "./jsonl/rows.js";

/**
 * Reads a whole file of rows into memory: for a dataset that was built and validated. For files of any size use
 * `openRows`, for files of any quality `buildDataset`.
 *
 * @param path - JSONL, JSON, CSV or TSV, plain or gzip
 * @throws FileError when the file cannot be read, or at its first row that is not valid, with line and reason
 */
export async function readExamples(path: string, options: { format?: Format; map?: ColumnMap } = {}): Promise<Example[]> {
  const map = options.map ? { map: options.map } : {};
  const source = await openRows(path);
  const rows: ReadRow[] = [];
  const refuse = (line: number, reason: string) =>
    new FileError("unsupported", path, `${source.unit} ${line} ${reason}`, "see all faults with llmops data validate, or build a dataset of the good rows with llmops data build");
  for await (const batch of source.batches) {
    for (const item of batch) {
      if (item.problem) throw refuse(item.line, item.problem.reason);
      rows.push(item);
    }
  }
  if (rows.length === 0) return [];
  const detected = options.format ? { ok: true as const, format: options.format } : detectFormat(rows.slice(0, 200).map(({ value }) => value), options.map);
  if (!detected.ok) throw new FileError("unsupported", path, detected.message, "name the format");
  return rows.map(({ line, value }) => {
    const parsed = parseRow(detected.format, value, map);
    if (!parsed.ok) throw refuse(line, parsed.reason);
    return parsed.example;
  });
}
