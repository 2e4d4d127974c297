/** Hints, as a student asks for them in a cell: one at a time, and only where the answer is not right. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { check, todo, type Exercise } from "llmops/course";
import { scratch } from "./support/scratch.ts";

const exercise = (id: string): Exercise<(n: number) => number> => ({
  id, kind: "function", fault: (answer) => (answer(8) === 4 ? undefined : `halve(8) should be 4; yours gives ${answer(8)}.`),
  misconceptions: [], hints: ["Look at what 8 becomes.", "Two equal parts.", "Divide by 2."], because: "Half of 8 is 4.",
});

/** What the cell shows, in words. */
async function shown(context: TestContext, answer: ((n: number) => number) | undefined, id: string, help?: "hint"): Promise<string> {
  const log = context.mock.method(console, "log", () => {});
  await check(exercise(id), answer, help);
  const said = log.mock.calls.map(({ arguments: [text] }) => String(text)).join("\n");
  log.mock.restore();
  return said;
}

test("each request gives the next hint, and the last one stays", async (context) => {
  process.env["LLMOPS_HOME"] = scratch(context);
  const given: string[] = [];
  for (let n = 0; n < 4; n += 1) given.push((await shown(context, (x) => x, "0.0/a", "hint")).split("\n")[1]!);
  assert.deepEqual(given, ["Hint 1 of 3: Look at what 8 becomes.", "Hint 2 of 3: Two equal parts.", "Hint 3 of 3: Divide by 2.", "Hint 3 of 3: Divide by 2."]);
});

test("a wrong answer says how to ask, a stub can ask, a right answer needs none", async (context) => {
  process.env["LLMOPS_HOME"] = scratch(context);
  assert.match(await shown(context, (x) => x, "0.0/b"), /Not right\. .*\nFor a hint, give the check "hint"/);
  assert.match(await shown(context, () => todo(), "0.0/b", "hint"), /Not yet\. .*\nHint 1 of 3/);
  assert.doesNotMatch(await shown(context, (x) => x / 2, "0.0/b", "hint"), /[Hh]int/);
});

test("exercises do not share their hints", async (context) => {
  process.env["LLMOPS_HOME"] = scratch(context);
  await shown(context, (x) => x, "0.0/c", "hint");
  assert.match(await shown(context, (x) => x, "0.0/d", "hint"), /Hint 1 of 3/);
});
