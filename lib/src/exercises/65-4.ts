/** The exercises of lesson 65.4, "Persona Fine-Tuning". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

export interface Turn {
  role: "system" | "user" | "assistant";
  content: string;
}
/** A conversation with the persona's system prompt in it: one system turn, and it stands first. */
export type WithPersona = (turns: readonly Turn[], system: string) => Turn[];

const user = (content: string): Turn => ({ role: "user", content });
const assistant = (content: string): Turn => ({ role: "assistant", content });
const COACH = "You are TaskMaster, an encouraging productivity coach.";
const CONVERSATIONS: readonly (readonly Turn[])[] = [
  [user("Add buy milk."), assistant('Great move! I\'ve added "buy milk".')],
  [{ role: "system", content: "You are a helpful assistant." }, user("Delete the old list."), assistant('Nice clean-up! I\'ve deleted "the old list".')],
  [user("Done with the report."), assistant("Well done! Which report?"), user("The Q4 one."), assistant('Fantastic! "The Q4 one" is closed.')],
];
const others = (turns: readonly Turn[]): Turn[] => turns.filter(({ role }) => role !== "system");

export const withPersonaExercise: Exercise<WithPersona> = {
  id: "65.4/system-inside",
  hints: [
    "Which role does the chat template have for what holds for the whole conversation? Where does it stand?",
    "A conversation may bring a system turn of its own. What would the model read if both stayed?",
    "Leave out every turn whose role is system, then put one in front: { role: \"system\", content: system }. Make a new list.",
  ],
  ...functionAnswer<WithPersona>({
    cases: CONVERSATIONS.map((turns) => ({ given: [turns, COACH] })),
    right: (turns, system) => [{ role: "system", content: system }, ...others(turns)],
    mistakes: [
      {
        name: "two system turns", gives: (turns, system) => [{ role: "system", content: system }, ...turns],
        message: "A conversation that brings a system turn now has two, and they may contradict each other. At the time of use there will be one. Leave the old one out.",
      },
      {
        name: "only where none is", gives: (turns, system) => (turns.some(({ role }) => role === "system") ? [...turns] : [{ role: "system", content: system }, ...turns]),
        message: "You keep a system turn that is there already. Such a row teaches the voice under another prompt: the model learns to speak so always.",
      },
      {
        name: "in the request", gives: (turns, system) => others(turns).map((turn, at) => (at === 0 ? { ...turn, content: `${system} ${turn.content}` } : turn)),
        message: "You put the persona into the user's words. At the time of use it stands in the system turn, so the model would be asked in a form that it never saw.",
      },
      {
        name: "at the end", gives: (turns, system) => [...others(turns), { role: "system", content: system }],
        message: "The system turn stands behind the answer. The loss of the answer sees only what stands before it, so nothing ties the voice to the prompt.",
      },
      {
        name: "before every request", gives: (turns, system) => others(turns).flatMap((turn) => (turn.role === "user" ? [{ role: "system" as const, content: system }, turn] : [turn])),
        message: "You repeat the prompt before every request. A conversation has one system turn; the program that uses the model will send one.",
      },
    ],
  }),
  because: "The row must look as the conversation will look when the model is used: one system turn in front. Only the answer has a loss, so the prompt is a condition that is learned from, not a text that is learned.",
};

/** A run of a small search, measured on validation rows. */
export interface PersonaTrial {
  name: string;
  steps: number;
  /** Validation loss in nats a token. */
  loss: number;
  /** Shares, 0 to 1. */
  adherence: number;
  task: number;
}
/** The name of the run to take, or undefined where none may be taken. */
export type ChooseTrial = (trials: readonly PersonaTrial[], baseTask: number) => string | undefined;

const trial = (name: string, steps: number, loss: number, adherence: number, task: number): PersonaTrial => ({ name, steps, loss, adherence, task });
const SEARCHES: readonly (readonly [readonly PersonaTrial[], number])[] = [
  [[trial("gentle", 100, 0.52, 0.81, 0.86), trial("usual", 200, 0.44, 0.95, 0.845), trial("hot", 200, 0.41, 0.99, 0.71), trial("long", 400, 0.4, 0.93, 0.88)], 0.86],
  [[trial("long", 400, 0.4, 0.96, 0.9), trial("short", 100, 0.46, 0.96, 0.89), trial("shortest", 50, 0.6, 0.7, 0.9)], 0.9],
  [[trial("hot", 200, 0.4, 0.99, 0.6), trial("hotter", 200, 0.39, 0.98, 0.5)], 0.8],
  // 0.485 of 0.5 lies inside two points, and outside two percent of the base.
  [[trial("a", 100, 0.5, 0.9, 0.485), trial("b", 100, 0.48, 0.8, 0.52)], 0.5],
];
/** Two points, with room for the rounding of sums of decimals. */
const LIMIT = 0.02 + 1e-9;
const best = (trials: readonly PersonaTrial[], by: (one: PersonaTrial, other: PersonaTrial) => number): string | undefined => [...trials].sort(by)[0]?.name;
const byStyle = (a: PersonaTrial, b: PersonaTrial): number => b.adherence - a.adherence || a.steps - b.steps;
const held = (trials: readonly PersonaTrial[], baseTask: number): PersonaTrial[] => trials.filter(({ task }) => task >= baseTask - LIMIT);

export const chooseTrialExercise: Exercise<ChooseTrial> = {
  id: "65.4/choose-run",
  hints: [
    "Two things are wanted, and one of them is a condition. Which runs may be taken at all?",
    "Points are differences of shares: two points below 0.86 is 0.84. Of the runs that are left, which one is best, and what decides between equals?",
    "Filter by task >= baseTask - 0.02; sort by adherence, then by steps; take the first. Of an empty list, the first is undefined.",
  ],
  ...functionAnswer<ChooseTrial>({
    cases: SEARCHES.map(([trials, baseTask]) => ({ given: [trials, baseTask], name: `runs ${trials.map(({ name, steps, adherence, task }) => `${name} (${steps} steps, adherence ${adherence}, task ${task})`).join(", ")} over a base of ${baseTask}` })),
    right: (trials, baseTask) => best(held(trials, baseTask), byStyle),
    mistakes: [
      { name: "style alone", gives: (trials) => best(trials, byStyle), message: "You take the run with the most style, whatever it does to the tasks. A bot that cheers for the wrong task is worse than a dull one: task accuracy is a condition." },
      { name: "the lowest loss", gives: (trials) => best(trials, (a, b) => a.loss - b.loss), message: "You choose by the loss. It counts every token alike, and most of them are neither style nor title. Choose by what you want." },
      { name: "task alone", gives: (trials, baseTask) => best(held(trials, baseTask), (a, b) => b.task - a.task || a.steps - b.steps), message: "Among the runs that hold the task accuracy you take the most accurate one. Two points are allowed; what you are after is the style." },
      { name: "percent of the base", gives: (trials, baseTask) => best(trials.filter(({ task }) => task >= 0.98 * baseTask), byStyle), message: "You allow two percent of the base, not two points. Of a base of 0.5 that is one point." },
      { name: "the longest of equals", gives: (trials, baseTask) => best(held(trials, baseTask), (a, b) => b.adherence - a.adherence || b.steps - a.steps), message: "Of runs with the same adherence you take the longest. Fewer steps move the model less and cost less." },
      {
        name: "a run at any price", gives: (trials, baseTask) => best(held(trials, baseTask), byStyle) ?? best(trials, byStyle),
        message: "Where no run holds the task accuracy you return one nevertheless. Return undefined: then the recipe has to change, not the rule.",
      },
    ],
  }),
  because: "A condition first, a wish second: of the runs that keep the task accuracy, the one with the most style, and of equals the shortest. Fix the rule before the first run, and choose on validation rows.",
};
