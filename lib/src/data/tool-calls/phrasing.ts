/** Rows apart by how they ask and by what they name: an exam with the training rows' phrasings or titles examines the memory. */
import { createHash } from "node:crypto";
import type { Example } from "../example.js";
import { isJsonObject, parseJson } from "../jsonl/json.js";

/** What a row's calls are given, call by call. */
function argumentsOf(example: Example): Record<string, unknown>[] {
  return example.messages.flatMap(({ tool_calls: calls = [] }) => calls.map((call) => {
    const parsed = parseJson(call.function.arguments);
    return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  }));
}

/** Titles that a row names: those of its calls, and those that its tools' answers have. In small letters, without an article. */
export function titlesOf(example: Example): Set<string> {
  const given = argumentsOf(example).flatMap((each) => [each["title"], each["new_title"]]);
  const answered = example.messages.filter(({ role }) => role === "tool").flatMap(({ content }) => [...(content ?? "").matchAll(/"title":("(?:[^"\\]|\\.)*")/g)].map((match): unknown => JSON.parse(match[1] ?? '""')));
  return new Set([...given, ...answered].filter((title): title is string => typeof title === "string").map(plainTitle));
}

function plainTitle(title: string): string {
  return title.toLowerCase().replace(/^(?:the|a|an|my|our) /, "").trim();
}

const POLITE = /\b(?:please|thanks|thank you|could you|can you|i'd like you to|hi|hey|ok|hello)\b/g;

/**
 * How a row asks, with a mark for each title and day, without courtesies, case and punctuation: "move <title> to <date>". Rows of
 * one phrasing differ in what they name, not in how.
 */
export function phrasingOf(example: Example): string {
  const marks = argumentsOf(example).flatMap((given) => [["title", given["title"]], ["new", given["new_title"]], ["date", given["due_date"]]] as const)
    .filter((mark): mark is readonly ["title" | "new" | "date", string] => typeof mark[1] === "string" && mark[1] !== "");
  const state = example.extra["state"];
  const there = Array.isArray(state) ? state.flatMap((task: unknown) => (isJsonObject(task) && typeof task["title"] === "string" ? [["title", task["title"]] as const] : [])) : [];
  const longest = [...marks, ...there].sort(([, a], [, b]) => b.length - a.length);
  return example.messages.filter(({ role }) => role === "user").map(({ content }) => {
    let text = (content ?? "").toLowerCase();
    for (const [mark, value] of longest) text = text.split(value.toLowerCase()).join(` <${mark}> `);
    return text.replace(POLITE, " ").replace(/[^\p{L}\d<>' ]+/gu, " ").replace(/\s+/g, " ").trim();
  }).join(" | ");
}

export interface ToolSplit {
  train: Example[];
  validation: Example[];
  test: Example[];
  /** Rows left out: the same as another, or a training row that names a title of an exam. */
  dropped: { same: number; title: number };
}

/**
 * Divides rows so that no phrasing and no title stands on both sides. Which side a phrasing is on follows from its hash, so more
 * rows change no earlier decision.
 *
 * @param shares - of phrasings, 0 to 1, for the exam and for validation
 */
export function splitByPhrasing(rows: readonly Example[], shares: { test: number; validation: number }): ToolSplit {
  const split: ToolSplit = { train: [], validation: [], test: [], dropped: { same: 0, title: 0 } };
  const seen = new Set<string>();
  for (const row of rows) {
    const key = JSON.stringify(row.messages.map(({ role, content, tool_calls: calls }) => [role, content, calls?.map((call) => call.function)]));
    if (seen.has(key)) {
      split.dropped.same++;
      continue;
    }
    seen.add(key);
    const place = createHash("sha256").update(phrasingOf(row)).digest().readUInt32LE(0) / 2 ** 32;
    split[place < shares.test ? "test" : place < shares.test + shares.validation ? "validation" : "train"].push(row);
  }
  const without = (side: Example[], titles: ReadonlySet<string>): Example[] => {
    const kept = side.filter((row) => ![...titlesOf(row)].some((title) => titles.has(title)));
    split.dropped.title += side.length - kept.length;
    return kept;
  };
  const exam = new Set(split.test.flatMap((row) => [...titlesOf(row)]));
  split.validation = without(split.validation, exam);
  split.train = without(split.train, new Set([...exam, ...split.validation.flatMap((row) => [...titlesOf(row)])]));
  return split;
}
