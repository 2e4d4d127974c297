/** The simulated judge of pairs: reads both replies as it reads one, and favours the first at a known rate. */
import { Random } from "../random.js";
import type { ReplyPair, StyleTrait } from "../preference-prompt.js";
import type { JudgeBias } from "./judging.js";
import type { JudgmentEntry } from "./ledger.js";
import { readTrait } from "./persona-judging.js";

/** Points between two replies from which on no favour turns the verdict. A trait has 4 between nothing and all of it. */
const CLEAR = 6;

/** Compares the pairs of a preference prompt. */
export function preferReplies(
  seed: number, bias: JudgeBias, { key, responseId }: { key: string; responseId: string }, { traits, pairs }: { traits: readonly StyleTrait[]; pairs: readonly ReplyPair[] },
): { text: string; entries: JudgmentEntry[] } {
  const entries: JudgmentEntry[] = [];
  const points = (reply: string): number => traits.reduce((sum, { id }) => sum + (readTrait(id, reply) ?? 3), 0);
  const verdicts = pairs.map(({ first, second }, index) => {
    const random = new Random(seed, key, "preference", index);
    const draws = { position: random.chance(bias.position), noise: random.chance(bias.noise) };
    const gap = points(first) - points(second) + (draws.noise ? random.pick([-1, 1]) : 0);
    const honest = gap >= 2 ? "first" : gap <= -2 ? "second" : "tie";
    const favoured = draws.position && honest !== "first" && Math.abs(gap) < CLEAR;
    if (favoured) entries.push({ response: responseId, index, bias: "position" });
    const better = favoured ? "first" : honest;
    return { number: index + 1, reason: better === "tie" ? "Both show about the same of it." : `The ${better} reply shows more of it.`, better };
  });
  return { text: JSON.stringify({ verdicts }), entries };
}
