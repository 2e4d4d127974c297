/**
 * Whether calls are the wanted ones, by the rules of the Berkeley Function-Calling Leaderboard's AST evaluation, for Python's
 * types: https://github.com/ShishirPatil/gorilla, berkeley-function-call-leaderboard, `ast_checker.py` as in bfcl-eval 2026.3.23
 * (Apache-2.0). Written anew after its rules; `npm run bench:bfcl` runs both on its public cases and on answers that were spoilt.
 *
 * The rules have edges that are kept, since the point is to agree: a string is compared without case, spaces and `,./-_*^`, but
 * strings in lists of lists are not; an int is a float, but no int in a list of floats is; a value of another type is right where
 * a right value has that type; and of several calls each takes the first that fits it, so that a call may be left without one.
 */
import type { ToolDefinition } from "../../data/example.js";
import { isJsonObject, type JsonObject } from "../../data/jsonl/json.js";
import type { ModelCall, WantedCall } from "./call.js";
import { equals, typeOf, WrittenFloat, type PythonType } from "./python.js";

/** What is wrong, by the leaderboard's names; `unwanted_call` is its irrelevance: no call was due. */
export type CompareFault =
  | "wrong_count" | "unwanted_call" | "wrong_func_name" | "missing_required" | "unexpected_param" | "missing_optional"
  | "type_error:simple" | "type_error:nested"
  | "value_error:string" | "value_error:list/tuple" | "value_error:dict_key" | "value_error:dict_value" | "value_error:list_dict_count" | "value_error:others"
  | "dict_checker:unclear" | "list_dict_checker:unclear" | "cannot_find_match";

export type Comparison = { right: true } | { right: false; fault: CompareFault; reason: string };

const RIGHT: Comparison = { right: true };
const wrong = (fault: CompareFault, reason: string): Comparison => ({ right: false, fault, reason });
const show = (value: unknown): string => JSON.stringify(value);

/**
 * Compares calls with the wanted ones, which may be none. Several are compared in any order.
 *
 * @param tools the tools that were offered; their parameters give the types. JSON Schema's names of types and the leaderboard's
 *   (`dict`, `float`, `tuple`, `any`) are both known.
 * @throws RangeError where a wanted call names a tool that was not offered, or a parameter has a type that the rules do not know
 */
export function compareCalls(found: readonly ModelCall[], wanted: readonly WantedCall[], tools: readonly ToolDefinition[]): Comparison {
  const offered = new Map(tools.map(({ function: tool }) => [tool.name, tool.parameters ?? {}]));
  for (const { name } of wanted) if (!offered.has(name)) throw new RangeError(`"${name}" is wanted, but the tools are ${[...offered.keys()].join(", ")}`);
  if (wanted.length === 0) return found.length === 0 ? RIGHT : wrong("unwanted_call", `no call was due, and ${found[0]?.name ?? ""} was called`);
  if (found.length !== wanted.length) return wrong("wrong_count", `${found.length} calls where ${wanted.length} are due`);
  const [only] = wanted;
  if (wanted.length === 1 && only) return compareCall(found[0] as ModelCall, only, offered.get(only.name) ?? {});
  const left = new Set(found.keys());
  for (const [at, each] of wanted.entries()) {
    const match = [...left].find((index) => compareCall(found[index] as ModelCall, each, offered.get(each.name) ?? {}).right);
    if (match === undefined) return wrong("cannot_find_match", `no call is the wanted one ${at + 1}, of ${each.name}`);
    left.delete(match);
  }
  return RIGHT;
}

function compareCall(call: ModelCall, wanted: WantedCall, parameters: JsonObject): Comparison {
  const properties = isJsonObject(parameters.properties) ? parameters.properties : {};
  const required = Array.isArray(parameters.required) ? (parameters.required as string[]) : [];
  if (call.name !== wanted.name) return wrong("wrong_func_name", `${call.name} was called, not ${wanted.name}`);
  const missing = required.find((key) => !Object.hasOwn(call.arguments, key));
  if (missing !== undefined) return wrong("missing_required", `${missing} is required and missing`);
  for (const [key, value] of Object.entries(call.arguments)) {
    const possible = Object.hasOwn(wanted.arguments, key) ? wanted.arguments[key] : undefined;
    if (!Object.hasOwn(properties, key) || !possible) return wrong("unexpected_param", `${key} is not expected`);
    const verdict = compareValue(key, value, possible, declared(key, properties[key]));
    if (!verdict.right) return verdict;
  }
  const omitted = Object.entries(wanted.arguments).find(([key, possible]) => !Object.hasOwn(call.arguments, key) && !possible.includes(""));
  return omitted ? wrong("missing_optional", `${omitted[0]} is missing, and may not be left out here`) : RIGHT;
}

const TYPES: Readonly<Record<string, PythonType>> = {
  string: "str", integer: "int", float: "float", number: "float", boolean: "bool", array: "list", tuple: "list", dict: "dict", object: "dict", any: "str",
};

interface Declared {
  type: PythonType;
  /** Of the items of a list. */
  items?: PythonType;
}

function declared(key: string, property: unknown): Declared {
  const name = isJsonObject(property) ? property.type : undefined;
  const type = typeof name === "string" && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (!isJsonObject(property) || !type) throw new RangeError(`parameter ${key} is declared as ${show(name)}; the rules know ${Object.keys(TYPES).join(", ")}`);
  return type === "list" ? { type, items: declared(`the items of ${key}`, property.items).type } : { type };
}

function compareValue(key: string, given: unknown, possible: readonly unknown[], { type, items }: Declared): Comparison {
  // Python turns an int into a float by itself.
  const value = type === "float" && typeOf(given) === "int" ? new WrittenFloat(given as number) : given;
  const checked = checkType(value, possible, type, items);
  if (checked.fault) return wrong(checked.fault, `${key} is ${show(value)}, of type ${typeOf(value)}, not ${type}`);
  if (!checked.isVariable) {
    if (type === "dict") return compareDict(key, value as JsonObject, possible);
    if (type === "list" && items === "dict") return compareDicts(key, value as unknown[], possible);
    if (type === "str") return compareString(key, value as string, possible);
    if (type === "list") return compareList(key, value as unknown[], possible);
  }
  return possible.some((each) => equals(each, value)) ? RIGHT : wrong("value_error:others", `${key} is ${show(value)}, not one of ${show(possible)}`);
}

/** The type of the first right value; where it is not the declared one, a variable's name may stand for the value. */
function typeOfPossible(possible: readonly unknown[]): PythonType | undefined {
  const first = possible.find((each) => each !== "");
  return first === undefined ? undefined : typeOf(first);
}

function checkType(value: unknown, possible: readonly unknown[], type: PythonType, items?: PythonType): { isVariable: boolean; fault?: CompareFault } {
  const expected = typeOfPossible(possible);
  const isVariable = expected !== undefined && expected !== type;
  if (typeOf(value) === type) {
    if (!items) return { isVariable };
    // One right value whose items have these types is enough; one that is no list lets every type through.
    const fits = possible.some((each) => !Array.isArray(each) || (value as unknown[]).every((item) => !checkType(item, each as unknown[], items).fault));
    return fits ? { isVariable } : { isVariable, fault: "type_error:nested" };
  }
  return expected !== undefined && typeOf(value) === expected ? { isVariable: true } : { isVariable, fault: "type_error:simple" };
}

/** A string as it is compared: "April 1, 2024" is "april 1 2024". */
const plainString = (text: string): string => text.replace(/[ ,./\-_*^]/g, "").toLowerCase().replaceAll("'", '"');
const plainIfString = (value: unknown): unknown => (typeof value === "string" ? plainString(value) : value);

function compareString(key: string, value: string, possible: readonly unknown[]): Comparison {
  return possible.some((each) => typeof each === "string" && plainString(each) === plainString(value)) ? RIGHT
    : wrong("value_error:string", `${key} is ${show(value)}, not one of ${show(possible)}`);
}

function compareList(key: string, value: readonly unknown[], possible: readonly unknown[]): Comparison {
  const plain = value.map(plainIfString);
  // A right value that is a text counts as the list of its letters: so "" lets an empty list through.
  const isRight = possible.some((each) => (Array.isArray(each) || typeof each === "string") && equals(plain, [...each].map(plainIfString)));
  return isRight ? RIGHT : wrong("value_error:list/tuple", `${key} is ${show(value)}, not one of ${show(possible)}`);
}

function compareDict(key: string, value: JsonObject, possible: readonly unknown[]): Comparison {
  let verdict: Comparison = wrong("dict_checker:unclear", `${key} has no right value`);
  for (const each of possible) {
    if (each === "" || !isJsonObject(each)) continue;
    verdict = compareFields(key, value, each as Record<string, readonly unknown[]>);
    if (verdict.right) return verdict;
  }
  return verdict;
}

function compareFields(key: string, value: JsonObject, possible: Readonly<Record<string, readonly unknown[]>>): Comparison {
  // A key that is missing is looked for also where another was wrong already, and its name stands last: as in the original.
  let verdict: Comparison = RIGHT;
  for (const [field, held] of Object.entries(value)) {
    const values = Object.hasOwn(possible, field) ? possible[field] : undefined;
    if (!values) verdict = wrong("value_error:dict_key", `${key}.${field} is not expected`);
    else if (!values.some((each) => equals(plainIfString(each), plainIfString(held)))) verdict = wrong("value_error:dict_value", `${key}.${field} is ${show(held)}, not one of ${show(values)}`);
    if (!verdict.right) break;
  }
  const missing = Object.keys(possible).find((field) => !Object.hasOwn(value, field) && !possible[field]?.includes(""));
  return missing === undefined ? verdict : wrong("value_error:dict_key", `${key}.${missing} is missing`);
}

function compareDicts(key: string, value: readonly unknown[], possible: readonly unknown[]): Comparison {
  let verdict: Comparison = wrong("list_dict_checker:unclear", `${key} has no right value`);
  for (const each of possible) {
    const items = Array.isArray(each) ? each : typeof each === "string" ? [...each] : [];
    if (items.length !== value.length) {
      verdict = wrong("value_error:list_dict_count", `${key} has ${value.length} items, not ${items.length}`);
      continue;
    }
    const at = value.findIndex((item, index) => {
      verdict = isJsonObject(item) ? compareDict(key, item, [items[index]]) : wrong("type_error:nested", `item ${index + 1} of ${key} is no object`);
      return !verdict.right;
    });
    if (at === -1) return RIGHT;
  }
  return verdict;
}
