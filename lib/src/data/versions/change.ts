/// <reference lib="es2024.string" />
import { canonicalJson, canonicalContent } from "../clean/content.js";
import { FIELDS, ALIASES } from "../formats/columns.js";
import { sameJson, type JsonObject } from "../jsonl/json.js";
import { exampleOf, type RowPlace, type ScannedDataset } from "./scan.js";

/**
 * What changed in a row: a label (another value of a category, or a pair whose answers were swapped), its text, how it is
 * written (another format, the same conversation), its id, or another field beside the text.
 */
export const CHANGE_KINDS = ["label", "text", "format", "id", "metadata"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** A row that is there on both sides and not the same. */
export interface RowChange {
  from: RowPlace;
  to: RowPlace;
  /** How it was recognised: by its id, or by the similarity of its text. */
  by: "id" | "similarity";
  /** Jaccard similarity of the texts' word shingles. */
  similarity: number;
  kinds: ChangeKind[];
  /** Top-level fields that differ, with both values around their first difference; `null` for a field that is not there. */
  fields: { field: string; before: string | null; after: string | null }[];
}

/**
 * The fields whose values are labels: categories on both sides (at most 50 short values, each in two rows and more on
 * average), the text's own fields and the id left out. An answer can be a label: `output` of a classifier's data.
 */
export function labelFields(a: ScannedDataset, b: ScannedDataset, idField: string): string[] {
  const text = new Set(["id", idField]);
  for (const format of [a.format, b.format]) {
    if (format === null) continue;
    for (const field of FIELDS[format]) {
      if (format === "alpaca" && field === "output") continue;
      text.add(field);
      for (const alias of ALIASES[format][field] ?? []) text.add(alias);
    }
  }
  const [inA, inB] = [a.fields.categories(), b.fields.categories()];
  const fieldsOf = (scan: ScannedDataset): Set<string> => new Set(scan.fields.fields().map(({ path }) => path));
  const [allA, allB] = [fieldsOf(a), fieldsOf(b)];
  return [...new Set([...inA.keys(), ...inB.keys()])].filter((field) =>
    !text.has(field) && (inA.has(field) || !allA.has(field)) && (inB.has(field) || !allB.has(field))).sort();
}

/** What differs between two rows; empty kinds when only their place does. */
export function compareRows(before: JsonObject, after: JsonObject, labels: ReadonlySet<string>, idField: string): Pick<RowChange, "kinds" | "fields"> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !sameJson(before[key], after[key]));
  const [old, now] = [exampleOf(before), exampleOf(after)];
  const reshaped = old !== undefined && now !== undefined && old.format !== now.format;
  const kinds = new Set<ChangeKind>();
  if (reshaped) kinds.add(canonicalContent(old.example) === canonicalContent(now.example) ? "format" : "text");
  for (const name of names) {
    // A label that a row did not have before is something more, not something else.
    if (labels.has(name)) kinds.add(before[name] === undefined ? "metadata" : "label");
    else if (name === idField) kinds.add("id");
    else if (old && now) {
      const beside = Object.hasOwn(old.example.extra, name) || Object.hasOwn(now.example.extra, name);
      if (beside) kinds.add("metadata");
      else if (!reshaped) kinds.add(isSwap(before, after) ? "label" : "text");
    } else kinds.add(typeof (before[name] ?? after[name]) === "string" ? "text" : "metadata");
  }
  return {
    kinds: CHANGE_KINDS.filter((kind) => kinds.has(kind)),
    fields: names.map((field) => {
      const [left, right] = excerpts(textOf(before[field]), textOf(after[field]));
      return { field, before: left, after: right };
    }),
  };
}

function isSwap(before: JsonObject, after: JsonObject): boolean {
  const { chosen, rejected } = before;
  return chosen !== undefined && rejected !== undefined && sameJson(chosen, after["rejected"]) && sameJson(rejected, after["chosen"]);
}

function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : canonicalJson(value);
}

const SHOWN = 120;
const LEAD = 40;

/** Both texts from shortly before their first difference. */
function excerpts(before: string | null, after: string | null): [string | null, string | null] {
  let same = 0;
  if (before !== null && after !== null) while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(0, same - LEAD);
  const cut = (text: string | null): string | null => {
    if (text === null) return null;
    const part = text.slice(from, from + SHOWN).toWellFormed();
    return `${from > 0 ? "…" : ""}${part}${text.length > from + SHOWN ? "…" : ""}`;
  };
  return [cut(before), cut(after)];
}
