/** A run's metrics as curves: the steps that count, and statistics that one bad value does not move. */
import type { Metric } from "./job.js";

/** One reading of a curve. */
export interface Point {
  step: number;
  value: number;
}

/**
 * The metrics that count. A job that went on from a checkpoint does some steps again; what it reports the second time takes
 * the place of the first.
 */
export function currentCourse(metrics: readonly Metric[]): Metric[] {
  const course: Metric[] = [];
  for (const metric of metrics) {
    // Training and evaluation may report the same step, one after the other: only a step that goes back replaces.
    if (course.length > 0 && metric.step < course.at(-1)!.step) while (course.length > 0 && course.at(-1)!.step >= metric.step) course.pop();
    course.push(metric);
  }
  return course;
}

/** The readings of a field that are numbers, in their order. A job's own fields are found too. */
export function readings(metrics: readonly Metric[], field: string): Point[] {
  return metrics.flatMap(({ step, [field]: value }) => (typeof value === "number" && Number.isFinite(value) ? [{ step, value }] : []));
}

export const valuesOf = (points: readonly Point[]): number[] => points.map(({ value }) => value);

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort(), middle = sorted.length >> 1; // numbers, without a function for each comparison
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

// `Math.max(...values)` overflows the stack from some 100,000 values on.
export const highest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
export const lowest = (values: readonly number[]): number => values.reduce((least, value) => Math.min(least, value), Infinity);

/** Groups of neighbours as their medians, where there are more than `most`. */
export function coarsen(points: readonly Point[], most = 1000): Point[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, at) => {
    const group = points.slice(at * size, (at + 1) * size);
    return { step: group[group.length >> 1]!.step, value: median(valuesOf(group)) };
  });
}

/**
 * The spread of a curve around its own slow course, as a standard deviation: from the differences of neighbours (`order` 1)
 * or of three in a row (`order` 2, for curves of few points, where the course itself moves from one to the next). By medians,
 * so that spikes do not count (1.4826 makes a median of deviations a standard deviation of normal noise).
 */
export function noiseOf(values: readonly number[], order: 1 | 2 = 1): number {
  const differences = values.slice(order).map((value, at) => (order === 1 ? value - values[at]! : value - 2 * values[at + 1]! + values[at]!));
  return differences.length === 0 ? 0 : (1.4826 * median(differences.map(Math.abs))) / Math.sqrt(order === 1 ? 2 : 6);
}

/** How far the median of `count` readings of this noise may lie beside the truth: one standard error. */
export const errorOfMedian = (noise: number, count: number): number => (1.2533 * noise) / Math.sqrt(Math.max(1, count));

/**
 * A loss as it is compared: its logarithm, where differences are shares and noise is the same size everywhere; of a loss that
 * is not always positive, its share of the usual size.
 */
export function asShares(values: readonly number[]): number[] {
  if (values.every((value) => value > 0)) return values.map(Math.log);
  const scale = median(values.map(Math.abs)) || 1;
  return values.map((value) => value / scale);
}

/** The median of the last `width` values at each place: the course of a curve, smoothed. */
export function smooth(values: readonly number[], width: number): number[] {
  return values.map((_, at) => median(values.slice(Math.max(0, at - width + 1), at + 1)));
}

/**
 * At most `limit` points with the shape of all: of each stretch its lowest and its highest, and the two ends. A spike of one
 * step stays visible, which an average or every n-th point would lose.
 */
export function thin(points: readonly Point[], limit = 300): Point[] {
  if (points.length <= limit || limit < 4) return limit < 4 ? points.slice(0, limit) : [...points];
  const inner = points.slice(1, -1), stretches = (limit - 2) >> 1;
  const kept = Array.from({ length: stretches }, (_, at) => inner.slice(Math.floor((at * inner.length) / stretches), Math.floor(((at + 1) * inner.length) / stretches))).flatMap((stretch) => {
    let low = 0, high = 0;
    stretch.forEach(({ value }, place) => {
      if (value < stretch[low]!.value) low = place;
      if (value > stretch[high]!.value) high = place;
    });
    return [...new Set([Math.min(low, high), Math.max(low, high)])].map((place) => stretch[place]!);
  });
  return [points[0]!, ...kept, points.at(-1)!];
}
