/** Faults of paired runtimes, each with a stable code for programs and a sentence with the remedy for people. */

export type PairErrorCode =
  /** Something on this machine is missing or wrongly set: a URL, a token, a program, packages. */
  | "setup"
  /** The runtime said no: no T4 to be had, quota used up, a login refused. */
  | "refused"
  /** The runtime was there and is gone: reclaimed, closed, lost after its time. */
  | "lost"
  /** No answer in time; the request can be repeated. */
  | "timeout"
  /** The runtime's agent refused a request (a path outside its folder, a job that still runs). */
  | "request"
  /** What came back is not what the manifest or the schema promises. */
  | "damaged"
  /** What is to be sent holds a secret. */
  | "secret"
  /** No run of that name in .workbook/runs. */
  | "unknown-run"
  /** This route cannot do that; the message says what does it. */
  | "unsupported";

const EXIT_STATUS: Partial<Record<PairErrorCode, number>> = { damaged: 1, lost: 1, refused: 1, timeout: 1 };

export class PairError extends Error {
  override readonly name = "PairError";

  constructor(readonly code: PairErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** The exit status of the `llmops` command. */
  get exitCode(): number {
    return EXIT_STATUS[this.code] ?? 2;
  }
}

/** The machine of a job is gone for good, or out of our reach for good: the job's end, where another `lost` is a fault of the way there. */
export class MachineGone extends PairError {
  constructor(message: string, options?: ErrorOptions) {
    super("lost", message, options);
  }
}
