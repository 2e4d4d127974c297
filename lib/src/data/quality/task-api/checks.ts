import type { Example } from "../../example.js";
import { excerpt, turnsOf, type Finding, type Rule } from "../finding.js";
import { contentWords, isAlike } from "../words.js";
import { addDays, daysNamed, isDay } from "./dates.js";
import { isTaskOperation, operationSigns, prioritiesNamed, quotedIn, shownOperation, strengthOf, TASK_OPERATIONS, unquoted } from "./reading.js";

/**
 * What rules can see of a Task API conversation being wrong. Each knows the domain (titles, due dates, priorities, five
 * operations) and English, and stays silent where words are not clear: what they find is a lower bound of the faults.
 */

/** The day that relative dates of a row count from: its own `today`, else the one given. */
const todayOf = (example: Example, fallback: string | undefined): string | undefined => (isDay(example.extra["today"]) ? example.extra["today"] : fallback);

/** Words that any conversation about tasks has, so that sharing them proves nothing. */
const TALK = new Set((
  "task tasks list add added create created make made delete deleted remove removed update updated change changed complete completed mark marked done due date deadline priority " +
  "high medium low title name named called call reminder remind note description need want know today tomorrow monday tuesday wednesday thursday friday saturday sunday january " +
  "february march april may june july august september october november december next week weeks day days month end urgent set put get new open finish finished close cancel move good " +
  "morning afternoon hello dear kindly sorry sure okay wait quick appointment order moment use able kind like think maybe work mean say last back right great"
).split(" "));

const topicWords = (text: string): string[] => contentWords(text).filter((word) => !TALK.has(word));

/** A question or a refusal asserts nothing, so nothing in it can be wrong. */
const DENIES = /\b(can't|cannot|couldn't|could not|no task|nothing|don't see|don't have|isn't|outside|unable|no such|not find|can only|only (good|know|take|accept))\b|n't find/i;

/** The label against the words: the assistant does one thing and the row is labelled another. */
export function labelAgainstWords({ field = "operation" }: { field?: string } = {}): Rule {
  return {
    name: "label-against-words", settings: { field },
    find(example) {
      const label = example.extra[field];
      if (!isTaskOperation(label)) return undefined;
      const signs = operationSigns(example);
      const shown = shownOperation(example, signs);
      if (shown === undefined || shown === label) return undefined;
      // Where the assistant only refuses, the request alone must do: exactly one, and not the label's.
      const isRefused = TASK_OPERATIONS.every((operation) => signs.answers[operation] === 0);
      const asked = TASK_OPERATIONS.filter((operation) => signs.requests[operation]);
      if (isRefused ? asked.length !== 1 : strengthOf(signs, shown) - strengthOf(signs, label) < 2) return undefined;
      return { code: "wrong-label", reason: `is labelled ${label}, but the words show ${shown}: "${excerpt(turnsOf(example, "assistant").at(-1) ?? "")}"` };
    },
  };
}

/** Due dates and lists: the last answer names a day that is none of those the user named last. */
export function dateAgainstRequest({ today }: { today?: string } = {}): Rule {
  return {
    name: "date-against-request", settings: { today: today ?? null },
    find(example) {
      const base = todayOf(example, today);
      const answer = turnsOf(example, "assistant").at(-1);
      if (base === undefined || answer === undefined) return undefined;
      const operation = shownOperation(example);
      // When a task is ticked off or deleted, the answer may well name its old due date.
      if (operation === "complete" || operation === "delete") return undefined;
      const named = daysNamed(unquoted(answer), base);
      // A note may say "on Monday" while the due date is written out.
      const stated = named.some(({ exact }) => exact) ? named.filter(({ exact }) => exact) : named;
      if (stated.length === 0 || DENIES.test(unquoted(answer))) return undefined;
      // "Finish the policy ahead of month-end, by the 10th": a day that the answer has in its title is no due date.
      const titles = quotedIn(answer).join("\n").toLowerCase();
      const asked = turnsOf(example, "user").map((turn) => daysNamed(unquoted(turn), base).filter(({ text }) => !titles.includes(text.toLowerCase()))).findLast((days) => days.length > 0);
      if (!asked) return undefined;
      const wanted = new Set(asked.flatMap(({ days }) => days));
      if (stated.some(({ days }) => days.some((day) => wanted.has(day)))) return undefined;
      return { code: "wrong-date", reason: `the user says "${asked[0]?.text}" (${[...wanted].join(" or ")}, today is ${base}), the assistant "${stated[0]?.text}"` };
    },
  };
}

/** Priorities: the last answer names one other than the user did last. */
export function priorityAgainstRequest(): Rule {
  return {
    name: "priority-against-request",
    find(example) {
      const answer = turnsOf(example, "assistant").at(-1);
      if (answer === undefined) return undefined;
      // Details of a listed task stand in brackets, and a default was not asked for.
      const plain = unquoted(answer);
      const stated = prioritiesNamed((shownOperation(example) === "list" ? plain.replace(/\([^)]*\)/g, "") : plain).replace(/\b(medium|normal) priority by default|priority other than \w+/gi, ""));
      const asked = turnsOf(example, "user").map(prioritiesNamed).findLast((names) => names.size > 0);
      if (stated.size !== 1 || !asked || [...stated].some((name) => asked.has(name)) || DENIES.test(unquoted(answer))) return undefined;
      return { code: "wrong-priority", reason: `the user says ${[...asked].join(" or ")} priority, the assistant ${[...stated].join(" or ")}` };
    },
  };
}

/** Titles that are looked at in one answer. */
const MOST_TITLES = 20;

/** What a title is about: without its verb, which a user may have put in another word, and without what follows "before" or "with". */
function objectOf(title: string): string[] {
  const [, ...rest] = title.split(/\s+/);
  const [core = ""] = rest.join(" ").split(/\b(?:before|after|with|ahead of|while|until|in|at|from)\b/i);
  const words = topicWords(core);
  return words.length > 0 ? words : contentWords(rest.join(" "));
}

/** What a turn speaks of: of quoted titles, only what they are about. */
function topicsOf(turn: string): string[] {
  return [...contentWords(unquoted(turn)), ...quotedIn(turn).flatMap((title) => [...topicWords(title).slice(0, 1), ...objectOf(title)])];
}

const sharesWord = (words: readonly string[], others: readonly string[]): boolean => words.some((word) => others.some((other) => isAlike(word, other)));

/** Words that prove nothing alone do so side by side: the on-call list. */
function sharesPair(title: string, turns: readonly string[]): boolean {
  const pairs = (text: string): string[] => contentWords(text).map((word, at, all) => `${word} ${all[at + 1] ?? ""}`).slice(0, -1);
  const said = new Set(turns.flatMap((turn) => pairs(unquoted(turn))));
  return pairs(title).some((pair) => said.has(pair));
}

/** Titles: the last answer is about a task that nobody mentioned. */
export function titleNeverMentioned(): Rule {
  const fault = (title: string): Finding => ({ code: "wrong-title", reason: `the assistant speaks of "${excerpt(title)}", which nobody mentioned` });
  return {
    name: "title-never-mentioned",
    find(example) {
      const users = turnsOf(example, "user");
      const answers = turnsOf(example, "assistant");
      const answer = answers.at(-1);
      const [first, ...others] = answer === undefined ? [] : quotedIn(answer);
      if (answer === undefined || first === undefined) return undefined;
      const same = (title: string) => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
      const earlier = new Set([...users, ...answers.slice(0, -1)].flatMap(quotedIn).map(same));
      const isKnown = (title: string) => earlier.has(same(title));
      if (shownOperation(example) === "list") {
        if (answers.length > 1 && earlier.size > 0) return [first, ...others].filter((title) => !isKnown(title)).map(fault)[0];
        // "2 tasks about the demo account": the first of them has to be.
        const about = topicWords(/\b(?:about|mention(?:s|ing)?) ([^:~\n(.,]{3,60})/i.exec(unquoted(answer))?.[1] ?? "");
        return about.length > 0 && !sharesWord(about, topicWords(first)) ? fault(first) : undefined;
      }
      // A refusal may go on to suggest another task.
      const titles = shownOperation(example) === "complete" && !DENIES.test(unquoted(answer)) ? [first, ...others].slice(0, MOST_TITLES) : [first];
      if (/\b(note|description|detail|says?|saying)\b[^~]{0,20}~/i.test(unquoted(answer).slice(0, unquoted(answer).indexOf("~") + 1))) return undefined;
      const wasNamed = quotedIn(answers.at(-2) ?? "").some((title) => /^\p{Lu}\S* \S/u.test(title));
      const heard = (wasNamed ? users.slice(-1) : users).flatMap(topicsOf);
      for (const title of titles) {
        const words = objectOf(title);
        if (words.length === 0 || isKnown(title) || sharesWord(words, heard) || sharesPair(title, wasNamed ? users.slice(-1) : users)) continue;
        if (wasNamed || heard.length > 0) return fault(title);
      }
      return undefined;
    },
  };
}

/** A task that is due before it was asked for. */
export function dueInThePast({ today }: { today?: string } = {}): Rule {
  return {
    name: "due-in-the-past", settings: { today: today ?? null },
    find(example) {
      const base = todayOf(example, today);
      const answer = turnsOf(example, "assistant").at(-1);
      if (base === undefined || answer === undefined) return undefined;
      const plain = unquoted(answer);
      if (!/\b(created|added|saved|rescheduled|new due date|now due|new task)\b/i.test(plain) || DENIES.test(plain) || plain.includes("?")) return undefined;
      const [stated] = daysNamed(plain, base);
      const latest = stated?.days.at(-1);
      if (latest === undefined || latest >= base || latest < addDays(base, -366)) return undefined;
      return { code: "due-in-the-past", reason: `the assistant confirms "${stated?.text}", which is before the row's today, ${base}` };
    },
  };
}

const TASK_TALK = /\b(tasks?|to-?dos?|list|due|deadlines?|priority|remind(er)?s?|done|overdue|title|created?|added|add (?:a|the|it|this|that|one|something|~)|update[d]?|delete[d]?|removed?|completed?|complete|rescheduled?|renamed?|check(?:ed)? off|tick(?:ed)? off|marked|saved|cancel (?:the|my|it|that|~)|erase|remind me|my list|finished|put)(?!\w)/i;

/** Neither side speaks of tasks. */
export function offTopic(): Rule {
  return {
    name: "off-topic",
    find(example) {
      const answers = turnsOf(example, "assistant").join("\n");
      const all = [...turnsOf(example, "user"), answers].join("\n");
      if (answers === "" || TASK_TALK.test(unquoted(all)) || Object.values(operationSigns(example).answers).some((turns) => turns > 0)) return undefined;
      return { code: "off-topic", reason: `the assistant says nothing about tasks: "${excerpt(answers)}"` };
    },
  };
}

/**
 * The checks of the Task API. The answer checks read the label, so a wrong label comes first.
 *
 * @param today - for rows without a `today` of their own, YYYY-MM-DD
 */
export function taskApiChecks(options: { today?: string } = {}): Rule[] {
  return [offTopic(), labelAgainstWords(), dateAgainstRequest(options), priorityAgainstRequest(), titleNeverMentioned(), dueInThePast(options)];
}

/** Everything that is wrong with an example by these checks. */
export function findingsOf(example: Example, checks: readonly Rule[]): Finding[] {
  return checks.flatMap((check) => check.find(example) ?? []);
}

/**
 * Whether what the last answer says of a task is what the user said: it names a title, a day or a priority, the user
 * named each of them, and no check finds a fault. A judge's doubt about such an answer is more often wrong than right.
 *
 * @param today - for rows without a `today` of their own, YYYY-MM-DD
 */
export function repeatsRequest(example: Example, options: { today?: string } = {}): boolean {
  const users = turnsOf(example, "user");
  const answer = turnsOf(example, "assistant").at(-1) ?? "";
  const plain = unquoted(answer);
  const base = todayOf(example, options.today);
  const named: boolean[] = [];
  const [title] = quotedIn(answer);
  if (title !== undefined) named.push(sharesWord(objectOf(title), users.flatMap(topicsOf)) || sharesPair(title, users));
  const days = base === undefined ? [] : daysNamed(plain, base).flatMap((mention) => mention.days);
  if (base !== undefined && days.length > 0) named.push(users.some((turn) => daysNamed(unquoted(turn), base).some((mention) => mention.days.some((day) => days.includes(day)))));
  const priorities = prioritiesNamed(plain);
  if (priorities.size > 0) named.push(users.some((turn) => [...prioritiesNamed(turn)].some((name) => priorities.has(name))));
  return named.length > 0 && named.every(Boolean) && findingsOf(example, taskApiChecks(options)).length === 0;
}
