import { closeSync, existsSync, fsyncSync, linkSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { hashFile } from "../ingest/sources.js";
import { FileError, fileError } from "../jsonl/file-error.js";
import { readManifest } from "../report/manifest.js";

/** Why a build cannot be made or finished; the message says what to do. */
export class BuildError extends Error {
  override name = "BuildError";
}

/** No row passed all steps. */
export class NothingLeftError extends BuildError {
  /** @param workFiles where the rejected rows stand; undefined when there are none, or when they do not stay */
  constructor(readonly why: string, workFiles?: string) {
    super(`no row is left, so nothing was written: ${why}${workFiles === undefined ? "" : `. The rejected rows are in ${workFiles}`}`);
  }
}

interface LockOwner {
  pid: number;
  host: string;
  /** Start of the process in clock ticks since boot (Linux): tells a process from a later one with its number. */
  started: string;
}

/** The start time of a process as the kernel counts it; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, a name in brackets, may hold spaces: fields are counted after it. The start is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function isAlive(owner: LockOwner): boolean {
  // A process of another machine (a shared disk) cannot be asked.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return owner.started === "" || startOf(owner.pid) === owner.started;
}

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

function parseOwner(text: string): LockOwner | undefined {
  try {
    const { pid, host, started } = JSON.parse(text) as Partial<LockOwner>;
    return typeof pid === "number" && typeof host === "string" && typeof started === "string" ? { pid, host, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Held by one build into a folder at a time; a lock whose process is gone is taken over. */
class Lock {
  readonly #path: string;

  constructor(path: string, out: string) {
    this.#path = path;
    const mine = `${path}.${process.pid}`;
    const owner: LockOwner = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
    writeFileSync(mine, JSON.stringify(owner));
    try {
      for (let attempt = 0; attempt < 5; attempt++) {
        try {
          // A link appears with its content or not at all, and only where no lock is.
          linkSync(mine, path);
          return;
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP") {
            // A file system without links (FAT, some network disks).
            try {
              writeFileSync(path, JSON.stringify(owner), { flag: "wx" });
              return;
            } catch (second) {
              if ((second as NodeJS.ErrnoException).code !== "EEXIST") throw second;
            }
          } else if (code !== "EEXIST") throw error;
        }
        this.#removeIfStale(out);
      }
      throw new BuildError(`${out}: could not take the lock ${path}; try again`);
    } finally {
      rmSync(mine, { force: true });
    }
  }

  #removeIfStale(out: string): void {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      return;
    }
    const owner = parseOwner(text);
    if (!owner) throw new BuildError(`${out}: the lock ${this.#path} cannot be read; if no other build is under way, remove it`);
    if (isAlive(owner)) {
      const where = owner.host === hostname() ? "" : ` on ${owner.host}`;
      throw new BuildError(`${out}: another build is under way (process ${owner.pid}${where}); wait for it, or end it. If there is none, remove ${this.#path}`);
    }
    const aside = `${this.#path}.stale-${process.pid}`;
    try {
      renameSync(this.#path, aside);
    } catch {
      return;
    }
    // Between reading and renaming, another build may have taken over: then this was its lock.
    if (readFileSync(aside, "utf8") !== text) {
      try {
        linkSync(aside, this.#path);
      } catch {
        // A third build was faster; the loop finds its lock.
      }
    }
    rmSync(aside, { force: true });
  }

  release(): void {
    rmSync(this.#path, { force: true });
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
      this.#lock = new Lock(join(this.#parent, `.${this.#base}.lock`), out);
    } catch (error) {
      if (error instanceof BuildError) throw error;
      throw fileError(error, out, "write");
    }
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
    rmSync(previous, { recursive: true, force: true });
  }

  /** Removes the work folders of this and of earlier, abandoned builds into the same output. */
  clear(): void {
    const prefix = `.${this.#base}.build-`;
    for (const entry of readdirSync(this.#parent)) {
      if (entry.startsWith(prefix) && /^[0-9a-f]{12}$/.test(entry.slice(prefix.length))) {
        rmSync(join(this.#parent, entry), { recursive: true, force: true });
      }
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
