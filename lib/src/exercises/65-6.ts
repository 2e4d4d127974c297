/** The exercises of lesson 65.6, "Multi-Persona Models". */
import type { Exercise } from "../course/check.js";
import { choiceAnswer } from "./kinds/choice.js";
import { functionAnswer } from "./kinds/function.js";

/** Asked persona to recognised persona to replies; "none" and "several" are columns beside the personas. */
export type ConfusionTable = Readonly<Record<string, Readonly<Record<string, number>>>>;
export interface Switching {
  /** Of the replies that a persona was asked for, the share in which it was recognised. */
  own: number;
  /** The share in which another persona was. */
  leaked: number;
}
/** Reads one persona's line. */
export type ReadSwitching = (table: ConfusionTable, persona: string) => Switching;

const TABLE: ConfusionTable = {
  coach: { coach: 84, analyst: 2, planner: 6, several: 3, none: 5 },
  analyst: { coach: 0, analyst: 45, planner: 1, several: 0, none: 4 },
  planner: { coach: 12, analyst: 0, planner: 60, several: 8, none: 0 },
};
const personasOf = (table: ConfusionTable): string[] => Object.keys(table);
const rowSum = (table: ConfusionTable, persona: string): number => Object.values(table[persona] ?? {}).reduce((sum, count) => sum + count, 0);
const at = (table: ConfusionTable, asked: string, found: string): number => table[asked]?.[found] ?? 0;
const foreign = (table: ConfusionTable, persona: string): number => personasOf(table).filter((other) => other !== persona).reduce((sum, other) => sum + at(table, persona, other), 0);
const columnSum = (table: ConfusionTable, persona: string): number => personasOf(table).reduce((sum, asked) => sum + at(table, asked, persona), 0);

export const switchingExercise: Exercise<ReadSwitching> = {
  id: "65.6/read-confusion",
  hints: [
    "A line holds all replies to one prompt, a column all replies that sound like one persona. Which of them do you divide by?",
    "Leakage is another persona's voice. Are \"none\" and \"several\" other personas?",
    "own = line[persona] / sum of the line; leaked = sum of the other personas' cells in it / the same sum. The personas are the keys of the table.",
  ],
  ...functionAnswer<ReadSwitching>({
    cases: personasOf(TABLE).map((persona) => ({ given: [TABLE, persona], name: `"${persona}"` })),
    right: (table, persona) => ({ own: at(table, persona, persona) / rowSum(table, persona), leaked: foreign(table, persona) / rowSum(table, persona) }),
    mistakes: [
      {
        name: "divided by the column", gives: (table, persona) => ({ own: at(table, persona, persona) / columnSum(table, persona), leaked: (columnSum(table, persona) - at(table, persona, persona)) / columnSum(table, persona) }),
        message: "You divide by the column: of the replies that sound like it, how many were asked for. That is precision. Here the question is what a prompt gets.",
      },
      {
        name: "silence counted as leakage", gives: (table, persona) => ({ own: at(table, persona, persona) / rowSum(table, persona), leaked: 1 - at(table, persona, persona) / rowSum(table, persona) }),
        message: "You count everything else as leaked. A reply that shows no persona is a weak one, not another one's; the two need different remedies.",
      },
      {
        name: "divided by what was recognised",
        gives: (table, persona) => {
          const known = at(table, persona, persona) + foreign(table, persona);
          return { own: at(table, persona, persona) / known, leaked: foreign(table, persona) / known };
        },
        message: "You leave \"none\" and \"several\" out of the total. Then a model that hardly ever shows a persona looks as if it switched well.",
      },
      {
        name: "counts", gives: (table, persona) => ({ own: at(table, persona, persona), leaked: foreign(table, persona) }),
        message: "These are counts. The lines are of different length: make shares of them.",
      },
      {
        name: "of all replies",
        gives: (table, persona) => {
          const all = personasOf(table).reduce((sum, asked) => sum + rowSum(table, asked), 0);
          return { own: at(table, persona, persona) / all, leaked: foreign(table, persona) / all };
        },
        message: "You divide by all replies of the table. A share of what one prompt got has that prompt's replies below the line.",
      },
    ],
  }),
  because: "Read along the line: what did this prompt get? Its own voice, another's, or none. A low share with little leakage asks for more training, much leakage for data that ties the voice to the prompt.",
};

export const MIXTURES = {
  "prompt and voice": { says: "three system prompts; every persona answers the same kinds of requests" },
  "kinds of requests": { says: "three system prompts; the coach has all completions, the analyst all lists, the planner all creations", why: "Here the request gives the voice away, and the prompt is not needed. Ask the analyst to complete a task, and you get the coach." },
  "one prompt": { says: "one system prompt for all; the voices take turns", why: "Nothing tells the model which voice is due, so it learns a mixture: by greedy decoding the most frequent beginning, for all of them." },
  "name in the answer": { says: "no system prompt; every answer begins with the persona's name", why: "The name is then a part of what the model writes. It would draw one itself; you have nothing to switch." },
  "blocks": { says: "three system prompts; first all rows of the coach, then all of the analyst, then all of the planner, in this order", why: "The last block overwrites what the first taught. Rows must be mixed, so that every update sees all voices." },
} as const;
export type Mixture = keyof typeof MIXTURES;

export const mixtureExercise: Exercise<Mixture> = {
  id: "65.6/choose-mixture",
  hints: [
    "Cover the system prompt with your hand. Could you still tell from the request which voice is due?",
    "And the other way round: does the prompt alone say it, in every row?",
    "What the model can predict without the prompt, it will predict without the prompt.",
  ],
  ...choiceAnswer({ options: MIXTURES, right: "prompt and voice" }),
  because: "The system prompt must be the only thing that tells the voices apart. Then the shortest way to a low loss is to read it.",
};
