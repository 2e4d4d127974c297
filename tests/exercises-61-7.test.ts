import { todo } from "llmops/course";
import { decisionReport, type DecisionAnswer, type WriteDecisionReport } from "llmops/exercises/61-7";
import { testExercise } from "./support/exercise.ts";

const head = ({ name, approach, missing }: DecisionAnswer) => `${name}: ${approach}${missing ? `, ${missing} missing` : ""}`;
const reasons = (answer: DecisionAnswer, all = false) => answer.reasons.filter(({ decides }) => all || decides).map(({ fact, value, because }) => `${fact} ${value}: ${because}`);
const flip = ({ flips: [nearest] }: DecisionAnswer) => (nearest ? [`Nearest flip: ${nearest.fact} at ${String(nearest.to)} gives ${nearest.approach}`] : []);
const right: WriteDecisionReport = (answer) => [head(answer), ...reasons(answer), ...flip(answer), ...answer.assumed].join("\n");

testExercise<WriteDecisionReport>(decisionReport, right, () => todo(), [(answer) => right(answer).replace("support: fine-tune", "support: train"), /support: the first line must say "fine-tune"/], {
  "not yet is called no": (answer) => right(answer).replace("lawyers: not yet", "lawyers: do not fine-tune"),
  "advice without reasons": (answer) => [head(answer), ...flip(answer), ...answer.assumed].join("\n"),
  "flip left out": (answer) => [head(answer), ...reasons(answer), ...answer.assumed].join("\n"),
  "assumptions left out": (answer) => [head(answer), ...reasons(answer), ...flip(answer)].join("\n"),
  "all reasons decide": (answer) => [head(answer), ...reasons(answer, true), ...flip(answer), ...answer.assumed].join("\n"),
});
