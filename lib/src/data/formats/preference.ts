import { z } from "zod";
import type { Example, Message } from "../example.js";
import { isJsonObject, sameJson, type JsonObject } from "../jsonl/json.js";
import { SHAPE_DOES_NOT_FIT, refuse, refuseSingle, type Codec, type Decoded, type Encoded, type Refusal, type Shape } from "./codec.js";
import { ChatMessageSchema, PLAIN_TOOLS, readMessages, writeMessages, type MessagesStyle } from "./messages.js";
import { kindOf, refusalOf } from "./refusal.js";
import { spokenMessage } from "./turn-fields.js";
import { inventIds, readTools, writeTools, type ToolsStyle } from "./tools.js";

const list = z.array(ChatMessageSchema);

/** Preference pairs as TRL takes them: texts or lists of messages, the prompt explicit or at the head of both answers. */
export const PreferenceSchema = z.looseObject({
  prompt: z.union([z.string(), list], { error: "it must be text or a list of messages" }).nullish(),
  chosen: z.union([z.string(), list], { error: "it must be text or a list of messages" }),
  rejected: z.union([z.string(), list], { error: "it must be text or a list of messages" }),
});

/** Preference pairs as OpenAI's fine-tuning takes them. */
export const OpenAiPreferenceSchema = z.looseObject({
  input: z.looseObject({ messages: list, tools: z.unknown().optional() }),
  preferred_output: list,
  non_preferred_output: list,
});

const SLOTS = ["prompt", "chosen", "rejected", "tools"];
const TEXT_SLOTS = [...SLOTS, "system", "input"];
const OPENAI_SLOTS = ["input", "preferred_output", "non_preferred_output"];

/** How a pair is spelled; without a form it is TRL's explicit conversational one, three lists of messages. */
type Form =
  | "text" // three texts, with `system` and `input` beside them
  | "hh" // two whole dialogues as text, "\n\nHuman: … \n\nAssistant: …" (Anthropic HH-RLHF)
  | "whole" // two whole lists of messages; a text `prompt`, if there is one, repeats the turn at `copy`
  | "implicit" // two texts that begin with the same prompt
  | "answers" // a text prompt and two lists of answers
  | "openai";

type Styles = Record<"prompt" | "chosen" | "rejected", MessagesStyle>;

export const preference: Codec = {
  read(row) {
    if (!Object.hasOwn(row, "chosen") && !Object.hasOwn(row, "rejected") && Object.hasOwn(row, "preferred_output")) return readOpenAi(row);
    const parsed = PreferenceSchema.safeParse(row);
    if (!parsed.success) return refusalOf(parsed.error, row);
    const { prompt, chosen, rejected } = parsed.data;
    const tools = readTools(row["tools"], "tools", PLAIN_TOOLS);
    if (!tools.ok) return tools;
    const withTools = (decoded: Decoded | Refusal): Decoded | Refusal =>
      decoded.ok && tools.tools ? { ...decoded, tools: tools.tools, shape: { ...decoded.shape, ...(tools.style ? { tools: tools.style } : {}) } } : decoded;
    if (typeof chosen === "string" && typeof rejected === "string") {
      return withTools(typeof prompt === "string" ? readTexts(row, prompt, chosen, rejected) : prompt ? refuse("wrong-type", "prompt is a list and the answers are text; write all three alike") : isDialogue(chosen) || isDialogue(rejected) ? readDialogues(chosen, rejected) : readImplicit(chosen, rejected));
    }
    if (typeof chosen === "string" || typeof rejected === "string") return refuse("wrong-type", `chosen is ${kindOf(chosen)} and rejected is ${kindOf(rejected)}; write both alike`);
    if (Array.isArray(prompt)) return withTools(readLists(prompt, chosen, rejected, {}, SLOTS, { prompt: "prompt", chosen: "chosen", rejected: "rejected" }));
    if (typeof prompt === "string" && chosen[0]?.role === "assistant") {
      return withTools(readLists([{ role: "user", content: prompt }], chosen, rejected, { form: "answers" }, SLOTS, { prompt: "prompt", chosen: "chosen", rejected: "rejected" }));
    }
    return withTools(readWhole(prompt ?? undefined, chosen, rejected));
  },

  write(example, shape) {
    const pair = example.preference;
    if (!pair) return refuseSingle();
    const form = shape["form"] as Form | undefined;
    const styles = (shape["styles"] ?? {}) as Partial<Styles>;
    const tools = example.tools ? { tools: writeTools(example.tools, shape["tools"] as ToolsStyle | undefined, PLAIN_TOOLS) } : {};
    const chosen = (): JsonObject[] => writeMessages(pair.chosen, styles.chosen ?? {});
    const rejected = (): JsonObject[] => writeMessages(pair.rejected, styles.rejected ?? {});
    const prompt = (): JsonObject[] => writeMessages(example.messages, styles.prompt ?? {});
    switch (form) {
      case "openai":
        return encoded({ input: { messages: prompt(), ...tools }, preferred_output: chosen(), non_preferred_output: rejected() }, OPENAI_SLOTS);
      case "answers": {
        const [only, ...others] = example.messages;
        return only?.role === "user" && others.length === 0 ? encoded({ prompt: only.content, chosen: chosen(), rejected: rejected(), ...tools }, SLOTS) : SHAPE_DOES_NOT_FIT;
      }
      case "whole": {
        const copied = typeof shape["copy"] === "number" ? example.messages[shape["copy"]]?.content : undefined;
        const whole = (answer: readonly Message[], style: MessagesStyle | undefined): JsonObject[] => writeMessages([...example.messages, ...answer], style ?? {});
        return encoded({ ...(copied ? { prompt: copied } : {}), chosen: whole(pair.chosen, styles.chosen), rejected: whole(pair.rejected, styles.rejected), ...tools }, SLOTS);
      }
      case "hh": return writeDialogues(example, tools);
      case "implicit": return writeImplicit(example, tools);
      case "text": return writeTexts(example, shape, tools);
      default: return encoded({ prompt: prompt(), chosen: chosen(), rejected: rejected(), ...tools }, SLOTS);
    }
  },
};

function encoded(row: JsonObject, slots: readonly string[]): Encoded {
  return { ok: true, row, carried: {}, slots };
}

type ChatList = z.infer<typeof list>;

function readLists(prompt: ChatList, chosen: ChatList, rejected: ChatList, shape: Shape, used: readonly string[], fields: Record<"prompt" | "chosen" | "rejected", string>): Decoded | Refusal {
  const place = (field: string) => (index: number): string => `${field}[${index}]`;
  const heads = readMessages(prompt, place(fields.prompt)), good = readMessages(chosen, place(fields.chosen)), bad = readMessages(rejected, place(fields.rejected));
  if (!heads.ok) return heads;
  if (!good.ok) return good;
  if (!bad.ok) return bad;
  // Calls without ids are numbered through prompt and answer: the first call of an answer is not the first of the prompt.
  for (const answer of [good, bad]) if (heads.style.ids && answer.style.ids) inventIds([...heads.messages, ...answer.messages]);
  return {
    ok: true,
    messages: heads.messages,
    preference: { chosen: good.messages, rejected: bad.messages },
    shape: { ...shape, ...stylesOf(heads.style, good.style, bad.style) },
    used,
    at: (part, index) => `${part === "messages" ? fields.prompt : fields[part]}[${index}]`,
  };
}

function stylesOf(prompt: MessagesStyle, chosen: MessagesStyle, rejected: MessagesStyle): { styles?: Styles } {
  return [prompt, chosen, rejected].some((style) => Object.keys(style).length > 0) ? { styles: { prompt, chosen, rejected } } : {};
}

function readOpenAi(row: JsonObject): Decoded | Refusal {
  const parsed = OpenAiPreferenceSchema.safeParse(row);
  if (!parsed.success) return refusalOf(parsed.error, row);
  const { input, preferred_output, non_preferred_output } = parsed.data;
  const tools = readTools(input.tools, "input.tools", PLAIN_TOOLS);
  if (!tools.ok) return tools;
  const shape = { form: "openai", ...(tools.style ? { tools: tools.style } : {}) };
  const decoded = readLists(input.messages, preferred_output, non_preferred_output, shape, OPENAI_SLOTS, { prompt: "input.messages", chosen: "preferred_output", rejected: "non_preferred_output" });
  return decoded.ok && tools.tools ? { ...decoded, tools: tools.tools } : decoded;
}

/** Both answers carry the whole conversation: what they share, up to an assistant turn in each, is the prompt. */
function readWhole(prompt: string | undefined, chosen: ChatList, rejected: ChatList): Decoded | Refusal {
  const good = readMessages(chosen, (index) => `chosen[${index}]`), bad = readMessages(rejected, (index) => `rejected[${index}]`);
  if (!good.ok) return good;
  if (!bad.ok) return bad;
  const shared = sharedTurns(good.messages, bad.messages);
  if (shared === 0) return refuse("no-prompt", "chosen and rejected share no prompt; add a prompt field, or begin both with the same turns");
  const messages = good.messages.slice(0, shared).map((message, index) => (sameJson(message, bad.messages[index]) ? message : spokenMessage(message)));
  const copy = prompt === undefined ? -1 : messages.findIndex(({ content }) => content === prompt);
  if (prompt !== undefined && copy === -1) return refuse("prompt-mismatch", "prompt is none of the turns that chosen and rejected begin with; correct the one or the other");
  return {
    ok: true,
    messages,
    preference: { chosen: good.messages.slice(shared), rejected: bad.messages.slice(shared) },
    shape: { form: "whole", ...(prompt === undefined ? {} : { copy }), ...stylesOf({}, good.style, bad.style) },
    used: SLOTS,
    at: (part, index) => (part === "messages" ? `chosen[${index}]` : `${part}[${shared + index}]`),
  };
}

/** Turns that say the same. A field such as an id may differ in the two copies of a turn: it is then no field of the prompt. */
function sharedTurns(chosen: readonly Message[], rejected: readonly Message[]): number {
  let shared = 0;
  const same = (one: Message | undefined, other: Message | undefined): boolean => one !== undefined && other !== undefined && sameJson(spokenMessage(one), spokenMessage(other));
  while (same(chosen[shared], rejected[shared])) shared++;
  while (shared > 0 && (chosen[shared]?.role !== "assistant" || rejected[shared]?.role !== "assistant")) shared--;
  return shared;
}

function readTexts(row: JsonObject, prompt: string, chosen: string, rejected: string): Decoded | Refusal {
  const { system, input } = row;
  for (const [field, value] of Object.entries({ system, input })) {
    if (value !== undefined && value !== null && typeof value !== "string") return refuse("wrong-type", `${field} is ${kindOf(value)}, it must be text`);
  }
  const messages: Message[] = typeof system === "string" && system !== "" ? [{ role: "system", content: system }] : [];
  const offset = messages.length;
  messages.push({ role: "user", content: typeof input === "string" && input !== "" ? `${prompt}\n${input}` : prompt });
  return {
    ok: true,
    messages,
    preference: { chosen: [{ role: "assistant", content: chosen }], rejected: [{ role: "assistant", content: rejected }] },
    shape: { form: "text", ...(typeof input === "string" && input !== "" ? { input: prompt.split("\n").length - 1 } : {}) },
    used: TEXT_SLOTS,
    at: (part, index) => (part === "messages" ? (index < offset ? "system" : "prompt") : part),
  };
}

function writeTexts(example: Example, shape: Shape, tools: JsonObject): Encoded | Refusal {
  const turns = [...example.messages];
  const system = turns[0]?.role === "system" ? turns.shift()?.content : undefined;
  const [user, ...others] = turns;
  const chosen = answerText(example.preference?.chosen), rejected = answerText(example.preference?.rejected);
  if (user?.role !== "user" || user.content === null || others.length > 0 || chosen === undefined || rejected === undefined) return SHAPE_DOES_NOT_FIT;
  let prompt = user.content;
  let input: string | undefined;
  if (typeof shape["input"] === "number") {
    const lines = prompt.split("\n");
    if (lines.length <= shape["input"] + 1) return SHAPE_DOES_NOT_FIT;
    prompt = lines.slice(0, shape["input"] + 1).join("\n");
    input = lines.slice(shape["input"] + 1).join("\n");
  }
  return encoded({ ...(system ? { system } : {}), prompt, ...(input === undefined ? {} : { input }), chosen, rejected, ...tools }, TEXT_SLOTS);
}

/** Where two texts part, as TRL's extract_prompt cuts them: a space before the answers belongs to the answers. */
function readImplicit(chosen: string, rejected: string): Decoded | Refusal {
  let end = 0;
  while (end < Math.min(chosen.length, rejected.length) && chosen[end] === rejected[end]) end++;
  if (/[\ud800-\udbff]/.test(chosen[end - 1] ?? "")) end--; // not between the halves of a character
  if (chosen[end - 1] === " ") end--;
  const prompt = chosen.slice(0, end);
  if (!/\S/.test(prompt)) return refuse("missing-field", 'prompt is missing; add it, or begin chosen and rejected with the same text, or with "\\n\\nHuman: " as HH-RLHF does');
  return {
    ok: true,
    messages: [{ role: "user", content: prompt }],
    preference: { chosen: [{ role: "assistant", content: chosen.slice(end) }], rejected: [{ role: "assistant", content: rejected.slice(end) }] },
    shape: { form: "implicit" },
    used: SLOTS,
    at: (part) => (part === "messages" ? "chosen" : part),
  };
}

function writeImplicit(example: Example, tools: JsonObject): Encoded | Refusal {
  const [user, ...others] = example.messages;
  const chosen = answerText(example.preference?.chosen), rejected = answerText(example.preference?.rejected);
  if (user?.role !== "user" || user.content === null || others.length > 0 || chosen === undefined || rejected === undefined) return SHAPE_DOES_NOT_FIT;
  return encoded({ chosen: user.content + chosen, rejected: user.content + rejected, ...tools }, SLOTS);
}

function answerText(answer: readonly Message[] | undefined): string | undefined {
  const [only, ...others] = answer ?? [];
  return only && others.length === 0 && only.content !== null && !only.tool_calls && only.name === undefined && only.weight === undefined && only.extra === undefined ? only.content : undefined;
}

const SPEAKERS = { Human: "user", Assistant: "assistant" } as const;

/** Whether a text is a dialogue as in Anthropic's HH-RLHF. */
export function isDialogue(text: unknown): boolean {
  return typeof text === "string" && /^\s*Human:/.test(text) && text.includes("\n\nAssistant:");
}

function readDialogues(chosen: string, rejected: string): Decoded | Refusal {
  if (!isDialogue(chosen) || !isDialogue(rejected)) return refuse("missing-field", 'prompt is missing; add it, or begin both chosen and rejected with "\\n\\nHuman: " as HH-RLHF does');
  const good = turnsOf(chosen), bad = turnsOf(rejected);
  const shared = sharedTurns(good, bad);
  if (shared === 0) return refuse("no-prompt", "chosen and rejected share no prompt; begin both with the same turns");
  return {
    ok: true,
    messages: good.slice(0, shared),
    preference: { chosen: good.slice(shared), rejected: bad.slice(shared) },
    shape: { form: "hh" },
    used: SLOTS,
    at: (part, index) => `${part === "messages" ? "chosen" : part} (turn ${(part === "messages" ? index : shared + index) + 1})`,
  };
}

function turnsOf(text: string): Message[] {
  const marks = [...text.matchAll(/(?:^|\n\n)(Human|Assistant): ?/g)];
  return marks.map((mark, at) => ({
    role: SPEAKERS[mark[1] as keyof typeof SPEAKERS],
    content: text.slice(mark.index + mark[0].length, marks[at + 1]?.index),
  }));
}

function writeDialogues(example: Example, tools: JsonObject): Encoded | Refusal {
  const pair = example.preference;
  const text = (answer: readonly Message[]): string | undefined => {
    const turns = [...example.messages, ...answer];
    if (turns.some(({ role, tool_calls }) => (role !== "user" && role !== "assistant") || tool_calls)) return undefined;
    return turns.map(({ role, content }) => `\n\n${role === "user" ? "Human" : "Assistant"}: ${content ?? ""}`).join("");
  };
  const chosen = pair && text(pair.chosen), rejected = pair && text(pair.rejected);
  return chosen === undefined || rejected === undefined ? SHAPE_DOES_NOT_FIT : encoded({ chosen, rejected, ...tools }, SLOTS);
}

export function isPreference(row: JsonObject): boolean {
  return (Object.hasOwn(row, "chosen") && Object.hasOwn(row, "rejected")) || (Object.hasOwn(row, "preferred_output") && Object.hasOwn(row, "non_preferred_output") && isJsonObject(row["input"]));
}
