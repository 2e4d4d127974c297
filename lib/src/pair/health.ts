/**
 * What is wrong with a run, told from its metrics: named findings, each with its figures and what to do.
 *
 * Each check is a function of the metrics alone and stays silent where noise could explain what it sees. Thresholds are held
 * against simulated curves, healthy and spoilt, by `npm run bench:health`.
 */
import type { Metric } from "./job.js";
import { asShares, coarsen, currentCourse, errorOfMedian, highest, lowest, median, noiseOf, readings, smooth, valuesOf, type Point } from "./series.js";

export const FINDINGS = [
  "loss-not-finite", "loss-zero", "diverging", "not-learning", "spikes", "overfitting", "gradients-exploding", "gradients-vanishing",
  "slowing-down", "memory-above-plan", "memory-near-limit", "stuck", "too-early",
] as const;
export type FindingName = (typeof FINDINGS)[number];

/** `problem`: stop and change something. `warning`: look at it. `note`: nothing to do now. */
export type Grade = "problem" | "warning" | "note";

export interface Finding {
  name: FindingName;
  grade: Grade;
  /** What is seen, with its numbers. */
  says: string;
  remedy: string;
  /** Where it is seen best. */
  step?: number;
}

/** What the metrics themselves do not say. */
export interface HealthContext {
  /** Of the job: bytes. */
  plan?: { peakBytes: number; usableBytes: number } | undefined;
  /** How long ago the last metric came, while the job runs. */
  secondsSinceLast?: number | undefined;
}

export type Check = (metrics: readonly Metric[], context: HealthContext) => Finding | undefined;

/** Fewer losses than this say nothing about a course. */
const ENOUGH = 20;
/** A window of the course: a tenth of it, at least 5 readings, at most 50. */
const windowOf = (count: number): number => Math.min(50, Math.max(5, Math.round(count / 10)));

const number = (value: number): string => (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) ? value.toExponential(1) : value.toLocaleString("en-US", { maximumSignificantDigits: 4 }));
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** A loss that is no number is never one again: the weights are spoilt. */
const checkFinite: Check = (metrics) => {
  const spoilt = metrics.find(({ loss, eval_loss: other }) => (loss !== undefined && !Number.isFinite(loss)) || (other !== undefined && !Number.isFinite(other)));
  if (!spoilt) return undefined;
  return {
    name: "loss-not-finite", grade: "problem", step: spoilt.step,
    says: `the loss is no number from step ${spoilt.step} on`,
    remedy: "stop, and go on from a checkpoint before that step with a tenth of the learning rate and gradients clipped at 1.0; in fp16 look for a layer that overflows, and for rows with no answer in them",
  };
};

/**
 * Exactly zero three times in a row. Hugging Face's Trainer logs 0.0 where the loss is NaN from the first step on, because it
 * replaces what is no number by the mean of what it has logged (`logging_nan_inf_filter`,
 * https://huggingface.co/docs/transformers/main_classes/trainer); labels that are all masked do the same.
 */
const checkZero: Check = (metrics) => {
  const losses = readings(metrics, "loss"), last = losses.slice(-3);
  if (last.length < 3 || last.some(({ value }) => value !== 0)) return undefined;
  const hidden = metrics.some(({ grad_norm: norm }) => norm !== undefined && Number.isNaN(norm));
  return {
    name: "loss-zero", grade: "problem", step: last[0]!.step,
    says: `the loss is exactly 0${hidden ? " and the gradient is no number" : ""}`,
    remedy: `${hidden ? "the real loss is NaN and the trainer hides it (logging_nan_inf_filter): lower the learning rate, and look for overflow in fp16" : "no token counts for the loss: look at the labels of one batch; all of them may be masked with -100 (a wrong response template, rows cut before the answer)"}`,
  };
};

/**
 * The median of the last window above the best window so far, by a tenth at least and by six standard errors: the best of
 * many windows lies below the truth by two or three of them through chance alone.
 */
const checkDivergence: Check = (metrics) => {
  const losses = coarsen(readings(metrics, "loss"));
  if (losses.length < ENOUGH) return undefined;
  const shares = asShares(valuesOf(losses)), width = windowOf(shares.length);
  const course = smooth(shares, width).slice(width - 1);
  const before = course.slice(0, -width);
  if (before.length === 0) return undefined;
  const least = lowest(before), error = errorOfMedian(noiseOf(shares), width / 2);
  if (!(course.at(-1)! - least > Math.max(0.1, 6 * error))) return undefined;
  const best = before.findLastIndex((value) => value - least <= 2 * error); // a floor is long: its end is where the rise begins
  const step = losses[best + width - 1]!.step;
  const now = median(valuesOf(losses.slice(-width))), then = median(valuesOf(losses.slice(best, best + width)));
  return {
    name: "diverging", grade: "problem", step,
    says: `the loss rises: ${number(then)} around step ${step}, ${number(now)} now`,
    remedy: `stop and go on from the checkpoint before step ${step} with a third of the learning rate; if it happened early, warm up longer`,
  };
};

/**
 * No fall since the start, and noise small enough to have shown one.
 *
 * A fall may be quick, so each early stretch (3, 3, 6, 12, … readings) is held against the later half: it is a fall where one
 * lies above by 2 % after three standard errors. Where none does, the first quarter against the later half must rule a fall
 * of 10 % out; with fewer or noisier readings nothing is said.
 */
const checkLearning: Check = (metrics, context) => {
  const losses = readings(metrics, "loss"), rates = valuesOf(readings(metrics, "lr"));
  const count = losses.length;
  if (count < ENOUGH || checkZero(metrics, context)) return undefined;
  const steps = metrics.findLast(({ steps: all }) => all !== undefined)?.steps;
  if (rates.length === 0 && steps !== undefined && losses.at(-1)!.step < steps / 10) return undefined;
  if (rates.length > 1 && rates.at(-1)! > rates.at(-2)! && rates.at(-1)! >= highest(rates)) return undefined; // it still warms up
  const shares = asShares(valuesOf(losses)), noise = noiseOf(shares);
  const late = median(shares.slice(count >> 1));
  for (let from = 0, size = 3; from < count >> 1; from += size, size = from) {
    const stretch = shares.slice(from, Math.min(from + size, count >> 1));
    if (median(stretch) - late - 3 * errorOfMedian(noise, stretch.length) > 0.02) return undefined;
  }
  const quarter = count >> 2, fall = median(shares.slice(0, quarter)) - late;
  const error = Math.hypot(errorOfMedian(noise, quarter), errorOfMedian(noise, count / 2));
  if (fall + 2 * error > 0.1 || fall < -Math.max(0.1, 4 * error)) return undefined;
  const top = rates.length > 0 ? highest(rates) : undefined, norms = valuesOf(readings(metrics, "grad_norm"));
  const why = top === 0 ? "the learning rate is 0: set it, or look at the scheduler's steps"
    : norms.length > 0 && median(norms) < 1e-6 ? "there are no gradients: the weights are frozen, or no adapter was added; print the trainable parameters"
      : `${top === undefined ? "" : `the learning rate is ${top.toExponential(0)}: `}try ten times as much (adapters usually take 1e-4 to 2e-4, all weights 1e-5); else look whether anything is trainable and whether the labels are masked`;
  return {
    name: "not-learning", grade: "warning", step: losses.at(-1)!.step,
    says: `the loss has not fallen in ${count} readings: ${number(median(valuesOf(losses.slice(0, quarter))))} at first, ${number(median(valuesOf(losses.slice(count >> 1))))} now`,
    remedy: why,
  };
};

/**
 * Readings 1.6 times the median of the 15 before them and eight standard deviations above it that come back within five
 * readings. PaLM's remedy, restart before it and skip batches: Chowdhery et al. 2022, section 5.1, https://arxiv.org/abs/2204.02311
 */
const checkSpikes: Check = (metrics, context) => {
  const losses = readings(metrics, "loss");
  if (losses.length < ENOUGH || checkZero(metrics, context)) return undefined; // beside zeros any loss is high
  const shares = asShares(valuesOf(losses)), limit = Math.max(Math.log(1.6), 8 * noiseOf(shares));
  const spikes: Point[] = [];
  for (let at = 8; at < shares.length; at += 1) {
    const before = shares.slice(Math.max(0, at - 15), at);
    if (shares[at]! - lowest(before) <= limit) continue; // a median costs more than a minimum, and lies above it
    const usual = median(before);
    if (shares[at]! - usual <= limit) continue;
    const back = shares.slice(at + 1, at + 6).findIndex((value) => value - usual <= limit / 2);
    if (back < 0) continue; // it has not come back: so far it is a rise
    spikes.push(losses[at]!);
    at += back + 1;
  }
  const worst = spikes.reduce<Point | undefined>((most, spike) => (most && most.value >= spike.value ? most : spike), undefined);
  if (!worst) return undefined;
  return {
    name: "spikes", grade: spikes.length > 2 ? "warning" : "note", step: worst.step,
    says: `the loss jumps and comes back ${spikes.length === 1 ? "once" : `${spikes.length} times`}; the highest is ${number(worst.value)} at step ${worst.step}`,
    remedy: spikes.length > 2 ? "clip gradients at 1.0, lower the learning rate or take a larger batch; look at the rows of those steps" : "look at the rows of that step: a very long or a broken one does this; a single jump does no harm",
  };
};

/**
 * The evaluation loss above its best by 3 % and four standard deviations, twice in a row, while the training loss has not
 * risen. The share above the best is Prechelt's generalisation loss ("Early Stopping, But When?", 1998,
 * https://doi.org/10.1007/3-540-49430-8_3).
 */
const checkOverfitting: Check = (metrics) => {
  const evals = readings(metrics, "eval_loss"), losses = readings(metrics, "loss");
  if (evals.length < 3) return undefined;
  const shares = asShares(valuesOf(evals));
  const best = shares.lastIndexOf(lowest(shares));
  const after = shares.slice(best + 1);
  // Of the later half, where there is enough: the steep beginning of a short run would pass for noise.
  const late = shares.slice(shares.length < 10 ? 0 : shares.length >> 1);
  const limit = Math.max(0.03, 4 * (shares.length < 6 ? 0.01 : noiseOf(late, 2)));
  const rise = Math.min(...after.slice(-2)) - shares[best]!;
  if (after.length < 2 || !(rise > limit)) return undefined;
  if (losses.length >= ENOUGH) {
    const training = asShares(valuesOf(losses)), width = windowOf(training.length);
    const place = Math.max(0, losses.findIndex(({ step }) => step >= evals[best]!.step));
    const then = median(training.slice(Math.max(0, place - width), place + 1)), now = median(training.slice(-width));
    if (now - then > 3 * errorOfMedian(noiseOf(training), width / 2)) return undefined; // both rise: it diverges
  }
  return {
    name: "overfitting", grade: "warning", step: evals[best]!.step,
    says: `the evaluation loss was best at step ${evals[best]!.step} (${number(evals[best]!.value)}) and is ${number(evals.at(-1)!.value)} now, while the training loss has not risen`,
    remedy: `take the checkpoint of step ${evals[best]!.step}; next time fewer epochs, more or more varied rows, a lower rank or some dropout`,
  };
};

/**
 * The median of the last window ten times that of everything before it, or a third of the last readings no numbers. A few at
 * the start are no fault: an fp16 scaler begins at 65,536 and halves until nothing overflows
 * (https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling).
 */
const checkExploding: Check = (metrics) => {
  const all = metrics.flatMap(({ step, grad_norm: value }) => (value === undefined ? [] : [{ step, value }]));
  if (all.length < ENOUGH) return undefined;
  const width = windowOf(all.length), last = all.slice(-Math.max(10, width));
  const lost = last.filter(({ value }) => !Number.isFinite(value)).length;
  const finite = all.filter(({ value }) => Number.isFinite(value));
  const early = median(valuesOf(finite.slice(0, -width))), late = median(valuesOf(finite.slice(-width)));
  if (!(lost * 3 >= last.length) && !(early > 0 && late > 10 * early)) return undefined;
  return {
    name: "gradients-exploding", grade: "problem", step: last[0]!.step,
    says: lost * 3 >= last.length ? `${lost} of the last ${last.length} gradients are no numbers` : `the gradient's norm is ${number(late)} and was ${number(early)}`,
    remedy: "clip gradients at 1.0 (max_grad_norm) and lower the learning rate; in fp16, scaled steps that overflow are skipped, so nothing is learnt while this lasts",
  };
};

/** The median of the last window a thousandth of the first half's, or next to nothing in fp32. */
const checkVanishing: Check = (metrics) => {
  const norms = readings(metrics, "grad_norm");
  if (norms.length < ENOUGH) return undefined;
  const values = valuesOf(norms), width = windowOf(values.length);
  const early = median(values.slice(0, values.length >> 1)), late = median(values.slice(-width));
  if (!(late < 1e-7) && !(late < early / 1000)) return undefined;
  return {
    name: "gradients-vanishing", grade: "warning", step: norms.at(-width)!.step,
    says: `the gradient's norm is ${number(late)}${late < early ? ` and was ${number(early)}` : ""}: nothing more is learnt`,
    remedy: "look whether the trained weights are still trainable, whether the labels are masked, and whether the loss is at its floor; in fp16 use a loss scaler",
  };
};

/** The median of the last five readings below 60 % of the median before them. Evaluations and checkpoints slow single steps only. */
const checkSpeed: Check = (metrics) => {
  const rates = readings(metrics, "tokens_per_second");
  if (rates.length < ENOUGH || !metrics.some(({ loss }) => loss !== undefined)) return undefined; // inference is slower where the context is longer
  const late = median(valuesOf(rates.slice(-5))), usual = median(valuesOf(rates.slice(0, -5)));
  if (!(late < 0.6 * usual)) return undefined;
  return {
    name: "slowing-down", grade: "warning", step: rates.at(-5)!.step,
    says: `${number(late)} tokens a second, where ${number(usual)} was usual`,
    remedy: "something else uses the machine, memory is swapped, rows have become longer, or the card is hot: look at nvidia-smi and at the log",
  };
};

const peakOf = (metrics: readonly Metric[]): Point | undefined =>
  readings(metrics, "memory_bytes").reduce<Point | undefined>((most, point) => (most && most.value >= point.value ? most : point), undefined);

/** Above the plan's peak by 15 %: its band is at most that wide for the common frameworks (llmops/compute, bandOf). */
const checkPlan: Check = (metrics, { plan }) => {
  const peak = peakOf(metrics);
  if (!plan || !peak || !(peak.value > 1.15 * plan.peakBytes)) return undefined;
  return {
    name: "memory-above-plan", grade: "warning", step: peak.step,
    says: `${gib(peak.value)} are held, ${percent(peak.value / plan.peakBytes - 1)} more than the ${gib(plan.peakBytes)} of the plan`,
    remedy: "look what the plan left out: longer rows than it was told, another attention or optimiser, evaluation with a larger batch; then plan again",
  };
};

const checkLimit: Check = (metrics, { plan }) => {
  const peak = peakOf(metrics);
  if (!plan || !peak || !(peak.value > 0.95 * plan.usableBytes)) return undefined;
  return {
    name: "memory-near-limit", grade: "warning", step: peak.step,
    says: `${gib(peak.value)} of ${gib(plan.usableBytes)} are held: the next long row can be one too many`,
    remedy: "keep the last checkpoint; make the batch smaller and accumulate more, or shorten the longest rows",
  };
};

/** No news for ten times the usual, three times the longest and a minute: evaluation and saving take their time. */
const checkNews: Check = (metrics, { secondsSinceLast }) => {
  const times = metrics.flatMap(({ seconds }) => (seconds !== undefined && Number.isFinite(seconds) ? [seconds] : []));
  const pauses = times.slice(1).map((time, at) => time - times[at]!).filter((pause) => pause > 0);
  if (secondsSinceLast === undefined || pauses.length < 4) return undefined;
  const longest = highest(pauses), usual = median(pauses);
  if (!(secondsSinceLast > Math.max(60, 10 * usual, 3 * longest))) return undefined;
  return {
    name: "stuck", grade: "warning", step: metrics.at(-1)!.step,
    says: `nothing has come for ${Math.round(secondsSinceLast)} s, where ${number(usual)} s was usual and ${number(longest)} s the longest`,
    remedy: "read the log's last lines; if they say nothing, interrupt the run and go on from its last checkpoint",
  };
};

const checkCount: Check = (metrics, context) => {
  const count = readings(metrics, "loss").length;
  if (count === 0 || count >= ENOUGH || checkFinite(metrics, context) || checkZero(metrics, context)) return undefined;
  return { name: "too-early", grade: "note", says: `${count} ${count === 1 ? "loss is" : "losses are"} too few to say how it goes`, remedy: `wait for ${ENOUGH}; a short run can log every step` };
};

/** Each check on its own; what a lesson takes apart. They expect the steps that count: {@link diagnose} sees to that. */
export const CHECKS: Readonly<Record<FindingName, Check>> = {
  "loss-not-finite": checkFinite, "loss-zero": checkZero, diverging: checkDivergence, "not-learning": checkLearning, spikes: checkSpikes,
  overfitting: checkOverfitting, "gradients-exploding": checkExploding, "gradients-vanishing": checkVanishing, "slowing-down": checkSpeed,
  "memory-above-plan": checkPlan, "memory-near-limit": checkLimit, stuck: checkNews, "too-early": checkCount,
};

const GRADES: readonly Grade[] = ["problem", "warning", "note"];

/** All that is found, the gravest first; nothing for a run that is well. Never throws, whatever a job has logged. */
export function diagnose(metrics: readonly Metric[], context: HealthContext = {}): Finding[] {
  const course = currentCourse(metrics);
  return FINDINGS.flatMap((name) => CHECKS[name](course, context) ?? []).sort((a, b) => GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade));
}
