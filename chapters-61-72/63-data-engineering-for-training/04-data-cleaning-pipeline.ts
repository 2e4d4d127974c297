// ---
// chapter: 63
// lesson: 4
// title: Data Cleaning Pipeline
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - Deduplication (exact and fuzzy)
//   - Text normalization
//   - Length filtering
//   - Quality scoring
// maps: Edge case (corrupted data handling)
// prerequisites: lesson 63.3 (JSONL, a schema), and what a token is
// ---

// %% [markdown]
// A cleaning pipeline throws rows away, and nobody sees what it threw. So in this lesson every step is measured: how many bad rows it
// found, how many good ones it took with them. You will find that a recipe from a tutorial, run unchanged, does both things wrong.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { parseRow, type Example } from "llmops/data";
import { generateConversations, openTeacher, scoreFilter } from "llmops/teacher";

// Measuring needs the truth, so this lesson always uses the simulator: it keeps a ledger of the defects that it plants.
const teacher = await openTeacher({
  door: "simulator",
  budgetUsd: 0.1,
  simulator: { defects: { exact_duplicate: 0.05, near_duplicate: 0.1, dirty_text: 0.04, too_short: 0.02, too_long: 0.02 } },
});
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });

// %%
const { rows } = await generateConversations(teacher, { count: 400, today: "2026-11-20", seed: 4 });
const raw = rows.flatMap(({ value }): Example[] => {
  const parsed = parseRow("sharegpt", value);
  return parsed.ok ? [parsed.example] : [];
});
const idOf = (example: Example | undefined) => String(example?.extra["id"]);
console.log(`${rows.length} rows generated, ${raw.length} can be read.`);

// %% [markdown]
// ## 1. Normalise: what looks equal must be equal
//
// Two texts can look the same and differ in every comparison: a space that is not U+0020, an accent written as two characters, a
// character of no width. Look at one that the simulator planted:

// %%
import { normalizeText } from "llmops/data";

const spoilt = raw.flatMap(({ messages }) => messages.map(({ content }) => content ?? "")).filter((text) => normalizeText(text).changes.length > 0);
const visible = (text: string) => text.replace(/[^\x20-\x7E\n’‘“”]/gu, (character) => `‹U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}›`);
showTable(
  spoilt.slice(0, 4).map((text) => ({ "as it was": visible(text).slice(0, 120), changes: normalizeText(text).changes.join(", ") })),
  { caption: `${spoilt.length} texts change; four of them, with what cannot be seen` },
);

// %% [markdown]
// ## 2. Exact duplicates: a hash, after normalising
//
// A copy has the same content, whatever its id, the order of its keys, or the ids of its tool calls. Exact copies share a hash, so
// finding them takes one pass.
//
// The order matters. Take twenty rows, copy them with one invisible character more, and look for duplicates before and after
// normalising:

// %%
import { dedupExact, normalizeExample } from "llmops/data";

const copies = raw.slice(0, 20).map((example) => ({
  ...example,
  messages: example.messages.map((message, index) => (index === 0 ? { ...message, content: `${message.content}\u200B` } : message)),
}));
const heap = [...raw, ...copies];
const normalized = heap.map((example) => normalizeExample(example).example);
console.log(`before normalising: ${dedupExact(heap).removed.length} exact duplicates`);
console.log(`after normalising:  ${dedupExact(normalized).removed.length} exact duplicates`);
const exact = dedupExact(normalized);

// %% [markdown]
// ## 3. Near-duplicates: how alike is alike?
//
// "Move the meeting to Friday" and "Move the meeting to Friday, thanks" are two rows and one lesson. To measure likeness, cut each text
// into sequences of three words and compare the two *sets*: what both have, divided by what either has. That is the Jaccard similarity.
//
// ### Exercise: Jaccard similarity
//
// Write it. Words are runs of letters and digits, without case; sequences are three words in a row; every text here has at least
// three words.

// %%
import { textSimilarity } from "llmops/exercises/63-4";

function similarity(a: string, b: string): number {
  // BEGIN SOLUTION
  const sequences = (text: string) => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    return new Set(words.slice(0, -2).map((_, index) => words.slice(index, index + 3).join(" ")));
  };
  const [x, y] = [sequences(a), sequences(b)];
  return x.intersection(y).size / x.union(y).size;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(textSimilarity, similarity);

// %% [markdown]
// Comparing every pair does not scale: 400 rows are 79,800 pairs, a million rows half a trillion. **MinHash** makes a short signature of
// each set, such that the share of equal values estimates the Jaccard similarity; **banding** cuts the signatures into pieces and compares
// only rows that agree in a whole piece. The plan below says how likely a pair is to be compared, given how alike it is.

// %%
import { planBands } from "llmops/data";

const THRESHOLD = 0.8;
const bands = planBands(THRESHOLD, 128);
const found = (alike: number) => 1 - (1 - alike ** bands.rows) ** bands.bands;
console.log(`${bands.bands} bands of ${bands.rows} values: a pair at ${THRESHOLD} is compared with probability ${bands.recall.toFixed(3)}`);

// %% tags=["folded"]
const curve = Array.from({ length: 101 }, (_, index) => ({ alike: index / 100, found: found(index / 100) }));
await showChart(
  {
    title: "Which pairs are compared",
    encoding: { x: { type: "quantitative" } },
    layer: [
      {
        data: { values: curve },
        mark: "line",
        encoding: { x: { field: "alike", title: "Jaccard similarity of the pair" }, y: { field: "found", type: "quantitative", title: "probability" } },
      },
      { data: { values: [{ at: THRESHOLD }] }, mark: { type: "rule", strokeDash: [4, 4], color: "#D55E00" }, encoding: { x: { field: "at" } } },
    ],
  },
  `The probability that a pair is compared, against its similarity: ${[0.3, 0.5, 0.7, 0.8, 0.9].map((alike) => `${found(alike).toFixed(2)} at ${alike}`).join(", ")}. The threshold stands at ${THRESHOLD}.`,
);

// %% [markdown]
// The curve rises early on purpose: pairs below the threshold may be compared, and are then refused by their true similarity. Nothing is
// removed on an estimate.
//
// ## 4. What do you compare?
//
// Tutorials compare the first user turn, word by word without order. The workbook compares the whole conversation in sequences of three.
// Both against the ledger, at several thresholds. Mind how its copies are made: by sequences of three words in the whole conversation, at
// least 0.82 alike. That recipe plays at home; what you can learn is what the others get wrong. **Precision** is the share of the removed rows
// that really were copies, **recall** the share of the copies that were removed.

// %%
import { dedupFuzzy } from "llmops/data";

const recipes = {
  "first user turn, single words": { scope: "first-user", shingle: 1 },
  "first user turn, three words": { scope: "first-user", shingle: 3 },
  "whole conversation, three words": { scope: "conversation", shingle: 3 },
} as const;
const trials = Object.entries(recipes).flatMap(([recipe, options]) =>
  [0.5, 0.6, 0.7, 0.8, 0.9].map((threshold) => {
    const { removed } = dedupFuzzy(exact.kept, { ...options, threshold });
    const flagged = new Set(removed.map(({ index }) => idOf(exact.kept[index])));
    const [score] = scoreFilter(teacher.ledger!, new Map([["near_duplicate", flagged]]), exact.kept.map(idOf));
    return { recipe, threshold, removed: removed.length, precision: score.precision.estimate, recall: score.recall.estimate };
  }),
);
showTable(trials.filter(({ threshold }) => threshold === 0.8), { decimals: 2, caption: "At a threshold of 0.8" });

// %% tags=["folded"]
const measures = trials.flatMap(({ recipe, threshold, precision, recall }) => [
  { recipe, threshold, measure: "precision", value: precision },
  { recipe, threshold, measure: "recall", value: recall },
]);
const at = (recipe: string, threshold: number) => trials.find((trial) => trial.recipe === recipe && trial.threshold === threshold)!;
await showChart(
  {
    data: { values: measures },
    facet: { column: { field: "measure", title: null } },
    spec: {
      width: 230,
      height: 200,
      mark: { type: "line", point: true },
      encoding: {
        x: { field: "threshold", type: "quantitative", scale: { domain: [0.5, 0.9] }, axis: { values: [0.5, 0.6, 0.7, 0.8, 0.9] } },
        y: { field: "value", type: "quantitative", title: null, scale: { domain: [0, 1] } },
        color: { field: "recipe", title: null, scale: { domain: Object.keys(recipes) } },
      },
    },
  },
  `Precision and recall against the threshold. At 0.8: ${Object.keys(recipes).map((recipe) => `${recipe} ${at(recipe, 0.8).precision.toFixed(2)} and ${at(recipe, 0.8).recall.toFixed(2)}`).join("; ")}.`,
);

// %% [markdown]
// The first user turn is not the example. Two people can ask the same thing in the same words and get different answers, which is two
// lessons; and a copy whose first turn was reworded is still a copy. At 0.9 even the good recipe finds little: of the copies that it tries,
// the simulator keeps the most changed one that is still 0.82 alike.
//
// ## 5. Length: words are not tokens
//
// The tutorial's length filter counts words with `split()`. What must fit into the context window is tokens, and the two part ways as
// soon as a text is not plain English:

// %%
import { countTextTokens } from "llmops/data";

const samples = {
  English: "Please move the dentist appointment to next Thursday.",
  German: "Bitte verschiebe den Zahnarzttermin auf nächsten Donnerstag.",
  Urdu: "براہ کرم دانتوں کے ڈاکٹر کی ملاقات اگلی جمعرات کو کر دیں۔",
  Japanese: "歯医者の予約を来週の木曜日に変更してください。",
  "a link": "https://example.com/tasks?id=8f14e45fceea167a5a36dedd4bea2543",
};
showTable(
  Object.entries(samples).map(([text, sample]) => {
    const [words, tokens] = [sample.split(/\s+/).length, countTextTokens(sample)];
    return { text, words, tokens, "tokens a word": tokens / words };
  }),
  { decimals: 1, caption: "The same wish, counted twice (o200k_base)" },
);

// %%
import { filterByLength } from "llmops/data";

const unique = dedupFuzzy(exact.kept, { threshold: THRESHOLD }).kept;
const fitting = filterByLength(unique, { minTokens: 20, maxTokens: 512 });
const defectOf = (example: Example | undefined) => teacher.ledger!.find(idOf(example))?.defect ?? "none";
showTable(
  fitting.removed.map(({ index, tokens, code }) => ({ code, tokens, planted: defectOf(unique[index]) })),
  { caption: `${fitting.removed.length} of ${unique.length} rows leave` },
);

// %% [markdown]
// ## 6. A quality score, from rules
//
// Before a judge model is paid (lesson 63.6), simple rules can rank the rows. Score the rows as they were before the length step, to see
// which of its finds the rules make by themselves. Each rule takes points away for something that can be counted:

// %%
function qualityOf({ messages }: Example): { score: number; reasons: string[] } {
  const user = messages.filter(({ role }) => role === "user").map(({ content }) => content ?? "").join(" ");
  const assistant = messages.filter(({ role }) => role === "assistant").map(({ content }) => content ?? "").join(" ");
  const words = assistant.toLowerCase().match(/\p{L}+/gu) ?? [];
  const penalties: [points: number, applies: boolean, reason: string][] = [
    [0.5, words.length < 4, "hardly an answer"],
    [0.4, words.length > 150, "rambles"],
    [0.3, words.length > 20 && new Set(words).size / words.length < 0.5, "repeats itself"],
    [0.3, assistant.trim() === user.trim(), "echoes the user"],
    [0.4, /â€|Ã.|\uFFFD/.test(user + assistant), "garbled characters"],
    [0.2, /(.)\1{4,}/u.test(user + assistant), "one character many times"],
  ];
  const applied = penalties.filter(([, applies]) => applies);
  return { score: Math.max(0, 1 - applied.reduce((sum, [points]) => sum + points, 0)), reasons: applied.map(([, , reason]) => reason) };
}

const scored = unique.map((example) => ({ ...qualityOf(example), planted: defectOf(example) })).sort((a, b) => a.score - b.score);
showTable(
  scored.filter(({ score }) => score < 1).map(({ score, reasons, planted }) => ({ score, reasons: reasons.join(", "), planted })),
  { decimals: 2, caption: `${scored.filter(({ score }) => score < 1).length} of ${scored.length} rows lose points` },
);

// %% [markdown]
// A score is a way to *look*: sort by it, read the bottom, then decide. It knows only what you wrote into it. A polite, unique, well-sized
// row that confirms the wrong date gets full marks here.
//
// ### Exercise: the order of the steps
//
// Put the seven steps into an order in which none spoils another and none costs more than it must. Masking puts a mark such as [EMAIL] in the
// place of personal data, by rules that read the text; the judge is a paid model on another company's machine.

// %%
import { stepOrder, type CleaningStep } from "llmops/exercises/63-4";

let order: CleaningStep[] | undefined;
// BEGIN SOLUTION
order = ["parse", "normalise", "exact duplicates", "near-duplicates", "mask personal data", "length", "judge"];
// STUB
// // order = ["judge", "length", "exact duplicates", "parse", "mask personal data", "normalise", "near-duplicates"];
// END SOLUTION
await check(stepOrder, order);

// %%
await teacher.close();
const losses = {
  "cannot be read": rows.length - raw.length,
  "exact copies": exact.removed.length - copies.length,
  "near-copies": exact.kept.length - unique.length,
  "wrong length": fitting.removed.length,
};
showTable(Object.entries(losses).map(([why, left]) => ({ why, rows: left })), { caption: `${rows.length} rows in, ${fitting.kept.length} out` });

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 4 is the one to slow down for: let students argue which recipe removes more before the table appears.
// "Removes more" is the wrong question, and the ledger shows why. The plan's tutorial recipe is the first of the three.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write a TypeScript function that removes near-duplicate rows from a chat dataset. A row is a list of messages with role and content.
//
// ### 2. Critical evaluation
//
// What does its function compare: the first turn, all turns, system prompts too? Does order matter? Does it compare every pair? Run it on
// the rows of this lesson and put its precision and recall into the table of section 4.
//
// ### 3. Constraint teaching
//
// > Two rows with the same question and different answers are not duplicates. Two rows with the same conversation and different ids are.
// > The set has a million rows and 2 GB of memory. Change your function, and say which of these you cannot meet.
//
// ### 4. Refinement
//
// > Write ten pairs of rows that your function gets wrong: five it should call duplicates and does not, five the other way round.
//
// Check each pair with `similarity` from your exercise. Which pairs are really wrong, and which are a matter of the threshold?
//
// ### 5. Final check
//
// Choose a threshold for your own data. Write down which two numbers made you choose it, and what the wrong choice would cost you in
// each direction.
