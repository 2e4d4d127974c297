/** Compares the outputs of two runs of a notebook, less what no two runs share: times, paths, ports. */
import { textOf, type Cell, type Notebook, type Output } from "./notebook.ts";
import { ROOT } from "./paths.ts";

const VOLATILE: [RegExp, string][] = [
  [new RegExp(ROOT.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"), "g"), "<root>"],
  [/\.workbook\/runs?\/[\w.-]+/g, "<run>"],
  [/\/tmp\/[\w./-]+/g, "<tmp>"],
  [/\b(127\.0\.0\.1|localhost):\d+/g, "$1:<port>"],
  [/\b\d[\d,]*(\.\d+)?\s?(ms|µs|s|min|rows\/s|tokens\/s|MB\/s)\b/g, "<measured>"],
];

export function normalise(text: string): string {
  return VOLATILE.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** One line of text for every output, in order, the same for two runs that did the same. */
function describe(output: Output): string {
  switch (output.output_type) {
    case "stream":
      return `${output.name}: ${normalise(textOf(output.text))}`;
    case "error":
      return normalise(`error: ${output.ename}: ${output.evalue}`);
    default:
      return Object.entries(output.data ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([type, value]) => `${type}: ${normalise(typeof value === "object" && !Array.isArray(value) ? JSON.stringify(value) : textOf(value))}`)
        .join("\n");
  }
}

/** What kind of output it is, whatever it says: a stream by its name, what is displayed by its types. */
const kindOf = (output: Output): string =>
  output.output_type === "stream" ? `${output.name}` : output.output_type === "error" ? `error: ${output.ename}` : Object.keys(output.data ?? {}).sort().join(", ");

/** Text that is printed piece by piece can arrive as one stream or as several. */
const withoutRepeats = (kinds: string[]): string[] => kinds.filter((kind, at) => kind !== kinds[at - 1] || !["stdout", "stderr"].includes(kind));

/** Whether a run shows all that was stored, and nothing of another kind: a warning may stand beside a table that is measured. */
function showsAll(stored: readonly string[], rerun: readonly string[]): boolean {
  const count = (kinds: readonly string[], kind: string) => kinds.filter((one) => one === kind).length;
  return stored.every((kind) => count(rerun, kind) >= count(stored, kind)) && rerun.every((kind) => stored.includes(kind));
}

/**
 * The cells whose outputs differ between a stored notebook and a new run, each with both texts. Of a cell that is tagged
 * `measured`, only the kinds of its outputs are compared, and one kind may be there more often.
 */
export function differences(stored: Notebook, rerun: Notebook): { cell: number; stored: string; rerun: string }[] {
  return differingCells(Array.from({ length: Math.max(stored.cells.length, rerun.cells.length) }, (_, at) => [stored.cells[at], rerun.cells[at]]));
}

/** The same of a student's stored notebook and a run of the instructor's: of the cells that both have, which are all but the stubs. */
export function differencesOfShared(stored: Notebook, instructor: Notebook): { cell: number; stored: string; rerun: string }[] {
  const bySource = new Map(instructor.cells.map((cell) => [textOf(cell.source), cell]));
  return differingCells(stored.cells.map((cell) => [cell, (cell.cell_type === "code" ? bySource.get(textOf(cell.source)) : undefined) ?? cell]));
}

function differingCells(pairs: readonly (readonly [Cell | undefined, Cell | undefined])[]): { cell: number; stored: string; rerun: string }[] {
  return pairs.flatMap(([before, after], cell) => {
    const measured = [before, after].every((one) => one?.metadata.tags?.includes("measured"));
    const [stored, rerun] = [before, after].map((one) => (measured ? withoutRepeats((one?.outputs ?? []).map(kindOf)) : (one?.outputs ?? []).map(describe))) as [string[], string[]];
    const same = measured ? showsAll(stored, rerun) : stored.join("\n") === rerun.join("\n");
    return same ? [] : [{ cell, stored: stored.join("\n"), rerun: rerun.join("\n") }];
  });
}

/** An output as a terminal can show it: its text, or a line that names what a browser would draw. */
export function plainText(output: Output): string {
  if (output.output_type === "stream") return textOf(output.text);
  if (output.output_type === "error") return `${output.ename}: ${output.evalue}\n${output.traceback?.join("\n") ?? ""}`;
  const text = textOf(output.data?.["text/plain"]);
  return text || `[${Object.keys(output.data ?? {}).join(", ")}]`;
}
