/** Frames into sentences: choices, slots, and how a register says them. */
import type { Random } from "../../random.js";
import type { Register } from "../../task-api.js";
import { makeTitle, type TaskTitle, type WordKind } from "../../tool-calls/titles.js";
import { addDays, sayFutureDate, WEEKDAYS } from "../calendar.js";
import { PEOPLE } from "../vocabulary.js";
import { ADJECTIVES, BEFORE_NOUN, UNCLEAR_DATES, type Frames } from "./phrasings.js";

/** One choice of every (a|b) and [x]. */
export function choose(random: Random, pattern: string): string {
  let text = pattern;
  for (let inner = /\(([^()[\]]*)\)|\[([^()[\]]*)\]/.exec(text); inner !== null; inner = /\(([^()[\]]*)\)|\[([^()[\]]*)\]/.exec(text)) {
    const [whole, either, perhaps] = inner;
    const chosen = either !== undefined ? random.pick(either.split("|")) : random.chance(0.4) ? random.pick((perhaps ?? "").split("|")) : "";
    text = text.slice(0, inner.index) + chosen + text.slice(inner.index + whole.length);
  }
  return text.replace(/ {2,}/g, " ").trim();
}

/** A sentence's words and what a tool is given of them. */
export interface Filled {
  text: string;
  arguments: Record<string, string>;
}

export type DateKind = "future" | "past" | "unclear";

export interface Slots {
  random: Random;
  words: WordKind;
  today: string;
  /** What {t} and {v} name: a task that is there, or one to be made. */
  title?: TaskTitle | undefined;
  dates?: DateKind;
  /** Whether a title has to stand in quotation marks, because others follow it. */
  quote?: boolean;
}

/** Fills the slots of a chosen frame. */
export function fill(frame: string, { random, words, today, title, dates = "future", quote = false }: Slots): Filled {
  const given: Record<string, string> = {};
  const put = (slot: string, make: () => string): void => {
    if (text.includes(`{${slot}}`)) text = text.replace(`{${slot}}`, make().replaceAll("$", "$$$$"));
  };
  let text = frame;
  const level = random.weighted({ high: 4, low: 3, medium: 2 });
  const quoted = (said: string): string => (quote || random.chance(0.4) ? `"${said}"` : said);
  const titled = (isFirst: boolean): string => {
    const said = title?.text ?? "";
    given["title"] = said;
    const shown = quoted(said);
    return isFirst && !shown.startsWith('"') ? upper(shown) : shown;
  };
  put("T", () => titled(true));
  put("t", () => titled(false));
  put("v", () => (given["title"] = title?.text.replace(/^\p{Lu}(?=\p{Ll})/u, (letter) => letter.toLowerCase()) ?? ""));
  put("n", () => `"${(given["new_title"] = makeTitle(random, words).text)}"`);
  const date = (): { by: string; on: string; bare: string; given: string } => {
    if (dates === "unclear") {
      const said = random.pick(UNCLEAR_DATES);
      return { by: `by ${said}`, on: said, bare: said, given: said };
    }
    for (;;) {
      if (dates === "past") {
        const said = random.pick(["yesterday", "the day before yesterday", "two days ago", "three days ago", `last ${random.pick(WEEKDAYS)}`, addDays(today, -random.integer(2, 40))]);
        return { by: said, on: said, bare: said, given: said };
      }
      const made = sayFutureDate(random, today);
      if (/tonight|end of/.test(`${made.by ?? ""} ${made.on}`)) continue;
      const isWhole = made.by === null;
      const on = made.on, by = isWhole || random.chance(0.4) ? on : made.by ?? on;
      return { by, on, bare: made.bare, given: by.replace(/^(?:on|by|for|at) /, "") };
    }
  };
  put("by", () => { const made = date(); given["due_date"] = made.given; return made.by; });
  put("on", () => { const made = date(); given["due_date"] = made.on.replace(/^(?:on|by|for|at) /, ""); return made.on; });
  put("d", () => { const made = date(); given["due_date"] = made.bare; return made.bare; });
  const ranked = (said: string): string => { given["priority"] = level; return said; };
  put("pw", () => ranked(level));
  put("pa", () => ranked(random.pick(ADJECTIVES[level] ?? [])));
  put("pp", () => ranked(random.pick(BEFORE_NOUN[level] ?? [])));
  put("done", () => { given["status"] = "done"; return random.pick(["finished", "completed", "done"]); });
  put("s", () => { given["status"] = "done"; return ""; });
  put("name", () => random.pick(PEOPLE));
  const order = ["title", "new_title", "due_date", "priority", "status"];
  return { text: text.trim(), arguments: Object.fromEntries(order.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]]))) };
}

/** A frame of a family, chosen; `isImperative` says whether a register may wrap it. */
export function frameOf(random: Random, frames: Frames, isVerbal: boolean, only: "do" | "any" = "any"): { frame: string; isImperative: boolean } {
  for (;;) {
    const isImperative = only === "do" || random.chance(frames.do.length / (frames.do.length + frames.say.length));
    const frame = choose(random, random.pick(isImperative ? frames.do : frames.say));
    if (isVerbal || !frame.includes("{v}")) return { frame, isImperative };
  }
}

/** A sentence as somebody of that register says it. */
export function spoken(random: Random, said: string, isImperative: boolean, register: Register): string {
  const isQuestion = said.endsWith("?");
  const end = isQuestion ? "" : random.pick([".", ".", "", "!"]);
  if (register === "terse") return random.chance(0.5) ? lower(said.replace(/[.!]$/, "")) : `${upper(said)}${isQuestion ? "" : "."}`;
  if (register === "polite" && isImperative) {
    return random.pick([() => `Please ${lower(said)}${end || "."}`, () => `Could you ${lower(said)}?`, () => `Can you ${lower(said)}, please?`, () => `${upper(said)}, please.`, () => `I'd like you to ${lower(said)}.`])();
  }
  if (register === "polite") return isQuestion ? upper(said) : `${upper(said)}, please.`;
  if (register === "chatty") return random.pick([`Hi. ${upper(said)}${end}`, `OK. ${upper(said)}${end}`, `Hey, ${lower(said)}${end}`, `${upper(said)}${isQuestion ? "" : "."} Thanks!`]);
  return `${upper(said)}${end}`;
}

export const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Leaves "I" and what stands in quotation marks alone, and so does it names, which only titles begin with. */
export function lower(text: string): string {
  return /^(?:I\b|I'|"|Hi\b)/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
