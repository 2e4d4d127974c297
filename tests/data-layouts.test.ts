/** The layouts of TRL and OpenAI: how they are told apart, written on request, and checked against OpenAI's rules. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FORMATS, LAYOUTS, checkOpenAiRow, convertFile, detectRow, formatRow, parseRow, validateFile, type Example, type Format } from "llmops/data";
import { ROOT, scratch } from "./support/scratch.ts";

type Row = Record<string, unknown>;

const user = (content: string): Row => ({ role: "user", content });
const assistant = (content: string, more: Row = {}): Row => ({ role: "assistant", content, ...more });
const call = (args: unknown = '{"title":"milk"}', id: string | undefined = "call_1"): Row => ({ role: "assistant", content: null, tool_calls: [{ ...(id ? { id } : {}), type: "function", function: { name: "create_task", arguments: args } }] });
const result = (id: string | undefined = "call_1"): Row => ({ role: "tool", ...(id ? { tool_call_id: id } : {}), content: "{}" });
const tool = { type: "function", function: { name: "create_task", parameters: { type: "object", properties: {} } } };

function parsed(format: Format, row: unknown): Example {
  const read = parseRow(format, row);
  assert.ok(read.ok, read.ok ? "" : `${read.code}: ${read.reason}`);
  return read.example;
}

test("prompt and completion are TRL's, unless a field of Alpaca's stands beside them; a label makes them unpaired", () => {
  const cases: [Row, Format | undefined][] = [
    [{ prompt: "a", completion: "b" }, "prompt-completion"],
    [{ prompt: [user("a")], completion: [assistant("b")], id: 1 }, "prompt-completion"],
    [{ prompt: "a", completion: "b", context: "c" }, "alpaca"],
    [{ prompt: "a", completion: "b", system: "s" }, "alpaca"],
    [{ prompt: "a", response: "b" }, "alpaca"],
    [{ Prompt: "a", Completion: "b" }, "alpaca"],
    [{ prompt: "a", completion: "b", label: true }, "unpaired-preference"],
    [{ prompt: "a", completion: "b", label: 0 }, "unpaired-preference"],
    [{ prompt: "a", completion: "b", label: "news" }, "prompt-completion"],
    [{ prompt: "a", chosen: "b", rejected: "c" }, "preference"],
    [{ text: "a" }, "text"],
    [{ text: "a", label: 1 }, undefined],
    [{ text: "a", instruction: "i", output: "o" }, "alpaca"],
  ];
  for (const [row, format] of cases) assert.equal(detectRow(row)?.format, format, JSON.stringify(row));
  assert.equal(detectRow({ prompt: "a", completion: "b" }, { instruction: "prompt", output: "completion" })?.format, "alpaca", "a map decides");
  assert.equal(detectRow({ q: "a", a: "b" }, { prompt: "q", completion: "a" })?.format, "prompt-completion");
  assert.deepEqual(parsed("alpaca", { prompt: "a", completion: "b" }), { ...parsed("prompt-completion", { prompt: "a", completion: "b" }), extra: { _llmops: { alpaca: { columns: { instruction: "prompt", output: "completion" }, layout: { drop: { input: "" } } } } } }, "named as alpaca, it is still read by its aliases");
  const wrong = parseRow("unpaired-preference", { prompt: "a", completion: "b", label: 0 });
  assert.match(wrong.ok ? "" : wrong.reason, /label is a number, it must be true \(wanted\) or false/);
});

test("each layout is written on request and reads into the same example; what does not fit is refused", () => {
  const pair = parsed("preference", { prompt: [user("Add milk")], chosen: [assistant("Yes")], rejected: [assistant("No")] });
  const rows: Record<string, Row> = {
    conversational: { prompt: [user("Add milk")], chosen: [assistant("Yes")], rejected: [assistant("No")] },
    standard: { prompt: "Add milk", chosen: "Yes", rejected: "No" },
    implicit: { chosen: [user("Add milk"), assistant("Yes")], rejected: [user("Add milk"), assistant("No")] },
    "implicit-standard": { chosen: "Add milkYes", rejected: "Add milkNo" },
    openai: { input: { messages: [user("Add milk")] }, preferred_output: [assistant("Yes")], non_preferred_output: [assistant("No")] },
  };
  for (const [layout, row] of Object.entries(rows)) {
    const written = formatRow("preference", pair, { layout });
    assert.deepEqual(written, { ok: true, row });
    const { messages, preference } = parsed("preference", row);
    assert.deepEqual([messages, preference], [pair.messages, pair.preference]);
  }
  const withCall = parsed("messages", { messages: [user("Add milk"), call(), result(), assistant("Done")], tools: [tool] });
  for (const format of ["messages", "prompt-completion"] as const) {
    const written = formatRow(format, withCall, { layout: "trl" });
    assert.match(JSON.stringify(written), /"arguments":\{"title":"milk"\}/);
  }
  const refused: [Format, Example, string][] = [
    ["preference", parsed("preference", { prompt: [user("a"), assistant("b"), user("c")], chosen: [assistant("d")], rejected: [assistant("e")] }), "standard"],
    ["preference", parsed("preference", { prompt: [user("a")], chosen: [assistant("no")], rejected: [assistant("never")] }), "implicit-standard"],
    ["prompt-completion", withCall, "standard"],
  ];
  for (const [format, example, layout] of refused) {
    const written = formatRow(format, example, { layout });
    assert.deepEqual([written.ok, !written.ok && written.code], [false, "layout"]);
  }
  assert.throws(() => formatRow("alpaca", pair, { layout: "openai" }), /alpaca has no layout "openai"; it has one spelling only/);
  assert.deepEqual(Object.keys(LAYOUTS), expectKeys());
});

function expectKeys(): string[] {
  return [...FORMATS].sort((a, b) => Object.keys(LAYOUTS).indexOf(a) - Object.keys(LAYOUTS).indexOf(b));
}

test("the implicit prompt of two texts ends where TRL's extract_prompt ends it, and never inside a character", () => {
  const split = (chosen: string, rejected: string): unknown => {
    const read = parseRow("preference", { chosen, rejected });
    return read.ok ? [read.example.messages[0]?.content, read.example.preference?.chosen[0]?.content, read.example.preference?.rejected[0]?.content] : read.code;
  };
  assert.deepEqual(split("The sky is blue.", "The sky is green."), ["The sky is", " blue.", " green."]);
  assert.deepEqual(split("Well 😀", "Well 😁"), ["Well", " 😀", " 😁"]);
  assert.deepEqual(split("Sky:😀", "Sky:😁"), ["Sky:", "😀", "😁"]);
  assert.equal(split("yes", "no"), "missing-field");
  assert.equal(split("The sky", "The sky is"), "empty-content");
});

test("function_call and functions become tool calls, and come back under their names", () => {
  const row = {
    messages: [user("Add milk"), { role: "assistant", content: null, function_call: { name: "create_task", arguments: "{}" } }, { role: "function", name: "create_task", content: "ok" }, assistant("Done")],
    functions: [tool.function],
  };
  const example = parsed("messages", row);
  assert.deepEqual(example.messages[1]?.tool_calls, [{ id: "call_1", type: "function", function: { name: "create_task", arguments: "{}" } }]);
  assert.deepEqual([example.messages[2]?.role, example.messages[2]?.tool_call_id, example.tools], ["tool", "call_1", [tool]]);
  assert.deepEqual(formatRow("messages", example), { ok: true, row });
  const modern = formatRow("messages", example, { layout: "openai" });
  assert.match(JSON.stringify(modern), /"tool_calls".*"role":"tool".*"tools":\[\{"type":"function"/);
  const mixed = parseRow("messages", { messages: [user("a"), row.messages[1], result(), assistant("b")] });
  assert.equal(mixed.ok ? "" : mixed.code, "mixed-calls");
});

test("calls without ids are numbered through prompt and answer", () => {
  const { messages, preference } = parsed("preference", { prompt: [user("a"), call("{}", ""), result(""), assistant("b"), user("c")], chosen: [call("{}", "")], rejected: [assistant("no")] });
  assert.deepEqual([messages[1]?.tool_calls?.[0]?.id, preference?.chosen[0]?.tool_calls?.[0]?.id], ["call_1", "call_2"]);
});

test("a bad answer never loses its label, and text never becomes a conversation", () => {
  const bad = parsed("unpaired-preference", { prompt: "a", completion: "b", label: false });
  const text = parsed("text", { text: "a" });
  for (const format of FORMATS) {
    if (format !== "unpaired-preference") assert.equal(formatRow(format, bad).ok, false, format);
    if (format !== "text") assert.equal(formatRow(format, text).ok, false, format);
  }
  const good = formatRow("messages", parsed("unpaired-preference", { prompt: [user("a")], completion: [assistant("b")], label: true }));
  assert.ok(good.ok);
  assert.equal(parsed("messages", good.row).label, true);
  const unlabelled = formatRow("unpaired-preference", parsed("messages", { messages: [user("a"), assistant("b")] }));
  assert.equal(unlabelled.ok ? "" : unlabelled.code, "no-label");
});

test("OpenAI's rules: each broken one has its code and names the field", () => {
  const chat = (...messages: Row[]): Row => ({ messages });
  const pair = (more: Row): Row => ({ input: { messages: [user("a")] }, preferred_output: [assistant("b")], non_preferred_output: [assistant("c")], ...more });
  const cases: [Row, string | undefined, RegExp?][] = [
    [chat(user("a"), assistant("b")), undefined],
    [chat({ role: "system", content: "s" }, user("a"), assistant("b", { weight: 0 }), user("c"), assistant("d", { weight: 1 })), undefined],
    [{ ...chat(user("a"), call(), result(), assistant("b")), tools: [tool], parallel_tool_calls: false }, undefined],
    [chat(user("a"), assistant("b", { weight: 0 })), "nothing-to-learn", /weight 0 on every/],
    [chat(user("a"), { ...user("b"), weight: 1 }), "misplaced-weight", /messages\[1\]\.weight stands on a user turn/],
    [chat({ role: "developer", content: "d" }, user("a"), assistant("b")), "unknown-role", /write system for developer/],
    [{ ...chat(user("a"), assistant("b")), id: 7 }, "unknown-field", /^id is no field/],
    [chat(user("a"), assistant("b", { score: 1 })), "unknown-field", /messages\[1\]\.score/],
    [chat(user("a"), call("{}", ""), result(""), assistant("b")), "missing-field", /messages\[1\]\.tool_calls\[0\]\.id/],
    [chat(user("a"), call({ title: "x" }), result(), assistant("b")), "wrong-type", /arguments is a object|arguments is an object/],
    [{ ...chat(user("a"), assistant("b")), tools: [tool.function] }, "wrong-type", /tools\[0\]/],
    [{ ...chat(user("a"), assistant("b")), tools: [{ type: "function", function: { name: "create task" } }] }, "tool-name", /create task/],
    [{ ...chat(user("a"), assistant("b")), tools: Array.from({ length: 129 }, () => tool) }, "too-many-tools", /129 functions.*128/],
    [pair({}), undefined],
    [pair({ preferred_output: [call(), result(), assistant("b")] }), "one-answer-turn", /preferred_output has 3 messages/],
    [pair({ score: 1 }), "unknown-field", /score/],
    [{ prompt: "a", chosen: "b", rejected: "c" }, "not-openai", /--layout openai/],
  ];
  for (const [row, code, reason] of cases) {
    const refusal = checkOpenAiRow(row);
    assert.deepEqual([refusal?.code, reason === undefined || reason.test(refusal?.reason ?? "")], [code, true], refusal?.reason);
  }
});

test("validate --for openai asks for ten examples in JSON Lines; convert makes such a file of any other", async (context) => {
  const folder = scratch(context), at = (name: string): string => join(folder, name);
  const row = (n: number): string => JSON.stringify({ instruction: `Add task ${n}`, output: `Added ${n}.`, id: n });
  writeFileSync(at("in.jsonl"), Array.from({ length: 10 }, (_, n) => `${row(n)}\n`).join(""));
  const run = (...args: string[]) => spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "data", ...args], { cwd: folder, encoding: "utf8" });
  assert.equal(run("convert", "in.jsonl", "--to", "messages", "--plain", "--no-extra", "--out", "out.jsonl").status, 0);
  const good = run("validate", "--for", "openai", "out.jsonl");
  assert.equal(good.status, 0, good.stdout);
  await convertFile(at("in.jsonl"), at("extra.jsonl"), { to: "messages", plain: true });
  assert.deepEqual((await validateFile(at("extra.jsonl"), { rules: "openai" })).byCode, { "unknown-field": 10 });
  writeFileSync(at("few.jsonl"), readFileSync(at("out.jsonl"), "utf8").split("\n").slice(0, 9).join("\n"));
  const few = run("validate", "--for", "openai", "few.jsonl");
  assert.deepEqual([few.status, /few\.jsonl has 9 examples, and OpenAI asks for at least 10/.test(few.stdout)], [1, true]);
  const wrong = run("convert", "in.jsonl", "--to", "messages", "--layout", "implicit", "--out", "x.jsonl");
  assert.deepEqual([wrong.status, /messages has the layouts openai, trl/.test(wrong.stderr)], [2, true]);
  assert.equal(run("convert", "in.jsonl", "--to", "messages", "--no-extra", "--out", "x.jsonl").status, 2);
});
