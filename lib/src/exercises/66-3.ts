/** The exercises of lesson 66.3, "Tool-Calling Dataset Creation". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** A call as a teacher wrote it. */
export interface WrittenCall {
  name: string;
  arguments: Readonly<Record<string, unknown>>;
}
/** The names of the arguments that the user did not say, in the call's order. */
export type FindInvented = (request: string, call: WrittenCall) => string[];

const LEVELS: Readonly<Record<string, RegExp>> = { high: /\b(high|urgent|important)\b/i, medium: /\bmedium\b/i, low: /\b(low|no rush)\b/i };
const FREE = ["title", "new_title", "due_date"];
const saysValue = (request: string, value: unknown): boolean => request.toLowerCase().includes(String(value).toLowerCase());
const invented = (said: (request: string, field: string, value: unknown) => boolean): FindInvented => (request, { arguments: given }) =>
  Object.keys(given).filter((field) => !said(request, field, given[field]));
const rightly = invented((request, field, value) => (FREE.includes(field) ? saysValue(request, value) : field === "priority" ? (LEVELS[String(value)]?.test(request) ?? false) : true));

const GIVEN: readonly (readonly [string, WrittenCall])[] = [
  ["Add buy milk for Friday", { name: "create_task", arguments: { title: "buy milk", due_date: "Friday" } }],
  ["Add buy milk", { name: "create_task", arguments: { title: "buy milk", due_date: "tomorrow" } }],
  ["Pay rent is urgent", { name: "update_task", arguments: { title: "pay rent", priority: "high" } }],
  ["Move pay rent to Monday", { name: "update_task", arguments: { title: "Pay rent", due_date: "Monday", priority: "high" } }],
  ["Finish the zwook report", { name: "complete_task", arguments: { title: "zook report" } }],
  ["What have I done?", { name: "list_tasks", arguments: { status: "done" } }],
  ["Show me what I have finished", { name: "list_tasks", arguments: { status: "done" } }],
  ["Rename pay rent to \"Pay the landlord\"", { name: "update_task", arguments: { title: "pay rent", new_title: "pay the landlord" } }],
  ["Delete highlight the contract", { name: "update_task", arguments: { title: "highlight the contract", priority: "high" } }],
];

export const findInvented: Exercise<FindInvented> = {
  id: "66.3/invented",
  hints: [
    "Titles and dates are the user's words: where must each of them stand, letter by letter, if nobody invented it?",
    "A priority is not said in the schema's words: \"urgent\" means high. Keep a pattern for each level, with word borders, so that \"highlight\" is no high.",
    "Compare titles and dates in small letters, priorities by a pattern, and leave status alone: \"done\" need not be said.",
  ],
  ...functionAnswer<FindInvented>({
    cases: GIVEN.map(([request, call]) => ({ name: `"${request}" with ${JSON.stringify(call.arguments)}`, given: [request, call] })),
    right: rightly,
    mistakes: [
      {
        name: "letters as they stand",
        gives: invented((request, field, value) => (FREE.includes(field) ? request.includes(String(value)) : field === "priority" ? (LEVELS[String(value)]?.test(request) ?? false) : true)),
        message: "You compare capital and small letters. \"Pay rent\" at the start of a sentence and \"pay rent\" in a call are one title; your check would throw good rows away.",
      },
      {
        name: "priority by its word",
        gives: invented((request, field, value) => (field === "status" ? true : saysValue(request, value))),
        message: "You look for the word high, medium or low itself. People say \"urgent\"; and \"highlight\" holds \"high\" without meaning it. A priority needs a pattern of its own for each level.",
      },
      {
        name: "everything must be said",
        gives: invented((request, field, value) => (field === "priority" ? (LEVELS[String(value)]?.test(request) ?? false) : saysValue(request, value))),
        message: "You ask for every value in the request. `status` is an enumerated value that stands for a meaning: who asks what is finished never says \"done\".",
      },
      {
        name: "priority not looked at",
        gives: invented((request, field, value) => !FREE.includes(field) || saysValue(request, value)),
        message: "You look at titles and dates alone. A priority that nobody named is the commonest invention of all: models like to fill in every field.",
      },
    ],
  }),
  because: "What the user did not say must not stand in a call: a model that trains on such rows learns to make up dates. Your check finds that without running anything; a call with an invented date works perfectly well.",
};

/** A request with a mark for each title and day, in small letters: `move <title> to <date>`. */
export type MaskRequest = (request: string, given: Readonly<Record<string, string>>) => string;

const MARKS: Readonly<Record<string, string>> = { title: "<title>", new_title: "<new>", due_date: "<date>" };
const maskWith = (fields: readonly string[], { longestFirst = true, everywhere = true, fold = true } = {}): MaskRequest => (request, given) => {
  let text = fold ? request.toLowerCase() : request;
  const values = fields.flatMap((field) => (given[field] === undefined ? [] : [[MARKS[field] ?? "", fold ? given[field].toLowerCase() : given[field]] as const]));
  if (longestFirst) values.sort(([, a], [, b]) => b.length - a.length);
  for (const [mark, value] of values) text = everywhere ? text.split(value).join(mark) : text.replace(value, () => mark);
  return text;
};

const MASKED: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["Move pay rent to Friday", { title: "pay rent", due_date: "Friday" }],
  ["Delete Water the ferns", { title: "Water the ferns" }],
  ["Rename call Ada to call Ada about Friday", { title: "call Ada", new_title: "call Ada about Friday" }],
  ["Make call on Friday due Friday", { title: "call on Friday", due_date: "Friday" }],
  ["Show my urgent tasks", { priority: "high" }],
  ["Milk: add milk", { title: "milk" }],
];

export const maskRequest: Exercise<MaskRequest> = {
  id: "66.3/phrasing",
  hints: [
    "What differs between \"Move pay rent to Friday\" and \"Move buy milk to Monday\"? Only that may be hidden.",
    "A value can hold another one: \"call on Friday\" holds \"Friday\". In which order must they be replaced?",
    "Small letters first, then the values of title, new_title and due_date, the longest first, each of them everywhere: <title>, <new>, <date>.",
  ],
  ...functionAnswer<MaskRequest>({
    cases: MASKED.map(([request, given]) => ({ name: `"${request}" with ${JSON.stringify(given)}`, given: [request, given] })),
    right: maskWith(["title", "new_title", "due_date"]),
    mistakes: [
      { name: "titles only", gives: [maskWith(["title", "new_title"]), maskWith(["title"])], message: "You hide titles and leave the days. Then \"move <title> to friday\" and \"move <title> to monday\" are two phrasings, and one of them lands in the exam while the other is trained on." },
      { name: "letters as they stand", gives: maskWith(["title", "new_title", "due_date"], { fold: false }), message: "You keep capital letters: \"Delete <title>\" and \"delete <title>\" are one way to ask." },
      { name: "in the order of the fields", gives: maskWith(["title", "new_title", "due_date"], { longestFirst: false }), message: "A short value may stand inside a longer one: \"call ada\" inside \"call ada about friday\". Replaced in the order of the fields, the rest of the longer one stays behind. Take the longest first." },
      { name: "once", gives: maskWith(["title", "new_title", "due_date"], { everywhere: false }), message: "You replace the first place alone. A title can be said twice: \"Milk: add milk\"." },
    ],
  }),
  because: "Two requests with the same mask are one phrasing. Rows are divided by it, so that the exam asks in ways that training never showed.",
};
