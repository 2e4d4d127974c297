/** Slides, pages and the Colab set: what is in them, what is not, and what is said where they cannot be made. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { unzipSync } from "fflate";
import fc from "fast-check";
import { readNotebook } from "../tools/notebook.ts";
import { browserForPrint, publish, type Published, type PublishOptions } from "../tools/publish/builds.ts";
import { codeHtml, codeLines } from "../tools/publish/code.ts";
import { NotRunError, readDocument } from "../tools/publish/document.ts";
import { findLessons } from "../tools/publish/lessons.ts";
import { readMarkdown } from "../tools/publish/markdown.ts";
import { readSlides } from "../tools/publish/slides.ts";
import { LESSON, SECRET, TEACHING, writeLesson } from "./support/published-lesson.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const BUILD = join(ROOT, "tools", "build-notebooks.ts");
const build = (...args: string[]) => spawnSync(process.execPath, [BUILD, ...args], { cwd: ROOT, encoding: "utf8" });

async function run(name: Published, names: string[], options: PublishOptions) {
  const done: string[] = [], failed: string[] = [];
  const count = await publish(name, names, options, { done: (line) => done.push(line), failed: (line) => failed.push(line) });
  return { count, done, failed };
}

async function lesson(context: TestContext, how: Parameters<typeof writeLesson>[1] = {}) {
  const folder = scratch(context);
  return { out: join(folder, "out"), from: await writeLesson(folder, how) };
}

describe("npm run build -- --for", () => {
  test("a build that is not there: the answer names those that are", () => {
    const { status, stderr } = build("--for", "nonsense");
    assert.equal(status, 2);
    assert.match(stderr, /--for nonsense: there is no such build\. The builds: student, instructor; slides, html, pdf .*; colab/);
  });

  test("an option of another build, a lesson that is not there", () => {
    assert.match(build("--for", "slides", "--repository", "a/b").stderr, /--for slides takes no --repository/);
    assert.match(build("--for", "instructor", "62.4").stderr, /builds every lesson and takes no 62\.4/);
    const { status, stderr } = build("--for", "html", "99.1");
    assert.equal(status, 1);
    assert.match(stderr, /No notebook for 99\.1\. There is: 6\d\.\d/);
  });

  test("a notebook without outputs is named with the command that makes them, and nothing is written", async (context) => {
    const { out, from } = await lesson(context, { executed: false });
    for (const name of ["slides", "html"] as const) {
      const { count, done, failed } = await run(name, [], { out, from });
      assert.deepEqual([count, done], [1, []]);
      assert.match(failed[0]!, /^62\.4 .*has no outputs of its present state: npm run lessons -- 62\.4$/);
    }
    const solved = await run("slides", [], { out, from, solutions: true });
    assert.match(solved.failed[0]!, /npm run lessons -- 62\.4$/);
    assert.equal(existsSync(out), false);
  });

  test("a notebook that is older than its source is published, and said to be", async (context) => {
    const { out, from } = await lesson(context);
    const { done } = await run("slides", ["62.4"], { out, from });
    assert.match(done[0]!, /^62\.4 .* \d+ slides in \d groups {3}\(older than its source: npm run lessons -- 62\.4\)$/);
  });

  test("a lesson that fails leaves what was built before, whole", async (context) => {
    const { out, from } = await lesson(context);
    await run("slides", ["62.4"], { out, from });
    const path = join(out, "slides", `${LESSON}.html`);
    const before = readFileSync(path, "utf8");
    writeFileSync(join(from.student, `${LESSON}.ipynb`), '{"nbformat": 4');
    const { failed } = await run("slides", ["62"], { out, from });
    assert.match(failed[0]!, /04-vram-budget-planning\.ipynb cannot be read as a notebook .*npm run lessons -- 62\.4/);
    assert.equal(readFileSync(path, "utf8"), before);
    assert.deepEqual(readdirSync(join(path, "..")), ["04-vram-budget-planning.html"]);
  });

  test("where there is no browser, a PDF says so, and how to get one", async () => {
    await assert.rejects(browserForPrint(() => Promise.reject(new Error("No Chromium found: install it, or set CHROMIUM_PATH to a Chrome or Chromium."))), /printed by Chromium.*CHROMIUM_PATH.*apt install chromium.*--for html/);
  });
});

describe("a lesson's document", () => {
  test("without solutions nothing of the instructor's is in any build", async (context) => {
    const { out, from } = await lesson(context);
    await run("slides", ["62.4"], { out, from });
    await run("html", ["62"], { out, from });
    for (const path of [`slides/${LESSON}.html`, `html/${LESSON.split("/")[0]}.html`]) {
      const text = readFileSync(join(out, path), "utf8").replaceAll(/<(script|style)>.*?<\/\1>/gs, "").replaceAll(/<[^>]*>/g, "");
      for (const theirs of [TEACHING, SECRET, "42 * 1024", "Solution", "Right."]) assert.ok(!text.includes(theirs), `${path}: ${theirs}`);
      assert.ok(text.includes("your number"), "the stub is there");
      assert.ok(!text.includes("openLesson") && !text.includes("await ai(1)"), "cells of the notebook's own are not");
    }
  });

  test("with them, every exercise is followed by its solution, with the solved run's output and the teaching notes", async (context) => {
    const { from } = await lesson(context);
    const document = readDocument("62.4", join(from.student, `${LESSON}.ipynb`), join(from.instructor, `${LESSON}.ipynb`));
    const roles = document.blocks.filter((block) => block.kind === "code" && block.role !== "code").map((block) => block.kind === "code" && block.role);
    assert.deepEqual(roles, ["exercise", "solution"]);
    assert.ok(document.blocks.some((block) => block.kind === "code" && block.source.includes(SECRET)));
    assert.ok(document.blocks.some((block) => block.kind === "result" && block.shown.plain.includes("Right.")));
    assert.match(document.notes.join(), new RegExp(TEACHING));
    const [title] = readSlides(document)[0]!;
    assert.match(title!.notes.join(), new RegExp(TEACHING));
  });

  test("two notebooks of different sources are not mixed", async (context) => {
    const { from } = await lesson(context);
    const path = join(from.instructor, `${LESSON}.ipynb`);
    const notebook = readNotebook(path);
    notebook.metadata.workbook!.source = "older";
    writeFileSync(path, JSON.stringify(notebook));
    assert.throws(() => readDocument("62.4", join(from.student, `${LESSON}.ipynb`), path), /different sources: npm run lessons -- 62\.4, then npm run lessons -- --for instructor 62\.4/);
  });

  test("what a lesson shows cannot load or run anything", async (context) => {
    const evil = { "text/plain": "plain", "text/html": '<table><tr><td><img src="https://example.org/x.png" onerror="alert(1)"></td></tr></table>' };
    const { out, from } = await lesson(context, { extra: [{ text: "show()", outputs: [{ output_type: "display_data", data: evil, metadata: {} }] }, { text: "<script>alert(1)</script> <b>bold</b>", markdown: true }] });
    await run("html", ["62.4"], { out, from });
    const page = readFileSync(join(out, "html", `${LESSON}.html`), "utf8");
    assert.ok(!page.includes("example.org") && !page.includes("<script>") && !page.includes("<b>bold"));
    assert.match(page, /default-src 'none'/);
  });

  test("a picture from elsewhere is refused with its place; one beside the notebook becomes part of the page", (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "dot.png"), "png");
    assert.throws(() => readMarkdown("![a dot](https://example.org/dot.png)", folder, "62.4, cell 3"), /62\.4, cell 3: the picture https:\/\/example\.org\/dot\.png cannot be put into the page/);
    assert.match(readMarkdown("![a dot](dot.png)", folder, "here")[0]!.html, /<img src="data:image\/png;base64,cG5n" alt="a dot">/);
  });

  test("code keeps every character, and every line of it is whole HTML", () => {
    const plain = (html: string) => html.replaceAll(/<[^>]*>/g, "").replaceAll(/&(lt|gt|amp|quot|#x27|#39);/g, (_, name: string) => ({ lt: "<", gt: ">", amp: "&", quot: '"', "#x27": "'", "#39": "'" })[name]!);
    const fragment = fc.constantFrom("`${a}\n", "/* c\n*/", "// x", "const a = 1;", "\n", "'s'", "<b>&", "{", "}", "`", "type T = string;", "\t", " ");
    fc.assert(fc.property(fc.array(fragment, { maxLength: 30 }), (parts) => {
      const code = parts.join("");
      const lines = codeLines(code, "typescript");
      assert.equal(lines.map(plain).join("\n"), code);
      assert.equal(plain(codeHtml(code, "typescript")), code);
      for (const line of lines) assert.equal(line.split("<span").length, line.split("</span>").length);
    }));
  });

  test("long code and tables are shown in parts, and no line is lost", async (context) => {
    const { from } = await lesson(context);
    const document = readDocument("62.4", join(from.student, `${LESSON}.ipynb`));
    const text = readSlides(document).flat().flatMap(({ blocks }) => blocks).join("\n").replaceAll(/<[^>]*>/g, "");
    for (let at = 0; at < 60; at += 1) {
      assert.equal(text.split(`const line${at} =`).length, 2, `line ${at} of the code, once`);
      assert.equal(text.split(`the ${at}th row`).length, 2, `row ${at} of the table, once`);
    }
    assert.ok(/Code, part 3 of \d/.test(text));
  });

  test("every notebook of the course can be published, or says what it needs first; none has a formula in TeX", () => {
    for (const { id, student } of findLessons()) {
      let document;
      try {
        document = readDocument(id, student);
      } catch (error) {
        assert.ok(error instanceof NotRunError, `${id}: ${String(error)}`);
        continue;
      }
      const groups = readSlides(document);
      assert.ok(groups.length >= 4, id);
      for (const block of document.blocks) if (block.kind === "prose" && block.form !== "code") assert.doesNotMatch(block.texts.join(" "), /\$\$|\$\\[a-z]|\\\(|\\\[/, id);
    }
  });
});

describe("the Colab set", () => {
  const set = (context: TestContext) => join(scratch(context), "out");
  const index = (out: string) => readFileSync(join(out, "colab", "index.html"), "utf8");

  test("folder and zip hold the same: every notebook, the versions, an index without links", async (context) => {
    const out = set(context);
    const { count, done } = await run("colab", [], { out });
    assert.equal(count, 0);
    const files = readdirSync(join(out, "colab")).sort();
    const expected = [...readdirSync(join(ROOT, "colab")).filter((name) => name.endsWith(".ipynb")), "README.md", "index.html", "requirements-t4.txt"].sort();
    assert.deepEqual(files, expected);
    assert.equal(done.filter((line) => line.includes(".ipynb")).length, files.length - 3);
    const zip = unzipSync(readFileSync(join(out, "colab.zip")));
    assert.deepEqual(Object.keys(zip).sort(), files.map((name) => `colab/${name}`));
    for (const name of files) assert.deepEqual(Buffer.from(zip[`colab/${name}`]!), readFileSync(join(out, "colab", name)), name);
    assert.ok(!index(out).includes("https://colab"));
    assert.match(index(out), /62\.7 .*62-7-lab-inference-on-t4\.ipynb.*T4.*at most 30/s);
    assert.match(index(out), /They run in JupyterLab only[^]*<li>63\.1 /);
    const again = readFileSync(join(out, "colab.zip"));
    await run("colab", [], { out });
    assert.deepEqual(readFileSync(join(out, "colab.zip")), again, "the same set gives the same bytes");
  });

  test("with a repository, each notebook has its link into Colab", async (context) => {
    const out = set(context);
    await run("colab", ["64.4"], { out, repository: "school/workbook", branch: "autumn" });
    assert.match(index(out), /href="https:\/\/colab\.research\.google\.com\/github\/school\/workbook\/blob\/autumn\/colab\/64-4-training-loop\.ipynb">Open in Colab/);
    assert.ok(!index(out).includes("62.7"));
  });

  test("what cannot be: a lesson without one, a name that is no repository", async (context) => {
    const out = set(context);
    await assert.rejects(run("colab", ["63"], { out }), /63: no Colab notebook belongs to it\. There is one for 62\.7, 64\.4/);
    await assert.rejects(run("colab", [], { out, repository: "workbook" }), /--repository workbook: give owner\/name/);
    await assert.rejects(run("colab", [], { out, branch: "main" }), /--branch needs --repository/);
    assert.equal(existsSync(out), false);
  });
});
