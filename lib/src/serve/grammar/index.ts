export { GrammarError } from "./error.js";
export { toGrammar, type SchemaGrammarOptions, type ToolGrammarOptions } from "./grammar.js";
export { readGrammar, type Reading } from "./reading.js";
