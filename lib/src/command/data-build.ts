import { InvalidArgumentError, Option, type Command } from "commander";
import { SCOPES, type Scope } from "../data/clean/index.js";
import { DEFAULT_PII_KINDS, parsePiiKinds, PII_ACTIONS, PII_KINDS, planPii, type PiiPlan } from "../data/pii/index.js";
import { buildDataset, type BuildOptions, type BuildProgress, type BuildResult, type PiiMode } from "../data/build/index.js";
import { FORMATS, type Format } from "../data/example.js";
import { rulesNamed, RULES, type Rule } from "../data/quality/index.js";
import type { SplitSize } from "../data/split/index.js";
import { ENCODINGS, type Encoding } from "../data/tokens/index.js";
import type { createPairWriter, Teacher, TeacherError } from "../teacher/index.js";
import { CommandError, EXIT, EXIT_HELP, interruptible, isAbort } from "./failure.js";
import { checkLayout, collectMap, formatOption, layoutOption, outputPath } from "./format-option.js";
import { count, counted, droppedText, Reporter, textTable, type Progress } from "./output.js";

interface BuildCommandOptions {
  out: string;
  name?: string;
  format?: Format;
  layout?: string;
  from?: Format;
  map?: Record<string, string>;
  split?: SplitSize;
  splitNames?: string[];
  seed: number;
  threshold: number;
  leakThreshold: number;
  scope: Scope;
  keep: "first" | "longest";
  minTokens: number;
  maxTokens?: number;
  encoding?: Encoding;
  tokenizer?: string;
  workers?: number;
  stratify?: string;
  pii: PiiMode;
  rules?: Rule[];
  against?: string[];
  ngram?: number;
  overlap?: number;
  piiKinds?: string;
  fuzzy: boolean;
  teacher: boolean;
  budget: number;
  lineage?: boolean;
  force?: boolean;
  strict?: boolean;
  json?: boolean;
}

const SPLIT_NAMES = ["train", "val", "test"];

/** Failures of one chunk; any other failure of the teacher would meet every chunk. */
const CHUNK_FAULTS = new Set(["refusal", "invalid-json", "schema-mismatch", "truncated", "context-too-long"]);

/** Adds `llmops data build PATH… --out DIR`. */
export function registerDataBuild(data: Command): void {
  data
    .command("build")
    .description("make a dataset of files and folders: clean, deduplicate, mask personal data, split, report")
    .argument("<path...>", "files and folders: JSONL, JSON, CSV, TSV (also .gz), Parquet, and Markdown, HTML or text for the teacher")
    .requiredOption("--out <dir>", "the folder to make; an earlier build in it is replaced in one step", outputPath)
    .option("--name <name>", "begins the names of the splits' files: task_api makes task_api_train.jsonl")
    .addOption(formatOption("--format <format>", `the format to write: ${FORMATS.join(", ")} (default: that of the input; messages if it has several)`))
    .addOption(layoutOption())
    .addOption(formatOption("--from <format>", "the format to read (default: each row by its own fields)"))
    .option("--map <field=column>", "a column that stands for a field, e.g. --map instruction=question (repeatable)", collectMap)
    .option("--split <sizes>", "fractions (0.8,0.1,0.1) or exact counts (400,50,50)", parseSplit, { fractions: [0.8, 0.1, 0.1] })
    .option("--split-names <names>", "names of the splits (default: train,val,test)", (text: string) => text.split(",").map((name) => name.trim()))
    .option("--seed <number>", "another seed, another split", wholeNumber, 1)
    .option("--threshold <similarity>", "Jaccard similarity from which rows are near-duplicates", similarity, 0.8)
    .option("--leak-threshold <similarity>", "similarity from which rows may not stand in different splits", similarity, 0.7)
    .addOption(new Option("--scope <part>", "the part of a row that is compared").choices(SCOPES).default("conversation"))
    .addOption(new Option("--keep <row>", "which of several near-duplicates stays").choices(["first", "longest"]).default("first"))
    .option("--no-fuzzy", "keep near-duplicates")
    .option("--min-tokens <number>", "shortest row", wholeNumber, 1)
    .option("--max-tokens <number>", "longest row (default: none)", wholeNumber)
    .addOption(new Option("--encoding <name>", "the tokens that are counted (default: o200k_base)").choices(ENCODINGS))
    .addOption(new Option("--tokenizer <folder>", "count as the tokenizer.json in this folder does, with its chat template").conflicts("encoding"))
    .option("--stratify <field>", "a field whose values are spread over the splits in proportion")
    .addOption(new Option("--pii <mode>", "what to do with personal data and secrets").choices(PII_ACTIONS).default("mask"))
    .option("--pii-kinds <kinds>", `kinds to look for, each with an action of its own if wanted: email,phone,ssn=drop, or all (default: ${DEFAULT_PII_KINDS.join(",")}; also ${PII_KINDS.filter((kind) => !DEFAULT_PII_KINDS.includes(kind)).join(",")})`)
    .option("--rules <names>", `rules a row must pass: default for all, or some of ${Object.keys(RULES).join(",")} (default: none)`, parseRules)
    .option("--against <file>", "a file of test rows: rows that hold one of them are rejected (repeatable)", (path: string, paths: string[] = []) => [...paths, path])
    .option("--ngram <words>", "words in the runs that rows are held against test rows by (default: 8)", wholeNumber)
    .option("--overlap <share>", "share of a test row's runs that a row may not hold (default: 0.7)", similarity)
    .option("--no-teacher", "do not ask a teacher for pairs of documents")
    .option("--budget <dollars>", "what the teacher may cost", dollars, 1)
    .option("--workers <number>", "threads beside the main one; 0 for none (default: one for each 32 MiB of sources, at most one per core but one)", wholeNumber)
    .option("--lineage", "write lineage.jsonl: for every row its source, its line there and what changed it")
    .option("--force", "replace files of an earlier build even if they were changed since")
    .option("--strict", "exit with 1 if a row was rejected or a file not read")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((paths: string[], options: BuildCommandOptions) => build(paths, options));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 0.");
  return Number(text);
}

function parseRules(text: string): Rule[] {
  try {
    return rulesNamed(text.split(",").map((name) => name.trim()));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function similarity(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1)) throw new InvalidArgumentError("It must be over 0 and at most 1.");
  return value;
}

function dollars(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be an amount in dollars, such as 0.15.");
  return value;
}

/** Fractions have a point in them or sum to at most 1; anything else are counts. */
function parseSplit(text: string): SplitSize {
  const parts = text.split(",").map((part) => part.trim());
  const sizes = parts.map(Number);
  if (parts.some((part) => !/^\d*\.?\d+$/.test(part)) || sizes.every((size) => size === 0)) {
    throw new InvalidArgumentError("Write fractions such as 0.8,0.1,0.1 or counts such as 400,50,50.");
  }
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (!parts.some((part) => part.includes(".")) && sum > 1) return { counts: sizes };
  if (sum > 1 + 1e-9) throw new InvalidArgumentError(`The fractions sum to ${+sum.toFixed(6)}; they may sum to at most 1.`);
  return { fractions: sizes };
}

async function build(paths: readonly string[], options: BuildCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  const teacher = new LazyTeacher(options.budget, (line) => reporter.note(line));
  try {
    const result = await interruptible((signal) => buildDataset(buildOptions(paths, options, teacher, reporter, signal)));
    reporter.stopBars();
    if (result.resumed) reporter.note("An earlier build of the same sources and settings had been cut short; this one went on from there.");
    const { report, manifest, out, resumed, stageMs } = result;
    const unread = report.skipped.length > 0 || report.sources.some(({ note }) => note !== undefined);
    const lost = report.sources.some((source) => source.unread !== undefined);
    process.exitCode = lost || (options.strict && (report.rows.rejected > 0 || unread)) ? EXIT.rejected : EXIT.ok;
    await reporter.result({ ok: process.exitCode === EXIT.ok, out, resumed, files: manifest.files, report, stageMs, teacher: teacher.cost }, () => summary(result, teacher.cost));
  } catch (error) {
    if (isTeacherError(error) && error.kind === "budget") {
      throw new CommandError(`${error.message} Started again with a larger --budget, the build goes on from where it stopped.`, EXIT.budget, { cause: error });
    }
    if (isAbort(error)) reporter.note("What is done is kept beside the output: the same command goes on from there.");
    throw error;
  } finally {
    reporter.stopBars();
    await teacher.close();
  }
}

function buildOptions(
  paths: readonly string[], options: BuildCommandOptions, teacher: LazyTeacher, reporter: Reporter, signal: AbortSignal,
): BuildOptions {
  const plan = piiPlan(options);
  const salt = process.env["LLMOPS_PII_SALT"];
  const { out, seed, threshold, leakThreshold, scope, keep, minTokens, pii, fuzzy } = options;
  if (options.layout !== undefined) {
    if (!options.format) throw new CommandError("--layout needs --format: which layouts there are depends on it");
    checkLayout(options.format, options.layout);
  }
  const split = options.split ?? { fractions: [0.8, 0.1, 0.1] };
  const sizes = "counts" in split ? split.counts : split.fractions;
  if (!options.splitNames && sizes.length > SPLIT_NAMES.length) {
    throw new CommandError(`--split has ${sizes.length} sizes and there are three names, ${SPLIT_NAMES.join(", ")}: name them with --split-names`);
  }
  return {
    sources: paths, out, split, seed, threshold, leakThreshold, scope, keep, minTokens, pii, fuzzy, signal,
    splitNames: options.splitNames ?? SPLIT_NAMES.slice(0, sizes.length),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.format ? { format: options.format } : {}),
    ...(options.layout === undefined ? {} : { layout: options.layout }),
    ...(options.from ? { from: options.from } : {}),
    ...(options.map ? { map: options.map } : {}),
    ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    ...(options.encoding ? { encoding: options.encoding } : {}),
    ...(options.tokenizer === undefined ? {} : { tokenizer: { folder: options.tokenizer } }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    ...(options.stratify === undefined ? {} : { stratify: options.stratify }),
    ...(options.rules ? { rules: options.rules } : {}),
    ...(options.against ? { against: options.against } : {}),
    ...(options.ngram === undefined && options.overlap === undefined ? {} : { contamination: {
      ...(options.ngram === undefined ? {} : { ngram: options.ngram }), ...(options.overlap === undefined ? {} : { threshold: options.overlap }),
    } }),
    ...(options.piiKinds === undefined ? {} : { piiKinds: plan }),
    ...(salt && Object.values(plan).includes("hash") ? { piiSalt: salt } : {}),
    ...(options.lineage ? { lineage: true } : {}),
    ...(options.force ? { force: true } : {}),
    ...(options.teacher ? {
      pairWriter: (chunk, { signal: stop }) => teacher.write(chunk, stop),
      pairWriterName: "teacher",
      chunkFault: (error) => isTeacherError(error) && CHUNK_FAULTS.has(error.kind)
        ? { code: `teacher-${error.kind}`, reason: error.message } : undefined,
    } : {}),
    onProgress: new StageBars(reporter).update,
  };
}

/** By its name: the class itself is loaded with the teacher, and only a build of documents has one. */
function isTeacherError(error: unknown): error is TeacherError {
  return error instanceof Error && (error.name === "TeacherError" || error.name === "BudgetExceeded");
}

function piiPlan({ pii, piiKinds }: BuildCommandOptions): PiiPlan {
  try {
    return piiKinds === undefined ? planPii(pii) : parsePiiKinds(piiKinds, pii);
  } catch (error) {
    throw new CommandError(`--pii-kinds: ${(error as Error).message}`, EXIT.usage, { cause: error });
  }
}

/** A teacher that is opened when the first document asks for it. */
class LazyTeacher {
  readonly #budget: number;
  readonly #note: (line: string) => void;
  #teacher: Promise<Teacher> | undefined;
  #opened: Teacher | undefined;

  constructor(budget: number, note: (line: string) => void) {
    this.#budget = budget;
    this.#note = note;
  }

  async write(chunk: Parameters<ReturnType<typeof createPairWriter>>[0], signal: AbortSignal | undefined) {
    // Loaded when a document asks for it: the teacher takes longer to load than a small build takes.
    const { createPairWriter, openTeacher } = await import("../teacher/index.js");
    this.#teacher ??= openTeacher({ budgetUsd: this.#budget, warn: this.#note }).then((teacher) => {
      this.#note(teacher.door.says);
      this.#opened = teacher;
      return teacher;
    });
    return createPairWriter(await this.#teacher, signal ? { signal } : {})(chunk);
  }

  /** Dollars spent; undefined when no teacher was asked. */
  get cost(): number | undefined {
    return this.#opened?.meter.spent;
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }
}

const STAGE_LABELS: Record<BuildProgress["stage"], string> = {
  hash: "hashing", read: "reading", compare: "comparing", clean: "cleaning", split: "splitting", write: "writing",
};

/** One progress bar a stage. */
class StageBars {
  readonly #reporter: Reporter;
  #stage: BuildProgress["stage"] | undefined;
  #bar: Progress | undefined;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  readonly update = ({ stage, done, total, unit }: BuildProgress): void => {
    if (stage !== this.#stage) {
      this.#bar?.stop();
      this.#stage = stage;
      this.#bar = this.#reporter.progress(STAGE_LABELS[stage].padEnd(9), total, unit);
    }
    this.#bar?.update(done);
  };
}

function summary({ out, report }: BuildResult, cost: number | undefined): string {
  const { rows, split, rejections, skipped, sources } = report;
  const lines = [
    `${out}: ${counted(rows.in, "row")} in, ${count(rows.out)} out, ${count(rows.rejected)} rejected; format ${report.format}`,
    "",
    textTable(["split", "file", "rows"], split.names.map((name, at) => [name, split.files[at] ?? "", split.rows[at] ?? 0])),
  ];
  if (rejections.length > 0) {
    lines.push("", textTable(["step", "why", "rows"], rejections.map(({ step, code, rows: left }) => [step, code, left])));
  }
  const unread = [...skipped, ...sources.flatMap(({ name, note }) => (note === undefined ? [] : [{ name, reason: note }]))];
  if (unread.length > 0) {
    lines.push("", "Not read:", ...unread.slice(0, 20).map(({ name, reason }) => `  ${reason.startsWith(name) ? reason : `${name} ${reason}`}`));
    if (unread.length > 20) lines.push(`  … and ${count(unread.length - 20)} more`);
  }
  if (report.droppedFields) lines.push("", droppedText(report.droppedFields, report.format));
  if (split.inexact) lines.push("", "A group of near-duplicates was too large for its split: the totals are not exactly those asked for.");
  for (const { name, readAs } of sources) if (readAs !== undefined) lines.push("", `${name} was read as ${readAs}.`);
  const damaged = sources.filter((source) => source.unread !== undefined);
  if (damaged.length > 0) {
    lines.push("", `Rows may be missing: ${damaged.map(({ name, unread: part }) => `${name} could not be read${part === "rest" ? " to the end" : ""}`).join(", ")}. The dataset holds what could be read; the exit status is 1.`);
  }
  if (cost !== undefined) lines.push("", `The teacher cost $${cost.toFixed(4)}.`);
  lines.push("", `Report: ${out}/data_report.md; rejected rows with their reasons: ${out}/rejected.jsonl`);
  return lines.join("\n");
}
