import { z } from "zod";
import { checkInput, ComputeError } from "./error.js";
import { count, modelField, oneOf, storageField } from "./fields.js";
import { FRAMEWORKS, FRAMEWORK_NAMES, OPTIMIZER_NAMES } from "./frameworks.js";
import { findGpu, hasBf16, type Gpu } from "./gpus.js";
import { LINEARS, resolveTargets } from "./parameters.js";
import { MEASURES, type Measure } from "./plan.js";
import { shapeOf } from "./models.js";
import type { ModelShape } from "./shape.js";
import type { StorageName } from "./storage.js";


export const CHECKPOINTING = ["none", "layer", "offload"] as const;
export type Checkpointing = (typeof CHECKPOINTING)[number];
export const PARALLEL = ["none", "ddp", "zero1", "zero2", "zero3", "fsdp"] as const;
export type Parallel = (typeof PARALLEL)[number];

const TrainingRunSchema = z.strictObject({
  model: modelField,
  method: z.enum(["full", "lora", "qlora"], { error: "must be full, lora or qlora" }),
  /** `dpo` runs chosen and rejected answers, and asks a reference model. */
  objective: z.enum(["sft", "dpo"], { error: "must be sft or dpo" }).default("sft"),
  /** Where DPO's reference is: the same base without its adapter, or a second copy. */
  reference: z.enum(["shared", "separate"], { error: "must be shared or separate" }).optional(),
  /** How the base lies in memory. */
  storage: storageField.optional(),
  /** What the card computes in. */
  compute: z.enum(["bf16", "fp16", "fp32"], { error: "must be bf16, fp16 or fp32" }).optional(),
  /** PEFT's prepare_model_for_kbit_training: embedding, head, norms and the stream between layers are fp32. */
  prepared: z.boolean().optional(),
  rank: count(16_384).default(16),
  targets: z.array(z.string(), { error: "must be a list of matrix names" }).default([...LINEARS]),
  /** Adapters beside which the embedding and the head train too (PEFT's modules_to_save). */
  trainEmbeddings: z.boolean().default(false),
  batch: count(65_536).default(1),
  accumulation: count(1_000_000).default(1),
  /** Tokens of the longest padded row of a batch, or of every row when packed: what is real, not what is allowed. */
  sequence: count(100_000_000),
  /** Rows are joined and cut so that each has `sequence` tokens: no padding, and no row is shorter. */
  packing: z.boolean().default(false),
  optimizer: oneOf(OPTIMIZER_NAMES).default("adamw"),
  /** Each weight is moved as soon as its gradient is there, which is then dropped (torchtune's optimizer_in_bwd). Full training only. */
  stepInBackward: z.boolean().default(false),
  /** Unsloth moves checkpoints to RAM unless told otherwise; the others keep them on the card. */
  checkpointing: oneOf(CHECKPOINTING).optional(),
  attention: z.enum(["eager", "sdpa", "flash"], { error: "must be eager, sdpa or flash" }).default("sdpa"),
  compile: z.boolean().default(false),
  /** The head and the loss run over a part of the tokens at a time. */
  chunkedHead: z.boolean().optional(),
  framework: oneOf(FRAMEWORK_NAMES).default("transformers"),
  gpu: z.string().optional(),
  gpus: count(100_000).default(1),
  parallel: oneOf(PARALLEL).optional(),
  /** Frozen weights wait in RAM (FSDP and ZeRO-3). */
  cpuOffload: z.boolean().default(false),
  measure: oneOf(MEASURES).default("process"),
  /** The run calls torch.cuda.empty_cache() every few steps. */
  emptiesCache: z.boolean().default(false),
  /** `sequence` is a limit and not the length of a row: the plan's band gets wider. */
  sequenceIsCap: z.boolean().default(false),
});

/** A training run as it is asked about; what is left out has a default. */
export type TrainingRunInput = Omit<z.input<typeof TrainingRunSchema>, "model"> & { model: string | ModelShape };

/** A training run, complete and checked. */
export interface TrainingRun extends Omit<z.output<typeof TrainingRunSchema>, "model" | "storage" | "compute" | "gpu" | "parallel" | "reference" | "checkpointing" | "prepared"> {
  shape: ModelShape;
  storage: StorageName;
  compute: "bf16" | "fp16" | "fp32";
  checkpointing: Checkpointing;
  prepared: boolean;
  gpu?: Gpu;
  parallel: Parallel;
  reference: "shared" | "separate";
  measure: Measure;
  /** Things the plan decided for the caller. */
  notes: string[];
}

/** A row of more tokens is refused, unless the model was made for a tenth of it: published runs go to 0.5 million. */
export const MOST_TOKENS = 2_000_000;

/** @throws ComputeError for a row that no model takes */
export function checkLength(field: string, tokens: number, shape: ModelShape): void {
  const most = Math.max(MOST_TOKENS, 10 * (shape.maxPositions ?? 0));
  if (tokens > most) throw new ComputeError(field, `${tokens} tokens in a row are more than ${shape.name} can take (planned up to ${most}): is it characters, or the whole dataset?`);
}

/**
 * Checks a run and fills in what was left out: NF4 with double quantisation for QLoRA, bf16 where the card has it and fp16 on a T4.
 *
 * @throws ComputeError for the first field that is wrong, or for fields that contradict each other
 */
export function checkTrainingRun(input: TrainingRunInput): TrainingRun {
  const parsed = checkInput(TrainingRunSchema, input);
  const shape = shapeOf(parsed.model as string | ModelShape);
  const gpu = parsed.gpu === undefined ? undefined : findGpu(parsed.gpu);
  const notes: string[] = [];
  const bf16 = gpu ? hasBf16(gpu) : true;
  if (parsed.compute === "bf16" && !bf16) throw new ComputeError("compute", `${gpu?.name} has no bf16 (compute capability ${gpu?.capability}, 8.0 is needed): use fp16`);
  const compute = parsed.compute ?? (bf16 ? "bf16" : "fp16");
  if (parsed.compute === undefined && !bf16) notes.push(`${gpu?.name} has no bf16: planned with fp16`);
  // Weights that train in fp16 lose small updates: without bf16 they are kept in fp32.
  const storage = parsed.storage ?? (parsed.method === "qlora" ? "nf4-dq" : parsed.method === "full" && compute === "fp16" ? "fp32" : compute);
  const checkpointing = parsed.checkpointing ?? FRAMEWORKS[parsed.framework].checkpoints;
  const weights = ["fp32", "bf16", "fp16"];
  if (parsed.method !== "qlora" && !weights.includes(storage) && !(parsed.method === "lora" && (storage === "int8" || storage === "fp8"))) {
    throw new ComputeError("storage", `${storage} weights cannot train with the method ${parsed.method}: use qlora, or ${weights.join(", ")}`);
  }
  if (parsed.method === "qlora" && weights.includes(storage)) throw new ComputeError("storage", `the method qlora needs packed weights, not ${storage}: use lora`);
  if (storage === "bf16" && !bf16) throw new ComputeError("storage", `${gpu?.name} has no bf16: use fp16`);
  if (parsed.attention === "flash" && gpu && gpu.capability < 8) throw new ComputeError("attention", `FlashAttention 2 needs compute capability 8.0, ${gpu.name} has ${gpu.capability}: use sdpa`);
  if (parsed.method !== "full") resolveTargets(parsed.targets);
  if (parsed.method === "full" && parsed.trainEmbeddings) throw new ComputeError("trainEmbeddings", "full training trains them already; leave it out");
  if (parsed.stepInBackward && parsed.method !== "full") throw new ComputeError("stepInBackward", "adapters' gradients are small and their steps are not fused; leave it out or set the method to full");
  if (parsed.stepInBackward && parsed.accumulation > 1) throw new ComputeError("stepInBackward", "a gradient that is dropped cannot be accumulated: set accumulation to 1");
  if (parsed.reference !== undefined && parsed.objective !== "dpo") throw new ComputeError("reference", "only DPO has a reference model; leave it out or set objective to dpo");
  if (parsed.reference === "shared" && parsed.method === "full") throw new ComputeError("reference", "full training changes the base, so the reference must be a separate copy");
  const reference = parsed.reference ?? (parsed.method === "full" ? "separate" : "shared");
  checkLength("sequence", parsed.sequence, shape);
  if (parsed.packing && parsed.sequenceIsCap) throw new ComputeError("sequenceIsCap", "packed rows are as long as the limit: leave it out, or set packing to false");
  if (parsed.sequence * parsed.batch > 1e9) throw new ComputeError("sequence", `${parsed.batch} rows of ${parsed.sequence} tokens are more than any card takes in a step: is it characters, or the whole dataset?`);
  const parallel = parsed.parallel ?? (parsed.gpus > 1 ? "ddp" : "none");
  if (parsed.gpus > 1 && parallel === "none") throw new ComputeError("parallel", `${parsed.gpus} GPUs need a way to share the work: ddp, zero1, zero2, zero3 or fsdp`);
  if (parsed.gpus === 1 && parallel !== "none" && parallel !== "ddp") notes.push(`${parallel} on one GPU shards nothing`);
  if (parsed.cpuOffload && parallel !== "fsdp" && parallel !== "zero3") throw new ComputeError("cpuOffload", "only fsdp and zero3 fetch weights from RAM layer by layer");
  if (parsed.prepared === true && parsed.method !== "qlora") throw new ComputeError("prepared", "only a packed base is prepared: set the method to qlora, or leave it out");
  const prepared = parsed.prepared ?? (parsed.method === "qlora" && parsed.framework === "peft-loop");
  if (checkpointing === "layer" && FRAMEWORKS[parsed.framework].checkpoints === "offload") notes.push("plain checkpointing under Unsloth: the layers' inputs stay on the card");
  return { ...parsed, shape, storage, compute, checkpointing, prepared, parallel, reference, notes, ...(gpu ? { gpu } : {}) } as TrainingRun;
}
