/**
 * Lessons, run again: the student's notebook gives the stored outputs, the instructor's passes every check. Of those that train, a
 * sixth at each commit: all of them take longer than all other tests together. `LLMOPS_LESSONS=all` runs every one.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildNotebooks } from "../tools/build-notebooks.ts";
import { readOutline } from "../tools/course-manifest.ts";
import { readLessons, type LessonSource } from "../tools/lesson-source.ts";
import { readNotebook, textOf } from "../tools/notebook.ts";
import { differences, differencesOfShared, plainText } from "../tools/outputs.ts";
import { NOTEBOOKS, ROOT, STATE } from "../tools/paths.ts";
import { runLesson } from "../tools/run-lessons.ts";

mkdirSync(STATE, { recursive: true });
const lessons = readLessons(readOutline());
const instructor = buildNotebooks("instructor");
const PARTS = 6;
const training = lessons.filter(({ front }) => front.trains);
/** Of the commit, so that a failure comes again; 0 where there is none. */
const turn = parseInt(spawnSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" }).stdout.slice(0, 8) || "0", 16) % PARTS;
const skip = (lesson: LessonSource) => (lesson.front.trains && process.env["LLMOPS_LESSONS"] !== "all" && training.indexOf(lesson) % PARTS !== turn ? "it trains, and is run at one commit of six; LLMOPS_LESSONS=all npm test runs it" : false);

// Two at a time, as `npm run lessons` runs them: most of a lesson that trains is one core's work.
describe("lessons", { concurrency: 2 }, () => {
  for (const lesson of lessons) {
    const stored = join(NOTEBOOKS, lesson.notebook);
    if (!lesson.front.trains) test(`lesson ${lesson.id}, as a student gets it: the outputs of the stored notebook, again`, async () => {
      const run = await runLesson(lesson, stored);
      assert.deepEqual(run.problems, []);
      for (const { cell, stored: before, rerun } of differences(readNotebook(stored), run.notebook)) {
        assert.equal(rerun, before, `cell ${cell}`);
      }
      assertPublished(lesson, run.folder);
    });

    test(`lesson ${lesson.id}, with the instructor's solutions: every check says Right`, { skip: skip(lesson) }, async () => {
      const { notebook, problems, folder } = await runLesson(lesson, instructor.get(lesson.id)!);
      assert.deepEqual(problems, []);
      if (lesson.front.trains) {
        for (const { cell, stored: before, rerun } of differencesOfShared(readNotebook(stored), notebook)) assert.equal(rerun, before, `cell ${cell}`);
        assertPublished(lesson, folder);
      }
      const checks = notebook.cells.filter((cell) => cell.cell_type === "code" && /\bcheck\(/.test(textOf(cell.source)));
      assert.ok(checks.length > 0);
      for (const cell of checks) {
        const text = (cell.outputs ?? []).map(plainText).join("\n");
        assert.match(text, /: Right\. /, `${cell.id} says: ${text}`);
      }
    });
  }
});

function assertPublished({ front: { publishes } }: LessonSource, folder: string): void {
  if (publishes) assertSameFiles(join(ROOT, publishes.to), join(folder, publishes.from));
}

function assertSameFiles(committed: string, made: string): void {
  const list = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length)).sort();
  assert.deepEqual(list(made), list(committed), "the run makes the files that are committed");
  for (const file of list(made)) assert.equal(readFileSync(made + file, "utf8"), readFileSync(committed + file, "utf8"), file);
}
