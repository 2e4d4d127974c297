import { signatureKernel, type Kernel, type SignatureKernel } from "./kernel.js";
import { mix32 } from "./shingles.js";

/** How signatures are cut into bands: two rows are compared when all `rows` values of one band agree. */
export interface BandPlan {
  bands: number;
  rows: number;
  /** Probability that a pair exactly at the threshold is compared: 1 − (1 − tʳ)ᵇ. */
  recall: number;
}

/**
 * Chooses the bands for a threshold: the widest ones, which compare the fewest pairs in vain, that still find a
 * pair at the threshold with the recall asked for. (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4.)
 *
 * @param threshold - Jaccard similarity from which two rows are near-duplicates, over 0 up to 1
 * @param numPerm - length of a signature
 * @param recall - least probability of finding a pair exactly at the threshold; pairs above it are likelier
 * @returns the plan; at very low thresholds, where no cut reaches `recall`, the one that comes nearest
 * @throws RangeError when the threshold is not in (0, 1]
 */
export function planBands(threshold: number, numPerm = 128, recall = 0.99): BandPlan {
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`the near-duplicate threshold must be over 0 and at most 1, not ${threshold}`);
  }
  for (let rows = numPerm; rows > 1; rows--) {
    const bands = Math.floor(numPerm / rows);
    const expected = 1 - (1 - threshold ** rows) ** bands;
    if (expected >= recall) return { bands, rows, recall: expected };
  }
  return { bands: numPerm, rows: 1, recall: 1 - (1 - threshold) ** numPerm };
}

/** MinHash signatures (Broder, 1997): the share of equal values estimates the Jaccard similarity of two sets. */
export class MinHasher {
  readonly numPerm: number;
  readonly #kernel: SignatureKernel;

  /**
   * @param options.numPerm - values in a signature; the estimate's standard error is at most 0.5 / √numPerm
   * @param options.seed - the same seed gives the same signatures
   * @param options.kernel - how to compute them, which changes the speed and nothing else; default the faster one
   *   that this Node has (see `LLMOPS_MINHASH` in {@link signatureKernel})
   */
  constructor({ numPerm = 128, seed = 1, kernel }: { numPerm?: number; seed?: number; kernel?: Kernel } = {}) {
    if (!Number.isInteger(numPerm) || numPerm < 1) throw new RangeError(`numPerm must be a whole number from 1, not ${numPerm}`);
    this.numPerm = numPerm;
    const factors = new Int32Array(numPerm);
    const offsets = new Int32Array(numPerm);
    let state = mix32(seed ^ 0x6d696e68);
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      return mix32(state);
    };
    for (let k = 0; k < numPerm; k++) {
      // An odd factor makes x → a·x + b a permutation of the 32-bit numbers.
      factors[k] = next() | 1;
      offsets[k] = next() | 0;
    }
    this.#kernel = signatureKernel(factors, offsets, kernel);
  }

  /** The kernel in use. */
  get kernel(): Kernel {
    return this.#kernel.name;
  }

  /**
   * @param set - shingle hashes, as `shingles` gives; a hash that stands in it twice changes nothing
   * @param signature - an array of `numPerm` values to fill, if there is one to be used again
   * @returns `numPerm` values; of an empty set, all at their maximum
   */
  signature(set: Uint32Array, signature = new Int32Array(this.numPerm)): Int32Array {
    this.#kernel.sign(set, signature);
    return signature;
  }
}

/**
 * The key of each band of a signature. Rows meet in a band when their keys are equal; keys are 32-bit hashes of the
 * band's values, and a chance meeting is undone by the comparison of the sets themselves.
 *
 * @param keys - an array to fill, if there is one to be used again
 */
export function bandKeys(signature: Int32Array, { bands, rows }: BandPlan, keys = new Uint32Array(bands)): Uint32Array {
  for (let band = 0; band < bands; band++) {
    let hash = band;
    for (let k = band * rows; k < (band + 1) * rows; k++) hash = mix32(hash ^ (signature[k] as number)) + 0x9e3779b9;
    keys[band] = mix32(hash);
  }
  return keys;
}

/** The Jaccard similarity that two signatures of one hasher estimate. */
export function estimateJaccard(a: Int32Array, b: Int32Array): number {
  let equal = 0;
  for (let k = 0; k < a.length; k++) if (a[k] === b[k]) equal++;
  return equal / a.length;
}
