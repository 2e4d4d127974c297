/** One chat completion: the request's conversation to the model, its answer back as prose or calls. */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { callStarts, type AnswerParts } from "../answer.js";
import type { Chat } from "../chat.js";
import { toGrammar } from "../grammar/index.js";
import { toTurns, type ChatRequest, type Refusal, type Tool } from "./request.js";
import { EventStream, sendError, sendJson } from "../../http/openai.js";

interface Served {
  chat: Chat;
  model: string;
  limit: number;
  parse: (text: string) => AnswerParts;
  longest: number | undefined;
  signal: AbortSignal;
}

/** What the request makes of the answer. */
interface Plan {
  /** What the model is shown. */
  tools: readonly Tool[];
  grammar: string | undefined;
}

export async function answerChat(request: ChatRequest, served: Served, response: ServerResponse): Promise<void> {
  const turns = toTurns(request.messages);
  const plan = planAnswer(request, served);
  for (const refused of [turns, plan]) {
    if ("message" in refused) return sendError(response, 400, refused.message, refused);
  }
  const { tools, grammar } = plan as Plan;
  const ended = new AbortController();
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: served.model };
  const stream = request.stream ? new StreamedAnswer(new EventStream(response), head, { callsMayCome: tools.length > 0, usage: request.stream_options?.include_usage === true }) : undefined;
  const stops = [request.stop ?? []].flat();
  let text = "";
  try {
    const reply = await served.chat.reply(turns as Exclude<typeof turns, Refusal>, {
      limit: request.max_completion_tokens ?? request.max_tokens ?? served.limit, signal: AbortSignal.any([served.signal, ended.signal]),
      ...(tools.length > 0 ? { tools: tools.map(({ type, function: { strict: _, ...shown } }) => ({ type, function: shown })) } : {}), ...(grammar === undefined ? {} : { grammar }),
      onText: (piece) => {
        text += piece;
        if (stopAt(text, stops) !== undefined) ended.abort();
        else if (!served.signal.aborted && stops.length === 0) stream?.add(text);
      },
    });
    if (served.signal.aborted) return;
    const cut = stopAt(reply.text, stops);
    const whole = cut === undefined ? reply.text : reply.text.slice(0, cut);
    const answer = tools.length > 0 ? served.parse(whole) : { content: whole, calls: [] };
    const calls = answer.calls.map(({ name, arguments: given }) => ({ id: `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`, type: "function" as const, function: { name, arguments: JSON.stringify(given) } }));
    const finish_reason = calls.length > 0 ? "tool_calls" : reply.stopped || cut !== undefined ? "stop" : "length";
    const usage = { prompt_tokens: reply.asked, completion_tokens: reply.tokens.length, total_tokens: reply.asked + reply.tokens.length };
    if (stream) return stream.end(answer.content ?? "", calls, finish_reason, usage);
    const message = { role: "assistant", content: answer.content, refusal: null, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
    sendJson(response, 200, { ...head, object: "chat.completion", choices: [{ index: 0, message, logprobs: null, finish_reason }], usage });
  } catch (error) {
    if (!stream || !response.headersSent || response.destroyed) throw error;
    stream.fail((error as Error).message);
  }
}

/** Where the first of the texts begins that end an answer. */
function stopAt(text: string, stops: readonly string[]): number | undefined {
  const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

function planAnswer({ tools: given, tool_choice: choice, parallel_tool_calls: parallel, response_format: format }: ChatRequest, { chat, longest }: Served): Plan | Refusal {
  const all = given ?? [];
  if (choice && choice !== "none" && choice !== "auto" && all.length === 0) return { message: "'tool_choice' is only allowed when 'tools' are specified.", param: "tool_choice" };
  const tools = choice === "none" ? [] : typeof choice === "object" && choice !== null ? all.filter(({ function: { name } }) => name === choice.function.name) : all;
  if (typeof choice === "object" && choice !== null && tools.length === 0) return { message: `Tool choice '${choice.function.name}' is not among 'tools'.`, param: "tool_choice" };
  const isCalled = tools.length > 0 && (choice === "required" || typeof choice === "object");
  const schema = format?.type === "json_schema" ? format.json_schema.schema : format?.type === "json_object" ? { type: "object" } : undefined;
  const isStrict = tools.length > 0 && tools.some(({ function: { strict } }) => strict === true);
  if (schema && tools.length > 0 && !isCalled) return { message: "This endpoint takes 'response_format' or 'tools', not both: ask for the tools first, and for the format when their results are there.", param: "response_format" };
  if (!chat.constrains && (schema ?? isCalled)) {
    return { message: `${schema ? "'response_format'" : "A 'tool_choice' that forces calls"} needs a grammar, which llama.cpp alone obeys: export the model (llmops export … --to gguf-f16) and serve that file.`, param: schema ? "response_format" : "tool_choice" };
  }
  const shared = { parallel: parallel ?? true, ...(longest === undefined ? {} : { longest }) };
  try {
    const grammar = isCalled ? toGrammar(tools, { calls: "required", ...shared })
      : schema ? toGrammar(schema, shared)
      : isStrict && chat.constrains ? toGrammar(tools, { calls: "auto", ...shared }) : undefined;
    return { tools, grammar };
  } catch (error) {
    return { message: `${(error as Error).message}.`, param: schema && !isCalled ? "response_format" : "tools" };
  }
}

interface StreamOptions {
  callsMayCome: boolean;
  /** Whether the last event says what was used. */
  usage: boolean;
}

/** Sends prose as it comes, and holds back what may be the beginning of calls until it is known to be one. */
class StreamedAnswer {
  readonly #events: EventStream;
  readonly #head: object;
  readonly #options: StreamOptions;
  #sent = 0;
  #begun = false;

  constructor(events: EventStream, head: object, options: StreamOptions) {
    this.#events = events;
    this.#head = head;
    this.#options = options;
  }

  /** @param text - all of it so far */
  add(text: string): void {
    const [held = text.length] = this.#options.callsMayCome ? callStarts(text) : [];
    // White space before a brace that may come belongs to neither.
    const until = this.#options.callsMayCome ? text.slice(0, held).trimEnd().length : held;
    if (until > this.#sent) this.#delta({ content: text.slice(this.#sent, until) });
    this.#sent = Math.max(this.#sent, until);
  }

  end(content: string, calls: readonly { id: string; type: "function"; function: { name: string; arguments: string } }[], finish_reason: string, usage: object): void {
    if (content.length > this.#sent) this.#delta({ content: content.slice(this.#sent) });
    for (const [index, { function: { name, arguments: given }, ...call }] of calls.entries()) {
      this.#delta({ tool_calls: [{ index, ...call, function: { name, arguments: "" } }] });
      this.#delta({ tool_calls: [{ index, function: { arguments: given } }] });
    }
    this.#delta({}, finish_reason);
    if (this.#options.usage) this.#send([], { usage });
    this.#events.end();
  }

  fail(message: string): void {
    this.#events.fail(message);
  }

  #delta(delta: object, finish_reason: string | null = null): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#delta({ role: "assistant", content: "" });
    }
    this.#send([{ index: 0, delta, logprobs: null, finish_reason }], this.#options.usage ? { usage: null } : {});
  }

  #send(choices: unknown[], more: object = {}): void {
    this.#events.send({ ...this.#head, object: "chat.completion.chunk", choices, ...more });
  }
}
