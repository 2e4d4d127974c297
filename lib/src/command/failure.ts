import { CommanderError } from "commander";
import { FileError } from "../data/jsonl/file-error.js";
import { VersionError } from "../data/versions/error.js";
import { PairError } from "../pair/error.js";

/** What the exit status of every command means; scripts rely on it. */
export const EXIT = { ok: 0, rejected: 1, usage: 2, budget: 3, interrupted: 130 } as const;

/** An error for the user, in one line with its remedy, with the exit status it calls for. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(message: string, readonly exitCode: number = EXIT.usage, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The same table in every `--help`. */
export const EXIT_HELP = `
Exit status:
  0    all is well
  1    rows were rejected or invalid (convert and build: only with --strict, or when convert wrote none), a source of a build is
       damaged and could not be read to its end, a skill has errors, a version is damaged, or a line of vram --stdin cannot be
       planned; in --json of build and convert "ok" is false
  2    wrong usage, or a file that cannot be read or written
  3    the budget is exhausted
  130  interrupted; nothing half-written is left behind`;

/** The exit status an error calls for. An error may carry its own as a number in `exitCode`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof FileError) return EXIT.usage;
  if (error instanceof VersionError) return error.code === "damaged" ? EXIT.rejected : EXIT.usage;
  if (isAbort(error)) return EXIT.interrupted;
  if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") return error.exitCode;
  return EXIT.usage;
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** A failure for scripts: a stable code and the sentence. */
export function describeFailure(error: unknown): { code: string; message: string } {
  if (isAbort(error)) return { code: "interrupted", message: "interrupted; nothing half-written is left behind" };
  if (error instanceof FileError || error instanceof VersionError || error instanceof PairError || error instanceof CommanderError) return { code: error.code, message: error.message };
  return error instanceof Error ? { code: error.name, message: error.message } : { code: "error", message: String(error) };
}

/**
 * Says what went wrong: one line on stderr, and with `json` one document on stdout. The stack only with LLMOPS_DEBUG=1.
 */
export function reportFailure(error: unknown, json: boolean): number {
  const exitCode = exitCodeOf(error);
  const { code, message } = describeFailure(error);
  // commander has already printed its own message.
  if (!(error instanceof CommanderError)) process.stderr.write(`llmops: ${message.replace(/\s*\n\s*/g, " ")}\n`);
  if (process.env["LLMOPS_DEBUG"] === "1" && error instanceof Error && error.stack) process.stderr.write(`${error.stack}\n`);
  if (json && exitCode !== EXIT.ok) {
    process.stdout.write(`${JSON.stringify({ ok: false, exitCode, error: { code, message } }, null, 2)}\n`);
  }
  return exitCode;
}

/**
 * Runs work that a SIGINT or SIGTERM stops: the first one aborts the signal, so that open files are dropped; a second one
 * ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
