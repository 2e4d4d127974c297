/** Hashes that tie a notebook's outputs to the source and the library code that made them. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";
import type { LessonSource } from "./lesson-source.ts";
import { ROOT } from "./paths.ts";

const LIBRARY = join(ROOT, "lib", "src");
const ALWAYS = [
  join(ROOT, "lib", "package.json"), // versions of what cells and lib call
  ...globSync("jupyter/kernels/tslab/*.cjs", { cwd: ROOT }).sort().map((path) => join(ROOT, path)), // the kernel that runs the cells
];

export const sourceHash = (lesson: Pick<LessonSource, "text">) => createHash("sha256").update(lesson.text).digest("hex");

/**
 * SHA-256 of the library files that a lesson reaches, through its own imports and theirs. A change elsewhere in lib
 * does not make the lesson's outputs stale.
 */
export function libraryHash(lesson: LessonSource): string {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const specifier of importsOf(readFileSync(path, "utf8"))) {
      if (specifier.startsWith(".")) visit(join(dirname(path), specifier.replace(/\.js$/, ".ts")));
    }
  };
  for (const specifier of importsOf(lesson.text)) {
    const subpath = /^llmops(?:\/(.*))?$/.exec(specifier);
    if (!subpath) continue;
    const file = join(LIBRARY, `${subpath[1] ?? "index"}.ts`);
    visit(existsSync(file) ? file : join(LIBRARY, subpath[1] ?? "", "index.ts"));
  }
  const hash = createHash("sha256");
  for (const path of [...ALWAYS, ...[...reached].sort()]) {
    const name = relative(ROOT, path).split(sep).join("/");
    hash.update(name).update("\0").update(readFileSync(path, "utf8").replaceAll("\r\n", "\n")).update("\0");
  }
  return hash.digest("hex");
}

const importsOf = (text: string) => ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
