export { decideApproach, type Decision, type Step } from "./decide.js";
export { DecisionError } from "./error.js";
export { LIMITS, type Evidence, type Limits } from "./evidence.js";
export { findFlips, type FactValue, type Flip } from "./flips.js";
export { DAYS_PER_MONTH, type Money } from "./money.js";
export { formatDays, type Direction, type Reason } from "./reasons.js";
export { APPROACHES, findQuestion, TREE, type Approach, type Leaf, type Question, type QuestionId } from "./tree.js";
export { checkUseCase, FORMATS, MEASURED_ON, UseCase, type FactName, type UseCaseInput } from "./use-case.js";
