// ---
// chapter: 65
// lesson: 6
// title: Multi-Persona Models
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - Persona switching via system prompt
//   - Mixed-persona training
// maps: Advanced persona capabilities
// prerequisites: lessons 65.4 (the prompt inside the rows) and 65.5 (adherence)
// trains: true
// ---

// %% [markdown]
// Three products want three voices: a coach, an analyst, a planner. Three adapters would do, and so would one model that
// changes its voice with the system prompt. You train that one model and then try to confuse it: with the wrong requests,
// with a prompt that it never saw, with half a prompt and with none. At the end you have a table that says what each prompt
// gets, and you know what the model does where you gave it no rule.

// %% [markdown]
// ## 1. One model, four system prompts
//
// **Persona switching via system prompt** costs nothing when the model is used: one set of weights, one cache, and the prompt
// says who speaks. Three adapters over one base can be loaded side by side too; they cannot leak into each other, and each
// has to be trained, measured and kept.
//
// The fourth prompt is the plain assistant's. It keeps a way back.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { confirmFirstIn, readPersona, readPersonaRows, replyOf } from "llmops/persona";

const IDS = ["taskmaster", "taskanalyst", "taskplanner", "neutral"];
const personas = IDS.map((id) => readPersona(id));
showTable(personas.map(({ id, name, system, traits }) => ({ id, name, "system prompt": system, traits: traits.map((trait) => trait.id).join(", ") })));

// %% [markdown]
// ## 2. What must be in the mixture
//
// **Mixed-persona training** puts the rows of all of them into one set. Why a model should then look at the prompt at all is
// the question on which everything depends.
//
// ### Exercise: choose a mixture
//
// Five ways to build the set. In which of them does the model learn to switch by the prompt?

// %%
import { MIXTURES, mixtureExercise, type Mixture } from "llmops/exercises/65-6";

console.log(Object.entries(MIXTURES).map(([name, { says }]) => `${name}: ${says}`).join("\n"));

let mixture: Mixture | undefined;
// BEGIN SOLUTION
mixture = "prompt and voice";
// STUB
// // mixture = "…";
// END SOLUTION
await check(mixtureExercise, mixture);

// %% [markdown]
// Look whether our data is built so. If requests gave the voice away, one persona would have another share of deletions than
// the next, or other words:

// %%
import { wordsOf } from "llmops/evaluate";

const train = IDS.map((id) => readPersonaRows("train", id));
showTable(train.map((rows, at) => ({
  persona: IDS[at], rows: rows.length,
  ...Object.fromEntries(["create_task", "update_task", "complete_task", "delete_task", "list_tasks"].map((name) => [`${name}, %`, (100 * rows.filter(({ call }) => call?.name === name).length) / rows.length])),
  "words in a request": rows.reduce((sum, { messages }) => sum + wordsOf(messages[1].content).length, 0) / rows.length,
})), { decimals: 1 });

// %% [markdown]
// ## 3. Train once
//
// All rows, mixed by the trainer's shuffling, so that every update sees several voices. Each persona gets a quarter of the
// updates, and all weights of the tiny model move, as in lesson 65.4. TaskMaster's rows have the confirmation in front, the order
// that 65.4 tried.

// %% tags=["measured"]
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch, openRuntime, runtimeDoor, startRuntime, tasklingFolder, watchRun } from "llmops/pair";
import { tasklingRecipe, trainingJob } from "llmops/train";

const STEPS = 540;
const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
await startRuntime(runtime);
const ordered = train.flat().map(({ persona, messages }) => (persona === "taskmaster" ? confirmFirstIn(messages) : messages));
writeFileSync("personas.jsonl", ordered.map((messages) => `${JSON.stringify({ messages })}\n`).join(""));
const recipe = tasklingRecipe({ data: { train: resolve("personas.jsonl") }, steps: STEPS, method: "full", learningRate: 1e-3, exports: ["merged"] });
const run = await watchRun(await launch(trainingJob(recipe, { name: "four-voices" }), runtime));
await run.fetch();
const tuned = join(run.folder, "artifacts", "merged");

// %% [markdown]
// ## 4. The confusion table
//
// The same held-out requests go to the model under each of the four prompts. Who answered is decided by the marks alone: the
// persona whose traits all show. "neutral" is a plain reply, in which no other voice shows fully; "none" is a reply that is
// not even that, and "several" one that would pass for more than one.

// %% tags=["measured"]
import { answerPrompts, confusionOf, examinePersona, personaRecogniser } from "llmops/evaluate";
import { personaPrompt, repeatedOf } from "llmops/persona";

const EACH = 50;
const exam = readPersonaRows("test", "taskmaster").slice(0, EACH); // the requests; the prompt is put in below
const recognise = personaRecogniser(personas);
const requestsUnder = (system: string | undefined) => exam.map((row) => {
  const user = personaPrompt(row).messages.filter(({ role }) => role === "user");
  return { messages: system === undefined ? user : [{ role: "system" as const, content: system }, ...user] };
});
const STRANGE: Record<string, string | undefined> = {
  "no prompt": undefined,
  "a stranger": "You are TaskPoet, who answers in gentle verse.",
  "the coach's name alone": "You are TaskMaster.",
  "the analyst's name alone": "You are TaskAnalyst.",
  "the coach's description alone": "You are an encouraging productivity coach.",
  "two at once": `${personas[0].system} ${personas[1].system}`,
};
const prompts = [...personas.map(({ system }) => system), ...Object.values(STRANGE)];
const { answers } = await answerPrompts(runtime, { model: tuned, prompts: prompts.flatMap(requestsUnder), batch: EACH });
const answersTo = (at: number) => answers.slice(at * EACH, (at + 1) * EACH);
const recognisedIn = (replies: readonly string[]) => replies.map((reply, at) => recognise(reply, repeatedOf(exam[at])));
const table = confusionOf(IDS, IDS.flatMap((asked, at) => recognisedIn(answersTo(at)).map((recognised) => ({ asked, recognised }))));
const percent = (share: { estimate: number; low: number; high: number }) => `${(100 * share.estimate).toFixed(0)} (${(100 * share.low).toFixed(0)} to ${(100 * share.high).toFixed(0)})`;
showTable(table.map(({ asked, recognised, own, leaked }) => ({ "asked for": asked, ...recognised, "own, %": percent(own), "leaked, %": percent(leaked) })), { caption: `${EACH} requests under each prompt; shares with 95% intervals` });
console.log(`${exam[1].messages[1].content}\n${IDS.map((id, at) => `  ${id}: ${answersTo(at)[1].trim()}`).join("\n")}`);

// %% tags=["measured", "folded"]
const columns = [...IDS, "several", "none"];
const cells = table.flatMap(({ asked, of, recognised }) => columns.map((column) => ({ asked, column, share: (100 * (recognised[column] ?? 0)) / of })));
await showChart(
  {
    title: "Asked for (down) and recognised (across), % of a line",
    width: 540, height: 200,
    data: { values: cells },
    encoding: { x: { field: "column", type: "nominal", title: "recognised", sort: columns, axis: { labelAngle: 0, grid: false } }, y: { field: "asked", type: "nominal", title: "asked for", sort: IDS, axis: { grid: false } } },
    layer: [
      { mark: "rect", encoding: { color: { field: "share", type: "quantitative", scale: { scheme: "blues", domain: [0, 100] }, legend: null } } },
      { mark: { type: "text" }, encoding: { text: { field: "share", type: "quantitative", format: ".0f" }, color: { condition: { test: "datum.share > 55", value: "white" }, value: "black" } } },
    ],
  },
  table.map(({ asked, of, recognised }) => `Asked for ${asked}: ${columns.map((column) => `${column} ${((100 * (recognised[column] ?? 0)) / of).toFixed(0)} %`).join(", ")}`).join("; "),
);

// %% [markdown]
// ### Exercise: read a line
//
// Two figures say how well a prompt works: how often it got its own voice, and how often another's, which is **leakage**.
// Write both for one persona, as shares from 0 to 1 of all replies to its prompt. `table[asked][recognised]` is a count; among
// the recognised are "none" and "several", which are nobody's voice.

// %%
import { switchingExercise, type ConfusionTable, type Switching } from "llmops/exercises/65-6";

function readSwitching(table: ConfusionTable, persona: string): Switching {
  // BEGIN SOLUTION
  const line = table[persona];
  const all = Object.values(line).reduce((sum, count) => sum + count, 0);
  const others = Object.keys(table).filter((name) => name !== persona).reduce((sum, name) => sum + (line[name] ?? 0), 0);
  return { own: line[persona] / all, leaked: others / all };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(switchingExercise, readSwitching);

// %% [markdown]
// ## 5. Single traits leak first
//
// A reply need not change its speaker to be spoilt. One trait of another voice is enough: an exclamation mark in an analyst's
// report, a question at the end of the coach's. So ask of each prompt's replies how often they show each trait of *every*
// persona. The data's own replies stand beside, because some traits are shared: a plan has steps, and a coach's next step
// reads like one.

// %% tags=["measured"]
const traitShares = (replies: readonly string[], id: string) => examinePersona(readPersona(id), exam, replies).adherence.traits;
const owners = IDS.slice(0, 3);
const lines = owners.flatMap((owner) => Object.keys(traitShares(answersTo(0), owner)).map((trait) => {
  const shown = owners.map((asked): [string, string] => {
    const model = traitShares(answersTo(IDS.indexOf(asked)), owner)[trait].estimate;
    const rows = readPersonaRows("test", asked).slice(0, EACH);
    const data = examinePersona(readPersona(owner), rows, rows.map(replyOf)).adherence.traits[trait].estimate;
    return [`asked: ${asked}`, `${(100 * model).toFixed(0)} (data ${(100 * data).toFixed(0)})`];
  });
  return { "trait of": owner, trait, ...Object.fromEntries(shown) };
}));
showTable(lines, { caption: "Replies that show a trait, %, and in brackets the same in the data" });

// %% [markdown]
// Leakage is where the model's number is clearly above the data's, in a column that is not the owner's. Before you call it so,
// read replies: a small model draws from fewer phrases than the data have, and where its favourite one bears a mark of another
// voice ("Next step: pick one" counts a step and a number), the share rises without anybody else speaking. Where both numbers
// are high, the personas share the trait, and no training will part them: change the specifications, if it matters. A plain
// reply under a persona's prompt is no leak of this kind: the voice is weak there.
//
// ## 6. Prompts without a rule
//
// Now what nobody trained: no prompt, a stranger, half of a prompt, two at once. There is no right answer in this table. It
// is what your users will get when somebody edits a prompt.

// %% tags=["measured"]
showTable(Object.keys(STRANGE).map((prompt, at) => {
  const replies = answersTo(IDS.length + at), found = recognisedIn(replies);
  return {
    prompt, ...Object.fromEntries(columns.map((column) => [column, found.filter((one) => one === column).length])),
    "task right, %": percent(examinePersona(personas[3], exam, replies).task),
  };
}), { caption: `Recognised, of ${EACH} requests each` });
console.log(`To "${exam[1].messages[1].content}" the stranger says: ${answersTo(IDS.length + 1)[1].trim()}`);

// %% [markdown]
// Three questions to the table:
//
// - **Does the stranger get a verse?** A model of this size has no poems to draw on. It takes one of the voices that it
//   knows, and which one is decided by the words of the prompt that it has seen before. So an unknown persona fails silently:
//   fluent, confident, and somebody else. A program that lets users name the persona must refuse names that are not in its
//   list.
// - **Name or description?** A voice that also comes to strangers says nothing of names: it is what the model falls back on.
//   So look at the name of the other one. If it brings the analyst, the model keys on the name; if it brings the voice that
//   the stranger gets, the name alone is not read. Before you change a word of a prompt in production, measure.
// - **Is the task still right?** The last column belongs to every experiment with prompts.
//
// ## 7. Does a voice cost accuracy?
//
// The same requests, so the comparison is paired. The base is asked with no prompt and with the neutral one, and taken at its
// better.

// %% tags=["measured"]
import { pairedDifference } from "llmops/evaluate";

const baseAnswers = (await answerPrompts(runtime, { model: tasklingFolder(), prompts: [...requestsUnder(undefined), ...requestsUnder(personas[3].system)], batch: EACH })).answers;
const rightOf = (replies: readonly string[]) => examinePersona(personas[3], exam, replies).replies.flatMap(({ right }) => (right === null ? [] : [right]));
const hits = (verdicts: readonly boolean[]) => verdicts.filter(Boolean).length;
const [bare, plain] = [rightOf(baseAnswers.slice(0, EACH)), rightOf(baseAnswers.slice(EACH))];
const base = hits(bare) >= hits(plain) ? bare : plain;
showTable(IDS.map((persona, at) => {
  const mine = rightOf(answersTo(at)), { estimate, low, high } = pairedDifference(base, mine);
  return { persona, "task right, %": (100 * hits(mine)) / mine.length, "base, %": (100 * hits(base)) / base.length, "points over the base": `${(100 * estimate).toFixed(0)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})` };
}), { decimals: 0 });

// %% [markdown]
// Two causes to keep apart. A mixed model divides its updates: a persona may be weaker here than in a run of its own, because
// it had a quarter of the rows. And the voices differ in their order: TaskMaster's rows confirm first, the analyst's begin
// with a record, and the planner's open with their frame, before anything is said of the task. Hold the column against that
// (lesson 65.4, section 6), and put the planner's rows into the other order if you want to know. The intervals of fifty
// requests are wide; they are enough to see leakage, not to sign a contract.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 6 is the one to discuss: have teams write a sixth prompt each and bet on what it gets.
// Students expect an error for the unknown persona. If time is short, run section 3 before class; the run is kept, and
// the model lies in the run's folder.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > My product needs four assistant voices on one small model. Should I train one model that switches by system prompt, or
// > four LoRA adapters?
//
// ### 2. Critical evaluation
//
// Does it ask how different the voices are, and what a wrong voice costs? Does it know that adapters cannot leak into each
// other? Does it mention what happens under a prompt that was never trained?
//
// ### 3. Constraint teaching
//
// > Here is my confusion table and the one for strange prompts: [paste sections 4 and 6]. Requests are 8 a second, memory
// > holds one base and its adapters. Which voice would you take out of the mixture, if any, and which figure decides it?
//
// ### 4. Refinement
//
// > Write 20 rows that teach the model to answer as the plain assistant under any prompt that it does not know.
//
// Add them a few times over to `personas.jsonl`, train again, and compare section 6. Did the four known prompts suffer?
//
// ### 5. Final check
//
// > Which question about switching do my two tables leave open that a user will meet in the first week?
//
// Measure it: another prompt in `STRANGE`, or a second turn after the persona has changed.
