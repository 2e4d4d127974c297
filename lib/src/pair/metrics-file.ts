/** metrics.jsonl as it comes home: read on from where it was, by whole lines. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { Metric } from "./job.js";

export class MetricsFile {
  readonly #path: string;
  readonly #metrics: Metric[] = [];
  #parsed = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Every metric that has been read, oldest first; of steps that a resumed run did twice, the second. */
  get metrics(): readonly Metric[] {
    return this.#metrics;
  }

  /** Reads the lines that are here and complete; the last one may still be growing. */
  read(): void {
    if (!existsSync(this.#path)) return;
    const bytes = readFrom(this.#path, this.#parsed);
    const end = bytes.lastIndexOf(10) + 1;
    for (const line of bytes.toString("utf8", 0, end).split("\n")) {
      const metric = line ? Metric.safeParse(parseJson(line)) : undefined;
      if (metric?.success) take(this.#metrics, metric.data);
    }
    this.#parsed += end;
  }
}

/** A later attempt begins at a checkpoint and does the steps after it again: what the earlier one said of them no longer counts. */
function take(metrics: Metric[], next: Metric): void {
  const isReplaced = ({ attempt = 1, step }: Metric): boolean => attempt < (next.attempt ?? 1) && step >= next.step;
  for (let last = metrics.at(-1); last && isReplaced(last); last = metrics.at(-1)) metrics.pop();
  metrics.push(next);
}

/** The bytes of a file from an offset to its end. */
function readFrom(path: string, offset: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - offset));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(file);
  }
}

/**
 * The value of a line, or undefined for one that is no JSON: a job's own mistake must not end the run that reports it. Python's
 * json writes a loss that broke as a bare NaN or Infinity; those lines matter most, so they are read.
 */
function parseJson(text: string): unknown {
  for (const line of [text, text.replaceAll(/(?<=[:,[]\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g, '"$1"')]) {
    try {
      return JSON.parse(line);
    } catch {
      // the next reading, or none
    }
  }
  return undefined;
}
