import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { LINEAGE_FILE, lineageHash, LineageRowSchema, type LineageRow } from "../build/lineage.js";
import { chunkDocument, type DocumentKind } from "../ingest/document.js";
import { hashFile } from "../ingest/sources.js";
import { FileError } from "../jsonl/file-error.js";
import type { JsonObject } from "../jsonl/json.js";
import { readJsonl } from "../jsonl/reader.js";
import { openRows } from "../jsonl/rows.js";
import type { Manifest } from "../report/manifest.js";
import { openDataset, type OpenedDataset } from "./dataset.js";

export interface TraceOptions {
  /** Where `ds://` references are looked up. */
  store?: string;
  /** Folders in which sources are looked for, before this one and the dataset's. */
  sources?: readonly string[];
  signal?: AbortSignal;
}

/** A step that a row went through. */
export interface TracedStep {
  step: string;
  settings: Record<string, unknown>;
  /** What the step changed in this row; absent when nothing. */
  changed?: Record<string, number>;
}

/** Where a row came from. */
export interface RowTrace {
  split: string;
  line: number;
  row: JsonObject;
  /** Whether the row is as the build wrote it: else `moved` (found under another number) or `changed` (by hand, since). */
  state: "as-built" | "moved" | "changed";
  source: {
    name: string;
    kind: string;
    line: number;
    sha256: string;
    /** `there`, `changed` since the build (its hash differs), or `gone`. */
    state: "there" | "changed" | "gone";
    path?: string;
    /** The row, or the piece of a document, as it stands in the source; only where that is unchanged. */
    raw?: string;
  };
  steps: TracedStep[];
  /** The build: its library, and all of its settings. */
  build: { library: string; seed: number; settings: Record<string, unknown> };
  /**
   * The teacher's answer that the row came in, by the row's `id`, which `generateConversations` and `createPairWriter` set
   * to `<response>/<place in it>`, from 0. The teacher's cache holds one file for each answer, with its response id, named
   * by the SHA-256 of the request; so the way leads on from the row to model and request (`llmops data lineage` goes it).
   * Absent where a row has no such id: rows of other origin, and rows whose id was taken off.
   */
  generated?: { response: string; index: number };
}

/** The settings of each step, by their names in the manifest. */
const STEP_SETTINGS: readonly [step: string, settings: readonly string[]][] = [
  ["read", ["from", "map", "documents"]],
  ["normalize", []],
  ["exact-dedup", []],
  ["fuzzy-dedup", ["threshold", "shingle", "numPerm", "scope", "keep", "seed"]],
  ["pii", ["pii", "piiKinds", "piiSalt", "piiModel"]],
  ["length", ["minTokens", "maxTokens", "encoding", "tokenizerSha256"]],
  ["filter", ["rules", "against", "filter"]],
  ["format", ["format", "layout"]],
  ["split", ["split", "splitNames", "stratify", "leakThreshold", "seed"]],
];

/**
 * Where a row of a built dataset came from: its source and line, the steps it went through with their settings and what
 * they changed, and the row as it was read, where the source is still there and unchanged.
 *
 * @param where - a dataset's folder, or a version (`ds://task-api@1.2.0`), built with `lineage: true`
 * @param line - 1-based line of the split's file
 * @throws FileError when the dataset has no lineage, no such split or no such line, or the row was changed so that it
 *   cannot be told where it came from
 */
export async function traceRow(where: string, split: string, line: number, options: TraceOptions = {}): Promise<RowTrace> {
  const opened = await openDataset(where, options);
  const { manifest } = opened;
  const lineage = opened.files.find(({ name }) => name === LINEAGE_FILE);
  if (!manifest || !lineage) {
    throw new FileError("unsupported", where, "holds no lineage", `build it with lineage: true or llmops data build --lineage${manifest ? " (the sources and settings stand in its manifest.json)" : ""}`);
  }
  const { row, rows, built } = await rowAt(opened, where, split, line);
  const found = await findLineage(lineage.path, where, `${split}:${line}`, lineageHash(row), rows === built, options.signal);
  const source = manifest.sources[found.row.source];
  if (!source) throw new FileError("unsupported", lineage.path, `names source ${found.row.source}, and the manifest has ${manifest.sources.length}`, "build the dataset again");
  const id = row["id"];
  const teacher = typeof id === "string" ? /^((?:chatcmpl|cmpl|resp|gen|msg)[-_][^/]+)\/(\d+)$/.exec(id) : null;
  return {
    split, line, row, state: found.state,
    source: { name: source.name, kind: source.kind, line: found.row.line, sha256: source.sha256, ...(await lookUp(source, found.row.line, manifest, opened, where, options)) },
    steps: stepsOf(manifest, found.row),
    build: { library: manifest.library, seed: manifest.seed, settings: manifest.settings },
    ...(teacher ? { generated: { response: teacher[1] as string, index: Number(teacher[2]) } } : {}),
  };
}

/** The row, with the number of rows in its file now and when it was built. */
async function rowAt(opened: OpenedDataset, where: string, split: string, line: number): Promise<{ row: JsonObject; rows: number; built: number | undefined }> {
  const found = opened.splits.find(({ name }) => name === split);
  const [file] = found?.files ?? [];
  if (!file) throw new FileError("not-found", where, `has no split "${split}"`, `its splits are ${opened.splits.map(({ name }) => name).join(", ")}`);
  let last = 0;
  let rows = 0;
  let row: JsonObject | undefined;
  const source = await openRows(file.path, { name: file.name });
  for await (const batch of source.batches) {
    for (const item of batch) {
      last = item.line;
      rows++;
      if (item.line !== line) continue;
      if (item.problem) throw new FileError("unsupported", `${where}: ${file.name}`, `line ${line} ${item.problem.reason}`, "build the dataset again");
      row = item.value;
    }
  }
  if (row) return { row, rows, built: opened.manifest?.files.find(({ name }) => name === file.name)?.rows };
  throw new FileError("not-found", `${where}: ${file.name}`, `has no row at line ${line}`, `its last is line ${last}`);
}

async function findLineage(path: string, where: string, place: string, hash: string, sameCount: boolean, signal: AbortSignal | undefined): Promise<{ row: LineageRow; state: RowTrace["state"] }> {
  let here: LineageRow | undefined;
  let elsewhere: LineageRow | undefined;
  for await (const batch of readJsonl(path, signal ? { signal } : {})) {
    for (const item of batch) {
      // Parsing every line of a large file against the schema would take most of the time.
      if (item.problem || (item.value["row"] !== place && item.value["hash"] !== hash)) continue;
      const parsed = LineageRowSchema.safeParse(item.value);
      if (!parsed.success) throw new FileError("unsupported", path, `line ${item.line} is no lineage of this library`, "build the dataset again");
      if (parsed.data.row === place) here = parsed.data;
      else elsewhere ??= parsed.data;
    }
  }
  if (here?.hash === hash) return { row: here, state: "as-built" };
  if (elsewhere) return { row: elsewhere, state: "moved" };
  // A row corrected in its place came from where that place says, as long as no row was put in or taken out.
  if (here && sameCount) return { row: here, state: "changed" };
  throw new FileError("not-found", `${where}: ${LINEAGE_FILE}`, `says nothing of ${place}, and knows no row with its content`, "the row was added or changed after the build");
}

function stepsOf({ settings }: Manifest, row: LineageRow): TracedStep[] {
  return STEP_SETTINGS.flatMap(([step, names]): TracedStep[] => {
    if (step === "fuzzy-dedup" && settings["fuzzy"] === false) return [];
    if (step === "filter" && names.every((name) => (settings[name] ?? null) === null)) return [];
    const changed = step === "normalize" ? row.normalized : step === "pii" ? row.masked : undefined;
    const own = Object.fromEntries(names.filter((name) => Object.hasOwn(settings, name)).map((name) => [name, settings[name]]));
    return [{ step, settings: own, ...(changed ? { changed } : {}) }];
  });
}

type Found = Pick<RowTrace["source"], "state" | "path" | "raw">;

/** The source, where it is still there: by its name from here, in the folders given, beside the dataset. */
async function lookUp(source: Manifest["sources"][number], line: number, { settings }: Manifest, opened: OpenedDataset, where: string, options: TraceOptions): Promise<Found> {
  const beside = opened.kind === "folder" ? [resolve(where), dirname(resolve(where))] : [];
  const folders = [...(options.sources ?? []), ".", ...beside];
  let changed: string | undefined;
  for (const path of new Set(folders.flatMap((folder) => [resolve(folder, source.name), join(resolve(folder), basename(source.name))]))) {
    if (!existsSync(path)) continue;
    if ((await hashFile(path, options.signal)) !== source.sha256) {
      changed ??= path;
      continue;
    }
    const raw = await rawRow(path, source.kind, line, settings);
    return { state: "there", path, ...(raw === undefined ? {} : { raw }) };
  }
  return changed === undefined ? { state: "gone" } : { state: "changed", path: changed };
}

async function rawRow(path: string, kind: string, line: number, settings: Record<string, unknown>): Promise<string | undefined> {
  if (kind !== "rows") {
    const documents = settings["documents"] as { chunks?: { maxChars: number; minChars: number } } | null | undefined;
    const chunks = await chunkDocument(path, kind as DocumentKind, path, documents?.chunks ?? {});
    // Of a paragraph that was cut within a line, several pieces begin there.
    const pieces = chunks.filter((chunk) => chunk.line === line).map(({ text }) => text);
    return pieces.length > 0 ? pieces.join("\n\n") : undefined;
  }
  const source = await openRows(path);
  for await (const batch of source.batches) {
    for (const item of batch) if (item.line === line) return item.problem ? item.problem.raw : item.text;
  }
  return undefined;
}
