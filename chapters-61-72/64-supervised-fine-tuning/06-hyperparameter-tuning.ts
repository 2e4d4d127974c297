// ---
// chapter: 64
// lesson: 6
// title: Hyperparameter Tuning
// layer: Layer 2 (AI Collaboration)
// minutes: 55
// concepts:
//   - Systematic tuning approach
//   - Learning rate finder
//   - Ablation studies
// maps: SC-003 (20%+ improvement)
// prerequisites: lesson 64.2 (hyperparameters) and lesson 64.4 (the training loop)
// trains: true
// ---

// %% [markdown]
// Tuning goes wrong in one way more often than in all others: somebody tries twelve settings, takes the best score, and has found the
// luckiest run. In this lesson you work with an assistant, with eight runs and not one more. You find a learning rate in a single run,
// test each part of your recipe by taking it away, and learn which of the differences you may believe. At the end stands a recipe file
// for the capstone, with the reason for each value.

// %% [markdown]
// ## 1. Let it plan, then set the budget yourself
//
// Ask an assistant how to tune a LoRA. This was the answer in the first plan of this course:
//
// > Start with the learning rate, it has the most impact. Use powers of 10: 1e-5, 1e-4, 1e-3. Tune the rank after the learning rate is
// > stable. The optimal configuration for the Task API is a learning rate of 2e-4, r = 16, alpha = 32, 3 epochs.
//
// The order is worth learning: first the number on which everything else depends. The last sentence is not: an optimum that was written
// down before the first run. And three things are missing that only you can decide, before any result is there to tempt you:
//
// 1. **The measure.** What you want is the right call with the right arguments. A loss is cheaper and is not the same.
// 2. **The data.** Choices are made on the validation rows. The held-out rows of lesson 64.9 stay closed: whoever chooses by them has
//    trained on them, only slowly.
// 3. **The budget, and the rule.** How many runs, and how large a difference counts: here one that chance makes less often than one time
//    in twenty, and that is more than twice as large as the difference of two seeds.

// %% tags=["measured"]
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";
import { openRuntime, runtimeDoor, startRuntime } from "llmops/pair";
import { tasklingRecipe, type RecipeInput } from "llmops/train";

const STEPS = 120, QUESTIONS = 100, LEVEL = 0.05;
const train = readTaskCalls("train").slice(0, 8 * STEPS);
const validation = readTaskCalls("validation").slice(0, QUESTIONS);
writeTaskRows(train, "train.jsonl");
writeTaskRows(validation, "validation.jsonl");
const recipeOf = (change: Partial<RecipeInput>) =>
  tasklingRecipe({ data: { train: "train.jsonl", eval: "validation.jsonl" }, steps: STEPS, warmup: STEPS / 10, exports: ["adapter"], ...change });

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
const together = machine?.gpu ? 1 : 2;

// %%
const PLAN: [run: string, decides: string][] = [
  ["range test", "the learning rate"],
  ["base", "what everything is compared with"],
  ["base, other seed", "how much two runs of one recipe differ"],
  ["rate 0.003", "whether the range test's rate is as good as the course's own"],
  ["no warm-up", "whether warm-up earns its place"],
  ["rank 2", "whether rank 16 does"],
  ["attention only", "whether the three matrices of the MLP need an adapter"],
  ["loss on all tokens", "whether only the answer should have a loss"],
];
showTable(PLAN.map(([run, decides]) => ({ run, updates: STEPS, "answers scored": run === "range test" ? 0 : QUESTIONS, "what it decides": decides })));
console.log(`Rule: a setting replaces the base only if chance would make such a difference in less than ${100 * LEVEL}% of all cases.`);
console.log("Of settings that cannot be told apart, the cheaper one is taken.");

// %% [markdown]
// ## 2. One run finds the range
//
// Lesson 64.2 spent a run on each learning rate. The **learning-rate finder** (the range test of Smith 2015,
// https://arxiv.org/abs/1506.01186, section 3.3) spends one on all: the rate rises in every update, and you watch where the loss falls,
// and where it turns. Smith's ramp is a straight line, and so is this one: a warm-up that lasts as long as the run. Other tools rise
// exponentially, which spends more updates on small rates.

// %% tags=["measured"]
import { launch, watchRun } from "llmops/pair";
import { rateRangeRecipe, readRateRange, suggestRate, trainAll, trainingJob } from "llmops/train";

const HIGHEST = 0.06;
const finder = await watchRun(await launch(trainingJob(rateRangeRecipe(recipeOf({}), { to: HIGHEST, steps: STEPS }), { name: "range-test" }), runtime));

// %% [markdown]
// Here the advice below the curve is right and not to be followed: this run is *meant* to break. The same losses against the rate:

// %% tags=["measured", "folded"]
const points = readRateRange(finder.metrics);
const turn = points.reduce((least, point) => (point.smooth < least.smooth ? point : least));
const suggested = suggestRate(points);
await showChart(
  {
    title: "Range test: the loss while the rate rises",
    height: 260,
    data: { values: points },
    encoding: { x: { field: "rate", type: "quantitative", title: "learning rate", scale: { type: "log" }, axis: { format: "~e" } } },
    layer: [
      { mark: { type: "point", opacity: 0.5 }, encoding: { y: { field: "loss", type: "quantitative", title: "loss", scale: { type: "log", nice: false } } } },
      { mark: { type: "line", strokeWidth: 2.5 }, encoding: { y: { field: "smooth", type: "quantitative" } } },
      { data: { values: [{ rate: turn.rate }] }, mark: { type: "rule", strokeDash: [6, 4] } },
      { data: { values: [{ rate: suggested }] }, mark: { type: "rule", strokeWidth: 2 } },
    ],
  },
  `Loss (dots: single updates, line: median of five) against a rate that rises to ${HIGHEST}. The smoothed loss begins at ${points[0].smooth.toFixed(2)}, is lowest with ${turn.smooth.toFixed(2)} at a rate of ${turn.rate.toPrecision(2)} (dashed) and ends at ${points.at(-1)?.smooth.toFixed(2)}. A tenth of that rate is ${suggested.toPrecision(2)} (solid).`,
);
console.log(`The smoothed loss is lowest at ${turn.rate.toPrecision(2)}; a tenth of it: ${suggested.toPrecision(2)}`);

// %% [markdown]
// Do not take the rate at the lowest point. There, what the run still learns and what it already breaks are in balance, and a real run
// stays at its peak for longer than one update. A common rule takes a tenth. It also has a flaw that you should know: early rates meet a
// fresh model and late ones a trained one, so "lowest" is partly "latest".
//
// ### Exercise: read the range test
//
// Write the rule. Each point has a `rate`, the `loss` of its batch, and `smooth`, the median of five.

// %%
import { rateChoice, type RatePoint } from "llmops/exercises/64-6";

function rateFrom(test: readonly RatePoint[]): number {
  // BEGIN SOLUTION
  return test.reduce((least, point) => (point.smooth < least.smooth ? point : least)).rate / 10;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(rateChoice, rateFrom);

// %% [markdown]
// ## 3. Take away one thing at a time
//
// An **ablation** compares a recipe with itself, less one part. Change two at once, and you will not know which of them it was. The base
// has the rate you found, to one digit: more digits would claim more than a run can know. One of the runs is the base again with
// another seed, which gives other first adapters and another order of the rows. It is the most important of all: it shows what *no*
// change looks like. And rank 2 comes with alpha 4, because the adapter is scaled by α/r: with alpha left at 32, its scale would be eight
// times the base's, and "rank" would be two changes in one.

// %% tags=["measured"]
const rate = Number(suggested.toPrecision(1));
const CHANGES: Record<string, Partial<RecipeInput>> = {
  base: {},
  "base, other seed": { seed: 65 },
  "rate 0.003": { learningRate: 3e-3 },
  "no warm-up": { warmup: 0 },
  "rank 2": { rank: 2, alpha: 4 },
  "attention only": { targets: ["q_proj", "k_proj", "v_proj", "o_proj"] },
  "loss on all tokens": { completionOnly: false },
};
const names = Object.keys(CHANGES);
const recipes = Object.fromEntries(names.map((name) => [name, recipeOf({ learningRate: rate, ...CHANGES[name] })]));
const runs = await trainAll(recipes, runtime, { together, title: `Updates, peak rate ${rate}` });

// %% [markdown]
// Now let each of them answer the same hundred requests. Every answer is right or wrong: the right call with exactly the right arguments
// or not.

// %% tags=["measured"]
import { join } from "node:path";
import { answerPrompts, faultOf, scoreCalls, type CallScore } from "llmops/evaluate";
import { TrainingRecord } from "llmops/train";
import { tasklingFolder } from "llmops/pair";

const questions = validation.map(({ request }) => request);
const answers: Record<string, string[]> = {};
async function examine(name: string): Promise<void> {
  await runs[name].fetch();
  const adapter = join(runs[name].folder, "artifacts", "adapter");
  answers[name] = (await answerPrompts(runtime, { model: tasklingFolder(), adapter, prompts: questions, batch: QUESTIONS })).answers;
}
for (let at = 0; at < names.length; at += together) await Promise.all(names.slice(at, at + together).map(examine));
const scores: Record<string, CallScore> = Object.fromEntries(names.map((name) => [name, scoreCalls(validation, answers[name])]));
const records = Object.fromEntries(names.map((name) => [name, runs[name].result("run.json", TrainingRecord)]));
const asked = validation[0];
console.log(`${asked.request}\n${names.map((name) => `  ${name}: ${answers[name][0].trim()}${faultOf(answers[name][0], asked) ? "   ✗" : ""}`).join("\n")}`);

// %% [markdown]
// ## 4. The table, before you read it
//
// Cover the right half and decide by the scores alone: which of these settings is better than the base, which is worse?

// %% tags=["measured"]
import { compareAnswers } from "llmops/evaluate";

const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
const compared = Object.fromEntries(names.map((name) => [name, compareAnswers(validation, answers["base"], answers[name])]));
showTable(
  names.map((name) => {
    const { low, high, estimate } = scores[name].arguments, { onlyFirst, onlySecond, p } = compared[name];
    return {
      run: name, "trainable": records[name].parameters.trainable, "validation loss": records[name].eval_loss ?? null, "right calls": percent(estimate), "95% interval": `${percent(low)} to ${percent(high)}`,
      "only base right": name === "base" ? null : onlyFirst, "only this right": name === "base" ? null : onlySecond, chance: name === "base" ? null : p,
    };
  }),
  { decimals: 3, caption: `${QUESTIONS} validation requests, ${STEPS} updates each` },
);

// %% tags=["measured", "folded"]
await showChart(
  {
    title: "Right calls, with 95% intervals",
    height: 200,
    data: { values: names.map((name) => ({ name, kind: name.startsWith("base") ? "the same recipe" : "one change", ...scores[name].arguments })) },
    encoding: { y: { field: "name", type: "nominal", sort: names, title: null }, color: { field: "kind", type: "nominal", title: null } },
    layer: [
      { mark: { type: "rule", strokeWidth: 3 }, encoding: { x: { field: "low", type: "quantitative", title: "share of right calls", scale: { domain: [0, 1] }, axis: { format: "%" } }, x2: { field: "high" } } },
      { mark: { type: "point", filled: true, size: 90 }, encoding: { x: { field: "estimate", type: "quantitative" } } },
    ],
  },
  `Share of right calls with its 95% interval: ${names.map((name) => `${name} ${percent(scores[name].arguments.estimate)} (${percent(scores[name].arguments.low)} to ${percent(scores[name].arguments.high)})`).join(", ")}.`,
);

// %% [markdown]
// Begin with the two runs of one recipe. Whatever lies between them was made by chance, and a change that gives no more than that has shown
// nothing. The intervals are wide: with a hundred requests, a score of 70% may be anything from 60 to 78. And the scores are those of short
// runs. They compare settings cheaply, and an answer from short runs is an answer about short runs.
//
// The intervals also hide something. All runs answered the *same* requests, and most of these are easy for all or hard for all. What
// tells two runs apart are only the requests that one has right and the other has not, the two columns before the last. If neither
// is better, each of these falls to either side like a coin. `chance` is how often a coin would divide them so unevenly (McNemar
// 1947, in its exact form): the **sign test**.
//
// ### Exercise: could it be chance?
//
// Write that number, for two lists of verdicts on the same requests. Count both directions, since you did not know before which would be
// better.

// %%
import { chanceExercise } from "llmops/exercises/64-6";

function chanceOf(first: readonly boolean[], second: readonly boolean[]): number {
  // BEGIN SOLUTION
  const one = first.filter((right, i) => right && !second[i]).length;
  const other = second.filter((right, i) => right && !first[i]).length;
  let ways = 1, sum = 0; // ways to choose `heads` of all tosses
  for (let heads = 0; heads <= Math.min(one, other); heads++) {
    sum += ways / 2 ** (one + other);
    ways *= (one + other - heads) / (heads + 1);
  }
  return Math.min(1, 2 * sum);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(chanceExercise, chanceOf);

// %% [markdown]
// ### What a sign test cannot see
//
// It compares two *runs*. Another seed makes another run, so a small `chance` between two seeds of one recipe is possible: the runs do
// differ, and the recipe is the same. A claim about a setting needs several seeds of each. With one seed, believe only differences that
// are also clearly larger than the one between your two base runs:

// %% tags=["measured"]
const bySeed = Math.abs(scores["base"].arguments.hits - scores["base, other seed"].arguments.hits);
const changes = names.filter((name) => !name.startsWith("base"));
const judged = changes.map((name) => {
  const { p, onlyFirst, onlySecond } = compared[name];
  const gain = scores[name].arguments.hits - scores["base"].arguments.hits;
  const holds = p < LEVEL && Math.abs(gain) > 2 * bySeed;
  return { name, gain, p, disagree: onlyFirst + onlySecond, verdict: holds ? (gain > 0 ? "better" : "worse") : p < LEVEL ? "perhaps: less than twice the seeds' distance" : "not shown" };
});
console.log(`Two seeds of the base: ${bySeed} of ${QUESTIONS} requests apart, chance ${compared["base, other seed"].p.toFixed(2)}`);
showTable(judged.map(({ name, gain, disagree, p, verdict }) => ({ change: name, "right calls more": gain, "requests that differ": disagree, chance: p, verdict })), { decimals: 3 });

// %% [markdown]
// Look at the size of the base's score, too. Where it has few right answers, a change cannot lose more than these, and the rule can show
// nothing worse; then plan longer runs. And the row of the other rate is the one to read first: the range test only proposed a rate.
//
// There are several comparisons. If nothing made any difference, how often would at least one of them look as if it did?

// %%
showTable([1, 4, 12, 50].map((comparisons) => ({ comparisons, "at least one false alarm, %": 100 * (1 - (1 - LEVEL) ** comparisons) })), { decimals: 0 });

// %% [markdown]
// That is how a search over fifty settings finds a "winner". The remedy of Bonferroni divides the level by the number of comparisons; a
// better one runs the winner again, with a new seed, before anyone hears of it.
//
// ## 5. Tell it what your numbers mean
//
// Paste such a table to an assistant, and it will rank the rows by loss. It cannot know that one of the losses measures something else.
// With loss on all tokens, the held-out loss is the mean over the prompt's tokens too: the system prompt and the tools, which are the
// same in every row and soon known by heart. Count them:

// %% tags=["measured"]
const lossOf = (name: string) => records[name].eval_loss ?? NaN;
showTable(
  ["base", "loss on all tokens"].map((name) => {
    const data = records[name].data.eval;
    return { run: name, "tokens of the validation rows": data?.tokens ?? null, "with a loss": data?.trained_tokens ?? null, "validation loss": lossOf(name), "right calls": percent(scores[name].arguments.estimate) };
  }),
  { decimals: 3 },
);

// %% [markdown]
// Two losses over different tokens cannot be compared, whichever is lower. The score can: it asks both runs the same questions. The same
// trap waits with other templates, tokenizers and packing. So tell the assistant, in words like these:
//
// > The loss of "loss on all tokens" is a mean over other tokens; leave it out. All runs answered the same 100 requests; use the paired
// > columns. Two seeds of one recipe lie this far apart: [your line]. Which rows may I act on, and which would need more seeds?
//
// ## 6. Decide together, and write it down
//
// Now go in rounds: it proposes a value with a reason, you hold the proposal against the rule that you set in section 1. The rule
// itself is short enough to be a program:

// %% tags=["measured"]
/** Changes that make a run cheaper: taken unless they are shown to be worse. The others are taken only if they are shown to be better. */
const CHEAPER = ["rank 2", "attention only"];
const rounds = judged.map(({ name, verdict, p }) => {
  const cheaper = CHEAPER.includes(name);
  const decide = (take: boolean, reason: string) => ({ name, verdict, take, reason });
  if (verdict === "better" && p < LEVEL / changes.length) return decide(true, "shown to be better"); // Bonferroni
  if (cheaper && verdict === "not shown") return decide(true, "cheaper, and not shown to be worse");
  if (verdict === "worse") return decide(false, "shown to be worse");
  return decide(false, cheaper ? "cheaper, but there is a sign that it is worse" : "nothing shown for it: the base stays");
});
showTable(rounds.map(({ name, verdict, take, reason }) => ({ proposal: name, evidence: verdict, taken: take ? "yes" : "no", reason })));

// %% [markdown]
// Look at your table before you agree with it. "Not shown to be worse" after so few updates and 100 requests is weak evidence, and two
// cheap changes that are harmless alone need not be harmless together: nobody has run them together. A plausible proposal of an assistant
// at this point is to combine two changes that were tested apart. Answer it with the run that is missing.
//
// What does cheaper mean here? Compute it before you pay for it with quality:

// %%
import { countLora, findModel, GIB, type Linear } from "llmops/compute";
import { llama3OnT4, planRecipe, targetOf } from "llmops/train";

const llama = findModel("Llama-3-8B").shape;
const ATTENTION: Linear[] = ["q_proj", "k_proj", "v_proj", "o_proj"];
showTable(
  ([["rank 16, all seven", {}], ["rank 2, all seven", { rank: 2, alpha: 2 }], ["rank 16, attention", { targets: ATTENTION }]] as [string, Partial<RecipeInput>][]).map(([adapter, change]) => {
    const recipe = llama3OnT4({ data: { train: "train.jsonl" }, ...change });
    const { memory } = planRecipe(recipe, llama, targetOf("t4"), 2048);
    return { adapter, parameters: countLora(llama, recipe.rank ?? 0, recipe.targets ?? []), "adapter in 16 bit, MB": (2 * countLora(llama, recipe.rank ?? 0, recipe.targets ?? [])) / 1e6, "peak on a T4, GiB": memory.peakBytes / GIB };
  }),
  { decimals: 1, caption: "Llama-3-8B, QLoRA, rows of 2,048 tokens" },
);

// %% [markdown]
// A lower rank saves a fraction of a gibibyte. "LoRA Without Regret" (Schulman et al., Thinking Machines, 2025,
// https://thinkingmachines.ai/blog/lora/) found that adapters on attention alone do worse than on all matrices even with equally many
// parameters. A result of others, on larger models and many runs, counts for more than one small run of yours, so the file keeps
// rank and targets of the base. It holds what you may change with reason: the rate that you found, or the other one if it was shown to be
// better, and whatever else was *shown*.

// %% tags=["measured"]
import { writeFileSync } from "node:fs";

const shown = rounds.filter(({ take, name }) => take && !CHEAPER.includes(name));
const tuned = shown.reduce<Partial<RecipeInput>>((sum, { name }) => ({ ...sum, ...CHANGES[name] }), { learningRate: rate });
const named = ({ name, p }: (typeof judged)[number]) => `${name} (chance ${p.toFixed(3)})`;
const file = {
  recipe: tuned,
  because: {
    learningRate: `a tenth of ${turn.rate.toPrecision(2)}, where the range test was lowest; held against 0.003 alone`,
    ...Object.fromEntries(shown.map(({ name }) => [Object.keys(CHANGES[name])[0], `${name}: shown to be better on ${QUESTIONS} validation requests`])),
  },
  worse: judged.filter(({ verdict }) => verdict === "worse").map(named),
  notShown: judged.filter(({ verdict }) => verdict !== "better" && verdict !== "worse").map(named),
  runs: names.map((name) => ({ name, run: runs[name].id, rightCalls: scores[name].arguments.hits, of: QUESTIONS })),
};
writeFileSync("tuned-recipe.json", `${JSON.stringify(file, null, 2)}\n`);
console.log(JSON.stringify(file.recipe, null, 2));
console.log("Shown to be worse:", file.worse.join("; ") || "nothing");
console.log("Not shown:", file.notShown.join("; ") || "nothing");

// %% [markdown]
// `tuned-recipe.json` lies beside this notebook. It names the runs, so that somebody else can look at each of them, and it says what
// was worse and what was *not* shown, which is the part that most reports leave out. The capstone, lesson 64.9, trains by the course's
// own preset; to train it by yours, put the fields of `recipe` into its `tasklingRecipe` call. One thing does not carry over by itself:
// it runs for more updates than these, and the best rate of a longer run may be another.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Ask for verdicts on the table of section 4 by show of hands *before* the sign test, and write them down: most of a
// class sees effects in rows that are no further from the base than its own second seed. If two groups run the lesson with different
// seeds (`seed: 66`, `seed: 67` in CHANGES), put their tables side by side; nothing teaches noise faster. Somebody will ask for a search
// with fifty settings: let them compute the false alarms and the minutes first.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I can afford eight fine-tuning runs of ten minutes each on a T4, and 300 validation requests. Plan them: which settings, in which
// > order, and what I decide after each.
//
// ### 2. Critical evaluation
//
// Is there a second seed in its plan? Does it choose by the validation rows and leave the test rows closed? Does it change one thing
// at a time, or does it call a grid of combinations an ablation? How many comparisons does it make, and with which level?
//
// ### 3. Constraint teaching
//
// > Here is my table with paired columns, and the distance of two seeds: [paste both tables of section 4]. A difference counts only
// > if chance is below 5% divided by the number of comparisons and it is larger than twice the distance of the seeds. Rank nothing that
// > does not meet this.
//
// ### 4. Refinement
//
// > I have two more runs. Which two decide the most, given what is not shown yet? Say what each result would make me do; if both
// > results lead to the same decision, propose another run.
//
// ### 5. Final check
//
// > Here is my recipe file: [paste tuned-recipe.json]. Write the paragraph of the report that says how the values were chosen. Use no
// > word like "optimal", and mention every setting that was tried and not taken.
//
// Then check it against the file: every number in it must stand there.
