import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Manifest } from "../report/manifest.js";
import type { DataReport } from "../report/report.js";
import { findSources } from "../ingest/sources.js";
import { SplitError } from "../split/quota.js";
import { readTestRows } from "./against.js";
import { cleanStage } from "./clean.js";
import { compareStage } from "./compare.js";
import { countsBeside, Crew, defaultWorkers } from "./crew.js";
import { divideStage } from "./divide.js";
import { fingerprint, settingsOf, tokenizerOf, type BuildOptions } from "./options.js";
import { saltOf, saltTag } from "./pii-salt.js";
import { readStage } from "./read.js";
import { resultStage } from "./result.js";
import { loadState, saveState, type BuildContext } from "./state.js";
import { BuildError, Workspace } from "./workspace.js";

/** What a build made. */
export interface BuildResult {
  /** The folder of the dataset. */
  out: string;
  report: DataReport;
  manifest: Manifest;
  /** True when an earlier build of the same settings and sources was cut short and this one went on from there. */
  resumed: boolean;
  /** Milliseconds of each stage that ran. */
  stageMs: Record<string, number>;
}

/** Version of this library, part of the manifest. */
function libraryVersion(): string {
  return (require("llmops/package.json") as { version: string }).version;
}

let knownCode: string | undefined;

/**
 * What the code of this library's data part is, for work that is gone on with: a version says too little between releases. Read
 * once: the code that runs does not change while it runs.
 */
function codeHash(): string {
  return (knownCode ??= hashOfCode());
}

function hashOfCode(): string {
  const folder = join(__dirname, "..");
  const hash = createHash("sha256");
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")).sort()) {
    hash.update(path).update("\0").update(readFileSync(join(folder, path)));
  }
  return hash.digest("hex");
}

/**
 * Builds a dataset from files and folders: read, parse, check, normalise, remove exact and near-duplicates, mask
 * personal data, check lengths, filter, split. Writes `<split>.jsonl`, `rejected.jsonl` (every row that left, with its
 * reason), `data_report.md` and `.json` with charts, and `manifest.json`.
 *
 * Rows are read, masked and counted in worker threads and in this one (see `workers`); the workers end with the build.
 *
 * Streaming: memory does not grow with the text, only by some 64 bytes a row at a time. The output appears whole or
 * stays as it was; a build that was killed goes on where its last checkpoint was when it is started again with the
 * same settings and sources, and makes the same bytes. A build that failed for good leaves no work behind; where no row is
 * left, the rejected ones stand in `<out>.rejected.jsonl`. The same sources, settings and seed always do, but for pseudonyms
 * with a salt that was drawn.
 *
 * @param options - see {@link BuildOptions}
 * @returns the report, the manifest and where the dataset is
 * @throws FileError for a source that cannot be read or no room to write; BuildError when the output folder is not to be
 *   replaced, another build is under way, or no row is left; SplitError when the splits cannot be made; RangeError for
 *   a setting that makes no sense; the signal's reason when it is aborted
 */
export async function buildDataset(options: BuildOptions): Promise<BuildResult> {
  const plain = settingsOf(options);
  const library = libraryVersion();
  const stageMs: Record<string, number> = {};
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await work();
    } finally {
      stageMs[stage] = Math.round(performance.now() - began);
    }
  };
  const signal = options.signal;
  signal?.throwIfAborted();
  const space = new Workspace(options.out);
  let crew: Crew | undefined;
  try {
    await space.checkOutput(options.force ?? false, signal);
    const { sources, skipped } = await timed("hash", () =>
      findSources(options.sources, { exclude: realPath(options.out), ...(signal ? { signal } : {}) }));
    if (sources.length === 0) {
      const why = skipped.slice(0, 5).map(({ name, reason }) => `${name} ${reason}`);
      throw new BuildError(`there is nothing to read in ${options.sources.join(", ") || "no path at all"}${why.length > 0 ? `: ${why.join("; ")}` : ""}`);
    }
    const tests = await readTestRows(options);
    const settings = tests ? settingsOf(options, tests.files) : plain;
    const resumed = space.begin(fingerprint(settings, sources, codeHash(), saltTag(options)));
    const salt = saltOf(options, settings, space);
    const sourceBytes = sources.reduce((sum, { bytes }) => sum + bytes, 0);
    const tokenizer = tokenizerOf(options);
    const threads = new Crew({ rows: plain, tokenizer, ...(salt === undefined ? {} : { salt }) }, options.workers ?? defaultWorkers(sourceBytes),
      options.workers === undefined && countsBeside(sourceBytes, tokenizer));
    crew = threads;
    const context: BuildContext = {
      options, settings, space, sources, ...(tests ? { tests: tests.index } : {}),
      state: resumed ? loadState(space) : {},
      progress: (progress) => options.onProgress?.(progress),
    };
    if (!resumed) await saveState(context);
    await timed("read", () => readStage(context, threads));
    if (context.state.read) context.state.read.skipped = skipped;
    await timed("compare", () => compareStage(context));
    await timed("clean", () => cleanStage(context, threads));
    await timed("split", () => divideStage(context));
    const { report, manifest } = await timed("write", () => resultStage(context, library));
    signal?.throwIfAborted();
    await timed("publish", () => space.publish());
    space.clear();
    return { out: space.out, report, manifest, resumed, stageMs };
  } catch (error) {
    // These come from the rows and the settings. Anything else (a kill, a full disk, a teacher that failed) can be gone on from.
    if (error instanceof BuildError || error instanceof SplitError) space.discard();
    throw error;
  } finally {
    await crew?.close();
    space.release();
  }
}

/** The output folder is not a source, also where it lies inside one. */
function realPath(out: string): string[] {
  return existsSync(out) ? [realpathSync(resolve(out))] : [];
}
