import type { ToolRunner } from "../teacher/tool-calls/runner.js";
import { resultText } from "./calls.js";
import { runTool } from "./run-tool.js";
import type { TaskApi } from "./task-api/open.js";
import { TASK_TOOLS } from "./tools.js";

/**
 * The Task API as the tools that training conversations are run on: each call is really carried out, on a state of its own.
 *
 * @param today - the day that words count from; give the service the same
 */
export function taskToolRunner(api: TaskApi, today: string): ToolRunner {
  return {
    definitions: TASK_TOOLS,
    reset: (tasks) => api.reset(tasks),
    async run(call) {
      const result = await runTool(api, call, { today });
      return { text: resultText(result), ...(result.ok ? {} : { error: result.error }) };
    },
  };
}
