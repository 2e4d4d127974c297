/** Requests over a network that fails: time limits, retries with backoff, and the knowledge of what may have happened. */
import OpenAI from "openai";
import { Random } from "../teacher/random.js";

/** What went wrong with one attempt. `unreadable` is a body that breaks off, or is no JSON where it says that it is. */
export type Problem = "timeout" | "connection" | "unreadable" | "rate-limit" | "server-error";

export interface Attempt {
  method: string;
  path: string;
  /** From 1. */
  attempt: number;
  problem?: Problem;
  /** Of the answer, where one came. */
  status?: number;
  /** Milliseconds waited before this attempt. */
  waitedMs: number;
}

export interface Backoff {
  /** Milliseconds; the longest wait before the first retry. Doubles with each. @defaultValue 200 */
  baseMs?: number;
  /** Milliseconds; no drawn wait is longer. @defaultValue 5,000 */
  capMs?: number;
}

export interface RetryPolicy extends Backoff {
  /** Attempts after the first. @defaultValue 4 */
  retries?: number;
  /** Milliseconds for each attempt, from its start to the last byte of its answer. @defaultValue 10,000 */
  timeoutMs?: number;
  /** Milliseconds; a server that asks for a longer wait is not waited for. @defaultValue 30,000 */
  patienceMs?: number;
  /** Draws the waits. @defaultValue 66 */
  seed?: number;
  /**
   * Whether a request whose fate is unknown may be sent again. Default: every one but a POST without an Idempotency-Key,
   * which a server may carry out twice.
   */
  mayRepeat?: (request: { method: string; path: string; headers: Headers }) => boolean;
  /** Told of each attempt when it has ended. */
  onAttempt?: (attempt: Attempt) => void;
}

/** No usable answer, retries included. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";

  constructor(readonly server: string, readonly problem: Problem, readonly attempts: number, /** The server may have done what it was asked to. */ readonly mayHaveHappened: boolean) {
    super(`${server} ${SAID[problem]}${attempts > 1 ? `, after ${attempts} attempts` : ""}`);
  }
}

const SAID: Readonly<Record<Problem, string>> = {
  timeout: "did not answer in time", connection: "cannot be reached or broke the connection off", unreadable: "sent an answer that cannot be read",
  "rate-limit": "refuses more requests for now", "server-error": "failed",
};

// The connection was never made, so no server can have worked on the request.
const UNSENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/**
 * Milliseconds to wait before retry `retry` (from 1): drawn between 0 and a limit that doubles up to `capMs` ("full jitter",
 * M. Brooker 2015, https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and never less than the server asks for.
 *
 * @param draw uniform in [0, 1)
 */
export function backoffMs(retry: number, draw: number, { baseMs = 200, capMs = 5000 }: Backoff = {}, retryAfterMs = 0): number {
  return Math.max(retryAfterMs, Math.round(draw * Math.min(capMs, baseMs * 2 ** (retry - 1))));
}

/**
 * A `fetch` that repeats what failed on the way: timeouts, broken connections, answers that cannot be read, 408, 429 and 5xx.
 * All other answers are passed on. Bodies are read whole before they are passed on, so one that breaks off is an attempt that
 * failed; streams of server-sent events are passed on as they come and only their beginning is repeated.
 *
 * It throws UnreachableError when nothing helped, and what an aborted signal throws.
 */
export function reliableFetch(policy: RetryPolicy = {}): typeof fetch {
  const { retries = 4, patienceMs = 30_000, seed = 66, onAttempt, mayRepeat = ({ method, headers }) => method !== "POST" || headers.has("idempotency-key") } = policy;
  const random = new Random("backoff", seed);
  return async (input, given) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const init = input instanceof Request ? await initOf(input, given) : given;
    const request = { method: (init?.method ?? "GET").toUpperCase(), path: url.pathname, headers: new Headers(init?.headers) };
    const isReplayable = init?.body === undefined || init.body === null || typeof init.body === "string";
    let mayHaveHappened = false, waitedMs = 0;
    for (let attempt = 1; ; attempt++) {
      const { response, problem, unknown, retryAfterMs, status } = await tryOnce(url, init, policy);
      onAttempt?.({ method: request.method, path: request.path, attempt, ...(problem ? { problem } : {}), ...(status === undefined ? {} : { status }), waitedMs });
      if (response) return marked(response, mayHaveHappened);
      mayHaveHappened ||= unknown;
      const isSafe = isReplayable && (!mayHaveHappened || mayRepeat(request));
      if (attempt > retries || !isSafe || retryAfterMs > patienceMs) throw new UnreachableError(url.origin, problem, attempt, mayHaveHappened);
      waitedMs = backoffMs(attempt, random.next(), policy, retryAfterMs);
      await pause(waitedMs, init?.signal ?? undefined);
    }
  };
}

/** What a Request holds, its body read, so that it can be sent again. */
async function initOf(request: Request, given: RequestInit | undefined): Promise<RequestInit> {
  const { method, headers, signal, redirect } = request;
  return { method, headers, signal, redirect, body: request.body === null ? null : await request.text(), ...given };
}

/** On an answer to a request that an earlier attempt may have had carried out. */
export const REPEATED = "x-llmops-repeated";

function marked(response: Response, mayHaveHappened: boolean): Response {
  if (mayHaveHappened) response.headers.set(REPEATED, "1");
  return response;
}

type Tried =
  | { response: Response; problem?: undefined; unknown: false; retryAfterMs: 0; status: number }
  | { response?: undefined; problem: Problem; unknown: boolean; retryAfterMs: number; status?: number };

async function tryOnce(url: URL, init: RequestInit | undefined, { timeoutMs = 10_000 }: RetryPolicy): Promise<Tried> {
  const limit = AbortSignal.timeout(timeoutMs);
  const outer = init?.signal ?? undefined;
  outer?.throwIfAborted();
  let status: number | undefined;
  const failed = (problem: Problem, unknown: boolean, retryAfterMs = 0): Tried => ({ problem, unknown, retryAfterMs, ...(status === undefined ? {} : { status }) });
  try {
    const response = await fetch(url, { ...init, signal: outer ? AbortSignal.any([outer, limit]) : limit });
    status = response.status;
    if (status === 429) {
      await response.body?.cancel();
      return failed("rate-limit", false, retryAfterOf(response.headers));
    }
    if (status === 408 || status >= 500) {
      await response.body?.cancel();
      return failed("server-error", true, retryAfterOf(response.headers));
    }
    const type = response.headers.get("content-type") ?? "";
    const headers = new Headers(response.headers);
    // Of the bytes that came; the text is unpacked.
    headers.delete("content-encoding");
    headers.delete("content-length");
    const { status: answered, statusText } = response;
    const passOn = (body: typeof response.body | string): Tried => ({ response: new Response(body, { status: answered, statusText, headers }), unknown: false, retryAfterMs: 0, status: answered });
    if (type.startsWith("text/event-stream")) return passOn(response.body);
    const text = await response.text();
    if (/^application\/(?:[\w.+-]+\+)?json/.test(type) && parsed(text) === undefined) return failed("unreadable", true);
    return passOn(answered === 204 || answered === 304 ? null : text);
  } catch (error) {
    outer?.throwIfAborted();
    if (limit.aborted) return failed("timeout", true);
    if (!(error instanceof TypeError)) throw error;
    // A body that broke off has a status already.
    return failed(status === undefined ? "connection" : "unreadable", !UNSENT.has(causeCode(error)));
  }
}

/** The value of a JSON text; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a server asks to wait, in milliseconds: `retry-after-ms`, or `retry-after` in seconds or as a date. */
function retryAfterOf(headers: Headers): number {
  const ms = Number(headers.get("retry-after-ms") ?? NaN);
  if (ms >= 0) return ms;
  const after = headers.get("retry-after");
  if (after === null) return 0;
  const seconds = Number(after);
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(after) - Date.now() || 0 : 1000 * seconds);
}

/** Waits; an aborted signal ends it with what it throws. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The UnreachableError behind what a client threw, if that is what it was. */
export function unreachableIn(error: unknown): UnreachableError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof UnreachableError) return at;
  return undefined;
}

function causeCode(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause !== undefined) at = at.cause;
  if (at instanceof AggregateError) at = at.errors[0];
  const code = (at as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

export interface ModelClientOptions extends RetryPolicy {
  /** @defaultValue "none": servers on this machine ask for none */
  apiKey?: string;
}

/**
 * The `openai` client on any server that speaks its API, on {@link reliableFetch}. An answer of a model changes nothing, so it
 * may be asked for again whatever happened. The client's own retries are off: they know nothing of bodies that break off.
 *
 * @param url with `/v1`
 */
export function openModelClient(url: string, { apiKey = "none", ...policy }: ModelClientOptions = {}): OpenAI {
  return new OpenAI({ baseURL: url, apiKey, maxRetries: 0, timeout: 600_000, fetch: reliableFetch({ mayRepeat: () => true, ...policy }) });
}
