/** The exercises of lesson 66.4, "Agentic Fine-Tuning". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

export interface PlainCall {
  name: string;
  arguments: Readonly<Record<string, string>>;
}
/** Calls as the model is trained to write them: `{"name": "…", "parameters": {"…": "…"}}`, several joined by `; `. */
export type WriteCalls = (calls: readonly PlainCall[]) => string;

/** JSON with a space behind each comma and colon, as Python and Jinja's `tojson` write it; no comma or colon in a text is touched. */
const spaced = (given: Readonly<Record<string, string>>): string => `{${Object.entries(given).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(", ")}}`;
const write = (one: (call: PlainCall) => string, join = "; "): WriteCalls => (calls) => calls.map(one).join(join);
const rightCall = ({ name, arguments: given }: PlainCall): string => `{"name": ${JSON.stringify(name)}, "parameters": ${spaced(given)}}`;

const CALLS: readonly (readonly PlainCall[])[] = [
  [{ name: "create_task", arguments: { title: "buy milk", due_date: "Friday" } }],
  [{ name: "list_tasks", arguments: {} }],
  [{ name: "complete_task", arguments: { title: "call Ada: now" } }, { name: "delete_task", arguments: { title: "fix \"the\" bike, again" } }],
];

export const writeCallsExercise: Exercise<WriteCalls> = {
  id: "66.4/calls-as-text",
  hints: [
    "Look at the trained part of section 1, mark by mark: which key stands before the arguments, and where are spaces?",
    "JSON.stringify writes no spaces. Putting some in behind every comma afterwards would change titles that hold commas: write the object piece by piece.",
    "For each call: {\"name\": …, \"parameters\": {key: value, key: value}} with JSON.stringify for each key and each value; join the calls with \"; \".",
  ],
  ...functionAnswer<WriteCalls>({
    cases: CALLS.map((calls) => ({ given: [calls] })),
    right: write(rightCall),
    mistakes: [
      {
        name: "without spaces",
        gives: write(({ name, arguments: given }) => JSON.stringify({ name, parameters: given })),
        message: "The JSON is right and the text is another one: the model was trained on a space behind each colon and comma. With other tokens in front it has to find its way on ground that it never saw.",
      },
      {
        name: "arguments for parameters",
        gives: [write(({ name, arguments: given }) => `{"name": ${JSON.stringify(name)}, "arguments": ${spaced(given)}}`), write(({ name, arguments: given }) => JSON.stringify({ name, arguments: given }))],
        message: "You write the key `arguments`, as OpenAI's API has it. This template, as Llama's, calls it `parameters`: what is served must be what was trained.",
      },
      {
        name: "a list",
        gives: [(calls) => `[${calls.map(rightCall).join(", ")}]`, write(rightCall, ", "), write(rightCall, "\n")],
        message: "Several calls are joined by a semicolon and a space in this format, without brackets around. A parser that waits for \"; \" finds one broken call.",
      },
      {
        name: "spaces put in afterwards",
        gives: write(({ name, arguments: given }) => JSON.stringify({ name, parameters: given }).replaceAll(":", ": ").replaceAll(",", ", ")),
        message: "You put the spaces into the finished text, and so into titles: \"call Ada: now\" gets a second space. Then the call names a task that does not exist.",
      },
      {
        name: "quotes not escaped",
        gives: write(({ name, arguments: given }) => `{"name": "${name}", "parameters": {${Object.entries(given).map(([key, value]) => `"${key}": "${value}"`).join(", ")}}}`),
        message: "A title may hold quotation marks. Without escapes the JSON ends in the middle of it, and the row teaches the model to write broken calls.",
      },
    ],
  }),
  because: "What the template writes in training, the server's parser must read, mark by mark. Nothing in a run complains when the two differ; only the exam does.",
};

/** A model to which special tokens are added. */
export interface TokenPlan {
  /** Tokens before, and the numbers that each is. */
  vocabulary: number;
  hidden: number;
  added: number;
  /** Whether the output layer shares the embedding's matrix. */
  tied: boolean;
}
/** Weights that are trained and stored beside the adapter when PEFT saves embedding and output layer whole (`modules_to_save`). */
export type TokenCost = (plan: TokenPlan) => number;

const PLANS: readonly (readonly [string, TokenPlan])[] = [
  ["taskling with two new tokens", { vocabulary: 2048, hidden: 256, added: 2, tied: true }],
  ["Llama-3-8B with two new tokens", { vocabulary: 128_256, hidden: 4096, added: 2, tied: false }],
  ["Llama-3.2-1B with five new tokens", { vocabulary: 128_256, hidden: 2048, added: 5, tied: true }],
];
const cost: TokenCost = ({ vocabulary, hidden, added, tied }) => (vocabulary + added) * hidden * (tied ? 1 : 2);

export const tokenCost: Exercise<TokenCost> = {
  id: "66.4/new-tokens",
  hints: [
    "A new token needs a row in the embedding, and the model must be able to write it too. Which matrix does that?",
    "modules_to_save trains and stores a module as a whole: not the new rows alone.",
    "(vocabulary + added) × hidden, once where embedding and output layer are one matrix, else twice.",
  ],
  ...functionAnswer<TokenCost>({
    cases: PLANS.map(([name, plan]) => ({ name, given: [plan] })),
    right: cost,
    mistakes: [
      { name: "the new rows alone", gives: [({ added, hidden, tied }) => added * hidden * (tied ? 1 : 2), ({ added, hidden }) => added * hidden], message: "You count the new rows alone. `modules_to_save` takes the module whole: every row of the embedding is trained and stored, old ones too." },
      { name: "never twice", gives: ({ vocabulary, added, hidden }) => (vocabulary + added) * hidden, message: "Llama-3-8B's output layer is a matrix of its own: a token that can only be read is never written. It needs its rows there too." },
      { name: "always twice", gives: ({ vocabulary, added, hidden }) => 2 * (vocabulary + added) * hidden, message: "Where the matrices are tied, embedding and output layer are one matrix: it is stored once." },
      { name: "without the new ones", gives: ({ vocabulary, hidden, tied }) => vocabulary * hidden * (tied ? 1 : 2), message: "You count the old rows and forget the ones that you came for." },
    ],
  }),
  because: "Two tokens on Llama-3-8B make an adapter of 80 MiB into one of two gigabytes, and a merge of it touches every word. A format of ordinary tokens costs a few more tokens an answer and nothing else.",
};
