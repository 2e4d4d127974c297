// ---
// chapter: 63
// lesson: 8
// title: Refine Your Data Engineering Skill
// layer: Layer 3 (Intelligence Refinement)
// minutes: 30
// concepts: []
// maps: SC-008 (skill accumulation)
// prerequisites: lessons 63.0 and 63.7
// publishes: skills/llmops-data-engineer
// ---

// %% [markdown]
// Version 1 of your skill holds facts with sources, and seven assumptions without. Since then you have built a dataset and measured
// every step. Now the assumptions meet the numbers: some hold, some fall, one stays open. What is left becomes version 2, and its
// checklist becomes a program.
//
// At the end you have:
//
// ```
// skills/llmops-data-engineer/
// ├── SKILL.md                      version 2.0: every rule with its number
// ├── references/sources.md         from version 1
// ├── references/measurements.md    the numbers, and how to get them again
// └── scripts/check-dataset.mjs     the checklist, for any dataset folder
// ```

// %% [markdown]
// ## 1. Open version 1
//
// Your own, if you ran lesson 63.0; else the workbook's.

// %%
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { check, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";
import { checkSkill, readSkill } from "llmops/skills";

const NAME = "llmops-data-engineer";
const current = `../skills/${NAME}`;
const kept = `../skills/history/1.0/${NAME}`;
if (existsSync(`${current}/SKILL.md`)) {
  // Version 2 will be written in its place: keep what is there, be it version 1 or a version 2 that you have changed.
  const copy = (checkSkill(current).version ?? "1") < "2" ? kept : `../skills/history/2.0/${NAME}`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(current, copy, { recursive: true });
}
const isYours = existsSync(`${kept}/SKILL.md`);
const v1 = readSkill(isYours ? kept : workbookPath(`skills/history/1.0/${NAME}`));
const assumed = [...v1.body.matchAll(/^- (A\d): (.+)$/gm)];
showTable(
  assumed.map(([, number, assumption]) => ({ number, assumption })),
  { caption: `${v1.name} ${v1.version}, ${isYours ? "yours" : "the workbook's"}: what it assumes` },
);

// %% [markdown]
// ## 2. What the dataset says
//
// `data_report.json` of the Task API dataset knows what every step found. Of all rows that were rejected for a fault, which share
// did each step find?

// %%
import { readReport, garbled } from "llmops/data";

const report = await readReport(workbookPath("datasets/task-api"));
// What the split rejects are good rows beyond the 500.
const faults = report.steps.filter(({ step, rejected }) => rejected > 0 && step !== "split");
const faulty = faults.reduce((sum, { rejected }) => sum + rejected, 0);
const shares = faults.map(({ step, rejected }) => ({ step, rows: rejected, share: rejected / faulty }));
showTable(shares, { decimals: 2, caption: `${faulty} of ${report.rows.in} rows left for a fault` });

// %% tags=["folded"]
await showChart(
  {
    title: "Who found the bad rows",
    data: { values: shares },
    encoding: {
      y: { field: "step", type: "nominal", sort: null, title: null },
      x: { field: "share", type: "quantitative", title: "share of the rejected rows", axis: { format: "%" } },
    },
    layer: [{ mark: "bar" }, { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "rows" } } }],
  },
  `Share of ${faulty} rejected rows by step: ${shares.map(({ step, share }) => `${step} ${Math.round(100 * share)}%`).join(", ")}.`,
);

// %% [markdown]
// Two things stand out. The fuzzy step found rows that the exact one, just before it, had let pass. And the largest part was found by
// the judge, the only step that costs money and the only one that guesses. How far may it be trusted? The report cannot say: it
// knows what was rejected, not what was bad.
//
// ## 3. What a fresh run says
//
// The truth is in the simulator's ledger. Run it once more, with a seed that no lesson has used, so that the numbers are not those
// that your choices were made with. This needs the ledger, so it takes the simulator even where you have a key.

// %%
import { generateConversations, judgeExamples, openTeacher, OPERATIONS } from "llmops/teacher";

const TODAY = "2026-11-20";
const teacher = await openTeacher({ door: "simulator", budgetUsd: 0.15, simulator: { seed: 8 } });
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });
const plan = { count: 600, batch: 5, operations: OPERATIONS, today: TODAY, seed: 638 };
const { rows } = await generateConversations(teacher, plan);
console.log(`${rows.length} rows`);

// %%
import { dedupExact, dedupFuzzy, filterByLength, findLeaks, maskExample, normalizeExample, parseRow, type Example } from "llmops/data";

const idOf = (example: Example | undefined) => String(example?.extra["id"]);
const parsed = rows.flatMap(({ value }) => {
  const result = value === undefined ? undefined : parseRow("sharegpt", value);
  return result?.ok ? [normalizeExample(result.example).example] : [];
});
const exact = dedupExact(parsed);
const fuzzy = dedupFuzzy(exact.kept, { threshold: 0.8 });
const masked = fuzzy.kept.map((example) => maskExample(example).example);
const clean = filterByLength(masked, { minTokens: 20, maxTokens: 512 }).kept;
const judging = await judgeExamples(teacher, clean, { today: TODAY });
const accepted = judging.judgments.filter(({ mean }) => mean >= 4);
const usdPerThousand = (teacher.meter.value / accepted.length) * 1000;
console.log(`${accepted.length} rows kept for $${teacher.meter.value.toFixed(4)}: $${usdPerThousand.toFixed(3)} for a thousand`);

// %% [markdown]
// Now one measurement for each assumption. For A3, near-duplicates are looked for twice: in whole conversations, and in the first user turn
// only, both in sequences of three words. (The simulator makes its copies by the first of these measures.) For A5 the rows are dealt out
// 80/10/10 twice: before and after deduplication.

// %%
import { scoreFilter, wilson, type DefectKind } from "llmops/teacher";

const ledger = teacher.ledger;
if (!ledger) throw new Error("the simulator keeps a ledger");
const ids = (examples: Iterable<Example | undefined>) => new Set([...examples].map(idOf));
const measure = (kind: DefectKind, found: ReadonlySet<string>, seen: Iterable<string>) => {
  const [score] = scoreFilter(ledger, new Map([[kind, found]]), seen);
  if (!score) throw new Error("one kind gives one score");
  return score;
};

const brokenKinds = new Set<DefectKind>(["broken_json", "schema_violation"]);
const broken = new Set(ledger.entries.filter(({ defect }) => brokenKinds.has(defect)).map(({ row }) => row));
const refused = new Set(rows.map(({ id }) => id)).difference(ids(parsed));
const firstTurn = dedupFuzzy(exact.kept, { threshold: 0.8, scope: "first-user" });
const afterExact = [...ids(exact.kept)];
const removedBy = (found: { index: number }[]) => ids(found.map(({ index }) => exact.kept[index]));
const whole = measure("near_duplicate", removedBy(fuzzy.removed), afterExact);
const first = measure("near_duplicate", removedBy(firstTurn.removed), afterExact);

const wrongEncoding = garbled();
const unreadable = ids(clean.filter((example) => wrongEncoding.find(example)));
const repaired = new Set<DefectKind>(["pii", "dirty_text"]); // masked and normalised, unless letters were decoded wrongly
const bad = new Set(ledger.entries.filter(({ row, defect }) => !repaired.has(defect) || unreadable.has(row)).map(({ row }) => row));
const low = new Set(judging.judgments.filter(({ mean }) => mean < 4).map(({ id }) => String(id)));
const judged = ids(clean);
const judge = {
  precision: wilson(low.intersection(bad).size, low.size),
  recall: wilson(low.intersection(bad).size, judged.intersection(bad).size),
};
const survivors = accepted.filter(({ id }) => bad.has(String(id))).length;

const deal = (examples: readonly Example[]) => ({
  train: examples.filter((_, index) => index % 10 < 8),
  val: examples.filter((_, index) => index % 10 === 8),
  test: examples.filter((_, index) => index % 10 === 9),
});
const splitFirst = findLeaks(deal(parsed), { threshold: 0.7 }).length;
const splitLast = findLeaks(deal(clean), { threshold: 0.7 }).length;

console.log(`judge: precision ${judge.precision.estimate.toFixed(2)}, recall ${judge.recall.estimate.toFixed(2)}`);

// %% tags=["folded"]
const of = ({ hits, of: all }: { hits: number; of: number }) => `${hits} of ${all}`;
const evidence = [
  {
    number: "A1",
    measured: "planted broken rows that parser and schema refused",
    value: `${refused.intersection(broken).size} of ${broken.size}`,
  },
  {
    number: "A2",
    measured: "copies found by the exact step; near-copies found only by the fuzzy one",
    value: `${exact.removed.length}; ${fuzzy.removed.length}`,
  },
  {
    number: "A3",
    measured: "first turn: flagged rows that were copies; copies that were flagged",
    value: `${of(first.precision)}; ${of(first.recall)}`,
  },
  {
    number: "A3",
    measured: "whole conversation: the same",
    value: `${of(whole.precision)}; ${of(whole.recall)}`,
  },
  {
    number: "A4",
    measured: "rows at 4 or more with a planted fault",
    value: `${survivors} of ${accepted.length}`,
  },
  {
    number: "A4",
    measured: "judge: flagged rows that were bad; bad rows that were flagged",
    value: `${of(judge.precision)}; ${of(judge.recall)}`,
  },
  {
    number: "A5",
    measured: "groups of rows at least 0.7 alike across splits: split first; split last",
    value: `${splitFirst}; ${splitLast}`,
  },
  {
    number: "A6",
    measured: "dollars for a thousand kept rows, judging included",
    value: usdPerThousand.toFixed(3),
  },
];
showTable(evidence, { caption: "Assumptions and numbers" });

// %% [markdown]
// ### Exercise: what do the numbers say?
//
// Give each assumption a verdict: `holds`, `refuted`, or `open` where no number speaks about it.

// %%
import { assumptionVerdicts, type Assumption, type Verdict } from "llmops/exercises/63-8";

function verdicts(): Record<Assumption, Verdict> {
  // BEGIN SOLUTION
  return { A1: "holds", A2: "refuted", A3: "refuted", A4: "refuted", A5: "refuted", A6: "refuted", A7: "open" };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(assumptionVerdicts, verdicts);

// %% [markdown]
// "Refuted" is no shame: the assumption did its work when it told you what to measure. "Holds" is weaker than it looks. It says that
// these rows found nothing against it. The simulator plants broken rows in a dozen ways, and a real model knows more.
//
// ## 4. When may a filter delete?
//
// A filter with a precision of 1.00 on ten rows and one with 1.00 on three hundred are not equally good. The interval tells them
// apart: made in this way, 95 intervals of 100 hold the true precision.
//
// ### Exercise: a decision rule
//
// Write `decide`. It gets the precision of a filter with its interval (`low`, `estimate`, `high`) and the goal that you set. It
// returns
//
// - `"delete"` where the goal is surely reached: rows may go without anybody looking;
// - `"switch off"` where it is surely missed: the filter does harm;
// - `"review"` where the numbers cannot say yet: a person looks at what it flags.

// %%
import { filterAction, type FilterAction } from "llmops/exercises/63-8";
import type { Proportion } from "llmops/teacher";

function decide(precision: Proportion, goal: number): FilterAction {
  // BEGIN SOLUTION
  if (precision.low >= goal) return "delete";
  if (precision.high < goal) return "switch off";
  return "review";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(filterAction, decide);

// %% [markdown]
// The rule on the filters of this run, with a goal of 0.75. (The cell uses the workbook's version of it, so that the skill does not
// depend on whether yours is finished.)

// %%
import { actionFor } from "llmops/exercises/63-8";

const GOAL = 0.75;
const exactScore = measure("exact_duplicate", ids(exact.removed.map(({ index }) => parsed[index])), ids(parsed));
const filters = [
  { filter: "parser and schema", precision: wilson(refused.intersection(broken).size, refused.size) },
  { filter: "exact duplicates", precision: exactScore.precision },
  { filter: "near-duplicates, conversation", precision: whole.precision },
  { filter: "near-duplicates, first turn", precision: first.precision },
  { filter: "judge, mean below 4", precision: judge.precision },
].map(({ filter, precision }) => ({ filter, ...precision, action: actionFor(precision, GOAL) }));
showTable(
  filters.map(({ filter, hits, of: flagged, low: least, high: most, action }) => ({
    filter, flagged, right: hits, "at least": least, "at most": most, action,
  })),
  { decimals: 2, caption: `What each filter may do on its own, goal ${GOAL}` },
);

// %% tags=["folded"]
const byFilter = {
  field: "filter", type: "nominal", sort: null, title: null, axis: { labelLimit: 220 },
} as const;
await showChart(
  {
    title: "Precision of each filter with its 95% interval",
    data: { values: filters },
    height: 180,
    layer: [
      {
        mark: { type: "rule", strokeWidth: 2, color: "#9e9e9e" },
        encoding: {
          y: byFilter,
          x: { field: "low", type: "quantitative", title: "precision", scale: { domain: [0, 1] } },
          x2: { field: "high" },
        },
      },
      {
        mark: { type: "point", filled: true, size: 80 },
        encoding: {
          y: byFilter,
          x: { field: "estimate", type: "quantitative" },
          color: {
            field: "action",
            title: null,
            scale: { domain: ["delete", "review", "switch off"], range: ["#0072B2", "#E69F00", "#D55E00"] },
          },
        },
      },
      { mark: { type: "rule", strokeDash: [4, 4] }, encoding: { x: { datum: GOAL } } },
    ],
  },
  `Precision with its interval and what follows for a goal of ${GOAL}: ` +
    filters.map((f) => `${f.filter} ${f.low.toFixed(2)} to ${f.high.toFixed(2)}, ${f.action}`).join("; ") + ".",
);

// %% [markdown]
// ## 5. Write version 2
//
// Every new rule below carries the number it rests on. A rule whose number changes is a rule to look at again; what has no number is
// marked as open. The facts with their sources, the principles that rest on them, the persona and your description stay as they
// were in version 1. Change the text here, not in the file: the cell writes the file anew.

// %%
import { findPrice } from "llmops/teacher";

const range = ({ low: least, high: most }: Proportion) => `95% interval ${least.toFixed(2)} to ${most.toFixed(2)}`;
const fuzzyOnly = report.duplicates.fuzzy;
const exactCopies = report.duplicates.exact;
const sectionOf = (text: string, heading: string) => new RegExp(`## ${heading}\\n[\\s\\S]*?(?=\\n## |$)`).exec(text)?.[0] ?? "";
const inherited = [...sectionOf(v1.body, "Decision principles").matchAll(/^- .+$/gm)].map(([line]) => line);
const namesOf = (action: FilterAction) => filters.filter((f) => f.action === action).map((f) => f.filter).join("; ") || "none";

const rules = [
  "**Refuse broken rows by parser and schema, each with its reason.** " +
    `${refused.intersection(broken).size} of ${broken.size} planted broken rows were refused.`,
  "**Deduplicate twice: exactly, then fuzzily at 0.8.** " +
    `In the dataset the exact step removed ${exactCopies} rows, and the fuzzy one ${fuzzyOnly} that it had let pass.`,
  "**Compare whole conversations, not first turns.** " +
    `First turns found ${of(first.recall)} near-copies, and ${first.falsePositives} of the ${first.flagged} rows that they ` +
    `flagged were none; whole conversations found ${of(whole.recall)}, with ${whole.falsePositives} false alarms.`,
  "**Let the judge propose, and measure it.** " +
    `Of the rows it scored below 4, ${of(judge.precision)} were bad (${range(judge.precision)}); it found ${of(judge.recall)} ` +
    `bad rows. ${survivors} of ${accepted.length} kept rows still have a planted fault.`,
  "**Split last.** " +
    `Split first, ${splitFirst} groups of rows at least 0.7 alike stood in different splits; split after deduplication, ${splitLast}.`,
  "**Take the price from the meter.** " +
    `A thousand kept rows cost $${usdPerThousand.toFixed(2)} with ${teacher.door.model} at its price of ` +
    `${findPrice(teacher.door.model)?.read ?? "an unknown day"}, judging and rejected rows included. ` +
    "Run a pilot of 20 before you promise a sum.",
  "**A filter deletes on its own only where the lower end of its precision reaches the goal.** " +
    `With a goal of ${GOAL}: delete: ${namesOf("delete")}. Review: ${namesOf("review")}. Switch off: ${namesOf("switch off")}.`,
];

const v2 = [
  "# LLMOps data engineer",
  "",
  sectionOf(v1.body, "Persona").trim(),
  "",
  sectionOf(v1.body, "Core knowledge").trim(),
  "",
  "## Analysis questions",
  "",
  "Ask these before writing code. Without an answer to the first three, stop.",
  "",
  "1. Which trainer, in which version, and which columns does it take?",
  "2. What should the model do after training that it does not do now? Which rows show it?",
  "3. Which data exists already, and may it be used?",
  "4. Which operations, situations and mistakes must the rows cover, and how many rows of each?",
  "5. Which part of a row makes it a copy of another: the request, the answer, or the whole conversation?",
  "6. For each filter: on how many labelled rows was it measured, and what precision lets it delete unseen?",
  "7. What may a kept row cost, judging and rejected rows included?",
  "",
  "## Decision principles",
  "",
  "The numbers come from one run of 600 simulated rows and from the Task API dataset; [how they were",
  "measured](references/measurements.md). They tell which step matters, not what another dataset will show. Measure again on yours.",
  "",
  ...rules.map((rule, index) => `${index + 1}. ${rule}`),
  "",
  "From version 1, with their sources where they have one:",
  "",
  ...inherited,
  "",
  "Open: whether 500 clean rows train a better model than 5,000 noisy ones. Nothing here measured it; do not claim it.",
  "",
  "## Workflow",
  "",
  "1. Write down the criteria that the set must meet, each with a number.",
  "2. Collect real rows; generate what is missing: a pilot of 20, then the rest within a budget.",
  "3. Run `npm run llmops -- data build ROWS --out FOLDER`: parse, normalise, deduplicate, mask, bound the length, filter, split.",
  "4. Read rows: twenty that stayed, and every kind that left (`rejected.jsonl` has the reasons).",
  "5. Write the dataset card: origin, fields, licence, limits.",
  "6. Run the checklist. Do not hand the set over before it passes:",
  "",
  "   ```",
  "   node scripts/check-dataset.mjs FOLDER",
  "   ```",
  "",
  "   It checks files, accounts, rows, duplicates, leaks, personal data, length, coverage and card, and names what is wrong. Mend the",
  "   source and build again; do not edit the files that were built.",
  "7. Convert for the trainer: `npm run llmops -- data convert SPLIT --to messages --plain --out FILE`.",
  "",
].join("\n");

const front = [
  `name: ${NAME}`,
  `description: ${JSON.stringify(v1.description)}`, // a JSON string is a YAML string
  `license: ${JSON.stringify(v1.license ?? "Apache-2.0")}`,
  'compatibility: "Node 20 or newer; the checklist runs inside the LLMOps Workbook"',
  "metadata:",
  '  version: "2.0"',
].join("\n");
console.log(v2.slice(v2.indexOf("## Decision principles"), v2.indexOf("## Workflow")));

// %%
rmSync(current, { recursive: true, force: true });
cpSync(v1.folder, current, { recursive: true }); // what version 1 brought along, sources.md among it
mkdirSync(`${current}/scripts`, { recursive: true });
mkdirSync(`${current}/references`, { recursive: true });
writeFileSync(`${current}/SKILL.md`, `---\n${front}\n---\n\n${v2}`);
writeFileSync(
  `${current}/references/measurements.md`,
  [
    "# Measurements",
    "",
    `The teacher was the simulator (for ${teacher.door.model}, seed 8; rows planned with seed 638; date ${TODAY}): a seeded`,
    "program that plants defects and keeps a ledger of them. It is no language model. Lesson 63.8 of the LLMOps Workbook",
    "repeats every number: `npm run lesson -- 63.8`.",
    "",
    "| assumption of version 1 | measured | value |",
    "| --- | --- | --- |",
    ...evidence.map(({ number, measured, value }) => `| ${number} | ${measured} | ${value} |`),
    "",
    `In \`datasets/task-api\`, ${faulty} of ${report.rows.in} rows left for a fault:`,
    "",
    "| step | rows | share |",
    "| --- | ---: | ---: |",
    ...shares.map(({ step, rows: left, share }) => `| ${step} | ${left} | ${Math.round(100 * share)}% |`),
    "",
    `Precision of the filters, with a goal of ${GOAL}:`,
    "",
    "| filter | right of flagged | 95% interval | so it may |",
    "| --- | ---: | --- | --- |",
    ...filters.map((f) => `| ${f.filter} | ${of(f)} | ${f.low.toFixed(2)} to ${f.high.toFixed(2)} | ${f.action} |`),
    "",
  ].join("\n"),
);
// The script is too long for a cell; read it in its place, it has no packages and no secrets.
const script = workbookPath("chapters-61-72/63-data-engineering-for-training/skill/check-dataset.mjs");
cpSync(script, `${current}/scripts/check-dataset.mjs`);

const checked = checkSkill(current);
const { lines, tokens } = checked.size;
console.log(`${checked.name} ${checked.version}: ${lines} lines, ${tokens} tokens, ${checked.findings.length} findings`);

// %% [markdown]
// ## 6. Test the skill
//
// A rule that says "no near-duplicates" is obeyed or not. A program that says so is obeyed or fails. The checklist of version 2 is
// such a program. It first has to pass on a good dataset:

// %%
import { spawnSync } from "node:child_process";

const runChecklist = (folder: string): string => {
  const { stdout, stderr } = spawnSync(process.execPath, [`${current}/scripts/check-dataset.mjs`, folder], { encoding: "utf8" });
  return (stdout + stderr).replaceAll(workbookPath("datasets"), "datasets").trim();
};
console.log(runChecklist(workbookPath("datasets/task-api")));

// %% [markdown]
// And it has to fail on a bad one. Spoil a copy in five places, each something that happens: a line cut off, a copy of a test row
// with one word changed in the training set, an e-mail address, a limit taken out of the card, a row of the log lost.

// %%
rmSync("spoilt", { recursive: true, force: true });
cpSync(workbookPath("datasets/task-api"), "spoilt", { recursive: true });
const linesOf = (file: string) => readFileSync(`spoilt/${file}`, "utf8").trimEnd().split("\n");
const trainRows = linesOf("task_api_train.jsonl");
trainRows[2] = (trainRows[2] ?? "").slice(0, -40);
trainRows[4] = (trainRows[4] ?? "").replace('"value":"', '"value":"My address is ana.kovac@example.com. ');
trainRows.push((linesOf("task_api_test.jsonl")[0] ?? "").replace(/"value":"\w+ /, '"value":"please '));
writeFileSync("spoilt/task_api_train.jsonl", `${trainRows.join("\n")}\n`);
writeFileSync("spoilt/rejected.jsonl", `${linesOf("rejected.jsonl").slice(1).join("\n")}\n`);
writeFileSync("spoilt/README.md", readFileSync("spoilt/README.md", "utf8").replace(/## Limits[\s\S]*/, ""));
console.log(runChecklist("spoilt"));

// %% [markdown]
// Each of the five is named, the broken line and the copy with file and line; of the e-mail address you get a count and search yourself.
// The same command serves an agent, a colleague and a CI job: its exit status is 0, 1 or 2, and `--json` gives all findings.
//
// What it cannot see is as important: a wrong answer in good form, a name, a row that teaches the wrong manners. Those stay with the
// judge, and with you.
//
// ## 7. What changed
//
// Version 1 is kept, so that a question about a dataset built with it can be answered.

// %%
import { countTextTokens } from "llmops/data";

const countRules = (text: string, heading: string) => [...sectionOf(text, heading).matchAll(/^(- |\d+\. )/gm)].length;
const versions = [v1, readSkill(current)].map((skill) => ({
  version: skill.version ?? "none",
  questions: countRules(skill.body, "Analysis questions"),
  principles: countRules(skill.body, "Decision principles"),
  assumptions: countRules(skill.body, "Assumptions"),
  files: skill.files.length,
  tokens: countTextTokens(skill.body),
}));
showTable(versions, { caption: "The skill, before and after" });

// %% [markdown] tags=["instructor"]
// **For instructors.** Ask for a bet on each assumption before section 3, in writing. The table of numbers changes with the seed: let
// groups run seeds of their own (`simulator: { seed: … }`) and compare how often the judge's interval reaches the goal. The script of
// section 6 is good material for reading code: which of its checks would miss a leak, and why does its comment say so?

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is my skill llmops-data-engineer (SKILL.md, version 2.0). I have 3,000 chats of a bank's support desk in CSV, with names and
// > account numbers. Make a plan for a fine-tuning dataset by this skill.
//
// ### 2. Critical evaluation
//
// Does it ask the first three questions and stop where you gave no answer? Does it use the measured numbers as promises for your
// data, although the skill says that they are none? Which step of the workflow is missing?
//
// ### 3. Constraint teaching
//
// > Rule 7 of the skill decides what a filter may do. I have 40 labelled chats, 12 of them bad. A filter flagged 10 of which 9 are
// > bad. What may it do with a goal of 0.9, and how many more labelled rows would you need to decide otherwise? Show the interval.
//
// ### 4. Refinement
//
// > Which rule of the skill would you trust least for bank chats, and what would you measure to replace its number? Write the rule
// > with a gap for the number, and the command that fills it.
//
// ### 5. Final check
//
// Compute the interval of the third question with `wilson(9, 10)` in a cell. Does the answer agree? Then run the checklist on a
// dataset of your own, and put what it could not see into the skill as a question.
