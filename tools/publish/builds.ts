/**
 * The builds that an instructor shows and hands out, made from executed notebooks: nothing is executed here.
 *
 *     npm run build -- --for slides 62.4        build/slides/   one file a lesson
 *     npm run build -- --for html 62            build/html/     one page a chapter, or a lesson of it
 *     npm run build -- --for pdf 62             build/pdf/      the same, printed by Chromium
 *     npm run build -- --for colab              build/colab/    the Colab notebooks, with an index
 */
import { join, relative } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../browser.ts";
import { ROOT } from "../paths.ts";
import { writeWhole } from "../whole-file.ts";
import { chapterPage, type MissingLesson } from "./chapter.ts";
import { buildColabSet, type ColabOptions } from "./colab-set.ts";
import { deckPage } from "./deck.ts";
import { NotRunError, readDocument, type LessonDocument } from "./document.ts";
import { ageOf, BUILD, findLessons, type PublishedLesson, type Report, type Sources } from "./lessons.ts";
import { printPdf } from "./pdf.ts";
import { readSlides } from "./slides.ts";

export const PUBLISHED = ["slides", "html", "pdf", "colab"] as const;
export type Published = (typeof PUBLISHED)[number];
export const isPublished = (name: string): name is Published => (PUBLISHED as readonly string[]).includes(name);

export interface PublishOptions extends ColabOptions {
  /** With the solutions and the teaching notes, from build/instructor. */
  solutions?: boolean;
  /** Where the builds go; build/ unless a test says otherwise. */
  out?: string;
  from?: Sources;
}

/**
 * Makes a build of the named lessons or chapters, all without names.
 *
 * @returns the number of lessons that could not be published; each was reported with what mends it
 * @throws Error for a name that is no lesson, and where there is no browser to print with
 */
export async function publish(build: Published, names: readonly string[], options: PublishOptions, report: Report): Promise<number> {
  const out = options.out ?? BUILD;
  if (build === "colab") return buildColabSet(join(out, "colab"), names, options, report);
  const lessons = findLessons(names, options.from);
  if (build === "slides") return buildSlides(lessons, join(out, "slides"), options, report);
  if (build === "html") return buildPages(lessons, names, "html", options, report, (page) => page, out);
  const browser = await browserForPrint();
  try {
    return await buildPages(lessons, names, "pdf", options, report, (page, title) => printPdf(browser, page, title), out);
  } finally {
    await browser.close();
  }
}

/** @throws Error that says how to get a browser */
export async function browserForPrint(launch = launchBrowser): Promise<Browser> {
  try {
    return await launch();
  } catch (error) {
    throw new Error(`A PDF is printed by Chromium or Chrome. ${(error as Error).message.split("\n")[0]} On Debian and Ubuntu: sudo apt install chromium. Or open the page of npm run build -- --for html in any browser, and print it.`, { cause: error });
  }
}

const suffix = ({ solutions }: PublishOptions) => (solutions ? "-with-solutions" : "");

function read(lesson: PublishedLesson, options: PublishOptions): LessonDocument {
  return readDocument(lesson.id, lesson.student, options.solutions ? lesson.instructor : undefined);
}

function buildSlides(lessons: readonly PublishedLesson[], folder: string, options: PublishOptions, report: Report): number {
  let failed = 0;
  for (const lesson of lessons) {
    try {
      const document = read(lesson, options);
      const groups = readSlides(document);
      const path = join(folder, lesson.folder, `${lesson.name}${suffix(options)}.html`);
      writeWhole(path, deckPage(document.title, groups));
      report.done(`${lesson.id.padEnd(5)} ${relative(ROOT, path)}   ${groups.flat().length} slides in ${groups.length} groups${ageOf(lesson, document.source)}`);
    } catch (error) {
      failed += 1;
      report.failed(`${lesson.id.padEnd(5)} ${(error as Error).message}`);
    }
  }
  return failed;
}

/** One page for a chapter that is wanted whole, else one for each lesson. */
async function buildPages(
  lessons: readonly PublishedLesson[], names: readonly string[], kind: "html" | "pdf", options: PublishOptions, report: Report,
  convert: (page: string, title: string) => string | Promise<Uint8Array>, out: string,
): Promise<number> {
  let failed = 0;
  for (const [folder, inChapter] of Map.groupBy(lessons, ({ folder }) => folder)) {
    const whole = names.length === 0 || names.includes(folder.slice(0, 2));
    for (const part of whole ? [inChapter] : inChapter.map((lesson) => [lesson])) {
      const documents: LessonDocument[] = [];
      const missing: MissingLesson[] = [];
      for (const lesson of part) {
        try {
          const document = read(lesson, options);
          documents.push(document);
          report.done(`${lesson.id.padEnd(5)} ${lesson.outline.title}${ageOf(lesson, document.source)}`);
        } catch (error) {
          failed += 1;
          missing.push({ id: lesson.id, title: lesson.outline.title, why: error instanceof NotRunError ? "its notebook has no outputs yet" : "its notebook cannot be read" });
          report.failed(`${lesson.id.padEnd(5)} ${(error as Error).message}`);
        }
      }
      if (documents.length === 0) continue;
      const { outline, name } = part[0]!;
      const heading = `Chapter ${outline.chapter}, ${outline.chapterTitle}`;
      const path = join(out, kind, whole ? `${folder}${suffix(options)}.${kind}` : join(folder, `${name}${suffix(options)}.${kind}`));
      writeWhole(path, await convert(chapterPage(heading, documents, missing), whole ? heading : documents[0]!.title));
      report.done(`      ${relative(ROOT, path)}`);
    }
  }
  return failed;
}
