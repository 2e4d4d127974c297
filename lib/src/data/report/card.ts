import { join } from "node:path";
import { FileError } from "../jsonl/file-error.js";
import { writeFileAtomic } from "../jsonl/writer.js";
import { readManifest } from "./manifest.js";
import { formatNumber } from "./number.js";
import { readReport } from "./read.js";
import { piiPlanOf, type DataReport } from "./report.js";

/** What a dataset card says that no program can count. */
export interface DatasetCard {
  title: string;
  /** What the dataset is and what it is for; Markdown. */
  about: string;
  /** SPDX identifier in lower case, as the Hugging Face Hub spells it: `apache-2.0`. */
  license: string;
  /** ISO 639-1 codes. */
  language: readonly string[];
  /** Who or what wrote the rows, and how; Markdown. */
  origin: string;
  /** What each field of a row means, by its name. */
  fields: Readonly<Record<string, string>>;
  /** What the rows must not be used for, or cannot show. */
  limits: readonly string[];
}

/** The Hub's classes of size (https://huggingface.co/docs/hub/datasets-cards). */
const SIZES: readonly [below: number, name: string][] = [
  [1e3, "n<1K"], [1e4, "1K<n<10K"], [1e5, "10K<n<100K"], [1e6, "100K<n<1M"], [1e7, "1M<n<10M"], [1e8, "10M<n<100M"],
  [1e9, "100M<n<1B"], [1e10, "1B<n<10B"], [1e11, "10B<n<100B"], [1e12, "100B<n<1T"],
];

function piiSentence(report: DataReport): string {
  const actions = new Set(Object.values(piiPlanOf(report)));
  if (actions.size === 0) return "not looked for";
  if (actions.size > 1) return `treated by kind (see \`data_report.md\`) in ${report.pii.rows} rows`;
  if (actions.has("drop")) return "a reason to drop a row";
  return actions.has("hash") ? `replaced by keyed pseudonyms in ${report.pii.rows} rows; the salt is not part of the dataset` : `masked in ${report.pii.rows} rows`;
}

/**
 * Writes `README.md`, the dataset card, into a folder that `buildDataset` made. Its front matter is the Hub's, so that
 * `load_dataset("<folder>")` finds the splits; its numbers come from the report and the manifest. A later build of the
 * same folder carries the card over: write it again after each build.
 *
 * @returns the card's text
 * @throws FileError when the folder holds no dataset of this library, or the card cannot be written
 */
export async function writeDatasetCard(folder: string, card: DatasetCard): Promise<string> {
  const manifest = readManifest(folder);
  if (!manifest) throw new FileError("unsupported", folder, "holds no dataset of this library", "build it first with buildDataset or llmops data build");
  const report = await readReport(folder);
  const { rows, split, tokens, rejections } = report;
  const size = SIZES.find(([below]) => rows.out < below)?.[1] ?? "n>1T";
  const reasons = rejections.map(({ step, code, rows: left }) => `| ${step} | ${code} | ${formatNumber(left)} |`);
  const text = [
    "---",
    `license: ${JSON.stringify(card.license)}`,
    `language: ${JSON.stringify(card.language)}`,
    `pretty_name: ${JSON.stringify(card.title)}`,
    'task_categories: ["text-generation"]',
    `size_categories: [${JSON.stringify(size)}]`,
    "configs:",
    "- config_name: default",
    "  data_files:",
    ...split.names.map((name, i) => `  - { split: ${name === "val" ? "validation" : name}, path: ${JSON.stringify(split.files[i])} }`),
    "---",
    "",
    `# ${card.title}`,
    "",
    card.about.trim(),
    "",
    "## What is in it",
    "",
    "| split | file | rows | tokens |",
    "| --- | --- | ---: | ---: |",
    ...split.names.map((name, i) => `| ${name} | \`${split.files[i]}\` | ${formatNumber(split.rows[i] ?? 0)} | ${formatNumber(split.tokens[i] ?? 0)} |`),
    "",
    `A row has ${tokens.min} to ${tokens.max} tokens (${tokens.encoding}), ${tokens.median} in the median.` +
      (split.stratify ? ` The splits hold each \`${split.stratify}\` in proportion,` : " The splits hold") +
      ` and no two rows of different splits are more than ${Math.round(100 * split.leakThreshold)}% alike.`,
    "",
    "| field | meaning |",
    "| --- | --- |",
    ...Object.entries(card.fields).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    "",
    "## How it was made",
    "",
    card.origin.trim(),
    "",
    `${formatNumber(rows.in)} rows came in, ${formatNumber(rows.out)} went out, ${formatNumber(rows.rejected)} were rejected:`,
    "",
    "| step | reason | rows |",
    "| --- | --- | ---: |",
    ...reasons,
    "",
    `Personal data was ${piiSentence(report)}. ` +
      "The rejected rows stand in `rejected.jsonl` as they were read, each with its reason: share that file only where the raw rows may be shared. " +
      "`data_report.md` has the charts, `manifest.json` the settings and the SHA-256 of every file.",
    "",
    "## Limits",
    "",
    ...card.limits.map((limit) => `- ${limit}`),
    "",
  ].join("\n");
  await writeFileAtomic(join(folder, "README.md"), text);
  return text;
}

/** What a card says of the version it describes. */
export interface CardStamp {
  /** `ds://task-api@1.2.0` */
  reference: string;
  /** SHA-256 of the rows. */
  content: string;
  /** ISO 8601. */
  publishedAt: string;
}

const STAMP = /^## Version\n(?:(?!## ).*\n?)*/m;

/**
 * The card of a published version: the text with a section that names version and content, in the place of an earlier
 * one or before the first section. {@link writeDatasetCard} writes a card without it, because a folder that was built
 * anew is no published version.
 */
export function stampCard(text: string, { reference, content, publishedAt }: CardStamp): string {
  const section = [
    "## Version",
    "",
    `\`${reference}\`, published on ${publishedAt.slice(0, 10)}. SHA-256 of the rows: \`${content}\`.`,
    "",
    "",
  ].join("\n");
  if (STAMP.test(text)) return text.replace(STAMP, () => section);
  const first = /^## /m.exec(text);
  return first ? `${text.slice(0, first.index)}${section}${text.slice(first.index)}` : `${text.trimEnd()}\n\n${section.trimEnd()}\n`;
}
