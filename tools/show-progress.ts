/**
 * `npm run progress`: how far you are, by lesson.
 *
 *     npm run progress               the lessons you began, and where to go on
 *     npm run progress -- --all      every lesson
 *     npm run progress -- --json
 */
import { parseArgs } from "node:util";
import { exerciseProgress, findWorkbookHome, progressPath, readCatalogue, readProgress } from "llmops/course";
import { chapterWords, continueWords, courseWords, stateWords } from "./home/page.ts";
import { courseView } from "./home/view.ts";
import { ROOT, WORK } from "./paths.ts";

const { values } = parseArgs({ options: { all: { type: "boolean", default: false }, json: { type: "boolean", default: false } } });
const catalogue = readCatalogue(ROOT);
const home = findWorkbookHome(ROOT);
const progress = readProgress(home);
const course = courseView(catalogue, progress, WORK);

if (values.json) {
  console.log(JSON.stringify({ ...course, exercises: catalogue.chapters.flatMap(({ lessons }) => lessons).flatMap(({ exercises }) => exercises).map((id) => ({ id, ...exerciseProgress(progress, id) })) }, null, 1));
} else {
  for (const chapter of course.chapters) {
    const shown = chapter.lessons.filter(({ state }) => values.all || state === "begun" || state === "done");
    if (shown.length === 0) continue;
    console.log(`\n${chapter.number} ${chapter.title}: ${chapterWords(chapter)}`);
    const width = Math.max(...shown.map(({ title }) => title.length));
    for (const lesson of shown) console.log(`  ${lesson.id.padEnd(5)} ${lesson.title.padEnd(width)}  ${stateWords(lesson)}`);
  }
  console.log(`\n${courseWords(course)}\n${continueWords(course)}${course.next ? `: npm start -- --lesson ${course.next.id}` : ""}`);
  if (progress.unread) console.log(`${progress.unread} lines of ${progressPath(home)} could not be read; the rest counts.`);
}
