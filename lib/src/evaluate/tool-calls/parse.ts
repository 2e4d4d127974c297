/** The calls that an answer is: nothing is mended, and prose around a call makes it prose. */
import { z } from "zod";
import { isJsonObject, parseJson } from "../../data/jsonl/json.js";
import type { ModelCall } from "./call.js";
import { parseExactly } from "./python.js";

/** How calls were written: taskling's and Llama-3's `{"name", "parameters"}`, joined by `;`; or OpenAI's `tool_calls`. */
export type CallForm = "llama" | "openai";

export type ParsedAnswer =
  | { kind: "calls"; form: CallForm; calls: ModelCall[] }
  | { kind: "prose"; text: string }
  /** It begins as a call does, and is none. */
  | { kind: "broken"; text: string; reason: string };

/** An answer of an OpenAI-compatible endpoint, or of a dataset. */
export interface AnswerMessage {
  content?: string | null;
  tool_calls?: readonly { function: { name: string; arguments: string | Readonly<Record<string, unknown>> } }[] | null;
}

// Llama 3.1 writes this before calls of tools; taskling does not.
const PYTHON_TAG = "<|python_tag|>";

const Wrapped = z.array(z.looseObject({ function: z.looseObject({ name: z.string(), arguments: z.union([z.string(), z.record(z.string(), z.unknown())]) }) })).min(1);

/**
 * Reads the calls of an answer, in any of the forms of {@link CallForm}, or says why it has none.
 *
 * An answer that begins with `{`, `[` or Llama's tag wants to be calls: it is `broken` where it cannot be read as calls and
 * nothing else. Everything else is `prose`, also where a call stands in its middle: a program that waits for a call would not
 * find it. Whether there is such a tool is not asked here.
 */
export function parseCalls(answer: string | AnswerMessage): ParsedAnswer {
  if (typeof answer !== "string") {
    if (answer.tool_calls?.length) return fromOpenAi(answer.tool_calls, JSON.stringify(answer.tool_calls));
    return parseCalls(answer.content ?? "");
  }
  const text = answer.trim();
  const body = text.startsWith(PYTHON_TAG) ? text.slice(PYTHON_TAG.length).trim() : text;
  if (body.startsWith("[")) {
    const parsed = parseJson(body);
    if (!parsed.ok) return { kind: "broken", text, reason: parsed.reason };
    const wrapped = Wrapped.safeParse(parsed.value);
    return wrapped.success ? fromOpenAi(wrapped.data, text) : { kind: "broken", text, reason: "is a list, but not of calls: each needs function.name and function.arguments" };
  }
  if (!body.startsWith("{")) return body === text ? { kind: "prose", text } : { kind: "broken", text, reason: `has ${PYTHON_TAG} and then no JSON` };
  const calls: ModelCall[] = [];
  for (const [at, part] of splitObjects(body).entries()) {
    const call = readOne(part);
    if (typeof call === "string") return { kind: "broken", text, reason: `call ${at + 1} ${call}` };
    calls.push(call);
  }
  return { kind: "calls", form: "llama", calls };
}

function readOne(text: string): ModelCall | string {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed.reason;
  if (!isJsonObject(parsed.value)) return "is no object";
  const { name, parameters } = parsed.value;
  if (typeof name !== "string" || name === "") return 'has no "name"';
  if (!isJsonObject(parameters)) return 'has no "parameters" that are an object';
  return { name, arguments: (parseExactly(text) as { parameters: Record<string, unknown> }).parameters };
}

function fromOpenAi(written: NonNullable<AnswerMessage["tool_calls"]>, text: string): ParsedAnswer {
  const calls: ModelCall[] = [];
  for (const [at, { function: { name, arguments: given } }] of written.entries()) {
    if (typeof given !== "string") {
      calls.push({ name, arguments: given });
      continue;
    }
    const parsed = parseJson(given);
    if (!parsed.ok || !isJsonObject(parsed.value)) return { kind: "broken", text, reason: `the arguments of call ${at + 1} ${parsed.ok ? "are no object" : parsed.reason}` };
    calls.push({ name, arguments: parseExactly(given) as Record<string, unknown> });
  }
  return { kind: "calls", form: "openai", calls };
}

/** Objects that stand one behind the other, joined by `;`. A piece that is no object stays one, for its reader to refuse. */
function splitObjects(text: string): string[] {
  const parts: string[] = [];
  let depth = 0, start = 0, isString = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isString) {
      if (sign === "\\") at++;
      else if (sign === '"') isString = false;
    } else if (sign === '"') isString = true;
    else if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
    else if (sign === ";" && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, text.slice(start).trim()];
}

/** Calls as taskling and Llama-3 write them, the inverse of {@link parseCalls}. */
export function writeCalls(calls: readonly ModelCall[]): string {
  return calls.map(({ name, arguments: parameters }) => `{"name": ${JSON.stringify(name)}, "parameters": ${spaced(parameters)}}`).join("; ");
}

/** JSON with a space after each colon and comma, as Python and the chat template write it. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (isJsonObject(value) && !("toJSON" in value)) return `{${Object.entries(value).map(([key, held]) => `${JSON.stringify(key)}: ${spaced(held)}`).join(", ")}}`;
  return JSON.stringify(value);
}
