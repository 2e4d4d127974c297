/** Days in the user's words ("Friday", "the 14th", "next week") as days of the calendar. */
import { addDays, isDay } from "../data/quality/task-api/dates.js";

/** The days that words name, first and last, YYYY-MM-DD; the same day twice where they name one. */
export interface DayRange {
  from: string;
  to: string;
}

/** Why words are no day: what they say contradicts itself, or names none. */
export interface UnclearDate {
  unclear: string;
}

const ORDINAL = /^(?:the )?(\d{1,2})(?:st|nd|rd|th)$/;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
const WEEKDAY = `(${WEEKDAYS.join("|")})`;
const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"] as const;
const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const MONTH = `(${MONTHS.join("|")})`;

const WITH_ARTICLE = new RegExp(`\\b(${MONTHS.join("|")}) the (\\d{1,2}(?:st|nd|rd|th)\\b)|\\b(?<=day),? the (?=\\d{1,2}(?:st|nd|rd|th) (?:of )?${MONTH})`, "g");

const LEAP_DAY = /\b(?:feb(?:ruary)?\.? 29(?:th)?|29(?:th)?(?: of)? feb(?:ruary)?|2\/29)\b(?!,? ?\d|\/)/;

/** Words that say nothing about the day: prepositions, times of the day. */
const IN_FRONT = /^(?:(?:by|on|before|until|till|for|due|at|around|sometime|first thing|early|late|the (?:morning|afternoon|evening|night) of|(?:the )?(?:close|end) of (?:business|play)(?: on)?|midnight on|noon on)\s+)+/;
const BEHIND = /(?:,?\s+(?:(?:in the )?(?:morning|afternoon|evening)|at (?:noon|midnight|night|lunchtime)|night|first thing|at the latest|please))+$/;

type Reader = (match: RegExpExecArray, today: string) => DayRange | UnclearDate | undefined;

const one = (day: string | undefined): DayRange | undefined => (day === undefined ? undefined : { from: day, to: day });

/** What chrono-node does not read, or reads as one day of the several that it means. */
const FORMS: readonly [pattern: RegExp, read: Reader][] = [
  [/^(\d{4}-\d{2}-\d{2})(?:t[\d:.]+z?)?$/, ([, day = ""]) => (Boolean(isDay(day)) ? one(day) : { unclear: `the calendar has no ${day}` })],
  [/^(?:today|tonight|now|this (?:morning|afternoon|evening)|noon|midday|midnight|(?:the )?end of (?:the )?day|eod|asap)$/, (match, today) => (match[0] === "asap" ? { unclear: "it names no day" } : one(today))],
  [/^(?:tomorrow|tmrw|tmw|2moro)$/, (_, today) => one(addDays(today, 1))],
  [ORDINAL, ([, day = ""], today) => one(dayOfMonth(Number(day), today))],
  [new RegExp(`^${WEEKDAY},? the (\\d{1,2})(?:st|nd|rd|th)$`), ([, name = "", day = ""], today) => {
    for (let month = 0, from = today; month < 12; month++) {
      const found = dayOfMonth(Number(day), from);
      if (found === undefined) return undefined;
      if (weekdayOf(found) === WEEKDAYS.indexOf(name as "sunday")) return one(found);
      from = addDays(found, 1);
    }
    return { unclear: `no ${name} of the next months is the ${day}` };
  }],
  [new RegExp(`^last ${WEEKDAY}$`), ([, name = ""], today) => one(addDays(coming(today, name), -7))],
  [new RegExp(`^(?:next ${WEEKDAY}|${WEEKDAY} (?:of )?next week)$`), ([, before, behind], today) => one(addDays(monday(today), 7 + ((WEEKDAYS.indexOf((before ?? behind) as "sunday") + 6) % 7)))],
  // "Saturday week": the one after the coming one.
  [new RegExp(`^(?:${WEEKDAY} week|a week (?:on|from) ${WEEKDAY})$`), ([, before, behind], today) => one(addDays(coming(today, before ?? behind ?? ""), 7))],
  [new RegExp(`^(?:in )?${MONTH}(?:,? (\\d{4}))?$`), ([, name = "", year], today) => {
    const month = `${year ?? today.slice(0, 4)}-${String(MONTHS.indexOf(name as "may") + 1).padStart(2, "0")}`;
    const [from, to] = monthOf(`${month}-01`, year === undefined && month < today.slice(0, 7) ? 12 : 0);
    return { from: from < today && today <= to ? today : from, to };
  }],
  [/^(\d{1,2})\.(\d{1,2})\.(\d{4})$/, ([, day = "", month = "", year = ""]) => {
    const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    return isDay(iso) ? one(iso) : { unclear: `the calendar has no ${day}.${month}.${year}` };
  }],
  [new RegExp(`^(?:in )?(\\d{1,3}|an?|${NUMBERS.join("|")}) (day|week|fortnight|month|year)s?(?: (?:from (now|today|tomorrow)|time))?$`), ([, count = "", unit = "", from], today) => {
    const number = /^\d/.test(count) ? Number(count) : /^an?$/.test(count) ? 1 : NUMBERS.indexOf(count);
    return one(ahead(from === "tomorrow" ? addDays(today, 1) : today, number, unit));
  }],
  [/^(this|next|last) weekend$/, ([, which], today) => { const saturday = addDays(monday(today), 5 + shift(which, 7)); return { from: later(saturday, which === "this" ? today : saturday), to: addDays(saturday, 1) }; }],
  [/^(?:the )?weekend$/, (_, today) => { const saturday = addDays(monday(today), 5); return { from: later(saturday, today), to: addDays(saturday, 1) }; }],
  [/^(this|next|last|the|the coming) week$/, ([, which], today) => { const first = addDays(monday(today), shift(which, 7)); return { from: shift(which, 7) === 0 ? today : first, to: addDays(first, 6) }; }],
  [/^(?:the )?week after next$/, (_, today) => { const first = addDays(monday(today), 14); return { from: first, to: addDays(first, 6) }; }],
  [/^(?:the )?end of (?:(this|next|the) )?week$/, ([, which], today) => one(addDays(monday(today), 6 + shift(which, 7)))],
  [/^(this|next|last|the) month$/, ([, which], today) => { const [from, to] = monthOf(today, shift(which, 1)); return { from: shift(which, 1) === 0 ? today : from, to }; }],
  [/^(?:(?:the )?end of (?:(this|next|the) )?month|month['’]s end|month-end)$/, ([, which], today) => one(monthOf(today, shift(which, 1))[1])],
  [/^(this|next|last|the) year$/, ([, which], today) => { const year = Number(today.slice(0, 4)) + shift(which, 1); return { from: shift(which, 1) === 0 ? today : `${year}-01-01`, to: `${year}-12-31` }; }],
  [/^(?:the )?end of (?:(this|next|the) )?year$/, ([, which], today) => one(`${Number(today.slice(0, 4)) + shift(which, 1)}-12-31`)],
  [/^(?:the )?(christmas(?: day)?|xmas|christmas eve|boxing day|new year(?:['’]?s)?(?: day)?|new year['’]?s eve|easter(?: sunday)?|easter monday|good friday)$/, ([, name = ""], today) => one(holiday(name.replace(/[’']/g, ""), today))],
  // Chrono takes "a few days" for three.
  [/\b(?:few|couple|several|some)\b/, () => ({ unclear: "it does not say how many" })],
  [/\bquarter\b/, () => ({ unclear: "it names no day" })],
  [/\bor\b/, () => ({ unclear: "it names more than one" })],
];

/**
 * The days that words name. What can lie ahead does: said on 21 November, "the 14th" is the 14th of December and "March" next
 * year's; a weekday that is today's name is today; "next Friday" is the Friday of the next week, which begins on a Monday. A date
 * of numbers is read month first ("10/6" is 6 October), unless no month has that number, or it has full stops ("6.10.2026"). Of a
 * period that has begun, what is left of it. Times of the day are passed over.
 *
 * Limits: English; no seasons, no "mid-October", no ranges ("Monday to Friday").
 *
 * @param words as the user said them, with or without a preposition
 * @param today YYYY-MM-DD
 */
export function resolveDays(words: string, today: string): DayRange | UnclearDate {
  const plain = words.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim().replace(/^["'“”‘]+|["'“”’.!?,]+$/gu, "")
    .replace(/\b(mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\b\.?/g, (short) => WEEKDAYS.find((name) => name.startsWith(short.slice(0, 3))) ?? short)
    // "Friday the 4th of December", "December the 5th": chrono-node knows them without the article.
    .replace(WITH_ARTICLE, "$1 $2")
    // It looks no further than next year for one.
    .replace(LEAP_DAY, () => `february 29, ${nextLeapYear(today)}`);
  if (plain.length === 0 || plain.length > 80) return { unclear: "it names no day" };
  for (const text of variants(plain)) {
    for (const [pattern, read] of FORMS) {
      const match = pattern.exec(text);
      const found = match ? read(match, today) : undefined;
      if (found) return found;
    }
  }
  return byChrono(plain, today);
}

/** The day that a due date in words means: of several days the last, for what is due "next week" is late when that is over. */
export function resolveDueDate(words: string, today: string): { day: string } | UnclearDate {
  const days = resolveDays(words, today);
  return "unclear" in days ? days : { day: days.to };
}

/** The words as they are, and without what says nothing about the day. */
function variants(text: string): string[] {
  const front = text.replace(IN_FRONT, ""), bare = front.replace(BEHIND, "").replace(/\s+at \d{1,2}(?:[:.]\d{2})?(?: ?[ap]\.?m\.?| o['’]clock)?$/, "");
  return [...new Set([text, front, bare])].filter((variant) => variant !== "");
}

function byChrono(text: string, today: string): DayRange | UnclearDate {
  // Loaded on use: it takes longer than the rest of the module.
  const { en } = require("chrono-node") as typeof import("chrono-node");
  // Hours count from the morning, so that "in 7 hours" is still today and "in 20 hours" is not; all else from midnight, so that the
  // morning of today still lies ahead. UTC, so that no time zone moves a day.
  const from = /\b(?:hours?|hrs?|minutes?|mins?)\b/.test(text) ? "09" : "00";
  const results = en.casual.parse(text, { instant: new Date(`${today}T${from}:00:00Z`), timezone: 0 }, { forwardDate: true });
  const [result] = results;
  if (!result) return { unclear: "it names no day" };
  if (results.length > 1 || result.end) return { unclear: "it names more than one" };
  const rest = `${text.slice(0, result.index)} ${text.slice(result.index + result.text.length)}`.replace(/\s+/g, " ").trim();
  const filler = /^(?:(?:by|on|before|until|till|for|due|at|around|the|of|,|sometime|first thing|early|late|in|morning|afternoon|evening|night|noon|close of business|end of business|end of play|latest|please) ?)*$/;
  if (!filler.test(rest)) return { unclear: `“${rest}” is not clear beside “${result.text}”` };
  const { start } = result;
  const day = start.date().toISOString().slice(0, 10);
  if (!isDay(day)) return { unclear: "it names no day" };
  const weekday = start.get("weekday");
  if (start.isCertain("weekday") && start.isCertain("day") && weekday !== null && weekday !== weekdayOf(day)) {
    return { unclear: `${day} is a ${capital(WEEKDAYS[weekdayOf(day)])}, not a ${capital(WEEKDAYS[weekday as 0])}` };
  }
  // A month alone ("Jan") is all of it, not its first day.
  if (start.isCertain("month") && !start.isCertain("day")) {
    const [first, last] = monthOf(day, 0);
    return first <= today && today <= last ? { from: today, to: last } : { from: first, to: last };
  }
  if (start.isCertain("year") && !start.isCertain("month")) return { unclear: "it names no day" };
  return { from: day, to: day };
}

const capital = (name = ""): string => name.slice(0, 1).toUpperCase() + name.slice(1);
const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay();
const monday = (day: string): string => addDays(day, -((weekdayOf(day) + 6) % 7));
const later = (a: string, b: string): string => (a > b ? a : b);
const shift = (which: string | undefined, by: number): number => (which === "next" ? by : which === "last" ? -by : 0);
const coming = (today: string, name: string): string => addDays(today, (WEEKDAYS.indexOf(name as "sunday") - weekdayOf(today) + 7) % 7);

function nextLeapYear(today: string): number {
  let year = Number(today.slice(0, 4));
  while (!isDay(`${year}-02-29`) || `${year}-02-29` < today) year++;
  return year;
}

function ahead(day: string, count: number, unit: string): string {
  if (unit === "day" || unit === "week" || unit === "fortnight") return addDays(day, count * { day: 1, week: 7, fortnight: 14 }[unit]);
  // The 31st of a shorter month is its last day.
  const [first, last] = monthOf(day, unit === "year" ? 12 * count : count);
  const same = `${first.slice(0, 8)}${day.slice(8)}`;
  return same < last ? same : last;
}

/** The first and last day of the month that is `by` months from a day's. */
function monthOf(day: string, by: number): [first: string, last: string] {
  const year = Number(day.slice(0, 4)), month = Number(day.slice(5, 7)) - 1 + by;
  const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return [iso(Date.UTC(year, month, 1)), iso(Date.UTC(year, month + 1, 0))];
}

/** The next day with that number, today's included; undefined where no month has one. */
function dayOfMonth(day: number, today: string): string | undefined {
  if (day < 1 || day > 31) return undefined;
  for (let ahead = 0; ahead < 63; ahead++) {
    const candidate = addDays(today, ahead);
    if (Number(candidate.slice(8)) === day) return candidate;
  }
  return undefined;
}

function holiday(name: string, today: string): string {
  const inYear = (year: number): string => {
    if (/^(?:christmas(?: day)?|xmas)$/.test(name)) return `${year}-12-25`;
    if (name === "christmas eve") return `${year}-12-24`;
    if (name === "boxing day") return `${year}-12-26`;
    if (name.endsWith("eve")) return `${year}-12-31`;
    if (name.startsWith("new year")) return `${year}-01-01`;
    return addDays(easter(year), name === "good friday" ? -2 : name === "easter monday" ? 1 : 0);
  };
  const year = Number(today.slice(0, 4));
  return inYear(year) >= today ? inYear(year) : inYear(year + 1);
}

/** Easter Sunday of a Gregorian year, by the anonymous algorithm (Meeus, Astronomical Algorithms, 1991, chapter 8). */
function easter(year: number): string {
  const a = year % 19, b = Math.floor(year / 100), c = year % 100;
  const d = Math.floor(b / 4), e = b % 4, f = Math.floor((b + 8) / 25), g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30, i = Math.floor(c / 4), k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7, m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31), day = ((h + l - 7 * m + 114) % 31) + 1;
  return [year, month, day].map((part) => String(part).padStart(2, "0")).join("-");
}
