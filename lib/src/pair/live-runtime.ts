/** A runtime that answers while it works: every driver with a Python session over there is one of these. */
import { createHash } from "node:crypto";
import { constants, mkdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { Agent, type AgentOptions } from "./agent.js";
import { MachineGone, PairError } from "./error.js";
import { hasEnded, type Command, type JobState, type RuntimeFacts } from "./job.js";
import type { PythonSession } from "./python-session.js";
import type { Address, DriverName, Report, Runtime, Tail } from "./runtime.js";

/** What a driver brings: how its machine is found or started, and how it is described. */
export interface LiveDriver {
  driver: DriverName;
  says: string;
  address: Address;
  /** Whether a lost session is opened anew: only where that finds the same jobs and costs nothing. */
  reopens?: boolean;
  /**
   * Finds the machine and opens a Python session on it. Only where `mayStart`, one that is not there is made: looking at a run
   * whose machine is gone must not cost another.
   */
  open(report: Report, mayStart: boolean): Promise<{ session: PythonSession; options?: AgentOptions }>;
  /** What the route asks of every job, such as a time limit. */
  limit?(command: Command): Command;
  /** Ends the machine, and checks that it has, where no session on it can be had any more. */
  end?(): Promise<void>;
}

const GET_LIMIT = Number.MAX_SAFE_INTEGER;
/** The agent kills a job 15 s after it was asked to end. */
const END_LIMIT_MS = 30_000;
const END_POLL_MS = 200;

export class LiveRuntime implements Runtime {
  readonly #driver: LiveDriver;
  readonly #report: Report;
  #opened: Promise<{ session: PythonSession; agent: Agent; facts: RuntimeFacts }> | undefined;

  /** @param report - told what goes on where a verb has to open the runtime and `start` was not called before it */
  constructor(driver: LiveDriver, report: Report = () => {}) {
    this.#driver = driver;
    this.#report = report;
  }

  get driver(): DriverName {
    return this.#driver.driver;
  }

  get says(): string {
    return this.#driver.says;
  }

  get address(): Address {
    return this.#driver.address;
  }

  async start(report: Report = this.#report): Promise<RuntimeFacts> {
    return (await this.#ready(report, true)).facts;
  }

  async put(path: string, content: Uint8Array): Promise<void> {
    const wanted = createHash("sha256").update(content).digest("hex");
    await this.#ask(async (agent) => {
      if ((await agent.describe(path)).sha256 !== wanted) await agent.write(path, content);
    });
  }

  async exec(job: string, command: Command, again = false): Promise<JobState> {
    return this.#ask((agent) => agent.start(job, this.#driver.limit?.(command) ?? command, again));
  }

  async tail(job: string, file: string, offset: number, limit = GET_LIMIT): Promise<Tail> {
    return this.#ask((agent) => agent.read(`${job}/${file}`, offset, limit));
  }

  async interrupt(job: string): Promise<JobState> {
    return this.#ask((agent) => agent.interrupt(job));
  }

  async get(job: string, file: string, target: string, onBytes: (bytes: number) => void = () => {}): Promise<void> {
    mkdirSync(dirname(target), { recursive: true });
    let offset = statSync(target, { throwIfNoEntry: false })?.size ?? 0;
    const out = await open(target, constants.O_RDWR | constants.O_CREAT); // never emptied: another one may be writing the same
    try {
      for (;;) {
        const { bytes, size } = await this.tail(job, file, offset);
        if (size === undefined) throw new PairError("damaged", `${file} is not among what ${job} left in the runtime`);
        if (bytes.length === 0) break;
        const { bytesWritten } = await out.write(bytes, 0, bytes.length, offset);
        offset += bytesWritten;
        onBytes(bytesWritten);
      }
    } finally {
      await out.close();
    }
  }

  async status(job: string): Promise<JobState> {
    return this.#ask((agent) => agent.status(job));
  }

  async remove(job: string): Promise<void> {
    await this.#ask((agent) => agent.remove(job));
  }

  async stop(): Promise<void> {
    try {
      for (const job of await this.#ask((agent) => agent.interruptAll())) await this.#waitForEnd(job);
      const { session } = await this.#ready();
      this.#opened = undefined;
      await session.stop();
    } catch (error) {
      if (!(error instanceof PairError && error.code === "lost" && this.#driver.end)) throw error;
      this.#opened = undefined;
      await this.#driver.end();
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened) await (await opened).session.close();
  }

  /** Puts a question to the agent; a session that was lost is opened anew, once, where the driver allows it. */
  async #ask<T>(question: (agent: Agent) => Promise<T>): Promise<T> {
    const opened = this.#ready();
    try {
      return await question((await opened).agent);
    } catch (error) {
      const isLost = error instanceof PairError && error.code === "lost", reopens = this.#driver.reopens === true;
      // Of other routes the session itself waits for its machine; one that is gone is looked for by the next `start`.
      if (isLost && (reopens || error instanceof MachineGone) && this.#opened === opened) this.#opened = undefined;
      if (!isLost || !reopens) throw error;
      return question((await this.#ready()).agent);
    }
  }

  async #waitForEnd(job: string): Promise<void> {
    const deadline = Date.now() + END_LIMIT_MS;
    while (!hasEnded((await this.status(job)).state)) {
      if (Date.now() > deadline) throw new PairError("request", `${job} does not end; the machine was left running`);
      await new Promise((wake) => setTimeout(wake, END_POLL_MS));
    }
  }

  #ready(report = this.#report, mayStart = false): Promise<{ session: PythonSession; agent: Agent; facts: RuntimeFacts }> {
    this.#opened ??= this.#open(report, mayStart).catch((error: unknown) => {
      this.#opened = undefined; // the next call tries again
      throw error;
    });
    return this.#opened;
  }

  async #open(report: Report, mayStart: boolean): Promise<{ session: PythonSession; agent: Agent; facts: RuntimeFacts }> {
    const { session, options } = await this.#driver.open(report, mayStart);
    try {
      const agent = new Agent(session, options);
      return { session, agent, facts: await agent.hello() };
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}
