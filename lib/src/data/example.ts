/**
 * The one shape every format is read into and written from: an OpenAI-style chat, plus what the format carried
 * beside it. Steps of the pipeline see only this.
 */

/** Who speaks. `tool` carries the result of a tool call. */
export type Role = "system" | "user" | "assistant" | "tool";

/** One call of a tool by the assistant; `arguments` is JSON text, as in the OpenAI API. */
export interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

/** One turn of a conversation. An assistant turn that only calls tools has `content: null`. */
export interface Message {
  role: Role;
  content: string | null;
  name?: string;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
  /** Of an assistant turn: 0 when it is not to be trained on (OpenAI fine-tuning). */
  weight?: 0 | 1;
  /**
   * Fields of the source turn that are none of the above, kept as they were (`reasoning_content`, `refusal`, `audio`, `timestamp`, …);
   * those that are null are left out. See {@link SPOKEN_FIELDS} for which of them count as content.
   */
  extra?: Record<string, unknown>;
}

/**
 * Fields of a turn that hold what the model says beside its content, and that chat templates render (Qwen3, DeepSeek and
 * gpt-oss for reasoning, OpenAI's API for refusals). They are content: two rows that differ in them are different rows, and
 * their tokens count. All other fields of a turn are like the extra fields of a row: kept, and no part of its identity.
 */
export const SPOKEN_FIELDS = ["reasoning_content", "reasoning", "thinking", "refusal"] as const;

/** A tool the assistant may call, as in the OpenAI API (`parameters` is a JSON schema). */
export interface ToolDefinition {
  type: "function";
  function: { name: string; description?: string; parameters?: Record<string, unknown> };
}

/** One training example, whatever format it came from. */
export interface Example {
  /** The conversation; for a preference pair, the prompt alone. */
  messages: Message[];
  tools?: ToolDefinition[];
  /** Only for preference pairs: the two answers to the prompt. */
  preference?: { chosen: Message[]; rejected: Message[] };
  /** Only for unpaired preference: whether the answer is a wanted one. */
  label?: boolean;
  /** Running text for language modelling, without turns: `messages` holds it as one assistant turn. */
  plainText?: true;
  /** Fields of the source row that its format does not define, kept as they were (`id`, `operation`, …). */
  extra: Record<string, unknown>;
}

/**
 * The dataset formats the workbook reads and writes. `messages` is OpenAI's chat and Hugging Face's conversational
 * language modelling; `prompt-completion`, `preference`, `unpaired-preference` and `text` are the dataset types of TRL
 * (https://huggingface.co/docs/trl/dataset_formats, as in TRL 1.16).
 */
export const FORMATS = ["alpaca", "sharegpt", "messages", "preference", "prompt-completion", "unpaired-preference", "text"] as const;
export type Format = (typeof FORMATS)[number];

/** The field of a row, as JSON text, that holds how its source was spelled (see formats/shape.ts). */
export const SIDE_FIELD = "_llmops";

/** Where a row came from: a file (or generator) and its 1-based line or record number. */
export interface Origin {
  source: string;
  line: number;
}

/** Why a row left the dataset. One of these is written to `rejected.jsonl` for every row that does. */
export interface Rejection extends Origin {
  /** The step that rejected it: `read`, `parse`, `schema`, `normalize`, `exact-dedup`, `fuzzy-dedup`, … */
  step: string;
  /** A short stable code for counting, e.g. `invalid-json`, `duplicate-of`, `too-long`. */
  code: string;
  /** One sentence for a person, naming the field and the remedy where there is one. */
  reason: string;
  /** The row as it was read, so that nothing is lost (text where the bytes are UTF-8, else base64 with `rawEncoding`). */
  raw: string;
  rawEncoding?: "base64";
}
