/** The exercises of lesson 65.1, "Style vs Knowledge Tuning". */
import type { Exercise } from "../course/check.js";
import { wilson } from "../teacher/statistics.js";
import { functionAnswer } from "./kinds/function.js";

/** A count: so many of so many replies. */
export interface Count {
  hits: number;
  of: number;
}
export type Change = "up" | "down" | "same";
/** Whether a share rose or fell by more than chance: "same" where the two 95 % intervals overlap. */
export type JudgeChange = (before: Count, after: Count) => Change;

const byIntervals: JudgeChange = (before, after) => {
  const [first, second] = [wilson(before.hits, before.of), wilson(after.hits, after.of)];
  return second.low > first.high ? "up" : second.high < first.low ? "down" : "same";
};
const shareOf = ({ hits, of }: Count): number => hits / of;

export const changeExercise: Exercise<JudgeChange> = {
  id: "65.1/change",
  hints: [
    "wilson(hits, of) gives estimate, low and high of a share. Draw two intervals on paper: how do they lie when the second is surely higher?",
    "The share rose where the lowest that is likely after lies above the highest that was likely before. What is the same for falling?",
    "after.low > before.high is \"up\"; after.high < before.low is \"down\"; everything else is \"same\", also where nothing was counted.",
  ],
  ...functionAnswer<JudgeChange>({
    cases: [
      { name: "task accuracy, 50 of 60 before and 52 of 60 after", given: [{ hits: 50, of: 60 }, { hits: 52, of: 60 }] },
      { name: "style, 3 of 60 before and 55 of 60 after", given: [{ hits: 3, of: 60 }, { hits: 55, of: 60 }] },
      { name: "task accuracy, 52 of 60 before and 30 of 60 after", given: [{ hits: 52, of: 60 }, { hits: 30, of: 60 }] },
      { name: "30 of 60 before and 40 of 60 after", given: [{ hits: 30, of: 60 }, { hits: 40, of: 60 }] },
      { name: "300 of 600 before and 400 of 600 after", given: [{ hits: 300, of: 600 }, { hits: 400, of: 600 }] },
      { name: "1 of 4 before and 4 of 4 after", given: [{ hits: 1, of: 4 }, { hits: 4, of: 4 }] },
      { name: "nothing counted before", given: [{ hits: 0, of: 0 }, { hits: 60, of: 60 }] },
    ],
    right: byIntervals,
    mistakes: [
      {
        name: "estimates alone",
        gives: [
          (before, after) => (shareOf(after) > shareOf(before) ? "up" : shareOf(after) < shareOf(before) ? "down" : "same"),
          (before, after) => (after.hits > before.hits ? "up" : after.hits < before.hits ? "down" : "same"),
        ],
        message: "You compare the two shares. 50 and 52 of 60 differ by two replies, which another draw of requests would turn around: a difference counts once the intervals lie apart.",
      },
      { name: "never falls", gives: (before, after) => (byIntervals(before, after) === "up" ? "up" : "same"), message: "Your function knows no \"down\". What training takes away is what nobody looks for: a new voice that costs a third of the right tasks is no success." },
      {
        name: "the estimate outside one interval",
        gives: (before, after) => {
          const { low, high } = wilson(before.hits, before.of), share = shareOf(after);
          return share > high ? "up" : share < low ? "down" : "same";
        },
        message: "You ask whether the new share lies outside the old interval. The new share is uncertain too: 30 and 40 of 60 would count as a rise, and their intervals overlap. Compare interval with interval.",
      },
      { name: "up and down swapped", gives: (before, after) => byIntervals(after, before), message: "Before and after are swapped: a style that was learned comes out as \"down\"." },
    ],
  }),
  because: "Two intervals that lie apart are more than chance; two that overlap say that you do not know. And a fall is looked for as hard as a rise.",
};

export const NEEDS = {
  greeting: "Replies should be short, warm and never ironic, whatever they are about.",
  prices: "Customers ask what a part costs; the price list changes every Monday.",
  codes: "Users write in 900 house codes (\"P2H fup AB\"), unchanged for years, in nearly every request; 6,000 requests with their meaning are there.",
  clauses: "The answer has to quote the clause of one of 3,000 contracts, word for word.",
  method: "Tasks are to be ranked by a house method of five steps that is not written down anywhere, only shown in 2,000 ranked lists.",
  apology: "When a payment failed, the reply apologises once and does not explain.",
} as const;
export type Need = keyof typeof NEEDS;
export type Means = "style" | "knowledge" | "prompt";
export type SortNeeds = Record<Need, Means>;

const RIGHT: SortNeeds = { greeting: "style", prices: "prompt", codes: "knowledge", clauses: "prompt", method: "knowledge", apology: "style" };
const WHY: Readonly<Record<Need, string>> = {
  greeting: "it is about how, in every reply: style",
  prices: "what changes every Monday is looked up and put into the prompt",
  codes: "fixed, used everywhere, too many for a prompt, and there are examples: knowledge worth training",
  clauses: "word for word from 3,000 documents: looked up, because weights do not quote",
  method: "a procedure that is shown and not written: it is learned from examples, and it is knowledge, because it decides what comes first",
  apology: "it is about how a reply is said: style",
};

export const needsExercise: Exercise<SortNeeds> = {
  id: "65.1/needs",
  kind: "choice",
  hints: [
    "Ask of each: would two right answers differ in what they say, or in how they say it? Then, of those about what: how often does it change, and must it be exact?",
    "What changes often, or must be quoted, belongs into the prompt. What is fixed, used in nearly every request, and shown by many examples can be trained.",
    "Two are style, two are knowledge to be trained, two go into the prompt. The method is not written down anywhere, so there is nothing to look up.",
  ],
  fault: (answer) => {
    const needs = Object.keys(NEEDS) as Need[];
    const missing = needs.find((need) => answer[need] === undefined);
    if (missing !== undefined) return `There is no answer for ${missing}.`;
    const wrong = needs.find((need) => answer[need] !== RIGHT[need]);
    return wrong === undefined ? undefined : `${wrong}: not "${answer[wrong]}". ${NEEDS[wrong]} ${WHY[wrong].charAt(0).toUpperCase()}${WHY[wrong].slice(1)}.`;
  },
  misconceptions: [
    { name: "what changes is trained", matches: ({ prices }) => prices === "knowledge", message: "prices: by the time the model is trained, Monday has come. It would give last week's prices, in a confident voice. Look them up and put them into the prompt." },
    { name: "quotes are trained", matches: ({ clauses }) => clauses === "knowledge", message: "clauses: a model that read 3,000 contracts writes sentences that sound like clauses. Word for word needs the document: retrieval." },
    { name: "a voice is looked up", matches: ({ greeting, apology }) => greeting === "prompt" || apology === "prompt", message: "greeting, apology: no document holds a tone. A sentence in the prompt asks for it, and pays for it at every request; this chapter trains it." },
    { name: "the method is style", matches: ({ method }) => method === "style", message: "method: it decides which task comes first. Two answers that rank otherwise differ in content, so it is knowledge, however much it is a habit." },
    { name: "everything into the prompt", matches: ({ codes }) => codes === "prompt", message: "codes: 900 of them, needed in nearly every request, fixed for years, and 6,000 examples: that is what training pays for. Looking them up would put the table into nearly every prompt." },
  ],
  because: "How it is said: style. What is fixed, frequent and shown by examples: knowledge to train. What changes, or must be exact: the prompt.",
};
