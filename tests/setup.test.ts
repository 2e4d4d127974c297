/** What a machine may lack on the first start, and what the student then reads. Real pip and venv where they matter. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { ROOT, scratch } from "./support/scratch.ts";

const posix = { skip: process.platform === "win32" ? "the stand-ins are shell scripts" : false };

/** A clone with nothing installed. */
function freshClone(context: TestContext, folder = scratch(context)): string {
  for (const path of ["package.json", "package-lock.json", "lib/package.json", "jupyter/requirements.txt", "jupyter/constraints.txt", "tools"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  writeFileSync(join(folder, "hello.mjs"), 'console.log("hello from", process.version);');
  return folder;
}

/** A folder with one command in it, to stand first on the path. */
function command(folder: string, name: string, script: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return bin;
}

function setUp(clone: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/with-setup.mjs", "hello.mjs"], {
    cwd: clone,
    encoding: "utf8",
    env: { ...process.env, CI: "true", ...env },
    timeout: 120_000,
  });
  return { status, output: stdout + stderr };
}

// The machine's own Python without the workbook's .venv, which `npm test` puts on the path.
const machinePath = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes(".venv")).join(delimiter);

function realPython(): string {
  const query = ["-c", "import sys; print(sys.executable)"];
  return spawnSync("python3", query, { encoding: "utf8", env: { ...process.env, PATH: machinePath } }).stdout.trim();
}

test("no Python: says so, and how to install one", posix, (context) => {
  const clone = freshClone(context);
  const { status, output } = setUp(clone, { PATH: join(clone, "nothing-here") });
  assert.equal(status, 1);
  assert.match(output, /No Python was found. JupyterLab needs Python 3\.10 or newer/);
  assert.match(output, /apt install python3|brew install python/);
});

test("a Python that is too old: names its version and place", posix, (context) => {
  const clone = freshClone(context);
  const bin = command(clone, "python3", `echo '{"version": [3, 8, 10], "executable": "/usr/bin/python3.8", "venv": true}'`);
  const { status, output } = setUp(clone, { PATH: bin });
  assert.equal(status, 1);
  assert.match(output, /Python 3\.8\.10 \(\/usr\/bin\/python3\.8\) is too old/);
  assert.match(output, /WORKBOOK_PYTHON/);
});

test("a Python without venv: names the package that brings it", posix, (context) => {
  const clone = freshClone(context);
  const bin = command(clone, "python3", `echo '{"version": [3, 12, 3], "executable": "/usr/bin/python3", "venv": false}'`);
  const { status, output } = setUp(clone, { PATH: bin });
  assert.equal(status, 1);
  assert.match(output, /has no venv module/);
  assert.match(output, /apt install python3\.12-venv/);
});

test("no network on the first start: one sentence and what to do, nothing half made", posix, (context) => {
  const clone = freshClone(context);
  const { status, output } = setUp(clone, {
    PATH: machinePath,
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: "http://127.0.0.1:9/simple", // the discard port: refused at once
    PIP_RETRIES: "0",
    PIP_NO_CACHE_DIR: "1",
  });
  assert.equal(status, 1, output);
  assert.match(output, /registries \(pypi\.org, registry\.npmjs\.org\) cannot be reached/);
  assert.match(output, /The first start needs a network/);
  assert.match(output, /Full log: .*pip\.log/);
  assert.ok(!existsSync(join(clone, ".venv", "workbook-stamp.json")), "an unfinished .venv must not count as made");
});

test("too little disk: said before anything is downloaded", posix, (context) => {
  let small = "";
  context.after(() => spawnSync("umount", ["-l", small])); // hooks run in this order: unmount, then remove
  small = scratch(context);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=300m", "tmpfs", small]);
  if (mounted.status !== 0) {
    context.skip("needs the right to mount a small file system");
    return;
  }
  const { status, output } = setUp(freshClone(context, small), { PATH: machinePath });
  assert.equal(status, 1, output);
  assert.match(output, /The disk is full: the installation needs about 1\.4 GB, and \d+ MB are free/);
  assert.ok(!existsSync(join(small, ".venv")));
});

test("a disk that fills up while installing: the same sentence, from pip's own words", posix, (context) => {
  const clone = freshClone(context);
  // A real interpreter except for pip, which ends as it does when the disk is full.
  const bin = command(clone, "python3", `exec ${realPython()} "$@"`);
  mkdirSync(join(clone, "site"));
  writeFileSync(join(clone, "site", "pip.py"), 'raise SystemExit("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device")');
  const { status, output } = setUp(clone, { PATH: `${bin}${delimiter}${machinePath}`, PYTHONPATH: join(clone, "site") });
  assert.equal(status, 1, output);
  assert.match(output, /Installing the Python packages failed\. The disk is full/);
  assert.match(output, /Free some space, then run the same command again/);
});

test("a half-finished installation is replaced, a lock of a dead process is taken over", posix, (context) => {
  const clone = freshClone(context);
  mkdirSync(join(clone, ".venv", "bin"), { recursive: true });
  writeFileSync(join(clone, ".venv", "bin", "python"), "half a Python");
  mkdirSync(join(clone, ".workbook"));
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(clone, ".workbook", "setup.lock"), String(dead));
  // Far enough to see the ruin replaced: the packages themselves are refused.
  const { output } = setUp(clone, { PATH: machinePath, PIP_CONFIG_FILE: "/dev/null", PIP_INDEX_URL: "http://127.0.0.1:9/simple", PIP_RETRIES: "0" });
  assert.match(output, /Making the Python environment \(\.venv\): done/);
  assert.notEqual(readFileSync(join(clone, ".venv", "bin", "python")).toString("latin1").slice(0, 13), "half a Python");
});

test("started where the workbook's own .venv is first on the path, as in JupyterLab's terminal: the Python beneath is used", posix, (context) => {
  const clone = freshClone(context);
  assert.equal(spawnSync(realPython(), ["-m", "venv", "--without-pip", join(clone, ".venv")]).status, 0);
  const path = `${join(clone, ".venv", "bin")}${delimiter}${machinePath}`;
  const { output } = setUp(clone, { PATH: path, PIP_CONFIG_FILE: "/dev/null", PIP_INDEX_URL: "http://127.0.0.1:9/simple", PIP_RETRIES: "0" });
  assert.match(output, /Making the Python environment \(\.venv\): done/);
  assert.match(output, /registries \(pypi\.org, registry\.npmjs\.org\) cannot be reached/);
});

test("where all is there, a command does not wait for one that installs", (context) => {
  const lock = join(ROOT, ".workbook", "setup.lock");
  writeFileSync(lock, String(process.pid));
  context.after(() => rmSync(lock, { force: true }));
  const { status, stderr } = spawnSync("npm", ["run", "llmops", "--silent", "--", "--help"], { cwd: ROOT, encoding: "utf8", shell: process.platform === "win32" });
  assert.equal(status, 0, stderr);
});

test("a second installation beside a running one waits its turn", posix, (context) => {
  const clone = freshClone(context);
  mkdirSync(join(clone, ".workbook"));
  writeFileSync(join(clone, ".workbook", "setup.lock"), String(process.pid));
  const { status, output } = setUp(clone, { PATH: machinePath });
  assert.equal(status, 1);
  assert.match(output, new RegExp(`process ${process.pid}\\) is installing the workbook right now`));
});

test("Ctrl-C while installing: exit 130, and the next start goes on", posix, async (context) => {
  const clone = freshClone(context);
  const child = spawn(process.execPath, ["tools/with-setup.mjs", "hello.mjs"], {
    cwd: clone,
    env: { ...process.env, CI: "true", PATH: machinePath },
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  while (!output.includes("Installing JupyterLab")) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  process.kill(-child.pid!, "SIGINT"); // as a terminal does: to the whole group
  assert.equal(await ended, 130, output);
  assert.match(output, /Interrupted while installing\.[\s\S]*run the same command again/);
  assert.ok(!existsSync(join(clone, ".workbook", "setup.lock")));
});
