export { checkArguments, checkSaying, checkScript, type ScriptFault } from "./check.js";
export { generateToolConversations, type ToolGenerated, type ToolGenerateOptions, type ToolRejection } from "./generate.js";
export { DEFAULT_KINDS, drawOrder, ERRORS, MISSING, NO_CALL, StateTask, TOOL_KINDS, type ToolKind, type ToolOrder, type ToolPlan } from "./order.js";
export type { ToolRunner } from "./runner.js";
export type { PlayedTurn, ScriptCall, ScriptTurn } from "./script.js";
