import { existsSync } from "node:fs";
import type { Command } from "commander";
import { modelPlace, serveModel } from "../serve/index.js";
import { EXIT_HELP, interruptible } from "./failure.js";
import { wholeNumber } from "./format-option.js";
import { Reporter } from "./output.js";

interface ServeCommandOptions {
  adapter?: string;
  port: number;
  name?: string;
  limit: number;
  json?: boolean;
}

const HELP = `
Any client that speaks OpenAI's chat completions can use it, with any API key: tools, tool calls, their results, and streams. Only
this machine reaches it. One request is answered after the other, greedily: temperature, top_p and seed change nothing.

A .gguf runs in llama.cpp, which is installed on first use (85 MB), and obeys grammars: response_format, a tool_choice that forces
calls, and tools with "strict": true. A folder refuses the first two and reads strict as false; llmops export makes a .gguf of it.

Examples:
  llmops serve colab/taskling/model/taskling-f16.gguf
  llmops serve colab/taskling/model --adapter adapter --port 8080 --name task-agent
  llmops serve train-20261121-160501-3f9a`;

/** Adds `llmops serve`. */
export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("serve a model to OpenAI clients: a .gguf, a folder, or a finished run")
    .argument("<model>", "a .gguf, a model's folder, or a finished run's id")
    .option("--adapter <folder>", "an adapter on top of the model's folder")
    .option("--port <number>", "on 127.0.0.1; 0 is any that is free", wholeNumber, 0)
    .option("--name <name>", "of the model in requests (default: the file's or folder's)")
    .option("--limit <tokens>", "tokens of an answer where the request names none", wholeNumber, 200)
    .option("--json", "print one JSON document when it listens")
    .addHelpText("after", `${HELP}\n${EXIT_HELP}`)
    .action(run);
}

async function run(model: string, { adapter, port, name, limit, ...rest }: ServeCommandOptions): Promise<void> {
  const reporter = new Reporter(rest);
  const place = existsSync(model) ? model : modelPlace(model);
  const server = await serveModel(adapter ?? place, { port, limit, ...(adapter === undefined ? {} : { base: place }), ...(name === undefined ? {} : { name }), report: (line) => reporter.note(line) });
  const { url, model: called, by, constrains } = server;
  // What the server holds keeps no process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await interruptible(async (signal) => {
      await reporter.result({ ok: true, url, model: called, by, constrains }, () => `${called} by ${by}${constrains ? ", with grammars" : ""}: ${url}`);
      reporter.note("Ctrl-C ends it.");
      if (!signal.aborted) await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
    });
  } finally {
    clearInterval(alive);
    await server.close();
  }
}
