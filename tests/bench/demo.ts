/**
 * How long a lesson takes to start in front of others: from the address to a notebook whose kernel is ready, in Chromium.
 *
 *     npm run bench:demo                 63.7 without and with --demo, three times each
 *     npm run bench:demo -- 64.4 5       another lesson, more rounds
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { launchBrowser } from "../../tools/browser.ts";
import { ROOT, STATE } from "../../tools/paths.ts";
import { EMBEDDED_DOORS } from "../../tools/run-lessons.ts";

const [lesson = "63.7", rounds = "3"] = process.argv.slice(2);
const LIMIT_MS = 120_000;

interface Start {
  /** Seconds from the address to the first cell on the screen, and to an answer of the kernel. */
  notebook: number;
  answer: number;
}

/** One workbook, opened once: JupyterLab's page comes from the disk the first time, as for somebody who opens it. */
async function measure(demo: boolean): Promise<Start> {
  mkdirSync(STATE, { recursive: true });
  const work = mkdtempSync(join(STATE, "bench-demo-"));
  const child = spawn("npm", ["start", "--silent", "--", "--no-browser", "--lesson", lesson, "--work", work, ...(demo ? ["--demo"] : [])], {
    cwd: ROOT, detached: true, env: { ...process.env, ...EMBEDDED_DOORS, LLMOPS_HOME: join(work, "state") },
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const browser = await launchBrowser();
  try {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    let found: RegExpExecArray | null = null;
    for (const deadline = Date.now() + LIMIT_MS; !found; found = /http:\/\/127\.0\.0\.1:\d+\/lab\/tree\S+/.exec(output)) {
      if (Date.now() > deadline) throw new Error(`the workbook did not start:\n${output}`);
      await new Promise((wake) => setTimeout(wake, 100));
    }
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(`${new URL(found[0]).origin}/lab?token=${new URL(found[0]).searchParams.get("token")}`); // the browser has JupyterLab's files now
    await page.locator("#jp-main-dock-panel").waitFor({ timeout: LIMIT_MS });
    const started = Date.now(), since = () => (Date.now() - started) / 1000;
    await page.goto(found[0]);
    await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: LIMIT_MS });
    const notebook = since();
    await page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").first().waitFor({ timeout: LIMIT_MS });
    return { notebook, answer: since() };
  } finally {
    await browser.close();
    process.kill(-child.pid!, "SIGINT");
    await ended;
    rmSync(work, { recursive: true, force: true });
  }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!.toFixed(1);
console.log(`lesson ${lesson}, ${rounds} rounds, load ${loadavg()[0]!.toFixed(1)}\n`);
for (const demo of [false, true]) {
  const starts: Start[] = [];
  for (let round = 0; round < Number(rounds); round += 1) starts.push(await measure(demo));
  console.log(`${demo ? "with --demo   " : "without       "} notebook on the screen ${median(starts.map(({ notebook }) => notebook))} s, kernel ready ${median(starts.map(({ answer }) => answer))} s (medians)`);
}
