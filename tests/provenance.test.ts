/** What makes a notebook stale: the library's modules behind the names that its lesson imports, and no others. */
import assert from "node:assert/strict";
import { basename, relative, sep } from "node:path";
import { test } from "node:test";
import { readOutline } from "../tools/course-manifest.ts";
import { readLessons } from "../tools/lesson-source.ts";
import { libraryFiles } from "../tools/provenance.ts";
import { ROOT } from "./support/scratch.ts";

const files = (text: string) => libraryFiles({ text }).map((path) => relative(ROOT, path).split(sep).join("/").replace(/^lib\/src\//, ""));
const lessons = readLessons(readOutline());

test("a name leads through an index, and what it is called there, to its module and what that imports", () => {
  const found = files('import { showTable, showDoors as doors } from "llmops/course";\nimport { wilson } from "llmops/teacher";');
  for (const path of ["course/table.ts", "course/doors.ts", "course/display.ts", "teacher/statistics.ts"]) assert.ok(found.includes(path), path);
  for (const path of ["course/index.ts", "course/diagram.ts", "teacher/index.ts", "teacher/teacher.ts"]) assert.ok(!found.includes(path), path);
});

test("types leave no trace: they are gone when a cell runs", () => {
  for (const text of ['import { type Exercise } from "llmops/course";', 'import type { Exercise } from "llmops/course";']) assert.deepEqual(files(text), files(""), text);
  assert.ok(files('import { check, type Exercise } from "llmops/course";').includes("course/check.ts"));
});

test("every notebook has the cell that opens its lesson, and so the modules behind it", () => {
  for (const path of ["course/lesson.ts", "course/catalogue.ts", "course/progress.ts"]) assert.ok(files("").includes(path), path);
});

test("a whole module, or a name that no index has, counts with everything", () => {
  for (const text of ['import * as course from "llmops/course";', 'import { nowhere } from "llmops/course";']) assert.ok(files(text).includes("course/diagram.ts"), text);
});

test("of every lesson each imported name is found: none falls back to a whole index", () => {
  for (const { id, text } of lessons) assert.deepEqual(libraryFiles({ text }).filter((path) => basename(path) === "index.ts"), [], id);
});

test("a lesson that draws a diagram depends on diagrams, others do not", () => {
  for (const { id, text } of lessons) assert.equal(files(text).includes("course/diagram.ts"), /\b(showDiagram|diagramSpec)\b/.test(text), id);
});
