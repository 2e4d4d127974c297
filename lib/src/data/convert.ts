import { promises as fs } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SIDE_FIELD, type Example, type Format, type Rejection } from "./example.js";
import type { ColumnMap } from "./formats/columns.js";
import { detectFormat, detectRow } from "./formats/detect.js";
import { layoutShape } from "./formats/layouts.js";
import { refuseUntrained } from "./formats/messages.js";
import { refuse, type Refusal } from "./formats/refusal.js";
import { formatRow, parseRow } from "./formats/row.js";
import { shapesOf } from "./formats/shape.js";
import { withoutTurnFields } from "./formats/turn-fields.js";
import { FileError, fileError } from "./jsonl/file-error.js";
import { isJsonObject, sameJson, type JsonObject } from "./jsonl/json.js";
import { ParquetWriter } from "./jsonl/parquet-writer.js";
import { isParquetName, openRowWriter } from "./jsonl/row-writer.js";
import { openRows } from "./jsonl/rows.js";
import type { ByteSpan, ReadOptions, RowItem } from "./jsonl/row-item.js";
import { JsonlWriter } from "./jsonl/writer.js";
import { readOptions } from "./validate.js";

export interface ConvertOptions extends Pick<ReadOptions, "maxLineBytes" | "signal"> {
  to: Format;
  /** Default: each row by its own fields. */
  from?: Format;
  map?: ColumnMap;
  /** Another spelling of the format than its plain one; see {@link LAYOUTS}. */
  layout?: string;
  /** Whether fields that the format does not define, of rows and of turns, are written too. Default true; false only with `plain`. */
  extra?: boolean;
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
  /** Rows written plainly without fields of their turns that the format has no place for, by field. */
  droppedFields: Record<string, number>;
  /** Rejected rows by code, most frequent first. */
  byCode: Record<string, number>;
  /** Where the rejected rows are; undefined when there are none. */
  rejectedPath: string | undefined;
  /** Hash of the output: of its text, or of a Parquet file's bytes. */
  sha256: string;
}

/**
 * Converts a file of rows to another format, streaming and atomically: `out` appears whole or stays as it was. It is
 * written as JSON Lines, or as Parquet where its name ends in `.parquet`.
 *
 * Every row that cannot be converted goes to `<out>.rejected.jsonl` with line, step, code, reason and its raw text. A row
 * is written only if it was shown to come back: it is converted back and compared (not with `plain`).
 *
 * @throws FileError when the input cannot be read or the output cannot be written; then neither file is touched
 * @throws RangeError for a layout that the format does not have, and for `extra: false` without `plain`
 */
export async function convertFile(input: string, out: string, options: ConvertOptions): Promise<Conversion> {
  if (options.extra === false && !options.plain) throw new RangeError("fields can be left out of plain rows only, since the row would not come back");
  if (options.layout !== undefined) layoutShape(options.to, options.layout);
  const rejectedPath = `${out}.rejected.jsonl`;
  await refuseSameFile(input, [out, rejectedPath]);
  const parquet = isParquetName(out);
  const writer = await openRowWriter(out, { plain: options.plain ?? false });
  const byCode = new Map<string, number>();
  const byFormat: Partial<Record<Format, number>> = {};
  const droppedFields: Record<string, number> = {};
  let rowsIn = 0;
  let rejects: JsonlWriter | undefined;
  try {
    const source = await openRows(input, readOptions(options));
    for await (const batch of source.batches) {
      for (const item of batch) {
        rowsIn++;
        const converted = convertItem(item, options, parquet);
        if (converted.ok) {
          byFormat[converted.from] = (byFormat[converted.from] ?? 0) + 1;
          for (const field of converted.dropped ?? []) droppedFields[field] = (droppedFields[field] ?? 0) + 1;
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
      input, out, to: options.to, rowsIn, rowsOut: written.rows, rejected, byFormat, droppedFields,
      byCode: Object.fromEntries([...byCode].sort(([, a], [, b]) => b - a)),
      rejectedPath: rejects ? rejectedPath : undefined,
      sha256: written.sha256,
    };
  } finally {
    await writer.abort();
    await rejects?.abort();
  }
}

type Converted = { ok: true; row: JsonObject; from: Format; dropped?: string[] } | (Refusal & { step: string });

function convertItem(item: RowItem, { from: given, to, map, layout, extra = true, plain = false }: ConvertOptions, parquet: boolean): Converted {
  if (item.problem) return { ...refuse(item.problem.code, item.problem.reason), step: "read" };
  const from = given ?? detectRow(item.value, map)?.format;
  if (from === undefined) {
    const detected = detectFormat([item.value], map);
    return { ...refuse("unknown-format", detected.ok ? "the format is not known" : detected.message), step: "parse" };
  }
  const parsed = parseRow(from, item.value, map ? { map } : {});
  if (!parsed.ok) return { ...parsed, step: "parse" };
  const untrained = plain && !WEIGHTED.includes(to) ? refuseUntrained(item.value) : undefined;
  if (untrained) return { ...untrained, step: "convert" };
  const example = extra ? parsed.example : { ...withoutTurnFields(parsed.example, KEPT_OF_TURNS), extra: pick(parsed.example.extra, [SIDE_FIELD, ...(KEPT[to] ?? [])]) };
  const formatted = formatRow(to, example, { plain, ...(layout === undefined ? {} : { layout }) });
  if (!formatted.ok) return { ...formatted, step: "convert" };
  const misnamed = parquet ? ParquetWriter.misnamed(formatted.row) : undefined;
  if (misnamed !== undefined) return { ...refuse("column-name", `has the field ${JSON.stringify(misnamed)}, which cannot be a column of Parquet (empty, __proto__, or with a point in it); rename it`), step: "convert" };
  const back = { layout, columns: layout === undefined ? shapesOf(parsed.example.extra)[to]?.columns : undefined };
  const reversible = plain || (from === to && layout !== undefined ? saysTheSame(parsed.example, to, formatted.row) : comesBack(item.value, from, to, formatted.row, back));
  if (!reversible) {
    return { ...refuse("not-reversible", `would not come back from ${to} as it was; write it plainly (--plain) to convert it all the same`), step: "convert" };
  }
  return { ok: true, row: formatted.row, from, ...(formatted.dropped ? { dropped: formatted.dropped } : {}) };
}

/** @param columns what the row's columns are called in the target format, where a map had named them */
function comesBack(value: JsonObject, from: Format, to: Format, row: JsonObject, { layout, columns }: { layout: string | undefined; columns: ColumnMap | undefined }): boolean {
  const parsed = parseRow(to, row, columns ? { map: columns } : {});
  if (!parsed.ok) return false;
  // A layout that was asked for is a spelling to remember on the way back; it is no part of what has to come back.
  if (layout !== undefined) parsed.example.extra = forgetShape(parsed.example.extra, to);
  const back = formatRow(from, parsed.example);
  return back.ok && sameJson(back.row, value);
}

/** Formats whose turns have a weight. */
const WEIGHTED: readonly Format[] = ["messages", "prompt-completion", "unpaired-preference", "preference"];

/** Extra fields that trainers know beside a format's own. */
const KEPT: Partial<Record<Format, readonly string[]>> = { messages: ["parallel_tool_calls", "chat_template_kwargs"] };

/** Fields of turns that OpenAI's fine-tuning defines (FineTuneChatRequestInput, see formats/openai.ts). */
const KEPT_OF_TURNS = ["name", "refusal", "audio"];

function pick(row: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
}

function forgetShape({ [SIDE_FIELD]: shapes, ...extra }: JsonObject, format: Format): JsonObject {
  if (!isJsonObject(shapes)) return extra;
  const others = Object.fromEntries(Object.entries(shapes).filter(([name]) => name !== format));
  return Object.keys(others).length > 0 ? { ...extra, [SIDE_FIELD]: others } : extra;
}

/** A row in another layout of its own format has its spelling changed on purpose; what it says must be the same. */
function saysTheSame(example: Example, format: Format, row: JsonObject): boolean {
  const parsed = parseRow(format, row);
  const said = ({ extra, ...rest }: Example): JsonObject => ({ ...rest, extra: Object.fromEntries(Object.entries(extra).filter(([name]) => name !== SIDE_FIELD)) });
  return parsed.ok && sameJson(said(parsed.example), said(example));
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
