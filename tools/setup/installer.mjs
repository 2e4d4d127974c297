// Runs pip, npm and tsc: output to a log, progress to the student, faults explained.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SetupError, StepProgress, explainFailure } from "./messages.mjs";
import { LOGS, ROOT } from "./paths.mjs";

/**
 * @param {{ title: string, what: string, logName: string, command: string, args: string[], env?: NodeJS.ProcessEnv,
 *   onLine?: (line: string) => void, fraction: () => number }} job
 *   `fraction` says how far the job is (0..1); it is asked twice a second.
 */
export async function runInstaller({ title, what, logName, command, args, env = process.env, onLine, fraction }) {
  mkdirSync(LOGS, { recursive: true });
  const logPath = join(LOGS, logName);
  const log = createWriteStream(logPath);
  log.on("error", () => {}); // a full disk: the installer meets it too, and its message is the one explained
  const progress = new StepProgress(title);
  const ticker = setInterval(() => progress.update(fraction()), 500);
  let output = "";
  let interrupted = false;
  const onInterrupt = () => {
    interrupted = true;
  };
  process.on("SIGINT", onInterrupt);
  try {
    const code = await new Promise((resolvePromise, reject) => {
      const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
      const take = (chunk) => {
        const text = chunk.toString();
        log.write(text);
        output = (output + text).slice(-20_000);
        if (onLine) text.split("\n").forEach(onLine);
      };
      child.stdout.on("data", take);
      child.stderr.on("data", take);
      child.on("error", reject);
      child.on("close", resolvePromise);
    });
    if (interrupted) {
      throw new SetupError(
        "Interrupted while installing.",
        "Nothing is lost: run the same command again and it goes on from here.",
        { interrupted: true },
      );
    }
    if (code !== 0) throw explainFailure(what, output, logPath);
    progress.done();
  } catch (error) {
    progress.fail();
    throw error;
  } finally {
    clearInterval(ticker);
    process.off("SIGINT", onInterrupt);
    log.end();
  }
}
