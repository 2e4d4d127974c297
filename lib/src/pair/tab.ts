/** The route `tab`: Colab by its official pairing, in a tab of the student's own browser. Works on the free tier and on every system. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { findWorkbookHome } from "../course/workbook.js";
import { PairError } from "./error.js";
import { LiveRuntime } from "./live-runtime.js";
import { isRunning } from "./process.js";
import type { Report } from "./runtime.js";
import { newToken, TabServer, type Pairing } from "./tab-server.js";
import type { TabSession } from "./tab-session.js";

const CONNECT_LIMIT_MS = 300_000;
const GPU_LIMIT_MS = 600_000;
const GPU_POLL_MS = 2_000;
const EVALUATE_MS = 60_000;

export interface TabOptions {
  /** Where the pairing is kept; default: the workbook's own `.workbook`. */
  home?: string;
  /** `standard`: jobs of Python alone, for which a machine without a GPU will do. Default: `training`. */
  packages?: "training" | "standard";
  /** The machine of an earlier run, from its record. */
  machine?: string | undefined;
  /** Told what to do in the tab, where the runtime is used without a `start` of its own. */
  report?: Report;
  /** Shows the pairing page, a file on this machine, in a browser. */
  open?: (page: string) => void;
  /** Milliseconds that the student has to press Connect; default five minutes. */
  connectMs?: number;
  /** Milliseconds that a closed tab has to come back; default 15 seconds. */
  returnMs?: number;
}

/** A Colab notebook in the student's own browser, paired with this workbook. */
export function openTab({ home = findWorkbookHome(), packages = "training", machine, report = () => {}, open = openBrowser, connectMs = CONNECT_LIMIT_MS, ...options }: TabOptions = {}): LiveRuntime {
  let session: TabSession | undefined;
  return new LiveRuntime({
    driver: "tab",
    says: "a Colab notebook in a tab of your browser, paired over loopback by Colab's own protocol",
    get address() {
      const known = session?.machine ?? machine;
      return { driver: "tab" as const, ...(known === undefined ? {} : { machine: known }) };
    },
    async open(say) {
      const server = await findServer(home);
      const { TabSession: Session } = await import("./tab-session.js"); // with the MCP client, 0.15 s that only this route pays
      session = new Session(server, { machine, ...options });
      if (!server.tab) invite(server, home, open, say);
      await session.connect(connectMs);
      if (packages === "training") await needGpu(session, say);
      if (machine === undefined) await session.identify();
      const end = session.stop.bind(session);
      session.stop = async () => {
        await end();
        await endServer(home);
      };
      return { session };
    },
  }, report);
}

const folderOf = (home: string): string => join(home, "runtimes", "tab");
const PairingFile = z.object({ port: z.int().positive(), token: z.string().min(20), pid: z.int().positive() });

/** One server a process and workbook: a notebook that opens the runtime twice keeps its tab. */
const servers = new Map<string, Promise<TabServer>>();

function findServer(home: string): Promise<TabServer> {
  let server = servers.get(home);
  if (!server) {
    server = listen(home);
    servers.set(home, server);
    server.catch(() => servers.delete(home));
  }
  return server;
}

/** Ends the pairing of this process: the tab is let go, and the token is forgotten. */
async function endServer(home: string): Promise<void> {
  const server = servers.get(home);
  servers.delete(home);
  if (server) await (await server).close();
  rmSync(folderOf(home), { recursive: true, force: true });
}

/**
 * Listens where the last process of this workbook did, with the same token, so that a tab that is still open finds us again
 * after a kernel was restarted. The token dies with `stop`.
 */
async function listen(home: string): Promise<TabServer> {
  const folder = folderOf(home), path = join(folder, "pairing.json");
  const last = existsSync(path) ? PairingFile.safeParse(parseJson(readFileSync(path, "utf8"))).data : undefined;
  if (last && last.pid !== process.pid && isRunning(last.pid)) {
    throw new PairError("setup", `the Colab tab is paired with another process of this workbook (${last.pid}): use that notebook, or shut its kernel down first`);
  }
  const token = last?.token ?? newToken();
  const server = await TabServer.listen({ token, ...(last ? { port: last.port } : {}) }).catch(() => TabServer.listen({ token }));
  const record: Pairing & { pid: number } = { ...server.pairing, pid: process.pid };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(record), { mode: 0o600 });
  return server;
}

/** The page goes to the browser as a file: on a command line, every user of this machine could read the token. */
function invite(server: TabServer, home: string, open: (page: string) => void, say: Report): void {
  const page = join(folderOf(home), "pair.html");
  const target = JSON.stringify(server.url);
  writeFileSync(page, `<!doctype html><meta charset="utf-8"><title>Pair Colab</title><p><a href=${target}>Open Colab</a></p><script>location.replace(${target})</script>\n`, { mode: 0o600 });
  say("Colab opens in your browser (Chrome, Edge or another Chromium). Sign in, press Connect where it asks for the local MCP server, and allow Colab to reach apps on this device (the local network) where the browser asks.");
  say(`If nothing opens: ${pathToFileURL(page).href}. Keep the tab open while this notebook asks it.`);
  open(page);
}

function openBrowser(page: string): void {
  const program = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer.exe" : "xdg-open";
  const child = spawn(program, [page], { stdio: "ignore", detached: true });
  child.on("error", () => {}); // no browser to be found from here: the line that was said names the page
  child.unref();
}

/** A new notebook has no GPU, and the pairing cannot choose one: the student does. */
async function needGpu(session: TabSession, say: Report): Promise<void> {
  const deadline = Date.now() + GPU_LIMIT_MS;
  for (let asked = false; ; asked = true) {
    const gpu = Buffer.from(await session.evaluate(GPU, { timeoutMs: EVALUATE_MS }).catch(() => ""), "base64").toString("utf8").trim();
    if (gpu) {
      say(`The tab's machine has a ${gpu}.`);
      return;
    }
    if (!asked) say("The tab's machine has no GPU. In the tab: Runtime > Change runtime type > T4 GPU > Save. Waiting for it …");
    if (Date.now() > deadline) throw new PairError("refused", "the tab's machine still has no GPU: Colab may have none for you now. Try later, or use LLMOPS_RUNTIME=local");
    await new Promise((wake) => setTimeout(wake, GPU_POLL_MS));
  }
}

const GPU = [
  "import base64 as _llmops_b64, subprocess as _llmops_subprocess",
  "try:",
  '    _llmops_gpu = _llmops_subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, timeout=20).stdout',
  "except OSError:",
  "    _llmops_gpu = b''",
  "_llmops_reply = _llmops_b64.b64encode(_llmops_gpu).decode()",
].join("\n");

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off while it was written: a new token is drawn
  }
}
