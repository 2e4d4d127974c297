/** What runs in a worker thread of a build: jobs come in, results go out, in the order in which they came. */
import { parentPort, workerData } from "node:worker_threads";
import { JobRunner, transferable, type Job, type JobSettings } from "./jobs.js";
import type { CleanedRows, ReadRows } from "./row-steps.js";

/** A job's result, or why there is none. */
export type Answer = { result: ReadRows | CleanedRows } | { error: unknown };

const port = parentPort;
if (!port) throw new Error("this file is run by a build, in a worker thread");

const opened = JobRunner.open(workerData as JobSettings);
// The first job reports it.
opened.catch(() => undefined);

port.on("message", (job: Job) => {
  opened.then((runner) => {
    const result = runner.perform(job);
    port.postMessage({ result } satisfies Answer, transferable(result));
  }).catch((error: unknown) => {
    port.postMessage({ error } satisfies Answer);
  });
});
