import { z } from "zod";
import { checkInput, ComputeError } from "./error.js";
import { count, modelField, oneOf, storageField } from "./fields.js";
import { contextOf, findGpu, hasBf16 } from "./gpus.js";
import { CACHE_TYPE_NAMES, cacheTerm } from "./kv-cache.js";
import { shapeOf } from "./models.js";
import { GIB, MEASURES, present, sumOf, totalBytes, type MemoryPlan, type Term } from "./plan.js";
import type { ModelShape } from "./shape.js";
import { checkLength } from "./training-run.js";
import { storageOf } from "./storage.js";
import { weightTerms } from "./weights.js";

/** What a runtime takes besides weights and cache. */
interface Runtime {
  title: string;
  /** The cache grows by copying: copies that the allocator holds, as a share of the cache. Counted in what is reserved. */
  regrowth: number;
  packsHead?: true;
  /** Sliding layers keep only their window. */
  windows: boolean;
  /** cuBLAS workspace and small buffers. */
  workspaceBytes: number;
  /** Where its CUDA context is smaller than PyTorch's. */
  contextBytes?: number;
  source: string;
}

export const RUNTIMES = {
  transformers: {
    title: "Transformers (generate)", regrowth: 0, windows: true, workspaceBytes: 36 * 2 ** 20,
    source: "PyTorch's cuBLAS workspace is 32 MiB on Hopper, 8 MiB before; a few buffers of one token",
  },
  "transformers-2023": {
    title: "Transformers of 2023 (cache grows by torch.cat)", regrowth: 1.15, windows: false, workspaceBytes: 36 * 2 ** 20,
    source: "Qwen's published KV-cache table: every new length needs new blocks, the old ones stay cached",
  },
  litgpt: {
    title: "LitGPT (generate)", regrowth: 0, windows: false, packsHead: true, workspaceBytes: 70e6,
    source: "LitGPT's published resource table",
  },
  "llama.cpp": {
    title: "llama.cpp", regrowth: 0, windows: false, workspaceBytes: 0, contextBytes: 0.3 * GIB,
    source: "llama.cpp allocates the cache at once; its compute buffer is planned for a batch of 512 tokens",
  },
} as const satisfies Record<string, Runtime>;
export type RuntimeName = keyof typeof RUNTIMES;
export const RUNTIME_NAMES = Object.keys(RUNTIMES) as RuntimeName[];

const InferenceSchema = z.strictObject({
  model: modelField,
  storage: storageField.optional(),
  /** Prompt and answer together: what the cache holds at the end. */
  context: count(100_000_000),
  batch: count(1_000_000).default(1),
  cache: oneOf(CACHE_TYPE_NAMES).optional(),
  runtime: oneOf(RUNTIME_NAMES).default("transformers"),
  gpu: z.string().optional(),
  measure: oneOf(MEASURES).default("process"),
});

/** Inference as it is asked about; what is left out has a default. */
export type InferenceInput = Omit<z.input<typeof InferenceSchema>, "model"> & { model: string | ModelShape };

/** llama.cpp's default micro-batch. */
const UBATCH = 512;

/**
 * Plans the memory of generating text: weights, the cache at its longest, and what the runtime needs beside them.
 *
 * @throws ComputeError for a field that is wrong
 */
export function planInference(input: InferenceInput): MemoryPlan {
  const run = checkInput(InferenceSchema, input);
  const shape = shapeOf(run.model as string | ModelShape);
  const gpu = run.gpu === undefined ? undefined : findGpu(run.gpu);
  const notes: string[] = [];
  const bf16 = gpu ? hasBf16(gpu) : true;
  if (run.storage === "bf16" && !bf16) throw new ComputeError("storage", `${gpu?.name} has no bf16: use fp16`);
  checkLength("context", run.context, shape);
  const storage = run.storage ?? (bf16 ? "bf16" : "fp16");
  const runtime: Runtime = RUNTIMES[run.runtime];
  const kind = storageOf(storage);
  const context = contextOf(gpu);
  const contextBytes = Math.min(runtime.contextBytes ?? Infinity, context.bytes);
  const cache = cacheTerm(shape, run.context, run.batch, run.cache ?? (storage === "fp32" ? "fp32" : "fp16"), runtime.windows);
  const head = shape.vocab * shape.hidden;
  const workspace: Term[] = present([
    { id: "workspace", label: "workspaces", bytes: runtime.workspaceBytes, formula: String(runtime.workspaceBytes), source: runtime.source },
    runtime.packsHead === true && kind.packed === true && { id: "unpacked", label: "the packed head, unpacked twice", bytes: 4 * head, formula: `2 × 2 × ${head}`, source: "bitsandbytes unpacks a whole matrix for a prompt" },
    // Seen in Qwen's AWQ rows at every length, and in no other storage's; why is not known.
    storage === "awq-int4" && run.runtime === "transformers" && { id: "awq", label: "beside the cache with AWQ kernels", bytes: cache.bytes / 8, formula: "cache ÷ 8", source: "Qwen3's published AWQ rows" },
    run.runtime === "llama.cpp" && { id: "compute", label: "compute buffer", bytes: Math.min(UBATCH, run.context) * (shape.vocab + 4 * shape.ffn) * 4, formula: `${UBATCH} × (vocabulary + 4 × ffn) × 4`, source: runtime.source },
    run.measure !== "allocated" && runtime.regrowth > 0 && { id: "regrowth", label: "old copies of the growing cache", bytes: cache.bytes * runtime.regrowth, formula: `${runtime.regrowth} × cache`, source: runtime.source },
    run.measure === "process" && { id: "context", label: "CUDA context and kernels", bytes: contextBytes, formula: String(Math.round(contextBytes)), source: context.source },
  ]);
  const weights = weightTerms(shape, storage, { packsHead: runtime.packsHead ?? false });
  const terms = present([sumOf("weights", "weights", weights), cache, ...workspace]);
  const peakBytes = totalBytes(terms);
  const width = 0.02 + (runtime.regrowth > 0 ? 0.03 : 0);
  return {
    kind: "inference", peakBytes, lowBytes: peakBytes * (1 - width), highBytes: peakBytes * (1 + width),
    terms, phase: "last token", phases: [{ name: "last token", bytes: peakBytes }], measure: run.measure, notes,
  };
}
