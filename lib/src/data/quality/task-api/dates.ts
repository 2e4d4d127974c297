import { isSlip } from "../words.js";

/** A day named in a text. English is not always exact, so a mention can stand for several days. */
export interface DayMention {
  /** YYYY-MM-DD, ascending. */
  days: string[];
  /** The words. */
  text: string;
  /** A day of the calendar ("November 23") rather than one that counts from today ("tomorrow"). */
  exact: boolean;
}

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
/** Long enough that one wrong letter leaves no other English word. */
const MISSPELT = [...WEEKDAYS, ...MONTHS.filter((name) => name.length > 5), "tomorrow", "yesterday", "tonight"];

const DAY_MS = 86_400_000;

/** The day `days` after an ISO day, in UTC. */
export function addDays(iso: string, days: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whether a text is a day of the calendar, YYYY-MM-DD. */
export function isDay(text: unknown): text is string {
  if (typeof text !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const weekdayOf = (iso: string): number => new Date(`${iso}T00:00:00Z`).getUTCDay();

/** The first such weekday after `today`. */
const coming = (today: string, weekday: number): string => addDays(today, ((weekday - weekdayOf(today) + 6) % 7) + 1);

const MONTH = `(${MONTHS.map((name) => `${name}|${name.slice(0, 3)}`).join("|")}|sept)`;
const WEEKDAY = `(${WEEKDAYS.map((name) => `${name}|${name.slice(0, name.startsWith("t") ? 4 : 3)}`).join("|")}|tue|thu)`;
const COUNT = `(\\d{1,3}|${NUMBERS.join("|")})`;
/** The forms before this one name a day of the calendar. */
const EXACT_FORMS = 4;

type Reader = (groups: string[], today: string) => string[];

/** From the most to the least exact: what one form has read, the next does not see. */
const FORMS: readonly [pattern: string, read: Reader][] = [
  ["\\b(\\d{4}-\\d{2}-\\d{2})\\b", ([iso]) => [iso ?? ""]],
  [`\\b(?:${WEEKDAY},? )?${MONTH}\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b(?:,? (\\d{4})\\b)?`, ([, month = "", day = "", year], today) => monthDay(month, day, year, today)],
  [`\\b(?:${WEEKDAY},? )?(?:the )?(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH}\\b(?:,? (\\d{4})\\b)?`, ([, day = "", month = "", year], today) => monthDay(month, day, year, today)],
  ["\\b(\\d{1,2})/(\\d{1,2})/(\\d{4})\\b", ([a = "", b = "", year = ""]) => [isoOf(year, a, b), isoOf(year, b, a)]],
  ["\\b(?:the )?day after (?:tomorrow|tmrw)\\b", (_, today) => [addDays(today, 2)]],
  ["\\b(?:the )?day before yesterday\\b", (_, today) => [addDays(today, -2)]],
  [`\\b(?:in )?${COUNT} (day|week|fortnight)s?(?: from (?:now|today)| time)?\\b(?! ago)`, ([count = "", unit], today) => [addDays(today, numberOf(count) * daysIn(unit))]],
  ["\\b(?:in an? (day|week|fortnight)|an? (day|week|fortnight) from (?:now|today))\\b", ([ahead, from], today) => [addDays(today, daysIn(ahead || from))]],
  [`\\b${COUNT} (day|week|fortnight)s? ago\\b`, ([count = "", unit], today) => [addDays(today, -numberOf(count) * daysIn(unit))]],
  ["\\b(?:tomorrow|tmrw|tmw|2moro)\\b", (_, today) => [addDays(today, 1)]],
  ["\\byesterday\\b", (_, today) => [addDays(today, -1)]],
  ["\\b(?:today|tonight)\\b(?!['’]s)", (_, today) => [today]],
  // Said on a Friday, "next Monday" is in three days for some and in ten for others: both count.
  [`\\bnext ${WEEKDAY}\\b`, ([name = ""], today) => { const first = coming(today, weekdayNumber(name)); return [first, addDays(first, 7)]; }],
  [`\\blast ${WEEKDAY}\\b`, ([name = ""], today) => { const next = coming(today, weekdayNumber(name)); return [addDays(next, -7), addDays(next, -14)]; }],
  ["\\bend of (?:the|this) month\\b|\\bmonth['’]s end\\b|\\bmonth-end\\b", (_, today) => [new Date(Date.UTC(Number(today.slice(0, 4)), Number(today.slice(5, 7)), 0)).toISOString().slice(0, 10)]],
  ["\\bend of (?:the|this) week\\b", (_, today) => { const sunday = weekdayOf(today) === 0 ? today : coming(today, 0); return [addDays(sunday, -2), addDays(sunday, -1), sunday]; }],
  ["\\bthe (\\d{1,2})(?:st|nd|rd|th)\\b", ([day = ""], today) => dayOfMonth(Number(day), today)],
  // On a Friday, "by Friday" may be today.
  [`\\b(this )?${WEEKDAY}\\b`, ([, name = ""], today) => [...(weekdayOf(today) === weekdayNumber(name) ? [today] : []), coming(today, weekdayNumber(name))]],
];

const COMPILED = FORMS.map(([pattern, read]) => [new RegExp(pattern, "gi"), read] as const);

/**
 * The days that an English text names, in the order of exactness. Relative ones count from `today`; of a day without a
 * year, this year's and its neighbours' nearest are meant. Slips of the keyboard in names of days and months are mended.
 *
 * Limits: no times, no ranges ("from Monday to Friday" is two days), no months alone, no holidays.
 *
 * @param today - YYYY-MM-DD
 */
export function daysNamed(text: string, today: string): DayMention[] {
  const found: DayMention[] = [];
  let rest = text.replace(/\s+/g, " ").replace(/\p{L}{6,}/gu, mend);
  for (const [form, [pattern, read]] of COMPILED.entries()) {
    rest = rest.replace(pattern, (...match: unknown[]) => {
      const groups = match.slice(1, -2).map((part) => (typeof part === "string" ? part : ""));
      const days = [...new Set(read(groups, today).filter(isDay))].sort();
      if (days.length === 0) return String(match[0]);
      found.push({ days, text: String(match[0]).trim(), exact: form < EXACT_FORMS });
      return " ~ ";
    });
  }
  return found;
}

function mend(word: string): string {
  const lower = word.toLowerCase();
  return MISSPELT.find((name) => name !== lower && isSlip(name, lower)) ?? word;
}

function isoOf(year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

function monthDay(name: string, day: string, year: string | undefined, today: string): string[] {
  const month = String(MONTHS.findIndex((full) => full.startsWith(name.toLowerCase().slice(0, 3))) + 1);
  if (year) return [isoOf(year, month, day)];
  const around = [-1, 0, 1].map((shift) => isoOf(String(Number(today.slice(0, 4)) + shift), month, day)).filter(isDay);
  const distance = (iso: string): number => Math.abs(Date.parse(iso) - Date.parse(today));
  // Halfway round the year both neighbours are as likely.
  return around.sort((a, b) => distance(a) - distance(b)).slice(0, distance(around[0] ?? today) > 150 * DAY_MS ? 2 : 1);
}

function dayOfMonth(day: number, today: string): string[] {
  if (day < 1 || day > 31) return [];
  // Today's own number may mean today.
  const days = Number(today.slice(8)) === day ? [today] : [];
  for (let ahead = 1; ahead < 63; ahead++) {
    const candidate = addDays(today, ahead);
    if (Number(candidate.slice(8)) === day) return [...days, candidate];
  }
  return days;
}

function weekdayNumber(name: string): number {
  return WEEKDAYS.findIndex((full) => full.startsWith(name.toLowerCase().slice(0, 3)));
}

function numberOf(word: string): number {
  const lower = word.toLowerCase();
  return NUMBERS.includes(lower) ? NUMBERS.indexOf(lower) : Number(word);
}

function daysIn(unit: string | undefined): number {
  return { day: 1, week: 7, fortnight: 14 }[unit?.toLowerCase() ?? "day"] ?? 1;
}

/** How an assistant writes calendar days, for telling one style from two. */
export function dateStyles(text: string): string[] {
  const styles: [string, RegExp][] = [
    ["2026-11-23", /\b\d{4}-\d{2}-\d{2}\b/],
    ["Monday, November 23", new RegExp(`\\b(${WEEKDAYS.join("|")}),? (${MONTHS.join("|")}) \\d{1,2}\\b`, "i")],
    ["Mon, Nov 23", /\b(mon|tue|wed|thu|fri|sat|sun),? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) \d{1,2}\b/i],
    ["November 23, 2026", new RegExp(`(?<!day,? )\\b(${MONTHS.join("|")}) \\d{1,2}(st|nd|rd|th)?\\b`, "i")],
    ["23 November 2026", new RegExp(`\\b\\d{1,2}(st|nd|rd|th)?( of)? (${MONTHS.join("|")})\\b`, "i")],
    ["11/23/2026", /\b\d{1,2}\/\d{1,2}\/\d{4}\b/],
  ];
  return styles.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);
}

