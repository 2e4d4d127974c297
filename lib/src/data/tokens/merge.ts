import { NO_TOKEN, type Vocabulary } from "./vocabulary.js";

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
  /** Of the part that begins at a byte of the piece: where it ends, and the rank it has together with the next part. */
  #ends = new Int32Array(SHORT);
  #ranks = new Int32Array(SHORT);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** How many tokens a piece has. */
  count(bytes: Uint8Array, from: number, to: number): number {
    return this.#merge(bytes, from, to);
  }

  /** Adds the tokens of a piece to a list. */
  encode(bytes: Uint8Array, from: number, to: number, tokens: number[]): void {
    this.#merge(bytes, from, to);
    for (let at = 0; at < to - from; at = this.#ends[at] as number) tokens.push(this.#vocabulary.find(bytes, from + at, from + (this.#ends[at] as number)));
  }

  /** Joins parts until `#ends` says which are left; how many. */
  #merge(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    return length <= SHORT ? this.#mergeShort(bytes, from, length) : this.#mergeLong(bytes, from, length);
  }

  #begin(bytes: Uint8Array, from: number, length: number): void {
    const vocabulary = this.#vocabulary;
    for (let at = 0; at < length; at++) {
      this.#ends[at] = at + 1;
      this.#ranks[at] = at + 1 < length ? vocabulary.pair(bytes[from + at] as number, bytes[from + at + 1] as number) : NO_TOKEN;
    }
  }

  #mergeShort(bytes: Uint8Array, from: number, length: number): number {
    this.#begin(bytes, from, length);
    const ends = this.#ends;
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
      ranks[left] = end < length ? this.#vocabulary.find(bytes, from + left, from + (ends[end] as number)) : NO_TOKEN;
      if (before !== -1) ranks[before] = this.#vocabulary.find(bytes, from + before, from + end);
    }
  }

  #mergeLong(bytes: Uint8Array, from: number, length: number): number {
    if (this.#ends.length < length) [this.#ends, this.#ranks] = [new Int32Array(length), new Int32Array(length)];
    this.#begin(bytes, from, length);
    const ends = this.#ends;
    const ranks = this.#ranks;
    const previous = Int32Array.from({ length }, (_, at) => at - 1);
    const heap = new Heap(length);
    for (let at = 0; at < length; at++) if (ranks[at] !== NO_TOKEN) heap.add(ranks[at] as number, at);
    let parts = length;
    const rank = (at: number, to: number): void => {
      const found = to <= length ? this.#vocabulary.find(bytes, from + at, from + to) : NO_TOKEN;
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
      ranks[middle] = NO_TOKEN;
      if (end < length) {
        previous[end] = left;
        rank(left, ends[end] as number);
      } else ranks[left] = NO_TOKEN;
      const before = previous[left] as number;
      if (before !== -1) rank(before, end);
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
