/**
 * `npm run check:quantize`: whether our quantisation gives the bytes of the real thing.
 *
 * NF4, FP4, double quantisation and int8 are compared with bitsandbytes' kernels for CPUs, fp16 and bf16 with NumPy and
 * PyTorch, GGUF's types with the Python package gguf and with llama.cpp itself (the library that node-llama-cpp brings,
 * on 64-bit Linux). The packages are put into `.venv-check-quantize` on the first run (1.2 GB with PyTorch for CPU).
 *
 *     npm run check:quantize               5.6 million values
 *     npm run check:quantize -- --record   and writes the fixture of tests/compute-quantize.test.ts anew
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dynamicCodebook, fp4Codebook, fromBfloat16, fromFloat16, nf4Codebook, quantizeFourBit, toBfloat16, toFloat16, type NestedScales } from "llmops/compute";
import { ROOT, STATE } from "./paths.ts";
import { preparePython } from "./python-env.ts";
import { quantizeCases, type QuantizeCase } from "./quantize-cases.ts";
import { compareWith, offsetDistance, OUTLIER_THRESHOLD, sha256, type Parity } from "./quantize-parity.ts";

/** Pinned: what is proven is proven for these. */
const PACKAGES = ["torch==2.13.0", "bitsandbytes==0.50.2", "gguf==0.19.0", "numpy==2.4.6"];
const LLAMA = "@node-llama-cpp/linux-x64@3.22.1";
const VENV = join(ROOT, ".venv-check-quantize");
const FOLDER = join(STATE, "check-quantize");
/** Bytes of a result that the fixture keeps as they are. */
const LONGEST_KEPT = 1200;
const FIXTURE = join(ROOT, "tests", "fixtures", "quantize.json");
const HAS_LLAMA = process.platform === "linux" && process.arch === "x64";
const LIBRARY = join(VENV, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64", "libggml-base.so");
const python = preparePython(".venv-check-quantize", PACKAGES, HAS_LLAMA ? { name: LLAMA, command: "npm", args: ["install", "--prefix", VENV, "--no-save", "--silent", LLAMA] } : undefined);

let checks = 0, passed = 0;

function say({ check, differing, of, first }: Parity): void {
  checks++;
  if (differing === 0) passed++;
  console.log(`${differing === 0 ? "ok    " : "FAILED"} ${check}: ${differing} of ${of} differ${first === undefined ? "" : ` (${first})`}`);
}

/** Every fp16 that there is, the values halfway between two, their neighbours in fp32, and as many bit patterns again. */
function halves(): Float32Array {
  const all = fromFloat16(Uint16Array.from({ length: 65536 }, (_, i) => i)).filter(Number.isFinite);
  const middles = all.map((value, i) => (value + (all[i + 1] ?? value)) / 2);
  const words = Uint32Array.from(new Uint32Array(Float32Array.from([...all, ...middles]).buffer));
  const near = [-1, 1].flatMap((step) => [...words].map((word) => (word + step) >>> 0));
  const spread = Array.from({ length: 300_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
  return new Float32Array(Uint32Array.from([...words, ...near, ...spread]).buffer).filter((value) => !Number.isNaN(value));
}

const raw = (values: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const result = (name: string) => (what: string): Uint8Array | undefined => {
  const path = join(FOLDER, `${name}.${what}`);
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
};

interface Answer {
  versions: Record<string, string>;
  cpu: string;
  written: Record<string, string[]>;
}

function runPython(cases: readonly QuantizeCase[], numbers: Float32Array): Answer {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, values } of [...cases, { name: "halves", values: numbers }]) writeFileSync(join(FOLDER, `${name}.f32`), raw(values));
  const plan = join(FOLDER, "plan.json");
  writeFileSync(plan, JSON.stringify({
    folder: FOLDER, threshold: OUTLIER_THRESHOLD, ...(HAS_LLAMA ? { library: LIBRARY } : {}),
    cases: [...cases.map(({ name, columns }) => ({ name, columns, halves: false })), { name: "halves", columns: 1, halves: true }],
  }));
  const { status, stdout, stderr } = spawnSync(python, [join(ROOT, "tools", "check_quantize.py"), plan], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`the Python side failed: ${stderr.trim().split("\n").slice(-3).join(" ")}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Answer;
}

/** The bytes of two arrays; NaN is left out, its payload being nobody's business. */
function sameBits(check: string, ours: Uint16Array | Float32Array, theirs: Uint8Array | undefined): void {
  if (!theirs) return say({ check, differing: 1, of: 0, first: "Python gave no result" });
  const other = ours instanceof Float32Array ? new Float32Array(theirs.slice().buffer) : new Uint16Array(theirs.slice().buffer);
  const differing = Array.from(ours).filter((value, i) => !Object.is(value, other[i])).length;
  say({ check, differing: differing + Math.abs(ours.length - other.length), of: other.length });
}

function checkHalves(numbers: Float32Array): void {
  const theirs = result("halves");
  sameBits("fp32 to fp16, NumPy", toFloat16(numbers), theirs("numpy.fp16"));
  sameBits("fp32 to fp16, PyTorch", toFloat16(numbers), theirs("torch.fp16"));
  sameBits("fp32 to bf16, PyTorch", toBfloat16(numbers), theirs("torch.bf16"));
  const every = Uint16Array.from({ length: 65536 }, (_, i) => i);
  sameBits("every fp16 to fp32, NumPy", fromFloat16(every), result("bits")("fp16"));
  sameBits("every bf16 to fp32, PyTorch", fromBfloat16(every), result("bits")("bf16"));
}

/** How double quantisation fares with a mean and a lookup of its own, which no byte of another is asked of. */
function tellOwnMean(one: QuantizeCase): void {
  const offset = result(one.name)("nested.offset"), codes = result(one.name)("nested.codes");
  if (!offset || !codes) return;
  const own = (quantizeFourBit(one.values, { doubleQuant: true }).absmax as NestedScales).scales.codes;
  const other = own.filter((code, i) => code !== codes[i]).length;
  console.log(`       ${one.name}: our mean of the scales is ${offsetDistance(one, offset)} units of the last place from PyTorch's; with it and exact lookup ${other} of ${own.length} codes of scales differ`);
}

/** What the tests compare with, small enough to be committed: of long results only the hash. */
function record(): void {
  const answer = runPython(quantizeCases(), halves());
  const kept = (name: string, what: string): object => {
    const bytes = result(name)(what) ?? new Uint8Array();
    return bytes.length <= LONGEST_KEPT ? { base64: Buffer.from(bytes).toString("base64") } : { sha256: sha256(bytes) };
  };
  const all = (name: string): object => Object.fromEntries((answer.written[name] ?? []).map((what) => [what, kept(name, what)]));
  const cases = quantizeCases().map(({ name, values }) => ({ name, values: sha256(values), results: all(name) }));
  const versions = { ...answer.versions, "llama.cpp": HAS_LLAMA ? LLAMA : "none" };
  writeFileSync(FIXTURE, `${JSON.stringify({ made: "npm run check:quantize -- --record", versions, codebooks: all("codebooks"), cases }, null, 1)}\n`);
  console.log(`wrote ${FIXTURE}`);
}

if (process.argv.includes("--record")) record();
const cases = quantizeCases(300), numbers = halves();
const { versions, cpu } = runPython(cases, numbers);
console.log(`${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}, ${HAS_LLAMA ? LLAMA : "without llama.cpp: its library is taken on 64-bit Linux only"}; ${cpu}`);
for (const [name, ours] of Object.entries({ nf4: nf4Codebook(), fp4: fp4Codebook(), dynamic: dynamicCodebook() })) sameBits(`codebook ${name}`, ours, result("codebooks")(name));
checkHalves(numbers);
for (const one of cases) {
  for (const parity of compareWith(one, result(one.name))) say(parity);
  tellOwnMean(one);
}
console.log(`${passed} of ${checks}`);
process.exitCode = passed === checks ? 0 : 1;
