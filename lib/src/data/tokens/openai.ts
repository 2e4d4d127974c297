import { SPOKEN_FIELDS, type Example, type Message, type ToolDefinition } from "../example.js";
import { Encoder } from "./encoder.js";
import { pieceOf } from "./piece.js";
import { splitCl100k, splitO200k } from "./split.js";
import { Vocabulary } from "./vocabulary.js";

/**
 * The encodings of OpenAI's chat models: `o200k_base` since GPT-4o, `cl100k_base` for GPT-4 and GPT-3.5, and
 * `o200k_harmony` for the open gpt-oss models (the pieces of `o200k_base`, other special tokens).
 */
export const ENCODINGS = ["o200k_base", "cl100k_base", "o200k_harmony"] as const;
export type Encoding = (typeof ENCODINGS)[number];

interface Loaded {
  vocabulary: Vocabulary;
  encoder: Encoder;
}
/** The file of gpt-tokenizer with the tokens of an encoding, and where it cuts a text. */
const SOURCES = {
  o200k_base: ["o200k_base", splitO200k], cl100k_base: ["cl100k_base", splitCl100k], o200k_harmony: ["o200k_base", splitO200k],
} as const;

const loadedEncodings = new Map<Encoding, Loaded>();

/** Each vocabulary takes 0.05 s and 6 MB to load: only when it is first asked for. */
function load(encoding: Encoding): Loaded {
  const known = loadedEncodings.get(encoding);
  if (known) return known;
  if (!ENCODINGS.includes(encoding)) {
    throw new RangeError(`unknown encoding "${String(encoding)}": use ${ENCODINGS.join(", ")}`);
  }
  const [file, split] = SOURCES[encoding];
  const vocabulary = Vocabulary.read(require.resolve(`gpt-tokenizer/data/${file}.tiktoken`));
  const loaded = { vocabulary, encoder: new Encoder(vocabulary, split) };
  loadedEncodings.set(encoding, loaded);
  return loaded;
}

/**
 * Number of tokens of a text, special tokens such as `<|endoftext|>` read as ordinary text.
 *
 * @throws RangeError for an unknown encoding
 */
export function countTextTokens(text: string, { encoding = "o200k_base" }: { encoding?: Encoding } = {}): number {
  return load(encoding).encoder.count(text);
}

/** The tokens themselves, under the same rules as {@link countTextTokens}. */
export function encodeText(text: string, encoding: Encoding): number[] {
  return load(encoding).encoder.encode(text);
}

/**
 * The tokens of a text with what each stands for: where a tokenizer cut. Special tokens are read as text.
 *
 * @throws RangeError for an unknown encoding
 */
export function textPieces(text: string, { encoding = "o200k_base" }: { encoding?: Encoding } = {}): { token: number; piece: string }[] {
  const { vocabulary, encoder } = load(encoding);
  return encoder.encode(text).map((token) => ({ token, piece: pieceOf(vocabulary.bytesOf(token)) }));
}

// https://github.com/openai/openai-cookbook/blob/main/examples/How_to_count_tokens_with_tiktoken.ipynb, sections 6 and 7
const PER_MESSAGE = 3;
const PER_NAME = 1;
const REPLY_PRIMING = 3;
// The page has no figure for gpt-oss; a message of its format has three special tokens as well: start, message, end.
const FUNCTION_START = { o200k_base: 7, cl100k_base: 10, o200k_harmony: 7 } as const;
const PROPERTIES_START = 3;
const PER_PROPERTY = 3;
const ENUM_START = -3;
const PER_ENUM_VALUE = 3;
const FUNCTIONS_END = 12;

function messageTokens(message: Message, encoding: Encoding): number {
  const count = (text: string): number => countTextTokens(text, { encoding });
  let tokens = PER_MESSAGE + count(message.role) + count(message.content ?? "");
  for (const field of SPOKEN_FIELDS) {
    const said = message.extra?.[field];
    if (typeof said === "string") tokens += count(said);
  }
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
 * text, for which OpenAI documents no rule; so is what is spoken beside a content (`reasoning_content`, …). Of a preference pair, the prompt with the longer of its two answers.
 *
 * @param replyPriming - whether the three tokens that begin a reply are counted
 */
export function countConversation(example: Example, encoding: Encoding, replyPriming: boolean): number {
  const sum = (messages: readonly Message[]): number =>
    messages.reduce((total, message) => total + messageTokens(message, encoding), 0);
  const { preference } = example;
  const answer = preference ? Math.max(sum(preference.chosen), sum(preference.rejected)) : 0;
  return sum(example.messages) + answer + toolsTokens(example.tools ?? [], encoding) + (replyPriming ? REPLY_PRIMING : 0);
}
