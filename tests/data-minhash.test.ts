import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { dedupFuzzy, jaccard, MinHasher, shingles, type Example } from "llmops/data";
import { MINHASH_WASM } from "../lib/dist/data/dedup/minhash.wasm.js";
import { ParityMaps } from "../lib/dist/data/dedup/parity.js";
import { sortHashes } from "../lib/dist/data/dedup/sort.js";
import { assemble, sourceOf, wasmSources } from "../tools/build-wasm.ts";
import { earlierTwins, judge, lexedWords, shingleSets } from "./bench/brute-force.ts";
import { random } from "./bench/mixed-rows.ts";
import { ROOT } from "./support/scratch.ts";

const of = (text: string): Example => ({ messages: [{ role: "user", content: text }], extra: {} });

/** Numbers at the edges of 32 bits, where signed and unsigned, and overflow, would come apart. */
const hash = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff));

/** A signature by its definition, in whole numbers of any size. */
function slowSignature(set: Uint32Array, numPerm: number, seed: number): number[] {
  // The values of a set of one shingle are those of the permutations; two such sets give factor and offset.
  const at = (shingle: number): bigint[] => [...new MinHasher({ numPerm, seed, kernel: "js" }).signature(Uint32Array.of(shingle))].map(BigInt);
  const [offsets, ones] = [at(0), at(1)];
  return offsets.map((offset, k) => {
    const factor = (ones[k] as bigint) - offset;
    return [...set].reduce((least, shingle) => Math.min(least, Number(BigInt.asIntN(32, BigInt(shingle) * factor + offset))), 0x7fffffff);
  });
}

describe("MinHash kernels", () => {
  it("WebAssembly and JavaScript give the same bits, those of the definition, for any set", () => {
    fc.assert(fc.property(
      fc.oneof(fc.array(hash, { maxLength: 40 }), fc.array(hash, { minLength: 200, maxLength: 300 })),
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(63, 64, 65, 127, 128, 129, 256)),
      fc.integer({ min: 0, max: 0xffffffff }),
      (list, numPerm, seed) => {
        const set = Uint32Array.from(list);
        const wasm = new MinHasher({ numPerm, seed, kernel: "wasm" }).signature(set);
        const js = new MinHasher({ numPerm, seed, kernel: "js" }).signature(set);
        assert.deepEqual(wasm, js);
        if (list.length <= 40 && numPerm <= 40) assert.deepEqual([...js], slowSignature(set, numPerm, seed));
      },
    ), { numRuns: 800, seed: 63 });
  });
  it("agree on sets longer than the kernel takes at a time, and when one hasher signs sets of every length", () => {
    const next = random(5);
    const wasm = new MinHasher({ kernel: "wasm" });
    const js = new MinHasher({ kernel: "js" });
    for (const length of [4095, 0, 4096, 4097, 1, 20_000, 8192, 3, 16]) {
      const set = Uint32Array.from({ length }, () => Math.floor(next() * 2 ** 32));
      assert.deepEqual(wasm.signature(set), js.signature(set), `${length} shingles`);
    }
    const many = Uint32Array.from({ length: 500 }, () => Math.floor(next() * 2 ** 32));
    assert.deepEqual(new MinHasher({ numPerm: 5000, kernel: "wasm" }).signature(many), new MinHasher({ numPerm: 5000, kernel: "js" }).signature(many));
  });
  it("keep one hasher's signatures apart from another's", () => {
    const [a, b] = [new MinHasher({ seed: 1, kernel: "wasm" }), new MinHasher({ seed: 2, kernel: "wasm" })];
    const set = shingles("create a task to call the bank on monday morning");
    const first = a.signature(set);
    b.signature(shingles("delete every task of last week at once please"));
    assert.deepEqual(a.signature(set), first);
    assert.notDeepEqual(b.signature(set), first);
  });
  it("are chosen by the environment, and without WebAssembly there is still JavaScript", () => {
    const code = 'const { MinHasher } = require("llmops/data"); const h = new MinHasher(); console.log(h.kernel, [...h.signature(Uint32Array.of(1, 2, 3))].slice(0, 3).join())';
    const run = (env: Record<string, string>, ...flags: string[]) => spawnSync(process.execPath, [...flags, "-e", code], { cwd: ROOT, encoding: "utf8", env: { ...process.env, ...env } });
    const plain = run({ LLMOPS_MINHASH: "" });
    const forced = run({ LLMOPS_MINHASH: "js" });
    const jitless = run({}, "--jitless");
    assert.match(plain.stdout, /^wasm /);
    assert.match(forced.stdout, /^js /);
    assert.match(jitless.stdout, /^js /, jitless.stderr);
    assert.equal(new Set([plain, forced, jitless].map(({ stdout }) => stdout.split(" ")[1])).size, 1);
    assert.match(run({ LLMOPS_MINHASH: "gpu" }).stderr, /unknown MinHash kernel "gpu": use wasm or js/);
  });
  it("are the bytes that their source gives", async () => {
    const sources = wasmSources();
    assert.ok(sources.length > 0);
    for (const { source, target } of sources) {
      const bytes = await assemble(source);
      assert.equal(readFileSync(target, "utf8"), sourceOf(source, bytes), "run npm run build:wasm");
    }
    assert.deepEqual(new Uint8Array(MINHASH_WASM), new Uint8Array(await assemble(join(ROOT, "lib/src/data/dedup/minhash.wat"))));
  });
});

describe("shingles", () => {
  it("of a text do not depend on whether the rest of it is ASCII", () => {
    // The second text takes the path for any script; its last word is alone in the shingles that hold it.
    const part = fc.stringMatching(/^[ -~\n\t]{0,60}$/);
    fc.assert(fc.property(part, (text) => {
      const ascii = shingles(`${text} end`, 1);
      const mixed = shingles(`${text} end é`, 1);
      assert.deepEqual([...ascii].filter((value) => !mixed.includes(value)), [], JSON.stringify(text));
      assert.ok(mixed.length === ascii.length + 1);
    }), { numRuns: 3000, seed: 1 });
  });
  it("are those of the definition by regular expressions, in any script", () => {
    const word = fc.constantFrom("task", "Due-Date", "5-3", "a-1", "-", "+", "ärger", "创建任务", "İstanbul", "x_1", "don't", "👍", "…", "ไทย", "ﬁn", "\u212a");
    const text = fc.array(fc.tuple(word, fc.constantFrom(" ", ", ", "\n", ""))).map((parts) => parts.map(([w, gap]) => w + gap).join(""));
    fc.assert(fc.property(text, text, (a, b) => {
      const [x, y] = shingleSets([a, b], lexedWords, 3) as [Uint32Array, Uint32Array];
      assert.equal(shingles(a).length, x.length, JSON.stringify(a));
      assert.ok(Math.abs(jaccard(shingles(a), shingles(b)) - jaccard(x, y)) < 1e-12, JSON.stringify([a, b]));
    }), { numRuns: 1500, seed: 2 });
  });
  it("are sorted right whatever the numbers", () => {
    const skewed = fc.oneof(hash, fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0xfff00000, max: 0xffffffff }));
    fc.assert(fc.property(fc.array(skewed, { maxLength: 400 }), fc.nat(8), (list, spare) => {
      const values = Uint32Array.from([...list, ...Array.from({ length: spare }, () => 7)]);
      sortHashes(values, list.length);
      assert.deepEqual([...values.subarray(0, list.length)], [...Uint32Array.from(list).sort()]);
      assert.deepEqual([...values.subarray(list.length)], Array.from({ length: spare }, () => 7));
    }), { numRuns: 1500, seed: 3 });
    for (const length of [4095, 4096, 4097, 10_000]) {
      const next = random(length);
      const values = Uint32Array.from({ length }, () => Math.floor(next() * 2 ** 32));
      const expected = values.slice().sort();
      sortHashes(values, length);
      assert.deepEqual(values, expected);
    }
  });
  it("of a text of megabytes are right, and so are those of the next text", () => {
    const long = "alpha beta gamma delta ".repeat(100_000);
    assert.equal(shingles(long).length, 4);
    assert.equal(shingles("alpha beta gamma delta").length, 2);
    assert.equal(shingles(`${"é ".repeat(700_000)}end`).length, 2);
  });
});

describe("parity maps", () => {
  it("never say that two sets differ in more than they do", () => {
    const set = fc.uniqueArray(fc.oneof(hash, fc.integer({ min: 0, max: 300 })), { maxLength: 120 });
    fc.assert(fc.property(set, set, set, (common, a, b) => {
      const [x, y] = [new Set([...common, ...a]), new Set([...common, ...b])];
      const maps = new ParityMaps(2);
      maps.set(1, Uint32Array.from([5, 6, 7]));
      [x, y].forEach((values, row) => maps.set(row, Uint32Array.from(values)));
      assert.ok(maps.difference(0, 1) <= x.symmetricDifference(y).size);
      assert.equal(maps.difference(0, 1), maps.difference(1, 0));
      assert.equal(maps.difference(0, 0), 0);
    }), { numRuns: 1000, seed: 4 });
    const next = random(9);
    const maps = new ParityMaps(2);
    for (const row of [0, 1]) maps.set(row, Uint32Array.from({ length: 135 }, () => Math.floor(next() * 2 ** 32)));
    assert.ok(maps.difference(0, 1) > 80, "two sets of 135 that share nothing are told apart");
  });
});

describe("planted near-duplicates", () => {
  const vocabulary = Array.from({ length: 900 }, (_, i) => `word${i}`);
  /** Texts, a third of them copies of an earlier one with up to eight words changed. */
  function planted(count: number, seed: number): string[] {
    const next = random(seed);
    const word = (): string => vocabulary[Math.floor(next() * vocabulary.length)] as string;
    const texts: string[][] = [];
    while (texts.length < count) {
      const words = texts.length > 0 && next() < 0.34 ? [...(texts[Math.floor(next() * texts.length)] as string[])] : Array.from({ length: 50 + Math.floor(next() * 100) }, word);
      for (let change = Math.floor(next() * 9); change > 0; change--) words[Math.floor(next() * words.length)] = word();
      texts.push(words);
    }
    return texts.map((words) => words.join(" "));
  }

  it("go and nothing else does, by brute force, whichever kernel finds them", () => {
    let [removed, recalled] = [0, 0];
    const seeds = [11, 12, 13];
    for (const seed of seeds) {
      const texts = planted(900, seed);
      const rows = texts.map(of);
      const [wasm, js] = (["wasm", "js"] as const).map((kernel) => dedupFuzzy(rows, { kernel, seed }));
      assert.deepEqual(wasm, js);
      const kept = (wasm as NonNullable<typeof wasm>).kept.map((row) => rows.indexOf(row));
      const { removed: gone, precision, recall } = judge(kept, earlierTwins(shingleSets(texts, lexedWords, 3), 0.8));
      assert.equal(precision, 1);
      removed += gone;
      recalled += recall;
    }
    assert.ok(removed > 200, `${removed} removed`);
    assert.ok(recalled / seeds.length >= 0.99, `recall ${recalled / seeds.length}`);
  });
  it("of one row, hundreds of them, go in either order of comparison", () => {
    // More than a group whose every pair is compared: the kept rows are then found by their prefixes.
    const base = Array.from({ length: 60 }, (_, i) => `part${i}`);
    const texts = Array.from({ length: 300 }, (_, i) => base.map((word, at) => ((i + at * 7) % 60 < i % 9 ? `${word}x${i % 31}` : word)).join(" "));
    const rows = texts.map(of);
    const { kept, removed } = dedupFuzzy(rows);
    const twins = earlierTwins(shingleSets(texts, lexedWords, 3), 0.8);
    assert.equal(judge(kept.map((row) => rows.indexOf(row)), twins).precision, 1);
    for (const { index, duplicateOf } of removed) assert.ok(twins[index]?.includes(duplicateOf));
    assert.ok(removed.length > 100 && kept.length > 1, `${removed.length} removed`);
  });
});
