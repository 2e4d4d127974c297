/** Answers to a case: right ones, and such as models give when they are almost right. As JSON text, since 5 and 5.0 are two answers. */
import { WrittenFloat, type WantedCall } from "llmops/evaluate";
import type { BerkeleyCase } from "./cases.ts";

type Arguments = Record<string, unknown>;
interface Made {
  name: string;
  arguments: Arguments;
}

export interface Spoilt {
  how: string;
  /** A JSON list of objects with one key, the leaderboard's form of calls. */
  text: string;
}

/** JSON in which a whole float keeps its point, as Python would write it. */
export function write(value: unknown): string {
  if (value instanceof WrittenFloat) return value.value.toFixed(1);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).map(([key, held]) => `${JSON.stringify(key)}:${write(held)}`).join(",")}}`;
  return JSON.stringify(value);
}

const isDict = (value: unknown): value is Record<string, unknown[]> => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof WrittenFloat);

/** A right value as an answer has it: where the leaderboard lists right values of a dict's fields, the one numbered `which`. */
function plainValue(value: unknown, which: number): unknown {
  if (isDict(value)) {
    return Object.fromEntries(Object.entries(value).flatMap(([key, values]) => {
      const kept = Array.isArray(values) ? values.filter((each) => each !== "") : [values];
      return kept.length === 0 ? [] : [[key, kept[which % kept.length]]];
    }));
  }
  return Array.isArray(value) ? value.map((item: unknown) => (isDict(item) ? plainValue(item, which) : item)) : value;
}

function answer({ name, arguments: wanted }: WantedCall, which: number, withOptional: boolean): Made {
  return {
    name,
    arguments: Object.fromEntries(Object.entries(wanted).flatMap(([key, values]) => {
      const kept = values.filter((each) => each !== "");
      return kept.length === 0 || (!withOptional && values.includes("")) ? [] : [[key, plainValue(kept[which % kept.length], which)]];
    })),
  };
}

/** What becomes of one value, each under its name; undefined where the value has nothing of the kind. */
const CHANGES: Record<string, (value: unknown) => unknown> = {
  "upper case": (value) => (typeof value === "string" ? value.toUpperCase() : undefined),
  "other punctuation": (value) => (typeof value === "string" ? `${value.replaceAll(" ", "-").replaceAll(",", "")}.` : undefined),
  "other quotes": (value) => (typeof value === "string" ? `'${value}'` : undefined),
  "one letter more": (value) => (typeof value === "string" ? `${value}x` : undefined),
  "exclamation mark": (value) => (typeof value === "string" ? `${value}!` : undefined),
  "empty string": () => "",
  "number as text": (value) => (typeof value === "number" ? String(value) : value instanceof WrittenFloat ? String(value.value) : undefined),
  "int as float": (value) => (typeof value === "number" && Number.isInteger(value) ? new WrittenFloat(value) : undefined),
  "float as int": (value) => (value instanceof WrittenFloat ? value.value : typeof value === "number" && !Number.isInteger(value) ? Math.round(value) : undefined),
  "one more": (value) => (typeof value === "number" ? value + 1 : value instanceof WrittenFloat ? new WrittenFloat(value.value + 1) : undefined),
  "bool turned": (value) => (typeof value === "boolean" ? !value : undefined),
  "bool as number": (value) => (typeof value === "boolean" ? Number(value) : undefined),
  "bool as text": (value) => (typeof value === "boolean" ? String(value) : undefined),
  "null": () => null,
  "in a list": (value) => [value],
  "list reversed": (value) => (Array.isArray(value) && value.length > 1 ? [...(value as unknown[])].reverse() : undefined),
  "list shorter": (value) => (Array.isArray(value) && value.length > 0 ? value.slice(1) : undefined),
  "list longer": (value) => (Array.isArray(value) && value.length > 0 ? [...(value as unknown[]), value[0]] : undefined),
  "list emptied": (value) => (Array.isArray(value) ? [] : undefined),
  "list of texts": (value) => (Array.isArray(value) && value.length > 0 ? value.map(String) : undefined),
  "list in upper case": (value) => (Array.isArray(value) && value.some((item) => typeof item === "string") ? (value as unknown[]).map((item) => (typeof item === "string" ? item.toUpperCase() : item)) : undefined),
  "list of floats": (value) => (Array.isArray(value) && value.some((item) => typeof item === "number") ? (value as unknown[]).map((item) => (typeof item === "number" && Number.isInteger(item) ? new WrittenFloat(item) : item)) : undefined),
  "dict with a field more": (value) => (isDict(value) ? { ...value, extra_field: 1 } : undefined),
  "dict with a field less": (value) => (isDict(value) && Object.keys(value).length > 0 ? Object.fromEntries(Object.entries(value).slice(1)) : undefined),
  "dict with another value": (value) => (isDict(value) && Object.keys(value).length > 0 ? Object.fromEntries(Object.entries(value).map(([key, held], at) => [key, at === 0 ? "something else" : held])) : undefined),
  "dict in upper case": (value) => (isDict(value) ? Object.fromEntries(Object.entries(value).map(([key, held]: [string, unknown]) => [key, typeof held === "string" ? held.toUpperCase() : held])) : undefined),
  "dict as text": (value) => (isDict(value) ? write(value) : undefined),
};

/** All answers to a case. Each change of a value is made to one argument at a time, of the first and the last call. */
export function spoil({ wanted, tools }: BerkeleyCase): Spoilt[] {
  const made: Spoilt[] = [];
  const add = (how: string, calls: readonly Made[]): void => void made.push({ how, text: `[${calls.map(({ name, arguments: given }) => `{${JSON.stringify(name)}:${write(given)}}`).join(",")}]` });
  if (!wanted) {
    const [tool] = tools;
    add("no call", []);
    made.push({ how: "prose", text: '"I cannot do that."' });
    if (tool) {
      add("a call", [{ name: tool.function.name, arguments: {} }]);
      add("two calls", [{ name: tool.function.name, arguments: {} }, { name: tool.function.name, arguments: { x: 1 } }]);
    }
    return made;
  }
  for (const which of [0, 1, 2]) add(`right value ${which + 1}`, wanted.map((call) => answer(call, which, true)));
  const right = wanted.map((call) => answer(call, 0, true));
  add("optional left out", wanted.map((call) => answer(call, 0, false)));
  add("other order", [...right].reverse());
  add("first call twice", [...right, ...right.slice(0, 1)]);
  add("last call left out", right.slice(0, -1));
  if (right.length > 1) add("first call in place of the last", [...right.slice(0, -1), ...right.slice(0, 1)]);
  const places = [...new Set([0, right.length - 1])];
  for (const place of places) {
    const change = (how: string, changed: (call: Made) => Made): void => add(how, right.map((call, at) => (at === place ? changed(call) : call)));
    change("other name", (call) => ({ ...call, name: `${call.name}_x` }));
    const other = tools.find(({ function: { name } }) => name !== right[place]?.name);
    if (other) change("another tool", (call) => ({ ...call, name: other.function.name }));
    change("an argument more", (call) => ({ ...call, arguments: { ...call.arguments, made_up: 1 } }));
    const keys = Object.keys(right[place]?.arguments ?? {});
    const unset = Object.keys((tools.find(({ function: { name } }) => name === right[place]?.name)?.function.parameters as { properties?: object } | undefined)?.properties ?? {}).find((key) => !keys.includes(key));
    if (unset !== undefined) change("an optional argument made up", (call) => ({ ...call, arguments: { ...call.arguments, [unset]: "x" } }));
    for (const key of keys) {
      change("an argument less", (call) => ({ ...call, arguments: Object.fromEntries(Object.entries(call.arguments).filter(([each]) => each !== key)) }));
      for (const [how, changed] of Object.entries(CHANGES)) {
        const value = changed(right[place]?.arguments[key]);
        if (value !== undefined) change(how, (call) => ({ ...call, arguments: { ...call.arguments, [key]: value } }));
      }
    }
  }
  return made;
}
