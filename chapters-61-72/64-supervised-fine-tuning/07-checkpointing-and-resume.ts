// ---
// chapter: 64
// lesson: 7
// title: Checkpointing and Resume
// layer: Layer 2 (Hands-on)
// minutes: 40
// concepts:
//   - Checkpoint saving
//   - Resume from checkpoint
//   - Best model selection
// maps: Edge case handling (training interruption)
// trains: true
// prerequisites: lesson 64.4, or what a recipe and a training run are
// ---

// %% [markdown]
// A free T4 is lent to you, and taken back without asking. A run that cannot go on is then lost, and one that goes on *wrongly*
// is worse: it ends, it looks well, and it is not the run that you described. In this lesson you kill a run with `kill -9`,
// damage what it left, let it go on, and compare every loss with those of a run that nobody touched. Then you take parts out of
// a checkpoint to see what each is for, and compute how often to save.

// %% [markdown]
// ## 1. A run that nobody touches
//
// This lesson breaks things on purpose, in folders that it must reach, so it takes this machine, whatever `LLMOPS_RUNTIME` says.
// The recipe has all that makes resuming hard: dropout draws random numbers in every step, a cosine schedule changes the
// learning rate in every step, and an early stop remembers the best loss so far.

// %% tags=["measured"]
import { writeFileSync } from "node:fs";
import { check, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";
import { readExamples } from "llmops/data";
import { openLocal, runtimeDoor, startRuntime } from "llmops/pair";
import { tasklingRecipe } from "llmops/train";

const rowsOf = async (split: string, count: number) => {
  const rows = await readExamples(workbookPath(`datasets/task-api/task_api_${split}.jsonl`));
  return rows.slice(0, count).map(({ messages }) => `${JSON.stringify({ messages })}\n`).join("");
};
writeFileSync("train.jsonl", await rowsOf("train", 150));
writeFileSync("eval.jsonl", await rowsOf("val", 16));
const recipe = tasklingRecipe({
  data: { train: "train.jsonl", eval: "eval.jsonl" },
  steps: 40, batch: 4, schedule: "cosine", warmup: 8, dropout: 0.1,
  evaluateEvery: 8, earlyStop: { patience: 5 }, checkpoints: { every: 8, keep: 5 }, exports: ["adapter"],
});
const runtime = openLocal();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
const root = machine?.root ?? "";

// %% tags=["measured"]
import { launch, watchRun } from "llmops/pair";
import { trainingJob } from "llmops/train";

const reference = await watchRun(await launch(trainingJob(recipe, { name: "reference" }), runtime));

// %% [markdown]
// ## 2. What a checkpoint holds
//
// The job wrote one every 8 steps. Here is the last, file by file:

// %% tags=["measured"]
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

type SomeRun = typeof reference;
const place = (run: SomeRun, ...path: string[]) => join(root, run.id, "checkpoints", ...path);
const checkpointsOf = (run: SomeRun) => readdirSync(place(run)).filter((name) => name.startsWith("checkpoint-")).sort((a, b) => Number(a.slice(11)) - Number(b.slice(11)));
const PARTS: Record<string, string> = {
  "adapter_model.safetensors": "the weights that train: A and B of every matrix",
  "optimizer.pt": "Adam's two running averages for each of them",
  "scheduler.pt": "where the learning rate's schedule stands",
  "rng_state.pth": "the state of the random numbers: dropout's next masks",
  "trainer_state.json": "the step, so the position in the data; what was logged",
  "progress.json": "SHA-256 of recipe, data and base; tokens read; the early stop's memory",
  "complete.json": "size and SHA-256 of every other file",
};
const last = checkpointsOf(reference).at(-1) ?? "";
const inLast = readdirSync(place(reference, last)).map((file) => ({ file, bytes: statSync(place(reference, last, file)).size }));
const sizeOf = (file: string) => inLast.find((one) => one.file === file)?.bytes ?? 0;
const others = inLast.filter(({ file }) => !(file in PARTS));
showTable(
  [
    ...Object.entries(PARTS).map(([file, holds]) => ({ file, KB: sizeOf(file) / 1000, holds })),
    { file: `${others.length} others`, KB: others.reduce((sum, { bytes }) => sum + bytes, 0) / 1000, holds: "settings, tokenizer, template: the same in every checkpoint" },
  ],
  { decimals: 1, caption: last },
);

// %% [markdown]
// The optimiser is twice as large as the weights: two averages in fp32 for each. Nobody needs it to *use* the model, which is
// why so many guides leave it out, and why a folder made for inference cannot be resumed. The same sum at full size:

// %%
import { countLora, countParameters, findModel } from "llmops/compute";
import { TrainingRecord } from "llmops/train";

await reference.fetch();
const record = reference.result("run.json", TrainingRecord);
const { trainable } = record.parameters;
console.log(`taskling: 2 × 4 bytes × ${trainable.toLocaleString("en-US")} = ${(8 * trainable / 1000).toFixed(1)} KB, the file has ${(sizeOf("optimizer.pt") / 1000).toFixed(1)}`);

const llama = findModel("Llama-3-8B").shape;
const [thin, all] = [countLora(llama, 16, ["all-linear"]), countParameters(llama).total];
const stateOf = (parameters: number, bytesOfAdam: number) => ({ weights: (4 * parameters) / 1e9, optimiser: (bytesOfAdam * parameters) / 1e9, together: ((4 + bytesOfAdam) * parameters) / 1e9 });
const onCard = [
  { run: "LoRA, rank 16, Adam in 8 bit", ...stateOf(thin, 2) },
  { run: "LoRA, rank 16, Adam in fp32", ...stateOf(thin, 8) },
  { run: "full fine-tuning, Adam in fp32", ...stateOf(all, 8) },
];
showTable(onCard, { decimals: 2, caption: "One checkpoint of Llama-3-8B, in GB" });

// %% [markdown]
// That is one more reason for LoRA: half a GB, saved in seconds, where a full fine-tuning writes 96 GB each time.
//
// ## 3. Kill it
//
// The same recipe again. As soon as the run has reported step 21, the next cell ends its process with SIGKILL, which no program
// can catch: no last words, no last checkpoint. A machine that is taken away does the same.

// %% tags=["measured"]
import { readFileSync } from "node:fs";

const killed = await launch(trainingJob(recipe, { name: "killed" }), runtime);
const lastStep = () => killed.metrics.at(-1)?.step ?? 0;
while (lastStep() < 21 && !killed.hasEnded) {
  await killed.sync();
  await new Promise((wake) => setTimeout(wake, 20));
}
const { child } = JSON.parse(readFileSync(join(root, killed.id, "state.json"), "utf8")) as { child: number };
process.kill(child, "SIGKILL");
await killed.wait();
const killedAt = lastStep();
const survived = checkpointsOf(killed);
showTable([
  { what: "how the runtime says it ended", is: `${killed.record.state}: ${killed.record.reason ?? ""}` },
  { what: "last step that it reported", is: killedAt },
  { what: "checkpoints on the disk", is: survived.join(", ") },
]);

// %% [markdown]
// The runtime sees the signal and not the sender; on a real machine it is nearly always the system, because memory ran out.
//
// Make it worse: cut the newest checkpoint's optimiser in half, as a full disk or a lost connection does. Then let the run go
// on. `resume` starts the same job in the same folder; it looks for the newest checkpoint that is *whole*.

// %% tags=["measured"]
import { truncateSync } from "node:fs";

const damaged = place(killed, survived.at(-1) ?? "", "optimizer.pt");
truncateSync(damaged, Math.floor(statSync(damaged).size / 2));
await killed.resume();
await watchRun(killed);
console.log(killed.log.split("\n").filter((line) => /is left out|goes on from/.test(line)).join("\n"));

// %% [markdown]
// Every checkpoint is written beside its place and moved there when all of it is on the disk, with a list of hashes. So half of
// one is never taken for a whole one, and the one before it serves. Now the comparison, step by step:

// %% tags=["measured"]
const linesOf = (run: SomeRun) => readFileSync(join(run.folder, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { step: number; attempt?: number; loss?: number; eval_loss?: number; lr?: number; seconds?: number });
const steps = (run: SomeRun, attempt = 1) => linesOf(run).filter((line) => (line.attempt ?? 1) === attempt && line.loss !== undefined);
const [untouched, first, second] = [steps(reference), steps(killed), steps(killed, 2)];
const lossAt = (lines: typeof untouched, step: number) => lines.find((line) => line.step === step)?.loss;
const begin = second[0]?.step ?? 0;
const twice = first.filter(({ step }) => step >= begin);
const shown = [1, begin - 1, begin, begin + 1, killedAt, killedAt + 1, killedAt + 2, 39, 40];
showTable(
  [...new Set(shown)].filter((step) => step <= 40).sort((a, b) => a - b).map((step) => ({
    step, untouched: lossAt(untouched, step), "before the kill": lossAt(first, step), "after it": lossAt(second, step),
  })),
  { decimals: 6, caption: `Losses; steps ${begin} to ${killedAt} were done twice` },
);
const completed = killed.metrics.filter(({ loss }) => loss !== undefined);
const different = untouched.filter(({ step, loss }) => completed.find((line) => line.step === step)?.loss !== loss);
console.log(`${untouched.length} steps compared, ${different.length} with another loss`);
console.log(`${twice.length} steps done twice, ${twice.filter(({ step, loss }) => lossAt(second, step) !== loss).length} with another loss the second time`);

// %% tags=["measured", "folded"]
await showChart(
  {
    title: "One run, killed and gone on, over one that nobody touched",
    height: 260,
    data: {
      values: [
        ...untouched.map(({ step, loss }) => ({ run: "untouched", step, loss })),
        ...first.map(({ step, loss }) => ({ run: "until the kill", step, loss })),
        ...second.map(({ step, loss }) => ({ run: "after it", step, loss })),
      ],
    },
    encoding: {
      x: { field: "step", type: "quantitative", title: "step", scale: { domain: [0, 41], nice: false } },
      y: { field: "loss", type: "quantitative", title: "loss", scale: { zero: false } },
      color: { field: "run", type: "nominal", title: null, sort: ["untouched", "until the kill", "after it"] },
    },
    layer: [
      { transform: [{ filter: "datum.run === 'untouched'" }], mark: { type: "line", strokeWidth: 1.5 } },
      { transform: [{ filter: "datum.run === 'until the kill'" }], mark: { type: "point", size: 110, strokeWidth: 1.5 } },
      { transform: [{ filter: "datum.run === 'after it'" }], mark: { type: "point", filled: true, size: 28, opacity: 1 } },
    ],
  },
  `A line of ${untouched.length} losses; upon it open marks for steps 1 to ${killedAt} before the kill and filled ones from step ${begin} on after it. ${different.length} of the steps have another loss.`,
);

// %% [markdown]
// Equal to the last digit, on a CPU with the same number of threads and the same packages. On a GPU two runs differ in the last
// digits even undisturbed, because it adds in another order each time; there, "equal" means: no jump where it went on.
//
// ## 4. Take a part out
//
// What is each file for? Put the run back to its checkpoint of step 16, take one part out, and let it go on. The trainer would
// refuse such a checkpoint, so the list of hashes is rewritten too. That is sabotage; a script that saves "only what is needed"
// does it with the best intentions.

// %% tags=["measured"]
import { cpSync, rmSync } from "node:fs";

async function resumeWithout(part: string) {
  for (const name of checkpointsOf(killed)) rmSync(place(killed, name), { recursive: true });
  cpSync(place(reference, "checkpoint-16"), place(killed, "checkpoint-16"), { recursive: true });
  rmSync(place(killed, "checkpoint-16", part));
  const list = JSON.parse(readFileSync(place(killed, "checkpoint-16", "complete.json"), "utf8")) as Record<string, unknown>;
  const { [part]: gone, ...rest } = list;
  writeFileSync(place(killed, "checkpoint-16", "complete.json"), JSON.stringify(rest));
  await killed.resume();
  await killed.wait();
  const attempt = killed.record.attempt ?? 0;
  return { part, ended: killed.record.state, lines: linesOf(killed).filter((line) => (line.attempt ?? 1) === attempt) };
}
const without = [await resumeWithout("optimizer.pt"), await resumeWithout("rng_state.pth")];
const intact = linesOf(reference).filter(({ step }) => step > 16);
const cases = [{ part: "nothing", ended: reference.record.state, lines: intact }, ...without];
const learning = (lines: typeof intact, step: number) => lines.find((line) => line.step === step && line.lr !== undefined)?.lr;
showTable(
  cases.map(({ part, ended, lines }) => ({
    missing: part, ended,
    ...Object.fromEntries([17, 24, 40].map((step) => [`rate, step ${step}`, learning(lines, step)])),
    "loss, step 18": lossAt(lines, 18), "loss, step 40": lossAt(lines, 40), "held out, step 40": lines.findLast((line) => line.eval_loss !== undefined)?.eval_loss,
  })),
  { decimals: 5, caption: "From step 16 on" },
);

// %% tags=["measured", "folded"]
const apart = without.flatMap(({ part, lines }) => lines.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ missing: part, step, difference: loss - (lossAt(intact, step) ?? NaN) }])));
const farthest = (part: string) => apart.filter(({ missing }) => missing === part).reduce((most, one) => (Math.abs(one.difference) > Math.abs(most.difference) ? one : most));
await showChart(
  {
    title: "Loss after resuming, less that of the untouched run",
    height: 220,
    data: { values: apart },
    mark: { type: "line", point: { size: 30 } },
    encoding: {
      x: { field: "step", type: "quantitative", title: "step", scale: { domain: [16, 41], nice: false } },
      y: { field: "difference", type: "quantitative", title: "difference of the loss" },
      color: { field: "missing", type: "nominal", title: "missing" },
    },
  },
  `Steps 17 to 40. ${without.map(({ part }) => `Without ${part} the loss differs by up to ${farthest(part).difference.toFixed(3)}, at step ${farthest(part).step}`).join("; ")}.`,
);

// %% [markdown]
// Both runs ended as "finished". About a missing optimiser Transformers says nothing; about missing random numbers it writes a
// line at a level that is not shown unless you ask for it.
//
// - **Without the optimiser** the learning rate began at zero again: Transformers restores the schedule only together with the
//   optimiser (5.23, `_load_optimizer_and_scheduler`), and skips both in silence if one is missing. At the last step, where the
//   schedule should have come down to nothing, the rate is still high. Adam's averages had to be collected anew as well. The
//   held-out loss may come out higher or lower: in so short a run a rate that stays high often learns more. It is no comfort.
//   This is not the run that you described, and you would not know.
// - **Without the random numbers** dropout drew other masks. That is harmless for the model; but you can no longer tell a good
//   resume from a bad one by comparing losses.
// - **Without the step** (`trainer_state.json`) Transformers cannot begin at all. A script of your own can: it would start the
//   data from the top, so the first rows are learnt twice, the last never.
// - **With another recipe, other data or another base** the trainer refuses the folder: `progress.json` holds their SHA-256. A
//   run that goes on with other rows is two runs.
//
// ## 5. How often to save
//
// Saving costs time in every interval; an interruption costs, on average, half an interval. Save too often and you pay the
// first, too seldom and you pay the second. First, what one costs here, from the first file to the last:

// %% tags=["measured"]
const costs = checkpointsOf(reference).map((name) => {
  const times = readdirSync(place(reference, name)).map((file) => statSync(place(reference, name, file)).mtimeMs);
  return Math.max(...times) - Math.min(...times);
});
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const perStep = median(untouched.slice(1).map(({ seconds = 0 }, i) => seconds - (untouched[i]?.seconds ?? 0)));
console.log(`A checkpoint took ${median(costs).toFixed(0)} ms, a step ${(1000 * perStep).toFixed(0)} ms`);

// %% [markdown]
// Young (1974, https://doi.org/10.1145/361147.361115) put the two together. With a cost C and a mean time M between
// interruptions the best interval is about **√(2·C·M)**. For interruptions that come at random the share of time that is lost
// can be computed exactly (Daly 2006, https://doi.org/10.1016/j.future.2004.11.016): to get an interval T done takes
// M·(e^((T+C)/M) − 1) on average. Take the LoRA checkpoint of Llama-3-8B from section 2, and assume that a T4's disk takes 200
// MB/s, a mounted Drive 20, and that you lose the machine every 3 hours. (Assumed: measure yours. The formula forgives much, as
// you will see.)

// %% tags=["folded"]
const megabytes = 1000 * (onCard[1]?.together ?? NaN);
const places = [{ to: "disk, 200 MB/s", cost: megabytes / 200 }, { to: "Drive, 20 MB/s", cost: megabytes / 20 }];
const between = 3 * 3600;
const lost = (interval: number, cost: number, mean = between) => (mean * Math.expm1((interval + cost) / mean)) / interval - 1;
const young = (cost: number, mean = between) => Math.sqrt(2 * cost * mean);
const intervals = Array.from({ length: 61 }, (_, i) => 10 * 1000 ** (i / 60));
await showChart(
  {
    title: "Share of the time that is lost, interruptions every 3 hours",
    height: 260,
    encoding: {
      x: { field: "minutes", type: "quantitative", scale: { type: "log" }, title: "minutes between two checkpoints" },
      y: { field: "lost", type: "quantitative", scale: { type: "log" }, title: "time lost, %" },
      color: { field: "to", type: "nominal", title: null },
    },
    layer: [
      { data: { values: places.flatMap(({ to, cost }) => intervals.map((interval) => ({ to, minutes: interval / 60, lost: 100 * lost(interval, cost) }))) }, mark: { type: "line" } },
      { data: { values: places.map(({ to, cost }) => ({ to, minutes: young(cost) / 60, lost: 100 * lost(young(cost), cost) })) }, mark: { type: "point", filled: true, size: 90, opacity: 1 } },
    ],
  },
  `Time lost by interval, exactly, with Young's interval marked: ${places.map(({ to, cost }) => `${to}: ${(young(cost) / 60).toFixed(1)} minutes, ${(100 * lost(young(cost), cost)).toFixed(1)}% lost; at a quarter of it ${(100 * lost(young(cost) / 4, cost)).toFixed(1)}%, at four times ${(100 * lost(4 * young(cost), cost)).toFixed(1)}%`).join("; ")}.`,
);

// %%
import { GPUS, trainingRate } from "llmops/compute";

const rate = trainingRate(llama, GPUS.t4, { sequence: 512, frozen: true, recompute: true });
const tokensOfStep = 8 * 512;
const secondsOfStep = tokensOfStep / rate.low;
showTable(
  places.flatMap(({ to, cost }) => [1, 3, 12].map((hours) => ({
    "saved to": to, "C, seconds": cost, "M, hours": hours, "interval, minutes": young(cost, 3600 * hours) / 60,
    "steps of a T4": Math.max(1, Math.round(young(cost, 3600 * hours) / secondsOfStep)), "time lost, %": 100 * lost(young(cost, 3600 * hours), cost, 3600 * hours),
    "at twice the interval, %": 100 * lost(2 * young(cost, 3600 * hours), cost, 3600 * hours),
  }))),
  { decimals: 1, caption: `Llama-3-8B, LoRA; 8 rows of 512 tokens, ${secondsOfStep.toFixed(0)} s a step by roofline, at its low end` },
);

// %% [markdown]
// The valley is wide: twice the interval costs little more. So round to a number that you can remember, and rather save too
// often: a lost hour annoys more than a lost percent.
//
// One end is no surprise. A free Colab machine lives at most 12 hours (Colab's FAQ, as others quoted it in 2026), and yours may
// have a budget. For an end that you know in advance, an interval is the wrong tool: ask the job to end before it.
// `trainingJob(recipe, { minutes: 50 })` sends SIGINT after 50 minutes, the trainer finishes its step, saves, and ends with
// nothing lost.
//
// ### Exercise: steps between checkpoints
//
// Trainers count steps. Write Young's interval in whole steps, for any machine: rounded to the nearest, and never below 1.

// %%
import { stepsBetween, type Interruptions } from "llmops/exercises/64-7";

function saveSteps({ checkpointSeconds, hoursBetween, secondsPerStep }: Interruptions): number {
  // BEGIN SOLUTION
  const interval = Math.sqrt(2 * checkpointSeconds * hoursBetween * 3600);
  return Math.max(1, Math.round(interval / secondsPerStep));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(stepsBetween, saveSteps);

// %% [markdown]
// ## 6. Which to keep, and which to export
//
// Two questions, often mixed up. To *go on* you need the newest, whole. To *export* you want the one with the lowest loss on
// held-out rows, and of that only the weights. The untouched run looked at its held-out rows every 8 steps:

// %% tags=["measured"]
const looks = linesOf(reference).filter((line) => line.eval_loss !== undefined);
const bestStep = record.best?.step;
showTable(looks.map(({ step, eval_loss }) => ({ step, "held-out loss": eval_loss, "": step === bestStep ? "best: exported" : "" })), { decimals: 4 });
const bytesIn = (folder: string) => readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
console.log(`checkpoints/best: ${(bytesIn(place(reference, "best")) / 1000).toFixed(0)} KB of weights; a checkpoint to go on from: ${(bytesIn(place(reference, last)) / 1000).toFixed(0)} KB`);

// %% [markdown]
// Where the best is also the newest, as in a run that still improves, one folder could serve both; lesson 64.5 has runs where it could not.
// Our trainer keeps them apart: `checkpoints.keep` newest ones, and `best/` beside them. Transformers has one number for both. In TRL 1.16
// it is this; `eval_steps` must divide `save_steps`, or the trainer refuses to start:
//
// ```python
// SFTConfig(
//     save_strategy="steps", save_steps=100, eval_strategy="steps", eval_steps=100,
//     save_total_limit=3,               # at most 3 on the disk
//     load_best_model_at_end=True, metric_for_best_model="eval_loss", greater_is_better=False,
// )
// trainer.train(resume_from_checkpoint=True)   # the newest; True is an error where there is none
// ```
//
// Many read `save_total_limit=3` as "the 3 best". It is not: of all checkpoints the newest and the best are safe, then the
// oldest go until the limit is met (`rotate_checkpoints` in `trainer_utils.py`, 5.23).
//
// ### Exercise: what lies on the disk?
//
// Given all that were saved, in their order, and the limit: which steps are left, with `load_best_model_at_end`?

// %%
import { keptSteps, type Saved } from "llmops/exercises/64-7";

function leftOnDisk(saved: readonly Saved[], limit: number): number[] {
  // BEGIN SOLUTION
  const best = saved.reduce((lowest, one) => (one.evalLoss < lowest.evalLoss ? one : lowest));
  const safe = new Set([saved[saved.length - 1].step, best.step]);
  for (const { step } of saved.toReversed()) if (safe.size < limit) safe.add(step);
  return [...safe].sort((a, b) => a - b);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(keptSteps, leftOnDisk);

// %% [markdown]
// ## 7. The same on a T4
//
// Nothing changes but the place. By hand-off, the generated notebook's `KEEP_ON_DRIVE` puts the job's folder on your Drive: when
// Colab takes the machine back, you run all cells again on the next one, and the run goes on from its last whole checkpoint.
// From the terminal it is `npm run llmops -- runs interrupt ID`, and `run.resume()` in a notebook. If the next machine is
// another card, the losses agree to a few digits, not to all.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let the class bet before section 4: which missing file does more harm, the optimiser (the largest) or the
// random numbers? And would anyone notice? The point is that nobody would: both runs finish. Section 3 works with any step; let
// somebody call out a number below 30 and put it in. The lesson starts five processes of Python, so it takes a minute or more.
// On Windows `process.kill` ends the process as hard, and the state then reads "failed".

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write the checkpoint settings for a LoRA run of Llama-3-8B on a free Colab T4: how often, how many, where to, and how I
// > resume.
//
// ### 2. Critical evaluation
//
// Does it save the optimiser, or only `model.save_pretrained`? Where do the files lie when the machine is gone? Does it say what
// `save_total_limit` keeps? Has its interval a reason? Compute it with `saveSteps`.
//
// ### 3. Constraint teaching
//
// > A checkpoint is 503 MB, my Drive takes 20 MB/s, I lose the machine every 3 hours, a step takes 20 seconds. And I train on
// > rows in an order that depends on the seed. Revise your settings and show the sum.
//
// ### 4. Refinement
//
// Ask for a test of its resume code that would notice a missing `optimizer.pt`. Run it on `resumeWithout`. Does it look at the
// learning rate, or only at whether the run ended?
//
// ### 5. Final check
//
// > Here is my table of section 4: [paste it]. Which of these three runs would you ship, and what in the table would you show to
// > somebody who says that resuming worked because the job finished?
