import { readFileSync } from "node:fs";
import { contentHash, exampleText } from "../clean/content.js";
import { maskExample, PII_MASKS } from "../clean/pii.js";
import { countTokens, lengthFault } from "../clean/tokens.js";
import { ContentIndex } from "../dedup/exact.js";
import type { Duplicates } from "../dedup/prefix.js";
import { shingles } from "../dedup/shingles.js";
import type { Example, Format } from "../example.js";
import { formatRow } from "../formats/row.js";
import { readJsonl } from "../jsonl/reader.js";
import { MAX_STRATA, orderStrata, stratumOf } from "../split/dataset.js";
import { readDuplicates } from "./compare.js";
import { lineageStep } from "./lineage.js";
import { boundsOf } from "./options.js";
import type { WorkRow } from "./read.js";
import { Checkpoints, type BuildContext, type CleanState, type ReadState } from "./state.js";
import { addCounts, reject, type RejectedRow } from "./tally.js";
import { AppendFile, readNumbers } from "./work-files.js";

/** The numbers kept of every row that is left: 7 of 4 bytes. */
export const RECORD = { keyLow: 0, keyHigh: 1, stratum: 2, tokens: 3, source: 4, line: 5, row: 6, length: 7 } as const;

/** Work rows hold a row twice, as read and as parsed; a row of the reader's limit must fit. */
export const WORK_LINE_BYTES = 400 * 1024 * 1024;

const MASKED = new RegExp(Object.values(PII_MASKS).map((mask) => mask.replace(/[[\]]/g, "\\$&")).join("|"));

/**
 * The third stage: near-duplicates go, personal data is masked, lengths are checked, the caller's filter asked, and each
 * row written in its final form with the numbers that the split needs.
 *
 * Memory: 8 bytes a row for the duplicates and 8 for origins; 24 for each row with masked data.
 */
export async function cleanStage(context: BuildContext): Promise<void> {
  const { state, settings } = context;
  const read = state.read as ReadState;
  const clean = (state.clean ??= {
    done: false, sizes: {}, reasons: {}, offset: 0, line: 1, row: 0,
    format: settings.format === "auto" ? commonFormat(read) : settings.format,
    piiRows: 0, piiKinds: {}, strata: [],
  });
  if (clean.done) return;
  const stage = new Cleaning(context, clean);
  try {
    await stage.run();
  } finally {
    stage.close();
  }
}

/** The format that all rows came in, or messages. */
function commonFormat({ sources }: ReadState): Format {
  const formats = new Set(sources.flatMap(({ formats: counts }) => Object.keys(counts) as Format[]));
  const [only = "messages"] = formats;
  return formats.size === 1 ? only : "messages";
}

class Cleaning {
  readonly #context: BuildContext;
  readonly #state: CleanState;
  readonly #files: Record<"lines" | "rejected" | "records" | "shingles" | "sizes" | "masked" | "lineage", AppendFile>;
  readonly #checkpoints: Checkpoints;
  readonly #duplicates: Duplicates | undefined;
  readonly #origins: Uint32Array;
  readonly #strata: Map<string, number>;
  /** Content of rows with masked data: masking can make two rows equal. */
  readonly #masked = new ContentIndex();

  constructor(context: BuildContext, state: CleanState) {
    this.#context = context;
    this.#state = state;
    const open = (name: string): AppendFile => new AppendFile(context.space.file(`clean.${name}`), state.sizes[name] ?? 0);
    this.#files = {
      lines: open("lines"), rejected: open("rejected"), records: open("records"),
      shingles: open("shingles"), sizes: open("sizes"), masked: open("masked"), lineage: open("lineage"),
    };
    this.#checkpoints = new Checkpoints(this.#files);
    this.#duplicates = readDuplicates(context);
    this.#origins = readNumbers(context.space.file("read.origins"));
    this.#strata = new Map(state.strata.map((name, number) => [name, number]));
    if (this.#files.masked.size > 0) {
      const hashes = readFileSync(this.#files.masked.path);
      for (let at = 0; at < hashes.length; at += 16) this.#masked.add(hashes.subarray(at, at + 16));
    }
  }

  close(): void {
    this.#checkpoints.close();
  }

  async run(): Promise<void> {
    const { options, space } = this.#context;
    const total = this.#origins.length / 2;
    const rows = readJsonl(space.file("read.rows"), {
      startOffset: this.#state.offset, startLine: this.#state.line, maxLineBytes: WORK_LINE_BYTES, ...(options.signal ? { signal: options.signal } : {}),
    });
    for await (const batch of rows) {
      const first = batch[0];
      if (first && this.#checkpoints.due()) {
        this.#state.offset = first.offset;
        this.#state.line = first.line;
        this.#state.strata = [...this.#strata.keys()];
        await this.#checkpoints.save(this.#context, this.#state);
      }
      for (const item of batch) {
        if (item.problem) throw new Error(`${space.file("read.rows")}:${item.line}: ${item.problem.reason}`);
        await this.#take(item.value as unknown as WorkRow);
        this.#state.row++;
      }
      this.#context.progress({ stage: "clean", done: this.#state.row, total, unit: "rows" });
    }
    this.#state.done = true;
    this.#state.strata = [...this.#strata.keys()];
    await this.#checkpoints.save(this.#context, this.#state);
  }

  #place(row: number): string {
    return `${this.#context.sources[this.#origins[2 * row] as number]?.name ?? ""}:${this.#origins[2 * row + 1]}`;
  }

  async #take({ source, line, example: given, raw, normalized }: WorkRow): Promise<void> {
    const { settings, options, sources } = this.#context;
    const row = this.#state.row;
    const origin = { source: sources[source]?.name ?? "", line };
    const out = (step: RejectedRow["step"], code: string, reason: string): void => {
      reject({ ...origin, step, code, reason, raw }, this.#files.rejected, this.#state.reasons);
    };

    const keptRow = this.#duplicates?.keptRows[row] ?? row;
    if (keptRow !== row) {
      const similarity = this.#duplicates?.similarities[row] ?? 0;
      // Cut, not rounded: 0.7999 must not read as 0.80, nor 0.9999 as the same text.
      out("fuzzy-dedup", "near-duplicate-of", `is ${(Math.floor(similarity * 1000 + 1e-3) / 1000).toFixed(3)} similar to ${this.#place(keptRow)}, which is kept`);
      return;
    }
    let example: Example = given;
    let piiCounts: Readonly<Record<string, number | undefined>> = {};
    if (settings.pii !== "off") {
      const masked = maskExample(example);
      const kinds = Object.entries(masked.counts);
      if (kinds.length > 0) {
        this.#state.piiRows++;
        addCounts(this.#state.piiKinds, masked.counts);
        if (settings.pii === "drop") {
          out("pii", "personal-data", `holds ${kinds.map(([kind, count]) => `${count} × ${kind}`).join(", ")}; mask it to keep the row`);
          return;
        }
        example = masked.example;
        piiCounts = masked.counts;
      }
    }
    const hash = contentHash(example);
    if (settings.pii === "mask" && MASKED.test(exampleText(example))) {
      if (this.#masked.add(hash) !== undefined) {
        out("pii", "duplicate-after-masking", "has the same content as an earlier row once personal data is masked");
        return;
      }
      this.#files.masked.write(hash);
    }
    const bounds = boundsOf(settings);
    const tokens = countTokens(example, bounds);
    const fault = lengthFault(tokens, bounds);
    if (fault) {
      out("length", fault, `has ${tokens} tokens, ${fault === "too-long" ? `more than ${settings.maxTokens}` : `fewer than ${settings.minTokens}`}`);
      return;
    }
    if (options.filter) {
      const verdict = await options.filter.test(example, origin);
      if (verdict !== true) {
        out("filter", verdict.code, verdict.reason);
        return;
      }
    }
    const formatted = formatRow(this.#state.format, example, { plain: true });
    if (!formatted.ok) {
      out("format", formatted.code, `cannot be written as ${this.#state.format}: ${formatted.reason}`);
      return;
    }
    this.#files.lines.write(`${JSON.stringify(formatted.row)}\n`);
    if (settings.lineage) this.#files.lineage.write(`${JSON.stringify(lineageStep(formatted.row, source, line, normalized, piiCounts))}\n`);
    const set = shingles(exampleText(example, settings.scope), settings.shingle);
    this.#files.shingles.writeNumbers(set);
    this.#files.sizes.writeNumbers(Uint32Array.of(set.length));
    const stratum = this.#stratum(stratumOf(example, settings.stratify ?? undefined));
    this.#files.records.writeNumbers(Uint32Array.of(hash.readUInt32LE(0), hash.readUInt32LE(4), stratum, tokens, source, line, row));
  }

  #stratum(name: string): number {
    const known = this.#strata.get(name);
    if (known !== undefined) return known;
    this.#strata.set(name, this.#strata.size);
    if (this.#strata.size > MAX_STRATA) orderStrata(new Set(this.#strata.keys()), this.#context.settings.stratify);
    return this.#strata.size - 1;
  }
}
