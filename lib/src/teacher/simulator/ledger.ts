import { Random } from "../random.js";
import { drawByRate } from "./draws.js";
import type { ToolDefectEntry } from "./tools/damage.js";
import type { PersonaSlipEntry } from "./persona-slips.js";

/** What the simulator plants in generated rows. */
export const DEFECT_KINDS = [
  "exact_duplicate", "near_duplicate", "pii", "wrong_label", "wrong_answer", "broken_json", "schema_violation", "off_topic",
  "too_long", "too_short", "dirty_text",
] as const;
export type DefectKind = (typeof DEFECT_KINDS)[number];

/** What the simulator does to the connection. */
export type TransportFault = "rate_limit" | "server_error" | "hang";

/** One planted defect, with what is needed to check a filter against it. */
export interface LedgerEntry {
  /** `<responseId>/<index>`, index from 0: the id of the row. */
  row: string;
  defect: DefectKind;
  /** One sentence for a person. */
  says: string;
  /** What was planted: the values, the copied row, the field and its wrong value. */
  detail: Readonly<Record<string, string | readonly string[]>>;
  /** What the row should have been, where that can be said. */
  truth: Readonly<Record<string, string>>;
}

/** One fault on the wire. It never changes what a row says. */
export interface TransportEntry {
  /** Id of the response that the request gets once it comes through. */
  response: string;
  /** 1 for the first try. */
  attempt: number;
  fault: TransportFault;
}

/** A verdict that the simulated judge gave against its own reading. */
export interface JudgmentEntry {
  /** The judge's response, and the place of the conversation in its request, from 0. */
  response: string;
  index: number;
  bias: "leniency" | "severity" | "verbosity" | "position";
}

/** Shares of rows (0 to 1) that get each defect. A row gets at most one. */
export type DefectRates = Readonly<Record<DefectKind, number>>;

/**
 * The default rates. Nine of the eleven end a row's career (a copy, a contradiction, a broken line); personal data and
 * dirty text are repaired and stay. Of 600 rows about 68 carry one of the nine, so about 532 remain.
 */
export const DEFAULT_DEFECTS: DefectRates = {
  exact_duplicate: 0.018, near_duplicate: 0.022, pii: 0.025, wrong_label: 0.014, wrong_answer: 0.02, broken_json: 0.01,
  schema_violation: 0.012, off_topic: 0.01, too_long: 0.004, too_short: 0.006, dirty_text: 0.02,
};

/** No defects at all. */
export const NO_DEFECTS: DefectRates = Object.fromEntries(DEFECT_KINDS.map((kind) => [kind, 0])) as Record<DefectKind, number>;

/** What was planted, row by row: the ground truth that a real teacher cannot give. */
export class Ledger {
  readonly #rows = new Map<string, LedgerEntry>();
  readonly #transport = new Map<string, TransportEntry>();
  readonly #judgments = new Map<string, JudgmentEntry>();
  readonly #toolDefects = new Map<string, ToolDefectEntry>();
  readonly #slips = new Map<string, PersonaSlipEntry>();

  /** The planted defects, sorted by row: the order never depends on timing. */
  get entries(): LedgerEntry[] {
    return [...this.#rows.values()].sort((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : 0));
  }

  /** The faults on the wire, sorted likewise. */
  get transport(): TransportEntry[] {
    return [...this.#transport.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
  }

  /** The judge's biased verdicts, sorted likewise. */
  get judgments(): JudgmentEntry[] {
    return [...this.#judgments.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
  }

  /** What was planted in scripts with tool calls, sorted likewise. */
  get toolDefects(): ToolDefectEntry[] {
    return [...this.#toolDefects.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry);
  }

  /** The slips in replies of a persona, sorted likewise. */
  get slips(): PersonaSlipEntry[] {
    return [...this.#slips.values()].sort((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : 0));
  }

  /** The defect of a row, or undefined for a good one. */
  find(row: string): LedgerEntry | undefined {
    return this.#rows.get(row);
  }

  /** Rows planted of each kind. */
  counts(): Record<DefectKind, number> {
    const counts = { ...NO_DEFECTS } as Record<DefectKind, number>;
    for (const entry of this.#rows.values()) counts[entry.defect]++;
    return counts;
  }

  /** Plain data for a file. */
  toJSON(): { entries: LedgerEntry[]; judgments: JudgmentEntry[]; transport: TransportEntry[] } {
    return { entries: this.entries, judgments: this.judgments, transport: this.transport };
  }

  /** Used by the simulator. Writing the same row twice changes nothing. */
  record(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) this.#rows.set(entry.row, entry);
  }

  /** Used by the simulator. */
  recordJudgments(entries: readonly JudgmentEntry[]): void {
    for (const entry of entries) this.#judgments.set(`${entry.response} ${String(entry.index).padStart(4, "0")} ${entry.bias}`, entry);
  }

  /** Used by the simulator. */
  recordToolDefects(entries: readonly ToolDefectEntry[]): void {
    for (const entry of entries) this.#toolDefects.set(entry.row.replace(/\d+$/, (index) => index.padStart(4, "0")), entry);
  }

  /** Used by the simulator. */
  recordSlips(entries: readonly PersonaSlipEntry[]): void {
    for (const entry of entries) this.#slips.set(entry.row, entry);
  }

  /** Used by the simulator. */
  recordFault(entry: TransportEntry): void {
    this.#transport.set(`${entry.response} ${String(entry.attempt).padStart(4, "0")}`, entry);
  }
}

/** Draws the defect of a row; undefined for a good one. Depends on the key alone. */
export function drawDefect(rates: DefectRates, ...key: (string | number)[]): DefectKind | undefined {
  return drawByRate(new Random(...key, "defect"), DEFECT_KINDS, rates);
}
