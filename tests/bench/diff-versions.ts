/**
 * Time and memory of versions and lineage: node tests/bench/diff-versions.ts [rows] [seed]
 * Builds a dataset of that many raw rows (default 100,000) with and without lineage, publishes it, changes it, and runs
 * the real commands on both, each in a process of its own.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { random, writeMixedRows } from "./mixed-rows.ts";

const rows = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? 1);
if (!Number.isInteger(rows) || rows < 100) {
  console.error("usage: node tests/bench/diff-versions.ts [rows, from 100] [seed]");
  process.exit(2);
}
const command = resolve(import.meta.dirname, "../../lib/bin/llmops.cjs");
const folder = mkdtempSync(join(tmpdir(), "llmops-bench-"));
const probe = join(folder, "probe.cjs");
// maxRSS is in kilobytes.
writeFileSync(probe, 'process.on("exit", () => require("node:fs").writeFileSync(process.env.PEAK_FILE, JSON.stringify(process.resourceUsage())));');

function measured(label: string, args: string[]): unknown {
  const began = performance.now();
  const output = execFileSync(process.execPath, ["--require", probe, command, "data", ...args, "--json"], {
    encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, PEAK_FILE: join(folder, "peak") },
  });
  const seconds = (performance.now() - began) / 1000;
  const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(readFileSync(join(folder, "peak"), "utf8")) as NodeJS.ResourceUsage;
  console.log(`${label.padEnd(50)} ${seconds.toFixed(1).padStart(6)} s  ${((userCPUTime + systemCPUTime) / 1e6).toFixed(1).padStart(6)} s of CPU  ${(maxRSS / 1024).toFixed(0).padStart(5)} MiB`);
  return JSON.parse(output);
}

try {
  const input = join(folder, "in.jsonl");
  // Each kept row of the mixed file costs about 1.3 raw ones: so many that `rows` are left.
  await writeMixedRows(input, Math.round(rows * 1.31), seed);
  const [plain, before, after, other, store] = ["plain", "before", "after", "other", "store"].map((name) => join(folder, name)) as [string, string, string, string, string];
  const build = ["build", input, "--stratify", "operation", "--max-tokens", "1000"];
  measured("build, without lineage", [...build, "--out", plain]);
  measured("build, with lineage", [...build, "--out", before, "--lineage"]);
  const lineage = join(before, "lineage.jsonl");
  const train = readFileSync(join(before, "train.jsonl"), "utf8").trimEnd().split("\n");
  const kept = ["train", "val", "test"].reduce((sum, split) => sum + readFileSync(join(before, `${split}.jsonl`), "utf8").split("\n").length - 1, 0);
  console.log(`${kept.toLocaleString("en-US")} rows kept, ${(statSync(join(before, "train.jsonl")).size / 1e6).toFixed(0)} MB of train.jsonl; lineage.jsonl ${(statSync(lineage).size / 1e6).toFixed(1)} MB, ${(statSync(lineage).size / kept).toFixed(0)} bytes a row`);

  // One row in a hundred each: corrected, relabelled, removed.
  const next = random(seed);
  const changed = train.flatMap((line): string[] => {
    const at = next();
    const row = JSON.parse(line) as { messages: { content: string }[]; operation: string };
    if (at < 0.01) row.messages[1] = { ...row.messages[1], content: `${row.messages[1]?.content} and noted` };
    else if (at < 0.02) row.operation = row.operation === "list" ? "create" : "list";
    else if (at < 0.03) return [];
    return [at < 0.02 ? JSON.stringify(row) : line];
  });
  cpSync(before, after, { recursive: true });
  writeFileSync(join(after, "train.jsonl"), `${changed.join("\n")}\n`);

  // Worst case: not one row in common.
  const otherInput = join(folder, "other.jsonl");
  await writeMixedRows(otherInput, Math.round(rows * 1.31), seed + 1);
  execFileSync(process.execPath, [command, "data", "build", otherInput, "--out", other, "--no-fuzzy", "--json"], { stdio: ["ignore", "ignore", "ignore"] });

  measured("publish the first version", ["version", "publish", before, "--name", "bench", "--store", store]);
  measured("publish the second (compares it with the first)", ["version", "publish", after, "--name", "bench", "--store", store]);
  measured("verify both", ["version", "verify", "--store", store]);
  measured("checkout", ["version", "checkout", "ds://bench@1.x", "--out", join(folder, "out"), "--store", store]);
  measured("diff, 3 rows in 100 changed", ["diff", before, after]);
  measured("diff, without tokens", ["diff", before, after, "--no-tokens"]);
  const { rows: counts } = measured("diff of two datasets without a row in common", ["diff", before, other, "--no-tokens"]) as { rows: unknown };
  console.log(`  ${JSON.stringify(counts)}`);
  measured("lineage of one row", ["lineage", before, `train:${train.length}`]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
