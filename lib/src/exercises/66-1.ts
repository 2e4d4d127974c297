/** The exercises of lesson 66.1, "Structured Output Fundamentals". */
import type { Exercise } from "../course/check.js";
import { readGrammar } from "../serve/grammar/index.js";
import { functionAnswer } from "./kinds/function.js";

/** The part of a tool's parameters that is checked here: types of single values, and lists of what a text may be. */
export interface ParameterSchema {
  properties: Readonly<Record<string, { type: "string" | "integer"; enum?: readonly string[] }>>;
  required: readonly string[];
}
/**
 * What is wrong with the arguments of a call, each fault as a kind and a parameter: `missing title`, `unknown note`, `type
 * title` where the value has another type, `value priority` where it is not among those listed. Empty where they fit.
 */
export type ArgumentFaults = (given: Readonly<Record<string, unknown>>, schema: ParameterSchema) => string[];

const SCHEMA: ParameterSchema = {
  properties: { title: { type: "string" }, due_date: { type: "string" }, priority: { type: "string", enum: ["low", "medium", "high"] }, repeat: { type: "integer" } },
  required: ["title"],
};
const GIVEN: readonly Readonly<Record<string, unknown>>[] = [
  { title: "buy milk" }, { title: "buy milk", due_date: "Friday", priority: "high", repeat: 3 }, { due_date: "Friday" }, { title: "buy milk", note: "two litres" },
  { title: 7 }, { title: "buy milk", priority: "urgent" }, { title: "buy milk", repeat: "3" }, { title: "buy milk", repeat: 2.5 }, { title: "buy milk", due_date: null },
  { titel: "buy milk", priority: "High" }, { title: "", priority: "low" },
];

interface Leniency {
  required?: boolean;
  unknown?: boolean;
  values?: boolean;
  /** Whether a text that reads as a number passes for one. */
  coerced?: boolean;
  null?: boolean;
  fractions?: boolean;
}

/** The faults, without those that are overlooked. */
const faultsOf = (overlooked: Leniency = {}): ArgumentFaults => (given, { properties, required }) => {
  const faults = overlooked.required ? [] : required.filter((key) => given[key] === undefined).map((key) => `missing ${key}`);
  for (const [key, value] of Object.entries(given)) {
    const schema = properties[key];
    if (!schema) {
      if (!overlooked.unknown) faults.push(`unknown ${key}`);
      continue;
    }
    if (overlooked.null && value === null) continue;
    const number = overlooked.coerced && typeof value === "string" && value !== "" ? Number(value) : value;
    const fits = schema.type === "string" ? typeof value === "string" : typeof number === "number" && (overlooked.fractions ? Number.isFinite(number) : Number.isInteger(number));
    if (!fits) faults.push(`type ${key}`);
    else if (!overlooked.values && schema.enum && !schema.enum.includes(value as string)) faults.push(`value ${key}`);
  }
  return faults;
};
const sorted = (value: unknown): unknown => (Array.isArray(value) ? [...(value as unknown[])].map(String).sort() : value);

export const argumentFaults: Exercise<ArgumentFaults> = {
  id: "66.1/argument-faults",
  hints: [
    "Go through it from both sides: what does the schema ask for that is not given, and what is given that the schema does not know?",
    "For each given value that the schema knows: first its type, then, where the type is right and the schema has an enum, whether it is listed. One fault a parameter is enough.",
    'JSON has one kind of number, so integer is Number.isInteger(value). The text "3" is no integer, and null is no text.',
  ],
  ...functionAnswer<ArgumentFaults>({
    cases: GIVEN.map((given) => ({ name: `the arguments ${JSON.stringify(given)}`, given: [given, SCHEMA] })),
    right: faultsOf(),
    same: (given, expected) => JSON.stringify(sorted(given)) === JSON.stringify(sorted(expected)),
    mistakes: [
      { name: "required forgotten", gives: faultsOf({ required: true }), message: "You look at what is given, and not at what is missing: {\"due_date\": \"Friday\"} has no title, and passes. A loop over the given values never meets the one that is not there." },
      { name: "unknown forgotten", gives: faultsOf({ unknown: true }), message: "Parameters that no schema lists pass with you: \"note\", and \"titel\", a misspelt one. Most services ignore what they do not know, and the user's wish is lost without an error." },
      { name: "enum forgotten", gives: faultsOf({ values: true }), message: "You check that a priority is a text, and not which one. \"urgent\" is a text, and no priority: the service will refuse it, or store it." },
      { name: "coerced", gives: faultsOf({ coerced: true }), message: 'The text "3" passes for a whole number with you. Perhaps you converted it first. A schema speaks of the value as it is written; what converts silently here will be a surprise in a program that does not.' },
      { name: "null passes", gives: faultsOf({ null: true }), message: "null passes with you. A parameter that may be left out may be left out; null is a value, of a type of its own, and the schema says string." },
      { name: "fractions pass", gives: faultsOf({ fractions: true }), message: "2.5 passes for an integer with you. typeof says number of both; Number.isInteger tells them apart." },
      {
        name: "first fault only",
        gives: (given, schema) => faultsOf()(given, schema).slice(0, 1),
        message: "You stop at the first fault. A model, or a person, who is told one fault at a time repairs one at a time: each costs a turn.",
      },
    ],
  }),
  because: "Four questions of each call: is everything there that must be, is nothing there that must not be, has each value its type, and is it one of those listed. None of them asks whether the value is what the user meant.",
};

/**
 * The next token of a constrained answer: of all tokens that the grammar lets through behind the text so far, the one with
 * the highest score. The empty text stands for the end of the answer; it counts only where the grammar may end.
 */
export type NextToken = (grammar: string, soFar: string, scores: Readonly<Record<string, number>>) => string;

const ANSWERS = 'root ::= "yes" | "no" | "not now"';
const PRIORITY = String.raw`root ::= "{\"priority\": \"" ("low" | "medium" | "high") "\"}"`;
const STEPS: readonly Parameters<NextToken>[] = [
  [ANSWERS, "", { "I think": 0.6, no: 0.2, yes: 0.1, "": 0.1 }],
  [ANSWERS, "", { yes: 0.7, no: 0.2, "": 0.1 }],
  [ANSWERS, "no", { "!": 0.5, "": 0.3, t: 0.1, yes: 0.1 }],
  [ANSWERS, "not", { "": 0.5, " ": 0.1, " now": 0.3, n: 0.1 }],
  [ANSWERS, "", { "not ever": 0.5, yep: 0.3, y: 0.2 }],
  [ANSWERS, "no", { t: 0.5, "": 0.3, yes: 0.2 }],
  [PRIORITY, '{"priority": "', { urgent: 0.45, low: 0.1, 'high"}': 0.15, h: 0.25, "{": 0.05 }],
];
type Lets = (grammar: string, soFar: string, token: string) => boolean;
const lets: Lets = (grammar, soFar, token) => {
  const place = readGrammar(grammar).read(soFar + token);
  return token === "" ? (place?.mayEnd ?? false) : place !== undefined;
};
const best = (allowed: Lets, rank = (scores: Readonly<Record<string, number>>) => Object.keys(scores).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))): NextToken =>
  (grammar, soFar, scores) => rank(scores).find((token) => allowed(grammar, soFar, token)) as string;

export const nextTokenExercise: Exercise<NextToken> = {
  id: "66.1/next-token",
  hints: [
    "Which tokens are there to choose from at all? Sort them out first, then look at scores.",
    "readGrammar(grammar).read(text) gives a place, or undefined where the grammar does not let the text through. Read the text so far with the token behind it: the whole token, not its first letter.",
    'The empty token ends the answer. Reading it changes nothing, so ask the place instead: may the answer end there (mayEnd)?',
  ],
  ...functionAnswer<NextToken>({
    cases: STEPS.map(([grammar, soFar, scores]) => ({ name: `${soFar === "" ? "the beginning" : JSON.stringify(soFar)} of ${grammar.slice("root ::= ".length)} with the scores ${JSON.stringify(scores)}`, given: [grammar, soFar, scores] })),
    right: best(lets),
    mistakes: [
      { name: "no grammar", gives: best(() => true), message: "You take the best token, whatever the grammar says. \"I think\" begins no answer that it lets through. Sort out first, then choose." },
      { name: "the first that fits", gives: best(lets, Object.keys), message: "You take the first token that the grammar lets through, not the best one. Then the order of the vocabulary writes the answer, and the model has no say." },
      {
        name: "best or nothing",
        gives: (grammar, soFar, scores) => { const token = best(() => true)(grammar, soFar, scores); return lets(grammar, soFar, token) ? token : ""; },
        message: "You look at the best token alone, and end the answer where it is not let through. The next best may be: the model goes on with what it can say.",
      },
      {
        name: "the first letter",
        gives: best((grammar, soFar, token) => lets(grammar, soFar, [...token][0] ?? "")),
        message: "You read the first letter of each token. A token of several letters must be let through whole: \"not ever\" begins like \"not now\".",
      },
      {
        name: "may end anywhere",
        gives: best((grammar, soFar, token) => readGrammar(grammar).read(soFar + token) !== undefined),
        message: "You let the answer end anywhere, because reading nothing is always possible. Behind \"not\" it must go on: the end counts only where mayEnd says so. This is how constrained answers come to be half an object.",
      },
      {
        name: "never ends",
        gives: best((grammar, soFar, token) => token !== "" && lets(grammar, soFar, token)),
        message: "Your answer never ends: the empty token is the end, and it counts where the grammar may end.",
      },
      {
        name: "from scratch",
        gives: best((grammar, _, token) => lets(grammar, "", token)),
        message: "You read each token as if the answer began with it. The grammar must be at the place behind the text so far.",
      },
    ],
  }),
  because: "That is constrained decoding, whole: score every token, strike out those that the grammar does not let through, take the best of the rest. It never asks whether the best of the rest was any good.",
};
