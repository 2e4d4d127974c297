import { ComputeError } from "./error.js";
import type { ModelShape } from "./shape.js";

/** The matrices of a layer that LoRA may adapt, by their names in Llama, and what other code calls the same ones. */
export const LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type Linear = (typeof LINEARS)[number];

/** Fused or renamed matrices of other implementations: Qwen (2023), Phi-3, torchtune. A fused matrix gets one adapter of its whole output. */
const OTHER_NAMES: Readonly<Record<string, readonly Linear[]>> = {
  c_attn: ["q_proj", "k_proj", "v_proj"], qkv_proj: ["q_proj", "k_proj", "v_proj"], "attn.c_proj": ["o_proj"],
  output_proj: ["o_proj"], w1: ["up_proj"], w2: ["gate_proj"], "mlp.c_proj": ["down_proj"], gate_up_proj: ["gate_proj", "up_proj"],
};
export type AdapterTarget = string;

/** Adapters on the layers of the vision tower too, beside the text model's. */
export function adaptsVision(targets: readonly AdapterTarget[]): boolean {
  return targets.includes("vision-linear");
}

/** Input and output width of each matrix of a layer. */
export function linearSizes(shape: ModelShape): Record<Linear, { input: number; output: number }> {
  const { hidden, ffn } = shape;
  const query = shape.heads * shape.headDim;
  const key = shape.kvHeads * shape.headDim;
  return {
    q_proj: { input: hidden, output: query }, k_proj: { input: hidden, output: key }, v_proj: { input: hidden, output: key },
    o_proj: { input: query, output: hidden },
    gate_proj: { input: hidden, output: ffn }, up_proj: { input: hidden, output: ffn }, down_proj: { input: ffn, output: hidden },
  };
}

/** Parameters of a model, part by part. */
export interface ParameterCount {
  attention: number;
  feedForward: number;
  /** Normalisations and biases: all that is a vector. */
  vectors: number;
  embedding: number;
  /** 0 where the head is the embedding. */
  head: number;
  /** Vision tower and the like. */
  extra: number;
  total: number;
}

/** Counts a model's parameters. Exact for the families that `shapeOfConfig` knows. */
export function countParameters(shape: ModelShape): ParameterCount {
  const size = linearSizes(shape);
  const of = (name: Linear): number => size[name].input * size[name].output;
  const attention = shape.layers * (of("q_proj") + of("k_proj") + of("v_proj") + of("o_proj"));
  const feedForward = shape.layers * (of("gate_proj") + of("up_proj") + of("down_proj"));
  const biases = shape.qkvBias ? size.q_proj.output + size.k_proj.output + size.v_proj.output : 0;
  const headNorms = shape.qkNorm ? 2 * shape.headDim : 0;
  const vectors = shape.layers * (shape.layerNorms * shape.hidden + biases + headNorms) + shape.hidden;
  const embedding = shape.vocab * shape.hidden;
  const head = shape.tied ? 0 : embedding;
  const extra = shape.extraParameters;
  return { attention, feedForward, vectors, embedding, head, extra, total: attention + feedForward + vectors + embedding + head + extra };
}

/**
 * The matrices that adapter targets stand for.
 *
 * @param targets - names of matrices, `all-linear`, and `vision-linear` for the vision tower's
 * @throws ComputeError for a name that no layer has
 */
export function resolveTargets(targets: readonly AdapterTarget[]): Linear[][] {
  if (targets.length === 0) throw new ComputeError("targets", "must name at least one matrix, or all-linear");
  return targets.flatMap((target): Linear[][] => {
    if (target === "all-linear") return LINEARS.map((name) => [name]);
    if (target === "vision-linear") return [];
    if ((LINEARS as readonly string[]).includes(target)) return [[target as Linear]];
    const group = OTHER_NAMES[target];
    if (group) return [[...group]];
    throw new ComputeError("targets", `"${target}" is no matrix of a layer; there are ${LINEARS.join(", ")}, ${Object.keys(OTHER_NAMES).join(", ")} all-linear and vision-linear`);
  });
}

/**
 * Trainable parameters of LoRA: rank × (input + output) for each adapted matrix (Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1).
 *
 * @throws ComputeError for a target that no layer has
 */
export function countLora(shape: ModelShape, rank: number, targets: readonly AdapterTarget[]): number {
  const sizes = linearSizes(shape);
  const perLayer = resolveTargets(targets).reduce((sum, group) => {
    const input = sizes[group[0] as Linear].input;
    return sum + rank * (input + group.reduce((output, name) => output + sizes[name].output, 0));
  }, 0);
  if (!adaptsVision(targets)) return perLayer * shape.layers;
  if (!shape.vision) throw new ComputeError("targets", `${shape.name} has no vision tower that this library knows; leave vision-linear out`);
  const { layers, hidden, ffn } = shape.vision;
  return perLayer * shape.layers + layers * rank * (4 * (hidden + hidden) + 2 * (hidden + ffn));
}
