/** Two questions about a persona: replies written in it, and replies graded against its traits. */
import { z } from "zod";
import type { ChatTurn } from "./tokens.js";

/** What the conversation asks of the assistant. `task` has a call; the others are the edges, at which a persona slips first. */
export const SITUATIONS = ["task", "unclear", "thanks", "outside", "upset"] as const;
export type Situation = (typeof SITUATIONS)[number];

/** What a teacher is told of a persona. */
export const PersonaBrief = z.object({
  name: z.string(),
  traits: z.array(z.object({ id: z.string(), description: z.string() })),
  vocabulary: z.array(z.string()),
  patterns: z.object({ opening: z.array(z.string()), confirmation: z.array(z.string()), close: z.array(z.string()) }),
  prohibitions: z.array(z.object({ id: z.string(), description: z.string() })),
  /** Words that a reply may have at most. */
  maxWords: z.number(),
});
export type PersonaBrief = z.output<typeof PersonaBrief>;

/** A request that waits for a reply. `call` is what the program will do; null where there is nothing to do. */
export const PersonaRequest = z.object({
  request: z.string(),
  situation: z.enum(SITUATIONS),
  call: z.object({ name: z.string(), parameters: z.record(z.string(), z.string()) }).nullable(),
});
export type PersonaRequest = z.output<typeof PersonaRequest>;

/** The JSON that is asked for. */
export const PersonaReplies = z.object({ replies: z.array(z.object({ number: z.int(), reply: z.string() })) });

const WRITING = `You write the replies of a Task API's assistant in one given persona. Style comes from the persona, content from the call.
- task: say what the call does, as done, in one sentence that names the operation and repeats the title in quotes, letter by letter, with the date and the priority in the call's words. Say nothing that the call does not have: no other date, no other priority, no task of your own. list_tasks has no title: say which tasks you show, and name none.
- unclear: ask for what is missing. thanks: accept it. outside: say that you only look after tasks. upset: stay calm, and offer help with the tasks.
- Every reply shows every trait, keeps every prohibition and has at most maxWords words. Vary the wording: no two replies begin and end alike.`;

/** @param requests at most as many as fit one answer; 10 is a good number */
export function writePersonaPrompt(brief: PersonaBrief, requests: readonly PersonaRequest[], seed: number): ChatTurn[] {
  const lines = requests.map((request, at) => `${at + 1}. ${JSON.stringify(request)}`);
  return [
    { role: "system", content: WRITING },
    { role: "user", content: `Persona:\n${JSON.stringify(brief)}\n\nSeed ${seed}. Write these ${requests.length} replies:\n${lines.join("\n")}` },
  ];
}

/** Reads such a prompt back; undefined when it is none. */
export function readPersonaPrompt([system, user]: Messages): { brief: PersonaBrief; requests: PersonaRequest[] } | undefined {
  const found = system?.content === WRITING ? /^Persona:\n(\{.*\})\n\nSeed \d+\. Write these \d+ replies:\n([\s\S]*)$/.exec(user?.content ?? "") : null;
  if (!found) return undefined;
  const lines = (found[2] ?? "").split("\n").map((line) => line.replace(/^\d+\. /, ""));
  try {
    return { brief: PersonaBrief.parse(JSON.parse(found[1] ?? "")), requests: lines.map((line) => PersonaRequest.parse(JSON.parse(line))) };
  } catch {
    return undefined;
  }
}

/** A trait as a judge sees it: what scores of 5, 3 and 1 look like. */
export interface TraitRubric {
  id: string;
  description: string;
  rubric: Readonly<Record<"5" | "3" | "1", string>>;
}

const JUDGING = `You grade replies of a Task API's assistant against the traits of its persona. Grade the style alone: whether the right task was touched is somebody else's question. Length is no merit, and the order of the replies means nothing.
For each reply give one short reason (at most 12 words), then a whole score from 1 to 5 for each trait, by its rubric.`;

export function writeTraitPrompt(traits: readonly TraitRubric[], exchanges: readonly { request: string; reply: string }[]): ChatTurn[] {
  const lines = exchanges.map(({ request, reply }, at) => `${at + 1}. ${JSON.stringify({ request, reply })}`);
  const shown = traits.map(({ id, description, rubric }) => ({ id, description, rubric }));
  return [
    { role: "system", content: JUDGING },
    { role: "user", content: `Traits:\n${JSON.stringify(shown)}\n\nGrade these ${exchanges.length} replies:\n${lines.join("\n")}` },
  ];
}

const Exchange = z.object({ request: z.string(), reply: z.string() });
const Traits = z.array(z.object({ id: z.string(), description: z.string() }));

/** Reads such a prompt back; undefined when it is none. */
export function readTraitPrompt([system, user]: Messages): { traits: { id: string; description: string }[]; exchanges: { request: string; reply: string }[] } | undefined {
  const found = system?.content === JUDGING ? /^Traits:\n(\[.*\])\n\nGrade these \d+ replies:\n([\s\S]*)$/.exec(user?.content ?? "") : null;
  if (!found) return undefined;
  const lines = (found[2] ?? "").split("\n").map((line) => line.replace(/^\d+\. /, ""));
  try {
    return { traits: Traits.parse(JSON.parse(found[1] ?? "")), exchanges: lines.map((line) => Exchange.parse(JSON.parse(line))) };
  } catch {
    return undefined;
  }
}

type Messages = readonly { role: string; content: string }[];
