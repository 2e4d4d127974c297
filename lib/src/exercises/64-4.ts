/** The exercises of lesson 64.4, "Training Loop". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** A token of a conversation, as the chat template wrote it. */
export interface TurnToken {
  id: number;
  role: "system" | "user" | "assistant" | "tool";
  /** The marks and the role before a turn, what is said, and the token that ends the turn. */
  part: "header" | "content" | "end";
}
/** The label of each token: its id where it has a loss, else −100. */
export type LabelTokens = (tokens: readonly TurnToken[]) => number[];

const turn = (role: TurnToken["role"], first: number, said: number): TurnToken[] => [
  { id: 1, role, part: "header" }, { id: first, role, part: "header" },
  ...Array.from({ length: said }, (_, at): TurnToken => ({ id: first + 1 + at, role, part: "content" })),
  { id: 9, role, part: "end" },
];
const ROWS: readonly (readonly TurnToken[])[] = [
  [...turn("user", 10, 2), ...turn("assistant", 20, 3)],
  [...turn("system", 30, 2), ...turn("user", 40, 1), ...turn("assistant", 50, 2), ...turn("tool", 60, 1), ...turn("assistant", 70, 2)],
];
const NO_LOSS = -100;
const labelsBy = (hasLoss: (token: TurnToken, at: number, all: readonly TurnToken[]) => boolean, none = NO_LOSS): LabelTokens => (tokens) => tokens.map((token, at) => (hasLoss(token, at, tokens) ? token.id : none));
const isAnswer = ({ role, part }: TurnToken): boolean => role === "assistant" && part !== "header";
const labelTokens = labelsBy(isAnswer);
const sameList = (given: unknown, expected: readonly number[]): boolean => Array.isArray(given) && given.length === expected.length && expected.every((value, at) => given[at] === value);
const labels = (mistaken: LabelTokens) => (answer: LabelTokens) => ROWS.every((row) => sameList(answer(structuredClone(row)), mistaken(row)));

export const lossMask: Exercise<LabelTokens> = {
  id: "64.4/loss-mask",
  kind: "function",
  hints: [
    "Look at the boxes above: which three kinds of tokens belong to a turn, and in whose turns are some of them filled?",
    "A label depends on nothing but the token's own role and part. What the template writes is read, not learned; what the model has to write, down to the mark that ends its turn, is learned.",
    "So two conditions, on role and on part, both of which must hold. Where one fails the label is −100, never 0.",
  ],
  fault: (answer) => {
    for (const row of ROWS) {
      const [given, expected] = [answer(structuredClone(row)), labelTokens(row)];
      if (!sameList(given, expected)) {
        const says = row.map(({ id, role, part }) => `${id} (${role}, ${part})`).join(", ");
        return `For ${says}: ${expected.join(", ")}. Your function gives ${Array.isArray(given) ? given.join(", ") : String(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "everything",
      matches: labels((tokens) => tokens.map(({ id }) => id)),
      message: "Every token has a loss. The model would learn to write users' requests and the system prompt, and most of each step would go there.",
    },
    {
      name: "no end",
      matches: labels(labelsBy(({ role, part }) => role === "assistant" && part === "content")),
      message: "You left out the token that ends the turn. A model that never learns it does not stop: it writes on until the limit. It is the most reported fault of tuned models.",
    },
    {
      name: "header too",
      matches: labels(labelsBy(({ role }) => role === "assistant")),
      message: "You gave the header of the assistant's turn a loss. At serving time the template writes it, as part of the prompt; the model never has to.",
    },
    {
      name: "last turn only",
      matches: labels(labelsBy((token, at, all) => isAnswer(token) && !all.slice(at).some((later, after) => after > 0 && later.role === "assistant" && later.part === "header"))),
      message: "You kept the last answer only. Every turn of the assistant is an example: in the second row the call before the tool's result is learned too.",
    },
    {
      name: "zero",
      matches: labels(labelsBy(isAnswer, 0)),
      message: "The places are right, the mark is not. 0 is a token's id, and it would be learned. PyTorch's cross-entropy leaves out −100.",
    },
    {
      name: "tools answer too",
      matches: labels(labelsBy(({ role, part }) => (role === "assistant" || role === "tool") && part !== "header")),
      message: "What a tool returns is not the model's to say: it comes from the API. Learning it teaches the model to invent results.",
    },
  ],
  because: "A loss on what the assistant says and on the token that ends its turn, in every turn, and nowhere else. The rest is read, not learned.",
};

/** What decides how many updates a run makes. */
export interface RunLength {
  rows: number;
  /** Rows of one forward pass. */
  batch: number;
  /** Passes whose gradients make one update. */
  accumulation: number;
  epochs: number;
}
export type CountSteps = (run: RunLength) => number;

const RUNS: readonly (readonly [RunLength, number])[] = [
  [{ rows: 1200, batch: 8, accumulation: 1, epochs: 1 }, 150],
  [{ rows: 450, batch: 8, accumulation: 1, epochs: 3 }, 171],
  [{ rows: 450, batch: 2, accumulation: 4, epochs: 3 }, 171],
  [{ rows: 101, batch: 4, accumulation: 4, epochs: 2 }, 14],
  [{ rows: 100, batch: 8, accumulation: 2, epochs: 0.5 }, 4],
];
const perEpoch = ({ rows, batch, accumulation }: RunLength): number => Math.ceil(Math.ceil(rows / batch) / accumulation);
const countSteps: CountSteps = (run) => Math.ceil(perEpoch(run) * run.epochs);

export const stepCount: Exercise<CountSteps> = {
  id: "64.4/step-count",
  hints: [
    "Take 101 rows, 4 a pass, 4 passes an update. How many passes has an epoch, and how many updates do they make, the last smaller one included?",
    "Round up twice for one epoch: rows to passes, passes to updates. Then come the epochs, and a run of half an epoch rounds up once more.",
  ],
  ...functionAnswer<CountSteps>({
    cases: RUNS.map(([run]) => ({ given: [run] })),
    right: countSteps,
    tell: ([{ rows, batch, accumulation, epochs }], given, expected) =>
      `${rows} rows, ${batch} a pass, ${accumulation} passes an update, ${epochs} epochs: ${expected} steps. Your function gives ${String(given)}.`,
    mistakes: [
      {
        name: "passes",
        gives: ({ rows, batch, epochs }) => Math.ceil(Math.ceil(rows / batch) * epochs),
        message: "You counted forward passes. A step is an update: with accumulation, several passes make one. Schedule, warm-up and checkpoints count steps.",
      },
      {
        name: "last batch dropped",
        gives: ({ rows, batch, accumulation, epochs }) => Math.ceil(Math.floor(Math.floor(rows / batch) / accumulation) * epochs),
        message: "You rounded down. The last rows of an epoch make a smaller batch and still an update, unless `dataloader_drop_last` is set.",
      },
      {
        name: "epochs run together",
        gives: ({ rows, batch, accumulation, epochs }) => Math.ceil((rows * epochs) / (batch * accumulation)),
        message: "You let one epoch run into the next. Each ends by itself, with a smaller update at its end: round up for the epoch first, then multiply.",
      },
      {
        name: "one epoch",
        gives: perEpoch,
        message: "That is one epoch. Multiply by the epochs, and round up where they are not whole.",
      },
    ],
  }),
  because: "Rows make passes, passes make updates, and each epoch rounds up by itself. The same number of rows a step gives the same number of steps, whether they come at once or by accumulation.",
};
