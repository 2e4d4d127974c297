import { InvalidArgumentError, type Command } from "commander";
import { ENCODINGS, type Encoding } from "../data/tokens/index.js";
import { diffDatasets, type DatasetDiff, type RowPlace } from "../data/versions/index.js";
import { EXIT, EXIT_HELP, interruptible } from "./failure.js";
import { wholeNumber } from "./format-option.js";
import { count, counted, Reporter, textTable } from "./output.js";

interface DiffCommandOptions {
  id: string;
  labels?: string[];
  similarity: number;
  tokens: boolean;
  limit?: number;
  store?: string;
  exitCode?: boolean;
  json?: boolean;
}

/** Adds `llmops data diff A B`. */
export function registerDataDiff(data: Command): void {
  data
    .command("diff")
    .description("what is different between two datasets: rows, labels, splits, fields, tokens, coverage; and what it means for the version")
    .argument("<a>", "before: a folder, a file of rows, or a version such as ds://task-api@1.2.0")
    .argument("<b>", "after")
    .option("--id <field>", "the field that names a row", "id")
    .option("--labels <fields>", "the fields that are labels (default: fields with few short values)", (text: string) => text.split(",").map((name) => name.trim()))
    .option("--similarity <share>", "Jaccard similarity from which two rows are one that changed", similarity, 0.6)
    .option("--no-tokens", "do not count tokens, which takes most of the time")
    .option("--limit <rows>", "rows to list of each kind (0: only numbers; with --json 1000 unless given)", wholeNumber)
    .option("--store <dir>", "where versions are kept (default: the nearest datasets/.versions)")
    .option("--exit-code", "exit with 1 if the rows differ")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((a: string, b: string, options: DiffCommandOptions) => diff(a, b, options));
}

function similarity(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1)) throw new InvalidArgumentError("It must be over 0 and at most 1.");
  return value;
}

async function diff(a: string, b: string, options: DiffCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  const limit = options.limit ?? (reporter.json ? 1000 : 10);
  const encoding: Encoding = ENCODINGS[0];
  const found = await interruptible((signal) => diffDatasets(a, b, {
    id: options.id, similarity: options.similarity, limit, signal, encoding: options.tokens ? encoding : false,
    ...(options.labels ? { labels: options.labels } : {}), ...(options.store === undefined ? {} : { store: options.store }),
  }));
  await reporter.result({ ok: true, ...found }, () => humanDiff(found));
  process.exitCode = options.exitCode && !found.same ? EXIT.rejected : EXIT.ok;
}

const at = ({ split, line }: RowPlace): string => `${split}:${line}`;

function humanDiff(diff: DatasetDiff): string {
  const { a, b, rows, changes } = diff;
  const lines = [`${a.label} -> ${b.label}`];
  if (diff.same) return [...lines, `The same content: ${counted(a.rows, "row")}, sha256:${a.content.slice(0, 12)}.`].join("\n");
  lines.push("", textTable(["", "before", "after", "difference"], [
    ["rows", a.rows, b.rows, signed(b.rows - a.rows)],
    ...[...new Set([...a.splits, ...b.splits].map(({ name }) => name))].map((name): (string | number)[] => {
      const of = (side: DatasetDiff["a"]): number => side.splits.find((split) => split.name === name)?.rows ?? 0;
      return [`  ${name}`, of(a), of(b), signed(of(b) - of(a))];
    }),
    ...(a.tokens && b.tokens ? [
      ["tokens", a.tokens.total, b.tokens.total, signed(b.tokens.total - a.tokens.total)],
      ["  median of a row", a.tokens.median, b.tokens.median, signed(b.tokens.median - a.tokens.median)],
      ["  longest row", a.tokens.max, b.tokens.max, signed(b.tokens.max - a.tokens.max)],
    ] : []),
  ]));
  const kinds = [
    [changes.label, "relabelled"], [changes.text, "with other text"], [changes.format, "in another format"], [changes.id, "with another id"], [changes.metadata, "with other fields"],
  ] as const;
  lines.push("", `${count(rows.unchanged)} unchanged, ${count(rows.added)} added, ${count(rows.removed)} removed, ${count(rows.changed)} changed` +
    (rows.changed > 0 ? ` (${kinds.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`).join(", ")})` : "") +
    (rows.moved > 0 ? `, ${count(rows.moved)} moved to another split` : "") + (rows.reordered ? "; the order is another" : ""));
  const list = (title: string, total: number, entries: string[]): void => {
    if (total === 0 || entries.length === 0) return;
    lines.push("", `${title}:`, ...entries.map((entry) => `  ${entry}`));
    if (total > entries.length) lines.push(`  … and ${count(total - entries.length)} more (--limit)`);
  };
  if (rows.leaked > 0) {
    lines.push("", `LEAK: ${counted(rows.leaked, "row")} that the first is tested with, and the second trained on. Do not measure a model trained on the second with the test rows of the first.`);
    list("Leaked", rows.leaked, diff.leaked.map(({ from, to, how }) => `${at(from)} -> ${at(to)} (${how})`));
  }
  list("Moved", rows.moved - diff.leaked.filter(({ how }) => how.startsWith("moved")).length, diff.moved.filter(({ to, from }) => !diff.leaked.some((leak) => at(leak.from) === at(from) && at(leak.to) === at(to))).map(({ from, to, changed }) => `${at(from)} -> ${at(to)}${changed ? " (changed)" : ""}`));
  list("Changed", rows.changed, diff.changed.map(({ from, to, by, similarity, kinds: what, fields }) => {
    const [first] = fields;
    return `${at(from)}${at(from) === at(to) ? "" : ` -> ${at(to)}`} ${what.join(", ")} (by ${by}, ${similarity} alike)${first ? `: ${first.field} ${JSON.stringify(first.before)} -> ${JSON.stringify(first.after)}` : ""}${fields.length > 1 ? ` and ${fields.length - 1} more` : ""}`;
  }));
  list("Added", rows.added, diff.added.map(at));
  list("Removed", rows.removed, diff.removed.map(at));
  const { schema } = diff;
  if (schema.breaking.length + schema.additive.length > 0) lines.push("", "Fields:", ...[...schema.breaking, ...schema.additive].map((text) => `  ${text}`));
  const shifts = diff.coverage.filter(({ distance }) => distance > 0);
  if (shifts.length > 0) {
    lines.push("", textTable(["coverage", "shift", "largest changes"], shifts.map(({ field, distance, values }) =>
      [field, distance.toFixed(3), values.slice(0, 3).map((value) => `${value.value} ${count(value.a)} -> ${count(value.b)}`).join(", ")])));
  }
  if (diff.bump.bump) lines.push("", `A ${diff.bump.bump} version: ${diff.bump.reasons.join("; ")}.`);
  return lines.join("\n");
}

function signed(value: number): string {
  return value > 0 ? `+${count(value)}` : count(value);
}
