/** Objects: each property at most once, the required ones at least once, in any order or as listed. */
import { jsonLiteral, type Rules } from "./rules.js";

export interface Member {
  key: string;
  required: boolean;
  /** The rule of its value. */
  value: string;
}

/**
 * Up to so many properties come in any order. Which of them have been is what a rule has to know, so n properties take 2^n
 * rules; above it they come in the order that the schema lists them in, which takes n.
 */
export const ANY_ORDER = 6;

/** The members' object, without white space but a blank behind `:` and `,`. */
export function objectRule(rules: Rules, wish: string, members: readonly Member[], order: "any" | "listed"): string {
  if (members.length === 0) return rules.add(wish, '"{}"');
  const blank = rules.common("blank");
  const pairs = members.map(({ key, value }) => rules.add(`${wish}-${key}`, `${jsonLiteral(key)} ":" ${blank} ${value}`));
  return order === "any" && members.length <= ANY_ORDER ? anyOrder(rules, wish, members, pairs, blank) : listedOrder(rules, wish, members, pairs, blank);
}

function anyOrder(rules: Rules, wish: string, members: readonly Member[], pairs: readonly string[], blank: string): string {
  const known = new Map<number, string>();
  const isDone = (been: number): boolean => members.every(({ required }, at) => !required || (been & (1 << at)) !== 0);
  /** What may follow when these have been, each a bit: the rest of the object, its brace included. */
  const rest = (been: number): string => {
    const name = known.get(been) ?? rules.reserve(`${wish}-after-${been}`);
    if (known.has(been)) return name;
    known.set(been, name);
    const next = pairs.flatMap((pair, at) => ((been & (1 << at)) === 0 ? [`"," ${blank} ${pair} ${rest(been | (1 << at))}`] : []));
    return rules.set(name, [...(isDone(been) ? ['"}"'] : []), ...next].join(" | "));
  };
  const first = pairs.map((pair, at) => `${pair} ${rest(1 << at)}`);
  return rules.add(wish, `"{" (${[...(isDone(0) ? ['"}"'] : []), ...first].join(" | ")})`);
}

function listedOrder(rules: Rules, wish: string, members: readonly Member[], pairs: readonly string[], blank: string): string {
  /** The rest of the object from a property on, with a comma before whatever comes; the last rule is the brace. */
  const rests: string[] = [];
  rests[members.length] = '"}"';
  for (let at = members.length - 1; at > 0; at--) {
    const [pair, after] = [`"," ${blank} ${pairs[at]}`, rests[at + 1]];
    rests[at] = rules.add(`${wish}-from-${at}`, members[at]?.required ? `${pair} ${after}` : `${pair} ${after} | ${after}`);
  }
  const first: string[] = [];
  for (const [at, { required }] of members.entries()) {
    first.push(`${pairs[at]} ${rests[at + 1]}`);
    if (required) return rules.add(wish, `"{" (${first.join(" | ")})`);
  }
  return rules.add(wish, `"{" ("}" | ${first.join(" | ")})`);
}
