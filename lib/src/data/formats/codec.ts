import type { Example, Message, ToolDefinition } from "../example.js";
import type { JsonObject } from "../jsonl/json.js";
import { refuse, type Refusal } from "./refusal.js";
import type { Carried, Shape } from "./shape.js";
import { MESSAGE_SLOTS } from "./turn-fields.js";

/** What a format makes of a row: the example without its extra fields, and how the row was spelled. */
export interface Decoded {
  ok: true;
  messages: Message[];
  tools?: ToolDefinition[];
  preference?: { chosen: Message[]; rejected: Message[] };
  label?: boolean;
  plainText?: true;
  shape: Shape;
  /** The fields that were read; all others are extra. */
  used: readonly string[];
  /** The field a message came from, for reasons. */
  at(part: "messages" | "chosen" | "rejected", index: number): string;
}

export interface Encoded {
  ok: true;
  row: JsonObject;
  carried: Carried;
  /** The fields that a reader of this row would take for the format's own. */
  slots: readonly string[];
}

/** One format: how a row of it is read and written. Checks of the conversation itself are made outside. */
export interface Codec {
  read(row: JsonObject, carried: Carried): Decoded | Refusal;
  /** Writes an example; with an empty shape in the plain spelling. */
  write(example: Example, shape: Shape): Encoded | Refusal;
}

/** A spelling that an example edited since no longer fits; the plain one is used instead. */
export const SHAPE_DOES_NOT_FIT = refuse("shape", "the example no longer fits the spelling of its source row");

/**
 * What turns have beside role and content, for formats whose turns have no place for it: names of speakers, weights, other fields.
 *
 * @param hasPlace - whether a turn of the format can hold a field of this name. Default: none
 */
export function carryTurns(messages: readonly Message[], hasPlace: (field: string) => boolean = () => false): Pick<Carried, "names" | "weights" | "fields"> {
  const names = messages.flatMap((message, index): [number, string][] => (message.name === undefined ? [] : [[index, message.name]]));
  const weights = messages.flatMap((message, index): [number, 0 | 1][] => (message.weight === undefined ? [] : [[index, message.weight]]));
  const fields = messages.flatMap(({ extra = {} }, index) =>
    Object.entries(extra).flatMap(([key, value], position): [number, number, string, unknown][] => (hasPlace(key) ? [] : [[index, position, key, value]])));
  return { ...(names.length > 0 ? { names } : {}), ...(weights.length > 0 ? { weights } : {}), ...(fields.length > 0 ? { fields } : {}) };
}

/** Puts back what {@link carryTurns} carried. Changes the messages. */
export function restoreTurns(messages: readonly Message[], carried: Carried): void {
  for (const [index, name] of carried.names ?? []) {
    const message = messages[index];
    if (message) message.name = name;
  }
  for (const [index, weight] of carried.weights ?? []) {
    const message = messages[index];
    if (message?.role === "assistant") message.weight = weight;
  }
  for (const [index, position, key, value] of carried.fields ?? []) {
    const message = messages[index];
    if (!message || MESSAGE_SLOTS.includes(key)) continue;
    const entries = Object.entries(message.extra ?? {});
    entries.splice(position, 0, [key, value]);
    message.extra = Object.fromEntries(entries);
  }
}

export function refusePair(format: string): Refusal {
  return refuse("two-answers", `is a preference pair, and a row of ${format} has one answer; keep it as preference`);
}

export function refuseSingle(): Refusal {
  return refuse("one-answer", "has one answer, and a preference pair needs a chosen and a rejected one; add the other answer");
}

export { refuse, type Refusal } from "./refusal.js";
export type { Carried, Shape } from "./shape.js";
