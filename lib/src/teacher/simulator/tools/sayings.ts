/** What the simulated assistant says to the results of its calls. */
import { Random } from "../../random.js";
import type { PlayedTurn, ScriptCall } from "../../tool-calls/script.js";

type Result = Readonly<Record<string, unknown>>;

/** One text for each turn of calls that has results. */
export function writeSayings(key: readonly (string | number)[], turns: readonly PlayedTurn[]): string[] {
  const random = new Random(...key);
  return turns.flatMap((turn) => {
    if (!("calls" in turn) || turn.results === undefined) return [];
    const results = turn.results as Result[];
    return [turn.calls.map((call, at) => sayResult(random, call, results[at] ?? {})).join(" ")];
  });
}

function sayResult(random: Random, { name, arguments: given }: ScriptCall, result: Result): string {
  if (result["error"] !== undefined) return sayError(given, result);
  const title = `"${textOf(result["title"], given["title"])}"`;
  switch (name) {
    case "create_task": return `${random.pick(["I added", "I created"])} ${title}${details(given, result, ", due ", ", with ")}.`;
    case "complete_task": return `${title} is done.`;
    case "delete_task": return `I deleted ${title}.`;
    case "update_task": return given["new_title"] !== undefined && given["due_date"] === undefined && given["priority"] === undefined
      ? `I renamed it to ${title}.` : `${title} is now ${details(given, result, "due ", "")}.`.replace("now , ", "now ");
    default: return sayList(result);
  }
}

function details(given: Result, result: Result, due: string, rank: string): string {
  const said = [
    ...(typeof result["due_date"] === "string" && given["due_date"] !== undefined ? [`${due}${result["due_date"]}`] : []),
    ...(given["priority"] === undefined ? [] : [`${rank}${textOf(result["priority"], given["priority"])} priority`]),
  ];
  return due.startsWith(",") ? said.join("") : said.join(" and has ").replace(/^(low|medium|high)/, "of $1");
}

function sayList(result: Result): string {
  const tasks = (Array.isArray(result["tasks"]) ? result["tasks"] : []) as Result[];
  const total = typeof result["total"] === "number" ? result["total"] : tasks.length;
  if (total === 0) return "You have no such tasks.";
  const lines = tasks.map((task) => `"${textOf(task["title"])}"${typeof task["due_date"] === "string" ? `, due ${task["due_date"]}` : ""}`);
  return `You have ${total} ${total === 1 ? "task" : "tasks"}: ${lines.join("; ")}.`;
}

function sayError(given: Result, result: Result): string {
  const title = `"${textOf(given["title"])}"`;
  const candidates = (Array.isArray(result["candidates"]) ? result["candidates"] : []).map((item: unknown) => `"${textOf(typeof item === "string" ? item : (item as Result)["title"])}"`);
  switch (result["error"]) {
    case "not_found": return `I found no task called ${title}. Which one do you mean?`;
    case "ambiguous": return candidates.length > 1 ? `Which one do you mean: ${candidates.slice(0, -1).join(", ")} or ${candidates.at(-1) ?? ""}?` : `Several tasks fit ${title}. Which one do you mean?`;
    case "unclear_date": return `I can't tell which day "${textOf(given["due_date"])}" is. Which date do you mean?`;
    case "past_date": return `"${textOf(given["due_date"])}" is in the past. Which date do you mean?`;
    case "already_done": return `${title} is done already.`;
    default: return "That did not work. Please try again later.";
  }
}

function textOf(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === "string") ?? "";
}
