/** The exercise of lesson 61.7, "Build Your LLMOps Decision Skill". */
import type { Exercise } from "../course/check.js";
import { decideApproach, findFlips, type Approach, type FactValue, type Reason, type UseCaseInput } from "../decision/index.js";
import { TEAMS } from "./61-3.js";

/** What `decide-use-case.mjs --json` answers, as far as a report needs it. */
export interface DecisionAnswer {
  name: string;
  approach: Approach;
  /** What comes first where the approach is "not yet". */
  missing?: "evaluation" | "data";
  says: string;
  /** Those that decide first. */
  reasons: readonly Reason[];
  /** The smallest change first. */
  flips: readonly { fact: string; from: FactValue; to: FactValue; approach: Approach }[];
  assumed: readonly string[];
}
export type WriteDecisionReport = (answer: DecisionAnswer) => string;

/** As the command answers. */
export function answerOf(useCase: UseCaseInput): DecisionAnswer {
  const { name, approach, missing, says, reasons, assumed } = decideApproach(useCase);
  return { name, approach, ...(missing ? { missing } : {}), says, reasons, flips: findFlips(useCase).map(({ fact, from, to, approach: other }) => ({ fact, from, to, approach: other })), assumed };
}

const CASES: readonly UseCaseInput[] = [TEAMS.support, TEAMS.lawyers, TEAMS.invoices];

interface Said {
  answer: DecisionAnswer;
  text: string;
}
const reportsOf = (write: WriteDecisionReport): Said[] => CASES.map((useCase) => {
  const answer = answerOf(useCase);
  return { answer, text: String(write(answer)) };
});

const hasReason = ({ answer, text }: Said): boolean => {
  const [first] = answer.reasons;
  return first !== undefined && text.includes(first.fact) && text.includes(first.value) && text.includes(first.because);
};
/** The verdict is looked for in front of the reasons, which name other approaches too. */
const verdictOf = ({ text }: Said): string => text.trim().split("\n")[0] ?? "";
const hasApproach = (said: Said): boolean => {
  const { approach } = said.answer;
  const verdict = verdictOf(said);
  return verdict.includes(approach) && (approach !== "fine-tune" || !verdict.includes("fine-tune + rag"));
};
const hasMissing = ({ answer, text }: Said): boolean => answer.missing === undefined || new RegExp(`\\b${answer.missing}\\b`, "i").test(text);
const hasFlip = ({ answer: { flips: [nearest] }, text }: Said): boolean => nearest === undefined || text.split("\n").some((line) => line.includes(nearest.fact) && line.includes(String(nearest.to)) && line.includes(nearest.approach));
const hasAssumed = ({ answer, text }: Said): boolean => answer.assumed.every((assumption) => text.includes(assumption));
const claims = ({ answer, text }: Said): boolean => answer.reasons.some(({ decides, because }) => !decides && text.includes(because));

export const decisionReport: Exercise<WriteDecisionReport> = {
  id: "61.7/report",
  kind: "function",
  hints: [
    "Read the skill's section Report: it names five parts in their order. Each is a field of the answer.",
    "The first line holds the name and the approach. Of the reasons take those whose `decides` is true, with fact, value and because; of the flips the first, with fact, to and approach.",
    'Lines: `${name}: ${approach}` (and missing, where there is one), then the deciding reasons, then `Nearest flip: ${flips[0].fact} at ${flips[0].to} gives ${flips[0].approach}`, then every assumption.',
  ],
  fault: (write) => {
    for (const said of reportsOf(write)) {
      const { name, approach, missing, reasons: [first], flips: [nearest], assumed } = said.answer;
      if (!hasApproach(said)) return `${name}: the first line must say "${approach}".`;
      if (!hasMissing(said)) return `${name}: what is missing first, ${missing}, must be in the report.`;
      if (!hasReason(said)) return `${name}: the first reason must be there with its fact (${first?.fact}), its value (${first?.value}) and its because.`;
      if (!hasFlip(said)) return `${name}: the nearest flip must stand on a line: ${nearest?.fact}, ${String(nearest?.to)}, ${nearest?.approach}.`;
      if (!hasAssumed(said)) return `${name}: every assumption must be in the report; one is "${assumed[0]}".`;
      if (claims(said)) return `${name}: a reason that did not decide is in the report as if it had.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "not yet is called no",
      matches: (write) => reportsOf(write).some((said) => said.answer.approach === "not yet" && !hasApproach(said) && /\b(no|not|prompt|stay)\b/i.test(verdictOf(said))),
      message: "The lawyers have no exam, and the answer is \"not yet\": neither no nor stay with a prompt. Who reads no closes the project; who reads not yet builds the exam.",
    },
    {
      name: "advice without reasons",
      matches: (write) => reportsOf(write).every((said) => hasApproach(said) && said.answer.reasons.every(({ because }) => !said.text.includes(because))),
      message: "You hand over an advice that nobody can check. Each reason names its fact, the fact's value, and why it points that way: with these a reader can say \"that number is wrong\".",
    },
    {
      name: "flip left out",
      matches: (write) => reportsOf(write).every((said) => hasReason(said)) && reportsOf(write).some((said) => !hasFlip(said)),
      message: "The report says what is decided and not how firmly. The nearest flip tells the reader which number to measure again before anything is spent.",
    },
    {
      name: "assumptions left out",
      matches: (write) => reportsOf(write).every((said) => hasReason(said) && hasFlip(said)) && reportsOf(write).some((said) => !hasAssumed(said)),
      message: "What nobody said was taken for granted, and your report hides it. \"A model of your own needs nobody's time\" is such an assumption, and the reader knows that it is wrong.",
    },
    {
      name: "all reasons decide",
      matches: (write) => reportsOf(write).every((said) => hasReason(said)) && reportsOf(write).some(claims),
      message: "You list reasons that were never asked on the way as if they had decided. Take those whose `decides` is true; where an exam is missing, the number of examples decides nothing.",
    },
  ],
  because: "Approach in the skill's own word, the facts that decided with their values, the nearest number that would change it, and what was taken for granted: who reads it can object, and knows with which number.",
};
