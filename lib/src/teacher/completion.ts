import type { ZodType } from "zod";
import type { BudgetExceeded, TeacherError } from "./failures.js";
import type { Usage } from "./prices.js";
import type { ChatTurn } from "./tokens.js";

/** One question to the teacher. */
export interface CompletionRequest<T = unknown> {
  messages: readonly ChatTurn[];
  /** With a schema the answer is JSON, checked and typed; without, it is text. */
  schema?: ZodType<T>;
  /** The schema's name as the model sees it: letters, digits, `_` and `-`. Default `answer`. */
  schemaName?: string;
  /** Another model than the door's. It needs a known price (see `price` of `openTeacher`). */
  model?: string;
  /** 0 to 2. Left to the server when absent; models that take none have it dropped. */
  temperature?: number;
  /** The most tokens the answer may have; also what the budget reserves. Default 2048. */
  maxTokens?: number;
  /** A wish for repeatable sampling; servers may ignore it. */
  seed?: number;
  signal?: AbortSignal;
}

/** One answer. */
export interface Completion<T = string> {
  /** The checked value; without a schema, the text itself. */
  parsed: T;
  /** The answer as received. */
  text: string;
  model: string;
  responseId: string;
  /** `stop`, or `length` when the answer reached maxTokens (only without a schema; with one that is a failure). */
  finishReason: string;
  usage: Usage;
  /** Dollars this call cost now: 0 from the cache. */
  cost: number;
  /** Dollars it costs without the cache. */
  value: number;
  cached: boolean;
  /** Requests sent, retries included; 0 from the cache. */
  attempts: number;
}

/** A result of `completeAll`: failures are values, so that one bad answer never loses the good ones. */
export type Outcome<T> = { ok: true; completion: Completion<T> } | { ok: false; error: TeacherError | BudgetExceeded };

/** What `onProgress` is told after each finished request. */
export interface Progress {
  done: number;
  total: number;
  failed: number;
  /** Dollars spent by the teacher so far. */
  spent: number;
}
