export { answerPrompts, AnswersResult, type AnswerOptions } from "./answers.js";
export { answerCounted, trainCounted, unknownWords, wordsOf, type CountedAnswer, type CountedModel, type NamedRequest } from "./counted.js";
export { compareAnswers, signTest, type PairedComparison } from "./paired.js";
export { checkGate, type GateCriterion, type GateResult } from "./gate.js";
export { faultOf, parseCall, sameArguments, scoreCalls, type CallFault, type CallScore, type WrittenCall } from "./score.js";
export { readTaskCalls, TASK_CALL_SETS, TASK_SYSTEM, TASK_TOOLS, taskPrompt, taskRow, TaskCall, type Prompt, type PromptMessage, type TaskCallSet, writeTaskRows } from "./task-calls.js";
