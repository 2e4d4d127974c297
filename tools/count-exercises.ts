/**
 * `npm run count:exercises`: exercises, the mistakes that they foresee and their hints, by lesson; and the lessons with none.
 *
 *     npm run count:exercises
 *     npm run count:exercises -- --json
 */
import { parseArgs } from "node:util";
import { readOutline } from "./course-manifest.ts";
import { checkedExercises, listExercises, testedExercises } from "./exercise-list.ts";
import { readLessons } from "./lesson-source.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const outline = readOutline();
const lessons = readLessons(outline);
const checked = checkedExercises(outline, lessons);
const listed = listExercises();
const tested = testedExercises();
const lessonOf = (id: string) => id.slice(0, id.indexOf("/"));

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const rows = lessons.map(({ id, front }) => {
  const own = listed.filter(({ exercise }) => lessonOf(exercise.id) === id);
  return {
    lesson: id, title: front.title, exercises: own.length,
    misconceptions: sum(own.map(({ exercise }) => exercise.misconceptions.length)),
    hints: sum(own.map(({ exercise }) => exercise.hints.length)),
    kinds: [...new Set(own.map(({ exercise }) => exercise.kind))].sort(),
    tested: own.filter(({ module, name }) => tested.has(`${module} ${name}`)).length,
    checked: own.filter(({ exercise }) => checked.get(id)?.includes(exercise.id)).length,
  };
});
const total = (of: "exercises" | "misconceptions" | "hints" | "tested" | "checked") => sum(rows.map((row) => row[of]));
const none = rows.filter(({ exercises }) => exercises === 0).map(({ lesson }) => lesson);
const kinds: Record<string, number> = {};
for (const { exercise } of listed) kinds[exercise.kind] = (kinds[exercise.kind] ?? 0) + 1;

if (values.json) {
  console.log(JSON.stringify({ lessons: rows, total: { lessons: rows.length, exercises: total("exercises"), misconceptions: total("misconceptions"), hints: total("hints"), tested: total("tested"), checked: total("checked") }, kinds, lessonsWithNone: none }, null, 1));
} else {
  const width = Math.max(...rows.map(({ title }) => title.length));
  const line = (cells: readonly (string | number)[]) => console.log([String(cells[0]).padEnd(6), String(cells[1]).padEnd(width), ...cells.slice(2, 5).map((cell) => String(cell).padStart(14)), `  ${cells[5]}`].join(" ").trimEnd());
  line(["lesson", "", "exercises", "misconceptions", "hints", "kinds"]);
  for (const { lesson, title, exercises, misconceptions, hints, kinds: of } of rows) line([lesson, title, exercises, misconceptions, hints, of.join(", ")]);
  line(["all", `${rows.length} lessons`, total("exercises"), total("misconceptions"), total("hints"), Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`).join(", ")]);
  console.log(`\nTried by a test, with an answer for each misconception: ${total("tested")} of ${total("exercises")}. Checked in their lesson: ${total("checked")} of ${total("exercises")}.`);
  console.log(`Lessons without an exercise: ${none.join(", ") || "none"}.`);
}
