/** A Python session in the student's own Colab tab. The tab may be closed and opened again; the machine behind it goes on. */
import { ColabTab } from "./colab-tab.js";
import { PairError } from "./error.js";
import type { EvaluateOptions, PythonSession } from "./python-session.js";
import type { TabServer } from "./tab-server.js";

/**
 * Request and reply stand as one line in a cell of the student's notebook, 1.8 times as long as the chunk: larger ones make
 * the page slow. What is larger than some 50 MB is better left on Drive.
 */
const CHUNK_BYTES = 128 << 10;
/** Closing a tab and loading it again takes less. */
const RETURN_MS = 15_000;
/** Colab gives a machine to a notebook when the first cell runs. */
const MACHINE_MS = 180_000;
const UNASSIGN_MS = 15_000;

export interface TabSessionOptions {
  /** The machine that this session is about, where it is known from earlier. */
  machine?: string | undefined;
  /** Milliseconds that a closed tab has to come back; default 15,000. */
  returnMs?: number;
}

export class TabSession implements PythonSession {
  readonly chunkBytes = CHUNK_BYTES;
  readonly #server: TabServer;
  readonly #returnMs: number;
  #machine: string | undefined;
  #tab: Promise<ColabTab> | undefined;
  #cell: string | undefined;

  constructor(server: TabServer, { machine, returnMs = RETURN_MS }: TabSessionOptions = {}) {
    this.#server = server;
    this.#machine = machine;
    this.#returnMs = returnMs;
  }

  /** Tells this machine from another that a tab may be connected to later. */
  get machine(): string | undefined {
    return this.#machine;
  }

  /** Takes the machine that the tab is connected to now for the one that is meant: the student may have chosen another. */
  async identify(): Promise<void> {
    this.#machine = await machineOf(await this.connect(this.#returnMs));
  }

  async evaluate(code: string, { timeoutMs }: EvaluateOptions): Promise<string> {
    const tab = await this.connect(this.#returnMs);
    try {
      return await tab.run(code, timeoutMs);
    } finally {
      this.#cell = tab.cell;
    }
  }

  /**
   * The tab that is there, or the next one that comes; its machine must be the one that the job was started on.
   *
   * @throws PairError `lost` where none comes in time
   */
  async connect(limitMs: number): Promise<ColabTab> {
    const known = await this.#tab?.catch(() => undefined);
    if (known?.isOpen) return known;
    const fresh = this.#greet(limitMs);
    this.#tab = fresh;
    fresh.catch(() => {
      if (this.#tab === fresh) this.#tab = undefined;
    });
    return fresh;
  }

  /** Gives the machine back to Colab, takes our cell out of the notebook and lets the tab go. */
  async stop(): Promise<void> {
    const tab = await this.connect(this.#returnMs);
    // The runtime ends while it answers, so no answer is the usual one.
    await tab.run("from google.colab import runtime as _llmops_runtime; _llmops_reply = ''; _llmops_runtime.unassign()", UNASSIGN_MS).catch((error: unknown) => {
      if (!(error instanceof PairError)) throw error;
    });
    await tab.tidy();
    this.#tab = undefined;
    await tab.close();
  }

  /** Takes our cell out of the notebook. The tab stays paired: the next request adds a cell. */
  async close(): Promise<void> {
    const tab = await this.#tab?.catch(() => undefined);
    await tab?.tidy();
    this.#cell = undefined;
  }

  async #greet(limitMs: number): Promise<ColabTab> {
    const socket = await this.#server.waitForTab(limitMs);
    if (!socket && this.#machine === undefined) throw new PairError("lost", `no Colab tab was paired within ${Math.ceil(limitMs / 1000)} s. In the tab that opened, sign in, press Connect, and allow Colab to reach the local network where the browser asks (Chrome, Edge or another Chromium; refused once, it is under the padlock beside the address); then run this cell again`);
    if (!socket) throw new PairError("lost", "the Colab tab is closed. Open the tab again (the pairing page in .workbook/runtimes/tab, or Ctrl-Shift-T) and run this cell once more: the job goes on in the runtime");
    const tab = await ColabTab.greet(socket, this.#cell);
    const machine = await machineOf(tab);
    if (this.#machine !== undefined && machine !== this.#machine) {
      throw new PairError("lost", "this tab is connected to another machine than the one that the job was started on. If that one still runs (in the tab: Runtime > Manage sessions), open its notebook in this tab; else the job is gone: launch it anew");
    }
    this.#machine = machine;
    return tab;
  }
}

const machineOf = async (tab: ColabTab): Promise<string> => Buffer.from(await tab.run(MACHINE, MACHINE_MS), "base64").toString("utf8");

/** A mark that lives as long as the machine's disk. */
const MACHINE = [
  "import base64 as _llmops_b64, os as _llmops_os, tempfile as _llmops_tempfile, uuid as _llmops_uuid",
  '_llmops_mark = _llmops_os.path.join(_llmops_tempfile.gettempdir(), "llmops-machine")',
  "if not _llmops_os.path.exists(_llmops_mark):",
  '    open(_llmops_mark, "w").write(_llmops_uuid.uuid4().hex[:12])',
  "_llmops_reply = _llmops_b64.b64encode(open(_llmops_mark, 'rb').read()).decode()",
].join("\n");
