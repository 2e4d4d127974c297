/** The home page: who has its key sees the course, live; by keyboard, without a script, without a request elsewhere. */
import assert from "node:assert/strict";
import { get } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { readCatalogue, recordProgress } from "llmops/course";
import { startHome, type Home } from "../tools/home/server.ts";
import { NOTEBOOKS } from "../tools/paths.ts";
import { findViolations } from "./support/axe.ts";
import { needsBrowser, openPage } from "./support/browser.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const now = () => new Date().toISOString();

async function home(context: TestContext): Promise<{ home: Home; state: string }> {
  const state = scratch(context);
  const started = await startHome({ catalogue: readCatalogue(ROOT), notebooks: NOTEBOOKS, work: NOTEBOOKS, state, lab: (notebook) => `http://127.0.0.1:1/lab/tree/${notebook}` });
  context.after(() => started.close());
  return { home: started, state };
}

/** The cookie that the page's address gives. */
async function keyOf({ url }: Home): Promise<Record<string, string>> {
  const answer = await fetch(url, { redirect: "manual" });
  assert.equal(answer.status, 302);
  return { cookie: answer.headers.get("set-cookie")!.split(";")[0]! };
}

describe("the home page's server", () => {
  test("without its key nothing answers", async (context) => {
    const { home: { origin } } = await home(context);
    for (const path of ["/", "/course", "/search?q=lora", "/open/62.1", "/events", "/page.js", "/?key=0000"]) {
      assert.equal((await fetch(origin + path, { redirect: "manual" })).status, 403, path);
    }
    assert.equal((await fetch(`${origin}/course`, { headers: { cookie: "llmops-home=0123" } })).status, 403);
  });

  test("under another name than loopback's it does not answer: a page that was pointed here", async (context) => {
    const { home: started } = await home(context);
    const { cookie } = await keyOf(started);
    const status = await new Promise((answer) => get(`${started.origin}/course`, { headers: { host: "evil.example", cookie } }, (response) => answer(response.resume().statusCode)));
    assert.equal(status, 403);
  });

  test("the key's address leads to the page, which no longer has it", async (context) => {
    const { home: started } = await home(context);
    const answer = await fetch(started.url, { redirect: "manual" });
    assert.equal(answer.headers.get("location"), "/");
    assert.match(answer.headers.get("set-cookie")!, /HttpOnly; SameSite=Lax/);
  });

  test("a lesson opens in JupyterLab; one that is not written says so", async (context) => {
    const { home: started } = await home(context);
    const headers = await keyOf(started);
    const opened = await fetch(`${started.origin}/open/63.7`, { headers, redirect: "manual" });
    assert.equal(opened.headers.get("location"), "http://127.0.0.1:1/lab/tree/63-data-engineering-for-training/07-lab-build-500-row-task-api-dataset.ipynb");
    const missing = await fetch(`${started.origin}/open/72.1`, { headers });
    assert.deepEqual([missing.status, await missing.text()], [404, "There is no notebook of lesson 72.1 yet."]);
  });

  test("the search finds a section by its words, a lesson by its number, and says when there is nothing", async (context) => {
    const { home: started } = await home(context);
    const headers = await keyOf(started);
    const search = async (query: string) => (await fetch(`${started.origin}/search?part=results&q=${encodeURIComponent(query)}`, { headers })).text();
    assert.match(await search("gradient checkpointing"), /62\.6 Memory Optimization Techniques<\/a>: 2\. Checkpointing/);
    assert.match((await search("63.7")).split("</li>")[0]!, /63\.7 Lab/);
    assert.match(await search("<script>"), /Nothing found|<h2>Found/);
    assert.match(await search("zzqqxx"), /Nothing found/);
    assert.match(await (await fetch(`${started.origin}/search?q=lora`, { headers })).text(), /<html lang="en">/, "a page of its own without scripts");
  });
});

describe("the home page in a browser", needsBrowser, () => {
  test("it shows the course, and a right answer while it is looked at", async (context) => {
    const { home: { url, origin }, state } = await home(context);
    const page = await openPage(context);
    const elsewhere: string[] = [];
    page.on("request", (request) => request.url().startsWith(origin) || request.url().startsWith("data:") || elsewhere.push(request.url()));
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(url);
    const words = () => page.locator("#lesson-62\\.1 .state").innerText();
    assert.equal(await words(), "not begun, 2 exercises");
    recordProgress({ did: "opened", at: now(), lesson: "62.1" }, state);
    recordProgress({ did: "answered", at: now(), exercise: "62.1/lora", outcome: "right" }, state);
    await page.locator("#lesson-62\\.1[data-state=begun]").waitFor({ timeout: 5000 });
    assert.equal(await words(), "begun, 1 of 2 exercises right");
    assert.match(await page.locator("#continue").innerText(), /Continue with 62\.1/);
    recordProgress({ did: "answered", at: now(), exercise: "62.1/attention", outcome: "right" }, state);
    await page.locator("#lesson-62\\.1[data-state=done]").waitFor({ timeout: 5000 });
    assert.equal(await page.locator("#chapter-62 progress").getAttribute("value"), "1");
    assert.match(await page.locator("#news").innerText(), /Lesson 62\.1: done/);
    assert.deepEqual([elsewhere, faults], [[], []]);
  });

  test("by keyboard: past the header, into the search, to what it found", async (context) => {
    const { home: { url } } = await home(context);
    const page = await openPage(context);
    await page.goto(url);
    await page.keyboard.press("Tab");
    assert.equal(await page.locator(":focus").innerText(), "Skip to the lessons");
    for (let tabs = 0; tabs < 2; tabs += 1) await page.keyboard.press("Tab");
    await page.keyboard.type("rank of an adapter");
    await page.waitForFunction(() => /places? found/.test(document.getElementById("found-count")!.textContent));
    await page.keyboard.press("Tab"); // the button
    await page.keyboard.press("Tab"); // the first result
    assert.match(await page.locator(":focus").getAttribute("href") ?? "", /^\/open\/6\d\.\d$/);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds no fault, ${colorScheme}`, async (context) => {
      const { home: { url }, state } = await home(context);
      recordProgress({ did: "opened", at: now(), lesson: "62.1" }, state);
      for (const exercise of readCatalogue(ROOT).chapters[1]!.lessons[1]!.exercises) recordProgress({ did: "answered", at: now(), exercise, outcome: "right" }, state);
      const page = await openPage(context);
      await page.emulateMedia({ colorScheme });
      await page.goto(url);
      await page.fill("#query", "tokens");
      await page.locator("#found li").first().waitFor();
      assert.deepEqual(await findViolations(page), []);
    });
  }
});
