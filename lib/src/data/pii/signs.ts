/**
 * What a text must hold for the rules of numbers to find anything in it, by one pass over its characters. Each rule would
 * search the whole text by itself, and most texts have digits but nothing else of a phone number or a card.
 */
export interface Signs {
  /** Digits in a row, with nothing between them but blanks, points, brackets, slashes and hyphens: the longest such row. */
  digits: number;
  /** Four numbers with points between them. */
  quad: boolean;
  /** Two colons with nothing but hexadecimal digits between them, four at most. */
  colons: boolean;
  /** Two letters and two digits, one after the other. */
  lettersDigits: boolean;
}

const BREAK = 0, GAP = 1, DIGIT = 2, COLON = 3;

const kinds = new Uint8Array(128);
for (const character of " \t\n\v\f\r().-/") kinds[character.charCodeAt(0)] = GAP;
for (const character of "0123456789") kinds[character.charCodeAt(0)] = DIGIT;
kinds[":".charCodeAt(0)] = COLON;

/** Blanks and hyphens beyond ASCII. */
const WIDE_GAP = /[\s\u2010\u2011]/;
const HEXADECIMAL = /^[0-9a-f]*$/i;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLetter = (code: number): boolean => (code | 32) >= 0x61 && (code | 32) <= 0x7a;

export function signsOf(text: string): Signs {
  let digits = 0;
  let row = 0;
  let points = 0;
  let quad = false;
  let colons = false;
  let lettersDigits = false;
  let colon = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Letters first: they are most of a text.
    if (code > 0x3a && code < 128) {
      row = 0;
      continue;
    }
    const kind = code < 128 ? kinds[code] : WIDE_GAP.test(text[at] as string) ? GAP : BREAK;
    if (kind === BREAK) {
      row = 0;
    } else if (kind === DIGIT) {
      if (++row > digits) digits = row;
      const before = at > 0 ? text.charCodeAt(at - 1) : 0;
      if (isDigit(before)) {
        if (!lettersDigits && at > 2) lettersDigits = isLetter(text.charCodeAt(at - 2)) && isLetter(text.charCodeAt(at - 3));
      } else {
        points = before === 0x2e && at > 1 && isDigit(text.charCodeAt(at - 2)) ? points + 1 : 0;
        if (points >= 3) quad = true;
      }
    } else if (kind === COLON) {
      if (colon !== -1 && at - colon <= 5 && HEXADECIMAL.test(text.slice(colon + 1, at))) colons = true;
      colon = at;
      row = 0;
    }
  }
  return { digits, quad, colons, lettersDigits };
}
