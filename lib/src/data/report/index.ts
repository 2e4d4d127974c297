export { stampCard, writeDatasetCard, type CardStamp, type DatasetCard } from "./card.js";
export { ManifestSchema, readManifest, type Manifest } from "./manifest.js";
export { readReport } from "./read.js";
export { reportCharts, reportMarkdown } from "./markdown.js";
export { DataReportSchema, type DataReport, type TokenStats } from "./report.js";
