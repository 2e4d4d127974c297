#!/usr/bin/env node
// Decides one use case for the skill llmops-decision-framework: approach, reasons, what would change it, assumptions. Node 20
// or newer, no packages: the decision is that of the `llmops decide` command, and this file only asks it and sorts the answer.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node decide-use-case.mjs FILE [--json] [--workbook PATH]

FILE is a JSON object with the facts of one use case; - reads it from standard input. Its fields:

  name, requestsPerDay, kindsOfRequest, wantedScore (0 to 1)
  format                  "free", "schema" or "style"
  heldOut, examples       requests kept apart as an exam; reviewed examples to train on
  dataMayLeave            true or false
  promptScore             the best prompt's share of right answers; leave it out where nobody measured it
  promptVersions, measuredOn ("api" or "own"), knowledgeFailures, formatFailures (shares of the failures)
  knowledgeTokens, answersChangeDays, latencyMs, latencyWantedMs, ownLatencyMs
  apiDollarsPerRequest, serverDollarsPerMonth, serverRequestsPerDay, operationsDollarsPerMonth,
  setupDollars, exampleDollars, budgetDollars, paybackMonths

A fact that nobody knows is left out, never guessed.

  --json            print one JSON document
  --workbook PATH   the LLMOps Workbook; default: the nearest one above the current folder or above this script,
                    else the command llmops of your PATH

Exit status: 0 decided, 1 not yet: an evaluation, data or money is missing, 2 it cannot be decided, and the message says why`;

class Refused extends Error {}

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
  if (file === undefined || others.length > 0) throw new Refused("name one file with the facts of a use case, or - for standard input");
  const answer = llmops(findCommand(at < 0 ? undefined : args[at + 1]), read(file));
  console.log(args.includes("--json") ? JSON.stringify(answer, null, 2) : render(answer));
  return answer.approach === "not yet" ? 1 : 0;
}

function read(file) {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Refused(`${file}: cannot be read (${error.code}); give the path of a JSON file, or - for standard input`);
  }
}

const shown = (value) => (typeof value === "number" ? value.toLocaleString("en-US", { maximumSignificantDigits: 4 }) : String(value));

function render({ name, approach, says, reasons, flips, assumed }) {
  const decided = reasons.filter(({ decides }) => decides);
  const [nearest] = flips;
  return [
    `${name}: ${approach}`, says, "", "reasons:", ...decided.map(({ fact, value, points, because }) => `  ${fact} ${value} (${points}): ${because}`),
    "", nearest ? `nearest flip: ${nearest.fact} from ${shown(nearest.from)} to ${shown(nearest.to)} gives ${nearest.approach}` : "no single fact changes it",
    ...flips.slice(1, 5).map(({ fact, from, to, approach: other }) => `  then: ${fact} from ${shown(from)} to ${shown(to)} gives ${other}`),
    ...(assumed.length > 0 ? ["", "assumed:", ...assumed.map((text) => `  - ${text}`)] : []),
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

/** Runs `llmops decide - --json`, without a shell between. */
function llmops({ command, args, cwd }, input) {
  const run = spawnSync(command, [...args, "decide", "-", "--json"], { cwd, input, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (run.error?.code === "ENOENT") {
    throw new Refused("the command llmops is missing: no LLMOps Workbook lies above this folder or this script, and none is on the PATH. Name its folder with --workbook PATH. Do not decide by feeling instead");
  }
  // What the setup prints before the first run is no part of the document.
  const start = (run.stdout ?? "").search(/^\{/m);
  const said = start >= 0 ? parse(run.stdout.slice(start)) : undefined;
  if (run.status === 0 && said?.approach !== undefined && said.flips !== undefined) return said;
  if (run.status === 0) throw new Refused("this llmops is older than the skill: its decide command gives no flips; update the workbook");
  throw new Refused(said?.error?.message ?? `llmops decide failed: ${(run.stderr || run.error?.message || "no output").trim().split("\n").pop()}`);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(`decide-use-case: ${error.message}`);
  process.exitCode = 2;
}
