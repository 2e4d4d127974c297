import type { Example, Message, ToolCall } from "../example.js";
import { isRawNumber, parseJson, setOwn, type JsonObject } from "../jsonl/json.js";
import { everyMessage } from "../clean/content.js";
import { findPii, type PiiOptions } from "./find.js";
import type { PiiKind, PiiMatch } from "./kinds.js";
import { maskingOf, maskText, type MaskedText, type Masking, type MaskOptions, type PiiCounts } from "./mask.js";

/** An example after masking. */
export interface MaskedExample {
  /** The one given when nothing was found, or when it is to be dropped. */
  example: Example;
  counts: PiiCounts;
  /** Whether something was found that the row is to be dropped for. */
  drop: boolean;
}

/** Finds of a model, by the text they are in. */
export type Finds = ReadonlyMap<string, readonly PiiMatch[]>;

/** Masks one value after another, adding up what it finds. */
class Masker {
  readonly counts: PiiCounts = {};
  drop = false;
  readonly #masking: Masking;
  readonly #finds: Finds;
  /** Every text that was looked at. */
  readonly texts = new Set<string>();

  constructor(masking: Masking, finds: Finds = new Map()) {
    this.#masking = masking;
    this.#finds = finds;
  }

  text(text: string): string {
    return this.#count(this.#mask(text));
  }

  #mask(text: string): MaskedText {
    this.texts.add(text);
    return maskText(text, this.#masking, this.#finds.get(text));
  }

  #count({ text, counts, drop }: MaskedText): string {
    for (const kind of Object.keys(counts) as PiiKind[]) this.counts[kind] = (this.counts[kind] ?? 0) + (counts[kind] ?? 0);
    this.drop ||= drop;
    return text;
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
      const whole = this.#mask(context + plain);
      // A key that is personal data itself ("10.0.0.5") is no such word: it stays, and the value is looked at alone.
      const said = whole.text.startsWith(context) ? this.#count(whole).slice(context.length) : this.text(plain);
      return said === plain ? value : said;
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
    const extra = message.extra && (this.value(message.extra, "") as JsonObject);
    if (content === message.content && sameCalls && extra === message.extra) return message;
    return { ...message, content, ...(calls ? { tool_calls: calls } : {}), ...(extra ? { extra } : {}) };
  }

  example(example: Example): MaskedExample {
    const messages = example.messages.map((message) => this.message(message));
    const preference = example.preference && {
      chosen: example.preference.chosen.map((message) => this.message(message)),
      rejected: example.preference.rejected.map((message) => this.message(message)),
    };
    const extra = this.value(example.extra, "") as Record<string, unknown>;
    const { counts, drop } = this;
    if (drop || Object.keys(counts).length === 0) return { example, counts, drop };
    return { example: { ...example, messages, extra, ...(preference ? { preference } : {}) }, counts, drop };
  }
}

/**
 * Masks every text of an example: message contents, the arguments of tool calls (which stay valid JSON), and the
 * values in `extra`, of turns too. Definitions of tools and the names of fields are left alone. The example given is not changed.
 *
 * @returns the example (the same one when nothing was found) and the matches by kind
 * @throws RangeError for a kind or an action that does not exist
 */
export function maskExample(example: Example, options: MaskOptions = {}): MaskedExample {
  return maskExampleBy(example, maskingOf(options));
}

/** {@link maskExample} with options made once, and with a model's finds added to the rules'. */
export function maskExampleBy(example: Example, masking: Masking, finds?: Finds): MaskedExample {
  return new Masker(masking, finds).example(example);
}

/** Finds personal data in a text, beside the rules: a model. */
export interface PiiModel {
  /** Names the model: builds with another name do not resume each other. */
  name: string;
  find: (text: string) => Promise<PiiMatch[]>;
}

/** The texts of an example that a model is asked about: those that {@link maskExampleBy} looks at, where they have letters. */
export function textsOf(example: Example, masking: Masking): string[] {
  const masker = new Masker(masking);
  masker.example(example);
  return [...masker.texts].filter((text) => /\p{L}/u.test(text));
}

/** Whether any message of an example holds personal data or a secret. */
export function hasPii(example: Example, options: PiiOptions = {}): boolean {
  return everyMessage(example).some((message) => message.content !== null && findPii(message.content, options).length > 0);
}
