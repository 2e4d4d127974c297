import type { ToolDefinition } from "../../data/example.js";
import type { StateTask } from "./order.js";
import type { ScriptCall } from "./script.js";

/** The tools that calls of a run are carried out by, and the state they work on (`taskToolRunner` of llmops/agent is one). */
export interface ToolRunner {
  definitions: readonly ToolDefinition[];
  /** Forgets what there is and begins with these tasks. */
  reset(tasks: readonly StateTask[]): Promise<void>;
  /** Carries out one call: the text that a tool message holds, and the code where the tool refused. Throws only where there is no service. */
  run(call: ScriptCall): Promise<{ text: string; error?: string }>;
}
