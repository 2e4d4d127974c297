import { describeTokens } from "../report/report.js";
import type { Format } from "../example.js";
import type { Encoding } from "../tokens/openai.js";
import { proposeBump, type BumpProposal } from "./bump.js";
import { CHANGE_KINDS, compareRows, labelFields, type ChangeKind, type RowChange } from "./change.js";
import { openDataset, type OpenedDataset } from "./dataset.js";
import { MATCH, matchChanged, matchEqual, rowOf, type Matches } from "./match.js";
import { loadRows, placeOf, rowTokens, scanDataset, type RowPlace, type ScannedDataset } from "./scan.js";
import { coverageShifts, type CoverageShift } from "./coverage.js";
import { compareSchemas, type SchemaDiff } from "./schema.js";
import { TestRows } from "./test-rows.js";

/** Tokens of a side. */
export interface TokenSummary {
  total: number;
  median: number;
  mean: number;
  p95: number;
  max: number;
}

export interface DiffSide {
  label: string;
  /** Hash of the content, see content.ts. */
  content: string;
  rows: number;
  format: Format | null;
  splits: { name: string; rows: number }[];
  /** Null where tokens were not counted. */
  tokens: TokenSummary | null;
}

/** A row that stands in another split than before. */
export interface RowMove {
  from: RowPlace;
  to: RowPlace;
  /** Its text or fields changed as well. */
  changed: boolean;
}

/** What is different between two datasets. Lists hold the first rows of each kind; the numbers count all. */
export interface DatasetDiff {
  kind: "llmops-dataset-diff";
  version: 1;
  a: DiffSide;
  b: DiffSide;
  /** The content is the same: every row of every split, in order. */
  same: boolean;
  rows: { unchanged: number; added: number; removed: number; changed: number; moved: number; leaked: number; reordered: boolean };
  /** Changed rows by what changed in them; a row with several kinds counts once, for the first of label, text, format, id, metadata. */
  changes: Record<ChangeKind, number>;
  added: RowPlace[];
  removed: RowPlace[];
  changed: RowChange[];
  moved: RowMove[];
  /**
   * Rows that A tests or validates with and B trains on: moved there, copied, or copied with other words (a near-copy is at
   * least 0.7 similar to the test row, or holds most of it). A model trained on B must not be measured with A's test rows.
   */
  leaked: { from: RowPlace; to: RowPlace; how: "moved" | "moved and changed" | "copied" | "near-copy" }[];
  labels: string[];
  schema: SchemaDiff;
  coverage: CoverageShift[];
  bump: BumpProposal;
}

export interface DiffOptions {
  /** Where `ds://` references are looked up. Default: `findVersionStore()`. */
  store?: string;
  /** The field that names a row. Default `id`. */
  id?: string;
  /** The fields that are labels. Default: found by their values, see `labelFields`. */
  labels?: readonly string[];
  /** Jaccard similarity from which two rows are one that changed. Default 0.6. */
  similarity?: number;
  /** The tokens that are counted; false counts none, which is most of the time saved. Default `o200k_base`. */
  encoding?: Encoding | false;
  /** Rows listed of each kind. Default 1000. */
  limit?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { stage: "a" | "b" | "match"; rows: number }) => void;
}

/** Splits that a model is measured with. */
const EVALUATION = /^(?:test|val|valid|validation|dev|eval|evaluation|holdout)/i;

/**
 * What is different between two datasets: folders, files, or published versions (`ds://task-api@1.2.0`).
 *
 * Rows are matched where they are equal, then by id, then by the similarity of their texts; so a row that was corrected
 * is one changed row, not one removed and one added. Where a side is a single file, splits are not compared.
 *
 * Memory: some 50 bytes a row, and the JSON text of the rows that are not equal on both sides, with 4 bytes a word.
 *
 * @param a - the dataset before
 * @param b - the dataset after
 * @throws FileError when a side cannot be read; VersionError for a reference that cannot be resolved
 */
export async function diffDatasets(a: string, b: string, options: DiffOptions = {}): Promise<DatasetDiff> {
  const open = { ...(options.store === undefined ? {} : { store: options.store }), ...(options.signal ? { signal: options.signal } : {}) };
  return diffOpened(await openDataset(a, open), await openDataset(b, open), options);
}

/** {@link diffDatasets} of datasets that are open. */
export async function diffOpened(openedA: OpenedDataset, openedB: OpenedDataset, options: DiffOptions = {}): Promise<DatasetDiff> {
  const { id = "id", similarity = 0.6, limit = 1000, signal } = options;
  if (!(similarity > 0 && similarity <= 1)) throw new RangeError(`the similarity must be over 0 and at most 1, not ${similarity}`);
  const encoding = options.encoding === false ? undefined : (options.encoding ?? "o200k_base");
  const whole = openedA.kind === "file" || openedB.kind === "file";
  const [sideA, sideB] = whole ? [inOneSplit(openedA), inOneSplit(openedB)] : [openedA, openedB];
  const common = { id, ...(signal ? { signal } : {}) };
  const a = await scanDataset(sideA, { ...common, ...(encoding ? { encoding } : {}), onRows: (rows) => options.onProgress?.({ stage: "a", rows }) });
  // Most rows are the same on both sides: their tokens are counted once.
  const b = await scanDataset(sideB, { ...common, onRows: (rows) => options.onProgress?.({ stage: "b", rows }) });

  const names = [...new Set([...sideA.splits, ...sideB.splits].map(({ name }) => name))];
  const numbersOf = (scan: ScannedDataset): number[] => scan.dataset.splits.map(({ name }) => names.indexOf(name));
  const [numbersA, numbersB] = [numbersOf(a), numbersOf(b)];
  const splitOfA = (row: number): number => numbersA[a.splits[row] as number] as number;
  const splitOfB = (row: number): number => numbersB[b.splits[row] as number] as number;
  const matches = matchEqual(a, b, splitOfA, splitOfB);
  options.onProgress?.({ stage: "match", rows: b.count });

  const rowsA = await loadRows(a, (row) => matches.inB[row] === -1, signal);
  const rowsB = await loadRows(b, (row) => matches.inA[row] === -1, signal);
  matchChanged(a, b, rowsA, rowsB, similarity, matches);

  const labels = options.labels ? [...options.labels] : labelFields(a, b, id);
  const diff: Omit<DatasetDiff, "bump" | "schema" | "coverage" | "a" | "b"> = {
    kind: "llmops-dataset-diff", version: 1, same: sameContent(a, b),
    rows: { unchanged: 0, added: 0, removed: 0, changed: 0, moved: 0, leaked: 0, reordered: false },
    changes: Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as Record<ChangeKind, number>,
    added: [], removed: [], changed: [], moved: [], leaked: [], labels,
  };
  const labelSet = new Set(labels);
  const note = <T>(list: T[], make: () => T): void => { if (list.length < limit) list.push(make()); };
  const leak = (tested: number, row: number, how: DatasetDiff["leaked"][number]["how"]): void => {
    diff.rows.leaked++;
    note(diff.leaked, () => ({ from: placeOf(a, tested), to: placeOf(b, row), how }));
  };
  const tests = (scan: ScannedDataset, row: number): boolean => EVALUATION.test(scan.dataset.splits[scan.splits[row] as number]?.name ?? "");
  const testRows = evaluationHashes(a);
  const near = await nearCopies(a, b, rowsA, rowsB, matches, tests, signal);
  const lastOf = new Map<number, number>();
  for (let row = 0; row < b.count; row++) {
    const other = matches.inA[row] as number;
    const to = (): RowPlace => placeOf(b, row);
    const trains = !EVALUATION.test(names[splitOfB(row)] as string);
    if (other === -1) {
      diff.rows.added++;
      note(diff.added, to);
      const tested = trains ? testRows.find(row, b) : undefined;
      if (tested !== undefined) leak(tested, row, "copied");
      else if (near.has(row)) leak(near.get(row) as number, row, "near-copy");
      continue;
    }
    const from = (): RowPlace => placeOf(a, other);
    const how = matches.how[row];
    const moved = splitOfA(other) !== splitOfB(row);
    if (how !== MATCH.exact) {
      const compared = compareRows(rowOf(rowsA.get(other) as string), rowOf(rowsB.get(row) as string), labelSet, id);
      diff.rows.changed++;
      const [kind = "metadata"] = compared.kinds;
      diff.changes[kind]++;
      note(diff.changed, () => ({
        from: from(), to: to(), by: how === MATCH.id ? "id" : "similarity",
        similarity: Math.floor((matches.similarity[row] as number) * 1000 + 1e-3) / 1000, ...compared,
      }));
    } else if (!moved) diff.rows.unchanged++;
    if (moved) {
      diff.rows.moved++;
      note(diff.moved, () => ({ from: from(), to: to(), changed: how !== MATCH.exact }));
      if (trains && EVALUATION.test(names[splitOfA(other)] as string)) {
        leak(other, row, how === MATCH.exact ? "moved" : "moved and changed");
        continue;
      }
    } else {
      const last = lastOf.get(splitOfB(row)) ?? -1;
      if (other < last) diff.rows.reordered = true;
      lastOf.set(splitOfB(row), Math.max(other, last));
    }
    if (near.has(row)) leak(near.get(row) as number, row, "near-copy");
  }
  for (let row = 0; row < a.count; row++) {
    if (matches.inB[row] !== -1) continue;
    diff.rows.removed++;
    note(diff.removed, () => placeOf(a, row));
  }
  const tokens = encoding ? tokensOf(b, a, matches.inA, matches.how, rowsB, encoding) : undefined;
  const schema = compareSchemas(a, b);
  const unbumped = { ...diff, schema };
  return {
    ...diff,
    a: sideOf(a, encoding ? a.tokens.subarray(0, a.count) : undefined),
    b: sideOf(b, tokens),
    schema,
    coverage: coverageShifts(a, b, labels),
    bump: proposeBump(unbumped),
  };
}

/** Splits are not compared where a side has none. */
function inOneSplit(dataset: OpenedDataset): OpenedDataset {
  return { ...dataset, splits: [{ name: "all", files: dataset.splits.flatMap(({ files }) => files) }] };
}

function sameContent(a: ScannedDataset, b: ScannedDataset): boolean {
  return a.content === b.content;
}

/**
 * Rows that B trains on and that are near-copies of A's test rows, by their number, with the test row: among the rows that are
 * new or say something new. A second pass over A, where there are any.
 */
async function nearCopies(
  a: ScannedDataset, b: ScannedDataset, rowsA: ReadonlyMap<number, string>, rowsB: ReadonlyMap<number, string>,
  matches: Matches, tests: (scan: ScannedDataset, row: number) => boolean, signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, number>> {
  const near = new Map<number, number>();
  const fresh = [...rowsB].filter(([row]) => !tests(b, row));
  if (fresh.length === 0) return near;
  const texts = await loadRows(a, (row) => tests(a, row), signal);
  if (texts.size === 0) return near;
  const index = new TestRows(texts);
  for (const [row, text] of fresh) {
    signal?.throwIfAborted();
    const tested = index.find(text);
    // What was as near before is no leak of this change.
    const before = rowsA.get(matches.inA[row] as number);
    if (tested !== undefined && !(before !== undefined && index.find(before) === tested)) near.set(row, tested);
  }
  return near;
}

/** The rows of A that models are measured with, to be found by their hash. */
function evaluationHashes(a: ScannedDataset): { find(row: number, b: ScannedDataset): number | undefined } {
  const key = ({ hashes }: ScannedDataset, row: number): number => ((hashes[4 * row] as number) & 0x1fffff) * 2 ** 32 + (hashes[4 * row + 1] as number);
  const rows = new Map<number, number>();
  for (let row = 0; row < a.count; row++) {
    if (EVALUATION.test(a.dataset.splits[a.splits[row] as number]?.name ?? "")) rows.set(key(a, row), row);
  }
  return {
    find: (row, b) => {
      const found = rows.get(key(b, row));
      if (found === undefined) return undefined;
      for (let part = 2; part < 4; part++) if (a.hashes[4 * found + part] !== b.hashes[4 * row + part]) return undefined;
      return found;
    },
  };
}

/** The tokens of B's rows: those of A's where they are equal. */
function tokensOf(b: ScannedDataset, a: ScannedDataset, inA: Int32Array, how: Uint8Array, rowsB: ReadonlyMap<number, string>, encoding: Encoding): Uint32Array {
  return Uint32Array.from({ length: b.count }, (_, row) =>
    how[row] === MATCH.exact ? (a.tokens[inA[row] as number] as number) : rowTokens(rowOf(rowsB.get(row) as string), encoding));
}

function sideOf(scan: ScannedDataset, tokens: Uint32Array | undefined): DiffSide {
  const described = tokens && describeTokens(tokens.slice(), "");
  return {
    label: scan.dataset.label, content: scan.content, rows: scan.count, format: scan.format,
    splits: scan.dataset.splits.map(({ name }) => ({ name, rows: scan.splitContents[name]?.rows ?? 0 })),
    tokens: described ? { total: described.total, median: described.median, mean: described.mean, p95: described.p95, max: described.max } : null,
  };
}
