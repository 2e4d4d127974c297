/**
 * `npm run check:taskling`: whether every format of the tiny model says what transformers says.
 *
 * For 50 prompts, greedily: ONNX in Node through @huggingface/transformers and GGUF f16 in llama.cpp must give the same
 * tokens; the 8-bit files are told with how many prompts agree. Both runtimes must also read the chat template's text
 * into the same tokens.
 *
 *     npm run check:taskling                 colab/taskling/model
 *     npm run check:taskling -- --record     and writes the fixture of tests/taskling.test.ts anew
 *     npm run check:taskling -- --model DIR
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { prepareTraining } from "llmops/pair";
import { LLAMA, openLlama } from "llmops/serve";
import { openOnnx } from "./onnx-greedy.ts";
import { ROOT } from "./paths.ts";

interface Recorded {
  transformers: string;
  torch: string;
  limit: number;
  prompts: { text: string; tokens: number[]; greedy: number[] }[];
  conversation: { messages: unknown[]; tools: unknown[]; text: string; tokens: number };
  texts: { text: string; tokens: number[] }[];
}

const { values } = parseArgs({ options: { record: { type: "boolean" }, model: { type: "string" } } });
const FOLDER = resolve(values.model ?? join(ROOT, "colab", "taskling", "model"));
const FIXTURE = join(ROOT, "tests", "fixtures", "taskling.json");

async function askTransformers(): Promise<Recorded> {
  const { status, stdout, stderr } = spawnSync(await prepareTraining((line) => console.error(line)), ["-m", "taskling.parity", FOLDER], { cwd: join(ROOT, "colab"), encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`the Python side failed: ${stderr.trim().split("\n").slice(-3).join(" ")}`);
  return JSON.parse(stdout) as Recorded;
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((token, at) => token === b[at]);
let failed = 0;

function tell(what: string, equal: number, of: number, must: boolean, seconds?: number): void {
  const ok = !must || equal === of;
  if (!ok) failed++;
  console.log(`${ok ? (must ? "ok    " : "      ") : "FAILED"} ${what}: ${equal} of ${of} identical${seconds === undefined ? "" : ` (${seconds.toFixed(1)} s)`}`);
}

async function compare(what: string, must: boolean, { prompts, limit }: Recorded, greedy: (tokens: number[], limit: number) => Promise<number[]>): Promise<void> {
  const began = performance.now();
  let equal = 0, first = "";
  for (const { text, tokens, greedy: wanted } of prompts) {
    const found = await greedy(tokens, limit);
    if (same(found, wanted)) equal++;
    else if (first === "") first = `${JSON.stringify(text.slice(-60))}: ${found.join(" ")} instead of ${wanted.join(" ")}`;
  }
  tell(what, equal, prompts.length, must, (performance.now() - began) / 1000);
  if (must && first !== "") console.log(`       ${first}`);
}

const recorded = await askTransformers();
console.log(`transformers ${recorded.transformers}, PyTorch ${recorded.torch}, node-llama-cpp ${LLAMA}; ${recorded.prompts.length} prompts, up to ${recorded.limit} tokens each`);
for (const dtype of ["fp32", "q8"] as const) {
  const { tokenizer, greedy } = await openOnnx(FOLDER, dtype);
  if (dtype === "fp32") {
    const { messages, tools, text } = recorded.conversation;
    const rendered = tokenizer.apply_chat_template<false>(messages as never, { tokenize: false, tools: tools as never });
    tell("chat template in transformers.js, with tools, calls and results", rendered === text ? 1 : 0, 1, true);
    tell("tokens in transformers.js", recorded.prompts.filter(({ text: prompt, tokens }) => same(tokenizer.encode(prompt, { add_special_tokens: false }), tokens)).length, recorded.prompts.length, true);
  }
  await compare(`ONNX ${dtype} in Node`, dtype === "fp32", recorded, greedy);
}
for (const type of ["f16", "q8_0"]) {
  const llama = await openLlama(join(FOLDER, `taskling-${type}.gguf`));
  if (type === "f16") tell("tokens in llama.cpp", [...recorded.prompts, ...recorded.texts].filter(({ text, tokens }) => same(llama.tokenize(text), tokens)).length, recorded.prompts.length + recorded.texts.length, true);
  await compare(`GGUF ${type} in llama.cpp`, type === "f16", recorded, async (tokens, limit) => (await llama.greedy(tokens, { limit })).tokens);
  await llama.close();
}
if (values.record) {
  const { prompts, texts, ...rest } = recorded;
  const lines = (rows: readonly unknown[]): string => `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]`;
  const kept = prompts.map(({ text, tokens, greedy }) => ({ text, tokens, greedy }));
  writeFileSync(FIXTURE, `${JSON.stringify({ made: "npm run check:taskling -- --record", ...rest }).slice(0, -1)},\n"texts": ${lines(texts)},\n"prompts": ${lines(kept)}}\n`);
  console.log(`wrote ${FIXTURE}`);
}
process.exitCode = failed === 0 ? 0 : 1;
