import { once } from "node:events";
import { formatNumber } from "../data/report/number.js";

/** What every command takes besides its own options. */
export interface OutputOptions {
  json?: boolean;
}

/** Bytes, rows or whatever else is counted on the way; drawn on stderr, only on a terminal, only when it takes long. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** Work shorter than this shows no bar: it would flash. */
const BAR_AFTER_MS = 700;

/** Where a command says what it found: a table for people, or with `--json` one JSON document and nothing else on stdout. */
export class Reporter {
  readonly json: boolean;
  readonly #bars = new Set<Progress>();

  constructor(options: OutputOptions) {
    this.json = options.json === true;
  }

  /** The result of the command: `document` for scripts, `human` for people. Call it once. */
  async result(document: unknown, human: () => string): Promise<void> {
    this.stopBars();
    await this.print(this.json ? JSON.stringify(document, null, 2) : human());
  }

  /** A line to stdout, with backpressure. In JSON mode the lines together must be one document. */
  async print(text: string): Promise<void> {
    if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain");
  }

  /** A remark that is no part of the result: to stderr. */
  note(text: string): void {
    this.stopBars();
    process.stderr.write(`${text}\n`);
  }

  /**
   * A progress bar; draws nothing when stderr is no terminal or the work is short.
   *
   * @param label what is going on, e.g. `reading data.jsonl`
   * @param total the value of `update` at the end
   * @param unit what is counted, e.g. `rows`; `bytes` prints megabytes
   */
  progress(label: string, total: number, unit = "rows"): Progress {
    if (!process.stderr.isTTY || total <= 0) return { update: () => undefined, stop: () => undefined };
    const scale = unit === "bytes" ? 1e6 : 1;
    // Loaded for a bar only.
    const { SingleBar } = require("cli-progress") as typeof import("cli-progress");
    const bar = new SingleBar({
      format: `${label} [{bar}] {percentage}% · {value}/{total} ${unit === "bytes" ? "MB" : unit} · {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 28,
      fps: 8,
    });
    const began = Date.now();
    let drawn = false;
    const progress: Progress = {
      update: (done) => {
        if (!drawn && Date.now() - began < BAR_AFTER_MS) return;
        if (!drawn) bar.start(Math.round(total / scale), 0);
        drawn = true;
        bar.update(Math.round(done / scale));
      },
      stop: () => {
        if (drawn) bar.stop();
        drawn = false;
        this.#bars.delete(progress);
      },
    };
    this.#bars.add(progress);
    return progress;
  }

  /** Clears every bar, so that a message does not land in the middle of one. */
  stopBars(): void {
    for (const bar of this.#bars) bar.stop();
  }
}

/** Rows of cells as a table of text; a column whose cells are all numbers is aligned to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "number" ? formatNumber(cell) : cell)));
  const widths = header.map((name, at) => Math.max(name.length, ...cells.map((row) => (row[at] ?? "").length)));
  const right = header.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (right[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join("  ").trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}

/** A number as people read it: `12,345`. */
export const count = formatNumber;

/** A count with its noun: `1 row`, `2,000 rows`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** That fields of turns were left out: which, and of how many rows each. */
export function droppedText(fields: Readonly<Record<string, number>>, format: string): string {
  const named = Object.entries(fields).sort(([, a], [, b]) => b - a).map(([field, rows]) => `${field} (${counted(rows, "row")})`);
  return `Left out, as ${format} has no place for them in its turns: ${named.join(", ")}.`;
}
