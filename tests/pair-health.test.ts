/** Health advice: what is found in a run's metrics, and that nothing is found in a healthy one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { chartBundle } from "llmops/course";
import { diagnose, drawCurves, FINDINGS, lossChart, lossCurves, Metric, type FindingName } from "llmops/pair";
import { Chance, healthyCurve, PLANT, type Curve } from "./support/curves.ts";

const SEED = 640_264;
const RUNS = 120;
const namesOf = ({ metrics, plan, secondsSinceLast }: Curve): FindingName[] => diagnose(metrics, { plan, secondsSinceLast }).map(({ name }) => name);

const reading = fc.oneof(fc.double(), fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(0, NaN, Infinity, -Infinity, Number.MAX_VALUE, 5e-324));
const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 0, max: 500 }));
const anyMetric = fc.record(
  { step: number, steps: number, seconds: number, loss: reading, eval_loss: reading, lr: number, grad_norm: reading, tokens_per_second: number, memory_bytes: number, epoch: number, note: fc.string(), nested: fc.object({ maxDepth: 1 }) },
  { requiredKeys: ["step"] },
) as fc.Arbitrary<Metric>;
const context = fc.record({ plan: fc.record({ peakBytes: number, usableBytes: number }), secondsSinceLast: number }, { requiredKeys: [] });

describe("health advice", () => {
  it("never throws, whatever a job has logged, and always says what to do", () => {
    fc.assert(fc.property(fc.array(anyMetric, { maxLength: 80 }), context, (metrics, given) => {
      for (const { name, says, remedy } of diagnose(metrics, given)) {
        assert.ok(FINDINGS.includes(name) && says.length > 10 && remedy.length > 10);
        assert.doesNotMatch(says, /undefined|\[object/);
      }
    }), { numRuns: 4000 });
  });

  it("accuses at most 5 % of healthy runs", () => {
    const chance = new Chance(SEED);
    const accused = Array.from({ length: 2 * RUNS }, () => namesOf(healthyCurve(chance))).filter((names) => names.length > 0);
    assert.ok(accused.length <= 0.05 * 2 * RUNS, `${accused.length} of ${2 * RUNS}: ${accused.join(" ")}`);
  });

  for (const name of Object.keys(PLANT) as (keyof typeof PLANT)[]) {
    it(`finds ${name} in 95 % of the runs where it was planted`, () => {
      const chance = new Chance(SEED + 1);
      const found = Array.from({ length: RUNS }, () => namesOf(PLANT[name](healthyCurve(chance), chance))).filter((names) => names.includes(name));
      assert.ok(found.length >= 0.95 * RUNS, `${found.length} of ${RUNS}`);
    });
  }

  it("says that few losses say nothing", () => {
    const metrics = Array.from({ length: 7 }, (_, at) => ({ step: at + 1, loss: 2 - at / 10 }));
    assert.deepEqual(diagnose(metrics).map(({ name, says }) => [name, says]), [["too-early", "7 losses are too few to say how it goes"]]);
    assert.deepEqual(diagnose([]), []);
  });

  it("a loss that hides as zero is told from labels that are masked", () => {
    const hidden = diagnose(Array.from({ length: 5 }, (_, at) => ({ step: at, loss: 0, grad_norm: NaN })));
    assert.match(hidden[0]!.remedy, /logging_nan_inf_filter/);
    assert.match(diagnose(Array.from({ length: 5 }, (_, at) => ({ step: at, loss: 0, grad_norm: 0 })))[0]!.remedy, /masked with -100/);
  });

  it("not learning is told by what the rates and gradients say", () => {
    const flat = (more: Partial<Metric>): Metric[] => Array.from({ length: 60 }, (_, at) => ({ step: at, loss: 2, ...more }));
    const remedyOf = (metrics: Metric[]): string | undefined => diagnose(metrics).find(({ name }) => name === "not-learning")?.remedy;
    assert.match(remedyOf(flat({ lr: 0 }))!, /learning rate is 0/);
    assert.match(remedyOf(flat({ grad_norm: 1e-9 }))!, /frozen/);
    assert.match(remedyOf(flat({ lr: 1e-7 }))!, /1e-7: try ten times/);
    const warming = flat({}).map((metric, at) => ({ ...metric, lr: at * 1e-6 }));
    assert.equal(remedyOf(warming), undefined, "a rate that still rises has not had its chance");
  });

  it("a short run that learns its rows by heart is seen, though its loss fell steeply before", () => {
    // The tiny model on 24 rows for 60 steps, looked at every sixth (lesson 64.5, 2026-11-21).
    const evaluation = [2.395, 1.702, 0.901, 0.63, 0.466, 0.434, 0.445, 0.467, 0.477, 0.491];
    const metrics = Array.from({ length: 60 }, (_, at) => [{ step: at + 1, loss: 2.8 * 0.93 ** at }, ...(at % 6 === 5 ? [{ step: at + 1, eval_loss: evaluation[(at - 5) / 6]! }] : [])]).flat();
    assert.deepEqual(diagnose(metrics).map(({ name, step }) => [name, step]), [["overfitting", 36]]);
  });

  it("steps that a resumed job did again count once", () => {
    const fall = (step: number): Metric => ({ step, loss: 3 * 0.97 ** step });
    const first = Array.from({ length: 60 }, (_, at) => fall(at)), again = Array.from({ length: 60 }, (_, at) => fall(at + 30));
    assert.deepEqual(diagnose([...first, ...again]), []);
    assert.equal(lossCurves([...first, ...again]).training.length, 90);
  });

  it("the chart keeps a spike of one step among a hundred thousand, in 300 points", () => {
    const metrics = Array.from({ length: 100_000 }, (_, at) => ({ step: at, loss: at === 54_321 ? 40 : 2 + Math.sin(at / 5000) / 2 }));
    const { spec, alt } = lossChart(metrics);
    const { values } = (spec as unknown as { layer: { data: { values: { step: number; loss: number }[] } }[] }).layer[0]!.data;
    assert.ok(values.length <= 300, String(values.length));
    assert.ok(values.some(({ step, loss }) => step === 54_321 && loss === 40));
    assert.match(alt, /^Loss\. Training loss 2 at step 0 and 2\.\d+ at step 99999; lowest 1\.5 at step \d+\.$/);
  });

  it("thinning keeps every extreme and both ends of any curve", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 2000 }), (values) => {
      const metrics = values.map((loss, step) => ({ step, loss }));
      const { spec } = lossChart(metrics);
      const kept = (spec as unknown as { layer: { data: { values: { step: number }[] } }[] }).layer[0]!.data.values.map(({ step }) => step);
      assert.ok(kept.length <= 300);
      assert.deepEqual([kept[0], kept.at(-1)], [0, values.length - 1]);
      for (const extreme of [Math.max(...values), Math.min(...values)]) assert.ok(kept.some((step) => values[step] === extreme));
    }), { numRuns: 60 });
  });

  it("any loss makes a chart that Vega-Lite draws whole", async () => {
    const metrics = fc.array(anyMetric, { minLength: 2, maxLength: 40 }).filter((all) => lossCurves(all).training.length + lossCurves(all).evaluation.length > 1);
    await fc.assert(fc.asyncProperty(metrics, async (all) => {
      const { spec, alt } = lossChart(all);
      assert.match(String((await chartBundle(spec, alt))["image/svg+xml"]), /^<svg/);
      assert.doesNotMatch(drawCurves(lossCurves(all)), /NaN|undefined|Infinity/);
    }), { numRuns: 15 });
  });

  it("a loss that is no number travels as text and comes back as itself", () => {
    assert.ok(Number.isNaN(Metric.parse({ step: 1, loss: "NaN" }).loss));
    assert.equal(Metric.parse({ step: 1, grad_norm: "-Infinity" }).grad_norm, -Infinity);
    assert.ok(!Metric.safeParse({ step: 1, loss: "high" }).success);
  });
});
