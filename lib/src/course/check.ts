/**
 * Exercises that check themselves. A wrong answer is compared with the misconceptions its author declared, and gets
 * that one's explanation; an answer nobody foresaw still hears which case failed.
 */
import { escapeHtml, PLAIN_HTML, show } from "./display.js";

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
  kind?: AnswerKind;
  /** Given one at a time, on request: from where to look, to all but the answer. */
  hints?: readonly string[];
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

/** Judges an answer and shows the verdict below the cell. */
export async function check<Answer>(exercise: Exercise<Answer>, answer: Answer | undefined): Promise<void> {
  const verdict = await judge(exercise, answer);
  const label = { right: "Right", wrong: "Not right", untouched: "Not yet" }[verdict.outcome];
  const colour = { right: "#00695c", wrong: "#b71c1c", untouched: "#5f6368" }[verdict.outcome];
  show({
    "text/plain": `${exercise.id}: ${label}. ${verdict.message}`,
    "text/html":
      `<div class="${PLAIN_HTML}" role="status" style="border-left:4px solid ${colour};padding:.4em .8em">` +
      `<strong style="color:${colour}">${label}.</strong> ${escapeHtml(verdict.message)}</div>`,
  });
}
