/** What an agent did: its calls, what became of each, and the account of them that a user is given. */
import { createHash } from "node:crypto";

/** What a tool answers. More fields are for the model. */
export interface ToolAnswer {
  ok: boolean;
  /** A stable code, where it is not. */
  error?: string;
  message?: string;
  [field: string]: unknown;
}

/** One call, carried out or refused. */
export interface AgentCall {
  /** Unique in the run. */
  id: string;
  /** The model's answer that made it, from 1. */
  turn: number;
  name: string;
  /** The object, or the text where it was none. */
  arguments: unknown;
  answer: ToolAnswer;
  /** Whether the tool can change anything. */
  changes: boolean;
  /** Whether a failed call may have changed something all the same: nobody knows. */
  mayHaveHappened: boolean;
  /** Whether an earlier call of the run was the same and had done it: its answer was given again. */
  repeated: boolean;
}

/**
 * How a turn of the agent ended.
 *
 * `done`: what was called is done, and the model has said so. `asked`: it is the user's turn; what is not done is said. `failed`:
 * something is not done, or nobody knows; `message` says what. `why` of a failure: the model's server, a tool's server, a limit of
 * the loop, or a refusal that the model did not mend.
 */
export type AgentOutcome =
  | { kind: "done" | "asked"; message: string; says: string }
  | { kind: "failed"; why: "model" | "tool" | "limit" | "refused"; message: string; says: string };

/** Codes of answers that no other call can mend: the service is not there. */
const DOWN: ReadonlySet<string> = new Set(["timeout", "unavailable"]);
/** Codes of calls that were none: the model has to write them again. */
const MALFORMED: ReadonlySet<string> = new Set(["bad_arguments", "unknown_tool"]);

export const isDown = ({ answer }: Pick<AgentCall, "answer">): boolean => !answer.ok && DOWN.has(answer.error ?? "");
export const isMalformed = ({ answer }: Pick<AgentCall, "answer">): boolean => !answer.ok && MALFORMED.has(answer.error ?? "");

/**
 * Failed calls that were not made good. A call of a later answer makes one good when it succeeds with the same tool; where the
 * failed call was none (unknown tool, wrong arguments), with any tool. One success makes one failure good; of calls that were
 * none, the same tool's next one stands for the one before.
 */
export function unsettled(calls: readonly AgentCall[]): AgentCall[] {
  const open: AgentCall[] = [];
  for (const call of calls) {
    if (!call.answer.ok) {
      const again = isMalformed(call) ? open.findIndex((failed) => failed.turn < call.turn && failed.name === call.name && isMalformed(failed)) : -1;
      if (again !== -1) open.splice(again, 1);
      open.push(call);
      continue;
    }
    const settled = call.repeated ? -1 : open.findIndex((failed) => failed.turn < call.turn && (failed.name === call.name || isMalformed(failed)));
    if (settled !== -1) open.splice(settled, 1);
  }
  return open;
}

/** JSON with sorted keys: equal for equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "object" && inner !== null && !Array.isArray(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
    : inner)) ?? "undefined";
}

/** A key that a call has again when the run is repeated, and that no other call has. */
export function idempotencyKey(run: string, name: string, given: unknown): string {
  return createHash("sha256").update([run, name, canonical(given)].join("\0")).digest("hex").slice(0, 32);
}

/** A tool's answer as the text of a tool message: JSON without `ok`, since an error names itself. */
export function resultText(answer: { ok: boolean }): string {
  return JSON.stringify({ ...answer, ok: undefined });
}

const quoted = (value: unknown): string => `“${String(value)}”`;

/** A call in words: `create_task “buy milk” (due_date Friday)`. */
export function sayCall({ name, arguments: given }: Pick<AgentCall, "name" | "arguments">): string {
  if (typeof given !== "object" || given === null) return name;
  const { title, ...rest } = given as Record<string, unknown>;
  const more = Object.entries(rest).map(([key, value]) => `${key} ${String(value)}`).join(", ");
  return `${name}${title === undefined ? "" : ` ${quoted(title)}`}${more ? ` (${more})` : ""}`;
}

/**
 * What a user must know, from the answers of the tools and not from the model's words: what was changed, what was not, and what
 * nobody knows.
 */
export function account(calls: readonly AgentCall[]): string {
  const changed = calls.filter(({ answer, changes, repeated }) => answer.ok && changes && !repeated);
  const left = unsettled(calls);
  const unknown = left.filter(({ mayHaveHappened }) => mayHaveHappened), refused = left.filter(({ mayHaveHappened }) => !mayHaveHappened);
  const say = (some: readonly AgentCall[], how: (call: AgentCall) => string): string => some.map(how).join("; ");
  const sentences = [
    changed.length > 0 ? `Done: ${say(changed, sayCall)}.` : unknown.length > 0 ? "" : "Nothing was changed.",
    refused.length === 0 ? "" : `Not done: ${say(refused, (call) => `${sayCall(call)}: ${(call.answer.message ?? call.answer.error ?? "refused").replace(/\.$/, "")}`)}.`,
    unknown.length === 0 ? "" : `Not known: ${say(unknown, sayCall)}, since no answer came back. Look before you ask for it again.`,
  ];
  return sentences.filter(Boolean).join(" ");
}

/** How a turn ended in which the model has had its last word. */
export function settle(calls: readonly AgentCall[], says: string): AgentOutcome {
  const left = unsettled(calls), told = account(calls);
  const message = [says, told].filter(Boolean).join("\n");
  if (left.length === 0) return { kind: calls.length === 0 ? "asked" : "done", message, says };
  return says.trimEnd().endsWith("?") ? { kind: "asked", message, says } : { kind: "failed", why: "refused", message, says };
}

/** How a turn ended that was broken off. */
export function breakOff(why: "model" | "tool" | "limit", because: string, calls: readonly AgentCall[], pending: readonly Pick<AgentCall, "name" | "arguments">[] = []): AgentOutcome {
  const rest = pending.length === 0 ? "" : ` Not tried: ${pending.map(sayCall).join("; ")}.`;
  return { kind: "failed", why, message: `${because} ${account(calls)}${rest}`, says: "" };
}
