/** A number as English writes it: 12,345. `toLocaleString` alone takes 0.1 s at its first use, a twentieth of a small build. */
export function formatNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ",") : value.toLocaleString("en-US");
}
