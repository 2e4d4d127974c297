import { openSync, closeSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openBytes } from "../jsonl/bytes.js";
import { cutLines, readJsonl } from "../jsonl/reader.js";
import type { RowItem } from "../jsonl/row-item.js";
import { JsonlWriter, writeFileAtomic, type WrittenFile } from "../jsonl/writer.js";
import { hashFile } from "../ingest/sources.js";
import type { Manifest } from "../report/manifest.js";
import { reportCharts, reportMarkdown } from "../report/markdown.js";
import type { DataReport } from "../report/report.js";
import { UNUSED } from "../split/assign.js";
import { RECORD, WORK_LINE_BYTES } from "./clean.js";
import { LINEAGE_FILE, writeLineage } from "./lineage.js";
import { makeReport } from "./summary.js";
import type { BuildContext } from "./state.js";
import type { RejectedRow } from "./tally.js";
import { readSlice } from "./work-files.js";
import { workRowBatches, workRows, type WorkRow } from "./work-rows.js";

/** Charts stand in a folder of their own, so that the dataset's folder shows its files. */
const CHART_FOLDER = "report";
const RECORDS_AT_ONCE = 4096;
const NEWLINE = 10;

/** Rows of each source, counted from the files that were written. */
interface Counted {
  out: number[];
  rejected: number[];
}

/**
 * The last stage: writes the dataset's files into the result folder, counts them again, and adds report and manifest.
 *
 * @throws Error when the rows written and rejected are not exactly the rows read: a bug, and nothing is published
 */
export async function resultStage(context: BuildContext, library: string): Promise<{ report: DataReport; manifest: Manifest }> {
  const { space, settings, sources } = context;
  const folder = space.freshResult();
  const counted: Counted = { out: sources.map(() => 0), rejected: sources.map(() => 0) };
  const names = settings.splitNames.map((split) => `${settings.name === "" ? "" : `${settings.name}_`}${split}.jsonl`);
  const splitTokens = names.map(() => 0);

  const splitFiles = await writeSplits(context, names.map((name) => join(folder, name)), counted, splitTokens);
  const lineageFile = settings.lineage ? [await writeLineage(context, join(folder, LINEAGE_FILE))] : [];
  const rejectedFile = await writeRejected(context, join(folder, "rejected.jsonl"), counted);
  checkNothingLost(context, counted);

  const report = makeReport(context, { files: names, splitTokens, ...counted });
  const charts = reportCharts(report);
  if (Object.keys(charts).length > 0) await mkdir(join(folder, CHART_FOLDER));
  const texts: Record<string, string> = {
    "data_report.md": reportMarkdown(report, (file) => `${CHART_FOLDER}/${file}`),
    "data_report.json": `${JSON.stringify(report, null, 2)}\n`,
    ...Object.fromEntries(Object.entries(charts).map(([file, svg]) => [`${CHART_FOLDER}/${file}`, svg])),
  };
  await allSettled(Object.entries(texts).map(([name, text]) => writeFileAtomic(join(folder, name), text)));

  const manifest: Manifest = {
    kind: "llmops-dataset",
    version: 1,
    library,
    seed: settings.seed,
    settings: { ...settings, format: report.format },
    sources: sources.map(({ name, kind, bytes, sha256 }) => ({ name, kind, bytes, sha256 })),
    files: [
      ...[...splitFiles, rejectedFile, ...lineageFile].map(({ path, bytes, sha256, rows }) => ({ name: relative(folder, path), bytes, sha256, rows })),
      ...(await Promise.all(Object.keys(texts).map(async (name) => {
        const path = join(folder, name);
        return { name, bytes: statSync(path).size, sha256: await hashFile(path) };
      }))),
    ],
    rows: report.rows,
  };
  await writeFileAtomic(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return { report, manifest };
}

function relative(folder: string, path: string): string {
  return path.slice(folder.length + 1);
}

/** The records of {@link cleanStage}, a block at a time. */
function* records(path: string): Generator<Uint32Array, void> {
  const count = statSync(path).size / (4 * RECORD.length);
  const file = openSync(path, "r");
  try {
    for (let at = 0; at < count; at += RECORDS_AT_ONCE) {
      const block = readSlice(file, at * RECORD.length, Math.min(RECORDS_AT_ONCE, count - at) * RECORD.length);
      for (let i = 0; i < block.length; i += RECORD.length) yield block.subarray(i, i + RECORD.length);
    }
  } finally {
    closeSync(file);
  }
}

async function writeSplits(context: BuildContext, paths: readonly string[], counted: Counted, splitTokens: number[]): Promise<WrittenFile[]> {
  const { space, options } = context;
  const splits = readFileSync(space.file("splits"));
  const writers: JsonlWriter[] = [];
  try {
    for (const path of paths) writers.push(await JsonlWriter.open(path));
    const numbers = records(space.file("clean.records"));
    let row = 0;
    const put = (line: Uint8Array): Promise<void> | undefined => {
      const record = numbers.next().value;
      const split = splits[row++];
      if (!record || split === undefined) throw new Error(`${space.file("clean.lines")}: line ${row} does not fit its index; remove the work folder and build again`);
      if (split === UNUSED) return undefined;
      const source = record[RECORD.source] as number;
      counted.out[source] = (counted.out[source] as number) + 1;
      splitTokens[split] = (splitTokens[split] as number) + (record[RECORD.tokens] as number);
      return writers[split]?.writeLine(line);
    };
    const { chunks } = await openBytes(space.file("clean.lines"));
    // The lines are this build's own: they are copied, not read again.
    for await (const part of cutLines(chunks, { maxLineBytes: WORK_LINE_BYTES, ...(options.signal ? { signal: options.signal } : {}) })) {
      for (const line of Array.isArray(part) ? part.map(textOf) : wholeLines(part.bytes)) {
        const full = put(line);
        if (full) await full;
      }
      context.progress({ stage: "write", done: row, total: splits.length, unit: "rows" });
    }
    return await allSettled(writers.map((writer) => writer.commit()));
  } finally {
    for (const writer of writers) await writer.abort();
  }
}

/** What all give, once all have ended: a file that is still being written could not be removed. @throws what the first to fail threw */
async function allSettled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

function textOf(item: RowItem): Buffer {
  if (item.problem) throw new Error(`a line in the work folder cannot be read (${item.problem.reason}); remove the work folder and build again`);
  return Buffer.from(item.text);
}

function* wholeLines(bytes: Buffer): Generator<Buffer, void, void> {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    yield bytes.subarray(from, newline);
    from = newline + 1;
  }
}

async function writeRejected(context: BuildContext, path: string, counted: Counted): Promise<WrittenFile> {
  const { space, sources, options } = context;
  const numbers = new Map(sources.map(({ name }, number) => [name, number]));
  const signal = options.signal ? { signal: options.signal } : {};
  const writer = await JsonlWriter.open(path);
  try {
    for (const file of ["read.rejected", "clean.rejected"]) {
      for await (const batch of readJsonl(space.file(file), { maxLineBytes: WORK_LINE_BYTES, ...signal })) {
        for (const item of batch) {
          if (item.problem) throw new Error(`${space.file(file)}:${item.line}: ${item.problem.reason}`);
          const source = numbers.get((item.value as unknown as RejectedRow).source) ?? -1;
          counted.rejected[source] = (counted.rejected[source] as number) + 1;
          const full = writer.writeText(item.text);
          if (full) await full;
        }
      }
    }
    for (const row of unusedRows(context)) {
      const { source, line, raw } = row;
      const rejected: RejectedRow = {
        source: sources[source]?.name ?? "", line, step: "split", code: "not-asked-for",
        reason: "passed every step, but the splits asked for fewer rows", raw,
      };
      counted.rejected[source] = (counted.rejected[source] as number) + 1;
      const full = writer.write(rejected);
      if (full) await full;
    }
    return await writer.commit();
  } finally {
    await writer.abort();
  }
}

/** The rows that no split took, as they were read. */
function* unusedRows({ space, state, options }: BuildContext): Generator<WorkRow, void, void> {
  if (!state.split || state.split.unused === 0) return;
  const splits = readFileSync(space.file("splits"));
  const numbers = records(space.file("clean.records"));
  let at = 0;
  const next = (): number | undefined => {
    for (;;) {
      const record = numbers.next().value;
      if (!record) return undefined;
      if (splits[at++] === UNUSED) return record[RECORD.row];
    }
  };
  let wanted = next();
  let row = 0;
  for (const batch of workRowBatches(space.file("read.rows"))) {
    options.signal?.throwIfAborted();
    for (const work of workRows(batch)) {
      if (row++ !== wanted) continue;
      yield work;
      wanted = next();
    }
  }
}

function checkNothingLost({ sources, state }: BuildContext, { out, rejected }: Counted): void {
  sources.forEach(({ name }, source) => {
    const rows = state.read?.sources[source]?.rows ?? 0;
    if (rows !== (out[source] as number) + (rejected[source] as number)) {
      throw new Error(`${name}: ${rows} rows in, but ${out[source]} out and ${rejected[source]} rejected; nothing was published, this is a bug of the library`);
    }
  });
}
