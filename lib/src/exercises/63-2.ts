/** The exercises of lesson 63.2, "Data Quality Dimensions". */
import type { Exercise } from "../course/check.js";

/** Distinct word sequences of length `n` over all texts, divided by all of them. */
export type DistinctN = (texts: readonly string[], n: number) => number;

const TEXT_CASES: readonly [texts: string[], n: number][] = [
  [["add a task", "add a note", "Add a task"], 1],
  [["add a task", "add a note", "Add a task"], 2],
  [["move the meeting to friday", "move the meeting to monday", "delete it"], 2],
  [["one two three", "four"], 2],
];

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const sequencesOf = (words: readonly string[], n: number) => words.slice(0, Math.max(0, words.length - n + 1)).map((_, i) => words.slice(i, i + n).join(" "));
const share = (all: readonly string[]) => new Set(all).size / all.length;
const pooled: DistinctN = (texts, n) => share(texts.flatMap((text) => sequencesOf(wordsOf(text), n)));

const near = (a: unknown, b: number) => typeof a === "number" && Math.abs(a - b) < 1e-9;
const computes = (mistaken: DistinctN) => (answer: DistinctN) => TEXT_CASES.every(([texts, n]) => near(answer(texts, n), mistaken(texts, n)));

export const distinctN: Exercise<DistinctN> = {
  id: "63.2/distinct-n",
  kind: "function",
  hints: [
    "Do it by hand for n = 2 and the texts 'add a task' and 'add a note': which sequences are there, how many in all, and how many different ones?",
    "Cut each text by itself into words without case, and the words into runs of n. Only then put the runs of all texts together: none may reach from one text into the next.",
    "The share is the size of the set of runs divided by the length of the list of runs.",
  ],
  fault: (answer) => {
    for (const [texts, n] of TEXT_CASES) {
      const [given, expected] = [answer([...texts], n), pooled(texts, n)];
      if (!near(given, expected)) return `distinct-${n} of ${JSON.stringify(texts)} is ${expected.toFixed(3)}; your function says ${String(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "mean over texts",
      matches: computes((texts, n) => {
        const shares = texts.map((text) => sequencesOf(wordsOf(text), n)).filter((list) => list.length > 0).map(share);
        return shares.reduce((sum, one) => sum + one, 0) / shares.length;
      }),
      message: "You measure each text alone and take the mean, so three equal texts look fully diverse. Pool the sequences of all texts first: repetition between rows is what you are after.",
    },
    {
      name: "across texts",
      matches: computes((texts, n) => share(sequencesOf(wordsOf(texts.join(" ")), n))),
      message: "You joined the texts before cutting them, so the last word of one row and the first of the next make a sequence that nobody wrote. Cut each text, then pool.",
    },
    {
      name: "case counts",
      matches: computes((texts, n) => share(texts.flatMap((text) => sequencesOf(text.match(/[\p{L}\p{N}]+/gu) ?? [], n)))),
      message: "'Add' and 'add' are two words to your function. Lower the case, or every capital counts as variety.",
    },
    {
      name: "number, not share",
      matches: computes((texts, n) => new Set(texts.flatMap((text) => sequencesOf(wordsOf(text), n))).size),
      message: "That is the number of distinct sequences, and it grows with the set. Divide by the number of all sequences.",
    },
    {
      name: "words only",
      matches: computes((texts) => pooled(texts, 1)),
      message: "Your function ignores n and always counts single words. For n = 2 take two words in a row, and so on.",
    },
  ],
  because: "All rows pooled, each sequence counted once above the line and every time below it: 1 means nothing is ever said twice.",
};

/** A row by the two things that coverage looks at. */
export interface CoverageRow {
  operation: string;
  scenario: string;
}
/** A combination with fewer rows than wanted. */
export interface Gap extends CoverageRow {
  rows: number;
}
/** The combinations of `operations` and `scenarios` that have fewer than `least` rows. */
export type FindGaps = (rows: readonly CoverageRow[], operations: readonly string[], scenarios: readonly string[], least: number) => Gap[];

const ROWS: readonly CoverageRow[] = [
  ...Array.from({ length: 5 }, () => ({ operation: "create", scenario: "happy-path" })),
  ...Array.from({ length: 3 }, () => ({ operation: "create", scenario: "missing-details" })),
  { operation: "delete", scenario: "happy-path" },
  { operation: "archive", scenario: "happy-path" },
];
const AXES: [string[], string[]] = [["create", "delete"], ["happy-path", "missing-details"]];

const rightGaps: FindGaps = (rows, operations, scenarios, least) =>
  operations.flatMap((operation) =>
    scenarios
      .map((scenario) => ({ operation, scenario, rows: rows.filter((row) => row.operation === operation && row.scenario === scenario).length }))
      .filter((cell) => cell.rows < least),
  );
const canonical = (gaps: readonly Gap[]) => gaps.map(({ operation, scenario, rows }) => `${operation} × ${scenario}: ${rows}`).sort().join("; ") || "none";
const finds = (mistaken: FindGaps) => (answer: FindGaps) => canonical(answer(ROWS, ...AXES, 3)) === canonical(mistaken(ROWS, ...AXES, 3));

export const coverageGaps: Exercise<FindGaps> = {
  id: "63.2/coverage-gaps",
  kind: "function",
  hints: [
    "Which combination is the worst gap of all, and does it appear anywhere in the rows?",
    "So do not begin with the rows. Make every pair of an operation and a scenario, and count for each the rows that have both.",
    "Keep the pairs whose count is below least. A pair with exactly least rows has enough.",
  ],
  fault: (answer) => {
    const given = answer([...ROWS], ...AXES, 3);
    if (!Array.isArray(given)) return "Return a list of gaps, each with operation, scenario and rows.";
    const [mine, expected] = [canonical(given), canonical(rightGaps(ROWS, ...AXES, 3))];
    return mine === expected ? undefined : `With at least 3 rows wanted the gaps are ${expected}; your function says ${mine}.`;
  },
  misconceptions: [
    {
      name: "only cells that occur",
      matches: finds((rows, operations, scenarios, least) => rightGaps(rows, operations, scenarios, least).filter((cell) => cell.rows > 0)),
      message: "You count the combinations that occur, so the one with no row at all is missing from your list, and it is the worst gap. Start from all combinations, not from the rows.",
    },
    {
      name: "only empty cells",
      matches: finds((rows, operations, scenarios, least) => rightGaps(rows, operations, scenarios, least).filter((cell) => cell.rows === 0)),
      message: "You report only empty combinations. One row is a gap too when three are wanted.",
    },
    {
      name: "at most",
      matches: finds((rows, operations, scenarios, least) => rightGaps(rows, operations, scenarios, least + 1)),
      message: "A combination with exactly `least` rows has enough. You compare with <= where < is meant.",
    },
    {
      name: "one axis",
      matches: (answer) => answer(ROWS, ...AXES, 3).every((gap) => !AXES[1].includes(gap.scenario)) || answer(ROWS, ...AXES, 3).length === 0,
      message: "You look at one axis at a time. Every operation and every scenario can have enough rows while a combination of the two has none.",
    },
  ],
  because: "Every combination is counted, those with no row as well, and only those below the wanted number are named.",
};
