/** What runs in a worker thread of a build. */
import { workerData } from "node:worker_threads";
import { JobRunner, transferable, type Job, type JobSettings } from "./jobs.js";
import { serveJobs } from "./thread.js";

serveJobs(JobRunner.open(workerData as JobSettings), (runner, job: Job) => runner.perform(job), transferable);
