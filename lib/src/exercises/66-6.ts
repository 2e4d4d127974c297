/** The exercises of lesson 66.6, "OpenAI Agents SDK Integration". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** A call as chat completions carry it: `arguments` is JSON text. */
export interface MadeCall {
  id: string;
  name: string;
  arguments: string;
}
/** The messages that a conversation goes on with, once the calls of an answer are carried out; `results` by the calls' ids. */
export type NextMessages = (calls: readonly MadeCall[], results: Readonly<Record<string, object>>) => object[];

const assistant = (calls: readonly MadeCall[]): object => ({ role: "assistant", content: null, tool_calls: calls.map(({ id, name, arguments: given }) => ({ id, type: "function", function: { name, arguments: given } })) });
const nextRightly: NextMessages = (calls, results) => [assistant(calls), ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: JSON.stringify(results[id]) }))];

const ONE: MadeCall[] = [{ id: "call_7", name: "list_tasks", arguments: "{}" }];
const TWO: MadeCall[] = [{ id: "call_1", name: "create_task", arguments: '{"title": "buy milk"}' }, { id: "call_2", name: "delete_task", arguments: '{"title": "ski trip"}' }];

export const nextMessages: Exercise<NextMessages> = {
  id: "66.6/next-messages",
  hints: [
    "Two kinds of messages: what the assistant did, once, and what came of it, once for each call. Which must stand first?",
    'The assistant\'s message has content null and tool_calls; each of these is { id, type: "function", function: { name, arguments } }.',
    'A result is { role: "tool", tool_call_id, content }, and content is text: JSON.stringify of the result that belongs to that id.',
  ],
  ...functionAnswer<NextMessages>({
    cases: [
      { name: "one call", given: [ONE, { call_7: { tasks: [], total: 0 } }] },
      { name: "two calls, their results in another order", given: [TWO, { call_2: { error: "not_found", message: "There is no task “ski trip”." }, call_1: { id: 1, title: "buy milk" } }] },
    ],
    right: nextRightly,
    mistakes: [
      {
        name: "the assistant's message left out",
        gives: (calls, results) => nextRightly(calls, results).slice(1),
        message: "Your results answer calls that nobody made: the assistant's own message with its tool_calls must stand before them. Servers refuse a tool message without it.",
      },
      {
        name: "results as objects",
        gives: (calls, results) => [assistant(calls), ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: results[id] }))],
        message: "The content of a tool message is text. Write the result as JSON: JSON.stringify.",
      },
      {
        name: "the old function role",
        gives: (calls, results) => [assistant(calls), ...calls.map(({ id, name }) => ({ role: "function", name, content: JSON.stringify(results[id]) }))],
        message: 'role "function" belongs to function_call, which the API had before tools and has deprecated. With several calls of one tool it could not say which result is whose: use role "tool" with tool_call_id.',
      },
      {
        name: "all results in one message",
        gives: (calls, results) => [assistant(calls), { role: "tool", tool_call_id: calls[0]?.id, content: JSON.stringify(calls.length === 1 ? results[calls[0]?.id ?? ""] : calls.map(({ id }) => results[id])) }],
        message: "Every call needs a message of its own with its id. With two calls and one result, the server says which tool_call_id has none.",
      },
      {
        name: "results by position",
        gives: (calls, results) => [assistant(calls), ...Object.values(results).map((result, at) => ({ role: "tool", tool_call_id: calls[at]?.id, content: JSON.stringify(result) }))],
        message: "You paired results with calls by their order. Calls that run side by side end in any order: take each result by its call's id.",
      },
      {
        name: "arguments as objects",
        gives: (calls, results) => [
          { role: "assistant", content: null, tool_calls: calls.map(({ id, name, arguments: given }) => ({ id, type: "function", function: { name, arguments: JSON.parse(given) as unknown } })) },
          ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: JSON.stringify(results[id]) })),
        ],
        message: "In OpenAI's API the arguments of a call are JSON text, and go back as the text that came.",
      },
    ],
  }),
  because: "A conversation with tools is a ledger: who called what under which number, and what came back under that number. The server keeps nothing between two requests, so all of it goes along each time.",
};

/**
 * Tokens that a model reads in one run: `first` in the first request, and after each answer the conversation has grown by that
 * answer and its results (`added`, one number for each answer that was followed by another request).
 */
export type TokensRead = (first: number, added: readonly number[]) => number;
const readRightly: TokensRead = (first, added) => added.reduce(({ sum, prompt }, more) => ({ sum: sum + prompt + more, prompt: prompt + more }), { sum: first, prompt: first }).sum;

export const tokensRead: Exercise<TokensRead> = {
  id: "66.6/tokens-read",
  hints: [
    "How many requests are there, and what does the second one contain?",
    "The server keeps nothing: each request has the whole conversation. The second is first + added[0] long.",
    "Keep the length of the prompt beside the sum: begin both with first, then for each element lengthen the prompt and add it to the sum.",
  ],
  ...functionAnswer<TokensRead>({
    cases: [[150, []], [150, [80]], [150, [80, 60]], [200, [50, 50, 50]], [100, [10, 200, 30, 40]]].map(([first, added]) => ({ given: [first as number, added as number[]] })),
    right: readRightly,
    tell: ([first, added], given, expected) => `${added.length + 1} requests, the first of ${first} tokens, growing by ${added.join(", ") || "nothing"}: the model reads ${expected}. Your function says ${String(given)}.`,
    mistakes: [
      {
        name: "only the last request",
        gives: (first, added) => first + added.reduce((sum, more) => sum + more, 0),
        message: "That is the length of the last request. The ones before were read and are paid for too.",
      },
      {
        name: "the first prompt each time",
        gives: (first, added) => first * (added.length + 1),
        message: "Every request is longer than the one before: answers and results stay in the conversation.",
      },
      {
        name: "growth counted once",
        gives: (first, added) => first * (added.length + 1) + added.reduce((sum, more) => sum + more, 0),
        message: "What was added after the first answer is read in all later requests, not only in the next one.",
      },
      {
        name: "the last request forgotten",
        gives: (first, added) => readRightly(first, added.slice(0, -1)),
        message: "After the last growth there is one more request: the one in which the model says that it is done.",
      },
    ],
  }),
  because: "Each request carries the whole conversation, so a run with k rounds reads about k times its first prompt and more. That is what an agent costs with a paid API, and what fills the 512 tokens of a small model.",
};
