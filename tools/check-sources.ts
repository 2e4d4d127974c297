/**
 * `npm run lint`: types and rules of lib, tools, tests and lesson sources. A lesson is type-checked twice: as its
 * author wrote it (with the solutions) and as the student gets it (with the stubs).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { readOutline } from "./course-manifest.ts";
import { readLessons, studentSource } from "./lesson-source.ts";
import { ROOT, SOURCES, STATE } from "./paths.ts";

const STUDENT_SOURCES = join(STATE, "typecheck");

function writeStudentSources(): void {
  rmSync(STUDENT_SOURCES, { recursive: true, force: true });
  for (const lesson of readLessons(readOutline())) {
    const path = join(STUDENT_SOURCES, relative(SOURCES, lesson.path));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, studentSource(lesson));
  }
  mkdirSync(STUDENT_SOURCES, { recursive: true });
  writeFileSync(
    join(STUDENT_SOURCES, "tsconfig.json"),
    JSON.stringify({ extends: relative(STUDENT_SOURCES, join(SOURCES, "tsconfig.json")), include: ["**/*.ts"] }),
  );
}

function run(title: string, args: string[]): boolean {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${title} (${seconds} s)`);
  if (status !== 0) console.log(stdout + stderr);
  return status === 0;
}

if (import.meta.main) {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  writeStudentSources();
  const passed = [
    run("types of lib", [tsc, "-p", "lib", "--noEmit"]),
    run("types of tools and tests", [tsc, "-p", "."]),
    run("types of lessons, as the author wrote them", [tsc, "-p", SOURCES]),
    run("types of lessons, as the student gets them", [tsc, "-p", STUDENT_SOURCES]),
    run("rules (ESLint)", [join(ROOT, "node_modules", "eslint", "bin", "eslint.js"), "--max-warnings=0", "."]),
  ];
  process.exit(passed.every(Boolean) ? 0 : 1);
}
