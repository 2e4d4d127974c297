/** Every exercise of the course has what an exercise needs: a kind, hints, foreseen mistakes, its place in a lesson, its tests. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { readOutline } from "../tools/course-manifest.ts";
import { checkedExercises, listExercises, testedExercises } from "../tools/exercise-list.ts";
import { readLessons } from "../tools/lesson-source.ts";
import { ROOT } from "./support/scratch.ts";

const KINDS = ["number", "choice", "function", "text", "dataset", "file", "skill"];
const outline = readOutline();
const lessons = readLessons(outline);
const checked = checkedExercises(outline, lessons);
const tested = testedExercises();
const listed = listExercises();
const lessonOf = (id: string) => id.slice(0, id.indexOf("/"));

/** The lines between BEGIN SOLUTION and STUB (or the end), without their spaces: what no hint may give away. */
const solutionLines = (text: string): string[] =>
  [...text.matchAll(/\/\/ BEGIN SOLUTION\n(.*?)\/\/ (?:STUB|END SOLUTION)/gs)]
    .flatMap(([, code]) => code!.split("\n"))
    .map((line) => line.replace(/\/\/.*$/, "").replaceAll(/\s/g, ""))
    .filter((line) => line.length >= 16);

test("there are exercises in every chapter that has lessons", () => {
  const chapters = new Set(listed.map(({ exercise }) => exercise.id.split(".")[0]));
  assert.deepEqual([...new Set(lessons.map(({ front }) => String(front.chapter)))].filter((chapter) => !chapters.has(chapter)), []);
  assert.ok(listed.length >= 56, `${listed.length} exercises`);
});

test("no two exercises have one id", () => {
  assert.equal(new Set(listed.map(({ exercise }) => exercise.id)).size, listed.length);
});

test("no two hints are equal, in the whole course", () => {
  const hints = listed.flatMap(({ exercise }) => exercise.hints);
  assert.deepEqual(hints.filter((hint, at) => hints.indexOf(hint) !== at), []);
});

for (const { module, name, exercise } of listed) {
  const { id, kind, hints, misconceptions } = exercise;
  const lesson = lessons.find((one) => one.id === lessonOf(id));
  describe(id, () => {
    test("has the id of a lesson that is there, and stands in its module", () => {
      assert.match(id, /^\d\d\.\d+\/[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.ok(lesson, `no lesson ${lessonOf(id)}`);
      assert.equal(module, lessonOf(id).replace(".", "-"));
    });
    test("is checked in its lesson", () => {
      assert.ok(checked.get(lessonOf(id))?.includes(id), `chapters-61-72/…: lesson ${lessonOf(id)} never calls check(${name}, …)`);
    });
    test("is tried by a test, with each of its mistakes", () => {
      assert.ok(tested.has(`${module} ${name}`), `no test calls testExercise(${name}, …), imported from llmops/exercises/${module}`);
    });
    test("says what kind of answer it asks for", () => {
      assert.ok(KINDS.includes(kind), String(kind));
    });
    test("has two or three hints, each a sentence or a question, none of which gives the solution away", () => {
      assert.ok(hints.length >= 2 && hints.length <= 3, `${hints.length} hints`);
      const solution = solutionLines(lesson?.text ?? "");
      assert.ok(solution.length > 0, "the lesson's source has a solution to compare with");
      for (const hint of hints) {
        assert.match(hint, /[.?]$/, hint);
        assert.ok(hint.length >= 40, `too short to help: ${hint}`);
        const squeezed = hint.replaceAll(/\s/g, "");
        assert.deepEqual(solution.filter((line) => squeezed.includes(line)), [], hint);
      }
    });
    test("foresees three mistakes or more, each with a message of its own", () => {
      assert.ok(misconceptions.length >= 3, `${misconceptions.length} misconceptions`);
      assert.equal(new Set(misconceptions.map((mistake) => mistake.name)).size, misconceptions.length, "names");
      assert.equal(new Set(misconceptions.map(({ message }) => message)).size, misconceptions.length, "messages");
      for (const { message } of misconceptions) assert.ok(message.length >= 30, message);
    });
  });
}

test("npm run count:exercises counts them all, by lesson", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/count-exercises.ts", "--json"], { cwd: ROOT, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const { total, lessons: counted, lessonsWithNone } = JSON.parse(stdout) as { total: Record<string, number>; lessons: { lesson: string; exercises: number }[]; lessonsWithNone: string[] };
  assert.deepEqual([total["lessons"], total["exercises"], total["tested"], total["checked"]], [lessons.length, listed.length, listed.length, listed.length]);
  assert.equal(total["misconceptions"], listed.reduce((sum, { exercise }) => sum + exercise.misconceptions.length, 0));
  assert.equal(total["hints"], listed.reduce((sum, { exercise }) => sum + exercise.hints.length, 0));
  assert.deepEqual(lessonsWithNone, counted.filter(({ exercises }) => exercises === 0).map(({ lesson }) => lesson));
});
