/** What the endpoint takes: the part of OpenAI's chat completions that a model on this machine can honour. */
import { z } from "zod";
import type { ChatTurn } from "../chat.js";

const Text = z.union([z.string(), z.array(z.object({ type: z.literal("text", "this model reads text only"), text: z.string() }))]);
const Call = z.object({ id: z.string().min(1), type: z.literal("function"), function: z.object({ name: z.string().min(1), arguments: z.string() }) });
const Message = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer", "user"]), content: Text }),
  z.object({ role: z.literal("assistant"), content: Text.nullish(), tool_calls: z.array(Call).min(1).nullish() }),
  z.object({ role: z.literal("tool"), content: Text, tool_call_id: z.string() }),
]);
type Message = z.output<typeof Message>;

const Tool = z.object({
  type: z.literal("function"),
  function: z.object({ name: z.string().regex(/^[\w-]{1,64}$/, "a name has up to 64 letters, digits, _ and -"), description: z.string().optional(), parameters: z.record(z.string(), z.unknown()).optional(), strict: z.boolean().nullish() }),
});
export type Tool = z.output<typeof Tool>;

/** Unknown fields pass, as with the real API. Answers are greedy: `temperature`, `top_p` and `seed` change nothing. */
export const ChatRequest = z.object({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  tools: z.array(Tool).min(1).nullish(),
  tool_choice: z.union([z.enum(["none", "auto", "required"]), z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) })]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.discriminatedUnion("type", [
    z.object({ type: z.literal("text") }),
    z.object({ type: z.literal("json_object") }),
    z.object({ type: z.literal("json_schema"), json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }) }),
  ]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.literal(1, "this endpoint writes one choice").nullish(),
  logprobs: z.literal(false, "this endpoint does not give probabilities").nullish(),
});
export type ChatRequest = z.output<typeof ChatRequest>;

/** Why a request is refused, with the field as OpenAI names it. */
export interface Refusal {
  message: string;
  param: string;
  code?: string;
}

/**
 * The conversation as chat templates take it. Results stand in the order of their calls, since templates have no place for ids.
 * OpenAI's own rules hold: every call is answered before the conversation goes on, and nothing is answered that was not called.
 */
export function toTurns(messages: readonly Message[]): ChatTurn[] | Refusal {
  const turns: ChatTurn[] = [];
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at] as Message;
    if (message.role === "tool") return { message: `messages[${at}] has role 'tool', and no assistant message with 'tool_calls' stands before it.`, param: `messages[${at}].role` };
    if (message.role !== "assistant") {
      turns.push({ role: message.role === "user" ? "user" : "system", content: joined(message.content) });
      continue;
    }
    const calls = message.tool_calls ?? [];
    turns.push({ role: "assistant", content: joined(message.content ?? "") || (calls.length > 0 ? null : ""), ...(calls.length > 0 ? { tool_calls: calls.map(({ function: { name, arguments: text } }) => ({ type: "function" as const, function: { name, arguments: readArguments(text) } })) } : {}) });
    const results = new Map<string, string>();
    for (let next = messages[at + 1]; calls.length > 0 && next?.role === "tool"; next = messages[at + 1]) {
      at++;
      if (!calls.some(({ id }) => id === next.tool_call_id)) return { message: `messages[${at}] answers '${next.tool_call_id}', and the assistant's last message called no such id.`, param: `messages[${at}].tool_call_id` };
      results.set(next.tool_call_id, joined(next.content));
    }
    const missing = calls.find(({ id }) => !results.has(id));
    if (missing) return { message: `An assistant message with 'tool_calls' must be followed by tool messages for each 'tool_call_id'; '${missing.id}' has none.`, param: "messages" };
    turns.push(...calls.map(({ id }) => ({ role: "tool" as const, content: results.get(id) ?? "" })));
  }
  return turns;
}

const joined = (content: z.output<typeof Text>): string => (typeof content === "string" ? content : content.map(({ text }) => text).join(""));

/** An object where it is one; else the text as it stands, for a model may be shown what it wrote. */
function readArguments(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : text;
  } catch {
    return text;
  }
}

/** The first issue of a request that does not fit, with its field. */
export function refusalOf({ issues: [issue] }: z.ZodError): Refusal {
  const deepest = issue?.code === "invalid_union" ? (issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0] ?? issue) : issue;
  const path = [...(issue?.path ?? []), ...(deepest === issue ? [] : (deepest?.path ?? []))];
  const param = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("").replace(/^\./, "");
  return { message: `Invalid value for '${param}': ${deepest?.message ?? "unreadable"}.`, param, code: "invalid_value" };
}
