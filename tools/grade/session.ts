/** One process of the sandbox, from outside: messages, limits of time and output, its end. */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { Limits } from "./limits.ts";

/** Time to start Node and load the runner; beyond it the machine, not the student, is at fault. */
export const START_MS = 60_000;
/** Bytes of a message from inside. The runner keeps to half of it; a forged one may not. */
const LARGEST_MESSAGE = 32 << 20;

/** What ends a process before it answered. */
export type End = { why: "time" | "memory" | "output" | "cpu" | "ended" | "start"; detail: string };

/**
 * Ends a child with all that it started. In a namespace its first process is killed, which `unshare` waits for: when that has
 * ended, everything has. To kill `unshare` itself would be as sure, and would leave them some milliseconds more.
 */
export function kill(child: ChildProcess, asGroup = false): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    const first = child.spawnfile === "setpriv" && !asGroup ? firstChildOf(pid) : undefined;
    if (process.platform === "win32") child.kill("SIGKILL");
    else if (first === undefined) process.kill(-pid, "SIGKILL");
    else {
      process.kill(first, "SIGKILL");
      setTimeout(() => kill(child, true), 2000).unref();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function firstChildOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]) || undefined;
  } catch {
    return undefined; // a kernel that does not list children
  }
}

/** What comes back: a message, or why there will be none; and the milliseconds that it took. */
export type Reply = { message: Record<string, unknown>; ms: number } | { end: End; ms: number };

/** One process: messages in, messages out, until it is closed or something ends it. */
export class Session {
  readonly #child: ChildProcess;
  readonly #limits: Limits;
  readonly #channel: Duplex;
  #received: Buffer = Buffer.alloc(0);
  #printed = 0;
  #tail = "";
  #end: End | undefined;
  #deliver: (() => void) | undefined;
  /** Its process and all that it started are gone. */
  readonly ended: Promise<void>;

  constructor(child: ChildProcess, limits: Limits) {
    this.#child = child;
    this.#limits = limits;
    this.#channel = child.stdio[3] as unknown as Duplex;
    this.#channel
      .on("data", (chunk: Buffer) => {
        this.#received = Buffer.concat([this.#received, chunk]);
        this.#deliver?.();
      })
      .on("error", () => {}); // it closed the channel: its end says the rest
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        this.#printed += chunk.length;
        this.#tail = (this.#tail + chunk.toString("latin1")).slice(-4000);
        if (this.#printed > limits.outputMiB << 20) this.stop({ why: "output", detail: `it printed more than ${limits.outputMiB} MiB` });
      });
    }
    this.ended = new Promise((resolve) => {
      child
        .on("error", (error) => {
          this.stop({ why: "start", detail: error.message });
          resolve();
        })
        .on("close", (code, signal) => {
          this.stop(this.#endOf(code, signal));
          resolve();
        });
    });
  }

  send(message: Record<string, unknown>): void {
    const text = Buffer.from(JSON.stringify(message));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(text.length);
    if (!this.#end) this.#channel.write(Buffer.concat([size, text]));
  }

  /** The next message. Where none comes within `ms`, the process is ended. */
  next(ms: number, late: End = { why: "time", detail: `no answer within ${(ms / 1000).toFixed(1)} s` }): Promise<Reply> {
    const started = performance.now();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.stop(late), ms);
      this.#deliver = () => {
        const message = this.#take();
        if (!message && !this.#end) return;
        clearTimeout(timer);
        this.#deliver = undefined;
        resolve({ ...(message ? { message } : { end: this.#end! }), ms: performance.now() - started });
      };
      this.#deliver();
    });
  }

  /** Waits until the runner is about to run what it was sent. */
  ready(): Promise<Reply> {
    return this.next(START_MS, { why: "start", detail: `it did not start within ${START_MS / 1000} s` });
  }

  /** Ends the process and all that it started. */
  stop(end: End = { why: "ended", detail: "it was closed" }): void {
    if (!this.#end) {
      this.#end = end;
      kill(this.#child);
    }
    this.#deliver?.();
  }

  #take(): Record<string, unknown> | undefined {
    if (this.#end || this.#received.length < 4) return undefined;
    const size = this.#received.readUInt32LE(0);
    if (size > LARGEST_MESSAGE) this.stop({ why: "output", detail: `its answer is larger than ${LARGEST_MESSAGE >> 20} MiB` });
    if (this.#end || this.#received.length < 4 + size) return undefined;
    const text = this.#received.toString("utf8", 4, 4 + size);
    this.#received = this.#received.subarray(4 + size);
    try {
      const message: unknown = JSON.parse(text);
      if (message && typeof message === "object") return message as Record<string, unknown>;
    } catch {
      // as below
    }
    this.stop({ why: "ended", detail: "it wrote into the grader's channel" });
    return undefined;
  }

  #endOf(code: number | null, signal: string | null): End {
    if (/heap out of memory|bad_alloc|allocation failed/i.test(this.#tail)) return { why: "memory", detail: `it used more than ${this.#limits.memoryMiB} MiB` };
    if (signal === "SIGXCPU" || code === 128 + 24) return { why: "cpu", detail: `it used more than ${this.#limits.cpuSeconds} s of CPU time` };
    const last = /^\w*Error\b.*$/m.exec(this.#tail)?.[0] ?? this.#tail.trim().split("\n").at(-1) ?? "";
    return { why: "ended", detail: `its process ended (${signal ?? `status ${code}`})${last ? `: ${last.slice(0, 200)}` : ""}` };
  }
}
