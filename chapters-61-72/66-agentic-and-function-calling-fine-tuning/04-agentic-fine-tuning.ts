// ---
// chapter: 66
// lesson: 4
// title: Agentic Fine-Tuning
// layer: Layer 2 (Hands-on)
// minutes: 55
// concepts:
//   - Tool-call token format
//   - Special token handling
//   - Structured output training
// maps: SC-005 (95%+ accuracy)
// trains: true
// prerequisites: lessons 66.3 (the data), 64.4 (the training loop), 64.1 (LoRA)
// ---

// %% [markdown]
// A base model answers a wish for a task in prose: "I've added it." Nobody has. In this lesson you turn the tiny model into one that
// calls tools: you look at what a call is once it is tokens, decide which of them are learned, train on the conversations of lesson
// 66.3, and examine base and tuned model on conversations that neither saw. The same recipe with another base runs on a T4.

// %% [markdown]
// ## 1. What a call is once it is tokens
//
// A conversation has roles, calls and results. A model has one row of tokens. The **chat template** writes the one as the other, and
// every family does it in its own way. Here is one conversation in two of them.

// %%
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check, escapeHtml, PLAIN_HTML, show, showChart, showDoors, showTable, todo, workbookPath } from "llmops/course";
import { openTokenizer, readToolRows, toUnslothRow, writeToolRows } from "llmops/data";

const train = readToolRows("train"), validation = readToolRows("validation"), test = readToolRows("test");
const sample = train.find(({ extra, messages }) => extra["kind"] === "result" && messages.length === 5)!;
const templates = {
  taskling: readFileSync(workbookPath("colab/taskling/chat_template.jinja"), "utf8"),
  "Llama-3 on the T4": readFileSync(workbookPath("colab/llama-3-tools.jinja"), "utf8"),
};
for (const [name, template] of Object.entries(templates)) {
  const { text } = toUnslothRow(sample, template);
  console.log(`--- ${name}\n${text.slice(0, 330)}\n[…]\n${text.slice(text.indexOf("<|start_header_id|>user"))}\n`);
}

// %% [markdown]
// The tools are listed in the system's turn: short for taskling, as JSON schemas for Llama. A call is JSON with `name` and
// `parameters`, several are joined by `; `. A result comes in a turn of a role of its own, `ipython`. Whoever serves the model later
// has to write and read exactly this. vLLM calls that the *tool-call parser*, and it must fit the template.
//
// ### Exercise: write calls
//
// Write `writeCalls`: calls as the trained text has them. A title may hold anything, also quotation marks and colons.

// %%
import { writeCallsExercise, type PlainCall } from "llmops/exercises/66-4";

function writeCalls(calls: readonly PlainCall[]): string {
  // BEGIN SOLUTION
  return calls.map(({ name, arguments: given }) => {
    const fields = Object.entries(given).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    return `{"name": ${JSON.stringify(name)}, "parameters": {${fields.join(", ")}}}`;
  }).join("; ");
  // STUB
  // return todo();
  // END SOLUTION
}
await check(writeCallsExercise, writeCalls);

// %% [markdown]
// ## 2. Special tokens: new ones, or none
//
// Some families mark a call with tokens of their own, `<tool_call>` for instance. A mark that no text can contain is easy to find for a
// parser. But such a token has to be *in* the model: a row of the embedding, and the ability to write it. What does our format need?

// %%
import { shapeOfConfig } from "llmops/compute";

const tokenizer = await openTokenizer({ folder: workbookPath("colab/taskling/model") });
const frame = '{"name": "complete_task", "parameters": {"title": ""}}';
const { vocab, hidden } = shapeOfConfig(JSON.parse(readFileSync(workbookPath("colab/taskling/model/config.json"), "utf8")), "taskling");
showTable([
  { text: frame, tokens: tokenizer.count(frame) },
  { text: '<tool_call>complete_task: </tool_call>, were the marks special tokens', tokens: tokenizer.count("complete_task: ") + 2 },
], { caption: `Around the title of one call; a vocabulary of ${vocab.toLocaleString("en-US")} tokens of ${hidden} numbers each` });

// %% [markdown]
// Ordinary tokens cost more of them in each answer. A special token costs this instead: LoRA leaves the embedding frozen, so the row of a
// new token stays what chance made it. The model can neither read nor write it, whatever the loss says elsewhere. It must be trained
// (`modules_to_save=["embed_tokens", "lm_head"]`), and PEFT then trains and stores those matrices whole.
//
// The same holds, unnoticed, for tokens that *are* in the vocabulary and never were in the pretraining text: Llama-3 reserves 251. A LoRA
// cannot wake them. Our base saw braces and quotation marks in its pretraining; that is why this format works.
//
// ### Exercise: the price of new tokens
//
// Write `newTokenWeights`: how many weights are trained and stored beside the adapter when special tokens are added.

// %%
import { tokenCost, type TokenPlan } from "llmops/exercises/66-4";

function newTokenWeights({ vocabulary, hidden: width, added, tied }: TokenPlan): number {
  // BEGIN SOLUTION
  return (vocabulary + added) * width * (tied ? 1 : 2);
  // STUB
  // return todo();
  // END SOLUTION
}
await check(tokenCost, newTokenWeights);

// %% [markdown]
// ## 3. Which tokens are learned
//
// In a conversation with tools the assistant speaks more than once: it calls, it reads a result, it says what came of it. All its turns
// are learned, each with the token that ends it. The result is not: tools write results. Do not trust a description of it; the set-up
// job of lesson 64.3 says what the trainer will really do.

// %% tags=["measured"]
import { launch, openRuntime, runtimeDoor, startRuntime } from "llmops/pair";
import { setupJob, SetupReport, toolCallRecipe } from "llmops/train";

const runtime = openRuntime();
showDoors(runtimeDoor(runtime));
const machine = await startRuntime(runtime);
writeToolRows(train, "train.jsonl");
writeToolRows(validation, "validation.jsonl");
const data = { train: resolve("train.jsonl"), eval: resolve("validation.jsonl") };
const recipe = toolCallRecipe({ data, evaluateEvery: 100 });

writeToolRows([sample, ...train.slice(0, 400)], "look.jsonl");
const setup = await launch(setupJob({ ...recipe, data: { train: resolve("look.jsonl"), eval: null }, evaluateEvery: null }), runtime);
await setup.wait();
await setup.fetch();
const report = setup.result("setup.json", SetupReport);

// %%
const tokens = report.rows[0] ?? [];
// From the user's turn on. The role may be several tokens: taskling has none for "user".
const from = tokens.findIndex(({ text }, at) => text === "<|start_header_id|>" && tokens.slice(at + 1, at + 5).map((token) => token.text).join("").startsWith("user"));
const shown = tokens.slice(from);
let marked = "";
for (const [at, { text, loss }] of shown.entries()) marked += `${loss && !shown[at - 1]?.loss ? "⟦" : ""}${text}${loss && !shown[at + 1]?.loss ? "⟧" : ""}`;
const drawn = shown.map(({ text, loss }) => `<span style="${loss ? "background:#E69F00;color:#000;font-weight:600;border:1px solid #000" : "border:1px solid #9aa0a6"};padding:0 1px;margin:1px;white-space:pre;display:inline-block">${escapeHtml(text).replaceAll("\n", "↵")}</span>`);
show({ "text/plain": marked, "text/html": `<div class="${PLAIN_HTML}" style="font-family:monospace;line-height:1.9;max-width:820px">${drawn.join("")}</div>` });
console.log(`The whole row has ${tokens.length} tokens, ${tokens.filter(({ loss }) => loss).length} of them with a loss (filled).`);

// %% [markdown]
// Two stretches are filled, the call and the sentence after the result, and the `ipython` turn between them is not. **Structured output
// training** is no method of its own: it is this, on rows whose answers are all well formed. What a loss on tokens cannot promise is
// that every answer will be; section 6 counts.
//
// How long are the rows of each kind?

// %% tags=["folded"]
const kinds = ["single", "parallel", "no-call", "clarify", "result", "error"];
const lengths = train.map((row) => ({ kind: String(row.extra["kind"]), tokens: tokenizer.countExample(row) }));
const longest = Math.max(...lengths.map((row) => row.tokens));
const middle = (kind: string) => lengths.filter((row) => row.kind === kind).map((row) => row.tokens).sort((a, b) => a - b)[Math.floor(lengths.filter((row) => row.kind === kind).length / 2)];
await showChart(
  {
    title: "Tokens of a conversation, by kind",
    data: { values: lengths },
    mark: { type: "boxplot", extent: "min-max" },
    encoding: { y: { field: "kind", type: "nominal", sort: kinds, title: null }, x: { field: "tokens", type: "quantitative", title: "tokens, tools and system prompt included", scale: { zero: true } } },
  },
  `Box plot of tokens by kind; in the middle: ${kinds.map((kind) => `${kind} ${middle(kind)}`).join(", ")}; the longest has ${longest}.`,
);
console.log(`The longest conversation has ${longest} tokens; the model reads ${recipe.maxLength}.`);

// %% [markdown]
// ## 4. The recipe, here and on a T4
//
// Each conversation is seen once, since what is to be learned is a form and not these rows. The tiny model is trained in full: with so few
// weights an adapter saves no memory worth having, and all weights together learn a new form in fewer steps. For Llama-3-8B an adapter
// over a packed base is all that fits, and the plan says so before anything is launched.

// %%
import { GIB } from "llmops/compute";
import { llama3OnT4, planRecipe, shapeOfBase, targetOf, trainingJob } from "llmops/train";

const t4 = llama3OnT4({ data, epochs: 1, maxLength: 1024 });
showTable([recipe, t4].map((one) => {
  const onT4 = one === t4;
  const { memory, verdict } = planRecipe(one, shapeOfBase(one), onT4 ? targetOf("t4") : targetOf({ memoryBytes: machine?.memory_bytes ?? 8 * GIB }), onT4 ? one.maxLength : undefined);
  return {
    base: onT4 ? one.base : "taskling", method: one.method, "rows a step": one.batch * one.accumulation,
    steps: one.steps ?? Math.ceil(train.length / (one.batch * one.accumulation)), "learning rate": one.learningRate, "peak, GiB": memory.peakBytes / GIB, verdict: verdict.fits ? "fits" : "does not fit",
  };
}), { decimals: 4 });

// %% [markdown]
// Llama-3's own template writes neither tools nor calls: trained with it, the model would see rows with an empty answer. The trainer
// refuses such a template by name; the recipe brings one that writes them (`colab/llama-3-tools.jinja`).
//
// ## 5. Train
//
// Close the notebook if you like: the job goes on.

// %% tags=["measured"]
import { watchRun } from "llmops/pair";

const run = await watchRun(await launch(trainingJob(recipe, { name: "tool-calls" }), runtime));
void (await run.fetch());

// %% tags=["measured"]
import { TrainingRecord } from "llmops/train";

const record = run.result("run.json", TrainingRecord);
const seconds = record.attempts.reduce((sum, { train_seconds }) => sum + (train_seconds ?? 0), 0);
showTable([{ steps: record.steps, "weights that moved": record.parameters.trainable, "of all, %": (100 * record.parameters.trainable) / record.parameters.total, "seconds, training alone": seconds, "validation loss": record.eval_loss ?? NaN }], { decimals: 3 });

// %% [markdown]
// ## 6. Before and after
//
// Each turn of the assistant in a test conversation is a case: all that came before it is the prompt, and what stands there is right.
// The first 150 conversations are enough for a look; lesson 66.5 takes them all, and asks what the database holds in the end.

// %% tags=["measured"]
import { answerPrompts, casesOf, requestOf, scoreTools } from "llmops/evaluate";
import { tasklingFolder } from "llmops/pair";

const cases = casesOf(test.slice(0, 150));
const prompts = cases.map(({ prompt }) => prompt);
const tuned = join(run.folder, "artifacts", "merged"); // the base with what was learned added in
const before = await answerPrompts(runtime, { model: tasklingFolder(), prompts, maxNewTokens: 120 });
const after = await answerPrompts(runtime, { model: tuned, prompts, maxNewTokens: 120 });
const scores = { base: scoreTools(cases, before.answers), tuned: scoreTools(cases, after.answers) };
const percent = ({ estimate, low, high, of }: { estimate: number; low: number; high: number; of: number }) => of === 0 ? "no such case" : `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}), n=${of}`;
const asked = ({ valid, tool, arguments: given, parallel, noCall, question, report: said }: typeof scores.base): Record<string, typeof valid> => ({
  "valid JSON where a call is due": valid, "the right tools": tool, "with the right arguments": given, "several at once": parallel, "no call: precision": noCall.precision, "no call: recall": noCall.recall, "asks for what is missing": question, "words after a result": said,
});
showTable(Object.keys(asked(scores.base)).map((what) => ({ "share, %": what, base: percent(asked(scores.base)[what]), tuned: percent(asked(scores.tuned)[what]) })), { caption: `${cases.length} turns of 150 test conversations, with 95% intervals` });

// %% tags=["measured", "folded"]
const bars = Object.entries(asked(scores.tuned)).filter(([, share]) => share.of > 0).map(([what, { estimate, low, high }]) => ({ what, share: 100 * estimate, low: 100 * low, high: 100 * high }));
await showChart(
  {
    title: "The tuned model, with 95% intervals",
    data: { values: bars },
    encoding: { y: { field: "what", type: "nominal", title: null, sort: null, axis: { labelLimit: 260 } } },
    layer: [
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: { field: "share", type: "quantitative", title: "%", scale: { domain: [0, 100] } } } },
      { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } } },
    ],
  },
  bars.map(({ what, share, low, high }) => `${what}: ${share.toFixed(1)} % (${low.toFixed(0)} to ${high.toFixed(0)})`).join("; "),
);

// %% [markdown]
// "No call: precision" asks: of the answers without a call, in how many was none due? A model that never calls has a recall of 100 % and a
// poor precision. That is why the base's column must be read as a whole: it never calls, and so it never calls wrongly.
//
// ## 7. What it says, and what it gets wrong

// %% tags=["measured"]
const faults = Map.groupBy(scores.tuned.wrong, ({ fault }) => fault);
for (const kind of kinds) {
  const at = cases.findIndex((one) => one.kind === kind && one.due !== "report");
  console.log(`${kind}: ${requestOf(cases[at])}\n  base:  ${before.answers[at].trim().slice(0, 120)}\n  tuned: ${after.answers[at].trim()}\n`);
}
if (faults.size === 0) console.log("Not one of the cases went wrong.");
else {
  showTable([...faults].map(([fault, wrong]) => ({ fault, cases: wrong.length, "for example": requestOf(wrong[0].case).slice(0, 90), "what it wrote": after.answers[cases.indexOf(wrong[0].case)].trim().slice(0, 120) })), { caption: "What the tuned model gets wrong" });
}

// %% [markdown]
// Read the faults by kind before you train again. A wrong tool is a way to ask that training did not have: more phrasings help. Wrong
// arguments are mostly a title that was not copied to its end, or a word of the request taken for a date: rows with invented words teach
// that. A call that is not due asks for more rows of `no-call`, and above all for ones that look like wishes.

// %% tags=["measured"]
import { cpSync, readdirSync, statSync, writeFileSync } from "node:fs";

cpSync(tuned, "tool-caller/model", { recursive: true });
writeFileSync("tool-caller/README.md", [
  "# Tool caller", "", `Base: taskling. Method: ${recipe.method}, ${record.steps} steps of ${recipe.batch} rows; data SHA-256 ${record.data.train.sha256.slice(0, 16)}…; seed ${recipe.seed}.`, "",
  "Template: colab/taskling/chat_template.jinja. Calls: `{\"name\": …, \"parameters\": {…}}`, several joined by `; `.", "",
  "## Measured on the turns of 150 test conversations", "", ...Object.entries(asked(scores.tuned)).map(([what, share]) => `- ${what}: ${percent(share)}`), "",
].join("\n"));
showTable(readdirSync("tool-caller", { recursive: true, encoding: "utf8" }).filter((name) => statSync(join("tool-caller", name)).isFile()).sort().map((file) => ({ file, bytes: statSync(join("tool-caller", file)).size })));

// %% [markdown]
// For a T4, put `t4` in place of `recipe` in section 5 and run the notebook with `LLMOPS_RUNTIME=hand-off npm start`. Data and scoring stay
// as they are. In section 6 the base is then `t4.base`, and what was learned an adapter on it: `model: t4.base` and
// `adapter: join(run.folder, "artifacts", "adapter")`; the card's first line names that base.

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let the room predict section 3 before the cell runs: half will fill the tool's result. In section 2 ask who has
// added `<tool_call>` to a tokenizer, and what they did about the embedding. While it trains, take the mistakes of section 7 from your
// own run of yesterday, and have groups sort them into "data" and "recipe"; nearly all are data. Grade the reading of the table: who
// says that the base is perfect at not calling has not understood precision.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Here is how my model is trained to write calls: [paste a row of section 1]. Write the parser that my server needs.
//
// ### 2. Critical evaluation
//
// Does it split at `; `, and what happens to a title that holds `; `? Does it accept single quotes, Markdown fences, or `arguments`? What
// does it do with half a call: an error, or half a task?
//
// ### 3. Constraint teaching
//
// > The parser must never guess: what is not exactly this format is prose or an error, and says which. A title may hold any character.
// > Read one JSON value, then "; ", then the next.
//
// ### 4. Refinement
//
// Run it on all answers of section 6, base and tuned. Compare with `parseCalls` of `llmops/evaluate`: where do the two differ, and which
// one is right?
//
// ### 5. Final check
//
// > Here are my table and ten faults: [paste both from sections 6 and 7]. Which one change of the data would you make first, and which
// > line of the table must move if you are right?
//
// Make the change, train again, and see whether that line moved beyond its interval.
