/** What runs in the thread that counts tokens beside a build: no more than rows, JSON and an encoding, to be small and soon there. */
import { workerData } from "node:worker_threads";
import type { Example } from "../example.js";
import { parseJson } from "../jsonl/json.js";
import { openEncoding } from "../tokens/open.js";
import type { Encoding } from "../tokens/openai.js";
import { serveJobs } from "./thread.js";
import { workRows } from "./work-rows.js";

/** Rows of `read.rows`, those with a 1 in `skip` left out; or examples as JSON. */
export type CountJob = { kind: "rows"; bytes: Uint8Array; skip: Uint8Array } | { kind: "examples"; examples: string[] };

const tokenizer = openEncoding(workerData as Encoding);

function count(job: CountJob): Uint32Array<ArrayBuffer> {
  if (job.kind === "examples") return Uint32Array.from(job.examples, (json) => tokenizer.countExample(exampleOf(json)));
  const tokens = new Uint32Array(job.skip.length);
  let at = 0;
  for (const row of workRows(Buffer.from(job.bytes.buffer, job.bytes.byteOffset, job.bytes.byteLength))) {
    if (!job.skip[at]) tokens[at] = tokenizer.countExample(row.example);
    at++;
  }
  return tokens;
}

function exampleOf(json: string): Example {
  const parsed = parseJson(json);
  if (!parsed.ok) throw new Error(`a masked row cannot be read again: ${parsed.reason}`);
  return parsed.value as Example;
}

serveJobs(Promise.resolve(), (_, job: CountJob) => count(job), (tokens) => [tokens.buffer]);
