import { sortHashes } from "./sort.js";

/**
 * A text as a set of word shingles, each a 32-bit hash, kept as a sorted array.
 *
 * A hash collision would count two different shingles as one: between two texts of 150 shingles that happens with
 * probability 150² / 2³² = 5e-6, and then moves their similarity by 1/300.
 */

/** Any other unit separates words. */
const WORD = 1;
/** A character that is a word by itself: an operator, or a letter of a script written without spaces. */
const ALONE = 2;

const WORD_CHARACTER = /[\p{L}\p{N}\p{M}_]/u;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const OPERATOR = /[+*/=<>%^&|~$€£¥\p{Sm}]/u;

/**
 * The class of a UTF-16 code unit. Operators count, because "5 + 3" and "5 * 3" are different questions; other
 * punctuation does not, because "Hello!" and "hello" are the same one.
 */
function classOf(unit: number): number {
  if (unit >= 0xd800 && unit < 0xe000) return WORD;
  const character = String.fromCharCode(unit);
  if (UNSPACED.test(character) || OPERATOR.test(character)) return ALONE;
  return WORD_CHARACTER.test(character) ? WORD : 0;
}

let classes: Uint8Array | undefined;

/** The class of every code unit: made when a text beyond ASCII is met, because it takes 30 ms. */
function characterClasses(): Uint8Array {
  classes ??= Uint8Array.from({ length: 65536 }, (_, unit) => classOf(unit));
  return classes;
}

/** The finaliser of MurmurHash3 (Appleby, public domain): every input bit changes every output bit. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What a word's hash begins with (signed: V8 then keeps it in a register), and its factor: FNV-1a over code units. */
const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

const SHINGLE_FACTOR = 0x9e3779b1 | 0;

const MINUS = 0x2d;
/** The last code unit that is a digit or stands before them: a minus after one of these is an operator. */
const NINE = 0x39;

// Reused from text to text: a fresh array for each would be most of the garbage of a build.
const USUAL = 2 ** 14;
let words = new Uint32Array(USUAL);
let hashes = new Uint32Array(USUAL);
let encoded = new Uint8Array(USUAL);
/** Characters of a text from which the memory it took is given back. */
const LARGE = 2 ** 20;
const encoder = new TextEncoder();
let asciiTable: Uint16Array | undefined;

/** For every ASCII character, its class and, in the low byte, its lower case. */
function asciiClasses(): Uint16Array {
  asciiTable ??= Uint16Array.from({ length: 128 }, (_, unit) => {
    const lower = String.fromCharCode(unit).toLowerCase().charCodeAt(0);
    return (classOf(lower) << 8) | lower;
  });
  return asciiTable;
}

/** Hashes the words of a text into `words` and returns how many there are. */
function hashWords(text: string): number {
  // Every word takes a character at least.
  if (words.length < text.length) words = new Uint32Array(2 ** Math.ceil(Math.log2(text.length)));
  // Bytes are read three times faster than the characters of a string. Text that takes more bytes than it has code
  // units is not ASCII.
  if (encoded.length <= text.length) encoded = new Uint8Array(words.length * 2);
  const { read, written } = encoder.encodeInto(text, encoded);
  return read === text.length && written === read ? hashAsciiWords(read) : hashUnicodeWords(text.toLowerCase());
}

/** The same as {@link hashUnicodeWords} for the first `length` bytes of `encoded`, ASCII in either case. */
function hashAsciiWords(length: number): number {
  const table = asciiClasses();
  const bytes = encoded;
  const out = words;
  // A space behind the text ends its last word.
  bytes[length] = 0x20;
  let count = 0;
  for (let i = 0; i < length; i++) {
    let entry = table[bytes[i] as number] as number;
    let last = 0;
    if (entry >> 8 === WORD) {
      let hash = FNV_BASIS;
      do {
        last = entry & 0xff;
        hash = Math.imul(hash ^ last, FNV_PRIME);
        entry = table[bytes[++i] as number] as number;
      } while (entry >> 8 === WORD);
      out[count++] = mix32(hash);
    }
    // `last` is 0 where no word stands before the minus.
    if (entry >> 8 === ALONE || (entry === MINUS && last <= NINE)) out[count++] = mix32(Math.imul(FNV_BASIS ^ (entry & 0xff), FNV_PRIME));
  }
  return count;
}

/** Hashes the words of a text in lower case into `words`. */
function hashUnicodeWords(lower: string): number {
  const table = characterClasses();
  // A few characters are longer in lower case.
  if (words.length < lower.length) words = new Uint32Array(lower.length);
  const out = words;
  let count = 0;
  let hash = FNV_BASIS;
  let inWord = false;
  let previous = 0;
  for (let i = 0; i < lower.length; i++) {
    const unit = lower.charCodeAt(i);
    let kind = table[unit] as number;
    // A minus after a letter is a hyphen ("due-date"); elsewhere it is an operator ("5-3").
    if (unit === MINUS && !(inWord && previous > NINE)) kind = ALONE;
    previous = unit;
    if (kind === WORD) {
      hash = Math.imul(hash ^ unit, FNV_PRIME);
      inWord = true;
      continue;
    }
    if (inWord) {
      out[count++] = mix32(hash);
      hash = FNV_BASIS;
      inWord = false;
    }
    if (kind === ALONE) out[count++] = mix32(Math.imul(FNV_BASIS ^ unit, FNV_PRIME));
  }
  if (inWord) out[count++] = mix32(hash);
  return count;
}

/**
 * The set of word shingles of a text. Words are compared without case; a text with fewer words than a shingle is
 * one shingle, so it can only equal another text of the same words; a text without words has none and resembles
 * nothing.
 *
 * @param text - any text
 * @param size - words in a shingle
 * @returns distinct 32-bit hashes in ascending order
 */
export function shingles(text: string, size = 3): Uint32Array {
  return shinglesInPlace(text, size).slice();
}

/** @throws RangeError unless a shingle has one word or more */
export function checkShingle(size: number): void {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`a shingle must have a whole number of words from 1 up, not ${size}`);
}

/** As {@link shingles}, in memory that the next call uses again. */
export function shinglesInPlace(text: string, size = 3): Uint32Array {
  checkShingle(size);
  const count = hashWords(text);
  const width = Math.min(size, count);
  const length = count === 0 ? 0 : count - width + 1;
  if (hashes.length < length) hashes = new Uint32Array(2 ** Math.ceil(Math.log2(length)));
  const [from, to] = [words, hashes];
  if (width === 3) {
    // The usual width, and what the loop below does.
    for (let start = 0; start < length; start++) {
      const first = Math.imul(3 ^ (from[start] as number), SHINGLE_FACTOR);
      const second = Math.imul(first ^ (from[start + 1] as number), SHINGLE_FACTOR) ^ (first >>> 15);
      to[start] = mix32(Math.imul(second ^ (from[start + 2] as number), SHINGLE_FACTOR) ^ (second >>> 15));
    }
  } else {
    for (let start = 0; start < length; start++) {
      let hash = width;
      for (let k = start; k < start + width; k++) hash = Math.imul(hash ^ (from[k] as number), SHINGLE_FACTOR) ^ (hash >>> 15);
      to[start] = mix32(hash);
    }
  }
  sortHashes(to, length);
  let distinct = 0;
  for (let i = 0; i < length; i++) {
    if (i === 0 || to[i] !== to[i - 1]) to[distinct++] = to[i] as number;
  }
  if (text.length > LARGE) [words, hashes, encoded] = [new Uint32Array(USUAL), new Uint32Array(USUAL), new Uint8Array(USUAL)];
  return to.subarray(0, distinct);
}

/**
 * The Jaccard similarity |A ∩ B| / |A ∪ B| of two shingle sets (Jaccard, 1912).
 *
 * @param a - ascending and distinct, as {@link shingles} gives
 * @param b - the same
 * @returns 0 to 1; 0 when either is empty
 */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  if (a.length === 0 || b.length === 0) return 0;
  let shared = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = a[i] as number;
    const y = b[j] as number;
    if (x === y) shared++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return shared / (a.length + b.length - shared);
}

/** A rounding error must not decide whether two texts with 4 of 5 shingles in common reach 0.8. */
const ROUNDING = 1e-12;

/** Whether a similarity reaches a threshold. */
export function reaches(similarity: number, threshold: number): boolean {
  return similarity >= threshold - ROUNDING;
}

/** Shingle sets by row, in memory or on disk. */
export interface ShingleStore {
  /** Number of rows. */
  readonly count: number;
  /** Number of distinct shingles of a row. */
  size(row: number): number;
  /** The shingles of a row. Not to be changed; valid until the second call after this one. */
  get(row: number): Uint32Array;
  /** A number of shingles that only one of two rows holds, where it is known without their sets; there may be more. */
  difference?(first: number, second: number): number;
}

/** Shingles in an array of {@link ShingleList}: 4 MiB. */
const CHUNK = 2 ** 20;

/**
 * Shingle sets held in memory, one after another in large arrays: an array of its own for each set would take longer
 * to make than to fill. Memory: 4 bytes a shingle and 12 a row.
 */
export class ShingleList implements ShingleStore {
  readonly #chunks: Uint32Array[] = [];
  #used = 0;
  readonly #chunkOf: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #sizes: Uint32Array;
  #count = 0;

  /** @param capacity - the rows that will be added, at most */
  constructor(capacity: number) {
    this.#chunkOf = new Uint32Array(capacity);
    this.#starts = new Uint32Array(capacity);
    this.#sizes = new Uint32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the next row; the set is copied. */
  add(set: Uint32Array): void {
    if (this.#count === this.#sizes.length) throw new RangeError(`there is room for ${this.#count} rows, and no more`);
    const room = this.#chunks.at(-1)?.length;
    if (room === undefined || this.#used + set.length > room) {
      this.#chunks.push(new Uint32Array(Math.max(CHUNK, set.length)));
      this.#used = 0;
    }
    const chunk = this.#chunks.length - 1;
    (this.#chunks[chunk] as Uint32Array).set(set, this.#used);
    this.#chunkOf[this.#count] = chunk;
    this.#starts[this.#count] = this.#used;
    this.#sizes[this.#count] = set.length;
    this.#used += set.length;
    this.#count++;
  }

  size(row: number): number {
    const size = this.#sizes[row];
    if (size === undefined || row >= this.#count) throw new RangeError(`no row ${row}: there are ${this.#count}`);
    return size;
  }

  get(row: number): Uint32Array {
    const size = this.size(row);
    const start = this.#starts[row] as number;
    return (this.#chunks[this.#chunkOf[row] as number] as Uint32Array).subarray(start, start + size);
  }
}

/**
 * The exact Jaccard similarity of two rows where it reaches `threshold`, else undefined.
 * Sizes alone rule most pairs out: J(A, B) ≤ min(|A|, |B|) / max(|A|, |B|). Of the others, most by a lower bound of
 * their difference d: J(A, B) = (|A| + |B| − d) / (|A| + |B| + d).
 */
export function rowsReach(store: ShingleStore, first: number, second: number, threshold: number): number | undefined {
  const a = store.size(first);
  const b = store.size(second);
  if (!reaches(Math.min(a, b) / Math.max(a, b), threshold)) return undefined;
  const difference = store.difference?.(first, second) ?? 0;
  if (!reaches((a + b - difference) / (a + b + difference), threshold)) return undefined;
  const similarity = jaccard(store.get(first), store.get(second));
  return reaches(similarity, threshold) ? similarity : undefined;
}
