/** How much better the second of two models is on the same requests, and whether something was kept. */

export interface PairedDifference {
  of: number;
  /** Requests that only the first, or only the second, has right. */
  onlyFirst: number;
  onlySecond: number;
  /** Share of the second minus share of the first, -1 to 1. */
  estimate: number;
  /** 95 % interval. */
  low: number;
  high: number;
}

const Z = 1.959963984540054;

/**
 * The difference of two shares on the same requests with its 95 % interval: Wald's for paired data with half a request added
 * to each cell of the table (A. Agresti and Y. Min 2005, Statistics in Medicine 24:729-740). Requests that both have right, or both wrong, make it
 * narrower than two separate intervals would.
 *
 * @throws RangeError when there are not as many verdicts of one as of the other, or none
 */
export function pairedDifference(first: readonly boolean[], second: readonly boolean[]): PairedDifference {
  if (first.length !== second.length) throw new RangeError(`${first.length} verdicts beside ${second.length}`);
  if (first.length === 0) throw new RangeError("there is nothing to compare: give at least one request");
  const of = first.length;
  const onlyFirst = first.filter((right, at) => right && !second[at]).length;
  const onlySecond = second.filter((right, at) => right && !first[at]).length;
  const [b, c, n] = [onlyFirst + 0.5, onlySecond + 0.5, of + 2];
  const centre = (c - b) / n;
  const half = (Z / n) * Math.sqrt(b + c - ((c - b) * (c - b)) / n);
  return { of, onlyFirst, onlySecond, estimate: (onlySecond - onlyFirst) / of, low: Math.max(-1, centre - half), high: Math.min(1, centre + half) };
}

/** What an exam says of a limit: the whole interval on the good side, on the bad side, or neither. */
export type Verdict = "shown" | "not shown" | "failed";

/** Whether at least `wanted` was shown. Takes shares and differences alike. */
export function judgeInterval({ low, high }: { low: number; high: number }, wanted: number): Verdict {
  return low >= wanted ? "shown" : high < wanted ? "failed" : "not shown";
}
