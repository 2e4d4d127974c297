import { InvalidArgumentError, type Command } from "commander";
import { openDatabase } from "../agent/task-api/database.js";
import { openTaskApi } from "../agent/task-api/open.js";
import { EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { outputPath, wholeNumber } from "./format-option.js";
import { Reporter } from "./output.js";

interface TaskApiCommandOptions {
  port: number;
  data?: string;
  json?: boolean;
}

const HELP = `
Answers on 127.0.0.1 alone, without a login. Without --data the tasks are kept where DATABASE_URL says (Postgres, Neon), else
in memory, and are gone when it ends.

Examples:
  llmops task-api --port 8066 --data tasks
  DATABASE_URL=postgres://me:secret@ep-cool-name.neon.tech/neondb llmops task-api`;

/** Adds `llmops task-api`. */
export function registerTaskApi(program: Command): void {
  program
    .command("task-api")
    .description("serve the Task API: the running example, over HTTP, with its OpenAPI document")
    .option("--port <number>", "port on 127.0.0.1; 0 takes a free one", portNumber, 8066)
    .option("--data <folder>", "keep the tasks in this folder", outputPath)
    .option("--json", "print the address as one JSON document")
    .addHelpText("after", `${HELP}\n${EXIT_HELP}`)
    .action(serve);
}

function portNumber(value: string): number {
  const port = wholeNumber(value);
  if (port > 65_535) throw new InvalidArgumentError("It must be 65535 or less.");
  return port;
}

async function serve({ port, data, json }: TaskApiCommandOptions): Promise<void> {
  const reporter = new Reporter({ ...(json ? { json } : {}) });
  await interruptible(async (signal) => {
    const database = await openDatabase(data === undefined ? {} : { url: data });
    try {
      const api = await openTaskApi({ database, port });
      await reporter.result({ ok: true, url: api.url, database: database.place }, () => `Task API at ${api.url}: ${database.place}. ${api.url}/openapi.json describes it; Ctrl-C ends it.`);
      if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener("abort", () => { resolve(); }, { once: true }));
      await api.close();
    } finally {
      await database.close();
    }
  });
  process.exitCode = EXIT.ok;
}
