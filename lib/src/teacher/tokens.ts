import { countTokens } from "gpt-tokenizer/encoding/o200k_base";

/** One turn sent to the teacher. */
export interface ChatTurn {
  role: "system" | "user" | "assistant";
  content: string;
}

// A student's document may contain the text `<|endoftext|>`; the tokenizer throws on it unless told that nothing is
// special (DESIGN 5).
const PLAIN = { disallowedSpecial: new Set<string>() };

/** Tokens of a text in o200k_base, the encoding of OpenAI's models since GPT-4o. */
export function countTextTokens(text: string): number {
  return countTokens(text, PLAIN);
}

/** Tokens of a chat prompt: 3 a turn for its frame, 3 to open the answer (OpenAI cookbook, "How to count tokens"). */
export function countPromptTokens(messages: readonly ChatTurn[]): number {
  return messages.reduce((sum, turn) => sum + 4 + countTextTokens(turn.content), 3);
}

/**
 * An upper bound on the prompt tokens a server will bill, for the budget's reservation.
 *
 * With OpenAI's encoding: the count plus a quarter and 64, which covers the response schema that the server folds into
 * the prompt. With any other: one token a UTF-8 byte, which no byte-level BPE tokenizer can exceed, plus 16 a turn
 * for its chat template.
 */
export function boundPromptTokens(messages: readonly ChatTurn[], schemaText: string, isOpenaiEncoding: boolean): number {
  if (isOpenaiEncoding) {
    return Math.ceil(1.25 * (countPromptTokens(messages) + countTextTokens(schemaText))) + 64;
  }
  const bytes = messages.reduce((sum, turn) => sum + 16 + Buffer.byteLength(turn.content), 0);
  return bytes + Buffer.byteLength(schemaText) + 64;
}
