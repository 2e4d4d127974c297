/** `ai`: a lesson's prompts, run in place through the teacher's door, or shown to be copied. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fillGaps, gapsOf, readAiParts } from "llmops/course";
import { startSimulator } from "llmops/teacher";
import { readOutline } from "../tools/course-manifest.ts";
import { readLessons } from "../tools/lesson-source.ts";
import { NOTEBOOKS } from "../tools/paths.ts";
import { EMBEDDED_DOORS } from "../tools/run-lessons.ts";
import { ROOT, scratch } from "./support/scratch.ts";

describe("the parts of Try With AI", () => {
  for (const lesson of readLessons(readOutline())) {
    test(`lesson ${lesson.id}: five parts are read from its notebook, the first with a prompt`, () => {
      const parts = readAiParts(join(NOTEBOOKS, lesson.notebook));
      assert.deepEqual(parts.map(({ number }) => number), [1, 2, 3, 4, 5]);
      assert.ok(parts[0]!.prompt!.length > 40);
      for (const { prompt, text } of parts) {
        assert.ok(prompt ?? text, "a part says something");
        assert.doesNotMatch(prompt ?? "", /^>/m);
      }
    });
  }
});

test("a prompt's gaps are filled in their order; one without a text is named", () => {
  const prompt = "Here are rows: [paste ten lines]. And the [docs](https://example.org): [paste it]?";
  assert.deepEqual(gapsOf(prompt), ["[paste ten lines]", "[paste it]"]);
  assert.match(fillGaps(prompt, ["a $1 b", "c"]), /rows: \s+a \$1 b\s+\. And the \[docs\]\(https:\/\/example\.org\):\s+c\s+\?/);
  assert.throws(() => fillGaps(prompt, ["a"]), /a gap, \[paste it\]/);
  assert.throws(() => fillGaps("No gap.", ["a"]), /has no gap, and 1 texts/);
});

/** Runs cells of a lesson in a process of its own, as the kernel would. */
function run(context: TestContext, code: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  const program = `const { openLesson } = require("llmops/course"); const { ai } = require("llmops/teacher");
    openLesson("63.0"); (async () => { ${code} })().catch((error) => { console.error(error.message); process.exitCode = 1; });`;
  return new Promise((ended) => {
    const child = spawn(process.execPath, ["--input-type=commonjs", "-e", program], {
      cwd: join(ROOT, "lib"), env: { ...process.env, ...EMBEDDED_DOORS, LLMOPS_HOME: scratch(context), ...env },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("close", (status) => ended({ code: status, output }));
  });
}

const [first] = readAiParts(join(NOTEBOOKS, "63-data-engineering-for-training/00-build-your-data-engineering-skill.ipynb"));

test("with a model behind the door the answer is shown, with its tokens and its cost, and the conversation goes on", async (context) => {
  const simulator = await startSimulator({ model: "gpt-6-luna" });
  context.after(() => simulator.close());
  const asked: number[] = [];
  const { code, output } = await run(context, `await ai(1); await ai("Which of these did you guess?");`, { OPENAI_BASE_URL: simulator.url, LLMOPS_TEACHER_MODEL: "gpt-6-luna" });
  assert.equal(code, 0, output);
  assert.ok(output.includes(first!.prompt!.split(". ")[0]!.slice(0, 60)), output);
  for (const [, tokens] of output.matchAll(/gpt-6-luna: (\d+) tokens in, \d+ out, \$0\.\d{4}; \$0\.\d{4} of \$0\.25 in this notebook/g)) asked.push(Number(tokens));
  assert.equal(asked.length, 2, output);
  assert.ok(asked[1]! > asked[0]!, "the second question carries the first and its answer");
});

test("behind the simulator the prompt is shown to be copied, and nothing is asked", async (context) => {
  const { code, output } = await run(context, "await ai(1);", {});
  assert.equal(code, 0, output);
  assert.ok(output.includes(first!.prompt!), output);
  assert.match(output, /No language model is behind the teacher's door/);
});

test("a part that is the student's own to do says so; one that does not exist too", async (context) => {
  const [own, none] = await Promise.all([run(context, "await ai(2);", {}), run(context, "await ai(6);", {})]);
  assert.match(own.output, /Part 2, Critical evaluation, has no prompt of its own: .*Say it in your words: ai\("…"\)/s);
  assert.match(none.output, /has parts 1 to 5; there is no part 6/);
  assert.deepEqual([own.code, none.code], [1, 1]);
});
