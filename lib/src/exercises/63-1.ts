/** The exercises of lesson 63.1, "Dataset Formats". */
import type { Exercise } from "../course/check.js";
import type { Format } from "../data/example.js";

/** A plan for training data, and the format it calls for. */
export const FORMAT_CASES = {
  "translate one sentence": "alpaca",
  "a support chat with follow-up questions": "sharegpt",
  "an agent that calls tools": "messages",
  "two answers to each prompt, one better": "preference",
} as const satisfies Record<string, Format>;

export type FormatCase = keyof typeof FORMAT_CASES;
export type FormatChoices = Readonly<Record<FormatCase, Format>>;

const WHY: Readonly<Record<FormatCase, string>> = {
  "translate one sentence": "One request, one answer, nothing before it: three fields say it all.",
  "a support chat with follow-up questions": "What the user means on turn three depends on turns one and two, so the row must hold all of them.",
  "an agent that calls tools": "A tool call has a name, arguments and an id that its result refers to; the row needs a place for each, and for the list of tools.",
  "two answers to each prompt, one better": "Preference training compares two answers to one prompt, so the row must hold both and say which is better.",
};

const wrongCases = (choices: FormatChoices) => (Object.keys(FORMAT_CASES) as FormatCase[]).filter((name) => choices[name] !== FORMAT_CASES[name]);

export const formatChoice: Exercise<FormatChoices> = {
  id: "63.1/format-choice",
  kind: "choice",
  hints: [
    "For each plan, imagine one row and ask what would be lost if only one question and one answer were kept.",
    "Use the table above from left to right: earlier turns, tool calls with their ids, and which of two answers is better each need a place of their own.",
    "Each of the four formats is right for exactly one plan.",
  ],
  fault: (answer) => {
    const [first] = wrongCases(answer);
    if (first === undefined) return undefined;
    return `"${first}" does not fit ${String(answer[first])}. ${WHY[first]}`;
  },
  misconceptions: [
    {
      name: "one format for all",
      matches: (answer) => new Set(Object.values(answer)).size === 1,
      message: "You chose one format for everything. A format that can hold the data is not yet the one that a trainer for this task reads: look at what each row must keep.",
    },
    {
      name: "chat as messages",
      matches: (answer) => answer["a support chat with follow-up questions"] === "messages",
      message: "messages would hold the chat, too. Use each format once: which of the other plans can be held by messages alone?",
    },
    {
      name: "chat as alpaca",
      matches: (answer) => answer["a support chat with follow-up questions"] === "alpaca",
      message: "An Alpaca row is one instruction and one output. Cut a chat into such rows and each loses the turns before it: 'Friday' alone is no request.",
    },
    {
      name: "tools as text",
      matches: (answer) => answer["an agent that calls tools"] === "alpaca" || answer["an agent that calls tools"] === "sharegpt",
      message: "Tool calls need structure: a name, JSON arguments, an id that the result refers to. OpenAI's messages have fields for them, and chat templates read those; ShareGPT has them only in dialects.",
    },
    {
      name: "preference as two rows",
      matches: (answer) => answer["two answers to each prompt, one better"] !== "preference",
      message: "Two separate rows would teach the model both answers, the worse one as well. Only a pair says that one is better.",
    },
  ],
  because: "Each row now keeps what its task needs: one exchange, a whole conversation, calls with arguments and ids, or two answers and which is better.",
};

export interface AlpacaRow {
  instruction: string;
  input: string;
  output: string;
}
export interface ShareGptRow {
  conversations: { from: string; value: string }[];
}
export type ToShareGpt = (row: AlpacaRow) => ShareGptRow;

const ALPACA_ROWS: readonly AlpacaRow[] = [
  { instruction: "Create a task with these details", input: "title: Review budget, due: Friday", output: "Created 'Review budget', due Friday." },
  { instruction: "List my open tasks", input: "", output: "You have 2 open tasks." },
  { instruction: "Fix the spelling:", input: "Reveiw buget", output: "Review budget" },
];

const right: ToShareGpt = ({ instruction, input, output }) => ({
  conversations: [
    { from: "human", value: input === "" ? instruction : `${instruction}\n${input}` },
    { from: "gpt", value: output },
  ],
});

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const converts = (mistaken: ToShareGpt) => (answer: ToShareGpt) => ALPACA_ROWS.every((row) => same(turnsOf(answer(row)), turnsOf(mistaken(row))));
// The order of the keys of a turn says nothing.
const turnsOf = ({ conversations }: ShareGptRow) => conversations.map(({ from, value }) => [from, value]);

export const toShareGptExercise: Exercise<ToShareGpt> = {
  id: "63.1/to-sharegpt",
  kind: "function",
  hints: [
    "How many turns does one Alpaca row make, and who speaks in each? ShareGPT has its own names for the two speakers.",
    "Instruction and input are one request, so they share a turn: the instruction, a line break, the input.",
    "Where the input is empty, nothing of it may stay, not even the line break.",
  ],
  fault: (answer) => {
    for (const row of ALPACA_ROWS) {
      const given = answer({ ...row });
      if (!Array.isArray(given?.conversations)) return "Return an object with a list named conversations.";
      const [mine, expected] = [turnsOf(given), turnsOf(right(row))];
      if (!same(mine, expected)) return `For ${JSON.stringify(row)} the turns are ${JSON.stringify(mine)}; they should be ${JSON.stringify(expected)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "input dropped",
      matches: converts((row) => right({ ...row, input: "" })),
      message: "The input is gone. In Alpaca the request is the instruction and the input together; without the input 'Fix the spelling:' has nothing to fix.",
    },
    {
      name: "input as a turn",
      matches: converts(({ instruction, input, output }) => ({
        conversations: [{ from: "human", value: instruction }, { from: "human", value: input }, { from: "gpt", value: output }],
      })),
      message: "Two human turns in a row: chat templates expect turns to alternate. Instruction and input are one request, so they make one turn.",
    },
    {
      name: "empty input kept",
      matches: converts(({ instruction, input, output }) => ({
        conversations: [{ from: "human", value: `${instruction}\n${input}` }, { from: "gpt", value: output }],
      })),
      message: "Where the input is empty your turn ends with a line break. It is invisible here and a token to the model, which learns to expect it.",
    },
    {
      name: "openai names",
      matches: converts((row) => ({ conversations: right(row).conversations.map(({ from, value }) => ({ from: from === "human" ? "user" : "assistant", value })) })),
      message: "user and assistant are the names of OpenAI's messages. In ShareGPT they are human and gpt; a trainer that maps those names drops the others, or stops.",
    },
    {
      name: "run together",
      matches: converts(({ instruction, input, output }) => ({
        conversations: [{ from: "human", value: instruction + (input === "" ? "" : ` ${input}`) }, { from: "gpt", value: output }],
      })),
      message: "You joined instruction and input with a space. Put the input on a line of its own: it is data that the instruction speaks of, and the model should see where it begins.",
    },
  ],
  because: "One request, one answer: instruction and input make the human turn, the output is what gpt says, and nothing invisible was added.",
};
