/** Whole numbers between bounds, as an expression over digits. */

/** @param least - or -Infinity; @param most - or Infinity; up to 15 digits are written */
export function integerRange(least: number, most: number): string {
  const parts: string[] = [];
  if (least < 0) parts.push(`"-" (${naturals(Math.max(1, -most), -least)})`);
  if (most >= 0) parts.push(naturals(Math.max(0, least), most));
  return parts.join(" | ");
}

const DIGITS = 15;

/** From `low`, 0 or more, to `high`. */
function naturals(low: number, high: number): string {
  const top = Math.min(high, 10 ** DIGITS - 1);
  const parts: string[] = [];
  let from = Math.min(low, top);
  if (from === 0) {
    parts.push('"0"');
    from = 1;
  }
  while (from <= top) {
    const digits = String(from).length;
    const until = Math.min(top, 10 ** digits - 1);
    // Several whole lengths at once, which is what no upper bound comes to.
    if (from === 10 ** (digits - 1) && top === 10 ** DIGITS - 1) {
      parts.push(`[1-9] [0-9]{${digits - 1},${DIGITS - 1}}`);
      break;
    }
    parts.push(sameLength(String(from), String(until)));
    from = until + 1;
  }
  return parts.join(" | ");
}

/** Between two numbers of as many digits. */
function sameLength(low: string, high: string): string {
  if (low === high) return `"${low}"`;
  const [a, b] = [low[0] ?? "", high[0] ?? ""];
  const rest = low.length - 1;
  const any = rest === 0 ? "" : ` [0-9]{${rest}}`;
  if (rest === 0) return set(a, b);
  if (a === b) return `"${a}" (${sameLength(low.slice(1), high.slice(1))})`;
  const parts: string[] = [];
  let [from, to] = [Number(a), Number(b)];
  if (/[^0]/.test(low.slice(1))) {
    parts.push(`"${a}" (${sameLength(low.slice(1), "9".repeat(rest))})`);
    from++;
  }
  const isWhole = !/[^9]/.test(high.slice(1));
  if (!isWhole) to--;
  if (from <= to) parts.push(`${set(String(from), String(to))}${any}`);
  if (!isWhole) parts.push(`"${b}" (${sameLength("0".repeat(rest), high.slice(1))})`);
  return parts.join(" | ");
}

const set = (a: string, b: string): string => (a === b ? `"${a}"` : `[${a}-${b}]`);
