/**
 * The recipe of a fine-tuning: one JSON object that drives the trainer (colab/trainer), its memory plan and an Axolotl file.
 * The trainer checks the same rules again (colab/trainer/recipe.py) and has no defaults: they are all here.
 */
import { z } from "zod";
import { LINEARS } from "../compute/index.js";
import { RecipeError } from "./error.js";

export const METHODS = ["lora", "dora", "qlora", "full"] as const;
export type Method = (typeof METHODS)[number];
/** What a finished run leaves: the adapter alone, and the base with the adapter added in. */
export const EXPORTS = ["adapter", "merged"] as const;
export type Export = (typeof EXPORTS)[number];

const oneOf = <const T extends string>(names: readonly T[]) => z.enum(names, { error: `must be one of ${names.join(", ")}` });
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const error = `must be a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ""}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};
const atLeast = (least: number) => z.number({ error: `must be a number from ${least}` }).min(least, { error: `must be a number from ${least}` });
const above = (limit: number) => z.number({ error: `must be a number above ${limit}` }).gt(limit, { error: `must be a number above ${limit}` });
const text = z.string({ error: "must be a text" }).min(1, { error: "must not be empty" });
const yes = z.boolean({ error: "must be true or false" });
const unique = <T extends z.ZodType>(item: T, least: number, names: readonly string[]) =>
  z.array(item, { error: `must be a list of ${names.join(", ")}` }).min(least, { error: `must name at least ${least} of ${names.join(", ")}` })
    .refine((list) => new Set(list).size === list.length, { error: "names one twice" });

const Data = z.strictObject({
  /** JSONL of `{"messages": […], "tools"?: […]}`. */
  train: text,
  /** The same, of rows that are not trained on. */
  eval: text.nullable().default(null),
}, { error: (issue) => issue.code === "invalid_type" ? "must be an object with train, a JSONL file of conversations" : undefined });

const Checkpoints = z.strictObject({
  /** Steps between two. */
  every: whole(1).default(50),
  /** How many are left lying; older ones are removed. */
  keep: whole(1).default(2),
});

const EarlyStop = z.strictObject({
  /** Looks at the held-out rows without a lower loss before the run ends. The weights of the lowest are kept. */
  patience: whole(1),
  /** By how much a loss must be lower to count. */
  minDelta: atLeast(0).default(0),
});

/** What a person writes: the base, the data, and what differs from the defaults. */
const Written = z.strictObject({
  version: z.literal(1, { error: "must be 1" }).default(1),
  /** A Hub id, or a folder of this machine with config.json, weights and tokenizer. */
  base: text,
  /** A Jinja file that replaces the tokenizer's own template. */
  chatTemplate: text.nullable().default(null),
  data: Data,
  /** `auto`: Unsloth on a CUDA card that has it, TRL with PEFT elsewhere. */
  backend: oneOf(["auto", "trl", "unsloth"]).default("auto"),
  /** `dora` (Liu et al. 2024, https://arxiv.org/abs/2402.09353) trains LoRA and a length for each row of the matrix. */
  method: oneOf(METHODS).default("lora"),
  rank: whole(1, 16_384).nullish(),
  alpha: above(0).nullish(),
  targets: unique(oneOf(LINEARS), 1, LINEARS).nullish(),
  dropout: atLeast(0).lt(1, { error: "must be below 1" }).nullish(),
  /** Scales by alpha ÷ √rank instead of alpha ÷ rank (Kalajdzievski 2023, https://arxiv.org/abs/2312.03732). */
  rslora: yes.nullish(),
  /** Of the frozen base. Default: nf4 for qlora. */
  quantisation: oneOf(["none", "nf4"]).optional(),
  /** Without CUDA or bitsandbytes, nf4 and 8-bit optimisers are refused, or the same adapters train over the unpacked base in fp32. */
  fallback: oneOf(["refuse", "fp32"]).default("refuse"),
  /** `auto`: fp32 on a CPU, fp16 on a card. Never bf16 unless it says so: a T4 has none. */
  precision: oneOf(["auto", "fp32", "fp16", "bf16"]).default("auto"),
  /** Tokens of a row; longer rows are left out whole, and counted. */
  maxLength: whole(8).default(512),
  /** Rows are joined up to `maxLength`; each still sees itself alone. */
  packing: yes.default(false),
  /** Rows of an update are alike in length, so that little is padding; updates come in a drawn order. */
  groupByLength: yes.default(false),
  /** Loss on the assistant's turns only. */
  completionOnly: yes.default(true),
  epochs: above(0).nullish(),
  steps: whole(1).nullish(),
  batch: whole(1).default(8),
  accumulation: whole(1).default(1),
  optimizer: oneOf(["adamw", "adamw-8bit", "paged-adamw-8bit"]).default("adamw"),
  learningRate: above(0).default(2e-4),
  schedule: oneOf(["linear", "cosine", "constant"]).default("linear"),
  /** Steps, or below 1 a share of all steps. */
  warmup: atLeast(0).default(0.05),
  weightDecay: atLeast(0).default(0),
  maxGradNorm: above(0).default(1),
  /** `offload` moves checkpoints to RAM; only Unsloth can. */
  gradientCheckpointing: oneOf(["none", "layer", "offload"]).default("none"),
  /** Steps between two looks at the held-out rows. */
  evaluateEvery: whole(1).nullable().default(null),
  checkpoints: Checkpoints.default({ every: 50, keep: 2 }),
  earlyStop: EarlyStop.nullable().default(null),
  seed: whole(0, 2 ** 32 - 1).default(64),
  exports: unique(oneOf(EXPORTS), 0, EXPORTS).optional(),
});

/** A recipe as it is written; what is left out has a default. */
export type RecipeInput = z.input<typeof Written>;

type Filled = z.output<typeof Written>;
type Adapter = { rank: number; alpha: number; targets: Filled["targets"] & {}; dropout: number; rslora: boolean };

/** A recipe with every field. Without an adapter (method `full`), its five fields are null. */
export interface TrainingRecipe extends Omit<Filled, keyof Adapter | "quantisation" | "epochs" | "steps" | "exports"> {
  rank: number | null;
  alpha: number | null;
  targets: Adapter["targets"] | null;
  dropout: number | null;
  rslora: boolean | null;
  quantisation: "none" | "nf4";
  epochs: number | null;
  steps: number | null;
  exports: Export[];
}

const ADAPTER: Adapter = { rank: 16, alpha: 32, targets: [...LINEARS], dropout: 0, rslora: false };

/**
 * Checks a recipe and fills in what was left out. A complete recipe comes back as it is.
 *
 * @throws RecipeError for the first field that is wrong, unknown or missing, or that contradicts another
 */
export function completeRecipe(input: unknown): TrainingRecipe {
  const parsed = Written.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = (issue?.path ?? []).join(".");
    if (issue?.code === "unrecognized_keys") throw new RecipeError([...(path ? [path] : []), issue.keys[0]].join("."), "is no field of a recipe; is it misspelt?");
    const isMissing = issue?.code === "invalid_type" && path !== "" && valueAt(input, issue.path) === undefined;
    throw new RecipeError(path || "recipe", isMissing ? `is missing; it ${issue.message}` : path ? (issue?.message ?? "is wrong") : "must be an object");
  }
  const { data } = parsed;
  const adapter = adapterOf(data);
  const steps = data.steps ?? null, epochs = data.epochs ?? (steps === null ? 3 : null);
  const recipe: TrainingRecipe = {
    ...data, ...adapter, epochs, steps,
    quantisation: data.quantisation ?? (data.method === "qlora" ? "nf4" : "none"),
    exports: data.exports ?? (data.method === "full" ? ["merged"] : ["adapter"]),
  };
  checkTogether(recipe);
  return recipe;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((held, key) => (held as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}

function adapterOf(data: Filled): Pick<TrainingRecipe, keyof Adapter> {
  const fields = Object.keys(ADAPTER) as (keyof Adapter)[];
  if (data.method !== "full") {
    const empty = fields.find((name) => data[name] === null);
    if (empty) throw new RecipeError(empty, `is null, and the method ${data.method} needs it`);
    return Object.fromEntries(fields.map((name) => [name, data[name] ?? ADAPTER[name]])) as unknown as Adapter;
  }
  const given = fields.find((name) => data[name] != null);
  if (given) throw new RecipeError(given, "the method full has no adapter: leave it out");
  return { rank: null, alpha: null, targets: null, dropout: null, rslora: null };
}

/** Fields that contradict each other. */
function checkTogether(recipe: TrainingRecipe): void {
  const { method, quantisation, epochs, steps, evaluateEvery, earlyStop, warmup, gradientCheckpointing, backend, data, exports, packing, groupByLength } = recipe;
  if (method === "qlora" && quantisation !== "nf4") throw new RecipeError("quantisation", "is none, and the method qlora needs nf4: set it, or take the method lora");
  if ((method === "lora" || method === "full") && quantisation === "nf4") throw new RecipeError("quantisation", `is nf4, and the method ${method} trains over unpacked weights: take qlora, or dora`);
  if (epochs !== null && steps !== null) throw new RecipeError("steps", "is given beside epochs: leave one of them out");
  if (evaluateEvery !== null && data.eval === null) throw new RecipeError("evaluateEvery", "needs held-out rows: name their file in data.eval");
  if (earlyStop !== null && evaluateEvery === null) throw new RecipeError("earlyStop", "needs evaluateEvery: there is no loss to stop by");
  if (warmup >= 1 && !Number.isInteger(warmup)) throw new RecipeError("warmup", "must be a whole number of steps, or a share of them below 1");
  if (gradientCheckpointing === "offload" && backend === "trl") throw new RecipeError("gradientCheckpointing", "is offload, and only Unsloth moves checkpoints to RAM: take layer");
  if (groupByLength && packing) throw new RecipeError("groupByLength", "is set beside packing, which leaves nothing to fill up: set one of them");
  if (method === "full" && exports.includes("adapter")) throw new RecipeError("exports", "has adapter, and the method full trains none: take merged, which is the whole model");
}
