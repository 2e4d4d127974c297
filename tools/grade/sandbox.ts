/**
 * A process in which a student's code runs, and can do little else. Two fences, one inside the other:
 *
 * - Linux, where it lets us: namespaces of its own for mounts, processes, network and IPC. The file tree holds Node, the
 *   packages, the compiled library without its exercises, and a scratch folder in memory; there is no network but its own
 *   loopback; all its processes end with the first. As root it runs under a user id that nobody else has, as anyone else in a
 *   user namespace; in both without capabilities, with limits of the kernel on CPU time, processes, data and file size.
 * - Node's permission model, everywhere: reads of the same files only, writes to the scratch folder only, no child processes,
 *   no worker threads, no native addons. Node says itself that this is no barrier against malicious code, and it knows no
 *   network; without the first fence, the report says so.
 *
 * What really holds is found by trying (probe.ts), not by looking at which programs are installed.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../paths.ts";
import { BARRIERS, type Barrier, type Limits } from "./limits.ts";
import { kill, Session, START_MS } from "./session.ts";

const HERE = import.meta.dirname;
const NODE = realpathSync(process.execPath);
const DIST = join(ROOT, "lib", "dist");
/** In memory, as long as the process lives. */
const SCRATCH_MIB = 64;

/** How a student's process is fenced, from the strongest on. */
export type Fence = "root" | "user" | "node";

export class Sandbox {
  readonly #fence: Fence;
  readonly #permission: boolean;
  readonly #limits: Limits;
  /** Where the file tree is mounted, seen by the sandboxed process only; or the scratch folder itself. */
  readonly #folder: string;
  readonly #live = new Set<Session>();
  #started = 0;
  enforced: Barrier[] = [];
  /** Why the first fence could not be put up, if so. */
  readonly refusals: string[] = [];

  private constructor(fence: Fence, limits: Limits, permission: boolean) {
    this.#fence = fence;
    this.#permission = permission;
    this.#limits = limits;
    this.#folder = mkdtempSync(join(tmpdir(), "workbook-grade-"));
  }

  /**
   * The strongest fence that this machine allows, tried from inside.
   * @param permission whether Node's permission model is on: off only to see what the other fence holds by itself
   */
  static async open(limits: Limits, { fences = possibleFences(), permission = true }: { fences?: Fence[]; permission?: boolean } = {}): Promise<Sandbox> {
    const refusals: string[] = [];
    for (const fence of fences) {
      const sandbox = new Sandbox(fence, limits, permission);
      sandbox.refusals.push(...refusals);
      try {
        sandbox.enforced = await sandbox.#probe();
        return sandbox;
      } catch (error) {
        await sandbox.close();
        refusals.push(`${fence === "node" ? "Node" : `namespaces as ${fence}`}: ${(error as Error).message}`);
      }
    }
    throw new Error(`no process for a student's code can be started here:\n${refusals.join("\n")}`);
  }

  get missing(): string[] {
    return (Object.keys(BARRIERS) as Barrier[]).filter((barrier) => !this.enforced.includes(barrier)).map((barrier) => BARRIERS[barrier]);
  }

  start(): Session {
    const session = new Session(this.#spawn([join(HERE, "runner.ts")]), this.#limits);
    this.#live.add(session);
    void session.ended.then(() => this.#live.delete(session));
    return session;
  }

  /** Ends whatever runs, waits until it is gone, and removes the folder. */
  async close(): Promise<void> {
    const live = [...this.#live];
    for (const session of live) session.stop();
    await Promise.all(live.map(({ ended }) => ended));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #probe(): Promise<Barrier[]> {
    const child = this.#spawn([join(HERE, "probe.ts"), JSON.stringify({ root: ROOT, limits: this.#limits })]);
    let output = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    const timer = setTimeout(() => kill(child), START_MS);
    await new Promise((resolve) => child.on("close", resolve).on("error", resolve));
    clearTimeout(timer);
    const found = /^barriers (\{.*\})$/m.exec(output)?.[1];
    if (found === undefined) throw new Error(output.trim().split("\n")[0] || "it could not be started");
    const held = JSON.parse(found) as Partial<Record<Barrier, boolean>>;
    // Not to be tried from inside: the first process of a namespace, or this one, dies with the grader.
    // The kernel counts the processes of everyone but its own root.
    if (this.#fence !== "root" && process.getuid?.() === 0) held.processes = false;
    if (this.#fence === "node") held.processes = held.disk = false;
    held.orphans = process.platform === "linux" && hasAll(["setpriv"]);
    return (Object.keys(BARRIERS) as Barrier[]).filter((barrier) => held[barrier]);
  }

  #spawn(script: string[]): ChildProcess {
    const scratch = this.#fence === "node" ? join(this.#folder, `${this.#started}`) : "/scratch";
    if (this.#fence === "node") mkdirSync(scratch);
    const [command, ...args] = [...this.#outside(), ...this.#inside(scratch), ...script];
    this.#started++;
    const child = spawn(command!, args, {
      // A group of its own: killed as one, and out of reach of the terminal's Ctrl-C, which the grader handles.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      cwd: this.#fence === "node" ? scratch : this.#folder,
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: scratch, TMPDIR: scratch, LLMOPS_HOME: join(scratch, ".workbook"), NO_COLOR: "1", ...(process.platform === "win32" ? { SystemRoot: process.env["SystemRoot"] } : {}) },
    });
    if (this.#fence === "node") child.on("close", () => rmSync(scratch, { recursive: true, force: true }));
    return child;
  }

  /** Everything in front of Node. */
  #outside(): string[] {
    const { cpuSeconds, processes, memoryMiB } = this.#limits;
    const limit = [
      "prlimit", `--cpu=${cpuSeconds}:${cpuSeconds + 1}`, `--nproc=${processes}`, `--data=${dataBytes(memoryMiB)}`, `--fsize=${SCRATCH_MIB << 20}`, "--core=0", "--nofile=256", "--",
    ];
    if (this.#fence === "node") return process.platform === "linux" && hasAll(["prlimit", "setpriv"]) ? ["setpriv", "--pdeathsig", "KILL", ...limit.filter((flag) => !flag.startsWith("--nproc"))] : [];
    const drop = ["/setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"];
    // Ids that nobody has: the kernel counts processes by user.
    const id = 1_000_000_000 + (process.pid % 100_000) * 1000 + (this.#started % 1000);
    const user = this.#fence === "root" ? [`--reuid=${id}`, `--regid=${id}`, "--clear-groups"] : [];
    return [
      "setpriv", "--pdeathsig", "KILL", "unshare", ...(this.#fence === "user" ? ["--user", "--map-root-user"] : []), "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child",
      "sh", "-c", FILE_TREE, "grade", this.#folder, NODE, ROOT, HERE, ...limit, "chroot", this.#folder, ...drop, ...user,
    ];
  }

  #inside(scratch: string): string[] {
    const folders = readdirSync(DIST).filter((name) => name !== "exercises").map((name) => join(DIST, name));
    const readable = [join(ROOT, "node_modules"), join(ROOT, "lib", "package.json"), ...folders, HERE, scratch];
    return [
      this.#fence === "node" ? NODE : "/node", "--no-warnings", `--max-old-space-size=${this.#limits.memoryMiB}`,
      ...(this.#permission ? ["--permission", ...readable.map((path) => `--allow-fs-read=${path}`), `--allow-fs-write=${scratch}`] : []),
    ];
  }
}

/** The heap, and as much again and 512 MiB for what Node has beside it: code, buffers, stacks. */
const dataBytes = (memoryMiB: number) => (2 * memoryMiB + 512) * 2 ** 20;

/**
 * Mounts the file tree that the process will see, and runs the command behind it. Arguments: the empty folder to mount it
 * on, Node, the repository, the grader's folder. The mounts are in this shell's namespace, and go with it.
 */
const FILE_TREE = `
set -e
new=$1 node=$2 root=$3 here=$4; shift 4
mount_readonly() { mount --bind "$1" "$2" && { mount -o remount,bind,ro,nosuid,nodev "$2" 2>/dev/null || mount -o remount,bind,ro "$2"; }; }
mount -t tmpfs -o size=${SCRATCH_MIB}m,nr_inodes=8192,mode=755 tmpfs "$new"
mkdir -p "$new/usr" "$new/scratch" "$new/dev" "$new$root/lib/dist" "$new$root/node_modules" "$new$here"
for folder in usr/lib usr/lib64 lib lib64; do
  if [ -L "/$folder" ]; then ln -s "$(readlink "/$folder")" "$new/$folder"
  elif [ -d "/$folder" ]; then mkdir -p "$new/$folder"; mount_readonly "/$folder" "$new/$folder"; fi
done
touch "$new/node" "$new/setpriv"
mount_readonly "$node" "$new/node"
mount_readonly "$(command -v setpriv)" "$new/setpriv"
mount_readonly "$root/lib/dist" "$new$root/lib/dist"
mount -t tmpfs -o size=4k,ro tmpfs "$new$root/lib/dist/exercises"
mount_readonly "$root/node_modules" "$new$root/node_modules"
mount_readonly "$here" "$new$here"
cp "$root/lib/package.json" "$new$root/lib/package.json"
for device in null zero random urandom; do touch "$new/dev/$device"; mount --bind "/dev/$device" "$new/dev/$device"; done
chmod 1777 "$new/scratch"
mount -o remount,mode=755 "$new" 2>/dev/null || true
ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || true
cd /
# Not exec: the kernel spares the first process of a namespace the signal of a used-up CPU limit.
status=0
"$@" || status=$?
exit $status
`;

const hasAll = (programs: string[]) => programs.every((program) => spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0);

function possibleFences(): Fence[] {
  if (process.platform !== "linux" || !hasAll(["unshare", "setpriv", "prlimit", "mount", "chroot"]) || !existsSync("/proc/self/ns/pid")) return ["node"];
  return process.getuid?.() === 0 ? ["root", "user", "node"] : ["user", "node"];
}
