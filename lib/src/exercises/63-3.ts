/** The exercises of lesson 63.3, "Creating JSONL Datasets". */
import type { Exercise } from "../course/check.js";

/** Anything that judges a value as zod's schemas do. */
export interface RowSchema {
  safeParse(value: unknown): { success: boolean };
}

const human = (value: string) => ({ from: "human", value });
const gpt = (value: string) => ({ from: "gpt", value });
const talk = (...conversations: unknown[]) => ({ conversations });

/** Rows that a schema must take, or must refuse, each with the reason. */
const SCHEMA_CASES: readonly [name: string, row: unknown, isValid: boolean, why: string][] = [
  ["two turns", talk(human("List my tasks."), gpt("You have none.")), true, "one question and one answer are enough to learn from"],
  ["four turns", talk(human("Add milk."), gpt("When?"), human("Today."), gpt("Added.")), true, "a conversation may go on"],
  ["extra fields", { ...talk(human("Add milk."), gpt("Added.")), id: "a/1", operation: "create" }, true, "rows carry ids and labels beside the conversation; refuse them and you refuse real data"],
  ["no conversations", { messages: [] }, false, "without conversations there is nothing to train on"],
  ["one turn", talk(human("Add milk.")), false, "a question without an answer teaches nothing"],
  ["starts with gpt", talk(gpt("Hello."), human("Add milk."), gpt("Added.")), false, "the first turn must be the human's: an answer to nothing teaches the model to speak unasked"],
  ["ends with human", talk(human("Add milk."), gpt("When?"), human("Today.")), false, "the last turn must be gpt's: it is the one that is learned"],
  ["unknown role", talk({ from: "user", value: "Add milk." }, gpt("Added.")), false, "from is human or gpt, nothing else"],
  ["empty value", talk(human("Add milk."), gpt("")), false, "an empty answer teaches silence"],
  ["blank value", talk(human("Add milk."), gpt("  \n")), false, "spaces are no answer; trim before you measure"],
  ["value is no text", talk(human("Add milk."), { from: "gpt", value: 7 }), false, "a value is text"],
];

const accepts = (schema: RowSchema, name: string) => {
  const found = SCHEMA_CASES.find(([title]) => title === name);
  if (!found) throw new Error(`no case ${name}`);
  return schema.safeParse(structuredClone(found[1])).success;
};

export const conversationSchema: Exercise<RowSchema> = {
  id: "63.3/conversation-schema",
  kind: "function",
  hints: [
    "Turn already says what one turn must be. Which three demands of the exercise are about the list of turns, and not about a single one?",
    "The number of turns is a min on the array. That the first is the human's and the last is gpt's needs refine, which gets the whole array.",
    "Look at the object around the list too: rows have ids and labels that you know nothing of, so it must not refuse fields. And look into Turn: is a value of spaces refused?",
  ],
  fault: (answer) => {
    if (typeof answer?.safeParse !== "function") return "Give a zod schema: it has a method safeParse.";
    for (const [, row, isValid, why] of SCHEMA_CASES) {
      if (answer.safeParse(structuredClone(row)).success !== isValid) return `Your schema ${isValid ? "refuses" : "accepts"} ${JSON.stringify(row)}; ${why}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "accepts everything",
      matches: (answer) => SCHEMA_CASES.every(([name]) => accepts(answer, name)),
      message: "Your schema accepts every row, broken ones too. A schema that never refuses is a comment.",
    },
    {
      name: "strict",
      matches: (answer) => !accepts(answer, "extra fields") && accepts(answer, "two turns"),
      message: "Your schema refuses rows with further fields. Real rows carry an id, a label, a date; use z.object or z.looseObject, not z.strictObject.",
    },
    {
      name: "blank values",
      matches: (answer) => accepts(answer, "blank value") && !accepts(answer, "empty value"),
      message: "You refuse the empty text and accept one of spaces. To a reader they are the same: trim() before min(1).",
    },
    {
      name: "order of turns",
      matches: (answer) => (accepts(answer, "starts with gpt") || accepts(answer, "ends with human")) && !accepts(answer, "unknown role") && !accepts(answer, "blank value"),
      message: "Each turn is checked, their order is not: a conversation starts with the human and ends with gpt. That is a property of the list, so it needs a refine() on the list.",
    },
    {
      name: "any role",
      matches: (answer) => accepts(answer, "unknown role"),
      message: "from is z.string() in your schema, so 'user' passes. A trainer that maps human and gpt drops that turn without a word: z.enum([\"human\", \"gpt\"]).",
    },
    {
      name: "one turn is enough",
      matches: (answer) => accepts(answer, "one turn"),
      message: "A single turn passes. A row needs a question and an answer: min(2) on the list.",
    },
  ],
  because: "It refuses what would teach something wrong, and leaves alone what it does not know: ids, labels, longer conversations.",
};

/** What a reader of JSON Lines gives: the rows, and the lines that are none. Lines count from 1. */
export interface ReadResult {
  rows: { line: number; value: unknown }[];
  faults: { line: number; reason: string }[];
}
export type RowReader = (text: string) => ReadResult;

interface ReaderCase {
  text: string;
  rows: [line: number, value: unknown][];
  faults: number[];
  what: string;
}

const READER_CASES: readonly ReaderCase[] = [
  { what: "two rows", text: '{"a":1}\n{"a":2}\n', rows: [[1, { a: 1 }], [2, { a: 2 }]], faults: [] },
  { what: "no line break at the end", text: '{"a":1}\n{"a":2}', rows: [[1, { a: 1 }], [2, { a: 2 }]], faults: [] },
  { what: "Windows line breaks", text: '{"a":1}\r\n{"a":2}\r\n', rows: [[1, { a: 1 }], [2, { a: 2 }]], faults: [] },
  { what: "blank lines", text: '{"a":1}\n\n  \n{"a":2}\n', rows: [[1, { a: 1 }], [4, { a: 2 }]], faults: [] },
  { what: "a broken line in the middle", text: '{"a":1}\n{"a":\n{"a":3}\n', rows: [[1, { a: 1 }], [3, { a: 3 }]], faults: [2] },
  { what: "a byte order mark", text: '\uFEFF{"a":1}\n{"a":2}\n', rows: [[1, { a: 1 }], [2, { a: 2 }]], faults: [] },
  { what: "an empty file", text: "", rows: [], faults: [] },
];

const caseOf = (what: string) => READER_CASES.find((given) => given.what === what) as ReaderCase;
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const summary = ({ rows, faults }: ReadResult) => [rows.map(({ line, value }) => [line, value]), faults.map(({ line }) => line)];
const passes = (reader: RowReader, what: string) => {
  const { text, rows, faults } = caseOf(what);
  return same(summary(reader(text)), [rows, faults]);
};
const fails = (reader: RowReader, what: string) => {
  try {
    return !passes(reader, what);
  } catch {
    return true;
  }
};
const throwsOn = (reader: RowReader, what: string) => {
  try {
    reader(caseOf(what).text);
    return false;
  } catch (error) {
    return !(error instanceof Error && error.name === "StubError");
  }
};

export const rowReader: Exercise<RowReader> = {
  id: "63.3/row-reader",
  kind: "function",
  hints: [
    "The cell above did nine things to damaged.jsonl, and only six are faults. The other three are what a reader has to pass over: which are they?",
    "Cut the text into lines first, and give each its number from 1 before you skip any. Parse each line by itself, and catch the error of that line only.",
    "Remove U+FEFF from the very beginning of the text, and let a carriage return at a line's end do no harm. A line that is blank after trim is neither a row nor a fault.",
  ],
  fault: (answer) => {
    for (const { what, text, rows, faults } of READER_CASES) {
      let given: ReadResult;
      try {
        given = answer(text);
      } catch (error) {
        if (error instanceof Error && error.name === "StubError") throw error;
        return `On ${what} your reader threw: ${String(error)}. A broken line is a result, not an exception.`;
      }
      if (!Array.isArray(given?.rows) || !Array.isArray(given?.faults)) return "Return an object with two lists, rows and faults.";
      if (!same(summary(given), [rows, faults])) {
        return `On ${what} your rows and faulty lines are ${JSON.stringify(summary(given))}; they should be ${JSON.stringify([rows, faults])}.`;
      }
      if (given.faults.some(({ reason }) => !reason)) return "A fault needs a reason: whoever mends the file reads it.";
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "one parse for all",
      matches: (answer) => throwsOn(answer, "two rows"),
      message: "You gave the whole text to JSON.parse. A JSONL file is no JSON document: each line is one.",
    },
    {
      name: "stops at the first fault",
      matches: (answer) => !fails(answer, "two rows") && (throwsOn(answer, "a broken line in the middle") || answer(caseOf("a broken line in the middle").text).rows.length === 1),
      message: "One broken line ends your reading, and the good rows after it are lost. Catch the error of each line and go on.",
    },
    {
      name: "counts from zero",
      matches: (answer) => same(answer(caseOf("two rows").text).rows.map(({ line }) => line), [0, 1]),
      message: "Your lines count from 0. Editors count from 1, and whoever looks for 'line 7' uses an editor.",
    },
    {
      name: "counts after filtering",
      matches: (answer) => same(answer(caseOf("blank lines").text).rows.map(({ line }) => line), [1, 2]) && answer(caseOf("blank lines").text).faults.length === 0,
      message: "You dropped the blank lines before you numbered the rest, so every line after one has the wrong number. Number first, then skip.",
    },
    {
      name: "blank lines are faults",
      matches: (answer) => answer(caseOf("blank lines").text).faults.length > 0 || answer(caseOf("two rows").text).faults.length > 0,
      message: "A blank line, such as the one after the last line break, is reported as broken. It holds nothing and breaks nothing: skip it.",
    },
    {
      name: "byte order mark",
      matches: (answer) => !fails(answer, "two rows") && fails(answer, "a byte order mark"),
      message: "Windows programs put an invisible U+FEFF before the first row, and JSON.parse refuses it. The row is good: remove the mark.",
    },
  ],
  because: "Every good row comes through with the line number that an editor shows, and every broken line is named instead of stopping the rest.",
};
