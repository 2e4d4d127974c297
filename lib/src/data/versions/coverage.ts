import type { ScannedDataset } from "./scan.js";

/** How the shares of a category's values differ. */
export interface CoverageShift {
  field: string;
  /** Total variation distance of the two distributions: 0 for equal shares, 1 for no value in common. */
  distance: number;
  /** Rows with each value; the largest differences of share first. */
  values: { value: string; a: number; b: number }[];
  /** Values that only one side has. */
  gone: string[];
  fresh: string[];
}

/** The shifts of categories that both sides have, the largest first. */
export function coverageShifts(a: ScannedDataset, b: ScannedDataset, fields: readonly string[]): CoverageShift[] {
  const [inA, inB] = [a.fields.categories(), b.fields.categories()];
  const shifts: CoverageShift[] = [];
  for (const field of fields) {
    const [left, right] = [inA.get(field), inB.get(field)];
    if (!left || !right) continue;
    const sum = (cells: Uint32Array | undefined): number => cells?.reduce((x, y) => x + y, 0) ?? 0;
    const values = [...new Set([...left.keys(), ...right.keys()])].map((value) => ({ value, a: sum(left.get(value)), b: sum(right.get(value)) }));
    const totalA = values.reduce((rows, value) => rows + value.a, 0);
    const totalB = values.reduce((rows, value) => rows + value.b, 0);
    const shift = (value: { a: number; b: number }): number => Math.abs(value.a / Math.max(1, totalA) - value.b / Math.max(1, totalB));
    values.sort((x, y) => shift(y) - shift(x) || (x.value < y.value ? -1 : 1));
    shifts.push({
      field,
      distance: Math.round(values.reduce((distance, value) => distance + shift(value) / 2, 0) * 1e4) / 1e4,
      values,
      gone: values.filter(({ b: rows }) => rows === 0).map(({ value }) => value),
      fresh: values.filter(({ a: rows }) => rows === 0).map(({ value }) => value),
    });
  }
  return shifts.sort((x, y) => y.distance - x.distance || (x.field < y.field ? -1 : 1));
}
