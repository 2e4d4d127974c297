import type { ErrorBody } from "./schema.js";

/** What the service says no with; the codes are stable. */
const STATUS = {
  invalid_json: 400, invalid_field: 400, invalid_request: 400,
  forbidden: 403,
  not_found: 404, no_route: 404,
  method_not_allowed: 405,
  already_done: 409, idempotency_conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  past_date: 422,
  internal: 500,
  database_unavailable: 503,
} as const;
export type TaskApiErrorCode = keyof typeof STATUS;

/** A refusal of the Task API: an HTTP status, a stable code, a sentence, and where there is one the field and the remedy. */
export class TaskApiError extends Error {
  override readonly name = "TaskApiError";
  readonly field: string | undefined;
  readonly remedy: string | undefined;

  constructor(readonly code: TaskApiErrorCode, message: string, more: { field?: string | undefined; remedy?: string | undefined; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.field = more.field;
    this.remedy = more.remedy;
  }

  get status(): number {
    return STATUS[this.code];
  }

  get body(): ErrorBody {
    return { error: { code: this.code, message: this.message, ...(this.field === undefined ? {} : { field: this.field }), ...(this.remedy === undefined ? {} : { remedy: this.remedy }) } };
  }
}

/** A database that cannot be opened or migrated; the message says what to do. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}
