import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDataset } from "../build/dataset.js";
import type { BuildOptions } from "../build/options.js";
import { BuildError, NothingLeftError } from "../build/workspace.js";
import { FileError, fileError } from "../jsonl/file-error.js";
import { DataReportSchema, type DataReport } from "./report.js";

/**
 * The report of a dataset that was built, or of any file of rows: then the file is built into a temporary folder, in
 * one split, with the same steps, and only the report is kept.
 *
 * @param path - a dataset's folder, or a file or folder of rows
 * @param options - for a file: settings as of a build
 * @throws FileError when there is no such path or the stored report cannot be read; else as `buildDataset`
 */
export async function readReport(path: string, options: Omit<BuildOptions, "sources" | "out" | "split" | "splitNames" | "name"> = {}): Promise<DataReport> {
  if (!existsSync(path)) throw new FileError("not-found", path, "no such file or folder", "check the name and the folder you are in");
  const stored = join(path, "data_report.json");
  if (statSync(path).isDirectory() && existsSync(stored)) {
    try {
      return DataReportSchema.parse(JSON.parse(readFileSync(stored, "utf8")));
    } catch (cause) {
      throw new FileError("unsupported", stored, "is not a report of this library", "build the dataset again", { cause });
    }
  }
  const temporary = temporaryFolder();
  try {
    const { report } = await buildDataset({ ...options, sources: [path], out: join(temporary, "all"), split: { fractions: [1] }, splitNames: ["all"] });
    return report;
  } catch (error) {
    // The rejected rows stand in the temporary folder and go with it: do not send anyone there.
    throw error instanceof NothingLeftError ? new BuildError(`there is nothing to report: ${error.why}`, { cause: error }) : error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "llmops-report-"));
  } catch (error) {
    throw fileError(error, tmpdir(), "write");
  }
}
