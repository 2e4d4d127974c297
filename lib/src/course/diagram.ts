/**
 * Diagrams: boxes in a row, arrows between them, bands that group them, and a way back. Drawn by Vega-Lite like every chart:
 * JupyterLab strips SVG from the HTML of a notebook that it does not trust yet, and draws charts.
 */
import { chartBundle, type ChartSpec } from "./chart.js";
import { show, type MimeBundle } from "./display.js";

/** How a box stands: told by its mark and its word as well as by its colour. */
export type BoxState = "plain" | "waiting" | "passed" | "failed";

export interface DiagramBox {
  title: string;
  /** Short lines below the title; what is longer than about 22 letters goes on in the next line. */
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
  /** What goes from each box to the next: one label fewer than boxes, of about 8 letters a line. */
  between?: readonly string[];
  /** What goes back from the last box to the first. */
  back?: string;
}

// Okabe and Ito's colours, as in every chart; the light ones behind dark text.
const FACES: Record<BoxState, { fill: string; stroke: string; mark: string }> = {
  plain: { fill: "#f5f5f5", stroke: "#555555", mark: "" },
  waiting: { fill: "#ffffff", stroke: "#999999", mark: "… " },
  passed: { fill: "#e0f2ec", stroke: "#009E73", mark: "✓ " },
  failed: { fill: "#fbe5da", stroke: "#D55E00", mark: "✗ " },
};
const BANDS = ["#d6e8f5", "#fbeccb", "#f3e0ec"];
const INK = "#222222";
// Five boxes are as wide as a cell's output in a window of 1,280 pixels.
const BOX = 130, GAP = 44, LINE = 16, EDGE = 8, BAND = 26, BACK = 44;
/** Letters in a line of a box. Counted, not measured: without a screen Vega takes letters for wider than they are, and would cut. */
const LETTERS = 22;

interface Place {
  x: number;
  y: number;
  x2?: number;
  y2?: number;
  text?: string;
  fill?: string;
  stroke?: string;
}

/** The diagram as a Vega-Lite specification, in pixels from its upper left corner. */
export function diagramSpec({ boxes: given, bands = [], between = [], back }: Diagram): ChartSpec {
  const boxes = given.map((box) => ({ ...box, lines: (box.lines ?? []).flatMap(wrapped) }));
  const rows = Math.max(...boxes.map(({ lines }) => lines.length));
  const width = 2 * EDGE + boxes.length * BOX + (boxes.length - 1) * GAP;
  const top = EDGE + (bands.length > 0 ? BAND : 0), bottom = top + 34 + rows * LINE;
  const height = bottom + EDGE + (back === undefined ? 0 : BACK);
  const left = (at: number): number => EDGE + at * (BOX + GAP);
  const level = top + 18, low = bottom + EDGE + 20, first = left(0) + BOX / 2, last = left(boxes.length - 1) + BOX / 2;
  const gaps = boxes.slice(1).map((_, at) => ({ from: left(at) + BOX + 2, to: left(at + 1) - 2, label: between[at] ?? "" }));
  const position = (length: number, reverse = false): object => ({ type: "quantitative", axis: null, scale: { domain: [0, length], nice: false, zero: false, reverse } });
  const encoding = (more: object): object => ({ x: { field: "x", ...position(width) }, y: { field: "y", ...position(height, true) }, ...more });
  const layer = (mark: object, values: Place[], more: object = {}): object[] => (values.length === 0 ? [] : [{ mark, data: { values }, encoding: encoding(more) }]);
  const area = { x2: { field: "x2" }, y2: { field: "y2" }, fill: { field: "fill", type: "nominal", scale: null } };
  const outlined = { ...area, stroke: { field: "stroke", type: "nominal", scale: null } };
  const words = (values: Place[], mark: object): object[] => layer({ type: "text", color: INK, baseline: "middle", ...mark }, values, { text: { field: "text" } });
  const layers = [
    ...layer({ type: "rect", cornerRadius: 8 }, bands.map(({ from, to }, at) => (
      { x: left(from) - 7, x2: left(to) + BOX + 7, y: 0, y2: bottom + 7, fill: BANDS[at % BANDS.length]! }
    )), area),
    ...words(bands.map(({ title, from, to }) => ({ x: (left(from) + left(to) + BOX) / 2, y: EDGE + 8, text: title })), { fontStyle: "italic", fontSize: 12 }),
    ...layer({ type: "rect", cornerRadius: 6, strokeWidth: 2 }, boxes.map(({ state = "plain" }, at) => (
      { x: left(at), x2: left(at) + BOX, y: top, y2: bottom, fill: FACES[state].fill, stroke: FACES[state].stroke }
    )), outlined),
    ...words(boxes.map(({ title, state = "plain" }, at) => ({ x: left(at) + BOX / 2, y: top + 18, text: FACES[state].mark + title })), { fontWeight: 600, fontSize: 13 }),
    ...words(boxes.flatMap(({ lines }, at) => lines.map((text, row) => ({ x: left(at) + 7, y: top + 40 + row * LINE, text }))), { align: "left", fontSize: 10.5 }),
    ...layer({ type: "rule", color: INK, strokeWidth: 1.5 }, gaps.map(({ from, to }) => ({ x: from, x2: to - 6, y: level })), { x2: { field: "x2" } }),
    ...layer({ type: "point", shape: "triangle-right", filled: true, color: INK, size: 60, opacity: 1 }, gaps.map(({ to }) => ({ x: to - 4, y: level }))),
    ...words(gaps.flatMap(({ from, to, label }) => label.split("\n").filter(Boolean).map((text, row) => ({ x: (from + to) / 2, y: level + 16 + row * 13, text }))), { fontSize: 10 }),
    ...(back === undefined ? [] : [
      ...layer({ type: "rule", color: INK, strokeWidth: 1.5, strokeDash: [6, 4] }, [
        { x: last, x2: last, y: bottom + 3, y2: low }, { x: first, x2: last, y: low, y2: low }, { x: first, x2: first, y: bottom + 9, y2: low },
      ], { x2: { field: "x2" }, y2: { field: "y2" } }),
      ...layer({ type: "point", shape: "triangle-up", filled: true, color: INK, size: 60, opacity: 1 }, [{ x: first, y: bottom + 7 }]),
      ...words([{ x: (first + last) / 2, y: low + 13, text: back }], { fontSize: 11 }),
    ]),
  ];
  return { width, height, layer: layers } as unknown as ChartSpec;
}

/** A text as lines of at most LETTERS letters, parted at spaces; what goes on is set in by two. A longer word stands alone. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= LETTERS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `\u2002${word}`);
  }
  return lines;
}

/**
 * @param alt what the picture says, in a sentence: read out instead of the picture, and shown where none can be
 * @throws TypeError when `alt` is missing, or there is no box
 */
export async function diagramBundle(diagram: Diagram, alt: string): Promise<MimeBundle> {
  if (diagram.boxes.length === 0) throw new TypeError("a diagram needs at least one box");
  return chartBundle(diagramSpec(diagram), alt);
}

/** Draws boxes in a row, with arrows between them, below the cell. As {@link diagramBundle}. */
export async function showDiagram(diagram: Diagram, alt: string): Promise<void> {
  show(await diagramBundle(diagram, alt));
}
