/** What runs in the thread that counts tokens beside a build: no more than rows, JSON and an encoding, to be small and soon there. */
import { workerData } from "node:worker_threads";
import { openEncoding } from "../tokens/open.js";
import type { Encoding } from "../tokens/openai.js";
import { serveJobs } from "./thread.js";
import { maskedExample, workRows } from "./work-rows.js";

/** Rows of `read.rows`, those with a 1 in `skip` left out; or examples as JSON. */
export type CountJob = { kind: "rows"; bytes: Uint8Array; skip: Uint8Array } | { kind: "examples"; examples: string[] };

const tokenizer = openEncoding(workerData as Encoding);

function count(job: CountJob): Uint32Array<ArrayBuffer> {
  if (job.kind === "examples") return Uint32Array.from(job.examples, (json) => tokenizer.countExample(maskedExample(json)));
  const tokens = new Uint32Array(job.skip.length);
  let at = 0;
  for (const row of workRows(Buffer.from(job.bytes.buffer, job.bytes.byteOffset, job.bytes.byteLength))) {
    if (!job.skip[at]) tokens[at] = tokenizer.countExample(row.example);
    at++;
  }
  return tokens;
}

serveJobs(Promise.resolve(), (_, job: CountJob) => count(job), (tokens) => [tokens.buffer]);
