import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import pLimit from "p-limit";
import { canonicalJson, contentHash, exampleText } from "../clean/content.js";
import { emptyTurn, normalizeExample, type ChangeCounts } from "../clean/normalize.js";
import { ContentIndex } from "../dedup/exact.js";
import { shingles } from "../dedup/shingles.js";
import type { Example, Format } from "../example.js";
import { FIELDS } from "../formats/columns.js";
import { detectFormat, detectRow } from "../formats/detect.js";
import { parseRow } from "../formats/row.js";
import { SIDE_FIELD } from "../formats/shape.js";
import type { Chunk } from "../ingest/chunk.js";
import { chunkDocument, type DocumentKind } from "../ingest/document.js";
import type { SourceFile } from "../ingest/sources.js";
import { FileError } from "../jsonl/file-error.js";
import { isJsonObject, isRawNumber, MAX_JSON_DEPTH, parseJson } from "../jsonl/json.js";
import type { RowItem } from "../jsonl/row-item.js";
import { openRows } from "../jsonl/rows.js";
import { writeFileAtomic } from "../jsonl/writer.js";
import { Checkpoints, type BuildContext, type ReadState, type SourceCount } from "./state.js";
import { addCounts, reject, type RejectedRow } from "./tally.js";
import { AppendFile, readNumbers } from "./work-files.js";

/** A row that passed the first steps, as it stands in `rows.jsonl`. */
export interface WorkRow {
  source: number;
  line: number;
  format: Format;
  example: Example;
  raw: string;
  /** What normalisation changed; only where lineage is written. */
  normalized?: ChangeCounts;
}

/** Problems of the file rather than of one row's text. */
const READ_PROBLEMS = new Set(["invalid-utf8", "line-too-long", "array-not-closed", "text-after-array"]);

type WorkFile = "rows" | "rejected" | "shingles" | "sizes" | "origins" | "hashes";

/** The first stage: read, parse, schema, normalise, exact duplicates. Writes what is left, and the shingles of it. */
export async function readStage(context: BuildContext): Promise<void> {
  const state = (context.state.read ??= {
    done: false, sizes: {}, reasons: {}, source: 0, offset: 0, line: 1,
    sources: context.sources.map((): SourceCount => ({ rows: 0, formats: {} })),
    skipped: [], normalizedRows: 0, normalizedTexts: {},
  });
  if (state.done) return;
  const stage = new Reading(context, state);
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
  readonly #index = new ContentIndex();
  /** Source and line of each row that was kept, for naming the first of several equal ones. */
  #origins = new Uint32Array(2048);

  constructor(context: BuildContext, state: ReadState) {
    this.#context = context;
    this.#state = state;
    const open = (name: string): AppendFile => new AppendFile(context.space.file(`read.${name}`), state.sizes[name] ?? 0);
    this.#files = {
      rows: open("rows"), rejected: open("rejected"), shingles: open("shingles"),
      sizes: open("sizes"), origins: open("origins"), hashes: open("hashes"),
    };
    this.#checkpoints = new Checkpoints(this.#files);
    this.#recall();
  }

  /** Learns again what an earlier run had read. */
  #recall(): void {
    if (this.#files.hashes.size === 0) return;
    const hashes = readFileSync(this.#files.hashes.path);
    for (let at = 0; at < hashes.length; at += 16) this.#index.add(hashes.subarray(at, at + 16));
    this.#origins = new Uint32Array(Math.max(2048, this.#index.count * 4));
    this.#origins.set(readNumbers(this.#files.origins.path));
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
      for await (const batch of rows.batches) {
        // A checkpoint stands before a row whose place is known, so that the next run begins with that row.
        const first = batch[0];
        if (first) await this.#checkpoint(first.offset, first.line);
        for (const item of batch) {
          last = item.line;
          this.#takeItem(item, source.name, at);
        }
        report(rows.position());
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (count.rows === 0) {
        count.note = error.message;
        return;
      }
      // Rows were read before the file broke off: they stay, and what follows them is one rejected row.
      count.rows++;
      this.#reject({ source: source.name, line: last + 1, step: "read", code: error.code, reason: `nothing could be read from here on: ${error.message}`, raw: "" });
    }
    if (count.rows === 0 && count.note === undefined) count.note = "holds no rows";
  }

  #takeItem(item: RowItem, name: string, at: number): void {
    const { settings } = this.#context;
    const count = this.#state.sources[at] as SourceCount;
    count.rows++;
    const place = { source: name, line: item.line };
    if (item.problem) {
      const { code, reason, raw, rawEncoding, span } = item.problem;
      const step = READ_PROBLEMS.has(code) ? "read" : "parse";
      this.#reject({ ...place, step, code, reason, raw, ...(rawEncoding ? { rawEncoding } : {}), ...(span ? { span } : {}) });
      return;
    }
    const format = settings.from === "auto" ? detectRow(item.value, settings.map)?.format : settings.from;
    if (format === undefined) {
      const detected = detectFormat([item.value], settings.map);
      this.#reject({ ...place, step: "schema", code: "unknown-format", reason: detected.ok ? "the format is not known" : detected.message, raw: item.text });
      return;
    }
    const fields = mapFor(format, settings.map);
    const parsed = parseRow(format, item.value, fields ? { map: fields } : {});
    if (!parsed.ok) {
      this.#reject({ ...place, step: "schema", code: parsed.code, reason: parsed.reason, raw: item.text });
      return;
    }
    if (depthOf(parsed.example) > MAX_WORK_DEPTH) {
      this.#reject({ ...place, step: "schema", code: "too-deep", reason: `is nested more than ${MAX_WORK_DEPTH} levels deep; flatten its fields`, raw: item.text });
      return;
    }
    // How the row was spelled is of no use to a trainer; conversion that can be undone is the convert command's.
    delete parsed.example.extra[SIDE_FIELD];
    this.#takeExample(parsed.example, format, at, item.line, item.text);
  }

  /** Normalises an example and keeps it unless its content was seen before. */
  #takeExample(given: Example, format: Format, at: number, line: number, raw: string): void {
    const { settings, sources } = this.#context;
    const count = this.#state.sources[at] as SourceCount;
    const place = { source: (sources[at] as SourceFile).name, line };
    count.formats[format] = (count.formats[format] ?? 0) + 1;
    const { example, changes } = normalizeExample(given);
    if (example !== given) {
      this.#state.normalizedRows++;
      addCounts(this.#state.normalizedTexts, changes);
    }
    for (const [part, turns] of [["", example.messages], ["chosen ", example.preference?.chosen], ["rejected ", example.preference?.rejected]] as const) {
      const empty = turns && emptyTurn(turns);
      if (!empty) continue;
      this.#reject({ ...place, step: "normalize", code: "empty-turn", reason: `${part}turn ${empty.index + 1} (${empty.role}) holds nothing but invisible characters; fill it or remove the row`, raw });
      return;
    }
    const hash = contentHash(example);
    const earlier = this.#index.add(hash);
    if (earlier !== undefined) {
      const first = `${(sources[this.#origins[2 * earlier] as number] as SourceFile).name}:${this.#origins[2 * earlier + 1]}`;
      this.#reject({ ...place, step: "exact-dedup", code: "duplicate-of", reason: `has the same content as ${first}, which is kept`, raw });
      return;
    }
    this.#keep({ source: at, line, format, example, raw, ...(settings.lineage && example !== given ? { normalized: changes } : {}) }, hash);
    const set = shingles(exampleText(example, settings.scope), settings.shingle);
    this.#files.shingles.writeNumbers(set);
    this.#files.sizes.writeNumbers(Uint32Array.of(set.length));
  }

  #keep(row: WorkRow, hash: Buffer): void {
    const number = this.#index.count - 1;
    if (2 * number >= this.#origins.length) {
      const larger = new Uint32Array(this.#origins.length * 2);
      larger.set(this.#origins);
      this.#origins = larger;
    }
    const origin = Uint32Array.of(row.source, row.line);
    this.#origins.set(origin, 2 * number);
    this.#files.origins.writeNumbers(origin);
    this.#files.hashes.write(hash);
    this.#files.rows.write(`${JSON.stringify(row)}\n`);
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
    const count = this.#state.sources[at] as SourceCount;
    const place = { source: chunk.source, line: chunk.line };
    if (!Array.isArray(answer) || answer.length === 0) {
      const { code, reason } = Array.isArray(answer) ? { code: "no-pairs", reason: "the teacher made no pairs of this piece" } : answer;
      count.rows++;
      this.#reject({ ...place, step: "read", code, reason, raw: chunk.text });
      return;
    }
    for (const pair of answer) {
      count.rows++;
      const raw = JSON.stringify(pair);
      // Read like any row: what a teacher writes is checked no less than what a file holds.
      const parsed = parseRow("messages", { messages: pair.messages, ...(pair.tools ? { tools: pair.tools } : {}) });
      if (!parsed.ok) {
        this.#reject({ ...place, step: "schema", code: parsed.code, reason: parsed.reason, raw });
        continue;
      }
      const example: Example = { ...parsed.example, extra: { ...pair.extra, source: chunk.source, heading: chunk.heading } };
      delete example.extra[SIDE_FIELD];
      this.#takeExample(example, "messages", at, chunk.line, raw);
    }
  }
}

/** Work rows nest an example a few levels deeper than its source row, and must be readable themselves. */
const MAX_WORK_DEPTH = MAX_JSON_DEPTH - 8;

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null || isRawNumber(value)) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depthOf(inner));
  return deepest + 1;
}

/** The part of a map that speaks of a format's fields; a folder may hold files of several formats. */
function mapFor(format: Format, map: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const fields = Object.entries(map).filter(([field]) => FIELDS[format].includes(field));
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
