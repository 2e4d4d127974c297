import { ComputeError } from "./error.js";
import type { Gpu } from "./gpus.js";
import { cacheBytesPerToken, type CacheType } from "./kv-cache.js";
import { countParameters } from "./parameters.js";
import { totalBytes } from "./plan.js";
import type { ModelShape } from "./shape.js";
import type { StorageName } from "./storage.js";
import { weightTerms } from "./weights.js";

/** A share of the datasheet, from bad to good. */
export interface Share {
  low: number;
  high: number;
}

/**
 * What cards reach of their datasheet in practice; ranges, because it depends on kernels, shapes and drivers.
 *
 * `compute`: operations that the model needs ÷ peak. PaLM reports 46 % (https://arxiv.org/abs/2204.02311), and one card with
 * small batches reaches less. `turing`: 25 LoRA and QLoRA steps of models from 1 billion parameters on a T4 reached
 * 9 to 26 % with SDPA (datasets/gpu-memory; QLoRA the lower half); smaller models spend their time starting kernels and reach 4 to 12 %.
 * `bandwidth`: bytes that must be read ÷ peak.
 */
export const EFFICIENCY = {
  compute: { low: 0.25, high: 0.5 },
  turing: { low: 0.11, high: 0.26 },
  bandwidth: { low: 0.5, high: 0.8 },
} as const;

/** The share of its datasheet's operations that a card reaches. */
export function computeShare(gpu: Gpu): Share {
  return gpu.capability < 8 ? EFFICIENCY.turing : EFFICIENCY.compute;
}

/** A rate with its range. */
export interface Rate {
  low: number;
  high: number;
  /** What limits it. */
  bound: "compute" | "memory";
}

export type Precision = "fp32" | "fp16" | "bf16";

function flopsOf(gpu: Gpu, precision: Precision): number {
  const rate = gpu.flops[precision];
  if (rate === undefined) throw new ComputeError("precision", `${gpu.name} has no ${precision}: use fp16`);
  return rate;
}

/**
 * Operations of a forward pass for one token: 2 for each weight that multiplies, and the attention over the context
 * (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361, table 1).
 *
 * @param context - tokens that this one looks back at
 */
export function forwardFlops(shape: ModelShape, context: number): number {
  const count = countParameters(shape);
  const products = count.attention + count.feedForward + shape.vocab * shape.hidden;
  return 2 * products + 4 * shape.layers * shape.heads * shape.headDim * context;
}

/** Tokens a second of reading a prompt. Bound by compute from some hundred tokens on. */
export function prefillRate(shape: ModelShape, gpu: Gpu, prompt: number, precision: Precision = "fp16"): Rate {
  const perToken = forwardFlops(shape, prompt / 2);
  const peak = flopsOf(gpu, precision) / perToken;
  return { low: peak * computeShare(gpu).low, high: peak * computeShare(gpu).high, bound: "compute" };
}

/**
 * Tokens a second of writing an answer, all rows of a batch together: every step reads the weights once and each row's cache.
 * What a runtime needs besides is not counted: Transformers with bitsandbytes, which unpacks weights first, stays below the range.
 *
 * @param context - tokens in the cache of each row
 */
export function decodeRate(shape: ModelShape, storage: StorageName, gpu: Gpu, options: { context: number; batch?: number; cache?: CacheType; precision?: Precision }): Rate {
  const batch = options.batch ?? 1;
  const weights = totalBytes(weightTerms(shape, storage).filter(({ id }) => id !== "embedding" || shape.tied));
  const bytes = weights + batch * options.context * cacheBytesPerToken(shape, options.cache ?? "fp16");
  const reading = (share: number): number => bytes / (gpu.bandwidth * share);
  const computing = (share: number): number => (batch * forwardFlops(shape, options.context)) / (flopsOf(gpu, options.precision ?? "fp16") * share);
  const step = (level: "low" | "high"): number => Math.max(reading(EFFICIENCY.bandwidth[level]), computing(computeShare(gpu)[level]));
  return { low: batch / step("low"), high: batch / step("high"), bound: reading(EFFICIENCY.bandwidth.high) >= computing(computeShare(gpu).high) ? "memory" : "compute" };
}

/** Operations of training on one token: three forward passes' worth with all weights; a frozen base needs no gradients of its weights; recomputation adds a pass. */
export function trainingFlops(shape: ModelShape, sequence: number, options: { frozen: boolean; recompute: boolean }): number {
  const forward = forwardFlops(shape, sequence / 2);
  return forward * (1 + (options.frozen ? 1 : 2) + (options.recompute ? 1 : 0));
}

/** Tokens a second of training on one card. Packed weights are unpacked for each product, which this does not count: QLoRA is in the lower half. */
export function trainingRate(shape: ModelShape, gpu: Gpu, options: { sequence: number; frozen: boolean; recompute: boolean; precision?: Precision }): Rate {
  const peak = flopsOf(gpu, options.precision ?? "fp16") / trainingFlops(shape, options.sequence, options);
  return { low: peak * computeShare(gpu).low, high: peak * computeShare(gpu).high, bound: "compute" };
}

