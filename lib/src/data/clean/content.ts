import { createHash, hash } from "node:crypto";
import { SPOKEN_FIELDS, type Example, type Message, type ToolCall } from "../example.js";
import { isRawNumber, parseJson } from "../jsonl/json.js";

/** The part of an example that near-duplicate detection looks at. */
export const SCOPES = ["conversation", "first-user", "last-assistant"] as const;
export type Scope = (typeof SCOPES)[number];

/** Every message of an example: the conversation, then both answers of a preference pair. */
export function everyMessage(example: Example): Message[] {
  const { messages, preference } = example;
  return preference ? [...messages, ...preference.chosen, ...preference.rejected] : messages;
}

function messageText(message: Message): string {
  const parts: string[] = [];
  for (const field of SPOKEN_FIELDS) {
    const said = message.extra?.[field];
    if (typeof said === "string" && said !== "") parts.push(said);
  }
  if (message.content) parts.push(message.content);
  for (const call of message.tool_calls ?? []) parts.push(`${call.function.name} ${call.function.arguments}`);
  return parts.join("\n");
}

/**
 * The text of an example that stands for it when examples are compared.
 *
 * System messages are left out of `conversation`: a prompt that a whole dataset shares would make every row look
 * like a near-duplicate of every other.
 *
 * @param example - one example
 * @param scope - `conversation` (every turn but the system's, tool calls included), `first-user` (the first user
 *   turn) or `last-assistant` (the last assistant turn; for a preference pair, the last of the chosen answer)
 * @returns the turns joined by newlines; empty when the example has no such turn
 */
export function exampleText(example: Example, scope: Scope = "conversation"): string {
  switch (scope) {
    case "conversation":
      return everyMessage(example)
        .filter((message) => message.role !== "system")
        .map(messageText)
        .join("\n");
    case "first-user": {
      const turn = example.messages.find((message) => message.role === "user");
      return turn ? messageText(turn) : "";
    }
    case "last-assistant": {
      const turns = [...example.messages, ...(example.preference?.chosen ?? [])];
      const turn = turns.findLast((message) => message.role === "assistant");
      return turn ? messageText(turn) : "";
    }
  }
}

/**
 * JSON with the keys of every object in code-unit order, so that two values that differ only in key order give
 * the same text.
 *
 * @param value - anything `JSON.stringify` takes
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner) || isRawNumber(inner)) return inner;
    const record = inner as Record<string, unknown>;
    const keys = Object.keys(record).sort();
    const sorted: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const key of keys) sorted[key] = record[key];
    return sorted;
  });
}

/** Tool arguments are JSON inside a string: two spellings of one object are one content. */
function canonicalArguments(text: string): unknown {
  const parsed = parseJson(text);
  return parsed.ok ? { json: parsed.value } : text;
}

/**
 * The content of an example as canonical text: messages, tools and preference, without `extra`. Ids of tool calls
 * are random in the wild, so they are replaced by their order of appearance. Of the fields that turns have beside their content,
 * those that are spoken (`reasoning_content`, `refusal`, …; see SPOKEN_FIELDS) are content, others (ids, times) are not.
 */
export function canonicalContent(example: Example): string {
  if (example.tools === undefined && example.preference === undefined && example.messages.every(isPlain)) {
    return `{"messages":[${example.messages.map(canonicalPlain).join()}]}`;
  }
  return canonicalWhole(example);
}

/** A turn of which nothing counts but its role, its content and its name: most are, and need no keys sorted. */
function isPlain({ content, tool_calls: calls, tool_call_id: id, extra }: Message): boolean {
  return content !== undefined && calls === undefined && id === undefined && (extra === undefined || SPOKEN_FIELDS.every((field) => extra[field] === undefined));
}

/** What {@link canonicalJson} makes of a plain turn. */
function canonicalPlain({ content, name, role }: Message): string {
  return `{"content":${JSON.stringify(content)}${name === undefined ? "" : `,"name":${JSON.stringify(name)}`},"role":${JSON.stringify(role)}}`;
}

function canonicalWhole(example: Example): string {
  const ids = new Map<string, number>();
  const number = (id: string): number => {
    const known = ids.get(id);
    if (known !== undefined) return known;
    ids.set(id, ids.size);
    return ids.size - 1;
  };
  const call = (c: ToolCall): unknown => [number(c.id), c.function.name, canonicalArguments(c.function.arguments)];
  const message = (m: Message): unknown => ({
    role: m.role,
    content: m.content,
    name: m.name,
    tool_calls: m.tool_calls?.map(call),
    tool_call_id: m.tool_call_id === undefined ? undefined : number(m.tool_call_id),
    ...Object.fromEntries(SPOKEN_FIELDS.map((field) => [field, m.extra?.[field]])),
  });
  return canonicalJson({
    messages: example.messages.map(message),
    tools: example.tools,
    preference: example.preference && {
      chosen: example.preference.chosen.map(message),
      rejected: example.preference.rejected.map(message),
    },
  });
}

/**
 * The identity of an example's content: the first 16 bytes of the SHA-256 of its canonical content. Two examples
 * with the same messages, tools and preference have the same hash whatever the order of their keys, the ids of
 * their tool calls and their `extra` fields. The label of unpaired preference is what is said about a content, and no part of it:
 * `dedupExact` and a build reject a content with both labels as contradictory.
 *
 * @returns 16 bytes. By the birthday bound, two of a billion different rows share them with probability 1.5e-21.
 */
export function contentHash(example: Example): Buffer {
  return hash("sha256", canonicalContent(example), "buffer").subarray(0, 16);
}

/**
 * The identity of a row as JSON, with every field: SHA-256 of it with sorted keys. Two rows differ only in the order of
 * keys and in spelling (spaces, escapes, `1.0` for `1`) when they have the same hash.
 *
 * @returns 32 bytes
 */
export function rowHash(row: Readonly<Record<string, unknown>>): Buffer {
  return createHash("sha256").update(canonicalJson(row)).digest();
}
