import { isJsonObject, isRawNumber, type JsonObject } from "../jsonl/json.js";

/** Types of values as a schema names them. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (isRawNumber(value)) return "number";
  return typeof value === "object" ? "object" : typeof value;
}

/** A dictionary with made-up keys must not fill the memory. */
const MAX_PATHS = 500;
const MAX_DEPTH = 4;
/** More values than this are an id or a text, not a category; neither is a longer value. */
const MAX_CATEGORIES = 50;
const MAX_CATEGORY_CHARS = 64;

/** How often a field stands in the rows, and with which types. */
export interface FieldCount {
  /** `operation`, `messages[].role` */
  path: string;
  /** Occurrences by type. */
  types: Record<string, number>;
  count: number;
}

/** Rows by the value of a category, one number a split. */
export type CategoryCounts = Map<string, Uint32Array>;

/** Counts fields, their types, and the values of those that are categories. */
export class FieldTable {
  readonly #paths = new Map<string, Map<string, number>>();
  readonly #values = new Map<string, CategoryCounts | "many">();
  readonly #splitCount: number;
  #rows = 0;

  constructor(splitCount: number) {
    this.#splitCount = splitCount;
  }

  add(row: JsonObject, split: number): void {
    this.#rows++;
    for (const [key, value] of Object.entries(row)) {
      this.#walk(key, value, 1);
      if (value !== null && typeof value === "object") continue;
      this.#category(key, value as string | number | boolean | null, split);
    }
  }

  #walk(path: string, value: unknown, depth: number): void {
    let types = this.#paths.get(path);
    if (!types) {
      if (this.#paths.size >= MAX_PATHS) return;
      types = new Map();
      this.#paths.set(path, types);
    }
    const type = typeOf(value);
    types.set(type, (types.get(type) ?? 0) + 1);
    if (depth >= MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (const item of value) this.#walk(`${path}[]`, item, depth + 1);
    } else if (isJsonObject(value)) {
      for (const [key, inner] of Object.entries(value)) this.#walk(`${path}.${key}`, inner, depth + 1);
    }
  }

  #category(field: string, value: string | number | boolean | null, split: number): void {
    let counts = this.#values.get(field);
    if (counts === "many") return;
    if (!counts) {
      if (this.#values.size >= MAX_PATHS) return;
      counts = new Map();
      this.#values.set(field, counts);
    }
    const name = typeof value === "string" ? value : JSON.stringify(value);
    if (name.length > MAX_CATEGORY_CHARS || name.includes("\n")) {
      this.#values.set(field, "many");
      return;
    }
    let cells = counts.get(name);
    if (!cells) {
      if (counts.size >= MAX_CATEGORIES) {
        this.#values.set(field, "many");
        return;
      }
      cells = new Uint32Array(this.#splitCount);
      counts.set(name, cells);
    }
    cells[split] = (cells[split] as number) + 1;
  }

  /** All paths, in order. */
  fields(): FieldCount[] {
    return [...this.#paths].map(([path, types]) => ({
      path, types: Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))), count: [...types.values()].reduce((a, b) => a + b, 0),
    })).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The fields that are categories: few short values, each in two rows and more on average. */
  categories(): Map<string, CategoryCounts> {
    const found = new Map<string, CategoryCounts>();
    for (const [field, counts] of this.#values) {
      if (counts !== "many" && counts.size * 2 <= this.#rows) found.set(field, counts);
    }
    return found;
  }
}
