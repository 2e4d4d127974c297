import type { ModelShape } from "./shape.js";
import type { Term } from "./plan.js";

/** Bytes of a cached number, block scales included. */
export const CACHE_TYPES = { fp32: 4, bf16: 2, fp16: 2, fp8: 1, int8: 1, q8_0: 34 / 32, q4_0: 18 / 32 } as const;
export type CacheType = keyof typeof CACHE_TYPES;
export const CACHE_TYPE_NAMES = Object.keys(CACHE_TYPES) as CacheType[];

/** Bytes that a token adds to the cache: a key and a value for each key head of each layer. */
export function cacheBytesPerToken(shape: ModelShape, type: CacheType = "fp16"): number {
  return 2 * shape.layers * shape.kvHeads * shape.headDim * CACHE_TYPES[type];
}

/**
 * The key-value cache of a batch.
 *
 * @param windows - sliding layers keep only their window; false where a runtime keeps everything (Transformers' dynamic cache did)
 */
export function cacheTerm(shape: ModelShape, tokens: number, batch: number, type: CacheType, windows: boolean): Term {
  const perLayer = 2 * shape.kvHeads * shape.headDim * CACHE_TYPES[type];
  const local = windows && shape.sliding ? Math.floor((shape.layers * shape.sliding.every) / (shape.sliding.every + 1)) : 0;
  const kept = (shape.layers - local) * tokens + local * Math.min(tokens, shape.sliding?.window ?? tokens);
  return {
    id: "cache", label: "key-value cache", bytes: perLayer * kept * batch,
    formula: local === 0
      ? `2 × ${shape.layers} × ${shape.kvHeads} × ${shape.headDim} × ${CACHE_TYPES[type]} × ${tokens} × ${batch}`
      : `${perLayer} × (${shape.layers - local} × ${tokens} + ${local} × ${Math.min(tokens, shape.sliding?.window ?? tokens)}) × ${batch}`,
    source: "a key and a value for each token, layer and key head",
  };
}
