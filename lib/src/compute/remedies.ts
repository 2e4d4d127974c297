import { ComputeError } from "./error.js";
import { findGpu, type Gpu } from "./gpus.js";
import { MODELS } from "./models.js";
import { countParameters } from "./parameters.js";
import type { MemoryPlan } from "./plan.js";
import type { ModelShape } from "./shape.js";
import { planRun } from "./training.js";
import { checkTrainingRun, type TrainingRun, type TrainingRunInput } from "./training-run.js";

/** A change that makes a run smaller, and what it saves. */
export interface Remedy {
  /** The field that changes. */
  field: "batch" | "checkpointing" | "stepInBackward" | "attention" | "optimizer" | "sequence" | "rank" | "method" | "model";
  /** What to set it to. */
  change: Partial<TrainingRunInput>;
  sentence: string;
  savedBytes: number;
  /** The plan after it, and all changes before it. */
  plan: MemoryPlan;
  fits: boolean;
}

/** Whether a change can be made where the run is described: not every trainer has a field for each. */
export type Allowed = (change: Remedy["change"]) => boolean;

/** What a run may use: the card's memory, or a number of bytes. */
export type Budget = number | Gpu;

const budgetBytes = (budget: Budget): number => typeof budget === "number" ? budget : budget.usableBytes;

/** Halves down to one. */
function halves(value: number, least: number): number[] {
  const values: number[] = [];
  for (let next = Math.floor(value / 2); next >= least; next = Math.floor(next / 2)) values.push(next);
  return values;
}

/** Where nothing is lost first, then what costs time, then what costs quality. */
function changesOf(run: TrainingRun, input: TrainingRunInput): { field: Remedy["field"]; change: Partial<TrainingRunInput>; sentence: string }[] {
  const changes: ReturnType<typeof changesOf> = [];
  // A step in the backward pass goes with full training of whole batches only.
  const apart = run.stepInBackward ? { stepInBackward: undefined } : {};
  if (run.attention === "eager") changes.push({ field: "attention", change: { attention: "sdpa" }, sentence: "use SDPA: attention scores are not kept" });
  if (run.checkpointing === "none") changes.push({ field: "checkpointing", change: { checkpointing: "layer" }, sentence: `turn on gradient checkpointing: ${run.method === "full" ? "a third" : "up to half"} more time` });
  for (const batch of halves(run.batch, 1)) {
    const accumulation = run.accumulation * Math.ceil(run.batch / batch);
    changes.push({ field: "batch", change: { batch, accumulation, ...apart }, sentence: `set the batch to ${batch} and accumulate ${accumulation} of them: the same update` });
  }
  if (run.checkpointing !== "offload") changes.push({ field: "checkpointing", change: { checkpointing: "offload" }, sentence: "move checkpoints to RAM: some per cent more time" });
  if (run.method === "full" && run.framework === "torchtune" && run.accumulation === 1 && !run.stepInBackward) {
    changes.push({ field: "stepInBackward", change: { stepInBackward: true }, sentence: "move each weight as soon as its gradient is there (optimizer_in_bwd): gradients are not kept" });
  }
  if (run.optimizer === "adamw" || run.optimizer === "adamw-fused") changes.push({ field: "optimizer", change: { optimizer: "adamw-8bit" }, sentence: "use the 8-bit AdamW: a quarter of its states" });
  if (run.method === "full") changes.push({ field: "method", change: { method: "lora", storage: undefined, ...apart }, sentence: `train LoRA adapters of rank ${run.rank} instead of all weights` });
  if (run.method !== "qlora") changes.push({ field: "method", change: { method: "qlora", storage: undefined, ...apart }, sentence: "pack the base in NF4 (QLoRA): a quarter of its bytes, a slower step" });
  for (const sequence of halves(run.sequence, 128)) changes.push({ field: "sequence", change: { sequence }, sentence: `cut rows at ${sequence} tokens: look at what is cut` });
  for (const rank of run.method === "full" && input.rank === undefined ? [] : halves(run.rank, 4)) changes.push({ field: "rank", change: { rank }, sentence: `set the rank to ${rank}: fewer directions to learn in` });
  for (const shape of smallerModels(run.shape)) changes.push({ field: "model", change: { model: shape }, sentence: `take a smaller model: ${shape.name}` });
  return changes;
}

/** Of the same family first, the largest first. */
function smallerModels(shape: ModelShape): ModelShape[] {
  const size = countParameters(shape).total;
  const family = (name: string): string => /^[a-z]+/iu.exec(name)?.[0] ?? name;
  return MODELS.map((model) => model.shape).filter((other) => countParameters(other).total < size && other.extraParameters === 0)
    .sort((a, b) => Number(family(b.name) === family(shape.name)) - Number(family(a.name) === family(shape.name)) || countParameters(b).total - countParameters(a).total)
    .slice(0, 6);
}

/** Without the fields that a change takes back. */
function merge(input: TrainingRunInput, change: Partial<TrainingRunInput>): TrainingRunInput {
  return Object.fromEntries(Object.entries({ ...input, ...change }).filter(([, value]) => value !== undefined)) as unknown as TrainingRunInput;
}

/**
 * The changes that would make a run fit by themselves, in the order to try them; where none does alone, a chain of them.
 * A run that fits has none.
 *
 * @param budget - a card, or bytes
 * @param allowed - which changes can be made at all
 * @throws ComputeError for a run that is wrong
 */
export function findRemedies(input: TrainingRunInput, budget: Budget, allowed: Allowed = () => true): Remedy[] {
  const limit = budgetBytes(budget);
  const run = checkTrainingRun(input);
  const before = planRun(run);
  if (before.highBytes <= limit) return [];
  const alone = changesOf(run, input).filter(({ change }) => allowed(change)).map((entry): Remedy => {
    const plan = planRun(checkTrainingRun(merge(input, entry.change)));
    return { ...entry, plan, savedBytes: before.peakBytes - plan.peakBytes, fits: plan.highBytes <= limit };
  }).filter(({ savedBytes }) => savedBytes > 0);
  const enough = alone.filter(({ fits }) => fits);
  // One way for each field: the mildest that is enough.
  if (enough.length > 0) return enough.filter(({ field }, at) => enough.findIndex((other) => other.field === field) === at);
  return chain(input, before, limit, ({ change }) => allowed(change));
}

/** Changes that give up something of the task: length of rows, capacity, the model. */
const HARSH: ReadonlySet<Remedy["field"]> = new Set(["sequence", "rank", "model"]);

/**
 * Mild changes that together make a run fit, where each that is enough alone gives up something of the task: shorter rows, a
 * lower rank, a smaller model. Empty where a mild change is enough alone, and where no chain of them is.
 *
 * @throws ComputeError for a run that is wrong
 */
export function findMildChain(input: TrainingRunInput, budget: Budget, allowed: Allowed = () => true): Remedy[] {
  const alone = findRemedies(input, budget, allowed);
  if (alone.length === 0 || !alone.every(({ field, fits }) => fits && HARSH.has(field))) return [];
  return chain(input, planRun(checkTrainingRun(input)), budgetBytes(budget), ({ field, change }) => !HARSH.has(field) && allowed(change));
}

/** Changes one on top of the other until it fits, the mildest first; empty when nothing does. */
function chain(input: TrainingRunInput, before: MemoryPlan, limit: number, allowed: (entry: Pick<Remedy, "field" | "change">) => boolean): Remedy[] {
  const steps: Remedy[] = [];
  let current = input;
  let bytes = before.peakBytes;
  for (;;) {
    const run = checkTrainingRun(current);
    const next = changesOf(run, current).filter(allowed).map((entry) => ({ entry, plan: planRun(checkTrainingRun(merge(current, entry.change))) }))
      .find(({ plan }) => plan.peakBytes < bytes * 0.995);
    if (!next) return steps.at(-1)?.fits ? steps : [];
    const { entry, plan } = next;
    // A batch that is halved twice is one change.
    const same = steps.at(-1)?.field === entry.field && (entry.field === "batch" || entry.field === "sequence" || entry.field === "rank" || entry.field === "model") ? steps.pop() : undefined;
    steps.push({ ...entry, plan, savedBytes: bytes - plan.peakBytes + (same?.savedBytes ?? 0), fits: plan.highBytes <= limit });
    if (plan.highBytes <= limit) return steps;
    current = merge(current, entry.change);
    bytes = plan.peakBytes;
  }
}

/** What {@link searchConfiguration} may change; each list the best first. */
export interface SearchSpace {
  models?: readonly (string | ModelShape)[];
  methods?: readonly TrainingRunInput["method"][];
  sequences?: readonly number[];
  batches?: readonly number[];
  ranks?: readonly number[];
  checkpointing?: readonly NonNullable<TrainingRunInput["checkpointing"]>[];
  optimizers?: readonly NonNullable<TrainingRunInput["optimizer"]>[];
}

/** A configuration that fits, with its plan. */
export interface Candidate {
  input: TrainingRunInput;
  plan: MemoryPlan;
}

/**
 * All configurations of a space that fit a budget with their whole band, the best first: models in the order given, then methods,
 * then the longest rows, the least checkpointing, the highest rank and the largest batch.
 *
 * @throws ComputeError for a field that is wrong, or an empty space
 */
export function searchConfigurations(base: TrainingRunInput, space: SearchSpace, budget: Budget | string): Candidate[] {
  const limit = budgetBytes(typeof budget === "string" ? findGpu(budget) : budget);
  const lists: [keyof TrainingRunInput, readonly unknown[]][] = [
    ["model", space.models ?? [base.model]],
    ["method", space.methods ?? [base.method]],
    ["sequence", [...(space.sequences ?? [base.sequence])].sort((a, b) => b - a)],
    ["checkpointing", space.checkpointing ?? [base.checkpointing ?? "layer"]],
    ["rank", [...(space.ranks ?? [base.rank ?? 16])].sort((a, b) => b - a)],
    ["batch", [...(space.batches ?? [base.batch ?? 1])].sort((a, b) => b - a)],
    ["optimizer", space.optimizers ?? [base.optimizer ?? "adamw"]],
  ];
  const empty = lists.find(([, values]) => values.length === 0);
  if (empty) throw new ComputeError(String(empty[0]), "has nothing to choose from");
  const found: Candidate[] = [];
  const walk = (depth: number, chosen: Partial<TrainingRunInput>): void => {
    const list = lists[depth];
    if (!list) {
      const input = merge(base, chosen.method !== undefined && chosen.method !== base.method ? { ...chosen, storage: undefined } : chosen);
      const plan = planRun(checkTrainingRun(input));
      if (plan.highBytes <= limit) found.push({ input, plan });
      return;
    }
    for (const value of list[1]) walk(depth + 1, { ...chosen, [list[0]]: value });
  };
  walk(0, {});
  return found;
}
