/** Replies in a persona, written by the teacher. */
import { PersonaReplies, writePersonaPrompt, type PersonaRequest } from "../teacher/persona-prompt.js";
import { askInGroups, groupsOf, type Unanswered } from "../teacher/grouped.js";
import type { Progress } from "../teacher/completion.js";
import type { Teacher } from "../teacher/teacher.js";
import { briefOf, type PersonaSpec } from "./spec.js";

/** A reply as it came, with the request that it answers. */
export interface WrittenReply extends PersonaRequest {
  /** `<responseId>/<index>`: what a ledger knows it by. */
  id: string;
  /** Place of the request in the list, from 0. */
  index: number;
  reply: string;
}

export interface ReplyOptions {
  /** Requests in one question. Default 10. */
  batch?: number;
  /** Written into the prompt: another one, other replies. Default 65. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/**
 * Has the teacher answer requests in a persona. The teacher gets the persona's brief, without the marks that it is measured by.
 *
 * What was answered lies in the teacher's cache: a run that breaks off goes on where it was, and costs nothing twice. A question
 * whose answer leaves out or repeats a request counts as failed for that request. Throws RangeError for a batch below 1.
 */
export async function generateReplies(
  teacher: Teacher, persona: PersonaSpec, requests: readonly PersonaRequest[], { batch = 10, seed = 65, signal, onProgress }: ReplyOptions = {},
): Promise<{ replies: WrittenReply[]; failures: Unanswered[] }> {
  const brief = briefOf(persona);
  const replies: WrittenReply[] = [];
  const failures = await askInGroups(teacher, groupsOf(requests.map((_, index) => index), batch), {
    ask: (indices) => ({
      messages: writePersonaPrompt(brief, indices.map((index) => requests[index] as PersonaRequest), seed),
      schema: PersonaReplies, schemaName: "persona_replies",
      // A reply has some 60 tokens; twice that, and room for a wordy teacher.
      maxTokens: 300 + batch * (60 + 3 * persona.maxWords),
    }),
    items: (answer) => answer.replies,
    numberOf: ({ number }) => number,
    take: ({ reply }, { index, place, responseId }) => {
      if (reply.trim() === "") return false;
      replies.push({ ...(requests[index] as PersonaRequest), id: `${responseId}/${place}`, index, reply: reply.trim() });
    },
    complaint: (missing, asked) => `The teacher left out or repeated ${missing} of ${asked} replies. Ask again with another seed, or lower batch.`,
    signal, onProgress,
  });
  return { replies, failures };
}
