/** Every exercise of the course can be graded: the author's own answers, handed in, get every point. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gradeFolder } from "../tools/grade-notebooks.ts";
import { DEFAULTS } from "../tools/grade/limits.ts";
import { scoreOf } from "../tools/grade/outcome.ts";
import { scratch } from "./support/scratch.ts";
import { solvedLessons, writeSubmissions } from "./support/submissions.ts";

test("the author's answers to all exercises get every point", async (context) => {
  const home = scratch(context);
  const all = solvedLessons();
  assert.ok(all.length >= 27, `${all.length} lessons with exercises`);
  writeSubmissions(join(home, "in"), all);
  // A busy machine must not decide: time is not what this is about.
  const graded = await gradeFolder({ folder: join(home, "in"), out: join(home, "out"), limits: { ...DEFAULTS, seconds: 120, cpuSeconds: 120 } });
  const short = graded.filter(({ grade }) => scoreOf(grade) < grade.exercises.length || grade.problems.length > 0 || grade.exercises.length === 0);
  assert.deepEqual(short.map(({ file, grade }) => [file, grade]), []);
  assert.equal(graded.reduce((sum, { grade }) => sum + scoreOf(grade), 0), all.reduce((sum, { score }) => sum + score!, 0), "as many as the sources check");
});
