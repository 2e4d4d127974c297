/** A Python session on a Jupyter server: one kernel, driven by Jupyter's own client. */
import { randomUUID } from "node:crypto";
import { KernelAPI, KernelConnection, ServerConnection, SessionAPI, type KernelMessage, type Session } from "@jupyterlab/services";
import { WebSocket } from "ws";
import { PairError } from "./error.js";
import { PythonFault, type EvaluateOptions, type PythonSession } from "./python-session.js";

export interface JupyterServer {
  /** Address up to the path that its API lies under, e.g. `http://127.0.0.1:8890/`. */
  url: string;
  token: string;
}

export interface SessionOptions {
  /** Milliseconds that the network may be away before the server counts as lost; default 0, as on loopback. */
  patienceMs?: number;
}

/**
 * What one request carries. Replies come on the shell channel (`user_expressions`), which the server's limit of a megabyte and
 * a thousand messages a second on iopub does not touch; a websocket message to the server may have 10 MiB.
 */
const CHUNK_BYTES = 1 << 20;
/** IPython takes a cell apart several times before it runs it: a piece of 256 KiB takes 0.07 s, one of 1 MiB 0.45 s. */
const WRITE_BYTES = 1 << 18;
const KERNEL_START_MS = 60_000;
const CONNECT_MS = 20_000;
const WATCH_MS = 2000;
/** By it our kernels are known among a server's: a client that was killed leaves one, and the next client ends it. */
const SESSION_PREFIX = "llmops-pair-";
const ORPHAN_AFTER_MS = 60_000;

export class JupyterSession implements PythonSession {
  readonly chunkBytes = CHUNK_BYTES;
  readonly writeBytes = WRITE_BYTES;
  readonly #settings: ServerConnection.ISettings;
  readonly #patienceMs: number;
  #session: Session.IModel;
  #kernel: KernelConnection | undefined;
  #lastSeen = Date.now();

  private constructor(settings: ServerConnection.ISettings, session: Session.IModel, patienceMs: number) {
    this.#settings = settings;
    this.#session = session;
    this.#patienceMs = patienceMs;
  }

  /** Connects, and starts a kernel of the server's `python3` (or its default where it has none of that name). */
  static async open({ url, token }: JupyterServer, { patienceMs = 0 }: SessionOptions = {}): Promise<JupyterSession> {
    const settings = ServerConnection.makeSettings({
      baseUrl: withSlash(url), wsUrl: withSlash(url).replace(/^http/, "ws"), token, appendToken: true,
      WebSocket: PromptSocket as unknown as ServerConnection.ISettings["WebSocket"],
    });
    silenceClient();
    await checkServer(settings, url);
    await endOrphans(settings);
    return new JupyterSession(settings, await startKernel(settings), patienceMs);
  }

  async evaluate(code: string, { timeoutMs }: EvaluateOptions): Promise<string> {
    const kernel = await this.#connect();
    const lost = new AbortController();
    const onStatus = (_: unknown, status: string): void => {
      if (status !== "connected") lost.abort();
    };
    kernel.connectionStatusChanged.connect(onStatus);
    // A server does not hang up when somebody ends the kernel.
    const watch = setInterval(() => void this.#isAlive().then((alive) => alive || lost.abort()), WATCH_MS);
    let reply: KernelMessage.IExecuteReplyMsg;
    try {
      const future = kernel.requestExecute(
        { code, silent: true, store_history: false, stop_on_error: false, user_expressions: { reply: "_llmops_reply" } },
        true,
      );
      const broken = new Promise<never>((_, reject) => {
        lost.signal.addEventListener("abort", () => reject(new PairError("timeout", "the connection to the Jupyter server broke")));
      });
      reply = await withDeadline(Promise.race([future.done, broken]), timeoutMs, "the Jupyter server gave no answer");
    } catch (error) {
      this.#drop(kernel); // with the futures that still wait
      throw error instanceof PairError ? error : new PairError("timeout", `the connection to the kernel broke: ${(error as Error).message}`, { cause: error });
    } finally {
      clearInterval(watch);
      kernel.connectionStatusChanged.disconnect(onStatus);
    }
    this.#lastSeen = Date.now();
    const { content } = reply;
    if (content.status === "error") throw new PythonFault(content.ename, content.evalue);
    if (content.status !== "ok") throw new PairError("timeout", "the kernel dropped the request");
    const value = (content.user_expressions as Record<string, { status: string; ename?: string; evalue?: string; data?: Record<string, string> }>)["reply"];
    if (value?.status !== "ok") throw new PythonFault(value?.ename ?? "Error", value?.evalue ?? "no reply");
    return (value.data?.["text/plain"] ?? "''").slice(1, -1);
  }

  /** Whether our kernel is still there. */
  async #isAlive(): Promise<boolean> {
    try {
      return (await this.#findKernel()) !== undefined;
    } catch {
      return false;
    }
  }

  /** Ends the kernel. The server is not ours to end. */
  async stop(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#kernel) this.#drop(this.#kernel);
    // Jobs are processes of their own: the kernel that started them may go.
    await withDeadline(SessionAPI.shutdownSession(this.#session.id, this.#settings), CONNECT_MS, "the kernel did not end").catch(() => {});
  }

  /**
   * A connection that works. The client's own way back after a break waits up to half a minute between its tries and loses
   * what was under way; so a broken connection is dropped, and the next request makes a new one: to the kernel where it lives,
   * else to a new one. That loses nothing: the agent's state is on disk.
   */
  async #connect(): Promise<KernelConnection> {
    if (this.#kernel && !this.#kernel.isDisposed && this.#kernel.status !== "dead" && this.#kernel.connectionStatus === "connected") return this.#kernel;
    if (this.#kernel) this.#drop(this.#kernel);
    if ((await this.#findKernel()) === undefined) this.#session = await this.#reach(startKernel(this.#settings));
    const model = this.#session.kernel;
    if (!model) throw new PairError("lost", "the Jupyter server started no kernel");
    const kernel = new SteadyConnection({ model, serverSettings: this.#settings, handleComms: false });
    this.#kernel = kernel;
    try {
      await withDeadline(connected(kernel), CONNECT_MS, "the Jupyter server opened no channel to its kernel");
    } catch (error) {
      this.#drop(kernel);
      throw error;
    }
    this.#lastSeen = Date.now();
    return kernel;
  }

  async #findKernel(): Promise<KernelAPI.IModel | undefined> {
    const model = await this.#reach(KernelAPI.getKernelModel(this.#session.kernel?.id ?? "", this.#settings));
    return model?.execution_state === "dead" ? undefined : model;
  }

  /** Tells a server that is away for a while (`timeout`: ask again) from one that is lost or has another token. */
  async #reach<T>(work: Promise<T>): Promise<T> {
    try {
      return await withDeadline(work, CONNECT_MS, "the Jupyter server gave no answer");
    } catch (error) {
      if (error instanceof ServerConnection.ResponseError && [401, 403].includes(error.response.status)) {
        throw new PairError("lost", "another Jupyter server answers at this address, or its token changed", { cause: error });
      }
      const code = Date.now() - this.#lastSeen > this.#patienceMs ? "lost" : "timeout";
      throw new PairError(code, `the Jupyter server cannot be reached: ${(error as Error).message}`, { cause: error });
    }
  }

  #drop(kernel: KernelConnection): void {
    kernel.dispose();
    if (this.#kernel === kernel) this.#kernel = undefined;
  }
}

/**
 * Answers every message with a pong, which by RFC 6455 (5.5.3) nobody need have asked for and nobody answers. The server writes
 * the messages of one reply in small pieces and, by Nagle's rule, holds the second one back until the first is acknowledged; a
 * system acknowledges on its own only after 40 ms, but at once where it has something to send. `npm run bench:pair` shows it.
 */
class PromptSocket extends WebSocket {
  constructor(address: string, protocols?: string | string[]) {
    super(address, protocols);
    this.on("message", () => {
      if (this.readyState === WebSocket.OPEN) this.pong();
    });
  }
}

/**
 * The client starts these two on its own and lets nobody wait for them: one that fails because the connection was dropped
 * meanwhile would end a Node process as an unhandled rejection, and the notebook's kernel with it.
 */
class SteadyConnection extends KernelConnection {
  override reconnect(): Promise<void> {
    return super.reconnect().catch(() => {});
  }

  override requestKernelInfo(): Promise<KernelMessage.IInfoReplyMsg | undefined> {
    return super.requestKernelInfo().catch(() => undefined);
  }
}

const withSlash = (url: string): string => (url.endsWith("/") ? url : `${url}/`);

async function startKernel(settings: ServerConnection.ISettings): Promise<Session.IModel> {
  const name = `${SESSION_PREFIX}${randomUUID()}`;
  const session = SessionAPI.startSession({ path: name, name, type: "console", kernel: { name: "python3" } }, settings);
  return withDeadline(session, KERNEL_START_MS, `${settings.baseUrl} started no Python kernel`);
}

/** Ends the kernels of clients that were killed: ours by name, with nobody connected for a while. */
async function endOrphans(settings: ServerConnection.ISettings): Promise<void> {
  try {
    for (const { id, path, kernel } of await SessionAPI.listRunning(settings)) {
      const idleMs = Date.now() - Date.parse(kernel?.last_activity ?? "");
      if (path.startsWith(SESSION_PREFIX) && kernel?.connections === 0 && idleMs > ORPHAN_AFTER_MS) await SessionAPI.shutdownSession(id, settings);
    }
  } catch {
    // They cost memory only; a server that lists no sessions can still run a kernel.
  }
}

/** Resolves when the kernel's channels are open. */
function connected(kernel: KernelConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (kernel.connectionStatus === "connected") resolve();
      else if (kernel.connectionStatus === "disconnected") reject(new PairError("timeout", "the Jupyter server closed the channel to its kernel"));
    };
    kernel.connectionStatusChanged.connect(look);
    look();
  });
}

let isSilenced = false;

/** The client tells the console of every connection it makes and loses; in a notebook that would stand below the student's cell. */
function silenceClient(): void {
  if (isSilenced) return;
  isSilenced = true;
  for (const level of ["debug", "warn"] as const) {
    const say = console[level].bind(console);
    console[level] = (...words: unknown[]) => {
      if (!/^(Starting WebSocket: |Kernel: |Connection lost, reconnecting |The session ")/.test(String(words[0]))) say(...words);
    };
  }
}

/** Tells a wrong address from a wrong token before anything is started. */
async function checkServer(settings: ServerConnection.ISettings, url: string): Promise<void> {
  let response: Response;
  try {
    response = await withDeadline(ServerConnection.makeRequest(`${settings.baseUrl}api/kernelspecs`, {}, settings), CONNECT_MS, `${url} gave no answer`);
  } catch (error) {
    throw new PairError("lost", `no Jupyter server answers at ${url}: is it running, and is the address right?`, { cause: error });
  }
  if (response.status === 401 || response.status === 403) {
    throw new PairError("refused", `the Jupyter server at ${url} does not take this token: \`jupyter server list\` on its machine shows the right one`);
  }
  const isJupyter = response.ok && (await response.json().then((specs: unknown) => typeof specs === "object" && specs !== null && "kernelspecs" in specs, () => false));
  if (!isJupyter) throw new PairError("setup", `${url} answers (status ${response.status}), but not as a Jupyter server; the address should be the root of one, like http://host:8888/`);
}

/** @throws PairError `timeout` with `message` when `work` takes longer */
export async function withDeadline<T>(work: Promise<T>, limitMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PairError("timeout", `${message} within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
