/** Weights and adapters on disk: read as they were written, counted and merged as PEFT does it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Matrix } from "ml-matrix";
import { countLora, countParameters, energyByRank, float32SumBound, linearSizes, multiplyFloat32, Safetensors, shapeOfConfig, singularValues, toFloat16, toMatrix, type Linear } from "llmops/compute";
import { loraScale, mergeAdapter, readAdapter, rowLengths } from "llmops/train";
import { ROOT, scratch } from "./support/scratch.ts";
import { runPython, trainingPython, WITHOUT } from "./support/training.ts";

interface Written { shape: number[]; dtype: string; bytes: Uint8Array }
function writeSafetensors(path: string, tensors: Record<string, Written>): void {
  let at = 0;
  const header = JSON.stringify({ __metadata__: { format: "pt" }, ...Object.fromEntries(Object.entries(tensors).map(([name, { shape, dtype, bytes }]) => [name, { dtype, shape, data_offsets: [at, (at += bytes.length)] }])) });
  const text = Buffer.from(header), length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, ...Object.values(tensors).map(({ bytes }) => bytes)]));
}
const asF32 = (values: Float32Array, shape = [values.length]): Written => ({ shape, dtype: "F32", bytes: new Uint8Array(values.buffer) });

test("any tensors come back from a safetensors file as they were written", (context) => {
  const path = join(scratch(context), "any.safetensors");
  const tensor = fc.oneof(
    fc.float32Array({ maxLength: 40 }).map((values) => ({ values, written: asF32(values) })),
    fc.float32Array({ maxLength: 40, min: -60_000, max: 60_000, noNaN: true }).map((given) => {
      const bits = toFloat16(given), values = Float32Array.from(new Float16Array(bits.buffer as ArrayBuffer));
      return { values, written: { shape: [given.length], dtype: "F16", bytes: new Uint8Array(bits.buffer) } };
    }),
  );
  fc.assert(fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== "__metadata__" && name !== "__proto__"), tensor, { maxKeys: 5 }), (tensors) => {
    writeSafetensors(path, Object.fromEntries(Object.entries(tensors).map(([name, { written }]) => [name, written])));
    const file = new Safetensors(path);
    assert.deepEqual(file.names.sort(), Object.keys(tensors).sort());
    for (const [name, { values }] of Object.entries(tensors)) assert.deepEqual(file.read(name).values, values, name);
  }), { numRuns: 60 });
});

test("a safetensors file that is cut, foreign or says wrong sizes is refused with its name and what is wrong", (context) => {
  const path = join(scratch(context), "weights.safetensors"), refuse = (sentence: RegExp, read = (): unknown => new Safetensors(path)): void => assert.throws(read, { name: "ComputeError", message: sentence });
  writeSafetensors(path, { w: asF32(new Float32Array(6), [2, 3]), odd: { ...asF32(new Float32Array(2)), shape: [3] }, whole: { ...asF32(new Float32Array(2)), dtype: "I32" } });
  const file = new Safetensors(path);
  assert.deepEqual(file.shapes, { w: [2, 3], odd: [3], whole: [2] });
  refuse(/weights\.safetensors has no tensor "v"; there are w, odd, whole$/, () => file.read("v"));
  refuse(/odd has 8 bytes, and 3 in F32 takes 12$/, () => file.read("odd"));
  refuse(/whole is of type I32; read here are F32, F16, BF16$/, () => file.read("whole"));
  refuse(/the shape 3, and a matrix has two sizes/, () => toMatrix({ name: "bias", shape: [3], storedAs: "F32", values: new Float32Array(3) }));
  truncateSync(path, readFileSync(path).length - 1);
  refuse(/weights\.safetensors is cut: whole would end at byte \d+, and the file has \d+; bring it again/);
  writeFileSync(path, "PK\u0003\u0004 something else");
  refuse(/is no safetensors file: its header would have \d+ bytes/);
  writeFileSync(path, "");
  refuse(/is no safetensors file: it has 0 bytes/);
});

test("our model's file has the parameters that the count says", () => {
  const folder = join(ROOT, "colab/taskling/model"), { shapes } = new Safetensors(join(folder, "model.safetensors"));
  const shape = shapeOfConfig(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")), "taskling");
  assert.equal(Object.values(shapes).reduce((sum, sizes) => sum + sizes.reduce((product, size) => product * size, 1), 0), countParameters(shape).total);
});

const matrixOf = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: rows * columns, maxLength: rows * columns }).map((values) => Matrix.from1DArray(rows, columns, values));

test("singular values share the energy out, and a matrix of rank two has all of it in two", () => {
  fc.assert(fc.property(matrixOf(5, 2), matrixOf(2, 4), (b, a) => {
    const product = b.mmul(a), values = singularValues(product), energy = product.to1DArray().reduce((sum, value) => sum + value * value, 0);
    fc.pre(energy > 1e-6);
    assert.ok(values.every((value, at) => at === 0 || value <= values[at - 1]!));
    assert.ok(Math.abs(values.reduce((sum, value) => sum + value * value, 0) / energy - 1) < 1e-9);
    assert.ok(energyByRank(values)[1]! > 1 - 1e-9);
  }));
  assert.throws(() => energyByRank([0, 0]), /matrix of zeros/);
});

test("a product in fp32 is rounded at every step, and off by no more than its bound", () => {
  const tiny = 2 ** -24;
  assert.equal(multiplyFloat32(new Matrix([[1, 1, 1]]), new Matrix([[1], [tiny], [tiny]])).get(0, 0), 1, "each small addend is lost by itself");
  assert.equal(multiplyFloat32(new Matrix([[1, 1, 1]]), new Matrix([[tiny], [tiny], [1]])).get(0, 0), 1 + 2 * tiny);
  fc.assert(fc.property(matrixOf(2, 6), matrixOf(6, 3), (a, b) => {
    const [single, exact, magnitudes] = [multiplyFloat32(a, b), a.mmul(b), Matrix.abs(a).mmul(Matrix.abs(b))];
    for (let row = 0; row < 2; row++) {
      for (let column = 0; column < 3; column++) {
        // fast-check's fp32 numbers may be so small that a product falls below what fp32 holds; that has a bound of its own.
        assert.ok(Math.abs(single.get(row, column) - exact.get(row, column)) <= float32SumBound(6) * magnitudes.get(row, column) + 6 * 2 ** -149);
      }
    }
  }));
  assert.throws(() => multiplyFloat32(new Matrix(2, 3), new Matrix(2, 3)), /2 × 3 cannot be multiplied with 2 × 3/);
});

interface Counted { model: "taskling" | "Llama-3-8B"; rank: number; targets: Linear[]; dora: boolean; trainable: number; total: number }
const recorded = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/peft-counts.json"), "utf8")) as { configs: Record<string, object>; counts: Counted[] };
const python = (await trainingPython()) ?? "";
const options = { skip: python === "" && WITHOUT };

test("adapters have the parameters that PEFT prints, DoRA's lengths too, for our model and Llama-3-8B", () => {
  for (const { model, rank, targets, dora, trainable, total } of recorded.counts) {
    const shape = shapeOfConfig(recorded.configs[model], model);
    const lengths = dora ? shape.layers * targets.reduce((sum, name) => sum + linearSizes(shape)[name].output, 0) : 0;
    assert.equal(countLora(shape, rank, targets) + lengths, trainable, `${model}, rank ${rank}, ${targets.join(" ")}`);
    assert.equal(countParameters(shape).total + trainable, total);
  }
});

test("what is recorded is what the installed PEFT counts", options, () => {
  const settings = recorded.counts.map(({ model, rank, targets, dora }) => ({ config: recorded.configs[model], rank, targets, dora }));
  const { status, stdout, stderr } = spawnSync(python, [join(ROOT, "tests/support/count_adapters.py")], { input: JSON.stringify(settings), encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" } });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n").map((line) => JSON.parse(line) as unknown), recorded.counts.map(({ trainable, total }) => ({ trainable, total })));
});

test("LoRA, rsLoRA and DoRA are merged as PEFT merges them", options, (context) => {
  const folder = scratch(context);
  runPython(python, "merge_adapters.py", [folder]);
  const base = new Safetensors(join(folder, "base", "model.safetensors"));
  for (const name of ["lora", "rslora", "dora"]) {
    const adapter = readAdapter(join(folder, name)), merged = new Safetensors(join(folder, `${name}-merged`, "model.safetensors"));
    assert.equal(adapter.scale, loraScale(4, 12, name === "rslora"));
    assert.deepEqual(Object.keys(adapter.matrices).length, 6);
    for (const [matrix, factors] of Object.entries(adapter.matrices)) {
      const weight = toMatrix(base.read(`${matrix}.weight`)), ours = mergeAdapter(weight, factors, adapter.scale), theirs = toMatrix(merged.read(`${matrix}.weight`));
      assert.ok(Matrix.sub(ours, weight).abs().max() > 0.05, `${name}, ${matrix}: the adapter changes the matrix`);
      assert.ok(Matrix.sub(ours, theirs).abs().max() < 1e-6, `${name}, ${matrix}: ${Matrix.sub(ours, theirs).abs().max()}`);
      if (factors.magnitude) assert.ok(rowLengths(ours).every((length, row) => Math.abs(length - Math.abs(factors.magnitude!.get(row, 0))) < 1e-6));
    }
  }
  const config = JSON.parse(readFileSync(join(folder, "lora", "adapter_config.json"), "utf8")) as object;
  for (const [change, sentence] of [[{ r: 8 }, /has no A and B of rank 8/], [{ peft_type: "IA3" }, /peft_type must be LORA/], [{ rank_pattern: { q_proj: 2 } }, /rank_pattern/], [{ use_dora: true }, /has no magnitude vector/]] as const) {
    const spoilt = join(folder, "spoilt");
    mkdirSync(spoilt, { recursive: true });
    cpSync(join(folder, "lora"), spoilt, { recursive: true });
    writeFileSync(join(spoilt, "adapter_config.json"), JSON.stringify({ ...config, ...change }));
    assert.throws(() => readAdapter(spoilt), { name: "RecipeError", message: sentence });
  }
});
