/** Starts colab_machine.py: a machine as Colab lends them, which ends with the test. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ROOT, scratch } from "./scratch.ts";

export interface Output {
  output_type: string;
  name?: string;
  text?: string;
  ename?: string;
  evalue?: string;
}

/** What nvidia-smi says of a T4 to the questions that we ask it. */
const SMI = '#!/bin/sh\ncase "$1" in *memory*) echo "Tesla T4, 15360";; *) echo "Tesla T4";; esac\n';

export class ColabMachine {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(context: TestContext, { gpu = false } = {}): Promise<ColabMachine> {
    context.after(() => machine.reclaim()); // before the folder is removed
    const machine = new ColabMachine(join(scratch(context), "m"));
    mkdirSync(join(machine.folder, "bin"), { recursive: true });
    writeFileSync(join(machine.folder, "on"), "");
    if (gpu) machine.plugInGpu();
    spawn(join(ROOT, ".venv", "bin", "python"), [join(ROOT, "tests", "support", "colab_machine.py"), machine.folder, String(process.pid)], { stdio: ["ignore", "ignore", "inherit"] }).unref();
    await until(() => existsSync(join(machine.folder, "socket")));
    return machine;
  }

  plugInGpu(): void {
    const path = join(this.folder, "bin", "nvidia-smi");
    writeFileSync(path, SMI);
    chmodSync(path, 0o755);
  }

  get isOn(): boolean {
    return existsSync(join(this.folder, "socket"));
  }

  /** Colab takes the machine back: files, kernel and jobs are gone. */
  async reclaim(): Promise<void> {
    rmSync(join(this.folder, "on"), { force: true });
    await until(() => !existsSync(this.folder));
  }

  /** Runs a cell to its end. Where the machine ends meanwhile, so does the answer. */
  run(code: string): Promise<Output[]> {
    return new Promise((resolve, reject) => {
      const socket = connect(join(this.folder, "socket"));
      const outputs: Output[] = [];
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the runtime disconnected")));
      createInterface({ input: socket }).on("line", (line) => {
        const said = JSON.parse(line) as Output | { done: true };
        if ("done" in said) resolve(outputs);
        else outputs.push(said);
      }).on("error", () => {});
      socket.write(`${JSON.stringify({ code })}\n`);
    });
  }
}

export async function until(isSo: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so within ${limitMs} ms: ${String(isSo)}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
