import { SIDE_FIELD } from "../example.js";
import { isJsonObject, parseJson, type JsonObject } from "./json.js";
import { patched } from "./patch.js";

/** The name of the file format in the side field. */
const PARQUET = "parquet";

/** The row with what Parquet cannot say of it in its side field. */
export function withPatch(row: JsonObject, patch: JsonObject): JsonObject {
  const side = typeof row[SIDE_FIELD] === "string" ? (JSON.parse(row[SIDE_FIELD]) as JsonObject) : {};
  return { ...row, [SIDE_FIELD]: JSON.stringify({ ...side, [PARQUET]: patch }) };
}

/** The row that was written, from the one that was read: its side field says what Parquet could not. */
export function restoreRow(row: JsonObject): JsonObject {
  const text = Object.hasOwn(row, SIDE_FIELD) ? row[SIDE_FIELD] : undefined;
  const side = typeof text === "string" && text.includes(`"${PARQUET}"`) ? parseJson(text) : undefined;
  if (!side?.ok || !isJsonObject(side.value) || !isJsonObject(side.value[PARQUET])) return row;
  const { [PARQUET]: patch, ...others } = side.value;
  const rest = Object.fromEntries(Object.entries(row).filter(([name]) => name !== SIDE_FIELD));
  const plain = Object.keys(others).length > 0 ? { ...row, [SIDE_FIELD]: JSON.stringify(others) } : rest;
  try {
    return patched(plain, patch) as JsonObject;
  } catch {
    return row; // no patch of ours: the reader of the format says so of the field
  }
}
