// ---
// chapter: 66
// lesson: 2
// title: Tool-Calling Patterns
// layer: Layer 1 (Conceptual Foundation)
// minutes: 45
// concepts:
//   - Tool definition format
//   - Tool call format
//   - Tool result handling
//   - Multi-turn tool conversations
// maps: Foundation for tool-calling training
// prerequisites: lesson 63.1 (messages) and JSON schema by sight
// ---

// %% [markdown]
// A model cannot add a task. It can write a text that says which function to call and with what; a program of yours reads the
// text, calls the function, and writes the result back into the conversation. Everything that a model of yours will know about
// this game it learns from rows: definitions, calls, results, and turns in an order. In this lesson you play every pattern
// against a real Task API, look at what the model would read, and sort out rows that would teach it something wrong.

// %% [markdown]
// ## 1. A definition: what the model is told
//
// A tool is a name, a sentence, and a JSON schema of its arguments. Write the schema once, in zod: then the same object checks
// the model's arguments and makes the definition.

// %%
import { z } from "zod";
import { TASK_TOOLS, toolDefinition } from "llmops/agent";
import { check, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";

const createTask = z.strictObject({
  title: z.string().describe("The task's title, in the user's words"),
  due_date: z.string().describe("The date in the user's words, without its preposition: Friday, the 14th, 2026-12-04").optional(),
  priority: z.enum(["low", "medium", "high"]).optional(),
}).describe("Add a task");
const definition = toolDefinition("create_task", createTask);
console.log(JSON.stringify(definition, null, 2));
console.log(`The library's own create_task is the same: ${JSON.stringify(definition) === JSON.stringify(TASK_TOOLS[0])}`);

// %% [markdown]
// `required` names what a call cannot do without; an `enum` says all that is allowed; a `description` says what neither can.
//
// The API takes this JSON. The model reads what its **chat template** makes of it, in front of every conversation, and you pay
// for it in every request. taskling's template writes a line for each tool and leaves the rest away; others paste the JSON:

// %%
import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";
import { openTokenizer, type Message, type ToolDefinition } from "llmops/data";
import { TASK_SYSTEM } from "llmops/evaluate";

const MODEL = workbookPath("colab/taskling/model");
const { chat_template } = JSON.parse(readFileSync(`${MODEL}/tokenizer_config.json`, "utf8")) as { chat_template: string };
const template = new Template(chat_template);
const render = (messages: readonly Message[], tools: readonly unknown[] | null = TASK_TOOLS) => template.render({ messages, tools, bos_token: "" });
const system = { role: "system", content: TASK_SYSTEM } as const;
console.log(render([system]));

const tokenizer = await openTokenizer({ folder: MODEL });
const countTurns = (messages: readonly Message[], tools: ToolDefinition[] = [...TASK_TOOLS]) => tokenizer.countExample({ messages: [...messages], tools, extra: {} }, { generationPrompt: false });
showTable([
  { form: "lines of taskling's template", tokens: countTurns([system]) - countTurns([system], []) },
  { form: "the definitions as JSON", tokens: tokenizer.count(JSON.stringify(TASK_TOOLS)) },
], { caption: `The ${TASK_TOOLS.length} tools in front of every conversation, of a context of 512 tokens` });

// %% [markdown]
// A model that is tuned on your tools can do with the short form, because the rows have taught it what `due_date` means. One that
// meets your tools for the first time needs every description. That is one of the things that tuning buys.
//
// ## 2. Words or values?
//
// Many guides give the due date as `{ "type": "string", "format": "date" }`, and then show a call with `"Friday"`. The two
// contradict each other, and JSON schema would not have told you: a validator may ignore `format`. zod does not:

// %%
const asDate = z.strictObject({ title: z.string(), due_date: z.iso.date().optional() });
const verdict = asDate.safeParse({ title: "Review budget", due_date: "Friday" });
console.log(verdict.success ? "accepted" : `refused: ${verdict.error.issues[0].path.join(".")}: ${verdict.error.issues[0].message}`);

// %% [markdown]
// Behind the slip stands a choice. Who turns "Friday" into a day, the model or the tool? A model would have to be told today's
// date, and to count. Look at what that asks of it: the same four phrases, said on each day of four weeks.

// %% tags=["folded"]
import { resolveDueDate } from "llmops/agent";

const DAY = 86_400_000;
const said = ["Friday", "the 14th", "next week", "the end of the month"].flatMap((words) => Array.from({ length: 28 }, (_, at) => {
  const today = new Date(Date.UTC(2026, 10, 9) + at * DAY).toISOString().slice(0, 10);
  const due = resolveDueDate(words, today);
  const day = "day" in due ? due.day : today;
  return { words, today, day, "days ahead": (Date.parse(day) - Date.parse(today)) / DAY };
}));
const daysOf = (words: string) => new Set(said.filter((row) => row.words === words).map(({ day }) => day)).size;
await showChart(
  {
    title: "How far ahead the same words are",
    width: 520,
    height: 240,
    data: { values: said },
    mark: { type: "line", interpolate: "step-after", point: { size: 18 } },
    encoding: {
      x: { field: "today", type: "temporal", title: "said on", axis: { format: "%d %b" } },
      y: { field: "days ahead", type: "quantitative", title: "days ahead" },
      color: { field: "words", type: "nominal", title: null, scale: { range: ["#0072B2", "#E69F00", "#009E73", "#CC79A7"] } },
    },
  },
  `In 28 days, ${["Friday", "the 14th", "next week", "the end of the month"].map((words) => `“${words}” is ${daysOf(words) === 1 ? "1 day" : `${daysOf(words)} different days`}`).join(", ")}.`,
);

// %% [markdown]
// That is arithmetic, and a program does it without a mistake. So the Task API's tools take the user's own words, and the tool
// resolves them. The model learns one thing only: to copy the right words into the right place. The same goes for the task: the
// tools take a title, not an id that the model would have to look up first. What the tool cannot read, it refuses and says so:

// %%
showTable(["tomorrow morning", "the 14th", "Tuesday the 1st", "next weekend", "12/4", "spring", "in a few days", "Tuesday, November 1"].map((words) => {
  const due = resolveDueDate(words, "2026-11-21");
  return { "said on 21 November 2026": words, day: "day" in due ? due.day : null, refused: "unclear" in due ? due.unclear : null };
}));

// %% [markdown]
// ## 3. A call: what the model writes
//
// A call is text, too. The model writes it in the form that it was trained on; a server cuts it out and hands it on in the form
// of OpenAI's API. There `arguments` is a **string** that holds JSON, since nobody has checked it yet, and each call has an
// **id**.

// %%
import { parseCalls, writeCalls } from "llmops/evaluate";

const calls = [
  { name: "create_task", arguments: { title: "call mum", due_date: "Friday" } },
  { name: "complete_task", arguments: { title: "buy milk" } },
];
const callTurn = (...all: [id: string, name: string, given: object][]): Message => ({
  role: "assistant", content: null, tool_calls: all.map(([id, name, given]) => ({ id, type: "function" as const, function: { name, arguments: JSON.stringify(given) } })),
});
const openAiForm = callTurn(["call_1", calls[0].name, calls[0].arguments], ["call_2", calls[1].name, calls[1].arguments]);
console.log(`taskling, two calls in one turn:\n  ${writeCalls(calls)}`);
console.log(`OpenAI's API, the same:\n${JSON.stringify(openAiForm, null, 1)}`);

// %% [markdown]
// Read answers back, good ones and others. Nothing is mended here: a program that guesses what a broken call meant will one day
// delete the wrong task.

// %%
const answers = [
  writeCalls(calls),
  '<|python_tag|>{"name": "list_tasks", "parameters": {}}',
  '{"name": "create_task", "parameters": {"title": "call mum"',
  'Sure! {"name": "list_tasks", "parameters": {}}',
  "What should it be called?",
];
showTable(answers.map((answer) => {
  const read = parseCalls(answer);
  return { answer: answer.length > 62 ? `${answer.slice(0, 60)} …` : answer, "is": read.kind, calls: read.kind === "calls" ? read.calls.map(({ name }) => name).join(", ") : null, why: read.kind === "broken" ? read.reason : null };
}));

// %% [markdown]
// The fourth is prose with JSON in it: whoever waits for a call finds none. The last is prose, and rightly so.
//
// ## 4. A result: what the tool says
//
// Now run calls. `openTaskApi` starts the Task API on this machine, with an empty database; `seed` gives it tasks, and `today`
// lets every run of this notebook see the same day.

// %%
import { openTaskApi, resultText, runTool, type NewTask, type Task } from "llmops/agent";

const SEED: NewTask[] = [
  { title: "Book the dentist", due_date: "2026-11-27", priority: "high" },
  { title: "The dentist bill" },
  { title: "Pay rent", due_date: "2026-12-01" },
  { title: "buy milk" },
];
const TODAY = "2026-11-21"; // a Saturday
const api = await openTaskApi({ today: TODAY, seed: SEED });
showDoors(api.door);

const tried: [name: string, given: object][] = [
  ["create_task", { title: "Review budget", due_date: "Friday", priority: "high" }],
  ["complete_task", { title: "the milk" }],
  ["list_tasks", { due_date: "next week" }],
  ["complete_task", { title: "groceries" }],
  ["delete_task", { title: "dentist" }],
  ["update_task", { title: "rent", due_date: "spring" }],
  ["update_task", { title: "rent", due_date: "2026-11-01" }],
  ["create_task", { title: "Review budget", urgency: "high" }],
];
for (const [name, given] of tried) {
  console.log(`${name} ${JSON.stringify(given)}\n  → ${resultText(await runTool(api, { name, arguments: given }))}`);
}

// %% [markdown]
// More than half of them failed, and none threw. An **error is a result**: it has a short code that a program can count, and a sentence that
// a model can act on. `ambiguous` brings its candidates, so that the model can ask a good question.
//
// Results are short on purpose. They stay in the conversation, and the model reads them again at every turn. What would the
// plain answers of the HTTP API cost?

// %%
const asSent = await (await fetch(`${api.url}/tasks?status=open`)).text();
const asTool = resultText(await runTool(api, { name: "list_tasks", arguments: {} }));
showTable([
  { result: "GET /tasks?status=open, as it comes", characters: asSent.length, tokens: tokenizer.count(asSent) },
  { result: "list_tasks, as the tool gives it", characters: asTool.length, tokens: tokenizer.count(asTool) },
], { caption: "A list of the open tasks" });

// %% [markdown]
// The tool leaves out times that no answer needs, and shows five tasks at most beside the total. A list of a hundred tasks would
// else push the request itself out of a small model's context.
//
// ### Exercise: answer the calls
//
// A turn may hold several calls. Write the messages that answer it: one for each call, in the calls' order, with the role `tool`,
// the call's id as `tool_call_id`, and the result as JSON text. `run` carries out one call and takes its arguments **parsed**; where they
// are no JSON, the result is `{ error: "bad_arguments" }`.

// %%
import { answerCallsExercise, type CallingTurn, type RunCall } from "llmops/exercises/66-2";

async function answerCalls(turn: CallingTurn, run: RunCall): Promise<Message[]> {
  // BEGIN SOLUTION
  const resultOf = async (name: string, text: string): Promise<unknown> => {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      return { error: "bad_arguments" };
    }
    return run({ name, arguments: given });
  };
  return Promise.all(turn.tool_calls.map(async ({ id, function: { name, arguments: text } }) => ({ role: "tool" as const, tool_call_id: id, content: JSON.stringify(await resultOf(name, text)) })));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(answerCallsExercise, answerCalls);

// %% [markdown]
// ## 5. Whole conversations
//
// Six patterns cover what an assistant of the Task API meets. Write the turns of user and assistant by hand, and let the API
// answer the calls: the results below are real, and so is the state of the database at the end. This is how training rows are
// made in lesson 66.3, with a teacher in your place.

// %%
type Turn = { user: string } | { says: string } | { calls: [name: string, given: object][] };

async function play(turns: readonly Turn[]): Promise<Message[]> {
  await api.reset(SEED);
  const messages: Message[] = [];
  let number = 0;
  for (const turn of turns) {
    if ("user" in turn) messages.push({ role: "user", content: turn.user });
    else if ("says" in turn) messages.push({ role: "assistant", content: turn.says });
    else {
      const message = callTurn(...turn.calls.map(([name, given]): [string, string, object] => [`call_${++number}`, name, given]));
      messages.push(message);
      for (const { id, function: called } of message.tool_calls ?? []) {
        messages.push({ role: "tool", tool_call_id: id, content: resultText(await runTool(api, called)) });
      }
    }
  }
  return messages;
}

const PATTERNS: Record<string, Turn[]> = {
  single: [{ user: "Remind me to call mum by Friday" }, { calls: [["create_task", { title: "call mum", due_date: "Friday" }]] }, { says: "Added “call mum”, due 27 November." }],
  parallel: [
    { user: "Milk is done, and add water the plants for tomorrow" },
    { calls: [["complete_task", { title: "Milk" }], ["create_task", { title: "water the plants", due_date: "tomorrow" }]] },
    { says: "“buy milk” is done, and “water the plants” is on your list for 22 November." },
  ],
  clarify: [
    { user: "Delete the dentist task" },
    { calls: [["delete_task", { title: "dentist" }]] },
    { says: "Two tasks fit: “Book the dentist” and “The dentist bill”. Which one?" },
    { user: "the bill" },
    { calls: [["delete_task", { title: "The dentist bill" }]] },
    { says: "Deleted “The dentist bill”." },
  ],
  "one after the other": [
    { user: "Is anything due next week? If so, make it low priority." },
    { calls: [["list_tasks", { due_date: "next week" }]] },
    { calls: [["update_task", { title: "Book the dentist", priority: "low" }]] },
    { says: "“Book the dentist” is due on 27 November; it has low priority now." },
  ],
  error: [
    { user: "Move the rent to spring" },
    { calls: [["update_task", { title: "rent", due_date: "spring" }]] },
    { says: "Spring is no day that I can set. Which date should “Pay rent” have?" },
  ],
  "no call": [{ user: "Thanks, that was all." }, { says: "You are welcome." }],
};

const textOf = ({ content, tool_calls }: Message) => content ?? tool_calls?.map(({ id, function: { name, arguments: text } }) => `${id} ${name} ${text}`).join("\n") ?? "";
const wrapped = (text: string) => text.split("\n").flatMap((line) => line.match(/.{1,88}(?:[ ,]|$)|.{1,88}/g) ?? []).join("\n            ");
const inWords = ({ title, priority, status, due_date }: Task) => `${title} (${[priority, status, due_date].filter(Boolean).join(", ")})`;

const played: Record<string, Message[]> = {};
await api.reset(SEED);
const before = new Set((await api.tasks()).map(inWords));
for (const [pattern, turns] of Object.entries(PATTERNS)) {
  played[pattern] = await play(turns);
  const after = new Set((await api.tasks()).map(inWords));
  console.log(`${pattern}\n${played[pattern].map((message) => `  ${(message.tool_call_id ?? message.role).padEnd(9)} ${wrapped(textOf(message))}`).join("\n")}`);
  const changes = [...[...before].filter((one) => !after.has(one)).map((one) => `- ${one}`), ...[...after].filter((one) => !before.has(one)).map((one) => `+ ${one}`)];
  console.log(`  database  ${changes.join("\n            ") || "as it was"}\n`);
}

// %% [markdown]
// In "one after the other" the second call needs what the first one found, so it cannot stand in the same turn. In "parallel"
// neither needs the other. In "clarify" and "error" the assistant reads the result and asks: a call is not the end of a turn,
// and trying again with a guess is not an answer.
//
// Where do the tokens of such a conversation go? Count what each turn adds to the text that the template writes.

// %% tags=["folded"]
const PARTS = ["system and tools", "user", "calls", "results", "answers"] as const;
const partOf = ({ role, tool_calls }: Message) => (role === "user" ? "user" : role === "tool" ? "results" : tool_calls ? "calls" : "answers");
const spent = Object.entries(played).flatMap(([pattern, messages]) => {
  const sums = new Map<string, number>([["system and tools", countTurns([system])]]);
  messages.forEach((message, at) => {
    const added = countTurns([system, ...messages.slice(0, at + 1)]) - countTurns([system, ...messages.slice(0, at)]);
    sums.set(partOf(message), (sums.get(partOf(message)) ?? 0) + added);
  });
  return PARTS.map((part, order) => ({ pattern, part, order, tokens: sums.get(part) ?? 0 }));
});
const tokensOf = (pattern: string, parts: readonly string[] = PARTS) => spent.filter((row) => row.pattern === pattern && parts.includes(row.part)).reduce((sum, { tokens }) => sum + tokens, 0);
await showChart(
  {
    title: "Tokens of each conversation, by part",
    width: 480,
    data: { values: spent },
    mark: "bar",
    encoding: {
      y: { field: "pattern", type: "nominal", title: null, sort: Object.keys(played) },
      x: { field: "tokens", type: "quantitative", title: "tokens (taskling's context: 512)", scale: { domain: [0, 512] } },
      color: { field: "part", type: "nominal", title: null, sort: [...PARTS], scale: { domain: [...PARTS], range: ["#999999", "#56B4E9", "#0072B2", "#E69F00", "#009E73"] } },
      order: { field: "order" },
    },
  },
  `Tokens of each conversation, and of them results: ${Object.keys(played).map((pattern) => `${pattern} ${tokensOf(pattern)}, ${tokensOf(pattern, ["results"])}`).join("; ")}.`,
);

// %% [markdown]
// ## 6. What is trained, and what is only read
//
// A row is all of this as one text. The loss is computed on the assistant's turns alone: calls and answers. Definitions, user
// and results are read, not learned. Were results trained as well, the model would learn to write them itself, and would not
// wait for your tool.

// %%
const row = [system, ...played["clarify"]];
console.log(render(row).replaceAll("<|start_header_id|>assistant", "▶<|start_header_id|>assistant"));
const own = tokensOf("clarify", ["calls", "answers"]);
console.log(`In the turns marked with ▶, which are trained: ${own} of ${tokensOf("clarify")} tokens, ${((100 * own) / tokensOf("clarify")).toFixed(0)}%, their headers included`);

// %% [markdown]
// Look at the text as the model does. A result has a header of its own, `ipython`, the name that Llama 3's format gives to
// tools. The ids are gone: this template does not write them, so the model goes by the order of the results. Keep the ids in your
// rows and the results in the order of the calls: OpenAI's fine-tuning asks for ids, and so does every program between the model
// and the tool.
//
// ### Exercise: rows that teach something wrong
//
// A teacher wrote these seven. The prompt holds the tools and no date. Which rows would you drop, because the model would learn a
// mistake from them?

// %%
import { OFFERED_ROWS } from "llmops/exercises/66-2";

for (const [name, { says, messages }] of Object.entries(OFFERED_ROWS)) {
  const lines = messages.map((message: Message) => `  ${(message.tool_call_id ? `tool ${message.tool_call_id}` : message.role).padEnd(9)} ${wrapped(textOf(message))}`);
  console.log(`${name}: ${says}\n${lines.join("\n")}\n`);
}

// %%
import { rowsToDropExercise } from "llmops/exercises/66-2";

let rowsToDrop: (keyof typeof OFFERED_ROWS)[] | undefined;
// BEGIN SOLUTION
rowsToDrop = ["A", "C", "E", "F"];
// STUB
// // rowsToDrop = [… "A", "B", …];
// END SOLUTION
await check(rowsToDropExercise, rowsToDrop);

// %% [markdown]
// Each of these rows is valid JSON, and each call fits its schema. A check of form finds none of them. What finds them is running
// the calls, and comparing what was said with what was asked and what came back: the subject of the next lesson.

// %% tags=["quiet"]
await api.close();

// %% [markdown] tags=["instructor"]
// **For instructors.** Rows like A stand in many guides, and most students pass it: let them underline in the request what each
// argument comes from. Ask before section 2 who should know what day it is; most say "the model", until they see the chart. In
// section 5 have them predict the state of the database before each pattern. `npm run llmops -- task-api` serves the same API for
// a demonstration with curl; `/openapi.json` is made from the same zod schemas.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Write the definition of a tool `snooze_task` for my Task API, in OpenAI's format. It puts a task off by some days. Then write
// > three training conversations that use it.
//
// ### 2. Critical evaluation
//
// Does every argument of its calls stand in the user's words? Is there a conversation without a call, one with a question, one
// with an error? Compare its definition with `toolDefinition` of a zod schema that you write for it.
//
// ### 3. Constraint teaching
//
// > The model does not know today's date, and ids of tasks are not in the prompt. The tool takes the user's words and finds task
// > and day itself. Change definition and conversations so that nothing has to be guessed.
//
// ### 4. Refinement
//
// > For each conversation write the result that my tool would give: a task is {"id", "title", "due_date", "priority", "status"},
// > an error {"error", "message"}. Then add one in which two tasks have the title that the user says.
//
// ### 5. Final check
//
// Give its calls to `runTool`, where the tool exists, or write `snooze_task` with two calls of the API. Which of the results that
// it wrote would your service never have given?
