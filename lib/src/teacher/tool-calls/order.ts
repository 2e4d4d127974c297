/** What a run of tool-call conversations asks for: drawn by a program, so that kinds, tools and states are balanced whoever writes. */
import { z } from "zod";
import { Random } from "../random.js";
import { isDay } from "../simulator/calendar.js";
import { REGISTERS } from "../task-api.js";
import { makeTitle, WORD_KINDS, type WordKind } from "./titles.js";

/**
 * Kinds of conversation. `single` and `parallel` end with calls; `clarify` asks for what is missing before it calls; `result` and
 * `error` go on to the tools' real answers and what is said to them; in `no-call` no call is due.
 */
export const TOOL_KINDS = ["single", "parallel", "no-call", "clarify", "result", "error"] as const;
export type ToolKind = (typeof TOOL_KINDS)[number];

/** A task that is there before the conversation begins. */
export const StateTask = z.strictObject({
  title: z.string().min(1), due_date: z.iso.date().optional(), priority: z.enum(["low", "high"]).optional(), status: z.literal("done").optional(),
});
export type StateTask = z.output<typeof StateTask>;

/** One conversation as it is ordered. */
export const ToolOrder = z.strictObject({
  kind: z.enum(TOOL_KINDS),
  /** The tools to be called, in order. */
  tools: z.array(z.string()),
  /** What a conversation of its kind is about, where the kind has more than one sort. */
  about: z.string().optional(),
  /** Whether the tools' answers are part of it. */
  results: z.boolean(),
  words: z.enum(WORD_KINDS),
  register: z.enum(REGISTERS),
  tasks: z.array(StateTask),
});
export type ToolOrder = z.output<typeof ToolOrder>;

/** A run. Plain data: each order can be drawn again from it. */
export interface ToolPlan {
  count: number;
  /** Conversations in one request to the teacher. */
  batch: number;
  /** The share of each kind; they need not add up to 1. */
  kinds: Readonly<Partial<Record<ToolKind, number>>>;
  /** YYYY-MM-DD, the day that "tomorrow" counts from. */
  today: string;
  seed: number;
  /** Share of conversations whose titles have words that exist nowhere. */
  invented: number;
}

export const DEFAULT_KINDS: Readonly<Record<ToolKind, number>> = { single: 40, parallel: 16, "no-call": 12, clarify: 12, result: 13, error: 7 };

/** What can be missing, and how often. */
export const MISSING = { "title of a new task": 3, "which task": 5, "new date": 2, "new title": 2, "new priority": 2, "what to change": 2 } as const;
/** What people say where no call is due. */
export const NO_CALL = { thanks: 3, greeting: 2, ability: 2, outside: 5, "told not to": 3, "small talk": 2 } as const;
/** What goes wrong, by the Task API's own codes. */
export const ERRORS = { not_found: 4, ambiguous: 3, unclear_date: 2, past_date: 2 } as const;

const WITH_TITLE = ["create_task", "update_task", "complete_task", "delete_task"] as const;

/** The order of conversation `index` (from 0). */
export function drawOrder(plan: ToolPlan, index: number): ToolOrder {
  const random = new Random(plan.seed, "tool order", index);
  const kind = random.weighted(plan.kinds);
  const words: WordKind = random.chance(plan.invented) ? "invented" : "plain";
  const register = random.weighted({ neutral: 5, terse: 2, polite: 3, chatty: 1 });
  const shape = { kind, words, register, results: kind === "result" || kind === "error" };
  const any = (): string => random.weighted({ create_task: 5, update_task: 6, complete_task: 4, delete_task: 4, list_tasks: 4 });
  const tasks = (least: number): StateTask[] => drawTasks(random, words, least, least + random.integer(0, 3 - Math.min(least, 3)));
  switch (kind) {
    case "single": {
      const tool = any();
      return { ...shape, tools: [tool], tasks: tasks(1) };
    }
    case "parallel": {
      const count = random.chance(0.75) ? 2 : 3;
      const isAlike = random.chance(0.4);
      const first = random.pick(WITH_TITLE);
      const tools = Array.from({ length: count }, (_, at) => (isAlike || at === 0 ? first : any()));
      // Two long lists of results would not fit into a short context.
      const results = count === 2 && !tools.includes("list_tasks") && random.chance(0.25);
      return { ...shape, tools, results, tasks: tasks(count) };
    }
    case "no-call":
      return { ...shape, tools: [], about: random.weighted(NO_CALL), tasks: tasks(1) };
    case "clarify": {
      const about = random.weighted(MISSING);
      const tool = about === "title of a new task" ? "create_task" : about === "which task" ? random.pick(["update_task", "complete_task", "delete_task"]) : "update_task";
      return { ...shape, tools: [tool], about, tasks: tasks(1) };
    }
    case "result": {
      const tool = any();
      const isLonger = tool !== "list_tasks" && tool !== "delete_task" && random.chance(0.3);
      return { ...shape, tools: isLonger ? [tool, tool === "complete_task" ? "delete_task" : random.pick(["update_task", "complete_task", "delete_task"])] : [tool], tasks: tasks(1) };
    }
    case "error": {
      const about = random.weighted(ERRORS);
      const tool = about === "not_found" || about === "ambiguous" ? random.pick(["update_task", "complete_task", "delete_task"]) : random.pick(["create_task", "update_task"]);
      return { ...shape, tools: [tool], about, tasks: about === "ambiguous" ? twins(random, words) : tasks(1) };
    }
  }
}

/** `count` tasks, of which those after the first `open` may be done. */
function drawTasks(random: Random, words: WordKind, open: number, count: number): StateTask[] {
  const tasks: StateTask[] = [];
  while (tasks.length < count) {
    const title = makeTitle(random, words).text;
    if (tasks.some((task) => overlap(task.title, title))) continue;
    tasks.push({
      title,
      ...(random.chance(0.5) ? { due_date: `2026-12-${String(random.integer(1, 28)).padStart(2, "0")}` } : {}),
      ...(random.chance(0.3) ? { priority: random.pick(["low", "high"] as const) } : {}),
      ...(tasks.length >= open && random.chance(0.3) ? { status: "done" as const } : {}),
    });
  }
  return tasks;
}

/** Titles that a search could mistake for each other. */
function overlap(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  return one.includes(other) || other.includes(one) || one.split(" ").filter((word) => word.length > 3 && other.split(" ").includes(word)).length > 1;
}

/** Two tasks that begin alike: who names only the beginning means either. */
function twins(random: Random, words: WordKind): StateTask[] {
  for (;;) {
    const stem = makeTitle(random, words).text;
    const [one, other] = random.sample(["for Mia", "for the office", "again", "on paper", "in the garden", "with Omar", "for the school", "part two"], 2);
    if (stem.split(" ").length >= 2 && stem.split(" ").length <= 4) return [{ title: `${stem} ${one ?? ""}` }, { title: `${stem} ${other ?? ""}` }];
  }
}

/** What is wrong with a plan, in a sentence; undefined when nothing is. */
export function checkToolPlan({ count, batch, kinds, today, seed, invented }: ToolPlan): string | undefined {
  const whole = (value: number, low: number, high: number) => Number.isInteger(value) && value >= low && value <= high;
  if (!whole(count, 1, 100_000)) return `count must be a whole number from 1 to 100000, not ${count}`;
  if (!whole(batch, 1, 20)) return `batch must be a whole number from 1 to 20, not ${batch}`;
  if (!whole(seed, 0, Number.MAX_SAFE_INTEGER)) return `seed must be a whole number of at least 0, not ${seed}`;
  if (!isDay(today)) return `today must be a date like 2026-11-23, not "${today}"`;
  if (!(invented >= 0 && invented <= 1)) return `invented must be a share from 0 to 1, not ${invented}`;
  const unknown = Object.keys(kinds).find((kind) => !(TOOL_KINDS as readonly string[]).includes(kind));
  if (unknown !== undefined) return `unknown kind "${unknown}"; there are ${TOOL_KINDS.join(", ")}`;
  if (!Object.values(kinds).some((share) => share > 0)) return `kinds must give at least one of ${TOOL_KINDS.join(", ")} a share above 0`;
  return undefined;
}
