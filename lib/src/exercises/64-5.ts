/** The exercises of lesson 64.5, "Monitoring and Debugging". */
import type { Exercise } from "../course/check.js";

export const VERDICTS = ["healthy", "under-fitted", "over-fitted", "unstable"] as const;
export type RunVerdict = (typeof VERDICTS)[number];

/** The losses of a run, in their order. */
export interface Course {
  training: readonly number[];
  /** On rows that are not trained on. */
  evaluation: readonly number[];
}
/** What is wrong with a run, by the rules of the lesson. */
export type JudgeCourse = (course: Course) => RunVerdict;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
/** The mean of the last five training losses, and the lowest mean of five in a row. */
const lastFive = ({ training }: Course): number => mean(training.slice(-5));
const bestFive = ({ training }: Course): number => Math.min(...training.slice(0, -4).map((_, at) => mean(training.slice(at, at + 5))));
const isUnstable = (course: Course): boolean => lastFive(course) > 1.5 * Math.min(course.training[0]!, bestFive(course));
const isOverFitted = ({ evaluation }: Course): boolean => evaluation.slice(-2).every((loss) => loss > 1.03 * Math.min(...evaluation));
const isUnderFitted = ({ evaluation }: Course): boolean => evaluation[evaluation.length - 1]! > 0.9 * evaluation[0]!;

interface Rules {
  unstable?: (course: Course) => boolean;
  overFitted?: (course: Course) => boolean;
  underFitted?: (course: Course) => boolean;
  overFittedFirst?: boolean;
}
function judgeBy({ unstable = isUnstable, overFitted = isOverFitted, underFitted = isUnderFitted, overFittedFirst = false }: Rules): JudgeCourse {
  return (course) => {
    if (overFittedFirst && overFitted(course)) return "over-fitted";
    if (unstable(course)) return "unstable";
    if (overFitted(course)) return "over-fitted";
    return underFitted(course) ? "under-fitted" : "healthy";
  };
}
const judged = judgeBy({});

/** A fall from `from` to `to` by the same share at each of `count` readings. */
const fall = (from: number, to: number, count: number): number[] => Array.from({ length: count }, (_, at) => from * (to / from) ** (at / (count - 1)));
/** Each case, and what it is that makes it one. */
const COURSES: readonly (readonly [string, Course])[] = [
  ["both losses fall from 3 to 0.6", { training: fall(3, 0.6, 20), evaluation: fall(2.9, 0.65, 6) }],
  ["both losses fall to 0.05", { training: fall(2, 0.04, 20), evaluation: fall(2, 0.05, 6) }],
  ["the last evaluation loss alone is higher", { training: fall(2, 0.3, 20), evaluation: [1.9, 1.1, 0.7, 0.5, 0.48, 0.52] }],
  ["the evaluation loss is far above the training loss, and falls", { training: fall(2, 0.1, 20), evaluation: fall(2.1, 0.7, 6) }],
  ["one training loss of 9 in the middle", { training: fall(2, 0.3, 20).map((loss, at) => (at === 11 ? 9 : loss)), evaluation: fall(2, 0.35, 6) }],
  ["the evaluation loss rises again from its third reading", { training: fall(2, 0.01, 20), evaluation: [1.8, 1.2, 1, 1.1, 1.3, 1.6] }],
  ["the same at a training loss of 0.9", { training: fall(2.4, 0.9, 20), evaluation: [2.3, 1.7, 1.5, 1.55, 1.6, 1.66] }],
  ["both losses rise", { training: [...fall(3, 1, 10), ...fall(1.2, 6, 10)], evaluation: [2.8, 1.6, 1.1, 2.4, 4.5, 6] }],
  ["the training loss rises from 1 to 2.5, still below its start", { training: [...fall(3, 1, 10), ...fall(1.1, 2.5, 10)], evaluation: [2.9, 2, 1.4, 1.4, 1.4, 1.4] }],
  ["both losses stay at 3", { training: fall(3, 2.95, 20), evaluation: fall(3, 2.96, 6) }],
];

const judges = (mistaken: JudgeCourse) => (answer: JudgeCourse) =>
  COURSES.every(([, course]) => answer({ training: [...course.training], evaluation: [...course.evaluation] }) === mistaken(course));

export const judgeCourse: Exercise<JudgeCourse> = {
  id: "64.5/judge-course",
  kind: "function",
  hints: [
    "Write the three rules as three conditions first, and test them in the order of the exercise: a run that is unstable often looks over-fitted too.",
    "For the first rule you need the mean of every five neighbours in the training losses: the last of these means, and the smallest; the first loss may be smaller still. The other two rules look at the evaluation losses alone.",
    "Over-fitted asks for both of the last two readings to lie above the lowest evaluation loss times 1.03; under-fitted compares the last reading with the first. What passes all three is healthy.",
  ],
  fault: (answer) => {
    for (const [says, course] of COURSES) {
      const given: unknown = answer({ training: [...course.training], evaluation: [...course.evaluation] });
      if (!VERDICTS.includes(given as RunVerdict)) return `Return one of ${VERDICTS.join(", ")}; for a run where ${says} your function gives ${String(given)}.`;
      const expected = judged(course);
      if (given !== expected) return `A run where ${says} is ${expected} by the rules. Your function says ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "a low training loss",
      matches: judges(judgeBy({ overFitted: ({ training }) => training[training.length - 1]! < 0.2 })),
      message: "You call a run over-fitted because its training loss is low. A task whose answers follow from the request has a low loss when it is learned. Only rows that were not trained on can tell: compare the evaluation loss with its own lowest.",
    },
    {
      name: "one reading",
      matches: judges(judgeBy({ overFitted: ({ evaluation }) => evaluation[evaluation.length - 1]! > 1.03 * Math.min(...evaluation) })),
      message: "You stop at the first evaluation loss that is higher. One reading is noise as often as not: the last two must both lie above.",
    },
    {
      name: "the gap",
      matches: judges(judgeBy({ overFitted: ({ training, evaluation }) => evaluation[evaluation.length - 1]! > 1.1 * training[training.length - 1]! })),
      message: "You compare the evaluation loss with the training loss. A gap between them is usual, and no harm while the evaluation loss still falls. Compare it with its own lowest.",
    },
    {
      name: "over-fitted first",
      matches: judges(judgeBy({ overFittedFirst: true })),
      message: "Where both losses rise you say over-fitted. That run learns nothing more, not too much: look for instability first. More data would not help it, a lower rate would.",
    },
    {
      name: "any jump",
      matches: judges(judgeBy({ unstable: (course) => Math.max(...course.training.slice(1)) > 1.1 * course.training[0]! || isUnstable(course) })),
      message: "You call a run unstable for a single high loss. It came back, so it did no harm: look at the rows of that step, and let the run go on. Take the mean of the last five.",
    },
    {
      name: "against the start",
      matches: judges(judgeBy({ unstable: (course) => lastFive(course) > 1.1 * course.training[0]! })),
      message: "You compare the end with the start alone. A run can fall to 1, rise to 2.5 and still be below its start of 3: compare with the lowest five in a row, too.",
    },
  ],
  because: "The order matters: first whether it is stable, then whether the rows that it never saw get worse, then whether anything was learned. And each rule compares a loss with its own past, not with a number that is said to be good.",
};

/** A batch's loss: the mean over its tokens, in nats. */
export interface BatchLoss {
  loss: number;
  tokens: number;
}
/** The perplexity of all tokens together. */
export type PerplexityOf = (batches: readonly BatchLoss[]) => number;

const BATCHES: readonly (readonly BatchLoss[])[] = [
  [{ loss: 1, tokens: 100 }],
  [{ loss: 0.5, tokens: 900 }, { loss: 2.5, tokens: 100 }],
  [{ loss: 0.02, tokens: 410 }, { loss: 0.9, tokens: 35 }, { loss: 0.1, tokens: 220 }],
  [{ loss: 0, tokens: 10 }, { loss: 0, tokens: 20 }],
];
const totalOf = (batches: readonly BatchLoss[]): number => batches.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0);
const tokensOf = (batches: readonly BatchLoss[]): number => batches.reduce((sum, { tokens }) => sum + tokens, 0);
const perplexity: PerplexityOf = (batches) => Math.exp(totalOf(batches) / tokensOf(batches));
const near = (a: unknown, b: number): boolean => typeof a === "number" && (a === b || Math.abs(a - b) <= 1e-9 + 1e-6 * Math.abs(b));
const gives = (mistaken: PerplexityOf) => (answer: PerplexityOf) => BATCHES.every((batches) => near(answer(batches.map((batch) => ({ ...batch }))), mistaken(batches)));

export const perplexityExercise: Exercise<PerplexityOf> = {
  id: "64.5/perplexity",
  kind: "function",
  hints: [
    "A batch's loss is a mean over its tokens. What is the sum over its tokens, then?",
    "Add these sums over all batches and divide by all tokens: that is the mean loss of a token. Which function turns a loss in nats into a perplexity, and when is it applied: once, or for each batch?",
  ],
  fault: (answer) => {
    for (const batches of BATCHES) {
      const given: unknown = answer(batches.map((batch) => ({ ...batch })));
      const expected = perplexity(batches);
      if (!near(given, expected)) {
        return `${batches.map(({ loss, tokens }) => `${tokens} tokens with a loss of ${loss}`).join(" and ")}: the perplexity is ${expected.toFixed(4)}. Your function gives ${String(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "every batch counts the same",
      matches: gives((batches) => Math.exp(mean(batches.map(({ loss }) => loss)))),
      message: "You gave a batch of 35 tokens the weight of one of 410. A loss is a mean over tokens: multiply each by its tokens before you add, and divide by all tokens.",
    },
    {
      name: "mean of perplexities",
      matches: gives((batches) => batches.reduce((sum, { loss, tokens }) => sum + Math.exp(loss) * tokens, 0) / tokensOf(batches)),
      message: "You averaged perplexities. The exponential of a mean is not the mean of exponentials: one bad batch would outweigh all others. Average the losses, then take exp once.",
    },
    {
      name: "powers of two",
      matches: gives((batches) => 2 ** (totalOf(batches) / tokensOf(batches))),
      message: "You took a power of 2. PyTorch's cross-entropy is in nats, the natural logarithm: the inverse is exp. Powers of 2 belong to losses in bits.",
    },
    {
      name: "loss itself",
      matches: gives((batches) => totalOf(batches) / tokensOf(batches)),
      message: "That is the mean loss. The perplexity is its exponential: a loss of 0 is a perplexity of 1, the model that is never surprised.",
    },
    {
      name: "sum instead of mean",
      matches: gives((batches) => Math.exp(totalOf(batches))),
      message: "You took the exponential of the sum over all tokens. That is one over the probability of the whole text, and grows with its length; divide by the tokens first.",
    },
  ],
  because: "Perplexity is exp of the mean loss per token: between how many tokens the model hesitates, on average. It says the same as the loss, in a unit that people can picture, and needs the same token weights.",
};
