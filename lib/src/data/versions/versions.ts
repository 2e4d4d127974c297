import { existsSync, mkdirSync, promises as fs, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, fileError } from "../jsonl/file-error.js";
import { VersionError } from "./error.js";
import { checkName, referenceOf } from "./reference.js";
import type { VersionRecord } from "./record.js";
import { copyHashed, findVersionStore, VersionStore } from "./store.js";
import { openRecord } from "./dataset.js";
import { scanDataset } from "./scan.js";

export interface StoreOptions {
  /** The folder of the store. Default: `findVersionStore()`. */
  store?: string;
  signal?: AbortSignal;
}

function open({ store }: StoreOptions): VersionStore {
  return new VersionStore(store ?? findVersionStore());
}

/**
 * The version that a reference means: `ds://task-api@1.2.0`, `@^1.2`, `@1.x`, `@latest` or nothing, `@sha256:1f0c…`.
 *
 * @throws VersionError `not-found`, `bad-reference`, or `damaged` when its record is not as it was published
 */
export function resolveVersion(reference: string, options: StoreOptions = {}): VersionRecord {
  return open(options).find(reference);
}

/** The name given, or all names. A mistyped name is an error, and not a dataset without versions. */
function namesOf(store: VersionStore, name: string | undefined): string[] {
  if (name === undefined) return store.names();
  store.assertKnown(checkName(name), name);
  return [name];
}

/**
 * The versions of a dataset, or of all, lowest first.
 *
 * @throws VersionError `not-found` for a name that is not known
 */
export function listVersions(name?: string, options: StoreOptions = {}): VersionRecord[] {
  const store = open(options);
  return namesOf(store, name).flatMap((known) => store.versions(known).map((version) => store.read(known, version)));
}

/**
 * Copies the files of a version into a new folder, and checks each copy against its hash. The folder appears whole or not
 * at all.
 *
 * @param out - must not exist, or be empty
 * @returns the version
 * @throws VersionError `damaged` that names a file which is not as it was published; FileError for the folder
 */
export async function checkoutVersion(reference: string, out: string, options: StoreOptions = {}): Promise<VersionRecord> {
  const store = open(options);
  const record = store.find(reference);
  const target = resolve(out);
  if (existsSync(target) && readdirSyncOrFile(target) > 0) {
    throw new FileError("same-file", out, "is there already and is not empty", "name another folder, or empty it");
  }
  const draft = join(dirname(target), `.${basename(target)}.checkout-${process.pid}-${Date.now().toString(36)}`);
  try {
    mkdirSync(draft, { recursive: true });
    for (const file of record.files) {
      const object = store.objectPath(file);
      const path = join(draft, ...file.name.split("/"));
      if (!existsSync(object)) await store.assertWhole({ ...record, files: [file] });
      await fs.mkdir(dirname(path), { recursive: true });
      const { sha256 } = await copyHashed(object, path, options.signal);
      if (sha256 !== file.sha256) {
        throw new VersionError("damaged", `${referenceOf(record.name, record.version)}: ${file.name} is not as it was published (${object}); bring it back from a copy of the store`);
      }
    }
    if (existsSync(target)) await fs.rmdir(target);
    await fs.rename(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (error instanceof VersionError || error instanceof FileError || options.signal?.aborted) throw error;
    throw fileError(error, out, "write");
  }
  return record;
}

function readdirSyncOrFile(path: string): number {
  try {
    return readdirSync(path).length;
  } catch {
    throw new FileError("same-file", path, "is a file", "name a folder");
  }
}

/** What {@link verifyVersion} found. */
export interface Verification {
  reference: string;
  ok: boolean;
  files: number;
  bytes: number;
  /** What is wrong, naming the file and where it lies. */
  faults: { file: string; path: string; fault: string }[];
}

/**
 * Checks a version against what was published: its record, every file's bytes, and the rows' content.
 *
 * @returns all that is wrong; damage is a result and no error
 * @throws VersionError when there is no such version
 */
export async function verifyVersion(reference: string, options: StoreOptions = {}): Promise<Verification> {
  const store = open(options);
  let record: VersionRecord;
  try {
    record = store.find(reference);
  } catch (error) {
    if (!(error instanceof VersionError) || error.code !== "damaged") throw error;
    return { reference, ok: false, files: 0, bytes: 0, faults: [{ file: "record", path: error.message.split(": ")[0] ?? "", fault: "the record is not as it was published" }] };
  }
  const faults = (await store.check(record, options.signal)).map(({ file, object, fault }) => ({
    file, path: object, fault: fault === "missing" ? "is gone" : "is not as it was published",
  }));
  if (faults.length === 0) {
    const { content } = await scanDataset(openRecord(store, record), options.signal ? { signal: options.signal } : {});
    if (content !== record.content) faults.push({ file: "rows", path: store.folder, fault: "have another content hash than the record says, though every file is as it was published: the library reads them otherwise than it did" });
  }
  return {
    reference: referenceOf(record.name, record.version), ok: faults.length === 0, files: record.files.length,
    bytes: record.files.reduce((sum, { bytes }) => sum + bytes, 0), faults,
  };
}

/** {@link verifyVersion} of every version of a dataset, or of all. */
export async function verifyAll(name?: string, options: StoreOptions = {}): Promise<Verification[]> {
  const store = open(options);
  const results: Verification[] = [];
  for (const known of namesOf(store, name)) {
    for (const version of store.versions(known)) results.push(await verifyVersion(referenceOf(known, version), options));
  }
  return results;
}
