import {
  closeSync, createReadStream, existsSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, realpathSync, renameSync, rmSync, statSync,
} from "node:fs";
import { cp } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hashFile } from "../ingest/sources.js";
import { FileError, fileError } from "../jsonl/file-error.js";
import { PartialFile } from "../jsonl/writer.js";
import { readManifest } from "../report/manifest.js";
import { Lock, LockError } from "./lock.js";

/** Why a build cannot be made or finished; the message says what to do. */
export class BuildError extends Error {
  override name = "BuildError";
}

/** No row passed all steps. */
export class NothingLeftError extends BuildError {
  /** @param rejected the file in which the rejected rows stand; undefined when there are none */
  constructor(readonly why: string, rejected?: string) {
    super(`no row is left, so nothing was written: ${why}${rejected === undefined ? "" : `. The rejected rows are in ${rejected}`}`);
  }
}

/** A build that was cut short is gone on with soon or not at all; a set that is built again each week must not gather old work. */
const ABANDONED_AFTER_MS = 14 * 24 * 60 * 60 * 1000;

/** The folder that a link leads to: the dataset is put in its place, and the link stays. */
function behindLink(out: string): string {
  try {
    if (!lstatSync(out, { throwIfNoEntry: false })?.isSymbolicLink()) return out;
  } catch (error) {
    throw fileError(error, out, "write");
  }
  try {
    return realpathSync(out);
  } catch {
    throw new FileError("not-found", out, "is a link to nothing", "create the folder it leads to, or remove the link");
  }
}

/**
 * The place of a build: a lock and work folders beside the output folder (on the same disk, so that the result can be
 * moved into place in one step). Their names begin with a dot and the output's name.
 */
export class Workspace {
  readonly out: string;
  readonly #parent: string;
  readonly #base: string;
  readonly #lock: Lock;
  #work = "";

  /**
   * Takes the lock, and puts back an output that a build killed while publishing had moved aside.
   *
   * @throws BuildError when another build is under way; FileError when there is no permission
   */
  constructor(out: string) {
    this.out = behindLink(resolve(out));
    this.#parent = dirname(this.out);
    this.#base = basename(this.out);
    if (this.#base === "") throw new FileError("is-directory", out, "is the root of the disk", "name a folder for the output");
    try {
      mkdirSync(this.#parent, { recursive: true });
      this.#lock = new Lock(join(this.#parent, `.${this.#base}.lock`), out, "build");
    } catch (error) {
      if (error instanceof LockError) throw new BuildError(error.message, { cause: error });
      throw fileError(error, out, "write");
    }
    rmSync(this.#beside("gone"), { recursive: true, force: true });
    const previous = this.#beside("previous");
    if (existsSync(previous)) {
      if (existsSync(this.out) && readManifest(this.out)) rmSync(previous, { recursive: true, force: true });
      else {
        rmSync(this.out, { recursive: true, force: true });
        renameSync(previous, this.out);
      }
    }
  }

  #beside(what: string): string {
    return join(this.#parent, `.${this.#base}.${what}`);
  }

  /**
   * Makes or finds the work folder of these settings and sources.
   *
   * @returns whether it was there: an earlier build was cut short
   */
  begin(fingerprint: string): boolean {
    this.#work = this.#beside(`build-${fingerprint}`);
    const resumed = existsSync(join(this.#work, "state.json"));
    this.#removeAbandoned();
    if (!resumed) rmSync(this.#work, { recursive: true, force: true });
    try {
      mkdirSync(this.#work, { recursive: true });
    } catch (error) {
      throw fileError(error, this.#work, "write");
    }
    return resumed;
  }

  /** A file in the work folder. */
  file(name: string): string {
    return join(this.#work, name);
  }

  /** The folder that becomes the output; empty. */
  freshResult(): string {
    const result = this.file("result");
    rmSync(result, { recursive: true, force: true });
    mkdirSync(result);
    return result;
  }

  /**
   * Checks that the output folder may be replaced.
   *
   * @throws BuildError when it holds something that no build made, or files that were changed since
   */
  async checkOutput(force: boolean, signal?: AbortSignal): Promise<void> {
    if (!existsSync(this.out)) return;
    let entries: string[];
    try {
      entries = readdirSync(this.out);
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "ENOTDIR"
        ? new BuildError(`${this.out} is a file; name a folder for the output`)
        : fileError(error, this.out, "read");
    }
    if (entries.length === 0) return;
    const manifest = readManifest(this.out);
    if (!manifest) {
      throw new BuildError(`${this.out} holds files and is not a dataset that a build made (no manifest.json of one); name another folder, or empty it`);
    }
    if (force) return;
    for (const file of manifest.files) {
      const path = join(this.out, file.name);
      if (!existsSync(path)) continue;
      if ((await hashFile(path, signal)) !== file.sha256) {
        throw new BuildError(`${path} was changed since it was built, and this build would replace it; move it away, or build with --force`);
      }
    }
  }

  /**
   * Puts the result in the place of the output. Files there that no build made (a dataset card, for instance) stay.
   * Killed between the two renames, the earlier output is whole under `.<name>.previous`, and the next build puts
   * it back.
   */
  async publish(): Promise<void> {
    const result = this.file("result");
    const previous = this.#beside("previous");
    if (existsSync(this.out)) {
      const made = new Set((readManifest(this.out)?.files ?? []).map(({ name }) => name.split("/")[0] as string));
      made.add("manifest.json");
      for (const entry of readdirSync(this.out)) {
        if (!made.has(entry) && !existsSync(join(result, entry))) {
          await cp(join(this.out, entry), join(result, entry), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
        }
      }
      syncFolder(result);
      renameSync(this.out, previous);
    }
    renameSync(result, this.out);
    syncFolder(this.#parent);
    // Renamed first: killed while it removes, a build must not leave half an output under the name of a whole one.
    const gone = this.#beside("gone");
    if (existsSync(previous)) renameSync(previous, gone);
    rmSync(gone, { recursive: true, force: true });
  }

  /** Removes the work folders of this and of earlier, abandoned builds into the same output. */
  clear(): void {
    for (const work of this.#workFolders()) rmSync(work, { recursive: true, force: true });
  }

  /** Removes the work folder of this build: it failed, and would fail again at the same place. */
  discard(): void {
    if (this.#work !== "") rmSync(this.#work, { recursive: true, force: true });
  }

  /**
   * Puts the rejected rows of a build that leaves none beside the output, as `<out>.rejected.jsonl`: its work folder goes.
   *
   * @param names files of the work folder, in order
   * @returns the file; undefined when there are no such rows
   */
  async keepRejected(names: readonly string[]): Promise<string | undefined> {
    const files = names.map((name) => this.file(name)).filter((path) => existsSync(path) && statSync(path).size > 0);
    if (files.length === 0) return undefined;
    const file = await PartialFile.open(`${this.out}.rejected.jsonl`);
    try {
      for (const path of files) for await (const bytes of createReadStream(path)) await file.write(bytes as Buffer);
      await file.commit();
    } catch (error) {
      await file.abort();
      throw fileError(error, file.path, "write");
    }
    return file.path;
  }

  #workFolders(): string[] {
    const prefix = `.${this.#base}.build-`;
    return readdirSync(this.#parent)
      .filter((entry) => entry.startsWith(prefix) && /^[0-9a-f]{12}$/.test(entry.slice(prefix.length)))
      .map((entry) => join(this.#parent, entry));
  }

  /** Builds of other settings or sources that were cut short, and that nobody went on with. */
  #removeAbandoned(): void {
    for (const work of this.#workFolders()) {
      const state = join(work, "state.json");
      const { mtimeMs } = statSync(existsSync(state) ? state : work);
      if (work !== this.#work && Date.now() - mtimeMs > ABANDONED_AFTER_MS) rmSync(work, { recursive: true, force: true });
    }
  }

  release(): void {
    this.#lock.release();
  }
}

function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Windows cannot open folders; the rename stands all the same.
  }
}
