import { todo } from "llmops/course";
import { agentBill, percentileExercise, type AgentBill, type Percentile } from "llmops/exercises/66-8";
import { testExercise } from "./support/exercise.ts";

const rank = (values: readonly number[], share: number) => Math.ceil(share * values.length) - 1;
const percentile: Percentile = (values, share) => [...values].sort((a, b) => a - b)[rank(values, share)] as number;
testExercise<Percentile>(percentileExercise, percentile, () => todo(), [(values) => Math.min(...values), /\[120, 95, .*\] and the share 0\.95 your function gives 80; it should give 1200/], {
  "sorted as text": (values, share) => ([...values] as unknown[]).sort()[rank(values, share)] as number,
  "not sorted": (values, share) => values[rank(values, share)] as number,
  "one place too far": (values, share) => { const all = [...values].sort((a, b) => a - b); return all[Math.min(Math.floor(share * all.length), all.length - 1)] as number; },
  mean: (values) => values.reduce((sum, value) => sum + value) / values.length,
  slowest: (values) => Math.max(...values),
});

/** Adds up turn by turn, where the exercise has a formula. */
const count = ({ prompt, answer, result, turns }: Parameters<AgentBill>[0], grows = answer + result) => {
  let reads = 0, conversation = prompt;
  for (let turn = 0; turn < turns; turn++) {
    reads += conversation;
    conversation += grows;
  }
  return { reads, writes: turns * answer };
};
const bill: AgentBill = (load, { input, output }, runs) => { const { reads, writes } = count(load); return (runs * (reads * input + writes * output)) / 1e6; };
testExercise<AgentBill>(agentBill, bill, () => todo(), [(load, price, runs) => bill(load, price, runs) + 1, /1000000 runs of 2 turns, prompt 200, .* your function gives .*; it should give 77/], {
  "prompt read once": ({ prompt, answer, result, turns }, { input, output }, runs) => (runs * ((prompt + (turns - 1) * (answer + result)) * input + turns * answer * output)) / 1e6,
  "conversation does not grow": (load, { input, output }, runs) => (runs * (count(load, 0).reads * input + load.turns * load.answer * output)) / 1e6,
  "answers forgotten in the history": (load, { input, output }, runs) => (runs * (count(load, load.result).reads * input + load.turns * load.answer * output)) / 1e6,
  "prices exchanged": (load, { input, output }, runs) => bill(load, { input: 0, output: 0 }, runs) + (runs * (count(load).reads * output + count(load).writes * input)) / 1e6,
  "per token": (load, price, runs) => 1e6 * bill(load, price, runs),
  "one run": (load, price) => bill(load, price, 1),
});
