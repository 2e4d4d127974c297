export { canonicalContent, contentHash, exampleText, rowHash, SCOPES, type Scope } from "./content.js";
export { normalizeExample, normalizeText, NORMALIZE_CHANGES, type ChangeCounts, type NormalizeChange } from "./normalize.js";
