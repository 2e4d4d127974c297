/** Whether a reply says truthfully what was done: the persona's knowledge, apart from its style. */
import { replaceAll, sentencesOf, TITLE_MARK, withoutTitles } from "./markers.js";

/** What the program did, or will do. */
export interface DoneCall {
  name: string;
  parameters: Readonly<Record<string, string>>;
}

export type TruthFault = "operation" | "title" | "new title" | "date" | "priority" | "invented date" | "invented priority";

// In this order: "deleted and gone" is a deletion, "marked as done" a completion, and "I've set it to high priority" an update.
const OPERATIONS: readonly [name: string, said: RegExp][] = [
  ["delete_task", /\b(delet\w*|remov\w*|erased?|dropped|scrapped|off your list)\b/i],
  ["complete_task", /\b(complet\w*|finished|check(ed)? off|tick(ed)? off|clos(e|ed)|done)\b/i],
  ["update_task", /\b(updat\w*|mov(e|ed)|chang(e|ed)|reschedul\w*|renam\w*|now (due|called)|(due|called) .{1,40} now|new (due date|date|priority|title)|to (low|medium|high) priority|priority (now|is now)|priority of .{1,12}is now|priority is|as (low|medium|high) priority|set .{1,12}to)\b/i],
  ["create_task", /\b(creat\w*|add(ed)?|new (task|record|entry)|your list now|on your list|one of your tasks|made|title)\b/i],
];
// A reply that confirms a list speaks of tasks in the plural; what it names it was not told by the request.
const LIST = /\b(your (\w+ ){0,3}tasks|you have (no|one|two|three|four|\d+)\b.*tasks?|there are no (\w+ ){0,2}tasks|nothing: no|listing|list of your|list the|show(ing)? you\b|here (is|are) (the list|your (one|two|three|four|\d+|\w+ ?)*tasks?)|report (on|of|:))/i;

/**
 * The operation that a reply confirms, by its words; undefined where it confirms none.
 *
 * @param said titles that are known: they are taken out before words are looked at
 */
export function operationSaid(reply: string, said: readonly string[] = []): string | undefined {
  return operationIn(withoutTitles(reply, said));
}

function operationIn(bare: string): string | undefined {
  const sentences = sentencesOf(bare);
  const at = sentences.findIndex((sentence) => sentence.includes(TITLE_MARK));
  if (at < 0) return LIST.test(bare) ? "list_tasks" : find(bare);
  // "I created it. Title: X": the sentence before the title may hold the verb.
  return find(sentences[at] ?? "", /\btitle:/i.test(sentences[at] ?? "")) ?? find(`${sentences[at - 1] ?? ""} ${sentences[at] ?? ""} ${sentences[at + 1] ?? ""}`) ?? find(bare);
}

function find(text: string, isField = false): string | undefined {
  // A "Done." of its own says of any operation that it is done.
  const said = text.replace(/(^|[.!?\n]\s*)Done\.(?=\s|$)/g, "$1");
  const found = OPERATIONS.find(([, words]) => words.test(isField ? said.replace(/\btitle:/gi, "") : said));
  return found?.[0];
}

const plain = (text: string): string => text.toLowerCase().replaceAll("’", "'").replace(/\s+/g, " ");
const MONTHS = "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(tember)?|oct(ober)?|nov(ember)?|dec(ember)?";
const DATE = new RegExp(`\\bdue(?! date)\\b(?!:? ?(is|to|for|on|by)?\\s*$)|\\b(tomorrow|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|\\d{4}-\\d{2}-\\d{2}|\\d{1,2}(st|nd|rd|th)|(${MONTHS}) \\d{1,2}|\\d{1,2} (${MONTHS}))\\b`, "i");

/**
 * Everything that a reply says wrongly of a call, or leaves out; empty for a truthful one.
 *
 * Titles, dates and priorities must stand there as the call has them, without regard to case. A date or a priority that the
 * call does not have is invented. The operation is read from the words of the sentence that names the title.
 */
export function truthFaults(reply: string, { name, parameters }: DoneCall): TruthFault[] {
  const { title, new_title: renamed, due_date: due, priority } = parameters;
  const text = plain(reply), faults: TruthFault[] = [];
  const holds = (value: string | undefined): boolean => value === undefined || text.includes(plain(value));
  const titles = [title, renamed].filter((value) => value !== undefined);
  // "due a week from now" is no "now due": dates are taken out after the titles, which may hold one.
  const untitled = withoutTitles(reply, titles);
  const bare = due === undefined ? untitled : replaceAll(untitled, due, "⟨d⟩");
  if (operationIn(bare) !== name) faults.push("operation");
  if (!holds(title)) faults.push("title");
  if (!holds(renamed)) faults.push("new title");
  if (!holds(due)) faults.push("date");
  if (!holds(priority)) faults.push("priority");
  if (due === undefined && name !== "list_tasks" && DATE.test(bare.replaceAll(TITLE_MARK, " "))) faults.push("invented date");
  if (priority === undefined && /\b(low|medium|high) priority\b|\bpriority:? (low|medium|high)\b/i.test(bare)) faults.push("invented priority");
  return faults;
}

/** Whether a reply confirms the right operation and the right title: what "task accuracy" counts. */
export function isTaskRight(reply: string, call: DoneCall): boolean {
  return !truthFaults(reply, call).some((fault) => fault === "operation" || fault === "title" || fault === "new title");
}
