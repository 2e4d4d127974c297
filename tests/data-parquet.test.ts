/** Parquet: what is written comes back, what Python wrote is read, and what cannot be is refused by name. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parquetMetadataAsync, parquetSchema, asyncBufferFromFile } from "hyparquet";
import { FORMATS, FileError, ParquetWriter, buildDataset, convertFile, formatRow, openRows, parseJson, parseRow, sameJson, validateFile, type RowItem } from "llmops/data";
import { rowOf } from "./fixtures/arbitrary-rows.ts";
import { ROOT, scratch } from "./support/scratch.ts";

type Row = Record<string, unknown>;

const FIXTURES = join(ROOT, "tests/fixtures/parquet");

function fromText(text: string): Row {
  const parsed = parseJson(text);
  assert.ok(parsed.ok, text);
  return parsed.value as Row;
}

async function items(path: string, options: Parameters<typeof openRows>[1] = {}): Promise<RowItem[]> {
  const { batches } = await openRows(path, options);
  const read: RowItem[] = [];
  for await (const batch of batches) read.push(...batch);
  return read;
}

async function values(path: string): Promise<Row[]> {
  return (await items(path)).map((item) => {
    assert.ok(item.value, item.problem?.reason);
    return item.value;
  });
}

async function write(path: string, rows: readonly Row[], options: { plain?: boolean } = {}): Promise<void> {
  const writer = await ParquetWriter.open(path, options);
  try {
    for (const row of rows) await writer.write(row);
    await writer.commit();
  } finally {
    await writer.abort();
  }
}

/** The type of each leaf of a file, by its path. */
async function types(path: string): Promise<Record<string, string>> {
  const leaves: Record<string, string> = {};
  const visit = (node: ReturnType<typeof parquetSchema>): void => {
    const { element: { type, logical_type }, children } = node;
    if (children.length === 0) leaves[node.path.join(".")] = logical_type?.type ?? type ?? "";
    else children.forEach(visit);
  };
  visit(parquetSchema(await parquetMetadataAsync(await asyncBufferFromFile(path))));
  return leaves;
}

test("rows of any format, in any mixture, come back deep-equal from Parquet, key order included", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.parquet");
  const anyRow = fc.oneof(...FORMATS.map((format) => rowOf[format]), fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 4 }))) as fc.Arbitrary<Row>;
  const sameFormat = fc.constantFrom(...FORMATS).chain((format) => fc.array(rowOf[format], { minLength: 1, maxLength: 5 }));
  let refused = 0, returned = 0;
  await fc.assert(fc.asyncProperty(fc.oneof(sameFormat, fc.array(anyRow, { maxLength: 6 })), async (generated) => {
    const rows = generated.map((row) => fromText(JSON.stringify(row)));
    const fit = rows.filter((row) => ParquetWriter.misnamed(row) === undefined);
    refused += rows.length - fit.length;
    await write(path, fit);
    const back = await values(path);
    assert.equal(back.length, fit.length);
    for (const [at, row] of fit.entries()) assert.ok(sameJson(back[at], row, true), `${JSON.stringify(row)} came back as ${JSON.stringify(back[at])}`);
    returned += fit.length;
  }), { numRuns: 150, seed: 63 });
  assert.ok(returned > 300 && refused > 0 && refused < returned / 10, `${returned} came back, ${refused} were refused`);
});

test("a file of any format goes through a Parquet file of any other and comes back, or each row is refused with a reason", async (context) => {
  const folder = scratch(context);
  const at = (name: string): string => join(folder, name);
  for (const from of FORMATS) {
    const source = fc.sample(rowOf[from], { numRuns: 30, seed: 12 }).map((row) => JSON.stringify(row));
    writeFileSync(at("source.jsonl"), `${source.join("\n")}\n`);
    for (const to of FORMATS) {
      const there = await convertFile(at("source.jsonl"), at("there.parquet"), { from, to });
      assert.equal(there.rowsIn, there.rowsOut + there.rejected);
      const refused = there.rejectedPath === undefined ? [] : readFileSync(there.rejectedPath, "utf8").trimEnd().split("\n").map(fromText);
      assert.ok(refused.every(({ code, reason }) => typeof code === "string" && String(reason).length > 10));
      const back = await convertFile(at("there.parquet"), at("back.jsonl"), { from: to, to: from });
      assert.deepEqual([back.rowsIn, back.rejected], [there.rowsOut, 0], `${from} → ${to} → ${from}`);
      const expected = source.filter((_, index) => !refused.some(({ line }) => line === index + 1));
      const returned = readFileSync(at("back.jsonl"), "utf8").split("\n").slice(0, -1);
      for (const [index, line] of expected.entries()) assert.ok(sameJson(fromText(returned[index] ?? "null"), fromText(line), true), `${to}: ${line} came back as ${returned[index]}`);
    }
  }
});

test("messages are a list of structs; tools and values without one shape are columns of JSON", async (context) => {
  const path = join(scratch(context), "rows.parquet");
  const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  await write(path, [
    { messages: [{ role: "user", content: "a" }, { role: "assistant", content: null, tool_calls: [call] }, { role: "tool", content: "x", tool_call_id: "c" }], tools: [{ name: "f", parameters: { a: 1 } }], id: 1, s: 0.5, mixed: "a" },
    { messages: [{ role: "user", content: "b" }, { role: "assistant", content: "c" }], tools: [{ name: "g", parameters: { b: 1 } }], id: 2, s: 1, mixed: 1 },
  ], { plain: true });
  const turn = "messages.list.element", function_ = `${turn}.tool_calls.list.element`;
  assert.deepEqual(await types(path), {
    [`${turn}.role`]: "STRING", [`${turn}.content`]: "STRING",
    [`${function_}.id`]: "STRING", [`${function_}.type`]: "STRING", [`${function_}.function.name`]: "STRING", [`${function_}.function.arguments`]: "STRING",
    [`${turn}.tool_call_id`]: "STRING",
    "tools.list.element.name": "STRING", "tools.list.element.parameters": "JSON",
    id: "INT64", s: "DOUBLE", mixed: "JSON",
  });
});

test("plain Parquet has no side field: null fields are left out", async (context) => {
  const path = join(scratch(context), "rows.parquet");
  await write(path, [{ text: "a", note: null }, { note: "n", text: "b" }], { plain: true });
  assert.deepEqual((await values(path)).map((row) => JSON.stringify(row)), ['{"text":"a"}', '{"text":"b","note":"n"}']);
});

test("Parquet that datasets and pyarrow wrote: Snappy, Zstandard, Brotli, dictionaries, several row groups, every common type", async () => {
  const rows = readFileSync(join(FIXTURES, "rows.jsonl"), "utf8").trimEnd().split("\n").map(fromText);
  for (const name of ["snappy.parquet", "zstd.parquet"]) {
    const read = await values(join(FIXTURES, name));
    assert.equal(read.length, rows.length);
    for (const [at, row] of rows.entries()) assert.ok(sameJson(read[at], row), `${name}: ${JSON.stringify(read[at])}`);
    assert.deepEqual((await validateFile(join(FIXTURES, name))).byCode, {});
  }
  assert.equal(JSON.stringify((await values(join(FIXTURES, "types.parquet")))[0]), '{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"kind":"x","made":"2025-11-21T04:40:00.123456Z","day":"2024-10-04","wide":18446744073709551615,"flag":true,"half":0.25}');
});

test("values without a JSON form are problems of their rows; files that cannot be read are refused with the remedy", async (context) => {
  const folder = scratch(context);
  const read = await items(join(FIXTURES, "unreadable.parquet"));
  assert.deepEqual(read.map(({ line, problem }) => [line, problem?.code, problem?.raw]), [
    [1, "invalid-utf8", '{"text":"a","raw":{"base64":"/wA="},"x":1}'],
    [2, "wrong-value", '{"text":"b","raw":"ok","x":"NaN"}'],
  ]);
  const whole = readFileSync(join(FIXTURES, "snappy.parquet"));
  const files: Record<string, [bytes: Buffer | string, message: RegExp]> = {
    "cut.parquet": [whole.subarray(0, 4000), /cut off or damaged.*download it again/],
    "short.parquet": ["PAR1", /cut off or damaged/],
    "named.parquet": ['{"text":"x"}\n', /is named \.parquet and is no Parquet file/],
    "packed.parquet": [readFileSync(join(FIXTURES, "lz4.parquet")), /compressed with LZ4_RAW; write it again with snappy or zstd/],
  };
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 30, 600);
  files["damaged.parquet"] = [damaged, /cut off or damaged/];
  for (const [name, [bytes, message]] of Object.entries(files)) {
    writeFileSync(join(folder, name), bytes);
    await assert.rejects(items(join(folder, name)), (error) => error instanceof FileError && message.test(error.message), name);
  }
});

test("damaged Parquet never hangs or throws anything but a FileError", async (context) => {
  const path = join(scratch(context), "damaged.parquet");
  const sources = ["snappy.parquet", "zstd.parquet", "types.parquet"].map((name) => readFileSync(join(FIXTURES, name)));
  let read = 0, refused = 0;
  await fc.assert(fc.asyncProperty(fc.constantFrom(...sources), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }), async (source, edits) => {
    const bytes = Buffer.from(source);
    for (const [at, byte] of edits) bytes[4 + (at % (bytes.length - 4))] = byte;
    writeFileSync(path, bytes);
    try {
      await items(path);
      read++;
    } catch (error) {
      assert.ok(error instanceof FileError, String(error instanceof Error ? error.stack : error));
      refused++;
    }
  }), { numRuns: 400, seed: 7 });
  assert.ok(read > 20 && refused > 20, `${read} read, ${refused} refused`);
});

test("a field that cannot be a column is refused by name; others are not touched", async (context) => {
  const folder = scratch(context), path = join(folder, "in.jsonl");
  writeFileSync(path, '{"text":"a"}\n{"text":"b","user.id":1}\n{"text":"c","__proto__":1}\n');
  const result = await convertFile(path, join(folder, "out.parquet"), { to: "text" });
  assert.deepEqual([result.rowsOut, result.byCode], [1, { "column-name": 2 }]);
});

test("several row groups: read from any row on, and built into a dataset", async (context) => {
  const folder = scratch(context), path = join(folder, "many.parquet");
  const rows = Array.from({ length: 45_000 }, (_, n) => ({ prompt: `Add task ${n}`, completion: `Added ${(n * 7919) % 45_000}.` }));
  await write(path, rows);
  assert.equal((await parquetMetadataAsync(await asyncBufferFromFile(path))).row_groups.length, 3);
  const tail = await items(path, { startOffset: 39_990, startLine: 39_991 });
  assert.deepEqual([tail.length, tail[0]?.line, tail[0]?.offset, tail[0]?.value], [5010, 39_991, 39_990, rows[39_990]]);
  await write(path, rows.slice(0, 200));
  const { report } = await buildDataset({ sources: [path], out: join(folder, "set"), fuzzy: false, format: "prompt-completion", layout: "standard" });
  assert.deepEqual([report.rows.in, report.rows.out, report.format], [200, 200, "prompt-completion"]);
  assert.equal(typeof fromText(readFileSync(join(folder, "set", "train.jsonl"), "utf8").split("\n")[0] as string)["prompt"], "string");
  // Running text among conversations is rejected, and does not change their format.
  await write(path, [...rows.slice(0, 20).map(({ prompt, completion }) => ({ instruction: prompt, output: completion })), { text: "A note about tasks." }]);
  const mixed = await buildDataset({ sources: [path], out: join(folder, "mixed"), fuzzy: false });
  assert.deepEqual([mixed.report.format, mixed.report.rows.out, mixed.report.rejections.map(({ step, code, rows: left }) => [step, code, left])], ["alpaca", 20, [["format", "no-slot", 1]]]);
});

test("the output is whole or as it was, and nothing is left beside it", async (context) => {
  const folder = scratch(context), path = join(folder, "out.parquet");
  writeFileSync(path, "before");
  const writer = await ParquetWriter.open(path);
  await writer.write({ text: "x" });
  await writer.abort();
  assert.equal(readFileSync(path, "utf8"), "before");
  await write(path, [{ text: "x" }]);
  assert.deepEqual([await values(path), readdirSync(folder)], [[{ text: "x" }], ["out.parquet"]]);
  await write(path, []);
  assert.deepEqual(await values(path), []);
  await assert.rejects(ParquetWriter.open(join(folder, "no", "out.parquet")), (error) => error instanceof FileError && error.code === "not-found");
});

test("the same rows give the same bytes", async (context) => {
  const folder = scratch(context);
  const rows = fc.sample(rowOf.messages, { numRuns: 20, seed: 5 }).map((row) => {
    const read = parseRow("messages", fromText(JSON.stringify(row)));
    const written = read.ok ? formatRow("messages", read.example) : undefined;
    return written?.ok ? written.row : { text: "x" };
  });
  for (const name of ["a.parquet", "b.parquet"]) await write(join(folder, name), rows.filter((row) => ParquetWriter.misnamed(row) === undefined));
  assert.ok(readFileSync(join(folder, "a.parquet")).equals(readFileSync(join(folder, "b.parquet"))));
});
