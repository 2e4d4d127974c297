/** The real command on bad input: each kind is named by line and reason, the exit status is right, nothing is lost. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type SpawnSyncOptions } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { ROOT, scratch } from "./support/scratch.ts";

const LLMOPS = join(ROOT, "lib/bin/llmops.cjs");

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function llmops(cwd: string, args: string[], options: SpawnSyncOptions = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LLMOPS, ...args], { cwd, encoding: "utf8", ...options }) as { status: number | null; stdout: string; stderr: string };
  return { status, stdout, stderr };
}

function folderWith(context: TestContext, files: Record<string, string | Uint8Array>): string {
  const folder = scratch(context);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const row = (n: number): string => JSON.stringify({ messages: [{ role: "user", content: `Add task ${n}` }, { role: "assistant", content: `Added ${n}.` }] });
const chat = (...messages: object[]): string => JSON.stringify({ messages });
const ask = { role: "user", content: "x" }, answer = { role: "assistant", content: "y" };
const call = (id: string, args: string): object => ({ role: "assistant", content: null, tool_calls: [{ id, type: "function", function: { name: "list_tasks", arguments: args } }] });

/** Every kind of bad row, with the code it must get. */
const BAD: [code: string, row: string | Buffer][] = [
  ["invalid-json", "{"], ["invalid-json", "<!DOCTYPE html>"], ["invalid-utf8", Buffer.from([0x22, 0xc3, 0x28, 0x22])], ["nul-byte", "\0\0\0"],
  ["not-an-object", "[1]"], ["duplicate-key", '{"messages":1,"messages":2}'], ["too-deep", `{"a":${"[".repeat(1000)}${"]".repeat(1000)}}`],
  ["missing-field", '{"body":"x"}'], ["other-format", '{"text":"x"}'], ["wrong-type", '{"messages":"x"}'], ["unknown-role", chat({ role: "bot", content: "x" })],
  ["empty-content", chat({ role: "user", content: "" }, answer)], ["unsupported-content", chat({ role: "user", content: [{ type: "image_url" }] }, answer)],
  ["lone-surrogate", '{"messages":[{"role":"user","content":"\\ud800"},{"role":"assistant","content":"y"}]}'],
  ["no-user-turn", chat(answer)], ["no-assistant-turn", chat(ask)], ["last-turn-not-assistant", chat(ask, answer, ask)], ["roles-not-alternating", chat(ask, ask, answer)],
  ["system-not-first", chat(ask, answer, { role: "system", content: "x" })], ["tool-arguments-not-json", chat(ask, call("a", "{x}"))],
  ["tool-result-without-call", chat(ask, { role: "tool", tool_call_id: "a", content: "x" }, answer)], ["tool-call-unanswered", chat(ask, call("a", "{}"), answer)],
  ["other-format", '{"instruction":"x","output":"y"}'],
];

test("validate names each kind of bad row by line and reason, and exits with 1", (context) => {
  const lines = BAD.flatMap(([, bad], at) => [Buffer.from(`${row(at)}\n`), Buffer.from(bad as string), Buffer.from("\n")]);
  const folder = folderWith(context, { "bad.jsonl": Buffer.concat(lines) });
  const human = llmops(folder, ["data", "validate", "bad.jsonl", "--format", "messages"]);
  assert.equal(human.status, 1, human.stderr);
  const named = [...human.stdout.matchAll(/^bad\.jsonl:(\d+): ([a-z0-9-]+): (.{10,})$/gm)].map(([, line, code]) => [Number(line), code]);
  assert.deepEqual(named, BAD.map(([code], at) => [2 * at + 2, code]));
  assert.match(human.stdout, new RegExp(`messages, ${2 * BAD.length} rows: ${BAD.length} valid, ${BAD.length} invalid`));
  assert.equal(human.stderr, "", "no progress bar where there is no terminal");

  const scripted = llmops(folder, ["data", "validate", "bad.jsonl", "--json", "--format", "messages"]);
  assert.equal(scripted.status, 1);
  const document = JSON.parse(scripted.stdout) as { ok: boolean; files: { faults: { line: number; code: string; reason: string }[]; valid: number; invalid: number }[] };
  assert.deepEqual([document.ok, document.files[0]?.valid, document.files[0]?.invalid], [false, BAD.length, BAD.length]);
  assert.deepEqual(document.files[0]?.faults.map(({ line, code }) => [line, code]), named);
});

test("convert keeps every bad row, rows in = rows out + rejected, exit 0, or 1 with --strict", (context) => {
  const folder = folderWith(context, { "bad.jsonl": Buffer.concat(BAD.flatMap(([, bad], at) => [Buffer.from(`${row(at)}\r\n\n`), Buffer.from(bad as string), Buffer.from("\n")])) });
  const args = ["data", "convert", "bad.jsonl", "--from", "messages", "--to", "sharegpt", "--out", "out.jsonl"];
  const converted = llmops(folder, args);
  assert.equal(converted.status, 0, converted.stderr);
  assert.match(converted.stdout, /46 rows in, 23 rejected/);
  const rejected = readFileSync(join(folder, "out.jsonl.rejected.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { line: number; raw: string; rawEncoding?: "base64"; reason: string });
  assert.deepEqual(rejected.map(({ line }) => line), BAD.map((_, at) => 3 * at + 3));
  assert.deepEqual(rejected.map(({ raw, rawEncoding }) => Buffer.from(raw, rawEncoding ?? "utf8")), BAD.map(([, bad]) => Buffer.from(bad as string)));
  assert.equal(readFileSync(join(folder, "out.jsonl"), "utf8").trimEnd().split("\n").length, 23);
  assert.equal(llmops(folder, [...args, "--strict"]).status, 1);
  const document = JSON.parse(llmops(folder, [...args, "--json"]).stdout) as Record<string, unknown>;
  const strict = JSON.parse(llmops(folder, [...args, "--json", "--strict"]).stdout) as Record<string, unknown>;
  assert.equal(strict["ok"], false, "as the exit status says");
  assert.deepEqual([document["ok"], document["rowsIn"], document["rowsOut"], document["rejected"], document["rejectedPath"]], [true, 46, 23, 23, "out.jsonl.rejected.jsonl"]);
  // Nothing converted is no success.
  writeFileSync(join(folder, "bad.jsonl"), BAD.map(([, bad]) => `${String(bad)}\n`).join(""));
  const none = llmops(folder, [...args, "--json"]);
  assert.deepEqual([none.status, (JSON.parse(none.stdout) as { ok: boolean }).ok], [1, false]);
  assert.match(llmops(folder, args).stdout, /No row could be converted/);
});

/** A turn as reasoning models and loggers leave it, for row `n`. */
const thought = (n: number): object => ({ role: "assistant", content: `Added ${n}.`, reasoning_content: `Task ${n}: mail ada${n}@example.com.`, refusal: null, audio: { id: `audio_${n}` }, timestamp: n });

test("fields of turns survive a build and a conversion, masked, and are named where the format has no place for them", (context) => {
  const source = Array.from({ length: 12 }, (_, n) => chat({ role: "user", content: `Add task ${n} alpha${n * 7} beta${n * 13}`, name: "Ada" }, thought(n)));
  const folder = folderWith(context, { "in.jsonl": source.join("\n") });
  const build = (...args: string[]) => {
    const { status, stdout, stderr } = llmops(folder, ["data", "build", "in.jsonl", "--out", "set", "--split", "1", "--split-names", "all", "--json", ...args]);
    assert.equal(status, 0, stderr);
    return { report: (JSON.parse(stdout) as { report: { droppedFields?: Record<string, number> } }).report, rows: readFileSync(join(folder, "set/all.jsonl"), "utf8").trimEnd().split("\n") };
  };
  const messages = build();
  const expected = source.map((line) => JSON.stringify(JSON.parse(line.replace(/ada\d+@example.com/, "[EMAIL]"), (key, value: unknown) => (key === "refusal" ? undefined : value))));
  const sorted = (rows: string[]) => rows.map((line) => (JSON.parse(line) as { messages: Record<string, unknown>[] }).messages.map((turn) => Object.entries(turn).sort())).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  assert.deepEqual(sorted(messages.rows), sorted(expected));
  assert.equal(messages.report.droppedFields, undefined);
  // A turn of ShareGPT can hold them; names of speakers and Alpaca's texts cannot.
  assert.deepEqual(build("--format", "sharegpt").report.droppedFields, { name: 12 });
  const all = { audio: 12, name: 12, reasoning_content: 12, timestamp: 12 };
  assert.deepEqual(build("--format", "alpaca").report.droppedFields, all);
  assert.deepEqual(build("--format", "prompt-completion", "--layout", "standard").report.droppedFields, all);

  const convert = (...args: string[]) => llmops(folder, ["data", "convert", "in.jsonl", "--out", "out.jsonl", ...args]);
  assert.match(convert("--to", "alpaca", "--plain").stdout, /Left out, as alpaca has no place for them in its turns: .*reasoning_content \(12 rows\)/);
  assert.doesNotMatch(convert("--to", "alpaca").stdout, /Left out/);
  const back = llmops(folder, ["data", "convert", "out.jsonl", "--to", "messages", "--out", "back.jsonl"]);
  assert.equal(back.status, 0, back.stderr);
  assert.deepEqual(readFileSync(join(folder, "back.jsonl"), "utf8").trimEnd().split("\n"), source);
  // OpenAI takes no reasoning and no time: what it does not define is left out on demand, an audio stays.
  assert.equal(convert("--to", "messages", "--plain", "--no-extra").status, 0);
  assert.deepEqual(Object.keys((JSON.parse(readFileSync(join(folder, "out.jsonl"), "utf8").split("\n")[0] as string) as { messages: object[] }).messages[1] as object), ["role", "content", "audio"]);
  assert.equal(llmops(folder, ["data", "validate", "out.jsonl", "--for", "openai"]).status, 0);
});

test("a system beside the messages, as Anthropic's API has it, is the system message, and comes back as it was", (context) => {
  const spoken: [name: string, system: unknown, says: string | undefined][] = [
    ["text", "Be brief.", "Be brief."],
    ["blocks", [{ type: "text", text: "Be " }, { type: "text", text: "brief.", cache_control: { type: "ephemeral" } }], "Be brief."],
    ["blank", "", undefined], ["number", 7, undefined], ["image", [{ type: "image" }], undefined],
  ];
  for (const [name, system, says] of spoken) {
    const source = JSON.stringify({ system, messages: [{ role: "user", content: [{ type: "text", text: "Add a task" }] }, answer], id: 1 });
    const folder = folderWith(context, { "in.jsonl": source });
    const convert = (...args: string[]) => {
      const { status, stderr } = llmops(folder, ["data", "convert", ...args]);
      assert.equal(status, 0, stderr);
    };
    convert("in.jsonl", "--to", "messages", "--plain", "--out", "plain.jsonl");
    const plain = JSON.parse(readFileSync(join(folder, "plain.jsonl"), "utf8")) as Record<string, unknown> & { messages: { role: string; content: string }[] };
    assert.deepEqual(plain.messages.filter(({ role }) => role === "system").map(({ content }) => content), says === undefined ? [] : [says], name);
    assert.deepEqual(plain["system"], name === "number" || name === "image" ? system : undefined, "what says nothing of a prompt stays a column");
    convert("in.jsonl", "--to", "sharegpt", "--out", "there.jsonl");
    convert("there.jsonl", "--to", "messages", "--out", "back.jsonl");
    assert.equal(readFileSync(join(folder, "back.jsonl"), "utf8").trimEnd(), source);
  }
  // Beside a system message it is a column of that name.
  const folder = folderWith(context, { "in.jsonl": JSON.stringify({ messages: [{ role: "system", content: "Be kind." }, ask, answer], system: "prod-7" }) });
  assert.equal(llmops(folder, ["data", "build", "in.jsonl", "--out", "set", "--split", "1", "--split-names", "all"]).status, 0);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, "set/all.jsonl"), "utf8")), { messages: [{ role: "system", content: "Be kind." }, ask, answer], system: "prod-7" });
});

test("good files: exit 0, in every layout", (context) => {
  const lines = [row(1), row(2)];
  const folder = folderWith(context, {
    "a.jsonl": lines.join("\n"), "b.jsonl.gz": gzipSync(lines.join("\r\n")), "c.json": `[${lines.join(",")}]`, "d.csv": "question,answer\na,b\n", "e.tsv": "prompt\tcompletion\na\tb\n",
  });
  const files = readdirSync(folder);
  const { status, stdout } = llmops(folder, ["data", "validate", ...files]);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /d\.csv: alpaca \(100% of the first rows\), 1 row: 1 valid, 0 invalid/);
  assert.equal((JSON.parse(llmops(folder, ["data", "validate", "--json", ...files]).stdout) as { ok: boolean }).ok, true);
});

test("an unknown shape and an empty file: what was found, and exit 1", (context) => {
  const folder = folderWith(context, { "odd.jsonl": '{"body":"a"}\n{"body":"b"}\n', "empty.jsonl": "" });
  const odd = llmops(folder, ["data", "validate", "odd.jsonl"]);
  assert.deepEqual([odd.status, odd.stdout.match(/found body \(text\); the nearest is alpaca/g)?.length], [1, 1]);
  const empty = llmops(folder, ["data", "validate", "empty.jsonl"]);
  assert.deepEqual([empty.status, /holds no rows/.test(empty.stdout)], [1, true]);
  assert.equal(llmops(folder, ["data", "validate", "odd.jsonl", "--map", "instruction=body", "--map", "output=body"]).status, 1);
});

test("files and usage that cannot serve: one line with the remedy, exit 2, the same as JSON", (context) => {
  const folder = folderWith(context, { "ok.jsonl": `${row(1)}\n`, "cut.jsonl.gz": gzipSync("x".repeat(9000) + Math.random()).subarray(0, 40), "t.parquet": "PAR1", "dup.csv": "a,a\n1,2\n" });
  mkdirSync(join(folder, "dir"));
  const cases: [string[], RegExp][] = [
    [["data", "validate", "none.jsonl"], /none\.jsonl: no such file; check the name/],
    [["data", "validate", "dir"], /dir: is a folder; name a file/],
    [["data", "validate", "cut.jsonl.gz"], /cut\.jsonl\.gz: the gzip data ends too early.*download it again/],
    [["data", "validate", "t.parquet"], /Parquet/],
    [["data", "validate", "dup.csv"], /two columns named "a"; rename/],
    [["data", "convert", "none.jsonl", "--to", "alpaca", "--out", "x.jsonl"], /no such file/],
    [["data", "convert", "ok.jsonl", "--to", "alpaca", "--out", "no/such/x.jsonl"], /folder does not exist; create/],
    [["data", "convert", "ok.jsonl", "--to", "alpaca", "--out", "dir"], /is a folder/],
    [["data", "convert", "ok.jsonl", "--to", "alpaca", "--out", "ok.jsonl"], /is the input itself/],
    [["data", "convert", "ok.jsonl", "--to", "csv", "--out", "x.jsonl"], /must be one of alpaca, sharegpt, messages, preference/],
    [["data", "convert", "ok.jsonl", "--out", "x.jsonl"], /--to <format>' not specified/],
    [["data", "convert", "ok.jsonl", "--to", "alpaca", "--out", "x.jsonl", "--map", "nonsense"], /field=column/],
    [["data", "validate"], /missing required argument 'file'/],
    [["data", "validat", "x"], /unknown command 'validat'/],
    [["data", "validate", "--nope", "x"], /unknown option '--nope'/],
  ];
  const before = readdirSync(folder);
  for (const [args, message] of cases) {
    const human = llmops(folder, args);
    assert.deepEqual([human.status, message.test(human.stderr)], [2, true], `${args.join(" ")}: ${human.status} ${human.stderr}${human.stdout}`);
    assert.doesNotMatch(human.stderr, /^\s+at /m, "no stack");
    const scripted = llmops(folder, [...args, "--json"]);
    assert.equal(scripted.status, 2);
    assert.match(JSON.stringify(JSON.parse(scripted.stdout)), /"(error|exitCode)"/);
  }
  assert.deepEqual(readdirSync(folder), before, "nothing was written");
  assert.match(llmops(folder, ["data", "validate", "none.jsonl"], { env: { ...process.env, LLMOPS_DEBUG: "1" } }).stderr, /^\s+at /m);
});

test("one unreadable file does not keep the others from being checked", (context) => {
  const folder = folderWith(context, { "ok.jsonl": row(1), "bad.jsonl": `${row(1)}\nnope` });
  const { status, stdout, stderr } = llmops(folder, ["data", "validate", "ok.jsonl", "none.jsonl", "bad.jsonl"]);
  assert.equal(status, 2);
  assert.match(stdout, /ok\.jsonl: messages.*\n[^]*bad\.jsonl:2: invalid-json/);
  assert.match(stderr, /none\.jsonl: no such file/);
});

test("no permission to read or write is said, and exits with 2", (context) => {
  const folder = folderWith(context, { "secret.jsonl": row(1), "ok.jsonl": row(1) });
  mkdirSync(join(folder, "closed"));
  // Root may read anything: then the command runs as nobody.
  const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  chmodSync(folder, 0o755);
  chmodSync(join(folder, "secret.jsonl"), 0o000);
  chmodSync(join(folder, "closed"), 0o555);
  const read = llmops(folder, ["data", "validate", "secret.jsonl"], asNobody);
  assert.deepEqual([read.status, /no permission to read it; change its permissions/.test(read.stderr)], [2, true], read.stderr);
  const write = llmops(folder, ["data", "convert", "ok.jsonl", "--to", "sharegpt", "--out", "closed/x.jsonl"], asNobody);
  assert.deepEqual([write.status, /no permission to write it/.test(write.stderr)], [2, true], write.stderr);
  chmodSync(join(folder, "closed"), 0o755);
});

test("no room on the disk: one line, exit 2, the old output stays, nothing half-written", (context) => {
  const folder = folderWith(context, { "in.jsonl": Array.from({ length: 20_000 }, (_, n) => row(n)).join("\n"), "out.jsonl": "before", "out.jsonl.gz": "before" });
  for (const out of ["out.jsonl", "out.jsonl.gz"]) {
    // A limit on the size of a file (in KiB): writing beyond it fails as on a full disk, without filling one.
    const run = spawnSync("bash", ["-c", 'ulimit -f 32; exec "$0" "$@"', process.execPath, LLMOPS, "data", "convert", "in.jsonl", "--to", "sharegpt", "--out", out], { cwd: folder, encoding: "utf8" });
    assert.equal(run.status, 2, run.stderr);
    assert.match(run.stderr, /^llmops: out\.jsonl(\.gz)?: no room left to write it; free some space.*\n$/);
    assert.equal(readFileSync(join(folder, out), "utf8"), "before");
  }
  assert.deepEqual(readdirSync(folder).sort(), ["in.jsonl", "out.jsonl", "out.jsonl.gz"]);
});

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 130], ["SIGKILL", null]] as const) {
  test(`${signal} in the middle of a conversion leaves the old output whole`, async (context) => {
    const folder = folderWith(context, { "in.jsonl": `${Array.from({ length: 300_000 }, (_, n) => row(n)).join("\n")}\n`, "out.jsonl": "before" });
    const child = spawn(process.execPath, [LLMOPS, "data", "convert", "in.jsonl", "--to", "sharegpt", "--out", "out.jsonl", "--json"], { cwd: folder });
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    const ended = new Promise<[number | null, string | null]>((resolve) => child.on("close", (code, by) => resolve([code, by])));
    const partial = (): string | undefined => readdirSync(folder).find((name) => name.endsWith(".partial") && statSync(join(folder, name)).size > 0);
    while (!partial() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(partial(), "the conversion was under way");
    child.kill(signal);
    assert.deepEqual(await ended, [status, signal === "SIGKILL" ? "SIGKILL" : null]);
    assert.equal(readFileSync(join(folder, "out.jsonl"), "utf8"), "before");
    if (signal !== "SIGKILL") {
      assert.deepEqual(readdirSync(folder).sort(), ["in.jsonl", "out.jsonl"]);
      assert.deepEqual(JSON.parse(stdout), { ok: false, exitCode: 130, error: { code: "interrupted", message: "interrupted; nothing half-written is left behind" } });
    }
  });
}

test("a reader that stops early is no error", (context) => {
  const folder = folderWith(context, { "bad.jsonl": "nope\n".repeat(200_000) });
  const run = spawnSync("bash", ["-c", '"$0" "$1" data validate bad.jsonl --limit 0 | head -n 2; echo "${PIPESTATUS[0]}"', process.execPath, LLMOPS], { cwd: folder, encoding: "utf8" });
  assert.match(run.stdout, /^bad\.jsonl:1: .*\nbad\.jsonl:2: .*\n\d+\n$/);
  assert.equal(run.stderr, "");
});

test("rows come from a pipe to validate and convert, and a build says why it needs a file", { skip: process.platform === "win32" }, (context) => {
  const folder = folderWith(context, { "ok.jsonl": `${row(1)}\n` });
  const piped = (args: string) => spawnSync("bash", ["-c", `cat ok.jsonl | "$0" "$1" data ${args}`, process.execPath, LLMOPS], { cwd: folder, encoding: "utf8" });
  assert.match(piped("validate /dev/stdin").stdout, /1 row: 1 valid/);
  assert.match(piped("convert /dev/stdin --to sharegpt --out out.jsonl").stdout, /1 row in, 0 rejected/);
  const built = piped("build /dev/stdin --out built --no-teacher");
  assert.deepEqual([built.status, /is a pipe.*write it to a file first/.test(built.stderr)], [2, true], built.stderr);
});

test("a result that cannot be written to standard output is one line and exit 2", { skip: !existsSync("/dev/full") }, (context) => {
  const folder = folderWith(context, { "ok.jsonl": `${row(1)}\n` });
  const run = spawnSync("bash", ["-c", '"$0" "$1" data validate ok.jsonl --json > /dev/full', process.execPath, LLMOPS], { cwd: folder, encoding: "utf8" });
  assert.equal(run.status, 2);
  assert.match(run.stderr, /^llmops: the result cannot be written to standard output \(.*\n$/);
});

test("--help says what the exit status means; without dist the command says what to do", (context) => {
  const folder = scratch(context);
  for (const args of [["--help"], ["data", "--help"], ["data", "validate", "--help"], ["data", "convert", "--help"]]) {
    const { status, stdout } = llmops(folder, args);
    assert.deepEqual([status, /Exit status:\s+0 +all is well\s+1 [^]*2 [^]*3 [^]*130 +interrupted/.test(stdout)], [0, true], args.join(" "));
  }
  mkdirSync(join(folder, "bin"));
  copyFileSync(LLMOPS, join(folder, "bin/llmops.cjs"));
  const bare = spawnSync(process.execPath, [join(folder, "bin/llmops.cjs"), "data"], { encoding: "utf8" });
  assert.deepEqual([bare.status, bare.stderr], [2, "llmops: the library is not built yet; run npm start once in the workbook's folder\n"]);
});
