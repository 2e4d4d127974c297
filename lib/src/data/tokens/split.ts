/**
 * Where OpenAI's encodings cut a text into pieces, that tokens never reach over. The same cuts as the encodings' own regular
 * expressions (openai/tiktoken, tiktoken_ext/openai_public.py), over the bytes of UTF-8 and without the engine: a tenth of the time.
 *
 * The expressions are quoted beside the code; what an alternative gives back by backtracking is worked out there.
 */

const UPPER = 1, LOWER = 2, LETTER = 4, MARK = 8, NUMBER = 16, BLANK = 32, NEWLINE = 64, OTHER = 128;
/** \p{L} */
const ANY_LETTER = UPPER | LOWER | LETTER;
/** [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] */
const HEAD = UPPER | LETTER | MARK;
/** [\p{Ll}\p{Lm}\p{Lo}\p{M}] */
const TAIL = LOWER | LETTER | MARK;
/** [^\r\n\p{L}\p{N}] */
const BEFORE_WORD = OTHER | MARK | BLANK;
/** [^\s\p{L}\p{N}] */
const SIGN = OTHER | MARK;
/** \s */
const SPACE = BLANK | NEWLINE;

/** Behind the last byte of a text stands this one, that UTF-8 never has: it is of no class, and ends every run. */
export const END_BYTE = 0xff;

const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/\p{Lo}|\p{Lm}/u, LETTER], [/\p{Ll}/u, LOWER], [/\p{Lu}|\p{Lt}/u, UPPER], [/\p{M}/u, MARK], [/\p{N}/u, NUMBER],
  // Unicode's White_Space, as in tiktoken: JavaScript's \s has U+FEFF and not U+0085.
  [/[\r\n]/, NEWLINE], [/\p{White_Space}/u, BLANK],
];

function classOfCharacter(code: number): number {
  const character = String.fromCodePoint(code);
  return CLASSES.find(([pattern]) => pattern.test(character))?.[1] ?? OTHER;
}

const asciiClasses = new Uint8Array(256);
for (let code = 0; code < 128; code++) asciiClasses[code] = classOfCharacter(code);

/** The classes of 256 characters each, made when one of them is met: all of Unicode would take half a second. */
const pages: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(0x1100).fill(undefined);

function pageOf(number: number): Uint8Array {
  return (pages[number] ??= Uint8Array.from({ length: 256 }, (_, low) => classOfCharacter((number << 8) | low)));
}

function wideClass(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead === END_BYTE) return 0;
  const second = (bytes[at + 1] as number) & 0x3f;
  if (lead < 0xe0) return page((lead & 0x1f) >> 2)[((lead & 3) << 6) | second] as number;
  const third = (bytes[at + 2] as number) & 0x3f;
  if (lead < 0xf0) return page(((lead & 15) << 4) | (second >> 2))[((second & 3) << 6) | third] as number;
  return page(((lead & 7) << 10) | (second << 4) | (third >> 2))[((third & 3) << 6) | ((bytes[at + 3] as number) & 0x3f)] as number;
}

function page(number: number): Uint8Array {
  return pages[number] ?? pageOf(number);
}

/** The class of the character that begins at a byte; 0 at the end. */
function classAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  return byte < 0x80 ? (asciiClasses[byte] as number) : wideClass(bytes, at);
}

function after(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  return byte < 0x80 ? at + 1 : byte < 0xe0 ? at + 2 : byte < 0xf0 ? at + 3 : at + 4;
}

/** The end of the run of characters of some classes. */
function runEnd(bytes: Uint8Array, from: number, classes: number): number {
  let at = from;
  while ((classAt(bytes, at) & classes) !== 0) at = after(bytes, at);
  return at;
}

/** `'(?i:[sdmt]|ll|ve|re)`, or the place itself where none stands. */
function contractionEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x27) return at;
  const first = (bytes[at + 1] as number) | 32;
  if (first === 0x73 || first === 0x64 || first === 0x6d || first === 0x74) return at + 2;
  const second = (bytes[at + 2] as number) | 32;
  return (first === 0x6c && second === 0x6c) || ((first === 0x76 || first === 0x72) && second === 0x65) ? at + 3 : at;
}

/** `\p{N}{1,3}` */
function numberEnd(bytes: Uint8Array, from: number): number {
  let at = after(bytes, from);
  for (let more = 0; more < 2 && (classAt(bytes, at) & NUMBER) !== 0; more++) at = after(bytes, at);
  return at;
}

/**
 * The end of `[HEAD]*[TAIL]+`. The second part needs a character of its own: if no small letter follows the first run, the run
 * gives back what stands behind its last character that is of both classes.
 *
 * @returns where it ends; where it does not match, the end of the run of HEAD (capital letters only), as its complement
 */
function wordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  let shared = -1;
  let kind = classAt(bytes, at);
  while ((kind & HEAD) !== 0) {
    at = after(bytes, at);
    if (kind !== UPPER) shared = at;
    kind = classAt(bytes, at);
  }
  if (kind === LOWER) return runEnd(bytes, at, TAIL);
  return shared === -1 ? ~at : shared;
}

/** Of a run of blanks and line ends: up to its last line end; where there is none, all but the last blank, which belongs to what follows. */
function spaceEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  let last = from;
  let newline = -1;
  for (let kind = classAt(bytes, at); (kind & SPACE) !== 0; kind = classAt(bytes, at)) {
    last = at;
    at = after(bytes, at);
    if (kind === NEWLINE) newline = at;
  }
  if (newline !== -1) return newline;
  return bytes[at] === END_BYTE || last === from ? at : last;
}

/**
 * The end of ` The` or `the` before an ASCII character that is neither a letter nor an apostrophe: two thirds of the pieces of
 * English text, and a piece of their own in every encoding here. -1 for all else.
 */
function plainWordEnd(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === 0x20 ? from + 1 : from;
  let byte = (bytes[at] as number) | 0x20;
  if (byte < 0x61 || byte > 0x7a) return -1;
  do byte = bytes[++at] as number; while (byte >= 0x61 && byte <= 0x7a);
  return byte < 0x80 && byte !== 0x27 && (byte < 0x41 || byte > 0x5a) ? at : -1;
}

/** Gives the end of the piece that begins at `from`. The text ends with {@link END_BYTE}. */
export type Split = (bytes: Uint8Array, from: number) => number;

/**
 * o200k_base:
 *
 *     [^\r\n\p{L}\p{N}]?[HEAD]*[TAIL]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *     [^\r\n\p{L}\p{N}]?[HEAD]+[TAIL]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *     \p{N}{1,3}
 *      ?[^\s\p{L}\p{N}]+[\r\n/]*
 *     \s*[\r\n]+
 *     \s+(?!\S)
 *     \s+
 */
export function splitO200k(bytes: Uint8Array, from: number): number {
  const plain = plainWordEnd(bytes, from);
  if (plain !== -1) return plain;
  const kind = classAt(bytes, from);
  const second = after(bytes, from);
  if ((kind & BEFORE_WORD) !== 0) {
    const word = wordEnd(bytes, second);
    if (word >= 0) return contractionEnd(bytes, word);
    // A mark may stand for itself in the first alternative; this comes before a prefix in the second.
    if (kind === MARK) return contractionEnd(bytes, wordEnd(bytes, from));
    if (~word > second) return contractionEnd(bytes, ~word);
  } else if ((kind & ANY_LETTER) !== 0) {
    const word = wordEnd(bytes, from);
    return contractionEnd(bytes, word >= 0 ? word : ~word);
  } else if (kind === NUMBER) {
    return numberEnd(bytes, from);
  }
  if ((kind & SIGN) !== 0 || (bytes[from] === 0x20 && (classAt(bytes, second) & SIGN) !== 0)) {
    let at = runEnd(bytes, second, SIGN);
    while (bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x2f) at++;
    return at;
  }
  return spaceEnd(bytes, from);
}

/**
 * cl100k_base:
 *
 *     '(?i:[sdmt]|ll|ve|re)
 *     [^\r\n\p{L}\p{N}]?\p{L}+
 *     \p{N}{1,3}
 *      ?[^\s\p{L}\p{N}]+[\r\n]*
 *     \s+$
 *     \s*[\r\n]
 *     \s+(?!\S)
 *     \s
 */
export function splitCl100k(bytes: Uint8Array, from: number): number {
  const plain = plainWordEnd(bytes, from);
  if (plain !== -1) return plain;
  const contraction = contractionEnd(bytes, from);
  if (contraction !== from) return contraction;
  const kind = classAt(bytes, from);
  const second = after(bytes, from);
  if ((kind & (BEFORE_WORD | ANY_LETTER)) !== 0) {
    const word = runEnd(bytes, second, ANY_LETTER);
    if (word > second || (kind & ANY_LETTER) !== 0) return word;
  } else if (kind === NUMBER) {
    return numberEnd(bytes, from);
  }
  if ((kind & SIGN) !== 0 || (bytes[from] === 0x20 && (classAt(bytes, second) & SIGN) !== 0)) {
    let at = runEnd(bytes, second, SIGN);
    while (bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
    return at;
  }
  // At the end of the text, the blanks behind the last line end are of the same piece.
  const run = runEnd(bytes, second, SPACE);
  return bytes[run] === END_BYTE ? run : spaceEnd(bytes, from);
}
