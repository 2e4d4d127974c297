/** Python environments of peers: one for each bench, with pinned packages, made on first use. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tools/paths.ts";

const within = (venv: string): string => join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/**
 * The Python of an environment with these packages.
 *
 * @param folder - beside package.json, ignored by git
 * @returns undefined, with a line that says why, where it cannot be made
 */
export function preparePython(folder: string, packages: readonly string[]): string | undefined {
  const venv = join(ROOT, folder);
  const stamp = join(venv, "bench-stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === packages.join("\n")) return within(venv);
  console.error(`Making ${folder} with ${packages.join(", ")} (the first time only) …`);
  rmSync(venv, { recursive: true, force: true });
  const steps: [string, string[]][] = [[within(join(ROOT, ".venv")), ["-m", "venv", venv]], [within(venv), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]]];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) {
      console.error(`The peers are left out: ${stderr.trim().split("\n").pop() ?? "their environment cannot be made"}`);
      return undefined;
    }
  }
  writeFileSync(stamp, packages.join("\n"));
  return within(venv);
}
