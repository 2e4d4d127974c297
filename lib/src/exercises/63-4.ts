/** The exercises of lesson 63.4, "Data Cleaning Pipeline". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** The Jaccard similarity of two texts' sets of three-word sequences. */
export type TextSimilarity = (a: string, b: string) => number;

const PAIRS: readonly [a: string, b: string][] = [
  ["move the meeting to Friday please", "move the meeting to Friday please"],
  ["move the meeting to Friday please", "Move the meeting to Friday, please!"],
  ["add a task to call the bank tomorrow", "add a task to call the bank on Monday"],
  ["buy milk and bread", "water the plants today"],
  ["one two three one two three one two three", "one two three four"],
  ["delete the task about the bank", "the bank about the task delete"],
];

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const sequences = (words: readonly string[], size: number) => words.slice(0, Math.max(0, words.length - size + 1)).map((_, i) => words.slice(i, i + size).join(" "));
const jaccardOf = (a: Iterable<string>, b: Iterable<string>) => {
  const [x, y] = [new Set(a), new Set(b)];
  const shared = x.intersection(y).size;
  return shared / (x.size + y.size - shared);
};
const right: TextSimilarity = (a, b) => jaccardOf(sequences(wordsOf(a), 3), sequences(wordsOf(b), 3));

const near = (a: unknown, b: number) => typeof a === "number" && (Math.abs(a - b) < 1e-9 || (Number.isNaN(a) && Number.isNaN(b)));

export const textSimilarity: Exercise<TextSimilarity> = {
  id: "63.4/text-similarity",
  hints: [
    "Take 'move the meeting to Friday' apart on paper: which sequences of three words does it have? There are three.",
    "Write a helper that makes the set of sequences of one text: small letters, runs of letters and digits as words, three in a row. Use it on both texts.",
    "Above the line stands how many sequences both sets have; below it, how many there are in either. What is in both must not be counted twice there.",
  ],
  ...functionAnswer<TextSimilarity>({
    cases: PAIRS.map(([a, b]) => ({ given: [a, b] })),
    right,
    tell: ([a, b], given, expected) => `"${a}" and "${b}" are ${expected.toFixed(3)} alike; your function says ${String(given)}.`,
    misconceptions: [
      {
        name: "lists instead of sets",
        matches: (answer) => {
          const [a, b] = PAIRS[4] as [string, string];
          return !near(answer(a, b), right(a, b)) && [0, 1, 2, 3].every((i) => near(answer(...(PAIRS[i] as [string, string])), right(...(PAIRS[i] as [string, string]))));
        },
        message: "A sequence that a text repeats counts several times in your function. Jaccard is about sets: what occurs, not how often.",
      },
    ],
    mistakes: [
      {
        name: "single words",
        gives: (a, b) => jaccardOf(wordsOf(a), wordsOf(b)),
        message: "You compare single words, so their order does not count: 'delete the task about the bank' equals 'the bank about the task delete'. Take three words in a row.",
      },
      {
        name: "case and punctuation",
        gives: (a, b) => jaccardOf(sequences(a.split(/\s+/), 3), sequences(b.split(/\s+/), 3)),
        message: "'Friday,' and 'friday' are different words to your function. Lower the case and leave punctuation out before you compare.",
      },
      {
        name: "divided by the sum",
        gives: (a, b) => {
          const [x, y] = [new Set(sequences(wordsOf(a), 3)), new Set(sequences(wordsOf(b), 3))];
          return x.intersection(y).size / (x.size + y.size);
        },
        message: "You divide by the sum of both sizes, so a text is only half like itself. What they share is counted twice in that sum: divide by the size of the union.",
      },
      {
        name: "divided by the smaller",
        gives: (a, b) => {
          const [x, y] = [new Set(sequences(wordsOf(a), 3)), new Set(sequences(wordsOf(b), 3))];
          return x.intersection(y).size / Math.min(x.size, y.size);
        },
        message: "You divide by the smaller set. That is containment: a short row inside a long one would count as its copy. Jaccard divides by the union.",
      },
    ],
  }),
  because: "What both have, divided by what either has: 1 for the same sequences, 0 for none in common, and no text is more like another than the other way round.",
};

/** The steps of a cleaning pipeline, in some order. */
export const CLEANING_STEPS = ["parse", "normalise", "exact duplicates", "near-duplicates", "mask personal data", "length", "judge"] as const;
export type CleaningStep = (typeof CLEANING_STEPS)[number];

const before = (order: readonly CleaningStep[], first: CleaningStep, second: CleaningStep) =>
  order.includes(first) && order.indexOf(first) < order.indexOf(second);

export const stepOrder: Exercise<readonly CleaningStep[]> = {
  id: "63.4/step-order",
  kind: "choice",
  hints: [
    "Ask of each step what it needs from the others: what can be done to a row that is not parsed yet, and what does an invisible character do to a comparison?",
    "Among the steps that remove rows the cheap ones go first. A hash is cheaper than a comparison, and a comparison is cheaper than a request to a paid model.",
    "Masking changes the length of a text, and what leaves your machine should be masked. So one step stands before two others, and the step that sends rows away comes last.",
  ],
  fault: (answer) => {
    const missing = CLEANING_STEPS.filter((step) => !answer.includes(step));
    if (missing.length > 0) return `These steps are missing: ${missing.join(", ")}.`;
    if (answer.length !== CLEANING_STEPS.length) return "Name each step once.";
    if (answer[0] !== "parse") return "Nothing can be done to a row before it is parsed.";
    if (!before(answer, "normalise", "mask personal data")) return "Normalise before you mask: an invisible character inside an address hides it from the rule.";
    if (!before(answer, "normalise", "exact duplicates") || !before(answer, "normalise", "near-duplicates")) return "Normalise before you look for duplicates: a zero-width space hides a copy.";
    if (!before(answer, "exact duplicates", "near-duplicates")) return "Look for exact copies first: a hash is cheap, and every copy it removes need not be compared.";
    if (!before(answer, "mask personal data", "length")) return "Mask before you measure: [EMAIL] has another length than the address it stands for.";
    if (!before(answer, "mask personal data", "judge")) return "Mask before you judge: the judge is another company's model, and personal data must not reach it.";
    if (answer.at(-1) !== "judge") return "The judge costs money for every row: let it see only the rows that everything else has kept.";
    return undefined;
  },
  misconceptions: [
    {
      name: "duplicates before normalising",
      matches: (answer) => answer[0] === "parse" && (before(answer, "exact duplicates", "normalise") || before(answer, "near-duplicates", "normalise")),
      message: "You look for duplicates before you normalise. Section 2 counted what that misses: copies that differ only in characters nobody can see.",
    },
    {
      name: "near before exact",
      matches: (answer) => before(answer, "near-duplicates", "exact duplicates") && before(answer, "normalise", "near-duplicates"),
      message: "Finding near-copies finds exact ones too, at a hundred times the price, and your report can no longer tell which was which. The cheap test goes first.",
    },
    {
      name: "judge early",
      matches: (answer) => before(answer, "judge", answer.at(-1) ?? "judge") && before(answer, "normalise", "exact duplicates"),
      message: "You pay the judge for rows that a later step throws away, and perhaps show it personal data. The dearest step goes last.",
    },
    {
      name: "mask after measuring",
      matches: (answer) => before(answer, "length", "mask personal data") && answer.at(-1) === "judge",
      message: "You measure the length of a text that masking still changes. What the trainer will see is what has to fit.",
    },
  ],
  because: "Readable first, then comparable, then the cheap tests before the dear ones; and what leaves your machine is masked before it goes.",
};
