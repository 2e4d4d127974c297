/** The rows of datasets/tool-calls: conversations whose calls were run, with the tasks that were there before. */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { workbookPath } from "../../course/workbook.js";
import type { Example, ToolDefinition } from "../example.js";
import { parseRow } from "../formats/row.js";
import { ToolDefinitionSchema } from "../formats/tools.js";
import type { JsonObject } from "../jsonl/json.js";

export const TOOL_SETS = ["train", "validation", "test"] as const;
export type ToolSet = (typeof TOOL_SETS)[number];

/** datasets/tool-calls/dataset.json: what holds for every row. */
export const ToolDataset = z.object({
  /** The day that the tools counted from. */
  today: z.iso.date(),
  tools: z.array(ToolDefinitionSchema),
  sets: z.record(z.enum(TOOL_SETS), z.object({ rows: z.int(), sha256: z.string() })),
});
export type ToolDataset = z.output<typeof ToolDataset>;

export function readToolDataset(): ToolDataset {
  return ToolDataset.parse(JSON.parse(readFileSync(workbookPath("datasets/tool-calls/dataset.json"), "utf8")));
}

/**
 * The conversations of a set, in the file's order. `tools` are in each; `extra` has `id`, `kind`, `today` and `state`, the tasks
 * that were there before the conversation.
 *
 * @throws Error with file and line for a row that is none
 */
export function readToolRows(set: ToolSet): Example[] {
  const { today, tools } = readToolDataset();
  const path = workbookPath(`datasets/tool-calls/${set}.jsonl`);
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line, at) => {
    const parsed = parseRow("messages", JSON.parse(line), { spelling: false });
    if (!parsed.ok) throw new Error(`${path}, line ${at + 1} ${parsed.reason}`);
    return { ...parsed.example, tools: tools as ToolDefinition[], extra: { ...parsed.example.extra, today } };
  });
}

/**
 * A conversation as the trainer and chat templates take it: arguments as objects, no ids, and nothing beside `messages` and `tools`.
 * TRL takes the same.
 */
export function toTrainerRow({ messages, tools }: Example): JsonObject {
  return { messages: plainMessages(messages), ...(tools ? { tools } : {}) };
}

/** The messages with arguments as objects and without ids; results follow their calls in order. */
export function plainMessages(messages: Example["messages"]): JsonObject[] {
  return messages.map(({ role, content, tool_calls: calls }) => ({
    role, content: content ?? "",
    ...(calls ? { tool_calls: calls.map(({ type, function: { name, arguments: given } }) => ({ type, function: { name, arguments: JSON.parse(given) as JsonObject } })) } : {}),
  }));
}

/** Writes conversations as rows to fine-tune on, one a line: what a recipe names as `data.train`. */
export function writeToolRows(rows: readonly Example[], path: string): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(toTrainerRow(row))}\n`).join(""));
}
