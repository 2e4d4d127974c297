/** The exercises of lesson 64.9, "Capstone — Task API Assistant". */
import type { Exercise } from "../course/check.js";
import { wilson } from "../teacher/statistics.js";
import { functionAnswer } from "./kinds/function.js";

/** What an exam found: hits of so many trials. */
export interface Found {
  hits: number;
  of: number;
}
/** What can be said of a criterion "at least `wanted`", a share from 0 to 1. */
export type Verdict = "shown" | "not shown" | "failed";
/**
 * `shown` where even the low end of the 95% interval reaches what is wanted, `failed` where not even its high end does, and
 * `not shown` between.
 */
export type Judge = (found: Found, wanted: number) => Verdict;

const JUDGED: readonly (readonly [Found, number])[] = [
  [{ hits: 300, of: 300 }, 0.98], [{ hits: 291, of: 300 }, 0.95], [{ hits: 288, of: 300 }, 0.95], [{ hits: 282, of: 300 }, 0.95], [{ hits: 270, of: 300 }, 0.95],
  [{ hits: 20, of: 20 }, 0.95], [{ hits: 0, of: 300 }, 0.2], [{ hits: 128, of: 150 }, 0.85], [{ hits: 149, of: 150 }, 0.85], [{ hits: 110, of: 150 }, 0.85],
];
const judgeRightly: Judge = ({ hits, of }, wanted) => {
  const { low, high } = wilson(hits, of);
  return low >= wanted ? "shown" : high < wanted ? "failed" : "not shown";
};

export const judgeCriterion: Exercise<Judge> = {
  id: "64.9/judge",
  hints: [
    "wilson(hits, of) gives an interval. In which of three places can it lie, seen from the share that is wanted?",
    "Shown needs the whole interval on the good side, failed needs all of it on the other. Which end do you compare for each?",
    "An interval that holds what is wanted says neither: the exam was too short. Compare shares with shares: wanted is 0.95, not 95.",
  ],
  ...functionAnswer<Judge>({
    cases: JUDGED.map(([found, wanted]) => ({ given: [found, wanted] })),
    right: judgeRightly,
    tell: ([{ hits, of }, wanted], given, expected) => {
      const { low, high } = wilson(hits, of);
      return `${hits} of ${of} has an interval from ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %; with ${100 * wanted} % wanted that is "${expected}". Your function says ${JSON.stringify(given)}.`;
    },
    mistakes: [
      {
        name: "the estimate alone",
        gives: ({ hits, of }, wanted) => (hits / of >= wanted ? "shown" : "failed"),
        message: "You compare the share itself and leave its interval out. 20 of 20 is a share of 100 %, and yet twenty requests cannot show 95 %: a model that is right in 87 of 100 gets 20 of 20 one time in sixteen.",
      },
      {
        name: "the high end",
        gives: ({ hits, of }, wanted) => (wilson(hits, of).high >= wanted ? "shown" : "failed"),
        message: 'You give the model the best of what is possible: where only the high end of the interval reaches what is wanted, nothing is shown yet. That is "not shown".',
      },
      {
        name: "failed too soon",
        gives: ({ hits, of }, wanted) => (wilson(hits, of).low >= wanted ? "shown" : "failed"),
        message: 'Everything that is not shown has failed with you. Where the interval holds what is wanted, the exam was too short to say either: "not shown".',
      },
      {
        name: "percent",
        gives: ({ hits, of }, wanted) => { const { low, high } = wilson(hits, of); return 100 * low >= wanted ? "shown" : 100 * high < wanted ? "failed" : "not shown"; },
        message: "You compare percent with a share: `wanted` is 0.95 for 95 %.",
      },
    ],
  }),
  because: "An exam is a sample. A criterion is shown when even the low end of the interval reaches it, failed when the high end does not, and otherwise the exam must be longer.",
};

/** How many requests an exam needs so that its 95% interval is no wider than `width` to either side, for a share near `share`. */
export type ExamLength = (share: number, width: number) => number;

const LENGTHS: readonly (readonly [number, number])[] = [[0.95, 0.02], [0.5, 0.05], [0.99, 0.01], [0.85, 0.03]];
const Z = 1.959963984540054;
const examLength: ExamLength = (share, width) => Math.ceil((Z * Z * share * (1 - share)) / (width * width));
/** Rounded z, or a step up or down, is as good. */
const near = (a: unknown, b: number): boolean => typeof a === "number" && Math.abs(a - b) <= 1 + 0.05 * b;
const lengths = (mistaken: ExamLength) => (answer: ExamLength) => LENGTHS.every(([share, width]) => { const given: unknown = answer(share, width); return typeof given === "number" && Math.abs(given - mistaken(share, width)) <= 1 + 0.01 * mistaken(share, width); });

export const examLengthExercise: Exercise<ExamLength> = {
  id: "64.9/requests-needed",
  kind: "function",
  hints: [
    "Begin with one request that is right with the probability of the share: how far does a share of n such requests scatter? That is its standard error.",
    "The standard error shrinks with the square root of the number of requests. Set a multiple of it equal to width and solve for that number: half the width then takes four times the requests.",
    "The spread of a share is share × (1 − share), which is smaller near 95% than at a half. A 95% interval reaches 1.96 standard errors to each side, and requests are whole: round up.",
  ],
  fault: (answer) => {
    for (const [share, width] of LENGTHS) {
      const [given, expected]: [unknown, number] = [answer(share, width), examLength(share, width)];
      if (!near(given, expected)) return `A share near ${share}, known to ± ${width}, takes ${expected} requests. Your function gives ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "not squared",
      matches: lengths((share, width) => (Z * Math.sqrt(share * (1 - share))) / width),
      message: "You forgot the square: an interval shrinks with the square root of the requests, so half the width takes four times as many.",
    },
    {
      name: "worst case",
      matches: lengths((_, width) => (Z * Z * 0.25) / (width * width)),
      message: "You took the share of one half, where an interval is widest. Near 95 % it takes a fifth of that: share × (1 − share) is 0.0475, not 0.25.",
    },
    {
      name: "one standard error",
      matches: lengths((share, width) => (share * (1 - share)) / (width * width)),
      message: "That is one standard error, which holds the truth two times in three. A 95 % interval reaches 1.96 of them to either side.",
    },
    {
      name: "both sides",
      matches: lengths((share, width) => (4 * Z * Z * share * (1 - share)) / (width * width)),
      message: "You took `width` for the whole interval. It is the distance to either side: ± 0.02.",
    },
  ],
  because: "The half-width of a 95 % interval is 1.96 × √(share × (1 − share) / n), so n = 1.96² × share × (1 − share) / width². To know 95 % to ± 2 points takes 457 requests; an exam of 20 tells 95 from 75, hardly more.",
};
