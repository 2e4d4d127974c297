/** The stored notebooks: fresh, complete, made by a run. And the lessons' skeleton, which every lesson shares. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readOutline } from "../tools/course-manifest.ts";
import { readLessons } from "../tools/lesson-source.ts";
import { readNotebook, textOf, type Cell, type Output } from "../tools/notebook.ts";
import { NOTEBOOKS } from "../tools/paths.ts";
import { libraryHash, sourceHash } from "../tools/provenance.ts";

const TRY_WITH_AI = ["Initial request", "Critical evaluation", "Constraint teaching", "Refinement", "Final check"];
const lessons = readLessons(readOutline());

const expects = (cell: Cell, tag: string) => cell.metadata.tags?.includes(tag) ?? false;
const isStderr = (output: Output) => output.output_type === "stream" && output.name === "stderr";

test("there are lessons to check", () => assert.ok(lessons.length > 0));

for (const lesson of lessons) {
  describe(`lesson ${lesson.id}`, () => {
    const path = join(NOTEBOOKS, lesson.notebook);
    const notebook = existsSync(path) ? readNotebook(path) : undefined;
    const code = notebook?.cells.filter((cell) => cell.cell_type === "code") ?? [];

    test("its notebook was executed from this very source and this very lib", () => {
      assert.ok(notebook, `${lesson.notebook} is missing: npm run build, npm run lessons`);
      assert.deepEqual(
        notebook.metadata.workbook,
        { lesson: lesson.id, audience: "student", source: sourceHash(lesson), lib: libraryHash(lesson), executed: true },
        `${lesson.notebook} is stale: npm run lessons -- ${lesson.id}`,
      );
    });

    test("every code cell ran, and shows something unless it is tagged quiet", () => {
      code.forEach((cell, index) => {
        assert.equal(cell.execution_count, index + 1, `cell ${cell.id} was not run in its order`);
        const shows = (cell.outputs ?? []).length > 0;
        assert.equal(shows, !expects(cell, "quiet"), `cell ${cell.id} ${shows ? "is tagged quiet and shows something" : "shows nothing"}`);
      });
    });

    test("no unexpected error, nothing unexpected on stderr", () => {
      for (const cell of code) {
        for (const output of cell.outputs ?? []) {
          assert.ok(output.output_type !== "error" || expects(cell, "raises-exception"), `${cell.id}: ${output.ename}: ${output.evalue}`);
          assert.ok(!isStderr(output) || expects(cell, "allow-stderr"), `${cell.id}: ${textOf(output.text)}`);
        }
      }
    });

    test("no output names a folder of the machine that ran it", () => {
      for (const cell of code) assert.ok(!JSON.stringify(cell.outputs ?? []).includes("/.workbook/runs/"), `${cell.id}: ends in a value with paths? void (…) shows none`);
    });

    test("no output warns that the machine was busy with something else while it ran", () => {
      for (const cell of code) assert.doesNotMatch(JSON.stringify(cell.outputs ?? []), /tokens a second, where .{1,20} was usual/, `${cell.id}: run the lesson again on a quiet machine`);
    });

    test("every picture has an alternative text", () => {
      for (const cell of code) {
        for (const output of cell.outputs ?? []) {
          const isPicture = Object.keys(output.data ?? {}).some((type) => type.startsWith("image/") || type.includes("vegalite"));
          if (isPicture) assert.ok(textOf(output.data?.["text/plain"]).length > 20, `${cell.id}: a picture without words`);
        }
      }
      for (const cell of lesson.cells) {
        for (const [, alt] of cell.text.matchAll(/!\[([^\]]*)\]\(/g)) assert.ok(alt!.trim(), `line ${cell.line}: an image without alternative text`);
      }
    });

    test("two sums of money in its prose are not taken for a formula", () => {
      for (const cell of lesson.cells) {
        if (cell.kind !== "markdown") continue;
        const prose = cell.text.replace(/```[\s\S]*?```|`[^`\n]*`/g, "");
        assert.doesNotMatch(prose, /(?<!\\)\$\d[^$]*(?<!\\)\$\d/, `line ${cell.line}: write \\$ for a dollar sign`);
      }
    });

    test("it has an exercise with its check", () => {
      const source = lesson.cells.map(({ text }) => text).join("\n");
      assert.match(source, /\/\/ BEGIN SOLUTION/);
      assert.match(source, /await check\(/);
    });

    test("it ends with Try With AI, in five parts, and nothing after", () => {
      const headings = lesson.cells
        .filter(({ kind }) => kind === "markdown")
        .flatMap(({ text }) => [...text.matchAll(/^(#{2,3}) (.+)$/gm)].map(([, level, title]) => ({ level: level!.length, title: title! })));
      const sections = headings.filter(({ level }) => level === 2);
      assert.equal(sections.at(-1)?.title, "Try With AI");
      const parts = headings.slice(headings.findIndex(({ title }) => title === "Try With AI") + 1);
      assert.deepEqual(parts.map(({ title }) => title.replace(/^\d\. /, "")), TRY_WITH_AI);
    });
  });
}
