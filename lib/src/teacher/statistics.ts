/** A proportion with its uncertainty. `estimate` is NaN when nothing was counted. */
export interface Proportion {
  /** Hits and trials. */
  hits: number;
  of: number;
  estimate: number;
  /** 95% Wilson interval; 0 to 1 when nothing was counted. */
  low: number;
  high: number;
}

// The 97.5% point of the standard normal distribution.
const Z = 1.959963984540054;

/**
 * A share with its 95% score interval (E. B. Wilson 1927, JASA 22:209-212). Unlike estimate ± 2 standard errors it
 * stays within 0 and 1 and is right for a handful of trials, of which a rare defect has no more.
 *
 * Throws RangeError unless 0 ≤ hits ≤ of, both whole.
 */
export function wilson(hits: number, of: number): Proportion {
  if (!Number.isInteger(hits) || !Number.isInteger(of) || hits < 0 || hits > of) throw new RangeError(`wilson needs whole 0 <= hits <= of, not ${hits} of ${of}`);
  if (of === 0) return { hits, of, estimate: NaN, low: 0, high: 1 };
  const p = hits / of;
  const scale = 1 + (Z * Z) / of;
  const centre = (p + (Z * Z) / (2 * of)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  return { hits, of, estimate: p, low: hits === 0 ? 0 : Math.max(0, centre - half), high: hits === of ? 1 : Math.min(1, centre + half) };
}
