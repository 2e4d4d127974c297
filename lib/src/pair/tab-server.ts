/**
 * The laptop side of Colab's official pairing: a WebSocket on loopback that one Colab tab connects to.
 *
 * The protocol is that of googlecolab/colab-mcp (read at bcad406, 2026-03-06): the page is opened with
 * `#mcpProxyToken=…&mcpProxyPort=…`, the student presses Connect, and the tab opens `ws://localhost:PORT` with subprotocol
 * `mcp` and the token. Over it the tab is the MCP server and we are its client.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { PairError } from "./error.js";

export const COLAB = "https://colab.research.google.com";
/** colab-mcp names the second; its forks, which follow what the page really sends, allow both. */
const ORIGINS: readonly string[] = [COLAB, "https://colab.google.com"];
const PAGE = "/notebooks/empty.ipynb";
const SUBPROTOCOL = "mcp";
/** A message from the tab holds a chunk of a file at most (see `CHUNK_BYTES` in tab-session.ts); a page gone wild must not fill our memory. */
const MESSAGE_BYTES = 4 << 20;
/** `1013 Try Again Later`, as colab-mcp closes a second tab. */
const BUSY = 1013;

/** What a tab needs to find us. The token is a secret of this machine. */
export interface Pairing {
  port: number;
  token: string;
}

export const newToken = (): string => randomBytes(24).toString("base64url");

export class TabServer {
  readonly #http: Server;
  readonly #token: string;
  readonly #events = new EventEmitter();
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES, handleProtocols: () => SUBPROTOCOL });
  #tab: WebSocket | undefined;

  private constructor(http: Server, token: string) {
    this.#http = http;
    this.#token = token;
    http.on("request", (request, response) => answerPage(request, response));
    http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
    this.#sockets.on("headers", (headers, request) => {
      const { origin } = request.headers;
      if (origin !== undefined) headers.push(...Object.entries(privateNetwork(origin)).map(([name, value]) => `${name}: ${value}`));
    });
  }

  /**
   * Listens on 127.0.0.1. Without a port, on a free one.
   *
   * @throws PairError `setup` where the given port is taken
   */
  static async listen({ port, token }: { port?: number; token: string }): Promise<TabServer> {
    const http = createServer();
    const server = new TabServer(http, token);
    try {
      http.listen(port ?? 0, "127.0.0.1");
      await once(http, "listening");
    } catch (error) {
      throw new PairError("setup", `port ${port} is taken: ${(error as Error).message}`, { cause: error });
    }
    http.unref(); // a notebook or a command that is done may end; waiting for a tab has a timer of its own
    return server;
  }

  get pairing(): Pairing {
    return { port: (this.#http.address() as AddressInfo).port, token: this.#token };
  }

  /** The page to open. It holds the token, so it belongs into no output and no log. */
  get url(): string {
    return `${COLAB}${PAGE}#mcpProxyToken=${this.#token}&mcpProxyPort=${this.pairing.port}`;
  }

  /** The tab that is connected. */
  get tab(): WebSocket | undefined {
    return this.#tab;
  }

  /** Waits for a tab; undefined where none came in time. */
  async waitForTab(limitMs: number): Promise<WebSocket | undefined> {
    if (this.#tab) return this.#tab;
    return new Promise((resolve) => {
      const settle = (tab?: WebSocket): void => {
        clearTimeout(timer);
        this.#events.off("tab", settle);
        resolve(tab);
      };
      const timer = setTimeout(settle, limitMs);
      this.#events.on("tab", settle);
    });
  }

  async close(): Promise<void> {
    this.#tab?.close(1001, "The pairing has ended");
    this.#http.closeAllConnections();
    const closed = once(this.#http, "close");
    this.#http.close();
    this.#tab?.terminate();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refuses(request);
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (tab) => {
      tab.on("error", () => tab.terminate()); // a message over the limit, a broken frame
      if (this.#tab) {
        tab.close(BUSY, "Server is busy");
        return;
      }
      this.#tab = tab;
      tab.on("close", () => {
        this.#tab = undefined;
      });
      (socket as Duplex & { unref?: () => void }).unref?.();
      this.#events.emit("tab", tab);
    });
  }

  /** The status line for a connection that is not a Colab tab with our token. */
  #refuses({ headers, url }: IncomingMessage): string | undefined {
    if (headers.origin === undefined || !ORIGINS.includes(headers.origin)) return "403 Forbidden Origin";
    const given = new URL(url ?? "/", "http://localhost").searchParams.get("access_token") ?? /^bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (given === undefined) return headers.authorization === undefined ? "401 Missing authorization" : "400 Invalid authorization header";
    if (!isSameSecret(given, this.#token)) return "403 Bad authorization token";
    const offered = String(headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    return offered.includes(SUBPROTOCOL) ? undefined : "400 Missing subprotocol mcp";
  }
}

/** Compares in constant time, whatever the lengths. */
function isSameSecret(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Chromium asks before a public page may reach loopback (Private Network Access); only Colab's pages are let in. */
const privateNetwork = (origin: string): Record<string, string> => ({
  "Access-Control-Allow-Origin": origin,
  "Access-Control-Allow-Private-Network": "true",
  Vary: "Origin",
});

function answerPage({ method, headers }: IncomingMessage, response: ServerResponse): void {
  const { origin } = headers;
  if (method === "OPTIONS" && origin !== undefined && ORIGINS.includes(origin)) response.writeHead(204, { ...privateNetwork(origin), "Access-Control-Allow-Methods": "GET" }).end();
  else response.writeHead(426, { Connection: "close" }).end();
}
