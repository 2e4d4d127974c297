// ---
// chapter: 63
// lesson: 2
// title: Data Quality Dimensions
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Accuracy (correct labels/outputs)
//   - "Consistency (similar inputs → similar outputs)"
//   - Coverage (all use cases represented)
//   - Diversity (variety in examples)
// maps: Foundation for quality pipeline
// prerequisites: lesson 63.1 (what a row is)
// ---

// %% [markdown]
// "Good data" is not one thing. A set can be correct and cover half of what users ask; it can cover everything in the same three
// sentences. Four questions separate the ways in which data fails, and each has an answer that you can compute:
//
// | dimension | question | what a model learns where it fails |
// | --- | --- | --- |
// | accuracy | is what the row says right? | to be wrong, with confidence |
// | consistency | do similar inputs get similar outputs? | to guess |
// | coverage | is everything in it that users will ask? | nothing about the rest |
// | diversity | is it said in many ways? | the phrasing instead of the meaning |
//
// You will measure all four on the Task API set of this course, and know at the end which one to work on.

// %%
import { check, showChart, showTable, todo, workbookPath } from "llmops/course";
import { readExamples, type Example } from "llmops/data";

const train = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
const fieldOf = (example: Example, name: string) => String(example.extra[name]);
const said = (example: Example, who: "user" | "assistant") =>
  example.messages.filter(({ role }) => role === who).map(({ content }) => content ?? "").join("\n");
console.log(`${train.length} conversations, for instance:\n${train[0].messages.map(({ role, content }) => `  ${role}: ${content}`).join("\n")}`);

// %% [markdown]
// ## 1. Accuracy: how many rows must you read?
//
// Nobody can check 400 conversations with care, so you read a sample. Say you read 50 and find 2 that are wrong. Is the set 4% wrong? The
// true share may be quite another. The interval below (Wilson's, 95%) says what it may be:

// %%
import { wilson } from "llmops/teacher";

const readings = [[20, 1], [50, 2], [100, 4], [400, 16]].map(([read, wrong]) => ({ read, ...wilson(wrong, read) }));
showTable(
  readings.map(({ read, hits, low, high }) => ({ "rows read": read, "wrong": hits, "at least": `${(100 * low).toFixed(1)}%`, "at most": `${(100 * high).toFixed(1)}%` })),
  { caption: "About 4% wrong in the sample: the share in the whole set lies between" },
);

// %% [markdown]
// The interval is made for a sample from a much larger set, such as all that the teacher could write. Of this set of 400 you know the share
// exactly once you have read all 400.
//
// Fifty rows tell a good set from a bad one, not 4% from 8%. What can be checked by a rule should be: a rule reads all rows. One thing
// can be checked in the Task API set without understanding a word: no task may be created or moved into the past.

// %%
const MONTHS = "January February March April May June July August September October November December".split(" ");
function datesIn(text: string): string[] {
  const iso = [...text.matchAll(/\b(\d{4}-\d{2}-\d{2})\b/g)].map(([date]) => date);
  const long = [...text.matchAll(/\b(?:(\d{1,2}) (\p{L}+)|(\p{L}+) (\d{1,2})),? (\d{4})\b/gu)].flatMap(([, d1, m1, m2, d2, year]) => {
    const month = MONTHS.indexOf(m1 ?? m2) + 1;
    return month > 0 ? [`${year}-${String(month).padStart(2, "0")}-${(d1 ?? d2).padStart(2, "0")}`] : [];
  });
  return [...iso, ...long];
}
const confirmed = train.filter((example) => ["create", "update"].includes(fieldOf(example, "operation")));
const confirmsPast = (example: Example) => {
  const last = example.messages.at(-1)?.content ?? "";
  return /\b(created|added|saved|rescheduled|moved|updated)\b/i.test(last) && datesIn(last).some((date) => date < fieldOf(example, "today"));
};
const late = confirmed.filter(confirmsPast);
console.log(`${late.length} of ${confirmed.length} create and update rows end by confirming a date in the past.`);

// %% [markdown]
// A rule that finds nothing is good news only if it can find something. Change the year in every seventeenth row and run it again:

// %%
const spoilt = confirmed.map((example, index) => {
  if (index % 17 !== 0) return example;
  const messages = example.messages.map((message) => ({ ...message, content: message.content?.replaceAll("2026", "2024") ?? null }));
  return { ...example, messages };
});
const caught = spoilt.filter(confirmsPast);
const changed = spoilt.filter((example, index) => example !== confirmed[index] && said(example, "assistant") !== said(confirmed[index], "assistant"));
console.log(`${changed.length} rows were spoilt, ${caught.length} are caught.`);

// %% [markdown]
// It misses confirmations in words that are not on its list ("I changed …", "… is on your list") and dates in forms that it does not read
// ("Fri, Nov 27" has no year). So its 0 says little. A rule gives a lower bound: at least this much is wrong.
//
// ## 2. Consistency: one question, how many answers?
//
// A model learns the distribution of answers. If confirmations write dates in five ways, it will too, at random, and whatever reads its
// output has to cope.

// %% tags=["quiet"]
const FORMS: Record<string, RegExp> = {
  "2026-11-27": /\b\d{4}-\d{2}-\d{2}\b/,
  "November 27, 2026": /\b\p{Lu}\p{Ll}+ \d{1,2}, \d{4}\b/u,
  "27 November 2026": /\b\d{1,2} \p{Lu}\p{Ll}+ \d{4}\b/u,
  "Friday, November 27": /\b\p{Lu}\p{Ll}{5,}, \p{Lu}\p{Ll}{3,} \d{1,2}\b/u,
  "Fri, Nov 27": /\b\p{Lu}\p{Ll}{2}, \p{Lu}\p{Ll}{2} \d{1,2}\b/u,
};
const forms = Object.entries(FORMS).map(([form, pattern]) => ({ form, rows: train.filter((example) => pattern.test(said(example, "assistant"))).length }));

// %% tags=["folded"]
await showChart(
  {
    title: "How the assistant writes a date",
    height: 160,
    data: { values: forms },
    mark: "bar",
    encoding: { x: { field: "rows", type: "quantitative" }, y: { field: "form", type: "nominal", sort: "-x", title: null } },
  },
  `Rows with each form of date: ${forms.map(({ form, rows }) => `${form} ${rows}`).join(", ")}.`,
);

// %% [markdown]
// Is that a fault? For a chat assistant it may be variety. For an agent whose answer a program parses, it is a fault in every row. A
// dimension becomes a defect only against a use, so decide what yours needs, and then normalise: one form, in all rows.
//
// ## 3. Coverage: which cells are empty?
//
// Count rows by what users want (operation) and by what happens (scenario). An empty cell is a situation the model never saw.

// %%
const OPERATIONS = ["create", "update", "complete", "delete", "list"];
const scenarios = [...new Set(train.map((example) => fieldOf(example, "scenario")))].sort();
const cells = OPERATIONS.flatMap((operation) =>
  scenarios.map((scenario) => ({
    operation,
    scenario,
    rows: train.filter((example) => fieldOf(example, "operation") === operation && fieldOf(example, "scenario") === scenario).length,
  })),
);
const present = cells.filter(({ rows }) => rows > 0);
console.log(`${present.length} of ${cells.length} combinations occur; ${present.filter(({ rows }) => rows < 5).length} of them fewer than five times.`);

// %% tags=["folded"]
const thinnest = [...present].sort((a, b) => a.rows - b.rows).slice(0, 3);
await showChart(
  {
    title: "Rows by operation and scenario",
    height: 380,
    width: 320,
    data: { values: present },
    encoding: {
      x: { field: "operation", type: "nominal", sort: OPERATIONS, title: null, axis: { labelAngle: 0 } },
      y: { field: "scenario", type: "nominal", title: null },
    },
    layer: [
      { mark: "rect", encoding: { color: { field: "rows", type: "quantitative", scale: { type: "log", scheme: "blues" }, legend: null } } },
      {
        mark: "text",
        encoding: { text: { field: "rows" }, color: { condition: { test: "datum.rows > 15", value: "white" }, value: "black" } },
      },
    ],
  },
  `Rows in each combination; the happy path has the most. The thinnest: ${thinnest.map(({ operation, scenario, rows }) => `${operation}, ${scenario}: ${rows}`).join("; ")}.`,
);

// %% [markdown]
// Many empty cells are right: there is no "already done" for `create`. What remains is a list of questions for whoever knows the users. And
// some gaps no table of your own labels can show, because nobody thought of a label for them.
//
// ### Exercise: find the gaps
//
// Write `findGaps`: all combinations of the given operations and scenarios that have fewer than `least` rows, with their number of rows.

// %%
import { coverageGaps, type CoverageRow, type Gap } from "llmops/exercises/63-2";

function findGaps(rows: readonly CoverageRow[], operations: readonly string[], scenarios: readonly string[], least: number): Gap[] {
  // BEGIN SOLUTION
  const all = operations.flatMap((operation) => scenarios.map((scenario) => ({ operation, scenario })));
  return all
    .map((cell) => ({ ...cell, rows: rows.filter((row) => row.operation === cell.operation && row.scenario === cell.scenario).length }))
    .filter((cell) => cell.rows < least);
  // STUB
  // return todo(); // [{ operation: "create", scenario: "happy-path", rows: 2 }, …]
  // END SOLUTION
}
await check(coverageGaps, findGaps);

// %% [markdown]
// ## 4. Diversity: in how many ways?
//
// **distinct-n** is the share of word sequences of length n that are different: pool the sequences of all texts, count each once, divide by
// all of them. ([Li and others, 2016](https://arxiv.org/abs/1510.03055), section 5.2, who introduced it, divide by the number of words; on
// long texts that is nearly the same.) It falls as a set grows, so compare sets of the same size only.
//
// ### Exercise: distinct-n
//
// Write `distinct`: of all sequences of `n` words in the texts, the share that are different. Words are runs of letters and digits, without
// case. Cut each text by itself: no sequence reaches into the next text.

// %%
import { distinctN } from "llmops/exercises/63-2";

function distinct(texts: readonly string[], n: number): number {
  // BEGIN SOLUTION
  const sequences = texts.flatMap((text) => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    return words.slice(0, Math.max(0, words.length - n + 1)).map((_, index) => words.slice(index, index + n).join(" "));
  });
  return new Set(sequences).size / sequences.length;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(distinctN, distinct);

// %% [markdown]
// Compare what users say in fifty conversations of the Task API set with fifty requests that a template makes, each for another task:

// %% tags=["folded"]
const titles = train.flatMap(({ messages }) => [...(messages.at(-1)?.content ?? "").matchAll(/[“"]([^”"]{5,40})[”"]/g)].map(([, title]) => title));
const sets = {
  "the Task API set": train.slice(0, 50).map((example) => said(example, "user")),
  "one template": [...new Set(titles)].slice(0, 50).map((title) => `Please create a task called ${title}.`),
};
const share = (texts: readonly string[], n: number) => {
  const all = texts.flatMap((text) => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    return words.slice(0, Math.max(0, words.length - n + 1)).map((_, index) => words.slice(index, index + n).join(" "));
  });
  return new Set(all).size / all.length;
};
const opening = (text: string) => text.toLowerCase().split(/\s+/).slice(0, 2).join(" ");
showTable(
  Object.entries(sets).map(([set, texts]) => ({
    set,
    texts: texts.length,
    "distinct-1": share(texts, 1),
    "distinct-2": share(texts, 2),
    "distinct-3": share(texts, 3),
    "different openings": new Set(texts.map(opening)).size,
  })),
  { decimals: 2 },
);

// %% [markdown]
// The template names fifty different tasks and says one thing. A model trained on it learns that a request begins with "Please create".
//
// ## 5. All four at once
//
// You now know what each number counts. The library counts the same, and more, in one call. Trust it as you would trust any tool: first see
// that it finds what you found.

// %%
import { measureQuality, qualityRows } from "llmops/data";

const quality = measureQuality(train);
const { coverage, consistency, accuracy } = quality;
const past = accuracy.findings.filter((finding) => finding.check === "due-in-the-past").length;
showTable([
  { figure: "combinations that occur", "by hand": present.length, measureQuality: coverage.cells - coverage.empty.length },
  { figure: "of them with fewer than 5 rows", "by hand": present.filter(({ rows }) => rows < 5).length, measureQuality: coverage.thin.length },
  { figure: "forms of date in use", "by hand": forms.filter(({ rows }) => rows > 0).length, measureQuality: consistency.styles.dates.length },
  { figure: "rows that confirm a past date", "by hand": late.length, measureQuality: past },
]);

// %% [markdown]
// Then read what you did not count. Each dimension has several measures from 0 to 1; here is the lowest of each, and when to care.
// (distinct-2 is taken in windows of 1,000 words, so that a large set can be compared with a small one.)

// %%
const WORK_ON_IT = {
  coverage: "users meet one of the thin situations",
  diversity: "your own rows score far lower",
  consistency: "a program reads the answers",
  accuracy: "a rule or a sample of 50 finds anything",
};
const measures = qualityRows(quality).filter(({ measure, score }) => measure !== "all" && score !== null);
showTable(
  Object.entries(WORK_ON_IT).map(([dimension, when]) => {
    const own = measures.filter((row) => row.dimension === dimension);
    const { measure, score, evidence } = own.sort((a, b) => a.score! - b.score!)[0];
    return { dimension, "lowest measure": measure, score, evidence, "work on it when": when };
  }),
  { decimals: 3 },
);

// %% [markdown]
// There is no single score. Put the four next to what your use needs, and start where the two are furthest apart. Take the accuracy for what it
// is, an upper bound: the rules see a part of what is really wrong.

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 1 changes how students talk about samples: ask for a guess of the interval for "2 of 50" first. In section 2
// let two groups argue whether five forms of date are a fault; the answer is the use. Lesson 63.6 measures accuracy with a judge.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here are 30 rows of my training set: [paste 30 lines of task_api_train.jsonl]. Rate its quality.
//
// ### 2. Critical evaluation
//
// Did it give a grade, or findings with row numbers? Check three of its findings against all 400 rows with a few lines of TypeScript. How
// many hold?
//
// ### 3. Constraint teaching
//
// > Judge four things separately: accuracy, consistency, coverage, diversity. For each, name the rows that made you say so, and a number that
// > I can compute over the whole set.
//
// ### 4. Refinement
//
// > Users of this assistant are nurses on a ward, who dictate. Which situations of theirs does no row show? Write one row for each, in the
// > same format.
//
// Run `findGaps` with a scenario for each of its situations, before and after you add the rows.
//
// ### 5. Final check
//
// Which of your four numbers changed when you added its rows, and did any get worse?
