// ---
// chapter: 62
// lesson: 8
// title: Build Your Compute Planning Skill
// layer: Layer 3 (Intelligence Design)
// minutes: 45
// concepts: []
// maps: SC-008 (skill accumulation)
// prerequisites: lessons 62.4 and 62.6 (what takes memory, what saves it)
// publishes: skills/llmops-compute-planner
// ---

// %% [markdown]
// Ask an assistant whether a training run fits your card, and you get an answer in a confident voice. Often it is a rule of thumb, and
// the run that it promised stops after an hour, or the card that it demanded was not needed. In this lesson you write down how a plan is
// made: an **Agent Skill** that asks before it computes, computes with the planner, and reports what it took for granted. Then you test
// it on three requests: one that fits, one that is tight, one that does not fit.
//
// ```
// skills/llmops-compute-planner/
// ├── SKILL.md                      what to ask, the procedure, the traps, the report
// ├── references/measurements.md    the numbers behind it, and how to get them again
// ├── references/example-run.json   a run as the script wants it described
// └── scripts/plan-run.mjs          plans one run: verdict, tree, remedies
// ```

// %% [markdown]
// ## 1. What a rule of thumb is worth
//
// "Parameters times bytes, plus 20%" is a rule that you will meet. `datasets/gpu-memory` holds peaks that others measured and printed,
// each with its source. Here both the rule and the planner are asked about every one of them. The constants of the planner were chosen
// on most of these points; twelve runs on a T4 were kept apart, so look at that line first.

// %%
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { check, judge, showChart, showTable, todo, workbookPath } from "llmops/course";
import {
  countParameters, GIB, parseStorage, planPoint, shapeOf, storageOf, type ModelShape,
} from "llmops/compute";

interface MeasuredPoint {
  model: string | ModelShape;
  quant: string;
  phase: string;
  unit: string;
  peak_gb: number;
  half?: string;
}
const measured = ["published.json", "t4-runs.json"].flatMap((file) => {
  const text = readFileSync(workbookPath(`datasets/gpu-memory/${file}`), "utf8");
  const { points } = JSON.parse(text) as { points: MeasuredPoint[] };
  return points.map(({ peak_gb: peak, ...question }) => {
    const group =
      question.half === "held-out" ? "T4 runs, kept apart" :
      file === "t4-runs.json" ? "T4 runs, others" :
      question.phase === "train_peak" ? "training, published" : "inference, published";
    const bytes = question.unit === "GB (1e9)" ? peak * 1e9 : peak * GIB;
    const parameters = countParameters(shapeOf(question.model)).total;
    const weights = parameters * storageOf(parseStorage(question.quant)).bytes;
    return { group, rule: (weights * 1.2) / bytes, planner: planPoint(question).peakBytes / bytes };
  });
});
const groups = ["T4 runs, kept apart", "T4 runs, others", "training, published", "inference, published"];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percentOff = (ratios: readonly number[]) => 100 * mean(ratios.map((ratio) => Math.abs(ratio - 1)));
const errors = groups.map((group) => {
  const points = measured.filter((point) => point.group === group);
  return {
    points: group,
    number: points.length,
    "weights × 1.2, % off": percentOff(points.map(({ rule }) => rule)),
    "planner, % off": percentOff(points.map(({ planner }) => planner)),
    "rule promises too little": points.filter(({ rule }) => rule < 0.9).length,
  };
});
showTable(errors, {
  decimals: 1,
  caption: "How far off on average; in the last column the points where the rule is more than 10% too low",
});

// %% tags=["folded"]
const ratios = measured
  .filter(({ group }) => group !== "inference, published")
  .flatMap(({ rule, planner }) => [{ says: "weights × 1.2", ratio: rule }, { says: "planner", ratio: planner }]);
await showChart(
  {
    title: "Training runs: what was said, divided by what was measured",
    height: 110,
    width: 560,
    data: { values: ratios },
    layer: [
      {
        mark: { type: "tick", thickness: 1.5, size: 36, opacity: 0.6 },
        encoding: {
          y: { field: "says", type: "nominal", sort: null, title: null },
          x: {
            field: "ratio", type: "quantitative", title: "said ÷ measured",
            scale: { type: "log", domain: [0.012, 2.5], nice: false }, axis: { values: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2] },
          },
          color: { field: "says", type: "nominal", legend: null, sort: null, scale: { range: ["#D55E00", "#0072B2"] } },
        },
      },
      { data: { values: [{}] }, mark: { type: "rule", strokeDash: [4, 4] }, encoding: { x: { datum: 1 } } },
    ],
  },
  `${ratios.length / 2} training runs. ` + ["weights × 1.2", "planner"].map((says) => {
    const values = ratios.filter((row) => row.says === says).map(({ ratio }) => ratio).sort((a, b) => a - b);
    return `${says}: from ${values[0].toFixed(2)} to ${(values.at(-1) ?? 0).toFixed(2)} of what was measured, the middle one ${values[Math.floor(values.length / 2)].toFixed(2)}`;
  }).join("; ") + ".",
);

// %% [markdown]
// Each line is a run; on the dashed line the answer was right. The rule does not miss by a factor that you could put right: it is off by
// a different one for every run, because it knows neither the length of the rows nor the batch, the method or the training code. So the
// skill's first duty is to ask for them.
//
// ## 2. What to ask first
//
// An agent that asks twenty questions is closed before the third. So order them: which answer moves the plan most? Take one run as the
// base, change one answer at a time within what people really use, and look at the lowest and the highest plan.

// %%
import { GPUS, planTraining, type TrainingRunInput } from "llmops/compute";

const base: TrainingRunInput = {
  model: "Llama-3-8B", method: "qlora", sequence: 1024, batch: 2,
  framework: "transformers", gpu: "t4",
};
const answers: Record<string, Partial<TrainingRunInput>[]> = {
  "model: 1B, 3B, 8B, 14B":
    ["Llama-3.2-1B", "Llama-3.2-3B", "Llama-3-8B", "Qwen3-14B"].map((model) => ({ model })),
  "method: QLoRA, LoRA, full": (["qlora", "lora", "full"] as const).map((method) => ({ method })),
  "longest row: 128 to 4,096 tokens": [128, 512, 1024, 2048, 4096].map((sequence) => ({ sequence })),
  "batch: 1 to 8": [1, 2, 4, 8].map((batch) => ({ batch })),
  "checkpointing: none, layer, offload":
    (["none", "layer", "offload"] as const).map((checkpointing) => ({ checkpointing })),
  "training code: Transformers, TRL, Unsloth":
    (["transformers", "trl", "unsloth"] as const).map((framework) => ({ framework })),
  "attention: eager, SDPA": (["eager", "sdpa"] as const).map((attention) => ({ attention })),
  "rank: 8 to 64": [8, 16, 64].map((rank) => ({ rank })),
  "optimiser: AdamW, 8-bit": (["adamw", "adamw-8bit"] as const).map((optimizer) => ({ optimizer })),
};
const peakOf = (run: TrainingRunInput) => planTraining(run).peakBytes / GIB;
const swings = Object.entries(answers).map(([question, changes]) => {
  const peaks = changes.map((change) => peakOf({ ...base, ...change }));
  return { question, least: Math.min(...peaks), most: Math.max(...peaks) };
}).sort((a, b) => b.most - b.least - (a.most - a.least));
showTable(
  swings.map(({ question, least, most }) => ({
    question, "least, GiB": least, "most, GiB": most, "swing, GiB": most - least,
  })),
  { decimals: 1, caption: `One answer changed at a time; the base needs ${peakOf(base).toFixed(1)} GiB` },
);

// %% tags=["folded"]
const onT4 = GPUS.t4.usableBytes / GIB;
const bySwing = { field: "question", type: "nominal", sort: null, title: null, axis: { labelLimit: 260 } } as const;
await showChart(
  {
    title: "Which answer moves the plan",
    height: 250,
    width: 460,
    data: { values: swings },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 14, color: "#0072B2" },
        encoding: {
          y: bySwing,
          x: {
            field: "least", type: "quantitative", title: "planned peak, GiB",
            scale: { type: "log", domain: [4, 200], nice: false }, axis: { values: [5, 10, 20, 50, 100, 200] },
          },
          x2: { field: "most" },
        },
      },
      {
        data: { values: [{}] },
        mark: { type: "rule", color: "#000000", strokeWidth: 2 },
        encoding: { x: { datum: peakOf(base) } },
      },
      {
        data: { values: [{}] },
        mark: { type: "rule", color: "#D55E00", strokeDash: [5, 4], strokeWidth: 2 },
        encoding: { x: { datum: onT4 } },
      },
      {
        data: { values: [{}] },
        mark: { type: "text", align: "left", dx: 5, dy: 118, color: "#B34700", fontWeight: 600 },
        encoding: { x: { datum: onT4 }, text: { value: "T4" } },
      },
    ],
  },
  `Lowest and highest planned peak by question, in GiB, on a T4 with ${onT4.toFixed(2)}: ` +
    swings.map(({ question, least, most }) => `${question}, ${least.toFixed(1)} to ${most.toFixed(1)}`).join("; ") + ".",
);

// %% [markdown]
// Black is the base, the dashed line is what a T4 has. Five answers can carry the run over that line. Two of them, **batch** and
// **checkpointing**, you may choose so that the run fits: they are remedies. The other three belong to the task: **method**, **row length**
// and **model**, and with them the **card**, which is the line itself. Those four the skill asks first, and does not go on without. The
// other answers stay below the line. The rank moves the plan by 2 GiB between 8 and 64, the optimiser by 0.2: an adapter has few weights.
//
// The row length is the answer that easily goes wrong, because a recipe holds a number that looks like it. `max_length` and
// `max_seq_length` are **caps**: what is longer is cut. What lies on the card is the longest row of a batch.
//
// ### Exercise: describe a run
//
// The script of the skill takes a run as a JSON object. Here is a request, in the words in which such requests come:
//
// > We want to tune Llama-3-8B-Instruct on our support chats, on Colab's free T4. I have a TRL recipe that somebody wrote for an A100:
// > bf16, max_length 4096, batch 2, accumulate 8, so effectively 16; LoRA with rank 16 on all layers, the base in 4 bits. I counted our
// > 2,000 chats with the model's tokenizer and its template: 310 tokens on average, 1,180 the longest. Three epochs.
//
// Write the description. Its fields: `model`, `method` (`full`, `lora`, `qlora`), `gpu`, `framework`, `longest_row`, `cap`, `batch`, `rank`,
// and for the time `rows`, `mean_row`, `epochs`. Leave out what the request does not say of *this* run.

// %%
import { describeRequest, exampleDescription, type RunDescription } from "llmops/exercises/62-8";

function describeRun(): RunDescription {
  // BEGIN SOLUTION
  return {
    model: "Llama-3-8B", method: "qlora", gpu: "t4", framework: "trl",
    longest_row: 1180, cap: 4096, batch: 2, rank: 16, rows: 2000, mean_row: 310, epochs: 3,
  };
  // STUB
  // return todo(); // { model: "…", method: "…", gpu: "…", … }
  // END SOLUTION
}
await check(describeRequest, describeRun);

// %% [markdown]
// ## 3. The traps, each with its number
//
// A skill that says "beware of the logits" is obeyed by nobody. One that says how many GiB is. The cell computes six traps; the numbers go
// into the skill as they come out here. The rows are those of the Task API dataset. They are counted with `o200k_base`: Llama's own
// tokenizer is a file that you have to fetch, and it will count a little differently.

// %%
import { findGpu, findModel, flattenTerms, HOSTS, planHost } from "llmops/compute";
import { countTokens, readExamples } from "llmops/data";

const train = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
const lengths = train.map((example) => countTokens(example)).sort((a, b) => a - b);
const longest = lengths.at(-1) ?? 0;
const gib = (bytes: number) => `${(bytes / GIB).toFixed(2)} GiB`;

const CAP = 2048;
const atLength = (sequence: number) => planTraining({ ...base, sequence, batch: 8 });
const [capped, real] = [atLength(CAP), atLength(longest)];

const logitsOf = (model: string) => {
  const terms = flattenTerms(planTraining({ ...base, model, sequence: CAP }).terms);
  return terms["activations.logits"] ?? 0;
};
const [smallVocabulary, largeVocabulary] = [logitsOf("Llama-2-7B"), logitsOf("Llama-3-8B")];

const refusal = (run: TrainingRunInput): string => {
  try {
    planTraining(run);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the planner took bf16 for a T4");
};
const noBf16 = refusal({ ...base, compute: "bf16" });

const colab = HOSTS["colab-free"];
const llama = findModel("Llama-3-8B").shape;
const [kept, merged] = [[], ["q4_k_m"] as const].map((files) => planHost(llama, "nf4-dq", files, colab));
const [heldOut] = errors;

const traps = [
  {
    trap: "The cap is not the length.",
    number:
      `The longest of ${train.length} Task API rows has ${longest} tokens; the recipe's cap is ${CAP}. ` +
      `Llama-3-8B by QLoRA in plain Transformers, batch 8: ${gib(capped.peakBytes)} planned with ` +
      `the cap, ${gib(real.peakBytes)} with the longest row.`,
  },
  {
    trap: "A T4 has no bf16.",
    number:
      `The planner refuses it: "${noBf16}". ` +
      "Recipes for newer cards set bf16, and so does TRL unless fp16 is set.",
  },
  {
    trap: "Logits grow with the vocabulary.",
    number:
      `2 rows of ${CAP} tokens in plain Transformers: ${gib(smallVocabulary)} of logits with ` +
      `Llama-2-7B's 32,000 tokens, ${gib(largeVocabulary)} with Llama-3-8B's 128,256.`,
  },
  {
    trap: "Weights × 1.2 is no plan.",
    number:
      `On ${heldOut.number} measured T4 runs that no constant of the planner was fitted to, it is ` +
      `${heldOut["weights × 1.2, % off"].toFixed(0)}% off on average, the planner ` +
      `${heldOut["planner, % off"].toFixed(1)}%.`,
  },
  {
    trap: "A merge needs RAM, not only the card.",
    number:
      `Llama-3-8B packed needs ${gib(kept.ramBytes)} of RAM to train; merging it needs ${gib(merged.ramBytes)}, ` +
      `and a free Colab has ${gib(colab.ramBytes)}.`,
  },
  {
    trap: "The number on the box is not what a program gets.",
    number: `A T4 is sold with 16 GB; PyTorch sees ${gib(findGpu("t4").usableBytes)}.`,
  },
];
showTable(traps, { caption: "Six traps" });

// %% [markdown]
// The first trap is open on both sides. Plan with the cap, and you rent a card that you do not need. Plan with the mean, and the run stops
// when the longest row comes.
//
// ## 4. Write the skill
//
// The description decides whether an agent opens the skill at all (lesson 63.0 takes that apart), so it holds the words in which people ask:
// "fits", "out of memory", "which GPU". The body has five sections. Change the text here, not in the file: the next cell writes it anew.

// %%
const NAME = "llmops-compute-planner";
const front = [
  `name: ${NAME}`,
  "description: >-",
  "  Plans GPU memory, RAM, disk, time and cost of fine-tuning a language model before it runs:",
  "  verdict with its band, a tree of what takes memory, the mildest change that makes it fit. Use",
  "  when somebody asks whether a model fits a GPU such as a T4, which GPU to rent, why training",
  "  ran out of memory (CUDA OOM), how large batch, row length or rank may be, or how long a run",
  "  takes, even if they only paste a recipe.",
  "license: Apache-2.0",
  'compatibility: "Node 20 or newer; the script runs the llmops command of the LLMOps Workbook"',
  "metadata:",
  '  version: "1.0"',
].join("\n");

const body = [
  "# LLMOps compute planner",
  "",
  "Think like the engineer who will be woken when the run stops at three in the morning. Ask, then",
  "compute, then say how sure it is.",
  "",
  "## When to use it",
  "",
  "- Before a fine-tuning run is started, a GPU is rented, or a recipe is copied to another card.",
  "- After an out-of-memory error: describe the run that failed, and look at the largest term of",
  "  the tree.",
  "- Not for pre-training, multi-modal models or several cards: hardly anything was measured on",
  "  those. Not for the quality of a result.",
  "- Not for serving: `npm run llmops -- vram MODEL --method inference` plans that.",
  "",
  "## Ask first",
  "",
  "Without an answer to the first four, stop and ask. Do not fill them in from the recipe.",
  "",
  "1. Which model exactly? A name, a Hugging Face id, or its config.json.",
  "2. Which method: full, LoRA, or QLoRA? LoRA on a 4-bit base is QLoRA.",
  "3. How many tokens has the longest row, counted with the model's tokenizer and chat template?",
  "   And the mean? The cap is no answer. Only where nobody can count does it give an upper bound;",
  "   call it one.",
  "4. Which card, and which machine around it?",
  "5. How many rows are on the card at a time? Which training code, and which checkpointing?",
  "6. What shall be written at the end: the adapter, merged weights, GGUF?",
  "",
  "## Procedure",
  "",
  "1. Write the answers into a file, in the form of [the example](references/example-run.json).",
  "2. Plan it, from the folder of the skill:",
  "",
  "   ```",
  "   node scripts/plan-run.mjs run.json",
  "   ```",
  "",
  "   Exit status 0: it fits; 1: tight, or does not fit, or RAM or disk are too small; 2: it cannot",
  "   be planned, and the message says why. If the command is missing, say so and stop: do not",
  "   replace it by a rule of thumb.",
  "3. Read the band, not the peak: a run fits when the upper end of its band fits.",
  "4. Where it is tight or does not fit, take the mildest remedy first: what changes nothing (batch",
  "   with accumulation, SDPA), then what costs time (checkpointing, QLoRA), then what the run is",
  "   for (shorter rows, lower rank, smaller model). One change at a time.",
  "5. Put the change into the file and plan again, until the whole band fits. The list says what it",
  "   holds. Alternatives: one is enough alone; if only harsh ones are left, chain milder ones, with",
  "   a plan after each. Steps: none is enough alone; take all of them, in their order.",
  "6. Look at RAM and disk before the run, merge and export included (field `export`).",
  "7. Give time and cost as ranges. They rest on a share of the datasheet's rate: correct them",
  "   after the first fifty steps.",
  "8. After the first steps write the measured peak beside the plan. Outside of the band, the",
  "   description is wrong or the planner is: find out which.",
  "",
  "## Traps",
  "",
  "Numbers of one model and one dataset; [how they were computed](references/measurements.md). Plan",
  "yours.",
  "",
  ...traps.map(({ trap, number }) => `- **${trap}** ${number}`),
  "",
  "## Report",
  "",
  "Five parts, in this order:",
  "",
  "- Verdict in one of three phrases: fits, is tight, does not fit. Tight is neither of the others.",
  "- Both ends of the band, and what the card really has, in GiB.",
  "- The largest two terms of the tree, in words.",
  "- The mildest remedy with what it saves and costs, where one is needed.",
  "- Every assumption that the script lists, and what was not measured.",
  "",
].join("\n");
console.log(body.slice(body.indexOf("## Ask first"), body.indexOf("## Traps")));

// %%
const folder = `../skills/${NAME}`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(`${folder}/references`, { recursive: true });
mkdirSync(`${folder}/scripts`, { recursive: true });
writeFileSync(`${folder}/SKILL.md`, `---\n${front}\n---\n\n${body}`);
writeFileSync(`${folder}/references/example-run.json`, `${JSON.stringify(exampleDescription, null, 2)}\n`);
writeFileSync(
  `${folder}/references/measurements.md`,
  [
    "# Measurements",
    "",
    "Lesson 62.8 of the LLMOps Workbook computes every number: `npm run lesson -- 62.8`.",
    "Measured peaks: its `datasets/gpu-memory`, with the source of each point. The constants of the",
    "planner were chosen on all groups but the first, whose errors were looked at twice on the way.",
    "",
    "| points | number | weights × 1.2, mean error | planner, mean error |",
    "| --- | ---: | ---: | ---: |",
    ...errors.map(({ points, number, "weights × 1.2, % off": rule, "planner, % off": planner }) =>
      `| ${points} | ${number} | ${rule.toFixed(1)}% | ${planner.toFixed(1)}% |`),
    "",
    "Which answer moves a plan: Llama-3-8B, QLoRA, 2 rows of 1,024 tokens, plain Transformers, on a",
    "T4; one answer changed at a time.",
    "",
    "| answer | least, GiB | most, GiB |",
    "| --- | ---: | ---: |",
    ...swings.map(({ question, least, most }) =>
      `| ${question} | ${least.toFixed(1)} | ${most.toFixed(1)} |`),
    "",
    "TRL sets bf16 unless fp16 is set: `trl/trainer/base_config.py` at 13e421be, read 2026-11-21,",
    "https://github.com/huggingface/trl.",
    "",
    "No plan for several cards, and none on a card of our own, has been measured.",
    "",
  ].join("\n"),
);
// The script is too long for a cell; read it in its place. It asks `llmops vram` for every number.
const source = workbookPath("chapters-61-72/62-llm-architecture-and-compute-reality/skill/plan-run.mjs");
cpSync(source, `${folder}/scripts/plan-run.mjs`);
console.log(`${folder}: SKILL.md, two references and a script written`);

// %% [markdown]
// ## 5. Check the text
//
// First the form: `checkSkill` is what `llmops skill check` runs. It knows front matter, names, links, length and sentences that were never
// finished. What a planner must not leave out, it cannot know. That is a second checklist, and it is code too: for each duty, the section
// where it belongs and the words without which it is not said.

// %%
import { checkSkill, findingText, readSkill } from "llmops/skills";

const checked = checkSkill(folder);
for (const finding of checked.findings) console.log(findingText(finding));
const { name, version, size, findings } = checked;
console.log(`${name} ${version}: ${size.tokens} tokens, ${findings.length} findings`);

type Duty = [duty: string, section: string, says: RegExp[]];
const duties: Duty[] = [
  ["says when, and when not", "When to use it", [/before/i, /out-of-memory/i, /pre-training/i, /serving/i]],
  ["asks for model, method, row, card", "Ask first", [/model/i, /QLoRA/, /longest row/i, /which card/i]],
  ["stops without them", "Ask first", [/\bstop\b/i]],
  ["asks for batch, code, export", "Ask first", [/at a time/i, /training code/i, /GGUF|merged/i]],
  ["plans by the script", "Procedure", [/scripts\/plan-run\.mjs/, /exit status/i, /missing/i]],
  ["decides by the band", "Procedure", [/upper end of its band/i]],
  ["mildest first, then again", "Procedure", [/mildest remedy first/i, /plan again/i]],
  ["RAM, disk, time, cost", "Procedure", [/RAM and disk/, /time and cost/i]],
  ["compares with the measured peak", "Procedure", [/measured peak/i]],
  ["cap and bf16, with numbers", "Traps", [/cap is not[^\n]*\d/i, /bf16[^\n]*\d/]],
  ["logits and the rule, with numbers", "Traps", [/logits[^\n]*GiB/i, /1\.2[^\n]*%/]],
  ["merge and box, with numbers", "Traps", [/merg[^\n]*GiB/i, /box[^\n]*GiB/i]],
  ["reports verdict and band", "Report", [/tight/i, /both ends/i, /largest/i]],
  ["reports remedy and assumptions", "Report", [/mildest/i, /assumption/i]],
];
const sectionOf = (text: string, heading: string) =>
  new RegExp(`## ${heading}\\n[\\s\\S]*?(?=\\n## |$)`).exec(text)?.[0] ?? "";
const neglected = (text: string) =>
  duties.filter(([, section, says]) => !says.every((words) => words.test(sectionOf(text, section))));
const skillText = readSkill(folder).body;
console.log(`duties: ${duties.length - neglected(skillText).length} of ${duties.length} are in the text`);

// %% [markdown]
// A checklist that never fails is worth nothing, and one that fails on everything neither. Take each rule of the skill out, one at a
// time, and ask the checklist whether it notices.

// %%
const rulesOf = (section: string) =>
  sectionOf(skillText, section).split(/\n(?=- |\d\. )/).slice(1);
const removals = [...new Set(duties.map(([, section]) => section))].flatMap((section) =>
  rulesOf(section).map((rule) => {
    const without = skillText.replace(rule, "");
    return { section, rule: rule.split("\n")[0], noticed: neglected(without).length > 0 };
  }),
);
showTable(
  [...Map.groupBy(removals, ({ section }) => section)].map(([section, rules]) => ({
    section,
    rules: rules.length,
    "loss noticed": rules.filter(({ noticed }) => noticed).length,
    "not noticed": rules.filter(({ noticed }) => !noticed).map(({ rule }) => rule.slice(0, 50)).join(" | "),
  })),
  { caption: "Each rule taken out once" },
);

// %% [markdown]
// What is not noticed, the checklist does not guard: nobody would see it go in the next version. Whether it should be guarded is for you to
// decide. And no checklist sees whether an agent *obeys*. For that there is the script, and a test with requests.
//
// ## 6. Three requests
//
// The script is run as an agent runs it: a file, a command, an exit status. The cell also asks the library itself for the same run, and
// stops if the two disagree. The first request is the Task API dataset of chapter 63, tuned with Unsloth on a free Colab, with a GGUF file
// at the end.

// %%
import { spawnSync } from "node:child_process";
import { judgeFit } from "llmops/compute";
import type { PlanAnswer } from "llmops/exercises/62-8";

const script = (args: string[], input = "") =>
  spawnSync(process.execPath, [`${folder}/scripts/plan-run.mjs`, ...args], { encoding: "utf8", input });
function planWithSkill(run: RunDescription): PlanAnswer & { host_problems: string[]; advice: string } {
  writeFileSync("run.json", `${JSON.stringify(run, null, 2)}\n`);
  const { stdout, stderr, status } = script(["run.json", "--json"]);
  if (status === 2) throw new Error(stderr);
  const answer = JSON.parse(stdout) as ReturnType<typeof planWithSkill>;
  const { model, gpu, method, framework, batch } = run;
  const sequence = Math.min(run.longest_row ?? Infinity, run.cap ?? Infinity);
  const again = planTraining({ model, gpu, method, framework, batch, sequence } as TrainingRunInput);
  const { fits } = judgeFit(again, findGpu(gpu).usableBytes, gpu);
  if (fits !== answer.fits) throw new Error("script and library disagree");
  return answer;
}

const taskApi: RunDescription = {
  model: "Llama-3-8B", method: "qlora", gpu: "t4", framework: "unsloth", batch: 2,
  longest_row: longest, cap: CAP, rows: train.length, mean_row: Math.round(mean(lengths)), epochs: 3, export: ["q4_k_m"],
};
const first = planWithSkill(taskApi);
console.log(script(["run.json"]).stdout.trim());

// %% [markdown]
// The card has about twice what the run needs, and still the plan is not good: the merge at the end asks for more RAM than the machine
// has. An agent that only computes VRAM says "fits", and the afternoon ends with a runtime that was killed while it merged. Here the answer
// is to train on Colab, to export the adapter alone and to merge elsewhere.
//
// The second request: "QLoRA with TRL, max_length 2048, batch 8. How long are the rows? No idea." The third: "LoRA as in the recipe, Llama-3
// in 16 bits, batch 2, rows up to 2,048 tokens, the plain Trainer." Both are planned, changed as the skill says, and planned again.

// %%
const second: RunDescription = {
  model: "Llama-3-8B", method: "qlora", gpu: "t4", framework: "trl", batch: 8, cap: 2048,
};
const third: RunDescription = {
  model: "Llama-3-8B", method: "lora", gpu: "t4", framework: "transformers", batch: 2, longest_row: 2048,
};
const smaller: RunDescription = { ...third, batch: 1 };
const steps = [
  { request: "1", step: "as asked", answer: first },
  { request: "2", step: "as asked", answer: planWithSkill(second) },
  { request: "2", step: "batch 4 × 2", answer: planWithSkill({ ...second, batch: 4 }) },
  { request: "3", step: "as asked", answer: planWithSkill(third) },
  { request: "3", step: "batch 1 × 2", answer: planWithSkill(smaller) },
  { request: "3", step: "and QLoRA", answer: planWithSkill({ ...smaller, method: "qlora" }) },
];
showTable(
  steps.map(({ request, step, answer }) => ({
    request, step, low: answer.low_gib, peak: answer.peak_gib, high: answer.high_gib, fits: answer.fits,
    "the planner's first remedy": answer.remedies[0]?.sentence ?? "",
  })),
  { decimals: 2, caption: `Three requests, in GiB, on ${first.gpu} with ${first.usable_gib.toFixed(2)}` },
);

// %% tags=["folded"]
const planned = steps.map(({ request, step, answer }) => ({
  run: `${request}: ${step}`, low: answer.low_gib, peak: answer.peak_gib, high: answer.high_gib,
  verdict: { yes: "fits", tight: "is tight", no: "does not fit" }[answer.fits],
}));
const verdictColour = {
  field: "verdict", type: "nominal", title: null,
  scale: { domain: ["fits", "is tight", "does not fit"], range: ["#009E73", "#E69F00", "#D55E00"] },
} as const;
await showChart(
  {
    title: "Three requests, with their bands",
    height: 190,
    width: 500,
    data: { values: planned },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 8, opacity: 0.45 },
        encoding: {
          y: { field: "run", type: "nominal", sort: null, title: null, axis: { labelLimit: 220 } },
          x: { field: "low", type: "quantitative", title: "GiB", scale: { domain: [0, 28] } },
          x2: { field: "high" },
          color: verdictColour,
        },
      },
      {
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: {
          y: { field: "run", type: "nominal", sort: null },
          x: { field: "peak", type: "quantitative" },
          color: verdictColour,
        },
      },
      {
        data: { values: [{}] },
        mark: { type: "rule", strokeDash: [4, 4], strokeWidth: 2 },
        encoding: { x: { datum: onT4 } },
      },
    ],
  },
  `Bands in GiB against the ${onT4.toFixed(2)} of a T4: ` +
    planned.map(({ run, low, high, verdict }) => `${run}, ${low.toFixed(1)} to ${high.toFixed(1)}, ${verdict}`).join("; ") + ".",
);

// %% [markdown]
// The dashed line is what a T4 has. Three things to read off:
//
// - In the second request the dot lies before the line and the band crosses it. That is "tight": the best guess fits, a
//   worse one does not, and you learn which when the longest row comes. Half the batch, accumulated twice, is the same update without
//   the doubt.
// - In the third, the planner's list has one entry (print `steps[3].answer.remedies` to see it): a model of one billion parameters. No other
//   *single* change is enough.
//   Two milder ones, batch 1 and then QLoRA, keep the model. This is why the skill says "chain milder ones", and why somebody reads the
//   list before obeying it.
// - The second plan rests on the cap, because nobody had counted. It may be far too high: the Task API rows have a cap of 2,048 as well.
//
// A skill is used in places where the planner is not. Copied alone into an empty folder, with no workbook above it and no command on the
// path, the script has to say what is missing. And a description without a row length is refused, not guessed:

// %%
import { tmpdir } from "node:os";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";

const alone = mkdtempSync(join(tmpdir(), "planner-"));
cpSync(folder, join(alone, NAME), { recursive: true });
const outcome = spawnSync(process.execPath, ["scripts/plan-run.mjs", "references/example-run.json"], {
  cwd: join(alone, NAME), encoding: "utf8", env: { PATH: alone },
});
console.log(`exit status ${outcome.status}: ${outcome.stderr.trim()}`);
const noLength = JSON.stringify({ model: "Llama-3-8B", method: "qlora", gpu: "t4" });
const refused = script(["-"], noLength);
console.log(`exit status ${refused.status}: ${refused.stderr.trim()}`);
rmSync(alone, { recursive: true, force: true });

// %% [markdown]
// ### Exercise: the report
//
// What an agent hands over is not a tree of numbers. Write `report`: it gets what `plan-run.mjs --json` answers, and gives the text that a
// person reads. It follows the skill's section Report: the verdict in the skill's words (*fits*, *tight*, *does not fit*), both ends of the band
// and `usable_gib` with one or two decimals, every assumption word for word, and where the run is tight or does not fit, the first
// remedy's `sentence`.

// %%
import { planReport } from "llmops/exercises/62-8";

function report(answer: PlanAnswer): string {
  // BEGIN SOLUTION
  const { model, gpu, fits, low_gib, high_gib, usable_gib, remedies, assumptions } = answer;
  const verdict = { yes: "fits", tight: "is tight", no: "does not fit" }[fits];
  const [mildest] = remedies;
  return [
    `${model} ${verdict}: between ${low_gib.toFixed(1)} and ${high_gib.toFixed(1)} GiB; ${gpu} has ${usable_gib.toFixed(2)} GiB.`,
    ...(mildest ? [`Mildest remedy: ${mildest.sentence} (saves ${mildest.saved_gib.toFixed(1)} GiB).`] : []),
    "Assumed:",
    ...assumptions.map((assumption) => `- ${assumption}`),
  ].join("\n");
  // STUB
  // return todo(); // answer has model, gpu, fits, peak_gib, low_gib, high_gib, usable_gib, remedies, assumptions
  // END SOLUTION
}
await check(planReport, report);
if ((await judge(planReport, report)).outcome === "right") console.log(report(steps[1].answer));

// %% [markdown]
// To give the skill to an agent, copy its folder to where the agent looks; many read `.agents/skills/` in a project. In a terminal,
// `npm run llmops -- skill check work/skills/llmops-compute-planner` checks your own version.

// %% [markdown] tags=["instructor"]
// **For instructors.** Before section 2, let everybody write down the order of the questions, then compare with the computed one.
// In section 5 let pairs write a rule whose loss the checklist does not notice, and then the line that guards it. The third request is the
// one to discuss: a tool's list of remedies is an answer to the question "which single change is enough", and not to "what should we do".
// Who has a T4 at hand runs request 2 and writes the measured peak beside the band; the workbook has not done it.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is a skill, llmops-compute-planner (SKILL.md, version 1.0). I want to tune Qwen2.5-7B on 3,000 support tickets with the recipe
// > below, on a T4. Does it fit? [paste SKILL.md and a recipe that you found]
//
// ### 2. Critical evaluation
//
// Did it ask for the longest row, or did it take the recipe's `max_length`? If it could not run the script, did it say so and stop, as the
// skill wants, or did it compute "about 12 GB" all the same? Mark every number in its answer that no tool gave it.
//
// ### 3. Constraint teaching
//
// > You may not state a number in GiB that does not come from the script's answer. Here is the answer for my run: [paste the output of
// > `plan-run.mjs`]. Write the report by the skill, and name the assumption that would change the verdict if it were wrong.
//
// ### 4. Refinement
//
// > The planner's only remedy is a smaller model. Which two milder changes would you try together, and in which order? Give me the
// > description of each as JSON, and say what result would make you stop.
//
// ### 5. Final check
//
// Plan both descriptions with the script. Did they come out as it said? Put the pair that worked into the skill as an example, raise the
// version to 1.1, and run both checks of section 5 again.
