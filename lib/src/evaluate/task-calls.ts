/** The requests of datasets/task-calls with their calls: as rows to fine-tune on, and as prompts to be examined with. */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { TASK_TOOLS } from "../agent/tools.js";
import { workbookPath } from "../course/workbook.js";
import type { ToolDefinition } from "../data/example.js";

/** A request to the Task API and the call that it stands for. */
export const TaskCall = z.strictObject({ request: z.string().min(1), name: z.string(), parameters: z.record(z.string(), z.string()) });
export type TaskCall = z.output<typeof TaskCall>;

/**
 * What is in datasets/task-calls. `train` and `validation` are of one kind, and `more` has further rows to train on, with further
 * ways to ask and half of the known titles put together freely; `held-out` has titles and dates that no training
 * file has, `unseen-words` titles of words that not even pretraining has, `unseen-phrasings` ways to ask that were kept out of
 * both, and `another-hand` requests that were written without a look at the corpus.
 */
export const TASK_CALL_SETS = ["train", "more", "validation", "held-out", "unseen-words", "unseen-phrasings", "another-hand"] as const;
export type TaskCallSet = (typeof TASK_CALL_SETS)[number];

/** As taskling's labs tune it; see task_tools.py, which has the same. */
export const TASK_SYSTEM = "You are the assistant of a Task API. Answer with tool calls.";

/** The five operations of the Task API, as a model sees them. */
export { TASK_TOOLS };

/** The requests of a set, in the file's order. */
export function readTaskCalls(set: TaskCallSet): TaskCall[] {
  const path = workbookPath(`datasets/task-calls/${set}.jsonl`);
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line) => TaskCall.parse(JSON.parse(line)));
}

/** A message of a conversation as the trainer and the chat template take it. */
export interface PromptMessage {
  role: "system" | "user" | "assistant";
  content: string;
  tool_calls?: { type: "function"; function: { name: string; arguments: Record<string, unknown> } }[];
}

/** A conversation that waits for an answer. */
export interface Prompt {
  messages: PromptMessage[];
  tools?: readonly ToolDefinition[];
}

/** What the model is asked: the system prompt with the tools, and the request. */
export function taskPrompt(request: string): Prompt {
  return { messages: [{ role: "system", content: TASK_SYSTEM }, { role: "user", content: request }], tools: TASK_TOOLS };
}

/** A row to fine-tune on: the prompt and the call as the assistant's answer. One line of the trainer's JSONL. */
export function taskRow({ request, name, parameters }: TaskCall): Prompt {
  const { messages, tools } = taskPrompt(request);
  return { messages: [...messages, { role: "assistant", content: "", tool_calls: [{ type: "function", function: { name, arguments: parameters } }] }], tools: tools ?? [] };
}

/** Writes rows to fine-tune on, one a line: what a recipe names as `data.train`. */
export function writeTaskRows(calls: readonly TaskCall[], path: string): void {
  writeFileSync(path, calls.map((call) => `${JSON.stringify(taskRow(call))}\n`).join(""));
}
