import { contentHash, exampleText, type Scope } from "../clean/content.js";
import { ContentIndex } from "../dedup/exact.js";
import type { Groups } from "../dedup/groups.js";
import { prefixEntries, uniteAllSimilar } from "../dedup/prefix.js";
import { ShingleList, shinglesInPlace } from "../dedup/shingles.js";
import { toEnd } from "../dedup/steps.js";
import type { Example } from "../example.js";

/** What makes two examples alike. */
export interface Similarity {
  /** Jaccard similarity of the word shingles. Default 0.7. */
  threshold?: number;
  /** Words in a shingle. Default 3. */
  shingle?: number;
  /** The part of an example that is compared. Default `conversation`. */
  scope?: Scope;
}

/** Groups examples so that any two that are alike are in one group: every such pair is found. */
export function groupSimilar(examples: readonly Example[], { threshold = 0.7, shingle = 3, scope = "conversation" }: Similarity = {}): Groups {
  const store = new ShingleList(examples.length);
  for (const example of examples) store.add(shinglesInPlace(exampleText(example, scope), shingle));
  const groups = toEnd(uniteAllSimilar(store, [prefixEntries(store, threshold)], threshold));
  // Rows of the same content belong together even when they have no word to compare.
  const index = new ContentIndex();
  const firsts: number[] = [];
  examples.forEach((example, row) => {
    const earlier = index.add(contentHash(example));
    if (earlier === undefined) firsts.push(row);
    else groups.unite(firsts[earlier] as number, row);
  });
  return groups;
}

/** Examples of several splits that are alike: what a model was trained on and is tested with. */
export interface Leak {
  /** The split of each, and its position there. */
  members: { split: string; index: number }[];
}

/**
 * Finds examples that are alike and stand in different splits.
 *
 * @param splits - the examples of each split, by name
 * @returns one entry a group of such examples; empty when nothing leaks
 */
export function findLeaks(splits: Readonly<Record<string, readonly Example[]>>, similarity: Similarity = {}): Leak[] {
  const places = Object.entries(splits).flatMap(([split, examples]) => examples.map((_, index) => ({ split, index })));
  const groups = groupSimilar(Object.values(splits).flat(), similarity);
  return [...groups.several()].flatMap((rows): Leak[] => {
    const members = [...rows].map((row) => places[row] as Leak["members"][number]);
    return new Set(members.map(({ split }) => split)).size > 1 ? [{ members }] : [];
  });
}
