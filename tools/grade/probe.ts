/**
 * Tries, from inside the sandbox, what must not work, and prints what held: `barriers {"files":true,…}`. Where it succeeds it
 * leaves nothing behind but an empty connection to a documentation address (RFC 5737) that answers nobody.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";

const { root, limits } = JSON.parse(process.argv[2]!) as { root: string; limits: { cpuSeconds: number; processes: number } };

const fails = (action: () => unknown): boolean => {
  try {
    action();
    return false;
  } catch {
    return true;
  }
};

/** Unreachable at once is a network that is not there; a timeout is one that swallows packets. */
const isCutOff = (host: string) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ host, port: 9, timeout: 2000 });
    const end = (cut: boolean) => {
      socket.destroy();
      resolve(cut);
    };
    socket.on("connect", () => end(false)).on("timeout", () => end(false)).on("error", (error: NodeJS.ErrnoException) => end(error.code === "ENETUNREACH"));
  });

/** As process.report shows them: what the kernel has for this process, not what was asked for. */
const { userLimits = {} } = process.report.getReport() as { userLimits?: Record<string, { hard: number | string }> };
const isLimited = (name: string, most: number) => Number(userLimits[name]?.hard) <= most;
const path = join(root, "package.json");
const outside = join(root, ".workbook-grade-probe");

const files = fails(() => readFileSync(path)) && fails(() => readdirSync(join(root, "chapters-61-72"))) && fails(() => readFileSync(join(root, "lib", "dist", "exercises", "62-1.js")));
const writing = fails(() => writeFileSync(outside, ""));
if (!writing) rmSync(outside, { force: true });
const network = (await isCutOff("192.0.2.1")) && (await isCutOff("2001:db8::1"));
const children = fails(() => {
  const { error } = spawnSync(process.execPath, ["--version"]);
  if (error) throw error;
});
/** In a namespace of processes the first one is the shell that mounted the files, and we are its child. */
const isContained = process.ppid === 1;
console.log(
  `barriers ${JSON.stringify({
    files,
    writing,
    network,
    children,
    processes: isContained && isLimited("max_user_processes", limits.processes),
    cpu: isLimited("cpu_time_seconds", limits.cpuSeconds + 1),
    memory: isLimited("data_seg_size_bytes", 2 ** 40),
    disk: isContained, // the scratch folder is memory of a fixed size
  })}`,
);
process.exit();
