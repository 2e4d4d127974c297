/** Python environments beside the workbook's own: one for each check or bench, with pinned packages, made on first use. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PYTHON, ROOT } from "./paths.ts";

/** More that an environment holds besides Python packages. */
export interface Extra {
  /** Its name and version. */
  name: string;
  command: string;
  args: string[];
}

/**
 * The Python of an environment with these packages.
 *
 * @param folder - beside package.json, ignored by git
 * @throws Error with the installer's last line where it cannot be made; it is then made again the next time
 */
export function preparePython(folder: string, packages: readonly string[], extra?: Extra): string {
  const venv = join(ROOT, folder);
  const python = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  const stamp = join(venv, "packages.txt"), wanted = [...packages, ...(extra ? [extra.name] : [])].join("\n");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  console.error(`Installing ${wanted.replaceAll("\n", ", ")} into ${folder} (the first time only) …`);
  rmSync(venv, { recursive: true, force: true });
  const run = (command: string, args: string[]): void => {
    const { status, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) throw new Error(`${folder} cannot be made: ${error?.message ?? stderr.trim().split("\n").pop()}`);
  };
  run(PYTHON, ["-m", "venv", venv]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  if (extra) run(extra.command, extra.args);
  writeFileSync(stamp, wanted);
  return python;
}

/** {@link preparePython} for a comparison that can do without: undefined, with a line that says why. */
export function tryPython(folder: string, packages: readonly string[]): string | undefined {
  try {
    return preparePython(folder, packages);
  } catch (error) {
    console.error(`The peers are left out: ${(error as Error).message}`);
    return undefined;
  }
}
