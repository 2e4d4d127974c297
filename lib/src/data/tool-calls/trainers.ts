/** Conversations with calls as fine-tuning takes them: TRL, Unsloth, OpenAI. What each must not be given is said where it is left out. */
import { Template } from "@huggingface/jinja";
import type { Example } from "../example.js";
import { checkOpenAiRow } from "../formats/openai.js";
import { formatRow } from "../formats/row.js";
import type { JsonObject } from "../jsonl/json.js";
import { plainMessages, toTrainerRow } from "./rows.js";

export const TUNERS = ["trl", "unsloth", "openai"] as const;
export type Tuner = (typeof TUNERS)[number];

/**
 * A row for TRL's SFTTrainer: `messages` and `tools`, arguments as objects, since chat templates write them with `tojson`. As JSON
 * Lines, `datasets` 5 reads the arguments as its `Json` type; in a table with a column for each key, a call would have every
 * argument that any call of the file has, as null. What is not trained on (`id`, `state`, …) is left out.
 */
export const toTrlRow: (example: Example) => JsonObject = toTrainerRow;

/**
 * A row for Unsloth: the conversation as `text`, written by the model's own chat template. Its `standardize_data_formats` takes
 * only turns of two texts, and turns a conversation with calls down ("Cannot standardize non text datasets"); its trainer wants
 * `text` or a `formatting_func` (unsloth_zoo/dataset_utils.py, as of 2026-11). Its `train_on_responses_only` trains on all that
 * stands between an assistant's header and the next user's: also on what tools answer. {@link trainedParts} shows it.
 *
 * @param template - the chat template's source, a Jinja text; it must write tools and calls
 */
export function toUnslothRow({ messages, tools }: Example, template: string, bosToken = "<|begin_of_text|>"): { text: string } {
  return { text: new Template(template).render({ messages: plainMessages(messages), tools: tools ?? null, bos_token: bosToken, add_generation_prompt: false }) };
}

/**
 * A line of OpenAI's fine-tuning file: arguments as JSON text, an id for each call and its result, `parallel_tool_calls` where calls
 * stand side by side, and no field that its loader does not know.
 *
 * @throws Error with the field for an example that OpenAI would turn down
 */
export function toOpenAiRow(example: Example): JsonObject {
  const made = formatRow("messages", { messages: example.messages, ...(example.tools ? { tools: example.tools } : {}), extra: {} }, { plain: true });
  if (!made.ok) throw new Error(`the conversation ${made.reason}`);
  const isParallel = example.messages.some(({ tool_calls: calls = [] }) => calls.length > 1);
  const row = { ...made.row, ...(isParallel ? { parallel_tool_calls: true } : {}) };
  const refusal = checkOpenAiRow(row);
  if (refusal) throw new Error(`OpenAI does not take it: ${refusal.reason}`);
  return row;
}

/**
 * The parts of a rendered conversation that `train_on_responses_only` trains on: from each header of an assistant to the next header
 * of a user, or to the end.
 */
export function trainedParts(text: string, response: string, instruction: string): string[] {
  const parts: string[] = [];
  for (let at = text.indexOf(response); at >= 0;) {
    const start = at + response.length;
    const end = text.indexOf(instruction, start);
    parts.push(text.slice(start, end < 0 ? undefined : end));
    at = end < 0 ? -1 : text.indexOf(response, end);
  }
  return parts;
}
