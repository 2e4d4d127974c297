/** The exercises of lesson 61.4, "Training Taxonomy". */
import type { Exercise } from "../course/check.js";
import { numberAnswer, type NumberAnswer } from "./kinds/number.js";
import { readQuantity } from "./kinds/units.js";

export type Stage = "pretraining" | "sft" | "dpo" | "none";

/** What a team has, and the stage that takes it. */
const STAGE_CASES = {
  "800 requests, each with the JSON that should come back": "sft",
  "3,000 answers that users marked as good or bad, two for each request": "dpo",
  "a price list that changes every morning": "none",
  "40 billion tokens of a language that no open model knows": "pretraining",
  "a chat model that answers well but too long, and 600 long answers with their shortened versions": "dpo",
} as const satisfies Record<string, Stage>;

type StageCase = keyof typeof STAGE_CASES;
export type StageChoices = Readonly<Record<StageCase, Stage>>;

const STAGE_WHY: Readonly<Record<StageCase, string>> = {
  "800 requests, each with the JSON that should come back": "Each row has a request and the one answer that is wanted.",
  "3,000 answers that users marked as good or bad, two for each request": "Two answers to one request, and which is better: that is a pair.",
  "a price list that changes every morning": "What was trained yesterday is wrong today, and no stage takes it back out.",
  "40 billion tokens of a language that no open model knows": "Nobody asks and nobody answers in running text, and there is enough of it to learn a language from.",
  "a chat model that answers well but too long, and 600 long answers with their shortened versions": "The long answer is the worse one, the short one the better one.",
};
const STAGE_NAMES = Object.keys(STAGE_CASES) as StageCase[];

export const stageChoice: Exercise<StageChoices> = {
  id: "61.4/stage",
  kind: "choice",
  hints: [
    "Look at the rows, not at the goal: how many answers does a request have in them, and does anybody ask at all?",
    "One wanted answer: SFT. Two answers of which one is better: DPO. Running text without end: pretraining.",
    "Two of the five are pairs. One of them must not be trained at all, because it is out of date before the run ends.",
  ],
  fault: (answer) => {
    const wrong = STAGE_NAMES.find((name) => answer[name] !== STAGE_CASES[name]);
    return wrong === undefined ? undefined : `"${wrong}" does not fit ${String(answer[wrong])}. ${STAGE_WHY[wrong]}`;
  },
  misconceptions: [
    {
      name: "one stage for all",
      matches: (answer) => new Set(STAGE_NAMES.map((name) => answer[name])).size === 1,
      message: "You chose the same for all five. The rows differ: running text, one wanted answer, two answers of which one is better. Each stage reads another kind.",
    },
    {
      name: "daily facts trained",
      matches: (answer) => answer["a price list that changes every morning"] !== "none",
      message: "Do not train what changes every morning. A run tomorrow would not even remove yesterday's prices. Put them into the prompt, or have the model look them up.",
    },
    {
      name: "pairs as examples",
      matches: (answer) => STAGE_NAMES.some((name) => STAGE_CASES[name] === "dpo" && answer[name] === "sft"),
      message: "SFT would use the better answers and throw the worse ones away. Both are there, and what lies between them is what you want to teach: that is what DPO reads.",
    },
    {
      name: "pretraining for a format",
      matches: (answer) => answer["800 requests, each with the JSON that should come back"] === "pretraining",
      message: "800 rows teach no language, and they need not: the base model has it. What it lacks is the habit of answering in your JSON, and that is SFT.",
    },
    {
      name: "a language by fine-tuning",
      matches: (answer) => ["sft", "dpo"].includes(answer["40 billion tokens of a language that no open model knows"]),
      message: "There are no requests and no answers in running text, so neither SFT nor DPO can read it; and a language is more than a habit. Pretraining (going on from an open base) takes it.",
    },
  ],
  because: "The rows decide: one wanted answer is SFT, a better and a worse one is DPO, endless text is pretraining, and what changes daily stays outside of the weights.",
};

const RIGHT_HOURS = (6 * 3e9 * 600e9) / (989e12 * 0.4) / 3600;
/** Whether an answer, as a number of hours or as text with a unit of time, is so many hours. */
const hoursAs = (expected: number) => (answer: NumberAnswer): boolean => {
  const read = typeof answer === "string" ? readQuantity(answer, "h") : { ok: true as const, value: answer };
  return read.ok && Math.abs(read.value - expected) <= 0.02 * expected;
};

export const pretrainingHours: Exercise<NumberAnswer> = {
  id: "61.4/pretraining-hours",
  hints: [
    "First the operations, from weights and tokens. Then the seconds, from operations and speed. Then the hours.",
    "Operations: 6 × 3e9 × 600e9. Speed: 40% of 989e12 a second.",
    "Divide the operations by the speed that is reached, 989e12 × 0.4, and the seconds by 3,600.",
  ],
  ...numberAnswer({
    value: RIGHT_HOURS, unit: "h", tolerance: { relative: 0.02 }, what: "The time of the cards together",
    misconceptions: [
      {
        name: "forward pass only",
        matches: hoursAs(RIGHT_HOURS / 3),
        message: "You counted two operations for each weight and token: that is reading, not training. The backward pass takes four more.",
      },
      {
        name: "full speed",
        matches: hoursAs(RIGHT_HOURS * 0.4),
        message: "You took 989 trillion operations a second as reached. That is the datasheet; at 40% the same work takes two and a half times as long.",
      },
      {
        name: "utilisation on the wrong side",
        matches: hoursAs(RIGHT_HOURS * 0.16),
        message: "You multiplied the time by the utilisation. A card that is used less needs longer, so the utilisation belongs under the line, with the speed.",
      },
    ],
  }),
  because: `6 × 3e9 × 600e9 are 1.08 × 10²² operations; at 40% of 989e12 a second that is 2.7 × 10⁷ seconds, ${Math.round(RIGHT_HOURS).toLocaleString("en-US")} GPU-hours. Without the 40% the number would say nothing.`,
};

/** Tokens of a preference pair: the prompt stands in front of each answer. */
export interface PairTokens {
  prompt: number;
  chosen: number;
  rejected: number;
}
/** Operations of one DPO pair with LoRA, from those of a forward pass for one token. */
export type PairFlops = (tokens: PairTokens, forward: number) => number;

// No two mistakes give the same number in all of them.
const PAIRS: readonly (readonly [PairTokens, number])[] = [
  [{ prompt: 300, chosen: 40, rejected: 60 }, 1.6e10],
  [{ prompt: 10, chosen: 200, rejected: 90 }, 2e9],
  [{ prompt: 64, chosen: 1, rejected: 512 }, 1],
];
const near = (a: unknown, b: number): boolean => typeof a === "number" && Math.abs(a - b) <= 1e-9 * Math.abs(b);
const rowsOf = ({ prompt, chosen, rejected }: PairTokens): number => 2 * prompt + chosen + rejected;
const truePair: PairFlops = (tokens, forward) => 3 * forward * rowsOf(tokens);
const counts = (mistaken: PairFlops) => (answer: PairFlops): boolean => PAIRS.every(([tokens, forward]) => near(answer({ ...tokens }, forward), mistaken(tokens, forward)));

export const pairFlops: Exercise<PairFlops> = {
  id: "61.4/pair-flops",
  kind: "function",
  hints: [
    "Count three things: what the trained model reads, what going back costs, and what the reference reads.",
    "Both rows begin with the prompt, so it is read twice by each model: 2 × prompt + chosen + rejected tokens.",
    "The trained model takes forward + backward, which is 2 × forward for each token; the reference takes 1 × forward. Together 3 × forward × (2 × prompt + chosen + rejected).",
  ],
  fault: (answer) => {
    for (const [tokens, forward] of PAIRS) {
      const [given, expected] = [answer({ ...tokens }, forward), truePair(tokens, forward)];
      if (!near(given, expected)) {
        return `Prompt ${tokens.prompt}, chosen ${tokens.chosen}, rejected ${tokens.rejected} tokens, ${forward.toExponential(1)} operations a token: ${expected.toExponential(3)}. Your function gives ${typeof given === "number" ? given.toExponential(3) : String(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "reference forgotten",
      matches: counts((tokens, forward) => 2 * forward * rowsOf(tokens)),
      message: "The reference is missing. It shares the weights, so it costs no memory, but it has to read both rows: one forward pass more.",
    },
    {
      name: "prompt once",
      matches: counts(({ prompt, chosen, rejected }, forward) => 3 * forward * (prompt + chosen + rejected)),
      message: "You counted the prompt once. It stands in front of each of the two answers and is read with both, by both models.",
    },
    {
      name: "too much backward",
      matches: counts((tokens, forward) => 4 * forward * rowsOf(tokens)),
      message: "One forward pass's worth too many for each token. Either you let the reference go back (it never changes), or you went back as in full training: a frozen base needs no gradients of its weights.",
    },
    {
      name: "answers only",
      matches: counts(({ chosen, rejected }, forward) => 3 * forward * (chosen + rejected)),
      message: "Only the answers have a loss, but the model has to read the prompt before it can say how likely an answer is. Reading is what costs.",
    },
  ],
  because: "Two rows, each with the prompt; forward and back through the frozen base, and the reference forward: three forward passes' worth for each token of both rows, one and a half times SFT on the same two rows.",
};
