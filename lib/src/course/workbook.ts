/** Where the workbook lies on this machine, and where it keeps what it can make again. */
import { existsSync, readFileSync } from "node:fs";
import { homedir, platform } from "node:os";
import { dirname, join, resolve } from "node:path";

/** The nearest folder above `from` whose package.json is named `llmops-workbook`; undefined outside the workbook. */
export function findWorkbookRoot(from = process.cwd()): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (isWorkbook(folder)) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * The absolute path of something in the repository, from wherever the notebook lies: `workbookPath("datasets/task-api")`.
 *
 * @throws Error when this is not run inside the workbook's folder, or there is no such file
 */
export function workbookPath(path: string): string {
  const root = findWorkbookRoot();
  if (root === undefined) throw new Error(`${process.cwd()} lies outside the workbook: open the notebook from its work/ folder`);
  const full = join(root, path);
  if (!existsSync(full)) throw new Error(`${full} is missing: restore it with git checkout ${path}`);
  return full;
}

/**
 * Where the workbook keeps what it can make again: `LLMOPS_HOME` where set, else `.workbook` in the workbook's folder, else
 * the operating system's cache folder.
 */
export function findWorkbookHome(from = process.cwd()): string {
  const named = process.env["LLMOPS_HOME"];
  if (named) return resolve(named);
  const root = findWorkbookRoot(from);
  if (root !== undefined) return join(root, ".workbook");
  if (platform() === "win32") return join(process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "llmops-workbook");
  if (platform() === "darwin") return join(homedir(), "Library", "Caches", "llmops-workbook");
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "llmops-workbook");
}

function isWorkbook(folder: string): boolean {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return false;
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { name?: unknown }).name === "llmops-workbook";
  } catch {
    return false;
  }
}
