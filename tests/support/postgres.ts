/** A Postgres server for the contract tests: DATABASE_URL_TEST, or a cluster of our own from Debian's package. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const named = process.env["DATABASE_URL_TEST"];
const bin = globSync("/usr/lib/postgresql/*/bin").filter((folder) => existsSync(join(folder, "initdb"))).sort((a, b) => version(a) - version(b)).at(-1);

function version(folder: string): number {
  return Number(/postgresql\/(\d+)/.exec(folder)?.[1]);
}

/** Why there is no server; false where there is one. In CI that is a failure: tests run, and fail. */
export const noPostgres: string | false =
  named || bin || process.env["CI"] ? false : "no Postgres server: install Debian's package postgresql, or set DATABASE_URL_TEST";

export interface TestPostgres {
  url: string;
  /** Stops the server as a crash would, and starts it again. */
  restart?: () => void;
  stop(): void;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a cluster in a new folder, as an unprivileged user: Postgres does not run as root. */
export async function startPostgres(): Promise<TestPostgres> {
  if (named) return { url: named, stop: () => undefined };
  if (!bin) throw new Error("no Postgres server: apt-get install postgresql, or set DATABASE_URL_TEST");
  const folder = mkdtempSync(join(tmpdir(), "task-api-postgres-"));
  const root = process.getuid?.() === 0;
  const user = root ? { uid: idOf("postgres", "-u"), gid: idOf("postgres", "-g") } : {};
  if (root) chownSync(folder, user.uid!, user.gid!);
  chmodSync(folder, 0o700);
  const data = join(folder, "data"), port = await freePort();
  const run = (program: string, args: string[]): void => {
    const { status, stdout, stderr } = spawnSync(join(bin, program), args, { ...user, cwd: folder, encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8", HOME: folder } });
    if (status !== 0) throw new Error(`${program} failed: ${stdout}${stderr}`);
  };
  const start = (): void => { run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`, "start"]); };
  run("initdb", ["-D", data, "-U", "tasks", "-A", "trust", "-E", "UTF8", "--no-sync"]);
  start();
  return {
    url: `postgres://tasks@127.0.0.1:${port}/postgres`,
    restart: () => {
      run("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
      start();
    },
    stop: () => {
      run("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const idOf = (user: string, which: "-u" | "-g"): number => Number(execFileSync("id", [which, user], { encoding: "utf8" }));
