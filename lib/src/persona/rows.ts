/** The rows of datasets/personas: a conversation with the persona's system prompt, and what it stands for. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import { SITUATIONS } from "../teacher/persona-prompt.js";
import type { WrittenReply } from "./generate.js";
import type { PersonaSpec } from "./spec.js";

export const PersonaRow = z.strictObject({
  id: z.string(),
  persona: z.string(),
  situation: z.enum(SITUATIONS),
  /** What the program does; null at the edges. */
  call: z.strictObject({ name: z.string(), parameters: z.record(z.string(), z.string()) }).nullable(),
  /** System, user, assistant. */
  messages: z.array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string().min(1) })).length(3),
});
export type PersonaRow = z.output<typeof PersonaRow>;

export const PERSONA_SETS = ["train", "validation", "test"] as const;
export type PersonaSet = (typeof PERSONA_SETS)[number];

/** A row to train on or to be examined with. */
export function personaRow({ id, system }: Pick<PersonaSpec, "id" | "system">, { id: row, situation, call, request, reply }: WrittenReply): PersonaRow {
  return {
    id: row, persona: id, situation, call,
    messages: [{ role: "system", content: system }, { role: "user", content: request }, { role: "assistant", content: reply }],
  };
}

/** What waits for an answer: the row without what the assistant said. */
export function personaPrompt({ messages }: Pick<PersonaRow, "messages">): { messages: PersonaRow["messages"] } {
  return { messages: messages.filter(({ role }) => role !== "assistant") };
}

/** The messages with another answer of the assistant. */
export function withReply(messages: PersonaRow["messages"], change: (reply: string) => string): PersonaRow["messages"] {
  return messages.map((message) => (message.role === "assistant" ? { ...message, content: change(message.content) } : message));
}

/** What the assistant says in a row, and what the user asked. */
export const replyOf = ({ messages }: Pick<PersonaRow, "messages">): string => messages[2]?.content ?? "";
export const requestOf = ({ messages }: Pick<PersonaRow, "messages">): string => messages[1]?.content ?? "";

/**
 * The rows of a set, in the file's order; of one persona where it is named.
 *
 * @throws Error naming file and line of a row that cannot be read
 */
export function readPersonaRows(set: PersonaSet, persona?: string): PersonaRow[] {
  const file = `datasets/personas/${set}.jsonl`;
  const rows = readFileSync(workbookPath(file), "utf8").trimEnd().split("\n").map((line, at) => {
    try {
      return PersonaRow.parse(JSON.parse(line));
    } catch (error) {
      throw new Error(`${file}, line ${at + 1}, is no row of a persona: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`, { cause: error });
    }
  });
  return persona === undefined ? rows : rows.filter((row) => row.persona === persona);
}
