// ---
// chapter: 62
// lesson: 7
// title: Lab — Inference on T4
// layer: Layer 2 (Hands-on Lab)
// minutes: 60
// concepts:
//   - Colab GPU setup
//   - Inference pipeline construction
// maps: FR-004 (Colab Free Tier compatible)
// prerequisites: lessons 62.4 (the KV cache) and 62.5 (NF4)
// ---

// %% [markdown]
// So far you planned. In this lab a model answers, on a machine that this notebook starts and measures: memory against the plan,
// the wait for the first token, the time between tokens, and what a batch changes. The machine is a T4 in Colab if you pair one;
// otherwise it is this one, with a tiny model. The job is the same file in both, and so are the plan and the tables.

// %% [markdown]
// ## 1. Which machine answers
//
// A **paired runtime** is a machine that runs Python for you while you stay in this notebook. Nothing below names it: you ask for
// the runtime that the settings choose, start it, and ask what it is.

// %% tags=["measured"]
import { check, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";
import { openRuntime, runtimeDoor, startRuntime } from "llmops/pair";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
const gibOf = (bytes: number | null | undefined) => (bytes ?? 0) / 2 ** 30;
if (machine) {
  const { gpu, cpus, memory_bytes, disk_free_bytes, python } = machine;
  showTable([
    { what: "GPU", is: gpu ? `${gpu.name}, ${gibOf(gpu.memory_bytes).toFixed(1)} GiB` : "none" },
    { what: "processors", is: cpus },
    { what: "memory, GiB", is: gibOf(memory_bytes).toFixed(1) },
    { what: "free disk, GiB", is: gibOf(disk_free_bytes).toFixed(0) },
    { what: "Python", is: python },
  ]);
}

// %% [markdown]
// On the first start this installs PyTorch beside the workbook and says how much that is. Jobs run in processes of their own: you
// can close this notebook, kill its kernel or lose the network while one works, and pick it up again.
//
// ## 2. Plan first
//
// Which model, in which form? With a GPU, Llama-3-8B-Instruct packed in NF4, as in lesson 62.5. Without one, **taskling**: a Llama
// of 2.3 million weights that was trained for this course, from nothing, on made-up English about tasks. It is a real checkpoint
// with the same parts, and small enough to answer on any laptop. Do not expect wisdom of it.

// %%
import { readFileSync } from "node:fs";
import {
  cacheBytesPerToken, countParameters, findModel, GIB, GPUS, judgeFit, planInference, renderPlan, shapeOfConfig,
} from "llmops/compute";
import { measureInference, T4_INFERENCE, tasklingFolder, type InferenceRecipe } from "llmops/pair";

const T4 = GPUS.t4;
const hasGpu = machine?.gpu !== null; // a hand-off's machine is not there yet: it will be a T4
const recipe: InferenceRecipe = hasGpu
  ? T4_INFERENCE
  : { ...T4_INFERENCE, model: tasklingFolder(), storage: "fp32", lengths: [16, 64, 192], new_tokens: 32 };
console.log(recipe.prompts.join("\n"));

const config: unknown = JSON.parse(readFileSync(workbookPath("colab/taskling/model/config.json"), "utf8"));
const tiny = shapeOfConfig(config, "taskling");
const shape = hasGpu ? findModel("Llama-3-8B").shape : tiny;
const storage = hasGpu ? "nf4-dq" : "fp32";
const largest = { context: 256 + 64, batch: 16 };
const t4Plan = planInference({ model: "Llama-3-8B", storage: "nf4-dq", ...largest, gpu: "t4" });
console.log(`\n${renderPlan(t4Plan)}`);
console.log(`\nLlama-3-8B in NF4 ${judgeFit(t4Plan, T4.usableBytes, T4.name).sentence}.`);

// %% [markdown]
// That is the T4's plan, for the largest batch of this lab. The tiny model has the same terms, in other proportions:

// %%
showTable(
  Object.entries({ "Llama-3-8B": findModel("Llama-3-8B").shape, taskling: tiny }).map(([model, each]) => ({
    model, "parameters, million": countParameters(each).total / 1e6, layers: each.layers, hidden: each.hidden,
    heads: each.heads, "key heads": each.kvHeads, vocabulary: each.vocab,
    "cache of a token, bytes in fp16": cacheBytesPerToken(each),
  })),
  { decimals: 1 },
);

// %% [markdown]
// ## 3. Send it, watch it
//
// Before anything leaves this notebook you see what will. A key or a password in any of these files would stop the launch.

// %%
import { describeSending, gather } from "llmops/pair";

const job = measureInference(recipe);
showTable(describeSending(gather(job)));

// %% [markdown]
// `launch` sends the files, starts the job and comes back at once. `watchRun` follows it.

// %% tags=["measured"]
import { launch, watchRun } from "llmops/pair";

const run = await watchRun(await launch(job, runtime));

// %% [markdown]
// The job appends to a file over there, and the notebook reads that file on from where it stopped. That is why nothing is lost when
// the connection is: the next look goes on at the same byte. What the job left comes home with a list of SHA-256 sums, is compared
// with it, and then read by a schema:

// %%
import { InferenceResult } from "llmops/pair";

await run.fetch();
const measured = run.result("result.json", InferenceResult);
console.log(`${measured.answers.length} answers and ${measured.timings.length} timings`);

// %% [markdown]
// ## 4. The answers
//
// An **inference pipeline** is five steps, and the job does all of them: the chat template turns messages into one text with marks,
// the tokenizer turns the text into numbers, the model reads all of them at once (**prefill**), then writes one token at a time
// (**decode**), and the tokenizer turns numbers back into text. Greedy decoding takes the most likely token each time, so a second
// run gives the same answers.

// %%
for (const { prompt, answer, prompt_tokens, answer_tokens } of measured.answers) {
  console.log(`${prompt}  (${prompt_tokens} tokens)\n  → ${answer.trim()}  (${answer_tokens} tokens)\n`);
}

// %% [markdown]
// The tiny model writes prose and does nothing: where it says that it created a task, there is none. An 8B writes better prose and
// does as little. To call a tool is what chapters 64 and 66 train.
//
// ## 5. Memory: the plan against the machine
//
// Two terms of the plan can be read off the machine to the byte: the weights, as the sum of all tensors of the loaded model, and
// the cache, as the sum of all keys and values after the largest batch.

// %%
const point = measured.timings.reduce((most, timing) => (timing.cache_bytes > most.cache_bytes ? timing : most));
const { batch, cached_tokens: context } = point;
const plan = planInference({ model: shape, storage, context, batch });
const planned = (id: string) => plan.terms.find((term) => term.id === id)?.bytes ?? 0;
showTable(
  [
    { what: "weights", plannedBytes: planned("weights"), bytes: measured.weights_bytes },
    { what: `cache, ${batch} rows of ${context} tokens`, plannedBytes: planned("cache"), bytes: point.cache_bytes },
  ].map(({ what, plannedBytes, bytes }) => ({
    what, "planned, MB": plannedBytes / 1e6, "measured, MB": bytes / 1e6, "differs by, %": 100 * (plannedBytes / bytes - 1),
  })),
  { decimals: 3, caption: `On ${hasGpu ? "the GPU" : "this machine, fp32"}` },
);

// %% [markdown]
// The cache agrees to the byte. The model holds a few bytes more than its weights: the table of frequencies by which positions are turned,
// which nobody trains. What no formula of a model gives is the rest: the program itself. On a T4 it is the CUDA context, 141 MiB. Without a
// GPU it is Python and PyTorch in the process's memory, many times the tiny model:

// %% tags=["measured"]
showTable([
  { moment: "PyTorch loaded, no model", "process or GPU, MB": (measured.memory_before_bytes ?? 0) / 1e6 },
  { moment: "model loaded", "process or GPU, MB": (measured.memory_loaded_bytes ?? 0) / 1e6 },
  { moment: "peak", "process or GPU, MB": (measured.memory_peak_bytes ?? 0) / 1e6 },
], { decimals: 0 });

// %% [markdown]
// ### Exercise: how many users?
//
// A server keeps one cache row for each conversation. Write `rowsOnCard`: the largest batch that fits beside the weights.

// %%
import { rowsThatFit, type Room } from "llmops/exercises/62-7";

function rowsOnCard(room: Room): number {
  const { usableBytes, fixedBytes, layers, kvHeads, headDim, context: tokens, cacheBytes } = room;
  // BEGIN SOLUTION
  const row = 2 * layers * kvHeads * headDim * cacheBytes * tokens;
  return Math.max(0, Math.floor((usableBytes - fixedBytes) / row));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(rowsThatFit, rowsOnCard);

// %% [markdown]
// ## 6. Time: two numbers for a user
//
// A user waits twice: for the first token, while the model reads the prompt, and then for each further one. The first wait grows
// with the prompt:

// %% tags=["measured"]
const alone = measured.timings.filter((timing) => timing.batch === 1);
showTable(
  alone.map(({ length, first_token_seconds, token_seconds, prefill_tokens_per_second }) => ({
    "prompt, tokens": length, "first token, ms": 1000 * first_token_seconds,
    "read, tokens/s": prefill_tokens_per_second, "then a token each, ms": 1000 * token_seconds,
  })),
  { decimals: 1, caption: `One user, on ${measured.device}` },
);

// %% [markdown]
// Reading is much faster per token than writing. A prompt's tokens go through the matrices together, so each weight is fetched once
// for all of them. A written token needs every weight again, for itself alone. Unless somebody else writes at the same time:

// %% tags=["measured", "folded"]
const together = measured.timings.filter(({ length }) => length === recipe.lengths[1]);
await showChart(
  {
    title: `Writing together, on ${measured.device}`,
    height: 220,
    data: { values: together.map((timing) => ({ users: timing.batch, all: timing.decode_tokens_per_second, each: 1 / timing.token_seconds })) },
    transform: [{ fold: ["all", "each"], as: ["who", "rate"] }],
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "users", type: "quantitative", title: "users in the batch", scale: { type: "log", base: 2 }, axis: { values: recipe.batches } },
      y: { field: "rate", type: "quantitative", title: "tokens a second", scale: { type: "log" } },
      color: { field: "who", type: "nominal", title: null, sort: ["all", "each"] },
    },
  },
  `Tokens a second by batch: ${together.map((timing) => `${timing.batch} users get ${timing.decode_tokens_per_second.toFixed(0)} together, ${(1 / timing.token_seconds).toFixed(0)} each`).join("; ")}.`,
);

// %% [markdown]
// The upper line climbs, and the lower one falls by less than the number of users: a step for sixteen is not sixteen steps. On a GPU
// fetching the weights dominates, and a step hardly grows with the rows. On this machine only the cost of starting each operation stays
// the same; the arithmetic grows with the rows. 1 divided by a point of the lower line is the length of a step: compare first and last.
//
// ### Exercise: how long does an answer take?
//
// Write `secondsFor`: the seconds until a batch of answers of `tokens` tokens each is complete.

// %%
import { answerSeconds, type Timed } from "llmops/exercises/62-7";

function secondsFor({ firstTokenSeconds, stepSeconds, batch: users }: Timed, tokens: number): number {
  // BEGIN SOLUTION
  return firstTokenSeconds + (tokens - 1) * stepSeconds;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(answerSeconds, secondsFor);

// %% [markdown]
// ## 7. What to expect of a T4
//
// Before you start one, write down what you expect; a measurement without an expectation teaches little. Prefill is bound by
// arithmetic, decode by the memory's speed: every step fetches all weights. The ranges are what cards reach of their datasheet.

// %%
import { decodeRate, prefillRate } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const range = ({ low, high }: { low: number; high: number }, digits = 0) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
showTable(
  [1, 4, 16].map((users) => {
    const decode = decodeRate(llama, "nf4-dq", T4, { context: 320, batch: users });
    const { peakBytes } = planInference({ model: "Llama-3-8B", storage: "nf4-dq", context: 320, batch: users, gpu: "t4" });
    return {
      users, "read, tokens/s": range(prefillRate(llama, T4, 256)), "write together, tokens/s": range(decode),
      "each, tokens/s": range({ low: decode.low / users, high: decode.high / users }, 1), "peak, GiB": peakBytes / GIB,
    };
  }),
  { decimals: 2, caption: "Llama-3-8B in NF4 on a T4, by roofline" },
);

// %% [markdown]
// bitsandbytes 0.50 computes a step of a few rows on the packed weights (earlier versions: of one row only); long prompts it unpacks
// first. Transformers starts every operation from Python, so expect its decode below the range all the same; llama.cpp and vLLM come
// closer. (Read in the code; not measured here on a T4.) If your T4 gives *more* than the range, look for the mistake in your clock: a
// GPU works behind the program's back, and a timer that does not wait for it measures how fast Python can ask.
//
// ## 8. The same on a T4
//
// Everything above this line ran through `openRuntime()`. To have it run on a free T4, nothing in this notebook changes:
// start the workbook with `LLMOPS_RUNTIME=hand-off npm start` (or `tab`, or `jupyter`; the README's "Pair a T4" says which suits
// you), and run it from the top. With `hand-off` the launch writes a Colab notebook with this job in it, which you upload and run;
// its results come back as one file. `colab/62-7-lab-inference-on-t4.ipynb` is the same notebook for a look without a launch.
//
// When you are done, give the machine back: a forgotten T4 uses up what Colab lends you, or your money.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let everyone write the two expectations of section 7 on paper before section 6 runs. The point most students
// get wrong: that a batch makes nobody's answer slower until arithmetic binds. Without a GPU the figures differ from machine to
// machine and hour to hour; compare ratios, not milliseconds. Close the notebook in the middle of section 3, open it again and
// attach: it is the best argument for detached jobs.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I serve Llama-3-8B in 4 bits on one T4 to ten colleagues at the same time, 1,500 tokens of prompt, 200 of answer. How long does
// > each of them wait, and does it fit?
//
// ### 2. Critical evaluation
//
// Which of its numbers are for one user, and which for all? Does it tell the wait for the first token from the time between tokens?
// Does its cache have 8 key heads or 32? Compute each figure with `planInference`, `prefillRate` and `decodeRate`.
//
// ### 3. Constraint teaching
//
// > Here is what I measured: [paste the tables of section 6]. A T4 has 14.74 GiB, 320 GB/s and no bf16, and NF4 is turned into
// > fp16 for each product. Correct your estimate, and say for each number whether it is bound by arithmetic or by memory.
//
// ### 4. Refinement
//
// Ask for the one change that shortens the wait for the first token, and the one that lets twice as many colleagues in. They are not
// the same change. Check both against the plan.
//
// ### 5. Final check
//
// > Here is my timing code: [paste it]. Show me every place where a GPU may still be working when I read the clock, where a first,
// > slow run is counted, and where tokens of padding are counted as tokens.
//
// Compare its findings with `colab/jobs/measure_inference.py`, which had to answer the same three questions.
