import { ngramsOf, wordsOf } from "./words.js";

/** How much of a text is said more than once, each 0 to 1. */
export interface Repetition {
  /** Share of the characters in lines that stand there twice or more. */
  duplicateLines: number;
  /** Share of the words' characters covered by the most frequent 2-, 3- and 4-gram, where it occurs twice or more. */
  topBigram: number;
  topTrigram: number;
  topFourgram: number;
  /** Share of the words' characters covered by 5-grams that occur twice or more. */
  duplicateFivegrams: number;
}

/**
 * Measures repetition inside one text as Rae et al. 2021 ("Scaling Language Models: … Gopher", appendix A1.1, table A1)
 * do for web pages; FineWeb (Penedo et al. 2024) kept these filters. Every word counts once, however many repeated
 * n-grams cover it, so that shares never exceed 1.
 */
export function measureRepetition(text: string): Repetition {
  const words = wordsOf(text);
  const total = words.reduce((sum, word) => sum + word.length, 0);
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const lineCharacters = lines.reduce((sum, line) => sum + line.length, 0);
  const seen = new Map<string, number>();
  for (const line of lines) seen.set(line, (seen.get(line) ?? 0) + 1);
  const repeated = lines.filter((line) => (seen.get(line) ?? 0) > 1).reduce((sum, line) => sum + line.length, 0);
  return {
    duplicateLines: lineCharacters === 0 ? 0 : repeated / lineCharacters,
    topBigram: total === 0 ? 0 : covered(words, 2, true) / total,
    topTrigram: total === 0 ? 0 : covered(words, 3, true) / total,
    topFourgram: total === 0 ? 0 : covered(words, 4, true) / total,
    duplicateFivegrams: total === 0 ? 0 : covered(words, 5, false) / total,
  };
}

/** Characters of the words under the most frequent n-gram, or under every n-gram that occurs twice or more. */
function covered(words: readonly string[], size: number, topOnly: boolean): number {
  const ngrams = ngramsOf(words, size);
  const counts = new Map<string, number>();
  for (const ngram of ngrams) counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  let most = 1;
  let top: string | undefined;
  for (const [ngram, count] of counts) if (count > most) [top, most] = [ngram, count];
  const isMarked = new Uint8Array(words.length);
  ngrams.forEach((ngram, at) => {
    if (topOnly ? ngram === top : (counts.get(ngram) ?? 0) > 1) isMarked.fill(1, at, at + size);
  });
  return words.reduce((sum, word, at) => sum + (isMarked[at] ? word.length : 0), 0);
}
