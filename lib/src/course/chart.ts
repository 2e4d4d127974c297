/** Charts: Vega-Lite, drawn by JupyterLab itself; the same picture as SVG for readers that cannot (GitHub, HTML, PDF). */
import type { TopLevelSpec } from "vega-lite";
import { show, type MimeBundle } from "./display.js";

// JupyterLab registers its Vega-Lite renderer for this type; it draws nothing for a v6 type (JupyterLab 4.6).
const VEGA_LITE_MIME = "application/vnd.vegalite.v5+json";
const SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

// Okabe and Ito's palette: eight colours that readers with the common colour-vision deficiencies can tell apart.
// Source: M. Okabe, K. Ito, "Color Universal Design", 2008, https://jfly.uni-koeln.de/color/
const PALETTE = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000"];

// JupyterLab's dark theme makes every word of a chart white. Paper is white here in both themes, so the ink is named too.
const INK = "#222222";

const CONFIG = {
  font: "system-ui, sans-serif",
  background: "#ffffff",
  style: { "guide-label": { fill: INK }, "guide-title": { fill: INK } },
  range: { category: PALETTE },
  mark: { color: PALETTE[0] },
  axis: { domainColor: "#888888", tickColor: "#888888", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", grid: true, gridColor: "#e6e6e6" },
  legend: { labelFontSize: 12, labelLimit: 320, titleFontSize: 12, titleFontWeight: "normal" },
  title: { color: INK, subtitleColor: INK, fontSize: 14, fontWeight: 600, anchor: "start", offset: 10 },
  view: { stroke: null },
} as const;

// Read by vega-embed, which draws in the browser: sharp at every zoom, and no link that leaves the machine.
const EMBED = { embedOptions: { renderer: "svg", actions: { export: true, source: true, compiled: false, editor: false } } };

// Omit on a union keeps only what its members share; this omits from each member.
type WithoutShared<Spec> = Spec extends unknown ? Omit<Spec, "$schema" | "config" | "description"> : never;

/** A Vega-Lite specification without the parts that are the same in every lesson. */
export type ChartSpec = WithoutShared<TopLevelSpec>;

/**
 * Draws a chart below the cell.
 *
 * @param alt what the picture says, in a sentence with its numbers: read out instead of the picture, and shown where
 *   no picture can be
 * @throws TypeError when `alt` is missing; Error with Vega's message when the specification is wrong
 */
export async function showChart(spec: ChartSpec, alt: string): Promise<void> {
  show(await chartBundle(spec, alt));
}

export async function chartBundle(spec: ChartSpec, alt: string): Promise<MimeBundle> {
  if (!alt.trim()) throw new TypeError("showChart needs an alternative text: say in a sentence what the picture shows");
  const full = { $schema: SCHEMA, description: alt, width: 480, height: 240, ...spec, config: CONFIG, usermeta: EMBED } as unknown as TopLevelSpec;
  return { [VEGA_LITE_MIME]: full, "image/svg+xml": await renderSvg(full), "text/plain": alt };
}

/**
 * Without a canvas Vega takes every letter for 0.8 of its size wide; on the mean they are about half as wide as high. A limit in
 * pixels, which a browser keeps by measuring, would then cut labels that fit.
 */
const TAKEN_TOO_WIDE = 1.6;
/** Vega-Lite's own limit of a label. */
const LABEL_LIMIT = 180;

function withWiderLimits(spec: TopLevelSpec): TopLevelSpec {
  const { config = {} } = spec;
  const limited = Object.fromEntries((["axis", "header", "legend"] as const).map((guide) => [guide, { labelLimit: LABEL_LIMIT, ...config[guide] }]));
  const widen = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(widen);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([key, value]) => {
      if (key === "data" || key === "datasets") return [key, value as unknown];
      return [key, /limit$/i.test(key) && typeof value === "number" ? value * TAKEN_TOO_WIDE : widen(value)];
    }));
  };
  return widen({ ...spec, config: { ...config, ...limited } }) as TopLevelSpec;
}

/** The chart as SVG text. Text is measured without a canvas, so labels may sit a few pixels beside the browser's. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  // Both are ES modules with top-level await: `require` cannot load them, `import()` can.
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const { spec: compiled } = vegaLite.compile(withWiderLimits(spec), { logger: strictLogger() });
  const view = new vega.View(vega.parse(compiled), { renderer: "none", logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

// Vega-Lite warns where it drops a part of a wrong specification; a lesson's chart must not lose parts in silence.
function strictLogger() {
  const logger = {
    level: () => logger,
    error: (...messages: unknown[]): never => {
      throw new Error(`chart: ${messages.join(" ")}`);
    },
    warn: (...messages: unknown[]) => {
      // This lib compiles with Vega-Lite 6 what JupyterLab draws with the version of its own.
      if (!String(messages[0]).includes("specification uses Vega-Lite v5")) throw new Error(`chart: ${messages.join(" ")}`);
      return logger;
    },
    info: () => logger,
    debug: () => logger,
  };
  return logger as never;
}
