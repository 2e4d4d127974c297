export { canonicalContent, contentHash, exampleText, rowHash, SCOPES, type Scope } from "./content.js";
export { normalizeExample, normalizeText, NORMALIZE_CHANGES, type ChangeCounts, type NormalizeChange } from "./normalize.js";
export {
  findPii,
  hasPii,
  maskExample,
  maskPii,
  PII_KINDS,
  PII_MASKS,
  type PiiCounts,
  type PiiKind,
  type PiiMatch,
  type PiiOptions,
} from "./pii.js";
export {
  countTextTokens,
  countTokens,
  ENCODINGS,
  filterByLength,
  type Encoding,
  type LengthBounds,
} from "./tokens.js";
