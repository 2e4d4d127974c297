/** What a job leaves, brought home: held against the manifest, then against the schema that the lesson expects. */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, renameSync, statSync, truncateSync } from "node:fs";
import type { z } from "zod";
import { PairError } from "./error.js";
import { Manifest } from "./job.js";
import { parsePromised } from "./promised-json.js";
import type { Runtime } from "./runtime.js";

/** One file that the manifest promises. */
export type Artifact = Manifest["artifacts"][number];

/**
 * The list of what a job left.
 *
 * @param reason - why the job ended as it did, for the error
 * @throws PairError `lost` where there is none, `damaged` where it is not one
 */
export async function readManifest(runtime: Runtime, job: string, reason: string | null | undefined): Promise<Manifest> {
  const chunks: Uint8Array[] = [];
  for (let offset = 0; ; ) {
    const { bytes, size } = await runtime.tail(job, "manifest.json", offset);
    if (size === undefined) throw new PairError("lost", `${job} left no manifest: ${reason ?? "it did not come to a regular end"}`);
    if (bytes.length === 0) break;
    chunks.push(bytes);
    offset += bytes.length;
  }
  return parseManifest(Buffer.concat(chunks).toString("utf8"), job);
}

/** @throws PairError `damaged` that names the field */
export function parseManifest(text: string, job: string): Manifest {
  return parsePromised(text, Manifest, `the manifest of ${job}`);
}

/**
 * Downloads one artifact: into `TARGET.part`, which an interrupted download leaves and the next one goes on with, and to its
 * name only when its bytes are the promised ones.
 *
 * @throws PairError `damaged` where they are not; a file that is whole and wrong is set aside as `TARGET.damaged`
 */
export async function download(runtime: Runtime, job: string, artifact: Artifact, target: string, onBytes?: (bytes: number) => void): Promise<void> {
  const partial = `${target}.part`;
  if ((statSync(partial, { throwIfNoEntry: false })?.size ?? 0) > artifact.bytes) truncateSync(partial, 0);
  await runtime.get(job, `artifacts/${artifact.path}`, partial, onBytes);
  try {
    verify(artifact, await describeFile(partial), partial, `${target}.damaged`);
    renameSync(partial, target);
  } catch (error) {
    // Another process that fetches the same run was faster.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !(await isSame(target, artifact))) throw error;
  }
}

/** Whether a file is there with the artifact's bytes. */
export async function isSame(path: string, { bytes, sha256 }: Artifact): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return false;
  return (await describeFile(path)).sha256 === sha256;
}

/** Holds a JSON artifact against its schema. @throws PairError `damaged` that names the field */
export function checkResult(name: string, path: string, schema: z.ZodType | null | undefined): void {
  if (schema) parsePromised(readFileSync(path, "utf8"), schema, name, path);
}

function verify(artifact: Artifact, got: { bytes: number; sha256: string }, partial: string, aside: string): void {
  if (got.bytes < artifact.bytes) throw new PairError("damaged", `${artifact.path}: ${got.bytes} of ${artifact.bytes} bytes are here; fetch again, it goes on from there`);
  if (got.bytes === artifact.bytes && got.sha256 === artifact.sha256) return;
  renameSync(partial, aside);
  throw new PairError("damaged", `${artifact.path} has the SHA-256 ${got.sha256.slice(0, 12)}… where the manifest says ${artifact.sha256.slice(0, 12)}…; it was set aside as ${aside}. Fetch again`);
}

async function describeFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const block of createReadStream(path)) {
    hash.update(block as Buffer);
    bytes += (block as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
