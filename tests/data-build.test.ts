import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  buildDataset, BuildError, DataReportSchema, findPii, jaccard, ManifestSchema, readReport, shingles, SplitError, validateFile,
  type BuildOptions, type Chunk, type DataReport, type Example, type Rule,
} from "llmops/data";
import { writeMixedRows } from "./bench/mixed-rows.ts";

const COMMAND = resolve(import.meta.dirname, "../lib/bin/llmops.cjs");
let home = "";
before(() => { home = mkdtempSync(join(tmpdir(), "llmops-build-")); });
after(() => rmSync(home, { recursive: true, force: true }));

let folders = 0;
function folder(files: Record<string, string | Uint8Array> = {}): string {
  const path = join(home, `f${folders++}`);
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const chat = (user: string, answer = "Done, it is in your list.", extra: Record<string, unknown> = {}): string =>
  JSON.stringify({ messages: [{ role: "user", content: user }, { role: "assistant", content: answer }], ...extra });
const unlike = (count: number, prefix = "row"): string[] => Array.from({ length: count }, (_, i) => chat(`${prefix} ${i} alpha${i} beta${i * 7} gamma${i * 13}`, `answer ${i} delta${i} epsilon${i * 3}`));

const readReportSync = (out: string): DataReport => JSON.parse(readFileSync(join(out, "data_report.json"), "utf8")) as DataReport;
interface Row { messages: { content: string }[] }
const lines = (path: string): string[] => readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
const rejected = (out: string): { source: string; line: number; step: string; code: string; reason: string; raw: string; rawEncoding?: string }[] =>
  lines(join(out, "rejected.jsonl")).map((line) => JSON.parse(line) as ReturnType<typeof rejected>[number]);
const bytesOf = (out: string): Record<string, string> =>
  Object.fromEntries((readdirSync(out, { recursive: true }) as string[]).sort().filter((name) => name !== "report").map((name) => [name, createHash("sha256").update(readFileSync(join(out, name))).digest("hex")]));

async function build(options: Omit<BuildOptions, "out"> & { out?: string }): Promise<{ out: string; report: DataReport }> {
  const out = options.out ?? join(folder(), "out");
  const { report, manifest } = await buildDataset({ ...options, out });
  DataReportSchema.parse(JSON.parse(readFileSync(join(out, "data_report.json"), "utf8")));
  ManifestSchema.parse(manifest);
  assert.equal(report.rows.in, report.rows.out + report.rows.rejected);
  assert.equal(rejected(out).length, report.rows.rejected);
  for (const file of manifest.files) {
    const bytes = readFileSync(join(out, file.name));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), file.sha256, file.name);
    assert.equal(bytes.length, file.bytes);
    if (file.rows !== undefined) assert.equal(lines(join(out, file.name)).length, file.rows);
  }
  return { out, report };
}

describe("buildDataset", () => {
  it("takes every row through every step and names each that leaves", async () => {
    const rows = [
      ...unlike(40),
      unlike(1)[0] as string, // 41: exact duplicate
      '{"messages": [', // 42: broken
      JSON.stringify({ messages: [{ role: "user", content: 5 }] }), // 43: wrong type
      JSON.stringify({ body: "no format" }), // 44
      chat("\u200b\u200b", "x"), // 45: empty once normalised
      chat("long ".repeat(300)), // 46: too long
      chat("write to jane@example.org about the alpha release", "ok, I will"), // 47: masked
      chat("write to joe@example.org about the alpha release", "ok, I will"), // 48: equal once masked
    ];
    const { out, report } = await build({ sources: [folder({ "in.jsonl": `${rows.join("\n")}\n` })], maxTokens: 200, fuzzy: false });
    assert.deepEqual(rejected(out).map(({ line, step, code }) => [line, step, code]), [
      [41, "exact-dedup", "duplicate-of"], [42, "parse", "invalid-json"], [43, "schema", "wrong-type"], [44, "schema", "unknown-format"],
      [45, "normalize", "empty-turn"], [46, "length", "too-long"], [48, "pii", "duplicate-after-masking"],
    ]);
    for (const row of rejected(out)) {
      assert.equal(row.raw, rows[row.line - 1], "the row as it was read");
      assert.ok(row.reason.length > 10);
    }
    assert.equal(report.rows.out, 41);
    assert.deepEqual(report.pii.kinds, { email: 2 });
    const all = ["train", "val", "test"].flatMap((name) => lines(join(out, `${name}.jsonl`)));
    assert.ok(all.some((line) => line.includes("[EMAIL]")) && !all.some((line) => line.includes("@example.org")));
  });
  it("removes near-duplicates, verified, and lets none stand in two splits", async () => {
    const file = join(folder(), "mixed.jsonl");
    const planted = await writeMixedRows(file, 3000, 5);
    const { out, report } = await build({ sources: [file], stratify: "operation", maxTokens: 1000 });
    assert.ok(report.duplicates.fuzzy >= planted["near-duplicate"] * 0.97, `${report.duplicates.fuzzy} of ${planted["near-duplicate"]}`);
    assert.equal(report.duplicates.exact, planted["exact-duplicate"]);
    assert.equal(report.pii.rows, planted["personal-data"]);
    const sets = ["train", "val", "test"].flatMap((name) => lines(join(out, `${name}.jsonl`)).map((line) => {
      const text = (JSON.parse(line) as Row).messages.map(({ content }) => content).join("\n");
      assert.deepEqual(findPii(text), []);
      return { name, set: shingles(text) };
    }));
    assert.equal(sets.length, report.rows.out);
    for (let a = 0; a < sets.length; a++) {
      for (let b = a + 1; b < sets.length; b++) {
        const [x, y] = [sets[a], sets[b]];
        if (x && y && x.name !== y.name) assert.ok(jaccard(x.set, y.set) < 0.7, "a leak");
      }
    }
    for (const row of rejected(out).filter(({ step }) => step === "fuzzy-dedup")) assert.match(row.reason, /is (0\.[89]|1\.)\d* similar to .*mixed\.jsonl:\d+, which stands for both/);
  });
  it("makes the same bytes from the same sources, settings and seed", async () => {
    const file = join(folder(), "mixed.jsonl");
    await writeMixedRows(file, 1000, 2);
    const [a, b, c] = [await build({ sources: [file] }), await build({ sources: [file] }), await build({ sources: [file], seed: 2 })];
    assert.deepEqual(bytesOf(a.out), bytesOf(b.out));
    assert.notEqual(bytesOf(a.out)["train.jsonl"], bytesOf(c.out)["train.jsonl"]);
  });
  it("reads a folder of files of every kind, and says of each other file why not", async () => {
    const source = folder({
      "a.jsonl": `${unlike(10, "a").join("\n")}`,
      "sub/b.json": JSON.stringify(Array.from({ length: 10 }, (_, i) => ({ instruction: `b question ${i} x${i} y${i * 3}`, input: "", output: `b answer ${i} z${i}` })), null, 1),
      "c.csv": `question,answer,operation\n${Array.from({ length: 10 }, (_, i) => `"c, what ${i} k${i}\nm${i}","c ""answer"" ${i} l${i}",op${i % 2}`).join("\n")}\n`,
      "d.jsonl.gz": gzipSync(`\uFEFF${Array.from({ length: 10 }, (_, i) => JSON.stringify({ conversations: [{ from: "human", value: `d asks ${i} p${i} q${i * 5}` }, { from: "gpt", value: `d says ${i} r${i}` }] })).join("\r\n")}`),
      "utf16.jsonl": Buffer.from(`\uFEFF${chat("wide")}`, "utf16le"),
      "latin1.jsonl": Buffer.concat([Buffer.from('{"messages":[{"role":"user","content":"caf'), Buffer.from([0xe9]), Buffer.from('"},{"role":"assistant","content":"ok"}]}\n')]),
      "empty.jsonl": "", "blank.jsonl": "\n\n", "image.png": Buffer.from([0x89, 0x50, 0, 1]), "odd.xyz": "what is this", "notes.md": "# Title\n\nSome text.", ".hidden.jsonl": chat("hidden"),
      "cut.jsonl.gz": gzipSync(unlike(3000, "cut").join("\n")).subarray(0, 30_000),
    });
    const { out, report } = await build({ sources: [source], fuzzy: false });
    const of = (name: string) => report.sources.find((entry) => entry.name.endsWith(`/${name}`));
    assert.equal(report.format, "messages", "of several formats, messages are written");
    for (const name of ["a.jsonl", "sub/b.json", "c.csv", "d.jsonl.gz"]) assert.deepEqual([name, of(name)?.rows, of(name)?.out], [name, 10, 10]);
    assert.match(of("utf16.jsonl")?.note ?? "", /UTF-16.*iconv/);
    assert.match(of("blank.jsonl")?.note ?? "", /no rows/);
    assert.match(of("notes.md")?.note ?? "", /teacher/);
    assert.deepEqual(report.skipped.map(({ name, reason }) => [name.split("/").at(-1), reason.split(";")[0]]), [
      ["empty.jsonl", "is empty"], ["image.png", "is a binary file"], ["odd.xyz", "is of a kind that is not known"],
    ]);
    const bad = rejected(out);
    const latin = bad.find(({ source: name }) => name.endsWith("latin1.jsonl"));
    assert.equal(latin?.code, "invalid-utf8");
    assert.equal(latin?.rawEncoding, "base64");
    assert.equal(bad.find(({ source: name }) => name.endsWith("cut.jsonl.gz"))?.code, "truncated");
    assert.ok((of("cut.jsonl.gz")?.out ?? 0) > 100);
    assert.deepEqual(report.sources.flatMap(({ name, unread }) => (unread ? [[name.split("/").at(-1), unread]] : [])), [["cut.jsonl.gz", "rest"]]);
    assert.equal(report.sources.some(({ name }) => name.includes("hidden")), false);
    const markdown = readFileSync(join(out, "data_report.md"), "utf8");
    for (const name of ["utf16.jsonl", "empty.jsonl", "image.png", "odd.xyz", "notes.md"]) assert.ok(markdown.includes(name), name);
  });
  it("rejects an answer labelled both ways, and keeps near-copies with opposite labels", async () => {
    const words = (seed: string): string => Array.from({ length: 40 }, (_, i) => `${seed}${i}`).join(" ");
    const row = (prompt: string, completion: string, label: boolean): string => JSON.stringify({ prompt, completion, label });
    const torn = [row("torn", words("t"), true), row("torn", words("t"), true), row("torn", words("t"), false), row("torn", words("t"), true)];
    const near = [row("near", `${words("n")} one`, true), row("near", `${words("n")} two`, false), row("near", `${words("n")} three`, false)];
    // A near-copy of a row that leaves is not thrown out on its account.
    const besideTorn = row("torn", `${words("t")} more`, true);
    const masked = [row("mail", "Write to ada@example.com now", true), row("mail", "Write to bob@example.com now", false), row("mail", "Write to eve@example.com now", false)];
    const input = folder({ "in.jsonl": [...torn, ...near, besideTorn, ...masked, ...Array.from({ length: 20 }, (_, i) => row(`ask ${i} a${i * 7}`, `say ${words(`w${i}x`)}`, i % 2 === 0))].join("\n") });
    for (const workers of [0, 1]) {
      const { out, report } = await build({ sources: [input], workers, split: { fractions: [1] }, splitNames: ["all"] });
      assert.equal(report.format, "unpaired-preference");
      assert.deepEqual(rejected(out).map(({ line, code }) => [line, code]).sort((a, b) => Number(a[0]) - Number(b[0])), [
        [1, "contradictory-label"], [2, "duplicate-of"], [3, "contradictory-label"], [4, "contradictory-label"], [7, "near-duplicate-of"], [11, "duplicate-after-masking"],
      ]);
      const written = lines(join(out, "all.jsonl")).map((line) => JSON.parse(line) as { prompt: { content: string }[]; label: boolean });
      const labels = (prompt: string): boolean[] => written.filter((one) => one.prompt[0]?.content === prompt).map(({ label }) => label).sort();
      assert.deepEqual([labels("torn"), labels("near"), labels("mail")], [[true], [false, true], [false, true]]);
    }
  });
  it("keeps the input's format, and writes another when asked", async () => {
    const input = folder({ "in.jsonl": Array.from({ length: 20 }, (_, i) => JSON.stringify({ question: `q ${i} a${i} b${i * 3}`, answer: `r ${i} c${i}`, topic: `t${i % 2}` })).join("\n") });
    const plain = await build({ sources: [input], name: "faq", stratify: "topic" });
    assert.equal(plain.report.format, "alpaca");
    assert.deepEqual(Object.keys(JSON.parse(lines(join(plain.out, "faq_train.jsonl"))[0] ?? "") as object).slice(0, 1), ["instruction"]);
    const other = await build({ sources: [input], format: "sharegpt" });
    for (const name of ["train", "val", "test"]) {
      const check = await validateFile(join(other.out, `${name}.jsonl`), { format: "sharegpt" });
      assert.equal(check.invalid, 0);
    }
  });
  it("gives exact counts and puts the surplus into rejected.jsonl, as it was read", async () => {
    const rows = unlike(60);
    const { out, report } = await build({ sources: [folder({ "in.jsonl": rows.join("\n") })], split: { counts: [30, 10, 5] }, fuzzy: false });
    assert.deepEqual(report.split.rows, [30, 10, 5]);
    const surplus = rejected(out);
    assert.equal(surplus.length, 15);
    for (const row of surplus) assert.deepEqual([row.step, row.raw], ["split", rows[row.line - 1]]);
    await assert.rejects(build({ sources: [folder({ "in.jsonl": rows.join("\n") })], split: { counts: [400, 50, 50] } }), SplitError);
  });
  it("asks the filter about every row that is left", async () => {
    const { report } = await build({
      sources: [folder({ "in.jsonl": unlike(30).join("\n") })],
      filter: { name: "odd", test: async (_example, { line }) => line % 2 === 1 || { code: "low-score", reason: "the judge gave it 2 of 5" } },
    });
    assert.equal(report.rows.out, 15);
    assert.deepEqual(report.rejections.map(({ step, code, rows }) => [step, code, rows]), [["filter", "low-score", 15]]);
  });
  it("shows the rules a row as it will be written, personal data masked", async () => {
    const seen: string[] = [];
    const rule: Rule = { name: "look", find: ({ messages }) => void seen.push(messages[0]?.content ?? "") };
    await build({ sources: [folder({ "in.jsonl": [...unlike(10), chat("ring (415) 555-2671 about the order of the chairs")].join("\n") })], rules: [rule] });
    assert.ok(seen.includes("ring [PHONE] about the order of the chairs"), seen.at(-1));
  });
  it("drops rows with personal data when told to, or leaves them", async () => {
    const input = folder({ "in.jsonl": [...unlike(10), chat("ring (415) 555-2671 about the order of the chairs")].join("\n") });
    const dropped = await build({ sources: [input], pii: "drop" });
    assert.deepEqual(rejected(dropped.out).map(({ line, step, code }) => [line, step, code]), [[11, "pii", "personal-data"]]);
    assert.equal((await build({ sources: [input], pii: "off" })).report.rows.out, 11);
  });
  it("holds a row that is huge, and one that is nested to the limit", async () => {
    const deep = `{"messages":[{"role":"user","content":"deep"},{"role":"assistant","content":"ok"}],"x":${"[".repeat(508)}${"]".repeat(508)}}`;
    const { report } = await build({ sources: [folder({ "in.jsonl": [...unlike(5), chat("x".repeat(5_000_000)), deep].join("\n") })], maxTokens: 5000 });
    assert.deepEqual(report.rejections.map(({ step, code }) => [step, code]), [["schema", "too-deep"], ["length", "too-long"]]);
  });
  it("makes pairs of documents through the writer, each with its file and heading, and asks once", async () => {
    const asked: Chunk[] = [];
    const pairWriter = async (chunk: Chunk): Promise<Example[]> => {
      asked.push(chunk);
      if (chunk.text.includes("refuse")) throw Object.assign(new Error("I cannot"), { kind: "refusal" });
      return [{ messages: [{ role: "user", content: `What does ${chunk.heading} say? ${chunk.text.slice(0, 40)}` }, { role: "assistant", content: chunk.text }], extra: {} }];
    };
    const source = folder({
      "guide.md": `# Guide\n\n${"alpha beta ".repeat(40)}\n\n## Install\n\n${"gamma delta ".repeat(40)}\n`,
      "page.html": `<html><body><nav>menu</nav><main><h1>Page</h1><p>${"epsilon zeta ".repeat(40)}</p></main></body></html>`,
      "notes.txt": `${"eta theta ".repeat(40)}\n\n${"please refuse ".repeat(20)}`,
    });
    const options = { sources: [source], pairWriter, chunks: { maxChars: 600 }, fuzzy: false, chunkFault: (error: unknown) => ((error as { kind?: string }).kind === "refusal" ? { code: "teacher-refusal", reason: "I cannot" } : undefined) };
    const { out, report } = await build(options);
    assert.equal(asked.length, 5);
    assert.deepEqual(rejected(out).map(({ source: name, code }) => [name.split("/").at(-1), code]), [["notes.txt", "teacher-refusal"]]);
    const rows = ["train", "val", "test"].flatMap((name) => lines(join(out, `${name}.jsonl`))).map((line) => JSON.parse(line) as { heading: string; source: string });
    assert.deepEqual(rows.map(({ heading }) => heading).sort(), ["", "Guide", "Guide > Install", "Page"]);
    assert.ok(rows.every(({ source: name }) => /guide\.md|page\.html|notes\.txt/.test(name)));
    assert.equal(report.rows.in, 5);
    await assert.rejects(build({ ...options, chunkFault: () => undefined }), /I cannot/, "any other failure stops the build");
  });
  it("replaces its own output, keeps files of others in it, and refuses what it did not make", async () => {
    const input = folder({ "in.jsonl": unlike(20).join("\n") });
    const { out } = await build({ sources: [input], name: "old" });
    writeFileSync(join(out, "README.md"), "my card");
    await build({ sources: [input], out, name: "new" });
    assert.equal(readFileSync(join(out, "README.md"), "utf8"), "my card");
    assert.ok(existsSync(join(out, "new_train.jsonl")) && !existsSync(join(out, "old_train.jsonl")));
    writeFileSync(join(out, "new_train.jsonl"), "edited\n");
    await assert.rejects(build({ sources: [input], out }), (error) => error instanceof BuildError && /changed since.*--force/.test(error.message));
    assert.equal(readFileSync(join(out, "new_train.jsonl"), "utf8"), "edited\n");
    await build({ sources: [input], out, force: true });
    const foreign = folder({ "thesis.txt": "do not lose" });
    await assert.rejects(build({ sources: [input], out: foreign }), (error) => error instanceof BuildError && /not a dataset/.test(error.message));
    assert.deepEqual(readdirSync(foreign), ["thesis.txt"]);
    await build({ sources: [input], out: folder() });
    assert.deepEqual(readdirSync(join(out, "..")).filter((name) => name.startsWith(".")), [], "no work is left behind");
  });
  it("does not read its own output when it lies among the sources", async () => {
    const source = folder({ "in.jsonl": unlike(20).join("\n") });
    const first = await build({ sources: [source], out: join(source, "built") });
    const second = await build({ sources: [source], out: join(source, "built") });
    assert.deepEqual(second.report.rows, first.report.rows);
  });
  it("writes nothing when no row is left, and says why", async () => {
    const out = join(folder(), "out");
    await assert.rejects(buildDataset({ sources: [folder({ "in.jsonl": "nope\n{}\n" })], out }), (error) => error instanceof BuildError && /no row is left.*parse\/invalid-json/.test(error.message));
    assert.equal(existsSync(out), false);
    await assert.rejects(buildDataset({ sources: [folder({ "x.png": Buffer.from([0, 1]) })], out }), /nothing to read/);
    await assert.rejects(buildDataset({ sources: [join(home, "nowhere")], out }), /no such file/);
  });
  it("says which file gave no rows, and names no file of rejected rows that is not there", async () => {
    const input = folder({ "head.csv": "question,answer\n", "blank.jsonl": "\n\n" });
    const out = join(folder(), "out");
    await assert.rejects(buildDataset({ sources: [join(input, "head.csv"), join(input, "blank.jsonl")], out }), (error) => error instanceof BuildError && /head\.csv holds no rows; .*blank\.jsonl holds no rows$/.test(error.message));
    await assert.rejects(buildDataset({ sources: [folder({ "in.jsonl": "nope\n" })], out }), (error) => {
      assert.ok(error instanceof BuildError);
      const path = /The rejected rows are in (\S+)$/.exec(error.message)?.[1] ?? "";
      assert.equal(path, `${out}.rejected.jsonl`);
      return lines(path).length === 1;
    });
    assert.deepEqual(readdirSync(join(out, "..")), ["out.rejected.jsonl"], "no work is left of a build that would fail again");
    await assert.rejects(readReport(join(input, "head.csv")), (error) => error instanceof BuildError && /nothing to report.*holds no rows$/.test(error.message));
    await assert.rejects(readReport(join(folder({ "in.jsonl": "nope\n" }), "in.jsonl")), (error) => error instanceof BuildError && !/rejected rows are in/.test(error.message));
  });
  it("stops at a field to stratify by that no row has, and at names of splits that would be one file", async () => {
    const input = folder({ "in.jsonl": unlike(10).join("\n") });
    const out = join(folder(), "out");
    await assert.rejects(buildDataset({ sources: [input], out, stratify: "lable" }), (error) => error instanceof BuildError && /no row has a value in the field "lable"/.test(error.message));
    await assert.rejects(buildDataset({ sources: [input], out, splitNames: ["train", "Train", "test"] }), /"train" and "Train" differ only in case/);
    assert.equal(existsSync(out), false);
  });
  it("reads of a dataset its rows alone: not its rejected rows, report and manifest", async () => {
    const { out } = await build({ sources: [folder({ "in.jsonl": [...unlike(20), "broken"].join("\n") })] });
    const { report } = await build({ sources: [out] });
    assert.deepEqual(report.sources.map(({ name }) => name.split("/").at(-1)), ["test.jsonl", "train.jsonl", "val.jsonl"]);
    assert.deepEqual([report.rows, report.skipped], [{ in: 20, out: 20, rejected: 0 }, []]);
    const other = await build({ sources: [folder({ "manifest.json": "{}", "rejected.jsonl": unlike(3).join("\n") })] });
    assert.equal(other.report.rows.in, 4, "in any other folder such names are files like others");
  });
  it("writes through a link to the folder of the dataset", async () => {
    const parent = folder();
    mkdirSync(join(parent, "disk"));
    symlinkSync(join(parent, "disk"), join(parent, "link"));
    for (const count of [10, 12]) await buildDataset({ sources: [folder({ "in.jsonl": unlike(count).join("\n") })], out: join(parent, "link") });
    assert.ok(lstatSync(join(parent, "link")).isSymbolicLink());
    assert.equal(["train", "val", "test"].flatMap((name) => lines(join(parent, "disk", `${name}.jsonl`))).length, 12);
    assert.deepEqual(readdirSync(parent), ["disk", "link"]);
    symlinkSync(join(parent, "nowhere"), join(parent, "broken"));
    await assert.rejects(buildDataset({ sources: [folder({ "in.jsonl": unlike(3).join("\n") })], out: join(parent, "broken") }), /is a link to nothing/);
  });
  it("keeps no row of which an answer is not to be learned", async () => {
    const weighted = JSON.stringify({ messages: [{ role: "user", content: "x" }, { role: "assistant", content: "wrong", weight: 0 }, { role: "user", content: "again" }, { role: "assistant", content: "right", weight: 1 }] });
    const { out } = await build({ sources: [folder({ "in.jsonl": [...unlike(3), weighted].join("\n") })] });
    assert.deepEqual(rejected(out).map(({ line, step, code }) => [line, step, code]), [[4, "schema", "untrained-turn"]]);
  });
  it("draws its charts as SVG with text for those who cannot see them", async () => {
    const { out } = await build({ sources: [folder({ "in.jsonl": Array.from({ length: 30 }, (_, i) => chat(`r ${i} a${i} b${i * 3}`, `s ${i} c${i}`, { op: i % 3 ? "<create & more>" : "list" })).join("\n") })], stratify: "op" });
    const markdown = readFileSync(join(out, "data_report.md"), "utf8");
    for (const [, text, path] of markdown.matchAll(/!\[([^\]]+)\]\(([^)]+)\)/g)) {
      assert.ok((text ?? "").length > 40);
      const svg = readFileSync(join(out, path ?? ""), "utf8");
      assert.match(svg, /^<svg [^>]*role="img"[\s\S]*<title id="t">[^<]+<\/title>[\s\S]*<desc id="d">[^<]+<\/desc>[\s\S]*<\/svg>\n$/);
      assert.doesNotMatch(svg, /<create/);
    }
    assert.equal([...markdown.matchAll(/!\[/g)].length, 2);
  });
  it("reports on a dataset and on a file without writing", async () => {
    const input = folder({ "in.jsonl": [...unlike(20), "broken"].join("\n") });
    const { out, report } = await build({ sources: [input] });
    assert.deepEqual(await readReport(out), report);
    const ofFile = await readReport(join(input, "in.jsonl"));
    assert.deepEqual(ofFile.rows, { in: 21, out: 20, rejected: 1 });
    assert.deepEqual(readdirSync(input), ["in.jsonl"]);
  });
});

describe("llmops data build", () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [COMMAND, "data", ...args], { encoding: "utf8", env: { ...process.env, OPENAI_API_KEY: "", OPENAI_BASE_URL: "", LLMOPS_HOME: home } });

  it("prints a summary, or one JSON document; --strict exits with 1", () => {
    const input = folder({ "in.jsonl": [...unlike(20), "broken"].join("\n") });
    const out = join(input, "out");
    const human = run("build", join(input, "in.jsonl"), "--out", out, "--split", "10,5,5", "--name", "faq");
    assert.equal(human.status, 0, human.stderr);
    assert.match(human.stdout, /21 rows in, 20 out, 1 rejected/);
    assert.equal(lines(join(out, "faq_train.jsonl")).length, 10);
    const strict = run("build", join(input, "in.jsonl"), "--out", out, "--split", "0.8,0.1,0.1", "--json", "--strict");
    assert.equal(strict.status, 1, strict.stderr);
    const document = JSON.parse(strict.stdout) as { ok: boolean; report: DataReport };
    assert.equal(document.ok, false, "as the exit status says");
    assert.deepEqual(document.report.split.rows, [16, 2, 2]);
    const report = run("report", out, "--json");
    assert.deepEqual(JSON.parse(report.stdout), document.report);
    assert.match(run("report", out).stdout, /^# Data report\n/);
  });
  it("exits with 1 when a source is cut off, keeps what could be read, and says so", () => {
    const whole = unlike(3000, "cut").join("\n");
    const sources: [name: string, content: Uint8Array | string, says: RegExp][] = [
      ["cut.jsonl.gz", gzipSync(whole).subarray(0, 30_000), /Rows may be missing: \S*cut\.jsonl\.gz could not be read to the end/],
      ["none.jsonl.gz", gzipSync(whole).subarray(0, 12), /Rows may be missing: \S*none\.jsonl\.gz could not be read\./],
      ["open.json", `[${unlike(20).join(",")}`, /Rows may be missing: \S*open\.json could not be read to the end/],
    ];
    for (const [name, content, says] of sources) {
      const input = folder({ [name]: content, "whole.jsonl": unlike(20, "whole").join("\n") });
      const out = join(input, "out");
      const human = run("build", join(input, name), join(input, "whole.jsonl"), "--out", out, "--no-fuzzy");
      assert.equal(human.status, 1, human.stderr + human.stdout);
      assert.match(human.stdout, says);
      assert.ok(lines(join(out, "train.jsonl")).length >= 16);
      assert.equal(rejected(out).length, name === "none.jsonl.gz" ? 0 : 1);
      const scripted = run("build", join(input, name), join(input, "whole.jsonl"), "--out", out, "--no-fuzzy", "--json");
      assert.deepEqual([scripted.status, (JSON.parse(scripted.stdout) as { ok: boolean }).ok], [1, false]);
    }
    assert.match(run("build", "--help").stdout, /damaged and could not be read to its end/);
  });
  it("exits with 2 and one line for wrong usage and unreadable input", () => {
    const input = folder({ "in.jsonl": unlike(5).join("\n"), "utf16.csv": Buffer.from("\uFEFFquestion,answer\na,b\n", "utf16le") });
    const out = join(input, "out");
    const cases: [args: string[], says: RegExp][] = [
      [[join(input, "missing.jsonl"), "--out", out], /missing\.jsonl: no such file/],
      [[join(input, "in.jsonl"), "--out", out, "--split", "0.9,0.9"], /sum to 1\.8/],
      [[join(input, "in.jsonl"), "--out", out, "--split", "400,50,50"], /ask for 500 rows/],
      [[join(input, "in.jsonl"), "--out", out, "--threshold", "2"], /at most 1/],
      [[join(input, "in.jsonl"), "--out", out, "--min-tokens", "9", "--max-tokens", "3"], /minTokens \(9\) is over maxTokens/],
      [[join(input, "in.jsonl"), "--out", out, "--name", "../x"], /must be of letters/],
      [[join(input, "in.jsonl"), "--out", input], /not a dataset that a build made/],
      [[join(input, "utf16.csv"), "--out", out], /UTF-16/],
      [[join(input, "in.jsonl")], /--out/],
      [[join(input, "in.jsonl"), "--out", ""], /It is empty; name the output/],
      [[join(input, "in.jsonl"), "--out", join(input, "in.jsonl", "out")], /a part of the path is a file/],
      [[join(input, "in.jsonl"), "--out", out, "--map", "foo=bar"], /"foo" is no field of any format; the fields are instruction/],
    ];
    for (const [args, says] of cases) {
      const result = run("build", ...args);
      assert.equal(result.status, 2, `${args.join(" ")}: ${result.stderr}`);
      assert.match(result.stderr, says);
      assert.equal(existsSync(out), false);
    }
  });
  it("reads a text file that holds JSON Lines as rows, says so, and leaves other texts to the teacher", () => {
    const files = {
      "rows.txt": ["", ...unlike(12, "text"), "broken"].join("\r\n"), "long.txt": chat("long", "word ".repeat(20_000)),
      "prose.txt": "A task has a title.\n", "example.txt": `${chat("an example")}\nThis row is an example.\nIt has two turns.\n`, "object.txt": '{\n "a": 1\n}\n',
    };
    const input = folder(files);
    const out = join(folder(), "out");
    const human = run("build", input, "--out", out, "--no-teacher");
    assert.equal(human.status, 0, human.stderr);
    const { sources } = readReportSync(out);
    const kinds = Object.fromEntries(sources.map(({ name, kind, rows, readAs }) => [name.split("/").at(-1) ?? "", [kind, rows, readAs !== undefined]]));
    assert.deepEqual(kinds, { "rows.txt": ["rows", 13, true], "long.txt": ["rows", 1, true], "prose.txt": ["text", 0, false], "example.txt": ["text", 0, false], "object.txt": ["text", 0, false] });
    assert.match(human.stdout, /rows\.txt was read as JSON Lines/);
    assert.equal(run("build", join(input, "long.txt"), "--out", out, "--split", "1", "--split-names", "all", "--strict").status, 0, "a note is no fault");
  });
  it("makes pairs of documents with the simulated teacher, and stops with 3 when the budget is spent", () => {
    const source = folder({ "guide.md": `# Tasks\n\n${"A task has a title, a due date and a priority. You create it with one request. ".repeat(8)}\n\n## Deleting\n\n${"A deleted task cannot be restored; complete it if you may need it again. ".repeat(8)}` });
    const broke = run("build", source, "--out", join(source, "out"), "--budget", "0");
    assert.equal(broke.status, 3, broke.stderr + broke.stdout);
    const result = run("build", source, "--out", join(source, "out"), "--json");
    assert.equal(result.status, 0, result.stderr);
    const { report, teacher } = JSON.parse(result.stdout) as { report: DataReport; teacher: number };
    assert.ok(report.rows.out >= 2);
    assert.equal(typeof teacher, "number");
    cpSync(join(source, "out"), join(source, "copy"), { recursive: true });
  });
});
