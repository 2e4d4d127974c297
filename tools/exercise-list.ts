/** The exercises of the course: what is there, in which lesson it is checked, and which test tries it. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import type { Exercise } from "llmops/course";
import ts from "typescript";
import { makeCatalogue } from "./course-catalogue.ts";
import type { OutlineLesson } from "./course-manifest.ts";
import type { LessonSource } from "./lesson-source.ts";
import { ROOT } from "./paths.ts";

export interface ListedExercise {
  /** "62-1", of `llmops/exercises/62-1`. */
  module: string;
  /** What the module exports it as. */
  name: string;
  exercise: Exercise<unknown>;
}

const COMPILED = join(ROOT, "lib", "dist", "exercises");
const SOURCE = join(ROOT, "lib", "src", "exercises");
const load = createRequire(import.meta.url);

const isExercise = (value: unknown): value is Exercise<unknown> =>
  typeof value === "object" && value !== null && "id" in value && "fault" in value && "misconceptions" in value;

/** Every exercise that a module of lib/src/exercises exports, by chapter, lesson and place in its module. */
export function listExercises(): ListedExercise[] {
  // What the compiler left of a module that is gone is none.
  const written = new Set(readdirSync(SOURCE).map((file) => file.replace(/\.ts$/, "")));
  const modules = readdirSync(COMPILED).filter((file) => file.endsWith(".js")).map((file) => file.replace(/\.js$/, "")).filter((module) => written.has(module));
  const place = (module: string) => module.split("-").map((part) => part.padStart(3, "0")).join();
  return modules
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .flatMap((module) => Object.entries(load(join(COMPILED, module)) as object).flatMap(([name, value]: [string, unknown]) => (isExercise(value) ? [{ module, name, exercise: value }] : [])));
}

/** The ids that each lesson checks in its source. A lesson without any has an empty list. */
export function checkedExercises(outline: Map<string, OutlineLesson>, lessons: readonly LessonSource[]): Map<string, string[]> {
  const written = new Set(lessons.map(({ id }) => id));
  return new Map(makeCatalogue(outline, lessons).chapters.flatMap((chapter) => chapter.lessons).filter(({ id }) => written.has(id)).map(({ id, exercises }) => [id, exercises]));
}

/**
 * The exercises that tests try with `testExercise`, as "62-1 attentionExercise", each with the files that do. Read from the
 * calls: the first argument must be a name imported from the exercise's module, so that nothing is tried by hearsay.
 */
export function testedExercises(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of readdirSync(join(ROOT, "tests"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts")).sort()) {
    const path = join(ROOT, "tests", file);
    const text = readFileSync(path, "utf8");
    if (!text.includes("testExercise")) continue;
    for (const key of callsIn(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))) found.set(key, [...(found.get(key) ?? []), relative(ROOT, path)]);
  }
  return found;
}

function callsIn(source: ts.SourceFile): string[] {
  const imported = new Map<string, string>();
  const calls: string[] = [];
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      const module = /^llmops\/exercises\/(\d+-\d+)$/.exec(statement.moduleSpecifier.text)?.[1];
      const names = statement.importClause?.namedBindings;
      if (module && names && ts.isNamedImports(names)) for (const { name, propertyName } of names.elements) imported.set(name.text, `${module} ${(propertyName ?? name).text}`);
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "testExercise") {
      const [first] = node.arguments;
      const key = first && ts.isIdentifier(first) ? imported.get(first.text) : undefined;
      if (key) calls.push(key);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}
