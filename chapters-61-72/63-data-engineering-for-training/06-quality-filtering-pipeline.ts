// ---
// chapter: 63
// lesson: 6
// title: Quality Filtering Pipeline
// layer: Layer 2 (Hands-on with AI)
// minutes: 55
// concepts:
//   - LLM-as-judge pattern
//   - Confidence scoring
//   - Multi-criteria filtering
// maps: Edge case (corrupted data validation)
// prerequisites: lesson 63.4 (cleaning, precision and recall)
// ---

// %% [markdown]
// Rules remove what has a form. A row that confirms the wrong date in perfect English has none: someone has to read it. A language model
// can, for a fraction of a cent. It also flatters, tires and contradicts itself. In this lesson you let a model judge a few hundred rows, measure how
// often it is right, and find the rows on which it cannot be trusted.

// %%
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { dedupExact, dedupFuzzy, filterByLength, normalizeExample, parseRow, type Example } from "llmops/data";
import { generateConversations, judgeExamples, openTeacher, TASK_API_RUBRIC, type Judgment } from "llmops/teacher";

const TODAY = "2026-11-20";
// Measuring needs the truth, so this lesson always uses the simulator, told to write more wrong rows than usual.
const teacher = await openTeacher({
  door: "simulator",
  budgetUsd: 0.1,
  simulator: { defects: { wrong_answer: 0.08, wrong_label: 0.06, off_topic: 0.03 } },
});
showDoors({ door: "teacher", kind: teacher.door.kind, says: teacher.door.says });

// %%
const { rows } = await generateConversations(teacher, { count: 300, today: TODAY, seed: 6 });
const readable = rows.flatMap(({ value }): Example[] => {
  const parsed = parseRow("sharegpt", value);
  return parsed.ok ? [normalizeExample(parsed.example).example] : [];
});
const clean = filterByLength(dedupFuzzy(dedupExact(readable).kept).kept, { minTokens: 20, maxTokens: 512 }).kept;
const idOf = (example: Example) => String(example.extra["id"]);

// What a judge should find, from the ledger: rows that say something wrong.
const WRONG = ["wrong_answer", "wrong_label", "off_topic"];
const wrong = new Set(teacher.ledger!.entries.filter(({ defect }) => WRONG.includes(defect)).map(({ row }) => row));
const isWrong = clean.map((example) => wrong.has(idOf(example)));
console.log(`${clean.length} clean rows, ${isWrong.filter(Boolean).length} of them wrong. No rule of lesson 63.4 has seen that.`);

// %% [markdown]
// ## 1. A rubric, not an opinion
//
// "Rate this from 1 to 10" gives you a mood. A rubric names each criterion and says what a 5 looks like; the judge answers in a fixed form,
// with its reason *before* the scores, so that it argues first and decides then.

// %%
showTable(TASK_API_RUBRIC.map(({ name, description }) => ({ criterion: name, "a 5 looks like": description })));
const spentBefore = teacher.meter.value;
const { judgments } = await judgeExamples(teacher, clean, { today: TODAY });
const perThousand = ((teacher.meter.value - spentBefore) / judgments.length) * 1000;
console.log(`${judgments.length} rows judged, eight in a request, at $${perThousand.toFixed(3)} for a thousand rows.`);

// %%
const byId = (list: readonly Judgment[]) => new Map(list.map((judgment) => [judgment.id, judgment]));
const first = byId(judgments);
showTable(
  [true, false].flatMap((bad) => clean.filter((_, index) => isWrong[index] === bad).slice(0, 4)).map((example) => {
    const { scores, reason } = first.get(idOf(example))!;
    const [asked, answered] = [example.messages[0], example.messages.at(-1)].map((turn) => (turn?.content ?? "").slice(0, 60));
    return { asked, answered, ...scores, reason, "really wrong": isWrong[clean.indexOf(example)] ? "yes" : "" };
  }),
  { caption: "Four rows that are wrong and four that are right" },
);

// %% [markdown]
// ## 2. One number, or several?
//
// The usual filter keeps rows whose *mean* reaches a threshold. But criteria are not coins of one currency: no politeness makes up for a
// wrong date. Compare the mean with the *lowest* score of a row, at every threshold:

// %%
type Quality = { flagged: number; right: number; precision: number; recall: number };
function measure(flags: (example: Example) => boolean): Quality {
  const flagged = clean.map(flags);
  const right = flagged.filter((flag, index) => flag && isWrong[index]).length;
  const all = flagged.filter(Boolean).length;
  return { flagged: all, right, precision: right / all, recall: right / isWrong.filter(Boolean).length };
}
const lowest = (list: Map<string | undefined, Judgment>, example: Example) => Math.min(...Object.values(list.get(idOf(example))!.scores));
const trials = [
  ...[3, 3.5, 4, 4.5, 4.75, 5].map((least) => ({ rule: "mean below", least, ...measure((example) => first.get(idOf(example))!.mean < least) })),
  ...[2, 3, 4, 5].map((least) => ({ rule: "lowest below", least, ...measure((example) => lowest(first, example) < least) })),
];
showTable(trials.map(({ rule, least, ...quality }) => ({ "flag if": `${rule} ${least}`, ...quality })), { decimals: 2 });

// %% tags=["folded"]
const best = (rule: string) => trials.filter((trial) => trial.rule === rule).sort((a, b) => b.precision * b.recall - a.precision * a.recall)[0];
await showChart(
  {
    title: "Every threshold, as precision against recall",
    height: 280,
    width: 380,
    data: { values: trials },
    encoding: {
      x: { field: "recall", type: "quantitative", scale: { domain: [0, 1] } },
      y: { field: "precision", type: "quantitative", scale: { domain: [0, 1.05] } },
      color: { field: "rule", title: null },
    },
    layer: [
      { mark: { type: "line", point: { size: 60 } }, encoding: { order: { field: "least" } } },
      { mark: { type: "text", dy: -10, fontSize: 11 }, encoding: { text: { field: "least" } } },
    ],
  },
  `Precision against recall for thresholds on the mean and on the lowest score. Best of the mean: below ${best("mean below").least}, ` +
    `precision ${best("mean below").precision.toFixed(2)}, recall ${best("mean below").recall.toFixed(2)}; best of the lowest: below ` +
    `${best("lowest below").least}, ${best("lowest below").precision.toFixed(2)} and ${best("lowest below").recall.toFixed(2)}.`,
);

// %% [markdown]
// On these rows the two rules come out much alike, because a wrong row of the simulator loses points on several criteria. They part where one
// alone is bad: 5, 1, 5, 5 has a mean of 4, and "mean below 4" keeps it.
//
// The curves break at the same place: as soon as a 4 is not good enough, good rows fall by the dozen, because the judge takes a point off
// here and there for no reason. And no threshold reaches a recall of 1: some faults the judge simply did not see.
//
// ### Exercise: a threshold for each criterion
//
// A row stays if every criterion that has a threshold reaches it. Write `keepRow`.

// %%
import { criteriaFilter, type Scores } from "llmops/exercises/63-6";

function keepRow(scores: Scores, least: Scores): boolean {
  // BEGIN SOLUTION
  return Object.entries(least).every(([criterion, value]) => (scores[criterion] ?? 0) >= value);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(criteriaFilter, keepRow);

// %% [markdown]
// The library's `filterByScores` does this for a whole list and says for each row that goes what it failed. With a 3 for every criterion it
// must find the rows whose lowest score is below 3:

// %%
import { filterByScores } from "llmops/teacher";

const LEAST = Object.fromEntries(TASK_API_RUBRIC.map(({ name }) => [name, 3]));
const low = filterByScores(judgments, LEAST).removed;
console.log(`filterByScores removes ${low.length} rows; by hand, ${clean.filter((example) => lowest(first, example) < 3).length}. One of them: ${low[0].reason}`);

// %% [markdown]
// ## 3. Ask twice: how sure is it?
//
// A judge gives no error bars, but it gives itself away when it is asked again. Known weaknesses of judges are preferences for what stands
// in a certain place, for what is long, and for what the judge itself wrote ([Zheng and others, 2023](https://arxiv.org/abs/2306.05685),
// section 3.3). So show it the same rows in another order:

// %%
const again = byId((await judgeExamples(teacher, [...clean].reverse(), { today: TODAY })).judgments);
const flagsFirst = clean.map((example) => lowest(first, example) <= 2);
const flagsAgain = clean.map((example) => lowest(again, example) <= 2);
const agree = flagsFirst.filter((flag, index) => flag === flagsAgain[index]).length;
console.log(`${agree} of ${clean.length} verdicts are the same in both orders; ${clean.length - agree} rows change sides.`);

// %% [markdown]
// ### Exercise: agreement beyond chance
//
// 95% agreement sounds impressive until you notice that most rows are good: two judges who never flag anything agree always. **Cohen's
// kappa** takes away what chance would give. With p the share of equal verdicts, and c the chance that two judges who flag as often as these
// do, but at random, agree (both flag, or neither does): kappa = (p − c) / (1 − c).

// %%
import { cohensKappa } from "llmops/exercises/63-6";

function kappa(a: readonly boolean[], b: readonly boolean[]): number {
  // BEGIN SOLUTION
  const flags = (list: readonly boolean[]) => list.filter(Boolean).length / list.length;
  const same = a.filter((flag, index) => flag === b[index]).length / a.length;
  const chance = flags(a) * flags(b) + (1 - flags(a)) * (1 - flags(b));
  return (same - chance) / (1 - chance);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(cohensKappa, kappa);

// %% [markdown]
// ## 4. What to do with two opinions
//
// Two verdicts can be combined in three ways, and each is right for someone. Flag what *either* flags, if a bad row costs you more than a
// good one. Flag what *both* flag, if rows are dear. Or keep the two lists apart: where both agree, believe them; where they do not, look
// yourself.

// %%
const index = new Map(clean.map((example, position) => [example, position]));
const flaggedBy = (list: boolean[]) => (example: Example) => list[index.get(example)!];
const ways = {
  "first opinion alone": measure(flaggedBy(flagsFirst)),
  "either flags": measure((example) => flaggedBy(flagsFirst)(example) || flaggedBy(flagsAgain)(example)),
  "both flag": measure((example) => flaggedBy(flagsFirst)(example) && flaggedBy(flagsAgain)(example)),
  "both flag, and you read the disputed rows": measure((example) => {
    const [one, two] = [flaggedBy(flagsFirst)(example), flaggedBy(flagsAgain)(example)];
    return one === two ? one : isWrong[index.get(example)!]; // you, reading, see the truth
  }),
};
showTable(Object.entries(ways).map(([way, quality]) => ({ way, ...quality })), { decimals: 2, caption: `${clean.length - agree} rows are disputed` });

// %% tags=["folded"]
const points = Object.entries(ways).map(([way, { precision, recall }]) => ({ way, precision, recall }));
await showChart(
  {
    title: "Four ways to use two opinions",
    height: 240,
    width: 380,
    data: { values: points },
    encoding: {
      x: { field: "recall", type: "quantitative", scale: { domain: [0.6, 1] } },
      y: { field: "precision", type: "quantitative", scale: { domain: [0.8, 1.02] } },
      color: { field: "way", title: null, sort: null },
    },
    layer: [{ mark: { type: "point", filled: true, size: 140 } }],
  },
  `Precision and recall: ${points.map(({ way, precision, recall }) => `${way} ${precision.toFixed(2)} and ${recall.toFixed(2)}`).join("; ")}.`,
);

// %% [markdown]
// The last way is the one to remember. The judge's disagreement with itself is a **confidence score**: it picks, from hundreds of rows, the
// few that are worth a person's time. `judgeRepeatedly` does the whole of it: several rounds, each in another random order, the median of
// each score, and `abstains` where the rounds do not agree.

// %%
import { judgeRepeatedly } from "llmops/teacher";

const { judgments: repeated } = await judgeRepeatedly(teacher, clean, { today: TODAY, rounds: 2, thresholds: LEAST, minAgreement: 1 });
const opinionOf = new Map(repeated.map((judgment) => [judgment.id, judgment]));
const unsure = repeated.filter(({ abstains }) => abstains).length;
const library = measure((example) => {
  const { abstains, passes } = opinionOf.get(idOf(example))!;
  return abstains ? isWrong[index.get(example)!] : !passes;
});
const byHand = ways["both flag, and you read the disputed rows"];
showTable(
  [
    { way: "by hand: two orders", disputed: clean.length - agree, ...byHand },
    { way: "judgeRepeatedly: two rounds", disputed: unsure, ...library },
  ],
  { decimals: 2, caption: "Both with you reading the disputed rows" },
);

// %% [markdown]
// The orders are others, so a few rows change sides; what the two ways find is the same within that noise.
//
// ## 5. What it costs
//
// Judging is paid by the row, people by the minute. Per thousand rows, with a price for reading that you set yourself:

// %%
const MINUTES_A_ROW = 0.5;
const DOLLARS_AN_HOUR = 30;
const reading = (share: number) => share * 1000 * MINUTES_A_ROW * (DOLLARS_AN_HOUR / 60);
const disputed = (clean.length - agree) / clean.length;
showTable(
  [
    { plan: "read every row yourself", judge: 0, you: reading(1) },
    { plan: "one judgement", judge: perThousand, you: 0 },
    { plan: "two judgements, and you read the disputed rows", judge: 2 * perThousand, you: reading(disputed) },
  ].map((plan) => ({ ...plan, together: plan.judge + plan.you })),
  { decimals: 2, caption: "Dollars for a thousand rows" },
);
await teacher.close();

// %% [markdown] tags=["instructor"]
// **For instructors.** The simulator's judge has its weaknesses planted (leniency, position, verbosity, noise), so its curve is smoother than a
// real one. Students with a key can change `door` to "auto" and label forty rows by hand for the truth. Ask in section 4: for a medical set,
// which of the four ways? For a set that cost a month to collect?

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Judge these ten training rows from 1 to 5: [paste ten lines of task_api_train.jsonl].
//
// ### 2. Critical evaluation
//
// Start a new conversation and paste the same rows in reverse order. Which scores changed? Would you have kept other rows?
//
// ### 3. Constraint teaching
//
// > Use this rubric: [paste the table of section 1]. For each row give one reason of at most twelve words, then the scores. A wrong date, task,
// > priority or label is a serious fault, however polite the answer. Length is no merit.
//
// Judge both orders again. Count the changes.
//
// ### 4. Refinement
//
// > Here are four rows that you scored 5 and that are wrong: [paste the rows]. What in the rubric let them pass? Change one sentence of it, not
// > more.
//
// ### 5. Final check
//
// Score twenty rows by hand before you look at the model's scores. What is your kappa with it, and what is its kappa with itself?
