/** A model on this machine behind OpenAI's HTTP interface, for every client that speaks it. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename } from "node:path";
import { listenOnLoopback, type LoopbackServer } from "../../http/loopback.js";
import { readJson, sendError, sendJson } from "../../http/openai.js";
import { readAnswer, type AnswerParts } from "../answer.js";
import { openChat, type Chat } from "../chat.js";
import { ServeError } from "../error.js";
import { answerChat } from "./completion.js";
import { ChatRequest, refusalOf } from "./request.js";

export interface ServeOptions {
  /** Default: 0, any that is free. */
  port?: number;
  /** What requests call the model. Default: the file's or folder's name, `model` for a chat that is open already. */
  name?: string;
  /** Tokens of an answer where the request names no limit. Default: 200. */
  limit?: number;
  /** How an answer is read as prose and calls. Default: {@link readAnswer}. */
  parse?: (text: string) => AnswerParts;
  /** Letters of a text in a constrained answer, where its schema has no `maxLength`: see `toGrammar`. Default: no bound. */
  longest?: number;
  /** Requests that wait for the one being answered, at most; one more gets a 503. Default: 64. */
  waiting?: number;
  /** Of a path: the base's folder, where it is an adapter. */
  base?: string;
  report?: (line: string) => void;
}

/** A model that is being served. */
export interface ModelServer {
  /** `http://127.0.0.1:<port>/v1`, the `baseURL` of a client; any API key will do. */
  readonly url: string;
  /** Its name in requests. */
  readonly model: string;
  readonly by: Chat["by"];
  /** Whether it obeys grammars: JSON schemas, strict tools, calls that must come. */
  readonly constrains: boolean;
  /** Ends answers on the way and stops listening; closes the model if it was opened here. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Serves a model on 127.0.0.1: `POST /v1/chat/completions` with tools, calls and results, whole or streamed, and `GET /v1/models`.
 * One request is answered after the other, greedily: `temperature`, `top_p` and `seed` change nothing. It never keeps the process alive.
 *
 * A GGUF obeys grammars: `response_format`, `tool_choice` "required" or by name, and tools with `strict: true`, whose
 * calls then always fit their schema. Others refuse the first two, and read `strict` as false.
 *
 * @param chat - one that is open, or what `openChat` takes: a .gguf or a model's folder
 * @throws ServeError where the model cannot be opened or the port is taken
 */
export async function serveModel(chat: Chat | string, { port = 0, name, limit = 200, parse = readAnswer, longest, waiting = 64, base, report }: ServeOptions = {}): Promise<ModelServer> {
  const model = name ?? (typeof chat === "string" ? basename(chat).replace(/\.gguf$/, "") : "model");
  const open = typeof chat === "string" ? await openChat(chat, { ...(base === undefined ? {} : { base }), ...(report ? { report } : {}) }) : chat;
  const service = new Service({ chat: open, model, limit, parse, longest, waiting });
  let server: LoopbackServer;
  try {
    server = await listenOnLoopback((request, response) => service.handle(request, response), port);
  } catch (error) {
    if (typeof chat === "string") await open.close();
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ServeError(code === "EADDRINUSE" ? `port ${port} is taken; name another, or 0 for one that is free` : `127.0.0.1:${port} cannot be listened on: ${message}`, { cause: error });
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await server.close();
    await service.idle();
    if (typeof chat === "string") await open.close();
  };
  return { url: `${server.url}/v1`, model, by: open.by, constrains: open.constrains, close: () => (closing ??= close()) };
}

interface Serving {
  chat: Chat;
  model: string;
  limit: number;
  parse: (text: string) => AnswerParts;
  longest: number | undefined;
  waiting: number;
}

class Service {
  readonly #of: Serving;
  /** Seconds since 1970. */
  readonly #since = Math.floor(Date.now() / 1000);
  #last: Promise<unknown> = Promise.resolve();
  #held = 0;

  constructor(of: Serving) {
    this.#of = of;
  }

  /** When the last answer has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("x-request-id", `req_${randomUUID()}`);
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.destroyed) return;
      if (response.headersSent) response.destroy();
      else if (error instanceof ServeError) sendError(response, 400, `${error.message}.`, { code: error.code ?? null, param: error.code ? "messages" : null });
      else sendError(response, 500, `The endpoint itself failed: ${(error as Error).message}`);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { model } = this.#of;
    const path = (request.url ?? "/").replace(/\?.*$/, "").replace(/\/$/, "");
    const known = ["/v1/models", `/v1/models/${encodeURIComponent(model)}`, "/v1/chat/completions"];
    if (!known.includes(path)) return sendError(response, 404, `There is no ${request.method} ${path || "/"} here. There are GET /v1/models and POST /v1/chat/completions.`, { code: "unknown_url" });
    const method = path === "/v1/chat/completions" ? "POST" : "GET";
    if (request.method !== method) return sendError(response, 405, `Use ${method} for ${path}.`, { headers: { allow: method } });
    if (method === "GET") {
      const entry = { id: model, object: "model", created: this.#since, owned_by: this.#of.chat.by };
      return sendJson(response, 200, path === "/v1/models" ? { object: "list", data: [entry] } : entry);
    }
    const sent = await readJson(request, response);
    if (!sent) return;
    const { data, error } = ChatRequest.safeParse(sent.body);
    if (error) {
      const { message, ...detail } = refusalOf(error);
      return sendError(response, 400, message, detail);
    }
    if (data.model !== model) return sendError(response, 404, `The model '${data.model}' does not exist; this endpoint serves '${model}'.`, { param: "model", code: "model_not_found" });
    if (this.#held > this.#of.waiting) return sendError(response, 503, `${this.#held} requests are waiting already. Try again later.`, { code: "overloaded", headers: { "retry-after": "1" } });
    await this.#inTurn(response, (signal) => answerChat(data, { ...this.#of, signal }, response));
  }

  /** One after the other; who has hung up is not answered. */
  async #inTurn(response: ServerResponse, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    this.#held++;
    const before = this.#last;
    const mine = before.catch(() => undefined).then(() => (gone.signal.aborted ? undefined : work(gone.signal))).finally(() => this.#held--);
    this.#last = mine.catch(() => undefined);
    await mine;
  }
}
