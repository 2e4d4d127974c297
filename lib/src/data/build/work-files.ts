import { closeSync, existsSync, fdatasync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import type { Partition } from "../dedup/groups.js";
import { ParityMaps } from "../dedup/parity.js";
import type { ShingleStore } from "../dedup/shingles.js";
import { release } from "./batches.js";
import { fileError } from "../jsonl/file-error.js";

const BUFFER_BYTES = 64 * 1024;

/**
 * A file that a stage appends to and that can be cut back to an earlier length: what a killed stage wrote after its
 * last checkpoint is dropped. Writes are buffered.
 */
export class AppendFile {
  readonly path: string;
  readonly #file: number;
  readonly #buffer: Buffer;
  #buffered = 0;
  #size: number;

  /** @param size - what to keep of the file that is there; 0 begins anew */
  constructor(path: string, size = 0, bufferBytes = BUFFER_BYTES) {
    this.path = path;
    this.#buffer = Buffer.allocUnsafeSlow(bufferBytes);
    try {
      this.#file = openSync(path, existsSync(path) ? "r+" : "w+");
      ftruncateSync(this.#file, size);
    } catch (error) {
      throw fileError(error, path, "write");
    }
    this.#size = size;
  }

  /** Bytes written, the buffered ones included. */
  get size(): number {
    return this.#size + this.#buffered;
  }

  write(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (this.#buffered + bytes.length > this.#buffer.length) this.flush();
    if (bytes.length > this.#buffer.length) {
      this.#put(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  writeNumbers(numbers: Uint32Array | Float32Array): void {
    this.write(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }

  flush(): void {
    const bytes = this.#buffered;
    this.#buffered = 0;
    if (bytes > 0) this.#put(this.#buffer.subarray(0, bytes));
  }

  #put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at, bytes.length - at, this.#size + at);
    } catch (error) {
      throw fileError(error, this.path, "write");
    }
    this.#size += bytes.length;
  }

  /** Flushes, and waits until the disk has it: nothing may be written meanwhile. */
  async sync(): Promise<void> {
    this.flush();
    await new Promise<void>((resolve, reject) => {
      fdatasync(this.#file, (error) => { if (error) reject(fileError(error, this.path, "write")); else resolve(); });
    });
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}

/** The numbers of a file, read whole: 4 bytes each in memory. */
export function readNumbers(path: string): Uint32Array {
  const bytes = readFileSync(path);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4));
}

function readRange(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, position + at);
    if (read === 0) throw new Error("a work file is shorter than its index says; remove the work folder and build again");
    at += read;
  }
}

/** `count` numbers of an open file from the given number on. */
export function readSlice(file: number, first: number, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  readRange(file, new Uint8Array(numbers.buffer), first * 4);
  return numbers;
}

/** Numbers of a file in order, read ahead in blocks of 256 KiB. */
export class NumberFile {
  readonly #file: number;
  #block = new Uint32Array(64 * 1024);
  /** Numbers in the block, those of them that were taken, and those of the file up to the block's end. */
  #held = 0;
  #taken = 0;
  #read = 0;

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  skip(count: number): void {
    this.#taken += count;
  }

  /** The next numbers; valid until the next call. */
  take(count: number): Uint32Array {
    if (this.#taken + count > this.#held) this.#fill(count);
    const numbers = this.#block.subarray(this.#taken, this.#taken + count);
    if (this.#taken + count > this.#held) throw new Error("a work file is shorter than its index says; remove the work folder and build again");
    this.#taken += count;
    return numbers;
  }

  #fill(count: number): void {
    this.#read += this.#taken - this.#held;
    if (count > this.#block.length) this.#block = new Uint32Array(2 * count);
    const bytes = new Uint8Array(this.#block.buffer);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(this.#file, bytes, length, bytes.length - length, this.#read * 4 + length);
    }
    this.#held = length / 4;
    this.#read += this.#held;
    this.#taken = 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Numbers read at once by {@link ShingleFile.inOrder}: 1 MiB. */
const PIECE_NUMBERS = 2 ** 18;

/** Sets held at once by {@link ShingleFile}, and the longest that is held: 4 MiB. Longer ones are read each time. */
const CACHED_SETS = 2048;
const LONGEST_CACHED = 512;

/**
 * Shingle sets in a file, one after another, with their sizes in a second file. Memory: 8 bytes a row, 32 for its parity
 * map once {@link inOrder} went through, and a cache of a fixed size.
 */
export class ShingleFile implements ShingleStore {
  readonly #file: number;
  readonly #offsets: Float64Array;
  readonly #cachedRows = new Int32Array(CACHED_SETS).fill(-1);
  readonly #cache = new Uint32Array(CACHED_SETS * LONGEST_CACHED);
  #lastSlot = -1;
  #maps: ParityMaps | undefined;

  constructor(path: string, sizesPath: string) {
    const sizes = readNumbers(sizesPath);
    this.#offsets = new Float64Array(sizes.length + 1);
    for (let row = 0; row < sizes.length; row++) this.#offsets[row + 1] = (this.#offsets[row] as number) + (sizes[row] as number);
    this.#file = openSync(path, "r");
  }

  get count(): number {
    return this.#offsets.length - 1;
  }

  size(row: number): number {
    return (this.#offsets[row + 1] as number) - (this.#offsets[row] as number);
  }

  get(row: number): Uint32Array {
    const slot = row % CACHED_SETS;
    const size = this.size(row);
    const known = this.#cachedRows[slot] === row;
    // The set returned last may still be in use, so its slot is not filled anew.
    if (size > LONGEST_CACHED || (!known && slot === this.#lastSlot)) return readSlice(this.#file, this.#offsets[row] as number, size);
    const set = this.#cache.subarray(slot * LONGEST_CACHED, slot * LONGEST_CACHED + size);
    this.#lastSlot = slot;
    if (known) return set;
    this.#cachedRows[slot] = -1;
    readRange(this.#file, new Uint8Array(set.buffer, set.byteOffset, set.byteLength), (this.#offsets[row] as number) * 4);
    this.#cachedRows[slot] = row;
    return set;
  }

  difference(first: number, second: number): number {
    return this.#maps?.difference(first, second) ?? 0;
  }

  /**
   * Every set in the order of the rows, read in large pieces. A set is valid until the next one is asked for. The first
   * time through, parity maps are made: comparing two rows that are unlike then seldom takes a look into the file.
   */
  *inOrder(): Generator<Uint32Array> {
    const maps = this.#maps ? undefined : new ParityMaps(this.count);
    let memory = new Uint32Array(Math.min(PIECE_NUMBERS, this.#offsets[this.count] as number));
    let piece = memory.subarray(0, 0);
    let first = 0;
    for (let row = 0; row < this.count; row++) {
      const start = this.#offsets[row] as number;
      const end = this.#offsets[row + 1] as number;
      if (end > first + piece.length) {
        const rest = (this.#offsets[this.count] as number) - start;
        const length = Math.max(end - start, Math.min(PIECE_NUMBERS, rest));
        if (length > memory.length) memory = new Uint32Array(length);
        piece = memory.subarray(0, length);
        readRange(this.#file, new Uint8Array(piece.buffer, 0, piece.byteLength), start * 4);
        first = start;
      }
      const set = piece.subarray(start - first, end - first);
      maps?.set(row, set);
      yield set;
    }
    this.#maps ??= maps;
  }

  /** What {@link get} returned is empty afterwards. */
  close(): void {
    closeSync(this.#file);
    release(this.#cache);
  }
}

/** Rows whose band keys are gathered before they are written. */
const BLOCK_ROWS = 4096;

/** Band keys of rows, band after band in one file, so that one band at a time can be read. */
export class BandFile {
  readonly #file: number;
  readonly #bands: number;
  readonly #rows: Uint32Array;
  readonly #block: Uint32Array;
  #inBlock = 0;
  #written = 0;

  /** @param rows - the rows that have keys, in the order in which {@link add} is called */
  constructor(path: string, bands: number, rows: Uint32Array) {
    this.#file = openSync(path, "w+");
    this.#bands = bands;
    this.#rows = rows;
    this.#block = new Uint32Array(bands * BLOCK_ROWS);
  }

  add(keys: Uint32Array): void {
    for (let band = 0; band < this.#bands; band++) this.#block[band * BLOCK_ROWS + this.#inBlock] = keys[band] as number;
    if (++this.#inBlock === BLOCK_ROWS) this.#flush();
  }

  #flush(): void {
    for (let band = 0; band < this.#bands; band++) {
      const part = this.#block.subarray(band * BLOCK_ROWS, band * BLOCK_ROWS + this.#inBlock);
      const at = (band * this.#rows.length + this.#written) * 4;
      writeSync(this.#file, new Uint8Array(part.buffer, part.byteOffset, part.byteLength), 0, part.byteLength, at);
    }
    this.#written += this.#inBlock;
    this.#inBlock = 0;
  }

  *partitions(): Generator<Partition> {
    this.#flush();
    for (let band = 0; band < this.#bands; band++) {
      yield { keys: readSlice(this.#file, band * this.#rows.length, this.#rows.length), rows: this.#rows };
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Entries gathered for each part before they are written. */
const PART_ENTRIES = 2048;

/** Entries of a key and a row, spread over files by the part they belong to. Memory: 16 KiB a part, which its file does not buffer again. */
export class PartFiles {
  readonly #files: AppendFile[];
  readonly #gathered: Uint32Array[];
  readonly #counts: Uint32Array;

  constructor(pathOf: (part: number) => string, parts: number) {
    this.#files = Array.from({ length: parts }, (_, part) => new AppendFile(pathOf(part), 0, 0));
    this.#gathered = this.#files.map(() => new Uint32Array(PART_ENTRIES * 2));
    this.#counts = new Uint32Array(parts);
  }

  add(part: number, key: number, row: number): void {
    const entries = this.#gathered[part] as Uint32Array;
    const count = this.#counts[part] as number;
    entries[2 * count] = key;
    entries[2 * count + 1] = row;
    this.#counts[part] = count + 1;
    if (count + 1 === PART_ENTRIES) this.#write(part);
  }

  #write(part: number): void {
    this.#files[part]?.writeNumbers((this.#gathered[part] as Uint32Array).subarray(0, 2 * (this.#counts[part] as number)));
    this.#counts[part] = 0;
  }

  *partitions(): Generator<Partition> {
    for (const [part, file] of this.#files.entries()) {
      this.#write(part);
      file.flush();
      const entries = readNumbers(file.path);
      const keys = new Uint32Array(entries.length / 2);
      const rows = new Uint32Array(entries.length / 2);
      for (let i = 0; i < keys.length; i++) {
        keys[i] = entries[2 * i] as number;
        rows[i] = entries[2 * i + 1] as number;
      }
      yield { keys, rows };
    }
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}
