/** Lesson 63.7 as a student meets it: JupyterLab in a browser, Run All, a wrong answer, a right one. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { readNotebook } from "../tools/notebook.ts";
import { NOTEBOOKS } from "../tools/paths.ts";
import { EMBEDDED_DOORS } from "../tools/run-lessons.ts";
import { needsBrowser, openPage } from "./support/browser.ts";
import { answerCell, chooseFromMenu, waitForCells, waitUntilRun } from "./support/lab.ts";
import { startCommand } from "./support/command.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const WORK_PARENT = join(ROOT, ".workbook");
const LESSON = "63-data-engineering-for-training/07-lab-build-500-row-task-api-dataset.ipynb";
const CODE_CELLS = readNotebook(join(NOTEBOOKS, LESSON)).cells.filter(({ cell_type }) => cell_type === "code").length;
const CHARTS = ["Tokens per conversation", "Rows left after each step", "The judge's mean score", "precision", "Rows of each operation"];

const WRONG = `
import { projectedCost, type FinishedRun, type TokenPrice } from "llmops/exercises/63-7";
function projectCost(run: FinishedRun, price: TokenPrice, wanted: number): number {
  return (run.inputTokens * price.input + run.outputTokens * price.output) / 1_000_000;
}
await check(projectedCost, projectCost);`;
const RIGHT = WRONG.replace("/ 1_000_000;", "/ 1_000_000 / run.kept * wanted;");

test("lesson 63.7 in JupyterLab: Run All ends without an error, charts are drawn, a check answers", needsBrowser, async (context) => {
  mkdirSync(WORK_PARENT, { recursive: true });
  const work = scratch(context, WORK_PARENT);
  const start = startCommand(context, "npm", ["start", "--", "--no-browser", "--lesson", "63.7", "--work", work], { ...EMBEDDED_DOORS, LLMOPS_HOME: join(work, "state") });
  const [url] = await start.waitFor(/http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/\S+\?token=\w+/);
  const page = await openPage(context);
  await page.goto(`${url}&reset`); // without the tabs of an earlier session
  await waitForCells(page, CODE_CELLS);

  await chooseFromMenu(page, "Edit", "Clear Outputs of All Cells");
  await chooseFromMenu(page, "Run", "Run All Cells");
  const cells = await waitUntilRun(page);
  cells.forEach(({ prompt, folded, error, stderr }, index) => {
    if (!folded) assert.equal(prompt, `[${index + 1}]:`, "every code cell has run, in its order"); // a folded cell has no prompt
    assert.deepEqual([error, stderr], ["", ""], `code cell ${index + 1}`);
  });
  assert.equal(cells.filter(({ folded }) => folded).length, CHARTS.length + 1, "the code of charts is folded, and the cell that opens the lesson");
  assert.ok(cells.slice(0, -1).every(({ outputs }) => outputs > 0), "every code cell shows something, but the one for prompts");
  assert.match(cells.at(-2)!.text, /7 of 7 criteria pass/);

  const charts = await drawnCharts(page);
  assert.equal(charts.length, CHARTS.length);
  charts.forEach(({ words, marks }, index) => {
    assert.ok(words.includes(CHARTS[index]!), `chart ${index + 1} shows "${CHARTS[index]}": ${words}`);
    assert.ok(marks > 0, `chart ${index + 1} has marks`);
  });

  assert.match(await answerCell(page, "function projectCost", WRONG), /Not right\..*That is what the finished run cost/);
  assert.match(await answerCell(page, "function projectCost", RIGHT), /Right\..*divided by the rows kept/);
});

/** The charts that Vega drew, with the words and the number of marks in each. */
async function drawnCharts(page: Page) {
  const charts = page.locator(".jp-Notebook .jp-RenderedVegaCommon5 .vega-embed");
  await charts.nth(CHARTS.length - 1).waitFor({ timeout: 30_000 });
  return charts.evaluateAll((embeds) =>
    embeds.map((embed) => ({
      words: [...embed.querySelectorAll("svg text")].map((text) => text.textContent).join(" "),
      marks: embed.querySelectorAll("svg .mark-rect.role-mark path, svg .mark-symbol.role-mark path").length,
    })),
  );
}
