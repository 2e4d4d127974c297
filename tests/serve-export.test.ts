/** Exports of a model, and talking to one: through the command, on the tiny model. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openOnnx } from "../tools/onnx-greedy.ts";
import { ROOT, scratch } from "./support/scratch.ts";
import { trainingPython, WITHOUT } from "./support/training.ts";

const MODEL = join(ROOT, "colab", "taskling", "model");
const FIXTURE = join(ROOT, "tests", "fixtures", "export.json");
const recorded = JSON.parse(readFileSync(FIXTURE, "utf8")) as { template: string; conversations: { messages: unknown[]; tools: unknown[]; rendered: string }[] };
const python = await trainingPython();
const options = { skip: python === undefined ? WITHOUT : false };

function llmops(args: readonly string[], input = ""): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), ...args], { cwd: ROOT });
  let stdout = "", stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, stdout, stderr })));
}

test("Go rendered the Modelfile's template as the model's own chat template writes twenty conversations with tools", async () => {
  const { tokenizer } = await openOnnx(MODEL, "q8");
  assert.equal(recorded.conversations.length, 20);
  for (const { messages, tools, rendered } of recorded.conversations) {
    assert.equal(tokenizer.apply_chat_template<false>(messages as never, { tools: tools as never, tokenize: false, add_generation_prompt: true }), rendered);
  }
});

test("a folder becomes GGUF with template and stop token, and a Modelfile with the template that Go was held against", options, async (context) => {
  const out = join(scratch(context), "out");
  const { status, stdout, stderr } = await llmops(["export", MODEL, "--to", "gguf-q4_k_m,gguf-f16,modelfile", "--out", out, "--name", "tiny", "--json"]);
  assert.equal(status, 0, stderr);
  const { made, stop } = JSON.parse(stdout) as { stop: string[]; made: Record<string, { path: string; bytes: number; tensors?: Record<string, number> }> };
  assert.deepEqual(stop, ["<|eot_id|>"]);
  assert.deepEqual(made["gguf-q4_k_m"]!.tensors, { F32: 7, Q4_K: 19, Q6_K: 3 });
  assert.ok(made["gguf-q4_k_m"]!.bytes < made["gguf-f16"]!.bytes / 2.5);
  const file = readFileSync(made["gguf-q4_k_m"]!.path);
  assert.equal(file.subarray(0, 4).toString(), "GGUF");
  const { chat_template: own } = JSON.parse(readFileSync(join(MODEL, "tokenizer_config.json"), "utf8")) as { chat_template: string };
  assert.ok(file.includes(own), "the chat template is in the file");
  const eos = file.indexOf("tokenizer.ggml.eos_token_id");
  // Behind the key stand its type, 4 for a whole number of 32 bits, and the number.
  assert.deepEqual([file.readUInt32LE(eos + 27), file.readUInt32LE(eos + 31)], [4, 2045]);
  const modelfile = readFileSync(made["modelfile"]!.path, "utf8");
  assert.match(modelfile, /^FROM \.\/tiny-q4_k_m\.gguf\nTEMPLATE """/);
  assert.equal(/^TEMPLATE """([\s\S]*?)"""$/m.exec(modelfile)![1], recorded.template);
  assert.match(modelfile, /^PARAMETER stop "<\|eot_id\|>"$/m);
  assert.doesNotMatch(modelfile, /^SYSTEM/m);
});

test("what cannot be exported is refused with what can, and nothing is written", options, async (context) => {
  const folder = scratch(context), out = join(folder, "out");
  const narrow = join(folder, "narrow"), silent = join(folder, "silent");
  mkdirSync(folder, { recursive: true });
  for (const place of [narrow, silent]) cpSync(MODEL, place, { recursive: true, filter: (path) => !path.includes("onnx") && !path.endsWith(".gguf") });
  const change = (place: string, name: string, change: object): void => writeFileSync(join(place, name), JSON.stringify({ ...(JSON.parse(readFileSync(join(place, name), "utf8")) as object), ...change }));
  change(silent, "tokenizer_config.json", { chat_template: null });
  const refused = async (args: string[], reason: RegExp): Promise<void> => {
    const { status, stderr } = await llmops(["export", ...args, "--out", out]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, reason);
    assert.equal(existsSync(out), false);
  };
  await refused([MODEL, "--to", "gguf-q2"], /there is no format "gguf-q2"; there are merged, gguf-f32/);
  await refused([join(folder, "nowhere"), "--to", "merged"], /nowhere is not there; name a finished run or a model's folder/);
  await refused([MODEL, "--to", "modelfile"], /ask for one with it, e\.g\. --to gguf-q8_0,modelfile/);
  await refused([silent, "--to", "gguf-f16"], /no chat template/);
});

test("a chat in the terminal: one answer, several, and what it says of itself", async () => {
  const once = await llmops(["chat", MODEL, "--once", 'Please delete the task "buy milk".', "--json"]);
  assert.equal(once.status, 0, once.stderr);
  const { by, text, stopped, prompt } = JSON.parse(once.stdout) as { by: string; text: string; stopped: boolean; prompt: string };
  assert.deepEqual([by, stopped], ["transformers.js", true]);
  assert.match(text, /buy milk/);
  assert.match(prompt, /^<\|begin_of_text\|><\|start_header_id\|>user<\|end_header_id\|>\n\nPlease delete/);
  const talk = await llmops(["chat", MODEL, "--system", "Be brief."], 'Please delete the task "buy milk".\n/template\n/nose\n/new\nHello!\n/quit\n');
  assert.equal(talk.status, 0, talk.stderr);
  assert.match(talk.stdout, /buy milk/);
  assert.ok(talk.stdout.trim().split("\n").length >= 2);
  assert.match(talk.stderr, /chat template of [\d,]+ characters with tools, an answer ends at <\|eot_id\|>/);
  assert.match(talk.stderr, /add_generation_prompt/);
  assert.match(talk.stderr, /there is no \/nose/);
  const missing = await llmops(["chat", "nowhere/at-all", "--once", "x"]);
  assert.deepEqual([missing.status, /nowhere\/at-all is not there/.test(missing.stderr)], [2, true]);
});
