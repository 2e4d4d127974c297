import { z } from "zod";
import { contentHash, exampleText } from "../clean/content.js";
import { jaccard, shingles } from "../dedup/shingles.js";
import type { Example } from "../example.js";
import { groupSimilar } from "../split/similar.js";
import { turnsOf } from "./finding.js";
import { meanScore, PartSchema, percent, tally, type Part } from "./score.js";
import { ngramsOf, wordsOf } from "./words.js";

export const DiversitySchema = z.object({
  score: z.number().nullable(),
  parts: z.array(PartSchema),
  /** Rows that similarities were computed on. */
  sample: z.int(),
  openings: z.array(z.object({ role: z.enum(["user", "assistant"]), words: z.string(), rows: z.int(), share: z.number() })),
  clusters: z.int(),
});
export type Diversity = z.infer<typeof DiversitySchema>;

export interface DiversityOptions {
  /** Rows that are compared with each other; drawn by content, so the order of the rows changes nothing. Default 500. */
  sample?: number;
  /** Words in the window for the type-token ratio and distinct-n. Default 100. */
  window?: number;
  /** Jaccard similarity from which two rows are in one cluster. Default 0.5. */
  clusterThreshold?: number;
}

/**
 * Measures how varied the texts of a dataset are.
 *
 * - type-token ratio: different words among `window` in a row, averaged over all windows (MATTR; Covington and McFall
 *   2010, J. Quantitative Linguistics 17(2)), which unlike the plain ratio does not fall with the size of the text;
 * - distinct-2: different pairs of words among all pairs (Li et al. 2016, "A Diversity-Promoting Objective Function for
 *   Neural Conversation Models"), over windows of ten times that length for the same reason;
 * - nearest neighbour: one minus the mean Jaccard similarity of a row to its most similar other row, word 3-shingles.
 *   The same question as Self-BLEU's (Zhu et al. 2018), without its dependence on the order of words;
 * - openings: one minus the share of rows that begin with the three most frequent first three words;
 * - clusters: groups of rows linked by similarity, by row.
 */
export function measureDiversity(examples: readonly Example[], { sample = 500, window = 100, clusterThreshold = 0.5 }: DiversityOptions = {}): Diversity {
  if (examples.length === 0) return { score: null, parts: [{ name: "diversity", score: null, says: "no rows" }], sample: 0, openings: [], clusters: 0 };
  const chosen = drawByContent(examples, sample);
  // In the order of their content, so that windows do not depend on the order of the file.
  const ordered = drawByContent(examples, 20_000);
  const words = (role: "user" | "assistant"): string[] => ordered.flatMap((example) => turnsOf(example, role).flatMap(wordsOf));
  const parts: Part[] = [];
  const openings: Diversity["openings"] = [];
  for (const role of ["user", "assistant"] as const) {
    const said = words(role);
    const ratio = windowed(said, window, (part) => new Set(part).size / part.length);
    parts.push({ name: `words (${role})`, score: ratio, says: ratio === null ? "no words" : `${(100 * ratio).toFixed(0)} different words in ${Math.min(window, said.length)} on average` });
    const pairs = windowed(said, window * 10, (part) => { const ngrams = ngramsOf(part, 2); return ngrams.length === 0 ? 1 : new Set(ngrams).size / ngrams.length; }, window * 10);
    parts.push({ name: `distinct-2 (${role})`, score: pairs, says: pairs === null ? "no words" : `${percent(pairs)} of the pairs of words among ${Math.min(window * 10, said.length)} are different` });
    const starts = examples.flatMap((example) => { const [first] = role === "user" ? turnsOf(example, "user") : turnsOf(example, "assistant").slice(-1); return first ? [wordsOf(first).slice(0, 3).join(" ")] : []; });
    const frequent = tally(starts).slice(0, 3);
    const share = starts.length === 0 ? 0 : frequent.reduce((sum, [, rows]) => sum + rows, 0) / starts.length;
    // Rows that all differ have a share too: three of them.
    const least = starts.length === 0 ? 0 : Math.min(1, 3 / starts.length);
    parts.push({
      name: `openings (${role})`, score: starts.length === 0 ? null : least === 1 ? 1 : 1 - (share - least) / (1 - least),
      says: starts.length === 0 ? "no turns" : `${percent(share)} of the turns begin with the three most frequent openings, first "${frequent[0]?.[0] ?? ""}"`,
    });
    openings.push(...frequent.map(([text, rows]) => ({ role, words: text, rows, share: rows / starts.length })));
  }
  const sets = chosen.map((example) => shingles(exampleText(example)));
  const nearest = sets.map((set, at) => sets.reduce((most, other, place) => (place === at ? most : Math.max(most, jaccard(set, other))), 0));
  const mean = nearest.reduce((sum, value) => sum + value, 0) / nearest.length;
  parts.push({ name: "nearest neighbour", score: chosen.length < 2 ? null : 1 - mean, says: `a row's most similar other among ${chosen.length} has a Jaccard similarity of ${mean.toFixed(2)} on average` });
  const groups = groupSimilar(chosen, { threshold: clusterThreshold });
  const clusters = new Set(chosen.map((_, row) => groups.find(row))).size;
  parts.push({ name: "clusters", score: chosen.length < 2 ? null : (clusters - 1) / (chosen.length - 1), says: `${chosen.length} rows form ${clusters} clusters at a similarity of ${clusterThreshold}` });
  return { score: meanScore(parts), parts, sample: chosen.length, openings, clusters };
}

/** The rows whose content hashes are smallest: as good as drawn, and the same for any order of the rows. */
function drawByContent(examples: readonly Example[], count: number): Example[] {
  return examples.map((example) => ({ example, key: contentHash(example).toString("hex") })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).slice(0, count).map(({ example }) => example);
}

/** The mean of a measure over all windows of the words, moved by `step`; over all words where they are fewer. */
function windowed(words: readonly string[], size: number, measure: (part: readonly string[]) => number, step = Math.max(1, Math.floor(size / 10))): number | null {
  if (words.length === 0) return null;
  if (words.length <= size) return measure(words);
  let sum = 0;
  let count = 0;
  for (let start = 0; start + size <= words.length; start += step) {
    sum += measure(words.slice(start, start + size));
    count++;
  }
  return sum / count;
}
