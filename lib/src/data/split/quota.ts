/** How many rows each split gets: by `counts`, or as `fractions` of the rows there are. */
export type SplitSize = { counts: readonly number[] } | { fractions: readonly number[] };

/** The error of a split that cannot be made; its message says why and what to change. */
export class SplitError extends Error {
  override name = "SplitError";
}

/**
 * Divides `total` in proportion to `weights` into whole numbers that sum to it exactly, by the method of largest
 * remainders (Hamilton). Of equal remainders, the earlier wins.
 *
 * @param weights - not negative; all zero counts as all equal
 */
export function largestRemainder(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const ideal = weights.map((weight) => (sum > 0 ? (total * weight) / sum : total / weights.length));
  // 0.1 · 30 is 3.0000000000000004 in binary: a remainder below this is none.
  const shares = ideal.map((share) => Math.floor(share + 1e-9));
  const order = ideal
    .map((share, index) => ({ index, remainder: share - (shares[index] as number) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  let left = total - shares.reduce((a, b) => a + b, 0);
  for (let i = 0; left > 0; i = (i + 1) % order.length, left--) {
    const { index } = order[i] as { index: number };
    shares[index] = (shares[index] as number) + 1;
  }
  return shares;
}

/**
 * Rows of each split, and rows in none of them.
 *
 * @param rows - rows there are
 * @param size - whole-number counts with a sum of at most `rows`, or fractions with a sum of at most 1
 * @throws SplitError when the counts ask for more rows than there are, or a number makes no sense
 */
export function splitTotals(rows: number, size: SplitSize): { totals: number[]; unused: number } {
  if ("counts" in size) {
    for (const count of size.counts) {
      if (!Number.isInteger(count) || count < 0) throw new SplitError(`a split's count must be a whole number from 0, not ${count}`);
    }
    const asked = size.counts.reduce((a, b) => a + b, 0);
    if (asked > rows) {
      throw new SplitError(
        `the splits ask for ${asked} rows (${size.counts.join(" + ")}), but only ${rows} are left after cleaning: ` +
          `add at least ${asked - rows} rows, or ask for fewer`,
      );
    }
    return { totals: [...size.counts], unused: rows - asked };
  }
  for (const fraction of size.fractions) {
    if (!(fraction >= 0 && fraction <= 1)) throw new SplitError(`a split's fraction must be from 0 to 1, not ${fraction}`);
  }
  const sum = size.fractions.reduce((a, b) => a + b, 0);
  if (sum > 1 + 1e-9) throw new SplitError(`the fractions ${size.fractions.join(", ")} sum to ${+sum.toFixed(6)}, which is over 1`);
  if (!(sum > 0)) throw new SplitError("at least one fraction must be over 0");
  const rest = Math.max(0, 1 - sum);
  const shares = largestRemainder(rows, rest > 1e-9 ? [...size.fractions, rest] : size.fractions);
  return { totals: shares.slice(0, size.fractions.length), unused: shares[size.fractions.length] ?? 0 };
}

/**
 * A table of whole numbers with the given row and column sums, as near to the proportions wished as rounding allows.
 *
 * @param wishes - one row a stratum, one column a split, not negative
 * @param rowSums - their sum must equal that of `columnSums`
 */
export function roundTable(wishes: readonly (readonly number[])[], rowSums: readonly number[], columnSums: readonly number[]): number[][] {
  const rowsLeft = [...rowSums];
  const columnsLeft = [...columnSums];
  const table = wishes.map((row) => row.map(() => 0));
  const give = (r: number, c: number, amount: number): void => {
    const row = table[r] as number[];
    row[c] = (row[c] as number) + amount;
    rowsLeft[r] = (rowsLeft[r] as number) - amount;
    columnsLeft[c] = (columnsLeft[c] as number) - amount;
  };
  const cells = wishes.flatMap((row, r) => row.map((wish, c) => ({ r, c, wish })));
  for (const { r, c, wish } of cells) {
    give(r, c, Math.min(Math.floor(wish + 1e-9), rowsLeft[r] as number, columnsLeft[c] as number));
  }
  // First one more for the cells that rounding down cost most, then whatever the sums still ask for.
  cells.sort((a, b) => b.wish - Math.floor(b.wish + 1e-9) - (a.wish - Math.floor(a.wish + 1e-9)) || a.r - b.r || a.c - b.c);
  for (const limit of [1, Infinity]) {
    for (const { r, c } of cells) give(r, c, Math.min(limit, rowsLeft[r] as number, columnsLeft[c] as number));
  }
  return table;
}
