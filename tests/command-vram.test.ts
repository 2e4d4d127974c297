/** `llmops vram` as a terminal and a script use it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ROOT, scratch } from "./support/scratch.ts";

interface Outcome { status: number | null; stdout: string; stderr: string }
const llmops = (args: string[], input = "", cwd = ROOT): Outcome =>
  spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), ...args], { input, cwd, encoding: "utf8" });
const answers = (stdout: string): Record<string, unknown>[] => stdout.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);

const RUN = ["vram", "Llama-3-8B", "--method", "qlora", "--gpu", "t4", "--framework", "unsloth", "--sequence", "2048"];

test("the tree, the verdict, and what would make it fit", () => {
  const fits = llmops([...RUN, "--batch", "2"]);
  assert.equal(fits.status, 0, fits.stderr);
  assert.match(fits.stdout, /matrices of the layers {2}\[6979321856 × \(1\/2 \+ 1\/64 \+ 4\/16384\)\]/);
  assert.match(fits.stdout, /Llama-3-8B fits: [\d.]+ GiB \([\d.]+ GiB to [\d.]+ GiB\) of 14\.74 GiB on Tesla T4/);
  const tooMuch = llmops([...RUN, "--batch", "8"]);
  assert.equal(tooMuch.status, 0);
  assert.match(tooMuch.stdout, /does not fit/);
  assert.match(tooMuch.stdout, /Any one of these makes it fit:\n {2}set the batch to 2 and accumulate 4 of them/);
});

test("--json holds the same tree, its sum and the remedies", () => {
  const plan = JSON.parse(llmops([...RUN, "--batch", "8", "--json"]).stdout) as { fits: string; peak_gib: number; terms: Record<string, number>; remedies: { fits: boolean }[] };
  assert.equal(plan.fits, "no");
  assert.ok(Math.abs(Object.values(plan.terms).reduce((sum, gib) => sum + gib, 0) - plan.peak_gib) < 0.01);
  assert.ok(plan.remedies.length > 0 && plan.remedies.every(({ fits }) => fits));
});

test("an export at the end is merged in RAM, and --json says how fast the run goes", () => {
  const plan = (...args: string[]) => JSON.parse(llmops([...RUN, "--json", ...args]).stdout) as {
    parameters: number; usable_gib: number; share_of_compute: { low: number; high: number }; tokens_per_second: { low: number; high: number }; host?: { fits: boolean; ramBytes: number; problems: string[] };
  };
  const [none, merged] = [plan("--colab"), plan("--colab", "--export", "fp16,q4_k_m")];
  assert.equal(none.host?.fits, true);
  assert.equal(merged.host?.fits, false);
  // The 16-bit weights, all at once.
  assert.ok((merged.host?.ramBytes ?? 0) > 2 * merged.parameters && (none.host?.ramBytes ?? 0) < 2 * none.parameters);
  assert.match(merged.host?.problems.join() ?? "", /of RAM are needed and Colab, free has/);
  assert.ok(0 < none.tokens_per_second.low && none.tokens_per_second.low < none.tokens_per_second.high);
  assert.ok(0 < none.share_of_compute.low && none.share_of_compute.low < none.share_of_compute.high && none.share_of_compute.high < 1);
  assert.equal(none.usable_gib.toFixed(2), "14.74");
  assert.ok(plan("--checkpointing", "none").tokens_per_second.low > none.tokens_per_second.low, "no second forward pass");
  const wrong = (pattern: RegExp, ...args: string[]) => assert.match(llmops([...RUN, ...args]).stderr, pattern);
  wrong(/--export is about RAM and disk: give --colab/, "--export", "q4_k_m");
  wrong(/--export.*"q5_zz" is not known/, "--colab", "--export", "q5_zz");
});

test("a config.json of one's own, and files that are none", (context) => {
  const folder = scratch(context);
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "llama", hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 8, intermediate_size: 688, vocab_size: 4096 }));
  assert.match(llmops(["vram", "config.json", "--method", "full", "--sequence", "128"], "", folder).stdout, /config\.json fits/);
  writeFileSync(join(folder, "broken.json"), "{");
  for (const [file, reason] of [["broken.json", /is no JSON/], ["none.json", /cannot be read \(ENOENT\)/], ["config.jso", /"config\.jso" is not known/]] as const) {
    const failed = llmops(["vram", file], "", folder);
    assert.equal(failed.status, 2);
    assert.match(failed.stderr, reason);
  }
});

test("wrong options say which, with exit 2", () => {
  for (const [args, reason] of [
    [["--batch", "0"], /--batch.*at least 1/], [["--gpu", "voodoo"], /gpu: "voodoo" is not known/], [["--storage", "int3"], /"int3" is not known/], [["--attention", "flash"], /needs compute capability 8\.0/],
    [["--targets", "q_proj,nose"], /targets: "nose"/], [["--method", "full", "--storage", "nf4"], /storage: nf4 weights cannot train/], [["--gpus", "2", "--parallel", "none"], /parallel: 2 GPUs/],
  ] as const) {
    const failed = llmops(["vram", "Llama-3-8B", ...args]);
    assert.equal(failed.status, 2, args.join(" "));
    assert.match(failed.stderr, reason);
  }
  assert.match(llmops(["vram"]).stderr, /name a model, or give --stdin/);
});

test("--stdin answers every line in its order; a bad line says why and does not stop the others", () => {
  const good = (JSON.parse(readFileSync(join(ROOT, "datasets/gpu-memory/published.json"), "utf8")) as { points: Record<string, unknown>[] }).points.slice(0, 5);
  const lines = [JSON.stringify(good[0]), "{", '{"id":"x","model":"Llama-3-8B","method":"QLoRA","batch":-1,"seq":10}', "", JSON.stringify(good[1]), "[]"];
  const { status, stdout } = llmops(["vram", "--stdin"], `\uFEFF${lines.join("\r\n")}`);
  const [first, broken, wrong, second, list] = answers(stdout);
  assert.equal(status, 1);
  for (const [answer, point] of [[first, good[0]], [second, good[1]]] as const) {
    assert.equal(answer?.["id"], point?.["id"]);
    assert.ok((answer?.["low_gib"] as number) < (answer?.["peak_gib"] as number) && (answer?.["peak_gib"] as number) < (answer?.["high_gib"] as number));
    assert.ok(Object.keys(answer?.["terms"] as object).length > 3);
  }
  assert.deepEqual([(broken?.["error"] as { line: number }).line, (wrong?.["error"] as { line: number; field: string }).line, (list?.["error"] as { line: number }).line], [2, 3, 6]);
  assert.equal((wrong?.["error"] as { field: string }).field, "batch");
  assert.equal(llmops(["vram", "--stdin"], lines[0]).status, 0);
  assert.equal(llmops(["vram", "--stdin"], "").status, 2);
});

test("any JSON on a line gets one answer: a plan of numbers, or an error that names a field", () => {
  const point = { id: "p", model: "Llama-3-8B", method: "LoRA", quant: "bf16", rank: 16, target_modules: ["q_proj"], batch: 1, seq: 512, optimizer: "adamw_torch", checkpointing: "true", framework: "unsloth" };
  const change = fc.record({ field: fc.constantFrom(...Object.keys(point), "metric", "note", "gpu", "seq_kind"), value: fc.jsonValue({ maxDepth: 1 }) });
  const changes = fc.sample(change, { numRuns: 2000, seed: 62 });
  const { stdout } = llmops(["vram", "--stdin"], changes.map(({ field, value }) => JSON.stringify({ ...point, [field]: value })).join("\n"));
  const said = answers(stdout);
  assert.equal(said.length, changes.length);
  for (const [at, answer] of said.entries()) {
    const error = answer["error"] as { field?: string; message: string } | undefined;
    if (error) assert.ok(error.field && error.message.length > 5, JSON.stringify({ change: changes[at], error }));
    else assert.ok(Number.isFinite(answer["peak_gib"]) && (answer["peak_gib"] as number) > 0, JSON.stringify({ change: changes[at], answer }));
  }
});
