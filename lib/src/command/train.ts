import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { Option, type Command } from "commander";
import { ComputeError, GIB, renderPlan } from "../compute/index.js";
import { DRIVERS, explainOutOfMemory, launch, openRuntime, runtimeDoor, type DriverName, type Metric, type Run, type RuntimeFacts } from "../pair/index.js";
import { checkData, completeRecipe, packRecipe, planRecipe, refuseMisfit, shapeOfBase, targetOf, toAxolotl, trainingJob, TrainingRecord, type RecipePlan, type TrainingRecipe } from "../train/index.js";
import { CommandError, EXIT, EXIT_HELP } from "./failure.js";
import { wholeNumber } from "./format-option.js";
import { Reporter, count } from "./output.js";

interface TrainOptions {
  on?: DriverName;
  gpu?: string;
  sequence?: number;
  minutes?: number;
  dryRun?: boolean;
  axolotl?: boolean;
  force?: boolean;
  json?: boolean;
}

const HELP = `
The recipe is JSON; paths in it are seen from its own folder. The least of one:
  { "base": "colab/taskling/model", "data": { "train": "train.jsonl" } }

Examples:
  llmops train recipe.json --dry-run
  llmops train recipe.json --on local
  llmops train recipe.json --axolotl > axolotl.yaml`;

/** Adds `llmops train`. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("fine-tune a model by a recipe: plan it, send it to a runtime, follow it, bring its results home")
    .argument("<recipe>", "the recipe, a JSON file")
    .addOption(new Option("--on <runtime>", "where to train (default: LLMOPS_RUNTIME, else local)").choices(DRIVERS))
    .option("--gpu <name>", "plan for this card: t4, l4, … (default: what the runtime has; with --dry-run, a T4 unless it is --on local)")
    .option("--sequence <tokens>", "tokens of the longest row, for the plan (default: the recipe's maxLength)", wholeNumber)
    .option("--minutes <number>", "ask the run to end after so many minutes; it leaves a checkpoint", wholeNumber)
    .option("--dry-run", "print the plan, the complete recipe and what would be sent; start nothing")
    .option("--axolotl", "print the same run as an Axolotl file (YAML); start nothing")
    .option("--force", "start a run whose plan does not fit, too")
    .option("--json", "print one JSON document")
    .addHelpText("after", `${HELP}\n${EXIT_HELP}`)
    .action((path: string, options: TrainOptions) => train(path, options));
}

async function train(path: string, options: TrainOptions): Promise<void> {
  const reporter = new Reporter(options);
  const recipe = readRecipe(path);
  if (options.axolotl) return reporter.print(toAxolotl(recipe).trimEnd());
  await checkData(recipe);
  if (options.dryRun) return dryRun(recipe, options, reporter);

  const runtime = openRuntime(options.on === undefined ? {} : { driver: options.on });
  reporter.note(`${runtimeDoor(runtime).door}: ${runtime.says}`);
  try {
    const facts = await runtime.start((line) => reporter.note(line));
    const plan = planFor(recipe, options, reporter, facts);
    if (plan && !options.force) refuseMisfit(plan);
    const job = trainingJob(recipe, { ...(plan ? { plan } : {}), ...(options.minutes === undefined ? {} : { minutes: options.minutes }) });
    const run = await launch(job, runtime, { report: (line) => reporter.note(line) });
    reporter.note(`run ${run.id}`);
    await follow(run, reporter);
    await report(run, reporter);
  } finally {
    await runtime.close();
  }
}

/** The complete recipe of a file, its paths absolute. @throws RecipeError */
function readRecipe(path: string): TrainingRecipe {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/u, ""));
  } catch (error) {
    throw new CommandError(`${path}: ${error instanceof SyntaxError ? `is no JSON (${error.message})` : `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`}`);
  }
  const recipe = completeRecipe(value);
  const full = (place: string): string => (isAbsolute(place) ? place : join(dirname(path), place));
  const base = existsSync(join(full(recipe.base), "config.json")) ? full(recipe.base) : recipe.base;
  return { ...recipe, base, data: { train: full(recipe.data.train), eval: recipe.data.eval === null ? null : full(recipe.data.eval) }, chatTemplate: recipe.chatTemplate === null ? null : full(recipe.chatTemplate) };
}

/** The plan on the card that was named, or on the runtime; undefined, with a note, for a base that the planner does not know. */
function planFor(recipe: TrainingRecipe, { gpu, sequence }: TrainOptions, reporter: Reporter, facts?: RuntimeFacts): RecipePlan | undefined {
  try {
    return planRecipe(recipe, shapeOfBase(recipe), targetOf(gpu ?? facts ?? "t4"), sequence);
  } catch (error) {
    if (!(error instanceof ComputeError)) throw error;
    reporter.note(`not planned: ${error.message}`);
    return undefined;
  }
}

async function dryRun(recipe: TrainingRecipe, options: TrainOptions, reporter: Reporter): Promise<void> {
  const isHere = (options.on ?? (process.env["LLMOPS_RUNTIME"] || "local")) === "local" && options.gpu === undefined;
  const plan = isHere ? planFor(recipe, options, reporter, hereWithoutGpu()) : planFor(recipe, options, reporter);
  const packed = packRecipe(recipe);
  const document = {
    ok: plan === undefined || plan.verdict.fits === "yes",
    plan: plan && { fits: plan.verdict.fits, sentence: plan.verdict.sentence, peak_gib: plan.memory.peakBytes / GIB, high_gib: plan.memory.highBytes / GIB, notes: plan.memory.notes, remedies: plan.remedies.map(({ sentence }) => sentence) },
    recipe: packed.recipe, files: packed.files,
  };
  await reporter.result(document, () => [
    ...(plan ? [renderPlan(plan.memory), "", `The run ${plan.verdict.sentence}`, ...plan.memory.notes.map((note) => `  ${note}`), ...plan.remedies.map(({ sentence }) => `  remedy: ${sentence}`), ""] : []),
    "recipe.json as it would be sent:", JSON.stringify(packed.recipe, null, 2), "", "with these files:", ...Object.entries(packed.files).map(([place, path]) => `  ${place}  ←  ${path}`),
  ].join("\n"));
  if (!document.ok) process.exitCode = EXIT.rejected;
}

/** This machine as a runtime would describe it, without starting one. */
function hereWithoutGpu(): RuntimeFacts {
  const { totalmem, cpus, platform } = require("node:os") as typeof import("node:os");
  return { version: 1, python: "", system: platform(), root: "", cpus: cpus().length, memory_bytes: totalmem(), disk_free_bytes: 0, disk_bytes: 0, gpu: null };
}

/** Follows a run to its end. The first Ctrl-C leaves it running. */
async function follow(run: Run, reporter: Reporter): Promise<void> {
  const controller = new AbortController();
  const leave = (): void => controller.abort();
  process.on("SIGINT", leave);
  let bar: ReturnType<Reporter["progress"]> | undefined;
  let said = 0;
  try {
    await run.wait(({ metrics }) => {
      const last = metrics.at(-1);
      if (!last?.steps) return;
      bar ??= reporter.progress("training", last.steps, "steps");
      bar.update(last.step);
      if (!process.stderr.isTTY && Date.now() - said > 10_000) {
        said = Date.now();
        reporter.note(describe(last, metrics));
      }
    }, { signal: controller.signal });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    bar?.stop();
    throw new CommandError(`left; ${run.id} goes on in the runtime. Follow it again: llmops runs attach ${run.id}`, EXIT.interrupted);
  } finally {
    bar?.stop();
    process.off("SIGINT", leave);
  }
}

function describe({ step, steps }: Metric, metrics: readonly Metric[]): string {
  const loss = metrics.findLast((metric) => metric.loss !== undefined)?.loss;
  return `step ${step} of ${steps}${loss === undefined ? "" : `, loss ${loss.toFixed(4)}`}`;
}

async function report(run: Run, reporter: Reporter): Promise<void> {
  const { state, reason } = run.record;
  if (state !== "finished") {
    if (state === "out-of-memory") throw new CommandError((await explainOutOfMemory(run)).says, EXIT.rejected);
    const next = state === "interrupted" || state === "time-limit" ? `it goes on with: llmops runs resume ${run.id}` : `its log: ${join(run.folder, "log.txt")}`;
    throw new CommandError(`${run.id} is ${state}${reason ? `: ${reason}` : ""}; ${next}`, EXIT.rejected);
  }
  const artifacts = await run.fetch();
  const record = run.result("run.json", TrainingRecord);
  const loss = run.metrics.findLast((metric) => metric.loss !== undefined)?.loss;
  const { total, trainable } = record.parameters;
  await reporter.result({ ok: true, run: run.id, folder: run.folder, artifacts: Object.keys(artifacts), record }, () => [
    ...record.plan.notes.map((note) => `note: ${note}`),
    `${count(trainable)} of ${count(total)} parameters trained for ${count(record.steps ?? 0)} steps on ${record.machine.device === "cpu" ? "a CPU" : record.machine.name} (${record.plan.backend}, ${record.plan.precision})`,
    `loss ${loss?.toFixed(4) ?? "?"}${record.eval_loss === undefined ? "" : `, on held-out rows ${record.eval_loss.toFixed(4)}`}`,
    ...Object.entries(record.exports ?? {}).map(([name, { bytes, largest_probability_difference: difference }]) => `${name}: ${(bytes / 1e6).toFixed(1)} MB${difference === undefined ? "" : `, probabilities within ${difference.toExponential(1)} of base + adapter`}`),
    `in ${join(run.folder, "artifacts")}`,
  ].join("\n"));
}

