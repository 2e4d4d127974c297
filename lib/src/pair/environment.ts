/** The Python that training jobs run with on this machine: `.venv-train`, apart from everything else, made on first use. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Lock, LockError } from "../data/build/lock.js";
import { findWorkbookRoot, workbookPath } from "../course/workbook.js";
import { PairError } from "./error.js";
import type { Report } from "./runtime.js";

const FOLDER = ".venv-train";
export const REQUIREMENTS = "colab/requirements.txt";
/** Measured on Linux, 2026-11-21, with PyTorch's build for CPUs; PyPI's own for Linux brings CUDA and is larger. */
const SIZE = "about 1.5 GB on disk; on Linux about 6 GB, because PyPI's PyTorch brings CUDA with it";
const POLL_MS = 500;

/** The path of a virtual environment's Python. */
export const pythonOf = (venv: string): string => (process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python"));

/**
 * The Python of `.venv-train` with the packages of colab/requirements.txt; made, or brought up to date, where it is not.
 *
 * @param report - told the size before anything is fetched, and then each package
 * @throws PairError `setup` with pip's last line; the next call begins again
 */
export async function prepareTraining(report: Report = () => {}): Promise<string> {
  const root = findWorkbookRoot();
  if (root === undefined) throw new PairError("setup", `${process.cwd()} lies outside the workbook: open the notebook from its work/ folder`);
  const venv = join(root, FOLDER), python = pythonOf(venv);
  const requirements = workbookPath(REQUIREMENTS), stamp = join(venv, "installed-requirements.txt");
  const wanted = readFileSync(requirements, "utf8");
  const isReady = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
  if (isReady()) return python;
  const lock = await takeLock(root, report);
  try {
    if (isReady()) return python; // another notebook made it meanwhile
    report(`Installing the training packages into ${FOLDER}, this first time only: ${SIZE}.`);
    if (!existsSync(python)) {
      rmSync(venv, { recursive: true, force: true });
      await run(pythonOf(workbookPath(".venv")), ["-m", "venv", venv], root, () => {});
    }
    await run(python, ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", "-r", requirements], root, (line) => {
      const found = /^(?:Collecting|Downloading|Building wheel for|Installing collected packages:) ?(\S+)?/.exec(line.trim());
      if (found) report(line.trim().slice(0, 120));
    });
    writeFileSync(stamp, wanted);
    report(`${FOLDER} is ready.`);
    return python;
  } finally {
    lock.release();
  }
}

async function takeLock(root: string, report: Report): Promise<Lock> {
  mkdirSync(join(root, ".workbook"), { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      return new Lock(join(root, ".workbook", "venv-train.lock"), FOLDER, "installation");
    } catch (error) {
      if (!(error instanceof LockError && error.held)) throw error;
      if (!waited) report("Another process is installing the training packages; waiting for it …");
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }
}

function run(command: string, args: string[], cwd: string, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const last: string[] = [];
    const follow = (line: string): void => {
      if (line.trim()) last.push(line.trim());
      if (last.length > 3) last.shift();
      onLine(line);
    };
    createInterface({ input: child.stdout }).on("line", follow);
    createInterface({ input: child.stderr }).on("line", follow);
    const fail = (why: string): void => reject(new PairError("setup", `${FOLDER} cannot be made: ${why}. Mend that and run the cell again.`));
    child.on("error", ({ message }) => fail(message));
    child.on("close", (code) => (code === 0 ? resolve() : fail(last.join(" | ") || `exit code ${code}`)));
  });
}
