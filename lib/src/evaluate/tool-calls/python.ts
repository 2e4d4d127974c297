/** JSON values as Python holds them, because the leaderboard's rules are those of its types: 5 is an int, 5.0 a float, and `5 == 5.0`. */
import { isJsonObject } from "../../data/jsonl/json.js";

/** A whole number that was written as a float: `5.0`, `1e3`. As a JavaScript number it could not be told from an integer. */
export class WrittenFloat {
  constructor(readonly value: number) {}
  /** As JSON it is the number. */
  toJSON(): number {
    return this.value;
  }
  toString(): string {
    return String(this.value);
  }
}

// TypeScript 6.0 does not type the source text of JSON.parse's third argument, which Node has had since version 21.
type ParseWithSource = (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;

/**
 * Parses JSON and keeps apart what Python's `json.loads` keeps apart. Integers beyond 2^53 lose digits, as in every double.
 *
 * @throws SyntaxError where it is no JSON
 */
export function parseExactly(text: string): unknown {
  return (JSON.parse as ParseWithSource)(text, (_key, value, { source }) =>
    typeof value === "number" && Number.isInteger(value) && source !== undefined && /[.eE]/.test(source) ? new WrittenFloat(value) : value);
}

/** What Python's `type` says of a value. */
export type PythonType = "str" | "int" | "float" | "bool" | "list" | "dict" | "None";

export function typeOf(value: unknown): PythonType {
  if (value instanceof WrittenFloat) return "float";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string": return "str";
    case "boolean": return "bool";
    case "number": return Number.isInteger(value) ? "int" : "float";
    case "object": return isJsonObject(value) ? "dict" : "None";
    default: return "None";
  }
}

/** A bool is a number in Python. */
const asNumber = (value: unknown): number | undefined =>
  typeof value === "number" ? value : value instanceof WrittenFloat ? value.value : typeof value === "boolean" ? Number(value) : undefined;

/** Python's `==` of two JSON values: 1 == 1.0 == True, order counts in lists and not in dicts. */
export function equals(left: unknown, right: unknown): boolean {
  const number = asNumber(left);
  if (number !== undefined) return number === asNumber(right);
  if (Array.isArray(left)) return Array.isArray(right) && left.length === right.length && left.every((item, at) => equals(item, right[at]));
  if (isJsonObject(left)) {
    if (!isJsonObject(right)) return false;
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && equals(left[key], right[key]));
  }
  return left === right;
}
