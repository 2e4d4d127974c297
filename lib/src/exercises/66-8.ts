/** The exercises of lesson 66.8, "Capstone — Task Agent Backend". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** The time that so large a share of the answers does not exceed: the nearest rank, which is a time that was measured. */
export type Percentile = (milliseconds: readonly number[], share: number) => number;

const TIMES: readonly (readonly [readonly number[], number])[] = [
  [[120, 95, 80, 1200, 110, 90, 100, 105, 85, 115], 0.95], [[120, 95, 80, 1200, 110, 90, 100, 105, 85, 115], 0.5], [[9, 80, 700], 0.5], [[40, 10, 20, 30], 0.75],
  [Array.from({ length: 40 }, (_, at) => ((at * 17) % 40) * 10 + 5), 0.95], [[7], 0.95],
];
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const percentile: Percentile = (values, share) => sorted(values)[Math.ceil(share * values.length) - 1] ?? NaN;

export const percentileExercise: Exercise<Percentile> = {
  id: "66.8/percentile",
  hints: [
    "Put the times in order, shortest first. The median of ten is at which place, counted from 1? And the time that 95% of ten do not exceed?",
    "The place counted from 1 is share × number, rounded up. JavaScript counts from 0.",
    "[...milliseconds].sort((a, b) => a - b): without the function, sort compares texts, and 1200 comes before 80. Copy first: sort changes the array.",
  ],
  ...functionAnswer<Percentile>({
    cases: TIMES.map(([values, share]) => ({ given: [values, share], name: `${values.length <= 10 ? `[${values.join(", ")}]` : `${values.length} times`} and the share ${share}` })),
    right: percentile,
    mistakes: [
      { name: "sorted as text", gives: (values, share) => [...values].map(String).sort().map(Number)[Math.ceil(share * values.length) - 1] ?? NaN, message: "You sort without a comparison, and JavaScript then sorts texts: 1200 stands before 80. Give sort a function: (a, b) => a - b." },
      { name: "not sorted", gives: (values, share) => values[Math.ceil(share * values.length) - 1] ?? NaN, message: "You take a place of the list as it was measured. Put the times in order first." },
      { name: "one place too far", gives: [(values, share) => sorted(values)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN, (values, share) => sorted(values)[Math.min(values.length - 1, Math.ceil(share * values.length))] ?? NaN], message: "One place too far: share × number, rounded up, counts from 1, and arrays from 0. Subtract one." },
      { name: "mean", gives: (values) => values.reduce((sum, value) => sum + value, 0) / values.length, message: "That is the mean. One answer of 1,200 ms among ten moves it far, and nobody waited that long on average: a percentile is a time that somebody waited." },
      { name: "slowest", gives: (values) => Math.max(...values), message: "That is the slowest of all. It grows with every answer you measure; a percentile does not." },
    ],
  }),
  because: "A nearest-rank percentile is one of the measured times. The median says what a user usually waits, the 95th percentile what one in twenty waits at least.",
};

/** Tokens of one run of an agent. */
export interface AgentLoad {
  /** System prompt, tools and the user's message. */
  prompt: number;
  /** One answer of the model. */
  answer: number;
  /** One result of a tool. */
  result: number;
  /** Answers of the model in a run, the last one in words; a result follows each of the others. */
  turns: number;
}
/** Dollars per million tokens. */
export interface TokenRate {
  input: number;
  output: number;
}
/** Dollars of `runs` such runs. */
export type AgentBill = (load: AgentLoad, price: TokenRate, runs: number) => number;

const LOADS: readonly (readonly [AgentLoad, TokenRate, number])[] = [
  [{ prompt: 200, answer: 30, result: 40, turns: 2 }, { input: 0.1, output: 0.5 }, 1_000_000], [{ prompt: 1500, answer: 60, result: 300, turns: 5 }, { input: 2, output: 8 }, 10_000],
  [{ prompt: 100, answer: 20, result: 10, turns: 1 }, { input: 1, output: 4 }, 1000], [{ prompt: 250, answer: 25, result: 50, turns: 3 }, { input: 0.4, output: 1.6 }, 50_000],
];
const dollars = (input: number, output: number, price: TokenRate, runs: number): number => (runs * (input * price.input + output * price.output)) / 1e6;
const read = ({ prompt, answer, result, turns }: AgentLoad): number => turns * prompt + ((answer + result) * turns * (turns - 1)) / 2;
const bill: AgentBill = (load, price, runs) => dollars(read(load), load.turns * load.answer, price, runs);

export const agentBill: Exercise<AgentBill> = {
  id: "66.8/agent-bill",
  hints: [
    "An API remembers nothing: each answer is asked for with the whole conversation so far. Write down what the model reads before its first, second and third answer.",
    "Before answer k, counted from 0, it reads the prompt and k times an answer with its result. Add that up over all turns, in a loop if you like.",
    "Written tokens are turns × answer. Prices are per million tokens, and reading and writing have each their own.",
  ],
  ...functionAnswer<AgentBill>({
    cases: LOADS.map(([load, price, runs]) => ({ given: [load, price, runs], name: `${runs} runs of ${load.turns} turns, prompt ${load.prompt}, answer ${load.answer}, result ${load.result}, at $${price.input} and $${price.output}` })),
    right: bill,
    mistakes: [
      { name: "prompt read once", gives: ({ prompt, answer, result, turns: count }, price, runs) => dollars(prompt + (count - 1) * (answer + result), count * answer, price, runs), message: "You count everything once. The server keeps no conversation: with every answer, all that came before is sent and paid for again." },
      { name: "conversation does not grow", gives: ({ prompt, answer, turns: count }, price, runs) => dollars(count * prompt, count * answer, price, runs), message: "The prompt is read in every turn, rightly; but so are the calls and results that came since. The second answer reads the first one and its result." },
      { name: "answers forgotten in the history", gives: ({ prompt, answer, result, turns: count }, price, runs) => dollars(count * prompt + (result * count * (count - 1)) / 2, count * answer, price, runs), message: "The tools' results are in the conversation, and so are the model's own earlier calls: they are read again as well." },
      { name: "prices exchanged", gives: (load, price, runs) => dollars(load.turns * load.answer, read(load), price, runs), message: "Reading and writing are exchanged: what the model reads has the input price, what it writes the output price." },
      { name: "per token", gives: (load, price, runs) => 1e6 * bill(load, price, runs), message: "A million times too much: prices are per million tokens." },
      { name: "one run", gives: (load, price) => bill(load, price, 1), message: "That is one run. The bill is for all of them." },
    ],
  }),
  because: "What an agent reads grows with the square of its turns, because each answer is asked for with all that came before. Short results and few turns save more than a short prompt.",
};
