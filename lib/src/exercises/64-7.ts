/** The exercises of lesson 64.7, "Checkpointing and Resume". */
import type { Exercise } from "../course/check.js";

/** What decides how often to save. */
export interface Interruptions {
  /** Seconds that training stands still for one checkpoint. */
  checkpointSeconds: number;
  /** Hours from one interruption to the next, on average. */
  hoursBetween: number;
  secondsPerStep: number;
}
/** Steps between two checkpoints, a whole number from 1. */
export type StepsBetween = (given: Interruptions) => number;

// A T4 that saves to its disk, one that saves over a network, this laptop; and steps so long that saving after each is right.
const INTERRUPTIONS: readonly Interruptions[] = [
  { checkpointSeconds: 10, hoursBetween: 6, secondsPerStep: 8 },
  { checkpointSeconds: 60, hoursBetween: 12, secondsPerStep: 8 },
  { checkpointSeconds: 0.2, hoursBetween: 24, secondsPerStep: 0.15 },
  { checkpointSeconds: 0.5, hoursBetween: 0.25, secondsPerStep: 100 },
];
const intervalWith = (of: (given: Interruptions) => number): StepsBetween => (given) => Math.max(1, Math.round(of(given) / given.secondsPerStep));
const young = ({ checkpointSeconds, hoursBetween }: Interruptions): number => Math.sqrt(2 * checkpointSeconds * hoursBetween * 3600);
const steps = intervalWith(young);
const near = (given: unknown, right: number): boolean => typeof given === "number" && Math.abs(given - right) <= 1e-9 * Math.abs(right);
const saves = (mistaken: StepsBetween) => (answer: StepsBetween): boolean => INTERRUPTIONS.every((given) => near(answer({ ...given }), mistaken(given)));

export const stepsBetween: Exercise<StepsBetween> = {
  id: "64.7/steps-between",
  kind: "function",
  hints: [
    "Section 5 gives the best interval as a formula with a square root. What stands under the root, and in which unit do you have each of the two times?",
    "Bring everything to seconds before you multiply, then turn the interval into steps with the seconds that one step takes.",
    "A trainer takes whole steps, and never 0 of them: think of a step that is longer than the interval.",
  ],
  fault: (answer) => {
    for (const given of INTERRUPTIONS) {
      const [mine, right] = [answer({ ...given }), steps(given)];
      if (!near(mine, right)) {
        return `A checkpoint of ${given.checkpointSeconds} s, an interruption every ${given.hoursBetween} h, ${given.secondsPerStep} s a step: ${young(given).toFixed(1)} s between two, so ${right} ${right === 1 ? "step" : "steps"}. Your function gives ${String(mine)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "2 forgotten",
      matches: saves(intervalWith(({ checkpointSeconds, hoursBetween }) => Math.sqrt(checkpointSeconds * hoursBetween * 3600))),
      message: "The 2 is missing. An interruption falls, on average, into the middle of an interval, so it costs half of one: that half is where the 2 comes from.",
    },
    {
      name: "no square root",
      matches: saves(intervalWith(({ checkpointSeconds, hoursBetween }) => 2 * checkpointSeconds * hoursBetween * 3600)),
      message: "The square root is missing. Your unit shows it: seconds times seconds is no time.",
    },
    {
      name: "hours for seconds",
      matches: saves(intervalWith(({ checkpointSeconds, hoursBetween }) => Math.sqrt(2 * checkpointSeconds * hoursBetween))),
      message: "You multiplied seconds with hours. Bring both to seconds first; your interval is sixty times too short.",
    },
    {
      name: "seconds for steps",
      matches: (answer) => [young, (given: Interruptions) => Math.round(young(given))].some((mistaken) => saves(mistaken)(answer)),
      message: "That is the interval in seconds. A trainer counts steps: divide by the seconds that one takes.",
    },
    {
      name: "never below one",
      matches: saves((given) => Math.round(young(given) / given.secondsPerStep)),
      message: "Right, except where a step is longer than the interval. Then the rounded number is 0, and a trainer that saves every 0 steps saves never, or refuses: save after each, so 1.",
    },
    {
      name: "not rounded",
      matches: saves((given) => Math.max(1, young(given) / given.secondsPerStep)),
      message: "A trainer saves after whole steps: round.",
    },
  ],
  because: "√(2 · cost · time between interruptions), in steps. A checkpoint that costs four times as much is taken half as often, not a quarter: the square root makes a wrong guess cheap.",
};

/** A checkpoint that was saved: its step, and the loss on held-out rows at that step. */
export interface Saved {
  step: number;
  evalLoss: number;
}
/** The steps of the checkpoints that lie on the disk in the end, in ascending order. */
export type KeptSteps = (saved: readonly Saved[], limit: number) => number[];

interface KeptCase {
  saved: readonly Saved[];
  limit: number;
}
const at = (...losses: number[]): Saved[] => losses.map((evalLoss, i) => ({ step: 100 * (i + 1), evalLoss }));
const KEPT_CASES: readonly KeptCase[] = [
  // The best lies in the middle, and the losses after it rise: keeping the lowest would keep others.
  { saved: at(2.1, 1.4, 1.1, 1.2, 1.5, 1.6), limit: 3 },
  { saved: at(1.9, 1.2, 1.4, 1.3, 1.5), limit: 2 },
  // Still falling: the newest is the best.
  { saved: at(2.0, 1.6, 1.3, 1.1), limit: 2 },
  // A limit of one leaves two, where the best is not the newest.
  { saved: at(1.5, 1.0, 1.4), limit: 1 },
  { saved: at(1.5, 1.4), limit: 5 },
];
const newest = (saved: readonly Saved[], count: number): number[] => saved.slice(Math.max(0, saved.length - count)).map(({ step }) => step);
const bestOf = (saved: readonly Saved[], better: (a: number, b: number) => boolean = (a, b) => a < b): number =>
  saved.reduce((best, one) => (better(one.evalLoss, best.evalLoss) ? one : best)).step;
/** Transformers 5.23, trainer_utils.rotate_checkpoints: the newest and the best stay, then the oldest go until the limit is met. */
const keepWith = (best: (saved: readonly Saved[]) => number): KeptSteps => (saved, limit) => {
  const safe = new Set([...newest(saved, 1), best(saved)]);
  const others = saved.map(({ step }) => step).filter((step) => !safe.has(step));
  const room = Math.max(0, limit - safe.size);
  return [...safe, ...others.slice(others.length - Math.min(room, others.length))].sort((a, b) => a - b);
};
const kept = keepWith(bestOf);
const same = (given: unknown, right: readonly number[]): boolean => Array.isArray(given) && given.length === right.length && right.every((step, i) => given[i] === step);
const keeps = (mistaken: KeptSteps) => (answer: KeptSteps): boolean => KEPT_CASES.every(({ saved, limit }) => same(answer(structuredClone([...saved]), limit), mistaken(saved, limit)));
const sorted = (list: readonly number[]): number[] => [...new Set(list)].sort((a, b) => a - b);

export const keptSteps: Exercise<KeptSteps> = {
  id: "64.7/kept-steps",
  kind: "function",
  hints: [
    "Two checkpoints are safe whatever the limit. Which one do you need to go on training, and which one to export?",
    "The safe ones take places of the limit; when they are the same checkpoint, only one place. Fill the places that are left with the newest of the others.",
    "With a limit of 1 both safe ones stay all the same. Give the steps in ascending order, each once.",
  ],
  fault: (answer) => {
    for (const { saved, limit } of KEPT_CASES) {
      const [mine, right] = [answer(structuredClone([...saved]), limit), kept(saved, limit)];
      if (!same(mine, right)) {
        return `Saved: ${saved.map(({ step, evalLoss }) => `${step} (${evalLoss})`).join(", ")}; limit ${limit}. On the disk lie ${right.join(", ")}; your function says ${Array.isArray(mine) ? mine.join(", ") || "none" : String(mine)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "the lowest losses",
      matches: keeps((saved, limit) => sorted([...saved].sort((a, b) => a.evalLoss - b.evalLoss).slice(0, limit).map(({ step }) => step))),
      message: "You kept the ones with the lowest losses. That is what the name of `save_total_limit` suggests to many; it keeps the newest. Only one is kept for its loss, and without the newest there is nothing to resume from.",
    },
    {
      name: "the newest alone",
      matches: keeps((saved, limit) => newest(saved, limit)),
      message: "You kept the newest and lost the best. With `load_best_model_at_end` the best is safe, however old, and takes one of the places.",
    },
    {
      name: "the best beside the limit",
      matches: keeps((saved, limit) => sorted([...newest(saved, limit), bestOf(saved)])),
      message: "The best is no extra: it takes one of the places, and one newer checkpoint goes for it.",
    },
    {
      name: "highest loss for best",
      matches: keeps(keepWith((saved) => bestOf(saved, (a, b) => a > b))),
      message: "You took the highest loss for the best. A loss is better when it is lower: that is what `greater_is_better=False` says to the trainer.",
    },
    {
      name: "a limit of one",
      matches: keeps((saved, limit) => (limit === 1 ? newest(saved, 1) : kept(saved, limit))),
      message: "Right, except for a limit of 1: newest and best are both safe, so two lie there where they differ.",
    },
    {
      name: "not in order",
      matches: (answer) => KEPT_CASES.every(({ saved, limit }) => {
        const given = answer(structuredClone([...saved]), limit);
        return Array.isArray(given) && same([...given].sort((a, b) => a - b), kept(saved, limit));
      }),
      message: "The right ones, in another order: give the steps ascending, and each once.",
    },
  ],
  because: "The newest, to go on from; the best, to export; and then the newest of the others, up to the limit. One number cannot ask for the three best.",
};
