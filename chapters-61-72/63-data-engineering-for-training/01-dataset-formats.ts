// ---
// chapter: 63
// lesson: 1
// title: Dataset Formats
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Alpaca format (instruction/input/output)
//   - ShareGPT/conversations format
//   - Format selection criteria
// maps: FR-018 (dataset formats match industry standards)
// prerequisites: JSON, and what a prompt and an answer are
// ---

// %% [markdown]
// A language model reads one long text. A dataset format is an agreement about how that text is cut into fields, so that a trainer
// can put it together again. Choose the wrong one and the loss curve still looks fine; the model just never saw what you meant.
//
// You will look at the same conversation in four formats, find out what each cannot hold, and choose with numbers.

// %% [markdown]
// ## 1. One request, one answer: Alpaca
//
// The format of Stanford's Alpaca set (2023): `instruction`, an optional `input` that the instruction speaks of, and `output`.

// %%
import { check, showChart, showTable, todo, workbookPath } from "llmops/course";
import { parseRow } from "llmops/data";

const alpacaRow = {
  instruction: "Create a task with the following details",
  input: "title: Review budget, due: Friday, priority: high",
  output: "Created 'Review budget', due Friday, priority high.",
};
const fromAlpaca = parseRow("alpaca", alpacaRow);
if (fromAlpaca.ok) showTable(fromAlpaca.example.messages.map(({ role, content }) => ({ role, content })), { caption: "What the workbook makes of it" });

// %% [markdown]
// Whatever the format, a trainer ends with a list of turns. The workbook reads every format into that one shape, an `Example`,
// so that a step of a pipeline is written once.
//
// ## 2. A conversation: ShareGPT
//
// Named after a site where people shared their chats. A row holds `conversations`, a list of turns; `from` says who speaks:
// `human`, `gpt`, sometimes `system` or `tool`.

// %%
const shareGptRow = {
  conversations: [
    { from: "human", value: "Create a new task for reviewing the budget" },
    { from: "gpt", value: "I can add 'Review budget'. When is it due?" },
    { from: "human", value: "Friday" },
    { from: "gpt", value: "Created 'Review budget', due Friday." },
  ],
};
const fromShareGpt = parseRow("sharegpt", shareGptRow);
const fourTurns = fromShareGpt.ok ? fromShareGpt.example.messages : [];
showTable(fourTurns.map(({ role, content }) => ({ role, content })), { caption: "Four turns, one example" });

// %% [markdown]
// ## 3. The same example in every format
//
// OpenAI's `messages` say the same with other names (`role` and `content`), and have places that ShareGPT lacks: tool calls with
// their ids, and the tools themselves. Trainers of today, TRL among them, take `messages` directly.
//
// Write the four turns in each format:

// %%
import { formatRow, type Example } from "llmops/data";

for (const format of ["alpaca", "sharegpt", "messages", "preference"] as const) {
  const written = formatRow(format, { messages: fourTurns, extra: {} }, { plain: true });
  console.log(`${format}\n${written.ok ? JSON.stringify(written.row, null, 1) : `refused: ${written.reason}`}\n`);
}

// %% [markdown]
// Look at the Alpaca row: the earlier turns went into `history`, a field that some trainers know and many ignore. The preference
// format refuses, and says what it misses.
//
// ## 4. What a format cannot hold
//
// A system prompt, a tool call, a second exchange: put each into every format and see which survives without tricks.

// %%
const question = { role: "user", content: "What is due today?" } as const;
const answer = { role: "assistant", content: "'Review budget' is due today." } as const;
const call = { id: "call_9f2c", type: "function", function: { name: "list_tasks", arguments: '{"due":"today"}' } } as const;
const samples: Record<string, Example> = {
  "one exchange": { messages: [question, answer], extra: {} },
  "a system prompt": { messages: [{ role: "system", content: "You manage tasks." }, question, answer], extra: {} },
  "several exchanges": { messages: [question, answer, { role: "user", content: "And tomorrow?" }, { role: "assistant", content: "Nothing." }], extra: {} },
  "a tool call and its result": {
    messages: [
      question,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "call_9f2c", content: '["Review budget"]' },
      answer,
    ],
    extra: {},
  },
};
const CHAT_FORMATS = ["alpaca", "sharegpt", "messages"] as const;
showTable(
  Object.entries(samples).map(([what, example]) => ({
    what,
    ...Object.fromEntries(
      CHAT_FORMATS.map((format) => {
        const written = formatRow(format, example, { plain: true });
        return [format, written.ok ? Object.keys(written.row).join(", ") : `refused (${written.code})`];
      }),
    ),
  })),
  { caption: "The fields each format needs for it" },
);

// %% [markdown]
// "Accepted" is not "kept". Read each row back and compare: a plain row that comes back different has lost something on the way.

// %%
import { isDeepStrictEqual } from "node:util";

showTable(
  Object.entries(samples).map(([what, example]) => ({
    what,
    ...Object.fromEntries(
      CHAT_FORMATS.map((format) => {
        const written = formatRow(format, example, { plain: true });
        const back = written.ok ? parseRow(format, written.row) : undefined;
        if (!back?.ok) return [format, "refused"];
        return [format, isDeepStrictEqual(back.example.messages, example.messages) ? "the same" : "changed"];
      }),
    ),
  })),
  { caption: "Written plainly, and read back" },
);

// %% [markdown]
// ShareGPT has no place for a call's id, so the id that comes back is another one. With one call that is harmless; with two
// calls at once a trainer can no longer tell which result belongs to which.
//
// ## 5. Choose with numbers
//
// The Task API dataset of lesson 63.7 has 400 training conversations. How many fit into one instruction and one output?

// %%
import { readExamples } from "llmops/data";

const train = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
const exchanges = train.map(({ messages, extra }) => ({
  operation: String(extra["operation"]),
  exchanges: messages.filter(({ role }) => role === "user").length,
}));
const single = exchanges.filter((row) => row.exchanges === 1).length;
console.log(`${single} of ${train.length} conversations are a single exchange; ${train.length - single} need a format that keeps turns.`);

// %% tags=["folded"]
const share = (operation: string) => {
  const rows = exchanges.filter((row) => row.operation === operation);
  return `${operation} ${rows.filter((row) => row.exchanges > 1).length} of ${rows.length}`;
};
await showChart(
  {
    title: "Exchanges per conversation",
    data: { values: exchanges },
    mark: "bar",
    encoding: {
      x: { aggregate: "count", title: "conversations" },
      y: { field: "operation", type: "nominal", title: null },
      color: { field: "exchanges", type: "ordinal", title: "exchanges", scale: { range: ["#0072B2", "#E69F00", "#009E73", "#CC79A7"] } },
    },
  },
  `Conversations with more than one exchange, by operation: ${["create", "update", "complete", "delete", "list"].map(share).join(", ")}.`,
);

// %% [markdown]
// `delete` asks before it deletes, `create` asks for a missing date. Cut those conversations into Alpaca rows, and one of them says "Yes." and
// answers "Deleted 'Review budget'.": the model learns to act on a title that nobody named. The choice is made: conversations.
//
// | your data | format | why |
// | --- | --- | --- |
// | one request, one answer (translation, classification, extraction) | Alpaca | nothing else to keep |
// | conversations | ShareGPT or messages | turns belong together |
// | conversations with tools | messages | calls, ids and tool definitions have fields |
// | two answers to a prompt, one better | preference | the comparison is the signal |
//
// When in doubt take `messages`: it kept everything in section 4, and trainers that use a chat template read it.
//
// ### Exercise: choose a format
//
// For each plan, name the format whose rows keep what the task needs: `alpaca`, `sharegpt`, `messages` or `preference`. Use
// each once.

// %%
import { formatChoice, type FormatChoices } from "llmops/exercises/63-1";

let choices: FormatChoices | undefined;
// BEGIN SOLUTION
choices = {
  "translate one sentence": "alpaca",
  "a support chat with follow-up questions": "sharegpt",
  "an agent that calls tools": "messages",
  "two answers to each prompt, one better": "preference",
};
// STUB
// // choices = {
// //   "translate one sentence": …,
// //   "a support chat with follow-up questions": …,
// //   "an agent that calls tools": …,
// //   "two answers to each prompt, one better": …,
// // };
// END SOLUTION
await check(formatChoice, choices);

// %% [markdown]
// ### Exercise: from Alpaca to ShareGPT
//
// Write the conversion yourself once, to see where it can go wrong. The input may be empty.

// %%
import { toShareGptExercise, type AlpacaRow, type ShareGptRow } from "llmops/exercises/63-1";

function toShareGpt(row: AlpacaRow): ShareGptRow {
  // BEGIN SOLUTION
  const request = row.input === "" ? row.instruction : `${row.instruction}\n${row.input}`;
  return { conversations: [{ from: "human", value: request }, { from: "gpt", value: row.output }] };
  // STUB
  // return todo();
  // END SOLUTION
}
await check(toShareGptExercise, toShareGpt);

// %% [markdown]
// ## 6. Let the file tell you
//
// Files that others made seldom say what they are. `detectFormat` looks at the fields and gives its evidence; where it cannot
// tell, it says what it found and what you can do.

// %%
import { detectFormat } from "llmops/data";

const found = [
  [{ question: "What is due today?", answer: "Nothing." }],
  [{ conversations: shareGptRow.conversations }],
  [{ messages: [{ role: "user", content: "hi" }, { role: "assistant", content: "hello" }] }],
  [{ prompt: "Delete all", chosen: "Are you sure?", rejected: "Deleted." }],
  [{ body: "### Human: hi ### Assistant: hello", stars: 3 }],
].map((rows) => detectFormat(rows));
for (const result of found) console.log(result.ok ? `${result.format}: ${result.evidence.join("; ")}` : result.message);

// %% [markdown]
// In a terminal the same knowledge is one command; rows that cannot be converted are written to a file of their own, with reasons:
//
// ```
// npm run llmops -- data convert rows.jsonl --to messages --out messages.jsonl
// ```

// %% [markdown] tags=["instructor"]
// **For instructors.** The table "Written plainly, and read back" is the heart of the lesson: ask for a prediction before running
// it. Students who know OpenAI's API write `user` and `assistant` into ShareGPT rows; the second exercise answers that.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I want to fine-tune an assistant on 2,000 support tickets. Each ticket is an e-mail thread with up to six messages and the
// > final answer. Which dataset format should I use, and what does one row look like?
//
// ### 2. Critical evaluation
//
// Take its row and run it through `parseRow` and `formatRow`. Does it parse? Does it come back the same? Which part of the thread
// is no longer there?
//
// ### 3. Constraint teaching
//
// > My trainer computes the loss on assistant turns only. In these threads the customer and two colleagues write, and only the last
// > message is an answer I want to teach. Change the row so that nothing else is learned.
//
// ### 4. Refinement
//
// > Write three rows for threads that break your layout: one where the customer writes twice in a row, one where the answer comes
// > from a tool, one with an attachment. For each, say what is lost.
//
// ### 5. Final check
//
// Run `detectFormat` on the rows you ended with. Does it name the format you chose, and for the reason you chose it?
