import { z } from "zod";
import type { Example } from "../example.js";
import { evenness, meanScore, PartSchema, percent, tally, type Part } from "./score.js";

/** One direction in which a dataset should vary: a field of its rows, or anything computed from a row. */
export interface Axis {
  name: string;
  /** Default: the row's extra field of that name. */
  of?: (example: Example) => string | undefined;
  /** The values that should occur. Default: those that do. */
  values?: readonly string[];
}

export interface CoverageOptions {
  axes: readonly (Axis | string)[];
  /** Cells with fewer rows are thin. Default 5. */
  thin?: number;
  /** Which cells make sense, where not every combination does (a past due date cannot be listed). Default: all. */
  isPossible?: (cell: Readonly<Record<string, string>>) => boolean;
}

const CellSchema = z.object({ cell: z.record(z.string(), z.string()), rows: z.int().min(0) });

export const CoverageSchema = z.object({
  score: z.number().nullable(),
  parts: z.array(PartSchema),
  axes: z.array(z.object({ name: z.string(), values: z.array(z.object({ value: z.string(), rows: z.int() })), missing: z.int() })),
  /** All cells that should be there. */
  cells: z.int(),
  empty: z.array(CellSchema),
  thin: z.array(CellSchema),
});
export type Coverage = z.infer<typeof CoverageSchema>;

/** A product of more cells than rows anyone will write is a mistake in the axes. */
const MAX_CELLS = 10_000;

/**
 * Measures how far a dataset covers the cells that its axes span, and how evenly.
 *
 * @throws RangeError for axes without a name, twice the same, or with more than 10,000 combinations
 */
export function measureCoverage(examples: readonly Example[], { axes: given, thin = 5, isPossible = () => true }: CoverageOptions): Coverage {
  const axes = given.map((axis): Axis => (typeof axis === "string" ? { name: axis } : axis));
  const odd = axes.find(({ name }, at) => name === "" || axes.findIndex((other) => other.name === name) !== at);
  if (odd) throw new RangeError(odd.name === "" ? "an axis needs a name" : `the axis "${odd.name}" is named twice`);
  if (axes.length === 0) return { score: null, parts: [{ name: "cells filled", score: null, says: "no axis was named" }], axes: [], cells: 0, empty: [], thin: [] };
  const valueOf = ({ name, of }: Axis, example: Example): string | undefined => {
    const value = of ? of(example) : example.extra[name];
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  };
  const placed = examples.map((example) => axes.map((axis) => valueOf(axis, example)));
  const columns = axes.map((axis, at) => {
    const found = tally(placed.flatMap((row) => row[at] ?? []));
    const names = [...new Set([...(axis.values ?? []), ...found.map(([value]) => value)])];
    const counts = new Map(found);
    return { name: axis.name, missing: placed.filter((row) => row[at] === undefined).length, values: names.map((value) => ({ value, rows: counts.get(value) ?? 0 })) };
  });
  const combinations = columns.reduce((product, { values }) => product * values.length, 1);
  if (combinations > MAX_CELLS) throw new RangeError(`the axes span ${combinations} cells, more than ${MAX_CELLS}; name fewer axes, or axes with fewer values`);
  const rows = new Map(tally(placed.flatMap((row) => (row.includes(undefined) ? [] : [JSON.stringify(row)]))));
  const cells = product(columns.map(({ values }) => values.map(({ value }) => value))).flatMap((values) => {
    const cell = Object.fromEntries(values.map((value, at) => [columns[at]?.name ?? "", value]));
    return isPossible(cell) ? [{ cell, rows: rows.get(JSON.stringify(values)) ?? 0 }] : [];
  });
  const empty = cells.filter((cell) => cell.rows === 0);
  const sparse = cells.filter((cell) => cell.rows > 0 && cell.rows < thin);
  const names = axes.map(({ name }) => name).join(" × ");
  const parts: Part[] = [
    cells.length === 0 ? { name: "cells filled", score: null, says: "no row has a value on every axis" }
      : { name: "cells filled", score: 1 - empty.length / cells.length, says: `${cells.length - empty.length} of ${cells.length} cells of ${names} have a row` },
    cells.length === 0 ? { name: "cells with enough rows", score: null, says: "no cells" }
      : { name: "cells with enough rows", score: 1 - (empty.length + sparse.length) / cells.length, says: `${empty.length + sparse.length} of ${cells.length} cells have fewer than ${thin} rows` },
    ...columns.map(({ name, values, missing }): Part => {
      const [most] = [...values].sort((a, b) => b.rows - a.rows);
      if (!most || most.rows === 0) return { name: `balance of ${name}`, score: null, says: `no row has the field "${name}"` };
      const all = values.reduce((sum, value) => sum + value.rows, 0);
      return {
        name: `balance of ${name}`, score: evenness(values.map((value) => value.rows)),
        says: `${values.length} values; the largest, ${most.value}, has ${percent(most.rows / all)} of the rows${missing > 0 ? `; ${missing} rows have none` : ""}`,
      };
    }),
  ];
  return { score: meanScore(parts), parts, axes: columns, cells: cells.length, empty, thin: sparse };
}

function product(lists: readonly string[][]): string[][] {
  return lists.reduce<string[][]>((rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])), [[]]);
}
