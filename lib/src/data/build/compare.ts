import { readFileSync, writeFileSync } from "node:fs";
import { findDuplicates } from "../dedup/fuzzy.js";
import { bandKeys, MinHasher, planBands } from "../dedup/minhash.js";
import { Duplicates } from "../dedup/prefix.js";
import { toEndGently } from "../dedup/steps.js";
import { saveState, type BuildContext } from "./state.js";
import { BandFile, readNumbers, ShingleFile } from "./work-files.js";

/**
 * The second stage: near-duplicates. Band keys go to a file and are looked at one band at a time.
 *
 * Memory at its peak: 64 bytes a row (offsets of shingles 8, their parity maps 32, groups 4, one band's keys, rows and
 * chains 20), and afterwards as many (offsets and maps 40, groups with their members 16, duplicates 8).
 */
export async function compareStage(context: BuildContext): Promise<void> {
  const { settings, space, state, options } = context;
  if (state.compare) return;
  if (!settings.fuzzy) {
    state.compare = { plan: null, nearDuplicates: 0 };
    await saveState(context);
    return;
  }
  const { threshold, numPerm, seed, keep } = settings;
  const plan = planBands(threshold, numPerm);
  const store = new ShingleFile(space.file("read.shingles"), space.file("read.sizes"));
  // A row that will leave keeps no other from staying.
  const leaving = new Set(readNumbers(space.file("read.contradicted")));
  const labels = readFileSync(space.file("read.labels"));
  const compared = (row: number): boolean => store.size(row) > 0 && !leaving.has(row);
  let comparable = 0;
  for (let row = 0; row < store.count; row++) if (compared(row)) comparable++;
  const rows = new Uint32Array(comparable);
  for (let row = 0, at = 0; row < store.count; row++) if (compared(row)) rows[at++] = row;

  const hasher = new MinHasher({ numPerm, seed });
  const signature = new Int32Array(numPerm);
  const keys = new Uint32Array(plan.bands);
  const bands = new BandFile(space.file("bands"), plan.bands, rows);
  const parts = plan.bands * 2;
  try {
    const sign = function* (): Generator<void, void, void> {
      let at = 0;
      let row = 0;
      for (const set of store.inOrder()) {
        if (!compared(row++)) continue;
        bands.add(bandKeys(hasher.signature(set, signature), plan, keys));
        if (at++ % 256 === 255) {
          context.progress({ stage: "compare", done: (plan.bands * at) / rows.length, total: parts, unit: "parts" });
          yield;
        }
      }
    };
    await toEndGently(sign(), options.signal);
    let band = 0;
    const search = findDuplicates(store, bands.partitions(), { threshold, keep, ...(labels.some((label) => label !== 0) ? { labelOf: (row: number) => labels[row] as number } : {}) });
    const duplicates = await toEndGently(search, options.signal, () => {
      band = Math.min(band + 1, plan.bands);
      context.progress({ stage: "compare", done: plan.bands + band, total: parts, unit: "parts" });
    });
    writeFileSync(space.file("duplicates"), duplicates.keptRows);
    writeFileSync(space.file("similarities"), new Uint8Array(duplicates.similarities.buffer));
    let nearDuplicates = 0;
    duplicates.keptRows.forEach((kept, row) => { if (kept !== row) nearDuplicates++; });
    state.compare = { plan, nearDuplicates };
    await saveState(context);
  } finally {
    bands.close();
    store.close();
  }
}

/** What {@link compareStage} found; undefined when near-duplicates were not looked for. */
export function readDuplicates({ space, state }: BuildContext): Duplicates | undefined {
  if (!state.compare?.plan) return undefined;
  const keptRows = readNumbers(space.file("duplicates"));
  const similarities = readNumbers(space.file("similarities"));
  return { keptRows, similarities: new Float32Array(similarities.buffer, similarities.byteOffset, similarities.length) };
}
