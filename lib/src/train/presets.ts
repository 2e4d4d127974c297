/** Recipes to start from: our own tiny model on this machine, and Llama-3-8B on a free T4. */
import { workbookPath } from "../course/workbook.js";
import { tasklingFolder } from "../pair/inference-job.js";
import { completeRecipe, type RecipeInput, type TrainingRecipe } from "./recipe.js";

type Change = Partial<RecipeInput> & Pick<RecipeInput, "data">;

/** The tiny model: a LoRA of all matrices in fp32 on a CPU, about a minute of one core. */
export function tasklingRecipe(change: Change): TrainingRecipe {
  const settled: Partial<RecipeInput> = { batch: 8, learningRate: 3e-3, warmup: 20, maxLength: 512, exports: ["adapter", "merged"] };
  // A run of its own length: 300 steps of 8 rows show each of some 400 rows six times.
  const length = change.epochs == null && change.steps == null ? { steps: 300 } : {};
  const full: Partial<RecipeInput> = change.method === "full" ? { learningRate: 3e-4, exports: ["merged"] } : {};
  return completeRecipe({ base: tasklingFolder(), ...settled, ...length, ...full, ...change });
}

/**
 * The tiny model on datasets/tool-calls: what lesson 66.4 trains, and whatever examines its result. Each row is seen once, and all
 * weights move: with a rate of 0.001 the loss fell in two thirds of the steps that a LoRA of rank 16 with 0.003 took (2026-11-22,
 * the first 90 steps of 8 rows).
 */
export function toolCallRecipe(change: Change): TrainingRecipe {
  const length = change.epochs == null && change.steps == null ? { steps: 500 } : {};
  const full: Partial<RecipeInput> = change.method === undefined || change.method === "full" ? { method: "full", learningRate: 1e-3 } : {};
  return tasklingRecipe({ ...length, ...full, groupByLength: true, ...change });
}

/**
 * Llama-3-8B in NF4 with Unsloth: batch and optimiser as in Unsloth's own notebook for this model
 * (https://github.com/unslothai/notebooks, Llama3_(8B)-Alpaca), lengths and looks for conversations.
 *
 * Its chat template is ours (colab/llama-3-tools.jinja): Llama-3's own, which writes neither tools nor calls, with both.
 */
export function llama3OnT4(change: Change): TrainingRecipe {
  return completeRecipe({
    base: "unsloth/llama-3-8b-Instruct-bnb-4bit", method: "qlora", rank: 16, alpha: 16, batch: 2, accumulation: 4, optimizer: "adamw-8bit",
    learningRate: 2e-4, warmup: 5, weightDecay: 0.001, maxLength: 2048, gradientCheckpointing: "offload",
    chatTemplate: workbookPath("colab/llama-3-tools.jinja"), ...change,
  });
}
