/** Schedules and steps as the trainer's own library computes them, range tests, and several runs at a time. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { signTest } from "llmops/evaluate";
import { openLocal, type Metric } from "llmops/pair";
import { completeRecipe, countSteps, countWarmup, learningRates, rateRangeRecipe, readRateRange, RecipeError, suggestRate, tasklingRecipe, trainAll } from "llmops/train";
import { endProcesses } from "./support/pair.ts";
import { makeBase, recipeFor, trainingPython, WITHOUT } from "./support/training.ts";

const python = await trainingPython();

test("every learning rate is the one that Transformers computes", { skip: python === undefined && WITHOUT }, () => {
  const wanted = (["linear", "cosine", "constant"] as const).flatMap((schedule) => [[0, 40], [3, 30], [20, 300], [0.03, 75], [0.1, 7], [40, 40], [60, 30]].map(([warmup, steps]) => ({ schedule, warmup: warmup!, steps: steps!, learningRate: 3e-3 })));
  const { status, stdout, stderr } = spawnSync(python!, ["-c", `import json, sys, torch
from transformers import TrainingArguments, get_scheduler
names = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
made = []
for one in json.load(sys.stdin):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=one["learningRate"])
    warmup = TrainingArguments(output_dir="unused", warmup_steps=one["warmup"], use_cpu=True, report_to="none").get_warmup_steps(one["steps"])
    scheduler = get_scheduler(names[one["schedule"]], optimizer, num_warmup_steps=warmup, num_training_steps=one["steps"])
    rates = []
    for _ in range(one["steps"]):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    made.append({"warmup": warmup, "rates": rates})
print(json.dumps(made))`], { input: JSON.stringify(wanted), encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1", PYTHONWARNINGS: "ignore" } });
  assert.equal(status, 0, stderr);
  const theirs = JSON.parse(stdout) as { warmup: number; rates: number[] }[];
  for (const [at, { steps, ...recipe }] of wanted.entries()) {
    assert.equal(countWarmup(recipe, steps), theirs[at]!.warmup);
    const rates = learningRates(recipe, steps);
    assert.equal(rates.length, steps);
    for (const [step, rate] of rates.entries()) assert.ok(Math.abs(rate - theirs[at]!.rates[step]!) < 1e-15, `${JSON.stringify(wanted[at])}, step ${step}: ${rate} is not ${theirs[at]!.rates[step]}`);
  }
});

test("a recipe's steps: its own, or every epoch's batches and groups rounded up", () => {
  const length = { steps: null, epochs: 3, batch: 4, accumulation: 4 };
  assert.deepEqual([400, 401, 410, 1].map((rows) => countSteps(length, rows)), [75, 78, 78, 3]);
  assert.equal(countSteps({ ...length, epochs: 0.5 }, 400), 13);
  assert.equal(countSteps({ ...length, steps: 7, epochs: null }, 400), 7);
});

test("a range test rises in every step, and its lowest smoothed loss decides, not a lucky batch", () => {
  const recipe = rateRangeRecipe(completeRecipe({ base: "b", data: { train: "t", eval: "e" }, evaluateEvery: 5, earlyStop: { patience: 2 }, epochs: 3 }), { to: 0.1, steps: 50 });
  const rates = learningRates(recipe, 50);
  assert.ok(rates.every((rate, at) => Math.abs(rate - (0.1 * at) / 50) < 1e-15));
  assert.deepEqual([recipe.exports, recipe.evaluateEvery, recipe.earlyStop, recipe.epochs], [[], null, null, null]);
  const lossAt = (at: number): number => (at === 10 ? 0.1 : at === 45 ? NaN : Math.abs(at - 30) / 10 + 1);
  const metrics: Metric[] = rates.map((lr, at) => ({ step: at + 1, lr, loss: lossAt(at) }));
  const points = readRateRange([...metrics, { step: 50, eval_loss: 0.01 }]);
  assert.equal(points.length, 48, "neither the step without a rate nor the one without a number");
  assert.ok(suggestRate(points) > 0.0055 && suggestRate(points) < 0.0065, String(suggestRate(points)));
  assert.throws(() => suggestRate(readRateRange([{ step: 1, lr: 0, loss: 3 }, { step: 2, lr: 0.1, loss: NaN }])), RecipeError);
});

test("the sign test looks only at what two models disagree on, and is the same both ways", () => {
  const verdicts = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 60 });
  fc.assert(fc.property(verdicts, (pairs) => {
    const [one, other] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    const { p, onlyFirst, onlySecond } = signTest(one, other), back = signTest(other, one);
    assert.ok(p > 0 && p <= 1);
    assert.deepEqual([back.p, back.onlyFirst, back.onlySecond], [p, onlySecond, onlyFirst]);
    assert.equal(signTest([...one, true, false], [...other, true, false]).p, p);
  }));
  const split = (first: number, second: number): number => signTest([...Array<boolean>(first).fill(true), ...Array<boolean>(second).fill(false)], [...Array<boolean>(first).fill(false), ...Array<boolean>(second).fill(true)]).p;
  // R: binom.test(1, 10)$p.value, binom.test(2, 9)$p.value, binom.test(0, 5)$p.value
  assert.deepEqual([[1, 9], [2, 7], [0, 5], [4, 4], [0, 0]].map(([a, b]) => split(a!, b!).toFixed(6)), ["0.021484", "0.179688", "0.062500", "1.000000", "1.000000"]);
  assert.ok(split(1000, 1300) > 0 && split(1000, 1300) < 1e-9, "far beyond what 0.5 to the power of n can hold");
  assert.throws(() => signTest([true], []), /1 verdicts beside 0/);
});

test("recipes train side by side; a run that breaks comes back as one that did", { skip: python === undefined && WITHOUT }, async () => {
  const home = mkdtempSync(join(tmpdir(), "workbook-test-"));
  const runtime = openLocal({ home });
  try {
    makeBase(python!, home, 24);
    const recipes = { calm: recipeFor(home, { steps: 3, exports: [] }), wild: recipeFor(home, { steps: 30, learningRate: 1e30, maxGradNorm: 1e30, exports: [] }) };
    const runs = await trainAll(recipes, runtime, { home, together: 2 });
    assert.deepEqual(Object.keys(runs), ["calm", "wild"]);
    assert.deepEqual([runs.calm.record.state, runs.wild.record.state], ["finished", "failed"]);
    assert.match(runs.wild.record.reason ?? "", /the loss is no number from step \d+ on/);
    assert.equal(runs.calm.metrics.length, 3);
    assert.ok(runs.wild.metrics.length > 10 && runs.wild.metrics.length < 30);
    assert.ok(Math.max(runs.calm.record.started!, runs.wild.record.started!) < Math.min(runs.calm.record.ended!, runs.wild.record.ended!), "at the same time");
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await assert.rejects(trainAll({ calm: tasklingRecipe({ data: { train: join(home, "train.jsonl") } }) }, runtime, { home, signal: stop.signal }), /enough/);
  } finally {
    await runtime.stop();
    endProcesses(home);
    rmSync(home, { recursive: true, force: true });
  }
});
