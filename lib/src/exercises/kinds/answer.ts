/** What the kinds of answers share. */
import { todo, type Exercise, type Misconception } from "../../course/check.js";

/** The parts of an exercise that its kind of answer gives: spread them into it, beside `id`, `hints` and `because`. */
export type Checks<Answer> = Pick<Exercise<Answer>, "kind" | "fault" | "misconceptions">;

export interface OwnMisconceptions<Answer> {
  /** The exercise's own. They are looked for before those that the kind brings along. */
  misconceptions?: readonly Misconception<Answer>[];
}

/** A blank answer is a stub: nobody wrote anything yet. */
export function notBlank(text: string): void {
  if (text.trim() === "") todo();
}

/** The kind of a value, as a sentence names it: "a list", "nothing". */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return { string: "a text", number: "a number", boolean: "true or false", function: "a function", object: "an object" }[typeof value as string] ?? `a ${typeof value}`;
}

/** A value in a sentence, cut where it is long. Numbers have six digits. */
export function sayValue(value: unknown, most = 160): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  let text: string;
  try {
    text = JSON.stringify(value, (_, one: unknown) => plain(one)) ?? kindOf(value);
  } catch {
    text = `${kindOf(value)} that holds itself`;
  }
  // A number that JSON has no word for stands alone without quotes.
  if (typeof value === "number" && !Number.isFinite(value)) text = `${value}`;
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** What JSON can say of a value: it has no word for NaN, for sets and maps, nor for a bigint. */
function plain(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? Number(value.toPrecision(6)) : `${value}`;
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Set) return [...(value as Set<unknown>)];
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
  return value;
}
