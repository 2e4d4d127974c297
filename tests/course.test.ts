/** Checks, tables and charts, as a lesson calls them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StubError, chartBundle, judge, tableBundle, todo, type Exercise } from "llmops/course";

const halve: Exercise<(n: number) => number> = {
  id: "0.0/halve",
  kind: "function",
  hints: ["What is left of 8 when two share it?", "Divide by 2."],
  fault: (answer) => (answer(8) === 4 ? undefined : `halve(8) should be 4; yours gives ${answer(8)}.`),
  misconceptions: [
    { name: "doubles", matches: (answer) => answer(8) === 16, message: "You double; divide by 2 instead." },
    { name: "throws on purpose", matches: () => { throw new Error("a predicate that cannot read this answer"); }, message: "never said" },
  ],
  because: "Half of 8 is 4.",
};

test("a right answer is told why it is right", async () => {
  assert.deepEqual(await judge(halve, (n) => n / 2), { outcome: "right", message: "Half of 8 is 4." });
});

test("a foreseen mistake gets its own explanation", async () => {
  const verdict = await judge(halve, (n) => n * 2);
  assert.deepEqual(verdict, { outcome: "wrong", message: "You double; divide by 2 instead.", misconception: "doubles" });
});

test("an unforeseen mistake hears which case failed", async () => {
  assert.deepEqual(await judge(halve, () => 1), { outcome: "wrong", message: "halve(8) should be 4; yours gives 1." });
});

test("an answer that throws is wrong, with its own message", async () => {
  const verdict = await judge(halve, () => { throw new RangeError("no halves here"); });
  assert.equal(verdict.outcome, "wrong");
  assert.match(verdict.message, /RangeError: no halves here/);
});

test("an untouched stub is no error: undefined, or a function that still says todo()", async () => {
  assert.equal((await judge(halve, undefined)).outcome, "untouched");
  assert.equal((await judge(halve, () => todo())).outcome, "untouched");
  assert.equal((await judge(halve, () => { throw new StubError(); })).outcome, "untouched");
});

test("a table aligns numbers, keeps the order of columns and escapes what it shows", () => {
  const bundle = tableBundle([{ name: "<b>&", rows: 1200, share: 0.5 }, { name: "y", rows: 3, share: null }], { caption: "Rows" });
  assert.equal(bundle["text/plain"], ["Rows", "name   rows  share", "----  -----  -----", "<b>&  1,200  0.500", "y         3"].join("\n"));
  assert.match(String(bundle["text/html"]), /<td style="text-align:left">&lt;b&gt;&amp;<\/td>/);
  assert.match(String(bundle["text/html"]), /<caption[^>]*>Rows<\/caption>/);
  assert.throws(() => tableBundle([]), /at least one row/);
});

test("a chart carries its picture twice and its meaning in words", async () => {
  const bundle = await chartBundle(
    { data: { values: [{ k: "a", v: 1 }] }, mark: "bar", encoding: { x: { field: "k", type: "nominal" }, y: { field: "v", type: "quantitative" } } },
    "One bar: a is 1.",
  );
  assert.equal(bundle["text/plain"], "One bar: a is 1.");
  assert.match(String(bundle["image/svg+xml"]), /^<svg[\s\S]*aria-label/);
  const spec = bundle["application/vnd.vegalite.v5+json"] as { description: string };
  assert.equal(spec.description, "One bar: a is 1.");
});

test("a chart that Vega-Lite would draw only in part is refused", async () => {
  const wrong = { data: { values: [] }, mark: "bar", encoding: { xx: { field: "k" } } };
  await assert.rejects(chartBundle(wrong as never, "wrong"), /xx/);
  await assert.rejects(chartBundle({ data: { values: [] }, mark: "bar", encoding: {} }, " "), /alternative text/);
});
