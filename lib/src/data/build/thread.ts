import { parentPort } from "node:worker_threads";

/** A job's result, or why there is none. */
export type Answer<R> = { result: R } | { error: unknown };

/**
 * What a worker thread of a build does: jobs come in, results go out, in the order in which they came.
 *
 * @param opened - what the jobs need; the first job reports what it failed with
 * @param handed - the memory of a result that can be handed over instead of copied
 */
export function serveJobs<J, R, W>(opened: Promise<W>, perform: (worker: W, job: J) => R, handed: (result: R) => ArrayBuffer[]): void {
  const port = parentPort;
  if (!port) throw new Error("this file is run by a build, in a worker thread");
  opened.catch(() => undefined);
  port.on("message", (job: J) => {
    opened.then((worker) => {
      const result = perform(worker, job);
      port.postMessage({ result } satisfies Answer<R>, handed(result));
    }).catch((error: unknown) => {
      port.postMessage({ error } satisfies Answer<R>);
    });
  });
}
