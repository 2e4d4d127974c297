export { dedupExact, type ExactDedup } from "./exact.js";
export {
  dedupFuzzy,
  type DuplicateCluster,
  type FuzzyDedup,
  type FuzzyOptions,
  type Keep,
} from "./fuzzy.js";
export { KERNELS, type Kernel } from "./kernel.js";
export { estimateJaccard, MinHasher, planBands, type BandPlan } from "./minhash.js";
export { jaccard, shingles } from "./shingles.js";
