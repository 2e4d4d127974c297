import { basename } from "node:path";
import { readExamples } from "../examples.js";
import { normalizeExample } from "../clean/normalize.js";
import { hashFile } from "../ingest/sources.js";
import { ContaminationIndex } from "../quality/decontaminate.js";
import type { BuildOptions, TestFile } from "./options.js";

/** The test rows that a build is held against. */
export interface TestRows {
  index: ContaminationIndex;
  files: TestFile[];
}

/**
 * Reads the files of test rows. They are normalised like the rows that are compared with them.
 *
 * @throws FileError for a file that cannot be read or holds a row that is not valid; RangeError for a setting that makes no sense
 */
export async function readTestRows({ against = [], contamination = {}, signal }: BuildOptions): Promise<TestRows | undefined> {
  if (against.length === 0) return undefined;
  const index = new ContaminationIndex(contamination);
  const files: TestFile[] = [];
  for (const path of against) {
    signal?.throwIfAborted();
    const before = index.skipped;
    const name = basename(path);
    const examples = await readExamples(path);
    examples.forEach((example, row) => index.add(normalizeExample(example).example, name, row));
    files.push({ name, sha256: await hashFile(path), rows: examples.length, skipped: index.skipped - before });
  }
  return { index, files };
}
