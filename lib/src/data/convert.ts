import { promises as fs } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Format, Rejection } from "./example.js";
import type { ColumnMap } from "./formats/columns.js";
import { detectFormat, detectRow } from "./formats/detect.js";
import { refuseUntrained } from "./formats/messages.js";
import { refuse, type Refusal } from "./formats/refusal.js";
import { formatRow, parseRow } from "./formats/row.js";
import { shapesOf } from "./formats/shape.js";
import { FileError, fileError } from "./jsonl/file-error.js";
import { sameJson, type JsonObject } from "./jsonl/json.js";
import { openRows } from "./jsonl/rows.js";
import type { ByteSpan, ReadOptions, RowItem } from "./jsonl/row-item.js";
import { JsonlWriter } from "./jsonl/writer.js";
import { readOptions } from "./validate.js";

export interface ConvertOptions extends Pick<ReadOptions, "maxLineBytes" | "signal"> {
  to: Format;
  /** Default: each row by its own fields. */
  from?: Format;
  map?: ColumnMap;
  /** Plain rows without the side field: for a trainer, not for the way back. */
  plain?: boolean;
  /** Called for every rejected row, in order. */
  onRejected?: (rejection: RejectedRow) => void;
  onProgress?: (bytes: number, size: number | undefined) => void;
}

/** A line of `<out>.rejected.jsonl`. A row too long for memory is not copied: `span` says where in the source it stands. */
export interface RejectedRow extends Rejection {
  span?: ByteSpan;
}

export interface Conversion {
  input: string;
  out: string;
  to: Format;
  /** Rows read; always `rowsOut + rejected`. */
  rowsIn: number;
  rowsOut: number;
  rejected: number;
  /** Rows written, by the format they came in. */
  byFormat: Partial<Record<Format, number>>;
  /** Rejected rows by code, most frequent first. */
  byCode: Record<string, number>;
  /** Where the rejected rows are; undefined when there are none. */
  rejectedPath: string | undefined;
  /** Hash of the output's text. */
  sha256: string;
}

/**
 * Converts a file of rows to JSON Lines of another format, streaming and atomically: `out` appears whole or stays as it was.
 *
 * Every row that cannot be converted goes to `<out>.rejected.jsonl` with line, step, code, reason and its raw text. A row
 * is written only if it was shown to come back: it is converted back and compared (not with `plain`).
 *
 * @throws FileError when the input cannot be read or the output cannot be written; then neither file is touched
 */
export async function convertFile(input: string, out: string, options: ConvertOptions): Promise<Conversion> {
  const rejectedPath = `${out}.rejected.jsonl`;
  await refuseSameFile(input, [out, rejectedPath]);
  const writer = await JsonlWriter.open(out);
  const byCode = new Map<string, number>();
  const byFormat: Partial<Record<Format, number>> = {};
  let rowsIn = 0;
  let rejects: JsonlWriter | undefined;
  try {
    const source = await openRows(input, readOptions(options));
    for await (const batch of source.batches) {
      for (const item of batch) {
        rowsIn++;
        const converted = convertItem(item, options);
        if (converted.ok) {
          byFormat[converted.from] = (byFormat[converted.from] ?? 0) + 1;
          const full = writer.write(converted.row);
          if (full) await full;
        } else {
          byCode.set(converted.code, (byCode.get(converted.code) ?? 0) + 1);
          const rejection = rejectionOf(input, item, converted);
          options.onRejected?.(rejection);
          rejects ??= await JsonlWriter.open(rejectedPath);
          const full = rejects.write(rejection);
          if (full) await full;
        }
      }
      options.onProgress?.(source.position(), source.size);
    }
    const rejected = rejects?.rows ?? 0;
    if (rowsIn !== writer.rows + rejected) throw new Error(`${input}: ${rowsIn} rows in, but ${writer.rows} out and ${rejected} rejected; this is a bug of the library`);
    options.signal?.throwIfAborted();
    // The rejected rows first: should the second rename fail, no row is missing from both files.
    await rejects?.commit();
    const written = await writer.commit();
    // A file of rejected rows that an earlier conversion left describes an output that is no more.
    if (!rejects) await fs.rm(rejectedPath, { force: true });
    return {
      input, out, to: options.to, rowsIn, rowsOut: written.rows, rejected, byFormat,
      byCode: Object.fromEntries([...byCode].sort(([, a], [, b]) => b - a)),
      rejectedPath: rejects ? rejectedPath : undefined,
      sha256: written.sha256,
    };
  } finally {
    await writer.abort();
    await rejects?.abort();
  }
}

type Converted = { ok: true; row: JsonObject; from: Format } | (Refusal & { step: string });

function convertItem(item: RowItem, { from: given, to, map, plain = false }: ConvertOptions): Converted {
  if (item.problem) return { ...refuse(item.problem.code, item.problem.reason), step: "read" };
  const from = given ?? detectRow(item.value, map)?.format;
  if (from === undefined) {
    const detected = detectFormat([item.value], map);
    return { ...refuse("unknown-format", detected.ok ? "the format is not known" : detected.message), step: "parse" };
  }
  const parsed = parseRow(from, item.value, map ? { map } : {});
  if (!parsed.ok) return { ...parsed, step: "parse" };
  const untrained = plain ? refuseUntrained(item.value) : undefined;
  if (untrained) return { ...untrained, step: "convert" };
  const formatted = formatRow(to, parsed.example, { plain });
  if (!formatted.ok) return { ...formatted, step: "convert" };
  if (!plain && !comesBack(item.value, from, to, formatted.row, shapesOf(parsed.example.extra)[to]?.columns)) {
    return { ...refuse("not-reversible", `would not come back from ${to} as it was; write it plainly (--plain) to convert it all the same`), step: "convert" };
  }
  return { ok: true, row: formatted.row, from };
}

/** @param columns what the row's columns are called in the target format, where a map had named them */
function comesBack(value: JsonObject, from: Format, to: Format, row: JsonObject, columns: ColumnMap | undefined): boolean {
  const parsed = parseRow(to, row, columns ? { map: columns } : {});
  if (!parsed.ok) return false;
  const back = formatRow(from, parsed.example);
  return back.ok && sameJson(back.row, value);
}

function rejectionOf(source: string, item: RowItem, { step, code, reason }: Refusal & { step: string }): RejectedRow {
  const { problem } = item;
  return {
    source, line: item.line, step, code, reason,
    raw: problem ? problem.raw : item.text,
    ...(problem?.rawEncoding ? { rawEncoding: problem.rawEncoding } : {}),
    ...(problem?.span ? { span: problem.span } : {}),
  };
}

async function refuseSameFile(input: string, outputs: readonly string[]): Promise<void> {
  const real = async (path: string): Promise<string> =>
    fs.realpath(path).catch(async () => join(await fs.realpath(dirname(path)).catch(() => dirname(path)), basename(path)));
  await fs.stat(input).catch((error: unknown) => { throw fileError(error, input, "read"); });
  const source = await fs.realpath(input).catch(() => undefined);
  if (source === undefined) return; // a pipe, such as /dev/stdin, is no output
  for (const out of outputs) {
    if ((await real(out)) === source) throw new FileError("same-file", out, "is the input itself", "name another file for the output");
  }
}
