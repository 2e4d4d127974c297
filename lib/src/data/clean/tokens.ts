import type { Example, Message, ToolDefinition } from "../example.js";

/** The encodings of OpenAI's models: `o200k_base` since GPT-4o, `cl100k_base` for GPT-4 and GPT-3.5. */
export const ENCODINGS = ["o200k_base", "cl100k_base"] as const;
export type Encoding = (typeof ENCODINGS)[number];

type Tokenizer = Pick<typeof import("gpt-tokenizer/encoding/o200k_base"), "countTokens">;
const tokenizers = new Map<Encoding, Tokenizer>();

/** Each vocabulary takes 0.2 s and tens of megabytes to load: only when it is first asked for. */
function tokenizer(encoding: Encoding): Tokenizer {
  const known = tokenizers.get(encoding);
  if (known) return known;
  if (!ENCODINGS.includes(encoding)) {
    throw new RangeError(`unknown encoding "${String(encoding)}": use ${ENCODINGS.join(" or ")}`);
  }
  const loaded = require(`gpt-tokenizer/encoding/${encoding}`) as Tokenizer;
  tokenizers.set(encoding, loaded);
  return loaded;
}

// Text such as <|endoftext|> in a user's message is text, and is counted as such instead of being refused.
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** The tokenizer takes time with the square of a run without spaces: a megabyte of base64 would take minutes. */
const LONGEST_PIECE = 4096;

/**
 * Number of tokens of a text, special tokens read as ordinary text. A text over 4,096 characters is counted in pieces,
 * cut before a space and a letter, where tokens begin anyway; only in a run of 1,024 characters without such a place is
 * it cut elsewhere, and the count can then be one too high.
 */
export function countTextTokens(text: string, { encoding = "o200k_base" }: { encoding?: Encoding } = {}): number {
  const { countTokens: count } = tokenizer(encoding);
  if (text.length <= LONGEST_PIECE) return count(text, AS_TEXT);
  let tokens = 0;
  for (let from = 0; from < text.length; ) {
    const to = pieceEnd(text, from);
    tokens += count(text.slice(from, to), AS_TEXT);
    from = to;
  }
  return tokens;
}

function pieceEnd(text: string, from: number): number {
  const end = from + LONGEST_PIECE;
  if (end >= text.length) return text.length;
  for (let at = end; at > end - LONGEST_PIECE / 4; at--) {
    if (text[at] === " " && /[A-Za-z]/.test(text[at + 1] ?? "") && /\S/.test(text[at - 1] ?? "")) return at;
  }
  // Not between the halves of a surrogate pair.
  const half = text.charCodeAt(end - 1);
  return half >= 0xd800 && half < 0xdc00 ? end - 1 : end;
}

// https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb, sections 6 and 7
const PER_MESSAGE = 3;
const PER_NAME = 1;
const REPLY_PRIMING = 3;
const FUNCTION_START = { o200k_base: 7, cl100k_base: 10 } as const;
const PROPERTIES_START = 3;
const PER_PROPERTY = 3;
const ENUM_START = -3;
const PER_ENUM_VALUE = 3;
const FUNCTIONS_END = 12;

function messageTokens(message: Message, encoding: Encoding): number {
  const count = (text: string): number => countTextTokens(text, { encoding });
  let tokens = PER_MESSAGE + count(message.role) + count(message.content ?? "");
  if (message.name !== undefined) tokens += PER_NAME + count(message.name);
  for (const call of message.tool_calls ?? []) tokens += count(call.function.name) + count(call.function.arguments);
  return tokens;
}

function toolsTokens(tools: readonly ToolDefinition[], encoding: Encoding): number {
  if (tools.length === 0) return 0;
  const count = (text: string): number => countTextTokens(text, { encoding });
  let tokens = FUNCTIONS_END;
  for (const { function: fn } of tools) {
    tokens += FUNCTION_START[encoding] + count(`${fn.name}:${(fn.description ?? "").replace(/\.$/, "")}`);
    const properties = Object.entries((fn.parameters?.["properties"] ?? {}) as Record<string, unknown>);
    if (properties.length > 0) tokens += PROPERTIES_START;
    for (const [name, schema] of properties) {
      const { type, description, enum: values } = (schema ?? {}) as { type?: string; description?: string; enum?: unknown };
      tokens += PER_PROPERTY;
      if (Array.isArray(values)) {
        tokens += ENUM_START;
        for (const value of values) tokens += PER_ENUM_VALUE + count(String(value));
      }
      tokens += count(`${name}:${type ?? ""}:${(description ?? "").replace(/\.$/, "")}`);
    }
  }
  return tokens;
}

/**
 * Number of tokens of an example as OpenAI's chat models count a conversation: 3 a message and 3 for the reply
 * beside the text, and tools by the rule of the same page. The name and arguments of a tool call are counted as
 * text, for which OpenAI documents no rule. Of a preference pair, the prompt with the longer of its two answers.
 *
 * @param example - one example
 * @param options.encoding - default `o200k_base`
 * @returns tokens; never throws on special tokens in the text
 */
export function countTokens(example: Example, { encoding = "o200k_base" }: { encoding?: Encoding } = {}): number {
  const sum = (messages: readonly Message[]): number =>
    messages.reduce((total, message) => total + messageTokens(message, encoding), 0);
  const { preference } = example;
  const answer = preference ? Math.max(sum(preference.chosen), sum(preference.rejected)) : 0;
  return sum(example.messages) + answer + toolsTokens(example.tools ?? [], encoding) + REPLY_PRIMING;
}

/** Bounds on the tokens of an example, both inclusive. */
export interface LengthBounds {
  /** Default 1. */
  minTokens?: number;
  /** Default: none. */
  maxTokens?: number;
  /** Default `o200k_base`. */
  encoding?: Encoding;
}

/** Why a number of tokens is out of bounds, or undefined when it is within. */
export function lengthFault(tokens: number, { minTokens = 1, maxTokens = Infinity }: LengthBounds): "too-short" | "too-long" | undefined {
  if (tokens < minTokens) return "too-short";
  return tokens > maxTokens ? "too-long" : undefined;
}

/**
 * Keeps the examples whose tokens (see {@link countTokens}) are within bounds.
 *
 * @param examples - not changed
 * @throws RangeError when `minTokens` is over `maxTokens`
 */
export function filterByLength(
  examples: readonly Example[],
  bounds: LengthBounds = {},
): { kept: Example[]; removed: { index: number; tokens: number; code: "too-short" | "too-long" }[] } {
  checkBounds(bounds);
  const kept: Example[] = [];
  const removed: { index: number; tokens: number; code: "too-short" | "too-long" }[] = [];
  examples.forEach((example, index) => {
    const tokens = countTokens(example, bounds);
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
