import { Option, type Command } from "commander";
import { FORMATS, type Format } from "../data/example.js";
import { RULES, validateFile, type RowFault, type Rules, type Validation } from "../data/validate.js";
import { EXIT, EXIT_HELP, describeFailure, interruptible, reportFailure } from "./failure.js";
import { collectMap, formatOption, wholeNumber } from "./format-option.js";
import { Reporter, count, counted, textTable } from "./output.js";

interface ValidateCommandOptions {
  format?: Format;
  map?: Record<string, string>;
  for?: Rules;
  limit: number;
  json?: boolean;
}

/** Adds `llmops data validate FILE…`. */
export function registerDataValidate(data: Command): void {
  data
    .command("validate")
    .description("check every row of files of examples, and name each bad row by line and reason")
    .argument("<file...>", "JSONL, JSON, CSV or TSV files, gzip or not, and Parquet")
    .addOption(formatOption("--format <format>", `the format of the rows: ${FORMATS.join(", ")} (default: what the first rows look like)`))
    .option("--map <field=column>", "a column that stands for a field, e.g. --map instruction=question (repeatable)", collectMap)
    .addOption(new Option("--for <service>", "also check what a service's fine-tuning asks for").choices(RULES))
    .option("--limit <rows>", "bad rows to print for each file; 0 prints all (--json always lists all)", wholeNumber, 100)
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((files: string[], options: ValidateCommandOptions) => validate(files, options));
}

async function validate(files: readonly string[], options: ValidateCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  let exitCode: number = EXIT.ok;
  await interruptible(async (signal) => {
    for (const [at, path] of files.entries()) {
      exitCode = Math.max(exitCode, await validateOne(path, at, options, reporter, signal));
      if (signal.aborted) break;
    }
  });
  if (reporter.json) await reporter.print(`],"ok":${exitCode === EXIT.ok},"exitCode":${exitCode}}`);
  process.exitCode = exitCode;
}

/** Checks one file and returns its exit status; a file that cannot be read does not stop the others. */
async function validateOne(path: string, at: number, options: ValidateCommandOptions, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const limit = options.limit === 0 ? Infinity : options.limit;
  let progress: ReturnType<Reporter["progress"]> | undefined;
  // Faults are printed as they are found: a file of a million bad rows needs no memory for them.
  let shown = 0, hidden = 0;
  const onFault = async (fault: RowFault): Promise<void> => {
    if (reporter.json) {
      await reporter.print(`${shown === 0 ? openDocument(at, path) : ","}\n    ${JSON.stringify(fault)}`);
      shown++;
    } else if (fault.code === "unknown-format") {
      return; // the same sentence for every row: the summary says it once
    } else if (shown < limit) {
      reporter.stopBars();
      await reporter.print(`${path}:${fault.line}: ${fault.code}: ${fault.reason}`);
      shown++;
    } else hidden++;
  };
  try {
    const result = await validateFile(path, {
      signal,
      keep: 0,
      onFault,
      onProgress: (bytes, size) => (progress ??= reporter.progress(`checking ${path}`, size ?? 0, "bytes")).update(bytes),
      ...(options.format ? { format: options.format } : {}),
      ...(options.map ? { map: options.map } : {}),
      ...(options.for ? { rules: options.for } : {}),
    });
    progress?.stop();
    if (reporter.json) await reporter.print(`${shown === 0 ? openDocument(at, path) : ""}${closeFile(result)}`);
    else await reporter.print(humanSummary(result, hidden));
    return isGood(result) ? EXIT.ok : EXIT.rejected;
  } catch (error) {
    progress?.stop();
    if (reporter.json) await reporter.print(`${shown === 0 ? openDocument(at, path) : ""}],"error":${JSON.stringify(describeFailure(error))}}`);
    return reportFailure(error, false);
  }
}

function isGood(result: Validation): boolean {
  return result.rows > 0 && result.invalid === 0 && result.fileFaults.length === 0;
}

// The document is written piece by piece: {"files":[{"path":…,"faults":[…],…},…],"ok":…}
function openDocument(at: number, path: string): string {
  return `${at === 0 ? '{"files":[' : ","}{"path":${JSON.stringify(path)},"faults":[`;
}

function closeFile({ layout, unit, format, detected, rows, valid, invalid, byCode, fileFaults }: Validation): string {
  const summary = JSON.stringify({ layout, unit, format: format ?? null, detected: detected ?? null, rows, valid, invalid, byCode, fileFaults });
  return `],${summary.slice(1)}`;
}

function humanSummary(result: Validation, hidden: number): string {
  const { path, detected, rows, valid, invalid, byCode, fileFaults } = result;
  const lines: string[] = [];
  if (hidden > 0) lines.push(`${path}: and ${counted(hidden, "more bad row")}; --limit 0 prints all`);
  if (rows === 0) lines.push(`${path}: holds no rows; is it the right file?`);
  else if (result.format === undefined && detected && !detected.ok) lines.push(`${path}: ${detected.message}`);
  else {
    const sure = detected?.ok ? ` (${Math.round(detected.confidence * 100)}% of the first rows)` : "";
    lines.push(`${path}: ${result.format ?? "unknown"}${sure}, ${counted(rows, "row")}: ${count(valid)} valid, ${count(invalid)} invalid`);
  }
  for (const fault of fileFaults) lines.push(`${path} ${fault}`);
  if (invalid > 0) lines.push("", textTable(["why", "rows"], Object.entries(byCode)), "");
  return lines.join("\n");
}
