/** Word shingles and their overlap: how the simulator makes sure that a near-duplicate is one. */

/** The set of word 3-shingles of a text: lower-case runs of letters and digits, punctuation ignored. */
export function shinglesOf(text: string, size = 3): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const shingles = new Set<string>();
  for (let i = 0; i + size <= words.length; i++) shingles.add(words.slice(i, i + size).join(" "));
  return shingles;
}

/** Jaccard similarity |A ∩ B| / |A ∪ B| of two sets, from 0 to 1; 0 when both are empty. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const element of a) if (b.has(element)) shared++;
  const union = a.size + b.size - shared;
  return union === 0 ? 0 : shared / union;
}
