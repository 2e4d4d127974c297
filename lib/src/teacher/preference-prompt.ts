/** One question to a judge: which of two replies has more of a style. */
import { z } from "zod";
import type { ChatTurn } from "./tokens.js";

/** A request with two replies. Whose they are, the judge is not told. */
export interface ReplyPair {
  request: string;
  first: string;
  second: string;
}

/** What the judge looks for. */
export interface StyleTrait {
  id: string;
  description: string;
}

const JUDGING = `You compare replies of a Task API's assistant. Of each pair say which reply shows more of the wanted style, all of it taken together. Length is no merit, and the order of the two means nothing.
For each pair give one short reason (at most 12 words), then "first", "second" or "tie".`;

/** The JSON that is asked for. */
export const PreferenceVerdicts = z.object({ verdicts: z.array(z.object({ number: z.int(), reason: z.string(), better: z.enum(["first", "second", "tie"]) })) });

export function writePreferencePrompt(traits: readonly StyleTrait[], pairs: readonly ReplyPair[]): ChatTurn[] {
  const lines = pairs.map(({ request, first, second }, at) => `${at + 1}. ${JSON.stringify({ request, first, second })}`);
  const shown = traits.map(({ id, description }) => ({ id, description }));
  return [
    { role: "system", content: JUDGING },
    { role: "user", content: `Wanted style:\n${JSON.stringify(shown)}\n\nCompare these ${pairs.length} pairs:\n${lines.join("\n")}` },
  ];
}

const Traits = z.array(z.object({ id: z.string(), description: z.string() }));
const Pair = z.object({ request: z.string(), first: z.string(), second: z.string() });

/** Reads such a prompt back; undefined when it is none. */
export function readPreferencePrompt([system, user]: readonly { role: string; content: string }[]): { traits: StyleTrait[]; pairs: ReplyPair[] } | undefined {
  const found = system?.content === JUDGING ? /^Wanted style:\n(\[.*\])\n\nCompare these \d+ pairs:\n([\s\S]*)$/.exec(user?.content ?? "") : null;
  if (!found) return undefined;
  try {
    const lines = (found[2] ?? "").split("\n").map((line) => line.replace(/^\d+\. /, ""));
    return { traits: Traits.parse(JSON.parse(found[1] ?? "")), pairs: lines.map((line) => Pair.parse(JSON.parse(line))) };
  } catch {
    return undefined;
  }
}
