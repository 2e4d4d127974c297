/** A piece of a document, large enough to ask about and small enough for one request. */
export interface Chunk {
  /** The document, as the user named it. */
  source: string;
  /** 1-based line of the document where the piece begins; for HTML, of its text form. */
  line: number;
  /** 0-based position among the document's chunks. */
  index: number;
  /** The headings above the piece, outermost first: `Install > Linux`; empty before the first heading. */
  heading: string;
  /** The piece, in Markdown. */
  text: string;
}

export interface ChunkOptions {
  /** Longest chunk, in characters. A single block (a table, a code block) may be longer. Default 3,200, about 800 tokens. */
  maxChars?: number;
  /** Sections shorter than this are joined with the next one under the same parent. Default 200. */
  minChars?: number;
}

interface Section {
  line: number;
  headings: string[];
  blocks: { line: number; text: string }[];
}

const ATX = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const FENCE = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;

/**
 * Cuts a Markdown document into chunks along its headings, and long sections between blocks. A fenced code block is
 * never cut, and a `#` inside one is no heading. YAML front matter is left out.
 *
 * @param source - the name that the chunks carry
 * @param text - the document
 */
export function chunkMarkdown(source: string, text: string, options: ChunkOptions = {}): Chunk[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n?|\n/);
  return cut(source, sections(lines, frontMatterEnd(lines)), options);
}

/** Cuts plain text into chunks between its paragraphs. */
export function chunkText(source: string, text: string, options: ChunkOptions = {}): Chunk[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n?|\n/);
  return cut(source, [{ line: 1, headings: [], blocks: paragraphs(lines) }], options);
}

function frontMatterEnd(lines: readonly string[]): number {
  if (lines[0]?.trimEnd() !== "---") return 0;
  const end = lines.findIndex((line, index) => index > 0 && /^(?:---|\.\.\.)\s*$/.test(line));
  return end < 0 ? 0 : end + 1;
}

function paragraphs(lines: readonly string[]): { line: number; text: string }[] {
  const blocks: { line: number; text: string }[] = [];
  let held: string[] = [];
  let begin = 0;
  lines.concat("").forEach((line, index) => {
    if (line.trim() !== "") {
      if (held.length === 0) begin = index + 1;
      held.push(line.trimEnd());
      return;
    }
    if (held.length > 0) blocks.push({ line: begin, text: held.join("\n") });
    held = [];
  });
  return blocks;
}

function sections(lines: readonly string[], from: number): Section[] {
  const found: Section[] = [];
  const path: string[] = [];
  let section: Section = { line: from + 1, headings: [], blocks: [] };
  let block: string[] = [];
  let begin = 0;
  let fence = "";
  const endBlock = (): void => {
    if (block.length > 0) section.blocks.push({ line: begin, text: block.join("\n") });
    block = [];
  };
  const heading = (level: number, title: string, line: number): void => {
    endBlock();
    found.push(section);
    path.length = Math.min(path.length, level - 1);
    while (path.length < level - 1) path.push("");
    path.push(title);
    section = { line, headings: path.filter((part) => part !== ""), blocks: [] };
  };
  for (let index = from; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (fence) {
      block.push(line);
      if (/^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1]?.startsWith(fence)) fence = "";
      continue;
    }
    const atx = ATX.exec(line);
    if (atx) {
      heading((atx[1] ?? "#").length, (atx[2] ?? "").trim(), index + 1);
      continue;
    }
    const underline = /^ {0,3}(=+|-+)[ \t]*$/.exec(line)?.[1];
    if (underline && block.length === 1 && !/^\s*(?:[-*+>|]|\d+[.)])/.test(block[0] ?? "")) {
      const title = (block[0] ?? "").trim();
      block = [];
      heading(underline.startsWith("=") ? 1 : 2, title, index);
      continue;
    }
    if (line.trim() === "") {
      endBlock();
      continue;
    }
    if (block.length === 0) begin = index + 1;
    block.push(line.trimEnd());
    fence = FENCE.exec(line)?.[1] ?? "";
  }
  endBlock();
  found.push(section);
  return found.filter(({ blocks }) => blocks.length > 0);
}

/** Whether two sections stand under one parent heading, or the second under the first. */
function related(first: Section, second: Section): boolean {
  const parent = first.headings.slice(0, Math.max(0, first.headings.length - 1));
  return second.headings.length >= first.headings.length && parent.every((title, i) => second.headings[i] === title);
}

function cut(source: string, found: readonly Section[], { maxChars = 3200, minChars = 200 }: ChunkOptions): Chunk[] {
  const chunks: Chunk[] = [];
  const length = (section: Section): number => section.blocks.reduce((sum, block) => sum + block.text.length + 2, 0);
  const joined: Section[] = [];
  for (const section of found) {
    const last = joined.at(-1);
    if (last && length(last) < minChars && length(last) + length(section) <= maxChars && related(last, section)) {
      const title = section.headings.at(-1);
      if (title) last.blocks.push({ line: section.line, text: `**${title}**` });
      last.blocks.push(...section.blocks);
    } else joined.push({ ...section, blocks: [...section.blocks] });
  }
  for (const { headings, blocks } of joined) {
    let held: string[] = [];
    let size = 0;
    let begin = 0;
    const flush = (): void => {
      if (held.length > 0) chunks.push({ source, line: begin, index: chunks.length, heading: headings.join(" > "), text: held.join("\n\n") });
      held = [];
      size = 0;
    };
    for (const block of blocks) {
      for (const piece of splitBlock(block, maxChars)) {
        if (size > 0 && size + piece.text.length > maxChars) flush();
        if (held.length === 0) begin = piece.line;
        held.push(piece.text);
        size += piece.text.length + 2;
      }
    }
    flush();
  }
  return chunks;
}

/** A paragraph over the limit, cut at sentence ends, and where a sentence is too long itself, at a space. Code stays whole. */
function splitBlock(block: { line: number; text: string }, maxChars: number): { line: number; text: string }[] {
  if (block.text.length <= maxChars || FENCE.test(block.text) || /^\s*\|/.test(block.text)) return [block];
  const pieces: { line: number; text: string }[] = [];
  let rest = block.text;
  let line = block.line;
  while (rest.length > maxChars) {
    const head = rest.slice(0, maxChars);
    const sentence = Math.max(head.lastIndexOf(". "), head.lastIndexOf("! "), head.lastIndexOf("? "), head.lastIndexOf(".\n"));
    const space = Math.max(head.lastIndexOf(" "), head.lastIndexOf("\n"));
    const at = sentence > maxChars / 2 ? sentence + 1 : space > 0 ? space : maxChars;
    pieces.push({ line, text: rest.slice(0, at).trim() });
    const after = rest.slice(at).trimStart();
    line += rest.slice(0, rest.length - after.length).split("\n").length - 1;
    rest = after;
  }
  if (rest !== "") pieces.push({ line, text: rest });
  return pieces;
}
