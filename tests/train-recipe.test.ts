/** Recipes: what they may say, what they become, and that the TypeScript and the Python side agree on it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { countLora, findModel, LINEARS } from "llmops/compute";
import { applyChange, completeRecipe, llama3OnT4, nextRemedy, packRecipe, planRecipe, RecipeError, refuseMisfit, targetOf, toAxolotl, toolCallRecipe, trainingJob, type TrainingRecipe } from "llmops/train";
import { ROOT, scratch } from "./support/scratch.ts";

const positive = fc.double({ min: 1e-6, max: 10, noNaN: true });
/** Any recipe that is right, complete. */
const recipes: fc.Arbitrary<TrainingRecipe> = fc.record({
  method: fc.constantFrom("lora" as const, "dora" as const, "qlora" as const, "full" as const),
  nf4: fc.boolean(), rank: fc.integer({ min: 1, max: 256 }), alpha: positive, targets: fc.subarray([...LINEARS], { minLength: 1 }), dropout: fc.double({ min: 0, max: 0.9, noNaN: true }), rslora: fc.boolean(),
  fallback: fc.constantFrom("refuse" as const, "fp32" as const), precision: fc.constantFrom("auto" as const, "fp32" as const, "fp16" as const, "bf16" as const),
  maxLength: fc.integer({ min: 8, max: 1e6 }), rowsTogether: fc.constantFrom({ packing: false, groupByLength: false }, { packing: true, groupByLength: false }, { packing: false, groupByLength: true }), completionOnly: fc.boolean(), length: fc.oneof(fc.record({ epochs: positive, steps: fc.constant(null) }), fc.record({ epochs: fc.constant(null), steps: fc.integer({ min: 1, max: 1e6 }) })),
  batch: fc.integer({ min: 1, max: 512 }), accumulation: fc.integer({ min: 1, max: 512 }), optimizer: fc.constantFrom("adamw" as const, "adamw-8bit" as const, "paged-adamw-8bit" as const),
  learningRate: positive, schedule: fc.constantFrom("linear" as const, "cosine" as const, "constant" as const), warmup: fc.oneof(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 500 })),
  weightDecay: fc.double({ min: 0, max: 1, noNaN: true }), maxGradNorm: positive, checkpointing: fc.constantFrom("none" as const, "layer" as const, "offload" as const), unsloth: fc.boolean(),
  looks: fc.option(fc.record({ every: fc.integer({ min: 1, max: 100 }), stop: fc.option(fc.record({ patience: fc.integer({ min: 1, max: 9 }), minDelta: fc.double({ min: 0, max: 1, noNaN: true }) }), { nil: null }) }), { nil: null }),
  checkpoints: fc.record({ every: fc.integer({ min: 1, max: 500 }), keep: fc.integer({ min: 1, max: 9 }) }), seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }), merged: fc.boolean(), template: fc.option(fc.constant("template.jinja"), { nil: null }),
}).map(({ nf4, length, looks, merged, template, checkpointing, unsloth, rowsTogether, ...held }) => {
  const full = held.method === "full";
  return {
    ...held, version: 1, base: "model", chatTemplate: template, data: { train: "train.jsonl", eval: looks ? "eval.jsonl" : null },
    ...(full ? { rank: null, alpha: null, targets: null, dropout: null, rslora: null } : {}),
    quantisation: held.method === "qlora" || (held.method === "dora" && nf4) ? "nf4" : "none",
    ...length, ...rowsTogether, gradientCheckpointing: checkpointing, backend: unsloth ? "unsloth" : checkpointing === "offload" ? "auto" : "trl",
    evaluateEvery: looks?.every ?? null, earlyStop: looks?.stop ?? null, exports: full ? ["merged"] : merged ? ["adapter", "merged"] : ["adapter"],
  };
});

const LEAST = { base: "model", data: { train: "train.jsonl" } };

/** A recipe with one field wrong, and the field's name. */
const WRONG: [Record<string, unknown>, string][] = [
  [{ version: 2 }, "version"], [{ base: "" }, "base"], [{ base: 7 }, "base"], [{ chatTemplate: 1 }, "chatTemplate"], [{ data: "train.jsonl" }, "data"], [{ data: { eval: null } }, "data.train"],
  [{ data: { train: "a", evaluate: "b" } }, "data.evaluate"], [{ backend: "axolotl" }, "backend"], [{ method: "prefix" }, "method"], [{ rank: 0 }, "rank"], [{ rank: 1.5 }, "rank"], [{ rank: null }, "rank"], [{ alpha: 0 }, "alpha"],
  [{ targets: [] }, "targets"], [{ targets: ["q_proj", "q_proj"] }, "targets"], [{ targets: ["lm_head"] }, "targets"], [{ dropout: 1 }, "dropout"], [{ rslora: "yes" }, "rslora"],
  [{ quantisation: "int3" }, "quantisation"], [{ quantisation: "nf4" }, "quantisation"], [{ method: "qlora", quantisation: "none" }, "quantisation"], [{ method: "full", rank: 8 }, "rank"], [{ fallback: true }, "fallback"], [{ precision: "fp8" }, "precision"],
  [{ maxLength: 4 }, "maxLength"], [{ packing: 1 }, "packing"], [{ groupByLength: "yes" }, "groupByLength"], [{ groupByLength: true, packing: true }, "groupByLength"], [{ completionOnly: null }, "completionOnly"], [{ epochs: 1, steps: 5 }, "steps"], [{ epochs: -1 }, "epochs"], [{ steps: 0 }, "steps"], [{ batch: 0 }, "batch"], [{ accumulation: "4" }, "accumulation"],
  [{ optimizer: "lion" }, "optimizer"], [{ learningRate: 0 }, "learningRate"], [{ schedule: "step" }, "schedule"], [{ warmup: -1 }, "warmup"], [{ warmup: 2.5 }, "warmup"], [{ weightDecay: -0.1 }, "weightDecay"], [{ maxGradNorm: 0 }, "maxGradNorm"],
  [{ gradientCheckpointing: true }, "gradientCheckpointing"], [{ gradientCheckpointing: "offload", backend: "trl" }, "gradientCheckpointing"], [{ evaluateEvery: 5 }, "evaluateEvery"], [{ checkpoints: { every: 0 } }, "checkpoints.every"], [{ checkpoints: { often: 5 } }, "checkpoints.often"],
  [{ earlyStop: { patience: 2 } }, "earlyStop"], [{ earlyStop: { minDelta: 0 } }, "earlyStop.patience"], [{ seed: -1 }, "seed"], [{ exports: ["onnx"] }, "exports"], [{ exports: "adapter" }, "exports"], [{ method: "full", exports: ["adapter"] }, "exports"],
  [{ learning_rate: 1 }, "learning_rate"],
];

test("every valid recipe survives a round trip, and the trainer takes it", () => {
  const found: TrainingRecipe[] = [];
  fc.assert(fc.property(recipes, (recipe) => {
    const written = JSON.stringify(recipe), again = completeRecipe(JSON.parse(written));
    assert.deepEqual(again, JSON.parse(written));
    found.push(again);
  }), { numRuns: 500 });
  assert.deepEqual(new Set(inPython(found)), new Set([null]));
});

test("each wrong field is named, in TypeScript and in Python", () => {
  const raw: object[] = [];
  for (const [change, field] of WRONG) {
    assert.throws(() => completeRecipe({ ...LEAST, ...change }), (error) => error instanceof RecipeError && field === error.field.replace(/\.\d+$/, ""), JSON.stringify(change));
    raw.push({ ...completeRecipe(LEAST), ...(change["method"] === "full" ? { rank: null, alpha: null, targets: null, dropout: null, rslora: null } : {}), ...change });
  }
  inPython(raw).forEach((sentence, at) => assert.ok(sentence?.includes(WRONG[at]![1].split(".")[0]!), `${JSON.stringify(WRONG[at])}: ${sentence}`));
});

test("the trainer has no defaults: each field that is missing is named", () => {
  const complete = completeRecipe(LEAST), names = Object.keys(complete);
  const sentences = inPython(names.map((name) => Object.fromEntries(Object.entries(complete).filter(([key]) => key !== name))));
  assert.deepEqual(sentences, names.map((name) => `${name} is missing`));
});

test("on each machine a recipe becomes what that machine can do, or is refused with what is missing", () => {
  const packages = { bitsandbytes: "0.50.2", unsloth: "2026.10.7" };
  const cpu = { cuda: false, name: "x86" }, t4 = { cuda: true, name: "Tesla T4", capability: [7, 5], packages }, a100 = { cuda: true, name: "A100", capability: [8, 0], packages }, bare = { ...t4, packages: {} };
  const lora = completeRecipe(LEAST), qlora = llama3OnT4({ data: { train: "train.jsonl" }, chatTemplate: "chat_template.jinja" }), full = completeRecipe({ ...LEAST, method: "full" });
  const cases: [object, object, object | RegExp][] = [
    [lora, cpu, { device: "cpu", backend: "trl", precision: "fp32", packed: false, optimizer: "adamw", notes: [] }],
    [lora, t4, { device: "cuda", backend: "unsloth", precision: "fp16", packed: false, optimizer: "adamw", notes: [] }],
    [qlora, t4, { device: "cuda", backend: "unsloth", precision: "fp16", packed: true, optimizer: "adamw-8bit", notes: [] }],
    // The same arithmetic as on a T4, unless the recipe asks for bf16.
    [qlora, a100, { device: "cuda", backend: "unsloth", precision: "fp16", packed: true, optimizer: "adamw-8bit", notes: [] }],
    [{ ...qlora, precision: "bf16" }, a100, { device: "cuda", backend: "unsloth", precision: "bf16", packed: true, optimizer: "adamw-8bit", notes: [] }],
    [{ ...qlora, precision: "bf16" }, t4, /precision is bf16, and Tesla T4 has none \(compute capability 7\.5/],
    [{ ...lora, precision: "fp16" }, cpu, /precision is fp16, and this machine has no CUDA card/],
    [{ ...lora, backend: "unsloth" }, cpu, /backend is unsloth, and this machine has no CUDA card/],
    [{ ...full, precision: "fp16" }, t4, { device: "cuda", backend: "trl", precision: "fp16", packed: false, optimizer: "adamw", notes: ["backend: full training runs with TRL"] }],
    [qlora, cpu, /quantisation is nf4, and this machine has no CUDA card; set fallback to "fp32"/],
    [{ ...completeRecipe({ ...LEAST, method: "qlora", backend: "trl", exports: ["merged"] }) }, t4, /exports has merged, and a packed base/],
    [qlora, bare, /quantisation is nf4, and bitsandbytes is not installed here/],
    [{ ...qlora, fallback: "fp32" }, cpu, {
      device: "cpu", backend: "trl", precision: "fp32", packed: false, optimizer: "adamw", notes: [
        "quantisation: this machine has no CUDA card, so the base is not packed: the same adapters train over it in fp32",
        "optimizer: this machine has no CUDA card, so AdamW keeps its states in fp32", "gradientCheckpointing: only Unsloth moves checkpoints to RAM; here they stay beside the model",
      ],
    }],
    [lora, bare, { device: "cuda", backend: "trl", precision: "fp16", packed: false, optimizer: "adamw", notes: ["backend: Unsloth would be taken on this card, but it is not installed here; TRL and PEFT train"] }],
  ];
  const found = askPython("decide_plans.py", cases.map(([recipe, machine]) => ({ recipe, machine }))) as ({ refused?: string } & object)[];
  cases.forEach(([, , wanted], at) => (wanted instanceof RegExp ? assert.match(found[at]?.refused ?? "taken", wanted) : assert.deepEqual(found[at], wanted)));
});

/** What a script of tests/support says of each value, line by line; with the workbook's own Python, which has no PyTorch. */
function askPython(script: string, values: readonly object[]): unknown[] {
  const python = join(ROOT, process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python");
  const { stdout, stderr } = spawnSync(python, [join(ROOT, "tests/support", script)], { input: values.map((value) => `${JSON.stringify(value)}\n`).join(""), env: { ...process.env, PYTHONPATH: join(ROOT, "colab") }, encoding: "utf8" });
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line) as unknown);
  assert.equal(lines.length, values.length, stderr);
  return lines;
}

/** What colab/trainer/recipe.py says of each: null, or its sentence. */
const inPython = (list: readonly object[]): (string | null)[] => askPython("check_recipes.py", list) as (string | null)[];

test("Llama-3-8B fits a T4 with its whole band; a batch of 16 is refused before it starts, with what mends it", () => {
  const recipe = llama3OnT4({ data: { train: "train.jsonl" } }), shape = findModel(recipe.base).shape, t4 = targetOf("t4");
  const plan = planRecipe(recipe, shape, t4);
  assert.equal(plan.verdict.fits, "yes", plan.verdict.sentence);
  assert.equal(plan.input.compute, "fp16");
  refuseMisfit(plan);
  const large = planRecipe({ ...recipe, batch: 16 }, shape, t4);
  assert.throws(() => refuseMisfit(large), (error) => error instanceof RecipeError && error.field === "batch" && /does not fit.*Set the batch to/s.test(error.message));
  const mended = applyChange({ ...recipe, batch: 16 }, large.remedies[0]!.change);
  assert.equal(planRecipe(mended, shape, t4).verdict.fits, "yes");
  assert.equal(mended.batch * mended.accumulation, 16 * recipe.accumulation, "the same update");
});

test("remedies make the run fit: one alone, or all of them together; where none do there are none", () => {
  const GIBS = 2 ** 30;
  const targets = [targetOf("t4"), targetOf("h100"), ...[2, 8, 12, 24].map((gib) => targetOf({ memoryBytes: gib * GIBS }))];
  let mended = 0;
  for (const target of targets) for (const model of ["Llama-3.1-70B", "Llama-3-8B", "Qwen2.5-0.5B"]) for (const [method, batch, maxLength] of [["qlora", 64, 8192], ["lora", 8, 2048], ["full", 1, 1024]] as const) {
    const recipe = completeRecipe({ ...LEAST, method, batch, maxLength, fallback: "fp32" }), { shape } = findModel(model);
    const { remedies } = planRecipe(recipe, shape, target), what = [target.name, model, method, remedies.map(({ sentence }) => sentence)].join(" ");
    const fits = (steps: typeof remedies): boolean => planRecipe(steps.reduce((now, { change }) => applyChange(now, change), recipe), shape, target).verdict.fits === "yes";
    if (remedies[0]?.fits) for (const remedy of remedies) assert.ok(fits([remedy]), what);
    else if (remedies.length > 0) assert.ok(fits(remedies), what);
    const next = nextRemedy(recipe, shape, target);
    if (next) assert.equal(planRecipe(next.recipe, shape, target).verdict.fits, "yes", `${what}: ${next.says}`);
    mended += remedies.length > 0 ? 1 : 0;
  }
  assert.ok(mended > 10, `${mended}`);
});

test("what a machine cannot do is said by field before anything is sent", () => {
  const here = targetOf({ memoryBytes: 8 * 2 ** 30 }), shape = findModel("Llama-3-8B").shape;
  const qlora = completeRecipe({ ...LEAST, method: "qlora" });
  assert.throws(() => planRecipe(qlora, shape, here), /^RecipeError: quantisation: is nf4, which needs CUDA and bitsandbytes.*fallback/);
  assert.throws(() => planRecipe(completeRecipe({ ...LEAST, precision: "fp16" }), shape, here), /precision: is fp16/);
  assert.throws(() => planRecipe(completeRecipe({ ...LEAST, precision: "bf16" }), shape, targetOf("t4")), /precision: is bf16, and Tesla T4 has none/);
  assert.throws(() => planRecipe(completeRecipe({ ...LEAST, method: "qlora", backend: "trl", exports: ["merged"] }), shape, targetOf("t4")), /exports: has merged, and a packed base/);
  const unpacked = planRecipe({ ...qlora, fallback: "fp32" }, shape, here);
  assert.equal(unpacked.input.method, "lora");
  assert.equal(unpacked.verdict.fits, "no");
});

test("after memory ran out, each remedy is smaller than the last, and they end", () => {
  const shape = findModel("Llama-3-8B").shape, t4 = targetOf("t4");
  let recipe = llama3OnT4({ data: { train: "train.jsonl" }, batch: 4 }), peak = Infinity, tries = 0;
  for (let next = nextRemedy(recipe, shape, t4); next; next = nextRemedy(recipe, shape, t4)) {
    recipe = next.recipe;
    const { peakBytes } = planRecipe(recipe, shape, t4).memory;
    assert.ok(peakBytes < peak, next.says);
    peak = peakBytes;
    assert.ok(++tries < 20);
  }
  assert.ok(tries >= 2, `${tries} remedies`);
});

test("an Axolotl file has only fields of Axolotl's schema, and says the same", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/axolotl-fields.json"), "utf8")) as { config: string[]; dataset: string[] };
  fc.assert(fc.property(recipes.filter(({ earlyStop, evaluateEvery, checkpoints, alpha }) => (alpha === null || Number.isInteger(alpha)) && (earlyStop === null || checkpoints.every % (evaluateEvery ?? 1) === 0)), (recipe) => {
    const held = parse(toAxolotl(recipe)) as Record<string, unknown> & { datasets: Record<string, unknown>[]; test_datasets?: Record<string, unknown>[] };
    for (const name of Object.keys(held)) assert.ok(schema.config.includes(name), name);
    for (const rows of [...held.datasets, ...(held.test_datasets ?? [])]) for (const name of Object.keys(rows)) assert.ok(schema.dataset.includes(name), name);
    assert.equal(held["learning_rate"], recipe.learningRate);
    assert.equal(held["lora_r"], recipe.rank ?? undefined);
    assert.equal(held["bf16"] === true && held["fp16"] === true, false);
  }), { numRuns: 100 });
  const yaml = parse(toAxolotl(llama3OnT4({ data: { train: "train.jsonl" } }))) as Record<string, unknown>;
  assert.deepEqual([yaml["adapter"], yaml["load_in_4bit"], yaml["fp16"], yaml["bf16"], yaml["optimizer"]], ["qlora", true, true, false, "adamw_bnb_8bit"]);
});

test("a job sends code, model, data and a recipe with their places; what is not there is named", (context) => {
  const folder = scratch(context);
  mkdirSync(join(folder, "model"));
  for (const name of ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]) writeFileSync(join(folder, "model", name), "{}");
  writeFileSync(join(folder, "rows.jsonl"), '{"messages":[]}\n');
  const recipe = completeRecipe({ base: join(folder, "model"), data: { train: join(folder, "rows.jsonl") } });
  const job = trainingJob(recipe, { minutes: 50 });
  assert.deepEqual(job.command, ["{python}", "-m", "trainer", "recipe.json"]);
  assert.equal((job.recipe as TrainingRecipe).base, "model");
  assert.equal((job.recipe as TrainingRecipe).data.train, "data/train.jsonl");
  assert.equal(job.files?.["data/train.jsonl"], join(folder, "rows.jsonl"));
  assert.deepEqual(inPython([job.recipe as object]), [null]);
  assert.throws(() => packRecipe({ ...recipe, data: { ...recipe.data, eval: join(folder, "none.jsonl") } }), /data\.eval: .*none\.jsonl is not there/);
});

test("llmops train --dry-run prints plan, recipe and files, and starts nothing; a recipe that will not do is exit status 2", (context) => {
  const folder = scratch(context), path = join(folder, "recipe.json");
  const llmops = (...args: string[]) => spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "train", path, ...args], { encoding: "utf8", env: { ...process.env, LLMOPS_HOME: join(folder, "home") } });
  writeFileSync(join(folder, "rows.jsonl"), '{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}\n');
  writeFileSync(path, JSON.stringify({ base: "unsloth/llama-3-8b-Instruct-bnb-4bit", method: "qlora", data: { train: "rows.jsonl" }, batch: 2, maxLength: 2048, gradientCheckpointing: "offload" }));
  const fits = llmops("--dry-run", "--gpu", "t4");
  assert.equal(fits.status, 0, fits.stderr);
  assert.match(fits.stdout, /The run fits: .* of 14\.74 GiB on Tesla T4/);
  assert.match(fits.stdout, /data\/train\.jsonl {2}← {2}.*rows\.jsonl/);
  const json = JSON.parse(llmops("--dry-run", "--gpu", "t4", "--json").stdout) as { plan: { fits: string }; recipe: TrainingRecipe };
  assert.equal(json.plan.fits, "yes");
  assert.equal(json.recipe.rank, 16);
  const here = llmops("--dry-run", "--on", "local");
  assert.equal(here.status, 2);
  assert.match(here.stderr, /quantisation: is nf4/);
  writeFileSync(join(folder, "rows.jsonl"), '{"conversations":[]}\n');
  assert.match(llmops("--dry-run", "--gpu", "t4").stderr, /data\.train: .* has no messages; convert it: llmops data convert/);
  writeFileSync(path, '{"base":"x","data":{"train":"rows.jsonl"},"rnak":8}');
  const wrong = llmops("--dry-run");
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /^llmops: rnak: is no field of a recipe; is it misspelt\?$/m);
});

test("the parameters that train are the planner's count", () => {
  const { rank, targets } = llama3OnT4({ data: { train: "train.jsonl" } });
  assert.equal(countLora(findModel("Llama-3-8B").shape, rank!, targets!), 41_943_040);
});

test("the recipe of tool calls moves all weights and sees each row once, unless it is told otherwise", () => {
  const data = { train: "rows.jsonl" };
  const { method, learningRate, steps, exports, rank } = toolCallRecipe({ data });
  assert.deepEqual({ method, learningRate, steps, exports, rank }, { method: "full", learningRate: 1e-3, steps: 500, exports: ["merged"], rank: null });
  assert.equal(toolCallRecipe({ data, epochs: 2 }).steps, null);
  const lora = toolCallRecipe({ data, method: "lora", steps: 300 });
  assert.deepEqual([lora.rank, lora.learningRate, lora.steps], [16, 3e-3, 300]);
});
