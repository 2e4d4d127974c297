// ---
// chapter: 61
// lesson: 4
// title: Training Taxonomy
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Pretraining (massive unlabeled data → base capabilities)
//   - Supervised Fine-Tuning (instruction pairs → task performance)
//   - Alignment (preference data → safety, style, behavior)
//   - PEFT methods overview (LoRA, QLoRA, adapters)
// maps: Foundation for Chapters 64-66
// prerequisites: lesson 61.2, or what the stages of a model's life are
// ---

// %% [markdown]
// "We train a model" can mean a few cents or a few million dollars. Three stages go by that name, and the last two can be run with all
// weights or with few. The stages eat different data, the ways take different amounts of memory, and the dearest run of this lesson costs
// more than ten million times what the cheapest does. In this lesson you feed each stage a row, count its operations, and end with one
// table and one picture: tokens, GPU-hours and dollars, for the same model. You will know which you need, and which you leave to others.

// %% [markdown]
// ## 1. What each stage eats
//
// An assistant is made in three stages, each of which starts from the weights of the one before; after the first it is a base model.
//
// | stage | learns | from | here |
// | --- | --- | --- | --- |
// | **pretraining** | how texts go on | running text, trillions of tokens | left to others |
// | **supervised fine-tuning** (SFT) | to answer as these rows do | requests with the wanted answer | chapter 64 |
// | **alignment** (DPO, RLHF) | which of two answers is better | pairs of answers to one request | chapter 68 |
//
// Here is a row for each of them. The conversation is the first of the Task API's training set (lesson 63.7 makes it), as it stands in
// the file. The running text and the rejected answer are written by hand; the answer claims the date that was refused a turn before.

// %%
import { check, showChart, showTable, todo, workbookPath } from "llmops/course";
import { formatRow, readExamples, type Example, type Message } from "llmops/data";

const conversations = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
const [first] = conversations as [Example];
const turns = first.messages;
const conversation: Example = { messages: turns, extra: {} };
const chosen = turns.slice(-1);
const rejected: Message[] = [{ role: "assistant", content: "I moved 'Book confocal microscope' to Fri, Nov 13." }];
const pair: Example = { messages: turns.slice(0, -1), preference: { chosen, rejected }, extra: {} };

const text = "The confocal microscope is booked by the hour. Whoever comes late loses the first quarter of it.";
const running: Example = { messages: [{ role: "assistant", content: text }], plainText: true, extra: {} };

const asRow = (format: "text" | "messages" | "preference", example: Example) => {
  const written = formatRow(format, example, { plain: true });
  return written.ok ? JSON.stringify(written.row, null, 1) : `refused: ${written.reason}`;
};
console.log(`Pretraining, format text:\n${asRow("text", running)}\n`);
console.log(`SFT, format messages:\n${asRow("messages", conversation)}\n`);
console.log(`Alignment, format preference:\n${asRow("preference", pair)}`);

// %% [markdown]
// The formats are no matter of taste. Ask the library to write one stage's row for another stage, and see what it says:

// %%
const written = (from: string, example: Example, format: "messages" | "preference" | "text") => {
  const result = formatRow(format, example, { plain: true });
  return { from, to: format, result: result.ok ? "written" : result.reason };
};
showTable(
  [
    written("a conversation", conversation, "preference"),
    written("a pair", pair, "messages"),
    written("a conversation", conversation, "text"),
    written("running text", running, "messages"),
  ],
  { caption: "Rows of one stage for another" },
);

// %% [markdown]
// A conversation is not a pair: what would be worse is missing. A pair is not a conversation: as two rows it would teach the bad answer
// too. And running text has nobody who asks.
//
// The stages also differ in what counts. Pretraining has a loss on every token, SFT only on what the assistant says, and DPO on how
// much likelier the chosen answer is than the rejected one. Count it on this conversation:

// %%
import { countTextTokens } from "llmops/data";

const tokensOf = (messages: readonly Message[]) => messages.reduce((sum, { content }) => sum + countTextTokens(content ?? ""), 0);
const spoken = turns.filter(({ role }) => role === "assistant");
const prompt = tokensOf(pair.messages);
showTable(
  [
    { stage: "pretraining", reads: tokensOf(turns), "tokens with a loss": tokensOf(turns) },
    { stage: "SFT", reads: tokensOf(turns), "tokens with a loss": tokensOf(spoken) },
    {
      stage: "DPO",
      reads: 2 * prompt + tokensOf(chosen) + tokensOf(rejected),
      "tokens with a loss": tokensOf(chosen) + tokensOf(rejected),
    },
  ],
  { caption: "The same conversation, texts only, in tokens of o200k" },
);

// %% [markdown]
// DPO reads the request twice, once in front of each answer. Remember that for the bill.
//
// ### Exercise: which stage?
//
// Five teams, five heaps of data:
//
// 1. `800 requests, each with the JSON that should come back`
// 2. `3,000 answers that users marked as good or bad, two for each request`
// 3. `a price list that changes every morning`
// 4. `40 billion tokens of a language that no open model knows`
// 5. `a chat model that answers well but too long, and 600 long answers with their shortened versions`
//
// Choose `"pretraining"`, `"sft"`, `"dpo"` or `"none"` (no training: a prompt, or looking things up when asked) for each. The keys of your
// object are these texts, word by word.

// %%
import { stageChoice, type StageChoices } from "llmops/exercises/61-4";

let choices: StageChoices | undefined;
// BEGIN SOLUTION
choices = {
  "800 requests, each with the JSON that should come back": "sft",
  "3,000 answers that users marked as good or bad, two for each request": "dpo",
  "a price list that changes every morning": "none",
  "40 billion tokens of a language that no open model knows": "pretraining",
  "a chat model that answers well but too long, and 600 long answers with their shortened versions": "dpo",
};
// STUB
// // choices = { "800 requests, each with the JSON that should come back": "…", … };
// END SOLUTION
await check(stageChoice, choices);

// %% [markdown]
// ## 2. Pretraining: six operations
//
// A forward pass multiplies and adds once for each weight: two operations for each weight and token. The backward pass needs two more
// such passes, one for the gradients of the activations, one for those of the weights. So training on D tokens takes about **6 × N × D**
// operations for N weights (Kaplan et al. 2020, https://arxiv.org/abs/2001.08361). Check the rule against what was published of GPT-3:
// 175 billion weights, 300 billion tokens, 3,640 petaflop/s-days (https://arxiv.org/abs/2005.14165, table D.1).

// %%
const PETAFLOP_DAY = 1e15 * 24 * 3600;
const sixND = (weights: number, tokens: number) => 6 * weights * tokens;
const gpt3 = sixND(175e9, 300e9);
console.log(`6ND: ${gpt3.toExponential(2)} operations = ${Math.round(gpt3 / PETAFLOP_DAY).toLocaleString("en-US")} petaflop/s-days`);

// %% [markdown]
// From operations to hours you need a speed. An H100's datasheet says 989 trillion 16-bit operations a second. Nobody reaches that; the
// share that a run reaches is its **utilisation**. The model cards of Llama give GPU-hours (H100, Llama 3 of 2024-04 and 3.1 of 2024-07,
// "15T+" tokens, github.com/meta-llama/llama-models), so you can compute backwards what Meta reached.

// %%
import { costOfRun, countParameters, findModel, GPUS, hoursFor, RENTS, trainingRate } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const weights = countParameters(llama).total;
const TOKENS = 15e12;
const cards = [
  { model: "Llama 3 8B", weights, hours: 1.3e6 },
  { model: "Llama 3 70B", weights: countParameters(findModel("Llama-3.1-70B").shape).total, hours: 6.4e6 },
  { model: "Llama 3.1 405B", weights: 405e9, hours: 30.84e6 },
];
const perHour = (share: number) => GPUS.h100.flops.bf16 * share * 3600;
showTable(
  cards.map(({ model, weights: n, hours }) => ({
    model,
    "operations (10²⁴)": sixND(n, TOKENS) / 1e24,
    "hours at 100%": Math.round(sixND(n, TOKENS) / perHour(1)),
    "hours at 40%": Math.round(sixND(n, TOKENS) / perHour(0.4)),
    "hours on the card": hours,
    "utilisation, backwards (%)": (100 * sixND(n, TOKENS)) / perHour(1) / hours,
    "dollars (million)": (hours * RENTS["h100-runpod"].dollarsPerHour) / 1e6,
  })),
  { decimals: 1, caption: `Pretraining on 15 trillion tokens, an hour of an H100 at $${RENTS["h100-runpod"].dollarsPerHour}` },
);
console.log(`The price: ${RENTS["h100-runpod"].offer}, read ${RENTS["h100-runpod"].read} (${RENTS["h100-runpod"].source})`);

// %% [markdown]
// The rule gives the operations well and the bill badly: whoever takes 40% for the 8B has less than half of its hours. The cards do
// not say where the rest went. "15T+" may be more than 15; restarts, evaluations and a small model that cannot keep so many cards
// busy cost hours without adding operations to 6ND. So never quote hours without the utilisation that you assumed.
//
// ### Exercise: hours of a pretraining
//
// You want a model of your own language: 3 billion weights, 600 billion tokens, on H100s at a utilisation of 40%, with 989 trillion
// operations a second as 100%. How many hours of a card is that? Give the number of hours, or text with any unit of time.

// %%
import { pretrainingHours } from "llmops/exercises/61-4";

let hours: number | string | undefined;
// BEGIN SOLUTION
hours = (6 * 3e9 * 600e9) / (989e12 * 0.4) / 3600;
// STUB
// // hours = "… h";
// END SOLUTION
await check(pretrainingHours, hours);

// %% [markdown]
// ## 3. Where the rule fails
//
// 6ND counts every weight once and nothing else. `trainingFlops` counts what is multiplied: the embedding is a table that is looked
// up, not multiplied; attention grows with the length of the row; a frozen base needs no gradients of its weights; recomputing
// activations to save memory costs a forward pass more.

// %%
import { readFileSync } from "node:fs";
import { shapeOfConfig, trainingFlops } from "llmops/compute";

const readText = (file: string) => readFileSync(workbookPath(`colab/taskling/model/${file}`), "utf8");
const taskling = shapeOfConfig(JSON.parse(readText("config.json")), "taskling");
const full = { frozen: false, recompute: false };
const cases = [
  { what: "8B, rows of 2,048", shape: llama, sequence: 2048, how: full },
  { what: "8B, rows of 8,192", shape: llama, sequence: 8192, how: full },
  { what: "8B, rows of 131,072", shape: llama, sequence: 131_072, how: full },
  { what: "8B, LoRA, rows of 512", shape: llama, sequence: 512, how: { frozen: true, recompute: false } },
  { what: "8B, LoRA, recomputing", shape: llama, sequence: 512, how: { frozen: true, recompute: true } },
  { what: "our taskling, rows of 256", shape: taskling, sequence: 256, how: full },
];
showTable(
  cases.map(({ what, shape, sequence, how }) => ({
    what,
    "6N (10⁶ operations a token)": (6 * countParameters(shape).total) / 1e6,
    counted: trainingFlops(shape, sequence, how) / 1e6,
    "counted / 6N": trainingFlops(shape, sequence, how) / (6 * countParameters(shape).total),
  })),
  { decimals: 2, caption: "Operations for a token in training" },
);

// %% [markdown]
// For the 8B the rule is off by 7% at most up to 8,192 tokens a row. At 131,072 attention takes more than twice as much as all weights
// together. Beside training all weights on rows of the same length, LoRA saves a third of the arithmetic at most, and nothing if it
// recomputes: its gain is memory, as section 5 shows. And of a mixture of experts, count only the weights that a token passes through.
//
// The last row is a model that this repository pretrains from nothing, on one and on two cores. What its card reports of each phase is a
// measured bill:

// %%
const card = readText("README.md");
const phases = [...card.matchAll(/^\| \w+ \| (?<steps>[\d,]+(?: and [\d,]+)*) \| (?<tokens>[\d,]+) \|.*\| (?<processes>\d+) \| (?<minutes>[\d,]+) \| [\d.]+ \|$/gm)];
if (phases.length === 0) throw new Error("colab/taskling/model/README.md no longer says how long the pretraining took");
const whole = (text: string | undefined) => Number((text ?? "").replaceAll(",", ""));
const sumOf = (figure: (phase: Record<string, string>) => number) => phases.reduce((sum, { groups }) => sum + figure(groups ?? {}), 0);
const tasklingRun = {
  tokens: sumOf(({ steps, tokens }) => steps.split(" and ").reduce((sum, cycle) => sum + whole(cycle), 0) * whole(tokens)),
  hours: sumOf(({ minutes, processes }) => (whole(minutes) * whole(processes)) / 60),
};
const bills = [
  { model: "taskling", on: "CPU cores", shape: taskling, row: 256, tokens: tasklingRun.tokens, hours: tasklingRun.hours },
  { model: "Llama 3 8B", on: "H100s", shape: llama, row: 8192, tokens: TOKENS, hours: 1.3e6 },
];
showTable(
  bills.map(({ model, on, shape, row, tokens, hours: taken }) => ({
    model, on,
    parameters: countParameters(shape).total,
    "tokens a parameter": tokens / countParameters(shape).total,
    operations: (tokens * trainingFlops(shape, row, full)).toExponential(1),
    hours: taken.toLocaleString("en-US", { maximumFractionDigits: 2 }),
    "operations a second": ((tokens * trainingFlops(shape, row, full)) / (taken * 3600)).toExponential(1),
  })),
  { decimals: 1 },
);

// %% [markdown]
// ## 4. Alignment: pairs, and a model to compare with
//
// **DPO** trains on pairs. It raises the chosen answer against the rejected one, measured from where it began, and for that it asks a
// second, unchanged copy of the model: the **reference**. One pair costs a forward and backward pass over both rows, and a forward pass of
// the reference over both rows (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290).
//
// **RLHF** with PPO lets the model write answers while it trains, has a reward model judge them, and learns from the reward. That is
// four models at once (the one that trains, its reference, the reward model, a value model), and writing is slow. For InstructGPT,
// 175 billion weights, the bill of all three stages was published, in petaflop/s-days (https://arxiv.org/abs/2203.02155, section 5.1):

// %%
const published = { "pretraining (GPT-3)": 3640, SFT: 4.9, "RLHF (PPO-ptx)": 60 };
const share = (days: number) => (100 * days) / published["pretraining (GPT-3)"];
showTable(
  Object.entries(published).map(([stage, days]) => ({ stage, "petaflop/s-days": days, "% of pretraining": share(days) })),
  { decimals: 2 },
);
const { SFT: sftDays, "RLHF (PPO-ptx)": rlhfDays } = published;
console.log(`RLHF took ${(rlhfDays / sftDays).toFixed(0)} times what SFT took, both together ${share(sftDays + rlhfDays).toFixed(1)}% of pretraining.`);

// %% [markdown]
// This course teaches SFT and DPO: both are one file of rows and one run on one card. RLHF you will meet as an idea only.
//
// ### Exercise: a pair and a row
//
// Write how many operations one pair takes. `forward` is what a forward pass takes for one token. The base trains with LoRA and without
// recomputing: a backward pass through a frozen base costs as much as a forward pass. The reference is the same base without its
// adapter; its pass is not free.

// %%
import { pairFlops, type PairFlops, type PairTokens } from "llmops/exercises/61-4";

function flopsOfPair({ prompt: asked, chosen: better, rejected: worse }: PairTokens, forward: number): number {
  // BEGIN SOLUTION
  const read = asked + better + (asked + worse);
  const trained = 2 * forward * read; // forward, and back through a frozen base
  const reference = forward * read; // forward only
  return trained + reference;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(pairFlops, flopsOfPair satisfies PairFlops);

// %% [markdown]
// ## 5. PEFT: the same stage in less memory
//
// PEFT (parameter-efficient fine-tuning) is not a fourth stage; it is another way to run SFT or DPO. The base is frozen, and a small addition
// trains: **LoRA** puts two thin matrices beside each large one, **QLoRA** also keeps the frozen base in 4 bit, and older **adapters** put
// small layers between the large ones. The optimiser then keeps its states for the addition only.

// %%
import { countLora, GIB, judgeFit, LINEARS, planTraining, type TrainingRunInput } from "llmops/compute";

const RANK = 16;
const common = { model: "Llama-3-8B", sequence: 512, batch: 2, rank: RANK, gpu: "h100" } as const;
const methods: { method: string; run: TrainingRunInput }[] = [
  { method: "SFT, full, fp32 and autocast", run: { ...common, method: "full", storage: "fp32" } },
  { method: "SFT, full, all in bf16", run: { ...common, method: "full" } },
  { method: "DPO, full, a second copy as reference", run: { ...common, method: "full", objective: "dpo", reference: "separate" } },
  { method: "SFT, LoRA", run: { ...common, method: "lora" } },
  { method: "DPO, LoRA, a second copy as reference", run: { ...common, method: "lora", objective: "dpo", reference: "separate" } },
  { method: "DPO, LoRA, reference without adapter", run: { ...common, method: "lora", objective: "dpo", reference: "shared" } },
  { method: "SFT, QLoRA", run: { ...common, method: "qlora" } },
  { method: "DPO, QLoRA, reference without adapter", run: { ...common, method: "qlora", objective: "dpo", reference: "shared" } },
];
const smallest = (run: TrainingRunInput) => {
  for (const card of [GPUS.t4, GPUS.l4, GPUS["a100-80"]]) {
    const { fits } = judgeFit(planTraining(run), card.usableBytes, card.name);
    if (fits !== "no") return fits === "yes" ? card.name : `${card.name}, tight`;
  }
  return "more than one card";
};
const adapter = countLora(llama, RANK, LINEARS);
showTable(
  methods.map(({ method, run }) => ({
    method,
    trains: run.method === "full" ? weights : adapter,
    "peak (GiB)": planTraining(run).peakBytes / GIB,
    "smallest that fits": smallest(run),
  })),
  { decimals: 1, caption: "Llama-3-8B, 2 rows (pairs) of 512 tokens a step, as Transformers trains it" },
);
console.log(`An adapter of rank ${RANK}: ${adapter.toLocaleString("en-US")} parameters, ${((2 * adapter) / 2 ** 20).toFixed(0)} MiB in 16 bit.`);

// %% [markdown]
// Read it from the bottom. QLoRA brings an 8B model to a T4. The reference is a second model only where all weights train: with an
// adapter, TRL switches the adapter off and has its reference; keeping a second copy all the same costs 15 GiB for nothing. That a pair
// has two rows hardly shows, because DPO's loss needs no 32-bit copy of the logits and SFT's does. (A T4 has no bf16; its own plan comes
// in lesson 62.4.)
//
// ## 6. One bill for all
//
// Now everything together, for Llama-3-8B. Fine-tuning reads the Task API's training set three times; DPO reads the same conversations
// once, with a second answer. A second dataset, 50,000 rows of 500 tokens, stands for a large project. The ranges are those of the
// utilisation: 25 to 50% on a newer card, 11 to 26% on a T4.

// %%
import { preferenceFlops, type Rate, type Rent } from "llmops/compute";
import { countTokens } from "llmops/data";

const dataset = conversations.reduce((sum, example) => sum + countTokens(example), 0);
const [small, large] = [
  { name: `${conversations.length} rows`, tokens: dataset, row: dataset / conversations.length },
  { name: "50,000 rows", tokens: 50_000 * 500, row: 500 },
];
const adapterOnly = { frozen: true, recompute: true };
const bill = (job: string, rent: Rent, tokens: number, rate: Rate) => {
  return { job, rent, tokens, hours: hoursFor(tokens, rate), dollars: costOfRun(tokens, rate, rent.dollarsPerHour) };
};
const sft = (job: string, rent: Rent, rows: typeof small, how: typeof full) =>
  bill(`${job}, ${rows.name}`, rent, 3 * rows.tokens, trainingRate(llama, GPUS[rent.gpu], { sequence: rows.row, ...how }));
const dpo = (rent: Rent, { name, tokens, row }: typeof small) => {
  const { low, high, bound } = trainingRate(llama, GPUS[rent.gpu], { sequence: row, ...adapterOnly });
  // A token of a pair takes more operations than one of SFT: the reference reads it too.
  const times = preferenceFlops(llama, row, adapterOnly) / (2 * row * trainingFlops(llama, row, adapterOnly));
  return bill(`DPO with LoRA, ${name}`, rent, 2 * tokens, { low: low / times, high: high / times, bound });
};
const { "h100-runpod": h100, "l4-aws": l4, "t4-aws": t4 } = RENTS;
const jobs = [
  bill("pretraining", h100, TOKENS, trainingRate(llama, GPUS.h100, { sequence: 8192, ...full })),
  ...[large, small].flatMap((rows) => [
    sft("SFT, all weights", h100, rows, full),
    sft("SFT with LoRA", l4, rows, adapterOnly),
    sft("SFT with QLoRA", t4, rows, adapterOnly),
    dpo(l4, rows),
  ]),
];
const short = (value: number) => (value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(2));
showTable(
  jobs.map(({ job, rent, tokens, hours: taken, dollars }) => ({
    job,
    on: GPUS[rent.gpu].name,
    tokens,
    "GPU-hours": `${short(taken.low)} to ${short(taken.high)}`,
    dollars: `${short(dollars.low)} to ${short(dollars.high)}`,
  })),
  { caption: `Llama-3-8B; the ${small.name} have ${small.row.toFixed(0)} tokens each, the ${large.name} ${large.row}` },
);
for (const { offer, dollarsPerHour, read, source } of [l4, t4]) console.log(`${offer}: $${dollarsPerHour} an hour, read ${read} (${source})`);

// %% tags=["folded"]
await showChart(
  {
    title: "Compute only, in dollars; each line to the right is a hundred times as much",
    height: 240,
    data: { values: jobs.map(({ job, rent, dollars }) => ({ job: `${job} (${GPUS[rent.gpu].name.split(" ").at(rent.gpu === "t4" ? 1 : 0)})`, ...dollars })) },
    encoding: {
      y: { field: "job", type: "nominal", sort: null, title: null, axis: { labelLimit: 260 } },
      x: { field: "low", type: "quantitative", title: "dollars", scale: { type: "log", domain: [0.001, 1e7] }, axis: { values: [0.01, 1, 100, 1e4, 1e6], format: ",~f" } },
      x2: { field: "high" },
    },
    mark: { type: "bar", height: 12 },
  },
  `Dollars of compute for Llama-3-8B: ${jobs.map(({ job, dollars }) => `${job} ${short(dollars.low)} to ${short(dollars.high)}`).join("; ")}.`,
);

// %%
const dearest = jobs.find(({ job }) => job === "pretraining")!;
const onT4 = jobs.find(({ job }) => job === `SFT with QLoRA, ${small.name}`)!;
const factor = dearest.dollars.low / onT4.dollars.high;
console.log(`Pretraining costs at least ${Math.round(factor / 1e6)} million times what QLoRA on the ${small.name} costs.`);
console.log(`That run takes ${(60 * onT4.hours.low).toFixed(0)} to ${(60 * onT4.hours.high).toFixed(0)} minutes of a T4.`);

// %% [markdown]
// The first line is too low, and you know by how much: section 2 found 1.3 million hours on Meta's card, a utilisation of 15.6%, and the
// range begins at 25%.
//
// Two things follow. **You do not pretrain**: an open base model is a gift of millions of dollars, and you start from it. And **compute
// is not the price of fine-tuning**: for our 400 rows the machine's start and the download of the weights may take longer than the run. Plans that
// say "SFT costs 1 to 100 dollars" are right about a run, and have no line for what costs more: the data, the evaluation, the hours of
// people. Lesson 61.5 puts them on the bill.

// %% [markdown] tags=["instructor"]
// **For instructors.** Before section 2, ask for guesses of the cost of pretraining and of an SFT run, in powers of ten; put both on the
// board. Most are right about the first and a thousand times too high about the second. In section 3, have somebody explain why LoRA with
// recomputing costs as much arithmetic as full training without. The rates are computed from ranges, not measured on a
// card of ours; on a T4 short rows and small batches stay in the lower half. If the model card of taskling changes, its row in section 3
// changes with it.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I have 2,000 support conversations and want a model that answers in our tone. Compare pretraining, SFT and DPO for Llama-3-8B: data that each
// > needs, GPU-hours, dollars and memory. Show each sum.
//
// ### 2. Critical evaluation
//
// Recompute its operations with `trainingFlops` and its memory with `planTraining`. Which utilisation did it assume, and did it say so? Did
// it count DPO's reference? Which of its prices has a source and a date?
//
// ### 3. Constraint teaching
//
// > I have one T4 for two hours, no budget, and nobody who could write a second answer to each request. My conversations have 900 tokens.
// > Which of your three is left, and what changes in your numbers?
//
// ### 4. Refinement
//
// Have it plan the pairs: where would rejected answers come from without people writing them? Take one of its ways, build ten pairs with
// `formatRow("preference", …)`, and read them. In how many is the chosen answer really better?
//
// ### 5. Final check
//
// > Here is my table of jobs with tokens, GPU-hours and dollars: [paste the table of section 6]. Name the one number that my decision
// > depends on most, and how I could measure it in ten minutes.
