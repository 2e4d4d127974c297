export { buildDataset, type BuildResult } from "./dataset.js";
export type { BuildOptions, BuildProgress, PiiMode, RowFilter, Verdict } from "./options.js";
export { LINEAGE_FILE, type LineageRow } from "./lineage.js";
export { BuildError } from "./workspace.js";
