import { z } from "zod";
import type { Message, Role } from "../example.js";
import { isJsonObject, setOwn, type JsonObject } from "../jsonl/json.js";
import { carryTurns, refuse, refusePair, restoreTurns, type Carried, type Codec } from "./codec.js";
import { refusalOf } from "./refusal.js";
import { keepTurnFields } from "./turn-fields.js";
import { inventIds, inventedId, readCalls, readTools, writeCalls, writeTools, type CallPiece, type ToolsStyle } from "./tools.js";

/** Every spelling of a speaker in published ShareGPT sets, and what it stands for; `call` is an assistant that calls tools. */
const SPEAKERS = {
  human: "user", user: "user",
  gpt: "assistant", assistant: "assistant", chatgpt: "assistant", bing: "assistant", bard: "assistant", model: "assistant",
  system: "system",
  observation: "tool", tool: "tool", function_response: "tool",
  function_call: "call",
} as const satisfies Record<string, Role | "call">;

type Speaker = keyof typeof SPEAKERS;

const PLAIN: Record<Role | "call", Speaker> = { user: "human", assistant: "gpt", system: "system", tool: "observation", call: "function_call" };

const speaker = z.enum(Object.keys(SPEAKERS) as [Speaker, ...Speaker[]]);

/**
 * ShareGPT: `conversations`, a list of turns `{from, value}` (or `{role, content}`), optional `system` and `tools`
 * (a list, or that list as JSON text). `function_call` holds the JSON text of one call `{"name", "arguments"}` or of a
 * list of calls; one `observation` answers each, in order.
 */
export const ShareGptSchema = z.looseObject({
  conversations: z.array(z.looseObject({ from: speaker, value: z.string() })),
  system: z.string().nullish(),
  tools: z.unknown().optional(),
});

const ShareGptRoleSchema = z.looseObject({
  conversations: z.array(z.looseObject({ role: speaker, content: z.string() })),
  system: z.string().nullish(),
  tools: z.unknown().optional(),
});

const SLOTS = ["conversations", "system", "tools"];
const TURN_SLOTS = ["from", "value"];
const PLAIN_TOOLS: ToolsStyle = { text: "compact", flat: true };

export const sharegpt: Codec = {
  read(row, carried) {
    const list = row["conversations"];
    const first: unknown = Array.isArray(list) ? list[0] : undefined;
    const byRole = isJsonObject(first) && !Object.hasOwn(first, "from") && Object.hasOwn(first, "role");
    const parsed = (byRole ? ShareGptRoleSchema : ShareGptSchema).safeParse(row);
    if (!parsed.success) return refusalOf(parsed.error, row);
    const turns = parsed.data.conversations as unknown as Record<string, string>[];
    const [from, value] = byRole ? ["role", "content"] : ["from", "value"];
    const tools = readTools(row["tools"], "tools", PLAIN_TOOLS);
    if (!tools.ok) return tools;

    const messages: Message[] = [];
    const calls: Record<string, CallPiece[]> = {};
    const spelled: Partial<Record<Role | "call", Speaker>> = {};
    if (parsed.data.system) messages.push({ role: "system", content: parsed.data.system });
    const offset = messages.length;
    for (const [at, turn] of turns.entries()) {
      const name = turn[from] as Speaker;
      const text = turn[value] as string;
      const role = SPEAKERS[name];
      spelled[role] ??= name;
      if (role !== "call") {
        messages.push({ role, content: text });
        keepTurnFields(messages.at(-1) as Message, turn, TURN_SLOTS);
        continue;
      }
      const read = readCalls(text, `conversations[${at}].${value}`);
      if (!read.ok) return read;
      const tool_calls = read.calls.map((call) => ({ id: "", type: "function" as const, function: call }));
      messages.push({ role: "assistant", content: null, tool_calls });
      keepTurnFields(messages.at(-1) as Message, turn, TURN_SLOTS);
      if (writeCalls(tool_calls) !== text) calls[messages.length - 1] = read.pieces;
    }
    inventIds(messages);
    restoreIds(messages, carried);
    restoreTurns(messages, carried);
    const roles = Object.fromEntries(Object.entries(spelled).filter(([role, name]) => PLAIN[role as Role | "call"] !== name));
    return {
      ok: true,
      messages,
      ...(tools.tools ? { tools: tools.tools } : {}),
      shape: {
        ...(byRole ? { turns: "role" } : {}),
        ...(Object.keys(roles).length > 0 ? { roles } : {}),
        ...(offset > 0 ? { system: "field" } : {}),
        ...(Object.keys(calls).length > 0 ? { calls } : {}),
        ...(tools.style ? { tools: tools.style } : {}),
      },
      used: SLOTS,
      at: (_part, index) => (index < offset ? "system" : `conversations[${index - offset}].${value}`),
    };
  },

  write(example, shape) {
    if (example.preference) return refusePair("sharegpt");
    const roles = { ...PLAIN, ...(shape["roles"] as Partial<typeof PLAIN> | undefined) };
    const pieces = (shape["calls"] ?? {}) as Record<string, CallPiece[]>;
    const [from, value] = shape["turns"] === "role" ? (["role", "content"] as const) : (["from", "value"] as const);
    const row: JsonObject = {};
    const turns: JsonObject[] = [];
    for (const [index, message] of example.messages.entries()) {
      if (message.tool_calls) {
        if (message.content !== null) return refuse("no-slot", `messages[${index}] speaks and calls a tool in one turn, and a ShareGPT turn does one or the other; convert to messages`);
        turns.push({ [from]: roles.call, [value]: writeCalls(message.tool_calls, pieces[index]) });
      } else {
        turns.push({ [from]: roles[message.role], [value]: message.content });
      }
      for (const [key, held] of Object.entries(message.extra ?? {})) if (!TURN_SLOTS.includes(key)) setOwn(turns.at(-1) as JsonObject, key, held);
    }
    row["conversations"] = turns;
    if (shape["system"] === "field" && example.messages[0]?.role === "system") row["system"] = turns.shift()?.[value];
    if (example.tools) row["tools"] = writeTools(example.tools, shape["tools"] as ToolsStyle | undefined, PLAIN_TOOLS);
    return { ok: true, row, carried: { ...carryIds(example.messages), ...carryTurns(example.messages, (field) => !TURN_SLOTS.includes(field)) }, slots: SLOTS };
  },
};

/** Ids that differ from those a reader of the turns would invent. */
function carryIds(messages: readonly Message[]): Carried {
  const plain = messages.map((message) => ({ ...message, ...(message.tool_calls ? { tool_calls: message.tool_calls.map((call) => ({ ...call })) } : {}) }));
  inventIds(plain);
  const ids = callIds(messages), answers = answerIds(messages);
  const carried: Carried = {};
  if (ids.some((id, at) => id !== inventedId(at))) carried.ids = ids;
  if (carried.ids || answerIds(plain).some((id, at) => id !== answers[at])) carried.answers = answers;
  return carried;
}

function restoreIds(messages: readonly Message[], carried: Carried): void {
  const ids = carried.ids ?? callIds(messages), answers = carried.answers ?? answerIds(messages);
  // A row whose turns were edited since keeps the invented ids.
  if (ids.length !== callIds(messages).length || answers.length !== answerIds(messages).length) return;
  let call = 0, answer = 0;
  for (const message of messages) {
    for (const made of message.tool_calls ?? []) made.id = ids[call++] ?? made.id;
    if (message.role === "tool") message.tool_call_id = answers[answer++] ?? "";
  }
}

function callIds(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => (message.tool_calls ?? []).map(({ id }) => id));
}

function answerIds(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => (message.role === "tool" ? [message.tool_call_id ?? ""] : []));
}
