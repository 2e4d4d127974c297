import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { contentHash, jaccard, largestRemainder, shingles, splitDataset, SplitError, type Example } from "llmops/data";
import { random } from "./bench/mixed-rows.ts";

const LEAK = 0.7;

/** Rows in strata, with families of near-duplicates among them. */
function rows(count: number, seed: number, strata = ["create", "update", "complete", "delete", "list"], alike = 0.3): Example[] {
  const next = random(seed);
  const word = (): string => `w${Math.floor(next() * 2000)}`;
  const texts: string[][] = [];
  return Array.from({ length: count }, (_, id) => {
    let words: string[];
    if (texts.length > 0 && next() < alike) {
      words = [...(texts[Math.floor(next() * texts.length)] as string[])];
      for (let changes = 1 + Math.floor(next() * 3); changes > 0; changes--) words[Math.floor(next() * words.length)] = word();
    } else words = Array.from({ length: 25 + Math.floor(next() * 10) }, word);
    texts.push(words);
    return { messages: [{ role: "user", content: words.join(" ") }], extra: { id, operation: strata[Math.floor(next() ** 2 * strata.length)] } };
  });
}

/** Pairs of rows in different splits that are alike, by comparing all. */
function leaks(splits: Record<string, Example[]>, threshold = LEAK): number {
  const sets = Object.entries(splits).flatMap(([name, list]) => list.map((row) => ({ name, set: shingles(row.messages[0]?.content ?? "") })));
  let found = 0;
  sets.forEach((a, i) => sets.slice(i + 1).forEach((b) => { if (a.name !== b.name && jaccard(a.set, b.set) >= threshold) found++; }));
  return found;
}

const sizes = (splits: Record<string, Example[]>): number[] => Object.values(splits).map((list) => list.length);
const byContent = (splits: Record<string, Example[]>): string =>
  Object.entries(splits).flatMap(([name, list]) => list.map((row) => `${contentHash(row).toString("hex")} ${name}`)).sort().join("\n");

describe("largestRemainder", () => {
  it("sums to the total and is within one of the ideal", () => {
    fc.assert(fc.property(fc.nat(10_000), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }), (total, weights) => {
      const shares = largestRemainder(total, weights);
      const sum = weights.reduce((a, b) => a + b, 0);
      assert.equal(shares.reduce((a, b) => a + b, 0), total);
      shares.forEach((share, i) => assert.ok(Math.abs(share - (sum > 0 ? (total * (weights[i] ?? 0)) / sum : total / weights.length)) < 1 + 1e-6));
    }), { numRuns: 1000, seed: 1 });
  });
  it("is exact where the ideal is whole", () => {
    assert.deepEqual(largestRemainder(500, [0.8, 0.1, 0.1]), [400, 50, 50]);
    assert.deepEqual(largestRemainder(30, [0.8, 0.1, 0.1]), [24, 3, 3]);
    assert.deepEqual(largestRemainder(10, [1, 1, 1]), [4, 3, 3]);
  });
});

describe("splitDataset", () => {
  it("gives exact counts, leaves the rest unused, and leaks nothing", () => {
    for (const seed of [1, 2, 3]) {
      const data = rows(600, seed);
      const { splits, unused, strata } = splitDataset(data, { size: { counts: [400, 50, 50] }, stratify: "operation", seed });
      assert.deepEqual(sizes(splits), [400, 50, 50]);
      assert.equal(unused.length, 100);
      assert.equal(leaks(splits), 0);
      for (const { stratum, rows: all, counts } of strata) {
        const ideal = (all * 50) / 600;
        assert.ok(Math.abs((counts[1] ?? 0) - ideal) <= 6, `${stratum}: ${counts[1]} in val, ideal ${ideal}`);
      }
    }
  });
  it("keeps every stratum within a row of its share when no rows are alike", () => {
    const data = rows(1000, 5, ["a", "b", "c", "d"], 0);
    const { splits, strata, imbalances } = splitDataset(data, { stratify: "operation" });
    assert.deepEqual(sizes(splits), [800, 100, 100]);
    for (const { rows: all, counts } of strata) {
      [0.8, 0.1, 0.1].forEach((fraction, split) => assert.ok(Math.abs((counts[split] ?? 0) - all * fraction) <= 1));
    }
    assert.deepEqual(imbalances, []);
  });
  it("holds for any data, sizes and seed: exact totals, no leak, nothing lost or twice", () => {
    fc.assert(fc.property(
      fc.record({ count: fc.integer({ min: 3, max: 160 }), seed: fc.nat(1e6), alike: fc.constantFrom(0, 0.2, 0.5), strata: fc.integer({ min: 1, max: 6 }), train: fc.double({ min: 0.3, max: 0.9, noNaN: true }), asked: fc.double({ min: 0.1, max: 1, noNaN: true }), fractions: fc.boolean() }),
      ({ count, seed, alike, strata, train, asked, fractions }) => {
        const data = rows(count, seed, Array.from({ length: strata }, (_, i) => `s${i}`), alike);
        const rest = (1 - train) / 2;
        const wanted = largestRemainder(Math.floor(count * asked), [train, rest, rest]);
        const size = fractions ? { fractions: [train, rest, rest] } : { counts: wanted };
        let result;
        try {
          result = splitDataset(data, { size, stratify: "operation", seed });
        } catch (error) {
          // Counts that use (almost) every row can be impossible with groups; nothing else may fail.
          assert.ok(error instanceof SplitError && !fractions && asked > 0.6 && alike > 0, String(error));
          return;
        }
        assert.equal(leaks(result.splits), 0);
        const all = [...Object.values(result.indices).flat(), ...result.unused].sort((a, b) => a - b);
        assert.deepEqual(all, data.map((_, i) => i));
        const expected = fractions ? largestRemainder(count, [train, rest, rest]) : wanted;
        if (!result.inexact) assert.deepEqual(sizes(result.splits), expected);
        else assert.ok(fractions && alike > 0);
        if (alike === 0) assert.equal(result.inexact, false);
      }), { numRuns: 300, seed: 4 });
  });
  it("splits the same with the same seed, another way with another", () => {
    const data = rows(300, 6);
    const run = (seed: number): string => byContent(splitDataset(data, { seed, stratify: "operation" }).splits);
    assert.equal(run(1), run(1));
    assert.notEqual(run(1), run(2));
  });
  it("splits the same rows the same way in any order", () => {
    for (const counts of [undefined, [100, 30, 20]]) {
      const data = rows(300, 7);
      const options = { stratify: "operation", seed: 3, ...(counts ? { size: { counts } } : {}) };
      const expected = byContent(splitDataset(data, options).splits);
      const next = random(11);
      for (let round = 0; round < 3; round++) {
        const shuffled = data.map((row) => ({ row, at: next() })).sort((a, b) => a.at - b.at).map(({ row }) => row);
        assert.equal(byContent(splitDataset(shuffled, options).splits), expected);
      }
    }
  });
  it("keeps equal rows together even when they hold no word", () => {
    const data = [...Array.from({ length: 4 }, (): Example => ({ messages: [{ role: "user", content: "?!" }], extra: {} })), ...rows(40, 8, ["x"], 0)];
    const { indices } = splitDataset(data, { size: { fractions: [0.5, 0.5] }, names: ["a", "b"] });
    const where = Object.values(indices).filter((list) => list.some((row) => row < 4));
    assert.equal(where.length, 1);
  });
  it("finds an exact packing where placing groups as they come does not", () => {
    // Groups of 3, 3, 2, 2, 2 into 6 and 6: only 3+3 and 2+2+2 fit.
    const group = (name: string, size: number): Example[] => Array.from({ length: size }, (_, i) => ({
      messages: [{ role: "user", content: `${Array.from({ length: 30 }, (__, w) => `${name}${w}`).join(" ")} ${i}` }], extra: {},
    }));
    const data = [...group("a", 3), ...group("b", 3), ...group("c", 2), ...group("d", 2), ...group("e", 2)];
    for (let seed = 0; seed < 20; seed++) {
      const { splits } = splitDataset(data, { size: { counts: [6, 6] }, names: ["x", "y"], seed });
      assert.deepEqual(sizes(splits), [6, 6]);
      assert.equal(leaks(splits), 0);
    }
    assert.throws(() => splitDataset(data, { size: { counts: [11, 1] }, names: ["x", "y"] }), (error) => error instanceof SplitError && /near-duplicate/.test(error.message));
    const inexact = splitDataset(group("a", 10), { size: { fractions: [0.5, 0.5] }, names: ["x", "y"] });
    assert.equal(inexact.inexact, true);
    assert.deepEqual(sizes(inexact.splits).sort(), [0, 10]);
  });
  it("says what is wrong with what was asked", () => {
    const data = rows(20, 9);
    const asks = (options: Parameters<typeof splitDataset>[1], message: RegExp): void =>
      assert.throws(() => splitDataset(data, options), (error) => error instanceof SplitError && message.test(error.message));
    asks({ size: { counts: [400, 50, 50] } }, /ask for 500 rows.*only 20.*480/);
    asks({ size: { fractions: [0.9, 0.2, 0.1] } }, /sum to 1\.2/);
    asks({ size: { fractions: [-0.1, 0.5, 0.1] } }, /from 0 to 1/);
    asks({ size: { counts: [1.5, 1, 1] } }, /whole number/);
    asks({ size: { counts: [10, 5] } }, /2 sizes for 3 splits/);
    asks({ names: ["a", "a", "b"] }, /same name/);
  });
  it("puts rows without the field into a stratum of their own, and small strata where there is room", () => {
    const data: Example[] = [...rows(50, 10, ["big"], 0), ...rows(2, 11, ["tiny"], 0), { messages: [{ role: "user", content: "no field at all here" }], extra: {} }];
    const { strata } = splitDataset(data, { stratify: "operation" });
    assert.deepEqual(strata.map(({ stratum, rows: all }) => [stratum, all]), [["(none)", 1], ["big", 50], ["tiny", 2]]);
  });
  it("refuses to stratify by an id", () => {
    const data = Array.from({ length: 10_001 }, (_, id): Example => ({ messages: [{ role: "user", content: `x${id}` }], extra: { id } }));
    assert.throws(() => splitDataset(data, { stratify: "id" }), /more than 10000 different values/);
  });
});
