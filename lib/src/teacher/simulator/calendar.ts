import type { Random } from "../random.js";

/** A date as a person says it, with the day it means. */
export interface DateMention {
  /** YYYY-MM-DD. */
  iso: string;
  /** Follows a verb: "on Friday", "tomorrow", "in three days". */
  on: string;
  /** Follows a task: "by Friday"; null where English has no such form ("by in three days"). */
  by: string | null;
  /** Follows "the deadline is" or "move it to": "Friday". */
  bare: string;
}

/** How an assistant writes dates; one style a conversation. */
export const DATE_STYLES = ["iso", "weekday", "month-first", "day-first", "short"] as const;
export type DateStyle = (typeof DATE_STYLES)[number];

export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
export const MONTHS = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
] as const;
export const NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"] as const;

const DAY = 86_400_000;

/** The day `days` after an ISO day. All arithmetic is in UTC, so that no time zone or clock change shifts a day. */
export function addDays(iso: string, days: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** 0 for Sunday to 6 for Saturday. */
export function weekdayOf(iso: string): number {
  return new Date(`${iso}T00:00:00Z`).getUTCDay();
}

/** Days from one ISO day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);
}

/** True for a real calendar day in the form YYYY-MM-DD. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** The first day after `today` that falls on a weekday. */
export function comingWeekday(today: string, weekday: number): string {
  return addDays(today, (weekday - weekdayOf(today) + 6) % 7 + 1);
}

/** That weekday in the calendar week after this one (weeks begin on Monday): what the workbook takes "next Friday" to mean. */
export function nextWeeksDay(today: string, weekday: number): string {
  const sinceMonday = (weekdayOf(today) + 6) % 7;
  return addDays(today, 7 - sinceMonday + (weekday + 6) % 7);
}

/** The next time that a day of the month comes after `today`; months too short for it are passed over. */
export function comingDayOfMonth(today: string, day: number): string {
  for (let i = 1; ; i++) {
    const candidate = addDays(today, i);
    if (Number(candidate.slice(8)) === day) return candidate;
  }
}

/** The last day of the month of `iso`. */
export function endOfMonth(iso: string): string {
  const [year, month] = [Number(iso.slice(0, 4)), Number(iso.slice(5, 7))];
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

/** The Friday of this calendar week; only meaningful from Monday to Thursday. */
export function endOfWeek(today: string): string {
  return addDays(today, 5 - weekdayOf(today));
}

/** 1st, 2nd, 3rd, 4th, 11th … */
export function ordinal(day: number): string {
  const teen = day % 100 >= 11 && day % 100 <= 13;
  return `${day}${teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th")}`;
}

/** A day in one of the assistant's styles. All but the first two carry what is needed to read them back. */
export function writeDate(iso: string, style: DateStyle): string {
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] as string;
  const weekday = WEEKDAYS[weekdayOf(iso)] as string;
  const day = Number(iso.slice(8));
  switch (style) {
    case "iso": return iso;
    case "weekday": return `${weekday}, ${month} ${day}`;
    case "month-first": return `${month} ${day}, ${iso.slice(0, 4)}`;
    case "day-first": return `${day} ${month} ${iso.slice(0, 4)}`;
    case "short": return `${weekday.slice(0, 3)}, ${month.slice(0, 3)} ${day}`;
  }
}

const FUTURE_KINDS = {
  today: 4, tomorrow: 11, afterTomorrow: 3, inDays: 6, weekday: 18, nextWeekday: 10, inWeeks: 5, weekFromToday: 2,
  monthEnd: 4, weekEnd: 4, dayOfMonth: 8, monthDay: 17, iso: 4,
};

/** A due date that lies today or later, said in one of thirteen ways. */
export function sayFutureDate(random: Random, today: string): DateMention {
  const isEarlyWeek = weekdayOf(today) >= 1 && weekdayOf(today) <= 3;
  switch (random.weighted({ ...FUTURE_KINDS, weekEnd: isEarlyWeek ? FUTURE_KINDS.weekEnd : 0 })) {
    case "today":
      return { iso: today, on: "today", by: random.pick(["by the end of today", "by tonight"]), bare: "today" };
    case "tomorrow":
      return simple(addDays(today, 1), "tomorrow");
    case "afterTomorrow":
      return simple(addDays(today, 2), "the day after tomorrow");
    case "inDays": {
      const days = random.integer(3, 10);
      const word = random.chance(0.6) ? (NUMBER_WORDS[days] as string) : String(days);
      return { iso: addDays(today, days), on: `in ${word} days`, by: null, bare: `${word} days from now` };
    }
    case "weekday": {
      const iso = addDays(today, random.integer(1, 6));
      const name = WEEKDAYS[weekdayOf(iso)] as string;
      return { iso, on: random.chance(0.3) ? `this ${name}` : `on ${name}`, by: `by ${name}`, bare: name };
    }
    case "nextWeekday": {
      const weekday = random.integer(1, 5);
      return simple(nextWeeksDay(today, weekday), `next ${WEEKDAYS[weekday] as string}`);
    }
    case "inWeeks": {
      const weeks = random.integer(2, 4);
      const word = NUMBER_WORDS[weeks] as string;
      return { iso: addDays(today, 7 * weeks), on: `in ${word} weeks`, by: null, bare: `${word} weeks from now` };
    }
    case "weekFromToday":
      return { iso: addDays(today, 7), on: "a week from today", by: null, bare: "a week from today" };
    case "monthEnd":
      return { iso: endOfMonth(today), on: "at the end of the month", by: "by the end of the month", bare: "the end of the month" };
    case "weekEnd":
      return { iso: endOfWeek(today), on: "at the end of the week", by: "by the end of the week", bare: "the end of the week" };
    case "dayOfMonth": {
      const iso = addDays(today, random.integer(3, 26));
      const name = `the ${ordinal(Number(iso.slice(8)))}`;
      return { iso, on: `on ${name}`, by: `by ${name}`, bare: name };
    }
    case "monthDay":
      return named(random, addDays(today, random.integer(4, 120)));
    case "iso": {
      const iso = addDays(today, random.integer(2, 90));
      return { iso, on: `on ${iso}`, by: `by ${iso}`, bare: iso };
    }
  }
}

/** A day that is already over, as somebody who lost track of the date would say it. */
export function sayPastDate(random: Random, today: string): DateMention {
  switch (random.weighted({ yesterday: 3, lastWeekday: 4, named: 5 })) {
    case "yesterday":
      return simple(addDays(today, -1), "yesterday");
    case "lastWeekday": {
      const iso = addDays(today, -random.integer(1, 7));
      return simple(iso, `last ${WEEKDAYS[weekdayOf(iso)] as string}`);
    }
    case "named":
      return named(random, addDays(today, -random.integer(2, 40)));
  }
}

function simple(iso: string, words: string): DateMention {
  return { iso, on: words, by: `by ${words}`, bare: words };
}

function named(random: Random, iso: string): DateMention {
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] as string;
  const day = Number(iso.slice(8));
  const name = random.pick([
    `${month} ${day}`, `${month} ${ordinal(day)}`, `${day} ${month}`, `the ${ordinal(day)} of ${month}`, `${month.slice(0, 3)} ${day}`,
  ]);
  return { iso, on: `on ${name}`, by: `by ${name}`, bare: name };
}
