/** The student's copies across updates of the repository. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { updateWorkCopies } from "../tools/work-copies.ts";
import { scratch } from "./support/scratch.ts";

const LESSON = "63-data/07-lab.ipynb";

function workbook(context: TestContext) {
  const root = scratch(context);
  const folders = { notebooks: join(root, "notebooks"), work: join(root, "work"), ledger: join(root, "work", ".delivered.json") };
  const publish = (source: string, path = LESSON) => write(join(folders.notebooks, path), notebook(source));
  const update = () => updateWorkCopies(folders.notebooks, folders.work);
  return { ...folders, copy: join(folders.work, LESSON), publish, update };
}

const notebook = (source: string, outputs: unknown[] = [], metadata: object = {}) => ({
  cells: [{ cell_type: "code", id: "a", metadata: {}, source, outputs, execution_count: null }],
  metadata,
  nbformat: 4,
  nbformat_minor: 5,
});

function write(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
}

const sourceOf = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as ReturnType<typeof notebook>).cells[0]!.source;

test("a first start copies every lesson; the next one changes nothing", (context) => {
  const { publish, update, copy } = workbook(context);
  publish("v1");
  assert.deepEqual(update(), [{ path: LESSON, outcome: "added" }]);
  assert.equal(sourceOf(copy), "v1");
  assert.deepEqual(update(), [{ path: LESSON, outcome: "current" }]);
});

test("an update adds new lessons and refreshes untouched ones", (context) => {
  const { publish, update, copy } = workbook(context);
  publish("v1");
  update();
  publish("v2");
  publish("new", "64-sft/00-skill.ipynb");
  assert.deepEqual(update(), [
    { path: LESSON, outcome: "refreshed" },
    { path: "64-sft/00-skill.ipynb", outcome: "added" },
  ]);
  assert.equal(sourceOf(copy), "v2");
});

test("a notebook the student changed is never overwritten: both are kept", (context) => {
  const { publish, update, copy, work } = workbook(context);
  publish("v1");
  update();
  write(copy, notebook("my answer"));
  assert.deepEqual(update(), [{ path: LESSON, outcome: "kept" }]);
  publish("v2");
  const updatePath = LESSON.replace(".ipynb", ".update.ipynb");
  assert.deepEqual(update(), [{ path: LESSON, outcome: "kept-both", updatePath }]);
  assert.equal(sourceOf(copy), "my answer");
  assert.equal(sourceOf(join(work, updatePath)), "v2");
  assert.deepEqual(update(), [{ path: LESSON, outcome: "kept" }], "said once, not at every start");
});

test("outputs of the student's own run count as a change", (context) => {
  const { publish, update, copy } = workbook(context);
  publish("v1");
  update();
  write(copy, notebook("v1", [{ output_type: "stream", name: "stdout", text: "42\n" }]));
  publish("v2");
  assert.equal(update()[0]!.outcome, "kept-both");
  assert.equal(sourceOf(copy), "v1");
});

test("what JupyterLab rewrites by opening a notebook does not count as a change", (context) => {
  const { publish, update, copy } = workbook(context);
  publish("v1");
  update();
  const opened = notebook(["v1"] as never, [], { language_info: { name: "typescript" } });
  writeFileSync(copy, JSON.stringify(opened, null, 1));
  publish("v2");
  assert.equal(update()[0]!.outcome, "refreshed");
});

test("the picture that JupyterLab adds to a chart does not count as a change", (context) => {
  const { notebooks, update, copy, publish } = workbook(context);
  const chart = (data: object) => notebook("draw()", [{ output_type: "display_data", metadata: {}, data: { "application/vnd.vegalite.v5+json": { mark: "bar" }, ...data } }]);
  write(join(notebooks, LESSON), chart({}));
  update();
  write(copy, chart({ "image/png": "iVBORw0KGgo=" }));
  publish("v2");
  assert.deepEqual(update(), [{ path: LESSON, outcome: "refreshed" }]);
});

test("a copy whose ledger was lost is judged by its content: never overwritten when it differs", (context) => {
  const { publish, update, copy, ledger } = workbook(context);
  publish("v1");
  update();
  write(copy, notebook("my answer"));
  rmSync(ledger);
  assert.equal(update()[0]!.outcome, "kept-both");
  assert.equal(sourceOf(copy), "my answer");
});

test("a copy that is broken JSON is kept as it is", (context) => {
  const { publish, update, copy } = workbook(context);
  publish("v1");
  update();
  writeFileSync(copy, '{"cells": [half');
  publish("v2");
  assert.equal(update()[0]!.outcome, "kept-both");
  assert.equal(readFileSync(copy, "utf8"), '{"cells": [half');
});
