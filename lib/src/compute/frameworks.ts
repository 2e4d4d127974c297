/** What the training codes do differently with the same model: the constants of a plan, each with its reason. */
import { GIB } from "./plan.js";

/** Bytes that a layer keeps for the backward pass, for each token and each unit of a width. */
export interface LayerBytes {
  hidden: number;
  query: number;
  key: number;
  ffn: number;
  /** Where the counts come from. */
  source: string;
}

/** A training code's way with memory. */
export interface Framework {
  title: string;
  /** Frozen base with adapters, all matrices adapted, no checkpointing. */
  adapterLayer: LayerBytes;
  /** What one adapted matrix adds: bytes for each unit of its input. Taken off for matrices that are not adapted. */
  adapterInput: number;
  /** More where the base is packed in 4 bits. */
  packedLayer?: LayerBytes;
  /** All weights train. */
  fullLayer: LayerBytes;
  /** The same under `torch.compile`, which recomputes what is cheap: of a frozen base with adapters, and of full training. */
  compiledLayer?: { adapter: LayerBytes; full: LayerBytes };
  /** Bytes for each logit (token × vocabulary) at the loss, and what they are. */
  logits: { bytes: number; formula: string };
  /** The same in DPO, where the log-probabilities are gathered row by row. */
  dpoLogits?: { bytes: number; formula: string };
  /** The head runs over so many tokens at a time; what is kept of the whole. `byDefault`: unless a run says otherwise. */
  headChunk?: { tokens: number; words: number; keptBytes: number; bytes: number; byDefault: boolean };
  /** Where checkpoints of layers lie unless a run says otherwise: on the card, or moved to RAM. */
  checkpoints: "layer" | "offload";
  /** Bytes for each adapter parameter besides the optimiser's states: always there, more in the step, and what stays cached. */
  adapter: { weight: number; gradient: number; step: number; cached: number; formula: string };
  /** The same where the base is packed, if the code then keeps adapters in another precision. */
  packedAdapter?: { weight: number; gradient: number; step: number; cached: number; formula: string };
  /** Trained copies of the embedding and the head, bytes a parameter: at the loss and at the optimiser's step. */
  savedModule: { loss: number; step: number };
  /** Full training: bytes a parameter. */
  full: { weight: number; gradient: number; master: number; states16: boolean; step: number; formula: string };
  /** The head is packed too. */
  packsHead?: true;
  /** Blocks that the caching allocator holds and no tensor uses: a share of what comes and goes, and a fixed part. */
  slack: { share: number; bytes: number; source: string };
}

/** PyTorch's and Transformers' operators one by one; fits tests/bench/gpu-memory/live_bytes.json within 3 %. */
const EAGER_FULL: LayerBytes = {
  hidden: 18, query: 4, key: 4, ffn: 8,
  source: "two RMSNorms in fp32 (2 × 4), their 16-bit results before and after the weight (4 × 2), residual (2); q, k, v and the attention's result; gate, its SiLU, up, their product",
};

/** Of a packed base too. */
const NO_AUTOCAST: LayerBytes = { hidden: 31, query: 4, key: 4, ffn: 10.5, source: "live tensors without autocast: an fp32 copy of every adapter's input" };

const TRANSFORMERS: Framework = {
  title: "Transformers 5 with PEFT and its Trainer",
  adapterLayer: { hidden: 19.5, query: 4, key: 4, ffn: 8.25, source: "live tensors of a LoRA step (tests/bench/gpu-memory)" },
  adapterInput: 1.6,
  packedLayer: { hidden: 12.5, query: 4, key: 4, ffn: 8, source: "live tensors of a QLoRA step (tests/bench/gpu-memory)" },
  fullLayer: EAGER_FULL,
  logits: { bytes: 12, formula: "fp32 logits 4 + log-softmax 4 + its gradient 4" },
  dpoLogits: { bytes: 4, formula: "16-bit logits 2 + gradient 2" },
  checkpoints: "layer",
  adapter: { weight: 4, gradient: 4, step: 4, cached: 0, formula: "fp32 weight 4 + gradient 4" },
  savedModule: { loss: 12, step: 20 },
  full: { weight: 2, gradient: 2, master: 0, states16: true, step: 2, formula: "16-bit weight 2 + gradient 2, states in 16 bits; foreach temporaries 2 in the step" },
  slack: { share: 0.1, bytes: 0.25 * GIB, source: "caching allocator, reserved ÷ allocated in PEFT's published runs" },
};

const UNSLOTH: Framework = {
  title: "Unsloth",
  adapterLayer: { hidden: 8, query: 6, key: 4, ffn: 6, source: "Unsloth's own autograd functions keep inputs, gate and up; its notebook run without checkpointing" },
  adapterInput: 0,
  fullLayer: { hidden: 8, query: 6, key: 4, ffn: 6, source: "as with adapters" },
  logits: { bytes: 8, formula: "16-bit logits 2 + fp32 copy 4 + gradient 2" },
  checkpoints: "offload",
  adapter: { weight: 4, gradient: 4, step: 0, cached: 0, formula: "fp32 weight 4 + gradient 4" },
  savedModule: { loss: 12, step: 16 },
  full: TRANSFORMERS.full,
  slack: { share: 0.05, bytes: 0.3 * GIB, source: "Unsloth's notebooks: reserved after loading, less what is loaded" },
};
const LLAMA_FACTORY_SLACK = { share: 0.15, bytes: 0.8 * GIB, source: "LLaMA-Factory's published table, whole gigabytes" };

export const FRAMEWORKS = {
  transformers: TRANSFORMERS,
  // A loop of one's own without autocast: PEFT then keeps an fp32 copy of every adapter's input.
  "peft-loop": {
    ...TRANSFORMERS,
    title: "PEFT in a loop of one's own, without autocast",
    logits: { bytes: 14, formula: "16-bit logits, held by the loop's outputs, 2 + fp32 copy 4 + log-softmax 4 + its gradient 4" },
    adapterLayer: NO_AUTOCAST,
    adapterInput: 3.6,
    packedLayer: NO_AUTOCAST,
    slack: { share: 0.15, bytes: 0, source: "49 runs on a T4 (datasets/gpu-memory)" },
  },
  trl: {
    ...TRANSFORMERS,
    title: "TRL 1.16 (SFTTrainer, fused head)",
    // SFTTrainer keeps the adapters of a packed base in 16 bits.
    packedAdapter: { weight: 2, gradient: 2, step: 2, cached: 0, formula: "16-bit weight 2 + gradient 2" },
    headChunk: { tokens: 4096, words: 32_768, keptBytes: 0, bytes: 10, byDefault: true },
  },
  "transformers-2023": {
    ...TRANSFORMERS,
    title: "Transformers 4 with PEFT, 2023, bf16 autocast",
    logits: { bytes: 14, formula: "16-bit logits 2 + the Trainer's fp32 copy 4 + log-softmax 4 + its gradient 4" },
    adapter: { weight: 4, gradient: 4, step: 0, cached: 15, formula: "fp32 weight 4 + gradient 4 + foreach temporaries and their cached blocks 15" },
    savedModule: { loss: 9, step: 13 },
    slack: { share: 0.06, bytes: 0.85 * GIB, source: "Qwen's published profile (nvidia-smi), PyTorch 2.0" },
  },
  "deepspeed-2023": {
    ...TRANSFORMERS,
    title: "Transformers 4 under DeepSpeed, 2023, pure 16-bit",
    logits: { bytes: 8, formula: "16-bit logits 2 + shifted copy 2 + log-softmax 2 + its gradient 2" },
    adapter: { weight: 4, gradient: 4, step: 0, cached: 16.5, formula: "fp32 master 4 + gradient 4 + 16-bit copies, flat buffers and the step's temporaries 16.5" },
    full: { weight: 2, gradient: 2, master: 4, states16: false, step: 9, formula: "16-bit weight 2 + gradient 2 + fp32 master 4; fp32 gradient 4, temporary 4 and buckets 1 in the step" },
    slack: { share: 0.04, bytes: 1.4 * GIB, source: "Qwen's published profile (nvidia-smi): DeepSpeed's buckets beside the allocator's cache" },
  },
  unsloth: UNSLOTH,
  torchtune: {
    title: "torchtune",
    adapterLayer: { ...EAGER_FULL, source: "as full training" },
    adapterInput: 0,
    fullLayer: EAGER_FULL,
    compiledLayer: {
      adapter: { hidden: 8, query: 4, key: 4, ffn: 4, source: "torch.compile keeps norm inputs and results, gate and up, and recomputes their product" },
      full: { hidden: 10, query: 4, key: 4, ffn: 6, source: "torch.compile keeps the input of every matrix and norm, for the gradients of their weights" },
    },
    logits: { bytes: 12, formula: "16-bit logits 2 + fp32 copy 4 + its gradient 4 + 16-bit gradient 2" },
    // CEWithChunkedOutputLoss: the 16-bit logits of all eight parts stand in a list, and a part is fp32 while its loss is computed.
    headChunk: { tokens: 0, words: 0, keptBytes: 2, bytes: 4, byDefault: false },
    checkpoints: "layer",
    adapter: { weight: 2, gradient: 2, step: 0, cached: 0, formula: "bf16 weight 2 + gradient 2" },
    savedModule: { loss: 6, step: 8 },
    full: { weight: 2, gradient: 2, master: 0, states16: true, step: 0, formula: "bf16 weight 2 + gradient 2, states in bf16; the step is fused" },
    slack: { share: 0.1, bytes: 0.25 * GIB, source: "caching allocator" },
  },
  litgpt: {
    title: "LitGPT",
    adapterLayer: { hidden: 24, query: 4, key: 4, ffn: 8, source: "as PyTorch's operators, and LitGPT's zero-padded q, k, v adapters" },
    adapterInput: 1,
    packedLayer: { hidden: 28, query: 4, key: 4, ffn: 9, source: "as 16-bit, and the input of each packed matrix that bitsandbytes keeps" },
    fullLayer: EAGER_FULL,
    logits: { bytes: 6, formula: "16-bit logits 2 + fp32 copy of a chunk and its gradient 4" },
    checkpoints: "layer",
    adapter: { weight: 2, gradient: 2, step: 0, cached: 0, formula: "bf16 weight 2 + gradient 2" },
    savedModule: { loss: 6, step: 8 },
    full: TRANSFORMERS.full,
    packsHead: true,
    slack: { share: 0.1, bytes: 0.25 * GIB, source: "caching allocator" },
  },
  "llama-factory": {
    ...TRANSFORMERS,
    title: "LLaMA-Factory",
    logits: { bytes: 14, formula: "16-bit logits 2 + fp32 copy 4 + log-softmax 4 + its gradient 4" },
    slack: LLAMA_FACTORY_SLACK,
  },
  "llama-factory-unsloth": { ...UNSLOTH, title: "LLaMA-Factory with Unsloth", slack: LLAMA_FACTORY_SLACK },
} as const satisfies Record<string, Framework>;
export type FrameworkName = keyof typeof FRAMEWORKS;
export const FRAMEWORK_NAMES = Object.keys(FRAMEWORKS) as FrameworkName[];

/**
 * Optimisers: bytes of state for each trained parameter with fp32 states, and the step's temporaries: for all parameters at
 * once (PyTorch's foreach versions), for one tensor after the other, or none (one kernel). `follows`: the states have the
 * precision of what trains.
 */
export const OPTIMIZERS = {
  adamw: { state: 8, temporaries: "all", follows: true, formula: "two fp32 moments" },
  "adamw-fused": { state: 8, temporaries: "none", follows: true, formula: "two fp32 moments" },
  "adamw-8bit": { state: 2 + 2 * 4 / 256, temporaries: "none", follows: false, formula: "two 8-bit moments in blocks of 256" },
  "paged-adamw-8bit": { state: 2 + 2 * 4 / 256, temporaries: "none", follows: false, formula: "two 8-bit moments in blocks of 256; pages move to RAM only when the card is full" },
  adafactor: { state: 0.02, temporaries: "tensor", follows: false, formula: "sums of rows and columns" },
  lion: { state: 4, temporaries: "all", follows: true, formula: "one fp32 moment" },
  sgd: { state: 0, temporaries: "none", follows: false, formula: "none" },
  "sgd-momentum": { state: 4, temporaries: "none", follows: true, formula: "one fp32 moment" },
} as const;
export type OptimizerName = keyof typeof OPTIMIZERS;
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS) as OptimizerName[];
