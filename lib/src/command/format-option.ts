import { InvalidArgumentError, Option } from "commander";
import { FORMATS, type Format } from "../data/example.js";
import { FIELDS } from "../data/formats/columns.js";
import { LAYOUTS } from "../data/formats/layouts.js";
import { CommandError } from "./failure.js";

/** An option whose value is the name of a format. */
export function formatOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value): Format => {
    const format = FORMATS.find((name) => name === value.toLowerCase());
    if (!format) throw new InvalidArgumentError(`It must be one of ${FORMATS.join(", ")}.`);
    return format;
  });
}

/** An option whose value is the name of a layout of the format that is written. */
export function layoutOption(): Option {
  const names = Object.entries(LAYOUTS).flatMap(([format, layouts]) => (Object.keys(layouts).length > 0 ? [`${format}: ${Object.keys(layouts).join(", ")}`] : []));
  return new Option("--layout <name>", `a spelling of the format other than its first (${names.join("; ")})`);
}

/** Refuses a layout that the format does not have. */
export function checkLayout(format: Format, layout: string | undefined): void {
  if (layout === undefined || Object.hasOwn(LAYOUTS[format], layout)) return;
  const names = Object.keys(LAYOUTS[format]);
  throw new CommandError(`--layout ${layout}: ${format} has ${names.length > 0 ? `the layouts ${names.join(", ")}` : "one layout only; leave the option out"}`);
}

const MAPPABLE = [...new Set(FORMATS.flatMap((format) => FIELDS[format]))];

/** Collects repeated `--map field=column`; also takes `field=column,field=column`. */
export function collectMap(value: string, before: Record<string, string> = {}): Record<string, string> {
  const map = { ...before };
  for (const pair of value.split(",")) {
    const at = pair.indexOf("=");
    if (at < 1 || at === pair.length - 1) throw new InvalidArgumentError("Write it as field=column, e.g. instruction=question.");
    const field = pair.slice(0, at).trim();
    if (!MAPPABLE.includes(field)) throw new InvalidArgumentError(`${JSON.stringify(field)} is no field of any format; the fields are ${MAPPABLE.join(", ")}.`);
    map[field] = pair.slice(at + 1).trim();
  }
  return map;
}

/** The path of an output. */
export function outputPath(value: string): string {
  // An empty path is the folder one stands in: not what an unset shell variable was to mean.
  if (value.trim() === "") throw new InvalidArgumentError("It is empty; name the output. Is a variable of the shell not set?");
  return value;
}

/** A whole number, zero or more. */
export function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("It must be a whole number, zero or more.");
  return Number(value);
}
