/**
 * One runtime, whatever it is and wherever it stands: eight verbs, the same for every driver.
 *
 * A job is a detached process of the runtime that appends to files; nothing depends on a connection that stays up. Every
 * verb can be called again after a fault: files are put whole or not at all, `exec` of a job that runs says how it stands,
 * `tail` and `get` go on at a byte offset.
 */
import type { Command, JobState, RuntimeFacts } from "./job.js";

/** The routes to a runtime, as LLMOPS_RUNTIME names them. */
export const DRIVERS = ["local", "jupyter", "hand-off", "tab", "cli"] as const;
export type DriverName = (typeof DRIVERS)[number];

/** Enough to find a runtime again after this process has ended. Stands in run.json, so it holds no secret. */
export type Address = { driver: DriverName } & Readonly<Record<string, string>>;

/** Says what is going on, one line at a time: `Installing …`, `Waiting for the tab …`. */
export type Report = (line: string) => void;

/** Bytes of a file from the offset on, and the size that the file has now; `undefined` where there is no such file. */
export interface Tail {
  bytes: Uint8Array;
  size: number | undefined;
}

export interface Runtime {
  readonly driver: DriverName;
  readonly address: Address;
  /** For the table of doors: which machine this is and what that means. */
  readonly says: string;

  /** Finds or starts the machine and readies its agent. Says how far it is. Called again, it does nothing. By hand-off nobody knows the machine yet: undefined. */
  start(report?: Report): Promise<RuntimeFacts | undefined>;
  /** Sends one file to `path` under the runtime's job root; a file that is there with the same bytes is not sent again. */
  put(path: string, content: Uint8Array): Promise<void>;
  /** Starts the job in its folder; of one that has been started, says how it stands. `again` starts one anew that has ended. */
  exec(job: string, command: Command, again?: boolean): Promise<JobState>;
  /** Bytes of one of the job's files from an offset on, at most `limit` of them (default: what the route takes at once). */
  tail(job: string, file: string, offset: number, limit?: number): Promise<Tail>;
  /** Asks a job to end: SIGINT, and SIGKILL after 15 s. The state says when it has. */
  interrupt(job: string): Promise<JobState>;
  /** Brings a file home: appends to `target` from the size it has there, so that an interrupted download goes on. */
  get(job: string, file: string, target: string, onBytes?: (bytes: number) => void): Promise<void>;
  status(job: string): Promise<JobState>;
  /** Removes an ended job's folder over there, where the route can. */
  remove?(job: string): Promise<void>;
  /** Ends the machine, and checks that it has ended where the route can tell. Jobs in it end too. */
  stop(): Promise<void>;
  /** Lets go of the connection and leaves the machine and its jobs as they are. */
  close(): Promise<void>;
}
