import { exampleText } from "../clean/content.js";
import { jaccard, shingles } from "../dedup/shingles.js";
import { parseJson, type JsonObject } from "../jsonl/json.js";
import { exampleOf, type ScannedDataset } from "./scan.js";

/** How two rows were recognised as the same one. */
export const MATCH = { none: 0, exact: 1, id: 2, similar: 3 } as const;

/** For each row of B, its row in A and how it was found; rows of A that none of B has are removed ones. */
export interface Matches {
  /** −1 for a row that A has not. */
  inA: Int32Array;
  how: Uint8Array;
  /** Of rows matched by id or by similarity. */
  similarity: Float32Array;
  /** −1 for a row that B has not. */
  inB: Int32Array;
}

/** Rows with the same key, in order; each is taken once. */
class Chains {
  readonly #heads = new Map<number, number>();
  readonly #next: Int32Array;

  constructor(count: number) {
    this.#next = new Int32Array(count).fill(-1);
  }

  /** Adds a row; later rows are added first, so that the first is taken first. */
  addBefore(key: number, row: number): void {
    this.#next[row] = this.#heads.get(key) ?? -1;
    this.#heads.set(key, row);
  }

  take(key: number, same: (row: number) => boolean): number {
    let before = -1;
    for (let row = this.#heads.get(key) ?? -1; row >= 0; before = row, row = this.#next[row] as number) {
      if (!same(row)) continue;
      const next = this.#next[row] as number;
      if (before >= 0) this.#next[before] = next;
      else if (next >= 0) this.#heads.set(key, next);
      else this.#heads.delete(key);
      return row;
    }
    return -1;
  }
}

/** 53 bits of two numbers. */
function key53(low: number, high: number): number {
  return (low & 0x1fffff) * 2 ** 32 + high;
}

/**
 * Matches equal rows, those in the same split first; a row that occurs twice is matched twice.
 *
 * @param splitOf - a number for the split of a row, the same for A and B
 */
export function matchEqual(a: ScannedDataset, b: ScannedDataset, splitOfA: (row: number) => number, splitOfB: (row: number) => number): Matches {
  const matches: Matches = {
    inA: new Int32Array(b.count).fill(-1), how: new Uint8Array(b.count), similarity: new Float32Array(b.count), inB: new Int32Array(a.count).fill(-1),
  };
  for (const anySplit of [false, true]) {
    const key = ({ hashes }: ScannedDataset, row: number, split: number): number =>
      key53(((hashes[4 * row] as number) ^ (anySplit ? 0 : split + 1)) >>> 0, hashes[4 * row + 1] as number);
    const chains = new Chains(a.count);
    for (let row = a.count - 1; row >= 0; row--) if (matches.inB[row] === -1) chains.addBefore(key(a, row, splitOfA(row)), row);
    for (let row = 0; row < b.count; row++) {
      if (matches.inA[row] !== -1) continue;
      const found = chains.take(key(b, row, splitOfB(row)), (other) => (anySplit || splitOfA(other) === splitOfB(row)) && sameHash(a, other, b, row));
      if (found >= 0) pair(matches, found, row, MATCH.exact, 1);
    }
  }
  return matches;
}

function sameHash(a: ScannedDataset, rowA: number, b: ScannedDataset, rowB: number): boolean {
  for (let part = 0; part < 4; part++) if (a.hashes[4 * rowA + part] !== b.hashes[4 * rowB + part]) return false;
  return true;
}

function pair(matches: Matches, a: number, b: number, how: number, similarity: number): void {
  matches.inA[b] = a;
  matches.inB[a] = b;
  matches.how[b] = how;
  matches.similarity[b] = similarity;
}

/** Rows with the same id that are less alike than this may be other rows that were numbered anew. */
const SAME_ID_SIMILARITY = 0.3;

/**
 * Matches the rows that changed, among those that {@link matchEqual} left: first by id where the texts are at all alike,
 * then by the similarity of their texts, the most similar first, and last by id alone. Ids that stand twice in a
 * dataset match nothing.
 *
 * @param rowsA - the JSON text of each row of A that is left, by its number
 */
export function matchChanged(a: ScannedDataset, b: ScannedDataset, rowsA: ReadonlyMap<number, string>, rowsB: ReadonlyMap<number, string>, threshold: number, matches: Matches): void {
  const setsA = new Map<number, Uint32Array>();
  for (const [row, text] of rowsA) setsA.set(row, textShingles(text));
  const sameId = pairsById(a, b, rowsA, rowsB);
  for (const [rowB, rowA] of sameId) {
    const similarity = jaccard(setsA.get(rowA) as Uint32Array, textShingles(rowsB.get(rowB) as string));
    if (similarity >= SAME_ID_SIMILARITY) pair(matches, rowA, rowB, MATCH.id, similarity);
  }
  for (const row of [...setsA.keys()]) if (matches.inB[row] !== -1) setsA.delete(row);
  matchSimilar(setsA, rowsB, threshold, matches);
  for (const [rowB, rowA] of sameId) {
    if (matches.inA[rowB] !== -1 || matches.inB[rowA] !== -1) continue;
    pair(matches, rowA, rowB, MATCH.id, jaccard(setsA.get(rowA) as Uint32Array, textShingles(rowsB.get(rowB) as string)));
  }
}

export function textShingles(json: string): Uint32Array {
  const row = rowOf(json);
  const found = exampleOf(row);
  return shingles(found ? exampleText(found.example) : stringsOf(row).join("\n"));
}

/** A row that was kept as text. */
export function rowOf(json: string): JsonObject {
  const parsed = parseJson(json);
  if (!parsed.ok) throw new Error(`a row that was read cannot be read again: ${parsed.reason}`);
  return parsed.value as JsonObject;
}

function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

/** Rows of B with the row of A that has the same id. */
function pairsById(a: ScannedDataset, b: ScannedDataset, rowsA: ReadonlyMap<number, string>, rowsB: ReadonlyMap<number, string>): [number, number][] {
  const idsA = uniqueIds(a, rowsA);
  const pairs: [number, number][] = [];
  for (const [id, row] of uniqueIds(b, rowsB)) {
    const other = idsA.get(id);
    if (other !== undefined && other >= 0 && row >= 0) pairs.push([row, other]);
  }
  return pairs;
}

/** Rows by id; −1 for an id that stands twice. */
function uniqueIds({ ids }: ScannedDataset, rows: ReadonlyMap<number, string>): Map<number, number> {
  const found = new Map<number, number>();
  for (const row of rows.keys()) {
    if (ids[2 * row] === 0) continue;
    const id = key53(ids[2 * row] as number, ids[2 * row + 1] as number);
    found.set(id, found.has(id) ? -1 : row);
  }
  return found;
}

const COUNTERS = 2 ** 20;
/** A shingle in more rows than this tells too little to look them all up: greetings, a shared template. */
const MOST_ROWS = 500;
/** Candidates remembered for each row, so that templates do not fill the memory. */
const BEST = 8;

/**
 * Pairs rows by the Jaccard similarity of their texts, the most similar first. Candidates share one of the rarest
 * shingles of both (prefix filtering), so a pair is missed only where all that it shares stands in over 500 rows.
 *
 * Memory: the shingles of A's rows (4 bytes each), 8 bytes for each entry of the index.
 */
function matchSimilar(setsA: ReadonlyMap<number, Uint32Array>, rowsB: ReadonlyMap<number, string>, threshold: number, matches: Matches): void {
  const frequency = new Uint32Array(COUNTERS);
  for (const set of setsA.values()) for (const shingle of set) frequency[shingle % COUNTERS] = (frequency[shingle % COUNTERS] as number) + 1;
  const rows = [...setsA.keys()];
  let entries = 0;
  for (const set of setsA.values()) entries += prefixLength(set.length, threshold);
  // Shingle and position in one number, because typed arrays sort numbers far faster than by a comparator.
  const index = new Float64Array(entries);
  let at = 0;
  for (const [position, row] of rows.entries()) {
    for (const shingle of rarest(setsA.get(row) as Uint32Array, frequency, threshold)) index[at++] = shingle * 2 ** 21 + position;
  }
  index.sort();
  const candidates: { a: number; b: number; similarity: number }[] = [];
  for (const [b, text] of rowsB) {
    if (matches.inA[b] !== -1) continue;
    const set = textShingles(text);
    const seen = new Set<number>();
    const best: typeof candidates = [];
    for (const shingle of rarest(set, frequency, threshold)) {
      const from = lowerBound(index, shingle * 2 ** 21);
      const to = lowerBound(index, (shingle + 1) * 2 ** 21);
      if (to - from > MOST_ROWS) continue;
      for (let entry = from; entry < to; entry++) seen.add((index[entry] as number) % 2 ** 21);
    }
    for (const position of seen) {
      const a = rows[position] as number;
      const other = setsA.get(a) as Uint32Array;
      if (Math.min(set.length, other.length) < threshold * Math.max(set.length, other.length) - 1e-9) continue;
      const similarity = jaccard(other, set);
      if (similarity >= threshold - 1e-12) best.push({ a, b, similarity });
    }
    candidates.push(...best.sort(bySimilarity).slice(0, BEST));
  }
  for (const { a, b, similarity } of candidates.sort(bySimilarity)) {
    if (matches.inB[a] === -1 && matches.inA[b] === -1) pair(matches, a, b, MATCH.similar, similarity);
  }
}

function bySimilarity(x: { a: number; b: number; similarity: number }, y: { a: number; b: number; similarity: number }): number {
  return y.similarity - x.similarity || x.b - y.b || x.a - y.a;
}

function prefixLength(length: number, threshold: number): number {
  return length === 0 ? 0 : Math.min(length, length - Math.ceil(threshold * length - 1e-9) + 1);
}

function rarest(set: Uint32Array, frequency: Uint32Array, threshold: number): Uint32Array {
  const ranked = new Float64Array(set.length);
  for (let i = 0; i < set.length; i++) {
    const shingle = set[i] as number;
    ranked[i] = Math.min(frequency[shingle % COUNTERS] as number, 0x1fffff) * 2 ** 32 + shingle;
  }
  ranked.sort();
  return Uint32Array.from(ranked.subarray(0, prefixLength(set.length, threshold)), (value) => value % 2 ** 32);
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
