/** Chromium for the browser tests and the pictures: Debian's package, or the one that CHROMIUM_PATH names. */
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { chromium, type Browser } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

export function launchBrowser(): Promise<Browser> {
  if (!chromiumPath) throw new Error("No Chromium found: install it, or set CHROMIUM_PATH to a Chrome or Chromium.");
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      ...(userInfo().uid === 0 ? ["--no-sandbox"] : []), // Chromium's sandbox does not start as root, which CI often is
      "--disable-gpu", "--disable-quic", "--no-first-run",
      // No request of the browser's own leaves the machine.
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}
