import type { DefectKind, Ledger } from "./simulator/ledger.js";
import { wilson, type Proportion } from "./statistics.js";

/** How well one filter found one kind of defect. */
export interface FilterScore {
  defect: DefectKind;
  /** Rows with the defect, and rows the filter flagged. */
  planted: number;
  flagged: number;
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  /** Of the flagged rows, the share that has the defect. */
  precision: Proportion;
  /** Of the rows with the defect, the share that was flagged. */
  recall: Proportion;
  /** Harmonic mean of the two; NaN when nothing was planted and nothing flagged. */
  f1: number;
}

/**
 * Compares what filters flagged with what the simulator planted.
 *
 * @param ledger What was planted.
 * @param flagged For each kind, the ids (`<responseId>/<index>`) of the rows that the filter for it flagged.
 * @param rows The ids that the filter saw. Planted rows outside are not counted as missed, and a copy whose original
 *   is outside is not counted as a copy. Default: everything the ledger knows.
 * @returns One score a kind in `flagged`, in its order.
 */
export function scoreFilter(
  ledger: Pick<Ledger, "entries">, flagged: ReadonlyMap<DefectKind, ReadonlySet<string>>, rows?: Iterable<string>,
): FilterScore[] {
  const seen = rows === undefined ? undefined : new Set(rows);
  const isSeen = (row: string) => seen === undefined || seen.has(row);
  const entries = ledger.entries.filter((entry) => {
    const original = entry.detail["of"];
    return isSeen(entry.row) && (typeof original !== "string" || isSeen(original));
  });
  return [...flagged].map(([defect, all]) => {
    const planted = new Set(entries.filter((entry) => entry.defect === defect).map((entry) => entry.row));
    const found = new Set([...all].filter(isSeen));
    const truePositives = [...found].filter((row) => planted.has(row)).length;
    const falsePositives = found.size - truePositives;
    const falseNegatives = planted.size - truePositives;
    const total = 2 * truePositives + falsePositives + falseNegatives;
    return {
      defect, planted: planted.size, flagged: found.size, truePositives, falsePositives, falseNegatives,
      precision: wilson(truePositives, found.size), recall: wilson(truePositives, planted.size),
      f1: total === 0 ? NaN : (2 * truePositives) / total,
    };
  });
}
