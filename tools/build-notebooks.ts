/**
 * `npm run build`: makes the notebooks from the lesson sources, with jupytext.
 *
 *     npm run build                          notebooks/        what a student opens, and course.json, the list of them
 *     npm run build -- --for instructor      build/instructor/ with the solutions and teaching notes
 *     npm run build -- --for slides 62.4     slides, html, pdf, colab: made of notebooks that were run (tools/publish)
 *
 * Outputs of an earlier run are kept where the code cells and lib are the same as then; else `npm run lessons` makes new ones.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { makeCatalogue, writeCatalogue } from "./course-catalogue.ts";
import { readOutline, type OutlineLesson } from "./course-manifest.ts";
import { codeFor, isFor, readLessons, type Audience, type LessonSource } from "./lesson-source.ts";
import { type Cell, Notebook, readNotebook, textOf, type Provenance } from "./notebook.ts";
import { NOTEBOOKS, PYTHON, ROOT } from "./paths.ts";
import { libraryHash, sourceHash } from "./provenance.ts";
import { isPublished, publish, PUBLISHED, type PublishOptions } from "./publish/builds.ts";
import { writeWhole } from "./whole-file.ts";

export const folderFor = (audience: Audience) => (audience === "student" ? NOTEBOOKS : join(ROOT, "build", audience));

/** Builds every lesson for an audience and returns the notebooks' paths by lesson. Removes notebooks without a source. */
export function buildNotebooks(audience: Audience): Map<string, string> {
  const outline = readOutline();
  const lessons = readLessons(outline);
  const folder = folderFor(audience);
  const converted = convert(lessons.map((lesson) => percentText(lesson, outline.get(lesson.id)!, audience)));
  const paths = new Map<string, string>();
  lessons.forEach((lesson, index) => {
    const path = join(folder, lesson.notebook);
    writeNotebook(path, finish(converted[index]!, lesson, audience, path));
    paths.set(lesson.id, path);
  });
  removeOrphans(folder, new Set(lessons.map(({ notebook }) => notebook)));
  if (audience === "student") writeCatalogue(makeCatalogue(outline, lessons));
  return paths;
}

// Part 1 of every lesson has a prompt; running a prompt costs money, so a notebook that is run as a whole runs none.
const RUN_A_PROMPT = `import { ai } from "llmops/teacher";
// Runs a prompt of this section through the teacher's door; the texts behind the number fill its [gaps].
// await ai(1);
// Goes on in your own words:
// await ai("Which of these did you guess?");`;

/** The lesson as percent-format text for one audience: its title, the cell that opens it, then the cells that are for them. */
function percentText(lesson: LessonSource, outline: OutlineLesson, audience: Audience): string {
  const title = [
    `# ${lesson.id} ${lesson.front.title}`,
    "",
    `**You will be able to:** ${outline.objective[0]!.toLowerCase()}${outline.objective.slice(1)}.`,
    "",
    `Chapter ${outline.chapter}, ${outline.chapterTitle} · ${outline.minutes} minutes · ${outline.stage}`,
    "",
    `**You need:** ${lesson.front.prerequisites}`,
  ].join("\n");
  const cells = [
    { kind: "markdown", tags: [] as string[], text: title },
    { kind: "code", tags: ["folded", "measured"], text: `import { openLesson } from "llmops/course";\nopenLesson("${lesson.id}"); // notes that you were here, and shows how far you are` },
    ...lesson.cells
      .filter((cell) => isFor(audience, cell))
      .map((cell) => ({ ...cell, text: cell.kind === "code" ? codeFor(audience, cell, lesson.path) : cell.text })),
    { kind: "code", tags: ["quiet"], text: RUN_A_PROMPT },
  ];
  return cells
    .map(({ kind, tags, text }) => {
      const marks = tags.length ? ` tags=${JSON.stringify(tags)}` : "";
      if (kind === "code") return `// %%${marks}\n${text}\n`;
      return `// %% [markdown]${marks}\n${text.split("\n").map((line) => `// ${line}`.trimEnd()).join("\n")}\n`;
    })
    .join("\n");
}

// One Python for all lessons: it takes longer to start than to convert.
function convert(texts: string[]): Notebook[] {
  const program = `
import json, sys, jupytext, nbformat
texts = json.load(sys.stdin)
print(json.dumps([json.loads(nbformat.writes(jupytext.reads(text, fmt="ts:percent"))) for text in texts]))
`;
  const result = spawnSync(PYTHON, ["-c", program], { input: JSON.stringify(texts), encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`jupytext failed:\n${result.stderr}`);
  return (JSON.parse(result.stdout) as unknown[]).map((notebook) => Notebook.parse(notebook));
}

function finish(notebook: Notebook, lesson: LessonSource, audience: Audience, path: string): Notebook {
  const provenance: Provenance = {
    lesson: lesson.id,
    audience,
    source: sourceHash(lesson),
    lib: libraryHash(lesson),
    executed: false,
  };
  notebook.nbformat_minor = 5;
  notebook.metadata = {
    kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
    language_info: { name: "typescript", file_extension: ".ts", mimetype: "text/typescript" },
    title: `${lesson.id} ${lesson.front.title}`,
    workbook: provenance,
  };
  notebook.cells.forEach((cell, index) => {
    // Ids that a rebuild does not change: a diff shows what changed, and a student's answer keeps its place.
    cell.id = `lesson-${lesson.id.replace(".", "-")}-${String(index).padStart(2, "0")}`;
    const { tags } = cell.metadata;
    cell.metadata = { ...(tags?.length ? { tags } : {}), ...(tags?.includes("folded") ? { jupyter: { source_hidden: true } } : {}) };
  });
  if (existsSync(path)) keepOutputs(notebook, readNotebook(path), provenance);
  return notebook;
}

/** Takes over the outputs of an earlier run whose code cells and library are these. Prose may have changed: no output comes of it. */
export function keepOutputs(notebook: Notebook, previous: Notebook, provenance: Provenance): void {
  const before = previous.metadata.workbook;
  const codeCells = ({ cells }: Notebook) => cells.filter(({ cell_type: type }) => type === "code");
  const cells = codeCells(notebook), ran = codeCells(previous);
  if (!before?.executed || before.lib !== provenance.lib || cells.length !== ran.length) return;
  const codeOf = ({ source, metadata }: Cell) => JSON.stringify([textOf(source), metadata.tags ?? []]);
  if (!cells.every((cell, at) => codeOf(cell) === codeOf(ran[at]!))) return;
  cells.forEach((cell, at) => {
    const { outputs, execution_count } = ran[at]!;
    Object.assign(cell, { outputs, execution_count });
  });
  // What the kernel said of itself in that run: without it JupyterLab adds it, and the notebook opens as changed.
  const { language_info } = previous.metadata;
  notebook.metadata = { ...notebook.metadata, ...(language_info === undefined ? {} : { language_info }), workbook: { ...provenance, executed: true } };
}

/** Writes a notebook whole, in the form nbformat gives it: one space of indentation, sorted keys, a final newline. */
export function writeNotebook(path: string, notebook: Notebook): void {
  writeWhole(path, `${JSON.stringify(sortKeys(notebook), null, 1)}\n`);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sortKeys(item)]));
}

function removeOrphans(folder: string, wanted: Set<string>): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = entry.split(sep).join("/");
    if (path.endsWith(".ipynb") && !path.includes(".ipynb_checkpoints") && !wanted.has(path)) rmSync(join(folder, entry));
  }
}

function buildFor(audience: Audience): void {
  for (const [lesson, path] of buildNotebooks(audience)) {
    const fresh = readNotebook(path).metadata.workbook?.executed;
    console.log(`${lesson.padEnd(5)} ${relative(ROOT, path)}${fresh ? "" : "   (no outputs yet: npm run lessons)"}`);
  }
}

async function main(): Promise<number> {
  const { values: { for: build, ...given }, positionals } = parseArgs({
    allowPositionals: true,
    options: { for: { type: "string", default: "student" }, solutions: { type: "boolean" }, repository: { type: "string" }, branch: { type: "string" } },
  });
  const options: PublishOptions = given;
  if (build === "student" || build === "instructor") {
    const [extra] = [...positionals, ...Object.keys(options).map((name) => `--${name}`)];
    if (extra !== undefined) throw new UsageError(`--for ${build} builds every lesson and takes no ${extra}. ${BUILDS}`);
    buildFor(build);
    return 0;
  }
  if (!isPublished(build)) throw new UsageError(`--for ${build}: there is no such build. ${BUILDS}`);
  const [misplaced] = Object.keys(options).filter((name) => (name === "solutions") === (build === "colab"));
  if (misplaced !== undefined) throw new UsageError(`--for ${build} takes no --${misplaced}. ${BUILDS}`);
  const failed = await publish(build, positionals, options, { done: (line) => console.log(line), failed: (line) => console.error(line) });
  return failed ? 1 : 0;
}

class UsageError extends Error {}

const BUILDS = `The builds: student, instructor; ${PUBLISHED.slice(0, 3).join(", ")} [--solutions] [lessons and chapters: 62.4 62]; colab [--repository owner/name --branch main] [lessons and chapters].`;

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") ? 2 : 1;
  }
}
