/** `npm start`: brings the student's copies up to date, starts JupyterLab on them and the home page beside it. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { findLesson, findWorkbookHome, readCatalogue } from "llmops/course";
import { startHome } from "./home/server.ts";
import { PYTHON, NOTEBOOKS, ROOT, STATE, WORK } from "./paths.ts";
import { warmUp } from "./warm-up.ts";
import { describeCopies, updateWorkCopies } from "./work-copies.ts";

const USAGE = `npm start [-- options]
  --port N        listen on this port (default: the first free one from 8888)
  --no-browser    do not open a browser
  --lesson 63.7   open this lesson, not the home page
  --demo          with --lesson: start its kernel and its runtime beforehand, to show it in front of others
  --work DIR      keep your copies of the lessons in DIR, a folder inside the workbook (default: work)`;

const FIRST_PORT = 8888;
const STARTUP_LIMIT_MS = 120_000;

const options = readOptions();
let port = await choosePort(options.port);
const copies = updateWorkCopies(NOTEBOOKS, options.work);
for (const line of describeCopies(copies, options.work)) console.log(line);

const token = randomBytes(24).toString("hex");
const labUrl = (path: string) => `http://127.0.0.1:${port}/lab${path}?token=${token}`;
const catalogue = readCatalogue(ROOT);
const notebookPage = (notebook: string) => `/tree/${encodeURI(notebook)}`;
const page = lessonPage(options.lesson);
const home = await startHome({
  catalogue, notebooks: NOTEBOOKS, work: options.work, state: findWorkbookHome(ROOT),
  lab: (notebook) => labUrl(notebookPage(notebook)),
});
const logPath = join(STATE, "logs", "jupyter.log");
mkdirSync(join(STATE, "logs"), { recursive: true });
const log = createWriteStream(logPath);

let stopping = false;
let lab = startLab();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
while (!(await waitUntilReady())) {
  // Another program took the port between our look and JupyterLab's.
  port = await choosePort(undefined, port + 1);
  lab = startLab();
}
lab.on("exit", (code) => {
  if (!stopping) fail(`JupyterLab ended by itself (exit code ${code}).\n${lastLines(logPath)}`, `Full log: ${logPath}`);
  process.exit(0);
});
if (options.demo) await warm(options.lesson!);
const url = labUrl(page);
console.log(`\nThe workbook is open at\n\n  ${home.url}   lessons, your progress, search\n  ${url}   JupyterLab\n\nCtrl-C stops it; your work stays in ${relative(ROOT, options.work)}/.`);
if (options.browser) openBrowser(options.lesson ? url : home.url);

function startLab(): ChildProcess {
  const child = spawn(
    PYTHON,
    [
      "-m", "jupyterlab",
      "--no-browser",
      "--ServerApp.ip=127.0.0.1",
      `--ServerApp.port=${port}`,
      "--ServerApp.port_retries=0",
      `--ServerApp.root_dir=${options.work}`,
      "--MultiKernelManager.default_kernel_name=tslab",
      // Lessons are TypeScript; a Python launcher, which JupyterLab brings with it, would only mislead.
      "--KernelSpecManager.ensure_native_kernel=False", "--KernelSpecManager.allowed_kernelspecs=tslab",
      "--ServerApp.allow_root=True",
      // jupytext builds the notebooks; as a server extension it would also open lesson sources as notebooks.
      "--ServerApp.jpserver_extensions=jupyterlab_jupytext=False",
      // No request leaves the machine: no news, no update check, no extension listing.
      "--LabApp.news_url=None",
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      "--LabApp.extension_manager=readonly",
      `--LabApp.app_settings_dir=${join(ROOT, "jupyter", "lab")}`,
    ],
    // The token goes by environment: on the command line every user of the machine could read it.
    // LLMOPS_COURSE_URL: where a lesson's first cell finds the home page.
    { cwd: options.work, env: { ...process.env, JUPYTER_TOKEN: token, LLMOPS_COURSE_URL: home.origin }, stdio: ["ignore", "pipe", "pipe"] },
  );
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
}

function readOptions(): { port: number | undefined; browser: boolean; lesson: string | undefined; demo: boolean; work: string } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string" },
        browser: { type: "boolean", default: true },
        lesson: { type: "string" },
        demo: { type: "boolean", default: false },
        work: { type: "string", default: WORK },
        help: { type: "boolean", short: "h" },
      },
      allowNegative: true,
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const wanted = values.port === undefined ? undefined : Number(values.port);
    if (wanted !== undefined && !(Number.isInteger(wanted) && wanted > 0 && wanted < 65_536)) {
      fail(`--port ${values.port} is no port number.`, "Give a number from 1 to 65535, or leave it out.");
    }
    const work = resolve(ROOT, values.work);
    // Cells find the packages by walking up from their notebook's folder.
    if (!work.startsWith(ROOT + sep)) fail(`--work ${values.work} lies outside the workbook.`, `Name a folder inside ${ROOT}.`);
    if (values.demo && values.lesson === undefined) fail("--demo needs the lesson that will be shown.", "npm start -- --demo --lesson 63.7");
    return { port: wanted, browser: values.browser, lesson: values.lesson, demo: values.demo, work };
  } catch (error) {
    return fail((error as Error).message, USAGE);
  }
}

async function choosePort(wanted: number | undefined, from = FIRST_PORT): Promise<number> {
  if (wanted !== undefined) {
    if (await isFree(wanted)) return wanted;
    return fail(
      `Port ${wanted} is taken by another program (perhaps a workbook that is already open).`,
      `Use another one: npm start -- --port ${wanted + 1}\nWithout --port the workbook finds a free one.`,
    );
  }
  for (let candidate = from; candidate < FIRST_PORT + 100; candidate += 1) {
    if (await isFree(candidate)) return candidate;
  }
  return fail(`No free port between ${FIRST_PORT} and ${FIRST_PORT + 99}.`, "Name one: npm start -- --port 9999");
}

function isFree(candidate: number): Promise<boolean> {
  return new Promise((answer) => {
    const probe = createServer();
    probe.once("error", () => answer(false));
    probe.listen({ port: candidate, host: "127.0.0.1", exclusive: true }, () => probe.close(() => answer(true)));
  });
}

/** False where JupyterLab found its port taken and another may be tried. */
async function waitUntilReady(): Promise<boolean> {
  const deadline = Date.now() + STARTUP_LIMIT_MS;
  while (Date.now() < deadline) {
    if (lab.exitCode !== null || lab.signalCode !== null) {
      if (stopping) process.exit(0);
      if (options.port === undefined && /port \d+ is not available/.test(lastLines(logPath))) return false;
      fail(`JupyterLab ended by itself (exit code ${lab.exitCode}).\n${lastLines(logPath)}`, `Full log: ${logPath}`);
    }
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/status`, { headers: { authorization: `token ${token}` } });
      if (response.ok) return true;
    } catch {
      // not listening yet
    }
    await new Promise((wake) => setTimeout(wake, 150));
  }
  stopping = true;
  lab.kill();
  return fail(`JupyterLab did not answer within ${STARTUP_LIMIT_MS / 1000} s.\n${lastLines(logPath)}`, `Full log: ${logPath}`);
}

function lessonPage(lesson: string | undefined): string {
  if (!lesson) return "";
  const [chapter, number] = lesson.split(".");
  const found = copies.find(({ path }) => path.startsWith(`${chapter}-`) && path.includes(`/${number?.padStart(2, "0")}-`));
  if (!found) fail(`There is no lesson ${lesson} in notebooks/.`, "Lessons are named chapter.lesson, for example 63.7.");
  return notebookPage(found.path);
}

/** A lesson that cannot be warmed can still be opened: it then shows what is wrong itself. */
async function warm(id: string): Promise<void> {
  const lesson = findLesson(catalogue, id)!;
  try {
    await warmUp({ ...lesson, notebook: lesson.notebook! }, options.work, { origin: `http://127.0.0.1:${port}`, token }, (line) => console.log(line));
  } catch (error) {
    console.error((error as Error).message);
  }
}

function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  const browser = spawn(command, [...args, address.replaceAll("&", process.platform === "win32" ? "^&" : "&")], {
    stdio: "ignore",
    detached: true,
  });
  browser.on("error", () => {}); // no opener on this machine: the URL is on the screen
  browser.unref();
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  console.log("\nStopping JupyterLab and its kernels …");
  void home.close();
  lab.kill("SIGTERM"); // Jupyter's SIGTERM shuts kernels down without asking
  setTimeout(() => lab.kill("SIGKILL"), 10_000).unref();
}

function lastLines(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").slice(-8).join("\n") : "";
}

function fail(message: string, remedy: string): never {
  console.error(`\n${message}\n\n  ${remedy.split("\n").join("\n  ")}\n`);
  process.exit(1);
}
