import type { Example } from "../../example.js";
import { turnsOf } from "../finding.js";

/** The operations of the Task API, as the rows of its datasets are labelled. */
export const TASK_OPERATIONS = ["create", "update", "complete", "delete", "list"] as const;
export type TaskOperation = (typeof TASK_OPERATIONS)[number];

export function isTaskOperation(value: unknown): value is TaskOperation {
  return TASK_OPERATIONS.some((operation) => operation === value);
}

// Bounds keep a text of nothing but quotation marks from taking a time that grows with its square; a title is shorter.
// A quote ends before a space or punctuation, so that the apostrophe of "Hana's" does not end one.
const QUOTED = /(?<![\p{L}\p{N}])(?:'([^'\n]{0,200}(?:'\p{L}[^'\n]{0,200}){0,4})'|"([^"\n]{0,400})"|“([^”\n]{0,400})”|‘([^’\n]{0,200}(?:’\p{L}[^’\n]{0,200}){0,4})’)(?![\p{L}\p{N}])/gu;

/** What stands in quotation marks: in an assistant's answer, mostly titles of tasks. */
export function quotedIn(text: string): string[] {
  return [...text.matchAll(QUOTED)].map((match) => (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").trim()).filter((title) => title !== "");
}

/** A text with `~` for everything in quotation marks: 'Update incident report' names a task, it is no update. */
export function unquoted(text: string): string {
  return text.replace(QUOTED, "~").replace(/[^\S\n]+/g, " ");
}

/** Any of several wordings, standing as whole words. */
function anyOf(...wordings: string[]): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${wordings.join("|")})(?![\\p{L}\\p{N}])`, "imu");
}

const COUNT = "(?:\\d+|no|one|two|three|four|five)";

/** Words by which an assistant says what it does or did. Titles are `~`. */
const ANSWERS: Readonly<Record<TaskOperation, RegExp>> = {
  create: anyOf("creat(?:ed?|ing)", "(?<!changes )saved", "new task", "i(?:'ve| have)? added (?!(?:a|the) note)", "(?<=^|[.!] )added ~", "added (?:this|a task)", "(?:can|will) add ~", "put ~ on", "(?<!tasks? )on your list:", "~ is on your list"),
  update: anyOf("updat(?:ed?|ing)(?! ~ (?:is|now))", "changes saved", "(?:i|i've|have) changed", "chang(?:e|ing) ~", "reschedul(?:ed?|ing)", "renam(?:ed?|ing)", "(?:move|moving|moved) ~ to(?! your completed)", "can't move", "pushed ~", "~ is now (?:called|due)", "now due", "now has \\w+ priority", "set to (?:low|medium|high)", "title changed", "new (?:due date|deadline|title|name|priority)(?! of)", "(?:due date|deadline|priority) of ~ (?:is now|set)"),
  complete: anyOf("marked? (?:[^.!?\\n]{0,60})?as (?:done|completed?)", "(?:is|are) (?:now )?complete[d]?(?: now)?", "(?:checked|ticked|crossed) off", "done already", "already (?:done|completed)", "clos(?:e|ed) ~", "counts? as done", "nice work", "completed: ?~", "your completed tasks", "has been complete", "~ (?:is|are) off your list(?! for good)", "tasks off your list", "you finished ~", "off your list: ~", "completed ~", "completed \\d+ tasks"),
  delete: anyOf("delet(?:ed?|ing|ion)", "remov(?:ed?|ing)", "(?:is|are) gone", "for good", "no longer exists?", "erased?", "undone", "~ stays", "stays? on your list", "kept ~", "keep ~", "restored?", "still there", "permanently", "really go", "discarded"),
  list: anyOf(`(?:you have|here (?:is|are)|there (?:is|are)|i found) ${COUNT} (?:[\\w-]+ ){0,3}tasks?(?! (?:called|for|that could|match))`, `(?<=^|[.!,] |so )${COUNT} (?:[\\w-]+ ){0,3}tasks?(?= (?:due|about|on your list|with|that mention)|:)`, "your list is (?:empty|clear)", "^that leaves ~", "nothing (?:is |else is )?(?:due|overdue)", "no tasks? mentions?", "haven't completed any", "~ (?:has|have) (?:high|medium|low) priority", "is the due date of", "~ (?:is|are) due", "^you have no"),
};

/** Words by which a user asks for an operation. */
const REQUESTS: Readonly<Record<TaskOperation, RegExp>> = {
  create: anyOf(
    "add (?:a|one|another|it|that|this|something|~|to)(?! note)", "create", "new task", "new to-?do", "new reminder (?:to|for)", "new one for the list", "task for me:", "keep me from forgetting",
    "make (?:me )?(?:a|another|one|that a) (?:new )?task", "remind me", "(?:set up|save|start|open|register|track|get|need|want|like) (?:a|one|another)(?: new)? (?:task|to-?do|reminder)", "to[ -]do:", "as a task",
    "put (?!~ in|a note).{1,70} on (?:my|the) list", "should go on (?:my|the) list", "something (?:new )?(?:on|to) my list", "note down", "keep forgetting", "i promised to"),
  update: anyOf(
    "update", "change", "push", "postpone", "reschedule", "rename", "instead", "edit", "shift", "bump", "set the (?:deadline|due date|title)", "(?:new|the) (?:deadline|due date|title|name)(?: of| for| is)?.{0,60} (?:to|is|now)",
    "needs a note", "add a note to", "attach a note", "in the (?:notes|description) of", "one detail for", "gave us until", "should (?:be|have) .{0,20}priority", "should be (?:due|called|high|low|medium|urgent)", "has changed", "has become urgent", "new (?:due date|deadline|name|priority) for", "make it (?:due|today|tomorrow)", "from now on",
    "drop .{1,60} down to", "(?:make|set|mark) .{1,80}(?:high|medium|low|urgent)(?: priority)?[^\\p{L}]{0,2}$", "can go to (?:high|medium|low)", "move .{1,60} to (?!done|completed)"),
  complete: anyOf(
    "tick (?:it |.{1,60} )?off", "check (?:it |.{1,60} )?off", "cross .{1,60} off", "mark .{1,80} (?:as )?(?:done|completed?)", "(?:set|move) .{1,80} to (?:done|completed)", "close .{1,60} as done", "complete", "(?:is|are|it's|that's) (?:done|finished)",
    "got through", "(?:i|we)(?:'ve)? (?:just |finally |already )?(?:finished|managed to|completed)", "close", "out of the way"),
  delete: anyOf(
    "delete", "remove", "errase", "erase", "cancel", "drop(?! .{1,60} down to)", "scrap", "get rid", "discard", "(?<!cross )take .{1,80} off (?:my|the)", "isn't needed", "obsolete", "was a duplicate", "by mistake", "throw out",
    "(?:no longer|don't) need", "shouldn't be on my list", "not happening", "called off", "can go(?! to)", "clear every"),
  list: anyOf(
    "show", "list (?:me|my|all|the|every\\w*)", "what(?:'s| is| are)? .{0,40}(?:due|left|list|plate|open|overdue|missed|finished|tasks?)", "which (?:of them|day|ones?|tasks)", "give me", "tell me (?!a joke)", "read out", "pull up",
    "can i (?:see|get) (?:everything|all|the|my)", "what do i have", "when exactly", "what's the date"),
};

/** How strongly each operation shows: its signs in the assistant's turns and the user's. */
export interface OperationSigns {
  /** Assistant turns that say so. */
  answers: Record<TaskOperation, number>;
  requests: Record<TaskOperation, boolean>;
}

/** What an assistant asserts: questions without a title are offers ("Want to change one of them?") and say nothing. */
function asserted(answer: string): string {
  return unquoted(answer).split(/(?<=[.!?])\s+/).filter((sentence) => !sentence.endsWith("?") || sentence.includes("~")).join(" ")
    .replace(/\bmay have been deleted( already)?|\bwhen should ~ be finished|\bnothing (was|has been|has) changed|\bno changes made|\bshould i (create|take) (it|that one)[^?]{0,80}\?/gi, "_");
}

/** Counts the signs of each operation in a conversation. Reads words only, never the label. */
export function operationSigns(example: Example): OperationSigns {
  const answers = turnsOf(example, "assistant").map(asserted);
  const users = turnsOf(example, "user").map(unquoted);
  // The first turn says what is wanted; where there are three, it may have been small talk.
  const requests = users.slice(0, users.length > 2 ? 2 : 1).join("\n");
  const perOperation = <T>(count: (operation: TaskOperation) => T) =>
    Object.fromEntries(TASK_OPERATIONS.map((operation) => [operation, count(operation)])) as Record<TaskOperation, T>;
  return {
    answers: perOperation((operation) => answers.filter((answer) => ANSWERS[operation].test(answer)).length),
    requests: perOperation((operation) => REQUESTS[operation].test(requests)),
  };
}

/** How strongly an operation shows: what the assistant did counts twice as much as what the user asked for. */
export function strengthOf({ answers, requests }: OperationSigns, operation: TaskOperation): number {
  return 2 * Math.min(1, answers[operation]) + (requests[operation] ? 1 : 0);
}

/** The operation that the words show best; the label where nothing shows better. Undefined when nothing shows. */
export function shownOperation(example: Example, signs: OperationSigns = operationSigns(example)): TaskOperation | undefined {
  const label = example.extra["operation"];
  const known = isTaskOperation(label) ? label : undefined;
  const best = TASK_OPERATIONS.reduce<TaskOperation | undefined>(
    (leader, operation) => (leader === undefined || strengthOf(signs, operation) > strengthOf(signs, leader) ? operation : leader), known);
  return best === undefined || strengthOf(signs, best) === 0 ? known : best;
}

/** Whether the words show the operation that a row is labelled with, and no other better. */
export function showsLabel(example: Example): boolean {
  const label = example.extra["operation"];
  const signs = operationSigns(example);
  return isTaskOperation(label) && strengthOf(signs, label) > 0 && shownOperation(example, signs) === label;
}

export const PRIORITY_NAMES = ["low", "medium", "high"] as const;
export type PriorityName = (typeof PRIORITY_NAMES)[number];

const PRIORITY_WORDS: Readonly<Record<PriorityName, string>> = { low: "low(?:est)?", medium: "medium|normal", high: "high(?:est)?|top" };

/** The priorities that a text names, outside quotation marks. `urgent` counts as high, `no rush` as low. */
export function prioritiesNamed(text: string): Set<PriorityName> {
  const plain = unquoted(text).toLowerCase();
  const found = new Set<PriorityName>();
  for (const name of PRIORITY_NAMES) {
    const word = PRIORITY_WORDS[name];
    const near = new RegExp(`\\b(?:${word})[ -]+(?:priority|prio)\\b|\\b(?:priority|prio)\\b[^.?!;,\\n]{0,24}?\\b(?:${word})\\b|\\b(?:priority|prio)\\b[^.?!;,\\n]{0,90}?\\bto (?:${word})\\b|\\b(?:${word}) is fine\\b`, "m");
    // "Hm, take high then.": a bare word counts as an answer only where there is little else.
    const isAnswer = plain.length <= 60 && new RegExp(`^\\W*(?:\\w+\\W+){0,3}(?:${word})(?:\\W+(?:then|please|thanks|is fine))*\\W*$`, "m").test(plain);
    if (isAnswer || near.test(plain)) found.add(name);
  }
  if (/\burgent\b/.test(plain)) found.add("high");
  if (/\bno rush\b/.test(plain)) found.add("low");
  return found;
}
