import type { SchemaElement } from "hyparquet";
import { isJsonObject, isRawNumber, setOwn, type JsonObject } from "./json.js";

/**
 * The type of a column, or of a part of one. `json` is JSON text in a column that says so (Parquet's JSON type): what has
 * no one shape, such as the schema of a tool, comes back from it as it was, with no key that another row had. It is the
 * `Json` of Hugging Face datasets 4.7 and later.
 */
export type ColumnType =
  | { kind: "null" | "boolean" | "integer" | "long" | "double" | "text" | "json" }
  | { kind: "list"; item: ColumnType }
  | { kind: "struct"; open: boolean; fields: Map<string, ColumnType> };

const NULL: ColumnType = { kind: "null" }, JSON_TYPE: ColumnType = { kind: "json" };

/** Beyond these a nested value is kept as JSON: every leaf is a column of its own, in every row group. */
const MAX_NESTING = 8, MAX_KEYS = 64;

/** Names that the reader would mix up with paths, or that JavaScript takes for something else. */
export function isColumnName(name: string): boolean {
  return name !== "" && name !== "__proto__" && !name.includes(".") && name.isWellFormed();
}

/** The columns of rows seen so far. */
export class TableSchema {
  readonly columns = new Map<string, ColumnType>();

  add(row: JsonObject): void {
    for (const [name, value] of Object.entries(row)) this.columns.set(name, merge(this.columns.get(name) ?? NULL, typeOf(value, name, 0)));
  }

  /** The schema as Parquet lists it: depth first, from the root. Everything may be null. */
  elements(): SchemaElement[] {
    return [{ name: "schema", num_children: this.columns.size }, ...[...this.columns].flatMap(([name, type]) => elementsOf(name, type))];
  }
}

/**
 * A turn of a conversation and a tool call may lack fields that others have: as a struct of all of them, null where there
 * is none. Any other object is a struct only if all rows have the same keys, as Hugging Face datasets has it.
 */
function isOpen(value: JsonObject, inList: boolean, name: string): boolean {
  return inList && (typeof value["role"] === "string" || typeof value["from"] === "string" || name === "tool_calls");
}

function typeOf(value: unknown, name: string, depth: number, inList = false): ColumnType {
  if (value === null || value === undefined) return NULL;
  if (typeof value === "boolean") return { kind: "boolean" };
  if (typeof value === "string") return value.isWellFormed() ? { kind: "text" } : JSON_TYPE;
  if (typeof value === "number") return { kind: Number.isSafeInteger(value) && !Object.is(value, -0) ? "integer" : "double" };
  if (isRawNumber(value)) return isLong(value.rawJSON) ? { kind: "long" } : JSON_TYPE;
  if (depth >= MAX_NESTING) return JSON_TYPE;
  if (Array.isArray(value)) return { kind: "list", item: value.map((item: unknown) => typeOf(item, name, depth + 1, true)).reduce(merge, NULL) };
  const entries = Object.entries(value as JsonObject);
  if (entries.length === 0 || entries.length > MAX_KEYS || entries.some(([key]) => !isColumnName(key))) return JSON_TYPE;
  return { kind: "struct", open: isOpen(value as JsonObject, inList, name), fields: new Map(entries.map(([key, held]) => [key, typeOf(held, key, depth + 1)])) };
}

function isLong(digits: string): boolean {
  if (!/^-?[1-9]\d{0,18}$/.test(digits)) return false;
  const value = BigInt(digits);
  return BigInt.asIntN(64, value) === value;
}

function merge(left: ColumnType, right: ColumnType): ColumnType {
  if (left.kind === "null") return right;
  if (right.kind === "null") return left;
  if (left.kind === "list" && right.kind === "list") return { kind: "list", item: merge(left.item, right.item) };
  if (left.kind === "struct" && right.kind === "struct") return mergeStructs(left, right);
  if (left.kind === right.kind) return left;
  const kinds = [left.kind, right.kind];
  if (kinds.includes("integer") && kinds.includes("double")) return { kind: "double" };
  if (kinds.includes("integer") && kinds.includes("long")) return { kind: "long" };
  return JSON_TYPE;
}

function mergeStructs(left: ColumnType & { kind: "struct" }, right: ColumnType & { kind: "struct" }): ColumnType {
  const open = left.open && right.open;
  if (!open && (left.fields.size !== right.fields.size || [...left.fields.keys()].some((key) => !right.fields.has(key)))) return JSON_TYPE;
  const fields = new Map(left.fields);
  for (const [key, type] of right.fields) fields.set(key, merge(fields.get(key) ?? NULL, type));
  return fields.size > MAX_KEYS ? JSON_TYPE : { kind: "struct", open, fields };
}

function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (type.kind) {
    case "boolean": return [{ ...optional, type: "BOOLEAN" }];
    case "integer":
    case "long": return [{ ...optional, type: "INT64" }];
    case "double": return [{ ...optional, type: "DOUBLE" }];
    // A column without any value has a type all the same: text.
    case "null":
    case "text": return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } }];
    // Without the older converted type, which would have the writer make the text, without digits that a double cannot hold.
    case "json": return [{ ...optional, type: "BYTE_ARRAY", logical_type: { type: "JSON" } }];
    case "list": return [
      { ...optional, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      ...elementsOf("element", type.item),
    ];
    case "struct": return [{ ...optional, num_children: type.fields.size }, ...[...type.fields].flatMap(([key, held]) => elementsOf(key, held))];
  }
}

const encoder = new TextEncoder();

/** A value as the writer of a column takes it. */
export function toCell(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "json": return encoder.encode(JSON.stringify(value));
    case "integer":
    case "long": return BigInt(isRawNumber(value) ? value.rawJSON : (value as number));
    case "list": return (value as unknown[]).map((item) => toCell(type.item, item));
    case "struct": {
      const row = value as JsonObject;
      return Object.fromEntries([...type.fields].map(([key, held]) => [key, Object.hasOwn(row, key) ? toCell(held, row[key]) : null]));
    }
    default: return value;
  }
}

/** A value as it will be read back: in the order of the schema, and without what is null. */
export function asReadBack(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type.kind === "list") return (value as unknown[]).map((item) => asReadBack(type.item, item));
  if (type.kind !== "struct") return value;
  const row = value as JsonObject;
  const read: JsonObject = {};
  for (const [key, held] of type.fields) setOwn(read, key, Object.hasOwn(row, key) ? asReadBack(held, row[key]) : null);
  return withoutNulls(read);
}

/**
 * A row or struct without its null fields: Parquet does not tell a field that is null from one that is not there. Only the
 * `content` of a turn that calls a tool stays, as chat formats write it.
 */
export function withoutNulls(row: JsonObject): JsonObject {
  const calls = isJsonObject(row["function_call"]) || (Array.isArray(row["tool_calls"]) && row["tool_calls"].length > 0);
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(row)) {
    if (value !== null && value !== undefined) setOwn(kept, key, value);
    else if (key === "content" && calls) setOwn(kept, key, null);
  }
  return kept;
}
