/** The exercises of lesson 63.8, "Refine Your Data Engineering Skill". */
import type { Exercise } from "../course/check.js";
import { wilson, type Proportion } from "../teacher/statistics.js";

/** What a measurement can say of an assumption. */
export type Verdict = "holds" | "refuted" | "open";

/** The assumptions of the skill's first version, by their numbers there. */
export const ASSUMPTIONS = {
  A1: "A parser and a schema find every broken row.",
  A2: "Exact deduplication is enough.",
  A3: "For near-duplicates it is enough to compare the first user turn.",
  A4: "A row that the judge scores 4 or more is right.",
  A5: "When you split does not matter, before or after deduplication.",
  A6: "A thousand good synthetic rows cost about $0.30.",
  A7: "500 clean rows train a better model than 5,000 noisy ones.",
} as const;
export type Assumption = keyof typeof ASSUMPTIONS;
export type Verdicts = Readonly<Record<Assumption, Verdict>>;
/** The answer is a function, so that a stub can be told from an answer. */
export type GiveVerdicts = () => Verdicts;

const RIGHT: Verdicts = { A1: "holds", A2: "refuted", A3: "refuted", A4: "refuted", A5: "refuted", A6: "refuted", A7: "open" };

const WHY: Readonly<Record<Assumption, string>> = {
  A1: "Every planted broken row was refused. Nothing in these rows speaks against it.",
  A2: "The fuzzy step removed rows that the exact one had let pass.",
  A3: "Comparing the first turn missed near-duplicates, and removed rows that were none.",
  A4: "Rows with a planted fault reached 4 or more. One of them would be enough.",
  A5: "Split first, and likenesses of training rows stood in the other splits; split last, none did.",
  A6: "The meter gives another price for this model.",
  A7: "No model was trained here. No number in the table is about it.",
};

export const assumptionVerdicts: Exercise<GiveVerdicts> = {
  id: "63.8/verdicts",
  kind: "choice",
  hints: [
    "Take each assumption and find the line of the table above that speaks of it. Is there one for every assumption?",
    "Ask what the number would have to be if the assumption were true. One counterexample is enough against a sentence with 'every', 'enough' or 'does not matter'.",
    "No model was trained in this chapter, and a price that is lower than assumed is still another price. Only one assumption comes out of the measurements unharmed.",
  ],
  fault: (answer) => {
    const given = answer();
    const wrong = (Object.keys(RIGHT) as Assumption[]).find((name) => given[name] !== RIGHT[name]);
    if (wrong === undefined) return undefined;
    return `${wrong}, "${ASSUMPTIONS[wrong]}", is not ${String(given[wrong])}. ${WHY[wrong]}`;
  },
  misconceptions: [
    {
      name: "all the same",
      matches: (answer) => new Set(Object.values(answer())).size === 1,
      message: "One verdict for all seven. Take them one at a time: what would the number be if the assumption were true? Is it that?",
    },
    {
      name: "not measured is refuted",
      matches: (answer) => answer().A7 === "refuted",
      message: "A7 may be wrong, but nothing here says so: no model was trained. What was not measured is open, and the skill should say that it is.",
    },
    {
      name: "plausible is measured",
      matches: (answer) => answer().A7 === "holds",
      message: "A7 sounds right and is often repeated. It is no result of this chapter: no model was trained. Mark it open, and measure it in chapter 64.",
    },
    {
      name: "mostly is always",
      matches: (answer) => answer().A4 === "holds",
      message: "Most rows above the threshold are right; the assumption says that every one is. It needs one counterexample, and the ledger names several.",
    },
    {
      name: "few is none",
      matches: (answer) => answer().A2 === "holds" || answer().A5 === "holds",
      message: "A few rows among hundreds look like nothing. Look where they stand: a copy in the test set is an answer that the model has seen.",
    },
    {
      name: "cheaper is confirmed",
      matches: (answer) => answer().A6 === "holds",
      message: "The meter shows less than $0.30, which is welcome and still not $0.30. A budget planned with the wrong price is wrong; write the measured one, with its date and model.",
    },
  ],
  because: "Six verdicts rest on a number, and the seventh says that there is none. A skill that keeps these apart can be corrected.",
};

/** What to do with the rows that a filter flags. */
export type FilterAction = "delete" | "review" | "switch off";
export type DecideAction = (precision: Proportion, goal: number) => FilterAction;

/**
 * Whether a filter may delete what it flags. Its precision is known from a sample only, so its interval decides: all of it
 * above the goal, all of it below, or neither.
 *
 * @param precision - of the rows that it flagged, those that were bad, with the 95% interval
 * @param goal - the precision from which nobody needs to look, 0 to 1
 */
export const actionFor: DecideAction = ({ low, high }, goal) => (low >= goal ? "delete" : high < goal ? "switch off" : "review");

const CASES: readonly [hits: number, of: number, goal: number][] = [
  [98, 100, 0.9], [9, 10, 0.9], [10, 10, 0.9], [60, 100, 0.9], [19, 27, 0.75], [0, 0, 0.75], [3, 20, 0.75], [300, 400, 0.75], [40, 40, 0.9],
];

const decides = (mistaken: DecideAction) => (answer: DecideAction) => CASES.every(([hits, of, goal]) => answer(wilson(hits, of), goal) === mistaken(wilson(hits, of), goal));

export const filterAction: Exercise<DecideAction> = {
  id: "63.8/filter-action",
  kind: "function",
  hints: [
    "An estimate from ten rows and one from three hundred may be equal. Which two numbers of the argument tell them apart?",
    "Deleting unseen needs the worst case to be good enough; switching off needs the best case to be too bad. Which end of the interval is which?",
    "Two comparisons with the goal, and whatever is left between them is for a person. Reaching the goal exactly counts as reaching it.",
  ],
  fault: (answer) => {
    for (const [hits, of, goal] of CASES) {
      const precision = wilson(hits, of);
      const [given, expected] = [answer(precision, goal), actionFor(precision, goal)];
      if (given !== expected) {
        return (
          `${hits} of ${of} flagged rows were bad: between ${precision.low.toFixed(2)} and ${precision.high.toFixed(2)}. ` +
          `With a goal of ${goal} that is "${expected}", not "${String(given)}".`
        );
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "by the estimate",
      matches: decides(({ estimate }, goal) => (estimate >= goal ? "delete" : "switch off")),
      message: "You compare the estimate. Nine of ten is 0.90, and so is nine hundred of a thousand: the first may well be 0.60 in truth. Compare the ends of the interval.",
    },
    {
      name: "estimate, then review",
      matches: decides(({ estimate }, goal) => (estimate >= goal ? "delete" : "review")),
      message: "You compare the estimate, and ten of ten passes for certain. Compare the lower end; and a filter whose upper end is below the goal needs no review, it needs to go.",
    },
    {
      name: "never off",
      matches: decides(({ low }, goal) => (low >= goal ? "delete" : "review")),
      message: "You delete with good reason, but review for ever. Where even the upper end is below the goal, the filter does not reach it: switch it off.",
    },
    {
      name: "ends swapped",
      matches: decides(({ low, high }, goal) => (high >= goal ? "delete" : low < goal ? "switch off" : "review")),
      message: "The ends are swapped: the upper end is the best that can still be hoped for. To delete without looking, the worst case, the lower end, must reach the goal.",
    },
    {
      name: "no middle",
      matches: decides(({ low }, goal) => (low >= goal ? "delete" : "switch off")),
      message: "You switch off every filter that is not proven, those with few cases too. Between proven good and proven bad lies: not known yet. A person looks, and the cases add up.",
    },
  ],
  because: "The worst case must reach the goal before rows are deleted unseen, and the best case must miss it before a filter goes; in between, somebody looks.",
};
