/**
 * `npm run grade`: grades a folder of students' notebooks.
 *
 *     npm run grade -- handed-in                    grades every notebook in it; writes handed-in-grades/
 *     npm run grade -- handed-in --out week-3       writes grades.csv and index.html into week-3/
 *     npm run grade -- handed-in --seconds 60       time for the answers of a notebook; also --memory (MiB)
 *
 * A notebook that was graded before, byte for byte, under the same exercises, is not run again: an interrupted run goes on
 * where it was when it is started again. Nothing is written into the folder that is graded.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { readCatalogue } from "llmops/course";
import { Grader } from "./grade/grader.ts";
import { DEFAULTS, type Limits } from "./grade/limits.ts";
import { NotebookGrade, scoreOf } from "./grade/outcome.ts";
import { gradesCsv, gradesPage, type GradedFile } from "./grade/report.ts";
import { Sandbox, type Fence } from "./grade/sandbox.ts";
import { findSubmissions, hashOf, type Submission } from "./grade/submission.ts";
import { NOTEBOOKS, ROOT } from "./paths.ts";
import { EMBEDDED_DOORS } from "./run-lessons.ts";
import { writeWhole } from "./whole-file.ts";

class UsageError extends Error {}

/** Of a flag that takes a number. */
function numberFrom(values: Record<string, string | undefined>, flag: string, otherwise: number): number {
  const text = values[flag];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new UsageError(`--${flag} ${text}: give a number above 0`);
  return value;
}

/** The lessons that have exercises, with the course's own notebook of each. */
export function gradableLessons(): Record<string, string> {
  const lessons = readCatalogue(ROOT).chapters.flatMap((chapter) => chapter.lessons);
  return Object.fromEntries(lessons.flatMap(({ id, notebook, exercises }) => (notebook !== null && exercises.length ? [[id, join(NOTEBOOKS, notebook)]] : [])));
}

/** Changes with whatever can change a grade beside the notebook: the library, the course's notebooks, the grader, its limits. */
function conditionsHash(limits: Limits, enforced: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify([limits, enforced]));
  for (const folder of [join(ROOT, "lib", "dist"), NOTEBOOKS, join(import.meta.dirname, "grade")]) {
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(js|ipynb|ts)$/.test(name) && !name.endsWith(".d.ts")).sort()) {
      hash.update(path).update(readFileSync(join(folder, path)));
    }
  }
  return hash.digest("hex");
}

/** What is known of a notebook under these conditions, or undefined. A damaged record is graded again. */
function earlierGrade(path: string): NotebookGrade | undefined {
  try {
    return NotebookGrade.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** A machine at fault is no student's: such a grade is shown, and made again the next time. */
const isFinal = (grade: NotebookGrade) => !grade.problems.some((problem) => /^(not graded to the end|the grader failed)/.test(problem)) && !grade.exercises.some(({ message }) => message.includes("it did not start within"));

export interface GradeOptions {
  folder: string;
  out: string;
  limits?: Limits;
  atOnce?: number;
  /** Which fences may be used around a process; every one that the machine allows unless given. */
  fences?: Fence[];
  say?: (line: string) => void;
  signal?: AbortSignal;
}

export async function gradeFolder({ folder, out, limits = DEFAULTS, atOnce = Math.min(2, availableParallelism()), fences, say = () => {}, signal }: GradeOptions): Promise<GradedFile[]> {
  const { submissions, links } = findSubmissions(folder);
  if (submissions.length === 0) throw new UsageError(`${folder}: there is no notebook (.ipynb) in it${links.length ? `, only links, which are not followed: ${links.join(", ")}` : ""}`);
  if (resolve(out) === resolve(folder)) throw new UsageError(`--out ${out}: that is the folder of the students' notebooks; choose another`);
  const lessons = gradableLessons();
  const sandbox = await Sandbox.open(limits, fences ? { fences } : {});
  const graded: GradedFile[] = [];
  const cache = join(out, "results");
  try {
    for (const barrier of sandbox.missing) say(`Not enforced on this machine: ${barrier}.`);
    for (const refusal of sandbox.refusals) say(`  (${refusal})`);
    for (const link of links) say(`${link}: a link, not followed.`);
    mkdirSync(cache, { recursive: true });
    const conditions = conditionsHash(limits, sandbox.enforced);
    const queue = [...submissions];
    /** One notebook handed in twice is graded once. */
    const running = new Map<string, Promise<NotebookGrade>>();
    const gradeOne = async (grader: Grader, submission: Submission): Promise<GradedFile> => {
      let hash: string;
      try {
        hash = hashOf(submission.path);
      } catch (error) {
        return { ...submission, grade: { exercises: [], problems: [(error as Error).message] } };
      }
      const record = join(cache, `${createHash("sha256").update(hash).update(conditions).digest("hex").slice(0, 32)}.json`);
      const known = earlierGrade(record) ?? (await running.get(hash));
      if (known) return { ...submission, hash, grade: known, reused: true };
      const grading = grader.grade(submission.path);
      running.set(hash, grading);
      const grade = await grading;
      if (isFinal(grade) && !signal?.aborted) writeWhole(record, `${JSON.stringify(grade)}\n`);
      return { ...submission, hash, grade };
    };
    const work = async () => {
      const grader = new Grader(sandbox, limits, lessons);
      const stop = () => void grader.close();
      signal?.addEventListener("abort", stop);
      try {
        for (let submission = queue.shift(); submission && !signal?.aborted; submission = queue.shift()) {
          const file = await gradeOne(grader, submission);
          if (signal?.aborted) break;
          graded.push(file);
          say(lineOf(file, graded.length, submissions.length));
        }
      } finally {
        signal?.removeEventListener("abort", stop);
        await grader.close();
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, submissions.length) }, work));
  } finally {
    await sandbox.close();
  }
  if (signal?.aborted) return graded;
  const order = new Map(submissions.map(({ file }, at) => [file, at]));
  graded.sort((a, b) => order.get(a.file)! - order.get(b.file)!);
  const conditions = { limits, missing: sandbox.missing, title: basename(resolve(folder)), at: new Date() };
  writeWhole(join(out, "grades.csv"), gradesCsv(graded, conditions));
  writeWhole(join(out, "index.html"), gradesPage(graded, conditions));
  return graded;
}

function lineOf({ file, grade, reused }: GradedFile, at: number, of: number): string {
  const count = `${at}`.padStart(`${of}`.length);
  if (grade.lesson === undefined) return `${count}/${of} ${file}: ${grade.problems[0] ?? "not graded"}`;
  const odd = grade.exercises.filter(({ outcome }) => outcome === "stopped" || outcome === "failed").map(({ exercise, outcome }) => `${exercise} ${outcome}`);
  return `${count}/${of} ${file}: ${grade.lesson}, ${scoreOf(grade)} of ${grade.exercises.length}${odd.length ? `; ${odd.join(", ")}` : ""}${reused ? " (graded before)" : ""}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string" }, seconds: { type: "string" }, cpu: { type: "string" }, memory: { type: "string" }, processes: { type: "string" }, output: { type: "string" } },
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw new UsageError("give one folder: npm run grade -- FOLDER [--out FOLDER] [--seconds 20] [--cpu 30] [--memory 512] [--processes 64] [--output 8]");
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UsageError(`${folder}: there is no such folder`);
  const out = values.out ?? join(dirname(resolve(folder)), `${basename(resolve(folder))}-grades`);
  const seconds = numberFrom(values, "seconds", DEFAULTS.seconds);
  const limits: Limits = {
    seconds,
    cpuSeconds: Math.ceil(numberFrom(values, "cpu", seconds + DEFAULTS.cpuSeconds - DEFAULTS.seconds)),
    memoryMiB: Math.ceil(numberFrom(values, "memory", DEFAULTS.memoryMiB)),
    processes: Math.ceil(numberFrom(values, "processes", DEFAULTS.processes)),
    outputMiB: numberFrom(values, "output", DEFAULTS.outputMiB),
  };
  // The judges' side of every door is the embedded one: grading must not depend on the instructor's keys, nor cost anything.
  const home = mkdtempSync(join(tmpdir(), "workbook-grading-"));
  Object.assign(process.env, EMBEDDED_DOORS, { LLMOPS_HOME: home });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  try {
    await gradeFolder({ folder, out, limits, say: (line) => console.log(line), signal: stop.signal });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  if (stop.signal.aborted) {
    console.error("\nInterrupted. What was graded is kept: the same command goes on from there.");
    return 130;
  }
  console.log(`\n${["grades.csv", "index.html"].map((name) => relative(process.cwd(), join(out, name)).split(sep).join("/")).join("\n")}`);
  return 0;
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsage = error instanceof UsageError || String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
    console.error(isUsage ? (error as Error).message : ((error as Error).stack ?? String(error)));
    process.exitCode = 2;
  }
}
