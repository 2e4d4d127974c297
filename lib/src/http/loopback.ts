/** HTTP servers of this machine alone: the teacher's simulator, model endpoints, scripts and bad networks. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that listens. */
export interface LoopbackServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Stops listening and drops open connections. Safe to call twice. */
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1. Neither the server nor its connections keep the process alive.
 *
 * @param handle answers a request, errors included
 * @param port 0: any that is free
 * @throws Node's error (`EADDRINUSE` where the port is taken)
 */
export async function listenOnLoopback(handle: (request: IncomingMessage, response: ServerResponse) => unknown, port = 0): Promise<LoopbackServer> {
  const server = createServer((request, response) => void handle(request, response));
  server.on("connection", (socket) => socket.unref());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  server.unref();
  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => (closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    })),
  };
}
