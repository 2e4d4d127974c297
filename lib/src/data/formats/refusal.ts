import type { z } from "zod";

/** Why a row cannot be taken or written: a stable code for counting, and a sentence that names the field and the remedy. */
export interface Refusal {
  ok: false;
  code: string;
  reason: string;
}

export function refuse(code: string, reason: string): Refusal {
  return { ok: false, code, reason };
}

/** A path into a row as people write it: `messages[2].content`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? String(step) : `${text}.${String(step)}`), "");
}

/** The first issue of a failed zod parse as a refusal; the number of further issues is added. */
export function refusalOf(error: z.ZodError, row: unknown): Refusal {
  const [issue] = error.issues;
  if (!issue) return refuse("schema", "does not fit its format");
  const path = fieldPath(issue.path) || "the row";
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  let found: unknown = row;
  for (const step of issue.path) found = typeof found === "object" && found !== null ? (found as Record<PropertyKey, unknown>)[step] : undefined;
  if (found === undefined) return refuse("missing-field", `${path} is missing${more}`);
  if (issue.code === "invalid_value") {
    const last = issue.path.at(-1);
    const code = last === "role" || last === "from" ? "unknown-role" : "wrong-value";
    return refuse(code, `${path} is ${JSON.stringify(found)?.slice(0, 60)}, it must be one of ${issue.values.map(String).join(", ")}${more}`);
  }
  const must = issue.code === "invalid_type" ? `it must be ${article(issue.expected)}` : issue.message;
  return refuse("wrong-type", `${path} is ${kindOf(found)}, ${must}${more}`);
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

/** What a value is, for messages: `text`, `a number`, `null`, … */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "string") return value === "" ? "empty text" : "text";
  return article(typeof value);
}
