// ---
// chapter: 64
// lesson: 3
// title: Unsloth Setup
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - Unsloth installation
//   - FastLanguageModel loading
//   - LoRA configuration with PEFT
// maps: FR-005 (4-bit), FR-004 (Colab)
// prerequisites: lessons 62.4 to 62.6 (memory of a training run), 64.1 (LoRA) and 64.2 (hyperparameters)
// ---

// %% [markdown]
// Most fine-tunings that fail do so before their first step: a package that does not go with another, an argument that was renamed,
// a number type that the card does not have. In this lesson you set up the training of Llama-3-8B on a T4: installed by exact
// versions, every argument of Unsloth's two calls held against the memory it costs, and the same recipe tried on this machine, where
// you learn what it cannot do and what it does instead.

// %% [markdown]
// ## 1. Installation: why pins
//
// Recipes on the web install with `pip install unsloth` and a second line with `--no-deps`. That takes whatever is newest today and
// forbids pip to look whether it goes together. Unsloth replaces functions inside Transformers, PEFT and TRL, so it says exactly which
// versions of these it knows. Here are our two sets of packages, and what Unsloth 2026.10.7 asks for in its own metadata on PyPI.

// %%
import { readFileSync } from "node:fs";
import { check, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";

const pinsOf = (file: string) => {
  const lines = readFileSync(workbookPath(file), "utf8").split("\n").filter((line) => line.includes("==") && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => line.trim().split("==") as [string, string]));
};
const onT4 = pinsOf("colab/requirements-t4.txt");
const onThisMachine = pinsOf("colab/requirements.txt");
const asked: Record<string, string> = { // Requires-Dist of unsloth 2026.10.7 and unsloth_zoo 2026.10.7
  trl: "0.18.2 to 1.15.0", transformers: "4.52.4 to 5.17.0", datasets: "3.4.1 to below 5", peft: "from 0.18.0", torch: "2.4 to below 2.15",
};
showTable(
  ["unsloth", "unsloth-zoo", "trl", "peft", "transformers", "datasets", "bitsandbytes", "torch"].map((name) => ({
    package: name,
    "on the T4": onT4[name] ?? "Colab's own",
    "on this machine": onThisMachine[name] ?? "none",
    "Unsloth asks for": asked[name] ?? "",
  })),
);

// %% [markdown]
// On this machine there is no Unsloth, so newer packages are fine. Beside Unsloth they would not be: TRL, Transformers and Datasets
// of the second column all lie outside what it asks for, and `--no-deps` would install them without a word. So the notebook for the
// T4 names an exact version of everything in one `pip install`, and holds Colab's own PyTorch where it is.
//
// Pins have a second use: what a function takes is then a fact that can be looked up. In lesson 64.0 you looked names up; here you mend
// them. This is the script that many tutorials still show. Its arguments are held against the signatures of the pinned versions, which
// were read from their wheels:

// %%
type Signatures = Record<string, { params: string[]; keywordOnly?: string[]; reads?: string[] } | null>;
const { signatures } = JSON.parse(readFileSync(workbookPath("colab/signatures.json"), "utf8")) as { signatures: Signatures };
const known = (target: string) => {
  const { params = [], keywordOnly = [], reads = [] } = signatures[target] ?? {};
  return [...params, ...keywordOnly, ...reads];
};
const tutorial: Record<string, string[]> = {
  "unsloth.FastLanguageModel.from_pretrained": ["model_name", "max_seq_length", "dtype", "load_in_4bit"],
  "unsloth.FastLanguageModel.get_peft_model":
    ["r", "target_modules", "lora_alpha", "lora_dropout", "bias", "use_gradient_checkpointing"],
  "trl.SFTTrainer": ["model", "tokenizer", "train_dataset", "dataset_text_field", "max_seq_length", "args"],
  "transformers.TrainingArguments":
    ["output_dir", "per_device_train_batch_size", "learning_rate", "num_train_epochs", "warmup_ratio", "fp16", "save_steps"],
};
const now: Record<string, string> = {
  tokenizer: "processing_class, of the trainer",
  dataset_text_field: "the same, of SFTConfig",
  max_seq_length: "max_length, of SFTConfig",
  warmup_ratio: "warmup_steps: below 1 it is a share",
};
showTable(
  Object.entries(tutorial).map(([call, names]) => {
    const gone = names.filter((name) => !known(call).includes(name));
    return { call: call.split(".").slice(1).join("."), arguments: names.length, "not taken": gone.join(", ") || "none", today: gone.map((name) => now[name]).join("; ") };
  }),
);

// %% [markdown]
// Each of these stops a run with a `TypeError` before its first step, which is the kind of mistake that costs minutes. The other kind
// is an argument that nobody gives: `bf16`. SFTConfig decides it by itself, `not fp16` (TRL 1.15, `base_config.py`), and so takes a
// number type that a T4 does not have.
//
// ### Exercise: move the arguments
//
// Write `moveArguments`: an old script's arguments become those of `SFTTrainer` (`trainer`) and of `SFTConfig` (`config`). Model,
// tokenizer and data go to the trainer, all else to the config. The precision is always said: fp16, not bf16.

// %%
import { movedArguments, type NewArguments, type OldArguments } from "llmops/exercises/64-3";

function moveArguments(old: OldArguments): NewArguments {
  // BEGIN SOLUTION
  const { model, tokenizer, train_dataset, max_seq_length, warmup_ratio, ...same } = old;
  return {
    trainer: { model, processing_class: tokenizer, train_dataset },
    config: { ...same, max_length: max_seq_length, warmup_steps: warmup_ratio, fp16: true, bf16: false },
  };
  // STUB
  // return todo(); // { trainer: { model, … }, config: { … } }
  // END SOLUTION
}
await check(movedArguments, moveArguments);

// %% [markdown]
// ## 2. One recipe
//
// The workbook's trainer is driven by one JSON file, the **recipe**, which says what is wanted and leaves to the trainer how a machine
// does it. `llama3OnT4` is a recipe to start from; here with rows of tool calls, which lesson 64.4 trains on.

// %%
import { planTraining, renderPlan, findModel, GIB } from "llmops/compute";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";
import { llama3OnT4, planRecipe, targetOf } from "llmops/train";

const data = { train: "task-calls-train.jsonl", eval: "task-calls-validation.jsonl" };
writeTaskRows(readTaskCalls("train").slice(0, 1200), data.train);
writeTaskRows(readTaskCalls("validation").slice(0, 60), data.eval);

const recipe = llama3OnT4({ data, steps: 150, evaluateEvery: 50, maxLength: 1024 });
const { base, method, rank, alpha, targets, quantisation, precision, batch, accumulation, optimizer, gradientCheckpointing } = recipe;
console.log(JSON.stringify({ base, method, quantisation, precision, rank, alpha, targets, batch, accumulation, optimizer, gradientCheckpointing }, null, 1));

const llama = findModel(recipe.base).shape;
const T4 = targetOf("t4");
const plan = planRecipe(recipe, llama, T4, recipe.maxLength); // as if every row had as many tokens as are allowed
console.log(renderPlan(plan.memory));
console.log(`\nIt ${plan.verdict.sentence}.`);

// %% [markdown]
// ## 3. `FastLanguageModel.from_pretrained`
//
// Unsloth's first call loads base and tokenizer. This is ours, from `colab/trainer/unsloth_model.py`:
//
// ```python
// model, tokenizer = FastLanguageModel.from_pretrained(
//     model_name=recipe.base, max_seq_length=recipe.max_length, dtype=DTYPES[plan.precision], load_in_4bit=plan.packed,
//     use_gradient_checkpointing=CHECKPOINTING[recipe.gradient_checkpointing], random_state=recipe.seed,
// )
// ```
//
// What does each argument cost? Change one at a time and plan again. The last column is the upper end of the plan's band: what you
// must have to be safe. A T4 has 14.74 GiB.

// %%
import type { TrainingRunInput } from "llmops/compute";

const asPlanned = plan.memory;
const variant = (argument: string, value: string, change: Partial<TrainingRunInput>) => {
  const { peakBytes, highBytes } = planTraining({ ...plan.input, ...change });
  return { argument, value, "peak, GiB": peakBytes / GIB, "against ours": (peakBytes - asPlanned.peakBytes) / GIB, "upper end": highBytes / GIB };
};
const loading = [
  variant("load_in_4bit", "True (ours)", {}),
  variant("load_in_4bit", "False", { method: "lora", storage: "fp16" }),
  variant("max_seq_length", "512", { sequence: 512 }),
  variant("max_seq_length", "2048", { sequence: 2048 }),
  variant("max_seq_length", "4096", { sequence: 4096 }),
  variant("use_gradient_checkpointing", "True", { checkpointing: "layer" }),
  variant("use_gradient_checkpointing", "False", { checkpointing: "none" }),
];
showTable(loading, { decimals: 2, caption: `2 rows a step, each as long as max_seq_length allows (ours: ${recipe.maxLength})` });

// %% [markdown]
// - `model_name`: a checkpoint that is packed already. Unsloth would also pack a 16-bit one while it loads, after a download three
//   times as large, and through the 12.7 GB of RAM of a free Colab.
// - `load_in_4bit` is what makes an 8B possible here: NF4 for the matrices of the layers, 16 bit for embedding and head (62.5).
// - `max_seq_length` reserves nothing by itself. What costs memory are the tokens of a real row; the argument is the limit to them.
// - `use_gradient_checkpointing="unsloth"` is the default and moves checkpoints to RAM (62.6). Without any, the run does not fit.
// - `dtype`: `None` lets Unsloth look, and on a T4 it takes fp16; bf16 it refuses there with a warning and takes fp16. We name fp16,
//   so that the same recipe computes alike on a newer card. The trainer's own arguments must agree, or Unsloth stops with a TypeError:
//   "Model is in float16 precision but you want to use bfloat16 precision".
// - `random_state`: adapters begin with random numbers. Give both calls the recipe's seed.
//
// ## 4. `FastLanguageModel.get_peft_model`
//
// The second call lays adapters beside the frozen matrices. PEFT does it; Unsloth then exchanges the arithmetic.
//
// ```python
// model = FastLanguageModel.get_peft_model(
//     model, r=recipe.rank, target_modules=list(recipe.targets), lora_alpha=recipe.alpha, lora_dropout=recipe.dropout, bias="none",
//     use_gradient_checkpointing=CHECKPOINTING[recipe.gradient_checkpointing], random_state=recipe.seed,
//     use_rslora=recipe.rslora, use_dora=recipe.method == "dora",
// )
// ```

// %%
import { countLora, countParameters, LINEARS } from "llmops/compute";

const attention = LINEARS.filter((name) => ["q_proj", "k_proj", "v_proj", "o_proj"].includes(name));
const adapters = [
  { argument: "r", value: "8", rank: 8 }, { argument: "r", value: "16 (ours)", rank: 16 }, { argument: "r", value: "64", rank: 64 },
  { argument: "r", value: "256", rank: 256 }, { argument: "target_modules", value: "attention only", rank: 16, targets: attention },
];
const tuning = adapters.map(({ argument, value, rank: r, targets: modules = [...LINEARS] }) => ({
  ...variant(argument, value, { rank: r, targets: modules }), "parameters that train": countLora(llama, r, modules),
}));
const embeddings = countParameters(llama).embedding + countParameters(llama).head;
tuning.push({
  ...variant("modules_to_save", "embedding and head", { trainEmbeddings: true }), "parameters that train": countLora(llama, 16, LINEARS) + embeddings,
});
showTable(tuning, { decimals: 2 });

// %% [markdown]
// - `r` and `target_modules` decide how much trains. An adapter's parameter takes about ten bytes here: weight and gradient in fp32,
//   two optimiser states in 8 bit. From rank 8 to 64 that is little beside the base.
// - `modules_to_save` trains whole matrices. New tokens need it; for Llama-3 that is a billion parameters, and no T4.
// - `lora_alpha`, `lora_dropout`, `bias`, `use_rslora` and `random_state` cost no memory worth a plan. Many scripts set dropout to 0 for
//   speed, because it ran outside Unsloth's own kernels; in 2026.10.7 it runs inside (`fast_lora.py`). `bias` is for bases that have
//   biases; Llama has none.
// - `use_dora` is no name of the signature: it comes by `**kwargs`, and our check knows it because the function's body reads it there.
//
// All changes in one picture. Blue: the planned peak. Red tick: the upper end of its band. Dashed: the card. Where the bar crosses the
// line, the run ends at its start; where only the tick does, it may end hours later, at the first long row.

// %% tags=["folded"]
const changes = [...loading, ...tuning].filter(({ value }) => !value.startsWith("16 (")).map((row) => ({
  change: `${row.argument.replace("use_gradient_", "")} = ${row.value.replace("embedding and", "emb.,")}`, peak: row["peak, GiB"], upper: row["upper end"],
}));
const inOrder = changes.map(({ change }) => change);
const byChange = { field: "change", type: "nominal" as const, sort: inOrder, title: null, axis: { labelLimit: 260 } };
const CARD = T4.usableBytes / GIB;
await showChart(
  {
    title: "One argument changed at a time: peak, and the upper end of its band",
    height: 330,
    layer: [
      { data: { values: changes }, mark: { type: "bar", height: 12, color: "#0072B2" }, encoding: { y: byChange, x: { field: "peak", type: "quantitative", title: "GiB" } } },
      { data: { values: changes }, mark: { type: "tick", thickness: 2, height: 18, color: "#D55E00" }, encoding: { y: byChange, x: { field: "upper", type: "quantitative" } } },
      { data: { values: [{ card: CARD }] }, mark: { type: "rule", strokeDash: [6, 3], strokeWidth: 2 }, encoding: { x: { field: "card", type: "quantitative" } } },
    ],
  },
  `Peaks in GiB with the upper end of the band, against the T4's ${CARD.toFixed(2)}: ${changes.map(({ change, peak, upper }) => `${change} ${peak.toFixed(1)} to ${upper.toFixed(1)}`).join("; ")}.`,
);

// %% [markdown]
// ## 5. The same recipe on this machine
//
// Ask for the same plan for a laptop of 8 GiB without a card; the planner leaves a fifth of it to everything else. The recipe is refused,
// before anything is sent or loaded, and the sentence names the field:

// %%
import { RecipeError, tasklingRecipe } from "llmops/train";

const here = targetOf({ memoryBytes: 8 * GIB });
const verdictHere = (tried: typeof recipe) => {
  try {
    return planRecipe(tried, llama, here).verdict.sentence;
  } catch (error) {
    if (error instanceof RecipeError) return error.message;
    throw error;
  }
};
showTable([
  { recipe: "as it is", "on a machine without a card": verdictHere(recipe) },
  { recipe: 'with precision "fp16"', "on a machine without a card": verdictHere({ ...recipe, quantisation: "none", precision: "fp16" }) },
  { recipe: 'with fallback "fp32"', "on a machine without a card": verdictHere({ ...recipe, fallback: "fp32" }) },
]);

// %% [markdown]
// Nothing is done behind your back: 4 bits become 32 only where the recipe allows it, and then an 8B is far too large for a laptop. What
// does run here is a small base with the *same* fields: the same adapters on the same matrices, the same data, the same loss. Only what
// the machine decides differs. Let the trainer itself say what that is. The job below loads base and adapters, reads the data, and
// reports; it does not train. To see the departures too, the recipe asks for the 4 bits and allows the way around them.

// %% tags=["measured"]
import { launch, openRuntime, runtimeDoor, startRuntime } from "llmops/pair";
import { setupJob, SetupReport } from "llmops/train";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
await startRuntime(runtime);
const small = tasklingRecipe({
  data, method: "qlora", fallback: "fp32", optimizer: "adamw-8bit", gradientCheckpointing: "offload", steps: 150, exports: ["adapter"],
});
const run = await launch(setupJob(small), runtime);
await run.wait();
await run.fetch();
console.log(`${run.id}: ${run.record.state}`);
const report = run.result("setup.json", SetupReport);

// %% tags=["measured"]
showTable(Object.entries(report.machine.packages).map(([name, version]) => ({ package: name, version, "pinned here": onThisMachine[name] ?? "" })), {
  caption: `Python ${report.machine.python}, ${report.machine.device}, ${report.machine.threads} thread`,
});

// %% [markdown]
// What the recipe became on it:

// %%
const became = report.plan;
showTable([
  { field: "quantisation", recipe: small.quantisation, here: became.packed ? "nf4" : "none", "on a T4": "nf4" },
  { field: "precision", recipe: small.precision, here: became.precision, "on a T4": "fp16" },
  { field: "optimizer", recipe: small.optimizer, here: became.optimizer, "on a T4": small.optimizer },
  { field: "backend", recipe: small.backend, here: became.backend, "on a T4": "unsloth" },
]);
for (const note of became.notes) console.log(`- ${note}`);

// %% [markdown]
// The last column is what `colab/trainer/machine.py` decides for compute capability 7.5 with all packages; a test holds it to that.
//
// ### What trains: the count against the formula
//
// Lesson 64.1 gave the formula, rank × (inputs + outputs) for each matrix. PEFT counted the tensors that it made:

// %%
import { shapeOfBase } from "llmops/train";

const tiny = shapeOfBase(small);
const counted = report.modules.map(({ module, tensors, parameters, dtype }) => ({
  module, tensors, dtype, "counted by PEFT": parameters, "rank × (in + out) × layers": countLora(tiny, small.rank ?? 0, [module as (typeof LINEARS)[number]]),
}));
showTable(counted);
console.log(`together ${report.parameters.trainable.toLocaleString("en-US")}; by the formula ${countLora(tiny, small.rank ?? 0, small.targets ?? []).toLocaleString("en-US")}`);
console.log(`Llama-3-8B by the same formula: ${countLora(llama, rank ?? 0, targets ?? []).toLocaleString("en-US")}`);

// %% [markdown]
// If these two ever differ on your own model, stop: a name in `target_modules` matched nothing, or matched more than you meant.
//
// ### Exercise: what does it become?
//
// Write `chooseSetup`, the core of the decision before anything is loaded. Where the trainer refuses (bf16 on a T4, 4 bits without
// bitsandbytes), yours takes what the machine has. Without a card: fp32, no 4 bits, `trl`. With one: fp16, or bf16 if the recipe asks for
// it and the capability is at least 8.0; 4 bits where bitsandbytes is there; `unsloth` where Unsloth is, else `trl`.

// %%
import { setupChoice, type Setup, type SetupMachine } from "llmops/exercises/64-3";

function chooseSetup(machine: SetupMachine, wantsBf16: boolean): Setup {
  // BEGIN SOLUTION
  if (!machine.cuda) return { precision: "fp32", fourBit: false, backend: "trl" };
  return {
    precision: wantsBf16 && machine.capability >= 8 ? "bf16" : "fp16",
    fourBit: machine.bitsandbytes,
    backend: machine.unsloth ? "unsloth" : "trl",
  };
  // STUB
  // return todo(); // { precision: "fp32" | "fp16" | "bf16", fourBit: true | false, backend: "unsloth" | "trl" }; machine: { cuda, capability, bitsandbytes, unsloth }
  // END SOLUTION
}
await check(setupChoice, chooseSetup);

// %% [markdown]
// ## 6. One recipe, three languages
//
// The trainer turns the recipe into TRL's arguments. These are read from the `SFTConfig` that the job made, beside what TRL takes where
// nobody says anything (a blank: TRL decides when it sees the others):

// %%
const shown = ["max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "learning_rate", "lr_scheduler_type", "warmup_steps",
  "optim", "max_grad_norm", "max_length", "packing", "fp16", "bf16", "gradient_checkpointing", "logging_steps", "save_steps", "seed"];
const text = (value: string | number | boolean | null | undefined) => (value === null || value === undefined ? "" : String(value));
showTable(shown.map((name) => ({ argument: name, "from the recipe": text(report.arguments[name]?.value), "TRL's own": text(report.arguments[name]?.default) })));

// %% [markdown]
// Axolotl says such a recipe in YAML. This is the one of section 2, for the T4, with the fields of Axolotl's own schema of 2026-07-24.
// The workbook shows it and does not run it:

// %%
import { packRecipe, toAxolotl } from "llmops/train";

console.log(toAxolotl(packRecipe(recipe).recipe));

// %% [markdown]
// And as a notebook for Colab: `colab/64-4-training-loop.ipynb` is the next lesson's training on a T4, built from this recipe by
// `npm run build:colab`. The trainer's code, the data and the recipe travel inside it; it asks for no key.

// %%
interface Notebook {
  metadata: { accelerator?: string; colab?: { gpuType?: string } };
  cells: { id: string; cell_type: string; source: string | string[] }[];
}
const notebook = JSON.parse(readFileSync(workbookPath("colab/64-4-training-loop.ipynb"), "utf8")) as Notebook;
const sourceOf = (id: string) => [notebook.cells.find((cell) => cell.id === id)?.source ?? ""].flat().join("");
console.log(`${notebook.metadata.accelerator}, ${notebook.metadata.colab?.gpuType}; cells: ${notebook.cells.filter(({ cell_type: kind }) => kind === "code").map(({ id }) => id).join(", ")}`);
console.log(`\n${sourceOf("install")}`);

// %% [markdown]
// Open it in Colab by **File > Upload notebook**. What can go wrong before the first step is checked here without a card
// (`npm run check:colab`): its form, the T4 in its metadata, the pins, and every call of the trainer into Unsloth, TRL, PEFT and
// Transformers against the signatures of exactly these versions. What no check here can see: what Unsloth replaces in the others when it is
// imported. The trainer's CUDA path has not yet run on a card of the workbook's own.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Section 5 is the one to slow down at: let students predict all four rows of "what the recipe became" before the
// cell runs. The most frequent wrong answer is fp16 on the laptop. If a class has T4s, let half of it upload the notebook now and stop
// it after the cell `machine`: the installation takes longer than this lesson's last section. The second exercise is
// `colab/trainer/machine.py` in small; have the two compared afterwards.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write the set-up of a QLoRA fine-tuning of Llama-3-8B on a free Colab T4 with Unsloth: the installation cell, loading, adapters,
// > and the trainer's arguments.
//
// ### 2. Critical evaluation
//
// Hold its keywords against `colab/signatures.json`. Which calls does it write in the form of an older version? Does it say fp16, or
// leave the precision to TRL? Does its installation name versions, and do these go together?
//
// ### 3. Constraint teaching
//
// > These versions are installed, no others: [paste colab/requirements-t4.txt]. These are the signatures: [paste the lines of the four
// > calls]. The card is a T4, compute capability 7.5, with 14.74 GiB. Rewrite it, and mark each argument that you changed with the reason.
//
// ### 4. Refinement
//
// Ask for rows of 4,096 tokens. Let it estimate the peak memory first, term by term; then compare with `planTraining`, and have it find
// the term that it left out.
//
// ### 5. Final check
//
// > Here is what my trainer reports before its first step: [paste the table "what the recipe became" and the counts]. Name anything in
// > it that does not fit my recipe: [paste the recipe].
