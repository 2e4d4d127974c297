/**
 * How fast `llmops data build` is, and how much memory it takes: npm run bench:build -- [rows] [seed] [--whole]
 * Runs the real command in a child process on files of a quarter, half and all of the rows (default 100,000); with
 * `--whole`, of all of them only.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeMixedRows } from "./mixed-rows.ts";

const whole = process.argv.includes("--whole");
const [most = 100_000, seed = 1] = process.argv.slice(2).filter((argument) => argument !== "--whole").map(Number);
if (!Number.isInteger(most) || most < 100) {
  console.error("usage: node tests/bench/build-dataset.ts [rows, from 100] [seed] [--whole]");
  process.exit(2);
}
const command = resolve(import.meta.dirname, "../../lib/bin/llmops.cjs");
const folder = mkdtempSync(join(tmpdir(), "llmops-bench-"));
try {
  const probe = join(folder, "probe.cjs");
  // maxRSS is in kilobytes, and on Linux not less than this process's own at the start.
  writeFileSync(probe, 'process.on("exit", () => require("node:fs").writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));');
  const peaks: number[] = [];
  for (const rows of whole ? [most] : [most / 4, most / 2, most].map(Math.round)) {
    const input = join(folder, `${rows}.jsonl`);
    const kinds = await writeMixedRows(input, rows, seed);
    const began = performance.now();
    const output = execFileSync(process.execPath, [
      // As npm started this process: see tools/with-setup.mjs.
      ...process.execArgv, "--require", probe, command, "data", "build", input, "--out", join(folder, `out-${rows}`), "--stratify", "operation", "--max-tokens", "1000", "--json",
    ], { encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, PEAK_FILE: join(folder, "peak") } });
    const seconds = (performance.now() - began) / 1000;
    const { report, stageMs } = JSON.parse(output) as { report: { rows: { in: number; out: number; rejected: number }; duplicates: { exact: number; fuzzy: number }; pii: { rows: number } }; stageMs: Record<string, number> };
    const peak = Number(readFileSync(join(folder, "peak"), "utf8")) / 1024;
    peaks.push(peak);
    const { in: read, out, rejected } = report.rows;
    console.log(`\n${rows.toLocaleString("en-US")} rows, ${(statSync(input).size / 1e6).toFixed(0)} MB: ${seconds.toFixed(1)} s, ${Math.round(rows / seconds).toLocaleString("en-US")} rows/s, peak memory ${peak.toFixed(0)} MiB`);
    console.log(`  rows in ${read} = out ${out} + rejected ${rejected}: ${read === out + rejected && read === rows ? "yes" : "NO"}`);
    console.log(`  exact duplicates ${report.duplicates.exact} (planted ${kinds["exact-duplicate"]}), near-duplicates ${report.duplicates.fuzzy} (planted ${kinds["near-duplicate"]}), rows with personal data ${report.pii.rows} (planted ${kinds["personal-data"]})`);
    for (const [stage, ms] of Object.entries(stageMs)) {
      console.log(`  ${stage.padEnd(8)} ${String(ms).padStart(7)} ms  ${Math.round(rows / Math.max(ms, 1) * 1000).toLocaleString("en-US").padStart(12)} rows/s`);
    }
    if (read !== out + rejected || read !== rows) process.exitCode = 1;
  }
  if (!whole) console.log(`\npeak memory at a quarter, half and all of the rows: ${peaks.map((peak) => `${peak.toFixed(0)} MiB`).join(", ")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
