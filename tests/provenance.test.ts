/** What makes a notebook stale: its code, and the library's modules behind the names that its lesson imports; no others, and no prose. */
import assert from "node:assert/strict";
import { basename, relative, sep } from "node:path";
import { test } from "node:test";
import { keepOutputs } from "../tools/build-notebooks.ts";
import { readOutline } from "../tools/course-manifest.ts";
import { readLessons } from "../tools/lesson-source.ts";
import { Notebook } from "../tools/notebook.ts";
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

/** A notebook of these cells: prose in quotes, code with its tags. */
function notebook(cells: (string | { code: string; tags?: string[] })[], workbook: { lib: string; executed: boolean }): Notebook {
  return Notebook.parse({
    nbformat: 4, nbformat_minor: 5, metadata: { workbook: { lesson: "1.1", audience: "student", source: "", ...workbook } },
    cells: cells.map((cell, at) => (typeof cell === "string"
      ? { cell_type: "markdown", id: `c${at}`, source: cell, metadata: {} }
      : { cell_type: "code", id: `c${at}`, source: cell.code, metadata: { tags: cell.tags ?? [] }, execution_count: null, outputs: [] })),
  });
}

test("outputs are kept where only prose changed, and dropped where code, a tag or the library did", () => {
  const one = { code: "1 + 1" }, two = { code: "2 + 2", tags: ["measured"] };
  const ran = notebook(["before", one, two], { lib: "a", executed: true });
  ran.cells[1]!.outputs = [{ output_type: "stream", name: "stdout", text: "2" }];
  const kept = (cells: Parameters<typeof notebook>[0], lib = "a", earlier = ran) => {
    const built = notebook(cells, { lib, executed: false });
    keepOutputs(built, earlier, built.metadata.workbook!);
    return [built.metadata.workbook?.executed, built.cells.find(({ source }) => source === "1 + 1")?.outputs?.length];
  };
  assert.deepEqual(kept(["before", one, two]), [true, 1]);
  assert.deepEqual(kept(["another text", one, "between", two, "behind"]), [true, 1], "prose");
  for (const cells of [["before", { code: "1 + 2" }, two], ["before", two, one], ["before", one], ["before", one, { ...two, tags: [] }]]) assert.equal(kept(cells)[0], false, JSON.stringify(cells));
  assert.deepEqual(kept(["before", one, two], "b"), [false, 0], "the library");
  assert.equal(kept(["before", one, two], "a", notebook(["before", one, two], { lib: "a", executed: false }))[0], false, "never run");
});
