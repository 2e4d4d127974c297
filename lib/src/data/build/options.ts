import { createHash } from "node:crypto";
import { canonicalJson, type Scope } from "../clean/content.js";
import type { Keep } from "../dedup/fuzzy.js";
import { planBands } from "../dedup/minhash.js";
import { checkShingle } from "../dedup/shingles.js";
import type { Example, Format, Origin } from "../example.js";
import type { ColumnMap } from "../formats/columns.js";
import { layoutShape } from "../formats/layouts.js";
import type { ChunkOptions } from "../ingest/chunk.js";
import type { PairWriter } from "../ingest/document.js";
import type { DecontaminationOptions } from "../quality/decontaminate.js";
import type { Rule } from "../quality/finding.js";
import { planPii, type PiiAction, type PiiChoice, type PiiPlan } from "../pii/actions.js";
import type { PiiModel } from "../pii/example.js";
import { checkNames } from "../split/dataset.js";
import { SplitError, type SplitSize } from "../split/quota.js";
import { checkBounds } from "../tokens/length.js";
import { identifyLocalTokenizer } from "../tokens/local.js";
import { openEncoding } from "../tokens/open.js";
import type { Encoding } from "../tokens/openai.js";
import type { TokenizerSource } from "../tokens/tokenizer.js";

/** What to do with personal data and secrets. */
export type PiiMode = PiiAction;

/** A filter's answer: keep, or reject with a stable code and a sentence that says why. */
export type Verdict = true | { code: string; reason: string };

/** A row's own last test, such as a judge's score. */
export interface RowFilter {
  /** Names the filter and its settings: builds with another name do not resume each other. */
  name: string;
  test(example: Example, origin: Origin): Verdict | Promise<Verdict>;
}

/** Where a build is. `done` and `total` count bytes while reading, rows or parts later. */
export interface BuildProgress {
  stage: "hash" | "read" | "compare" | "clean" | "split" | "write";
  done: number;
  total: number;
  unit: "bytes" | "rows" | "parts" | "files";
}

export interface BuildOptions {
  /** Files and folders of rows (JSONL, JSON, CSV, TSV, gzip, Parquet) and documents (Markdown, HTML, text). */
  sources: readonly string[];
  /** The folder to make. It must not exist, be empty, or hold a dataset that a build made. */
  out: string;
  /** Before the names of the splits' files: `task_api` makes `task_api_train.jsonl`. Default: none. */
  name?: string;
  /** Format to write. Default: that of the input; `messages` when the input has several. */
  format?: Format;
  /** Another spelling of `format` than its plain one; see {@link LAYOUTS}. Only with `format`. */
  layout?: string;
  /** Format to read. Default: each row by its own fields. */
  from?: Format;
  /** Columns that stand for fields: `{ instruction: "question" }`. */
  map?: ColumnMap;
  /** Whether near-duplicates are removed. Default true. */
  fuzzy?: boolean;
  /** Jaccard similarity from which rows are near-duplicates. Default 0.8. */
  threshold?: number;
  /** Words in a shingle. Default 3. */
  shingle?: number;
  /** Values in a MinHash signature. Default 128. */
  numPerm?: number;
  /** The part of an example that is compared. Default `conversation`. */
  scope?: Scope;
  /** Which of several near-duplicates stays. Default `first`. */
  keep?: Keep;
  /** Default `mask`. */
  pii?: PiiMode;
  /** Kinds of personal data to look for, or what to do with each. Default {@link DEFAULT_PII_KINDS}. */
  piiKinds?: PiiChoice;
  /**
   * The salt of `hash`, at least 16 bytes, kept apart from the dataset: with the same one, values have the same pseudonyms in
   * another build. Default: one is drawn, and forgotten when the build is done; two builds then differ in their pseudonyms.
   */
  piiSalt?: string | Uint8Array;
  /** Finds what rules cannot, such as names in prose. Default: none. It runs in this thread. See `openNer`. */
  piiModel?: PiiModel;
  /** Bounds on a row's tokens, inclusive. Default 1 and none. */
  minTokens?: number;
  maxTokens?: number;
  /** Default `o200k_base`. */
  encoding?: Encoding;
  /** Counts tokens instead of an encoding: a folder with a `tokenizer.json`, or the name of an encoding. */
  tokenizer?: TokenizerSource;
  /** Rules that a row must pass, asked in order before `filter`: `defaultRules()`. Default none. */
  rules?: readonly Rule[];
  /** Files of test rows: a row that holds one of them is rejected as `contaminated`. Default none. */
  against?: readonly string[];
  /** What counts as holding a test row. */
  contamination?: Omit<DecontaminationOptions, "scope">;
  filter?: RowFilter;
  /** Default: fractions 0.8, 0.1, 0.1. */
  split?: SplitSize;
  /** Default train, val, test. */
  splitNames?: readonly string[];
  /** A field beside the format's own whose values are spread over the splits in proportion. */
  stratify?: string;
  /** Jaccard similarity from which rows may not stand in different splits. Default 0.7. */
  leakThreshold?: number;
  /** Of MinHash and the split. Default 1. */
  seed?: number;
  /** Makes pairs of a document's chunk. Without it, documents are listed as not read. */
  pairWriter?: PairWriter;
  /** Names the teacher and its settings: builds with another name do not resume each other. */
  pairWriterName?: string;
  /** How documents are cut. */
  chunks?: ChunkOptions;
  /** Chunks asked about at once. Default 4. */
  pairConcurrency?: number;
  /** Tells a failure of one chunk (which is rejected) from one of the whole build (undefined: the build stops). */
  chunkFault?: (error: unknown) => { code: string; reason: string } | undefined;
  /** Write `lineage.jsonl` too: for every row its source, its line there and what changed it (see `traceRow`). Default false. */
  lineage?: boolean;
  /** Replace files of an earlier build even where they were changed since. Default false. */
  force?: boolean;
  /**
   * Worker threads beside this one, which works too. 0: none. Default: one for each 32 MiB of the sources, at most one per
   * core but one, and at most 8; from 4 MiB on, where that is none, a thread that counts tokens by an OpenAI encoding. The dataset is the same whatever the number.
   */
  workers?: number;
  signal?: AbortSignal;
  onProgress?: (progress: BuildProgress) => void;
}

/** More threads than any machine has cores for would only take memory: some 100 MB each. */
const MOST_NAMED_WORKERS = 256;

/** A file of test rows, as it was when they were read. */
export interface TestFile {
  name: string;
  sha256: string;
  rows: number;
  /** Rows too short to be recognised. */
  skipped: number;
}

/** What decides the bytes of a dataset, beside its sources. Stands in the manifest. */
export interface BuildSettings {
  name: string;
  format: Format | "auto";
  /** Absent for the plain one. */
  layout?: string;
  from: Format | "auto";
  map: ColumnMap;
  fuzzy: boolean;
  threshold: number;
  shingle: number;
  numPerm: number;
  scope: Scope;
  keep: Keep;
  pii: PiiMode;
  /** The action for each kind looked for, where kinds were chosen. */
  piiKinds?: PiiPlan;
  /** Where the salt of pseudonyms came from; never the salt. */
  piiSalt?: "given" | "drawn";
  piiModel?: string;
  minTokens: number;
  maxTokens: number | null;
  /** The encoding, or the name of the tokenizer's folder. */
  encoding: string;
  /** Hash of the tokenizer's files; null for an encoding. */
  tokenizerSha256: string | null;
  filter: string | null;
  /** Absent without rules. */
  rules?: { name: string; settings: Readonly<Record<string, unknown>> }[];
  /** Absent without test rows. */
  against?: { files: TestFile[]; ngram: number; threshold: number; minWords: number };
  split: SplitSize;
  splitNames: readonly string[];
  stratify: string | null;
  leakThreshold: number;
  seed: number;
  /** How documents were cut, and who made pairs of them; null without a teacher. */
  documents: { chunks: Required<ChunkOptions>; writer: string } | null;
  /** Only where lineage is written, so that manifests without it stay as they were. */
  lineage?: true;
}

/**
 * The settings of a build, complete and checked.
 *
 * @throws RangeError or SplitError for a setting that makes no sense
 */
export function settingsOf(options: BuildOptions, tests: readonly TestFile[] = []): BuildSettings {
  if (options.encoding !== undefined && options.tokenizer !== undefined) {
    throw new RangeError("an encoding and a tokenizer are both named; name one of them");
  }
  const source = tokenizerOf(options);
  const tokenizer = typeof source === "string" ? { name: openEncoding(source).name, sha256: null } : identifyLocalTokenizer(source.folder);
  const { workers = 0 } = options;
  if (!Number.isInteger(workers) || workers < 0 || workers > MOST_NAMED_WORKERS) {
    throw new RangeError(`workers must be a whole number from 0 to ${MOST_NAMED_WORKERS}, not ${workers}`);
  }
  const plan = planPii(options.pii ?? "mask", options.piiKinds);
  const hashes = Object.values(plan).includes("hash");
  if (options.piiSalt !== undefined && !hashes) throw new RangeError("a salt was given and nothing is hashed: leave it out, or choose hash for personal data");
  const settings: BuildSettings = {
    name: options.name ?? "",
    format: options.format ?? "auto",
    ...(options.layout === undefined ? {} : { layout: options.layout }),
    from: options.from ?? "auto",
    map: options.map ?? {},
    fuzzy: options.fuzzy ?? true,
    threshold: options.threshold ?? 0.8,
    shingle: options.shingle ?? 3,
    numPerm: options.numPerm ?? 128,
    scope: options.scope ?? "conversation",
    keep: options.keep ?? "first",
    pii: options.pii ?? "mask",
    ...(options.piiKinds ? { piiKinds: plan } : {}),
    ...(hashes ? { piiSalt: options.piiSalt === undefined ? "drawn" : "given" } : {}),
    ...(options.piiModel ? { piiModel: options.piiModel.name } : {}),
    minTokens: options.minTokens ?? 1,
    maxTokens: options.maxTokens ?? null,
    encoding: tokenizer.name,
    tokenizerSha256: tokenizer.sha256,
    filter: options.filter?.name ?? null,
    ...(options.rules && options.rules.length > 0 ? { rules: options.rules.map(({ name, settings = {} }) => ({ name, settings })) } : {}),
    ...(tests.length > 0 ? { against: { files: [...tests], ngram: options.contamination?.ngram ?? 8, threshold: options.contamination?.threshold ?? 0.7, minWords: options.contamination?.minWords ?? 5 } } : {}),
    split: options.split ?? { fractions: [0.8, 0.1, 0.1] },
    splitNames: options.splitNames ?? ["train", "val", "test"],
    stratify: options.stratify ?? null,
    leakThreshold: options.leakThreshold ?? 0.7,
    seed: options.seed ?? 1,
    documents: options.pairWriter
      ? { chunks: { maxChars: options.chunks?.maxChars ?? 3200, minChars: options.chunks?.minChars ?? 200 }, writer: options.pairWriterName ?? "" }
      : null,
    ...(options.lineage ? { lineage: true as const } : {}),
  };
  if (settings.layout !== undefined) {
    if (settings.format === "auto") throw new RangeError("a layout needs a format: which layouts there are depends on it");
    layoutShape(settings.format, settings.layout);
  }
  if (!/^[\w.-]*$/.test(settings.name) || settings.name.startsWith(".")) {
    throw new RangeError(`the name "${settings.name}" must be of letters, digits, "_", "-" and "."`);
  }
  for (const split of settings.splitNames) {
    if (!/^[\w-]+$/.test(split) || ["rejected", "manifest"].includes(split)) throw new RangeError(`"${split}" cannot be the name of a split`);
  }
  const written = new Map<string, string>();
  for (const split of settings.splitNames) {
    const other = written.get(split.toLowerCase());
    // On disks of macOS and Windows, train.jsonl and Train.jsonl are one file.
    if (other !== undefined && other !== split) throw new RangeError(`the splits "${other}" and "${split}" differ only in case, and would be one file on many disks; rename one`);
    written.set(split.toLowerCase(), split);
  }
  for (const [what, value] of [["threshold", settings.threshold], ["leak threshold", settings.leakThreshold]] as const) {
    if (!(value > 0 && value <= 1)) throw new RangeError(`the ${what} must be over 0 and at most 1, not ${value}`);
  }
  if (!Number.isInteger(settings.seed)) throw new RangeError(`the seed must be a whole number, not ${settings.seed}`);
  checkShingle(settings.shingle);
  planBands(settings.threshold, settings.numPerm);
  checkBounds(boundsOf(settings));
  checkNames(settings.split, settings.splitNames);
  if ("fractions" in settings.split && settings.split.fractions.reduce((a, b) => a + b, 0) > 1 + 1e-9) {
    throw new SplitError(`the fractions ${settings.split.fractions.join(", ")} sum to more than 1`);
  }
  return settings;
}

/** The token bounds of settings. */
export function boundsOf({ minTokens, maxTokens }: BuildSettings): { minTokens: number; maxTokens?: number } {
  return { minTokens, ...(maxTokens === null ? {} : { maxTokens }) };
}

/** What counts the tokens of a build. */
export function tokenizerOf({ encoding, tokenizer }: BuildOptions): TokenizerSource {
  return tokenizer ?? encoding ?? "o200k_base";
}

/**
 * The name that work of the same settings, sources and code is found under again.
 *
 * @param salt - tells given salts of pseudonyms apart
 */
export function fingerprint(settings: BuildSettings, sources: readonly { name: string; sha256: string; kind: string }[], code: string, salt?: string): string {
  const inputs = sources.map(({ name, sha256, kind }) => [name, sha256, kind]);
  return createHash("sha256").update(canonicalJson({ settings, inputs, code, salt })).digest("hex").slice(0, 12);
}
