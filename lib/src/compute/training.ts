import { bandOf } from "./band.js";
import { FRAMEWORKS, OPTIMIZERS, type Framework, type LayerBytes } from "./frameworks.js";
import { contextOf } from "./gpus.js";
import { adaptsVision, countLora, countParameters, linearSizes, resolveTargets, LINEARS } from "./parameters.js";
import { present, sumOf, totalBytes, type MemoryPlan, type Term } from "./plan.js";
import { storageOf } from "./storage.js";
import { checkTrainingRun, type TrainingRun, type TrainingRunInput } from "./training-run.js";
import { weightTerms } from "./weights.js";

/** The parts of a step of which one is the highest. */
type Phase = "loss" | "backward" | "end" | "step";
const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  loss: "end of the forward pass, at the loss", backward: "backward pass, one layer recomputed",
  end: "end of the backward pass, at the first layer", step: "optimiser's step",
};

/**
 * Plans the memory of a training run: what lies on one card at the worst moment, term by term.
 *
 * Four moments are computed (at the loss, in the backward pass's first and last layer, in the optimiser's step); the plan is the
 * highest of them.
 *
 * @param input - the run; see {@link TrainingRunInput}. `sequence` is the real padded length
 * @returns bytes, with a band that the published measurements fall into nine times of ten
 * @throws ComputeError for a field that is wrong or does not go with another
 */
export function planTraining(input: TrainingRunInput): MemoryPlan {
  return planRun(checkTrainingRun(input));
}

/** {@link planTraining} of a run that is checked already. */
export function planRun(run: TrainingRun): MemoryPlan {
  const framework: Framework = FRAMEWORKS[run.framework];
  const plans = (["loss", "backward", "end", "step"] as const).map((phase) => {
    const terms = phaseTerms(run, framework, phase);
    return { phase, terms, bytes: totalBytes(terms) };
  }).sort((a, b) => b.bytes - a.bytes);
  const [worst] = plans as [typeof plans[number], ...typeof plans];
  const band = bandOf(run, worst.terms);
  return {
    kind: "training",
    peakBytes: worst.bytes, lowBytes: worst.bytes * (1 - band.low), highBytes: worst.bytes * (1 + band.high),
    terms: worst.terms,
    phase: PHASE_NAMES[worst.phase],
    phases: plans.map(({ phase, bytes }) => ({ name: PHASE_NAMES[phase], bytes })),
    measure: run.measure,
    notes: run.notes,
  };
}

/** Parts of the model that a strategy divides among the cards. */
function shares({ parallel, gpus, cpuOffload }: TrainingRun): { weights: number; gradients: number; states: number } {
  const part = 1 / gpus;
  return {
    weights: parallel === "zero3" || parallel === "fsdp" ? (cpuOffload ? 0 : part) : 1,
    gradients: parallel === "zero2" || parallel === "zero3" || parallel === "fsdp" ? part : 1,
    states: parallel === "none" || parallel === "ddp" ? 1 : part,
  };
}

function phaseTerms(run: TrainingRun, framework: Framework, phase: Phase): Term[] {
  const { shape } = run;
  const share = shares(run);
  const weights = weightTerms(shape, run.storage, {
    upcast: run.prepared, packsHead: framework.packsHead ?? false, share: share.weights, sharing: run.parallel,
    ...(run.method === "full" ? { trained: fullCost(run, framework).weight } : {}),
  });
  const copies = run.objective === "dpo" && run.reference === "separate"
    ? [{ ...sumOf("reference", "reference model", weightTerms(shape, run.storage, { packsHead: framework.packsHead ?? false, share: share.weights, sharing: run.parallel })) }] : [];
  const trained = trainedTerms(run, framework, phase, share);
  const activations = activationTerms(run, framework, phase);
  const gathered = run.parallel === "fsdp" || run.parallel === "zero3" ? gatheredLayer(run) : undefined;
  const dynamic = totalBytes(gathered ? [...activations, gathered] : activations);
  return present([
    sumOf("weights", "weights", weights), ...copies,
    trained.length > 0 && sumOf("training", "what trains", trained),
    activations.length > 0 && sumOf("activations", "activations", activations),
    gathered, ddpBuckets(run), ...overheadTerms(run, framework, dynamic, phase),
  ]);
}

/** Full training with fp32 weights keeps everything in fp32, and computes in 16 bits by autocast. */
function fullCost(run: TrainingRun, framework: Framework): Framework["full"] {
  return run.storage === "fp32" ? { weight: 4, gradient: 4, master: 0, states16: false, step: 4, formula: "fp32 weight 4 + gradient 4, states in fp32; foreach temporaries 4 in the step" } : framework.full;
}

/** What an optimiser's states are called, where those that follow the weights have `bits` bits. */
function statesIn(bits: 16 | 32, { formula, follows }: { formula: string; follows: boolean }): string {
  return follows && bits === 16 ? formula.replace("fp32", "16-bit") : formula;
}

function trainedTerms(run: TrainingRun, framework: Framework, phase: Phase, share: { gradients: number; states: number }): Term[] {
  const { shape } = run;
  const optimizer = OPTIMIZERS[run.optimizer];
  const source = `${framework.title}: profile in lib/src/compute/frameworks.ts`;
  if (run.method === "full") {
    const count = countParameters(shape).total;
    const full = fullCost(run, framework);
    const state = optimizer.state * (full.states16 && optimizer.follows ? 0.5 : 1) + full.master;
    // Gradients come layer by layer, and stay between the parts of an accumulated batch.
    const gradients = !run.stepInBackward && (phase === "end" || phase === "step" || run.accumulation > 1);
    // The head's gradient is there before any layer's, and once more while that of the next part is added.
    const head = !gradients && phase === "loss" && isHeadChunked(run, framework);
    const words = shape.vocab * shape.hidden;
    return present([
      head && { id: "head", label: "gradient of the head, added up part by part", bytes: 2 * words * full.gradient, formula: `2 × ${words} × ${full.gradient}`, source },
      gradients && { id: "gradients", label: "gradients", bytes: count * full.gradient * share.gradients, formula: `${count} × ${full.gradient}${times(share.gradients)}`, source },
      !outsidePool(run) && { id: "states", label: "optimiser's states", bytes: count * state * share.states, formula: `${count} × ${round(state)}${times(share.states)}: ${statesIn(full.states16 ? 16 : 32, optimizer)}${full.master > 0 ? " + fp32 master" : ""}`, source },
      phase === "step" && optimizer.temporaries === "tensor" && largestTensor(run),
      phase === "step" && optimizer.temporaries === "all" && { id: "step", label: "temporaries of the step", bytes: count * full.step * share.states, formula: `${count} × ${full.step}${times(share.states)}`, source },
    ]);
  }
  const count = countLora(shape, run.rank, run.targets);
  const { weight, gradient, step, cached, formula } = (storageOf(run.storage).packed ? framework.packedAdapter : undefined) ?? framework.adapter;
  const state = optimizer.state * (weight < 4 && optimizer.follows ? 0.5 : 1);
  const temporaries = phase === "step" && optimizer.temporaries === "all" ? step : 0;
  const own = weight + gradient + cached + temporaries;
  const terms: Term[] = [
    { id: "adapters", label: "adapters and their gradients", bytes: count * own, formula: `${count} × ${own}: ${formula}${temporaries > 0 ? ` + foreach temporaries ${temporaries}` : ""}`, source },
    { id: "states", label: "optimiser's states", bytes: outsidePool(run) ? 0 : count * state * share.states, formula: `${count} × ${round(state)}${times(share.states)}: ${statesIn(weight < 4 ? 16 : 32, optimizer)}`, source },
  ];
  if (run.trainEmbeddings) {
    const words = shape.vocab * shape.hidden * (shape.tied ? 1 : 2);
    const bytes = phase === "step" ? framework.savedModule.step : framework.savedModule.loss;
    terms.push({ id: "embeddings", label: "trained copies of embedding and head", bytes: words * bytes, formula: `${words} × ${bytes}`, source });
  }
  return present(terms);
}

/** Paged states come from CUDA's managed memory: on the card while there is room, and in none of PyTorch's own figures. */
const outsidePool = ({ optimizer, measure }: TrainingRun): boolean => optimizer === "paged-adamw-8bit" && measure !== "process";

/** Adafactor goes tensor by tensor, in fp32: four copies of a 16-bit tensor, two more of one that is fp32 already. */
function largestTensor(run: TrainingRun): Term {
  const words = Math.max(run.shape.vocab, run.shape.ffn) * run.shape.hidden;
  const bytes = run.storage === "fp32" ? 8 : 16;
  return { id: "step", label: "temporaries of the step, for one tensor", bytes: words * bytes, formula: `${words} × ${bytes}`, source: "live tensors of an Adafactor step (tests/bench/gpu-memory)" };
}

/** What the layers keep, one layer's recomputation, and the logits. */
function activationTerms(run: TrainingRun, framework: Framework, phase: Phase): Term[] {
  if (phase === "step") return [];
  if (phase === "end") return run.method === "full" ? firstLayer(run, framework) : [];
  const { shape } = run;
  // DPO runs the chosen and the rejected answer of each row in one batch.
  const rows = run.batch * (run.objective === "dpo" ? 2 : 1);
  const tokens = rows * run.sequence;
  const layer = layerTerm(run, framework, tokens);
  const logits = logitTerm(run, framework, tokens);
  const width = (run.prepared || run.compute === "fp32" ? 4 : 2) * shape.hidden;
  if (run.checkpointing === "none") {
    const layers: Term = { ...layer, id: "layers", label: "kept by all layers", bytes: layer.bytes * shape.layers, formula: `${shape.layers} × ${layer.formula}` };
    // Going back, the gradient of the logits is gone when the layers' gradients come.
    return phase === "loss" ? [layers, logits] : [layers];
  }
  const kept = run.checkpointing === "offload" ? 2 : shape.layers;
  const checkpoints: Term = {
    id: "checkpoints", label: run.checkpointing === "offload" ? "inputs of the layers on the way to RAM" : "inputs of the layers",
    bytes: kept * width * tokens, formula: `${kept} × ${width} × ${tokens}`, source: "Chen et al. 2016, https://arxiv.org/abs/1604.06174",
  };
  if (phase === "loss") return [checkpoints, logits];
  const vision = visionLayer(run, rows);
  return [checkpoints, vision && vision.bytes > layer.bytes ? vision : layer];
}

/** What is left of the activations when the backward pass has come to the first layer. */
function firstLayer(run: TrainingRun, framework: Framework): Term[] {
  const tokens = run.batch * (run.objective === "dpo" ? 2 : 1) * run.sequence;
  return [{ ...layerTerm(run, framework, tokens, true), label: "the first layer" }];
}

/** A layer of the vision tower going back, where it trains: its images are many tokens. */
function visionLayer(run: TrainingRun, rows: number): Term | undefined {
  const { vision } = run.shape;
  if (!vision || run.method === "full" || !adaptsVision(run.targets)) return undefined;
  const perToken = 22 * vision.hidden + 8 * vision.ffn;
  return {
    id: "vision", label: "one layer of the vision tower recomputed", bytes: perToken * vision.tokens * rows,
    formula: `${perToken} × ${vision.tokens} × ${rows}`, source: "LayerNorms in fp32, q, k, v and result, the feed-forward network's input and activation",
  };
}

/** @param goesBack the layer's gradients are there too, not only what it keeps */
function layerTerm(run: TrainingRun, framework: Framework, tokens: number, goesBack = run.checkpointing !== "none"): Term {
  const { shape } = run;
  const packed = storageOf(run.storage).packed === true;
  const counts: LayerBytes = run.compile && framework.compiledLayer ? framework.compiledLayer[run.method === "full" ? "full" : "adapter"]
    : run.method === "full" ? framework.fullLayer
      : packed && framework.packedLayer ? framework.packedLayer : framework.adapterLayer;
  const query = shape.heads * shape.headDim;
  const key = shape.kvHeads * shape.headDim;
  const wide = run.compute === "fp32" ? 2 : 1;
  let bytes = counts.hidden * shape.hidden + counts.query * query + counts.key * key + counts.ffn * shape.ffn;
  if (run.method !== "full") {
    const sizes = linearSizes(shape);
    const adapted = new Set(resolveTargets(run.targets).flat());
    const per = packed ? Math.min(framework.adapterInput, 0.5) : framework.adapterInput;
    for (const name of LINEARS) if (!adapted.has(name)) bytes -= (name === "down_proj" ? Math.min(per, 2) : per) * sizes[name].input;
  }
  const scores = run.attention === "eager" ? eagerBytes(run, goesBack) * shape.heads * run.sequence : 0;
  const perToken = (bytes + scores) * wide;
  return {
    id: "layer", label: "one layer recomputed", bytes: perToken * tokens,
    formula: `${Math.round(perToken)} × ${tokens}`, source: `${counts.source}${scores > 0 ? "; eager attention keeps its scores" : ""}`,
  };
}

/**
 * Bytes for each attention score: kept for later, the softmax in fp32 and its 16-bit copy; in a layer that
 * goes back, their gradients too, and wider ones where the stream is fp32. Measured on a T4 (datasets/gpu-memory).
 */
function eagerBytes(run: TrainingRun, goesBack: boolean): number {
  if (!goesBack) return 7;
  return run.prepared ? 18 : 15;
}

function logitTerm(run: TrainingRun, framework: Framework, tokens: number): Term {
  const { vocab } = run.shape;
  const { headChunk } = framework;
  const logits = (run.objective === "dpo" ? framework.dpoLogits : undefined)
    ?? (run.prepared ? { bytes: 16, formula: "fp32 logits 4 + shifted copy 4 + log-softmax 4 + its gradient 4" } : framework.logits);
  const source = `${framework.title}: profile in lib/src/compute/frameworks.ts`;
  if (headChunk !== undefined && isHeadChunked(run, framework)) {
    const tile = headChunk.tokens > 0
      ? Math.min(tokens, headChunk.tokens) * Math.min(vocab, headChunk.words)
      : Math.ceil(tokens / 8) * vocab;
    // A compiled loss writes no fp32 copy.
    const each = run.compile ? 0 : headChunk.bytes;
    const bytes = tile * each + tokens * vocab * headChunk.keptBytes;
    return { id: "logits", label: "logits and their gradient, in parts", bytes, formula: `${tile} × ${each} + ${tokens} × ${vocab} × ${headChunk.keptBytes}`, source };
  }
  return { id: "logits", label: "logits and their gradient", bytes: tokens * vocab * logits.bytes, formula: `${tokens} × ${vocab} × ${logits.bytes}: ${logits.formula}`, source };
}

/** Whether the head and the loss run over a part of the tokens at a time. */
function isHeadChunked(run: TrainingRun, { headChunk }: Framework): boolean {
  return headChunk !== undefined && (run.chunkedHead ?? headChunk.byDefault);
}

/** A sharded layer is put together before it computes; the next one comes while it does. */
function gatheredLayer(run: TrainingRun): Term {
  const count = countParameters(run.shape);
  const per = (count.attention + count.feedForward) / run.shape.layers;
  const bytes = 2 * per * storageOf(run.storage).bytes + (count.embedding + count.head) * 2 * (1 - 1 / run.gpus);
  return { id: "gathered", label: "layers put together from all cards", bytes, formula: `2 × ${Math.round(per)} × ${round(storageOf(run.storage).bytes)} + embedding and head`, source: "FSDP's prefetch of one layer (https://docs.pytorch.org/docs/stable/fsdp.html)" };
}

function ddpBuckets(run: TrainingRun): Term | undefined {
  if (run.parallel !== "ddp" || run.gpus === 1) return undefined;
  const count = run.method === "full" ? countParameters(run.shape).total : countLora(run.shape, run.rank, run.targets);
  const bytes = count * (run.method === "full" ? 2 : 4);
  return { id: "buckets", label: "DDP's gradient buckets", bytes, formula: `${count} × ${bytes / count}`, source: "PyTorch DistributedDataParallel keeps gradients a second time" };
}

/** Unpacked weights, the allocator's unused blocks and the CUDA context, as far as the measure counts them. */
function overheadTerms(run: TrainingRun, framework: Framework, dynamic: number, phase: Phase): Term[] {
  const { shape } = run;
  const storage = storageOf(run.storage);
  const largest = Math.max(shape.hidden * shape.ffn, framework.packsHead ? shape.hidden * shape.vocab : 0);
  // Attention scores and 16-bit tensors among fp32 ones are blocks of many sizes, and leave more behind.
  const slackShare = run.emptiesCache ? 0.02 : Math.round((framework.slack.share + (run.attention === "eager" ? 0.16 : 0) + (run.prepared ? 0.05 : 0)) * 100) / 100;
  const context = contextOf(run.gpu);
  return present([
    // At the loss nothing is unpacked unless the head is, but the allocator still holds the block.
    storage.packed === true && (phase === "backward" || framework.packsHead === true || run.measure !== "allocated") && { id: "unpacked", label: "a packed matrix unpacked, forward and back", bytes: 2 * 2 * largest, formula: `2 × 2 × ${largest}`, source: "bitsandbytes unpacks a whole matrix for a product" },
    run.measure !== "allocated" && {
      id: "slack", label: "blocks held by the allocator", bytes: dynamic * slackShare + framework.slack.bytes,
      formula: `${slackShare} × ${Math.round(dynamic)} + ${Math.round(framework.slack.bytes)}`, source: framework.slack.source,
    },
    run.measure === "process" && { id: "context", label: "CUDA context and kernels", bytes: context.bytes, formula: `${Math.round(context.bytes)}`, source: context.source },
  ]);
}

const times = (share: number): string => share === 1 ? "" : ` × ${round(share)}`;
const round = (value: number): number => Math.round(value * 1000) / 1000;
