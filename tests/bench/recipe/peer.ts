/** The Python side of the comparison: an environment of its own with pinned packages, made on first use. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// @ts-expect-error: setup's modules are JavaScript without types, because they run before anything is installed.
import { findPython as find } from "../../../tools/setup/python.mjs";
import { ROOT } from "../../../tools/paths.ts";

const VENV = join(ROOT, ".venv-bench");
const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const STAMP = join(VENV, "workbook-stamp.txt");

const findPython = find as () => { executable: string };

export const RECIPE = import.meta.dirname;

/** The Python of `.venv-bench`, with what requirements.txt names. Two minutes and 250 MB the first time. */
export function preparePeer(): string {
  const python = process.platform === "win32" ? join(VENV, "Scripts", "python.exe") : join(VENV, "bin", "python");
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return python;
  console.error("making .venv-bench (Python packages of the recipe; the first time only) …");
  rmSync(VENV, { recursive: true, force: true });
  execFileSync(findPython().executable, ["-m", "venv", VENV], { stdio: "pipe" });
  execFileSync(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], { stdio: "pipe" });
  writeFileSync(STAMP, wanted);
  return python;
}

/** Versions of Python and the packages, as they are installed. */
export function peerVersions(python: string): Record<string, string> {
  const names = readFileSync(REQUIREMENTS, "utf8").split("\n").flatMap((line) => /^([a-z0-9_-]+)==/.exec(line)?.[1] ?? []);
  const code = `import json, platform, importlib.metadata as m; print(json.dumps({"Python": platform.python_version(), **{n: m.version(n) for n in ${JSON.stringify(names)}}}))`;
  return JSON.parse(execFileSync(python, ["-c", code], { encoding: "utf8" })) as Record<string, string>;
}
