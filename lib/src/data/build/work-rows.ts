import { closeSync, openSync, readSync } from "node:fs";
import type { ChangeCounts } from "../clean/normalize.js";
import { labelCode } from "../dedup/exact.js";
import type { Example } from "../example.js";
import { parseJson } from "../jsonl/json.js";
import type { ByteBatch } from "./batches.js";

/**
 * Before each row in `read.rows`: bytes of the example, bytes of the row as read, bytes of what normalisation changed,
 * source, line, the hash of its content, and its label.
 */
const HEADER_BYTES = 40;
const HASH_AT = 20;
export const HASH_BYTES = 16;
const LABEL_AT = HASH_AT + HASH_BYTES;

/** Batches of rows that travel between threads: large enough that the journey vanishes, small enough to share the work evenly. */
const BATCH_BYTES = 256 * 1024;

/** One row of `read.rows`: an example, where it came from, and the row as it was read. */
export class WorkRow {
  readonly #bytes: Buffer;
  readonly #start: number;

  /** @param start - where the row's header begins in `bytes` */
  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#start = start;
  }

  get #exampleBytes(): number {
    return this.#bytes.readUInt32LE(this.#start);
  }

  get #rawBytes(): number {
    return this.#bytes.readUInt32LE(this.#start + 4);
  }

  get #normalizedBytes(): number {
    return this.#bytes.readUInt32LE(this.#start + 8);
  }

  get source(): number {
    return this.#bytes.readUInt32LE(this.#start + 12);
  }

  get line(): number {
    return this.#bytes.readUInt32LE(this.#start + 16);
  }

  get hash(): Buffer {
    return this.#bytes.subarray(this.#start + HASH_AT, this.#start + HASH_AT + HASH_BYTES);
  }

  /** Of an answer of unpaired preference: see {@link labelCode}. */
  get label(): number {
    return this.#bytes.readUInt32LE(this.#start + LABEL_AT);
  }

  get end(): number {
    return this.#rawEnd + this.#normalizedBytes;
  }

  get #rawEnd(): number {
    return this.#start + HEADER_BYTES + this.#exampleBytes + this.#rawBytes;
  }

  /** The row as it stood in its source. */
  get raw(): string {
    return this.#bytes.toString("utf8", this.#rawEnd - this.#rawBytes, this.#rawEnd);
  }

  /** What normalisation changed; only where lineage is written. */
  get normalized(): ChangeCounts | undefined {
    return this.#normalizedBytes === 0 ? undefined : (JSON.parse(this.#bytes.toString("utf8", this.#rawEnd, this.end)) as ChangeCounts);
  }

  get example(): Example {
    const from = this.#start + HEADER_BYTES;
    const parsed = parseJson(this.#bytes.toString("utf8", from, from + this.#exampleBytes));
    if (!parsed.ok) throw new Error(`a row in the work folder cannot be read (${parsed.reason}); remove the work folder and build again`);
    return parsed.value as Example;
  }
}

/** The example of a row in which something was masked, from what cleaning wrote of it. */
export function maskedExample(json: string): Example {
  const parsed = parseJson(json);
  if (!parsed.ok) throw new Error(`a masked row cannot be read again: ${parsed.reason}`);
  return parsed.value as Example;
}

/** The rows that stand one after another in `bytes`. */
export function* workRows(bytes: Buffer): Generator<WorkRow, void, void> {
  for (let at = 0; at < bytes.length; ) {
    const row = new WorkRow(bytes, at);
    yield row;
    at = row.end;
  }
}

/** How many rows stand in `bytes`. */
export function countWorkRows(bytes: Buffer): number {
  let rows = 0;
  for (let at = 0; at < bytes.length; rows++) at = new WorkRow(bytes, at).end;
  return rows;
}

/** Adds a row's bytes in `read.rows` to a batch. */
export function addWorkRow(batch: ByteBatch, row: { source: number; line: number; example: Example; raw: string; normalized?: ChangeCounts }, hash: Uint8Array): void {
  const example = JSON.stringify(row.example);
  const exampleBytes = Buffer.byteLength(example);
  const rawBytes = Buffer.byteLength(row.raw);
  const normalized = row.normalized ? Buffer.from(JSON.stringify(row.normalized)) : Buffer.alloc(0);
  const bytes = batch.room(HEADER_BYTES + exampleBytes + rawBytes + normalized.length);
  bytes.writeUInt32LE(exampleBytes, 0);
  bytes.writeUInt32LE(rawBytes, 4);
  bytes.writeUInt32LE(normalized.length, 8);
  bytes.writeUInt32LE(row.source, 12);
  bytes.writeUInt32LE(row.line, 16);
  bytes.set(hash, HASH_AT);
  bytes.writeUInt32LE(labelCode(row.example.label), LABEL_AT);
  bytes.write(example, HEADER_BYTES);
  bytes.write(row.raw, HEADER_BYTES + exampleBytes);
  bytes.set(normalized, HEADER_BYTES + exampleBytes + rawBytes);
}

/**
 * Reads `read.rows` from an offset on, in batches of whole rows of about 256 KiB, each in memory of its own.
 *
 * @throws Error when the file ends inside a row
 */
export function* workRowBatches(path: string, from = 0): Generator<Buffer<ArrayBuffer>, void, void> {
  const file = openSync(path, "r");
  try {
    let wanted = BATCH_BYTES;
    for (let offset = from; ; ) {
      const bytes = Buffer.from(new ArrayBuffer(wanted));
      let length = 0;
      for (let read = -1; read !== 0 && length < wanted; length += read) read = readSync(file, bytes, length, wanted - length, offset + length);
      if (length === 0) return;
      let whole = 0;
      let next = HEADER_BYTES;
      while (whole + HEADER_BYTES <= length) {
        next = new WorkRow(bytes, whole).end;
        if (next > length) break;
        whole = next;
      }
      if (whole === 0) {
        if (length < wanted) throw new Error(`${path} ends inside a row; remove the work folder and build again`);
        wanted = next;
        continue;
      }
      yield bytes.subarray(0, whole);
      offset += whole;
      wanted = BATCH_BYTES;
    }
  } finally {
    closeSync(file);
  }
}
