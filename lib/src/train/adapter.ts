/** An adapter as PEFT saves it: adapter_config.json and adapter_model.safetensors of one folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Matrix } from "ml-matrix";
import { z } from "zod";
import { Safetensors, toMatrix } from "../compute/index.js";
import { RecipeError } from "./error.js";

const Config = z.object({
  peft_type: z.literal("LORA", { error: "must be LORA" }),
  r: z.int().positive(),
  lora_alpha: z.number(),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  /** Of single matrices; an adapter with such exceptions is not read here. */
  rank_pattern: z.record(z.string(), z.unknown()).default({}),
  alpha_pattern: z.record(z.string(), z.unknown()).default({}),
});

/** What trains beside one matrix. */
export interface LoraFactors {
  /** rank × inputs. */
  a: Matrix;
  /** outputs × rank. */
  b: Matrix;
  /** DoRA alone: the length of each row of the adapted matrix, outputs × 1. */
  magnitude?: Matrix;
}

export interface Adapter {
  rank: number;
  alpha: number;
  /** What B·A is multiplied with: alpha ÷ rank, or alpha ÷ √rank with rsLoRA. */
  scale: number;
  dora: boolean;
  /** By the name of the matrix in the base, e.g. `model.layers.0.self_attn.q_proj`. */
  matrices: Record<string, LoraFactors>;
}

/** PEFT's names: `base_model.model.` + the base's own + `.lora_A.weight`, `.lora_B.weight`, `.lora_magnitude_vector`. */
const NAME = /^base_model\.model\.(?<matrix>.+?)\.(?:lora_(?<factor>[AB])\.weight|lora_magnitude_vector(?:\.weight)?)$/;

/**
 * Reads a LoRA adapter (rsLoRA and DoRA included) from its folder.
 *
 * @throws RecipeError for another kind of adapter, or a matrix without one of its factors; ComputeError for a damaged file
 */
export function readAdapter(folder: string): Adapter {
  const path = join(folder, "adapter_config.json");
  const config = Config.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!config.success) throw new RecipeError("adapter", `${path}: ${config.error.issues[0]?.path.join(".")} ${config.error.issues[0]?.message}`);
  const { r: rank, lora_alpha: alpha, use_rslora: rslora, use_dora: dora, rank_pattern: ranks, alpha_pattern: alphas } = config.data;
  if (Object.keys(ranks).length + Object.keys(alphas).length > 0) throw new RecipeError("adapter", `${path} gives single matrices a rank or alpha of their own (rank_pattern, alpha_pattern), which is not read here`);
  const file = new Safetensors(join(folder, "adapter_model.safetensors"));
  const found: Record<string, Partial<LoraFactors>> = {};
  for (const name of file.names) {
    const { matrix, factor } = NAME.exec(name)?.groups ?? {};
    if (matrix === undefined) throw new RecipeError("adapter", `${file.path} has ${name}, which is no part of a LoRA`);
    const tensor = file.read(name), part = (found[matrix] ??= {});
    if (factor === "A") part.a = toMatrix(tensor);
    else if (factor === "B") part.b = toMatrix(tensor);
    else part.magnitude = toMatrix({ ...tensor, shape: [tensor.values.length, 1] });
  }
  const matrices = Object.fromEntries(Object.entries(found).map(([name, { a, b, magnitude }]) => {
    if (a?.rows !== rank || b?.columns !== rank) throw new RecipeError("adapter", `${file.path}: ${name} has no A and B of rank ${rank}, as ${path} says`);
    if (dora !== (magnitude !== undefined)) throw new RecipeError("adapter", `${file.path}: ${name} has ${dora ? "no" : "a"} magnitude vector, and use_dora is ${dora}`);
    return [name, { a, b, ...(magnitude ? { magnitude } : {}) }];
  }));
  return { rank, alpha, scale: loraScale(rank, alpha, rslora), dora, matrices };
}

/** alpha ÷ rank (Hu et al. 2021, https://arxiv.org/abs/2106.09685); rsLoRA: alpha ÷ √rank (Kalajdzievski 2023, https://arxiv.org/abs/2312.03732). */
export function loraScale(rank: number, alpha: number, rslora = false): number {
  return alpha / (rslora ? Math.sqrt(rank) : rank);
}

/** What an adapter adds to its matrix: scale · B·A. Of DoRA it is the part before the lengths are set. */
export function loraChange({ a, b }: LoraFactors, scale: number): Matrix {
  return b.mmul(a).mul(scale);
}

/**
 * The matrix that an adapter makes of W, in fp64: W + scale · B·A; with DoRA each row of it is then given its trained length
 * (Liu et al. 2024, https://arxiv.org/abs/2402.09353; PEFT 0.21 takes the rows of outputs × inputs, which are the paper's columns).
 */
export function mergeAdapter(weight: Matrix, factors: LoraFactors, scale: number): Matrix {
  const sum = loraChange(factors, scale).add(weight);
  const { magnitude } = factors;
  if (!magnitude) return sum;
  return sum.mulColumnVector(rowLengths(sum).map((length, row) => magnitude.get(row, 0) / length));
}

/** The length of each row: of an output's weights. DoRA calls it the magnitude. */
export function rowLengths(matrix: Matrix): number[] {
  return matrix.to2DArray().map((row) => Math.hypot(...row));
}
