import type { Format } from "../example.js";
import { setOwn, type JsonObject } from "../jsonl/json.js";
import { refuse, type Refusal } from "./refusal.js";
import { isDialogue } from "./preference.js";

/** Names of columns in place of a format's own fields: `{ instruction: "question", output: "answer" }`. */
export type ColumnMap = Readonly<Record<string, string>>;

/**
 * Other names under which published sets carry a field. The rule: a field under its own name is taken as it is; else the
 * one alias that the row has; two aliases of one field are ambiguous and have to be settled by a map. `input` stands for
 * the instruction only where no alias of the instruction does. Where neither is there, a heading that a person would write
 * for one of them is taken: `Question`, `OUTPUT`; it may differ in case, spaces, `_` and `-`.
 */
export const ALIASES: Readonly<Record<Format, Readonly<Record<string, readonly string[]>>>> = {
  alpaca: { instruction: ["question", "prompt", "query"], input: ["context"], output: ["answer", "completion", "response"] },
  sharegpt: { conversations: ["conversation", "messages"] },
  messages: {},
  preference: { prompt: ["question", "instruction", "query"] },
  "prompt-completion": {},
  "unpaired-preference": {},
  text: {},
};

/** The fields each format reads at the top of a row, and a map may rename. */
export const FIELDS: Readonly<Record<Format, readonly string[]>> = {
  alpaca: ["instruction", "input", "output", "system", "history"],
  sharegpt: ["conversations", "system", "tools"],
  messages: ["messages", "system", "tools", "functions"],
  preference: ["prompt", "chosen", "rejected", "system", "input", "tools"],
  "prompt-completion": ["prompt", "completion", "tools"],
  "unpaired-preference": ["prompt", "completion", "label", "tools"],
  text: ["text"],
};

/** Which columns of a row stand for which fields, where the names differ. */
export function resolveColumns(format: Format, row: JsonObject, map: ColumnMap = {}): { columns: Record<string, string> } | Refusal {
  const columns: Record<string, string> = {};
  for (const [field, column] of Object.entries(map)) {
    if (!FIELDS[format].includes(field)) return refuse("unknown-field", `the map names ${JSON.stringify(field)}, which is no field of ${format}; its fields are ${FIELDS[format].join(", ")}`);
    if (field === column) continue;
    if (!Object.hasOwn(row, column)) {
      if (REQUIRED[format].includes(field)) return refuse("missing-field", `${column} (mapped to ${field}) is missing`);
      continue;
    }
    if (Object.hasOwn(row, field) && !Object.values(map).includes(field)) return refuse("ambiguous-columns", `has both ${field} and ${column}, which is mapped to it; rename one of them`);
    columns[field] = column;
  }
  for (const [field, aliases] of Object.entries(ALIASES[format])) {
    if (Object.hasOwn(row, field) || Object.hasOwn(map, field)) continue;
    if (format === "preference" && (isDialogue(row["chosen"]) || Object.hasOwn(row, "preferred_output"))) continue;
    const present = aliases.filter((alias) => Object.hasOwn(row, alias) && !Object.values(columns).includes(alias));
    if (present.length > 1) return refuse("ambiguous-columns", `has ${present.join(" and ")}, and both could be ${field}; choose one with --map ${field}=${present[0]}`);
    const [column = headingOf(format, field, row, columns, map)] = present;
    if (typeof column === "object") return column;
    if (column !== undefined) columns[field] = column;
  }
  if (format === "alpaca" && columns["instruction"] === undefined && !Object.hasOwn(row, "instruction") && Object.hasOwn(row, "input") && !Object.values(map).includes("input")) {
    columns["instruction"] = "input";
  }
  return { columns };
}

/** Only these: a table's `System` or `History` column is more likely something else. */
const HEADINGS: Partial<Record<Format, readonly string[]>> = { alpaca: ["instruction", "input", "output"] };
const spelling = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, "");

/** The column whose heading means the field, spelled as people do; undefined where there is none. */
function headingOf(format: Format, field: string, row: JsonObject, columns: Readonly<Record<string, string>>, map: ColumnMap): string | undefined | Refusal {
  if (!HEADINGS[format]?.includes(field)) return undefined;
  const names = [field, ...(ALIASES[format][field] ?? [])].map(spelling);
  const taken = [...FIELDS[format], ...Object.values(columns), ...Object.values(map)];
  const present = Object.keys(row).filter((key) => !taken.includes(key) && names.includes(spelling(key)));
  if (present.length > 1) return refuse("ambiguous-columns", `has ${present.join(" and ")}, and both could be ${field}; choose one with --map ${field}=${present[0]}`);
  return present[0];
}

/** The fields without which a row is not of a format. */
export const REQUIRED: Readonly<Record<Format, readonly string[]>> = {
  alpaca: ["instruction", "output"],
  sharegpt: ["conversations"],
  messages: ["messages"],
  preference: ["chosen", "rejected"],
  "prompt-completion": ["prompt", "completion"],
  "unpaired-preference": ["prompt", "completion", "label"],
  text: ["text"],
};

/** The row with its columns under the names of the format, in the same order. */
export function toFields(row: JsonObject, columns: Readonly<Record<string, string>>): JsonObject {
  return renamed(row, new Map(Object.entries(columns).map(([field, column]) => [column, field])));
}

/** {@link toFields} undone. */
export function toColumns(row: JsonObject, columns: Readonly<Record<string, string>>): JsonObject {
  return renamed(row, new Map(Object.entries(columns)));
}

function renamed(row: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  if (names.size === 0) return row;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(row)) setOwn(result, names.get(key) ?? key, value);
  return result;
}
