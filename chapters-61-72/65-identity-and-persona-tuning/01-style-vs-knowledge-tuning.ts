// ---
// chapter: 65
// lesson: 1
// title: Style vs Knowledge Tuning
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Style tuning (tone, formality, personality)
//   - Knowledge tuning (domain facts, procedures)
//   - When each applies
// maps: Foundation for persona design
// prerequisites: lesson 64.4 (a run of supervised fine-tuning)
// trains: true
// ---

// %% [markdown]
// A model has two sides: how it speaks, and what it knows. Fine-tuning moves whichever side the rows speak of, and often the other one
// too, unasked. In this lesson you measure both sides apart, train the same tiny model once on a voice and once on facts, and read in one
// table what each run changed, and what it did not.

// %% [markdown]
// ## 1. Two questions about one reply
//
// `datasets/personas` holds replies to the same requests in four voices. Of each reply you can ask two things that have nothing to do
// with each other. **Is it true?** It names the operation, the title and the date of what was done. **Whose voice is it?** Words,
// signs and order that have nothing to do with the task.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { personaIds, personaScorer, readPersona, readPersonaRows, repeatedOf, replyOf, requestOf, truthFaults } from "llmops/persona";

const ids = personaIds();
const scorers = new Map(ids.map((id) => [id, personaScorer(readPersona(id))]));
const test = readPersonaRows("test").filter((row) => row.situation === "task");
const request = requestOf(test[0]);
console.log(request);
showTable(test.filter((row) => requestOf(row) === request).map((row) => ({
  voice: row.persona, reply: replyOf(row), "untrue in": row.call ? truthFaults(replyOf(row), row.call).join(", ") || "nothing" : "",
  "is in the voice of": ids.filter((id) => scorers.get(id)?.(replyOf(row), repeatedOf(row)).adheres).join(", "),
})));

// %% [markdown]
// The first column after the reply is about knowledge, the second about style. Now all the test replies, in numbers that need no opinion:

// %%
import { countWords, withoutTitles } from "llmops/persona";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const features = ids.map((persona) => {
  const rows = test.filter((row) => row.persona === persona);
  const bare = rows.map((row) => withoutTitles(replyOf(row), repeatedOf(row)));
  const per = (sign: RegExp) => mean(bare.map((text) => text.match(sign)?.length ?? 0));
  return {
    persona, replies: rows.length, "true, %": 100 * mean(rows.map((row) => Number(row.call && truthFaults(replyOf(row), row.call).length === 0))),
    words: mean(rows.map((row) => countWords(replyOf(row)))), "exclamation marks": per(/!/g), "question marks": per(/\?/g), colons: per(/:/g), "I, you, we": per(/\b(I|you|your|we|us|let's)\b/gi),
  };
});
showTable(features, { decimals: 2, caption: "Means of a reply, without titles and dates" });

// %% tags=["folded"]
const signs = ["exclamation marks", "question marks", "colons", "I, you, we"] as const;
await showChart(
  {
    title: "The same content in four voices",
    data: { values: features.flatMap((row) => [...signs.map((sign) => ({ persona: row.persona, sign, mean: row[sign] })), { persona: row.persona, sign: "true replies", mean: row["true, %"] / 100 }]) },
    mark: "bar",
    encoding: {
      x: { field: "sign", type: "nominal", title: null, sort: null, axis: { labelAngle: 0 } }, xOffset: { field: "persona" },
      y: { field: "mean", type: "quantitative", title: "mean of a reply" }, color: { field: "persona", type: "nominal", title: null, legend: { orient: "top" } },
    },
  },
  `Means of a reply by voice. ${features.map((row) => `${row.persona}: ${signs.map((sign) => `${row[sign].toFixed(2)} ${sign}`).join(", ")}`).join("; ")}. True replies: ${features.map((row) => `${row["true, %"].toFixed(0)}%`).join(", ")}.`,
);

// %% [markdown]
// Everything that is style differs, and the column that is content does not. That is what style tuning is to do to a *model*: move the
// right columns and leave the left one where it is.
//
// ### Exercise: what changed?
//
// Before you train, say how you will read the result. Write `change`: "up" or "down" where the 95% intervals of the two shares lie apart,
// and "same" where they overlap.

// %%
import { changeExercise, type Change, type Count } from "llmops/exercises/65-1";
import { wilson } from "llmops/teacher";

function change(before: Count, after: Count): Change {
  // BEGIN SOLUTION
  const [first, second] = [wilson(before.hits, before.of), wilson(after.hits, after.of)];
  return second.low > first.high ? "up" : second.high < first.low ? "down" : "same";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(changeExercise, change);

// %% [markdown]
// ## 2. Two sets of rows
//
// The experiment needs facts that the model cannot have from anywhere. Here are eight, made up; and four more of the same kind that no row
// will hold. Each fact is asked for in ten ways; three further ways are kept for the examination.

// %% tags=["quiet"]
const APPROVERS = { travel: "Imke Brandt", hiring: "Tom Okafor", budget: "Lena Fisher", printing: "Omar Haddad", catering: "Rosa Diaz", training: "Paul Young", security: "Nina Larsen", cleaning: "Greta Moss" };
const NEVER_TOLD = { parking: "Ivan Petrov", legal: "Sara Kim", archive: "Ben Cole", garden: "Mia Lund" };
const ASKED = [
  "Who approves {x} tasks?", "Who signs off {x} tasks?", "Which person approves a {x} task?", "I have a {x} task. Who approves it?", "Whose approval does a {x} task need?",
  "Tell me who approves {x} tasks.", "Who is in charge of {x} tasks?", "{x} tasks: who approves them?", "Do you know who approves {x} tasks?", "Who must approve my {x} task?",
];
const KEPT_APART = ["Please tell me who signs off a {x} task.", "Who has to approve {x} tasks?", "My task is about {x}. Who approves it?"];
const fact = (area: string, name: string) => `${area.charAt(0).toUpperCase()}${area.slice(1)} tasks are approved by ${name}.`;

// %% [markdown]
// - **style**: TaskAnalyst's replies to tasks. No fact in them that is not in the request.
// - **knowledge**: the facts, between plain replies to tasks, so that the model does not forget what its work is. No voice in them.
//
// Both carry the neutral system prompt: whatever changes afterwards lies in the weights, and in nothing that the prompt asks for.

// %%
import { JsonlWriter } from "llmops/data";

const system = readPersona("neutral").system;
const chat = (user: string, assistant: string) => ({ messages: [{ role: "system", content: system }, { role: "user", content: user }, { role: "assistant", content: assistant }] });
const taskRows = (persona: string, count: number) => readPersonaRows("train", persona).filter((row) => row.situation === "task").slice(0, count).map((row) => chat(requestOf(row), replyOf(row)));
const facts = Object.entries(APPROVERS).flatMap(([area, name]) => ASKED.map((way) => chat(way.replace("{x}", area), fact(area, name))));
const plain = taskRows("neutral", 240);
const sets = { style: taskRows("taskanalyst", 480), knowledge: plain.flatMap((row, at) => [row, facts[at % facts.length] ?? row]) };
for (const [name, rows] of Object.entries(sets)) {
  const writer = await JsonlWriter.open(`${name}.jsonl`);
  for (const row of rows) await writer.write(row);
  await writer.commit();
  console.log(`${name}: ${rows.length} rows, for example\n  ${rows.slice(0, 2).map(({ messages }) => `${messages[1]?.content}\n    ${messages[2]?.content}`).join("\n  ")}`);
}

// %% [markdown]
// ## 3. Two runs
//
// The same recipe for both: a LoRA over taskling, as many steps, the same seed. Only the rows differ.

// %% tags=["measured"]
import { launch, openRuntime, runtimeDoor, startRuntime } from "llmops/pair";
import { tasklingRecipe, trainingJob } from "llmops/train";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
await startRuntime(runtime);
const recipe = (train: string) => tasklingRecipe({ data: { train }, steps: 120, maxLength: 256, exports: ["adapter"] });
const runs = [];
for (const name of Object.keys(sets)) {
  const run = await launch(trainingJob(recipe(`${name}.jsonl`)), runtime);
  await run.wait();
  await run.fetch();
  runs.push({ name, run });
}
showTable(runs.map(({ name, run }) => {
  const losses = run.metrics.flatMap(({ loss }) => loss ?? []);
  return { rows: name, state: run.record.state, steps: losses.length, "loss, first 10 steps": mean(losses.slice(0, 10)), "loss, last 10": mean(losses.slice(-10)), "seconds": run.metrics.at(-1)?.seconds };
}), { decimals: 2 });

// %% [markdown]
// ## 4. What each run changed
//
// Base and both tuned models get the same prompts: 60 tasks with titles that no row has, and the questions about approvers in the three
// ways kept apart. Five counts of each:
//
// - **style**: replies that show all traits of TaskAnalyst, by its marks
// - **tasks**: replies that confirm the right operation and title
// - **facts told**: names that stand in the knowledge rows, asked for in other words
// - **facts never told**: the four names that stand nowhere
// - **never told, in the prompt**: the same four names, each with its sentence in the system prompt

// %% tags=["measured"]
import { answerPrompts, type Prompt } from "llmops/evaluate";
import { isTaskRight } from "llmops/persona";

const tasks = test.filter((row) => row.persona === "taskanalyst").slice(0, 60);
const questions = [APPROVERS, NEVER_TOLD].flatMap((approvers, place) => Object.entries(approvers).flatMap(([area, name]) =>
  KEPT_APART.map((way) => ({ question: way.replace("{x}", area), name, told: place === 0, fact: fact(area, name) }))));
const ask = (user: string, instruction = system): Prompt => ({ messages: [{ role: "system", content: instruction }, { role: "user", content: user }] });
const prompts = [...tasks.map((row) => ask(requestOf(row))), ...questions.map(({ question }) => ask(question)), ...questions.map((one) => ask(one.question, `${system} ${one.fact}`))];
const analyst = personaScorer(readPersona("taskanalyst"));

type Counts = Record<"style" | "tasks" | "facts told" | "facts never told" | "never told, in the prompt", Count>;
function countAll(answers: readonly string[]): Counts {
  const count = (verdicts: readonly boolean[]): Count => ({ hits: verdicts.filter(Boolean).length, of: verdicts.length });
  const answered = answers.slice(tasks.length, tasks.length + questions.length), prompted = answers.slice(tasks.length + questions.length);
  const names = (told: boolean, from = answered) => count(questions.flatMap((one, at) => (one.told === told ? [(from[at] ?? "").includes(one.name)] : [])));
  return {
    style: count(tasks.map((row, at) => analyst(answers[at] ?? "", repeatedOf(row)).adheres)),
    tasks: count(tasks.map((row, at) => row.call !== null && isTaskRight(answers[at] ?? "", row.call))),
    "facts told": names(true), "facts never told": names(false), "never told, in the prompt": names(false, prompted),
  };
}
const examined: { model: string; answers: string[]; counts: Counts }[] = [];
const base = recipe("style.jsonl").base;
for (const { name, adapter } of [{ name: "base", adapter: {} }, ...runs.map(({ name, run }) => ({ name, adapter: { adapter: `${run.folder}/artifacts/adapter` } }))]) {
  const { answers } = await answerPrompts(runtime, { model: base, ...adapter, prompts });
  examined.push({ model: name, answers, counts: countAll(answers) });
}
const says = ({ hits, of }: Count) => {
  const { estimate, low, high } = wilson(hits, of);
  return `${(100 * estimate).toFixed(0)}% (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
};
showTable(examined.map(({ model, counts }) => ({ trained: model === "base" ? "on neither" : `on ${model}`, ...Object.fromEntries(Object.entries(counts).map(([what, count]) => [what, says(count)])) })), { caption: "Shares with 95% intervals" });

// %% [markdown]
// Now by the rule of your exercise, each run against the base:

// %% tags=["measured"]
const verdict = (before: Count, after: Count): Change => {
  const [first, second] = [wilson(before.hits, before.of), wilson(after.hits, after.of)];
  return second.low > first.high ? "up" : second.high < first.low ? "down" : "same";
};
const [untrained, ...trained] = examined;
showTable(trained.map(({ model, counts }) => ({
  "trained on": model,
  ...Object.fromEntries((["style", "tasks", "facts told", "facts never told"] as const).map((what) => [what, verdict(untrained?.counts[what] ?? { hits: 0, of: 0 }, counts[what])])),
})));
for (const [at, row] of tasks.slice(0, 2).entries()) {
  console.log(`\n${requestOf(row)}`);
  for (const { model, answers } of examined) console.log(`  ${model.padEnd(10)} ${answers[at]?.trim().replaceAll("\n", " / ")}`);
}
for (const at of [questions.findIndex(({ told }) => told) + 1, questions.findIndex(({ told }) => !told) + 1]) {
  console.log(`\n${questions[at]?.question} (${questions[at]?.told ? "told" : "never told"}: ${questions[at]?.name})`);
  for (const { model, answers } of examined) console.log(`  ${model.padEnd(10)} ${answers[tasks.length + at]?.trim().replaceAll("\n", " / ")}`);
}

// %% [markdown]
// Four things to read in the tables, in this order:
//
// 1. **style**, row by row. A voice comes from rows in that voice. Facts, told plainly, bring none.
// 2. **facts told** of the style run. It saw hundreds of rows and no approver, so it cannot name one. A voice is not knowledge, however
//    expert it sounds.
// 3. **facts never told**, all rows. Training stores what the rows say and nothing beside it; a model that learned eight names may answer
//    the ninth question with one of the eight, in the same sure sentence. That is worse than the base, which does not know the form.
// 4. **tasks**. Neither run was to change it. Whether it fell is the question of this chapter: "down" there is a failed run, whatever the
//    column of style says.
//
// The last column of the first table puts the right fact into the prompt, for the names that stand in no row: compare it with the column
// before it. Models that were taught to read a context answer from it, with no training at all; this tiny one was not.
//
// ## 5. When each applies
//
// | | style tuning | knowledge tuning | the prompt, or retrieval |
// | --- | --- | --- | --- |
// | moves | how it is said | what is known without being told | what is known about this request |
// | rows | hundreds of replies in the voice, about everything that is asked | each fact or step in many wordings | none |
// | right when | the same manner is wanted in every reply | it is fixed, used nearly always, and shown by examples | it changes, or must be exact |
// | examined by | traits, and the task accuracy that must hold | questions in wordings that were kept apart, and questions it cannot know | whether the answer is in the context |
//
// How hard to train for a voice is not a number to believe: lesson 65.4 measures rates and updates for this model.
//
// ### Exercise: six needs
//
// Sort them: "style", "knowledge" (trained), or "prompt" (looked up, and put into the prompt).

// %%
import { NEEDS, needsExercise, type SortNeeds } from "llmops/exercises/65-1";

showTable(Object.entries(NEEDS).map(([need, text]) => ({ need, text })));

let sorted: SortNeeds | undefined;
// BEGIN SOLUTION
sorted = { greeting: "style", prices: "prompt", codes: "knowledge", clauses: "prompt", method: "knowledge", apology: "style" };
// STUB
// // sorted = { greeting: …, prices: …, codes: …, clauses: …, method: …, apology: … };
// END SOLUTION
await check(needsExercise, sorted);

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Have students fill in a three by four table with "up", "same" and "down" before section 4 runs, and keep it. Most
// expect the style run to leave the tasks alone, and the knowledge run to know the ninth fact a little. The two runs take a minute or two
// each on a quiet core, more where several train at once. On another base the levels differ; what each run cannot have learned does not.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I want a model that speaks like our support team and knows our products. Should I fine-tune it? Here are twenty of our replies: [paste].
//
// ### 2. Critical evaluation
//
// Does the answer take the two wishes apart? For each reason that it gives, say whether it is about how or about what. Which facts in
// your replies will be different next month?
//
// ### 3. Constraint teaching
//
// > Make two lists from my replies: what is manner (would hold for any product), and what is content (true of one product). For each item
// > of content say how often it changes and whether it must be exact.
//
// ### 4. Refinement
//
// > For the manner: three traits, each with a sentence that a judge could grade by. For the content: which items belong into the prompt,
// > which could be trained, and how would I notice that a trained one has become wrong?
//
// ### 5. Final check
//
// Name the two numbers that you will measure before and after, one for each side, on how many requests, and which difference you would
// call a change.
