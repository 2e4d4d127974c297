import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { InvalidArgumentError, Option, type Command } from "commander";
import {
  CACHE_TYPE_NAMES, CHECKPOINTING, checkTrainingRun, ComputeError, computeShare, countParameters, decodeRate, findGpu, findMildChain, findModel, findRemedies, flattenTerms, FRAMEWORK_NAMES, GIB, HOSTS, judgeFit, MEASURES, OPTIMIZER_NAMES, PARALLEL,
  parseStorage, planHost, planInference, planPoint, planTraining, renderPlan, RUNTIME_NAMES, shapeOfConfig, STORAGE_NAMES, trainingRate,
  type Checkpointing, type FrameworkName, type Gpu, type InferenceInput, type Measure, type MemoryPlan, type ModelShape, type OptimizerName, type Parallel, type Rate, type Remedy, type RuntimeName, type StorageName, type TrainingRunInput,
} from "../compute/index.js";
import { EXIT, EXIT_HELP, CommandError } from "./failure.js";
import { Reporter } from "./output.js";

interface VramOptions {
  stdin?: boolean;
  json?: boolean;
  method: TrainingRunInput["method"] | "inference";
  gpu: string;
  storage?: StorageName;
  sequence: number;
  batch: number;
  rank?: number;
  targets?: string[];
  framework?: FrameworkName;
  optimizer?: OptimizerName;
  checkpointing?: Checkpointing;
  stepInBackward?: boolean;
  attention?: "eager" | "sdpa" | "flash";
  dpo?: boolean;
  reference?: "shared" | "separate";
  gpus?: number;
  parallel?: Parallel;
  runtime?: RuntimeName;
  cache?: NonNullable<InferenceInput["cache"]>;
  measure?: Measure;
  colab?: boolean;
  export?: StorageName[];
}

const HELP = `
Examples:
  llmops vram Llama-3-8B --method qlora --gpu t4 --sequence 2048 --batch 2 --framework unsloth
  llmops vram Qwen2.5-7B --method inference --storage q4_k_m --sequence 8192 --runtime llama.cpp
  llmops vram path/to/config.json --method full --gpu a100-80
  llmops vram --stdin < points.jsonl`;

/** Adds `llmops vram`. */
export function registerVram(program: Command): void {
  program
    .command("vram")
    .description("plan the GPU memory of a training run or of inference, and say whether it fits")
    .argument("[model]", "a model's name, its Hugging Face id, or the path of a config.json")
    .option("--stdin", "plan many: one JSON object a line on standard input (the fields of a published point), one a line on standard output")
    .addOption(new Option("--method <name>", "what to plan").choices(["full", "lora", "qlora", "inference"]).default("qlora"))
    .option("--gpu <name>", "the card: t4, l4, a100-40, rtx-3090, …", "t4")
    .option("--storage <type>", `how the weights are stored: ${STORAGE_NAMES.join(", ")}`, (text) => storage(text, "--storage"))
    .option("--sequence <tokens>", "tokens of a padded row; of inference, prompt and answer together", wholeNumber, 2048)
    .option("--batch <rows>", "rows of a batch", wholeNumber, 1)
    .option("--rank <r>", "LoRA's rank (default: 16)", wholeNumber)
    .option("--targets <names>", "matrices that get adapters, with commas between (default: all of the layers')", (text) => text.split(","))
    .addOption(new Option("--framework <name>", "the training code (default: transformers)").choices(FRAMEWORK_NAMES))
    .addOption(new Option("--optimizer <name>", "(default: adamw)").choices(OPTIMIZER_NAMES))
    .addOption(new Option("--checkpointing <way>", "(default: layer)").choices(CHECKPOINTING))
    .option("--step-in-backward", "full training that moves each weight as soon as its gradient is there")
    .addOption(new Option("--attention <way>", "(default: sdpa)").choices(["eager", "sdpa", "flash"]))
    .option("--dpo", "preference training: chosen and rejected answers in one batch")
    .addOption(new Option("--reference <where>", "DPO's reference model (default: shared, but separate for full training)").choices(["shared", "separate"]))
    .option("--gpus <number>", "cards of this kind (default: 1)", wholeNumber)
    .addOption(new Option("--parallel <way>", "how several cards share the work (default: ddp)").choices(PARALLEL))
    .addOption(new Option("--runtime <name>", "of inference (default: transformers)").choices(RUNTIME_NAMES))
    .addOption(new Option("--cache <type>", "of the key-value cache (default: fp16)").choices(CACHE_TYPE_NAMES))
    .addOption(new Option("--measure <what>", "what to count (default: process, as nvidia-smi)").choices(MEASURES))
    .option("--colab", "hold RAM and disk of a free Colab against it too")
    .option("--export <types>", "with --colab: merge at the end and write these, with commas between (fp16, q4_k_m, …)", (text) => text.split(",").map((name) => storage(name, "--export")))
    .option("--json", "print one JSON document; it has the rate and the parameters too")
    .addHelpText("after", `${HELP}\n${EXIT_HELP}`)
    .action((model: string | undefined, options: VramOptions) => options.stdin ? planLines(model) : planOne(model, options));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("it must be a whole number of at least 1.");
  return value;
}

function storage(text: string, option: string): StorageName {
  try {
    return parseStorage(text, option);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message.replace(`${option}: `, ""));
  }
}

async function planOne(model: string | undefined, options: VramOptions): Promise<void> {
  if (model === undefined) throw new CommandError("name a model, or give --stdin with one JSON object a line");
  if (options.export && !options.colab) throw new CommandError("--export is about RAM and disk: give --colab with it");
  const reporter = new Reporter(options);
  const shape = readShape(model);
  const gpu = findGpu(options.gpu);
  const training = options.method === "inference" ? undefined : trainingInput(shape, options);
  const plan = training ? planTraining(training) : planInference(inferenceInput(shape, options));
  const verdict = judgeFit(plan, gpu.usableBytes, gpu.name);
  const remedies = training ? findRemedies(training, gpu) : [];
  const together = training ? findMildChain(training, gpu) : [];
  // Packed checkpoints are on the Hub for QLoRA; everything else is downloaded at 16 bits.
  const host = options.colab ? planHost(shape, options.method === "qlora" ? "nf4-dq" : options.storage ?? "fp16", options.export ?? [], HOSTS["colab-free"]) : undefined;
  const rate = training ? rateOfTraining(shape, gpu, training) : decodeRate(shape, options.storage ?? "fp16", gpu, { context: options.sequence, batch: options.batch, ...given({ cache: options.cache }) });
  await reporter.result(
    { model: shape.name, gpu: gpu.name, parameters: countParameters(shape).total, usable_gib: gpu.usableBytes / GIB, ...summary(plan), fits: verdict.fits, verdict: verdict.sentence, phases: plan.phases, notes: plan.notes, tokens_per_second: rate, share_of_compute: computeShare(gpu),
      tree: plan.terms, remedies: remedies.map(remedyJson), together: together.map(remedyJson), ...(host ? { host } : {}) },
    () => describe(shape, plan, verdict.sentence, verdict.fits === "yes", remedies, together, gpu, host),
  );
}

/** Of one card. */
function rateOfTraining(shape: ModelShape, gpu: Gpu, input: TrainingRunInput): Rate {
  const { method, sequence, checkpointing } = checkTrainingRun(input);
  return trainingRate(shape, gpu, { sequence, frozen: method !== "full", recompute: checkpointing !== "none" });
}

function describe(
  shape: ModelShape, plan: MemoryPlan, verdict: string, fits: boolean, remedies: readonly Remedy[], together: readonly Remedy[], gpu: Gpu, host: ReturnType<typeof planHost> | undefined,
): string {
  const lines = [renderPlan(plan), "", `${shape.name} ${verdict}`, ...plan.notes.map((note) => `note: ${note}`)];
  const chained = remedies.length > 1 && !remedies[0]?.fits;
  if (remedies.length > 0) lines.push("", chained ? "No change alone is enough; these together are:" : "Any one of these makes it fit:");
  lines.push(...remedies.map(remedyLine));
  if (together.length > 0) lines.push("", "Or these together, and nothing of the task is given up:", ...together.map(remedyLine));
  if (!fits && remedies.length === 0 && plan.kind === "training") lines.push("", `Nothing that this command knows makes it fit on one ${gpu.name}.`);
  if (host) lines.push("", ...(host.fits ? [`Colab: ${(host.ramBytes / GIB).toFixed(1)} GiB of RAM and ${(host.diskBytes / GIB).toFixed(1)} GiB of disk are enough`] : host.problems));
  return lines.join("\n");
}

const remedyLine = ({ sentence, savedBytes, plan }: Remedy): string => `  ${sentence} (saves ${(savedBytes / GIB).toFixed(2)} GiB, then ${(plan.peakBytes / GIB).toFixed(2)} GiB)`;
const remedyJson = ({ field, sentence, savedBytes, fits }: Remedy): object => ({ field, sentence, saved_gib: savedBytes / GIB, fits });

function readShape(model: string): ModelShape {
  if (!model.endsWith(".json")) return findModel(model).shape;
  let text: string;
  try {
    text = readFileSync(model, "utf8");
  } catch (error) {
    throw new CommandError(`${model}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}); give the path of a model's config.json`);
  }
  try {
    return shapeOfConfig(JSON.parse(text), model);
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandError(`${model}: is no JSON (${error.message})`);
    throw error;
  }
}

function trainingInput(model: ModelShape, options: VramOptions): TrainingRunInput {
  const { storage: stored, rank, targets, framework, optimizer, checkpointing, stepInBackward, attention, reference, gpus, parallel, measure } = options;
  return {
    model, method: options.method as TrainingRunInput["method"], sequence: options.sequence, batch: options.batch, gpu: options.gpu,
    ...(options.dpo ? { objective: "dpo" as const } : {}),
    ...given({ storage: stored, rank, targets, framework, optimizer, checkpointing, stepInBackward, attention, reference, gpus, parallel, measure }),
  };
}

function inferenceInput(model: ModelShape, options: VramOptions): InferenceInput {
  const { storage: stored, runtime, cache, measure } = options;
  return { model, context: options.sequence, batch: options.batch, gpu: options.gpu, ...given({ storage: stored, runtime, cache, measure }) };
}

/** Only what was given: a default is the planner's. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function summary(plan: MemoryPlan): { peak_gib: number; low_gib: number; high_gib: number; terms: Record<string, number> } {
  const gib = (bytes: number): number => Math.round((bytes / GIB) * 10_000) / 10_000;
  return {
    peak_gib: gib(plan.peakBytes), low_gib: gib(plan.lowBytes), high_gib: gib(plan.highBytes),
    terms: Object.fromEntries(Object.entries(flattenTerms(plan.terms)).map(([name, bytes]) => [name, gib(bytes)])),
  };
}

/** A line that cannot be planned gets an answer that says why; the others are planned all the same. */
async function planLines(model: string | undefined): Promise<void> {
  if (model !== undefined) throw new CommandError("--stdin takes the model of each line; leave the argument out");
  const reporter = new Reporter({});
  let line = 0;
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    line++;
    if (text.trim() === "") continue;
    let id: unknown = null;
    try {
      const value: unknown = JSON.parse(line === 1 ? text.replace(/^\uFEFF/u, "") : text);
      id = (value as { id?: unknown } | null)?.id ?? null;
      await reporter.print(JSON.stringify({ id, ...summary(planPoint(value)) }));
    } catch (error) {
      if (!(error instanceof ComputeError) && !(error instanceof SyntaxError)) throw error;
      process.exitCode = EXIT.rejected;
      const message = error instanceof SyntaxError ? `is no JSON: ${error.message}` : error.message;
      await reporter.print(JSON.stringify({ id, error: { line, ...(error instanceof ComputeError ? { field: error.field } : {}), message } }));
    }
  }
  if (line === 0) throw new CommandError("standard input is empty; give one JSON object a line");
}
