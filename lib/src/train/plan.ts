/** A recipe's memory on the machine that is to run it, and the changes that make it fit. */
import { ComputeError, findGpu, findMildChain, findRemedies, GIB, judgeFit, planTraining, countLora, type Gpu, type MemoryPlan, type ModelShape, type Remedy, type Term, type TrainingRunInput, type Verdict } from "../compute/index.js";
import type { RuntimeFacts } from "../pair/index.js";
import { RecipeError } from "./error.js";
import { completeRecipe, type TrainingRecipe } from "./recipe.js";

/** What a recipe runs on. */
export interface Target {
  /** For sentences. */
  name: string;
  gpu: Gpu | undefined;
  usableBytes: number;
}

/** What Python holds with PyTorch, Transformers, TRL and PEFT loaded: the peak of a run on a model of 41,568 parameters, Linux, PyTorch 2.13 for CPUs, 2026-11. */
const PROCESS_BYTES = 0.48 * GIB;
/**
 * What PyTorch holds on a CPU beside the activations that a card would hold, as a share of these: of the tiny model with rows of 232
 * tokens, 0.96 at 4 rows, 1.05 at 8 and 1.06 at 16, PyTorch 2.13 and TRL 1.16, 2026-11.
 */
const CPU_ACTIVATIONS = 1.05;
/** Of a machine's memory, what others use and the system keeps. */
const HOST_SHARE = 0.8;

/** The card by its name, e.g. `t4`; what a runtime said of itself; or this many bytes of a machine without a card. */
export function targetOf(machine: string | RuntimeFacts | { memoryBytes: number }): Target {
  if (typeof machine === "string") {
    const gpu = findGpu(machine);
    return { name: gpu.name, gpu, usableBytes: gpu.usableBytes };
  }
  if ("gpu" in machine && machine.gpu !== null) {
    const gpu = findGpu(machine.gpu.name);
    return { name: gpu.name, gpu, usableBytes: Math.min(gpu.usableBytes, machine.gpu.memory_bytes) };
  }
  const bytes = "memoryBytes" in machine ? machine.memoryBytes : machine.memory_bytes;
  return { name: "this machine's CPU", gpu: undefined, usableBytes: bytes === null ? Infinity : bytes * HOST_SHARE };
}

/** A recipe, planned. */
export interface RecipePlan {
  input: TrainingRunInput;
  memory: MemoryPlan;
  target: Target;
  verdict: Verdict;
  /** What makes it fit, the mildest first; empty where it fits. */
  remedies: readonly Remedy[];
}

/**
 * What the trainer will hold, in the words of llmops/compute.
 *
 * @param sequence - tokens of the longest row as it is padded; default: the recipe's limit, which may be far above it
 */
export function toTrainingRun(recipe: TrainingRecipe, shape: string | ModelShape, { gpu }: Target, sequence?: number): TrainingRunInput {
  const packed = recipe.quantisation === "nf4" && gpu !== undefined;
  const usesUnsloth = gpu !== undefined && recipe.backend !== "trl" && recipe.method !== "full";
  const compute = gpu === undefined ? "fp32" : recipe.precision === "auto" ? "fp16" : recipe.precision;
  const checkpointing = recipe.gradientCheckpointing === "offload" && !usesUnsloth ? "layer" : recipe.gradientCheckpointing;
  return {
    model: shape, method: recipe.method === "full" ? "full" : packed ? "qlora" : "lora", compute, ...(packed ? {} : { storage: recipe.method === "full" ? "fp32" as const : compute }),
    ...(recipe.rank === null ? {} : { rank: recipe.rank }), ...(recipe.targets === null ? {} : { targets: [...recipe.targets] }),
    batch: recipe.batch, accumulation: recipe.accumulation, packing: recipe.packing,
    sequence: Math.min(sequence ?? recipe.maxLength, recipe.maxLength), ...(sequence === undefined && !recipe.packing ? { sequenceIsCap: true } : {}),
    optimizer: gpu === undefined ? "adamw" : recipe.optimizer, checkpointing, framework: usesUnsloth ? "unsloth" : "trl",
    ...(gpu === undefined ? { measure: "allocated" as const } : { gpu: gpu.name }),
  };
}

/**
 * Plans a recipe on a machine.
 *
 * @throws RecipeError naming the recipe's field where the machine cannot run it at all; ComputeError for a base that is not known
 */
export function planRecipe(recipe: TrainingRecipe, shape: string | ModelShape, target: Target, sequence?: number): RecipePlan {
  checkMachine(recipe, target);
  const input = toTrainingRun(recipe, shape, target, sequence);
  const memory = withOwnTerms(planTraining(input), recipe, input, target);
  const verdict = judgeFit(memory, target.usableBytes, target.name);
  const budget = target.usableBytes - (memory.peakBytes - planTraining(input).peakBytes);
  return { input, memory, target, verdict, remedies: verdict.fits === "yes" ? [] : remediesOf(input, budget, target) };
}

/** What the trainer refuses on such a machine, said before anything is sent. */
function checkMachine({ quantisation, optimizer, fallback, precision, backend, exports }: TrainingRecipe, { gpu, name }: Target): void {
  if (gpu !== undefined) {
    if (precision === "bf16" && gpu.capability < 8) throw new RecipeError("precision", `is bf16, and ${name} has none (compute capability ${gpu.capability}, 8.0 is needed): set it to fp16`);
    if (quantisation === "nf4" && backend === "trl" && exports.includes("merged")) throw new RecipeError("exports", "has merged, and a packed base cannot take its adapter in without loss: export the adapter, and merge where the unpacked base fits, or train with Unsloth");
    return;
  }
  if (precision === "fp16" || precision === "bf16") throw new RecipeError("precision", `is ${precision}, and ${name} trains in fp32: set it to auto`);
  if (backend === "unsloth") throw new RecipeError("backend", `is unsloth, and ${name} is no CUDA card: set it to auto`);
  if (fallback === "fp32") return;
  if (quantisation === "nf4") throw new RecipeError("quantisation", `is nf4, which needs CUDA and bitsandbytes, and ${name} has neither: set fallback to "fp32" to train the same adapters over the unpacked base, or run it on a T4`);
  if (optimizer !== "adamw") throw new RecipeError("optimizer", `is ${optimizer}, which needs CUDA and bitsandbytes: take adamw, or set fallback to "fp32"`);
}

/** What the planner's profiles do not have: the process on a CPU, and adapters that we turn back into fp32 under TRL. */
function withOwnTerms(plan: MemoryPlan, recipe: TrainingRecipe, input: TrainingRunInput, { gpu }: Target): MemoryPlan {
  const extra: Term[] = [];
  if (gpu === undefined) extra.push({ id: "process", label: "Python with its libraries", bytes: PROCESS_BYTES, formula: "0.48 GiB", source: "measured, PyTorch 2.13 for CPUs" });
  if (gpu === undefined) {
    const activations = plan.terms.find(({ id }) => id === "activations")?.bytes ?? 0;
    extra.push({ id: "cpu-activations", label: "more of them on a CPU", bytes: CPU_ACTIVATIONS * activations, formula: `${CPU_ACTIVATIONS} × ${activations}`, source: "measured, PyTorch 2.13 for CPUs" });
  }
  if (input.framework === "trl" && input.method === "qlora" && recipe.precision !== "bf16" && typeof input.model !== "string") {
    const adapters = countLora(input.model, input.rank ?? 16, input.targets ?? []);
    extra.push({ id: "wide-adapters", label: "adapters, gradients and states in fp32 instead of 16 bits", bytes: 8 * adapters, formula: `8 × ${adapters}`, source: "colab/trainer/model.py" });
  }
  const added = extra.reduce((sum, { bytes }) => sum + bytes, 0);
  const notes = recipe.method === "dora" ? [...plan.notes, "DoRA's lengths of rows, and the norms that it computes in each step, are not in the plan"] : plan.notes;
  return {
    ...plan, notes, terms: [...plan.terms, ...extra], peakBytes: plan.peakBytes + added, lowBytes: plan.lowBytes + added, highBytes: plan.highBytes + added,
    phases: plan.phases.map(({ name, bytes }) => ({ name, bytes: bytes + added })),
  };
}

/** Each is enough alone, the mildest first; or, where none is, all of them together. */
function remediesOf(input: TrainingRunInput, budget: number, { gpu }: Target): Remedy[] {
  // Without CUDA and bitsandbytes the trainer has neither; and checkpoints are in RAM already.
  const allowed = (change: Change): boolean => canApply(change) && (gpu !== undefined || (change.method !== "qlora" && change.optimizer === undefined && change.checkpointing !== "offload"));
  const chain = findMildChain(input, budget, allowed);
  return chain.length > 0 ? chain : findRemedies(input, budget, allowed);
}

/** @throws RecipeError with the verdict and the remedy, unless the whole band of the plan fits */
export function refuseMisfit({ verdict, remedies }: RecipePlan): void {
  if (verdict.fits === "yes") return;
  const [first] = remedies;
  const together = first !== undefined && !first.fits;
  const says = together ? `these together make it fit: ${remedies.map(({ sentence }) => sentence).join("; ")}` : first ? `${first.sentence}` : "nothing that the planner knows makes it fit: take a smaller model or a larger card";
  throw new RecipeError(first ? fieldOf(first.change) : "base", `the run ${verdict.sentence}. ${says[0]?.toUpperCase()}${says.slice(1)}`);
}

type Change = Remedy["change"];

/** Attention is SDPA always, and a smaller model is the student's to choose. */
const canApply = (change: Change): boolean => change.attention === undefined && change.model === undefined;

function fieldOf(change: Change): string {
  const [name] = Object.keys(change).filter((key) => key !== "storage");
  const names: Record<string, string> = { sequence: "maxLength", checkpointing: "gradientCheckpointing" };
  return name === undefined ? "base" : (names[name] ?? name);
}

/** The recipe with a change of the planner's in it. @throws RecipeError for one that a recipe has no field for */
export function applyChange(recipe: TrainingRecipe, change: Change): TrainingRecipe {
  if (!canApply(change)) throw new RecipeError(fieldOf(change), "is no field that a remedy can change in a recipe");
  const { batch, accumulation, checkpointing, optimizer, sequence, rank, method } = change;
  const changed: Record<string, unknown> = {
    ...(batch === undefined ? {} : { batch }), ...(accumulation === undefined ? {} : { accumulation }), ...(checkpointing === undefined ? {} : { gradientCheckpointing: checkpointing }),
    ...(optimizer === "adamw-8bit" || optimizer === "paged-adamw-8bit" ? { optimizer } : {}), ...(sequence === undefined ? {} : { maxLength: sequence }), ...(rank === undefined ? {} : { rank }),
    ...(method === undefined ? {} : { method, quantisation: method === "qlora" ? "nf4" : "none" }),
  };
  const bare = recipe.method === "full" && method !== undefined ? { ...recipe, rank: undefined, alpha: undefined, targets: undefined, dropout: undefined, rslora: undefined } : recipe;
  return completeRecipe({ ...bare, ...changed });
}

/**
 * What to try after memory ran out: a change whose plan, at the upper end of its band, stays under the peak that was planned
 * for the run that failed. Undefined where nothing smaller is left.
 */
export function nextRemedy(recipe: TrainingRecipe, shape: string | ModelShape, target: Target, sequence?: number): { says: string; recipe: TrainingRecipe } | undefined {
  const input = toTrainingRun(recipe, shape, target, sequence);
  const planned = planTraining(input);
  const own = withOwnTerms(planned, recipe, input, target).peakBytes - planned.peakBytes;
  const found = remediesOf(input, Math.min(target.usableBytes - own, planned.peakBytes), target);
  const steps = found[0]?.fits ? found.slice(0, 1) : found;
  if (steps.length === 0) return undefined;
  try {
    return { says: steps.map(({ sentence }) => sentence).join("; "), recipe: steps.reduce((now, { change }) => applyChange(now, change), recipe) };
  } catch (error) {
    if (error instanceof RecipeError || error instanceof ComputeError) return undefined;
    throw error;
  }
}
