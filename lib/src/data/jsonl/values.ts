import { DEFAULT_MAX_LINE_BYTES, PendingRow, itemOfBytes, splitChunks, type BadRow, type ReadOptions, type RowItem } from "./row-item.js";

const TAB = 9, NEWLINE = 10, RETURN = 13, SPACE = 32, QUOTE = 34, COMMA = 44, OPEN_ARRAY = 91, BACKSLASH = 92, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** `array`: one array whose elements are the rows. `sequence`: JSON values one after another, over as many lines as they like. */
export type ValueLayout = "array" | "sequence";

/**
 * Reads the elements of one JSON array, or a sequence of (pretty-printed) JSON values, in constant memory: only the
 * boundaries of the elements are found here, each element is then parsed by itself. `line` counts the elements, from 1.
 *
 * What stands between elements and is neither a comma nor white space comes as an item with a problem, and so does an
 * array that is not closed.
 */
export async function* readValues(chunks: AsyncIterable<Buffer>, layout: ValueLayout, options: ReadOptions = {}): AsyncGenerator<RowItem[], void, void> {
  yield* splitChunks(chunks, new ValueSplitter(layout, options), options.signal);
}

type State =
  | "before" // the opening bracket of the array
  | "between" // white space, commas, the next element or the closing bracket
  | "inside" // an object, an array or a string: ends where its brackets close
  | "scalar" // a number, true, false or null: ends at a separator
  | "junk" // text that is no JSON, e.g. after a quote too many: ends where the next object may begin
  | "after"; // past the closing bracket

class ValueSplitter {
  #state: State;
  #depth = 0;
  #beginning: Buffer = Buffer.alloc(0);
  #inString = false;
  #escaped = false;
  #line: number;
  #start = 0;
  /** Offset of the byte after those pushed so far. */
  #offset: number;
  readonly #layout: ValueLayout;
  readonly #name: string;
  readonly #pending: PendingRow;

  constructor(layout: ValueLayout, options: ReadOptions) {
    this.#layout = layout;
    this.#offset = options.startOffset ?? 0;
    this.#line = options.startLine ?? 1;
    this.#state = layout === "array" && this.#offset === 0 ? "before" : "between";
    this.#name = options.name ?? "the source";
    this.#pending = new PendingRow(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
  }

  push(chunk: Buffer): RowItem[] {
    if (this.#offset > 0) return this.#read(chunk, 0);
    // The first three bytes are read together: they may be a byte-order mark.
    this.#beginning = Buffer.concat([this.#beginning, chunk]);
    return this.#beginning.length < BOM.length ? [] : this.#read(this.#beginning, this.#beginning.indexOf(BOM) === 0 ? BOM.length : 0);
  }

  #read(chunk: Buffer, begin: number): RowItem[] {
    const items: RowItem[] = [];
    const base = this.#offset;
    let from = 0; // where the pending element goes on in this chunk
    for (let at = begin; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      switch (this.#state) {
        case "inside": {
          if (this.#inString) {
            if (this.#escaped) this.#escaped = false;
            else if (byte === BACKSLASH) this.#escaped = true;
            else if (byte === QUOTE) this.#inString = false;
          } else if (byte === QUOTE) this.#inString = true;
          else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth++;
          else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#depth--;
          if (this.#depth === 0 && !this.#inString) {
            this.#pending.add(chunk.subarray(from, at + 1));
            items.push(this.#end(base + at + 1));
          }
          break;
        }
        case "scalar":
          if (byte !== COMMA && !isSpace(byte) && byte !== CLOSE_ARRAY && byte !== OPEN_OBJECT) break;
          this.#pending.add(chunk.subarray(from, at));
          from = at;
          if (this.#pending.isScalar()) items.push(this.#end(base + at));
          else this.#state = "junk";
          at--; // the separator is read again: between elements, or as a part or the end of the junk
          break;
        case "junk":
          if (byte === OPEN_OBJECT || (byte === CLOSE_ARRAY && this.#layout === "array")) {
            this.#pending.add(chunk.subarray(from, at));
            items.push(this.#end(base + at));
            at--;
          }
          break;
        case "before":
          if (byte === OPEN_ARRAY) this.#state = "between";
          break; // openRows has seen that nothing but white space comes before it
        case "between":
          if (isSpace(byte) || byte === COMMA) break;
          if (byte === CLOSE_ARRAY && this.#layout === "array") {
            this.#state = "after";
            break;
          }
          this.#start = base + at;
          from = at;
          this.#inString = byte === QUOTE && this.#layout === "array";
          this.#depth = byte === OPEN_OBJECT || byte === OPEN_ARRAY ? 1 : 0;
          this.#state = this.#depth > 0 || this.#inString ? "inside" : beginsScalar(byte) ? "scalar" : "junk";
          break;
        case "after":
          if (isSpace(byte) && this.#pending.bytes === 0) break;
          if (this.#pending.bytes === 0) this.#start = base + at;
          this.#pending.add(chunk.subarray(at));
          at = chunk.length;
          break;
      }
    }
    if (this.#state === "inside" || this.#state === "scalar" || this.#state === "junk") this.#pending.add(chunk.subarray(from));
    this.#offset += chunk.length;
    return items;
  }

  finish(): RowItem[] {
    const items = this.#offset === 0 ? this.#read(this.#beginning, 0) : [];
    if (this.#state === "inside" || this.#state === "scalar" || this.#state === "junk") {
      const cut = this.#state === "inside";
      const item = this.#end(this.#offset);
      items.push(cut && item.problem && !item.problem.span
        ? { ...item, problem: { ...item.problem, reason: "is cut off: the file ends inside this element; copy or download it again" } }
        : item);
    }
    if (this.#state === "after" && this.#pending.bytes > 0) {
      const item = this.#end(this.#offset);
      const raw = item.problem ?? { code: "", reason: "", raw: item.text };
      items.push({ line: item.line, offset: item.offset, end: item.end, problem: { ...raw, code: "text-after-array", reason: "stands after the closing bracket of the array; move these rows into it, or name the file .jsonl" } });
    } else if (this.#layout === "array" && this.#state !== "after") {
      items.push(this.#notClosed());
    }
    return items;
  }

  #end(end: number): RowItem {
    const place = { line: this.#line++, offset: this.#start, end };
    if (this.#state !== "after") this.#state = "between";
    return this.#pending.overflowed ? this.#pending.takeOverflow(place, this.#name) : itemOfBytes(this.#pending.take(), place);
  }

  #notClosed(): BadRow {
    const place = { line: this.#line, offset: this.#offset, end: this.#offset };
    return { ...place, problem: { code: "array-not-closed", reason: "the file ends before the closing ] of its array, rows may be missing; copy or download it again", raw: "" } };
  }
}

/** Minus, a digit, or the first letter of true, false, null. */
function beginsScalar(byte: number): boolean {
  return byte === 45 || (byte >= 48 && byte <= 57) || byte === 116 || byte === 102 || byte === 110;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}
