/** A Markdown cell as blocks of HTML: headings, and between them paragraphs, lists, quotes, tables. */
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { escapeHtml } from "llmops/course";
import MarkdownIt from "markdown-it";
import { codeHtml } from "./code.ts";

export interface Heading {
  kind: "heading";
  /** As in the notebook: 1 is the lesson's title, 2 a section. */
  level: number;
  html: string;
  text: string;
}

/** `texts` are its paragraphs, items or rows without markup: what a slide estimates its height from. */
export interface Prose {
  kind: "prose";
  form: "paragraph" | "list" | "quote" | "table" | "code";
  html: string;
  texts: string[];
  /** Of a table: its cells as text, with the header. */
  rows?: string[][];
}

const PICTURE_TYPES: Record<string, string> = { ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml", ".gif": "image/gif", ".webp": "image/webp" };

// No raw HTML. A dollar sign is a dollar sign: lessons speak of money and hold no formulas in TeX (a test counts them).
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false, highlight: codeHtml });

// A picture becomes part of the page, which is shown without network and moved without its folder.
markdown.renderer.rules.image = (tokens, index, _options, environment) => {
  const token = tokens[index]!;
  const source = String(token.attrGet("src"));
  const { folder, place } = environment as { folder: string; place: string };
  const type = PICTURE_TYPES[extname(source).toLowerCase()];
  const path = join(folder, decodeURIComponent(source));
  if (/^[a-z]+:/i.test(source) || !type || !existsSync(path)) {
    throw new Error(`${place}: the picture ${source} cannot be put into the page: it must be a file beside the notebook (${Object.keys(PICTURE_TYPES).join(", ")})`);
  }
  return `<img src="data:${type};base64,${readFileSync(path).toString("base64")}" alt="${escapeHtml(token.content)}">`;
};

/**
 * @param folder where the notebook lies: pictures are read from there
 * @param place lesson and cell, for messages
 * @throws Error for a picture that is no file there
 */
export function readMarkdown(text: string, folder: string, place: string): (Heading | Prose)[] {
  const environment = { folder, place };
  const tokens = markdown.parse(text, environment);
  const blocks: (Heading | Prose)[] = [];
  for (let start = 0; start < tokens.length; ) {
    let end = start;
    for (let depth = 0; ; end += 1) {
      depth += tokens[end]!.nesting;
      if (depth === 0) break;
    }
    const part = tokens.slice(start, end + 1);
    const texts = part.filter(({ type }) => type === "inline" || type === "fence" || type === "code_block").map((token) => plainOf(token));
    const [first] = part;
    if (first!.type === "heading_open") {
      blocks.push({ kind: "heading", level: Number(first!.tag.slice(1)), html: markdown.renderer.render(part.slice(1, -1), markdown.options, environment), text: texts.join(" ") });
    } else {
      blocks.push({ kind: "prose", form: formOf(first!.type), html: markdown.renderer.render(part, markdown.options, environment), texts, ...(first!.type === "table_open" ? { rows: rowsOf(part) } : {}) });
    }
    start = end + 1;
  }
  return blocks;
}

function rowsOf(tokens: readonly { type: string; content: string; children: { content: string; type: string }[] | null }[]): string[][] {
  const rows: string[][] = [];
  for (const token of tokens) {
    if (token.type === "tr_open") rows.push([]);
    else if (token.type === "inline") rows.at(-1)!.push(plainOf(token));
  }
  return rows;
}

function formOf(type: string): Prose["form"] {
  if (type.endsWith("list_open")) return "list";
  if (type === "blockquote_open") return "quote";
  if (type === "table_open") return "table";
  return type === "fence" || type === "code_block" ? "code" : "paragraph";
}

const plainOf = (token: { content: string; children: { content: string; type: string }[] | null }): string =>
  token.children ? token.children.map(({ content, type }) => (type === "softbreak" ? " " : content)).join("") : token.content;
