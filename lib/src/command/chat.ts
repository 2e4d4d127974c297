import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { openChat, modelPlace, type Chat, type ChatTurn } from "../serve/index.js";
import { CommandError, EXIT_HELP } from "./failure.js";
import { wholeNumber } from "./format-option.js";
import { count, Reporter } from "./output.js";

interface ChatCommandOptions {
  system?: string;
  tools?: string;
  base?: string;
  once?: string;
  limit: number;
  json?: boolean;
}

const HELP = `
In the chat, /template shows the chat template, /new begins a new conversation, /quit ends.

A folder with onnx/ runs in this process; any other by transformers in .venv-train; a .gguf by llama.cpp, which is installed on
first use (85 MB). Answers are greedy: the same question gives the same answer.

Examples:
  llmops chat colab/taskling/model
  llmops chat exported/merged --system "You are the assistant of a Task API." --tools tools.json
  llmops chat train-20261121-160501-3f9a --once "Add milk to my list."`;

/** Adds `llmops chat`. */
export function registerChat(program: Command): void {
  program
    .command("chat")
    .description("talk to a model in the terminal: a folder, a finished run, or a .gguf")
    .argument("<model>", "a model's folder, a finished run's id, or a .gguf")
    .option("--system <text>", "the system turn")
    .option("--tools <file>", "tools in OpenAI's format, a JSON list")
    .option("--base <folder>", "the base of an adapter that stands alone")
    .option("--once <text>", "ask this, print the answer, and end")
    .option("--limit <tokens>", "tokens of an answer, at most", wholeNumber, 200)
    .option("--json", "with --once: print one JSON document")
    .addHelpText("after", `${HELP}\n${EXIT_HELP}`)
    .action(run);
}

async function run(model: string, options: ChatCommandOptions): Promise<void> {
  if (options.json && options.once === undefined) throw new CommandError("--json is for one answer: give --once with it");
  const reporter = new Reporter(options);
  const tools = options.tools === undefined ? undefined : readTools(options.tools);
  const path = existsSync(model) ? model : modelPlace(model);
  const chat = await openChat(path, { ...(options.base === undefined ? {} : { base: options.base }), report: (line) => reporter.note(line) });
  try {
    const begin: ChatTurn[] = options.system === undefined ? [] : [{ role: "system", content: options.system }];
    const asked = { limit: options.limit, ...(tools ? { tools } : {}) };
    if (options.once === undefined) return await talk(chat, begin, asked, reporter);
    const reply = await chat.reply([...begin, { role: "user", content: options.once }], asked);
    await reporter.result({ ok: true, by: chat.by, text: reply.text, stopped: reply.stopped, tokens: reply.tokens.length, prompt: reply.prompt }, () => reply.text);
    if (!reply.stopped) reporter.note(`cut at ${reply.tokens.length} tokens: the model did not end its turn`);
  } finally {
    await chat.close();
  }
}

function readTools(path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/u, ""));
  } catch (error) {
    throw new CommandError(`${path}: ${error instanceof SyntaxError ? `is no JSON (${error.message})` : `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`}`);
  }
  if (!Array.isArray(value)) throw new CommandError(`${path} is no list; tools are [{"type": "function", "function": {"name": …, "parameters": …}}]`);
  return value;
}

/** Asks until the input ends. What cannot be answered is said, and the conversation goes on without it. */
async function talk(chat: Chat, begin: readonly ChatTurn[], asked: { limit: number; tools?: unknown[] }, reporter: Reporter): Promise<void> {
  reporter.note(`${chat.by}; ${describe(chat)}. /template shows it, /new begins anew, /quit ends.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: process.stdin.isTTY === true, prompt: "> " });
  let turns = [...begin], closed = false;
  terminal.once("close", () => (closed = true));
  terminal.prompt();
  for await (const line of terminal) {
    const text = line.trim();
    if (text === "/quit") break;
    if (text === "/new") turns = [...begin];
    else if (text === "/template") reporter.note(chat.template ?? "the folder has no chat template");
    else if (text.startsWith("/")) reporter.note(`there is no ${text}; there are /template, /new and /quit`);
    else if (text !== "") {
      try {
        const { text: answer, stopped } = await chat.reply([...turns, { role: "user", content: text }], { ...asked, onText: (piece) => void process.stdout.write(piece) });
        await reporter.print("");
        if (!stopped) reporter.note("(cut: the model did not end its turn)");
        turns = [...turns, { role: "user", content: text }, { role: "assistant", content: answer }];
      } catch (error) {
        reporter.note((error as Error).message);
      }
    }
    if (!closed) terminal.prompt();
  }
  terminal.close();
}

const describe = ({ template, stops }: Chat): string =>
  template === undefined ? "no chat template" : `chat template of ${count(template.length)} characters${template.includes("tools") ? " with tools" : ", without tools"}, an answer ends at ${stops.join(" or ") || "nothing that is named"}`;
