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

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 100;
const IDLE_S = 1800;

/** Where the local runtime keeps its server's record and its jobs. */
export const localFolder = (home = findWorkbookHome()): string => join(home, "runtimes", "local");

// What Jupyter itself writes of a server that listens.
const ServerRecord = z.object({ url: z.string(), token: z.string(), pid: z.int() });

/** The server that runs, or undefined. A record whose server does not answer is none. */
export async function findLocalServer(home = findWorkbookHome()): Promise<(JupyterServer & { pid: number }) | undefined> {
  const folder = recordFolder(home);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^jpserver-\d+\.json$/.test(name)) : [];
  for (const name of names) {
    const record = ServerRecord.safeParse(readJson(join(folder, name)));
    if (record.success && (await answers(record.data))) return record.data;
  }
  return undefined;
}

async function answers({ url, token }: JupyterServer): Promise<boolean> {
  try {
    const response = await fetch(new URL("api/status", url), { headers: { authorization: `token ${token}` }, signal: AbortSignal.timeout(5000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** The local server, started if need be; two notebooks that ask at once get the same. */
export async function startLocalServer(home = findWorkbookHome()): Promise<JupyterServer> {
  const folder = localFolder(home);
  mkdirSync(folder, { recursive: true });
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const found = await findLocalServer(home);
    if (found) return found;
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

/** Ends the local server, and waits until it has. Jobs are processes of their own: interrupt them first. */
export async function stopLocalServer(home = findWorkbookHome()): Promise<void> {
  const found = await findLocalServer(home);
  if (!found) return;
  process.kill(found.pid, "SIGTERM");
  const deadline = Date.now() + STOP_LIMIT_MS;
  while (isRunning(found.pid) && Date.now() < deadline) await pause();
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

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
