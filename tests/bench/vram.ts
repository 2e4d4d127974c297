/**
 * `npm run bench:vram`: how far the plans are from measured GPU memory, through `llmops vram --stdin`.
 *
 *     npm run bench:vram                              the points of datasets/gpu-memory
 *     npm run bench:vram -- --points FILE             other points of the same fields (repeatable)
 *       --verbose      a line for each point           --json PATH     the figures as JSON
 *
 * Beside it, on the same points: the rule of thumb (bytes of the weights × 1.2), and fitcheck where it can say something.
 * What was measured is taken out of a point before anything is asked about it.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { CHECKPOINTING, countLora, countParameters, GIB, MODELS, parseStorage, planTraining, shapeOf, storageOf, type ModelShape } from "llmops/compute";
import { z } from "zod";
import { ROOT } from "../../tools/paths.ts";
import { tryPython } from "../../tools/python-env.ts";

const FITCHECK = "fitcheck-llm==0.3.1";
const { values: flags } = parseArgs({ options: { points: { type: "string", multiple: true }, verbose: { type: "boolean" }, json: { type: "string" } } });

const Point = z.looseObject({
  id: z.string(), source: z.string(), model: z.union([z.string(), z.record(z.string(), z.unknown())]), method: z.string(), quant: z.string(),
  rank: z.number().nullable(), target_modules: z.union([z.array(z.string()), z.string()]).nullable(), batch: z.number(), seq: z.number().nullable(), seq_kind: z.string(),
  phase: z.string(), unit: z.string(), peak_gb: z.number(), trainable_params: z.number().nullish(), half: z.string().optional(),
});
type Point = z.output<typeof Point>;
const Answer = z.object({ id: z.string(), peak_gib: z.number(), low_gib: z.number(), high_gib: z.number() });

/** Fields of a point that say what was measured. */
const MEASURED = new Set(["peak_gb", "static_gb", "trainable_params", "allocated_gib", "reserved_gib", "step_seconds", "half"]);

const files = flags.points ?? ["published.json", "torchtune.json", "t4-runs.json"].map((name) => join(ROOT, "datasets/gpu-memory", name));
const points = files.flatMap((file) => {
  const parsed = z.object({ points: z.array(Point) }).parse(JSON.parse(readFileSync(file, "utf8")));
  return parsed.points.map((point) => ({ ...point, file: basename(file) }));
});
const asked = points.map((point) => Object.fromEntries(Object.entries(point).filter(([field]) => !MEASURED.has(field) && field !== "file")));

const lines = (values: readonly unknown[]): string => `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
function run(command: string, args: string[], input: string): string[] {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0 && stdout.trim() === "") throw new Error(`${basename(command)} ${args.join(" ")}: ${stderr}`);
  return stdout.trim().split("\n");
}

const began = performance.now();
const answers = run(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "vram", "--stdin"], lines(asked)).map((line, at) => {
  const parsed = Answer.safeParse(JSON.parse(line));
  if (!parsed.success) throw new Error(`${points[at]?.id}: ${line}`);
  return parsed.data;
});
const seconds = (performance.now() - began) / 1000;

const shapes = points.map(({ model }) => shapeOf(model as string | ModelShape));
const rule = points.map((point, at) => (countParameters(shapes[at] as ModelShape).total * storageOf(parseStorage(point.quant)).bytes * 1.2) / GIB);
const python = tryPython(".venv-bench-vram", [FITCHECK]);
const peer = python === undefined ? points.map(() => null)
  : run(python, [join(import.meta.dirname, "vram/fitcheck_peer.py")], lines(asked.map((point, at) => ({ ...point, shape: shapes[at], params: countParameters(shapes[at] as ModelShape).total }))))
    .map((line) => JSON.parse(line) as number | null);

/** One point with all that was said of it, in GiB. */
const rows = points.map((point, at) => {
  // "GB (1e9)" is decimal; everything else comes from tools that print GiB.
  const measured = point.unit === "GB (1e9)" ? (point.peak_gb * 1e9) / GIB : point.peak_gb;
  return { point, measured, ours: answers[at] as z.output<typeof Answer>, rule: rule[at] as number, peer: peer[at] ?? null };
});
type Row = (typeof rows)[number];

const error = (predicted: number, { measured }: Row): number => predicted / measured - 1;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (value: number, digits = 1): string => `${(value * 100).toFixed(digits)}%`;

function describe(name: string, of: readonly Row[]): void {
  if (of.length === 0) return;
  const errors = of.map((row) => error(row.ours.peak_gib, row));
  const inBand = of.filter((row) => row.measured >= row.ours.low_gib && row.measured <= row.ours.high_gib).length;
  const said = of.filter((row): row is Row & { peer: number } => row.peer !== null);
  const cells = [
    name.padEnd(52), String(of.length).padStart(4), percent(mean(errors.map(Math.abs))).padStart(7), percent(Math.max(...errors.map(Math.abs))).padStart(7),
    percent(mean(errors)).padStart(7), percent(errors.filter((value) => value < -0.1).length / of.length).padStart(8), percent(inBand / of.length, 0).padStart(6),
    percent(mean(of.map((row) => Math.abs(error(row.rule, row))))).padStart(9),
    said.length === 0 ? "-".padStart(16) : `${percent(mean(said.map((row) => Math.abs(error(row.peer, row)))))} of ${said.length}`.padStart(16),
  ];
  console.log(cells.join(" "));
  figures[name] = { points: of.length, mean: mean(errors.map(Math.abs)), worst: Math.max(...errors.map(Math.abs)), bias: mean(errors), underBy10: errors.filter((value) => value < -0.1).length, inBand };
}
const figures: Record<string, object> = {};

const header = `${"".padEnd(52)}    n    mean   worst    bias  <-10%  in band   × 1.2         fitcheck`;
const isTraining = ({ point }: Row): boolean => point.phase === "train_peak";
const isCap = ({ point }: Row): boolean => point.seq_kind.startsWith("cap") && !point.seq_kind.includes("close");
for (const file of new Set(rows.map(({ point }) => point.file))) {
  const of = rows.filter(({ point }) => point.file === file);
  console.log(`\n${file}: relative error of the peak\n${header}`);
  describe(`${file}: all`, of);
  describe(`${file}: training, exact lengths`, of.filter((row) => isTraining(row) && !isCap(row)));
  describe(`${file}: training, only a limit is known`, of.filter((row) => isTraining(row) && isCap(row)));
  describe(`${file}: inference`, of.filter((row) => !isTraining(row)));
  for (const half of new Set(of.flatMap(({ point }) => point.half ?? []))) describe(`${file}: ${half}`, of.filter(({ point }) => point.half === half));
  const sources = (row: Row): string => `  ${row.point.source.replace(/^github:/u, "").replace(/@.*/u, "")}, ${row.point.method}`;
  for (const source of new Set(of.map(sources))) describe(source, of.filter((row) => sources(row) === source));
}
const counted = rows.filter(({ point }) => typeof point.trainable_params === "number" && point.rank !== null);
const equal = counted.filter(({ point }) => {
  const targets = Array.isArray(point.target_modules) ? point.target_modules : ["all-linear", "vision-linear"];
  return countLora(shapeOf(point.model as string | ModelShape), point.rank as number, targets) === point.trainable_params;
});
console.log(`\nLoRA's trainable parameters equal the published count: ${equal.length} of ${counted.length}`);
console.log(`${rows.length} plans through the command in ${seconds.toFixed(2)} s`);
const space = performance.now();
let plans = 0;
for (const { shape } of MODELS) {
  for (const method of ["full", "lora", "qlora"] as const) {
    for (const sequence of [256, 512, 1024, 2048, 4096, 8192]) {
      for (const batch of [1, 2, 4, 8]) {
        for (const checkpointing of CHECKPOINTING) {
          planTraining({ model: shape, method, sequence, batch, checkpointing, gpu: "t4" });
          plans++;
        }
      }
    }
  }
}
console.log(`${plans} plans for a T4 (${MODELS.length} models × 3 methods × 6 lengths × 4 batches × 3 ways of checkpointing) in ${((performance.now() - space) / 1000).toFixed(2)} s`);
if (flags.verbose) {
  for (const row of [...rows].sort((a, b) => Math.abs(error(b.ours.peak_gib, b)) - Math.abs(error(a.ours.peak_gib, a)))) {
    const { point } = row;
    const model = typeof point.model === "string" ? point.model : String(point.model["name"]);
    console.log(`${point.id.padEnd(6)} ${model.padEnd(28)} ${point.method.padEnd(10)} ${point.quant.padEnd(24)} ${String(point.seq).padStart(6)} measured ${row.measured.toFixed(2).padStart(6)} planned ${row.ours.peak_gib.toFixed(2).padStart(6)} (${row.ours.low_gib.toFixed(2)} to ${row.ours.high_gib.toFixed(2)})  ${percent(error(row.ours.peak_gib, row)).padStart(7)}`);
  }
}
if (flags.json) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
