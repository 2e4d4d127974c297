export { splitDataset, type SplitOptions, type SplitResult } from "./dataset.js";
export { findLeaks, type Leak, type Similarity } from "./similar.js";
export { largestRemainder, SplitError, type SplitSize } from "./quota.js";
export type { Imbalance, StratumCounts } from "./table.js";
