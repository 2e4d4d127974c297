import { Merger } from "./merge.js";
import { END_BYTE, type Split } from "./split.js";
import { hashBytes, NO_TOKEN, type Vocabulary } from "./vocabulary.js";

/** Bytes that are kept from text to text; what a longer one takes is given back. */
const USUAL = 2 ** 16;
/** Pieces of several tokens whose number is remembered: 1.1 MB. A piece takes the slot of another with the same place. */
const SLOTS = 2 ** 14;
const LONGEST_REMEMBERED = 64;

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
      const hash = hashBytes(bytes, from, to);
      tokens += this.#vocabulary.findHashed(hash, bytes, from, to) === NO_TOKEN ? this.#countPiece(hash, from, to) : 1;
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
    const room = text.length * 3 < this.#bytes.length ? 0 : Buffer.byteLength(text) + 1;
    if (room > this.#bytes.length) this.#bytes = new Uint8Array(room);
    const { written } = this.#utf8.encodeInto(text, this.#bytes);
    this.#bytes[written] = END_BYTE;
    return written;
  }

  #giveBack(): void {
    if (this.#bytes.length > 16 * USUAL) this.#bytes = new Uint8Array(USUAL);
  }

  #countPiece(hash: number, from: number, to: number): number {
    const bytes = this.#bytes;
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
