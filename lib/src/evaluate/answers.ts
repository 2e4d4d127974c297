/** Answers of a model to many prompts at once, in a paired runtime (colab/jobs/answer_prompts.py). */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isModelFolder, launch, MODEL_PLACE, modelFiles, type Job, type LaunchOptions, type Runtime } from "../pair/index.js";
import { taskPrompt, type Prompt } from "./task-calls.js";
import type { ToolPrompt } from "./tool-calls/cases.js";

/** What a model said, and how long it took. */
export const AnswersResult = z.object({
  device: z.string(),
  answers: z.array(z.string()),
  /** Of all answers together, the end's token included. */
  tokens: z.number(),
  /** Without the time it took to load the model. */
  seconds: z.number(),
  /** Of single answers, one prompt at a time: what a user waits for. Empty where none was asked for. */
  latencies: z.array(z.number()),
});
export type AnswersResult = z.output<typeof AnswersResult>;

export interface AnswerOptions {
  /** A folder of this machine with a model, or a Hub id. */
  model: string;
  /** A folder with a PEFT adapter, merged into the model before it answers. */
  adapter?: string;
  /** Texts are requests to the Task API: see `taskPrompt`. */
  prompts: readonly (string | Prompt | ToolPrompt)[];
  /** Most tokens of an answer. Default 80. */
  maxNewTokens?: number;
  /** Prompts that are answered together. Default 50. */
  batch?: number;
  /** How many of the prompts are answered again one by one, for latencies. Default 0. */
  timed?: number;
}

const ADAPTER_PLACE = "adapter";

/** The job of {@link answerPrompts}. Prompts lie in `promptsPath`, a file of this machine, one JSON object a line. */
function answersJob({ model, adapter, maxNewTokens = 80, batch = 50, timed = 0 }: Omit<AnswerOptions, "prompts">, promptsPath: string): Job {
  const local = isModelFolder(model);
  const files = {
    ...(local ? modelFiles(model) : {}), "prompts.jsonl": promptsPath,
    ...(adapter === undefined ? {} : Object.fromEntries(["adapter_config.json", "adapter_model.safetensors"].map((name) => [`${ADAPTER_PLACE}/${name}`, join(adapter, name)]))),
  };
  return {
    name: "answer",
    code: ["jobs/answer_prompts.py"],
    command: ["{python}", "-m", "jobs.answer_prompts", "recipe.json"],
    recipe: { model: local ? MODEL_PLACE : model, adapter: adapter === undefined ? null : ADAPTER_PLACE, max_new_tokens: maxNewTokens, batch, timed },
    files,
    results: { "answers.json": AnswersResult },
    minutes: 30,
  };
}

/**
 * Lets a model answer prompts, greedily, in a runtime; returns when it is done.
 *
 * @returns the answers in the order of the prompts
 * @throws Error with the reason when the job does not finish; PairError when the runtime cannot be reached
 */
export async function answerPrompts(runtime: Runtime, { prompts, ...options }: AnswerOptions, launching: LaunchOptions = {}): Promise<AnswersResult> {
  const folder = mkdtempSync(join(tmpdir(), "llmops-prompts-"));
  try {
    const path = join(folder, "prompts.jsonl");
    writeFileSync(path, prompts.map((prompt) => `${JSON.stringify(typeof prompt === "string" ? taskPrompt(prompt) : prompt)}\n`).join(""));
    const run = await launch(answersJob(options, path), runtime, launching);
    const { state, reason } = (await run.wait()).record;
    if (state !== "finished") throw new Error(`no answers: ${reason ?? state}; the log is in ${run.folder}`);
    await run.fetch();
    return run.result("answers.json", AnswersResult);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
