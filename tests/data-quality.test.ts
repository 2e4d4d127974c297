// Scores of a dataset, rule filters and decontamination, through the public entry points.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  buildDataset, ContaminationIndex, daysNamed, decontaminate, defaultRules, echo, filterByRules, findingsOf, guessLanguage, language, measureAccuracy, measureConsistency,
  measureCoverage, measureDiversity, measureQuality, measureRepetition, qualityRows, QualityReportSchema, readExamples, repeatsRequest, repetition, rulesNamed, showsLabel, taskApiChecks, turnLength, type Example,
} from "llmops/data";
import { ROOT, scratch } from "./support/scratch.ts";

const TODAY = "2026-11-20"; // a Friday
const chat = (user: string, answer: string, extra: Record<string, unknown> = {}): Example => ({ messages: [{ role: "user", content: user }, { role: "assistant", content: answer }], extra });
const task = (operation: string, ...turns: string[]): Example =>
  ({ messages: turns.map((content, i) => ({ role: i % 2 ? "assistant" : "user", content })), extra: { operation, scenario: "happy-path", today: TODAY } });
const codes = (example: Example): string[] => findingsOf(example, taskApiChecks()).map(({ code }) => code);

describe("measureQuality", () => {
  it("scores the workbook's own dataset, as JSON that its schema takes and with the same numbers in any order of rows", async () => {
    const examples = await readExamples(join(ROOT, "datasets/task-api/task_api_val.jsonl"));
    const report = measureQuality(examples);
    assert.deepEqual(QualityReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
    const backwards = measureQuality([...examples].reverse());
    for (const dimension of ["coverage", "diversity", "consistency", "accuracy"] as const) assert.ok(Math.abs((report[dimension].score ?? 0) - (backwards[dimension].score ?? 1)) < 1e-9, dimension);
    assert.ok(qualityRows(report).every(({ score, evidence }) => evidence !== "" && (score === null || (score >= 0 && score <= 1))));
  });
  it("takes any rows: every score is a number from 0 to 1 or null, and nothing throws", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("", "Done.", "Added 'x', due Friday.", "“", "1 task: 'a'"));
    const row = fc.record({ user: text, answer: text, operation: fc.constantFrom("create", "list", undefined, 7, null) });
    fc.assert(fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
      const report = measureQuality(rows.map(({ user, answer, operation }) => chat(user, answer, { operation, scenario: "s", today: TODAY })));
      QualityReportSchema.parse(JSON.parse(JSON.stringify(report)));
      for (const { score } of qualityRows(report)) assert.ok(score === null || (score >= 0 && score <= 1), String(score));
    }), { numRuns: 100 });
  });
});

describe("coverage", () => {
  const rows = [...Array.from({ length: 8 }, () => chat("a", "b", { operation: "create", tone: "terse" })), chat("a", "b", { operation: "list", tone: "polite" })];
  it("names empty and thin cells, and how even the values are", () => {
    const { empty, thin, cells, parts } = measureCoverage(rows, { axes: ["operation", "tone"] });
    assert.equal(cells, 4);
    assert.deepEqual(empty.map(({ cell }) => cell), [{ operation: "create", tone: "polite" }, { operation: "list", tone: "terse" }]);
    assert.deepEqual(thin, [{ cell: { operation: "list", tone: "polite" }, rows: 1 }]);
    const balance = parts.find(({ name }) => name === "balance of operation")?.score ?? 0;
    assert.ok(Math.abs(balance - (-(8 / 9) * Math.log2(8 / 9) - (1 / 9) * Math.log2(1 / 9))) < 1e-12, "Shannon's entropy of 8:1 in bits, over one bit");
  });
  it("counts a value that is expected and absent, and leaves out cells that make no sense", () => {
    const { empty, cells } = measureCoverage(rows, { axes: [{ name: "operation", values: ["create", "list", "delete"] }, "tone"], isPossible: ({ operation, tone }) => operation !== "list" || tone === "polite" });
    assert.equal(cells, 5);
    assert.deepEqual(empty.filter(({ cell }) => cell["operation"] === "delete").length, 2);
  });
  it("refuses an axis named twice", () => assert.throws(() => measureCoverage(rows, { axes: ["tone", "tone"] }), /named twice/));
});

describe("diversity and consistency", () => {
  it("copies score lower than rows of their own", () => {
    const own = Array.from({ length: 30 }, (_, i) => chat(`alpha${i} beta${i} gamma${i} delta${i}`, `one${i} two${i} three${i} four${i}`));
    const copies = Array.from({ length: 30 }, () => chat("please add a task for me", "I have added the task for you"));
    const [high, low] = [measureDiversity(own), measureDiversity(copies)];
    assert.ok((high.score ?? 0) > 0.95 && (low.score ?? 1) < 0.2, `${high.score} ${low.score}`);
    assert.equal(low.clusters, 1);
    assert.equal(low.openings[0]?.words, "please add a");
  });
  it("finds the same request under two labels, and mixed styles", () => {
    const { conflicts, parts, styles } = measureConsistency([
      task("create", "add the report to my list please", "Added 'Report', due 2026-11-23."), task("delete", "Add the report to my list, please!", "Added “Report”, due November 23, 2026."),
      task("list", "what is due tomorrow in the office", "1 task: 'Report', due 2026-11-21."),
    ]);
    assert.deepEqual(conflicts.map(({ labels }) => labels), [{ create: [0], delete: [1] }]);
    assert.equal(parts[0]?.score, 0);
    assert.deepEqual(styles.dates, [{ style: "2026-11-23", rows: 2 }, { style: "November 23, 2026", rows: 1 }]);
  });
});

describe("the Task API's checks", () => {
  const cases: [what: string, row: Example, expected: string[]][] = [
    ["a good creation", task("create", "add 'Pay rent' by tomorrow, high priority", "Added 'Pay rent', due Saturday, November 21, high priority."), []],
    ["a wrong date", task("create", "add 'Pay rent' by tomorrow", "Added 'Pay rent', due November 23, 2026."), ["wrong-date"]],
    ["a date changed in the end", task("update", "move 'Pay rent' to Monday", "I moved 'Pay rent' to November 23.", "no, Tuesday", "'Pay rent' is now due November 24."), []],
    ["a weekday that may be two days", task("create", "add 'Pay rent' for next Monday", "Added 'Pay rent', due 2026-11-30."), []],
    ["a wrong priority", task("update", "make 'Pay rent' low priority", "Updated 'Pay rent': high priority."), ["wrong-priority"]],
    ["a title nobody mentioned", task("delete", "delete the rent task", "Deleted 'Water the roses'."), ["wrong-title"]],
    ["a title in another form", task("complete", "I've finished reviewing the budgets", "I've marked 'Review budget' as done."), []],
    ["a wrong label", task("delete", "add 'Pay rent' to my list", "I've added 'Pay rent' to your list."), ["wrong-label"]],
    ["a verb inside a title", task("create", "add 'Delete old files' to my list", "I've added 'Delete old files' to your list."), []],
    ["a due date that is over", task("create", "add 'Pay rent'", "Created 'Pay rent', due November 2, 2026."), ["due-in-the-past"]],
    ["a past date refused", task("create", "add 'Pay rent' for yesterday", "November 19 is in the past, so I can't do that. Which day?"), []],
    ["a day inside a title", task("create", "add something by the 10th", "What is it?", "finish the policy ahead of month-end", "Added 'Finish policy ahead of month-end', due 10 December 2026."), []],
    ["a wrong date beside it", task("create", "add something by the 10th", "What is it?", "finish the policy ahead of month-end", "Added 'Finish policy ahead of month-end', due 12 December 2026."), ["wrong-date"]],
    ["a title of everyday words side by side", task("complete", "check off the on-call list", "'Print on-call list for the night team' is marked as done."), []],
    ["something else entirely", task("list", "Which city is the capital of Peru?", "Lima is the capital of Peru."), ["off-topic"]],
  ];
  for (const [what, row, expected] of cases) it(what, () => assert.deepEqual(codes(row), expected));
  it("tell an answer that says what the user said from one that does not or says nothing", () => {
    const asked = "add 'Pay rent' by tomorrow, high priority";
    assert.equal(repeatsRequest(task("create", asked, "Added 'Pay rent', due November 21, high priority.")), true);
    for (const answer of ["Added 'Pay rent', due November 23, high priority.", "Added 'Pay rent', due November 21, low priority.", "Added 'Water roses'.", "Done."]) {
      assert.equal(repeatsRequest(task("create", asked, answer)), false, answer);
    }
  });
  it("tell whether the words show the label: what was done first and corrected shows both", () => {
    const corrected = ["log a to-do to pay the rent", "I've created 'Pay rent', due November 23.", "no, tomorrow", "I've changed 'Pay rent': November 21."];
    assert.deepEqual(["create", "update", "delete", "list"].map((label) => showsLabel(task(label, ...corrected))), [true, true, false, false]);
    assert.equal(showsLabel(task("create", "hello", "Good morning.")), false);
  });
  it("counts rows, not findings, and says what the number leaves out", () => {
    const { faulty, score, limit, findings } = measureAccuracy(cases.map(([, row]) => row), taskApiChecks());
    assert.equal(faulty, 7);
    assert.equal(score, 1 - 7 / cases.length);
    assert.equal(findings.length, 7);
    assert.match(limit, /^At least 7 of 15/);
  });
});

describe("days named in a text", () => {
  const days = (text: string): string[][] => daysNamed(text, TODAY).map((mention) => mention.days);
  it("reads calendar days and relative ones", () => {
    assert.deepEqual(days("by Dec 3rd"), [["2026-12-03"]]);
    assert.deepEqual(days("the 5th of January 2027"), [["2027-01-05"]]);
    assert.deepEqual(days("the day after tomorrow"), [["2026-11-22"]]);
    assert.deepEqual(days("in two weeks"), [["2026-12-04"]]);
    assert.deepEqual(days("on Wednesday"), [["2026-11-25"]]);
    assert.deepEqual(days("on Wedensday"), [["2026-11-25"]]);
    assert.deepEqual(days("the end of the month"), [["2026-11-30"]]);
    assert.deepEqual(days("today's a day off"), []);
    assert.deepEqual(days("2026-02-30"), []);
  });
  it("reads back every day in three spellings", () => {
    fc.assert(fc.property(fc.date({ min: new Date("2026-01-01"), max: new Date("2027-12-31"), noInvalidDate: true }), (date) => {
      const iso = date.toISOString().slice(0, 10);
      const spelt = (options: Intl.DateTimeFormatOptions, locale: string) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(date);
      for (const text of [iso, spelt({ dateStyle: "long" }, "en-US"), spelt({ dateStyle: "long" }, "en-GB")]) assert.deepEqual(days(`due ${text}.`), [[iso]], text);
    }));
  });
});

describe("rules", () => {
  const RAMBLE = "I am very sorry about this and I will fix it for you now. ";
  it("each names its fault", () => {
    const rows: [string, Example][] = [
      ["too-repetitive", chat("hello there", RAMBLE.repeat(12))], ["too-repetitive", chat("hello there", "no".padEnd(40, "o"))],
      ["spam", chat("hello there", "Click here to win a prize!")], ["spam", chat("hello", "Dear [insert name], thanks.")],
      ["echo", chat("could you please tell me what the weather is like", "Could you please tell me what the weather is like?")],
      ["shouting", chat("hello", "I HAVE DELETED ALL OF YOUR TASKS FOR YOU")], ["refusal", chat("add a task", "As an AI language model I cannot do that.")],
      ["wrong-language", chat("Verschiebe den Termin auf nächste Woche", "Ich habe den Termin auf Montag verschoben, wie du es wolltest.")],
      ["wrong-language", chat("Добавь задачу позвонить врачу", "Готово.")], ["garbled", chat("hello", "It is cafÃ© time")], ["stray-spaces", chat("hello", "Added,   as you   asked")],
      ["assistant-too-short", chat("hello there", "…")],
    ];
    const { removed } = filterByRules(rows.map(([, row]) => row));
    assert.deepEqual(removed.map(({ index, code }) => [index, code]), rows.map(([code], index) => [index, code]));
    assert.ok(removed.every(({ reason, rule }) => reason.length > 15 && rule !== ""));
  });
  it("good rows pass: of the workbook's 400 training rows, those with a fault are named", async () => {
    const examples = await readExamples(join(ROOT, "datasets/task-api/task_api_train.jsonl"));
    const { removed, kept } = filterByRules(examples);
    assert.equal(kept.length + removed.length, examples.length);
    // Damaged by the simulator and not mended by normalising: nothing else may go.
    assert.ok(removed.every(({ code }) => code === "garbled" || code === "stray-spaces"), JSON.stringify(removed));
  });
  it("a short confirmation that shares its request's words is no echo", () => {
    assert.equal(echo().find(chat("add 'Buy milk and eggs', due on Friday", "Added 'Buy milk and eggs', due Friday, November 27.")), undefined);
  });
  it("thresholds are options, and bad ones are refused", () => {
    assert.equal(turnLength({ user: { min: 3 } }).find(chat("hi there", "hello"))?.code, "user-too-short");
    assert.equal(repetition({ minWords: 5, topNgrams: [0.9, 0.9, 0.9], duplicateFivegrams: 1 }).find(chat("x", "a b c d e f g h")), undefined);
    assert.throws(() => turnLength({ user: { min: 5, max: 2 } }), RangeError);
    assert.throws(() => language({ allow: [] }), /languages are some of en/);
    assert.throws(() => rulesNamed(["ecko"]), /there is no rule "ecko".*echo/);
  });
  it("never throw, give the same answer twice, and keep every row or name it", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 200 }), fc.string({ unit: "binary", maxLength: 200 })), { maxLength: 10 }), (rows) => {
      const examples = rows.map(([user, answer]) => chat(user, answer));
      const first = filterByRules(examples);
      assert.equal(first.kept.length + first.removed.length, examples.length);
      assert.deepEqual(filterByRules(examples), first);
      assert.deepEqual(filterByRules(first.kept).removed, [], "what passed once passes again");
    }));
  });
  it("repetition is a share, 0 for different words and near 1 for one said over and over", () => {
    assert.deepEqual(measureRepetition("one two three four five six"), { duplicateLines: 0, topBigram: 0, topTrigram: 0, topFourgram: 0, duplicateFivegrams: 0 });
    assert.equal(measureRepetition("buy milk ".repeat(30)).duplicateFivegrams, 1);
    fc.assert(fc.property(fc.string(), (text) => Object.values(measureRepetition(text)).every((share) => share >= 0 && share <= 1)));
  });
  it("a language is guessed only where words tell", () => {
    assert.equal(guessLanguage("Le rendez-vous est maintenant prévu pour mardi avec le dentiste").language, "fr");
    assert.equal(guessLanguage("Carrefour Müller Nguyen").language, "unknown");
    assert.equal(guessLanguage("明日までに電話するタスク").language, "Hiragana");
  });
  it("a linear text takes linear time", () => {
    for (const text of ["a, ".repeat(20_000), "'".repeat(20_000), "“a ".repeat(8_000), "the 1 ".repeat(8_000), "~ to ".repeat(8_000)]) {
      const began = performance.now();
      filterByRules([chat(text, text)]);
      findingsOf(task("create", text, text), taskApiChecks());
      assert.ok(performance.now() - began < 5000, `${JSON.stringify(text.slice(0, 12))}: ${Math.round(performance.now() - began)} ms`);
    }
  });
});

describe("decontamination", () => {
  const story = "the committee met on the third floor to decide whether the old printing press should be kept";
  it("names the test row and the words that both have", () => {
    const { kept, removed } = decontaminate([chat("something else", "entirely different words stand here"), chat(`Remember: ${story}, they said`, "I see")], { gold: [chat("unrelated words of some length here", "none"), chat(story, "")] });
    assert.equal(kept.length, 1);
    assert.deepEqual(removed, [{ index: 1, source: "gold", row: 1, share: 1, span: story }]);
  });
  it("a phrase in common is no contamination, unless one run is enough", () => {
    const train = [chat("is there anything else on your mind today my friend", "no thank you")];
    const evals = [chat(`is there anything else on your mind today said the man, and then ${story}`, "")];
    assert.equal(decontaminate(train, evals).removed.length, 0);
    assert.equal(decontaminate(train, evals, { threshold: 1e-9 }).removed[0]?.span, "is there anything else on your mind today");
  });
  it("knows short test rows whole, and says how many were too short", () => {
    const { removed, skipped } = decontaminate([chat("please check the blue door twice", "ok then")], [chat("check the blue door twice", ""), chat("hi", "")], { minWords: 5 });
    assert.equal(removed.length, 1);
    assert.equal(skipped, 1);
  });
  it("finds every test row that stands in a training row, wherever", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 5, maxLength: 30 });
    fc.assert(fc.property(words, words, words, fc.integer({ min: 2, max: 13 }), (before, test, after, ngram) => {
      const index = new ContaminationIndex({ ngram, threshold: 1 });
      index.add(chat(test.join(" "), ""), "t", 0);
      assert.equal(index.find(chat([...before, ...test, ...after].join(" "), ""))?.share, 1);
    }));
  });
  it("refuses settings that make no sense", () => assert.throws(() => new ContaminationIndex({ threshold: 0 }), /threshold must be over 0/));
});

describe("in a build", () => {
  const line = (user: string, answer: string): string => JSON.stringify({ messages: [{ role: "user", content: user }, { role: "assistant", content: answer }] });
  it("rules and test rows reject with code and reason, and stand in the manifest; without them nothing changes", async (context) => {
    const folder = scratch(context);
    const held = "the quick brown fox jumps over the lazy dog beside the river";
    writeFileSync(join(folder, "in.jsonl"), [...Array.from({ length: 12 }, (_, i) => line(`what is the number after ${i} in my list of w${i}`, `It is the number ${i + 1} with v${i} and u${i}.`)), line("hello", "CLICK HERE to win"), line("finish it", held)].join("\n"));
    writeFileSync(join(folder, "test.jsonl"), `${line("finish it", held)}\n`);
    const sources = [join(folder, "in.jsonl")];
    const { report, manifest } = await buildDataset({ sources, out: join(folder, "out"), rules: defaultRules(), against: [join(folder, "test.jsonl")] });
    const rejected = readFileSync(join(folder, "out/rejected.jsonl"), "utf8").trim().split("\n").map((text) => JSON.parse(text) as { line: number; step: string; code: string; reason: string });
    assert.deepEqual(rejected.map(({ line: at, step, code }) => [at, step, code]), [[13, "filter", "spam"], [14, "filter", "contaminated"]]);
    assert.match(rejected[1]?.reason ?? "", /100% of test\.jsonl row 1: "finish it the quick/);
    assert.equal(report.rows.out, 12);
    assert.ok("rules" in manifest.settings && "against" in manifest.settings);
    const plain = await buildDataset({ sources, out: join(folder, "plain") });
    assert.equal(plain.report.rows.out, 14);
    assert.ok(!("rules" in plain.manifest.settings) && !("against" in plain.manifest.settings));
  });
  it("the command takes both, and names the rules where one is misspelt", (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "in.jsonl"), [line("hello you there", "Hi, what can I do for you?"), line("buy", "Subscribe now, it is free"), line("please read this text aloud", "I cannot read it, sorry")].join("\n"));
    writeFileSync(join(folder, "test.jsonl"), `${line("please read this text aloud", "I cannot read it, sorry")}\n`);
    const run = (...more: string[]) => spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "data", "build", join(folder, "in.jsonl"), "--out", join(folder, "out"), "--no-teacher", "--json", ...more], { encoding: "utf8" });
    const { status, stdout, stderr } = run("--rules", "spam,echo", "--against", join(folder, "test.jsonl"));
    assert.equal(status, 0, stderr);
    const { report } = JSON.parse(stdout) as { report: { rejections: { step: string; code: string }[] } };
    assert.deepEqual(report.rejections.map(({ code }) => code).sort(), ["contaminated", "spam"]);
    const wrong = run("--rules", "ecko");
    assert.equal(wrong.status, 2, wrong.stderr);
    assert.match(wrong.stderr, /there is no rule "ecko": the rules are default, turn-length/);
    const missing = run("--against", join(folder, "none.jsonl"), "--force");
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /none\.jsonl: no such file/);
    assert.ok(existsSync(join(folder, "out", "manifest.json")), "an earlier build is left as it was");
  });
});
