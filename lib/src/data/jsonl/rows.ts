import { isParquetFile, openBytes, peekBytes } from "./bytes.js";
import { readCsv, readHeader } from "./csv.js";
import { sniffDelimiter, sniffQuotes } from "./dialect.js";
import { FileError } from "./file-error.js";
import { openParquet } from "./parquet-reader.js";
import { cutLines, readLines, type LineRegion } from "./reader.js";
import { readValues } from "./values.js";
import type { ReadOptions, RowItem } from "./row-item.js";

/** How a file holds its rows. */
export type RowLayout = "jsonl" | "json-array" | "json-values" | "csv" | "parquet";

/** A file opened for reading, whatever its layout. */
export interface RowSource {
  name: string;
  layout: RowLayout;
  /** What `line` counts in this file: its lines, or the elements of its array, or the rows of its table. */
  unit: "line" | "record";
  gzip: boolean;
  /** Bytes on disk, where there is a file. */
  size?: number;
  /** How many of these bytes have been read: for progress. */
  position(): number;
  /** The rows; each call of `next` reads about 256 KiB, or takes some rows of a row group of Parquet. */
  batches: AsyncGenerator<RowItem[], void, void>;
  /** Instead of `batches`, for JSON Lines: the same rows, most of them still unread. */
  regions?: AsyncGenerator<RowItem[] | LineRegion, void, void>;
}

const HEAD_BYTES = 64 * 1024;

/**
 * Opens a file of rows by its content and its extension (`.gz` is looked through):
 *
 * - content that begins as Parquet does, whatever its name;
 * - `.csv`, `.tsv`: a header row and records; the delimiter is found in the header;
 * - content that begins with `[` in a `.json` (or any other) file: one array; in `.jsonl`/`.ndjson` only when the first
 *   line is the bracket alone;
 * - content whose first line is a whole JSON value, and anything in `.jsonl`/`.ndjson`: JSON Lines;
 * - else, content that begins with `{`: JSON values over several lines each.
 *
 * @throws FileError: the file is not there, is a folder, cannot be read, or is neither text nor Parquet (zip, UTF-16, …)
 */
export async function openRows(path: string, options: ReadOptions = {}): Promise<RowSource> {
  if (await isParquetFile(path)) {
    const table = await openParquet(path, options);
    return { name: options.name ?? path, layout: "parquet", unit: "record", gzip: false, size: table.size, position: () => table.position(), batches: table.batches };
  }
  const startOffset = options.startOffset ?? 0;
  const bytes = await openBytes(path, startOffset, options.name);
  const { head, rest } = await peekBytes(bytes.chunks, HEAD_BYTES);
  const beginning = startOffset === 0 ? head : await readHead(path);
  if (/\.parquet$/i.test(path)) {
    await rest.return();
    throw new FileError("unsupported", bytes.name, "is named .parquet and is no Parquet file", "check how it was made, or rename it");
  }
  const layout = layoutOf(path, beginning);
  const named = { ...options, name: bytes.name };
  const source = {
    name: bytes.name,
    layout,
    unit: layout === "json-array" || layout === "json-values" ? ("record" as const) : ("line" as const),
    gzip: bytes.gzip,
    ...(bytes.size === undefined ? {} : { size: bytes.size }),
    position: () => bytes.position(),
  };
  switch (layout) {
    case "csv": {
      const text = beginning.toString("latin1");
      const delimiter = sniffDelimiter(text);
      const quotes = sniffQuotes(text, beginning.length < HEAD_BYTES, delimiter);
      const resumed = startOffset === 0 ? {} : { header: readHeader(beginning, delimiter, quotes, bytes.name) };
      return { ...source, batches: readCsv(rest, delimiter, { ...named, ...resumed, quotes }) };
    }
    case "json-array": return { ...source, batches: readValues(rest, "array", named) };
    case "json-values": return { ...source, batches: readValues(rest, "sequence", named) };
    case "jsonl": return { ...source, batches: readLines(rest, named), regions: cutLines(rest, named) };
  }
}

async function readHead(path: string): Promise<Buffer> {
  const { head, close } = await peekBytes((await openBytes(path)).chunks, HEAD_BYTES);
  await close();
  return head;
}

function layoutOf(path: string, head: Buffer): Exclude<RowLayout, "parquet"> {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === "csv" || extension === "tsv") return "csv";
  const text = head.toString("utf8").replace(/^\uFEFF/, "");
  const lines = extension === "jsonl" || extension === "ndjson";
  if (lines ? /^\s*\[[ \t\r]*\n/.test(text) : /^\s*\[/.test(text)) return "json-array";
  if (lines || !/^\s*\{/.test(text)) return "jsonl";
  const first = /^\s*([^\n]*)/.exec(text)?.[1] ?? "";
  // A first line beyond the head (a large row) is a line: pretty-printed JSON opens with a short one.
  return first.length >= HEAD_BYTES / 2 || isWhole(first) ? "jsonl" : "json-values";
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    // A broken first row of JSON Lines ends with its own bracket, or at least holds a whole field.
    return /^\s*\{.*[}\]"]\s*,?\s*$/.test(line) && /[}\]]\s*$/.test(line);
  }
}
