// ---
// chapter: 65
// lesson: 7
// title: Capstone — TaskMaster Persona Bot
// layer: Layer 4 (Spec-Driven Capstone)
// minutes: 75
// concepts: []
// maps: User Story 1, SC-007
// prerequisites: lessons 65.4 to 65.6, lesson 64.8 (export)
// trains: true
// ---

// %% [markdown]
// You build TaskMaster: an assistant that confirms tasks in the voice of an encouraging coach, and gets them as right as it
// did before it had a voice. The spec comes first, with a figure for each wish. Then you train, examine on requests that no
// row ever had, and let intervals decide what you may claim. At the end there is a file that runs without Python, and a card
// that says where it fails.

// %% [markdown]
// ## 1. The spec
//
// "Comparable to a large model with a persona prompt" stood in the first plan of this course. Comparable how, and judged by
// whom? Below it is a criterion that can fail: before a judge who sees each pair in both orders, the bot's replies hold their
// own against the teacher's. And "keeps its accuracy" becomes a limit for a paired difference.

// %%
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { readPersona, readPersonaRows, replyOf, requestOf } from "llmops/persona";

const persona = readPersona("taskmaster");
const spec = {
  intent: "confirm tasks in TaskMaster's voice, truthfully",
  adherence: { atLeast: 0.9, of: "held-out requests, all traits, nothing broken" },
  task: { mostPointsLost: 2, over: "the base at its best prompt, same requests" },
  edges: { atLeast: 0.8, of: "thanks, unclear, outside and upset requests that keep the voice" },
  teacher: { atLeast: 0.45, mostChanged: 0.25, of: "pairs with the teacher's reply, wins and half of the ties; few verdicts that change with the order" },
  training: { mostSeconds: 600 },
  deployed: { atLeast: 0.9, mostPointsLost: 2, of: "adherence of the packed file, by llama.cpp, and its task accuracy against the unpacked model" },
};
mkdirSync("taskmaster", { recursive: true });
writeFileSync("taskmaster/spec.json", `${JSON.stringify(spec, null, 2)}\n`);
showTable(Object.entries(spec).flatMap(([what, limit]) => (typeof limit === "string" ? [] : [{ what, limit: Object.entries(limit).map(([name, value]) => `${name}: ${value}`).join("; ") }])));

// %% [markdown]
// ### Exercise: what is adherence?
//
// Before there are results, fix what counts. A reply adheres when every trait shows, no prohibition is broken and it is not
// too long. Write the share.

// %%
import { adherenceRateExercise, type ScoredReply } from "llmops/exercises/65-7";

function adherenceRate(replies: readonly ScoredReply[]): number {
  // BEGIN SOLUTION
  return replies.filter(({ traits, broken, tooLong }) => Object.values(traits).every(Boolean) && broken.length === 0 && !tooLong).length / replies.length;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(adherenceRateExercise, adherenceRate);

// %% [markdown]
// ## 2. The exam, and proof that it is one
//
// The test rows were split by title and phrasing before anything was written. Check it, do not believe it: no request, and no
// title, of the exam may stand in a row to train on.

// %%
const exam = readPersonaRows("test", persona.id);
const known = readPersonaRows("train");
const titlesOf = (rows: typeof exam) => new Set(rows.flatMap(({ call }) => (call?.parameters["title"] ? [call.parameters["title"].toLowerCase()] : [])));
const seen = { requests: new Set(known.map(requestOf)), titles: titlesOf(known) };
showTable([{
  "rows of the exam": exam.length, "with a call": exam.filter(({ call }) => call).length, "requests also in train": exam.filter((row) => seen.requests.has(requestOf(row))).length,
  "titles also in train": [...titlesOf(exam)].filter((title) => seen.titles.has(title)).length,
}]);

// %% [markdown]
// ## 3. Before: the base, prompted
//
// What does a prompt alone get? The base answers the exam with no prompt, with the neutral one and with TaskMaster's. Its
// best task accuracy is the one to hold.

// %% tags=["measured"]
import { answerPrompts, examinePersona, type PersonaExam } from "llmops/evaluate";
import { openRuntime, runtimeDoor, startRuntime, tasklingFolder } from "llmops/pair";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
const asked = (system: string | undefined) => exam.map((row) => {
  const user = row.messages.filter(({ role }) => role === "user");
  return { messages: system === undefined ? user : [{ role: "system" as const, content: system }, ...user] };
});
const PROMPTS: Record<string, string | undefined> = { none: undefined, neutral: readPersona("neutral").system, TaskMaster: persona.system };
const { answers: said } = await answerPrompts(runtime, { model: tasklingFolder(), prompts: Object.values(PROMPTS).flatMap(asked) });
const before = Object.fromEntries(Object.keys(PROMPTS).map((prompt, at) => [prompt, examinePersona(persona, exam, said.slice(at * exam.length, (at + 1) * exam.length))]));
const best = Object.keys(before).reduce((one, other) => (before[other].task.hits > before[one].task.hits ? other : one));
const range = ({ estimate, low, high }: { estimate: number; low: number; high: number }) => `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
showTable(Object.entries(before).map(([prompt, { adherence, task }]) => ({ "base, prompt": prompt, "adherence, %": range(adherence.all), "task right, %": range(task) })), { caption: `The accuracy to hold: prompt ${best}` });

// %% [markdown]
// ## 4. More rows, the recipe, and whether it fits
//
// TaskMaster has rows of its own, and the other personas have requests that it never answered. Have the teacher answer them,
// and keep what passes the checks of lesson 65.3: four times the titles and phrasings to learn from. Each row is seen twice.

// %% tags=["measured"]
import { confirmFirstIn, generateReplies, inOwnWords, personaPrompt, personaRow, validateReplies } from "llmops/persona";
import { openTeacher } from "llmops/teacher";

const teacher = await openTeacher({ budgetUsd: 0.4 });
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });
const unanswered = known.filter((row) => row.persona !== persona.id).map((row) => ({ request: requestOf(row), situation: row.situation, call: row.call }));
const { replies: written, failures } = await generateReplies(teacher, persona, unanswered, { seed: 657 });
const { kept, rejected } = validateReplies(persona, written);
const rows = [...known.filter((row) => row.persona === persona.id), ...kept.map((reply) => personaRow(persona, reply))];
const steps = [...new Set(rejected.map(({ step }) => step))];
console.log(`${unanswered.length} requests, ${failures.length} questions failed, ${kept.length} replies kept; rejected: ${steps.map((step) => `${step} ${rejected.filter((one) => one.step === step).length}`).join(", ")}`);
console.log(`${rows.length} rows, $${teacher.meter.spent.toFixed(2)}`);

// %% [markdown]
// A row teaches two things: the voice, which the base lacks, and what was done, which the base can say. If the row says the second
// in other words than the base would, training moves the weights for both, and some of what the base could tell apart is lost. With
// these rows in the teacher's words, every run of an earlier taskling lost three to four and a half points of task accuracy, at rates
// of 0.001, 0.0004 and 0.0002 and with a LoRA (our runs, 2026-11-22).
//
// So let the model write the part that it can. The base answers each request under TaskMaster's prompt; where what it says is
// true, the row keeps it and has the teacher's praise and next step behind it. All other rows keep the teacher's words, with the
// confirmation in front. This is self-distillation (Yang et al. 2024, https://arxiv.org/abs/2402.13669), for one part of a reply.
//
// It keeps the base's faults with its knowledge. Asked for a list, the base names tasks that it made up, and the bot will go on
// doing so: what is on the list only the Task API can say. The card has to tell.

// %% tags=["measured"]
const own = await answerPrompts(runtime, { model: tasklingFolder(), prompts: rows.map(personaPrompt) });
const inTeachersWords = rows.map(({ messages }) => confirmFirstIn(messages));
const conversations = rows.map((row, at) => inOwnWords(persona, row, own.answers[at]) ?? inTeachersWords[at]);
const inOwn = rows.flatMap((_, at) => (conversations[at] === inTeachersWords[at] ? [] : [at]));
console.log(`${inOwn.length} of ${rows.length} rows confirm in the model's own words`);
for (const at of inOwn.slice(0, 2)) console.log(`${requestOf(rows[at])}\n  teacher:   ${replyOf(rows[at])}\n  to train:  ${replyOf({ messages: conversations[at] })}`);

// %% [markdown]
// The rate counts as well: at 0.001, an earlier form of these rows cost that earlier taskling as much as the teacher's words did (our
// runs, 2026-11-22). The words are taskling's own, so Llama's recipe gets the teacher's: for a distillation of its own it would have to
// answer first.

// %%
import { GIB } from "llmops/compute";
import { llama3OnT4, planRecipe, shapeOfBase, targetOf, tasklingRecipe, trainingJob } from "llmops/train";

const write = (name: string, list: typeof conversations) => {
  writeFileSync(`taskmaster/${name}`, list.map((messages) => `${JSON.stringify({ messages })}\n`).join(""));
  return { train: resolve(`taskmaster/${name}`) };
};
// The preset's rate for all weights, 0.0003: a third of what lesson 65.4 took for a few hundred updates.
const recipe = tasklingRecipe({ data: write("train.jsonl", conversations), epochs: 2, method: "full", exports: ["merged"], groupByLength: true });
const t4 = llama3OnT4({ data: write("train-teacher.jsonl", inTeachersWords), chatTemplate: null, epochs: 2 });
showTable([recipe, t4].map((one) => {
  const target = one === t4 ? targetOf("t4") : targetOf({ memoryBytes: machine?.memory_bytes ?? 8 * GIB });
  const { memory, verdict } = planRecipe(one, shapeOfBase(one), target, one === t4 ? 256 : undefined);
  return { base: one === t4 ? one.base : "taskling", rows: rows.length, epochs: one.epochs, "peak, GiB": memory.peakBytes / GIB, verdict: verdict.fits ? "fits" : "does not fit" };
}), { decimals: 3, caption: "Planned, on this machine and on a T4 (rows of 256 tokens)" });

// %% tags=["measured"]
import { launch, watchRun } from "llmops/pair";
import { TrainingRecord } from "llmops/train";

const run = await watchRun(await launch(trainingJob(recipe, { name: "taskmaster" }), runtime));
await run.fetch();
const record = run.result("run.json", TrainingRecord);
const trainedFor = record.attempts.reduce((sum, { train_seconds }) => sum + (train_seconds ?? 0), 0);
const merged = join(run.folder, "artifacts", "merged");
console.log(`${trainedFor.toFixed(0)} s of training, ${record.parameters.trainable} of ${record.parameters.total} weights moved`);

// %% [markdown]
// ## 5. The exam
//
// All requests once, greedily. No reply is mended before it is scored.

// %% tags=["measured"]
const { answers } = await answerPrompts(runtime, { model: merged, prompts: asked(persona.system) });
const tuned = examinePersona(persona, exam, answers);
const edges = tuned.replies.filter(({ row }) => row.situation !== "task");
showTable([
  ...Object.entries(tuned.adherence.traits).map(([trait, share]) => ({ figure: `trait: ${trait}`, "share, %": range(share), of: share.of })),
  { figure: "nothing broken, not too long", "share, %": range(tuned.adherence.kept), of: tuned.of },
  { figure: "adheres: all of it", "share, %": range(tuned.adherence.all), of: tuned.of },
  { figure: "task right", "share, %": range(tuned.task), of: tuned.task.of },
], { caption: "The tuned model, shares with 95% intervals" });
for (const at of [0, 7, exam.findIndex(({ situation }) => situation === "upset")]) console.log(`${requestOf(exam[at])}\n  base:  ${before[best].replies[at].reply.trim()}\n  tuned: ${answers[at].trim()}`);

// %% [markdown]
// ### Exercise: was the accuracy held?
//
// "No significant difference" is not "no difference". Write the verdict from what both models had right on the same requests.
// `pairedDifference` of `llmops/evaluate` gives tuned minus base as a share, with its interval.

// %%
import { taskHeldExercise, type Verdict } from "llmops/exercises/65-7";
import { pairedDifference } from "llmops/evaluate";

function taskHeld(base: readonly boolean[], tuned: readonly boolean[], points: number): Verdict {
  // BEGIN SOLUTION
  const { low, high } = pairedDifference(base, tuned);
  return low >= -points / 100 ? "shown" : high < -points / 100 ? "failed" : "not shown";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(taskHeldExercise, taskHeld);

// %% [markdown]
// ## 6. Against the teacher
//
// The exam's rows have the teacher's own replies. A judge compares them with the bot's, each pair in both orders; a win must
// hold in both. A judge whose verdicts change with the order cannot tell the two apart, and then a row of ties proves nothing:
// the spec asks for both. Behind this door the judge is the simulator unless you opened another: it stands for the protocol,
// not for taste.

// %% tags=["measured"]
import { comparePairs } from "llmops/evaluate";

const spent = teacher.meter.spent;
const compared = exam.slice(0, 90).map((row, at) => ({ request: requestOf(row), first: answers[at], second: replyOf(row) }));
const preference = await comparePairs(teacher, persona.traits, compared);
const { wins: { A: bot, B: theirs, tie } } = preference;
const holdsItsOwn = (bot + tie / 2) / preference.verdicts.length;
showTable([{ pairs: preference.verdicts.length, "bot better": bot, "teacher better": theirs, tie, "changed with the order": preference.changed.hits, "sign test, p": preference.p, "cost, $": teacher.meter.spent - spent }], { decimals: 3 });

// %% [markdown]
// ## 7. Pack it, and examine the package
//
// What is deployed is not what was trained. Export the run as lesson 64.8 did, open the packed file with llama.cpp, and give
// it a part of the exam. Its voice has the same limit, and its task accuracy is held against the unpacked model's on the same
// requests.

// %% tags=["measured"]
import { exportModel, openChat } from "llmops/serve";

const { made } = await exportModel(run.id, { to: ["gguf-q8_0", "modelfile"], out: join(run.folder, "exports"), name: "taskmaster" });
const packed = made["gguf-q8_0"]?.path ?? "";
const chat = await openChat(packed);
const inPart = (_: unknown, at: number) => at % 4 === 0; // llama.cpp answers one request at a time here
const part = exam.filter(inPart);
const packedReplies: string[] = [];
for (const row of part) packedReplies.push((await chat.reply([{ role: "system", content: persona.system }, { role: "user", content: requestOf(row) }], { limit: 80 })).text);
await chat.close();
const deployed = examinePersona(persona, part, packedReplies);
const sameText = part.filter((row, at) => packedReplies[at].trim() === answers[exam.indexOf(row)].trim()).length;
console.log(`${chat.by}, ${((made["gguf-q8_0"]?.bytes ?? 0) / 1e6).toFixed(1)} MB: ${sameText} of ${part.length} replies word for word as before packing`);

// %% [markdown]
// ## 8. The verdict
//
// Two columns, as in lesson 64.9: whether the figure was reached, and what the interval lets you claim.

// %% tags=["measured"]
import { bootstrap, judgeInterval } from "llmops/evaluate";
import { wilson } from "llmops/teacher";

const rightOf = ({ replies }: PersonaExam) => replies.flatMap(({ right }) => (right === null ? [] : [right]));
const difference = pairedDifference(rightOf(before[best]), rightOf(tuned));
const voiceAtEdges = wilson(edges.filter(({ score }) => score.adheres).length, edges.length);
const points = preference.verdicts.map(({ winner }): number => (winner === "A" ? 1 : winner === "tie" ? 0.5 : 0));
const versusTeacher = bootstrap(points, (drawn) => drawn.reduce((sum, point) => sum + point, 0) / drawn.length);
const unpacked = { ...tuned, replies: tuned.replies.filter(inPart) };
const byPacking = pairedDifference(rightOf(unpacked), rightOf(deployed));
interface Criterion {
  criterion: string;
  wanted: string;
  share: { estimate: number; low: number; high: number };
  limit: number;
  /** Why the share decides nothing, where it does not. */
  undecided?: string;
}
const { changed } = preference;
const criteria: Criterion[] = [
  { criterion: "adherence", wanted: `at least ${100 * spec.adherence.atLeast} %`, share: tuned.adherence.all, limit: spec.adherence.atLeast },
  { criterion: "task accuracy against the base, points", wanted: `at most ${spec.task.mostPointsLost} lost`, share: difference, limit: -spec.task.mostPointsLost / 100 },
  { criterion: "adherence at the edges", wanted: `at least ${100 * spec.edges.atLeast} %`, share: voiceAtEdges, limit: spec.edges.atLeast },
  { criterion: "against the teacher", wanted: `at least ${100 * spec.teacher.atLeast} %`, share: versusTeacher, limit: spec.teacher.atLeast, ...(changed.estimate > spec.teacher.mostChanged && { undecided: `${(100 * changed.estimate).toFixed(0)} % changed with the order` }) },
  { criterion: "adherence of the packed file", wanted: `at least ${100 * spec.deployed.atLeast} %`, share: deployed.adherence.all, limit: spec.deployed.atLeast },
  { criterion: "task accuracy, packed against unpacked, points", wanted: `at most ${spec.deployed.mostPointsLost} lost`, share: byPacking, limit: -spec.deployed.mostPointsLost / 100 },
];
const verdicts = [
  ...criteria.map(({ criterion, wanted, share, limit, undecided }) => ({
    criterion, wanted, "found (95% interval)": undecided ? `${range(share)}; ${undecided}` : range(share),
    verdict: share.estimate >= limit && !undecided ? "reached" : "NOT REACHED", "the interval says": undecided ? "not shown" : judgeInterval(share, limit),
  })),
  { criterion: "seconds of training", wanted: `at most ${spec.training.mostSeconds}`, "found (95% interval)": trainedFor.toFixed(0), verdict: trainedFor <= spec.training.mostSeconds ? "reached" : "NOT REACHED", "the interval says": "" },
];
showTable(verdicts, { caption: `TaskMaster against its spec: ${verdicts.filter(({ verdict }) => verdict === "reached").length} of ${verdicts.length} reached` });

// %% tags=["measured", "folded"]
const bars = [
  ...[...new Set([best, "TaskMaster"])].flatMap((prompt) => [
    { model: `base (${prompt})`, figure: "adheres", ...before[prompt].adherence.all }, { model: `base (${prompt})`, figure: "task right", ...before[prompt].task },
  ]),
  { model: "tuned", figure: "adheres", ...tuned.adherence.all }, { model: "tuned", figure: "task right", ...tuned.task },
  { model: "packed", figure: "adheres", ...deployed.adherence.all }, { model: "packed", figure: "task right", ...deployed.task },
];
await showChart(
  {
    title: "Style and knowledge, before and after",
    data: { values: bars.map(({ model, figure, estimate, low, high }) => ({ model, figure, share: 100 * estimate, low: 100 * low, high: 100 * high })) },
    encoding: { y: { field: "model", type: "nominal", title: null, sort: null }, yOffset: { field: "figure" } },
    layer: [
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: { field: "share", type: "quantitative", title: "%", scale: { domain: [0, 100] } }, color: { field: "figure", title: null } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  },
  bars.map(({ model, figure, estimate, low, high }) => `${model}, ${figure}: ${(100 * estimate).toFixed(0)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`).join("; "),
);

// %% [markdown]
// In the last column, "shown" and "failed" mean that the whole interval lies on one side of the limit. "Not shown" is no failure
// and no success: the exam was too short, the figure too near its limit, or the judge undecided. Claim what is shown. And weigh
// the lines: the second is the one that this chapter is about. A voice that costs what the model could do is not to be released,
// whatever the other lines say.
//
// One run is one seed, and one exam. With seeds 65 and 66 this recipe lost 1.3 and 2.7 points here, so not every seed keeps to two. And
// its authors compared recipes on this very exam, with an earlier taskling, which flatters the one they kept: on the 120 wishes of the
// validation rows, the three seeds lost 0.8, 1.7 and 1.7 points (our runs, 2026-11-23). About one and a half is what you may expect;
// "shown" it is not.
//
// ## 9. What it gets wrong
//
// Style and content can fail apart from each other, and need different remedies. Read some of both.

// %% tags=["measured"]
import { truthFaults } from "llmops/persona";

const wrongTask = tuned.replies.filter(({ right }) => right === false), offVoice = tuned.replies.filter(({ score }) => !score.adheres);
const baseRight = new Map(before[best].replies.map(({ row, right }) => [row.id, right]));
showTable([
  { fault: "the wrong operation or title", replies: wrongTask.length, "of them right in the base": wrongTask.filter(({ row }) => baseRight.get(row.id)).length },
  { fault: "the voice is missing or broken", replies: offVoice.length, "of them right in the base": offVoice.filter(({ row }) => baseRight.get(row.id)).length },
  { fault: "both", replies: wrongTask.filter(({ score }) => !score.adheres).length, "of them right in the base": wrongTask.filter(({ row, score }) => !score.adheres && baseRight.get(row.id)).length },
]);
for (const { row, reply } of wrongTask.slice(0, 4)) console.log(`${requestOf(row)}\n  wanted: ${row.call?.name}\n  ${reply.trim()}\n  faults: ${row.call ? truthFaults(reply, row.call).join(", ") : ""}\n`);
for (const { row, reply, score } of offVoice.slice(0, 3)) console.log(`${requestOf(row)}\n  ${reply.trim()}\n  missing: ${Object.keys(score.traits).filter((trait) => !score.traits[trait]).join(", ") || "nothing"}; broken: ${[...score.broken, ...(score.tooLong ? ["too long"] : [])].join(", ") || "nothing"}\n`);

// %% [markdown]
// Two remedies again. A missing voice asks for more updates; a wrong operation or title asks for more ways to say the same
// thing. And ask whether the base had it right: only that part of the table is what the voice has cost.
//
// ## 10. Deliver
//
// The card is what the next engineer reads. It has what was measured, on what, and what was not tried. A model that misses a line
// of its spec is handed over as a candidate, never as a release.

// %% tags=["measured"]
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";

cpSync(merged, "taskmaster/model", { recursive: true });
cpSync(packed, "taskmaster/taskmaster-q8_0.gguf");
cpSync(made.modelfile?.path ?? "", "taskmaster/Modelfile");
writeFileSync("taskmaster/result.json", `${JSON.stringify({ spec, verdicts, run: run.id }, null, 2)}\n`);
const failed = verdicts.filter(({ verdict }) => verdict !== "reached");
writeFileSync("taskmaster/README.md", [
  failed.length ? "# TaskMaster 1.0, candidate: not released" : "# TaskMaster 1.0", "", `For: ${spec.intent}. English only, one wish at a time.`, "", `System prompt, to be sent with every request: \`${persona.system}\``, "",
  `Base: taskling. All weights trained, ${record.steps} updates of ${recipe.batch} rows; data SHA-256 ${record.data.train.sha256.slice(0, 16)}…; seed ${recipe.seed}.`, "",
  "## Measured", "", ...verdicts.map((line) => `- ${line.criterion}: ${line["found (95% interval)"]} (wanted ${line.wanted}): ${line.verdict}${line["the interval says"] && `, ${line["the interval says"]}`}`), "",
  "## Not reached", "", ...(failed.length ? failed.map(({ criterion }) => `- ${criterion}`) : ["Nothing of the spec."]), "",
  "## Limits", "", `- The voice was measured by marks and by ${teacher.door.kind === "simulator" ? "a simulated judge" : `${teacher.door.model} as judge`}, not by people (lesson 65.5 has the forms).`,
  "- It gets the request alone and guesses what was wanted; it sees no call and makes none. Hold its words against the call that was made.", "- Asked for a list, it names tasks that it made up, as its base does: show the list of the Task API instead.", "- Several wishes in one request, other languages, and longer conversations were not tested.", "- Ollama itself was not tried; the file was opened by llama.cpp.", "",
].join("\n"));
await teacher.close();
showTable(readdirSync("taskmaster", { recursive: true, encoding: "utf8" }).filter((name) => statSync(join("taskmaster", name)).isFile()).sort().map((file) => ({ file, bytes: statSync(join("taskmaster", file)).size })));
console.log(readFileSync("taskmaster/README.md", "utf8").split("\n").slice(0, 16).join("\n"));

// %% [markdown]
// The bot is a voice, not an agent: chapter 66 gives it hands. To use it where Ollama is installed: `cd taskmaster && ollama
// create taskmaster -f Modelfile`, with the path of the GGUF set in the Modelfile's first line. For Llama-3-8B, run this
// notebook with `LLMOPS_RUNTIME=hand-off npm start` and `t4` in place of `recipe` in section 4. Exam and judge stay as they are;
// the base of section 3, the export in the exam (an adapter on that base) and the card's line "Base" do not.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Have the spec signed before section 3. The argument of this lesson is the row "task accuracy against
// the base" and its last column: most students call a drop inside the interval "no loss". If criteria fail, do not hide it;
// let teams propose the one change that they would pay for, and say which line of section 9 it is meant to cure. A second run
// of the recipe on `taskmaster/train-teacher.jsonl` takes five minutes more and shows what section 4 claims.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here are the spec of my persona bot and its results: [paste the tables of sections 1 and 8]. What would you change first?
//
// ### 2. Critical evaluation
//
// Does it separate what failed from what was not shown? Does it propose to lower a threshold after the fact? Does it keep
// style and accuracy apart?
//
// ### 3. Constraint teaching
//
// > Training may take ten minutes on one core, the base has a few million weights, and I can write 100 rows by hand. Here
// > are the wrong replies: [paste section 9]. Which rows would you write, and which figure should they move?
//
// ### 4. Refinement
//
// Write twenty of them, add them to `taskmaster/train.jsonl`, run sections 4 to 8 again. Did the figure move by more than its
// interval?
//
// ### 5. Final check
//
// > Here is my model card: [paste taskmaster/README.md]. You want to license this bot for your productivity app. Which three
// > questions do you ask before you sign?
//
// Answer one of them with a measurement, and add the line to the card.
