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

let classes: Uint8Array | undefined;

/**
 * The class of every UTF-16 code unit. Operators count, because "5 + 3" and "5 * 3" are different questions; other
 * punctuation does not, because "Hello!" and "hello" are the same one.
 */
function characterClasses(): Uint8Array {
  if (classes) return classes;
  const table = new Uint8Array(65536);
  const word = /[\p{L}\p{N}\p{M}_]/u;
  const alone = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
  const operator = /[+*/=<>%^&|~$€£¥\p{Sm}]/u;
  for (let unit = 0; unit < table.length; unit++) {
    const character = String.fromCharCode(unit);
    if (unit >= 0xd800 && unit < 0xe000) table[unit] = WORD;
    else if (alone.test(character) || operator.test(character)) table[unit] = ALONE;
    else if (word.test(character)) table[unit] = WORD;
  }
  classes = table;
  return table;
}

/** The finaliser of MurmurHash3 (Appleby, public domain): every input bit changes every output bit. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const MINUS = 0x2d;
// Reused from text to text: a fresh array for each would be most of the garbage of a build.
let scratch = new Uint32Array(1024);
let hashes = new Uint32Array(1024);

/** Hashes the words of a text into `scratch` and returns how many there are. */
function hashWords(text: string): number {
  const table = characterClasses();
  const lower = text.toLowerCase();
  let count = 0;
  let hash = 0;
  let inWord = false;
  const push = (value: number): void => {
    if (count === scratch.length) {
      const larger = new Uint32Array(count * 2);
      larger.set(scratch);
      scratch = larger;
    }
    scratch[count++] = mix32(value);
  };
  for (let i = 0; i < lower.length; i++) {
    const unit = lower.charCodeAt(i);
    let kind = table[unit] as number;
    // A minus after a letter is a hyphen ("due-date"); elsewhere it is an operator ("5-3").
    if (unit === MINUS && !(inWord && i > 0 && lower.charCodeAt(i - 1) > 0x39)) kind = ALONE;
    if (kind === WORD) {
      // FNV-1a over code units.
      hash = Math.imul((inWord ? hash : 0x811c9dc5) ^ unit, 0x01000193);
      inWord = true;
      continue;
    }
    if (inWord) {
      push(hash);
      inWord = false;
    }
    if (kind === ALONE) push(Math.imul(0x811c9dc5 ^ unit, 0x01000193));
  }
  if (inWord) push(hash);
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
  const words = hashWords(text);
  if (words === 0) return new Uint32Array(0);
  const width = Math.min(size, words);
  if (hashes.length < words) hashes = new Uint32Array(scratch.length);
  const set = hashes.subarray(0, words - width + 1);
  for (let start = 0; start < set.length; start++) {
    let hash = width;
    for (let k = 0; k < width; k++) hash = Math.imul(hash ^ (scratch[start + k] as number), 0x9e3779b1) ^ (hash >>> 15);
    set[start] = mix32(hash);
  }
  set.sort();
  let distinct = 0;
  for (let i = 0; i < set.length; i++) {
    if (i === 0 || set[i] !== set[i - 1]) set[distinct++] = set[i] as number;
  }
  return set.slice(0, distinct);
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
}

/** Shingle sets held in memory. */
export class ShingleList implements ShingleStore {
  readonly #sets: readonly Uint32Array[];
  constructor(sets: readonly Uint32Array[]) {
    this.#sets = sets;
  }
  get count(): number {
    return this.#sets.length;
  }
  size(row: number): number {
    return this.get(row).length;
  }
  get(row: number): Uint32Array {
    const set = this.#sets[row];
    if (!set) throw new RangeError(`no row ${row}: there are ${this.#sets.length}`);
    return set;
  }
}

/**
 * The exact Jaccard similarity of two rows where it reaches `threshold`, else undefined.
 * Sizes alone rule most pairs out: J(A, B) ≤ min(|A|, |B|) / max(|A|, |B|).
 */
export function rowsReach(store: ShingleStore, first: number, second: number, threshold: number): number | undefined {
  const a = store.size(first);
  const b = store.size(second);
  if (!reaches(Math.min(a, b) / Math.max(a, b), threshold)) return undefined;
  const similarity = jaccard(store.get(first), store.get(second));
  return reaches(similarity, threshold) ? similarity : undefined;
}
