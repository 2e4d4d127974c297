/**
 * A thread that reads notebooks, cuts out the answers and judges them. Exercises and their expected values are here, and no
 * student's code: an answer that is a function is a stand-in that asks the sandbox, through the main thread, for each call.
 *
 * `fault` of an exercise calls answers synchronously, so this thread has to wait in the middle of its code: Atomics.wait,
 * which the main thread, with its timers and sockets, could not afford.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { judge, type Exercise } from "llmops/course";
import { textOf } from "../notebook.ts";
import { RANK, type ExerciseGrade, type NotebookGrade } from "./outcome.ts";
import type { End } from "./session.ts";
import { SlicedNotebook, type Candidate } from "./slice.ts";
import { readSubmission, UnreadableError } from "./submission.ts";
import { decode, encode, errorFrom, type Handles, type Wire } from "./wire.ts";

/** What the main thread does for this one. */
export type Request =
  | { open: { program: string; exercises: Record<string, Wire> }; ms: number }
  | { call: number; args: Wire[]; ms: number }
  | { give: Given; ms: number }
  | { close: true };
/** What a function of ours gave, or threw, when an answer called it. */
type Given = { value: Wire } | { thrown: unknown[] };
export type Answer =
  | { value: unknown; later?: true; ms: number }
  | { thrown: unknown[]; ms: number }
  | { back: unknown; args: unknown; ms: number }
  | { end: End; ms: number };

export interface Job {
  path: string;
  seconds: number;
  /** Every lesson that can be graded, with the path of the course's own notebook. */
  lessons: Record<string, string>;
}
export type Report = { exercise: ExerciseGrade } | { done: NotebookGrade };

/** Copies beyond these are not judged: each takes a process and its time. */
const MOST_ANSWERS = 5;

const { port, signal } = workerData as { port: MessagePort; signal: Int32Array };
const require = createRequire(import.meta.url);

function ask(request: Request): Answer {
  port.postMessage(request);
  for (;;) {
    const seen = Atomics.load(signal, 0);
    const received = receiveMessageOnPort(port);
    if (received) return received.message as Answer;
    Atomics.wait(signal, 0, seen);
  }
}

/** Calls of our functions by one answer; an endless loop of them would take our time, which no limit of the student's counts. */
const MOST_BACK = 1000;

/** One process of the sandbox, while one answer is judged. */
class Conversation {
  left: number;
  end: End | undefined;
  /** A function of the answer has called one of ours, and waits for it. */
  waits = false;
  backs = 0;

  constructor(ms: number) {
    this.left = ms;
  }

  /** @throws what the student's code threw; an Error where its process was ended */
  ask(request: { open: { program: string; exercises: Record<string, Wire> } } | { call: number; args: Wire[] } | { give: Given }): unknown {
    if (this.end) throw new Error(this.end.detail);
    const answer = ask({ ...request, ms: Math.max(1, this.left) });
    this.left -= answer.ms;
    if ("end" in answer) {
      this.end = answer.end;
      throw new Error(answer.end.detail);
    }
    if ("back" in answer) return this.goOn(answer);
    if ("thrown" in answer) throw errorFrom(answer.thrown);
    const value = decode(answer.value, this.handles);
    return answer.later ? Promise.resolve(value) : value;
  }

  /** The answer calls a function that the exercise handed to it: its result goes back, and the answer's own is waited for. */
  async goOn({ back, args }: { back: unknown; args: unknown }): Promise<unknown> {
    const lent = Number.isSafeInteger(back) ? this.lent.functions[back as number] : undefined;
    if (!lent || !Array.isArray(args)) throw new Error("the answer called a function that nobody gave it");
    if (++this.backs > MOST_BACK) throw new Error(`the answer called a function of the exercise more than ${MOST_BACK} times`);
    this.waits = true;
    let given: Given;
    try {
      const result = lent(...args.map((arg) => decode(arg, this.handles)));
      // On the other side it gives a promise whatever it gives here, and an answer would be judged by another rule than in its notebook.
      if (!(result instanceof Promise)) return Promise.reject(new TypeError("this exercise hands a function to the answer that is not asynchronous, which the grader cannot do"));
      given = { value: encode(await result, OWN) };
    } catch (error) {
      given = { thrown: error instanceof Error ? [error.name, error.message] : ["Error", String(error)] };
    } finally {
      this.waits = false;
    }
    return this.ask({ give: given });
  }

  handles: Handles = {
    functions: [],
    call: (id, args) => {
      if (this.waits) throw new Error("this exercise calls an answer that has not yet answered, which the grader cannot do");
      return this.ask({ call: id, args: args.map((arg) => encode(arg, this.lent)) });
    },
  };

  /** Our functions that the answer may call. It chooses their arguments, so they are no place for secrets or for power. */
  lent: Handles = { functions: [], call: () => undefined };
}

/** Where data goes out, no function goes with it: it could be a solution. */
const OWN: Handles = {
  get functions(): Handles["functions"] {
    throw new Error("this exercise gives a function where the grader takes data only");
  },
  call: () => undefined,
};

type Exercises = Record<string, unknown>;
const isExercise = (value: unknown): value is Exercise<unknown> => typeof value === "object" && value !== null && "id" in value && "fault" in value && "because" in value;
const moduleOf = (lesson: string) => lesson.replace(".", "-");
const loadExercises = (module: string) => require(`llmops/exercises/${module}`) as Exercises;

/** What a student's program gets of an exercise module: ids of exercises, and data; functions may be solutions. */
function publicPart(module: string): Wire {
  const open = Object.entries(loadExercises(module)).flatMap(([name, value]): [string, unknown][] => (isExercise(value) ? [[name, { id: value.id }]] : typeof value === "function" ? [] : [[name, value]]));
  return encode(Object.fromEntries(open), OWN);
}

const courses = new Map<string, SlicedNotebook>();
function courseNotebook(path: string): SlicedNotebook {
  const known = courses.get(path);
  if (known) return known;
  const { cells } = JSON.parse(readFileSync(path, "utf8")) as { cells: { cell_type: string; source: unknown }[] };
  const sliced = new SlicedNotebook(cells.flatMap(({ cell_type, source }, index) => (cell_type === "code" ? [{ number: index + 1, source: textOf(source) }] : [])));
  courses.set(path, sliced);
  return sliced;
}

async function assess({ path, seconds, lessons }: Job): Promise<NotebookGrade> {
  let read;
  try {
    read = readSubmission(path, new Set(Object.keys(lessons)));
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { exercises: [], problems: [error.message] };
  }
  const { lesson, cells } = read;
  const module = moduleOf(lesson);
  const exercises = Object.entries(loadExercises(module)).filter((entry): entry is [string, Exercise<unknown>] => isExercise(entry[1]));
  let notebook: SlicedNotebook;
  try {
    notebook = new SlicedNotebook(cells);
  } catch (error) {
    const message = `its code cannot be read: ${(error as Error).message}`;
    return { lesson, exercises: exercises.map(([, { id }]) => ({ exercise: id, outcome: "failed", message })), problems: [message] };
  }
  const problems = notebook.broken.map(({ cell, why }) => `cell ${cell} cannot be read and was left out (${why})`);
  const grades: ExerciseGrade[] = [];
  let left = seconds * 1000;
  for (const [index, [name, exercise]] of exercises.entries()) {
    const course = courseNotebook(lessons[lesson]!);
    const { candidates, unusable } = notebook.candidates(module, name, course);
    const budget = left / (exercises.length - index);
    const { grade, used, says } = await best(exercise, candidates, budget);
    left -= used;
    const broken = notebook.brokenWith(course.answerName(module, name) ?? name) ?? notebook.brokenWith(name);
    const none = broken
      ? { outcome: "failed" as const, cell: broken.cell, message: `Cell ${broken.cell} cannot be read: ${broken.why}` }
      : unusable[0]
        ? { outcome: "missing" as const, cell: unusable[0].cell, message: `In cell ${unusable[0].cell} ${unusable[0].why}.` }
        : { outcome: "missing" as const, message: "Neither its check nor an answer is in the notebook." };
    const found = grade ?? { exercise: exercise.id, ...none };
    grades.push(found);
    problems.push(...says.map((sentence) => `${exercise.id}: ${sentence}`));
    parentPort!.postMessage({ exercise: found } satisfies Report);
  }
  return { lesson, exercises: grades, problems };
}

async function best(exercise: Exercise<unknown>, all: readonly Candidate[], budget: number) {
  const candidates = all.slice(-MOST_ANSWERS);
  const says: string[] = [];
  const grades: ExerciseGrade[] = [];
  let used = 0;
  for (const [index, candidate] of candidates.entries()) {
    const { grade, ms } = await judgeOne(exercise, candidate, (budget - used) / (candidates.length - index));
    used += ms;
    grades.push(grade);
    if (!candidate.hasCheck) says.push(`the check is missing in cell ${candidate.cell}; its answer was judged`);
    if (candidate.borrowed.length) says.push(`taken from the course's notebook, because it is no longer in this one: ${candidate.borrowed.join(", ")}`);
  }
  const [grade] = grades.toSorted((a, b) => RANK.indexOf(a.outcome) - RANK.indexOf(b.outcome));
  if (grades.length > 1) {
    const each = grades.map(({ cell, outcome }) => `cell ${cell} ${outcome}`).join(", ");
    says.push(`${all.length} answers (${each}); the best counts`);
  }
  return { grade, used, says: [...new Set(says)] };
}

async function judgeOne(exercise: Exercise<unknown>, { program, imports, cell }: Candidate, ms: number): Promise<{ grade: ExerciseGrade; ms: number }> {
  const conversation = new Conversation(ms);
  const base = { exercise: exercise.id, cell };
  const modules = imports.flatMap((specifier) => /^llmops\/exercises\/(\d\d-\d+)$/.exec(specifier)?.[1] ?? []);
  const mine = moduleOf(exercise.id.split("/")[0]!);
  const judged = async (): Promise<ExerciseGrade> => {
    let answer: unknown;
    try {
      answer = conversation.ask({ open: { program, exercises: Object.fromEntries(modules.filter((module) => module === mine).map((module) => [module, publicPart(module)])) } });
    } catch (error) {
      const { name, message } = error as Error;
      if (name === "StubError") return { ...base, outcome: "untouched", message: "Fill in the stub and run the cell again." };
      return { ...base, outcome: "failed", message: `The cell stopped with ${name}: ${message.slice(0, 500)}` };
    }
    const verdict = await judge(exercise, await answer);
    return { ...base, ...verdict, message: verdict.message.slice(0, 2000) };
  };
  const grade = await judged();
  ask({ close: true });
  const { end } = conversation;
  // What a judge makes of an answer whose process is gone says nothing about the answer.
  const ended: ExerciseGrade | undefined = end && { ...base, outcome: end.why === "ended" || end.why === "start" ? "failed" : "stopped", message: `The answer was stopped: ${end.detail}.` };
  return { grade: ended ?? grade, ms: ms - conversation.left };
}

parentPort!.on("message", (job: Job) => {
  void assess(job)
    .catch((error: unknown): NotebookGrade => ({ exercises: [], problems: [`the grader failed on it: ${String(error)}`] }))
    .then((done) => parentPort!.postMessage({ done } satisfies Report));
});
