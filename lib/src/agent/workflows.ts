/** Workflows with the end state that they should lead to: what users say, what a right model would call, and a judge of what came of it. */
import { readFileSync } from "node:fs";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import type { AgentCall } from "./calls.js";
import type { AgentRun } from "./loop.js";
import { NewTask, type Task } from "./task-api/schema.js";

/** One answer of the model of a script: calls, or words. */
const ScriptedAnswer = z.union([
  z.strictObject({
    calls: z.array(z.strictObject({ name: z.string(), arguments: z.union([z.record(z.string(), z.unknown()), z.string()]) })).min(1),
    /** Written wrongly on purpose: the script goes on although the call is refused. */
    slip: z.literal(true).optional(),
  }),
  z.strictObject({ says: z.string().min(1) }),
]);
export type ScriptedAnswer = z.output<typeof ScriptedAnswer>;

export const Workflow = z.strictObject({
  id: z.string().regex(/^[\w-]+$/),
  kind: z.string(),
  /** The day it plays on. */
  today: z.iso.date(),
  /** What is in the database before, numbered from 1. */
  tasks: z.array(NewTask),
  turns: z.array(z.strictObject({ user: z.string().min(1), answers: z.array(ScriptedAnswer).min(1) })).min(1),
  /** What should be in the database at the end, in any order. */
  wanted: z.array(NewTask),
});
export type Workflow = z.output<typeof Workflow>;

/**
 * The fifty workflows of datasets/agent-workflows, in the file's order.
 *
 * @throws Error with file and line of one that cannot be read
 */
export function readWorkflows(path = workbookPath("datasets/agent-workflows/workflows.jsonl")): Workflow[] {
  return readFileSync(path, "utf8").trimEnd().split("\n").map((line, at) => {
    const read = Workflow.safeParse(JSON.parse(line));
    if (!read.success) throw new Error(`${path}:${at + 1}: ${read.error.issues[0]?.path.join(".") ?? ""}: ${read.error.issues[0]?.message ?? "unreadable"}`);
    return read.data;
  });
}

/** What is compared of a task. */
type State = z.output<typeof NewTask>;
const stateOf = ({ title, due_date, priority, status }: State): string => JSON.stringify([title.toLowerCase(), due_date, priority, status]);
const sorted = (tasks: readonly State[]): string[] => tasks.map(stateOf).sort();
const sameStates = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((state, at) => state === other[at]);

/** Whether two lists hold the same tasks: title without case, due date, priority and status, in any order. */
export const sameTasks = (found: readonly State[], wanted: readonly State[]): boolean => sameStates(sorted(found), sorted(wanted));

/**
 * What became of a workflow. `right`: the wanted state. `told`: another state, and the user was told that something is not done or
 * not known. `silent`: another state and no word of it, or an account that the database contradicts: the failure that counts.
 */
export type Verdict = "right" | "told" | "silent";

export interface WorkflowRun {
  workflow: Workflow;
  verdict: Verdict;
  /** Whether what the calls say was done is what the database holds. */
  honest: boolean;
  runs: AgentRun[];
  found: Task[];
}

/** What the answers of the calls say that the database holds now. */
function claimed(before: readonly State[], calls: readonly AgentCall[]): Map<number, State> {
  const tasks = new Map(before.map((task, at) => [at + 1, task]));
  for (const { answer, changes } of calls) {
    if (!answer.ok || !changes || typeof answer["id"] !== "number") continue;
    if (answer["deleted"] === true) tasks.delete(answer["id"]);
    else tasks.set(answer["id"], { title: String(answer["title"]), due_date: (answer["due_date"] ?? null) as string | null, priority: answer["priority"] as State["priority"], status: answer["status"] as State["status"] });
  }
  return tasks;
}

/** Whether the database holds what the calls claim; each call whose fate is unknown may make one task of difference. */
function isHonest(before: readonly State[], calls: readonly AgentCall[], found: readonly Task[]): boolean {
  const claims = claimed(before, calls);
  const real = new Map(found.map((task) => [task.id, task]));
  const ids = new Set([...claims.keys(), ...real.keys()]);
  const differing = [...ids].filter((id) => {
    const one = claims.get(id), other = real.get(id);
    return one === undefined || other === undefined || stateOf(one) !== stateOf(other);
  });
  return differing.length <= calls.filter(({ mayHaveHappened }) => mayHaveHappened).length;
}

/** Holds the end of a workflow against what was wanted. */
export function judgeWorkflow(workflow: Workflow, runs: AgentRun[], found: Task[]): WorkflowRun {
  const honest = isHonest(workflow.tasks, runs.flatMap(({ calls }) => calls), found);
  const outcome = runs.at(-1)?.outcome;
  const isTold = runs.some((run) => run.outcome.kind === "failed" && run.outcome.message.trim() !== "") || (outcome?.kind === "asked" && outcome.message.trim() !== "");
  return { workflow, honest, runs, found, verdict: !honest ? "silent" : sameTasks(found, workflow.wanted) ? "right" : isTold ? "told" : "silent" };
}

export interface PlayOptions {
  /** Tasks are written and read here, past any proxy. */
  api: { reset(tasks: readonly z.input<typeof NewTask>[]): Promise<void>; tasks(): Promise<Task[]> };
  /** The system prompt. */
  system: string;
  /** Answers one message of the user. */
  answer: (messages: ChatCompletionMessageParam[], runId: string) => Promise<AgentRun>;
  /** Names this playing, in run ids. */
  name?: string;
  /** Awaited before the end state is read: what was given up may still be at work. */
  settled?: () => Promise<void>;
}

/**
 * Plays a workflow: its tasks into the database, its user's messages one by one to the agent, the end state out of the database. A
 * run that ended because a server is gone, or at a limit, ends the workflow.
 */
export async function playWorkflow(workflow: Workflow, { api, system, answer, name = "play", settled = async () => {} }: PlayOptions): Promise<WorkflowRun> {
  await api.reset(workflow.tasks);
  let messages: ChatCompletionMessageParam[] = [{ role: "system", content: system }];
  const runs: AgentRun[] = [];
  for (const [at, { user }] of workflow.turns.entries()) {
    const run = await answer([...messages, { role: "user", content: user }], `${name}/${workflow.id}/${at}`);
    runs.push(run);
    messages = run.messages;
    if (run.outcome.kind === "failed" && run.outcome.why !== "refused") break;
  }
  await settled();
  return judgeWorkflow(workflow, runs, await api.tasks());
}
