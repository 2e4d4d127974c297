/** Tables: HTML in a notebook, aligned columns in a terminal. */
import { escapeHtml, PLAIN_HTML, show, type MimeBundle } from "./display.js";

/** A cell of a table. Numbers are aligned to the right and written with thousands separators. */
export type TableValue = string | number | boolean | null | undefined;

export interface TableOptions {
  /** Above the table; also what a screen reader announces. */
  caption?: string;
  /** Decimals for numbers that are not whole (default 3). */
  decimals?: number;
}

/**
 * Shows rows as a table; the columns are the keys of the first row, in their order.
 *
 * @throws TypeError when `rows` is empty: an empty table is nearly always a mistake upstream
 */
export function showTable(rows: readonly Record<string, TableValue>[], options: TableOptions = {}): void {
  show(tableBundle(rows, options));
}

export function tableBundle(rows: readonly Record<string, TableValue>[], options: TableOptions = {}): MimeBundle {
  const [first] = rows;
  if (!first) throw new TypeError("showTable needs at least one row");
  const columns = Object.keys(first);
  const numeric = new Set(columns.filter((column) => rows.every((row) => typeof row[column] === "number" || row[column] == null)));
  // A column of whole numbers has no decimals; else all its numbers have as many, so that their points stand in line.
  const fractional = new Set(columns.filter((column) => rows.some((row) => typeof row[column] === "number" && !Number.isInteger(row[column]))));
  const cells = rows.map((row) => columns.map((column) => formatValue(row[column], fractional.has(column) ? (options.decimals ?? 3) : 0)));
  return { "text/plain": asText(columns, cells, numeric, options.caption), "text/html": asHtml(columns, cells, numeric, options.caption) };
}

function formatValue(value: TableValue, decimals: number): string {
  if (value == null) return "";
  if (typeof value !== "number") return String(value);
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function asText(columns: string[], cells: string[][], numeric: Set<string>, caption?: string): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((text, index) => (numeric.has(columns[index] ?? "") ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [...(caption ? [caption] : []), line(columns), rule, ...cells.map(line)].join("\n");
}

function asHtml(columns: string[], cells: string[][], numeric: Set<string>, caption?: string): string {
  const align = (column: string) => ` style="text-align:${numeric.has(column) ? "right" : "left"}"`;
  const head = columns.map((column) => `<th scope="col"${align(column)}>${escapeHtml(column)}</th>`).join("");
  const body = cells
    .map((row) => `<tr>${row.map((text, index) => `<td${align(columns[index] ?? "")}>${escapeHtml(text)}</td>`).join("")}</tr>`)
    .join("\n");
  const title = caption ? `<caption style="text-align:left;white-space:nowrap">${escapeHtml(caption)}</caption>` : "";
  return `<table class="${PLAIN_HTML}">${title}<thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}
