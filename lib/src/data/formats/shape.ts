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

import { FORMATS, SIDE_FIELD, type Format } from "../example.js";
import { isJsonObject, isRawNumber, parseJson, type JsonObject } from "../jsonl/json.js";
import type { Patch } from "../jsonl/patch.js";
import { refuse, type Refusal } from "./refusal.js";

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
  /** That the answer is labelled as wanted, for formats whose rows have no label. */
  label?: true;
  /** Names of speakers by message. */
  names?: [index: number, name: string][];
  /** Weights of turns by message. */
  weights?: [index: number, weight: 0 | 1][];
  /** Other fields of turns by message: their position among its fields, name, value. */
  fields?: [index: number, position: number, key: string, value: unknown][];
  /** Fields whose name is a slot of this row's format: their position among the extra fields, name, value. */
  extra?: [position: number, key: string, value: unknown][];
}

export type Shapes = Partial<Record<Format, Shape>>;

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
  if (value["label"] !== undefined && value["label"] !== true) return false;
  return texts(value["ids"]) && texts(value["answers"]) && entries(value["names"], ["number", "string"]) && entries(value["weights"], ["number", "number"]) && entries(value["extra"], ["number", "string"]) &&
    entries(value["fields"], ["number", "number", "string"]);
}

/** Puts the side field on a row, if there is anything to put. */
export function putSide(row: JsonObject, shapes: Shapes, carried: Carried): JsonObject {
  const side = Object.keys(carried).length > 0 ? { ...shapes, carried } : shapes;
  return Object.keys(side).length > 0 ? { ...row, [SIDE_FIELD]: JSON.stringify(side) } : row;
}

/** JSON text as Python's json.dumps writes it (`", "` and `": "`), which is how most published tool datasets look. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null && !isRawNumber(value)) {
    return `{${Object.entries(value).map(([key, held]) => `${JSON.stringify(key)}: ${pythonJson(held)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
