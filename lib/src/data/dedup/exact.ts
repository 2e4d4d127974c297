import { contentHash } from "../clean/content.js";
import type { Example } from "../example.js";

/**
 * Content hashes of rows, to find the earlier row with the same content.
 * Memory: 16 bytes a hash plus a table of 4 to 8, in typed arrays that double as they fill.
 */
export class ContentIndex {
  #hashes = new Uint32Array(4 * 1024);
  #table = new Uint32Array(2 * 1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /**
   * Adds a hash under the next row number, unless it is there already.
   *
   * @param hash - 16 bytes, as `contentHash` gives
   * @returns the row that has this hash already, or undefined when it was added
   */
  add(hash: Buffer): number | undefined {
    const a = hash.readUInt32LE(0);
    const b = hash.readUInt32LE(4);
    const c = hash.readUInt32LE(8);
    const d = hash.readUInt32LE(12);
    let slot = this.#slot(a, b, c, d);
    const occupant = this.#table[slot] as number;
    if (occupant !== 0) return occupant - 1;
    if (this.#count * 4 === this.#hashes.length) {
      this.#grow();
      slot = this.#slot(a, b, c, d);
    }
    this.#hashes.set([a, b, c, d], this.#count * 4);
    this.#count++;
    this.#table[slot] = this.#count;
    return undefined;
  }

  /** The slot that holds the hash, or the empty one where it belongs (linear probing, at most half full). */
  #slot(a: number, b: number, c: number, d: number): number {
    const mask = this.#table.length - 1;
    const hashes = this.#hashes;
    let slot = a & mask;
    for (;;) {
      const occupant = this.#table[slot] as number;
      if (occupant === 0) return slot;
      const at = (occupant - 1) * 4;
      if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c && hashes[at + 3] === d) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const hashes = new Uint32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#table = new Uint32Array(this.#table.length * 2);
    for (let row = 0; row < this.#count; row++) {
      const at = row * 4;
      const slot = this.#slot(hashes[at] as number, hashes[at + 1] as number, hashes[at + 2] as number, hashes[at + 3] as number);
      this.#table[slot] = row + 1;
    }
  }
}

/** A label as a number: 0 for none, 1 for unwanted, 2 for wanted. */
export function labelCode(label: boolean | undefined): number {
  return label === undefined ? 0 : label ? 2 : 1;
}

/** Whether one of two labels, as {@link labelCode} gives them, says wanted and the other unwanted. */
export function labelsOppose(one: number, other: number): boolean {
  return one + other === 3 && one !== 0 && other !== 0;
}

/** What exact deduplication did. Numbers are positions in the array given. */
export interface ExactDedup {
  kept: Example[];
  removed: { index: number; duplicateOf: number }[];
  /** Rows whose content occurs both as a wanted and as an unwanted answer: none of them is kept. `with` is one of the other label. */
  contradictory: { index: number; with: number }[];
}

/**
 * Removes examples whose content (messages, tools, preference) occurred before; the first is kept. Key order, ids
 * of tool calls and `extra` fields make no difference.
 *
 * Of unpaired preference, the same answer labelled as wanted in one row and as unwanted in another teaches nothing, whichever
 * is right: both leave, as `contradictory`, for a person to settle.
 *
 * @param examples - not changed
 */
export function dedupExact(examples: readonly Example[]): ExactDedup {
  const index = new ContentIndex();
  const origin: number[] = [];
  const result: ExactDedup = { kept: [], removed: [], contradictory: [] };
  const contradicted = new Map<number, number>();
  examples.forEach((example, position) => {
    const earlier = index.add(contentHash(example));
    if (earlier === undefined) {
      origin.push(position);
      return;
    }
    const first = origin[earlier] as number;
    if (labelsOppose(labelCode(example.label), labelCode(examples[first]?.label))) {
      if (!contradicted.has(first)) contradicted.set(first, position);
      contradicted.set(position, first);
    } else result.removed.push({ index: position, duplicateOf: first });
  });
  result.kept = origin.filter((position) => !contradicted.has(position)).map((position) => examples[position] as Example);
  result.contradictory = [...contradicted].map(([position, other]) => ({ index: position, with: other })).sort((a, b) => a.index - b.index);
  return result;
}
