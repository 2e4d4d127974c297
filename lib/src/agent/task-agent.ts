/** The Task API's tools for an agent's loop: every request repeated until its fate is known, or said to be unknown. */
import { z } from "zod";
import type { ToolDefinition } from "../data/example.js";
import { parsed, reliableFetch, REPEATED, unreachableIn, type Attempt, type RetryPolicy } from "./reliable.js";
import { runTool as runTaskTool } from "./run-tool.js";
import { ErrorBody, Task, TaskPage } from "./task-api/schema.js";
import { TASK_TOOLS } from "./tools.js";
import type { ToolAnswer } from "./calls.js";

/** How a loop has a call carried out. */
export type RunTool = (call: { name: string; arguments: unknown }, how: { key: string; signal?: AbortSignal }) => Promise<ToolAnswer & { mayHaveHappened?: boolean }>;

/** What an agent's loop needs of its tools. */
export interface AgentTools {
  tools: readonly ToolDefinition[];
  runTool: RunTool;
  /** Whether a tool can change anything. */
  changes: (name: string) => boolean;
}

export interface TaskAgentOptions extends Omit<RetryPolicy, "onAttempt" | "mayRepeat"> {
  /** The day that words count from, YYYY-MM-DD. Default: the service's own. */
  today?: string;
  onAttempt?: (attempt: Attempt) => void;
  /**
   * What is repeated. `request` (default): each HTTP request by itself, so that the task that was found stays the one that is
   * changed. The others show what goes wrong: `tool` runs the whole tool again, search included; `no-key` repeats creates
   * without an idempotency key; `nothing` gives up at once.
   */
  repeat?: "request" | "tool" | "no-key" | "nothing";
}

/**
 * The five tools on a Task API, for `runAgent` and `runSdkAgent`.
 *
 * Creates carry an idempotency key; changes are sent again by the task's number, which is safe because they set values. Where an
 * attempt without an answer has completed or deleted a task, the next one is refused ("done already", "no such task"): that is
 * read as success.
 *
 * @example
 * const run = await runAgent({ client, model, messages, ...taskAgent({ url }) });
 */
export function taskAgent(api: { url: string }, { today, repeat = "request", onAttempt, ...policy }: TaskAgentOptions = {}): AgentTools {
  const wholeTool = repeat === "tool" || repeat === "nothing";
  const retries = wholeTool ? 0 : (policy.retries ?? 4);
  return {
    tools: TASK_TOOLS,
    changes: (name) => name !== "list_tasks",
    async runTool(call, { key, signal }) {
      let mayHaveHappened = false;
      const tries = repeat === "tool" ? (policy.retries ?? 4) + 1 : 1;
      for (let left = tries; ; left--) {
        const fetched = reliableFetch({
          ...policy, retries, seed: (policy.seed ?? 66) + left, ...(onAttempt ? { onAttempt } : {}),
          // All changes set values but a create: that one needs its key.
          mayRepeat: ({ method, path, headers }) => method !== "POST" || path !== "/tasks" || headers.has("idempotency-key") || repeat === "no-key",
        });
        const send = settled(fetched, (error) => { mayHaveHappened ||= error.mayHaveHappened && error.method !== "GET"; });
        const result = await runTaskTool(api, call, {
          ...(today === undefined ? {} : { today }), ...(repeat === "no-key" ? {} : { idempotencyKey: key }), ...(signal ? { signal } : {}), fetch: send, timeoutMs: TOTAL_MS,
        });
        const isDown = !result.ok && (result.error === "unavailable" || result.error === "timeout");
        if (isDown && left > 1) continue;
        return isDown ? { ...result, mayHaveHappened } : result;
      }
    },
  };
}

// Each attempt has its own limit; this one only ends a server that asks for one wait after another.
const TOTAL_MS = 300_000;

const Numbered = /^\/tasks\/(\d+)(\/complete)?$/;

/** Reads refusals of repeated requests that mean "this was done before" as what they are. */
function settled(send: typeof fetch, onUnreachable: (error: { mayHaveHappened: boolean; method: string }) => void): typeof fetch {
  /** Tasks as they were when they were looked for. */
  const seen = new Map<string, Task>();
  return async (input, init) => {
    const method = (init?.method ?? "GET").toUpperCase();
    let response: Response;
    try {
      response = await send(input, init);
    } catch (error) {
      const unreachable = unreachableIn(error);
      if (unreachable) onUnreachable({ mayHaveHappened: unreachable.mayHaveHappened, method });
      throw error;
    }
    const [, id = "", complete] = Numbered.exec(new URL(String(input instanceof Request ? input.url : input)).pathname) ?? [];
    const text = await response.text();
    const body = parsed(text);
    if (method === "GET" && response.ok) {
      const page = z.union([TaskPage.transform(({ tasks }) => tasks), Task.transform((task) => [task])]).safeParse(body);
      for (const task of page.data ?? []) seen.set(String(task.id), task);
    }
    const known = seen.get(id);
    const refused = response.ok ? undefined : ErrorBody.safeParse(body).data?.error.code;
    const wasDone = known && response.headers.has(REPEATED)
      && ((method === "DELETE" && refused === "not_found") || (complete !== undefined && refused === "already_done"));
    if (wasDone) return Response.json(complete === undefined ? known : { ...known, status: "done" });
    return new Response(text === "" ? null : text, { status: response.status, headers: response.headers });
  };
}
