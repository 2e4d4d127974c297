/** The exercises of lesson 62.7, "Lab: Inference on T4". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** What was timed of one batch. */
export interface Timed {
  /** Seconds from the request to the first token of every row. */
  firstTokenSeconds: number;
  /** Seconds of each step after that; a step gives one token to each row. */
  stepSeconds: number;
  batch: number;
}
/** Seconds until a batch of answers of so many tokens each is complete. */
export type AnswerSeconds = (timed: Timed, answerTokens: number) => number;

const TIMED: readonly (readonly [Timed, number])[] = [
  [{ firstTokenSeconds: 0.8, stepSeconds: 0.05, batch: 1 }, 100],
  [{ firstTokenSeconds: 2.5, stepSeconds: 0.06, batch: 8 }, 64],
  [{ firstTokenSeconds: 0.3, stepSeconds: 0.04, batch: 4 }, 1],
  [{ firstTokenSeconds: 0.1, stepSeconds: 0.02, batch: 2 }, 500],
];
const near = (a: unknown, b: number): boolean => typeof a === "number" && Math.abs(a - b) <= 1e-9 + 1e-6 * Math.abs(b);
const answerTime: AnswerSeconds = ({ firstTokenSeconds, stepSeconds }, tokens) => firstTokenSeconds + (tokens - 1) * stepSeconds;

export const answerSeconds: Exercise<AnswerSeconds> = {
  id: "62.7/answer-seconds",
  hints: [
    "The table of section 6 has a column for the first token, and one for each further token. Which of an answer's tokens come with a step of their own?",
    "A step gives one token to every row at the same time, so the batch does not change how long an answer takes. Test your formula on an answer of a single token: no further step is needed.",
  ],
  ...functionAnswer<AnswerSeconds>({
    cases: TIMED.map(([timed, tokens]) => ({ given: [timed, tokens] })),
    right: answerTime,
    tell: ([{ firstTokenSeconds, stepSeconds, batch }, tokens], given, expected) =>
      `First token after ${firstTokenSeconds} s, then ${stepSeconds} s a step, ${batch} rows, ${tokens} tokens each: ${expected.toFixed(2)} s. Your function gives ${String(given)}.`,
    mistakes: [
      {
        name: "one step too many",
        gives: ({ firstTokenSeconds, stepSeconds }, tokens) => firstTokenSeconds + tokens * stepSeconds,
        message: "One step too many: the first token comes with reading the prompt, so an answer of n tokens needs n − 1 further steps. Try it with an answer of one token.",
      },
      {
        name: "rows one after another",
        gives: ({ firstTokenSeconds, stepSeconds, batch }, tokens) => firstTokenSeconds + (tokens - 1) * stepSeconds * batch,
        message: "You let the rows wait for one another. A step gives one token to every row at once; that is what a batch is for.",
      },
      {
        name: "divided by the batch",
        gives: ({ firstTokenSeconds, stepSeconds, batch }, tokens) => firstTokenSeconds + ((tokens - 1) * stepSeconds) / batch,
        message: "You divided by the batch. More rows give more tokens a second together, but each user still waits for every step.",
      },
      {
        name: "no prompt",
        gives: ({ stepSeconds }, tokens) => tokens * stepSeconds,
        message: "You left the prompt out. Before the first token the model reads all of it; with a long prompt and a short answer that is most of the time.",
      },
      {
        name: "first token only",
        gives: ({ firstTokenSeconds }, tokens) => firstTokenSeconds * tokens,
        message: "You took the time to the first token for every token. Only the first one has to wait until the prompt is read.",
      },
    ],
  }),
  because: "One wait for the prompt, then one step for each further token, whatever the batch. Two numbers describe a server to its users: the time to the first token, and the time between tokens.",
};

/** What decides how many rows a card serves at once. */
export interface Room {
  /** Memory that a program may use, in bytes. */
  usableBytes: number;
  /** Weights and everything else that does not grow with the rows. */
  fixedBytes: number;
  layers: number;
  /** Heads that ask, and heads that keep keys and values. */
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Tokens of each row, prompt and answer together. */
  context: number;
  /** Bytes of a cached number. */
  cacheBytes: number;
}
/** The largest batch that fits. */
export type RowsThatFit = (room: Room) => number;

const LLAMA = { layers: 32, heads: 32, kvHeads: 8, headDim: 128, cacheBytes: 2 };
const ROOMS: readonly Room[] = [
  { ...LLAMA, usableBytes: 14.74 * 2 ** 30, fixedBytes: 6.2 * 2 ** 30, context: 2048 },
  { ...LLAMA, usableBytes: 14.74 * 2 ** 30, fixedBytes: 6.2 * 2 ** 30, context: 8192 },
  { layers: 24, heads: 14, kvHeads: 2, headDim: 64, cacheBytes: 1, usableBytes: 6e9, fixedBytes: 1.3e9, context: 4096 },
  { ...LLAMA, usableBytes: 5 * 2 ** 30, fixedBytes: 6.2 * 2 ** 30, context: 512 },
];
const rowBytes = (room: Room, { both = 2, heads = room.kvHeads, width = room.cacheBytes } = {}): number =>
  both * room.layers * heads * room.headDim * width * room.context;
const rows = (bytes: (room: Room) => number, room: Room, free = room.usableBytes - room.fixedBytes): number => Math.max(0, Math.floor(free / bytes(room)));
const rowsThatFitRule: RowsThatFit = (room) => rows(rowBytes, room);
const fits = (mistaken: RowsThatFit) => (answer: RowsThatFit) => ROOMS.every((room) => near(answer({ ...room }), mistaken(room)));

export const rowsThatFit: Exercise<RowsThatFit> = {
  id: "62.7/rows-that-fit",
  kind: "function",
  hints: [
    "What is on the card before the first user comes? Only what is left after it can be shared out.",
    "The cache of one row: a key and a value, in each layer, for the heads that keep them, headDim numbers of cacheBytes each, for every token of the context.",
    "Divide, and round so that the last row fits whole. Then think of a card on which not even the weights fit: what is the smallest number of users?",
  ],
  fault: (answer) => {
    for (const room of ROOMS) {
      const [given, expected] = [answer({ ...room }), rowsThatFitRule(room)];
      if (given !== expected) {
        const free = (room.usableBytes - room.fixedBytes) / 2 ** 30;
        return `${free.toFixed(2)} GiB are free, a row of ${room.context} tokens takes ${(rowBytes(room) / 2 ** 30).toFixed(3)} GiB: ${expected} rows. Your function gives ${String(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "every head",
      matches: fits((room) => rows((one) => rowBytes(one, { heads: one.heads }), room)),
      message: "You counted a key and a value for every head that asks. With grouped queries only the key heads keep anything: 8 of 32 in Llama-3-8B. You would serve a quarter of the users.",
    },
    {
      name: "keys only",
      matches: fits((room) => rows((one) => rowBytes(one, { both: 1 }), room)),
      message: "A token leaves a key and a value in each layer. You counted one of the two, so half of these rows would run out of memory.",
    },
    {
      name: "without the weights",
      matches: fits((room) => rows(rowBytes, room, room.usableBytes)),
      message: "You gave the cache the whole card. The weights were there first: take away what does not grow with the rows.",
    },
    {
      name: "not rounded down",
      matches: fits((room) => (room.usableBytes - room.fixedBytes) / rowBytes(room)),
      message: "There is no part of a row: round down, and where not even the weights fit the answer is 0.",
    },
    {
      name: "below zero",
      matches: fits((room) => Math.floor((room.usableBytes - room.fixedBytes) / rowBytes(room))),
      message: "Right while there is room. In the last case the weights alone do not fit: the answer is 0 rows, not a negative number of them.",
    },
    {
      name: "always two bytes",
      matches: fits((room) => rows((one) => rowBytes(one, { width: 2 }), room)),
      message: "You took 2 bytes for every cached number. The cache may be smaller: `cacheBytes` says, and 1 byte serves twice as many users.",
    },
  ],
  because: "Weights are paid once, the cache for each row and token. So a card's number of users falls as their conversations grow, and a cache of half the bytes serves twice as many.",
};
