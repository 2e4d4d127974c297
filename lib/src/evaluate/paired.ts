/** Two models on the same requests: which of them is better, and whether chance could have made the difference. */
import { faultOf } from "./score.js";
import type { TaskCall } from "./task-calls.js";

export interface PairedComparison {
  of: number;
  /** Requests that only the first, or only the second, answers rightly; all others say nothing about which is better. */
  onlyFirst: number;
  onlySecond: number;
  /** Two-sided: how often a fair coin would divide them as unevenly or more. */
  p: number;
}

/**
 * The exact sign test on requests that one of two answers rightly and the other does not (McNemar 1947, Psychometrika 12:153-157,
 * in its exact form). It sees differences that two separate intervals hide, because both models had the same requests.
 *
 * @throws RangeError when there are not as many verdicts of one as of the other
 */
export function signTest(first: readonly boolean[], second: readonly boolean[]): PairedComparison {
  if (first.length !== second.length) throw new RangeError(`${first.length} verdicts beside ${second.length}`);
  const onlyFirst = first.filter((right, at) => right && !second[at]).length;
  const onlySecond = second.filter((right, at) => right && !first[at]).length;
  return { of: first.length, onlyFirst, onlySecond, p: evenness(onlyFirst, onlySecond) };
}

/** 2 × P(at most `min` heads of all), at most 1. In logarithms: 0.5 to the power of 1,100 is no number any more. */
export function evenness(one: number, other: number): number {
  const tosses = one + other;
  let logTerm = tosses * Math.log(0.5), sum = Math.exp(logTerm);
  for (let heads = 1; heads <= Math.min(one, other); heads++) {
    logTerm += Math.log((tosses - heads + 1) / heads);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, 2 * sum);
}

/** {@link signTest} of two models' answers to requests, by whether each is exactly the right call. */
export function compareAnswers(calls: readonly TaskCall[], first: readonly string[], second: readonly string[]): PairedComparison {
  if (calls.length !== first.length) throw new RangeError(`${first.length} answers to ${calls.length} requests`);
  const verdicts = (answers: readonly string[]): boolean[] => answers.map((answer, at) => calls[at] !== undefined && faultOf(answer, calls[at]) === undefined);
  return signTest(verdicts(first), verdicts(second));
}
