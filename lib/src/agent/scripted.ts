/** A model that plays scripts, over real HTTP: it always calls what a workflow says, so that what fails is never the model. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { listenOnLoopback } from "../http/loopback.js";
import { readJson, sendError, sendJson } from "../http/openai.js";
import { parsed } from "./reliable.js";
import type { ScriptedAnswer, Workflow } from "./workflows.js";

const ChatRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.unknown(), tool_calls: z.array(z.unknown()).nullish() })),
});
type ChatRequest = z.output<typeof ChatRequest>;

/** The model's name for a workflow: `scripted:create-plain`. */
export const scriptedModel = ({ id }: Pick<Workflow, "id">): string => `scripted:${id}`;

/**
 * The answer of a script to a conversation: which it is follows from the messages alone, so a request that is sent again gets the
 * same. Calls that were refused as malformed are made again.
 *
 * @returns undefined where the script has come to its end
 */
export function nextAnswer(workflow: Workflow, messages: ChatRequest["messages"]): ScriptedAnswer | undefined {
  let turn = -1, step = 0;
  for (const [at, { role, tool_calls: calls }] of messages.entries()) {
    if (role === "user") {
      turn += 1;
      step = 0;
    }
    if (role !== "assistant") continue;
    const made = workflow.turns[turn]?.answers[step];
    const results = calls?.length ? messages.slice(at + 1, at + 1 + calls.length).map(({ content }) => errorOf(content)) : [];
    const isMalformed = results.some((error) => error === "bad_arguments" || error === "unknown_tool");
    if (!isMalformed || (made && "slip" in made)) step += 1;
  }
  return workflow.turns[turn]?.answers[step];
}

function errorOf(content: unknown): unknown {
  const value = typeof content === "string" ? parsed(content) : undefined;
  return typeof value === "object" && value !== null && "error" in value ? value.error : undefined;
}

export interface ScriptedServer {
  /** With `/v1`. */
  url: string;
  close(): Promise<void>;
}

/** Serves workflows' scripts as models, on 127.0.0.1 at a free port. It counts no tokens. */
export async function serveScripts(workflows: readonly Workflow[]): Promise<ScriptedServer> {
  const byModel = new Map(workflows.map((workflow) => [scriptedModel(workflow), workflow]));
  const server = await listenOnLoopback((request, response) => answer(byModel, request, response).catch(() => response.destroy()));
  return { url: `${server.url}/v1`, close: server.close };
}

async function answer(byModel: ReadonlyMap<string, Workflow>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "GET" && request.url === "/v1/models") return sendJson(response, 200, { object: "list", data: [...byModel.keys()].map((id) => ({ id, object: "model", created: 0, owned_by: "llmops-workbook" })) });
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") return sendError(response, 404, `there is no ${request.method ?? ""} ${request.url ?? ""}`);
  const sent = await readJson(request, response);
  if (!sent) return;
  const asked = ChatRequest.safeParse(sent.body);
  if (!asked.success) return sendError(response, 400, `the request is no chat: ${asked.error.issues[0]?.message ?? ""}`);
  const workflow = byModel.get(asked.data.model);
  if (!workflow) return sendError(response, 404, `there is no model ${asked.data.model}`);
  const next = nextAnswer(workflow, asked.data.messages);
  if (!next) return sendError(response, 400, `the script ${workflow.id} has no answer to this conversation`);
  const number = asked.data.messages.length;
  const message = "says" in next
    ? { role: "assistant", content: next.says, refusal: null }
    : {
        role: "assistant", content: null, refusal: null,
        tool_calls: next.calls.map(({ name, arguments: given }, at) => ({ id: `call_${number}_${at}`, type: "function", function: { name, arguments: typeof given === "string" ? given : JSON.stringify(given) } })),
      };
  sendJson(response, 200, {
    id: `chatcmpl-${workflow.id}-${number}`, object: "chat.completion", created: 0, model: asked.data.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "says" in next ? "stop" : "tool_calls" }],
  });
}
