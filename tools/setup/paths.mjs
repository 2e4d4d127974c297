// Where the workbook keeps what it installs: all of it inside the repository, but for the caches of pip and npm themselves.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const VENV = join(ROOT, ".venv");
export const STATE = join(ROOT, ".workbook");
export const LOGS = join(STATE, "logs");

const windows = process.platform === "win32";
export const VENV_PYTHON = windows ? join(VENV, "Scripts", "python.exe") : join(VENV, "bin", "python");
export const VENV_BIN = dirname(VENV_PYTHON);

/** SHA-256 over the names and contents of files and folders (recursively), in a fixed order. */
export function hashOf(...paths) {
  const hash = createHash("sha256");
  const add = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
      return;
    }
    hash.update(relative(ROOT, path).split(sep).join("/")).update("\0").update(readFileSync(path)).update("\0");
  };
  for (const path of paths) add(path);
  return hash.digest("hex");
}
