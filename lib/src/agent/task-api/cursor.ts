/** Where a page ends: the sort key and the id of its last task, so that tasks added meanwhile do not shift the next page. */
import { z } from "zod";
import { titleKey } from "../titles.js";
import { TaskApiError } from "./error.js";
import { LIMITS, PRIORITIES, SORTS, type Sort, type Task } from "./schema.js";

interface SortOrder {
  /** SQL of the key. */
  by: string;
  type: "integer" | "date" | "text";
  down: boolean;
  keyOf(task: Task): string | number;
}

const RANK = `CASE priority ${PRIORITIES.map((name, rank) => `WHEN '${name}' THEN ${rank}`).join(" ")} END`;

const order = (by: string, type: SortOrder["type"], down: boolean, keyOf: SortOrder["keyOf"]): SortOrder => ({ by, type, down, keyOf });
const both = (name: string, make: (down: boolean) => SortOrder) => ({ [name]: make(false), [`-${name}`]: make(true) });

export const SORT_ORDERS = {
  ...both("created", (down) => order("id", "integer", down, ({ id }) => id)),
  // A day that is later, or earlier, than all others: no date comes last in both directions.
  ...both("due", (down) => order(`COALESCE(due_date, '${down ? "-" : ""}infinity'::date)`, "date", down, ({ due_date }) => due_date ?? `${down ? "-" : ""}infinity`)),
  ...both("priority", (down) => order(RANK, "integer", down, ({ priority }) => PRIORITIES.indexOf(priority))),
  // By code points: languages' own orders differ between databases.
  ...both("title", (down) => order('title_key COLLATE "C"', "text", down, ({ title }) => titleKey(title))),
} as Readonly<Record<Sort, SortOrder>>;

const Cursor = z.tuple([z.enum(SORTS), z.union([z.string().max(1_000), z.int().min(0).max(LIMITS.id)]), z.int().min(1).max(LIMITS.id)]);

export function pageAfter(last: Task, sort: Sort): string {
  return Buffer.from(JSON.stringify([sort, SORT_ORDERS[sort].keyOf(last), last.id])).toString("base64url");
}

/** @throws TaskApiError when the cursor is none of this service's, or of another sort */
export function readCursor(text: string, sort: Sort): { key: string | number; id: number } {
  const refuse = (message: string): never => {
    throw new TaskApiError("invalid_field", message, { field: "cursor", remedy: "leave cursor out to begin at the first page" });
  };
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return refuse("cursor is none that this service gave");
  }
  const read = Cursor.safeParse(value);
  if (!read.success) return refuse("cursor is none that this service gave");
  const [of, key, id] = read.data;
  if (of !== sort) return refuse(`cursor belongs to a list sorted by ${of}, not by ${sort}`);
  const { type } = SORT_ORDERS[sort];
  const fits = type === "integer" ? typeof key === "number"
    : typeof key === "string" && (type === "text" ? !key.includes("\0") && key.isWellFormed() : /^-?infinity$/.test(key) || (z.iso.date().safeParse(key).success && key >= "1900-01-01"));
  return fits ? { key, id } : refuse("cursor is none that this service gave");
}
