/** Gates: what was measured against what was asked for. A gate that does not know lets nothing through. */

/** One thing that is asked for. At least one bound; a value that equals its bound passes. */
export interface GateCriterion {
  name: string;
  atLeast?: number;
  atMost?: number;
}

export interface GateResult {
  name: string;
  /** Undefined where nothing was measured. */
  value: number | undefined;
  /** "at least 0.8", "at most 2", or both. */
  wanted: string;
  passed: boolean;
}

/**
 * Holds measurements against criteria. What was not measured, or is no number, has failed: `undefined < 0.8` is false, and so
 * a gate that asks only what is too low lets through what nobody looked at.
 *
 * @throws RangeError when there is no criterion, or one without a bound: such a gate would let everything through
 */
export function checkGate(criteria: readonly GateCriterion[], measured: Readonly<Record<string, number | undefined>>): { passed: boolean; results: GateResult[] } {
  if (criteria.length === 0) throw new RangeError("a gate without criteria lets everything through: name at least one");
  const results = criteria.map(({ name, atLeast, atMost }): GateResult => {
    if (atLeast === undefined && atMost === undefined) throw new RangeError(`"${name}" has no bound: give atLeast or atMost`);
    const value = Object.hasOwn(measured, name) ? measured[name] : undefined;
    const wanted = [...(atLeast === undefined ? [] : [`at least ${atLeast}`]), ...(atMost === undefined ? [] : [`at most ${atMost}`])].join(", ");
    return { name, value, wanted, passed: value !== undefined && value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity) };
  });
  return { passed: results.every(({ passed }) => passed), results };
}
