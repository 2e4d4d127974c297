import { countParameters } from "./parameters.js";
import { present, type Term } from "./plan.js";
import type { ModelShape } from "./shape.js";
import { storageOf, type StorageName } from "./storage.js";

/** How the weights lie on a card. */
export interface WeightOptions {
  /** The head is packed like the layers. */
  packsHead?: boolean;
  /** The part of the weights on this card. */
  share?: number;
  /** The strategy that divides them, for the formula. */
  sharing?: string;
  /** Embedding, head and vectors are turned into fp32. */
  upcast?: boolean;
  /** Bytes of a weight that trains, instead of its storage's. */
  trained?: number;
}

/** Share of value and down projections that the K mixes keep at 6 bits: the first and last eighth of the layers, and every third between. */
function sixBitShare(layers: number): number {
  let more = 0;
  for (let at = 0; at < layers; at++) if (at < layers / 8 || at >= 7 * layers / 8 || (at - Math.floor(layers / 8)) % 3 === 2) more++;
  return more / layers;
}

/** The weights of a model, part by part. Embeddings, vectors and vision towers stay at 16 bits unless a storage takes the whole model. */
export function weightTerms(shape: ModelShape, storage: StorageName, options: WeightOptions = {}): Term[] {
  const count = countParameters(shape);
  const kind = storageOf(storage);
  const share = options.share ?? 1;
  const each = options.trained ?? kind.bytes;
  const rest = options.trained ?? (kind.wholeModel ? kind.bytes : storage === "fp32" || options.upcast ? 4 : 2);
  const mixed = storage === "q4_k_m" || storage === "q5_k_m";
  const six = storageOf("q6_k").bytes;
  const headBytes = mixed ? six : options.packsHead && kind.packed ? kind.bytes : rest;
  const embeddingBytes = mixed && shape.tied ? six : rest;
  const tied = shape.tied && !kind.untiesHead;
  const linear = count.attention + count.feedForward;
  // Formulas show the whole; what is shared says so.
  const shown = share === 1 ? "" : ` × ${Math.round(share * 1000) / 1000} (${options.sharing ?? "shared"})`;
  const term = (id: string, label: string, words: number, bytes: number, formula: string): Term =>
    ({ id, label, bytes: words * bytes * share, formula: `${words} × ${formula.includes("+") ? `(${formula})` : formula}${shown}`, source: kind.source });
  const more = mixed ? sixBitShare(shape.layers) : 0;
  const value = shape.hidden * shape.kvHeads * shape.headDim * shape.layers;
  const down = shape.hidden * shape.ffn * shape.layers;
  const linearBytes = mixed ? ((linear - (value + down) * more) * each + (value + down) * more * six) / linear : each;
  return present([
    term("linear", "matrices of the layers", linear, linearBytes, mixed ? `${linearBytes.toFixed(4)} (${kind.formula})` : options.trained === undefined ? kind.formula : String(each)),
    term("embedding", "embedding", count.embedding, embeddingBytes, String(round(embeddingBytes))),
    term("head", "head", tied ? 0 : count.embedding, headBytes, String(round(headBytes))),
    term("vectors", "norms and biases", count.vectors, kind.wholeModel ? 4 : rest, String(round(kind.wholeModel ? 4 : rest))),
    term("extra", "vision tower and projector", count.extra, storage === "fp32" ? 4 : 2, "2"),
  ]);
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;
