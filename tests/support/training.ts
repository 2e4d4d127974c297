/** The trainer as a process, on a Llama of random numbers: for tests and checks. Nothing is downloaded, one thread each. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareTraining } from "llmops/pair";
import { completeRecipe, packRecipe, type RecipeInput, type TrainingRecipe } from "llmops/train";
import { ROOT } from "./scratch.ts";

const LOCAL = join(ROOT, process.platform === "win32" ? ".venv-train/Scripts/python.exe" : ".venv-train/bin/python");

/** The Python of .venv-train; undefined where there is none, which only a build server makes by itself. */
export async function trainingPython(): Promise<string | undefined> {
  if (existsSync(LOCAL)) return LOCAL;
  return process.env["CI"] ? prepareTraining() : undefined;
}
export const WITHOUT = "no .venv-train here: a job with the runtime `local` makes it";

const ENV = { ...process.env, PYTHONPATH: join(ROOT, "colab"), OMP_NUM_THREADS: "1", PYTHONWARNINGS: "ignore", HF_HUB_OFFLINE: "1" };

/** Runs a script of tests/support with the training Python; returns what it printed. */
export function runPython(python: string, script: string, args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync(python, [join(ROOT, "tests/support", script), ...args], { input, env: ENV, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
  return stdout;
}

const TOOLS = [{ type: "function", function: { name: "create_task", description: "Add a task", parameters: { type: "object", properties: { title: { type: "string" } }, required: ["title"] } } }];
const VERBS = ["buy", "call", "fix", "write", "pack", "mend", "read", "send", "plan", "cook"], THINGS = ["milk", "Ana", "the roof", "a letter", "bags", "shoes", "the book", "a parcel", "the trip", "soup"];

/** A conversation with a call, its result and an answer; the title varies with the number. */
export function conversation(at: number): object {
  const title = `${VERBS[at % 10]} ${THINGS[Math.floor(at / 10) % 10]}`;
  return {
    messages: [
      { role: "system", content: "You keep tasks." }, { role: "user", content: `add “${title}” ✓` },
      { role: "assistant", content: null, tool_calls: [{ type: "function", function: { name: "create_task", arguments: JSON.stringify({ title }) } }] },
      { role: "tool", content: "ok" }, { role: "assistant", content: `Added ${title}.` },
    ],
    tools: TOOLS,
  };
}

export const writeRows = (path: string, rows: readonly unknown[]): void => writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

/** A folder with `model/`, `train.jsonl` and `eval.jsonl`. */
export function makeBase(python: string, folder: string, rows = 60): void {
  mkdirSync(join(folder, "model"), { recursive: true });
  writeRows(join(folder, "train.jsonl"), Array.from({ length: rows }, (_, at) => conversation(at)));
  writeRows(join(folder, "eval.jsonl"), Array.from({ length: 10 }, (_, at) => conversation(90 + at)));
  runPython(python, "tiny_model.py", [join(folder, "model"), join(folder, "train.jsonl")]);
}

/** A complete recipe for what {@link makeBase} made. */
export function recipeFor(folder: string, change: Partial<RecipeInput> = {}): TrainingRecipe {
  return completeRecipe({ base: join(folder, "model"), data: { train: join(folder, "train.jsonl") }, rank: 4, learningRate: 0.01, batch: 4, steps: 12, checkpoints: { every: 5 }, ...change });
}

/** Lays out a job's folder as the agent would. */
export function layOut(job: string, recipe: TrainingRecipe): void {
  const packed = packRecipe(recipe);
  for (const [place, source] of Object.entries(packed.files)) cpSync(source, join(job, place), { recursive: true });
  writeFileSync(join(job, "recipe.json"), JSON.stringify(packed.recipe));
}

/** Starts the trainer in a job's folder; its output goes to log.txt. */
export function startTrainer(python: string, job: string): { process: ChildProcess; ended: Promise<number | null> } {
  const log = openSync(join(job, "log.txt"), "a");
  const child = spawn(python, ["-m", "trainer", "recipe.json"], { cwd: job, env: ENV, stdio: ["ignore", log, log] });
  closeSync(log);
  return { process: child, ended: new Promise((resolve) => child.on("close", resolve)) };
}

/** Trains to the end. @throws Error with the log's end */
export async function runTrainer(python: string, job: string): Promise<void> {
  const status = await startTrainer(python, job).ended;
  if (status !== 0) throw new Error(`the trainer ended with ${status}:\n${logOf(job).slice(-3000)}`);
}

export const logOf = (job: string): string => (existsSync(join(job, "log.txt")) ? readFileSync(join(job, "log.txt"), "utf8") : "");

export interface Line { step: number; attempt?: number; loss?: number; eval_loss?: number; lr?: number; grad_norm?: number }

/** The lines of metrics.jsonl that are whole. */
export function linesOf(job: string): Line[] {
  const path = join(job, "metrics.jsonl");
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter(Boolean).map((line) => JSON.parse(line) as Line);
}

/** What was learned at each step, without clocks: of steps that were done twice, the second. */
export function learned(job: string): string[] {
  const kept: Line[] = [];
  for (const line of linesOf(job)) {
    const attempt = line.attempt ?? 1;
    while (kept.length > 0 && (kept.at(-1)!.attempt ?? 1) < attempt && kept.at(-1)!.step >= line.step) kept.pop();
    kept.push(line);
  }
  return kept.map(({ step, loss, eval_loss: held, lr, grad_norm: norm }) => JSON.stringify({ step, loss, held, lr, norm }));
}

/** Ends a trainer with SIGKILL once it has written of a step, and waits until it is gone. Returns the last step that it wrote of. */
export async function killAt(job: string, trainer: ReturnType<typeof startTrainer>, step: number): Promise<number> {
  let gone = false;
  void trainer.ended.then(() => (gone = true));
  while (!gone && (linesOf(job).at(-1)?.step ?? 0) < step) await new Promise((wake) => setTimeout(wake, 5));
  trainer.process.kill("SIGKILL");
  await trainer.ended;
  return linesOf(job).at(-1)?.step ?? 0;
}
