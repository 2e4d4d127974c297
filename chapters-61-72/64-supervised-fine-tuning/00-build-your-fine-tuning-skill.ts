// ---
// chapter: 64
// lesson: 0
// title: Build Your Fine-Tuning Skill
// layer: L00 (Skill-First Pattern)
// minutes: 30
// concepts: []
// maps: SC-008 (skill), FR-003 (L00 pattern)
// prerequisites: lesson 63.0, and memory planning (chapter 62)
// publishes: skills/llmops-fine-tuner
// ---

// %% [markdown]
// Ask an assistant for fine-tuning code, and it writes what was right two years ago: names that the trainer no longer takes, bf16 for a card
// that has none, a rule of thumb as if it were a law. In this lesson you write the **Agent Skill** that keeps it from doing so: what the
// official documentation says today, each fact with its source; what is only assumed, each with the lesson that will test it; and a script
// that plans a recipe before anything is started. At the end you have version 1.0, checked by two programs:
//
// ```
// skills/llmops-fine-tuner/
// ├── SKILL.md                       what an agent should ask, decide and do
// ├── references/sources.md          the facts, each with its source and the day it was read
// ├── references/example-recipe.json a recipe as the script takes it
// └── scripts/plan-recipe.mjs        plans a recipe: verdict, remedies, what is left open
// ```

// %% [markdown]
// ## 1. Say what you want to learn, so that it can be checked
//
// On the left the wishes of most learning plans. On the right the same with a number, and the lesson that computes it.

// %%
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { check, judge, showChart, showTable, todo, workbookPath } from "llmops/course";

const criteria = [
  { wish: "I understand LoRA", check: "parameters counted as PEFT prints them; merged and adapter give the same token probabilities within 1e-5", lesson: "64.1" },
  { wish: "I can choose a learning rate", check: "five rates in one picture, and the reason for one of them", lesson: "64.2, 64.6" },
  { wish: "I can train on a T4", check: "a recipe whose plan fits 14.74 GiB with its whole band", lesson: "64.3, 64.4" },
  { wish: "I see when a run goes wrong", check: "four faults named from their curves, and one that no curve shows", lesson: "64.5" },
  { wish: "I lose nothing when Colab goes", check: "killed and resumed, the losses are the same to the last digit", lesson: "64.7" },
  { wish: "I can deploy it", check: "the exported template renders the tokens of the training", lesson: "64.8" },
  { wish: "My model is better", check: "right calls on held-out requests, with intervals, beside the prompted base", lesson: "64.9" },
];
showTable(criteria, { caption: "From wishes to criteria" });

writeFileSync(
  "LEARNING-SPEC.md",
  [
    "# Learning spec: supervised fine-tuning",
    "",
    "## What I want to learn",
    "",
    "To tune a model for the Task API: plan the run, choose its settings with a reason, watch it, and prove what it gained.",
    "",
    "## Why it matters",
    "",
    "A run that went wrong ends like one that went well: with an adapter. Only figures tell them apart.",
    "",
    "## Done when",
    "",
    ...criteria.map(({ check: says, lesson }) => `- [ ] ${says} (lesson ${lesson})`),
    "",
  ].join("\n"),
);

// %% [markdown]
// The spec lies beside this notebook as `LEARNING-SPEC.md`. Change it: a criterion of your own is worth more than five of ours.
//
// ## 2. Go to the source
//
// Unsloth is the library that trains on the T4 in this chapter. Its documentation, its notebook for Llama-3-8B and the code of its pinned
// release were read for this lesson on 2026-11-21, the pages from stored copies. Yours may be newer by now.

// %%
const READ = "2026-11-21";
const DOCS = "https://unsloth.ai/docs";
const sources = [
  {
    id: "guide",
    what: "Unsloth: LoRA hyperparameters guide",
    version: "undated copy",
    address: `${DOCS}/get-started/fine-tuning-llms-guide/lora-hyperparameters-guide`,
  },
  {
    id: "requirements",
    what: "Unsloth: requirements, memory by model size",
    version: "undated copy",
    address: `${DOCS}/get-started/fine-tuning-for-beginners/unsloth-requirements`,
  },
  {
    id: "troubleshooting",
    what: "Unsloth: troubleshooting and FAQs",
    version: "undated copy",
    address: `${DOCS}/basics/troubleshooting-and-faqs`,
  },
  {
    id: "gguf",
    what: "Unsloth: saving to GGUF",
    version: "undated copy",
    address: `${DOCS}/basics/inference-and-deployment/saving-to-gguf`,
  },
  {
    id: "notebook",
    what: "Unsloth's notebook Llama3_(8B)-Alpaca",
    version: "commit 03b0cda",
    address: "https://github.com/unslothai/notebooks/blob/main/nb/Llama3_(8B)-Alpaca.ipynb",
  },
  {
    id: "wheels",
    what: "Signatures of unsloth, TRL, Transformers, PEFT in the packages pinned for the T4",
    version: "2026.10.7, 1.15.0, 5.15.0, 0.20.0",
    address: "colab/signatures.json in the LLMOps Workbook, made from the wheels on PyPI",
  },
];
showTable(sources.map(({ id, what, version }) => ({ source: id, what, version })), { caption: `Primary sources, read ${READ}` });

// %% [markdown]
// From each source take only what would make you act differently. A number that a guide recommends is a fact about the guide; what it will
// do to your model is not yet known. So write it down as what the guide says.

// %%
const facts = [
  {
    source: "notebook",
    fact: "Load with `FastLanguageModel.from_pretrained(model_name, max_seq_length, dtype=None, load_in_4bit=True)`; " +
      "`dtype=None` takes float16 on a T4.",
  },
  { source: "notebook", fact: "On a T4 the notebook prints 14.748 GB of memory and `Bfloat16 = FALSE`." },
  {
    source: "notebook",
    fact: "Adapters: `get_peft_model` with r=16, lora_alpha=16 and all seven linear layers; " +
      'it calls dropout 0 and bias "none" the optimised cases.',
  },
  {
    source: "notebook",
    fact: '`use_gradient_checkpointing="unsloth"` is said to take 30% less memory and to let batches be twice as large.',
  },
  { source: "notebook", fact: "The text of a row must end with the EOS token, else the model generates without end." },
  { source: "guide", fact: "The guide starts LoRA and QLoRA at a learning rate of 2e-4, and DPO or GRPO at 5e-6." },
  { source: "guide", fact: "The guide recommends 1 to 3 epochs for most data; more can be learning by heart." },
  { source: "guide", fact: "The guide calls a training loss below 0.2 a likely sign of over-fitting." },
  {
    source: "requirements",
    fact: "An 8B model takes at least 6 GB by QLoRA and 22 GB by LoRA in 16 bits: on a T4 only QLoRA. " +
      "Minimum compute capability: 7.0.",
  },
  {
    source: "wheels",
    fact: "Two ways to a loss on answers only: Unsloth's `train_on_responses_only(trainer, instruction_part, response_part)`, " +
      "TRL's `SFTConfig(assistant_only_loss=True)`.",
  },
  {
    source: "wheels",
    fact: "SFTTrainer takes `processing_class`, not `tokenizer`; the length is `SFTConfig(max_length=…)`; " +
      "there is `warmup_steps` and no `warmup_ratio`.",
  },
  {
    source: "gguf",
    fact: 'Export: `model.save_pretrained_gguf(folder, tokenizer, quantization_method="q4_k_m")`, or q8_0, or f16.',
  },
  {
    source: "troubleshooting",
    fact: "Good in Unsloth and bad in Ollama or vLLM: most often another chat template than the one of the training.",
  },
];
showTable(facts, { caption: `${facts.length} facts that change what you do` });

// %% [markdown]
// To read the documentation of today, ask your own assistant: with a tool that fetches documentation (in some, a command such as
// `/fetching-library-docs unsloth`), or with the address alone. Ask for the version, and let it quote:
//
// > Open https://unsloth.ai/docs/get-started/fine-tuning-llms-guide/lora-hyperparameters-guide. Which learning rate does it start LoRA at,
// > and what does it say of a training loss below 0.2? Quote the sentence for each. If you cannot open the page, say so and stop.
//
// ## 3. Does the code that everybody writes still run?
//
// Documentation is one witness, the package's own signature another, and it cannot be out of date. The cell takes names that you meet in
// posts and in an assistant's memory, old and new ones mixed, and looks each up in the packages that are pinned for the T4.

// %%
interface Signature { params: string[]; kwargs?: boolean; reads?: string[] }
const { signatures } = JSON.parse(readFileSync(workbookPath("colab/signatures.json"), "utf8")) as {
  signatures: Record<string, Signature>;
};
const remembered: [call: string, names: string[]][] = [
  ["unsloth.FastLanguageModel.from_pretrained", ["model_name", "max_seq_length", "dtype", "load_in_4bit"]],
  ["unsloth.FastLanguageModel.get_peft_model", ["r", "target_modules", "lora_alpha", "lora_dropout", "bias", "use_gradient_checkpointing"]],
  ["trl.SFTTrainer", ["model", "tokenizer", "processing_class", "train_dataset", "dataset_text_field", "max_seq_length", "args"]],
  ["trl.SFTConfig", ["dataset_text_field", "max_length", "max_seq_length", "packing", "assistant_only_loss"]],
  ["transformers.TrainingArguments", ["learning_rate", "warmup_ratio", "warmup_steps", "evaluation_strategy", "eval_strategy", "fp16"]],
];
const looked = remembered.flatMap(([call, parameters]) =>
  parameters.map((parameter) => ({ call, parameter, taken: signatures[call]?.params.includes(parameter) ?? false })));
showTable(
  remembered.map(([call]) => {
    const of = (taken: boolean) => looked.filter((one) => one.call === call && one.taken === taken).map(({ parameter }) => parameter).join(", ");
    return { call, taken: of(true), "not taken": of(false) };
  }),
  { caption: "Parameters in the pinned packages" },
);
const oldNames = looked.filter(({ taken }) => !taken).map(({ call, parameter }) => `${parameter} (${call.split(".").at(-1)})`);
console.log(`Would stop the run: ${oldNames.join(", ")}`);

// %% [markdown]
// An error at the start is the harmless case. A name that is taken and no longer means the same does its harm in silence. That is why the
// skill names versions, and why this workbook's trainer is driven by a recipe that is checked before it leaves this machine.
//
// ### Exercise: documented, assumed, outdated
//
// Eight sentences, as assistants write them. Give each a standing: `documented`, it stands in a source above; `assumed`, nobody has measured
// it for this task; `outdated`, it is of another version or another card.

// %%
import { CLAIMS, claimStandings, type Standings } from "llmops/exercises/64-0";

console.log(Object.keys(CLAIMS).join("\n"));
function standings(): Standings {
  // BEGIN SOLUTION
  return {
    "With dtype=None, Unsloth takes float16 on a T4.": "documented",
    "Set bf16=True on the T4: it is more stable.": "outdated",
    "Pass tokenizer=tokenizer and max_seq_length=2048 to SFTTrainer.": "outdated",
    "Set warmup_ratio=0.03.": "outdated",
    "Rank 16 is enough for the Task API.": "assumed",
    "A training loss below 0.2 means that our model is over-fitted.": "assumed",
    "Three epochs are right for our 1,200 rows.": "assumed",
    "After the export, use the chat template of the training.": "documented",
  };
  // STUB
  // return todo(); // { "With dtype=None, …": "…", … }
  // END SOLUTION
}
await check(claimStandings, standings);

// %% [markdown]
// ## 4. A recipe is what a skill should write
//
// An agent that writes training code can go wrong in every line. One that writes a **recipe** can go wrong in some twenty fields, each of
// which is checked, and the same recipe drives the trainer on your laptop and on the T4. Here is a request:
//
// > Tune Llama-3-8B-Instruct on a free T4. I have `train.jsonl` and `validation.jsonl`, my longest row has 900 tokens. The recipe that I
// > found is for an A100: bf16, max_seq_length 512, batch 16, LoRA with rank 16. Sixteen rows to a step are right. Two epochs, please, and
// > look at the validation rows every 25 steps.
//
// ### Exercise: write the recipe
//
// The fields: `base` ("unsloth/llama-3-8b-Instruct-bnb-4bit"), `data` with `train` and `eval`, `method` (`lora`, `qlora`, `full`), `rank`,
// `alpha`, `batch` (rows on the card), `accumulation`, `epochs`, `learningRate`, `maxLength`, `evaluateEvery`, `precision`, `optimizer`
// ("adamw-8bit"), `gradientCheckpointing` ("offload"). What you leave out has a default.

// %%
import { exampleRecipe, requestRecipe } from "llmops/exercises/64-0";
import type { RecipeInput } from "llmops/train";

function writeRecipe(): RecipeInput {
  // BEGIN SOLUTION
  return {
    base: "unsloth/llama-3-8b-Instruct-bnb-4bit", method: "qlora", data: { train: "train.jsonl", eval: "validation.jsonl" },
    rank: 16, alpha: 16, batch: 2, accumulation: 8, epochs: 2, learningRate: 2e-4, optimizer: "adamw-8bit", maxLength: 1024,
    gradientCheckpointing: "offload", evaluateEvery: 25,
  };
  // STUB
  // return todo(); // { base: "…", data: { train: "…", eval: "…" }, … }
  // END SOLUTION
}
await check(requestRecipe, writeRecipe);

// %% [markdown]
// Which of its fields move the memory? The same recipe, one answer changed at a time, planned for the T4:

// %%
import { completeRecipe, planRecipe, shapeOfBase, targetOf } from "llmops/train";
import { GIB, GPUS } from "llmops/compute";

const LONGEST = 900;
const planned = (change: Partial<RecipeInput>) => {
  const recipe = completeRecipe({ ...exampleRecipe, ...change });
  const { memory, verdict } = planRecipe(recipe, shapeOfBase(recipe), targetOf("t4"), LONGEST);
  return { low: memory.lowBytes / GIB, peak: memory.peakBytes / GIB, high: memory.highBytes / GIB, fits: verdict.fits };
};
const variants: [string, Partial<RecipeInput>][] = [
  ["as written: QLoRA, 2 × 8", {}], ["batch 4 × 4", { batch: 4, accumulation: 4 }], ["batch 8 × 2", { batch: 8, accumulation: 2 }],
  ["batch 16 × 1", { batch: 16, accumulation: 1 }], ["rank 64", { rank: 64 }], ["LoRA over 16 bits", { method: "lora" }],
];
const plans = variants.map(([variant, change]) => ({ variant, ...planned(change) }));
showTable(plans, { decimals: 2, caption: `Planned peak in GiB on a T4 with ${(GPUS.t4.usableBytes / GIB).toFixed(2)}` });

// %% tags=["folded"]
const byVariant = { field: "variant", type: "nominal", sort: null, title: null, axis: { labelLimit: 220 } } as const;
const verdictColour = {
  field: "fits", type: "nominal", title: "fits",
  scale: { domain: ["yes", "tight", "no"], range: ["#009E73", "#E69F00", "#D55E00"] },
} as const;
await showChart(
  {
    title: "One answer changed at a time",
    height: 190, width: 480,
    data: { values: plans },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 8, opacity: 0.45 },
        encoding: {
          y: byVariant, color: verdictColour,
          x: { field: "low", type: "quantitative", title: "GiB, with the band of the plan" }, x2: { field: "high" },
        },
      },
      {
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: { y: byVariant, x: { field: "peak", type: "quantitative" }, color: verdictColour },
      },
      {
        data: { values: [{ limit: GPUS.t4.usableBytes / GIB }] },
        mark: { type: "rule", strokeDash: [5, 4], strokeWidth: 2 },
        encoding: { x: { field: "limit", type: "quantitative" } },
      },
    ],
  },
  `Planned peak on a T4 with ${(GPUS.t4.usableBytes / GIB).toFixed(2)} GiB, with bands. ` +
    plans.map(({ variant, low, high, fits }) => `${variant}: ${low.toFixed(1)} to ${high.toFixed(1)} GiB, ${fits}`).join("; ") + ".",
);

// %% [markdown]
// A fourfold rank costs less than two more rows on the card. And a batch of 16 as 2 × 8 is the same step for the model as 16 × 1, at a
// fraction of the memory: that field is yours to choose, and the others belong to the task.
//
// ## 5. Write the skill
//
// Change the instructions here, not in the file: the cell after this one writes it anew. The assumptions A1 to A7 have no source that measured
// them for this task. Each names the lesson that will.

// %%
const NAME = "llmops-fine-tuner";
const front = [
  `name: ${NAME}`,
  "description: >-",
  "  Plans, writes, watches and judges supervised fine-tuning of a language model (SFT with LoRA or QLoRA,",
  "  Unsloth, TRL): recipe, memory plan, learning rate, loss curves, over-fitting, checkpoints, export, score on",
  "  held-out rows. Use when somebody wants to fine-tune or train a model such as Llama on their own rows, on a T4,",
  "  a laptop or Colab, asks which rank, learning rate, batch or number of epochs to take, or shows a loss curve",
  "  or a run that failed, even if they only paste old training code.",
  "license: Apache-2.0",
  'compatibility: "Node 20 or newer; the script runs the llmops command of the LLMOps Workbook"',
  "metadata:",
  '  version: "1.0"',
].join("\n");

const assumptions = [
  ["A1", "A training loss below 0.2 means over-fitting.", "64.5"],
  ["A2", "The run with the lowest validation loss answers best.", "64.5"],
  ["A3", "Rank 16 with alpha 16 to 32 is enough for one task.", "64.6"],
  ["A4", "2e-4 is the right learning rate for adapters of every size of model.", "64.2, 64.6"],
  ["A5", "One to three epochs are right.", "64.6"],
  ["A6", "A resumed run gives the same model as one that was never interrupted.", "64.7"],
  ["A7", "A GGUF in 4 bits answers like the merged model.", "64.8"],
];
const cited = facts.map(({ source, fact }) => `- ${fact} [${source}]`);

const body = [
  "# LLMOps fine-tuner",
  "",
  "## Persona",
  "",
  "Think like the engineer who will be asked what the tuned model does better than the prompted base, and by how much. Plan",
  "before you run, look while it runs, score before you believe.",
  "",
  "## When to use it",
  "",
  "- Before a supervised fine-tuning is started, while it runs, and when its result is to be judged.",
  "- Not for building the dataset: that is the skill `llmops-data-engineer`. Not for preferences (DPO) or for pre-training.",
  "- Not where a better prompt or retrieval would do: ask what the prompted base scores first.",
  "",
  "## Core knowledge",
  "",
  "Each fact names its source; addresses, versions and dates are in [the list of sources](references/sources.md). Read it when",
  "a fact decides something, and look whether the source says the same today.",
  "",
  ...cited,
  "",
  "## Ask first",
  "",
  "Without an answer to the first four, stop and ask.",
  "",
  "1. What shall the model do that the prompted base does not do? How is an answer scored as right?",
  "2. Which rows, and which of them are held out? How many tokens has the longest, counted with the model's template?",
  "3. Which base exactly, and does its chat template write the tools and the calls that are in the rows?",
  "4. Which card, and for how long?",
  "5. Which versions of Unsloth, TRL and Transformers are installed?",
  "6. Where shall the model run afterwards: adapter, merged, or GGUF?",
  "",
  "## Procedure",
  "",
  "1. Score the prompted base on the held-out rows. This is the number to beat.",
  "2. Write a recipe, in the form of [the example](references/example-recipe.json), not training code.",
  "3. Plan it, from the folder of the skill:",
  "",
  "   ```",
  "   node scripts/plan-recipe.mjs recipe.json --longest 900 --gpu t4",
  "   ```",
  "",
  "   Exit status 0: it fits with its whole band and nothing is open; 1: it does not fit, or a point is open; 2: it cannot be",
  "   planned, and the message names the field. If the command is missing, say so and stop: do not replace it by a rule of thumb.",
  "4. Read twenty rows: a wrong label must not slip through. Then make a short run of 20 to 50 steps: the loss must fall.",
  "5. Run it with validation rows, and look at them every few steps: `npm run llmops -- train /path/to/recipe.json --on local`",
  "   in the workbook's folder, or on the paired T4.",
  "6. Read both losses. Judge a loss by its own past, not by a number that is said to be good.",
  "7. Change one thing at a time, and write down what it did.",
  "8. Score the result as the base was scored, with an interval. Say what was not tried.",
  "9. Export with the template and the stop token of the training, and compare answers before and after.",
  "",
  "## Traps",
  "",
  `- **Old names.** The pinned packages do not take ${oldNames.join(", ")}.`,
  `- **The batch on the card.** 16 rows of ${LONGEST} tokens at once are planned at ${plans[3]?.peak.toFixed(1)} GiB, 2 rows eight times at ` +
    `${plans[0]?.peak.toFixed(1)} GiB: the same step.`,
  `- **LoRA is not QLoRA.** Over 16-bit weights the same recipe is planned at ${plans[5]?.peak.toFixed(1)} GiB; a T4 has ` +
    `${(GPUS.t4.usableBytes / GIB).toFixed(2)} GiB.`,
  "- **bf16 on a T4.** It has none; leave `precision` out.",
  "- **Rows above the limit.** Some trainers cut them at `max_length` without a word, and the answer is at the end.",
  "- **A template without an end.** The loss looks perfect, and the model never stops.",
  "- **No held-out rows.** Learning and learning by heart look the same without them.",
  "",
  "## Assumptions",
  "",
  "Not measured yet. Say \"assumed\" when you rely on one of them.",
  "",
  ...assumptions.map(([id, text, lesson]) => `- ${id}: ${text} (lesson ${lesson})`),
  "",
  "## Report",
  "",
  "- The recipe, with a reason for each field that is not a default.",
  "- The plan: verdict, both ends of its band, the mildest remedy where one is needed.",
  "- Both losses at the end and the step of the lowest validation loss.",
  "- The score on held-out rows with its interval, beside the base's.",
  "- Every assumption that it rests on, and what was not tried.",
  "",
].join("\n");
console.log(body.slice(body.indexOf("## Procedure"), body.indexOf("## Traps")));

// %%
const folder = `../skills/${NAME}`;
rmSync(folder, { recursive: true, force: true });
for (const part of ["references", "scripts"]) mkdirSync(`${folder}/${part}`, { recursive: true });
writeFileSync(`${folder}/SKILL.md`, `---\n${front}\n---\n\n${body}`);
writeFileSync(`${folder}/references/example-recipe.json`, `${JSON.stringify(exampleRecipe, null, 2)}\n`);
writeFileSync(
  `${folder}/references/sources.md`,
  [
    "# Sources",
    "",
    `All read on ${READ}, in the versions named. A fact holds for its version: look again when yours is newer.`,
    "Plans are those of lesson 64.0 of the LLMOps Workbook: `npm run lesson -- 64.0`.",
    "",
    ...sources.flatMap(({ id, what, version, address }) => [
      `## ${id}`,
      "",
      `${what} (${version}): ${address}`,
      "",
      ...facts.filter(({ source }) => source === id).map(({ fact }) => `- ${fact}`),
      "",
    ]),
  ].join("\n"),
);
// The script is too long for a cell; read it in its place. It asks `llmops train --dry-run`, which starts nothing.
cpSync(workbookPath("chapters-61-72/64-supervised-fine-tuning/skill/plan-recipe.mjs"), `${folder}/scripts/plan-recipe.mjs`);
console.log(`${folder}: SKILL.md, two references and a script written`);

// %% [markdown]
// ## 6. Check it
//
// First the form, by `checkSkill`. Then the content: for each duty of a fine-tuner, the section where it belongs and the words without which
// it is not said. The second checklist is yours to change; it is how you notice that the next version has lost something.

// %%
import { checkSkill, findingText, readSkill } from "llmops/skills";

type Duty = [duty: string, section: string, says: RegExp[]];
const duties: Duty[] = [
  ["says when, and when not", "When to use it", [/before/i, /not for/i, /prompt/i]],
  ["asks for task, rows, base, card", "Ask first", [/scored/i, /held out/i, /chat template/i, /which card/i]],
  ["stops without them", "Ask first", [/\bstop\b/i]],
  ["asks for versions", "Ask first", [/versions/i]],
  ["scores the base first", "Procedure", [/prompted base/i, /number to beat/i]],
  ["writes a recipe and plans it", "Procedure", [/recipe/i, /scripts\/plan-recipe\.mjs/, /exit status/i]],
  ["a short run first", "Procedure", [/short run/i, /read twenty/i]],
  ["reads both losses", "Procedure", [/both losses/i, /own past/i]],
  ["one change at a time", "Procedure", [/one thing at a time/i]],
  ["exports with the template", "Procedure", [/template and the stop token/i]],
  ["old names and the batch, with numbers", "Traps", [/old names[^\n]*tokenizer[^\n]*warmup_ratio/i, /batch on the card[^\n]*GiB/i]],
  ["QLoRA and bf16", "Traps", [/not QLoRA[^\n]*GiB/, /bf16 on a T4/]],
  ["cut rows, endless template, no held-out rows", "Traps", [/above the limit/i, /without an end/i, /held-out/i]],
  ["marks what is assumed", "Assumptions", [/not measured/i, /lesson 64\.5/i, /lesson 64\.6/i]],
  ["reports score and interval", "Report", [/interval/i, /base's/i, /not tried/i]],
];
const sectionOf = (text: string, heading: string) =>
  new RegExp(`## ${heading}\\n[\\s\\S]*?(?=\\n## |$)`).exec(text)?.[0] ?? "";
const neglected = (text: string) =>
  duties.filter(([, section, says]) => !says.every((words) => words.test(sectionOf(text, section)))).map(([duty]) => duty);
const uncited = (text: string) =>
  sectionOf(text, "Core knowledge").split("\n").filter((line) => line.startsWith("- ") && !sources.some(({ id }) => line.endsWith(`[${id}]`)));

function examine(path: string) {
  const { name, version, size, findings } = checkSkill(path);
  const { body: text } = readSkill(path);
  for (const finding of findings) console.log(findingText(finding));
  for (const duty of neglected(text)) console.log(`missing: ${duty}`);
  for (const line of uncited(text)) console.log(`without a source: ${line}`);
  const kept = duties.length - neglected(text).length;
  console.log(`${name} ${version}: ${size.tokens} tokens, ${findings.length} findings, ${kept} of ${duties.length} duties`);
}
examine(folder);

// %% [markdown]
// A check that never fails is worth nothing. Spoil a copy in five places, as a hasty edit would, and see whether each is named.

// %%
rmSync("spoilt", { recursive: true, force: true });
cpSync(folder, `spoilt/${NAME}`, { recursive: true });
const whole = readFileSync(`spoilt/${NAME}/SKILL.md`, "utf8");
const spoilt = whole
  .replace("1. Score the prompted base on the held-out rows. This is the number to beat.", "1. Load the model.")
  .replace("references/sources.md", "references/facts.md")
  .replace("Judge a loss by its own past, not by a number that is said to be good.", "TODO: say what a good loss is.")
  .replace("- The guide recommends 1 to 3 epochs for most data; more can be learning by heart. [guide]", "- Three epochs are always right.")
  .replace(/- \*\*bf16 on a T4\.\*\*[^\n]*\n/, "");
writeFileSync(`spoilt/${NAME}/SKILL.md`, spoilt);
examine(`spoilt/${NAME}`);

// %% [markdown]
// ## 7. The script at work
//
// An agent runs the script as you would in a terminal: a file, a command, an exit status. Three times here: the recipe of the exercise; the one
// that the request brought along, as far as its fields still exist; and that one with its bf16. None of them is started.

// %%
import { spawnSync } from "node:child_process";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";

writeTaskRows(readTaskCalls("train"), "train.jsonl");
writeTaskRows(readTaskCalls("validation"), "validation.jsonl");
const script = (name: string, recipe: RecipeInput) => {
  writeFileSync(name, `${JSON.stringify(recipe, null, 2)}\n`);
  const args = [`${folder}/scripts/plan-recipe.mjs`, name, "--longest", String(LONGEST)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  console.log(`${name}, exit status ${status}\n${(stdout || stderr).trim()}\n`);
};
const { outcome } = await judge(requestRecipe, writeRecipe);
script("recipe.json", outcome === "right" ? writeRecipe() : exampleRecipe);
const found: RecipeInput = {
  ...exampleRecipe, method: "lora", batch: 16, accumulation: 1, maxLength: 512, data: { train: "train.jsonl" }, evaluateEvery: null,
};
script("found.json", found);
script("bf16.json", { ...found, precision: "bf16" });

// %% [markdown]
// Three answers, three exit statuses: it may be run; it may not, and why; it cannot even be planned. The two remedies of `found.json`
// belong together: neither is enough alone. An agent that must show a zero before it goes on cannot skip this step without being seen.
//
// To give the skill to an agent, copy its folder to where the agent looks: `.agents/skills/` in a project is understood by many. The chapter
// now tests A1 to A7. Write what comes out into the skill as you go: a wrong assumption that is corrected is the best fact you will have.

// %% [markdown] tags=["instructor"]
// **For instructors.** Have each student ask an assistant of their choice for "a script that fine-tunes Llama-3-8B with Unsloth" before
// section 3, and count the names in it that the pinned packages do not take. Keep A1 and A2 on the wall until 64.5 is done. The pages were
// read from stored copies: let one student look up what has changed, and whether the version changed with it.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I have 1,200 requests with tool calls in JSONL and a free Colab T4. Fine-tune Llama-3-8B-Instruct with Unsloth for me. Which settings?
//
// Ask it twice: once in a fresh conversation, once with your SKILL.md pasted in front.
//
// ### 2. Critical evaluation
//
// Look each parameter of its code up in the table of section 3. Did either answer ask for the longest row, or for held-out rows, before it
// wrote code? Which numbers does it give as laws that the guide gives as a start?
//
// ### 3. Constraint teaching
//
// > Write a recipe in the form of references/example-recipe.json, no code. For each field that is not a default, give the source or say
// > "assumed" with the measurement that would settle it.
//
// ### 4. Refinement
//
// Plan its recipe with the script. Paste what it prints:
//
// > This is the output of scripts/plan-recipe.mjs for your recipe, with its exit status. Mend what is open, one field at a time, and say for
// > each what it costs.
//
// ### 5. Final check
//
// Run the script on the mended recipe. Is the exit status 0? Which of A1 to A7 does the recipe rest on? Put a sentence into the skill that would
// have spared you the longest detour, and run section 6 again.
