// ---
// chapter: 65
// lesson: 2
// title: Persona Dataset Design
// layer: Layer 1 (Conceptual Foundation)
// minutes: 45
// concepts:
//   - Persona specification
//   - Trait consistency
//   - Response patterns
//   - Edge case handling for persona
// maps: Foundation for persona training
// prerequisites: lesson 65.1 (style and knowledge)
// ---

// %% [markdown]
// "Encouraging, professional, friendly" is a wish. Ten people write ten different assistants by it, and no program can say which of them
// is right. In this lesson a persona becomes a file: traits that a judge can grade and a program can find, patterns, prohibitions, and
// the situations in which a voice usually breaks. At the end you can say of a dataset whether it holds the persona, and where it has gaps.

// %% [markdown]
// ## 1. A persona is a file
//
// `datasets/personas` has three, and a neutral voice to compare with. Here is TaskMaster, as it lies there:

// %%
import { readFileSync } from "node:fs";
import { check, showChart, showTable, todo } from "llmops/course";
import { personaIds, personaPath, readPersona } from "llmops/persona";

console.log(readFileSync(personaPath("taskmaster.yaml"), "utf8").split("\nprohibitions:")[0]);

// %% [markdown]
// Each part has a reader of its own:
//
// | part | who reads it |
// | --- | --- |
// | `system` | the model, at every request: one sentence, because it is paid for every time |
// | `description` of a trait | the teacher that writes replies |
// | `rubric` | the judge: what a 5, a 3 and a 1 look like |
// | `shows`, `spoils`, `where` | a program: words that the trait is found by |
// | `prohibitions` | the filter: what no reply may have |
// | `patterns`, `vocabulary` | the teacher: how a reply opens, confirms and ends |
//
// A trait that has no rubric is decided by the judge's mood; one that has no marks costs money each time you look. So a file without them
// is refused, and so is one that says two things at once:

// %%
import { parsePersona } from "llmops/persona";

const text = readFileSync(personaPath("taskmaster.yaml"), "utf8");
const broken: [what: string, text: string][] = [
  ["a rubric without its 3", text.replace(/ {6}"3": friendly.*\n/, "")],
  ["a trait twice", text.replace("id: action_oriented", "id: encouraging")],
  ["a place that does not exist", text.replace("where: close", "where: end")],
  ["a system prompt of a page", text.replace("an encouraging productivity coach.", "an encouraging productivity coach. ".repeat(12))],
];
for (const [what, damaged] of broken) {
  try {
    parsePersona(damaged, "mine.yaml");
    console.log(`${what}: accepted`);
  } catch (error) {
    console.log(`${what}\n  ${(error as Error).message.replaceAll("\n", "\n  ")}\n`);
  }
}

// %% [markdown]
// ## 2. Marks
//
// A mark is a word or a phrase; `*` at a word's end stands for any ending, `#` for a number, and signs such as `!` for themselves. A trait
// shows where one of its marks stands, in the place where it is looked for, and none of those that spoil it.
//
// One trap is worth a cell of its own. Users name tasks as they like:

// %%
import { scorePersona, withoutTitles } from "llmops/persona";

const master = readPersona("taskmaster");
const cold = 'I\'ve deleted "Great start: next week\'s plan".';
const warm = 'Great decision! I\'ve deleted "old plan". Now put that energy into what matters.';
showTable([cold, warm].map((reply) => ({ reply, "what is looked at": withoutTitles(reply), ...scorePersona(master, reply).traits })));

// %% [markdown]
// What stands in quotes is taken out before anything is looked for, and so are the title and date of the call where they are known.
// Without that, whoever writes "Great" into a task's title makes every model encouraging.
//
// ### Exercise: the marks of a butler
//
// TaskButler's trait `formal`: it opens with a courtesy, and uses neither contractions nor exclamation marks. Nine replies were sorted by
// hand. Give the marks; they are tried on nine more that you do not see.

// %%
import { formalMarks, SORTED_REPLIES, type TraitMarks } from "llmops/exercises/65-2";

showTable(SORTED_REPLIES.map(({ reply, formal, because }) => ({ reply, formal, because })));

let marks: TraitMarks | undefined;
// BEGIN SOLUTION
marks = {
  where: "opening",
  shows: ["certainly", "very well", "as you wish", "of course"],
  spoils: ["!", "'ve", "'m", "'s", "'t", "'ll", "'re", "'d"],
};
// STUB
// // marks = { where: …, shows: […], spoils: […] };
// END SOLUTION
await check(formalMarks, marks);

// %% [markdown]
// ## 3. Trait consistency
//
// A trait is consistent when it shows in *every* reply of its persona, and it belongs to the persona when it does not show in the others'.
// Both can be counted. Each row below is a trait, each column the test replies of a persona:

// %%
import { personaScorer, readPersonaRows, repeatedOf, replyOf, type PersonaRow } from "llmops/persona";

const ids = personaIds();
const test = readPersonaRows("test");
const crossed = ids.filter((id) => id !== "neutral").flatMap((owner) => {
  const score = personaScorer(readPersona(owner));
  return readPersona(owner).traits.flatMap(({ id: trait }) => ids.map((persona) => {
    const rows = test.filter((row) => row.persona === persona);
    return { owner, trait: `${owner}: ${trait}`, persona, share: rows.filter((row) => score(replyOf(row), repeatedOf(row)).traits[trait]).length / rows.length };
  }));
});
showTable([...new Set(crossed.map(({ trait }) => trait))].map((trait) => ({
  trait, ...Object.fromEntries(crossed.filter((cell) => cell.trait === trait).map(({ persona, share }) => [`${persona}, %`, 100 * share])),
})), { decimals: 0 });

// %% tags=["folded"]
const others = crossed.filter(({ owner, persona }) => owner !== persona);
const strayest = others.toSorted((a, b) => b.share - a.share)[0];
await showChart(
  {
    title: "Where each trait shows",
    width: 320, height: 260,
    data: { values: crossed },
    encoding: { x: { field: "persona", type: "nominal", title: "replies of", axis: { labelAngle: 0, orient: "top", grid: false } }, y: { field: "trait", type: "nominal", title: null, sort: null, axis: { labelLimit: 240, grid: false } } },
    layer: [
      { mark: "rect", encoding: { color: { field: "share", type: "quantitative", scale: { domain: [0, 1], scheme: "blues" }, legend: { format: "%", title: "replies" } } } },
      { mark: { type: "text" }, encoding: { text: { field: "share", type: "quantitative", format: ".0%" }, color: { condition: { test: "datum.share > 0.5", value: "white" }, value: "black" } } },
    ],
  },
  `Each trait against the replies of each persona. In its own persona every trait shows in at least ${(100 * Math.min(...crossed.filter(({ owner, persona }) => owner === persona).map(({ share }) => share))).toFixed(0)}% of the replies; the one that strays most is ${strayest?.trait}, found in ${(100 * (strayest?.share ?? 0)).toFixed(0)}% of the replies of ${strayest?.persona}.`,
);

// %% [markdown]
// The squares of a persona should be dark in its own column: these rows went through the filter of lesson 65.3. More is to be learned from
// the others. A trait that shows in a voice it does not belong to tells the two apart only together with other traits: "no exclamation
// mark" is true of a bare report as well. If all traits of your persona show in the neutral voice, you have described politeness.
//
// ## 4. Response patterns
//
// A pattern is not a sentence. TaskMaster opens with praise, confirms, and ends with a next step; if it always said "Great job!", a
// model would learn two words, and say them to whoever complains. Consistent in form, varied in words: how varied is this dataset?

// %%
import { sentencesOf } from "llmops/persona";

const train = readPersonaRows("train");
interface Variety { different: number; commonest: string; share: number; effective: number }
/** How many phrases there are, and how many it would be if all were equally frequent: 2 to the power of the entropy. */
function variety(phrases: readonly string[]): Variety {
  const counts = [...Map.groupBy(phrases, (phrase) => phrase)].map(([phrase, same]) => ({ phrase, count: same.length })).sort((a, b) => b.count - a.count);
  const entropy = counts.reduce((bits, { count }) => bits - (count / phrases.length) * Math.log2(count / phrases.length), 0);
  return { different: counts.length, commonest: counts[0]?.phrase ?? "", share: (counts[0]?.count ?? 0) / phrases.length, effective: 2 ** entropy };
}
const partsOf = (rows: readonly PersonaRow[], part: "opening" | "close") => rows.map((row) => {
  const sentences = sentencesOf(withoutTitles(replyOf(row), repeatedOf(row)));
  return (part === "opening" ? sentences[0] : sentences.at(-1)) ?? "";
});
showTable(ids.flatMap((persona) => (["opening", "close"] as const).map((part) => {
  const { different, commonest, share, effective } = variety(partsOf(train.filter((row) => row.persona === persona), part));
  return { persona, part, different, "as if equally frequent": effective, "the commonest": commonest, "its share, %": 100 * share };
})), { decimals: 1 });

// %% [markdown]
// The fourth column is the honest one: a hundred openings of which one makes up half are fewer than they look. Where the commonest has a
// large share, a model will say it nearly always, because the most likely answer is what greedy decoding takes.
//
// ## 5. Edge cases
//
// A voice does not break on "add milk". It breaks where the script has no line: the user forgets to say which task, asks for the weather,
// says thanks, or is angry. What the persona does there has to be decided, written, and in the data.

// %%
const SITUATIONS = ["unclear", "thanks", "outside", "upset"] as const;
for (const situation of SITUATIONS) {
  const asked = test.find((row) => row.situation === situation)?.messages[1]?.content;
  console.log(`${situation}: ${asked}`);
  for (const persona of ids) console.log(`  ${persona.padEnd(12)} ${replyOf(test.find((row) => row.persona === persona && row.messages[1]?.content === asked) ?? test[0])}`);
}

// %% [markdown]
// Read the last block with care. A coach who cheers at somebody who has just failed is worse than a plain assistant. That is why the
// spec has prohibitions (no condescension, no pressure) and why `upset` is a situation of its own.
//
// How much of the data are such rows, and do they hold the persona?

// %%
showTable(["task", ...SITUATIONS].map((situation) => ({
  situation,
  ...Object.fromEntries(ids.map((persona) => {
    const rows = train.filter((row) => row.persona === persona && row.situation === situation);
    return [persona, `${rows.length} rows, ${new Set(rows.map(({ messages }) => messages[1]?.content)).size} requests`];
  })),
})));

// %% [markdown]
// An edge has fewer requests than rows: people wrote some twenty sentences for each, and the teacher answered them in turn until the rows
// were full. That is the usual state of a dataset, and a count of rows does not show it.
//
// ### Exercise: find the gaps
//
// Write `gaps`: the cells "persona/situation" that have fewer than `least` different requests.

// %%
import { findGaps, type CoveredRow } from "llmops/exercises/65-2";

function gaps(rows: readonly CoveredRow[], personas: readonly string[], situations: readonly string[], least: number): string[] {
  // BEGIN SOLUTION
  return personas.flatMap((persona) =>
    situations
      .filter((situation) => new Set(rows.filter((row) => row.persona === persona && row.situation === situation).map(({ request }) => request)).size < least)
      .map((situation) => `${persona}/${situation}`),
  );
  // STUB
  // return todo();
  // END SOLUTION
}
await check(findGaps, gaps);

// %% [markdown] tags=["instructor"]
// **For instructors.** Begin without the notebook: everybody writes three adjectives for an assistant's voice on a card, swaps cards, and
// writes the reply to "I finished the tax return". Read the replies to one card aloud; they will not be of one voice. The exercise on the
// butler is solved too fast by listing the contractions of the table; the hidden replies are there for that. In section 3, let students
// predict which trait strays most before the chart.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write a persona for a task manager's assistant called TaskGuardian: protective, calm, a little old-fashioned. Give me a system prompt,
// > three traits, vocabulary and things it never does.
//
// ### 2. Critical evaluation
//
// Hold its traits against section 1. For which of them could two people agree on a score? Which trait would the neutral voice show as
// well? Is there anything about users who are upset?
//
// ### 3. Constraint teaching
//
// > For each trait give a rubric: what a 5, a 3 and a 1 look like, in one clause each. Then marks: words that show it, words that spoil
// > it, and whether they stand in the opening, the close, or anywhere. One system prompt of at most 200 characters.
//
// ### 4. Refinement
//
// Save the answer as YAML in the shape of `taskmaster.yaml` and read it with `parsePersona`. Mend what it names. Then score the rows of
// the other personas with it: if more than a third of them adhere, the traits are too soft.
//
// ### 5. Final check
//
// Write one reply for each of the five situations yourself, in that voice, without looking at the vocabulary. Do the marks find your
// traits? What they miss goes into the file.
