/** `npm run picture:home`: the course's home page after a first hour, as docs/home.png. Take it anew when chapters are added. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCatalogue, recordProgress } from "llmops/course";
import { launchBrowser } from "./browser.ts";
import { startHome } from "./home/server.ts";
import { NOTEBOOKS, ROOT } from "./paths.ts";

const TARGET = join(ROOT, "docs", "home.png");

const state = mkdtempSync(join(tmpdir(), "picture-home-"));
try {
  const at = new Date().toISOString();
  for (const lesson of ["61.1", "61.2"]) recordProgress({ did: "opened", at, lesson }, state);
  for (const exercise of ["61.1/assets", "61.1/value", "61.2/gate"]) recordProgress({ did: "answered", at, exercise, outcome: "right" }, state);
  const browser = await launchBrowser();
  const home = await startHome({ catalogue: readCatalogue(ROOT), notebooks: NOTEBOOKS, work: NOTEBOOKS, state, lab: (notebook) => notebook });
  try {
    const page = await browser.newPage({ viewport: { width: 1100, height: 860 } });
    await page.goto(home.url);
    await page.screenshot({ path: TARGET });
  } finally {
    await browser.close();
    await home.close();
  }
} finally {
  rmSync(state, { recursive: true, force: true });
}
console.log("docs/home.png");
