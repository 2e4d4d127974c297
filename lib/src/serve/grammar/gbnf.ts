/** GBNF as llama.cpp reads it, without its tokens in angle brackets: text to rules of characters and references. */
import { GrammarError } from "./error.js";

/** Code points, both ends in. */
export type Range = readonly [number, number];
export type Element = { readonly ranges: readonly Range[] } | { readonly rule: string };
export type Alternative = readonly Element[];
/** Repetitions and groups are rules of their own. */
export type GrammarRules = ReadonlyMap<string, readonly Alternative[]>;

const LAST = 0x10ffff;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"', "[": "[", "]": "]" };

/** @throws GrammarError with the line, for what is no GBNF or refers to a rule that is not there */
export function parseGrammar(text: string): GrammarRules {
  return new Parser(text).rules();
}

class Parser {
  readonly #text: string;
  #at = 0;
  readonly #rules = new Map<string, readonly Alternative[]>();
  #made = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rules(): GrammarRules {
    this.#skip(true);
    while (this.#at < this.#text.length) {
      const name = this.#take(/[A-Za-z0-9-]+/y) ?? this.#fail("a rule begins with its name");
      this.#skip(false);
      if (this.#take(/::=/y) === undefined) this.#fail(`::= follows the name ${name}`);
      this.#skip(true);
      this.#rules.set(name, this.#alternatives(name, false));
      this.#skip(true);
    }
    if (!this.#rules.has("root")) this.#fail("there is no rule root");
    for (const alternatives of this.#rules.values()) {
      for (const element of alternatives.flat()) if ("rule" in element && !this.#rules.has(element.rule)) this.#fail(`there is no rule ${element.rule}`);
    }
    return this.#rules;
  }

  #alternatives(of: string, nested: boolean): Alternative[] {
    const found = [this.#sequence(of, nested)];
    while (this.#take(/\|/y) !== undefined) {
      this.#skip(true);
      found.push(this.#sequence(of, nested));
    }
    return found;
  }

  #sequence(of: string, nested: boolean): Alternative {
    const elements: Element[] = [];
    /** Where the last symbol begins: a literal is several elements, and repeated as a whole. */
    let last = 0;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === '"') {
        last = elements.length;
        this.#at++;
        while (this.#text[this.#at] !== '"') elements.push(exactly(this.#letter()));
        this.#at++;
      } else if (next === "[") {
        last = elements.length;
        elements.push(this.#set());
      } else if (next === ".") {
        last = elements.length;
        this.#at++;
        elements.push({ ranges: [[0, LAST]] });
      } else if (next === "(") {
        last = elements.length;
        this.#at++;
        this.#skip(true);
        elements.push(this.#make(of, this.#alternatives(of, true)));
        if (this.#take(/\)/y) === undefined) this.#fail("a group is not closed");
      } else if (next !== undefined && /[A-Za-z0-9-]/.test(next)) {
        last = elements.length;
        elements.push({ rule: this.#take(/[A-Za-z0-9-]+/y) ?? "" });
      } else if (next !== undefined && /[*+?{]/.test(next)) {
        if (elements.length === last) this.#fail(`${next} follows nothing`);
        const [least, most] = this.#repetition();
        elements.push(...this.#repeated(of, elements.splice(last), least, most));
        last = elements.length;
      } else return elements;
      this.#skip(nested);
    }
  }

  #repetition(): [number, number] {
    const sign = this.#take(/[*+?]/y);
    if (sign !== undefined) return sign === "*" ? [0, Infinity] : sign === "+" ? [1, Infinity] : [0, 1];
    const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec((this.#take(/\{[^}]*\}/y) ?? "").replace(/\s/g, "")) ?? this.#fail("a repetition is {2}, {2,} or {2,4}");
    return [Number(least), comma === "" ? Number(least) : most === "" ? Infinity : Number(most)];
  }

  #repeated(of: string, symbol: Element[], least: number, most: number): Element[] {
    const [single] = symbol;
    const one: Element = single !== undefined && symbol.length === 1 ? single : this.#make(of, [symbol]);
    const always = Array.from({ length: least }, () => one);
    if (most === Infinity) {
      const name = this.#name(of);
      this.#rules.set(name, [[one, { rule: name }], []]);
      return [...always, { rule: name }];
    }
    let rest: Element | undefined;
    for (let count = least; count < most; count++) rest = this.#make(of, [[one, ...(rest ? [rest] : [])], []]);
    return rest ? [...always, rest] : always;
  }

  #set(): Element {
    this.#at++;
    const negated = this.#take(/\^/y) !== undefined;
    const ranges: Range[] = [];
    while (this.#text[this.#at] !== "]") {
      const from = this.#letter();
      const to = this.#take(/-(?!\])/y) === undefined ? from : this.#letter();
      if (to < from) this.#fail("a range begins after its end");
      ranges.push([from, to]);
    }
    this.#at++;
    return { ranges: negated ? complement(ranges) : ranges };
  }

  /** A code point, escaped or as it stands. */
  #letter(): number {
    if (this.#at >= this.#text.length) this.#fail("the grammar ends in a literal or a set");
    if (this.#text[this.#at] !== "\\") {
      const point = this.#text.codePointAt(this.#at) ?? 0;
      this.#at += point > 0xffff ? 2 : 1;
      return point;
    }
    const hex = this.#take(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y);
    if (hex !== undefined) return parseInt(hex.slice(2), 16);
    const letter = ESCAPES[this.#text[this.#at + 1] ?? ""] ?? this.#fail(`there is no escape \\${this.#text[this.#at + 1] ?? ""}`);
    this.#at += 2;
    return letter.charCodeAt(0);
  }

  #make(of: string, alternatives: Alternative[]): Element {
    const name = this.#name(of);
    this.#rules.set(name, alternatives);
    return { rule: name };
  }

  /** No name of GBNF has an underscore. */
  #name(of: string): string {
    return `${of}_${++this.#made}`;
  }

  /** White space and comments. @param lines - over the ends of lines, too */
  #skip(lines: boolean): void {
    this.#take(lines ? /(?:\s|#[^\n]*)*/y : /(?:[ \t]|#[^\n]*)*/y);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(message: string): never {
    throw new GrammarError(`line ${this.#text.slice(0, this.#at).split("\n").length} of the grammar`, message);
  }
}

const exactly = (point: number): Element => ({ ranges: [[point, point]] });

function complement(ranges: readonly Range[]): Range[] {
  const others: Range[] = [];
  let from = 0;
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > from) others.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= LAST) others.push([from, LAST]);
  return others;
}
