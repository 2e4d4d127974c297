/** The home page as HTML: whole without a script; `page.js` keeps it live and answers the search. */
import { escapeHtml } from "llmops/course";
import type { ChapterView, CourseView, LessonView } from "./view.ts";

/** What a lesson's state says, to a reader and to `page.js`, which writes it anew when it changes. */
export function stateWords({ state, right, exercises }: LessonView): string {
  if (state === "not written yet") return "not written yet";
  const noun = exercises === 1 ? "exercise" : "exercises";
  if (exercises === 0) return state;
  return state === "not begun" ? `not begun, ${exercises} ${noun}` : `${state}, ${right} of ${exercises} ${noun} right`;
}

export const continueWords = ({ next }: CourseView): string =>
  next ? `${next.begun ? "Continue with" : "Begin"} ${next.id} ${next.title}` : "Every lesson that is written is done";

export const chapterWords = ({ done, written, lessons }: ChapterView): string =>
  written === 0 ? `not written yet (${lessons.length} lessons planned)` : `${done} of ${written} lessons done${written < lessons.length ? `, ${lessons.length - written} not written yet` : ""}`;

export const courseWords = ({ exercises, chapters }: CourseView): string => {
  const [done, written, all] = (["done", "written", "lessons"] as const).map((what) => chapters.reduce((sum, chapter) => sum + (what === "lessons" ? chapter.lessons.length : chapter[what]), 0));
  return `${done} of ${written} lessons done, ${exercises.right} of ${exercises.of} exercises right. The course has ${all} lessons; ${written} are written.`;
};

/** Where a lesson opens; the server sends it on to JupyterLab. */
export const lessonAddress = (id: string): string => `/open/${id}`;

export function homePage(course: CourseView): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>LLMOps Workbook</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#course">Skip to the lessons</a>
<header>
<h1>LLMOps Workbook</h1>
<p id="course-words">${escapeHtml(courseWords(course))}</p>
<p>${continueLink(course)}</p>
<form role="search" action="/search" method="get">
<label for="query">Search all lessons</label>
<input id="query" name="q" type="search" autocomplete="off" aria-describedby="found-count">
<button type="submit">Search</button>
<p id="found-count" role="status"></p>
</form>
</header>
<main id="course" tabindex="-1">
<section id="found" aria-label="Search results" hidden></section>
<nav aria-label="Chapters"><ol class="chapters">${course.chapters.map(({ number, title }) => `<li><a href="#chapter-${number}">${number} ${escapeHtml(title)}</a></li>`).join("")}</ol></nav>
${course.chapters.map(chapterSection).join("\n")}
</main>
<p id="news" class="unseen" role="status"></p>
<script src="/page.js" defer></script>
</body>
</html>
`;
}

/** The results as a page of their own, for a browser without scripts. */
export function searchPage(query: string, results: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Search: ${escapeHtml(query)}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"></head>
<body><header><h1>Search: ${escapeHtml(query)}</h1><p><a href="/">All lessons</a></p></header><main>${results}</main></body>
</html>
`;
}

const continueLink = (course: CourseView): string =>
  `<a id="continue" class="continue"${course.next ? ` href="${lessonAddress(course.next.id)}" target="llmops-lesson"` : ""}>${escapeHtml(continueWords(course))}</a>`;

function chapterSection(chapter: ChapterView): string {
  const { number, title, lessons, written, done, minutes } = chapter;
  const hours = `${(minutes / 60).toFixed(1)} hours`;
  return `<section id="chapter-${number}" aria-labelledby="chapter-${number}-title">
<h2 id="chapter-${number}-title">${number} ${escapeHtml(title)}</h2>
<p class="of">${written ? `<progress max="${written}" value="${done}" aria-label="Chapter ${number}"></progress> ` : ""}<span class="words">${escapeHtml(chapterWords(chapter))}</span> · ${hours}</p>
<ol class="lessons">
${lessons.map(lessonItem).join("\n")}
</ol>
</section>`;
}

function lessonItem(lesson: LessonView): string {
  const { id, title, objective, minutes, prerequisites, doors, state, notebook } = lesson;
  return `<li id="lesson-${id}" data-state="${state}">
<p class="name"><span class="number">${id}</span>${notebook === null ? escapeHtml(title) : `<a href="${lessonAddress(id)}" target="llmops-lesson">${escapeHtml(title)}</a>`}</p>
<p class="facts"><span class="state">${escapeHtml(stateWords(lesson))}</span> · ${minutes} min${doors.length ? ` · opens: ${escapeHtml(doors.join(", "))}` : ""}</p>
<p class="objective">${escapeHtml(objective)}.${prerequisites === null ? "" : ` <span class="needs">You need: ${escapeHtml(prerequisites)}.</span>`}</p>
</li>`;
}
