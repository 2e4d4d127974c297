import type { Format } from "../example.js";
import { LineSplitter } from "../jsonl/reader.js";
import type { Finds } from "../pii/example.js";
import { maskingOf, type Masking } from "../pii/mask.js";
import { Pseudonyms } from "../pii/pseudonym.js";
import { openTokenizer } from "../tokens/open.js";
import type { Tokenizer, TokenizerSource } from "../tokens/tokenizer.js";
import { release } from "./batches.js";
import { cleanRows, ReadBatch, type CleanedRows, type ReadRows, type RowSettings } from "./row-steps.js";

/** Whole lines of a file of JSON Lines, to be read, parsed and normalised. */
export interface ReadJob {
  kind: "read";
  bytes: Uint8Array<ArrayBuffer>;
  /** Number and offset of the first line. */
  line: number;
  offset: number;
  /** Number and name of the file. */
  source: number;
  name: string;
}

/** Rows of `read.rows`, to be masked, counted and formatted. */
export interface CleanJob {
  kind: "clean";
  bytes: Uint8Array<ArrayBuffer>;
  /** Of each row, 1 if it has left already. */
  skip: Uint8Array<ArrayBuffer>;
  format: Format;
  keepJson: boolean;
  /** What a model found in the rows' texts. */
  finds?: Finds;
}

export type Job = ReadJob | CleanJob;
export type ResultOf<J extends Job> = J extends ReadJob ? ReadRows : CleanedRows;

/** What a thread needs to know to do jobs; it can be sent to one. */
export interface JobSettings {
  rows: RowSettings;
  tokenizer: TokenizerSource;
  /** Of pseudonyms, in a build that makes them. */
  salt?: string | Uint8Array;
}

/** Does jobs in the thread that it is in. The same job gives the same result in every thread. */
export class JobRunner {
  readonly #settings: JobSettings;
  readonly #tokenizer: Tokenizer;
  readonly #masking: Masking;

  private constructor(settings: JobSettings, tokenizer: Tokenizer) {
    this.#settings = settings;
    this.#tokenizer = tokenizer;
    const { pii, piiKinds } = settings.rows;
    this.#masking = maskingOf({
      mode: pii,
      ...(piiKinds ? { kinds: piiKinds } : {}),
      ...(settings.salt === undefined ? {} : { pseudonyms: new Pseudonyms(settings.salt) }),
    });
  }

  /** @throws FileError when the tokenizer's folder cannot be read */
  static async open(settings: JobSettings): Promise<JobRunner> {
    return new JobRunner(settings, await openTokenizer(settings.tokenizer));
  }

  /** @param counts - whether tokens of cleaned rows are counted */
  perform<J extends Job>(job: J, counts = true): ResultOf<J> {
    return (job.kind === "read" ? this.#read(job) : this.#clean(job, counts)) as ResultOf<J>;
  }

  #read({ bytes, line, offset, source, name }: ReadJob): ReadRows {
    const batch = new ReadBatch(this.#settings.rows, source, name, bytes.length);
    const splitter = new LineSplitter({ startLine: line, startOffset: offset, name });
    for (const item of splitter.push(asBuffer(bytes))) batch.addItem(item);
    release(bytes);
    return batch.take();
  }

  #clean({ bytes, skip, format, keepJson, finds }: CleanJob, counts: boolean): CleanedRows {
    return cleanRows(asBuffer(bytes), skip, format, this.#settings.rows, this.#masking, counts ? this.#tokenizer : undefined, keepJson, finds);
  }
}

function asBuffer(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The memory of a result that can be handed over instead of copied. */
export function transferable(result: ReadRows | CleanedRows): ArrayBuffer[] {
  const arrays = "records" in result ? [result.records, result.shingles] : [result.lines, result.tokens, result.stratum];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
