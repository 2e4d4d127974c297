import { readFileSync } from "node:fs";
import { z } from "zod";
import { rowHash } from "../clean/content.js";
import { readJsonl } from "../jsonl/reader.js";
import { JsonlWriter, type WrittenFile } from "../jsonl/writer.js";
import { UNUSED } from "../split/assign.js";
import type { BuildContext } from "./state.js";

/** Where each row of a built dataset came from: one line a row, beside the splits. */
export const LINEAGE_FILE = "lineage.jsonl";

const Counts = z.record(z.string(), z.number());

/** A line of `lineage.jsonl`: some 70 bytes. */
export const LineageRowSchema = z.object({
  /** Split and 1-based line: `train:17`. */
  row: z.string(),
  /** Position of its source in the manifest, from 0. */
  source: z.number().int().nonnegative(),
  /** The line, record or chunk of the source. */
  line: z.number().int().nonnegative(),
  /** The first 16 digits of the row's hash, see `rowHash`: knows the row where it was moved, and tells where it was changed. */
  hash: z.string(),
  /** What normalisation changed: texts by kind of change. Absent when nothing. */
  normalized: Counts.optional(),
  /** Personal data that was masked, by kind. Absent when none. */
  masked: Counts.optional(),
});
export type LineageRow = z.infer<typeof LineageRowSchema>;

/** The digits of a row's hash that lineage keeps: of a million rows, two share them with probability 3e-8. */
export function lineageHash(row: Readonly<Record<string, unknown>>): string {
  return rowHash(row).toString("hex", 0, 8);
}

/** What is known of a row before it has a split. */
export function lineageStep(
  row: Readonly<Record<string, unknown>>, source: number, line: number,
  normalized: Readonly<Record<string, number | undefined>> | undefined, masked: Readonly<Record<string, number | undefined>>,
): Omit<LineageRow, "row"> {
  const counts = (given: Readonly<Record<string, number | undefined>>): Record<string, number> => given as Record<string, number>;
  return {
    source, line, hash: lineageHash(row),
    ...(normalized ? { normalized: counts(normalized) } : {}),
    ...(Object.keys(masked).length > 0 ? { masked: counts(masked) } : {}),
  };
}

/** Writes the lineage of the rows that are in a split, in the order of their sources. */
export async function writeLineage({ space, settings, options }: BuildContext, path: string): Promise<WrittenFile> {
  const splits = readFileSync(space.file("splits"));
  const lines = settings.splitNames.map(() => 0);
  const writer = await JsonlWriter.open(path);
  try {
    let row = 0;
    for await (const batch of readJsonl(space.file("clean.lineage"), options.signal ? { signal: options.signal } : {})) {
      for (const item of batch) {
        if (item.problem) throw new Error(`${space.file("clean.lineage")}:${item.line}: ${item.problem.reason}`);
        const split = splits[row++];
        if (split === undefined || split === UNUSED) continue;
        lines[split] = (lines[split] as number) + 1;
        const full = writer.write({ row: `${settings.splitNames[split]}:${lines[split]}`, ...item.value });
        if (full) await full;
      }
    }
    return await writer.commit();
  } finally {
    await writer.abort();
  }
}
