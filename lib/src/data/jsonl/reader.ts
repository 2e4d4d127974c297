import { isAscii, isUtf8 } from "node:buffer";
import { openBytes } from "./bytes.js";
import { DEFAULT_MAX_LINE_BYTES, PendingRow, itemOfBytes, itemOfText, splitChunks, type ReadOptions, type RowItem } from "./row-item.js";

const NEWLINE = 10, RETURN = 13;

/**
 * Reads JSON Lines as batches of rows, one batch per chunk read (256 KiB), in constant memory.
 *
 * Lines end with LF or CRLF; a lone CR is no line end. A UTF-8 byte-order mark is dropped. Blank lines are skipped but
 * counted in the line numbers. A line that cannot be read (not UTF-8, not JSON, not an object, over `maxLineBytes`, …)
 * comes as an item with a `problem`, and the reading goes on.
 *
 * @param source a path (plain or gzip, by content) or a stream of bytes
 * @throws FileError when the file as a whole cannot be read, e.g. a gzip file that is cut off
 */
export async function* readJsonl(source: string | AsyncIterable<Uint8Array>, options: ReadOptions = {}): AsyncGenerator<RowItem[], void, void> {
  const bytes = await openBytes(source, options.startOffset, options.name);
  yield* readLines(bytes.chunks, { ...options, name: bytes.name });
}

/** {@link readJsonl} over bytes that begin at `startOffset`. */
export async function* readLines(chunks: AsyncIterable<Buffer>, options: ReadOptions = {}): AsyncGenerator<RowItem[], void, void> {
  yield* splitChunks(chunks, new LineSplitter(options), options.signal);
}

/** Whole lines as they stand in a file: rows that another thread can read, with a {@link LineSplitter} of its own. */
export interface LineRegion {
  /** The lines, the line end of the last included; valid until the next piece is asked for. */
  bytes: Buffer;
  /** Number and offset of the first line. */
  line: number;
  offset: number;
}

/** {@link readLines} with most of the work left: whole lines stay bytes, only a row that crosses two chunks is read. */
export async function* cutLines(chunks: AsyncIterable<Buffer>, options: ReadOptions = {}): AsyncGenerator<RowItem[] | LineRegion, void, void> {
  const splitter = new LineSplitter(options);
  for await (const chunk of chunks) {
    options.signal?.throwIfAborted();
    const { items, region } = splitter.cut(chunk);
    if (items.length > 0) yield items;
    if (region) yield region;
  }
  const last = splitter.finish();
  if (last.length > 0) yield last;
}

/** Cuts bytes into lines and lines into items; knows nothing of where the bytes come from. */
export class LineSplitter {
  #line: number;
  /** Offset of the next line's first byte. */
  #offset: number;
  readonly #name: string;
  readonly #pending: PendingRow;
  readonly #limit: number;

  constructor(options: ReadOptions = {}) {
    this.#offset = options.startOffset ?? 0;
    this.#line = options.startLine ?? 1;
    this.#name = options.name ?? "the source";
    this.#limit = options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES;
    this.#pending = new PendingRow(this.#limit);
  }

  /** Takes the next bytes; returns the rows that end in them. */
  push(chunk: Buffer): RowItem[] {
    const items: RowItem[] = [];
    const at = this.#endOfPending(chunk, items);
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= at) this.#lines(chunk, at, last, items);
    this.#pending.add(chunk.subarray(Math.max(at, last + 1)));
    return items;
  }

  /** Takes the next bytes; returns the row that began in earlier ones, if it ends here, and the whole lines after it, unread. */
  cut(chunk: Buffer): { items: RowItem[]; region?: LineRegion } {
    const items: RowItem[] = [];
    const at = this.#endOfPending(chunk, items);
    const last = chunk.lastIndexOf(NEWLINE);
    this.#pending.add(chunk.subarray(Math.max(at, last + 1)));
    if (last < at) return { items };
    const region = { bytes: chunk.subarray(at, last + 1), line: this.#line, offset: this.#offset };
    for (let newline = chunk.indexOf(NEWLINE, at); newline !== -1; newline = chunk.indexOf(NEWLINE, newline + 1)) this.#line++;
    this.#offset += last + 1 - at;
    return { items, region };
  }

  /** Ends the row that earlier bytes began, if there is one; returns where the bytes after it begin. */
  #endOfPending(chunk: Buffer, items: RowItem[]): number {
    if (this.#pending.bytes === 0) return 0;
    const newline = chunk.indexOf(NEWLINE);
    if (newline === -1) return 0;
    this.#pending.add(chunk.subarray(0, newline));
    this.#endPending(items, 1);
    return newline + 1;
  }

  /** The last line, if the bytes did not end with a line end. */
  finish(): RowItem[] {
    const items: RowItem[] = [];
    if (this.#pending.bytes > 0) this.#endPending(items, 0);
    return items;
  }

  /** The whole lines from `at` to the line end at `last`. One check of the encoding serves them all. */
  #lines(chunk: Buffer, at: number, last: number, items: RowItem[]): void {
    const region = chunk.subarray(at, last);
    const encoding = isAscii(region) ? "latin1" : isUtf8(region) ? "utf8" : undefined;
    for (let start = at; start <= last; ) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (encoding !== undefined && newline - start <= this.#limit && this.#offset > 0) {
        const end = newline > start && chunk[newline - 1] === RETURN ? newline - 1 : newline;
        const place = { line: this.#line, offset: this.#offset, end: this.#offset + newline - start + 1 };
        if (end > start) {
          const text = chunk.toString(encoding, start, end);
          if (!isBlank(text)) items.push(itemOfText(text, place));
        }
        this.#line++;
        this.#offset = place.end;
      } else {
        this.#pending.add(chunk.subarray(start, newline));
        this.#endPending(items, 1);
      }
      start = newline + 1;
    }
  }

  /** Ends the line whose bytes are pending; `newline` is the length of its line end (0 at the end of the file). */
  #endPending(items: RowItem[], newline: number): void {
    const place = { line: this.#line, offset: this.#offset, end: this.#offset + this.#pending.bytes + newline };
    this.#line++;
    this.#offset = place.end;
    if (this.#pending.overflowed) {
      items.push(this.#pending.takeOverflow(place, this.#name));
      return;
    }
    let bytes = this.#pending.take();
    if (place.offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    if (bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1);
    if (bytes.length === 0) return;
    if (isSpace(bytes[0]) && isBlank(bytes.toString("latin1"))) return;
    items.push(itemOfBytes(bytes, place));
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === RETURN;
}

function isBlank(text: string): boolean {
  return isSpace(text.charCodeAt(0)) && /^[ \t\r]*$/.test(text);
}
