/** Forms for raters: blind, filled in by whatever program, and read back to who said what. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { countWins, fillRatingForm, krippendorffAlpha, ratingTable, readRatingForms, RatingError, writeRatingForms, type RatingPlan } from "llmops/evaluate";
import { needsBrowser, openPage } from "./support/browser.ts";
import { scratch } from "./support/scratch.ts";

const plan = (change: Partial<RatingPlan> = {}): RatingPlan => ({
  items: Array.from({ length: 9 }, (_, at) => ({ id: `r${at}`, request: `request ${at}`, replies: { base: `=plain, "${at}"`, tuned: `warm\n<b>${at}</b>` } })),
  systems: ["base", "tuned"], questions: [{ id: "warmer", text: "Which is warmer?" }, { id: "clearer", text: "Which is clearer?" }], raters: ["ada", "bo"], seed: 3, ...change,
});
type Row = Record<string, string>;
const rows = (path: string): Row[] => parse<Row>(readFileSync(path, "utf8"), { columns: true });
const save = (path: string, filled: readonly Row[], delimiter = ","): void => {
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const head = Object.keys(filled[0]!);
  writeFileSync(path, `\uFEFF${[head, ...filled.map((row) => head.map((name) => row[name]!))].map((cells) => cells.map(quote).join(delimiter)).join("\r\n")}\r\n`);
};

test("forms tell no rater whose reply is whose, give each the items in another order, and each system half of the places", async (context) => {
  const folder = scratch(context);
  const files = await writeRatingForms(plan(), folder);
  assert.deepEqual(files.map((path) => path.slice(folder.length + 1)), ["ada.csv", "ada.html", "bo.csv", "bo.html"]);
  for (const path of files) assert.doesNotMatch(readFileSync(path, "utf8"), /base|tuned/);
  const [ada, bo] = [rows(files[0]!), rows(files[2]!)];
  assert.notDeepEqual(ada.map(({ item }) => item), bo.map(({ item }) => item));
  for (const form of [ada, bo]) assert.ok([4, 5].includes(form.filter(({ A }) => A!.startsWith("warm")).length));
  assert.ok(ada.every(({ A, B }) => [A, B].some((text) => text!.startsWith("'=plain"))), "no spreadsheet takes a reply for a formula");
  assert.match(readFileSync(files[1]!, "utf8"), /warm\n&lt;b&gt;/);
});

test("what people fill in comes back under the systems' names, from a spreadsheet that changed sides, order and delimiter", async (context) => {
  const folder = scratch(context);
  await writeRatingForms(plan(), folder);
  for (const [rater, delimiter] of [["ada", ","], ["bo", ";"]] as const) {
    const path = join(folder, `${rater}.csv`);
    save(path, rows(path).reverse().map((row) => ({ ...row, warmer: row.A!.startsWith("warm") ? "a" : " B ", clearer: row.item === "r0" ? "" : "tie" })), delimiter);
  }
  const ratings = readRatingForms(folder);
  assert.equal(ratings.length, 2 * 9 * 2);
  assert.ok(ratings.every(({ question, item, answer }) => answer === (question === "warmer" ? "tuned" : item === "r0" ? null : "tie")));
  const { raters, items, table } = ratingTable(ratings, "clearer");
  assert.deepEqual([raters, items.length, table[0]], [["ada", "bo"], 9, [null, null]]);
  assert.ok(Number.isNaN(krippendorffAlpha(table)));
  await writeRatingForms(plan(), folder);
  assert.deepEqual(readRatingForms(folder), ratings, "writing the same plan again leaves filled forms alone");
  await assert.rejects(writeRatingForms(plan({ seed: 4 }), folder), /holds the forms of another plan/);
  const others = plan().items.map((item) => ({ ...item, replies: { ...item.replies, tuned: "cold" } }));
  await assert.rejects(writeRatingForms(plan({ items: others }), folder), /holds the forms of another plan/, "what was said of other replies counts for these no more");
  assert.deepEqual(readRatingForms(folder), ratings);
});

test("texts with semicolons and tabs shift no column, and a form that nobody touched holds no answer", async (context) => {
  const folder = scratch(context);
  const said = (text: string) => ({ base: `${text}; good`, tuned: `\t${text}` });
  await writeRatingForms(plan({ items: [{ id: "one", request: "buy milk; call mum", replies: said("Done") }, { id: "two", request: "hello", replies: said("A; B") }], raters: ["ada"] }), folder);
  assert.deepEqual(readRatingForms(folder).map(({ answer }) => answer), [null, null, null, null]);
  const written = rows(join(folder, "ada.csv"));
  for (const delimiter of [",", ";", "\t"]) {
    save(join(folder, "ada.csv"), written.map((row) => ({ ...row, warmer: "tie" })), delimiter);
    assert.deepEqual(readRatingForms(folder).map(({ answer }) => answer), ["tie", null, "tie", null]);
  }
});

test("any answers come back as they were given", async (context) => {
  const folder = scratch(context);
  await writeRatingForms(plan({ raters: ["ada"] }), folder);
  const path = join(folder, "ada.csv"), empty = rows(path);
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom("A", "B", "tie", ""), { minLength: 18, maxLength: 18 }), async (answers) => {
    const filled = empty.map((row, at): Row => ({ ...row, warmer: answers[2 * at]!, clearer: answers[2 * at + 1]! }));
    save(path, filled);
    for (const { item, question, answer } of await Promise.resolve(readRatingForms(folder))) {
      const row = filled.find((one) => one.item === item)!, given = row[question]!;
      assert.equal(answer, given === "" ? null : given === "tie" ? "tie" : row[given]!.startsWith("warm") ? "tuned" : "base");
    }
  }), { numRuns: 40 });
});

test("a program fills what is open, and what a person said stays", async (context) => {
  const folder = scratch(context);
  await writeRatingForms(plan({ raters: ["ada"] }), folder);
  const path = join(folder, "ada.csv"), asked = rows(path);
  save(path, rows(path).map((row) => ({ ...row, warmer: row.item === "r3" ? (row.A!.startsWith("warm") ? "B" : "A") : "" })));
  await fillRatingForm(folder, "ada", (item, question) => (item === "r5" ? null : question === "clearer" ? "tie" : "tuned"));
  for (const { item, question, answer } of readRatingForms(folder)) {
    assert.equal(answer, item === "r3" && question === "warmer" ? "base" : item === "r5" ? null : question === "clearer" ? "tie" : "tuned", `${item} ${question}`);
  }
  const texts = (form: readonly Row[]): (string | undefined)[][] => form.map(({ item, request, A, B }) => [item, request, A, B]);
  assert.deepEqual(texts(rows(path)), texts(asked), "what a rater reads is still there");
  await assert.rejects(fillRatingForm(folder, "eve", () => "tie"), /no form of "eve"/);
  await assert.rejects(fillRatingForm(folder, "ada", () => "best"), /"best" is neither of the systems base, tuned/);
});

test("a form that cannot be read says file, line and column", async (context) => {
  const folder = scratch(context), path = join(folder, "ada.csv");
  assert.throws(() => readRatingForms(folder), /has no key\.json/);
  await writeRatingForms(plan({ raters: ["ada"] }), folder);
  const good = rows(path);
  const refused = (filled: Row[], says: RegExp): void => {
    save(path, filled);
    assert.throws(() => readRatingForms(folder), (error) => error instanceof RatingError && says.test(error.message), String(says));
  };
  refused(good.map((row, at) => ({ ...row, warmer: at === 1 ? "left" : "A" })), /ada\.csv, line \d+, column warmer: "left" is none of A, B, tie/);
  refused([...good, good[0]!], /ada\.csv, line \d+: the item "r\d" stands there twice/);
  refused(good.map((row) => ({ ...row, item: `x${row.item}` })), /ada\.csv, line \d+: there is no item "xr\d"/);
  refused(good.map(({ clearer: _, ...row }) => row), /ada\.csv, line 1: the column "clearer" is missing/);
  await assert.rejects(writeRatingForms(plan({ raters: ["../ada"] }), folder), /"\.\.\/ada" becomes a file/);
  await assert.rejects(writeRatingForms(plan({ systems: ["base", "best"] }), folder), /the item "r0" has no reply of "best"/);
  const asked = (id: string) => ({ id, text: "?" }), item = { id: "one", request: "hi", replies: { base: "a", tuned: "b" } };
  await assert.rejects(writeRatingForms(plan({ questions: [asked("request")] }), folder), /cannot be called "request"/);
  await assert.rejects(writeRatingForms(plan({ questions: [asked("a"), asked("a")] }), folder), /the question "a" stands there twice/);
  for (const id of ["-1", " a", "=b", "a;b", ""]) await assert.rejects(writeRatingForms(plan({ items: [{ ...item, id }] }), folder), /would not come back/, id);
});

test("wins are counted without ties, and few of them prove nothing", () => {
  const { wins, share, p } = countWins(["A", "A", "A", "tie", "B"]);
  assert.deepEqual([wins, share.hits, share.of], [{ A: 3, B: 1, tie: 1 }, 3, 4]);
  assert.equal(p.toFixed(3), "0.625");
});

test("the page counts what is answered and saves the file that goes back", needsBrowser, async (context) => {
  const folder = scratch(context);
  const files = await writeRatingForms(plan({ raters: ["ada"] }), folder);
  const page = await openPage(context);
  await page.goto(`file://${files[1]!}`);
  await page.locator('input[name="0/warmer"][value="B"]').check();
  assert.equal(await page.locator("output").textContent(), "1 of 18 answered");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("button").click()]);
  assert.equal(download.suggestedFilename(), "ada.csv");
  await download.saveAs(join(folder, "ada.csv"));
  const ratings = readRatingForms(folder);
  assert.deepEqual([ratings.length, ratings.filter(({ answer }) => answer !== null).length], [18, 1]);
});
