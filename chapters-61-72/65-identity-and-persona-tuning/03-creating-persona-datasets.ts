// ---
// chapter: 65
// lesson: 3
// title: Creating Persona Datasets
// layer: Layer 2 (Hands-on)
// minutes: 55
// concepts:
//   - Persona-guided generation
//   - Consistency validation
// maps: Data quality for persona
// prerequisites: lesson 65.2 (the persona as a file)
// ---

// %% [markdown]
// A persona's rows are written by a teacher that got the persona, and a teacher slips: it forgets a trait, speaks in another voice, or
// is charming about the wrong task. You let one write 500 replies, hold each against the call it speaks of and against the traits, and
// measure how good that filter is, because this teacher keeps a list of what it did wrong. At the end stands a file to train on.

// %% [markdown]
// ## 1. What the teacher gets
//
// Not the marks. A teacher that knew them would write "great" into every reply, and the marks would measure obedience to a word list.
// It gets the brief: name, traits in words, vocabulary, patterns, prohibitions. And it gets the **call** beside the request, so that it
// need not guess what was done.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { briefOf, readPersona } from "llmops/persona";
import { openTeacher, writePersonaPrompt, type PersonaRequest } from "llmops/teacher";
import { readTaskCalls } from "llmops/evaluate";

const teacher = await openTeacher({ budgetUsd: 0.5, simulator: { seed: 653 } });
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });

const persona = readPersona("taskmaster");
const requests = readTaskCalls("train").slice(0, 500).map(({ request, name, parameters }): PersonaRequest => ({ request, situation: "task", call: { name, parameters } }));
const [system, user] = writePersonaPrompt(briefOf(persona), requests.slice(0, 3), 65);
console.log(`${system?.content}\n\n${user?.content}`);

// %% [markdown]
// Content comes from the call, style from the persona: that sentence of the prompt is the whole of this chapter. The users' side comes
// from `datasets/task-calls`, whose test requests stay apart from all that trains.

// %%
import { generateReplies } from "llmops/persona";

const { replies, failures } = await generateReplies(teacher, persona, requests, { seed: 65 });
for (const { request, reply } of replies.slice(0, 5)) console.log(`${request}\n  ${reply}\n`);
console.log(`${replies.length} replies, ${failures.length} requests failed, ${new Set(replies.map(({ reply }) => reply)).size} different`);

// %% [markdown]
// Ten requests go in one question, which saves the brief nine times. Answers are cached: a run that breaks off goes on where it was.
//
// ## 2. Content first
//
// Before any style: is it true? A reply must name the operation, the title, the date and the priority of its call, and nothing that the
// call does not have. `truthFaults` names each thing that is wrong.

// %%
import { truthFaults } from "llmops/persona";

const untrue = replies.flatMap(({ id, reply, call }) => (call ? truthFaults(reply, call).map((fault) => ({ id, fault, reply, call })) : []));
const kinds = [...new Set(untrue.map(({ fault }) => fault))].sort();
showTable(
  kinds.map((fault) => {
    const mine = untrue.filter((one) => one.fault === fault);
    return { fault, replies: mine.length, "the call": JSON.stringify(mine[0]?.call.parameters), "the reply": mine[0]?.reply };
  }),
  { caption: `${new Set(untrue.map(({ id }) => id)).size} of ${replies.length} replies are untrue` },
);

// %% [markdown]
// Read the right column: they are in the persona's voice. A judge who is asked about the voice alone finds nothing wrong with them, and
// a model that trains on them learns to be warm about tasks that nobody named.
//
// ### Exercise: what a reply leaves out
//
// Write `unsaid`: the fields of the call (title, new_title, due_date) that the reply does not say. Capitals do not matter.

// %%
import { unsaidFields, type CallToTell } from "llmops/exercises/65-3";

function unsaid(reply: string, call: CallToTell): string[] {
  // BEGIN SOLUTION
  const said = reply.toLowerCase();
  return (["title", "new_title", "due_date"] as const).filter((field) => call[field] !== undefined && !said.includes(call[field].toLowerCase()));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(unsaidFields, unsaid);

// %% [markdown]
// ## 3. Three measures of style
//
// - **Marks**: the words of the spec, with titles taken out. Free, exact, blind to what nobody thought of.
// - **A judge** with the rubric of each trait. Reads anything, costs money, errs.
// - **Similarity**: which persona's replies is this one most like? Here by character n-grams (TF-IDF, cosine), which know letters and no
//   meaning. It needs no list and no judge, but replies of other voices to compare with: those of `datasets/personas`.

// %%
import { fitStyle, judgeTraits, personaScorer, readPersonaRows, repeatedOf, replyOf } from "llmops/persona";

const traits = persona.traits.map(({ id }) => id);
const score = personaScorer(persona);
const marks = replies.map((reply) => score(reply.reply, repeatedOf(reply)));
const { judgments } = await judgeTraits(teacher, persona, replies);
const opinions = new Map(judgments.map(({ index, scores }) => [index, scores]));
const voices = fitStyle(readPersonaRows("train").slice(0, 1600).map((row) => ({ text: replyOf(row), label: row.persona, said: repeatedOf(row) })));
const nearest = replies.map((reply) => voices.nearest(reply.reply, repeatedOf(reply)));
showTable(
  replies.slice(0, 6).map(({ reply }, at) => ({
    reply, "by the marks": traits.map((id) => (marks[at]?.traits[id] ? "yes" : "no")).join(", "), "by the judge": traits.map((id) => opinions.get(at)?.[id]).join(", "),
    "most like": nearest[at]?.label, cosine: nearest[at]?.similarities[persona.id],
  })),
  { decimals: 2, caption: `Traits in this order: ${traits.join(", ")}` },
);

// %% [markdown]
// Which of them is right? With a real teacher nobody could say. The simulator's **ledger** says which replies it spoilt, and how. Take
// the slips of style (a missing trait, another voice) and ask of each measure: of what it flags, how much is a slip (precision), and of
// the slips, how many does it flag (recall)? Replies that were spoilt in another way, such as a wrong title, are left out here.

// %%
import { SHOWN_FROM } from "llmops/persona";
import { wilson } from "llmops/teacher";

const slips = new Map((teacher.ledger?.slips ?? []).map((slip) => [slip.row, slip]));
const ofStyle = replies.map(({ id }) => ["missing_trait", "wrong_persona"].includes(slips.get(id)?.slip ?? ""));
const flags: Record<string, boolean[]> = {
  marks: marks.map(({ traits: shown }) => traits.some((id) => !shown[id])),
  judge: replies.map((_, at) => traits.some((id) => (opinions.get(at)?.[id] ?? 5) < SHOWN_FROM)),
  similarity: nearest.map(({ label }) => label !== persona.id),
};
flags["marks or judge"] = replies.map((_, at) => Boolean(flags["marks"]?.[at] || flags["judge"]?.[at]));
flags["marks and judge"] = replies.map((_, at) => Boolean(flags["marks"]?.[at] && flags["judge"]?.[at]));
const fair = replies.map(({ id }, at) => ofStyle[at] || !slips.has(id));
const measured = Object.entries(flags).map(([measure, all]) => {
  const flagged = all.map((flag, at) => flag && fair[at]);
  const hits = flagged.filter((flag, at) => flag && ofStyle[at]).length;
  return { measure, flagged: flagged.filter(Boolean).length, precision: wilson(hits, flagged.filter(Boolean).length), recall: wilson(hits, ofStyle.filter(Boolean).length) };
});
const shown = ({ estimate, low, high }: ReturnType<typeof wilson>) => (Number.isNaN(estimate) ? "nothing flagged" : `${(100 * estimate).toFixed(0)}% (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`);
if (teacher.ledger) {
  showTable(measured.map(({ measure, flagged, precision, recall }) => ({ measure, flagged, precision: shown(precision), recall: shown(recall) })), { caption: `${ofStyle.filter(Boolean).length} slips of style in ${fair.filter(Boolean).length} replies; 95% intervals` });
} else {
  console.log("A real teacher keeps no ledger: judge fifty replies by hand, and take those for the truth.");
}

// %% tags=["folded"]
const points = measured.flatMap(({ measure, precision, recall }) => [{ ...precision, measure, of: "precision" }, { ...recall, measure, of: "recall" }]).filter(({ estimate }) => !Number.isNaN(estimate));
await showChart(
  {
    title: "Measures of style against the ledger",
    data: { values: points },
    facet: { row: { field: "of", type: "nominal", title: null } },
    spec: {
      width: 420, height: 110,
      layer: [
        { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative", scale: { domain: [0, 1] }, axis: { format: "%" }, title: null }, x2: { field: "high" }, y: { field: "measure", type: "nominal", title: null, sort: null } } },
        { mark: { type: "point", filled: true, size: 90 }, encoding: { x: { field: "estimate", type: "quantitative" }, y: { field: "measure", type: "nominal", sort: null } } },
      ],
    },
  },
  `Precision and recall with 95% intervals. ${measured.map(({ measure, precision, recall }) => `${measure}: precision ${shown(precision)}, recall ${shown(recall)}`).join("; ")}.`,
);

// %% [markdown]
// Each errs in its own way. The judge overlooks a slip now and then, whatever it is; marks pass a word that stands there for another
// reason, and would miss a phrase that is on no list; similarity sees another voice at once, and a trait that is missing from an
// otherwise good reply hardly at all. The marks look better here than they will for you: they and the phrases of this simulator were
// written by the same people. What is flagged by one alone is worth reading:

// %%
const onlyOne = replies.flatMap((reply, at) => {
  if (!fair[at]) return [];
  const by = ["marks", "judge", "similarity"].filter((measure) => flags[measure]?.[at]);
  return by.length === 1 ? [{ "flagged by": by[0], reply: reply.reply, "planted": slips.get(reply.id)?.says ?? "nothing" }] : [];
});
showTable(["marks", "judge", "similarity"].flatMap((measure) => onlyOne.filter((one) => one["flagged by"] === measure).slice(0, 3)), { caption: `${onlyOne.length} replies are flagged by one measure alone` });

// %% [markdown]
// ### Exercise: a rule for both
//
// Write `missing`: which traits a reply lacks, by its marks, the judge's scores and a rule. A score under 3 is missing. The rule says
// whose word counts: `"marks"` or `"judge"` alone, `"either"` (missing where one of them misses it) or `"both"` (missing where both do).
// Where the judge gave no opinion, the marks decide.

// %%
import { missingTraits, type Rule } from "llmops/exercises/65-3";

function missing(shownMarks: Readonly<Record<string, boolean>>, scores: Readonly<Record<string, number>> | undefined, rule: Rule): string[] {
  // BEGIN SOLUTION
  return Object.keys(shownMarks).filter((trait) => {
    const byMarks = !shownMarks[trait];
    if (!scores) return byMarks;
    const byJudge = (scores[trait] ?? 0) < 3;
    return { marks: byMarks, judge: byJudge, either: byMarks || byJudge, both: byMarks && byJudge }[rule];
  });
  // STUB
  // return todo();
  // END SOLUTION
}
await check(missingTraits, missing);

// %% [markdown]
// ## 4. What stays
//
// `validateReplies` takes all of it together, content first. What does each rule cost, and what does it let through?

// %%
import { MISSING_RULES, validateReplies } from "llmops/persona";

const outcomes = MISSING_RULES.map((rule) => ({ rule, ...validateReplies(persona, replies, judgments, rule) }));
showTable(outcomes.map(({ rule, kept, rejected }) => ({
  "a trait is missing where …": { marks: "the marks miss it", judge: "the judge misses it", either: "either misses it", both: "both miss it" }[rule],
  kept: kept.length, rejected: rejected.length,
  "slips that stay": kept.filter(({ id }) => slips.has(id)).length,
  "good ones lost": rejected.filter(({ reply }) => !slips.has(reply.id)).length,
})));
const { kept, rejected } = outcomes.find(({ rule }) => rule === "either") ?? outcomes[0];
const steps = [...new Set(rejected.map(({ step }) => step))];
showTable(steps.map((step) => {
  const mine = rejected.filter((one) => one.step === step);
  return { step, rejected: mine.length, reason: mine[0]?.reason, "for example": mine[0]?.reply.reply };
}), { caption: `The strict rule: ${kept.length} of ${replies.length} stay` });

// %% [markdown]
// For data to train on, take the strict rule: a good reply that is lost can be written again for a fraction of a cent, a slip that stays
// is learned. `npm run personas` does so: what was rejected is asked for again with another seed. It wrote `datasets/personas`, with this
// same code, for all personas.
//
// ## 5. Rows
//
// A row is system prompt, request, reply. The system prompt is the persona's own sentence, the same in every row: it becomes the name by
// which the voice is called (lesson 65.4).

// %%
import { JsonlWriter } from "llmops/data";
import { personaRow, requestOf } from "llmops/persona";

const writer = await JsonlWriter.open("taskmaster_500.jsonl");
for (const reply of kept) await writer.write(personaRow(persona, reply));
const { rows: written, bytes } = await writer.commit();
console.log(`taskmaster_500.jsonl: ${written} rows, ${bytes.toLocaleString("en-US")} bytes`);
console.log(JSON.stringify(personaRow(persona, kept[0]), null, 1));

const trained = new Set(kept.map(({ request }) => request));
const test = readPersonaRows("test", persona.id);
const titles = new Set(kept.flatMap(({ call }) => call?.parameters["title"]?.toLowerCase() ?? []));
console.log(`Of ${test.length} test rows, ${test.filter((row) => trained.has(requestOf(row))).length} have a request and ${test.filter(({ call }) => titles.has(call?.parameters["title"]?.toLowerCase() ?? "")).length} a title that stands in these rows.`);

// %% [markdown]
// The trainer reads `messages` and leaves the other fields alone. They stay for you: `call` is what the test of lesson 65.5 counts as
// task accuracy, and `situation` says where the edges are.

// %% tags=["quiet"]
await teacher.close();

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 2 is the one that students skip in their own projects. Let them read three rejected replies aloud before
// the table's left column is shown, and vote whether they would train on them: most would. In section 3, ask which measure they would
// keep if only one were allowed, and what they would do on the day when the teacher is a real one and there is no ledger. With a key set
// the lesson runs on a real model at a few cents; the table of precision and recall is then empty, on purpose.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is a persona: [paste `datasets/personas/taskmaster.yaml` without the lines `shows` and `spoils`]. Write ten replies of it to
// > these requests, each with the call that was made: [paste ten requests with their calls from `datasets/task-calls/train.jsonl`].
//
// ### 2. Critical evaluation
//
// Run `truthFaults` and `scorePersona` on the ten. Which replies say something that the call does not have? Which traits do the marks
// miss although you would say they are there?
//
// ### 3. Constraint teaching
//
// > Repeat every title letter by letter, in quotes. Say no date that the call does not have. End each reply with one next step, and begin
// > no two alike. These were wrong last time: [paste the faults].
//
// ### 4. Refinement
//
// Add the phrases that the marks missed to a copy of the YAML file. Score the 500 replies of this lesson with the copy: how do precision
// and recall move?
//
// ### 5. Final check
//
// Take ten replies that stay, and ten that do not, shuffled. Sort them by hand, without looking at a score. Where you and the filter
// differ, decide who is right, and write the rule down.
