/** A recipe as a job of a paired runtime: what is sent, what starts there, what comes back. */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findModel, shapeOfConfig, type ModelShape } from "../compute/index.js";
import { isModelFolder, MODEL_PLACE, modelFiles, type Job } from "../pair/index.js";
import { RecipeError } from "./error.js";
import { nextRemedy, type RecipePlan } from "./plan.js";
import { TrainingRecord } from "./record.js";
import type { TrainingRecipe } from "./recipe.js";

/**
 * The shape of a recipe's base: of a folder its config.json's, of a Hub id the planner's own.
 *
 * @throws ComputeError for a Hub id that the planner does not know
 */
export function shapeOfBase(recipe: TrainingRecipe): ModelShape {
  if (!isModelFolder(recipe.base)) return findModel(recipe.base).shape;
  return shapeOfConfig(JSON.parse(readFileSync(join(recipe.base, "config.json"), "utf8")), recipe.base);
}

/** The files that a run needs, by their place in the job's folder, and the recipe with those places in it. */
export function packRecipe(recipe: TrainingRecipe): { recipe: TrainingRecipe; files: Record<string, string> } {
  const files: Record<string, string> = {};
  const send = (field: string, path: string, place: string): string => {
    if (!existsSync(path)) throw new RecipeError(field, `${path} is not there`);
    files[place] = path;
    return place;
  };
  const packed = { ...recipe, data: { ...recipe.data } };
  if (isModelFolder(recipe.base)) {
    for (const [place, path] of Object.entries(modelFiles(recipe.base))) send("base", path, place);
    packed.base = MODEL_PLACE;
  } else if (/^[./~]/.test(recipe.base)) throw new RecipeError("base", `${recipe.base} has no config.json: name a folder with a model, or a Hub id`);
  packed.data.train = send("data.train", recipe.data.train, "data/train.jsonl");
  if (recipe.data.eval !== null) packed.data.eval = send("data.eval", recipe.data.eval, "data/eval.jsonl");
  if (recipe.chatTemplate !== null) packed.chatTemplate = send("chatTemplate", recipe.chatTemplate, "chat_template.jinja");
  return { recipe: packed, files };
}

export interface TrainingJobOptions {
  /** What the planner said: its peak is a line in the live view, and its remedies are tried when memory runs out. */
  plan?: RecipePlan;
  /** The job is asked to end after so many minutes: it leaves a checkpoint, and goes on when it is resumed. */
  minutes?: number;
  /** Default: `train`. */
  name?: string;
}

/**
 * The job of a recipe: `launch` it on any runtime.
 *
 * @throws RecipeError for a file that is not there
 */
export function trainingJob(recipe: TrainingRecipe, { plan, minutes, name = "train" }: TrainingJobOptions = {}): Job {
  const packed = packRecipe(recipe);
  return {
    name,
    code: ["trainer"],
    command: ["{python}", "-m", "trainer", "recipe.json"],
    recipe: packed.recipe,
    files: packed.files,
    results: { "run.json": TrainingRecord },
    ...(minutes === undefined ? {} : { minutes }),
    ...(plan && Number.isFinite(plan.target.usableBytes) ? { plan: { peakBytes: plan.memory.peakBytes, usableBytes: plan.target.usableBytes } } : {}),
    ...(plan ? { remedy: (failed) => nextRemedy(failed as TrainingRecipe, plan.input.model, plan.target, plan.input.sequenceIsCap ? undefined : plan.input.sequence) } : {}),
  };
}

/**
 * Looks at the first rows of the data before anything is sent.
 *
 * @throws RecipeError for a file whose rows are no conversations, with what converts it
 */
export async function checkData(recipe: TrainingRecipe): Promise<void> {
  for (const field of ["train", "eval"] as const) {
    const path = recipe.data[field];
    if (path === null) continue;
    if (!existsSync(path)) throw new RecipeError(`data.${field}`, `${path} is not there`);
    const lines = createInterface({ input: createReadStream(path, { encoding: "utf8" }), crlfDelay: Infinity });
    let first: string | undefined;
    for await (const line of lines) {
      if (line.trim() === "") continue;
      first = line;
      break;
    }
    lines.close();
    if (first === undefined) throw new RecipeError(`data.${field}`, `${path} has no rows`);
    let row: unknown;
    try {
      row = JSON.parse(first.replace(/^\uFEFF/u, ""));
    } catch (error) {
      throw new RecipeError(`data.${field}`, `${path} is no JSONL: ${(error as Error).message}`, { cause: error });
    }
    if (!Array.isArray((row as { messages?: unknown } | null)?.messages)) throw new RecipeError(`data.${field}`, `${path} has no messages; convert it: llmops data convert ${path} --to messages --out messages.jsonl`);
  }
}
