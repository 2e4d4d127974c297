/**
 * The same run as an Axolotl file. Shown, not run: fields are those of Axolotl's own schema (src/axolotl/utils/schemas at
 * 067b021c8, 2026-07-24), and what it has no field for is said in comments.
 */
import { Document } from "yaml";
import { RecipeError } from "./error.js";
import type { TrainingRecipe } from "./recipe.js";

const OPTIMIZERS = { adamw: "adamw_torch_fused", "adamw-8bit": "adamw_bnb_8bit", "paged-adamw-8bit": "paged_adamw_8bit" } as const;
const SCHEDULES = { linear: "linear", cosine: "cosine", constant: "constant_with_warmup" } as const;

/**
 * @param device - what it is to run on: decides what `precision: auto` becomes
 * @throws RecipeError for a value that Axolotl's schema cannot hold
 */
export function toAxolotl(recipe: TrainingRecipe, device: "cuda" | "cpu" = "cuda"): string {
  const document = new Document({ ...settings(recipe, device), ...adapter(recipe), ...data(recipe) });
  document.commentBefore = comments(recipe).map((line) => ` ${line}`).join("\n");
  return document.toString({ lineWidth: 0 });
}

function settings(recipe: TrainingRecipe, device: "cuda" | "cpu"): Record<string, unknown> {
  const precision = recipe.precision === "auto" ? (device === "cuda" ? "fp16" : "fp32") : recipe.precision;
  return {
    base_model: recipe.base,
    output_dir: "./outputs",
    sequence_len: recipe.maxLength,
    excess_length_strategy: "drop",
    sample_packing: recipe.packing,
    group_by_length: recipe.groupByLength,
    ...(recipe.packing ? { eval_sample_packing: false } : {}),
    attn_implementation: "sdpa",
    ...(recipe.steps === null ? { num_epochs: recipe.epochs } : { max_steps: recipe.steps }),
    micro_batch_size: recipe.batch,
    gradient_accumulation_steps: recipe.accumulation,
    optimizer: OPTIMIZERS[recipe.optimizer],
    learning_rate: recipe.learningRate,
    lr_scheduler: SCHEDULES[recipe.schedule],
    ...(recipe.warmup < 1 && recipe.warmup > 0 ? { warmup_ratio: recipe.warmup } : { warmup_steps: recipe.warmup }),
    weight_decay: recipe.weightDecay,
    max_grad_norm: recipe.maxGradNorm,
    // Axolotl takes bf16 by itself where the card has it; on a T4 there is none.
    bf16: precision === "bf16",
    fp16: precision === "fp16",
    gradient_checkpointing: recipe.gradientCheckpointing === "offload" ? "offload" : recipe.gradientCheckpointing === "layer",
    logging_steps: 1,
    ...(recipe.evaluateEvery === null ? {} : { eval_steps: recipe.evaluateEvery }),
    save_steps: recipe.checkpoints.every,
    save_total_limit: recipe.checkpoints.keep,
    ...(recipe.earlyStop === null ? {} : earlyStop(recipe, recipe.earlyStop.patience)),
    seed: recipe.seed,
  };
}

function earlyStop(recipe: TrainingRecipe, patience: number): Record<string, unknown> {
  if (recipe.checkpoints.every % (recipe.evaluateEvery ?? 1) !== 0) {
    throw new RecipeError("checkpoints.every", `is ${recipe.checkpoints.every}, and Axolotl's early stop wants a multiple of evaluateEvery = ${recipe.evaluateEvery}`);
  }
  return { early_stopping_patience: patience, load_best_model_at_end: true, metric_for_best_model: "eval_loss", greater_is_better: false };
}

function adapter(recipe: TrainingRecipe): Record<string, unknown> {
  if (recipe.method === "full") return {};
  if (!Number.isInteger(recipe.alpha)) throw new RecipeError("alpha", `is ${recipe.alpha}, and Axolotl takes whole numbers`);
  return {
    adapter: recipe.quantisation === "nf4" ? "qlora" : "lora",
    load_in_4bit: recipe.quantisation === "nf4",
    lora_r: recipe.rank,
    lora_alpha: recipe.alpha,
    lora_dropout: recipe.dropout,
    lora_target_modules: [...(recipe.targets ?? [])],
    ...(recipe.rslora ? { peft_use_rslora: true } : {}),
    ...(recipe.method === "dora" ? { peft_use_dora: true } : {}),
  };
}

function data(recipe: TrainingRecipe): Record<string, unknown> {
  const rows = (path: string): Record<string, unknown> => ({
    path, ds_type: "json", type: "chat_template", field_messages: "messages",
    ...(recipe.chatTemplate === null ? { chat_template: "tokenizer_default" } : { chat_template: "jinja", chat_template_jinja: recipe.chatTemplate }),
    roles_to_train: recipe.completionOnly ? ["assistant"] : ["system", "user", "assistant", "tool"],
    train_on_eos: recipe.completionOnly ? "turn" : "all",
  });
  return { train_on_inputs: !recipe.completionOnly, datasets: [rows(recipe.data.train)], ...(recipe.data.eval === null ? {} : { test_datasets: [rows(recipe.data.eval)] }) };
}

/** What the file cannot say. */
function comments(recipe: TrainingRecipe): string[] {
  return [
    "The workbook's recipe as an Axolotl file. Shown, not run: fields by Axolotl's schema of 2026-07-24.",
    ...(recipe.earlyStop && recipe.earlyStop.minDelta > 0 ? [`Without a field there: earlyStop.minDelta = ${recipe.earlyStop.minDelta}.`] : []),
    ...(recipe.exports.includes("merged") ? ["The merged model comes from a second command: axolotl merge-lora FILE"] : []),
    ...(recipe.backend === "unsloth" ? ["Axolotl trains with PEFT and kernels of its own; there is no Unsloth in it."] : []),
  ];
}
