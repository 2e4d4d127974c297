/** Texts as words: what scores, filters and the search for overlaps all count. */

const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu;

/** The words of a text: lower-case runs of letters and digits, apostrophes within a word kept, other signs left out. */
export function wordsOf(text: string): string[] {
  return (text.normalize("NFC").toLowerCase().match(WORD) ?? []).map((word) => word.replaceAll("’", "'"));
}

/** Every run of `size` words, joined by spaces; empty when there are fewer words. */
export function ngramsOf(words: readonly string[], size: number): string[] {
  const ngrams: string[] = [];
  for (let start = 0; start + size <= words.length; start++) ngrams.push(words.slice(start, start + size).join(" "));
  return ngrams;
}

/** Words of English that carry little meaning by themselves: articles, pronouns, prepositions, auxiliaries. */
const FUNCTION_WORDS = new Set((
  "a an the this that these those it its it's i i'm i've i'd i'll me my mine we we're our us you your yours he she they them their his her and or but so if " +
  "then than as at by for from in into of off on onto out over to up with without about after before during until till while between ahead is am are was were be " +
  "been being do does did done don't doesn't didn't have has had having can can't cannot could couldn't will won't would shall should may might must not no yes " +
  "there here what which who whom whose when where why how all any both each every few more most other some such only same too very just also again still now " +
  "one ones two thing things something anything nothing everything please thanks thank"
).split(" "));

/** The words of a text that say what it is about: no function words, no numbers, at least three letters. */
export function contentWords(text: string): string[] {
  return wordsOf(text).map((word) => word.replace(/'s$/, "")).filter((word) => word.length >= 3 && !/^\d/.test(word) && !FUNCTION_WORDS.has(word));
}

/** A word without its English ending, roughly: "booking" and "book" become one, and so do "supplies" and "supply". */
export function stemOf(word: string): string {
  const bare = word.replace(/'s$/, "").replace(/ies$/, "y").replace(/(?<=\p{L}{3})(?:ing|ed|er|es|s|e)$/u, "");
  // "planning" has lost its ending and kept the doubled letter.
  return /([bdgklmnprt])\1$/.test(bare) ? bare.slice(0, -1) : bare;
}

/** Whether two words are forms of one word, or one is a slip of the keyboard for the other: "reciept" and "receipt". */
export function isAlike(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = [stemOf(a), stemOf(b)];
  return first === second || (Math.min(a.length, b.length) >= 4 && isSlip(a, b)) || (Math.min(first.length, second.length) >= 5 && isSlip(first, second));
}

/** Whether one edit makes `short` into `long`: a letter lost, added or changed, or two neighbours swapped. */
export function isSlip(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
}
