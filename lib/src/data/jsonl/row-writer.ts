import { FileError } from "./file-error.js";
import type { JsonObject } from "./json.js";
import { ParquetWriter, type ParquetWriterOptions } from "./parquet-writer.js";
import { JsonlWriter, type WrittenFile } from "./writer.js";

/** A file of rows being written, atomically, whatever its format. */
export interface RowWriter {
  readonly rows: number;
  write(row: JsonObject): Promise<void> | undefined;
  commit(): Promise<WrittenFile>;
  abort(): Promise<void>;
}

/** Whether a path names a Parquet file to be written. */
export function isParquetName(path: string): boolean {
  return /\.parquet$/i.test(path);
}

/**
 * Opens a writer by the name of the file: Parquet for `.parquet`, else JSON Lines, gzip for `.gz`.
 * @throws FileError: the folder does not exist, no permission, the path is a folder
 */
export async function openRowWriter(path: string, options: ParquetWriterOptions = {}): Promise<RowWriter> {
  if (/\.parquet\.gz$/i.test(path)) throw new FileError("unsupported", path, "would be Parquet inside gzip, which no reader takes", "name it .parquet: its columns are compressed already");
  return isParquetName(path) ? ParquetWriter.open(path, options) : JsonlWriter.open(path);
}
