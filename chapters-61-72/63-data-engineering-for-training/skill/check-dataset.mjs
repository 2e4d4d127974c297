#!/usr/bin/env node
// Checks a dataset folder against the checklist of the skill llmops-data-engineer. Node 20 or newer, no packages: it
// runs the workbook's own `llmops` command for whatever has to read rows.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HELP = `usage: node check-dataset.mjs FOLDER [--json] [--workbook PATH]

Checks a folder that "llmops data build" made: files, accounts, rows, duplicates, leaks, personal data, length, coverage,
card. Changes nothing.

  --json            print one JSON document
  --workbook PATH   the LLMOps Workbook; default: the nearest one above the current folder or above this script

Exit status: 0 every check passed, 1 a check failed, 2 the folder or the workbook cannot be read`;

/** How many findings of one check are printed; --json has all. */
const SHOWN = 5;

class Unreadable extends Error {}

function main(args) {
  if (args.includes("--help") || args.length === 0) {
    console.log(HELP);
    return args.length === 0 ? 2 : 0;
  }
  const at = args.indexOf("--workbook");
  const given = at < 0 ? undefined : args[at + 1];
  const [folder, ...others] = args.filter((arg, index) => !arg.startsWith("--") && (at < 0 || index !== at + 1));
  const unknown = args.find((arg) => arg.startsWith("--") && !["--json", "--workbook"].includes(arg));
  if (unknown) throw new Unreadable(`there is no option ${unknown}; --help lists them`);
  if (!folder || others.length > 0) throw new Unreadable("name one dataset folder");
  const checks = checkDataset(resolve(folder), findWorkbook(given));
  const failed = checks.filter(({ findings }) => findings.length > 0);
  if (args.includes("--json")) {
    console.log(JSON.stringify({ folder, ok: failed.length === 0, checks: checks.map((check) => ({ ...check, ok: check.findings.length === 0 })) }, null, 2));
  } else {
    for (const { name, says, findings } of checks) {
      console.log(`${findings.length === 0 ? "pass" : "FAIL"}  ${name.padEnd(13)} ${findings.length === 0 ? says : findings[0]}`);
      for (const finding of findings.slice(1, SHOWN)) console.log(`${" ".repeat(20)}${finding}`);
      if (findings.length > SHOWN) console.log(`${" ".repeat(20)}and ${findings.length - SHOWN} more; --json lists all`);
    }
    console.log(failed.length === 0 ? `${folder}: all ${checks.length} checks passed` : `${folder}: ${failed.length} of ${checks.length} checks failed: ${failed.map(({ name }) => name).join(", ")}`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** The checklist. A check passes when it has no findings; `says` is what it saw. */
function checkDataset(folder, workbook) {
  const manifest = readJson(join(folder, "manifest.json"), 'build the folder with "npm run llmops -- data build"');
  const report = readJson(join(folder, "data_report.json"), "build the folder again");
  if (manifest.kind !== "llmops-dataset" || report.kind !== "llmops-data-report") {
    throw new Unreadable(`${folder} holds a manifest.json or data_report.json of another program: name a folder that "llmops data build" made`);
  }
  const { settings = {}, files = [] } = manifest;
  const splits = report.split.names.map((name, i) => ({ name, file: report.split.files[i], rows: report.split.rows[i] }));
  const present = splits.filter(({ file }) => existsSync(join(folder, file)));
  const paths = present.map(({ file }) => join(folder, file));
  const readable = paths.length === splits.length;
  const notRead = ["the files of the splits are not all there"];
  // The splits once more through the pipeline: it must find nothing left to do.
  const again = readable ? rebuild(workbook, paths, settings, settings.threshold ?? 0.8) : undefined;
  const leaks = readable ? rebuild(workbook, [...paths].reverse(), settings, settings.leakThreshold ?? 0.7) : undefined;
  const place = (row) => `${short(row.source, folder)}:${row.line} ${row.reason.split(folder).join("").replace(/(^|\s)[\\/]/g, "$1")}`;
  return [
    { name: "files", ...checkFiles(folder, files) },
    { name: "accounts", ...checkAccounts(folder, manifest.rows, splits) },
    { name: "rows", ...(readable ? checkRows(workbook, paths, folder, report.format) : { findings: notRead }) },
    { name: "duplicates", says: `none at a similarity of ${settings.threshold ?? 0.8}`, findings: again ? again.rejected.filter(({ step }) => /dedup/.test(step)).map(place) : notRead },
    // A row that is removed as the copy of a row in another file is a leak. (A row whose only likeness in the other file was
    // itself removed as a copy inside that file is not seen: with no duplicates inside a split there is none.)
    {
      name: "leaks", says: `no two rows of different splits are ${settings.leakThreshold ?? 0.7} similar`,
      findings: leaks ? leaks.rejected.filter(({ step, source, reason }) => /dedup/.test(step) && paths.some((path) => path !== source && reason.includes(path))).map(place) : notRead,
    },
    {
      name: "personal data", says: "none that rules can see; names are not looked for",
      findings: again ? (again.report.pii.rows > 0 ? [`${again.report.pii.rows} rows hold ${Object.entries(again.report.pii.kinds).map(([kind, count]) => `${kind} (${count})`).join(", ")}; mask them and build again`] : []) : notRead,
    },
    { name: "length", ...(again ? checkLength(again.report.tokens, settings) : { findings: notRead }) },
    { name: "coverage", ...(readable ? checkCoverage(present, folder, settings.stratify) : { findings: notRead }) },
    { name: "card", ...checkCard(folder) },
  ];
}

function checkFiles(folder, files) {
  const findings = files.flatMap(({ name, sha256 }) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [`${name} is missing`];
    const found = createHash("sha256").update(readFileSync(path)).digest("hex");
    return found === sha256 ? [] : [`${name} is not the file that was built: its SHA-256 differs from manifest.json`];
  });
  return { says: `${files.length} files have the SHA-256 of the manifest`, findings };
}

function checkAccounts(folder, rows, splits) {
  const findings = [];
  if (rows.in !== rows.out + rows.rejected) findings.push(`${rows.in} rows came in, ${rows.out} went out and ${rows.rejected} were rejected: ${rows.in - rows.out - rows.rejected} are unaccounted for`);
  for (const { file, rows: expected } of splits) {
    if (!existsSync(join(folder, file))) continue;
    const found = lines(join(folder, file)).length;
    if (found !== expected) findings.push(`${file} has ${found} rows, the report says ${expected}`);
  }
  const rejectedPath = join(folder, "rejected.jsonl");
  if (!existsSync(rejectedPath)) findings.push("rejected.jsonl is missing: nobody can say why rows left");
  else {
    const rejected = lines(rejectedPath);
    if (rejected.length !== rows.rejected) findings.push(`rejected.jsonl has ${rejected.length} rows, the manifest says ${rows.rejected}`);
    const silent = rejected.findIndex((line) => !parse(line)?.code);
    if (silent >= 0) findings.push(`rejected.jsonl:${silent + 1} gives no reason`);
  }
  return { says: `${rows.in} rows in = ${rows.out} out + ${rows.rejected} rejected, each with its reason`, findings };
}

function checkRows(workbook, paths, folder, format) {
  const { files } = llmops(workbook, ["data", "validate", ...paths, "--format", format, "--json"]);
  const total = files.reduce((sum, { rows }) => sum + rows, 0);
  return {
    says: `${total} of ${total} are valid ${format}`,
    findings: files.flatMap(({ path, faults = [] }) => faults.map(({ line, reason }) => `${short(path, folder)}:${line} ${reason}`)),
  };
}

function checkLength(tokens, { minTokens = 1, maxTokens }) {
  const findings = [];
  if (tokens.min < minTokens) findings.push(`the shortest row has ${tokens.min} tokens, the build allowed no fewer than ${minTokens}`);
  if (maxTokens !== undefined && tokens.max > maxTokens) findings.push(`the longest row has ${tokens.max} tokens, the build allowed no more than ${maxTokens}`);
  return { says: `${tokens.min} to ${tokens.max} tokens (${tokens.encoding})`, findings };
}

function checkCoverage(splits, folder, field) {
  if (!field) return { says: "no field to spread over the splits was named", findings: [] };
  const values = new Map(splits.map(({ name, file }) => [name, new Set(lines(join(folder, file)).map((line) => parse(line)?.[field]))]));
  const all = new Set([...values.values()].flatMap((found) => [...found]).filter((value) => value !== undefined));
  const findings = [...values].flatMap(([name, found]) => [...all].filter((value) => !found.has(value)).map((value) => `${name} has no row with ${field} ${JSON.stringify(value)}`));
  return { says: `${all.size} values of ${field} in every split`, findings };
}

function checkCard(folder) {
  const path = join(folder, "README.md");
  if (!existsSync(path)) return { says: "", findings: ["README.md is missing: write the dataset card"] };
  const text = readFileSync(path, "utf8");
  const findings = [];
  if (!/^license:\s*\S/m.test(text)) findings.push("README.md names no license in its front matter");
  if (!/^## Limits\s+- \S/m.test(text)) findings.push("README.md has no list of limits: say what the rows must not be used for");
  return { says: "names its license and its limits", findings };
}

/** Builds the rows once more, in a folder that is thrown away. */
function rebuild(workbook, paths, settings, threshold) {
  const folder = mkdtempSync(join(tmpdir(), "check-dataset-"));
  try {
    const { report } = llmops(workbook, [
      "data", "build", ...paths, "--out", join(folder, "again"), "--split", "1.0", "--split-names", "all",
      "--threshold", String(threshold), "--scope", settings.scope ?? "conversation", "--encoding", settings.encoding ?? "o200k_base", "--pii", "mask", "--no-teacher", "--json",
    ]);
    return { report, rejected: lines(join(folder, "again", "rejected.jsonl")).map(parse) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `npm run llmops -- …`, without a shell between. Its exit status 1 says that rows are bad, which is for us to report. */
function llmops(workbook, args) {
  const run = spawnSync(process.execPath, [join(workbook, "tools", "with-setup.mjs"), join("lib", "bin", "llmops.cjs"), ...args], { cwd: workbook, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (run.status === 0 || run.status === 1) {
    // What the setup prints before the first run is no part of the document.
    const start = run.stdout.search(/^\{/m);
    if (start >= 0) return JSON.parse(run.stdout.slice(start));
  }
  throw new Unreadable(`llmops ${args.slice(0, 2).join(" ")} failed: ${(run.stderr || run.error?.message || "no output").trim().split("\n").pop()}`);
}

function findWorkbook(given) {
  const starts = given === undefined ? [process.cwd(), dirname(fileURLToPath(import.meta.url))] : [resolve(given)];
  for (const start of starts) {
    for (let folder = start; ; folder = dirname(folder)) {
      if (parse(existsSync(join(folder, "package.json")) ? readFileSync(join(folder, "package.json"), "utf8") : "")?.name === "llmops-workbook") return folder;
      if (given !== undefined || dirname(folder) === folder) break;
    }
  }
  throw new Unreadable(`${given ?? "no LLMOps Workbook above this folder"}: name the workbook's folder with --workbook PATH`);
}

function readJson(path, remedy) {
  const value = existsSync(path) ? parse(readFileSync(path, "utf8")) : undefined;
  if (value === undefined) throw new Unreadable(`${path} ${existsSync(path) ? "is not JSON" : "is missing"}: ${remedy}`);
  return value;
}

const lines = (path) => readFileSync(path, "utf8").split("\n").filter((line) => line.trim() !== "");
const short = (path, folder) => path.split(folder).join("").replace(/^[\\/]+/, "");

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
  if (!(error instanceof Unreadable)) throw error;
  console.error(`check-dataset: ${error.message}`);
  process.exitCode = 2;
}
