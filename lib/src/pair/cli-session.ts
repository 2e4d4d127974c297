/** A Python session over the Colab command line: each request is one `colab exec`. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ColabCommand } from "./colab-command.js";
import { PairError } from "./error.js";
import { readReply, writeCell } from "./python-cell.js";
import type { EvaluateOptions, PythonSession } from "./python-session.js";

/** Each request starts a program and a connection, some seconds: the chunks are large. */
const CHUNK_BYTES = 2 << 20;
/**
 * What is longer travels as a file through `upload` and `download`: a message of the kernel is limited by the Jupyter server,
 * and the command line keeps every code and output that `exec` saw in a history on this machine.
 */
const PRINTED_CHARACTERS = 64 << 10;
/** `exec` works in /content, and the root of `upload` and `download` is the machine's. */
const REMOTE_FOLDER = "content";

/** Takes away what earlier requests left; not the last ones, which another process may be waiting for. */
const SWEEP = `import glob as _llmops_glob, os as _llmops_os, time as _llmops_time
for _llmops_old in _llmops_glob.glob("llmops-re[pq]*-*"):
    if _llmops_os.path.getmtime(_llmops_old) < _llmops_time.time() - 600: _llmops_os.remove(_llmops_old)
`;

export interface CliSessionOptions {
  /** A folder of our own for what passes through. */
  folder: string;
  /** Says what it means that the command line no longer knows the machine. */
  explainLoss: (cause: PairError) => Promise<PairError>;
  /** Ends the machine, and checks. */
  end: () => Promise<void>;
}

export class CliSession implements PythonSession {
  readonly chunkBytes = CHUNK_BYTES;
  readonly #command: ColabCommand;
  readonly #options: CliSessionOptions;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(command: ColabCommand, options: CliSessionOptions) {
    this.#command = command;
    this.#options = options;
  }

  evaluate(code: string, { timeoutMs }: EvaluateOptions): Promise<string> {
    const turn = this.#queue.then(() => this.#evaluate(code, timeoutMs)); // there is one kernel
    this.#queue = turn.catch(() => {});
    return turn;
  }

  stop(): Promise<void> {
    return this.#options.end();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #evaluate(code: string, timeoutMs: number): Promise<string> {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    const folder = mkdtempSync(join(this.#options.folder, "request-"));
    try {
      return await this.#exchange(folder, code, timeoutMs);
    } catch (error) {
      throw error instanceof PairError && error.code === "lost" ? await this.#options.explainLoss(error) : error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #exchange(folder: string, code: string, timeoutMs: number): Promise<string> {
    const { source, id } = writeCell(await this.#shorten(folder, code, timeoutMs), { printedCharacters: PRINTED_CHARACTERS });
    const request = join(folder, "request.py");
    writeFileSync(request, source);
    const reply = readReply(await this.#command.execute(request, timeoutMs), id);
    if (!reply) throw new PairError("timeout", "`colab exec` ended without the reply");
    if ("text" in reply) return reply.text;
    const local = join(folder, "reply");
    await this.#command.download(`${REMOTE_FOLDER}/${reply.file}`, local, timeoutMs);
    return readFileSync(local, "utf8");
  }

  /** Code that sends a large chunk goes ahead as a file, and what runs reads it. */
  async #shorten(folder: string, code: string, timeoutMs: number): Promise<string> {
    if (code.length <= PRINTED_CHARACTERS) return SWEEP + code;
    const name = `llmops-request-${randomBytes(8).toString("hex")}`, local = join(folder, "code.py");
    writeFileSync(local, code);
    await this.#command.upload(local, `${REMOTE_FOLDER}/${name}`, timeoutMs);
    return `${SWEEP}with open("${name}") as _llmops_file: _llmops_code = _llmops_file.read()\n_llmops_os.remove("${name}")\nexec(compile(_llmops_code, "llmops", "exec"), globals())`;
  }
}
