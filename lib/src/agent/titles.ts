/** How titles are compared: people and models write them with other capitals, articles and marks than the list has. */

/** A title as words are looked for in it: one form of each character, small letters, single spaces. */
export function titleWords(title: string): string {
  return title.normalize("NFKC").toLowerCase().replace(/’/gu, "'").replace(/\s+/gu, " ").trim();
}

/** What two titles must share to be the same: their words without an article or pronoun in front, and marks around them. */
export function titleKey(title: string): string {
  const words = titleWords(title);
  const bare = words.replace(/^[\s.!?"'“”‘«»*]+|[\s.!?"'“”‘«»*]+$/gu, "");
  const key = bare.replace(/^(?:the|a|an|my|our|this|that) (?=\S)/u, "");
  // A title of nothing but marks keeps them.
  return key === "" ? words : key;
}

/** A title's words alone, without what stands between and around them. */
export function wordsOf(title: string): string[] {
  return titleWords(title).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether a title has all the words, each whole or with the ending of the plural: "car" is not in "Send postcard". False for no words. */
export function holdsWords(title: string, words: readonly string[]): boolean {
  const held = new Set(wordsOf(title));
  return words.length > 0 && words.every((word) => held.has(word) || held.has(`${word}s`) || held.has(`${word}es`));
}
