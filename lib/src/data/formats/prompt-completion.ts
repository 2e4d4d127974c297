import { z } from "zod";
import type { Example, Message } from "../example.js";
import type { JsonObject } from "../jsonl/json.js";
import { SHAPE_DOES_NOT_FIT, refuse, refusePair, type Codec, type Decoded, type Encoded, type Refusal, type Shape } from "./codec.js";
import { ChatMessageSchema, PLAIN_TOOLS, readMessages, writeMessages, type MessagesStyle } from "./messages.js";
import { kindOf, refusalOf } from "./refusal.js";
import { readTools, writeTools, type ToolsStyle } from "./tools.js";

const part = z.union([z.string(), z.array(ChatMessageSchema)], { error: "it must be text or a list of messages" });

/** TRL's prompt and completion: two texts, or two lists of messages; `tools` beside them. */
export const PromptCompletionSchema = z.looseObject({ prompt: part, completion: part });

/** TRL's unpaired preference (for KTO): a prompt, one completion, and whether it is a wanted one. */
export const UnpairedPreferenceSchema = PromptCompletionSchema.extend({ label: z.union([z.literal(true), z.literal(false)], { error: "it must be true (wanted) or false, and no text or number" }) });

const SLOTS = ["prompt", "completion", "tools"];
const LABELLED_SLOTS = [...SLOTS, "label"];

export const promptCompletion: Codec = {
  read: (row) => readRow(row, PromptCompletionSchema, SLOTS),
  write: (example, shape) => writeRow(example, shape, "prompt-completion", SLOTS),
};

export const unpairedPreference: Codec = {
  read(row) {
    const decoded = readRow(row, UnpairedPreferenceSchema, LABELLED_SLOTS);
    return decoded.ok ? { ...decoded, label: row["label"] as boolean } : decoded;
  },
  write(example, shape) {
    if (!example.preference && example.label === undefined) return refuse("no-label", "has no label, and unpaired preference needs one; add label true (wanted) or false");
    const encoded = writeRow(example, shape, "unpaired-preference", LABELLED_SLOTS);
    if (encoded.ok) encoded.row["label"] = example.label;
    return encoded;
  },
};

function readRow(row: JsonObject, schema: typeof PromptCompletionSchema, used: readonly string[]): Decoded | Refusal {
  const parsed = schema.safeParse(row);
  if (!parsed.success) return refusalOf(parsed.error, row);
  const { prompt, completion } = parsed.data;
  const tools = readTools(row["tools"], "tools", PLAIN_TOOLS);
  if (!tools.ok) return tools;
  const shared = { ok: true as const, used, ...(tools.tools ? { tools: tools.tools } : {}) };
  const spelled = tools.style ? { tools: tools.style } : {};
  if (typeof prompt === "string" && typeof completion === "string") {
    const messages: Message[] = [{ role: "user", content: prompt }, { role: "assistant", content: completion }];
    return { ...shared, messages, shape: { form: "text", ...spelled }, at: (_part, index) => (index === 0 ? "prompt" : "completion") };
  }
  if (typeof prompt === "string" || typeof completion === "string") {
    return refuse("wrong-type", `prompt is ${kindOf(prompt)} and completion is ${kindOf(completion)}; write both as text or both as lists of messages`);
  }
  const split = prompt.length;
  const at = (index: number): string => (index < split ? `prompt[${index}]` : `completion[${index - split}]`);
  if (completion[0] && completion[0].role !== "assistant") return refuse("answer-not-assistant", "completion must begin with an assistant turn; put the turns before it into the prompt");
  const read = readMessages([...prompt, ...completion], at);
  if (!read.ok) return read;
  return {
    ...shared,
    messages: read.messages,
    shape: { ...(split === plainSplit(read.messages) ? {} : { split }), ...read.style, ...spelled },
    at: (_part, index) => at(index),
  };
}

/** Without another word, the completion is what follows the last user turn. */
function plainSplit(messages: readonly Message[]): number {
  return messages.findLastIndex(({ role }) => role === "user") + 1;
}

function writeRow(example: Example, shape: Shape, format: string, slots: readonly string[]): Encoded | Refusal {
  if (example.preference) return refusePair(format);
  const tools = example.tools ? { tools: writeTools(example.tools, shape["tools"] as ToolsStyle | undefined, PLAIN_TOOLS) } : {};
  if (shape["form"] === "text") {
    const [user, assistant, ...others] = example.messages;
    const plain = [user, assistant].every((message) => message?.content && message.name === undefined && message.weight === undefined && message.extra === undefined && !message.tool_calls);
    if (!plain || others.length > 0 || user?.role !== "user" || assistant?.role !== "assistant") return SHAPE_DOES_NOT_FIT;
    return { ok: true, row: { prompt: user.content, completion: assistant.content, ...tools }, carried: {}, slots };
  }
  const split = typeof shape["split"] === "number" ? shape["split"] : plainSplit(example.messages);
  if (split >= example.messages.length) return SHAPE_DOES_NOT_FIT;
  const list = writeMessages(example.messages, shape as MessagesStyle);
  return { ok: true, row: { prompt: list.slice(0, split), completion: list.slice(split), ...tools }, carried: {}, slots };
}
