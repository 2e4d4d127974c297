/** The model endpoint over real HTTP, as the `openai` package uses it: on scripted answers, and on the tiny model. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import OpenAI, { APIError, BadRequestError, NotFoundError } from "openai";
import { TASK_TOOLS } from "llmops/evaluate";
import { openChat, serveModel, ServeError, type Chat, type ChatTurn, type ReplyOptions, type ServeOptions } from "llmops/serve";
import { ROOT, scratch } from "./support/scratch.ts";
import { trainingPython, WITHOUT } from "./support/training.ts";

type Tool = OpenAI.ChatCompletionTool;
const tools = TASK_TOOLS as unknown as Tool[];
const CREATE = '{"name": "create_task", "parameters": {"title": "buy {milk}; eggs", "due_date": "Friday"}}';
const LIST = '{"name": "list_tasks", "parameters": {}}';

/** A chat that writes what it is given, a piece at a time, and keeps what it was asked. */
function scripted(write: (turns: readonly ChatTurn[]) => string, { constrains = false, pause = 0 } = {}): Chat & { asked: { turns: readonly ChatTurn[]; options: ReplyOptions }[]; running: number } {
  const chat: ReturnType<typeof scripted> = {
    by: "llama.cpp", template: "", stops: [], constrains, asked: [], running: 0,
    async reply(turns, options = {}) {
      assert.equal(chat.running, 0, "one after the other");
      chat.running++;
      try {
        assert.notEqual(typeof turns, "string");
        chat.asked.push({ turns: turns as readonly ChatTurn[], options });
        const pieces = write(turns as readonly ChatTurn[]).match(/[\s\S]{1,5}/g) ?? [];
        const made: string[] = [];
        for (const piece of pieces.slice(0, options.limit ?? 200)) {
          if (pause) await new Promise((done) => setTimeout(done, pause));
          if (options.signal?.aborted) break;
          made.push(piece);
          options.onText?.(piece);
        }
        return { prompt: "", asked: 7, tokens: made.map((_, at) => at), stopped: made.length === pieces.length, text: made.join("") };
      } finally {
        chat.running--;
      }
    },
    close: async () => {},
  };
  return chat;
}

async function served(context: TestContext, chat: Chat | string, options: ServeOptions = {}): Promise<OpenAI> {
  const server = await serveModel(chat, { name: "tiny", ...options });
  context.after(() => server.close());
  return new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
}
const ask = (content: string): OpenAI.ChatCompletionMessageParam[] => [{ role: "user", content }];
const refused = (type: abstract new (...given: never[]) => APIError, message: RegExp, param?: string) => (error: unknown) => {
  assert.ok(error instanceof type, String(error));
  assert.match(error.message, message);
  if (param !== undefined) assert.equal(error.param, param);
  return true;
};

test("prose is prose, calls are tool_calls with JSON arguments, several at once and with prose before them", async (context) => {
  const answers: Record<string, string> = { prose: "I can add tasks.", one: CREATE, both: `${CREATE}; ${LIST}`, mixed: `I add it.\n${CREATE}`, cut: CREATE.slice(0, -9), half: `${CREATE}; {"name": "li`, json: '{"a": 1}' };
  const client = await served(context, scripted((turns) => answers[turns.at(-1)!.content!]!));
  const read = async (content: string, more: object = {}) => (await client.chat.completions.create({ model: "tiny", messages: ask(content), tools, ...more })).choices[0]!;
  const calls = (choice: OpenAI.ChatCompletion.Choice) => (choice.message.tool_calls ?? []).map((call) => {
    assert.ok(call.type === "function" && /^call_\w{24}$/.test(call.id));
    return [call.function.name, JSON.parse(call.function.arguments) as unknown];
  });
  const [create, list] = [["create_task", { title: "buy {milk}; eggs", due_date: "Friday" }], ["list_tasks", {}]];
  for (const [content, said, wanted] of [["prose", "I can add tasks.", []], ["one", null, [create]], ["both", null, [create, list]], ["mixed", "I add it.", [create]]] as const) {
    const choice = await read(content);
    assert.deepEqual([choice.message.content, calls(choice), choice.finish_reason], [said, wanted, wanted.length > 0 ? "tool_calls" : "stop"], content);
  }
  // What is no call, or not wholly, is not run.
  for (const content of ["cut", "half", "json"]) {
    const choice = await read(content);
    assert.deepEqual([choice.message.content, calls(choice), choice.finish_reason], [answers[content], [], "stop"]);
  }
  const whole = await client.chat.completions.create({ model: "tiny", messages: ask("one") });
  assert.equal(whole.choices[0]!.message.content, CREATE, "without tools nothing is read as a call");
  assert.deepEqual([whole.model, whole.object, whole.usage], ["tiny", "chat.completion", { prompt_tokens: 7, completion_tokens: Math.ceil(CREATE.length / 5), total_tokens: 7 + Math.ceil(CREATE.length / 5) }]);
  assert.deepEqual((await read("prose", { max_tokens: 1 })).finish_reason, "length");
  assert.deepEqual((await read("prose", { stop: ["add"] })).message.content, "I can ");
});

test("a stream says the same: prose as it comes, calls when they are whole", async (context) => {
  const answers: Record<string, string> = { prose: "I can add tasks.\n\nAnd show {them}.\n{no call}", mixed: `I add it.\n${CREATE}; ${LIST}` };
  const client = await served(context, scripted((turns) => answers[turns.at(-1)!.content!]!));
  for (const content of ["prose", "mixed"]) {
    const whole = await client.chat.completions.create({ model: "tiny", messages: ask(content), tools });
    const stream = client.chat.completions.stream({ model: "tiny", messages: ask(content), tools, stream_options: { include_usage: true } });
    const pieces: string[] = [];
    stream.on("content", (piece) => void pieces.push(piece));
    const final = await stream.finalChatCompletion();
    const shape = ({ message: { content: said, tool_calls: calls }, finish_reason }: OpenAI.ChatCompletion.Choice) => [said ?? "", (calls ?? []).map((call) => call.type === "function" && [call.function.name, call.function.arguments]), finish_reason];
    assert.deepEqual(shape(final.choices[0]!), shape(whole.choices[0]!));
    assert.deepEqual(final.usage, whole.usage);
    assert.ok(pieces.length > 1 && !pieces.join("").includes('"name"'), pieces.join("|"));
  }
});

test("results reach the model in the order of their calls; arguments as objects, or as they were written", async (context) => {
  const chat = scripted(() => "Done.");
  const client = await served(context, chat);
  const call = (id: string, given: string): OpenAI.ChatCompletionMessageToolCall => ({ id, type: "function", function: { name: "create_task", arguments: given } });
  await client.chat.completions.create({
    model: "tiny", tools, messages: [
      { role: "developer", content: "You help." }, { role: "user", content: [{ type: "text", text: "Add " }, { type: "text", text: "two" }] },
      { role: "assistant", content: null, tool_calls: [call("a", '{"title":"one"}'), call("b", '{"title": "tw')] },
      { role: "tool", tool_call_id: "b", content: "second" }, { role: "tool", tool_call_id: "a", content: "first" },
    ],
  });
  assert.deepEqual(chat.asked[0]!.turns, [
    { role: "system", content: "You help." }, { role: "user", content: "Add two" },
    { role: "assistant", content: null, tool_calls: [{ type: "function", function: { name: "create_task", arguments: { title: "one" } } }, { type: "function", function: { name: "create_task", arguments: '{"title": "tw' } }] },
    { role: "tool", content: "first" }, { role: "tool", content: "second" },
  ]);
  assert.deepEqual(chat.asked[0]!.options.tools, TASK_TOOLS);
});

test("errors have OpenAI's shape, name the field and say what would do", async (context) => {
  const chat = scripted(() => { throw new ServeError("the conversation has 600 tokens, and the model reads 512: begin a new one", { code: "context_length_exceeded" }); });
  const client = await served(context, chat);
  const create = (body: object) => client.chat.completions.create({ model: "tiny", messages: ask("x"), ...body } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  await assert.rejects(create({ model: "gpt-4o" }), refused(NotFoundError, /'gpt-4o' does not exist; this endpoint serves 'tiny'/, "model"));
  await assert.rejects(create({ messages: [] }), refused(BadRequestError, /Invalid value for 'messages'/, "messages"));
  await assert.rejects(create({ messages: [{ role: "robot", content: "x" }] }), refused(BadRequestError, /messages\[0\]\.role/, "messages[0].role"));
  await assert.rejects(create({ n: 2 }), refused(BadRequestError, /one choice/, "n"));
  await assert.rejects(create({ max_tokens: 0 }), refused(BadRequestError, /max_tokens/, "max_tokens"));
  await assert.rejects(create({ messages: [{ role: "tool", tool_call_id: "a", content: "x" }] }), refused(BadRequestError, /no assistant message with 'tool_calls'/, "messages[0].role"));
  const called = { role: "assistant", tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] };
  await assert.rejects(create({ messages: [called, ...ask("and?")] }), refused(BadRequestError, /'a' has none/, "messages"));
  await assert.rejects(create({ messages: [called, { role: "tool", tool_call_id: "b", content: "" }] }), refused(BadRequestError, /answers 'b'/, "messages[1].tool_call_id"));
  await assert.rejects(create({ tool_choice: "required" }), refused(BadRequestError, /only allowed when 'tools'/, "tool_choice"));
  await assert.rejects(create({ tools, tool_choice: { type: "function", function: { name: "fly" } } }), refused(BadRequestError, /'fly' is not among 'tools'/, "tool_choice"));
  await assert.rejects(create({ tools, tool_choice: "required" }), refused(BadRequestError, /needs a grammar, which llama\.cpp alone obeys: export the model/, "tool_choice"));
  await assert.rejects(create({ response_format: { type: "json_object" } }), refused(BadRequestError, /needs a grammar/, "response_format"));
  await assert.rejects(create({}), (error) => error instanceof BadRequestError && error.code === "context_length_exceeded");
  await assert.rejects(create({ stream: true }), (error) => error instanceof BadRequestError && error.code === "context_length_exceeded");
  assert.equal((await fetch(`${client.baseURL}/nowhere`)).status, 404);
  assert.equal((await fetch(`${client.baseURL}/chat/completions`)).status, 405);
  const broken = await fetch(`${client.baseURL}/chat/completions`, { method: "POST", body: '{"model": ' });
  assert.equal(broken.status, 400);
  assert.match(((await broken.json()) as { error: { message: string } }).error.message, /not JSON/);
  assert.deepEqual((await client.models.list()).data.map(({ id }) => id), ["tiny"]);
  assert.equal((await client.models.retrieve("tiny")).id, "tiny");
});

test("requests are answered one after the other; one too many is sent away, and who hangs up costs nothing more", async (context) => {
  const chat = scripted(() => "a long answer to wait for", { pause: 20 });
  const client = await served(context, chat, { waiting: 2 });
  const create = (signal?: AbortSignal) => client.chat.completions.create({ model: "tiny", messages: ask("x") }, { signal });
  const results = await Promise.allSettled([create(), create(), create(), create(), create()]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
  assert.ok(results.every((result) => result.status === "fulfilled" || (result.reason as APIError).status === 503));
  const before = chat.asked.length, gone = new AbortController();
  const first = create(gone.signal), second = create(gone.signal), third = create();
  setTimeout(() => gone.abort(), 30);
  await assert.rejects(first);
  await assert.rejects(second);
  assert.equal((await third).choices[0]!.message.content, "a long answer to wait for");
  assert.equal(chat.asked.length, before + 2, "the second was gone before its turn");
});

test("a port that is taken is said, and closing twice is no error", async (context) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  context.after(() => other.close());
  const { port } = other.address() as { port: number };
  await assert.rejects(serveModel(scripted(() => ""), { port }), /is taken; name another, or 0/);
  const server = await serveModel(scripted(() => ""));
  await Promise.all([server.close(), server.close()]);
  await assert.rejects(fetch(`${server.url}/models`));
});

test("the tiny model answers by ONNX, and too long a conversation is refused", async (context) => {
  const client = await served(context, join(ROOT, "colab", "taskling", "model"));
  const { choices: [choice], usage } = await client.chat.completions.create({ model: "tiny", messages: ask('Please delete the task "buy milk".') });
  assert.match(choice!.message.content!, /buy milk/);
  assert.equal(choice!.finish_reason, "stop");
  assert.ok(usage!.prompt_tokens > 10 && usage!.completion_tokens > 3);
  await assert.rejects(client.chat.completions.create({ model: "tiny", messages: ask("more and ".repeat(600)) }), (error) => error instanceof BadRequestError && error.code === "context_length_exceeded");
});

const python = await trainingPython();

test("a folder without ONNX answers by transformers, with the same counts and refusals", { skip: python === undefined ? WITHOUT : false }, async (context) => {
  const model = join(ROOT, "colab", "taskling", "model"), folder = join(scratch(context), "plain");
  cpSync(model, folder, { recursive: true, filter: (path) => !path.includes("onnx") && !path.endsWith(".gguf") });
  const [plain, onnx] = [await served(context, folder), await served(context, model)];
  const create = (client: OpenAI, content: string) => client.chat.completions.create({ model: "tiny", messages: ask(content), tools });
  const [one, other] = [await create(plain, "Please delete the task buy milk."), await create(onnx, "Please delete the task buy milk.")];
  assert.deepEqual([one.choices[0]!.message.content, one.usage], [other.choices[0]!.message.content, other.usage]);
  for (const client of [plain, onnx]) await assert.rejects(create(client, "more and ".repeat(600)), (error) => error instanceof BadRequestError && error.code === "context_length_exceeded" && /reads 512/.test(error.message));
});

test("replies that are asked for at once come each to its own prompt, also behind a listener that failed, and an open chat keeps no process alive", { skip: python === undefined ? WITHOUT : false }, async (context) => {
  const model = join(ROOT, "colab", "taskling", "model"), folder = join(scratch(context), "plain");
  cpSync(model, folder, { recursive: true, filter: (path) => !path.includes("onnx") && !path.endsWith(".gguf") });
  const chat = await openChat(folder);
  context.after(() => chat.close());
  const prompts = ["Add buy milk.", "Delete the task walk the dog.", "Add a line\u2028break."];
  const one = async (prompt: string, options: ReplyOptions = {}) => (await chat.reply([{ role: "user", content: prompt }], { limit: 30, ...options })).text;
  const alone: string[] = [];
  for (const prompt of prompts) alone.push(await one(prompt));
  const failing = one(prompts[0]!, { onText: () => { throw new Error("who listens failed"); } });
  const together = Promise.all(prompts.map((prompt) => one(prompt)));
  await assert.rejects(failing, /who listens failed/);
  assert.deepEqual(await together, alone);
  const script = `const { openChat } = require("llmops/serve"); openChat(${JSON.stringify(folder)}).then((chat) => chat.reply("Add", { limit: 3 })).then(({ tokens }) => console.log(tokens.length));`;
  const { stdout, status } = spawnSync(process.execPath, ["-e", script], { cwd: ROOT, encoding: "utf8", timeout: 60_000 });
  assert.deepEqual([stdout.trim(), status], ["3", 0]);
});

const llama = await openChat(join(ROOT, "colab", "taskling", "model", "taskling-q8_0.gguf")).catch((error: Error) => error);

test("a GGUF is held to what was asked: forced calls, one named tool, strict tools, a JSON schema", { skip: llama instanceof Error ? llama.message : false }, async (context) => {
  assert.ok(!(llama instanceof Error));
  context.after(() => llama.close());
  const client = await served(context, llama);
  const create = async (more: object) => (await client.chat.completions.create({ model: "tiny", messages: ask("Thank you!"), ...more })).choices[0]!;
  const called = ({ message: { tool_calls: calls }, finish_reason }: OpenAI.ChatCompletion.Choice): string[] => {
    assert.equal(finish_reason, "tool_calls");
    return calls!.map((call) => (call.type === "function" ? call.function.name : call.type));
  };
  assert.equal((await create({ tools })).finish_reason, "stop");
  for (const name of called(await create({ tools, tool_choice: "required" }))) assert.ok(TASK_TOOLS.some((tool) => tool.function.name === name));
  assert.deepEqual(called(await create({ tools, tool_choice: { type: "function", function: { name: "list_tasks" } }, parallel_tool_calls: false })), ["list_tasks"]);
  const strict = tools.map((tool) => (tool.type === "function" ? { ...tool, function: { ...tool.function, strict: true } } : tool));
  assert.match((await create({ tools: strict })).message.content!, /[Ww]elcome/, "prose where no call is due");
  const schema = { type: "object", properties: { title: { type: "string", maxLength: 30 }, priority: { enum: ["low", "high"] } }, required: ["title", "priority"], additionalProperties: false };
  const { message } = await create({ response_format: { type: "json_schema", json_schema: { name: "task", schema } } });
  const { title, priority } = JSON.parse(message.content!) as Record<string, string>;
  assert.ok(title!.length <= 30 && ["low", "high"].includes(priority!), message.content!);
  await assert.rejects(create({ response_format: { type: "json_schema", json_schema: { name: "task", schema: { type: "string", pattern: "a" } } } }), refused(BadRequestError, /pattern cannot be held/, "response_format"));
});

test("llmops serve says where it listens, answers, and ends at Ctrl-C", async (context) => {
  const child = spawn(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "serve", join(ROOT, "colab", "taskling", "model"), "--name", "tiny"], { cwd: ROOT });
  context.after(() => child.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const url = /^tiny by transformers\.js: (http:\/\/127\.0\.0\.1:\d+\/v1)$/.exec(line)?.[1];
  assert.ok(url, line);
  const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
  assert.match((await client.chat.completions.create({ model: "tiny", messages: ask("Thank you!") })).choices[0]!.message.content!, /[Ww]elcome/);
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});
