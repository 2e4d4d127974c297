/**
 * Our near-duplicate removal, called as recipe/dedup.py calls datasketch: rows are read and parsed before the clock
 * starts, and one line of JSON is printed.
 *
 *     node ours.ts FILE --kernel wasm|js --scope conversation|first-user --shingle N --threshold T
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { dedupFuzzy, parseRow, readJsonl, type Example, type Kernel, type Scope } from "llmops/data";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kernel: { type: "string", default: "wasm" }, scope: { type: "string", default: "conversation" },
    shingle: { type: "string", default: "3" }, threshold: { type: "string", default: "0.8" },
  },
});

/** Peak memory of this process. The kernel's own mark, where there is one: that of getrusage includes the parent's. */
function peakBytes(): number {
  try {
    const mark = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (mark) return Number(mark[1]) * 1024;
  } catch {
    // No /proc: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

const examples: Example[] = [];
for await (const batch of readJsonl(positionals[0] as string)) {
  for (const item of batch) {
    const parsed = item.problem ? undefined : parseRow("sharegpt", item.value);
    if (parsed?.ok) examples.push(parsed.example);
  }
}
const loadedBytes = peakBytes();
// What parsing left behind is collected before the clock starts, as in dedup.py.
setFlagsFromString("--expose-gc");
(runInNewContext("gc") as () => void)();
const positions = new Map(examples.map((example, position) => [example, position]));
const busy = process.cpuUsage();
const began = performance.now();
const { kept } = dedupFuzzy(examples, {
  threshold: Number(values.threshold), shingle: Number(values.shingle), scope: values.scope as Scope, kernel: values.kernel as Kernel,
});
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(busy);
console.log(JSON.stringify({ rows: examples.length, seconds, cpuSeconds: (user + system) / 1e6, kept: kept.map((example) => positions.get(example)), peakBytes: peakBytes(), loadedBytes }));
