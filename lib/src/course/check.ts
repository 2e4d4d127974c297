/**
 * Exercises that check themselves. A wrong answer is compared with the misconceptions its author declared, and gets
 * that one's explanation; an answer nobody foresaw still hears which case failed.
 */
import { escapeHtml, PLAIN_HTML, show } from "./display.js";
import { note } from "./lesson.js";
import { exerciseProgress, readProgress } from "./progress.js";

/** What a check says. `untouched` is a stub nobody has filled in yet: no error, no blame. */
export type Verdict =
  | { outcome: "right"; message: string }
  | { outcome: "wrong"; message: string; misconception?: string }
  | { outcome: "untouched"; message: string };

/** A mistake worth foreseeing: how it shows in the answer, and what to say to the student who made it. */
export interface Misconception<Answer> {
  name: string;
  matches: (answer: Answer) => boolean | Promise<boolean>;
  message: string;
}

/** What an exercise asks for: each kind has its own way to be compared, and its own faults. */
export type AnswerKind = "number" | "choice" | "function" | "text" | "dataset" | "file" | "skill";

export interface Exercise<Answer> {
  /** "63.7/cost": lesson and a short name, unique in the course. */
  id: string;
  kind: AnswerKind;
  /** Given one at a time, on request: from where to look, to all but the answer. */
  hints: readonly string[];
  /** Why the answer is wrong, or undefined when it is right. It may throw: the student reads the error's message. */
  fault: (answer: Answer) => string | undefined | Promise<string | undefined>;
  misconceptions: readonly Misconception<Answer>[];
  /** Said to a right answer: why it is right, not only that it is. */
  because: string | ((answer: Answer) => string | Promise<string>);
}

/** The body of a function that the student has yet to write. (A value not given yet is simply `undefined`.) */
export function todo(): never {
  throw new StubError();
}

/** Thrown by `todo()`. `check` recognises it and answers "not yet". */
export class StubError extends Error {
  constructor() {
    super("This is still the stub: replace todo() with your answer.");
    this.name = "StubError";
  }
}

/** Judges an answer without showing anything: for tests and graders. `undefined` is a stub nobody filled. */
export async function judge<Answer>(exercise: Exercise<Answer>, answer: Answer | undefined): Promise<Verdict> {
  const untouched: Verdict = { outcome: "untouched", message: "Fill in the stub and run the cell again." };
  if (answer === undefined) return untouched;
  try {
    const fault = await exercise.fault(answer);
    if (fault === undefined) {
      const { because } = exercise;
      return { outcome: "right", message: typeof because === "string" ? because : await because(answer) };
    }
    for (const { name, matches, message } of exercise.misconceptions) {
      if (await holds(matches, answer)) return { outcome: "wrong", message, misconception: name };
    }
    return { outcome: "wrong", message: fault };
  } catch (error) {
    if (isStubError(error)) return untouched;
    return { outcome: "wrong", message: `Your code threw ${String(error)}` };
  }
}

// A predicate may fail on an answer of an unforeseen shape; then it simply does not match.
async function holds<Answer>(matches: Misconception<Answer>["matches"], answer: Answer): Promise<boolean> {
  try {
    return await matches(answer);
  } catch (error) {
    if (isStubError(error)) throw error;
    return false;
  }
}

const isStubError = (error: unknown) => error instanceof Error && error.name === "StubError";

/**
 * Judges an answer, keeps the verdict in the student's progress, and shows it below the cell.
 *
 * @param help "hint" shows the next of the exercise's hints where the answer is not right; the last one stays
 */
export async function check<Answer>(exercise: Exercise<Answer>, answer: Answer | undefined, help?: "hint"): Promise<void> {
  const { id, hints = [] } = exercise;
  const verdict = await judge(exercise, answer);
  const now = () => new Date().toISOString();
  if (verdict.outcome !== "untouched") {
    note({ did: "answered", at: now(), exercise: id, outcome: verdict.outcome, ...("misconception" in verdict && verdict.misconception !== undefined ? { misconception: verdict.misconception } : {}) });
  }
  let hint: string | undefined;
  if (verdict.outcome !== "right" && hints.length) {
    if (help === "hint") {
      const number = Math.min(hintsTaken(id) + 1, hints.length);
      note({ did: "took a hint", at: now(), exercise: id, number });
      taken.set(id, number);
      hint = `Hint ${number} of ${hints.length}: ${hints[number - 1]}`;
    } else if (verdict.outcome === "wrong") {
      hint = 'For a hint, give the check "hint" behind your answer, and run the cell again.';
    }
  }
  showVerdict(id, verdict, hint);
}

/** Hints taken in this process: what counts where no progress is kept. */
const taken = new Map<string, number>();
const hintsTaken = (id: string): number => Math.max(taken.get(id) ?? 0, exerciseProgress(readProgress(), id).hints);

function showVerdict(id: string, verdict: Verdict, hint: string | undefined): void {
  const label = { right: "Right", wrong: "Not right", untouched: "Not yet" }[verdict.outcome];
  const colour = { right: "#00695c", wrong: "#b71c1c", untouched: "#5f6368" }[verdict.outcome];
  show({
    "text/plain": `${id}: ${label}. ${verdict.message}${hint === undefined ? "" : `\n${hint}`}`,
    "text/html":
      `<div class="${PLAIN_HTML}" role="status" style="border-left:4px solid ${colour};padding:.4em .8em">` +
      `<strong style="color:${colour}">${label}.</strong> ${escapeHtml(verdict.message)}` +
      `${hint === undefined ? "" : `<p style="margin:.4em 0 0">${escapeHtml(hint)}</p>`}</div>`,
  });
}
