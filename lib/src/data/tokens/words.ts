const SPACE = 32, APOSTROPHE = 39, DELETE = 127;

/** Slots of the table of words: with 32 bytes a word, 1 MiB. A word takes the slot of another with the same place. */
const SLOTS = 1 << 15;
const LONGEST_WORD = 32;
/** Pieces that are no plain word (punctuation, numbers, other alphabets) and are remembered: some 3 MB. */
const REMEMBERED = 20_000;
const LONGEST_REMEMBERED = 64;

function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isLetter(code: number): boolean {
  return isLower(code | 32);
}

/**
 * Counts the tokens of a text word by word, and remembers each word's count: most text is a few thousand words over and
 * over. The count is that of the whole text, because tokens never reach over the places where it is cut:
 *
 * - every split pattern of OpenAI's encodings begins a piece at a space that follows a non-space and precedes a letter;
 * - there, or at the start of the text, `The` or ` the` (at most one capital, first) up to an ASCII character that is
 *   neither a letter nor an apostrophe is a piece of its own.
 *
 * What is no such word is counted together, up to the next such place. Memory is bounded: about 4 MB.
 */
export class WordCounter {
  readonly #count: (text: string) => number;
  readonly #hashes = new Int32Array(SLOTS);
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #letters = new Uint8Array(SLOTS * LONGEST_WORD);
  readonly #tokens = new Uint8Array(SLOTS);
  readonly #pieces = new Map<string, number>();

  /** @param count - tokens of any text; slow */
  constructor(count: (text: string) => number) {
    this.#count = count;
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
      tokens += this.#piece(text.slice(at, end));
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
    const tokens = this.#count(text.slice(from, to));
    this.#hashes[slot] = hash;
    this.#lengths[slot] = to - from;
    for (let at = from; at < to; at++) this.#letters[start + at - from] = text.charCodeAt(at);
    this.#tokens[slot] = tokens;
    return tokens;
  }

  #piece(text: string): number {
    if (text.length > LONGEST_REMEMBERED) return this.#count(text);
    const known = this.#pieces.get(text);
    if (known !== undefined) return known;
    const tokens = this.#count(text);
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
