import type { Command } from "commander";
import { convertFile, type Conversion, type RejectedRow } from "../data/convert.js";
import { FORMATS, type Format } from "../data/example.js";
import { CommandError, EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { checkLayout, collectMap, formatOption, layoutOption, outputPath } from "./format-option.js";
import { Reporter, droppedText, count, counted, textTable } from "./output.js";

interface ConvertCommandOptions {
  to: Format;
  out: string;
  from?: Format;
  map?: Record<string, string>;
  layout?: string;
  extra: boolean;
  plain?: boolean;
  strict?: boolean;
  json?: boolean;
}

/** How many rejected rows are shown; all of them are in the file of rejected rows. */
const SHOWN = 10;

/** Adds `llmops data convert IN --to FORMAT --out OUT`. */
export function registerDataConvert(data: Command): void {
  data
    .command("convert")
    .description("convert a file of examples to another format; rows that cannot be converted go to OUT.rejected.jsonl")
    .argument("<in>", "a JSONL, JSON, CSV or TSV file, gzip or not, or Parquet")
    .addOption(formatOption("--to <format>", `the format to write: ${FORMATS.join(", ")}`).makeOptionMandatory())
    .requiredOption("--out <file>", "the file to write: Parquet if it ends in .parquet, else JSONL; gzip if it ends in .gz", outputPath)
    .addOption(formatOption("--from <format>", "the format of the rows (default: each row by its own fields)"))
    .option("--map <field=column>", "a column that stands for a field, e.g. --map instruction=question (repeatable)", collectMap)
    .addOption(layoutOption())
    .option("--no-extra", "leave out fields that the format does not define (with --plain)")
    .option("--plain", "write plain rows for a trainer, without the _llmops field that lets a row be converted back")
    .option("--strict", "exit with 1 if a row was rejected, not only if all were")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((input: string, options: ConvertCommandOptions) => convert(input, options));
}

async function convert(input: string, options: ConvertCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  checkLayout(options.to, options.layout);
  if (!options.extra && !options.plain) throw new CommandError("--no-extra needs --plain: a row without its extra fields would not come back");
  const shown: RejectedRow[] = [];
  const result = await interruptible(async (signal) => {
    let progress: ReturnType<Reporter["progress"]> | undefined;
    return convertFile(input, options.out, {
      to: options.to,
      signal,
      ...(options.from ? { from: options.from } : {}),
      ...(options.map ? { map: options.map } : {}),
      ...(options.layout ? { layout: options.layout } : {}),
      ...(options.extra ? {} : { extra: false }),
      ...(options.plain ? { plain: true } : {}),
      onRejected: (rejection) => { if (shown.length < SHOWN) shown.push(rejection); },
      onProgress: (bytes, size) => (progress ??= reporter.progress(`converting ${input}`, size ?? 0, "bytes")).update(bytes),
    }).finally(() => progress?.stop());
  });
  const failed = result.rejected > 0 && (options.strict === true || result.rowsOut === 0);
  process.exitCode = failed ? EXIT.rejected : EXIT.ok;
  await reporter.result({ ok: !failed, ...result, rejectedPath: result.rejectedPath ?? null }, () => humanSummary(result, shown));
}

function humanSummary(result: Conversion, shown: readonly RejectedRow[]): string {
  const { input, out, to, rowsIn, rowsOut, rejected, byFormat, byCode, droppedFields, rejectedPath } = result;
  const from = Object.entries(byFormat).map(([format, rows]) => `${count(rows)} from ${format}`).join(", ");
  const lines = [`${out}: ${counted(rowsOut, "row")} of ${to}${from ? ` (${from})` : ""}; ${counted(rowsIn, "row")} in, ${count(rejected)} rejected`];
  if (rowsIn > 0 && rowsOut === 0) lines.push("No row could be converted.");
  if (rowsIn === 0) lines.push(`${input} holds no rows; is it the right file?`);
  if (Object.keys(droppedFields).length > 0) lines.push(droppedText(droppedFields, to));
  if (rejectedPath !== undefined) {
    lines.push("", ...shown.map(({ line, code, reason }) => `${input}:${line}: ${code}: ${reason}`));
    if (rejected > shown.length) lines.push(`… and ${count(rejected - shown.length)} more`);
    lines.push("", textTable(["why", "rows"], Object.entries(byCode)), "", `Rejected rows, each with its line, reason and raw text: ${rejectedPath}`);
  }
  return lines.join("\n");
}
