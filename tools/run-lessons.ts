/**
 * `npm run lessons`: executes the notebooks, two at a time, and stores their outputs.
 *
 *     npm run lessons                      every lesson
 *     npm run lessons -- 63.7 62           one lesson, one chapter
 *     npm run lessons -- --stale           only those whose source or lib changed since their outputs were made
 *     npm run lessons -- --check           runs them again and compares; stores nothing
 *     npm run lessons -- --for instructor  the instructor's build, with the solutions
 *     npm run lesson -- 63.7               one lesson, its cells and outputs printed in the terminal
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import pLimit from "p-limit";
import { buildNotebooks, writeNotebook } from "./build-notebooks.ts";
import { readOutline } from "./course-manifest.ts";
import { readLessons, type Audience, type LessonSource } from "./lesson-source.ts";
import { readNotebook, textOf, type Notebook } from "./notebook.ts";
import { differences, plainText } from "./outputs.ts";
import { PYTHON, ROOT, STATE } from "./paths.ts";

const AT_ONCE = 2;

/** The embedded side of every door: a recorded output must not depend on the author's keys, nor cost anything. */
export const EMBEDDED_DOORS = { OPENAI_API_KEY: "", OPENAI_BASE_URL: "", LLMOPS_TEACHER_MODEL: "", LLMOPS_TEACHER_PRICE: "", LLMOPS_RUNTIME: "" };

export interface LessonRun {
  lesson: LessonSource;
  notebook: Notebook;
  /** Folder of the run, with the lesson's own folder in it as in `work/`; what it wrote is still there. */
  folder: string;
  /** Faults by cell, empty after a good run. */
  problems: { cell: number; fault: string; died?: boolean }[];
  seconds: number;
}

/**
 * Runs one lesson in a folder of its own, with an empty state: no cache and no earlier files, so that every run starts
 * from the same place.
 */
export async function runLesson(
  lesson: LessonSource,
  builtPath: string,
  onCell: (cell: number, of: number) => void = () => {},
): Promise<LessonRun> {
  const audience = readNotebook(builtPath).metadata.workbook?.audience ?? "student";
  const run = join(STATE, "runs", `${lesson.id}-${audience}`);
  const lessonFolder = join(run, dirname(lesson.notebook)); // inside the repository: cells resolve its node_modules
  const path = join(lessonFolder, basename(lesson.notebook));
  const started = Date.now();
  const home = join(run, "state");
  await stopRuntime(home); // of a run that was killed: its folder is about to go
  rmSync(run, { recursive: true, force: true });
  mkdirSync(lessonFolder, { recursive: true });
  cpSync(builtPath, path);
  const child = spawn(PYTHON, [join(ROOT, "tools", "execute_notebook.py"), path, lessonFolder], {
    env: { ...process.env, ...EMBEDDED_DOORS, LLMOPS_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  let problems: LessonRun["problems"] | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { cell: number; of: number; done?: true; problems: LessonRun["problems"] };
    if (event.done) problems = event.problems;
    else onCell(event.cell, event.of);
  }
  await ended;
  await stopRuntime(home);
  for (const problem of problems ?? []) if (problem.died) problem.fault += errors === "" ? ", and wrote nothing" : `:\n${errors}`;
  problems ??= [{ cell: 0, fault: `the runner failed:\n${errors}` }];
  return { lesson, notebook: readNotebook(path), folder: run, problems, seconds: (Date.now() - started) / 1000 };
}

/** Ends the local runtime of a lesson, with the jobs that it left running. */
async function stopRuntime(home: string): Promise<void> {
  const { findLocalServer, openLocal } = await import("llmops/pair");
  if (await findLocalServer(home)) await openLocal({ home, packages: "standard" }).stop();
}

function select(lessons: LessonSource[], wanted: string[]): LessonSource[] {
  const unknown = wanted.filter((name) => !lessons.some(({ id }) => id === name || id.startsWith(`${name}.`)));
  if (unknown.length) {
    console.error(`No source for ${unknown.join(", ")}. There is: ${lessons.map(({ id }) => id).join(", ")}`);
    process.exit(2);
  }
  return wanted.length ? lessons.filter(({ id }) => wanted.some((name) => id === name || id.startsWith(`${name}.`))) : lessons;
}

/** Stores the outputs of a good run in its notebook, and what the lesson publishes in its place. */
function store(run: LessonRun, builtPath: string): void {
  const { notebook, lesson, folder } = run;
  const { metadata } = readNotebook(builtPath);
  const provenance = { ...metadata.workbook!, executed: true };
  // What the kernel says of itself is kept: without it JupyterLab adds it, and every notebook opens as changed.
  const { language_info } = notebook.metadata;
  notebook.metadata = { ...metadata, language_info, workbook: provenance };
  writeNotebook(builtPath, notebook);
  if (!lesson.front.publishes || provenance.audience !== "student") return;
  const target = join(ROOT, lesson.front.publishes.to);
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  cpSync(join(folder, lesson.front.publishes.from), fresh, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

function printCells(notebook: Notebook): void {
  for (const cell of notebook.cells) {
    const text = textOf(cell.source);
    if (cell.cell_type !== "code") {
      console.log(`\n${text}`);
      continue;
    }
    console.log(`\n[${cell.execution_count ?? " "}] ${text.split("\n").join("\n    ")}\n`);
    for (const output of cell.outputs ?? []) console.log(plainText(output).replace(/\n$/, ""));
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      for: { type: "string", default: "student" },
      check: { type: "boolean", default: false },
      stale: { type: "boolean", default: false },
      print: { type: "boolean", default: false },
    },
  });
  const audience = values.for as Audience;
  const built = buildNotebooks(audience);
  let lessons = select(readLessons(readOutline()), positionals);
  if (values.stale) lessons = lessons.filter(({ id }) => !readNotebook(built.get(id)!).metadata.workbook?.executed);
  const limit = pLimit(AT_ONCE);
  let failed = 0;
  await Promise.all(
    lessons.map((lesson) =>
      limit(async () => {
        const builtPath = built.get(lesson.id)!;
        const run = await runLesson(lesson, builtPath, (cell, of) => {
          if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${lesson.id}  cell ${cell} of ${of}`);
        });
        if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
        if (values.print) printCells(run.notebook);
        const changed = values.check && !run.problems.length ? differences(readNotebook(builtPath), run.notebook) : [];
        const good = run.problems.length === 0 && changed.length === 0;
        console.log(`${good ? "ok  " : "FAIL"} ${lesson.id.padEnd(5)} ${run.seconds.toFixed(1)} s  ${relative(ROOT, builtPath)}`);
        for (const { cell, fault } of run.problems) console.log(`       cell ${cell}: ${fault}`);
        for (const { cell, stored, rerun } of changed) {
          console.log(`       cell ${cell}: the run's output differs from the stored one\n--- stored\n${stored}\n--- run\n${rerun}`);
        }
        if (!good) failed += 1;
        else if (!values.check) store(run, builtPath);
      }),
    ),
  );
  console.log(`${lessons.length - failed} of ${lessons.length} lessons ran as they should`);
  return failed ? 1 : 0;
}

if (import.meta.main) process.exit(await main());
