import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { canonicalJson } from "../clean/content.js";
import { ContentIndex, labelsOppose } from "../dedup/exact.js";
import { SIDE_FIELD, type Example } from "../example.js";
import { parseRow } from "../formats/row.js";
import type { Chunk } from "../ingest/chunk.js";
import { chunkDocument, type DocumentKind } from "../ingest/document.js";
import type { SourceFile } from "../ingest/sources.js";
import { FileError, type FileErrorCode } from "../jsonl/file-error.js";
import { isJsonObject, parseJson } from "../jsonl/json.js";
import type { LineRegion } from "../jsonl/reader.js";
import type { RowItem } from "../jsonl/row-item.js";
import { openRows, type RowSource } from "../jsonl/rows.js";
import { writeFileAtomic } from "../jsonl/writer.js";
import { release } from "./batches.js";
import type { Crew } from "./crew.js";
import type { ReadJob } from "./jobs.js";
import { ReadBatch, type ReadRows } from "./row-steps.js";
import { Checkpoints, type BuildContext, type ReadState, type SourceCount } from "./state.js";
import { addCounts, reject, type RejectedRow } from "./tally.js";
import { AppendFile, readNumbers } from "./work-files.js";
import { HASH_BYTES, workRows } from "./work-rows.js";

/** Rows that were read, with the number and the offset of the line they begin with. */
interface Part {
  rows: ReadRows;
  line: number;
  offset: number;
}

/** Faults of a file that could be read if it were whole; a file of another kind is no loss of rows. */
const DAMAGE: ReadonlySet<FileErrorCode> = new Set(["truncated", "io", "permission", "not-found"]);

type WorkFile = "rows" | "rejected" | "shingles" | "sizes" | "origins" | "hashes" | "labels" | "contradicted";

/** The first stage: read, parse, schema, normalise, exact duplicates. Writes what is left, and the shingles of it. */
export async function readStage(context: BuildContext, crew: Crew): Promise<void> {
  const state = (context.state.read ??= {
    done: false, sizes: {}, reasons: {}, source: 0, offset: 0, line: 1,
    sources: context.sources.map((): SourceCount => ({ rows: 0, formats: {} })),
    skipped: [], normalizedRows: 0, normalizedTexts: {},
  });
  if (state.done) return;
  const stage = new Reading(context, state, crew);
  try {
    await stage.run();
  } finally {
    stage.close();
  }
}

class Reading {
  readonly #context: BuildContext;
  readonly #state: ReadState;
  readonly #files: Record<WorkFile, AppendFile>;
  readonly #checkpoints: Checkpoints;
  readonly #crew: Crew;
  readonly #index = new ContentIndex();
  /** Source and line of each row that was kept, for naming the first of several equal ones. */
  #origins = new Uint32Array(2048);
  /** The label of each row that was kept, and the kept rows that a later row contradicts. */
  #labels = new Uint8Array(1024);
  readonly #contradicted = new Set<number>();

  constructor(context: BuildContext, state: ReadState, crew: Crew) {
    this.#context = context;
    this.#crew = crew;
    this.#state = state;
    const open = (name: string): AppendFile => new AppendFile(context.space.file(`read.${name}`), state.sizes[name] ?? 0);
    this.#files = {
      rows: open("rows"), rejected: open("rejected"), shingles: open("shingles"),
      sizes: open("sizes"), origins: open("origins"), hashes: open("hashes"), labels: open("labels"), contradicted: open("contradicted"),
    };
    this.#checkpoints = new Checkpoints(this.#files);
    this.#recall();
  }

  /** Learns again what an earlier run had read. */
  #recall(): void {
    if (this.#files.hashes.size === 0) return;
    const hashes = readFileSync(this.#files.hashes.path);
    for (let at = 0; at < hashes.length; at += HASH_BYTES) this.#index.add(hashes.subarray(at, at + HASH_BYTES));
    this.#origins = new Uint32Array(Math.max(2048, this.#index.count * 4));
    this.#origins.set(readNumbers(this.#files.origins.path));
    this.#labels = new Uint8Array(this.#origins.length / 2);
    this.#labels.set(readFileSync(this.#files.labels.path));
    for (const row of readNumbers(this.#files.contradicted.path)) this.#contradicted.add(row);
  }

  close(): void {
    this.#checkpoints.close();
  }

  async run(): Promise<void> {
    const { sources } = this.#context;
    const total = sources.reduce((sum, source) => sum + source.bytes, 0);
    for (let at = this.#state.source; at < sources.length; at++) {
      const source = sources[at] as SourceFile;
      const before = sources.slice(0, at).reduce((sum, { bytes }) => sum + bytes, 0);
      const report = (bytes: number): void => this.#context.progress({ stage: "read", done: before + bytes, total, unit: "bytes" });
      if (source.kind === "rows") await this.#readRows(source, at, report);
      else await this.#readDocument(source, source.kind, at, report);
      report(source.bytes);
      this.#state.source = at + 1;
      this.#state.offset = 0;
      this.#state.line = 1;
    }
    this.#state.done = true;
    await this.#checkpoints.save(this.#context, this.#state);
  }

  async #checkpoint(offset: number, line: number): Promise<void> {
    if (!this.#checkpoints.due()) return;
    this.#state.offset = offset;
    this.#state.line = line;
    await this.#checkpoints.save(this.#context, this.#state);
  }

  async #readRows(source: SourceFile, at: number, report: (bytes: number) => void): Promise<void> {
    const { signal } = this.#context.options;
    const count = this.#state.sources[at] as SourceCount;
    let last = this.#state.line;
    try {
      const rows = await openRows(source.path, {
        startOffset: this.#state.offset, startLine: this.#state.line, name: source.name, ...(signal ? { signal } : {}),
      });
      for await (const part of this.#parts(rows, source.name, at)) {
        // A checkpoint stands before a row whose place is known, so that the next run begins with that row.
        await this.#checkpoint(part.offset, part.line);
        last = part.rows.lastLine || last;
        this.#take(part.rows, at);
        release(part.rows.records, part.rows.shingles, part.rows.sizes);
        report(rows.position());
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      count.note = error.message;
      if (count.rows === 0) {
        if (DAMAGE.has(error.code)) count.unread = "all";
        return;
      }
      // Rows were read before the file broke off: they stay, and what follows them is one rejected row.
      count.unread = "rest";
      count.rows++;
      this.#reject({ source: source.name, line: last + 1, step: "read", code: error.code, reason: `nothing could be read from here on: ${error.message}`, raw: "" });
    }
    if (count.rows === 0 && count.note === undefined) count.note = "holds no rows";
  }

  /** The rows of a file in order. Lines of JSON are left to the crew; CSV and JSON arrays have to be parsed here to be cut. */
  async *#parts(rows: RowSource, name: string, at: number): AsyncGenerator<Part, void, void> {
    const read = (items: readonly RowItem[]): Part => {
      const batch = new ReadBatch(this.#context.settings, at, name);
      for (const item of items) batch.addItem(item);
      return { rows: batch.take(), line: items[0]?.line ?? 0, offset: items[0]?.offset ?? 0 };
    };
    if (!rows.regions) {
      for await (const items of rows.batches) if (items.length > 0) yield read(items);
      return;
    }
    // Rows that cross two chunks are read here, and wait for their turn: one list before each region, one after the last.
    const crossing: RowItem[][] = [[]];
    const jobs = async function* (regions: AsyncIterable<RowItem[] | LineRegion>): AsyncGenerator<ReadJob, void, void> {
      for await (const part of regions) {
        if (Array.isArray(part)) {
          crossing.at(-1)?.push(...part);
          continue;
        }
        crossing.push([]);
        yield { kind: "read", bytes: new Uint8Array(part.bytes), line: part.line, offset: part.offset, source: at, name };
      }
    };
    let failure: { error: unknown } | undefined;
    try {
      for await (const { job, result } of this.#crew.map(jobs(rows.regions))) {
        const items = crossing.shift() ?? [];
        if (items.length > 0) yield read(items);
        yield { rows: result, line: job.line, offset: job.offset };
      }
    } catch (error) {
      failure = { error };
    }
    const items = crossing.flat();
    if (items.length > 0) yield read(items);
    if (failure) throw failure.error;
  }

  /** Keeps rows unless their content was seen before. */
  #take(read: ReadRows, at: number): void {
    const { sources } = this.#context;
    const count = this.#state.sources[at] as SourceCount;
    count.rows += read.rows;
    addCounts(count.formats, read.formats);
    this.#state.normalizedRows += read.normalizedRows;
    addCounts(this.#state.normalizedTexts, read.normalizedTexts);
    let rejected = 0;
    const rejectBefore = (place: number): void => {
      for (let next = read.rejected[rejected]; next && next.before <= place; next = read.rejected[++rejected]) {
        this.#reject(next.row);
        if (next.row.code !== "array-not-closed") continue;
        count.unread = "rest";
        count.note = next.row.reason;
      }
    };
    const bytes = Buffer.from(read.records.buffer, read.records.byteOffset, read.records.byteLength);
    let place = 0;
    let start = 0;
    let shingle = 0;
    for (const row of workRows(bytes)) {
      rejectBefore(place);
      const size = read.sizes[place] as number;
      const earlier = this.#index.add(row.hash);
      if (earlier !== undefined) {
        const first = `${(sources[this.#origins[2 * earlier] as number] as SourceFile).name}:${this.#origins[2 * earlier + 1]}`;
        const opposed = labelsOppose(row.label, this.#labels[earlier] as number);
        if (opposed && !this.#contradicted.has(earlier)) {
          this.#contradicted.add(earlier);
          this.#files.contradicted.writeNumbers(Uint32Array.of(earlier));
        }
        this.#reject({
          source: (sources[at] as SourceFile).name, line: row.line, step: "exact-dedup", raw: row.raw,
          ...(opposed ? { code: "contradictory-label", reason: `has the same content as ${first} and the opposite label; settle which is right, both rows leave` }
            : this.#contradicted.has(earlier) ? { code: "contradictory-label", reason: `has the same content as ${first}, which another row contradicts; settle which label is right` }
              : { code: "duplicate-of", reason: `has the same content as ${first}, which came first` }),
        });
      } else {
        this.#keepOrigin(row.source, row.line, row.label);
        this.#files.hashes.write(row.hash);
        this.#files.rows.write(bytes.subarray(start, row.end));
        this.#files.shingles.writeNumbers(read.shingles.subarray(shingle, shingle + size));
        this.#files.sizes.writeNumbers(read.sizes.subarray(place, place + 1));
      }
      start = row.end;
      shingle += size;
      place++;
    }
    rejectBefore(place);
  }

  #keepOrigin(source: number, line: number, label: number): void {
    const number = this.#index.count - 1;
    if (2 * number >= this.#origins.length) {
      const larger = new Uint32Array(this.#origins.length * 2);
      larger.set(this.#origins);
      this.#origins = larger;
      const labels = new Uint8Array(larger.length / 2);
      labels.set(this.#labels);
      this.#labels = labels;
    }
    const origin = Uint32Array.of(source, line);
    this.#origins.set(origin, 2 * number);
    this.#labels[number] = label;
    this.#files.labels.write(Uint8Array.of(label));
    this.#files.origins.writeNumbers(origin);
  }

  #reject(row: RejectedRow): void {
    reject(row, this.#files.rejected, this.#state.reasons);
  }

  async #readDocument(source: SourceFile, kind: DocumentKind, at: number, report: (bytes: number) => void): Promise<void> {
    const { options, settings } = this.#context;
    const count = this.#state.sources[at] as SourceCount;
    if (!options.pairWriter || !settings.documents) {
      count.note = "is a document: pairs are made of it only with a teacher";
      return;
    }
    let chunks: Chunk[];
    try {
      chunks = await chunkDocument(source.path, kind, source.name, settings.documents.chunks);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      count.note = error.message;
      return;
    }
    if (chunks.length === 0) count.note = "holds no text";
    // Loaded for a document only.
    const { default: pLimit } = await import("p-limit");
    const limit = pLimit(options.pairConcurrency ?? 4);
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    // The offset of a document is the number of its chunks that are done.
    const answers = chunks.slice(this.#state.offset).map((chunk) => limit(() => this.#askPairs(chunk, signal)));
    for (const answer of answers) answer.catch(() => undefined);
    try {
      for (const [done, answer] of answers.entries()) {
        const index = this.#state.offset + done;
        const chunk = chunks[index] as Chunk;
        this.#takePairs(chunk, await answer, at);
        report((source.bytes * (index + 1)) / chunks.length);
      }
    } catch (error) {
      stop.abort();
      await Promise.allSettled(answers);
      throw error;
    }
  }

  /** The pairs of a chunk, or why there are none. Answers are kept in the work folder: a teacher is not paid twice. */
  async #askPairs(chunk: Chunk, signal: AbortSignal): Promise<Example[] | { code: string; reason: string }> {
    const { options, space } = this.#context;
    signal.throwIfAborted();
    const key = createHash("sha256").update(canonicalJson([chunk.source, chunk.line, chunk.text])).digest("hex");
    mkdirSync(space.file("pairs"), { recursive: true });
    const path = space.file(`pairs/${key}.json`);
    if (existsSync(path)) {
      const stored = parseJson(readFileSync(path, "utf8"));
      if (stored.ok && isJsonObject(stored.value) && Array.isArray(stored.value["pairs"])) return stored.value["pairs"] as Example[];
    }
    let pairs: Example[];
    try {
      pairs = (await options.pairWriter?.(chunk, { signal })) ?? [];
    } catch (error) {
      signal.throwIfAborted();
      const fault = options.chunkFault?.(error);
      if (!fault) throw error;
      return fault;
    }
    await writeFileAtomic(path, JSON.stringify({ pairs }));
    return pairs;
  }

  #takePairs(chunk: Chunk, answer: Example[] | { code: string; reason: string }, at: number): void {
    const batch = new ReadBatch(this.#context.settings, at, chunk.source);
    if (!Array.isArray(answer) || answer.length === 0) {
      const { code, reason } = Array.isArray(answer) ? { code: "no-pairs", reason: "the teacher made no pairs of this piece" } : answer;
      batch.reject(chunk.line, "read", code, reason, chunk.text);
    } else {
      for (const pair of answer) {
        const raw = JSON.stringify(pair);
        // Read like any row: what a teacher writes is checked no less than what a file holds.
        const parsed = parseRow("messages", { messages: pair.messages, ...(pair.tools ? { tools: pair.tools } : {}) });
        if (!parsed.ok) {
          batch.reject(chunk.line, "schema", parsed.code, parsed.reason, raw);
          continue;
        }
        const example: Example = { ...parsed.example, extra: { ...pair.extra, source: chunk.source, heading: chunk.heading } };
        delete example.extra[SIDE_FIELD];
        batch.addExample(example, "messages", chunk.line, raw);
      }
    }
    this.#take(batch.take(), at);
  }
}
