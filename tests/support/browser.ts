/** Chromium for the browser tests: Debian's package, or the one that CHROMIUM_PATH names. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { chromium, type Page } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** In CI a missing browser is a failure; on a student's machine the browser tests are skipped, and say why. */
export const needsBrowser = {
  skip: chromiumPath || process.env.CI ? false : "no Chromium found (install it, or set CHROMIUM_PATH to a Chrome or Chromium)",
};

export async function openPage(context: TestContext, viewport = { width: 1280, height: 900 }): Promise<Page> {
  const browser = await chromium.launch({
    ...(chromiumPath ? { executablePath: chromiumPath } : {}),
    args: [
      ...(spawnSync("id", ["-u"], { encoding: "utf8" }).stdout?.trim() === "0" ? ["--no-sandbox"] : []),
      "--disable-gpu", "--disable-quic", "--no-first-run",
      // No request of the browser's own leaves the machine.
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
  context.after(() => browser.close());
  return browser.newPage({ viewport });
}
