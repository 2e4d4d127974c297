/**
 * JSON as a dataset needs it: nothing that stands in the text is lost without a word. JSON.parse alone drops the first
 * of two equal keys, the last digits of large integers and the sign of -0, and lets through nesting that
 * JSON.stringify cannot write back.
 */

export type JsonObject = Record<string, unknown>;

/** Deepest nesting that is read. Walks over rows are recursive: the bound keeps a hostile row off the stack. */
export const MAX_JSON_DEPTH = 512;

export type ParsedJson = { ok: true; value: unknown } | { ok: false; code: string; reason: string };

/** A number kept as its source text, because a double cannot hold it. JSON.stringify writes it back digit by digit. */
export interface RawNumber {
  readonly rawJSON: string;
}

// TypeScript 6.0 does not type these parts of ES2026 (source text access), which Node has had since version 21.
interface JsonWithSource {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): boolean;
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}
const json = JSON as unknown as JsonWithSource;

export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/** Sets a key as the object's own, also where the key is `__proto__`, which an assignment would treat as the prototype. */
export function setOwn(target: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

/**
 * Parses one JSON text without silent loss.
 *
 * - Integers whose digits a double would change, numbers beyond the range of a double, and -0 come back as
 *   {@link RawNumber}; all other numbers are doubles, as in every JSON reader.
 * - A key given twice in one object, and nesting over {@link MAX_JSON_DEPTH}, are refused.
 * - `__proto__` is an own key like any other.
 * - Lone surrogates written as escapes (`"\ud800"`) are kept.
 *
 * @returns the value, or a code (`invalid-json`, `nul-byte`, `duplicate-key`, `too-deep`) and a reason with its remedy
 */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, ...explainSyntax(text, error) };
  }
  const shape = scan(text);
  if (shape.depth > MAX_JSON_DEPTH) {
    return { ok: false, code: "too-deep", reason: `nested ${shape.depth} levels deep, the limit is ${MAX_JSON_DEPTH}; flatten the value` };
  }
  if (shape.inexact) {
    value = json.parse(text, (_key, held, { source }) =>
      typeof held === "number" && source !== undefined && losesDigits(source) ? json.rawJSON(source) : held);
  }
  if (shape.keys > 0 && countKeys(value) !== shape.keys) {
    return { ok: false, code: "duplicate-key", reason: `the key ${JSON.stringify(duplicateKey(text))} stands twice in one object; keep one of them` };
  }
  return { ok: true, value };
}

const QUOTE = 34, MINUS = 45, ZERO = 48, NINE = 57, COLON = 58, OPEN_ARRAY = 91, BACKSLASH = 92, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;

/** One pass over valid JSON: how many keys stand in it, how deep it nests, whether a number needs its source text. */
function scan(text: string): { keys: number; depth: number; inexact: boolean } {
  let keys = 0, open = 0, depth = 0, inexact = false;
  const length = text.length;
  for (let at = 0; at < length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      while (isSpace(text.charCodeAt(at))) at++;
      if (text.charCodeAt(at) === COLON) { keys++; at++; }
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const start = at;
      while (at < length && isNumberPart(text.charCodeAt(at))) at++;
      if (!inexact && (at - start > 15 || code === MINUS || /[eE]/.test(text.slice(start, at)))) inexact = losesDigits(text.slice(start, at));
    } else {
      if (code === OPEN_OBJECT || code === OPEN_ARRAY) { if (++open > depth) depth = open; }
      else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) open--;
      at++;
    }
  }
  return { keys, depth, inexact };
}

/** The index just past the string that opens at `quote`. */
function endOfString(text: string, quote: number): number {
  let end = text.indexOf('"', quote + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function isNumberPart(code: number): boolean {
  return (code >= ZERO && code <= NINE) || code === MINUS || code === 43 || code === 46 || code === 69 || code === 101;
}

/** Whether a number literal comes back changed from a double: integers by their digits, decimals only by overflow, underflow and the sign of zero. */
function losesDigits(literal: string): boolean {
  const value = Number(literal);
  if (!Number.isFinite(value)) return true;
  if (value === 0) return literal.startsWith("-") || /[1-9]/.test(literal.replace(/[eE].*$/, ""));
  return !/[.eE]/.test(literal) && String(value) !== literal;
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null || isRawNumber(value)) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item);
    return count;
  }
  for (const key of Object.keys(value)) {
    const held = (value as JsonObject)[key];
    count += typeof held === "object" ? 1 + countKeys(held) : 1;
  }
  return count;
}

/** The first key that stands twice in one object of `text` (valid JSON). Slow path: only for rows that are refused. */
function duplicateKey(text: string): string {
  const seen: Set<string>[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      let next = end;
      while (isSpace(text.charCodeAt(next))) next++;
      if (text.charCodeAt(next) === COLON) {
        const key = JSON.parse(text.slice(at, end)) as string;
        const names = seen.at(-1);
        if (names?.has(key)) return key;
        names?.add(key);
      }
      at = next;
    } else {
      if (code === OPEN_OBJECT || code === OPEN_ARRAY) seen.push(new Set());
      else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) seen.pop();
      at++;
    }
  }
  return "";
}

/** Why a text is not JSON, in words that name the usual culprit where it can be seen. */
function explainSyntax(text: string, error: unknown): { code: string; reason: string } {
  const code = "invalid-json";
  const said = error instanceof Error ? error.message : String(error);
  const place = /position (\d+)/.exec(said)?.[1];
  const where = place === undefined ? "" : ` at column ${Number(place) + 1}`;
  // The first and last stretch are enough to see a culprit, and bound the work on a line of 50 MB.
  const head = text.slice(0, 4096), tail = text.slice(-64).trimEnd();
  if (text.includes("\0")) {
    return { code: "nul-byte", reason: "holds NUL bytes, as a file does that was cut by a crash or saved as UTF-16; restore the row or remove the bytes" };
  }
  if (/^\s*</.test(head)) return { code, reason: "is HTML or XML, not JSON; was the download an error page?" };
  if (/^\s*[{[]\s*'/.test(head)) return { code, reason: "is not JSON: single quotes, as Python prints a dict; write it with json.dumps" };
  if (/[:[,]\s*-?(?:NaN|Infinity)\b/.test(head)) return { code, reason: "is not JSON: NaN and Infinity have no JSON form; write null" };
  if (/[:[,]\s*(?:True|False|None)\b/.test(head)) return { code, reason: "is not JSON: True, False or None, as Python prints them; write it with json.dumps" };
  if (/,\s*[}\]]$/.test(tail) && /property name|Unexpected token/.test(said)) return { code, reason: `is not JSON: a comma before the closing bracket${where}; remove it` };
  if (/^\s*(?:\/\/|\/\*|#)/.test(head)) return { code, reason: "is a comment, and JSON has none; remove the line" };
  if (/^\s*[{[]\s*$/.test(head)) return { code, reason: "is the beginning of JSON over several lines; put each row on one line, or name the file .json" };
  if (/after JSON/.test(said) && /[}\]],$/.test(tail) && isJson(text.slice(0, text.lastIndexOf(",")))) {
    return { code, reason: "is not JSON: a comma after the row; remove it" };
  }
  if (/after JSON/.test(said)) return { code, reason: `is not one JSON value: more text follows${where}; put each row on its own line` };
  if (/Unexpected end|Unterminated/.test(said)) return { code, reason: "is cut off: the JSON value does not end; restore the rest of the row" };
  if (/control character/.test(said)) return { code, reason: `is not JSON: a raw control character in a string${where}; write it as an escape such as \\n` };
  return { code, reason: `is not JSON: ${said.replace(/\s+/g, " ").slice(0, 200)}` };
}

/** Whether a text is one JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Deep equality of two JSON values. Numbers compare with Object.is; key order counts only with `order`.
 */
export function sameJson(left: unknown, right: unknown, order = false): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    for (let at = 0; at < left.length; at++) if (!sameJson(left[at], right[at], order)) return false;
    return true;
  }
  if (Array.isArray(right)) return false;
  const keys = Object.keys(left), others = Object.keys(right);
  if (keys.length !== others.length) return false;
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as string;
    if (order ? key !== others[at] : !Object.hasOwn(right, key)) return false;
    if (!sameJson((left as JsonObject)[key], (right as JsonObject)[key], order)) return false;
  }
  return true;
}
