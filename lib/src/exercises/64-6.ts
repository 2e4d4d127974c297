/** The exercises of lesson 64.6, "Hyperparameter Tuning". */
import type { Exercise } from "../course/check.js";
import { signTest } from "../evaluate/paired.js";
import { suggestRate, type RatePoint } from "../train/rate-range.js";

export type { RatePoint } from "../train/rate-range.js";
/** The rate to begin with, from a range test. */
export type ReadTest = (points: readonly RatePoint[]) => number;

/** A loss that falls up to a rate, rises behind it and comes down a little from where the run broke, with bumps that no rule should follow. */
function curve(steps: number, to: number, turn: number, bump: number): RatePoint[] {
  const bare = Array.from({ length: steps }, (_, at) => {
    const rate = (to * (at + 1)) / steps;
    const broken = 0.85 * to;
    const smooth = rate < turn ? 3 - 2 * (rate / turn) : 1 + 4 * ((Math.min(rate, broken) - turn) / turn) - 4 * (Math.max(0, rate - broken) / to);
    return { rate, smooth };
  });
  // One lucky batch, away from the lowest point of the course, whose own loss is lower than all.
  return bare.map(({ rate, smooth }, at) => ({ rate, smooth, loss: at === Math.floor(steps * bump) ? 0.4 : smooth + 0.05 * Math.sin(7 * at) }));
}
const TESTS: readonly (readonly RatePoint[])[] = [curve(60, 0.1, 0.04, 0.1), curve(40, 0.02, 0.005, 0.8), curve(100, 1, 0.3, 0.15)];
const near = (a: unknown, b: number): boolean => typeof a === "number" && Math.abs(a - b) <= 1e-6 * Math.abs(b);
const readsAs = (mistaken: ReadTest) => (answer: ReadTest) => TESTS.every((points) => near(answer(structuredClone(points)), mistaken(points)));
const lowest = (points: readonly RatePoint[], by: "loss" | "smooth"): RatePoint => points.reduce((least, point) => (point[by] < least[by] ? point : least));

export const rateChoice: Exercise<ReadTest> = {
  id: "64.6/rate-choice",
  kind: "function",
  hints: [
    "Each point has two losses. Which of them does a single lucky batch not disturb?",
    "Find the point with the lowest of these, and go back from the loss to the rate that belongs to it. The paragraph above says why you should not start there, and how far below it.",
  ],
  fault: (answer) => {
    for (const points of TESTS) {
      const [given, expected] = [answer(structuredClone(points)), suggestRate(points)];
      if (!near(given, expected)) return `The smoothed loss of this test is lowest at a rate of ${lowest(points, "smooth").rate.toPrecision(3)}, so begin at ${expected.toPrecision(3)}. Your function gives ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "at the lowest loss",
      matches: readsAs((points) => lowest(points, "smooth").rate),
      message: "You took the rate at which the loss is lowest. There it stops falling: that rate is on the edge, and a run that stays at it for hundreds of steps falls over. Take a tenth.",
    },
    {
      name: "single batches",
      matches: readsAs((points) => lowest(points, "loss").rate / 10),
      message: "You looked at single batches, and one easy batch decides your answer. Look at the smoothed loss.",
    },
    {
      name: "largest rate",
      matches: readsAs((points) => (points.at(-1) as RatePoint).rate / 10),
      message: "You took a tenth of the largest rate that was tried. Where the ramp ends was your own choice and says nothing: look for where the loss is lowest.",
    },
    {
      name: "the loss for the rate",
      matches: readsAs((points) => lowest(points, "smooth").smooth / 10),
      message: "You returned a tenth of the loss. The lowest loss only shows where to look; what is asked for is the rate at that place.",
    },
    {
      name: "at the highest loss",
      matches: readsAs((points) => points.reduce((most, point) => (point.smooth > most.smooth ? point : most)).rate / 10),
      message: "You looked for the highest loss. That is where the run has broken already, or not begun to learn.",
    },
  ],
  because: "The lowest point marks the rate at which learning and damage balance; a tenth of it leaves room for a run that stays at its peak. It is a rule of thumb, so a few runs around it decide.",
};

/** How often chance alone would divide the requests so unevenly, from 0 to 1. */
export type ChanceOf = (first: readonly boolean[], second: readonly boolean[]) => number;

/** Verdicts on the same requests: so many that both have right, only the first, only the second, none. */
function verdicts(both: number, onlyFirst: number, onlySecond: number, none: number): readonly [boolean[], boolean[]] {
  const fill = (counts: readonly [number, boolean][]): boolean[] => counts.flatMap(([count, value]) => Array.from({ length: count }, () => value));
  return [fill([[both, true], [onlyFirst, true], [onlySecond, false], [none, false]]), fill([[both, true], [onlyFirst, false], [onlySecond, true], [none, false]])];
}
const PAIRS = [verdicts(80, 9, 1, 10), verdicts(60, 2, 7, 31), verdicts(50, 5, 5, 40), verdicts(97, 3, 0, 0), verdicts(90, 0, 0, 10)];
const chances = (mistaken: ChanceOf) => (answer: ChanceOf) => PAIRS.every(([first, second]) => near2(answer([...first], [...second]), mistaken(first, second)));
const near2 = (a: unknown, b: number): boolean => typeof a === "number" && Math.abs(a - b) <= 1e-9 + 1e-6 * Math.abs(b);

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways *= (n - k + i) / i;
  return ways;
}
/** P(at most `most` heads in `tosses`). */
const atMost = (most: number, tosses: number): number => Array.from({ length: most + 1 }, (_, heads) => choose(tosses, heads) / 2 ** tosses).reduce((sum, part) => sum + part, 0);
const split = (first: readonly boolean[], second: readonly boolean[]): readonly [number, number] => {
  const { onlyFirst, onlySecond } = signTest(first, second);
  return [onlyFirst, onlySecond];
};

export const chanceExercise: Exercise<ChanceOf> = {
  id: "64.6/chance",
  kind: "function",
  hints: [
    "Which requests say something about which model is better? Count those that only the first has right, and those that only the second has.",
    "Each of these falls to one side like a coin. How likely are exactly k heads in n tosses: the number of ways to choose k of n, over 2 to the power of n.",
    "Add that up for k from 0 to the smaller of the two counts, that one included. Count the other direction too, and see that nothing exceeds 1 when both sides are even.",
  ],
  fault: (answer) => {
    for (const [first, second] of PAIRS) {
      const { p, onlyFirst, onlySecond } = signTest(first, second), given = answer([...first], [...second]);
      if (!near2(given, p)) return `${onlyFirst} requests only the first has right, ${onlySecond} only the second: chance divides them so unevenly in ${p.toFixed(4)} of all cases. Your function gives ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "one side only",
      matches: chances((first, second) => {
        const [one, other] = split(first, second);
        return atMost(Math.min(one, other), one + other);
      }),
      message: "You counted one side: the chance that *this* model is so far ahead. Before the runs you did not know which would be: the other side counts too. Double it, and let it be at most 1.",
    },
    {
      name: "above one",
      matches: chances((first, second) => {
        const [one, other] = split(first, second);
        return 2 * atMost(Math.min(one, other), one + other);
      }),
      message: "Right until both sides are even: then doubling counts the middle twice and gives more than 1. A probability is at most 1.",
    },
    {
      name: "every request counted",
      matches: chances((first, second) => {
        const [one, other] = split(first, second), ties = first.length - one - other;
        return Math.min(1, 2 * atMost(Math.min(one, other) + Math.floor(ties / 2), first.length));
      }),
      message: "You tossed a coin for every request. Those that both have right, or both wrong, say nothing about which model is better: leave them out.",
    },
    {
      name: "strictly fewer",
      matches: chances((first, second) => {
        const [one, other] = split(first, second), least = Math.min(one, other);
        return least === 0 ? 0 : Math.min(1, 2 * atMost(least - 1, one + other));
      }),
      message: "You left out the split that was seen itself. Count every split that is as uneven *or* more: k from 0 up to and with the smaller number.",
    },
    {
      name: "difference of shares",
      matches: chances((first, second) => Math.abs(first.filter(Boolean).length - second.filter(Boolean).length) / first.length),
      message: "That is the difference of the two scores: how much better, not how surely. Ask how often a coin that favours neither would give a split like this.",
    },
  ],
  because: "Only requests on which the two disagree can tell them apart, and if neither is better each of these falls on either side like a coin. Two runs of one setting disagree too: what counts is how one-sidedly.",
};
