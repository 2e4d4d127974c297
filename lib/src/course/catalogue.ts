/** The course as a student meets it: every lesson of the outline, with what its notebook holds. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { findWorkbookRoot } from "./workbook.js";

const Lesson = z.object({
  /** "63.7". */
  id: z.string(),
  title: z.string(),
  objective: z.string(),
  minutes: z.number(),
  stage: z.string(),
  /** Below notebooks/, and below the student's work folder; null where the lesson is not written yet. */
  notebook: z.string().nullable(),
  prerequisites: z.string().nullable(),
  /** The doors that it opens: "teacher", "runtime". */
  doors: z.array(z.string()),
  /** The ids of its exercises, in their order. */
  exercises: z.array(z.string()),
});
const Catalogue = z.object({ chapters: z.array(z.object({ number: z.number(), title: z.string(), lessons: z.array(Lesson) })) });

export type Catalogue = z.infer<typeof Catalogue>;
export type CatalogueLesson = z.infer<typeof Lesson>;

/** Where `npm run build` writes the catalogue. */
export const CATALOGUE = "notebooks/course.json";

/**
 * Reads the catalogue of the workbook around `from`.
 *
 * @throws Error outside the workbook, or where the file is missing or not of this version
 */
export function readCatalogue(from = process.cwd()): Catalogue {
  const root = findWorkbookRoot(from);
  if (root === undefined) throw new Error(`${from} lies outside the workbook: open the notebook from its work/ folder`);
  const path = join(root, CATALOGUE);
  if (!existsSync(path)) throw new Error(`${path} is missing: restore it with git checkout ${CATALOGUE}, or make it with npm run build`);
  const parsed = Catalogue.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new Error(`${path} is of another version: make it anew with npm run build\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The lesson of an id, undefined where the course has none. */
export const findLesson = (catalogue: Catalogue, id: string): CatalogueLesson | undefined =>
  catalogue.chapters.flatMap(({ lessons }) => lessons).find((lesson) => lesson.id === id);
