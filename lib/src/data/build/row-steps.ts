/** What is done to rows by themselves, in any thread: all that needs no knowledge of the other rows. */
import { contentHash, exampleText } from "../clean/content.js";
import { emptyTurn, normalizeExample } from "../clean/normalize.js";
import { shinglesInPlace, shingles } from "../dedup/shingles.js";
import { SIDE_FIELD, type Example, type Format } from "../example.js";
import { FIELDS } from "../formats/columns.js";
import { detectFormat, detectRow } from "../formats/detect.js";
import { refuseUntrained } from "../formats/messages.js";
import { formatRow, parseRow } from "../formats/row.js";
import { isRawNumber, MAX_JSON_DEPTH } from "../jsonl/json.js";
import type { RowItem } from "../jsonl/row-item.js";
import { maskExampleBy, type Finds } from "../pii/example.js";
import { MASK_PATTERN } from "../pii/kinds.js";
import type { Masking, PiiCounts } from "../pii/mask.js";
import { stratumOf } from "../split/dataset.js";
import { TemplateError, type Tokenizer } from "../tokens/tokenizer.js";
import { lineageStep } from "./lineage.js";
import type { BuildSettings } from "./options.js";
import { addCounts, type RejectedRow } from "./tally.js";
import { ByteBatch, NumberBatch } from "./batches.js";
import { addWorkRow, workRows } from "./work-rows.js";

/** The settings that the steps below look at. */
export type RowSettings = Pick<BuildSettings, "from" | "layout" | "map" | "scope" | "shingle" | "pii" | "piiKinds" | "stratify" | "lineage">;

/** Problems of the file rather than of one row's text. */
const READ_PROBLEMS = new Set(["invalid-utf8", "line-too-long", "array-not-closed", "text-after-array"]);

/** Rows as they were read, parsed and normalised. */
export interface ReadRows {
  /** Rows in all, and the line of the last; 0 if there is none. */
  rows: number;
  lastLine: number;
  formats: Partial<Record<Format, number>>;
  normalizedRows: number;
  normalizedTexts: Record<string, number>;
  /** Rows that left, and before how many passed rows each stood. */
  rejected: { before: number; row: RejectedRow }[];
  /** Passed rows as they go into `read.rows`, one after another. */
  records: Uint8Array;
  shingles: Uint32Array;
  /** How many shingles each has. */
  sizes: Uint32Array;
}

/** Collects rows that were read until they are one result. */
export class ReadBatch {
  readonly #settings: RowSettings;
  readonly #source: number;
  readonly #name: string;
  readonly #result: Omit<ReadRows, "records" | "shingles" | "sizes"> = { rows: 0, lastLine: 0, formats: {}, normalizedRows: 0, normalizedTexts: {}, rejected: [] };
  readonly #records: ByteBatch;
  readonly #shingles: NumberBatch;
  readonly #sizes = new NumberBatch();

  /**
   * @param source - number and name of the file
   * @param bytes - that the rows take in it, where that is known
   */
  constructor(settings: RowSettings, source: number, name: string, bytes = 0) {
    // A row is held as it was read and as an example, in about as many bytes; a shingle takes four, and a word five or more.
    this.#records = bytes === 0 ? new ByteBatch() : new ByteBatch(Math.ceil(2.4 * bytes));
    this.#shingles = bytes === 0 ? new NumberBatch() : new NumberBatch(bytes);
    this.#settings = settings;
    this.#source = source;
    this.#name = name;
  }

  /** A row of a file. */
  addItem(item: RowItem): void {
    const settings = this.#settings;
    const place = item.line;
    this.#result.lastLine = place;
    if (item.problem) {
      const { code, reason, raw, rawEncoding, span } = item.problem;
      this.reject(place, READ_PROBLEMS.has(code) ? "read" : "parse", code, reason, raw, { ...(rawEncoding ? { rawEncoding } : {}), ...(span ? { span } : {}) });
      return;
    }
    const format = settings.from === "auto" ? detectRow(item.value, settings.map)?.format : settings.from;
    if (format === undefined) {
      const detected = detectFormat([item.value], settings.map);
      this.reject(place, "schema", "unknown-format", detected.ok ? "the format is not known" : detected.message, item.text);
      return;
    }
    const fields = mapFor(format, settings.map);
    const parsed = parseRow(format, item.value, { spelling: false, ...(fields ? { map: fields } : {}) });
    if (!parsed.ok) {
      this.reject(place, "schema", parsed.code, parsed.reason, item.text);
      return;
    }
    const untrained = refuseUntrained(item.value);
    if (untrained) {
      this.reject(place, "schema", untrained.code, untrained.reason, item.text);
      return;
    }
    if (depthOf(parsed.example) > MAX_WORK_DEPTH) {
      this.reject(place, "schema", "too-deep", `is nested more than ${MAX_WORK_DEPTH} levels deep; flatten its fields`, item.text);
      return;
    }
    // How the row was spelled is of no use to a trainer; conversion that can be undone is the convert command's.
    delete parsed.example.extra[SIDE_FIELD];
    this.addExample(parsed.example, format, item.line, item.text);
  }

  /** An example of a row that was parsed. */
  addExample(given: Example, format: Format, line: number, raw: string): void {
    const result = this.#result;
    result.formats[format] = (result.formats[format] ?? 0) + 1;
    const { example, changes } = normalizeExample(given);
    if (example !== given) {
      result.normalizedRows++;
      addCounts(result.normalizedTexts, changes);
    }
    for (const [part, turns] of [["", example.messages], ["chosen ", example.preference?.chosen], ["rejected ", example.preference?.rejected]] as const) {
      const empty = turns && emptyTurn(turns);
      if (!empty) continue;
      this.reject(line, "normalize", "empty-turn", `${part}turn ${empty.index + 1} (${empty.role}) holds nothing but invisible characters; fill it or remove the row`, raw);
      return;
    }
    result.rows++;
    addWorkRow(this.#records, { source: this.#source, line, example, raw, ...(this.#settings.lineage && example !== given ? { normalized: changes } : {}) }, contentHash(example));
    const set = shinglesInPlace(exampleText(example, this.#settings.scope), this.#settings.shingle);
    this.#shingles.add(set);
    this.#sizes.add(Uint32Array.of(set.length));
  }

  /** A row that leaves. */
  reject(line: number, step: RejectedRow["step"], code: string, reason: string, raw: string, rest: Partial<RejectedRow> = {}): void {
    this.#result.rows++;
    this.#result.rejected.push({ before: this.#sizes.length, row: { source: this.#name, line, step, code, reason, raw, ...rest } });
  }

  take(): ReadRows {
    return { ...this.#result, records: this.#records.take(), shingles: this.#shingles.take(), sizes: this.#sizes.take() };
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

/** What {@link cleanRows} made of a row in which it masked something. */
export interface MaskedRow {
  counts: PiiCounts;
  /** Of the content as it is now, and its shingles. */
  hash: Uint8Array;
  shingles: Uint32Array;
  /** The example as it is now, where a filter will ask for it. */
  json?: string;
}

/** Rows in their final form, by their number in the batch. */
export interface CleanedRows {
  /** Rows with personal data that was masked. */
  masked: Map<number, MaskedRow>;
  /** Rows with personal data that they are dropped for. */
  dropped: Map<number, PiiCounts>;
  /** Rows whose text holds a mask, this build's or one it came with. */
  withMask: Set<number>;
  tokens: Uint32Array;
  /** Why rows cannot be counted or written. */
  faults: Map<number, { step: "length" | "format"; code: string; reason: string }>;
  /** Fields of turns that the rows were written without, as their format has no place for them. */
  droppedFields: Map<number, string[]>;
  /** Name of each row's stratum: a number in `strata`. */
  stratum: Uint32Array;
  strata: string[];
  /** The lines of the output, and the bytes of each; 0 for a row without one. */
  lines: Uint8Array;
  sizes: Uint32Array;
  /** The lines of the lineage; empty where none is written. */
  lineage: Map<number, string>;
}

/**
 * Masks, counts and formats rows of `read.rows`.
 *
 * @param skip - of each row, 1 if it has left already
 * @param tokenizer - counts tokens; without one they are 0
 * @param keepJson - whether the caller wants to see masked examples
 * @param finds - a model's
 */
export function cleanRows(
  bytes: Buffer, skip: Uint8Array, format: Format, settings: RowSettings, masking: Masking, tokenizer: Tokenizer | undefined, keepJson: boolean, finds?: Finds,
): CleanedRows {
  const rows = skip.length;
  const lines = new ByteBatch(Math.ceil(bytes.length * 0.6));
  const strata = new Map<string, number>();
  const result: CleanedRows = {
    masked: new Map(), dropped: new Map(), withMask: new Set(), tokens: new Uint32Array(rows), faults: new Map(), droppedFields: new Map(),
    stratum: new Uint32Array(rows), strata: [], lines: new Uint8Array(0), sizes: new Uint32Array(rows), lineage: new Map(),
  };
  const looks = masking.kinds.length > 0;
  const replaces = masking.kinds.some((kind) => masking.plan[kind] !== "drop");
  let at = -1;
  for (const row of workRows(bytes)) {
    if (skip[++at]) continue;
    let { example } = row;
    if (looks) {
      const found = maskExampleBy(example, masking, finds);
      if (found.drop) {
        result.dropped.set(at, found.counts);
        continue;
      }
      if (Object.keys(found.counts).length > 0) {
        example = found.example;
        const set = shingles(exampleText(example, settings.scope), settings.shingle);
        result.masked.set(at, { counts: found.counts, hash: contentHash(example), shingles: set, ...(keepJson ? { json: JSON.stringify(example) } : {}) });
      }
      if (replaces && MASK_PATTERN.test(exampleText(example))) result.withMask.add(at);
    }
    try {
      if (tokenizer) result.tokens[at] = tokenizer.countExample(example);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      result.faults.set(at, { step: "length", code: "template-refuses", reason: error.message });
      continue;
    }
    const name = stratumOf(example, settings.stratify ?? undefined);
    const known = strata.get(name);
    result.stratum[at] = known ?? strata.size;
    if (known === undefined) strata.set(name, strata.size);
    const formatted = formatRow(format, example, { plain: true, ...(settings.layout === undefined ? {} : { layout: settings.layout }) });
    if (!formatted.ok) {
      result.faults.set(at, { step: "format", code: formatted.code, reason: `cannot be written as ${format}: ${formatted.reason}` });
      continue;
    }
    if (formatted.dropped) result.droppedFields.set(at, formatted.dropped);
    const line = `${JSON.stringify(formatted.row)}\n`;
    const size = Buffer.byteLength(line);
    lines.room(size).write(line);
    result.sizes[at] = size;
    if (settings.lineage) {
      const step = lineageStep(formatted.row, row.source, row.line, row.normalized, result.masked.get(at)?.counts ?? {});
      result.lineage.set(at, `${JSON.stringify(step)}\n`);
    }
  }
  result.strata = [...strata.keys()];
  result.lines = lines.take();
  return result;
}
