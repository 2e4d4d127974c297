/** What a recipe becomes on a runtime, without a step of training: the job, and the report that it leaves (colab/trainer/setup.py). */
import { z } from "zod";
import type { Job } from "../pair/index.js";
import { trainingJob, type TrainingJobOptions } from "./job.js";
import { TrainingRecord } from "./record.js";
import type { TrainingRecipe } from "./recipe.js";

const Plain = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const { base, machine, plan, data, stop_token: stopToken, parameters } = TrainingRecord.shape;

const ShownToken = z.object({ text: z.string(), id: z.number(), loss: z.boolean() });
/** A token of a row: its text, its id, and whether it has a loss. */
export type ShownToken = z.output<typeof ShownToken>;

/** Machine, packages, plan, parameters, TRL's arguments and the first rows, as the trainer has them before its first step. */
export const SetupReport = z.object({
  version: z.literal(1),
  machine, plan, base, data, parameters,
  stop_token: stopToken,
  /** What trains, by the name of its module. */
  modules: z.array(z.object({ module: z.string(), tensors: z.number(), parameters: z.number(), dtype: z.string() })),
  /** Of all tensors that are loaded, adapters too. */
  weights_bytes: z.number(),
  /** TRL's arguments by name: what the recipe made of each, and what TRL takes where nobody says anything (null: it decides later). */
  arguments: z.record(z.string(), z.object({ value: Plain, default: Plain })),
  /** Tokens of every row that is trained on, in the file's order. */
  lengths: z.array(z.number()),
  /** The first rows, token by token. */
  rows: z.array(z.array(ShownToken)),
});
export type SetupReport = z.output<typeof SetupReport>;

/**
 * The job that loads what a recipe names, reads its data and reports, in some ten seconds: the same code and files as a training.
 *
 * @throws RecipeError for a file that is not there
 */
export function setupJob(recipe: TrainingRecipe, options: TrainingJobOptions = {}): Job {
  return { ...trainingJob(recipe, { name: "setup", ...options }), command: ["{python}", "-m", "trainer.setup", "recipe.json"], results: { "setup.json": SetupReport } };
}
