/** The script that the skill llmops-fine-tuner carries: it plans a recipe, says what it leaves open, and refuses what cannot be planned. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { exampleRecipe } from "llmops/exercises/64-0";
import { completeRecipe, planRecipe, shapeOfBase, targetOf, type RecipeInput } from "llmops/train";
import { GIB } from "llmops/compute";
import { ROOT, scratch } from "./support/scratch.ts";

const SCRIPT = join(ROOT, "chapters-61-72/64-supervised-fine-tuning/skill/plan-recipe.mjs");
const ROW = `${JSON.stringify({ messages: [{ role: "user", content: "add milk" }, { role: "assistant", content: "Added." }] })}\n`;

interface Answer { fits: string; verdict: string; peak_gib: number; high_gib: number; remedies: string[]; open: string[] }

/** A folder with rows and the recipe as recipe.json. */
function recipeFile(context: TestContext, change: Partial<RecipeInput> | string, rows = 1000): string {
  const path = join(scratch(context), "recipe.json");
  mkdirSync(dirname(path), { recursive: true });
  for (const name of ["train", "validation"]) writeFileSync(join(dirname(path), `${name}.jsonl`), ROW.repeat(rows));
  writeFileSync(path, typeof change === "string" ? change : JSON.stringify({ ...exampleRecipe, ...change }));
  return path;
}
const run = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8", cwd: ROOT });
function answerTo(context: TestContext, change: Partial<RecipeInput>, ...args: string[]): Answer & { status: number | null } {
  const { status, stdout, stderr } = run(recipeFile(context, change), "--longest", "900", "--json", ...args);
  assert.equal(stderr, "");
  return { ...(JSON.parse(stdout) as Answer), status };
}

test("a sound recipe fits, with the library's own figures, and nothing is open", (context) => {
  const recipe = completeRecipe(exampleRecipe);
  const { memory } = planRecipe(recipe, shapeOfBase(recipe), targetOf("t4"), 900);
  const answer = answerTo(context, {});
  assert.deepEqual([answer.status, answer.fits, answer.open], [0, "yes", []]);
  assert.ok(Math.abs(answer.peak_gib - memory.peakBytes / GIB) < 1e-9);
});

test("what is allowed and still unwise is named by its field, and the exit status says so", (context) => {
  const tight = answerTo(context, { batch: 16, accumulation: 1 });
  assert.deepEqual([tight.status, tight.fits], [1, "no"]);
  assert.match(tight.remedies.join(), /accumulate/);
  for (const [change, field] of [
    [{ data: { train: "train.jsonl" }, evaluateEvery: null }, "data.eval"], [{ evaluateEvery: null }, "evaluateEvery"], [{ maxLength: 512 }, "maxLength"],
    [{ epochs: 30 }, "earlyStop"], [{ completionOnly: false }, "completionOnly"], [{ evaluateEvery: 60 }, "evaluateEvery"], [{ checkpoints: { every: 500 } }, "checkpoints.every"],
  ] as [Partial<RecipeInput>, string][]) {
    const { status, open } = answerTo(context, change);
    assert.equal(status, 1, field);
    assert.deepEqual(open.map((point) => point.split(":")[0]), [field]);
  }
});

test("what cannot be planned is refused with its reason and exit status 2", (context) => {
  const path = recipeFile(context, {});
  for (const [args, reason] of [
    [[path], /--longest is missing: count the tokens/], [[path, "--longest", "many"], /must be a whole number/], [["nowhere.json", "--longest", "9"], /nowhere\.json: is not there/],
    [[path, "--longest"], /--longest needs a value/], [[path, "--fast"], /there is no option --fast/], [[path, "--longest", "9", "--cpu", "--gpu", "t4"], /not both/],
    [[recipeFile(context, { precision: "bf16" }), "--longest", "900"], /precision: is bf16, and Tesla T4 has none/],
    [[recipeFile(context, "{"), "--longest", "900"], /is no JSON/],
    [[path, "--longest", "900", "--workbook", "/"], /is not the LLMOps Workbook/],
  ] as [string[], RegExp][]) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, reason);
  }
  assert.equal(run().status, 2);
  assert.match(run("--help").stdout, /Nothing is started/);
});
