import { Merger } from "./merge.js";
import { END_BYTE, type Split } from "./split.js";
import { hashBytes, NO_TOKEN, type Vocabulary } from "./vocabulary.js";

/** Bytes that are kept from text to text; what a large one takes is given back. */
const USUAL = 2 ** 16;
const LARGE = 2 ** 20;
/** Bytes behind a text: the end's mark, and what is read of a last piece of one byte as if it had eight. */
const BEHIND = 8;
/**
 * Pieces of at most eight bytes whose tokens are remembered, nine of ten: 256 KB, which a core keeps close, where the vocabulary
 * is looked up in megabytes. A piece takes the slot of another with the same place.
 */
const SHORT_SLOTS = 2 ** 14;
const SHORT = 8;
/** What is kept of the first four bytes, and of the last four, of a piece of 0 to 8 bytes. */
const MASKS = Int32Array.of(0, 0xff, 0xffff, 0xff_ffff, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0xff, 0xffff, 0xff_ffff, -1);
/** Longer pieces of several tokens: 2.3 MB. */
const SLOTS = 2 ** 16;
const LONGEST_REMEMBERED = 32;

/**
 * Counts and makes the tokens of texts, over their bytes in UTF-8. Most pieces of a text are a token by themselves; how many
 * the others have is remembered, for most text is a few thousand words over and over.
 */
export class Encoder {
  readonly #vocabulary: Vocabulary;
  readonly #split: Split;
  readonly #merger: Merger;
  readonly #utf8 = new TextEncoder();
  #bytes = new Uint8Array(USUAL);
  #view = new DataView(this.#bytes.buffer);
  /** Of each slot the bytes, first four and last four, and their number above the number of tokens. */
  readonly #short = new Int32Array(4 * SHORT_SLOTS);
  readonly #hashes = new Int32Array(SLOTS);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #counts = new Uint8Array(SLOTS);
  readonly #pieces = new Uint8Array(SLOTS * LONGEST_REMEMBERED);

  constructor(vocabulary: Vocabulary, split: Split) {
    this.#vocabulary = vocabulary;
    this.#split = split;
    this.#merger = new Merger(vocabulary);
  }

  /** How many tokens a text has. A lone surrogate counts as U+FFFD, which stands for it in UTF-8. */
  count(text: string): number {
    const length = this.#write(text);
    const bytes = this.#bytes;
    let tokens = 0;
    for (let from = 0; from < length; ) {
      const to = this.#split(bytes, from);
      tokens += to - from > SHORT ? this.#countPiece(from, to) : this.#countShort(from, to);
      from = to;
    }
    this.#giveBack();
    return tokens;
  }

  encode(text: string): number[] {
    const length = this.#write(text);
    const tokens: number[] = [];
    for (let from = 0; from < length; ) {
      const to = this.#split(this.#bytes, from);
      const token = this.#vocabulary.find(this.#bytes, from, to);
      if (token === NO_TOKEN) this.#merger.encode(this.#bytes, from, to, tokens);
      else tokens.push(token);
      from = to;
    }
    this.#giveBack();
    return tokens;
  }

  /** Writes a text into `#bytes`, with the end's mark behind it; its length. */
  #write(text: string): number {
    if (text.length * 3 + BEHIND > this.#bytes.length) {
      const room = Buffer.byteLength(text) + BEHIND;
      if (room > this.#bytes.length) this.#make(room);
    }
    const { written } = this.#utf8.encodeInto(text, this.#bytes);
    this.#bytes[written] = END_BYTE;
    return written;
  }

  #giveBack(): void {
    if (this.#bytes.length > LARGE) this.#make(USUAL);
  }

  #make(length: number): void {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #countShort(from: number, to: number): number {
    const bytes = this.#bytes;
    const known = this.#short;
    const length = to - from;
    const low = this.#view.getInt32(from, true) & (MASKS[length] as number);
    const high = this.#view.getInt32(from + 4, true) & (MASKS[length + 9] as number);
    const hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) + length;
    const slot = ((hash ^ (hash >>> 15)) & (SHORT_SLOTS - 1)) * 4;
    if (known[slot] === low && known[slot + 1] === high && (known[slot + 2] as number) >> 8 === length) return (known[slot + 2] as number) & 0xff;
    const tokens = this.#vocabulary.find(bytes, from, to) === NO_TOKEN ? this.#merger.count(bytes, from, to) : 1;
    known[slot] = low;
    known[slot + 1] = high;
    known[slot + 2] = (length << 8) | tokens;
    return tokens;
  }

  #countPiece(from: number, to: number): number {
    const bytes = this.#bytes;
    const hash = hashBytes(bytes, from, to);
    if (this.#vocabulary.findHashed(hash, bytes, from, to) !== NO_TOKEN) return 1;
    const length = to - from;
    if (length > LONGEST_REMEMBERED) return this.#merger.count(bytes, from, to);
    const slot = hash & (SLOTS - 1);
    const start = slot * LONGEST_REMEMBERED;
    const pieces = this.#pieces;
    let same = this.#hashes[slot] === hash && this.#lengths[slot] === length;
    for (let at = 0; same && at < length; at++) same = pieces[start + at] === bytes[from + at];
    if (same) return this.#counts[slot] as number;
    const tokens = this.#merger.count(bytes, from, to);
    this.#hashes[slot] = hash;
    this.#lengths[slot] = length;
    for (let at = 0; at < length; at++) pieces[start + at] = bytes[from + at] as number;
    this.#counts[slot] = tokens;
    return tokens;
  }
}
