/**
 * How a row is spelled, apart from what it says. Formats have more than one spelling (`gpt` or `assistant`, Alpaca's
 * `input`, tools as text, the order of fields), and a target format has no slot for the spelling of its source. So that
 * a row comes back as it was, its spelling travels in one side field, `_llmops`, as JSON text (text, because loaders
 * such as Hugging Face datasets want one type per column):
 *
 *   {"alpaca":{"input":0,"layout":{…}},"carried":{"ids":["call_abc"]}}
 *
 * under each format's name the spelling to restore in that format, and under `carried` what this row's own format has no
 * slot for. A plainly spelled row has no side field. A spelling holds no content of a turn: a text that was masked or
 * normalised on the way comes back masked or normalised.
 */

import { FORMATS, type Format } from "../example.js";
import { isJsonObject, isRawNumber, parseJson, sameJson, setOwn, type JsonObject } from "../jsonl/json.js";
import { refuse, type Refusal } from "./refusal.js";

export const SIDE_FIELD = "_llmops";

/** The spelling of a row in one format; which keys there are is the format's matter. */
export interface Shape {
  /** The row has a spelling that cannot be described: it can be read, but not be converted and come back. */
  lost?: true;
  /** Names of columns in place of the format's own: `{ instruction: "question" }`. */
  columns?: Record<string, string>;
  layout?: Patch;
  [variant: string]: unknown;
}

/** What the format of a row has no slot for. */
export interface Carried {
  /** Tool call ids in order of the calls, and those the tool results answer, in order of the results. */
  ids?: string[];
  answers?: string[];
  /** Names of speakers by message. */
  names?: [index: number, name: string][];
  /** Fields whose name is a slot of this row's format: their position among the extra fields, name, value. */
  extra?: [position: number, key: string, value: unknown][];
}

export type Shapes = Partial<Record<Format, Shape>>;

/** The difference between a row and its plain spelling. Every part is conditional, so that it never undoes an edit. */
export interface Patch {
  /** For a leaf: put the second value where the first stands. */
  swap?: [plain: unknown, own: unknown];
  /** Keys to leave out, each with the value it must have. */
  drop?: Record<string, unknown>;
  add?: JsonObject;
  order?: string[];
  keys?: Record<string, Patch>;
  /** For a list: the length it must have, and patches by index. */
  length?: number;
  items?: Record<string, Patch>;
}

/** The spellings that an example carries, by format. */
export function shapesOf(extra: JsonObject): Shapes {
  return (Object.hasOwn(extra, SIDE_FIELD) ? extra[SIDE_FIELD] : {}) as Shapes;
}

/** Takes the side field off a row. */
export function takeSide(row: JsonObject): { rest: JsonObject; shapes: Shapes; carried: Carried } | Refusal {
  if (!Object.hasOwn(row, SIDE_FIELD)) return { rest: row, shapes: {}, carried: {} };
  const { [SIDE_FIELD]: text, ...rest } = row;
  const parsed = typeof text === "string" ? parseJson(text) : undefined;
  const known = [...FORMATS, "carried"] as string[];
  if (!parsed?.ok || !isJsonObject(parsed.value) || JSON.stringify(parsed.value) !== text ||
    !Object.entries(parsed.value).every(([key, value]) => known.includes(key) && isJsonObject(value)) || !isCarried(parsed.value["carried"])) {
    return refuse("reserved-field", `${SIDE_FIELD} is the field in which this library keeps the spelling of converted rows, and its value is not of that kind; rename or remove it`);
  }
  const { carried = {}, ...shapes } = parsed.value;
  return { rest, shapes: shapes, carried: carried as Carried };
}

function isCarried(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isJsonObject(value)) return false;
  const texts = (list: unknown): boolean => list === undefined || (Array.isArray(list) && list.every((item) => typeof item === "string"));
  const entries = (list: unknown, types: readonly string[]): boolean =>
    list === undefined || (Array.isArray(list) && list.every((item) => Array.isArray(item) && types.every((type, at) => typeof item[at] === type)));
  return texts(value["ids"]) && texts(value["answers"]) && entries(value["names"], ["number", "string"]) && entries(value["extra"], ["number", "string"]);
}

/** Puts the side field on a row, if there is anything to put. */
export function putSide(row: JsonObject, shapes: Shapes, carried: Carried): JsonObject {
  const side = Object.keys(carried).length > 0 ? { ...shapes, carried } : shapes;
  return Object.keys(side).length > 0 ? { ...row, [SIDE_FIELD]: JSON.stringify(side) } : row;
}

/** The patch that makes `own` of `plain`; undefined when they are the same, `"lost"` when no patch without content can. */
export function difference(plain: unknown, own: unknown, key = ""): Patch | undefined | "lost" {
  if (Array.isArray(plain) && Array.isArray(own)) {
    if (plain.length !== own.length) return "lost";
    const items: Record<string, Patch> = {};
    for (let at = 0; at < own.length; at++) {
      const patch = difference(plain[at], own[at]);
      if (patch === "lost") return "lost";
      if (patch) items[at] = patch;
    }
    return Object.keys(items).length > 0 ? { length: own.length, items } : undefined;
  }
  if (!isJsonObject(plain) || !isJsonObject(own)) {
    if (sameJson(plain, own)) return undefined;
    const spelling = (typeof plain === "string" && typeof own === "string" && (key === "role" || key === "from")) || (isNothing(plain) && isNothing(own));
    return spelling ? { swap: [plain, own] } : "lost";
  }
  const patch: Patch = {};
  const kept: string[] = [];
  for (const name of Object.keys(plain)) {
    if (Object.hasOwn(own, name)) {
      kept.push(name);
      const inner = difference(plain[name], own[name], name);
      if (inner === "lost") return "lost";
      if (inner) setOwn((patch.keys ??= {}), name, inner);
    } else {
      if (!isNothing(plain[name]) && plain[name] !== "function") return "lost";
      setOwn((patch.drop ??= {}), name, plain[name]);
    }
  }
  for (const name of Object.keys(own)) {
    if (Object.hasOwn(plain, name)) continue;
    kept.push(name);
    setOwn((patch.add ??= {}), name, own[name]);
  }
  const order = Object.keys(own);
  if (order.some((name, at) => name !== kept[at])) patch.order = order;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** Null, empty text, an empty list: what stands for "not there" in one spelling or another. */
function isNothing(value: unknown): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Applies a patch where its conditions hold; leaves alone what was edited since. */
export function patched(plain: unknown, patch: Patch): unknown {
  if (patch.swap) return sameJson(plain, patch.swap[0]) ? patch.swap[1] : plain;
  if (Array.isArray(plain)) {
    if (plain.length !== patch.length) return plain;
    return plain.map((item: unknown, at) => {
      const inner = patch.items?.[at];
      return inner ? patched(item, inner) : item;
    });
  }
  if (!isJsonObject(plain)) return plain;
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(plain)) {
    if (patch.drop && Object.hasOwn(patch.drop, name) && sameJson(value, patch.drop[name])) continue;
    const inner = patch.keys && Object.hasOwn(patch.keys, name) ? patch.keys[name] : undefined;
    setOwn(result, name, inner ? patched(value, inner) : value);
  }
  for (const [name, value] of Object.entries(patch.add ?? {})) {
    if (!Object.hasOwn(result, name)) setOwn(result, name, value);
  }
  if (!patch.order) return result;
  const ordered: JsonObject = {};
  for (const name of patch.order) if (Object.hasOwn(result, name)) setOwn(ordered, name, result[name]);
  for (const [name, value] of Object.entries(result)) if (!Object.hasOwn(ordered, name)) setOwn(ordered, name, value);
  return ordered;
}

/** JSON text as Python's json.dumps writes it (`", "` and `": "`), which is how most published tool datasets look. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null && !isRawNumber(value)) {
    return `{${Object.entries(value).map(([key, held]) => `${JSON.stringify(key)}: ${pythonJson(held)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
