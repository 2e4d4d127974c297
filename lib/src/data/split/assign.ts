import { mix32 } from "../dedup/shingles.js";
import { largestRemainder, roundTable, SplitError, splitTotals, type SplitSize } from "./quota.js";

/** In {@link assignSplits}: the row is in no split, because more rows were there than were asked for. */
export const UNUSED = 255;

/** What is known of each row when rows are assigned to splits: 16 bytes a row. */
export interface SplitRows {
  /** 64 bits of each row's content hash, as two arrays: assignment follows content, not position. */
  keyLow: Uint32Array;
  keyHigh: Uint32Array;
  /** Group of each row, named by one of its rows; a group stays in one split. */
  groups: Uint32Array;
  /** Stratum of each row, 0 to `strataCount` − 1. */
  strata: Uint32Array;
  strataCount: number;
}

export interface SplitAssignment {
  /** Split of each row, or {@link UNUSED}. */
  splits: Uint8Array;
  /** Rows asked for, by split. */
  asked: number[];
  /** True when groups that may not be divided kept a split from its total (only when fractions were asked for). */
  inexact: boolean;
}

interface Group {
  rows: number[];
  order: number;
}

/**
 * Assigns rows to splits: exact totals, each stratum in proportion, no group in two splits. The assignment depends
 * on the rows' content, the seed and the sizes, not on the order of the rows.
 *
 * Groups of several rows go first, largest first, each to a split drawn in proportion to the room that is left;
 * single rows then fill every stratum to its share. If the draw leaves no room for a group, groups are packed by
 * subset sums instead, the smallest split first. When even that gives no exact totals: with counts, rows of a group
 * may be left unused if there are rows to spare; else the split fails. With fractions, the totals give way.
 *
 * @param size - rows wanted of each split, at most 255 splits
 * @param seed - another seed, another assignment
 * @throws SplitError when counts ask for more rows than there are, or groups make them impossible
 */
export function assignSplits(input: SplitRows, size: SplitSize, seed: number): SplitAssignment {
  const count = input.groups.length;
  const { totals, unused } = splitTotals(count, size);
  if (totals.length === 0 || totals.length >= UNUSED) throw new SplitError(`there must be 1 to 254 splits, not ${totals.length}`);
  const columns = [...totals, unused];
  const strict = "counts" in size;
  const order = (row: number): number => rowOrder(input, row, seed);

  const { several, singles } = groupRows(input.groups, order);
  const splits = new Uint8Array(count).fill(UNUSED);
  const place = (rows: readonly number[], column: number): void => {
    for (const row of rows) splits[row] = column === totals.length ? UNUSED : column;
  };

  let placed = drawGroups(several, columns);
  if (!placed) placed = packGroups(several, singles.length, columns);
  let inexact = false;
  if (placed) placed.forEach((column, i) => place((several[i] as Group).rows, column));
  else inexact = forceGroups(several, columns, strict, place);

  fillSingles(input, singles, splits, totals, unused, inexact, order);
  return { splits, asked: totals, inexact };
}

/** A number in [0, 2⁵³) that orders rows by content and seed. */
function rowOrder({ keyLow, keyHigh }: SplitRows, row: number, seed: number): number {
  const low = keyLow[row] as number;
  const high = keyHigh[row] as number;
  return (mix32(low ^ mix32(high ^ mix32(seed))) & 0x1fffff) * 2 ** 32 + mix32(high ^ mix32(low ^ mix32(seed + 1)));
}

function groupRows(groups: Uint32Array, order: (row: number) => number): { several: Group[]; singles: number[] } {
  const sizes = new Uint32Array(groups.length);
  for (const group of groups) sizes[group] = (sizes[group] as number) + 1;
  const byName = new Map<number, Group>();
  const singles: number[] = [];
  groups.forEach((name, row) => {
    if (sizes[name] === 1) {
      singles.push(row);
      return;
    }
    const group = byName.get(name);
    if (group) {
      group.rows.push(row);
      group.order = Math.min(group.order, order(row));
    } else byName.set(name, { rows: [row], order: order(row) });
  });
  // In an order of their own, so that the rows that go when a group must lose some do not depend on the input's order.
  for (const { rows } of byName.values()) rows.sort((a, b) => order(a) - order(b) || a - b);
  const several = [...byName.values()].sort((a, b) => b.rows.length - a.rows.length || a.order - b.order);
  return { several, singles };
}

/** A column for each group, drawn in proportion to the room left; undefined when a group finds no room. */
function drawGroups(groups: readonly Group[], columns: readonly number[]): number[] | undefined {
  const room = [...columns];
  const placed: number[] = [];
  for (const { rows, order } of groups) {
    const open = room.map((left) => (left >= rows.length ? left : 0));
    const total = open.reduce((a, b) => a + b, 0);
    if (total === 0) return undefined;
    let point = (order / 2 ** 53) * total;
    let column = open.findIndex((left) => (point -= left) < 0);
    if (column < 0) column = open.findLastIndex((left) => left > 0);
    room[column] = (room[column] as number) - rows.length;
    placed.push(column);
  }
  return placed;
}

/** Above this many steps, packing would take seconds: totals give way instead. */
const PACKING_STEPS = 5e7;

/**
 * A column for each group such that the single rows can fill every column: column by column, smallest first, the
 * groups whose sizes come nearest to the column's size, by dynamic programming over subset sums.
 */
function packGroups(groups: readonly Group[], singles: number, columns: readonly number[]): number[] | undefined {
  const placed = new Array<number>(groups.length).fill(-1);
  let spare = singles;
  const order = columns.map((size, column) => ({ size, column })).sort((a, b) => a.size - b.size);
  for (const [position, { size, column }] of order.entries()) {
    const open = placed.flatMap((at, index) => (at < 0 ? [index] : []));
    const last = position === order.length - 1;
    if (last) {
      const sum = open.reduce((total, index) => total + (groups[index] as Group).rows.length, 0);
      if (sum > size) return undefined;
      for (const index of open) placed[index] = column;
      return placed;
    }
    if (open.length * size > PACKING_STEPS) return undefined;
    // reached[s] is the group that completed the sum s, so the way back to 0 names the subset.
    const reached = new Int32Array(size + 1).fill(-2);
    reached[0] = -1;
    for (const index of open) {
      const weight = (groups[index] as Group).rows.length;
      for (let sum = size; sum >= weight; sum--) {
        if (reached[sum] === -2 && reached[sum - weight] !== -2) reached[sum] = index;
      }
    }
    const best = reached.findLastIndex((by) => by !== -2);
    if (size - best > spare) return undefined;
    spare -= size - best;
    for (let sum = best; sum > 0; ) {
      const index = reached[sum] as number;
      placed[index] = column;
      sum -= (groups[index] as Group).rows.length;
    }
  }
  return placed;
}

/** Places groups where no exact placement was found; returns true when totals had to give way. */
function forceGroups(groups: readonly Group[], columns: number[], strict: boolean, place: (rows: readonly number[], column: number) => void): boolean {
  const room = [...columns];
  const unused = room.length - 1;
  let inexact = false;
  for (const { rows } of groups) {
    const size = rows.length;
    const column = room.slice(0, unused).reduce((best, left, i, all) => (left > (all[best] as number) ? i : best), 0);
    const left = room[column] as number;
    if (left >= size) {
      place(rows, column);
      room[column] = left - size;
    } else if ((room[unused] as number) >= size - left) {
      // The rows that do not fit stay out: a group may lose rows, but not stand in two splits.
      place(rows.slice(0, left), column);
      place(rows.slice(left), unused);
      room[column] = 0;
      room[unused] = (room[unused] as number) - (size - left);
    } else if (strict) {
      throw new SplitError(
        `the counts cannot be met exactly: ${size} near-duplicate rows must stay in one split, and no split has room ` +
          `for them. Ask for fewer rows, use fractions, or raise the leak threshold`,
      );
    } else {
      place(rows, column);
      room[column] = left - size;
      inexact = true;
    }
  }
  return inexact;
}

/** Gives single rows to splits so that every split reaches its total and every stratum its share. */
function fillSingles(
  input: SplitRows,
  singles: readonly number[],
  splits: Uint8Array,
  totals: readonly number[],
  unused: number,
  inexact: boolean,
  order: (row: number) => number,
): void {
  const columns = [...totals, unused];
  const strataSizes = new Array<number>(input.strataCount).fill(0);
  for (const stratum of input.strata) strataSizes[stratum] = (strataSizes[stratum] as number) + 1;
  const bySplit = strataSizes.map(() => columns.map(() => 0));
  const isSingle = new Uint8Array(splits.length);
  for (const row of singles) isSingle[row] = 1;
  splits.forEach((split, row) => {
    if (isSingle[row]) return;
    const cells = bySplit[input.strata[row] as number] as number[];
    const column = split === UNUSED ? totals.length : split;
    cells[column] = (cells[column] as number) + 1;
  });

  const queues: number[][] = strataSizes.map(() => []);
  for (const row of singles) (queues[input.strata[row] as number] as number[]).push(row);
  for (const queue of queues) queue.sort((a, b) => order(a) - order(b) || a - b);

  let left = columns.map((total, column) => Math.max(0, total - bySplit.reduce((sum, cells) => sum + (cells[column] as number), 0)));
  if (inexact) left = largestRemainder(singles.length, left);
  const rows = splits.length;
  const wishes = strataSizes.map((size, stratum) => {
    const cells = bySplit[stratum] as number[];
    const wish = columns.map((total, column) => Math.max(0, (size * total) / rows - (cells[column] as number)));
    const sum = wish.reduce((a, b) => a + b, 0);
    const available = (queues[stratum] as number[]).length;
    return wish.map((share) => (sum > 0 ? (share * available) / sum : 0));
  });
  const table = roundTable(wishes, queues.map((queue) => queue.length), left);
  queues.forEach((queue, stratum) => {
    let from = 0;
    (table[stratum] as number[]).forEach((share, column) => {
      for (const row of queue.slice(from, from + share)) splits[row] = column === totals.length ? UNUSED : column;
      from += share;
    });
  });
}
