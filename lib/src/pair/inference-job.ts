/** The job of lesson 62.7: load a model in a runtime, let it answer, measure memory and time (colab/jobs/measure_inference.py). */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import { PairError } from "./error.js";
import type { Job } from "./job.js";
import { isModelFolder, MODEL_PLACE, modelFiles } from "./model-folder.js";

const count = z.int().positive();

/** What is loaded, asked and timed. */
export const InferenceRecipe = z.strictObject({
  /** A Hub id, or a folder of this machine with config.json, model.safetensors and a tokenizer, which is sent. */
  model: z.string().min(1),
  /** `nf4` needs a CUDA card in the runtime. */
  storage: z.enum(["nf4", "fp16", "fp32"]),
  /** Each is answered once, greedily. */
  prompts: z.array(z.string().min(1)).min(1),
  /** Lengths of prompts to time, in tokens. */
  lengths: z.array(count).min(1),
  /** Batches to time at the middle one of the lengths. */
  batches: z.array(count).min(1),
  /** Tokens of each answer. Two at least: one comes with reading the prompt. */
  new_tokens: z.int().min(2),
  repeats: count,
});
export type InferenceRecipe = z.output<typeof InferenceRecipe>;

/** What lesson 62.7 asks of a T4: an 8B packed in NF4, from a checkpoint that is packed already and open to all (5.7 GB). */
export const T4_INFERENCE: InferenceRecipe = {
  model: "unsloth/llama-3-8b-Instruct-bnb-4bit", storage: "nf4",
  prompts: [
    "Create a task to review the Q4 budget spreadsheet by Friday.",
    "What should I do first if three tasks are due on the same day?",
    "Delete the task about the old printer.",
  ],
  lengths: [64, 256, 1024], batches: [1, 4, 16], new_tokens: 64, repeats: 3,
};

const Timing = z.object({
  length: count,
  batch: count,
  first_token_seconds: z.number().positive(),
  /** Seconds of one step after the first; a step gives one token to each row. */
  token_seconds: z.number().positive(),
  prefill_tokens_per_second: z.number().positive(),
  /** All rows of the batch together. */
  decode_tokens_per_second: z.number().positive(),
  cache_bytes: z.number().nonnegative(),
  /** Tokens of each row in the cache when `cache_bytes` was read. */
  cached_tokens: count,
});

/** What was measured: seconds and bytes. On a machine without a GPU, memory is the process's own. */
export const InferenceResult = z.object({
  device: z.string(),
  threads: z.number(),
  torch: z.string(),
  load_seconds: z.number(),
  /** Of all tensors of the model, each once. */
  weights_bytes: z.number(),
  memory_before_bytes: z.number().nullable(),
  memory_loaded_bytes: z.number().nullable(),
  memory_peak_bytes: z.number().nullable(),
  answers: z.array(z.object({ prompt: z.string(), prompt_tokens: count, answer: z.string(), answer_tokens: z.number(), seconds: z.number() })),
  timings: z.array(Timing),
});
export type InferenceResult = z.output<typeof InferenceResult>;

/**
 * @param plan - what llmops/compute says this needs, and what there is: a line in the live view
 * @throws PairError `setup` that names the field of the recipe, or the file of the model, that is wrong
 */
export function measureInference(recipe: InferenceRecipe, plan?: Job["plan"]): Job {
  const parsed = InferenceRecipe.safeParse(recipe);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new PairError("setup", `the recipe's ${issue?.path.join(".") || "form"}: ${issue?.message}`);
  }
  const files = isModelFolder(recipe.model) ? modelFiles(recipe.model) : undefined;
  const missing = Object.values(files ?? {}).find((path) => !existsSync(path));
  if (missing) throw new PairError("setup", `${recipe.model} lacks ${basename(missing)}`);
  return {
    name: "measure-inference",
    code: ["jobs/measure_inference.py"],
    command: ["{python}", "-m", "jobs.measure_inference", "recipe.json"],
    ...(files ? { recipe: { ...recipe, model: MODEL_PLACE }, files } : { recipe }),
    results: { "result.json": InferenceResult },
    minutes: 30,
    ...(plan ? { plan } : {}),
  };
}

/** The folder of our own tiny model, which stands in for a large one where there is no GPU. */
export const tasklingFolder = (): string => workbookPath("colab/taskling/model");
