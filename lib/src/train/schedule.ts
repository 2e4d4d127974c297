/** Steps of a run and the learning rate of each, by the formulas of Transformers' trainer (transformers/optimization.py, 5.x). */
import type { TrainingRecipe } from "./recipe.js";

/**
 * Updates of the weights that a recipe makes. An epoch's last batch, and its last group of accumulated batches, may be smaller:
 * each is rounded up in every epoch.
 *
 * @param rows - rows that are trained on; of packed ones nobody knows the number before
 */
export function countSteps({ steps, epochs, batch, accumulation }: Pick<TrainingRecipe, "steps" | "epochs" | "batch" | "accumulation">, rows: number): number {
  if (steps !== null) return steps;
  const inEpoch = Math.max(1, Math.ceil(Math.ceil(rows / batch) / accumulation));
  return Math.ceil((epochs ?? 0) * inEpoch);
}

/** Steps in which the rate rises; a warm-up below 1 is a share of all steps. */
export const countWarmup = ({ warmup }: Pick<TrainingRecipe, "warmup">, steps: number): number => (warmup >= 1 ? Math.trunc(warmup) : Math.ceil(steps * warmup));

/**
 * The learning rate of each step, the first one first. The first step of a warm-up has a rate of 0 and changes nothing.
 *
 * @param steps - of the whole run, see {@link countSteps}
 */
export function learningRates(recipe: Pick<TrainingRecipe, "learningRate" | "schedule" | "warmup">, steps: number): number[] {
  const rising = countWarmup(recipe, steps);
  return Array.from({ length: steps }, (_, at) => recipe.learningRate * (at < rising ? at / Math.max(1, rising) : FALL[recipe.schedule]((at - rising) / Math.max(1, steps - rising))));
}

/** What is left of the peak after this share of the way from the warm-up to the end. */
const FALL: Record<TrainingRecipe["schedule"], (share: number) => number> = {
  linear: (share) => Math.max(0, 1 - share),
  cosine: (share) => Math.max(0, 0.5 * (1 + Math.cos(Math.PI * share))),
  constant: () => 1,
};
