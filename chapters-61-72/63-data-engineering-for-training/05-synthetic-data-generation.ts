// ---
// chapter: 63
// lesson: 5
// title: Synthetic Data Generation
// layer: Layer 2 (AI Collaboration)
// minutes: 60
// concepts:
//   - Synthetic data generation strategy
//   - Prompt engineering for data generation
//   - Self-consistency filtering
//   - Cost management
// maps: SC-010 (<$0.15 per student for 500 rows)
// prerequisites: lessons 63.1 and 63.4 (formats, cleaning)
// ---

// %% [markdown]
// Nobody has 500 real conversations with a task assistant that does not exist yet. A large model can write them in minutes, for cents. What
// it writes by itself is fluent and much alike, and not always right. This lesson is about the part that is yours: deciding what to vary,
// saying what must hold, checking that it does, and paying for it once.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { maskPii, parseRow, type Example } from "llmops/data";
import { generateConversations, openTeacher, OPERATIONS, REGISTERS, SCENARIOS, SETTING_NAMES, type RawRow } from "llmops/teacher";

const TODAY = "2026-11-20";
const teacher = await openTeacher({ budgetUsd: 0.1 });
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });

// %% [markdown]
// ## 1. Decide what to vary
//
// Here is the prompt that everyone writes first, sent six times. Count what comes back, by operation:

// %%
const FIRST_PROMPT =
  "Generate 10 training conversations for a task management assistant. Include natural language variation. " +
  'Answer with JSON Lines: {"operation":"create","scenario":"happy-path","conversations":[{"from":"human","value":"…"},{"from":"gpt","value":"…"}]}';
const answers = await teacher.completeAll(
  [1, 2, 3, 4, 5, 6].map((seed) => ({ messages: [{ role: "user" as const, content: FIRST_PROMPT }], seed, maxTokens: 4000 })),
);
const free = answers.flatMap((answer) => (answer.ok ? answer.completion.text.split("\n") : [])).flatMap((line) => {
  try {
    const parsed = parseRow("sharegpt", JSON.parse(line));
    return parsed.ok ? [parsed.example] : [];
  } catch {
    return []; // a line that is no JSON
  }
});
const planned = (await generateConversations(teacher, { count: 60, today: TODAY, seed: 5 })).rows.flatMap(readRow);
function readRow({ value }: RawRow): Example[] {
  const parsed = parseRow("sharegpt", value);
  return parsed.ok ? [parsed.example] : [];
}
const scenariosOf = (examples: readonly Example[]) => new Set(examples.map(({ extra }) => `${String(extra["operation"])} ${String(extra["scenario"])}`)).size;
showTable(
  Object.entries({ "one prompt, six times": free, "a plan with axes": planned }).map(([how, examples]) => ({
    how,
    rows: examples.length,
    ...Object.fromEntries(OPERATIONS.map((operation) => [operation, examples.filter(({ extra }) => extra["operation"] === operation).length])),
    situations: scenariosOf(examples),
  })),
  { caption: "What each way of asking gives" },
);

// %% [markdown]
// The example in the prompt was a `create`, and creates came back. (With the simulator this is written in: it orders the operations that a
// prompt names. Try it with a real model.) A plan takes the choice away: it draws each row's place on four axes and orders exactly that.
// The size of the space is a product, which is why a model that is merely asked for "variation" never finds most of it:

// %%
const situations = OPERATIONS.reduce((sum, operation) => sum + Object.keys(SCENARIOS[operation]).length, 0);
showTable([
  { axis: "operation and situation", values: situations, example: "delete, confirmation" },
  { axis: "register: how the user talks", values: REGISTERS.length, example: REGISTERS.slice(0, 3).join(", ") },
  { axis: "setting: what the tasks are about", values: SETTING_NAMES.length, example: SETTING_NAMES.slice(0, 3).join(", ") },
  { axis: "all combinations", values: situations * REGISTERS.length * SETTING_NAMES.length, example: "delete, confirmation, terse, pets" },
]);

// %% [markdown]
// ## 2. Learn from it what you did not think of
//
// Before you tell a model what to do, look at what it knows. Write down every way you can think of to ask for a task to be deleted; then
// let the model write sixty, and see which of its ways are not on your list.

// %%
const MINE = ["delete", "remove", "cancel", "get rid of"]; // add yours, and run again
const deletions = (await generateConversations(teacher, { count: 60, operations: ["delete"], today: TODAY, seed: 51 })).rows.flatMap(readRow);
const requests = deletions.map(({ messages }) => messages[0]?.content ?? "");
const missed = requests.filter((request) => !MINE.some((way) => request.toLowerCase().includes(way)));
console.log(`${requests.length - missed.length} of ${requests.length} requests use a phrase of the list. Ten that do not:\n`);
for (const request of missed.slice(0, 10)) console.log(`- ${maskPii(request).text}`);

// %% [markdown]
// An assistant trained on your four phrases would never have seen a single one of these. Put what you learned into the plan as situations and
// registers, not as a list of phrases. Phrases are copied; situations are played.
//
// ## 3. Tell it what must hold
//
// Now the other way round: you know your domain, the model does not. Write your requirements so that each can be checked by a program. Then
// what you say to the model and what you test afterwards are the same list.

// %%
interface Requirement {
  says: string;
  broken: (example: Example) => boolean;
}
const last = (example: Example) => example.messages.at(-1)?.content ?? "";
const REQUIREMENTS: Requirement[] = [
  { says: "Turns alternate, the user first, the assistant last.", broken: ({ messages }) => messages.some(({ role }, index) => role !== (index % 2 ? "assistant" : "user")) },
  { says: "A deletion names the task that is deleted, in quotes.", broken: (example) => /\b(deleted|removed)\b/i.test(last(example)) && !/["“‘'].+["”’']/.test(last(example)) },
  { says: "Priorities are low, medium or high, nothing else.", broken: (example) => /priority (is |set to )?(urgent|critical|blocker|asap)/i.test(last(example)) },
  { says: "No due date before today is confirmed.", broken: (example) => (last(example).match(/\b\d{4}-\d{2}-\d{2}\b/g) ?? []).some((date) => date < TODAY) && /\b(created|added|saved|moved)\b/i.test(last(example)) },
  { says: "The assistant does not call itself a language model.", broken: (example) => /\b(language model|as an AI)\b/i.test(last(example)) },
  { says: "An answer has at most 120 words.", broken: (example) => last(example).split(/\s+/).length > 120 },
];
const checked = [...planned, ...deletions];
showTable(
  REQUIREMENTS.map(({ says, broken }) => ({ requirement: says, "rows that break it": checked.filter(broken).length })),
  { caption: `${checked.length} rows` },
);

// %% [markdown]
// A requirement that no row breaks costs nothing to keep. One that rows do break belongs into the prompt, in the words of the table, with one
// row that is right and one that is wrong. (With the simulator the prompt is fixed; with a real teacher, change `writeConversationPrompt`'s
// rules in a copy and compare the counts.)
//
// ## 4. Work in rounds: ask, check, ask for what is missing
//
// The last thing to automate is the conversation itself. Ask for rows, keep what passes, count what is missing, and ask for just that. The
// loop ends when every operation has what it needs, or the money is gone.

// %%
const TARGET = 25;
const kept = new Map(OPERATIONS.map((operation) => [operation, [] as Example[]]));
const rounds: { round: number; asked: number; kept: number; missing: number; dollars: number }[] = [];
for (let round = 1; round <= 6; round += 1) {
  const before = teacher.meter.value;
  let asked = 0;
  for (const operation of OPERATIONS) {
    const missing = TARGET - kept.get(operation)!.length;
    if (missing <= 0) continue;
    asked += missing;
    const { rows } = await generateConversations(teacher, { count: missing, batch: 5, operations: [operation], today: TODAY, seed: 100 + round });
    kept.get(operation)!.push(...rows.flatMap(readRow).filter((example) => !REQUIREMENTS.some(({ broken }) => broken(example))));
  }
  const total = [...kept.values()].reduce((sum, rows) => sum + rows.length, 0);
  rounds.push({ round, asked, kept: total, missing: OPERATIONS.length * TARGET - total, dollars: teacher.meter.value - before });
  if (total === OPERATIONS.length * TARGET) break;
}
showTable(rounds, { decimals: 4, caption: `${OPERATIONS.length * TARGET} rows wanted, ${TARGET} of each operation` });

// %% [markdown]
// ### Exercise: how many requests?
//
// One round is faster than two. Write `requests`: how many to send, so that about `wanted` rows are kept, when a share `kept` of the rows
// passes your filters and each request brings `batch` rows.

// %%
import { requestsNeeded } from "llmops/exercises/63-5";

function requestsFor(wanted: number, keptShare: number, batch: number): number {
  // BEGIN SOLUTION
  const rows = Math.ceil(wanted / keptShare - 1e-9); // 90 / 0.9 must not become 101 by a rounding error
  return Math.ceil(rows / batch);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(requestsNeeded, requestsFor);

// %% [markdown]
// ## 5. Ask again, and keep what agrees
//
// A model that knows often says the same when it is asked again; a model that guesses does not. **Self-consistency**
// ([Wang and others, 2022](https://arxiv.org/abs/2203.11171)) asks several times and keeps what most of the answers agree on. Here the
// question is whether the label and the answer of a row are right, asked three times, each time with the rows in another order:

// %%
import { judgeExamples } from "llmops/teacher";

const pool = [...kept.values()].flat();
const orders = [pool, [...pool].reverse(), [...pool.slice(61), ...pool.slice(0, 61)]];
const opinions = await Promise.all(orders.map((order) => judgeExamples(teacher, order, { today: TODAY })));
const votes = new Map(pool.map(({ extra }) => [String(extra["id"]), [] as { label: string; answer: string }[]]));
for (const { judgments } of opinions) {
  for (const { id, scores } of judgments) {
    votes.get(id!)!.push({ label: scores["format"] <= 2 ? "wrong" : "fits", answer: scores["accuracy"] <= 2 ? "wrong" : "right" });
  }
}
const FAULTS = ["wrong_label", "wrong_answer", "off_topic"];
const isFaulty = (id: string) => FAULTS.includes(teacher.ledger?.find(id)?.defect ?? "none");
const groups = Map.groupBy(votes, ([, answers]) => answers.filter(({ label, answer }) => label === "wrong" || answer === "wrong").length);
showTable(
  [0, 1, 2, 3].map((against) => {
    const rows = groups.get(against) ?? [];
    return { "votes against": against, rows: rows.length, "really wrong (ledger)": teacher.ledger ? rows.filter(([id]) => isFaulty(id)).length : null };
  }),
  { caption: `${pool.length} rows, three opinions each` },
);

// %% [markdown]
// Where the votes are unanimous they are mostly right, not always: read the unanimous rejections before you delete them. The rows in
// between are few, and they are the ones to read. With a real teacher the last column is empty, and this table is how you choose the fifty
// rows to label by hand.
//
// ### Exercise: what do the answers agree on?
//
// Write `agreed`: the answer that at least `least` of the answers give with all of its fields, or `undefined`. The order of the fields must not
// matter.

// %%
import { selfConsistency } from "llmops/exercises/63-5";

function agreed(answers: readonly Readonly<Record<string, string>>[], least: number): Readonly<Record<string, string>> | undefined {
  // BEGIN SOLUTION
  const text = (answer: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(answer).sort(([a], [b]) => (a < b ? -1 : 1)));
  return answers.find((answer) => answers.filter((other) => text(other) === text(answer)).length >= least);
  // STUB
  // return todo(); // an answer is { operation: "create", due: "2026-11-27" }
  // END SOLUTION
}
await check(selfConsistency, agreed);

// %% [markdown]
// That is the whole idea. `filterBySelfConsistency` applies it to every row: the teacher reads each conversation several times *without* its
// label and says what the user wanted (operation, title, date, priority). Each field is agreed on by itself, as your function does it for one
// field, and a row goes where the readings disagree, or agree on something else than the row says.

// %%
import { estimateSelfConsistency, filterBySelfConsistency } from "llmops/teacher";

const READINGS = { samples: 5, agreement: 0.6, today: TODAY };
const price = estimateSelfConsistency(teacher, pool, READINGS);
const consistent = await filterBySelfConsistency(teacher, pool, READINGS);
console.log(`${price.requests} requests, estimated at $${price.dollars.toFixed(4)} before the first was sent.`);

// By hand, for one field: what do three of five readings agree on, and does the row's label say so?
const relabelled = pool.filter(({ extra }, index) => {
  const read = consistent.consensus[index]?.operation;
  return read !== undefined && read.agreement >= READINGS.agreement && read.value !== extra["operation"];
});
const contradicted = consistent.removed.filter(({ code, field }) => code === "contradicts" && field === "operation");
console.log(`Another operation than the label says: ${relabelled.length} rows by hand, ${contradicted.length} by the library.`);
for (const { index, reason } of consistent.removed.slice(0, 3)) {
  console.log(`- "${maskPii(pool[index].messages[0].content ?? "").text}": ${reason}`);
}

// %%
const threeReadings = await filterBySelfConsistency(teacher, pool, { ...READINGS, samples: 3 });
const idsOf = ({ removed }: typeof consistent) => removed.map(({ index }) => String(pool[index].extra["id"]));
const ways = {
  "two of three judgements": [2, 3].flatMap((against) => groups.get(against) ?? []).map(([id]) => id),
  "three readings": idsOf(threeReadings),
  "five readings": idsOf(consistent),
};
const count = (ids: string[], is: (id: string) => boolean) => (teacher.ledger ? ids.filter(is).length : null);
showTable(
  Object.entries(ways).map(([way, ids]) => ({
    "removed by": way,
    rows: ids.length,
    "really wrong": count(ids, isFaulty),
    "another fault": count(ids, (id) => !isFaulty(id) && teacher.ledger!.find(id) !== undefined),
    "nothing wrong": count(ids, (id) => teacher.ledger!.find(id) === undefined),
  })),
  { caption: `${pool.length} rows, by the ledger` },
);

// %% [markdown]
// More readings are no luxury: with three, two slips in one field leave no majority, and a good row goes; with five it takes three. And
// neither way sees a mistake that the model makes every time.
//
// ## 6. What it costs
//
// Two things drive the bill: how many rows share one prompt, and which model writes. First the batch. The system prompt is sent with every
// request, so small requests pay for it again and again; of a large one, more rows are lost when it fails.

// %%
const batches: { batch: number; "input tokens a row": number; "output tokens a row": number; "dollars for 500 rows": number }[] = [];
for (const batch of [1, 2, 5, 10, 20]) {
  const before = teacher.meter.read();
  const { rows } = await generateConversations(teacher, { count: 20, batch, today: TODAY, seed: 500 });
  const after = teacher.meter.read();
  batches.push({
    batch,
    "input tokens a row": (after.inputTokens - before.inputTokens) / rows.length,
    "output tokens a row": (after.outputTokens - before.outputTokens) / rows.length,
    "dollars for 500 rows": ((after.value - before.value) / rows.length) * 500,
  });
}
showTable(batches, { decimals: 3, caption: `Measured on 20 rows each, ${teacher.door.model}` });

// %% [markdown]
// Then the model. Prices change; these carry the day they were read, and the page.

// %%
import { PRICES } from "llmops/teacher";

const five = batches.find(({ batch }) => batch === 5)!;
const cost = (input: number, output: number) => ((five["input tokens a row"] * input + five["output tokens a row"] * output) * 500) / 1e6;
showTable(
  Object.entries(PRICES).map(([model, price]) => ({
    model,
    "in, per million": price.input,
    "out, per million": price.output,
    "500 rows": cost(price.input, price.output),
    read: price.read,
    "switched off": price.retires ?? "",
    source: price.source.split(" ")[0],
  })),
  { decimals: 3, caption: "Dollars for 500 rows, five a request, with the token counts above" },
);

// %% tags=["folded"]
const bars = Object.entries(PRICES).flatMap(([model, price]) => [
  { model, part: "prompt", dollars: cost(price.input, 0) },
  { model, part: "answer", dollars: cost(0, price.output) },
]);
await showChart(
  {
    title: "500 rows, by model",
    height: 150,
    data: { values: bars },
    mark: "bar",
    encoding: {
      x: { field: "dollars", type: "quantitative", title: "dollars" },
      y: { field: "model", type: "nominal", sort: "x", title: null },
      color: { field: "part", title: null },
    },
  },
  `Dollars for 500 rows: ${Object.entries(PRICES).map(([model, price]) => `${model} ${cost(price.input, price.output).toFixed(3)}`).join(", ")}; the answers cost more than the prompts.`,
);
await teacher.close();

// %% [markdown]
// The course's target was fifteen cents for 500 rows. Every model of the table meets it for generation alone; what remains pays for the judge of
// lesson 63.6.

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 2 works best as a contest: groups write their lists before anyone runs the cell. In section 3, insist that every
// requirement is a line of code. "Be natural" is none.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Generate 10 training conversations for a task management assistant. The user creates, updates, completes, deletes or lists tasks.
//
// ### 2. Critical evaluation
//
// How do its first turns begin? Run them through the requirements of section 3 and the distinct-n of lesson 63.2. What is missing that
// section 1's table has?
//
// ### 3. Constraint teaching
//
// > Write 10 more. Each row is ordered like this: operation | situation | register | setting. [paste ten lines such as "delete | unknown-task |
// > rushed | travel"] Today is 2026-11-20; every date is a calendar date counted from it. Title in quotes. No row may begin like another.
//
// ### 4. Refinement
//
// > Here are the three rows that broke a requirement, with the requirement: [paste them]. Rewrite only these, and tell me what in my order made
// > them go wrong.
//
// ### 5. Final check
//
// Mix five of its rows with five that you wrote. Ask a colleague which are which. What gave the model away, and can you test for it?
