/** A new student's first hour: the home page, lesson 61.1, a wrong answer, a hint, a right one, and tomorrow all is still there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readNotebook } from "../tools/notebook.ts";
import { NOTEBOOKS } from "../tools/paths.ts";
import { EMBEDDED_DOORS } from "../tools/run-lessons.ts";
import { needsBrowser, openPage } from "./support/browser.ts";
import { startCommand, type RunningCommand } from "./support/command.ts";
import { answerCell, CELLS, chooseFromMenu, waitForCells, waitUntilRun } from "./support/lab.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const WORK_PARENT = join(ROOT, ".workbook");
const CODE_CELLS = readNotebook(join(NOTEBOOKS, "61-introduction-to-llmops/01-the-llmops-revolution.ipynb")).cells.filter(({ cell_type }) => cell_type === "code").length;

const answer = (body: string, help = "") => `
function monthlyValue({ requests, generalDollars, ownDollars, generalErrors, ownErrors, errorDollars, fixedDollars }: Assumptions): number {
  return ${body};
}
await check(valueExercise, monthlyValue${help});`;
const WRONG = "requests * (generalDollars - ownDollars + (generalErrors - ownErrors) * errorDollars)";

async function startWorkbook(context: TestContext, work: string): Promise<{ command: RunningCommand; home: string }> {
  const command = startCommand(context, "npm", ["start", "--", "--no-browser", "--work", work], { ...EMBEDDED_DOORS, LLMOPS_HOME: join(work, "state") });
  const [home] = await command.waitFor(/http:\/\/127\.0\.0\.1:\d+\/\?key=\w+/);
  return { command, home };
}

test("home page, 61.1, a wrong answer with its own words, a hint, the right one, the home page, a restart", needsBrowser, async (context) => {
  mkdirSync(WORK_PARENT, { recursive: true });
  const work = scratch(context, WORK_PARENT);
  const first = await startWorkbook(context, work);
  const home = await openPage(context);
  await home.goto(first.home);
  assert.equal(await home.locator("#lesson-61\\.1 .state").innerText(), "not begun, 2 exercises");
  assert.equal(await home.locator("#continue").innerText(), "Begin 61.1 The LLMOps Revolution");

  const opening = home.context().waitForEvent("page");
  await home.locator("#continue").click();
  const lab = await opening;
  await waitForCells(lab, CODE_CELLS);
  await chooseFromMenu(lab, "Edit", "Clear Outputs of All Cells");
  await chooseFromMenu(lab, "Run", "Run All Cells");
  const cells = await waitUntilRun(lab);
  assert.ok(cells.every(({ error, stderr }) => error === "" && stderr === ""), "every cell runs");
  assert.match(cells[0]!.text, /Lesson 61\.1, 0 of 2 exercises right · All lessons/);
  await home.locator("#lesson-61\\.1[data-state=begun]").waitFor({ timeout: 10_000 });

  assert.match(await answerCell(lab, "function monthlyValue", answer(WRONG)), /^Not right\. The server and the upkeep cost the same in a month.*For a hint, give the check "hint"/s);
  assert.match(await answerCell(lab, "function monthlyValue", answer(WRONG, ', "hint"')), /Hint 1 of 3: Take one request first/);
  assert.match(await answerCell(lab, "function monthlyValue", answer(WRONG, ', "hint"')), /Hint 2 of 3/);
  assert.match(await answerCell(lab, "function monthlyValue", answer(`${WRONG} - fixedDollars`)), /^Right\./);
  await lab.locator(CELLS).first().scrollIntoViewIfNeeded();
  await lab.locator(".jp-OutputArea-output", { hasText: "1 of 2 exercises right" }).waitFor({ timeout: 10_000 });

  const state = home.locator("#lesson-61\\.1 .state", { hasText: "begun, 1 of 2 exercises right" });
  await state.waitFor({ timeout: 10_000 });
  process.kill(-first.command.process.pid!, "SIGINT");
  await first.command.ended;

  const second = await startWorkbook(context, work);
  await home.goto(second.home);
  await state.waitFor({ timeout: 10_000 });
  assert.equal(await home.locator("#continue").innerText(), "Continue with 61.1 The LLMOps Revolution");
  const { stdout } = spawnSync("npm", ["run", "progress", "--silent"], { cwd: ROOT, encoding: "utf8", env: { ...process.env, LLMOPS_HOME: join(work, "state") } });
  assert.match(stdout, /61\.1 +The LLMOps Revolution +begun, 1 of 2 exercises right\n[^]*Continue with 61\.1 The LLMOps Revolution: npm start -- --lesson 61\.1/);
});
