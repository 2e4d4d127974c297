import { setImmediate } from "node:timers/promises";

/** Runs a computation that yields on its way to its end. */
export function toEnd<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Long enough to be cheap, short enough that Ctrl-C feels immediate. */
const PAUSE_AFTER_MS = 40;

/**
 * Runs a computation that yields on its way, giving way to signals and timers between its steps.
 *
 * @throws the signal's reason when it is aborted
 */
export async function toEndGently<T>(steps: Generator<void, T, void>, signal?: AbortSignal, onStep?: () => void): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    onStep?.();
    if (performance.now() - since < PAUSE_AFTER_MS) continue;
    await setImmediate();
    signal?.throwIfAborted();
    since = performance.now();
  }
}
