/** Diagrams: boxes in a row with what they take and give, bands above that group them, arrows, and a way back. As SVG. */
import { escapeHtml, PLAIN_HTML, show, type MimeBundle } from "./display.js";

/** How a box stands: told by its mark and its word as well as by its colour. */
export type BoxState = "plain" | "waiting" | "passed" | "failed";

export interface DiagramBox {
  title: string;
  /** Short lines below the title; about 24 letters fit. */
  lines?: readonly string[];
  state?: BoxState;
}

/** A band over neighbouring boxes, from one to another, by their place from 0. */
export interface DiagramBand {
  title: string;
  from: number;
  to: number;
}

export interface Diagram {
  boxes: readonly DiagramBox[];
  bands?: readonly DiagramBand[];
  /** What goes from each box to the next: one label fewer than boxes, each of one or two words a line. */
  between?: readonly string[];
  /** What goes back from the last box to the first. */
  back?: string;
}

// Okabe and Ito's colours, as in every chart; the light ones behind black text.
const FACES: Record<BoxState, { fill: string; stroke: string; mark: string }> = {
  plain: { fill: "#f5f5f5", stroke: "#555555", mark: "" },
  waiting: { fill: "#ffffff", stroke: "#999999", mark: "… " },
  passed: { fill: "#e0f2ec", stroke: "#009E73", mark: "✓ " },
  failed: { fill: "#fbe5da", stroke: "#D55E00", mark: "✗ " },
};
const BANDS = ["#d6e8f5", "#fbeccb", "#f3e0ec"];
const INK = "#222222";
const BOX = 148, GAP = 62, LINE = 16, EDGE = 12, BAND = 26;

const text = (x: number, y: number, content: string, more = ""): string => `<text x="${x}" y="${y}" ${more}>${escapeHtml(content)}</text>`;

/** The diagram as SVG text. White paper and dark ink in both themes of JupyterLab. */
export function diagramSvg({ boxes, bands = [], between = [], back }: Diagram, alt: string): string {
  const rows = Math.max(...boxes.map(({ lines = [] }) => lines.length));
  const width = 2 * EDGE + boxes.length * BOX + (boxes.length - 1) * GAP;
  const top = EDGE + (bands.length > 0 ? BAND : 0) + 8, height = 34 + rows * LINE;
  const bottom = top + height, full = bottom + EDGE + (back === undefined ? 0 : 40);
  const left = (at: number): number => EDGE + at * (BOX + GAP);
  const middle = top + 18;
  const parts = [
    ...bands.map(({ title, from, to }, at) => {
      const start = left(from) - 6, wide = left(to) + BOX + 6 - start;
      return `<rect x="${start}" y="${EDGE}" width="${wide}" height="${bottom - EDGE + 6}" rx="8" fill="${BANDS[at % BANDS.length]}"/>`
        + text(start + wide / 2, EDGE + 18, title, 'text-anchor="middle" font-style="italic"');
    }),
    ...boxes.map(({ title, lines = [], state = "plain" }, at) => {
      const { fill, stroke, mark } = FACES[state];
      return `<rect x="${left(at)}" y="${top}" width="${BOX}" height="${height}" rx="6" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`
        + text(left(at) + BOX / 2, top + 22, mark + title, 'text-anchor="middle" font-weight="600"')
        + lines.map((line, row) => text(left(at) + 9, top + 42 + row * LINE, line, 'font-size="11.5"')).join("");
    }),
    ...boxes.slice(1).map((_, at) => {
      const from = left(at) + BOX + 3, to = left(at + 1) - 3;
      const words = between[at] === undefined ? [] : between[at].split("\n");
      return `<line x1="${from}" y1="${middle}" x2="${to}" y2="${middle}" stroke="${INK}" stroke-width="1.5"/>`
        + `<path d="M${to},${middle} l-8,-4 v8 z"/>`
        + words.map((word, row) => text((from + to) / 2, middle + 16 + row * 13, word, 'text-anchor="middle" font-size="11"')).join("");
    }),
    ...(back === undefined ? [] : [backArrow(left(0) + BOX / 2, left(boxes.length - 1) + BOX / 2, bottom, back)]),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeHtml(alt)}" viewBox="0 0 ${width} ${full}" width="${width}" height="${full}" style="max-width:100%;height:auto" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">`
    + `<rect width="${width}" height="${full}" fill="#ffffff"/>${parts.join("")}</svg>`;
}

function backArrow(first: number, last: number, bottom: number, label: string): string {
  const low = bottom + 28;
  return `<path d="M${last},${bottom + 7} V${low} H${first} V${bottom + 8}" fill="none" stroke="${INK}" stroke-width="1.5" stroke-dasharray="6 4"/>`
    + `<path d="M${first},${bottom + 7} l-4,8 h8 z"/>`
    + text((first + last) / 2, low + 16, label, 'text-anchor="middle" font-size="11.5"');
}

/** @throws TypeError when `alt` is missing, or there is no box */
export function diagramBundle(diagram: Diagram, alt: string): MimeBundle {
  if (!alt.trim()) throw new TypeError("a diagram needs an alternative text: say in a sentence what the picture shows");
  if (diagram.boxes.length === 0) throw new TypeError("a diagram needs at least one box");
  return { "text/html": `<div class="${PLAIN_HTML}">${diagramSvg(diagram, alt)}</div>`, "text/plain": alt };
}

/**
 * Draws boxes in a row, with arrows between them, below the cell.
 *
 * @param alt what the picture says, in a sentence: read out instead of the picture, and shown where none can be
 * @throws TypeError when `alt` is missing, or there is no box
 */
export function showDiagram(diagram: Diagram, alt: string): void {
  show(diagramBundle(diagram, alt));
}
