import { readFileSync } from "node:fs";
import { clustersOf } from "../dedup/fuzzy.js";
import { describeTokens, STEPS, type DataReport } from "../report/report.js";
import { RECORD } from "./clean.js";
import { readDuplicates } from "./compare.js";
import type { BuildContext } from "./state.js";
import { sortReasons } from "./tally.js";
import { readNumbers } from "./work-files.js";

const LARGEST_CLUSTERS = 20;
const SHOWN_MEMBERS = 5;

/** What the result stage counted from the files it wrote. */
interface Written {
  files: string[];
  splitTokens: number[];
  /** Rows by source. */
  out: readonly number[];
  rejected: readonly number[];
}

/** The report of a build whose stages are done. */
export function makeReport(context: BuildContext, written: Written): DataReport {
  const { settings, state, sources, space } = context;
  const { read, clean, split, compare } = state;
  if (!read || !clean || !split || !compare) throw new Error("the report comes after all stages");
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const rows = { in: sum(read.sources.map((source) => source.rows)), out: sum(written.out), rejected: sum(written.rejected) };

  const rejections = sortReasons(read.reasons, clean.reasons);
  if (split.unused > 0) {
    rejections.push({ step: "split", code: "not-asked-for", rows: split.unused, examples: [] });
  }
  let left = rows.in;
  const steps = STEPS.map((step) => {
    const rejected = sum(rejections.filter((reason) => reason.step === step).map((reason) => reason.rows));
    const entry = { step, in: left, rejected, out: left - rejected };
    left -= rejected;
    return entry;
  });
  const counted = (step: string): number => steps.find((entry) => entry.step === step)?.rejected ?? 0;

  const records = readNumbers(space.file("clean.records"));
  const splitOf = readFileSync(space.file("splits"));
  const tokens: number[] = [];
  for (let row = 0; row < splitOf.length; row++) {
    if ((splitOf[row] as number) < settings.splitNames.length) tokens.push(records[row * RECORD.length + RECORD.tokens] as number);
  }
  return {
    kind: "llmops-data-report",
    version: 1,
    rows,
    format: clean.format,
    steps,
    rejections,
    sources: sources.map(({ name, kind, readAs }, source) => {
      const { rows: found, formats, note, unread } = read.sources[source] ?? { rows: 0, formats: {} };
      return { name, kind, formats, rows: found, out: written.out[source] ?? 0, rejected: written.rejected[source] ?? 0, ...(readAs === undefined ? {} : { readAs }), ...(note === undefined ? {} : { note }), ...(unread ? { unread } : {}) };
    }),
    skipped: read.skipped,
    normalized: { rows: read.normalizedRows, texts: read.normalizedTexts },
    duplicates: {
      exact: counted("exact-dedup") + (clean.reasons["pii/duplicate-after-masking"]?.rows ?? 0),
      fuzzy: compare.nearDuplicates,
      search: compare.plan && {
        threshold: settings.threshold, shingle: settings.shingle, numPerm: settings.numPerm, bands: compare.plan.bands,
        rowsPerBand: compare.plan.rows, recall: compare.plan.recall, scope: settings.scope, keep: settings.keep,
      },
      ...clusterSummary(context),
    },
    pii: { mode: settings.pii, ...(settings.piiKinds ? { actions: settings.piiKinds } : {}), rows: clean.piiRows, kinds: clean.piiKinds },
    ...(Object.keys(clean.droppedFields).length > 0 ? { droppedFields: clean.droppedFields } : {}),
    tokens: describeTokens(Uint32Array.from(tokens), settings.encoding),
    split: {
      names: [...settings.splitNames],
      rows: split.totals,
      files: written.files,
      tokens: written.splitTokens,
      unused: split.unused,
      stratify: settings.stratify,
      strata: split.table,
      imbalances: split.imbalances,
      leakThreshold: settings.leakThreshold,
      groups: split.groups,
      inexact: split.inexact,
    },
  };
}

function clusterSummary(context: BuildContext): Pick<DataReport["duplicates"], "clusters" | "largest"> {
  const duplicates = readDuplicates(context);
  if (!duplicates) return { clusters: 0, largest: [] };
  const origins = readNumbers(context.space.file("read.origins"));
  const place = (row: number) => ({
    source: context.sources[origins[2 * row] as number]?.name ?? "",
    line: origins[2 * row + 1] as number,
  });
  const clusters = clustersOf(duplicates);
  const largest = [...clusters].sort((a, b) => b.members.length - a.members.length || a.id - b.id).slice(0, LARGEST_CLUSTERS);
  return {
    clusters: clusters.length,
    largest: largest.map(({ kept, members }) => ({
      kept: place(kept),
      rows: members.length,
      removed: members.filter((row) => row !== kept).slice(0, SHOWN_MEMBERS).map((row) => ({
        ...place(row),
        similarity: Math.floor((duplicates.similarities[row] ?? 0) * 1e4 + 1e-3) / 1e4,
      })),
    })),
  };
}
