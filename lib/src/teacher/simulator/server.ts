import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { decode, encode } from "gpt-tokenizer/encoding/o200k_base";
import { listenOnLoopback } from "../../http/loopback.js";
import { EventStream, readJson, sendError, sendJson } from "../../http/openai.js";
import { TeacherError } from "../failures.js";
import { countPromptTokens, countTextTokens, type ChatTurn } from "../tokens.js";
import { DEFAULT_FAULTS, drawFault, TokenBucket, type FaultRates } from "./faults.js";
import { DEFAULT_BIAS, type JudgeBias } from "./judging.js";
import { DEFAULT_DEFECTS, DEFECT_KINDS, Ledger, type DefectRates, type LedgerEntry } from "./ledger.js";
import { DEFAULT_SLIPS, type PersonaSlipRates } from "./persona-slips.js";
import { nameOf, replyTo, type Reply, type Writer } from "./replies.js";
import { DEFAULT_TOOL_DEFECTS, type ToolDefectRates } from "./tools/damage.js";
import { ChatRequest, toQuestion } from "./wire.js";

/**
 * The simulator's source as it was when datasets/task-api was written, hashed. Ids of responses carry it, and so do the
 * rows of that dataset: they stay what they are while the simulator learns to answer more. Change it when it answers
 * differently what it answered before; a test of the simulator holds its answers against it. Stored answers do not depend
 * on it: they are named by the source as it is.
 */
const EDITION = "cb64974f7cb5207904b7554194670945def9c89f610eeb8f4a2b23e7c05b1b5b";

/** How the simulator behaves. Every part has a default. */
export interface SimulatorOptions {
  /** Draws everything it writes and every fault. Default 63. */
  seed?: number;
  /** Shares of generated rows with each defect; merged into the defaults. */
  defects?: Partial<DefectRates>;
  /** Shares of scripts with tool calls that get each defect; merged into the defaults. */
  toolDefects?: Partial<ToolDefectRates>;
  /** Shares of attempts that fail on the wire; merged into the defaults. */
  faults?: Partial<FaultRates>;
  /** Weaknesses of the judge; merged into the defaults. */
  bias?: Partial<JudgeBias>;
  /** Shares of a persona's replies with each slip; merged into the defaults. */
  slips?: Partial<PersonaSlipRates>;
  /** Milliseconds before an answer begins. Default 2. */
  latencyMs?: number;
  /** Requests let through at once, and a second after that. Default 500 and 250. */
  rateLimit?: { burst: number; perSecond: number };
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  readonly seed: number;
  readonly ledger: Ledger;
  /** Equal for two simulators that write the same; differs as soon as one of them would not. */
  readonly identity: string;
  /** Puts into the ledger what the answer to a request contains, without a request: for answers from a cache. */
  recall(body: unknown): void;
  /** Stops listening and drops open connections. Safe to call twice. */
  close(): Promise<void>;
}

// Deterministic answers cannot carry the time of day. 2026-01-01T00:00:00Z.
const CREATED = 1_767_225_600;

/**
 * Starts the simulator on 127.0.0.1 at a free port. It never keeps the process alive.
 *
 * Throws TeacherError `setup` when a rate is not between 0 and 1 or the defects' rates add up to more than 1.
 */
export async function startSimulator(options: SimulatorOptions & { model: string }): Promise<Simulator> {
  const service = new Service(options);
  const server = await listenOnLoopback((request, response) => service.handle(request, response).catch((error: unknown) => {
    if (!response.headersSent) sendError(response, 500, `The simulator itself failed: ${String(error)}`);
    else response.destroy();
  })).catch((error: Error) => {
    throw new TeacherError("setup", `The simulator cannot listen on 127.0.0.1: ${error.message}`, { cause: error });
  });
  return {
    url: `${server.url}/v1`, seed: service.writer.seed, ledger: service.ledger, identity: service.identity,
    recall: (body) => service.recall(body),
    close: server.close,
  };
}

class Service {
  readonly ledger = new Ledger();
  readonly writer: Writer;
  readonly identity: string;
  readonly #model: string;
  readonly #faults: FaultRates;
  readonly #bucket: TokenBucket;
  readonly #latency: number;
  /** Attempts at a request by clients that do not count them themselves, such as curl. */
  readonly #attempts = new Map<string, number>();

  constructor(options: SimulatorOptions & { model: string }) {
    const seed = options.seed ?? 63;
    const defects = { ...DEFAULT_DEFECTS, ...options.defects };
    const bias = { ...DEFAULT_BIAS, ...options.bias };
    const slips = { ...DEFAULT_SLIPS, ...options.slips };
    this.#faults = { ...DEFAULT_FAULTS, ...options.faults };
    const toolDefects = { ...DEFAULT_TOOL_DEFECTS, ...options.toolDefects };
    checkRates("defects", defects);
    checkRates("toolDefects", toolDefects);
    checkRates("faults", { ...this.#faults });
    checkRates("slips", slips);
    for (const [name, rate] of Object.entries(bias)) checkRates("bias", { [name]: rate });
    const identify = (code: string) => createHash("sha256").update(JSON.stringify([seed, DEFECT_KINDS.map((kind) => defects[kind]), bias, code])).digest("hex").slice(0, 16);
    this.writer = { seed, defects, bias, slips, toolDefects, identity: identify(EDITION) };
    this.identity = `simulator:${identify(`${JSON.stringify([slips, toolDefects])} ${ownCode()}`)}`;
    this.#model = options.model;
    this.#bucket = new TokenBucket(options.rateLimit?.burst ?? 500, options.rateLimit?.perSecond ?? 250);
    this.#latency = options.latencyMs ?? 2;
  }

  recall(body: unknown): void {
    const request = ChatRequest.parse(body);
    this.#record(this.#write(request).reply);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("x-llmops-simulator", "seeded program, not a language model");
    const path = (request.url ?? "/").replace(/\?.*$/, "").replace(/\/$/, "");
    if (path === "/v1/models" && request.method === "GET") return this.#listModels(response);
    if (path !== "/v1/chat/completions") {
      return sendError(response, 404, `The simulator has no ${request.method ?? "GET"} ${path || "/"}. It serves GET /v1/models and POST /v1/chat/completions.`, { code: "unknown_url" });
    }
    if (request.method !== "POST") return sendError(response, 405, "Use POST for /v1/chat/completions.", { headers: { allow: "POST" } });
    const sent = await readJson(request, response);
    if (!sent) return;
    const parsed = ChatRequest.safeParse(sent.body);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const field = issue?.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("").replace(/^\./, "") ?? "";
      return sendError(response, 400, `Invalid value for '${field}': ${issue?.message ?? "unreadable"}.`, { param: field, code: "invalid_value" });
    }
    await this.#complete(parsed.data, request, response);
  }

  #listModels(response: ServerResponse): void {
    sendJson(response, 200, {
      object: "list",
      data: [{ id: this.#model, object: "model", created: CREATED, owned_by: "llmops-workbook-simulator" }],
    });
  }

  async #complete(chat: ChatRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (chat.model !== this.#model) {
      return sendError(response, 404, `The model '${chat.model}' does not exist here; the simulator stands for '${this.#model}'.`, { param: "model", code: "model_not_found" });
    }
    const wait = this.#bucket.take();
    if (wait > 0) return this.#refuse(response, wait);
    const { key, responseId } = nameOf(this.writer, toQuestion(chat));
    const attempt = this.#attemptOf(request, key);
    const fault = drawFault(this.#faults, this.writer.seed, key, attempt);
    if (fault !== undefined) {
      this.ledger.recordFault({ response: responseId, attempt, fault });
      if (fault === "rate_limit") return this.#refuse(response, 20 + (attempt - 1) * 20);
      // retry-after-ms keeps a lesson quick; without it the client would wait half a second and more.
      if (fault === "server_error") return sendError(response, attempt % 2 === 1 ? 500 : 503, "The simulator planted this error. Try again.", { headers: { "retry-after-ms": "20" } });
      return;
    }
    await pause(this.#latency);
    const { reply, text, finishReason, usage } = this.#write(chat);
    this.#record(reply);
    const head = { id: reply.responseId, created: CREATED, model: this.#model, system_fingerprint: `simulator-${this.writer.identity}` };
    if (chat.stream !== true) {
      return sendJson(response, 200, {
        ...head, object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: text, refusal: null }, logprobs: null, finish_reason: finishReason }], usage,
      }, { "x-request-id": `req_${reply.responseId}` });
    }
    await this.#stream(response, head, text, finishReason, chat.stream_options?.include_usage === true ? usage : undefined);
  }

  async #stream(response: ServerResponse, head: object, text: string, finishReason: string, usage: object | undefined): Promise<void> {
    const stream = new EventStream(response);
    const send = (choices: unknown[], more: object = {}) => stream.send({ ...head, object: "chat.completion.chunk", choices, ...more });
    const shared = usage === undefined ? {} : { usage: null };
    send([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }], shared);
    for (const piece of text.match(/[\s\S]{1,24}(?=\s|$)|[\s\S]{1,24}/g) ?? []) {
      if (response.destroyed) return;
      if (!send([{ index: 0, delta: { content: piece }, finish_reason: null }], shared)) await drained(response);
    }
    send([{ index: 0, delta: {}, finish_reason: finishReason }], shared);
    if (usage !== undefined) send([], { usage });
    stream.end();
  }

  #write(chat: ChatRequest): { reply: Reply; text: string; finishReason: "stop" | "length"; usage: object } {
    const question = toQuestion(chat);
    const reply = replyTo(this.writer, question);
    const limit = chat.max_completion_tokens ?? chat.max_tokens ?? Infinity;
    const tokens = encode(reply.text, { disallowedSpecial: new Set() });
    const isCut = tokens.length > limit;
    const text = isCut ? decode(tokens.slice(0, limit)) : reply.text;
    const prompt = countPromptTokens(question.messages as ChatTurn[]) + (chat.response_format ? countTextTokens(JSON.stringify(chat.response_format)) : 0);
    const output = Math.min(tokens.length, limit);
    return {
      reply: isCut ? { ...reply, entries: afterCut(reply, text) } : reply, text, finishReason: isCut ? "length" : "stop",
      usage: { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output, prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } },
    };
  }

  #record(reply: Reply): void {
    this.ledger.record(reply.entries);
    this.ledger.recordJudgments(reply.judgments);
    this.ledger.recordToolDefects(reply.toolDefects ?? []);
    this.ledger.recordSlips(reply.slips ?? []);
  }

  #refuse(response: ServerResponse, waitMs: number): void {
    sendError(response, 429, `Rate limit reached for ${this.#model} (simulated). Please try again in ${waitMs}ms.`, {
      type: "requests", code: "rate_limit_exceeded",
      headers: { "retry-after-ms": String(waitMs), "retry-after": String(Math.ceil(waitMs / 1000)), "x-ratelimit-remaining-requests": String(this.#bucket.remaining) },
    });
  }

  /** From 1. The openai package says how often it has tried; for others the server counts. */
  #attemptOf(request: IncomingMessage, key: string): number {
    const said = Number(request.headers["x-stainless-retry-count"]);
    if (Number.isInteger(said) && said >= 0) return said + 1;
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    return attempt;
  }
}

/** The ledger of an answer cut at max tokens: rows behind the cut never existed, the one it went through is broken. */
function afterCut(reply: Reply, text: string): LedgerEntry[] {
  const complete = text.split("\n").length - 1;
  const indexOf = (entry: LedgerEntry) => Number(entry.row.slice(entry.row.lastIndexOf("/") + 1));
  const whole = reply.entries.filter((entry) => indexOf(entry) < complete);
  if (!reply.text.startsWith("{\"operation\"") && reply.entries.length === 0) return whole;
  return [...whole, { row: `${reply.responseId}/${complete}`, defect: "broken_json", says: "Cut at max tokens.", detail: { way: "max_tokens" }, truth: { line: reply.text.split("\n")[complete] ?? "" } }];
}

function checkRates(name: string, rates: Readonly<Record<string, number>>): void {
  let sum = 0;
  for (const [kind, rate] of Object.entries(rates)) {
    if (!(rate >= 0 && rate <= 1)) throw new TeacherError("setup", `The simulator's ${name}.${kind} must be a rate from 0 to 1, not ${rate}.`);
    sum += rate;
  }
  if (sum > 1 + 1e-9) throw new TeacherError("setup", `The simulator's ${name} add up to ${sum.toFixed(3)}; a row gets at most one, so they cannot exceed 1.`);
}

let code: string | undefined;

/** The simulator's own source, hashed: a stored answer of an older simulator must not pass for one of this. */
function ownCode(): string {
  if (code === undefined) {
    const hash = createHash("sha256");
    for (const folder of [__dirname, join(__dirname, "operations"), join(__dirname, "tools"), join(__dirname, "..", "tool-calls"), join(__dirname, "..")]) {
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".js")).sort()) {
        if (folder.endsWith("teacher") && !/prompt|random|task-api/.test(file)) continue;
        hash.update(readFileSync(join(folder, file)));
      }
    }
    code = hash.digest("hex");
  }
  return code;
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}
