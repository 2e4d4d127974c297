/** Which lessons there are to publish, and where their pages go. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readOutline, type OutlineLesson } from "../course-manifest.ts";
import { NOTEBOOKS, ROOT, SOURCES as AUTHORED } from "../paths.ts";
import { sourceHash } from "../provenance.ts";

export const BUILD = join(ROOT, "build");

export interface PublishedLesson {
  outline: OutlineLesson;
  id: string;
  /** Of the chapter: "62-llm-architecture-and-compute-reality". */
  folder: string;
  /** "04-vram-budget-planning" */
  name: string;
  student: string;
  instructor: string;
}

/** Takes a line of progress, or of what is wrong. */
export interface Report {
  done(line: string): void;
  failed(line: string): void;
}

/** Where executed notebooks lie; elsewhere in tests. */
export interface Sources {
  student: string;
  instructor: string;
}
export const SOURCES: Sources = { student: NOTEBOOKS, instructor: join(BUILD, "instructor") };

/**
 * The lessons that have a notebook, in course order.
 *
 * @param names lessons and chapters, "62.4" or "62"; none means all
 * @throws Error for a name that is neither
 */
export function findLessons(names: readonly string[] = [], from: Sources = SOURCES): PublishedLesson[] {
  const outline = readOutline();
  const lessons = globSync("[0-9][0-9]-*/[0-9][0-9]-*.ipynb", { cwd: from.student }).sort().flatMap((path): PublishedLesson[] => {
    const folder = dirname(path), name = basename(path, ".ipynb");
    const id = `${folder.slice(0, 2)}.${Number(name.slice(0, 2))}`;
    const planned = outline.get(id);
    return planned ? [{ outline: planned, id, folder, name, student: join(from.student, path), instructor: join(from.instructor, path) }] : [];
  });
  const matches = (name: string, { id }: PublishedLesson) => id === name || id.startsWith(`${name}.`);
  const unknown = names.filter((name) => !lessons.some((lesson) => matches(name, lesson)));
  if (unknown.length) throw new Error(`No notebook for ${unknown.join(", ")}. There is: ${lessons.map(({ id }) => id).join(", ")}`);
  return names.length ? lessons.filter((lesson) => names.some((name) => matches(name, lesson))) : lessons;
}

/** What to say of a document whose source was changed after the run; nothing of one that is up to date. */
export function ageOf({ id, folder, name }: PublishedLesson, ran: string | undefined): string {
  const path = join(AUTHORED, folder, `${name}.ts`);
  if (!existsSync(path) || ran === sourceHash({ text: readFileSync(path, "utf8").replaceAll("\r\n", "\n") })) return "";
  return `   (older than its source: npm run lessons -- ${id})`;
}
