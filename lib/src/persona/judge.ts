/** How much of a persona a reply shows, by a judge with a stated rubric. */
import { z } from "zod";
import { writeTraitPrompt } from "../teacher/persona-prompt.js";
import { askInGroups, groupsOf, type Unanswered } from "../teacher/grouped.js";
import type { Progress } from "../teacher/completion.js";
import { Random } from "../teacher/random.js";
import type { Teacher } from "../teacher/teacher.js";
import type { PersonaSpec } from "./spec.js";

export interface Exchange {
  request: string;
  reply: string;
}

/** The judge's opinion of one reply. */
export interface TraitJudgment {
  /** Place of the reply in the list, from 0. */
  index: number;
  /** Trait to a whole number from 1 to 5. */
  scores: Record<string, number>;
  reason: string;
}

export interface TraitJudgeOptions {
  /** Replies in one question. Default 8: more are cheaper and blur the judge's attention. */
  batch?: number;
  /** Draws the order in which replies are put into questions; default 65. Judges favour the first (Zheng et al. 2023, section 3.3). */
  shuffle?: number;
  /** Sent along as the sampling seed: another one, another opinion. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** From this score on a trait counts as shown. */
export const SHOWN_FROM = 3;

/**
 * Has the teacher grade replies against the rubrics of a persona's traits.
 *
 * @returns the opinions in the order of the replies, and which replies got none, with the reason
 */
export async function judgeTraits(
  teacher: Teacher, persona: PersonaSpec, exchanges: readonly Exchange[], { batch = 8, shuffle = 65, seed, signal, onProgress }: TraitJudgeOptions = {},
): Promise<{ judgments: TraitJudgment[]; failures: Unanswered[] }> {
  const order = new Random(shuffle, "trait order").shuffle(exchanges.map((_, index) => index));
  const scores = z.object(Object.fromEntries(persona.traits.map(({ id }) => [id, z.int().min(1).max(5)])));
  // The reason stands before the scores, so that the model has argued before it decides.
  const schema = z.object({ verdicts: z.array(z.object({ number: z.int(), reason: z.string(), scores })) });
  const judgments: TraitJudgment[] = [];
  const failures = await askInGroups(teacher, groupsOf(order, batch), {
    ask: (indices) => ({
      messages: writeTraitPrompt(persona.traits, indices.map((index) => exchanges[index] as Exchange)),
      schema, schemaName: "trait_verdicts", maxTokens: 200 + indices.length * (60 + 16 * persona.traits.length),
      ...(seed === undefined ? {} : { seed }),
    }),
    items: ({ verdicts }) => verdicts,
    numberOf: ({ number }) => number,
    take: (verdict, { index }) => void judgments.push({ index, scores: verdict.scores, reason: verdict.reason }),
    complaint: (missing, asked) => `The judge left out or repeated ${missing} of ${asked} replies. Judge them again, or lower batch.`,
    signal, onProgress,
  });
  return { judgments: judgments.sort((a, b) => a.index - b.index), failures };
}
