/**
 * A lesson's document as slides: a section is a group, a heading starts a slide, and blocks fill it while they fit.
 * Heights are estimated from the number of characters, in CSS pixels of a slide of 1280 x 720; where an estimate is too
 * low, or one block is taller than a slide, the slide's body scrolls.
 */
import { escapeHtml } from "llmops/course";
import type { Block, Code, LessonDocument } from "./document.ts";
import type { Prose } from "./markdown.ts";
import type { Shown } from "./outputs.ts";

export interface Slide {
  /** The section, small above a slide of one of its parts. */
  running?: string;
  /** Its own heading; `level` 1 is the title slide. Of a slide that goes on, the same again, with `part`. */
  heading: { level: number; html: string; text: string };
  part?: { number: number; of: number };
  blocks: string[];
  /** For the speaker, as HTML. */
  notes: string[];
}

// What deck.css sets: a body of WIDTH x BODY, prose of 26 px on lines of 36, code of 18 px on lines of 25.
const WIDTH = 1152;
const BODY = 540;
const HEADING = { characters: 52, line: 44 }; // beyond them the heading takes a second line
const GAP = 16;
const PROSE = { characters: 82, line: 37 };
const CODE = { characters: 101, line: 25, around: 28 };
const CODE_LINES = Math.floor((BODY - CODE.around) / CODE.line);
const TABLE_SIZES = [22, 20, 18, 16, 14];
const TEXT_LINES = Math.floor((BODY - 28) / (16 * 1.4));
const READABLE = 18;
const CELL = 18; // between columns
const TEXT_SIZES = [20, 18, 16, 14];

/** One block of a slide: its HTML, its height, and what the speaker reads beside it. */
interface Piece {
  html: string;
  height: number;
  /** It begins a slide of its own. */
  alone?: boolean;
  note?: string;
  /** A short text that ends in a colon: it stays with what it announces. */
  announces?: boolean;
}

/** Groups of slides, each a section of the lesson; the first is the title slide with the introduction. */
export function readSlides(document: LessonDocument): Slide[][] {
  const title: Slide = {
    heading: { level: 1, html: escapeHtml(document.title), text: document.title },
    blocks: document.opening.map(({ html }) => html),
    notes: document.notes,
  };
  const groups: Slide[][] = [[title]];
  let group = groups[0]!;
  let slide: Slide | undefined;
  let section: Slide["heading"] = { ...title.heading, level: 2 };
  let heading = section;
  let filled = 0;
  let toNote: string[] = [];
  let last: Piece | undefined;
  const room = () => BODY - (heading.text.length > HEADING.characters ? HEADING.line : 0);
  const begin = (running?: string) => {
    slide = { ...(running === undefined ? {} : { running }), heading, blocks: [], notes: [] };
    group.push(slide);
    filled = 0;
    last = undefined;
  };
  for (const block of document.blocks) {
    if (block.kind === "heading") {
      if (block.level <= 2) {
        group = [];
        groups.push(group);
        section = heading = { level: 2, html: block.html, text: block.text };
        begin();
        continue;
      }
      heading = { level: 3, html: block.html, text: block.text };
      // A section that begins with a part needs no slide of its own: its name stands above the part's.
      if (slide && slide.blocks.length === 0 && group.length === 1) Object.assign(slide, { running: section.html, heading });
      else begin(section.html);
      continue;
    }
    if (block.kind === "code" && block.folded) {
      toNote.push(`<p>The code of what is shown:</p><pre>${escapeHtml(block.source)}</pre>`);
      continue;
    }
    for (const piece of piecesOf(block)) {
      const needed = (filled ? GAP : 0) + piece.height;
      if (!slide || (filled > 0 && (piece.alone || filled + needed > room()))) {
        const moves = slide && last?.announces && slide.blocks.length > 1 && last.height + GAP + piece.height <= room() ? last : undefined;
        if (moves) slide!.blocks.pop();
        begin(heading.level > 2 ? section.html : undefined);
        if (moves) {
          slide!.blocks.push(moves.html);
          filled = moves.height;
        }
      }
      slide!.blocks.push(piece.html);
      last = piece;
      slide!.notes.push(...(piece.note === undefined ? [] : [piece.note]), ...toNote);
      toNote = [];
      filled += (filled ? GAP : 0) + piece.height;
    }
  }
  const full = groups.map((slides) => slides.filter(({ blocks, heading: { level } }) => blocks.length > 0 || level === 1)).filter(({ length }) => length > 0);
  full.forEach(numberParts);
  return full;
}

/** Slides in a row under one heading say which of how many they are. */
function numberParts(slides: Slide[]): void {
  for (let start = 0; start < slides.length; ) {
    let end = start + 1;
    while (end < slides.length && slides[end]!.heading === slides[start]!.heading) end += 1;
    if (end - start > 1) slides.slice(start, end).forEach((slide, at) => (slide.part = { number: at + 1, of: end - start }));
    start = end;
  }
}

function piecesOf(block: Exclude<Block, { kind: "heading" }>): Piece[] {
  if (block.kind === "prose") {
    if (block.rows) return tablePieces(block.html.trim(), gridOf(block.rows));
    const height = proseHeight(block);
    return [{ html: block.html, height, announces: height <= 3 * PROSE.line && (block.texts.at(-1) ?? "").endsWith(":") }];
  }
  if (block.kind === "code") return codePieces(block);
  return resultPieces(block.shown);
}

function proseHeight({ form, texts }: Prose): number {
  if (form === "code") return texts.reduce((sum, text) => sum + CODE.around + CODE.line * rowsOf(text.trimEnd().split("\n"), CODE.characters), 0);
  const characters = PROSE.characters - (form === "paragraph" ? 0 : 5);
  const between = form === "list" ? 6 : GAP;
  return texts.reduce((sum, text) => sum + PROSE.line * rowsOf([text], characters) + between, 0) - between;
}

const rowsOf = (lines: readonly string[], characters: number): number => lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / characters)), 0);

const LABELS = { code: "Code", exercise: "Exercise", solution: "Solution" } as const;

/** Code that is longer than a slide is shown in parts, each on its own. */
function codePieces({ source, lines, role }: Code): Piece[] {
  const texts = source.split("\n");
  const parts: { from: number; to: number }[] = [];
  for (let from = 0; from < texts.length; ) {
    let to = from;
    for (let rows = 0; to < texts.length && (rows += rowsOf([texts[to]!], CODE.characters)) <= CODE_LINES; to += 1);
    to = Math.max(to, from + 1);
    if (to < texts.length) to = goodBreak(texts, from, to);
    parts.push({ from, to });
    from = to;
    while (from < texts.length && !texts[from]!.trim()) from += 1;
  }
  return parts.map(({ from, to }, at) => {
    const label = parts.length > 1 ? `${LABELS[role]}, part ${at + 1} of ${parts.length}` : LABELS[role];
    const badge = role !== "code" || parts.length > 1 ? `<figcaption>${label}</figcaption>` : "";
    const height = CODE.around + CODE.line * rowsOf(texts.slice(from, to), CODE.characters) + (badge ? 26 : 0);
    return {
      html: `<figure class="code ${role}" aria-label="${label}">${badge}<pre><code>${lines.slice(from, to).join("\n")}</code></pre></figure>`,
      height, ...(at > 0 || role === "solution" ? { alone: true } : {}),
    };
  });
}

/** Where to cut before `to`: after an empty line, else before a line that is not indented, else where the slide ends. */
function goodBreak(texts: readonly string[], from: number, to: number): number {
  for (const good of [(line: string) => !line.trim(), (line: string) => /^[\w/]/.test(line)]) {
    for (let at = to - 1; at > from + (to - from) / 3; at -= 1) if (good(texts[at]!)) return at;
  }
  return to;
}

function resultPieces({ kind, html, plain, size }: Shown): Piece[] {
  switch (kind) {
    case "picture": {
      // Grows to what the slide has left; never drawn smaller than it was made, where that fits a slide.
      const scale = size ? Math.min(1, WIDTH / size.width) : 1;
      const height = Math.round(Math.min(BODY, (size?.height ?? 320) * scale));
      return [{ html: `<figure class="picture" style="min-height:min(100%,${height}px)">${html}</figure>`, height, note: `<p>The picture: ${escapeHtml(plain)}</p>` }];
    }
    case "table":
      return tablePieces(html, plain);
    case "text": {
      const lines = plain.split("\n");
      if (lines.length > TEXT_LINES && lines.length <= 3 * TEXT_LINES) return textParts(lines);
      const characters = (letters: number) => (WIDTH - 36) / (letters * 0.61);
      const height = (letters: number) => 28 + lines.length * letters * 1.4;
      const letters = TEXT_SIZES.find((candidate) => Math.max(...lines.map(({ length }) => length)) <= characters(candidate) && height(candidate) <= BODY)
        ?? TEXT_SIZES.find((candidate) => 28 + rowsOf(lines, Math.floor(characters(candidate))) * candidate * 1.4 <= BODY) ?? 16;
      return [{ html: `<div class="text" style="font-size:${letters}px">${html}</div>`, height: 28 + rowsOf(lines, Math.floor(characters(letters))) * letters * 1.4 }];
    }
    case "message":
      // What a check says of a stub: the slide shows that nothing is filled in.
      return /^\S+: Not yet\. /.test(plain) ? [] : [{ html: `<div class="message">${html}</div>`, height: 30 + 33 * rowsOf(plain.split("\n"), 90) }];
  }
}

/** Rows as the library prints a table: columns of equal width, a rule below the header. */
function gridOf(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return [line(rows[0]!), widths.map((width) => "-".repeat(width)).join("  "), ...rows.slice(1).map(line)].join("\n");
}

/** Printed text that is longer than a slide, in parts. */
function textParts(lines: readonly string[]): Piece[] {
  return Array.from({ length: Math.ceil(lines.length / TEXT_LINES) }, (_, at) => {
    const part = lines.slice(at * TEXT_LINES, (at + 1) * TEXT_LINES);
    return { html: `<div class="text" style="font-size:16px"><pre class="printed" aria-label="Printed, part ${at + 1}">${escapeHtml(part.join("\n"))}</pre></div>`, height: BODY, alone: true };
  });
}

/** In the largest letters that fit, better with broken lines than smaller than READABLE; a table too long for that in parts. */
function tablePieces(html: string, plain: string): Piece[] {
  const rows = html.split("<tr").length - 1;
  const columns = html.split(/<th[ >]/).length - 1;
  const lines = plain.split("\n").slice(-rows - 1).map((line) => line.trimEnd()); // header, rule and rows, without the caption
  const characters = Math.max(...lines.map(({ length }) => length)) - 2 * (columns - 1);
  const caption = html.includes("<caption") ? 2 : 0;
  const at = (size: number) => {
    const room = (WIDTH - columns * CELL) / (size * 0.56);
    const breaks = characters / room;
    // Columns never break all at once: a table that breaks fills its lines to about four fifths.
    const height = (from: number, to: number) => [lines[0]!, ...lines.slice(from + 2, to + 2)]
      .reduce((sum, line) => sum + 8 + size * 1.35 * Math.max(1, Math.ceil(line.length / (room * (breaks > 1 ? 0.8 : 1)))), caption * size * 1.35);
    return { size, breaks, height };
  };
  const fitting = TABLE_SIZES.map(at).filter(({ height }) => height(0, rows - 1) <= BODY);
  const readable = fitting.filter(({ size }) => size >= READABLE);
  const best = readable.find(({ breaks }) => breaks <= 1) ?? readable.at(-1) ?? fitting[0];
  const piece = (part: string, size: number, height: number, alone = false): Piece => ({ html: `<div class="table" style="font-size:${size}px">${part}</div>`, height, ...(alone ? { alone } : {}) });
  if (best) return [piece(html, best.size, best.height(0, rows - 1))];
  const { size, height } = at(16);
  const table = /^([\s\S]*<tbody>)([\s\S]*)(<\/tbody>[\s\S]*)$/.exec(html);
  const body = table?.[2]!.trim().split(/(?=<tr>)/) ?? [];
  if (!table || body.length !== rows - 1) return [piece(html, size, BODY, true)];
  const pieces: Piece[] = [];
  for (let from = 0; from < body.length; ) {
    let to = from + 1;
    while (to < body.length && height(from, to + 1) <= BODY) to += 1;
    pieces.push(piece(`${table[1]}${body.slice(from, to).join("")}${table[3]}`, size, height(from, to), true));
    from = to;
  }
  return pieces;
}
