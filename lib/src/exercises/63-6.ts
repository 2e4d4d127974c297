/** The exercises of lesson 63.6, "Quality Filtering Pipeline". */
import type { Exercise } from "../course/check.js";

/** Scores of one row by criterion, 1 to 5. */
export type Scores = Readonly<Record<string, number>>;
/** Whether a row may stay, given the least score for some criteria. */
export type KeepRow = (scores: Scores, least: Scores) => boolean;

const KEEP_CASES: readonly [scores: Scores, least: Scores, keep: boolean, why: string][] = [
  [{ accuracy: 5, format: 5 }, { accuracy: 4, format: 3 }, true, "both reach their threshold"],
  [{ accuracy: 4, format: 3 }, { accuracy: 4, format: 3 }, true, "a score that equals its threshold reaches it"],
  [{ accuracy: 1, format: 5 }, { accuracy: 3, format: 3 }, false, "accuracy falls short, and no other score makes up for it"],
  [{ accuracy: 5, format: 2 }, { accuracy: 4, format: 3 }, false, "format falls short"],
  [{ accuracy: 5, tone: 1 }, { accuracy: 4 }, true, "no threshold is set for tone"],
  [{ format: 5 }, { accuracy: 4 }, false, "a criterion that was not scored has not been met"],
];
const decides = (mistaken: KeepRow) => (answer: KeepRow) => KEEP_CASES.every(([scores, least]) => answer(scores, least) === mistaken(scores, least));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const criteriaFilter: Exercise<KeepRow> = {
  id: "63.6/criteria-filter",
  kind: "function",
  hints: [
    "Which of the two arguments names the criteria that decide? Go through that one.",
    "Every criterion in least must be reached; one that falls short is a veto, however good the others are. Equal is enough.",
    "A criterion that has a threshold and no score was never judged. Decide what that means for the row before you compare a number with nothing.",
  ],
  fault: (answer) => {
    for (const [scores, least, keep, why] of KEEP_CASES) {
      const given = answer({ ...scores }, { ...least });
      if (given !== keep) return `Scores ${JSON.stringify(scores)} with thresholds ${JSON.stringify(least)}: your function says ${String(given)}, but ${why}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "mean",
      matches: decides((scores, least) => mean(Object.values(scores)) >= mean(Object.values(least))),
      message: "You compare means. A row with a wrong answer (1) in perfect form (5) has a mean of 3 and stays. Every criterion has to reach its own threshold.",
    },
    {
      name: "any",
      matches: decides((scores, least) => Object.entries(least).some(([name, value]) => (scores[name] ?? 0) >= value)),
      message: "One criterion that is met is enough for your function. All of them have to be: every, not some.",
    },
    {
      name: "strictly above",
      matches: decides((scores, least) => Object.entries(least).every(([name, value]) => (scores[name] ?? 0) > value)),
      message: "A score that equals its threshold fails in your function. `least` is the least that is enough: >=.",
    },
    {
      name: "missing is fine",
      matches: decides((scores, least) => Object.entries(least).every(([name, value]) => !(name in scores) || (scores[name] ?? 0) >= value)),
      message: "A criterion that the judge left out counts as met. Judges do leave criteria out, and those rows are the ones nobody has judged.",
    },
    {
      name: "all scores",
      matches: decides((scores, least) => Object.entries(scores).every(([name, value]) => value >= (least[name] ?? 3))),
      message: "You also test criteria that have no threshold. Only those in `least` decide.",
    },
  ],
  because: "Each threshold is a veto: the mean lets a good form pay for a wrong answer, this does not, and what was not judged is not kept.",
};

/** Cohen's kappa of two lists of verdicts on the same rows. */
export type Kappa = (first: readonly boolean[], second: readonly boolean[]) => number;

const verdicts = (text: string) => [...text].map((mark) => mark === "x");
const KAPPA_CASES: readonly [first: string, second: string][] = [
  ["xx..", "xx.."],
  ["xx..x...", "x...xx.."],
  ["x.........", ".x........"],
  ["xxxx....", "....xxxx"],
];
const agreement = (a: readonly boolean[], b: readonly boolean[]) => a.filter((value, i) => value === b[i]).length / a.length;
const rate = (list: readonly boolean[]) => list.filter(Boolean).length / list.length;
const kappaOf = (first: string, second: string) => {
  const [a, b] = [verdicts(first), verdicts(second)];
  const chance = rate(a) * rate(b) + (1 - rate(a)) * (1 - rate(b));
  return (agreement(a, b) - chance) / (1 - chance);
};
const near = (a: unknown, b: number) => typeof a === "number" && Math.abs(a - b) < 1e-9;
const measures = (mistaken: Kappa) => (answer: Kappa) => KAPPA_CASES.every(([a, b]) => near(answer(verdicts(a), verdicts(b)), mistaken(verdicts(a), verdicts(b))));

export const cohensKappa: Exercise<Kappa> = {
  id: "63.6/kappa",
  kind: "function",
  hints: [
    "You need two numbers: p, the share of rows with equal verdicts, and c. Only c is difficult: two judges can agree by chance in two ways.",
    "For each judge compute the share of rows that they flag. By chance both flag with the product of the shares, and neither does with the product of what is left of each.",
    "Put p and c into the formula above the cell, with brackets around both sides of the division. Two judges who always agree must come out at 1.",
  ],
  fault: (answer) => {
    for (const [a, b] of KAPPA_CASES) {
      const [given, expected] = [answer(verdicts(a), verdicts(b)), kappaOf(a, b)];
      if (!near(given, expected)) return `For the verdicts ${a} and ${b} (x is a flag) kappa is ${expected.toFixed(3)}; your function says ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "raw agreement",
      matches: measures(agreement),
      message: "That is the share of equal verdicts. Two judges who each flag one row in ten at random agree on four rows of five: kappa takes away what chance alone gives.",
    },
    {
      name: "chance is a half",
      matches: measures((a, b) => (agreement(a, b) - 0.5) / 0.5),
      message: "You assume that chance agrees half of the time. That holds only for judges who flag every second row: compute it from how often each of them flags.",
    },
    {
      name: "not scaled",
      matches: measures((a, b) => agreement(a, b) - (rate(a) * rate(b) + (1 - rate(a)) * (1 - rate(b)))),
      message: "You subtract the chance agreement and stop, so two judges who always agree do not reach 1. Divide by what is left above chance, 1 - chance.",
    },
    {
      name: "only flags by chance",
      matches: measures((a, b) => {
        const chance = rate(a) * rate(b);
        return (agreement(a, b) - chance) / (1 - chance);
      }),
      message: "Your chance counts only rows that both flag. Two judges also agree by chance where neither flags: add that product too.",
    },
  ],
  because: "Agreement beyond chance, on a scale where 0 is what two coins would give and 1 is always agreeing.",
};
