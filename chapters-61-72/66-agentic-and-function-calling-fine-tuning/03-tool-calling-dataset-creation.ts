// ---
// chapter: 66
// lesson: 3
// title: Tool-Calling Dataset Creation
// layer: Layer 2 (Hands-on)
// minutes: 60
// concepts:
//   - Synthetic tool-call generation
//   - Tool response simulation
// maps: SC-005 (tool accuracy)
// prerequisites: lesson 66.2 (tool-calling patterns); 63.7 for the teacher's door
// ---

// %% [markdown]
// A model learns tool calls from conversations that hold them, and nobody has those lying about. In this lesson a teacher model
// writes some hundred, and every call that it writes is carried out on a real Task API before you believe it. At the end you have a
// folder with train, validation and test that a trainer takes, know which share of the teacher's mistakes your checks find, and have
// written two of them yourself.

// %% [markdown]
// ## 1. Two doors
//
// The teacher writes; the Task API answers. With `OPENAI_API_KEY` set, a real model writes. Without a key it is the simulator, a
// seeded program that plants known mistakes and keeps a ledger of them. The Task API is a service with a database in this process.
// `today` is fixed, or "tomorrow" would mean another day in every run.

// %%
import { openTaskApi, taskToolRunner } from "llmops/agent";
import { check, ProgressBar, showChart, showDoors, showTable, todo } from "llmops/course";
import { openTeacher } from "llmops/teacher";

const TODAY = "2026-11-23";
const teacher = await openTeacher({ budgetUsd: 0.1 });
const api = await openTaskApi({ today: TODAY });
const tools = taskToolRunner(api, TODAY);
showDoors(
  { door: "teacher", kind: teacher.door.kind, says: teacher.door.says },
  { door: "task database", kind: "embedded", says: "PGlite, Postgres in this process: every conversation begins with tasks of its own" },
);

// %% [markdown]
// ## 2. Order before you write
//
// "Write me 400 conversations with tool calls" gives 400 that look alike: the model's favourite tool, its favourite three titles, and
// hardly one in which no call is due. So a program draws the orders, and the teacher only finds the words. This is **synthetic
// tool-call generation**: the truth is decided first, the language is put on top.

// %%
import { DEFAULT_KINDS, drawOrder, type ToolKind, type ToolOrder } from "llmops/teacher";

const plan = { count: 400, batch: 8, kinds: DEFAULT_KINDS, today: TODAY, seed: 3, invented: 0.5 };
const orders = Array.from({ length: plan.count }, (_, index) => drawOrder(plan, index));
const MEANS: Record<ToolKind, string> = {
  single: "one request, one call",
  parallel: "one request, two or three calls in one turn",
  "no-call": "thanks, a question, a wish that no tool fulfils: no call is due",
  clarify: "something is missing: ask, then call",
  result: "a call, what the tool answers, what is said to it",
  error: "the tool refuses: say why, and ask for what would help",
};
const kinds = Object.keys(MEANS) as ToolKind[];
showTable(kinds.map((kind) => ({ kind, "what it is": MEANS[kind], ordered: orders.filter((order) => order.kind === kind).length })));
console.log(`An order: ${JSON.stringify(orders.find(({ kind }) => kind === "clarify"))}`);

// %% [markdown]
// Three things in an order are easily forgotten:
//
// - `tasks` is the **state**: what lies in the database before the conversation. Without it nobody can say whether "delete the report"
//   works.
// - `words: "invented"` asks for titles with words that exist nowhere. A small model that sees only real titles learns to recall them;
//   one that sees *zwook* has to copy.
// - `no-call` and `clarify`. A model that never saw them calls a tool whatever is said.
//
// ## 3. Scripts without answers
//
// The teacher writes the user's turns and the calls. It never writes what a tool answers. Most guides let it; here is what such an
// answer looks like, beside the real one:

// %%
const made = '{"task_id": 123, "status": "created"}'; // as a model writes it that has to guess
await tools.reset([]);
const real = await tools.run({ name: "create_task", arguments: { title: "Review budget", due_date: "Friday", priority: "high" } });
const again = await tools.run({ name: "complete_task", arguments: { title: "Review the tax form" } });
showTable([
  { call: "create_task", answer: "made up", text: made },
  { call: "create_task", answer: "real", text: real.text },
  { call: "complete_task", answer: "made up", text: '{"task_id": 124, "status": "completed"}' },
  { call: "complete_task", answer: "real", text: again.text },
]);

// %% [markdown]
// **Tool response simulation** goes wrong in two ways. The form is another one than the service's, so the tuned model reads fields that
// will never come. And a made-up tool never refuses: a model that has seen only success says "done" to an error. Here every call is
// run, and the real text is what the row holds.

// %%
import { generateToolConversations } from "llmops/teacher";

const SYSTEM = "You are the assistant of a Task API. Answer with tool calls.";
const bar = new ProgressBar("Conversations", plan.count);
const generated = await generateToolConversations(teacher, tools, {
  ...plan, system: SYSTEM,
  onProgress: ({ stage, done }) => { if (stage === "calls") bar.update({ done }); },
});
bar.end(`${generated.rows.length} kept`);
console.log(`${generated.rows.length} conversations, ${generated.rejected.length} turned down, ${generated.failures.length} requests failed`);
console.log(`Worth $${generated.cost.value.toFixed(4)} at the teacher's price`);

// %% [markdown]
// It went in three stages. The teacher wrote scripts, eight in a request. Each script got a database with its tasks, and its calls were
// run in order. For kinds with results the teacher was then shown what the tools had answered, and wrote what is said to it. Answers of
// the teacher are stored on disk: stop the cell and run it again, and nothing is paid twice.
//
// Read before you count. One of each kind:

// %%
import type { Example } from "llmops/data";

const inLine = ({ messages }: Example) => messages.slice(1).map(({ role, content, tool_calls: calls }) =>
  `  ${role}: ${content ?? calls?.map((call) => `${call.function.name}(${call.function.arguments})`).join("; ")}`).join("\n");
for (const kind of kinds) {
  const row = generated.rows.find(({ extra }) => extra["kind"] === kind);
  if (row) console.log(`${kind}\n${inLine(row)}\n`);
}

// %% [markdown]
// Dates and titles in a call are the user's own words: "Friday", not 2026-11-27. Which day that is, a program knows for certain, and a
// model of this size never. What a tool can work out, do not teach.
//
// ## 4. What was turned down
//
// A script leaves for one of four reasons: it cannot be read, it is not what was ordered or says what nobody said, the Task API
// answered otherwise than the order wants, or the conversation with its results is too long for the model. The last is no fault of the
// script's.

// %%
const reasons = Map.groupBy(generated.rejected, ({ step, code }) => `${step}: ${code}`);
showTable([...reasons].map(([reason, rows]) => ({ reason, rows: rows.length, "for example": rows[0]?.reason.slice(0, 90) })).sort((a, b) => b.rows - a.rows));

// %% [markdown]
// How good are these checks? Only the ledger can say: it knows which scripts the simulator spoilt, and how. **Recall** is the share of
// spoilt scripts that were turned down, **precision** the share of those turned down that were spoilt.

// %%
import { TOOL_DEFECTS, wilson } from "llmops/teacher";

const planted = teacher.ledger?.toolDefects ?? [];
const faulty = generated.rejected.filter(({ code }) => code !== "too-long"); // a row may be right and too long for a small context
const down = new Set(faulty.map(({ id }) => id));
const spoilt = new Set(planted.map(({ row }) => row));
const found = TOOL_DEFECTS.flatMap((defect) => {
  const rows = planted.filter((entry) => entry.defect === defect);
  if (rows.length === 0) return [];
  const hits = rows.filter(({ row }) => down.has(row)).length;
  const { estimate, low, high } = wilson(hits, rows.length);
  return [{ defect, planted: rows.length, "turned down": hits, recall: estimate, from: low, to: high }];
});
if (found.length === 0) console.log("A real teacher keeps no ledger: read fifty rows by hand.");
else {
  showTable(found, { decimals: 2, caption: "Recall by defect, with its 95% interval" });
  console.log(`Precision: ${[...down].filter((id) => spoilt.has(id)).length} of ${down.size} that were turned down had been spoilt (the too long ones left out)`);
}

// %% [markdown]
// Could running the calls alone have found them, without any check? Try: run the calls of every spoilt script that can be read.

// %% tags=["quiet"]
interface Turn { calls?: { name: string; arguments: Record<string, unknown> }[] }
const alone: { defect: string; by: string }[] = [];
for (const { row, defect } of planted.filter((entry) => down.has(entry.row) && entry.defect !== "broken_json")) {
  const { raw, order } = faulty.find(({ id }) => id === row)!;
  const calls = (JSON.parse(raw) as { turns: Turn[] }).turns.flatMap((turn) => turn.calls ?? []);
  await tools.reset(order.tasks);
  let isRefused = false;
  for (const call of calls) isRefused = (await tools.run(call)).error !== undefined || isRefused;
  alone.push({ defect: defect.replaceAll("_", " "), by: isRefused ? "refused by the Task API" : "works" });
}
if (alone.length === 0) console.log("No ledger, nothing to try.");

// %% tags=["folded"]
if (alone.length > 0) {
  await showChart(
    {
      title: "Spoilt calls, run without a check",
      data: { values: alone },
      mark: "bar",
      encoding: { y: { field: "defect", type: "nominal", title: null }, x: { aggregate: "count", title: "scripts" }, color: { field: "by", title: null } },
    },
    `Spoilt calls, run without a check: ${Object.entries(Object.groupBy(alone, ({ defect, by }) => `${defect}: ${by}`)).map(([name, rows]) => `${name} ${rows?.length}`).join(", ")}.`,
  );
}

// %% [markdown]
// A service refuses what it cannot do: a title that is not there, a value that its schema does not have. A date that nobody named is no
// reason to refuse: the call works, and the row would teach the model to make up dates. So both are needed: checks for what the user
// said, running for what the service knows.
//
// ### Exercise: find what nobody said
//
// Write the check yourself. `findInvented` gets a request and a call, and gives the names of the arguments that the user did not say.
// `title`, `new_title` and `due_date` are the user's words, in any case. A `priority` is said in other words too: take
// high, urgent and important for high; medium; low and "no rush" for low. `status` follows from the meaning: leave it alone.

// %%
import { findInvented, type WrittenCall } from "llmops/exercises/66-3";

function invented(request: string, call: WrittenCall): string[] {
  // BEGIN SOLUTION
  const levels: Record<string, RegExp> = { high: /\b(high|urgent|important)\b/i, medium: /\bmedium\b/i, low: /\b(low|no rush)\b/i };
  const said = (field: string, value: string): boolean => {
    if (field === "status") return true;
    if (field === "priority") return levels[value]?.test(request) ?? false;
    return request.toLowerCase().includes(value.toLowerCase());
  };
  return Object.entries(call.arguments).filter(([field, value]) => !said(field, String(value))).map(([field]) => field);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(findInvented, invented);

// %% [markdown]
// ## 5. Why the state is part of the row
//
// Take the calls of the rows that you just kept, and run them on an empty database. Nothing about the calls has changed.

// %%
const withCalls = generated.rows.filter(({ extra }) => ["single", "parallel", "clarify"].includes(String(extra["kind"])));
const refused = new Map<string, number>();
let total = 0;
for (const { messages } of withCalls) {
  await tools.reset([]);
  for (const call of messages.flatMap(({ tool_calls: calls = [] }) => calls)) {
    const { error } = await tools.run({ name: call.function.name, arguments: JSON.parse(call.function.arguments) as Record<string, unknown> });
    total++;
    if (error !== undefined) refused.set(`${call.function.name}: ${error}`, (refused.get(`${call.function.name}: ${error}`) ?? 0) + 1);
  }
}
showTable([...refused].map(([call, times]) => ({ "refused without the state": call, times })), { caption: `${total} calls that all work with it` });

// %% [markdown]
// A row that keeps its state can be run again: by you when the service changes, and by an examiner who compares not the words of a call
// but what the database holds afterwards. Lesson 66.5 does that.
//
// ## 6. Divide by phrasing
//
// Now split into train, validation and test. Cut anywhere, since their order was drawn? Sentences repeat with other titles in them: "move
// pay rent to Friday", "move buy milk to Monday". Mask what differs, and count.

// %%
import { phrasingOf, splitByPhrasing, titlesOf } from "llmops/data";

const cut = Math.round(generated.rows.length * 0.88);
const naive = { train: generated.rows.slice(0, cut), test: generated.rows.slice(cut) };
const split = splitByPhrasing(generated.rows, { test: 0.12, validation: 0.05 });
const shared = (one: Example[], other: Example[], of: (row: Example) => Iterable<string>) => {
  const known = new Set(one.flatMap((row) => [...of(row)]));
  return other.filter((row) => [...of(row)].some((each) => known.has(each))).length;
};
const phrasing = (row: Example) => [phrasingOf(row)];
const ways = [{ how: "cut anywhere", ...naive }, { how: "by phrasing", ...split }];
showTable(ways.map(({ how, train, test }) => ({
  split: how, train: train.length, test: test.length, "test rows whose phrasing is in train": shared(train, test, phrasing), "whose title is": shared(train, test, titlesOf),
})));
console.log(`Left out: ${split.dropped.same} rows that were the same as another, ${split.dropped.title} that name a title of an exam`);

// %% [markdown]
// ### Exercise: mask a request
//
// Two requests are one phrasing when they differ only in what they name. Write `maskRequest`: the request in small letters, with
// `<title>`, `<new>` and `<date>` in place of the values of `title`, `new_title` and `due_date`, wherever they stand.

// %%
import { maskRequest } from "llmops/exercises/66-3";

function mask(request: string, given: Readonly<Record<string, string>>): string {
  // BEGIN SOLUTION
  const marks: Record<string, string> = { title: "<title>", new_title: "<new>", due_date: "<date>" };
  return Object.entries(given)
    .filter(([field]) => field in marks)
    .sort(([, a], [, b]) => b.length - a.length) // a value may hold another one
    .reduce((text, [field, value]) => text.replaceAll(value.toLowerCase(), marks[field]), request.toLowerCase());
  // STUB
  // return todo();
  // END SOLUTION
}
await check(maskRequest, mask);

// %% [markdown]
// ## 7. For three trainers
//
// TRL, Unsloth and OpenAI take the same conversations in three spellings, and each has a trap.

// %%
import { readFileSync } from "node:fs";
import { toOpenAiRow, toTrlRow, toUnslothRow } from "llmops/data";
import { workbookPath } from "llmops/course";

const template = readFileSync(workbookPath("colab/llama-3-tools.jinja"), "utf8"); // Llama-3's, with tools
const sample = split.train.find(({ extra }) => extra["kind"] === "result")!;
const spellings = { TRL: toTrlRow(sample), OpenAI: toOpenAiRow(sample), Unsloth: toUnslothRow(sample, template) };
const callOf = (row: unknown) => JSON.stringify((row as { messages: { tool_calls?: unknown }[] }).messages.find(({ tool_calls: calls }) => calls)?.tool_calls);
console.log(`TRL     ${callOf(spellings.TRL)}\nOpenAI  ${callOf(spellings.OpenAI)}\nUnsloth ${JSON.stringify(spellings.Unsloth.text.slice(-420))}`);

// %% [markdown]
// - **TRL** wants arguments as objects, since chat templates print them as JSON themselves; given a text, some print it with quotes
//   around. Keep each row's keys its own: in a table with one column for each argument, a call gets all of them, most as null.
// - **OpenAI** wants arguments as JSON *text*, an id for every call, and turns a file down for any field that it does not know.
// - **Unsloth** standardises only turns of two texts ("Cannot standardize non text datasets" is what it says to a call), so it gets
//   `text`, written by the chat template. Its `train_on_responses_only` then trains on everything from an assistant's header to the
//   next *user's*. What stands between?

// %%
import { trainedParts } from "llmops/data";

const parts = trainedParts(spellings.Unsloth.text, "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|start_header_id|>user<|end_header_id|>\n\n");
console.log(parts[0]);

// %% [markdown]
// The tool's answer is in it: the model would learn to *write* results, which is how models come to invent them. Give the trainer
// labels that you set yourself, turn by turn, as this course's does; or cut such rows at the call.
//
// Write the folder. Each file is one spelling of one set; the state goes into a file of its own, which no trainer reads.

// %%
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";

mkdirSync("tool-calls", { recursive: true });
const writeLines = (name: string, rows: readonly unknown[]) => writeFileSync(`tool-calls/${name}.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
for (const set of ["train", "validation", "test"] as const) writeLines(set, split[set].map(toTrlRow));
writeLines("train.openai", split.train.map(toOpenAiRow));
writeLines("train.unsloth", split.train.map((row) => toUnslothRow(row, template)));
writeLines("test.state", split.test.map(({ extra }) => extra));
showTable(readdirSync("tool-calls").sort().map((file) => ({ file, rows: readFileSync(`tool-calls/${file}`, "utf8").split("\n").length - 1, bytes: statSync(`tool-calls/${file}`).size })));

// %% [markdown]
// The course's own set, `datasets/tool-calls`, was made in the same way with `npm run tool-calls`, only longer. Lesson 66.4 trains on it.

// %%
import { readToolRows, TOOL_SETS } from "llmops/data";

showTable(TOOL_SETS.map((set) => {
  const rows = readToolRows(set);
  return { set, rows: rows.length, ...Object.fromEntries(kinds.map((kind) => [kind, rows.filter(({ extra }) => extra["kind"] === kind).length])) };
}));
await teacher.close();
await api.close();

// %% [markdown] tags=["instructor"]
// **For instructors.** The point of this lesson is section 3: ask the room to write a tool's answer by hand, then run the call. Nobody
// gets the form right, and nobody writes an error. If somebody has a key, run sections 1 to 4 with a real model beside the simulator:
// the reasons differ, and there is no ledger; let them label twenty rows. In exercise 1 the mistake that costs most is the priority
// that is not looked at: models fill in fields. A common objection to section 6 is that the exam gets too hard. It gets as hard as
// the first user.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I fine-tune a model to call these five tools: [paste the tools]. Write ten training conversations as JSON Lines, with tool calls and
// > results.
//
// ### 2. Critical evaluation
//
// Run every call on the Task API of this lesson. How many results did the assistant make up, and how many have the real form? In how
// many of the ten is no call due? Which arguments did nobody say?
//
// ### 3. Constraint teaching
//
// > Do not write results: the calls are run. Arguments hold only what the user said, in the user's words. Two of ten conversations need
// > no call, two lack something that the assistant asks for. These tasks exist: [paste a state].
//
// ### 4. Refinement
//
// Check the second ten with your `invented`, run them, and paste back only the reasons for what was turned down. Does a third round
// repeat the mistakes of the second?
//
// ### 5. Final check
//
// > Here are my order table and the reasons for which rows were turned down: [paste the tables of sections 2 and 4]. Which situation that
// > real users will bring is in none of my orders?
//
// Add one of its answers as an order of your own, and write down how you would check it.
