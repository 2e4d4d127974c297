// ---
// chapter: 61
// lesson: 1
// title: The LLMOps Revolution
// layer: Layer 1 (Conceptual Foundation)
// minutes: 35
// concepts:
//   - LLMOps definition and scope
//   - Proprietary intelligence concept
//   - Foundation model limitations (generic knowledge)
//   - Custom model value proposition
// maps: Foundation for all subsequent chapters
// prerequisites: what an agent, a prompt and a tool call are (parts 1 to 7)
// ---

// %% [markdown]
// The best general model in the world has never seen a single decision of your company. It writes well about everything and knows nothing
// of your house. Sometimes a prompt mends that, sometimes a lookup, sometimes only a model of your own; and a model of your own is a thing
// that has to be built, examined, served and watched for as long as it is used. That work is called LLMOps. In this lesson you measure what
// a stranger gets wrong, sort what a company owns by what it is good for, compute what a custom model is worth in a month, and see which
// tools you can rent and which you can keep.

// %% [markdown]
// ## 1. What LLMOps is
//
// **LLMOps** is the work of developing, deploying and maintaining systems that rest on language models: the tools, and the process around
// them. (Microsoft's AI playbook says it in nearly these words; learn.microsoft.com/en-us/ai/playbook, "MLOps in OpenAI", read 2026-11-21.)
// The weights are one file of many. Here is what this workbook keeps beside the weights of its own tiny model, counted now:

// %%
import { check, showChart, showDiagram, showTable, todo, workbookPath } from "llmops/course";
import { readTaskCalls, TASK_CALL_SETS, TASK_SYSTEM, TASK_TOOLS } from "llmops/evaluate";
import { readExamples } from "llmops/data";
import { PRICES } from "llmops/teacher";

const rowsOf = (set: (typeof TASK_CALL_SETS)[number]) => readTaskCalls(set).length;
const exams = TASK_CALL_SETS.filter((set) => !["train", "more", "validation"].includes(set));
const conversations = await readExamples(workbookPath("datasets/task-api/task_api_train.jsonl"));
showTable([
  { kept: "requests with their calls, to train on", how_many: rowsOf("train") + rowsOf("more"), for: "data" },
  { kept: "conversations, cleaned and judged", how_many: conversations.length, for: "data" },
  { kept: `requests to examine with, in ${exams.length} sets`, how_many: exams.reduce((sum, set) => sum + rowsOf(set), 0), for: "evaluation" },
  { kept: "operations of the contract that answers must keep", how_many: TASK_TOOLS.length, for: "deployment" },
  { kept: "models with a price, its source and its date", how_many: Object.keys(PRICES).length, for: "economics" },
].map(({ kept, how_many, for: stage }) => ({ "kept beside the weights": kept, number: how_many, for: stage })));

// %% [markdown]
// Most of it outlives the model. A better base model comes out, you train again, and the rows, the exams and the contract are still there.
// That is the first thing to understand about the field: **the weights are the part you replace.**
//
// ## 2. A stranger answers your requests
//
// The running example is the Task API: a user asks in English, the assistant answers with one call. Here are requests with the call that the
// house wants.

// %%
const requests = readTaskCalls("held-out");
const oneOfEach = [...Map.groupBy(requests, ({ name }) => name).values()].map(([first]) => first).filter((call) => call !== undefined);
showTable(oneOfEach.map(({ request, name, parameters }) => ({ request, call: name, parameters: JSON.stringify(parameters) })));

// %% [markdown]
// Imagine a perfect stranger: it understands every word, never slips, and has never seen your contract. Where the house has a convention, it
// takes another one that is just as good. You can measure what that costs without any model: take the *right* answers, change one
// convention, and let the library score them.

// %%
import { faultOf, type TaskCall } from "llmops/evaluate";

type Parameters = TaskCall["parameters"];
const changing = (change: (parameters: Parameters, name: string) => Parameters) => (call: TaskCall) => ({ ...call, parameters: change(call.parameters, call.name) });
const isIso = (date: string) => /^\d{4}-\d\d-\d\d$/.test(date);
const strangers: Record<string, (call: TaskCall) => TaskCall> = {
  "dates as 2026-11-27, not in the user's words": changing(({ due_date, ...rest }) => (
    due_date === undefined ? rest : { ...rest, due_date: isIso(due_date) ? due_date : "2026-11-27" }
  )),
  "priority medium where none was named": changing((parameters, name) => (name === "create_task" ? { priority: "medium", ...parameters } : parameters)),
  "priority urgent, not high": changing(({ priority, ...rest }) => (priority === undefined ? rest : { ...rest, priority: priority === "high" ? "urgent" : priority })),
  "list: status open where none was named": changing((parameters, name) => (name === "list_tasks" ? { status: "open", ...parameters } : parameters)),
  "the new name as title, not as new_title": changing(({ new_title, ...rest }) => (new_title === undefined ? rest : { ...rest, title: new_title })),
  "title starting with a capital": changing(({ title, ...rest }) => (title === undefined ? rest : { ...rest, title: title.charAt(0).toUpperCase() + title.slice(1) })),
};
const rightShare = (answer: (call: TaskCall) => TaskCall) => {
  const right = requests.filter((call) => {
    const { name, parameters } = answer(call);
    return faultOf(JSON.stringify({ name, parameters }), call) === undefined;
  });
  return right.length / requests.length;
};
const everyGuess = (call: TaskCall) => Object.values(strangers).reduce((changed, guess) => guess(changed), call);
const stranger = [
  { guess: "none: the house's own conventions", right: rightShare((call) => call) },
  ...Object.entries(strangers).map(([guess, answer]) => ({ guess, right: rightShare(answer) })),
  { guess: "all six guesses together", right: rightShare(everyGuess) },
];
console.log(`${requests.length} requests, every one understood perfectly`);

// %% tags=["folded"]
const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
await showChart(
  {
    title: "Calls that are right, by the convention that was guessed",
    data: { values: stranger.map(({ guess, right }) => ({ guess, right, label: percent(right) })) },
    encoding: {
      y: { field: "guess", type: "nominal", sort: null, title: null, axis: { labelLimit: 320 } },
      x: { field: "right", type: "quantitative", title: "right of 300", axis: { format: "%" }, scale: { domain: [0, 1.08], nice: false } },
    },
    layer: [{ mark: "bar" }, { mark: { type: "text", align: "left", dx: 4, color: "#222222" }, encoding: { text: { field: "label" } } }],
  },
  `Right calls: ${stranger.map(({ guess, right }) => `${guess} ${percent(right)}`).join("; ")}.`,
);

// %% [markdown]
// (The capital letter costs nothing: the scoring forgives it. That was a decision of the house, too.) No guess is foolish, and no amount of
// general intelligence decides between them: the information is not in the request. Somebody in the house once decided it. That is the
// limit of a foundation model that more training on public text does not move.
//
// ## 3. What a prompt mends, and what it costs
//
// The cheapest way to tell a stranger is to tell it. Most of these conventions fit into the descriptions of five tools, and then they travel
// with every request:

// %%
import { countTextTokens, textPieces } from "llmops/data";

const contract = countTextTokens(TASK_SYSTEM) + countTextTokens(JSON.stringify(TASK_TOOLS));
const request = requests.reduce((sum, call) => sum + countTextTokens(call.request), 0) / requests.length;
const answer = requests.reduce((sum, { name, parameters }) => sum + countTextTokens(JSON.stringify({ name, parameters })), 0) / requests.length;
const MODEL = "gpt-6-luna";
const price = PRICES[MODEL];
if (!price) throw new Error(`no price of ${MODEL}: choose one of ${Object.keys(PRICES).join(", ")}`);
const withContract = ((contract + request) * price.input + answer * price.output) / 1e6;
const alone = (request * price.input + answer * price.output) / 1e6;
showTable([
  { part: "contract: system prompt and tools", tokens: contract.toFixed(0), "share of what is sent": percent( contract / (contract + request)) },
  { part: "the request itself, mean", tokens: request.toFixed(1), "share of what is sent": percent(request / (contract + request)) },
], { caption: "What is sent (o200k_base)" });
console.log(`A request with the contract costs $${withContract.toFixed(6)}, without it $${alone.toFixed(6)}:`);
console.log(`${MODEL}, input $${price.input} and output $${price.output} a million tokens, read ${price.read} at ${price.source}`);

// %% [markdown]
// So most of what you send is your own contract, again and again. It is also very cheap. Remember both; section 5 needs them.
//
// What a prompt does not mend is what nobody can write down. The rule "`due_date` in the user's words, without its preposition" takes a
// line. The judgement that "I can finally breathe, dog licence is done" asks for `complete_task` takes examples, many, and people of the
// house who say what they mean. And some words are the house's own. A tokenizer that was made of public text reads them in splinters:

// %%
const words = readTaskCalls("train").flatMap((call) => call.request.toLowerCase().match(/\p{L}+/gu) ?? []);
const frequency = Map.groupBy(words, (word) => word);
const perWord = [...frequency].map(([word, uses]) => ({ word, uses: uses.length, pieces: textPieces(` ${word}`).length }));
const groups = [
  { words: "in 50 requests or more", of: perWord.filter(({ uses }) => uses >= 50) },
  { words: "in 2 to 49", of: perWord.filter(({ uses }) => uses > 1 && uses < 50) },
  { words: "in a single one", of: perWord.filter(({ uses }) => uses === 1) },
];
showTable(groups.map(({ words: group, of }) => ({
  words: group, "different words": of.length, "tokens a word": of.reduce((sum, { pieces }) => sum + pieces, 0) / of.length,
  "in one token": percent(of.filter(({ pieces }) => pieces === 1).length / of.length),
})), { decimals: 2, caption: "Words of 4,800 requests, as o200k_base reads them" });
for (const word of ["tomorrow", "licence", "yéntglud", "trasimenu"]) {
  console.log(`${word.padEnd(10)} ${textPieces(` ${word}`).map(({ piece }) => piece).join(" | ")}`);
}

// %% [markdown]
// By its card, half of the titles in this set have invented words, as product names, part numbers and surnames look to a stranger. A model
// can copy splinters; it has learned nothing about what they mean.
//
// ## 4. Proprietary intelligence
//
// What your organisation knows becomes **proprietary intelligence** when it is in a form from which a machine can be trained and by which
// it can be judged. It goes through four hands (FTE: full-time equivalent, the work of one person):

// %% tags=["folded"]
await showDiagram(
  {
    boxes: [
      { title: "Expertise", lines: ["in heads, mails, tickets", "nobody can copy it,", "no machine can use it"] },
      { title: "Intelligence", lines: ["rows, exams, contract", "yours, and usable:", "what LLMOps keeps"] },
      { title: "Custom model", lines: ["weights or adapters", "trained on the rows,", "passed the exams"] },
      { title: "Digital FTE", lines: ["model, tools, tests", "does a job that was", "a person's, watched"] },
    ],
    between: ["write\ndown", "train,\nexamine", "serve,\nwatch"], back: "what it got wrong, with the correction",
  },
  "Expertise in heads becomes proprietary intelligence by being written down as rows, exams and a contract; a custom model by training and examining; a Digital FTE, a model with tools and tests that does a job, by serving and watching; its mistakes with their corrections go back.",
);

// %% [markdown]
// The value is in the second box. Read three well-known cases with that in mind. They are often told as "they built their own model".

// %%
showTable([
  {
    case: "Casetext, law", told: "encoded legal expertise, sold for $650M",
    read: "agreed in June 2023. The product was built on OpenAI's GPT-4; their own: legal databases, tests, \"thousands of hours of prompt engineering\"",
    source: "lawnext.com 2023-06; casetext.com/blog, 2023",
  },
  {
    case: "BloombergGPT, finance", told: "50 billion parameters, trained on finance",
    read: "363 billion tokens of its own archive, 345 billion public, in March 2023. In the same year GPT-4 rivalled such models on many tasks; tuned ones stayed ahead in finding entities and relations",
    source: "arXiv 2303.17564; 2305.05862v2",
  },
  {
    case: "Med-PaLM 2, medicine", told: "tuned for medical questions",
    read: "GPT-4 with better prompts and no medical training made 27% fewer errors on MedQA than the best specialist model, 2023-11",
    source: "arXiv 2311.16452, abstract",
  },
], { caption: "Three cases, as told and as their sources read (2026-11-21)" });

// %% [markdown]
// (Sources: [LawNext](https://lawnext.com/2023/06/the-rumors-were-true-thomson-reuters-acquires-casetext-for-650m-cash.html),
// [Casetext](https://casetext.com/blog/building-an-ai-legal-assistant-lawyers-can-trust/), [BloombergGPT](https://arxiv.org/abs/2303.17564),
// [GPT-4 on financial texts](https://arxiv.org/abs/2305.05862), [Medprompt](https://arxiv.org/abs/2311.16452); the papers in abstracts and
// summaries.)
//
// A profession's *public* knowledge is no lasting advantage: the next general model has read the same books. What no
// later model can have read is what was never public: the archive, the tests, the corrections of experts. So do not tune a model on what can
// be looked up in a library. Tune it on your decisions.
//
// ### Exercise: what is it good for?
//
// Seven things that a company may have. Say for each whether it is to train with, to examine with, to look up, to keep out, or not yours.

// %%
import { ASSETS, assetsExercise, USES, type Uses } from "llmops/exercises/61-1";

console.log(`Uses: ${USES.join(", ")}\n`);
Object.keys(ASSETS).forEach((asset, i) => console.log(`${i + 1}. ${asset}`));

// %%
function sortAssets(): Uses {
  // BEGIN SOLUTION
  return {
    "4,800 requests, each with the call that your staff confirmed": "train",
    "300 requests that were set apart, with answers on which two experts agreed": "examine",
    "This week's price list": "look up",
    "Names and phone numbers of your customers": "keep out",
    "The weights of an open model": "not yours",
    "The prompt \"You are an experienced task manager\"": "not yours",
    "Last month's wrong answers, each with its correction": "train",
  };
  // STUB
  // return todo(); // an object: each thing, word by word, with its use
  // END SOLUTION
}
await check(assetsExercise, sortAssets);

// %% [markdown]
// ## 5. What a model of your own is worth
//
// Three things can be better: the bill, the mistakes, and what you could not do at all (answer without a network, keep data in the house).
// The first two are arithmetic. These are *assumptions*: change every one of them to yours.

// %%
import { valueExercise, valueOfMonth, type Assumptions } from "llmops/exercises/61-1";

const assumed: Assumptions = {
  requests: 300_000, // a month: 10,000 a day
  generalDollars: withContract, // computed in section 3
  ownDollars: 0, // your server costs the same whether it is asked or not
  generalErrors: 0.08, // invented: examine a model on your requests
  ownErrors: 0.05, // invented too
  errorDollars: 0.2, // half a minute, at $24 an hour, of somebody who notices and mends it
  fixedDollars: 1200, // server 300, and 900 of people's time: data, exams, watching
};
showTable([
  { part: "saved on the API's bill", dollars: assumed.requests * (assumed.generalDollars - assumed.ownDollars) },
  { part: "mistakes avoided", dollars: assumed.requests * (assumed.generalErrors - assumed.ownErrors) * assumed.errorDollars },
  { part: "server and upkeep", dollars: -assumed.fixedDollars },
], { decimals: 2, caption: "A month, under these assumptions" });

// %% [markdown]
// Look at the first line. "We save the API's bill" is a common reason for a model of one's own, and at today's price of a small general
// model it would not pay for the server. The mistakes decide.
//
// ### Exercise: the value of a month
//
// Write `monthlyValue`: the dollars that a model of your own is worth in a month, which is the three lines above together; below 0 where it
// costs more than it brings.

// %%
function monthlyValue({ requests, generalDollars, ownDollars, generalErrors, ownErrors, errorDollars, fixedDollars }: Assumptions): number {
  // BEGIN SOLUTION
  const saved = generalDollars - ownDollars;
  const avoided = (generalErrors - ownErrors) * errorDollars;
  return requests * (saved + avoided) - fixedDollars;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(valueExercise, monthlyValue);

// %% [markdown]
// One number hides which assumption it hangs on. So move each alone, from a pessimist's value to an optimist's, and leave the others:

// %% tags=["folded"]
const base = valueOfMonth(assumed);
const ranges: { what: string; key: keyof Assumptions; worst: number; best: number }[] = [
  { what: "requests a month", key: "requests", worst: 30_000, best: 600_000 },
  { what: "own mistakes", key: "ownErrors", worst: 0.09, best: 0.02 },
  { what: "price of a mistake", key: "errorDollars", worst: 0.05, best: 0.5 },
  { what: "general model's mistakes", key: "generalErrors", worst: 0.05, best: 0.12 },
  { what: "server and upkeep", key: "fixedDollars", worst: 4000, best: 600 },
  { what: "general model's price", key: "generalDollars", worst: withContract / 2, best: 10 * withContract },
];
const moved = ranges
  .map(({ what, key, worst, best }) => ({ what, worst: valueOfMonth({ ...assumed, [key]: worst }), best: valueOfMonth({ ...assumed, [key]: best }) }))
  .sort((a, b) => b.best - b.worst - (a.best - a.worst));
const dollars = (value: number) => `${value < 0 ? "−" : ""}$${Math.abs(Math.round(value)).toLocaleString("en-US")}`;
await showChart(
  {
    title: { text: "What a month is worth, with one assumption moved", subtitle: `line: all as assumed, ${dollars(base)}; from the pessimist's value to the optimist's` },
    height: 220,
    layer: [
      {
        data: { values: moved }, mark: { type: "bar", height: 18 },
        encoding: {
          y: { field: "what", type: "nominal", sort: null, title: null },
          x: { field: "worst", type: "quantitative", title: "dollars a month" }, x2: { field: "best" },
        },
      },
      { data: { values: [{ base }] }, mark: { type: "rule", color: "#D55E00", strokeWidth: 2 }, encoding: { x: { field: "base", type: "quantitative" } } },
      { data: { values: [{ zero: 0 }] }, mark: { type: "rule", color: "#222222", strokeDash: [4, 3] }, encoding: { x: { field: "zero", type: "quantitative" } } },
    ],
  },
  `As assumed ${dollars(base)} a month. ${moved.map(({ what, worst, best }) => `${what}: ${dollars(worst)} to ${dollars(best)}`).join("; ")}.`,
);

// %% [markdown]
// - **Where a bar crosses zero, the decision hangs on that assumption.** Measure it before you build anything.
// - **The general model's share of mistakes can be measured today**: take requests, agree on answers, examine it. It needs no GPU, and the same
//   exam judges your own model later (chapters 68 and 69).
// - **The price of the general model hardly matters here**, even ten times as high. Lesson 61.5 finds the volumes and models where it does.
//
// ## 6. Rent it or run it
//
// For each stage there is something that you run yourself and something that you rent. Every line was read on 2026-11-21 at the place it names.
// What to ask of each is in the last column: when you leave, what leaves with you?

// %%
showTable([
  { stage: "label", "run it yourself": "Label Studio, Apache-2.0", "rent it": "Label Studio Enterprise", "leaves with you": "annotations, by export", source: "huggingface.co/LabelStudio" },
  { stage: "train", "run it yourself": "TRL and PEFT (chapter 64)", "rent it": "Together AI: LoRA and full fine-tuning of open models", "leaves with you": "the checkpoint can be downloaded", source: "docs.together.ai/docs/fine-tuning/overview; together.ai/fine-tuning" },
  { stage: "train", "run it yourself": "(weights are not public)", "rent it": "Google Cloud: supervised tuning of Gemini", "leaves with you": "your rows; the tuned model is deployed in the region of its tuning", source: "docs.cloud.google.com, Tune Gemini models" },
  { stage: "evaluate", "run it yourself": "promptfoo, MIT (its company now belongs to OpenAI)", "rent it": "OpenAI Evals, closing (below)", "leaves with you": "supported evals, exported as promptfoo files", source: "openai-cookbook, moving-from-openai-evals-to-promptfoo; promptfoo's README" },
  { stage: "register", "run it yourself": "MLflow, open source", "rent it": "Databricks: managed MLflow with registry", "leaves with you": "the API is MLflow's", source: "docs.databricks.com/reference/mlflow-api" },
  { stage: "serve", "run it yourself": "vLLM (chapter 70)", "rent it": "Hugging Face Inference Endpoints, with vLLM in it", "leaves with you": "the weights on the Hub; both speak OpenAI's API", source: "docs.vllm.ai, deployment, hf_inference_endpoints" },
  { stage: "watch", "run it yourself": "Langfuse, MIT", "rent it": "Langfuse Cloud", "leaves with you": "the same program runs at home", source: "github.com/langfuse/langfuse" },
], { caption: "Open source beside what is managed" });

// %% [markdown]
// Rented tools end, and in this field they end soon. Three announcements of one provider in 2026, and the days that its customers had:

// %%
const day = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
showTable([
  { what: "self-serve fine-tuning: no new jobs, for anyone", announced: "2026-05-07", ends: "2027-01-06" },
  { what: "hosted Evals: dashboard and API", announced: "2026-06-03", ends: "2026-11-30" },
  { what: "gpt-4o-mini, and every model tuned from it", announced: "2026-10-14", ends: PRICES["gpt-4o-mini"]?.retires ?? "2027-01-14" },
].map((row) => ({ ...row, "days of notice": day(row.ends) - day(row.announced) })), { caption: "OpenAI, developers.openai.com/api/docs/deprecations" });

// %% [markdown]
// (All read 2026-11-21; of OpenAI's page only a part. The end of the first is in a translation of 2026-11-10 of
// [the reference](https://www.w3cschool.cn/openai_api/openai_api-reference-resources-fine-tuning-subresources-jobs-methods-create.html), the
// third in [one of the page](https://www.w3cschool.cn/openai_api/openai_api-docs-deprecations.html), the second in
// [Langfuse's guide](https://langfuse.com/resources/engineering/migrate-from-openai-evals).)
//
// A model tuned there is gone on that day. The rows it was tuned on, the exams and the contract are not, if they lie with you: the second box
// of section 4. That is why this course begins with data (chapter 63) and not with a GPU.

// %% [markdown] tags=["instructor"]
// **For instructors.** Ask before section 2: "How many of 300 requests does a model get right that understands everything?" Then show the chart.
// Nobody claims that a real model guesses this way every time; the chart bounds what understanding alone can reach, and the point is that
// it cannot be settled by a larger model. Students who answer "then put it into the prompt" are right, and section 3 is theirs; ask what they
// would write for the sentence with the dog licence. The Casetext case is worth ten minutes: it is often called a custom model.
// The assumptions of section 5 are invented and say so; replace them with those of a company that the group knows.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > My company [what it does] wants an assistant for [task]. List what we know that no public model can know, and for each item where it
// > lies today, and whether it is better trained, looked up, put into the prompt, or kept out.
//
// ### 2. Critical evaluation
//
// Take its list and ask of each item: is it really not public? Does it hold still for half a year? Is there a row that shows it, or only a
// sentence about it? Strike what fails. Did it name anything to *examine* with?
//
// ### 3. Constraint teaching
//
// > We have 40 requests with confirmed answers, no personal data may leave the house, and one person has two hours a week for this. Rank the
// > remaining items by what they would change, and say for the first three what the first ten rows would look like.
//
// ### 4. Refinement
//
// Have it fill in the `Assumptions` of section 5 for your case, each with a low and a high value and where the number comes from. Put them into
// `assumed` and `ranges` and draw the chart. Which bar crosses zero? Ask it how to measure that one within a week.
//
// ### 5. Final check
//
// > Here is my chart in words: [paste its sentence]. Which claim that people make about custom models does it contradict, and which of my
// > assumptions would you bet against?
