/**
 * `npm run picture:hand-off`: the hand-off notebook of a job as a picture, docs/hand-off.png. Colab itself is not drawn: this is
 * the notebook by nbconvert, with the cells folded that Colab folds.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, measureInference, openHandOff } from "llmops/pair";
import { launchBrowser } from "./browser.ts";
import { textOf, readNotebook } from "./notebook.ts";
import { PYTHON, ROOT } from "./paths.ts";

const TARGET = join(ROOT, "docs", "hand-off.png");
const LIMIT = 150_000;

const home = mkdtempSync(join(tmpdir(), "picture-hand-off-"));
try {
  const runtime = openHandOff({ home, env: {} });
  const recipe = { model: "Qwen/Qwen3-0.6B", storage: "nf4" as const, prompts: ["Create a task."], lengths: [128], batches: [1], new_tokens: 8, repeats: 1 };
  const run = await launch(measureInference(recipe), runtime, { home });
  const notebook = readNotebook(runtime.notebookPath(run.id));
  for (const cell of notebook.cells) if (cell.metadata["cellView"] === "form") cell.source = `${textOf(cell.source).split("\n")[0]} …`;
  const folded = join(home, "folded.ipynb");
  writeFileSync(folded, JSON.stringify(notebook));
  const { status, stderr } = spawnSync(PYTHON, ["-m", "nbconvert", "--to", "html", "--log-level", "ERROR", folded], { encoding: "utf8" });
  if (status !== 0) throw new Error(`nbconvert: ${stderr.trim().split("\n").pop()}`);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 1126 } });
    await page.route("http*://**", (route) => route.abort()); // MathJax and the like: nothing leaves this machine
    await page.goto(pathToFileURL(folded.replace(".ipynb", ".html")).href);
    await page.screenshot({ path: TARGET });
  } finally {
    await browser.close();
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
const bytes = statSync(TARGET).size;
if (bytes > LIMIT) throw new Error(`${TARGET} has ${bytes} bytes; at most ${LIMIT}`);
console.log(`${TARGET}: ${bytes} bytes, PNG ${readFileSync(TARGET).readUInt32BE(16)} wide`);
