import { readFileSync } from "node:fs";
import type { BandPlan } from "../dedup/minhash.js";
import type { Format } from "../example.js";
import { writeFileAtomic } from "../jsonl/writer.js";
import type { Imbalance, StratumCounts } from "../split/table.js";
import type { BuildSettings, BuildOptions, BuildProgress } from "./options.js";
import type { ContaminationIndex } from "../quality/decontaminate.js";
import type { SkippedFile, SourceFile } from "../ingest/sources.js";
import type { Reasons } from "./tally.js";
import type { AppendFile } from "./work-files.js";
import type { Workspace } from "./workspace.js";

/** What is known of a source once rows of it were read. */
export interface SourceCount {
  rows: number;
  formats: Partial<Record<Format, number>>;
  note?: string;
  /** Rows may be missing, since the file is damaged: all of it, or what follows the rows that were read. */
  unread?: "all" | "rest";
}

/** How far a stage that goes row by row has come: at a checkpoint, or at its end. */
interface Streamed {
  done: boolean;
  /** Lengths of its files at that moment. */
  sizes: Record<string, number>;
  reasons: Reasons;
}

export interface ReadState extends Streamed {
  /** Index of the source to go on with, and where in it. */
  source: number;
  offset: number;
  line: number;
  sources: SourceCount[];
  skipped: SkippedFile[];
  normalizedRows: number;
  normalizedTexts: Record<string, number>;
}

export interface CompareState {
  plan: BandPlan | null;
  nearDuplicates: number;
}

export interface CleanState extends Streamed {
  /** The row to go on with, and where it stands in `read.rows`. */
  row: number;
  offset: number;
  format: Format;
  piiRows: number;
  piiKinds: Record<string, number>;
  droppedFields: Record<string, number>;
  strata: string[];
}

export interface SplitState {
  totals: number[];
  unused: number;
  table: StratumCounts[];
  imbalances: Imbalance[];
  groups: number;
  inexact: boolean;
}

/** What is done of a build, kept in the work folder. Stages in order; a stage that is absent has not begun. */
export interface BuildState {
  read?: ReadState;
  compare?: CompareState;
  clean?: CleanState;
  split?: SplitState;
}

/** What every stage works with. */
export interface BuildContext {
  readonly options: BuildOptions;
  readonly settings: BuildSettings;
  readonly space: Workspace;
  readonly sources: readonly SourceFile[];
  readonly state: BuildState;
  /** Test rows that no row may hold. */
  readonly tests?: ContaminationIndex;
  progress(progress: BuildProgress): void;
}

export function loadState(space: Workspace): BuildState {
  return JSON.parse(readFileSync(space.file("state.json"), "utf8")) as BuildState;
}

/** Makes the state durable: a build that is cut short goes on from here. */
export async function saveState(context: Pick<BuildContext, "space" | "state">): Promise<void> {
  await writeFileAtomic(context.space.file("state.json"), JSON.stringify(context.state));
}

/** Rows come in faster than a disk syncs: a checkpoint now and then costs nothing, and this is what a kill loses. */
const CHECKPOINT_MS = 2000;

/** The files of a stage that goes row by row, and its checkpoints. */
export class Checkpoints {
  readonly #files: Readonly<Record<string, AppendFile>>;
  #last = performance.now();

  constructor(files: Readonly<Record<string, AppendFile>>) {
    this.#files = files;
  }

  due(): boolean {
    return performance.now() - this.#last > CHECKPOINT_MS;
  }

  /** Brings the files to the disk, then saves the state; `state.sizes` is set. */
  async save(context: BuildContext, state: Streamed): Promise<void> {
    // All at once, and all to their end: the disk takes little longer for eight files than for one.
    const synced = await Promise.allSettled(Object.values(this.#files).map((file) => file.sync()));
    for (const result of synced) if (result.status === "rejected") throw result.reason;
    for (const [name, file] of Object.entries(this.#files)) state.sizes[name] = file.size;
    await saveState(context);
    this.#last = performance.now();
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close();
  }
}
