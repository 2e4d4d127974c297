import { ComputeError } from "./error.js";

/** How a weight lies in memory. */
export interface Storage {
  /** Bytes a weight, block scales included. */
  bytes: number;
  /** Where the number comes from. */
  formula: string;
  source: string;
  /** Weights are unpacked to 16 bits for every product. */
  packed?: true;
  /** The checkpoint holds the head apart, also where the model ties it to the embedding. */
  untiesHead?: true;
  /** The embedding and the head are stored like this too. */
  wholeModel?: true;
}

const BNB = "bitsandbytes 0.50 functional.py: blocks of 64 weights; double quantisation in blocks of 256 scales (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314)";
const GGML = "llama.cpp ggml-common.h block structures";
const GPTQ = "AutoGPTQ and AutoAWQ packing, groups of 128: an fp16 scale and a packed zero point for each";

/** Every storage a plan knows, by the name that plans, the command and lessons use. */
export const STORAGES = {
  fp32: { bytes: 4, formula: "4", source: "IEEE 754" },
  bf16: { bytes: 2, formula: "2", source: "bfloat16" },
  fp16: { bytes: 2, formula: "2", source: "IEEE 754" },
  fp8: { bytes: 1 + 2 / (128 * 128), formula: "1 + 2/16384", source: "block FP8 checkpoints (DeepSeek-V3, Qwen3): a 16-bit scale for 128 × 128 weights", untiesHead: true },
  int8: { bytes: 1, formula: "1", source: "LLM.int8(): a scale for each row, too few to count (https://arxiv.org/abs/2208.07339)" },
  nf4: { bytes: 0.5 + 4 / 64, formula: "1/2 + 4/64", source: BNB, packed: true },
  "nf4-dq": { bytes: 0.5 + 1 / 64 + 4 / (64 * 256), formula: "1/2 + 1/64 + 4/16384", source: BNB, packed: true },
  "gptq-int4": { bytes: 0.5 + 2 / 128 + 0.5 / 128, formula: "1/2 + 2/128 + 0.5/128", source: GPTQ, packed: true },
  "gptq-int8": { bytes: 1 + 2 / 128 + 1 / 128, formula: "1 + 2/128 + 1/128", source: GPTQ, packed: true },
  "awq-int4": { bytes: 0.5 + 2 / 128 + 0.5 / 128, formula: "1/2 + 2/128 + 0.5/128", source: GPTQ, packed: true },
  q8_0: { bytes: 34 / 32, formula: "34/32", source: GGML, wholeModel: true },
  q6_k: { bytes: 210 / 256, formula: "210/256", source: GGML, wholeModel: true },
  q5_k: { bytes: 176 / 256, formula: "176/256", source: GGML, wholeModel: true },
  q4_k: { bytes: 144 / 256, formula: "144/256", source: GGML, wholeModel: true },
  q4_0: { bytes: 18 / 32, formula: "18/32", source: GGML, wholeModel: true },
  q3_k: { bytes: 110 / 256, formula: "110/256", source: GGML, wholeModel: true },
  q2_k: { bytes: 84 / 256, formula: "84/256", source: GGML, wholeModel: true },
  // The mixes: llama_tensor_get_type keeps half of the layers' value and down projections, and the head, at 6 bits.
  q4_k_m: { bytes: 144 / 256, formula: "144/256; value and down projections of half the layers, and the head, 210/256", source: `${GGML}; llama-quant.cpp`, wholeModel: true },
  q5_k_m: { bytes: 176 / 256, formula: "176/256; value and down projections of half the layers, and the head, 210/256", source: `${GGML}; llama-quant.cpp`, wholeModel: true },
} as const satisfies Record<string, Storage>;
export type StorageName = keyof typeof STORAGES;
export const STORAGE_NAMES = Object.keys(STORAGES) as StorageName[];

/** A storage by its name. */
export function storageOf(name: StorageName): Storage {
  return STORAGES[name];
}

/** What other tools call the same: written small, without spaces. */
const OTHER_NAMES: Readonly<Record<string, StorageName>> = {
  "float32": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16", "f16": "fp16", "f32": "fp32",
  "bnb-nf4": "nf4", "bnb-nf4-dq": "nf4-dq", "bnb-nf4(doublequant)": "nf4-dq", "bnb-4bit": "nf4-dq", "4bit": "nf4-dq", "nf4(doublequant)": "nf4-dq",
  "8bit": "int8", "bnb-int8": "int8", "llm.int8": "int8", "fp8-e4m3": "fp8", "f8": "fp8",
  "gptq": "gptq-int4", "gptq-4bit": "gptq-int4", "gptq-8bit": "gptq-int8", "awq": "awq-int4", "awq-4bit": "awq-int4", "int4": "gptq-int4",
  "q4-k-m": "q4_k_m", "q5-k-m": "q5_k_m", "q8-0": "q8_0", "q4-0": "q4_0", "q6-k": "q6_k",
};

/** A storage as people write it: `bnb-nf4 (double quant)`, `GPTQ-Int4`, `Q4_K_M`. @throws ComputeError for one that is not known */
export function parseStorage(text: string, field = "quant"): StorageName {
  const key = text.toLowerCase().replace(/\s+/gu, "");
  if (Object.hasOwn(STORAGES, key)) return key as StorageName;
  const other = Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : undefined;
  if (other) return other;
  throw new ComputeError(field, `"${text}" is not known; known are ${STORAGE_NAMES.join(", ")}`);
}
