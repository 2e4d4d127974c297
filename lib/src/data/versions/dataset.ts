import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { LINEAGE_FILE } from "../build/lineage.js";
import { FileError, fileError } from "../jsonl/file-error.js";
import { ManifestSchema, readManifest, type Manifest } from "../report/manifest.js";
import { isReference, referenceOf } from "./reference.js";
import type { VersionRecord } from "./record.js";
import { findVersionStore, VersionStore } from "./store.js";

/** A file of a dataset: its path in the dataset, and where its bytes lie. */
export interface DatasetFile {
  name: string;
  path: string;
}

export interface DatasetSplit {
  name: string;
  /** In the order of their rows. */
  files: DatasetFile[];
}

/** A dataset that is there: a folder, a file, or a published version. */
export interface OpenedDataset {
  /** As the user named it; of a reference, with the version it meant. */
  label: string;
  kind: "folder" | "file" | "version";
  splits: DatasetSplit[];
  /** All files, the rows' and the others. */
  files: DatasetFile[];
  /** What built it; undefined where no build of this library did. */
  manifest?: Manifest;
  record?: VersionRecord;
}

/** Rows that left: beside a dataset, not in it. */
export const REJECTED_FILE = /(?:^|[./\\_-])rejected\.jsonl(?:\.gz)?$/i;

const ROW_FILE = /\.(?:jsonl|ndjson|json|csv|tsv)(?:\.gz)?$/i;
const NOT_ROWS = new Set(["manifest.json", "data_report.json", "dataset_info.json", "dataset_infos.json", "state.json", LINEAGE_FILE]);
const IGNORED_FOLDERS = new Set(["node_modules", "__pycache__"]);

/** Names of splits that mean the same. */
const SPLIT_ALIASES: Readonly<Record<string, string>> = { training: "train", validation: "val", valid: "val", evaluation: "eval" };
const SPLIT_NAME = /(?:^|[._-])(train|training|val|valid|validation|dev|test|eval|evaluation|holdout)$/i;

/**
 * The split that a file holds by its name: `task_api_train.jsonl` holds `train`, as does each shard
 * `data/train-00000-of-00004.jsonl`; a name without a usual split in it is the split's name itself.
 */
export function splitOfFile(name: string): string {
  const stem = basename(name.replaceAll("\\", "/")).replace(ROW_FILE, "").replace(/-\d{5}-of-\d{5}$/, "");
  const found = SPLIT_NAME.exec(stem)?.[1]?.toLowerCase();
  return found === undefined ? stem : (SPLIT_ALIASES[found] ?? found);
}

/**
 * Opens a dataset by its folder, its file, or a reference such as `ds://task-api@^1.2`, whose files are checked
 * against their hashes first.
 *
 * @throws FileError when there is no such path or it holds no rows; VersionError for a reference without a version,
 *   or a version that is damaged
 */
export async function openDataset(where: string, options: { store?: string; signal?: AbortSignal } = {}): Promise<OpenedDataset> {
  if (isReference(where)) {
    const store = new VersionStore(options.store ?? findVersionStore());
    const record = store.find(where);
    await store.assertWhole(record, options.signal);
    return openRecord(store, record);
  }
  if (!existsSync(where)) throw new FileError("not-found", where, "no such file or folder", "check the name and the folder you are in, or write a version as ds://name@version");
  if (!statSync(where).isDirectory()) {
    const file = { name: basename(where), path: where };
    return { label: where, kind: "file", splits: [{ name: SPLIT_NAME.test(file.name.replace(ROW_FILE, "")) ? splitOfFile(file.name) : "all", files: [file] }], files: [file] };
  }
  const files = listFiles(where).map((name) => ({ name, path: join(where, name) }));
  const manifest = readManifest(where);
  const splits = manifest ? splitsOfManifest(where, manifest, files) : splitsOfFiles(files);
  if (splits.length === 0) throw new FileError("unsupported", where, "holds no files of rows", "name a folder with JSONL, JSON, CSV or TSV files");
  return { label: where, kind: "folder", splits, files, ...(manifest ? { manifest } : {}) };
}

/** A version as a dataset, its files where they lie in the store. */
export function openRecord(store: VersionStore, record: VersionRecord): OpenedDataset {
  const files = record.files.map((file) => ({ name: file.name, path: store.objectPath(file), sha256: file.sha256 }));
  const named = new Map(files.map((file) => [file.name, file]));
  const manifestFile = named.get("manifest.json");
  const parsed = manifestFile && record.build ? readManifestFile(manifestFile.path) : undefined;
  return {
    label: referenceOf(record.name, record.version),
    kind: "version",
    splits: record.splits.map((split) => ({ name: split.name, files: split.files.flatMap((name) => named.get(name) ?? []) })),
    files,
    record,
    ...(parsed ? { manifest: parsed } : {}),
  };
}

function readManifestFile(path: string): Manifest | undefined {
  const parsed = ManifestSchema.safeParse(JSON.parse(readHead(path, 64 * 1024 * 1024).toString("utf8")));
  return parsed.success ? parsed.data : undefined;
}

/** What of a build's settings names its files. */
const SplitSettings = z.object({ name: z.string(), splitNames: z.array(z.string()) });

/** The files that a build wrote for its splits. */
export function splitFilesOf(manifest: Manifest): { name: string; file: string }[] {
  const settings = SplitSettings.safeParse(manifest.settings);
  if (!settings.success) return [];
  const { name, splitNames } = settings.data;
  return splitNames.map((split) => ({ name: split, file: `${name === "" ? "" : `${name}_`}${split}.jsonl` }));
}

function splitsOfManifest(folder: string, manifest: Manifest, files: readonly DatasetFile[]): DatasetSplit[] {
  const named = new Map(files.map((file) => [file.name, file]));
  return splitFilesOf(manifest).map(({ name, file }) => {
    const found = named.get(file);
    if (!found) throw new FileError("not-found", join(folder, file), "is named by the manifest and is not there", "build the dataset again");
    return { name, files: [found] };
  });
}

function splitsOfFiles(files: readonly DatasetFile[]): DatasetSplit[] {
  const splits = new Map<string, DatasetFile[]>();
  for (const file of files) {
    if (!isRowFile(file)) continue;
    const name = splitOfFile(file.name);
    const known = splits.get(name);
    if (known) known.push(file);
    else splits.set(name, [file]);
  }
  return [...splits].map(([name, held]) => ({ name, files: held }));
}

function isRowFile({ name, path }: DatasetFile): boolean {
  if (!ROW_FILE.test(name) || REJECTED_FILE.test(name) || NOT_ROWS.has(basename(name))) return false;
  // A .json file is rows where it is a list; else it is someone's settings.
  return !/\.json$/i.test(name) || /^\uFEFF?\s*\[/.test(readHead(path, 1024).toString("utf8"));
}

function readHead(path: string, bytes: number): Buffer {
  const buffer = Buffer.alloc(Math.min(bytes, Math.max(1, statSync(path).size)));
  const file = openSync(path, "r");
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}

/** Paths of the files in a folder, with `/`, in order; hidden ones are passed over. */
function listFiles(folder: string): string[] {
  const found: string[] = [];
  const walk = (inner: string): void => {
    for (const entry of readdirSync(join(folder, inner), { withFileTypes: true })) {
      const name = inner === "" ? entry.name : `${inner}/${entry.name}`;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) {
        if (!IGNORED_FOLDERS.has(entry.name)) walk(name);
      } else if (statSync(join(folder, name), { throwIfNoEntry: false })?.isFile()) found.push(name);
    }
  };
  try {
    walk("");
  } catch (error) {
    throw fileError(error, folder, "read");
  }
  return found.sort();
}
