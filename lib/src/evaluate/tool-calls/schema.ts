/** Whether calls are such as the tools take: the tool there is, its arguments by JSON Schema. */
import { z } from "zod";
import type { ToolDefinition } from "../../data/example.js";
import { isJsonObject } from "../../data/jsonl/json.js";
import type { ModelCall } from "./call.js";

const readers = new WeakMap<ToolDefinition, z.ZodType>();

/** Arguments that a tool does not name are refused, whether or not its schema says so: nobody would read them. */
function readerOf(tool: ToolDefinition): z.ZodType {
  let reader = readers.get(tool);
  if (!reader) readers.set(tool, (reader = z.fromJSONSchema({ type: "object", ...tool.function.parameters, additionalProperties: false })));
  return reader;
}

/**
 * What is wrong with a call by the tools' schemas, in a sentence; undefined where nothing is.
 *
 * @throws Error where a tool's own schema cannot be read
 */
export function schemaFault({ name, arguments: given }: ModelCall, tools: readonly ToolDefinition[]): string | undefined {
  const tool = tools.find(({ function: each }) => each.name === name);
  if (!tool) return `there is no tool ${name}; there are ${tools.map(({ function: each }) => each.name).join(", ")}`;
  // Floats that were written whole are numbers again: JSON Schema takes 5.0 for an integer.
  const parsed = readerOf(tool).safeParse(isJsonObject(given) ? JSON.parse(JSON.stringify(given)) : given);
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  return `${[name, ...(issue?.path ?? [])].map(String).join(".")}: ${issue?.message ?? "it does not fit"}`;
}
