export { measureQuality, qualityRows, QualityReportSchema, type QualityOptions, type QualityReport } from "./measure.js";
export { measureCoverage, type Axis, type Coverage, type CoverageOptions } from "./coverage.js";
export { measureDiversity, type Diversity, type DiversityOptions } from "./diversity.js";
export { measureConsistency, type Consistency, type ConsistencyOptions } from "./consistency.js";
export { measureAccuracy, type Accuracy } from "./accuracy.js";
export type { Finding, Rule } from "./finding.js";
export { measureRepetition, type Repetition } from "./repetition.js";
export { guessLanguage, LANGUAGES, type Language, type LanguageGuess } from "./language.js";
export {
  defaultRules, echo, filterByRules, firstFinding, garbled, language, refusal, repetition, RULES, rulesNamed, shouting, spacing, spam, turnLength,
  type EchoOptions, type Filtered, type LengthOptions, type RepetitionOptions, type RuleName, type SpamOptions,
} from "./rules.js";
export { contaminationReason, ContaminationIndex, decontaminate, type Contamination, type Decontaminated, type DecontaminationOptions } from "./decontaminate.js";
export {
  dateAgainstRequest, dueInThePast, findingsOf, labelAgainstWords, offTopic, priorityAgainstRequest, repeatsRequest, taskApiChecks, titleNeverMentioned,
} from "./task-api/checks.js";
export { daysNamed, type DayMention } from "./task-api/dates.js";
export { operationSigns, prioritiesNamed, quotedIn, showsLabel, shownOperation, strengthOf, TASK_OPERATIONS, type TaskOperation } from "./task-api/reading.js";
