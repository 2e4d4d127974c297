/** Whether a script is what was ordered and says what it calls: everything that can be known before a call is run. */
import { z } from "zod";
import type { ToolDefinition } from "../../data/example.js";
import { daysNamed } from "../../data/quality/task-api/dates.js";
import { prioritiesNamed } from "../../data/quality/task-api/reading.js";
import type { ToolKind, ToolOrder } from "./order.js";
import { shapeOf, type ScriptCall, type ScriptTurn } from "./script.js";

/** Why a script was turned down: a stable code for counting, and one sentence. */
export interface ScriptFault {
  code: string;
  reason: string;
}

const SHAPES: Readonly<Record<ToolKind, RegExp>> = { single: /^UC$/, parallel: /^UC$/, "no-call": /^US$/, clarify: /^USUC$/, result: /^UC(UC)?$/, error: /^UC$/ };

/** What is wrong with a script; undefined when nothing is. */
export function checkScript(turns: readonly ScriptTurn[], order: ToolOrder, tools: readonly ToolDefinition[], today: string): ScriptFault | undefined {
  const calls = turns.flatMap((turn) => ("calls" in turn ? turn.calls : []));
  if (order.kind === "no-call" && calls.length > 0) return { code: "needless-call", reason: `calls ${calls[0]?.name ?? ""} where no call is due` };
  if (!SHAPES[order.kind].test(shapeOf(turns))) return { code: "other-turns", reason: `has the turns ${shapeOf(turns)}, and a conversation of the kind ${order.kind} is ${SHAPES[order.kind].source} (U user, S said, C called)` };
  const names = calls.map(({ name }) => name);
  if (names.join() !== order.tools.join()) return { code: "other-tool", reason: `calls ${names.join(", ") || "nothing"} in place of ${order.tools.join(", ")}` };
  let heard = "";
  const made: ScriptCall[] = [];
  for (const turn of turns) {
    if ("user" in turn) heard += `\n${turn.user}`;
    if (!("calls" in turn)) continue;
    made.push(...turn.calls);
    const fault = firstOf(turn.calls, (call) => checkArguments(call, tools) ?? checkSaid(call, heard)) ?? checkUnused(made, heard, today);
    if (fault) return fault;
  }
  const [only] = calls;
  return only && order.kind === "single" ? checkVerb(only, heard) : undefined;
}

function firstOf<T, R>(list: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of list) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

const Parameters = z.object({
  properties: z.record(z.string(), z.object({ type: z.string().optional(), enum: z.array(z.unknown()).optional() })).default({}), required: z.array(z.string()).default([]),
});

/** A call against its tool's JSON schema: names, required parameters, types and enumerated values. */
export function checkArguments({ name, arguments: given }: ScriptCall, tools: readonly ToolDefinition[]): ScriptFault | undefined {
  const tool = tools.find((each) => each.function.name === name);
  if (!tool) return { code: "unknown-tool", reason: `calls ${name}; there are ${tools.map((each) => each.function.name).join(", ")}` };
  const { properties, required } = Parameters.parse(tool.function.parameters ?? {});
  const bad = (reason: string): ScriptFault => ({ code: "bad-arguments", reason: `${name}: ${reason}` });
  const missing = required.find((field) => given[field] === undefined);
  if (missing !== undefined) return bad(`${missing} is missing`);
  for (const [field, value] of Object.entries(given)) {
    const property = Object.hasOwn(properties, field) ? properties[field] : undefined;
    if (!property) return bad(`it has no parameter ${field}`);
    if (property.type === "string" && typeof value !== "string") return bad(`${field} is ${JSON.stringify(value)}, not a text`);
    if (property.enum && !property.enum.includes(value)) return bad(`${field} is ${JSON.stringify(value)}, not one of ${property.enum.join(", ")}`);
  }
  return undefined;
}

const LEVELS: Readonly<Record<string, RegExp>> = { high: /\b(?:high|urgent|important|top|critical)\b/i, medium: /\b(?:medium|normal)\b/i, low: /\b(?:low|not urgent|not important|no rush|unimportant)\b/i };

/** Arguments are the user's words: what nobody said must not be in a call. */
function checkSaid({ arguments: given }: ScriptCall, heard: string): ScriptFault | undefined {
  const text = plain(heard);
  for (const field of ["title", "new_title", "due_date"]) {
    const value = given[field];
    if (typeof value === "string" && !text.includes(plain(value))) return { code: "not-said", reason: `gives ${field} "${value}", and the user does not say that` };
  }
  const { priority } = given;
  if (typeof priority === "string" && !LEVELS[priority]?.test(heard)) return { code: "not-said", reason: `gives the priority ${priority}, and the user names none` };
  return undefined;
}

/** And what somebody said must be in one. */
function checkUnused(calls: readonly ScriptCall[], heard: string, today: string): ScriptFault | undefined {
  const used = calls.flatMap((call) => Object.values(call.arguments)).filter((value) => typeof value === "string");
  const rest = without(heard, used);
  const [day] = daysNamed(rest, today);
  if (day !== undefined && !calls.some((call) => call.arguments["due_date"] !== undefined)) return { code: "left-out", reason: "the user names a day, and no call has a due_date" };
  if (prioritiesNamed(rest).size > 0 && !calls.some((call) => call.arguments["priority"] !== undefined)) return { code: "left-out", reason: "the user names a priority, and no call has one" };
  return undefined;
}

const VERBS: Readonly<Record<string, RegExp>> = {
  complete_task: /\b(?:complete[d]?|finish(?:ed)?|done|close|check|tick)\b/i, delete_task: /\b(?:delete|remove|drop|cancel(?:led)?|scrap|erase|get rid|throw|not needed|no longer need(?:ed)?|don't need)\b/i,
};

/** Of the two verbs that must not be mixed up, a request for one must not have words of the other alone. */
function checkVerb({ name, arguments: given }: ScriptCall, heard: string): ScriptFault | undefined {
  const text = without(heard, Object.values(given).filter((value) => typeof value === "string"));
  const crossed = Object.entries(VERBS).find(([tool, words]) => tool !== name && words.test(text) && name !== "list_tasks" && !(VERBS[name]?.test(text) ?? /\b(?:due|done by|deadline|priority|urgent|important)\b/i.test(text)));
  return crossed ? { code: "crossed-words", reason: `calls ${name}, and the request sounds like ${crossed[0]}` } : undefined;
}

function without(text: string, values: readonly string[]): string {
  let rest = text;
  for (const value of [...values].sort((a, b) => b.length - a.length)) if (value) rest = rest.split(value).join(" ~ ");
  return rest;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[“”]/g, '"').replace(/\s+/g, " ").trim();
}

/** What is said to results must name what they name, and no other title or day. */
export function checkSaying(said: string, results: readonly string[], heard: string): ScriptFault | undefined {
  const known = results.join("\n");
  const days = said.match(/\d{4}-\d{2}-\d{2}/g) ?? [];
  const other = days.find((day) => !known.includes(day) && !heard.includes(day));
  if (other !== undefined) return { code: "reply-invents", reason: `says ${other}, which no result has` };
  const quoted = [...said.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "").find((text) => !plain(known).includes(plain(text)) && !plain(heard).includes(plain(text)));
  if (quoted !== undefined) return { code: "reply-invents", reason: `names "${quoted}", which neither a result nor the user has` };
  for (const result of results) {
    const value: unknown = JSON.parse(result);
    const title = typeof value === "object" && value !== null && !("error" in value) ? (value as { title?: unknown }).title : undefined;
    if (typeof title === "string" && !plain(said).includes(plain(title))) return { code: "reply-omits", reason: `does not name "${title}"` };
  }
  return undefined;
}
