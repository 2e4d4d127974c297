/** What is sent to a runtime: gathered, looked through for secrets, and listed before anything leaves this machine. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../data/clean/content.js";
import { findPii } from "../data/pii/index.js";
import { workbookPath } from "../course/workbook.js";
import { PairError } from "./error.js";
import { jobPath, type Job } from "./job.js";

/** One file as it will lie in the job's folder. */
export interface SentFile {
  path: string;
  content: Buffer;
  sha256: string;
}

/** What the agent itself writes in a job's folder. */
const OWN = /^(?:(?:job|state|manifest)\.json|metrics\.jsonl|log\.txt|supervisor\.txt|lock|start\.lock|stop|(?:checkpoints|artifacts)\/.*)$/;
/** Every job gets it: how a job reports. */
const ALWAYS = ["runtime/metrics.py"];
/** A secret stands in text; this much of a file is looked through. */
const SCAN_BYTES = 8 << 20;

/**
 * The files of a job: its code under `code/`, its recipe, its data.
 *
 * @throws PairError `setup` for a file that is not there, `secret` for one that holds a key or a password
 */
export function gather(job: Job): SentFile[] {
  const files = new Map<string, Buffer>();
  for (const path of [...ALWAYS, ...job.code]) {
    for (const [inner, full] of walk(path, workbookPath(`colab/${path}`))) files.set(`code/${inner}`, readFileSync(full));
  }
  if (job.recipe !== undefined) files.set("recipe.json", Buffer.from(`${JSON.stringify(job.recipe, null, 2)}\n`));
  for (const [path, source] of Object.entries(job.files ?? {})) {
    for (const [inner, full] of walk(path, source)) files.set(inner, readFileSync(full));
  }
  job.command.forEach((word, at) => refuseSecrets(`word ${at + 1} of the command`, Buffer.from(word)));
  return [...files].map(([path, content]) => {
    if (!jobPath.safeParse(path).success || OWN.test(path)) throw new PairError("setup", `a job cannot send "${path}": a name of its own, below the job's folder, with / between folders`);
    refuseSecrets(path, content);
    return { path, content, sha256: createHash("sha256").update(content).digest("hex") };
  });
}

/** Equal for two jobs that do the same with the same bytes. */
export function hashRecipe(job: Job, files: readonly SentFile[]): string {
  const sent = files.map(({ path, sha256 }) => [path, sha256]).sort(([one], [other]) => (one! < other! ? -1 : 1));
  return createHash("sha256").update(canonicalJson({ command: [...job.command], packages: job.packages ?? "training", sent })).digest("hex");
}

/** The list that a student reads before anything leaves the machine. */
export function describeSending(files: readonly SentFile[]): { file: string; bytes: number; sha256: string }[] {
  return files.map(({ path, content, sha256 }) => ({ file: path, bytes: content.length, sha256: sha256.slice(0, 12) }));
}

function* walk(path: string, source: string): Generator<[string, string]> {
  let isFolder: boolean;
  try {
    isFolder = statSync(source).isDirectory();
  } catch {
    throw new PairError("setup", `${source}, which the job sends as ${path}, is not there`);
  }
  if (!isFolder) {
    yield [path, source];
    return;
  }
  for (const name of readdirSync(source).sort()) {
    if (name !== "__pycache__" && !name.startsWith(".")) yield* walk(`${path}/${name}`, join(source, name));
  }
}

function refuseSecrets(path: string, content: Buffer): void {
  if (content.subarray(0, 8192).includes(0)) return; // binary: weights, archives
  const text = content.toString("utf8", 0, SCAN_BYTES);
  const found = findPii(text, { kinds: ["secret", "url-credentials"] })[0];
  if (!found) return;
  const line = text.slice(0, found.start).split("\n").length;
  throw new PairError("secret", `${path}, line ${line}, holds what looks like a ${found.kind === "secret" ? "key or password" : "URL with a password"}; nothing was sent. Take it out: in the runtime, read it from an environment variable or Colab's Secrets panel`);
}
