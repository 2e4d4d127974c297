import type { CountryCode } from "libphonenumber-js";
import type { Example, Message, ToolCall } from "../example.js";
import { isRawNumber, parseJson, setOwn, type JsonObject } from "../jsonl/json.js";
import { everyMessage } from "./content.js";
import { FINDERS, PHONE_REGIONS, PII_KINDS, type PiiKind, type Span } from "./pii-kinds.js";

export { PII_KINDS, type PiiKind } from "./pii-kinds.js";

/** Personal data or a secret, found in a text; offsets in UTF-16 units, `end` exclusive. */
export interface PiiMatch extends Span {
  kind: PiiKind;
  /** The text found. Do not log it. */
  text: string;
}

/** Matches by kind; a kind that was not found is absent. */
export type PiiCounts = Partial<Record<PiiKind, number>>;

/** What stands in place of a match. */
export const PII_MASKS: Record<PiiKind, string> = {
  secret: "[SECRET]",
  "url-credentials": "[CREDENTIALS]",
  email: "[EMAIL]",
  iban: "[IBAN]",
  card: "[CARD]",
  ssn: "[SSN]",
  ip: "[IP]",
  phone: "[PHONE]",
};

export interface PiiOptions {
  /** Kinds to look for. Default: all. */
  kinds?: readonly PiiKind[];
  /** Countries whose national phone formats are understood (ISO 3166). Default US, GB, PK, IN, DE, FR. */
  regions?: readonly CountryCode[];
}

/** Without a digit, an @, a URL or a key header there is nothing to find; most messages end here. */
const WORTH_A_LOOK = /[@\d]|:\/\/|::|-----BEGIN|xox|gh[pousr]_/;

/**
 * Finds e-mail addresses, phone numbers, IPv4 and IPv6 addresses, payment cards (Luhn), US social security numbers,
 * IBANs (mod 97), API keys and tokens of common providers, private keys, and credentials in URLs.
 *
 * Names, postal addresses and passwords in prose are beyond patterns and are not looked for.
 *
 * @param text - any text
 * @returns matches in order of position, none overlapping another
 */
export function findPii(text: string, options: PiiOptions = {}): PiiMatch[] {
  if (!WORTH_A_LOOK.test(text)) return [];
  const { kinds = PII_KINDS, regions = PHONE_REGIONS } = options;
  const taken: PiiMatch[] = [];
  for (const kind of PII_KINDS) {
    if (!kinds.includes(kind)) continue;
    for (const { start, end } of FINDERS[kind](text, regions)) {
      if (taken.some((other) => start < other.end && other.start < end)) continue;
      taken.push({ kind, start, end, text: text.slice(start, end) });
    }
  }
  return taken.sort((a, b) => a.start - b.start);
}

/**
 * Replaces personal data and secrets in a text by `[EMAIL]`, `[PHONE]`, … (see {@link PII_MASKS}).
 *
 * @param text - any text
 * @param options.mode - `mask` replaces; `drop` only counts, for a caller that drops the whole row
 * @returns the text and the matches by kind
 */
export function maskPii(
  text: string,
  options: PiiOptions & { mode?: "mask" | "drop" } = {},
): { text: string; counts: PiiCounts } {
  const counts: PiiCounts = {};
  const matches = findPii(text, options);
  if (matches.length === 0) return { text, counts };
  let masked = "";
  let from = 0;
  for (const { kind, start, end } of matches) {
    counts[kind] = (counts[kind] ?? 0) + 1;
    masked += text.slice(from, start) + PII_MASKS[kind];
    from = end;
  }
  return { text: options.mode === "drop" ? text : masked + text.slice(from), counts };
}

/** Masks one value after another, adding up what it finds. */
class Masker {
  readonly counts: PiiCounts = {};
  readonly #options: PiiOptions;

  constructor(options: PiiOptions) {
    this.#options = options;
  }

  text(text: string): string {
    const result = maskPii(text, this.#options);
    for (const kind of Object.keys(result.counts) as PiiKind[]) {
      this.counts[kind] = (this.counts[kind] ?? 0) + (result.counts[kind] ?? 0);
    }
    return result.text;
  }

  /** Text that may be JSON: then only its values are masked, so that it stays the JSON it was. */
  content(text: string): string {
    if (!/^\s*[[{]/.test(text)) return this.text(text);
    const parsed = parseJson(text);
    if (!parsed.ok) return this.text(text);
    const masked = this.value(parsed.value, "");
    return masked === parsed.value ? text : JSON.stringify(masked);
  }

  /**
   * A JSON value, masked; the same object when nothing in it changed. The key stands before a value as the words
   * before a number do in prose: `{"phone": "4155552671"}` is a phone number.
   */
  value(value: unknown, key: string): unknown {
    if (typeof value === "string" || typeof value === "number" || isRawNumber(value)) {
      const plain = isRawNumber(value) ? value.rawJSON : String(value);
      const context = key === "" ? "" : `${key.replace(/([a-z])([A-Z])|[_-]+/g, "$1 $2")}: `;
      const masked = this.text(context + plain);
      return masked === context + plain || !masked.startsWith(context) ? value : masked.slice(context.length);
    }
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.value(item, key));
      return items.some((item, i) => item !== value[i]) ? items : value;
    }
    if (value !== null && typeof value === "object") {
      const entries = Object.entries(value).map(([name, inner]) => [name, this.value(inner, name), inner] as const);
      if (entries.every(([, masked, inner]) => masked === inner)) return value;
      const copy: JsonObject = {};
      for (const [name, masked] of entries) setOwn(copy, name, masked);
      return copy;
    }
    return value;
  }

  call(call: ToolCall): ToolCall {
    const masked = this.content(call.function.arguments);
    return masked === call.function.arguments ? call : { ...call, function: { ...call.function, arguments: masked } };
  }

  message(message: Message): Message {
    const content = message.content === null ? null : this.content(message.content);
    const calls = message.tool_calls?.map((call) => this.call(call));
    const sameCalls = !calls || calls.every((call, i) => call === message.tool_calls?.[i]);
    if (content === message.content && sameCalls) return message;
    return { ...message, content, ...(calls ? { tool_calls: calls } : {}) };
  }
}

/**
 * Masks every text of an example: message contents, the arguments of tool calls (which stay valid JSON), and the
 * values in `extra`. Definitions of tools are left alone. The example given is not changed.
 *
 * @returns the example (the same one when nothing was found) and the matches by kind
 */
export function maskExample(example: Example, options: PiiOptions = {}): { example: Example; counts: PiiCounts } {
  const masker = new Masker(options);
  const messages = example.messages.map((message) => masker.message(message));
  const preference = example.preference && {
    chosen: example.preference.chosen.map((message) => masker.message(message)),
    rejected: example.preference.rejected.map((message) => masker.message(message)),
  };
  const extra = masker.value(example.extra, "") as Record<string, unknown>;
  if (Object.keys(masker.counts).length === 0) return { example, counts: masker.counts };
  return { example: { ...example, messages, extra, ...(preference ? { preference } : {}) }, counts: masker.counts };
}

/** Whether any message of an example holds personal data or a secret. */
export function hasPii(example: Example, options: PiiOptions = {}): boolean {
  return everyMessage(example).some((message) => message.content !== null && findPii(message.content, options).length > 0);
}
