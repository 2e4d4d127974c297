import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { buildDataset, openRows, openTokenizer, Pseudonyms, readJsonl, type BuildOptions, type Example, type PiiModel } from "llmops/data";
import { writeMixedRows } from "./bench/mixed-rows.ts";

const TINY = resolve(import.meta.dirname, "fixtures/tiny-tokenizer");
let home = "";
let input = "";
before(async () => {
  home = mkdtempSync(join(tmpdir(), "llmops-workers-"));
  input = join(home, "in.jsonl");
  await writeMixedRows(input, 800, 5);
  // What tries a reader: bytes that are no UTF-8, a row over two chunks, Windows line ends, blank lines, no line end at the end.
  appendFileSync(input, Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]));
  appendFileSync(input, `${JSON.stringify({ instruction: "long", output: "word ".repeat(60_000) })}\r\n\r\n\n`);
  appendFileSync(input, JSON.stringify({ instruction: "mail ann@example.org", output: "Done.", big: 1 }).replace("1}", "12345678901234567890}"));
});
after(() => rmSync(home, { recursive: true, force: true }));

/** The workers that were started since the test began, and those that have ended. */
const started: Worker[] = [];
let ended = 0;
let onStart: ((worker: Worker) => void) | undefined;
const watch = (message: unknown): void => {
  const { worker } = message as { worker: Worker };
  started.push(worker);
  worker.once("exit", () => { ended++; });
  onStart?.(worker);
};
beforeEach(() => {
  started.length = 0;
  ended = 0;
  onStart = undefined;
  subscribe("worker_threads", watch);
});
afterEach(() => {
  unsubscribe("worker_threads", watch);
  assert.equal(ended, started.length, "no worker outlives its build");
});

const fresh = (): string => join(mkdtempSync(join(home, "out-")), "out");
const contents = (out: string): Record<string, string> =>
  Object.fromEntries(readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name)).sort()
    .map((path) => [path.slice(out.length + 1), createHash("sha256").update(readFileSync(path)).digest("hex")]));

/** Builds once in this thread and once with each number of workers; the datasets must be the same, byte by byte. */
async function sameWithWorkers(options: Omit<BuildOptions, "out" | "workers">, numbers: readonly number[]): Promise<string> {
  const alone = fresh();
  await buildDataset({ ...options, out: alone, workers: 0 });
  assert.equal(started.length, 0);
  for (const workers of numbers) {
    const out = fresh();
    const earlier: number = started.length;
    await buildDataset({ ...options, out, workers });
    assert.equal(started.length - earlier, workers);
    assert.deepEqual(contents(out), contents(alone), `${workers} workers`);
  }
  return alone;
}

describe("a build with workers", () => {
  it("makes the same bytes as one without, whatever their number", async () => {
    await sameWithWorkers({ sources: [input], stratify: "operation", maxTokens: 1000 }, [1, 3]);
  });
  it("counts tokens in a thread of its own where rows are too few for a worker, to the same bytes", async () => {
    const some = join(home, "some.jsonl");
    await writeMixedRows(some, 16_000, 6);
    const alone = await sameWithWorkers({ sources: [some], minTokens: 100, maxTokens: 108 }, []);
    const out = fresh();
    const { report } = await buildDataset({ sources: [some], minTokens: 100, maxTokens: 108, out });
    assert.equal(started.length, 1, "one thread, which counts");
    assert.deepEqual(contents(out), contents(alone));
    assert.ok(report.pii.rows > 100 && (report.steps.find(({ step }) => step === "length")?.rejected ?? 0) > 100, "rows that were masked, and some too short or too long");
  });
  it("reads compressed lines, CSV and JSON arrays to the same result", async () => {
    const folder = mkdtempSync(join(home, "mixed-"));
    const lines = readFileSync(input, "utf8").split("\n").slice(0, 400);
    writeFileSync(join(folder, "a.jsonl.gz"), gzipSync(`\uFEFF${lines.join("\n")}`));
    writeFileSync(join(folder, "b.csv"), "instruction,output\nAdd milk,Done\nCall ann@example.org,\"Done, called\"\n");
    writeFileSync(join(folder, "c.json"), JSON.stringify([{ instruction: "Add bread", output: "Done" }, { instruction: 5 }]));
    await sameWithWorkers({ sources: [folder], lineage: true }, [2]);
  });
  it("counts by a local tokenizer, and rejects what its template refuses", async () => {
    const folder = mkdtempSync(join(home, "template-"));
    const own = join(folder, "own-tokenizer");
    cpSync(TINY, own, { recursive: true });
    writeFileSync(join(own, "chat_template.jinja"), "{% if messages[0].content == 'no' %}{{ raise_exception('this template takes no no') }}{% endif %}" + readFileSync(join(TINY, "chat_template.jinja"), "utf8"));
    const talk = (first: string): object => ({ messages: [{ role: "user", content: first }, { role: "assistant", content: `Done ${first}.` }] });
    const file = join(folder, "in.jsonl");
    writeFileSync(file, [talk("Add milk"), talk("no"), talk("Close the report of Monday")].map((row) => JSON.stringify(row)).join("\n"));
    const out = await sameWithWorkers({ sources: [file], tokenizer: { folder: own }, fuzzy: false, split: { fractions: [1] }, splitNames: ["train"] }, [1]);
    const report = JSON.parse(readFileSync(join(out, "data_report.json"), "utf8")) as { tokens: { encoding: string; total: number } };
    const tokenizer = await openTokenizer({ folder: own });
    const kept = readFileSync(join(out, "train.jsonl"), "utf8").trim().split("\n").map((line) => ({ ...(JSON.parse(line) as Example), extra: {} }));
    assert.equal(kept.length, 2);
    assert.equal(report.tokens.encoding, "own-tokenizer");
    assert.equal(report.tokens.total, kept.reduce((sum, example) => sum + tokenizer.countExample(example), 0));
    const rejected = JSON.parse(readFileSync(join(out, "rejected.jsonl"), "utf8")) as { step: string; code: string; reason: string; line: number };
    assert.deepEqual([rejected.step, rejected.code, rejected.line], ["length", "template-refuses", 2]);
    assert.match(rejected.reason, /own-tokenizer refuses the conversation: .*takes no no/);
  });
  for (const [kind, piiSalt] of [["text", "a salt of this test, long enough"], ["bytes", new Uint8Array(16).fill(7)]] as const) {
    it(`hashes, masks and drops personal data by kind, with a salt of ${kind} and a model beside the rules, to the same bytes`, async () => {
      const folder = mkdtempSync(join(home, "pii-"));
      const file = join(folder, "in.jsonl");
      const talk = (content: string, at: number): string => JSON.stringify({ messages: [{ role: "user", content }, { role: "assistant", content: `Noted, task ${at} stands.` }] });
      const texts = Array.from({ length: 300 }, (_, at) => [`mail u${at % 7}@b.io about fence ${at}`, `SSN 123-45-6789 for form ${at}`, `ask Grace about door ${at}`, `call 415-555-2671 about roof ${at}`][at % 4] ?? "");
      writeFileSync(file, texts.map(talk).join("\n"));
      const piiModel: PiiModel = {
        name: "names",
        find: (text) => Promise.resolve([...text.matchAll(/Grace/g)].map((match) => ({ kind: "person" as const, start: match.index, end: match.index + 5, text: "Grace" }))),
      };
      const out = await sameWithWorkers({
        sources: [file], fuzzy: false, split: { fractions: [1] }, splitNames: ["train"], piiSalt, piiModel, lineage: true,
        piiKinds: { email: "hash", ssn: "drop", person: "hash", phone: "mask" },
      }, [1, 2]);
      const train = readFileSync(join(out, "train.jsonl"), "utf8");
      const pseudonyms = new Pseudonyms(piiSalt);
      for (const [written, times] of [[pseudonyms.of("email", "u0@b.io"), 11], [pseudonyms.of("person", "Grace"), 75], ["[PHONE]", 75], ["SSN", 0]] as const) {
        assert.equal(train.split(written).length - 1, times, written);
      }
      const masked = readFileSync(join(out, "lineage.jsonl"), "utf8").trim().split("\n").map((line) => (JSON.parse(line) as { masked?: object }).masked);
      assert.deepEqual(masked.slice(0, 3), [{ email: 1 }, { person: 1 }, { phone: 1 }]);
      assert.equal(masked.length, 225);
      const { pii } = JSON.parse(readFileSync(join(out, "data_report.json"), "utf8")) as { pii: { rows: number; kinds: object } };
      assert.deepEqual([pii.rows, pii.kinds], [300, { email: 75, ssn: 75, person: 75, phone: 75 }]);
    });
  }
  it("asks a filter about rows as they are written: masked", async () => {
    const seen: string[] = [];
    await buildDataset({
      sources: [input], out: fresh(), workers: 1,
      filter: { name: "look", test: ({ messages }) => { seen.push(...messages.map(({ content }) => content ?? "")); return true; } },
    });
    assert.ok(seen.some((text) => text.includes("[EMAIL]")));
    assert.ok(!seen.some((text) => text.includes("@example.org")));
  });
  it("starts none for few megabytes unless it is told to, and one for each 32 MiB on a machine with the cores", async () => {
    await buildDataset({ sources: [input], out: fresh() });
    assert.equal(started.length, 0);
    const large = join(home, "large.jsonl");
    cpSync(input, large);
    const blank = `\n${" ".repeat(1 << 20)}`;
    for (let mebibyte = 0; mebibyte < 32; mebibyte++) appendFileSync(large, blank);
    await buildDataset({ sources: [large], out: fresh() });
    assert.equal(started.length, 1);
  });
  it("refuses a number of workers that makes no sense, and two things to count by", async () => {
    for (const workers of [-1, 1.5, 1000]) await assert.rejects(buildDataset({ sources: [input], out: fresh(), workers }), /workers must be a whole number from 0 to 256/);
    await assert.rejects(buildDataset({ sources: [input], out: fresh(), encoding: "cl100k_base", tokenizer: { folder: TINY } }), /name one of them/);
  });
});

describe("a build whose workers are stopped", () => {
  it("by an abort ends at once, and goes on to the same bytes", async () => {
    const reference = await sameWithWorkers({ sources: [input] }, []);
    for (const stage of ["read", "clean"] as const) {
      const out = fresh();
      const stop = new AbortController();
      await assert.rejects(
        buildDataset({ sources: [input], out, workers: 2, signal: stop.signal, onProgress: (progress) => { if (progress.stage === stage) stop.abort(); } }),
        (error) => error instanceof Error && error.name === "AbortError");
      assert.equal(existsSync(out), false);
      assert.equal(ended, started.length, `${stage}: the workers end with the build`);
      const { resumed } = await buildDataset({ sources: [input], out, workers: 1 });
      assert.equal(resumed, true);
      assert.deepEqual(contents(out), contents(reference));
    }
  });
  it("because one ended says so, publishes nothing, and can be started again", async () => {
    const out = fresh();
    onStart = (worker) => void once(worker, "online").then(() => worker.terminate());
    await assert.rejects(buildDataset({ sources: [input], out, workers: 1 }), /a worker thread of the build ended with code 1; start it again, with --workers 0/);
    assert.equal(existsSync(out), false);
    onStart = undefined;
    await buildDataset({ sources: [input], out, workers: 1 });
    assert.ok(existsSync(out));
  });
  it("because a job failed there throws its error", async () => {
    const folder = join(mkdtempSync(join(home, "gone-")), "tokenizer");
    cpSync(TINY, folder, { recursive: true });
    // The worker opens the tokenizer when it begins, and finds none.
    onStart = () => { rmSync(folder, { recursive: true, force: true }); };
    await assert.rejects(buildDataset({ sources: [input], out: fresh(), workers: 1, tokenizer: { folder } }), /tokenizer\.json: no such file; name a folder/);
  });
});

describe("lines that are cut for workers", () => {
  it("are the lines that a reader reads", async () => {
    const file = join(home, "cut.jsonl");
    const line = fc.oneof(
      fc.json().map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom("", "\r", " ", "{}", "{\"a\": 1}\r", "\uFEFF{}").map((text) => Buffer.from(text)),
      fc.integer({ min: 100_000, max: 400_000 }).map((length) => Buffer.from(JSON.stringify({ text: "x".repeat(length) }))),
    );
    await fc.assert(fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.boolean(), async (lines, last) => {
      writeFileSync(file, Buffer.concat(lines.flatMap((bytes, at) => (at === lines.length - 1 && !last ? [bytes] : [bytes, Buffer.from("\n")]))));
      const { batches } = await openRows(file);
      const expected: unknown[] = [];
      for await (const items of batches) expected.push(...items);
      const { regions } = await openRows(file);
      const found: unknown[] = [];
      for await (const part of regions ?? []) {
        if (Array.isArray(part)) found.push(...part);
        else {
          const bytes = Buffer.from(part.bytes);
          // A reader of a stream drops what stands before its offset.
          const stream = async function* (): AsyncGenerator<Buffer> { yield Buffer.alloc(part.offset); yield bytes; };
          for await (const items of readJsonl(stream(), { startLine: part.line, startOffset: part.offset, name: file })) found.push(...items);
        }
      }
      if (regions) assert.deepEqual(found, expected);
    }), { numRuns: 40 });
  });
});
