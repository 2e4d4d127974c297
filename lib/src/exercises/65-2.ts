/** The exercises of lesson 65.2, "Persona Dataset Design". */
import { z } from "zod";
import type { Exercise } from "../course/check.js";
import { personaScorer, PersonaSpec, Trait } from "../persona/index.js";
import { functionAnswer } from "./kinds/function.js";

/** The marks of a trait: where to look, what shows it, what spoils it. */
export interface TraitMarks {
  where: "opening" | "close" | "anywhere";
  shows: string[];
  spoils: string[];
}

/** Replies of a butler and of others, sorted by hand: does the trait "formal" show? */
export const SORTED_REPLIES: readonly { reply: string; formal: boolean; because: string }[] = [
  { reply: 'Certainly. "buy milk" has been added, due Friday.', formal: true, because: "a courteous opening, full forms" },
  { reply: 'Very well. "call the bank" has been marked as complete.', formal: true, because: "a courteous opening, full forms" },
  { reply: 'As you wish. "pay rent" has been deleted.', formal: true, because: "a courteous opening, full forms" },
  { reply: 'Of course. The task "water the plants" is now due Sunday.', formal: true, because: "a courteous opening, full forms" },
  { reply: 'Sure! I\'ve added "buy milk", due Friday.', formal: false, because: "no courtesy, a contraction, an exclamation mark" },
  { reply: 'Certainly! "buy milk" has been completed.', formal: false, because: "a butler does not exclaim" },
  { reply: 'Very well. I\'ve moved "pay rent" to Friday.', formal: false, because: "I've is a contraction" },
  { reply: '"call the bank" has been marked as complete.', formal: false, because: "it opens with the report, without courtesy" },
  { reply: 'I have moved "pay rent" to Friday. As you wish.', formal: false, because: "the courtesy is to come first" },
];

// Not shown: marks that fit the sorted ones alone are no marks of the trait.
const MORE: typeof SORTED_REPLIES = [
  { reply: "Very well. Here are your tasks due Monday.", formal: true, because: "a courteous opening, full forms" },
  { reply: 'Of course. "don\'t panic poster" has been added.', formal: true, because: "the contraction stands in the title" },
  { reply: 'As you wish. "the gala!" has been renamed "the ball".', formal: true, because: "the exclamation mark stands in the title" },
  { reply: 'Of course, I\'m on it. "pay rent" has been completed.', formal: false, because: "I'm is a contraction" },
  { reply: 'Certainly. It\'s done: "buy milk" has been completed.', formal: false, because: "It's is a contraction" },
  { reply: 'Very well. "pay rent" has been moved, don\'t worry.', formal: false, because: "don't is a contraction" },
  { reply: 'As you wish, we\'ll move it. "pay rent" is now due Friday.', formal: false, because: "we'll is a contraction" },
  { reply: "Here are your tasks. They are very well arranged.", formal: false, because: "\"very well\" opens nothing here" },
  { reply: 'The list has been shortened. "pay rent" has been deleted.', formal: false, because: "it opens with the report, without courtesy" },
];

const scorerOf = (marks: TraitMarks) => {
  const trait = Trait.parse({ id: "formal", description: "Speaks formally", rubric: { "5": "formal", "3": "in part", "1": "not" }, ...marks });
  const score = personaScorer(PersonaSpec.parse({
    id: "taskbutler", name: "TaskButler", summary: "A butler of tasks.", system: "You are TaskButler.", traits: [trait], patterns: { confirmation: ["."] },
  }));
  return (reply: string): boolean => score(reply).traits["formal"] === true;
};
const misjudged = (marks: TraitMarks) => {
  const judges = scorerOf(marks);
  return [...SORTED_REPLIES, ...MORE].filter(({ reply, formal }) => judges(reply) !== formal);
};
const passes = (marks: TraitMarks, reply: string): boolean => scorerOf(marks)(reply);
const finds = (list: readonly string[], text: string): boolean => list.some((mark) => text.toLowerCase().includes(mark.toLowerCase().replaceAll("*", "")));

export const formalMarks: Exercise<TraitMarks> = {
  id: "65.2/formal-marks",
  kind: "dataset",
  hints: [
    "Read the last column of the table. What must the first sentence have, and what may stand nowhere?",
    "Courtesies go into shows, with where: \"opening\". Exclamation marks and contractions go into spoils; titles are taken out before anything is looked for.",
    "A contraction is told by its end: a mark may be a piece such as 've, 'm, 's, 'll, 't (written with an apostrophe in front), which is found behind any word.",
  ],
  fault: (answer) => {
    const parsed = z.strictObject({ where: z.enum(["opening", "close", "anywhere"]), shows: z.array(z.string()).min(1, "needs one mark at least"), spoils: z.array(z.string()) }).safeParse(answer);
    if (!parsed.success) return `Give an object with where, shows and spoils. ${z.prettifyError(parsed.error)}`;
    const [first, ...more] = misjudged(parsed.data);
    if (first === undefined) return undefined;
    return `By your marks the trait ${first.formal ? "does not show" : "shows"} in ${JSON.stringify(first.reply)}; ${first.because}.${more.length > 0 ? ` ${more.length} more replies are misjudged.` : ""}`;
  },
  misconceptions: [
    {
      name: "nothing spoils",
      matches: ({ spoils }) => Array.isArray(spoils) && spoils.length === 0,
      message: "spoils is empty. \"Very well. I've moved it!\" opens like a butler and goes on like a friend: a trait is also what must not be there.",
    },
    {
      name: "looks anywhere",
      matches: ({ where, shows }) => where === "anywhere" && shows.length > 0,
      message: "You look anywhere, so \"I have moved it. As you wish.\" and \"they are very well arranged\" count. The courtesy is to open the reply: where: \"opening\".",
    },
    {
      name: "exclaims",
      matches: (answer) => answer.spoils.length > 0 && !answer.spoils.some((mark) => mark.includes("!")),
      message: "\"Certainly!\" passes. A sign alone can be a mark: put \"!\" into spoils.",
    },
    {
      name: "only the contraction that was seen",
      matches: (answer) => answer.where === "opening" && finds(answer.spoils, "I've") && ["Of course, I'm on it.", "Certainly. It's done.", "Very well. It has been moved, don't worry.", "As you wish, we'll move it."].some((reply) => passes(answer, reply)),
      message: "You spoil \"I've\" and other contractions pass: I'm, it's, don't, we'll. Marks that fit the replies you have seen are no marks of the trait. Take the ends: 've, 'm, 's, 't, 'll.",
    },
    {
      name: "marks of the report",
      matches: (answer) => answer.where === "opening" && passes(answer, '"call the bank" has been marked as complete.'),
      message: "A bare report shows your trait: one of your marks in shows stands in what every assistant says (\"has been\", \"the task\"). A mark must tell this voice from the others.",
    },
  ],
  because: "The courtesy opens, nothing spoils it, and replies that you had not seen are sorted as you would sort them: the marks are of the trait and not of nine sentences.",
};

/** A row of a persona's dataset, as far as its coverage goes. */
export interface CoveredRow {
  persona: string;
  situation: string;
  request: string;
}
/** "persona/situation" of every cell with fewer than `least` different requests, personas in their order, situations within. */
export type FindGaps = (rows: readonly CoveredRow[], personas: readonly string[], situations: readonly string[], least: number) => string[];

const cells = (count: (rows: readonly CoveredRow[]) => number, isGap: (counted: number, least: number) => boolean): FindGaps => (rows, personas, situations, least) =>
  personas.flatMap((persona) => situations.filter((situation) => isGap(count(rows.filter((row) => row.persona === persona && row.situation === situation)), least)).map((situation) => `${persona}/${situation}`));
const different = (rows: readonly CoveredRow[]): number => new Set(rows.map(({ request }) => request)).size;
const fewer = (counted: number, least: number): boolean => counted < least;

const row = (persona: string, situation: string, request: string): CoveredRow => ({ persona, situation, request });
const ROWS = [
  row("coach", "task", "Add milk."), row("coach", "task", "Delete milk."), row("coach", "upset", "Useless."), row("coach", "upset", "I hate this."),
  row("analyst", "task", "Add bread."), row("analyst", "task", "Add bread."), row("analyst", "upset", "Useless."),
];

export const findGaps: Exercise<FindGaps> = {
  id: "65.2/gaps",
  hints: [
    "Walk over the personas and the situations that there should be, not over the rows: what is missing entirely stands in no row.",
    "For each pair take the rows of that persona and situation, and count their requests, each sentence once: a Set does that.",
    "A flatMap over the personas, in it a filter over the situations that keeps those with fewer than least, and a map that writes persona, slash and situation.",
  ],
  ...functionAnswer<FindGaps>({
    cases: [
      { name: "every cell has two", given: [ROWS.slice(0, 4), ["coach"], ["task", "upset"], 2] },
      { name: "a persona repeats one request", given: [ROWS, ["coach", "analyst"], ["task"], 2] },
      { name: "a situation that nobody wrote", given: [ROWS, ["coach", "analyst"], ["task", "upset", "thanks"], 1] },
      { name: "a persona without rows", given: [ROWS, ["planner", "coach"], ["task", "upset"], 1] },
      { name: "three are wanted", given: [ROWS, ["coach", "analyst"], ["task", "upset"], 3] },
      { name: "no rows at all", given: [[], ["coach"], ["task"], 1] },
    ],
    right: cells(different, fewer),
    mistakes: [
      { name: "rows instead of requests", gives: cells((rows) => rows.length, fewer), message: "You count rows. The analyst's two rows have one request between them: a persona that saw one sentence twice has seen one sentence." },
      {
        name: "only what is there",
        gives: (rows, personas, situations, least) => cells(different, (counted, wanted) => counted > 0 && counted < wanted)(rows, personas, situations, least),
        message: "A cell without any row is not among your gaps. It is the largest gap of all, and no row will tell you of it: walk over personas and situations, not over rows.",
      },
      { name: "enough is a gap", gives: cells(different, (counted, least) => counted <= least), message: "A cell with exactly as many requests as are wanted counts as a gap. \"Fewer than\" leaves it out." },
      {
        name: "personas mixed",
        gives: (rows, personas, situations, least) => personas.flatMap((persona) => situations.filter((situation) => different(rows.filter((one) => one.situation === situation)) < least).map((situation) => `${persona}/${situation}`)),
        message: "You count a situation over all personas together. The coach's upset users teach the analyst nothing: take the rows of the persona.",
      },
    ],
  }),
  because: "Cells that nobody wrote are found because you look where rows should be, and a sentence that is repeated counts once.",
};
