/** The exercises of lesson 62.2, "Tokenization and Context". */
import type { Exercise } from "../course/check.js";

/** The pieces that become one, in the order in which they were learned. */
export type Merges = readonly (readonly [left: string, right: string])[];
/** Cuts a word into pieces: characters, joined as the merges say. */
export type EncodeWord = (word: string, merges: Merges) => string[];

interface WordCase {
  word: string;
  merges: Merges;
}

const LOW: Merges = [["l", "o"], ["lo", "w"], ["e", "r"], ["low", "er"]];
const WATER: Merges = [["e", "r"], ["t", "e"], ["te", "s"], ["tes", "t"], ["test", "er"]];
const TREES: Merges = [["e", "e"], ["t", "r"], ["tr", "ee"]];
const BANANA: Merges = [["n", "a"], ["a", "n"], ["an", "a"], ["b", "an"], ["na", "na"]];

const REST: Merges = [["s", "t"], ["e", "st"], ["r", "e"], ["r", "est"]];

const WORD_CASES: readonly WordCase[] = [
  { word: "lower", merges: LOW },
  { word: "lowlow", merges: LOW },
  { word: "water", merges: WATER },
  { word: "tester", merges: WATER },
  { word: "treee", merges: TREES },
  { word: "banana", merges: BANANA },
  { word: "rest", merges: REST },
  { word: "xyz", merges: LOW },
];

function joinPair(pieces: readonly string[], [left, right]: readonly [string, string]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const joins = pieces[at] === left && pieces[at + 1] === right;
    joined.push(joins ? left + right : (pieces[at] as string));
    if (joins) at++;
  }
  return joined;
}

const encodeWord: EncodeWord = (word, merges) => merges.reduce(joinPair, [...word]);

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const shown = (pieces: unknown) => (Array.isArray(pieces) ? pieces.join(" | ") : String(pieces));

/** Whether the answer cuts every word as a mistaken one does. */
const cuts = (mistaken: EncodeWord) => (answer: EncodeWord) =>
  WORD_CASES.every(({ word, merges }) => same(answer(word, merges), mistaken(word, merges)));

const longestFirst: EncodeWord = (word, merges) => {
  const vocabulary = [...merges.map((pair) => pair.join("")), ...word].sort((a, b) => b.length - a.length);
  const pieces: string[] = [];
  for (let at = 0; at < word.length; at += (pieces.at(-1) as string).length) {
    pieces.push(vocabulary.find((piece) => word.startsWith(piece, at)) as string);
  }
  return pieces;
};

const leftmostFirst: EncodeWord = (word, merges) => {
  const pieces = [...word];
  for (let at = 0; at + 1 < pieces.length; ) {
    if (merges.some(([left, right]) => left === pieces[at] && right === pieces[at + 1])) {
      pieces.splice(at, 2, `${pieces[at]}${pieces[at + 1]}`);
      at = 0;
    } else at++;
  }
  return pieces;
};

const firstPlaceOnly: EncodeWord = (word, merges) => merges.reduce((pieces, [left, right]) => {
  const at = pieces.findIndex((piece, index) => piece === left && pieces[index + 1] === right);
  return at === -1 ? pieces : pieces.toSpliced(at, 2, left + right);
}, [...word]);

const overlapping: EncodeWord = (word, merges) => merges.reduce((pieces, [left, right]) => {
  const joins = (at: number) => pieces[at] === left && pieces[at + 1] === right;
  return pieces.flatMap((piece, at) => (joins(at) ? [left + right] : joins(at - 1) ? [] : [piece]));
}, [...word]);

const oneMerge: EncodeWord = (word, merges) => {
  const pieces = [...word];
  const first = merges.find(([left, right]) => pieces.some((piece, at) => piece === left && pieces[at + 1] === right));
  return first ? joinPair(pieces, first) : pieces;
};

export const encodeExercise: Exercise<EncodeWord> = {
  id: "62.2/encode",
  kind: "function",
  hints: [
    "Look again at the list of merges in section 1. Encoding repeats it, in the same order: what decides which pair is joined next?",
    "Two loops, one inside the other: the outer one goes through the merges from the first learned to the last, the inner one through the pieces as they are now.",
    "In the inner loop, look at a piece and its neighbour. If they are the pair, put the joined piece into a new list and step over both; else take the one piece and step on by one.",
  ],
  fault: (answer) => {
    for (const { word, merges } of WORD_CASES) {
      const [given, expected] = [answer(word, merges), encodeWord(word, merges)];
      if (!same(given, expected)) {
        return `With the merges ${merges.map((pair) => pair.join("+")).join(", ")} the word ${word} is ${shown(expected)}; your function gives ${shown(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "longest piece first",
      matches: cuts(longestFirst),
      message: "You take the longest piece of the vocabulary that fits. BPE does not search: it repeats its training. In 'water' e+r was learned before t+e, so the t stays alone although 'te' is in the vocabulary.",
    },
    {
      name: "leftmost pair first",
      matches: cuts(leftmostFirst),
      message: "You join the first pair from the left that is any merge. The order of learning decides, not the place in the word: in 'water' e+r comes before t+e because it was learned first.",
    },
    {
      name: "last merge first",
      matches: cuts((word, merges) => merges.toReversed().reduce(joinPair, [...word])),
      message: "You start with the merge that was learned last. Its pieces do not exist yet: 'low' and 'er' must be built before they can be joined.",
    },
    {
      name: "first place only",
      matches: cuts(firstPlaceOnly),
      message: "You join each pair at one place only. In 'lowlow' the pair l+o stands twice, and both are joined before the next merge begins.",
    },
    {
      name: "overlapping",
      matches: cuts(overlapping),
      message: "Letters are lost: in 'eee' you joined the first two and the last two, and the middle one cannot be in both. After joining a pair go on behind it.",
    },
    {
      name: "one merge",
      matches: cuts(oneMerge),
      message: "You stop after the first merge that applies. Go through all of them: later merges join what earlier ones built.",
    },
  ],
  because: "The order of the merges decides, and nothing else. That is why one tokenizer cuts a text always in the same way, and another one differently.",
};

/** A row of a padded batch, as a trainer gets it. */
export interface PaddedRow {
  tokens: readonly number[];
  /** 1 for a token of the text, 0 for padding. */
  mask: readonly (0 | 1)[];
  padToken: number;
}

/** What the model is to learn at each place: the token there, or −100 where nothing is to be learned. */
export type MakeLabels = (row: PaddedRow) => number[];

const IGNORE = -100;

// In the first rows the padding token is the end-of-sequence token, as many notebooks set it.
const LABEL_CASES: readonly PaddedRow[] = [
  { tokens: [1, 15, 27, 2, 2, 2], mask: [1, 1, 1, 1, 0, 0], padToken: 2 },
  { tokens: [2, 2, 1, 15, 27, 2], mask: [0, 0, 1, 1, 1, 1], padToken: 2 },
  { tokens: [1, 15, 2, 31, 8, 2, 2], mask: [1, 1, 1, 1, 1, 1, 0], padToken: 2 },
  { tokens: [1, 0, 27, 2, 9, 9], mask: [1, 1, 1, 1, 0, 0], padToken: 9 },
  { tokens: [1, 15, 27, 2], mask: [1, 1, 1, 1], padToken: 2 },
];

const makeLabels: MakeLabels = ({ tokens, mask }) => tokens.map((token, at) => (mask[at] ? token : IGNORE));

const labels = (mistaken: MakeLabels) => (answer: MakeLabels) => LABEL_CASES.every((row) => same(answer(row), mistaken(row)));

export const labelsExercise: Exercise<MakeLabels> = {
  id: "62.2/labels",
  kind: "function",
  hints: [
    "Which of the three fields of a row can tell a true end of sequence from padding, when both are the same number?",
    "The labels have exactly as many places as the tokens, and each place keeps its own token or becomes −100. Compare nothing with padToken: go through the tokens and look into the mask at the same place.",
  ],
  fault: (answer) => {
    for (const row of LABEL_CASES) {
      const [given, expected] = [answer(row), makeLabels(row)];
      if (!same(given, expected)) {
        return `Tokens ${row.tokens.join(" ")} with mask ${row.mask.join(" ")} and padding token ${row.padToken}: the labels are ${expected.join(" ")}; your function gives ${String(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "every padding token",
      matches: labels(({ tokens, padToken }) => tokens.map((token) => (token === padToken ? IGNORE : token))),
      message: "You ignore every token that equals the padding token. Where padding and end of sequence share a number, the true end is ignored too, and the model never learns to stop. The mask knows which is which.",
    },
    {
      name: "padding kept",
      matches: labels(({ tokens }) => [...tokens]),
      message: "The padding is still in the labels. The model would learn to write padding after every answer, and the shorter the row, the more of it.",
    },
    {
      name: "zero for ignored",
      matches: labels(({ tokens, mask }) => tokens.map((token, at) => (mask[at] ? token : 0))),
      message: "0 is a token like any other, and the model would learn to write it. What the loss ignores is −100 (PyTorch's default ignore_index).",
    },
    {
      name: "padding cut off",
      matches: labels(({ tokens, mask }) => tokens.filter((_, at) => mask[at])),
      message: "You cut the padding off, so the rows of a batch no longer have one length. Keep the places and say −100 there.",
    },
    {
      name: "shifted",
      matches: labels((row) => [...makeLabels(row).slice(1), IGNORE]),
      message: "You moved the labels by one place. That each token predicts the next is true, but the model classes of transformers shift the labels themselves: twice shifted, each token would learn the one after the next.",
    },
    {
      name: "end ignored",
      matches: labels(({ tokens, mask }) => tokens.map((token, at) => (mask[at] && mask[at + 1] ? token : IGNORE))),
      message: "The last true token is ignored as well, and that is the end of sequence: the one token that tells the model when to stop.",
    },
  ],
  because: "The mask says what is padding; the number of the token cannot, once two special tokens share it. The end of each row stays in the labels, and so the model learns to stop.",
};
