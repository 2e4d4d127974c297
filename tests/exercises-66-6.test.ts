import { todo } from "llmops/course";
import { nextMessages, tokensRead, type NextMessages, type TokensRead } from "llmops/exercises/66-6";
import { testExercise } from "./support/exercise.ts";

const calling: (calls: Parameters<NextMessages>[0]) => object = (calls) => ({ role: "assistant", content: null, tool_calls: calls.map(({ id, name, arguments: given }) => ({ id, type: "function", function: { name, arguments: given } })) });
const right: NextMessages = (calls, results) => [calling(calls), ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: JSON.stringify(results[id]) }))];

testExercise<NextMessages>(nextMessages, right, () => todo(), [(calls) => [calling(calls)], /one call/], {
  "the assistant's message left out": (calls, results) => right(calls, results).slice(1),
  "results as objects": (calls, results) => [calling(calls), ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: results[id] }))],
  "the old function role": (calls, results) => [calling(calls), ...calls.map(({ id, name }) => ({ role: "function", name, content: JSON.stringify(results[id]) }))],
  "all results in one message": (calls, results) => [calling(calls), { role: "tool", tool_call_id: calls[0]?.id, content: JSON.stringify(calls.length === 1 ? results[calls[0]!.id] : calls.map(({ id }) => results[id])) }],
  "results by position": (calls, results) => [calling(calls), ...Object.values(results).map((result, at) => ({ role: "tool", tool_call_id: calls[at]?.id, content: JSON.stringify(result) }))],
  "arguments as objects": (calls, results) => [
    { role: "assistant", content: null, tool_calls: calls.map(({ id, name, arguments: given }) => ({ id, type: "function", function: { name, arguments: JSON.parse(given) as unknown } })) },
    ...right(calls, results).slice(1),
  ],
});

const read: TokensRead = (first, added) => {
  let prompt = first, sum = first;
  for (const more of added) sum += prompt += more;
  return sum;
};
const total = (added: readonly number[]): number => added.reduce((sum, more) => sum + more, 0);
testExercise<TokensRead>(tokensRead, read, () => todo(), [() => 7, /reads 150/], {
  "only the last request": (first, added) => first + total(added),
  "the first prompt each time": (first, added) => first * (added.length + 1),
  "growth counted once": (first, added) => first * (added.length + 1) + total(added),
  "the last request forgotten": (first, added) => read(first, added.slice(0, -1)),
});
