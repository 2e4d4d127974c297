import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

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

function parseOwner(text: string): LockOwner | undefined {
  try {
    const { pid, host, started } = JSON.parse(text) as Partial<LockOwner>;
    return typeof pid === "number" && typeof host === "string" && typeof started === "string" ? { pid, host, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Why a lock cannot be had; the message says what to do. */
export class LockError extends Error {
  override name = "LockError";

  /** @param held - whether a process that is alive holds it: waiting may help */
  constructor(message: string, readonly held: boolean) {
    super(message);
  }
}

/** A file that one process holds at a time; a lock whose process is gone is taken over. */
export class Lock {
  readonly #path: string;
  readonly #subject: string;
  readonly #activity: string;

  /**
   * Takes the lock.
   *
   * @param subject - what is locked, as the user named it
   * @param activity - what its holder does, e.g. `build`
   * @throws LockError when another process holds it
   */
  constructor(path: string, subject: string, activity: string) {
    this.#path = path;
    this.#subject = subject;
    this.#activity = activity;
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
        this.#removeIfStale();
      }
      throw new LockError(`${subject}: could not take the lock ${path}; try again`, true);
    } finally {
      rmSync(mine, { force: true });
    }
  }

  #removeIfStale(): void {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      return;
    }
    const owner = parseOwner(text);
    if (!owner) throw new LockError(`${this.#subject}: the lock ${this.#path} cannot be read; if no other ${this.#activity} is under way, remove it`, false);
    if (isAlive(owner)) {
      const where = owner.host === hostname() ? "" : ` on ${owner.host}`;
      throw new LockError(`${this.#subject}: another ${this.#activity} is under way (process ${owner.pid}${where}); wait for it, or end it. If there is none, remove ${this.#path}`, true);
    }
    const aside = `${this.#path}.stale-${process.pid}`;
    try {
      renameSync(this.#path, aside);
    } catch {
      return;
    }
    // Between reading and renaming, another process may have taken over: then this was its lock.
    if (readFileSync(aside, "utf8") !== text) {
      try {
        linkSync(aside, this.#path);
      } catch {
        // A third process was faster; the loop finds its lock.
      }
    }
    rmSync(aside, { force: true });
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}
