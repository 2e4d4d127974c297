/** The kernel as Jupyter finds and starts it: from a moved folder, with a broken installation, and without its parent. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runAll } from "./harness.ts";
import { topics } from "./topics.ts";

const python = [join(root, ".venv/bin/python"), join(root, ".venv/Scripts/python.exe")].find(existsSync)!;

/** A project folder elsewhere, with a space and an umlaut in its path; node_modules is linked to the real one. */
function moved(): string {
  const folder = join(mkdtempSync(join(tmpdir(), "kernel ")), "Übung 1");
  cpSync(join(root, "jupyter"), join(folder, "jupyter"), { recursive: true });
  return folder;
}
const link = (folder: string) => symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
const remove = (folder: string) => rmSync(join(folder, ".."), { recursive: true, force: true });

test("the kernel works from a folder that was moved", { timeout: 120_000 }, async () => {
  const folder = moved();
  link(folder);
  try {
    const wanted = ["one instance of zod in cell and library", "a thrown error is an error output with the line of the cell", "newDisplay is updated in place, from later cells too", "import.meta"];
    const some = topics.map((topic) => ({ ...topic, programs: topic.programs.filter((program) => wanted.includes(program.name)) }));
    const outcomes = await runAll(some, { name: "tslab", jupyterPath: join(folder, "jupyter"), folder: join(folder, "notebooks") });
    assert.deepEqual(outcomes.map(({ program, problem }) => [program.name, problem]).sort(), wanted.map((name) => [name, undefined]).sort());
  } finally {
    remove(folder);
  }
});

test("the launcher says what is wrong and what to do", () => {
  const folder = moved();
  const launch = () => spawnSync(python, [join(folder, "jupyter/kernels/tslab/launch_kernel.py"), "connection.json"], { encoding: "utf8" });
  try {
    const missing = launch();
    assert.notEqual(missing.status, 0);
    assert.match(missing.stderr, /node_modules is missing.*`npm start`/);

    mkdirSync(join(folder, "node_modules"));
    cpSync(join(root, "node_modules/tslab"), join(folder, "node_modules/tslab"), { recursive: true });
    const main = join(folder, "node_modules/tslab/dist/main.js");
    writeFileSync(main, readFileSync(main, "utf8").replaceAll("--engine", "--other"));
    const unpatched = launch();
    assert.notEqual(unpatched.status, 0);
    assert.match(unpatched.stderr, /patch.*not applied.*`npm start`/);
  } finally {
    remove(folder);
  }
});

test("a kernel whose port another program has taken says so and ends, whichever port it is", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kernel-port-"));
  const names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];
  try {
    for (const taken of names) {
      const servers = await Promise.all(names.map(() => new Promise<Server>((resolve) => { const server = createServer().listen(0, "127.0.0.1", () => { resolve(server); }); })));
      const ports = servers.map((server) => (server.address() as AddressInfo).port);
      const free = servers.filter((_, at) => names[at] !== taken);
      await Promise.all(free.map((server) => new Promise((resolve) => { server.close(resolve); })));
      const file = join(folder, "connection.json");
      writeFileSync(file, JSON.stringify({ ...Object.fromEntries(names.map((name, at) => [name, ports[at]])), ip: "127.0.0.1", transport: "tcp", key: "k", signature_scheme: "hmac-sha256", kernel_name: "tslab" }));
      const { error, status, stderr } = spawnSync(python, [join(root, "jupyter/kernels/tslab/launch_kernel.py"), file], { encoding: "utf8", timeout: 20_000 });
      servers[names.indexOf(taken)]?.close();
      assert.equal(error, undefined, `${taken}: it did not end: ${stderr}`);
      assert.notEqual(status, 0);
      assert.match(stderr, /^TypeScript kernel: cannot open its sockets: another program took its port tcp:\/\/127\.0\.0\.1:\d+ first\n$/);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a kernel whose Jupyter has died ends", { timeout: 60_000, skip: process.platform === "win32" }, async () => {
  const script = `
import os
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="tslab")
manager.start_kernel(cwd="${tmpdir()}")
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
client.execute("while (true) {}")
print(manager.provisioner.pid, flush=True)
os._exit(0)
`;
  const pid = Number(execFileSync(python, ["-c", script], { env: { ...process.env, JUPYTER_PATH: join(root, "jupyter") }, encoding: "utf8" }));
  assert.ok(pid > 1);
  const isAlive = () => !/^Z?$/.test(spawnSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" }).stdout.trim().slice(0, 1));
  for (let waited = 0; isAlive() && waited < 8000; waited += 100) await new Promise((done) => setTimeout(done, 100));
  const survived = isAlive();
  if (survived) process.kill(pid, "SIGKILL");
  assert.equal(survived, false);
});
