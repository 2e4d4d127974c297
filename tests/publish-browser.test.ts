/** What was published, in a browser without network: slides by keyboard, the speaker's view, the chapter's page, its PDF. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, test, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { publish, type Published, type PublishOptions } from "../tools/publish/builds.ts";
import { findViolations } from "./support/axe.ts";
import { needsBrowser, openPage } from "./support/browser.ts";
import { LESSON, PICTURE_SAYS, TEACHING, writeLesson } from "./support/published-lesson.ts";
import { scratch } from "./support/scratch.ts";

const CHAPTER = LESSON.split("/")[0]!;

async function built(context: TestContext, build: Published, names: string[], options: PublishOptions = {}): Promise<string> {
  const folder = scratch(context);
  const out = join(folder, "out");
  const failed: string[] = [];
  await publish(build, names, { out, from: await writeLesson(folder), ...options }, { done: () => {}, failed: (line) => failed.push(line) });
  assert.deepEqual(failed, []);
  return out;
}

/** Opens a file as a student or teacher does; every request that is not for this file or in it fails the test. */
async function open(context: TestContext, path: string): Promise<Page> {
  const page = await openPage(context, { width: 1280, height: 720 });
  const faults: string[] = [];
  await page.context().route((url) => !["file:", "data:"].includes(url.protocol), (route) => {
    faults.push(route.request().url());
    return route.abort();
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  context.after(() => assert.deepEqual(faults, []));
  await page.goto(pathToFileURL(path).href);
  return page;
}

const slides = (context: TestContext, options: PublishOptions = {}) =>
  built(context, "slides", ["62.4"], options).then((out) => open(context, join(out, "slides", `${LESSON}${options.solutions ? "-with-solutions" : ""}.html`)));

interface Deck { getTotalSlides(): number; getSlidePastCount(): number; isOverview(): boolean; next(): void }
const deck = <Value>(page: Page, ask: (deck: Deck) => Value): Promise<Value> => page.evaluate(`(${ask.toString()})(globalThis.Reveal)`);
const current = (page: Page, selector = ".slide") => page.locator(`section.present:not(.stack) ${selector}`);

/** Goes on until a slide shows what is looked for. */
async function goTo(page: Page, selector: string): Promise<void> {
  for (let left = await deck(page, (shown) => shown.getTotalSlides()); left > 0; left -= 1) {
    if (await current(page, selector).count()) return;
    await page.keyboard.press("ArrowRight");
  }
  assert.fail(`no slide has ${selector}`);
}

const axe = (page: Page): Promise<string[]> => findViolations(page, ["serious", "critical"]);

describe("slides", needsBrowser, () => {
  test("axe finds no serious fault: title, table, chart, code, exercise", async (context) => {
    const page = await slides(context);
    for (const selector of ["h1", ".table table", ".picture img", "figure.code", "figure.exercise"]) {
      await goTo(page, selector);
      assert.deepEqual(await axe(page), [], selector);
    }
  });

  test("by keyboard: on and back, to the end and the beginning, all at once; the number says where", async (context) => {
    const page = await slides(context);
    const total = await deck(page, (shown) => shown.getTotalSlides());
    const at = () => deck(page, (shown) => shown.getSlidePastCount() + 1);
    for (const [key, expected] of [["ArrowRight", 2], ["ArrowRight", 3], ["ArrowLeft", 2], ["End", total], ["Home", 1], ["ArrowRight", 2], ["Home", 1], ["End", total]] as const) {
      await page.keyboard.press(key);
      assert.equal(await at(), expected, key);
      assert.equal((await page.locator(".slide-number").innerText()).replaceAll(/\s/g, ""), `${expected}/${total}`);
    }
    await page.keyboard.press("Escape");
    assert.equal(await deck(page, (shown) => shown.isOverview()), true);
    await page.keyboard.press("Escape");
    assert.equal(await deck(page, (shown) => shown.isOverview()), false);
  });

  test("nothing hangs over a slide's edge, but in a part that the keyboard reaches and scrolls", async (context) => {
    const page = await slides(context);
    const total = await deck(page, (shown) => shown.getTotalSlides());
    let scrolling = 0;
    for (let number = 1; number <= total; number += 1) {
      const { fits, reachable, title } = await page.evaluate(() => {
        const slide = document.querySelector("section.present:not(.stack) .slide")!;
        const body = slide.querySelector<HTMLElement>(".body")!;
        return { fits: slide.scrollHeight <= 720 && body.scrollHeight <= body.clientHeight + 1 && body.scrollWidth <= body.clientWidth + 1, reachable: slide.scrollHeight <= 720 && body.tabIndex === 0, title: slide.querySelector("h1,h2,h3")!.textContent };
      });
      assert.ok(fits || reachable, `slide ${number}, ${title}`);
      if (!fits) {
        scrolling += 1;
        const focused = () => page.evaluate(() => document.activeElement!.matches(".body"));
        for (let tabs = 0; tabs < 8 && !(await focused()); tabs += 1) await page.keyboard.press("Tab");
        assert.ok(await focused(), `slide ${number} by keyboard`);
        await page.keyboard.press("End");
        await page.waitForFunction(() => document.activeElement!.scrollTop > 0);
        assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle), "none", "the focus is seen");
      }
      await page.keyboard.press("ArrowRight");
    }
    assert.ok(scrolling > 0 && scrolling <= total / 5, `${scrolling} of ${total} scroll`);
  });

  test("headings are in order, the picture keeps its words, and nothing moves", async (context) => {
    const page = await slides(context);
    const levels = await page.evaluate(() => [...document.querySelectorAll("h1,h2,h3,h4")].map(({ tagName }) => Number(tagName[1])));
    assert.equal(levels[0], 1);
    levels.forEach((level, at) => assert.ok(at === 0 || (level > 1 && level <= levels[at - 1]! + 1), `heading ${at}: ${levels[at - 1]} to ${level}`));
    assert.equal(await page.locator(".picture img").getAttribute("alt"), PICTURE_SAYS);
    await page.emulateMedia({ reducedMotion: "reduce" });
    assert.equal(await page.evaluate(() => [...document.querySelectorAll(".reveal, .reveal *")].every((element) => /^(0s|all|none)?(, 0s)*$/.test(getComputedStyle(element).transitionDuration))), true);
  });

  test("the speaker's view has the notes of the slide that is shown", async (context) => {
    const page = await slides(context, { solutions: true });
    const popup = page.waitForEvent("popup");
    await page.keyboard.press("s");
    const view = await popup;
    await view.getByText(TEACHING).waitFor({ timeout: 10_000 });
    await page.bringToFront();
    await goTo(page, ".picture img");
    await view.getByText(PICTURE_SAYS).waitFor({ timeout: 10_000 });
    await view.getByText("hiddenSpecification").waitFor({ timeout: 10_000 });
    await goTo(page, "figure.solution");
    assert.match(await current(page).innerText(), /42 \* 1024/);
  });
});

describe("a chapter", needsBrowser, () => {
  test("is a page that axe finds no serious fault in; its contents lead to its sections", async (context) => {
    const out = await built(context, "html", ["62"]);
    const page = await open(context, join(out, "html", `${CHAPTER}.html`));
    assert.deepEqual(await axe(page), []);
    assert.equal(await page.locator("h1").innerText(), "Chapter 62, LLM Architecture & Compute Reality");
    const targets = await page.evaluate(() => [...document.querySelectorAll("nav a")].map((link) => document.getElementById(link.getAttribute("href")!.slice(1))?.textContent));
    assert.deepEqual(targets, ["62.4 VRAM Budget Planning", "1. What training keeps", "2. Long things", "3. Work", "Try With AI"]);
    assert.match(await page.locator("figure.exercise").innerText(), /your number/);
    assert.equal(await page.locator(".picture img").getAttribute("alt"), PICTURE_SAYS);
    await page.keyboard.press("Tab");
    assert.equal(await page.locator(":focus").innerText(), "Skip to the lessons");
  });

  test("is a PDF with tags, an outline and page numbers", async (context) => {
    const out = await built(context, "pdf", ["62"]);
    const pdf = readFileSync(join(out, "pdf", `${CHAPTER}.pdf`));
    assert.equal(pdf.subarray(0, 5).toString("latin1"), "%PDF-");
    const text = pdf.toString("latin1");
    for (const part of ["/StructTreeRoot", "/MarkInfo", "/Outlines", "/Lang (en)"]) assert.ok(text.includes(part), part);
    assert.ok(text.includes(PICTURE_SAYS) || text.includes("/Alt"), "pictures have their words");
  });
});
