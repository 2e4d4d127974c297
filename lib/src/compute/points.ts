/** Published measurements as questions to the planner: the fields of a measured point, without what was measured. */
import { z } from "zod";
import { checkInput, ComputeError } from "./error.js";
import { FRAMEWORKS, type FrameworkName, type OptimizerName } from "./frameworks.js";
import { modelField } from "./fields.js";
import { planInference, type InferenceInput, type RuntimeName } from "./inference.js";
import { shapeOf } from "./models.js";
import type { MemoryPlan, Measure } from "./plan.js";
import type { ModelShape } from "./shape.js";
import { parseStorage, storageOf, type StorageName } from "./storage.js";
import { planTraining } from "./training.js";
import type { Checkpointing, Parallel, TrainingRunInput } from "./training-run.js";

const Point = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  source: z.string().nullish(),
  model: modelField,
  method: z.string({ error: "must be LoRA, QLoRA, full or inference" }),
  quant: z.string().nullish(),
  rank: z.number().nullish(),
  target_modules: z.union([z.array(z.string()), z.string()]).nullish(),
  batch: z.number({ error: "must be a whole number" }).nullish(),
  seq: z.number({ error: "must be a whole number" }).nullish(),
  seq_kind: z.string().nullish(),
  optimizer: z.string().nullish(),
  checkpointing: z.union([z.string(), z.boolean()]).nullish(),
  framework: z.string().nullish(),
  attention: z.string().nullish(),
  gpu: z.string().nullish(),
  gpus: z.number().nullish(),
  metric: z.string().nullish(),
  note: z.string().nullish(),
  phase: z.string().nullish(),
});
type Point = z.output<typeof Point>;

/** Tokens of the longest row in a run over a public dataset, where a point names it and gives only a limit. */
const LONGEST_ROWS: readonly { dataset: RegExp; tokens: number }[] = [
  // LitGPT prints 1304 for the longest of all 51,800 rows; some 480 rows of a notebook's 60 steps hold no such row.
  { dataset: /alpaca/iu, tokens: 1100 },
  // Images of radiographs with a sentence each.
  { dataset: /radiology/iu, tokens: 200 },
];

/** The longest batch of a run that nearly fills its limit. */
const CLOSE_TO_CAP = 0.96;

/** A short prompt with fifty tokens after it. */
const SHORT_CONTEXT = 60;

/** What the planner calls a point's field. */
const FIELDS: Readonly<Record<string, string>> = { sequence: "seq", context: "seq", storage: "quant", targets: "target_modules" };

/** Plans what a point describes. @throws ComputeError that names the point's own field */
export function planPoint(value: unknown): MemoryPlan {
  const point = checkInput(Point, value, "");
  try {
    return /inference|generat/iu.test(`${point.method} ${point.phase ?? ""}`) ? planInference(inferenceOf(point)) : planTraining(trainingOf(point));
  } catch (error) {
    if (!(error instanceof ComputeError)) throw error;
    const field = Object.hasOwn(FIELDS, error.field) ? FIELDS[error.field] as string : error.field;
    throw new ComputeError(field, error.message.slice(error.field.length + 2));
  }
}

function measureOf(metric: string | null | undefined): Measure {
  const text = (metric ?? "").toLowerCase();
  if (/smi|process/u.test(text)) return "process";
  if (/allocated|active/u.test(text)) return "allocated";
  if (/reserved/u.test(text)) return "reserved";
  // Qwen3's table fits allocated tensors to a percent.
  if (/reported mb/u.test(text)) return "allocated";
  return "process";
}

function inferenceOf(point: Point): InferenceInput {
  const framework = (point.framework ?? "transformers").toLowerCase();
  const runtime: RuntimeName = framework.includes("litgpt") ? "litgpt" : /llama\.?cpp|gguf|ollama/u.test(framework) ? "llama.cpp"
    : framework === "transformers" ? "transformers-2023" : "transformers";
  return {
    model: point.model as string | ModelShape,
    storage: storageNamed(point.quant ?? "bf16"),
    context: point.seq ?? SHORT_CONTEXT,
    batch: point.batch ?? 1,
    runtime,
    measure: measureOf(point.metric),
  };
}

function trainingOf(point: Point): TrainingRunInput {
  const method = point.method.toLowerCase();
  const name = (point.framework ?? "transformers").toLowerCase();
  const note = (point.note ?? "").toLowerCase();
  const framework = frameworkOf(name, method, point.quant ?? "");
  const shape = shapeOf(point.model as string | ModelShape);
  const length = lengthOf(point, note);
  const kind = methodOf(method, point);
  const storage = storageNamed(point.quant ?? (kind === "qlora" ? "nf4-dq" : "bf16"));
  const targets = targetsOf(point.target_modules);
  // A replicated model is on two cards at least.
  const gpus = point.gpus ?? Number(/^(\d+)\s*[x×]/iu.exec(point.gpu ?? "")?.[1] ?? (/\bddp\b/u.test(name) ? 2 : 1));
  return {
    model: shape,
    method: kind,
    storage,
    ...(point.rank == null ? {} : { rank: point.rank }),
    ...(kind === "full" ? {} : { targets }),
    trainEmbeddings: method.includes("emb"),
    ...(/dpo|orpo|kto/u.test(method) || /[-_ (](?:DPO|ORPO|KTO)\b/u.test(point.source ?? "") ? { objective: "dpo" as const } : {}),
    batch: point.batch ?? 1,
    sequence: length.tokens,
    sequenceIsCap: length.cap,
    optimizer: optimizerOf(point.optimizer ?? "adamw"),
    checkpointing: checkpointingOf(point.checkpointing, framework),
    stepInBackward: kind === "full" && stepsInBackward(point, framework, gpus, `${name} ${note}`),
    compile: framework === "torchtune" && (name.includes("compile") || note.includes("compile")),
    ...(framework === "torchtune" ? { chunkedHead: chunksHead(`${name} ${note}`) } : {}),
    ...(/grad acc (?:[2-9]|1\d)/u.test(note) ? { accumulation: 2 } : {}),
    ...(point.attention === "eager" ? { attention: "eager" as const } : {}),
    ...(turingOnly(point.gpu) ? { gpu: "t4" } : {}),
    ...(note.includes("empty_cache") ? { emptiesCache: true } : {}),
    framework,
    gpus,
    ...(gpus > 1 ? { parallel: parallelOf(name) } : {}),
    ...(gpus > 1 && parallelOf(name) === "fsdp" && /offload/u.test(`${name} ${note}`) ? { cpuOffload: true } : {}),
    measure: measureOf(point.metric),
  };
}

/** Sources call a method by its objective too: then the rank and the storage say which it is. */
function methodOf(method: string, point: Point): TrainingRunInput["method"] {
  const packed = point.quant != null && storageOf(storageNamed(point.quant)).packed === true;
  if (/qlora|4-?bit/u.test(method)) return "qlora";
  if (/lora|dora/u.test(method) || (point.rank != null && /dpo|orpo|kto|sft|tun/u.test(method))) return packed ? "qlora" : "lora";
  if (/full|pretrain/u.test(method) || (point.rank == null && /dpo|orpo|kto|sft|tun/u.test(method))) return "full";
  throw new ComputeError("method", `"${point.method}" is not known; known are LoRA, QLoRA, LoRA(emb), full and inference`);
}

/** A storage as sources call it, with what packed it. @throws ComputeError for one that is not known */
function storageNamed(text: string): StorageName {
  try {
    return parseStorage(text);
  } catch (error) {
    const found = LOOSE_NAMES.find(([pattern]) => pattern.test(text));
    if (!found) throw error;
    return found[1];
  }
}

const LOOSE_NAMES: readonly (readonly [RegExp, StorageName])[] = [
  [/nf4.*(?:dq|double)/iu, "nf4-dq"],
  // HQQ with groups of 64 and FP4 take as many bytes.
  [/nf4|fp4|hqq/iu, "nf4"], [/gptq.*8|8.*gptq/iu, "gptq-int8"], [/gptq|autoround/iu, "gptq-int4"], [/awq/iu, "awq-int4"],
  [/bnb.*4|4-?bit/iu, "nf4-dq"], [/int8|8-?bit/iu, "int8"], [/fp8/iu, "fp8"], [/bf16|bfloat16/iu, "bf16"], [/fp16|float16/iu, "fp16"], [/fp32|float32/iu, "fp32"],
];

function targetsOf(targets: Point["target_modules"]): string[] {
  if (Array.isArray(targets)) return targets;
  if (/vision/iu.test(targets ?? "")) return ["all-linear", "vision-linear"];
  return targets == null || /all/iu.test(targets) ? ["all-linear"] : targets.split(/[\s,+]+/u);
}

function frameworkOf(name: string, method: string, quant: string): FrameworkName {
  if (/llama-?factory/u.test(name)) return name.includes("unsloth") ? "llama-factory-unsloth" : "llama-factory";
  if (name.includes("unsloth")) return "unsloth";
  if (name.includes("torchtune")) return "torchtune";
  if (/lit-?gpt|lightning/u.test(name)) return "litgpt";
  if (name.includes("trl")) return "trl";
  // Qwen's scripts of 2023 run Q-LoRA and full training under DeepSpeed, LoRA without.
  if (name.includes("deepspeed")) return method.includes("full") || /gptq/iu.test(quant) ? "deepspeed-2023" : "transformers-2023";
  if (name === "transformers+peft") return "peft-loop";
  return "transformers";
}

function lengthOf(point: Point, note: string): { tokens: number; cap: boolean } {
  if (point.seq == null) {
    const known = LONGEST_ROWS.find(({ dataset }) => dataset.test(note));
    if (!known) throw new ComputeError("seq", "must be given: the tokens of a padded row");
    return { tokens: known.tokens, cap: true };
  }
  const kind = (point.seq_kind ?? "exact").toLowerCase();
  if (/close to cap/u.test(kind)) return { tokens: Math.round(point.seq * CLOSE_TO_CAP), cap: false };
  if (!kind.startsWith("cap") || /packing=true/u.test(note)) return { tokens: point.seq, cap: false };
  const known = LONGEST_ROWS.find(({ dataset }) => dataset.test(note));
  return { tokens: Math.min(point.seq, known?.tokens ?? point.seq), cap: true };
}

/** A T4 computes in fp16 whatever the weights are called, and its context is small. */
function turingOnly(gpu: string | null | undefined): boolean {
  return /\bt4\b/iu.test(gpu ?? "");
}

function optimizerOf(text: string): OptimizerName {
  const name = text.toLowerCase();
  if (name.includes("paged")) return "paged-adamw-8bit";
  if (/8-?bit/u.test(name)) return "adamw-8bit";
  if (name.includes("adafactor")) return "adafactor";
  if (name.includes("lion")) return "lion";
  if (name.includes("sgd")) return name.includes("momentum") ? "sgd-momentum" : "sgd";
  if (name.includes("fused")) return "adamw-fused";
  if (name.includes("adam")) return "adamw";
  throw new ComputeError("optimizer", `"${text}" is not known`);
}

function checkpointingOf(value: string | boolean | null | undefined, framework: FrameworkName): Checkpointing {
  const text = String(value ?? (FRAMEWORKS[framework].checkpoints === "offload" ? "offload" : "false")).toLowerCase();
  if (text.includes("unsloth") || text.includes("offload")) return "offload";
  if (!/^(?:true|yes|layer|full|hf)/u.test(text)) return "none";
  return "layer";
}

/** torchtune's recipes cut the head into chunks since October 2024; its table of optimisations says where. */
function chunksHead(text: string): boolean {
  return text.includes("where stated") ? text.includes("chunked ce") : !text.includes("baseline");
}

/** Whether each weight is moved in the backward pass. torchtune's recipes for one card that page the optimiser do so unsaid. */
function stepsInBackward({ optimizer }: Point, framework: FrameworkName, gpus: number, text: string): boolean {
  const said = `${optimizer ?? ""} ${text}`.toLowerCase();
  if (framework === "torchtune" && gpus === 1 && /paged/iu.test(optimizer ?? "")) return true;
  return /optim\w*[ _-](?:step[ _-])?in(?:to)?[ _-](?:bwd|backward)|(?:in|fused)[ _-]bwd|step into backward/u.test(said);
}

function parallelOf(name: string): Parallel {
  if (name.includes("ddp")) return "ddp";
  if (/zero-?3/u.test(name)) return "zero3";
  if (/zero-?2/u.test(name)) return "zero2";
  if (/zero-?1/u.test(name)) return "zero1";
  return name.includes("fsdp") ? "fsdp" : "ddp";
}
