import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import {
  dedupExact, dedupFuzzy, estimateJaccard, jaccard, MinHasher, planBands, shingles, type Example,
} from "llmops/data";
import { random } from "./bench/mixed-rows.ts";

const example = (user: string, assistant = "Done.", extra: Record<string, unknown> = {}): Example => ({
  messages: [{ role: "user", content: user }, { role: "assistant", content: assistant }], extra,
});
const of = (text: string): Example => ({ messages: [{ role: "user", content: text }], extra: {} });

const sets = new Map<string, Set<string>>();

/** The word 3-shingles of a text by their definition, as strings. */
function slowShingles(text: string): Set<string> {
  const known = sets.get(text);
  if (known) return known;
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const width = Math.min(3, words.length);
  const made = new Set(words.length === 0 ? [] : words.slice(0, words.length - width + 1).map((_, i) => words.slice(i, i + width).join(" ")));
  sets.set(text, made);
  return made;
}

/** The Jaccard similarity by its definition: the oracle. */
function slowJaccard(a: string, b: string): number {
  const [x, y] = [slowShingles(a), slowShingles(b)];
  let shared = 0;
  for (const shingle of x) if (y.has(shingle)) shared++;
  return x.size === 0 || y.size === 0 ? 0 : shared / (x.size + y.size - shared);
}

/** Texts in families: each member differs from its parent by a few words. */
function families(count: number, seed: number, length = 40): string[] {
  const next = random(seed);
  const word = (): string => `w${Math.floor(next() * 3000)}`;
  const texts: string[][] = [];
  for (let i = 0; i < count; i++) {
    if (texts.length === 0 || next() < 0.4) texts.push(Array.from({ length: length + Math.floor(next() * 20) }, word));
    else {
      const copy = [...(texts[Math.floor(next() * texts.length)] as string[])];
      for (let changes = Math.floor(next() * 5); changes >= 0; changes--) copy[Math.floor(next() * copy.length)] = word();
      texts.push(copy);
    }
  }
  return texts.map((words) => words.join(" "));
}

test("a shingle has a whole number of words, from one up", () => {
  for (const size of [0, -1, 1.5, NaN]) assert.throws(() => shingles("one two three", size), /a shingle must have a whole number of words from 1 up/);
  assert.equal(shingles("one two three", 1).length, 3);
});

describe("dedupExact", () => {
  it("removes equal content whatever the key order and extra fields, and keeps the first", () => {
    const reordered = { extra: { id: 2 }, messages: [{ content: "a", role: "user" as const }, { content: "b", role: "assistant" as const }] };
    const { kept, removed } = dedupExact([example("a", "b", { id: 1 }), example("c", "d"), reordered, example("a", "c")]);
    assert.deepEqual(kept.map((row) => row.extra["id"]), [1, undefined, undefined]);
    assert.deepEqual(removed, [{ index: 2, duplicateOf: 0 }]);
  });
  it("is right on many rows, across the growth of its table", () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => example(`question ${i % 7_000}`));
    const { kept, removed } = dedupExact(rows);
    assert.equal(kept.length, 7_000);
    for (const { index, duplicateOf } of removed) assert.equal(duplicateOf, index % 7_000);
  });
});

describe("labels of unpaired preference", () => {
  const labelled = (answer: string, label: boolean): Example => ({ ...example("Add a task", answer), label });
  it("an answer both wanted and unwanted leaves with every row of it, whatever their number and order", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean()), { maxLength: 12 }), (rows) => {
      const { kept, removed, contradictory } = dedupExact(rows.map(([answer, label]) => labelled(answer, label)));
      assert.ok(kept.length + removed.length + contradictory.length === rows.length);
      const torn = (answer: string): boolean => new Set(rows.filter(([other]) => other === answer).map(([, label]) => label)).size === 2;
      assert.deepEqual(kept.map(({ messages }) => messages[1]?.content), [...new Set(rows.map(([answer]) => answer))].filter((answer) => !torn(answer)));
      for (const { index, with: other } of contradictory) {
        assert.equal(rows[index]?.[0], rows[other]?.[0]);
        assert.notEqual(rows[index]?.[1], rows[other]?.[1]);
      }
    }), { numRuns: 300, seed: 4 });
  });
  it("near-copies are duplicates only of rows with the same label", () => {
    const words = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
    const { kept, removed } = dedupFuzzy([labelled(`${words} a`, true), labelled(`${words} b`, false), labelled(`${words} c`, true), labelled(`${words} d`, false)]);
    assert.deepEqual(kept.map(({ label }) => label), [true, false]);
    assert.deepEqual(removed.map(({ index, duplicateOf }) => [index, duplicateOf]), [[2, 0], [3, 1]]);
  });
});

describe("shingles", () => {
  it("agree with the definition on strings", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 14 }), fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 14 }), (x, y) => {
      const [a, b] = [x.join(" "), y.join(" ")];
      assert.ok(Math.abs(jaccard(shingles(a), shingles(b)) - slowJaccard(a, b)) < 1e-12, `${a} | ${b}`);
    }), { numRuns: 3000, seed: 1 });
  });
  it("take no notice of case and punctuation, but of operators and digits", () => {
    const same = (a: string, b: string): boolean => jaccard(shingles(a), shingles(b)) === 1;
    assert.ok(same("Hello, world! How are you?", "hello world how are you"));
    assert.ok(same("the due-date is set", "the due date is set"));
    assert.ok(!same("what is 5 + 3", "what is 5 - 3"));
    assert.ok(!same("what is 5-3", "what is 5*3"));
    assert.ok(!same("a < b and c", "a > b and c"));
    assert.ok(!same("创建一个新的任务", "删除一个新的任务"));
    assert.ok(jaccard(shingles("创建一个新的任务今天"), shingles("删除一个新的任务今天")) > 0.5);
  });
  it("of a text shorter than a shingle equal only the same words; of no words, nothing", () => {
    assert.equal(jaccard(shingles("hi there"), shingles("Hi there!")), 1);
    assert.equal(jaccard(shingles("hi there"), shingles("there hi")), 0);
    assert.equal(shingles("?!…").length, 0);
    assert.equal(dedupFuzzy([of("..."), of("!!!"), of("yes"), of("Yes!"), of("no")]).kept.length, 4);
  });
});

describe("MinHash", () => {
  it("estimates the Jaccard similarity without bias", () => {
    const hasher = new MinHasher({ numPerm: 128, seed: 7 });
    const next = random(3);
    let error = 0;
    let squares = 0;
    const pairs = 400;
    for (let pair = 0; pair < pairs; pair++) {
      const share = next();
      const a = Array.from({ length: 120 }, () => Math.floor(next() * 2 ** 32));
      const b = a.map((value) => (next() < share ? value : Math.floor(next() * 2 ** 32)));
      const [x, y] = [Uint32Array.from(a).sort(), Uint32Array.from(b).sort()];
      const off = estimateJaccard(hasher.signature(x), hasher.signature(y)) - jaccard(x, y);
      error += off;
      squares += off * off;
    }
    assert.ok(Math.abs(error / pairs) < 0.01, `bias ${error / pairs}`);
    // The standard error is at most 0.5 / √128 = 0.044.
    assert.ok(Math.sqrt(squares / pairs) < 0.05, `error ${Math.sqrt(squares / pairs)}`);
  });
  it("plans bands for a recall of 0.99 at the threshold", () => {
    assert.deepEqual({ ...planBands(0.8), recall: 0 }, { bands: 21, rows: 6, recall: 0 });
    for (const threshold of [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]) {
      const { bands, rows, recall } = planBands(threshold);
      assert.ok(bands * rows <= 128);
      assert.ok(recall >= 0.99, `${threshold}: ${recall}`);
      assert.ok(Math.abs(recall - (1 - (1 - threshold ** rows) ** bands)) < 1e-12);
    }
    for (const threshold of [0, -1, 1.1, NaN]) assert.throws(() => planBands(threshold), RangeError);
  });
});

describe("dedupFuzzy", () => {
  it("removes near-duplicates and reports clusters", () => {
    const base = "please create a task to review the quarterly budget with the finance team before friday noon and invite the whole group to the meeting room upstairs";
    const rows = [of("list all of my open tasks for this week and sort them by priority and date"), of(base), of(`${base} now`), of("delete the task about the old printer in the hall"), of(base.replace("friday", "monday"))];
    const { kept, removed, clusters } = dedupFuzzy(rows, { threshold: 0.7 });
    assert.deepEqual(kept, [rows[0], rows[1], rows[3]]);
    assert.deepEqual(removed.map(({ index, duplicateOf }) => [index, duplicateOf]), [[2, 1], [4, 1]]);
    assert.deepEqual(clusters, [{ id: 1, kept: 1, members: [1, 2, 4] }]);
    assert.equal(dedupFuzzy(rows, { threshold: 0.7, keep: "longest" }).kept[1], rows[2]);
  });
  it("is exact in what it removes and finds at least 99% of the pairs, against brute force", () => {
    let pairs = 0;
    let found = 0;
    for (const seed of [1, 2, 3, 4]) {
      const texts = families(500, seed);
      const threshold = 0.8;
      const { removed, clusters } = dedupFuzzy(texts.map(of), { threshold, seed });
      for (const { index, duplicateOf, similarity } of removed) {
        const exact = slowJaccard(texts[index] as string, texts[duplicateOf] as string);
        assert.ok(exact >= threshold - 1e-9 && Math.abs(exact - similarity) < 1e-6, `${exact} reported as ${similarity}`);
      }
      const gone = new Set(removed.map(({ index }) => index));
      for (const { duplicateOf } of removed) assert.ok(!gone.has(duplicateOf), "the row kept in its place is kept");
      assert.equal(clusters.reduce((sum, { members }) => sum + members.length - 1, 0), removed.length);
      // Recall: of all pairs at least as similar as the threshold, those of which one row is gone.
      for (let a = 0; a < texts.length; a++) {
        for (let b = a + 1; b < texts.length; b++) {
          if (slowJaccard(texts[a] as string, texts[b] as string) < threshold) continue;
          pairs++;
          if (gone.has(a) || gone.has(b)) found++;
        }
      }
    }
    assert.ok(pairs > 300, `${pairs} pairs`);
    assert.ok(found / pairs >= 0.99, `recall ${found / pairs} of ${pairs}`);
  });
  it("does not remove rows through a chain of small steps", () => {
    const words = Array.from({ length: 60 }, (_, i) => `w${i}`);
    const chain = Array.from({ length: 30 }, (_, step) => words.map((word, i) => (i < step * 2 ? `x${i}` : word)).join(" "));
    const { kept, removed } = dedupFuzzy(chain.map(of), { threshold: 0.8 });
    assert.ok(kept.length > 5, `${kept.length} kept`);
    for (const { index, duplicateOf } of removed) assert.ok(slowJaccard(chain[index] as string, chain[duplicateOf] as string) >= 0.8);
  });
  it("does not take a shared system prompt for likeness", () => {
    const system = "you are the assistant of a task manager and you follow these rules ".repeat(10);
    const rows = ["create a task for the review", "show everything that is overdue"].map((text): Example => ({
      messages: [{ role: "system", content: system }, { role: "user", content: text }], extra: {},
    }));
    assert.equal(dedupFuzzy(rows).kept.length, 2);
  });
  it("compares the first user turn, or what a function gives, when asked to", () => {
    const rows = [example("one and the same question of the user", "this is the first of the answers"), example("one and the same question of the user", "and here a wholly different reply")];
    assert.equal(dedupFuzzy(rows).kept.length, 2);
    assert.equal(dedupFuzzy(rows, { scope: "first-user" }).kept.length, 1);
    assert.equal(dedupFuzzy(rows, { scope: (row) => row.messages[0]?.content ?? "" }).kept.length, 1);
  });
  it("takes many copies of one row in its stride", () => {
    const base = families(1, 9, 150)[0] as string;
    const rows = Array.from({ length: 5_000 }, (_, i) => of(`${base} number ${i}`));
    const began = performance.now();
    assert.equal(dedupFuzzy(rows).kept.length, 1);
    assert.ok(performance.now() - began < 30_000);
  });
});
