/** One Colab tab: an MCP server over its WebSocket, of which we are the client. It offers to add, rewrite and run cells. */
import { Client, type JSONRPCMessage, type Transport } from "@modelcontextprotocol/client";
import type { RawData, WebSocket } from "ws";
import { PairError } from "./error.js";
import { readReply, writeCell } from "./python-cell.js";

/** What the frontend offers (seen in use, 2026; its source is not public). `get_cells` is asked only where a run gives no output. */
const NEEDED = ["add_code_cell", "update_cell", "run_code_cell"] as const;
const CONNECT_MS = 20_000;
const CELL_MS = 10_000;
const POLL_MS = 200;

/** Two runtimes opened on one tab speak through one client, and wait for each other. */
const greeted = new WeakMap<WebSocket, Promise<ColabTab>>();

/** Every fault of a request is a `timeout`: it can be asked again. */
export class ColabTab {
  readonly #socket: WebSocket;
  readonly #client = new Client({ name: "llmops-workbook", version: "1" });
  #tools: ReadonlySet<string> = new Set();
  #cell: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(socket: WebSocket, cell: string | undefined) {
    this.#socket = socket;
    this.#cell = cell;
  }

  /**
   * The MCP handshake with a tab that has just connected.
   *
   * @param cell - our cell in the notebook, where an earlier tab had one: it is used again if it is still there
   */
  static greet(socket: WebSocket, cell?: string): Promise<ColabTab> {
    let tab = greeted.get(socket);
    if (!tab) {
      tab = ColabTab.#shakeHands(socket, cell);
      greeted.set(socket, tab);
    }
    return tab;
  }

  static async #shakeHands(socket: WebSocket, cell: string | undefined): Promise<ColabTab> {
    const tab = new ColabTab(socket, cell);
    try {
      await tab.#client.connect(new SocketTransport(socket), { timeout: CONNECT_MS });
      const { tools } = await tab.#client.listTools(undefined, { timeout: CONNECT_MS });
      tab.#tools = new Set(tools.map(({ name }) => name));
    } catch (error) {
      socket.close(1002, "No MCP server");
      throw new PairError("lost", `the tab connected, and then did not answer as Colab's do: ${(error as Error).message}. Reload the tab.`, { cause: error });
    }
    const missing = NEEDED.filter((name) => !tab.#tools.has(name));
    if (missing.length) throw new PairError("unsupported", `this Colab tab does not offer ${missing.join(", ")}: Colab has changed its pairing; use the hand-off route (LLMOPS_RUNTIME=hand-off)`);
    return tab;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** The id of our cell in the notebook. */
  get cell(): string | undefined {
    return this.#cell;
  }

  /** Runs code in our cell, one request after the other, and gives what it left in `_llmops_reply`. */
  async run(code: string, timeoutMs: number): Promise<string> {
    const turn = this.#queue.then(() => this.#run(code, timeoutMs));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  /** Leaves the notebook as it was. */
  async tidy(): Promise<void> {
    const cell = this.#cell;
    this.#cell = undefined;
    if (cell !== undefined && this.isOpen && this.#tools.has("delete_cell")) await this.#call("delete_cell", { cellId: cell }, CELL_MS).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #run(code: string, timeoutMs: number): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    const { source, id } = writeCell(code);
    const cellId = await this.#place(source);
    let outputs = await this.#call("run_code_cell", { cellId }, timeoutMs);
    for (;;) {
      const reply = readReply(printedIn(outputs), id);
      if (reply) return "text" in reply ? reply.text : "";
      const error = errorIn(outputs);
      if (error) throw new PairError("timeout", `the tab's runtime did not run the cell: ${error}`);
      if (!this.#tools.has("get_cells") || Date.now() > deadline) throw new PairError("timeout", "the tab ran the cell and showed no reply");
      await new Promise((wake) => setTimeout(wake, POLL_MS));
      outputs = await this.#call("get_cells", { includeOutputs: true }, Math.max(1, deadline - Date.now()));
    }
  }

  /** Puts source into our cell; adds one where there is none, or where the student deleted it. */
  async #place(source: string): Promise<string> {
    if (this.#cell !== undefined) {
      try {
        await this.#call("update_cell", { cellId: this.#cell, content: source }, CELL_MS);
        return this.#cell;
      } catch (error) {
        if (!(error instanceof ToolFault)) throw error;
      }
    }
    const added = await this.#call("add_code_cell", { cellIndex: 0, language: "python", code: source }, CELL_MS);
    const cell = findString(added, "newCellId") ?? findString(added, "cellId");
    if (cell === undefined) throw new PairError("unsupported", "Colab added a cell and did not say which: its pairing has changed; use the hand-off route (LLMOPS_RUNTIME=hand-off)");
    this.#cell = cell;
    return cell;
  }

  async #call(name: string, parameters: Record<string, unknown>, timeout: number): Promise<unknown> {
    let result;
    try {
      result = await this.#client.callTool({ name, arguments: parameters }, { timeout });
    } catch (error) {
      // A closed tab may be loading again: whoever asks asks again, and then waits for the next one.
      if (!this.isOpen) throw new PairError("timeout", "the Colab tab was closed while it was asked", { cause: error });
      throw new PairError("timeout", `the Colab tab gave no answer to ${name}: ${(error as Error).message}`, { cause: error });
    }
    const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    if (result.isError) throw new ToolFault(name, text);
    return result.structuredContent ?? parseJson(text);
  }
}

/** The tab could not do what was asked: no such cell, no runtime. Asking again may help. */
class ToolFault extends PairError {
  constructor(tool: string, says: string) {
    super("timeout", `the Colab tab could not ${tool.replaceAll("_", " ")}: ${says.slice(0, 400) || "it did not say why"}`);
  }
}

/** JSON-RPC, one message a WebSocket message. */
class SocketTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  constructor(private readonly socket: WebSocket) {}

  start(): Promise<void> {
    this.socket.on("message", (data: RawData) => {
      const message = parseJson((data as Buffer).toString("utf8"));
      if (typeof message === "object" && message !== null && "jsonrpc" in message) this.onmessage?.(message as JSONRPCMessage);
      else this.onerror?.(new Error("the tab sent something that is no JSON-RPC message"));
    });
    this.socket.on("close", () => this.onclose?.());
    if (this.socket.readyState !== this.socket.OPEN) this.onclose?.();
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): Promise<void> {
    this.socket.close(1000);
    return Promise.resolve();
  }
}

interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  ename?: string;
  evalue?: string;
}

/** Every notebook output in an answer, wherever Colab has put it. */
function outputsIn(value: unknown): Output[] {
  if (typeof value !== "object" || value === null) return [];
  if ("output_type" in value) return [value as Output];
  return Object.values(value).flatMap(outputsIn);
}

const printedIn = (answer: unknown): string =>
  outputsIn(answer).filter(({ output_type, name }) => output_type === "stream" && name !== "stderr").map(({ text }) => (Array.isArray(text) ? text.join("") : (text ?? ""))).join("");

function errorIn(answer: unknown): string | undefined {
  const error = outputsIn(answer).find(({ output_type }) => output_type === "error");
  return error && `${error.ename ?? "error"}: ${error.evalue ?? ""}`;
}

function findString(value: unknown, name: string): string | undefined {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
