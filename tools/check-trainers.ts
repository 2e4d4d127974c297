/**
 * `npm run check:trainers`: whether Hugging Face `datasets` and TRL's trainers take what the workbook writes, unchanged.
 *
 * Every layout is written as JSONL and as Parquet, loaded with `load_dataset`, compared row by row, prepared by TRL and
 * trained on for one step; what `datasets` writes of it is read back here. OpenAI's layouts are checked against its
 * documented rules. The Python packages are put into `.venv-check` on the first run (1.5 GB with PyTorch for CPU; where
 * pip offers another build, more). That is why it is no part of `npm test`, and no lighter part of it is either: the
 * workbook's own environment has no pyarrow. tests/data-parquet.test.ts reads files that Python wrote, without Python.
 */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { convertFile, openRows, parseJson, sameJson, validateFile } from "llmops/data";
import { trainerCases, type TrainerCase } from "./trainer-cases.ts";
import { ROOT, STATE } from "./paths.ts";
import { preparePython } from "./python-env.ts";

/** Pinned: what is proven is proven for these. */
const PACKAGES = ["datasets==5.2.0", "trl==1.16.0", "transformers==5.23.0", "torch==2.13.0"];
const FOLDER = join(STATE, "check-trainers");
const python = preparePython(".venv-check", PACKAGES);

interface Case extends TrainerCase {
  jsonl: string;
  parquet: string;
  back_parquet: Record<"json" | "parquet", string>;
  back_jsonl: Record<"json" | "parquet", string>;
}

let checks = 0, passed = 0;

function say(check: string, ok: boolean, detail = ""): void {
  checks++;
  if (ok) passed++;
  console.log(`${ok ? "ok    " : "FAILED"} ${check}${detail === "" ? "" : ` (${detail})`}`);
}

async function valuesOf(path: string): Promise<Record<string, unknown>[]> {
  const values: Record<string, unknown>[] = [];
  for await (const batch of (await openRows(path)).batches) {
    for (const item of batch) {
      if (item.problem) throw new Error(`${path}:${item.line}: ${item.problem.reason}`);
      values.push(item.value);
    }
  }
  return values;
}

async function writeCase(one: TrainerCase): Promise<Case> {
  const at = (name: string): string => join(FOLDER, `${one.name.replaceAll(/\W+/g, "-")}${name}`);
  writeFileSync(at(".source.jsonl"), one.rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const files = { jsonl: at(".jsonl"), parquet: at(".parquet") };
  for (const out of [files.jsonl, files.parquet]) {
    const { rejected, rowsOut } = await convertFile(at(".source.jsonl"), out, { to: one.to, plain: true, ...(one.layout ? { layout: one.layout } : {}) });
    if (rejected > 0 || rowsOut !== one.rows.length) throw new Error(`${one.name}: ${rejected} rows of the check itself were rejected; see ${out}.rejected.jsonl`);
  }
  const back = (suffix: string): Record<"json" | "parquet", string> => ({ json: at(`.back-json${suffix}`), parquet: at(`.back-parquet${suffix}`) });
  return { ...one, ...files, back_parquet: back(".parquet"), back_jsonl: back(".jsonl") };
}

/** What `datasets` wrote has null where a row has nothing. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, held]) => held !== null).map(([key, held]) => [key, withoutNulls(held)]));
}

async function readBack(one: Case): Promise<void> {
  const wanted = await valuesOf(one.jsonl);
  for (const [from, files] of [["Parquet", one.back_parquet], ["JSONL", one.back_jsonl]] as const) {
    for (const path of [files.json, files.parquet]) {
      const name = `${one.name}: the ${from} that datasets wrote of our ${path === files.json ? "JSONL" : "Parquet"} is read back`;
      try {
        const found = await valuesOf(path);
        const differs = wanted.findIndex((row, at) => !sameJson(withoutNulls(found[at]), withoutNulls(row)));
        const { invalid, format } = await validateFile(path);
        say(name, differs === -1 && found.length === wanted.length && invalid === 0 && format === one.to, differs === -1 ? `${found.length} rows of ${format}` : `row ${differs + 1}: ${JSON.stringify(found[differs]).slice(0, 200)}`);
      } catch (error) {
        say(name, false, error instanceof Error ? error.message : String(error));
      }
    }
  }
}

async function checkOpenAi(one: Case): Promise<void> {
  const { invalid, faults, fileFaults, valid } = await validateFile(one.jsonl, { rules: "openai", format: one.to });
  say(`${one.name}: OpenAI's documented rules`, invalid === 0 && fileFaults.length === 0, [...faults.map(({ reason }) => reason), ...fileFaults].join("; ").slice(0, 200) || `${valid} rows`);
}

async function runPython(cases: readonly Case[]): Promise<void> {
  const plan = join(FOLDER, "plan.json");
  const folders = [{
    name: "datasets/task-api", path: join(ROOT, "datasets", "task-api"),
    splits: Object.fromEntries([["train", "train"], ["validation", "val"], ["test", "test"]].map(([split, file]): [string, string] => [split as string, join(ROOT, "datasets", "task-api", `task_api_${file}.jsonl`)])),
  }];
  writeFileSync(plan, JSON.stringify({ folder: FOLDER, cases: cases.map((one) => ({ ...one, rows: undefined })), folders }));
  const child = spawn(python, [join(ROOT, "tools", "check_trainers.py"), plan], { cwd: FOLDER, stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => { complaints = (complaints + chunk.toString()).slice(-4000); });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const parsed = parseJson(line);
    const said = (parsed.ok ? parsed.value : undefined) as { versions?: Record<string, string>; check?: string; ok?: boolean; detail?: string } | undefined;
    if (said?.versions) console.log(Object.entries(said.versions).map(([name, version]) => `${name} ${version}`).join(", "));
    else if (said?.check !== undefined) say(said.check, said.ok === true, said.detail);
  }
  const status = await ended;
  if (status !== 0) say("the Python side ran to its end", false, complaints.trim().split("\n").slice(-3).join(" "));
}

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const cases: Case[] = [];
for (const one of trainerCases()) cases.push(await writeCase(one));
await runPython(cases);
for (const one of cases) await readBack(one);
for (const one of cases.filter(({ openai }) => openai)) await checkOpenAi(one);
console.log(`${passed} of ${checks}`);
process.exitCode = passed === checks ? 0 : 1;
