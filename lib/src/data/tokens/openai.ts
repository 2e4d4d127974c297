import { SPOKEN_FIELDS, type Example, type Message, type ToolDefinition } from "../example.js";
import { pieceOf } from "./piece.js";
import { readRanks, type Ranks } from "./ranks.js";
import { WordCounter } from "./words.js";

/**
 * The encodings of OpenAI's chat models: `o200k_base` since GPT-4o, `cl100k_base` for GPT-4 and GPT-3.5, and
 * `o200k_harmony` for the open gpt-oss models (the pieces of `o200k_base`, other special tokens).
 */
export const ENCODINGS = ["o200k_base", "cl100k_base", "o200k_harmony"] as const;
export type Encoding = (typeof ENCODINGS)[number];

type Core = import("gpt-tokenizer/BytePairEncodingCore").BytePairEncodingCore;
/** Private in the package's types: without them, a piece that is cut already is searched for cuts again. */
interface PieceCounter {
  getBpeRankFromString: (piece: string) => number | undefined;
  bytePairEncode: (piece: string) => number[];
}
interface Loaded {
  /** What each token stands for. */
  ranks: Ranks;
  core: Core;
  words: WordCounter;
}
/** The file of gpt-tokenizer with the ranks of an encoding. */
const RANKS = { o200k_base: "o200k_base", cl100k_base: "cl100k_base", o200k_harmony: "o200k_base" } as const;

const loadedEncodings = new Map<Encoding, Loaded>();

/** Each vocabulary takes 0.15 s and 30 MB to load: only when it is first asked for. */
function load(encoding: Encoding): Loaded {
  const known = loadedEncodings.get(encoding);
  if (known) return known;
  if (!ENCODINGS.includes(encoding)) {
    throw new RangeError(`unknown encoding "${String(encoding)}": use ${ENCODINGS.join(", ")}`);
  }
  const { BytePairEncodingCore } = require("gpt-tokenizer/BytePairEncodingCore") as typeof import("gpt-tokenizer/BytePairEncodingCore");
  const { getEncodingParams } = require("gpt-tokenizer/modelParams") as typeof import("gpt-tokenizer/modelParams");
  const ranks = readRanks(require.resolve(`gpt-tokenizer/data/${RANKS[encoding]}.tiktoken`));
  const params = getEncodingParams(encoding, () => ranks);
  // What its cache of 100,000 pieces would hold, the word counter remembers in less.
  const core = new BytePairEncodingCore({ ...params, mergeCacheSize: 0 });
  const counter = core as unknown as PieceCounter;
  const words = new WordCounter({
    countPiece: (piece) => (counter.getBpeRankFromString(piece) === undefined ? counter.bytePairEncode(piece).length : 1),
    countText: (text) => countWhole(text, core),
    pattern: params.tokenSplitRegex,
  });
  const loaded = { ranks, core, words };
  loadedEncodings.set(encoding, loaded);
  return loaded;
}

/** The tokenizer takes time with the square of a run without spaces: a megabyte of base64 would take minutes. */
const LONGEST_PIECE = 4096;

/**
 * Number of tokens of a text, special tokens read as ordinary text. A text over 4,096 characters is counted in pieces,
 * cut before a space and a letter, where tokens begin anyway; only in a run of 1,024 characters without such a place is
 * it cut elsewhere, and the count can then be one too high.
 *
 * @throws RangeError for an unknown encoding
 */
export function countTextTokens(text: string, { encoding = "o200k_base" }: { encoding?: Encoding } = {}): number {
  return load(encoding).words.count(text);
}

// The core reads text such as <|endoftext|> in a user's message as text; the package's own functions would refuse it.
function countWhole(text: string, core: Core): number {
  let tokens = 0;
  for (const piece of pieces(text)) tokens += core.countNative(piece);
  return tokens;
}

/** The tokens themselves, under the same rules as {@link countTextTokens}. */
export function encodeText(text: string, encoding: Encoding): number[] {
  const { core } = load(encoding);
  const tokens: number[] = [];
  // Not push(...): a long text would overflow the stack.
  for (const piece of pieces(text)) for (const token of core.encodeNative(piece)) tokens.push(token);
  return tokens;
}

/**
 * The tokens of a text with what each stands for: where a tokenizer cut. Special tokens are read as text.
 *
 * @throws RangeError for an unknown encoding
 */
export function textPieces(text: string, { encoding = "o200k_base" }: { encoding?: Encoding } = {}): { token: number; piece: string }[] {
  const tokens = encodeText(text, encoding);
  // The package's own decode() keeps the bytes of a half character for its next call (4.0.0), so it cannot decode one token.
  const { ranks } = load(encoding);
  return tokens.map((token) => {
    const known = ranks[token] as string | number[];
    return { token, piece: typeof known === "string" ? known : pieceOf(Uint8Array.from(known)) };
  });
}

function* pieces(text: string): Generator<string, void, void> {
  for (let from = 0; from < text.length; ) {
    const to = pieceEnd(text, from);
    yield text.slice(from, to);
    from = to;
  }
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
