/**
 * The learning-rate range test: one short run whose rate rises in every step. Where the loss falls fastest the rate is useful, and
 * where it turns up it is too high. After Smith, "Cyclical Learning Rates for Training Neural Networks", section 3.3
 * (https://arxiv.org/abs/1506.01186), whose ramp is a straight line too; the exponential ramp of other tools came later.
 */
import type { Metric } from "../pair/index.js";
import { median, readings } from "../pair/series.js";
import { RecipeError } from "./error.js";
import { completeRecipe, type TrainingRecipe } from "./recipe.js";

/** The recipe with a rate that climbs from 0 to `to` in all of its steps, and nothing exported. */
export function rateRangeRecipe(recipe: TrainingRecipe, { to, steps }: { to: number; steps: number }): TrainingRecipe {
  return completeRecipe({ ...recipe, learningRate: to, schedule: "constant", warmup: steps, steps, epochs: null, evaluateEvery: null, earlyStop: null, exports: [] });
}

/** One step of a range test. */
export interface RatePoint {
  rate: number;
  loss: number;
  /** The median of this and the two steps on each side: a single batch says little. */
  smooth: number;
}

/** The steps of a range test whose loss is a number, the lowest rate first. The first step, with a rate of 0, is left out. */
export function readRateRange(metrics: readonly Metric[]): RatePoint[] {
  const rates = new Map(readings(metrics, "lr").map(({ step, value }) => [step, value]));
  const points = readings(metrics, "loss").flatMap(({ step, value }) => {
    const rate = rates.get(step) ?? 0;
    return rate > 0 ? [{ rate, loss: value }] : [];
  });
  return points.map((point, at) => ({ ...point, smooth: median(points.slice(Math.max(0, at - 2), at + 3).map(({ loss }) => loss)) }));
}

/**
 * A rate to begin with: a tenth of the one at which the smoothed loss is lowest. That one is too high itself, because a real run
 * stays for long where the test only passes. A rule of thumb: a few runs around it decide.
 *
 * @throws RecipeError where there is nothing to read
 */
export function suggestRate(points: readonly RatePoint[]): number {
  const lowest = points.reduce<RatePoint | undefined>((least, point) => (least === undefined || point.smooth < least.smooth ? point : least), undefined);
  if (lowest === undefined) throw new RecipeError("learningRate", "the range test has no loss that is a number: begin at a lower rate");
  return lowest.rate / 10;
}
