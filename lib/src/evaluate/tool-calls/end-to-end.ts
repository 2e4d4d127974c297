/** The last question: were the calls carried out, would the database hold what it should? */
import { runTool, type ToolResult } from "../../agent/run-tool.js";
import { openTaskApi, type TaskApi } from "../../agent/task-api/open.js";
import type { NewTask, Task } from "../../agent/task-api/schema.js";
import { titleKey } from "../../agent/titles.js";
import { wilson, type Proportion } from "../../teacher/statistics.js";
import { anExample, type ModelCall } from "./call.js";
import type { ToolCase } from "./cases.js";
import { parseCalls, type AnswerMessage } from "./parse.js";

/** What a run of calls left, as far as a user would see it. */
export interface Outcome {
  /** Title (without case and article), day, priority and status of each task, sorted: ids and times are of no one's concern. */
  tasks: string[];
  /** What lists showed, sorted. */
  shown: string[];
  /** Codes of refusals, sorted. */
  refused: string[];
}

export interface EndToEnd {
  /** Of cases with a state: those whose calls leave the tasks, show the lists and meet the refusals that the wanted calls do. */
  right: Proportion;
  /** Of these, the cases in which the wanted calls change something. */
  changing: Proportion;
  /** Of cases whose wanted calls change nothing: those in which the answer's do. A change nobody asked for is the worst mistake. */
  harm: Proportion;
  wrong: { case: ToolCase; calls: readonly ModelCall[]; found: Outcome; wanted: Outcome }[];
}

export interface EndToEndOptions {
  /** Told after each case. */
  onProgress?: (done: number, of: number) => void;
  signal?: AbortSignal;
}

const brief = ({ title, due_date, priority, status }: Pick<Task, "title" | "due_date" | "priority" | "status">): string => JSON.stringify([titleKey(title), due_date, priority, status]);

async function play(api: TaskApi, state: readonly NewTask[], before: readonly ModelCall[], calls: readonly ModelCall[], today: string): Promise<Outcome> {
  await api.reset(state);
  const run = (call: ModelCall): Promise<ToolResult> => runTool(api, { name: call.name, arguments: call.arguments }, { today });
  for (const call of before) await run(call);
  const outcome: Outcome = { tasks: [], shown: [], refused: [] };
  for (const call of calls) {
    const result = await run(call);
    if (!result.ok) outcome.refused.push(result.error);
    else if ("tasks" in result) outcome.shown.push(JSON.stringify([result.total, result.tasks.map(brief).sort()]));
  }
  outcome.tasks = (await api.tasks()).map(brief).sort();
  outcome.shown.sort();
  outcome.refused.sort();
  return outcome;
}

/** Calls that the conversation made before this turn: they were carried out. */
const earlier = ({ prompt: { messages } }: ToolCase): ModelCall[] => messages.flatMap((message) => ("tool_calls" in message ? (message.tool_calls ?? []).map(({ function: call }) => call) : []));
const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((each, at) => each === b[at]);
const sameTasks = (a: Outcome, b: Outcome): boolean => same(a.tasks, b.tasks);

/**
 * Carries out the calls of answers on a Task API of its own, in memory, each case from its own tasks; then the wanted calls from the
 * same tasks; and compares what is there. No database of anybody's is touched. Turns after a tool's result are left out.
 *
 * @throws RangeError when there are not as many answers as cases, or no case has a state
 */
export async function runEndToEnd(cases: readonly ToolCase[], answers: readonly (string | AnswerMessage)[], { onProgress, signal }: EndToEndOptions = {}): Promise<EndToEnd> {
  if (cases.length !== answers.length) throw new RangeError(`${answers.length} answers to ${cases.length} cases`);
  const played = cases.flatMap((each, at) => (each.state && each.due !== "report" ? [{ each, state: each.state, answer: answers[at] as string | AnswerMessage }] : []));
  if (played.length === 0) throw new RangeError("no case says which tasks there were before: give cases a state");
  const wrong: EndToEnd["wrong"] = [];
  let changing = 0, changedRightly = 0, harmed = 0;
  const apis = new Map<string, TaskApi>();
  try {
    for (const [at, { each, state, answer }] of played.entries()) {
      signal?.throwIfAborted();
      let api = apis.get(each.today);
      if (!api) apis.set(each.today, (api = await openTaskApi({ today: each.today })));
      const parsed = parseCalls(answer);
      const calls = parsed.kind === "calls" ? parsed.calls : [];
      const before = earlier(each);
      const idle = await play(api, state, before, [], each.today);
      const wanted = each.wanted.length === 0 ? idle : await play(api, state, before, each.wanted.map(anExample), each.today);
      const found = calls.length === 0 ? idle : await play(api, state, before, calls, each.today);
      const isRight = sameTasks(found, wanted) && same(found.shown, wanted.shown) && same(found.refused, wanted.refused);
      if (!isRight) wrong.push({ case: each, calls, found, wanted });
      if (!sameTasks(wanted, idle)) {
        changing++;
        if (isRight) changedRightly++;
      } else if (!sameTasks(found, idle)) harmed++;
      onProgress?.(at + 1, played.length);
    }
  } finally {
    await Promise.all([...apis.values()].map((api) => api.close()));
  }
  return { right: wilson(played.length - wrong.length, played.length), changing: wilson(changedRightly, changing), harm: wilson(harmed, played.length - changing), wrong };
}
