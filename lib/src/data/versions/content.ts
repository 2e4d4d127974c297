import { createHash, type Hash } from "node:crypto";
import { canonicalJson } from "../clean/content.js";

/**
 * What the content of a dataset is, and when two datasets are the same.
 *
 * The content is the rows of each split, in their order. It is hashed from the rows as JSON values, so these make no
 * difference: where the dataset lies, the names and the order of its files, how a split is cut into shards, gzip, line
 * ends, spaces, the spelling of a number or an escape, and the order of keys (RFC 8259: objects are unordered).
 * These do: any value, the name of a split, and the order of its rows, because a trainer with a fixed seed draws
 * other batches from another order.
 *
 * Cards, reports and manifests are no content. A chat template that prints tool arguments in the order they are
 * written sees a difference that this hash does not; the SHA-256 of every file's bytes stands in the version too.
 */
const RULE = "llmops-dataset-content/1";

/** Hashes a dataset's content; rows of one split in their order, splits in any. */
export class ContentHasher {
  readonly #splits = new Map<string, { rows: number; hash: Hash }>();

  /** Names a split, so that an empty one counts. */
  split(name: string): void {
    if (!this.#splits.has(name)) this.#splits.set(name, { rows: 0, hash: createHash("sha256") });
  }

  /** @param row - as `rowHash` gives */
  add(split: string, row: Buffer): void {
    this.split(split);
    const entry = this.#splits.get(split) as { rows: number; hash: Hash };
    entry.rows++;
    entry.hash.update(row);
  }

  /** Hashes in hexadecimal: of all, and of each split. Call it once. */
  digest(): { content: string; splits: Record<string, { rows: number; content: string }> } {
    const names = [...this.#splits.keys()].sort();
    const splits = Object.fromEntries(names.map((name) => {
      const { rows, hash } = this.#splits.get(name) as { rows: number; hash: Hash };
      return [name, { rows, content: hash.digest("hex") }];
    }));
    const parts = names.map((name) => [name, splits[name]?.rows, splits[name]?.content]);
    return { content: createHash("sha256").update(canonicalJson([RULE, parts])).digest("hex"), splits };
  }
}
