/** A/B comparison: two systems' replies to the same requests before a judge that sees each pair in both orders. */
import { PreferenceVerdicts, writePreferencePrompt, type ReplyPair, type StyleTrait } from "../teacher/preference-prompt.js";
import { askInGroups, groupsOf, type Unanswered } from "../teacher/grouped.js";
import { wilson, type Proportion } from "../teacher/statistics.js";
import type { Teacher } from "../teacher/teacher.js";
import { evenness } from "./paired.js";

/** Who is better in a pair, by the systems and not by the places: A is the system whose replies were given as `first`. */
export type Winner = "A" | "B" | "tie";

export interface PairVerdict {
  /** Place of the pair in the list, from 0. */
  index: number;
  /** As the judge said with A standing first, and with B standing first. */
  straight: Winner;
  swapped: Winner;
  /** What holds in both orders; a tie where the order decided. */
  winner: Winner;
}

export interface Preference {
  verdicts: PairVerdict[];
  /** Pairs that got no verdict in one of the orders. */
  failures: Unanswered[];
  wins: Record<Winner, number>;
  /** Share of A among the pairs that are no tie, with its 95 % interval. */
  share: Proportion;
  /** Two-sided sign test on these: how often a fair coin would divide them as unevenly or more. */
  p: number;
  /** Pairs in which the verdict changed with the order: what the swap has caught. */
  changed: Proportion;
  /** Share of all verdicts, both orders, that named the reply in the first place; ties are left out. About one half without a position bias. */
  firstPlace: Proportion;
}

/**
 * Has the teacher compare pairs, each twice with the places exchanged (L. Zheng et al. 2023, "Judging LLM-as-a-Judge", section 3.4:
 * a win counts when it holds in both orders).
 *
 * @param batch pairs in one question. Default 6
 * @throws RangeError without pairs, or for a batch that is no whole number of at least 1
 */
export async function comparePairs(teacher: Teacher, traits: readonly StyleTrait[], pairs: readonly ReplyPair[], { batch = 6, seed }: { batch?: number; seed?: number } = {}): Promise<Preference> {
  if (pairs.length === 0) throw new RangeError("there is nothing to compare: give at least one pair");
  const groups = groupsOf(pairs.map((_, index) => index), batch);
  const said: Record<"straight" | "swapped", Map<number, Winner>> = { straight: new Map(), swapped: new Map() };
  let firsts = 0, decided = 0;
  // All groups with A first, then all of them again with B first.
  const isSwapped = (group: number) => group >= groups.length;
  const failures = await askInGroups(teacher, [...groups, ...groups], {
    ask: (indices, group) => ({
      messages: writePreferencePrompt(traits, indices.map((index) => {
        const { request, first, second } = pairs[index] as ReplyPair;
        return isSwapped(group) ? { request, first: second, second: first } : { request, first, second };
      })),
      schema: PreferenceVerdicts, schemaName: "preferences", maxTokens: 200 + 60 * indices.length, ...(seed === undefined ? {} : { seed }),
    }),
    items: (answer) => answer.verdicts,
    numberOf: ({ number }) => number,
    take: ({ better }, { index, group }) => {
      if (better !== "tie") decided++;
      if (better === "first") firsts++;
      said[isSwapped(group) ? "swapped" : "straight"].set(index, better === "tie" ? "tie" : (better === "first") === isSwapped(group) ? "B" : "A");
    },
    complaint: (missing, asked) => `The judge left out or repeated ${missing} of ${asked} pairs. Compare them again, or lower batch.`,
  });
  const verdicts = pairs.flatMap((_, index): PairVerdict[] => {
    const straight = said.straight.get(index), swapped = said.swapped.get(index);
    return straight === undefined || swapped === undefined ? [] : [{ index, straight, swapped, winner: straight === swapped ? straight : "tie" }];
  });
  return { ...countWins(verdicts.map(({ winner }) => winner)), verdicts, failures, changed: wilson(verdicts.filter(({ straight, swapped }) => straight !== swapped).length, verdicts.length), firstPlace: wilson(firsts, decided) };
}

/** Adds up who won, by a judge or by people: the share of A among what is no tie, and the sign test on it. */
export function countWins(winners: readonly Winner[]): Pick<Preference, "wins" | "share" | "p"> {
  const wins: Record<Winner, number> = { A: 0, B: 0, tie: 0 };
  for (const winner of winners) wins[winner]++;
  return { wins, share: wilson(wins.A, wins.A + wins.B), p: evenness(wins.A, wins.B) };
}
