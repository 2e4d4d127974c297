import { z } from "zod";
import { checkInput, ComputeError } from "./error.js";

const positive = (most: number) => z.number({ error: `must be a number from 1 to ${most}` })
  .int({ error: "must be a whole number" }).min(1, { error: "must be at least 1" }).max(most, { error: `must be at most ${most}: is the unit right?` });

/**
 * What decides a decoder-only transformer's parameters and memory. Limits are ten times what any published dense model has:
 * they catch a field in the wrong unit.
 */
export const ModelShapeSchema = z.strictObject({
  name: z.string().min(1, { error: "must not be empty" }),
  /** Width of the residual stream. */
  hidden: positive(262_144),
  layers: positive(2_000),
  /** Query heads. */
  heads: positive(4_096),
  /** Key and value heads; fewer than `heads` with grouped-query attention. */
  kvHeads: positive(4_096),
  /** Width of a head. */
  headDim: positive(8_192),
  /** Inner width of the gated feed-forward network. */
  ffn: positive(1_048_576),
  vocab: positive(10_000_000),
  /** Embedding and head are one matrix. */
  tied: z.boolean(),
  /** Query, key and value projections have a bias (Qwen, Qwen2). */
  qkvBias: z.boolean().default(false),
  /** Query and key heads are normalised (Qwen3, Gemma 3). */
  qkNorm: z.boolean().default(false),
  /** Normalisations of a layer: 2, or 4 (Gemma 2 and 3). */
  layerNorms: z.union([z.literal(2), z.literal(4)]).default(2),
  /** Window of layers with sliding attention, and how many layers in a row have it for each one that has not. */
  sliding: z.strictObject({ window: positive(10_000_000), every: positive(64) }).optional(),
  /** Parameters beside the text model: a vision tower and its projector. Stay 16-bit and frozen. */
  extraParameters: z.number().int().nonnegative().max(1e12).default(0),
  /** The vision tower's layers, where adapters may train them too: plain transformer layers with a two-matrix feed-forward network. */
  vision: z.strictObject({ layers: positive(1_000), hidden: positive(65_536), ffn: positive(262_144), tokens: positive(1_000_000) }).optional(),
  /** Positions the model was made for. */
  maxPositions: positive(100_000_000).optional(),
}).superRefine((shape, context) => {
  if (shape.heads % shape.kvHeads !== 0) {
    context.addIssue({ code: "custom", path: ["kvHeads"], message: `must divide heads: ${shape.heads} query heads cannot share ${shape.kvHeads} key heads evenly` });
  }
});
export type ModelShape = z.output<typeof ModelShapeSchema>;

/** Checks a shape that was typed in. @throws ComputeError for the first field that is wrong */
export function checkShape(value: unknown): ModelShape {
  return checkInput(ModelShapeSchema, value, "model");
}

const Config = z.looseObject({
  model_type: z.string().optional(),
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number().nullish(),
  head_dim: z.number().nullish(),
  intermediate_size: z.number(),
  vocab_size: z.number(),
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.boolean().nullish(),
  max_position_embeddings: z.number().nullish(),
  sliding_window: z.number().nullish(),
  use_sliding_window: z.boolean().nullish(),
});

/** Model types whose layers are the gated decoder that this library counts, and how they differ from Llama's. */
const FAMILIES: Readonly<Record<string, Partial<Pick<ModelShape, "qkvBias" | "qkNorm" | "layerNorms">> & { tied?: boolean; slidingEvery?: number }>> = {
  llama: {}, mistral: {}, phi3: {}, gemma: { tied: true },
  qwen2: { qkvBias: true }, qwen3: { qkNorm: true },
  gemma2: { layerNorms: 4, tied: true, slidingEvery: 1 },
  gemma3_text: { layerNorms: 4, qkNorm: true, tied: true, slidingEvery: 5 },
};

/**
 * The shape of a Hugging Face `config.json`. Of a multimodal one, its text model; the vision tower's parameters are not in
 * the file in one number, so give them as `extraParameters`.
 *
 * @throws ComputeError for a field that is missing or wrong, and for architectures with other layers (mixture of experts,
 *   state space, encoder-decoder)
 */
export function shapeOfConfig(config: unknown, name: string, extraParameters = 0): ModelShape {
  if (typeof config !== "object" || config === null || Array.isArray(config)) throw new ComputeError("config", "must be the object of a config.json");
  const outer = config as Record<string, unknown>;
  const inner = typeof outer["text_config"] === "object" && outer["text_config"] !== null ? outer["text_config"] as Record<string, unknown> : outer;
  for (const field of ["num_local_experts", "num_experts", "n_routed_experts", "is_encoder_decoder", "ssm_cfg"]) {
    if (inner[field]) throw new ComputeError(`config.${field}`, "this planner counts dense decoder-only models; a mixture of experts, a state-space model or an encoder-decoder has other layers");
  }
  const parsed = checkInput(Config, inner, "config");
  const type = parsed.model_type ?? "llama";
  const family = FAMILIES[type];
  if (!family) throw new ComputeError("config.model_type", `"${type}" is not known; known are ${Object.keys(FAMILIES).join(", ")}. Type the shape in instead`);
  const sliding = family.slidingEvery !== undefined && parsed.sliding_window ? { window: parsed.sliding_window, every: family.slidingEvery }
    : type === "mistral" && parsed.sliding_window ? { window: parsed.sliding_window, every: parsed.num_hidden_layers } : undefined;
  const { slidingEvery, tied, ...rest } = family;
  void slidingEvery;
  if (!parsed.head_dim && parsed.hidden_size % parsed.num_attention_heads !== 0) {
    throw new ComputeError("config.num_attention_heads", `${parsed.num_attention_heads} heads do not divide a width of ${parsed.hidden_size}; give head_dim`);
  }
  return checkShape({
    name,
    hidden: parsed.hidden_size,
    layers: parsed.num_hidden_layers,
    heads: parsed.num_attention_heads,
    kvHeads: parsed.num_key_value_heads ?? parsed.num_attention_heads,
    headDim: parsed.head_dim ?? parsed.hidden_size / parsed.num_attention_heads,
    ffn: parsed.intermediate_size,
    vocab: parsed.vocab_size,
    tied: parsed.tie_word_embeddings ?? tied ?? false,
    ...rest,
    ...(sliding ? { sliding } : {}),
    ...(parsed.max_position_embeddings ? { maxPositions: parsed.max_position_embeddings } : {}),
    extraParameters,
  });
}
