/**
 * `npm run check:trainer`: the trainer killed with SIGKILL at random steps and started again, against the same run left alone;
 * and its arithmetic against the planner, PEFT and itself. On a Llama of random numbers, one thread, some minutes.
 *
 *     npm run check:trainer -- 5 64      kills, seed of the steps
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countLora, countParameters, shapeOfConfig } from "llmops/compute";
import { prepareTraining } from "llmops/pair";
import { TrainingRecord, type RecipeInput } from "llmops/train";
import { killAt, layOut, learned, linesOf, logOf, makeBase, recipeFor, runPython, runTrainer, startTrainer } from "../support/training.ts";

const [kills = 5, seed = Date.now() % 100_000] = process.argv.slice(2).map(Number);
const python = process.env["LLMOPS_TRAINING_PYTHON"] ?? (await prepareTraining((line) => console.error(line)));
const folder = mkdtempSync(join(tmpdir(), "workbook-check-trainer-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let failed = 0;
function say(check: string, ok: boolean, detail: string): void {
  if (!ok) failed++;
  console.log(`${ok ? "ok  " : "FAIL"}  ${check}: ${detail}`);
}

/** The same steps for the same seed (Lehmer's generator). */
let state = (seed % 2_147_483_646) + 1;
const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;

function newJob(name: string, change: Partial<RecipeInput>): string {
  const job = join(folder, name);
  mkdirSync(job);
  layOut(job, recipeFor(folder, change));
  return job;
}
const recordOf = (job: string): TrainingRecord => TrainingRecord.parse(JSON.parse(readFileSync(join(job, "artifacts", "run.json"), "utf8")));
const data = { train: join(folder, "train.jsonl"), eval: join(folder, "eval.jsonl") };

async function killAndResume(name: string, change: Partial<RecipeInput>, times: number): Promise<void> {
  const recipe: Partial<RecipeInput> = { steps: 30, checkpoints: { every: 7 }, data, evaluateEvery: 10, ...change };
  const alone = newJob(`${name}-alone`, recipe);
  await runTrainer(python, alone);
  const wanted = learned(alone);
  for (let time = 1; time <= times; time++) {
    const job = newJob(`${name}-${time}`, recipe);
    const killed = await killAt(job, startTrainer(python, job), 1 + random(28));
    await runTrainer(python, job);
    const found = learned(job), from = recordOf(job).attempts.at(-1)?.from_step ?? 0;
    const differs = found.findIndex((line, at) => line !== wanted[at]);
    say(`${name}, killed after step ${killed}`, differs < 0 && found.length === wanted.length, differs < 0 ? `went on from step ${from}; loss, rate and norm of ${found.length} lines are equal to the last digit` : `${found[differs]} is not ${wanted[differs]}`);
  }
}

makeBase(python, folder);
console.log(`seed ${seed}`);
await killAndResume("lora, dropout, accumulation", { dropout: 0.1, accumulation: 2, schedule: "cosine" }, kills);
await killAndResume("full, packed", { method: "full", rank: undefined, packing: true, maxLength: 300, batch: 2, learningRate: 0.003 }, 1);
await killAndResume("dora over nf4 with fallback fp32", { method: "dora", quantisation: "nf4", fallback: "fp32", batch: 3 }, 1);

const shape = shapeOfConfig(JSON.parse(readFileSync(join(folder, "model", "config.json"), "utf8")), "tiny");
for (const [name, change] of Object.entries<Partial<RecipeInput>>({
  "lora of rank 4": {}, "lora of rank 16 on q and v": { rank: 16, targets: ["q_proj", "v_proj"] }, rslora: { rslora: true, rank: 8 }, dora: { method: "dora" }, full: { method: "full", rank: undefined },
})) {
  const recipe = recipeFor(folder, { steps: 6, exports: ["merged"], ...change }), job = newJob(`merge ${name}`, { steps: 6, exports: ["merged"], ...change });
  await runTrainer(python, job);
  const { parameters, exports } = recordOf(job);
  // DoRA has one more number for each output of an adapted matrix.
  const counted = recipe.method === "full" ? countParameters(shape).total : countLora(shape, recipe.rank!, recipe.targets!) + (recipe.method === "dora" ? doraLengths() : 0);
  const difference = exports?.["merged"]?.largest_probability_difference;
  say(name, parameters.trainable === counted && (difference === undefined || difference <= 1e-5), `${parameters.trainable} of ${parameters.total} parameters train, counted ${counted}${difference === undefined ? "" : `; merged, probabilities within ${difference.toExponential(1)} of base + adapter`}`);
}

function doraLengths(): number {
  return shape.layers * (shape.heads * shape.headDim + 2 * shape.kvHeads * shape.headDim + shape.hidden + 2 * shape.ffn + shape.hidden);
}

// Eight rows joined into one, and the same eight padded: one loss, if each sees itself alone.
const few = join(folder, "few");
makeBase(python, few, 8);
const first: number[] = [];
for (const packing of [true, false]) {
  const job = join(few, packing ? "packed" : "padded");
  mkdirSync(job);
  layOut(job, recipeFor(few, { steps: 1, packing, maxLength: packing ? 4096 : 512, batch: packing ? 1 : 8 }));
  await runTrainer(python, job);
  first.push(linesOf(job)[0]!.loss!);
}
say("packing keeps rows apart", Math.abs(first[0]! - first[1]!) < 1e-5, `first loss ${first[0]} packed, ${first[1]} padded`);

// What TRL does to the adapters of a packed base, and that the trainer takes it back.
const wide = newJob("wide", { steps: 2 });
const [before, after, trained] = JSON.parse(runPython(python, "check_widening.py", [wide]).trim().split("\n").at(-1)!) as string[][];
say("adapters over a packed base train in fp32", String(after) === "torch.float32" && String(trained) === "torch.float32", `${String(before)} as TRL makes them, ${String(after)} when training begins, ${String(trained)} after it`);

// A rate that breaks the weights.
const broken = newJob("broken", { steps: 60, learningRate: 1e30, maxGradNorm: 1e30 });
const status = await startTrainer(python, broken).ended;
const sentence = logOf(broken).trim().split("\n").at(-1) ?? "";
say("a loss that is no number ends the run", status === 1 && /the loss is no number from step \d+ on, and nothing was exported/.test(sentence), sentence);

console.log(failed === 0 ? "all checks passed" : `${failed} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
