export { phrasingOf, splitByPhrasing, titlesOf, type ToolSplit } from "./phrasing.js";
export { plainMessages, readToolDataset, readToolRows, toTrainerRow, TOOL_SETS, ToolDataset, type ToolSet, writeToolRows } from "./rows.js";
export { toOpenAiRow, toTrlRow, toUnslothRow, trainedParts, TUNERS, type Tuner } from "./trainers.js";
