import { todo } from "llmops/course";
import { tokenCost, writeCallsExercise, type PlainCall, type TokenCost, type WriteCalls } from "llmops/exercises/66-4";
import { testExercise } from "./support/exercise.ts";

const pairs = ({ arguments: given }: PlainCall, quote: (text: string) => string = JSON.stringify): string => Object.entries(given).map(([key, value]) => `"${key}": ${quote(value)}`).join(", ");
const right: WriteCalls = (calls) => calls.map((call) => `{"name": "${call.name}", "parameters": {${pairs(call)}}}`).join("; ");

testExercise<WriteCalls>(writeCallsExercise, right, () => todo(), [() => "{}", /gives "\{\}"; it should give/], {
  "without spaces": (calls) => calls.map(({ name, arguments: parameters }) => JSON.stringify({ name, parameters })).join("; "),
  "arguments for parameters": (calls) => calls.map((call) => `{"name": "${call.name}", "arguments": {${pairs(call)}}}`).join("; "),
  "a list": (calls) => `[${calls.map((call) => right([call])).join(", ")}]`,
  "spaces put in afterwards": (calls) => calls.map(({ name, arguments: parameters }) => JSON.stringify({ name, parameters }).replaceAll(":", ": ").replaceAll(",", ", ")).join("; "),
  "quotes not escaped": (calls) => calls.map((call) => `{"name": "${call.name}", "parameters": {${pairs(call, (value) => `"${value}"`)}}}`).join("; "),
});

testExercise<TokenCost>(tokenCost, ({ vocabulary, hidden, added, tied }) => (vocabulary + added) * hidden * (tied ? 1 : 2), () => todo(), [() => 7, /taskling with two new tokens/], {
  "the new rows alone": ({ added, hidden, tied }) => added * hidden * (tied ? 1 : 2),
  "never twice": ({ vocabulary, hidden, added }) => (vocabulary + added) * hidden,
  "always twice": ({ vocabulary, hidden, added }) => (vocabulary + added) * hidden * 2,
  "without the new ones": ({ vocabulary, hidden, tied }) => vocabulary * hidden * (tied ? 1 : 2),
});
