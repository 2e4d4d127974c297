/** The exercises of lesson 62.3, "Parameter Counting and Model Sizes". */
import { findModel } from "../compute/models.js";
import { countParameters } from "../compute/parameters.js";
import type { ModelShape } from "../compute/shape.js";
import type { Exercise } from "../course/check.js";

/** All parameters of a model. */
export type ParametersOf = (shape: ModelShape) => number;

// Grouped queries, a tied head with biases, heads that are together narrower than the stream, and the plain case.
const COUNT_CASES = ["Llama-3-8B", "Qwen2.5-0.5B", "Mistral-Nemo-12B", "Llama-2-7B", "Qwen2.5-7B"] as const;

/** What a mistaken count takes each part for; the rest is right. */
interface Parts {
  query: (shape: ModelShape) => number;
  key: (shape: ModelShape) => number;
  feedForward: (shape: ModelShape) => number;
  norms: (shape: ModelShape) => number;
  lastNorm: (shape: ModelShape) => number;
  biases: (shape: ModelShape) => number;
  tables: (shape: ModelShape) => number;
  layers: (shape: ModelShape) => number;
}

const RIGHT: Parts = {
  query: ({ heads, headDim }) => heads * headDim,
  key: ({ kvHeads, headDim }) => kvHeads * headDim,
  feedForward: ({ hidden, ffn }) => 3 * hidden * ffn,
  norms: ({ hidden }) => 2 * hidden,
  lastNorm: ({ hidden }) => hidden,
  biases: ({ qkvBias, heads, kvHeads, headDim }) => (qkvBias ? (heads + 2 * kvHeads) * headDim : 0),
  tables: ({ vocab, hidden, tied }) => (tied ? 1 : 2) * vocab * hidden,
  layers: ({ layers }) => layers,
};

function countWith(changed: Partial<Parts>): ParametersOf {
  const parts = { ...RIGHT, ...changed };
  return (shape) => {
    const attention = 2 * shape.hidden * parts.query(shape) + 2 * shape.hidden * parts.key(shape);
    return parts.layers(shape) * (attention + parts.feedForward(shape) + parts.norms(shape) + parts.biases(shape)) + parts.lastNorm(shape) + parts.tables(shape);
  };
}

const shapes = COUNT_CASES.map((name) => findModel(name).shape);
const counts = (changed: Partial<Parts>) => (answer: ParametersOf) => shapes.every((shape) => answer(shape) === countWith(changed)(shape));
const number = (value: unknown) => Number(value).toLocaleString("en-US");

export const parametersExercise: Exercise<ParametersOf> = {
  id: "62.3/parameters",
  kind: "function",
  hints: [
    "Write down one layer of Llama-3-8B from the table above: four attention matrices, three of the feed-forward network, two norms. Then what stands outside of the layers.",
    "Query and output are hidden × (heads · headDim), key and value are hidden × (kvHeads · headDim). Do not use hidden for the width of the heads: in one of the models tried here they differ.",
    "Outside of the layers: the embedding (vocab × hidden), one last norm, and the head, which adds nothing where tied is true. Where qkvBias is true, each layer has one more number for every output of query, key and value.",
  ],
  fault: (answer) => {
    for (const shape of shapes) {
      const [given, expected] = [answer(shape), countParameters(shape).total];
      if (given !== expected) {
        const less = Number(given) < expected;
        return `${shape.name} has ${number(expected)} parameters; your function says ${number(given)}, ${number(Math.abs(Number(given) - expected))} too ${less ? "few" : "many"}. Which part has this size, or which part times ${shape.layers} layers?`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "two feed-forward matrices",
      matches: counts({ feedForward: ({ hidden, ffn }) => 2 * hidden * ffn }),
      message: "You counted two feed-forward matrices, as the transformer of 2017 had them. These models have three: gate and up widen the vector, down brings it back.",
    },
    {
      name: "keys as wide as queries",
      matches: counts({ key: ({ heads, headDim }) => heads * headDim }),
      message: "You gave keys and values as many heads as queries. With grouped queries there are kvHeads of them: in Llama-3-8B 8 and not 32.",
    },
    {
      name: "hidden × hidden",
      matches: counts({ query: ({ hidden }) => hidden, key: ({ hidden }) => hidden }),
      message: "You took all four attention matrices for hidden × hidden. Their width is heads × headDim for queries and output, kvHeads × headDim for keys and values.",
    },
    {
      name: "queries as wide as the stream",
      matches: counts({ query: ({ hidden }) => hidden }),
      message: "You took hidden for the width of the queries. Often they are equal, but in Mistral-Nemo 32 heads of 128 make 4,096 while the stream is 5,120 wide.",
    },
    {
      name: "head counted twice",
      matches: counts({ tables: ({ vocab, hidden }) => 2 * vocab * hidden }),
      message: "You counted the head also where it is tied. A tied head is the embedding table itself and adds nothing.",
    },
    {
      name: "head forgotten",
      matches: counts({ tables: ({ vocab, hidden }) => vocab * hidden }),
      message: "You counted one table. Where the head is not tied, it is a second one of the same size: half a billion parameters in Llama-3-8B.",
    },
    {
      name: "tables forgotten",
      matches: counts({ tables: () => 0 }),
      message: "You counted the layers and no table. The embedding, and the head where it is not tied, belong to the model.",
    },
    {
      name: "norms forgotten",
      matches: (answer) => counts({ norms: () => 0, lastNorm: () => 0 })(answer) || counts({ lastNorm: () => 0 })(answer) || counts({ norms: () => 0 })(answer),
      message: "A norm is missing. Each layer has two vectors of the width of the stream, and one more stands before the head. They are few, but a printed total contains them.",
    },
    {
      name: "biases forgotten",
      matches: counts({ biases: () => 0 }),
      message: "Right for Llama and Mistral. Qwen2.5 has a bias on query, key and value: a number for each of their outputs, in every layer.",
    },
    {
      name: "one layer",
      matches: counts({ layers: () => 1 }),
      message: "You counted one layer. Every layer has weights of its own.",
    },
  ],
  because: "To the last parameter, for five models. A shape decides the count entirely; what a name says is rounded.",
};

/** How a training budget is spent. */
export interface Allocation {
  parameters: number;
  tokens: number;
}
export type SpendBudget = (compute: number) => Allocation;

/** Chinchilla's budget (that of Gopher), and budgets of a laptop's month and of a large cluster. */
const BUDGETS = [5.76e23, 1.2e18, 1e25] as const;

const spendWith = (perToken: number, ratio = 20): SpendBudget => (compute) => {
  const parameters = Math.sqrt(compute / (perToken * ratio));
  return { parameters, tokens: ratio * parameters };
};
const near = (a: unknown, b: number) => Math.abs(Number(a) - b) <= 1e-3 * Math.abs(b);
const spends = (mistaken: SpendBudget) => (answer: SpendBudget) =>
  BUDGETS.every((compute) => {
    const [given, wrong] = [answer(compute), mistaken(compute)];
    return near(given.parameters, wrong.parameters) && near(given.tokens, wrong.tokens);
  });
const right = spendWith(6);
const billion = (value: unknown) => `${(Number(value) / 1e9).toLocaleString("en-US", { maximumSignificantDigits: 3 })} billion`;

export const budgetExercise: Exercise<SpendBudget> = {
  id: "62.3/budget",
  kind: "function",
  hints: [
    "Begin with the rule for the cost of a training run: how many operations does one parameter take for one token, forward and back together?",
    "You have two equations: the cost in terms of parameters and tokens, and the tokens in terms of parameters. Put the second into the first, and one unknown is left.",
    "In that equation the parameters stand as a square, with a factor of 6 times 20 before it. Solve it for the parameters; the tokens follow from the ratio.",
  ],
  fault: (answer) => {
    for (const compute of BUDGETS) {
      const [given, expected] = [answer(compute), right(compute)];
      if (!near(given.parameters, expected.parameters) || !near(given.tokens, expected.tokens)) {
        return `With ${compute} operations: ${billion(expected.parameters)} parameters and ${billion(expected.tokens)} tokens; your function gives ${billion(given.parameters)} and ${billion(given.tokens)}. Does 6 × parameters × tokens come to the budget?`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "no square root",
      matches: spends((compute) => ({ parameters: compute / 120, tokens: compute / 6 })),
      message: "You divided the budget by 120. Parameters and tokens both grow with it, so compute = 6 × N × 20 N = 120 N²: N is a square root.",
    },
    {
      name: "6 forgotten",
      matches: spends(spendWith(1)),
      message: "You took compute for parameters × tokens. Each parameter costs six operations for each token: two forward and four back.",
    },
    {
      name: "forward only",
      matches: spends(spendWith(2)),
      message: "You counted two operations a parameter and token: that is the forward pass. Training goes back as well, which costs twice as much: six in all.",
    },
    {
      name: "20 forgotten in the budget",
      matches: spends((compute) => ({ parameters: Math.sqrt(compute / 6), tokens: 20 * Math.sqrt(compute / 6) })),
      message: "Your parameters come from compute = 6 × N², but the tokens are 20 N, so the run costs twenty times the budget. Put 20 N for the tokens before you take the root.",
    },
    {
      name: "ratio upside down",
      matches: spends(spendWith(6, 1 / 20)),
      message: "Your model has 20 parameters for each token. The rule is the other way round: 20 tokens for each parameter.",
    },
    {
      name: "model of 2020",
      matches: spends((compute) => ({ parameters: compute / (6 * 300e9), tokens: 300e9 })),
      message: "You kept the tokens at 300 billion and put the whole budget into size. That is what was done until 2021, and what Chinchilla corrected.",
    },
  ],
  because: "compute = 6 × N × 20 N, so N = √(compute / 120). With Gopher's budget that is Chinchilla: 69 billion parameters and 1.4 trillion tokens. Ten times the compute makes both 3.2 times larger.",
};
