import { ShingleFrequency } from "../dedup/prefix.js";
import { jaccard } from "../dedup/shingles.js";
import { ContaminationIndex } from "../quality/decontaminate.js";
import { rowOf, textShingles } from "./match.js";
import { exampleOf } from "./scan.js";

/** Jaccard similarity from which a row is a near-copy of a test row: from here on, a build keeps two rows in one split. */
const NEAR_COPY = 0.7;

/**
 * The rows that models are measured with, to be found in what is trained on: rows at least 0.7 similar to one of them, and rows
 * that hold most of one (see {@link ContaminationIndex}).
 *
 * Memory: 4 bytes a word for the similar ones and about 100 for those that are held.
 */
export class TestRows {
  readonly #sets = new Map<number, Uint32Array>();
  readonly #frequency = new ShingleFrequency();
  readonly #holders = new Map<number, number[]>();
  readonly #contained = new ContaminationIndex();

  /** @param texts - the JSON text of each row, by its number */
  constructor(texts: ReadonlyMap<number, string>) {
    for (const [row, text] of texts) {
      const set = textShingles(text);
      this.#sets.set(row, set);
      this.#frequency.add(set);
      const found = exampleOf(rowOf(text));
      if (found) this.#contained.add(found.example, "test", row);
    }
    for (const [row, set] of this.#sets) {
      for (const shingle of this.#frequency.prefix(set, NEAR_COPY)) {
        const rows = this.#holders.get(shingle);
        if (rows) rows.push(row);
        else this.#holders.set(shingle, [row]);
      }
    }
  }

  /** The test row that a row is a near-copy of, the most similar one, or else the one it holds most of. */
  find(text: string): number | undefined {
    const set = textShingles(text);
    let best: { row: number; similarity: number } | undefined;
    const candidates = new Set(Array.from(this.#frequency.prefix(set, NEAR_COPY)).flatMap((shingle) => this.#holders.get(shingle) ?? []));
    for (const row of candidates) {
      const similarity = jaccard(this.#sets.get(row) as Uint32Array, set);
      if (similarity >= NEAR_COPY - 1e-12 && (!best || similarity > best.similarity || (similarity === best.similarity && row < best.row))) best = { row, similarity };
    }
    if (best) return best.row;
    const found = exampleOf(rowOf(text));
    return found && this.#contained.find(found.example)?.row;
  }
}
