/** Running one side of a comparison in a process of its own. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Run<T> {
  /** What the command printed: one JSON document. */
  output: T;
  /** From start to end, the start of the interpreter included. */
  seconds: number;
  /** Peak memory of the process, by its own account. */
  peakBytes: number;
}

// Written by the process itself at its end: by then nothing more is taken. Of /proc where there is one, because the
// mark of getrusage begins with the parent's memory on Linux.
const PROBE = `
process.on("exit", () => {
  const { readFileSync, writeFileSync } = require("node:fs");
  let peak = process.resourceUsage().maxRSS * 1024;
  try { peak = Number(/^VmHWM:\\s+(\\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024; } catch {}
  if (require("node:worker_threads").isMainThread) writeFileSync(process.env.BENCH_PEAK, String(peak));
});`;

/** @throws Error with what the command said, when it fails */
export async function runJson<T>([program, ...args]: string[], folder: string): Promise<Run<T>> {
  const probe = join(folder, "probe.cjs");
  const peakFile = join(folder, "peak");
  writeFileSync(probe, PROBE);
  rmSync(peakFile, { force: true });
  const isNode = program === process.execPath;
  const began = performance.now();
  const child = spawn(program as string, isNode ? ["--require", probe, ...args] : args, {
    stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, BENCH_PEAK: peakFile, PYTHONDONTWRITEBYTECODE: "1" },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} failed (${String(code)}):\n${stderr.slice(-3000)}`);
  const output = JSON.parse(stdout) as T & { peakBytes?: number };
  return { output, seconds, peakBytes: isNode ? Number(readFileSync(peakFile, "utf8")) : (output.peakBytes ?? NaN) };
}
