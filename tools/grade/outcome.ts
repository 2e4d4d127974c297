/** What grading a notebook gives. */
import { z } from "zod";

export const OUTCOMES = {
  right: "right",
  wrong: "wrong",
  untouched: "not yet",
  missing: "missing",
  stopped: "stopped",
  failed: "failed",
} as const;
export type Outcome = keyof typeof OUTCOMES;

export const ExerciseGrade = z.strictObject({
  /** "62.1/attention" */
  exercise: z.string(),
  outcome: z.enum(Object.keys(OUTCOMES) as [Outcome, ...Outcome[]]),
  /** The named mistake that it is. */
  misconception: z.string().optional(),
  /** What the student reads or, where no answer was judged, why not. */
  message: z.string(),
  /** The cell of the answer that counts, from 1. */
  cell: z.number().optional(),
});
export type ExerciseGrade = z.infer<typeof ExerciseGrade>;

export const NotebookGrade = z.strictObject({
  lesson: z.string().optional(),
  exercises: z.array(ExerciseGrade),
  /** What is odd about the notebook: broken cells, copies, what had to be taken from the course's own. */
  problems: z.array(z.string()),
});
export type NotebookGrade = z.infer<typeof NotebookGrade>;

export const scoreOf = ({ exercises }: NotebookGrade) => exercises.filter(({ outcome }) => outcome === "right").length;

/** From the best on: which of several answers to one exercise counts. */
export const RANK: readonly Outcome[] = ["right", "wrong", "stopped", "failed", "untouched", "missing"];
