/** The rules of a grammar under way, and what is written into them. GBNF: https://github.com/ggml-org/llama.cpp/tree/master/grammars */

/** Of any JSON text, in the one form that is let through: no white space but a blank behind `:` and `,`. */
const COMMON = {
  blank: String.raw`" "?`,
  // Not U+007F, which many validators of "printable" text refuse; no half of a surrogate pair, which is no character.
  char: String.raw`[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CeEfF] [0-9a-fA-F] | [dD] [0-7]) [0-9a-fA-F] [0-9a-fA-F])`,
  string: String.raw`"\"" char* "\""`,
  // JavaScript writes numbers under 1 with up to 17 digits behind up to 6 zeros.
  digits: "[0-9]{1,23}",
  integer: String.raw`"0" | "-"? [1-9] [0-9]{0,14}`,
  number: String.raw`"-"? ("0" | [1-9] [0-9]{0,14}) ("." digits)? ([eE] [-+]? [0-9]{1,2})?`,
  boolean: String.raw`"true" | "false"`,
  value: String.raw`string | number | boolean | "null" | object | array`,
  object: String.raw`"{" (string ":" blank value ("," blank string ":" blank value)*)? "}"`,
  array: String.raw`"[" (value ("," blank value)*)? "]"`,
} as const;
export type CommonRule = keyof typeof COMMON;

/** Which common rules each needs. */
const NEEDS: Partial<Record<CommonRule, readonly CommonRule[]>> = {
  string: ["char"], number: ["digits"], value: ["string", "number", "boolean", "object", "array"],
  object: ["string", "value", "blank"], array: ["value", "blank"],
};

/** A literal of GBNF that stands for the text. */
export const literal = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t")}"`;

/** A literal that stands for the value as JSON. */
export const jsonLiteral = (value: unknown): string => literal(JSON.stringify(value));

export class Rules {
  readonly #rules = new Map<string, string>();
  readonly #longest: number | undefined;
  readonly #names = new Set<string>(["root", ...Object.keys(COMMON)]);

  /** @param longest - letters of a text, at most, where its schema does not say */
  constructor(longest?: number) {
    this.#longest = longest;
  }

  /** The same, of a text whose schema says how short it may be and not how long. */
  most(least: number): number {
    return Math.max(least, this.#longest ?? Infinity);
  }

  /** Makes sure that a common rule is there. */
  common(name: CommonRule): string {
    if (!this.#rules.has(name)) {
      this.#rules.set(name, name === "string" && this.#longest !== undefined ? `"\\"" char{0,${this.#longest}} "\\""` : COMMON[name]);
      NEEDS[name]?.forEach((need) => this.common(need));
    }
    return name;
  }

  /** A name that no rule has yet, made of letters, digits and hyphens, as GBNF wants it. */
  reserve(wish: string): string {
    const plain = wish.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "rule";
    let name = plain;
    for (let count = 2; this.#names.has(name); count++) name = `${plain}-${count}`;
    this.#names.add(name);
    return name;
  }

  set(name: string, body: string): string {
    this.#rules.set(name, body);
    return name;
  }

  add(wish: string, body: string): string {
    return this.set(this.reserve(wish), body);
  }

  /** One rule a line, `root` first. */
  text(root: string): string {
    return [`root ::= ${root}`, ...[...this.#rules].map(([name, body]) => `${name} ::= ${body}`)].join("\n") + "\n";
  }
}
