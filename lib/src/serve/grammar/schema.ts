/** JSON schema to rules. What a grammar cannot hold an answer to is refused, never left out. */
import { GrammarError } from "./error.js";
import { FORMATS, type Format } from "./formats.js";
import { integerRange } from "./integers.js";
import { objectRule } from "./object.js";
import { jsonLiteral, type Rules } from "./rules.js";

type Schema = Readonly<Record<string, unknown>>;
type Kind = "string" | "number" | "integer" | "boolean" | "null" | "object" | "array";
const KINDS: readonly Kind[] = ["string", "number", "integer", "boolean", "null", "object", "array"];

/** Says something about a value, and restricts none. */
const REMARKS = new Set(["$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"]);
/** Which keywords restrict which kind; beside them `type`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` and `$ref`. */
const OF_KIND: Readonly<Record<Kind, readonly string[]>> = {
  string: ["minLength", "maxLength", "format", "pattern"], number: [], integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], boolean: [], null: [],
  object: ["properties", "required", "additionalProperties"], array: ["items", "prefixItems", "minItems", "maxItems"],
};
const GENERAL = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"];
/** Longer repetitions make grammars that llama.cpp refuses. */
const MOST = 1000;

export interface SchemaOptions {
  order: "any" | "listed";
}

export class SchemaRules {
  readonly #rules: Rules;
  readonly #root: unknown;
  readonly #options: SchemaOptions;
  readonly #referred = new Map<string, string>();

  /** @param root - what `#/…` refers into */
  constructor(rules: Rules, root: unknown, options: SchemaOptions) {
    this.#rules = rules;
    this.#root = root;
    this.#options = options;
  }

  /**
   * The name of a rule that lets through JSON of the schema, and nothing else.
   *
   * @param wish - what the rule is called, if nothing else is
   * @throws GrammarError for what cannot be held
   */
  rule(schema: unknown, place: string, wish: string): string {
    if (schema === true || isSchema(schema) && Object.keys(schema).every((key) => REMARKS.has(key))) return this.#rules.common("value");
    if (!isSchema(schema)) throw new GrammarError(place, schema === false ? "false lets nothing through; leave the property out" : "a schema is an object or true");
    const keys = Object.keys(schema).filter((key) => !REMARKS.has(key));
    const only = (key: string): void => {
      const beside = keys.find((other) => other !== key);
      if (beside !== undefined) throw new GrammarError(place, `${key} stands beside ${beside}, and both would have to hold; write one schema that says all`);
    };
    if (schema["$ref"] !== undefined) return only("$ref"), this.#reference(schema["$ref"], place);
    if (schema["allOf"] !== undefined) {
      only("allOf");
      const all = schema["allOf"];
      if (!Array.isArray(all) || all.length !== 1) throw new GrammarError(place, "allOf of several schemas cannot be held; write them as one");
      return this.rule(all[0], `${place}/allOf/0`, wish);
    }
    for (const key of ["anyOf", "oneOf"] as const) {
      if (schema[key] === undefined) continue;
      only(key);
      const branches = schema[key];
      if (!Array.isArray(branches) || branches.length === 0) throw new GrammarError(place, `${key} is a list of schemas`);
      if (key === "oneOf" && !areDisjoint(branches)) throw new GrammarError(place, "oneOf lets one branch through and no other, which a grammar cannot see; give each branch a type of its own, or a property with a const of its own, or write anyOf");
      return this.#rules.add(wish, branches.map((branch, at) => this.rule(branch, `${place}/${key}/${at}`, `${wish}-${at + 1}`)).join(" | "));
    }
    const kinds = kindsOf(schema, place);
    if (schema["const"] !== undefined || schema["enum"] !== undefined) return this.#values(schema, kinds, keys, place, wish);
    const unknown = keys.find((key) => !GENERAL.includes(key) && !kinds.some((kind) => OF_KIND[kind].includes(key)));
    if (unknown !== undefined && !isIdle(unknown, schema[unknown])) throw new GrammarError(place, `${unknown} cannot be held by a grammar here; leave it out and check the answer instead${unknown === "minimum" || unknown === "maximum" ? ", or take integer for number" : ""}`);
    if (kinds.length === 1) return this.#kind(kinds[0] as Kind, schema, place, wish);
    return this.#rules.add(wish, kinds.map((kind) => this.#kind(kind, schema, place, `${wish}-${kind}`)).join(" | "));
  }

  #reference(ref: unknown, place: string): string {
    if (typeof ref !== "string" || !/^#(\/|$)/.test(ref)) throw new GrammarError(place, `$ref ${JSON.stringify(ref)} leads out of the schema; only "#/…" can be followed`);
    const known = this.#referred.get(ref);
    if (known !== undefined) return known;
    let target: unknown = this.#root;
    for (const part of ref.split("/").slice(1)) target = isSchema(target) || Array.isArray(target) ? (target as Schema)[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
    if (target === undefined) throw new GrammarError(place, `$ref ${ref} leads nowhere`);
    // Known before it is written: a schema may hold itself.
    const name = this.#rules.reserve(ref.split("/").at(-1) || "whole");
    this.#referred.set(ref, name);
    const body = this.rule(target, ref, name);
    if (body === name) throw new GrammarError(place, `$ref ${ref} refers to nothing but itself`);
    return this.#rules.set(name, body);
  }

  /** The values of const and enum that the rest of the schema lets through. */
  #values(schema: Schema, kinds: readonly Kind[], keys: readonly string[], place: string, wish: string): string {
    const beside = keys.find((key) => !["const", "enum", "type"].includes(key) && !isIdle(key, schema[key]));
    if (beside !== undefined) throw new GrammarError(place, `${beside} stands beside fixed values; list only those that it lets through`);
    const listed = schema["enum"] ?? [schema["const"]];
    if (!Array.isArray(listed)) throw new GrammarError(place, "enum is a list of values");
    const values = listed.filter((value) => kinds.some((kind) => isOfKind(value, kind)) && (schema["const"] === undefined || JSON.stringify(value) === JSON.stringify(schema["const"])));
    if (values.length === 0) throw new GrammarError(place, "none of its values has its type");
    return this.#rules.add(wish, values.map(jsonLiteral).join(" | "));
  }

  #kind(kind: Kind, schema: Schema, place: string, wish: string): string {
    const rules = this.#rules;
    switch (kind) {
      case "null": return rules.add(wish, '"null"');
      case "boolean": case "number": return rules.common(kind);
      case "integer": return this.#integer(schema, place, wish);
      case "string": return this.#string(schema, place, wish);
      case "array": return this.#array(schema, place, wish);
      case "object": return this.#object(schema, place, wish);
    }
  }

  #integer(schema: Schema, place: string, wish: string): string {
    const bound = (key: string): number | undefined => {
      const value = schema[key];
      if (value !== undefined && typeof value !== "number") throw new GrammarError(place, `${key} is a number`);
      return value;
    };
    const least = Math.max(Math.ceil(bound("minimum") ?? -Infinity), Math.floor((bound("exclusiveMinimum") ?? -Infinity) + 1));
    const most = Math.min(Math.floor(bound("maximum") ?? Infinity), Math.ceil((bound("exclusiveMaximum") ?? Infinity) - 1));
    if (least > most) throw new GrammarError(place, `no whole number is from ${least} to ${most}`);
    if (least >= 1e15 || most <= -1e15) throw new GrammarError(place, `whole numbers of more than 15 digits cannot be held by a grammar here: take a string, or leave the bound ${least >= 1e15 ? least : most} out and check the answer instead`);
    // 15 digits are always exact; JavaScript's own limits are what zod writes for any whole number.
    if (least <= -1e15 && most >= 1e15) return this.#rules.common("integer");
    return this.#rules.add(wish, integerRange(least, most));
  }

  #string(schema: Schema, place: string, wish: string): string {
    const { format, pattern } = schema;
    const [least, most] = this.#bounds(schema, "minLength", "maxLength", place);
    if (format !== undefined) {
      if (typeof format !== "string" || !Object.hasOwn(FORMATS, format)) throw new GrammarError(place, `the format ${JSON.stringify(format)} cannot be held; there are ${Object.keys(FORMATS).join(", ")}`);
      if (least > 0 || most < Infinity) throw new GrammarError(place, "a length stands beside a format, which has its own; leave it out");
      return this.#rules.add(wish, FORMATS[format as Format]);
    }
    if (pattern !== undefined) throw new GrammarError(place, "pattern cannot be held by a grammar here; leave it out and check the answer instead, or use a format or an enum");
    if (least === 0 && most === Infinity) return this.#rules.common("string");
    return this.#rules.add(wish, `"\\"" ${this.#rules.common("char")}${repeated(least, most === Infinity ? this.#rules.most(least) : most)} "\\""`);
  }

  #array(schema: Schema, place: string, wish: string): string {
    const [least, most] = this.#bounds(schema, "minItems", "maxItems", place);
    const comma = `"," ${this.#rules.common("blank")}`;
    const { prefixItems, items } = schema;
    if (prefixItems !== undefined) {
      if (!Array.isArray(prefixItems)) throw new GrammarError(place, "prefixItems is a list of schemas");
      if (items !== undefined && items !== false) throw new GrammarError(place, "items behind prefixItems cannot be held; set items to false");
      if (least > prefixItems.length || most < prefixItems.length) throw new GrammarError(place, "prefixItems and the number of items contradict each other");
      const each = prefixItems.map((item, at) => this.rule(item, `${place}/prefixItems/${at}`, `${wish}-${at + 1}`));
      return this.#rules.add(wish, `"[" ${each.join(` ${comma} `)} "]"`);
    }
    if (most === 0) return this.#rules.add(wish, '"[]"');
    const item = this.rule(items ?? true, `${place}/items`, `${wish}-item`);
    const filled = `${item} (${comma} ${item})${repeated(Math.max(least - 1, 0), most - 1)}`;
    return this.#rules.add(wish, least === 0 ? `"[" (${filled})? "]"` : `"[" ${filled} "]"`);
  }

  #object(schema: Schema, place: string, wish: string): string {
    const { properties = {}, required = [], additionalProperties: others } = schema;
    if (!isSchema(properties)) throw new GrammarError(place, "properties is an object of schemas");
    if (!Array.isArray(required) || required.some((key) => typeof key !== "string")) throw new GrammarError(place, "required is a list of names");
    const keys = [...new Set([...Object.keys(properties), ...(required as string[])])];
    if (keys.length === 0) {
      if (others === false) return this.#rules.add(wish, '"{}"');
      if (others === undefined || others === true) return this.#rules.common("object");
      const [blank, string] = [this.#rules.common("blank"), this.#rules.common("string")];
      const pair = this.#rules.add(`${wish}-entry`, `${string} ":" ${blank} ${this.rule(others, `${place}/additionalProperties`, `${wish}-value`)}`);
      return this.#rules.add(wish, `"{" (${pair} ("," ${blank} ${pair})*)? "}"`);
    }
    // Further properties are allowed by most schemas and asked for by few: only the listed ones are let through.
    const members = keys.map((key) => ({ key, required: required.includes(key), value: this.rule(properties[key] ?? (isSchema(others) ? others : true), `${place}/properties/${key}`, `${wish}-${key}-value`) }));
    return objectRule(this.#rules, wish, members, this.#options.order);
  }

  #bounds(schema: Schema, low: string, high: string, place: string): [number, number] {
    const [least, most] = [schema[low] ?? 0, schema[high] ?? Infinity];
    if (typeof least !== "number" || typeof most !== "number" || least < 0 || least > most) throw new GrammarError(place, `${low} and ${high} are numbers from 0 on, the first no larger than the second`);
    if (least > MOST || (most > MOST && most < Infinity)) throw new GrammarError(place, `${low} and ${high} up to ${MOST} can be held; leave the larger one out and check the answer instead`);
    return [least, most];
  }
}

const repeated = (least: number, most: number): string => (most === Infinity ? (least === 0 ? "*" : `{${least},}`) : `{${least},${most}}`);

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);

/** Keywords in the one form in which they restrict nothing. */
const isIdle = (key: string, value: unknown): boolean => (key === "uniqueItems" && value === false) || (key === "additionalProperties" && value !== undefined) || value === undefined;

function kindsOf(schema: Schema, place: string): Kind[] {
  const { type } = schema;
  if (type === undefined) {
    // A keyword that restricts one kind lets every other through; what is meant is that kind.
    const meant = KINDS.filter((kind) => OF_KIND[kind].some((key) => schema[key] !== undefined));
    return meant.length > 0 ? meant : [...KINDS];
  }
  const kinds = [type].flat();
  const odd = kinds.find((kind) => !KINDS.includes(kind as Kind));
  if (odd !== undefined || kinds.length === 0) throw new GrammarError(place, `there is no type ${JSON.stringify(odd)}; there are ${KINDS.join(", ")}`);
  return kinds as Kind[];
}

function isOfKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case "null": return value === null;
    case "integer": return Number.isInteger(value);
    case "array": return Array.isArray(value);
    case "object": return isSchema(value);
    default: return typeof value === kind;
  }
}

/** Whether no value fits two of them, as far as types, fixed values, and a property with fixed values in each say. */
function areDisjoint(branches: readonly unknown[]): boolean {
  const differ = (a: unknown, b: unknown): boolean => {
    if (!isSchema(a) || !isSchema(b)) return false;
    const [ofA, ofB] = [fixedValues(a), fixedValues(b)];
    if (ofA && ofB) return !ofA.some((value) => ofB.includes(value));
    const [kindsA, kindsB] = [a, b].map(({ type }) => (type === undefined ? [] : [type].flat().flatMap((kind) => (kind === "integer" ? ["number"] : [kind]))));
    if (kindsA?.length && kindsB?.length && !kindsA.some((kind) => kindsB.includes(kind))) return true;
    const [propertiesA, propertiesB] = [a["properties"], b["properties"]];
    const always = (schema: Schema, key: string): boolean => Array.isArray(schema["required"]) && schema["required"].includes(key);
    return isSchema(propertiesA) && isSchema(propertiesB) && Object.keys(propertiesA).some((key) => {
      const [valuesA, valuesB] = [fixedValues(propertiesA[key]), fixedValues(propertiesB[key])];
      return always(a, key) && always(b, key) && valuesA !== undefined && valuesB !== undefined && !valuesA.some((value) => valuesB.includes(value));
    });
  };
  return branches.every((branch, at) => branches.slice(at + 1).every((other) => differ(branch, other)));
}

/** As JSON. */
const fixedValues = (schema: unknown): string[] | undefined =>
  !isSchema(schema) ? undefined : schema["const"] !== undefined ? [JSON.stringify(schema["const"])] : Array.isArray(schema["enum"]) ? schema["enum"].map((value) => JSON.stringify(value)) : undefined;
