/** The two questions of a run: write scripts with calls, and, once the calls were run, say what came of them. */
import { z } from "zod";
import type { ToolDefinition } from "../data/example.js";
import { ScriptCall, type PlayedTurn } from "./tool-calls/script.js";
import { ToolOrder } from "./tool-calls/order.js";
import type { ChatTurn } from "./tokens.js";

const RULES = `You write training conversations for an assistant that calls tools. Answer with JSON Lines, one conversation a line, no Markdown:
{"n":1,"turns":[{"user":"..."},{"calls":[{"name":"...","arguments":{...}}]}]}
A turn is {"user": text}, {"say": text of the assistant} or {"calls": [...]}. Never write what a tool answers: the calls are run.

Kinds
- single: the user asks for one thing, the assistant calls the ordered tool.
- parallel: one request, all ordered tools called in one turn, in the order of the request.
- no-call: the user says something that needs no tool (see "about"); the assistant answers in one short sentence and calls nothing.
- clarify: what "about" names is missing; the assistant asks for it in one sentence, the user gives it, the assistant calls.
- result: as single; with two tools a second request follows about the same task, named only as "it".
- error: the user asks for something that the tools will refuse with the code in "about".

Arguments
- Only what the user said, in the user's own words: title, new_title and due_date stand in the request letter by letter; a due_date has no preposition ("Friday", "the 14th", "in three days").
- priority is low, medium or high, and only where the user names one; "urgent" and "important" are high, "no rush" is low.
- Tasks that exist are listed under "tasks"; name them by their title. Invent titles only for new tasks: everyday ones for words "plain", ones with words that exist nowhere for "invented".
- Vary how people ask, by the register; never begin two requests alike.`;

const HEADER = /^Today is (\d{4}-\d{2}-\d{2})\. Request (\d+), seed (\d+)\.\nTools: (.*)\nWrite these \d+ conversations:\n/;

/** A request for scripts. */
export interface ScriptRequest {
  today: string;
  /** From 1. */
  number: number;
  seed: number;
  tools: readonly ToolDefinition[];
  orders: readonly ToolOrder[];
}

export function writeScriptPrompt({ today, number, seed, tools, orders }: ScriptRequest): ChatTurn[] {
  const lines = orders.map((order, at) => `${at + 1}. ${JSON.stringify(order)}`);
  return [
    { role: "system", content: RULES },
    { role: "user", content: `Today is ${today}. Request ${number}, seed ${seed}.\nTools: ${JSON.stringify(tools.map((tool) => tool.function))}\nWrite these ${lines.length} conversations:\n${lines.join("\n")}` },
  ];
}

/** Reads such a prompt back; undefined when it is none. */
export function readScriptPrompt(messages: readonly { role: string; content: string }[]): Pick<ScriptRequest, "today" | "orders"> | undefined {
  const [system, user] = messages;
  const head = HEADER.exec(user?.content ?? "");
  if (system?.content !== RULES || user === undefined || head?.[1] === undefined) return undefined;
  const orders = readLines(user.content.slice(head[0].length), ToolOrder);
  return orders && { today: head[1], orders };
}

const SAY_RULES = `You write what an assistant says once its tools have answered. For each conversation below write one line of JSON, no Markdown:
{"n":1,"say":["..."]}
with one text for each turn of calls, in one or two short sentences.
- Say what the results say and nothing else: titles in double quotes, dates as YYYY-MM-DD, a priority only where the user named one.
- A list: how many tasks there are, then each with its date.
- An error: say what was not possible, and ask for what would help. Candidates are named, each in double quotes.`;

const Played = z.strictObject({ turns: z.array(z.union([z.strictObject({ user: z.string() }), z.strictObject({ say: z.string() }), z.strictObject({ calls: z.array(ScriptCall), results: z.array(z.unknown()).optional() })])) });

export function writeSayPrompt(conversations: readonly (readonly PlayedTurn[])[]): ChatTurn[] {
  const lines = conversations.map((turns, at) => `${at + 1}. ${JSON.stringify({ turns })}`);
  return [{ role: "system", content: SAY_RULES }, { role: "user", content: `Conversations:\n${lines.join("\n")}` }];
}

/** Reads such a prompt back; undefined when it is none. */
export function readSayPrompt(messages: readonly { role: string; content: string }[]): PlayedTurn[][] | undefined {
  const [system, user] = messages;
  if (system?.content !== SAY_RULES || user?.content.startsWith("Conversations:\n") !== true) return undefined;
  return readLines(user.content.slice("Conversations:\n".length), Played)?.map(({ turns }) => turns as PlayedTurn[]);
}

function readLines<T>(text: string, schema: z.ZodType<T>): T[] | undefined {
  const values: T[] = [];
  for (const line of text.split("\n")) {
    try {
      const parsed = schema.safeParse(JSON.parse(line.replace(/^\d+\. /, "")));
      if (!parsed.success) return undefined;
      values.push(parsed.data);
    } catch {
      return undefined;
    }
  }
  return values;
}
