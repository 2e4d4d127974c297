/** Grading a folder of notebooks: exact scores, whatever the notebooks try; bounded time; nothing left running or written. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "csv-parse/sync";
import { pathToFileURL } from "node:url";
import { findViolations } from "./support/axe.ts";
import { needsBrowser, openPage } from "./support/browser.ts";
import { ROOT } from "./support/scratch.ts";
import { submissions, writeSubmissions, type Submitted } from "./support/submissions.ts";

const SECONDS = 8;
const home = mkdtempSync(join(tmpdir(), "grade-test-"));
const folder = join(home, "handed-in");
const out = join(home, "grades");
const MARKERS = [join(home, "marker"), join(folder, "marker"), join(ROOT, "lib", "dist", "marker"), join(ROOT, "tools", "grade", "marker"), join(ROOT, "node_modules", "marker"), join(homedir(), "workbook-marker"), "/tmp/workbook-marker", "/workbook-marker"];
const all = submissions(MARKERS);

interface Row {
  student: string;
  file: string;
  lesson: string;
  score: string;
  of: string;
  exercises: string;
  misconceptions: string;
  problems: string;
  "not enforced": string;
}
const readRows = (path: string): Row[] => parse<Row>(readFileSync(path, "utf8"), { columns: true });

function grade(args: string[], onLine: (line: string, stop: () => void) => void = () => {}): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [join(ROOT, "tools", "grade-notebooks.ts"), ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      for (const line of chunk.toString().split("\n")) onLine(line, () => child.kill("SIGINT"));
    });
  }
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, output })));
}

/** Every file of a folder with its content's hash and its time of change. */
const snapshot = (of: string) =>
  readdirSync(of, { recursive: true, encoding: "utf8" }).sort().map((path) => {
    const { mtimeMs, size } = statSync(join(of, path));
    return [path, mtimeMs, size, statSync(join(of, path)).isFile() && createHash("sha256").update(readFileSync(join(of, path))).digest("hex")].join(" ");
  });

/** Processes of this repository's grader that are alive. */
const running = () =>
  process.platform !== "linux"
    ? []
    : readdirSync("/proc")
        .filter((id) => /^\d+$/.test(id))
        .flatMap((id) => {
          try {
            const command = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ");
            return command.includes(join(ROOT, "tools", "grade")) && /runner\.ts|probe\.ts/.test(command) ? [command] : [];
          } catch {
            return []; // it ended meanwhile
          }
        });

describe("notebooks as students hand them in", () => {
  let rows: Row[] = [];
  let page = "";
  let result: { status: number | null; output: string };
  let seconds = 0;
  let handedIn: string[] = [];

  before(async () => {
    writeSubmissions(folder, all);
    handedIn = snapshot(folder);
    const started = performance.now();
    result = await grade([folder, "--out", out, "--seconds", `${SECONDS}`, "--memory", "256"]);
    seconds = (performance.now() - started) / 1000;
    assert.equal(result.status, 0, result.output);
    rows = readRows(join(out, "grades.csv"));
    page = readFileSync(join(out, "index.html"), "utf8");
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  const rowOf = ({ file }: Submitted) => rows.find((row) => row.file.replace(/^'/, "") === file)!;
  for (const submitted of all) {
    test(submitted.file, () => {
      const row = rowOf(submitted);
      const { score, outcomes, misconceptions, says, verdict } = submitted;
      const context = JSON.stringify(row);
      assert.equal(row.score, score === undefined ? "" : `${score}`, context);
      if (outcomes) assert.deepEqual(row.exercises.split("; ").map((each) => each.split("=")[1]), outcomes, context);
      assert.deepEqual(row.misconceptions ? row.misconceptions.split("; ") : [], misconceptions ?? [], context);
      if (says) assert.match(row.problems, says);
      else if (!verdict) assert.equal(row.problems, "", "nothing is odd about it");
      if (verdict) assert.match(detailsOf(submitted), verdict);
    });
  }
  const detailsOf = ({ file }: Submitted) => /<details[\s\S]*?<\/details>/g[Symbol.match](page)!.find((part) => part.includes(`: ${file}, `))!;

  test("the time is bounded by the limits", () => {
    // Two answers run into their limit, of half a notebook's time each; the rest is starting and judging, on a busy machine.
    assert.ok(seconds < 240, `${seconds.toFixed(0)} s`);
  });
  test("nothing is left running, and nothing was written outside", () => {
    assert.deepEqual(running(), []);
    assert.deepEqual(MARKERS.flatMap((path) => [path, `${path}.d`]).filter((path) => existsSync(path)), []);
    assert.deepEqual(snapshot(folder), handedIn, "the students' files are as they were");
  });
  test("a formula in a file's name stays text in the CSV", () => assert.equal(rows.find(({ lesson, file }) => lesson === "" && file.includes("2+3"))!.student, "'=2+3"));
  test("what the machine cannot enforce is said, and what it says it enforces held", () => {
    for (const row of rows) assert.equal(row["not enforced"], rows[0]!["not enforced"]);
    for (const line of result.output.match(/^Not enforced on this machine: .*$/gm) ?? []) assert.ok(rows[0]!["not enforced"].includes(line.slice("Not enforced on this machine: ".length, -1)));
  });
  test("the page counts the misconceptions and asks for nothing", () => {
    assert.match(page, /<td>62\.1\/attention<\/td><th scope="row">no mask<\/th><td class="number">1<\/td>/);
    assert.doesNotMatch(page, /<script|<link|<img|src=|@import|url\(|https?:/);
    assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
    assert.match(page, /<html lang="en">/);
  });
  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds no fault in the page, ${colorScheme}`, needsBrowser, async (context) => {
      const browserPage = await openPage(context);
      await browserPage.emulateMedia({ colorScheme });
      const requests: string[] = [];
      browserPage.on("request", (request) => requests.push(request.url()));
      await browserPage.goto(pathToFileURL(join(out, "index.html")).href);
      await browserPage.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
      assert.deepEqual(await findViolations(browserPage), []);
      assert.equal(requests.length, 1, "the page itself");
      await browserPage.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = false)));
      await browserPage.getByRole("link", { name: "mistakes/no-mask.ipynb" }).click();
      await browserPage.getByText("Your first token looks at tokens").last().waitFor({ state: "visible" });
    });
  }
  test("the same bytes are not graded again; another notebook in the place of one is", async () => {
    writeFileSync(join(folder, "untouched.ipynb"), readFileSync(join(folder, "right", "62.1.ipynb")));
    const again = await grade([folder, "--out", out, "--seconds", `${SECONDS}`, "--memory", "256"]);
    assert.equal(again.status, 0, again.output);
    assert.equal(again.output.match(/\(graded before\)/g)?.length, all.filter(({ score }) => score !== undefined).length);
    const row = readRows(join(out, "grades.csv")).find(({ file }) => file === "untouched.ipynb")!;
    assert.equal(row.score, "2");
    assert.match(row.problems, /the same file, byte for byte, as right\/62\.1\.ipynb/);
  });
});

describe("an interrupted run", () => {
  test("keeps what was graded, leaves nothing running, and goes on", async (context) => {
    const place = mkdtempSync(join(tmpdir(), "grade-test-"));
    context.after(() => rmSync(place, { recursive: true, force: true }));
    const wanted = ["right/62.1.ipynb", "right/deeper/63.1.ipynb", "loops/sync.ipynb", "loops/async.ipynb"];
    writeSubmissions(join(place, "in"), all.filter(({ file }) => wanted.includes(file)));
    const args = [join(place, "in"), "--out", join(place, "out"), "--seconds", "4"];
    const first = await grade(args, (line, stop) => void (/^\d\/4 right/.test(line) && stop()));
    assert.equal(first.status, 130, first.output);
    assert.match(first.output, /the same command goes on from there/);
    assert.ok(!existsSync(join(place, "out", "grades.csv")), "no half a list");
    assert.deepEqual(running(), []);
    const second = await grade(args);
    assert.equal(second.status, 0, second.output);
    assert.match(second.output, /\(graded before\)/);
    assert.deepEqual(readRows(join(place, "out", "grades.csv")).map(({ score }) => score), ["1", "1", "2", "2"]);
  });
});

describe("faults of the call", () => {
  for (const [args, says] of [
    [[], /give one folder/],
    [[join(home, "nowhere")], /there is no such folder/],
    [[join(ROOT, "tools")], /there is no notebook/],
    [[join(ROOT, "notebooks"), "--seconds", "none"], /--seconds none: give a number/],
    [[join(ROOT, "notebooks"), "--out", join(ROOT, "notebooks")], /choose another/],
  ] as [string[], RegExp][]) {
    test(says.source, async () => {
      const { status, output } = await grade(args);
      assert.equal(status, 2);
      assert.match(output, says);
    });
  }
});
