/** The pairing page in a real browser: may a page of Colab's origin reach the server on loopback, and does the address arrive whole? */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { openTab } from "llmops/pair";
import { needsBrowser, openPage } from "./support/browser.ts";
import { until } from "./support/colab-machine.ts";
import { readPage } from "./support/colab-tab.ts";
import { scratch } from "./support/scratch.ts";

/** What Colab's page does with the address, in its shortest form. */
const COLAB_PAGE = `<!doctype html><title>Colab</title><script>
  const given = new URLSearchParams(location.hash.slice(1));
  window.received = [];
  const socket = new WebSocket("ws://localhost:" + given.get("mcpProxyPort") + "/?access_token=" + given.get("mcpProxyToken"), "mcp");
  socket.onmessage = ({ data }) => window.received.push(data);
  socket.onclose = ({ code }) => window.received.push("closed " + code);
</script>`;

async function pairInBrowser(context: TestContext, mayReachLoopback: boolean): Promise<{ page: Page; received: string[]; shown: string; started: Promise<unknown> }> {
  const page = await openPage(context);
  if (mayReachLoopback) await page.context().grantPermissions(["local-network-access"], { origin: "https://colab.research.google.com" });
  await page.route("https://colab.research.google.com/**", (route) => route.fulfill({ contentType: "text/html", body: COLAB_PAGE }));
  let shown = "";
  const runtime = openTab({ home: scratch(context), packages: "standard", open: (path) => (shown = path), connectMs: 5_000 });
  const started = runtime.start().catch((error: unknown) => error); // this page answers nothing: the handshake's first message is all there is to see
  await until(() => shown !== "");
  await page.goto(pathToFileURL(shown).href);
  await page.waitForURL("https://colab.research.google.com/notebooks/empty.ipynb*");
  assert.equal(page.url(), readPage(shown).url.href);
  let received: string[] = [];
  await until(async () => (received = await page.evaluate(() => (window as unknown as { received: string[] }).received)).length > 0);
  return { page, received, shown, started };
}

describe("the pairing page in Chromium", needsBrowser, () => {
  test("leads to Colab with its token, and Colab's page, where the student allows it, to our server", async (context) => {
    const { page, received, started } = await pairInBrowser(context, true);
    assert.equal((JSON.parse(received[0]!) as { method: string }).method, "initialize");
    await page.close();
    await started;
  });

  test("is of no use while the browser keeps Colab from this machine, and the error says what to allow", async (context) => {
    const { received, started } = await pairInBrowser(context, false);
    assert.deepEqual(received, ["closed 1006"], "Chromium blocks it by its local network access checks");
    assert.match(String(await started), /allow Colab to reach the local network/);
  });
});
