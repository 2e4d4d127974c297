import { SIDE_FIELD, type Example, type Format } from "../example.js";
import { isJsonObject, sameJson, setOwn, type JsonObject } from "../jsonl/json.js";
import { difference, patched } from "../jsonl/patch.js";
import { alpaca, refuseUnwanted } from "./alpaca.js";
import { carryTurns, type Codec, type Encoded } from "./codec.js";
import { resolveColumns, toColumns, toFields, type ColumnMap } from "./columns.js";
import { checkExample } from "./conversation.js";
import { messages } from "./messages.js";
import { layoutShape } from "./layouts.js";
import { preference } from "./preference.js";
import { promptCompletion, unpairedPreference } from "./prompt-completion.js";
import { kindOf, refuse, type Refusal } from "./refusal.js";
import { putSide, shapesOf, takeSide, type Carried, type Shape } from "./shape.js";
import { everyMessage } from "../clean/content.js";
import { sharegpt } from "./sharegpt.js";
import { text } from "./text.js";
import { withoutTurnFields } from "./turn-fields.js";

const CODECS: Readonly<Record<Format, Codec>> = {
  alpaca, sharegpt, messages, preference, "prompt-completion": promptCompletion, "unpaired-preference": unpairedPreference, text,
};

export type ParsedRow = { ok: true; example: Example } | Refusal;
export type FormattedRow = {
  ok: true;
  row: JsonObject;
  /** Fields of turns that a plain row of the format has no place for: they are not in it. Absent when there are none. */
  dropped?: string[];
} | Refusal;

export interface ParseOptions {
  /** Columns that stand for fields of the format: `{ instruction: "question" }`. Common aliases need no map. */
  map?: ColumnMap;
  /** Whether how the row was spelled is kept, in `extra._llmops`. Default true; without it reading takes half the time. */
  spelling?: boolean;
}

export interface FormatOptions {
  /**
   * Write the format's plain spelling and no side field. For files that go to a trainer: such a row says the same, but
   * what its format has no slot for (tool call ids, the spelling of the source) does not come back.
   */
  plain?: boolean;
  /**
   * Another spelling than the format's plain one or the row's own: see {@link LAYOUTS}. A row that does not fit it is
   * refused, not written in another.
   */
  layout?: string;
}

/**
 * Reads one row of a format into an example, and checks both its shape and its conversation.
 *
 * Fields the format does not define are kept in `extra`; so is, under `extra._llmops`, how the row was spelled where that
 * is not the plain way. `parseRow` then {@link formatRow} of the same format gives back the row, key order included.
 *
 * @returns the example, or the code and the reason (field path and remedy) for refusing the row
 */
export function parseRow(format: Format, value: unknown, options: ParseOptions = {}): ParsedRow {
  if (!isJsonObject(value)) return refuse("not-an-object", `is ${kindOf(value)}; a row must be a JSON object`);
  const side = takeSide(value);
  if ("ok" in side) return side;
  const resolved = resolveColumns(format, side.rest, options.map);
  if ("ok" in resolved) return resolved;
  const { columns } = resolved;
  const unwanted = format === "alpaca" ? refuseUnwanted(side.rest, columns) : undefined;
  if (unwanted) return unwanted;
  const row = toFields(side.rest, columns);
  const decoded = CODECS[format].read(row, side.carried);
  if (!decoded.ok) return inColumns(decoded, columns);

  const own: JsonObject = {};
  for (const key of Object.keys(row)) if (!decoded.used.includes(key)) setOwn(own, key, row[key]);
  const example: Example = { messages: decoded.messages, extra: withCarriedExtra(own, side.carried) };
  if (decoded.tools) example.tools = decoded.tools;
  if (decoded.preference) example.preference = decoded.preference;
  if (decoded.plainText) example.plainText = true;
  const label = decoded.label ?? side.carried.label;
  if (label !== undefined) example.label = label;
  const refusal = checkExample(example, (part, index) => decoded.at(part, index));
  if (refusal) return inColumns(refusal, columns);

  // A spelling that the row brings along is held against its own, whoever wants it.
  if (options.spelling === false && !side.shapes[format]) {
    if (Object.keys(side.shapes).length > 0) setOwn(example.extra, SIDE_FIELD, side.shapes);
    return { ok: true, example };
  }
  const shape = completeShape(format, example, { ...(Object.keys(columns).length > 0 ? { columns } : {}), ...decoded.shape }, side.rest, side.carried);
  if (Object.keys(shape).length > 0) {
    if (side.shapes[format]) return refuse("reserved-field", `${SIDE_FIELD} describes another spelling of this row than its own; remove the field`);
    side.shapes[format] = shape;
  }
  if (Object.keys(side.shapes).length > 0) setOwn(example.extra, SIDE_FIELD, side.shapes);
  return { ok: true, example };
}

/**
 * Writes an example as a row of a format, in its own spelling, the format's plain one, or a layout asked for.
 *
 * A row converted from A to B and back to A comes back deep-equal, or is refused with a reason: what B has no slot for
 * travels in one side field, `_llmops` (see shape.ts), which holds no content of a turn. With `plain` there is no such
 * field: fields of turns that the format has no place for are left out and named in `dropped`.
 *
 * @throws RangeError for a layout that the format does not have
 */
export function formatRow(format: Format, example: Example, options: FormatOptions = {}): FormattedRow {
  const invalid = checkExample(example);
  if (invalid) return invalid;
  const shapes = options.plain ? {} : shapesOf(example.extra);
  const lost = Object.entries(shapes).find(([, shape]) => shape.lost);
  if (lost) return refuse("not-reversible", `has a spelling in ${lost[0]} that could not be restored; write it plainly (--plain) to convert it all the same`);
  const { [format]: own = {}, ...others } = shapes;
  const shape = options.layout === undefined ? own : layoutShape(format, options.layout);
  let written = write(format, example, shape);
  // A spelling is kept only while it still says what the example says: a text edited since may not fit it.
  if (Object.keys(shape).length > 0 && !(written.ok && says(format, written, example, shape))) {
    if (options.layout !== undefined && (written.ok || written.code === "shape")) return writeBare(format, example, options) ?? refuse("layout", `does not fit the layout ${options.layout} of ${format}, which has no place for all of its turns; write it in another layout`);
    written = write(format, example, {});
  }
  if (!written.ok) return written;
  if (options.plain) {
    if (!written.carried.extra) {
      const dropped = fieldsOfTurns(written.carried);
      return { ok: true, row: written.row, ...(dropped.length > 0 ? { dropped } : {}) };
    }
    const names = written.carried.extra.map(([, name]) => name).join(", ");
    return refuse("field-collision", `has the extra field ${names}, which is a field of ${format} itself; rename it`);
  }
  return { ok: true, row: putSide(written.row, others, written.carried) };
}

/** Plainly, a row whose turns have fields that its layout (one of texts) has no place for is written without them. */
function writeBare(format: Format, example: Example, options: FormatOptions): FormattedRow | undefined {
  const fields = fieldsOfTurns(carryTurns(everyMessage(example)));
  if (!options.plain || fields.length === 0) return undefined;
  const formatted = formatRow(format, withoutTurnFields(example), options);
  return formatted.ok ? { ...formatted, dropped: fields } : undefined;
}

function fieldsOfTurns({ names, fields = [] }: Carried): string[] {
  return [...new Set([...(names ? ["name"] : []), ...fields.map(([, , key]) => key)])].sort();
}

/** A reason begins with the field it is about: the reader of a file knows it by its column. */
function inColumns(refusal: Refusal, columns: Readonly<Record<string, string>>): Refusal {
  const field = /^\w+/.exec(refusal.reason)?.[0] ?? "";
  const column = Object.hasOwn(columns, field) ? columns[field] : undefined;
  return column === undefined ? refusal : { ...refusal, reason: column + refusal.reason.slice(field.length) };
}

type Written = { ok: true; row: JsonObject; carried: Carried };

function write(format: Format, example: Example, shape: Shape): Written | Refusal {
  const unfit = refuseKind(format, example);
  if (unfit) return unfit;
  const encoded = CODECS[format].write(example, shape);
  if (!encoded.ok) return encoded;
  if (example.label !== undefined && format !== "unpaired-preference") encoded.carried.label = true;
  const { row, carried } = withExtra(encoded, example.extra);
  const named = toColumns(row, shape.columns ?? {});
  return { ok: true, row: shape.layout ? (patched(named, shape.layout) as JsonObject) : named, carried };
}

/** What no row of a format can say, whatever its turns are. */
function refuseKind(format: Format, { label, plainText }: Example): Refusal | undefined {
  if (plainText && format !== "text") return refuse("no-slot", `is running text, and a row of ${format} holds a question and an answer; keep it as text`);
  if (!plainText && format === "text") return refuse("no-slot", "is a conversation, and text has no turns; the trainer makes text of it with the model's chat template: keep it as messages or prompt-completion");
  // A trainer would learn a bad answer that has lost its label.
  if (label === false && format !== "unpaired-preference") return refuse("no-slot", `has an answer labelled as not wanted, and a row of ${format} cannot say so; keep it as unpaired-preference, or leave it out`);
  return undefined;
}

/** The extra fields after the format's own; those whose name is a slot of the format are carried. */
function withExtra({ row, carried, slots }: Encoded, extra: JsonObject): { row: JsonObject; carried: Carried } {
  const colliding: [number, string, unknown][] = [];
  const whole = { ...row };
  for (const [position, key] of Object.keys(extra).filter((name) => name !== SIDE_FIELD).entries()) {
    if (slots.includes(key)) colliding.push([position, key, extra[key]]);
    else setOwn(whole, key, extra[key]);
  }
  return { row: whole, carried: colliding.length > 0 ? { ...carried, extra: colliding } : carried };
}

function withCarriedExtra(extra: JsonObject, carried: Carried): JsonObject {
  if (!carried.extra) return extra;
  const entries = Object.entries(extra);
  for (const [position, key, value] of carried.extra) entries.splice(position, 0, [key, value]);
  return Object.fromEntries(entries);
}

/** The shape with all that is needed to write the very row again; `lost` where no spelling describes it. */
function completeShape(format: Format, example: Example, shape: Shape, row: JsonObject, carried: Carried): Shape {
  const plain = write(format, example, shape);
  if (!plain.ok || !sameJson(plain.carried, carried)) return { lost: true };
  const layout = difference(plain.row, row);
  if (layout === undefined) return shape;
  if (layout === "lost") return { lost: true };
  return sameJson(patched(plain.row, layout), row, true) ? { ...shape, layout } : { lost: true };
}

function says(format: Format, { carried, row }: Written, example: Example, { columns }: Shape): boolean {
  const read = parseRow(format, putSide(row, {}, carried), columns ? { map: columns } : {});
  return read.ok && sameJson(read.example.messages, example.messages) &&
    sameJson(read.example.preference, example.preference) && read.example.label === example.label && sameJson(read.example.tools, example.tools);
}

