import { isJsonObject, type JsonObject } from "../jsonl/json.js";
import { kindOf, refuse, type Refusal } from "./refusal.js";

/**
 * What OpenAI's fine-tuning takes, beyond what any chat must be. Looked up on 2026-11-21:
 *
 * - at least 10 examples: https://developers.openai.com/api/docs/guides/supervised-fine-tuning
 * - JSON Lines only, files up to 512 MB: the Files API, as documented in `openai` 7.55 (resources/files.d.ts)
 * - roles, `weight` 0 or 1 on assistant messages, `functions` up to 128 and deprecated: FineTuneChatRequestInput of the
 *   OpenAPI document 2.3.0 (https://github.com/openai/openai-openapi)
 * - pairs: one assistant message in each output, text only:
 *   https://developers.openai.com/api/docs/guides/direct-preference-optimization and FineTunePreferenceRequestInput
 *
 * Not checked: the length of an example, which depends on the model.
 */
export const OPENAI_LIMITS = { minExamples: 10, maxFileBytes: 512 * 1000 * 1000, maxTools: 128 } as const;

const CHAT_FIELDS = ["messages", "tools", "parallel_tool_calls", "functions"];
const PAIR_FIELDS = ["input", "preferred_output", "non_preferred_output"];
const INPUT_FIELDS = ["messages", "tools", "parallel_tool_calls"];
const MESSAGE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  system: ["role", "content", "name"],
  user: ["role", "content", "name"],
  assistant: ["role", "content", "name", "refusal", "tool_calls", "function_call", "weight", "audio"],
  tool: ["role", "content", "tool_call_id"],
  function: ["role", "content", "name"],
};

/**
 * Checks a row against OpenAI's rules. The row must have passed {@link parseRow} as `messages` or `preference`: what is
 * checked there is not checked again.
 *
 * @returns why OpenAI would not take it, with the remedy; undefined when it would
 */
export function checkOpenAiRow(row: JsonObject): Refusal | undefined {
  if (Object.hasOwn(row, "messages")) {
    return unknownField(row, CHAT_FIELDS, "") ?? checkMessages(row["messages"], "messages", true) ?? checkTools(row);
  }
  if (!Object.hasOwn(row, "preferred_output")) return refuse("not-openai", "is in no layout of OpenAI's; convert it: --to messages, or --to preference --layout openai");
  const input = row["input"] as JsonObject;
  return unknownField(row, PAIR_FIELDS, "") ?? unknownField(input, INPUT_FIELDS, "input.") ??
    checkMessages(input["messages"], "input.messages", false) ?? checkTools(input) ??
    checkOutput(row["preferred_output"], "preferred_output") ?? checkOutput(row["non_preferred_output"], "non_preferred_output");
}

/** What is wrong with a file as a whole, each as a sentence with its remedy. */
export function checkOpenAiFile({ layout, rows, bytes }: { layout: string; rows: number; bytes: number | undefined }): string[] {
  const faults: string[] = [];
  const { minExamples, maxFileBytes } = OPENAI_LIMITS;
  if (layout !== "jsonl") faults.push(`is ${layout}, and OpenAI takes JSON Lines; convert it to a .jsonl file`);
  if (rows < minExamples) faults.push(`has ${rows} examples, and OpenAI asks for at least ${minExamples}; add examples`);
  if (bytes !== undefined && bytes > maxFileBytes) faults.push(`has ${Math.ceil(bytes / 1e6)} MB, and OpenAI takes up to ${maxFileBytes / 1e6}; use fewer examples, or two files and two jobs`);
  return faults;
}

function unknownField(row: JsonObject, known: readonly string[], path: string): Refusal | undefined {
  const key = Object.keys(row).find((name) => !known.includes(name));
  return key === undefined ? undefined : refuse("unknown-field", `${path}${key} is no field of OpenAI's fine-tuning; leave it out (llmops data convert --plain --no-extra)`);
}

function checkMessages(messages: unknown, path: string, trained: boolean): Refusal | undefined {
  const list = messages as JsonObject[];
  for (const [index, message] of list.entries()) {
    const at = `${path}[${index}]`;
    const role = String(message["role"]);
    const fields = MESSAGE_FIELDS[role];
    if (!fields) return refuse("unknown-role", `${at}.role is ${JSON.stringify(role)}, and fine-tuning takes ${Object.keys(MESSAGE_FIELDS).join(", ")}; write system for developer`);
    if (message["weight"] !== undefined && role !== "assistant") return refuse("misplaced-weight", `${at}.weight stands on a ${role} turn, and only assistant turns have one; leave it out`);
    if (message["weight"] === null) return refuse("wrong-type", `${at}.weight is null, it must be 0 or 1; or leave it out`);
    const refusal = unknownField(message, fields, `${at}.`) ?? checkCalls(message, at);
    if (refusal) return refusal;
    if (role === "tool" && !message["tool_call_id"]) return refuse("missing-field", `${at}.tool_call_id is missing; name the call that this result answers`);
    if (role === "function" && !message["name"]) return refuse("missing-field", `${at}.name is missing; name the function`);
  }
  const learned = list.some(({ role, weight }) => role === "assistant" && weight !== 0);
  return learned || !trained ? undefined : refuse("nothing-to-learn", `${path} has weight 0 on every assistant turn; give one of them weight 1, or leave the row out`);
}

function checkCalls(message: JsonObject, at: string): Refusal | undefined {
  const listed = Array.isArray(message["tool_calls"]) ? (message["tool_calls"] as JsonObject[]) : [];
  for (const [index, call] of listed.entries()) {
    const place = `${at}.tool_calls[${index}]`;
    if (!call["id"]) return refuse("missing-field", `${place}.id is missing; give the call an id, and its result the same tool_call_id`);
    if (call["type"] !== "function") return refuse("missing-field", `${place}.type must be "function"`);
    const args = (call["function"] as JsonObject)["arguments"];
    if (typeof args !== "string") return refuse("wrong-type", `${place}.function.arguments is ${kindOf(args)}, it must be JSON text; write it as --layout openai`);
  }
  const old = message["function_call"];
  if (isJsonObject(old) && typeof old["arguments"] !== "string") return refuse("wrong-type", `${at}.function_call.arguments is ${kindOf(old["arguments"])}, it must be JSON text`);
  return undefined;
}

function checkTools(row: JsonObject): Refusal | undefined {
  const parallel = row["parallel_tool_calls"];
  if (parallel !== undefined && typeof parallel !== "boolean") return refuse("wrong-type", `parallel_tool_calls is ${kindOf(parallel)}, it must be true or false`);
  for (const field of ["tools", "functions"]) {
    const tools = row[field];
    if (tools === undefined) continue;
    if (!Array.isArray(tools)) return refuse("wrong-type", `${field} is ${kindOf(tools)}, it must be a list; convert it: --to messages --layout openai`);
    if (tools.length > OPENAI_LIMITS.maxTools) return refuse("too-many-tools", `${field} has ${tools.length} functions, and OpenAI takes up to ${OPENAI_LIMITS.maxTools}`);
    for (const [index, tool] of tools.entries()) {
      const definition: unknown = field === "tools" ? (tool as JsonObject)["function"] : tool;
      const name = isJsonObject(definition) ? definition["name"] : undefined;
      if (typeof name !== "string") return refuse("wrong-type", `${field}[${index}] is not of the form ${field === "tools" ? '{"type": "function", "function": {"name": …}}' : '{"name": …}'}; convert it: --to messages --layout openai`);
      if (!/^[\w-]{1,64}$/.test(name)) return refuse("tool-name", `${field}[${index}] is named ${JSON.stringify(name.slice(0, 80))}; a name has up to 64 letters, digits, _ and -`);
    }
  }
  return undefined;
}

function checkOutput(output: unknown, path: string): Refusal | undefined {
  const list = output as JsonObject[];
  if (list.length !== 1 || list[0]?.["role"] !== "assistant") return refuse("one-answer-turn", `${path} has ${list.length} messages, and OpenAI trains on one assistant message; move the turns before the last into input.messages of a row of its own`);
  const message = list[0];
  const content = message["content"];
  if (typeof content !== "string" && !message["tool_calls"]) return refuse("wrong-type", `${path}[0].content is ${kindOf(content)}, it must be text`);
  return unknownField(message, (MESSAGE_FIELDS["assistant"] ?? []).filter((field) => field !== "weight"), `${path}[0].`) ?? checkCalls(message, `${path}[0]`);
}
