/** The script that the skill llmops-compute-planner carries: it plans what it is told, refuses what it is not told, and says what is missing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { findGpu, findRemedies, GIB, planTraining, type TrainingRunInput } from "llmops/compute";
import { ROOT, scratch } from "./support/scratch.ts";

const SCRIPT = join(ROOT, "chapters-61-72/62-llm-architecture-and-compute-reality/skill/plan-run.mjs");
const RUN = { model: "Llama-3-8B", method: "qlora", gpu: "t4", longest_row: 2048, batch: 8, framework: "trl" };

interface Answer {
  fits: string; peak_gib: number; low_gib: number; high_gib: number; usable_gib: number; advice: string; remedies_are: string;
  remedies: { field: string; sentence: string; costs: string }[]; host_problems: string[]; assumptions: string[];
  time?: { tokens: { low: number; high: number }; hours: { low: number; high: number }; dollars?: { low: number; high: number } };
}
const run = (description: unknown, ...args: string[]) =>
  spawnSync(process.execPath, [SCRIPT, "-", ...args], { encoding: "utf8", input: typeof description === "string" ? description : JSON.stringify(description), cwd: ROOT });
function answerTo(description: object): Answer & { status: number | null } {
  const { status, stdout, stderr } = run(description, "--json");
  assert.equal(stderr, "");
  return { ...(JSON.parse(stdout) as Answer), status };
}

test("the script's plan is the library's: peak, band, remedies in their order", () => {
  const input: TrainingRunInput = { model: "Llama-3-8B", method: "qlora", gpu: "t4", sequence: 2048, batch: 8, framework: "trl" };
  const plan = planTraining(input);
  const answer = answerTo({ ...RUN, cap: 4096 });
  assert.equal(answer.fits, "tight");
  assert.equal(answer.status, 1);
  for (const [said, bytes] of [[answer.peak_gib, plan.peakBytes], [answer.low_gib, plan.lowBytes], [answer.high_gib, plan.highBytes]] as const) {
    assert.ok(Math.abs(said - bytes / GIB) < 0.001);
  }
  assert.deepEqual(answer.remedies.map(({ sentence }) => sentence), findRemedies(input, findGpu("t4")).map(({ sentence }) => sentence));
  assert.equal(answer.remedies[0]?.costs, "nothing");
  assert.match(answer.advice, /Take the first: it is the mildest/);
});

test("rows are as long as they are, not as the cap; time lies between mean and longest", () => {
  const real = answerTo({ ...RUN, longest_row: 512, cap: 2048, rows: 1000, mean_row: 200, epochs: 2, dollars_per_hour: 0.5 });
  assert.equal(real.status, 0);
  assert.deepEqual(real.time?.tokens, { low: 400_000, high: 1_024_000 });
  assert.ok((real.time?.hours.low ?? 0) < (real.time?.hours.high ?? 0));
  assert.equal(real.time?.dollars?.high, (real.time?.hours.high ?? 0) * 0.5);
  const capped = answerTo({ ...RUN, longest_row: undefined, cap: 2048 });
  assert.ok(capped.peak_gib > real.peak_gib);
  assert.match(capped.assumptions.join("\n"), /as long as the cap, 2048 tokens: not counted, so this is an upper bound/);
  assert.match(answerTo({ ...RUN, longest_row: 3000, cap: 2048 }).assumptions.join("\n"), /952 tokens of the longest are lost/);
});

test("a card that is large enough does not help a machine that cannot merge; RAM is looked at where it is known", () => {
  const merging = answerTo({ ...RUN, longest_row: 512, export: ["q4_k_m"] });
  assert.equal(merging.fits, "yes");
  assert.equal(merging.status, 1);
  assert.match(merging.host_problems.join(), /of RAM are needed/);
  const own = answerTo({ ...RUN, gpu: "l4", longest_row: 512 });
  assert.deepEqual(own.host_problems, []);
  assert.match(own.assumptions.join("\n"), /RAM and disk of the machine were not looked at/);
});

test("where only harsh changes are enough alone, it says to chain milder ones", () => {
  const answer = answerTo({ model: "Llama-3-8B", method: "lora", gpu: "t4", longest_row: 2048, batch: 2 });
  assert.equal(answer.remedies[0]?.field, "model");
  assert.match(answer.advice, /chain milder ones/);
  const { stdout } = run({ model: "Llama-3-8B", method: "lora", gpu: "t4", longest_row: 2048, batch: 2 });
  assert.match(stdout, /^Llama-3-8B, lora, Tesla T4\nverdict: does not fit: .*\n\ntree:\n +[\d.]+ GiB {2}weights\n/);
  assert.match(stdout, /remedies, alternatives: one of them:\n {2}take a smaller model/);
});

test("a description that is wrong or says too little is refused with its field and exit status 2", () => {
  const without = (field: string) => Object.fromEntries(Object.entries(RUN).filter(([name]) => name !== field));
  for (const [description, reason] of [
    ["{", /standard input: is no JSON/], ["[]", /holds no JSON object/], ["", /is no JSON/], ["null", /holds no JSON object/],
    [without("longest_row"), /longest_row: is missing: count the tokens/], [without("model"), /model: is missing: ask for it/], [without("gpu"), /gpu: is missing/], [without("method"), /method: is missing/],
    [{ ...RUN, max_length: 2048 }, /max_length: is not known; known are model, method/], [{ ...RUN, bf16: true }, /bf16: is not known/],
    [{ ...RUN, longest_row: "2048" }, /longest_row: must be a whole number of at least 1, not "2048"/], [{ ...RUN, batch: 0 }, /batch: must be a whole number/],
    [{ ...RUN, method: "inference" }, /method: must be full, lora or qlora/], [{ ...RUN, model: "--help" }, /model: must be a name/], [{ ...RUN, targets: "q_proj" }, /targets: must be a list/],
    [{ ...RUN, rows: 10 }, /mean_row: is missing: time needs rows, mean_row and epochs/], [{ ...RUN, rows: 10, mean_row: 4000, epochs: 1 }, /mean_row: 4000 is more than the longest row/],
    [{ ...RUN, dollars_per_hour: 1 }, /dollars_per_hour: is a price without a time/], [{ ...RUN, dpo: "yes" }, /dpo: must be true or false/],
    [{ ...RUN, gpu: "l4", export: ["q4_k_m"] }, /export: RAM and disk are known of a free Colab only/], [{ ...RUN, host: "mine" }, /host: must be colab-free or own/],
  ] as const) {
    const { status, stdout, stderr } = run(description);
    assert.match(stderr, reason);
    assert.equal(status, 2);
    assert.equal(stdout, "");
  }
  // What only the planner knows, it says.
  for (const [description, reason] of [[{ ...RUN, method: "lora", storage: "bf16" }, /plan-run: .*Tesla T4 has no bf16: use fp16/], [{ ...RUN, model: "Llama-9" }, /plan-run: model: "Llama-9" is not known/]] as const) {
    const { status, stderr } = run(description);
    assert.equal(status, 2);
    assert.match(stderr, reason);
  }
});

test("alone in a folder it runs the llmops of the PATH, and says so when there is none", (context) => {
  const folder = scratch(context);
  cpSync(SCRIPT, join(folder, "plan-run.mjs"));
  writeFileSync(join(folder, "run.json"), JSON.stringify(RUN));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const alone = (...args: string[]) => spawnSync(process.execPath, ["plan-run.mjs", ...args], { cwd: folder, encoding: "utf8", env: { PATH: bin } });
  const missing = alone("run.json");
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /the command llmops is missing.*--workbook PATH.*Do not replace the plan by a rule of thumb/);
  assert.match(alone("none.json").stderr, /none\.json: cannot be read \(ENOENT\)/);
  assert.match(alone("run.json", "--workbook", folder).stderr, /is not the LLMOps Workbook/);
  assert.match(alone("run.json", "--fix").stderr, /there is no option --fix/);
  assert.match(alone("run.json", "two.json").stderr, /name one file/);
  assert.equal(alone("--help").status, 0);
  const tool = (text: string) => {
    writeFileSync(join(bin, "llmops"), `#!${process.execPath}\n${text}\n`);
    chmodSync(join(bin, "llmops"), 0o755);
  };
  tool(`require("node:child_process").spawnSync(process.execPath, [${JSON.stringify(join(ROOT, "lib/bin/llmops.cjs"))}, ...process.argv.slice(2)], { stdio: "inherit" });`);
  const found = spawnSync(process.execPath, ["plan-run.mjs", "run.json"], { cwd: folder, encoding: "utf8", env: { PATH: `${bin}${delimiter}${dirname(process.execPath)}` } });
  assert.equal(found.status, 1, found.stderr);
  assert.match(found.stdout, /verdict: is tight/);
  tool('console.log(JSON.stringify({ fits: "yes" }))');
  assert.match(alone("run.json").stderr, /this llmops is older than the skill/);
  tool("process.exit(7)");
  assert.match(alone("run.json").stderr, /llmops vram failed/);
});
