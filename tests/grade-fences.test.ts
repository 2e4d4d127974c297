/** The two fences around a student's process, each by itself; and what happens to it when the grader dies. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "csv-parse/sync";
import { gradeFolder } from "../tools/grade-notebooks.ts";
import { BARRIERS, DEFAULTS } from "../tools/grade/limits.ts";
import { Sandbox, type Fence } from "../tools/grade/sandbox.ts";
import { ROOT, scratch } from "./support/scratch.ts";
import { submissions, writeSubmissions } from "./support/submissions.ts";

const LIMITS = { ...DEFAULTS, seconds: 10, memoryMiB: 128, processes: 48 };
const isRoot = process.getuid?.() === 0;
/** The kernel's fence, where this machine has one; a machine without it says so, and there is nothing to test. */
const kernel: Fence = isRoot ? "root" : "user";
const withKernel = await Sandbox.open(LIMITS, { fences: [kernel], permission: false }).then(
  (sandbox) => sandbox,
  (error: Error) => error.message,
);
const needsKernel = { skip: typeof withKernel === "string" ? withKernel : false };

/** Runs a program in the sandbox and gives the value that it returns. */
async function valueOf(sandbox: Sandbox, program: string, seconds = 20): Promise<unknown> {
  const session = sandbox.start();
  session.send({ program: `const value = await (async () => { ${program} })(); return () => value;`, exercises: {}, root: ROOT });
  const ready = await session.ready();
  assert.ok("message" in ready, JSON.stringify(ready));
  const reply = await session.next(seconds * 1000);
  session.stop();
  await session.ended;
  return "message" in reply ? reply.message["value"] ?? reply.message["thrown"] : reply.end;
}

test("the kernel's fence alone: what the probe finds", needsKernel, () => {
  const { enforced } = withKernel as Sandbox;
  assert.deepEqual(enforced.toSorted(), Object.keys(BARRIERS).filter((barrier) => barrier !== "children").sort(), "all but starting programs, which is Node's part");
});

test("the kernel's fence alone: no solution can be read, and nothing written", needsKernel, async () => {
  const value = await valueOf(
    withKernel as Sandbox,
    `const fs = require("node:fs");
     const seen = [];
     const walk = (folder, depth) => { let names; try { names = fs.readdirSync(folder); } catch { return; } for (const name of names) { const path = folder + "/" + name; seen.push(path); if (depth > 0) walk(path, depth - 1); } };
     walk("", 1); walk(${JSON.stringify(ROOT)}, 3);
     const written = ["/x", "/usr/lib/x", ${JSON.stringify(join(ROOT, "x"))}, ${JSON.stringify(join(ROOT, "lib", "dist", "x"))}, ${JSON.stringify(join(ROOT, "tools", "grade", "x"))}, ${JSON.stringify(join(ROOT, "node_modules", "x"))}].filter((path) => { try { fs.writeFileSync(path, "x"); return true; } catch { return false; } });
     return JSON.stringify({ written, proc: seen.filter((path) => path.startsWith("/proc/")), solutions: seen.filter((path) => /exercises\\/|chapters-61-72|\\/tests|\\/build\\/instructor|\\.git\\b|\\/src\\b.*exercises|ipynb/.test(path) && !path.includes("/node_modules/")) });`,
  );
  assert.deepEqual(JSON.parse(value as string), { written: [], proc: [], solutions: [] });
});

test("the kernel's fence alone: a fork bomb stops at the number of processes, and goes with its parent", needsKernel, async () => {
  const value = await valueOf(
    withKernel as Sandbox,
    `const { spawn } = require("node:child_process");
     let started = 0, refused = 0;
     for (let i = 0; i < 30; i++) { const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"], { stdio: "ignore", detached: true }); child.on("error", () => {}); if (child.pid === undefined) refused++; else started++; }
     return [started, refused];`,
  );
  const [started, refused] = value as [number, number];
  assert.ok(refused > 0, `${started} started, ${refused} refused`);
  assert.deepEqual(alive("setInterval(() => {}, 1e9)"), []);
});

test("the kernel's fence alone: loopback is there, and it is nobody else's", needsKernel, async () => {
  const value = await valueOf(
    withKernel as Sandbox,
    `const net = require("node:net");
     const server = net.createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
     await new Promise((resolve) => server.once("listening", resolve));
     return await new Promise((resolve) => net.connect(server.address().port, "127.0.0.1").on("data", (data) => resolve(String(data))).on("error", (error) => resolve(error.code)));`,
  );
  assert.equal(value, "hello");
});

test("CPU time is limited", needsKernel, async (context) => {
  const sandbox = await Sandbox.open({ ...LIMITS, cpuSeconds: 2 });
  context.after(() => sandbox.close());
  const end = (await valueOf(sandbox, "for (;;) {}", 60)) as { why: string };
  assert.equal(end.why, "cpu", JSON.stringify(end));
});

test("the heap is limited", async (context) => {
  const sandbox = await Sandbox.open(LIMITS);
  context.after(() => sandbox.close());
  const end = (await valueOf(sandbox, "const all = []; for (;;) all.push(new Array(1e5).fill({ a: 1 }));", 120)) as { why: string };
  assert.equal(end.why, "memory", JSON.stringify(end));
});

test("Node's fence alone: right scores, and what it cannot enforce stands in every row", async (context) => {
  const home = scratch(context);
  const marker = join(home, "marker");
  const wanted = ["right/62.1.ipynb", "hostile/fork-bomb.ipynb", "hostile/reads.ipynb", "hostile/writes.ipynb", "mistakes/no-mask.ipynb"];
  const all = submissions([marker]).filter(({ file }) => wanted.includes(file));
  writeSubmissions(join(home, "in"), all);
  const said: string[] = [];
  await gradeFolder({ folder: join(home, "in"), out: join(home, "out"), limits: LIMITS, fences: ["node"], say: (line) => said.push(line) });
  const rows = parse<Record<string, string>>(readFileSync(join(home, "out", "grades.csv"), "utf8"), { columns: true });
  assert.deepEqual(rows.map(({ file, score }) => [file, score]), all.map(({ file, score }) => [file, `${score}`]).sort());
  for (const row of rows) assert.match(row["not enforced"]!, /the network beyond this process; the number of processes/);
  assert.ok(said.includes("Not enforced on this machine: the network beyond this process."));
  const page = readFileSync(join(home, "out", "index.html"), "utf8");
  assert.match(page, /Not enforced on the machine that graded:<\/strong> the network/);
  assert.match(page, /started 0\b/);
  assert.match(page, /could read by: no way/);
  assert.match(page, /wrote 0/);
  assert.ok(!existsSync(marker));
});

const RUNNER = join(ROOT, "tools", "grade", "runner.ts");
const asAnyone = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"];
const needsRoot = { skip: !isRoot || spawnSync("setpriv", [...asAnyone.slice(1), process.execPath, "-e", `require(${JSON.stringify(join(ROOT, "package.json"))})`]).status !== 0 ? "tried as root, who can become someone else" : false };

test("as a user without rights: the same barriers, by a user namespace", needsRoot, async (context) => {
  const home = open(scratch(context));
  const wanted = ["right/62.1.ipynb", "hostile/network.ipynb", "hostile/reads.ipynb", "hostile/writes.ipynb"];
  const all = submissions([join(home, "marker")]).filter(({ file }) => wanted.includes(file));
  writeSubmissions(open(join(home, "in")), all);
  open(join(home, "out"));
  const [command, ...args] = [...asAnyone, process.execPath, join(ROOT, "tools", "grade-notebooks.ts"), join(home, "in"), "--out", join(home, "out")];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", cwd: home });
  assert.equal(status, 0, stdout + stderr);
  if (/namespaces as user:/.test(stdout)) return context.skip(stdout.split("\n").find((line) => line.includes("namespaces as user")));
  const rows = parse<Record<string, string>>(readFileSync(join(home, "out", "grades.csv"), "utf8"), { columns: true });
  assert.deepEqual(rows.map((row) => [row["file"], row["score"], row["not enforced"]]), all.map(({ file, score }) => [file, `${score}`, ""]).sort());
});

test("a grader that is killed takes the students' processes along", needsKernel, async (context) => {
  const home = scratch(context);
  writeSubmissions(join(home, "in"), submissions([join(home, "marker")]).filter(({ file }) => file === "loops/sync.ipynb"));
  const child = spawn(process.execPath, [join(ROOT, "tools", "grade-notebooks.ts"), join(home, "in"), "--out", join(home, "out"), "--seconds", "300"], { stdio: "ignore", env: { ...process.env, TMPDIR: home } });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const deadline = Date.now() + 60_000;
  while (alive(RUNNER).length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.notDeepEqual(alive(RUNNER), [], "the notebook is running");
  child.kill("SIGKILL");
  await ended;
  for (let left = 50; alive(RUNNER).length > 0 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(alive(RUNNER), []);
});

test("the sandbox is closed", async (context: TestContext) => {
  if (typeof withKernel === "string") return context.skip(withKernel);
  await withKernel.close();
});

function open(folder: string): string {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  return folder;
}

/** Node processes with this in their command line. */
function alive(part: string): string[] {
  return readdirSync("/proc")
    .filter((id) => /^\d+$/.test(id) && Number(id) !== process.pid)
    .flatMap((id) => {
      try {
        const command = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ");
        return command.includes(part) && command.includes("node") && !command.includes("--test") ? [command.slice(0, 200)] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
