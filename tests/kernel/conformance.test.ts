/**
 * The kernel does what the programs in programs/ say, each in a fresh kernel, through Jupyter's own
 * client. `node --test tests/kernel/conformance.test.ts` prints N of M and every program that fails.
 *
 * KERNEL_TOPIC=errors (or a part of a program's name in KERNEL_PROGRAM) runs a part of them.
 */
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { root, runAll } from "./harness.ts";
import { topics } from "./topics.ts";

test("kernel conformance", { timeout: 600_000 }, async (t) => {
  const { KERNEL_TOPIC, KERNEL_PROGRAM } = process.env;
  const chosen = topics
    .filter((topic) => !KERNEL_TOPIC || topic.name.includes(KERNEL_TOPIC))
    .map((topic) => ({ ...topic, programs: topic.programs.filter((program) => !KERNEL_PROGRAM || program.name.includes(KERNEL_PROGRAM)) }));
  const started = Date.now();
  const outcomes = await runAll(chosen, { name: "tslab", jupyterPath: join(root, "jupyter") }, ({ topic, program, problem }) => {
    if (problem) t.diagnostic(`FAILED ${topic.name} / ${program.name}: ${problem}`);
  });
  const passed = outcomes.filter((outcome) => !outcome.problem).length;
  const starts = outcomes.map((outcome) => outcome.ready ?? Infinity).sort((a, b) => a - b);
  t.diagnostic(`kernel conformance: ${passed} of ${outcomes.length} in ${Math.round((Date.now() - started) / 1000)} s; kernel start: median ${starts[starts.length >> 1]} s`);
  assert.ok(outcomes.length > 0, "no program was chosen");
  assert.deepEqual(outcomes.filter((outcome) => outcome.problem).map(({ topic, program }) => `${topic.name} / ${program.name}`), []);
});
