import { ComputeError } from "./error.js";
import type { Gpu } from "./gpus.js";
import { cacheBytesPerToken, type CacheType } from "./kv-cache.js";
import { countParameters } from "./parameters.js";
import type { ModelShape } from "./shape.js";
import type { StorageName } from "./storage.js";
import { weightTerms } from "./weights.js";

/**
 * What cards reach of their datasheet in practice. Prefill and training are matrix products; decoding reads all weights for
 * each token. Ranges, because it depends on kernels, shapes and drivers.
 */
export const EFFICIENCY = {
  /** Model FLOP/s ÷ peak FLOP/s. PaLM reports 46 % (https://arxiv.org/abs/2204.02311); small batches on a T4 reach less. */
  compute: { low: 0.25, high: 0.5 },
  /** Bytes read a second ÷ bandwidth. */
  bandwidth: { low: 0.5, high: 0.8 },
} as const;

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
  return { low: peak * EFFICIENCY.compute.low, high: peak * EFFICIENCY.compute.high, bound: "compute" };
}

/**
 * Tokens a second of writing an answer, all rows of a batch together: every step reads the weights once and each row's cache.
 *
 * @param context - tokens in the cache of each row
 */
export function decodeRate(shape: ModelShape, storage: StorageName, gpu: Gpu, options: { context: number; batch?: number; cache?: CacheType; precision?: Precision }): Rate {
  const batch = options.batch ?? 1;
  const weights = weightTerms(shape, storage).filter(({ id }) => id !== "embedding" || shape.tied).reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = weights + batch * options.context * cacheBytesPerToken(shape, options.cache ?? "fp16");
  const reading = (share: number): number => bytes / (gpu.bandwidth * share);
  const computing = (share: number): number => (batch * forwardFlops(shape, options.context)) / (flopsOf(gpu, options.precision ?? "fp16") * share);
  const step = (level: "low" | "high"): number => Math.max(reading(EFFICIENCY.bandwidth[level]), computing(EFFICIENCY.compute[level]));
  return { low: batch / step("low"), high: batch / step("high"), bound: reading(EFFICIENCY.bandwidth.high) >= computing(EFFICIENCY.compute.high) ? "memory" : "compute" };
}

/** Operations of training on one token: three forward passes' worth with all weights; a frozen base needs no gradients of its weights; recomputation adds a pass. */
export function trainingFlops(shape: ModelShape, sequence: number, options: { frozen: boolean; recompute: boolean }): number {
  const forward = forwardFlops(shape, sequence / 2);
  return forward * (1 + (options.frozen ? 1 : 2) + (options.recompute ? 1 : 0));
}

/** Tokens a second of training on one card. Packed weights are unpacked for each product, which takes time that this does not count: expect the lower end. */
export function trainingRate(shape: ModelShape, gpu: Gpu, options: { sequence: number; frozen: boolean; recompute: boolean; precision?: Precision }): Rate {
  const peak = flopsOf(gpu, options.precision ?? "fp16") / trainingFlops(shape, options.sequence, options);
  return { low: peak * EFFICIENCY.compute.low, high: peak * EFFICIENCY.compute.high, bound: "compute" };
}

