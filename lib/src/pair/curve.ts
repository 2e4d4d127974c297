/** The loss as a picture: small and quick while the run goes on, a Vega-Lite chart when it has ended. */
import type { ChartSpec } from "../course/chart.js";
import { escapeHtml } from "../course/display.js";
import type { Metric } from "./job.js";
import { coarsen, currentCourse, highest, lowest, median, readings, thin, valuesOf, type Point } from "./series.js";

/** A document of a few hundred points stays small, and no screen shows more. */
const MOST_POINTS = 300;
const SMOOTHED = 9;
/** A loss like this is a broken one, and would make the rest of the curve a flat line. */
const BEYOND = 1e12;
// Okabe and Ito's blue and vermilion, as in every chart of the course; line and squares tell them apart without colour.
const TRAINING = "#0072B2", EVALUATION = "#D55E00";

export interface LossCurves {
  training: Point[];
  evaluation: Point[];
  /** Readings that are no number, or as good as none: no picture can show them. */
  lost: number;
  /** Of how many steps, where the job says. */
  steps: number | undefined;
}

export function lossCurves(metrics: readonly Metric[]): LossCurves {
  const course = currentCourse(metrics).filter(({ step }) => Math.abs(step) < BEYOND);
  const round = (value: number): number => (Math.abs(value) < 1 / BEYOND ? 0 : value); // Vega fails on the smallest numbers there are
  const drawn = (field: string): Point[] => readings(course, field).flatMap(({ step, value }) => (Math.abs(value) < BEYOND ? [{ step: round(step), value: round(value) }] : []));
  return {
    training: drawn("loss"), evaluation: drawn("eval_loss"),
    lost: course.filter(({ loss }) => loss !== undefined && !(Math.abs(loss) < BEYOND)).length,
    steps: course.findLast(({ steps }) => steps !== undefined)?.steps,
  };
}

export const hasLoss = ({ training, evaluation, lost }: LossCurves): boolean => training.length + evaluation.length + lost > 0;

const short = (value: number): string => (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6) ? value.toExponential(2) : value.toLocaleString("en-US", { maximumSignificantDigits: 4 }));

/** What the picture says, in a sentence with its numbers. */
export function describeCurves({ training, evaluation, lost }: LossCurves): string {
  const sentences: string[] = [];
  const first = training[0], last = training.at(-1);
  if (first && last) {
    const values = valuesOf(training), least = lowest(values);
    sentences.push(training.length === 1 ? `Training loss ${short(first.value)} at step ${first.step}.`
      : `Training loss ${short(first.value)} at step ${first.step} and ${short(last.value)} at step ${last.step}; lowest ${short(least)} at step ${training[values.indexOf(least)]!.step}.`);
  }
  if (evaluation.length > 0) {
    const values = valuesOf(evaluation), least = lowest(values);
    sentences.push(`Evaluation loss ${short(evaluation.at(-1)!.value)} at step ${evaluation.at(-1)!.step}; lowest ${short(least)} at step ${evaluation[values.indexOf(least)]!.step}.`);
  }
  if (lost > 0) sentences.push(`${lost} ${lost === 1 ? "reading of the loss is" : "readings of the loss are"} no number.`);
  return sentences.join(" ") || "No loss yet.";
}

/**
 * The course of a curve: each value as the median of it and its neighbours, which does not lag behind. Of a long curve first
 * the medians of groups; thinned points would not do, for they are its extremes. Empty for a curve too short to have one.
 */
function courseOf(points: readonly Point[]): Point[] {
  if (points.length <= SMOOTHED) return [];
  const groups = coarsen(points, MOST_POINTS), values = valuesOf(groups);
  return groups.map(({ step }, at) => ({ step, value: median(values.slice(Math.max(0, at - (SMOOTHED >> 1)), at + (SMOOTHED >> 1) + 1)) }));
}

/** Values over two orders of magnitude are unreadable on an even scale: a spike would flatten all the rest. */
function needsLog(values: readonly number[]): boolean {
  return values.length > 0 && lowest(values) > 0 && highest(values) > 20 * median(values);
}

/** Two to six round values that span a range, `least` apart at the least. */
function ticks(low: number, high: number, least = 0): number[] {
  const rough = (high - low) / 3, power = 10 ** Math.floor(Math.log10(rough)), unit = rough / power;
  const step = Math.max(least, (unit < 1.5 ? 1 : unit < 3.5 ? 2 : unit < 7.5 ? 5 : 10) * power);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, at) => Number(((first + at) * step).toPrecision(6)));
}

const WIDTH = 560, HEIGHT = 180, LEFT = 48, RIGHT = 12, TOP = 20, BOTTOM = 30;

/** The curves as SVG of some 10 kB: light enough to be drawn anew four times a second. */
export function drawCurves(curves: LossCurves): string {
  const training = thin(curves.training, MOST_POINTS), evaluation = thin(curves.evaluation, MOST_POINTS);
  const values = valuesOf([...training, ...evaluation]);
  if (values.length === 0) return "";
  const log = needsLog(values), scale = log ? Math.log10 : (value: number): number => value;
  let [low, high] = [scale(lowest(values)), scale(highest(values))];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  [low, high] = [low - margin, high + margin];
  const last = highest([...training, ...evaluation].map(({ step }) => step)), first = Math.min(0, lowest([...training, ...evaluation].map(({ step }) => step)));
  const end = Math.max(last, curves.steps ?? 0, first + 1);
  const x = (step: number): string => (LEFT + ((step - first) / (end - first)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (HEIGHT - BOTTOM - ((scale(value) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const line = (points: readonly Point[]): string => points.map(({ step, value }) => `${x(step)},${y(value)}`).join(" ");
  const heights = log ? ticks(low, high).map((power) => Number((10 ** power).toPrecision(3))) : ticks(low, high);
  const grid = heights.map((value) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="currentColor" stroke-opacity=".15"/><text x="${LEFT - 6}" y="${y(value)}" dy=".35em" text-anchor="end">${escapeHtml(short(value))}</text>`).join("");
  const marks = ticks(first, end, 1).map((step) => `<text x="${x(step)}" y="${HEIGHT - BOTTOM + 14}" text-anchor="middle">${step.toLocaleString("en-US")}</text>`).join("");
  const course = courseOf(curves.training);
  const squares = evaluation.map(({ step, value }) => `<rect x="${(Number(x(step)) - 3).toFixed(1)}" y="${(Number(y(value)) - 3).toFixed(1)}" width="6" height="6" fill="${EVALUATION}"/>`).join("");
  const legend = `<text x="${LEFT}" y="11">${log ? "loss (logarithmic)" : "loss"}${course.length > 0 ? ": readings thin, their median bold" : ""}${evaluation.length > 0 ? "; squares: evaluation" : ""}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 3}" text-anchor="end">step</text>`;
  return `<svg role="img" aria-label="${escapeHtml(describeCurves(curves))}" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" style="max-width:100%;display:block" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">`
    + `${grid}${marks}${legend}<polyline points="${line(training)}" fill="none" stroke="${TRAINING}" stroke-width="1" stroke-opacity="${course.length > 0 ? 0.45 : 1}"/>`
    + (course.length > 0 ? `<polyline points="${line(course)}" fill="none" stroke="${TRAINING}" stroke-width="2.5" stroke-linejoin="round"/>` : "")
    + `${evaluation.length > 0 ? `<polyline points="${line(evaluation)}" fill="none" stroke="${EVALUATION}" stroke-width="1.5" stroke-dasharray="5 3"/>${squares}` : ""}</svg>`;
}

/** The chart that stays in the notebook, with what it says in words. At most 300 points a curve; every extreme is among them. */
export function lossChart(metrics: readonly Metric[], title = "Loss"): { spec: ChartSpec; alt: string } {
  const curves = lossCurves(metrics);
  const training = thin(curves.training, MOST_POINTS), evaluation = thin(curves.evaluation, MOST_POINTS);
  const bold = courseOf(curves.training);
  const values = (points: readonly Point[]): { step: number; loss: number }[] => points.map(({ step, value }) => ({ step, loss: Number(value.toPrecision(5)) }));
  const names = { each: bold.length > 0 ? "readings (thin)" : "training", bold: "their median (bold)", evaluation: "evaluation (dashed)" };
  const x = { field: "step", type: "quantitative", title: "step", axis: { tickMinStep: 1 } };
  const y = { field: "loss", type: "quantitative", title: "loss", scale: needsLog(valuesOf([...training, ...evaluation])) ? { type: "log" } : { zero: false } };
  const layer = (points: readonly Point[], name: string, mark: object): object[] =>
    points.length === 0 ? [] : [{ data: { values: values(points) }, mark: { type: "line", ...mark }, encoding: { x, y, color: { datum: name } } }];
  const layers = [
    ...layer(training, names.each, { strokeWidth: 1, opacity: bold.length > 0 ? 0.45 : 1 }),
    ...layer(bold, names.bold, { strokeWidth: 2.5 }),
    ...layer(evaluation, names.evaluation, { strokeWidth: 1.5, strokeDash: [5, 3], point: { shape: "square", size: 40, filled: true } }),
  ];
  const present = [...(training.length > 0 ? [[names.each, TRAINING]] : []), ...(bold.length > 0 ? [[names.bold, TRAINING]] : []), ...(evaluation.length > 0 ? [[names.evaluation, EVALUATION]] : [])];
  const color = { type: "nominal", scale: { domain: present.map(([name]) => name), range: present.map(([, colour]) => colour) }, legend: { title: null, orient: "top", symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 2 } };
  const spec = { title, encoding: { color }, layer: layers };
  return { spec: spec as unknown as ChartSpec, alt: `${title}. ${describeCurves(curves)}` };
}
