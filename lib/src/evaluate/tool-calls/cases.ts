/** Cases of an exam: each turn of the assistant in a conversation is one, with all that came before it as the prompt. */
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { NewTask } from "../../agent/task-api/schema.js";
import type { Example, Message, ToolDefinition } from "../../data/example.js";
import { isJsonObject, parseJson } from "../../data/jsonl/json.js";
import { TASK_SYSTEM, TASK_TOOLS, taskPrompt, type PromptMessage, type TaskCall } from "../task-calls.js";
import type { ModelCall, WantedCall } from "./call.js";
import { wantedOf } from "./meaning.js";

/** What is due: calls, a question for what is missing, or words: an answer without a call, or what came of one. */
export type Due = "calls" | "question" | "words" | "report";

/** A conversation with tools that waits for an answer; results of calls may be among its messages. */
export interface ToolPrompt {
  messages: (PromptMessage | { role: "tool"; content: string })[];
  tools: readonly ToolDefinition[];
}

export interface ToolCase {
  /** The conversation's id and the turn, from 1: `tools-12/2`. */
  id: string;
  /** The conversation's kind: single, parallel, no-call, … */
  kind: string;
  due: Due;
  prompt: ToolPrompt;
  /** Empty where no call is due. */
  wanted: WantedCall[];
  /** The day that words count from, YYYY-MM-DD. */
  today: string;
  /** The tasks that were there before the conversation; undefined where the data does not say. */
  state?: readonly NewTask[];
}

/** The day of the workbook's exams that name none. */
export const EXAM_DAY = "2026-11-23";

function callsOf({ tool_calls: calls = [] }: Message, where: string): ModelCall[] {
  return calls.map(({ function: { name, arguments: given } }) => {
    const parsed = parseJson(given);
    if (!parsed.ok || !isJsonObject(parsed.value)) throw new RangeError(`${where}: the arguments of ${name} are no JSON object`);
    return { name, arguments: parsed.value };
  });
}

/** A message as chat templates take it: arguments as objects, no content as none. */
function promptMessage(message: Message, where: string): ToolPrompt["messages"][number] {
  if (message.role === "tool") return { role: "tool", content: message.content ?? "" };
  const calls = callsOf(message, where);
  return {
    role: message.role, content: message.content ?? "",
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ name, arguments: given }) => ({ type: "function" as const, function: { name, arguments: { ...given } } })) }),
  };
}

/**
 * The cases of conversations with tools. What the conversation says at that turn is what is right there: its calls, with defaults
 * said or not; words where it has none. `extra` may give `id`, `kind`, `today` and `state`, as datasets/tool-calls does.
 *
 * @throws RangeError naming the conversation where a call's arguments are no JSON object
 */
export function casesOf(conversations: readonly Example[]): ToolCase[] {
  return conversations.flatMap(({ messages, tools = [...TASK_TOOLS], extra }, at) => {
    const id = typeof extra.id === "string" ? extra.id : `conversation ${at + 1}`;
    const kind = typeof extra.kind === "string" ? extra.kind : "conversation";
    const today = typeof extra.today === "string" ? extra.today : EXAM_DAY;
    let turn = 0;
    return messages.flatMap((message, index): ToolCase[] => {
      if (message.role !== "assistant") return [];
      turn++;
      const wanted = callsOf(message, id).map(wantedOf);
      const due: Due = wanted.length > 0 ? "calls" : messages[index - 1]?.role === "tool" ? "report" : kind === "clarify" ? "question" : "words";
      return [{
        id: `${id}/${turn}`, kind, due, wanted, today, prompt: { messages: messages.slice(0, index).map((each) => promptMessage(each, id)), tools },
        ...(Array.isArray(extra.state) ? { state: extra.state as NewTask[] } : {}),
      }];
    });
  });
}

/** Cases of single requests, as datasets/task-calls has them; with the tasks that their calls need, among `others` more. */
export function casesOfRequests(calls: readonly TaskCall[], { others = 3, today = EXAM_DAY }: { others?: number; today?: string } = {}): ToolCase[] {
  const titles = [...new Set(calls.flatMap(({ name, parameters: { title } }) => (title === undefined || name === "create_task" ? [] : [title])))];
  return calls.map(({ request, name, parameters }, at): ToolCase => {
    const own = name === "create_task" || parameters.title === undefined ? [] : [parameters.title];
    const near = Array.from({ length: Math.min(others, titles.length) }, (_, step) => titles[(at + step * 7 + 1) % titles.length] as string);
    const state = [...new Set([...own, ...near])].map((title): NewTask => ({ title }));
    return { id: `request ${at + 1}`, kind: "single", due: "calls", prompt: { messages: taskPrompt(request).messages, tools: TASK_TOOLS }, wanted: [wantedOf({ name, arguments: parameters })], today, state };
  });
}

/** The messages of a case as OpenAI's API takes them: arguments as text, ids for calls and their results, in order. */
export function openAiMessages({ messages }: ToolPrompt): ChatCompletionMessageParam[] {
  let made = 0, answered = 0;
  return messages.map((message): ChatCompletionMessageParam => {
    if (message.role === "tool") return { role: "tool", tool_call_id: `call_${++answered}`, content: message.content };
    if (message.role !== "assistant" || !message.tool_calls) return { role: message.role, content: message.content };
    const calls = message.tool_calls.map(({ function: { name, arguments: given } }) => ({ id: `call_${++made}`, type: "function" as const, function: { name, arguments: JSON.stringify(given) } }));
    // Calls without results are passed over: the next result is of the next call that has one.
    answered = made - calls.length;
    return { role: "assistant", content: message.content || null, tool_calls: calls };
  });
}

/** What the user said last: for tables of mistakes. */
export function requestOf({ prompt: { messages } }: ToolCase): string {
  return messages.findLast(({ role }) => role === "user")?.content ?? "";
}

/** A conversation of one request, as an {@link Example} that {@link casesOf} takes: for cases of one's own. */
export function conversation(request: string, answer: string | readonly ModelCall[], extra: Readonly<Record<string, unknown>> = {}): Example {
  const last: Message = typeof answer === "string" ? { role: "assistant", content: answer }
    : { role: "assistant", content: null, tool_calls: answer.map(({ name, arguments: given }, at) => ({ id: `call_${at + 1}`, type: "function", function: { name, arguments: JSON.stringify(given) } })) };
  return { messages: [{ role: "system", content: TASK_SYSTEM }, { role: "user", content: request }, last], tools: [...TASK_TOOLS], extra: { ...extra } };
}
