import { LIMITS, weigh, type Evidence, type Limits } from "./evidence.js";
import { reasonsOf, type Reason } from "./reasons.js";
import { findQuestion, TREE, type Approach, type Leaf, type Question, type QuestionId } from "./tree.js";
import { assumptionsOf, checkUseCase, type UseCaseInput } from "./use-case.js";

/** A question that was asked on the way, with its answer. */
export interface Step {
  question: QuestionId;
  asks: string;
  answer: "yes" | "no";
}

export interface Decision {
  name: string;
  approach: Approach;
  /** What comes first, where the answer is "not yet". */
  missing: Leaf["missing"];
  /** One sentence. */
  says: string;
  path: Step[];
  /** Those that decide first. */
  reasons: Reason[];
  /** Facts that nobody gave, with what was taken instead. */
  assumed: string[];
  evidence: Evidence;
}

const SAYS: Record<Approach, string> = {
  prompt: "Stay with a prompt", rag: "Look facts up, and prompt with them", "fine-tune": "Fine-tune a model of your own",
  "fine-tune + rag": "Fine-tune a model of your own, and let it look facts up", "not yet": "Do not decide yet",
};
const FIRST = { evaluation: "first an exam that tells the prompt's score from the wanted one", data: "first the examples and the money for them" } as const;

/**
 * Decides what a use case calls for, and says why.
 *
 * @param limits - conventions to replace, see LIMITS
 * @throws DecisionError for a fact that is missing, misspelt or out of range
 */
export function decideApproach(useCase: UseCaseInput, limits: Partial<Limits> = {}): Decision {
  const facts = checkUseCase(useCase);
  const evidence = weigh(facts, { ...LIMITS, ...limits });
  const { path, leaf } = walk(evidence);
  const asked = new Set<string>(path.map(({ question }) => question.replace("-tuned", "")));
  const reasons = reasonsOf(evidence).map((reason) => ({ ...reason, decides: asked.has(reason.question) }));
  return {
    name: facts.name, approach: leaf.approach, missing: leaf.missing, says: `${SAYS[leaf.approach]}${leaf.missing ? `: ${FIRST[leaf.missing]}` : ""}.`,
    path, reasons: [...reasons.filter(({ decides }) => decides), ...reasons.filter(({ decides }) => !decides)], assumed: assumptionsOf(useCase), evidence,
  };
}

/** The approach alone, without its reasons. @throws DecisionError */
export function approachOf(useCase: UseCaseInput, limits: Partial<Limits> = {}): Approach {
  return walk(weigh(checkUseCase(useCase), { ...LIMITS, ...limits })).leaf.approach;
}

function walk(evidence: Evidence): { path: Step[]; leaf: Leaf } {
  const path: Step[] = [];
  let at: Question = TREE[0] as Question;
  for (;;) {
    const answer = at.test(evidence) ? "yes" : "no";
    path.push({ question: at.id, asks: at.asks, answer });
    const next = at[answer];
    if (typeof next === "object") return { path, leaf: next };
    at = findQuestion(next);
  }
}
