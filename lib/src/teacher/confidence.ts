import type { Example } from "../data/example.js";
import type { Unanswered } from "./grouped.js";
import { judgeExamples, type JudgeOptions, type Judgment } from "./judge.js";
import type { Teacher } from "./teacher.js";

/** The least score that each criterion must reach. */
export type Thresholds = Readonly<Record<string, number>>;

/** An example that a threshold keeps out. */
export interface LowScore {
  index: number;
  id: string | undefined;
  failed: { criterion: string; score: number; threshold: number }[];
  reason: string;
}

/**
 * Keeps the judgments that reach the threshold of every criterion named. A mean hides what a threshold a criterion sees:
 * 5, 1, 5, 5 has a mean of 4.
 *
 * @throws RangeError when a judgment has no score for a criterion, or no threshold is given
 */
export function filterByScores<J extends Pick<Judgment, "index" | "id" | "scores" | "reason">>(judgments: readonly J[], thresholds: Thresholds): { kept: J[]; removed: LowScore[] } {
  const wanted = Object.entries(thresholds);
  if (wanted.length === 0) throw new RangeError("name at least one criterion with its least score, such as { accuracy: 4 }");
  const kept: J[] = [];
  const removed: LowScore[] = [];
  for (const judgment of judgments) {
    const failed = wanted.flatMap(([criterion, threshold]) => {
      const score = judgment.scores[criterion];
      if (score === undefined) throw new RangeError(`judgment ${judgment.index} has no score for "${criterion}"; it has ${Object.keys(judgment.scores).join(", ")}`);
      return score < threshold ? [{ criterion, score, threshold }] : [];
    });
    if (failed.length === 0) kept.push(judgment);
    else removed.push({ index: judgment.index, id: judgment.id, failed, reason: `${failed.map(({ criterion, score, threshold }) => `${criterion} ${score}, below ${threshold}`).join("; ")}: ${judgment.reason}` });
  }
  return { kept, removed };
}

export interface RepeatedOptions extends Omit<JudgeOptions, "shuffle"> {
  /** How often each example is judged, each time in another order. Default 3. */
  rounds?: number;
  /** Draws the orders; also the first round's sampling seed. Default 1. */
  seed?: number;
  /** What passes. Default: a mean of 4. */
  thresholds?: Thresholds;
  /** Share of the rounds that must agree on pass or fail, else the judge abstains. Default 0.6. */
  minAgreement?: number;
}

/** The opinion of several rounds. */
export interface RepeatedJudgment extends Judgment {
  /** Rounds that gave an opinion. */
  rounds: number;
  /** Largest difference between two rounds, by criterion. */
  spread: Record<string, number>;
  passes: boolean;
  /** Share of the rounds on the side of the majority, 0.5 to 1: how sure the judge is, not how right. */
  confidence: number;
  /** True when the rounds disagree too much, or too few came back, to say anything. Read such rows yourself. */
  abstains: boolean;
}

/**
 * Judges every example several times, each round in another order, and takes the median of each criterion.
 *
 * What a judge says by chance or because of the place in the request differs from round to round and goes; what it always
 * gets wrong stays. Costs `rounds` times as much. `scores`, `mean` and `reason` are those of the median; the reason is that
 * of the round nearest to it.
 */
export async function judgeRepeatedly(
  teacher: Teacher, examples: readonly Example[], options: RepeatedOptions,
): Promise<{ judgments: RepeatedJudgment[]; failures: Unanswered[] }> {
  const { rounds = 3, seed = 1, thresholds, minAgreement = 0.6, ...judging } = options;
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`rounds must be a whole number of at least 1, not ${rounds}`);
  if (!(minAgreement >= 0.5 && minAgreement <= 1)) throw new RangeError(`minAgreement must be from 0.5 to 1, not ${minAgreement}`);
  const opinions = examples.map((): Judgment[] => []);
  const failures: Unanswered[] = [];
  for (let round = 0; round < rounds; round++) {
    const { judgments, failures: failed } = await judgeExamples(teacher, examples, { ...judging, shuffle: seed + round, seed: seed + round });
    for (const judgment of judgments) opinions[judgment.index]?.push(judgment);
    failures.push(...failed);
  }
  const passes = ({ scores, mean, ...rest }: Judgment): boolean => (thresholds ? filterByScores([{ scores, mean, ...rest }], thresholds).kept.length === 1 : mean >= 4);
  const judgments = opinions.flatMap((given, index): RepeatedJudgment[] => {
    const [first] = given;
    if (first === undefined) return [];
    const criteria = Object.keys(first.scores);
    const column = (criterion: string): number[] => given.map(({ scores }) => scores[criterion] ?? NaN);
    const scores = Object.fromEntries(criteria.map((criterion) => [criterion, median(column(criterion))]));
    const distance = (judgment: Judgment): number => criteria.reduce((sum, criterion) => sum + Math.abs((judgment.scores[criterion] ?? 0) - (scores[criterion] ?? 0)), 0);
    const nearest = [...given].sort((a, b) => distance(a) - distance(b))[0] ?? first;
    const mean = Object.values(scores).reduce((sum, score) => sum + score, 0) / criteria.length;
    const yes = given.filter(passes).length;
    const confidence = Math.max(yes, given.length - yes) / given.length;
    return [{
      ...nearest, index, scores, mean, rounds: given.length,
      spread: Object.fromEntries(criteria.map((criterion) => [criterion, Math.max(...column(criterion)) - Math.min(...column(criterion))])),
      passes: passes({ ...nearest, scores, mean }), confidence, abstains: confidence < minAgreement - 1e-12 || given.length * 2 < rounds,
    }];
  });
  return { judgments, failures };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
