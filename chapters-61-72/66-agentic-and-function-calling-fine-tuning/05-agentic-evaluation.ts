// ---
// chapter: 66
// lesson: 5
// title: Agentic Evaluation
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - Tool call accuracy metrics
//   - Argument validation
//   - End-to-end workflow testing
// maps: SC-005 validation
// prerequisites: lessons 66.2 (tool-calling patterns) and 66.4 (agentic fine-tuning)
// trains: true
// ---

// %% [markdown]
// "The model calls tools correctly" is four claims in one: what it writes can be read, the tool is the right one, the arguments are
// right, and afterwards the database holds what the user wanted. And there is a fifth that most tests leave out: it calls nothing
// where no call is due. You will ask all five of a model that was trained for too short a time, so that each finds something, and you
// will see where two honest measures disagree about the same answer.

// %% [markdown]
// ## 1. What an exam is made of
//
// Each turn of the assistant in a test conversation is a case. All that came before it is the prompt; what the conversation says there
// is what is due: calls, a question for what is missing, plain words, or a report of what a tool answered.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { readToolRows } from "llmops/data";
import { casesOf, requestOf, type Due, type ToolCase } from "llmops/evaluate";

const exam = casesOf(readToolRows("test").slice(0, 160));
const DUE: Due[] = ["calls", "question", "words", "report"];
showTable(DUE.map((due) => {
  const cases = exam.filter((each) => each.due === due);
  const [first] = cases;
  return {
    due, cases: cases.length, kinds: [...new Set(cases.map(({ kind }) => kind))].join(", "),
    "the user says, for example": requestOf(first), "wanted": first.wanted.map(({ name }) => name).join(" + ") || "no call",
  };
}), { decimals: 0 });

// %% [markdown]
// The cases come from conversations whose sentences and titles are in no training row. An exam that shares them measures memory.
//
// ## 2. First read, mend nothing
//
// An evaluation that repairs answers measures the repair. `parseCalls` reads taskling's form, Llama 3's and OpenAI's `tool_calls`, and
// tells three things apart: calls, prose, and a call that broke. A call in the middle of prose is prose: the program that waits for a
// call would not find it.

// %%
import { parseCalls } from "llmops/evaluate";

const written = [
  '{"name": "complete_task", "parameters": {"title": "buy milk"}}',
  '{"name": "delete_task", "parameters": {"title": "buy milk"}}; {"name": "list_tasks", "parameters": {}}',
  '[{"type": "function", "function": {"name": "complete_task", "arguments": "{\\"title\\": \\"buy milk\\"}"}}]',
  "I have completed “buy milk”.",
  'Sure! {"name": "complete_task", "parameters": {"title": "buy milk"}}',
  '{"name": "complete_task", "parameters": {"title": "buy milk"}',
  '{"name": "complete_task", "title": "buy milk"}',
];
showTable(written.map((answer) => {
  const parsed = parseCalls(answer);
  return { answer, "read as": parsed.kind, calls: parsed.kind === "calls" ? parsed.calls.length : null, "why not": parsed.kind === "broken" ? parsed.reason : "" };
}), { decimals: 0 });

// %% [markdown]
// The fourth answer is the dangerous one. It is polite, it is fluent, and nothing was done.
//
// ## 3. The same call, by two rules
//
// When is a call the wanted one? The Berkeley Function-Calling Leaderboard (BFCL, https://gorilla.cs.berkeley.edu/leaderboard.html) compares
// the parsed call with lists of right values. Types must fit; strings are compared without case, spaces and some punctuation; an argument
// may be left out where the list says so; several calls may stand in any order. `compareCalls` follows its rules.
//
// A rule about text knows nothing of calendars. `sameMeaning` asks the Task API's own questions: is it the same task, and the same day,
// seen from the day on which it was said? The day of these cases is Monday, 23 November 2026.

// %%
import { compareCalls, sameMeaning, TASK_TOOLS, wantedOf, type ModelCall } from "llmops/evaluate";

const TODAY = "2026-11-23";
const create = (parameters: Record<string, string>): ModelCall => ({ name: "create_task", arguments: { title: "call Ana", ...parameters } });
const pairs: [string, ModelCall, ModelCall][] = [
  ["capitals", create({ title: "Call Ana" }), create({})],
  ["an article", { name: "delete_task", arguments: { title: "the report" } }, { name: "delete_task", arguments: { title: "report" } }],
  ["another word for the day", create({ due_date: "the 27th" }), create({ due_date: "Friday" })],
  ["another day", create({ due_date: "next Friday" }), create({ due_date: "Friday" })],
  ["the default, said", create({ priority: "medium" }), create({})],
  ["a priority made up", create({ priority: "high" }), create({})],
  ["a hyphen in a name", create({ title: "call Ana-Li" }), create({ title: "call Anali" })],
];
showTable(pairs.map(([what, found, wanted]) => {
  const verdict = compareCalls([found], [wantedOf(wanted)], TASK_TOOLS);
  return {
    what, found: JSON.stringify(found.arguments), wanted: JSON.stringify(wanted.arguments),
    leaderboard: verdict.right ? "right" : verdict.fault, meaning: sameMeaning(found, wantedOf(wanted), TODAY) ? "right" : "wrong",
  };
}));

// %% [markdown]
// Neither rule is the stricter one. The leaderboard refuses "the 27th" for Friday, and lets "Ana-Li" pass for "Anali", which the Task API
// would not find. Name the rule beside every figure, or the figure cannot be compared with anybody's.
//
// Does `compareCalls` really follow those rules? Its authors publish their checker and their cases. `npm run bench:bfcl` runs both checkers
// on every public single-turn case in Python's types, with right answers and with answers spoilt in some thirty ways: on 2026-11-22, with
// bfcl-eval 2026.3.23, the same verdict on 99,822 of 99,822 answers to 3,491 cases.
//
// ### Exercise: calls in any order
//
// "Delete the milk and close the bread": two calls, no order. Write `sameCalls`. Each call is given as one text; a call may be wanted
// twice.

// %%
import { anyOrder } from "llmops/exercises/66-5";

function sameCalls(found: readonly string[], wanted: readonly string[]): boolean {
  // BEGIN SOLUTION
  const [one, other] = [[...found].sort(), [...wanted].sort()];
  return one.length === other.length && one.every((call, at) => call === other[at]);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(anyOrder, sameCalls);

// %% [markdown]
// ## 4. A model to examine
//
// It gets 180 updates: enough to learn what a call looks like, not enough to get them all right. An examiner needs mistakes to look at.

// %% tags=["measured"]
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { toTrainerRow } from "llmops/data";
import { launch, openRuntime, runtimeDoor, startRuntime, tasklingFolder, watchRun } from "llmops/pair";
import { tasklingRecipe, trainingJob } from "llmops/train";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
await startRuntime(runtime);
mkdirSync("examined", { recursive: true });
writeFileSync("examined/train.jsonl", readToolRows("train").map((row) => `${JSON.stringify(toTrainerRow(row))}\n`).join(""));
const recipe = tasklingRecipe({ data: { train: resolve("examined/train.jsonl") }, steps: 180 });
const run = await watchRun(await launch(trainingJob(recipe, { name: "examined" }), runtime));
void (await run.fetch());

// %% tags=["measured"]
import { answerPrompts, scoreTools } from "llmops/evaluate";

const { answers } = await answerPrompts(runtime, {
  model: tasklingFolder(), adapter: join(run.folder, "artifacts", "adapter"), prompts: exam.map(({ prompt }) => prompt), maxNewTokens: 120,
});
const score = scoreTools(exam, answers);
const range = ({ estimate, low, high, of }: { estimate: number; low: number; high: number; of: number }) =>
  of === 0 ? "none" : `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
showTable([
  { asked: "is it JSON that calls tools there are?", of: score.valid.of, "right, %": range(score.valid) },
  { asked: "are they the right tools?", of: score.tool.of, "right, %": range(score.tool) },
  { asked: "do the arguments fit the schemas?", of: score.schema.of, "right, %": range(score.schema) },
  { asked: "right by the leaderboard's rules?", of: score.exact.of, "right, %": range(score.exact) },
  { asked: "right by meaning?", of: score.arguments.of, "right, %": range(score.arguments) },
  { asked: "right by meaning, several calls", of: score.parallel.of, "right, %": range(score.parallel) },
], { caption: "Cases where calls are due, with 95% intervals; each row asks more than the one above, but for the leaderboard's; the last is a part of the cases" });

// %% [markdown]
// Read it from above. The step at which the share falls most is where the work is: broken JSON wants more training or a grammar (lesson
// 66.1), wrong tools want more ways to ask, wrong arguments want more titles and days.

// %% tags=["measured", "folded"]
const kinds = [...new Set(exam.map(({ kind }) => kind))];
const byKind = kinds.map((kind) => {
  const of = exam.filter((each) => each.kind === kind);
  const wrong = score.wrong.filter((mistake) => mistake.case.kind === kind).length;
  return { kind, cases: of.length, right: (100 * (of.length - wrong)) / of.length };
});
await showChart(
  {
    title: "Right turns by kind of conversation",
    data: { values: byKind },
    mark: "bar",
    encoding: { y: { field: "kind", type: "nominal", title: null, sort: "-x" }, x: { field: "right", type: "quantitative", title: "right, %", scale: { domain: [0, 100] } } },
  },
  byKind.map(({ kind, cases, right }) => `${kind}: ${right.toFixed(0)} % of ${cases}`).join("; "),
);

// %% [markdown]
// ## 5. No call is an answer too
//
// A model that always calls gets full marks in a test that only asks for calls. So count the turns without a call: of those that the model
// left so, how many needed none (precision), and of those that needed none, how many it left so (recall).
//
// ### Exercise: precision and recall of saying nothing
//
// Write `noCall` from turns that know two things: whether a call was due, and whether one was made.

// %%
import { noCallScore, type JudgedTurn, type PrecisionRecall } from "llmops/exercises/66-5";

function noCall(turns: readonly JudgedTurn[]): PrecisionRecall {
  // BEGIN SOLUTION
  const [silent, idle] = [turns.filter(({ called }) => !called), turns.filter(({ due }) => !due)];
  const hits = idle.filter(({ called }) => !called).length;
  return { precision: hits / silent.length, recall: hits / idle.length };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(noCallScore, noCall);

// %% tags=["measured"]
showTable([
  { measure: "no call, precision", of: score.noCall.precision.of, "%": range(score.noCall.precision) },
  { measure: "no call, recall", of: score.noCall.recall.of, "%": range(score.noCall.recall) },
  { measure: "asks where something is missing", of: score.question.of, "%": range(score.question) },
  { measure: "reports in words after a result", of: score.report.of, "%": range(score.report) },
  { measure: "answers that begin as a call and are none", of: score.broken.of, "%": range(score.broken) },
]);
for (const { case: each, fault } of score.wrong.filter(({ fault }) => fault === "call not due" || fault === "no answer" || fault === "no question").slice(0, 3)) {
  console.log(`${requestOf(each)}\n  due: ${each.due}; ${fault}: ${answers[exam.indexOf(each)].trim()}\n`);
}

// %% [markdown]
// "Asks" is measured by its question mark. Whether it is the right question, a person or a judge has to read; lesson 65.5 has the forms
// for that. Say so wherever you print the figure.
//
// ## 6. End to end: the database decides
//
// The last measure runs the calls. Each case begins with its own tasks in a real Task API, in memory; the model's calls are carried out,
// then the wanted ones from the same beginning, and what is there afterwards is compared: titles, days, priorities, states, what a list
// showed, which refusals came.

// %% tags=["measured"]
import { runEndToEnd } from "llmops/evaluate";

const end = await runEndToEnd(exam, answers);
showTable([
  { measure: "the right state at the end", of: end.right.of, "%": range(end.right) },
  { measure: "of these, where something should change", of: end.changing.of, "%": range(end.changing) },
  { measure: "harm: a change that nobody asked for", of: end.harm.of, "%": range(end.harm) },
], { caption: "Cases carried out on the Task API" });

const failed = new Set(end.wrong.map(({ case: each }) => each.id));
const blamed = new Set(score.wrong.map(({ case: each }) => each.id));
const played = exam.filter(({ due }) => due === "calls");
const cross = (isBlamed: boolean, isFailed: boolean) => played.filter(({ id }) => blamed.has(id) === isBlamed && failed.has(id) === isFailed);
showTable([
  { "by meaning": "right", "state right": cross(false, false).length, "state wrong": cross(false, true).length },
  { "by meaning": "wrong", "state right": cross(true, false).length, "state wrong": cross(true, true).length },
], { decimals: 0, caption: "The same answers, judged as calls and by what they did" });

// %% [markdown]
// The corner to read is "wrong by meaning, state right": answers that a comparison of calls blames, and that did what the wanted calls do,
// for example because the tool found the task by a part of its title. The other corner would be worse: a call that looks right and does something
// else. Here are one of each, where there is one, and a case of harm:

// %% tags=["measured"]
const answerTo = (each: ToolCase) => answers[exam.indexOf(each)].trim();
const say = (what: string, each: ToolCase | undefined) => console.log(each ? `${what}: ${requestOf(each)}\n  ${answerTo(each)}\n` : `${what}: none among ${played.length}\n`);
say("blamed, and the state is right", cross(true, false)[0]);
say("not blamed, and the state is wrong", cross(false, true)[0]);
say("harm", end.wrong.find(({ case: each, found, wanted }) => each.due !== "calls" && found.tasks.join() !== wanted.tasks.join())?.case);

// %% [markdown]
// Which one goes into a spec? All, each with its limit. The state is what users pay for, but it forgives: a search that finds the task by
// luck counts as right. Arguments do not forgive, and tell you what to train. Recall of no call is the one that protects users, and
// harm counts what it misses. The capstone asks for all of them.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let the class vote on the seven pairs of section 3 before the table is shown; "the default, said" divides every
// group. The lesson's argument is the cross table of section 6: two measures of the same answers, both right, that disagree. Somebody will
// want to mend answers before scoring ("just strip the Sure!"): ask who strips it in production. With a class that knows the topic, replace
// 180 steps by 60 or 550 and compare which of the rows moves first. `npm run bench:bfcl` takes about a minute, and the network once.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > My model calls five tools of a task manager. Which measures should I report before it may change a user's data?
//
// ### 2. Critical evaluation
//
// Does it name a measure for turns without a call? Does it say what happens to an answer that is no JSON: counted as wrong, or left out of
// the denominator? Does it compare arguments as text, and if so, what does it do with "Friday" and "the 27th"?
//
// ### 3. Constraint teaching
//
// > These are my measures on the same answers: [paste the tables of sections 4 to 6]. An answer is never mended before scoring. A share
// > comes with its interval and the number of cases. Which of your measures does my table lack, and which of mine would you drop?
//
// ### 4. Refinement
//
// Take the measure that it misses most, define it in one sentence with its denominator, and compute it from `exam` and `answers`. Does it
// find a mistake that none of the others found? If not, leave it out.
//
// ### 5. Final check
//
// > Here is a table of a vendor: "tool accuracy 97%". Write the five questions that I must ask before I may compare it with my own.
//
// One of them has to be about the cases where no call was due.
