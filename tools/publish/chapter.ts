/** Lessons as one HTML page: a table of contents, then every lesson whole. The PDF is this page, printed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { escapeHtml } from "llmops/course";
import type { Block, Code, LessonDocument } from "./document.ts";
import type { Shown } from "./outputs.ts";

/** A lesson that is not on the page, and why. */
export interface MissingLesson {
  id: string;
  title: string;
  why: string;
}

const own = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");

export function chapterPage(heading: string, lessons: readonly LessonDocument[], missing: readonly MissingLesson[] = []): string {
  const title = lessons.length === 1 && missing.length === 0 ? lessons[0]!.title : heading;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
${own("theme.css")}
${own("chapter.css")}
</style>
</head>
<body>
<a class="skip" href="#lessons">Skip to the lessons</a>
<header><h1>${escapeHtml(heading)}</h1><p>From the LLMOps Workbook; every output was recorded in a run. The notebooks themselves can be run and changed.</p></header>
<nav aria-label="Contents"><ol>
${lessons.map(contentsOf).join("\n")}
${missing.map(({ id, title: name, why }) => `<li class="missing">${escapeHtml(`${id} ${name}`)}: not on this page, ${escapeHtml(why)}</li>`).join("\n")}
</ol></nav>
<main id="lessons" tabindex="-1">
${lessons.map(lessonHtml).join("\n")}
</main>
</body>
</html>
`;
}

const idOf = (lesson: LessonDocument) => `lesson-${lesson.id}`;

/** The sections of a lesson, with their places. */
const sectionsOf = (lesson: LessonDocument) =>
  lesson.blocks.filter((block) => block.kind === "heading" && block.level === 2).map((block, at) => ({ block, id: `${idOf(lesson)}-${at + 1}` }));

function contentsOf(lesson: LessonDocument): string {
  const sections = sectionsOf(lesson).map(({ block, id }) => `<li><a href="#${id}">${block.kind === "heading" ? escapeHtml(block.text) : ""}</a></li>`);
  return `<li><a href="#${idOf(lesson)}">${escapeHtml(lesson.title)}</a><ol>${sections.join("")}</ol></li>`;
}

function lessonHtml(lesson: LessonDocument): string {
  const places = new Map<Block, string>(sectionsOf(lesson).map(({ block, id }) => [block, id]));
  const notes = lesson.notes.length ? `<aside aria-label="Teaching notes">${lesson.notes.join("\n")}</aside>` : "";
  return `<article aria-labelledby="${idOf(lesson)}">
<h2 id="${idOf(lesson)}">${escapeHtml(lesson.title)}</h2>
${lesson.opening.map(({ html }) => html).join("\n")}
${notes}
${lesson.blocks.map((block) => blockHtml(block, places.get(block))).join("\n")}
</article>`;
}

function blockHtml(block: Block, place?: string): string {
  switch (block.kind) {
    case "heading": {
      const level = Math.min(6, block.level + 1); // the page's own title is the first
      return `<h${level}${place === undefined ? "" : ` id="${place}"`}>${block.html}</h${level}>`;
    }
    case "prose":
      return block.html;
    case "code":
      return codeHtml(block);
    case "result":
      return resultHtml(block.shown);
  }
}

function codeHtml({ lines, folded, role }: Code): string {
  const code = `<pre><code>${lines.join("\n")}</code></pre>`;
  if (folded) return `<details><summary>The code of what is shown below</summary><div class="code">${code}</div></details>`;
  const caption = { code: "", exercise: "<figcaption>Exercise</figcaption>", solution: "<figcaption>Solution</figcaption>" }[role];
  return caption ? `<figure class="code ${role}">${caption}${code}</figure>` : `<div class="code">${code}</div>`;
}

// A table that is wider than the page scrolls, also by keyboard.
const WIDE = 92;

function resultHtml({ kind, html, plain }: Shown): string {
  if (kind === "picture") return `<figure class="result picture">${html}</figure>`;
  const wide = kind === "table" && Math.max(...plain.split("\n").slice(1).map(({ length }) => length)) > WIDE;
  return `<div class="result ${kind}"${wide ? ' tabindex="0" role="group" aria-label="A table that scrolls"' : ""}>${html}</div>`;
}
