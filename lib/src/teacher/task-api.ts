/** The vocabulary of the course's running example, shared by the prompts, the simulator and the labs. */

export const OPERATIONS = ["create", "update", "complete", "delete", "list"] as const;
/** What a user can ask of the Task API. */
export type Operation = (typeof OPERATIONS)[number];

export const PRIORITIES = ["low", "medium", "high"] as const;
/** A task's priority; a task that names none is `medium`. */
export type Priority = (typeof PRIORITIES)[number];

/** The situations a training conversation can show, by operation, with the share of each among its operation's rows. */
export const SCENARIOS = {
  create: {
    "happy-path": 46, "missing-details": 18, "changed-mind": 10, "past-due-date": 8, "invalid-priority": 7, "empty-title": 5,
    "small-talk": 6,
  },
  update: { "happy-path": 50, "missing-details": 14, "ambiguous-reference": 14, "unknown-task": 9, "past-due-date": 7, "invalid-priority": 6 },
  complete: { "happy-path": 54, "several-tasks": 12, "ambiguous-reference": 14, "unknown-task": 11, "already-done": 9 },
  delete: { "happy-path": 36, confirmation: 26, "ambiguous-reference": 13, "unknown-task": 12, "delete-all": 6, "no-undo": 7 },
  list: { "happy-path": 58, "follow-up": 20, "empty-result": 12, "out-of-scope": 10 },
} as const satisfies Record<Operation, Record<string, number>>;

/** How a user talks. */
export const REGISTERS = ["neutral", "terse", "polite", "chatty", "dictated", "rushed", "formal", "learner"] as const;
export type Register = (typeof REGISTERS)[number];
