/**
 * Units in which students give numbers. A unit is a family and a factor: two units of one family convert, and a
 * quotient of units ("$/month", "GB/s") is a unit of the quotient of their families.
 */

export interface Unit {
  /** "bytes", "time", "money/time"; units of one family can be converted. */
  family: string;
  /** How many of the family's base unit it is: bytes, seconds, dollars, 1, operations. */
  factor: number;
}

/** `factor` of the base unit, and the names it goes by; the first is the one that messages use. */
type Row = readonly [factor: number, ...names: [string, ...string[]]];

const bytes = (factor: number, prefix: string, word: string): Row => [factor, `${prefix}B`, `${word}byte`, `${word}bytes`];
const bits = (factor: number, prefix: string, word: string): Row => [factor / 8, `${prefix}bit`, `${prefix}bits`, `${word}bit`, `${word}bits`];
const operations = (factor: number, prefix: string): Row => [factor, `${prefix}FLOP`, `${prefix}FLOPs`];

const FAMILIES: Readonly<Record<string, readonly Row[]>> = {
  bytes: [
    [1, "B", "byte", "bytes"], bytes(1e3, "k", "kilo"), bytes(1e6, "M", "mega"), bytes(1e9, "G", "giga"), bytes(1e12, "T", "tera"),
    bytes(2 ** 10, "Ki", "kibi"), bytes(2 ** 20, "Mi", "mebi"), bytes(2 ** 30, "Gi", "gibi"), bytes(2 ** 40, "Ti", "tebi"),
    bits(1, "", ""), bits(1e3, "k", "kilo"), bits(1e6, "M", "mega"), bits(1e9, "G", "giga"),
  ],
  time: [
    [1e-6, "µs", "us", "microsecond", "microseconds"], [1e-3, "ms", "millisecond", "milliseconds"], [1, "s", "sec", "second", "seconds"],
    [60, "min", "minute", "minutes", "mins"], [3600, "h", "hour", "hours", "hr", "hrs"], [86_400, "days", "day", "d"], [604_800, "weeks", "week"],
    // Mean length of the Gregorian calendar's month and year.
    [2_629_746, "months", "month", "mo"], [31_556_952, "years", "year", "yr"],
  ],
  money: [[1, "$", "USD", "dollar", "dollars"], [0.01, "cents", "cent", "ct", "¢"]],
  share: [[0.01, "%", "percent", "per cent"], [1, "of 1", "share"]],
  operations: [operations(1, ""), operations(1e6, "M"), operations(1e9, "G"), operations(1e12, "T"), operations(1e15, "P"), operations(1e18, "E"), operations(1e21, "Z"), operations(1e24, "Y")],
};

/** Words and letters that multiply a number: "8 billion", "8B", "600 k". */
const SCALES: Readonly<Record<string, number>> = {
  k: 1e3, K: 1e3, thousand: 1e3, M: 1e6, million: 1e6, B: 1e9, b: 1e9, bn: 1e9, billion: 1e9, T: 1e12, tn: 1e12, trillion: 1e12,
};

const EXACT = new Map<string, Unit>();
const FOLDED = new Map<string, Unit>();
for (const [family, rows] of Object.entries(FAMILIES)) {
  for (const [factor, ...names] of rows) {
    for (const name of names) {
      EXACT.set(name, { family, factor });
      FOLDED.set(name.toLowerCase(), { family, factor });
    }
  }
}
// A prefix before a small b is a bit to one reader and a byte to another. All in small letters, "gb" is meant as GB.
const AMBIGUOUS = /^(?:[kMGT]i?)?b$/;

/**
 * Finds a unit by its name. A word that is not known ("tokens", "rows") is a unit of its own, which nothing converts to.
 *
 * @returns undefined for an empty name, and for one that says bits to some and bytes to others ("Gb")
 */
export function findUnit(name: string): Unit | undefined {
  const text = name.trim().replace(/\s+/gu, " ").replace(/ ?\bper (?!cent)| a (?=\w)/giu, "/").replace(/ ?\/ ?/gu, "/");
  if (text === "") return undefined;
  if (text.includes("/")) {
    const [above = "", ...below] = text.split("/");
    const top = findUnit(above);
    const bottom = below.length === 1 ? scaledUnit(below[0] ?? "") : undefined;
    return top && bottom && { family: `${top.family}/${bottom.family}`, factor: top.factor / bottom.factor };
  }
  // TFLOPS is a rate, TFLOPs a number of operations.
  const rate = /^([MGTPE]?)FLOPS$/.exec(text);
  if (rate) return { family: "operations/time", factor: EXACT.get(`${rate[1] ?? ""}FLOP`)?.factor ?? 1 };
  if (AMBIGUOUS.test(text)) return undefined;
  return EXACT.get(text) ?? FOLDED.get(text.toLowerCase()) ?? (/^\p{L}[\p{L} -]*$/u.test(text) ? { family: singular(text), factor: 1 } : undefined);
}

/** "1M tokens", "1,000 requests", "month": what stands below the line of a quotient. */
function scaledUnit(text: string): Unit | undefined {
  const { count = "1", rest = "" } = /^(?<count>\d[\d,]*)? ?(?<rest>.*)$/u.exec(text)?.groups ?? {};
  const { scale = "", unit = "" } = /^(?:(?<scale>[kKMB]|thousand|million|billion) )?(?<unit>.*)$/u.exec(rest)?.groups ?? {};
  const found = findUnit(unit);
  return found && { family: found.family, factor: found.factor * (Number(count.replaceAll(",", "")) || 1) * (SCALES[scale] ?? 1) };
}

const singular = (word: string) => word.toLowerCase().replace(/(?<=[^s])s$/u, "");

/** The units of a family, by the names that messages use. */
export function unitsOf(family: string): { name: string; factor: number }[] {
  return (FAMILIES[family] ?? []).map(([factor, name]) => ({ name, factor }));
}

/** A number as a student wrote it, in units of `unit`; `bare` where no unit stood beside it. */
export type Quantity = { ok: true; value: number; bare: boolean } | { ok: false; problem: string };

const NUMBER = /^(?<sign>[-+−–]?)(?<dollar>\$?) ?(?<inner>[-−]?)(?<digits>\d[\d,_]*(?:\.\d*)?|\.\d+)(?<power>[eE][-+]?\d+)?(?<rest>.*)$/u;

/**
 * Reads "12.5 GiB", "$0.49", "3 min", "85 %", "1.4 trillion tokens" or a bare number.
 *
 * @param name the unit that the answer is wanted in
 */
export function readQuantity(text: string, name: string): Quantity {
  const wanted = findUnit(name) ?? { family: "", factor: 1 };
  const fail = (problem: string): Quantity => ({ ok: false, problem });
  const found = NUMBER.exec(text.trim().replace(/^(?:about|approximately|roughly|~|≈|=)\s*/iu, ""))?.groups;
  if (!found) return fail(`"${text.trim()}" begins with no number. Write it as ${example(name)}.`);
  const { sign = "", dollar = "", inner = "", digits = "", power = "", rest = "" } = found;
  if (digits.includes(",") && !/^\d{1,3}(?:,\d{3})+(?:\.\d*)?$/.test(digits)) return fail(`"${digits}" is no number as it is written here: a point before the decimals, commas only between thousands.`);
  const count = Number(digits.replace(/[,_]/gu, "") + power) * (/[-−–]/u.test(sign + inner) ? -1 : 1);
  let unit = rest.trim();
  let scale = 1;
  // "8B" is eight billion of anything but bytes. Nothing that is a letter may follow: the M of MB is no million.
  const { word = "", after = "" } = /^(?<word>[Tt]housand|[Mm]illion|[Bb]illion|[Tt]rillion|bn|tn|[kKMBbT])(?!\p{L})(?<after>.*)$/u.exec(unit)?.groups ?? {};
  const isBytes = /^b$/i.test(word) && ["bytes", "time", "share"].includes(wanted.family.split("/")[0] ?? "");
  if (word !== "" && !isBytes) {
    scale = SCALES[word] ?? SCALES[word.toLowerCase()] ?? 1;
    unit = after.trim();
  }
  if (dollar !== "") unit = /^(?:USD|dollars?|\$)?$/i.test(unit) ? "$" : `$ ${unit}`;
  if (unit === "") return { ok: true, value: count * scale, bare: true };
  const given = findUnit(unit);
  if (!given) return fail(AMBIGUOUS.test(unit) ? `${unit} may be bits or bytes: write ${unit.slice(0, -1)}bit or ${unit.slice(0, -1)}B.` : `"${unit}" is no unit that is known here; the answer is wanted ${asked(name)}.`);
  if (given.family !== wanted.family) return fail(`The answer is wanted ${asked(name)}; ${unit} measures something else.`);
  return { ok: true, value: (count * scale * given.factor) / wanted.factor, bare: false };
}

/** How an answer in this unit is written. */
export const example = (unit: string): string =>
  unit.startsWith("$") ? `"$12.50${unit.slice(1)}"` : unit === "share" ? '"0.125" or "12.5 %"' : `"12.5${unit === "" ? "" : ` ${unit}`}"`;

/** What is asked for, after "wanted". */
const asked = (unit: string): string => (unit === "" ? "as a plain number" : unit === "share" ? "as a share, from 0 to 1" : `in ${unit}`);
