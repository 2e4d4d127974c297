/** Runs a long-living command of the workbook, as a terminal would, and ends it with its whole family. */
import { spawn, type ChildProcess } from "node:child_process";
import type { TestContext } from "node:test";
import { ROOT } from "./scratch.ts";

export interface RunningCommand {
  process: ChildProcess;
  output: () => string;
  /** Resolves with the first match of the pattern in the output so far. */
  waitFor: (pattern: RegExp, limitMs?: number) => Promise<RegExpExecArray>;
  ended: Promise<number | null>;
}

export function startCommand(context: TestContext, command: string, args: string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  context.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid!, "SIGINT");
      const killer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 15_000);
      await ended;
      clearTimeout(killer);
    }
  });
  const waitFor = async (pattern: RegExp, limitMs = 120_000) => {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const match = pattern.exec(output);
      if (match) return match;
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${String(pattern)} not seen in:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return { process: child, output: () => output, waitFor, ended };
}
