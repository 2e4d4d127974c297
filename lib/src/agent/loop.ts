/** The agent's loop on the plain `openai` client: ask the model, carry out what it calls, give it the results, until it has no more calls. */
import { randomUUID } from "node:crypto";
import type OpenAI from "openai";
import type { ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources/chat/completions";
import { z } from "zod";
import type { AgentCall, AgentOutcome, ToolAnswer } from "./calls.js";
import { resultText, breakOff, canonical, idempotencyKey, isDown, isMalformed, settle } from "./calls.js";
import { parsed, unreachableIn } from "./reliable.js";
import type { AgentTools } from "./task-agent.js";

export interface AgentOptions extends AgentTools {
  /** See `openModelClient`: with a client of another kind, retries are that client's. */
  client: OpenAI;
  model: string;
  /** The conversation so far; its last message is the user's. */
  messages: readonly ChatCompletionMessageParam[];
  /** Names the run in idempotency keys: a run that is repeated under its name makes nothing twice. Default: drawn. */
  runId?: string;
  /** Answers of the model, at most. @defaultValue 6 */
  maxTurns?: number;
  /** Calls in one answer, at most. @defaultValue 8 */
  maxCalls?: number;
  /** Answers in a row of which nothing can be carried out, at most. @defaultValue 2 */
  patience?: number;
  /** Tokens of an answer, at most. @defaultValue 200 */
  maxTokens?: number;
  /** Milliseconds for all of it. @defaultValue 120,000 */
  limitMs?: number;
  signal?: AbortSignal;
  onCall?: (call: AgentCall) => void;
}

export interface AgentRun {
  outcome: AgentOutcome;
  /** The given conversation and what came after it; what a next run goes on from. */
  messages: ChatCompletionMessageParam[];
  calls: AgentCall[];
  /** Answers of the model. */
  turns: number;
  /** Tokens as the server counted them; 0 where it did not. */
  usage: { input: number; output: number };
}

/** What is read of a completion: little, since servers differ in the rest. */
const Completion = z.object({
  choices: z.array(z.object({
    message: z.object({
      content: z.string().nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(z.object({ id: z.string().nullish(), function: z.object({ name: z.string(), arguments: z.string() }) })).nullish(),
    }),
  })).min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

/**
 * Answers one message of a user.
 *
 * Calls that are none (unknown tool, arguments that are no JSON or do not fit) go back to the model with what is wrong with them. A call that
 * the run has carried out before is not carried out again: it gets the same answer. Calls of one answer are carried out in
 * order; where the tool's server is gone, the run ends and says what was done, what not, and what nobody knows.
 *
 * It throws only what an aborted `signal` throws: all else is an outcome.
 */
export async function runAgent(options: AgentOptions): Promise<AgentRun> {
  const { client, model, tools, maxTurns = 6, maxCalls = 8, patience = 2, maxTokens = 200, limitMs = 120_000, signal } = options;
  const limit = AbortSignal.timeout(limitMs);
  const within = signal ? AbortSignal.any([signal, limit]) : limit;
  const messages = [...options.messages], usage = { input: 0, output: 0 };
  const desk = new CallDesk(options, within);
  let turns = 0, useless = 0, open: readonly TakenCall[] = [];
  // Servers refuse a conversation in which a call has no answer.
  const answerCalls = (): void => {
    messages.push(...open.map(({ id }) => {
      const call = desk.calls.find((each) => each.id === id);
      return { role: "tool" as const, tool_call_id: id, content: call ? resultText(call.answer) : JSON.stringify({ error: "unavailable", message: "Not tried." }) };
    }));
    open = [];
  };
  const end = (outcome: AgentOutcome): AgentRun => ({ outcome, messages, calls: desk.calls, turns, usage });
  try {
    while (turns < maxTurns) {
      const { data: answer } = Completion.safeParse(await client.chat.completions.create(
        { model, messages, tools: tools as ChatCompletionTool[], max_tokens: maxTokens, temperature: 0 }, { signal: within },
      ));
      desk.turn = turns += 1;
      const message = answer?.choices[0]?.message;
      if (!answer || !message) return end(breakOff("model", "The model's server answered with something that is no chat completion.", desk.calls));
      usage.input += answer.usage?.prompt_tokens ?? 0;
      usage.output += answer.usage?.completion_tokens ?? 0;
      const text = message.content ?? message.refusal ?? "";
      const called = message.tool_calls ?? [];
      if (called.length === 0) {
        messages.push({ role: "assistant", content: text });
        return end(text.trim() === "" ? breakOff("model", "The model answered with nothing.", desk.calls) : settle(desk.calls, text));
      }
      const taken = called.slice(0, maxCalls).map(({ id, function: { name, arguments: written } }) => desk.take(id ?? "", name, written));
      messages.push({
        role: "assistant", content: text || null,
        // Arguments that are no JSON would make servers fail that put them into their templates.
        tool_calls: taken.map(({ id, name, arguments: given }) => ({ id, type: "function", function: { name, arguments: typeof given === "string" ? "{}" : JSON.stringify(given) } })),
      });
      open = taken;
      const made = await desk.carryOut(taken);
      answerCalls();
      const lost = made.find(isDown);
      if (lost) return end(breakOff("tool", `${(lost.answer.message ?? "The tool did not answer").replace(/\.$/, "")}.`, desk.calls, taken.slice(made.length)));
      if (called.length > maxCalls) return end(breakOff("limit", `The model made ${called.length} calls at once; at most ${maxCalls} are carried out.`, desk.calls));
      // Small models say a call again where a confirmation is due. All of it is done, so there is nothing left to say.
      if (made.every(({ repeated }) => repeated)) return end(settle(desk.calls, ""));
      useless = made.every(isMalformed) ? useless + 1 : 0;
      if (useless > patience) return end(breakOff("limit", `The model wrote calls that cannot be carried out, ${useless} times in a row.`, desk.calls));
    }
    return end(breakOff("limit", `After ${maxTurns} answers the model still had calls to make.`, desk.calls));
  } catch (error) {
    signal?.throwIfAborted();
    answerCalls();
    if (limit.aborted) return end(breakOff("limit", `It took longer than ${limitMs / 1000} seconds.`, desk.calls, desk.pending));
    return end(breakOff("model", sayFailure(error), desk.calls, desk.pending));
  }
}

/** Why a model could not be asked, in a sentence. */
export function sayFailure(error: unknown): string {
  const unreachable = unreachableIn(error);
  if (unreachable) return `The model's server ${unreachable.message.slice(unreachable.server.length + 1)}.`;
  return `The model could not be asked: ${(error instanceof Error ? error.message : String(error)).slice(0, 200)}.`;
}

/** A call as the model wrote it, not yet looked at. */
export interface TakenCall {
  id: string;
  name: string;
  /** The object, or the text where it is no JSON object. */
  arguments: unknown;
}

/** Carries out calls, each once, and keeps the record of them. */
export class CallDesk {
  readonly calls: AgentCall[] = [];
  /** Answers of the model so far. */
  turn = 0;
  /** What was taken and is not yet carried out. */
  pending: TakenCall[] = [];
  readonly #tools: AgentTools & { onCall?: (call: AgentCall) => void };
  readonly #run: string;
  readonly #signal: AbortSignal;
  readonly #ids = new Set<string>();

  constructor({ tools, runTool, changes, onCall, runId = randomUUID() }: Pick<AgentOptions, keyof AgentTools | "onCall" | "runId">, signal: AbortSignal) {
    this.#tools = { tools, runTool, changes, ...(onCall ? { onCall } : {}) };
    this.#run = runId;
    this.#signal = signal;
  }

  /** A call with arguments read where they can be, and an id of its own: some servers give none, or the same again. */
  take(id: string, name: string, written: string): TakenCall {
    const value = parsed(written.trim() === "" ? "{}" : written);
    let own = id;
    for (let next = this.#ids.size + 1; own === "" || this.#ids.has(own); next++) own = `call_${next}`;
    this.#ids.add(own);
    return { id: own, name, arguments: typeof value === "object" && value !== null && !Array.isArray(value) ? value : written };
  }

  /** Carries out calls in order; stops behind one whose tool cannot be reached. */
  async carryOut(taken: readonly TakenCall[]): Promise<AgentCall[]> {
    const made: AgentCall[] = [];
    this.pending = [...taken];
    for (const call of taken) {
      this.pending.shift();
      made.push(await this.carryOutOne(call));
      if (isDown(made.at(-1)!)) break;
    }
    return made;
  }

  async carryOutOne({ id, name, arguments: given }: TakenCall): Promise<AgentCall> {
    const changes = this.#tools.changes(name);
    const before = this.#sameBefore(name, given);
    const record = ({ mayHaveHappened = false, ...answer }: ToolAnswer & { mayHaveHappened?: boolean }): AgentCall => {
      const call = { id, turn: this.turn, name, arguments: given, answer, changes, mayHaveHappened, repeated: before !== undefined };
      this.calls.push(call);
      this.#tools.onCall?.(call);
      return call;
    };
    try {
      return record(before?.answer ?? await this.#ask(name, given));
    } catch (error) {
      record({ ok: false, error: "timeout", message: "It was broken off.", mayHaveHappened: changes });
      throw error;
    }
  }

  async #ask(name: string, given: unknown): Promise<ToolAnswer & { mayHaveHappened?: boolean }> {
    const names = this.#tools.tools.map(({ function: { name: known } }) => known);
    if (!names.includes(name)) return { ok: false, error: "unknown_tool", message: `There is no tool ${name}. Tools: ${names.join(", ")}.` };
    if (typeof given !== "object" || given === null) return { ok: false, error: "bad_arguments", message: `The arguments are no JSON object: ${typeof given === "string" ? given.slice(0, 80) : typeof given}` };
    return this.#tools.runTool({ name, arguments: given }, { key: idempotencyKey(this.#run, name, given), signal: this.#signal });
  }

  /** The call that did the same, unless something was changed since: then a list is another list. */
  #sameBefore(name: string, given: unknown): AgentCall | undefined {
    const same = this.calls.findLastIndex((call) => call.name === name && call.answer.ok && canonical(call.arguments) === canonical(given));
    if (same === -1) return undefined;
    const isStale = !this.#tools.changes(name) && this.calls.slice(same + 1).some(({ changes, answer }) => changes && answer.ok);
    return isStale ? undefined : this.calls[same];
  }
}
