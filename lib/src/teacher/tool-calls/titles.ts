/** Titles of tasks: everyday ones, and ones with words that exist nowhere, which teach a small model to copy instead of to recall. */
import type { Random } from "../random.js";
import { chooseSetting, makeTask } from "../simulator/tasks.js";
import { PEOPLE } from "../simulator/vocabulary.js";

export const WORD_KINDS = ["plain", "invented"] as const;
export type WordKind = (typeof WORD_KINDS)[number];

export interface TaskTitle {
  text: string;
  /** Whether it begins with a verb, so that it can follow "to". */
  verbal: boolean;
}

const MOST_WORDS = 6;
const MOST_LETTERS = 40;

/** A title of at most six words and forty letters. */
export function makeTitle(random: Random, words: WordKind): TaskTitle {
  for (;;) {
    const title = words === "plain" ? everyday(random) : invented(random);
    if (title.text.split(" ").length <= MOST_WORDS && title.text.length <= MOST_LETTERS) return title;
  }
}

function everyday(random: Random): TaskTitle {
  const task = makeTask(random, chooseSetting(random));
  if (random.chance(0.25)) return { text: task.topic, verbal: false };
  return { text: random.chance(0.5) ? task.title : task.action, verbal: true };
}

const VERBS = ["call", "fix", "buy", "clean", "check", "send", "order", "review", "paint", "book", "print", "sell", "pack", "move", "find", "wash", "test", "repair", "return", "write"];
const NOUNS = ["report", "meeting", "invoice", "party", "list", "letter", "trip", "lesson", "box", "form", "photos", "contract", "dinner", "shelf", "plan"];

function invented(random: Random): TaskTitle {
  const word = (): string => coin(random);
  const name = (): string => capital(coin(random));
  if (random.chance(0.6)) {
    const thing = random.pick<() => string>([
      word, () => `the ${word()}`, () => `the ${word()}`, () => `${word()} ${word()}`, () => `${name()} ${name()}`, () => `the ${word()} ${random.pick(NOUNS)}`,
      () => `${word()} for ${name()}`, () => `${word()} with ${random.pick(PEOPLE)}`,
    ])();
    const text = `${random.pick(VERBS)} ${thing}`;
    return { text: random.chance(0.3) ? capital(text) : text, verbal: true };
  }
  const text = random.pick<() => string>([
    word, () => `${word()} ${word()}`, () => `${word()} ${random.pick(NOUNS)}`, () => `${name()}'s ${random.pick(NOUNS)}`, () => `${name()} ${random.pick(NOUNS)}`, () => `${random.pick(NOUNS)} for ${name()}`,
  ])();
  return { text, verbal: false };
}

const ONSETS = ["b", "bl", "br", "c", "ch", "cl", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pl", "qu", "r", "s", "sk", "sl", "st", "t", "th", "tr", "v", "w", "x", "y", "z", "zw"];
const VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "ie", "oa", "oo", "ou", "y", "é", "ö"];
const CODAS = ["", "", "", "b", "ck", "d", "f", "g", "l", "ll", "m", "n", "nd", "ng", "nt", "p", "r", "rk", "s", "sh", "st", "t", "x", "z"];
// The accented vowels are rare on purpose: they take two tokens each.
const VOWEL_WEIGHTS = VOWELS.map((vowel) => (/[éö]/.test(vowel) ? 0.1 : vowel.length > 1 ? 0.4 : 1));

/** A word of one to three syllables that no dictionary has; by chance it may be one that a language has. */
function coin(random: Random): string {
  const syllables = random.weighted({ 1: 1, 2: 5, 3: 3 });
  return Array.from({ length: Number(syllables) }, () => random.pick(ONSETS) + vowel(random) + random.pick(CODAS)).join("");
}

function vowel(random: Random): string {
  return random.weighted(Object.fromEntries(VOWELS.map((text, at) => [text, VOWEL_WEIGHTS[at] ?? 1])));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
