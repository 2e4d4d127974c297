/** Why: each reason names its fact, says which way it points, and gives the sum behind it. */
import { DAYS_PER_MONTH } from "./money.js";
import { changesSoon, type Evidence } from "./evidence.js";
import type { QuestionId } from "./tree.js";
import type { FactName } from "./use-case.js";

/** `nothing`: the fact is not known, and no way is favoured. */
export type Direction = "prompt" | "rag" | "fine-tune" | "not yet" | "nothing";

export interface Reason {
  fact: FactName;
  /** The fact as it was given, with its unit. */
  value: string;
  points: Direction;
  because: string;
  /** The question of the tree that it answers. */
  question: QuestionId;
  /** Whether that question was asked on the way to the decision. */
  decides: boolean;
}
type Said = Omit<Reason, "decides">;

const percent = (share: number): string => `${(100 * share).toFixed(share > 0.995 && share < 1 ? 1 : 0)}%`;
const count = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 1 });
const dollars = (value: number): string => `$${value.toLocaleString("en-US", value < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: value < 100 ? 2 : 0 })}`;
export const formatDays = (days: number): string => (days < 60 ? `${count(Math.max(days, 0.1))} days` : `${count(days / DAYS_PER_MONTH)} months`);

/** All reasons, in the order of the tree's questions. */
export function reasonsOf(evidence: Evidence): Said[] {
  return [...ofScore(evidence), ...ofLatency(evidence), ...ofMoney(evidence), ...ofTask(evidence), ...ofData(evidence), ...ofKnowledge(evidence)];
}

function ofScore({ facts, limits, score, standing, ceiling }: Evidence): Said[] {
  const { promptScore, wantedScore, heldOut, dataMayLeave, measuredOn } = facts;
  if (promptScore === undefined) return [{ fact: "promptScore", value: "not measured", points: "not yet", question: "measured", because: "nobody knows what the best prompt reaches, so no improvement on it can be seen: build the exam first" }];
  if (!dataMayLeave && measuredOn === "api") return [{ fact: "measuredOn", value: "api", points: "not yet", question: "measured", because: "requests may not go to a provider, so the score of a provider's model says nothing: measure an open model on a machine of your own" }];
  const shown = `${percent(promptScore)} of ${count(heldOut)}`;
  if (!score || standing === "unclear") {
    const room = score ? `${percent(score.low)} to ${percent(score.high)}` : "anything";
    return [{ fact: "heldOut", value: count(heldOut), points: "not yet", question: "clear", because: `${shown} right can be ${room} in truth, and ${percent(wantedScore)} is wanted: the exam is too small to say whether that is reached` }];
  }
  if (standing === "reached") return [{ fact: "promptScore", value: shown, points: "prompt", question: "gap", because: `the prompt reaches the ${percent(wantedScore)} that is wanted: quality is no reason to train` }];
  const says: Said[] = [];
  if (ceiling >= wantedScore) {
    const byFacts = facts.knowledgeTokens > 0 && facts.knowledgeFailures > 0;
    const by = [...(byFacts ? ["looking facts up"] : []), ...(facts.format === "schema" && facts.formatFailures > 0 ? ["enforcing the schema"] : [])].join(" and ");
    says.push({ fact: byFacts ? "knowledgeFailures" : "formatFailures", value: percent(byFacts ? facts.knowledgeFailures : facts.formatFailures), points: byFacts ? "rag" : "prompt", question: "gap", because: `${by} can lift the score from ${percent(promptScore)} to at most ${percent(ceiling)}, and ${percent(wantedScore)} is wanted: do that first` });
  } else {
    says.push({ fact: "promptScore", value: shown, points: "fine-tune", question: "gap", because: `${percent(wantedScore)} is wanted, and even with everything repaired that retrieval or a schema can repair it would be ${percent(ceiling)}: the rest is behaviour` });
    const tried = facts.promptVersions ?? 1;
    if (tried < limits.promptVersions) says.push({ fact: "promptVersions", value: count(tried), points: "prompt", question: "tried", because: `a ceiling is what several prompts reach: measure at least ${limits.promptVersions} before you train` });
    else says.push({ fact: "promptVersions", value: count(tried), points: "fine-tune", question: "tried", because: "several prompts were measured, and this is the best of them: the next wording will not close the gap" });
  }
  if (facts.format === "style") says.push({ fact: "format", value: "style", points: "fine-tune", question: "gap", because: "no grammar enforces a style; examples teach it, and a prompt pays for them with every request" });
  if (facts.format === "schema") says.push({ fact: "format", value: "schema", points: "prompt", question: "gap", because: "a schema can be enforced while the answer is written (structured output, a grammar): strict form alone needs no training" });
  return says;
}

function ofLatency({ facts: { latencyMs, latencyWantedMs, ownLatencyMs } }: Evidence): Said[] {
  if (latencyWantedMs === undefined || latencyMs === undefined) return [];
  const fact = { fact: "latencyMs", value: `${count(latencyMs)} ms`, question: "slow" } as const;
  if (latencyMs <= latencyWantedMs) return [{ ...fact, points: "prompt", because: `${count(latencyWantedMs)} ms are wanted and met` }];
  if (ownLatencyMs === undefined) return [{ ...fact, points: "fine-tune", because: `${count(latencyWantedMs)} ms are wanted; a small model of your own is usually faster, but ownLatencyMs is not known: measure it before you train` }];
  if (ownLatencyMs > latencyWantedMs) return [{ fact: "ownLatencyMs", value: `${count(ownLatencyMs)} ms`, points: "nothing", question: "slow", because: `the prompted model is too slow for ${count(latencyWantedMs)} ms, and so is your own` }];
  return [{ ...fact, points: "fine-tune", because: `${count(latencyWantedMs)} ms are wanted, and a small model of your own needs ${count(ownLatencyMs)}` }];
}

function ofMoney({ facts, money }: Evidence): Said[] {
  const fact = { fact: "requestsPerDay", value: count(facts.requestsPerDay), question: "pays" } as const;
  if (!facts.dataMayLeave) return [{ fact: "dataMayLeave", value: "no", points: "nothing", question: "measured", because: "no provider may see the requests: its price and its score do not count" }];
  if (!money) return [{ ...fact, points: "nothing", because: "a price is missing (the API's for a request, the server's or the training's), so money decides nothing here" }];
  const month = `${dollars(money.apiDollars)} a month by API, ${dollars(money.ownDollars)} with a model of your own`;
  if (money.paybackDays === undefined) return [{ ...fact, points: "prompt", because: `${month}: nothing is saved that could pay for a training` }];
  const late = money.paybackDays > facts.paybackMonths * DAYS_PER_MONTH;
  return [{ ...fact, points: late ? "prompt" : "fine-tune", because: `${month}: ${dollars(money.setupDollars)} are back after ${formatDays(money.paybackDays)}, ${late ? "later than" : "within"} the ${count(facts.paybackMonths)} months that are allowed` }];
}

function ofTask({ facts, limits }: Evidence): Said[] {
  const general = facts.kindsOfRequest > limits.kinds;
  const says: Said[] = [{
    fact: "kindsOfRequest", value: count(facts.kindsOfRequest), points: general ? "prompt" : "fine-tune", question: "trainable",
    because: general ? `above ${limits.kinds} kinds it is a general task, and a large model with a prompt is at its best there` : "the task is narrow: what a small model can learn",
  }];
  const { answersChangeDays } = facts;
  if (answersChangeDays !== undefined && facts.knowledgeTokens === 0) {
    const soon = changesSoon(facts, limits);
    says.push({ fact: "answersChangeDays", value: formatDays(answersChangeDays), points: soon ? "prompt" : "fine-tune", question: "trainable", because: soon ? `what was trained is wrong before the next training (${limits.retrainDays} days); a prompt can be changed today` : "rules hold longer than the time between two trainings" });
  }
  return says;
}

function ofData({ facts, examplesNeeded, missingExamples }: Evidence): Said[] {
  const { setupDollars, exampleDollars, budgetDollars } = facts;
  const fact = { fact: "examples", value: count(facts.examples), question: "data" } as const;
  const cost = (setupDollars ?? 0) + missingExamples * (exampleDollars ?? 0);
  if (budgetDollars !== undefined && (missingExamples === 0 || exampleDollars !== undefined) && cost > budgetDollars) {
    return [{ fact: "budgetDollars", value: dollars(budgetDollars), points: "not yet", question: "data", because: `training and ${count(missingExamples)} more examples cost ${dollars(cost)}` }];
  }
  if (missingExamples === 0) return [{ ...fact, points: "fine-tune", because: `${count(examplesNeeded)} are the rule of thumb for ${count(facts.kindsOfRequest)} kinds of request: there are enough to begin` }];
  if (exampleDollars === undefined || budgetDollars === undefined) return [{ ...fact, points: "not yet", because: `${count(missingExamples)} of ${count(examplesNeeded)} are missing, and nobody said what one costs or what may be spent` }];
  return [{ ...fact, points: "fine-tune", because: `${count(missingExamples)} of ${count(examplesNeeded)} are missing; with the training they cost ${dollars(cost)}, within the budget of ${dollars(budgetDollars)}` }];
}

function ofKnowledge({ facts, limits, looksUp }: Evidence): Said[] {
  const { knowledgeTokens, answersChangeDays } = facts;
  if (knowledgeTokens === 0) return [];
  const fact = { fact: "knowledgeTokens", value: `${count(knowledgeTokens)} tokens`, question: "looks-up" } as const;
  if (!looksUp) return [{ ...fact, points: "prompt", because: `up to ${count(limits.promptRoom)} tokens of documents fit into the prompt itself` }];
  if (knowledgeTokens <= limits.promptRoom) return [{ fact: "answersChangeDays", value: formatDays(answersChangeDays ?? 0), points: "rag", question: "looks-up", because: "the documents are short, but change so often that they must be read when the request comes" }];
  return [{ ...fact, points: "rag", because: `more than the ${count(limits.promptRoom)} tokens that a prompt has room for${answersChangeDays === undefined ? "" : `, and out of date after ${formatDays(answersChangeDays)}`}: look up what a request needs. Weights are a poor store of facts (https://arxiv.org/abs/2312.05934)` }];
}
