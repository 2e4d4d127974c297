/** What is said of a run before its first step: the set-up report, Llama-3's template with tools, and the notebook for a T4. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inflateSync } from "node:zlib";
import { countLora, countParameters, findModel, GPUS, LINEARS, shapeOfConfig, type Linear } from "llmops/compute";
import { tasklingFolder } from "llmops/pair";
import { completeRecipe, llama3OnT4, packRecipe, planRecipe, setupJob, SetupReport, targetOf, type RecipeInput, type TrainingRecipe } from "llmops/train";
import { ROOT } from "./support/scratch.ts";
import { conversation, layOut, makeBase, recipeFor, runPython, trainingPython, WITHOUT, writeRows } from "./support/training.ts";

const python = (await trainingPython()) ?? "";
const options = { skip: python === "" && WITHOUT };
const folder = mkdtempSync(join(tmpdir(), "workbook-setup-"));
after(() => rmSync(folder, { recursive: true, force: true }));
if (python !== "") makeBase(python, folder);

/** Runs the set-up job in a folder of its own. */
function setUp(name: string, change: Partial<RecipeInput> = {}): { status: number | null; stderr: string; job: string } {
  const job = join(folder, name), recipe = recipeFor(folder, change);
  mkdirSync(job);
  layOut(job, recipe);
  const [, ...command] = setupJob(recipe).command;
  const { status, stderr } = spawnSync(python, command, { cwd: job, encoding: "utf8", env: { ...process.env, PYTHONPATH: join(ROOT, "colab"), OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1", PYTHONWARNINGS: "ignore" } });
  return { status, stderr, job };
}

test("the report counts what trains as the planner does, and shows rows with what has a loss", options, () => {
  const { status, stderr, job } = setUp("report", { rank: 8, targets: ["q_proj", "v_proj", "down_proj"], evaluateEvery: 5, data: { train: join(folder, "train.jsonl"), eval: join(folder, "eval.jsonl") } });
  assert.equal(status, 0, stderr);
  const report = SetupReport.parse(JSON.parse(readFileSync(join(job, "artifacts", "setup.json"), "utf8")));
  const shape = shapeOfConfig(JSON.parse(readFileSync(join(folder, "model", "config.json"), "utf8")), "tiny");
  for (const { module, parameters, dtype } of report.modules) {
    assert.equal(parameters, countLora(shape, 8, [module as Linear]), module);
    assert.equal(dtype, "float32");
  }
  assert.deepEqual(report.modules.map(({ module }) => module).sort(), ["down_proj", "q_proj", "v_proj"]);
  assert.equal(report.parameters.trainable, countLora(shape, 8, ["q_proj", "v_proj", "down_proj"]));
  assert.equal(report.parameters.total, countParameters(shape).total + report.parameters.trainable);
  assert.deepEqual([report.plan.backend, report.plan.precision, report.plan.packed], ["trl", "fp32", false]);
  assert.equal(report.lengths.length, report.data.train.used);
  assert.equal(report.lengths.reduce((sum, length) => sum + length, 0), report.data.train.tokens);
  assert.equal(report.data.eval?.rows, 10);
  const [row = []] = report.rows;
  assert.equal(row.length, report.lengths[0]);
  assert.equal(row.filter(({ loss }) => loss).map(({ text }) => text).join(""), '{"name": "create_task", "parameters": {"title": "buy milk"}}<|eot_id|>Added buy milk.<|eot_id|>');
  assert.deepEqual(report.arguments["learning_rate"], { value: 0.01, default: 2e-5 });
  assert.equal(report.arguments["bf16"]?.value, false, "TRL would take it by itself");
});

test("a recipe that this machine cannot run is refused with what is missing; with a fallback it says what it does instead", options, () => {
  const refused = setUp("refused", { method: "qlora" });
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /quantisation is nf4, and this machine has no CUDA card; set fallback to "fp32"/);
  const instead = setUp("instead", { method: "qlora", fallback: "fp32", optimizer: "adamw-8bit" });
  assert.equal(instead.status, 0, instead.stderr);
  const { plan } = SetupReport.parse(JSON.parse(readFileSync(join(instead.job, "artifacts", "setup.json"), "utf8")));
  assert.deepEqual([plan.packed, plan.precision, plan.optimizer, plan.notes.length], [false, "fp32", "adamw", 2]);
});

// Meta-Llama-3-8B-Instruct, tokenizer_config.json.
const LLAMA_3 = "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
const own = readFileSync(join(ROOT, "colab", "llama-3-tools.jinja"), "utf8");
const turn = (role: string, text: string): string => `<|start_header_id|>${role}<|end_header_id|>\n\n${text}<|eot_id|>`;

test("the T4's chat template reads as Llama-3's own without tools, and carries tools, calls and results", options, () => {
  const user = (content: string) => ({ role: "user", content }), assistant = (content: string) => ({ role: "assistant", content });
  const plain = [[user("a"), assistant(" b \n")], [{ role: "system", content: "Be brief. " }, user("ü 東京"), assistant("c"), user("d"), assistant("e")], [{ role: "system", content: "" }, user("x"), assistant("y")]];
  const cases = plain.flatMap((messages) => [LLAMA_3, own].map((template) => ({ row: { messages }, template })));
  const row = conversation(0) as { messages: object[]; tools: { function: object }[] };
  const two = { messages: [user("do"), { role: "assistant", content: "Both.", tool_calls: [1, 2].map((at) => ({ type: "function", function: { name: "f", arguments: { at } } })) }], tools: row.tools };
  writeRows(join(folder, "cases.jsonl"), [...cases, { row, template: own }, { row: two, template: own }, { row, template: LLAMA_3 }]);
  const found = runPython(python, "encode_rows.py", [tasklingFolder(), join(folder, "cases.jsonl")]).trim().split("\n").map((line) => JSON.parse(line) as { text?: string; refused?: string });
  plain.forEach((_, at) => assert.equal(found[2 * at + 1]?.text, found[2 * at]?.text));
  const [tools, pair, theirs] = found.slice(cases.length);
  const listed = JSON.stringify(row.tools[0]).replaceAll(/([,:])(["{[])/g, "$1 $2");
  const system = `Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\nRespond in the format {"name": function name, "parameters": dictionary of argument name and its value}. Do not use variables.\n\n${listed}`;
  assert.equal(
    tools?.text,
    `<|begin_of_text|>${turn("system", `You keep tasks.\n\n${system}`)}${turn("user", "add “buy milk” ✓")}<|start_header_id|>assistant<|end_header_id|>\n\n⟦{"name": "create_task", "parameters": {"title": "buy milk"}}<|eot_id|>⟧${turn("ipython", "ok")}<|start_header_id|>assistant<|end_header_id|>\n\n⟦Added buy milk.<|eot_id|>⟧`,
  );
  assert.match(pair?.text ?? "", /⟦Both\.\n\{"name": "f", "parameters": \{"at": 1\}\}; \{"name": "f", "parameters": \{"at": 2\}\}<\|eot_id\|>⟧$/);
  assert.match(theirs?.refused ?? "", /template/, "Llama-3's own cannot say it");
});

test("the recipe for a T4 takes this template along", () => {
  const data = { train: join(ROOT, "colab", "llama-3-tools.jinja") };
  const { recipe, files } = packRecipe(llama3OnT4({ data }));
  assert.equal(recipe.chatTemplate, "chat_template.jinja");
  assert.equal(readFileSync(files["chat_template.jinja"]!, "utf8"), own);
});

/** The files that a notebook of ours carries, by their place in the job's folder. */
function carried(path: string): Map<string, string> {
  const { cells } = JSON.parse(readFileSync(path, "utf8")) as { cells: { id: string; source: string | string[] }[] };
  const code = [cells.find(({ id }) => id === "unpack")!.source].flat().join("");
  const spec = JSON.parse(JSON.parse(/^SPEC = json\.loads\((".*")\)$/m.exec(code)![1]!) as string) as { files: { path: string; bytes: number; in: string }[] };
  const packed = inflateSync(Buffer.from(/^FILES = """\n([A-Za-z0-9+/=\n]+)"""$/m.exec(code)![1]!, "base64"));
  let at = 0;
  return new Map(spec.files.filter((file) => file.in === "inside").map(({ path: place, bytes }) => [place, packed.subarray(at, (at += bytes)).toString("utf8")]));
}

test("the committed notebook trains Llama-3-8B on a T4 within its memory, whatever the length of a row, with the trainer as it is", options, () => {
  const files = carried(join(ROOT, "colab", "64-4-training-loop.ipynb"));
  const recipe = completeRecipe(JSON.parse(files.get("recipe.json")!) as TrainingRecipe);
  const { memory, input, verdict } = planRecipe(recipe, findModel(recipe.base).shape, targetOf("t4"), recipe.maxLength);
  assert.ok(memory.highBytes <= 14.74 * 2 ** 30, verdict.sentence);
  assert.equal(memory.highBytes <= GPUS.t4.usableBytes, true);
  assert.deepEqual([input.method, input.compute, input.framework, input.sequence], ["qlora", "fp16", "unsloth", recipe.maxLength]);
  assert.deepEqual(recipe.targets, [...LINEARS]);
  assert.equal(files.get("chat_template.jinja"), own);
  for (const [place, text] of files) if (place.endsWith(".py")) assert.equal(text, readFileSync(join(ROOT, "colab", place.replace(/^code\//, "")), "utf8"), place);
  const rows = files.get("data/train.jsonl")!.trim().split("\n").map((line) => JSON.parse(line) as { messages: object[]; tools: object[] });
  assert.equal(rows.length, recipe.steps! * recipe.batch * recipe.accumulation, "one pass over the rows");
  // Its rows go through its template with a tokenizer that knows Llama-3's marks.
  writeRows(join(folder, "carried.jsonl"), rows.slice(0, 50).map((row) => ({ row, template: own })));
  for (const line of runPython(python, "encode_rows.py", [tasklingFolder(), join(folder, "carried.jsonl")]).trim().split("\n")) assert.match((JSON.parse(line) as { text?: string }).text ?? "", /⟦\{"name": ".*<\|eot_id\|>⟧$/s);
});
