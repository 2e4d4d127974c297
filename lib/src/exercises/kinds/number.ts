/** Answers that are a number with a unit. */
import type { Misconception } from "../../course/check.js";
import { kindOf, notBlank, type Checks, type OwnMisconceptions } from "./answer.js";
import { example, findUnit, readQuantity, unitsOf } from "./units.js";

/** A number in the unit that is asked for, or text such as "12.5 GiB", "$0.49", "3 min", "85 %" in any unit that converts to it. */
export type NumberAnswer = number | string;

/** How far from the value an answer may be: a share of the value, or an amount in its unit. */
export type Tolerance = { relative: number } | { absolute: number };

export interface NumberSpec extends OwnMisconceptions<NumberAnswer> {
  /** In `unit`. A function is called when the first answer is judged, and once. */
  value: number | (() => number | Promise<number>);
  /** "GiB", "$", "min", "%", "$/month", "tokens"; "" for a plain number. */
  unit: string;
  tolerance: Tolerance;
  /** What the number is, for messages: "The peak". Default "The answer". */
  what?: string;
  /** Whether an answer with the wrong sign gets its own words. Default: a bare amount of bytes or time does not. */
  signed?: boolean;
}

/**
 * An answer that is a number. Text may carry any unit of the same family and is converted, GB and GiB told apart. A
 * mistake in the unit is known by its factor: the right number in a neighbouring unit, a thousand times too much or too
 * little, a percentage given as a share, a wrong sign.
 *
 * @throws RangeError for a tolerance that is not positive, or a unit that cannot be read
 */
export function numberAnswer(spec: NumberSpec): Checks<NumberAnswer> {
  const { unit, tolerance, what = "The answer" } = spec;
  const known = findUnit(unit);
  const width = "relative" in tolerance ? tolerance.relative : tolerance.absolute;
  if (!(width > 0)) throw new RangeError(`tolerance: ${width} lets no answer through; give a positive number`);
  if (!known && unit !== "") throw new RangeError(`unit: "${unit}" cannot be read; write for example GiB, $, min, %, tokens`);
  let looked: Promise<number> | undefined;
  const wanted = (): Promise<number> => (looked ??= Promise.resolve(typeof spec.value === "function" ? spec.value() : spec.value));
  const near = (given: number, value: number) => Math.abs(given - value) <= ("relative" in tolerance ? tolerance.relative * Math.abs(value) : tolerance.absolute) * (1 + 1e-12);
  /** The answer is the right number times one of these factors. */
  const times = (...factors: number[]) => async (answer: NumberAnswer): Promise<boolean> => {
    const given = valueOf(answer, unit);
    const value = await wanted();
    return typeof given === "number" && value !== 0 && factors.some((factor) => near(given / factor, value));
  };
  return {
    kind: "number",
    fault: async (answer) => {
      if (typeof answer === "string") notBlank(answer);
      const given = valueOf(answer, unit);
      if (typeof given === "string") return given;
      const value = await wanted();
      if (near(given, value)) return undefined;
      const far = Math.abs(given - value) > Math.abs(value) ? "far " : "";
      return `${what} is not ${say(given, unit)}: that is ${far}too ${given < value ? "low" : "high"}.`;
    },
    misconceptions: [...(spec.misconceptions ?? []), ...mistakesOf(spec, times)],
  };
}

/** The number in `unit`, or what is wrong with the answer. */
function valueOf(answer: unknown, unit: string): number | string {
  if (typeof answer === "number") return Number.isFinite(answer) ? answer : `${answer} is no number one can work with; somewhere before, something was divided by 0 or was undefined.`;
  if (typeof answer !== "string") return `Give a number, or text such as ${example(unit)}; this is ${kindOf(answer)}.`;
  const read = readQuantity(answer, unit);
  return read.ok ? read.value : read.problem;
}

function say(value: number, unit: string): string {
  const digits = Math.abs(value) >= 1e15 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(3) : value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
  return unit.startsWith("$") ? `$${digits}${unit.slice(1)}` : `${digits}${unit === "" ? "" : ` ${unit}`}`;
}

/** Units that students take for each other, each with the ones it is taken for. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  ms: ["s"], s: ["ms", "min"], min: ["s", "h"], h: ["min", "s"], days: ["h", "weeks", "months"], weeks: ["days"], months: ["days", "years"], years: ["months"],
  $: ["cents"], cents: ["$"],
};

/** The name that messages use for a unit: "days" for "d". */
function nameOf(unit: string): string | undefined {
  const known = findUnit(unit);
  return known && unitsOf(known.family).find(({ factor }) => factor === known.factor)?.name;
}

function mistakesOf({ unit, tolerance, signed, what = "The answer" }: NumberSpec, times: (...factors: number[]) => (answer: NumberAnswer) => Promise<boolean>): Misconception<NumberAnswer>[] {
  const known = findUnit(unit);
  const mistakes: Misconception<NumberAnswer>[] = [];
  // A factor within the tolerance is a right answer: GB for GiB where ten per cent are let through.
  const reachable = (factor: number) => !("relative" in tolerance) || Math.abs(factor - 1) > tolerance.relative;
  const add = (name: string, factors: number[], message: string) => {
    const far = factors.filter(reachable);
    if (far.length > 0) mistakes.push({ name, matches: times(...far), message });
  };
  const own = nameOf(unit);
  if (known?.family === "bytes") {
    const [, prefix = "", binary = "", last = ""] = /^([kMGTK]?)(i?)(B|bit)$/.exec(own ?? "") ?? [];
    const power = "kMGT".indexOf(prefix === "K" ? "k" : prefix) + 1;
    if (last === "B" && power > 0) {
      const other = binary ? `${prefix === "K" ? "k" : prefix}B` : `${prefix === "k" ? "K" : prefix}iB`;
      const ratio = binary ? 1.024 ** power : 1.024 ** -power;
      add(`in ${other}`, [ratio], `That is the number of ${other}, and ${unit} is asked for. A ${binary ? unit : other} is ${(1.024 ** power).toFixed(3)} of a ${binary ? other : unit}: Gi counts in powers of 1,024, G in powers of 1,000, and program and price list seldom use the same.`);
    }
    add("bits for bytes", [8, 1 / 8], "That is eight times off: bits on one side, bytes on the other. A byte has eight bits.");
  }
  if (known?.family === "share") {
    if (known.factor === 1) add("percent", [100], "That is the number of per cent. Asked for is the share itself, from 0 to 1.");
    else add("a share", [1 / 100], 'That is the share, from 0 to 1. Asked for is the number of per cent: multiply by 100, or write "85 %" with its sign.');
  }
  const [top = "", bottom] = unit.split("/");
  const names = bottom === undefined ? NEIGHBOURS[own ?? ""] : NEIGHBOURS[nameOf(bottom) ?? ""]?.map((other) => `${top}/${other}`);
  for (const other of names ?? []) {
    const factor = findUnit(other)?.factor;
    if (known && factor) add(`in ${other}`, [known.factor / factor], `That is the right number in ${other}. Asked for is ${unit === "$" ? "a number of dollars" : unit}; write the unit beside the number, and it is converted for you.`);
  }
  add("a thousand times", known?.family === "bytes" ? [1000, 1 / 1000, 1024, 1 / 1024, 1e6, 1e-6, 2 ** 20, 2 ** -20] : [1000, 1 / 1000, 1e6, 1e-6], `${what} has the right digits and the wrong size: a factor of a thousand, or of a million, is lost. Follow the units through each step: kilo, mega, giga; per thousand, per million.`);
  if (signed ?? !["bytes", "time"].includes(known?.family ?? "")) {
    mistakes.push({ name: "sign", matches: times(-1), message: "The size is right, the sign is not: you subtracted the other way round. Ask which of the two should be larger." });
  }
  return mistakes;
}
