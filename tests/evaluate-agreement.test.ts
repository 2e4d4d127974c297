/** Agreement between raters, held against worked examples that others published; differences with their intervals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bootstrap, cohenKappa, fleissKappa, judgeInterval, krippendorffAlpha, pairedDifference } from "llmops/evaluate";

const near = (found: number, published: number, places: number): void => { assert.equal(found.toFixed(places), published.toFixed(places)); };
/** The two raters' answers of a table of counts: rows are the first's, columns the second's. */
function fromTable(table: readonly (readonly number[])[]): [number[], number[]] {
  const pairs = table.flatMap((row, a) => row.flatMap((count, b) => Array.from({ length: count }, (): [number, number] => [a, b])));
  return [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
}

test("Cohen's kappa: 50 proposals, two readers (the simple example of Wikipedia's article): 0.4", () => {
  near(cohenKappa(...fromTable([[20, 5], [10, 15]])), 0.4, 4);
});

test("Cohen's kappa: 91 couples of SexualFun, A. Agresti 1990 p. 366 as in R's vcd: 0.1293, with equal spacing 0.2374", () => {
  const couples = fromTable([[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]);
  near(cohenKappa(...couples), 0.1293, 4);
  near(cohenKappa(...couples, { weights: "linear", order: [0, 1, 2, 3] }), 0.2374, 4);
});

test("Cohen's kappa with squared weights: cont3x3abstractors of R's irrCAC, K. Gwet: 0.7964094 and 0.8921569", () => {
  const abstractors = fromTable([[13, 0, 0], [0, 20, 7], [0, 4, 56]]);
  near(cohenKappa(...abstractors), 0.7964094, 7);
  near(cohenKappa(...abstractors, { weights: "quadratic", order: [0, 1, 2] }), 0.8921569, 7);
});

test("Fleiss' kappa: ten subjects, fourteen raters, five answers (the worked example of Wikipedia's article): 0.210", () => {
  near(fleissKappa([
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
  ]), 0.21, 3);
});

// Four observers, twelve units, with gaps: K. Krippendorff 2011, example C, the data of irr::kripp.alpha too.
const gap = null;
const OBSERVERS = [
  [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3], [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
];
const UNITS = OBSERVERS[0]!.map((_, unit) => OBSERVERS.map((observer) => observer[unit] as number | null));

test("Krippendorff's alpha on all four scales: 0.743, 0.815, 0.849, 0.797", () => {
  near(krippendorffAlpha(UNITS), 0.743, 3);
  near(krippendorffAlpha(UNITS, "ordinal"), 0.815, 3);
  near(krippendorffAlpha(UNITS, "interval"), 0.849, 3);
  near(krippendorffAlpha(UNITS, "ratio"), 0.797, 3);
});

test("Krippendorff's alpha: two observers without gaps, two answers 0.095 and five answers 0.692 (Krippendorff 2011, examples A and B)", () => {
  const binary = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]];
  near(krippendorffAlpha(binary[0]!.map((value, unit) => [value, binary[1]![unit]!])), 0.095, 3);
  const articles = [[..."aabbdcccedda"], [..."babbbccceddd"]];
  near(krippendorffAlpha(articles[0]!.map((value, unit) => [value, articles[1]![unit]!])), 0.692, 3);
});

test("alpha and kappa: 1 for full agreement, NaN where everybody always says the same, no matter what the answers are called", () => {
  fc.assert(fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }), { minLength: 3, maxLength: 20 }), (rows) => {
    const alpha = krippendorffAlpha(rows);
    assert.ok(Number.isNaN(alpha) || alpha <= 1 + 1e-12);
    const named = krippendorffAlpha(rows.map((row) => row.map((value) => `answer ${value}`)));
    assert.ok(Object.is(alpha, named) || Math.abs(alpha - named) < 1e-9);
    const agreed = krippendorffAlpha(rows.map(([first = 1]) => [first, first, first]), "interval");
    assert.ok(Number.isNaN(agreed) ? new Set(rows.map(([first]) => first)).size === 1 : Math.abs(agreed - 1) < 1e-12);
  }));
  assert.ok(Number.isNaN(cohenKappa(["yes", "yes"], ["yes", "yes"])) && Number.isNaN(fleissKappa([[3, 0], [3, 0]])) && Number.isNaN(krippendorffAlpha([[1, null], [null, 2]])));
});

test("what cannot be rated is named", () => {
  assert.throws(() => cohenKappa([1], [1, 2]), /1 answers of one rater beside 2/);
  assert.throws(() => cohenKappa([1, 2], [1, 3], { weights: "linear", order: [1, 2] }), /"3" is not in the order 1, 2/);
  assert.throws(() => fleissKappa([[2, 1], [1, 1]]), /item 2 has 2 answers, the first 3: take krippendorffAlpha/);
  assert.throws(() => krippendorffAlpha([["good", "bad"]], "ordinal"), /"good" has no place on the scale "ordinal"/);
});

test("a bootstrap interval holds its estimate, repeats for a seed, and narrows with more items", () => {
  const share = (items: readonly number[]): number => items.reduce((sum, item) => sum + item, 0) / items.length;
  const items = Array.from({ length: 40 }, (_, at) => Number(at % 4 === 0));
  const found = bootstrap(items, share);
  assert.ok(found.low < 0.25 && found.estimate === 0.25 && found.high > 0.25);
  assert.deepEqual(bootstrap(items, share), found);
  const wide = found.high - found.low, more = bootstrap([...items, ...items, ...items, ...items], share);
  assert.ok(more.high - more.low < 0.6 * wide);
});

test("a paired difference: 1,600 people asked twice (A. Agresti, Categorical Data Analysis, 2nd ed., 10.1.1): -0.04, 95 % from -0.06 to -0.02", () => {
  const people = [[794, true, true], [150, true, false], [86, false, true], [570, false, false]] as const;
  const verdicts = (place: 1 | 2) => people.flatMap((line) => Array.from({ length: line[0] }, () => line[place]));
  const { estimate, low, high, onlyFirst, onlySecond } = pairedDifference(verdicts(1), verdicts(2));
  assert.deepEqual([estimate.toFixed(2), low.toFixed(2), high.toFixed(2), onlyFirst, onlySecond], ["-0.04", "-0.06", "-0.02", 150, 86]);
});

test("a limit is shown, failed, or neither", () => {
  const same = Array.from({ length: 400 }, (_, at) => at % 5 > 0);
  assert.equal(judgeInterval(pairedDifference(same, same), -0.02), "shown");
  assert.equal(judgeInterval(pairedDifference(same.slice(0, 20), same.slice(0, 20)), -0.02), "not shown");
  assert.equal(judgeInterval(pairedDifference(same, same.map(() => false)), -0.02), "failed");
  assert.throws(() => pairedDifference([true], []), /1 verdicts beside 0/);
});
