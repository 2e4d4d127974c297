/** The exercises of lesson 65.7, "Capstone — TaskMaster Persona Bot". */
import type { Exercise } from "../course/check.js";
import { judgeInterval, pairedDifference, type Verdict } from "../evaluate/difference.js";
import { signTest } from "../evaluate/paired.js";
import { functionAnswer } from "./kinds/function.js";

export type { Verdict } from "../evaluate/difference.js";

/** What marks say of one reply. */
export interface ScoredReply {
  traits: Readonly<Record<string, boolean>>;
  /** Prohibitions that it breaks. */
  broken: readonly string[];
  tooLong: boolean;
}
/** The share of replies that adhere: every trait shows, nothing is broken, and it is not too long. 0 to 1. */
export type AdherenceRate = (replies: readonly ScoredReply[]) => number;

const reply = (warm: boolean, next: boolean, broken: string[] = [], tooLong = false): ScoredReply => ({ traits: { warm, next }, broken, tooLong });
const EXAMS: readonly (readonly ScoredReply[])[] = [
  [reply(true, true), reply(true, false), reply(false, true), reply(true, true), reply(true, true)],
  [reply(true, true), reply(true, true, ["emoji"]), reply(true, true, ["pressure"]), reply(true, true, [], true), reply(false, false), reply(true, true), reply(true, false)],
  [reply(false, false), reply(true, false, ["emoji", "pressure"])],
];
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const shareOf = (replies: readonly ScoredReply[], test: (reply: ScoredReply) => boolean): number => replies.filter(test).length / replies.length;
const allTraits = ({ traits }: ScoredReply): boolean => Object.values(traits).every(Boolean);

export const adherenceRateExercise: Exercise<AdherenceRate> = {
  id: "65.7/adherence-rate",
  hints: [
    "Decide for one reply first: three things must be true of it.",
    "A trait that shows in every second reply and another that shows in the other half: does any reply have both? A mean over traits cannot tell.",
    "Object.values(traits).every(Boolean) && broken.length === 0 && !tooLong; then the share of replies for which it holds.",
  ],
  ...functionAnswer<AdherenceRate>({
    cases: EXAMS.map((replies, at) => ({ given: [replies], name: `exam ${at + 1}, of ${replies.length} replies` })),
    right: (replies) => shareOf(replies, (one) => allTraits(one) && one.broken.length === 0 && !one.tooLong),
    mistakes: [
      { name: "the mean of traits", gives: (replies) => meanOf(replies.map(({ traits }) => meanOf(Object.values(traits).map(Number)))), message: "You take the mean over traits. A bot that praises in one reply and gives the next step in another gets a good mean, and no user ever meets the persona." },
      { name: "prohibitions forgotten", gives: (replies) => shareOf(replies, (one) => allTraits(one) && !one.tooLong), message: "A reply that breaks a prohibition adheres with you. One forbidden thing spoils it." },
      { name: "length forgotten", gives: (replies) => shareOf(replies, (one) => allTraits(one) && one.broken.length === 0), message: "You let replies of any length through. The spec limits them." },
      { name: "traits alone", gives: (replies) => shareOf(replies, allTraits), message: "You look at the traits alone. What is forbidden, and what is too long, is part of the spec too." },
      { name: "any trait", gives: (replies) => shareOf(replies, (one) => Object.values(one.traits).some(Boolean) && one.broken.length === 0 && !one.tooLong), message: "One trait is enough for you. The persona is all of them together." },
      { name: "percent", gives: (replies) => 100 * shareOf(replies, (one) => allTraits(one) && one.broken.length === 0 && !one.tooLong), message: "That is percent. Return the share, 0 to 1." },
    ],
  }),
  because: "A user reads replies, not means: a reply has the persona or it has not. The strict share is the lower of the figures, and the one that can be promised.",
};

/** Whether the task accuracy was held: `points` is how many points the tuned model may lose. */
export type TaskHeld = (base: readonly boolean[], tuned: readonly boolean[], points: number) => Verdict;

/** Verdicts on the same requests: so many that both have right, only the base, only the tuned, none. */
function verdicts(both: number, onlyBase: number, onlyTuned: number, none: number): [boolean[], boolean[]] {
  const fill = (counts: readonly [number, boolean][]): boolean[] => counts.flatMap(([count, value]) => Array.from({ length: count }, () => value));
  return [fill([[both, true], [onlyBase, true], [onlyTuned, false], [none, false]]), fill([[both, true], [onlyBase, false], [onlyTuned, true], [none, false]])];
}
const COMPARED: readonly (readonly [readonly [boolean[], boolean[]], number])[] = [
  [verdicts(270, 3, 20, 7), 2], [verdicts(280, 8, 7, 5), 2], [verdicts(40, 3, 1, 6), 2], [verdicts(270, 12, 2, 16), 2], [verdicts(40, 3, 2, 5), 2], [verdicts(200, 60, 10, 30), 2], [verdicts(285, 4, 3, 8), 5], [verdicts(940, 6, 5, 49), 2], [verdicts(30, 0, 9, 1), 10],
];

export const taskHeldExercise: Exercise<TaskHeld> = {
  id: "65.7/task-held",
  hints: [
    "pairedDifference(base, tuned) gives tuned minus base, as a share, with its interval. Which number stands for \"lost two points\"?",
    "Where must the whole interval lie so that a loss of more than `points` is out of the question?",
    "limit = -points / 100. Shown: low >= limit. Failed: high < limit. Else not shown.",
  ],
  ...functionAnswer<TaskHeld>({
    cases: COMPARED.map(([[base, tuned], points]) => ({ given: [base, tuned, points] })),
    right: (base, tuned, points) => judgeInterval(pairedDifference(base, tuned), -points / 100),
    tell: ([base, tuned, points], given, expected) => {
      const { of, onlyFirst, onlySecond, low, high } = pairedDifference(base, tuned);
      return `Of ${of} requests only the base has ${onlyFirst} right, only the tuned model ${onlySecond}: the difference lies between ${(100 * low).toFixed(1)} and ${(100 * high).toFixed(1)} points. With ${points} to lose that is "${expected}". Your function says ${JSON.stringify(given)}.`;
    },
    mistakes: [
      { name: "the estimate alone", gives: (base, tuned, points) => (pairedDifference(base, tuned).estimate >= -points / 100 ? "shown" : "failed"), message: "You judge by the difference itself. With fifty requests it moves by several points by chance: the interval has to be asked." },
      { name: "no difference found", gives: (base, tuned, points) => (signTest(base, tuned).p > 0.05 ? "shown" : judgeInterval(pairedDifference(base, tuned), -points / 100)), message: "Where no difference can be proved you call the accuracy held. A short exam never proves one: \"nothing found\" and \"nothing there\" are two things." },
      { name: "the wrong sign", gives: (base, tuned, points) => judgeInterval(pairedDifference(base, tuned), points / 100), message: "You ask for a gain of so many points. A loss of up to that many is allowed: the limit lies below zero." },
      { name: "base minus tuned", gives: (base, tuned, points) => judgeInterval(pairedDifference(tuned, base), -points / 100), message: "You subtract the wrong way round: a tuned model that is better now looks as if it had lost." },
      { name: "points as a share", gives: (base, tuned, points) => judgeInterval(pairedDifference(base, tuned), -points), message: "You compare shares with points: 2 points are a share of 0.02. With a limit of -2 nothing could fail." },
      {
        name: "the whole loss must be out of the interval", gives: (base, tuned, points) => { const { low, high } = pairedDifference(base, tuned); return high >= -points / 100 ? "shown" : low < -points / 100 ? "failed" : "not shown"; },
        message: "You give the model the best end of its interval. As long as the low end lies below the limit, a larger loss is possible, and nothing is shown.",
      },
    ],
  }),
  because: "To show that something was held is harder than to find no difference: the whole interval must lie above the loss that you allow. Paired, because both models had the same requests.",
};
