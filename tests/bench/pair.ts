/**
 * `npm run bench:pair`: how long the local route takes, end to end: start-up, a request and its reply, the way of a metric line
 * from the job's write to this process, and files there and back. Runs on a runtime of its own in a temporary folder.
 *
 *     npm run bench:pair            40 lines a poll rate, 32 MB each way
 *     npm run bench:pair -- 200 256
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { launch, openLocal } from "llmops/pair";
import { endProcesses, pythonJob } from "../support/pair.ts";

const [lines, megabytes] = [Number(process.argv[2] ?? 40), Number(process.argv[3] ?? 32)];
if (!(lines >= 10 && megabytes >= 1)) {
  console.error("usage: npm run bench:pair -- [lines, from 10] [megabytes]");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "workbook-bench-"));
const runtime = openLocal({ home: folder, packages: "standard" });
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const at = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const row = (what: string, ...cells: string[]): void => console.log(`${what.padEnd(54)}${cells.map((cell) => cell.padStart(14)).join("")}`);

async function timed<T>(work: () => Promise<T>): Promise<[milliseconds: number, value: T]> {
  const began = performance.now(), value = await work();
  return [performance.now() - began, value];
}

async function many(what: string, times: number, work: () => Promise<unknown>): Promise<void> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push((await timed(work))[0]);
  row(what, ms(at(taken, 0.5)), ms(at(taken, 0.95)));
}

async function tailDelay(pollMs: number): Promise<void> {
  const job = pythonJob(folder, "delay", `import random\nfor step in range(${lines}):\n    time.sleep(0.05 + random.random() / 10)\n    metrics.log(step, wrote=time.time())`);
  const run = await launch(job, runtime, { home: folder }), delays: number[] = [];
  await run.wait(({ metrics }) => {
    while (delays.length < metrics.length) delays.push(Date.now() - 1000 * (metrics[delays.length]!["wrote"] as number));
  }, { pollMs });
  assert.equal(delays.length, lines);
  row(`a metric line, written → here, poll every ${pollMs} ms${pollMs === 500 ? " (default)" : ""}`, ms(at(delays, 0.5)), ms(at(delays, 0.95)));
}

try {
  console.log(`${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}\n`);
  row("", "median", "p95");
  const [cold] = await timed(() => runtime.start());
  row("start-up: server, kernel, agent (once)", ms(cold));
  await runtime.close();
  const [warm] = await timed(() => runtime.start());
  row("start-up where the server runs (once)", ms(warm));
  await runtime.put("idle/x", Buffer.from("x"));
  await many("a request and its reply (status), 200 times", 200, () => runtime.status("idle"));
  let job = 0;
  await many("exec of a job, until its supervisor is started, 10 times", 10, () => runtime.exec(`noop-${(job += 1)}`, { command: ["{python}", "-c", "pass"] }));
  for (const pollMs of [500, 50]) await tailDelay(pollMs);
  const bytes = randomBytes(megabytes * 1e6), target = join(folder, "back");
  const [put] = await timed(() => runtime.put("idle/big", bytes)), [get] = await timed(() => runtime.get("idle", "big", target));
  assert.ok(readFileSync(target).equals(bytes));
  row(`put, ${megabytes} MB of random bytes`, `${(megabytes / (put / 1000)).toFixed(1)} MB/s`);
  row(`get, ${megabytes} MB of random bytes`, `${(megabytes / (get / 1000)).toFixed(1)} MB/s`);
  console.log(`\nload at the end ${loadavg()[0]!.toFixed(1)}`);
} finally {
  await runtime.stop();
  endProcesses(folder);
  rmSync(folder, { recursive: true, force: true });
}
