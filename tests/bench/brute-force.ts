/** What deduplication should have done, by the definition: every pair of texts compared, no hashing, no index. */

/** How a text is cut into the words of its shingles. */
export type Words = (text: string) => string[];

/** As the recipe does: at blanks, in lower case. */
export const splitWords: Words = (text) => text.toLowerCase().split(/\s+/u).filter((word) => word !== "");

// As lib/src/data/dedup/shingles.ts says it in words: letters, digits and marks make words, and so does all beyond the
// basic plane; operators, and characters of scripts without spaces, are words of their own; a minus is an operator
// unless it follows a word that ends in something else than a digit.
const ASTRAL = String.raw`\u{10000}-\u{10ffff}\p{Cs}`;
const ALONE_SET = String.raw`[[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}+*\/=<>%\^\&\|~$€£¥\p{Sm}]--[${ASTRAL}]]`;
const WORD_SET = String.raw`[[\p{L}\p{N}\p{M}_${ASTRAL}]--${ALONE_SET}]`;
const TOKEN = new RegExp(String.raw`${ALONE_SET}|(?<![${WORD_SET}--[0-9]])-|${WORD_SET}+`, "gv");

/** As our shingles do, written anew with regular expressions. */
export const lexedWords: Words = (text) => text.toLowerCase().match(TOKEN) ?? [];

/** The sets of shingles of texts, as ascending numbers: equal strings have equal numbers, others never. */
export function shingleSets(texts: readonly string[], words: Words, size: number): Uint32Array[] {
  const numbers = new Map<string, number>();
  return texts.map((text) => {
    const list = words(text);
    const width = Math.min(size, list.length);
    const set = new Set<number>();
    for (let start = 0; list.length > 0 && start + width <= list.length; start++) {
      const shingle = list.slice(start, start + width).join("\u0000");
      let number = numbers.get(shingle);
      if (number === undefined) numbers.set(shingle, (number = numbers.size));
      set.add(number);
    }
    return Uint32Array.from(set).sort();
  });
}

function similar(a: Uint32Array, b: Uint32Array, threshold: number): boolean {
  if (a.length === 0 || b.length === 0) return false;
  if (Math.min(a.length, b.length) < threshold * Math.max(a.length, b.length) - 1e-9) return false;
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i] as number;
    const y = b[j] as number;
    if (x === y) shared++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return shared / (a.length + b.length - shared) >= threshold - 1e-12;
}

/** For each row, the earlier rows that it is a near-duplicate of. Time: with the square of the number of rows. */
export function earlierTwins(sets: readonly Uint32Array[], threshold: number): number[][] {
  return sets.map((set, row) => {
    const twins: number[] = [];
    for (let earlier = 0; earlier < row; earlier++) if (similar(sets[earlier] as Uint32Array, set, threshold)) twins.push(earlier);
    return twins;
  });
}

export interface Judgement {
  removed: number;
  /** Of the rows removed, those that have a near-duplicate among the earlier rows kept. */
  precision: number;
  /** Of the rows that should have gone because such a row is kept, those that went. */
  recall: number;
}

/** Judges the rows that a deduplication kept; `twins` as {@link earlierTwins} gives. */
export function judge(kept: readonly number[], twins: readonly number[][]): Judgement {
  const stays = new Set(kept);
  let [right, wrong, missed] = [0, 0, 0];
  twins.forEach((earlier, row) => {
    const redundant = earlier.some((twin) => stays.has(twin));
    if (stays.has(row)) missed += Number(redundant);
    else if (redundant) right++;
    else wrong++;
  });
  return { removed: right + wrong, precision: right + wrong === 0 ? 1 : right / (right + wrong), recall: right + missed === 0 ? 1 : right / (right + missed) };
}
