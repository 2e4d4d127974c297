/** The formats: what is read, what is refused and why, and that a row comes back from every format it goes to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FORMATS, SIDE_FIELD, detectFormat, detectRow, formatRow, parseJson, parseRow, sameJson, type Example, type Format } from "llmops/data";
import { fuzz } from "./fuzz-data.ts";
import { rowOf } from "./fixtures/arbitrary-rows.ts";

type Row = Record<string, unknown>;

/** The row as it is after being written to a file and read again. */
function throughFile(row: unknown): Row {
  const parsed = parseJson(JSON.stringify(row));
  assert.ok(parsed.ok);
  return parsed.value as Row;
}

function parsed(format: Format, row: unknown): Example {
  const result = parseRow(format, row);
  assert.ok(result.ok, result.ok ? "" : `${result.code}: ${result.reason}`);
  return result.example;
}

function written(format: Format, example: Example): Row {
  const result = formatRow(format, example);
  assert.ok(result.ok, result.ok ? "" : `${result.code}: ${result.reason}`);
  return result.row;
}

const dialogue = [{ role: "user", content: "Add milk" }, { role: "assistant", content: "Added." }];
const weather = [
  { role: "user", content: "List my tasks" },
  { role: "assistant", content: null, tool_calls: [{ id: "call_9", type: "function", function: { name: "list_tasks", arguments: '{"n": 12345678901234567890}' } }] },
  { role: "tool", tool_call_id: "call_9", content: "[]" },
  { role: "assistant", content: "None." },
];
const listTasks = { type: "function", function: { name: "list_tasks", description: "All tasks", parameters: { type: "object", properties: {} } } };

test("each format reads into the same example", () => {
  const plain = { messages: [{ role: "system", content: "Be brief" }, ...dialogue], extra: {} };
  const rows: [Format, Row][] = [
    ["alpaca", { instruction: "Add milk", input: "", output: "Added.", system: "Be brief" }],
    ["sharegpt", { conversations: [{ from: "system", value: "Be brief" }, { from: "human", value: "Add milk" }, { from: "gpt", value: "Added." }] }],
    ["messages", { messages: [{ role: "system", content: "Be brief" }, ...dialogue] }],
  ];
  for (const [format, row] of rows) assert.deepEqual(parsed(format, row), plain, format);
  assert.deepEqual(parsed("alpaca", { instruction: "Add", input: "milk", output: "Added.", history: [["Hi", "Hello"]] }).messages.map(({ content }) => content), ["Hi", "Hello", "Add\nmilk", "Added."]);
  assert.deepEqual(parsed("messages", { messages: [{ role: "developer", content: "x" }, { role: "user", content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] }, dialogue[1]] }).messages.map(({ role, content }) => [role, content]), [["system", "x"], ["user", "ab"], ["assistant", "Added."]]);
});

test("a ShareGPT row with tools in LLaMA-Factory's spelling", () => {
  const row = {
    conversations: [{ from: "human", value: "List" }, { from: "function_call", value: '{"name": "list_tasks", "arguments": {"n": 1}}' }, { from: "observation", value: "[]" }, { from: "gpt", value: "None." }],
    tools: '[{"name": "list_tasks", "description": "All tasks", "parameters": {}}]',
  };
  const example = parsed("sharegpt", row);
  assert.deepEqual(example.messages[1]?.tool_calls, [{ id: "call_1", type: "function", function: { name: "list_tasks", arguments: '{"n": 1}' } }]);
  assert.equal(example.messages[2]?.tool_call_id, "call_1");
  assert.equal(example.tools?.[0]?.function.name, "list_tasks");
  assert.deepEqual(written("sharegpt", example), row);
});

test("every kind of preference row has a prompt and two answers", () => {
  const [user, answer] = dialogue;
  const other = { role: "assistant", content: "No." };
  const rows: Row[] = [
    { prompt: "Add milk", chosen: "Added.", rejected: "No." },
    { question: "Add milk", chosen: "Added.", rejected: "No." },
    { chosen: "\n\nHuman: Add milk\n\nAssistant: Added.", rejected: "\n\nHuman: Add milk\n\nAssistant: No." },
    { prompt: [user], chosen: [answer], rejected: [other] },
    { chosen: [user, answer], rejected: [user, other] },
    { prompt: "Add milk", chosen: [user, answer], rejected: [user, other], messages: [user, answer] },
    { prompt: "Add milk", chosen: [answer], rejected: [other] },
    { input: { messages: [user], tools: [], parallel_tool_calls: true }, preferred_output: [answer], non_preferred_output: [other] },
  ];
  for (const row of rows) {
    assert.equal(detectRow(row)?.format, "preference");
    const example = parsed("preference", row);
    assert.deepEqual([example.messages, example.preference], [[user], { chosen: [answer], rejected: [other] }], JSON.stringify(row));
    assert.deepEqual(written("preference", example), row);
  }
});

/** Why a format may have no place for an example. */
const REFUSALS = ["one-answer", "two-answers", "no-label", "no-slot"];

for (const from of FORMATS) {
  test(`a row of ${from} comes back deep-equal, key order included, from every format, or is refused with a reason`, () => {
    let converted = 0, refused = 0;
    fc.assert(fc.property(rowOf[from], (generated) => {
      const row = throughFile(generated);
      const read = parseRow(from, row);
      if (!read.ok) {
        assert.ok(read.reason.length > 10);
        refused++;
        return;
      }
      for (const to of FORMATS) {
        const there = formatRow(to, read.example);
        if (!there.ok) {
          assert.ok(REFUSALS.includes(there.code), there.reason);
          continue;
        }
        converted++;
        const onTheWay = throughFile(there.row);
        assert.ok(sameJson(parsed(to, onTheWay).messages, read.example.messages), "says the same on the way");
        const back = throughFile(written(from, parsed(to, onTheWay)));
        assert.ok(sameJson(back, row, true), `${to}: ${JSON.stringify(onTheWay)} came back as ${JSON.stringify(back)}`);
        // And by way of a third format.
        for (const by of FORMATS) {
          const further = formatRow(by, parsed(to, onTheWay));
          if (!further.ok) continue;
          assert.ok(sameJson(throughFile(written(from, parsed(by, throughFile(further.row)))), row, true), `by way of ${to} and ${by}`);
          assert.ok(sameJson(throughFile(written(to, parsed(by, throughFile(further.row)))), onTheWay, true), `${to} itself by way of ${by}`);
        }
      }
    }), { numRuns: 300, seed: 63 });
    assert.ok(converted >= (from === "preference" || from === "text" ? 250 : 600), `${converted} conversions were tried`);
    assert.ok(refused < 30, `${refused} rows were refused as they came`);
  });
}

test("an edited example is written as edited: the side field brings back no text", () => {
  for (const from of FORMATS) {
    fc.assert(fc.property(rowOf[from], (generated) => {
      const read = parseRow(from, throughFile(generated));
      if (!read.ok) return;
      const { example } = read;
      const mask = (message: Example["messages"][number]): Example["messages"][number] => (message.content === null ? message : { ...message, content: "MASKED" });
      const edited: Example = { ...example, messages: example.messages.map(mask) };
      if (example.preference) edited.preference = { chosen: example.preference.chosen.map(mask), rejected: [{ role: "assistant", content: "OTHER" }] };
      for (const to of FORMATS) {
        const there = formatRow(to, edited);
        if (!there.ok) continue;
        const example_of_row = parsed(to, throughFile(there.row));
        assert.ok(sameJson(example_of_row.messages, edited.messages) && sameJson(example_of_row.preference, edited.preference), JSON.stringify(there.row));
        const back = formatRow(from, example_of_row);
        if (back.ok) assert.ok(sameJson(parsed(from, throughFile(back.row)).messages, edited.messages), JSON.stringify(back.row));
      }
    }), { numRuns: 150, seed: 64 });
  }
});

test("plain rows have no side field and say the same", () => {
  for (const from of FORMATS) {
    fc.assert(fc.property(rowOf[from], (generated) => {
      const read = parseRow(from, throughFile(generated));
      if (!read.ok) return;
      for (const to of FORMATS) {
        const there = formatRow(to, read.example, { plain: true });
        if (!there.ok) {
          assert.ok([...REFUSALS, "field-collision"].includes(there.code), there.reason);
          continue;
        }
        assert.ok(!Object.hasOwn(there.row, SIDE_FIELD));
        const texts = (example: Example): unknown[] => example.messages.map(({ role, content, tool_calls }) => [role, content, tool_calls?.map((call) => call.function)]);
        assert.deepEqual(texts(parsed(to, throughFile(there.row))), texts(read.example));
      }
    }), { numRuns: 100, seed: 65 });
  }
});

test("the side field is one string, and only on rows that need it", () => {
  const plain = written("messages", parsed("sharegpt", { conversations: [{ from: "human", value: "a" }, { from: "gpt", value: "b" }], id: 7 }));
  assert.deepEqual(plain, { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }], id: 7 });
  const spelled = written("messages", parsed("sharegpt", { conversations: [{ from: "user", value: "a" }, { from: "gpt", value: "b" }] }));
  assert.equal(spelled[SIDE_FIELD], '{"sharegpt":{"roles":{"user":"user"}}}');
  const ids = written("sharegpt", parsed("messages", { messages: weather }));
  assert.equal(ids[SIDE_FIELD], '{"carried":{"ids":["call_9"],"answers":["call_9"]}}');
});

test("a spelling that cannot be described is read, but not converted in silence", () => {
  const odd = { chosen: "Human: a\n\nAssistant: b", rejected: "Human: a\n\nAssistant: c" };
  const example = parsed("preference", odd);
  const refused = formatRow("preference", example);
  assert.deepEqual([refused.ok, !refused.ok && refused.code], [false, "not-reversible"]);
  assert.ok(formatRow("preference", example, { plain: true }).ok);
});

test("each fault of shape and of sense has its code, and its reason names the field and the remedy", () => {
  const turn = (role: string, content: unknown, rest: Row = {}): Row => ({ role, content, ...rest });
  const call = (id: string, args: unknown = "{}", name = "list_tasks"): Row => turn("assistant", null, { tool_calls: [{ id, type: "function", function: { name, arguments: args } }] });
  const chat = (...messages: Row[]): Row => ({ messages });
  const [ask, answer] = dialogue as unknown as [Row, Row];
  const cases: [Format, unknown, string, RegExp][] = [
    ["alpaca", [], "not-an-object", /an empty list.*JSON object/],
    ["alpaca", { instruction: "x" }, "missing-field", /output is missing/],
    ["alpaca", { instruction: 7, output: "x" }, "wrong-type", /instruction is a number, it must be a string/],
    ["alpaca", { instruction: " \n", output: "x" }, "empty-content", /instruction is empty; fill it in/],
    ["alpaca", { instruction: "x", output: "y", history: [["a"]] }, "wrong-type", /history\[0\] is a list, it must be a pair of texts/],
    ["alpaca", { question: "x", prompt: "x", answer: "y" }, "ambiguous-columns", /question and prompt.*--map instruction=question/],
    ["alpaca", { prompt: [ask], completion: [answer] }, "wrong-type", /^prompt is a list/],
    ["alpaca", { Question: "x", Answer: " " }, "empty-content", /^Answer is empty/],
    ["alpaca", { prompt: "x", completion: "y", label: false }, "unwanted-answer", /KTO.*remove the row, or rename label/],
    ["alpaca", { prompt: "x", completion: "y", label: "False" }, "unwanted-answer", /KTO/],
    ["sharegpt", { conversation: [{ from: "human", value: "x" }, { from: "gpt" }] }, "missing-field", /^conversation\[1\]\.value is missing/],
    ["sharegpt", { conversations: "x" }, "wrong-type", /conversations is text, it must be an array/],
    ["sharegpt", { conversations: [] }, "no-user-turn", /needs a question and an answer/],
    ["sharegpt", { conversations: [{ from: "Human", value: "x" }] }, "unknown-role", /conversations\[0\]\.from is "Human".*human, user, gpt/],
    ["sharegpt", { conversations: [{ from: "human", value: "x" }, { from: "gpt" }] }, "missing-field", /conversations\[1\]\.value is missing/],
    ["sharegpt", { conversations: [{ from: "human", value: "x" }, { from: "function_call", value: "list_tasks()" }] }, "tool-call-not-json", /conversations\[1\]\.value must be JSON like/],
    ["sharegpt", { conversations: [{ from: "human", value: "x" }, { from: "function_call", value: '{"name":"a"}' }] }, "missing-field", /without arguments/],
    ["sharegpt", { conversations: [{ from: "human", value: "x" }, { from: "gpt", value: "a" }], tools: "[{" }, "wrong-type", /tools is text, it must be a list of tools/],
    ["sharegpt", { conversations: [{ from: "human", value: "x" }, { from: "gpt", value: "a" }], [SIDE_FIELD]: "mine" }, "reserved-field", /_llmops.*rename or remove/],
    ["messages", chat(turn("bot", "x")), "unknown-role", /messages\[0\]\.role is "bot".*developer/],
    ["messages", chat(turn("user", [{ type: "image_url", image_url: {} }]), answer), "unsupported-content", /messages\[0\]\.content\[0\] is of type "image_url".*only text/],
    ["messages", chat(turn("user", 7), answer), "wrong-type", /messages\[0\]\.content is a number, it must be text or a list of text parts/],
    ["messages", chat(ask, turn("assistant", "")), "empty-content", /messages\[1\]/],
    ["messages", chat(ask, turn("assistant", null)), "empty-content", /no content and calls no tool/],
    ["messages", chat(turn("user", "\ud800"), answer), "lone-surrogate", /no tokenizer can encode/],
    ["messages", chat(answer), "no-user-turn", /before any user turn/],
    ["messages", chat(turn("system", "x")), "no-user-turn", /no user turn/],
    ["messages", chat(ask), "no-assistant-turn", /no assistant turn/],
    ["messages", chat(ask, answer, ask), "last-turn-not-assistant", /messages\[2\] is the last turn/],
    ["messages", chat(ask, ask, answer), "roles-not-alternating", /messages\[1\] is a second user turn/],
    ["messages", chat(ask, answer, answer), "roles-not-alternating", /messages\[2\] is a second assistant turn/],
    ["messages", chat(ask, call("a"), turn("tool", "x", { tool_call_id: "a" }), ask, answer), "roles-not-alternating", /right after a tool result/],
    ["messages", chat(ask, answer, turn("system", "x"), ask, answer), "system-not-first", /move it to the front/],
    ["messages", chat(ask, call("a", "{title}"), turn("tool", "x", { tool_call_id: "a" }), answer), "tool-arguments-not-json", /messages\[1\] calls list_tasks/],
    ["messages", chat(ask, call("a", "[1]")), "tool-arguments-not-json", /no JSON object/],
    ["messages", chat(ask, call("a", 7)), "tool-arguments-not-json", /arguments is a number/],
    ["messages", chat(ask, call("a"), turn("tool", "x", { tool_call_id: "b" }), answer), "tool-result-without-call", /"b", which no turn before it makes/],
    ["messages", chat(ask, call("a"), turn("tool", "x", { tool_call_id: "a" }), turn("tool", "x", { tool_call_id: "a" }), answer), "tool-result-without-call", /already has its result/],
    ["messages", chat(ask, call("a"), answer), "tool-call-unanswered", /before the result of the tool call "a"/],
    ["messages", chat(ask, call("a"), turn("tool", "x", { tool_call_id: "a" }), call("a")), "duplicate-call-id", /again/],
    ["messages", chat(ask, call("a"), turn("tool", "x"), answer), "missing-field", /give each call an id/],
    ["messages", { ...chat(ask, call("a", "{}", "fly")), tools: [listTasks] }, "undeclared-tool", /"fly", which tools does not declare/],
    ["messages", { ...chat(ask, answer), tools: [{ type: "function", function: {} }] }, "missing-field", /tools\[0\]\.function\.name is missing/],
    ["messages", chat(ask, { ...answer, weight: 0.5 }), "wrong-type", /weight.*0 or 1/],
    ["preference", { prompt: "x", chosen: "y" }, "missing-field", /rejected is missing/],
    ["preference", { prompt: "x", chosen: "y", rejected: "y" }, "identical-pair", /nothing to prefer/],
    ["preference", { chosen: "y", rejected: "z" }, "missing-field", /prompt is missing/],
    ["preference", { chosen: [ask, answer], rejected: [turn("user", "else"), answer] }, "no-prompt", /share no prompt/],
    ["preference", { prompt: "else", chosen: [ask, answer], rejected: [ask, turn("assistant", "No")] }, "prompt-mismatch", /none of the turns/],
    ["preference", { prompt: [ask], chosen: [ask, answer], rejected: [answer] }, "answer-not-assistant", /chosen must begin with an assistant turn/],
    ["preference", { prompt: "x", chosen: "y", rejected: [answer] }, "wrong-type", /write both alike/],
  ];
  for (const [format, row, code, reason] of cases) {
    const result = parseRow(format, row);
    assert.ok(!result.ok, `${code}: ${JSON.stringify(row)} was taken`);
    assert.deepEqual([result.code, reason.test(result.reason)], [code, true], `${result.code}: ${result.reason}`);
  }
});

test("a label that marks no unwanted answer is a field like any other", () => {
  for (const row of [{ prompt: "x", completion: "y", label: true }, { prompt: "x", completion: "y", label: "spam" }, { question: "x", answer: "y", label: false }]) {
    assert.equal(parsed("alpaca", row).extra["label"], row.label);
  }
});

test("what a target has no place for is refused by name", () => {
  const cases: [Format, unknown, Format, string, RegExp][] = [
    ["messages", { messages: weather }, "alpaca", "no-slot", /calls tools/],
    ["messages", { messages: dialogue, tools: [listTasks] }, "alpaca", "no-slot", /declares tools/],
    ["messages", { messages: [dialogue[0], { ...weather[1], content: "Wait" }] }, "sharegpt", "no-slot", /messages\[1\] speaks and calls a tool/],
    ["messages", { messages: dialogue }, "preference", "one-answer", /add the other answer/],
    ["preference", { prompt: "x", chosen: "y", rejected: "z" }, "messages", "two-answers", /keep it as preference/],
  ];
  for (const [from, row, to, code, reason] of cases) {
    const result = formatRow(to, parsed(from, row));
    assert.ok(!result.ok);
    assert.deepEqual([result.code, reason.test(result.reason)], [code, true], result.reason);
  }
});

test("formatRow refuses an example that a step has emptied", () => {
  const example = parsed("messages", { messages: dialogue });
  const result = formatRow("sharegpt", { ...example, messages: [{ role: "user", content: "  " }, { role: "assistant", content: "x" }] });
  assert.deepEqual([result.ok, !result.ok && result.code], [false, "empty-content"]);
});

test("columns under other names are taken by a stated rule, or by a map", () => {
  const texts = (row: Row, map?: Record<string, string>): unknown => {
    const result = parseRow("alpaca", row, map ? { map } : {});
    return result.ok ? result.example.messages.map(({ content }) => content) : result.code;
  };
  assert.deepEqual(texts({ question: "q", answer: "a" }), ["q", "a"]);
  assert.deepEqual(texts({ prompt: "q", completion: "a" }), ["q", "a"]);
  assert.deepEqual(texts({ input: "q", output: "a" }), ["q", "a"]);
  assert.deepEqual(texts({ instruction: "q", context: "c", response: "a" }), ["q\nc", "a"]);
  assert.deepEqual(texts({ q: "q", a: "a", question: "other" }, { instruction: "q", output: "a" }), ["q", "a"]);
  assert.equal(texts({ q: "q" }, { instruction: "q", output: "a" }), "missing-field");
  assert.equal(texts({ instruction: "x", q: "q", output: "a" }, { instruction: "q" }), "ambiguous-columns");
  assert.equal(texts({ instruction: "x", output: "a" }, { question: "q" }), "unknown-field");
  const row = { id: 1, a: "answer", q: "question" };
  const example = parseRow("alpaca", row, { map: { instruction: "q", output: "a" } });
  assert.ok(example.ok);
  assert.deepEqual(JSON.stringify(written("alpaca", example.example)), JSON.stringify(row));
});

test("the headings of a table that people typed are understood, and come back as they were", () => {
  for (const [question, answer] of [["Question", "Answer"], ["PROMPT", "response "], ["Instruction", "output"], ["query", "Completion"]] as const) {
    const row = { No: 1, [question]: "why", [answer]: "so", System: "linux" };
    assert.equal(detectRow(row)?.format, "alpaca");
    const example = parsed("alpaca", row);
    assert.deepEqual(example.messages, [{ role: "user", content: "why" }, { role: "assistant", content: "so" }]);
    assert.deepEqual([example.extra["No"], example.extra["System"]], [1, "linux"], "other columns are kept, and are no system prompt");
    assert.deepEqual(written("alpaca", example), row);
  }
  const two = parseRow("alpaca", { Question: "a", "QUESTION": "b", Answer: "c" });
  assert.ok(!two.ok && two.code === "ambiguous-columns" && /--map instruction=Question/.test(two.reason));
  // The field's own name comes before any heading.
  assert.equal(parsed("alpaca", { instruction: "own", Question: "other", output: "x" }).messages[0]?.content, "own");
});

test("the format is told from a sample, with its evidence, and an unknown shape with its fields and the remedy", () => {
  const rows = [...Array.from({ length: 98 }, () => ({ messages: dialogue })), { instruction: "x", output: "y" }, { nope: 1 }];
  const detected = detectFormat(rows);
  assert.ok(detected.ok);
  assert.deepEqual([detected.format, detected.confidence, detected.evidence, detected.counts], ["messages", 0.98, ["98 of 100 rows have messages, a list of turns with role and content"], { messages: 98, alpaca: 1, unknown: 1 }]);
  const unknown = (...sample: unknown[]): string => {
    const result = detectFormat(sample);
    assert.ok(!result.ok);
    return result.message;
  };
  assert.match(unknown({ body: "x", label: 1 }), /found body \(text\), label \(a number\); the nearest is alpaca.*--map instruction=COLUMN --map output=COLUMN/);
  assert.match(unknown({ text: "x", label: 1 }), /a set for classification; for language modelling name the format text/);
  assert.match(unknown({ instruction: "x", target: "y" }), /nearest is alpaca.*--map output=COLUMN$/);
  assert.match(unknown({ prompt: "x", chosen: "y" }), /nearest is .*(preference|alpaca)/);
  assert.match(unknown({ data: [{}] }), /rows seem to be inside data/);
  assert.match(unknown({ id: "1", messages: "[{'role': 'user'}]" }), /messages must hold a list of turns.*json\.dumps/);
  const mapped = detectFormat([{ instruction: "x", output: "y" }], { instruction: "question" });
  assert.match(mapped.ok ? "" : mapped.message, /there is no question, which --map makes instruction/);
  assert.match(unknown(), /no rows/);
  for (const format of FORMATS) {
    const sample = fc.sample(rowOf[format], { numRuns: 300, seed: 9 });
    const right = sample.filter((row) => detectRow(row)?.format === format).length;
    assert.ok(right / sample.length > 0.97, `${format}: ${right} of ${sample.length} rows were recognised`);
  }
});

test("8,000 damaged inputs: nothing throws, nothing hangs, no byte is lost", async () => {
  const result = await fuzz(8_000, 63);
  assert.ok(result.rows > 1200 && result.problems > 1200, JSON.stringify(result));
});
