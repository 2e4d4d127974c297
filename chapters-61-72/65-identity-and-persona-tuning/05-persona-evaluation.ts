// ---
// chapter: 65
// lesson: 5
// title: Persona Evaluation
// layer: Layer 2 (Hands-on)
// minutes: 45
// concepts:
//   - Trait adherence scoring
//   - A/B comparison
//   - Human evaluation protocol
// maps: Quality validation
// prerequisites: lessons 65.3 (marks and the judge) and 65.4 (training with the prompt inside)
// trains: true
// ---

// %% [markdown]
// "It sounds like TaskMaster now" is what everybody says after the first three replies. This lesson replaces the sentence by
// three measurements, each with its uncertainty: traits counted by marks and by a judge, two models compared pair by pair,
// and a form that people fill in without knowing whose reply they read. The third is the only one that asks whom the persona
// is for.

// %% [markdown]
// ## 1. Something to evaluate
//
// A short run, as in lesson 65.4 with the confirmation in front, and three sets of replies to the same held-out requests: of the base with TaskMaster's
// prompt, of the tuned model with the same, and the teacher's, which stand in the data.

// %% tags=["measured"]
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { answerPrompts } from "llmops/evaluate";
import { launch, openRuntime, runtimeDoor, startRuntime, tasklingFolder } from "llmops/pair";
import { confirmFirstIn, personaPrompt, readPersona, readPersonaRows, replyOf, requestOf } from "llmops/persona";
import { openTeacher } from "llmops/teacher";
import { tasklingRecipe, trainingJob } from "llmops/train";

const runtime = openRuntime();
const teacher = await openTeacher({ budgetUsd: 0.3 });
showDoors(runtimeDoor(runtime), { door: "teacher", kind: teacher.door.kind, says: teacher.door.says });
await startRuntime(runtime);
const persona = readPersona("taskmaster");
const ordered = readPersonaRows("train", persona.id).map(({ messages }) => confirmFirstIn(messages));
writeFileSync("taskmaster.jsonl", ordered.map((messages) => `${JSON.stringify({ messages })}\n`).join(""));
const recipe = tasklingRecipe({ data: { train: resolve("taskmaster.jsonl") }, steps: 160, method: "full", learningRate: 1e-3, exports: ["merged"] });
const run = await launch(trainingJob(recipe, { name: "to-evaluate" }), runtime);
await run.wait();
await run.fetch();
// Every fifth row, so that all situations are among them.
const rows = readPersonaRows("test", persona.id).filter((_, at) => at % 5 === 0);
const prompts = rows.map(personaPrompt);
const answersOf = async (model: string) => (await answerPrompts(runtime, { model, prompts, batch: 70 })).answers.map((answer) => answer.trim());
const replies = { base: await answersOf(tasklingFolder()), tuned: await answersOf(join(run.folder, "artifacts", "merged")), teacher: rows.map(replyOf) };
type System = keyof typeof replies;
const systems = Object.keys(replies) as System[];
console.log(`${rows.length} requests, for example: ${requestOf(rows[2])}\n${systems.map((system) => `  ${system}: ${replies[system][2]}`).join("\n")}`);

// %% [markdown]
// ## 2. Trait adherence, with intervals
//
// **Trait adherence scoring** asks of every reply whether each trait shows, and reports shares. Two rules keep it honest: a
// share comes with its interval, and "adheres" means all traits in one reply with nothing broken, not a mean over traits.

// %% tags=["measured"]
import { examinePersona } from "llmops/evaluate";

const exams = { base: examinePersona(persona, rows, replies.base), tuned: examinePersona(persona, rows, replies.tuned), teacher: examinePersona(persona, rows, replies.teacher) };
const range = ({ estimate, low, high }: { estimate: number; low: number; high: number }) =>
  Number.isNaN(estimate) ? "none decided" : `${(100 * estimate).toFixed(0)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
const figuresOf = ({ adherence, task }: (typeof exams)[System]): Record<string, typeof task> => ({ ...adherence.traits, "nothing broken": adherence.kept, adheres: adherence.all, "task right": task });
showTable(Object.keys(figuresOf(exams.base)).map((figure) => ({ figure, ...Object.fromEntries(systems.map((system) => [`${system}, %`, range(figuresOf(exams[system])[figure])])) })), { caption: "By the marks, with 95% intervals" });

// %% tags=["measured", "folded"]
const bars = systems.flatMap((system) => Object.entries(figuresOf(exams[system])).map(([figure, { estimate, low, high }]) => ({ system, figure, share: 100 * estimate, low: 100 * low, high: 100 * high })));
await showChart(
  {
    title: "What shows in the replies, with 95% intervals",
    data: { values: bars },
    encoding: { y: { field: "figure", type: "nominal", title: null, sort: null }, yOffset: { field: "system", sort: systems } },
    layer: [
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: { field: "share", type: "quantitative", title: "% of replies", scale: { domain: [0, 100] } }, color: { field: "system", title: null, sort: systems } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  },
  bars.map(({ system, figure, share, low, high }) => `${system}, ${figure}: ${share.toFixed(0)} % (${low.toFixed(0)} to ${high.toFixed(0)})`).join("; "),
);

// %% [markdown]
// Marks are cheap, repeatable, and blind for what nobody wrote down. So a judge grades the same replies by the rubrics. Do
// the two agree, and more than chance would make them? **Cohen's kappa** says so: 1 is full agreement, 0 is what two raters
// reach who know only how often each says yes.

// %% tags=["measured"]
import { cohenKappa } from "llmops/evaluate";
import { judgeTraits, SHOWN_FROM } from "llmops/persona";

const judged = systems.flatMap((system) => rows.map((row, at) => ({ request: requestOf(row), reply: replies[system][at] || "(nothing)" })));
const { judgments, failures } = await judgeTraits(teacher, persona, judged);
const markScores = systems.flatMap((system) => exams[system].replies.map(({ score }) => score));
showTable(persona.traits.map(({ id }) => {
  const byJudge = judgments.map(({ scores }) => scores[id] >= SHOWN_FROM), byMarks = judgments.map(({ index }) => markScores[index].traits[id]);
  return { trait: id, "judge says yes, %": (100 * byJudge.filter(Boolean).length) / byJudge.length, "marks say yes, %": (100 * byMarks.filter(Boolean).length) / byMarks.length, "same verdict, %": (100 * byJudge.filter((yes, at) => yes === byMarks[at]).length) / byJudge.length, kappa: cohenKappa(byJudge.map(String), byMarks.map(String)) };
}), { decimals: 2, caption: `${judgments.length} replies graded, ${failures.length} questions failed, $${teacher.meter.spent.toFixed(3)}` });

// %% [markdown]
// Look at "same verdict" beside kappa. Where nearly every reply has a trait, two raters agree often without looking. Where
// the two disagree, read the replies: either the marks lack a phrase or the judge was lenient, and you know which only after
// reading.
//
// ## 3. A/B comparison
//
// Shares compare averages. An **A/B comparison** asks about one request at a time: here are two replies, which has more of
// the style? It finds smaller differences, because both models had the same requests. And it has a known trap: a judge that
// prefers whatever stands first (Zheng et al. 2023, https://arxiv.org/abs/2306.05685, section 3.3). The remedy is to ask
// twice, with the places exchanged.
//
// ### Exercise: settle a pair
//
// The judge said "first", "second" or "tie", once with A in front, once with B. Who won? A reply has won when it won both
// times; anything else is a tie.

// %%
import { settlePairExercise, type Place } from "llmops/exercises/65-5";

function settlePair(straight: Place, swapped: Place): "A" | "B" | "tie" {
  // BEGIN SOLUTION
  if (straight === "first" && swapped === "second") return "A";
  return straight === "second" && swapped === "first" ? "B" : "tie";
  // STUB
  // return todo();
  // END SOLUTION
}
await check(settlePairExercise, settlePair);

// %% tags=["measured"]
import { comparePairs, type Preference } from "llmops/evaluate";

const pairsOf = (first: System, second: System) => rows.map((row, at) => ({ request: requestOf(row), first: replies[first][at], second: replies[second][at] }));
const contests: Record<string, Preference> = {
  "tuned against base": await comparePairs(teacher, persona.traits, pairsOf("tuned", "base")),
  "tuned against teacher": await comparePairs(teacher, persona.traits, pairsOf("tuned", "teacher")),
};
showTable(Object.entries(contests).map(([contest, { wins, share, p, changed, firstPlace }]) => ({
  contest, "tuned wins": wins.A, "other wins": wins.B, ties: wins.tie, "share of wins, %": range(share), "sign test, p": p,
  "changed with the order, %": range(changed), "first place named, %": range(firstPlace),
})), { decimals: 4 });

// %% [markdown]
// Ties stand outside the share: the sign test asks how often a coin would divide the *decided* pairs so unevenly. The last
// two columns are about the judge. Without a preference for places, the first is named in half of all decided verdicts. The
// swap does not make a judge fair, it turns what the order decided into ties. Where many pairs change, take another judge,
// not more pairs.
//
// A prompt that wins a comparison before this judge has won before this judge. The simulator plants its favours at rates that
// we chose; a real model has others, and nobody knows its rates. Hence the next section.
//
// ## 4. A protocol for people
//
// A **human evaluation protocol** is written before anybody rates. These are its parts, and each keeps out one way to fool
// yourself:
//
// - **blind**: forms say A and B; the key stays with somebody who does not rate;
// - **drawn**: sides and order are drawn for each rater;
// - **overlapping**: every item is rated by several, else agreement cannot be measured;
// - **apart**: nobody talks until all forms are in;
// - **agreement first**: if raters do not agree, their mean means nothing.

// %%
import { protocolExercise, PROTOCOL, type ProtocolPart } from "llmops/exercises/65-5";

console.log(Object.entries(PROTOCOL).map(([name, { says }]) => `${name}: ${says}`).join("\n"));

// %% [markdown]
// ### Exercise: find the faults
//
// Those eight parts stood in somebody's plan. Which of them spoil the study? Give their names in a list.

// %%
let faults: readonly ProtocolPart[] | undefined;
// BEGIN SOLUTION
faults = ["names", "sides", "talk", "drop"];
// STUB
// // faults = ["…", "…"];
// END SOLUTION
await check(protocolExercise, faults);

// %% [markdown]
// Now the forms, for three raters and thirty pairs: a CSV file for a spreadsheet and a page for a browser each, and the key.
// Look into `ratings/` beside this notebook. Fill in one of them yourself, save the CSV there, and run the cells below again:
// what you filled in is read and never overwritten.

// %% tags=["measured"]
import { readFileSync } from "node:fs";
import { writeRatingForms } from "llmops/evaluate";

const ITEMS = 30, RATERS = ["rater-1", "rater-2", "rater-3"];
const items = rows.slice(0, ITEMS).map((row, at) => ({ id: row.id, request: requestOf(row), replies: { tuned: replies.tuned[at], teacher: replies.teacher[at] } }));
const folder = `ratings/${run.id}`; // another run writes other replies: its forms get a folder of their own
const forms = await writeRatingForms({ items, systems: ["tuned", "teacher"], questions: [{ id: "style", text: "Which reply is the more encouraging coach?" }], raters: RATERS, seed: 65 }, folder);
console.log(`${forms.length} files; the first lines of one:\n${readFileSync(forms[0], "utf8").split("\n").slice(0, 3).join("\n")}`);

// %% [markdown]
// Until people have rated, three programs fill what is empty: the judge with three sampling seeds, each reading its form once,
// A in front. **They are no people, and three copies of one judge share its taste**, its liking for the first place included.
// The sides were drawn, so that liking falls on both models alike: it becomes noise, and no winner. They are here so that you
// see the figures of a protocol before you ask friends for an hour.

// %% tags=["measured"]
import { bootstrap, countWins, fillRatingForm, krippendorffAlpha, ratingTable, readRatingForms } from "llmops/evaluate";

type Rated = "tuned" | "teacher";
const { first } = JSON.parse(readFileSync(join(folder, "key.json"), "utf8")) as { first: Record<string, Record<string, Rated>> };
const other = (system: Rated): Rated => (system === "tuned" ? "teacher" : "tuned");
for (const [at, rater] of RATERS.entries()) {
  const sides = items.map(({ id }) => first[rater][id]); // who is A, item by item
  const asTheFormHasThem = items.map(({ request, replies }, item) => ({ request, first: replies[sides[item]], second: replies[other(sides[item])] }));
  const { verdicts } = await comparePairs(teacher, persona.traits, asTheFormHasThem, { seed: at + 1, batch: 5 });
  const said = new Map(verdicts.map(({ index, straight }) => [items[index].id, straight === "A" ? sides[index] : straight === "B" ? other(sides[index]) : "tie"]));
  await fillRatingForm(folder, rater, (item) => said.get(item) ?? null);
}
const ratings = readRatingForms(folder);
const { table } = ratingTable(ratings, "style");
const DRAWS = 2000;
const alpha = bootstrap(table, (drawn) => krippendorffAlpha(drawn), { draws: DRAWS });
showTable(RATERS.map((rater) => {
  const { wins, p } = countWins(ratings.filter((one) => one.rater === rater && one.answer !== null).map(({ answer }) => (answer === "tuned" ? "A" : answer === "teacher" ? "B" : "tie")));
  return { rater, "tuned better": wins.A, "teacher better": wins.B, tie: wins.tie, "sign test, p": p };
}), { decimals: 3 });
console.log(`Krippendorff's alpha ${alpha.estimate.toFixed(2)}, 95% interval ${alpha.low.toFixed(2)} to ${alpha.high.toFixed(2)} (items drawn again ${DRAWS} times)`);

// %% [markdown]
// ## 5. Which coefficient, and how much is enough
//
// | who rated | what they said | take |
// | --- | --- | --- |
// | two raters, everything | kinds | Cohen's kappa |
// | two raters, everything | ranks such as 1 to 5 | Cohen's kappa with weights |
// | several, the same number for each item | kinds | Fleiss' kappa |
// | any number, with gaps, any scale | kinds, ranks, amounts | Krippendorff's alpha |
//
// They agree in spirit and not in value. Here they are on published data: four observers, twelve units, some left out (K.
// Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; he prints 0.743, 0.815, 0.849 and 0.797).

// %%
import { fleissKappa } from "llmops/evaluate";

const _ = null;
const observers = [
  [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
  [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
];
const units = observers[0].map((_, unit) => observers.map((observer) => observer[unit]));
showTable((["nominal", "ordinal", "interval", "ratio"] as const).map((scale) => ({ scale, alpha: krippendorffAlpha(units, scale) })), { decimals: 3 });
const complete = units.map((unit) => unit.filter((value) => value !== null)).filter((unit) => unit.length === observers.length);
const counts = complete.map((unit) => [1, 2, 3, 4, 5].map((value) => unit.filter((one) => one === value).length));
console.log(`Of the ${complete.length} units without gaps: Fleiss' kappa ${fleissKappa(counts).toFixed(3)}, Cohen's kappa of the first two ${cohenKappa(complete.map(([one]) => one), complete.map(([, two]) => two)).toFixed(3)}`);

// %% [markdown]
// The same ratings, four values: on a scale of ranks, a 2 beside a 3 is a small disagreement, among kinds it is one like any
// other. So decide on the scale before you compute, and name it.
//
// How much is enough? Krippendorff asks for 0.8, and for 0.667 where tentative conclusions will do (*Content Analysis*, 4th
// edition 2019, chapter 12). Questions of taste rarely get there. A low alpha is a result about the *question*: mend its
// wording, give examples, ask again with new items. And look at the interval before you look at the value.

// %% tags=["quiet"]
await runtime.stop();
await teacher.close();

// %% [markdown] tags=["instructor"]
// **For instructors.** Print the page of each rater, or send the HTML files: twenty minutes with three students make section
// 4 real, and their alpha is usually lower than the programs'. Let them guess before whether they will prefer the teacher's
// replies. Do not let them see `key.json`.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I fine-tuned a model to a persona. Design an evaluation that shows whether the persona is there and whether users like
// > it.
//
// ### 2. Critical evaluation
//
// Does it separate the two questions? Does it say how many items, and what the interval will be with that many? Does it know
// about the order of the pairs? Does it measure whether raters agree before it averages them?
//
// ### 3. Constraint teaching
//
// > I have three colleagues for thirty minutes each, and one reply takes ten seconds to read. Here are my rubric and twelve
// > pairs: [paste them]. Write the instruction for raters, and tell me which two pairs they will read differently.
//
// ### 4. Refinement
//
// Try its instruction on the two pairs with a colleague. Where you disagreed: is it the reply, or the question?
//
// ### 5. Final check
//
// > Here are my alpha with its interval, the win counts and the changed verdicts: [paste them]. Write the two sentences that
// > I may put into a report, and the one that I may not.
//
// Hold each sentence against the interval.
