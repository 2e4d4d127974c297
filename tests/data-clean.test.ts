import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  chunkMarkdown, chunkText, contentHash, countTextTokens, countTokens, filterByLength, findPii, htmlToMarkdown, maskExample, maskPii,
  normalizeExample, normalizeText, parseRow, type Example, type PiiKind,
} from "llmops/data";

const example = (user: string, assistant = "Done."): Example => ({
  messages: [{ role: "user", content: user }, { role: "assistant", content: assistant }], extra: {},
});

describe("normalizeText", () => {
  const cases: [what: string, before: string, after: string][] = [
    ["CRLF and CR become LF", "a\r\nb\rc", "a\nb\nc"],
    ["trailing spaces go", "a  \nb\t", "a\nb"],
    ["zero-width characters and the byte order mark go", "\uFEFFcre\u200Bate\u2060 it", "create it"],
    ["soft hyphens go", "dead\u00ADline", "deadline"],
    ["control characters go, tabs stay", "a\u0000b\u001Bc\td", "abc\td"],
    ["NBSP and its kin become spaces", "10\u00A0kg\u202Fnow", "10 kg now"],
    ["NFC", "cafe\u0301", "caf\u00E9"],
    ["lone surrogates become U+FFFD", "a\uD800b", "a\uFFFDb"],
    ["several blank lines become one", "a\n\n\n\nb", "a\n\nb"],
    ["blank lines at the ends go", "\n\n a\n\n", "a"],
    ["bidirectional overrides go", "a\u202Eb\u2066c", "abc"],
  ];
  for (const [what, before, after] of cases) it(what, () => assert.equal(normalizeText(before).text, after));

  it("says what it changed, and nothing of a clean text", () => {
    assert.deepEqual(normalizeText("a\r\n\u200Bb ").changes.sort(), ["invisible-characters", "line-endings", "trailing-spaces"]);
    assert.deepEqual(normalizeText("Clean.\n\n- list\n    code").changes, []);
  });
  it("leaves fenced code as it is, but for line endings", () => {
    const code = "```py\nx = 'a\u00A0b'  \n\n\n\ny = 1\n```";
    assert.equal(normalizeText(`before  \r\n${code.replace(/\n/g, "\r\n")}\r\nafter `).text, `before\n${code}\nafter`);
    assert.equal(normalizeText("~~~\n```  \n~~~").text, "~~~\n```  \n~~~");
  });
  it("keeps an indented first line, which may be code", () => {
    assert.equal(normalizeText("    indented").text, "    indented");
  });
  it("keeps the joiners of emoji, Persian and Devanagari", () => {
    for (const text of ["👩\u200D💻", "می\u200Cخواهم", "क्\u200Dष"]) assert.equal(normalizeText(text).text, text.normalize("NFC"));
  });
  it("twice is once", () => {
    const part = fc.constantFrom("```", "~~~", "````", "\n", "\r\n", " ", "    ", "\t", "\u00A0", "\u200B", "\u200D", "\u200C", "e\u0301", "a", "é", "`", "\uD800", "\u2028", "\u2000", "\u0085", "\u0000", "👩", "\u212A", "\u1FEF", "\u0301");
    fc.assert(fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const once = normalizeText(parts.join("")).text;
      const twice = normalizeText(once);
      assert.equal(twice.text, once);
      assert.deepEqual(twice.changes, []);
    }), { numRuns: 5000, seed: 1 });
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = normalizeText(text).text;
      assert.equal(normalizeText(once).text, once);
    }), { numRuns: 2000, seed: 2 });
  });
  it("does not change the example given, and returns it when nothing changed", () => {
    const clean = example("Add a task.");
    assert.equal(normalizeExample(clean).example, clean);
    const dirty = example("Add \u200Ba task. ");
    const result = normalizeExample(dirty);
    assert.equal(dirty.messages[0]?.content, "Add \u200Ba task. ");
    assert.equal(result.example.messages[0]?.content, "Add a task.");
    assert.deepEqual(result.changes, { "invisible-characters": 1, "trailing-spaces": 1 });
  });
});

describe("contentHash", () => {
  it("is taken of the content as JSON with sorted keys, names and empty texts too", () => {
    const turn = fc.record({ role: fc.constantFrom("user" as const, "assistant" as const, "system" as const), content: fc.option(fc.string({ unit: "binary" })), name: fc.option(fc.string(), { nil: undefined }) });
    fc.assert(fc.property(fc.array(turn), (turns) => {
      const messages = turns.map(({ name, ...rest }) => ({ ...rest, ...(name === undefined ? {} : { name }) }));
      const sorted = messages.map((message) => Object.fromEntries(Object.entries(message).sort(([a], [b]) => (a < b ? -1 : 1))));
      const expected = createHash("sha256").update(JSON.stringify({ messages: sorted })).digest().subarray(0, 16);
      assert.deepEqual(contentHash({ messages, extra: { id: 7 } }), expected);
    }));
  });
  it("counts what is spoken beside a content, and no other field of a turn", () => {
    const said = (extra: Record<string, unknown>): Example => {
      const parsed = parseRow("messages", { messages: [{ role: "user", content: "x" }, { role: "assistant", content: "y", ...extra }] });
      assert.ok(parsed.ok);
      return parsed.example;
    };
    assert.deepEqual(contentHash(said({})), contentHash(said({ id: "msg_1", timestamp: 5, refusal: null })));
    for (const field of ["reasoning_content", "reasoning", "thinking", "refusal"]) {
      assert.notDeepEqual(contentHash(said({ [field]: "a" })), contentHash(said({ [field]: "b" })));
      assert.ok(countTokens(said({ [field]: "a longer thought" })) > countTokens(said({})));
    }
  });
  it("does not depend on key order, call ids or extra fields", () => {
    const call = (id: string, args: string): Example => ({
      messages: [
        { role: "user", content: "x" },
        { role: "assistant", content: null, tool_calls: [{ id, type: "function", function: { name: "f", arguments: args } }] },
        { role: "tool", content: "ok", tool_call_id: id },
      ],
      extra: { id },
    });
    assert.deepEqual(contentHash(call("call_1", '{"a":1,"b":2}')), contentHash(call("call_9", '{ "b": 2, "a": 1 }')));
    assert.notDeepEqual(contentHash(call("call_1", '{"a":1}')), contentHash(call("call_1", '{"a":2}')));
  });
  it("tells integers apart that a double cannot", () => {
    const call = (args: string): Example => ({
      messages: [{ role: "assistant", content: null, tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: args } }] }], extra: {},
    });
    assert.notDeepEqual(contentHash(call('{"a":9007199254740993}')), contentHash(call('{"a":9007199254740992}')));
  });
});

describe("findPii", () => {
  const hits: [text: string, kind: PiiKind, found: string][] = [
    ["Mail jane.doe+tasks@example.co.uk, please", "email", "jane.doe+tasks@example.co.uk"],
    ["Kontakt: müller@bücher.example", "email", "müller@bücher.example"],
    ["(o'neil@example.com)", "email", "o'neil@example.com"],
    ["Call +1 415 555 2671 now", "phone", "+1 415 555 2671"],
    ["Call (415) 555-2671.", "phone", "(415) 555-2671"],
    ["or 415-555-2671", "phone", "415-555-2671"],
    ["ring 415.555.2671", "phone", "415.555.2671"],
    ["reach me at +1 (555) 012-3456", "phone", "+1 (555) 012-3456"],
    ["the office is 555-0142", "phone", "555-0142"],
    ["+44 20 7946 0958 is London", "phone", "+44 20 7946 0958"],
    ["call 0300 1234567 in Lahore", "phone", "0300 1234567"],
    ["Telefon: tel 0049 30 901820", "phone", "0049 30 901820"],
    ["my phone is 4155552671", "phone", "4155552671"],
    ["from 203.0.113.42 today", "ip", "203.0.113.42"],
    ["host 192.168.1.10:8080", "ip", "192.168.1.10"],
    ["2001:db8::ff00:42:8329 is up", "ip", "2001:db8::ff00:42:8329"],
    ["fe80::1%eth0", "ip", "fe80::1%eth0"],
    ["card 4111 1111 1111 1111", "card", "4111 1111 1111 1111"],
    ["pay with 4111-1111-1111-1111.", "card", "4111-1111-1111-1111"],
    ["amex 378282246310005", "card", "378282246310005"],
    ["mc 5555555555554444", "card", "5555555555554444"],
    ["SSN 123-45-6789", "ssn", "123-45-6789"],
    ["my social security number is 123 45 6789", "ssn", "123 45 6789"],
    ["IBAN DE89 3704 0044 0532 0130 00 thanks", "iban", "DE89 3704 0044 0532 0130 00"],
    ["to GB82WEST12345698765432", "iban", "GB82WEST12345698765432"],
    ["sk-proj-abcDEF1234567890abcd", "secret", "sk-proj-abcDEF1234567890abcd"],
    ["sk-ant-api03-AbCdEf123456-xyz", "secret", "sk-ant-api03-AbCdEf123456-xyz"],
    ["token ghp_0123456789abcdefghijABCDEFGHIJ012345", "secret", "ghp_0123456789abcdefghijABCDEFGHIJ012345"],
    ["AKIAIOSFODNN7EXAMPLE", "secret", "AKIAIOSFODNN7EXAMPLE"],
    ["xoxb-123456789012-abcdefABCDEF", "secret", "xoxb-123456789012-abcdefABCDEF"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----"],
    ["postgres://admin:s3cret@db.example.com/app", "url-credentials", "admin:s3cret"],
  ];
  for (const [text, kind, found] of hits) {
    it(`${kind}: ${text.slice(0, 50)}`, () => assert.deepEqual(findPii(text).map((m) => [m.kind, m.text]), [[kind, found]]));
  }

  const misses = [
    "Task 12345678 is due 2024-05-06 at 12:30", "Move it to 06/05/2024 14:00-15:30", "2024-05-06 to 2024-06-07", "06-05-2024 12:30", "due 2024.05.06",
    "Price $1,234,567.89, down from $2,345,678.90", "EUR 1 234 567 890", "version 1.2.3.4 of the app", "v10.0.19045.3803", "Node 24.19.0", "Chrome v120.0.0.0",
    "TASK-20240506-0001", "task_id: 4155552671", "order #4155552671", "id 1714998600123", "uuid 550e8400-e29b-41d4-a716-446655440000",
    "commit 4f2a9c81d3e5b7a6c8d9e0f1a2b3c4d5e6f70812", "sk-learn-based-classifier-model", "risk-based-approach-is-better-2", "npm i foo@1.2.3", "image@sha256:abc", "@jane said hi",
    "git@github.com:org/repo.git", "the ratio 16:9 at 10:20:30", "std::vector and a::b", "::1 and 127.0.0.1 are local", "1234 5678 9012 3456",
    "4111 1111 1111 1112", "000-12-3456", "666-12-3456", "2024-12-3456", "ISBN 978-3-16-148410-0", "DE89 3704 0044 0532 0130 01", "https://example.com:8080/a@b",
    "pi is 3.14159265358979", "1 + 2 = 3, 10000000 - 5", "from 100-200 to 300-4000 units", "timestamp 1714998600", "5 of 10 (50%) in 3.5 s", "§ 1.2.3.4", "IPv4 999.1.1.1",
  ];
  for (const text of misses) it(`nothing in: ${text}`, () => assert.deepEqual(findPii(text), []));

  it("counts by kind and masks in place", () => {
    const { text, counts } = maskPii("a@b.io, c@d.io and https://me:pw1@h.io/x");
    assert.equal(text, "[EMAIL], [EMAIL] and https://[CREDENTIALS]@h.io/x");
    assert.deepEqual(counts, { email: 2, "url-credentials": 1 });
    assert.equal(maskPii("a@b.io", { mode: "drop" }).text, "a@b.io");
    assert.equal(maskPii("a@b.io 415-555-2671", { kinds: ["phone"] }).text, "a@b.io [PHONE]");
  });
  it("finds nothing in what it has masked", () => {
    for (const [text] of hits) assert.deepEqual(findPii(maskPii(text).text), [], text);
  });
});

describe("maskExample", () => {
  it("reaches tool arguments, tool results and extra fields, and keeps JSON valid", () => {
    const args = '{"to":"a@b.io","phone":"4155552671","nested":{"card":4111111111111111},"big":9007199254740993,"n":3}';
    const given: Example = {
      messages: [
        { role: "user", content: "send it" },
        { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "send", arguments: args } }] },
        { role: "tool", content: '{"ip": "203.0.113.42", "ok": true}', tool_call_id: "c1" },
        { role: "assistant", content: "Sent to a@b.io" },
      ],
      extra: { owner: "c@d.io", id: "TASK-1" },
    };
    const before = JSON.stringify(given);
    const { example: masked, counts } = maskExample(given);
    assert.equal(JSON.stringify(given), before, "the example given is not changed");
    const call = masked.messages[1]?.tool_calls?.[0]?.function.arguments ?? "";
    assert.deepEqual((JSON.parse(call) as { nested: unknown }).nested, { card: "[CARD]" });
    assert.match(call, /"to":"\[EMAIL\]","phone":"\[PHONE\]".*"big":9007199254740993,"n":3/);
    assert.deepEqual(JSON.parse(masked.messages[2]?.content ?? ""), { ip: "[IP]", ok: true });
    assert.equal(masked.messages[3]?.content, "Sent to [EMAIL]");
    assert.deepEqual(masked.extra, { owner: "[EMAIL]", id: "TASK-1" });
    assert.deepEqual(counts, { email: 3, phone: 1, card: 1, ip: 1 });
  });
  it("masks values whatever their keys are, and counts what it masked", () => {
    const content = '{"10.0.0.5": "root@corp.com", "ann@corp.com": {"note": "call 415-555-2671 or a@b.io"}}';
    const { example: masked, counts } = maskExample({ messages: [{ role: "user", content: "?" }, { role: "assistant", content }], extra: {} });
    assert.deepEqual(JSON.parse(masked.messages[1]?.content ?? ""), { "10.0.0.5": "[EMAIL]", "ann@corp.com": { note: "call [PHONE] or [EMAIL]" } });
    assert.deepEqual(counts, { email: 2, phone: 1 });
  });
  it("returns the same example when there is nothing to mask", () => {
    const clean = example("Add task 12345678 for 2024-05-06");
    assert.equal(maskExample(clean).example, clean);
  });
});

describe("tokens", () => {
  it("counts a conversation by OpenAI's rule", () => {
    // 3 a message, 1 token a role, the text, and 3 for the reply.
    const text = countTextTokens("Hello there") + countTextTokens("Hi!");
    assert.equal(countTokens(example("Hello there", "Hi!")), 2 * (3 + 1) + text + 3);
    const named: Example = { messages: [{ role: "user", name: "ann", content: "Hello there" }, { role: "assistant", content: "Hi!" }], extra: {} };
    assert.equal(countTokens(named), countTokens(example("Hello there", "Hi!")) + 1 + countTextTokens("ann"));
  });
  it("counts as OpenAI's cookbook does", () => {
    // The cookbook's example messages: gpt-4o and gpt-4o-mini count 124 (o200k_base), gpt-4 and gpt-3.5-turbo 129 (cl100k_base).
    const cookbook: Example = {
      messages: [
        { role: "system", content: "You are a helpful, pattern-following assistant that translates corporate jargon into plain English." },
        { role: "system", name: "example_user", content: "New synergies will help drive top-line growth." },
        { role: "system", name: "example_assistant", content: "Things working well together will increase revenue." },
        { role: "system", name: "example_user", content: "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage." },
        { role: "system", name: "example_assistant", content: "Let's talk later when we're less busy about how to do better." },
        { role: "user", content: "This late pivot means we don't have time to boil the ocean for the client deliverable." },
      ],
      extra: {},
    };
    assert.equal(countTokens(cookbook), 124);
    assert.equal(countTokens(cookbook, { encoding: "cl100k_base" }), 129);
    const weather: Example = {
      messages: [
        { role: "system", content: "You are a helpful assistant that can answer to questions about the weather." },
        { role: "user", content: "What's the weather like in San Francisco?" },
      ],
      tools: [{
        type: "function",
        function: {
          name: "get_current_weather", description: "Get the current weather in a given location",
          parameters: {
            type: "object",
            properties: {
              location: { type: "string", description: "The city and state, e.g. San Francisco, CA" },
              unit: { type: "string", description: "The unit of temperature to return", enum: ["celsius", "fahrenheit"] },
            },
            required: ["location"],
          },
        },
      }],
      extra: {},
    };
    assert.equal(countTokens(weather), 101);
    assert.equal(countTokens(weather, { encoding: "cl100k_base" }), 105);
  });
  it("takes special tokens in a message for text", () => {
    assert.ok(countTokens(example("what is <|endoftext|> and <|im_start|>?")) > 20);
  });
  it("counts a text in pieces as in one, and a long run without spaces in little time", () => {
    const prose = "The deadline moved to Friday, so tell the whole team today. ".repeat(400);
    assert.equal(countTextTokens(prose), 400 * countTextTokens(" The deadline moved to Friday, so tell the whole team today.") + 1);
    const began = performance.now();
    assert.ok(countTextTokens("QmFzZTY0".repeat(60_000)) > 100_000);
    assert.ok(performance.now() - began < 20_000);
  });
  it("filters by length, bounds inclusive", () => {
    const rows = ["a", "a b c d e f g h", "a ".repeat(50)].map((text) => example(text));
    const tokens = rows.map((row) => countTokens(row));
    const { kept, removed } = filterByLength(rows, { minTokens: tokens[1] ?? 0, maxTokens: tokens[1] ?? 0 });
    assert.deepEqual(kept, [rows[1]]);
    assert.deepEqual(removed.map(({ index, code }) => [index, code]), [[0, "too-short"], [2, "too-long"]]);
    assert.throws(() => filterByLength(rows, { minTokens: 5, maxTokens: 4 }), RangeError);
  });
});

describe("documents", () => {
  it("cuts Markdown by headings, not inside fences, and names heading and line", () => {
    const text = `---\ntitle: x\n---\n# Guide\n\nIntro ${"word ".repeat(60)}\n\n## Install\n\n\`\`\`sh\n# not a heading\nnpm start\n\`\`\`\n${"more ".repeat(60)}\n\nUsage\n-----\n\nRun ${"it ".repeat(90)}\n`;
    const chunks = chunkMarkdown("guide.md", text);
    assert.deepEqual(chunks.map(({ heading }) => heading), ["Guide", "Guide > Install", "Guide > Usage"]);
    assert.match(chunks[1]?.text ?? "", /```sh\n# not a heading\nnpm start\n```/);
    assert.equal(text.split("\n")[(chunks[0]?.line ?? 0) - 1]?.startsWith("Intro"), true);
    assert.equal(text.split("\n")[(chunks[2]?.line ?? 0) - 1]?.startsWith("Run"), true);
  });
  it("names the line on which a piece of a cut paragraph begins, wherever its lines end", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 3, maxLength: 60 }), fc.integer({ min: 80, max: 300 }), (widths, maxChars) => {
      let word = 0;
      const lines = widths.map((width) => Array.from({ length: Math.ceil(width / 6) }, () => `w${String(++word).padStart(4, "0")}`).join(" "));
      for (const { line, text } of chunkMarkdown("a.md", lines.join("\n"), { maxChars, minChars: 1 })) assert.ok(lines[line - 1]?.includes(text.slice(0, 5)), `${text.slice(0, 5)} on line ${line}`);
    }), { numRuns: 200 });
  });
  it("loses no word of a text, and keeps to the limit", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("word", "two words.", "\n\n", "\n", "# H\n\n", "## Sub\n\n", "x".repeat(90)), { maxLength: 80 }), (parts) => {
      const text = parts.join(" ");
      const words = (s: string): string => s.replace(/[#*\s]/g, "");
      const chunks = chunkText("t.txt", text, { maxChars: 200 });
      assert.equal(words(chunks.map((c) => c.text).join("")), words(text));
      for (const chunk of chunks) assert.ok(chunk.text.length <= 200, `${chunk.text.length}`);
    }), { numRuns: 500, seed: 3 });
  });
  it("reads the content of a page and not its furniture", () => {
    const markdown = htmlToMarkdown(`<!doctype html><html><head><title>T</title><style>p{}</style></head><body><nav>Home</nav><header>Site</header>
      <main><header><h1>Tasks</h1></header><p>Create a <b>task</b> with <code>POST</code>.<script>x()</script></p><ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>
      <pre><code class="language-ts">let a = 1;\n  b</code></pre><table><tr><th>a</th><th>b|c</th></tr><tr><td>1</td><td>2</td></tr></table><div>loose <em>text</em><p>para</p>tail</div></main><footer>F</footer></body></html>`);
    assert.equal(markdown, "# Tasks\n\nCreate a task with `POST`.\n\n- one\n  - inner\n- two\n\n```ts\nlet a = 1;\n  b\n```\n\n| a | b\\|c |\n| --- | --- |\n| 1 | 2 |\n\nloose text\n\npara\n\ntail");
  });
});
