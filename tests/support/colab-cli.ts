/** A workbook in front of a Colab of its own, by the stand-in of the command line. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openCli, PairError, type CliOptions, type Runtime } from "llmops/pair";
import { until } from "./colab-machine.ts";
import { ROOT, scratch } from "./scratch.ts";

export const PROGRAM = join(ROOT, "tests", "support", "colab-cli");
export const unlessWindows = { skip: process.platform === "win32" ? "Google's command line does not run on Windows" : false };

export interface Colab {
  home: string;
  runtime: Runtime;
  open: (options?: CliOptions) => Runtime;
  /** Plants faults in the command line, instead of those before. */
  plant: (faults: Record<string, unknown>) => void;
  machines: () => string[];
  /** The words of every call, without the global flags. */
  calls: () => string[][];
}

export function colab(context: TestContext): Colab {
  context.after(async () => { // before the folder is removed
    for (const name of lent()) rmSync(join(machines, name, "on"), { force: true });
    await until(() => lent().length === 0);
  });
  const home = scratch(context), folder = join(home, "colab"), machines = join(folder, "machines");
  mkdirSync(machines, { recursive: true });
  writeFileSync(join(folder, "owner"), String(process.pid));
  process.env["FAKE_COLAB"] = folder;
  const lent = (): string[] => readdirSync(machines);
  const open = (options: CliOptions = {}): Runtime => openCli({ home, program: PROGRAM, goneMs: 300, env: {}, ...options });
  return {
    home, open, runtime: open(), machines: lent,
    plant: (faults) => writeFileSync(join(folder, "faults.json"), JSON.stringify(faults)),
    calls: () => readFileSync(join(folder, "calls.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as string[]),
  };
}

export const fails = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PairError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

export const machineFile = (home: string): string => join(home, "runtimes", "cli", "machine.json");

/** Makes our machine look as old as that. */
export function age(home: string, minutes: number): void {
  const file = JSON.parse(readFileSync(machineFile(home), "utf8")) as { endpoint: string };
  writeFileSync(machineFile(home), JSON.stringify({ ...file, started: Date.now() / 1000 - minutes * 60 }));
}

