/** Reading lesson sources: what an author is told when one is wrong, and what a student gets of it. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readOutline } from "../tools/course-manifest.ts";
import { codeFor, readLesson, studentSource } from "../tools/lesson-source.ts";
import { scratch } from "./support/scratch.ts";

const outline = readOutline();
const FRONT = [
  "// ---",
  "// chapter: 61",
  "// lesson: 7",
  "// title: Build Your LLMOps Decision Skill",
  "// layer: Layer 3 (Intelligence Design)",
  "// minutes: 45",
  "// concepts: []",
  "// maps: SC-008 (students graduate with llmops skill)",
  "// prerequisites: lesson 61.6",
  "// ---",
];
const CELL = [
  "",
  "// %% [markdown]",
  "// Two lines",
  "//",
  "// of prose.",
  "",
  '// %% tags=["quiet"]',
  "const before = 1;",
  "// BEGIN SOLUTION",
  "const answer: number | undefined = before + 1;",
  "// STUB",
  "// let answer: number | undefined;",
  "// END SOLUTION",
  "const after = 3;",
];

function lesson(context: TestContext, lines: string[]) {
  const folder = join(scratch(context), "61-introduction");
  mkdirSync(folder);
  const path = join(folder, "07-skill.ts");
  writeFileSync(path, lines.join("\n"));
  return readLesson(path, outline);
}

test("the outline holds chapters 61 to 72 with 96 lessons, none above ten concepts", () => {
  assert.equal(outline.size, 96);
  assert.deepEqual(new Set([...outline.values()].map(({ chapter }) => chapter)), new Set([61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72]));
});

test("cells come out with their kind, tags, text and line", (context) => {
  const { cells, id } = lesson(context, [...FRONT, ...CELL]);
  assert.equal(id, "61.7");
  assert.deepEqual(cells.map(({ kind, tags, line }) => ({ kind, tags, line })), [
    { kind: "markdown", tags: [], line: 13 },
    { kind: "code", tags: ["quiet"], line: 18 },
  ]);
  assert.equal(cells[0]!.text, "Two lines\n\nof prose.");
});

test("the student gets the stub, the instructor the solution", (context) => {
  const source = lesson(context, [...FRONT, ...CELL]);
  const cell = source.cells[1]!;
  assert.equal(codeFor("student", cell), "const before = 1;\nlet answer: number | undefined;\nconst after = 3;");
  assert.equal(codeFor("instructor", cell), "const before = 1;\nconst answer: number | undefined = before + 1;\nconst after = 3;");
  const student = studentSource(source).split("\n");
  assert.equal(student.length, source.text.split("\n").length, "line for line, so that compiler errors name the author's lines");
  assert.equal(student[21], "let answer: number | undefined;");
});

for (const [name, change, message] of [
  ["a title that is not the outline's", (lines: string[]) => lines.map((line) => line.replace("Decision Skill", "Skill")), /:1: title is "Build Your LLMOps Skill"; the outline says/],
  ["a lesson the outline lacks", (lines: string[]) => lines.map((line) => line.replace("lesson: 7", "lesson: 77")), /the outline has no lesson 61\.77/],
  ["an unknown field", (lines: string[]) => lines.with(8, "// prerequisits: lesson 61.6"), /front matter: [\s\S]*prerequisites/],
  ["no front matter", (lines: string[]) => lines.slice(10), /:1: the front matter is missing/],
  ["prose without its comment mark", (lines: string[]) => lines.with(12, "Two lines"), /:13: a line of a Markdown cell must start/],
  ["a solution without its stub", (lines: string[]) => lines.filter((line) => line !== "// STUB"), /END SOLUTION without BEGIN SOLUTION and STUB/],
  ["a solution left open", (lines: string[]) => lines.filter((line) => line !== "// END SOLUTION"), /not closed by END SOLUTION|stub line must be a comment/],
  ["live code in a stub", (lines: string[]) => lines.map((line) => line.replace("// let answer", "let answer")), /:22: a stub line must be a comment/],
  ["a tag that nobody knows", (lines: string[]) => lines.map((line) => line.replace('tags=["quiet"]', 'tags=["quite"]')), /:17: there is no tag "quite"; there are quiet, /],
  ["a cell marker nobody can read", (lines: string[]) => lines.map((line) => line.replace('tags=["quiet"]', "quiet")), /:17: cannot read this cell marker/],
] as const) {
  test(`refused, with file, line and reason: ${name}`, (context) => {
    assert.throws(() => lesson(context, change([...FRONT, ...CELL])), message);
  });
}
