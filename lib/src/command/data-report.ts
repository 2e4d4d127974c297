import type { Command } from "commander";
import { reportMarkdown } from "../data/report/index.js";
import { readReport } from "../data/report/read.js";
import { EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { collectMap } from "./format-option.js";
import { Reporter } from "./output.js";

interface ReportCommandOptions {
  map?: Record<string, string>;
  stratify?: string;
  json?: boolean;
}

/** Adds `llmops data report PATH`. */
export function registerDataReport(data: Command): void {
  data
    .command("report")
    .description("print the report of a built dataset, or make one of a file of rows without writing anything")
    .argument("<path>", "a dataset's folder, or a JSONL, JSON, CSV or TSV file")
    .option("--stratify <field>", "of a file: a field whose values are counted")
    .option("--map <field=column>", "of a file: a column that stands for a field (repeatable)", collectMap)
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((path: string, options: ReportCommandOptions) => report(path, options));
}

async function report(path: string, options: ReportCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  const made = await interruptible((signal) => readReport(path, {
    signal,
    ...(options.map ? { map: options.map } : {}),
    ...(options.stratify === undefined ? {} : { stratify: options.stratify }),
  }));
  await reporter.result(made, () => reportMarkdown(made, () => undefined).trimEnd());
  process.exitCode = EXIT.ok;
}
