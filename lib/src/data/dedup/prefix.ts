import { Groups, uniteMatches, type Partition } from "./groups.js";
import { rowsReach, type ShingleStore } from "./shingles.js";

/** Counters for a whole dataset (1 MiB), and for one group of near-duplicates. */
const COUNTERS = 2 ** 18;
const GROUP_COUNTERS = 2 ** 13;
/** Shingles that occur so often are sorted; rarer ones, which are nearly all, are put in their places by counting. */
const FREQUENT = 64;

/**
 * How often each shingle occurs, in 1 MiB whatever the number of rows: shingles whose low bits agree share a
 * counter. It orders shingles from rare to frequent, and any order is a correct one for {@link prefix}; a good one
 * is merely faster.
 */
export class ShingleFrequency {
  readonly #counters: Uint32Array;
  readonly #places = new Uint32Array(FREQUENT + 1);
  #scratch = new Float64Array(1024);

  /** @param counters - a power of two */
  constructor(counters = COUNTERS) {
    this.#counters = new Uint32Array(counters);
  }

  add(set: Uint32Array): void {
    const counters = this.#counters;
    const mask = counters.length - 1;
    for (let i = 0; i < set.length; i++) {
      const counter = (set[i] as number) & mask;
      counters[counter] = (counters[counter] as number) + 1;
    }
  }

  /**
   * The rarest shingles of a set, enough of them that any set at least `threshold` similar shares one: a set of n
   * shingles must share ⌈t·n⌉ with such a partner, so it cannot avoid every one of its first n − ⌈t·n⌉ + 1.
   * (Prefix filtering: Bayardo, Ma, Srikant, "Scaling up all pairs similarity search", WWW 2007.)
   */
  prefix(set: Uint32Array, threshold: number): Uint32Array {
    if (set.length === 0) return set;
    const rarest = new Uint32Array(Math.min(set.length - Math.ceil(threshold * set.length - 1e-9) + 1, set.length));
    const counters = this.#counters;
    const mask = counters.length - 1;
    const places = this.#places.fill(0);
    for (let i = 0; i < set.length; i++) {
      const count = Math.min(counters[(set[i] as number) & mask] as number, FREQUENT);
      places[count] = (places[count] as number) + 1;
    }
    let rare = 0;
    for (let count = 0; count < FREQUENT; count++) {
      const size = places[count] as number;
      places[count] = rare;
      rare += size;
    }
    // A set is ascending, so those of one frequency come in order.
    for (let i = 0; i < set.length && rare > 0; i++) {
      const shingle = set[i] as number;
      const count = counters[shingle & mask] as number;
      if (count >= FREQUENT) continue;
      const place = places[count] as number;
      places[count] = place + 1;
      if (place < rarest.length) rarest[place] = shingle;
    }
    if (rare < rarest.length) this.#addFrequent(set, rarest, rare);
    return rarest;
  }

  /** The frequent shingles of a set, in order, from `place` on. */
  #addFrequent(set: Uint32Array, rarest: Uint32Array, place: number): void {
    const counters = this.#counters;
    const mask = counters.length - 1;
    // Frequency and shingle in one number, because typed arrays sort numbers far faster than by a comparator.
    if (this.#scratch.length < set.length) this.#scratch = new Float64Array(set.length * 2);
    let found = 0;
    for (let i = 0; i < set.length; i++) {
      const shingle = set[i] as number;
      const count = counters[shingle & mask] as number;
      if (count >= FREQUENT) this.#scratch[found++] = Math.min(count, 0x1fffff) * 2 ** 32 + shingle;
    }
    const ranked = this.#scratch.subarray(0, found).sort();
    for (let i = place; i < rarest.length; i++) rarest[i] = (ranked[i - place] as number) % 2 ** 32;
  }
}

/** The number of parts that the entries of {@link prefixPart} are divided into. */
export const PREFIX_PARTS = 64;

/** The part that a shingle belongs to, 0 to 63. */
export function prefixPart(shingle: number): number {
  return shingle >>> 26;
}

/**
 * Groups rows so that any two at least `threshold` similar are in one group, with certainty: unlike MinHash,
 * prefix filtering misses no pair. Yields after every partition.
 *
 * @param store - the shingles of every row
 * @param partitions - for every row, its prefix shingles as keys; entries with the same key in one partition
 * @param threshold - Jaccard similarity
 */
export function* uniteAllSimilar(
  store: ShingleStore,
  partitions: Iterable<Partition>,
  threshold: number,
): Generator<void, Groups, void> {
  const groups = new Groups(store.count);
  for (const partition of partitions) {
    uniteMatches(partition, (a, b) => rowsReach(store, a, b, threshold) !== undefined, groups);
    yield;
  }
  return groups;
}

/** The partition of {@link uniteAllSimilar} for rows held in memory. */
export function prefixEntries(store: ShingleStore, threshold: number): Partition {
  const frequency = new ShingleFrequency();
  for (let row = 0; row < store.count; row++) frequency.add(store.get(row));
  const keys: number[] = [];
  const rows: number[] = [];
  for (let row = 0; row < store.count; row++) {
    for (const shingle of frequency.prefix(store.get(row), threshold)) {
      keys.push(shingle);
      rows.push(row);
    }
  }
  return { keys: Uint32Array.from(keys), rows: Uint32Array.from(rows) };
}

/** Which rows are near-duplicates of which: 8 bytes a row. */
export class Duplicates {
  /** For each row, the row kept in its place; itself where it is kept. */
  readonly keptRows: Uint32Array;
  /** For each row that goes, its similarity to the row kept in its place. */
  readonly similarities: Float32Array;

  constructor(count: number) {
    this.keptRows = new Uint32Array(count);
    for (let row = 0; row < count; row++) this.keptRows[row] = row;
    this.similarities = new Float32Array(count);
  }
}

/** In a group of so few rows, every pair is compared; in a larger one, shared prefixes say which pairs to compare. */
const SMALL_GROUP = 12;

/**
 * Goes through the members of a group in order: a member at least `threshold` similar to one kept before it is its
 * duplicate (of the earliest such), any other is kept. So every row that goes is verified against a row that
 * stays, and no chain of small steps removes a row unlike all that stay.
 *
 * @param members - rows of one group, in the order in which they may be kept
 * @param duplicates - filled in place
 */
export function markDuplicates(
  members: ArrayLike<number>,
  store: ShingleStore,
  threshold: number,
  duplicates: Duplicates,
): void {
  const kept = members.length <= SMALL_GROUP ? new KeptRows() : new IndexedKeptRows(members, store, threshold);
  for (let i = 0; i < members.length; i++) {
    const row = members[i] as number;
    let similarity: number | undefined;
    for (const keptRow of kept.candidates(row)) {
      similarity = rowsReach(store, keptRow, row, threshold);
      if (similarity === undefined) continue;
      duplicates.keptRows[row] = keptRow;
      duplicates.similarities[row] = similarity;
      break;
    }
    if (similarity === undefined) kept.add(row);
  }
}

/** The rows of a group that are kept so far. */
class KeptRows {
  protected readonly rows: number[] = [];

  /** Kept rows that may be similar to a row, in the order in which they were kept. */
  candidates(_row: number): readonly number[] {
    return this.rows;
  }

  /** Keeps the row that {@link candidates} was asked about last. */
  add(row: number): void {
    this.rows.push(row);
  }
}

/** Kept rows that are found by the shingles of their prefixes. */
class IndexedKeptRows extends KeptRows {
  readonly #store: ShingleStore;
  readonly #threshold: number;
  readonly #frequency = new ShingleFrequency(GROUP_COUNTERS);
  readonly #positions = new Map<number, number[]>();
  #prefix: Uint32Array = new Uint32Array(0);

  constructor(members: ArrayLike<number>, store: ShingleStore, threshold: number) {
    super();
    this.#store = store;
    this.#threshold = threshold;
    for (let i = 0; i < members.length; i++) this.#frequency.add(store.get(members[i] as number));
  }

  override candidates(row: number): number[] {
    this.#prefix = this.#frequency.prefix(this.#store.get(row), this.#threshold);
    const found = new Set<number>();
    for (const shingle of this.#prefix) for (const position of this.#positions.get(shingle) ?? []) found.add(position);
    return [...found].sort((a, b) => a - b).map((position) => this.rows[position] as number);
  }

  override add(row: number): void {
    for (const shingle of this.#prefix) {
      const list = this.#positions.get(shingle);
      if (list) list.push(this.rows.length);
      else this.#positions.set(shingle, [this.rows.length]);
    }
    super.add(row);
  }
}
