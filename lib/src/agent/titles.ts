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
