/** A Python session on a Jupyter server: one kernel, driven by Jupyter's own client. */
import { KernelAPI, KernelConnection, ServerConnection, type KernelMessage } from "@jupyterlab/services";
import { PairError } from "./error.js";
import { PythonFault, type EvaluateOptions, type PythonSession } from "./python-session.js";

export interface JupyterServer {
  /** Address up to the path that its API lies under, e.g. `http://127.0.0.1:8890/`. */
  url: string;
  token: string;
}

/**
 * What one request carries. Replies come on the shell channel (`user_expressions`), which the server's limit of a megabyte and
 * a thousand messages a second on iopub does not touch; a websocket message to the server may have 10 MiB.
 */
const CHUNK_BYTES = 1 << 20;
const KERNEL_START_MS = 60_000;

export class JupyterSession implements PythonSession {
  readonly chunkBytes = CHUNK_BYTES;
  readonly #settings: ServerConnection.ISettings;
  #kernel: KernelConnection;

  private constructor(settings: ServerConnection.ISettings, kernel: KernelConnection) {
    this.#settings = settings;
    this.#kernel = kernel;
  }

  /** Connects, and starts a kernel of the server's `python3` (or its default where it has none of that name). */
  static async open({ url, token }: JupyterServer): Promise<JupyterSession> {
    const settings = ServerConnection.makeSettings({ baseUrl: withSlash(url), wsUrl: withSlash(url).replace(/^http/, "ws"), token, appendToken: true });
    silenceClient();
    await checkServer(settings, url);
    return new JupyterSession(settings, await startKernel(settings, url));
  }

  async evaluate(code: string, { timeoutMs }: EvaluateOptions): Promise<string> {
    if (this.#kernel.isDisposed || this.#kernel.status === "dead") await this.#restart();
    const future = this.#kernel.requestExecute(
      { code, silent: true, store_history: false, stop_on_error: false, user_expressions: { reply: "_llmops_reply" } },
      true,
    );
    let reply: KernelMessage.IExecuteReplyMsg;
    try {
      reply = await withDeadline(future.done, timeoutMs, "the Jupyter server gave no answer");
    } catch (error) {
      future.dispose();
      if (!(await this.isAlive())) await this.#restart();
      throw error instanceof PairError ? error : new PairError("timeout", `the connection to the kernel broke: ${(error as Error).message}`, { cause: error });
    }
    const { content } = reply;
    if (content.status === "error") throw new PythonFault(content.ename, content.evalue);
    if (content.status !== "ok") throw new PairError("timeout", "the kernel dropped the request");
    const value = (content.user_expressions as Record<string, { status: string; ename?: string; evalue?: string; data?: Record<string, string> }>)["reply"];
    if (value?.status !== "ok") throw new PythonFault(value?.ename ?? "Error", value?.evalue ?? "no reply");
    return (value.data?.["text/plain"] ?? "''").slice(1, -1);
  }

  async isAlive(): Promise<boolean> {
    try {
      return (await KernelAPI.getKernelModel(this.#kernel.id, this.#settings)) !== undefined;
    } catch {
      return false;
    }
  }

  /** Ends the kernel. The server is not ours to end. */
  async stop(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    const { id } = this.#kernel;
    this.#kernel.dispose();
    // Jobs are processes of their own: the kernel that started them may go.
    await KernelAPI.shutdownKernel(id, this.#settings).catch(() => {});
  }

  /** A kernel that was killed or culled loses nothing: the agent's state is on disk, and the next kernel reads it. */
  async #restart(): Promise<void> {
    this.#kernel.dispose();
    try {
      this.#kernel = await startKernel(this.#settings, this.#settings.baseUrl);
    } catch (error) {
      throw new PairError("lost", `the runtime's server is gone: ${(error as Error).message}`, { cause: error });
    }
  }
}

const withSlash = (url: string): string => (url.endsWith("/") ? url : `${url}/`);

async function startKernel(settings: ServerConnection.ISettings, url: string): Promise<KernelConnection> {
  const model = await withDeadline(KernelAPI.startNew({ name: "python3" }, settings), KERNEL_START_MS, `${url} started no Python kernel`);
  return new KernelConnection({ model, serverSettings: settings, handleComms: false });
}

let isSilenced = false;

/** The client tells the console of every connection it makes and loses; in a notebook that would stand below the student's cell. */
function silenceClient(): void {
  if (isSilenced) return;
  isSilenced = true;
  for (const level of ["debug", "warn"] as const) {
    const say = console[level].bind(console);
    console[level] = (...words: unknown[]) => {
      if (!/^(Starting WebSocket: |Kernel: |Connection lost, reconnecting )/.test(String(words[0]))) say(...words);
    };
  }
}

/** Tells a wrong address from a wrong token before anything is started. */
async function checkServer(settings: ServerConnection.ISettings, url: string): Promise<void> {
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(`${settings.baseUrl}api/kernelspecs`, {}, settings);
  } catch (error) {
    throw new PairError("lost", `no Jupyter server answers at ${url}: is it running, and is the address right?`, { cause: error });
  }
  if (response.status === 401 || response.status === 403) {
    throw new PairError("refused", `the Jupyter server at ${url} does not take this token: \`jupyter server list\` on its machine shows the right one`);
  }
  if (!response.ok) throw new PairError("setup", `${url} answers with status ${response.status}; it should be the root of a Jupyter server, like http://host:8888/`);
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
