/** Two questions about a use case: what an adviser wants to know, and what it recommends by the facts. */
import { z } from "zod";
import type { ChatTurn } from "./tokens.js";

/** What an adviser asks before it recommends; `about` in two or three words. */
export const AdviserQuestions = z.object({ questions: z.array(z.object({ about: z.string(), question: z.string() })) });
export type AdviserQuestions = z.output<typeof AdviserQuestions>;

export const ADVISED = ["prompt", "rag", "fine-tune", "fine-tune + rag", "not yet"] as const;

/** A recommendation with the numbers that it rests on. */
export const Advice = z.object({
  approach: z.enum(ADVISED),
  /** Training examples that it thinks enough. */
  examples: z.number(),
  /** Tokens that training reads, all epochs together. */
  trainingTokens: z.number(),
  /** Until the setup has paid for itself; null where it does not. */
  paybackMonths: z.number().nullable(),
  reasons: z.array(z.string()),
});
export type Advice = z.output<typeof Advice>;

const ASKING = "You advise a team that thinks about fine-tuning a language model. Ask for what you must know before you recommend anything: one question a fact, the most important first. Recommend nothing yet.";
const ADVISING = `You advise a team that thinks about fine-tuning a language model. Recommend one of: ${ADVISED.join(", ")}. Give the number of training examples, the tokens that training reads in all, the months until the setup is paid back (null if never), and your reasons.`;

/** @param description the use case in the team's words */
export function writeQuestionsPrompt(description: string): ChatTurn[] {
  return [{ role: "system", content: ASKING }, { role: "user", content: description }];
}

/**
 * @param facts the use case as a JSON object
 * @param objections what was found wrong with an earlier recommendation, one sentence each: `payback: …`
 */
export function writeAdvicePrompt(facts: Readonly<Record<string, unknown>>, objections: readonly string[] = []): ChatTurn[] {
  const held = objections.length === 0 ? "" : `\n\nYour last recommendation was checked. Objections:\n${objections.map((text, at) => `${at + 1}. ${text}`).join("\n")}\nRecommend again.`;
  return [{ role: "system", content: ADVISING }, { role: "user", content: `Facts:\n${JSON.stringify(facts)}${held}` }];
}

type Messages = readonly { role: string; content: string }[];

/** Whether the messages are those of `writeQuestionsPrompt`. */
export const isQuestionsPrompt = ([system, user]: Messages): boolean => system?.content === ASKING && user !== undefined;

/** Reads the facts and the objections of an advice prompt back; undefined when it is none. */
export function readAdvicePrompt([system, user]: Messages): { facts: Record<string, unknown>; objections: string[] } | undefined {
  const found = system?.content === ADVISING ? /^Facts:\n(\{.*\})(?:\n\nYour last recommendation was checked\. Objections:\n([\s\S]*)\nRecommend again\.)?$/.exec(user?.content ?? "") : null;
  if (!found) return undefined;
  const objections = (found[2] ?? "").split("\n").filter((line) => line !== "").map((line) => line.replace(/^\d+\. /, ""));
  return { facts: JSON.parse(found[1] ?? "{}") as Record<string, unknown>, objections };
}
