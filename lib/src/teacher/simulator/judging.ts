import { readJudgePrompt, type JudgedText } from "../judge-prompt.js";
import { Random } from "../random.js";
import type { JudgmentEntry } from "./ledger.js";
import { findProblems, type Problem } from "./reading.js";

/**
 * The known weaknesses of models as judges (Zheng et al. 2023, "Judging LLM-as-a-Judge", section 3.3, names position
 * and verbosity bias), planted at known rates. All are probabilities per conversation.
 */
export interface JudgeBias {
  /** Overlooks every fault of a conversation. */
  leniency: number;
  /** Finds a fault where there is none. */
  severity: number;
  /** Adds a point to each score of a faulty conversation whose assistant uses more than 40 words. */
  verbosity: number;
  /** Adds a point to each score of the first faulty conversation of a request. */
  position: number;
  /** Takes a point off one criterion for no reason: harmless alone. */
  noise: number;
}

export const DEFAULT_BIAS: JudgeBias = { leniency: 0.08, severity: 0.01, verbosity: 0.35, position: 0.3, noise: 0.3 };

type Aspect = "natural" | "accuracy" | "completeness" | "format" | "overall";

const FAULTS: Readonly<Record<Problem, { reason: string; scores: Readonly<Record<Aspect, number>> }>> = {
  wrong_answer: { reason: "The assistant confirms something else than was asked.", scores: { natural: 5, accuracy: 1, completeness: 3, format: 4, overall: 2 } },
  wrong_label: { reason: "The operation label does not fit the conversation.", scores: { natural: 5, accuracy: 3, completeness: 4, format: 1, overall: 2 } },
  off_topic: { reason: "Has nothing to do with managing tasks.", scores: { natural: 4, accuracy: 2, completeness: 2, format: 1, overall: 1 } },
  too_short: { reason: "Too short to show anything.", scores: { natural: 2, accuracy: 3, completeness: 1, format: 3, overall: 1 } },
  too_long: { reason: "The assistant rambles far beyond the request.", scores: { natural: 2, accuracy: 4, completeness: 2, format: 3, overall: 2 } },
  dirty: { reason: "The text contains garbled characters or stray spaces.", scores: { natural: 4, accuracy: 5, completeness: 5, format: 4, overall: 4 } },
};

const PRAISE = [
  "Request understood, right task, right details.", "Natural request and a precise confirmation.", "Everything asked for is confirmed.", "Clear exchange, nothing missing.",
  "The assistant handles the case as it should.", "Believable user, correct answer.", "Correct and to the point.", "Good example of the operation.", "Details carried over correctly.",
];

/** One verdict as the judge's JSON has it. */
interface Verdict {
  conversation: number;
  reason: string;
  scores: Record<string, number>;
}

/** Grades the conversations of a judge prompt; undefined when the messages are none. */
export function judge(
  seed: number, bias: JudgeBias, name: { key: string; responseId: string }, messages: readonly { role: string; content: string }[],
): { text: string; entries: JudgmentEntry[] } | undefined {
  const prompt = readJudgePrompt(messages);
  if (prompt === undefined) return undefined;
  const entries: JudgmentEntry[] = [];
  let isFirstFault = true;
  const verdicts = prompt.conversations.map((conversation, index): Verdict => {
    const random = new Random(seed, name.key, "judge", index);
    const honest = findProblems(conversation, prompt.today);
    const note = (kind: JudgmentEntry["bias"]) => entries.push({ response: name.responseId, index, bias: kind });
    // The draws are made for every conversation in the same order, so that one never shifts another.
    const draws = { leniency: random.chance(bias.leniency), severity: random.chance(bias.severity), verbosity: random.chance(bias.verbosity), position: random.chance(bias.position), noise: random.chance(bias.noise) };
    let problems = [...honest];
    if (problems.length > 0 && draws.leniency) {
      problems = [];
      note("leniency");
    } else if (problems.length === 0 && draws.severity) {
      problems = [random.pick(["wrong_answer", "wrong_label"] as const)];
      note("severity");
    }
    let bonus = 0;
    if (problems.length > 0) {
      if (draws.verbosity && assistantWords(conversation) > 40) {
        bonus++;
        note("verbosity");
      }
      if (isFirstFault && index === 0 && draws.position) {
        bonus++;
        note("position");
      }
      isFirstFault = false;
    }
    const unlucky = draws.noise ? random.pick(prompt.criteria) : undefined;
    const scores = Object.fromEntries(prompt.criteria.map((criterion) => {
      const worst = Math.min(5, ...problems.map((problem) => FAULTS[problem].scores[aspectOf(criterion)]));
      const score = worst + bonus - (criterion === unlucky ? 1 : 0);
      return [criterion, Math.max(1, Math.min(5, score))];
    }));
    const [first] = problems;
    return { conversation: index + 1, reason: first === undefined ? random.pick(PRAISE) : FAULTS[first].reason, scores };
  });
  return { text: JSON.stringify({ verdicts }), entries };
}

function aspectOf(criterion: string): Aspect {
  if (/natural|fluen|style|tone/i.test(criterion)) return "natural";
  if (/accura|correct|faithful|truth/i.test(criterion)) return "accuracy";
  if (/complet|cover|detail/i.test(criterion)) return "completeness";
  if (/format|structure|label|relevan|topic|scope/i.test(criterion)) return "format";
  return "overall";
}

function assistantWords(conversation: JudgedText): number {
  return conversation.turns.filter((turn) => turn.role === "assistant").reduce((sum, turn) => sum + turn.text.split(/\s+/).length, 0);
}
