/** The exercises of lesson 64.2, "Hyperparameters Explained". */
import type { Exercise } from "../course/check.js";
import { countSteps, learningRates } from "../train/schedule.js";
import { functionAnswer } from "./kinds/function.js";

/** What decides how often the weights are changed. */
export interface RunLength {
  rows: number;
  epochs: number;
  /** Rows that go through the model together. */
  batch: number;
  /** Batches whose gradients are summed before the weights change. */
  accumulation: number;
}
/** How many times the weights are changed. */
export type UpdatesOf = (length: RunLength) => number;

const LENGTHS: readonly RunLength[] = [
  { rows: 400, epochs: 3, batch: 2, accumulation: 4 },
  { rows: 500, epochs: 3, batch: 4, accumulation: 4 },
  { rows: 1001, epochs: 2, batch: 8, accumulation: 1 },
  { rows: 90, epochs: 5, batch: 4, accumulation: 8 },
  { rows: 240, epochs: 1, batch: 8, accumulation: 1 },
];
const updates: UpdatesOf = ({ rows, ...recipe }) => countSteps({ ...recipe, steps: null }, rows);

export const updatesExercise: Exercise<UpdatesOf> = {
  id: "64.2/updates",
  hints: [
    "Look at the last two lines of the table: ten rows more make one update more in each epoch. What happened to the rows that were left over?",
    "Count for one epoch: rows make batches, batches make groups, and each group is an update. What is left over makes a smaller batch and a smaller group, so which way do you round, and how often?",
    "Only when one epoch is rounded do the epochs come in: no update reaches from one into the next.",
  ],
  ...functionAnswer<UpdatesOf>({
    cases: LENGTHS.map((length) => ({ given: [length] })),
    right: updates,
    tell: ([{ rows, epochs, batch, accumulation }], given, expected) => {
      const batches = Math.ceil(rows / batch);
      return `${rows} rows in batches of ${batch}: ${batches} batches an epoch, in groups of ${accumulation} that is ${Math.ceil(batches / accumulation)} updates, times ${epochs} epochs: ${expected}. Your function gives ${String(given)}.`;
    },
    mistakes: [
      {
        name: "accumulation forgotten",
        gives: ({ rows, epochs, batch }) => Math.ceil(rows / batch) * epochs,
        message: "You counted batches. With accumulation, several batches make one update: divide by it, and round up.",
      },
      {
        name: "rounded down",
        gives: ({ rows, epochs, batch, accumulation }) => Math.floor(Math.floor(rows / batch) / accumulation) * epochs,
        message: "You rounded down, so the last rows of an epoch are in no update. The trainer makes a smaller last batch, and a smaller last group: round up.",
      },
      {
        name: "rounded once at the end",
        gives: ({ rows, epochs, batch, accumulation }) => Math.ceil((rows * epochs) / (batch * accumulation)),
        message: "You let an update reach into the next epoch. Every epoch ends with what is left of its rows: round up for one epoch first, then multiply.",
      },
      {
        name: "rows counted",
        gives: ({ rows, epochs }) => rows * epochs,
        message: "That is how many rows are shown, not how often the weights change. They change once for batch × accumulation rows.",
      },
      {
        name: "one epoch only",
        gives: (length) => updates({ ...length, epochs: 1 }),
        message: "That is one epoch. Multiply by the number of epochs.",
      },
    ],
  }),
  because: "An epoch is all rows once; an update takes batch × accumulation of them, and the last one of each epoch what is left. The scheduler counts in updates, so a change of the batch size also changes warm-up and decay.",
};

/** A peak and the way up to it and down from it. */
export interface Ramp {
  peak: number;
  /** Updates in which the rate rises from 0. */
  warmup: number;
  /** Updates of the whole run. */
  steps: number;
}
/** The learning rate of an update; the first one is number 0. */
export type RateOf = (update: number, ramp: Ramp) => number;

const RAMPS: readonly Ramp[] = [
  { peak: 2e-4, warmup: 10, steps: 100 },
  { peak: 3e-3, warmup: 20, steps: 300 },
  { peak: 1e-4, warmup: 0, steps: 40 },
];
const CASES = RAMPS.flatMap((ramp) => [0, 1, 5, 9, 10, 11, 20, 25, 39].map((update) => [update, ramp] as const));
const rate: RateOf = (update, { peak, ...ramp }) => learningRates({ learningRate: peak, schedule: "cosine", warmup: ramp.warmup }, ramp.steps)[update] as number;
const near = (a: unknown, b: number): boolean => typeof a === "number" && Math.abs(a - b) <= 1e-12 + 1e-6 * Math.abs(b);
const rates = (mistaken: RateOf) => (answer: RateOf) => CASES.every(([update, ramp]) => near(answer(update, { ...ramp }), mistaken(update, ramp)));
const fall = (share: number): number => 0.5 * (1 + Math.cos(Math.PI * share));
const rises = (update: number, { peak, warmup }: Ramp): number | undefined => (update < warmup ? (peak * update) / warmup : undefined);

export const rateExercise: Exercise<RateOf> = {
  id: "64.2/rate",
  kind: "function",
  hints: [
    "The schedule has two parts, and warmup is where they meet. What is the rate at update 0, and what at update number warmup?",
    "On the way up it is a share of the peak: how many updates are done, out of warmup. On the way down, first compute another share, 0 at the end of the warm-up and 1 at the last step.",
    "Half a cosine runs from 1 to −1 while its angle goes from 0 to π. Lift it and halve it, so that it runs from 1 to 0, and multiply by the peak.",
  ],
  fault: (answer) => {
    for (const [update, ramp] of CASES) {
      const [given, expected] = [answer(update, { ...ramp }), rate(update, ramp)];
      if (!near(given, expected)) return `Peak ${ramp.peak}, ${ramp.warmup} of ${ramp.steps} updates of warm-up: update ${update} has the rate ${expected.toPrecision(4)}. Your function gives ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "no warm-up",
      matches: rates((update, { peak, warmup, steps }) => peak * fall(Math.max(0, update - warmup) / (steps - warmup))),
      message: "Your rate stands at its peak from the first update on. Before `warmup` updates are done it rises in a straight line: peak × update ÷ warmup.",
    },
    {
      name: "cosine from the first update",
      matches: rates((update, ramp) => rises(update, ramp) ?? ramp.peak * fall(update / ramp.steps)),
      message: "Your cosine begins at update 0, so after the warm-up the rate jumps to a point below the peak. Let its share run from 0 at the warm-up's end to 1 at the last step: (update − warmup) ÷ (steps − warmup).",
    },
    {
      name: "bare cosine",
      matches: rates((update, ramp) => rises(update, ramp) ?? ramp.peak * Math.cos(Math.PI * ((update - ramp.warmup) / (ramp.steps - ramp.warmup)))),
      message: "A cosine runs from 1 to −1: in the second half your rate is negative, and the run would undo what it has learned. Take half of (1 + cosine).",
    },
    {
      name: "whole period",
      matches: rates((update, ramp) => rises(update, ramp) ?? ramp.peak * fall((2 * (update - ramp.warmup)) / (ramp.steps - ramp.warmup))),
      message: "You went through a whole period, so the rate is back at its peak at the end. The schedule uses half a period: π, not 2π.",
    },
    {
      name: "straight line",
      matches: rates((update, ramp) => rises(update, ramp) ?? ramp.peak * (1 - (update - ramp.warmup) / (ramp.steps - ramp.warmup))),
      message: "That is the linear schedule, and right as such. Here the fall has the shape of half a cosine: slow, fast, slow.",
    },
    {
      name: "one update late",
      matches: rates((update, ramp) => (update + 1 < ramp.warmup ? (ramp.peak * (update + 1)) / ramp.warmup : ramp.peak * fall(Math.max(0, update + 1 - ramp.warmup) / (ramp.steps - ramp.warmup)))),
      message: "You are one update ahead. Transformers counts from 0: with a warm-up, the very first update has a rate of 0 and changes nothing.",
    },
  ],
  because: "A straight line up to the peak, then half a cosine down to zero. The fall's share counts from the end of the warm-up, so the two parts meet at the peak without a jump.",
};
