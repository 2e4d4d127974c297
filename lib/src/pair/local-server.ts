/** The Jupyter server that stands for a training machine on this one. It outlives the notebook and ends by itself when idle. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, closeSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Lock, LockError } from "../data/build/lock.js";
import { findWorkbookHome, workbookPath } from "../course/workbook.js";
import { pythonOf } from "./environment.js";
import { PairError } from "./error.js";
import type { JupyterServer } from "./jupyter-session.js";
import { isRunning } from "./process.js";

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 5000;
const POLL_MS = 100;
const IDLE_S = 1800;

/** Where the local runtime keeps its server's record and its jobs. */
export const localFolder = (home = findWorkbookHome()): string => join(home, "runtimes", "local");

// What Jupyter itself writes of a server that listens.
const ServerRecord = z.object({ url: z.string(), token: z.string(), pid: z.int() });

/** The server that runs, or undefined. A record whose server does not answer is none. */
export async function findLocalServer(home = findWorkbookHome()): Promise<(JupyterServer & { pid: number }) | undefined> {
  return (await look(home)).server;
}

/** `isBusy`: a server is there that takes the connection and gives no answer yet, as on a machine with much to do. */
async function look(home: string): Promise<{ server?: JupyterServer & { pid: number }; isBusy: boolean }> {
  const folder = recordFolder(home);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^jpserver-\d+\.json$/.test(name)) : [];
  let isBusy = false;
  for (const name of names) {
    const record = ServerRecord.safeParse(readJson(join(folder, name)));
    const answer = record.success ? await ask(record.data) : "none";
    if (record.success && answer === "well") return { server: record.data, isBusy: false };
    isBusy ||= answer === "late";
  }
  return { isBusy };
}

async function ask({ url, token }: JupyterServer): Promise<"well" | "late" | "none"> {
  try {
    const response = await fetch(new URL("api/status", url), { headers: { authorization: `token ${token}` }, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return response.ok ? "well" : "none";
  } catch (error) {
    return (error as Error).name === "TimeoutError" ? "late" : "none";
  }
}

/** The local server, started if need be; two notebooks that ask at once get the same. */
export async function startLocalServer(home = findWorkbookHome()): Promise<JupyterServer> {
  const folder = localFolder(home);
  mkdirSync(folder, { recursive: true });
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const { server, isBusy } = await look(home);
    if (server) return server;
    if (isBusy && Date.now() < deadline) continue; // a second server beside it would be one too many
    try {
      const lock = new Lock(join(folder, "start.lock"), "the local runtime", "start");
      try {
        return (await findLocalServer(home)) ?? (await launch(home, deadline));
      } finally {
        lock.release();
      }
    } catch (error) {
      if (!(error instanceof LockError && error.held) || Date.now() > deadline) throw error;
      await pause();
    }
  }
}

/** Ends the local server, and waits until it has. Jobs are processes of their own: `openLocal().stop()` ends them first. */
export async function stopLocalServer(home = findWorkbookHome()): Promise<void> {
  const deadline = Date.now() + STOP_LIMIT_MS;
  let { server: found, isBusy } = await look(home);
  while (isBusy && Date.now() < deadline) ({ server: found, isBusy } = await look(home));
  if (!found) return;
  process.kill(found.pid, "SIGTERM");
  const limit = Date.now() + STOP_LIMIT_MS;
  while (isRunning(found.pid) && Date.now() < limit) await pause();
  if (isRunning(found.pid)) process.kill(found.pid, "SIGKILL");
}

async function launch(home: string, deadline: number): Promise<JupyterServer> {
  const folder = localFolder(home), log = join(folder, "server.log");
  rmSync(recordFolder(home), { recursive: true, force: true }); // of servers that are gone
  const out = openSync(log, "w");
  const server = spawn(
    pythonOf(workbookPath(".venv")),
    [
      "-m", "jupyter_server",
      "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--no-browser", "--ServerApp.allow_root=True",
      `--ServerApp.root_dir=${folder}`,
      `--ServerApp.shutdown_no_activity_timeout=${IDLE_S}`, `--MappingKernelManager.cull_idle_timeout=${IDLE_S}`,
    ],
    // The token goes by environment: on the command line every user of the machine could read it.
    {
      cwd: folder,
      env: { ...process.env, JUPYTER_TOKEN: randomBytes(24).toString("hex"), JUPYTER_RUNTIME_DIR: recordFolder(home) },
      stdio: ["ignore", out, out],
      detached: true,
    },
  );
  closeSync(out);
  server.unref();
  let ended: number | null | undefined;
  server.on("exit", (code) => (ended = code));
  while (Date.now() < deadline && ended === undefined) {
    const found = await findLocalServer(home);
    if (found) return found;
    await pause();
  }
  const last = readFileSync(log, "utf8").trim().split("\n").pop() ?? "";
  throw new PairError("setup", `the local runtime did not start: ${last || `exit code ${ended}`} (all of it: ${log})`);
}

/** Jupyter writes address and token of a server into its runtime folder, readable for its user only. */
const recordFolder = (home: string): string => join(localFolder(home), "servers");
const pause = (): Promise<void> => new Promise((wake) => setTimeout(wake, POLL_MS));

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // half-written: it is being started
  }
}
