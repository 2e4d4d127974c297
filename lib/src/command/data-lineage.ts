import type { Command } from "commander";
import { traceRow, type RowTrace } from "../data/versions/index.js";
import { CommandError, EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { Reporter, textTable } from "./output.js";

interface LineageCommandOptions {
  sources?: string[];
  store?: string;
  json?: boolean;
}

/** Adds `llmops data lineage DATASET SPLIT:LINE`. */
export function registerDataLineage(data: Command): void {
  data
    .command("lineage")
    .description("where a row came from: source, line, the steps with their settings, and the row as it was read")
    .argument("<dataset>", "a folder that llmops data build --lineage made, or a version of one such as ds://task-api@1.2.0")
    .argument("<row>", "split and line: train:17")
    .option("--sources <dir...>", "folders to look for the sources in")
    .option("--store <dir>", "where versions are kept (default: the nearest datasets/.versions)")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((dataset: string, row: string, options: LineageCommandOptions) => lineage(dataset, row, options));
}

async function lineage(dataset: string, row: string, options: LineageCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  const found = /^(.+):([1-9]\d*)$/.exec(row);
  if (!found) throw new CommandError(`"${row}" names no row: write split and line, e.g. train:17`);
  const trace = await interruptible((signal) => traceRow(dataset, found[1] as string, Number(found[2]), {
    signal, ...(options.sources ? { sources: options.sources } : {}), ...(options.store === undefined ? {} : { store: options.store }),
  }));
  await reporter.result({ ok: true, ...trace }, () => humanTrace(trace));
  process.exitCode = EXIT.ok;
}

const STATES: Record<RowTrace["state"], string> = {
  "as-built": "as the build wrote it", moved: "moved since the build, known by its content", changed: "changed since the build, in its place",
};

function humanTrace({ split, line, row, state, source, steps, build, generated }: RowTrace): string {
  const short = (text: string): string => (text.length > 400 ? `${text.slice(0, 400)}…` : text);
  const there = source.state === "there" ? (source.path ?? "") : source.state === "gone" ? "not found (--sources names folders to look in)" : `${source.path} was changed since`;
  return [
    `${split}:${line}  ${STATES[state]}`,
    `  ${short(JSON.stringify(row))}`,
    "",
    `from ${source.name}:${source.line} (${source.kind}, sha256:${source.sha256.slice(0, 12)}): ${there}`,
    ...(source.raw === undefined ? [] : [`  ${short(source.raw)}`]),
    ...(generated ? ["", `generated: answer ${generated.index + 1} of the teacher's response ${generated.response}`] : []),
    "",
    textTable(["step", "changed", "settings"], steps.map((step) => [
      step.step,
      step.changed ? Object.entries(step.changed).map(([what, times]) => `${times} × ${what}`).join(", ") : "",
      Object.entries(step.settings).map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", "),
    ])),
    "",
    `Built by llmops ${build.library}, seed ${build.seed}.`,
  ].join("\n");
}
