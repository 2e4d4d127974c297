import { z } from "zod";
import type { Message, ToolCall, ToolDefinition } from "../example.js";
import { isJsonObject, isRawNumber, parseJson, sameJson } from "../jsonl/json.js";
import { kindOf, refusalOf, refuse, type Refusal } from "./refusal.js";
import { pythonJson } from "./shape.js";

/** A tool as the OpenAI API declares it. */
export const ToolDefinitionSchema = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({ name: z.string().min(1), description: z.string().optional(), parameters: z.record(z.string(), z.unknown()).optional() }),
});

/** How a row spells its tools: as a list or as JSON text, wrapped (`{type, function}`) or flat (`{name, parameters}`). */
export interface ToolsStyle {
  text?: "compact" | "python";
  flat?: true;
  /** A spelling that none of these describes; used only while it still says the same. */
  literal?: unknown;
}

const STYLES: readonly ToolsStyle[] = [{}, { flat: true }, { text: "compact" }, { text: "compact", flat: true }, { text: "python" }, { text: "python", flat: true }];

/**
 * Reads the `tools` of a row in any spelling. Null, empty text and an empty list stand for none.
 *
 * @param plain the spelling that goes without saying in the row's format
 * @returns the tools, and their spelling where it is not the plain one
 */
export function readTools(raw: unknown, field: string, plain: ToolsStyle): { ok: true; tools?: ToolDefinition[]; style?: ToolsStyle } | Refusal {
  if (raw === undefined || raw === null || raw === "" || (Array.isArray(raw) && raw.length === 0)) return { ok: true };
  const list = decode(raw);
  if (!list) return refuse("wrong-type", `${field} is ${kindOf(raw)}, it must be a list of tools (or that list as JSON text)`);
  if (list.length === 0) return { ok: true };
  const tools = list.map(wrapped);
  for (const [at, tool] of tools.entries()) {
    const parsed = ToolDefinitionSchema.safeParse(tool);
    if (parsed.success) continue;
    const refusal = refusalOf(parsed.error, tool);
    return refuse(refusal.code, `${field}[${at}].${refusal.reason}`);
  }
  const definitions = tools as unknown as ToolDefinition[];
  const spelled = (style: ToolsStyle): boolean => sameJson(encode(definitions, style), raw, true);
  if (spelled(plain)) return { ok: true, tools: definitions };
  return { ok: true, tools: definitions, style: STYLES.find(spelled) ?? { literal: raw } };
}

/** Writes tools in a spelling of the row (`style`), or the plain one; a literal one only while it still says the same. */
export function writeTools(tools: readonly ToolDefinition[], style: ToolsStyle | undefined, plain: ToolsStyle): unknown {
  if (style === undefined) return encode(tools, plain);
  if (style.literal === undefined) return encode(tools, style);
  const said = decode(style.literal)?.map(wrapped);
  return said && sameJson(said, tools) ? style.literal : encode(tools, plain);
}

function decode(raw: unknown): unknown[] | undefined {
  if (typeof raw !== "string") return Array.isArray(raw) ? raw : undefined;
  const parsed = parseJson(raw);
  return parsed.ok && Array.isArray(parsed.value) ? parsed.value : undefined;
}

function wrapped(tool: unknown): unknown {
  if (!isJsonObject(tool) || typeof tool["name"] !== "string" || Object.hasOwn(tool, "function")) return tool;
  return { type: "function", function: tool };
}

function encode(tools: readonly ToolDefinition[], style: ToolsStyle): unknown {
  const list = style.flat ? tools.map(flat) : tools;
  if (style.text === undefined) return list;
  return style.text === "python" ? pythonJson(list) : JSON.stringify(list);
}

/** Only a wrapper that holds nothing else can be left out without loss. */
function flat(tool: ToolDefinition): unknown {
  const keys = Object.keys(tool);
  return keys.length === 2 && keys[0] === "type" && !Object.hasOwn(tool.function, "function") ? tool.function : tool;
}

/** A piece of the JSON text that calls tools: the text between, or a place where a part of call `n` stands. */
export type CallPiece = string | { name: number } | { arguments: number } | { quoted: number };

/**
 * Reads ShareGPT's `function_call`: JSON text of one call `{"name", "arguments"}` or of a list of calls. The arguments
 * are kept as the very text that stands there, so that digits, escapes and spaces come back.
 */
export function readCalls(text: string, field: string): { ok: true; calls: { name: string; arguments: string }[]; pieces: CallPiece[] } | Refusal {
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse("tool-call-not-json", `${field} must be JSON like {"name": …, "arguments": {…}} and ${parsed.reason}`);
  const list = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (list.length === 0) return refuse("tool-call-not-json", `${field} is an empty list of calls; remove the turn`);
  const calls: { name: string; arguments: string }[] = [];
  const pieces: CallPiece[] = [];
  const starts = Array.isArray(parsed.value) ? memberSpans(text, skipSpace(text, 0)).map(({ start }) => start) : [skipSpace(text, 0)];
  let written = 0;
  for (const [at, call] of list.entries()) {
    const held = isJsonObject(call) ? call["arguments"] : undefined;
    if (!isJsonObject(call) || typeof call["name"] !== "string" || call["name"] === "") return refuse("missing-field", `${field} has a call without a name; write {"name": …, "arguments": {…}}`);
    if (held === undefined) return refuse("missing-field", `${field} calls ${call["name"]} without arguments; write "arguments": {} for none`);
    if (typeof held !== "string" && !isJsonObject(held)) return refuse("tool-arguments-not-json", `${field} calls ${call["name"]} with arguments that are ${kindOf(held)}, not a JSON object`);
    let args = "";
    for (const { key, start, end } of memberSpans(text, starts[at] as number)) {
      if (key !== "name" && key !== "arguments") continue;
      pieces.push(text.slice(written, start), key === "name" ? { name: at } : typeof held === "string" ? { quoted: at } : { arguments: at });
      if (key === "arguments") args = typeof held === "string" ? held : text.slice(start, end);
      written = end;
    }
    calls.push({ name: call["name"], arguments: args });
  }
  pieces.push(text.slice(written));
  return { ok: true, calls, pieces };
}

/** Writes calls as ShareGPT's `function_call` text, into given pieces where they fit, else as LLaMA-Factory's examples do. */
export function writeCalls(calls: readonly ToolCall[], pieces?: readonly CallPiece[]): string {
  if (pieces) {
    const named = new Set(pieces.flatMap((piece) => (typeof piece === "string" ? [] : Object.values(piece))));
    const fits = named.size === calls.length && pieces.every((piece) => typeof piece === "string" || calls[Object.values(piece)[0] ?? -1]);
    if (fits) return pieces.map((piece) => (typeof piece === "string" ? piece : pieceText(piece, calls))).join("");
  }
  const texts = calls.map((call, at) => {
    // Space around the arguments would be taken for space of the call itself: then they are written as a quoted text.
    const args = call.function.arguments.trim() === call.function.arguments ? { arguments: at } : { quoted: at };
    return `{"name": ${pieceText({ name: at }, calls)}, "arguments": ${pieceText(args, calls)}}`;
  });
  return calls.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
}

function pieceText(piece: Exclude<CallPiece, string>, calls: readonly ToolCall[]): string {
  if ("name" in piece) return JSON.stringify(calls[piece.name]?.function.name);
  if ("quoted" in piece) return JSON.stringify(calls[piece.quoted]?.function.arguments);
  return calls[piece.arguments]?.function.arguments ?? "";
}

/** Where the values of the object (or the elements of the array) that opens at `open` stand. `text` is valid JSON. */
function memberSpans(text: string, open: number): { key: string; start: number; end: number }[] {
  const spans: { key: string; start: number; end: number }[] = [];
  const isObject = text[open] === "{";
  let at = skipSpace(text, open + 1);
  while (text[at] !== "}" && text[at] !== "]") {
    let key = "";
    if (isObject) {
      const end = endOfValue(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      at = skipSpace(text, skipSpace(text, end) + 1);
    }
    const end = endOfValue(text, at);
    spans.push({ key, start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return spans;
}

function skipSpace(text: string, at: number): number {
  while (/[ \t\r\n]/.test(text[at] ?? "")) at++;
  return at;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const mark = text[at];
    if (mark === '"') {
      for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
      if (depth === 0) return at + 1;
    } else if (mark === "{" || mark === "[") depth++;
    else if (mark === "}" || mark === "]") {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (mark === "," || /[ \t\r\n]/.test(mark ?? ""))) return at;
  }
  return text.length;
}

/** The ids given to calls that have none, in order of the calls. */
export function inventedId(call: number): string {
  return `call_${call + 1}`;
}

/**
 * Gives ids to calls that have none, and to tool results the id of the call they answer: the first that has no result yet.
 * Changes the messages.
 */
export function inventIds(messages: readonly Message[]): void {
  let given = 0;
  let waiting: string[] = [];
  for (const message of messages) {
    if (message.tool_calls) {
      for (const call of message.tool_calls) call.id = inventedId(given++);
      waiting = message.tool_calls.map(({ id }) => id);
    } else if (message.role === "tool") {
      message.tool_call_id = waiting.shift() ?? "";
    }
  }
}

/** Arguments given as an object become JSON text, a number too long for a double digit by digit. */
export function argumentsText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return isJsonObject(value) && !isRawNumber(value) ? JSON.stringify(value) : undefined;
}
