#!/usr/bin/env node
// Plans one training run for the skill llmops-compute-planner: verdict, band, tree, remedies, RAM, time, assumptions. Node 20
// or newer, no packages: the numbers come from the `llmops vram` command, and this file only asks it and sorts the answer.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node plan-run.mjs FILE [--json] [--workbook PATH]

FILE is a JSON object that describes one training run; - reads it from standard input. Its fields:

  model            a name ("Llama-3-8B"), a Hugging Face id, or the path of a config.json (from the folder you are in)
  method           "full", "lora" or "qlora"
  gpu              "t4", "l4", "a100-40", "rtx-3090", …
  longest_row      tokens of the longest row, counted with the model's tokenizer and its chat template
  cap              the limit in the recipe (max_length, max_seq_length); without longest_row it stands in for it
  batch            rows of a batch on the card, not the effective batch (default 1)
  framework        "transformers", "trl", "unsloth", … (default transformers)
  storage, rank, targets, optimizer, checkpointing, attention, dpo, reference: as "llmops vram --help" has them
  rows, mean_row, epochs, dollars_per_hour    for time and cost
  host             "colab-free": its RAM and disk are held against the run too (the default with a T4), or "own"
  export           ["q4_k_m"]: what is written after a merge, with host colab-free

One card; several are planned by "llmops vram --gpus".

  --json            print one JSON document
  --workbook PATH   the LLMOps Workbook; default: the nearest one above the current folder or above this script,
                    else the command llmops of your PATH

Exit status: 0 the run fits with its whole band, 1 it is tight or does not fit, or RAM or disk are too small, 2 it cannot be planned`;

const GIB = 2 ** 30;

class Refused extends Error {}

/** The fields of a description, and the option of `llmops vram` that each becomes. */
const OPTIONS = {
  method: "--method", gpu: "--gpu", batch: "--batch", framework: "--framework", storage: "--storage", rank: "--rank", targets: "--targets",
  optimizer: "--optimizer", checkpointing: "--checkpointing", attention: "--attention", reference: "--reference", export: "--export",
};
const LISTS = ["targets", "export"];
const WHOLE = ["longest_row", "cap", "batch", "rank", "rows"];
const NUMBERS = ["mean_row", "epochs", "dollars_per_hour"];
const FIELDS = ["model", ...Object.keys(OPTIONS), "dpo", "host", ...WHOLE, ...NUMBERS];

/** What a change costs, the mildest first. From `sequence` on it is what the run was for. */
const PRICES = { attention: "nothing", batch: "nothing", checkpointing: "time", optimizer: "hardly anything", method: "time, and weights that learn or are exact", sequence: "what is cut off", rank: "room to learn in", model: "another model" };
const HARSH = ["sequence", "rank", "model"];

function main(args) {
  if (args.includes("--help") || args.length === 0) {
    console.log(HELP);
    return args.length === 0 ? 2 : 0;
  }
  const at = args.indexOf("--workbook");
  const unknown = args.find((arg) => arg.startsWith("--") && !["--json", "--workbook"].includes(arg));
  if (unknown) throw new Refused(`there is no option ${unknown}; --help lists them`);
  if (at >= 0 && args[at + 1] === undefined) throw new Refused("--workbook needs the path of the workbook's folder");
  const [file, ...others] = args.filter((arg, index) => !arg.startsWith("--") && (at < 0 || index !== at + 1));
  if (file === undefined || others.length > 0) throw new Refused("name one file with the description of a run, or - for standard input");
  const run = readRun(file);
  const answer = answerOf(run, llmops(findCommand(at < 0 ? undefined : args[at + 1]), optionsOf(run)));
  console.log(args.includes("--json") ? JSON.stringify(answer, null, 2) : render(answer));
  return answer.fits === "yes" && answer.host_problems.length === 0 ? 0 : 1;
}

function readRun(file) {
  const name = file === "-" ? "standard input" : file;
  let text;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new Refused(`${name}: cannot be read (${error.code}); give the path of a JSON file, or - for standard input`);
  }
  let run;
  try {
    run = JSON.parse(text);
  } catch (error) {
    throw new Refused(`${name}: is no JSON: ${error.message}`);
  }
  const wrong = (field, message) => new Refused(`${name}: ${field}: ${message}`);
  if (run === null || typeof run !== "object" || Array.isArray(run)) throw new Refused(`${name}: holds no JSON object; write { "model": …, "method": …, "gpu": …, "longest_row": … }`);
  for (const [field, value] of Object.entries(run)) {
    if (!FIELDS.includes(field)) throw wrong(field, `is not known; known are ${FIELDS.join(", ")}`);
    if (WHOLE.includes(field)) {
      if (!Number.isInteger(value) || value < 1) throw wrong(field, `must be a whole number of at least 1, not ${JSON.stringify(value)}`);
    } else if (NUMBERS.includes(field)) {
      if (typeof value !== "number" || !Number.isFinite(value) || value < 0 || (value === 0 && field !== "dollars_per_hour")) throw wrong(field, `must be a number above 0, not ${JSON.stringify(value)}`);
    } else if (LISTS.includes(field)) {
      if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === "string" && item !== "")) throw wrong(field, `must be a list of names, not ${JSON.stringify(value)}`);
    } else if (field === "dpo") {
      if (typeof value !== "boolean") throw wrong(field, "must be true or false");
    } else if (typeof value !== "string" || value.trim() === "" || value.startsWith("-")) throw wrong(field, `must be a name, not ${JSON.stringify(value)}`);
  }
  // Without these a plan is a guess: they have no defaults on purpose.
  for (const field of ["model", "method", "gpu"]) if (run[field] === undefined) throw wrong(field, "is missing: ask for it, do not guess");
  if (!["full", "lora", "qlora"].includes(run.method)) throw wrong("method", `must be full, lora or qlora, not ${JSON.stringify(run.method)}`);
  if (run.host !== undefined && !["colab-free", "own"].includes(run.host)) throw wrong("host", `must be colab-free or own, not ${JSON.stringify(run.host)}`);
  if (run.export !== undefined && !onColab(run)) throw wrong("export", "RAM and disk are known of a free Colab only: set host to colab-free, or leave export out");
  if (run.longest_row === undefined && run.cap === undefined) throw wrong("longest_row", "is missing: count the tokens of the longest row; only if nobody can, give the recipe's cap");
  if (run.mean_row !== undefined && run.longest_row !== undefined && run.mean_row > run.longest_row) throw wrong("mean_row", `${run.mean_row} is more than the longest row, ${run.longest_row}`);
  const time = ["rows", "mean_row", "epochs"].filter((field) => run[field] !== undefined);
  if (time.length > 0 && time.length < 3) throw wrong(["rows", "mean_row", "epochs"].find((field) => run[field] === undefined), "is missing: time needs rows, mean_row and epochs together");
  if (run.dollars_per_hour !== undefined && time.length === 0) throw wrong("dollars_per_hour", "is a price without a time: give rows, mean_row and epochs too");
  return run;
}

const onColab = ({ host, gpu }) => (host ?? (/\bt4\b/i.test(gpu) ? "colab-free" : "own")) === "colab-free";

/** Tokens of the longest row that reaches the card. */
const sequenceOf = ({ longest_row: longest = Infinity, cap = Infinity }) => Math.min(longest, cap);

function optionsOf(run) {
  const options = Object.entries(OPTIONS).flatMap(([field, option]) => (run[field] === undefined ? [] : [option, LISTS.includes(field) ? run[field].join(",") : String(run[field])]));
  return [run.model.endsWith(".json") ? resolve(run.model) : run.model, "--sequence", String(sequenceOf(run)), ...(onColab(run) ? ["--colab"] : []), ...(run.dpo ? ["--dpo"] : []), ...options];
}

/** The plan, with what the description adds to it. */
function answerOf(run, plan) {
  const sequence = sequenceOf(run);
  const remedies = plan.remedies.map(({ field, sentence, saved_gib, fits }) => ({ field, sentence, saved_gib, fits, costs: PRICES[field] ?? "not known" }));
  const isChain = remedies.length > 1 && !remedies[0].fits;
  return {
    model: plan.model, method: run.method, gpu: plan.gpu, fits: plan.fits, verdict: plan.verdict,
    peak_gib: plan.peak_gib, low_gib: plan.low_gib, high_gib: plan.high_gib, usable_gib: plan.usable_gib,
    remedies, remedies_are: isChain ? "steps: all of them together" : "alternatives: one of them",
    advice: adviceOf(plan, remedies, isChain), host_problems: plan.host?.problems ?? [], time: timeOf(run, plan.tokens_per_second, sequence),
    assumptions: assumptionsOf(run, plan, sequence), tree: plan.tree,
  };
}

function adviceOf(plan, remedies, isChain) {
  if (plan.fits === "yes") return plan.host?.problems.length ? "The card is large enough, the machine around it is not: see RAM and disk." : "Run it, and write the measured peak beside this plan.";
  if (remedies.length === 0) return "Nothing that the planner knows makes it fit: a larger card, or a smaller model.";
  if (!isChain && HARSH.includes(remedies[0].field)) return "Each of these changes what the run is for. Before one is taken, chain milder ones, a plan after each (batch 1 with accumulation, checkpoints in RAM, 8-bit AdamW, QLoRA): the list holds only changes that are enough alone.";
  return `Take the ${isChain ? "steps in their order" : "first: it is the mildest"}, put it into the description, and plan again.`;
}

/** Rows that are padded to the longest of their batch lie between the mean and the longest. */
function timeOf({ rows, mean_row: mean, epochs, dollars_per_hour: price }, rate, sequence) {
  if (rows === undefined) return undefined;
  const [fewest, most] = [rows * epochs * Math.min(mean, sequence), rows * epochs * sequence];
  const hours = { low: fewest / rate.high / 3600, high: most / rate.low / 3600 };
  return { tokens: { low: fewest, high: most }, hours, ...(price === undefined ? {} : { dollars: { low: hours.low * price, high: hours.high * price } }) };
}

function assumptionsOf(run, plan, sequence) {
  const says = [];
  if (run.longest_row === undefined) says.push(`rows are as long as the cap, ${sequence} tokens: not counted, so this is an upper bound`);
  else if (sequence < run.longest_row) says.push(`rows are cut at the cap: ${run.longest_row - sequence} tokens of the longest are lost`);
  else says.push(`the longest row has ${sequence} tokens, as the request says`);
  if (run.framework === undefined) says.push("the training code is plain transformers: nobody named another");
  if (run.batch === undefined) says.push("a batch of 1: nobody named another");
  if (run.checkpointing === undefined) says.push("gradient checkpointing is on, as the framework sets it");
  says.push(...plan.notes, `the planner's band: ${plan.low_gib.toFixed(2)} to ${plan.high_gib.toFixed(2)} GiB; nothing was measured on this card`);
  says.push(onColab(run) ? "RAM and disk are those of a free Colab" : "RAM and disk of the machine were not looked at");
  if (run.rows !== undefined) says.push(`time: ${percent(plan.share_of_compute.low)} to ${percent(plan.share_of_compute.high)} of the card's datasheet rate; QLoRA is in the slower half, models below a billion parameters are slower still`);
  return says;
}

const percent = (share) => `${Math.round(share * 100)}%`;
const gib = (value) => `${value.toFixed(2)} GiB`;
const range = ({ low, high }, digits) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`;

function render(answer) {
  const lines = [`${answer.model}, ${answer.method}, ${answer.gpu}`, `verdict: ${answer.verdict}`, "", "tree:"];
  for (const term of answer.tree) {
    lines.push(`${gib(term.bytes / GIB).padStart(10)}  ${term.label}`);
    for (const part of term.parts ?? []) if (part.bytes >= GIB / 100) lines.push(`${gib(part.bytes / GIB).padStart(10)}    ${part.label}`);
  }
  if (answer.fits !== "yes") {
    lines.push("", answer.remedies.length === 0 ? "remedies: none" : `remedies, ${answer.remedies_are}:`);
    for (const { sentence, saved_gib: saved, costs } of answer.remedies) lines.push(`  ${sentence} (saves ${gib(saved)}; costs ${costs})`);
  }
  for (const problem of answer.host_problems) lines.push("", `RAM and disk: ${problem}`);
  if (answer.time) {
    const { tokens, hours, dollars } = answer.time;
    const shown = hours.high < 2 ? `${range({ low: hours.low * 60, high: hours.high * 60 }, 0)} minutes` : `${range(hours, 1)} hours`;
    lines.push("", `time: ${shown} for ${range({ low: tokens.low / 1e6, high: tokens.high / 1e6 }, 2)} million tokens${dollars ? `, $${range(dollars, 2)}` : ""}`);
  }
  lines.push("", `next: ${answer.advice}`, "", "assumptions:", ...answer.assumptions.map((text) => `  - ${text}`));
  return lines.join("\n");
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

/** Runs `llmops vram … --json`, without a shell between. */
function llmops({ command, args, cwd }, options) {
  const run = spawnSync(command, [...args, "vram", ...options, "--json"], { cwd, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (run.error?.code === "ENOENT") {
    throw new Refused("the command llmops is missing: no LLMOps Workbook lies above this folder or this script, and none is on the PATH. Name its folder with --workbook PATH. Do not replace the plan by a rule of thumb");
  }
  // What the setup prints before the first run is no part of the document.
  const start = (run.stdout ?? "").search(/^\{/m);
  const said = start >= 0 ? JSON.parse(run.stdout.slice(start)) : undefined;
  if (run.status === 0 && said?.fits !== undefined && said.share_of_compute !== undefined) return said;
  if (run.status === 0) throw new Refused("this llmops is older than the skill: its vram command gives no rate; update the workbook");
  throw new Refused(said?.error?.message ?? `llmops vram failed: ${(run.stderr || run.error?.message || "no output").trim().split("\n").pop()}`);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(`plan-run: ${error.message}`);
  process.exitCode = 2;
}
