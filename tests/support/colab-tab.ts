/**
 * A Colab tab, for tests: an MCP server over the WebSocket that our pairing page names, whose cells really run.
 *
 * The handshake follows googlecolab/colab-mcp at bcad406 (2026-03-06): `ws://localhost:PORT` with subprotocol `mcp`, the
 * page's Origin, the token as `access_token` or as a bearer. What the tools take and give is not public; it follows what
 * programs that use them show: `add_code_cell` gives `newCellId`, `run_code_cell` gives `outputs` of the notebook format once the cell has ended.
 */
import { readFileSync } from "node:fs";
import { McpServer, type JSONRPCMessage, type Transport } from "@modelcontextprotocol/server";
import { WebSocket, type RawData } from "ws";
import { z } from "zod";
import { ColabMachine, type Output } from "./colab-machine.ts";

/** The notebook outlives its tab; the machine outlives both. */
export class ColabNotebook {
  readonly cells: { id: string; code: string; outputs: unknown[] }[] = [];
  machine: ColabMachine;
  #next = 0;

  constructor(machine: ColabMachine) {
    this.machine = machine;
  }

  add(index: number, code: string): string {
    const id = `cell-${this.#next++}`;
    this.cells.splice(index, 0, { id, code, outputs: [] });
    return id;
  }

  find(id: string): { id: string; code: string; outputs: unknown[] } {
    const cell = this.cells.find((one) => one.id === id);
    if (!cell) throw new Error(`Cell with ID ${id} not found`);
    return cell;
  }
}

export interface TabOptions {
  notebook: ColabNotebook;
  origin?: string;
  /** Instead of the token that the page holds. */
  token?: string;
  subprotocol?: string | null;
  /** Where the token stands in the request. */
  tokenIn?: "query" | "header" | "nowhere";
  /** `run_code_cell` answers at once, and the outputs are seen by `get_cells` only. */
  outputsLate?: boolean;
  /** Tools that this tab does not offer. */
  without?: readonly string[];
  /** Called before a cell runs. */
  onRun?: () => void;
}

/** What the pairing page tells the tab, read from the page itself. */
export function readPage(page: string): { port: number; token: string; url: URL } {
  const url = new URL(/location\.replace\("([^"]+)"\)/.exec(readFileSync(page, "utf8"))![1]!);
  const given = new URLSearchParams(url.hash.slice(1));
  return { port: Number(given.get("mcpProxyPort")), token: given.get("mcpProxyToken")!, url };
}

export class ColabTab {
  /** How the connection ended: the WebSocket's code, or the status of a refused request. */
  readonly ended: Promise<number>;
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on("close", (code) => resolve(code));
      socket.on("unexpected-response", (request, response) => {
        resolve(response.statusCode!);
        request.destroy();
      });
    });
    socket.on("error", () => {});
  }

  /** Presses Connect. */
  static connect(page: string, { origin = "https://colab.research.google.com", tokenIn = "query", subprotocol = "mcp", ...options }: TabOptions): ColabTab {
    const { port, token: right } = readPage(page), token = options.token ?? right;
    const url = `ws://127.0.0.1:${port}/${tokenIn === "query" ? `?access_token=${token}` : ""}`;
    const headers = tokenIn === "header" ? { Authorization: `Bearer ${token}` } : undefined;
    const tab = new ColabTab(new WebSocket(url, subprotocol === null ? [] : [subprotocol], { origin, ...(headers ? { headers } : {}) }));
    tab.socket.on("open", () => void serve(tab.socket, options));
    return tab;
  }

  /** The student closes the tab. */
  async close(): Promise<void> {
    this.socket.terminate();
    await this.ended;
  }
}

async function serve(socket: WebSocket, { notebook, outputsLate = false, without = [], onRun = () => {} }: TabOptions): Promise<void> {
  const server = new McpServer({ name: "colab-tab", version: "1" });
  const answer = (value: unknown) => ({ content: [{ type: "text" as const, text: JSON.stringify(value) }] });
  const tools = {
    add_code_cell: () => server.registerTool("add_code_cell", { inputSchema: z.strictObject({ cellIndex: z.int(), language: z.enum(["python", "r", "julia"]), code: z.string() }) }, ({ cellIndex, code }) => answer({ newCellId: notebook.add(cellIndex, code) })),
    update_cell: () => server.registerTool("update_cell", { inputSchema: z.strictObject({ cellId: z.string(), content: z.string() }) }, ({ cellId, content }) => {
      notebook.find(cellId).code = content;
      return answer({});
    }),
    delete_cell: () => server.registerTool("delete_cell", { inputSchema: z.strictObject({ cellId: z.string() }) }, ({ cellId }) => {
      notebook.cells.splice(notebook.cells.indexOf(notebook.find(cellId)), 1);
      return answer({});
    }),
    get_cells: () => server.registerTool("get_cells", { inputSchema: z.strictObject({ cellIndexStart: z.int().optional(), cellIndexEnd: z.int().optional(), includeOutputs: z.boolean().optional() }) }, ({ includeOutputs }) =>
      answer({ cells: notebook.cells.map(({ id, code, outputs }) => ({ id, cellType: "code", source: code.split(/(?<=\n)/), ...(includeOutputs ? { outputs } : {}) })) })),
    run_code_cell: () => server.registerTool("run_code_cell", { inputSchema: z.strictObject({ cellId: z.string() }) }, async ({ cellId }) => {
      const cell = notebook.find(cellId);
      cell.outputs = [];
      onRun();
      const running = notebook.machine.run(cell.code).then((outputs) => (cell.outputs = outputs.map(asNotebook)));
      if (outputsLate) {
        running.catch(() => {});
        return answer({});
      }
      return answer({ outputs: await running });
    }),
  };
  for (const [name, register] of Object.entries(tools)) if (!without.includes(name)) register();
  await server.connect(new SocketTransport(socket));
}

/** Text as a notebook file has it: an array of lines. */
const asNotebook = ({ text, ...output }: Output): unknown => (text === undefined ? output : { ...output, text: text.split(/(?<=\n)/) });

class SocketTransport implements Transport {
  readonly socket: WebSocket;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  start(): Promise<void> {
    this.socket.on("message", (data: RawData) => this.onmessage?.(JSON.parse((data as Buffer).toString()) as JSONRPCMessage));
    this.socket.on("close", () => this.onclose?.());
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.socket.send(JSON.stringify(message));
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.socket.close();
    return Promise.resolve();
  }
}
