/**
 * `npm run tool-calls`: writes datasets/tool-calls anew. The teacher writes the conversations (the simulator, where no key is set),
 * every call is run on a real Task API in this process, and what was refused is counted in the card with its reason.
 *
 *     npm run tool-calls                  writes train, validation and test, dataset.json and the card
 *     npm run tool-calls -- --check       runs every call of the committed files again, and compares the results
 *     npm run tool-calls -- --out DIR --count 800   a smaller set, elsewhere
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTaskApi, taskToolRunner } from "llmops/agent";
import { plainMessages, readToolDataset, readToolRows, splitByPhrasing, TOOL_SETS, type Example, type ToolSet } from "llmops/data";
import { TASK_SYSTEM } from "llmops/evaluate";
import { generateToolConversations, money, openTeacher, TOOL_KINDS, type StateTask, type ToolGenerated } from "llmops/teacher";
import { ROOT } from "./paths.ts";
import { writeWhole } from "./whole-file.ts";

const TODAY = "2026-11-23";
const SEED = 66;
const SIZES = { train: 4200, validation: 120, test: 500 } as const;
const KINDS = {
  single: "one request, one call", parallel: "one request, two or three calls in one turn; in some rows with results", "no-call": "thanks, questions, wishes that no tool fulfils, and requests to leave something alone",
  clarify: "something is missing: asked for, given, then called", result: "a call, its result, what is said to it; in some rows a second request about the same task", error: "a call that the tools refuse: not_found, ambiguous, unclear_date, past_date",
} as const;
const { values } = parseArgs({ options: { check: { type: "boolean", default: false }, out: { type: "string", default: join(ROOT, "datasets", "tool-calls") }, count: { type: "string", default: "5900" } } });

const api = await openTaskApi({ today: values.check ? readToolDataset().today : TODAY });
try {
  if (values.check) await check();
  else await make(Number(values.count));
} finally {
  await api.close();
}

async function make(count: number): Promise<void> {
  const tools = taskToolRunner(api, TODAY);
  await using teacher = await openTeacher({ budgetUsd: 5 });
  console.log(teacher.door.says);
  const made = await generateToolConversations(teacher, tools, { today: TODAY, count, seed: SEED, system: TASK_SYSTEM, onProgress: ({ stage, done, total }) => { if (done % 500 === 0 || done === total) console.log(`${stage}: ${done} of ${total}`); } });
  const split = splitByPhrasing(made.rows, { test: 0.11, validation: 0.03 });
  const sets: Record<string, { rows: number; sha256: string }> = {};
  const bytes: Partial<Record<ToolSet, number>> = {};
  for (const set of TOOL_SETS) {
    const rows = split[set].slice(0, SIZES[set]);
    split[set] = rows;
    const text = rows.map((row, at) => `${JSON.stringify(toRow(row, `${set}-${at + 1}`))}\n`).join("");
    writeWhole(join(values.out, `${set}.jsonl`), text);
    sets[set] = { rows: rows.length, sha256: createHash("sha256").update(text).digest("hex") };
    bytes[set] = Buffer.byteLength(text);
    console.log(`${set}: ${rows.length} rows, ${bytes[set].toLocaleString("en")} bytes`);
  }
  writeWhole(join(values.out, "dataset.json"), `${JSON.stringify({ today: TODAY, seed: SEED, teacher: teacher.door.kind === "simulator" ? "the workbook's simulator" : teacher.door.model, tools: tools.definitions, sets }, null, 2)}\n`);
  writeWhole(join(values.out, "README.md"), card(made, split, teacher.door.kind === "simulator" ? "the workbook's simulator, a seeded program" : teacher.door.model));
  console.log(`paid ${money(made.cost.spent)}, worth ${money(made.cost.value)}; ${made.failures.length} requests failed`);
}

/** A row of the files: arguments as objects, without ids, since tools and trainers make their own. */
function toRow({ messages, extra }: Example, id: string): Record<string, unknown> {
  return { id, kind: extra["kind"], ...(extra["about"] === undefined ? {} : { about: extra["about"] }), state: extra["state"], messages: plainMessages(messages) };
}

/** Runs what the files call, and compares what the tools answer with what stands there. */
async function check(): Promise<void> {
  const { today } = readToolDataset();
  const tools = taskToolRunner(api, today);
  let calls = 0, other = 0;
  for (const set of TOOL_SETS) {
    for (const { messages, extra } of readToolRows(set)) {
      await tools.reset(extra["state"] as StateTask[]);
      const results: string[] = [];
      for (const message of messages) {
        for (const { function: { name, arguments: given } } of message.tool_calls ?? []) {
          const { text, error } = await tools.run({ name, arguments: JSON.parse(given) as Record<string, unknown> });
          calls++;
          results.push(text);
          if ((error !== undefined) !== (extra["kind"] === "error")) {
            other++;
            console.log(`${String(extra["id"])}: ${name} ${given} gave ${text}`);
          }
        }
        if (message.role === "tool" && results.shift() !== message.content) {
          other++;
          console.log(`${String(extra["id"])}: the result is another one than ${message.content ?? ""}`);
        }
      }
    }
  }
  console.log(`${calls} calls run, ${other} answered otherwise than the files say`);
  if (other > 0) process.exitCode = 1;
}

function card(made: ToolGenerated, split: ReturnType<typeof splitByPhrasing>, teacher: string): string {
  const kinds = TOOL_KINDS.map((kind) => `| \`${kind}\` | ${TOOL_SETS.map((set) => split[set].filter(({ extra }) => extra["kind"] === kind).length.toLocaleString("en")).join(" | ")} | ${KINDS[kind]} |`);
  const reasons = new Map<string, number>();
  for (const { step, code } of made.rejected) reasons.set(`${step}: ${code}`, (reasons.get(`${step}: ${code}`) ?? 0) + 1);
  const rejected = [...reasons].sort(([, a], [, b]) => b - a).map(([reason, count]) => `| ${reason} | ${count} |`);
  return `---
license: "apache-2.0"
language: ["en"]
pretty_name: "Task API conversations with tool calls that were run"
size_categories: ["1K<n<10K"]
configs:
- config_name: default
  data_files:
${TOOL_SETS.map((set) => `  - { split: ${set}, path: "${set}.jsonl" }`).join("\n")}
---

# Task API conversations with tool calls that were run

What people ask of a task manager in English, the calls that it stands for, what the tools really answered, and what is said to that. Lesson 66.4 fine-tunes the tiny model on \`train\`; \`test\` is the exam of chapter 66.

Every call was run on the workbook's Task API, on the tasks in \`state\`, with ${TODAY} as today; a row whose call was refused where it should work, or worked where it should be refused, is in none of the files. \`npm run tool-calls -- --check\` runs them all again.

| kind | train | validation | test | what it is |
| --- | ---: | ---: | ---: | --- |
${kinds.join("\n")}
| all | ${TOOL_SETS.map((set) => split[set].length.toLocaleString("en")).join(" | ")} | |

| field | meaning |
| --- | --- |
| \`messages\` | the conversation as chat templates take it: \`arguments\` are objects, calls have no ids, results stand in the order of their calls |
| \`state\` | the tasks that were there before it |
| \`kind\`, \`about\` | see above; what is missing, what goes wrong, or what the talk is about |

\`dataset.json\` has what holds for all rows: the tools, the day, each file's SHA-256. \`readToolRows\` of \`llmops/data\` puts the tools into each row. Arguments are the user's own words: the tool finds the task and the day. A \`single\` row ends with its call, which was run too; its result is left out, so that a row is short.

## How the files are divided

By phrasing: a request with its titles and days masked, without courtesies, case and punctuation. No phrasing and no title of \`test\` or \`validation\` is in \`train\` (${split.dropped.title} rows were left out for their titles, ${split.dropped.same} because they were the same as another). The parts that phrasings are made of are in both: \`test\` examines new sentences of a known kind. For requests by another hand see \`another-hand.jsonl\` of [\`task-calls\`](../task-calls/).

## What was turned down

Of ${(made.rows.length + made.rejected.length).toLocaleString("en")} conversations, ${made.rejected.length}:

| step and reason | rows |
| --- | ---: |
${rejected.join("\n")}

## Where it comes from

Written by ${teacher}, seed ${SEED}, with \`npm run tool-calls\`. Requests are put together from sentence frames: fewer ways to ask than people have. Half of the titles have words that exist nowhere, so that a small model learns to copy. No real person is in it: names are drawn from lists.
`;
}
