/** Days in words: a table by hand, forms written from known days, and agreement with the reader that checks datasets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { resolveDays, resolveDueDate } from "llmops/agent";
import { daysNamed } from "llmops/data";

const SATURDAY = "2026-11-21";

test("what people say, on a Saturday in November", () => {
  const table: Record<string, string> = {
    // one day
    "2026-12-04": "2026-12-04", "2026-12-04T10:00": "2026-12-04", today: SATURDAY, tonight: SATURDAY, noon: SATURDAY, "the end of the day": SATURDAY,
    tomorrow: "2026-11-22", tmrw: "2026-11-22", "tomorrow morning": "2026-11-22", "Tomorrow at 14:30": "2026-11-22", "the day after tomorrow": "2026-11-23", yesterday: "2026-11-20",
    Friday: "2026-11-27", "by Friday": "2026-11-27", fri: "2026-11-27", Tues: "2026-11-24", "Friday at 5pm": "2026-11-27", "Friday night": "2026-11-27", Saturday: SATURDAY, "this Saturday": SATURDAY,
    "next Friday": "2026-11-27", "next Saturday": "2026-11-28", "Friday next week": "2026-11-27", "last Friday": "2026-11-20", "last Saturday": "2026-11-14", "Saturday week": "2026-11-28", "a week on Monday": "2026-11-30",
    "first thing Monday": "2026-11-23", "close of business on Wednesday": "2026-11-25", "midnight on Sunday": "2026-11-22",
    "the 14th": "2026-12-14", "the 21st": SATURDAY, "the 22nd": "2026-11-22", "on the 31st": "2026-12-31", "Tuesday the 9th": "2027-02-09", "Tuesday the 1st": "2026-12-01",
    "4 December": "2026-12-04", "Dec 4": "2026-12-04", "December 4th, 2027": "2027-12-04", "the 11th of August": "2027-08-11", "December the 5th": "2026-12-05", "Friday the 4th of December": "2026-12-04", "Friday, December 4": "2026-12-04", "Nov 20": "2027-11-20",
    "12/4": "2026-12-04", "14/10": "2027-10-14", "4.12.2026": "2026-12-04", "12/04/2026": "2026-12-04",
    "in two weeks": "2026-12-05", "a week from now": "2026-11-28", "a week from today": "2026-11-28", "in a month": "2026-12-21", "in a year": "2027-11-21", "in 4 hours": SATURDAY,
    "the end of the week": "2026-11-22", "the end of next week": "2026-11-29", "the end of the month": "2026-11-30", "month-end": "2026-11-30", "the end of October": "2027-10-31", "the end of the year": "2026-12-31",
    Christmas: "2026-12-25", "Christmas Eve": "2026-12-24", "New Year": "2027-01-01", "New Year's Eve": "2026-12-31", Easter: "2027-03-28", "Good Friday": "2027-03-26",
    // several
    "this week": `${SATURDAY} 2026-11-22`, "next week": "2026-11-23 2026-11-29", "last week": "2026-11-09 2026-11-15", "the week after next": "2026-11-30 2026-12-06", "this weekend": `${SATURDAY} 2026-11-22`, "next weekend": "2026-11-28 2026-11-29",
    "this month": `${SATURDAY} 2026-11-30`, November: `${SATURDAY} 2026-11-30`, "next month": "2026-12-01 2026-12-31", January: "2027-01-01 2027-01-31", may: "2027-05-01 2027-05-31", "Feb 2028": "2028-02-01 2028-02-29", "next year": "2027-01-01 2027-12-31",
  };
  const read = (words: string): string => {
    const days = resolveDays(words, SATURDAY);
    return "unclear" in days ? days.unclear : days.from === days.to ? days.from : `${days.from} ${days.to}`;
  };
  for (const [words, days] of Object.entries(table)) assert.equal(read(words), days, words);
  assert.deepEqual(resolveDueDate("next week", SATURDAY), { day: "2026-11-29" });
});

test("on other days", () => {
  for (const [words, today, day] of [
    ["Friday", "2026-11-20", "2026-11-20"], ["next Friday", "2026-11-20", "2026-11-27"], ["next Friday", "2026-11-18", "2026-11-27"], ["next Monday", "2026-11-22", "2026-11-23"], ["the 31st", "2027-02-10", "2027-03-31"],
    ["the 30th", "2027-01-31", "2027-03-30"], ["the end of the month", "2028-02-10", "2028-02-29"], ["in a month", "2027-01-31", "2027-02-28"], ["tomorrow", "2026-12-31", "2027-01-01"], ["Easter", "2027-03-29", "2028-04-16"],
    ["February 29", "2027-03-01", "2028-02-29"],
    ["Monday morning", "2026-11-23", "2026-11-23"], ["monday 8am", "2026-11-23", "2026-11-23"], ["November 23 at 8am", "2026-11-23", "2026-11-23"], ["in 7 hours", "2026-11-23", "2026-11-23"], ["in 20 hours", "2026-11-23", "2026-11-24"],
  ] as const) assert.deepEqual(resolveDueDate(words, today), { day }, `${words} on ${today}`);
});

test("what is no day says why", () => {
  for (const [words, why] of [
    ["", /names no day/], ["spring", /names no day/], ["asap", /names no day/], ["soon", /names no day/], ["the 32nd", /names no day/], ["2027-02-29", /the calendar has no 2027-02-29/], ["31.4.2027", /the calendar has no/], ["30 February", /names no day/],
    ["in a few days", /how many/], ["Friday or Saturday", /more than one/], ["from Monday to Friday", /more than one/], ["mid-October", /not clear beside/], ["two days after Christmas", /not clear beside/], ["next quarter", /names no day/],
    ["Tuesday, November 1", /2027-11-01 is a Monday, not a Tuesday/], ["x".repeat(500), /names no day/],
  ] as const) {
    const days = resolveDays(words, SATURDAY);
    assert.match("unclear" in days ? days.unclear : JSON.stringify(days), why, words);
  }
});

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const dayNumber = fc.integer({ min: Date.UTC(2020, 0, 1) / 86_400_000, max: Date.UTC(2035, 11, 31) / 86_400_000 });
const iso = (number: number): string => new Date(number * 86_400_000).toISOString().slice(0, 10);
const ordinal = (day: number): string => `${day}${day % 10 === 1 && day !== 11 ? "st" : day % 10 === 2 && day !== 12 ? "nd" : day % 10 === 3 && day !== 13 ? "rd" : "th"}`;

test("a day that is written out comes back, in every spelling and from every day before it", () => {
  fc.assert(fc.property(dayNumber, fc.integer({ min: 0, max: 300 }), fc.boolean(), (number, ahead, spoken) => {
    const today = iso(number), wanted = iso(number + ahead);
    const [year, month, day] = wanted.split("-").map(Number) as [number, number, number];
    const weekday = WEEKDAYS[(number + ahead + 4) % 7]!, name = MONTHS[month - 1]!;
    const spellings = [
      wanted, `${name} ${day}`, `${name} ${ordinal(day)}`, `${day} ${name}`, `the ${ordinal(day)} of ${name}`, `${name.slice(0, 3)} ${day}`, `${month}/${day}`, `${weekday}, ${name} ${day}`, `${weekday} the ${ordinal(day)} of ${name}`,
      `${name} ${day}, ${year}`, `${day} ${name} ${year}`, `${day}.${month}.${year}`, `in ${ahead} days`, `${ahead} days from now`,
      ...(ahead < 7 ? [weekday, `this ${weekday}`] : []), ...(ahead < 28 ? [`the ${ordinal(day)}`, `${weekday} the ${ordinal(day)}`] : []),
    ];
    for (const spelling of spellings) assert.deepEqual(resolveDueDate(spoken ? `by ${spelling} at 5pm` : spelling, today), { day: wanted }, `${spelling} on ${today}`);
  }), { numRuns: 60, examples: [[Date.UTC(2028, 1, 1) / 86_400_000, 28, false], [Date.UTC(2027, 5, 1) / 86_400_000, 273, true]] });
});

test("where the reader of datasets, written apart from it, knows one day, it is the same", () => {
  const words = fc.oneof(
    fc.constantFrom("today", "tonight", "tomorrow", "yesterday", "the day after tomorrow", "a week from now", "in a week", "in two weeks", "in ten days", "the end of the month", "month's end", "in a fortnight", ...WEEKDAYS, ...WEEKDAYS.map((name) => `next ${name}`), ...WEEKDAYS.map((name) => `last ${name}`)),
    fc.integer({ min: 1, max: 31 }).map((day) => `the ${ordinal(day)}`),
    fc.tuple(fc.constantFrom(...MONTHS), fc.integer({ min: 1, max: 28 })).map(([month, day]) => `${month} ${day}, 2027`),
  );
  fc.assert(fc.property(words, dayNumber, (text, number) => {
    const today = iso(number);
    const [mention] = daysNamed(text, today), days = resolveDays(text, today);
    if (!mention) return;
    assert.ok(!("unclear" in days) && mention.days.includes(days.to), `${text} on ${today}: ${JSON.stringify(days)}, ${mention.days.join(" or ")}`);
  }), { numRuns: 300 });
});

test("any text is a range of days in order, or unclear", () => {
  const piece = fc.constantFrom("the", "next", "last", "this", "end", "of", "week", "month", "Friday", "tuesday", "14th", "3", "may", "december", "in", "after", "from", "to", "days", "at", "5pm", "year", "2027", "/", "-", ",", "noon", "or", "99");
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 90 }), fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(" "))), dayNumber, (text, number) => {
    const days = resolveDays(text, iso(number));
    if ("unclear" in days) assert.notEqual(days.unclear, "");
    else assert.ok(/^\d{4}-\d{2}-\d{2}$/.test(days.from) && /^\d{4}-\d{2}-\d{2}$/.test(days.to) && days.from <= days.to, JSON.stringify([text, days]));
  }), { numRuns: 300 });
});
