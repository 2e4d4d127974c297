import { createHash, randomBytes } from "node:crypto";
import { promises as fs, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createGzip, gzipSync, type Gzip } from "node:zlib";
import { FileError, fileError } from "./file-error.js";

const FLUSH_CHARS = 256 * 1024, FLUSH_BYTES = 256 * 1024;
const NEWLINE = 10;

/** A partial file this old whose process is gone was left by a run that was killed. */
const STALE_MS = 60 * 60 * 1000;

// Partial files of this process: removed when it exits without having committed or aborted them.
const open = new Set<string>();
process.once("exit", () => {
  for (const path of open) {
    try { unlinkSync(path); } catch { /* already gone */ }
  }
});

/**
 * A file that appears whole or not at all: the bytes go to a hidden file in the same folder, which on commit is synced
 * to disk and renamed over the target. A target that is a link is replaced behind the link.
 */
export class PartialFile {
  private constructor(
    readonly path: string,
    private readonly target: string,
    private readonly partial: string,
    private readonly handle: fs.FileHandle,
  ) {}

  static async open(path: string): Promise<PartialFile> {
    try {
      const target = await fs.realpath(path).catch(() => path);
      // Of the path itself: what /dev/stdout leads to may be a pipe, which has no real path.
      const existing = await fs.stat(path).catch(() => undefined);
      if (existing?.isDirectory()) throw new FileError("is-directory", path, "is a folder", "name a file for the output");
      // The rename would put a file in the place of the device itself: as root, of /dev/null.
      if (existing && !existing.isFile()) throw new FileError("unsupported", path, "is a device or a pipe, which cannot be replaced in one step", "name a file for the output");
      const folder = dirname(target);
      await removeStale(folder, basename(target));
      const partial = join(folder, `.${basename(target)}.${process.pid}-${randomBytes(4).toString("hex")}.partial`);
      const handle = await fs.open(partial, "wx", existing?.mode ?? 0o666);
      open.add(partial);
      return new PartialFile(path, target, partial, handle);
    } catch (error) {
      throw fileError(error, path, "write");
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.handle.write(bytes, at);
      at += bytesWritten;
    }
  }

  async commit(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await fs.rename(this.partial, this.target);
    open.delete(this.partial);
    await syncFolder(dirname(this.target));
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await fs.rm(this.partial, { force: true }).catch(() => undefined);
    open.delete(this.partial);
  }
}

/** Makes the rename itself durable. Not every system can open a folder (Windows cannot); the rename stands all the same. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder);
    await handle.sync().finally(() => handle.close());
  } catch { /* see above */ }
}

async function removeStale(folder: string, name: string): Promise<void> {
  for (const entry of await fs.readdir(folder)) {
    const pid = entry.startsWith(`.${name}.`) ? /^(\d+)-[0-9a-f]{8}\.partial$/.exec(entry.slice(name.length + 2))?.[1] : undefined;
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(folder, entry);
    const stat = await fs.stat(path).catch(() => undefined);
    if (stat && Date.now() - stat.mtimeMs > STALE_MS) await fs.rm(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** What a committed file holds. */
export interface WrittenFile {
  path: string;
  rows: number;
  /** Length and hash of the uncompressed text. */
  bytes: number;
  sha256: string;
}

/**
 * Writes JSON Lines: buffered, with backpressure, atomic, gzip when the path ends in `.gz`.
 *
 * @example
 * const writer = await JsonlWriter.open("out.jsonl.gz");
 * try {
 *   for (const row of rows) await writer.write(row);
 *   await writer.commit();
 * } finally {
 *   await writer.abort();   // after a commit, does nothing
 * }
 */
export class JsonlWriter implements AsyncDisposable {
  #buffer = "";
  /** Lines that came as bytes, and how much of it is filled. */
  #lines: Buffer<ArrayBuffer> | undefined;
  #filled = 0;
  #bytes = 0;
  #rows = 0;
  #done = false;
  readonly #hash = createHash("sha256");
  readonly #file: PartialFile;
  readonly #gzip: Gzip | undefined;
  #compressed: Promise<void> = Promise.resolve();
  #flushed: Promise<void> = Promise.resolve();

  private constructor(file: PartialFile, gzip: boolean) {
    this.#file = file;
    if (gzip) {
      this.#gzip = createGzip();
      this.#compressed = drain(this.#gzip, file);
      // The next flush or commit throws the failure; until then it must not count as unhandled.
      this.#compressed.catch(() => undefined);
    }
  }

  /**
   * Opens a writer; `path` itself is not touched before {@link commit}.
   * @throws FileError: the folder does not exist, no permission, the path is a folder
   */
  static async open(path: string): Promise<JsonlWriter> {
    return new JsonlWriter(await PartialFile.open(path), path.endsWith(".gz"));
  }

  /** Rows taken so far. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Takes one row. Returns a promise only when the buffer was full and is being written: awaiting it is the backpressure.
   *
   * @throws TypeError when the value has no JSON form (undefined, a function, a BigInt, a circle)
   * @throws FileError when there is no room left
   */
  write(value: unknown): Promise<void> | undefined {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError("a row must be a JSON value");
    return this.writeText(text);
  }

  /** {@link write} for a row that is JSON text already, without line ends. */
  writeText(text: string): Promise<void> | undefined {
    if (this.#done) throw new Error(`${this.#file.path} is already committed or aborted`);
    if (this.#filled > 0) void this.#flush();
    this.#rows++;
    this.#buffer += text;
    this.#buffer += "\n";
    return this.#buffer.length >= FLUSH_CHARS ? this.#flush() : undefined;
  }

  /** {@link writeText} for a row in UTF-8; the bytes are copied. */
  writeLine(line: Uint8Array): Promise<void> | undefined {
    if (this.#done) throw new Error(`${this.#file.path} is already committed or aborted`);
    this.#rows++;
    const room = line.length + 1;
    let full = this.#buffer === "" && this.#filled + room <= FLUSH_BYTES ? undefined : this.#flush();
    this.#lines ??= Buffer.from(new ArrayBuffer(Math.max(FLUSH_BYTES, room)));
    this.#lines.set(line, this.#filled);
    this.#lines[this.#filled + line.length] = NEWLINE;
    this.#filled += room;
    if (room > FLUSH_BYTES) full = this.#flush();
    return full;
  }

  /**
   * Writes what is left, syncs to disk and puts the file in its place. On failure the partial file is removed.
   * @throws FileError when there is no room left
   */
  async commit(): Promise<WrittenFile> {
    if (this.#done) throw new Error(`${this.#file.path} is already committed or aborted`);
    try {
      await this.#flush();
      this.#gzip?.end();
      await this.#compressed;
      await this.#file.commit();
      this.#done = true;
    } catch (error) {
      await this.abort();
      throw fileError(error, this.#file.path, "write");
    }
    return { path: this.#file.path, rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  /** Drops everything written; the target stays as it was. Does nothing after a commit. */
  async abort(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    this.#gzip?.destroy();
    await Promise.allSettled([this.#flushed, this.#compressed]);
    await this.#file.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  /** Flushes run one after another, also when a caller does not await them. */
  #flush(): Promise<void> {
    const bytes = this.#lines?.subarray(0, this.#filled) ?? Buffer.from(this.#buffer);
    this.#buffer = "";
    this.#lines = undefined;
    this.#filled = 0;
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
    this.#flushed = this.#flushed.then(() => this.#append(bytes));
    this.#flushed.catch(() => undefined);
    return this.#flushed;
  }

  async #append(bytes: Buffer<ArrayBuffer>): Promise<void> {
    try {
      if (!this.#gzip) {
        await this.#file.write(bytes);
        // What is written is given back at once: it would add up before it is collected.
        if (bytes.byteOffset === 0 && bytes.buffer.byteLength >= FLUSH_BYTES) bytes.buffer.transfer(0);
      } else await new Promise<void>((resolve, reject) => this.#gzip?.write(bytes, (error) => error ? reject(error) : resolve()));
    } catch (error) {
      // A full disk destroys the gzip stream; what went wrong with the disk is the error to report.
      const cause: unknown = this.#gzip ? await this.#compressed.then(() => error, (failure: unknown) => failure) : error;
      throw fileError(cause, this.#file.path, "write");
    }
  }
}

async function drain(gzip: Gzip, file: PartialFile): Promise<void> {
  for await (const chunk of gzip) await file.write(chunk as Buffer);
}

/**
 * Writes a whole file atomically: afterwards it holds all of `content`, or what it held before. gzip when the path ends in `.gz`.
 * @throws FileError: the folder does not exist, no permission, no room left
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const file = await PartialFile.open(path);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    await file.write(path.endsWith(".gz") ? gzipSync(bytes) : bytes);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw fileError(error, path, "write");
  }
}
