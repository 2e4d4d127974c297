import type { Example } from "../example.js";
import type { Encoding } from "./openai.js";

/** An OpenAI encoding by its name, or a folder with a Hugging Face `tokenizer.json`. */
export type TokenizerSource = Encoding | { folder: string };

export interface CountOptions {
  /**
   * Whether the tokens that begin the assistant's next reply are counted. Default: as each counts a whole example, true
   * for an OpenAI encoding (its rule has them), false for a chat template.
   */
  generationPrompt?: boolean;
}

/** Counts tokens as one model does. */
export interface Tokenizer {
  /** The encoding, or the folder's name. */
  readonly name: string;
  /** How an example is counted: `openai` (a rule), `chat-template` (rendered), or `texts` (a folder without a template). */
  readonly conversation: "openai" | "chat-template" | "texts";
  /** Tokens of a text; the spelling of a special token in it counts as text. */
  count(text: string): number;
  /** The tokens of a text, under the same rule. */
  encode(text: string): number[];
  /**
   * Tokens of an example, its tools and tool calls included. Of a preference pair, the prompt with the longer answer.
   *
   * @throws TemplateError when the chat template refuses the conversation
   */
  countExample(example: Example, options?: CountOptions): number;
}

/** A chat template that refuses a conversation, in the words of its author (`raise_exception`) or of the renderer. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}
