import { z } from "zod";
import type { Message, Role, ToolCall } from "../example.js";
import { isJsonObject, parseJson, setOwn, type JsonObject } from "../jsonl/json.js";
import { refuse, refusePair, type Codec, type Refusal } from "./codec.js";
import { kindOf, refusalOf } from "./refusal.js";
import { keepTurnFields } from "./turn-fields.js";
import { argumentsText, inventIds, readTools, writeTools, type ToolsStyle } from "./tools.js";

const CallSchema = z.looseObject({
  id: z.string().min(1).nullish(),
  type: z.literal("function").nullish(),
  function: z.looseObject({ name: z.string().min(1), arguments: z.unknown() }),
});

/** One message of the OpenAI chat API; content as text or as a list of text parts. */
export const ChatMessageSchema = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()], { error: "it must be text or a list of text parts" }).optional(),
  name: z.string().nullish(),
  tool_calls: z.array(CallSchema).nullish(),
  tool_call_id: z.string().nullish(),
  /** One call, as before tools: deprecated by OpenAI, and still in published sets, with results of the role `function`. */
  function_call: z.looseObject({ name: z.string().min(1), arguments: z.unknown() }).nullish(),
  /** 0 or 1: whether an assistant turn is trained on (OpenAI fine-tuning). */
  weight: z.union([z.literal(0), z.literal(1), z.null()], { error: "it must be 0 or 1" }).optional(),
});

/**
 * OpenAI chat, and what Hugging Face calls `messages`: `{messages, tools?, parallel_tool_calls?}`; `functions` in old sets. Where no
 * message is the system's, a `system` beside them is (text or text blocks, as in Anthropic's Messages API:
 * https://docs.anthropic.com/en/api/messages).
 */
export const MessagesSchema = z.looseObject({ messages: z.array(ChatMessageSchema), tools: z.unknown().optional(), functions: z.unknown().optional() });

type ChatMessage = z.infer<typeof ChatMessageSchema>;

/** How a list of messages is spelled. */
export interface MessagesStyle {
  /** Messages whose content is a list of text parts, with the length of each part. */
  parts?: Record<string, number[]>;
  /** Tool call arguments as objects, not as JSON text (Hugging Face chat templates). */
  arguments?: "object";
  /** Tool calls without ids (Hugging Face chat templates): results answer the calls in order. */
  ids?: "none";
  /** Calls as `function_call`, results of the role `function` (OpenAI's deprecated spelling). */
  calls?: "function";
}

/** How the system message is spelled where it is no message: as text, or as text blocks with the length of each. */
type SystemStyle = "text" | number[];

const SLOTS = ["messages", "tools", "functions"];

/** Tools as the OpenAI API takes them: a list of wrapped definitions. */
export const PLAIN_TOOLS: ToolsStyle = {};
const FUNCTIONS: ToolsStyle = { flat: true };

export const messages: Codec = {
  read(row) {
    const parsed = MessagesSchema.safeParse(row);
    if (!parsed.success) return refusalOf(parsed.error, row);
    const old = row["functions"] !== undefined && row["functions"] !== null;
    if (old && row["tools"] !== undefined && row["tools"] !== null) return refuse("ambiguous-columns", "has both tools and functions; keep tools, functions is its deprecated name");
    const tools = old ? readTools(row["functions"], "functions", FUNCTIONS) : readTools(row["tools"], "tools", PLAIN_TOOLS);
    if (!tools.ok) return tools;
    const read = readMessages(parsed.data.messages, (index) => `messages[${index}]`);
    if (!read.ok) return read;
    const system = read.messages.some(({ role }) => role === "system") ? undefined : readSystem(row["system"]);
    const offset = system?.text === undefined ? 0 : 1;
    return {
      ok: true,
      messages: system?.text === undefined ? read.messages : [{ role: "system", content: system.text }, ...read.messages],
      ...(tools.tools ? { tools: tools.tools } : {}),
      shape: { ...read.style, ...(system?.style ? { system: system.style } : {}), ...(old && tools.tools ? { functions: true } : {}), ...(tools.style ? { tools: tools.style } : {}) },
      used: system ? [...SLOTS, "system"] : SLOTS,
      at: (_part, index) => (index < offset ? "system" : `messages[${index - offset}]`),
    };
  },

  write(example, shape) {
    if (example.preference) return refusePair("messages");
    const [first, ...others] = example.messages;
    const style = first?.role === "system" && Object.keys(first).length === 2 ? (shape["system"] as SystemStyle | undefined) : undefined;
    const row: JsonObject = {
      ...(first && style ? { system: contentOf(first.content, style === "text" ? undefined : style) } : {}),
      messages: writeMessages(style ? others : example.messages, shape as MessagesStyle),
    };
    const [field, plain] = shape["functions"] ? ["functions", FUNCTIONS] as const : ["tools", PLAIN_TOOLS] as const;
    if (example.tools) row[field] = writeTools(example.tools, shape["tools"] as ToolsStyle | undefined, plain);
    // A field of this name, where no message is the system's, would be read as one.
    const taken = style !== undefined || (first?.role !== "system" && readSystem(example.extra["system"])?.text !== undefined);
    return { ok: true, row, carried: {}, slots: taken ? [...SLOTS, "system"] : SLOTS };
  },
};

/** What a `system` beside the messages says; without text where it says nothing, undefined where it is something else than text. */
function readSystem(value: unknown): { text?: string; style?: SystemStyle } | undefined {
  if (value === undefined) return undefined;
  if (value === null || (typeof value === "string" && !/\S/.test(value))) return {};
  if (typeof value === "string") return { text: value, style: "text" };
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((block: unknown) => (isJsonObject(block) && block["type"] === "text" && typeof block["text"] === "string" ? block["text"] : undefined));
  if (!texts.every((text) => text !== undefined)) return undefined;
  const text = texts.join("");
  return /\S/.test(text) ? { text, style: texts.map(({ length }) => length) } : {};
}

/**
 * Refuses to write a row plainly, in a format whose turns have no weight, of which a turn is not to be trained on (`weight: 0`,
 * OpenAI fine-tuning): the answer would be learned.
 */
export function refuseUntrained(row: JsonObject): Refusal | undefined {
  const lists = ["messages", "prompt", "completion"].flatMap((field) => (Array.isArray(row[field]) ? [[field, row[field]] as const] : []));
  for (const [field, turns] of lists) {
    const index = (turns as unknown[]).findIndex((turn) => isJsonObject(turn) && turn["role"] === "assistant" && turn["weight"] === 0);
    if (index !== -1) return refuse("untrained-turn", `${field}[${index}].weight is 0: the answer is not to be learned, and a plain row cannot say so; take the turn out with its question, or the weight off`);
  }
  return undefined;
}

/**
 * Reads a list of messages that fits {@link ChatMessageSchema}. Parts of a content are joined without anything between; fields
 * that the schema does not name are kept in `extra` of the message.
 *
 * @param place - names the field of a message, for reasons
 */
export function readMessages(list: readonly ChatMessage[], place: (index: number) => string): { ok: true; messages: Message[]; style: MessagesStyle } | Refusal {
  const messages: Message[] = [];
  const parts: Record<string, number[]> = {};
  let objects = false, withoutId = 0, withId = 0, old = 0, current = 0;
  for (const [index, source] of list.entries()) {
    const at = place(index);
    const role: Role = source.role === "developer" ? "system" : source.role === "function" ? "tool" : source.role;
    const listed = source.tool_calls && source.tool_calls.length > 0 ? source.tool_calls : undefined;
    const calls = listed ?? (source.function_call ? [{ id: undefined, function: source.function_call }] : undefined);
    if (source.role === "function" || source.function_call) old++;
    if (source.role === "tool" || listed) current++;
    let content: string | null;
    if (Array.isArray(source.content)) {
      const texts: string[] = [];
      for (const [part, piece] of source.content.entries()) {
        if (piece.type !== "text" || typeof piece["text"] !== "string") {
          return refuse("unsupported-content", `${at}.content[${part}] is of type ${JSON.stringify(piece.type)}, and only text can be trained on here; remove the part or the row`);
        }
        texts.push(piece["text"]);
      }
      content = texts.join("");
      parts[index] = texts.map((text) => text.length);
    } else {
      content = source.content ?? null;
    }
    if (content === "" && calls) content = null;
    if (calls && role !== "assistant") return refuse("wrong-role", `${at} is a ${source.role} turn with ${listed ? "tool_calls" : "a function_call"}, which only the assistant makes; correct the role`);
    if (role === "tool" && content === null) return refuse("missing-field", `${at}.content is missing; write the tool's result`);
    const message: Message = { role, content };
    if (source.name !== undefined && source.name !== null) message.name = source.name;
    if (role === "assistant" && typeof source.weight === "number") message.weight = source.weight;
    if (role === "tool") {
      if (source.tool_call_id) { message.tool_call_id = source.tool_call_id; withId++; } else withoutId++;
    } else if (source.tool_call_id) {
      return refuse("wrong-role", `${at} is a ${source.role} turn with a tool_call_id, which only tool results have; correct the role`);
    }
    if (calls) {
      const made: ToolCall[] = [];
      for (const [call, { id, function: called }] of calls.entries()) {
        const text = argumentsText(called.arguments);
        if (text === undefined) return refuse("tool-arguments-not-json", `${at}.${listed ? `tool_calls[${call}].function` : "function_call"}.arguments is ${kindOf(called.arguments)}, it must be the JSON text of an object; write "{}" for none`);
        if (typeof called.arguments !== "string") objects = true;
        if (id) withId++; else withoutId++;
        made.push({ id: id ?? "", type: "function", function: { name: called.name, arguments: text } });
      }
      message.tool_calls = made;
    }
    keepTurnFields(message, source, []);
    messages.push(message);
  }
  if (old > 0 && current > 0) return refuse("mixed-calls", "has both function_call and tool_calls, or results of the roles function and tool; write all of them as tool_calls and tool");
  if (withId > 0 && withoutId > 0) return refuse("missing-field", `${place(0).replace(/\[0\]$/, "")} has tool calls or results with an id and others without; give each call an id and each result its tool_call_id`);
  if (withoutId > 0) inventIds(messages);
  return {
    ok: true,
    messages,
    style: { ...(Object.keys(parts).length > 0 ? { parts } : {}), ...(objects ? { arguments: "object" as const } : {}), ...(withoutId > 0 ? { ids: "none" as const } : {}), ...(old > 0 ? { calls: "function" as const } : {}) },
  };
}

/** Writes messages in a spelling. */
export function writeMessages(list: readonly Message[], style: MessagesStyle): JsonObject[] {
  return list.map((message, index) => {
    const old = style.calls === "function";
    const row: JsonObject = { role: old && message.role === "tool" ? "function" : message.role };
    if (message.tool_call_id !== undefined && style.ids !== "none") row["tool_call_id"] = message.tool_call_id;
    if (message.name !== undefined) row["name"] = message.name;
    row["content"] = contentOf(message.content, style.parts?.[index]);
    if (message.weight !== undefined) row["weight"] = message.weight;
    const [only, ...others] = message.tool_calls ?? [];
    if (old && only && others.length === 0) {
      row["function_call"] = { name: only.function.name, arguments: style.arguments === "object" ? objectOf(only.function.arguments) : only.function.arguments };
    } else if (message.tool_calls) {
      row["tool_calls"] = message.tool_calls.map(({ id, type, function: called }) => ({
        ...(style.ids === "none" ? {} : { id }),
        type,
        function: { name: called.name, arguments: style.arguments === "object" ? objectOf(called.arguments) : called.arguments },
      }));
    }
    for (const [key, value] of Object.entries(message.extra ?? {})) if (!Object.hasOwn(row, key)) setOwn(row, key, value);
    return row;
  });
}

function contentOf(content: string | null, lengths: readonly number[] | undefined): unknown {
  if (lengths === undefined) return content;
  const text = content ?? "";
  const fits = lengths.reduce((sum, length) => sum + length, 0) === text.length;
  let from = 0;
  return (fits ? lengths : [text.length]).map((length) => ({ type: "text", text: text.slice(from, (from += length)) }));
}

function objectOf(text: string): unknown {
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : text;
}
