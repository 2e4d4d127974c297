import { todo } from "llmops/course";
import { dataEstimate, type DataPlan, type EstimateData } from "llmops/exercises/61-6";
import { testExercise } from "./support/exercise.ts";

const right: EstimateData = ({ train, heldOut, keptShare, meanTokens, epochs, dollarsPerRow }) => {
  const generate = Math.ceil((train + heldOut) / keptShare - 1e-9);
  return { generate, trainingTokens: train * meanTokens * epochs, dollars: generate * dollarsPerRow };
};
const withGenerate = (rows: (plan: DataPlan) => number): EstimateData => (plan) => ({ ...right(plan), generate: rows(plan), dollars: rows(plan) * plan.dollarsPerRow });

testExercise<EstimateData>(dataEstimate, right, () => todo(), [(plan) => ({ ...right(plan), dollars: 0 }), /dollars is 0\.2; you say 0/], {
  "no exam": withGenerate(({ train, keptShare }) => Math.ceil(train / keptShare - 1e-9)),
  "share multiplied": withGenerate(({ train, heldOut, keptShare }) => Math.ceil((train + heldOut) * keptShare)),
  "nothing is rejected": withGenerate(({ train, heldOut }) => train + heldOut),
  "trained on the exam": (plan) => ({ ...right(plan), trainingTokens: (plan.train + plan.heldOut) * plan.meanTokens * plan.epochs }),
  "one epoch": (plan) => ({ ...right(plan), trainingTokens: plan.train * plan.meanTokens }),
  "only kept rows are paid": (plan) => ({ ...right(plan), dollars: (plan.train + plan.heldOut) * plan.dollarsPerRow }),
});
