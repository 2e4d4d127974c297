import type { JudgedText } from "../judge-prompt.js";
import { OPERATIONS, type Operation } from "../task-api.js";
import { addDays, comingDayOfMonth, comingWeekday, daysBetween, endOfMonth, endOfWeek, isDay, MONTHS, nextWeeksDay, NUMBER_WORDS, WEEKDAYS } from "./calendar.js";
import { contentWords } from "./tasks.js";

/**
 * How the simulated judge reads a conversation: from its words alone, with patterns. It sees nothing that a model
 * would not see, and like one it is sometimes wrong.
 */

/** What the judge can find fault with. */
export type Problem = "wrong_answer" | "wrong_label" | "off_topic" | "too_short" | "too_long" | "dirty";

/** The faults of one conversation. */
export function findProblems(conversation: JudgedText, today: string): Set<Problem> {
  const problems = new Set<Problem>();
  const said = conversation.turns.filter((turn) => turn.role === "user").map((turn) => turn.text).join("\n");
  const answers = conversation.turns.filter((turn) => turn.role === "assistant").map((turn) => turn.text);
  const all = conversation.turns.map((turn) => turn.text).join("\n");
  const words = all.split(/\s+/).length;
  if (words < 8) problems.add("too_short");
  if (words > 330) problems.add("too_long");
  if (/Ã.|â€|\u200b|\u00a0| {2}\S/.test(all)) problems.add("dirty");
  if (problems.has("too_short")) return problems;
  if (!TASK_TALK.test(all)) {
    problems.add("off_topic");
    return problems;
  }
  const earlier = conversation.turns.slice(0, -1).map((turn) => turn.text).join("\n");
  if (answersWrongly(said, earlier, answers.at(-1) ?? "", today)) problems.add("wrong_answer");
  const shown = shownOperations(answers);
  if (conversation.operation !== undefined && shown.size > 0 && !shown.has(conversation.operation)) problems.add("wrong_label");
  return problems;
}

const TASK_TALK = /\b(tasks?|to-?do|list|due|deadline|priority|prio|remind(er)?|done|complete[d]?|finished|delete[d]?|overdue|title|description|moved?|updated?|checked off|notes?|add (a|the|to)|remove|removed|push|rescheduled?|cancel|drop|scrap|gone|renamed?|called|postpone|get rid)\b/i;

/** Which operations the assistant says it carried out; empty when it says nothing clear. */
function shownOperations(answers: readonly string[]): Set<string> {
  return new Set(OPERATIONS.filter((operation) => answers.some((answer) => ANSWER_SIGNS[operation].test(unquoted(answer)))));
}

const ANSWER_SIGNS: Readonly<Record<Operation, RegExp>> = {
  create: /\b(created ~|has been created|I've added ~|added ~|I added a task|task created|new task|task saved|I've put ~ on|saved ~|is on your list|I've added this)/im,
  update: /\b(updated|rescheduled|I moved|is now due|now has \w+ priority|new due date|I've pushed|renamed|is now called|title changed|changes saved|I changed|priority of ~ set)\b/i,
  complete: /(marked? (~ )?as (done|completed)|is complete|I've checked off|I checked off|off your list: ~|~ is off your list(?! for good)|completed: ~|closed ~ as|counts as done|~ is completed|completed tasks|completed \d+ tasks|was already completed|already marked as done|has been complete since|done already|are complete now|you checked off)/i,
  delete: /\b((?<!may have been )deleted|is gone|removed|for good|deletion|deleting|no longer exists|delete ~|should I really delete|stays? on your list|kept ~|restore)\b/i,
  list: /(^|\n)(you have \d+|here (is|are) \d+|I found \d+|there (is|are) \d+|\d+ [\w ]*tasks?\b)|\bnothing (else )?is (due|overdue)|no tasks? mentions?|you have no|haven't completed any|your list is empty/i,
};
/** Quoted titles say what a task is about, not what is done to it. */
function unquoted(text: string): string {
  return text.replace(QUOTED, "~");
}

const QUOTED = /(?<![\p{L}\p{N}])(?:'(?:[^'\n]|'(?=\p{L}))+'|"[^"\n]+"|“[^”\n]+”|‘(?:[^’\n]|’(?=\p{L}))+’)(?![\p{L}\p{N}])/gu;

function answersWrongly(said: string, earlier: string, answer: string, today: string): boolean {
  // Only a statement can be wrong; a mere question confirms nothing.
  const asked = findDates(said, today);
  const confirmed = findDates(answer, today);
  const isConfirming = /I can't|outside what|beyond me/.test(answer) ? false : !answer.includes("?") || OPERATIONS.some((operation) => ANSWER_SIGNS[operation].test(unquoted(answer)));
  if (isConfirming && asked.size > 0 && confirmed.size > 0 && ![...confirmed].some((day) => asked.has(day))) return true;
  const wanted = findPriorities(said);
  const given = findPriorities(unquoted(answer).replace(/\([^)]*\)/g, ""));
  if (wanted.size > 0 && given.size === 1 && ![...given].some((level) => wanted.has(level)) && !/low, medium/.test(answer)) return true;
  const isList = ANSWER_SIGNS.list.test(unquoted(answer));
  const first = [...answer.matchAll(QUOTED)][0]?.[0].slice(1, -1);
  if (first === undefined || (isList && !/\b(about|mention|to do with|have on)\b/i.test(said))) return false;
  const heard = [...new Set(contentWords(earlier))];
  const words = contentWords(first);
  // A loose reference ("that task") gives nothing to compare with.
  return heard.length >= 4 && words.length > 1 && !words.some((word) => heard.some((other) => alike(word, other)));
}

/** Equal up to an ending or a slip of the keyboard: "reviewing" and "review", "reciept" and "receipt". */
function alike(a: string, b: string): boolean {
  if (a.slice(0, 4) === b.slice(0, 4)) return true;
  return a.length > 4 && a.length === b.length && [...a].sort().join("") === [...b].sort().join("");
}

function findPriorities(text: string): Set<string> {
  const found = new Set<string>();
  const plain = text.toLowerCase();
  if (/\b(high|top)(est)?[ -](priority|prio)\b|\b(priority|prio)\b[^.?!\n]{0,24}\bhigh\b|\burgent\b|^\W*(\w+ )?high( then)?\W*$/m.test(plain)) found.add("high");
  if (/\b(medium|normal)[ -](priority|prio)\b|\b(priority|prio)\b[^.?!\n]{0,24}\bmedium\b|^\W*(\w+ )?medium( then)?\W*$|\bmedium is fine\b/m.test(plain)) found.add("medium");
  if (/\blow[ -](priority|prio)\b|\b(priority|prio)\b[^.?!\n]{0,24}\blow\b|\bno rush\b|^\W*(\w+ )?low( then)?\W*$/m.test(plain)) found.add("low");
  return found;
}

const MONTH = `(${MONTHS.join("|")}|${MONTHS.map((month) => month.slice(0, 3)).join("|")})`;
const WEEKDAY = `(${WEEKDAYS.join("|")})`;
const COUNT = `(\\d{1,2}|${NUMBER_WORDS.join("|")})`;

/** The days that a text names, as YYYY-MM-DD, relative ones counted from `today`. */
export function findDates(text: string, today: string): Set<string> {
  const found = new Set<string>();
  let rest = text;
  const take = (pattern: string, resolve: (match: string[]) => string | undefined) => {
    rest = rest.replace(new RegExp(pattern, "gi"), (...match: unknown[]) => {
      const day = resolve(match.slice(1).map((part) => (typeof part === "string" ? part : "")));
      if (day !== undefined && isDay(day)) found.add(day);
      return " ~ ";
    });
  };
  take("\\b(\\d{4}-\\d{2}-\\d{2})\\b", ([iso]) => iso);
  take(`\\b${MONTH}\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b(?:,? (\\d{4}))?`, ([month = "", day = "", year]) => monthDay(month, Number(day), year, today));
  take(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH}\\b(?:,? (\\d{4}))?`, ([day = "", month = "", year]) => monthDay(month, Number(day), year, today));
  take("\\ba week from (?:today|now)\\b", () => addDays(today, 7));
  take("\\b(?:the )?day after (?:tomorrow|tmrw)\\b", () => addDays(today, 2));
  take("\\b(?:tomorrow|tmrw|tomorow)\\b", () => addDays(today, 1));
  take("\\byesterday\\b", () => addDays(today, -1));
  take("\\b(?:today|tonight)\\b(?!'s)", () => today);
  take(`\\b(?:in )?${COUNT} (day|week)s?(?: from now| from today)?\\b`, ([count = "", unit]) => addDays(today, toNumber(count) * (unit === "week" ? 7 : 1)));
  take(`\\bnext ${WEEKDAY}\\b`, ([name = ""]) => nextWeeksDay(today, weekdayIndex(name)));
  take(`\\blast ${WEEKDAY}\\b`, ([name = ""]) => addDays(comingWeekday(today, weekdayIndex(name)), -7));
  take("\\bend of (?:the|this) month\\b", () => endOfMonth(today));
  take("\\bend of (?:the|this) week\\b", () => endOfWeek(today));
  take("\\bthe (\\d{1,2})(?:st|nd|rd|th)\\b", ([day = ""]) => (Number(day) >= 1 && Number(day) <= 31 ? comingDayOfMonth(today, Number(day)) : undefined));
  take(`\\b${WEEKDAY}\\b(?!, ~)`, ([name = ""]) => comingWeekday(today, weekdayIndex(name)));
  return found;
}

function monthDay(name: string, day: number, year: string | undefined, today: string): string | undefined {
  const month = MONTHS.findIndex((full) => full.toLowerCase().startsWith(name.slice(0, 3).toLowerCase())) + 1;
  if (month === 0 || day < 1 || day > 31) return undefined;
  const tail = `-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
  if (year) return `${year}${tail}`;
  const years = [-1, 0, 1].map((shift) => `${Number(today.slice(0, 4)) + shift}${tail}`).filter(isDay);
  // Without a year the nearest one is meant, the future weighing more than the past.
  const distance = (iso: string) => { const days = daysBetween(today, iso); return days < 0 ? -3 * days : days; };
  return years.sort((a, b) => distance(a) - distance(b))[0];
}

function weekdayIndex(name: string): number {
  return WEEKDAYS.findIndex((weekday) => weekday.toLowerCase() === name.toLowerCase());
}

function toNumber(word: string): number {
  const index = NUMBER_WORDS.findIndex((name) => name === word.toLowerCase());
  return index === -1 ? Number(word) : index;
}
