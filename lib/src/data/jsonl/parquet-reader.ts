import { isUtf8 } from "node:buffer";
import { promises as fs } from "node:fs";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { AsyncBuffer, Compressors, FileMetaData, ParquetParsers, RowGroup, SchemaElement } from "hyparquet";
import { FileError, fileError } from "./file-error.js";
import { isJsonObject, parseJson, setOwn, type JsonObject } from "./json.js";
import { isColumnName, withoutNulls } from "./parquet-schema.js";
import { restoreRow } from "./parquet-side.js";
import type { ReadOptions, RowItem } from "./row-item.js";

/** Loaded for a file of Parquet only, as is the second. */
const hyparquet = (): typeof import("hyparquet") => require("hyparquet") as typeof import("hyparquet");
const hyparquetColumn = (): typeof import("hyparquet/src/column.js") => require("hyparquet/src/column.js") as typeof import("hyparquet/src/column.js");

/** Rows handed on at once; the row group they are of is in memory anyway. */
const BATCH_ROWS = 500;

/** Largest row group that is decoded, in bytes before compression: as JavaScript values it takes several times this. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;

/** Most rows of a row group, and values of one of its columns. */
const MAX_VALUES = 1 << 26;

// Native, and in Node itself; Snappy is hyparquet's own.
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
  ZSTD: (bytes) => zstdDecompressSync(bytes),
};
const CODECS = ["UNCOMPRESSED", "SNAPPY", ...Object.keys(COMPRESSORS)];

/** JSON text of a column, parsed row by row: a dictionary would share one object between rows. */
class JsonText {
  constructor(readonly text: string) {}
}

/** A value that has no JSON form, why, and what stands for it in the rejected row. */
class Unreadable {
  constructor(readonly code: string, readonly reason: string, readonly shown: unknown) {}
}

const BINARY = "holds bytes that are not text; leave the column out, e.g. with datasets: dataset.remove_columns";

function textOf(bytes: Uint8Array): string | Unreadable {
  // A byte-order mark inside a value is a part of it: TextDecoder would drop it.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(bytes) ? buffer.toString("utf8") : new Unreadable("invalid-utf8", BINARY, { base64: buffer.toString("base64") });
}

/** An instant in ISO 8601, with as many digits of the second as it has. */
function instant(value: bigint, perSecond: bigint): string | Unreadable {
  const seconds = value / perSecond - (value % perSecond < 0n ? 1n : 0n);
  const fraction = (value - seconds * perSecond).toString().padStart(perSecond.toString().length - 1, "0").replace(/0+$/, "");
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return new Unreadable("wrong-value", "holds an instant beyond what a date can be; correct it", `${value}/${perSecond} s`);
  return date.toISOString().replace(/\.000Z$/, fraction === "" ? "Z" : `.${fraction}Z`);
}

const PARSERS: Partial<ParquetParsers> = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && textOf(bytes),
  jsonFromBytes: (bytes: Uint8Array | undefined) => {
    const text = bytes && textOf(bytes);
    return typeof text === "string" ? new JsonText(text) : text;
  },
  timestampFromMilliseconds: (value: bigint | undefined) => (value === undefined || value === null ? value : instant(value, 1000n)),
  timestampFromMicroseconds: (value: bigint | undefined) => (value === undefined || value === null ? value : instant(value, 1_000_000n)),
  timestampFromNanoseconds: (value: bigint | undefined) => (value === undefined || value === null ? value : instant(value, 1_000_000_000n)),
  dateFromDays: (days: number | undefined) => {
    const date = days === undefined || days === null ? undefined : instant(BigInt(days) * 86_400n, 1n);
    return typeof date === "string" ? date.slice(0, -"T00:00:00Z".length) : date;
  },
};

export interface ParquetSource {
  /** Rows in the file. */
  rows: number;
  size: number;
  position(): number;
  batches: AsyncGenerator<RowItem[], void, void>;
}

/**
 * Opens a Parquet file. Rows come as JSON rows do: lists and structs as such, columns of the JSON type parsed, null fields
 * left out, instants and dates as ISO 8601, 64-bit integers with all their digits. `line` is the number of the row;
 * `offset` and `end`, which in text files count bytes, count rows. Memory holds one row group.
 *
 * @throws FileError: not Parquet or cut off, a compression or a column type that is not read, a row group too large
 */
export async function openParquet(path: string, options: ReadOptions = {}): Promise<ParquetSource> {
  const name = options.name ?? path;
  const handle = await fs.open(path).catch((error: unknown) => { throw fileError(error, name, "read"); });
  try {
    const { size } = await handle.stat();
    let position = 0;
    const file: AsyncBuffer = {
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
        for (let at = 0; at < bytes.length; ) {
          const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
          if (bytesRead === 0) throw new Error("the file ends too early");
          at += bytesRead;
        }
        position = Math.max(position, Math.min(end, size - 1));
        return bytes.buffer;
      },
    };
    const metadata = await hyparquet().parquetMetadataAsync(file).catch((error: unknown) => { throw damaged(error, name); });
    position = 0;
    try {
      checkReadable(metadata, name);
    } catch (error) {
      throw damaged(error, name); // a footer that was decoded may still hold nonsense
    }
    const rows = Number(metadata.num_rows);
    return { rows, size, position: () => position, batches: readGroups(handle, file, metadata, name, options) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function damaged(error: unknown, name: string): FileError {
  if (error instanceof FileError || (error instanceof Error && "syscall" in error)) return fileError(error, name, "read");
  const said = error instanceof Error ? error.message : String(error);
  return new FileError("truncated", name, `is Parquet that is cut off or damaged (${said.slice(0, 120)})`, "copy or download it again", { cause: error });
}

function checkReadable(metadata: FileMetaData, name: string): void {
  const refused = (what: string, remedy: string): FileError => new FileError("unsupported", name, what, remedy);
  for (const element of metadata.schema.slice(1)) {
    const { logical_type: logical, converted_type: converted } = element;
    if (!isColumnName(element.name)) throw refused(`has a column named ${JSON.stringify(element.name)}`, "rename it: a name may not be empty or hold a point");
    const kind = logical?.type ?? converted;
    if (kind && UNREAD.has(kind)) throw refused(`has the column ${element.name} of type ${kind}`, "cast it to text or to a number, or leave it out");
    // Newer files may give only the one of the two notations, and the reader looks at the other.
    if (logical?.type === "JSON") element.converted_type = "JSON";
    if (logical?.type === "STRING") element.converted_type = "UTF8";
  }
  const leaves = leavesOf(metadata.schema, name);
  for (const group of metadata.row_groups) {
    if (group.columns.length !== leaves.length || group.columns.some(({ meta_data: column }, at) => column && column.path_in_schema.join(".") !== leaves[at])) {
      throw damaged(new Error("its columns are not those of its schema"), name);
    }
    for (const { meta_data: column } of group.columns) {
      if (!column) throw refused("is encrypted", "decrypt it first");
      if (!CODECS.includes(column.codec)) throw refused(`is compressed with ${column.codec}`, "write it again with snappy or zstd, e.g. with datasets: dataset.to_parquet(out)");
    }
    if (group.total_byte_size > MAX_GROUP_BYTES) throw refused(`has a row group of ${group.total_byte_size >> 20n} MiB, and the limit is ${MAX_GROUP_BYTES >> 20}`, "write it again in smaller row groups, e.g. with datasets: dataset.to_parquet(out, batch_size=10000)");
  }
}

const UNREAD = new Set<string>(["DECIMAL", "BSON", "INTERVAL", "GEOMETRY", "GEOGRAPHY", "VARIANT"]);

/** The paths of the columns that hold values. The schema is a list, depth first. */
function leavesOf(schema: readonly SchemaElement[], name: string): string[] {
  const leaves: string[] = [];
  let next = 0;
  const visit = (path: readonly string[]): void => {
    const { num_children: children = 0 } = schema[next++] ?? { name: "" };
    if (children === 0 && path.length > 0) leaves.push(path.join("."));
    const names = new Set<string>();
    for (let child = 0; child < children && next < schema.length; child++) {
      const own = (schema[next] as SchemaElement).name;
      // They could not be told apart in a row.
      if (names.has(own)) throw new FileError("unsupported", name, `has two columns named ${JSON.stringify(own)}`, "rename one of them");
      names.add(own);
      visit([...path, own]);
    }
  };
  visit([]);
  return leaves;
}

async function* readGroups(handle: fs.FileHandle, file: AsyncBuffer, metadata: FileMetaData, name: string, { startOffset = 0, startLine, signal }: ReadOptions): AsyncGenerator<RowItem[], void, void> {
  const shift = (startLine ?? startOffset + 1) - startOffset;
  try {
    let begin = 0;
    for (const group of metadata.row_groups) {
      const end = begin + Number(group.num_rows);
      if (end > startOffset) {
        signal?.throwIfAborted();
        await checkPages(file, group).catch((error: unknown) => { throw damaged(error, name); });
        const first = Math.max(begin, startOffset);
        const rows = await hyparquet().parquetReadObjects({ file, metadata, rowStart: first, rowEnd: end, compressors: COMPRESSORS, parsers: PARSERS, utf8: false, geoparquet: false })
          .catch((error: unknown) => { throw damaged(error, name); });
        if (rows.length !== end - first) throw damaged(new Error(`${rows.length} of ${end - first} rows of a row group`), name);
        for (let at = 0; at < rows.length; at += BATCH_ROWS) {
          signal?.throwIfAborted();
          yield rows.slice(at, at + BATCH_ROWS).map((row, index) => itemOf(row, first + at + index, shift));
        }
      }
      begin = end;
    }
  } finally {
    await handle.close();
  }
}

/**
 * Walks the headers of a row group's pages: they must fill their column and count its values. The decoder takes a page at
 * its word, and one flipped bit could have it make lists of a billion values.
 */
async function checkPages(file: AsyncBuffer, group: RowGroup): Promise<void> {
  const refuse = (what: string): Error => new Error(`a page ${what}`);
  if (group.num_rows < 0n || group.num_rows > MAX_VALUES) throw new Error(`a row group of ${group.num_rows} rows`);
  for (const { meta_data: column } of group.columns) {
    if (!column) continue;
    const total = Number(column.num_values), bytes = Number(column.total_compressed_size);
    if (total < Number(group.num_rows) || total > MAX_VALUES || bytes < 0 || bytes > MAX_GROUP_BYTES) throw new Error(`a column of ${total} values in ${bytes} bytes`);
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    if (start < 0 || start + bytes > file.byteLength) throw new Error("a column that lies outside the file");
    const view = new DataView(await file.slice(start, start + bytes));
    const reader = { view, offset: 0 };
    let values = 0;
    while (reader.offset < bytes - 1 && values < total) {
      const { type, compressed_page_size: size, uncompressed_page_size: plain, data_page_header: data, data_page_header_v2: data2, dictionary_page_header: dictionary } = hyparquetColumn().parquetHeader(reader);
      if (!(size >= 0) || reader.offset + size > bytes) throw refuse("that is longer than its column");
      if (!(plain >= 0) || plain > MAX_GROUP_BYTES) throw refuse(`of ${plain} bytes`);
      const count = type === "DICTIONARY_PAGE" ? dictionary?.num_values : type === "DATA_PAGE_V2" ? data2?.num_values : data?.num_values;
      if (count === undefined || !(count >= 0) || count > MAX_VALUES) throw refuse("without a count of its values");
      if (type === "DICTIONARY_PAGE" ? count > 8 * plain : (values += count) > total) throw refuse(`of ${count} values, more than there can be`);
      reader.offset += size;
    }
    if (values !== total) throw new Error(`${values} of ${total} values of a column`);
  }
}

function itemOf(row: JsonObject, index: number, shift: number): RowItem {
  const place = { line: index + shift, offset: index, end: index + 1 };
  const faults: { path: string; fault: Unreadable }[] = [];
  const value = restoreRow(plainValue(row, "", faults) as JsonObject);
  const text = JSON.stringify(value);
  const [first] = faults;
  if (first) return { ...place, problem: { code: first.fault.code, reason: `${first.path} ${first.fault.reason}`, raw: text } };
  return { ...place, text, value };
}

function plainValue(value: unknown, path: string, faults: { path: string; fault: Unreadable }[]): unknown {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "bigint": {
      const parsed = parseJson(value.toString()); // digits that a double cannot hold are kept
      return parsed.ok ? parsed.value : null;
    }
    case "number":
      if (Object.is(value, -0)) return plainValue(new JsonText("-0"), path, faults);
      if (Number.isFinite(value)) return value;
      faults.push({ path, fault: new Unreadable("wrong-value", `is ${value}, which has no JSON form; write null or a number`, String(value)) });
      return String(value);
    case "object": break;
    default: return value;
  }
  if (value instanceof Unreadable) {
    faults.push({ path, fault: value });
    return value.shown;
  }
  if (value instanceof JsonText) {
    const parsed = parseJson(value.text);
    if (parsed.ok) return parsed.value;
    faults.push({ path, fault: new Unreadable(parsed.code, `holds JSON text that ${parsed.reason}`, value.text) });
    return value.text;
  }
  if (value instanceof Uint8Array) return plainValue(textOf(value), path, faults);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, (item, at) => plainValue(item, `${path}[${at}]`, faults));
  if (!isJsonObject(value)) return value;
  const object: JsonObject = {};
  for (const [key, held] of Object.entries(value)) setOwn(object, key, plainValue(held, path === "" ? key : `${path}.${key}`, faults));
  return withoutNulls(object);
}
