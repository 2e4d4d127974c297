/**
 * Quantisation: the bytes of bitsandbytes, gguf and llama.cpp (recorded by `npm run check:quantize -- --record`, compared
 * here without Python), and what holds for any numbers.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  bitsPerCharacter, codesOf, dequantizeFourBit, dequantizeGguf, dequantizeInt8, dynamicCodebook, FLOAT16_MAX, fourBitBytes, fp4Codebook, fromFloat16, ggufBytes,
  measureType, nf4Codebook, normalQuantile, normalSample, quantizationError, quantizeDynamic, quantizeFourBit, quantizeGguf, quantizeInt8,
  LINEAR_COLUMNS, NUMBER_TYPES, roundToBfloat16, roundToFloat16, STORAGES, storeAs, toBfloat16, toFloat16, trainCharacterModel,
} from "llmops/compute";
import { quantizeCases } from "../tools/quantize-cases.ts";
import { compareWith, offsetDistance, sha256 } from "../tools/quantize-parity.ts";
import { ROOT } from "./support/scratch.ts";

type Kept = { base64?: string; sha256?: string };
const recorded = JSON.parse(readFileSync(join(ROOT, "tests", "fixtures", "quantize.json"), "utf8")) as {
  codebooks: Record<string, Kept>;
  cases: { name: string; values: string; results: Record<string, Kept> }[];
};
const bytesOf = ({ base64, sha256: hash }: Kept): Uint8Array | string => (base64 === undefined ? (hash ?? "") : new Uint8Array(Buffer.from(base64, "base64")));

const number = fc.float({ noNaN: true, noDefaultInfinity: true });
const moderate = fc.float({ noNaN: true, min: Math.fround(-1e6), max: Math.fround(1e6) });
const floats = (arbitrary: fc.Arbitrary<number>, length: number): fc.Arbitrary<Float32Array> => fc.array(arbitrary, { minLength: length, maxLength: length }).map((list) => Float32Array.from(list));

describe("the bytes of the real thing", () => {
  const cases = quantizeCases();
  it("has a recording of every tensor", () => assert.deepEqual(recorded.cases.map(({ name }) => name), cases.map(({ name }) => name)));
  for (const one of cases) {
    it(one.name, () => {
      const kept = recorded.cases.find(({ name }) => name === one.name)!;
      assert.equal(sha256(one.values), kept.values, "the tensor is not the one that was recorded: record again");
      const results = (what: string) => (kept.results[what] ? bytesOf(kept.results[what]) : undefined);
      const found = compareWith(one, results);
      assert.ok(found.length >= 16, `${found.length} results were compared`);
      assert.deepEqual(found.filter(({ differing }) => differing > 0), []);
      // PyTorch's mean of the scales depends on how its processor sums.
      assert.ok(offsetDistance(one, results("nested.offset") as Uint8Array) <= 4);
    });
  }
  it("the codebooks", () => {
    for (const [name, ours] of Object.entries({ nf4: nf4Codebook(), fp4: fp4Codebook(), dynamic: dynamicCodebook() })) {
      assert.deepEqual(ours, new Float32Array((bytesOf(recorded.codebooks[name]!) as Uint8Array).buffer), name);
    }
  });
});

describe("NF4's codebook", () => {
  it("computed from quantiles is the one that bitsandbytes publishes", () => {
    // bitsandbytes 0.50.2, functional.py, get_4bit_type("nf4").
    const published = [
      -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
      0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
    ];
    assert.deepEqual([...nf4Codebook()], published);
  });
  it("gives every code about the same work on normal weights", () => {
    const codes = codesOf(quantizeFourBit(normalSample(64_000, { seed: 1 })));
    const counts = Array.from({ length: 16 }, (_, code) => codes.filter((other) => other === code).length / codes.length);
    assert.ok(Math.min(...counts) > 0.015 && Math.max(...counts) < 0.11, counts.join(" "));
  });
  it("rests on quantiles that are right", () => {
    // Standard table values; far out by the inverse of the complementary error function.
    for (const [p, x] of [[0.5, 0], [0.975, 1.959963984540054], [0.99, 2.3263478740408408], [1e-10, -6.361340902404056]] as const) {
      assert.ok(Math.abs(normalQuantile(p) - x) < 1e-12, `${p}`);
    }
    for (const p of [0, 1, -1, NaN]) assert.throws(() => normalQuantile(p), /share between 0 and 1/);
  });
});

describe("16-bit numbers", () => {
  it("round to the nearest, ties to even, with the range of their exponent", () => {
    const fp16 = [[2049, 2048], [2051, 2052], [65519, 65504], [65520, Infinity], [2 ** -25, 0], [1.0001 * 2 ** -25, 2 ** -24], [-1e-9, -0], [1e-7, 2 ** -23]] as const;
    for (const [value, rounded] of fp16) assert.ok(Object.is(roundToFloat16(value), rounded), `fp16 of ${value} is ${roundToFloat16(value)}`);
    const bf16 = [[257, 256], [259, 260], [65520, 65536], [1e-40, 2 ** -133], [3.4e38, Infinity], [-0, -0]] as const;
    for (const [value, rounded] of bf16) assert.ok(Object.is(roundToBfloat16(value), rounded), `bf16 of ${value} is ${roundToBfloat16(value)}`);
    assert.equal(roundToFloat16(FLOAT16_MAX), 65504);
    assert.ok(Number.isNaN(roundToFloat16(NaN)) && Number.isNaN(roundToBfloat16(NaN)));
  });
  it("no other value of the type is nearer, for any number", () => {
    fc.assert(fc.property(number, (value) => {
      const [bits] = toFloat16(Float32Array.of(value));
      const rounded = roundToFloat16(value);
      if (!Number.isFinite(rounded)) return assert.ok(Math.abs(value) >= 65520);
      for (const beside of [-1, 1]) {
        const other = fromFloat16(Uint16Array.of((bits! & 0x7fff) + beside < 0 ? bits! ^ 0x8000 : bits! + beside))[0]!;
        if (Number.isFinite(other)) assert.ok(Math.abs(rounded - value) <= Math.abs(other - value), `${value}: ${rounded}, but ${other} is nearer`);
      }
      const half = roundToBfloat16(value);
      if (Number.isFinite(half)) assert.ok(Math.abs(half - value) <= Math.max(Math.abs(value) / 256, 2 ** -133));
      assert.equal(toBfloat16(Float32Array.of(half))[0], toBfloat16(Float32Array.of(value))[0]);
    }), { numRuns: 3000, seed: 62 });
  });
});

describe("what holds for any numbers", () => {
  it("4 bits: no value is off by more than half the widest step of its block, and quantising again changes nothing", () => {
    fc.assert(fc.property(fc.constantFrom("nf4", "fp4"), fc.integer({ min: 1, max: 200 }), fc.integer(), (type, length, seed) => {
      const values = normalSample(length, { seed });
      const tensor = quantizeFourBit(values, { type });
      const back = dequantizeFourBit(tensor);
      const codebook = (type === "nf4" ? nf4Codebook() : fp4Codebook()).toSorted();
      const widest = Math.max(...[...codebook].slice(1).map((value, i) => value - codebook[i]!)) / 2;
      for (const [i, value] of values.entries()) {
        const scale = (tensor.absmax as Float32Array)[i >> 6]!;
        assert.ok(Math.abs(value - back[i]!) <= scale * widest * 1.000001);
      }
      assert.deepEqual(dequantizeFourBit(quantizeFourBit(back, { type })), back);
      assert.equal(tensor.bytes, fourBitBytes(length));
    }), { numRuns: 200, seed: 62 });
  });
  it("int8: no value is off by more than half a step of its group", () => {
    fc.assert(fc.property(floats(moderate, 24), fc.constantFrom<"tensor" | "row" | number>("tensor", "row", 4), (values, per) => {
      const tensor = quantizeInt8(values, { columns: 8, per });
      const back = dequantizeInt8(tensor);
      for (const [i, value] of values.entries()) assert.ok(Math.abs(value - back[i]!) <= (tensor.scales[Math.floor(i / tensor.groupSize)]! / 254) * 1.00001 + 1e-42);
    }), { numRuns: 500, seed: 62 });
  });
  it("every type takes the bytes it says, and loses less with more bits", () => {
    const values = normalSample(64 * 256, { seed: 3, scale: 0.02 });
    const reports = new Map(NUMBER_TYPES.map((type) => [type, measureType(type, values, 256)]));
    const bits = Object.fromEntries([...reports].map(([type, { bitsPerWeight }]) => [type, bitsPerWeight]));
    assert.deepEqual(bits, {
      fp32: 32, fp16: 16, bf16: 16, "int8 per tensor": 8 + 32 / 16384, "int8 per row": 8.125, "int8 per 64": 8.5, Q8_0: 8.5, fp4: 4.5, nf4: 4.5,
      "nf4 double": 4 + (256 + 4 + 4) * 8 / 16384, Q4_0: 4.5, Q4_K: 4.5,
    });
    const order = ["fp32", "fp16", "bf16", "int8 per row", "nf4", "fp4"] as const;
    for (const [i, type] of order.slice(1).entries()) assert.ok(reports.get(type)!.snrDb < reports.get(order[i]!)!.snrDb, type);
    assert.equal(reports.get("fp32")!.rmse, 0);
    assert.ok(reports.get("nf4")!.rmse > reports.get("Q4_K")!.rmse);
  });
  it("the planner counts the same bytes a weight", () => {
    const values = normalSample(1024 * 1024, { seed: 6 });
    for (const [name, type] of [["fp16", "fp16"], ["bf16", "bf16"], ["nf4", "nf4"], ["nf4-dq", "nf4 double"], ["q8_0", "Q8_0"], ["q4_0", "Q4_0"], ["q4_k", "Q4_K"]] as const) {
      // Double quantisation has one mean a tensor more, which no plan counts.
      assert.ok(Math.abs(storeAs(type, values, 1024).bytes - STORAGES[name].bytes * values.length) <= 4, name);
    }
  });
  it("double quantisation costs 4.127 bits a weight where blocks are full", () => {
    const parameters = 64 * 256 * 1000;
    assert.equal(fourBitBytes(parameters), parameters * 4.5 / 8);
    assert.equal(fourBitBytes(parameters, { doubleQuant: true }), parameters * (4 + 8 / 64 + 32 / (64 * 256)) / 8 + 4);
    const tensor = quantizeFourBit(normalSample(64 * 300, { seed: 1 }), { doubleQuant: true });
    assert.equal(tensor.bytes, fourBitBytes(64 * 300, { doubleQuant: true }));
  });
  it("outlier columns stay in 16 bit, and the other values no longer pay for them", () => {
    const values = normalSample(16 * 64, { seed: 4 }).map((value, i) => (i % 64 === 5 ? 40 + value : value));
    const whole = quantizeInt8(values, { columns: 64 });
    const apart = quantizeInt8(values, { columns: 64, outlierThreshold: 6 });
    assert.deepEqual(apart.outliers?.columns, [5]);
    assert.equal(apart.bytes, whole.bytes + 16 * 2 + 8);
    const rmse = (tensor: typeof whole) => quantizationError(values, dequantizeInt8(tensor)).rmse;
    assert.ok(rmse(whole) > 5 * rmse(apart), `${rmse(whole)} ${rmse(apart)}`);
  });
});

describe("what cannot be stored is refused, with the place", () => {
  const values = normalSample(256, { seed: 9 });
  const broken = values.with(17, NaN);
  it("numbers that are none", () => {
    for (const quantize of [quantizeFourBit, quantizeInt8, quantizeDynamic, (x: Float32Array) => quantizeGguf("Q4_K", x)]) assert.throws(() => quantize(broken), /value 17 is NaN/);
  });
  it("rows and blocks that do not come out even", () => {
    assert.throws(() => quantizeGguf("Q4_0", values.subarray(1)), /255 values are not whole blocks of Q4_0/);
    assert.throws(() => dequantizeGguf({ kind: "Q8_0", blocks: new Uint8Array(35) }), /35 bytes are not whole blocks of Q8_0/);
    assert.throws(() => ggufBytes("Q4_K", 100), /100 values/);
    assert.throws(() => storeAs("Q4_K", values, 128), /rows of whole blocks of 256/);
    assert.throws(() => storeAs("nf4", values, 100), /256 values are not rows of 100 columns/);
    assert.throws(() => quantizeInt8(values, { columns: 64, per: 48 }), /48 values does not divide a row of 64/);
    assert.throws(() => quantizeInt8(values, { outlierThreshold: 0 }), /threshold of outliers/);
    assert.throws(() => quantizeFourBit(values, { blockSize: 7 }), /even number of values/);
    assert.throws(() => quantizationError(values, values.subarray(1)), /cannot be compared/);
  });
});

describe("the character model", () => {
  const text = "user: add a task\nassistant: Added the task.\n".repeat(40);
  it("learns, the same way every time, and loses little when its linear layer goes through a type", () => {
    const model = trainCharacterModel(text, { seed: 3, steps: 1500, learningRate: 0.05 });
    const again = trainCharacterModel(text, { seed: 3, steps: 1500, learningRate: 0.05 });
    assert.deepEqual(model.linear, again.linear);
    const untrained = bitsPerCharacter(trainCharacterModel(text, { seed: 3, steps: 0 }), text.slice(0, 400));
    const loss = bitsPerCharacter(model, text.slice(0, 400));
    assert.ok(loss < untrained / 3, `${untrained} to ${loss}`);
    const stored = { ...model, linear: storeAs("Q8_0", model.linear, LINEAR_COLUMNS).values };
    assert.ok(Math.abs(bitsPerCharacter(stored, text.slice(0, 400)) - loss) < 0.05);
  });
  it("knows no character that it did not see, and does not stumble over one", () => {
    const model = trainCharacterModel(text, { seed: 3, steps: 10 });
    assert.ok(bitsPerCharacter(model, "added: \u4efb\u52a1 task") > 1);
    assert.throws(() => bitsPerCharacter(model, "short"), /too short to be measured/);
    assert.throws(() => trainCharacterModel("short", { seed: 1 }), /too short to learn from/);
  });
});
