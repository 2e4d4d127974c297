/** Which replies may train a model: truthful ones that show the persona, with the reason for each that may not. */
import { personaScorer } from "./traits.js";
import { truthFaults } from "./truth.js";
import type { PersonaSpec } from "./spec.js";
import type { WrittenReply } from "./generate.js";
import { SHOWN_FROM, type TraitJudgment } from "./judge.js";

export type RejectionStep = "truth" | "prohibition" | "length" | "trait" | "duplicate";

/**
 * When a trait counts as missing: where the marks miss it, where the judge does, where either does, or only where both do.
 * Marks miss what nobody thought of; a judge what it overlooks.
 */
export const MISSING_RULES = ["marks", "judge", "either", "both"] as const;
export type MissingRule = (typeof MISSING_RULES)[number];

/** A reply that stays out, and why. */
export interface RejectedReply {
  reply: WrittenReply;
  step: RejectionStep;
  /** What exactly: the truth's faults, the prohibition, the missing traits. */
  reason: string;
}

export interface Validated {
  kept: WrittenReply[];
  rejected: RejectedReply[];
}

/** Titles and dates of a call: what a reply repeats. */
export function repeatedOf({ call }: Pick<WrittenReply, "call">): string[] {
  return call === null ? [] : ["title", "new_title", "due_date"].flatMap((name) => call.parameters[name] ?? []);
}

/**
 * Sorts replies into those that may train and those that may not. Content first, style second: a reply that says something
 * untrue is out however well it speaks.
 *
 * @param judgments of the same replies, by their place; a reply without an opinion is left to the marks
 * @param rule default `either` where there are opinions, for data to train on: what is wrongly thrown away can be written again
 */
export function validateReplies(persona: PersonaSpec, replies: readonly WrittenReply[], judgments: readonly TraitJudgment[] = [], rule: MissingRule = "either"): Validated {
  const score = personaScorer(persona);
  const opinions = new Map(judgments.map((judgment) => [judgment.index, judgment]));
  const seen = new Set<string>();
  const kept: WrittenReply[] = [], rejected: RejectedReply[] = [];
  replies.forEach((reply, at) => {
    const found = score(reply.reply, repeatedOf(reply)), opinion = opinions.get(at);
    const faults = reply.call === null ? [] : truthFaults(reply.reply, reply.call);
    const isMissing = (id: string): boolean => {
      const marks = found.traits[id] !== true;
      if (opinion === undefined) return marks;
      const judge = (opinion.scores[id] ?? 0) < SHOWN_FROM;
      return { marks, judge, either: marks || judge, both: marks && judge }[rule];
    };
    const missing = persona.traits.map(({ id }) => id).filter(isMissing);
    const same = `${reply.request}\n${reply.reply}`;
    const verdict: [RejectionStep, string] | undefined =
      faults.length > 0 ? ["truth", faults.join(", ")]
      : found.broken.length > 0 ? ["prohibition", found.broken.join(", ")]
      : found.tooLong ? ["length", `${found.words} words of ${persona.maxWords}`]
      : missing.length > 0 ? ["trait", missing.join(", ")]
      : seen.has(same) ? ["duplicate", "the same request with the same reply"] : undefined;
    seen.add(same);
    if (verdict === undefined) kept.push(reply);
    else rejected.push({ reply, step: verdict[0], reason: verdict[1] });
  });
  return { kept, rejected };
}
