/**
 * `npm run pictures -- 63.7`: what a student sees of a lesson, screen by screen, as PNG files. Look at them before you
 * call a lesson done.
 *
 *     npm run pictures -- 63.7                           every screen, into .workbook/pictures/63.7/
 *     npm run pictures -- 63.7 --at "6. How good" --out docs/lesson.png    one screen, from the first cell with these words on
 */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { ROOT, STATE } from "./paths.ts";

const SIZE = { width: 1280, height: 900 };
const SCROLLER = ".jp-WindowedPanel-outer";

/** Starts the workbook on fresh copies and opens a lesson in it. */
async function openLesson(lesson: string, work: string): Promise<{ page: Page; close: () => Promise<void> }> {
  const lab = spawn(process.execPath, [join(ROOT, "tools", "start-lab.ts"), "--no-browser", "--lesson", lesson, "--work", work], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => lab.on("close", resolve));
  const stop = async () => {
    lab.kill("SIGINT");
    await ended;
  };
  let output = "";
  const url = await new Promise<string | undefined>((found) => {
    lab.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const match = /http:\S+\/lab\S+/.exec(output); // the home page comes first
      if (match) found(match[0]);
    });
    void ended.then(() => found(undefined));
  });
  if (url === undefined) throw new Error(`JupyterLab did not start:\n${output}`);
  try {
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: SIZE });
    await page.goto(`${url}&reset`); // without the tabs of an earlier session
    await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor();
    return { page, close: async () => { await browser.close(); await stop(); } };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Cells far below are drawn when they come into view: passes them all once, so that nothing moves later. */
async function drawAll(page: Page): Promise<void> {
  const cells = page.locator(".jp-Notebook .jp-Cell");
  for (let index = 0; index < (await cells.count()); index += 1) {
    await cells.nth(index).evaluate((cell) => cell.scrollIntoView());
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(1500);
}

async function takeAll(page: Page, folder: string): Promise<void> {
  const scroller = page.locator(SCROLLER).first();
  await scroller.evaluate((panel) => (panel.scrollTop = 0));
  for (let number = 1, moved = 1; moved > 0; number += 1) {
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(folder, `${String(number).padStart(2, "0")}.png`) });
    // The height grows while cells are drawn, so the end is where scrolling no longer moves.
    moved = await scroller.evaluate((panel) => {
      const before = panel.scrollTop;
      panel.scrollTop += panel.clientHeight - 40;
      return panel.scrollTop - before;
    });
  }
}

async function takeOne(page: Page, words: string, path: string): Promise<void> {
  const found = page.locator(".jp-Notebook .jp-Cell", { hasText: words }).first();
  const top = (await found.boundingBox())!.y - (await page.locator(SCROLLER).first().boundingBox())!.y;
  await page.locator(SCROLLER).first().evaluate((panel, by) => (panel.scrollTop += by - 12), top);
  await page.waitForTimeout(500);
  await page.screenshot({ path });
}

const { values, positionals: [lesson] } = parseArgs({ allowPositionals: true, options: { at: { type: "string" }, out: { type: "string" } } });
if (!lesson) {
  console.error("Which lesson? npm run pictures -- 63.7");
  process.exit(2);
}
const work = join(STATE, "pictures-work");
rmSync(work, { recursive: true, force: true });
const out = resolve(ROOT, values.out ?? join(STATE, "pictures", lesson, values.at ? "screen.png" : "."));
if (!values.out && !values.at) rmSync(out, { recursive: true, force: true });
mkdirSync(values.at ? dirname(out) : out, { recursive: true });
const { page, close } = await openLesson(lesson, work);
try {
  await drawAll(page);
  await (values.at ? takeOne(page, values.at, out) : takeAll(page, out));
  console.log(`Pictures of lesson ${lesson}: ${relative(ROOT, out)}`);
} finally {
  await close();
  rmSync(work, { recursive: true, force: true });
}
