import { createHash } from "node:crypto";
import { canonicalJson, rowHash } from "../clean/content.js";
import type { Example, Format } from "../example.js";
import { detectRow } from "../formats/detect.js";
import { parseRow } from "../formats/row.js";
import { FileError } from "../jsonl/file-error.js";
import type { JsonObject } from "../jsonl/json.js";
import { openRows } from "../jsonl/rows.js";
import { countTokens } from "../tokens/open.js";
import { countTextTokens, type Encoding } from "../tokens/openai.js";
import { ContentHasher } from "./content.js";
import type { DatasetFile, OpenedDataset } from "./dataset.js";
import { FieldTable } from "./fields.js";

/** A row where it stands. `line` counts as the file's reader counts: lines, or records of a JSON list. */
export interface DatasetRow {
  split: number;
  file: DatasetFile;
  line: number;
  value: JsonObject;
}

/**
 * The rows of a dataset, split by split, in their order.
 *
 * @throws FileError at the first row that cannot be read, with file and line
 */
export async function* datasetRows(dataset: OpenedDataset, signal?: AbortSignal): AsyncGenerator<DatasetRow[], void, void> {
  for (const [split, { files }] of dataset.splits.entries()) {
    for (const file of files) {
      const source = await openRows(file.path, { name: file.name, ...(signal ? { signal } : {}) });
      for await (const batch of source.batches) {
        yield batch.map((item): DatasetRow => {
          if (item.problem) {
            throw new FileError("unsupported", dataset.kind === "file" ? file.path : `${dataset.label}: ${file.name}`, `${source.unit} ${item.line} ${item.problem.reason}`, "see all faults with llmops data validate");
          }
          return { split, file, line: item.line, value: item.value };
        });
      }
    }
  }
}

/** The example that a row holds, with its format; undefined where it is none of this library's. */
export function exampleOf(row: JsonObject): { format: Format; example: Example } | undefined {
  const format = detectRow(row)?.format;
  if (format === undefined) return undefined;
  const parsed = parseRow(format, row);
  return parsed.ok ? { format, example: parsed.example } : undefined;
}

/** Tokens of a row: of its conversation, or, where it holds none, of its JSON text. */
export function rowTokens(row: JsonObject, encoding: Encoding): number {
  const found = exampleOf(row);
  return found ? countTokens(found.example, { encoding }) : countTextTokens(JSON.stringify(row), { encoding });
}

/** Typed arrays that double as they fill. */
class Column {
  values: Uint32Array;
  length = 0;

  constructor() {
    this.values = new Uint32Array(4096);
  }

  push(...numbers: number[]): void {
    if (this.length + numbers.length > this.values.length) {
      const larger = new Uint32Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(numbers, this.length);
    this.length += numbers.length;
  }
}

/** What one pass over a dataset keeps: 40 bytes a row, and the table of fields. */
export interface ScannedDataset {
  dataset: OpenedDataset;
  count: number;
  content: string;
  splitContents: Record<string, { rows: number; content: string }>;
  format: Format | null;
  fields: FieldTable;
  /** 128 bits of each row's hash. */
  hashes: Uint32Array;
  /** 64 bits of the hash of each row's id; 0, 0 where it has none. */
  ids: Uint32Array;
  splits: Uint32Array;
  files: Uint32Array;
  lines: Uint32Array;
  /** Tokens of each row; empty where they were not counted. */
  tokens: Uint32Array;
  fileNames: string[];
}

export interface ScanOptions {
  /** The field that names a row. Default `id`. */
  id?: string;
  /** Default: tokens are not counted. */
  encoding?: Encoding;
  signal?: AbortSignal;
  onRows?: (rows: number) => void;
}

/**
 * Reads a dataset once.
 *
 * @throws FileError at the first row that cannot be read
 */
export async function scanDataset(dataset: OpenedDataset, { id: idField = "id", encoding, signal, onRows }: ScanOptions = {}): Promise<ScannedDataset> {
  const hasher = new ContentHasher();
  for (const { name } of dataset.splits) hasher.split(name);
  const fields = new FieldTable(dataset.splits.length);
  const [hashes, ids, splits, files, lines, tokens] = [new Column(), new Column(), new Column(), new Column(), new Column(), new Column()];
  const formats = new Map<Format, number>();
  const fileNames: string[] = [];
  let count = 0;
  for await (const batch of datasetRows(dataset, signal)) {
    for (const { split, file, line, value } of batch) {
      if (fileNames.at(-1) !== file.name) fileNames.push(file.name);
      const hash = rowHash(value);
      hasher.add((dataset.splits[split] as { name: string }).name, hash);
      hashes.push(hash.readUInt32LE(0), hash.readUInt32LE(4), hash.readUInt32LE(8), hash.readUInt32LE(12));
      ids.push(...idHash(value[idField]));
      splits.push(split);
      files.push(fileNames.length - 1);
      lines.push(line);
      fields.add(value, split);
      const format = detectRow(value)?.format;
      if (format) formats.set(format, (formats.get(format) ?? 0) + 1);
      if (encoding) tokens.push(rowTokens(value, encoding));
      count++;
    }
    onRows?.(count);
  }
  const { content, splits: splitContents } = hasher.digest();
  const [most] = [...formats].sort(([, a], [, b]) => b - a);
  return {
    dataset, count, content, splitContents, fields, fileNames,
    format: most && most[1] * 2 > count ? most[0] : null,
    hashes: hashes.values, ids: ids.values, splits: splits.values, files: files.values, lines: lines.values, tokens: tokens.values,
  };
}

function idHash(id: unknown): [number, number] {
  if (id === undefined || id === null || id === "") return [0, 0];
  const hash = createHash("sha256").update(canonicalJson(id)).digest();
  return [hash.readUInt32LE(0) || 1, hash.readUInt32LE(4)];
}

/** The place of a row, for people. */
export interface RowPlace {
  split: string;
  /** 1-based row of its split's file, as {@link DatasetRow.line}. */
  line: number;
  file: string;
}

export function placeOf(scan: ScannedDataset, row: number): RowPlace {
  return {
    split: scan.dataset.splits[scan.splits[row] as number]?.name ?? "",
    line: scan.lines[row] as number,
    file: scan.fileNames[scan.files[row] as number] ?? "",
  };
}

/** The rows that are wanted, by number, as JSON text: a second pass that keeps only them. */
export async function loadRows(scan: ScannedDataset, wanted: (row: number) => boolean, signal?: AbortSignal): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  let row = 0;
  for await (const batch of datasetRows(scan.dataset, signal)) {
    for (const { value } of batch) {
      if (wanted(row)) found.set(row, JSON.stringify(value));
      row++;
    }
  }
  return found;
}
