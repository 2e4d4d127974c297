/** Whole files: every row of the input is in the output or named among the rejected, and comes back from there. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { FORMATS, FileError, convertFile, parseJson, sameJson, validateFile, type RejectedRow, type RowFault } from "llmops/data";
import { rowOf } from "./fixtures/arbitrary-rows.ts";
import { scratch } from "./support/scratch.ts";

const good = (n: number): string => JSON.stringify({ instruction: `Add task ${n}`, input: "", output: `Added task ${n}.` });

const BAD: [line: string | Buffer, code: string][] = [
  ["nope", "invalid-json"],
  [Buffer.from([0x7b, 0xff, 0x7d]), "invalid-utf8"],
  ['{"instruction":"x"}', "missing-field"],
  ['{"instruction":"x","output":" "}', "empty-content"],
  ['{"instruction":"x","output":"y","output":"z"}', "duplicate-key"],
  ["[]", "not-an-object"],
  ['{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}', "other-format"],
];

/** A file of good rows with a bad one after every third, and the lines of the bad ones. */
function mixed(): { bytes: Buffer; badLines: Map<number, [string | Buffer, string]> } {
  const parts: Buffer[] = [];
  const badLines = new Map<number, [string | Buffer, string]>();
  let line = 1;
  for (const [at, bad] of BAD.entries()) {
    for (let n = 0; n < 3; n++) parts.push(Buffer.from(`${good(at * 3 + n)}\n`));
    parts.push(Buffer.from("\n"), Buffer.from(bad[0] as string), Buffer.from("\n"));
    line += 4;
    badLines.set(line++, bad);
  }
  return { bytes: Buffer.concat(parts), badLines };
}

function rows(path: string): Record<string, unknown>[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  assert.ok(text === "" || text.endsWith("\n"));
  return text.split("\n").slice(0, -1).map((line) => {
    const parsed = parseJson(line);
    assert.ok(parsed.ok, line);
    return parsed.value as Record<string, unknown>;
  });
}

test("validateFile names every bad row by line, code and reason, and counts them", async (context) => {
  const folder = scratch(context), path = join(folder, "mixed.jsonl");
  const { bytes, badLines } = mixed();
  for (const packed of [bytes, gzipSync(bytes)]) {
    writeFileSync(path, packed);
    const faults: RowFault[] = [];
    const result = await validateFile(path, { onFault: (fault) => { faults.push(fault); }, keep: 2 });
    assert.deepEqual(faults.map(({ line, code }) => [line, code]), [...badLines].map(([line, [, code]]) => [line, code]));
    assert.ok(faults.every(({ reason }) => reason.length > 10));
    assert.deepEqual([result.format, result.rows, result.valid, result.invalid, result.faults.length], ["alpaca", 28, 21, 7, 2]);
    assert.deepEqual(result.byCode, Object.fromEntries(BAD.map(([, code]) => [code, 1])));
    assert.ok(result.detected?.ok && result.detected.confidence > 0.8);
  }
});

test("validateFile takes a format and a map, and says what it found in a file of unknown shape", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.csv");
  writeFileSync(path, "frage,antwort\nWas?,Das.\nWer?,\n");
  const unknown = await validateFile(path);
  assert.deepEqual([unknown.format, unknown.invalid, unknown.byCode], [undefined, 2, { "unknown-format": 2 }]);
  assert.match(unknown.faults[0]?.reason ?? "", /found frage \(text\), antwort \(text\)/);
  const mapped = await validateFile(path, { format: "alpaca", map: { instruction: "frage", output: "antwort" } });
  assert.deepEqual([mapped.layout, mapped.unit, mapped.valid, mapped.byCode], ["csv", "line", 1, { "empty-content": 1 }]);
  const detected = await validateFile(path, { map: { instruction: "frage", output: "antwort" } });
  assert.deepEqual([detected.format, detected.valid], ["alpaca", 1]);
  writeFileSync(path, "");
  assert.equal((await validateFile(path)).rows, 0);
});

test("convertFile: rows in = rows out + rejected, and each rejected row is kept as it was", async (context) => {
  const folder = scratch(context), path = join(folder, "mixed.jsonl"), out = join(folder, "out.jsonl");
  const { bytes, badLines } = mixed();
  writeFileSync(path, bytes);
  const seen: RejectedRow[] = [];
  const result = await convertFile(path, out, { to: "messages", from: "alpaca", onRejected: (row) => seen.push(row) });
  assert.deepEqual([result.rowsIn, result.rowsOut, result.rejected, result.byFormat], [28, 21, 7, { alpaca: 21 }]);
  assert.deepEqual(rows(out).map((row) => (row["messages"] as { content: string }[])[0]?.content), Array.from({ length: 21 }, (_, n) => `Add task ${n}`));
  const rejected = rows(`${out}.rejected.jsonl`) as unknown as RejectedRow[];
  assert.deepEqual(rejected, seen);
  for (const [at, [line, [raw, code]]] of [...badLines].entries()) {
    const row = rejected[at] as RejectedRow;
    assert.deepEqual([row.source, row.line, row.code], [path, line, code === "other-format" ? "missing-field" : code]);
    assert.ok(row.step === "read" || row.step === "parse");
    assert.deepEqual(Buffer.from(row.raw, row.rawEncoding ?? "utf8"), Buffer.from(raw as string));
  }
  // Without --from, each row is read in its own format.
  const each = await convertFile(path, out, { to: "messages" });
  assert.deepEqual(each.byFormat, { alpaca: 21, messages: 1 });
});

test("a file of any format comes back value by value through every other", async (context) => {
  const folder = scratch(context);
  const at = (name: string): string => join(folder, name);
  for (const from of FORMATS) {
    const source = fc.sample(rowOf[from], { numRuns: 120, seed: 11 }).map((row) => JSON.stringify(row));
    writeFileSync(at("source.jsonl"), source.map((line) => `${line}\n`).join(""));
    for (const to of FORMATS) {
      if (to === from) continue;
      const there = await convertFile(at("source.jsonl"), at("there.jsonl.gz"), { from, to });
      const back = await convertFile(at("there.jsonl.gz"), at("back.jsonl"), { from: to, to: from });
      assert.equal(there.rowsIn, there.rowsOut + there.rejected);
      assert.deepEqual([back.rowsIn, back.rejected], [there.rowsOut, 0], `${from} → ${to} → ${from}`);
      const refused = there.rejectedPath === undefined ? [] : rows(there.rejectedPath).map((row) => row["line"]);
      const expected = source.flatMap((line, index) => (refused.includes(index + 1) ? [] : [parseJson(line)]));
      const returned = rows(at("back.jsonl"));
      assert.equal(returned.length, expected.length);
      for (const [index, want] of expected.entries()) assert.ok(want.ok && sameJson(returned[index], want.value, true), JSON.stringify(returned[index]));
    }
  }
});

test("a row too long for memory is named with its place in the source", async (context) => {
  const folder = scratch(context), path = join(folder, "long.jsonl"), out = join(folder, "out.jsonl");
  const long = JSON.stringify({ instruction: "x".repeat(5000), output: "y" });
  writeFileSync(path, `${good(1)}\n${long}\n${good(2)}\n`);
  const result = await convertFile(path, out, { to: "messages", maxLineBytes: 2000 });
  assert.deepEqual([result.rowsIn, result.rowsOut, result.byCode], [3, 2, { "line-too-long": 1 }]);
  const [row] = rows(`${out}.rejected.jsonl`) as unknown as RejectedRow[];
  assert.ok(row?.span);
  assert.equal(readFileSync(path).subarray(row.span.offset, row.span.offset + row.span.bytes).toString(), long);
});

test("the output is whole or as it was: abort, unreadable input, the input as output", async (context) => {
  const folder = scratch(context), path = join(folder, "in.jsonl"), out = join(folder, "out.jsonl");
  writeFileSync(path, `${Array.from({ length: 50_000 }, (_, n) => (n % 2 ? good(n) : "bad")).join("\n")}\n`);
  writeFileSync(out, "before");
  writeFileSync(`${out}.rejected.jsonl`, "before");
  const unchanged = (): void => {
    assert.deepEqual([readFileSync(out, "utf8"), readFileSync(`${out}.rejected.jsonl`, "utf8")], ["before", "before"]);
    assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith(".")), []);
  };
  const controller = new AbortController();
  await assert.rejects(convertFile(path, out, { to: "messages", signal: controller.signal, onProgress: () => controller.abort() }), { name: "AbortError" });
  unchanged();
  writeFileSync(join(folder, "cut.jsonl.gz"), gzipSync(readFileSync(path)).subarray(0, 60_000));
  await assert.rejects(convertFile(join(folder, "cut.jsonl.gz"), out, { to: "messages" }), (error) => error instanceof FileError && error.code === "truncated");
  unchanged();
  symlinkSync(path, join(folder, "link.jsonl"));
  for (const same of [path, join(folder, "link.jsonl"), join(folder, ".", "in.jsonl")]) {
    await assert.rejects(convertFile(path, same, { to: "messages" }), (error) => error instanceof FileError && error.code === "same-file");
  }
  unchanged();
  writeFileSync(path, `${good(1)}\n`);
  const result = await convertFile(path, out, { to: "messages" });
  assert.equal(result.rejectedPath, undefined);
  assert.ok(!existsSync(`${out}.rejected.jsonl`), "an old file of rejected rows does not stay beside the new output");
});

test("plain conversion writes no side field; columns of a CSV become fields", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.csv"), out = join(folder, "out.jsonl");
  writeFileSync(path, 'id,question,context,answer\n1,Add,"milk, ""fresh""",Added.\n');
  await convertFile(path, out, { to: "sharegpt", plain: true });
  assert.deepEqual(rows(out), [{ conversations: [{ from: "human", value: 'Add\nmilk, "fresh"' }, { from: "gpt", value: "Added." }], id: "1" }]);
  await convertFile(path, out, { to: "sharegpt" });
  const back = join(folder, "back.jsonl");
  await convertFile(out, back, { to: "alpaca" });
  assert.equal(readFileSync(back, "utf8"), '{"id":"1","question":"Add","context":"milk, \\"fresh\\"","answer":"Added."}\n');
});

test("columns that a map named come back under their names", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.csv"), out = join(folder, "out.jsonl"), back = join(folder, "back.jsonl");
  writeFileSync(path, "Die Frage,Die Antwort\nWas?,Das.\n");
  await convertFile(path, out, { to: "messages", map: { instruction: "Die Frage", output: "Die Antwort" } });
  assert.equal((await convertFile(out, back, { to: "alpaca" })).rejected, 0);
  assert.deepEqual(rows(back), [{ "Die Frage": "Was?", "Die Antwort": "Das." }]);
});

test("an answer that is not to be learned is not written plainly where a turn has no weight", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.jsonl"), out = join(folder, "out.jsonl"), back = join(folder, "back.jsonl");
  const turns = (weight: number) => ({ messages: [{ role: "user", content: "x" }, { role: "assistant", content: "y", weight }, { role: "user", content: "z" }, { role: "assistant", content: "w", weight: 1 }] });
  writeFileSync(path, `${JSON.stringify(turns(0))}\n${JSON.stringify(turns(1))}\n`);
  const faults: RejectedRow[] = [];
  await convertFile(path, out, { to: "messages", plain: true });
  assert.deepEqual(rows(out), [turns(0), turns(1)], "OpenAI's chat has a place for it");
  await convertFile(path, out, { to: "sharegpt", plain: true, onRejected: (fault) => { faults.push(fault); } });
  assert.deepEqual(faults.map(({ line, code }) => [line, code]), [[1, "untrained-turn"]]);
  assert.match(faults[0]?.reason ?? "", /messages\[1\]\.weight is 0/);
  assert.equal(rows(out).length, 1);
  assert.equal((await convertFile(path, out, { to: "sharegpt" })).rejected, 0, "with its spelling beside it, it comes back");
  await convertFile(out, back, { to: "messages" });
  assert.deepEqual(rows(back), [turns(0), turns(1)]);
});
