import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from "openai";

/** Why a call to the teacher gave no usable answer. Stable: scripts and tests may compare it. */
export type FailureKind =
  | "aborted"
  | "bad-key"
  | "bad-request"
  | "budget"
  | "context-too-long"
  | "invalid-json"
  | "network"
  | "price"
  | "rate-limit"
  | "refusal"
  | "schema-mismatch"
  | "server"
  | "setup"
  | "timeout"
  | "truncated"
  | "unknown-model";

/** A failed call. `message` says what happened and what to do; `raw` keeps the text the teacher sent, if any. */
export class TeacherError extends Error {
  override readonly name: string = "TeacherError";
  readonly kind: FailureKind;
  /** The answer as received, where there was one: nothing that was paid for is lost. */
  readonly raw: string | undefined;
  /** The server's response id, where there was one. */
  readonly responseId: string | undefined;
  /** Requests sent for this call, retries included. */
  attempts = 0;

  constructor(kind: FailureKind, message: string, detail: { raw?: string; responseId?: string; cause?: unknown } = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.kind = kind;
    this.raw = detail.raw;
    this.responseId = detail.responseId;
  }
}

/** The budget cannot carry the next call. Calls that had already been paid for keep their results. */
export class BudgetExceeded extends TeacherError {
  override readonly name = "BudgetExceeded";
  /** Dollars, all three. */
  readonly spent: number;
  readonly needed: number;
  readonly budget: number;

  constructor(spent: number, needed: number, budget: number) {
    super(
      "budget",
      `The teacher's budget is $${money(budget)}: $${money(spent)} is spent or reserved, and this call may need up to ` +
        `$${money(needed)}. It was not sent. Finished results are kept. Raise budgetUsd, lower maxTokens, or ask for ` +
        "fewer rows; answers in the cache cost nothing.",
    );
    this.spent = spent;
    this.needed = needed;
    this.budget = budget;
  }
}

/** Dollars with enough digits that a fraction of a cent shows. */
export function money(dollars: number): string {
  return dollars !== 0 && Math.abs(dollars) < 0.01 ? dollars.toFixed(6) : dollars.toFixed(4);
}

/** Turns whatever the `openai` package threw into a TeacherError with a remedy. */
export function explainFailure(error: unknown, door: { url: string; model: string }): TeacherError {
  if (error instanceof TeacherError) return error;
  if (error instanceof APIUserAbortError) {
    return new TeacherError("aborted", "The call was aborted before it finished.", { cause: error });
  }
  if (error instanceof APIConnectionTimeoutError) {
    return new TeacherError(
      "timeout",
      `${door.url} did not answer in time, retries included. Raise timeoutMs, or lower concurrency.`,
      { cause: error },
    );
  }
  if (error instanceof APIConnectionError) {
    return new TeacherError(
      "network",
      `No connection to ${door.url} (${rootCause(error)}). Check the network and OPENAI_BASE_URL; for Ollama, start it ` +
        "with `ollama serve`. Without OPENAI_API_KEY and OPENAI_BASE_URL the workbook uses its simulator.",
      { cause: error },
    );
  }
  if (error instanceof APIError) return explainStatus(error as APIError, door);
  if (isAbort(error)) return new TeacherError("aborted", "The call was aborted before it finished.", { cause: error });
  return new TeacherError("server", `${door.url} sent an answer that could not be read: ${describe(error)}`, {
    cause: error,
  });
}

function explainStatus(error: APIError, door: { url: string; model: string }): TeacherError {
  const said = error.message.replace(/^\d{3}\s*/, "").trim();
  const detail = { cause: error };
  const code = error.code ?? "";
  if (code === "context_length_exceeded" || /context (length|window)|maximum context/i.test(said)) {
    return new TeacherError("context-too-long", `The prompt is longer than ${door.model} can read (${said}). Send ` +
      "fewer examples in one request (batch), or smaller chunks.", detail);
  }
  switch (error.status) {
    case 401:
      return new TeacherError("bad-key", `${door.url} refused the key (401: ${said}). Set OPENAI_API_KEY to a valid key, ` +
        "or unset it to use the simulator.", detail);
    case 403:
      return new TeacherError("bad-key", `The key has no right to use ${door.model} at ${door.url} (403: ${said}). ` +
        "Choose another model, or ask for access.", detail);
    case 404:
      return new TeacherError("unknown-model", `${door.url} does not know the model "${door.model}" or the address ` +
        `(404: ${said}). Set model (or LLMOPS_TEACHER_MODEL) to one it lists at ${door.url}/models.`, detail);
    case 429:
      return code === "insufficient_quota"
        ? new TeacherError("rate-limit", `The account behind the key has no credit left (429: ${said}). Add credit with ` +
          "the provider; results so far are kept in the cache.", detail)
        : new TeacherError("rate-limit", `${door.url} kept refusing for rate (429: ${said}). Lower concurrency or raise ` +
          "maxRetries; results so far are kept in the cache.", detail);
    default:
      return (error.status ?? 0) >= 500
        ? new TeacherError("server", `${door.url} failed, retries included (${error.status}: ${said}). Try again later; ` +
          "results so far are kept in the cache.", detail)
        : new TeacherError("bad-request", `${door.url} refused the request (${error.status}: ${said}` +
          `${error.param ? `, parameter ${error.param}` : ""}).`, detail);
  }
}

/** True for what a fired AbortSignal throws, whichever library threw it. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error instanceof APIUserAbortError);
}

function rootCause(error: Error): string {
  let at: unknown = error;
  while (at instanceof Error && at.cause !== undefined) at = at.cause;
  if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0];
  return describe(at);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
