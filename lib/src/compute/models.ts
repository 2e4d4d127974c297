import { ComputeError } from "./error.js";
import { checkShape, type ModelShape } from "./shape.js";

/** SigLIP-So400m with the projector, as Gemma 3's model card counts it (0.4 billion; https://huggingface.co/google/gemma-3-4b-pt, 2025-03). */
const SIGLIP = 420_000_000;
/** Llama 3.2 11B Vision has 10.67 billion parameters (its model card, 2024-09); the rest of the text model counted here. */
const MLLAMA_EXTRA = 900_000_000;
/** Its config.json: 32 local and 8 global layers; four tiles of 1601 patches, padded to as many. */
const MLLAMA_VISION = { layers: 40, hidden: 1280, ffn: 5120, tokens: 4 * 1601 };

/**
 * Shapes that come with the workbook, by short name and Hugging Face id. Source: the models' config.json as LitGPT
 * (litgpt/config.py at 26857050) and torchtune (model builders at bd2a0fc) carry them, read 2026-11.
 */
const ENTRIES: readonly (Partial<ModelShape> & { name: string; hub: string })[] = [
  { name: "Llama-2-7B", hub: "meta-llama/Llama-2-7b-hf", hidden: 4096, layers: 32, heads: 32, kvHeads: 32, headDim: 128, ffn: 11008, vocab: 32000, tied: false },
  { name: "Llama-2-13B", hub: "meta-llama/Llama-2-13b-hf", hidden: 5120, layers: 40, heads: 40, kvHeads: 40, headDim: 128, ffn: 13824, vocab: 32000, tied: false },
  { name: "Llama-2-70B", hub: "meta-llama/Llama-2-70b-hf", hidden: 8192, layers: 80, heads: 64, kvHeads: 8, headDim: 128, ffn: 28672, vocab: 32000, tied: false },
  { name: "CodeLlama-34B", hub: "codellama/CodeLlama-34b-hf", hidden: 8192, layers: 48, heads: 64, kvHeads: 8, headDim: 128, ffn: 22016, vocab: 32000, tied: false },
  { name: "Llama-3-8B", hub: "meta-llama/Meta-Llama-3-8B", hidden: 4096, layers: 32, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 128256, tied: false },
  { name: "Llama-3.1-8B", hub: "meta-llama/Llama-3.1-8B", hidden: 4096, layers: 32, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 128256, tied: false },
  { name: "Llama-3.1-70B", hub: "meta-llama/Llama-3.1-70B", hidden: 8192, layers: 80, heads: 64, kvHeads: 8, headDim: 128, ffn: 28672, vocab: 128256, tied: false },
  { name: "Llama-3.3-70B", hub: "meta-llama/Llama-3.3-70B-Instruct", hidden: 8192, layers: 80, heads: 64, kvHeads: 8, headDim: 128, ffn: 28672, vocab: 128256, tied: false },
  { name: "Llama-3.2-1B", hub: "meta-llama/Llama-3.2-1B", hidden: 2048, layers: 16, heads: 32, kvHeads: 8, headDim: 64, ffn: 8192, vocab: 128256, tied: true },
  { name: "Llama-3.2-3B", hub: "meta-llama/Llama-3.2-3B", hidden: 3072, layers: 28, heads: 24, kvHeads: 8, headDim: 128, ffn: 8192, vocab: 128256, tied: true },
  { name: "TinyLlama-1.1B", hub: "TinyLlama/TinyLlama-1.1B-Chat-v1.0", hidden: 2048, layers: 22, heads: 32, kvHeads: 4, headDim: 64, ffn: 5632, vocab: 32000, tied: false },
  { name: "Mistral-7B-v0.1", hub: "mistralai/Mistral-7B-v0.1", hidden: 4096, layers: 32, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 32000, tied: false },
  { name: "Mistral-7B-v0.3", hub: "mistralai/Mistral-7B-v0.3", hidden: 4096, layers: 32, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 32768, tied: false },
  { name: "Mistral-Nemo-12B", hub: "mistralai/Mistral-Nemo-Base-2407", hidden: 5120, layers: 40, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 131072, tied: false },
  { name: "Mistral-Small-22B", hub: "mistralai/Mistral-Small-Instruct-2409", hidden: 6144, layers: 56, heads: 48, kvHeads: 8, headDim: 128, ffn: 16384, vocab: 32768, tied: false },
  { name: "Magistral-24B", hub: "mistralai/Magistral-Small-2506", hidden: 5120, layers: 40, heads: 32, kvHeads: 8, headDim: 128, ffn: 32768, vocab: 131072, tied: false },
  { name: "Qwen-1.8B", hub: "Qwen/Qwen-1_8B", hidden: 2048, layers: 24, heads: 16, kvHeads: 16, headDim: 128, ffn: 5504, vocab: 151936, tied: false, qkvBias: true },
  { name: "Qwen-7B", hub: "Qwen/Qwen-7B", hidden: 4096, layers: 32, heads: 32, kvHeads: 32, headDim: 128, ffn: 11008, vocab: 151936, tied: false, qkvBias: true },
  { name: "Qwen-14B", hub: "Qwen/Qwen-14B", hidden: 5120, layers: 40, heads: 40, kvHeads: 40, headDim: 128, ffn: 13696, vocab: 152064, tied: false, qkvBias: true },
  { name: "Qwen-72B", hub: "Qwen/Qwen-72B", hidden: 8192, layers: 80, heads: 64, kvHeads: 64, headDim: 128, ffn: 24576, vocab: 152064, tied: false, qkvBias: true },
  { name: "Qwen2-7B", hub: "Qwen/Qwen2-7B", hidden: 3584, layers: 28, heads: 28, kvHeads: 4, headDim: 128, ffn: 18944, vocab: 152064, tied: false, qkvBias: true },
  { name: "Qwen2.5-0.5B", hub: "Qwen/Qwen2.5-0.5B", hidden: 896, layers: 24, heads: 14, kvHeads: 2, headDim: 64, ffn: 4864, vocab: 151936, tied: true, qkvBias: true },
  { name: "Qwen2.5-1.5B", hub: "Qwen/Qwen2.5-1.5B", hidden: 1536, layers: 28, heads: 12, kvHeads: 2, headDim: 128, ffn: 8960, vocab: 151936, tied: true, qkvBias: true },
  { name: "Qwen2.5-3B", hub: "Qwen/Qwen2.5-3B", hidden: 2048, layers: 36, heads: 16, kvHeads: 2, headDim: 128, ffn: 11008, vocab: 151936, tied: true, qkvBias: true },
  { name: "Qwen2.5-7B", hub: "Qwen/Qwen2.5-7B", hidden: 3584, layers: 28, heads: 28, kvHeads: 4, headDim: 128, ffn: 18944, vocab: 152064, tied: false, qkvBias: true },
  { name: "Qwen2.5-Coder-14B", hub: "Qwen/Qwen2.5-Coder-14B", hidden: 5120, layers: 48, heads: 40, kvHeads: 8, headDim: 128, ffn: 13824, vocab: 152064, tied: false, qkvBias: true },
  { name: "Qwen3-0.6B", hub: "Qwen/Qwen3-0.6B", hidden: 1024, layers: 28, heads: 16, kvHeads: 8, headDim: 128, ffn: 3072, vocab: 151936, tied: true, qkNorm: true },
  { name: "Qwen3-1.7B", hub: "Qwen/Qwen3-1.7B", hidden: 2048, layers: 28, heads: 16, kvHeads: 8, headDim: 128, ffn: 6144, vocab: 151936, tied: true, qkNorm: true },
  { name: "Qwen3-4B", hub: "Qwen/Qwen3-4B", hidden: 2560, layers: 36, heads: 32, kvHeads: 8, headDim: 128, ffn: 9728, vocab: 151936, tied: true, qkNorm: true },
  { name: "Qwen3-8B", hub: "Qwen/Qwen3-8B", hidden: 4096, layers: 36, heads: 32, kvHeads: 8, headDim: 128, ffn: 12288, vocab: 151936, tied: false, qkNorm: true },
  { name: "Qwen3-14B", hub: "Qwen/Qwen3-14B", hidden: 5120, layers: 40, heads: 40, kvHeads: 8, headDim: 128, ffn: 17408, vocab: 151936, tied: false, qkNorm: true },
  { name: "Qwen3-32B", hub: "Qwen/Qwen3-32B", hidden: 5120, layers: 64, heads: 64, kvHeads: 8, headDim: 128, ffn: 25600, vocab: 151936, tied: false, qkNorm: true },
  { name: "Gemma-2-2B", hub: "google/gemma-2-2b", hidden: 2304, layers: 26, heads: 8, kvHeads: 4, headDim: 256, ffn: 9216, vocab: 256000, tied: true, layerNorms: 4, sliding: { window: 4096, every: 1 } },
  { name: "Gemma-2-9B", hub: "google/gemma-2-9b", hidden: 3584, layers: 42, heads: 16, kvHeads: 8, headDim: 256, ffn: 14336, vocab: 256000, tied: true, layerNorms: 4, sliding: { window: 4096, every: 1 } },
  { name: "Gemma-2-27B", hub: "google/gemma-2-27b", hidden: 4608, layers: 46, heads: 32, kvHeads: 16, headDim: 128, ffn: 36864, vocab: 256000, tied: true, layerNorms: 4, sliding: { window: 4096, every: 1 } },
  { name: "Gemma-3-1B", hub: "google/gemma-3-1b-pt", hidden: 1152, layers: 26, heads: 4, kvHeads: 1, headDim: 256, ffn: 6912, vocab: 262144, tied: true, qkNorm: true, layerNorms: 4, sliding: { window: 512, every: 5 } },
  { name: "Gemma-3-4B", hub: "google/gemma-3-4b-pt", hidden: 2560, layers: 34, heads: 8, kvHeads: 4, headDim: 256, ffn: 10240, vocab: 262144, tied: true, qkNorm: true, layerNorms: 4, sliding: { window: 1024, every: 5 }, extraParameters: SIGLIP },
  { name: "Gemma-3-12B", hub: "google/gemma-3-12b-pt", hidden: 3840, layers: 48, heads: 16, kvHeads: 8, headDim: 256, ffn: 15360, vocab: 262144, tied: true, qkNorm: true, layerNorms: 4, sliding: { window: 1024, every: 5 }, extraParameters: SIGLIP },
  { name: "Gemma-3-27B", hub: "google/gemma-3-27b-pt", hidden: 5376, layers: 62, heads: 32, kvHeads: 16, headDim: 128, ffn: 21504, vocab: 262144, tied: true, qkNorm: true, layerNorms: 4, sliding: { window: 1024, every: 5 }, extraParameters: SIGLIP },
  { name: "CodeGemma-7B", hub: "google/codegemma-7b", hidden: 3072, layers: 28, heads: 16, kvHeads: 16, headDim: 256, ffn: 24576, vocab: 256000, tied: true },
  { name: "Phi-3-mini", hub: "microsoft/Phi-3-mini-4k-instruct", hidden: 3072, layers: 32, heads: 32, kvHeads: 32, headDim: 96, ffn: 8192, vocab: 32064, tied: false, sliding: { window: 2047, every: 32 } },
  { name: "Phi-3.5-mini", hub: "microsoft/Phi-3.5-mini-instruct", hidden: 3072, layers: 32, heads: 32, kvHeads: 32, headDim: 96, ffn: 8192, vocab: 32064, tied: false },
  { name: "Phi-3-medium", hub: "microsoft/Phi-3-medium-4k-instruct", hidden: 5120, layers: 40, heads: 40, kvHeads: 10, headDim: 128, ffn: 17920, vocab: 32064, tied: false },
  { name: "Phi-4", hub: "microsoft/phi-4", hidden: 5120, layers: 40, heads: 40, kvHeads: 10, headDim: 128, ffn: 17920, vocab: 100352, tied: false },
  { name: "Llama-3.2-11B-Vision", hub: "meta-llama/Llama-3.2-11B-Vision", hidden: 4096, layers: 40, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 128256, tied: false, extraParameters: MLLAMA_EXTRA, vision: MLLAMA_VISION },
];

/** A shape, and the id of its weights on the Hugging Face Hub. */
export interface KnownModel {
  shape: ModelShape;
  hub: string;
}

/** All shapes that come with the workbook. */
export const MODELS: readonly KnownModel[] = ENTRIES.map(({ hub, ...shape }) => ({ hub, shape: checkShape(shape) }));

/** Words of a name that say how a shape was tuned or packed, not which it is. */
const VARIANTS = new Set("instruct chat it pt base hf bnb 4bit 8bit unsloth fp8 awq gptq int4 int8 gguf bf16 meta 4k 128k 2407 2409 2506 v1.0".split(" "));

const keyOf = (name: string): string => name.toLowerCase().replace(/^.*\//u, "").split(/[-_\s]+/u).filter((word) => !VARIANTS.has(word)).join("");

const BY_NAME = new Map(MODELS.flatMap((model) => [[keyOf(model.shape.name), model], [keyOf(model.hub), model]] as const));

/**
 * The shape of a model by its short name (`Llama-3-8B`) or its id on the Hugging Face Hub, of tuned and quantised variants too
 * (`unsloth/llama-3-8b-Instruct-bnb-4bit`).
 *
 * @throws ComputeError for a model that is not among {@link MODELS}
 */
export function findModel(name: string): KnownModel {
  const key = keyOf(name);
  const found = BY_NAME.get(key);
  if (found) return found;
  const begun = new Set(key === "" ? [] : [...BY_NAME].filter(([known]) => known.startsWith(key)).map(([, model]) => model));
  const [only] = begun;
  if (only && begun.size === 1) return only;
  const close = MODELS.map(({ shape }) => shape.name).filter((known) => known.toLowerCase().startsWith(name.toLowerCase().replace(/^.*\//u, "").slice(0, 5)));
  const offer = close.length > 0 ? close : MODELS.map(({ shape }) => shape.name);
  throw new ComputeError("model", `"${name}" is not known. Known are ${offer.join(", ")}; of another model give the path of its config.json`);
}

/** A shape as it is, or by name. @throws ComputeError when it is neither */
export function shapeOf(model: string | ModelShape): ModelShape {
  return typeof model === "string" ? findModel(model).shape : checkShape(model);
}
