import { SPOKEN_FIELDS, type Example, type Message } from "../example.js";
import { setOwn, type JsonObject } from "../jsonl/json.js";

/** The fields of a turn that a {@link Message} has a place for, in any spelling: no extra field has such a name. */
export const MESSAGE_SLOTS: readonly string[] = ["role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call"];

/**
 * Keeps the fields of a source turn that no slot takes. A field that is null says nothing: it is spelling, as is one whose name
 * is a slot of a message.
 */
export function keepTurnFields(message: Message, turn: JsonObject, slots: readonly string[]): void {
  for (const [key, value] of Object.entries(turn)) {
    if (value === null || value === undefined || slots.includes(key) || MESSAGE_SLOTS.includes(key)) continue;
    setOwn((message.extra ??= {}), key, value);
  }
}

/** A message with what counts as content alone: without fields such as an id or a time. */
export function spokenMessage({ extra, ...message }: Message): Message {
  const spoken = Object.fromEntries(SPOKEN_FIELDS.flatMap((field) => (extra && Object.hasOwn(extra, field) ? [[field, extra[field]]] : [])));
  return Object.keys(spoken).length > 0 ? { ...message, extra: spoken } : message;
}

/** An example whose turns have only the fields in `kept` (`name` among them or not) beside those of a {@link Message}. */
export function withoutTurnFields(example: Example, kept: readonly string[] = []): Example {
  const bare = ({ extra = {}, name, ...rest }: Message): Message => {
    const message = { ...rest, ...(name !== undefined && kept.includes("name") ? { name } : {}) };
    const left = Object.entries(extra).filter(([key]) => kept.includes(key));
    return left.length > 0 ? { ...message, extra: Object.fromEntries(left) } : message;
  };
  const { preference } = example;
  return {
    ...example, messages: example.messages.map(bare),
    ...(preference ? { preference: { chosen: preference.chosen.map(bare), rejected: preference.rejected.map(bare) } } : {}),
  };
}
