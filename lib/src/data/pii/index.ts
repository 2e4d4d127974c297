export { parsePiiKinds, planPii, PII_ACTIONS, type PiiAction, type PiiChoice, type PiiPlan } from "./actions.js";
export { hasPii, maskExample, type MaskedExample, type PiiModel } from "./example.js";
export { findPii, type PiiOptions } from "./find.js";
export { DEFAULT_PII_KINDS, PII_KINDS, PII_MASKS, type PiiKind, type PiiMatch } from "./kinds.js";
export { maskPii, type MaskedText, type MaskOptions, type PiiCounts } from "./mask.js";
export { Pseudonyms } from "./pseudonym.js";
export { NerError, openNer, type NerOptions, type NerPipeline } from "./ner.js";
