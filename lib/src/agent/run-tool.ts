/** A model's call, carried out: its arguments checked, its words resolved to a task and a day, the HTTP API called. */
import { z } from "zod";
import { resolveDays, resolveDueDate, type DayRange } from "./dates.js";
import { ErrorBody, Health, LIMITS, Task, TaskPage, type STATUSES } from "./task-api/schema.js";
import { holdsWords, titleKey, wordsOf } from "./titles.js";
import { isTaskToolName, TASK_ARGUMENTS, TASK_TOOL_NAMES, type TaskToolName } from "./tools.js";

/** A task as a model reads it: what it may speak about, and nothing that would fill its context. */
export type BriefTask = Pick<Task, "id" | "title" | "due_date" | "priority" | "status">;

export type ToolResult =
  | ({ ok: true } & BriefTask & { deleted?: true })
  | { ok: true; tasks: BriefTask[]; total: number }
  | { ok: false; error: ToolErrorCode; message: string; candidates?: BriefTask[] };

/** Why a call did nothing. The first eight are for the model to mend or to ask about; the last two are the service's. */
export const TOOL_ERRORS = ["unknown_tool", "bad_arguments", "not_found", "ambiguous", "unclear_date", "past_date", "already_done", "conflict", "timeout", "unavailable"] as const;
export type ToolErrorCode = (typeof TOOL_ERRORS)[number];

export interface RunToolOptions {
  /** The day that words count from, YYYY-MM-DD. Default: the service's own. */
  today?: string;
  /** Of create_task: repeated with the same key, the call makes no second task. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** For each request to the service. @defaultValue 10,000 ms */
  timeoutMs?: number;
  /** What sends the requests. Default: the platform's own; an agent's repeats what failed on the way. */
  fetch?: typeof fetch;
}

/** Tasks of a list, and candidates of an ambiguous title, that a model is shown: about 40 tokens each, of a context of 512. */
const SHOWN = { tasks: 5, candidates: 3 } as const;
type Status = (typeof STATUSES)[number];

class Refusal extends Error {
  constructor(readonly code: ToolErrorCode, message: string, readonly candidates?: BriefTask[]) {
    super(message);
  }
}

/**
 * Carries out a call on the Task API. What is wrong with the call or the service comes back as a result, for the model to
 * read; only an aborted `signal` throws.
 *
 * A task is found by its title: the whole of it without case, article and quotation marks, else by all of its words, each whole, in any order; open
 * tasks before done ones; `#3` by its number.
 */
export async function runTool(api: { url: string }, call: { name: string; arguments: unknown }, options: RunToolOptions = {}): Promise<ToolResult> {
  try {
    if (!isTaskToolName(call.name)) throw new Refusal("unknown_tool", `There is no tool ${String(call.name)}. Tools: ${TASK_TOOL_NAMES.join(", ")}.`);
    return await TOOLS[call.name](new Client(api.url, options), argumentsOf(call.name, call.arguments) as never);
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: error.code, message: error.message, ...(error.candidates ? { candidates: error.candidates } : {}) };
    throw error;
  }
}

/** The five tools bound to one service, for an agent's loop. */
export function openTaskTools(api: { url: string }, options: RunToolOptions = {}) {
  return { names: TASK_TOOL_NAMES, run: (call: { name: string; arguments: unknown }, more: RunToolOptions = {}) => runTool(api, call, { ...options, ...more }) };
}

function argumentsOf(name: TaskToolName, given: unknown): unknown {
  let value = given;
  if (typeof given === "string") {
    try {
      value = JSON.parse(given);
    } catch {
      throw new Refusal("bad_arguments", "The arguments are no JSON.");
    }
  }
  const read = TASK_ARGUMENTS[name].safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.join(".");
  if (issue?.code === "unrecognized_keys") throw new Refusal("bad_arguments", `${name} has no argument ${issue.keys.join(", ")}.`);
  throw new Refusal("bad_arguments", field ? `${field} ${issue?.message ?? "is wrong"}.` : "The arguments must be a JSON object.");
}

type Arguments<Name extends TaskToolName> = z.output<(typeof TASK_ARGUMENTS)[Name]>;
type Tools = { [Name in TaskToolName]: (client: Client, given: Arguments<Name>) => Promise<ToolResult> };

const TOOLS: Tools = {
  async create_task(client, { title, due_date, priority }) {
    const due = await client.dueDate(due_date);
    return done(await client.task("POST", "/tasks", { title, ...due, ...(priority ? { priority } : {}) }, client.options.idempotencyKey));
  },
  async update_task(client, { title, new_title, due_date, priority }) {
    if (new_title === undefined && due_date === undefined && priority === undefined) throw new Refusal("bad_arguments", "Nothing to change: give new_title, due_date or priority.");
    const due = await client.dueDate(due_date);
    const { id } = await client.find(title);
    return done(await client.task("PATCH", `/tasks/${id}`, { ...(new_title === undefined ? {} : { title: new_title }), ...due, ...(priority ? { priority } : {}) }));
  },
  async complete_task(client, { title }) {
    const { id } = await client.find(title, "already_done");
    return done(await client.task("POST", `/tasks/${id}/complete`));
  },
  async delete_task(client, { title }) {
    const { id } = await client.find(title);
    return { ...done(await client.task("DELETE", `/tasks/${id}`)), deleted: true };
  },
  async list_tasks(client, { due_date, priority, status = "open" }) {
    const days = due_date === undefined ? undefined : await client.days(due_date);
    const page = await client.list({ status, priority, due_after: days?.from, due_before: days?.to, sort: "due", limit: SHOWN.tasks });
    return { ok: true, tasks: page.tasks.map(brief), total: page.total };
  },
};

const brief = ({ id, title, due_date, priority, status }: Task): BriefTask => ({ id, title, due_date, priority, status });
const done = (task: Task) => ({ ok: true as const, ...brief(task) });

/** Requests to the service; its refusals are thrown as the tool's. */
class Client {
  constructor(readonly url: string, readonly options: RunToolOptions) {}

  async days(words: string): Promise<DayRange> {
    const days = resolveDays(words, await this.today());
    if ("unclear" in days) throw new Refusal("unclear_date", `“${words}” is no clear date: ${days.unclear}.`);
    return days;
  }

  async dueDate(words: string | undefined): Promise<{ due_date?: string }> {
    if (words === undefined) return {};
    const due = resolveDueDate(words, await this.today());
    if ("unclear" in due) throw new Refusal("unclear_date", `“${words}” is no clear date: ${due.unclear}.`);
    return { due_date: due.day };
  }

  /** The one task that a title means; `severalDone` is what it is called when several done ones, and no open one, fit. */
  async find(title: string, severalDone: "ambiguous" | "already_done" = "ambiguous"): Promise<Task> {
    const numbered = /^#([1-9]\d{0,9})$/.exec(title.trim());
    if (numbered) return this.task("GET", `/tasks/${numbered[1]}`);
    if (title.trim() === "") throw new Refusal("bad_arguments", "title: empty.");
    if (title.length > LIMITS.title) throw new Refusal("not_found", "There is no task with so long a title.");
    const words = wordsOf(titleKey(title));
    for (const find of [(status: Status) => this.list({ title, status, limit: SHOWN.candidates }), (status: Status) => this.holding(words, status)]) {
      for (const status of ["open", "done"] as const) {
        const { tasks, total } = await find(status);
        const [task] = tasks;
        if (task && total === 1) return task;
        if (total > 1 && status === "done" && severalDone === "already_done") throw new Refusal("already_done", `The ${total} tasks that match “${title}” are done already.`);
        if (total > 1) throw new Refusal("ambiguous", `${total} tasks match “${title}”.`, tasks.slice(0, SHOWN.candidates).map(brief));
      }
    }
    throw new Refusal("not_found", `There is no task “${title}”.`);
  }

  /** The tasks whose titles have all these words; of no words none, since the service then lists every task. */
  async holding(words: readonly string[], status: Status): Promise<{ tasks: Task[]; total: number }> {
    if (words.length === 0) return { tasks: [], total: 0 };
    const { tasks, total } = await this.list({ search: words.join(" ").slice(0, LIMITS.title), status, limit: LIMITS.page });
    const held = tasks.filter((task) => holdsWords(task.title, words));
    return { tasks: held, total: total > tasks.length ? total : held.length };
  }

  async list(query: Record<string, string | number | undefined>): Promise<TaskPage> {
    const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
    return this.#ask(TaskPage, "GET", `/tasks?${new URLSearchParams(given as [string, string][]).toString()}`);
  }

  async task(method: string, path: string, body?: unknown, key?: string): Promise<Task> {
    return this.#ask(Task, method, path, body, key);
  }

  async today(): Promise<string> {
    return this.options.today ?? (await this.#ask(Health, "GET", "/health")).today;
  }

  async #ask<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown, key?: string): Promise<T> {
    const { signal, timeoutMs = 10_000, fetch: send = fetch } = this.options;
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(this.url + path, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...(key === undefined ? {} : { "idempotency-key": key }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      const answer: unknown = await response.json();
      if (response.ok) return schema.parse(answer);
      throw refusal(response.status, ErrorBody.parse(answer).error);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      signal?.throwIfAborted();
      if (limit.aborted) throw new Refusal("timeout", `The Task API did not answer within ${timeoutMs} ms.`);
      // Nothing listens, the connection broke, or what answered is not the Task API.
      throw new Refusal("unavailable", "The Task API cannot be reached.");
    }
  }
}

function refusal(status: number, { code, message, field }: ErrorBody["error"]): Refusal {
  // A field's name stays as it is written.
  const sentence = field && message.startsWith(field) ? `${message}.` : `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  if (code === "not_found" || code === "already_done" || code === "past_date") return new Refusal(code, sentence);
  if (code === "idempotency_conflict" || code === "gone") return new Refusal("conflict", sentence);
  if (status >= 500) return new Refusal("unavailable", "The Task API cannot be reached.");
  return new Refusal("bad_arguments", sentence);
}
