/**
 * What a student did, kept in `.workbook/progress.jsonl` beside the work: a line an event, only ever appended, so that two
 * notebooks can write at once. Exercises are known by their ids: a cell may be moved, copied or deleted.
 */
import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Catalogue, CatalogueLesson } from "./catalogue.js";
import { findWorkbookHome } from "./workbook.js";

const at = z.iso.datetime();
const ProgressEvent = z.discriminatedUnion("did", [
  z.object({ did: z.literal("opened"), at, lesson: z.string() }),
  z.object({ did: z.literal("answered"), at, exercise: z.string(), outcome: z.enum(["right", "wrong"]), misconception: z.string().optional() }),
  z.object({ did: z.literal("took a hint"), at, exercise: z.string(), number: z.int().positive() }),
]);
export type ProgressEvent = z.infer<typeof ProgressEvent>;

/** How far an exercise is. An answer that was right once stays right. */
export interface ExerciseProgress {
  state: "open" | "wrong" | "right";
  /** Answers judged up to the first right one. */
  tries: number;
  hints: number;
  /** Names of the mistakes met, in their order. */
  misconceptions: string[];
}

/** Everything that was done, by lesson and exercise. */
export interface Progress {
  /** When a lesson was first and last opened, by its id. */
  opened: Map<string, { first: string; last: string }>;
  exercises: Map<string, ExerciseProgress>;
  /** Lines that are no event: of a newer workbook, or cut off by a full disk. They stay in the file. */
  unread: number;
}

export type LessonState = "not begun" | "begun" | "done";

export const progressPath = (home = findWorkbookHome()): string => join(home, "progress.jsonl");

/** Appends an event. The line before it that was cut off stays a line of its own. */
export function recordProgress(event: ProgressEvent, home = findWorkbookHome()): void {
  const path = progressPath(home);
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${endsLine(path) ? "" : "\n"}${JSON.stringify(event)}\n`);
}

function endsLine(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last[0] === 10);
  } finally {
    closeSync(file);
  }
}

/** Reads what was done so far; nothing where nothing was. */
export function readProgress(home = findWorkbookHome()): Progress {
  const path = progressPath(home);
  const progress: Progress = { opened: new Map(), exercises: new Map(), unread: 0 };
  if (!existsSync(path)) return progress;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    const event = readEvent(line);
    if (event) take(event, progress);
    else progress.unread += 1;
  }
  return progress;
}

function readEvent(line: string): ProgressEvent | undefined {
  try {
    return ProgressEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function take(event: ProgressEvent, progress: Progress): void {
  if (event.did === "opened") {
    progress.opened.set(event.lesson, { first: progress.opened.get(event.lesson)?.first ?? event.at, last: event.at });
    return;
  }
  const exercise = exerciseProgress(progress, event.exercise);
  progress.exercises.set(event.exercise, exercise);
  if (event.did === "took a hint") {
    exercise.hints = Math.max(exercise.hints, event.number);
    return;
  }
  if (exercise.state !== "right") {
    exercise.tries += 1;
    exercise.state = event.outcome;
  }
  if (event.misconception !== undefined) exercise.misconceptions.push(event.misconception);
}

/** The standing of one exercise, open where it was never answered. */
export const exerciseProgress = (progress: Progress, id: string): ExerciseProgress =>
  progress.exercises.get(id) ?? { state: "open", tries: 0, hints: 0, misconceptions: [] };

/** A lesson is done when each of its exercises was answered rightly once; one without exercises when it was opened. */
export function lessonState(lesson: CatalogueLesson, progress: Progress): LessonState {
  const right = lesson.exercises.filter((id) => exerciseProgress(progress, id).state === "right").length;
  const touched = progress.opened.has(lesson.id) || lesson.exercises.some((id) => progress.exercises.has(id));
  if (!touched) return "not begun";
  return right === lesson.exercises.length ? "done" : "begun";
}

/** The lesson to go on with: the last one opened that is not done, else the first written one that is not done after it. */
export function nextLesson(catalogue: Catalogue, progress: Progress): CatalogueLesson | undefined {
  const written = catalogue.chapters.flatMap(({ lessons }) => lessons).filter(({ notebook }) => notebook !== null);
  const last = [...progress.opened].sort(([, a], [, b]) => (a.last < b.last ? 1 : -1))[0]?.[0];
  const from = Math.max(0, written.findIndex(({ id }) => id === last));
  return [...written.slice(from), ...written.slice(0, from)].find((lesson) => lessonState(lesson, progress) !== "done");
}
