/** The trainer as a process, on a Llama of random numbers: what has a loss, what it leaves, and that a killed run goes on to the same numbers. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { countLora, countParameters, shapeOfConfig } from "llmops/compute";
import { TrainingRecord, type RecipeInput } from "llmops/train";
import { conversation, killAt, layOut, learned, linesOf, logOf, makeBase, recipeFor, runPython, runTrainer, startTrainer, trainingPython, WITHOUT, writeRows } from "./support/training.ts";

const python = (await trainingPython()) ?? "";
const options = { skip: python === "" && WITHOUT };
const folder = mkdtempSync(join(tmpdir(), "workbook-train-"));
after(() => rmSync(folder, { recursive: true, force: true }));
if (python !== "") makeBase(python, folder);

const json = (...path: string[]): Record<string, unknown> => JSON.parse(readFileSync(join(folder, ...path), "utf8")) as Record<string, unknown>;
function newJob(name: string, change: Partial<RecipeInput> = {}): string {
  const job = join(folder, name);
  mkdirSync(job);
  layOut(job, recipeFor(folder, change));
  return job;
}

interface Encoded { text?: string; whole?: boolean; tokens?: number; stop?: string; refused?: string }
function encode(cases: readonly object[]): Encoded[] {
  writeRows(join(folder, "cases.jsonl"), cases);
  return runPython(python, "encode_rows.py", [join(folder, "model"), join(folder, "cases.jsonl")]).trim().split("\n").map((line) => JSON.parse(line) as Encoded);
}

const turn = (role: string, text: string): string => `<|start_header_id|>${role}<|end_header_id|>\n\n${text}<|eot_id|>`;
/** An answer of an assistant: what it says and the token that ends it have a loss, its header has none. */
const learnt = (text: string): string => `<|start_header_id|>assistant<|end_header_id|>\n\n⟦${text}<|eot_id|>⟧`;
const user = (content: string) => ({ role: "user", content }), assistant = (content: string) => ({ role: "assistant", content });
// Qwen3 takes the thinking out of earlier turns; this does the like with a length.
const UNSTABLE = "{% for m in messages %}[{{ m.role }}]{% if not loop.last %}{{ m.content[:3] }}{% else %}{{ m.content }}{% endif %}<|eot_id|>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
const CHATML = "{% for m in messages %}<|start_header_id|>{{ m.role }}\n{{ m.content }}<|eot_id|>\n{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant\n{% endif %}";

const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];
const call = (values: unknown) => ({ type: "function", function: { name: "f", arguments: values } });
const many = [user("a"), assistant("b"), user("c"), assistant("d e f")];
const BEGIN = "<|begin_of_text|>", LISTED = turn("system", JSON.stringify(tools).replaceAll(/([,:])(["{])/g, "$1 $2"));
/** A row, and what is learnt of it. */
const TAKEN: [object, string][] = [
  [{ row: { messages: many } }, BEGIN + turn("user", "a") + learnt("b") + turn("user", "c") + learnt("d e f")],
  [{ row: { messages: [user("Zürich? 東京 🗓️"), assistant("naïve — “día” 👩‍👩‍👧 ✓")] } }, BEGIN + turn("user", "Zürich? 東京 🗓️") + learnt("naïve — “día” 👩‍👩‍👧 ✓")],
  [
    { row: { messages: [user("do"), { role: "assistant", content: null, tool_calls: [call({ at: "ü" }), call({})] }, { role: "tool", content: "ok" }, assistant("done")], tools } },
    BEGIN + LISTED + turn("user", "do") + learnt('{"name": "f", "parameters": {"at": "ü"}}{"name": "f", "parameters": {}}') + turn("tool", "ok") + learnt("done"),
  ],
  // OpenAI writes arguments as text, Parquet files hold tools as text.
  [{ row: { messages: [user("do"), { role: "assistant", content: "", tool_calls: [call('{"at": "ü"}')] }], tools: JSON.stringify(tools) } }, BEGIN + LISTED + turn("user", "do") + learnt('{"name": "f", "parameters": {"at": "ü"}}')],
  [{ row: { messages: many }, completion_only: false }, `⟦${BEGIN}${turn("user", "a")}${turn("assistant", "b")}${turn("user", "c")}${turn("assistant", "d e f")}⟧`],
  [{ row: { messages: [user("a"), assistant("b")] }, template: CHATML, completion_only: false }, "⟦<|start_header_id|>user\na<|eot_id|>\n<|start_header_id|>assistant\nb<|eot_id|>\n⟧"],
  // What a template writes after the end of a turn is not the model's to say.
  [
    { row: { messages: many }, template: CHATML },
    "<|start_header_id|>user\na<|eot_id|>\n<|start_header_id|>assistant\n⟦b<|eot_id|>⟧\n<|start_header_id|>user\nc<|eot_id|>\n<|start_header_id|>assistant\n⟦d e f<|eot_id|>⟧\n",
  ],
];
/** A row, or a template, that would teach something else, and the sentence that refuses it. */
const REFUSED: [object, RegExp][] = [
  [{ row: { messages: many.with(0, user("hello")) }, template: UNSTABLE }, /writes the conversation up to messages\[1\] otherwise when more follows/],
  [{ row: { messages: many, tools }, template: CHATML }, /leaves the tools out/],
  [{ row: { messages: [user("x"), { role: "assistant", content: "y", tool_calls: [call({})] }] }, template: CHATML }, /leaves the calls of messages\[1\] out/],
  [{ row: { messages: many }, template: "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}" }, /never learn to stop/],
  [{ row: { messages: many }, template: "{% for m in messages %}{{ m.role }}: {{ m.content }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}" }, /the tokenizer makes one token of both/],
  [{ row: { messages: [user("say <|eot_id|>"), assistant("no")] } }, /messages\[0\] has <\|eot_id\|> in its text/],
  [{ row: { messages: [user("x")] } }, /no assistant's turn/],
  [{ row: { messages: [{ role: "bot", content: "x" }] } }, /messages\[0\] has no role that is known/],
  [{ row: { messages: [user("x"), { role: "assistant", content: "", tool_calls: [call("{")] }] } }, /tool_calls\[0\]\.function\.arguments is no JSON/],
  [{ row: { conversations: [] } }, /no messages; convert it/],
  [{ row: { messages: many }, template: "{{ raise_exception('no such order') }}" }, /refuses the conversation: no such order/],
];

test("only an assistant's turns have a loss, with the token that ends them; what would teach something else is refused in a sentence", options, () => {
  const found = encode([...TAKEN, ...REFUSED].map(([given]) => given));
  assert.deepEqual(found.slice(0, TAKEN.length).map(({ text, refused }) => refused ?? text), TAKEN.map(([, text]) => text));
  assert.ok(found.slice(0, TAKEN.length).every(({ whole }) => whole), "the tokens are those of the whole text");
  assert.ok(found.slice(0, TAKEN.length).every(({ stop }) => stop === "<|eot_id|>"), "white space behind it is no stop");
  REFUSED.forEach(([, sentence], at) => assert.match(found[TAKEN.length + at]!.refused ?? "taken", sentence));
});

const CHANGE: Partial<RecipeInput> = { steps: 24, accumulation: 2, groupByLength: true, dropout: 0.1, schedule: "cosine", exports: ["adapter", "merged"] };
let reference: string;

test("a run: its loss falls, its parameters are the planner's, the merged model is base + adapter, and it knows when to stop", options, async () => {
  reference = newJob("reference", { ...CHANGE, data: { train: join(folder, "train.jsonl"), eval: join(folder, "eval.jsonl") }, evaluateEvery: 8 });
  await runTrainer(python, reference);
  const losses = linesOf(reference).flatMap(({ loss }) => loss ?? []), looks = linesOf(reference).filter((line) => line.eval_loss !== undefined);
  assert.equal(losses.length, 24);
  assert.ok(losses.at(-1)! < losses[0]! * 0.8, `${losses[0]} → ${losses.at(-1)}`);
  assert.deepEqual(looks.map(({ step }) => step), [8, 16, 24]);
  const record = TrainingRecord.parse(json("reference", "artifacts", "run.json"));
  const shape = shapeOfConfig(json("model", "config.json"), "tiny");
  assert.deepEqual([record.status, record.plan.backend, record.plan.precision, record.stop_token], ["finished", "trl", "fp32", "<|eot_id|>"]);
  assert.equal(record.parameters.trainable, countLora(shape, 4, ["all-linear"]));
  assert.equal(record.parameters.total - record.parameters.trainable, countParameters(shape).total);
  assert.ok(record.exports!["merged"]!.largest_probability_difference! <= 1e-5);
  assert.ok(logOf(reference).includes(`${record.parameters.trainable.toLocaleString("en-US")} of ${record.parameters.total.toLocaleString("en-US")} parameters train`));
  assert.equal(json("reference", "artifacts", "merged", "generation_config.json")["eos_token_id"], json("model", "config.json")["eos_token_id"]);
  for (const kind of ["adapter", "merged"]) assert.match(String(json("reference", "artifacts", kind, "tokenizer_config.json")["chat_template"]), /start_header_id/);
});

test("the loss that is computed only where there are labels is TRL's own, and so are its gradients, whatever trains", options, () => {
  const full = { method: "full", rank: undefined } as const;
  const jobs = Object.entries<Partial<RecipeInput>>({
    lora: {}, dora: { method: "dora" }, full, packed: { ...full, packing: true, maxLength: 512 }, checkpointed: { gradientCheckpointing: "layer" }, "all tokens": { completionOnly: false },
  }).map(([name, change]) => newJob(`loss of ${name}`, change));
  const lines = runPython(python, "compare_losses.py", jobs).trim().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, number>);
  const edges = lines.pop();
  assert.equal(lines.length, jobs.length);
  for (const found of lines) {
    assert.equal(found["took"], 1, `${JSON.stringify(found)}: the trainer's own way was taken`);
    // What all rows begin with is computed once, but for its last token, which may decide a loss; not where rows are packed, checkpointed or have labels there.
    const once = ["packed", "checkpointed", "all tokens"].some((name) => String(found["job"]).includes(name)) ? 0 : found["beginning"]! - 1;
    assert.equal(found["once"], once, JSON.stringify(found));
    assert.ok(found["theirs"]! > 0 && Math.abs(found["mine"]! - found["theirs"]!) < 1e-5 * found["theirs"]!, JSON.stringify(found));
    assert.ok(found["gradient"]! > 1e-6 && found["apart"]! < 1e-4 * found["gradient"]!, JSON.stringify(found));
  }
  assert.deepEqual(edges, { whole: [true, false], nothing: 0, "of nothing": 0, suits: true, "suits the largest": false }, "rows without labels teach nothing; too many logits are left to TRL, which takes them in tiles");
});

test("rows grouped by length: each once an epoch, alike in length within an update, in another order each epoch", options, () => {
  const random = (at: number): number => (Math.imul(at + 1, 2_654_435_761) >>> 8) % 200;
  const lengths = Array.from({ length: 403 }, (_, at) => 20 + random(at)), cases = [{ lengths, update: 8, seed: 3, epochs: [0, 1, 0] }, { lengths: [5, 9, 7], update: 8, seed: 3, epochs: [0] }];
  writeRows(join(folder, "groups.jsonl"), cases);
  const [[first, second, again], [few]] = runPython(python, "draw_groups.py", [], readFileSync(join(folder, "groups.jsonl"), "utf8")).trim().split("\n").map((line) => JSON.parse(line) as number[][]) as [[number[], number[], number[]], [number[]]];
  for (const order of [first, second]) assert.deepEqual(order.toSorted((a, b) => a - b), lengths.map((_, at) => at));
  assert.deepEqual(first, again, "a run that goes on takes the same rows");
  assert.notDeepEqual(first, second);
  const padding = (order: readonly number[]): number => {
    const updates = Array.from({ length: Math.ceil(order.length / 8) }, (_, at) => order.slice(8 * at, 8 * at + 8).map((row) => lengths[row] as number));
    return updates.reduce((sum, update) => sum + update.length * Math.max(...update), 0) / lengths.reduce((sum, length) => sum + length, 0) - 1;
  };
  assert.ok(padding(lengths.map((_, at) => at)) > 0.5 && padding(first) < 0.1, `${padding(lengths.map((_, at) => at))} in their order, ${padding(first)} grouped`);
  const longest = Array.from({ length: 50 }, (_, at) => Math.max(...first.slice(8 * at, 8 * at + 8).map((row) => lengths[row] as number)));
  assert.notDeepEqual(longest, longest.toSorted((a, b) => a - b), "not from short to long");
  assert.deepEqual(few.toSorted(), [0, 1, 2], "fewer rows than an update");
});

test("killed at a random step, then asked to end, and started again each time: the same loss at every step", options, async () => {
  const job = newJob("killed", { ...CHANGE, data: { train: join(folder, "train.jsonl"), eval: join(folder, "eval.jsonl") }, evaluateEvery: 8 });
  const killed = await killAt(job, startTrainer(python, job), 6 + Math.floor(Math.random() * 6));
  const asked = startTrainer(python, job);
  while ((linesOf(job).at(-1)?.attempt ?? 1) < 2 || linesOf(job).at(-1)!.step < 14) await new Promise((wake) => setTimeout(wake, 5));
  asked.process.kill("SIGINT");
  assert.equal(await asked.ended, 130, logOf(job).slice(-2000));
  assert.equal(json("killed", "artifacts", "run.json")["status"], "interrupted");
  await runTrainer(python, job);
  assert.deepEqual(learned(job), learned(reference), `killed after step ${killed}`);
  const record = TrainingRecord.parse(json("killed", "artifacts", "run.json")), last = record.attempts.at(-1)!;
  assert.deepEqual([record.attempts.length, last.attempt, last.to_step], [3, 3, 24]);
  assert.ok(last.from_step >= 14, "the checkpoint of the interruption");
  assert.equal(record.eval_loss, TrainingRecord.parse(json("reference", "artifacts", "run.json")).eval_loss);
});

test("full fine-tuning, with rows that are too long left out and counted, and the best weights kept", options, async () => {
  writeRows(join(folder, "mixed.jsonl"), [...Array.from({ length: 20 }, (_, at) => conversation(at)), { messages: [user("long ".repeat(300)), assistant("y")] }]);
  const job = newJob("full", {
    method: "full", rank: undefined, data: { train: join(folder, "mixed.jsonl"), eval: join(folder, "eval.jsonl") }, maxLength: 256, packing: true, steps: 30, learningRate: 0.05,
    evaluateEvery: 3, earlyStop: { patience: 2 }, checkpoints: { every: 6 },
  });
  await runTrainer(python, job);
  const record = TrainingRecord.parse(json("full", "artifacts", "run.json"));
  assert.deepEqual([record.data.train.rows, record.data.train.used, record.data.train.too_long.rows, record.data.train.too_long.lines], [21, 20, 1, [21]]);
  assert.match(logOf(job), /1 rows are longer than maxLength \(up to [\d,]+ tokens\) and left out whole/);
  assert.equal(record.parameters.trainable, record.parameters.total);
  const losses = linesOf(job).flatMap(({ loss }) => loss ?? []);
  assert.ok(Math.min(...losses) < losses[0]! * 0.6, losses.join(" "));
  const looks = linesOf(job).flatMap(({ step, eval_loss: loss }) => (loss === undefined ? [] : [{ step, loss }]));
  const best = looks.reduce((least, look) => (look.loss < least.loss ? look : least));
  assert.deepEqual([record.best?.step, record.eval_loss], [best.step, best.loss], "the exported weights are those of the lowest loss");
});

test("a run whose weights are no numbers any more exports nothing, however often it is started", options, async () => {
  const job = newJob("broken", { learningRate: 1e30, warmup: 0, maxGradNorm: 1e30, steps: 6, data: { train: join(folder, "train.jsonl"), eval: join(folder, "eval.jsonl") } });
  for (const attempt of [1, 2]) {
    assert.equal(await startTrainer(python, job).ended, 1, `attempt ${attempt}`);
    assert.equal(json("broken", "artifacts", "run.json")["status"], "failed");
    assert.ok(!existsSync(join(job, "artifacts", "adapter")));
  }
  assert.equal(logOf(job).match(/lower learningRate/g)?.length, 2, logOf(job));
  const last = newJob("broken-last", { learningRate: 1e30, warmup: 0, maxGradNorm: 1e30, steps: 1, data: { train: join(folder, "train.jsonl"), eval: join(folder, "eval.jsonl") } });
  assert.equal(await startTrainer(python, last).ended, 1);
  assert.match(logOf(last), /after the last step the model holds no numbers or computes none/);
});

test("a recipe or data that will not do ends the run with one sentence, and run.json says so", options, async () => {
  const job = newJob("refused");
  writeFileSync(join(job, "data", "train.jsonl"), '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}\n{"messages":\n');
  assert.equal(await startTrainer(python, job).ended, 1);
  assert.match(logOf(job), /^recipe\.json: data\/train\.jsonl, line 2: no JSON/m);
  assert.equal(json("refused", "artifacts", "run.json")["status"], "failed");
  const packed = newJob("packed", { method: "qlora" });
  assert.equal(await startTrainer(python, packed).ended, 1);
  assert.match(logOf(packed), /quantisation is nf4, and this machine has no CUDA card; set fallback to "fp32"/);
});
