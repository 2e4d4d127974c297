import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  breakEven, checkShape, ComputeError, costOfMonth, costOfRun, costPerMillion, costPerRequest, countParameters, decodeRate, findFlip, findModel, forwardFlops, GIB, GPUS, HOSTS,
  monthlyDollars, monthsToPayBack, paidUntil, planHost, preferenceFlops, prefillRate, RENTS, servingRate, trainingFlops, trainingRate, weightTerms, type ModelShape,
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

  it("published figures of vLLM at low concurrency lie in the range of a serving card", () => {
    const bytes = (gpu: "a100-40" | "h100", batch: number) => decodeRate(llama, "bf16", GPUS[gpu], { context: 1152, batch });
    // Llama-3.1-8B in bf16, tokens a second: https://johnmusgrave.com/p/vllm-throughput-latency-sweep-on (A100, vLLM 0.23.0) and
    // https://yobitelcomm.github.io/bench/recipes/concurrency-sweep/ (H100, vLLM 0.21.0, 2026-05-16).
    for (const [rate, measured] of [[bytes("a100-40", 1), 75], [bytes("h100", 1), 122.2], [bytes("h100", 4), 580.3]] as const) {
      assert.ok(measured >= rate.low && measured <= rate.high, `${measured} in ${rate.low} to ${rate.high}`);
    }
    // Prompts of 1,024 and answers of 128 tokens, eight at a time: 6.6 times the 75 of one at a time.
    const eight = servingRate(llama, "bf16", GPUS["a100-40"], { promptTokens: 1024, answerTokens: 128 }, 8);
    assert.ok((6.6 * 75) / 128 >= eight.low && (6.6 * 75) / 128 <= eight.high, `${eight.low} to ${eight.high}`);
    assert.throws(() => servingRate(llama, "bf16", GPUS.l4, { promptTokens: 0, answerTokens: 1 }, 8), /promptTokens: must be a number above 0/);
  });

  it("DPO costs four thirds of SFT on its two rows where all weights train, and three halves where the base is frozen", () => {
    const rows = (frozen: boolean) => 2 * 500 * trainingFlops(llama, 500, { frozen, recompute: false });
    const dpo = (frozen: boolean) => preferenceFlops(llama, 500, { frozen, recompute: false });
    assert.ok(Math.abs(dpo(false) / rows(false) - 4 / 3) < 1e-12);
    assert.ok(Math.abs(dpo(true) / rows(true) - 3 / 2) < 1e-12);
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

describe("an own model instead of an API", () => {
  const investment = fc.record({
    setupDollars: fc.integer({ min: 0, max: 100_000 }), monthsToBuild: fc.integer({ min: 0, max: 24 }),
    apiDollarsPerMonth: fc.integer({ min: 0, max: 50_000 }), ownDollarsPerMonth: fc.integer({ min: 0, max: 50_000 }),
  });

  it("the course's plan: $200 against a saving of $600 a month is back after a third of a month, about ten days", () => {
    const months = monthsToPayBack({ setupDollars: 200, monthsToBuild: 0, apiDollarsPerMonth: 900, ownDollarsPerMonth: 300 });
    assert.equal(months, 1 / 3);
    assert.equal(monthsToPayBack({ setupDollars: 200, monthsToBuild: 2, apiDollarsPerMonth: 900, ownDollarsPerMonth: 300 }), 2 + 1 / 3);
  });

  it("at the payback both sides have paid the same, and later the own model has paid less", () => {
    fc.assert(fc.property(investment, (given) => {
      const months = monthsToPayBack(given);
      if (months === undefined) {
        const { apiDollars, ownDollars } = paidUntil(1000, given);
        assert.ok(ownDollars >= apiDollars);
        return;
      }
      const { apiDollars, ownDollars } = paidUntil(months, given);
      assert.ok(Math.abs(apiDollars - ownDollars) <= 1e-6 * Math.max(1, apiDollars));
      const later = paidUntil(months + 1, given);
      assert.ok(later.ownDollars < later.apiDollars);
    }));
  });

  it("a half idle card makes each request twice as dear, and none can be busy for more than all of the time", () => {
    const rate = { low: 1, high: 2, bound: "memory" as const };
    assert.deepEqual(costPerRequest(rate, 3.6, 1), { low: 0.0005, high: 0.001 });
    assert.deepEqual(costPerRequest(rate, 3.6, 0.5), { low: 0.001, high: 0.002 });
    assert.throws(() => costPerRequest(rate, 3.6, 1.2), /utilisation: must be at most 1, not 1\.2: beyond it a second card is needed/);
    assert.throws(() => costPerRequest(rate, 3.6, 0), /utilisation/);
  });

  it("a rent names a known card, where it was read and when", () => {
    for (const [name, { gpu, dollarsPerHour, source, read }] of Object.entries(RENTS)) {
      assert.ok(gpu in GPUS && dollarsPerHour > 0 && source.length > 20, name);
      assert.ok(/^\d{4}-\d{2}-\d{2}$/.test(read) && !Number.isNaN(Date.parse(read)), name);
    }
  });

  it("recurring costs add up by the month", () => {
    assert.equal(monthlyDollars([{ what: "retraining", dollars: 900, everyMonths: 3 }, { what: "monitoring", dollars: 50, everyMonths: 1 }]), 350);
    assert.equal(monthlyDollars([]), 0);
    assert.throws(() => monthlyDollars([{ what: "retraining", dollars: -1, everyMonths: 3 }]), /of "retraining" must be 0 or more/);
    assert.throws(() => monthlyDollars([{ what: "retraining", dollars: 1, everyMonths: 0 }]), /everyMonths/);
  });

  it("finds the value at which a gain turns into a loss, whichever way it goes", () => {
    fc.assert(fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 50 }), fc.boolean(), (zero, slope, falls) => {
      const flip = findFlip((value) => (falls ? -1 : 1) * slope * (value - zero), -2000, 2000);
      assert.ok(flip !== undefined && Math.abs(flip - zero) < 1e-6);
    }));
    assert.equal(findFlip((value) => value + 1, 0, 10), undefined);
    assert.equal(findFlip((value) => value, 0, 10), 0);
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
