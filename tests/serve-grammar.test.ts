/** Grammars: what they let through parses and fits, what fits is let through, and llama.cpp reads them as we do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { TASK_TOOLS } from "llmops/evaluate";
import { GrammarError, openLlama, readAnswer, readGrammar, toGrammar, type Reading } from "llmops/serve";
import { ROOT } from "./support/scratch.ts";

type Schema = Record<string, unknown>;
interface Case {
  schema: Schema;
  /** A value that fits. */
  value: unknown;
}

const text = fc.string({ unit: fc.constantFrom("a", "Z", "7", " ", "-", '"', "\\", "\n", "{", "}", "é", "本", "/"), maxLength: 8 });
const key = fc.constantFrom("title", "due_date", "a", "b c", 'quo"te', "größe", "x-1", "back\\slash", "$ref", "n");
const scalar: fc.Arbitrary<unknown> = fc.oneof(text, fc.integer({ min: -1e9, max: 1e9 }), fc.boolean(), fc.constant(null));

const cases = fc.letrec<{ any: Case; object: Case; array: Case }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, depthIdentifier: "schema" },
    text.map((value) => ({ schema: { type: "string", description: "words" }, value })),
    fc.tuple(text, fc.nat(3), fc.nat(3)).map(([value, below, above]) => ({ schema: { type: "string", minLength: Math.max(0, value.length - below), maxLength: value.length + above }, value })),
    fc.date({ min: new Date("1900-01-01"), max: new Date("2399-12-31"), noInvalidDate: true }).map((date) => ({ schema: { type: "string", format: "date" }, value: date.toISOString().slice(0, 10) })),
    fc.date({ min: new Date("1900-01-01"), max: new Date("2399-12-31"), noInvalidDate: true }).map((date) => ({ schema: { type: "string", format: "date-time" }, value: date.toISOString() })),
    fc.uuid().map((value) => ({ schema: { type: "string", format: "uuid" }, value })),
    fc.uniqueArray(scalar, { minLength: 1, maxLength: 4, selector: (value) => JSON.stringify(value) }).map((values) => ({ schema: { enum: values }, value: values.at(-1) })),
    scalar.map((value) => ({ schema: { const: value }, value })),
    fc.tuple(fc.integer({ min: -10_000, max: 10_000 }), fc.nat(2000), fc.nat(2000)).map(([value, below, above]) => ({ schema: { type: "integer", minimum: value - below, exclusiveMaximum: value + above + 1 }, value })),
    fc.integer({ min: -1e12, max: 1e12 }).map((value) => ({ schema: { type: "integer" }, value })),
    fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(99)).map(([whole, part]) => ({ schema: { type: "number" }, value: whole + part / 100 })),
    fc.boolean().map((value) => ({ schema: { type: "boolean" }, value })),
    fc.tuple(text, fc.boolean()).map(([words, isThere]) => ({ schema: { type: ["string", "null"] }, value: isThere ? words : null })),
    fc.tuple(tie("any"), tie("any"), fc.boolean()).map(([a, b, first]) => ({ schema: { anyOf: [a.schema, b.schema] }, value: first ? a.value : b.value })),
    tie("any").map(({ schema, value }) => ({ schema: { allOf: [schema] }, value })),
    tie("object"), tie("array"),
    fc.tuple(key, scalar).map(([name, value]) => ({ schema: { type: "object", additionalProperties: true }, value: { [name]: value } })),
  ),
  array: fc.tuple(tie("any"), fc.nat(3), fc.nat(2)).map(([{ schema, value }, length, above]) => ({ schema: { type: "array", items: schema, minItems: Math.max(0, length - 1), maxItems: length + above }, value: Array.from({ length }, () => value) })),
  object: fc.uniqueArray(fc.tuple(key, tie("any"), fc.boolean(), fc.boolean()), { maxLength: 4, selector: ([name]) => name }).map((members) => ({
    schema: {
      type: "object", properties: Object.fromEntries(members.map(([name, { schema }]) => [name, schema])),
      required: members.filter(([, , isRequired]) => isRequired).map(([name]) => name), additionalProperties: false,
    },
    value: Object.fromEntries(members.filter(([, , isRequired, isGiven]) => isRequired || isGiven).map(([name, { value }]) => [name, value])),
  })),
}));

/** JSON as Python writes it and models see it, with the properties in an order that is drawn. */
function write(value: unknown, draw: (below: number) => number): string {
  if (Array.isArray(value)) return `[${value.map((item) => write(item, draw)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
  const entries = Object.entries(value);
  for (let at = entries.length - 1; at > 0; at--) {
    const other = draw(at + 1);
    [entries[at], entries[other]] = [entries[other]!, entries[at]!];
  }
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}: ${write(each, draw)}`).join(", ")}}`;
}

/** A text that the grammar lets through, drawn letter by letter; after a while it takes what closes. */
function walk(start: Reading, draw: (below: number) => number, long = 60): string {
  let place = start, said = "";
  for (;;) {
    if (place.mayEnd && (place.next.length === 0 || said.length > long || draw(4) === 0)) return said;
    const isIn = (point: number): boolean => place.next.some(([low, high]) => low <= point && point <= high);
    const closing = ['"', "}", "]"].map((letter) => letter.charCodeAt(0)).find(isIn);
    const [low, high] = place.next[draw(place.next.length)]!;
    let point = said.length > long && closing !== undefined ? closing : low + draw(Math.min(high - low + 1, draw(5) === 0 ? 0x3000 : 90));
    if (point >= 0xd800 && point <= 0xdfff) point = low;
    const letter = String.fromCodePoint(point), next = place.read(letter);
    assert.ok(next, `${JSON.stringify(letter)} was offered behind ${said}`);
    [place, said] = [next, said + letter];
    assert.ok(said.length < 5000, said);
  }
}

const drawn = (gen: fc.GeneratorValue) => (below: number): number => gen(fc.nat, below - 1);
const lets = (grammar: string, said: string): boolean => readGrammar(grammar).read(said)?.mayEnd ?? false;

test("what a grammar lets through is JSON that fits its schema", () => {
  fc.assert(fc.property(cases.any, fc.constantFrom("any", "listed"), fc.gen(), ({ schema }, order, gen) => {
    const draw = drawn(gen), said = walk(readGrammar(toGrammar(schema, { order, ...(draw(2) === 0 ? { longest: 10 } : {}) })), draw);
    const { error } = z.fromJSONSchema(schema).safeParse(JSON.parse(said));
    assert.equal(error, undefined, `${said}\n${JSON.stringify(schema)}\n${error?.message}`);
  }), { numRuns: 300 });
});

test("what fits is let through, with the properties in any order, and in the schema's where they are many", () => {
  fc.assert(fc.property(cases.any, fc.gen(), ({ schema, value }, gen) => {
    const said = write(value, drawn(gen)), grammar = toGrammar(schema);
    assert.ok(lets(grammar, said), `${said}\n${JSON.stringify(schema)}\n${grammar}`);
    assert.ok(lets(grammar, JSON.stringify(value)), "as JavaScript writes it, without blanks");
  }), { numRuns: 300 });
  const many = { type: "object", properties: Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`p${at}`, { type: "integer", minimum: 0 }])), required: ["p3", "p11"] };
  const grammar = toGrammar(many);
  assert.ok(grammar.length < 4000, String(grammar.length));
  assert.deepEqual(['{"p3": 1, "p11": 2}', '{"p0": 1, "p3": 1, "p7": 0, "p11": 2}', '{"p0": 1, "p3": 1}', '{"p3": 1, "p11": 2, "p5": 1}', '{"p3": 1, "p3": 1, "p11": 2}'].map((said) => lets(grammar, said)), [true, true, false, false, false]);
});

test("any order: each property once, the required ones always; nothing that the schema does not list", () => {
  const grammar = toGrammar({ type: "object", properties: { title: { type: "string" }, due_date: { type: "string" }, priority: { enum: ["low", "high"] } }, required: ["title"] });
  const wrong = ['{}', '{"priority": "low"}', '{"title": "a", "title": "b"}', '{"title": "a",}', '{"title": "a", "priority": "urgent"}', '{"title": "a", "note": "b"}', '{"title": "a"', '{"title": "a"} ', "{'title': 'a'}", '{"title": "a\nb"}', '{"title": "\\ud800"}', '{"title": 7}'];
  for (const said of wrong) assert.equal(lets(grammar, said), false, said);
  for (const said of ['{"title": "a"}', '{"priority": "low", "title": "a"}', '{"due_date":"Friday","priority":"high","title":"a"}', '{"title": "caf\\u00e9 本 😀"}']) assert.equal(lets(grammar, said), true, said);
});

test("texts come to an end where a bound is set, and keep their schema's own", () => {
  const grammar = toGrammar({ type: "object", properties: { a: { type: "string" }, b: { type: "string", maxLength: 6 }, c: { type: "string", minLength: 5 } } }, { longest: 4 });
  for (const [said, fits] of [['{"a": "four"}', true], ['{"a": "fiver"}', false], ['{"b": "sixsix"}', true], ['{"b": "sevenis"}', false], ['{"c": "fiver"}', true], ['{"c": "sixsix"}', false], ['{"a": "\\n\\u00e9é\\""}', true]] as const) assert.equal(lets(grammar, said), fits, said);
  assert.throws(() => toGrammar({ type: "string" }, { longest: 0 }), /longest: 0 is no number of letters from 1 to 1000/);
});

test("schemas that hold themselves, choices by a constant, tuples, and dates that exist", () => {
  const tree = toGrammar({ $ref: "#/$defs/node", $defs: { node: { type: "object", properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } }, required: ["name"] } } });
  assert.ok(lets(tree, '{"name": "a", "children": [{"name": "b", "children": []}, {"name": "c"}]}'));
  assert.ok(!lets(tree, '{"name": "a", "children": [{"children": []}]}'));
  const action = toGrammar(z.toJSONSchema(z.discriminatedUnion("do", [z.object({ do: z.literal("wait"), days: z.int().min(1).max(31) }), z.object({ do: z.literal("stop"), on: z.iso.date().optional() })])));
  for (const [said, fits] of [['{"do": "wait", "days": 31}', true], ['{"do": "wait", "days": 32}', false], ['{"do": "stop"}', true], ['{"do": "stop", "on": "2028-02-29"}', true], ['{"do": "stop", "on": "2027-02-29"}', false], ['{"do": "stop", "days": 3}', false]] as const) assert.equal(lets(action, said), fits, said);
  const pair = toGrammar({ type: "array", prefixItems: [{ type: "string" }, { type: "boolean" }], items: false });
  assert.deepEqual(['["a", true]', '["a"]', '["a", true, 1]'].map((said) => lets(pair, said)), [true, false, false]);
});

test("whole numbers between any two bounds, and no others", () => {
  fc.assert(fc.property(fc.integer({ min: -3000, max: 3000 }), fc.nat(4000), fc.array(fc.integer({ min: -8000, max: 8000 }), { minLength: 20, maxLength: 20 }), (minimum, length, tried) => {
    const grammar = toGrammar({ type: "integer", minimum, maximum: minimum + length });
    for (const value of [minimum - 1, minimum, minimum + length, minimum + length + 1, ...tried]) assert.equal(lets(grammar, String(value)), value >= minimum && value <= minimum + length, `${value} of ${minimum} to ${minimum + length}`);
  }), { numRuns: 100 });
  const positive = toGrammar({ type: "integer", exclusiveMinimum: 0 });
  assert.deepEqual(["0", "1", "999999999999999", "01", "-1"].map((said) => lets(positive, said)), [false, true, true, false, false]);
});

test("tools: calls that are read back and fit; with auto also prose, never half a call", () => {
  const schemas = new Map(TASK_TOOLS.map(({ function: { name, parameters } }) => [name, z.fromJSONSchema({ ...parameters, additionalProperties: false })]));
  const grammars = { required: readGrammar(toGrammar(TASK_TOOLS)), single: readGrammar(toGrammar(TASK_TOOLS, { parallel: false })), auto: readGrammar(toGrammar(TASK_TOOLS, { calls: "auto" })) };
  fc.assert(fc.property(fc.constantFrom("required", "single", "auto"), fc.gen(), (kind, gen) => {
    const said = walk(grammars[kind], drawn(gen), 150), { content, calls } = readAnswer(said);
    if (kind !== "auto") assert.ok(content === null && calls.length > 0, said);
    if (kind === "single") assert.equal(calls.length, 1);
    if (content !== null) assert.ok(!content.includes("{"), said);
    for (const call of calls) assert.equal(schemas.get(call.name)!.safeParse(call.arguments).error, undefined, said);
  }), { numRuns: 200 });
  const auto = grammars.auto;
  for (const [said, fits] of [["You're welcome!", true], ['{"name": "list_tasks", "parameters": {}}', true], ['I look.\n{"name": "list_tasks", "parameters": {}}; {"name": "delete_task", "parameters": {"title": "a"}}', true], ['{"name": "fly", "parameters": {}}', false], ["{", false], ["", false], ["I {", false]] as const) assert.equal(auto.read(said)?.mayEnd ?? false, fits, said);
});

test("a schema or a tool may be called root", () => {
  const tree = toGrammar({ type: "object", properties: { tree: { $ref: "#/$defs/root" } }, required: ["tree"], additionalProperties: false, $defs: { root: { type: "object", properties: { a: { type: "integer" } }, required: ["a"], additionalProperties: false } } });
  assert.deepEqual([lets(tree, '{"tree": {"a": 1}}'), lets(tree, '{"a": 1}')], [true, false]);
});

test("what a grammar cannot hold is refused with its place and what would do", () => {
  for (const [schema, message] of [
    [{ type: "object", properties: { code: { type: "string", pattern: "^a+$" } } }, /#\/properties\/code: pattern cannot be held.*check the answer instead/],
    [{ type: "number", minimum: 0 }, /^#: minimum cannot be held.*take integer for number/],
    [{ type: "array", items: { type: "string", format: "email" } }, /#\/items: the format "email".*date, date-time, uuid/],
    [{ not: {} }, /not cannot be held/],
    [{ type: "array", uniqueItems: true }, /uniqueItems cannot be held/],
    [{ allOf: [{ type: "string" }, { type: "string" }] }, /write them as one/],
    [{ oneOf: [{ type: "string" }, { type: "string" }] }, /or write anyOf/],
    [{ $ref: "http://example.org/x" }, /leads out of the schema/],
    [{ $ref: "#/$defs/x" }, /leads nowhere/],
    [{ $ref: "#" }, /nothing but itself/],
    [{ type: "strnig" }, /there is no type "strnig"/],
    [{ type: "integer", minimum: 3, maximum: 2 }, /no whole number/],
    [{ type: "integer", minimum: 1e15 }, /more than 15 digits.*leave the bound 1000000000000000 out/],
    [{ type: "integer", maximum: -1e15 }, /more than 15 digits/],
    [{ type: "string", enum: [1, 2] }, /none of its values/],
    [{ anyOf: [{ type: "string" }], minLength: 1 }, /anyOf stands beside minLength/],
    [{ type: "string", maxLength: 5000 }, /up to 1000/],
    [{ properties: { a: false } }, /leave the property out/],
  ] as const) assert.throws(() => toGrammar(schema as Schema), (error) => error instanceof GrammarError && message.test(error.message), JSON.stringify(schema));
  assert.throws(() => toGrammar([]), /none to call/);
  for (const [grammar, message] of [['root ::= "a', /line 1 of the grammar: the grammar ends/], ["root ::= other", /no rule other/], ["root ::= (", /not closed/], ['a ::= "b"', /no rule root/], ['root ::= *', /follows nothing/], ['root ::= root "a" | "b"', /begins with itself/]] as const) assert.throws(() => readGrammar(grammar), message);
});

const llama = await openLlama(join(ROOT, "colab", "taskling", "model", "taskling-q8_0.gguf")).catch((error: Error) => error);

test("llama.cpp reads the grammars, and lets through the same texts", { skip: llama instanceof Error ? llama.message : false }, async (context) => {
  assert.ok(!(llama instanceof Error));
  context.after(() => llama.close());
  const agree = async (grammar: string, said: string): Promise<void> => assert.equal(await llama.letsThrough(grammar, said), lets(grammar, said), `${said}\n${grammar}`);
  await fc.assert(fc.asyncProperty(cases.any, fc.gen(), async ({ schema, value }, gen) => {
    const draw = drawn(gen), grammar = toGrammar(schema, draw(2) === 0 ? { longest: 20 } : {}), texts = [walk(readGrammar(grammar), draw), write(value, draw)];
    for (const said of texts) {
      await agree(grammar, said);
      const at = draw(said.length + 1);
      await agree(grammar, said.slice(0, at) + ['"', "}", ",", "0", "a", " ", ""][draw(7)] + said.slice(at + 1));
    }
  }), { numRuns: 60 });
  for (const calls of ["auto", "required"] as const) {
    const grammar = toGrammar(TASK_TOOLS, { calls });
    for (const said of ["Hello.", '{"name": "list_tasks", "parameters": {}}', '{"name": "list_tasks", "parameters": {}}; ', 'Yes.\n\n{"name":"complete_task","parameters":{"title":"x"}}']) await agree(grammar, said);
  }
  await assert.rejects(llama.letsThrough('root ::= "a', "a"), /llama\.cpp cannot read this grammar/);
});
