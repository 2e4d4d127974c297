import { readFileSync } from "node:fs";

const SPACE = 0x20, NEWLINE = 0x0a;

/** What {@link Vocabulary.find} gives for bytes that are no token; over every rank, so that the lowest rank is the one to take. */
export const NO_TOKEN = 0x7fffffff;

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/**
 * The tokens of an encoding by rank, and the rank of bytes: typed arrays, with all tokens one after another and an open hash
 * table over them. 5 MB for 200,000 tokens, where a Map of strings takes 30, and 40 ms to make.
 */
export class Vocabulary {
  /** How many tokens there are: ranks go from 0 to one less. */
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #longest: number;
  /** Rank and one, 0 where free; linear probing, at most half full. */
  readonly #table: Int32Array;
  /** The rank of every two bytes: half of all that a merge asks for. */
  readonly #pairs = new Int32Array(65_536).fill(NO_TOKEN);

  /**
   * Reads tokens from OpenAI's file format: a line a token, its bytes in base64, a space, its rank.
   *
   * @param path - a `.tiktoken` file of gpt-tokenizer
   * @throws Error when the ranks are not 0, 1, 2, … in this order
   */
  static read(path: string): Vocabulary {
    const file = readFileSync(path);
    // Three bytes of four characters, and a line has three characters at least that are no token's.
    const bytes = new Uint8Array(Math.ceil(file.length * 0.75));
    const starts = [0];
    let used = 0;
    for (let at = 0; at < file.length; ) {
      const space = file.indexOf(SPACE, at);
      const end = file.indexOf(NEWLINE, space);
      let rank = 0;
      for (let digit = space + 1; digit < end; digit++) rank = rank * 10 + (file[digit] as number) - 0x30;
      if (rank !== starts.length - 1) throw new Error(`${path} has rank ${rank} in line ${starts.length}: the package is damaged, or of another version; run npm ci`);
      used = decodeBase64(file, at, space, bytes, used);
      starts.push(used);
      at = end + 1;
    }
    return new Vocabulary(bytes.slice(0, used), Uint32Array.from(starts));
  }

  /** @param starts - where each token begins in `bytes`, and where the last one ends */
  private constructor(bytes: Uint8Array, starts: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.size = starts.length - 1;
    const slots = 2 ** Math.ceil(Math.log2(this.size * 2));
    const table = new Int32Array(slots);
    let longest = 0;
    for (let rank = 0; rank < this.size; rank++) {
      const from = starts[rank] as number;
      const to = starts[rank + 1] as number;
      if (to - from > longest) longest = to - from;
      if (to - from === 2) this.#pairs[((bytes[from] as number) << 8) | (bytes[from + 1] as number)] = rank;
      let slot = hashBytes(bytes, from, to) & (slots - 1);
      while (table[slot] !== 0) slot = (slot + 1) & (slots - 1);
      table[slot] = rank + 1;
    }
    this.#table = table;
    this.#longest = longest;
  }

  /** The rank of a range of bytes, or {@link NO_TOKEN}. */
  find(bytes: Uint8Array, from: number, to: number): number {
    return to - from === 2 ? this.pair(bytes[from] as number, bytes[from + 1] as number)
      : to - from > this.#longest ? NO_TOKEN : this.findHashed(hashBytes(bytes, from, to), bytes, from, to);
  }

  /** The rank of two bytes, or {@link NO_TOKEN}. */
  pair(first: number, second: number): number {
    return this.#pairs[(first << 8) | second] as number;
  }

  /** {@link find} where the hash is known. @param hash - from {@link hashBytes} */
  findHashed(hash: number, bytes: Uint8Array, from: number, to: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const rank = (table[slot] as number) - 1;
      if (rank === -1) return NO_TOKEN;
      let own = this.#starts[rank] as number;
      if ((this.#starts[rank + 1] as number) - own !== to - from) continue;
      let at = from;
      for (; at < to && this.#bytes[own] === bytes[at]; at++) own++;
      if (at === to) return rank;
    }
  }

  /** The bytes of a token; a view, not to be changed. */
  bytesOf(rank: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[rank], this.#starts[rank + 1]);
  }
}

/** FNV-1a over bytes, with the high bits brought down to where the slot is taken from. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = FNV_BASIS;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
  return hash ^ (hash >>> 15);
}

const DIGITS = new Uint8Array(128);
for (const [value, digit] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) DIGITS[digit.charCodeAt(0)] = value;

/**
 * Node's own decoder takes a microsecond a call, which is most of it for pieces of eight characters.
 *
 * @returns where the next bytes go
 */
function decodeBase64(text: Buffer, from: number, to: number, out: Uint8Array, start: number): number {
  let end = start;
  let bits = 0;
  let held = 0;
  for (let at = from; at < to && text[at] !== 0x3d; at++) {
    bits = ((bits << 6) | (DIGITS[text[at] as number] as number)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[end++] = (bits >> held) & 0xff;
  }
  return end;
}
