import { isUtf8 } from "node:buffer";
import { DELIMITER_LINE, looksLikeRows, type Quotes } from "./dialect.js";
import { FileError } from "./file-error.js";
import { setOwn, type JsonObject } from "./json.js";
import { DEFAULT_MAX_LINE_BYTES, PendingRow, type BadRow, type Place, type ReadOptions, type RowItem, type RowProblem } from "./row-item.js";

/** Loaded for a file of CSV only. */
const csvParser = (): typeof import("csv-parse/sync") => require("csv-parse/sync") as typeof import("csv-parse/sync");

const TAB = 9, NEWLINE = 10, RETURN = 13, QUOTE = 34;
const BOM = [0xef, 0xbb, 0xbf];

/** Begins the name of a column without one. Its empty cells are left out: a spreadsheet has any number of such columns. */
const UNNAMED = "Unnamed: ";

/** Columns whose cells hold JSON in practice: what a spreadsheet export makes of a list or a nested object. */
const JSON_COLUMNS = new Set(["messages", "conversations", "conversation", "history", "tools", "prompt", "chosen", "rejected"]);

/**
 * Reads CSV or TSV with a header row, before which Excel's line `sep=;` may stand. A row becomes an object of its columns, all strings; a cell of a list column
 * (`messages`, `conversations`, `history`, …) that holds a JSON array is parsed. `line` is the line on which the record
 * begins: a quoted cell may hold line ends.
 *
 * The records are cut here, byte by byte, and csv-parse makes cells of each: when it is left to skip a bad record by
 * itself, it drops a part of the text.
 *
 * Of tab-separated values, a record in which quotes make no sense is read line by line, its quotes as they stand.
 *
 * @param delimiter one character; {@link sniffDelimiter} finds it
 * @param options `quotes`: as {@link sniffQuotes} finds
 * @throws FileError for a header that cannot serve: empty, a name twice
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, delimiter: string, options: ReadOptions & { header?: readonly string[]; quotes?: Quotes } = {}): AsyncGenerator<RowItem[], void, void> {
  const splitter = new RecordSplitter(delimiter.charCodeAt(0), options);
  const name = options.name ?? "the source";
  const { quotes = "unclear" } = options;
  let header = options.header;
  const itemsOf = (records: (CsvRecord | BadRow)[]): RowItem[] => {
    let first = header === undefined ? records.shift() : undefined;
    if (first && isDelimiterLine(first)) first = records.shift();
    if (first) header = headerOf(first, delimiter, quotes, name);
    return header === undefined ? [] : itemsOfRecords(records, header, delimiter, quotes, name);
  };
  for await (const chunk of chunks) {
    options.signal?.throwIfAborted();
    const items = itemsOf(splitter.push(chunk));
    if (items.length > 0) yield items;
  }
  const last = itemsOf(splitter.finish());
  if (last.length > 0) yield last;
}

/** The bytes of one record, as Latin-1 text (one character a byte), without its line end. */
interface CsvRecord extends Place {
  cells: string;
  unclosed: boolean;
  problem?: undefined;
}

/** Cuts bytes into records: a line end inside a quoted cell ends no record, and a quote opens only at the start of a cell. */
class RecordSplitter {
  #state: "start" | "plain" | "quoted" | "closing" = "start";
  #line: number;
  #lines = 0; // line ends inside the record so far
  #offset: number; // of the record's first byte
  readonly #delimiter: number;
  readonly #bare: boolean;
  readonly #name: string;
  readonly #pending: PendingRow;

  constructor(delimiter: number, options: ReadOptions & { quotes?: Quotes }) {
    this.#delimiter = delimiter;
    this.#bare = options.quotes === "bare";
    this.#offset = options.startOffset ?? 0;
    this.#line = options.startLine ?? 1;
    this.#name = options.name ?? "the source";
    this.#pending = new PendingRow(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
  }

  push(chunk: Buffer): (CsvRecord | BadRow)[] {
    const records: (CsvRecord | BadRow)[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#state === "quoted") {
        if (byte === QUOTE) this.#state = "closing";
        else if (byte === NEWLINE) this.#lines++;
      } else if (byte === NEWLINE) {
        this.#pending.add(chunk.subarray(from, at));
        from = at + 1;
        this.#end(1, records);
      } else if (this.#bare) {
        continue;
      } else if (byte === QUOTE && this.#state !== "plain") {
        // In a quoted cell a doubled quote is one quote; elsewhere only the first character of a cell opens one.
        this.#state = "quoted";
      } else {
        this.#state = byte === this.#delimiter ? "start" : "plain";
      }
      // A byte-order mark stands before the first cell, not in it.
      if (this.#state === "plain" && this.#offset === 0 && byte === BOM[this.#pending.bytes + at - from]) this.#state = "start";
    }
    this.#pending.add(chunk.subarray(from));
    return records;
  }

  finish(): (CsvRecord | BadRow)[] {
    const records: (CsvRecord | BadRow)[] = [];
    if (this.#pending.bytes > 0) this.#end(0, records);
    return records;
  }

  #end(newline: number, records: (CsvRecord | BadRow)[]): void {
    const place: Place = { line: this.#line, offset: this.#offset, end: this.#offset + this.#pending.bytes + newline };
    const unclosed = this.#state === "quoted";
    this.#state = "start";
    this.#line += this.#lines + 1;
    this.#lines = 0;
    this.#offset = place.end;
    if (this.#pending.overflowed) {
      const row = this.#pending.takeOverflow(place, this.#name);
      if (unclosed) row.problem.reason += "; a quote in it is never closed";
      records.push(row);
      return;
    }
    let bytes = this.#pending.take();
    if (place.offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    if (bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1);
    if (bytes.length > 0) records.push({ ...place, cells: bytes.toString("latin1"), unclosed });
  }
}

/** Whether a record is Excel's line `sep=;`, which stands before the header and names the delimiter. */
function isDelimiterLine(record: CsvRecord | BadRow): boolean {
  return record.offset === 0 && record.problem === undefined && DELIMITER_LINE.test(record.cells);
}

function headerOf(record: CsvRecord | BadRow, delimiter: string, quotes: Quotes, file: string): string[] {
  if (!record.problem && record.cells.includes("\0")) throw new FileError("header", file, "holds NUL bytes, as UTF-16 text without a mark does", "save it as UTF-8, e.g. with: iconv -f UTF-16LE -t UTF-8");
  if (!record.problem && /^\s*(?:\{\s*"|\[\s*(?:\{|$))/.test(record.cells)) throw new FileError("header", file, "holds JSON, not CSV", "name it .jsonl, or .json if it is one array");
  const cells = record.problem || record.unclosed ? undefined : quotes === "bare" ? record.cells.split(delimiter) : cellsOf([record.cells], delimiter)?.[0];
  if (!cells) throw new FileError("header", file, "has a header row that cannot be read", "write the names of the columns into its first row");
  // An index that pandas wrote has no name, nor have the empty columns of a spreadsheet: they get the name that pandas gives.
  const names = cells.map((cell, at) => (cell === "" && cells.length > 1 ? `${UNNAMED}${at}` : utf8(cell)));
  const twice = names.find((column, at) => names.indexOf(column) !== at);
  if (twice !== undefined) throw new FileError("header", file, `has two columns named ${JSON.stringify(twice)}`, "rename one of them");
  if (cells.every((cell) => cell === "")) throw new FileError("header", file, "has no names of columns in its first row", "write a header row with a name for each column");
  if (names.some((column) => column.includes("\r"))) throw new FileError("header", file, "ends its lines with CR alone, as Macs did before 2001", "convert the line ends, e.g. with: tr '\\r' '\\n'");
  return names;
}

function itemsOfRecords(records: readonly (CsvRecord | BadRow)[], header: readonly string[], delimiter: string, quotes: Quotes, file: string): RowItem[] {
  if (quotes === "bare") return records.map((record) => (record.problem === undefined ? itemOfCells(record, record.cells.split(delimiter), header) : record));
  const cells = cellsOfEach(records.flatMap((record) => (record.problem !== undefined || record.unclosed ? [] : [record.cells])), delimiter);
  let next = 0;
  return records.flatMap((record): RowItem | RowItem[] => {
    if (record.problem !== undefined) return record;
    if (delimiter === "\t" && record.cells.includes('"')) {
      const own = record.unclosed ? undefined : cells[next++];
      return own && fitsTable(record, own, header, quotes) ? itemOfCells(record, own, header) : itemsOfLines(record, header, quotes, file);
    }
    if (record.unclosed) return bad(record, "invalid-csv", "opens a quote that is never closed, and the rest of the file is read as one cell; close it, or double the quotes inside a cell");
    const own = cells[next++];
    return own ? itemOfCells(record, own, header) : bad(record, "invalid-csv", explain(record.cells, delimiter));
  });
}

/** Whether the cells of a record of tab-separated values are what its quotes mean, and no rows that two quotes happen to enclose. */
function fitsTable(record: CsvRecord, cells: readonly string[], header: readonly string[], quotes: Quotes): boolean {
  if (cells.length !== header.length) return false;
  return quotes === "quoted" || !record.cells.includes("\n") || !looksLikeRows(record.cells, header.length - 1);
}

/**
 * A record of tab-separated values whose quotes do not fit: its first line with the quotes as they stand, and what follows
 * as records of their own, the misfits among them line by line.
 */
function itemsOfLines(record: CsvRecord, header: readonly string[], quotes: Quotes, file: string): RowItem[] {
  const texts = record.cells.split("\n");
  let { offset } = record;
  const lines = texts.map((text, at): CsvRecord => {
    const place = { line: record.line + at, offset, end: at === texts.length - 1 ? record.end : offset + text.length + 1 };
    offset = place.end;
    return { ...place, cells: text.replace(/\r$/, ""), unclosed: false };
  });
  const asLine = (line: CsvRecord): RowItem[] => (line.cells === "" ? [] : [itemOfCells(line, cellsOfLine(line.cells, header.length), header)]);
  const [first, second] = lines as [CsvRecord, CsvRecord | undefined];
  if (!second) return asLine(first);
  const rest = new RecordSplitter(TAB, { startLine: second.line, startOffset: second.offset, name: file });
  const records = [...rest.push(Buffer.from(texts.slice(1).join("\n"), "latin1")), ...rest.finish()];
  const cells = cellsOfEach(records.flatMap((one) => (one.problem !== undefined || one.unclosed ? [] : [one.cells])), "\t");
  let next = 0;
  const items = records.flatMap((one): RowItem[] => {
    if (one.problem !== undefined) return [one];
    const own = one.unclosed ? undefined : cells[next++];
    if (own && fitsTable(one, own, header, quotes)) return [itemOfCells(one, own, header)];
    return one.cells.split("\n").flatMap((_, at) => asLine(lines[one.line + at - record.line] as CsvRecord));
  });
  const last = items.at(-1);
  if (last) last.end = record.end;
  return [...asLine(first), ...items];
}

/** The cells of one line: quoted where that gives the right number of them, else with the quotes as they stand. */
function cellsOfLine(line: string, columns: number): string[] {
  const quoted = cellsOf([line], "\t")?.[0];
  return quoted?.length === columns ? quoted : line.split("\t");
}

/** Cells of all records in one call of csv-parse, which is fast; where that fails, halves are tried until the bad ones are found. */
function cellsOfEach(records: readonly string[], delimiter: string): (string[] | undefined)[] {
  if (records.length === 0) return [];
  const together = cellsOf(records, delimiter);
  if (together) return together;
  if (records.length === 1) return [undefined];
  const half = records.length >> 1;
  return [...cellsOfEach(records.slice(0, half), delimiter), ...cellsOfEach(records.slice(half), delimiter)];
}

/** Undefined when csv-parse refuses one of the records, or makes another number of them. */
function cellsOf(records: readonly string[], delimiter: string): string[][] | undefined {
  try {
    const rows = csvParser().parse(Buffer.from(records.join("\n"), "latin1"), { delimiter, encoding: "latin1", record_delimiter: "\n", relax_column_count: true });
    return rows.length === records.length ? rows : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined; // CsvError carries a code, a fault of ours does not
    throw error;
  }
}

function explain(record: string, delimiter: string): string {
  try {
    csvParser().parse(Buffer.from(record, "latin1"), { delimiter, encoding: "latin1", record_delimiter: "\n", relax_column_count: true });
  } catch (error) {
    const column = error instanceof csvParser().CsvError && typeof error["index"] === "number" ? ` in cell ${error["index"] + 1}` : "";
    return `has a quote in the wrong place${column}; put the whole cell in quotes and double the quotes inside it`;
  }
  return "cannot be cut into cells; put cells that hold line ends in quotes";
}

function itemOfCells(record: CsvRecord, cells: readonly string[], header: readonly string[]): RowItem {
  const kept = rawText(record.cells);
  if (kept.rawEncoding) return bad(record, "invalid-utf8", "is not UTF-8; save the file as UTF-8, it may be Latin-1 or Windows-1252");
  if (cells.length !== header.length) {
    return bad(record, "column-count", `has ${cells.length} cells, the header has ${header.length}; quote cells that hold the delimiter or a line end`);
  }
  const value: JsonObject = {};
  for (const [at, cell] of cells.entries()) {
    const column = header[at] as string;
    if (cell === "" && column.startsWith(UNNAMED)) continue;
    setOwn(value, column, cellValue(column, utf8(cell)));
  }
  return { line: record.line, offset: record.offset, end: record.end, text: kept.raw, value };
}

function bad({ line, offset, end, cells }: CsvRecord, code: string, reason: string): BadRow {
  return { line, offset, end, problem: { code, reason, ...rawText(cells) } };
}

function cellValue(column: string, cell: string): unknown {
  if (!JSON_COLUMNS.has(column) || !/^\s*\[/.test(cell)) return cell;
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    return cell;
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}

function rawText(latin1: string): Pick<RowProblem, "raw" | "rawEncoding"> {
  const bytes = Buffer.from(latin1, "latin1");
  return isUtf8(bytes) ? { raw: bytes.toString("utf8") } : { raw: bytes.toString("base64"), rawEncoding: "base64" };
}

/** The column names in the first bytes of a file, for a reading that resumes past its header row. */
export function readHeader(head: Buffer, delimiter: string, quotes: Quotes, file: string): string[] {
  const splitter = new RecordSplitter(delimiter.charCodeAt(0), { quotes });
  const records = [...splitter.push(head), ...splitter.finish()];
  const first = records.find((record) => !isDelimiterLine(record));
  if (!first) throw new FileError("header", file, "is empty", "read it from the beginning");
  return headerOf(first, delimiter, quotes, file);
}
