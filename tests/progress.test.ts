/** A student's progress: kept line by line, by the ids of exercises, and never lost to a damaged line. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  exerciseProgress, findLesson, lessonState, nextLesson, progressPath, readCatalogue, readProgress, recordProgress, type CatalogueLesson, type ProgressEvent,
} from "llmops/course";
import { readOutline } from "../tools/course-manifest.ts";
import { catalogueText, makeCatalogue } from "../tools/course-catalogue.ts";
import { readLessons } from "../tools/lesson-source.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const at = "2026-11-21T12:00:00.000Z";
const LESSON: CatalogueLesson = {
  id: "62.1", title: "One", objective: "o", minutes: 30, stage: "s", notebook: "62-x/01-y.ipynb", prerequisites: "none", doors: [], exercises: ["62.1/attention", "62.1/lora"],
};
const answered = (exercise: string, outcome: "right" | "wrong", misconception?: string): ProgressEvent =>
  ({ did: "answered", at, exercise, outcome, ...(misconception === undefined ? {} : { misconception }) });

test("a lesson is not begun, begun when it was opened, done when each exercise was right once", (context) => {
  const home = scratch(context);
  const state = () => lessonState(LESSON, readProgress(home));
  assert.equal(state(), "not begun");
  recordProgress({ did: "opened", at, lesson: "62.1" }, home);
  assert.equal(state(), "begun");
  recordProgress(answered("62.1/attention", "right"), home);
  recordProgress(answered("62.1/lora", "wrong", "square"), home);
  recordProgress({ did: "took a hint", at, exercise: "62.1/lora", number: 1 }, home);
  assert.equal(state(), "begun");
  recordProgress(answered("62.1/lora", "right"), home);
  recordProgress(answered("62.1/lora", "wrong"), home);
  assert.equal(state(), "done", "what was right once stays right");
  assert.deepEqual(exerciseProgress(readProgress(home), "62.1/lora"), { state: "right", tries: 2, hints: 1, misconceptions: ["square"] });
});

test("a line that was cut off costs itself only, and the next event is a line of its own", (context) => {
  const home = scratch(context);
  recordProgress(answered("62.1/attention", "right"), home);
  appendFileSync(progressPath(home), '{"did":"answered","at":"2026-11-21T1');
  recordProgress(answered("62.1/lora", "right"), home);
  const progress = readProgress(home);
  assert.deepEqual([lessonState(LESSON, progress), progress.unread], ["done", 1]);
});

test("events of a newer workbook are passed over and stay in the file", (context) => {
  const home = scratch(context);
  mkdirSync(home, { recursive: true });
  writeFileSync(progressPath(home), '{"did":"sang","at":"2027-01-01T00:00:00.000Z"}\n');
  recordProgress(answered("62.1/lora", "right"), home);
  assert.equal(readProgress(home).unread, 1);
  assert.match(readFileSync(progressPath(home), "utf8"), /sang/);
});

test("two notebooks that write at once lose nothing", async (context) => {
  const home = scratch(context);
  const program = `const { recordProgress } = require("llmops/course");
    for (let n = 0; n < 200; n += 1) recordProgress({ did: "answered", at: "${at}", exercise: process.argv[1] + "/" + n, outcome: "right" }, process.argv[2]);`;
  const codes = await Promise.all(["62.1", "62.2"].map((name) => new Promise((ended) => {
    spawn(process.execPath, ["--input-type=commonjs", "-e", program, name, home], { cwd: join(ROOT, "lib"), stdio: "inherit" }).on("close", ended);
  })));
  assert.deepEqual(codes, [0, 0]);
  const progress = readProgress(home);
  assert.deepEqual([progress.exercises.size, progress.unread], [400, 0]);
});

test("a folder that was moved keeps its progress", (context) => {
  const home = scratch(context);
  recordProgress(answered("62.1/lora", "right"), join(home, "before"));
  renameSync(join(home, "before"), join(home, "after"));
  assert.equal(exerciseProgress(readProgress(join(home, "after")), "62.1/lora").state, "right");
});

test("any order of events gives the same set of right exercises", (context) => {
  let run = 0;
  const root = scratch(context);
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...LESSON.exercises), fc.constantFrom("right" as const, "wrong" as const)), { maxLength: 12 }), (events) => {
    const home = join(root, String(run++));
    for (const [exercise, outcome] of events) recordProgress(answered(exercise, outcome), home);
    const right = LESSON.exercises.filter((id) => exerciseProgress(readProgress(home), id).state === "right");
    assert.deepEqual(right, LESSON.exercises.filter((id) => events.some(([exercise, outcome]) => exercise === id && outcome === "right")));
  }), { numRuns: 50 });
});

test("the course goes on with the lesson opened last, then with the first one after it that is open", (context) => {
  const home = scratch(context);
  const catalogue = { chapters: [{ number: 62, title: "C", lessons: [LESSON, { ...LESSON, id: "62.2", exercises: ["62.2/x"] }, { ...LESSON, id: "62.3", notebook: null }] }] };
  const next = () => nextLesson(catalogue, readProgress(home))?.id;
  assert.equal(next(), "62.1");
  recordProgress({ did: "opened", at, lesson: "62.2" }, home);
  assert.equal(next(), "62.2");
  recordProgress(answered("62.2/x", "right"), home);
  assert.equal(next(), "62.1", "62.3 is not written yet");
  for (const id of LESSON.exercises) recordProgress(answered(id, "right"), home);
  assert.equal(next(), undefined);
});

test("notebooks/course.json is what outline and sources say: every lesson, with the exercises that it checks", () => {
  const outline = readOutline();
  const catalogue = readCatalogue(ROOT);
  assert.equal(catalogueText(catalogue), catalogueText(makeCatalogue(outline, readLessons(outline))), "stale: npm run build");
  assert.equal(catalogue.chapters.flatMap(({ lessons }) => lessons).length, outline.size);
  assert.deepEqual(findLesson(catalogue, "62.1")?.exercises, ["62.1/attention", "62.1/lora"]);
  assert.deepEqual(findLesson(catalogue, "63.7")?.doors, ["teacher"]);
});
