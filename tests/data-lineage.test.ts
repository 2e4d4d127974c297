/** Where rows came from: from a split's line back to the source, the steps, and the teacher's answer. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { buildDataset, publishVersion, traceRow } from "llmops/data";
import { generateConversations, openTeacher, toJsonLines } from "llmops/teacher";
import { writeMixedRows } from "./bench/mixed-rows.ts";
import { llmops, row, rows, type Row } from "./fixtures/datasets.ts";
import { scratch } from "./support/scratch.ts";

describe("lineage", () => {
  const raw = [
    JSON.stringify(row(1)), "{broken", JSON.stringify({ ...row(2), messages: [{ role: "user", content: "mail bob@example.org  about the \u200bgarden party plan" }, { role: "assistant", content: "sent the letter to the forest market " }] }),
    "", JSON.stringify({ ...row(3), id: "chatcmpl-sim-0a1b/4" }), ...rows(4, 30).map((held) => JSON.stringify(held)),
  ];
  async function built(context: TestContext): Promise<{ folder: string; out: string; source: string }> {
    const folder = scratch(context);
    const source = join(folder, "raw.jsonl");
    writeFileSync(source, raw.join("\n"));
    const { out } = await buildDataset({ sources: [source], out: join(folder, "out"), lineage: true });
    return { folder, out, source };
  }
  const find = (out: string, text: string): [string, number] => {
    for (const split of ["train", "val", "test"]) {
      const at = readFileSync(join(out, `${split}.jsonl`), "utf8").split("\n").findIndex((line) => line.includes(text));
      if (at >= 0) return [split, at + 1];
    }
    throw new Error(`${text} is in no split`);
  };

  test("leads from every row to the line it came from, with what was changed on the way", async (context) => {
    const { folder, out } = await built(context);
    let traced = 0;
    for (const split of ["train", "val", "test"]) {
      const lines = readFileSync(join(out, `${split}.jsonl`), "utf8").trimEnd().split("\n");
      for (const [n, line] of lines.entries()) {
        const trace = await traceRow(out, split, n + 1);
        const original = raw[trace.source.line - 1]!;
        assert.equal(trace.source.raw, original);
        assert.equal((JSON.parse(original) as Row)["id"], (JSON.parse(line) as Row)["id"]);
        assert.deepEqual([trace.state, trace.source.state], ["as-built", "there"]);
        const touched = trace.steps.filter(({ changed }) => changed).map(({ step }) => step);
        assert.deepEqual(touched, original.includes("bob@") ? ["normalize", "pii"] : [], original);
        traced++;
      }
    }
    assert.equal(traced, 29);
    const [split, line] = find(out, "chatcmpl-sim-0a1b/4");
    const human = llmops(folder, "lineage", "out", `${split}:${line}`);
    assert.equal(human.status, 0, human.stderr);
    assert.match(human.stdout, /raw\.jsonl:5 \(rows, sha256:[0-9a-f]{12}\)/);
    assert.match(human.stdout, /answer 5 of the teacher's response chatcmpl-sim-0a1b/);
    assert.match(human.stdout, /fuzzy-dedup +threshold 0\.8, shingle 3/);
    const [maskedSplit, maskedLine] = find(out, "garden party");
    const json = JSON.parse(llmops(folder, "lineage", "out", `${maskedSplit}:${maskedLine}`, "--json").stdout) as { steps: { step: string; changed?: Record<string, number> }[] };
    assert.deepEqual(json.steps.find(({ step }) => step === "pii")?.changed, { email: 1 });
  });

  test("leads from a generated row to the model and the request that it came of", async (context) => {
    const folder = scratch(context);
    const cache = join(folder, "cache");
    {
      await using teacher = await openTeacher({ env: {}, door: "simulator", cache, simulator: { seed: 4, latencyMs: 0 } });
      const { rows: generated } = await generateConversations(teacher, { count: 20, today: "2026-11-20" });
      writeFileSync(join(folder, "raw.jsonl"), toJsonLines(generated));
    }
    const { out } = await buildDataset({ sources: [join(folder, "raw.jsonl")], out: join(folder, "out"), lineage: true });
    const { id } = JSON.parse(readFileSync(join(out, "train.jsonl"), "utf8").split("\n")[0]!) as { id: string };
    const { generated, answer } = JSON.parse(llmops(folder, "lineage", out, "train:1", "--cache", cache, "--json").stdout) as { generated: { response: string; index: number }; answer: { request: string; model: string; path: string } };
    assert.equal(`${generated.response}/${generated.index}`, id);
    const stored = JSON.parse(readFileSync(answer.path, "utf8")) as { key: string; responseId: string; model: string };
    assert.deepEqual([stored.key, stored.responseId, stored.model], [answer.request, generated.response, answer.model]);
  });

  test("tells a row that was moved, corrected or added since, and a source that changed or is gone", async (context) => {
    const { folder, out, source } = await built(context);
    const path = join(out, "train.jsonl");
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const [first, second, ...rest] = lines as [string, string, ...string[]];
    writeFileSync(path, `${[second, first, ...rest].join("\n")}\n`);
    const moved = await traceRow(out, "train", 1);
    assert.deepEqual([moved.state, moved.source.raw], ["moved", raw.find((line) => line.includes((JSON.parse(second) as { id: string }).id))]);
    writeFileSync(path, `${[first.replace("please", "kindly"), second, ...rest].join("\n")}\n`);
    const corrected = await traceRow(out, "train", 1);
    assert.deepEqual([corrected.state, corrected.source.raw!.includes((JSON.parse(first) as { id: string }).id)], ["changed", true]);
    writeFileSync(path, `${[JSON.stringify(row(98)), ...lines].join("\n")}\n`);
    await assert.rejects(traceRow(out, "train", 1), /added or changed after the build/);
    assert.equal((await traceRow(out, "train", 2)).state, "moved");
    writeFileSync(path, `${lines.join("\n")}\n`);

    await publishVersion(out, { name: "a", store: join(folder, "store") });
    const sources = join(folder, "elsewhere");
    mkdirSync(sources);
    renameSync(source, join(sources, "raw.jsonl"));
    assert.equal((await traceRow(out, "train", 1)).source.state, "gone");
    const version = await traceRow("ds://a", "train", 1, { store: join(folder, "store"), sources: [sources] });
    assert.deepEqual([version.source.state, version.row], ["there", JSON.parse(first)]);
    writeFileSync(source, "{}\n");
    const other = await traceRow(out, "train", 1);
    assert.deepEqual([other.source.state, other.source.raw], ["changed", undefined]);
  });

  test("says what is missing: no lineage, no such split, no such line, no row", async (context) => {
    const { folder, out } = await built(context);
    const plain = await buildDataset({ sources: [join(folder, "raw.jsonl")], out: join(folder, "plain") });
    for (const [where, place, message] of [
      ["plain", "train:1", /holds no lineage; build it with .*--lineage/], ["out", "dev:1", /has no split "dev"; its splits are train, val, test/],
      ["out", "val:99", /has no row at line 99; its last is line 3/], ["out", "train", /names no row: write split and line/], ["nowhere", "train:1", /no such file or folder/],
    ] as const) {
      const { status, stderr } = llmops(folder, "lineage", where, place);
      assert.deepEqual([status, message.test(stderr)], [2, true], stderr);
    }
    // Off by default, and where it is on nothing else differs but what names it.
    assert.equal(existsSync(join(plain.out, "lineage.jsonl")), false);
    assert.equal(readFileSync(join(plain.out, "manifest.json"), "utf8").includes("lineage"), false);
    for (const name of readdirSync(plain.out).filter((entry) => /\.jsonl$|\.md$/.test(entry))) assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(plain.out, name)), name);
  });

  test("leads from a pair back to the piece of the document, and is the same after an interruption", async (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "guide.md"), `# Guide\n\n${"Open the app. ".repeat(20)}\n\n## Sharing\n\n${"Share a list with people. ".repeat(20)}\n`);
    const mixed = join(folder, "mixed.jsonl");
    await writeMixedRows(mixed, 1500, 9);
    const options = {
      sources: [join(folder, "guide.md"), mixed], lineage: true, chunks: { maxChars: 400, minChars: 100 },
      pairWriter: async (chunk: { text: string; heading: string }) => [{ messages: [{ role: "user" as const, content: `What of ${chunk.heading}?` }, { role: "assistant" as const, content: chunk.text }], extra: { id: "resp_1/0" } }],
    };
    const { out } = await buildDataset({ ...options, out: join(folder, "whole") });
    const [split, line] = find(out, "What of Guide > Sharing");
    const trace = await traceRow(out, split, line);
    assert.match(trace.source.raw!, /^## Sharing\n\nShare a list|^Share a list/);
    assert.deepEqual([trace.source.kind, trace.generated], ["markdown", { response: "resp_1", index: 0 }]);

    const stop = new AbortController();
    let calls = 0;
    await assert.rejects(buildDataset({ ...options, out: join(folder, "cut"), signal: stop.signal, onProgress: ({ stage }) => { if (stage === "clean" && ++calls === 2) stop.abort(); } }));
    const { resumed } = await buildDataset({ ...options, out: join(folder, "cut") });
    assert.equal(resumed, true);
    for (const name of ["lineage.jsonl", "train.jsonl", "manifest.json"]) assert.deepEqual(readFileSync(join(folder, "cut", name)), readFileSync(join(out, name)), name);
  });
});
