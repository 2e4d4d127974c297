/** Marks of a style that a program can find: words and phrases, with three signs for what words cannot say. */

const PICTURES = "\\p{Extended_Pictographic}";

/**
 * Makes one expression of marks. A mark is a word or a phrase, without regard to case; `*` at a word's end stands for any
 * ending, `#` for a number, `:emoji:` for a picture; marks of signs alone, such as `!`, are found as they stand.
 *
 * @throws RangeError for an empty mark, or a `*` that ends no word
 */
export function compileMarkers(markers: readonly string[]): RegExp | undefined {
  if (markers.length === 0) return undefined;
  const parts = markers.map((marker) => {
    const text = marker.trim();
    if (text === "") throw new RangeError("an empty mark would be found everywhere");
    if (text === ":emoji:") return PICTURES;
    if (/(^|[^\p{L}])\*|\*[\p{L}]/u.test(text)) throw new RangeError(`"${marker}": * stands at the end of a word, for any ending`);
    const body = text.split(/\s+/).map((word) => [...word].map((sign) => (sign === "*" ? "[\\p{L}'’]*" : sign === "#" ? "(?:\\d+|no|one|two|three|four|five)" : escape(sign))).join("")).join("\\s+");
    return `${/^[\p{L}\p{N}#]/u.test(text) ? "(?<![\\p{L}\\p{N}])" : ""}${body}${/[\p{L}\p{N}#]$/u.test(text) ? "(?![\\p{L}\\p{N}])" : ""}`;
  });
  return new RegExp(parts.map((part) => `(?:${part})`).join("|"), "iu");
}

function escape(sign: string): string {
  return /[\\^$.*|?+()[\]{}/]/.test(sign) ? `\\${sign}` : sign;
}

const QUOTED = /"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|‘[^’\n]*’|\*\*[^*\n]*\*\*|(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])/gu;
/** Stands where a title stood. No word of any language, so that nothing matches it. */
export const TITLE_MARK = "⟨t⟩";

/**
 * A reply without what it repeats: titles say nothing about a style, and "Great Wall trip" would pass for praise.
 *
 * @param said what is known to be repeated: titles, dates. What stands in quotes is taken out in any case.
 */
export function withoutTitles(reply: string, said: readonly string[] = []): string {
  const known = said.filter((text) => text !== "").sort((a, b) => b.length - a.length);
  const plain = known.reduce((text, value) => replaceAll(text, value, TITLE_MARK), reply);
  return plain.replace(QUOTED, TITLE_MARK);
}

/** Replaces a text wherever it stands, without regard to case. */
export function replaceAll(text: string, value: string, by: string): string {
  return text.replace(new RegExp([...value].map(escape).join(""), "giu"), () => by);
}

/** The sentences of a text; a line break ends one too. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?…])\s+|\n+/).map((part) => part.trim()).filter((part) => part !== "");
}

/** Words of a reply. */
export function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)?.length ?? 0;
}
