import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, promises as fs, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { Lock, LockError } from "../build/lock.js";
import { hashFile } from "../ingest/sources.js";
import { fileError } from "../jsonl/file-error.js";
import { writeFileAtomic } from "../jsonl/writer.js";
import { VersionError } from "./error.js";
import { checkName, chooseVersion, parseReference, referenceOf } from "./reference.js";
import { semver } from "./semver.js";
import { recordDigest, VersionRecordSchema, type VersionRecord } from "./record.js";

/**
 * Where versions are kept: `LLMOPS_VERSIONS` where set, else the nearest `datasets/.versions` in `from` or above it,
 * else `datasets/.versions` in `from` (made by the first publication).
 */
export function findVersionStore(from = process.cwd()): string {
  const named = process.env["LLMOPS_VERSIONS"];
  if (named) return resolve(named);
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const store = join(folder, "datasets", ".versions");
    if (existsSync(store)) return store;
    if (dirname(folder) === folder) return join(resolve(from), "datasets", ".versions");
  }
}

/** A file copied into the store, not yet under its hash. */
export interface StagedFile {
  /** Its path within the dataset. */
  name: string;
  /** Where the copy lies. */
  path: string;
  bytes: number;
  sha256: string;
}

/** Left by a publisher that was killed; older than any publication takes. */
const STALE_MS = 60 * 60 * 1000;
const LOCK_PATIENCE_MS = 60_000;

/**
 * A folder of versions:
 *
 *     objects/1f/0c….jsonl        a file, named by the SHA-256 of its bytes; shared by all versions that hold it
 *     versions/task-api/1.2.0.json    what a version is; a "/" in a name is a "+"
 *     staging/                    copies of a publication under way
 *
 * Objects and records appear whole or not at all and are never replaced. A publisher that is killed leaves at most
 * staged copies and objects that no version names.
 */
export class VersionStore {
  readonly folder: string;

  constructor(folder: string = findVersionStore()) {
    this.folder = resolve(folder);
  }

  /** Names of the datasets, in order. */
  names(): string[] {
    return foldersIn(join(this.folder, "versions")).map((name) => name.replace("+", "/")).filter((name) => this.versions(name).length > 0).sort();
  }

  /** The versions of a dataset, lowest first; none of a name that is not known. */
  versions(name: string): string[] {
    const folder = this.#recordFolder(name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((entry) => {
      const version = entry.endsWith(".json") ? entry.slice(0, -5) : "";
      return semver().valid(version) === version ? [version] : [];
    }).sort(semver().compare);
  }

  #recordFolder(name: string): string {
    return join(this.folder, "versions", checkName(name).replace("/", "+"));
  }

  recordPath(name: string, version: string): string {
    return join(this.#recordFolder(name), `${version}.json`);
  }

  /**
   * The record of a version.
   *
   * @throws VersionError `damaged` when it is not as it was published
   */
  read(name: string, version: string): VersionRecord {
    const path = this.recordPath(name, version);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw fileError(error, path, "read");
    }
    let record: VersionRecord | undefined;
    try {
      record = VersionRecordSchema.parse(JSON.parse(text));
    } catch {
      // Said below: whatever is wrong with it, it is not what was published.
    }
    if (!record || record.digest !== recordDigest(record) || record.name !== name || record.version !== version) {
      throw new VersionError("damaged", `${path}: is not the record that was published; bring it back from a copy of the store`);
    }
    return record;
  }

  /**
   * The version that a reference means.
   *
   * @throws VersionError `not-found` with the versions there are, or `bad-reference`
   */
  find(reference: string): VersionRecord {
    const { name, wanted } = parseReference(reference);
    const versions = this.versions(name);
    this.assertKnown(name, reference);
    const known = versions.map((version) => ({ version, content: wanted.startsWith("sha256:") ? this.read(name, version).content : "" }));
    const version = chooseVersion(wanted, known);
    if (version === undefined) throw new VersionError("not-found", `${reference}: no version fits; there are ${versions.join(", ")}`);
    return this.read(name, version);
  }

  /** @throws VersionError `not-found` when nothing is published under the name; says what is */
  assertKnown(name: string, said: string): void {
    if (this.versions(name).length > 0) return;
    const names = this.names();
    throw new VersionError("not-found", `${said}: there is no dataset "${name}" in ${this.folder}; ${names.length > 0 ? `there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}` : "nothing is published there yet: llmops data version publish FOLDER --name NAME"}`);
  }

  /** Where a file of a version lies. The extension stays, because it says how a file of rows is to be read. */
  objectPath({ name, sha256 }: { name: string; sha256: string }): string {
    const extension = /\.[a-z0-9]{1,8}(?:\.gz)?$/i.exec(name)?.[0].toLowerCase() ?? "";
    return join(this.folder, "objects", sha256.slice(0, 2), `${sha256.slice(2)}${extension}`);
  }

  /**
   * Checks the files of a version against their hashes.
   *
   * @returns the files that are gone or not as they were published, each with what is wrong; none when all is well
   */
  async check(record: VersionRecord, signal?: AbortSignal): Promise<{ file: string; object: string; fault: "missing" | "changed" }[]> {
    const faults: { file: string; object: string; fault: "missing" | "changed" }[] = [];
    for (const file of record.files) {
      const object = this.objectPath(file);
      if (!existsSync(object)) faults.push({ file: file.name, object, fault: "missing" });
      else if (statSync(object).size !== file.bytes || (await hashFile(object, signal)) !== file.sha256) faults.push({ file: file.name, object, fault: "changed" });
    }
    return faults;
  }

  /** @throws VersionError `damaged` that names the first file that is not as it was published */
  async assertWhole(record: VersionRecord, signal?: AbortSignal): Promise<void> {
    const [fault] = await this.check(record, signal);
    if (!fault) return;
    throw new VersionError("damaged", `${referenceOf(record.name, record.version)}: ${fault.file} is ${fault.fault === "missing" ? "gone" : "not as it was published"} (${fault.object}); bring it back from a copy of the store, or put the original file there`);
  }

  /** A folder for the copies of one publication. */
  stage(): string {
    const staging = join(this.folder, "staging");
    try {
      for (const entry of foldersIn(staging)) {
        const path = join(staging, entry);
        if (Date.now() - statSync(path).mtimeMs > STALE_MS && !isAlive(Number.parseInt(entry, 10))) rmSync(path, { recursive: true, force: true });
      }
      const folder = join(staging, `${process.pid}-${randomBytes(6).toString("hex")}`);
      mkdirSync(folder, { recursive: true });
      return folder;
    } catch (error) {
      throw fileError(error, this.folder, "write");
    }
  }

  /** Moves staged copies to their places. An object that is there is checked first, and replaced where it is damaged. */
  async keep(files: readonly StagedFile[], signal?: AbortSignal): Promise<void> {
    for (const file of files) {
      const object = this.objectPath(file);
      if (existsSync(object) && (await hashFile(object, signal)) === file.sha256) continue;
      try {
        await fs.mkdir(dirname(object), { recursive: true });
        await fs.chmod(file.path, 0o444);
        await fs.rename(file.path, object);
      } catch (error) {
        throw fileError(error, object, "write");
      }
    }
  }

  /** Adds a version. The caller holds the lock of its name. */
  async add(record: VersionRecord): Promise<void> {
    const path = this.recordPath(record.name, record.version);
    if (existsSync(path)) throw new VersionError("exists", `${referenceOf(record.name, record.version)} is published already, and a version is never replaced`);
    await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`);
    await fs.chmod(path, 0o444);
  }

  /** Runs work while no other process publishes under the name; waits for one that does. */
  async locked<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const folder = this.#recordFolder(name);
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw fileError(error, folder, "write");
    }
    const until = Date.now() + LOCK_PATIENCE_MS;
    let lock: Lock | undefined;
    while (!lock) {
      try {
        lock = new Lock(join(folder, ".lock"), `ds://${name}`, "publication");
      } catch (error) {
        if (!(error instanceof LockError)) throw fileError(error, folder, "write");
        if (!error.held || Date.now() > until) throw new VersionError("busy", error.message, { cause: error });
        await setTimeout(20);
        signal?.throwIfAborted();
      }
    }
    try {
      return await work();
    } finally {
      lock.release();
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/**
 * Copies a file and hashes what it copies, so that hash and copy agree also while another process writes to the original.
 *
 * @throws FileError when it cannot be read or there is no room
 */
export async function copyHashed(from: string, to: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const source = createReadStream(from, { highWaterMark: 1 << 20 });
  let reading = false;
  source.on("error", () => { reading = true; });
  try {
    await pipeline(source, async function* (chunks) {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    }, createWriteStream(to, { flush: true }), signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted) throw error;
    throw reading ? fileError(error, from, "read") : fileError(error, to, "write");
  }
  return { bytes, sha256: hash.digest("hex") };
}
