/** run.json, which a run of the trainer leaves (colab/trainer/record.py). */
import { z } from "zod";

const DataReport = z.object({
  path: z.string(),
  sha256: z.string(),
  rows: z.number(),
  used: z.number(),
  too_long: z.object({ rows: z.number(), longest_tokens: z.number().nullable(), lines: z.array(z.number()) }),
  tokens: z.number(),
  /** Tokens with a loss. */
  trained_tokens: z.number(),
  longest_tokens: z.number(),
});

/** What was trained with what, and what came of it. */
export const TrainingRecord = z.looseObject({
  version: z.literal(1),
  status: z.enum(["running", "finished", "interrupted", "failed"]),
  recipe: z.record(z.string(), z.unknown()),
  recipe_sha256: z.string(),
  code_sha256: z.string(),
  base: z.object({ name: z.string(), sha256: z.string().nullable() }),
  machine: z.object({
    device: z.enum(["cpu", "cuda"]), name: z.string(), memory_bytes: z.number().nullable(), capability: z.array(z.number()).nullable(),
    system: z.string(), python: z.string(), threads: z.number(), packages: z.record(z.string(), z.string()),
  }),
  /** What the recipe became on that machine; `notes` says what was done otherwise. */
  plan: z.object({ backend: z.enum(["trl", "unsloth"]), precision: z.enum(["fp32", "fp16", "bf16"]), packed: z.boolean(), optimizer: z.string(), notes: z.array(z.string()) }),
  data: z.object({ train: DataReport, eval: DataReport.nullable() }),
  /** The token that ends an assistant's turn, and so generation. */
  stop_token: z.string(),
  parameters: z.object({ total: z.number(), trainable: z.number() }),
  attempts: z.array(z.looseObject({ attempt: z.number(), from_step: z.number(), to_step: z.number(), seconds: z.number(), train_seconds: z.number().optional(), tokens: z.number().optional() })),
  steps: z.number().optional(),
  eval_loss: z.number().optional(),
  best: z.object({ best: z.number().nullable(), step: z.number().nullable(), waited: z.number() }).optional(),
  exports: z.record(z.string(), z.looseObject({
    bytes: z.number(),
    /** Of a merged model against base + adapter, the most that a token's log-probability differs: computed in fp64, and as the run computes. */
    largest_difference: z.number().optional(),
    largest_difference_as_run: z.number().optional(),
    /** The same of probabilities. */
    largest_probability_difference: z.number().optional(),
    largest_probability_difference_as_run: z.number().optional(),
  })).optional(),
});
export type TrainingRecord = z.output<typeof TrainingRecord>;
