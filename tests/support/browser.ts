/** A browser page for one test. */
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { chromiumPath, launchBrowser } from "../../tools/browser.ts";

/** In CI a missing browser is a failure; on a student's machine the browser tests are skipped, and say why. */
export const needsBrowser = {
  skip: chromiumPath || process.env.CI ? false : "no Chromium found (install it, or set CHROMIUM_PATH to a Chrome or Chromium)",
};

export async function openPage(context: TestContext, viewport = { width: 1280, height: 900 }): Promise<Page> {
  const browser = await launchBrowser();
  context.after(() => browser.close());
  return browser.newPage({ viewport });
}
