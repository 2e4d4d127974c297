/** The exercises of lesson 61.1, "The LLMOps Revolution". */
import type { Exercise } from "../course/check.js";

export const USES = ["train", "examine", "look up", "keep out", "not yours"] as const;
/** What a thing is good for: to train with, to examine with, to look up while answering; or it stays out; or everybody has it. */
export type Use = (typeof USES)[number];

/** Things that a company has, with what each is good for and why. */
export const ASSETS = {
  "4,800 requests, each with the call that your staff confirmed": ["train", "They show the decisions of your house, again and again: what weights learn from."],
  "300 requests that were set apart, with answers on which two experts agreed": ["examine", "Once trained on, they no longer tell a good model from one that knows the answers by heart."],
  "This week's price list": ["look up", "It is yours and it is true, until Monday. Weights keep last week's."],
  "Names and phone numbers of your customers": ["keep out", "They are secret, but they are no judgement; and a model repeats what it saw."],
  "The weights of an open model": ["not yours", "Every competitor can download them today."],
  "The prompt \"You are an experienced task manager\"": ["not yours", "Anybody writes it in a minute; nothing of your house is in it."],
  "Last month's wrong answers, each with its correction": ["train", "They show what it cannot do yet, and what would have been right. Keep a few for the exam if you like; but no row in both."],
} as const satisfies Record<string, readonly [Use, string]>;
export type Asset = keyof typeof ASSETS;
export type Uses = Record<Asset, Use>;
/** A function, so that a stub can be told from an answer. */
export type SortAssets = () => Uses;

const assets = Object.keys(ASSETS) as Asset[];
const [CONFIRMED, EXAM, PRICES, NAMES, WEIGHTS, PROMPT, CORRECTIONS] = assets as [Asset, Asset, Asset, Asset, Asset, Asset, Asset];
const says = (asset: Asset, ...uses: Use[]) => (answer: SortAssets): boolean => uses.includes(answer()[asset]);

export const assetsExercise: Exercise<SortAssets> = {
  id: "61.1/assets",
  kind: "choice",
  hints: [
    "Ask three things of each: can others have it too? Does it hold still? Does it show a decision?",
    "Two of the seven are to train with, two are not yours, and one of each other use.",
    "What changes every week is looked up; what measures a model is not shown to it; what is secret but decides nothing stays out.",
  ],
  fault: (answer) => {
    const given = answer();
    for (const asset of assets) {
      if (!USES.includes(given[asset])) return `"${asset}" has no use yet; give it one of ${USES.join(", ")}.`;
    }
    const wrong = assets.find((asset) => given[asset] !== ASSETS[asset][0]);
    return wrong === undefined ? undefined : `"${wrong}" is not to ${given[wrong]}. ${ASSETS[wrong][1]}`.replace("is not to not yours", "is yours").replace("is not to keep out", "need not be kept out");
  },
  misconceptions: [
    {
      name: "secret is valuable",
      matches: says(NAMES, "train", "examine"),
      message: "Nobody else has these names, so they look proprietary. But they decide nothing: a model that learned them answers no better, and gives them away to whoever asks the right way. Personal data stays out; lesson 63.7 masks it.",
    },
    {
      name: "facts belong into weights",
      matches: says(PRICES, "train"),
      message: "A price list in the weights is right until the next one. What changes is looked up while answering; what is learned is how to answer. Training again every Monday is the expensive way to have a table.",
    },
    {
      name: "the exam is data too",
      matches: says(EXAM, "train"),
      message: "300 more rows would help training a little, and cost you the only way to find out. Rows with agreed answers are the scarcest thing you have: keep them for the examination.",
    },
    {
      name: "open weights are an advantage",
      matches: says(WEIGHTS, "train", "examine", "look up"),
      message: "You will build on these weights, and so will everybody else. What all have gives nobody an advantage: it is where the difference begins, not the difference.",
    },
    {
      name: "a prompt is a moat",
      matches: says(PROMPT, "train", "examine", "look up"),
      message: "Nothing in this sentence comes from your house. A prompt with your contract in it is another matter, but whoever sees two answers can guess most of it.",
    },
    {
      name: "mistakes are waste",
      matches: says(CORRECTIONS, "keep out", "not yours"),
      message: "A mistake with its correction is the best row there is: it shows exactly what the model cannot do yet. Throwing them away breaks the loop of lesson 61.2.",
    },
    {
      name: "everything is looked up",
      matches: says(CONFIRMED, "look up"),
      message: "You can put some of these rows into each prompt, and pay for them with every request. 4,800 do not fit, and what they have in common is not a fact to be found but a way to decide: that is what training is for.",
    },
  ],
  because: "What shows your decisions again and again goes into the weights, what measures them stays apart, what changes is looked up, what harms stays out; and what everybody has is no advantage.",
};

/** What the value of a month is computed from. Dollars, and shares from 0 to 1. */
export interface Assumptions {
  requests: number;
  /** Of one request, through a general model's API. */
  generalDollars: number;
  /** Of one request to the model of your own, beyond what is fixed. */
  ownDollars: number;
  generalErrors: number;
  ownErrors: number;
  /** What one wrong answer costs: somebody finds and mends it. */
  errorDollars: number;
  /** Of a month, whatever is asked: server, upkeep. */
  fixedDollars: number;
}
export type ValueOfMonth = (assumptions: Assumptions) => number;

/** What a model of one's own is worth in a month, over a general one; below 0 where it costs more than it brings. */
export const valueOfMonth: ValueOfMonth = ({ requests, generalDollars, ownDollars, generalErrors, ownErrors, errorDollars, fixedDollars }) =>
  requests * (generalDollars - ownDollars + (generalErrors - ownErrors) * errorDollars) - fixedDollars;

const CASES: readonly Assumptions[] = [
  { requests: 300_000, generalDollars: 0.00007, ownDollars: 0, generalErrors: 0.08, ownErrors: 0.03, errorDollars: 0.5, fixedDollars: 2000 },
  { requests: 3000, generalDollars: 0.004, ownDollars: 0.001, generalErrors: 0.1, ownErrors: 0.04, errorDollars: 2, fixedDollars: 900 },
  { requests: 50_000, generalDollars: 0.02, ownDollars: 0.002, generalErrors: 0.05, ownErrors: 0.06, errorDollars: 1, fixedDollars: 100 },
];
const near = (given: unknown, wanted: number): boolean => typeof given === "number" && Math.abs(given - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted));
const computes = (mistaken: ValueOfMonth) => (answer: ValueOfMonth): boolean => CASES.every((given) => near(answer({ ...given }), mistaken(given)));

export const valueExercise: Exercise<ValueOfMonth> = {
  id: "61.1/value",
  kind: "function",
  hints: [
    "Take one request first: what is saved on it, and how often is a mistake avoided on it?",
    "A mistake is avoided in the share by which the two models differ, and each one avoided saves errorDollars.",
    "requests × (saved on tokens + mistakes avoided × their price) − what is fixed.",
  ],
  fault: (answer) => {
    for (const given of CASES) {
      const [mine, wanted] = [answer({ ...given }), valueOfMonth(given)];
      if (!near(mine, wanted)) return `For ${given.requests.toLocaleString("en-US")} requests your month is worth ${typeof mine === "number" ? mine.toFixed(2) : String(mine)} dollars; it should be ${wanted.toFixed(2)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "fixed costs forgotten",
      matches: computes((given) => valueOfMonth({ ...given, fixedDollars: 0 })),
      message: "The server and the upkeep cost the same in a month without a single request. Without them, every model of one's own pays.",
    },
    {
      name: "fixed costs for each request",
      matches: computes(({ requests, generalDollars, ownDollars, generalErrors, ownErrors, errorDollars, fixedDollars }) => requests * (generalDollars - ownDollars + (generalErrors - ownErrors) * errorDollars - fixedDollars)),
      message: "You take the fixed dollars off each request. They are of the month: subtract them once, after the multiplication. That is why volume matters.",
    },
    {
      name: "your own model makes no mistakes",
      matches: computes((given) => valueOfMonth({ ...given, ownErrors: 0 })),
      message: "You count all mistakes of the general model as saved. Your own makes some too: only the difference is avoided, and in one of the cases it is negative.",
    },
    {
      name: "only tokens",
      matches: computes(({ requests, generalDollars, ownDollars, fixedDollars }) => requests * (generalDollars - ownDollars) - fixedDollars),
      message: "You compare the bills only. A wrong answer costs somebody's time, and at today's prices of tokens that is most of the sum.",
    },
    {
      name: "only mistakes",
      matches: computes(({ requests, generalErrors, ownErrors, errorDollars, fixedDollars }) => requests * (generalErrors - ownErrors) * errorDollars - fixedDollars),
      message: "You leave out what the requests themselves cost. It is little in the first case and most of the sum in the third.",
    },
    {
      name: "shares as percentages",
      matches: computes(({ generalErrors, ownErrors, ...given }) => valueOfMonth({ ...given, generalErrors: generalErrors / 100, ownErrors: ownErrors / 100 })),
      message: "The errors are shares from 0 to 1 already: 0.08 is eight of a hundred. Divided by 100 once more, hardly any are left.",
    },
    {
      name: "the other way round",
      matches: computes((given) => valueOfMonth({ ...given, generalDollars: given.ownDollars, ownDollars: given.generalDollars, generalErrors: given.ownErrors, ownErrors: given.generalErrors })),
      message: "You subtract the general model from your own. Saved is what the general one costs beyond yours, in dollars and in mistakes.",
    },
  ],
  because: "Each request saves the difference of the two bills and the price of the mistakes avoided; the month pays once for what is fixed. Below a certain volume nothing else can make up for that.",
};
