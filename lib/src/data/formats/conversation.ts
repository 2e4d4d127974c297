import type { Example, Message, ToolDefinition } from "../example.js";
import { isJsonObject, parseJson, sameJson } from "../jsonl/json.js";
import { refuse, type Refusal } from "./refusal.js";
import { spokenMessage } from "./turn-fields.js";

/**
 * What a conversation must be, whatever format it came in, to be worth training on. The rule of turns is that of the
 * chat templates that will render it (Llama, Mistral and Gemma templates raise on anything else):
 *
 *   system*  ( user  ( assistant-that-calls  tool+ )*  assistant )+
 *
 * and the last turn, the one to be learned, is the assistant's: an answer or a call.
 *
 * @param at names the field that message `index` came from, for the reason
 * @returns undefined when all is well
 */
export function checkConversation(messages: readonly Message[], at: (index: number) => string): Refusal | undefined {
  const ids = new Set<string>();
  let open = new Set<string>(); // calls that have no result yet
  let previous: Message | undefined;
  let users = 0, assistants = 0;
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index] as Message;
    const { role, content } = message;
    const calls = message.tool_calls !== undefined && message.tool_calls.length > 0;
    if (content !== null) {
      // A tool may well answer nothing; no one else may say nothing.
      if (role !== "tool" && !/\S/.test(content)) return refuse("empty-content", `${at(index)} is empty; fill it in or remove the turn`);
      if (!content.isWellFormed()) return refuse("lone-surrogate", `${at(index)} holds half of a surrogate pair, which no tokenizer can encode; replace the broken character`);
    } else if (!(role === "assistant" && calls)) {
      return refuse("empty-content", `${at(index)} has no content and calls no tool; fill it in or remove the turn`);
    }
    switch (role) {
      case "system":
        if (users + assistants > 0) return refuse("system-not-first", `${at(index)} is a system turn after the conversation has begun; move it to the front`);
        break;
      case "user":
        users++;
        if (open.size > 0) return refuse("tool-call-unanswered", unanswered(open, at(index)));
        if (previous?.role === "user") return refuse("roles-not-alternating", `${at(index)} is a second user turn in a row; join the two, or add the answer between them`);
        if (previous?.role === "tool") return refuse("roles-not-alternating", `${at(index)} is a user turn right after a tool result; add the assistant's answer to the result`);
        break;
      case "assistant":
        assistants++;
        if (open.size > 0) return refuse("tool-call-unanswered", unanswered(open, at(index)));
        if (users === 0) return refuse("no-user-turn", `${at(index)} is an assistant turn before any user turn; begin with the user`);
        if (previous?.role === "assistant") return refuse("roles-not-alternating", `${at(index)} is a second assistant turn in a row; join the two, or add the user turn between them`);
        open = new Set();
        for (const call of message.tool_calls ?? []) {
          if (ids.has(call.id)) return refuse("duplicate-call-id", `${at(index)} uses the tool call id ${JSON.stringify(call.id)} again; give each call its own id`);
          const parsed = parseJson(call.function.arguments);
          if (!parsed.ok) return refuse("tool-arguments-not-json", `${at(index)} calls ${call.function.name} with arguments that are no JSON (${parsed.reason})`);
          if (!isJsonObject(parsed.value)) return refuse("tool-arguments-not-json", `${at(index)} calls ${call.function.name} with arguments that are no JSON object; write {} for none`);
          ids.add(call.id);
          open.add(call.id);
        }
        break;
      case "tool": {
        const id = message.tool_call_id ?? "";
        if (!ids.has(id)) return refuse("tool-result-without-call", `${at(index)} answers the tool call ${JSON.stringify(id)}, which no turn before it makes; correct the id or remove the turn`);
        if (!open.delete(id)) return refuse("tool-result-without-call", `${at(index)} answers the tool call ${JSON.stringify(id)}, which already has its result; correct the id or remove the turn`);
        break;
      }
    }
    previous = message;
  }
  if (users === 0) return refuse("no-user-turn", "has no user turn; a training example needs a question and an answer");
  if (assistants === 0) return refuse("no-assistant-turn", "has no assistant turn; a training example needs a question and an answer");
  if (previous?.role !== "assistant") return refuse("last-turn-not-assistant", `${at(messages.length - 1)} is the last turn and not the assistant's; add the answer or remove the turn`);
  return undefined;
}

function checkText(text: string, place: string): Refusal | undefined {
  if (!/\S/.test(text)) return refuse("empty-content", `${place} is empty; fill it in or remove the row`);
  return text.isWellFormed() ? undefined : refuse("lone-surrogate", `${place} holds half of a surrogate pair, which no tokenizer can encode; replace the broken character`);
}

function unanswered(open: ReadonlySet<string>, place: string): string {
  return `${place} comes before the result of the tool call ${[...open].map((id) => JSON.stringify(id)).join(", ")}; add one tool result for each call`;
}

/** Every call must name a tool that the row declares, where it declares any. */
export function checkTools(messages: readonly Message[], tools: readonly ToolDefinition[] | undefined, at: (index: number) => string): Refusal | undefined {
  if (tools === undefined) return undefined;
  const declared = new Set(tools.map((tool) => tool.function.name));
  for (let index = 0; index < messages.length; index++) {
    for (const call of messages[index]?.tool_calls ?? []) {
      if (!declared.has(call.function.name)) {
        return refuse("undeclared-tool", `${at(index)} calls ${JSON.stringify(call.function.name)}, which tools does not declare; declare it or correct the name`);
      }
    }
  }
  return undefined;
}

/** {@link checkConversation} and {@link checkTools} for a whole example; a preference pair is checked with each of its answers. */
export function checkExample(example: Example, at: (part: "messages" | "chosen" | "rejected", index: number) => string = (part, index) => `${part}[${index}]`): Refusal | undefined {
  const { messages, preference, tools } = example;
  if (example.plainText) return checkText(messages[0]?.content ?? "", at("messages", 0));
  if (!preference) {
    const place = (index: number): string => at("messages", index);
    return checkConversation(messages, place) ?? checkTools(messages, tools, place);
  }
  for (const part of ["chosen", "rejected"] as const) {
    const answer = preference[part];
    const place = (index: number): string => (index < messages.length ? at("messages", index) : at(part, index - messages.length));
    if (answer[0]?.role !== "assistant") return refuse("answer-not-assistant", `${part} must begin with an assistant turn; put the turns before it into the prompt`);
    const whole = [...messages, ...answer];
    const refusal = checkConversation(whole, place) ?? checkTools(whole, tools, place);
    if (refusal) return refusal;
  }
  return sameJson(preference.chosen.map(spokenMessage), preference.rejected.map(spokenMessage))
    ? refuse("identical-pair", "chosen and rejected are the same; a pair must differ, or there is nothing to prefer")
    : undefined;
}
