/** Reading and writing rows: whatever the bytes, every line comes back, or is named with its reason. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync, createWriteStream } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { FileError, JsonlWriter, openRows, parseJson, readJsonl, sameJson, writeFileAtomic, type ReadOptions, type RowItem } from "llmops/data";
import { scratch } from "./support/scratch.ts";

function inChunks(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  function* chunks(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return Readable.from(chunks());
}

async function collect(batches: AsyncIterable<RowItem[]>): Promise<RowItem[]> {
  const items: RowItem[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

async function readText(text: string | Uint8Array, options: ReadOptions = {}, chunk = 7): Promise<RowItem[]> {
  return collect(readJsonl(inChunks(Buffer.from(text as string), chunk), options));
}

async function readRows(path: string, options: ReadOptions = {}): Promise<RowItem[]> {
  return collect((await openRows(path, options)).batches);
}

const codes = (items: readonly RowItem[]): (string | undefined)[] => items.map((item) => item.problem?.code);
const places = (items: readonly RowItem[]): [number, number, number][] => items.map(({ line, offset, end }) => [line, offset, end]);

test("lines end with LF or CRLF, blank lines count, the last line needs no end, a mark at the beginning is dropped", async () => {
  const text = '\ufeff{"a":1}\r\n\n  \t\r\n{"a":"x\\ry"}\n{"a":3}';
  for (const chunk of [1, 2, 3, 64]) {
    const items = await readText(text, {}, chunk);
    assert.deepEqual(items.map(({ value }) => value), [{ a: 1 }, { a: "x\ry" }, { a: 3 }]);
    assert.deepEqual(places(items), [[1, 0, 12], [4, 18, 30], [5, 31, 38]].map(([line, offset, end]) => [line, offset, line === 4 ? 31 : end]));
  }
});

test("a lone CR ends no line", async () => {
  const [item, ...others] = await readText('{"a":1}\r{"a":2}\n');
  assert.equal(others.length, 0);
  assert.match(item?.problem?.reason ?? "", /more text follows at column 9/);
});

test("an empty file and a file of blank lines hold no rows", async () => {
  for (const text of ["", "\n", "\r\n\r\n", "\ufeff", "   "]) assert.deepEqual(await readText(text), []);
});

test("each kind of bad line is named, and the lines around it are read", async () => {
  const bad: [Buffer | string, string, RegExp][] = [
    [Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xe9, 0x22, 0x7d]), "invalid-utf8", /byte 7 .*UTF-8/],
    ["nope", "invalid-json", /not JSON/],
    ["{'a': 1}", "invalid-json", /json\.dumps/],
    ['{"a": NaN}', "invalid-json", /write null/],
    ['{"a": True}', "invalid-json", /True, False or None/],
    ['{"a": 1,}', "invalid-json", /comma before the closing bracket/],
    ['{"a": 1} {"a": 2}', "invalid-json", /more text follows at column 10/],
    ['{"a": "cut', "invalid-json", /cut off/],
    ["<html>", "invalid-json", /HTML/],
    ['{"a": "tab\there"}', "invalid-json", /control character/],
    ['{"a":"\0"}', "nul-byte", /NUL/],
    ["[1,2]", "not-an-object", /an array of 2/],
    ["null", "not-an-object", /null/],
    ['"text"', "not-an-object", /a string/],
    ["12", "not-an-object", /a number/],
    ['{"a":1,"b":{"x":1,"x":2}}', "duplicate-key", /"x" stands twice/],
    [`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "too-deep", /100001 levels deep, the limit is 512/],
    ["[".repeat(100_000), "invalid-json", /cut off/],
  ];
  for (const [line, code, reason] of bad) {
    const bytes = Buffer.concat([Buffer.from('{"n":1}\n'), Buffer.from(line as string), Buffer.from('\n{"n":3}\n')]);
    const items = await readText(bytes, {}, 997);
    assert.deepEqual(codes(items), [undefined, code, undefined], String(line).slice(0, 40));
    assert.equal(items[1]?.line, 2);
    assert.match(items[1]?.problem?.reason ?? "", reason);
    const { raw = "", rawEncoding = "utf8" } = items[1]?.problem ?? {};
    assert.deepEqual(Buffer.from(raw, rawEncoding), Buffer.from(line as string), "the raw line is kept");
  }
});

test("what people put around rows is named with its remedy: a comma after each, comments, a row over several lines", async () => {
  const reasons = async (text: string): Promise<(string | undefined)[]> => (await readText(text)).map(({ problem }) => problem?.reason);
  assert.deepEqual(await reasons('{"a":1},\n{"a":"}"},\r\n{"a":3}\n'), ["is not JSON: a comma after the row; remove it", "is not JSON: a comma after the row; remove it", undefined]);
  assert.match((await reasons('{"a":1},{"a":2},\n'))[0] ?? "", /more text follows/);
  for (const comment of ["// rows", "# rows", " /* rows */"]) assert.deepEqual(await reasons(`${comment}\n{"a":1}\n`), ["is a comment, and JSON has none; remove the line", undefined]);
  assert.match((await reasons('{\n  "a": 1\n}\n'))[0] ?? "", /JSON over several lines; put each row on one line, or name the file \.json/);
});

test("what JSON.parse would lose in silence is kept: long integers, -0, __proto__, lone surrogates", async () => {
  const rows = ['{"id":12345678901234567890,"n":[9007199254740993,-0,1e400,0.1,1.0]}', '{"__proto__":{"polluted":true},"constructor":1}', '{"a":"\\ud800","b":"\\u0000"}'];
  const items = await readText(rows.join("\n"));
  assert.deepEqual(codes(items), [undefined, undefined, undefined]);
  assert.equal(JSON.stringify(items[0]?.value), '{"id":12345678901234567890,"n":[9007199254740993,-0,1e400,0.1,1]}');
  assert.deepEqual(Object.keys(items[1]?.value ?? {}), ["__proto__", "constructor"]);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  assert.equal(Object.getPrototypeOf(items[1]?.value), Object.prototype);
  assert.equal(JSON.stringify(items[2]?.value), rows[2]);
});

test("exact integers stay numbers", () => {
  for (const text of ["9007199254740991", "9007199254740992", "12345678901234567000", "1e21", "0.30000000000000004"]) {
    const parsed = parseJson(text);
    assert.equal(parsed.ok && typeof parsed.value, "number", text);
  }
});

test("the reader gives back exactly the lines written, for any chunks and any Unicode", async () => {
  const row = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "binary" }), { maxKeys: 4 });
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ row, end: fc.constantFrom("\n", "\r\n", "\n\n", "\n \n") }), { maxLength: 8 }), fc.boolean(), fc.integer({ min: 1, max: 40 }), async (lines, bom, chunk) => {
    const texts = lines.map(({ row: value }) => JSON.stringify(value));
    const bytes = Buffer.from((bom ? "\ufeff" : "") + lines.map(({ end }, at) => texts[at] + end).join(""));
    const items = await readText(bytes, {}, chunk);
    assert.deepEqual(items.map((item) => (item.problem ? item.problem.reason : item.text)), texts);
    for (const [at, item] of items.entries()) {
      assert.ok(sameJson(item.value, JSON.parse(texts[at] as string)));
      const held = bytes.subarray(item.offset, item.end).toString().replace(/^\ufeff/, "").trimEnd();
      assert.equal(held, texts[at]?.trimEnd(), "offset and end are the line's bytes");
      assert.equal(item.line, bytes.subarray(0, item.offset).toString("latin1").split("\n").length);
    }
  }), { numRuns: 400, seed: 63 });
});

test("reading resumes at any item's end", async (context) => {
  const folder = scratch(context);
  const text = '\ufeff{"a":1}\n\nbroken\n{"a":"é😀"}\r\n{"a":4}';
  const files = { "a.jsonl": Buffer.from(text), "a.jsonl.gz": gzipSync(text), "a.json": Buffer.from('\ufeff[{"a":1}, nope ,{"a":"é"},\n{"a":4}]'), "a.csv": Buffer.from('\ufeffx,"1"\n1,"a\nb"\n2\n3,é\n') };
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const all = await readRows(path);
    assert.ok(all.length >= 3, name);
    for (const [at, { line, end }] of all.entries()) {
      const source = await openRows(path, { startOffset: end, startLine: source_unit(name) ? line + 1 : (all[at + 1]?.line ?? line + 1) });
      const rest = await collect(source.batches);
      const blank = name.startsWith("a.jsonl") && at === 0 ? 1 : 0; // the blank line is counted again
      assert.deepEqual(rest.map((item) => [item.line - blank, item.offset, item.end, item.value, item.problem]), all.slice(at + 1).map((item) => [item.line, item.offset, item.end, item.value, item.problem]), `${name} after ${line}`);
    }
  }
  function source_unit(name: string): boolean { return name.endsWith(".json"); }
});

test("a line of 50 MB is read", async () => {
  const text = `{"n":1}\n{"a":"${"x".repeat(50 * 1024 * 1024)}"}\n{"n":3}\n`;
  const items = await readText(text, {}, 1 << 18);
  assert.deepEqual(codes(items), [undefined, undefined, undefined]);
  assert.equal((items[1]?.value?.["a"] as string).length, 50 * 1024 * 1024);
});

test("a line over the limit is named with its span and hash, and can be cut out of the source", async (context) => {
  const folder = scratch(context), path = join(folder, "long.jsonl");
  const long = `{"a":"${"é".repeat(3000)}"}`;
  writeFileSync(path, `{"n":1}\n${long}\r\n{"n":3}\n${long}`);
  const items = await readRows(path, { maxLineBytes: 4096 });
  assert.deepEqual(codes(items), [undefined, "line-too-long", undefined, "line-too-long"]);
  for (const item of [items[1], items[3]]) {
    const span = item?.problem?.span;
    assert.ok(span);
    const cut = readFileSync(path).subarray(span.offset, span.offset + span.bytes);
    assert.equal(cut.toString().trimEnd(), long);
    assert.equal(createHash("sha256").update(cut).digest("hex"), span.sha256);
    assert.match(item?.problem?.reason ?? "", /6008|6009/);
  }
});

test("memory does not grow with the file or with a line over the limit", async () => {
  const line = Buffer.from(`{"conversations":[{"from":"human","value":"${"a".repeat(400)}"}]}\n`);
  const block = Buffer.concat(Array.from({ length: 2000 }, () => line));
  function* source(blocks: number, endless: boolean): Generator<Uint8Array> {
    for (let at = 0; at < blocks; at++) yield endless ? Buffer.alloc(block.length, 97) : block;
  }
  for (const endless of [false, true]) {
    let rows = 0, peak = 0;
    const before = process.memoryUsage().rss;
    for await (const batch of readJsonl(Readable.from(source(300, endless)), { maxLineBytes: 1 << 20 })) {
      rows += batch.length;
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }
    assert.equal(rows, endless ? 1 : 600_000);
    assert.ok(peak < 150e6, `${Math.round(peak / 1e6)} MB for ${Math.round((300 * block.length) / 1e6)} MB of input`);
  }
});

test("gzip is told by its bytes, in one member or several; cut off or damaged it is an error that names the file", async (context) => {
  const folder = scratch(context);
  const rows = Array.from({ length: 5000 }, (_, n) => JSON.stringify({ n, salt: createHash("md5").update(String(n)).digest("hex") }));
  const one = gzipSync(`${rows.join("\n")}\n`);
  const two = Buffer.concat([gzipSync(`${rows.slice(0, 7).join("\n")}\n{"n"`), gzipSync(`:1}\n`)]);
  for (const name of ["data.jsonl.gz", "data.jsonl", "data"]) {
    const path = join(folder, name);
    writeFileSync(path, one);
    assert.equal((await readRows(path)).length, 5000, name);
    writeFileSync(path, two);
    assert.equal((await readRows(path)).length, 8);
    writeFileSync(path, one);
    truncateSync(path, one.length >> 1);
    await assert.rejects(readRows(path), (error) => error instanceof FileError && error.code === "truncated" && error.message.startsWith(`${path}: the gzip data ends too early`));
    writeFileSync(path, Buffer.concat([one.subarray(0, 500), Buffer.from("damage in the middle"), one.subarray(520)]));
    await assert.rejects(readRows(path), (error) => error instanceof FileError && error.code === "truncated");
  }
});

test("a file that cannot serve is an error with its remedy", async (context) => {
  const folder = scratch(context);
  const file = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const cases: [string, string, RegExp][] = [
    [join(folder, "none.jsonl"), "not-found", /no such file; check the name/],
    [folder, "is-directory", /is a folder/],
    [join(file("plain", "x"), "y"), "not-found", /not a folder/],
    [file("a.parquet", "PAR1xxxx"), "truncated", /is Parquet that is cut off or damaged .*copy or download it again/],
    [file("a.zip", "PK\x03\x04xxxx"), "unsupported", /zip/],
    [file("utf16.jsonl", Buffer.from('\ufeff{"a":1}', "utf16le")), "unsupported", /UTF-16.*iconv/],
    [file("a.jsonl.zst", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])), "unsupported", /zstd -d/],
    [file("twice.csv", "a,b,a\n1,2,3\n"), "header", /two columns named "a"/],
    [file("unnamed.csv", ",,\n1,2,3\n"), "header", /no names of columns/],
    [file("rows.csv", '{"a":"x","b":"y"}\n'), "header", /holds JSON, not CSV; name it \.jsonl/],
    [file("wide.csv", Buffer.from("a,b\r\n1,2\r\n", "utf16le")), "header", /NUL bytes, as UTF-16.*iconv/],
    [file("mac.csv", "a,b\r1,2\r"), "header", /CR alone/],
  ];
  for (const [path, code, message] of cases) {
    await assert.rejects(readRows(path), (error) => error instanceof FileError && error.code === code && message.test(error.message) && error.message.includes(path) && !error.message.includes("\n"), path);
  }
});

test("a JSON array is read element by element, pretty-printed or not", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.json");
  const rows = [{ a: 'quote " bracket ] brace }' }, { a: "\\" }, { a: { b: [1, [2]] } }, { "é": "😀" }];
  for (const [text, layout] of [
    [JSON.stringify(rows), "json-array"], [`\ufeff  ${JSON.stringify(rows, null, 2)}\n`, "json-array"], [`[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]`, "json-array"],
    [rows.map((row) => JSON.stringify(row, null, 2)).join("\n"), "json-values"], [rows.map((row) => JSON.stringify(row)).join("\n"), "jsonl"],
  ] as const) {
    writeFileSync(path, text);
    const source = await openRows(path);
    const items = await collect(source.batches);
    assert.equal(source.layout, layout, text.slice(0, 30));
    assert.deepEqual(items.map(({ value }) => value), rows);
    assert.deepEqual(items.map(({ line }) => line), [1, 2, 3, 4]);
  }
});

test("a broken array loses no element: bad ones are named, good ones read", async (context) => {
  const folder = scratch(context), path = join(folder, "rows.json");
  const cases: [string, (string | undefined)[]][] = [
    ['[{"a":1}, {"a":2,}, {"a":3}]', [undefined, "invalid-json", undefined]],
    ['[{"a":1}, nope nope, {"a":3}]', [undefined, "invalid-json", undefined]],
    ['[{"a":1}, 2, null, "x", {"a":3}]', [undefined, "not-an-object", "not-an-object", "not-an-object", undefined]],
    ['[{"a":1}, {"a":', [undefined, "invalid-json", "array-not-closed"]],
    ['[{"a":1},', [undefined, "array-not-closed"]],
    ['[{"a":1}] {"a":2}', [undefined, "text-after-array"]],
    ["[]", []],
    ["[", ["array-not-closed"]],
  ];
  for (const [text, expected] of cases) {
    writeFileSync(path, text);
    assert.deepEqual(codes(await readRows(path)), expected, text);
  }
});

test("a JSON array of 200 MB is read in bounded memory", async (context) => {
  const folder = scratch(context), path = join(folder, "large.json");
  const out = createWriteStream(path);
  const element = JSON.stringify({ instruction: "x".repeat(900), output: 'a "quoted" answer' });
  const count = Math.ceil(200e6 / (element.length + 2));
  out.write("[\n");
  for (let at = 0; at < count; at += 1000) {
    const part = Array.from({ length: Math.min(1000, count - at) }, () => element).join(",\n");
    if (!out.write(`${at === 0 ? "" : ",\n"}${part}`)) await once(out, "drain");
  }
  out.end("\n]");
  await once(out, "close");
  assert.ok(statSync(path).size > 200e6);
  let rows = 0, peak = 0;
  const before = process.memoryUsage().rss;
  for await (const batch of (await openRows(path)).batches) {
    rows += batch.filter(({ value }) => value).length;
    peak = Math.max(peak, process.memoryUsage().rss - before);
  }
  assert.equal(rows, count);
  assert.ok(peak < 150e6, `${Math.round(peak / 1e6)} MB`);
});

test("CSV and TSV: quoted line ends, delimiters, a mark, lines of records, cells that hold lists", async (context) => {
  const folder = scratch(context);
  const csv = (name: string, text: string | Uint8Array): Promise<RowItem[]> => {
    writeFileSync(join(folder, name), text);
    return readRows(join(folder, name));
  };
  const items = await csv("a.csv", '\ufeffinstruction,output,__proto__\r\n"line one\nline ""two""",done,x\r\n\r\nplain, spaced ,\r\n');
  assert.deepEqual(items.map(({ line }) => line), [2, 5]);
  assert.deepEqual(items.map(({ value }) => Object.values(value ?? {})), [['line one\nline "two"', "done", "x"], ["plain", " spaced ", ""]]);
  assert.deepEqual(Object.keys(items[0]?.value ?? {}), ["instruction", "output", "__proto__"]);
  assert.deepEqual((await csv("b.tsv", "a\tb\n1\t2,3\n")).map(({ value }) => value), [{ a: "1", b: "2,3" }]);
  assert.deepEqual((await csv("c.csv", "a;b\n1;2,3\n")).map(({ value }) => value), [{ a: "1", b: "2,3" }]);
  assert.deepEqual((await csv("d.csv", 'messages,note\n"[{""role"":""user""}]","[x"\n')).map(({ value }) => value), [{ messages: [{ role: "user" }], note: "[x" }]);
  const bad = await csv("e.csv", Buffer.concat([Buffer.from('a,b\n1\n1,2,3\nx"y,2\n"x"y,2\n'), Buffer.from([0xe9, 0x2c, 0x32, 0x0a]), Buffer.from('ok,1\n"open,2\nnext,3\n')]));
  assert.deepEqual(bad.map(({ line, problem }) => [line, problem?.code]), [[2, "column-count"], [3, "column-count"], [4, "invalid-csv"], [5, "invalid-csv"], [6, "invalid-utf8"], [7, undefined], [8, "invalid-csv"]]);
  assert.equal(bad.at(-1)?.problem?.raw, '"open,2\nnext,3\n', "what an open quote swallows is kept");
});

test("what pandas, Excel and spreadsheets add to a CSV is understood: an index without a name, empty columns, a line that names the delimiter", async (context) => {
  const path = join(scratch(context), "rows.csv");
  const values = async (text: string): Promise<unknown[]> => {
    writeFileSync(path, text);
    return (await readRows(path)).map(({ line, value, problem }) => [line, value ?? problem?.code]);
  };
  assert.deepEqual(await values(",question,answer\n0,a,b\n1,c,d\n"), [[2, { "Unnamed: 0": "0", question: "a", answer: "b" }], [3, { "Unnamed: 0": "1", question: "c", answer: "d" }]]);
  assert.deepEqual(await values("question,answer,,\na,b,,\nc,d,,note\ne,f\n"), [[2, { question: "a", answer: "b" }], [3, { question: "c", answer: "d", "Unnamed: 3": "note" }], [4, "column-count"]]);
  for (const first of ["sep=;", '"sep=;"', "\ufeffSEP=;"]) assert.deepEqual(await values(`${first}\r\nquestion;answer, long\r\na, b;c\r\n`), [[3, { question: "a, b", "answer, long": "c" }]], first);
  assert.deepEqual(await values("sep=;\r\n"), []);
  assert.deepEqual(await values("a,b\nsep=;,x\n"), [[2, { a: "sep=;", b: "x" }]], "only the first line names the delimiter");
  // A reading that resumes finds the same header and delimiter.
  writeFileSync(path, "sep=;\r\na;b\r\n1;2\r\n3;4\r\n");
  const [first] = await readRows(path);
  assert.deepEqual((await readRows(path, { startOffset: first?.end ?? 0, startLine: 4 })).map(({ line, value }) => [line, value]), [[4, { a: "3", b: "4" }]]);
});

test("any table written as CSV is read back, for any chunks", async (context) => {
  const folder = scratch(context), path = join(folder, "t.csv");
  const cell = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll("\ufeff", ""));
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), fc.constantFrom("\n", "\r\n"), async (rows, end) => {
    writeFileSync(path, [["a", "b"], ...rows].map((row) => row.map(quoted).join(",")).join(end));
    assert.deepEqual((await readRows(path)).map(({ value }) => [value?.["a"], value?.["b"]]), rows);
  }), { numRuns: 200, seed: 63 });
});

test("a table as Google Sheets exports it, without quoting, keeps every row and every quote", async (context) => {
  const folder = scratch(context), path = join(folder, "t.tsv");
  // Sheets writes spaces for tabs and line ends inside a cell. A doubled quote inside quotes would be a sign of quoting.
  const cell = fc.array(fc.constantFrom('"', "a", " ", "5", "é", "'", "[", ","), { maxLength: 6 }).map((parts) => parts.join("").replace(/"{2,}/g, '"'));
  const read = async (rows: string[][], end: string, start = ""): Promise<unknown[]> => {
    writeFileSync(path, start + [["a", "b", "c"], ...rows].map((row) => row.join("\t")).join(end) + end);
    return (await readRows(path)).map(({ value, problem }) => (value ? Object.values(value) : problem?.code));
  };
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.constantFrom("", "\ufeff"), async (rows, end, start) => {
    const bare = await read([['5" disk', "x", "y"], ...rows], end, start);
    assert.deepEqual(bare.slice(1), rows, "one quote that quotes nothing shows that none does");
    // Without it a cell in quotes may be a quoted one; the row stays.
    const items = await read(rows.map((row) => ["k", ...row.slice(1)]), end, start);
    assert.equal(items.length, rows.length);
    for (const [at, row] of items.entries()) {
      assert.ok(Array.isArray(row), String(row));
      for (const [column, value] of row.slice(1).entries()) {
        const own = rows[at]?.[column + 1] ?? "";
        assert.ok(value === own || `"${value}"` === own, `${value} of ${own}`);
      }
    }
  }), { numRuns: 500, seed: 63 });
  // The first quote that fits no quoting may come after the first bytes; the place of each row is right all the same.
  const plain = Array.from({ length: 9000 }, (_, n) => [`row ${n}`, "b", "c"]);
  const late = [['"open', "x", "y"], ["p", "q", '"r'], ["s", 'in 5" s', 't"'], ["u", "v", "w"]];
  writeFileSync(path, [["a", "b", "c"], ...plain, ...late].map((row) => row.join("\t")).join("\n"));
  const rows = await readRows(path);
  assert.deepEqual(rows.slice(9000).map(({ line, value }) => [line, Object.values(value ?? {})]), late.map((row, at) => [9002 + at, row]));
  for (const item of rows.slice(8998)) {
    const [again] = await readRows(path, { startOffset: item.offset, startLine: item.line });
    assert.deepEqual(again?.value, item.value);
    assert.deepEqual((await readRows(path, { startOffset: item.end, startLine: item.line + 1 }))[0]?.line, item.line === 9005 ? undefined : item.line + 1);
  }
});

test("any table written with tabs and quotes, as pandas and Excel do, is read back", async (context) => {
  const folder = scratch(context), path = join(folder, "t.tsv");
  const part = fc.constantFrom('"', "\t", "\n", "a", " ", "é", ",", "\r\n");
  const cell = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));
  const minimal = (text: string): string => (/["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), fc.constantFrom("\n", "\r\n"), async (rows, end) => {
    // One cell that holds a quote and a line end shows how the file is written.
    const all = [["k", 'say ""\n'], ...rows].map(([a = "", b = ""]) => [`${a}.`, b]);
    writeFileSync(path, [["a", "b"], ...all].map((row) => row.map(minimal).join("\t")).join(end));
    assert.deepEqual((await readRows(path)).map(({ value }) => Object.values(value ?? {})), all);
  }), { numRuns: 500, seed: 63 });
});

test("the writer's file appears whole on commit and not at all on abort", async (context) => {
  const folder = scratch(context);
  for (const name of ["out.jsonl", "out.jsonl.gz"]) {
    const path = join(folder, name);
    writeFileSync(path, "before");
    const aborted = await JsonlWriter.open(path);
    for (let n = 0; n < 50_000; n++) await aborted.write({ n, text: "😀".repeat(10) });
    assert.equal(readFileSync(path, "utf8"), "before");
    await aborted.abort();
    assert.deepEqual([readFileSync(path, "utf8"), readdirSync(folder).filter((entry) => entry.startsWith("."))], ["before", []]);

    const writer = await JsonlWriter.open(path);
    const text = Array.from({ length: 50_000 }, (_, n) => `${JSON.stringify({ n, lone: "\ud800", text: "é" })}\n`).join("");
    for (let n = 0; n < 50_000; n++) void writer.write({ n, lone: "\ud800", text: "é" }); // not awaited: the order must hold all the same
    const written = await writer.commit();
    const bytes = name.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path);
    assert.equal(bytes.toString(), text);
    assert.deepEqual(written, { path, rows: 50_000, bytes: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex") });
    await writer.abort();
    assert.ok(existsSync(path), "an abort after the commit does nothing");
    assert.throws(() => writer.write({}), /already committed/);
    assert.equal((await readRows(path)).length, 50_000);
  }
  assert.deepEqual(readdirSync(folder).sort(), ["out.jsonl", "out.jsonl.gz"]);
});

test("the writer keeps permissions, writes through a link, and clears what a killed run left", async (context) => {
  const folder = scratch(context);
  const path = join(folder, "real.jsonl"), link = join(folder, "link.jsonl");
  writeFileSync(path, "old", { mode: 0o600 });
  chmodSync(path, 0o640);
  symlinkSync(path, link);
  const stale = join(folder, ".real.jsonl.999999999-0123abcd.partial"), fresh = join(folder, ".real.jsonl.999999998-0123abcd.partial");
  writeFileSync(stale, "half");
  writeFileSync(fresh, "half");
  utimesSync(stale, 0, 0);
  await writeFileAtomic(link, "new");
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(folder).sort(), [".real.jsonl.999999998-0123abcd.partial", "link.jsonl", "real.jsonl"]);
});

test("a place that cannot be written is an error with its remedy, and nothing is left", async (context) => {
  const folder = scratch(context);
  await assert.rejects(JsonlWriter.open(join(folder, "none", "x.jsonl")), (error) => error instanceof FileError && /folder does not exist; create/.test(error.message));
  mkdirSync(join(folder, "dir"));
  await assert.rejects(JsonlWriter.open(join(folder, "dir")), (error) => error instanceof FileError && error.code === "is-directory");
  await assert.rejects(writeFileAtomic(join(folder, "none", "x"), "x"), FileError);
  const writer = await JsonlWriter.open(join(folder, "x.jsonl"));
  assert.throws(() => writer.write(undefined), TypeError);
  await writer.abort();
  assert.deepEqual(readdirSync(folder), ["dir"]);
});

test("a pipe or a device is never replaced by a file", { skip: process.platform === "win32" }, async (context) => {
  const folder = scratch(context), pipe = join(folder, "pipe"), link = join(folder, "link");
  assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
  symlinkSync(pipe, link);
  // As /dev/null would be, by a rename that root may do.
  for (const path of [pipe, link]) {
    await assert.rejects(JsonlWriter.open(path), (error) => error instanceof FileError && /a device or a pipe.*name a file/.test(error.message));
    await assert.rejects(writeFileAtomic(path, "x"), FileError);
  }
  assert.ok(statSync(pipe).isFIFO());
  assert.deepEqual(readdirSync(folder), ["link", "pipe"]);
});

test("the writer takes rows as values, texts and bytes, of any length and in any order", async (t) => {
  const folder = scratch(t);
  const row = fc.tuple(fc.constantFrom("value", "text", "line"), fc.oneof(fc.string({ unit: "grapheme", maxLength: 20 }), fc.integer({ min: 1, max: 600_000 }).map((length) => "x".repeat(length))));
  await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
    const path = join(folder, "rows.jsonl");
    await using writer = await JsonlWriter.open(path);
    for (const [kind, text] of rows) {
      const json = JSON.stringify({ text });
      await (kind === "value" ? writer.write({ text }) : kind === "text" ? writer.writeText(json) : writer.writeLine(Buffer.from(json)));
    }
    const written = await writer.commit();
    const expected = rows.map(([, text]) => `${JSON.stringify({ text })}\n`).join("");
    assert.equal(readFileSync(path, "utf8"), expected);
    assert.deepEqual([written.rows, written.bytes, written.sha256], [rows.length, Buffer.byteLength(expected), createHash("sha256").update(expected).digest("hex")]);
  }), { numRuns: 40 });
});
