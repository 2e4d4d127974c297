// ---
// chapter: 63
// lesson: 7
// title: "Lab — Build 500-Row Task API Dataset"
// layer: Layer 2 (Hands-on Lab)
// minutes: 90
// concepts: []
// maps: SC-010 (cost target), FR-004 (Colab compatible)
// prerequisites: lessons 63.1 to 63.6, or the words dataset, JSONL and token
// publishes: datasets/task-api
// ---

// %% [markdown]
// A fine-tuned model is as good as the rows it saw. In this lab you have a teacher model write 600 conversations for the
// Task API, throw out the bad ones, and keep 500. You also measure what most people guess: how many bad rows your filters
// find, and how many good ones they throw away.
//
// At the end you have this folder, ready for the training runs of chapter 64:
//
// ```
// datasets/task-api/
// ├── task_api_train.jsonl   400 conversations
// ├── task_api_val.jsonl      50
// ├── task_api_test.jsonl     50
// ├── rejected.jsonl         every row that left, with its reason
// ├── data_report.md         counts, reasons, charts
// ├── manifest.json          settings, and the SHA-256 of every file
// └── README.md              the dataset card
// ```
//
// The lab is done when these criteria hold. The last table computes each of them from the files.
//
// | criterion | target |
// | --- | --- |
// | rows in train, val, test | 400, 50, 50 |
// | rows that are valid ShareGPT | all |
// | groups of near-duplicates across splits | 0 |
// | personal data in the splits | none found |
// | rows of each operation in train | at least 70 |
// | rows in = rows out + rows rejected | exactly |
// | cost | below $0.15 |

// %% [markdown]
// ## 1. Open the teacher
//
// The teacher is a door with two sides. With `OPENAI_API_KEY` set, the cells below talk to the real API. Without a key they
// talk to a simulator in this process: it speaks the same protocol, writes varied conversations, and plants defects on
// purpose. The table says which side is open.
//
// `budgetUsd` is a hard limit. A request is sent only if its worst case still fits.

// %%
import { check, ProgressBar, showChart, showDoors, showTable, todo } from "llmops/course";
import { openTeacher } from "llmops/teacher";

const TODAY = "2026-11-20"; // the day that "tomorrow" counts from in every conversation
const teacher = await openTeacher({ budgetUsd: 0.15 });
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });

// %% [markdown]
// ## 2. Know the price before you pay it
//
// A prompt decides two things: what you get, and what you pay. This is the one the lab sends. Look at what it fixes (the
// format, today's date, the rules) and at what it varies from request to request: the operation, the situation, the way the
// user talks, the setting. Ask a model the same thing 120 times and it answers the same thing 120 times.

// %%
import { writeConversationPrompt, OPERATIONS } from "llmops/teacher";

const plan = { count: 600, batch: 5, operations: OPERATIONS, today: TODAY, seed: 63 };
for (const { role, content } of writeConversationPrompt({ plan, number: 1 })) console.log(`[${role}]\n${content}\n`);

// %% [markdown]
// Five conversations a request share one system prompt, so its tokens are paid once instead of five times. What will 600
// conversations cost? Do not estimate from the prompt: run a small pilot, and scale what the meter says.

// %%
import { generateConversations } from "llmops/teacher";

const pilot = await generateConversations(teacher, { count: 20, today: TODAY, seed: 1 });
const pilotUsd = teacher.meter.value;
showTable(
  [
    { run: "pilot", conversations: pilot.rows.length, dollars: pilotUsd },
    { run: "estimate for the dataset", conversations: 600, dollars: (pilotUsd * 600) / pilot.rows.length },
    { run: "budget, judging included", conversations: null, dollars: teacher.meter.budget },
  ],
  { decimals: 4, caption: "What the pilot says" },
);

// %% [markdown]
// ## 3. Generate 600 conversations
//
// Requests go out eight at a time. Some come back with 429 or 500, some never come back: the client waits, with a growing
// and slightly random pause, and tries again. Every answer is stored on disk, so running this cell twice pays once.

// %%
const bar = new ProgressBar("Generating", 600);
const { rows, failures } = await generateConversations(teacher, {
  ...plan,
  onProgress: ({ rows: done, spent }) => bar.update({ done, note: `$${spent.toFixed(4)}` }),
});
bar.end(`$${(teacher.meter.value - pilotUsd).toFixed(4)}`);
console.log(`${rows.length} rows, ${failures.length} failed requests`);

// %% [markdown]
// Read rows before you count them. Here are the first three, as they arrived.

// %%
for (const row of rows.slice(0, 3)) console.log(row.text, "\n");

// %% [markdown]
// ## 4. Clean, one step at a time
//
// `buildDataset` does all of this in one call, and you will use it in section 7. First take each step by hand, to see what it
// finds.
//
// **Parse.** A row must be JSON, have the fields of its format, and hold a conversation that can be trained on. Each refusal
// says which field is wrong.

// %%
import { parseRow, type Example } from "llmops/data";

const parsed: Example[] = [];
const refused: { row: string; reason: string }[] = [];
for (const row of rows) {
  if (row.value === undefined) {
    refused.push({ row: row.text.slice(0, 48), reason: "is not a JSON object" });
    continue;
  }
  const result = parseRow("sharegpt", row.value);
  if (result.ok) parsed.push(result.example);
  else refused.push({ row: row.text.slice(0, 48), reason: result.reason });
}
showTable(refused, { caption: `${parsed.length} rows parsed, ${refused.length} refused` });

// %% [markdown]
// **Normalise.** Text that looks equal must be equal: one Unicode form, ordinary spaces, no invisible characters. Done before
// duplicates are looked for, or they hide behind a zero-width space.

// %%
import { NORMALIZE_CHANGES, normalizeExample, type ChangeCounts } from "llmops/data";

const changes: ChangeCounts = {};
const normalized = parsed.map((example) => {
  const result = normalizeExample(example);
  for (const kind of NORMALIZE_CHANGES) changes[kind] = (changes[kind] ?? 0) + (result.changes[kind] ?? 0);
  return result.example;
});
showTable(
  NORMALIZE_CHANGES.map((change) => ({ change, texts: changes[change] })).filter(({ texts }) => texts),
  { caption: "Texts that normalisation changed" },
);

// %% [markdown]
// **Deduplicate, exactly and fuzzily.** A copy teaches nothing and makes its wording weigh double; a copy in the test set
// makes the model look better than it is. Exact copies share a hash. Near-copies are found by MinHash (which rows *might* be
// alike) and then verified by their true Jaccard similarity: the share of three-word sequences that two rows have in common.

// %%
import { dedupExact, dedupFuzzy } from "llmops/data";

const exact = dedupExact(normalized);
const fuzzy = dedupFuzzy(exact.kept, { threshold: 0.8 });
const userTurn = (example: Example | undefined) => example?.messages.find(({ role }) => role === "user")?.content ?? "";
showTable(
  fuzzy.removed.slice(0, 5).map(({ index, duplicateOf, similarity }) => ({
    similarity,
    "kept row": userTurn(exact.kept[duplicateOf]),
    "removed row": userTurn(exact.kept[index]),
  })),
  { decimals: 2, caption: `${exact.removed.length} exact copies and ${fuzzy.removed.length} near-copies removed; five of the near-copies` },
);

// %% [markdown]
// **Mask personal data.** The prompt asked for none. Models write some anyway, and a fine-tuned model repeats what it saw.
// Rules find what has a form: addresses, phone numbers, card numbers with a valid check digit, keys. They do not find names.

// %%
import { maskExample } from "llmops/data";

const masked = fuzzy.kept.map((example) => maskExample(example));
const withPii = masked.filter(({ counts }) => Object.keys(counts).length > 0);
showTable(
  withPii.slice(0, 5).map(({ example, counts }) => ({ kinds: Object.keys(counts).join(", "), "after masking": userTurn(example) })),
  { caption: `${withPii.length} rows with personal data; five of them` },
);

// %% [markdown]
// **Bound the length.** Count tokens, not characters: they are what a context window and a bill are made of. The long tail
// here is an assistant that rambles, the short end a row that shows nothing.

// %%
import { countTokens, filterByLength } from "llmops/data";

const BOUNDS = { minTokens: 20, maxTokens: 512 };
const clean = filterByLength(masked.map(({ example }) => example), BOUNDS);
console.log(`${clean.kept.length} rows kept, ${clean.removed.length} below ${BOUNDS.minTokens} or above ${BOUNDS.maxTokens} tokens`);

// %% tags=["folded"]
const lengths = masked.map(({ example }) => ({ tokens: Math.min(520, countTokens(example)) }));
await showChart(
  {
    title: "Tokens per conversation",
    data: { values: lengths },
    mark: "bar",
    encoding: {
      x: { field: "tokens", bin: { step: 20 }, title: "tokens (520 stands for more than 512)" },
      y: { aggregate: "count", title: "rows" },
    },
  },
  `Histogram of tokens for ${lengths.length} rows: most have 40 to 120, ${clean.removed.length} are below ${BOUNDS.minTokens} or above ${BOUNDS.maxTokens} and leave.`,
);

// %% [markdown]
// What each step cost in rows:

// %% tags=["folded"]
const funnel = [
  { step: "generated", rows: rows.length },
  { step: "parsed", rows: parsed.length },
  { step: "no exact copy", rows: exact.kept.length },
  { step: "no near-copy", rows: fuzzy.kept.length },
  { step: "right length", rows: clean.kept.length },
];
await showChart(
  {
    title: "Rows left after each step",
    data: { values: funnel },
    encoding: {
      y: { field: "step", type: "nominal", sort: null, title: null },
      x: { field: "rows", type: "quantitative", title: "rows" },
    },
    layer: [{ mark: "bar" }, { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "rows" } } }],
  },
  `Rows left: ${funnel.map(({ step, rows: left }) => `${step} ${left}`).join(", ")}.`,
);

// %% [markdown]
// ## 5. Judge what rules cannot see
//
// "Added 'Call the bank' for Friday" may be perfect JSON, unique and short, and still wrong: the user said Monday. Only
// something that reads can tell. A judge model scores each row from 1 to 5 on four criteria, and must write its reason
// *before* its scores.

// %%
import { TASK_API_RUBRIC } from "llmops/teacher";

showTable(TASK_API_RUBRIC.map(({ name, description }) => ({ criterion: name, "a 5 looks like": description })));

// %%
import { judgeExamples } from "llmops/teacher";

const beforeJudging = teacher.meter.value;
const judging = await judgeExamples(teacher, clean.kept, { today: TODAY });
const THRESHOLD = 4; // mean of the four scores
const accepted = judging.judgments.filter(({ mean }) => mean >= THRESHOLD);
console.log(
  `${judging.judgments.length} rows judged for $${(teacher.meter.value - beforeJudging).toFixed(4)}, ${judging.failures.length} requests failed: ` +
    `${accepted.length} rows have a mean of ${THRESHOLD} or more.`,
);

// %% tags=["folded"]
const lowest = judging.judgments.filter(({ mean }) => mean < THRESHOLD).sort((a, b) => a.mean - b.mean);
await showChart(
  {
    title: "The judge's mean score",
    data: { values: judging.judgments.map(({ mean }) => ({ mean, verdict: mean >= THRESHOLD ? "kept" : "rejected" })) },
    mark: "bar",
    encoding: {
      x: { field: "mean", bin: { step: 0.25 }, title: "mean of four criteria" },
      y: { aggregate: "count", title: "rows" },
      color: { field: "verdict", scale: { domain: ["kept", "rejected"] }, title: null },
    },
  },
  `Histogram of mean scores: ${accepted.length} of ${judging.judgments.length} rows reach ${THRESHOLD}; the others lie between ${lowest[0]?.mean} and ${lowest.at(-1)?.mean}.`,
);
showTable(
  lowest.slice(0, 6).map(({ index, mean, reason }) => ({ mean, reason, user: userTurn(clean.kept[index]).slice(0, 90) })),
  { decimals: 2, caption: "The six lowest" },
);

// %% [markdown]
// Look at the gap in the middle of the chart. In a gap the exact threshold hardly matters; on a slope every tenth decides about rows. That the
// rows above it are right, it does not say.
//
// ### Exercise: what would 5,000 rows cost?
//
// Your lead asks for ten times the data. Write `projectCost`: dollars for `wanted` good rows, from the tokens that a finished
// run used and the rows that it kept. Prices are in dollars per million tokens.

// %%
import { projectedCost, type FinishedRun, type TokenPrice } from "llmops/exercises/63-7";

function projectCost(run: FinishedRun, price: TokenPrice, wanted: number): number {
  // BEGIN SOLUTION
  const spent = (run.inputTokens * price.input + run.outputTokens * price.output) / 1_000_000;
  return (spent / run.kept) * wanted;
  // STUB
  // return todo(); // run: { inputTokens, outputTokens, kept }, price: { input, output }, in dollars for a million tokens
  // END SOLUTION
}
await check(projectedCost, projectCost);

// %% [markdown]
// ## 6. How good are your filters?
//
// A filter makes two kinds of mistakes: it misses bad rows, and it throws away good ones.
//
// - **Precision**: of the rows it flagged, the share that really were bad.
// - **Recall**: of the rows that really were bad, the share it flagged.
//
// Computing them needs the truth. A real teacher cannot give it; you would label rows by hand. The simulator keeps a ledger of
// every defect it planted.
//
// ### Exercise: precision and recall

// %%
import { filterQuality } from "llmops/exercises/63-7";

function quality(flagged: ReadonlySet<string>, defective: ReadonlySet<string>): { precision: number; recall: number } {
  // BEGIN SOLUTION
  const hits = flagged.intersection(defective).size;
  return { precision: hits / flagged.size, recall: hits / defective.size };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(filterQuality, quality);

// %% [markdown]
// Now your own filters against the ledger. Every step above flagged rows; collect their ids by the defect that the step is
// meant to find. For the judge, one criterion stands for one defect: a low `format` score for a wrong label or a row that is
// off topic, a low `accuracy` score for a wrong answer.

// %%
import { scoreFilter, type DefectKind } from "llmops/teacher";

const idOf = (example: Example | undefined) => String(example?.extra["id"]);
const parsedIds = new Set(parsed.map(idOf));
const judgedLow = (criterion: string) =>
  new Set(judging.judgments.filter(({ scores }) => (scores[criterion] ?? 5) <= 2).map(({ id }) => String(id)));
const removedFor = (reason: string) =>
  new Set(clean.removed.filter(({ code }) => code === reason).map(({ index }) => idOf(masked[index]?.example)));
const flagged = new Map<DefectKind, Set<string>>([
  ["broken_json", new Set(rows.filter(({ value }) => value === undefined).map(({ id }) => id))],
  ["schema_violation", new Set(rows.filter(({ id, value }) => value !== undefined && !parsedIds.has(id)).map(({ id }) => id))],
  ["exact_duplicate", new Set(exact.removed.map(({ index }) => idOf(normalized[index])))],
  ["near_duplicate", new Set(fuzzy.removed.map(({ index }) => idOf(exact.kept[index])))],
  ["pii", new Set(withPii.map(({ example }) => idOf(example)))],
  ["too_short", removedFor("too-short")],
  ["too_long", removedFor("too-long")],
  ["wrong_answer", judgedLow("accuracy")],
  ["wrong_label", judgedLow("format")],
  ["off_topic", judgedLow("format")],
]);
const scores = teacher.ledger ? scoreFilter(teacher.ledger, flagged, rows.map(({ id }) => id)) : [];
if (scores.length === 0) console.log("A real teacher keeps no ledger. Label fifty rows by hand, or run this lesson with the simulator.");
else {
  showTable(
    scores.map(({ defect, planted, flagged: alarms, truePositives, precision, recall }) => ({
      defect, planted, flagged: alarms, right: truePositives, precision: precision.estimate, recall: recall.estimate,
    })),
    { decimals: 2, caption: "Filters against the ledger" },
  );
}

// %% [markdown]
// Ten rows are not many. The bars below are 95% intervals: what the true share may be, given so few cases. A recall of 1.00
// on three rows promises little.

// %% tags=["folded"]
const measured = scores.flatMap(({ defect, precision, recall }) => [
  { defect, measure: "precision", ...precision },
  { defect, measure: "recall", ...recall },
]);
const inWords = ({ defect, recall }: (typeof scores)[number]) => `${defect.replace("_", " ")} ${recall.estimate.toFixed(2)}`;
if (measured.length === 0) console.log("No ledger, no chart.");
else {
  await showChart(
    {
      data: { values: measured },
      facet: { column: { field: "measure", title: null } },
      spec: {
        width: 220,
        height: 240,
        encoding: { y: { field: "defect", type: "nominal", sort: null, title: null } },
        layer: [
          {
            mark: { type: "rule", strokeWidth: 2, color: "#9e9e9e" },
            encoding: {
              x: { field: "low", type: "quantitative", title: "share, with its 95% interval", scale: { domain: [0, 1] } },
              x2: { field: "high" },
            },
          },
          { mark: { type: "point", filled: true, size: 70 }, encoding: { x: { field: "estimate", type: "quantitative" } } },
        ],
      },
    },
    `Precision and recall of each filter with 95% intervals. Recall: ${scores.map(inWords).join(", ")}.`,
  );
}

// %% [markdown]
// Three things to read off:
//
// 1. **What has a definition can be found.** Broken JSON is broken or it is not. (The simulator plants near-copies and personal
//    data in forms that rules know. A real model is less kind: expect less than 1.00 there.)
// 2. **The judge is useful and not reliable.** It overlooks faults. And one score serves two defects, so the precision for each
//    is low, although a row that is flagged for the wrong reason is often bad all the same.
// 3. **An interval is part of the result.** Three of three found and three hundred of three hundred are both 1.00.
//
// What counts in the end is the pipeline, not its parts: of the rows you are about to keep, how many are still bad?

// %%
import { garbled } from "llmops/data";

const keptIds = new Set(accepted.map(({ id }) => String(id)));
const wrongEncoding = garbled();
const unreadable = new Set(clean.kept.filter((example) => wrongEncoding.find(example)).map(idOf));
const REPAIRED = new Set<DefectKind>(["pii", "dirty_text"]); // masked and normalised, unless letters were decoded wrongly
const planted = teacher.ledger?.entries ?? [];
const survivors = planted.filter(({ row, defect }) => keptIds.has(row) && (!REPAIRED.has(defect) || unreadable.has(row)));
console.log(`${keptIds.size} rows kept, ${survivors.length} of them with a planted defect`);
if (survivors.length > 0) showTable(survivors.map(({ defect, says }) => ({ defect, says })));

// %% [markdown]
// Normalising mends spaces and invisible characters. It does not mend letters that were decoded wrongly ("Iâ€™m"): such rows are left for
// the judge, and it may let some pass. And compare the wrong labels with the table above: a row that the judge gave a low `format` can be
// saved by its mean. A threshold for each criterion (lesson 63.6) would have caught it.
//
// ### Exercise: catch a wrong label without a judge
//
// The judge costs money and misses labels. A rule may do as well: the assistant's words say what it did. "Added …" under the
// label `delete` cannot be right.
//
// Write `hasWrongLabel`. The label is `example.extra["operation"]`, one of `create`, `update`, `complete`, `delete`, `list`. The
// check scores your function on 600 rows of another seed; you need a precision of 75% and a recall of 70%. A wrong answer shows you a row
// it got wrong: improve, and run again. From then on you tune on these rows: a number to report would need a third set.

// %%
import { labelDetector } from "llmops/exercises/63-7";

function hasWrongLabel(example: Example): boolean {
  // BEGIN SOLUTION
  const signs: Record<string, RegExp> = {
    create: /\b(created?|added|saved|new task|on your list)\b/i,
    update: /\b(updated?|changed?|rescheduled|renamed|moved|pushed|now due|now called)\b/i,
    complete: /\b(done|checked off|completed?|closed|finished)\b/i,
    delete: /\b(deleted?|deleting|removed?|gone|no longer exists|for good)\b/i,
    list: /\b(\d+ .*tasks?|here (is|are)|you have)\b/i,
  };
  // Titles hold verbs of their own: 'Update incident report' is the name of a task.
  const said = example.messages
    .filter(({ role }) => role === "assistant")
    .map(({ content }) => (content ?? "").replace(/“[^”]*”|‘[^’]*’|"[^"]*"|'.*?'(?!\w)/g, "_"))
    .join("\n");
  // Whatever the operation, the assistant may find nothing or be told to leave things as they are.
  if (/\b(no (open )?task|couldn't find|don't see|nothing|unchanged|untouched)\b/i.test(said)) return false;
  const fits = (operation: string) => signs[operation]?.test(said) ?? false;
  return !fits(String(example.extra["operation"])) && Object.keys(signs).some(fits);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(labelDetector, hasWrongLabel);

// %% [markdown]
// ## 7. Build it with one call
//
// You know what every step does; now let `buildDataset` do it from the raw file. It repeats the steps in this order, asks your
// filter last, splits 400/50/50 with every operation in proportion, keeps rows that are more than 70% alike in the same split,
// and writes the reason for every row that leaves. The folder appears whole or not at all, and a build that is interrupted
// goes on where it stopped. Good rows beyond the 500 leave as well, as `not-asked-for`.
//
// With a real teacher fewer than 500 may be left. Then generate 60 more with another seed, append them to `rows`, and run the
// cells from section 4 on again: what was paid for is not paid for twice.

// %%
import { writeFileSync } from "node:fs";
import { buildDataset } from "llmops/data";
import { toJsonLines } from "llmops/teacher";

writeFileSync("task_api_raw.jsonl", toJsonLines(rows));
const verdicts = new Map(judging.judgments.map(({ id, mean, reason }) => [id, { mean, reason }]));
const { report } = await buildDataset({
  sources: ["task_api_raw.jsonl"],
  out: "../datasets/task-api",
  name: "task_api",
  ...BOUNDS,
  filter: {
    name: `judge, mean of ${THRESHOLD} or more`,
    test: ({ extra }) => {
      const verdict = verdicts.get(String(extra["id"]));
      if (verdict === undefined) return { code: "not-judged", reason: "the judge gave no score" };
      return verdict.mean >= THRESHOLD || { code: "low-score", reason: `mean ${verdict.mean}: ${verdict.reason}` };
    },
  },
  split: { counts: [400, 50, 50] },
  stratify: "operation",
  seed: 63,
});
showTable(report.steps.map(({ step, in: before, rejected, out }) => ({ step, in: before, rejected, out })), { caption: "data_report.json, steps" });

// %% tags=["folded"]
const { names, strata } = report.split;
await showChart(
  {
    title: "Rows of each operation",
    data: { values: strata.flatMap(({ stratum, counts }) => names.map((split, rank) => ({ operation: stratum, split, rank, rows: counts[rank] }))) },
    mark: "bar",
    encoding: {
      x: { field: "rows", type: "quantitative", title: "rows" },
      y: { field: "operation", type: "nominal", title: null },
      color: { field: "split", scale: { domain: names }, title: "split" },
      order: { field: "rank" },
    },
  },
  `Rows in ${names.join("/")}: ${strata.map(({ stratum, counts }) => `${stratum} ${counts.join("/")}`).join(", ")}.`,
);

// %% [markdown]
// A dataset without a card is a folder that nobody dares to use in half a year. The card takes its numbers from the report;
// you write what no program can count.

// %%
import { writeDatasetCard } from "llmops/data";

const card = await writeDatasetCard("../datasets/task-api", {
  title: "Task API conversations",
  about:
    "Short English conversations between a user and the assistant of a task manager, for supervised fine-tuning: five operations " +
    "(create, update, complete, delete, list), happy paths as well as missing details, unknown tasks and impossible requests.",
  license: "apache-2.0",
  language: ["en"],
  origin:
    `Generated in lesson 63.7 of the LLMOps Workbook with the teacher **${teacher.door.kind}** (${teacher.door.model}) on the fixed date ${TODAY}` +
    `${teacher.door.kind === "simulator" ? ": a seeded program, not a language model" : ""}. Cleaned, judged and split by \`buildDataset\`.`,
  fields: {
    conversations: "the turns: `from` is `human` or `gpt`, `value` the text",
    operation: "what the user wanted: create, update, complete, delete or list",
    scenario: "the situation, such as `happy-path` or `unknown-task`",
    id: "the answer it came in, and its place there",
    today:
      'the date that "tomorrow" counts from. Hugging Face `datasets` reads it from JSONL as a timestamp, since it looks like one: ' +
      '`row["today"].isoformat()[:10]` is the date again; from Parquet it comes as this text',
  },
  limits: [
    "Synthetic. It shows how a task assistant should answer, not how people really write.",
    "Some labels and answers are still wrong: the judge does not see every fault. Section 6 of the lesson counts them.",
    "Names of people and places are invented by the teacher; rules do not look for names.",
  ],
});
console.log(card.slice(0, card.indexOf("## How it was made")));

// %% [markdown]
// ## 8. Accept it, from the files
//
// What you remember of a dataset and what is in its files are two things. Read the files back and compute each criterion.

// %%
import { findLeaks, hasPii, readExamples, validateFile } from "llmops/data";

const paths = report.split.files.map((file) => `../datasets/task-api/${file}`);
const [train = [], val = [], test = []] = await Promise.all(paths.map((path) => readExamples(path)));
const validations = await Promise.all(paths.map((path) => validateFile(path, { format: "sharegpt" })));
const leaks = findLeaks({ train, val, test }, { threshold: 0.7 });
const withPersonalData = [...train, ...val, ...test].filter((example) => hasPii(example)).length;
const smallest = Math.min(...OPERATIONS.map((operation) => train.filter(({ extra }) => extra["operation"] === operation).length));
const bill = teacher.meter.value;

const sizes = [train, val, test].map((split) => split.length).join(", ");
const valid = validations.reduce((sum, file) => sum + file.valid, 0);
const { in: came, out: kept, rejected } = report.rows;

const criteria: [criterion: string, target: string, found: string, pass: boolean][] = [
  ["rows in train, val, test", "400, 50, 50", sizes, sizes === "400, 50, 50"],
  ["rows that are valid ShareGPT", "all", `${valid} of ${kept}`, valid === kept],
  ["groups of near-duplicates across splits", "0", `${leaks.length}`, leaks.length === 0],
  ["rows with personal data", "none found", `${withPersonalData}`, withPersonalData === 0],
  ["rows of each operation in train", "at least 70", `${smallest} or more`, smallest >= 70],
  ["rows in = rows out + rows rejected", "exactly", `${came} = ${kept} + ${rejected}`, came === kept + rejected],
  ["cost", "below $0.15", `$${bill.toFixed(4)}`, bill < 0.15],
];
showTable(
  criteria.map(([criterion, target, found, pass]) => ({ criterion, target, found, verdict: pass ? "pass" : "FAIL" })),
  { caption: "Acceptance" },
);

// %%
await teacher.close();
const passed = criteria.filter(([, , , pass]) => pass).length;
console.log(`${passed} of ${criteria.length} criteria pass.`);

// %% [markdown]
// ### The same for data of your own
//
// The command does what section 7 did, on files that nobody here wrote: JSONL, JSON, CSV, or a folder of Markdown, HTML and
// text, which the teacher turns into question and answer pairs. In a terminal, in the workbook's folder:
//
// ```
// npm run llmops -- data build my-rows.csv --out datasets/mine
// npm run llmops -- data validate datasets/mine/train.jsonl
// npm run llmops -- data build --help
// ```

// %% [markdown] tags=["instructor"]
// **For instructors.** Generating and judging take seconds with the simulator; the time goes into reading rows and into the label
// detector (allow 25 minutes). Typical first attempts look for words in the whole text, titles included, or only for the label's
// own verbs, which flags every refusal. Ask before section 6: "which of your filters do you trust least?", and let the table
// answer. With a real key the lesson costs about as much as the last table says.

// %% [markdown]
// ## Try With AI
//
// Use the assistant you work with. Give it the prompts as they stand; your data is in `datasets/task-api`.
//
// ### 1. Initial request
//
// > I have 500 synthetic conversations for fine-tuning a task assistant (create, update, complete, delete, list). Here are ten
// > rows: [paste ten lines of task_api_train.jsonl]. Name the three weaknesses most likely to hurt a model trained on them.
//
// ### 2. Critical evaluation
//
// Take each weakness it names and test it on all 400 rows with a few lines of TypeScript. Which can you confirm with a number,
// which were a guess from ten rows, and which did it read into the data?
//
// ### 3. Constraint teaching
//
// > The judge costs 1.5 cents for 560 rows and still passes some wrong labels. I can run any rule over all rows for free, and
// > I can pay a second judge for at most 60 rows. Which 60 would you send, and how would you know that it paid off?
//
// ### 4. Refinement
//
// Have it write the rule that picks those rows. Run it on the rows of this lab, and compare with the ledger: does it find more
// of the survivors of section 6 than sixty rows drawn at random?
//
// ### 5. Final check
//
// > Here are my acceptance criteria and their results: [paste the last table]. Which property of a training set do they not
// > cover, and what would it cost to measure it?
//
// Add the best one to the table, with a target, and compute it.
