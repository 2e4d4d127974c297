export { FileError, type FileErrorCode } from "./file-error.js";
export { MAX_JSON_DEPTH, parseJson, sameJson, type JsonObject, type ParsedJson } from "./json.js";
export { ParquetWriter, type ParquetWriterOptions } from "./parquet-writer.js";
export { readJsonl } from "./reader.js";
export { openRows, type RowLayout, type RowSource } from "./rows.js";
export { openRowWriter, type RowWriter } from "./row-writer.js";
export { DEFAULT_MAX_LINE_BYTES, type BadRow, type ByteSpan, type ReadOptions, type ReadRow, type RowItem, type RowProblem } from "./row-item.js";
export { JsonlWriter, writeFileAtomic, type WrittenFile } from "./writer.js";
