import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

const Entry = z.object({
  version: z.literal(1),
  key: z.string(),
  responseId: z.string(),
  model: z.string(),
  text: z.string(),
  finishReason: z.string(),
  usage: z.object({ input: z.number(), cachedInput: z.number(), cacheWrite: z.number(), output: z.number() }),
});

/** One stored answer. */
export type CacheEntry = z.infer<typeof Entry>;

/** What an answer depends on; two requests share a cache entry only when all of it is equal. */
export interface CacheSubject {
  /** Base address, or `simulator:` with the simulator's own identity, so that the two never mix. */
  url: string;
  model: string;
  messages: unknown;
  schema: unknown;
  parameters: unknown;
}

/** The answers already paid for, one JSON file each, named by the sha256 of what was asked. */
export class ResponseCache {
  readonly directory: string;
  readonly #warn: (message: string) => void;

  constructor(directory: string, warn: (message: string) => void) {
    this.directory = directory;
    this.#warn = warn;
  }

  /** sha256 (hex) over the subject's fields in fixed order. */
  static key(subject: CacheSubject): string {
    const { url, model, messages, schema, parameters } = subject;
    return createHash("sha256").update(JSON.stringify([1, url, model, messages, schema, parameters])).digest("hex");
  }

  /** The stored answer, or undefined. A damaged file is reported through `warn` and treated as absent. */
  async get(key: string): Promise<CacheEntry | undefined> {
    const path = this.#path(key);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#warn(`Teacher cache: cannot read ${path}: ${String(error)}`);
      return undefined;
    }
    try {
      const entry = Entry.parse(JSON.parse(text));
      if (entry.key === key) return entry;
    } catch {
      // Falls through to the warning: whatever is wrong with the file, the remedy is the same.
    }
    this.#warn(`Teacher cache: ${path} is damaged and was ignored; it is written anew after the next answer.`);
    return undefined;
  }

  /** Writes an entry beside its place and renames it, so that a reader in another process sees all of it or nothing. */
  async put(entry: CacheEntry): Promise<void> {
    const path = this.#path(entry.key);
    const draft = `${path}.${process.pid}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(draft, JSON.stringify(entry));
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      // The answer itself is good: a full disk costs the cache, not the result.
      this.#warn(`Teacher cache: cannot write ${path}: ${String(error)}. The answer is used but not kept.`);
    }
  }

  #path(key: string): string {
    return join(this.directory, key.slice(0, 2), `${key}.json`);
  }
}
