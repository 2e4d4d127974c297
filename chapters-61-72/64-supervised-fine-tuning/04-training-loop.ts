// ---
// chapter: 64
// lesson: 4
// title: Training Loop
// layer: Layer 2 (Hands-on)
// minutes: 60
// concepts:
//   - Dataset formatting for SFT
//   - SFTTrainer configuration
//   - Training execution
//   - Basic monitoring
// maps: SC-001 (complete fine-tuning), SC-002 (<5% OOM)
// prerequisites: lesson 64.3 (the recipe and what a machine makes of it)
// trains: true
// ---

// %% [markdown]
// This is the lesson in which a model learns. You follow the data from a request and its call to the numbers that the loss is computed
// on, token by token; you see which settings the trainer gets and launch it; you watch the loss fall; and you ask the model the same
// five requests before and after. It runs here, in a few minutes of one core. A recipe with the same rows, loss mask and number of
// updates is ready for Llama-3-8B on a T4; the workbook has checked it and has not yet run it on a card.

// %% [markdown]
// ## 1. The rows
//
// `datasets/task-calls` holds requests to the Task API, each with the call that it stands for. Rows to train on are kept apart from
// rows to be examined with: the held-out ones have titles and dates that no training row has. This lesson trains on 1,200, once each.

// %%
import { readFileSync } from "node:fs";
import { check, escapeHtml, PLAIN_HTML, show, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";

const train = readTaskCalls("train").slice(0, 1200);
const heldOut = readTaskCalls("held-out");
const count = (calls: typeof train, name: string) => calls.filter((call) => call.name === name).length;
showTable(
  [...new Set(train.map(({ name }) => name))].sort().map((name) => {
    const example = train.find((call) => call.name === name);
    return { operation: name, train: count(train, name), "held out": count(heldOut, name), "a request": example?.request, "its arguments": JSON.stringify(example?.parameters) };
  }),
);

// %% [markdown]
// Some titles are words that do not exist. They are there on purpose: a title that cannot be guessed has to be copied, and copying is
// what a model must do with the titles of your users.
//
// The trainer reads one conversation a line: `messages` in the roles of a chat, and `tools`, the functions that may be called. That is
// the format of lesson 63.1, and what `llmops data convert --to messages` writes.

// %%
const data = { train: "task-calls-train.jsonl", eval: "task-calls-validation.jsonl" };
writeTaskRows(train, data.train);
writeTaskRows(readTaskCalls("validation").slice(0, 60), data.eval);

interface Row {
  messages: { role: string; content: string; tool_calls?: unknown[] }[];
  tools: { function: { name: string } }[];
}
const [first = ""] = readFileSync(data.train, "utf8").split("\n");
const row = JSON.parse(first) as Row;
for (const message of row.messages) console.log(JSON.stringify(message));
console.log(`tools: ${row.tools.map((tool) => tool.function.name).join(", ")}`);

// %% [markdown]
// ## 2. What the model reads, and what it learns
//
// A model reads tokens. The tokenizer's **chat template** writes the conversation as one text with marks, and the tokenizer cuts it.
// Then comes the decision that matters most in supervised fine-tuning: which tokens have a **loss**. Ours: what the assistant says, and
// the token that ends its turn. The rest is read and not learned (`completionOnly` of the recipe).
//
// Do not trust a description of it: look. The set-up job of lesson 64.3 gives the first rows exactly as the trainer will train on them.

// %% tags=["measured"]
import { launch, openRuntime, runtimeDoor, startRuntime } from "llmops/pair";
import { setupJob, SetupReport, tasklingRecipe } from "llmops/train";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
const recipe = tasklingRecipe({ data, steps: 150, evaluateEvery: 50 });
const setup = await launch(setupJob(recipe), runtime);
await setup.wait();
await setup.fetch();
const report = setup.result("setup.json", SetupReport);

// %%
const tokens = report.rows[0] ?? [];
const drawn = tokens.map(({ text, loss }) => {
  const shown = escapeHtml(text).replaceAll("\n", "↵");
  const style = loss ? "background:#E69F00;color:#000;font-weight:600;border:1px solid #000" : "border:1px solid #9aa0a6";
  return `<span style="${style};padding:0 1px;margin:1px;white-space:pre;display:inline-block">${shown}</span>`;
});
let marked = "";
for (const [at, { text, loss }] of tokens.entries()) {
  marked += `${loss && !tokens[at - 1]?.loss ? "⟦" : ""}${text}${loss && !tokens[at + 1]?.loss ? "⟧" : ""}`;
}
show({ "text/plain": marked, "text/html": `<div class="${PLAIN_HTML}" style="font-family:monospace;line-height:1.9;max-width:820px">${drawn.join("")}</div>` });
const learned = tokens.filter(({ loss }) => loss).length;
console.log(`${tokens.length} tokens, ${learned} with a loss (filled), the last of them ${report.stop_token}`);

// %% [markdown]
// Each box is a token; the filled ones have a loss. Three things to see:
//
// - The header `assistant` is not learned: when the model serves, the template writes it.
// - The token that ends the turn is learned. Without it a tuned model writes on and on.
// - Most of the row is the system prompt with its tools, the same in every row. With a loss on everything, most of what a step corrects
//   would be how to recite it.
//
// The trainer finds these places by having the template write the conversation up to each turn, and comparing. A template that writes
// the beginning otherwise once more follows, or that leaves the tools out, is refused by name.
//
// ### Exercise: the labels
//
// A label is the token's id where there is a loss, and −100 where there is none. Write `labelTokens`.

// %%
import { lossMask, type TurnToken } from "llmops/exercises/64-4";

function labelTokens(conversation: readonly TurnToken[]): number[] {
  // BEGIN SOLUTION
  return conversation.map(({ id, role, part }) => (role === "assistant" && part !== "header" ? id : -100));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(lossMask, labelTokens);

// %% [markdown]
// ## 3. Lengths, padding, packing
//
// Rows of a batch must be equally long, so shorter ones are filled up with padding: read by the card, learned by nobody. How much is
// that here?

// %% tags=["folded"]
const { lengths } = report;
const longest = Math.max(...lengths), shortest = Math.min(...lengths);
await showChart(
  {
    title: "Tokens of the rows to train on",
    height: 160,
    data: { values: lengths.map((length) => ({ length })) },
    mark: { type: "bar" },
    encoding: { x: { field: "length", type: "quantitative", bin: { maxbins: 30 }, title: "tokens of a row" }, y: { aggregate: "count", type: "quantitative", title: "rows" } },
  },
  `Histogram: ${lengths.length} rows of ${shortest} to ${longest} tokens, ${(lengths.reduce((sum, length) => sum + length, 0) / lengths.length).toFixed(0)} in the mean.`,
);

// %%
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const read = sum(lengths);
/** Tokens that the card computes on when rows come in batches, each filled up to its longest. */
function padded(ordered: readonly number[], batch: number): number {
  const starts = Array.from({ length: Math.ceil(ordered.length / batch) }, (_, at) => at * batch);
  return sum(starts.map((at) => Math.max(...ordered.slice(at, at + batch)) * ordered.slice(at, at + batch).length));
}
/** Rows of a fixed length when whole rows are joined: the longest first, each where the least room is left over. */
function packed(all: readonly number[], limit: number): number {
  const room: number[] = [];
  for (const length of all.toSorted((a, b) => b - a)) {
    const fits = room.map((left, at) => ({ left, at })).filter(({ left }) => left >= length).sort((a, b) => a.left - b.left)[0];
    if (fits) room[fits.at] = fits.left - length;
    else room.push(limit - length);
  }
  return room.length;
}
const bins = packed(lengths, recipe.maxLength);
const ways = [
  { way: "every row filled up to maxLength", computed: lengths.length * recipe.maxLength },
  { way: `batches of ${recipe.batch}, as they come (ours)`, computed: padded(lengths, recipe.batch) },
  { way: `batches of ${recipe.batch}, sorted by length`, computed: padded(lengths.toSorted((a, b) => a - b), recipe.batch) },
  { way: `packed: joined up to ${recipe.maxLength}`, computed: bins * recipe.maxLength },
];
showTable(
  ways.map(({ way, computed }) => ({ way, "tokens computed on": computed, "padding, %": 100 * (1 - read / computed) })),
  { decimals: 1, caption: `${lengths.length} rows, ${read.toLocaleString("en-US")} tokens` },
);
console.log(`Packed, ${lengths.length} rows become ${bins}, of ${(lengths.length / bins).toFixed(1)} rows each.`);

// %% [markdown]
// Filling up to a limit is what makes naive scripts slow. Batches filled up to their own longest row lose little here, because all rows
// carry the same long system prompt. Packing pays where lengths differ much, and it changes the run: a step then has several times as
// many rows, so the same number of steps is more epochs, and the learning rate has to be found again. Joined rows must not see one
// another; TRL keeps them apart by their positions, and our trainer's tests compare the losses. Here `packing` stays off.
//
// ### Exercise: how many steps?
//
// You counted updates in lesson 64.2. Now `epochs` may be 0.5: the updates of a whole epoch round up as before, and their product with
// the epochs rounds up once more. Write `steps`.

// %%
import { stepCount, type RunLength } from "llmops/exercises/64-4";

function steps({ rows, batch, accumulation, epochs }: RunLength): number {
  // BEGIN SOLUTION
  const passes = Math.ceil(rows / batch);
  return Math.ceil(Math.ceil(passes / accumulation) * epochs);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(stepCount, steps);

// %% [markdown]
// ## 4. The trainer's settings
//
// `SFTTrainer` takes objects: the model with its adapters, the rows, the tokenizer. Settings stand in `SFTConfig`. Here is what the
// recipe says there, on this machine and in the T4's recipe of lesson 64.3. The middle column is read from the job's own report.

// %%
import { llama3OnT4 } from "llmops/train";

const onT4 = llama3OnT4({ data, steps: 150, evaluateEvery: 50, maxLength: 1024 });
const here = (name: string) => String(report.arguments[name]?.value ?? "");
const settings = [
  ["max_steps", onT4.steps, "updates in all; or num_train_epochs"],
  ["per_device_train_batch_size", onT4.batch, "rows of a pass: bound by memory"],
  ["gradient_accumulation_steps", onT4.accumulation, "passes of an update"],
  ["learning_rate", onT4.learningRate, "a small model bears and needs more"],
  ["warmup_steps", onT4.warmup, "the rate rises, then falls in a line"],
  ["optim", "adamw_8bit", "states in 8 bit need CUDA"],
  ["max_length", onT4.maxLength, "longer rows are left out whole, and counted"],
  ["fp16", true, "fp32 on a processor, fp16 on a T4"],
  ["bf16", false, "said, because TRL would take it"],
  ["eval_steps", onT4.evaluateEvery, "looks at rows that are not trained on"],
  ["save_steps", onT4.checkpoints.every, "checkpoints, for lesson 64.7"],
] as const;
showTable(settings.map(([name, t4, why]) => ({ SFTConfig: name, here: here(name), T4: String(t4), why })));
const rowsSeen = (recipe.steps ?? 0) * recipe.batch * recipe.accumulation;
console.log(`Both see ${rowsSeen} rows: ${(rowsSeen / lengths.length).toFixed(2)} epochs of ${lengths.length}.`);

// %% [markdown]
// ## 5. Launch, and watch
//
// Plan, job, launch: the plan refuses a run that will not fit before it starts, and its peak is a line in the live view.

// %% tags=["measured"]
import { GIB } from "llmops/compute";
import { watchRun } from "llmops/pair";
import { planRecipe, refuseMisfit, shapeOfBase, targetOf, trainingJob } from "llmops/train";

const target = targetOf(machine ?? { memoryBytes: 8 * GIB });
const plan = planRecipe(recipe, shapeOfBase(recipe), target, longest);
refuseMisfit(plan);
console.log(`The run ${plan.verdict.sentence}.`);
const run = await watchRun(await launch(trainingJob(recipe, { plan }), runtime));

// %% [markdown]
// In the notebook this view moves: step, loss, learning rate, tokens a second, memory against the plan, the time left. Interrupting the
// cell stops the watching and not the job; `attach` picks it up again. What stays is the chart and one line of figures. Hold its memory
// against the plan's band: on a processor the figure is the peak of the whole process, and the plan counts Python and its libraries at
// a fixed 0.48 GiB, so a run may come out above the band. Here there is room enough; where there is not, leave a tenth more.
//
// ## 6. What it left
//
// The trainer appends a line to `metrics.jsonl` at every step. That file is the whole truth of a run: every curve is drawn from it, the
// live view too.

// %% tags=["measured"]
const lines = readFileSync(`${run.folder}/metrics.jsonl`, "utf8").trim().split("\n");
console.log(lines[0]);
console.log(lines.at(-1));
const trained = run.metrics.filter(({ loss }) => loss !== undefined);
const looked = run.metrics.filter(({ eval_loss: loss }) => loss !== undefined);
const mean = (values: readonly number[]) => sum(values) / values.length;
const stretch = (from: number, to: number) => mean(trained.filter(({ step }) => step > from && step <= to).map(({ loss }) => loss ?? NaN));
showTable(
  [[0, 10], [10, 50], [50, 100], [100, 150]].map(([from, to]) => ({
    steps: `${from + 1} to ${to}`,
    "mean loss, training": stretch(from, to),
    "loss on held-out rows, at the end": looked.find(({ step }) => step === to)?.eval_loss,
    "learning rate, at the end": trained.find(({ step }) => step === to)?.lr?.toExponential(1),
  })),
  { decimals: 3 },
);

// %% tags=["folded", "measured"]
const WIDTH = 500;
const byStep = { field: "step", type: "quantitative" as const, title: "step" };
const named = (name: string) => ({ datum: name, type: "nominal" as const, title: null, legend: { orient: "top" as const } });
await showChart(
  {
    title: "Loss and learning rate, step by step",
    vconcat: [
      {
        width: WIDTH, height: 190,
        layer: [
          { data: { values: trained.map(({ step, loss }) => ({ step, loss })) }, mark: { type: "line", strokeWidth: 1.5 }, encoding: { x: byStep, y: { field: "loss", type: "quantitative", scale: { type: "log" }, title: "loss (log)" }, color: named("rows of the step") } },
          { data: { values: looked.map(({ step, eval_loss: loss }) => ({ step, loss })) }, mark: { type: "point", size: 80, filled: true, shape: "square" }, encoding: { x: byStep, y: { field: "loss", type: "quantitative" }, color: named("rows held out") } },
        ],
      },
      { width: WIDTH, height: 70, data: { values: trained.map(({ step, lr }) => ({ step, lr })) }, mark: { type: "line" }, encoding: { x: byStep, y: { field: "lr", type: "quantitative", title: "learning rate" } } },
    ],
  },
  `The loss of each step falls from ${trained[0]?.loss?.toFixed(2)} to ${trained.at(-1)?.loss?.toFixed(3)}; on held-out rows ${looked.map(({ step, eval_loss: loss }) => `${loss?.toFixed(3)} at step ${step}`).join(", ")}. The learning rate rises for ${recipe.warmup} steps and falls in a line to 0.`,
);

// %% [markdown]
// The loss on the rows held out (the validation rows) may be lower than the training loss beside it: the one is taken at the end of a
// stretch, the other is the mean of it. Most of the fall is in the first steps. A likely reason: the form of the answer is the same in
// every row, and the operation and the words to copy differ; the loss alone does not tell the two apart. That is why a low loss says
// little: the punctuation of JSON, easy and plentiful, pulls the mean down. Lesson 64.5 reads such curves when they go wrong.
//
// `run.json` says what was trained with what; it is what you keep when you forget everything else.

// %% tags=["measured"]
import { TrainingRecord } from "llmops/train";

await run.fetch();
const record = run.result("run.json", TrainingRecord);
const trainSeconds = sum(record.attempts.map(({ train_seconds: seconds }) => seconds ?? 0));
const trainTokens = sum(record.attempts.map(({ tokens: seen }) => seen ?? 0));
showTable([
  { what: "status", is: record.status },
  { what: "base, SHA-256", is: `${record.base.sha256?.slice(0, 12)}…` },
  { what: "rows, SHA-256", is: `${record.data.train.sha256.slice(0, 12)}…` },
  { what: "parameters that train", is: `${record.parameters.trainable.toLocaleString("en-US")} of ${record.parameters.total.toLocaleString("en-US")}` },
  { what: "tokens read", is: trainTokens.toLocaleString("en-US") },
  { what: "seconds of training", is: trainSeconds.toFixed(1) },
  { what: "tokens a second", is: Math.round(trainTokens / trainSeconds).toLocaleString("en-US") },
  { what: "adapter, KiB", is: Math.round((record.exports?.["adapter"]?.bytes ?? 0) / 1024).toLocaleString("en-US") },
  { what: "cost", is: `$${run.usd().toFixed(2)}` },
]);

// %% [markdown]
// ## 7. Before and after
//
// Five requests that no training row has, one for each operation. The base gets the same prompt, tools and all; it answers as it was
// pretrained to, in prose. The tuned model is the same base with the adapter over it. Both write the most likely token each time.

// %% tags=["measured"]
import { answerPrompts, faultOf, scoreCalls } from "llmops/evaluate";

const asked = [...new Set(heldOut.map(({ name }) => name))].flatMap((name) => heldOut.find((call) => call.name === name) ?? []);
const prompts = asked.map(({ request }) => request);
const before = await answerPrompts(runtime, { model: recipe.base, prompts });
const after = await answerPrompts(runtime, { model: recipe.base, adapter: `${run.folder}/artifacts/adapter`, prompts });
for (const [at, { request, name, parameters }] of asked.entries()) {
  console.log(`${request}\n  before: ${before.answers[at]?.trim()}\n  after:  ${after.answers[at]?.trim()}\n  wanted: ${JSON.stringify({ name, parameters })}\n`);
}
const judged = (answers: readonly string[], at: number) => faultOf(answers[at] ?? "", asked[at]) ?? "right";
showTable(asked.map(({ name }, at) => ({ wanted: name, before: judged(before.answers, at), after: judged(after.answers, at) })));
const { arguments: right } = scoreCalls(asked, after.answers);
console.log(`Right after training: ${right.hits} of ${right.of}; the 95% interval is ${(100 * right.low).toFixed(0)} to ${(100 * right.high).toFixed(0)}%.`);

// %% [markdown]
// Read the list as the person would whose tasks these are: the base says that it has done it, and nothing was done. The tuned model can
// do worse: a call of the wrong operation is carried out, and a delete in place of a change is gone. A validation loss that looks
// excellent does not rule it out. Then read the table in the order in which a model learns: is the answer a call at all, is it the right
// operation, are the words copied? One pass over the rows is short; what is still wrong here is what further steps, or a better rate
// (lesson 64.6), have to mend.
//
// Five requests show what changed; they measure little, as the interval says. Lesson 64.9 examines a model on hundreds, in kinds:
// held-out titles, words that it never saw, phrasings of other people.
//
// ## 8. The same recipe on a T4
//
// `onT4` of section 4 is this run for Llama-3-8B: the same rows, the same loss mask, as many updates. It is planned before it is sent,
// as if every row were as long as allowed (lesson 64.3 has such a plan term by term); and before you wait for it, you should know for how
// long.

// %%
import { hoursFor, renderPlan, trainingRate } from "llmops/compute";

const llama = shapeOfBase(onT4);
const T4 = targetOf("t4");
const t4Plan = planRecipe(onT4, llama, T4, onT4.maxLength);
console.log(`The run ${t4Plan.verdict.sentence}.`);
console.log(renderPlan(t4Plan.memory));

// %% [markdown]
// How many of Llama's tokens a row has is not known before Llama's tokenizer has read it; how many characters, is. Assume three to four
// of these to a token. With the card's arithmetic that gives a range of minutes:

// %%
const conversation = (line: string) => {
  const { messages, tools } = JSON.parse(line) as Row;
  return JSON.stringify(tools).length + sum(messages.map((message) => JSON.stringify(message).length));
};
const characters = mean(readFileSync(data.train, "utf8").trim().split("\n").map(conversation));
const gpu = T4.gpu;
if (gpu) {
  const estimate = [4, 3].map((perToken) => {
    const length = characters / perToken;
    const rate = trainingRate(llama, gpu, { sequence: length, frozen: true, recompute: true });
    const hours = hoursFor(rowsSeen * length, rate);
    return {
      "characters a token": perToken, "tokens a row": Math.round(length), "tokens of the run": Math.round(rowsSeen * length),
      "tokens/s": `${rate.low.toFixed(0)} to ${rate.high.toFixed(0)}`, minutes: `${(60 * hours.low).toFixed(0)} to ${(60 * hours.high).toFixed(0)}`,
    };
  });
  showTable(estimate, { caption: `${rowsSeen} rows on ${gpu.name}, by its arithmetic` });
}

// %% [markdown]
// A packed base is unpacked for every product, which this leaves out: expect the upper half of the minutes.
//
// `colab/64-4-training-loop.ipynb` is that run as a notebook, with the trainer, the rows and the recipe inside. It was built from the
// same lines as `onT4`; the hash of recipe, files and code says so:

// %% tags=["measured"]
import { gather, hashRecipe } from "llmops/pair";

const job = trainingJob(onT4, { plan: t4Plan });
const files = gather(job);
const notebook = readFileSync(workbookPath("colab/64-4-training-loop.ipynb"), "utf8");
const inNotebook = /Recipe hash `([0-9a-f]+)`/.exec(notebook)?.[1] ?? "";
console.log(`The same run: ${inNotebook !== "" && hashRecipe(job, files).startsWith(inNotebook)}`);
const parts = [...new Set(files.map(({ path }) => path.split("/").slice(0, -1).join("/") || path))];
showTable(parts.map((part) => {
  const inside = files.filter(({ path }) => path === part || path.startsWith(`${part}/`));
  return { part, files: inside.length, "bytes, unpacked": sum(inside.map(({ content }) => content.length)) };
}), { caption: "What travels inside" });

// %% [markdown]
// To have the results in *this* notebook, start the workbook with `LLMOPS_RUNTIME=hand-off` (or `tab`, or `cli`) and launch
// `trainingJob(onT4, { plan: t4Plan })`: the same calls, another door. A free T4 costs nothing and can be taken back at any time; the
// trainer then goes on from its last checkpoint, as in lesson 64.7.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 2 is the heart: let students say where the loss is before the picture appears. About half will include
// the header, and most forget the end of the turn. If there is time, set `completionOnly: false`, train again and compare the first loss:
// it is lower, because most tokens are the same in every row, and the answers are no better. With several students on one
// machine the training slows down in proportion; the figures of section 6 differ for each, the losses hardly.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write a training script for supervised fine-tuning with TRL's SFTTrainer: rows of messages with tools, LoRA, loss on the assistant's
// > turns only.
//
// ### 2. Critical evaluation
//
// How does it find the assistant's turns: by a piece of text, by the template's own marks, or not at all? Does the token that ends the
// turn have a loss? What happens to rows that are too long: cut, or left out? Run it over one row and print the labels.
//
// ### 3. Constraint teaching
//
// > Here is one of my rows, token by token, with what has a loss: [paste section 2]. Change the script until its labels are exactly these,
// > and refuse a chat template that leaves the tools out.
//
// ### 4. Refinement
//
// Ask it to pack the rows, and to say for each setting that depends on the number of rows in a step (learning rate, warm-up, steps,
// evaluation) what must change. Check its number of steps against `packed` of section 3.
//
// ### 5. Final check
//
// > Here are the first and the last line of my metrics.jsonl, my table of losses and my five answers: [paste them]. What of the
// > following do these show, and what do they not show: that the form was learned, that titles are copied, that it works for my users?
