/** The simulated judge of a persona's traits: looks for what it would say itself to show one, and errs at known rates. */
import { Random } from "../random.js";
import type { JudgeBias } from "./judging.js";
import type { JudgmentEntry } from "./ledger.js";
import { TRAITS } from "./persona-phrases.js";

/** A sentence that shares this much of its words with a phrase says the same; from half of that on, something like it. */
const SAME = 0.6;
const PRAISE = /\b(great|well done|fantastic|amazing|brilliant|excellent|superb|bravo|love)\b/i;
const ADVICE = /\b(tip|next step|start|should|let's)\b/i;

const words = (text: string): string[] => text.toLowerCase().replace(/\{\w+\}/g, " ").match(/[\p{L}'’]+|[!?:]/gu) ?? [];
// Titles say nothing about the style, whatever words they have.
const unquoted = (text: string): string => text.replace(/"[^"]*"|“[^”]*”|‘[^’]*’|(?<![\p{L}])'[^']*'(?![\p{L}])|\*\*[^*]*\*\*/gu, "T");

/** Of the words of a phrase, the share that a sentence has, in both directions (Dice). */
function alike(sentence: readonly string[], phrase: readonly string[]): number {
  const left = new Set(sentence), right = new Set(phrase);
  const shared = [...right].filter((word) => left.has(word)).length;
  return left.size + right.size === 0 ? 0 : (2 * shared) / (left.size + right.size);
}

const BANK = new Map(Object.entries(TRAITS).map(([id, trait]) => [
  id, [trait.opening, trait.core, trait.middle, trait.close].flatMap((part) => Object.values(part ?? {}).flat()).map(words),
]));

/** 1 to 5; undefined for a trait that the simulator has no idea of. */
export function readTrait(id: string, reply: string): number | undefined {
  const bare = unquoted(reply);
  if (id === "measured") return bare.includes("!") || PRAISE.test(bare) ? 1 : 5;
  if (id === "plain") return bare.includes("!") || bare.includes("?") || PRAISE.test(bare) || ADVICE.test(bare) ? 2 : 5;
  const bank = BANK.get(id);
  if (bank === undefined) return undefined;
  const parts = bare.split(/(?<=[.!?:])\s+/).map(words).filter((part) => part.length > 0);
  // A phrase may be two sentences, so pairs of neighbours are looked at as well.
  const spans = [...parts, ...parts.slice(1).map((part, at) => [...(parts[at] ?? []), ...part])];
  const best = Math.max(0, ...spans.flatMap((span) => bank.map((phrase) => alike(span, phrase))));
  return best >= SAME ? 5 : best >= SAME * 0.75 ? 3 : 1;
}

/** Grades the replies of a trait prompt. */
export function judgeTraits(
  seed: number, bias: JudgeBias, { key, responseId }: { key: string; responseId: string },
  { traits, exchanges }: { traits: readonly { id: string }[]; exchanges: readonly { reply: string }[] },
): { text: string; entries: JudgmentEntry[] } {
  const entries: JudgmentEntry[] = [];
  const verdicts = exchanges.map(({ reply }, index) => {
    const random = new Random(seed, key, "traits", index);
    const draws = { leniency: random.chance(bias.leniency), severity: random.chance(bias.severity), noise: random.chance(bias.noise) };
    const honest = traits.map(({ id }) => readTrait(id, reply) ?? 3);
    const isFaulty = honest.some((score) => score < 3);
    let scores = honest;
    if (isFaulty && draws.leniency) {
      scores = honest.map(() => 4);
      entries.push({ response: responseId, index, bias: "leniency" });
    } else if (!isFaulty && draws.severity) {
      const unlucky = random.integer(0, traits.length - 1);
      scores = honest.map((score, at) => (at === unlucky ? 2 : score));
      entries.push({ response: responseId, index, bias: "severity" });
    }
    const dimmed = draws.noise ? random.integer(0, traits.length - 1) : -1;
    const low = traits.filter((_, at) => (scores[at] ?? 0) < 3).map(({ id }) => id);
    return {
      number: index + 1,
      reason: low.length === 0 ? "Shows all traits." : `Little or nothing of: ${low.join(", ")}.`,
      scores: Object.fromEntries(traits.map(({ id }, at) => [id, Math.max(1, (scores[at] ?? 1) - (at === dimmed ? 1 : 0))])),
    };
  });
  return { text: JSON.stringify({ verdicts }), entries };
}
