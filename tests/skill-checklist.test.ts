/** The checklist that the skill llmops-data-engineer carries: a spoilt dataset fails it, by name; what is no dataset is refused. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, scratch } from "./support/scratch.ts";

const SCRIPT = join(ROOT, "chapters-61-72/63-data-engineering-for-training/skill/check-dataset.mjs");
const run = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });

test("each spoilt place of a dataset is named by the check that is meant for it, and only there", (context) => {
  const folder = join(scratch(context), "task-api");
  cpSync(join(ROOT, "datasets/task-api"), folder, { recursive: true });
  const edit = (file: string, change: (lines: string[]) => void) => {
    const lines = readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
    change(lines);
    writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
  };
  const [copy = ""] = readFileSync(join(folder, "task_api_test.jsonl"), "utf8").split("\n");
  edit("task_api_train.jsonl", (lines) => {
    lines[1] = '{"conversations": [';
    lines[2] = (lines[2] ?? "").replace('"value":"', '"value":"Write to ana.kovac@example.com. ');
    lines[3] = JSON.stringify({ conversations: [{ from: "human", value: "hi" }, { from: "gpt", value: "yes" }], operation: "create" });
    lines.push(copy);
  });
  edit("task_api_val.jsonl", (lines) => lines.splice(0, lines.length, ...lines.filter((line) => !line.includes('"operation":"list"'))));
  rmSync(join(folder, "rejected.jsonl"));
  rmSync(join(folder, "README.md"));

  const { status, stdout, stderr } = run(folder, "--json");
  assert.equal(status, 1, stderr);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; ok: boolean; findings: string[] }[] };
  assert.equal(ok, false);
  const found = Object.fromEntries(checks.map(({ name, findings }) => [name, findings]));
  assert.deepEqual(found["files"]?.map((finding) => finding.split(" ")[0]), ["task_api_train.jsonl", "task_api_val.jsonl", "rejected.jsonl"]);
  assert.match(found["accounts"]?.join("\n") ?? "", /task_api_train\.jsonl has 401 rows, the report says 400\ntask_api_val.*40 rows.*50\nrejected\.jsonl is missing/);
  assert.equal(found["rows"]?.length, 1);
  assert.match(found["rows"]?.[0] ?? "", /^task_api_train\.jsonl:2 is cut off/);
  assert.deepEqual(found["duplicates"]?.map((finding) => finding.split(" ")[0]), ["task_api_test.jsonl:1"]);
  assert.match(found["leaks"]?.join("\n") ?? "", /^task_api_train\.jsonl:401 .*task_api_test\.jsonl:1, which came first$/);
  assert.deepEqual(found["personal data"], ["1 rows hold email (1); mask them and build again"]);
  assert.match(found["length"]?.join() ?? "", /^the shortest row has \d+ tokens, the build allowed no fewer than 20$/);
  assert.deepEqual(found["coverage"], ['val has no row with operation "list"']);
  assert.match(found["card"]?.join() ?? "", /README\.md is missing/);
});

test("what cannot be checked is refused with exit status 2 and the remedy", (context) => {
  const folder = scratch(context);
  const refused = (pattern: RegExp, ...args: string[]) => {
    const { status, stderr } = run(...args);
    assert.equal(status, 2);
    assert.match(stderr, pattern);
  };
  refused(/manifest\.json is missing: build the folder with "npm run llmops/, folder);
  refused(/there is no option --fix; --help lists them/, folder, "--fix");
  refused(/name the workbook's folder with --workbook PATH/, folder, "--workbook", folder);
  mkdirSync(join(folder, "other"));
  for (const name of ["manifest.json", "data_report.json"]) writeFileSync(join(folder, "other", name), "{}");
  refused(/of another program/, join(folder, "other"));
  const help = run("--help");
  assert.equal(help.status, 0);
  assert.match(help.stdout, /usage: node check-dataset\.mjs FOLDER/);
});
