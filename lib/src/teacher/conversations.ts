import type { Progress } from "./completion.js";
import { checkPlan, ordersOf, requestCount, writePrompt, type ConversationPlan } from "./conversation-prompt.js";
import { TeacherError } from "./failures.js";
import { OPERATIONS, type Operation } from "./task-api.js";
import type { Teacher } from "./teacher.js";

/** One generated row, as it came. */
export interface RawRow {
  /** `<responseId>/<index>`, index from 0 in its response; what a ledger knows the row by. */
  id: string;
  /** The line as received. */
  text: string;
  /** The line's JSON with `id` and `today` added, where it is a JSON object; else undefined. */
  value: Record<string, unknown> | undefined;
  responseId: string;
  /** The number of the request in the run, from 1. */
  request: number;
}

/** A request that gave nothing. */
export interface GenerationFailure {
  request: number;
  /** Rows that are missing because of it. */
  rows: number;
  error: TeacherError;
}

/** What to generate. */
export interface GenerateOptions {
  /** Default 600. */
  count?: number;
  /** Conversations in one request. Default 5. */
  batch?: number;
  /** Default: all five, in turn. */
  operations?: readonly Operation[];
  /** YYYY-MM-DD. Default: today's date (local). Give it, or the run cannot be repeated tomorrow. */
  today?: string;
  /** Draws the variety axes. Default 63. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress & { rows: number }) => void;
}

/** A run's rows, in the order of the requests, and the requests that failed. */
export interface Generated {
  rows: RawRow[];
  failures: GenerationFailure[];
  plan: ConversationPlan;
}

// A conversation takes about 130 tokens as JSON; room for three times as much, and for a rambling one.
const TOKENS_PER_ROW = 400;
const TOKENS_SPARE = 700;

/**
 * Has the teacher write Task API training conversations, `batch` a request.
 *
 * Rows that cannot be parsed are kept with their text: rejecting them, with a reason, is the pipeline's work. Failed
 * requests are values, so what was paid for is never lost. Throws RangeError for a plan that makes no sense.
 */
export async function generateConversations(teacher: Teacher, options: GenerateOptions = {}): Promise<Generated> {
  const plan: ConversationPlan = {
    count: options.count ?? 600, batch: options.batch ?? 5, operations: options.operations ?? OPERATIONS,
    today: options.today ?? localToday(), seed: options.seed ?? 63,
  };
  const fault = checkPlan(plan);
  if (fault !== undefined) throw new RangeError(fault);
  const numbers = Array.from({ length: requestCount(plan) }, (_, i) => i + 1);
  let done = 0;
  const outcomes = await teacher.completeAll(
    numbers.map((number) => ({ messages: writePrompt({ plan, number }), maxTokens: plan.batch * TOKENS_PER_ROW + TOKENS_SPARE })),
    {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onProgress: (progress) => {
        done = Math.min(plan.count, (progress.done - progress.failed) * plan.batch);
        options.onProgress?.({ ...progress, rows: done });
      },
    },
  );
  const rows: RawRow[] = [];
  const failures: GenerationFailure[] = [];
  outcomes.forEach((outcome, i) => {
    const request = i + 1;
    if (!outcome.ok) {
      failures.push({ request, rows: ordersOf({ plan, number: request }).length, error: outcome.error });
      return;
    }
    const { text, responseId } = outcome.completion;
    splitRows(text).forEach((line, index) => {
      const id = `${responseId}/${index}`;
      const value = readObject(line);
      rows.push({ id, text: line, value: value === undefined ? undefined : { id, ...value, today: plan.today }, responseId, request });
    });
  });
  return { rows, failures, plan };
}

/**
 * The rows as JSON Lines, for the pipeline: one line a row, so that line n is `rows[n - 1]`. A row that could be
 * parsed carries its `id`; one that could not stands as it was received.
 */
export function toJsonLines(rows: readonly RawRow[]): string {
  return rows.map((row) => `${row.value === undefined ? row.text.replace(/[\r\n]+/g, " ") : JSON.stringify(row.value)}\n`).join("");
}

/** The conversations in an answer. JSON Lines were asked for; models also send fences, arrays and pretty-printed JSON. */
function splitRows(text: string): string[] {
  const whole = text.replace(/^\s*```\w*\s*$/gm, "").trim();
  const list = readList(whole);
  if (list !== undefined) return list.map((item) => JSON.stringify(item));
  const lines = whole.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && line !== "[" && line !== "]");
  // Pretty-printed objects, one after another: split where one ends and the next begins.
  if (lines.some((line) => line === "{" || line === "}" || line === "},")) return whole.split(/(?<=^\})\s*,?\s*(?=^\{)/m).map((block) => block.trim());
  return lines.map((line) => (line.endsWith("},") ? line.slice(0, -1) : line));
}

function readList(text: string): unknown[] | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(value)) return value as unknown[];
  if (typeof value !== "object" || value === null) return undefined;
  if ("operation" in value || "scenario" in value) return [value];
  const lists = Object.values(value).filter((field): field is unknown[] => Array.isArray(field));
  return lists.length === 1 && lists[0]?.every((item) => typeof item === "object" && item !== null && !("from" in item)) ? lists[0] : [value];
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function localToday(): string {
  const now = new Date();
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
}
