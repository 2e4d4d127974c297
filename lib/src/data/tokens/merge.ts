import { NO_TOKEN, type Vocabulary } from "./vocabulary.js";

/** Slots of the table of joins: 384 KB, which a core keeps close. A pair takes the slot of another with the same place. */
const JOINS = 2 ** 15;

/** Bytes of a piece up to which the lowest rank is looked for among all; a heap costs more than that for words. */
const SHORT = 96;

/**
 * Byte-pair encoding of one piece: of all neighbours that are a token together, those with the lowest rank are joined, the first
 * of several; until no two are a token. Ranks are looked up by bytes, so nothing is cut out of the text.
 *
 * Short pieces are searched for the lowest rank in each step; for others a heap holds the ranks, and a megabyte without a space
 * takes seconds, not hours.
 */
export class Merger {
  readonly #vocabulary: Vocabulary;
  /** Of the part that begins at a byte of the piece: where it ends, its token, and the rank it has together with the next part. */
  #ends = new Int32Array(SHORT);
  #tokens = new Int32Array(SHORT);
  #ranks = new Int32Array(SHORT);
  /** The tokens of single bytes. */
  readonly #singles: Int32Array;
  /** Joins that were looked up: two tokens, and the one that they are together. */
  readonly #joins = new Int32Array(3 * JOINS).fill(-1);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#singles = Int32Array.from({ length: 256 }, (_, byte) => vocabulary.find(Uint8Array.of(byte), 0, 1));
  }

  /** How many tokens a piece has. */
  count(bytes: Uint8Array, from: number, to: number): number {
    return this.#merge(bytes, from, to);
  }

  /** Adds the tokens of a piece to a list. */
  encode(bytes: Uint8Array, from: number, to: number, tokens: number[]): void {
    this.#merge(bytes, from, to);
    for (let at = 0; at < to - from; at = this.#ends[at] as number) tokens.push(this.#tokens[at] as number);
  }

  /** Joins parts until `#ends` says which are left; how many. */
  #merge(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    return length <= SHORT ? this.#mergeShort(bytes, from, length) : this.#mergeLong(bytes, from, length);
  }

  /** The token that two are together, by their bytes; or {@link NO_TOKEN}. */
  #join(first: number, second: number, bytes: Uint8Array, from: number, to: number): number {
    const joins = this.#joins;
    const slot = 3 * ((Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> 17);
    if (joins[slot] === first && joins[slot + 1] === second) return joins[slot + 2] as number;
    const joined = this.#vocabulary.find(bytes, from, to);
    joins[slot] = first;
    joins[slot + 1] = second;
    joins[slot + 2] = joined;
    return joined;
  }

  #begin(bytes: Uint8Array, from: number, length: number): void {
    for (let at = 0; at < length; at++) {
      this.#ends[at] = at + 1;
      this.#tokens[at] = this.#singles[bytes[from + at] as number] as number;
      this.#ranks[at] = this.#vocabulary.pair(bytes[from + at] as number, bytes[from + at + 1] as number);
    }
    this.#ranks[length - 1] = NO_TOKEN;
  }

  #mergeShort(bytes: Uint8Array, from: number, length: number): number {
    this.#begin(bytes, from, length);
    const ends = this.#ends;
    const tokens = this.#tokens;
    const ranks = this.#ranks;
    for (let parts = length; ; parts--) {
      let lowest = NO_TOKEN;
      let left = 0;
      let before = -1;
      for (let at = 0, previous = -1; at < length; previous = at, at = ends[at] as number) {
        if ((ranks[at] as number) >= lowest) continue;
        lowest = ranks[at] as number;
        left = at;
        before = previous;
      }
      if (lowest === NO_TOKEN) return parts;
      const end = ends[ends[left] as number] as number;
      ends[left] = end;
      tokens[left] = lowest;
      ranks[left] = end < length ? this.#join(lowest, tokens[end] as number, bytes, from + left, from + (ends[end] as number)) : NO_TOKEN;
      if (before !== -1) ranks[before] = this.#join(tokens[before] as number, lowest, bytes, from + before, from + end);
    }
  }

  #mergeLong(bytes: Uint8Array, from: number, length: number): number {
    if (this.#ends.length < length) {
      [this.#ends, this.#tokens, this.#ranks] = [new Int32Array(length), new Int32Array(length), new Int32Array(length)];
    }
    this.#begin(bytes, from, length);
    const ends = this.#ends;
    const tokens = this.#tokens;
    const ranks = this.#ranks;
    const previous = Int32Array.from({ length }, (_, at) => at - 1);
    const heap = new Heap(length);
    for (let at = 0; at < length; at++) if (ranks[at] !== NO_TOKEN) heap.add(ranks[at] as number, at);
    let parts = length;
    const rank = (at: number, next: number): void => {
      const found = this.#join(tokens[at] as number, tokens[next] as number, bytes, from + at, from + (ends[next] as number));
      ranks[at] = found;
      if (found !== NO_TOKEN) heap.add(found, at);
    };
    while (heap.take()) {
      const left = heap.place;
      // A part that was joined since has another rank, or none.
      if (ranks[left] !== heap.rank) continue;
      const middle = ends[left] as number;
      const end = ends[middle] as number;
      ends[left] = end;
      tokens[left] = heap.rank;
      ranks[middle] = NO_TOKEN;
      if (end < length) {
        previous[end] = left;
        rank(left, end);
      } else ranks[left] = NO_TOKEN;
      const before = previous[left] as number;
      if (before !== -1) rank(before, left);
      parts--;
    }
    return parts;
  }
}

/** Bits of a place in a heap's entry: the rank above them, so that entries compare as one number (up to 2^53). */
const PLACES = 2 ** 32;

/** The lowest rank first; of equal ranks, the first place. */
class Heap {
  /** Each byte's pair once, and two more for each of the joins. */
  readonly #entries: Float64Array;
  #size = 0;
  /** What {@link take} took. */
  rank = 0;
  place = 0;

  constructor(length: number) {
    this.#entries = new Float64Array(3 * length);
  }

  add(rank: number, place: number): void {
    const entries = this.#entries;
    const entry = rank * PLACES + place;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((entries[parent] as number) <= entry) break;
      entries[at] = entries[parent] as number;
      at = parent;
    }
    entries[at] = entry;
  }

  /** Takes the lowest; false where there is none. */
  take(): boolean {
    if (this.#size === 0) return false;
    const entries = this.#entries;
    const first = entries[0] as number;
    this.rank = Math.floor(first / PLACES);
    this.place = first - this.rank * PLACES;
    const last = entries[--this.#size] as number;
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && (entries[child + 1] as number) < (entries[child] as number)) child++;
      if (last <= (entries[child] as number)) break;
      entries[at] = entries[child] as number;
      at = child;
    }
    entries[at] = last;
    return true;
  }
}
