/** The agent's loop by the OpenAI Agents SDK, on any server that speaks chat completions; the same tools and the same outcomes as `runAgent`. */
import type { AgentInputItem, FunctionTool, ModelRequest, ModelResponse } from "@openai/agents";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { resultText, breakOff, isDown, isMalformed, settle } from "./calls.js";
import { CallDesk, sayFailure, type AgentOptions, type AgentRun } from "./loop.js";
import { parsed } from "./reliable.js";

/**
 * `runAgent` by `Agent` and `Runner` of @openai/agents. What must be set, because the defaults are for OpenAI's own server: the
 * model by `OpenAIChatCompletionsModel` on our client (the default speaks the Responses API), tracing off, for the whole process (it would send the
 * run to api.openai.com), tools with `strict: false` (strict ones make every parameter required, and a tuned model was shown others),
 * one tool at a time, and errors of tools returned to the model.
 *
 * Of the options, `maxCalls` and `patience` have no counterpart in the SDK: `maxTurns` ends what they would have ended.
 */
export async function runSdkAgent(options: AgentOptions): Promise<AgentRun> {
  const { Agent, MaxTurnsExceededError, OpenAIChatCompletionsModel, Runner, setTracingDisabled, tool } = await import("@openai/agents");
  // For the whole process: the runner's own switch leaves a warning for every span.
  setTracingDisabled(true);
  const { client, model, maxTurns = 6, maxTokens = 200, limitMs = 120_000, signal } = options;
  const limit = AbortSignal.timeout(limitMs);
  const within = signal ? AbortSignal.any([signal, limit]) : limit;
  const desk = new CallDesk(options, within);
  const system = options.messages.flatMap(({ role, content }) => (role === "system" && typeof content === "string" ? [content] : [])).join("\n");
  const usage = { input: 0, output: 0 };
  /** Arguments that are no JSON object, by call. */
  const unread = new Map<string, string>();
  /** The SDK answers arguments that are no JSON by itself, and tells nobody: they are kept here, and it gets `{}`. */
  class Model extends OpenAIChatCompletionsModel {
    override async getResponse(request: ModelRequest): Promise<ModelResponse> {
      const response = await super.getResponse(request);
      desk.turn += 1;
      const output = response.output.map((item) => {
        if (item.type !== "function_call") return item;
        const { id, arguments: given } = desk.take(item.callId, item.name, item.arguments);
        if (typeof given === "string") unread.set(id, given);
        return { ...item, callId: id, arguments: typeof given === "string" ? "{}" : item.arguments };
      });
      return { ...response, output };
    }
  }
  const carryOut = async (name: string, written: string, id: string): Promise<string> => {
    const call = { id, name, arguments: unread.get(id) ?? parsed(written) };
    // The SDK goes on with the calls of one answer when a tool's server is gone; ours are not sent any more.
    if (desk.calls.some(isDown)) {
      desk.pending.push(call);
      return JSON.stringify({ error: "unavailable", message: "Not tried." });
    }
    const { answer } = await desk.carryOutOne(call);
    return resultText(answer);
  };
  const tools = options.tools.map(({ function: { name, description = "", parameters = {} } }): FunctionTool => {
    const made = tool({
      name, description, strict: false,
      // Not checked here: the tool itself says what is wrong.
      parameters: { type: "object", properties: {}, required: [], ...parameters, additionalProperties: true } as never,
      execute: () => "",
    });
    return { ...made, invoke: async (...[, written, details]) => carryOut(name, written, details?.toolCall?.callId ?? "") };
  });
  const agent = new Agent({
    name: "task-agent", instructions: system, tools, model: new Model(client, model), modelSettings: { temperature: 0, maxTokens },
    // One round: the SDK asks the model again unless this says that the run is over.
    toolUseBehavior: () => {
      const round = desk.calls.filter(({ turn }) => turn === desk.turn);
      const isOver = desk.calls.some(isDown) || (round.length > 0 && round.every(({ repeated }) => repeated));
      return isOver ? { isFinalOutput: true, isInterrupted: undefined, finalOutput: "" } : { isFinalOutput: false, isInterrupted: undefined };
    },
  });
  const runner = new Runner({
    tracingDisabled: true, toolExecution: { maxFunctionToolConcurrency: 1 }, toolNotFoundBehavior: "return_error_to_model",
    // The SDK answers for a tool that there is not, and the account has to know of it.
    toolErrorFormatter: ({ kind, toolName, callId }) => (kind === "tool_not_found" ? carryOut(toolName, "{}", callId) : undefined),
  });
  let history: readonly AgentInputItem[] = [];
  const end = (outcome: AgentRun["outcome"]): AgentRun => ({
    outcome, calls: desk.calls, turns: desk.turn, usage,
    messages: [...options.messages, ...toMessages(history)],
  });
  const given = toItems(options.messages);
  try {
    const result = await runner.run(agent, given, { maxTurns, signal: within });
    history = result.history.slice(given.length);
    for (const { usage: used } of result.rawResponses) {
      usage.input += used.inputTokens;
      usage.output += used.outputTokens;
    }
    const lost = desk.calls.find(isDown);
    if (lost) return end(breakOff("tool", `${(lost.answer.message ?? "The tool did not answer").replace(/\.$/, "")}.`, desk.calls, desk.pending));
    const says = result.finalOutput ?? "";
    return end(says.trim() === "" && !desk.calls.at(-1)?.repeated ? breakOff("model", "The model answered with nothing.", desk.calls) : settle(desk.calls, says));
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) return end(breakOff("limit", `It took longer than ${limitMs / 1000} seconds.`, desk.calls));
    if (error instanceof MaxTurnsExceededError) {
      const malformed = desk.calls.length > 0 && desk.calls.every(isMalformed);
      return end(breakOff("limit", malformed ? `The model wrote calls that cannot be carried out, ${maxTurns} times.` : `After ${maxTurns} answers the model still had calls to make.`, desk.calls));
    }
    return end(breakOff("model", sayFailure(error), desk.calls));
  }
}

/** Messages of chat completions as the SDK's items; the system prompt is the agent's. */
function toItems(messages: readonly ChatCompletionMessageParam[]): AgentInputItem[] {
  return messages.flatMap((message): AgentInputItem[] => {
    if (message.role === "user" && typeof message.content === "string") return [{ role: "user", content: message.content }];
    if (message.role === "tool") {
      return [{ type: "function_call_result", callId: message.tool_call_id, name: nameOf(messages, message.tool_call_id), status: "completed", output: { type: "text", text: typeof message.content === "string" ? message.content : message.content.map(({ text }) => text).join("") } }];
    }
    if (message.role !== "assistant") return [];
    const text: AgentInputItem[] = typeof message.content === "string" && message.content !== ""
      ? [{ role: "assistant", status: "completed", content: [{ type: "output_text", text: message.content }] }] : [];
    return [...text, ...(message.tool_calls ?? []).flatMap((call): AgentInputItem[] => (call.type === "function"
      ? [{ type: "function_call", callId: call.id, name: call.function.name, arguments: call.function.arguments, status: "completed" }] : []))];
  });
}

function nameOf(messages: readonly ChatCompletionMessageParam[], id: string): string {
  for (const message of messages) {
    if (message.role !== "assistant") continue;
    const call = message.tool_calls?.find((made) => made.id === id);
    if (call?.type === "function") return call.function.name;
  }
  return "";
}

/** The SDK's items as messages of chat completions. */
function toMessages(items: readonly AgentInputItem[]): ChatCompletionMessageParam[] {
  const messages: ChatCompletionMessageParam[] = [];
  for (const item of items) {
    if (item.type === "function_call") {
      const last = messages.at(-1);
      const call = { id: item.callId, type: "function" as const, function: { name: item.name, arguments: item.arguments } };
      if (last?.role === "assistant") last.tool_calls = [...(last.tool_calls ?? []), call];
      else messages.push({ role: "assistant", content: null, tool_calls: [call] });
    } else if (item.type === "function_call_result") {
      messages.push({ role: "tool", tool_call_id: item.callId, content: textOf(item.output) });
    } else if ("role" in item && item.role === "assistant") {
      messages.push({ role: "assistant", content: item.content.flatMap((part) => (part.type === "output_text" ? [part.text] : [])).join("") });
    }
  }
  return messages;
}

function textOf(output: unknown): string {
  if (typeof output === "string") return output;
  return typeof output === "object" && output !== null && "text" in output ? String(output.text) : JSON.stringify(output);
}
