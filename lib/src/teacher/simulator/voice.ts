import type { Random } from "../random.js";
import type { Register } from "../task-api.js";

/** How the core of a request is phrased; decides what may be wrapped around it. */
export type Mood = "imperative" | "statement" | "fragment" | "question";

/** A request before it is given a voice. */
export interface Speech {
  core: string;
  mood: Mood;
  /** Appended to the core: "by Friday", "high priority". */
  tails?: readonly string[];
  /** Sentences of their own, without a final full stop. */
  sentences?: readonly string[];
}

const OPENERS: Readonly<Record<Register, readonly string[]>> = {
  neutral: ["", "", "", "", "Hi, ", "Hey, ", "Okay, ", "Next, ", "Also, "],
  terse: [""],
  polite: ["", "", "Hello, ", "Good morning, ", "Hi there, ", "Good afternoon, ", "When you have a moment, ", "If it's not too much trouble, "],
  chatty: [
    "", "", "", "", "Hey! ", "Ok so, ", "Me again. ", "Hi hi, ", "You won't believe this day. ", "Okay, next thing: ", "Sitting in a meeting, so quickly: ",
    "Kids are finally asleep, so: ", "It's me with another one. ", "Right, before I forget: ", "Morning! Coffee's not working yet but ", "Oh, and one more: ", "So I just got off the phone and ",
    "Hi again, ", "Alright, ", "Quick one: ", "Busy day here. ", "Ugh, nearly slipped my mind: ", "Just thought of something. ",
    "While I'm at it, ", "I'm on the bus so keep it short: ", "Guess what I forgot again? ",
  ],
  dictated: ["", "um ", "uh ", "okay so ", "hey ", "so yeah ", "right um ", "hello yes ", "okay ", "hm let me think "],
  rushed: ["", "", "", "hey ", "quick: ", "running late, ", "hi ", "ok "],
  formal: ["", "", "", "Good day. ", "Dear assistant, ", "For the record: ", "Following today's meeting: "],
  learner: ["", "", "", "Hello, ", "Hi, ", "Good day, ", "Sorry for my English. ", "Hello friend, ", "I have a request: "],
};

const POLITE_FRAMES = [
  "could you {core}?", "could you please {core}?", "please {core}.", "would you be able to {core}?", "can you {core}, please?",
  "I'd be grateful if you could {core}.", "may I ask you to {core}?", "would you kindly {core}?",
];
const NEUTRAL_FRAMES = ["{core}.", "{core}.", "{core}.", "can you {core}?", "please {core}.", "{core} please.", "could you {core}?", "I'd like you to {core}."];
const CHATTY_FRAMES = ["can you {core}?", "please {core}.", "could you maybe {core}?", "{core}, thanks!"];
const FORMAL_FRAMES = ["please {core}.", "kindly {core}.", "I request that you {core}.", "would you please {core}?", "you may {core}."];
const LEARNER_FRAMES = ["please to {core}.", "can you {core} for me?", "I want that you {core}.", "please, {core}.", "you can {core}, yes?"];

const CLOSERS: Readonly<Record<Register, readonly string[]>> = {
  neutral: ["", "", "", "", " Thanks.", " Thank you."],
  terse: [""],
  polite: ["", "", " Thank you!", " Many thanks.", " Thanks in advance.", " That would be lovely."],
  chatty: ["", "", "", "", " You're a star.", " Cheers!", " Thanks a bunch.", " Phew.", " That's all for now, I think.", " Off to lunch now!", " Ta!", " Appreciate it."],
  dictated: ["", "", " yeah that's it", " thanks", " okay thanks", " I think that's all"],
  rushed: ["", "", "", " thx", " ty", " gotta go"],
  formal: ["", "", "", " Thank you for your assistance.", " Kind regards."],
  learner: ["", "", "", " Thank you very much.", " Thanks you.", " It is important for me.", " Thank you for helping.", " I hope it is clear."],
};

/** Renders a request in a register: frame, order of details, punctuation, slips of the keyboard. */
export function speak(random: Random, register: Register, speech: Speech): string {
  const tails = speech.tails ?? [];
  const sentences = speech.sentences ?? [];
  const closer = random.pick(CLOSERS[register]);
  switch (register) {
    case "terse":
      return slip(random, capital(random, [speech.core, ...tails, ...sentences.map(lower)].join(random.pick([", ", ", ", "; ", " - "]))), 0.05);
    case "dictated": {
      const joined = [speech.core, ...tails, ...sentences].map((part) => lower(part)).join(random.pick([" ", " and ", " um "]));
      return `${random.pick(OPENERS.dictated)}${joined}${closer}`.replace(/[,;:?!]|\.(?!\d)/g, "").replace(/\s+/g, " ").trim();
    }
    case "rushed": {
      const joined = [speech.core, ...tails, ...sentences.map(lower)].join(random.pick([", ", " ", ", "]));
      return slip(random, shorten(random, lower(random.pick(OPENERS.rushed) + joined + closer)), 0.45);
    }
    default: {
      const body = withTails(speech.core, tails);
      const framed = speech.mood === "imperative" ? random.pick(framesOf(register)).replace("{core}", body) : ended(body, speech.mood);
      const opener = random.pick(OPENERS[register]);
      const first = /[.!?] $/.test(opener) || opener === "" ? upper(framed) : framed;
      const text = `${opener}${first}${sentences.map((sentence) => ` ${upper(sentence)}.`).join("")}${closer}`;
      return slip(random, text, register === "formal" ? 0.01 : register === "learner" ? 0.2 : 0.06);
    }
  }
}

/** A short answer to the assistant's question, in the register's manner. */
export function reply(random: Random, register: Register, text: string): string {
  const isQuestion = text.endsWith("?");
  switch (register) {
    case "terse": return lower(text);
    case "dictated": return lower(`${random.pick(["", "um ", "uh ", "yeah "])}${text}`).replace(/[,;:?!]|\.(?!\d)/g, "");
    case "rushed": return slip(random, shorten(random, lower(text)), 0.3);
    case "polite": return `${upper(text)}${isQuestion ? "" : random.pick([", please.", ". Thank you.", ", thanks.", "."])}`;
    case "chatty": return `${random.pick(["Oh right, ", "Ah, ", "Good point, ", "Hmm, ", "Right, ", "", ""])}${text}${isQuestion ? "" : random.pick([".", "!", ", if that works."])}`;
    case "formal": return upper(`${text}${isQuestion ? "" : "."}`);
    case "learner": return upper(`${random.pick(["ah ok, ", "so, ", "", ""])}${text}${isQuestion ? "" : "."}`);
    case "neutral": return upper(`${text}${isQuestion ? "" : random.pick([".", ".", ", thanks.", ""])}`);
  }
}

function framesOf(register: Register): readonly string[] {
  switch (register) {
    case "polite": return POLITE_FRAMES;
    case "chatty": return CHATTY_FRAMES;
    case "formal": return FORMAL_FRAMES;
    case "learner": return LEARNER_FRAMES;
    default: return NEUTRAL_FRAMES;
  }
}

function withTails(core: string, tails: readonly string[]): string {
  return tails.reduce((text, tail) => `${text}${/^(by|due|until|before|on|in|to|from|with) /.test(tail) ? " " : ", "}${tail}`, core);
}

function ended(text: string, mood: Mood): string {
  return mood === "question" ? `${text}?` : `${text}.`;
}

/** First letter up; leaves a leading quote or digit alone. */
export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** First letter down, unless the first word is "I", a name's initials or a quoted title. */
export function lower(text: string): string {
  return /^(I\b|[A-Z]{2,})/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

function capital(random: Random, text: string): string {
  return random.chance(0.6) ? lower(text) : upper(text);
}

const SHORT_FORMS: readonly (readonly [RegExp, string])[] = [
  [/\bplease\b/g, "pls"], [/\btomorrow\b/g, "tmrw"], [/\byou\b/g, "u"], [/\bthanks\b/g, "thx"], [/\band\b/g, "&"], [/\bbefore\b/g, "b4"],
  [/\bwith\b/g, "w/"], [/\bpriority\b/g, "prio"], [/\bmessage\b/g, "msg"], [/\bdon't\b/g, "dont"], [/\bI've\b/g, "ive"],
];

function shorten(random: Random, text: string): string {
  return SHORT_FORMS.reduce((short, [long, form]) => (random.chance(0.4) && !/["'“]/.test(short) ? short.replace(long, form) : short), text);
}

/** With the given probability, one typing error in a longer lower-case word: never in a digit, name or quoted title. */
function slip(random: Random, text: string, rate: number): string {
  if (!random.chance(rate)) return text;
  const quoted = /["“'‘].*["”'’]/.exec(text);
  const words = [...text.matchAll(/(?<![\p{L}\p{N}'’-])[a-z]{5,}(?![\p{L}\p{N}'’-])/gu)].filter(
    (match) => !KEEP.has(match[0]) && (quoted === null || match.index < quoted.index || match.index > quoted.index + quoted[0].length));
  if (words.length === 0) return text;
  const word = random.pick(words);
  const at = word.index + random.integer(1, word[0].length - 3);
  const [a, b] = [text.charAt(at), text.charAt(at + 1)];
  const garbled = random.weighted({ swap: 5, drop: 3, double: 2 });
  const middle = garbled === "swap" ? b + a : garbled === "drop" ? b : a + a + b;
  return text.slice(0, at) + middle + text.slice(at + 2);
}

// A slip in these would change what is asked, not how it looks.
const KEEP = new Set([
  "today", "tonight", "tomorrow", "yesterday", "month", "weeks", "three", "seven", "eight", "after", "urgent", "medium", "priority",
  "overdue", "completed", "delete", "remove", "finished",
]);
