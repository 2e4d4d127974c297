/** The Task API's operations as tools: what a model sees of them, made from the schemas that check its calls. */
import { z } from "zod";
import type { ToolDefinition } from "../data/example.js";
import { PRIORITIES, textError } from "./task-api/schema.js";

// The words of the user, not the API's fields: finding the task and the day is the tool's work. colab/taskling/task_tools.py
// has the same texts; taskling was trained on them.
const title = z.string(textError).describe("The task's title, in the user's words");
const newTitle = z.string(textError).describe("What it is to be called");
const dueDate = z.string(textError).describe("The date in the user's words, without its preposition: Friday, the 14th, 2026-12-04");
const priority = z.enum(PRIORITIES, { error: "must be low, medium or high" });
const status = z.enum(["done"], { error: "must be done, or left out" }).describe("Only where finished tasks are asked for");

/** The arguments of each tool. */
export const TASK_ARGUMENTS = {
  create_task: z.strictObject({ title, due_date: dueDate.optional(), priority: priority.optional() }).describe("Add a task"),
  update_task: z.strictObject({ title, new_title: newTitle.optional(), due_date: dueDate.optional(), priority: priority.optional() }).describe("Change a task"),
  complete_task: z.strictObject({ title }).describe("Mark a task as done"),
  delete_task: z.strictObject({ title }).describe("Remove a task"),
  list_tasks: z.strictObject({ due_date: dueDate.optional(), priority: priority.optional(), status: status.optional() }).describe("Show tasks"),
} as const;
export type TaskToolName = keyof typeof TASK_ARGUMENTS;
export const TASK_TOOL_NAMES = Object.keys(TASK_ARGUMENTS) as TaskToolName[];

export function isTaskToolName(name: unknown): name is TaskToolName {
  return typeof name === "string" && Object.hasOwn(TASK_ARGUMENTS, name);
}

/**
 * A tool in OpenAI's form, from the schema of its arguments; the schema's description is the tool's.
 *
 * @param schema an object; fields that are optional are left out of `required`
 */
export function toolDefinition(name: string, schema: z.ZodObject): ToolDefinition {
  const { type, properties, required = [] } = z.toJSONSchema(schema, { io: "input" });
  return { type: "function", function: { name, ...(schema.description === undefined ? {} : { description: schema.description }), parameters: { type, properties, required } } };
}

/** The five tools, as taskling's chat template and OpenAI's API take them. */
export const TASK_TOOLS: readonly ToolDefinition[] = TASK_TOOL_NAMES.map((name) => toolDefinition(name, TASK_ARGUMENTS[name]));
