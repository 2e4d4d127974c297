/** What the tests of paired runtimes stand on: a real Jupyter server, a network that breaks, jobs of plain Python. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync, mkdirSync, mkdtempSync, existsSync, rmSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openJupyter, openLocal, type Job, type Run, type Runtime } from "llmops/pair";
import { ROOT } from "./scratch.ts";

const PYTHON = join(ROOT, ".venv", "bin", "python");

export interface TestServer {
  url: string;
  token: string;
  /** The folder that it serves: jobs lie in `llmops-jobs` below it. */
  folder: string;
  stop: () => Promise<void>;
}

/** A Jupyter server as `pip install jupyter-server` gives it: no limit is changed. */
export async function startJupyter(folder: string, token = "a-token-of-the-tests"): Promise<TestServer> {
  const records = join(folder, "servers");
  mkdirSync(records, { recursive: true });
  const child = spawn(PYTHON, ["-m", "jupyter_server", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--no-browser", "--ServerApp.allow_root=True", `--ServerApp.root_dir=${folder}`], {
    cwd: folder, env: { ...process.env, JUPYTER_TOKEN: token, JUPYTER_RUNTIME_DIR: records }, stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const url = await until(async () => {
    const name = readdirSync(records).find((entry) => /^jpserver-\d+\.json$/.test(entry));
    const found = name === undefined ? undefined : (JSON.parse(readFileSync(join(records, name), "utf8") || "{}") as { url?: string }).url;
    if (found === undefined) return undefined;
    const response = await fetch(`${found}api/status?token=${token}`).catch(() => undefined);
    return response?.ok ? found : undefined;
  });
  return {
    url, token, folder,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      endProcesses(folder);
    },
  };
}

/** Folders of a test file's own. */
export interface Place {
  root: string;
  /** Where its runs are recorded. */
  home: string;
  runtime: Runtime;
}

/** A place on a Jupyter server of the test file's own; both go with the last test. */
export async function onJupyter(): Promise<Place & { server: TestServer; inRuntime: (run: Run, name: string) => string }> {
  const root = mkdtempSync(join(tmpdir(), "workbook-test-"));
  const server = await startJupyter(join(root, "server"));
  const runtime = openJupyter({ url: server.url, token: server.token });
  after(async () => {
    await runtime.close();
    await server.stop();
    clear(root);
  });
  return { root, home: join(root, "home"), runtime, server, inRuntime: (run, name) => join(server.folder, "llmops-jobs", run.id, name) };
}

/** A place on the local route; its server and its jobs go with the last test. */
export function onLocal(): Place & { jobs: string } {
  const root = mkdtempSync(join(tmpdir(), "workbook-test-"));
  const home = join(root, "home"), runtime = openLocal({ home, packages: "standard" });
  after(async () => {
    await runtime.stop();
    clear(root);
  });
  return { root, home, runtime, jobs: join(home, "runtimes/local/jobs") };
}

function clear(root: string): void {
  endProcesses(root);
  rmSync(root, { recursive: true, force: true });
}

/** Ends what still runs of the jobs below a folder, as after a test that failed. */
export function endProcesses(folder: string): void {
  for (const pid of processesOf(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}

/** Processes whose command line or environment names the folder: supervisors and jobs (Linux). */
export function processesOf(folder: string): number[] {
  if (!existsSync("/proc/self/environ")) return [];
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).filter((pid) => {
    try {
      if (readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) return false;
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(folder) || readFileSync(`/proc/${pid}/environ`, "utf8").includes(`LLMOPS_JOB=${folder}`);
    } catch {
      return false;
    }
  }).map(Number);
}

/** Asks until there is an answer. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, limitMs = 30_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`nothing after ${limitMs / 1000} s: ${String(look)}`);
    await pause(20);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

/** A network between client and server that can be cut, refuse for a while, or break off after so many bytes. */
export async function startProxy(target: string): Promise<{ url: string; cut: () => void; refuse: (yes: boolean) => void; breakAfter: (bytes: number) => void; stop: () => void }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let refuses = false, left = Infinity;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((client) => {
    if (refuses) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (block: Buffer) => {
      left -= block.length;
      if (left < 0) {
        left = Infinity;
        cut();
      } else client.write(block);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    cut,
    refuse: (yes) => {
      refuses = yes;
      if (yes) cut();
    },
    breakAfter: (bytes) => (left = bytes),
    stop: () => {
      cut();
      server.close();
    },
  };
}

/** A job of plain Python whose program is the given text; it finds `metrics` and `artifacts` ready. */
export function pythonJob(folder: string, name: string, program: string, more: Partial<Job> = {}): Job {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.py`);
  writeFileSync(path, `import json, os, pathlib, signal, subprocess, sys, time\nfrom runtime.metrics import Metrics\nmetrics, artifacts = Metrics(), pathlib.Path("artifacts")\n${program}`);
  return { name, code: [], command: ["{python}", "job.py"], packages: "standard", ...more, files: { "job.py": path, ...more.files } };
}

/** How a command ended, and what it said. */
export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunsCommand {
  kill: (signal: NodeJS.Signals) => void;
  ended: Promise<Outcome>;
}

/** The real `llmops runs`. */
export function startRuns(home: string, args: string[]): RunsCommand {
  const child = spawn(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "runs", ...args], { cwd: ROOT, env: { ...process.env, LLMOPS_HOME: home } });
  let stdout = "", stderr = "";
  child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  return { kill: (signal) => child.kill(signal), ended: new Promise((resolve) => child.on("close", (status) => resolve({ status, stdout, stderr }))) };
}

/** A job of twelve steps with checkpoints; it waits at the sixth until there is a file `go`. */
export const STEPS = `
mark = pathlib.Path("checkpoints/step.txt"); mark.parent.mkdir(exist_ok=True)
first = int(mark.read_text()) if mark.exists() else 0
print("from step", first)
try:
    for step in range(first + 1, 13):
        metrics.log(step, steps=12, loss=1 / step)
        mark.write_text(str(step))
        while step == 6 and not pathlib.Path("go").exists(): time.sleep(0.05)
except KeyboardInterrupt:
    sys.exit(0)
(artifacts / "result.json").write_text(json.dumps({"last": step}))
`;

/** A job of half a minute that only reports. */
export const TICKS = `
for step in range(1, 601):
    metrics.log(step)
    time.sleep(0.05)
`;
