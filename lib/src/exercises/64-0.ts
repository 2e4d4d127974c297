/** The exercises of lesson 64.0, "Build Your Fine-Tuning Skill". */
import type { Exercise } from "../course/check.js";
import { ComputeError } from "../compute/index.js";
import { completeRecipe, planRecipe, RecipeError, shapeOfBase, targetOf, type RecipeInput, type TrainingRecipe } from "../train/index.js";

export const STANDINGS = ["documented", "assumed", "outdated"] as const;
/** A sentence stands in a source that was read; or nobody measured it for this task; or it is of another version, or another card. */
export type Standing = (typeof STANDINGS)[number];

/** Sentences such as assistants write them, with what the sources of the lesson say. */
export const CLAIMS = {
  "With dtype=None, Unsloth takes float16 on a T4.": ["documented", "The notebook for Llama-3-8B says so beside the line."],
  "Set bf16=True on the T4: it is more stable.": ["outdated", "It is a recipe for newer cards. The notebook's own output on a T4 says Bfloat16 = FALSE."],
  "Pass tokenizer=tokenizer and max_seq_length=2048 to SFTTrainer.": ["outdated", "The pinned TRL has neither: it is processing_class, and SFTConfig(max_length=…)."],
  "Set warmup_ratio=0.03.": ["outdated", "The pinned Transformers has no such parameter; warmup_steps takes steps, or a share of them below 1."],
  "Rank 16 is enough for the Task API.": ["assumed", "The notebook uses 16 for another task. For this one nobody has measured it yet; lesson 64.6 does."],
  "A training loss below 0.2 means that our model is over-fitted.": ["assumed", "The guide says \"likely\", of tasks in general. Whether it holds for calls, lesson 64.5 measures."],
  "Three epochs are right for our 1,200 rows.": ["assumed", "The guide says 1 to 3 for most data. For yours the validation loss decides."],
  "After the export, use the chat template of the training.": ["documented", "The troubleshooting page names another template as the most common cause of bad answers elsewhere."],
} as const satisfies Record<string, readonly [Standing, string]>;
export type Claim = keyof typeof CLAIMS;
export type Standings = Record<Claim, Standing>;
/** A function, so that a stub can be told from an answer. */
export type GiveStandings = () => Standings;

const claims = Object.keys(CLAIMS) as Claim[];
const settled: Standings = Object.fromEntries(claims.map((claim) => [claim, CLAIMS[claim][0]])) as Standings;
const says = (change: Partial<Standings>) => (answer: GiveStandings) => {
  const given = answer(), expected = { ...settled, ...change };
  return claims.every((claim) => given[claim] === expected[claim]);
};
const BF16 = claims[1]!, NAMES = claims[2]!, WARMUP = claims[3]!, RANK = claims[4]!, LOSS = claims[5]!, EPOCHS = claims[6]!;

export const claimStandings: Exercise<GiveStandings> = {
  id: "64.0/standings",
  kind: "choice",
  hints: [
    "For each sentence, try to point at the line of a source above that says it. A line that says something like it, of another task or card, does not count.",
    "Split each sentence into what the source says and what was added: 'the notebook uses rank 16' and 'rank 16 is enough for the Task API' are two claims.",
    "Two sentences stand in a source as they are, three are contradicted by the signatures or by the card, and the rest speak of our own rows and model, which nobody has measured.",
  ],
  fault: (answer) => {
    const given = answer();
    for (const claim of claims) {
      if (!STANDINGS.includes(given[claim])) return `"${claim}" has no standing yet; give it one of ${STANDINGS.join(", ")}.`;
    }
    const wrong = claims.find((claim) => given[claim] !== settled[claim]);
    return wrong === undefined ? undefined : `"${wrong}" is not ${given[wrong]}. ${CLAIMS[wrong][1]}`;
  },
  misconceptions: [
    {
      name: "a number in the guide is a law",
      matches: (answer) => says({ [LOSS]: "documented", [EPOCHS]: "documented" })(answer) || says({ [LOSS]: "documented" })(answer) || says({ [EPOCHS]: "documented" })(answer),
      message: "The guide does give these numbers, for fine-tuning in general. The sentences speak of our model and our rows, and those nobody has measured. A rule of thumb that you take over is an assumption: write it down as one, and test it.",
    },
    {
      name: "what a notebook does is proof",
      matches: says({ [RANK]: "documented" }),
      message: "That the notebook uses rank 16 is documented; that 16 is enough for the Task API is not. An example shows what runs, not what is needed.",
    },
    {
      name: "old names",
      matches: (answer) => says({ [NAMES]: "documented" })(answer) || says({ [NAMES]: "documented", [WARMUP]: "documented" })(answer) || says({ [WARMUP]: "documented" })(answer),
      message: "These parameters were right once, and most code on the web still has them. Look into the table of signatures: the pinned versions do not take them any more.",
    },
    {
      name: "bf16 everywhere",
      matches: says({ [BF16]: "documented" }),
      message: "bf16 needs compute capability 8.0, and a T4 has 7.5. The sentence is true of an A100; on a T4 it stops the run, or is done slowly by software.",
    },
    {
      name: "nothing is sure",
      matches: (answer) => claims.every((claim) => answer()[claim] === "assumed"),
      message: "An assistant that marks everything as assumed is of no more use than one that marks nothing. Two of the sentences stand in a source, and three are contradicted by one.",
    },
  ],
  because: "Three kinds, three treatments: what is documented goes in with its source, what is assumed goes in as an assumption with the lesson that will test it, and what is outdated goes in as a warning, because the next assistant will suggest it again.",
};

/** The request of the lesson: a T4, rows of up to 900 tokens, 16 rows to a step, two epochs, a look every 25 steps. */
export const REQUEST = { longest: 900, rowsPerStep: 16, epochs: 2, evaluateEvery: 25 } as const;

/** The request as a recipe. */
export const exampleRecipe: RecipeInput = {
  base: "unsloth/llama-3-8b-Instruct-bnb-4bit", method: "qlora", data: { train: "train.jsonl", eval: "validation.jsonl" },
  rank: 16, alpha: 16, batch: 2, accumulation: 8, epochs: 2, learningRate: 2e-4, optimizer: "adamw-8bit", maxLength: 1024,
  gradientCheckpointing: "offload", evaluateEvery: 25,
};
export type WriteRecipe = () => RecipeInput;

const T4 = "t4";
const tried = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch (error) {
    if (error instanceof RecipeError || error instanceof ComputeError) return undefined;
    throw error;
  }
};
const recipeOf = (answer: WriteRecipe): TrainingRecipe | undefined => tried(() => completeRecipe(answer()));
const has = (test: (recipe: TrainingRecipe) => boolean) => (answer: WriteRecipe): boolean => {
  const recipe = recipeOf(answer);
  return recipe !== undefined && test(recipe);
};
const perStep = ({ batch, accumulation }: TrainingRecipe): number => batch * accumulation;
const verdictOf = (recipe: TrainingRecipe) => planRecipe(recipe, shapeOfBase(recipe), targetOf(T4), REQUEST.longest).verdict;

export const requestRecipe: Exercise<WriteRecipe> = {
  id: "64.0/recipe",
  kind: "file",
  hints: [
    "Go through the request twice: once for what it says of the task (rows, epochs, looks), and once for what belongs to the A100 of the old recipe. Only the first goes in.",
    "A step sees batch × accumulation rows, and the card holds batch of them. Keep the product that the request names, with few rows on the card.",
    "maxLength has to let the longest row through. The base is packed in 4 bits, which decides the method; precision you may leave out; the rate is that of adapters, about ten times that of full fine-tuning.",
  ],
  fault: (answer) => {
    try {
      const recipe = completeRecipe(answer());
      if (!/llama-3-8b-instruct/i.test(recipe.base)) return `The base is Llama-3-8B-Instruct, packed by Unsloth: unsloth/llama-3-8b-Instruct-bnb-4bit. You write ${recipe.base}.`;
      if (recipe.data.eval === null || recipe.evaluateEvery === null) return "Nobody looks at rows that are not trained on: name them in data.eval, and give evaluateEvery.";
      if (recipe.maxLength < REQUEST.longest) return `Rows have up to ${REQUEST.longest} tokens, and maxLength is ${recipe.maxLength}.`;
      if (perStep(recipe) !== REQUEST.rowsPerStep) return `A step should see ${REQUEST.rowsPerStep} rows; with batch ${recipe.batch} and accumulation ${recipe.accumulation} it sees ${perStep(recipe)}.`;
      if (recipe.learningRate <= 5e-5 || recipe.learningRate > 1e-3) return `Adapters of a model of this size take about 2e-4; your learning rate is ${recipe.learningRate}.`;
      const verdict = verdictOf(recipe);
      if (verdict.fits !== "yes") return `The run ${verdict.sentence}.`;
      if (recipe.epochs !== REQUEST.epochs || recipe.evaluateEvery !== REQUEST.evaluateEvery) return `The request says ${REQUEST.epochs} epochs and a look every ${REQUEST.evaluateEvery} steps.`;
      return undefined;
    } catch (error) {
      if (error instanceof RecipeError || error instanceof ComputeError) return error.message;
      throw error;
    }
  },
  misconceptions: [
    {
      name: "bf16 on a T4",
      matches: has(({ precision }) => precision === "bf16"),
      message: "The recipe was written for a card with bf16, and a T4 has none. Leave precision out: the trainer takes fp16 there.",
    },
    {
      name: "LoRA in 16 bits",
      matches: has((recipe) => recipe.method === "lora" || recipe.method === "full"),
      message: "You left the base in 16 bits: Llama-3-8B's weights alone are 15 GiB then. To train adapters over a base of 4 bits is the method qlora.",
    },
    {
      name: "the effective batch on the card",
      matches: has((recipe) => recipe.batch === REQUEST.rowsPerStep && recipe.accumulation === 1),
      message: "You put all 16 rows on the card at once. The card holds `batch` rows, and a step sees batch × accumulation: take few rows, and accumulate.",
    },
    {
      name: "16 twice",
      matches: has((recipe) => recipe.accumulation === REQUEST.rowsPerStep && recipe.batch > 1),
      message: "You accumulate 16 batches of more than one row: a step would see a multiple of 16 rows, and there would be so many fewer steps. batch × accumulation is to be 16.",
    },
    {
      name: "rows lost",
      matches: has(({ maxLength }) => maxLength < REQUEST.longest),
      message: "maxLength is below the longest row. This trainer leaves such rows out whole and counts them; others cut them, and the answer is at the end. Count the rows first, then set the limit above the longest.",
    },
    {
      name: "the rate of full fine-tuning",
      matches: has(({ learningRate }) => learningRate <= 5e-5),
      message: "That is a rate for all weights. Adapters begin at nothing and take about ten times as much: the guide starts at 2e-4.",
    },
    {
      name: "nobody looks",
      matches: has(({ data, evaluateEvery }) => data.eval === null || evaluateEvery === null),
      message: "Without rows that are kept apart, and looks at them, nobody will see when the run begins to learn by heart. Name them in data.eval, and give evaluateEvery.",
    },
  ],
  because: "The recipe keeps what the request says of the task (rows, epochs, looks), drops what it says of another card (bf16, the batch), and fits a T4 with the whole band of its plan.",
};
