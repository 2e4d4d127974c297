export { readAnswer, type AnswerParts, type CallText } from "./answer.js";
export { openChat, type Chat, type ChatOptions, type ChatTurn, type Reply, type ReplyOptions } from "./chat.js";
export { ServeError } from "./error.js";
export { exportModel, FORMATS, modelPlace, type Exported, type ExportFormat, type ExportOptions } from "./export.js";
export { GrammarError, readGrammar, toGrammar, type Reading, type SchemaGrammarOptions, type ToolGrammarOptions } from "./grammar/index.js";
export { LLAMA, llamaFolder, llamaPackage, openLlama, prepareLlama, type GreedyOptions, type Llama } from "./llama.js";
export { serveModel, type ModelServer, type ServeOptions } from "./endpoint/server.js";
