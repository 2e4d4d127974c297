/** The kinds of answers: what a number, a choice, a function, a text, a dataset and a skill are told, right and wrong. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { judge, todo, type Exercise } from "llmops/course";
import { choiceAnswer } from "llmops/exercises/kinds/choice";
import { functionAnswer } from "llmops/exercises/kinds/function";
import { numberAnswer, type NumberAnswer, type NumberSpec } from "llmops/exercises/kinds/number";
import { rowsAnswer, type RowsAnswer } from "llmops/exercises/kinds/rows";
import { skillAnswer } from "llmops/exercises/kinds/skill";
import { textAnswer } from "llmops/exercises/kinds/text";
import { findUnit, readQuantity } from "llmops/exercises/kinds/units";
import { scratch } from "./support/scratch.ts";

type Parts<Answer> = Pick<Exercise<Answer>, "kind" | "fault" | "misconceptions">;
const exerciseOf = <Answer>(parts: Parts<Answer>): Exercise<Answer> => ({
  id: "0.0/kind", hints: ["Where does the number come from?", "Multiply the two."], because: "It is what the two numbers give together.", ...parts,
});
const verdictOf = async <Answer>(parts: Parts<Answer>, answer: unknown) => {
  const verdict = await judge(exerciseOf(parts), answer as Answer);
  return "misconception" in verdict ? `${verdict.outcome}: ${verdict.misconception ?? ""}` : verdict.outcome === "wrong" ? verdict.message : verdict.outcome;
};

const BYTE_UNITS: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const UNITS: readonly (readonly [family: string, units: Record<string, number>])[] = [
  ["bytes", BYTE_UNITS],
  ["time", { ms: 1e-3, s: 1, min: 60, h: 3600, days: 86_400, weeks: 604_800 }],
  ["money", { $: 1, USD: 1, cents: 0.01 }],
  ["share", { "%": 0.01, share: 1 }],
  ["operations", { FLOP: 1, GFLOP: 1e9, TFLOP: 1e12, EFLOP: 1e18, ZFLOP: 1e21 }],
];
const near = (given: number, expected: number) => Math.abs(given - expected) <= 1e-9 * Math.abs(expected);
const unitPair = fc.constantFrom(...UNITS).chain(([, units]) => fc.tuple(fc.constantFrom(...Object.entries(units)), fc.constantFrom(...Object.entries(units))));
const amount = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
const gib = (spec: Partial<NumberSpec> = {}) => numberAnswer({ value: 12.5, unit: "GiB", tolerance: { relative: 0.005 }, ...spec });

describe("units", () => {
  test("a quantity means the same in every unit of its family", () => {
    fc.assert(fc.property(amount, unitPair, (value, [[from, size], [to, other]]) => {
      const read = readQuantity(`${value} ${from}`, to);
      assert.ok(read.ok && near(read.value, (value * size) / other), JSON.stringify(read));
    }));
  });
  test("a quantity of one family is none of another, and is told so", () => {
    fc.assert(fc.property(amount, fc.constantFrom(...UNITS), fc.constantFrom(...UNITS), (value, [one, units], [other, others]) => {
      fc.pre(one !== other);
      const read = readQuantity(`${value} ${Object.keys(units)[1]}`, Object.keys(others)[0]!);
      assert.ok(!read.ok && /measures something else/.test(read.problem));
    }));
  });
  test("a quotient of units converts above and below the line", () => {
    fc.assert(fc.property(amount, fc.constantFrom("h", "days", "weeks"), fc.constantFrom("s", "min", "h"), (value, from, to) => {
      const read = readQuantity(`$${value}/${from}`, `$/${to}`);
      assert.ok(read.ok && near(read.value, (value * findUnit(to)!.factor) / findUnit(from)!.factor));
    }));
  });
  for (const [text, unit, value] of [
    ["12.5 GiB", "GiB", 12.5], ["$0.49", "$", 0.49], ["-$3", "$", -3], ["3 min", "min", 3], ["85 %", "%", 85], ["85%", "share", 0.85], ["0.85", "share", 0.85],
    ["49 ct", "$", 0.49], ["1,048,576", "B", 1048576], ["1_200 rows", "rows", 1200], ["1 row", "rows", 1], ["8 billion parameters", "parameters", 8e9], ["8B", "parameters", 8e9],
    ["8B", "B", 8], ["8 B/s", "B/s", 8], ["$3B", "$", 3e9], ["1.4 trillion tokens", "tokens", 1.4e12], ["5.76e23", "FLOP", 5.76e23], ["$600 a month", "$/month", 600], ["$1.2k per month", "$/month", 1200], ["about 10 days", "days", 10],
    ["$3 per million tokens", "$/1M tokens", 3], ["$3/1M tokens", "$/1,000 tokens", 0.003], ["65 TFLOPS", "TFLOP/s", 65], ["320 GB/s", "GB/s", 320], ["−2.5", "", -2.5], ["16 gb", "GB", 16],
  ] as const) {
    test(`${text} in ${unit || "no unit"} is ${value}`, () => {
      const read = readQuantity(text, unit);
      assert.ok(read.ok && near(read.value, value), JSON.stringify(read));
    });
  }
  for (const [text, unit, problem] of [
    ["12,5 GiB", "GiB", /a point before the decimals/], ["1,24,000", "", /commas only between thousands/], ["some", "GiB", /begins with no number.*12\.5 GiB/], ["16 Gb", "GB", /may be bits or bytes: write Gbit or GB/],
    ["3 min", "GiB", /wanted in GiB; min measures something else/], ["5 §", "s", /no unit that is known here/], ["5 tokens", "", /as a plain number/],
  ] as const) {
    test(`${text} cannot be read as ${unit || "a number"}, with the reason`, () => {
      const read = readQuantity(text, unit);
      assert.ok(!read.ok);
      assert.match(read.problem, problem);
    });
  }
});

describe("a number", () => {
  test("is right within its tolerance, bare or in any unit that converts", async () => {
    await fc.assert(fc.asyncProperty(fc.double({ min: -0.0049, max: 0.0049, noNaN: true }), fc.constantFrom(...Object.entries(BYTE_UNITS)), async (off, [unit, size]) => {
      const value = 12.5 * (1 + off);
      assert.equal(await verdictOf(gib(), value), "right");
      assert.equal(await verdictOf(gib(), `${(value * 2 ** 30) / size} ${unit}`), "right");
    }));
  });
  test("is wrong beyond it, and told whether too high or too low", async () => {
    await fc.assert(fc.asyncProperty(fc.double({ min: 0.0051, max: 0.02, noNaN: true }), fc.boolean(), async (off, up) => {
      assert.match(await verdictOf(gib(), 12.5 * (up ? 1 + off : 1 - off)), up ? /GiB: that is too high\./ : /GiB: that is too low\./);
    }));
  });
  test("an absolute tolerance is in the unit", async () => {
    const steps = numberAnswer({ value: 150, unit: "steps", tolerance: { absolute: 1 } });
    assert.deepEqual([await verdictOf(steps, 151), await verdictOf(steps, "149 steps"), await verdictOf(steps, 152)], ["right", "right", "The answer is not 152 steps: that is too high."]);
  });
  test("a value that is computed is computed once", async () => {
    let times = 0;
    const computed = gib({ value: async () => { times++; return 12.5; } });
    assert.deepEqual([await verdictOf(computed, 12.5), await verdictOf(computed, "12.5 GiB"), times], ["right", "right", 1]);
  });

  const foreseen: Record<string, [Parts<NumberAnswer>, Record<string, unknown>]> = {
    GiB: [gib({ signed: true }), { "in GB": 12.5 * 1.073741824, "bits for bytes": "100 GiB", "a thousand times": 12.5 * 1024, sign: -12.5 }],
    MB: [gib({ unit: "MB" }), { "in MiB": 12.5 / 1.048576, "bits for bytes": 100, "a thousand times": 0.0125 }],
    "%": [gib({ unit: "%" }), { "a share": 0.125, "a thousand times": 12500, sign: "-12.5 %" }],
    share: [gib({ unit: "share", value: 0.85 }), { percent: 85, "a thousand times": 850, sign: -0.85 }],
    $: [gib({ unit: "$" }), { "in cents": 1250, "a thousand times": 12.5e6, sign: "-$12.50" }],
    days: [gib({ unit: "days", value: 10 }), { "in h": 240, "in weeks": 10 / 7, "in months": 10 / 30.436875, "a thousand times": 10_000 }],
    "$/month": [gib({ unit: "$/month", value: 600 }), { "in $/days": 600 / 30.436875, "in $/years": 7200, "a thousand times": 0.6, sign: -600 }],
    tokens: [gib({ unit: "tokens" }), { "a thousand times": "12.5k tokens", sign: -12.5 }],
  };
  for (const [unit, [parts, mistakes]] of Object.entries(foreseen)) {
    test(`mistakes with ${unit} are known, each with its own words`, async () => {
      assert.deepEqual(parts.misconceptions.map(({ name }) => name).sort(), Object.keys(mistakes).sort());
      for (const [name, answer] of Object.entries(mistakes)) assert.equal(await verdictOf(parts, answer), `wrong: ${name}`);
      assert.equal(new Set(parts.misconceptions.map(({ message }) => message)).size, parts.misconceptions.length);
    });
  }
  test("a mistake that the tolerance lets through is none", () => {
    assert.ok(!gib({ tolerance: { relative: 0.1 } }).misconceptions.some(({ name }) => name === "in GB"));
  });
  test("blank text is a stub; nonsense is told what to write", async () => {
    for (const stub of [undefined, "", "  \n"]) assert.equal(await verdictOf(gib(), stub), "untouched");
    for (const nonsense of [NaN, Infinity, {}, [], "many", true]) assert.doesNotMatch(await verdictOf(gib(), nonsense), /threw|right|untouched/);
    assert.match(await verdictOf(gib(), { value: 12.5 }), /Give a number, or text such as "12\.5 GiB"; this is an object/);
  });
  test("whatever text is given, it is judged and nothing is thrown", async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.stringMatching(/^-?\$?[\d,.]{1,6} ?[kMGTi]{0,2}[Bbs$%/]{0,3}$/)), async (text) => {
      assert.doesNotMatch(await verdictOf(gib(), text), /threw/);
    }));
  });
  test("an exercise that cannot be answered is refused when it is made", () => {
    assert.throws(() => gib({ tolerance: { relative: 0 } }), /tolerance: 0 lets no answer through/);
    assert.throws(() => gib({ unit: "Gb" }), /unit: "Gb" cannot be read/);
  });
});

const OPTIONS = {
  prompt: { says: "a better prompt", why: "The facts change every day, and a prompt is too short for them." },
  rag: { says: "retrieval", why: "The facts of the last hour can only be looked up." },
  tune: { says: "fine-tuning" },
  pretrain: { says: "pretraining", why: "That costs millions and forgets tomorrow's facts." },
} as const;

describe("a choice", () => {
  const one = choiceAnswer({ options: OPTIONS, right: "tune" });
  const several = choiceAnswer({ options: OPTIONS, right: ["rag", "tune"] });
  test("each wrong option has its own words", async () => {
    assert.equal(await verdictOf(one, "tune"), "right");
    for (const name of ["prompt", "rag", "pretrain"] as const) {
      const verdict = await judge(exerciseOf(one), name);
      assert.deepEqual(verdict, { outcome: "wrong", message: OPTIONS[name].why, misconception: name });
    }
  });
  test("of several, order and repetition do not count; what is taken wrongly is told before what is left out", async () => {
    for (const [answer, verdict] of [
      [["tune", "rag"], "right"], [["rag", "tune", "rag"], "right"], [["tune"], "wrong: without rag"], [["rag", "tune", "prompt"], "wrong: prompt"],
      [["rag"], "What you chose is right, and one is missing."], [[], "untouched"],
    ] as const) assert.equal(await verdictOf(several, answer), verdict);
  });
  test("any set of names is right only if it is the right one", async () => {
    await fc.assert(fc.asyncProperty(fc.uniqueArray(fc.constantFrom("prompt", "rag", "tune", "pretrain"), { minLength: 1 }), async (names) => {
      assert.equal((await verdictOf(several, names)) === "right", names.length === 2 && names.includes("rag") && names.includes("tune"));
    }));
  });
  test("another name is answered with the options; blank text is a stub", async () => {
    assert.match(await verdictOf(one, "distil"), /"distil" is none of the options: prompt \(a better prompt\), rag/);
    assert.match(await verdictOf(one, "toString"), /none of the options/);
    assert.match(await verdictOf(several, "tune"), /Give a list of names; this is a text/);
    assert.match(await verdictOf(one, ["tune"]), /Give one name; this is a list/);
    for (const stub of [undefined, "", " "]) assert.equal(await verdictOf(one, stub), "untouched");
  });
  test("an option that cannot be explained is refused when the exercise is made", () => {
    assert.throws(() => choiceAnswer({ options: { a: { says: "A" }, b: { says: "B" } }, right: "a" }), /options\.b\.why: say why/);
    assert.throws(() => choiceAnswer({ options: OPTIONS, right: "other" as "tune" }), /"other" is none of the options/);
  });
});

type Mean = (values: readonly number[]) => number | Promise<number>;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = functionAnswer<Mean>({
  cases: [{ name: "two numbers", given: [[1, 2]] }, { name: "one number", given: [[7]] }, { name: "three numbers", given: [[3, 1, 8]] }],
  right: (values) => sum(values) / values.length,
  mistakes: [
    { name: "sum", gives: sum, message: "You add up and do not divide." },
    { name: "middle", gives: [(values) => values[0]!, (values) => values.at(-1)!], message: "You take one of them." },
  ],
});

describe("a function", () => {
  test("is right by its results, synchronous or not", async () => {
    assert.equal(await verdictOf(mean, (values: number[]) => sum(values) / values.length), "right");
    assert.equal(await verdictOf(mean, async (values: number[]) => sum(values.toReversed()) / values.length), "right");
  });
  test("the first case that fails is named, with what came back", async () => {
    assert.equal(await verdictOf(mean, () => 7), "For two numbers your function gives 7; it should give 1.5.");
    assert.equal(await verdictOf(mean, (values: number[]) => (values.length > 2 ? [4] : sum(values) / values.length)), "For three numbers your function gives [4]; it should give 4.");
    assert.match(await verdictOf(mean, () => undefined), /gives nothing; it should give 1\.5\. Is a return missing\?/);
    assert.match(await verdictOf(mean, () => { throw new TypeError("no"); }), /For two numbers your function threw TypeError: no; it should give 1\.5/);
    assert.match(await verdictOf(mean, () => NaN), /gives NaN/);
  });
  test("a mistake is known by what it computes, in every shape it comes in", async () => {
    assert.deepEqual([await verdictOf(mean, sum), await verdictOf(mean, (v: number[]) => v[0]), await verdictOf(mean, (v: number[]) => v.at(-1))], ["wrong: sum", "wrong: middle", "wrong: middle"]);
  });
  test("a function that changes its arguments is told which, and the next case does not see it", async () => {
    const sorting = (values: number[]) => { values.sort((a, b) => a - b); values.length = 0; return 0; };
    assert.match(await verdictOf(mean, sorting), /two numbers your function gives 0/);
    assert.match(await verdictOf(mean, (values: number[]) => { const all = sum(values); values.push(0); return all / (values.length - 1); }), /result is right, but your function changed its first argument/);
  });
  test("a stub is a stub, asynchronous too; a value or a call is no function", async () => {
    for (const stub of [() => todo(), async () => todo(), undefined]) assert.equal(await verdictOf(mean, stub), "untouched");
    assert.match(await verdictOf(mean, 1.5), /Give the function itself; this is a number/);
    assert.match(await verdictOf(mean, Promise.resolve(1)), /a promise: leave out the call/);
  });
  test("a case without a name is named by its arguments, and an exercise may put a fault in its own words", async () => {
    const plain = functionAnswer<Mean>({ cases: [{ given: [[1, 2]], expected: 1.5 }] });
    assert.equal(await verdictOf(plain, () => 2), "For the arguments [1,2] your function gives 2; it should give 1.5.");
    const told = functionAnswer<Mean>({ cases: [{ given: [[1, 2]], expected: 1.5 }], tell: ([values], given, expected) => `The mean of ${values.join(" and ")} is ${expected}, not ${String(given)}.` });
    assert.equal(await verdictOf(told, () => 2), "The mean of 1 and 2 is 1.5, not 2.");
  });
  test("a promise that never comes is no endless wait", async () => {
    const hasty = functionAnswer<Mean>({ cases: [{ name: "two numbers", given: [[1, 2]], expected: 1.5 }], seconds: 0.05 });
    assert.match(await verdictOf(hasty, () => new Promise<number>(() => undefined)), /no answer within 0\.05 s/);
  });
  test("a result equals a copy of itself, and no longer when one leaf of it changes", async () => {
    const leaf = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null));
    const value = fc.letrec((tie) => ({ node: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("node")), fc.dictionary(fc.string(), tie("node"))) })).node;
    await fc.assert(fc.asyncProperty(value, async (result) => {
      const same = functionAnswer<() => unknown>({ cases: [{ name: "it", given: [], expected: { result } }] });
      const shuffled = (one: unknown): unknown => Array.isArray(one) ? one.map(shuffled) : typeof one === "object" && one !== null ? Object.fromEntries(Object.entries(one).reverse().map(([k, v]) => [k, shuffled(v)])) : one;
      assert.equal(await verdictOf(same, () => ({ result: shuffled(result) })), "right");
      assert.notEqual(await verdictOf(same, () => ({ result: [result, "more"] })), "right");
      assert.notEqual(await verdictOf(same, () => ({ result, more: 1 })), "right");
    }));
  });
  test("sets, maps, dates and typed arrays are compared by what they hold", async () => {
    const odd = { set: new Set([1, 2]), map: new Map([["a", [1]]]), date: new Date(0), floats: new Float32Array([0.5, 1]) };
    const same = functionAnswer<() => unknown>({ cases: [{ name: "it", given: [], expected: odd }] });
    assert.equal(await verdictOf(same, () => ({ set: new Set([2, 1]), map: new Map([["a", [1]]]), date: new Date(0), floats: [0.5, 1] })), "right");
    for (const change of [{ set: new Set([1]) }, { map: new Map([["a", [2]]]) }, { date: new Date(1) }, { floats: [0.5] }]) assert.notEqual(await verdictOf(same, () => ({ ...odd, ...change })), "right");
  });
});

const RUBRIC = ["cost", "risk", "date"].map((name) => ({ name, asks: `names the ${name}`, holds: (text: string) => text.includes(name), tell: `Nobody learns the ${name} from it.` }));

describe("a text", () => {
  test("the first criterion that is missed is told; blank text is a stub", async () => {
    const all = textAnswer({ rubric: RUBRIC });
    for (const [text, verdict] of [
      ["cost, risk and date", "right"], ["date and cost", "wrong: risk"], ["nothing of it", "wrong: cost"], ["", "untouched"], [" \n", "untouched"], [7, "Write a text; this is a number."],
    ] as const) assert.equal(await verdictOf(all, text), verdict);
  });
  test("passes with as many criteria as are asked for, whichever they are", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.subarray(RUBRIC.map(({ name }) => name)), async (pass, names) => {
      fc.pre(names.length > 0);
      const verdict = await verdictOf(textAnswer({ rubric: RUBRIC, pass }), names.join(" "));
      const first = RUBRIC.find(({ name }) => !names.includes(name))?.name;
      assert.equal(verdict, names.length >= pass ? "right" : `wrong: ${first}`);
    }));
  });
  test("a rubric that cannot be passed is refused", () => {
    assert.throws(() => textAnswer({ rubric: [] }), /at least one criterion/);
    assert.throws(() => textAnswer({ rubric: RUBRIC, pass: 4 }), /4 of 3 criteria/);
  });
});

const Row = z.strictObject({ id: z.string().min(1), turns: z.array(z.object({ role: z.enum(["user", "assistant"]), text: z.string() })).min(1) });
const rowsOf = rowsAnswer({ schema: Row, least: 2, most: 4, unique: "id" });
const row = (id: string, role = "user") => ({ id, turns: [{ role, text: "add milk" }] });

describe("rows", () => {
  test("a list and a file of the same rows get the same verdict", async (context) => {
    const folder = scratch(context);
    let count = 0;
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e"), role: fc.constantFrom("user", "assistant", "bot") }), { maxLength: 6 }), async (ids) => {
      const rows = ids.map(({ id, role }) => row(id, role));
      const path = join(folder, `${count++}.jsonl`);
      writeFileSync(path, rows.map((one) => `${JSON.stringify(one)}\n`).join(""));
      const [list, file] = [await verdictOf(rowsOf, rows), await verdictOf(rowsOf, path)];
      const good = ids.length >= 2 && ids.length <= 4 && ids.every(({ role }) => role !== "bot") && new Set(ids.map(({ id }) => id)).size === ids.length;
      assert.equal(list === "right", good, list);
      assert.equal(file.replaceAll(`${path}:`, "row ").replaceAll(path, "Your list"), list);
    }), { numRuns: 60 });
  });
  test("the fault names file, line and field", async (context) => {
    const path = join(scratch(context), "train.jsonl");
    const says = async (...lines: string[]) => {
      writeFileSync(path, lines.join("\n"));
      return (await verdictOf(rowsOf, path)).replace(path, "train.jsonl").replace(path, "train.jsonl");
    };
    const good = JSON.stringify(row("a"));
    assert.match(await says(good, JSON.stringify(row("b", "bot"))), /^train\.jsonl:2: turns\.0\.role: .*; it is "bot"$/);
    assert.match(await says(good, '{"id":"b"}'), /^train\.jsonl:2: turns: .*; the field is missing$/);
    assert.match(await says(good, "", '{"id":'), /^train\.jsonl:3 /);
    assert.match(await says(good, good), /^train\.jsonl:2: id is "a", and so it is at train\.jsonl:1\./);
    assert.match(await says(good), /^train\.jsonl has 1 row; at least 2 are asked for\.$/);
  });
  test("a file that is not there is told so; blank is a stub; two ways of handing rows in wrongly have their own words", async () => {
    assert.match(await verdictOf(rowsOf, "no/such.jsonl"), /^no\/such\.jsonl: no such file; check the name/);
    assert.equal(await verdictOf(rowsOf, ""), "untouched");
    assert.equal(await verdictOf(rowsOf, [JSON.stringify(row("a")), JSON.stringify(row("b"))]), "wrong: rows as text");
    assert.equal(await verdictOf(rowsOf, { rows: [row("a")] }), "wrong: wrapped in an object");
    assert.match(await verdictOf(rowsOf, 3), /Give a list of rows, or the path of a file/);
  });
  test("a condition on all rows is told when every row is good", async () => {
    const users: Parts<RowsAnswer<z.input<typeof Row>>> = rowsAnswer({ schema: Row, also: (rows) => (rows.some(({ turns }) => turns[0]?.role === "assistant") ? undefined : "No row begins with the assistant.") });
    assert.deepEqual([await verdictOf(users, [row("a", "assistant")]), await verdictOf(users, [row("a")])], ["right", "No row begins with the assistant."]);
  });
});

describe("a skill", () => {
  const asked = skillAnswer({ name: "cost-helper", asks: [{ name: "no example", holds: ({ body }) => body.includes("Example"), tell: "The instructions show no example." }] });
  const FRONT = { name: "cost-helper", description: "Computes the cost of a training run. Use when somebody asks what a run will cost.", metadata: '\n  version: "1.0"' };
  const write = (folder: string, front: Record<string, string>, body = "Example: a run of 3 h.") => {
    const at = join(folder, "cost-helper");
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, "SKILL.md"), ["---", ...Object.entries(front).map(([key, value]) => `${key}: ${value}`), "---", "", body].join("\n"));
    return at;
  };
  test("is right by its folder and by its SKILL.md; each thing missing has its own words", async (context) => {
    const folder = scratch(context);
    assert.equal(await verdictOf(asked, write(folder, FRONT)), "right");
    assert.equal(await verdictOf(asked, join(write(folder, FRONT), "SKILL.md")), "right");
    const { metadata, ...plain } = FRONT;
    for (const [name, front, body] of [
      ["another name than the folder", { ...FRONT, name: "helper" }], ["only what it does", { ...FRONT, description: "Computes the cost of a training run from its hours, its rows, and the price of its card." }],
      ["no version", plain], ["no instructions", FRONT, " "], ["no example", FRONT, "Compute it."], ["only when to use it", { ...FRONT, description: "Use when somebody asks what a training run will cost, in dollars or in hours of a card." }],
      ["a description that talks of you", { ...FRONT, description: "I compute the cost of a training run. Use when you ask me what a run will cost." }],
    ] as [string, Record<string, string>, string?][]) {
      assert.equal(await verdictOf(asked, write(folder, front, body)), `wrong: ${name}`);
    }
    assert.match(metadata, /1\.0/);
  });
  test("other findings come with their place and remedy; blank is a stub, a folder that is not there is told", async (context) => {
    assert.match(await verdictOf(asked, write(scratch(context), FRONT, "Example. See [the prices](references/prices.md).")), /^SKILL\.md:\d+: error: .*references\/prices\.md/);
    assert.match(await verdictOf(asked, "no/such/skill"), /no such folder/);
    assert.equal(await verdictOf(asked, " "), "untouched");
    assert.match(await verdictOf(asked, 5), /Give the path of the skill's folder/);
  });
});
