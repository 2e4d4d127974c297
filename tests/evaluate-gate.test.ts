/** Gates: a value at its bound passes, what is missing or no number does not, and a gate without bounds is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { checkGate } from "llmops/evaluate";

const criteria = [{ name: "right", atLeast: 0.8 }, { name: "leaks", atMost: 0 }];

describe("a gate", () => {
  test("lets through what reaches its bounds, the bounds included", () => {
    assert.equal(checkGate(criteria, { right: 0.8, leaks: 0, other: 7 }).passed, true);
  });

  test("says which criterion failed, with its value and what was wanted", () => {
    const { passed, results } = checkGate(criteria, { right: 0.79, leaks: 0 });
    assert.equal(passed, false);
    assert.deepEqual(results, [
      { name: "right", value: 0.79, wanted: "at least 0.8", passed: false },
      { name: "leaks", value: 0, wanted: "at most 0", passed: true },
    ]);
  });

  test("does not let through what nobody measured, nor what is no number", () => {
    assert.deepEqual(checkGate(criteria, { right: 0.9 }).results.map(({ passed }) => passed), [true, false]);
    assert.deepEqual(checkGate(criteria, { right: NaN, leaks: NaN }).results.map(({ passed }) => passed), [false, false]);
    assert.equal(checkGate([{ name: "toString", atLeast: 0 }], {}).passed, false);
  });

  test("passes as a whole only when every criterion does", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.float(), fc.float(), fc.boolean()), { minLength: 1 }), (rows) => {
      const asked = rows.map(([bound, , least], at) => ({ name: `c${at}`, ...(least ? { atLeast: bound } : { atMost: bound }) }));
      const { passed, results } = checkGate(asked, Object.fromEntries(rows.map(([, value], at) => [`c${at}`, value])));
      assert.equal(passed, results.every((result) => result.passed));
      rows.forEach(([bound, value, least], at) => assert.equal(results[at]?.passed, least ? value >= bound : value <= bound));
    }));
  });

  test("without criteria, or with one that has no bound, is refused", () => {
    assert.throws(() => checkGate([], { right: 1 }), /name at least one/);
    assert.throws(() => checkGate([{ name: "right" }], { right: 1 }), /"right" has no bound/);
  });
});
