// ---
// chapter: 63
// lesson: 3
// title: Creating JSONL Datasets
// layer: Layer 2 (Hands-on)
// minutes: 50
// concepts:
//   - JSONL file structure
//   - Schema validation with Pydantic
//   - Dataset inspection utilities
// maps: FR-018 (JSONL format), foundation for synthetic generation
// prerequisites: lesson 63.1 (the ShareGPT format)
// ---

// %% [markdown]
// Most training runs that go wrong do so before the first step: a quote that was not escaped, a turn that is empty, a role that the trainer
// drops without a word. In this lesson you make 50 rows in the style of the Task API set, in a file that can lose one line without losing
// the rest, behind a schema that refuses what would teach something wrong.

// %% [markdown]
// ## 1. One row a line
//
// JSON Lines is a text file in UTF-8 with one JSON object on each line. No brackets around it, no commas between. That is all, and it
// buys three things: you can append to it, read it without holding it in memory, and damage stays where it happens.
//
// The same three rows as one JSON document and as JSON Lines, each with one character too many:

// %%
import { check, showChart, showTable, todo } from "llmops/course";

const three = [{ task: "Buy milk" }, { task: "Pay rent" }, { task: "Call Ana" }];
const asDocument = JSON.stringify(three).replace("Pay", 'Pay"');
const asLines = three.map((row) => JSON.stringify(row)).join("\n").replace("Pay", 'Pay"');

function canParse(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
console.log(`one document: ${canParse(asDocument) ? 3 : 0} of 3 rows can be read`);
console.log(`JSON Lines:   ${asLines.split("\n").filter(canParse).length} of 3 rows can be read`);

// %% [markdown]
// ## 2. A schema says what a row is
//
// In TypeScript the workbook uses zod: a schema checks data when the program runs, and gives you the type for when you write it. Here
// is one for a turn.

// %%
import { z } from "zod";

const Turn = z.object({
  from: z.enum(["human", "gpt"]),
  value: z.string().trim().min(1, "must not be empty"),
});
type Turn = z.infer<typeof Turn>;

const good: Turn = { from: "human", value: "Buy milk" };
for (const candidate of [good, { from: "user", value: "Buy milk" }, { from: "gpt", value: "   " }, { from: "gpt" }]) {
  const result = Turn.safeParse(candidate);
  const verdict = result.success ? "valid" : z.prettifyError(result.error).replaceAll("\n", " ");
  console.log(`${JSON.stringify(candidate).padEnd(38)} ${verdict}`);
}

// %% [markdown]
// Python's Pydantic is the same idea, and you meet it in every training script. The schema of a turn with Pydantic 2:
//
// ```python
// from typing import Annotated, Literal
// from pydantic import BaseModel, ConfigDict, Field, StringConstraints
//
// class Turn(BaseModel):
//     model_config = ConfigDict(populate_by_name=True)
//     from_: Literal["human", "gpt"] = Field(alias="from")   # "from" is a keyword of Python
//     value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
//
// Turn.model_validate({"from": "gpt", "value": "   "})       # ValidationError: at least 1 character
// ```
//
// Both check one turn at a time. What a *conversation* must be, neither knows yet. That is your first exercise.
//
// ### Exercise: the schema of a conversation
//
// A row is `{ conversations: […] }` with at least two turns, the first by the human, the last by gpt. Other fields, such as an id,
// are allowed. Build it from `Turn`; `z.array(…).min(…)` and `.refine(…)` help.

// %%
import { conversationSchema, type RowSchema } from "llmops/exercises/63-3";

let Conversation: RowSchema | undefined;
// BEGIN SOLUTION
Conversation = z.object({
  conversations: z
    .array(Turn)
    .min(2, "needs a question and an answer")
    .refine((turns) => turns[0]?.from === "human", "must start with the human")
    .refine((turns) => turns.at(-1)?.from === "gpt", "must end with gpt"),
});
// STUB
// // Conversation = z.object({ … });
// END SOLUTION
await check(conversationSchema, Conversation);

// %% [markdown]
// ## 3. Write fifty rows
//
// Ten tasks, five operations, and for each operation several ways to ask. Written by hand, a set has the voice of the one who wrote it;
// so vary on purpose: order of details, length, politeness, a missing date that the assistant has to ask for.

// %%
const TASKS: [title: string, due: string][] = [
  ["Review budget", "Friday"], ["Buy milk", "today"], ["Call the dentist", "Monday"], ["Book train to Lyon", "3 December"],
  ["Renew passport", "end of January"], ["Send invoice 118", "tomorrow"], ["Water the plants", "Sunday"], ["Back up the website", "tonight"],
  ["Prepare slides", "Wednesday"], ["Return library books", "25 November"],
];
const OPERATIONS = ["create", "update", "complete", "delete", "list"] as const;

function converse(operation: (typeof OPERATIONS)[number], index: number): [human: string, gpt: string][] {
  const [title, due] = TASKS[index];
  const ask = index % 3;
  switch (operation) {
    case "create":
      if (ask === 0) return [[`Add "${title}", please.`, `When is "${title}" due?`], [`${due}.`, `Added "${title}", due ${due}.`]];
      return [[ask === 1 ? `new task: ${title}, ${due}` : `Could you note that I have to ${title.toLowerCase()} by ${due}?`, `Added "${title}", due ${due}.`]];
    case "update":
      return [[ask === 0 ? `Move "${title}" to ${due}.` : `${title}: ${due} instead.`, `"${title}" is due ${due}.`]];
    case "complete":
      return [[["Done:", "Finished:", "Tick off"][ask] + ` ${title.toLowerCase()}`, `Marked "${title}" as done.`]];
    case "delete":
      return [[`Delete "${title}".`, `Delete "${title}" for good?`], [ask === 2 ? "No, keep it." : "Yes.", ask === 2 ? `Kept "${title}".` : `Deleted "${title}".`]];
    case "list":
      return [[["What is due", "Anything for", "Show tasks due"][ask] + ` ${due}?`, `One task is due ${due}: "${title}".`]];
  }
}

const rows = OPERATIONS.flatMap((operation) =>
  TASKS.map((_, index) => ({
    id: `${operation}-${index + 1}`,
    operation,
    conversations: converse(operation, index).flatMap(([human, gpt]): Turn[] => [{ from: "human", value: human }, { from: "gpt", value: gpt }]),
  })),
);
console.log(`${rows.length} rows\n${rows.filter((_, index) => index % 17 === 0).map((row) => JSON.stringify(row)).join("\n")}`);

// %% [markdown]
// Write them so that a crash leaves no half file: `JsonlWriter` writes beside the target and renames at the end.

// %%
import { JsonlWriter } from "llmops/data";

const writer = await JsonlWriter.open("task_api_50.jsonl");
for (const row of rows) await writer.write(row);
const { rows: written, bytes } = await writer.commit();
console.log(`task_api_50.jsonl: ${written} rows, ${bytes.toLocaleString("en-US")} bytes`);

// %% [markdown]
// ## 4. Inspect what you wrote
//
// Read the file back, not the variable: what counts is what the trainer will see. Four questions catch most accidents. How many of
// each kind? How long? Are answers repeated? What do the extremes look like?

// %%
import { countTokens, readExamples } from "llmops/data";

const examples = await readExamples("task_api_50.jsonl");
const lastAnswers = examples.map(({ messages }) => messages.at(-1)?.content);
const tokens = examples.map((example) => countTokens(example));
showTable(
  OPERATIONS.map((operation) => {
    const mine = tokens.filter((_, index) => examples[index]?.extra["operation"] === operation);
    return { operation, rows: mine.length, "fewest tokens": Math.min(...mine), "most tokens": Math.max(...mine) };
  }),
  { caption: `${examples.length} rows, ${new Set(lastAnswers).size} different last answers` },
);
const longest = examples[tokens.indexOf(Math.max(...tokens))];
console.log("The longest:", longest?.messages.map(({ role, content }) => `\n  ${role}: ${content}`).join(""));

// %% tags=["folded"]
const lengths = examples.map((example, index) => ({ operation: String(example.extra["operation"]), tokens: tokens[index] }));
await showChart(
  {
    title: "Tokens per row",
    data: { values: lengths },
    mark: { type: "tick", thickness: 3, opacity: 0.7 },
    encoding: {
      x: { field: "tokens", type: "quantitative", scale: { zero: false } },
      y: { field: "operation", type: "nominal", title: null },
    },
  },
  `Each row as a tick by its tokens, from ${Math.min(...tokens)} to ${Math.max(...tokens)}; no delete is short, because it asks before it deletes.`,
);

// %% [markdown]
// ## 5. Break it, and read what the validator says
//
// A validator is only as good as its complaints. Damage a copy of the file in the ways that files really get damaged, and look
// whether each complaint tells you the line and what to do.

// %%
import { readFileSync, writeFileSync } from "node:fs";
import { validateFile } from "llmops/data";

const lines = readFileSync("task_api_50.jsonl", "utf8").split("\n");
lines[4] = lines[4].slice(0, -9); //                              cut off: the disk was full
lines[11] = lines[11].replace('"gpt"', '"bot"'); //               a role of some other dialect
lines[19] = JSON.stringify({ ...rows[19], conversations: [{ from: "human", value: "" }, rows[19].conversations[1]] }); // an empty turn
lines[26] = lines[26].replace("}", "},"); //                      a comma from a JSON array
lines[33] = lines[33].replaceAll('"', "'"); //                    Python's str(), not json.dumps()
lines[40] = `${lines[40]},`; //                                    one more comma
writeFileSync("damaged.jsonl", `\uFEFF${lines.join("\r\n")}\r\n\r\n`); // and Windows on top

const validation = await validateFile("damaged.jsonl");
showTable(
  validation.faults.map(({ line, code, reason }) => ({ line, code, reason })),
  { caption: `${validation.valid} of ${validation.rows} rows are valid` },
);

// %% [markdown]
// Six lines were damaged and six are named. The byte order mark, the Windows line breaks and the blank line at the end are no damage,
// and are passed over. In a terminal, with an exit code that a script can use:
//
// ```
// npm run llmops -- data validate work/63-data-engineering-for-training/damaged.jsonl
// ```
//
// ### Exercise: a reader that loses nothing
//
// Write `readRows`. It takes the text of a JSONL file and gives `rows`, each with its line number and value, and `faults`, each with its
// line number and a reason. Lines count from 1. Blank lines, a byte order mark and Windows line breaks are no faults; a broken line must
// not stop the reading.

// %%
import { rowReader, type ReadResult } from "llmops/exercises/63-3";

function readRows(text: string): ReadResult {
  // BEGIN SOLUTION
  const result: ReadResult = { rows: [], faults: [] };
  text.replace(/^\uFEFF/, "").split("\n").forEach((content, index) => {
    if (content.trim() === "") return;
    try {
      result.rows.push({ line: index + 1, value: JSON.parse(content) as unknown });
    } catch (error) {
      result.faults.push({ line: index + 1, reason: String(error) });
    }
  });
  return result;
  // STUB
  // return todo(); // { rows: [{ line: 1, value: … }], faults: [{ line: 2, reason: "…" }] }
  // END SOLUTION
}
await check(rowReader, readRows);

// %% [markdown] tags=["instructor"]
// **For instructors.** Let students predict how many rows of `damaged.jsonl` survive before they run the cell. The reader's usual
// mistakes (numbering after filtering, stopping at the first fault) each get their own answer. Ten minutes of this lesson are well
// spent on students damaging each other's files.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here are five rows of my training set as JSON Lines: [paste five lines of task_api_50.jsonl]. Write 20 more rows in the same format,
// > for the same five operations, by people who write very differently from me.
//
// ### 2. Critical evaluation
//
// Save the answer as a file and run `validateFile` on it. Did it keep one object a line? Did it add Markdown fences, comments, an
// array? Count how many of the 20 are valid without any mending.
//
// ### 3. Constraint teaching
//
// > Answer with JSON Lines only. Fields: id, operation, conversations. Turns alternate, human first, gpt last, no empty value. Vary the
// > order of title and date. Here are the validator's complaints about your last answer: [paste the table].
//
// ### 4. Refinement
//
// Put its rows and yours into one file, and compare the two groups: tokens per row, different first words, share of rows with a
// follow-up question. Ask for rows that fill what is thin.
//
// ### 5. Final check
//
// Read ten of its rows aloud. Which would no colleague of yours ever write? Remove those, and write down the rule you used.
