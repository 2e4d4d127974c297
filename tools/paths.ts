/** The workbook's folders, and the environment that `with-setup.mjs` gave this process. */
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "..");
export const SOURCES = join(ROOT, "chapters-61-72");
export const NOTEBOOKS = join(ROOT, "notebooks");
export const WORK = join(ROOT, "work");
export const STATE = join(ROOT, ".workbook");
export const PYTHON = process.platform === "win32" ? join(ROOT, ".venv", "Scripts", "python.exe") : join(ROOT, ".venv", "bin", "python");
