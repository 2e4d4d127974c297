#!/usr/bin/env node
// Plans one fine-tuning recipe for the skill llmops-fine-tuner: verdict with its band, remedies, and what the recipe leaves open.
// Node 20 or newer, no packages: `llmops train --dry-run` checks the recipe and plans it; this file asks it, and looks at what is
// allowed and still unwise.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node plan-recipe.mjs RECIPE.json --longest TOKENS [--gpu NAME | --cpu] [--rows NUMBER] [--json] [--workbook PATH]

RECIPE.json is a recipe of the LLMOps Workbook's trainer; paths in it are seen from its own folder. Nothing is started.

  --longest TOKENS  of the longest row, counted with the model's tokenizer and its chat template
  --gpu NAME        plan for this card (default t4)
  --cpu             plan for this machine without a card
  --rows NUMBER     rows to train on, where they are not to be counted in the file
  --json            print one JSON document
  --workbook PATH   the LLMOps Workbook; default: the nearest one above the current folder or above this script, else the command
                    llmops of your PATH

Exit status: 0 the recipe fits with its whole band and nothing is open, 1 it does not fit or something is open, 2 it cannot be planned`;

class Refused extends Error {}

function main(args) {
  if (args.length === 0 || args.includes("--help")) {
    console.log(HELP);
    return args.length === 0 ? 2 : 0;
  }
  const options = read(args);
  const path = resolve(options.recipe);
  const said = dryRun(options, path);
  const open = openPoints(said.recipe, rowsOf(options, said), options);
  const answer = { fits: said.plan?.fits ?? "unknown", verdict: said.plan ? `The run ${said.plan.sentence}.` : "The planner does not know this base.", peak_gib: said.plan?.peak_gib, high_gib: said.plan?.high_gib, remedies: said.plan?.remedies ?? [], open, notes: said.plan?.notes ?? [], recipe: said.recipe };
  console.log(options.json ? JSON.stringify(answer, null, 2) : render(answer));
  return answer.fits === "yes" && open.length === 0 ? 0 : 1;
}

function read(args) {
  const options = { recipe: undefined, gpu: undefined, cpu: false, longest: undefined, rows: undefined, json: false, workbook: undefined };
  const takes = { "--gpu": "gpu", "--longest": "longest", "--rows": "rows", "--workbook": "workbook" };
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at];
    if (arg === "--cpu" || arg === "--json") options[arg.slice(2)] = true;
    else if (arg in takes) {
      const value = args[(at += 1)];
      if (value === undefined || value.startsWith("-")) throw new Refused(`${arg} needs a value; --help lists the options`);
      options[takes[arg]] = value;
    } else if (arg.startsWith("-")) throw new Refused(`there is no option ${arg}; --help lists them`);
    else if (options.recipe !== undefined) throw new Refused("name one recipe");
    else options.recipe = arg;
  }
  if (options.recipe === undefined) throw new Refused("name the file of a recipe");
  if (!existsSync(options.recipe)) throw new Refused(`${options.recipe}: is not there`);
  if (options.cpu && options.gpu !== undefined) throw new Refused("give --cpu or --gpu, not both");
  for (const name of ["longest", "rows"]) {
    if (options[name] === undefined) continue;
    const number = Number(options[name]);
    if (!Number.isInteger(number) || number < 1) throw new Refused(`--${name} must be a whole number of at least 1, not ${options[name]}`);
    options[name] = number;
  }
  // maxLength is a cap: a plan by it is an upper bound for rows that nobody has counted.
  if (options.longest === undefined) throw new Refused("--longest is missing: count the tokens of the longest row with the model's tokenizer and its chat template; maxLength is no answer");
  return options;
}

function dryRun(options, path) {
  const { command, args, cwd } = findCommand(options.workbook);
  const where = options.cpu ? ["--on", "local"] : ["--gpu", options.gpu ?? "t4"];
  const run = spawnSync(command, [...args, "train", path, "--dry-run", "--json", ...where, "--sequence", String(options.longest)], { cwd, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (run.error?.code === "ENOENT") throw new Refused("the command llmops is missing: no LLMOps Workbook lies above this folder or this script, and none is on the PATH. Name its folder with --workbook PATH. Do not replace the plan by a rule of thumb");
  // What the setup prints before the first run is no part of the document.
  const start = (run.stdout ?? "").search(/^\{/m);
  const said = start >= 0 ? JSON.parse(run.stdout.slice(start)) : undefined;
  if (said?.recipe !== undefined) return said;
  throw new Refused(said?.error?.message ?? ((run.stderr || run.stdout || "llmops said nothing").trim().split("\n").at(-1) ?? ""));
}

function rowsOf({ rows }, { files }) {
  if (rows !== undefined) return rows;
  const train = files?.["data/train.jsonl"];
  return train && existsSync(train) ? readFileSync(train, "utf8").split("\n").filter((line) => line.trim() !== "").length : undefined;
}

/** What a recipe may leave so, and what a careful engineer asks about. */
function openPoints(recipe, rows, { longest }) {
  const open = [];
  const perStep = recipe.batch * recipe.accumulation;
  const steps = recipe.steps ?? (rows === undefined ? undefined : Math.ceil((rows * recipe.epochs) / perStep));
  if (recipe.data.eval === null) open.push("data.eval: no rows are kept apart, so learning by heart will not be seen");
  else if (recipe.evaluateEvery === null) open.push("evaluateEvery: held-out rows are named, and nobody looks at them");
  if (longest > recipe.maxLength) open.push(`maxLength: the longest row has ${longest} tokens and the limit is ${recipe.maxLength}; such rows are left out whole`);
  if (!recipe.completionOnly) open.push("completionOnly: false trains on what users and the system say, too");
  if (rows !== undefined && steps !== undefined) {
    const seen = (steps * perStep) / rows;
    if (seen > 10 && recipe.earlyStop === null) open.push(`earlyStop: each row is seen ${seen.toFixed(0)} times and nothing stops the run; set it, or take fewer steps`);
    if (seen < 1) open.push(`steps: only ${(100 * seen).toFixed(0)}% of the rows are ever seen`);
  }
  if (steps !== undefined && steps < 20) open.push(`steps: ${steps} are too few for a curve that says anything (20 at least)`);
  if (recipe.evaluateEvery !== null && steps !== undefined && steps / recipe.evaluateEvery < 3) open.push(`evaluateEvery: ${Math.floor(steps / recipe.evaluateEvery)} looks in ${steps} steps are too few to see a turn (3 at least)`);
  if (recipe.checkpoints.every > (steps ?? Infinity)) open.push(`checkpoints.every: ${recipe.checkpoints.every} is more than the ${steps} steps, so nothing is kept if the machine goes away`);
  return open;
}

function render({ verdict, remedies, open, notes }) {
  return [
    verdict, ...remedies.map((remedy) => `  remedy: ${remedy}`), ...notes.map((note) => `  note: ${note}`), "",
    open.length === 0 ? "open: nothing" : "open:", ...open.map((point) => `  ${point}`),
  ].join("\n");
}

/** The workbook's command where there is a workbook, else the one of the PATH. */
function findCommand(given) {
  const starts = given === undefined ? [process.cwd(), dirname(fileURLToPath(import.meta.url))] : [resolve(given)];
  for (const start of starts) {
    for (let folder = start; ; folder = dirname(folder)) {
      if (isWorkbook(folder)) return { command: process.execPath, args: [join(folder, "tools", "with-setup.mjs"), join("lib", "bin", "llmops.cjs")], cwd: folder };
      if (given !== undefined || dirname(folder) === folder) break;
    }
  }
  if (given !== undefined) throw new Refused(`${given} is not the LLMOps Workbook: name the folder that holds its package.json`);
  return { command: "llmops", args: [], cwd: process.cwd() };
}

function isWorkbook(folder) {
  const path = join(folder, "package.json");
  try {
    return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).name === "llmops-workbook";
  } catch {
    return false;
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(`plan-recipe: ${error.message}`);
  process.exitCode = 2;
}
