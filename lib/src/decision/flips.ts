/** Which single facts decide: how far each must change, alone, before the decision is another one. */
import { approachOf } from "./decide.js";
import type { Limits } from "./evidence.js";
import type { Approach } from "./tree.js";
import { checkUseCase, FORMATS, MEASURED_ON, type FactName, type UseCaseInput } from "./use-case.js";

export type FactValue = number | string | boolean;

/** A fact that decides when it changes. */
export interface Flip {
  fact: FactName;
  from: FactValue;
  to: FactValue;
  approach: Approach;
  /** `to` / `from`, both numbers above 0; undefined where that has no meaning. */
  factor: number | undefined;
}

type Kind = "share" | "whole" | "amount" | "yes or no" | readonly string[];

/** How each fact may change; a name never does. */
const KINDS: Readonly<Partial<Record<FactName, Kind>>> = {
  requestsPerDay: "whole", kindsOfRequest: "whole", format: FORMATS, wantedScore: "share", heldOut: "whole", examples: "whole", dataMayLeave: "yes or no",
  promptScore: "share", promptVersions: "whole", measuredOn: MEASURED_ON, knowledgeFailures: "share", formatFailures: "share", knowledgeTokens: "whole",
  answersChangeDays: "whole", latencyMs: "whole", latencyWantedMs: "whole", ownLatencyMs: "whole", apiDollarsPerRequest: "amount", serverDollarsPerMonth: "amount",
  serverRequestsPerDay: "whole", operationsDollarsPerMonth: "amount", setupDollars: "amount", exampleDollars: "amount", budgetDollars: "amount", paybackMonths: "amount",
};

/** Numbers are followed up to this factor, up and down; beyond it a fact is another use case. */
const REACH = 1000;
const STEPS = 48;

/**
 * For every fact that is given: the nearest value, above and below, with which the decision is another one. Facts that were left
 * out are not varied: measure them instead.
 *
 * @returns the smallest change first; facts that cannot flip the decision alone are absent
 */
export function findFlips(useCase: UseCaseInput, limits: Partial<Limits> = {}): Flip[] {
  const facts = checkUseCase(useCase);
  const approach = approachOf(useCase, limits);
  const approachWith = (fact: FactName, value: FactValue): Approach | undefined => {
    try {
      return approachOf({ ...useCase, [fact]: value }, limits);
    } catch {
      return undefined; // no use case has that value beside the other facts
    }
  };
  const flips = (Object.entries(KINDS) as [FactName, Kind][]).flatMap(([fact, kind]): Flip[] => {
    const from = facts[fact];
    if (from === undefined || useCase[fact] === undefined) return [];
    if (typeof from !== "number") {
      const others: FactValue[] = kind === "yes or no" ? [!from] : (kind as readonly string[]).filter((other) => other !== from);
      return others.flatMap((to) => {
        const other = approachWith(fact, to);
        return other === undefined || other === approach ? [] : [{ fact, from, to, approach: other, factor: undefined }];
      });
    }
    return (["up", "down"] as const).flatMap((way) => {
      const to = nearest(ladder(from, kind, way), kind, (value) => { const other = approachWith(fact, value); return other !== undefined && other !== approach; }, from);
      return to === undefined ? [] : [{ fact, from, to, approach: approachWith(fact, to) as Approach, factor: from > 0 && to > 0 ? to / from : undefined }];
    });
  });
  return flips.sort((a, b) => distance(a) - distance(b));
}

/** Values further and further away. */
function ladder(from: number, kind: Kind, way: "up" | "down"): number[] {
  if (kind === "share") return Array.from({ length: STEPS }, (_, step) => (way === "up" ? from + ((1 - from) * (step + 1)) / STEPS : from - (from * (step + 1)) / STEPS));
  const start = from > 0 ? from : way === "up" ? 1 : 0;
  if (start === 0) return [];
  const factors = Array.from({ length: STEPS }, (_, step) => REACH ** ((step + 1) / STEPS));
  const values = factors.map((factor) => (way === "up" ? start * factor : start / factor));
  if (from === 0) values.unshift(start);
  if (way === "down") values.push(0);
  return kind === "whole" ? [...new Set(values.map(way === "up" ? Math.ceil : Math.floor))] : values;
}

/** The first rung that flips, narrowed down to the rung before it. */
function nearest(rungs: readonly number[], kind: Kind, flips: (value: number) => boolean, from: number): number | undefined {
  let before = from;
  for (const rung of rungs) {
    if (rung === from) continue;
    if (!flips(rung)) { before = rung; continue; }
    let [same, other] = [before, rung];
    for (let round = 0; round < 40; round++) {
      const middle = kind === "whole" ? Math.round((same + other) / 2) : (same + other) / 2;
      if (middle === same || middle === other || Math.abs(other - same) <= 1e-4 * Math.abs(other)) break;
      if (flips(middle)) other = middle;
      else same = middle;
    }
    return other;
  }
  return undefined;
}

/** Shares by their points, other numbers by their factor, what has no factor last. */
function distance({ fact, from, to, factor }: Flip): number {
  if (KINDS[fact] === "share") return Math.abs(Number(to) - Number(from)) * Math.LN10;
  return factor === undefined ? Infinity : Math.abs(Math.log(factor));
}
