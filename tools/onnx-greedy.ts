/** Greedy tokens of a Hugging Face folder's ONNX, from @huggingface/transformers in Node: local files only. */
import { join } from "node:path";
import { AutoModelForCausalLM, AutoTokenizer, env, Tensor, type PreTrainedModel, type PreTrainedTokenizer } from "@huggingface/transformers";

/** As taskling/parity.py has them: llama.cpp ends at both. */
const ENDS = ["<|eot_id|>", "<|end_of_text|>"];

export interface OnnxModel {
  tokenizer: PreTrainedTokenizer;
  greedy: (tokens: readonly number[], limit: number) => Promise<number[]>;
}

/**
 * @param folder - with config.json, tokenizer.json and onnx/
 * @param dtype - `fp32` is onnx/model.onnx, `q8` onnx/model_quantized.onnx
 */
export async function openOnnx(folder: string, dtype: "fp32" | "q8"): Promise<OnnxModel> {
  env.allowRemoteModels = false;
  env.localModelPath = join(folder, "..");
  const name = folder.split(/[\\/]/).pop() ?? "";
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const model: PreTrainedModel = await AutoModelForCausalLM.from_pretrained(name, { dtype, device: "cpu", session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 } });
  const ends = ENDS.flatMap((end) => tokenizer.encode(end, { add_special_tokens: false }));
  return {
    tokenizer,
    greedy: async (tokens, limit) => {
      const shape = [1, tokens.length];
      const input = new Tensor("int64", BigInt64Array.from(tokens, BigInt), shape);
      const mask = new Tensor("int64", new BigInt64Array(tokens.length).fill(1n), shape);
      const made = (await model.generate({ inputs: input, attention_mask: mask, max_new_tokens: limit, do_sample: false, eos_token_id: ends })) as Tensor;
      return [...(made.data as BigInt64Array)].slice(tokens.length).map(Number);
    },
  };
}
