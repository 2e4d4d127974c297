import { writeFileSync } from "node:fs";
import { PREFIX_PARTS, prefixPart, ShingleFrequency, uniteAllSimilar } from "../dedup/prefix.js";
import { toEndGently } from "../dedup/steps.js";
import { assignSplits } from "../split/assign.js";
import { NO_STRATUM, orderStrata } from "../split/dataset.js";
import { countStrata, imbalances } from "../split/table.js";
import { RECORD } from "./clean.js";
import { saveState, type BuildContext, type CleanState } from "./state.js";
import { PartFiles, readNumbers, ShingleFile } from "./work-files.js";
import { BuildError, NothingLeftError } from "./workspace.js";

/**
 * The fourth stage: assigns rows to splits. Near-duplicates are grouped from the rows in their final form, so that none
 * stand in two splits of what is written.
 *
 * Memory: 8 bytes a row for offsets, 32 for parity maps, 4 for groups, about 24 for the entries of one of 64 parts; then 17 a row for the
 * assignment and 8 to 16 for the queues of single rows.
 */
export async function divideStage(context: BuildContext): Promise<void> {
  const { settings, space, state, options } = context;
  if (state.split) return;
  const groups = await groupRows(context);
  const count = groups.length;
  if (count === 0) throw await nothingLeft(context);

  const records = readNumbers(space.file("clean.records"));
  const column = (field: number): Uint32Array => {
    const values = new Uint32Array(count);
    for (let row = 0; row < count; row++) values[row] = records[row * RECORD.length + field] as number;
    return values;
  };
  // Strata were numbered as they came; their order must not depend on the order of rows.
  const seen = (state.clean as CleanState).strata;
  const names = orderStrata(new Set(seen), settings.stratify);
  if (settings.stratify !== null && names.length === 1 && names[0] === NO_STRATUM) {
    throw new BuildError(`no row has a value in the field "${settings.stratify}" to stratify by; check its name, and that it is none of the format's own fields`);
  }
  const numberOf = new Map(names.map((name, number) => [name, number]));
  const numbers = seen.map((name) => numberOf.get(name) as number);
  const strata = column(RECORD.stratum).map((number) => numbers[number] as number);
  const input = { keyLow: column(RECORD.keyLow), keyHigh: column(RECORD.keyHigh), groups, strata, strataCount: names.length };
  const { splits, asked, inexact } = assignSplits(input, settings.split, settings.seed);
  writeFileSync(space.file("splits"), splits);

  const sizes = new Uint32Array(count);
  for (const group of groups) sizes[group] = (sizes[group] as number) + 1;
  const table = countStrata(splits, strata, names, settings.splitNames.length);
  options.signal?.throwIfAborted();
  state.split = {
    totals: asked.map((_, split) => table.reduce((sum, entry) => sum + (entry.counts[split] as number), 0)),
    unused: table.reduce((sum, entry) => sum + entry.unused, 0),
    table,
    imbalances: imbalances(table, settings.splitNames),
    groups: sizes.reduce((sum, size) => sum + (size > 1 ? 1 : 0), 0),
    inexact,
  };
  await saveState(context);
}

async function groupRows(context: BuildContext): Promise<Uint32Array> {
  const { settings, space, options } = context;
  const store = new ShingleFile(space.file("clean.shingles"), space.file("clean.sizes"));
  const parts = new PartFiles((part) => space.file(`prefix.${part}`), PREFIX_PARTS);
  try {
    const frequency = new ShingleFrequency();
    const spread = function* (): Generator<void, void, void> {
      let row = 0;
      for (const set of store.inOrder()) {
        frequency.add(set);
        if (row++ % 256 === 255) yield;
      }
      row = 0;
      for (const set of store.inOrder()) {
        const prefix = frequency.prefix(set, settings.leakThreshold);
        for (let i = 0; i < prefix.length; i++) parts.add(prefixPart(prefix[i] as number), prefix[i] as number, row);
        if (row++ % 256 === 255) yield;
      }
    };
    await toEndGently(spread(), options.signal);
    let done = 0;
    const united = await toEndGently(uniteAllSimilar(store, parts.partitions(), settings.leakThreshold), options.signal, () =>
      context.progress({ stage: "split", done: ++done, total: PREFIX_PARTS, unit: "parts" }));
    return Uint32Array.from({ length: store.count }, (_, row) => united.find(row));
  } finally {
    parts.close();
    store.close();
  }
}

async function nothingLeft({ state, space, sources }: BuildContext): Promise<NothingLeftError> {
  const reasons = [state.read, state.clean].flatMap((stage) => Object.values(stage?.reasons ?? {})).sort((a, b) => b.rows - a.rows);
  const notes = (state.read?.sources ?? []).flatMap(({ note }, at) => (note === undefined ? [] : [withName(sources[at]?.name ?? "", note)]));
  const why = reasons.slice(0, 3).map(({ step, code, rows, examples }) => `${rows} ${step}/${code} (e.g. ${examples[0]?.source}:${examples[0]?.line}: ${examples[0]?.reason})`);
  const more = notes.length > 5 ? [`and ${notes.length - 5} more files`] : [];
  return new NothingLeftError([...why, ...notes.slice(0, 5), ...more].join("; "), await space.keepRejected(["read.rejected", "clean.rejected"]));
}

/** A note as a sentence about its file; an error about the file begins with its name already. */
function withName(name: string, note: string): string {
  return note.startsWith(name) ? note : `${name} ${note}`;
}
