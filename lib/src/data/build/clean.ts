import { readFileSync } from "node:fs";
import { ContentIndex } from "../dedup/exact.js";
import type { Duplicates } from "../dedup/prefix.js";
import type { Format } from "../example.js";
import { textsOf, type Finds, type PiiModel } from "../pii/example.js";
import type { PiiMatch } from "../pii/kinds.js";
import { maskingOf, type Masking } from "../pii/mask.js";
import { contaminationReason } from "../quality/decontaminate.js";
import { firstFinding } from "../quality/rules.js";
import { MAX_STRATA, orderStrata } from "../split/dataset.js";
import { lengthFault } from "../tokens/length.js";
import { release } from "./batches.js";
import { readDuplicates } from "./compare.js";
import type { Crew } from "./crew.js";
import type { CleanJob } from "./jobs.js";
import { boundsOf } from "./options.js";
import type { CleanedRows } from "./row-steps.js";
import { Checkpoints, type BuildContext, type CleanState, type ReadState } from "./state.js";
import { addCounts, reject, type RejectedRow } from "./tally.js";
import { AppendFile, NumberFile, readNumbers } from "./work-files.js";
import { countWorkRows, HASH_BYTES, maskedExample, workRowBatches, workRows, type WorkRow } from "./work-rows.js";

/** The numbers kept of every row that is left: 7 of 4 bytes. */
export const RECORD = { keyLow: 0, keyHigh: 1, stratum: 2, tokens: 3, source: 4, line: 5, row: 6, length: 7 } as const;

/** Work rows hold a row twice, as read and as parsed; a row of the reader's limit must fit. */
export const WORK_LINE_BYTES = 400 * 1024 * 1024;

/**
 * The third stage: near-duplicates go, personal data is masked, lengths are checked, the caller's filter asked, and each
 * row written in its final form with the numbers that the split needs.
 *
 * Memory: 8 bytes a row for the duplicates and 8 for origins; 24 for each row with masked data.
 */
export async function cleanStage(context: BuildContext, crew: Crew): Promise<void> {
  const { state, settings } = context;
  const read = state.read as ReadState;
  const clean = (state.clean ??= {
    done: false, sizes: {}, reasons: {}, offset: 0, row: 0,
    format: settings.format === "auto" ? commonFormat(read) : settings.format,
    piiRows: 0, piiKinds: {}, droppedFields: {}, strata: [],
  });
  if (clean.done) return;
  const stage = new Cleaning(context, clean, crew);
  try {
    await stage.run();
  } finally {
    stage.close();
  }
}

/** The format that all rows came in, or messages. */
function commonFormat({ sources }: ReadState): Format {
  const formats = new Set(sources.flatMap(({ formats: counts }) => Object.keys(counts) as Format[]));
  // Running text among conversations cannot become one: it is rejected, and does not decide for the others.
  if (formats.size > 1) formats.delete("text");
  const [only = "messages"] = formats;
  return formats.size === 1 ? only : "messages";
}

class Cleaning {
  readonly #context: BuildContext;
  readonly #state: CleanState;
  readonly #crew: Crew;
  readonly #files: Record<"lines" | "rejected" | "records" | "shingles" | "sizes" | "masked" | "lineage", AppendFile>;
  readonly #checkpoints: Checkpoints;
  readonly #duplicates: Duplicates | undefined;
  readonly #origins: Uint32Array;
  /** Shingles of all rows in order, and how many each has: those of a row that nothing was masked in are still right. */
  readonly #shingles: NumberFile;
  readonly #sizes: Uint32Array;
  readonly #strata: Map<string, number>;
  /** Content of rows with masked data: masking can make two rows equal. */
  readonly #masked = new ContentIndex();
  /** Rows that another contradicts: the same content with the opposite label. */
  readonly #contradicted: ReadonlySet<number>;

  constructor(context: BuildContext, state: CleanState, crew: Crew) {
    this.#context = context;
    this.#state = state;
    this.#crew = crew;
    const open = (name: string): AppendFile => new AppendFile(context.space.file(`clean.${name}`), state.sizes[name] ?? 0);
    this.#files = {
      lines: open("lines"), rejected: open("rejected"), records: open("records"),
      shingles: open("shingles"), sizes: open("sizes"), masked: open("masked"), lineage: open("lineage"),
    };
    this.#checkpoints = new Checkpoints(this.#files);
    this.#duplicates = readDuplicates(context);
    this.#origins = readNumbers(context.space.file("read.origins"));
    this.#contradicted = new Set(readNumbers(context.space.file("read.contradicted")));
    this.#sizes = readNumbers(context.space.file("read.sizes"));
    this.#shingles = new NumberFile(context.space.file("read.shingles"));
    for (let row = 0; row < state.row; row++) this.#shingles.skip(this.#sizes[row] as number);
    this.#strata = new Map(state.strata.map((name, number) => [name, number]));
    if (this.#files.masked.size > 0) {
      const hashes = readFileSync(this.#files.masked.path);
      for (let at = 0; at < hashes.length; at += HASH_BYTES) this.#masked.add(hashes.subarray(at, at + HASH_BYTES));
    }
  }

  close(): void {
    this.#checkpoints.close();
    this.#shingles.close();
  }

  async run(): Promise<void> {
    const total = this.#origins.length / 2;
    let row = this.#state.row;
    let { offset } = this.#state;
    for await (const { job, result } of this.#crew.map(this.#jobs())) {
      if (this.#checkpoints.due()) {
        this.#state.offset = offset;
        this.#state.row = row;
        this.#state.strata = [...this.#strata.keys()];
        await this.#checkpoints.save(this.#context, this.#state);
      }
      const bytes = Buffer.from(job.bytes.buffer, job.bytes.byteOffset, job.bytes.byteLength);
      let line = 0;
      let at = 0;
      for (const work of workRows(bytes)) {
        const size = result.sizes[at] as number;
        await this.#take(work, row, at, result, line);
        line += size;
        at++;
        row++;
      }
      offset += bytes.length;
      release(bytes, result.lines, result.tokens, result.stratum, result.sizes);
      this.#context.progress({ stage: "clean", done: row, total, unit: "rows" });
    }
    this.#state.done = true;
    this.#state.row = row;
    this.#state.strata = [...this.#strata.keys()];
    await this.#checkpoints.save(this.#context, this.#state);
  }

  async *#jobs(): AsyncGenerator<CleanJob, void, void> {
    const { options, settings, space } = this.#context;
    const { piiModel } = options;
    const masking = maskingOf({ mode: settings.pii, ...(settings.piiKinds ? { kinds: settings.piiKinds } : {}) });
    let row = this.#state.row;
    for (const bytes of workRowBatches(space.file("read.rows"), this.#state.offset)) {
      options.signal?.throwIfAborted();
      const skip = new Uint8Array(countWorkRows(bytes));
      for (let at = 0; at < skip.length; at++, row++) skip[at] = this.#keptRow(row) === row && !this.#contradicted.has(row) ? 0 : 1;
      // The last tests look at a row as it will be written, personal data masked.
      const keepJson = options.filter !== undefined || options.rules !== undefined || this.#context.tests !== undefined;
      const finds = piiModel && masking.kinds.length > 0 ? await this.#ask(piiModel, masking, bytes, skip) : undefined;
      yield { kind: "clean", bytes, skip, format: this.#state.format, keepJson, ...(finds ? { finds } : {}) };
    }
  }

  /** A model stays in this thread, as it cannot be sent to another; what it found goes with the job. */
  async #ask(model: PiiModel, masking: Masking, bytes: Buffer, skip: Uint8Array): Promise<Finds> {
    const finds = new Map<string, readonly PiiMatch[]>();
    let at = 0;
    for (const row of workRows(bytes)) {
      if (skip[at++]) continue;
      this.#context.options.signal?.throwIfAborted();
      for (const text of textsOf(row.example, masking)) {
        if (finds.has(text)) continue;
        const found = await model.find(text);
        if (found.length > 0) finds.set(text, found);
      }
    }
    return finds;
  }

  #keptRow(row: number): number {
    return this.#duplicates?.keptRows[row] ?? row;
  }

  #place(row: number): string {
    return `${this.#context.sources[this.#origins[2 * row] as number]?.name ?? ""}:${this.#origins[2 * row + 1]}`;
  }

  /** Decides about a row: `at` is its number in the batch, `start` where its line begins in the batch's lines. */
  async #take(work: WorkRow, row: number, at: number, cleaned: CleanedRows, start: number): Promise<void> {
    const { settings, options, sources, tests } = this.#context;
    const { source, line } = work;
    const origin = { source: sources[source]?.name ?? "", line };
    const size = this.#sizes[row] as number;
    const out = (step: RejectedRow["step"], code: string, reason: string): void => {
      reject({ ...origin, step, code, reason, raw: work.raw }, this.#files.rejected, this.#state.reasons);
      this.#shingles.skip(size);
    };

    if (this.#contradicted.has(row)) {
      out("exact-dedup", "contradictory-label", "has the same content as a later row and the opposite label; settle which is right, both rows leave");
      return;
    }
    const keptRow = this.#keptRow(row);
    if (keptRow !== row) {
      const similarity = this.#duplicates?.similarities[row] ?? 0;
      // Cut, not rounded: 0.7999 must not read as 0.80, nor 0.9999 as the same text.
      out("fuzzy-dedup", "near-duplicate-of", `is ${(Math.floor(similarity * 1000 + 1e-3) / 1000).toFixed(3)} similar to ${this.#place(keptRow)}, which stands for both`);
      return;
    }
    const masked = cleaned.masked.get(at);
    const dropped = cleaned.dropped.get(at);
    const counts = masked?.counts ?? dropped;
    if (counts) {
      this.#state.piiRows++;
      addCounts(this.#state.piiKinds, counts);
    }
    if (dropped) {
      const kinds = Object.entries(dropped).map(([kind, count]) => `${count} × ${kind}`);
      out("pii", "personal-data", `holds ${kinds.join(", ")}; mask it to keep the row`);
      return;
    }
    let hash = masked ? Buffer.from(masked.hash) : work.hash;
    if (cleaned.withMask.has(at)) {
      hash = Buffer.from(hash);
      // Rows that only masking made equal are no contradiction: those with opposite labels both stay.
      hash.writeUInt8(hash.readUInt8(15) ^ work.label, 15);
      if (this.#masked.add(hash) !== undefined) {
        out("pii", "duplicate-after-masking", "has the same content as an earlier row once personal data is masked");
        return;
      }
      this.#files.masked.write(hash);
    }
    const fault = cleaned.faults.get(at);
    if (fault?.step === "length") {
      out(fault.step, fault.code, fault.reason);
      return;
    }
    const tokens = cleaned.tokens[at] as number;
    const length = lengthFault(tokens, boundsOf(settings));
    if (length) {
      out("length", length, `has ${tokens} tokens, ${length === "too-long" ? `more than ${settings.maxTokens}` : `fewer than ${settings.minTokens}`}`);
      return;
    }
    if (options.rules || tests || options.filter) {
      const example = masked?.json === undefined ? work.example : maskedExample(masked.json);
      const finding = options.rules && firstFinding(example, options.rules);
      if (finding) {
        out("filter", finding.code, finding.reason);
        return;
      }
      // Test rows may have been masked or not.
      const held = tests?.find(example) ?? (masked?.json === undefined ? undefined : tests?.find(work.example));
      if (held) {
        out("filter", "contaminated", contaminationReason(held));
        return;
      }
      const verdict = options.filter ? await options.filter.test(example, origin) : true;
      if (verdict !== true) {
        out("filter", verdict.code, verdict.reason);
        return;
      }
    }
    if (fault) {
      out(fault.step, fault.code, fault.reason);
      return;
    }
    for (const field of cleaned.droppedFields.get(at) ?? []) this.#state.droppedFields[field] = (this.#state.droppedFields[field] ?? 0) + 1;
    this.#files.lines.write(cleaned.lines.subarray(start, start + (cleaned.sizes[at] as number)));
    const lineage = cleaned.lineage.get(at);
    if (lineage !== undefined) this.#files.lineage.write(lineage);
    const set = this.#shingles.take(size);
    this.#keepShingles(masked ? masked.shingles : set);
    const stratum = this.#stratum(cleaned.strata[cleaned.stratum[at] as number] as string);
    this.#files.records.writeNumbers(Uint32Array.of(hash.readUInt32LE(0), hash.readUInt32LE(4), stratum, tokens, source, line, row));
  }

  #keepShingles(set: Uint32Array): void {
    this.#files.shingles.writeNumbers(set);
    this.#files.sizes.writeNumbers(Uint32Array.of(set.length));
  }

  #stratum(name: string): number {
    const known = this.#strata.get(name);
    if (known !== undefined) return known;
    this.#strata.set(name, this.#strata.size);
    if (this.#strata.size > MAX_STRATA) orderStrata(new Set(this.#strata.keys()), this.#context.settings.stratify);
    return this.#strata.size - 1;
  }
}
