/** Slides as one file for a browser: reveal.js, its speaker's view and the pictures are in it, and it asks for nothing else. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { escapeHtml } from "llmops/course";
import type { Slide } from "./slides.ts";

const REVEAL = dirname(createRequire(import.meta.url).resolve("reveal.js"));
const reveal = (path: string) => readFileSync(join(REVEAL, path), "utf8");
const own = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
const script = (text: string) => `<script>${text.replaceAll(/<\/script|<!--/gi, (found) => found.replace("<", "\\x3c"))}</script>`;

// Nothing from elsewhere. Frames are the speaker's view, which shows this file's own slides.
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-src file: http://127.0.0.1:* http://localhost:*";

export const deckPage = (title: string, groups: readonly Slide[][]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
${reveal("reveal.css")}
${own("theme.css")}
${own("deck.css")}
</style>
</head>
<body>
<main class="reveal"><div class="slides">
${groups.map((slides) => `<section>\n${slides.map(slideHtml).join("\n")}\n</section>`).join("\n")}
</div></main>
${script(reveal("reveal.js"))}
${script(reveal("plugin/notes.js"))}
${script(own("deck.js"))}
</body>
</html>
`;

function slideHtml({ running, heading: { level, html }, part, blocks, notes }: Slide): string {
  const parts = part ? ` <span class="part">${part.number} of ${part.of}</span>` : "";
  // The section's name is a heading where it stands for the first time, so that no level is left out.
  const first = running !== undefined && (part?.number ?? 1) === 1;
  const above = running === undefined ? "" : first ? `<h2 class="running">${running}</h2>` : `<p class="running">${running}</p>`;
  return `<section><div class="slide">${above}<h${level}>${html}${parts}</h${level}>
<div class="body">${blocks.join("\n")}</div></div>${notes.length ? `<aside class="notes">${notes.join("\n")}</aside>` : ""}</section>`;
}
