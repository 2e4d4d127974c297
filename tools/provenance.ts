/** Hashes that tie a notebook's outputs to the source and the library code that made them. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import ts from "typescript";
import { z } from "zod";
import type { LessonSource } from "./lesson-source.ts";
import { ROOT } from "./paths.ts";

const LIBRARY = join(ROOT, "lib", "src");
/** The kernel that runs the cells. */
const KERNEL = globSync("jupyter/kernels/tslab/*.cjs", { cwd: ROOT }).sort().map((path) => join(ROOT, path));
const { dependencies: DEPENDENCIES } = z.object({ dependencies: z.record(z.string(), z.string()) }).parse(JSON.parse(readFileSync(join(ROOT, "lib", "package.json"), "utf8")));

export const sourceHash = (lesson: Pick<LessonSource, "text">) => createHash("sha256").update(lesson.text).digest("hex");

/** SHA-256 of the library files that a lesson reaches, of the packages that these and the lesson import, and of the kernel. */
export function libraryHash(lesson: Pick<LessonSource, "text">): string {
  const hash = createHash("sha256");
  const files = libraryFiles(lesson);
  for (const path of [...KERNEL, ...files]) {
    const name = relative(ROOT, path).split(sep).join("/");
    hash.update(name).update("\0").update(readFileSync(path, "utf8").replaceAll("\r\n", "\n")).update("\0");
  }
  for (const [name, version] of packagesOf([...importsOf("lesson.ts", lesson.text), ...files.flatMap(importsOfFile)])) hash.update(`${name}@${version}\0`);
  return hash.digest("hex");
}

/** The packages of lib/package.json among what is imported, with their versions, by name. */
function packagesOf(imported: readonly { specifier: string }[]): [string, string][] {
  const names = new Set(imported.map(({ specifier }) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier));
  return Object.entries(DEPENDENCIES).filter(([name]) => names.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The library's sources behind a lesson: the modules of the names that it imports, and what these import. A change elsewhere in
 * lib does not make the lesson's outputs stale.
 */
export function libraryFiles(lesson: Pick<LessonSource, "text">): string[] {
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { specifier, names } of importsOfFile(path)) {
      if (specifier.startsWith(".")) visitAll(sourceOf(path, specifier), names);
    }
  };
  const visitAll = (path: string, names: Names) => (basename(path) === "index.ts" ? modulesOf(path, names) : [path]).forEach(visit);
  for (const { specifier, names } of [...importsOf("lesson.ts", lesson.text), OPENS]) {
    const subpath = /^llmops(?:\/(.*))?$/.exec(specifier);
    if (!subpath) continue;
    const file = join(LIBRARY, `${subpath[1] ?? "index"}.ts`);
    visitAll(existsSync(file) ? file : join(LIBRARY, subpath[1] ?? "", "index.ts"), names);
  }
  return [...reached].sort();
}

/** The names that are imported; undefined where it is the whole module. */
type Names = readonly string[] | undefined;

/** What the first cell of every notebook imports (build-notebooks.ts). */
const OPENS = { specifier: "llmops/course", names: ["openLesson"] };

/** What a module imports, but for types: they are gone when it runs. */
function importsOf(path: string, text: string): { specifier: string; names: Names }[] {
  const { statements } = parse(path, text);
  const specifierOf = ({ moduleSpecifier }: ts.ImportDeclaration | ts.ExportDeclaration) => (moduleSpecifier as ts.StringLiteral | undefined)?.text;
  const declared = statements.filter(ts.isImportDeclaration);
  const named = declared.filter((statement) => !isOfTypes(statement)).map((statement) => {
    const bindings = statement.importClause?.namedBindings;
    const names = bindings && ts.isNamedImports(bindings) && !statement.importClause?.name
      ? bindings.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name, propertyName }) => (propertyName ?? name).text) : undefined;
    return { specifier: specifierOf(statement)!, names };
  });
  const taken = new Set([...declared, ...statements.filter(ts.isExportDeclaration).filter(({ isTypeOnly }) => isTypeOnly)].map(specifierOf));
  const others = ts.preProcessFile(text, true, true).importedFiles.filter(({ fileName }) => !taken.has(fileName)); // `export … from`, `import()`
  return [...named, ...others.map(({ fileName }) => ({ specifier: fileName, names: undefined }))];
}

/** `import type …`, or an import of nothing but types. */
function isOfTypes({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return !name && namedBindings !== undefined && ts.isNamedImports(namedBindings) && namedBindings.elements.length > 0 && namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly);
}

const imports = new Map<string, ReturnType<typeof importsOf>>();

function importsOfFile(path: string): ReturnType<typeof importsOf> {
  const found = imports.get(path) ?? importsOf(path, readFileSync(path, "utf8"));
  imports.set(path, found);
  return found;
}

/** The modules from which an index file has these names; the index itself, with all that it exports, where one is not found. */
function modulesOf(index: string, names: Names): string[] {
  const homes = exportsOf(index);
  const found = names?.map((name) => homes.get(name));
  return found?.every((home) => home !== undefined) ? found : [index];
}

const known = new Map<string, Map<string, string>>();

/** Each name that a module exports, with the module that declares it. */
function exportsOf(path: string): Map<string, string> {
  const before = known.get(path);
  if (before) return before;
  const homes = new Map<string, string>();
  known.set(path, homes);
  for (const statement of parse(path, readFileSync(path, "utf8")).statements) {
    if (ts.isExportDeclaration(statement)) {
      const from = statement.moduleSpecifier && sourceOf(path, (statement.moduleSpecifier as ts.StringLiteral).text);
      if (!statement.exportClause) for (const [name, home] of exportsOf(from!)) homes.set(name, home);
      else if (ts.isNamedExports(statement.exportClause)) {
        for (const { name, propertyName } of statement.exportClause.elements) homes.set(name.text, (from && exportsOf(from).get((propertyName ?? name).text)) ?? from ?? path);
      }
    } else if (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) {
      for (const name of declaredBy(statement)) homes.set(name, path);
    }
  }
  return homes;
}

function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as ts.Statement & { name?: ts.Identifier };
  return name ? [name.text] : [];
}

const parse = (path: string, text: string) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
const sourceOf = (from: string, specifier: string) => join(dirname(from), specifier.replace(/\.js$/, ".ts"));
