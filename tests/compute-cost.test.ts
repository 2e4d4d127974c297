import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  breakEven, checkShape, ComputeError, costOfMonth, costOfRun, costPerMillion, countParameters, decodeRate, findModel, forwardFlops, GIB, GPUS, HOSTS, planHost, prefillRate, trainingFlops, trainingRate, weightTerms, type ModelShape,
} from "llmops/compute";
import { ROOT } from "./support/scratch.ts";

const llama = findModel("Llama-3-8B").shape;

describe("roofline", () => {
  it("a forward pass is two operations for each weight that multiplies, and the attention", () => {
    const { total, embedding, vectors } = countParameters(llama);
    assert.equal(forwardFlops(llama, 0), 2 * (total - embedding - vectors));
    assert.equal(forwardFlops(llama, 1000) - forwardFlops(llama, 0), 4 * 32 * 4096 * 1000);
    // Training from nothing: the six operations a parameter and token of Kaplan et al., with the head and without the embedding.
    assert.equal(trainingFlops(llama, 0, { frozen: false, recompute: false }), 3 * forwardFlops(llama, 0));
  });

  it("decoding one row reads every weight once a token: half the bytes, twice the tokens", () => {
    const wide = decodeRate(llama, "fp16", GPUS.t4, { context: 1 });
    const packed = decodeRate(llama, "q8_0", GPUS.t4, { context: 1 });
    assert.equal(wide.bound, "memory");
    const bytes = (storage: "fp16" | "q8_0"): number => weightTerms(llama, storage).filter(({ id }) => id !== "embedding").reduce((sum, term) => sum + term.bytes, 0);
    assert.ok(Math.abs(packed.high / wide.high - bytes("fp16") / bytes("q8_0")) < 0.01);
    // 320 GB/s over 15 GB of weights can never give more than 21 tokens a second.
    assert.ok(wide.high < 21.4 && wide.low > 8);
  });

  it("a large batch is bound by compute, and is never slower in all", () => {
    let before = 0;
    for (const batch of [1, 4, 16, 64, 256]) {
      const rate = decodeRate(llama, "q4_k", GPUS.t4, { context: 256, batch });
      assert.ok(rate.high >= before);
      before = rate.high;
    }
    assert.equal(decodeRate(llama, "q4_k", GPUS.t4, { context: 16, batch: 512 }).bound, "compute");
    assert.ok(prefillRate(llama, GPUS.t4, 512).high > decodeRate(llama, "q4_k", GPUS.t4, { context: 512 }).high);
  });

  it("steps that were timed on a T4 lie in the range, for models from a billion parameters on", () => {
    interface Timed { model: ModelShape; attention: string; batch: number; seq: number; step_seconds: number }
    const { points } = JSON.parse(readFileSync(join(ROOT, "datasets/gpu-memory/t4-runs.json"), "utf8")) as { points: Timed[] };
    const timed = points.filter(({ model, attention }) => attention === "sdpa" && countParameters(checkShape(model)).total > 1e9);
    assert.ok(timed.length >= 20);
    const inside = timed.filter(({ model, batch, seq, step_seconds }) => {
      const rate = trainingRate(checkShape(model), GPUS.t4, { sequence: seq, frozen: true, recompute: true });
      const measured = (batch * seq) / step_seconds;
      return measured >= rate.low && measured <= rate.high;
    });
    assert.ok(inside.length / timed.length >= 0.9, `${inside.length} of ${timed.length}`);
  });

  it("a precision that the card has not is refused", () => {
    assert.throws(() => trainingRate(llama, GPUS.t4, { sequence: 512, frozen: true, recompute: true, precision: "bf16" }), (error) => error instanceof ComputeError && error.field === "precision");
  });
});

describe("cost", () => {
  it("a run's dollars are its hours times the price", () => {
    const rate = { low: 100, high: 200, bound: "compute" as const };
    assert.deepEqual(costOfRun(720_000, rate, 0.5), { low: 0.5, high: 1 });
    assert.deepEqual(costPerMillion(rate, 3.6), { low: 5, high: 10 });
    assert.throws(() => costOfRun(-1, rate, 1), /tokens: must be a number above 0/);
    assert.throws(() => costOfRun(1, rate, NaN), /dollarsPerHour/);
  });

  const input = fc.record({
    setupDollars: fc.integer({ min: 0, max: 100_000 }), serverDollarsPerMonth: fc.integer({ min: 1, max: 5_000 }), operationsDollarsPerMonth: fc.integer({ min: 0, max: 20_000 }),
    apiDollarsPerMillion: fc.integer({ min: 1, max: 100 }), capacityPerMonth: fc.integer({ min: 1_000_000, max: 10_000_000_000 }),
  });

  it("below the break-even the API is cheaper, at it one's own servers are not dearer", () => {
    fc.assert(fc.property(input, (given) => {
      const { tokensPerMonth } = breakEven(0, given);
      const dearer = (tokens: number): boolean => { const month = costOfMonth(tokens, given); return month.ownDollars > month.apiDollars * (1 + 1e-9) + 1e-6; };
      if (tokensPerMonth === undefined) {
        for (const servers of [1, 2, 10, 100, 10_000]) assert.ok(dearer(servers * given.capacityPerMonth) || given.operationsDollarsPerMonth === 0);
        return;
      }
      assert.ok(!dearer(tokensPerMonth * (1 + 1e-9)) || Math.ceil(tokensPerMonth / given.capacityPerMonth) !== Math.ceil((tokensPerMonth * (1 + 1e-9)) / given.capacityPerMonth));
      for (const share of [0.99, 0.9, 0.5, 0.1]) assert.ok(dearer(tokensPerMonth * share), `${share}`);
    }));
  });

  it("the setup is paid back in as many months as the saving takes", () => {
    const given = { setupDollars: 1000, serverDollarsPerMonth: 200, operationsDollarsPerMonth: 300, apiDollarsPerMillion: 5, capacityPerMonth: 1e9 };
    assert.equal(breakEven(200e6, given).months, 2);
    assert.equal(breakEven(50e6, given).months, undefined);
    assert.equal(breakEven(0, given).tokensPerMonth, 100e6);
  });
});

describe("the machine around the card", () => {
  it("a free Colab loads a packed 8B, and says what a 16-bit merge of it is short of", () => {
    assert.ok(planHost(llama, "nf4-dq", [], HOSTS["colab-free"]).fits);
    const merge = planHost(llama, "nf4-dq", ["q4_k_m"], HOSTS["colab-free"]);
    assert.ok(!merge.fits && merge.ramBytes > 16 * GIB);
    assert.match(merge.problems.join(), /RAM are needed and Colab, free has 11\.6 GiB: merge shard by shard/);
  });
});
