import { existsSync, promises as fs } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { traceRow, type RowTrace } from "../data/versions/index.js";
import { findWorkbookHome } from "../course/workbook.js";
import { CommandError, EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { Reporter, textTable } from "./output.js";

interface LineageCommandOptions {
  sources?: string[];
  store?: string;
  cache?: string;
  json?: boolean;
}

/** What a stored answer of the teacher says of itself; `key` is the SHA-256 of the request. */
const Answer = z.object({ key: z.string(), responseId: z.string(), model: z.string() });

/** The stored answer that a generated row came in. */
interface TeacherAnswer {
  /** SHA-256 of the request: its address, model, messages, schema and parameters. */
  request: string;
  model: string;
  path: string;
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
    .option("--cache <dir>", "where the teacher's answers are kept (default: cache/teacher in the workbook's home)")
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
  const answer = trace.generated && await findAnswer(options.cache ?? join(findWorkbookHome(), "cache", "teacher"), trace.generated.response);
  await reporter.result({ ok: true, ...trace, ...(answer ? { answer } : {}) }, () => humanTrace(trace, answer));
  process.exitCode = EXIT.ok;
}

/** Looks through the stored answers: each knows its response, and is named by its request. */
async function findAnswer(cache: string, response: string): Promise<TeacherAnswer | undefined> {
  if (!existsSync(cache)) return undefined;
  for (const name of await fs.readdir(cache, { recursive: true })) {
    if (!name.endsWith(".json")) continue;
    const path = join(cache, name);
    const text = await fs.readFile(path, "utf8").catch(() => "");
    if (!text.includes(response)) continue;
    let parsed;
    try {
      parsed = Answer.safeParse(JSON.parse(text));
    } catch {
      continue; // a damaged entry; the teacher writes it anew
    }
    if (parsed.success && parsed.data.responseId === response) return { request: parsed.data.key, model: parsed.data.model, path };
  }
  return undefined;
}

const STATES: Record<RowTrace["state"], string> = {
  "as-built": "as the build wrote it", moved: "moved since the build, known by its content", changed: "changed since the build, in its place",
};

function humanTrace({ split, line, row, state, source, steps, build, generated }: RowTrace, answer: TeacherAnswer | undefined): string {
  const short = (text: string): string => (text.length > 400 ? `${text.slice(0, 400)}…` : text);
  const there = source.state === "there" ? (source.path ?? "") : source.state === "gone" ? "not found (--sources names folders to look in)" : `${source.path} was changed since`;
  return [
    `${split}:${line}  ${STATES[state]}`,
    `  ${short(JSON.stringify(row))}`,
    "",
    `from ${source.name}:${source.line} (${source.kind}, sha256:${source.sha256.slice(0, 12)}): ${there}`,
    ...(source.raw === undefined ? [] : [`  ${short(source.raw)}`]),
    ...(generated ? ["", `generated: answer ${generated.index + 1} of the teacher's response ${generated.response}`,
      answer ? `  by ${answer.model}, asked with the request sha256:${answer.request.slice(0, 12)} (${answer.path})` : "  the answer is not in the teacher's cache (--cache names its folder)"] : []),
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
