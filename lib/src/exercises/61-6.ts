/** The exercise of lesson 61.6, "Use Case Analysis with AI". */
import type { Exercise, Misconception } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** What a dataset must hold, and what is known of making one. */
export interface DataPlan {
  /** Rows to train on. */
  train: number;
  /** Rows of the exam. */
  heldOut: number;
  /** Share of the generated rows that the filters keep. */
  keptShare: number;
  /** Tokens of a row, the mean. */
  meanTokens: number;
  epochs: number;
  /** Dollars to generate one row, kept or not. */
  dollarsPerRow: number;
}
export interface DataEstimate {
  /** Rows to generate. */
  generate: number;
  /** Tokens that training reads. */
  trainingTokens: number;
  dollars: number;
}
export type EstimateData = (plan: DataPlan) => DataEstimate;

const PLANS: readonly DataPlan[] = [
  { train: 500, heldOut: 300, keptShare: 0.8, meanTokens: 70, epochs: 3, dollarsPerRow: 0.0002 },
  { train: 1200, heldOut: 200, keptShare: 0.7, meanTokens: 310, epochs: 2, dollarsPerRow: 0.001 },
  { train: 90, heldOut: 60, keptShare: 0.6, meanTokens: 900, epochs: 4, dollarsPerRow: 0.01 },
];

function estimate({ train, heldOut, keptShare, meanTokens, epochs, dollarsPerRow }: DataPlan): DataEstimate {
  const generate = Math.ceil((train + heldOut) / keptShare - 1e-9);
  return { generate, trainingTokens: train * meanTokens * epochs, dollars: generate * dollarsPerRow };
}
const close = (one: number, other: number, slack = 0): boolean => Math.abs(one - other) <= slack + 1e-9 * Math.abs(other);
/** In one field the answers are the mistake's. */
const says = (field: keyof DataEstimate, mistake: (plan: DataPlan, right: DataEstimate) => number, slack = 0) => (answer: EstimateData): boolean =>
  PLANS.every((plan) => close(answer(plan)[field], mistake(plan, estimate(plan)), slack));

const MISTAKES: readonly Misconception<EstimateData>[] = [
  {
    name: "no exam",
    matches: says("generate", ({ train, keptShare }) => Math.ceil(train / keptShare - 1e-9)),
    message: "You generate only what is trained on. The exam needs rows too, of the same kind and from the same filters; made later from something else, it examines something else.",
  },
  {
    name: "share multiplied",
    matches: says("generate", ({ train, heldOut, keptShare }) => (train + heldOut) * keptShare, 1),
    message: "Multiplied by the share you generate fewer rows than must be left. Of 100 generated rows, keptShare × 100 stay: divide.",
  },
  {
    name: "nothing is rejected",
    matches: says("generate", ({ train, heldOut }) => train + heldOut),
    message: "Filters reject rows: wrong labels, duplicates, broken JSON. Generate what is needed ÷ keptShare, or the dataset ends up too small.",
  },
  {
    name: "trained on the exam",
    matches: says("trainingTokens", ({ train, heldOut, meanTokens, epochs }) => (train + heldOut) * meanTokens * epochs),
    message: "Training reads the exam in your sum. A model that has seen the exam passes it, and nobody learns anything: count the `train` rows alone.",
  },
  {
    name: "one epoch",
    matches: says("trainingTokens", ({ train, meanTokens }) => train * meanTokens),
    message: "Every epoch reads all rows again: the time is that of train × meanTokens × epochs tokens.",
  },
  {
    name: "only kept rows are paid",
    matches: says("dollars", ({ train, heldOut, dollarsPerRow }) => (train + heldOut) * dollarsPerRow),
    message: "A rejected row was written and billed before it was rejected. The bill is for all generated rows.",
  },
];

export const dataEstimate: Exercise<EstimateData> = {
  id: "61.6/data",
  hints: [
    "Three questions: how many rows must be left after the filters, which of them are trained on, and which rows are paid for?",
    "Left must be train + heldOut. Divide by keptShare for what is generated. Only `train` rows are read by training, once an epoch. Every generated row is paid for.",
    "generate = ⌈(train + heldOut) ÷ keptShare⌉; trainingTokens = train × meanTokens × epochs; dollars = generate × dollarsPerRow.",
  ],
  ...functionAnswer<EstimateData>({
    cases: PLANS.map((plan) => ({ given: [plan] })),
    right: estimate,
    tell: ([plan], result, right) => {
      const given = (result ?? {}) as Partial<DataEstimate>;
      const field = (["generate", "trainingTokens", "dollars"] as const).find((name) => !close(given[name] ?? NaN, right[name])) ?? "generate";
      return `With ${JSON.stringify(plan)} ${field} is ${right[field].toLocaleString("en-US")}; you say ${String(given[field])}.`;
    },
    misconceptions: MISTAKES,
  }),
  because: "What is left must hold training and exam, what is generated must also hold what the filters take, and the bill is for that. Training reads its own rows alone, once an epoch.",
};
