import type { Example } from "../example.js";
import { openLocalTokenizer } from "./local.js";
import { countConversation, countTextTokens, ENCODINGS, encodeText, type Encoding } from "./openai.js";
import type { CountOptions, Tokenizer, TokenizerSource } from "./tokenizer.js";

/**
 * Opens a tokenizer. Nothing is ever downloaded.
 *
 * @param source - `o200k_base`, `cl100k_base` or `o200k_harmony`; or `{ folder }`, which holds `tokenizer.json`, and, for
 *   counts of conversations, `tokenizer_config.json` or `chat_template.jinja`
 * @throws RangeError for an unknown encoding; FileError when the folder holds no tokenizer that can be read
 */
export async function openTokenizer(source: TokenizerSource): Promise<Tokenizer> {
  return typeof source === "string" ? openEncoding(source) : openLocalTokenizer(source.folder);
}

/** An OpenAI encoding as a tokenizer. @throws RangeError for an unknown one */
export function openEncoding(encoding: Encoding): Tokenizer {
  if (!ENCODINGS.includes(encoding)) {
    throw new RangeError(`unknown encoding "${String(encoding)}": use ${ENCODINGS.join(", ")}, or { folder } for a tokenizer.json`);
  }
  return {
    name: encoding,
    conversation: "openai",
    count: (text) => countTextTokens(text, { encoding }),
    encode: (text) => encodeText(text, encoding),
    countExample: (example, { generationPrompt = true } = {}) => countConversation(example, encoding, generationPrompt),
  };
}

/**
 * Number of tokens of an example: by OpenAI's rule (see the cookbook's page on counting tokens), or as a tokenizer
 * from {@link openTokenizer} counts.
 *
 * @param example - one example
 * @param options.encoding - default `o200k_base`
 * @param options.tokenizer - instead of an encoding
 * @returns tokens; never throws on special tokens in the text
 */
export function countTokens(
  example: Example,
  { encoding = "o200k_base", tokenizer, ...options }: { encoding?: Encoding; tokenizer?: Tokenizer } & CountOptions = {},
): number {
  return (tokenizer ?? openEncoding(encoding)).countExample(example, options);
}
