export { openChat, type Chat, type ChatOptions, type ChatTurn, type Reply, type ReplyOptions } from "./chat.js";
export { ServeError } from "./error.js";
export { exportModel, FORMATS, modelPlace, type Exported, type ExportFormat, type ExportOptions } from "./export.js";
export { LLAMA, llamaFolder, llamaPackage, openLlama, prepareLlama, type Llama } from "./llama.js";
