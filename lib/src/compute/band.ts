import { FRAMEWORKS } from "./frameworks.js";
import { totalBytes, type Term } from "./plan.js";
import type { TrainingRun } from "./training-run.js";

/** Relative width of a plan's band, below and above. */
export interface Band {
  low: number;
  high: number;
}

/**
 * How sure a training plan is: the same code in another version moves a peak by some 8 %, and what comes and goes (logits,
 * activations) is surer than nothing but less sure than what lies there. Calibrated so that nine of ten published points
 * fall inside (`npm run bench:vram`).
 */
export function bandOf(run: TrainingRun, terms: readonly Term[]): Band {
  const total = totalBytes(terms);
  const moving = totalBytes(terms.filter(({ id }) => id === "activations")) / total;
  const versions = FRAMEWORKS[run.framework] === FRAMEWORKS.unsloth ? 0.08 : 0.06;
  // Attention scores leave gaps in the allocator's memory that nobody can foretell.
  const eager = run.attention === "eager" && run.measure !== "allocated" ? 0.05 : 0;
  const width = versions + 0.06 * moving + eager;
  // A limit is met only by the longest rows.
  return run.sequenceIsCap ? { low: width + moving * 0.5, high: width } : { low: width, high: width };
}
