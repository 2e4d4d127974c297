/** What the home page shows of the course: each lesson with its state, and where to go on. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exerciseProgress, lessonState, nextLesson, type Catalogue, type CatalogueLesson, type LessonState, type Progress } from "llmops/course";

export interface LessonView extends Pick<CatalogueLesson, "id" | "title" | "objective" | "minutes" | "prerequisites" | "doors"> {
  state: LessonState | "not written yet";
  right: number;
  exercises: number;
  /** Below the work folder; null where there is no notebook to open. */
  notebook: string | null;
}

export interface ChapterView {
  number: number;
  title: string;
  lessons: LessonView[];
  /** Lessons that are written, and of these the ones that are done. */
  written: number;
  done: number;
  minutes: number;
}

export interface CourseView {
  chapters: ChapterView[];
  next: { id: string; title: string; begun: boolean } | null;
  exercises: { right: number; of: number };
}

/** @param work the student's folder: a lesson whose copy is not there cannot be opened */
export function courseView(catalogue: Catalogue, progress: Progress, work: string): CourseView {
  const chapters = catalogue.chapters.map(({ number, title, lessons }) => {
    const views = lessons.map((lesson) => lessonView(lesson, progress, work));
    const written = views.filter(({ state }) => state !== "not written yet");
    return {
      number, title, lessons: views, written: written.length, done: written.filter(({ state }) => state === "done").length,
      minutes: views.reduce((sum, { minutes }) => sum + minutes, 0),
    };
  });
  const next = nextLesson(catalogue, progress);
  const all = chapters.flatMap(({ lessons }) => lessons);
  return {
    chapters,
    next: next ? { id: next.id, title: next.title, begun: lessonState(next, progress) === "begun" } : null,
    exercises: { right: all.reduce((sum, { right }) => sum + right, 0), of: all.reduce((sum, { exercises }) => sum + exercises, 0) },
  };
}

function lessonView(lesson: CatalogueLesson, progress: Progress, work: string): LessonView {
  const { id, title, objective, minutes, prerequisites, doors, exercises, notebook } = lesson;
  return {
    id, title, objective, minutes, prerequisites, doors,
    state: notebook === null ? "not written yet" : lessonState(lesson, progress),
    right: exercises.filter((exercise) => exerciseProgress(progress, exercise).state === "right").length,
    exercises: exercises.length,
    notebook: notebook !== null && existsSync(join(work, notebook)) ? notebook : null,
  };
}
