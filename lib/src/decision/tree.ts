/** The questions in their order, as data: `decideApproach` walks it, and a lesson draws it. */
import type { Evidence } from "./evidence.js";
import { changesSoon } from "./evidence.js";
import type { FactName } from "./use-case.js";

/** What to do. `not yet`: something is missing without which every answer is a guess. */
export const APPROACHES = ["prompt", "rag", "fine-tune", "fine-tune + rag", "not yet"] as const;
export type Approach = (typeof APPROACHES)[number];

/** Where the walk ends. `missing` says what comes first where the answer is "not yet". */
export interface Leaf {
  approach: Approach;
  missing?: "evaluation" | "data";
}

export interface Question {
  id: QuestionId;
  asks: string;
  /** The facts that answer it. */
  facts: readonly FactName[];
  test: (evidence: Evidence) => boolean;
  yes: QuestionId | Leaf;
  no: QuestionId | Leaf;
}
export type QuestionId = "measured" | "clear" | "gap" | "tried" | "slow" | "pays" | "trainable" | "data" | "looks-up" | "looks-up-tuned";

const LOOKS_UP = { asks: "Do answers rest on documents too large for a prompt, or soon out of date?", facts: ["knowledgeTokens", "answersChangeDays"], test: ({ looksUp }: Evidence) => looksUp } as const;

/** The first question is `measured`. */
export const TREE: readonly Question[] = [
  {
    id: "measured", asks: "Is the best prompt's score known, of a model that may be used?", facts: ["promptScore", "heldOut", "dataMayLeave", "measuredOn"],
    test: ({ standing }) => standing !== "unknown", yes: "clear", no: { approach: "not yet", missing: "evaluation" },
  },
  {
    id: "clear", asks: "Is the exam large enough to say whether the wanted score is reached?", facts: ["promptScore", "wantedScore", "heldOut"],
    test: ({ standing }) => standing !== "unclear", yes: "gap", no: { approach: "not yet", missing: "evaluation" },
  },
  {
    id: "gap", asks: "Is it missed even where retrieval and an enforced schema repair all they can?", facts: ["promptScore", "wantedScore", "knowledgeFailures", "knowledgeTokens", "format", "formatFailures"],
    test: ({ standing, ceiling, facts }) => standing === "missed" && ceiling < facts.wantedScore, yes: "tried", no: "slow",
  },
  {
    id: "tried", asks: "Were enough prompts measured to call it a ceiling?", facts: ["promptVersions"],
    test: ({ facts, limits }) => (facts.promptVersions ?? 1) >= limits.promptVersions, yes: "trainable", no: "slow",
  },
  {
    id: "slow", asks: "Is it too slow, and a small model of your own not?", facts: ["latencyMs", "latencyWantedMs", "ownLatencyMs"],
    test: ({ facts: { latencyMs, latencyWantedMs, ownLatencyMs } }) =>
      latencyMs !== undefined && latencyWantedMs !== undefined && latencyMs > latencyWantedMs && (ownLatencyMs === undefined || ownLatencyMs <= latencyWantedMs),
    yes: "trainable", no: "pays",
  },
  {
    id: "pays", asks: "Does a model of your own pay for itself in time?", facts: ["requestsPerDay", "apiDollarsPerRequest", "serverDollarsPerMonth", "serverRequestsPerDay", "operationsDollarsPerMonth", "setupDollars", "paybackMonths"],
    test: ({ money, facts }) => money?.paybackDays !== undefined && money.paybackDays <= facts.paybackMonths * 30, yes: "trainable", no: "looks-up",
  },
  {
    id: "trainable", asks: "Is it narrow, and do its rules hold until the next training?", facts: ["kindsOfRequest", "answersChangeDays", "knowledgeTokens"],
    test: ({ facts, limits }) => facts.kindsOfRequest <= limits.kinds && !(changesSoon(facts, limits) && facts.knowledgeTokens === 0), yes: "data", no: "looks-up",
  },
  {
    id: "data", asks: "Are there examples enough, or money to make them?", facts: ["examples", "kindsOfRequest", "exampleDollars", "setupDollars", "budgetDollars"],
    test: isAffordable, yes: "looks-up-tuned", no: { approach: "not yet", missing: "data" },
  },
  { id: "looks-up-tuned", ...LOOKS_UP, yes: { approach: "fine-tune + rag" }, no: { approach: "fine-tune" } },
  { id: "looks-up", ...LOOKS_UP, yes: { approach: "rag" }, no: { approach: "prompt" } },
];

function isAffordable({ missingExamples, facts: { setupDollars, exampleDollars, budgetDollars } }: Evidence): boolean {
  if (missingExamples > 0 && (exampleDollars === undefined || budgetDollars === undefined)) return false;
  return budgetDollars === undefined || (setupDollars ?? 0) + missingExamples * (exampleDollars ?? 0) <= budgetDollars;
}

export function findQuestion(id: QuestionId): Question {
  const found = TREE.find((question) => question.id === id);
  if (!found) throw new RangeError(`"${id}" is no question of the tree`);
  return found;
}
