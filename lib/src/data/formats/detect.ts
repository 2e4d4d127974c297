import { FORMATS, type Format } from "../example.js";
import { isJsonObject, type JsonObject } from "../jsonl/json.js";
import { ALIASES, FIELDS, REQUIRED, resolveColumns, type ColumnMap } from "./columns.js";
import { isPreference } from "./preference.js";
import { kindOf } from "./refusal.js";

/** The format of one row, by its fields. */
export interface RowFormat {
  format: Format;
  /** Which fields say so. */
  evidence: string;
}

/** Fields that only Alpaca's family has. */
const ALPACA_ONLY = [...FIELDS.alpaca, "context"];

/**
 * The format of one row, by its fields alone: a row that is broken inside is still recognised, so that its error can be
 * named. Undefined when no format has these fields.
 *
 * `prompt` and `completion` are read as TRL reads them: `unpaired-preference` with a label (true or false; 0, 1 and null
 * too, so that the reader can say what is wrong with them), else `prompt-completion`. Texts are Alpaca all the same where
 * a field of Alpaca's own stands beside them (`instruction`, `input`, `context`, `output`, `system`, `history`), or where
 * the map names one. `text` alone is running text; with a `label` it is a set for classification, and of no format.
 */
export function detectRow(value: unknown, map: ColumnMap = {}): RowFormat | undefined {
  if (!isJsonObject(value)) return undefined;
  if (isPreference(value)) return { format: "preference", evidence: Object.hasOwn(value, "chosen") ? "chosen and rejected" : "preferred_output and non_preferred_output" };
  for (const field of ["messages", "conversations", "conversation"]) {
    const list = value[field];
    if (!Array.isArray(list)) continue;
    const turn: unknown = list[0];
    const keys = isJsonObject(turn) ? (Object.hasOwn(turn, "from") ? "from and value" : "role and content") : "nothing";
    if (field === "messages" && keys !== "from and value") return { format: "messages", evidence: `messages, a list of turns with ${keys}` };
    return { format: "sharegpt", evidence: `${field}, a list of turns with ${keys}` };
  }
  const column = (field: string): string => map[field] ?? field;
  const has = (field: string): boolean => Object.hasOwn(value, column(field));
  if (has("prompt") && has("completion")) {
    const lists = Array.isArray(value[column("prompt")]) || Array.isArray(value[column("completion")]);
    const label = value[column("label")];
    if (has("label") && (typeof label === "boolean" || label === null || label === 0 || label === 1 || (typeof label === "string" && /^(?:true|false)$/i.test(label)))) return { format: "unpaired-preference", evidence: "prompt, completion and label" };
    if (lists || !ALPACA_ONLY.some((field) => Object.hasOwn(value, field) || Object.hasOwn(map, field))) return { format: "prompt-completion", evidence: "prompt and completion" };
  }
  return detectAlpaca(value, map) ?? (typeof value[column("text")] === "string" && !has("label") ? { format: "text", evidence: "text" } : undefined);
}

function detectAlpaca(value: JsonObject, map: ColumnMap): RowFormat | undefined {
  const resolved = resolveColumns("alpaca", value, Object.fromEntries(Object.entries(map).filter(([field]) => FIELDS.alpaca.includes(field))));
  if ("ok" in resolved) return resolved.code === "ambiguous-columns" ? { format: "alpaca", evidence: "instruction and output under several names" } : undefined;
  const column = (field: string): string => resolved.columns[field] ?? field;
  if (Object.hasOwn(value, column("instruction")) && Object.hasOwn(value, column("output")) && column("instruction") !== column("output")) {
    return { format: "alpaca", evidence: `${column("instruction")} and ${column("output")}` };
  }
  return undefined;
}

export interface DetectedFormat {
  ok: true;
  format: Format;
  /** Share of the rows looked at that are of this format, 0 to 1. */
  confidence: number;
  /** What says so, most frequent first: `98 of 100 rows have chosen and rejected`. */
  evidence: string[];
  /** Rows by format; rows of no format under `unknown`. */
  counts: Partial<Record<Format | "unknown", number>>;
}

export interface UnknownFormat {
  ok: false;
  /** The fields found, the nearest format, what it lacks, and the remedy. */
  message: string;
  /** Fields found, with what they hold. */
  fields: string[];
  nearest: Format;
  counts: Partial<Record<Format | "unknown", number>>;
}

/**
 * The format of a dataset by a sample of its rows: the one that most of them have.
 *
 * @param rows parsed rows, a few hundred are enough
 */
export function detectFormat(rows: Iterable<unknown>, map: ColumnMap = {}): DetectedFormat | UnknownFormat {
  const counts: Partial<Record<Format | "unknown", number>> = {};
  const evidence = new Map<string, { format: Format; count: number }>();
  const fields = new Map<string, string>();
  let total = 0;
  for (const row of rows) {
    total++;
    const detected = detectRow(row, map);
    const name = detected?.format ?? "unknown";
    counts[name] = (counts[name] ?? 0) + 1;
    if (detected) {
      const seen = evidence.get(detected.evidence) ?? { format: detected.format, count: 0 };
      seen.count++;
      evidence.set(detected.evidence, seen);
    } else if (isJsonObject(row) && fields.size < 40) {
      for (const [key, value] of Object.entries(row)) if (!fields.has(key)) fields.set(key, kindOf(value));
    }
  }
  const [best] = FORMATS.filter((format) => counts[format]).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
  if (best === undefined) return unknownFormat(total, fields, counts, map);
  const said = [...evidence].filter(([, { format }]) => format === best).sort(([, a], [, b]) => b.count - a.count);
  return {
    ok: true,
    format: best,
    confidence: (counts[best] ?? 0) / total,
    evidence: said.map(([what, { count }]) => `${count} of ${total} rows have ${what}`),
    counts,
  };
}

function unknownFormat(total: number, fields: ReadonlyMap<string, string>, counts: UnknownFormat["counts"], map: ColumnMap): UnknownFormat {
  const found = [...fields].map(([name, kind]) => `${name} (${kind})`);
  const has = (format: Format, field: string): boolean => fields.has(field) || (ALIASES[format][field] ?? []).some((alias) => fields.has(alias));
  const missing = (format: Format): string[] => REQUIRED[format].filter((field) => !has(format, field));
  // Of formats that lack equally little, the one of which more is there.
  const [nearest = "alpaca"] = [...FORMATS].filter((format) => format !== "unpaired-preference").sort((a, b) => missing(a).length / REQUIRED[a].length - missing(b).length / REQUIRED[b].length);
  const [wrapper] = [...fields].find(([name, kind]) => fields.size <= 3 && kind === "a list" && ["data", "rows", "train", "examples", "instances", "items"].includes(name)) ?? [];
  const lost = Object.entries(map).find(([, column]) => !fields.has(column));
  const turns = ["messages", "conversations", "conversation"].find((name) => fields.get(name) === "text");
  let remedy: string;
  if (total === 0 || fields.size === 0) remedy = "there are no rows to tell it from";
  else if (lost) remedy = `there is no ${lost[1]}, which --map makes ${lost[0]}; name a column that is there`;
  else if (turns !== undefined) remedy = `${turns} must hold a list of turns; in a cell of CSV, as JSON: write it with json.dumps, not as Python prints it`;
  else if (fields.has("text") && fields.has("label")) remedy = "text with a label is a set for classification; for language modelling name the format text, or rename label";
  else if (wrapper !== undefined) remedy = `the rows seem to be inside ${wrapper}: write that list alone into the file`;
  else {
    const lacks = missing(nearest);
    const maps = lacks.map((field) => `--map ${field}=COLUMN`).join(" ");
    remedy = `the nearest is ${nearest}, which needs ${REQUIRED[nearest].join(" and ")}; ${lacks.length > 0 ? `if a column holds them, name it with ${maps}` : "check what these fields hold"}`;
  }
  return {
    ok: false,
    message: `the format is not known: ${found.length > 0 ? `found ${found.slice(0, 12).join(", ")}${found.length > 12 ? `, and ${found.length - 12} more` : ""}` : "no fields found"}; ${remedy}`,
    fields: found,
    nearest,
    counts,
  };
}

