/**
 * Byte-pair encoding, the algorithm behind the tokenizers of GPT, Llama 3 and Qwen: training and use, small enough to
 * watch at work. For counting a dataset's tokens take `openTokenizer`.
 *
 * R. Sennrich, B. Haddow, A. Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016,
 * https://arxiv.org/abs/1508.07909; over bytes since GPT-2 (2019).
 */

import { pieceOf } from "./piece.js";

/** One step of a training: two tokens that stand side by side become one. */
export interface BpeMerge {
  left: number;
  right: number;
  /** The new token: 256 for the first merge, then one more each time. */
  token: number;
  /** How often the two were joined, which is how many tokens fewer the training text has after this step. */
  count: number;
}

/** The tokens 0 to 255 are the bytes, so that any text has tokens. */
const BYTES = 256;

/**
 * Where a text is cut before pairs are counted; merges never reach over a cut. Words keep the space before them, letters,
 * digits and other signs stay apart: GPT-2's pattern without its list of English contractions.
 */
const WORDS = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** A word of the training text, as the tokens it is made of at this step. Equal words are counted once, with their number. */
interface Word {
  tokens: number[];
  times: number;
}

/**
 * Learns merges from a text. Each step joins the pair of tokens that stands side by side most often; of several equally
 * frequent pairs, the one that stands first in the text. Of `aaa` only one `aa` can be joined, and so it counts as one.
 *
 * Every step counts every pair anew, which is plain to read and fast enough for some megabytes: 1,000 merges over 100 KB
 * of conversations take 0.3 s.
 *
 * @param options.vocabSize - bytes and merges together. There are fewer when no pair is left that occurs twice
 * @throws RangeError when `vocabSize` is no whole number from 256 on
 */
export function trainBpe(text: string, { vocabSize }: { vocabSize: number }): BpeMerge[] {
  if (!Number.isInteger(vocabSize) || vocabSize < BYTES) {
    throw new RangeError(`vocabSize is ${vocabSize}: give a whole number of at least ${BYTES}, for the bytes are tokens too`);
  }
  const words = countWords(text);
  const merges: BpeMerge[] = [];
  for (let token = BYTES; token < vocabSize; token++) {
    const best = mostFrequentPair(words, vocabSize);
    if (!best) break;
    const merge = { ...best, token };
    merges.push(merge);
    for (const word of words) word.tokens = applyMerge(word.tokens, merge);
  }
  return merges;
}

function countWords(text: string): Word[] {
  const words = new Map<string, Word>();
  for (const [spelling] of text.matchAll(WORDS)) {
    const word = words.get(spelling);
    if (word) word.times++;
    else words.set(spelling, { tokens: bytesOf(spelling), times: 1 });
  }
  return [...words.values()];
}

/** The pair that occurs most often, twice at least. A Map keeps the order of insertion, so the first of equals wins. */
function mostFrequentPair(words: readonly Word[], vocabSize: number): Omit<BpeMerge, "token"> | undefined {
  const counts = new Map<number, number>();
  for (const { tokens, times } of words) {
    for (let at = 1; at < tokens.length; at++) {
      const [left, right] = [tokens[at - 1] as number, tokens[at] as number];
      const pair = left * vocabSize + right;
      counts.set(pair, (counts.get(pair) ?? 0) + times);
      if (left === right && tokens[at + 1] === right) at++; // the second half of an overlap
    }
  }
  let [pair, count] = [0, 1];
  for (const [other, times] of counts) if (times > count) [pair, count] = [other, times];
  return count > 1 ? { left: Math.floor(pair / vocabSize), right: pair % vocabSize, count } : undefined;
}

function applyMerge(tokens: number[], { left, right, token }: Pick<BpeMerge, "left" | "right" | "token">): number[] {
  if (!tokens.includes(left)) return tokens;
  const merged: number[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const joins = tokens[at] === left && tokens[at + 1] === right;
    merged.push(joins ? token : (tokens[at] as number));
    if (joins) at++;
  }
  return merged;
}

const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

/** A tokenizer made of merges from {@link trainBpe}; the first `n` of them are a tokenizer too, of a smaller vocabulary. */
export class Bpe {
  readonly merges: readonly BpeMerge[];
  /** Bytes and merges together. */
  readonly vocabSize: number;
  readonly #ranks = new Map<string, BpeMerge>();
  readonly #bytes: Uint8Array[];

  /** @throws RangeError when a merge's tokens are not known before it, or its own number is not the next one */
  constructor(merges: readonly BpeMerge[]) {
    this.#bytes = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
    for (const merge of merges) {
      const [left, right] = [this.#bytes[merge.left], this.#bytes[merge.right]];
      if (!left || !right || merge.token !== this.#bytes.length) {
        throw new RangeError(`merge ${this.#ranks.size} makes token ${merge.token} of ${merge.left} and ${merge.right}: merges must stand in the order of their training`);
      }
      this.#bytes.push(Uint8Array.of(...left, ...right));
      this.#ranks.set(`${merge.left} ${merge.right}`, merge);
    }
    this.merges = merges;
    this.vocabSize = this.#bytes.length;
  }

  /** The tokens of a text: in each word, the merge that was learned first is applied first. */
  encode(text: string): number[] {
    // flatMap, not push(...): a long text would overflow the stack.
    return [...text.matchAll(WORDS)].flatMap(([word]) => this.#encodeWord(word));
  }

  #encodeWord(word: string): number[] {
    let tokens = bytesOf(word);
    for (;;) {
      let earliest: BpeMerge | undefined;
      for (let at = 1; at < tokens.length; at++) {
        const merge = this.#ranks.get(`${tokens[at - 1]} ${tokens[at]}`);
        if (merge && (!earliest || merge.token < earliest.token)) earliest = merge;
      }
      if (!earliest) return tokens;
      tokens = applyMerge(tokens, earliest);
    }
  }

  /**
   * The text of tokens. Bytes that make no whole character become U+FFFD, as do lone surrogates on the way in, for they
   * have no UTF-8: `decode(encode(text))` is `text.toWellFormed()`.
   *
   * @throws RangeError for a token that is not in the vocabulary
   */
  decode(tokens: readonly number[]): string {
    // The default would swallow a byte order mark at the start.
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(tokens.map((token) => this.#bytesOf(token))));
  }

  /** A token for the eye: its text, or its bytes as `<E2><82>` where they make no whole character. */
  piece(token: number): string {
    return pieceOf(this.#bytesOf(token));
  }

  #bytesOf(token: number): Uint8Array {
    const bytes = this.#bytes[token];
    if (!bytes) throw new RangeError(`no token ${token}: this vocabulary has the tokens 0 to ${this.vocabSize - 1}`);
    return bytes;
  }
}
