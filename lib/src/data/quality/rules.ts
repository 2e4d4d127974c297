import type { Example } from "../example.js";
import { excerpt, turnsOf, type Finding, type Rule } from "./finding.js";
import { functionWordShare, guessLanguage, LANGUAGES, type Language } from "./language.js";
import { measureRepetition } from "./repetition.js";
import { wordsOf } from "./words.js";

/**
 * Rule filters for chat and instruction data, after chapter 5 of the LLM Engineer's Handbook (Iusztin and Labonne 2024):
 * lengths, repetition, spam, echo, language. Each looks at one row, says why, and costs microseconds.
 */

/** Bounds on the words of turns, inclusive. */
export interface LengthOptions {
  /** Words in the first user turn. Default 1 to 2000 (2000 is the handbook's; its minimum of 10 would drop "list my tasks"). */
  user?: { min?: number; max?: number };
  /** Words in the last assistant turn. Default 1 to 4000. */
  assistant?: { min?: number; max?: number };
}

/** Rows whose request or answer has too few or too many words. */
export function turnLength({ user = {}, assistant = {} }: LengthOptions = {}): Rule {
  const bounds = { user: { min: user.min ?? 1, max: user.max ?? 2000 }, assistant: { min: assistant.min ?? 1, max: assistant.max ?? 4000 } };
  for (const [role, { min, max }] of Object.entries(bounds)) {
    if (!(min >= 0 && max >= min)) throw new RangeError(`the bounds on ${role} turns must be 0 or more and in order, not ${min} to ${max}`);
  }
  return {
    name: "turn-length", settings: bounds,
    find(example) {
      for (const role of ["user", "assistant"] as const) {
        const turns = turnsOf(example, role);
        const turn = role === "user" ? turns[0] : turns.at(-1);
        if (turn === undefined) continue;
        const words = wordsOf(turn).length;
        const { min, max } = bounds[role];
        if (words < min) return { code: `${role}-too-short`, reason: `the ${role === "user" ? "first user" : "last assistant"} turn has ${words} words, fewer than ${min}: "${excerpt(turn)}"` };
        if (words > max) return { code: `${role}-too-long`, reason: `the ${role === "user" ? "first user" : "last assistant"} turn has ${words} words, more than ${max}` };
      }
      return undefined;
    },
  };
}

export interface RepetitionOptions {
  /** Texts with fewer words are not looked at: a list of tasks repeats "(due" and "high priority". Default 100. */
  minWords?: number;
  /** Largest share of characters in repeated lines. Default 0.2 (Gopher). */
  duplicateLines?: number;
  /** Largest shares of characters in the most frequent 2-, 3- and 4-gram. Default 0.2, 0.18, 0.16 (Gopher). */
  topNgrams?: readonly [number, number, number];
  /** Largest share of characters in repeated 5-grams. Default 0.15 (Gopher). */
  duplicateFivegrams?: number;
}

/** Assistant turns that say the same again and again. Thresholds: Rae et al. 2021, table A1. */
export function repetition(options: RepetitionOptions = {}): Rule {
  const { minWords = 100, duplicateLines = 0.2, topNgrams = [0.2, 0.18, 0.16], duplicateFivegrams = 0.15 } = options;
  return {
    name: "repetition", settings: { minWords, duplicateLines, topNgrams, duplicateFivegrams },
    find(example) {
      for (const turn of turnsOf(example, "assistant")) {
        const stutter = /(\S)\1{9,}/u.exec(turn);
        if (stutter && !/[-=_*.#~|]/.test(stutter[1] ?? "")) return { code: "too-repetitive", reason: `the assistant writes "${excerpt(stutter[0], 20)}"` };
        if (wordsOf(turn).length < minWords) continue;
        const found = measureRepetition(turn);
        const limits: [number, number, string][] = [
          [found.duplicateLines, duplicateLines, "in repeated lines"], [found.topBigram, topNgrams[0], "in one pair of words"],
          [found.topTrigram, topNgrams[1], "in one run of three words"], [found.topFourgram, topNgrams[2], "in one run of four words"],
          [found.duplicateFivegrams, duplicateFivegrams, "in runs of five words said before"],
        ];
        const over = limits.find(([share, limit]) => share > limit);
        if (over) return { code: "too-repetitive", reason: `${Math.round(100 * over[0])}% of an assistant turn is ${over[2]}, more than ${Math.round(100 * over[1])}%` };
      }
      return undefined;
    },
  };
}

/** Advertising and boilerplate. "Lorem ipsum" and the browser notices are C4's (Raffel et al. 2020, section 2.2), the calls to buy the handbook's. */
const SPAM: readonly [name: string, pattern: RegExp][] = [
  ["advertising", /\b(click here|buy now|order now|subscribe now|sign up now|limited[- ]time offer|act now|100% free|risk[- ]free|free trial today|special promotion|earn money|make money fast|casino bonus|viagra)\b/i],
  ["placeholder text", /\blorem ipsum\b/i],
  ["a browser notice", /\b(enable javascript|accept (all )?cookies|cookie policy|terms of use|all rights reserved)\b/i],
  ["a template's gap", /\{\{\s*\w+\s*\}\}|\[(insert|your) [^\]\n]{1,40}\]|<(insert|your)[ _][^>\n]{1,40}>/i],
];

export interface SpamOptions {
  /** Links allowed in one turn. Default 3. */
  maxLinks?: number;
  /** Further patterns that no row may hold. */
  patterns?: readonly RegExp[];
}

/** Advertising, boilerplate, unfilled templates and link lists. Prices and single links, which the handbook calls spam, are normal in tasks. */
export function spam({ maxLinks = 3, patterns = [] }: SpamOptions = {}): Rule {
  const all = [...SPAM, ...patterns.map((pattern) => [`what ${String(pattern)} names`, new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""))] as const)];
  return {
    name: "spam", settings: { maxLinks, patterns: patterns.map(String) },
    find(example) {
      for (const turn of [...turnsOf(example, "user"), ...turnsOf(example, "assistant")]) {
        for (const [name, pattern] of all) {
          const match = pattern.exec(turn);
          if (match) return { code: "spam", reason: `a turn holds ${name}: "${excerpt(match[0], 40)}"` };
        }
        const links = turn.match(/\bhttps?:\/\//gi)?.length ?? 0;
        if (links > maxLinks) return { code: "spam", reason: `a turn has ${links} links, more than ${maxLinks}` };
      }
      return undefined;
    },
  };
}

export interface EchoOptions {
  /** Share of the answer's word pairs that the user had said. Default 0.8, the handbook's (there of words, not pairs). */
  threshold?: number;
  /** Answers with fewer words are not looked at. Default 6. */
  minWords?: number;
}

/**
 * Answers that say back what was asked. Compares pairs of words in order, not words: a confirmation
 * ("Added 'Buy milk', due Friday") shares most words with its request and is no echo.
 */
export function echo({ threshold = 0.8, minWords = 6 }: EchoOptions = {}): Rule {
  return {
    name: "echo", settings: { threshold, minWords },
    find(example) {
      const { messages } = example;
      for (let at = 1; at < messages.length; at++) {
        const [asked, answered] = [messages[at - 1], messages[at]];
        if (asked?.role !== "user" || answered?.role !== "assistant" || !asked.content || !answered.content) continue;
        const words = wordsOf(answered.content);
        const said = wordsOf(asked.content);
        if (words.length < minWords) {
          if (words.length > 2 && words.join(" ") === said.join(" ")) return { code: "echo", reason: `the answer repeats the request word for word: "${excerpt(answered.content)}"` };
          continue;
        }
        const pairs = new Set(said.slice(1).map((word, i) => `${said[i]} ${word}`));
        const share = words.slice(1).filter((word, i) => pairs.has(`${words[i]} ${word}`)).length / (words.length - 1);
        if (share > threshold) return { code: "echo", reason: `${Math.round(100 * share)}% of the answer is the request again: "${excerpt(answered.content)}"` };
      }
      return undefined;
    },
  };
}

/** Assistant turns in capitals. */
export function shouting({ minLetters = 20, threshold = 0.7 }: { minLetters?: number; threshold?: number } = {}): Rule {
  return {
    name: "shouting", settings: { minLetters, threshold },
    find(example) {
      for (const turn of turnsOf(example, "assistant")) {
        const letters = turn.match(/\p{L}/gu)?.length ?? 0;
        const capitals = turn.match(/\p{Lu}/gu)?.length ?? 0;
        if (letters >= minLetters && capitals / letters > threshold) return { code: "shouting", reason: `${Math.round((100 * capitals) / letters)}% of an assistant turn's letters are capitals` };
      }
      return undefined;
    },
  };
}

/** A model that speaks of itself where the row should show the task: left over from a refusal of the teacher. */
export function refusal(): Rule {
  return {
    name: "refusal",
    find(example) {
      for (const turn of turnsOf(example, "assistant")) {
        const match = /\b(as an ai( language)? model|i('m| am) (just |only )?an? (ai|language model)|i cannot assist with|my (training data|knowledge cutoff))\b/i.exec(turn);
        if (match) return { code: "refusal", reason: `the assistant speaks of itself as a model: "${excerpt(turn)}"` };
      }
      return undefined;
    },
  };
}

/** With fewer words, a text may have no function word by chance. */
const LEAST_WORDS = 10;
const LEAST_OWN = 0.06;

/** Rows in another language than those wanted. Whole conversations are read; those too short to tell pass. */
export function language({ allow = ["en"] }: { allow?: readonly Language[] } = {}): Rule {
  const odd = allow.find((name) => !LANGUAGES.includes(name));
  if (allow.length === 0 || odd !== undefined) throw new RangeError(`languages are some of ${LANGUAGES.join(", ")}${odd === undefined ? "" : `, not "${String(odd)}"`}`);
  return {
    name: "language", settings: { allow },
    find(example) {
      const text = [...turnsOf(example, "user"), ...turnsOf(example, "assistant")].join("\n");
      const { language: found, share, words } = guessLanguage(text);
      if (allow.some((name) => name === found)) return undefined;
      if (found === "unknown") {
        // A language not on the list has next to no function words of those allowed, apart from "a", "in" and the like.
        const own = Math.max(...allow.map((name) => functionWordShare(text, name)));
        if (words < LEAST_WORDS || own >= LEAST_OWN) return undefined;
        return { code: "wrong-language", reason: `only ${Math.round(100 * own)}% of its ${words} words are function words of ${allow.join(" or ")}` };
      }
      return { code: "wrong-language", reason: `is written in ${found} (${Math.round(100 * share)}% of the ${/^[A-Z]/.test(found) ? "letters" : "words"}), not in ${allow.join(" or ")}` };
    },
  };
}

/** Characters that show text went through the wrong code page or lost its bytes. */
export function garbled(): Rule {
  return {
    name: "garbled",
    find(example) {
      for (const turn of [...turnsOf(example, "user"), ...turnsOf(example, "assistant")]) {
        const match = /\ufffd|Ã[\u0080-\u00bf©¨¼¶¤§±]|â€[\u0080-\u2122]?/u.exec(turn);
        if (match) return { code: "garbled", reason: `a turn holds "${excerpt(turn.slice(Math.max(0, match.index - 10), match.index + 12), 30)}": text read in the wrong encoding` };
      }
      return undefined;
    },
  };
}

/** Runs of spaces in the middle of a sentence: text that came out of a layout. Two spaces after a full stop are a habit, code and tables need theirs. */
export function spacing(): Rule {
  return {
    name: "spacing",
    find(example) {
      for (const turn of [...turnsOf(example, "user"), ...turnsOf(example, "assistant")]) {
        if (/```|^ {4}|\t|\|/m.test(turn)) continue;
        const match = /[\p{L}\p{N},;]( {2,})\S/u.exec(turn);
        if (match) return { code: "stray-spaces", reason: `a turn has ${match[1]?.length} spaces in a row: "${turn.slice(Math.max(0, match.index - 15), match.index + 25).trim()}"` };
      }
      return undefined;
    },
  };
}

/** The named rules, with their default thresholds. */
export const RULES = { "turn-length": turnLength, repetition, spam, echo, shouting, refusal, language, garbled, spacing } as const;
export type RuleName = keyof typeof RULES;

/** The rules that hold for any English chat data. */
export function defaultRules(): Rule[] {
  return Object.values(RULES).map((make) => make());
}

/** Rules by name; `default` stands for all. Throws RangeError with the names for one that does not exist. */
export function rulesNamed(names: readonly string[]): Rule[] {
  return names.flatMap((name) => {
    if (name === "default") return defaultRules();
    if (!Object.hasOwn(RULES, name)) throw new RangeError(`there is no rule "${name}": the rules are default, ${Object.keys(RULES).join(", ")}`);
    return [RULES[name as RuleName]()];
  });
}

/** The first finding of several rules, with its rule. */
export function firstFinding(example: Example, rules: readonly Rule[]): (Finding & { rule: string }) | undefined {
  for (const rule of rules) {
    const finding = rule.find(example);
    if (finding) return { ...finding, rule: rule.name };
  }
  return undefined;
}

/** Rows that passed every rule, and those that did not. */
export interface Filtered {
  kept: Example[];
  /** `index` is the place in the examples given. */
  removed: { index: number; rule: string; code: string; reason: string }[];
}

/**
 * Removes the examples that a rule finds fault with, in the order given.
 *
 * @param examples - not changed
 */
export function filterByRules(examples: readonly Example[], { rules = defaultRules() }: { rules?: readonly Rule[] } = {}): Filtered {
  const kept: Example[] = [];
  const removed: Filtered["removed"] = [];
  examples.forEach((example, index) => {
    const finding = firstFinding(example, rules);
    if (finding) removed.push({ index, ...finding });
    else kept.push(example);
  });
  return { kept, removed };
}
