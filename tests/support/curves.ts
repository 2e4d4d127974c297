/** Simulated runs: healthy ones of many kinds, and the same with one fault planted. Seeded, so that a failure can be repeated. */
import type { Metric } from "llmops/pair";

/** A seeded source of numbers: mulberry32 for uniform ones, Box and Muller's for normal ones. */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }
  /** Evenly over orders of magnitude. */
  scale(low: number, high: number): number {
    return Math.exp(this.between(Math.log(low), Math.log(high)));
  }
  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!;
  }
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
  /** Normal noise with heavier tails: Student's t of 6 degrees of freedom, of unit variance. */
  heavy(): number {
    const squares = Array.from({ length: 6 }, () => this.normal() ** 2).reduce((sum, square) => sum + square);
    return (this.normal() / Math.sqrt(squares / 6)) * Math.sqrt(4 / 6);
  }
}

export interface Curve {
  metrics: Metric[];
  plan: { peakBytes: number; usableBytes: number };
  secondsSinceLast: number;
  /** Relative noise of the training loss. */
  noise: number;
}

const GIB = 2 ** 30;

/**
 * A run that is well: 24 to 1,500 readings; a loss that falls by 15 to 80 % as a power law, exponentially or in steps at each
 * epoch, with 1 to 15 % of noise, normal or heavy-tailed; a warm-up and a decay; two to twelve evaluations with 0.2 to 1 % of
 * noise that fall and then stay, single slow steps, a growing peak of memory inside the plan.
 */
export function healthyCurve(chance: Chance): Curve {
  const count = Math.round(chance.scale(24, 1500)), noise = chance.scale(0.01, 0.15);
  const start = chance.scale(0.8, 10), fall = chance.between(0.15, 0.8), kind = chance.pick(["power", "exponential", "epochs"] as const);
  const speed = chance.scale(0.03, 0.3), every = chance.pick([1, 5, 10]), epochs = chance.pick([2, 3, 4]);
  const sample = chance.pick([() => chance.normal(), () => chance.heavy()]);
  const course = (share: number): number => {
    const done = kind === "power" ? (1 - (1 + share / speed) ** -0.7) / (1 - (1 + 1 / speed) ** -0.7)
      : kind === "exponential" ? (1 - Math.exp(-share / speed)) / (1 - Math.exp(-1 / speed))
        : 0.6 * (1 - Math.exp(-share / 0.05)) + 0.4 * (Math.floor(share * epochs * 0.999) / (epochs - 1));
    return start * (1 - fall * done);
  };
  const evaluations = chance.pick([0, 2, 4, 8, 12]), evalNoise = chance.scale(0.002, 0.01), normNoise = chance.between(0.1, 0.4);
  const peakBytes = chance.scale(0.5, 12) * GIB, rate = chance.scale(300, 20_000), peakRate = chance.scale(1e-5, 3e-4), norm = chance.scale(0.1, 5);
  const seconds = chance.scale(0.2, 20);
  const metrics: Metric[] = [];
  let clock = 0;
  for (let at = 1; at <= count; at += 1) {
    const share = at / count, slow = chance.next() < 0.02;
    clock += seconds * (slow ? 2.5 : 1) * Math.exp(0.1 * chance.normal());
    metrics.push({
      step: at * every, steps: count * every, seconds: clock,
      loss: course(share) * Math.exp(noise * sample()),
      lr: peakRate * Math.min(1, at / Math.max(1, count * 0.05)) * (1 - 0.95 * share),
      grad_norm: norm * (1 + 3 * Math.exp(-share / 0.05)) * Math.exp(normNoise * chance.normal()),
      tokens_per_second: rate * (slow ? 0.4 : 1) * Math.exp(0.08 * chance.normal()),
      memory_bytes: peakBytes * Math.min(1, 0.85 + 0.15 * share * 3) * 0.97,
    });
    if (evaluations > 0 && at % Math.max(1, Math.floor(count / evaluations)) === 0) {
      metrics.push({ step: at * every, steps: count * every, seconds: clock, eval_loss: course(share) * 1.05 * Math.exp(evalNoise * chance.normal()) });
    }
  }
  return { metrics, plan: { peakBytes, usableBytes: 14.74 * GIB }, secondsSinceLast: seconds * chance.between(0, 3), noise };
}

/** Changes every loss from a share of the run on. */
function bend(curve: Curve, from: number, change: (loss: number, share: number) => number): Curve {
  const losses = curve.metrics.filter(({ loss }) => loss !== undefined).length;
  let seen = 0;
  const metrics = curve.metrics.map((metric) => {
    if (metric.loss === undefined) return metric;
    seen += 1;
    const share = seen / losses;
    return share < from ? metric : { ...metric, loss: change(metric.loss, (share - from) / (1 - from)) };
  });
  return { ...curve, metrics };
}

const each = (curve: Curve, change: (metric: Metric, share: number) => Partial<Metric>): Curve =>
  ({ ...curve, metrics: curve.metrics.map((metric, at) => ({ ...metric, ...change(metric, at / curve.metrics.length) })) });

/** Each fault, planted into a healthy run; what is planted is at least as large as its comment says. */
export const PLANT = {
  /** NaN or Infinity from a step on. */
  "loss-not-finite": (curve, chance) => bend(curve, chance.between(0.05, 0.97), () => chance.pick([NaN, Infinity])),
  /** Zero from the first steps on. */
  "loss-zero": (curve, chance) => bend(curve, chance.between(0, 0.5), () => 0),
  /** Rises by a factor of 1.8 to 8 over the last 30 to 80 % of the run. */
  diverging: (curve, chance) => {
    const factor = chance.scale(1.8, 8), from = chance.between(0.2, 0.7);
    return bend(curve, from, (loss, share) => loss * factor ** Math.min(1, share * 1.5));
  },
  /** Flat from the start, or falling by at most 1 %; at least 60 readings, and 100 where noise is above 8 %. */
  "not-learning": (_, chance) => {
    let curve = healthyCurve(chance);
    while (curve.metrics.filter(({ loss }) => loss !== undefined).length < (curve.noise > 0.08 ? 100 : 60)) curve = healthyCurve(chance);
    const level = chance.scale(0.8, 10), drift = chance.between(0, 0.01), sample = chance.pick([() => chance.normal(), () => chance.heavy()]);
    return each(curve, ({ loss, eval_loss: other }, share) => ({
      ...(loss === undefined ? {} : { loss: level * (1 - drift * share) * Math.exp(curve.noise * sample()) }), ...(other === undefined ? {} : { eval_loss: level }),
    }));
  },
  /** One to five single readings of 2.5 times the loss, and of 14 times its noise. */
  spikes: (curve, chance) => {
    const losses = curve.metrics.flatMap(({ loss }, at) => (loss === undefined ? [] : [at]));
    const height = Math.max(2.5, Math.exp(14 * curve.noise)), metrics = [...curve.metrics];
    for (let left = chance.pick([1, 2, 5]); left > 0; left -= 1) {
      const at = losses[Math.floor(chance.between(12, losses.length - 6))]!;
      metrics[at] = { ...metrics[at]!, loss: curve.metrics[at]!.loss! * height };
    }
    return { ...curve, metrics };
  },
  /** Eight to sixteen evaluations with 0.2 to 1 % of noise; the loss turns at 30 to 60 % of the run and ends 10 to 60 % above its best. */
  overfitting: (curve, chance) => {
    const training = curve.metrics.filter(({ loss }) => loss !== undefined), evaluations = Math.min(chance.pick([8, 12, 16]), training.length);
    const turn = chance.between(0.3, 0.6), rise = chance.between(0.1, 0.6), noise = chance.scale(0.002, 0.01), level = chance.scale(0.8, 5), stride = training.length / evaluations;
    const metrics = training.flatMap((metric, at): Metric[] => {
      if (Math.floor((at + 1) / stride) === Math.floor(at / stride)) return [metric];
      const share = (at + 1) / training.length;
      const course = share < turn ? 1 + 0.4 * (1 - share / turn) ** 2 : 1 + (rise * (share - turn)) / (1 - turn);
      return [metric, { step: metric.step, eval_loss: level * course * Math.exp(noise * chance.normal()) }];
    });
    return { ...curve, metrics };
  },
  /** The norm grows to 15 to 1,000 times over the last 15 to 50 % of the run; or the last 15 % and 12 readings are not finite. */
  "gradients-exploding": (curve, chance) => {
    const from = chance.between(0.5, 0.85), factor = chance.scale(15, 1000), lost = chance.next() < 0.5, tail = Math.min(0.85, 1 - 12 / curve.metrics.length);
    return each(curve, ({ grad_norm: norm }, share) => (norm === undefined ? {} : lost ? (share >= tail ? { grad_norm: Infinity } : {}) : share < from ? {} : { grad_norm: norm * factor }));
  },
  /** The norm falls to a 3,000th or less, or to 1e-8, over the last 30 to 60 % of the run. */
  "gradients-vanishing": (curve, chance) => {
    const from = chance.between(0.4, 0.7), factor = chance.scale(1e-8, 1 / 3000);
    return each(curve, ({ grad_norm: norm }, share) => (norm === undefined || share < from ? {} : { grad_norm: norm * factor }));
  },
  /** Half the tokens a second or less over the last 10 to 40 % of the run, and at least 6 readings. */
  "slowing-down": (curve, chance) => {
    const from = Math.min(chance.between(0.6, 0.9), 1 - 8 / curve.metrics.length), factor = chance.between(0.1, 0.48);
    return each(curve, ({ tokens_per_second: rate }, share) => (rate === undefined || share < from ? {} : { tokens_per_second: rate * factor }));
  },
  /** 20 to 200 % above the plan. */
  "memory-above-plan": (curve, chance) => ({ ...curve, plan: { ...curve.plan, peakBytes: curve.plan.peakBytes / chance.between(1.25, 3) } }),
  /** 96 to 100 % of what there is. */
  "memory-near-limit": (curve, chance) => ({ ...curve, plan: { ...curve.plan, usableBytes: (curve.plan.peakBytes * 0.97) / chance.between(0.96, 1) } }),
  /** No news for twelve times the usual, and four times the longest. */
  stuck: (curve, chance) => {
    const times = curve.metrics.map(({ seconds }) => seconds).filter((time) => time !== undefined);
    const longest = Math.max(...times.slice(1).map((time, at) => time - times[at]!));
    return { ...curve, secondsSinceLast: Math.max(61, longest * chance.between(4.5, 20)) };
  },
} as const satisfies Record<string, (curve: Curve, chance: Chance) => Curve>;
