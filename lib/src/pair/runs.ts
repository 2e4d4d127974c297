/** The record of runs in `.workbook/runs`: one folder a run, which the notebook, the terminal and the next session all read. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { findWorkbookHome } from "../course/workbook.js";
import { PairError } from "./error.js";
import { JOB_STATES, Manifest } from "./job.js";
import { parsePromised } from "./promised-json.js";
import { DRIVERS } from "./runtime.js";

export const RunRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  name: z.string(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  driver: z.enum(DRIVERS),
  /** Enough to find the runtime again; no secret. */
  address: z.looseObject({ driver: z.enum(DRIVERS) }),
  /** SHA-256 over the command, the recipe and every byte that was sent: equal for runs that do the same. */
  recipeHash: z.string(),
  command: z.array(z.string()),
  packages: z.enum(["training", "standard"]),
  minutes: z.number().optional(),
  memoryGib: z.number().optional(),
  /** What was sent; the files themselves stand in `sent/`. */
  sent: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  /** How the job stood when this process last heard of it; `preparing` before it was started. */
  state: z.enum(["preparing", ...JOB_STATES]),
  reason: z.string().nullish(),
  attempt: z.number().optional(),
  /** By the runtime's clock, seconds since 1970. */
  started: z.number().optional(),
  ended: z.number().optional(),
  /** The most host memory that one process of the job held. */
  hostPeakBytes: z.number().optional(),
  /** Seconds that its earlier attempts ran. */
  earlierSeconds: z.number().optional(),
  usdPerHour: z.number(),
  /** The plan's peak and what there is, in bytes. */
  plan: z.object({ peakBytes: z.number(), usableBytes: z.number() }).optional(),
  /** Names of artifacts that a good end must leave. */
  results: z.array(z.string()),
  /** What came home, each verified against the manifest. */
  artifacts: Manifest.shape.artifacts.optional(),
  /** The run that ran out of memory, and the change that this one tries. */
  remedyOf: z.object({ run: z.string(), says: z.string() }).optional(),
});
export type RunRecord = z.output<typeof RunRecord>;

export const runsFolder = (home = findWorkbookHome()): string => join(home, "runs");

/** A new run's id: sorts by time, and two of one second differ. */
export function newRunId(name: string, now = new Date()): string {
  const time = now.toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${name}-${time}-${randomBytes(2).toString("hex")}`;
}

/** Writes a record as a whole: a reader never sees half of one. */
export function saveRun(record: RunRecord, home?: string): void {
  const folder = join(runsFolder(home), record.id);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "run.json"), fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, `${JSON.stringify({ ...record, updated: new Date().toISOString() }, null, 2)}\n`);
  renameSync(fresh, path);
}

/** @throws PairError `unknown-run` with the names that there are; `damaged` where run.json is not one */
export function loadRun(id: string, home?: string): RunRecord {
  const folder = runsFolder(home), path = join(folder, id, "run.json");
  if (!/^[\w-]+$/.test(id) || !existsSync(path)) {
    const known = runIds(home).slice(-5).reverse();
    throw new PairError("unknown-run", `there is no run ${id}; ${known.length ? `the latest are ${known.join(", ")}` : `${folder} holds none yet`}`);
  }
  return parsePromised(readFileSync(path, "utf8"), RunRecord, path);
}

/** Every run that can be read, the oldest first. */
export function listRuns(home?: string): RunRecord[] {
  return runIds(home).flatMap((id) => {
    try {
      return [loadRun(id, home)];
    } catch {
      return []; // `llmops runs show` of it says what is wrong
    }
  }).sort((one, other) => (one.created < other.created ? -1 : 1));
}

/** Removes a run's folder from this machine. */
export function removeRun(id: string, home?: string): void {
  rmSync(join(runsFolder(home), loadRun(id, home).id), { recursive: true, force: true });
}

function runIds(home?: string): string[] {
  const folder = runsFolder(home);
  return existsSync(folder) ? readdirSync(folder).filter((id) => existsSync(join(folder, id, "run.json"))).sort() : [];
}
