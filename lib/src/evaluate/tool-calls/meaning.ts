/** Whether calls of the Task API's tools mean the same: the same task, the same day, the same value whether said or left out. */
import { resolveDays, resolveDueDate } from "../../agent/dates.js";
import { titleKey } from "../../agent/titles.js";
import type { ModelCall, WantedCall } from "./call.js";
import { equals } from "./python.js";

/** What the Task API takes where an argument is left out: {@link wantedOf} names it as a right value beside leaving it out. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = { create_task: { priority: "medium" } };

/** What is wanted of a call of the Task API: its arguments, and defaults whether they are said or not. */
export function wantedOf({ name, arguments: given }: ModelCall): WantedCall {
  const defaults = Object.hasOwn(DEFAULTS, name) ? DEFAULTS[name] ?? {} : {};
  const spared = Object.entries(defaults).flatMap(([key, value]) => (!Object.hasOwn(given, key) || given[key] === value ? [[key, [value, ""]] as const] : []));
  return { name, arguments: { ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, [value]])), ...Object.fromEntries(spared) } };
}

type Same = (found: string, wanted: string, today: string) => boolean;

const sameTitle: Same = (found, wanted) => titleKey(found) === titleKey(wanted);
const plain = (words: string): string => words.toLowerCase().replace(/\s+/g, " ").trim();

/** Words for a day that name none are the same only as words. */
const sameDay: Same = (found, wanted, today) => {
  const [one, other] = [resolveDueDate(found, today), resolveDueDate(wanted, today)];
  return "unclear" in one || "unclear" in other ? "unclear" in one && "unclear" in other && plain(found) === plain(wanted) : one.day === other.day;
};
const sameDays: Same = (found, wanted, today) => {
  const [one, other] = [resolveDays(found, today), resolveDays(wanted, today)];
  return "unclear" in one || "unclear" in other ? "unclear" in one && "unclear" in other && plain(found) === plain(wanted) : one.from === other.from && one.to === other.to;
};

function sameValue(tool: string, key: string, found: unknown, wanted: unknown, today: string): boolean {
  // In JSON 5 and 5.0 are one number; unlike Python's, its true is none.
  if (typeof found !== "string" || typeof wanted !== "string") return (typeof found === "boolean") === (typeof wanted === "boolean") && equals(found, wanted);
  if (key === "title") return sameTitle(found, wanted, today);
  // A new title is kept as it is written, but for what a sentence puts around it.
  if (key === "new_title") return titleKey(found) === titleKey(wanted);
  if (key === "due_date") return (tool === "list_tasks" ? sameDays : sameDay)(found, wanted, today);
  return found === wanted;
}

/**
 * Whether a call means what a wanted one does. Titles without case, article and marks around them; days by what their words come to,
 * counted from `today`; what may be left out as `wanted` says. Everything else word by word.
 *
 * @param today YYYY-MM-DD
 */
export function sameMeaning(found: ModelCall, { name, arguments: wanted }: WantedCall, today: string): boolean {
  return found.name === name
    && Object.entries(found.arguments).every(([key, value]) => Object.hasOwn(wanted, key) && (wanted[key] ?? []).some((each) => each !== "" && sameValue(name, key, value, each, today)))
    && Object.entries(wanted).every(([key, values]) => Object.hasOwn(found.arguments, key) || values.includes(""));
}

/** Whether calls mean what the wanted ones do, in any order, each found for one wanted. */
export function allSameMeaning(found: readonly ModelCall[], wanted: readonly WantedCall[], today: string): boolean {
  if (found.length !== wanted.length) return false;
  const [first, ...rest] = wanted;
  return first === undefined || found.some((call, at) => sameMeaning(call, first, today) && allSameMeaning(found.filter((_, other) => other !== at), rest, today));
}
