/** What a job is and how it stands: the borders between the notebook, the runtime's agent and the files between them. */
import { z } from "zod";

/** How a job stands. `absent`: the runtime knows no such job. The last six are ends. */
export const JOB_STATES = ["absent", "starting", "running", "finished", "failed", "out-of-memory", "interrupted", "time-limit", "lost"] as const;
export type JobStateName = (typeof JOB_STATES)[number];

const ENDS: readonly JobStateName[] = ["finished", "failed", "out-of-memory", "interrupted", "time-limit", "lost"];

/** Whether a job in this state has come to an end. */
export const hasEnded = (state: JobStateName): boolean => ENDS.includes(state);

/** One answer of the agent's `status`: times in seconds since 1970 by the runtime's clock, sizes in bytes. */
export const JobState = z.object({
  state: z.enum(JOB_STATES),
  /** 1 for the first start; one more for each that went on after an end. */
  attempt: z.int().positive().optional(),
  started: z.number().optional(),
  ended: z.number().optional(),
  now: z.number(),
  exit_code: z.number().nullish(),
  /** Why it ended as it did, in a sentence; null after a good end. */
  reason: z.string().nullish(),
  /** The most memory that one process of the job held, on the host. */
  host_peak_bytes: z.number().nullish(),
  sizes: z.record(z.string(), z.number()).default({}),
  checkpoints: z.array(z.string()).default([]),
});
export type JobState = z.output<typeof JobState>;

/** What the machine is that a job runs on, as its agent found it. */
export const RuntimeFacts = z.object({
  version: z.int(),
  python: z.string(),
  system: z.string(),
  root: z.string(),
  cpus: z.number().nullable(),
  memory_bytes: z.number().nullable(),
  disk_free_bytes: z.number(),
  disk_bytes: z.number(),
  gpu: z.object({ name: z.string(), memory_bytes: z.number() }).nullable(),
});
export type RuntimeFacts = z.output<typeof RuntimeFacts>;

/** A path below a job's folder, the same on every system. */
export const jobPath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.includes("\\") && !path.includes(":") && !path.split("/").includes(".."), "a path inside the job's folder");

/** The files of a job that are followed while it runs. */
export const FOLLOWED = ["metrics.jsonl", "log.txt"] as const;

/** What a job left behind: each file with its size in bytes and its SHA-256. */
export const Manifest = z.object({
  version: z.literal(1),
  artifacts: z.array(z.object({ path: jobPath, bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
});
export type Manifest = z.output<typeof Manifest>;

/** A reading that may be no number: the loss of a run that broke. JSON has no NaN, so it travels as text (metrics.py). */
const Reading = z.union([z.custom<number>((value) => typeof value === "number"), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);

/** One line of metrics.jsonl. A job may add fields of its own. */
export const Metric = z.looseObject({
  step: z.number(),
  /** Which start of the job wrote the line; 1 where it does not say. */
  attempt: z.number().optional(),
  steps: z.number().optional(),
  seconds: z.number().optional(),
  loss: Reading.optional(),
  eval_loss: Reading.optional(),
  lr: z.number().optional(),
  grad_norm: Reading.optional(),
  tokens_per_second: z.number().optional(),
  memory_bytes: z.number().optional(),
  epoch: z.number().optional(),
});
export type Metric = z.output<typeof Metric>;

/** What starts in the runtime. `{python}` in a command is the Python that the runtime trains with. */
export interface Command {
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** The job is asked to end after so many minutes. Colab's free machines can vanish after 60 without their tab. */
  minutes?: number;
  /** A limit of the job's data memory, in GiB (not on Windows). */
  memoryGib?: number;
  /** Attempts that there were, where a job is started anew: the machine may know nothing of them. */
  reached?: number;
}

/** A job as a lesson writes it. */
export interface Job {
  /** Short, in lower case: the first part of the run's id. */
  name: string;
  /** Files and folders under `colab/` that the job needs, e.g. `jobs/measure_inference.py`. */
  code: readonly string[];
  command: readonly string[];
  /** Written to recipe.json in the job's folder. */
  recipe?: unknown;
  /** What else is sent: path in the job's folder → path on this machine. */
  files?: Readonly<Record<string, string>>;
  /** `training`: PyTorch and what trains with it (colab/requirements.txt). `standard`: Python alone. Default: training. */
  packages?: "training" | "standard";
  minutes?: number;
  memoryGib?: number;
  /** Artifacts that must be there after a good end, with the schema that their JSON must meet. */
  results?: Readonly<Record<string, z.ZodType | null>>;
  /** What the plan of llmops/compute says this needs, and what there is, in bytes: a line in the live view. */
  plan?: { peakBytes: number; usableBytes: number };
  /** What to try next when memory runs out: from the recipe that failed to the next one, or undefined where nothing is left. */
  remedy?: (recipe: unknown) => { says: string; recipe: unknown } | undefined;
}

/** A name that can be part of a file name on every system. */
export const jobName = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "lower-case letters, digits and hyphens, at most 41");
