/** `notebooks/course.json`: what home page, progress and grading know of the lessons, made from the outline and the sources. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { CATALOGUE, type Catalogue, type CatalogueLesson } from "llmops/course";
import type { OutlineLesson } from "./course-manifest.ts";
import type { LessonSource } from "./lesson-source.ts";
import { ROOT } from "./paths.ts";
import { writeWhole } from "./whole-file.ts";

// The library is CommonJS, so a lesson's exercises can be loaded while notebooks are built.
const load = createRequire(import.meta.url);

/** The catalogue of the outline, with the sources that are there. */
export function makeCatalogue(outline: Map<string, OutlineLesson>, sources: readonly LessonSource[]): Catalogue {
  const written = new Map(sources.map((source) => [source.id, source]));
  const chapters = new Map<number, Catalogue["chapters"][number]>();
  for (const lesson of outline.values()) {
    const chapter = chapters.get(lesson.chapter) ?? { number: lesson.chapter, title: lesson.chapterTitle, lessons: [] };
    chapters.set(lesson.chapter, chapter);
    chapter.lessons.push(entryOf(lesson, written.get(lesson.id)));
  }
  return { chapters: [...chapters.values()] };
}

function entryOf(lesson: OutlineLesson, source: LessonSource | undefined): CatalogueLesson {
  const { id, title, objective, minutes, stage } = lesson;
  return {
    id, title, objective, minutes, stage, notebook: source?.notebook ?? null, prerequisites: source?.front.prerequisites ?? null,
    doors: source ? doorsOf(source) : [], exercises: source ? exercisesOf(source) : [],
  };
}

const codeOf = ({ cells }: LessonSource) => cells.filter(({ kind }) => kind === "code").map(({ text }) => text).join("\n");

/** By the calls that open them. */
const OPENERS: [door: string, call: RegExp][] = [
  ["teacher", /\bopenTeacher\(/],
  ["runtime", /\b(openRuntime|startRuntime|openLocal)\(/],
  ["model server", /\b(openLlama|openChat)\(/],
];
const doorsOf = (source: LessonSource): string[] => OPENERS.filter(([, call]) => call.test(codeOf(source))).map(([door]) => door);

/** The ids of the exercises that a lesson checks, in its order. */
function exercisesOf(source: LessonSource): string[] {
  const names = [...codeOf(source).matchAll(/\bcheck\(\s*(\w+)\s*,/g)].map(([, name]) => name!);
  if (names.length === 0) return [];
  const module = load(`llmops/exercises/${source.id.replace(".", "-")}`) as Record<string, { id?: string } | undefined>;
  return [...new Set(names.map((name) => {
    const id = module[name]?.id;
    if (id === undefined) throw new Error(`${source.path}: checks ${name}, which lib/src/exercises/${source.id.replace(".", "-")}.ts does not export`);
    return id;
  }))];
}

/** The catalogue as the file holds it. */
export const catalogueText = (catalogue: Catalogue): string => `${JSON.stringify(catalogue, null, 1)}\n`;

export function writeCatalogue(catalogue: Catalogue): void {
  writeWhole(join(ROOT, CATALOGUE), catalogueText(catalogue));
}
