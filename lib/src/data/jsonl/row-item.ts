import { createHash, type Hash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { isJsonObject, parseJson, type JsonObject } from "./json.js";

/** Where bytes too many to hold in memory stand in the (decompressed) source, and the hash to know them by. */
export interface ByteSpan {
  offset: number;
  bytes: number;
  sha256: string;
}

/** Why a row could not be read. */
export interface RowProblem {
  /** `invalid-json`, `nul-byte`, `not-an-object`, `duplicate-key`, `too-deep`, `invalid-utf8`, `line-too-long`, … */
  code: string;
  reason: string;
  /** The row as it stands in the file; of a row over the size limit only its first kilobyte. */
  raw: string;
  rawEncoding?: "base64";
  /** Only for a row over the size limit, which is not held in memory: where to find all of it. */
  span?: ByteSpan;
}

export interface Place {
  /** 1-based number of the line; of the element, in a JSON array or a sequence of JSON values. */
  line: number;
  /** Byte offset of the row's start in the decompressed stream; in Parquet the rows before it. */
  offset: number;
  /** Byte offset just past the row and its line end: a later run may resume here, with `startLine` one more than `line`. */
  end: number;
}

/** A row that is a JSON object (of a CSV file: an object of its columns). */
export interface ReadRow extends Place {
  text: string;
  value: JsonObject;
  problem?: undefined;
}

/** A row that could not be read. */
export interface BadRow extends Place {
  problem: RowProblem;
  value?: undefined;
}

export type RowItem = ReadRow | BadRow;

/** Options that every reader of rows takes. */
export interface ReadOptions {
  /** Byte offset (decompressed) to begin at: the `end` of an item of an earlier read. Default 0. */
  startOffset?: number;
  /** Number of the first line (or record) at `startOffset`. Default 1. */
  startLine?: number;
  /** Longest row that is held in memory, in bytes. Default 64 MiB. */
  maxLineBytes?: number;
  /** Stops the reading: the next batch throws the signal's reason. */
  signal?: AbortSignal;
  /** Name of the source in messages; default its path. */
  name?: string;
}

export const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024;

/** The buffer of a row in progress grows by doubling; one grown beyond KEPT_CAPACITY is let go after its row. */
const FIRST_CAPACITY = 16 * 1024, KEPT_CAPACITY = 1024 * 1024;

/** How much of a row over the limit is kept to recognise it by. */
const HEAD_BYTES = 1024;

/** Makes an item of a row's text. */
export function itemOfText(text: string, place: Place): RowItem {
  const parsed = parseJson(text);
  if (!parsed.ok) return { ...place, problem: { code: parsed.code, reason: parsed.reason, raw: text } };
  if (!isJsonObject(parsed.value)) {
    const what = Array.isArray(parsed.value) ? `an array of ${parsed.value.length}` : parsed.value === null ? "null" : `a ${typeof parsed.value}`;
    const remedy = Array.isArray(parsed.value) && place.offset === 0 ? "; if the file is one array, name it .json" : "; each row must be a JSON object";
    return { ...place, problem: { code: "not-an-object", reason: `holds ${what}${remedy}`, raw: text } };
  }
  return { line: place.line, offset: place.offset, end: place.end, text, value: parsed.value };
}

/** Makes an item of a row's bytes, whose encoding has not been checked. */
export function itemOfBytes(bytes: Buffer, place: Place): RowItem {
  if (isUtf8(bytes)) return itemOfText(bytes.toString("utf8"), place);
  return {
    ...place,
    problem: {
      code: "invalid-utf8",
      reason: `is not UTF-8 (byte ${firstInvalidByte(bytes) + 1} of the row); save the file as UTF-8, it may be Latin-1 or Windows-1252`,
      raw: bytes.toString("base64"),
      rawEncoding: "base64",
    },
  };
}

/** Index of the first byte that breaks UTF-8, by halving on prefixes. */
function firstInvalidByte(bytes: Buffer): number {
  let valid = 0, broken = bytes.length;
  while (broken - valid > 1) {
    const middle = (valid + broken) >> 1;
    try {
      // With `stream` a prefix may end inside a character.
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      broken = middle;
    }
  }
  // A character that is cut short begins before the byte that shows it.
  for (let back = 1; back <= Math.min(3, valid); back++) {
    const byte = bytes[valid - back] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? valid - back : valid;
  }
  return valid;
}

/**
 * Bytes of a row that has not ended yet. Holds up to `limit` bytes; beyond it, only a hash, a length and the first
 * kilobyte, so that memory stays bounded whatever the file holds.
 */
export class PendingRow {
  #held: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  #hash: Hash | undefined;
  #head: Buffer = Buffer.alloc(0);
  readonly #limit: number;
  bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get overflowed(): boolean {
    return this.#hash !== undefined;
  }

  add(part: Buffer): void {
    const before = this.bytes;
    this.bytes += part.length;
    if (this.#hash) {
      this.#hash.update(part);
    } else if (this.bytes > this.#limit) {
      this.#hash = createHash("sha256").update(this.#held.subarray(0, before)).update(part);
      this.#head = Buffer.concat([this.#held.subarray(0, before), part], Math.min(this.bytes, HEAD_BYTES));
      this.#held = Buffer.allocUnsafe(FIRST_CAPACITY);
    } else {
      if (this.bytes > this.#held.length) {
        const larger = Buffer.allocUnsafe(Math.max(this.bytes, this.#held.length * 2));
        this.#held.copy(larger, 0, 0, before);
        this.#held = larger;
      }
      part.copy(this.#held, before);
    }
  }

  /** Whether the bytes so far are a whole number, true, false or null. */
  isScalar(): boolean {
    return !this.overflowed && this.bytes <= 400 && /^(?:true|false|null|-?\d[\d.eE+-]*)$/.test(this.#held.toString("latin1", 0, this.bytes));
  }

  /** Empties the row and returns its bytes, valid until the next `add`. Not for a row that overflowed. */
  take(): Buffer {
    const bytes = this.#held.subarray(0, this.bytes);
    if (this.#held.length > KEPT_CAPACITY) this.#held = Buffer.allocUnsafe(FIRST_CAPACITY);
    this.bytes = 0;
    return bytes;
  }

  /** The problem that stands for a row over the limit, and empties the row. */
  takeOverflow(place: Place, name: string): BadRow {
    const bytes = this.bytes;
    const span: ByteSpan = { offset: place.offset, bytes, sha256: this.#hash?.digest("hex") ?? "" };
    const head = this.#head;
    this.#hash = undefined;
    this.#head = Buffer.alloc(0);
    this.bytes = 0;
    const limit = this.#limit >= 1 << 20 ? `${Math.round(this.#limit / (1 << 20))} MiB` : `${this.#limit} bytes`;
    return {
      ...place,
      problem: {
        code: "line-too-long",
        reason: `is ${bytes} bytes long, the limit is ${limit}; it stays in ${name} at bytes ${place.offset} to ${place.offset + bytes} (decompressed), sha256 ${span.sha256}`,
        raw: head.toString("base64"),
        rawEncoding: "base64",
        span,
      },
    };
  }
}

/** Cuts bytes into rows, piece by piece; rows may cross pieces. */
export interface Splitter {
  push(chunk: Buffer): RowItem[];
  finish(): RowItem[];
}

/** The rows of a stream in batches, one a piece of bytes that completes any. Throws the signal's reason when it fires. */
export async function* splitChunks(chunks: AsyncIterable<Buffer>, splitter: Splitter, signal?: AbortSignal): AsyncGenerator<RowItem[], void, void> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    const items = splitter.push(chunk);
    if (items.length > 0) yield items;
  }
  const last = splitter.finish();
  if (last.length > 0) yield last;
}
