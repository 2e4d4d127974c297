/**
 * `npm run bench:data`: our dataset building against the plan's recipe in Python (lessons 63.3 and 63.4: datasketch,
 * pydantic, tiktoken), on the same file, in turns.
 *
 *     npm run bench:data                               20,000 generated rows, medians of three rounds
 *     npm run bench:data -- --file rows.jsonl          the rows of a file, in any format that llmops reads
 *       --rows N       so many rows (of a file: the first)         --rounds N        medians of so many
 *       --seed N       of generated rows and of the split          --sample N        rows compared by brute force
 *       --scope conversation|first-user   --threshold 0.8          --json PATH       the figures as JSON
 *       --only dedup|pipeline             --keep DIR               the prepared files and the outputs
 *
 * Other work on the machine slows both sides, but not evenly: rows per second of CPU time (all threads of the process,
 * garbage collection and compilation included) stand beside rows per second.
 *
 * Both sides compare the same part of a row by the same measure: the Jaccard similarity of its three-word shingles.
 * `--shingle 1` compares single words as the plan prints it (deduplication only: the pipeline uses three).
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Scope } from "llmops/data";
import { earlierTwins, judge, lexedWords, shingleSets, splitWords, type Judgement } from "./brute-force.ts";
import { gatherRows, writeSample, type Prepared } from "./recipe/rows.ts";
import { peerVersions, preparePeer, RECIPE } from "./recipe/peer.ts";
import { runJson, type Run } from "./recipe/run.ts";
import { ROOT } from "../../tools/paths.ts";

const { values: flags } = parseArgs({
  options: {
    file: { type: "string" }, rows: { type: "string" }, rounds: { type: "string", default: "3" }, seed: { type: "string", default: "1" },
    sample: { type: "string", default: "4000" }, scope: { type: "string", default: "conversation" }, shingle: { type: "string", default: "3" },
    threshold: { type: "string", default: "0.8" }, only: { type: "string" }, json: { type: "string" }, keep: { type: "string" },
  },
});
const whole = (name: "rows" | "rounds" | "seed" | "sample" | "shingle", least: number): number => {
  const value = Number(flags[name]);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${name} must be a whole number from ${least}, not ${flags[name]}`);
  process.exit(2);
};
const rounds = whole("rounds", 1);
const seed = whole("seed", 0);
const sample = whole("sample", 2);
const shingle = whole("shingle", 1);
const wanted = flags.rows === undefined ? (flags.file === undefined ? 20_000 : Infinity) : whole("rows", 1);
const threshold = Number(flags.threshold);
if (!(threshold > 0 && threshold <= 1)) {
  console.error(`--threshold must be over 0 and at most 1, not ${flags.threshold}`);
  process.exit(2);
}

/** One side of a comparison: its name in the table, and the command that runs it on a file. */
interface Side {
  name: string;
  /** What ours is held against. */
  peer: boolean;
  command: (file: string, out: string) => string[];
}
interface DedupRun { rows: number; seconds: number; cpuSeconds: number; kept: number[]; peakBytes: number; loadedBytes: number }

const python = preparePeer();
// As this process was started: npm scripts set the size of Node's nursery (tools/with-setup.mjs), for users as for this.
const node = [process.execPath, ...process.execArgv];
const measure = ["--scope", flags.scope, "--threshold", String(threshold)];
const ranks = join(ROOT, "node_modules", "gpt-tokenizer", "data", "o200k_base.tiktoken");
const dedupSides: Side[] = [
  ...([["item", "recipe, per item"], ["batch", "recipe, update_batch"], ["bulk", "recipe, MinHash.bulk"]] as const).map(([method, name]): Side => ({
    name, peer: true, command: (file) => [python, join(RECIPE, "dedup.py"), file, "--method", method, "--shingle", String(shingle), ...measure],
  })),
  ...(["js", "wasm"] as const).map((kernel): Side => ({
    name: kernel === "wasm" ? "ours, verified" : "ours without WebAssembly, verified", peer: false,
    command: (file) => [...node, join(RECIPE, "ours.ts"), file, "--kernel", kernel, "--shingle", String(shingle), ...measure],
  })),
];
const lengths = ["--min-tokens", "10", "--max-tokens", "2048"];
const pipelineSides: Side[] = [
  ...([["item", "recipe, per item"], ["bulk", "recipe, batch calls"]] as const).map(([method, name]): Side => ({
    name, peer: true,
    command: (file, out) => [
      python, join(RECIPE, "pipeline.py"), file, out, "--method", method, "--shingle", "3", "--seed", String(seed), "--ranks", ranks, ...lengths, ...measure,
    ],
  })),
  ...([["ours (llmops data build)", []], ["ours, one thread (--workers 0)", ["--workers", "0"]]] as const).map(([name, workers]): Side => ({
    name, peer: false,
    command: (file, out) => [
      ...node, join(ROOT, "lib", "bin", "llmops.cjs"), "data", "build", file, "--out", out, "--format", "sharegpt", "--seed", String(seed), "--json",
      ...workers, ...lengths, ...measure,
    ],
  })),
];

const median = (list: readonly number[]): number => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};
const count = (value: number): string => Math.round(value).toLocaleString("en-US");
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Runs every side once a round, beginning with another side each time; what a run prints and how long it took. */
async function inTurns<T>(sides: readonly Side[], file: string, folder: string): Promise<Run<T>[][]> {
  const runs = sides.map((): Run<T>[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const at = (turn + round) % sides.length;
      const side = sides[at] as Side;
      const out = join(folder, `${at}-${round}`);
      process.stderr.write(`round ${round + 1} of ${rounds}: ${side.name} …\n`);
      runs[at]?.push(await runJson<T>(side.command(file, out), folder));
      if (!flags.keep) rmSync(out, { recursive: true, force: true });
    }
  }
  return runs;
}

interface DedupFigures { name: string; peer: boolean; rowsPerSecond: number; rowsPerCpuSecond: number; seconds: number[]; kept: number; peakBytes: number; loadedBytes: number; own: Judgement; split: Judgement }

async function compareDedup(prepared: Prepared, folder: string): Promise<DedupFigures[]> {
  const runs = await inTurns<DedupRun>(dedupSides, prepared.valid, folder);
  process.stderr.write("comparing every pair of the sample …\n");
  const part = await writeSample(prepared, sample, seed, flags.scope as Scope, folder);
  const truth = [lexedWords, splitWords].map((words) => earlierTwins(shingleSets(part.texts, words, shingle), threshold));
  const [lexed, split] = truth as [number[][], number[][]];
  const figures: DedupFigures[] = [];
  for (const [at, side] of dedupSides.entries()) {
    const list = (runs[at] as Run<DedupRun>[]).map(({ output }) => output);
    const { output } = await runJson<DedupRun>(side.command(part.file, ""), folder);
    const seconds = list.map((run) => run.seconds);
    figures.push({
      name: side.name, peer: side.peer, seconds, rowsPerSecond: prepared.validRows / median(seconds),
      rowsPerCpuSecond: prepared.validRows / median(list.map((run) => run.cpuSeconds)), kept: list[0]?.kept.length ?? 0,
      peakBytes: median(list.map((run) => run.peakBytes)),
      loadedBytes: median(list.map((run) => run.loadedBytes)), own: judge(output.kept, side.peer ? split : lexed), split: judge(output.kept, split),
    });
  }
  const ours = runs.flatMap((list, at) => (dedupSides[at]?.peer ? [] : list.map(({ output }) => output.kept.join())));
  if (new Set(ours).size > 1) throw new Error("our runs did not keep the same rows");
  return figures;
}

interface PipelineFigures { name: string; peer: boolean; rowsPerSecond: number; seconds: number[]; out: number; peakBytes: number }

async function comparePipeline(prepared: Prepared, folder: string): Promise<PipelineFigures[]> {
  const runs = await inTurns<{ out?: number; report?: { rows: { out: number } } }>(pipelineSides, prepared.all, folder);
  return pipelineSides.map(({ name, peer }, at) => {
    const list = runs[at] as typeof runs[number];
    const seconds = list.map((run) => run.seconds);
    const output = list[0]?.output;
    return {
      name, peer, seconds, rowsPerSecond: prepared.rows / median(seconds), out: (peer ? output?.out : output?.report?.rows.out) ?? NaN,
      peakBytes: median(list.map((run) => run.peakBytes)),
    };
  });
}

function printTable(rows: readonly string[][]): void {
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  for (const row of rows) console.log(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number))).join("  ")}`);
}

/** How many times as fast as each peer, as text: "124× 26× 15×". */
const factors = (own: number, peers: readonly { rowsPerSecond: number }[]): string => peers.map(({ rowsPerSecond }) => `${(own / rowsPerSecond).toFixed(1)}×`).join(" / ");

const folder = flags.keep ? resolve(flags.keep) : mkdtempSync(join(tmpdir(), "llmops-compare-"));
mkdirSync(folder, { recursive: true });
try {
  const prepared = await gatherRows({ ...(flags.file === undefined ? {} : { file: resolve(flags.file) }), rows: wanted, seed, folder });
  const versions = { Node: process.versions.node, V8: process.versions.v8, ...peerVersions(python) };
  const date = new Date().toISOString().slice(0, 16);
  const machine = `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores, ${mib(totalmem())}`;
  const load = loadavg()[0] as number;
  console.log(`${date}Z, ${machine}, load average ${load.toFixed(1)} at the start`);
  console.log(Object.entries(versions).map(([name, version]) => `${name} ${version}${name === "Node" ? process.execArgv.map((flag) => ` ${flag}`).join("") : ""}`).join(", "));
  const source = flags.file === undefined ? `generated, seed ${seed}` : basename(flags.file);
  console.log(`${source}: ${count(prepared.rows)} rows, ${(statSync(prepared.all).size / 1e6).toFixed(1)} MB as ShareGPT, ${count(prepared.validRows)} of them valid; ${flags.scope}, ${shingle} words, threshold ${threshold}; medians of ${rounds}`);

  const dedup = flags.only === "pipeline" ? [] : await compareDedup(prepared, folder);
  if (dedup.length > 0) {
    const peers = dedup.filter(({ peer }) => peer);
    console.log(`\nDeduplication alone. Precision and recall by brute force over ${count(Math.min(sample, prepared.validRows))} rows; in brackets ours by the recipe's words (split at blanks). Peak memory of the process, and what it was before deduplication, with the rows loaded`);
    printTable([
      ["", "rows/s", "rows/CPU-s", "kept", "peak, before", "precision", "recall", "ours is faster by"],
      ...dedup.map(({ name, peer, rowsPerSecond, rowsPerCpuSecond, kept, peakBytes, loadedBytes, own, split }) => [
        name, count(rowsPerSecond), count(rowsPerCpuSecond), count(kept), `${mib(peakBytes)}, ${mib(loadedBytes)}`,
        `${own.precision.toFixed(3)}${peer ? "" : ` (${split.precision.toFixed(3)})`}`, `${own.recall.toFixed(3)}${peer ? "" : ` (${split.recall.toFixed(3)})`}`,
        peer ? "" : factors(rowsPerSecond, peers),
      ]),
    ]);
  }
  const pipeline = flags.only === "dedup" ? [] : await comparePipeline(prepared, folder);
  if (pipeline.length > 0) {
    const peers = pipeline.filter(({ peer }) => peer);
    console.log("\nThe whole pipeline: read, validate, normalise, exact and fuzzy deduplication, personal data, token count and length filter, split, write");
    printTable([
      ["", "rows/s", "seconds", "rows out", "peak", "ours is faster by"],
      ...pipeline.map(({ name, peer, rowsPerSecond, seconds, out, peakBytes }) => [
        name, count(rowsPerSecond), median(seconds).toFixed(1), count(out), mib(peakBytes), peer ? "" : factors(rowsPerSecond, peers),
      ]),
    ]);
  }
  console.log(`\nload average ${(loadavg()[0] as number).toFixed(1)} at the end`);
  if (flags.json !== undefined) {
    const settings = { source, rows: prepared.rows, valid: prepared.validRows, rounds, seed, sample, scope: flags.scope, shingle, threshold };
    writeFileSync(flags.json, `${JSON.stringify({ date: `${date}Z`, machine, load: [load, loadavg()[0]], versions, settings, dedup, pipeline }, null, 2)}\n`);
  }
} finally {
  if (!flags.keep) rmSync(folder, { recursive: true, force: true });
}
