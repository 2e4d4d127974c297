// ---
// chapter: 66
// lesson: 1
// title: Structured Output Fundamentals
// layer: Layer 1 (Conceptual Foundation)
// minutes: 40
// concepts:
//   - Why JSON output for agents
//   - Schema adherence
//   - Parsing reliability
// maps: SC-005 (95%+ JSON accuracy)
// prerequisites: lessons 64.2 (hyperparameters) and 64.8 (export)
// trains: true
// ---

// %% [markdown]
// A chat model writes for a person, who reads around its mistakes. An agent's model writes for a program, which does not. There are two
// ways to make the program's reader content: forbid the model everything else while it writes, or train it until it wants nothing else.
// In this lesson you do both, apart and together, and measure what each buys. At the end you know which of your problems a grammar
// solves, which only data solves, and how to tell them apart.

// %% [markdown]
// ## 1. Why JSON output for agents
//
// Ask taskling, untuned, for something to do. It has the tools of the Task API in its prompt and is asked for calls.

// %%
import { join } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { TASK_SYSTEM, TASK_TOOLS } from "llmops/evaluate";
import { openRuntime, runtimeDoor, startRuntime, tasklingFolder } from "llmops/pair";
import { openChat, readAnswer, type Chat } from "llmops/serve";

const runtime = openRuntime({ driver: "local" });
showDoors(runtimeDoor(runtime), { door: "model server", kind: "llama.cpp in this process", says: "taskling as GGUF, one thread of the CPU" });
const base = await openChat(join(tasklingFolder(), "taskling-f16.gguf"));
const reply = (chat: Chat, request: string, grammar?: string, limit = 120) =>
  chat.reply([{ role: "system", content: TASK_SYSTEM }, { role: "user", content: request }], { tools: TASK_TOOLS, limit, ...(grammar ? { grammar } : {}) });
const ask = async (chat: Chat, request: string, grammar?: string) => (await reply(chat, request, grammar)).text;

const request = "Please delete the task buy milk.";
const spoken = await ask(base, request);
console.log(`It reads:\n${(await reply(base, request)).prompt}`);
console.log(`It says:\n${spoken}\n`);
console.log(`Calls that a program finds in it: ${readAnswer(spoken).calls.length}`);

// %% [markdown]
// Nothing happened to any task. A person may believe the sentence, and that is the worst of it. What a program needs is a value with a
// name for the operation and names for its inputs: a **call**. JSON is the usual way to write one, because every language reads it, it
// nests, and a **JSON schema** says what it must look like. This is the same wish as a call in the form that taskling is tuned to
// write, which is Llama 3's:

// %%
const written = '{"name": "delete_task", "parameters": {"title": "buy milk"}}';
const [call] = readAnswer(written).calls;
console.log(`operation: ${call.name}, arguments: ${JSON.stringify(call.arguments)}`);

// %% [markdown]
// OpenAI's interface, and every client that speaks it, wraps this in `tool_calls`: an id, the name, and the arguments as JSON text.
// Section 7 serves the model that way.
//
// ## 2. Parsing reliability
//
// Almost JSON is not JSON. These are answers of kinds that models give when they are asked for a call in words alone. The strict
// reader takes the answer or leaves it:

// %%
const almost: Record<string, string> = {
  "a call": written,
  "in a fence": `\`\`\`json\n${written}\n\`\`\``,
  "with a word before": `Sure! ${written}`,
  "single quotes": written.replaceAll('"', "'"),
  "a comma too many": written.replace('milk"', 'milk",'),
  "Python's None": '{"name": "update_task", "parameters": {"title": "buy milk", "due_date": None}}',
  "a quote inside": '{"name": "delete_task", "parameters": {"title": "read "Emma""}}',
  "cut at the limit": written.slice(0, 55),
};
const parses = (text: string) => {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return (error as Error).message.replace(/\s+/g, " ").replace(/ \(line .*| in JSON at.*|,? (\.\.\.)?".* is not valid JSON/, "").slice(0, 60);
  }
};
showTable(Object.entries(almost).map(([kind, text]) => ({ kind, "JSON.parse says": parses(text) || "fine", "calls found": readAnswer(text).calls.length })));

// %% [markdown]
// You could write a tolerant reader: take off fences, look for the first brace, swap quotes. The first two are safe enough. The others
// guess, and a guess that is wrong gives a call that nobody made: close the brace of the last one, and `"buy mi…"` is deleted. Repair
// what cannot change the meaning; ask again for everything else.
//
// How often is often enough? An agent makes several calls in one piece of work, and each must be read. If a share of r is, then n in a
// row are in rⁿ of the cases.

// %% tags=["folded"]
const lengths = Array.from({ length: 20 }, (_, at) => at + 1);
const rates = [0.9, 0.95, 0.99, 0.999];
await showChart(
  {
    title: "Workflows without a call that cannot be read",
    width: 520,
    data: { values: rates.flatMap((rate) => lengths.map((calls) => ({ calls, share: rate ** calls, rate: `${100 * rate} % of calls` }))) },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "calls", type: "quantitative", title: "calls in the workflow", scale: { domain: [1, 20] } },
      y: { field: "share", type: "quantitative", title: null, axis: { format: "%" }, scale: { domain: [0, 1] } },
      color: { field: "rate", type: "nominal", title: null, sort: rates.map((rate) => `${100 * rate} % of calls`).reverse() },
    },
  },
  rates.map((rate) => `With ${100 * rate} % readable calls, ${(100 * rate ** 5).toFixed(0)} % of workflows of 5 calls and ${(100 * rate ** 20).toFixed(0)} % of those of 20 have none that cannot be read`).join("; "),
);

// %% [markdown]
// "95% valid JSON" sounds like a pass and is a broken workflow in two of five, at ten calls. That is why the bar for agents lies at 99%
// and above, and why one asks for it once, at the model, instead of mending each answer.
//
// ## 3. Schema adherence
//
// JSON that parses may still be a call that no tool takes. **Schema adherence** is the second question: is every required parameter
// there, is nothing there that the schema does not know, has each value its type, and is it one of those listed?
//
// ### Exercise: find the faults
//
// Write `faults`: all that is wrong with the arguments of a call, as `missing KEY`, `unknown KEY`, `type KEY` or `value KEY`, the last
// for a value that its `enum` does not list. Types here are `string` and `integer`. In any order; an empty list where they fit.

// %%
import { argumentFaults, type ParameterSchema } from "llmops/exercises/66-1";

function faults(given: Record<string, unknown>, { properties, required }: ParameterSchema): string[] {
  // BEGIN SOLUTION
  const missing = required.filter((key) => !(key in given)).map((key) => `missing ${key}`);
  const wrong = Object.entries(given).flatMap(([key, value]) => {
    const schema = properties[key];
    if (!schema) return [`unknown ${key}`];
    const fits = schema.type === "string" ? typeof value === "string" : Number.isInteger(value);
    if (!fits) return [`type ${key}`];
    return schema.enum && !schema.enum.includes(value as string) ? [`value ${key}`] : [];
  });
  return [...missing, ...wrong];
  // STUB
  // return todo();
  // END SOLUTION
}
await check(argumentFaults, faults);

// %% [markdown]
// In a program you let a library do it: zod reads a JSON schema and says what does not fit. Note what even this cannot see.

// %%
import { z } from "zod";

const schemas = new Map(TASK_TOOLS.map(({ function: { name, parameters } }) => [name, z.fromJSONSchema({ ...parameters, additionalProperties: false })]));
/** Why an answer is no call of a tool there is, with arguments that the tool takes; undefined where it is one. */
function misfit(text: string): string | undefined {
  const { calls: [first], content } = readAnswer(text);
  if (!first || content !== null) return "no call";
  const schema = schemas.get(first.name);
  if (!schema) return `no tool ${first.name}`;
  return schema.safeParse(first.arguments).error?.issues[0].message;
}
const answersOf = (parameters: object) => JSON.stringify({ name: "create_task", parameters });
showTable([{ title: "buy milk", priority: "high" }, { title: "buy milk", priority: "urgent" }, { due_date: "Friday" }, { title: "buy milk", note: "2 l" }, { title: "Christmas pudding" }]
  .map((parameters) => ({ 'for "Add buy milk, it is important."': answersOf(parameters), "does not fit, because": misfit(answersOf(parameters)) ?? "" })));

// %% [markdown]
// The last one fits. It is wrong, and no schema knows. Keep three questions apart from here on: does it **parse**, does it **fit**, is
// it **right**? Each needs the one before it.
//
// ## 4. Constrained decoding
//
// A model gives every token a score, at every place. **Constrained decoding** strikes out the tokens that would leave the schema, and
// takes the best of the rest. To know which those are, the schema is written as a **grammar**, here in GBNF, the notation of
// llama.cpp. For one tool:

// %%
import { readGrammar, toGrammar, type Reading } from "llmops/serve";

const complete = TASK_TOOLS.filter(({ function: { name } }) => name === "complete_task");
console.log(toGrammar(complete, { parallel: false }));

// %% [markdown]
// `::=` defines a rule, text in quotes stands for itself, `|` separates choices, `*` repeats, and brackets hold sets of letters as in
// regular expressions. Follow it with a finger: at each letter of an answer you stand at a place, and from there only some letters lead on.

// %%
function letters({ next, mayEnd }: Reading): string {
  if (next.some(([low, high]) => high - low > 300)) return "any letter but control characters; a quote ends the text, a backslash escapes";
  const each = next.flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, at) => String.fromCodePoint(low + at)));
  return [...each, ...(mayEnd ? ["the end"] : [])].join("  ");
}
const all = toGrammar(TASK_TOOLS, { parallel: false });
const start = readGrammar(all);
const whole = '{"name": "create_task", "parameters": {"title": "buy milk"}}';
const places = [0, 10, 11, 39, 52, 58, 60].map((length) => whole.slice(0, length));
showTable(places.map((text) => ({ "the answer so far": text || "(nothing)", "may come next": letters(start.read(text)!) })));

// %% [markdown]
// Optional parameters come in any order, and each once: after a title there may be a comma or a brace. The enum of `priority` and the
// names of the tools are choices among whole texts. A value of type `string` is where the grammar lets go: any text will do.
//
// ### Exercise: the next token
//
// Models choose tokens, which are pieces of several letters. Write one step: of the tokens with their scores, the best one that the
// grammar lets through behind the text so far. The empty token ends the answer.

// %%
import { nextTokenExercise } from "llmops/exercises/66-1";

function nextToken(grammar: string, soFar: string, scores: Record<string, number>): string {
  const place = readGrammar(grammar).read(soFar)!;
  // BEGIN SOLUTION
  const allowed = Object.keys(scores).filter((token) => (token === "" ? place.mayEnd : place.read(token) !== undefined));
  return allowed.reduce((best, token) => (scores[token] > scores[best] ? token : best));
  // STUB
  // return todo();
  // END SOLUTION
}
await check(nextTokenExercise, nextToken);

// %% [markdown]
// Now with taskling's own tokens: at each place of a call, how many of all tokens does the grammar leave to choose from?

// %% tags=["folded"]
import { readFileSync } from "node:fs";
import { openLlama } from "llmops/serve";

const llama = await openLlama(join(tasklingFolder(), "taskling-f16.gguf"));
const { vocab_size: vocabulary } = JSON.parse(readFileSync(join(tasklingFolder(), "config.json"), "utf8")) as { vocab_size: number };
const pieces = Array.from({ length: vocabulary }, (_, token) => llama.detokenize([token])).filter((piece) => piece !== "" && !piece.includes("\uFFFD") && !/^<\|.*\|>$/.test(piece));
const tokens = llama.tokenize(written).map((token) => llama.detokenize([token]));
const choices = tokens.map((token, at) => {
  const place = start.read(tokens.slice(0, at).join(""))!;
  return { at: `${at + 1}: ${token.trim() === "" ? "␣" : token}`, left: pieces.filter((piece) => place.read(piece)).length };
});
await llama.close();
await showChart(
  {
    title: `Tokens that the grammar leaves, of ${vocabulary.toLocaleString("en-US")}`,
    width: 640,
    data: { values: choices },
    encoding: { x: { field: "at", type: "nominal", sort: null, title: "the token that is written", axis: { labelAngle: -50 } }, y: { field: "left", type: "quantitative", title: null, scale: { type: "symlog" }, axis: { values: [0, 1, 3, 10, 30, 100, 300, 1000] } } },
    layer: [{ mark: "bar" }, { mark: { type: "text", dy: -7 }, encoding: { text: { field: "left" } } }],
  },
  `Choices at each token of ${written}: ${choices.map(({ at, left }) => `${at}, ${left}`).join("; ")}.`,
);

// %% [markdown]
// Most places leave one way or a few: the model only chooses among spellings of the same text. It decides at three: the name of the
// tool, the words of a text, and behind them whether another parameter follows. Those three are what a grammar cannot do for it.
//
// ## 5. Train one, constrain both
//
// The base and a tuned model, each free and constrained. The tuning is a short LoRA as in lesson 64.9, with fewer
// steps, exported to GGUF as in lesson 64.8.

// %% tags=["measured"]
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";
import { launch, watchRun } from "llmops/pair";
import { exportModel } from "llmops/serve";
import { tasklingRecipe, trainingJob } from "llmops/train";

await startRuntime(runtime);
writeTaskRows(readTaskCalls("train"), "rows-66-1.jsonl");
const recipe = tasklingRecipe({ data: { train: "rows-66-1.jsonl" }, steps: 120, warmup: 12, exports: ["adapter"] });
const run = await watchRun(await launch(trainingJob(recipe, { name: "structured" }), runtime));
await run.fetch();
const { made } = await exportModel(run.id, { to: ["gguf-f16"], out: join(run.folder, "exports"), name: "tuned" });
const tuned = await openChat(made["gguf-f16"]!.path);
console.log(`${recipe.steps} steps of ${recipe.batch} rows, exported and opened by ${tuned.by}`);

// %% [markdown]
// Each of them answers the same held-out requests, one call each. Three columns for the three questions, each with its 95% interval,
// and one for answers that the limit of 120 tokens cut. `bounded` is a second grammar: each text in it ends after at most 60 letters.

// %% tags=["measured"]
import { scoreCalls } from "llmops/evaluate";
import { wilson, type Proportion } from "llmops/teacher";

const exam = readTaskCalls("held-out").slice(0, 80);
const bounded = toGrammar(TASK_TOOLS, { parallel: false, longest: 60 });
const ways = {
  "base, free": [base], "base, constrained": [base, all], "base, texts up to 60": [base, bounded], "tuned, free": [tuned], "tuned, texts up to 60": [tuned, bounded],
} as const;
type Way = keyof typeof ways;
const results = {} as Record<Way, { answers: string[]; cut: number; seconds: number; fits: Proportion; operation: Proportion; right: Proportion }>;
for (const way of Object.keys(ways) as Way[]) {
  const [chat, grammar] = ways[way];
  const began = performance.now();
  const answers: string[] = [];
  let cut = 0;
  for (const { request: wish } of exam) {
    const { text, stopped } = await reply(chat, wish, grammar);
    answers.push(text);
    if (!stopped) cut++;
  }
  const { operation, arguments: right } = scoreCalls(exam, answers);
  results[way] = { answers, cut, seconds: (performance.now() - began) / 1000, fits: wilson(answers.filter((text) => misfit(text) === undefined).length, exam.length), operation, right };
}
const range = ({ estimate, low, high }: Proportion) => `${(100 * estimate).toFixed(0)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`;
showTable(Object.entries(results).map(([way, { fits, operation, right, cut, seconds }]) => ({
  way, "cut, of all": cut, "parses and fits, %": range(fits), "right operation, %": range(operation), "right arguments, %": range(right), "ms an answer": (1000 * seconds) / exam.length,
})), { decimals: 0, caption: `${exam.length} held-out requests, greedy, with 95% intervals` });

// %% tags=["measured", "folded"]
const asked = { fits: "parses and fits", operation: "right operation", right: "right arguments" } as const;
const bars = (Object.keys(ways) as Way[]).flatMap((way) => (Object.keys(asked) as (keyof typeof asked)[]).map((what) => ({ way, what: asked[what], ...results[way][what] })));
await showChart(
  {
    title: "What a grammar buys, and what training buys",
    width: 480,
    height: { step: 18 },
    data: { values: bars.map(({ way, what, estimate, low, high }) => ({ way, what, share: 100 * estimate, low: 100 * low, high: 100 * high })) },
    encoding: { y: { field: "way", type: "nominal", title: null, sort: Object.keys(ways) }, yOffset: { field: "what", sort: Object.values(asked) } },
    layer: [
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: { field: "share", type: "quantitative", title: "of the requests, %", scale: { domain: [0, 100] } }, color: { field: "what", type: "nominal", title: null, sort: Object.values(asked) } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  },
  bars.map(({ way, what, estimate, low, high }) => `${way}, ${what}: ${(100 * estimate).toFixed(0)} % (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)})`).join("; "),
);

// %% [markdown]
// Compare the rows in pairs. **Free against constrained**: whether an answer parses and fits is the grammar's doing, with any model,
// and at once. It holds only *whole* answers, though: what is cut at the limit is the beginning of one, and fits nothing. A model that
// is forced into a text whose end it never learnt writes on; the bound ends it, and would end a long title, too. **Base against tuned**: the other two shares are the
// training's. Under the grammar the base names *some* tool with *some* title, because it must. Read what it writes:

// %% tags=["measured"]
for (const at of [0, 1, 2]) {
  console.log(`\n${exam[at].request}`);
  for (const [way, { answers }] of Object.entries(results)) console.log(`  ${way.padEnd(22)} ${answers[at]}`);
}
const changed = results["tuned, free"].answers.flatMap((free, at) => (free === results["tuned, texts up to 60"].answers[at] ? [] : [{ free, constrained: results["tuned, texts up to 60"].answers[at] }]));
console.log(`\nOf the tuned model's ${exam.length} answers the grammar changed ${changed.length}.`);
for (const { free, constrained } of changed.slice(0, 3)) console.log(`  free        ${free}\n  constrained ${constrained}`);

// %% [markdown]
// A prompted base that says "I deleted it" is useless to an agent, and harmless. The same base under a grammar makes calls that parse, fit, and
// are about other tasks: it has become dangerous. **A grammar makes a wrong answer look like a right one.** What stands in
// your monitoring as "100% valid JSON" says nothing about what was done.
//
// On a tuned model there is less for a grammar to do. What it changes are calls with a parameter that the tool does not have, a wrong
// word where an enum stands, broken JSON. Look whether it made them right as well, or only readable. It is a seat belt: cheap, and no
// substitute for driving.
//
// ## 6. What a grammar breaks
//
// Two traps. The first you met: a limit on tokens cuts even an answer that is right on its way, and no grammar can hurry it. Set the
// limit by the longest answer that fits, and treat `finish_reason: "length"` as a failure. The second is force: where the grammar knows
// only calls, there will be a call.

// %% tags=["measured"]
const shortReply = await reply(tuned, exam[0].request, bounded, 12);
console.log(`At most 12 tokens: ${shortReply.text}\n  ended by itself: ${shortReply.stopped ? "yes" : "no"}; ${misfit(shortReply.text) ?? "it fits"}\n`);
const auto = toGrammar(TASK_TOOLS, { calls: "auto", longest: 60 });
const chatter = ["Thanks!", "Hello, how are you?", "What can you do for me?"];
for (const wish of chatter) {
  console.log(wish);
  for (const [name, chat] of [["base", base], ["tuned", tuned]] as const) {
    console.log(`  ${name}, calls required  ${await ask(chat, wish, bounded)}`);
    console.log(`  ${name}, calls allowed   ${await ask(chat, wish, auto)}`);
  }
}

// %% [markdown]
// "Calls allowed" is a grammar with two roads: calls that fit, or prose without a brace. The model takes the road with its first token.
// Then the base can say "You're welcome", and a call that it does begin must be a whole one. In OpenAI's interface this is
// `tool_choice: "auto"` with strict tools, and the other is `"required"`.
//
// The tuned model may call here, too. It was trained on nothing but calls, so to it everything is a wish, and no grammar can tell
// it otherwise: the call fits. Rows without a call are missing in its data; lesson 66.3 makes them.
//
// ## 7. The same over HTTP
//
// An agent does not open a GGUF; it speaks to an endpoint. `serveModel` (in a terminal, `llmops serve tuned.gguf`) speaks OpenAI's
// interface, so the client is the one you know. Prose becomes `content`, calls become `tool_calls`, and a schema becomes a grammar.

// %% tags=["measured"]
import OpenAI from "openai";
import { serveModel } from "llmops/serve";

const server = await serveModel(tuned, { name: "taskling-tuned", longest: 60 });
const client = new OpenAI({ baseURL: server.url, apiKey: "none" });
const messages = [{ role: "system" as const, content: TASK_SYSTEM }, { role: "user" as const, content: exam[1].request }];
const strict = TASK_TOOLS.map((tool) => ({ ...tool, function: { ...tool.function, strict: true } })) as OpenAI.ChatCompletionTool[];
const answer = await client.chat.completions.create({ model: server.model, messages, tools: strict, tool_choice: "required" });
const [choice] = answer.choices;
console.log(`${exam[1].request}\n${JSON.stringify({ finish_reason: choice.finish_reason, tool_calls: choice.message.tool_calls?.map(({ id, ...rest }) => rest) }, null, 2)}`);

const schema = { type: "object", properties: { title: { type: "string", maxLength: 40 }, priority: { enum: ["low", "medium", "high"] } }, required: ["title", "priority"], additionalProperties: false };
const formed = await client.chat.completions.create({ model: server.model, messages, response_format: { type: "json_schema", json_schema: { name: "task", schema } } });
console.log(`As a task of a schema of our own, which it never saw in training: ${formed.choices[0].message.content}`);
const refusal = await client.chat.completions.create({
  model: server.model, messages, response_format: { type: "json_schema", json_schema: { name: "task", schema: { type: "object", properties: { title: { type: "string", pattern: "^[A-Z]" } } } } },
}).then(() => "obeyed", (error: Error) => error.message);
console.log(`A schema that no grammar of ours can hold: ${refusal}`);

// %% [markdown]
// The second answer fits its schema, and again nobody taught the model what to put there. The third request is refused rather than half
// obeyed: a promise of a format is worth something only if it is kept always.
//
// So, for an agent: **train** for the choice and the words; **constrain** for the form; **check** the meaning where it matters, before
// anything is deleted. In which order? If most answers that fail are prose or broken JSON, a grammar is an afternoon. If they are calls
// of the wrong tool, or with the wrong words, it is data, and the grammar would only hide it.

// %% tags=["quiet"]
await server.close();
for (const chat of [base, tuned]) await chat.close();
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Before section 5 runs, let the class fill the table by guess; the row that most get wrong is "base,
// constrained". The argument to have is about section 6: is a forced call for "Thanks!" worse than prose? It depends on what the call
// does, and that is why deleting should ask. The training takes about a minute on a free core; launch it while exercise 2 is discussed.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > My agent needs calendar entries as JSON: a title, a start, an optional end, up to five guests, and whether it repeats. Write the JSON
// > schema, and the prompt that makes a model of 8 billion weights answer with it.
//
// ### 2. Critical evaluation
//
// Does the schema forbid what it does not list? Can an end lie before its start, and could any schema prevent that? Which of its
// keywords can a grammar hold? Give it to `toGrammar` and read the errors. Does the prompt rely on "answer only with JSON"?
//
// ### 3. Constraint teaching
//
// > Decoding is constrained by this grammar: [paste the output of toGrammar]. The model answers at most 80 tokens. Remove from the
// > schema what the grammar cannot hold, say for each thing removed where it is checked instead, and make sure that the longest answer
// > that fits is under the limit.
//
// ### 4. Refinement
//
// Ask ten requests with and without the grammar. Sort what fails by the three questions: does not parse, does not fit, is not right.
// Which of the three did the grammar move, and which rows would you write for the rest?
//
// ### 5. Final check
//
// > Here are my ten requests with both answers: [paste]. A colleague reports "100% valid JSON" to the customer. Which sentence would you
// > put beside that figure, and which measurement would it need?
//
// Add the measurement to the notebook, with its interval.
