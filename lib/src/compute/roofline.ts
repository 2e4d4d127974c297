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
 * What a runtime needs besides is not counted: Transformers with bitsandbytes, which unpacks weights first for more than one row, stays below it.
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

/** What requests of one kind look like, on average. */
export interface RequestSize {
  promptTokens: number;
  answerTokens: number;
}

/**
 * Requests a second that one card answers when it is never idle, so many at a time. The slow end reads prompts and writes
 * answers one after the other; the fast end has them overlap (chunked prefill), as reading is bound by compute and writing by
 * memory. What a server needs besides (scheduling, HTTP, sampling) is not counted, and weighs more the more rows run at once.
 *
 * @throws ComputeError when a request has no tokens to read or to write
 */
export function servingRate(shape: ModelShape, storage: StorageName, gpu: Gpu, size: RequestSize, batch: number): Rate {
  for (const field of ["promptTokens", "answerTokens"] as const) {
    if (!Number.isFinite(size[field]) || size[field] <= 0) throw new ComputeError(field, `must be a number above 0, not ${size[field]}`);
  }
  const reading = prefillRate(shape, gpu, size.promptTokens);
  const writing = decodeRate(shape, storage, gpu, { context: size.promptTokens + size.answerTokens, batch });
  const seconds = (level: "low" | "high"): [number, number] => [size.promptTokens / reading[level], size.answerTokens / writing[level]];
  const [slow, fast] = [seconds("low"), seconds("high")];
  return { low: 1 / (slow[0] + slow[1]), high: 1 / Math.max(...fast), bound: fast[0] > fast[1] ? "compute" : writing.bound };
}

/** Operations of training on one token: three forward passes' worth with all weights; a frozen base needs no gradients of its weights; recomputation adds a pass. */
export function trainingFlops(shape: ModelShape, sequence: number, options: { frozen: boolean; recompute: boolean }): number {
  const forward = forwardFlops(shape, sequence / 2);
  return forward * (1 + (options.frozen ? 1 : 2) + (options.recompute ? 1 : 0));
}

/**
 * Operations of one DPO pair: the trained model goes forward and back over both rows, the reference only forward
 * (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290, equation 7).
 *
 * @param row - tokens of a row on average, prompt and answer: the prompt is in both rows
 */
export function preferenceFlops(shape: ModelShape, row: number, options: { frozen: boolean; recompute: boolean }): number {
  return 2 * row * (trainingFlops(shape, row, options) + forwardFlops(shape, row / 2));
}

/** Tokens a second of training on one card. Packed weights are unpacked for each product, which this does not count: QLoRA is in the lower half. */
export function trainingRate(shape: ModelShape, gpu: Gpu, options: { sequence: number; frozen: boolean; recompute: boolean; precision?: Precision }): Rate {
  const peak = flopsOf(gpu, options.precision ?? "fp16") / trainingFlops(shape, options.sequence, options);
  return { low: peak * computeShare(gpu).low, high: peak * computeShare(gpu).high, bound: "compute" };
}

