import type { PiiKind } from "../pii/kinds.js";
import { piiPlanOf, type DataReport } from "./report.js";
import { columnChart, stackedChart } from "./chart.js";
import { formatNumber } from "./number.js";

/** Strata and clusters shown in a report for people; the JSON has them all. */
const SHOWN_STRATA = 50;
const SHOWN_FILES = 200;

/** A cell of a Markdown table: a bar or a line break would end it. */
function cell(value: string | number): string {
  return typeof value === "number" ? formatNumber(value) : value.replace(/\\/g, "\\\\").replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ").replace(/</g, "&lt;");
}

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(numeric.map((right) => (right ? "---:" : "---"))), ...rows.map((row) => line(row.map(cell)))].join("\n");
}

const percent = (part: number, whole: number): string => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)}%`);

/** The charts of a report, by the name of the file each is written to. */
export function reportCharts(report: DataReport): Record<string, string> {
  const { tokens, split } = report;
  const charts: Record<string, string> = {};
  if (tokens.rows > 0) {
    charts["tokens.svg"] = columnChart("Tokens per row", tokensText(report), `tokens (${tokens.encoding})`,
      tokens.histogram.map(({ from, to, rows }) => ({ label: from === to ? String(from) : `${from}–${to}`, values: [rows] })));
  }
  if (split.strata.length > 0) {
    const largest = [...split.strata].sort((a, b) => b.rows - a.rows).slice(0, SHOWN_STRATA);
    charts["coverage.svg"] = stackedChart("Rows per stratum and split", coverageText(report), split.names,
      largest.map(({ stratum, counts }) => ({ label: stratum, values: counts })));
  }
  return charts;
}

function tokensText({ tokens }: DataReport): string {
  return `Histogram of tokens per row: from ${tokens.min} to ${tokens.max}, median ${tokens.median}, 90% between ${tokens.p5} and ${tokens.p95}.`;
}

function coverageText({ split }: DataReport): string {
  const parts = split.strata.slice(0, 8).map(({ stratum, counts }) => `${stratum} ${counts.join("/")}`);
  return `Rows of each stratum in ${split.names.join("/")}: ${parts.join(", ")}${split.strata.length > 8 ? ", …" : ""}.`;
}

/**
 * The report for people, in Markdown.
 *
 * @param chartPath - gives the path of a chart's file, or undefined for a report without pictures
 */
export function reportMarkdown(report: DataReport, chartPath: (file: string) => string | undefined = (file) => file): string {
  const { rows, duplicates, pii, tokens, split } = report;
  const charts = Object.keys(reportCharts(report));
  const picture = (file: string, text: string): string[] => {
    const path = charts.includes(file) ? chartPath(file) : undefined;
    return path === undefined ? [] : [`![${text.replace(/[[\]]/g, "")}](${path})`, ""];
  };
  const out: string[] = ["# Data report", ""];
  out.push(`${formatNumber(rows.in)} rows in, ${formatNumber(rows.out)} out (${percent(rows.out, rows.in)}), ${formatNumber(rows.rejected)} rejected. Format: ${report.format}.`);
  out.push("", "Every rejected row stands in `rejected.jsonl` with its source, line, step and reason, as it was read: unmasked. Do not publish that file if the sources hold personal data.");

  out.push("", "## Steps", "", table(["step", "rows in", "rejected", "rows out"], report.steps.map((s) => [s.step, s.in, s.rejected, s.out])));

  out.push("", "## Why rows left", "");
  if (report.rejections.length === 0) out.push("No row was rejected.");
  else {
    out.push(table(["step", "code", "rows", "for example"], report.rejections.map(({ step, code, rows: count, examples }) => {
      const first = examples[0];
      return [step, code, count, first ? `${first.source}:${first.line}: ${clip(first.reason)}` : ""];
    })));
  }

  out.push("", "## Sources", "", table(["file", "kind", "format", "rows", "out", "rejected", "note"], report.sources.slice(0, SHOWN_FILES).map((s) => [
    s.name, s.kind, Object.entries(s.formats).map(([format, count]) => `${format} ${formatNumber(count)}`).join(", "), s.rows, s.out, s.rejected, [...(s.readAs === undefined ? [] : [`read as ${s.readAs}`]), ...(s.note === undefined ? [] : [s.note])].join("; "),
  ])));
  if (report.sources.length > SHOWN_FILES) out.push("", `… and ${formatNumber(report.sources.length - SHOWN_FILES)} more files, in \`data_report.json\`.`);
  const broken = report.sources.filter(({ unread }) => unread === "rest");
  if (broken.length > 0) out.push("", `**Rows may be missing: ${broken.map(({ name }) => cell(name)).join(", ")} could not be read to the end.**`);
  if (report.skipped.length > 0) {
    out.push("", "Not read:", "", table(["file", "why"], report.skipped.slice(0, SHOWN_FILES).map(({ name, reason }) => [name, reason])));
    if (report.skipped.length > SHOWN_FILES) out.push("", `… and ${formatNumber(report.skipped.length - SHOWN_FILES)} more files, in \`data_report.json\`.`);
  }

  out.push("", "## Normalisation", "");
  const changes = Object.entries(report.normalized.texts).sort(([, a], [, b]) => b - a);
  out.push(changes.length === 0 ? "No text was changed." : `${formatNumber(report.normalized.rows)} rows were changed.`);
  if (changes.length > 0) out.push("", table(["change", "texts"], changes));

  const dropped = Object.entries(report.droppedFields ?? {}).sort(([, a], [, b]) => b - a);
  if (dropped.length > 0) out.push("", `Rows were written without these fields of their turns, because ${report.format} has no place for them:`, "", table(["field", "rows"], dropped));

  out.push("", "## Duplicates", "", `${formatNumber(duplicates.exact)} exact duplicates and ${formatNumber(duplicates.fuzzy)} near-duplicates were removed.`);
  if (duplicates.search) {
    const s = duplicates.search;
    out.push("", `Near-duplicates: Jaccard similarity of word ${s.shingle}-shingles over the ${s.scope} at least ${s.threshold}, verified for every row removed. ` +
      `Candidates: MinHash with ${s.numPerm} values in ${s.bands} bands of ${s.rowsPerBand}; expected recall at the threshold ${s.recall.toFixed(4)}. Kept: the ${s.keep} row of a cluster.`);
  } else out.push("", "Near-duplicates were not looked for.");
  if (duplicates.largest.length > 0) {
    out.push("", `The largest of ${formatNumber(duplicates.clusters)} clusters:`, "", table(["kept", "rows", "removed (similarity)"], duplicates.largest.map(({ kept, rows: size, removed }) => [
      `${kept.source}:${kept.line}`, size,
      removed.map((row) => `${row.source}:${row.line} (${row.similarity.toFixed(2)})`).join(", ") + (size - 1 > removed.length ? ", …" : ""),
    ])));
  }

  out.push("", "## Personal data and secrets", "");
  const kinds = Object.entries(pii.kinds).sort(([, a], [, b]) => b - a);
  const plan = piiPlanOf(report);
  const looked = Object.keys(plan);
  const limits = pii.actions === undefined ? "Names, addresses and passwords in prose are not looked for." : `Looked for: ${Object.entries(plan).map(([kind, action]) => `${kind} (${action})`).join(", ")}. Rules see forms: what is spelt in none of them is missed.`;
  if (looked.length === 0) out.push("Not looked for.");
  else if (kinds.length === 0) out.push(`None found. ${limits}`);
  else {
    const done = pii.mode === "mask" ? "masked" : pii.mode === "hash" ? "replaced by keyed pseudonyms" : pii.mode === "drop" ? "dropped with the row" : "treated";
    out.push(`Found in ${formatNumber(pii.rows)} rows and ${pii.actions && new Set(Object.values(plan)).size > 1 ? "treated by kind" : done}. ${limits}`);
    out.push("", pii.actions ? table(["kind", "found", "action"], kinds.map(([kind, found]) => [kind, found, plan[kind as PiiKind] ?? ""])) : table(["kind", "found"], kinds));
    if (Object.values(plan).includes("hash")) {
      out.push("", "Pseudonyms are not anonymity: rows about the same person can still be told to be so, and whoever has the salt can find out whose they are.");
    }
  }

  out.push("", "## Length", "");
  if (tokens.rows > 0) {
    out.push(...picture("tokens.svg", tokensText(report)));
    out.push(table(["tokens", "min", "5%", "median", "mean", "95%", "max", "total"], [[tokens.encoding, tokens.min, tokens.p5, tokens.median, tokens.mean, tokens.p95, tokens.max, tokens.total]]));
  }

  out.push("", "## Split", "", ...picture("coverage.svg", coverageText(report)));
  out.push(table(["split", "file", "rows", "tokens"], split.names.map((name, i) => [name, split.files[i] ?? "", split.rows[i] ?? 0, split.tokens[i] ?? 0])));
  if (split.unused > 0) out.push("", `${formatNumber(split.unused)} rows were not asked for and are in \`rejected.jsonl\`.`);
  out.push("", `${formatNumber(split.groups)} groups of rows at least ${split.leakThreshold} similar were each kept in one split.`);
  if (split.inexact) out.push("", "**A group was too large for its split: the totals are not exactly those asked for.**");
  if (split.stratify !== null) {
    out.push("", `By \`${split.stratify}\`:`, "", table([split.stratify, ...split.names, ...(split.unused > 0 ? ["unused"] : []), "all"], split.strata.slice(0, SHOWN_STRATA).map((s) => [
      s.stratum, ...s.counts, ...(split.unused > 0 ? [s.unused] : []), s.rows,
    ])));
    if (split.strata.length > SHOWN_STRATA) out.push("", `… and ${formatNumber(split.strata.length - SHOWN_STRATA)} more, in \`data_report.json\`.`);
    for (const { stratum, split: name, rows: count, share } of split.imbalances.slice(0, 10)) {
      out.push("", `- ${cell(stratum)} has ${formatNumber(count)} rows in ${name}; its share would be ${share.toFixed(1)}.`);
    }
    if (split.imbalances.length > 10) out.push("", `- … and ${split.imbalances.length - 10} more imbalances, in \`data_report.json\`.`);
  }
  return `${out.join("\n").replace(/\n{3,}/g, "\n\n").trim()}\n`;
}

function clip(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}
