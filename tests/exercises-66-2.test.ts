/** Lesson 66.2: a turn's calls answered one by one, and rows that teach something wrong. */
import { todo } from "llmops/course";
import type { Message } from "llmops/data";
import { answerCallsExercise, OFFERED_ROWS, rowsToDropExercise, type AnswerCalls, type CallingTurn, type RunCall } from "llmops/exercises/66-2";
import { testExercise } from "./support/exercise.ts";

type Call = CallingTurn["tool_calls"][number];

async function resultOf({ function: { name, arguments: text } }: Call, run: RunCall): Promise<unknown> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { error: "bad_arguments", message: "no JSON" };
  }
  return run({ name, arguments: given });
}
const tool = (id: string, content: unknown): Message => ({ role: "tool", tool_call_id: id, content: content as string });
const each = (make: (call: Call, run: RunCall) => Promise<unknown>): AnswerCalls => (turn, run) => Promise.all(turn.tool_calls.map((call) => make(call, run))) as Promise<Message[]>;
const right = each(async (call, run) => tool(call.id, JSON.stringify(await resultOf(call, run))));

testExercise<AnswerCalls>(answerCallsExercise, right, () => todo(), [async (turn, run) => (await right(turn, run)).reverse(), /For two calls at once the messages are .* yours are/], {
  "first call only": async (turn, run) => (await right(turn, run)).slice(0, 1),
  "no id": each(async (call, run) => ({ role: "tool", content: JSON.stringify(await resultOf(call, run)) })),
  "name for id": each(async (call, run) => tool(call.function.name, JSON.stringify(await resultOf(call, run)))),
  "arguments as text": each(async (call, run) => tool(call.id, JSON.stringify(await run({ name: call.function.name, arguments: call.function.arguments })))),
  "result as object": each(async (call, run) => tool(call.id, await resultOf(call, run))),
  "not awaited": each((call, run) => Promise.resolve(tool(call.id, JSON.stringify(resultOf(call, run))))),
  "wrong role": each(async (call, run) => ({ ...tool(call.id, JSON.stringify(await resultOf(call, run))), role: "assistant" })),
  "one message for all": async (turn, run) => [tool(turn.tool_calls[0]!.id, JSON.stringify(turn.tool_calls.length === 1 ? await resultOf(turn.tool_calls[0]!, run) : await Promise.all(turn.tool_calls.map((call) => resultOf(call, run)))))],
  "broken call ends all": each(async (call, run) => tool(call.id, JSON.stringify(await run({ name: call.function.name, arguments: JSON.parse(call.function.arguments) })))),
  "broken call left out": async (turn, run) => (await right(turn, run)).filter(({ content }) => !content?.includes("bad_arguments")),
});

testExercise<readonly (keyof typeof OFFERED_ROWS)[]>(rowsToDropExercise, ["A", "C", "E", "F"], undefined, [["A", "C", "E", "F", "H"] as never, /"H" is none of the options/], {
  "without A": ["C", "E", "F"],
  "without C": ["A", "E", "F"],
  "without E": ["A", "C", "F"],
  "without F": ["A", "C", "E"],
  B: ["A", "B", "C", "E", "F"],
  D: ["A", "C", "D", "E", "F"],
  G: ["A", "C", "E", "F", "G"],
});
