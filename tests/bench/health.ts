/**
 * `npm run bench:health`: how often each fault is found in simulated runs, and how often a healthy run is accused.
 *
 *     npm run bench:health                        2,000 runs of each kind
 *     npm run bench:health -- --runs 500 --seed 7  fewer, of another seed
 *     npm run bench:health -- --show               the healthy runs that were accused
 *
 * The thresholds were set with seeds below 100; the default seed was never used for it. Exit status 1 where a fault is found
 * in fewer than 95 % of the runs it was planted in, or more than 5 % of healthy runs are accused.
 */
import { parseArgs } from "node:util";
import { diagnose, FINDINGS, type FindingName } from "llmops/pair";
import { Chance, healthyCurve, PLANT, type Curve } from "../support/curves.ts";

const { values: flags } = parseArgs({ options: { runs: { type: "string", default: "2000" }, seed: { type: "string", default: "20261121" }, show: { type: "boolean", default: false } } });
const runs = Number(flags.runs), chance = new Chance(Number(flags.seed));

let took = 0, readings = 0;
function findings({ metrics, plan, secondsSinceLast }: Curve): Set<FindingName> {
  const began = performance.now();
  const found = diagnose(metrics, { plan, secondsSinceLast });
  took += performance.now() - began;
  readings += metrics.length;
  return new Set(found.map(({ name }) => name));
}

const accused = new Map<FindingName, number>(FINDINGS.map((name) => [name, 0]));
let accusedRuns = 0;
for (let run = 0; run < runs; run += 1) {
  const curve = healthyCurve(chance), found = findings(curve);
  if (found.size > 0) accusedRuns += 1;
  for (const name of found) accused.set(name, accused.get(name)! + 1);
  if (flags.show && found.size > 0) console.log(`healthy run ${run}: ${[...found].join(", ")}; ${curve.metrics.length} metrics, noise ${curve.noise.toFixed(3)}`);
}
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const rows = (Object.keys(PLANT) as (keyof typeof PLANT)[]).map((name) => {
  let caught = 0;
  const besides = new Map<FindingName, number>();
  for (let run = 0; run < runs; run += 1) {
    for (const found of findings(PLANT[name](healthyCurve(chance), chance))) {
      if (found === name) caught += 1;
      else besides.set(found, (besides.get(found) ?? 0) + 1);
    }
  }
  const also = [...besides].filter(([, count]) => count >= 0.02 * runs).sort((one, other) => other[1] - one[1]).map(([other, count]) => `${other} ${percent(count / runs)}`);
  return { fault: name, found: percent(caught / runs), "accused of it, healthy": percent(accused.get(name)! / runs), "also said (2 % and more)": also.join(", "), missed: caught < 0.95 * runs };
});
console.table(rows.map(({ missed: _, ...row }) => row));
console.log(`${runs} runs of each kind, seed ${flags.seed}. Healthy runs with any finding: ${percent(accusedRuns / runs)}. ${((1e6 * took) / readings / 1000).toFixed(1)} µs a metric.`);
process.exit(rows.some(({ missed }) => missed) || accusedRuns > 0.05 * runs ? 1 : 0);
