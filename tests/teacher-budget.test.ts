// The budget is never exceeded: as a property of the meter, and over HTTP under concurrency.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BudgetExceeded, CostMeter, costOf, openTeacher, worstCost, type Usage } from "llmops/teacher";

const PRICE = { input: 3, cachedInput: 1, cacheWrite: 4, output: 7 };
const EPSILON = 1e-12;

test("property: whatever is asked at once, spent + possibly spent + reserved stays within the budget", async () => {
  const call = fc.record({
    prompt: fc.integer({ min: 0, max: 4000 }), max: fc.integer({ min: 1, max: 3000 }),
    // Shares of the bound that are really used.
    input: fc.double({ min: 0, max: 1, noNaN: true }), cached: fc.double({ min: 0, max: 1, noNaN: true }), output: fc.double({ min: 0, max: 1, noNaN: true }),
    fate: fc.constantFrom("settle", "release", "abandon", "lost-then-settle"),
    turns: fc.integer({ min: 0, max: 6 }),
  });
  await fc.assert(fc.asyncProperty(fc.array(call, { maxLength: 40 }), fc.double({ min: 0, max: 0.3, noNaN: true }), async (calls, budget) => {
    const meter = new CostMeter(budget);
    let refused = 0;
    const hold = () => assert.ok(meter.spent + meter.uncertain + meter.reserved <= budget + EPSILON, `${meter.spent} + ${meter.uncertain} + ${meter.reserved} > ${budget}`);
    await Promise.all(calls.map(async (each) => {
      try {
        const reservation = await meter.reserve("m", worstCost(each.prompt, each.max, PRICE), PRICE);
        hold();
        for (let i = 0; i < each.turns; i++) await Promise.resolve();
        if (each.fate === "lost-then-settle") {
          try {
            reservation.lost();
          } catch (error) {
            assert.ok(error instanceof BudgetExceeded);
            reservation.abandon();
            throw error;
          }
          hold();
        }
        const input = Math.floor(each.input * each.prompt);
        const usage: Usage = { input, cachedInput: Math.floor(each.cached * input), cacheWrite: 0, output: Math.floor(each.output * each.max) };
        if (each.fate === "release") reservation.release();
        else if (each.fate === "abandon") reservation.abandon();
        else assert.equal(reservation.settle(usage), costOf(usage, PRICE));
        hold();
      } catch (error) {
        if (!(error instanceof BudgetExceeded)) throw error;
        refused++;
      }
    }));
    assert.equal(meter.reserved, 0);
    hold();
    assert.ok(refused <= calls.length);
  }), { numRuns: 300 });
});

test("property: over HTTP, at any concurrency and budget, with faults on the wire", async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 25 }), async (concurrency, tenthsOfCent, count) => {
    const budgetUsd = tenthsOfCent / 10_000;
    await using teacher = await openTeacher({
      env: {}, cache: false, concurrency, budgetUsd, timeoutMs: 400, simulator: { latencyMs: 1, faults: { rateLimit: 0.1, serverError: 0.05, hang: 0 } },
    });
    const requests = Array.from({ length: count }, (_, i) => ({ messages: [{ role: "user" as const, content: `Write ${i + 1} training conversations about tasks.` }], maxTokens: 1000 }));
    const outcomes = await teacher.completeAll(requests, { onProgress: () => assert.ok(teacher.meter.spent + teacher.meter.uncertain + teacher.meter.reserved <= budgetUsd + EPSILON) });
    assert.ok(teacher.meter.spent <= budgetUsd);
    assert.equal(teacher.meter.reserved, 0);
    for (const outcome of outcomes) if (!outcome.ok) assert.equal(outcome.error.kind, "budget", outcome.error.message);
    const paid = outcomes.reduce((sum, outcome) => sum + (outcome.ok ? outcome.completion.cost : 0), 0);
    assert.ok(Math.abs(paid - teacher.meter.spent) < EPSILON);
  }), { numRuns: 12 });
});

test("the money is used: a call waits for others' reservations instead of failing at once", async () => {
  const meter = new CostMeter(10);
  const first = await meter.reserve("m", 8, PRICE);
  let isServed = false;
  const second = meter.reserve("m", 8, PRICE).then((reservation) => { isServed = true; return reservation; });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(isServed, false);
  first.settle({ input: 0, cachedInput: 0, cacheWrite: 0, output: 100_000 });
  (await second).release();
  await assert.rejects(meter.reserve("m", 9.5, PRICE), (error: BudgetExceeded) => {
    assert.ok(Math.abs(error.spent - 0.7) < EPSILON && error.needed === 9.5 && error.budget === 10);
    assert.match(error.message, /0\.7000.*9\.5000.*Raise budgetUsd/);
    return true;
  });
});

test("waiting for money ends when the signal fires", async () => {
  const meter = new CostMeter(1);
  const first = await meter.reserve("m", 1, PRICE);
  const stop = new AbortController();
  const waiting = meter.reserve("m", 1, PRICE, stop.signal);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  first.release();
  assert.equal(meter.reserved, 0);
});

test("a cost worked out by hand", () => {
  // 1000 in, of which 200 cached and 300 written to the cache: 500 * 3 + 200 * 1 + 300 * 4; 50 out at 7.
  assert.equal(costOf({ input: 1000, cachedInput: 200, cacheWrite: 300, output: 50 }, PRICE), (1500 + 200 + 1200 + 350) / 1e6);
  // Above the long-context limit: input doubles, output costs half as much again.
  assert.equal(costOf({ input: 1000, cachedInput: 0, cacheWrite: 0, output: 50 }, { ...PRICE, longContext: 999 }), (6000 + 525) / 1e6);
  assert.throws(() => new CostMeter(-1), RangeError);
});
