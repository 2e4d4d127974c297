/** What a run looks like while it goes on: words and figures, each also as text, so that no colour has to be seen. */
import { escapeHtml, PLAIN_HTML, type MimeBundle } from "../course/display.js";
import { tableBundle, type TableValue } from "../course/table.js";
import { drawCurves, describeCurves, hasLoss, lossCurves } from "./curve.js";
import type { Finding, Grade } from "./health.js";
import type { Metric } from "./job.js";
import type { RunRecord } from "./runs.js";
import { currentCourse, highest, lowest, median, readings, valuesOf } from "./series.js";

/** A moment of a run, all that its picture is made of. */
export interface Moment {
  record: Readonly<RunRecord>;
  metrics: readonly Metric[];
  findings: readonly Finding[];
  /** Seconds that the job has run. */
  seconds: number;
  usd: number;
  /** Below everything: how to leave, how to come back, that the runtime does not answer. */
  note: string;
}

export const STATE_WORDS: Readonly<Record<RunRecord["state"], string>> = {
  preparing: "being sent", absent: "not known there", starting: "starting", running: "running", finished: "finished", failed: "failed",
  "out-of-memory": "out of memory", interrupted: "stopped as asked", "time-limit": "stopped at its time limit", lost: "lost",
};
const GRADE_WORDS: Readonly<Record<Grade, string>> = { problem: "Problem", warning: "Warning", note: "Note" };

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds)), two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

const gib = (bytes: number): string => (bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`);
const digits = (value: number): string => (Number.isFinite(value) ? value.toLocaleString("en-US", { maximumSignificantDigits: 4 }) : "no number");
const lastOf = (metrics: readonly Metric[], field: keyof Metric): number | undefined => {
  const value = metrics.findLast(({ [field]: reading }) => typeof reading === "number")?.[field];
  return typeof value === "number" ? value : undefined;
};

const dollars = ({ usdPerHour }: Readonly<RunRecord>, usd: number): string => (usdPerHour > 0 ? `$${usd.toFixed(usd < 1 ? 3 : 2)}` : "$0");

/** The last steps say how long the next ones take; the first ones load, compile and warm up. */
const LAST_READINGS = 30;

/** Seconds until the last step, by the pace of the last ones; undefined where it cannot be told. */
export function timeLeft(metrics: readonly Metric[]): number | undefined {
  const timed = currentCourse(metrics).filter(({ seconds }) => seconds !== undefined).slice(-LAST_READINGS);
  // A job that went on counts its seconds anew: only the stretch since then has one clock.
  let from = timed.length - 1;
  while (from > 0 && timed[from - 1]!.seconds! <= timed[from]!.seconds! && timed[from - 1]!.step <= timed[from]!.step) from -= 1;
  const first = timed[from], last = timed.at(-1), steps = lastOf(metrics, "steps");
  if (!first || !last || steps === undefined || last.step <= first.step) return undefined;
  return (Math.max(0, steps - last.step) * (last.seconds! - first.seconds!)) / (last.step - first.step);
}

/** Label and value, in the order in which they are read. What the job does not report is left out. */
function facts({ record, metrics, seconds, usd }: Moment): [string, string][] {
  const step = metrics.at(-1)?.step, steps = lastOf(metrics, "steps");
  const loss = lastOf(metrics, "loss"), evaluated = lastOf(metrics, "eval_loss"), rate = lastOf(metrics, "lr"), speed = lastOf(metrics, "tokens_per_second");
  const left = record.state === "running" ? timeLeft(metrics) : undefined;
  return ([
    ["step", step === undefined ? undefined : steps === undefined ? digits(step) : `${step.toLocaleString("en-US")} of ${steps.toLocaleString("en-US")}`],
    ["loss", loss === undefined ? undefined : digits(loss)],
    ["evaluation loss", evaluated === undefined ? undefined : digits(evaluated)],
    ["learning rate", rate === undefined ? undefined : rate === 0 ? "0" : rate.toExponential(2)],
    ["tokens/s", speed === undefined ? undefined : Math.round(speed).toLocaleString("en-US")],
    ["running for", duration(seconds)],
    ["left", left === undefined ? undefined : left === 0 ? "last step done" : `about ${duration(left)}`],
    ["cost so far", dollars(record, usd)],
  ] as [string, string | undefined][]).flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as [string, string]]));
}

const peakOf = (metrics: readonly Metric[]): number | undefined => {
  const values = valuesOf(readings(metrics, "memory_bytes"));
  return values.length > 0 ? highest(values) : undefined;
};

function memoryWords({ record: { plan }, metrics }: Moment): string | undefined {
  const peak = peakOf(metrics);
  if (peak === undefined) return plan ? `memory: the plan says ${gib(plan.peakBytes)} of ${gib(plan.usableBytes)}` : undefined;
  return plan ? `memory: ${gib(peak)} at the peak so far; the plan says ${gib(plan.peakBytes)}; ${gib(plan.usableBytes)} can be used` : `memory: ${gib(peak)} at the peak so far`;
}

/** One line, for the terminal and for front ends without HTML. */
export function progressLine(moment: Moment): string {
  const parts = facts(moment).map(([label, value]) => (label === "step" || label === "loss" ? `${label} ${value}` : label === "tokens/s" ? `${value} tokens/s` : label === "running for" ? value : `${label} ${value}`));
  const memory = memoryWords(moment);
  const worst = moment.findings.find(({ grade }) => grade !== "note");
  return [`${moment.record.name}: ${STATE_WORDS[moment.record.state]}`, ...parts, ...(memory ? [memory] : []), ...(worst ? [`${GRADE_WORDS[worst.grade]}: ${worst.says}`] : [])].join(" · ");
}

export function liveBundle(moment: Moment): MimeBundle {
  const { record, findings, note } = moment, curves = lossCurves(moment.metrics);
  const head = `<div><strong>${escapeHtml(record.name)}</strong> · ${escapeHtml(STATE_WORDS[record.state])} · <span style="opacity:.75">${escapeHtml(record.id)}, ${escapeHtml(record.driver)}</span></div>`;
  const figures = facts(moment).map(([label, value]) => `<div style="min-width:5.2em"><div style="opacity:.75;font-size:85%">${escapeHtml(label)}</div><div style="font-variant-numeric:tabular-nums;white-space:nowrap">${escapeHtml(value)}</div></div>`).join("");
  const picture = hasLoss(curves) ? drawCurves(curves) : ownTable(moment);
  const memory = memoryWords(moment);
  const advice = findings.map(({ grade, says, remedy }) => `<li><strong>${GRADE_WORDS[grade]}:</strong> ${escapeHtml(says)}. <em>What to do:</em> ${escapeHtml(remedy)}.</li>`).join("");
  const html = `<div class="${PLAIN_HTML}" style="max-width:620px;line-height:1.4">${head}<div style="display:flex;flex-wrap:wrap;gap:.3em 1.4em;margin:.5em 0">${figures}</div>${picture}`
    + `${memory ? memoryBar(moment) + `<div style="font-size:90%">${escapeHtml(memory)}</div>` : ""}${advice ? `<ul style="margin:.5em 0;padding-left:1.2em">${advice}</ul>` : ""}${note ? `<div style="opacity:.75;font-size:90%;margin-top:.4em">${escapeHtml(note)}</div>` : ""}</div>`;
  return { "text/plain": [progressLine(moment), ...(hasLoss(curves) ? [describeCurves(curves)] : []), ...(note ? [note] : [])].join("\n"), "text/html": html };
}

/** Held now, the plan's line and what there is; the words stand below it. */
function memoryBar({ record: { plan }, metrics }: Moment): string {
  if (!plan || plan.usableBytes <= 0) return "";
  const full = Math.max(plan.usableBytes, plan.peakBytes, peakOf(metrics) ?? 0) * 1.02, x = (bytes: number): string => ((bytes / full) * 548).toFixed(1);
  const line = (bytes: number, dash: string): string => `<line x1="${x(bytes)}" x2="${x(bytes)}" y1="0" y2="12" stroke="currentColor" stroke-width="2"${dash}/>`;
  return `<svg aria-hidden="true" viewBox="0 0 560 26" width="560" height="26" style="max-width:100%;display:block" font-family="system-ui, sans-serif" font-size="10" fill="currentColor">`
    + `<rect x="0.5" y="2.5" width="${x(full)}" height="7" fill="none" stroke="currentColor" stroke-opacity=".4"/><rect x="0.5" y="2.5" width="${x(peakOf(metrics) ?? 0)}" height="7" fill="#0072B2"/>`
    + `${line(plan.peakBytes, ' stroke-dasharray="3 2"')}<text x="${x(plan.peakBytes)}" y="23" text-anchor="${plan.peakBytes > 0.1 * full ? "middle" : "start"}">plan</text>${line(plan.usableBytes, "")}`
    + `${Math.abs(plan.usableBytes - plan.peakBytes) < 0.16 * full ? "" : `<text x="${x(plan.usableBytes)}" y="23" text-anchor="end">usable</text>`}</svg>`;
}

const SHOWN_ROWS = 8;
/** Said in the line of figures already. */
const SAID = new Set(["steps", "seconds", "memory_bytes"]);

/** The fields that a job reports of its own, of the last readings: the view of a job that has no loss. */
function ownTable({ metrics }: Moment): string {
  const rows = metrics.slice(-SHOWN_ROWS).map(ownFields);
  return rows.some((row) => Object.keys(row).length > 1) ? String(tableBundle(align(rows), { decimals: decimalsOf(rows), caption: metrics.length > SHOWN_ROWS ? `The last ${SHOWN_ROWS} of ${metrics.length} readings` : "Readings" })["text/html"]) : "";
}

function ownFields(metric: Metric): Record<string, TableValue> {
  return Object.fromEntries(Object.entries(metric).flatMap(([field, value]) =>
    SAID.has(field) || (value !== null && typeof value === "object") ? [] : [[field.replaceAll("_", " "), value as TableValue]]));
}

/** As many decimals as give the smallest fraction of a table three digits; at most four. */
function decimalsOf(rows: readonly Record<string, TableValue>[]): number {
  const fractions = rows.flatMap((row) => Object.values(row)).flatMap((value) => (typeof value === "number" && Number.isFinite(value) && !Number.isInteger(value) ? [Math.abs(value)] : []));
  return fractions.length === 0 ? 0 : Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(lowest(fractions)))));
}

/** The same columns in every row: readings of a job may differ in their fields. */
function align(rows: readonly Record<string, TableValue>[]): Record<string, TableValue>[] {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
}

/** What a job without a loss measured: its readings, or of many the middle and the ends of each field. */
export function ownSummary(metrics: readonly Metric[]): MimeBundle | undefined {
  if (metrics.length === 0) return undefined;
  const rows = align(metrics.map(ownFields));
  if (rows.length <= 20) return tableBundle(rows, { decimals: decimalsOf(rows), caption: "What the job measured" });
  const fields = Object.keys(rows[0]!).filter((field) => field !== "step" && rows.some((row) => Number.isFinite(row[field])));
  if (fields.length === 0) return undefined;
  const summary = fields.map((field) => {
    const values = rows.flatMap(({ [field]: value }) => (typeof value === "number" && Number.isFinite(value) ? [value] : []));
    return { measured: field, readings: values.length, median: median(values), lowest: lowest(values), highest: highest(values) };
  });
  return tableBundle(summary, { decimals: decimalsOf(summary), caption: `What the job measured, ${rows.length} times` });
}

/** The line that stays: how the run ended, in one row. */
export function endRow({ record, metrics, seconds, usd }: Moment): Record<string, TableValue> {
  const course = currentCourse(metrics), losses = readings(course, "loss"), evaluated = readings(course, "eval_loss"), speeds = valuesOf(readings(course, "tokens_per_second")), peak = peakOf(metrics);
  return {
    ...(course.length > 0 ? { steps: course.at(-1)!.step } : {}), time: duration(seconds),
    ...(losses.length > 0 ? { loss: `${digits(losses[0]!.value)} → ${digits(losses.at(-1)!.value)}` } : {}),
    ...(evaluated.length > 0 ? { "best evaluation": digits(lowest(valuesOf(evaluated))) } : {}),
    ...(speeds.length > 0 ? { "tokens/s": Math.round(median(speeds)).toLocaleString("en-US") } : {}),
    ...(peak === undefined ? {} : { memory: gib(peak) }), ...(record.plan ? { planned: gib(record.plan.peakBytes) } : {}),
    cost: dollars(record, usd),
  };
}

/** Findings as a table, for the end of a run. */
export const findingRows = (findings: readonly Finding[]): Record<string, TableValue>[] =>
  findings.map(({ grade, says, remedy }) => ({ finding: GRADE_WORDS[grade], "what is seen": says, "what to do": remedy }));
