import type { Example } from "../example.js";
import { countTokens } from "./open.js";
import type { Encoding } from "./openai.js";
import { TemplateError, type Tokenizer } from "./tokenizer.js";

/** Bounds on the tokens of an example, both inclusive. */
export interface LengthBounds {
  /** Default 1. */
  minTokens?: number;
  /** Default: none. */
  maxTokens?: number;
  /** Default `o200k_base`. */
  encoding?: Encoding;
  /** Counts instead of an encoding; see `openTokenizer`. */
  tokenizer?: Tokenizer;
}

/** Why an example is not kept: its length, or a chat template that refuses it. */
export type LengthFault = "too-short" | "too-long" | "template-refuses";

/** Why a number of tokens is out of bounds, or undefined when it is within. */
export function lengthFault(tokens: number, { minTokens = 1, maxTokens = Infinity }: LengthBounds): "too-short" | "too-long" | undefined {
  if (tokens < minTokens) return "too-short";
  return tokens > maxTokens ? "too-long" : undefined;
}

/**
 * Keeps the examples whose tokens (see {@link countTokens}) are within bounds. An example that the tokenizer's chat
 * template refuses is removed with 0 tokens.
 *
 * @param examples - not changed
 * @throws RangeError when `minTokens` is over `maxTokens`
 */
export function filterByLength(
  examples: readonly Example[],
  bounds: LengthBounds = {},
): { kept: Example[]; removed: { index: number; tokens: number; code: LengthFault }[] } {
  checkBounds(bounds);
  const kept: Example[] = [];
  const removed: { index: number; tokens: number; code: LengthFault }[] = [];
  examples.forEach((example, index) => {
    let tokens: number;
    try {
      tokens = countTokens(example, bounds);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      removed.push({ index, tokens: 0, code: "template-refuses" });
      return;
    }
    const code = lengthFault(tokens, bounds);
    if (code) removed.push({ index, tokens, code });
    else kept.push(example);
  });
  return { kept, removed };
}

/** @throws RangeError when no number of tokens can be within the bounds */
export function checkBounds({ minTokens = 1, maxTokens = Infinity }: LengthBounds): void {
  if (minTokens > maxTokens) throw new RangeError(`minTokens (${minTokens}) is over maxTokens (${maxTokens}): nothing would be kept`);
}
