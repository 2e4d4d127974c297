// ---
// chapter: 65
// lesson: 4
// title: Persona Fine-Tuning
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - System prompt injection during training
//   - Persona-specific hyperparameters
// maps: SC-003 (persona quality)
// prerequisites: lessons 65.2 and 65.3 (the persona and its rows), lesson 64.4 (the training loop)
// trains: true
// ---

// %% [markdown]
// You have a persona as data and rows that speak in its voice. Training on them takes a minute. Two decisions make the
// difference between a model that *has* a voice and one that you can *ask* for a voice: what stands in the system turn of
// each row, and how hard you train. You decide both by measurement, with six short runs, and at the end a rule that you fixed
// before says which of them may go into the capstone, or that none may.

// %% [markdown]
// ## 1. The prompt goes into the row
//
// A model that is used with a system prompt must be trained with it. The answer is all that has a loss, but each of its
// tokens is predicted from everything before it, the system turn included. So the row must look as the conversation will look
// when the model is used. This is **system prompt injection during training**:

// %%
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { personaPrompt, readPersona, readPersonaRows, type PersonaRow } from "llmops/persona";

const taskmaster = readPersona("taskmaster");
const rows = readPersonaRows("train", "taskmaster");
console.log(rows[1].messages.map(({ role, content }) => `${role}: ${content}`).join("\n"));
showTable([...new Set(rows.map(({ situation }) => situation))].map((situation) => ({ situation, rows: rows.filter((row) => row.situation === situation).length })));

// %% [markdown]
// The prompt is short, and the same letter by letter in every row. A long one would be paid for with every request, and a
// model that was trained on the voice does not need the voice explained.
//
// ### Exercise: put the prompt inside
//
// Data often comes without the prompt that you want, or with another one. Write `withPersona`: a conversation that has this
// system prompt and no other.

// %%
import { withPersonaExercise, type Turn } from "llmops/exercises/65-4";

function withPersona(turns: readonly Turn[], system: string): Turn[] {
  // BEGIN SOLUTION
  return [{ role: "system", content: system }, ...turns.filter(({ role }) => role !== "system")];
  // STUB
  // return todo();
  // END SOLUTION
}
await check(withPersonaExercise, withPersona);

// %% [markdown]
// ## 2. In which order to speak
//
// One decision about the rows comes before the prompt. TaskMaster's replies begin with praise, and a model writes from left to
// right: it must choose the praise before it has said what was done, and a wrong guess pulls the rest along. `confirmFirst`
// puts the opening behind the confirmation. All traits still show; only the order changes:

// %%
import { confirmFirst, confirmFirstIn, replyOf } from "llmops/persona";

console.log(rows.slice(1, 3).map((row) => `${replyOf(row)}\n  ${confirmFirst(replyOf(row))}`).join("\n"));

// %% [markdown]
// ## 3. Three ways to write the same rows
//
// Is the prompt worth its tokens? Three sets of rows, of the same size and in the new order, will say:
//
// - **no prompt**: request and answer alone;
// - **prompt inside**: each row with TaskMaster's prompt;
// - **prompt and neutral**: half of these, and half from the same assistant without a persona, each with its own prompt.
//
// All weights of the tiny model move. It is so small that this costs no more time than an adapter.

// %%
import { tasklingRecipe, type RecipeInput, type TrainingRecipe } from "llmops/train";

const STEPS = 240, FEW = 60, RATE = 1e-3; // of 8 rows: a row is seen once or twice
const withPrompt = rows.map(({ messages }) => confirmFirstIn(messages));
const neutral = readPersonaRows("train", "neutral").map(({ messages }) => messages);
const write = (name: string, conversations: readonly PersonaRow["messages"][]) => {
  writeFileSync(name, conversations.map((messages) => `${JSON.stringify({ messages })}\n`).join(""));
  return resolve(name);
};
// The rows are ordered by situation: every second one has all of them.
const everySecond = <Row>(list: readonly Row[]) => list.filter((_, at) => at % 2 === 0);
const files = {
  "no prompt": write("no-prompt.jsonl", withPrompt.map((messages) => messages.slice(1))),
  "prompt inside": write("prompt-inside.jsonl", withPrompt),
  "prompt and neutral": write("prompt-and-neutral.jsonl", [...everySecond(withPrompt), ...everySecond(neutral)]),
};
const validation = readPersonaRows("validation");
const evalFile = write("validation.jsonl", validation.filter(({ persona }) => persona === "taskmaster").map(({ messages }) => confirmFirstIn(messages)));
const recipe = (train: string, change: Partial<RecipeInput> = {}) =>
  tasklingRecipe({ data: { train, eval: evalFile }, steps: STEPS, warmup: 10, method: "full", learningRate: RATE, exports: ["merged"], ...change });
const sets: Record<string, TrainingRecipe> = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, recipe(file)]));
console.log("Rule, fixed before the first run: of the runs that lose at most two points of task accuracy, the one with the most style; of equals, the shortest.");

// %% tags=["measured"]
import { openRuntime, runtimeDoor, startRuntime, tasklingFolder } from "llmops/pair";
import { trainAll, TrainingRecord } from "llmops/train";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
await startRuntime(runtime);
const setRuns = await trainAll(sets, runtime, { together: 1, title: "Updates" });

// %% [markdown]
// ## 4. Ask under three prompts
//
// Every model answers the same validation requests three times: with TaskMaster's prompt, with the neutral one, and with
// none. The base does so too. The test rows stay closed until the capstone. Two things are measured of each answer:
//
// - **adherence**: all traits show, nothing is broken, by the persona's marks (lesson 65.3);
// - **task accuracy**: the answer confirms the right operation and the right title. Only requests with a call count.

// %% tags=["measured"]
import { answerPrompts, examinePersona, type PersonaExam } from "llmops/evaluate";

const asked = validation.filter((_, at) => at % 2 === 0); // of every situation
const neutralPrompt = readPersona("neutral").system;
const PROMPTS: Record<string, string | undefined> = { TaskMaster: taskmaster.system, neutral: neutralPrompt, none: undefined };
const promptsOf = (system: string | undefined) => asked.map((row) => {
  const request = personaPrompt(row).messages.filter(({ role }) => role === "user");
  return { messages: system === undefined ? request : [{ role: "system" as const, content: system }, ...request] };
});
const exams: Record<string, Record<string, PersonaExam>> = {};
async function examine(name: string, model: string, under = Object.keys(PROMPTS)) {
  const { answers } = await answerPrompts(runtime, { model, prompts: under.flatMap((prompt) => promptsOf(PROMPTS[prompt])), batch: asked.length });
  exams[name] = Object.fromEntries(under.map((prompt, at) => [prompt, examinePersona(taskmaster, asked, answers.slice(at * asked.length, (at + 1) * asked.length))]));
}
const modelOf = async (run: (typeof setRuns)[string]) => {
  await run.fetch();
  return join(run.folder, "artifacts", "merged");
};
await examine("base", tasklingFolder());
for (const [name, run] of Object.entries(setRuns)) await examine(name, await modelOf(run));
const lines = Object.keys(exams);
const first = asked.findIndex(({ situation }) => situation === "task");
console.log(`${asked[first].messages[1].content}\n${lines.map((name) => `  ${name}: ${exams[name]["TaskMaster"].replies[first].reply.trim()}`).join("\n")}`);

// %% [markdown]
// ## 5. What the prompt does
//
// Read along a line: the same model, three prompts. A model that you can switch has a high number on the left and low ones
// beside it.

// %% tags=["measured"]
const percent = (share: { estimate: number; low: number; high: number }) => `${(100 * share.estimate).toFixed(0)} (${(100 * share.low).toFixed(0)} to ${(100 * share.high).toFixed(0)})`;
showTable(
  lines.map((run) => ({ run, ...Object.fromEntries(Object.keys(PROMPTS).map((prompt) => [`prompt: ${prompt}`, percent(exams[run][prompt].adherence.all)])) })),
  { caption: `Replies that adhere to TaskMaster, % with 95% intervals, ${asked.length} requests` },
);

// %% tags=["measured", "folded"]
const points = lines.flatMap((run) => Object.keys(PROMPTS).map((prompt) => ({ run, prompt, ...exams[run][prompt].adherence.all })));
await showChart(
  {
    title: "Replies that adhere to TaskMaster, by the prompt that was sent",
    data: { values: points.map(({ run, prompt, estimate, low, high }) => ({ run, prompt, share: 100 * estimate, low: 100 * low, high: 100 * high })) },
    encoding: { y: { field: "run", type: "nominal", title: null, sort: lines }, yOffset: { field: "prompt", sort: Object.keys(PROMPTS) } },
    layer: [
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: { field: "share", type: "quantitative", title: "adhere, %", scale: { domain: [0, 100] } }, color: { field: "prompt", type: "nominal", title: "prompt sent", sort: Object.keys(PROMPTS) } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  },
  points.map(({ run, prompt, estimate }) => `${run}, prompt ${prompt}: ${(100 * estimate).toFixed(0)} %`).join("; "),
);

// %% [markdown]
// Three things to look for in your table.
//
// - **The base under TaskMaster's prompt.** A prompt works by what pretraining has taught. A model that never met a coach
//   gets nothing from the words "an encouraging productivity coach". A large model would get a good part of the way; that is
//   the first thing to try with one (lesson 61.3).
// - **The prompt inside, asked without it.** If every row has the same prompt and the same voice, no row says that they
//   belong together. The model may as well learn to speak so always. Look at how much of the voice stays when the prompt
//   goes.
// - **The neutral rows.** They show the model what to do under another prompt. A switch needs two positions.
//
// ## 6. What the rate, the updates and the order do
//
// The first plan of this course said that persona training needs fewer epochs, because it adjusts style and teaches no new
// knowledge: two of them, at a learning rate of 1e-4, lower for subtle adjustments. It sounds right. It was written down
// before any run, and for a large model with an adapter, so here it is a hypothesis. A style is in every row and a title in
// one; that speaks for few updates. Whether it also speaks for a small rate is another question. These are the
// **persona-specific hyperparameters** to try: the rate and the number of updates. The last run has the opening in front
// again. All three have the rows of "prompt inside".

// %% tags=["measured"]
const trialRecipes: Record<string, TrainingRecipe> = {
  "a tenth of the rate": recipe(files["prompt inside"], { learningRate: RATE / 10 }),
  "few updates": recipe(files["prompt inside"], { steps: FEW }),
  "opening first": recipe(write("opening-first.jsonl", rows.map(({ messages }) => messages))),
};
const trialRuns = await trainAll(trialRecipes, runtime, { together: 1, title: "Updates" });
for (const [name, run] of Object.entries(trialRuns)) await examine(name, await modelOf(run), ["TaskMaster"]);
const recipes = { ...sets, ...trialRecipes }, runs = { ...setRuns, ...trialRuns };
const names = Object.keys(recipes);

// %% [markdown]
// All are asked with TaskMaster's prompt. The last column compares with the base on the same requests; two points is what may
// be lost.

// %% tags=["measured"]
import { pairedDifference } from "llmops/evaluate";

const rightOf = (name: string, prompt = "TaskMaster") => exams[name][prompt].replies.flatMap(({ right }) => (right === null ? [] : [right]));
// The base is taken at its best: with the prompt under which it is most often right.
const bestPrompt = Object.keys(PROMPTS).reduce((best, prompt) => (exams["base"][prompt].task.hits > exams["base"][best].task.hits ? prompt : best), "none");
const trials = names.map((name) => ({
  name, steps: recipes[name].steps ?? 0, loss: runs[name].result("run.json", TrainingRecord).eval_loss ?? NaN,
  adherence: exams[name]["TaskMaster"].adherence.all.estimate, task: exams[name]["TaskMaster"].task.estimate,
}));
showTable(trials.map(({ name, steps, loss, adherence }) => {
  const { estimate, low, high } = pairedDifference(rightOf("base", bestPrompt), rightOf(name));
  return {
    run: name, updates: steps, rate: `${recipes[name].learningRate}`, "loss on rows in the voice": loss, "adherence, %": 100 * adherence, "task, %": percent(exams[name]["TaskMaster"].task),
    "points over the base": `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`,
  };
}), { decimals: 2, caption: `The base is right in ${percent(exams["base"][bestPrompt].task)} % of its tasks (prompt: ${bestPrompt})` });

// %% [markdown]
// Ask of each line what kind of failure it is. A run with little style has not learned the voice yet: more updates or a
// higher rate. A run with the style and wrong titles has paid for it with what the base could do. The advice with a tenth of
// the rate can be checked, for this model, against its own line. And compare losses only between runs with the same rows: "no
// prompt" and "opening first" are asked here to predict rows in a form that they never saw.
//
// ### Exercise: choose by the rule
//
// Write the rule of section 3 as a function. `baseTask` is the base's task accuracy, a share.

// %%
import { chooseTrialExercise, type PersonaTrial } from "llmops/exercises/65-4";

function chooseTrial(trials: readonly PersonaTrial[], baseTask: number): string | undefined {
  // BEGIN SOLUTION
  const held = trials.filter(({ task }) => task >= baseTask - 0.02);
  return [...held].sort((a, b) => b.adherence - a.adherence || a.steps - b.steps)[0]?.name;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(chooseTrialExercise, chooseTrial);

// %% tags=["measured"]
const kept = trials.filter(({ task }) => task >= exams["base"][bestPrompt].task.estimate - 0.02);
const chosen = [...kept].sort((a, b) => b.adherence - a.adherence || a.steps - b.steps)[0];
writeFileSync("persona-recipe.json", `${JSON.stringify({ chosen: chosen?.name ?? null, trials }, null, 2)}\n`);
console.log(chosen ? `By the rule: ${chosen.name}` : "No run holds the task accuracy: the recipe has to change, not the rule.");
console.log(`Seconds of training: ${names.map((name) => `${name} ${runs[name].result("run.json", TrainingRecord).attempts.reduce((sum, { train_seconds }) => sum + (train_seconds ?? 0), 0).toFixed(0)}`).join(", ")}`);

// %% [markdown]
// Eighty requests leave wide intervals, and each line is one seed (lesson 64.6). Look at the adherence of what the rule took. A run that has
// hardly learned the voice has lost little by it, so the rule can take one that nobody would release. Where it takes none, none of these may
// be released. The capstone wants both: nine in ten replies in the voice, and at most two points lost. It needs one voice and no switch, so
// it starts from "prompt inside", and changes what this lesson held fixed: the number of rows and updates, the rate, and in whose words a
// row says what was done. It has an exam of its own.
//
// **On a T4.** The same rows train Llama-3-8B with `llama3OnT4({ data, chatTemplate: null, epochs: 1 })`. An instruct model
// brings its own manners and its own default system prompt; the exam under three prompts is the same, and the line "base"
// will look different. `colab/65-4-persona-fine-tuning.ipynb` is that run as a notebook.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let the class predict the middle column of section 5 before it runs: most expect that a prompt inside
// the rows makes a switch by itself. The contrast of "prompt inside" and "prompt and neutral" is the lesson. Then hold the
// quoted advice against section 6, and ask which measurement would have been needed to write it.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I want to fine-tune a small chat model on 1,300 replies of a persona. Which learning rate, how many epochs, and should
// > the system prompt be in the training rows?
//
// ### 2. Critical evaluation
//
// Does it ask how the model will be prompted when it is used? Does it give numbers without asking for the base, the method
// and the size? Does it say what happens under *other* prompts?
//
// ### 3. Constraint teaching
//
// > The model has a few million weights, all of which move, a run takes a minute, and I may lose two points of task
// > accuracy. Here are six runs: [paste the tables of sections 5 and 6]. Which two would you do next, and which result
// > of each would change your mind?
//
// ### 4. Refinement
//
// Do one of the two: copy a line of `trialRecipes`, change it, run section 6 again.
//
// ### 5. Final check
//
// > Explain to a colleague why a system prompt that is in every training row is not yet a switch, with my numbers.
//
// Check each number in its explanation against the table.
