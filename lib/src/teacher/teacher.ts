import { join, resolve } from "node:path";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import pLimit from "p-limit";
import { z, type ZodType } from "zod";
import { findWorkbookHome } from "../course/workbook.js";
import { ResponseCache, type CacheEntry } from "./cache.js";
import { send, sendStream, type CallSetting, type RequestBody } from "./call.js";
import type { Completion, CompletionRequest, Outcome, Progress } from "./completion.js";
import { openDoor, type Door, type DoorOptions, type OpenDoor } from "./door.js";
import { TeacherError } from "./failures.js";
import { CostMeter } from "./meter.js";
import { costOf, findPrice, type Usage } from "./prices.js";
import type { Ledger } from "./simulator/ledger.js";
import { boundPromptTokens, countPromptTokens, countTextTokens, type ChatTurn } from "./tokens.js";

/** Settings of a teacher; every one has a default. */
export interface TeacherOptions extends DoorOptions {
  /** Dollars that will not be exceeded. Default: no limit. */
  budgetUsd?: number;
  /** Folder of stored answers, or false for none. Default: `cache/teacher` in the workbook's home. */
  cache?: string | false;
  /** Requests under way at once in `completeAll`. Default 8. */
  concurrency?: number;
  /** Further attempts after 408, 409, 429, 5xx, a timeout or a broken connection. Default 5. */
  maxRetries?: number;
  /** Milliseconds for one attempt. Default 120,000; 2,000 for the simulator, which answers in a few. */
  timeoutMs?: number;
  /** Told about a damaged cache entry and the like. Default: console.warn. */
  warn?: (message: string) => void;
}

const DEFAULT_MAX_TOKENS = 2048;

/**
 * Opens the teacher's door: the real API where a key or a base address is set, else the in-process simulator.
 *
 * Close it when done (`await teacher.close()`, or `await using`); the simulator never keeps the process alive.
 * Throws TeacherError (`setup`, `price`, `network`, `bad-key`) with the remedy.
 */
export async function openTeacher(options: TeacherOptions = {}): Promise<Teacher> {
  const meter = new CostMeter(options.budgetUsd);
  const concurrency = options.concurrency ?? 8;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency must be a whole number of at least 1, not ${concurrency}`);
  }
  return new Teacher(await openDoor(options), meter, options, concurrency);
}

/** The teacher and judge of every lesson: one client over whichever side of the door is open. */
export class Teacher implements AsyncDisposable {
  readonly door: Door;
  readonly meter: CostMeter;
  /** What the simulator planted, as far as this teacher has seen answers; undefined with a real teacher. */
  readonly ledger: Ledger | undefined;
  readonly concurrency: number;
  readonly #open: OpenDoor;
  readonly #client: OpenAI;
  readonly #cache: ResponseCache | undefined;

  /** Use `openTeacher`. */
  constructor(open: OpenDoor, meter: CostMeter, options: TeacherOptions, concurrency: number) {
    this.door = open.door;
    this.meter = meter;
    this.ledger = open.simulator?.ledger;
    this.concurrency = concurrency;
    this.#open = open;
    this.#client = new OpenAI({
      apiKey: open.apiKey,
      baseURL: open.door.url,
      maxRetries: options.maxRetries ?? 5,
      timeout: options.timeoutMs ?? (open.simulator === undefined ? 120_000 : 2_000),
      logLevel: "off",
    });
    if (options.cache !== false) {
      const folder = options.cache ?? join(findWorkbookHome(), "cache", "teacher");
      const side = open.simulator === undefined ? "real" : "simulator";
      this.#cache = new ResponseCache(join(resolve(folder), side), options.warn ?? ((message) => console.warn(message)));
    }
  }

  /**
   * Asks one question.
   *
   * With a schema, an answer that is not JSON or does not fit is asked for once more, the error shown to the model;
   * a second misfit throws with the raw text kept. Throws TeacherError (see `FailureKind`) or BudgetExceeded.
   */
  complete<T>(request: CompletionRequest<T> & { schema: ZodType<T> }): Promise<Completion<T>>;
  complete(request: CompletionRequest<never>): Promise<Completion<string>>;
  async complete<T>(request: CompletionRequest<T>): Promise<Completion<T | string>> {
    const { body, price, key, maxTokens } = this.#prepare(request);
    const stored = await this.#recall<T>(key, body, price, request);
    if (stored !== undefined) return stored;
    const answer = await this.#answer(body, request, price, maxTokens);
    await this.#keep(key, answer);
    return answer;
  }

  /**
   * Asks many questions, `concurrency` at a time. Returns one outcome a request, in the order of the requests.
   * Never throws for a failed request; those under way and waiting when the signal fires come back as `aborted`.
   */
  async completeAll<T = string>(
    requests: readonly CompletionRequest<T>[],
    options: { onProgress?: (progress: Progress) => void; signal?: AbortSignal } = {},
  ): Promise<Outcome<T>[]> {
    const limit = pLimit(this.concurrency);
    const progress: Progress = { done: 0, total: requests.length, failed: 0, spent: this.meter.spent };
    return Promise.all(requests.map((request) => limit(async (): Promise<Outcome<T>> => {
      const signal = both(request.signal, options.signal);
      let outcome: Outcome<T>;
      try {
        const asked = { ...request, ...(signal === undefined ? {} : { signal }) };
        // One implementation serves both overloads; T is string where the request has no schema.
        const completion = (await (this.complete as (r: CompletionRequest<T>) => Promise<unknown>).call(this, asked)) as Completion<T>;
        outcome = { ok: true, completion };
      } catch (error) {
        if (!(error instanceof TeacherError)) throw error;
        outcome = { ok: false, error };
        progress.failed++;
      }
      progress.done++;
      progress.spent = this.meter.spent;
      options.onProgress?.({ ...progress });
      return outcome;
    })));
  }

  /**
   * Asks one question without a schema and yields the text as it is written. The return value of the iterator is the
   * whole completion; a stored answer is yielded in one piece. Leaving the loop early counts as possibly billed.
   */
  async *stream(request: Omit<CompletionRequest<never>, "schema" | "schemaName">): AsyncGenerator<string, Completion<string>, undefined> {
    const { body, price, key, maxTokens } = this.#prepare(request);
    const stored = await this.#recall<string>(key, body, price, request);
    if (stored !== undefined) {
      yield stored.text;
      return { ...stored, parsed: stored.text };
    }
    const setting = this.#setting(body, price, maxTokens, request.signal);
    const end = yield* sendStream(body, setting);
    const completion: Completion<string> = {
      parsed: end.text, text: end.text, model: setting.door.model, responseId: end.responseId,
      finishReason: end.finishReason, usage: end.usage, cost: end.cost, value: end.cost, cached: false, attempts: end.attempts,
    };
    await this.#keep(key, completion);
    return completion;
  }

  /**
   * Dollars that requests will cost if none is stored and each answer has `outputTokens` tokens: an estimate to show
   * before asking. What they do cost stands in `meter`.
   */
  estimate(requests: readonly CompletionRequest<unknown>[], outputTokens: number): number {
    return requests.reduce((sum, request) => {
      const { body, price } = this.#prepare(request);
      const schema = body.response_format === undefined ? 0 : countTextTokens(JSON.stringify(body.response_format));
      return sum + costOf({ input: countPromptTokens(body.messages as ChatTurn[]) + schema, cachedInput: 0, cacheWrite: 0, output: outputTokens }, price);
    }, 0);
  }

  /** Stops the simulator, if that is the open side. Safe to call twice. */
  async close(): Promise<void> {
    await this.#open.simulator?.close();
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #prepare(request: CompletionRequest<unknown>) {
    const model = request.model ?? this.door.model;
    const price = this.#open.priceOf(model);
    const maxTokens = request.maxTokens ?? DEFAULT_MAX_TOKENS;
    const format = request.schema === undefined ? undefined : zodResponseFormat(request.schema, request.schemaName ?? "answer");
    const known = findPrice(model);
    const body: RequestBody = {
      model,
      messages: request.messages.map(({ role, content }) => ({ role, content })),
      // Ollama and older servers know only the old name; OpenAI's reasoning models only the new one.
      ...(this.door.kind === "compatible" ? { max_tokens: maxTokens } : { max_completion_tokens: maxTokens }),
      ...(format === undefined ? {} : { response_format: { type: format.type, json_schema: format.json_schema } }),
      ...(known?.reasoning === undefined || this.door.kind === "compatible" ? {} : { reasoning_effort: known.reasoning }),
      ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      ...(request.seed === undefined ? {} : { seed: request.seed }),
    };
    const { model: asked, messages, response_format: schema, ...parameters } = body;
    const url = this.#open.simulator?.identity ?? this.door.url;
    const key = ResponseCache.key({ url, model: asked, messages, schema: schema ?? null, parameters });
    return { body, price, key, maxTokens };
  }

  #setting(body: RequestBody, price: CallSetting["price"], maxTokens: number, signal: AbortSignal | undefined): CallSetting {
    const schemaText = body.response_format === undefined ? "" : JSON.stringify(body.response_format);
    const promptBound = boundPromptTokens(body.messages as ChatTurn[], schemaText, this.door.kind !== "compatible");
    return {
      client: this.#client, meter: this.meter, price, promptBound, maxTokens,
      door: { url: this.door.url, model: body.model }, signal,
    };
  }

  /** Sends the question, and with a schema once more when the first answer does not fit. */
  async #answer<T>(
    body: RequestBody, request: CompletionRequest<T>, price: CallSetting["price"], maxTokens: number,
  ): Promise<Completion<T | string>> {
    let asked = body;
    const total = { usage: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 }, cost: 0, attempts: 0 };
    for (let round = 1; ; round++) {
      const { response, usage, cost, attempts } = await send(asked, this.#setting(asked, price, maxTokens, request.signal));
      total.usage = addUsage(total.usage, usage);
      total.cost += cost;
      total.attempts += attempts;
      const choice = response.choices[0];
      const text = choice?.message.content ?? "";
      const finishReason = choice?.finish_reason ?? "stop";
      try {
        const refusal = choice?.message.refusal;
        if (refusal) throw new TeacherError("refusal", `The teacher refused: ${refusal} Rephrase the request.`, { raw: refusal });
        const parsed = request.schema === undefined ? text : check(request.schema, text, finishReason, maxTokens);
        return {
          parsed, text, model: body.model, responseId: response.id, finishReason, usage: total.usage, cost: total.cost,
          value: total.cost, cached: false, attempts: total.attempts,
        };
      } catch (error) {
        if (!(error instanceof TeacherError)) throw error;
        if (round === 2 || (error.kind !== "invalid-json" && error.kind !== "schema-mismatch")) {
          const final = new TeacherError(error.kind, error.message, { raw: error.raw ?? text, responseId: response.id, cause: error });
          final.attempts = total.attempts;
          throw final;
        }
        asked = {
          ...body,
          messages: [
            ...body.messages,
            { role: "assistant", content: text },
            { role: "user", content: `That answer cannot be used. ${error.message} Send the whole corrected JSON and nothing else.` },
          ],
        };
      }
    }
  }

  async #recall<T>(
    key: string, body: RequestBody, price: CallSetting["price"], request: CompletionRequest<T>,
  ): Promise<Completion<T | string> | undefined> {
    const entry = await this.#cache?.get(key);
    if (entry === undefined) return undefined;
    let parsed: T | string = entry.text;
    if (request.schema !== undefined) {
      // A refinement of the schema does not show in its JSON form, so an entry may no longer fit: ask anew.
      const result = request.schema.safeParse(parseJson(entry.text));
      if (!result.success) return undefined;
      parsed = result.data;
    }
    this.#open.simulator?.recall(body);
    const value = this.meter.countCached(entry.model, entry.usage, price);
    return {
      parsed, text: entry.text, model: entry.model, responseId: entry.responseId, finishReason: entry.finishReason,
      usage: entry.usage, cost: 0, value, cached: true, attempts: 0,
    };
  }

  async #keep(key: string, completion: Completion<unknown>): Promise<void> {
    const { responseId, model, text, finishReason, usage } = completion;
    const entry: CacheEntry = { version: 1, key, responseId, model, text, finishReason, usage };
    await this.#cache?.put(entry);
  }
}

function check<T>(schema: ZodType<T>, text: string, finishReason: string, maxTokens: number): T {
  if (finishReason === "length") {
    throw new TeacherError("truncated", `The answer was cut at ${maxTokens} tokens. Raise maxTokens or ask for less at once.`, { raw: text });
  }
  if (finishReason === "content_filter") {
    throw new TeacherError("refusal", "The provider's content filter cut the answer. Rephrase the request.", { raw: text });
  }
  let value: unknown;
  try {
    value = JSON.parse(withoutFence(text));
  } catch (error) {
    throw new TeacherError("invalid-json", `The answer is not JSON: ${(error as Error).message}.`, { raw: text });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TeacherError("schema-mismatch", `The answer does not match the schema: ${z.prettifyError(result.error)}`, { raw: text });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(withoutFence(text));
  } catch {
    return undefined;
  }
}

/** Small local models wrap JSON in a Markdown fence however often they are asked not to. */
function withoutFence(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text;
}

function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cachedInput: a.cachedInput + b.cachedInput,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
  };
}

function both(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : AbortSignal.any([a, b]);
}
