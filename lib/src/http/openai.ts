/** HTTP as OpenAI speaks it: JSON, errors in its form, and events of a stream. */
import type { IncomingMessage, ServerResponse } from "node:http";

// OpenAI's own limit is far higher; this one keeps a mistake from filling the memory.
const LONGEST_BODY_MIB = 8;

/**
 * The body of a request, parsed.
 *
 * @returns undefined where the body is longer than 8 MiB or no JSON: then the client has its answer already
 */
export async function readJson(request: IncomingMessage, response: ServerResponse): Promise<{ body: unknown } | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST_BODY_MIB * 2 ** 20) {
      sendError(response, 413, `The request is longer than ${LONGEST_BODY_MIB} MiB.`, { headers: { connection: "close" } });
      return undefined;
    }
    parts.push(part);
  }
  try {
    return { body: JSON.parse(Buffer.concat(parts).toString("utf8")) as unknown };
  } catch (error) {
    sendError(response, 400, `The request body is not JSON: ${(error as Error).message}`);
    return undefined;
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}

export interface ErrorDetail {
  /** Default: `server_error` from 500 on, `invalid_request_error` below. */
  type?: string;
  param?: string | null;
  code?: string | null;
  headers?: Record<string, string>;
}

const errorBody = (status: number, message: string, { type, param, code }: ErrorDetail): object =>
  ({ error: { message, type: type ?? (status >= 500 ? "server_error" : "invalid_request_error"), param: param ?? null, code: code ?? null } });

/** An error in OpenAI's form. */
export function sendError(response: ServerResponse, status: number, message: string, detail: ErrorDetail = {}): void {
  sendJson(response, status, errorBody(status, message, detail), detail.headers);
}

/** A stream of events. The first one sends the head, so that what fails before is still an error with its status. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** @returns false where the client reads more slowly than this: wait for `drain` */
  send(event: object): boolean {
    if (!this.#response.headersSent) this.#response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
    return this.#response.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  /** After the head no status can be sent any more: an event tells the client. */
  fail(message: string): void {
    this.send(errorBody(500, message, {}));
    this.#response.end();
  }

  end(): void {
    this.#response.end("data: [DONE]\n\n");
  }
}
