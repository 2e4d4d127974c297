/** What a row gets of things that have rates: a defect, a slip, or nothing. */
import type { Random } from "../random.js";

/** Draws at most one kind, each with its rate (0 to 1, together at most 1); undefined for none. One draw of `random`. */
export function drawByRate<Kind extends string>(random: Random, kinds: readonly Kind[], rates: Readonly<Record<Kind, number>>): Kind | undefined {
  let left = random.next();
  return kinds.find((kind) => (left -= rates[kind]) < 0);
}
