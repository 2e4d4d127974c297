import OpenAI, { APIError } from "openai";
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParamsNonStreaming } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import { explainFailure, TeacherError } from "./failures.js";
import type { CostMeter, Reservation } from "./meter.js";
import { worstCost, type Price, type Usage } from "./prices.js";

/** A request body as it goes over the wire, without `stream`. */
export type RequestBody = Omit<ChatCompletionCreateParamsNonStreaming, "stream">;

/** What one paid call needs beside its body. */
export interface CallSetting {
  client: OpenAI;
  meter: CostMeter;
  price: Price;
  /** Upper bound on the prompt tokens the server will bill. */
  promptBound: number;
  maxTokens: number;
  door: { url: string; model: string };
  signal: AbortSignal | undefined;
}

/** One answer over the wire. */
export interface WireAnswer {
  response: ChatCompletion;
  usage: Usage;
  cost: number;
  attempts: number;
}

/** What became of the last request sent: decides whether the provider may bill one that we never saw answered. */
type Fate = "none" | "sent" | "unsent" | "refused" | "answered";

// The connection was never made, so no server can have worked on the request.
const UNSENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

// Left out and tried again when a server says it does not take them; none changes what is asked.
const OPTIONAL = ["temperature", "seed", "reasoning_effort"] as const;

/** Watches every request that the openai package sends for one call, its own retries included. */
class Watch {
  attempts = 0;
  readonly #reservation: Reservation;
  readonly #stop = new AbortController();
  #fate: Fate = "none";

  constructor(reservation: Reservation) {
    this.#reservation = reservation;
  }

  /** Fires when the budget cannot carry another attempt; the reason is the BudgetExceeded. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    this.#countAttempt();
    this.#fate = "sent";
    try {
      const response = await fetch(input, init);
      this.#fate = response.ok ? "answered" : "refused";
      return response;
    } catch (error) {
      if (UNSENT.has(causeCode(error))) this.#fate = "unsent";
      throw error;
    }
  };

  #countAttempt(): void {
    if (this.attempts > 0) {
      this.#reservation.retried();
      if (this.#mayBeBilled) {
        try {
          this.#reservation.lost();
        } catch (error) {
          this.#stop.abort(error);
          throw error;
        }
      }
    }
    this.attempts++;
  }

  get #mayBeBilled(): boolean {
    return this.#fate === "sent" || this.#fate === "answered";
  }

  /** Ends the reservation of a call that failed. */
  fail(): void {
    if (this.#mayBeBilled) this.#reservation.abandon();
    else this.#reservation.release();
  }
}

/**
 * Sends one request and waits for the whole answer. The worst case is reserved before anything is sent. Retries on
 * 408, 409, 429, 5xx, timeouts and broken connections are the openai package's: exponential from 0.5 s to 8 s with up
 * to a quarter of jitter, or what `retry-after` says. Throws TeacherError.
 */
export async function send(body: RequestBody, setting: CallSetting): Promise<WireAnswer> {
  const { reservation, watch } = await open(setting);
  let isEnded = false;
  try {
    const response = await withoutRefused(body, (accepted) =>
      setting.client
        .withOptions({ fetch: watch.fetch })
        .chat.completions.create({ ...accepted, stream: false }, { signal: join(setting.signal, watch.stopped) }));
    if (typeof response !== "object" || !Array.isArray(response.choices)) {
      throw new TeacherError("server", `${setting.door.url} answered with something that is not a chat completion. Check ` +
        "that OPENAI_BASE_URL ends in /v1.", { raw: JSON.stringify(response) });
    }
    const usage = readUsage(response.usage, setting, response.choices[0]?.message?.content ?? "");
    isEnded = true;
    const cost = reservation.settle(usage);
    return { response, usage, cost, attempts: watch.attempts };
  } catch (error) {
    if (!isEnded) watch.fail();
    throw failure(error, watch, setting);
  }
}

/** Sends one request and yields the answer's text as it comes; returns the same figures as `send` at the end. */
export async function* sendStream(
  body: RequestBody,
  setting: CallSetting,
): AsyncGenerator<string, WireStreamEnd, undefined> {
  const { reservation, watch } = await open(setting);
  let isEnded = false;
  let text = "";
  try {
    const chunks = await withoutRefused(body, (accepted) =>
      setting.client
        .withOptions({ fetch: watch.fetch })
        .chat.completions.create(
          { ...accepted, stream: true, stream_options: { include_usage: true } },
          { signal: join(setting.signal, watch.stopped) },
        ));
    let last: ChatCompletionChunk | undefined;
    let finishReason = "";
    let counted: CompletionUsage | undefined;
    for await (const chunk of chunks) {
      last = chunk;
      counted = chunk.usage ?? counted;
      finishReason = chunk.choices[0]?.finish_reason ?? finishReason;
      const piece = chunk.choices[0]?.delta?.content;
      if (piece) {
        text += piece;
        yield piece;
      }
    }
    if (finishReason === "") {
      throw new TeacherError("network", `${setting.door.url} broke off the stream before its end. Ask again.`, { raw: text });
    }
    isEnded = true;
    const usage = readUsage(counted, setting, text);
    const cost = reservation.settle(usage);
    return { text, finishReason, responseId: last?.id ?? "", usage, cost, attempts: watch.attempts };
  } catch (error) {
    if (!isEnded) {
      isEnded = true;
      watch.fail();
    }
    throw failure(error, watch, setting);
  } finally {
    // The consumer left the loop early: the server may go on writing, and bill it.
    if (!isEnded) watch.fail();
  }
}

/** The end of a stream. */
export interface WireStreamEnd extends Omit<WireAnswer, "response"> {
  text: string;
  finishReason: string;
  responseId: string;
}

async function open(setting: CallSetting): Promise<{ reservation: Reservation; watch: Watch }> {
  const worst = worstCost(setting.promptBound, setting.maxTokens, setting.price);
  try {
    const reservation = await setting.meter.reserve(setting.door.model, worst, setting.price, setting.signal);
    return { reservation, watch: new Watch(reservation) };
  } catch (error) {
    throw setting.signal?.aborted === true ? aborted(error) : explainFailure(error, setting.door);
  }
}

async function withoutRefused<T>(body: RequestBody, create: (body: RequestBody) => Promise<T>): Promise<T> {
  const accepted: RequestBody = { ...body };
  for (;;) {
    try {
      return await create(accepted);
    } catch (error) {
      const refused = error instanceof APIError && error.status === 400
        ? OPTIONAL.find((name) => error.param === name && accepted[name] !== undefined)
        : undefined;
      if (refused === undefined) throw error;
      delete accepted[refused];
    }
  }
}

function failure(error: unknown, watch: Watch, setting: CallSetting): TeacherError {
  const known =
    watch.stopped.aborted ? explainFailure(watch.stopped.reason, setting.door)
    : setting.signal?.aborted === true ? aborted(error)
    : explainFailure(error, setting.door);
  known.attempts = watch.attempts;
  return known;
}

function aborted(cause: unknown): TeacherError {
  return new TeacherError("aborted", "The call was aborted before it finished.", { cause });
}

function join(signal: AbortSignal | undefined, stopped: AbortSignal): AbortSignal {
  return signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
}

/** The server's count; a server that sends none is counted at the bound, so that the budget errs on the safe side. */
function readUsage(usage: CompletionUsage | undefined | null, setting: CallSetting, text: string): Usage {
  if (usage === undefined || usage === null) {
    return { input: setting.promptBound, cachedInput: 0, cacheWrite: 0, output: Math.min(setting.maxTokens, Buffer.byteLength(text)) };
  }
  return {
    input: usage.prompt_tokens ?? setting.promptBound,
    cachedInput: usage.prompt_tokens_details?.cached_tokens ?? 0,
    cacheWrite: usage.prompt_tokens_details?.cache_write_tokens ?? 0,
    output: usage.completion_tokens ?? setting.maxTokens,
  };
}

function causeCode(error: unknown): string {
  let at: unknown = error;
  while (at instanceof Error && at.cause !== undefined) at = at.cause;
  if (at instanceof AggregateError) at = at.errors[0];
  const code = (at as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}
