/** The lesson that this notebook is: its first cell opens it, and shows how far the student is. */
import { findLesson, readCatalogue, type CatalogueLesson } from "./catalogue.js";
import { escapeHtml, inNotebook, LiveDisplay, PLAIN_HTML, type MimeBundle } from "./display.js";
import { exerciseProgress, readProgress, recordProgress, type Progress, type ProgressEvent } from "./progress.js";

let opened: { lesson: CatalogueLesson; display: LiveDisplay } | undefined;

/** The lesson whose notebook runs in this kernel; undefined where none was opened. */
export const currentLesson = (): CatalogueLesson | undefined => opened?.lesson;

/**
 * Opens a lesson: notes it in the student's progress, and shows its exercises with their standing, which moves in place when
 * an answer is checked.
 *
 * @throws Error where the course has no such lesson
 */
export function openLesson(id: string): void {
  const lesson = findLesson(readCatalogue(), id);
  if (!lesson) throw new Error(`The course has no lesson ${id}.`);
  opened = { lesson, display: new LiveDisplay() };
  note({ did: "opened", at: new Date().toISOString(), lesson: id });
  opened.display.end(standing(lesson, readProgress()));
}

/** Keeps an event of a notebook, and brings the line at the lesson's top up to date. Outside a notebook nothing is kept. */
export function note(event: ProgressEvent): void {
  if (!inNotebook()) return;
  try {
    recordProgress(event);
  } catch (error) {
    console.error(`Your progress could not be kept: ${(error as Error).message}`);
    return;
  }
  if (opened && event.did === "answered") opened.display.update(standing(opened.lesson, readProgress()));
}

const MARKS = { right: "●", wrong: "◐", open: "○" } as const;
const WORDS = { right: "right", wrong: "not right yet", open: "open" } as const;

function standing(lesson: CatalogueLesson, progress: Progress): MimeBundle {
  const exercises = lesson.exercises.map((id) => ({ name: id.slice(id.indexOf("/") + 1), ...exerciseProgress(progress, id) }));
  const right = exercises.filter(({ state }) => state === "right").length;
  const said = exercises.length === 0 ? "no exercises" : `${right} of ${exercises.length} ${exercises.length === 1 ? "exercise" : "exercises"} right`;
  const item = ({ name, state }: (typeof exercises)[number]) =>
    `<li style="display:inline-block;margin:0 1em 0 0"><span aria-hidden="true">${MARKS[state]}</span> ${escapeHtml(name)}: ${WORDS[state]}</li>`;
  // Set by `npm start`; a notebook that runs elsewhere has no home page.
  const home = process.env["LLMOPS_COURSE_URL"];
  const all = home === undefined ? "" : ` · <a href="${escapeHtml(home)}" target="llmops-home">All lessons</a>`;
  return {
    "text/plain": `Lesson ${lesson.id}: ${said}${exercises.length ? ` (${exercises.map(({ name, state }) => `${name}: ${WORDS[state]}`).join(", ")})` : ""}`,
    "text/html":
      `<div class="${PLAIN_HTML}" role="status"><strong>Lesson ${escapeHtml(lesson.id)}</strong>, ${said}${all}` +
      `${exercises.length ? `<ul style="list-style:none;margin:.2em 0 0;padding:0">${exercises.map(item).join("")}</ul>` : ""}</div>`,
  };
}
