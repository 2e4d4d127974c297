/** What follows from the facts before anything is decided. */
import { wilson, type Proportion } from "../teacher/statistics.js";
import { moneyOf, type Money } from "./money.js";
import type { UseCase } from "./use-case.js";

/**
 * Limits that are conventions, not laws: each may be given otherwise to `decideApproach`.
 *
 * `examplesPerKind`: the upper end of the 50 to 100 examples from which OpenAI's guide to fine-tuning reports clear
 * improvements (read in quotations of 2026), taken for each kind of request; the lab of lesson 63.7 has 500 rows for five.
 * `promptVersions`: prompts to measure before the score counts as the prompt's ceiling.
 * `promptRoom`: tokens of documents that are simply put into every prompt.
 * `retrainDays`: how often a model can be trained, examined and released without a team for it.
 * `kinds`: above, the task is general. In LoRA Land (https://arxiv.org/abs/2405.00732) tuned 7B models beat GPT-4 on narrow tasks.
 * `margin`: an exam that cannot exclude a score this far below the wanted one is too small to say that it is reached.
 */
export const LIMITS = { examplesPerKind: 100, promptVersions: 3, promptRoom: 4_000, retrainDays: 30, kinds: 20, margin: 0.1 } as const;
export type Limits = { -readonly [K in keyof typeof LIMITS]: number };

export interface Evidence {
  facts: UseCase;
  limits: Limits;
  /** The prompt's score with its 95 % interval; undefined where none counts. */
  score: Proportion | undefined;
  /** "unclear": the exam is too small to say. */
  standing: "unknown" | "reached" | "missed" | "unclear";
  /** The score once every failure is repaired that retrieval or an enforced schema can repair. */
  ceiling: number;
  /** Documents that must be looked up rather than written into the prompt. */
  looksUp: boolean;
  examplesNeeded: number;
  missingExamples: number;
  money: Money | undefined;
}

export function weigh(facts: UseCase, limits: Limits): Evidence {
  const counts = facts.promptScore !== undefined && (facts.dataMayLeave || facts.measuredOn === "own");
  const score = counts ? wilson(Math.round((facts.promptScore ?? 0) * facts.heldOut), facts.heldOut) : undefined;
  const examplesNeeded = Math.ceil(limits.examplesPerKind * facts.kindsOfRequest);
  const missingExamples = Math.max(0, examplesNeeded - facts.examples);
  const looksUp = facts.knowledgeTokens > limits.promptRoom || (facts.knowledgeTokens > 0 && changesSoon(facts, limits));
  const repairable = (facts.knowledgeTokens > 0 ? facts.knowledgeFailures : 0) + (facts.format === "schema" ? facts.formatFailures : 0);
  const prompted = facts.promptScore ?? 0;
  const ceiling = prompted + (1 - prompted) * Math.min(1, repairable);
  return { facts, limits, score, standing: standingOf(score, facts, limits), ceiling, looksUp, examplesNeeded, missingExamples, money: moneyOf(facts, missingExamples) };
}

export const changesSoon = (facts: UseCase, limits: Limits): boolean => facts.answersChangeDays !== undefined && facts.answersChangeDays < limits.retrainDays;

function standingOf(score: Proportion | undefined, { wantedScore }: UseCase, { margin }: Limits): Evidence["standing"] {
  if (score === undefined) return "unknown";
  if (score.high < wantedScore) return "missed";
  return score.estimate >= wantedScore && score.low >= wantedScore - margin ? "reached" : "unclear";
}
