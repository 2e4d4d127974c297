/** A bad network on loopback: a proxy in front of a server that fails by a seeded plan and writes down what it did. */
import { request as ask, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import { isJsonObject } from "../data/jsonl/json.js";
import { listenOnLoopback } from "../http/loopback.js";
import { Random } from "../teacher/random.js";
import { parsed } from "./reliable.js";

/**
 * What can go wrong. `before`: the server never saw the request. `after`: it did what it was asked to, and nobody was told.
 * The last two need a model's answer with a call, and spoil that.
 */
export const FAULTS = [
  "hang-before", "hang-after", "drop-before", "drop-after", "drop-midway", "error-before", "error-after", "rate-limit", "malformed-json", "slow",
  "bad-arguments", "wrong-tool",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults of the wire, which any server can have. */
export const WIRE_FAULTS: readonly Fault[] = FAULTS.slice(0, 10);
/** Faults of a model's answers. */
export const MODEL_FAULTS: readonly Fault[] = FAULTS.slice(10);

/** One request, as a plan sees it. */
export interface Asked {
  /** From 1, over the proxy's life. */
  number: number;
  method: string;
  /** With the query. */
  path: string;
}
/** Which fault a request meets; undefined: none. */
export type FaultPlan = (asked: Asked) => Fault | undefined;

export interface FaultEntry extends Asked {
  fault: Fault;
  /** Whether the server got the request and carried it out (or refused it). */
  reached: boolean;
}

export interface FaultProxy {
  readonly url: string;
  readonly ledger: readonly FaultEntry[];
  /** Requests so far. */
  readonly requests: number;
  /** From the next request on. */
  setPlan(plan: FaultPlan): void;
  /** When all that was passed on has been answered: what hung may still be at work. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface RandomPlan {
  seed: number;
  /** Share of the requests that meet a fault, 0 to 1. */
  rate: number;
  /** Drawn from evenly. Default: the wire's. */
  kinds?: readonly Fault[];
  /** Most faults in a row; then one request comes through. Default: no limit. */
  most?: number;
}

/** Draws faults by request number: the same seed gives the same plan, for the same requests in the same order. */
export function randomPlan({ seed, rate, kinds = WIRE_FAULTS, most = Infinity }: RandomPlan): FaultPlan {
  let inARow = 0;
  return ({ number }) => {
    const random = new Random("faults", seed, number);
    if (inARow >= most || !random.chance(rate)) {
      inARow = 0;
      return undefined;
    }
    inARow += 1;
    return random.pick(kinds);
  };
}

/** Each fault once, in turn, at the requests that `which` picks; all others come through. */
export function eachOnce(faults: readonly Fault[], which: (asked: Asked) => boolean = () => true): FaultPlan {
  const left = [...faults];
  return (asked) => (which(asked) ? left.shift() : undefined);
}

/** Milliseconds that a `slow` answer is late. */
const SLOW = 20;
// Far more than any conversation here; a mistake must not fill the memory.
const MOST = 4 * 2 ** 20;

/**
 * Starts a proxy on 127.0.0.1 at a free port, in front of `target`. What is no fault passes through unchanged.
 *
 * @param target `http://127.0.0.1:<port>`, a path after it is kept
 */
export async function openFaultProxy(target: string, plan: FaultPlan = () => undefined): Promise<FaultProxy> {
  const { origin, pathname } = new URL(target);
  const ledger: FaultEntry[] = [];
  let requests = 0, current = plan, underway = 0;
  const waiting: (() => void)[] = [];

  /** The server's answer, whole. */
  async function forward(incoming: IncomingMessage, body: Buffer): Promise<{ status: number; headers: OutgoingHttpHeaders; body: Buffer }> {
    underway += 1;
    try {
      return await new Promise((resolve, reject) => {
        const passed = ask(new URL(incoming.url ?? "/", origin), { method: incoming.method ?? "GET", headers: passedOn(incoming), agent: false }, (answer) => {
          read(answer).then((bytes) => resolve({ status: answer.statusCode ?? 502, headers: passedOn(answer), body: bytes }), reject);
        });
        passed.on("error", reject);
        passed.end(body);
      });
    } finally {
      underway -= 1;
      if (underway === 0) for (const wake of waiting.splice(0)) wake();
    }
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(incoming);
    const asked: Asked = { number: ++requests, method: incoming.method ?? "GET", path: incoming.url ?? "/" };
    const fault = current(asked);
    const note = (reached: boolean): void => void (fault && ledger.push({ ...asked, fault, reached }));
    switch (fault) {
      case "hang-before": return note(false);
      case "drop-before": note(false); return void incoming.socket.destroy();
      case "error-before": note(false); return fail(response, 500, "planted before the request was looked at");
      case "rate-limit": note(false); return fail(response, 429, "planted", { "retry-after-ms": "10" });
      default:
    }
    const answer = await forward(incoming, body);
    const spoilt = fault === "bad-arguments" || fault === "wrong-tool" ? spoilCall(answer.body, fault) : undefined;
    if (spoilt !== undefined || (fault !== "bad-arguments" && fault !== "wrong-tool")) note(true);
    switch (fault) {
      case "hang-after": return;
      case "drop-after": return void incoming.socket.destroy();
      case "error-after": return fail(response, 500, "planted after the work was done");
      case "drop-midway":
        response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
        return void response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => incoming.socket.destroy());
      case "slow": await new Promise((wake) => setTimeout(wake, SLOW)); break;
      default:
    }
    const sent = fault === "malformed-json" ? answer.body.subarray(0, Math.floor(answer.body.length / 2)) : (spoilt ?? answer.body);
    response.writeHead(answer.status, { ...answer.headers, "content-length": sent.length });
    response.end(sent);
  }

  const server = await listenOnLoopback((incoming, response) => serve(incoming, response).catch(() => response.destroy()));
  return {
    url: `${server.url}${pathname.replace(/\/$/, "")}`,
    ledger,
    get requests() { return requests; },
    setPlan: (next) => void (current = next),
    idle: () => new Promise((wake) => (underway === 0 ? wake() : waiting.push(wake))),
    close: server.close,
  };
}

/** Headers without those of one connection; the body goes on in one piece, with its length. */
function passedOn({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !["host", "connection", "transfer-encoding", "keep-alive"].includes(name)));
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    parts.push(part as Buffer);
    if ((size += (part as Buffer).length) > MOST) throw new RangeError(`longer than ${MOST} bytes`);
  }
  return Buffer.concat(parts);
}

function fail(response: ServerResponse, status: number, message: string, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error: { code: status === 429 ? "rate_limited" : "internal", type: "server_error", param: null, message } }));
}

/** A completion whose first call is spoilt; undefined where it has none. */
function spoilCall(body: Buffer, fault: "bad-arguments" | "wrong-tool"): Buffer | undefined {
  const value = parsed(body.toString());
  if (!isJsonObject(value)) return undefined;
  const completion = value as { choices?: { message?: { tool_calls?: { function?: { name: string; arguments: string } }[] } }[] };
  const called = completion.choices?.[0]?.message?.tool_calls?.[0]?.function;
  if (!called) return undefined;
  if (fault === "wrong-tool") called.name = `${called.name}_now`;
  else called.arguments = called.arguments.slice(0, -2);
  return Buffer.from(JSON.stringify(completion));
}
