/** What a cell showed, as HTML that stands alone. */
import { escapeHtml } from "llmops/course";
import { textOf, type Output } from "../notebook.ts";

export interface Shown {
  kind: "table" | "picture" | "text" | "message";
  html: string;
  /** Its plain form, for estimates of size; of a picture what it shows. */
  plain: string;
  /** CSS pixels, of a picture. */
  size?: { width: number; height: number };
}

/** The outputs of a cell in their order. Text that was printed in pieces is one text. */
export function readOutputs(outputs: readonly Output[]): Shown[] {
  const shown: Shown[] = [];
  let stream: { name: string; text: string } | undefined;
  const flush = () => {
    if (stream?.text.trim()) shown.push(text(stream.text, stream.name === "stderr" ? "Written to stderr" : "Printed"));
    stream = undefined;
  };
  for (const output of outputs) {
    if (output.output_type === "stream") {
      const name = output.name ?? "stdout";
      if (stream?.name !== name) flush();
      stream = { name, text: (stream?.text ?? "") + textOf(output.text) };
      continue;
    }
    flush();
    if (output.output_type === "error") shown.push(text(`${output.ename ?? "Error"}: ${output.evalue ?? ""}`, "Error"));
    else if (output.data) shown.push(richest(output.data));
  }
  flush();
  return shown;
}

// Sets nothing in motion and loads nothing: what else a lesson may show is set as its plain text.
const ACTIVE = /<(script|iframe|object|embed|link|img|video|audio|form|meta|base)\b|\son\w+\s*=|javascript:/i;

function richest(data: Record<string, unknown>): Shown {
  const plain = textOf(data["text/plain"]);
  const svg = textOf(data["image/svg+xml"]);
  if (svg) return picture(svg, plain);
  const png = textOf(data["image/png"]);
  if (png) return { kind: "picture", html: image(`image/png;base64,${png.replaceAll("\n", "")}`, plain), plain };
  const html = textOf(data["text/html"]);
  if (html && !ACTIVE.test(html)) return html.startsWith("<table") ? table(html, plain) : { kind: "message", html, plain };
  return text(plain, "Result");
}

// A caption longer than this takes several lines, as wide as its table; a shorter one stays on one, as in the notebook.
const CAPTION = 84;

function table(html: string, plain: string): Shown {
  const caption = /<caption[^>]*>([^<]*)/.exec(html)?.[1] ?? "";
  return { kind: "table", html: caption.length > CAPTION ? `<div class="long-caption">${html}</div>` : html, plain };
}

/** As a picture of its own, not as part of the page: the ids in Vega's SVG repeat from chart to chart. */
function picture(svg: string, plain: string): Shown {
  const [width, height] = ["width", "height"].map((name) => Number(new RegExp(`<svg[^>]*\\s${name}="([\\d.]+)"`).exec(svg)?.[1] ?? 0)) as [number, number];
  return {
    kind: "picture", html: image(`image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`, plain, width && height ? ` width="${width}" height="${height}"` : ""),
    plain, ...(width && height ? { size: { width, height } } : {}),
  };
}

const image = (data: string, alt: string, size = "") => `<img src="data:${data}" alt="${escapeHtml(alt)}"${size}>`;

// Colours and movements of a terminal mean nothing on paper.
const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]/g;

function text(content: string, label: string): Shown {
  const plain = content.replaceAll(ESCAPES, "").replace(/\n$/, "");
  return { kind: "text", html: `<pre class="printed" aria-label="${label}">${escapeHtml(plain)}</pre>`, plain };
}
