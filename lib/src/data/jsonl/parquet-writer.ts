import { createHash, randomBytes } from "node:crypto";
import { promises as fs } from "node:fs";
import { basename, dirname, join } from "node:path";
// hyparquet (MIT, no dependencies, typed; 1.31.5 and its writer 0.17.0 are of autumn 2026, releases come every few weeks):
// the only maintained reader and writer in JavaScript without native code, and it writes nested columns by row group.
import { SIDE_FIELD } from "../example.js";
import { fileError } from "./file-error.js";
import { sameJson, type JsonObject } from "./json.js";
import { TableSchema, asReadBack, isColumnName, toCell, withoutNulls } from "./parquet-schema.js";
import { withPatch } from "./parquet-side.js";
import { difference, patched } from "./patch.js";
import { readJsonl } from "./reader.js";
import { JsonlWriter, PartialFile, type WrittenFile } from "./writer.js";

/** A row group holds about this much JSON text, or this many rows: it is what a reader has in memory at once. */
const GROUP_CHARS = 16 * 1024 * 1024, GROUP_ROWS = 20_000;

/** Longest row: those of a source are read up to 64 MiB, and conversion may add to them. */
const MAX_ROW_BYTES = 1024 * 1024 * 1024;

export interface ParquetWriterOptions {
  /** Rows for a trainer only: no side field for what Parquet cannot tell apart (null or absent, the order of fields). */
  plain?: boolean;
}

/**
 * Writes rows as Parquet, atomically: Snappy, row groups of about 16 MiB, lists and structs as such. The types of the
 * columns are those of all rows, so rows wait in a hidden file beside the output until {@link commit}. Memory holds one
 * row group.
 *
 * `messages` becomes a list of structs `{role, content, …}`. Values without one shape (tools, arguments as objects, fields
 * that are a number here and a text there) become columns of Parquet's JSON type; `datasets` gives them back as they were.
 *
 * @example
 * const writer = await ParquetWriter.open("out.parquet");
 * try {
 *   for (const row of rows) await writer.write(row);
 *   await writer.commit();
 * } finally {
 *   await writer.abort();
 * }
 */
export class ParquetWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #plain: boolean;
  readonly #file: PartialFile;
  readonly #rows: JsonlWriter;
  readonly #waiting: string;
  readonly #schema = new TableSchema();
  #side = false;
  #done = false;

  private constructor(path: string, plain: boolean, file: PartialFile, rows: JsonlWriter, waiting: string) {
    this.#path = path;
    this.#plain = plain;
    this.#file = file;
    this.#rows = rows;
    this.#waiting = waiting;
  }

  /**
   * Opens a writer; `path` itself is not touched before {@link commit}.
   * @throws FileError: the folder does not exist, no permission, the path is a folder
   */
  static async open(path: string, { plain = false }: ParquetWriterOptions = {}): Promise<ParquetWriter> {
    const file = await PartialFile.open(path);
    try {
      const target = await fs.realpath(path).catch(() => path);
      const waiting = join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(4).toString("hex")}.rows`);
      return new ParquetWriter(path, plain, file, await JsonlWriter.open(waiting), waiting);
    } catch (error) {
      await file.abort();
      throw fileError(error, path, "write");
    }
  }

  /** Rows taken so far. */
  get rows(): number {
    return this.#rows.rows;
  }

  /** The field of a row that cannot be a column; undefined when all can. */
  static misnamed(row: JsonObject): string | undefined {
    return Object.keys(row).find((name) => !isColumnName(name));
  }

  /**
   * Takes one row. Returns a promise only when it has to wait for the disk.
   *
   * @throws TypeError for a field whose name cannot be a column: empty, `__proto__`, or with a point in it
   * @throws FileError when there is no room left
   */
  write(row: JsonObject): Promise<void> | undefined {
    const misnamed = ParquetWriter.misnamed(row);
    if (misnamed !== undefined) throw new TypeError(`the field ${JSON.stringify(misnamed)} cannot be a column of Parquet; rename it`);
    const waiting = this.#rows.write(row);
    this.#schema.add(row);
    return waiting;
  }

  /**
   * Writes the table, syncs to disk and puts the file in its place. On failure nothing is left behind.
   * @returns what the file holds; `bytes` and `sha256` are of the file itself
   * @throws FileError when there is no room left
   */
  async commit(): Promise<WrittenFile> {
    if (this.#done) throw new Error(`${this.#path} is already committed or aborted`);
    try {
      const { rows } = await this.#rows.commit();
      if (!this.#plain) await this.#findSides();
      // Loaded for a table only: other formats go without.
      const { ByteWriter, ParquetWriter: TableWriter } = await import("hyparquet-writer");
      const hash = createHash("sha256");
      const buffer = new ByteWriter(1 << 20);
      const out = Object.assign(buffer, {
        /** Called after each row group: the buffer goes to disk and begins anew. */
        flush: async (): Promise<void> => {
          const bytes = new Uint8Array(buffer.buffer.slice(0, buffer.index));
          buffer.index = 0;
          hash.update(bytes);
          await this.#file.write(bytes);
        },
      });
      const elements = this.#schema.elements();
      const table = new TableWriter({ writer: out, schema: elements, statistics: false, createdBy: "llmops" });
      const columns = [...this.#schema.columns];
      for await (const group of this.#groups()) {
        const columnData = columns.map(([name, type]) => ({ name, data: group.map((row) => (Object.hasOwn(row, name) ? toCell(type, row[name]) : null)) }));
        await table.write({ columnData, rowGroupSize: group.length });
      }
      await table.finish();
      await out.flush();
      await this.#file.commit();
      this.#done = true;
      return { path: this.#path, rows, bytes: out.offset, sha256: hash.digest("hex") };
    } catch (error) {
      throw fileError(error, this.#path, "write");
    } finally {
      await this.abort();
      await fs.rm(this.#waiting, { force: true });
    }
  }

  /** Drops everything written; the target stays as it was. Does nothing after a commit. */
  async abort(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#rows.abort();
    await this.#file.abort();
    await fs.rm(this.#waiting, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  async *#waitingRows(): AsyncGenerator<{ row: JsonObject; chars: number }> {
    for await (const batch of readJsonl(this.#waiting, { maxLineBytes: MAX_ROW_BYTES })) {
      for (const item of batch) {
        if (item.problem) throw new Error(`${this.#waiting}:${item.line}: ${item.problem.reason}`);
        yield { row: item.value, chars: item.text.length };
      }
    }
  }

  /** Whether any row needs the side field; then it is a column. */
  async #findSides(): Promise<void> {
    for await (const { row } of this.#waitingRows()) {
      if (!this.#patchOf(row)) continue;
      this.#side = true;
      break;
    }
    if (this.#side) this.#schema.add({ [SIDE_FIELD]: "{}" });
  }

  /** What is to be done to the row that will be read back, so that it is this one. */
  #patchOf(row: JsonObject): JsonObject | undefined {
    const read = withoutNulls(Object.fromEntries([...this.#schema.columns].map(([name, type]) => [name, Object.hasOwn(row, name) ? asReadBack(type, row[name]) : null])));
    const patch = difference(read, row);
    if (patch === undefined) return undefined;
    if (patch === "lost" || !sameJson(patched(read, patch), row, true)) throw new Error("a row would not come back from Parquet as it is; this is a bug of the library");
    return patch as JsonObject;
  }

  async *#groups(): AsyncGenerator<JsonObject[]> {
    let group: JsonObject[] = [];
    let held = 0;
    for await (const { row, chars } of this.#waitingRows()) {
      const patch = this.#side ? this.#patchOf(row) : undefined;
      group.push(patch ? withPatch(row, patch) : row);
      held += chars;
      if (held < GROUP_CHARS && group.length < GROUP_ROWS) continue;
      yield group;
      group = [];
      held = 0;
    }
    if (group.length > 0) yield group;
  }
}
