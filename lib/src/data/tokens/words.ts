const SPACE = 32, APOSTROPHE = 39, DELETE = 127;

/** Slots of the table of words: with 38 bytes a word, 2.4 MiB. A word takes the slot of another with the same place. */
const SLOTS = 1 << 16;
const LONGEST_WORD = 32;
/** Pieces of other alphabets, and long ones, that are remembered: some 3 MB. */
const REMEMBERED = 20_000;
const LONGEST_REMEMBERED = 64;
/** A longer stretch without such a word is left whole to the tokenizer, which cuts it by its own rule. */
const LONGEST_STRETCH = 4096;

function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isLetter(code: number): boolean {
  return isLower(code | 32);
}

/** What a {@link WordCounter} needs to know of an encoding. */
export interface CountedEncoding {
  /** Cuts a text into pieces, without a gap between them. */
  pattern: RegExp;
  /** Tokens of one piece, and of any text; both are slow. */
  countPiece: (piece: string) => number;
  countText: (text: string) => number;
}

/**
 * Counts the tokens of a text word by word, and remembers each word's count: most text is a few thousand words over and
 * over. The count is that of the whole text, because tokens never reach over the places where it is cut:
 *
 * - every split pattern of OpenAI's encodings begins a piece at a space that follows a non-space and precedes a letter;
 * - there, or at the start of the text, `The` or ` the` (at most one capital, first) up to an ASCII character that is
 *   neither a letter nor an apostrophe is a piece of its own.
 *
 * What stands between such words (punctuation, numbers, code) is cut by the encoding's own split pattern, and the count of
 * each piece remembered as well: tokens never reach over pieces. Memory is bounded: about 6 MB.
 */
export class WordCounter {
  readonly #encoding: CountedEncoding;
  readonly #hashes = new Int32Array(SLOTS);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #letters = new Uint8Array(SLOTS * LONGEST_WORD);
  readonly #tokens = new Uint8Array(SLOTS);
  readonly #pieces = new Map<string, number>();
  readonly #pattern: RegExp;

  constructor(encoding: CountedEncoding) {
    this.#encoding = encoding;
    this.#pattern = new RegExp(encoding.pattern.source, "gu");
  }

  count(text: string): number {
    let tokens = 0;
    const length = text.length;
    for (let at = 0; at < length; ) {
      let end = at;
      let code = text.charCodeAt(at);
      let hash = code;
      if (code === SPACE) code = text.charCodeAt(++end);
      if (isLetter(code)) {
        hash = Math.imul(hash ^ code, 0x01000193);
        code = text.charCodeAt(++end);
        while (isLower(code)) {
          hash = Math.imul(hash ^ code, 0x01000193);
          code = text.charCodeAt(++end);
        }
      }
      // At the end of the text the code is NaN, and no comparison with it holds.
      const plain = end > at && isLetter(text.charCodeAt(end - 1)) && end - at <= LONGEST_WORD &&
        !(isLetter(code) || code === APOSTROPHE || code > DELETE);
      if (plain) {
        tokens += this.#word(text, at, end, hash);
        at = end;
        continue;
      }
      end = nextWord(text, at + 1);
      tokens += this.#stretch(text.slice(at, end));
      at = end;
    }
    return tokens;
  }

  #word(text: string, from: number, to: number, hash: number): number {
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const start = slot * LONGEST_WORD;
    let same = this.#hashes[slot] === hash && this.#lengths[slot] === to - from;
    for (let at = from; same && at < to; at++) same = this.#letters[start + at - from] === text.charCodeAt(at);
    if (same) return this.#tokens[slot] as number;
    const tokens = this.#encoding.countPiece(text.slice(from, to));
    this.#hashes[slot] = hash;
    this.#lengths[slot] = to - from;
    for (let at = from; at < to; at++) this.#letters[start + at - from] = text.charCodeAt(at);
    this.#tokens[slot] = tokens;
    return tokens;
  }

  #stretch(text: string): number {
    if (text.length > LONGEST_STRETCH) return this.#encoding.countText(text);
    const pattern = this.#pattern;
    let tokens = 0;
    for (let from = 0; from < text.length; ) {
      pattern.lastIndex = from;
      if (!pattern.test(text)) break;
      const to = pattern.lastIndex;
      let hash = text.charCodeAt(from);
      let plain = hash <= DELETE && to - from <= LONGEST_WORD;
      for (let at = from + 1; plain && at < to; at++) {
        const code = text.charCodeAt(at);
        plain = code <= DELETE;
        hash = Math.imul(hash ^ code, 0x01000193);
      }
      tokens += plain ? this.#word(text, from, to, hash) : this.#piece(text.slice(from, to));
      from = to;
    }
    return tokens;
  }

  #piece(text: string): number {
    if (text.length > LONGEST_REMEMBERED) return this.#encoding.countPiece(text);
    const known = this.#pieces.get(text);
    if (known !== undefined) return known;
    const tokens = this.#encoding.countPiece(text);
    if (this.#pieces.size >= REMEMBERED) this.#pieces.clear();
    this.#pieces.set(text, tokens);
    return tokens;
  }
}

/** The next place from `from` on where a word begins behind a space; the end of the text if there is none. */
function nextWord(text: string, from: number): number {
  for (let at = text.indexOf(" ", from); at !== -1; at = text.indexOf(" ", at + 1)) {
    if (!isLetter(text.charCodeAt(at + 1))) continue;
    const before = text.charCodeAt(at - 1);
    if (before > SPACE && (before < DELETE || /\S/.test(text[at - 1] as string))) return at;
  }
  return text.length;
}
