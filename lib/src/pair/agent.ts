/** Requests to the runtime's agent (colab/runtime/agent.py) over any Python session, repeated until one is answered. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync, inflateSync } from "node:zlib";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import { PairError } from "./error.js";
import { JobState, RuntimeFacts, type Command } from "./job.js";
import { PythonFault, type PythonSession } from "./python-session.js";
import type { Tail } from "./runtime.js";

const Reply = z.union([z.object({ ok: z.unknown() }), z.object({ refused: z.string() })]);
const Chunk = z.object({ size: z.number().nullable(), data: z.string() });
const Written = z.object({ size: z.number() });
const Description = z.object({ size: z.number().nullable(), sha256: z.string().nullable() });

const TIMEOUT_MS = 30_000;
/** So long a request is repeated before the notebook is told; a session that knows its machine to be gone says so sooner. */
const PATIENCE_MS = 150_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;
/** A session that forgets the agent at once, each time, has another fault. */
const LOADS = 5;

export interface AgentOptions {
  /** The folder of the jobs over there; default: `llmops-jobs` in the session's own folder. */
  root?: string | undefined;
  /** The Python that jobs run with, where it is not the session's own. */
  python?: string | undefined;
  /** Milliseconds until a request is repeated; default 30,000. */
  timeoutMs?: number;
}

export class Agent {
  readonly #session: PythonSession;
  readonly #options: AgentOptions;

  constructor(session: PythonSession, options: AgentOptions = {}) {
    this.#session = session;
    this.#options = options;
  }

  async hello(): Promise<RuntimeFacts> {
    return RuntimeFacts.parse(await this.#request("hello", {}));
  }

  /** `again` starts a job anew that has ended: once, however often the request must be repeated. */
  async start(job: string, { command, env, minutes, memoryGib, reached = 0 }: Command, again: boolean): Promise<JobState> {
    const words = command.map((word) => (word === "{python}" ? (this.#options.python ?? word) : word));
    const attempt = again ? Math.max((await this.status(job)).attempt ?? 0, reached) + 1 : null;
    const request = { job, command: words, env: env ?? {}, minutes: minutes ?? null, memory_gib: memoryGib ?? null, again, attempt };
    return JobState.parse(await this.#request("start", request));
  }

  async status(job: string): Promise<JobState> {
    return JobState.parse(await this.#request("status", { job }));
  }

  async interrupt(job: string): Promise<JobState> {
    return JobState.parse(await this.#request("interrupt", { job }));
  }

  /** Asks every running job to end; gives their names. */
  async interruptAll(): Promise<string[]> {
    return z.array(z.string()).parse(await this.#request("interrupt_all", {}));
  }

  async describe(path: string): Promise<z.output<typeof Description>> {
    return Description.parse(await this.#request("describe", { path }));
  }

  async read(path: string, offset: number, limit: number): Promise<Tail> {
    const length = Math.min(limit, this.#session.chunkBytes);
    const { size, data } = Chunk.parse(await this.#request("read", { path, offset, length }));
    return { bytes: size === null ? new Uint8Array() : inflateSync(Buffer.from(data, "base64")), size: size ?? undefined };
  }

  /**
   * Writes a file piece by piece under a name made of its hash, then gives it its own: a reader sees all of it or nothing,
   * what arrived before a break is not sent again, and two senders of the same bytes help each other.
   */
  async write(path: string, content: Uint8Array): Promise<void> {
    const wanted = createHash("sha256").update(content).digest("hex");
    const part = `${path}.${wanted.slice(0, 16)}.part`;
    for (let offset = (await this.read(part, 0, 0)).size ?? 0; ; ) {
      if (offset < content.length || content.length === 0) {
        const piece = content.subarray(offset, offset + (this.#session.writeBytes ?? this.#session.chunkBytes));
        const data = deflateSync(piece, { level: 1 }).toString("base64");
        offset = Written.parse(await this.#request("write", { path: part, offset }, data)).size;
        if (offset < content.length) continue;
      }
      const placed = Description.parse(await this.#request("place", { part, path, sha256: wanted }));
      if (placed.sha256 === wanted) return;
      throw new PairError("damaged", `${path} arrived in the runtime with other bytes than were sent; put it again`);
    }
  }

  /** Removes the folder of a job that has ended. */
  async remove(job: string): Promise<void> {
    await this.#request("remove", { job });
  }

  /** @param data - the one long parameter, already Base64: beside the others, so that it is not encoded twice */
  async #request(op: string, parameters: Record<string, unknown>, data?: string): Promise<unknown> {
    const request = Buffer.from(JSON.stringify({ op, ...parameters })).toString("base64");
    const code = `_llmops_reply = _llmops_agent["answer"]("${request}"${data === undefined ? "" : `, "${data}"`})`;
    const text = await this.#evaluate(code);
    const reply = Reply.parse(JSON.parse(Buffer.from(text, "base64").toString("utf8")));
    if ("refused" in reply) throw new PairError("request", `the runtime refused to ${op}: ${reply.refused}`);
    return reply.ok;
  }

  /** Every request of the agent can be sent twice, so one without an answer is. A session that lost the agent is given it anew. */
  async #evaluate(code: string): Promise<string> {
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS, deadline = Date.now() + PATIENCE_MS;
    let needsAgent = false, loads = 0;
    for (let pauseMs = FIRST_PAUSE_MS; ; ) {
      try {
        if (needsAgent) await this.#session.evaluate(agentCode(this.#options.root), { timeoutMs });
        needsAgent = false;
        return await this.#session.evaluate(code, { timeoutMs });
      } catch (error) {
        if (error instanceof PythonFault && error.kind === "NameError" && loads < LOADS) {
          needsAgent = true;
          loads += 1;
        } else if (error instanceof PythonFault) {
          throw new PairError("request", `the runtime's agent failed: ${error.message}`, { cause: error });
        } else if (error instanceof PairError && error.code === "timeout" && Date.now() + pauseMs < deadline) {
          await new Promise((wake) => setTimeout(wake, pauseMs));
          pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        } else {
          throw error;
        }
      }
    }
  }
}

/** Python that defines the agent in a dictionary of its own, so that it meets no name of the session. */
export function agentCode(root?: string): string {
  const source = readFileSync(workbookPath("colab/runtime/agent.py"), "utf8");
  const packed = deflateSync(source).toString("base64");
  return [
    "import base64 as _b64, os as _os, zlib as _zlib",
    root === undefined ? "" : `_os.environ["LLMOPS_JOBS"] = ${JSON.stringify(root)}`,
    `_llmops_source = _zlib.decompress(_b64.b64decode("${packed}")).decode("utf8")`,
    '_llmops_agent = {"__name__": "llmops_agent", "SOURCE": _llmops_source}',
    'exec(compile(_llmops_source, "llmops-agent", "exec"), _llmops_agent)',
    '_llmops_reply = ""',
  ].join("\n");
}
