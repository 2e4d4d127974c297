/** Several recipes, trained on one runtime, a few at a time. */
import pLimit from "p-limit";
import { ProgressBar } from "../course/progress-bar.js";
import { cellSignal, launch, type Run, type Runtime } from "../pair/index.js";
import { trainingJob } from "./job.js";
import type { TrainingRecipe } from "./recipe.js";

export interface SweepOptions {
  /** Runs at the same time. A run trains on one thread, so two cores are twice as fast with two; a GPU takes one. Default 2. */
  together?: number;
  /** Beside the bar that moves in place. */
  title?: string;
  /** Where the workbook keeps runs; default: its own `.workbook`. */
  home?: string;
  /** Ends the waiting, not the runs that have begun; no other begins. In a notebook the interrupt button does too. */
  signal?: AbortSignal;
}

/**
 * Trains recipes that do not depend on each other and waits until all have ended, however they did: a rate so high that the loss
 * becomes no number is a result too, and its run comes back with state `failed` and the metrics up to there.
 *
 * @returns the runs, by the names of their recipes
 * @throws PairError where the runtime is gone, RecipeError for a file that is not there; runs that have begun go on
 */
export async function trainAll<Name extends string>(recipes: Readonly<Record<Name, TrainingRecipe>>, runtime: Runtime, options: SweepOptions = {}): Promise<Record<Name, Run>> {
  const { together = 2, title = "Steps", home, signal } = options;
  const jobs = Object.entries<TrainingRecipe>(recipes).map(([name, recipe]) => ({ name, recipe, job: trainingJob(recipe) }));
  const signals = [signal, cellSignal()].filter((one) => one !== undefined);
  const stop = AbortSignal.any(signals);
  const limit = pLimit(together), bar = new ProgressBar(title, 0);
  const runs = new Map<string, Run>();
  const draw = (): void => bar.update(countSoFar(jobs, runs));
  const ends = await Promise.allSettled(jobs.map(({ name, job }) => limit(async () => {
    stop.throwIfAborted();
    const run = await launch(job, runtime, home === undefined ? {} : { home });
    runs.set(name, run);
    return [name, await run.wait(draw, { signal: stop })] as const;
  })));
  const { done } = countSoFar(jobs, runs), finished = [...runs.values()].filter((run) => run.record.state === "finished").length;
  bar.update({ total: done }); // steps that a broken run did not make are not to come either
  bar.end(`${finished} of ${jobs.length} runs finished`);
  // All have ended or been left by now, so nothing fails unseen behind the first.
  return Object.fromEntries(ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  })) as Record<Name, Run>;
}

function countSoFar(jobs: readonly { name: string; recipe: TrainingRecipe }[], runs: ReadonlyMap<string, Run>): { done: number; total: number; note: string } {
  let done = 0, total = 0, ended = 0;
  for (const { name, recipe } of jobs) {
    const run = runs.get(name), last = run?.metrics.at(-1);
    total += last?.steps ?? recipe.steps ?? 0;
    done += last?.step ?? 0;
    ended += run?.hasEnded ? 1 : 0;
  }
  return { done, total, note: `${ended} of ${jobs.length} runs ended` };
}
