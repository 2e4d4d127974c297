// ---
// chapter: 66
// lesson: 6
// title: OpenAI Agents SDK Integration
// layer: Layer 2 (AI Collaboration)
// minutes: 55
// concepts:
//   - Custom model client
//   - Tool response handling
// maps: User Story 2 (replace expensive API)
// prerequisites: lessons 66.2 (tool-calling patterns) and 66.4 (agentic fine-tuning)
// trains: true
// ---

// %% [markdown]
// Your model calls tools, and somebody else's framework is to drive it. Everyone says that this is one line: another address. In this lesson you
// ask an assistant how it is done, check what it says against what goes over the wire, tell it what your model needs, and build the agent twice
// with it: once as a loop of your own, once with the OpenAI Agents SDK. At the end both have played the same workflows on a real Task API.

// %% [markdown]
// ## 1. Let it explain, and write down what can be checked
//
// Ask an assistant how to put a model of your own behind an agent framework. This was the answer in the first plan of this course, in short:
//
// > Your custom model is a drop-in replacement. Point the OpenAI client at your local server by `base_url`. Create an `Agent` with your model's
// > name and your functions as tools, and run it. The model must match OpenAI's tool-call format: its response must include a `function_call`
// > field.
//
// It has explained the idea well: the API is the interface, so what stands behind it can be changed. Now make it checkable. Four claims are in
// there: the address is enough for the client; the name is enough for the agent; functions are enough for the tools; and the field's name. You
// check each of them below, and need a model for it first.
//
// ## 2. A model behind an address
//
// A LoRA of taskling on requests with their calls, as in lesson 64.9, only shorter. Then it is served: HTTP on this machine, in OpenAI's form.

// %% tags=["measured"]
import { join } from "node:path";
import { check, showDoors, showTable, todo } from "llmops/course";
import { readTaskCalls, TASK_SYSTEM, TASK_TOOLS, writeTaskRows } from "llmops/evaluate";
import { launch, openRuntime, runtimeDoor, startRuntime, watchRun } from "llmops/pair";
import { tasklingRecipe, trainingJob } from "llmops/train";

const STEPS = 300;
const runtime = openRuntime();
showDoors(
  runtimeDoor(runtime),
  { door: "task database", kind: "embedded", says: "PGlite in this process, behind the Task API's HTTP on 127.0.0.1" },
  { door: "model server", kind: "serveModel", says: "the tuned model on this machine, behind OpenAI's HTTP interface on 127.0.0.1" },
);
await startRuntime(runtime);
writeTaskRows(readTaskCalls("train").slice(0, 8 * STEPS), "train.jsonl");
const recipe = tasklingRecipe({ data: { train: "train.jsonl" }, steps: STEPS, exports: ["merged"] });
const run = await watchRun(await launch(trainingJob(recipe, { name: "agent-model" }), runtime));

// %% tags=["measured"]
import { serveModel } from "llmops/serve";

await run.fetch();
const server = await serveModel(join(run.folder, "artifacts", "merged"), { name: "taskling-tuned" });
const listed = (await (await fetch(`${server.url}/models`)).json()) as { data: { id: string }[] };
console.log(`GET ${new URL(server.url).pathname}/models: ${listed.data.map(({ id }) => id).join(", ")}`);

// %% [markdown]
// ## 3. One request, and the field's name
//
// The plain client with another address. The first claim holds: nothing else had to be changed. Look at what comes back:

// %% tags=["measured"]
import { openModelClient } from "llmops/agent";
import type { ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources/chat/completions";

const client = openModelClient(server.url);
const messages: ChatCompletionMessageParam[] = [
  { role: "system", content: TASK_SYSTEM },
  { role: "user", content: "Remind me to pay the rent on Friday." },
];
const first = await client.chat.completions.create({ model: server.model, messages, tools: TASK_TOOLS as unknown as ChatCompletionTool[], max_tokens: 80 });
console.log(JSON.stringify(first.choices[0], null, 1));
console.log(`"function_call" in the message: ${"function_call" in first.choices[0].message}`);

// %% [markdown]
// The last claim does not hold. `function_call` is the older form with one call and no number; the API deprecated it when it got `tool_calls`.
// Three things to notice: the calls are a *list*, each has an `id`, and `arguments` is *text*. The server turned the model's own line,
// `{"name": …, "parameters": …}`, into this form, and turns it back in the next request.
//
// ## 4. The loop
//
// A model calls nothing. It writes that something should be called; the loop calls. One round: ask, carry out, append, ask again. The
// **tool's response** goes back as a message of role `tool`, which names the id it answers.
//
// ### Exercise: go on with the conversation
//
// Write `nextOnes`: the messages that a conversation goes on with once its calls are carried out.

// %%
import { nextMessages, type MadeCall } from "llmops/exercises/66-6";

function nextOnes(calls: readonly MadeCall[], results: Readonly<Record<string, object>>): object[] {
  // BEGIN SOLUTION
  return [
    { role: "assistant", content: null, tool_calls: calls.map(({ id, name, arguments: text }) => ({ id, type: "function", function: { name, arguments: text } })) },
    ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: JSON.stringify(results[id]) })),
  ];
  // STUB
  // return todo();
  // END SOLUTION
}
await check(nextMessages, nextOnes);

// %% [markdown]
// `runAgent` of `llmops/agent` is that loop, with limits: rounds, calls, time. `taskAgent` brings the five tools on a Task API. Watch one run:

// %% tags=["measured"]
import { openTaskApi, readWorkflows, runAgent, taskAgent } from "llmops/agent";

const workflows = readWorkflows();
const TODAY = workflows[0].today;
const api = await openTaskApi({ today: TODAY });
const tools = taskAgent(api, { today: TODAY });
const answered = await runAgent({ client, model: server.model, messages, ...tools });
for (const message of answered.messages.slice(1)) {
  const calls = "tool_calls" in message ? (message.tool_calls ?? []).flatMap((call) => (call.type === "function" ? [`${call.function.name} ${call.function.arguments}`] : [])) : [];
  console.log(`${message.role}: ${[typeof message.content === "string" ? message.content : "", ...calls].filter(Boolean).join(" ")}`);
}
console.log(`\noutcome: ${answered.outcome.kind}, after ${answered.turns} answers\n${answered.outcome.message}`);
console.log(`the database: ${JSON.stringify((await api.tasks()).map(({ id, title, due_date, priority, status }) => ({ id, title, due_date, priority, status })))}`);

// %% [markdown]
// Below the outcome stands the program's account, made from the tools' answers. It is there because a small model may confirm what nobody did, or call
// again where a confirmation is due: this one has learnt calls and no confirmations. The loop does not carry out a call twice (a second
// `tool` line repeats the first one's result), and ends when there is nothing new.
//
// ## 5. The SDK, with its defaults
//
// The second claim: your model's name is enough. Give the SDK a client whose requests you can see, and only the name:

// %% tags=["measured"]
import OpenAI from "openai";
import { Agent, OpenAIChatCompletionsModel, Runner, setDefaultOpenAIClient, setTracingDisabled, tool } from "@openai/agents";
import { z } from "zod";

interface Sent { path: string; status: number; body: { tools?: { function?: { name: string; strict?: boolean; parameters: { properties: object; required: string[] } } }[] } }
const sent: Sent[] = [];
const watched = new OpenAI({
  baseURL: server.url, apiKey: "none", maxRetries: 0,
  fetch: async (url, init) => {
    const request = new Request(url, init);
    const body = (await request.clone().json()) as Sent["body"];
    const response = await fetch(request);
    sent.push({ path: new URL(request.url).pathname, status: response.status, body });
    return response;
  },
});
setTracingDisabled(true);
const runner = new Runner();
setDefaultOpenAIClient(watched);
const byName = new Agent({ name: "TaskAgent", instructions: TASK_SYSTEM, model: server.model });
const failure = await runner.run(byName, "Remind me to pay the rent on Friday.").then(() => "", (error: Error) => error.message);
console.log(`POST ${sent[0].path}: ${sent[0].status}. ${failure.slice(0, 120)}`);

// %% [markdown]
// By default the SDK speaks another API: Responses, not chat completions. Most servers for models of your own do not. And had tracing not been
// switched off, every run would also have been sent to OpenAI's servers, as soon as a key is set. A **custom model client** therefore has two
// parts: the client, and the class that speaks the right API.
//
// Now the third claim: functions are enough for tools. The usual way is a zod schema:

// %% tags=["measured"]
const byZod = tool({
  name: "create_task", description: "Add a task",
  parameters: z.object({ title: z.string(), due_date: z.string().optional(), priority: z.enum(["low", "medium", "high"]).optional() }),
  execute: (given) => JSON.stringify(given),
});
const { name, description = "", parameters } = TASK_TOOLS[0].function;
const bySchema = tool({
  name, description, strict: false, parameters: { ...parameters, additionalProperties: true } as never,
  execute: (given) => JSON.stringify(given),
});
/** A tool as taskling's chat template writes it into the prompt. */
const inPrompt = ({ function: made }: NonNullable<Sent["body"]["tools"]>[number]) =>
  `${made?.name}(${Object.keys(made?.parameters.properties ?? {}).map((key) => `${key}${made?.parameters.required.includes(key) ? "" : "?"}`).join(", ")})`;
const model = new OpenAIChatCompletionsModel(watched, server.model);
const shown: Record<string, string>[] = [];
for (const [how, made] of [["zod schema", byZod], ["JSON schema, strict: false", bySchema]] as const) {
  const agent = new Agent({ name: "TaskAgent", instructions: TASK_SYSTEM, model, tools: [made], toolUseBehavior: "stop_on_first_tool" });
  const said = await runner.run(agent, "Remind me to pay the rent on Friday.").then(({ finalOutput }) => finalOutput ?? "", (error: Error) => error.message);
  const { tools: [inRequest] = [] } = sent.at(-1)!.body;
  shown.push({ how, strict: String(inRequest?.function?.strict), "what the model reads": inRequest ? inPrompt(inRequest) : "", "what came back": said.slice(0, 80) });
}
showTable(shown);

// %% [markdown]
// A zod schema makes a *strict* tool, and in strict tools every parameter is required; what may be left out becomes "or null". A large model
// does not care. Yours was trained on the other line, with question marks: it now reads a prompt that it never saw, and may fill in what nobody
// said. With a model of your own, what it reads is part of the interface.
//
// ## 6. Tell it what it did not know
//
// These are the constraints to give back to the assistant. None of them was in its answer, and none is about writing better prose:
//
// 1. Chat completions, not Responses, by `OpenAIChatCompletionsModel` and a client of our own. Tracing off.
// 2. Tools from our JSON schemas with `strict: false`: the model must read the line that it was trained on.
// 3. One tool at a time: two changes of one task have an order. (`toolExecution: { maxFunctionToolConcurrency: 1 }`)
// 4. Unknown tools go back to the model (`toolNotFoundBehavior: "return_error_to_model"`); the default ends the run.
// 5. Arguments that are no JSON go back to the model **and** into our account. The SDK tells only the model.
// 6. The user hears what the tools answered, not only what the model says.
//
// The fifth is the one that you find only by trying: a model writes broken arguments, gets the SDK's own sentence, says "Done", and the program never
// learnt that there was a call. `runSdkAgent` of `llmops/agent` is what came out of this work; its source is shorter than this lesson.

// %% tags=["measured"]
import { runSdkAgent } from "llmops/agent";

await api.reset([]);
const bySdk = await runSdkAgent({ client, model: server.model, messages, ...tools });
console.log(`outcome: ${bySdk.outcome.kind}, after ${bySdk.turns} answers\n${bySdk.outcome.message}`);
const same = JSON.stringify(bySdk.calls.map(({ name, arguments: given }) => [name, given])) === JSON.stringify(answered.calls.map(({ name, arguments: given }) => [name, given]));
console.log(`the same calls as the plain loop: ${same}`);

// %% [markdown]
// ## 7. Both, on workflows with known ends
//
// Fifty workflows say what the database should hold afterwards. First a scripted model, which always calls what is right, so that what fails is
// the loop. Then yours, on the kinds that need one call, so that what fails is the model.

// %% tags=["measured"]
import { playWorkflow, scriptedModel, serveScripts, type Verdict, type Workflow } from "llmops/agent";

const scripts = await serveScripts(workflows);
const scriptClient = openModelClient(scripts.url);
const LOOPS = { "plain loop": runAgent, "Agents SDK": runSdkAgent };
const oneCall = workflows.filter(({ kind }) => ["create", "update", "complete", "delete", "list"].includes(kind));
type Played = Awaited<ReturnType<typeof playWorkflow>>;
async function playAll(some: Workflow[], loop: typeof runAgent, ask: OpenAI, modelOf: (workflow: Workflow) => string): Promise<Played[]> {
  const played: Played[] = [];
  for (const workflow of some) {
    played.push(await playWorkflow(workflow, {
      api, system: TASK_SYSTEM, answer: (conversation, runId) => loop({ client: ask, model: modelOf(workflow), messages: conversation, runId, maxTokens: 80, ...tools }),
    }));
  }
  return played;
}
const results: { model: string; loop: string; played: Played[] }[] = [];
for (const [loop, run] of Object.entries(LOOPS)) {
  results.push({ model: "scripts", loop, played: await playAll(workflows, run, scriptClient, scriptedModel) });
  results.push({ model: server.model, loop, played: await playAll(oneCall, run, client, () => server.model) });
}
const count = (played: Played[], verdict: Verdict) => played.filter((one) => one.verdict === verdict).length;
showTable(results.map(({ model, loop, played }) => ({
  model, loop, workflows: played.length, "right state": count(played, "right"), "another, and told": count(played, "told"), "another, silently": count(played, "silent"),
})), { decimals: 0 });

// %% [markdown]
// The scripted rows test the loops. The others test your model, and the two loops should hardly differ there: where they do, the prompts differ, and
// that is a fault to look for. "Told": the state is another, and the run ended as failed or with a question. "Silently": it is another, and the run
// ended as done. No loop can see that: the account says truly what was done, and it was the wrong thing. Some of both:

// %% tags=["measured"]
for (const { workflow, verdict, runs } of results[1].played.filter((one) => one.verdict !== "right").slice(0, 5)) {
  console.log(`${workflow.turns[0].user}\n  ${verdict}: ${runs.at(-1)?.outcome.message.replaceAll("\n", " / ")}\n`);
}

// %% [markdown]
// ## 8. What a run costs
//
// "Replace the expensive API" is the user story behind this chapter. An agent's bill is not one request's: the server keeps nothing, so each round
// sends the whole conversation again.
//
// ### Exercise: tokens that are read
//
// Write `tokensOf`: the tokens that a model reads in one run. `first` is the length of the first prompt; `added` is by how much each
// further prompt is longer than the one before it, so a run with one answer has none.

// %%
import { tokensRead } from "llmops/exercises/66-6";

function tokensOf(first: number, added: readonly number[]): number {
  // BEGIN SOLUTION
  let prompt = first, read = first;
  for (const more of added) {
    prompt += more;
    read += prompt;
  }
  return read;
  // STUB
  // return todo();
  // END SOLUTION
}
await check(tokensRead, tokensOf);

// %% tags=["measured"]
const runs = results[1].played.flatMap((one) => one.runs);
const mean = (of: (run: (typeof runs)[number]) => number) => runs.reduce((sum, each) => sum + of(each), 0) / runs.length;
showTable([{ model: server.model, "runs": runs.length, "requests a run": mean(({ turns }) => turns), "tokens read": mean(({ usage }) => usage.input), "tokens written": mean(({ usage }) => usage.output) }], { decimals: 1 });

// %% [markdown]
// Hold these counts against a price list, as lesson 61.5 did, and mind that a large model has another tokenizer and longer answers. And look
// at the first column that matters, in section 7: an agent that is cheaper and wrong is not cheaper.

// %% tags=["quiet"]
await server.close();
await scripts.close();
await api.close();
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Collect the claims of section 1 on the board before anything runs, and let the class bet on each. Sections 3 and 5 settle the
// bets. The point of section 6 is that constraints come from looking at the wire, not from reading the answer again. If training takes too long,
// run sections 1 and 2 the day before: `run.folder` keeps the model.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > Build a task agent in TypeScript with @openai/agents on my own model, which is served at http://127.0.0.1:8000/v1.
//
// ### 2. Critical evaluation
//
// Which API does its agent speak? Is tracing off? Are its tools strict, and what does the model then read? What does its program know about a call
// whose arguments were no JSON? Does it invent options? Look each of them up in the installed package.
//
// ### 3. Constraint teaching
//
// > My model is small and was tuned on exactly this tool line: [paste a line of section 5]. It must read the same line from your agent.
// > My server speaks chat completions only. Here are six constraints: [paste section 6]. Which of them does your program break?
//
// ### 4. Refinement
//
// > Here is the table of section 7: [paste it]. And five runs that went wrong: [paste them]. For each, say whether the loop, the tools or the
// > model is to be changed, and change only what is not the model.
//
// ### 5. Final check
//
// Run the scripted workflows through its agent. Fifty of fifty is the bar, since the scripts make no mistakes. Then ask it what the fifty do not
// test, and hold its answer against lesson 66.7.
